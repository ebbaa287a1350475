"""Numbers for a page: with units, and with how sure they are."""

import math
from collections.abc import Callable
from typing import Any

from questions.middle import Middle
from simulator.metrics.probability import proportion

HOUR, DAY = 3_600.0, 86_400.0
SIZES = ((1e9, "B"), (1e6, "M"), (1e3, "k"), (1.0, ""))


def days(value: float | None, digits: int = 1) -> str:
    """Return days; never where they are infinite."""
    return f"{value:,.{digits}f} d" if known(value) else "never"


def known(value: float | None) -> bool:
    """Return whether a number of the JSON is one: what is infinite or unknown is None there."""
    return value is not None and math.isfinite(value)


def spread(cell: dict[str, Any], prefix: str = "") -> str:
    """Return P50 with P10 to P90, each with half its 95 % interval, in days without the unit."""
    low, middle, high = (_with_half(cell, f"{prefix}{name}") for name in ("p10", "p50", "p90"))
    return f"{middle} ({low} to {high})"


def _with_half(cell: dict[str, Any], name: str) -> str:
    value, low, high = cell[name], cell[f"{name}_low"], cell[f"{name}_high"]
    if not known(value):
        return "never"
    half = f"{(high - low) / 2:,.1f}" if known(low) and known(high) else "unbounded"
    return f"{value:,.1f} ± {half}"


def interval(told: dict[str, Any], name: str, write: Callable[[float | None], str]) -> str:
    """Return a quantile with the ends of its 95 % interval in brackets, as far as they are bounded."""
    ends = [
        "unbounded" if end in told.get("unbounded", ()) else write(told[end]) for end in (f"{name}_low", f"{name}_high")
    ]
    return f"{write(told[name])} ({ends[0]} to {ends[1]})"


def chance(told: dict[str, Any]) -> str:
    """Return a probability with its 95 % interval."""
    return f"{share(told['probability'])} ({100 * told['low']:.1f} to {100 * told['high']:.1f})"


def share(value: float, digits: int = 1) -> str:
    """Return a share in percent."""
    return f"{100 * value:.{digits}f} %"


def counted(number: int, of: int) -> str:
    """Return a share of replications with its 95 % interval."""
    return chance(proportion(number, of)._asdict())


def plus(value: float, half: float | None, unit: str = "d") -> str:
    """Return a difference with its sign and half its 95 % interval."""
    return f"{'+' if value > 0 else '-' if value < 0 else ''}{about(abs(value), half, unit)}"


def about(value: float, half: float | None, unit: str = "d") -> str:
    """Return a number and half its 95 % interval, or its error, with as many digits as that has."""
    digits = _digits(value if half is None else half)
    error = "" if half is None else f" ± {half:,.{digits}f}"
    return f"{value:,.{digits}f}{error} {unit}".rstrip()


def _digits(value: float) -> int:
    """Return how many digits behind the point show two of a small number, and one of a large."""
    return max(1, min(4, 1 - math.floor(math.log10(abs(value))))) if value and math.isfinite(value) else 1


def usd(value: float | None) -> str:
    """Return money; unknown where it is infinite."""
    if value is None:
        return "unknown"
    size, letter = _size(value)
    return f"{value / size:.3g}{letter} USD"


def about_usd(value: float, half: float) -> str:
    """Return money and half its 95 % interval, or its error."""
    size, letter = _size(max(abs(value), abs(half)))
    digits = max(0, min(3, 1 - math.floor(math.log10(half / size)))) if half else 1
    return f"{value / size:.{digits}f}{letter} ± {half / size:.{digits}f}{letter} USD"


def _size(value: float) -> tuple[float, str]:
    return next((each for each in SIZES if abs(value) >= each[0]), SIZES[-1])


def change(told: Middle, lower: str = "earlier", higher: str = "later") -> str:
    """Return the median difference of pairs of days in words, such as "3.9 d (3.6 to 4.3) earlier"."""
    if not math.isfinite(told.value):
        return "never, where the other does" if told.value > 0 else "where the other never does"
    if told.low <= told.value == 0 <= told.high:
        return "at the same time" if lower == "earlier" else "as long"
    doubt = "" if told.clear else " (within its error)"
    return f"{_between(told, 1.0, 'd')} {lower if told.value < 0 else higher}{doubt}"


def change_usd(told: Middle) -> str:
    """Return the median difference of pairs of money in words."""
    size, letter = _size(max(abs(end) for end in (told.value, told.low, told.high) if math.isfinite(end)))
    doubt = "" if told.clear else " (within its error)"
    return f"{_between(told, size, f'{letter} USD')} {'less' if told.value < 0 else 'more'}{doubt}"


def _between(told: Middle, size: float, unit: str) -> str:
    """Return the size of a difference, with its interval in the same direction."""
    sign = -1.0 if told.value < 0 else 1.0
    ends = sorted(sign * end / size for end in (told.low, told.high))
    half = 0.5 * (ends[1] - ends[0])
    digits = _digits(half if half > 0 else told.value / size)
    value = f"{sign * told.value / size:,.{digits}f}{'' if unit.startswith(('k', 'M', 'B')) else ' '}{unit}"
    told_ends = [f"{end:,.{digits}f}" if math.isfinite(end) else "never" for end in ends]
    return f"{value} ({' to '.join(told_ends)})"


def shift(told: Middle, unit: str = "d") -> str:
    """Return the median difference of pairs for a table, with its sign and its 95 % interval."""
    if math.isnan(told.value) or (math.isinf(told.value) and told.value > 0):
        return "never"
    if math.isinf(told.value):
        return "not never"
    half = 0.5 * (told.high - told.low)
    digits = _digits(half if half > 0 else told.value)
    low, high = (_signed(end, digits) if math.isfinite(end) else "never" for end in (told.low, told.high))
    return f"{_signed(told.value, digits)} {unit} ({low} to {high})"


def _signed(value: float, digits: int) -> str:
    return f"{value:+,.{digits}f}" if round(value, digits) else f"{0:.{digits}f}"
