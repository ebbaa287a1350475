"""Numbers for a page: with units, and with how sure they are."""

import math
from collections.abc import Callable
from typing import Any

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
    """Return a share of replications with its Monte Carlo error."""
    part = number / of
    return f"{100 * part:.0f} % ± {100 * math.sqrt(part * (1 - part) / of):.0f}"


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


def plus_usd(value: float, half: float) -> str:
    """Return a difference of money with its sign."""
    return f"{'+' if value > 0 else '-' if value < 0 else ''}{about_usd(abs(value), half)}"


def _size(value: float) -> tuple[float, str]:
    return next((each for each in SIZES if abs(value) >= each[0]), SIZES[-1])


def change(told: dict[str, Any], lower: str = "earlier", higher: str = "later") -> str:
    """Return a paired difference of days in words, such as "3.9 ± 0.3 d earlier"."""
    if not (known(told["mean"]) and known(told["half_width"])):
        return "by nobody knows how much, for too few pairs finish,"
    doubt = "" if clear(told) else " (within its error)"
    return f"{about(abs(told['mean']), told['half_width'])} {lower if told['mean'] < 0 else higher}{doubt}"


def change_usd(told: dict[str, Any]) -> str:
    """Return a paired difference of money in words."""
    if not (known(told["mean"]) and known(told["half_width"])):
        return "nobody knows how much more or less"
    doubt = "" if clear(told) else " (within its error)"
    return f"{about_usd(abs(told['mean']), told['half_width'])} {'less' if told['mean'] < 0 else 'more'}{doubt}"


def clear(told: dict[str, Any]) -> bool:
    """Return whether a paired difference is more than its error."""
    return bool(known(told["mean"]) and known(told["half_width"]) and abs(told["mean"]) > told["half_width"])


def difference(cell: dict[str, Any], measure: str) -> dict[str, Any]:
    """Return the difference of a cell of a sweep to the base cell as that of a comparison."""
    return {"mean": cell[f"{measure}_difference"], "half_width": cell[f"{measure}_difference_half_width"]}
