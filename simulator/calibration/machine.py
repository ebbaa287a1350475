"""What the driver says of this machine's first GPU; nvidia-smi is asked, because PyTorch does not know."""

import subprocess
from typing import NamedTuple

_FIELDS = ("driver_version", "clocks.sm", "clocks.mem", "power.limit")


class Clocks(NamedTuple):
    """The driver's version, and the clocks as they are now. None: it cannot be found out."""

    driver: str | None = None
    sm_clock: float | None = None  # [Hz]
    memory_clock: float | None = None  # [Hz]
    power_limit: float | None = None  # [W]


def read_clocks() -> Clocks:
    """Return what nvidia-smi tells of the first GPU."""
    command = ["nvidia-smi", f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader,nounits", "--id=0"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return Clocks()
    cells = [cell.strip() for cell in answer.strip().split("\n")[0].split(",")]
    if len(cells) != len(_FIELDS):
        return Clocks()
    driver, sm_clock, memory_clock, power_limit = cells
    return Clocks(driver or None, _number(sm_clock, 1e6), _number(memory_clock, 1e6), _number(power_limit, 1.0))


def _number(cell: str, scale: float) -> float | None:
    try:
        value = float(cell) * scale
    except ValueError:  # "[N/A]", as for a power limit that is not supported
        return None
    return value if 0 < value < 1e300 else None
