"""Text for a terminal or a pipe: tables, bars, numbers for people."""

import math
import textwrap
from collections.abc import Callable, Sequence

NARROWEST = 24  # columns that a wrapped last column keeps, however narrow the terminal
GAP = "  "
BOUNDED = ("half_width", "difference", "error")  # in the names of columns that tell of a finish, but are none


def table(
    rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), width: int | None = None, indent: int = 2
) -> str:
    """Return rows in columns, those numbered in `right` flush right; the last one wraps at `width` where given."""
    if not rows:
        return ""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(size) if column in right else cell.ljust(size)
            for column, (cell, size) in enumerate(zip(row[:-1], widths, strict=False))
        ]
        start = " " * indent + "".join(cell + GAP for cell in cells)
        last = row[-1].rjust(widths[-1]) if len(row) - 1 in right else row[-1]
        lines += _wrapped(start, last, width)
    return "\n".join(lines)


def _wrapped(start: str, last: str, width: int | None) -> list[str]:
    if width is None or len(start) + len(last) <= width:
        return [(start + last).rstrip()]
    pieces = textwrap.wrap(last, max(NARROWEST, width - len(start)), break_on_hyphens=False) or [""]
    return [(start if number == 0 else " " * len(start)) + piece for number, piece in enumerate(pieces)]


def paragraph(text: str, width: int | None) -> str:
    """Return a sentence or more, wrapped at `width` where given."""
    return text if width is None else textwrap.fill(text, max(width, NARROWEST), break_on_hyphens=False)


def bar(share: float, of: float = 1.0, width: int = 24) -> str:
    """Return a bar whose length is a share of the longest one's; not empty unless the share is zero."""
    eighths = round(8 * width * max(0.0, min(1.0, share / of))) if of > 0 else 0
    eighths = max(eighths, 1) if share > 0 else 0
    return "█" * (eighths // 8) + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[eighths % 8]


def percent(share: float) -> str:
    """Return a share in percent, with two digits after the point where they matter."""
    return f"{100 * share:.2f}%" if math.isfinite(share) else "unknown"


def share(value: float) -> str:
    """Return a share of a count in percent: whole ones, and more digits where it would read as none or as all."""
    for behind in range(5):
        written = f"{100 * value:.{behind}f}"
        if value in (0.0, 1.0) or float(written) not in (0.0, 100.0):
            break
    return f"{written}%" if math.isfinite(value) else "unknown"


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many digits that count, and never fewer than its whole part."""
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "never" if value > 0 else "-infinite"
    if value == 0:
        return "0"
    behind = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return grouped(value, min(behind, 9))


def dollars(value: float, digits: int = 4) -> str:
    """Return money with so many digits that count at most; it never comes to "never", as a time does."""
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "without end" if value > 0 else "-infinite"
    rounded = abs(float(f"{value:.{digits - 1}e}"))  # 999,990 is 1M, not 1000k
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if rounded >= size:
            whole = len(f"{rounded / size:.0f}")  # digits before the point are told whole
            return f"{value / size:.{max(digits, whole)}g}{letter} USD"
    return f"{value:.{digits}g} USD"


def endless(column: str) -> str:
    """Return what an infinite number is called in a column of that name: only a finish can be never."""
    return "never" if "finish" in column and not any(word in column for word in BOUNDED) else "unbounded"


def finite(value: float) -> float | None:
    """Return a number as JSON has it: None for what is infinite or unknown."""
    return float(value) if math.isfinite(value) else None


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count:_} {noun}{'' if count == 1 else 's'}"


def replications(count: int, usual: int) -> str:
    """Return how many replications, and of how many where the scenario asks for more: 100 of 1_000 replications."""
    return f"{count:_} of {plural(usual, 'replication')}" if count < usual else plural(count, "replication")


def duration(seconds: float) -> str:
    """Return a duration in the unit that people would use for it, with four digits at most."""
    written = durations([seconds])[0]
    digits, space, unit = written.partition(" ")
    return f"{digits.rstrip('0').rstrip('.')} {unit}" if "." in digits and space else written


def durations(seconds: Sequence[float], error: float = math.nan) -> list[str]:
    """Return durations in one unit with as many digits behind the point, four for the largest; then an error, if any.

    The unit is that in which people would tell the largest.
    """
    told = [ruler(seconds)(value) for value in seconds]
    unit, size = _unit(_largest(seconds))
    return told if math.isnan(error) else [*told, f"{number(error / size, 2)} {unit}"]


def ruler(seconds: Sequence[float]) -> Callable[[float], str]:
    """Return how durations are written beside those given: in their unit, with their digits behind the point."""
    largest = _largest(seconds)
    unit, size = _unit(largest)
    behind = max(0, 3 - math.floor(math.log10(largest / size))) if largest else 0

    def write(value: float) -> str:
        return f"{grouped(value / size, min(behind, 3))} {unit}" if math.isfinite(value) else number(value)

    return write


def alike(seconds: Sequence[float], others: Sequence[float]) -> list[str]:
    """Return durations for a sentence, each with four digits that count at most, in the unit of `durations` of all."""
    unit, size = _unit(_largest([*seconds, *others]))
    digits = [number(value / size, 4) for value in seconds]
    return [f"{one.rstrip('0').rstrip('.') if '.' in one else one} {unit}" for one in digits]


def _largest(seconds: Sequence[float]) -> float:
    return max((abs(value) for value in seconds if math.isfinite(value)), default=0.0)


def _unit(seconds: float) -> tuple[str, float]:
    """Return the unit in which people would tell a duration, and its size [s]."""
    units = (("s", 1.0, 120.0), ("min", 60.0, 7_200.0), ("h", 3_600.0, 259_200.0), ("d", 86_400.0, math.inf))
    return next((name, size) for name, size, upto in units if seconds < upto)


def grouped(value: float, behind: int) -> str:
    """Return a number with so many digits behind the point, and thousands grouped from 10_000 on."""
    return f"{value:_.{behind}f}" if abs(value) >= 10_000 else f"{value:.{behind}f}"
