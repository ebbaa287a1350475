"""Where files lie: those that ship with the package, hardware profiles and scenarios, and those kept for next time."""

import os
import tempfile
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_data"
# What scenarios are for, by their folder under scenarios/, in the order in which they are shown.
SHELVES = {
    "presets": "Machines and published runs",
    "": "Questions, and scenarios to start from",
    "what_if": "What if: presets with one assumption changed",
    "oracles": "Checks of the program: closed forms, another simulator",
    "benchmarks": "Checks of the program: speed",
}
OFFERED = ("presets", "")  # to begin with; a what-if belongs to its preset, and checks answer no planner's question


def hardware_profiles() -> Path:
    """Return the folder of hardware profiles, one YAML file a machine, fabric or storage."""
    return _folder("hardware_profiles")


def scenarios() -> Path:
    """Return the folder of scenarios that ship with the package, `presets/` among them."""
    return _folder("scenarios")


def operators() -> Path:
    """Return the folder of classes of operators, one YAML file each."""
    return _folder("scenarios") / "operators"


def scenario_files() -> list[Path]:
    """Return the scenarios that ship with the package, shelf by shelf, without cases and classes of operators."""
    order = list(SHELVES)
    found = [path for path in scenarios().rglob("*.yaml") if shelf(path) in SHELVES]
    return sorted(found, key=lambda path: (order.index(shelf(path)), path))


def shelf(file: Path) -> str:
    """Return the folder under scenarios/ in which a scenario stands; empty for one that stands in no folder."""
    first, *rest = file.relative_to(scenarios()).parts
    return first if rest else ""


def cache_folder(name: str) -> Path | None:
    """Return a folder of the user's for what can be made again, or None where nothing can be written."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    for root in (home, Path(tempfile.gettempdir()) / f"derisk-{os.getuid() if hasattr(os, 'getuid') else 0}"):
        folder = root / "derisk" / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


def _folder(name: str) -> Path:
    # A wheel carries the folders inside the package; in a checkout they stand beside it, where people look for them.
    root = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
    return root / name
