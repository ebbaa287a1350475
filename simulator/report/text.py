"""Text for a terminal or a pipe: tables, bars, numbers for people."""

import math
import textwrap
from collections.abc import Sequence

NARROWEST = 24  # columns that a wrapped last column keeps, however narrow the terminal
GAP = "  "


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), width: int | None = None, indent: int = 2) -> str:
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


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many digits that count, and never fewer than its whole part."""
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "never" if value > 0 else "-infinite"
    if value == 0:
        return "0"
    behind = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(behind, 9)}f}".replace(",", "_")


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count:_} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return a duration in the unit that people would use for it, with four digits."""
    if not math.isfinite(seconds):
        return number(seconds)
    for unit, size, upto in (("s", 1, 120), ("min", 60, 120), ("h", 3_600, 72)):
        if seconds < upto * size:
            return f"{_short(seconds / size)} {unit}"
    return f"{_short(seconds / 86_400)} d"


def _short(value: float) -> str:
    digits = number(value, 4)
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
