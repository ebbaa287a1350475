"""Numbers for a page: with units, and with how sure they are."""

import math
from typing import Any

from simulator.report.figures.style import dollars

HOUR, DAY = 3_600.0, 86_400.0


def known(value: float | None) -> bool:
    """Return whether a number of the JSON is one: what is infinite or unknown is None there."""
    return value is not None and math.isfinite(value)


def days(value: float | None, digits: int = 1) -> str:
    """Return days; never where they are infinite."""
    return f"{value:,.{digits}f} d" if value is not None and math.isfinite(value) else "never"


def spread(cell: dict[str, Any], prefix: str = "") -> str:
    """Return P50 with P10 to P90, in days without the unit."""
    low, middle, high = (days(cell[f"{prefix}{name}"]).removesuffix(" d") for name in ("p10", "p50", "p90"))
    return f"{middle} ({low} to {high})"


def share(value: float, digits: int = 1) -> str:
    """Return a share in percent."""
    return f"{100 * value:.{digits}f} %"


def usd(value: float | None) -> str:
    """Return money; unknown where it is infinite."""
    return dollars(value) if value is not None else "unknown"


def plus(value: float, half: float | None, unit: str = "d", digits: int = 1) -> str:
    """Return a difference with its sign and half its 95 % interval."""
    error = "" if half is None else f" ± {half:.{_digits(half, digits)}f}"
    return f"{value:+,.{_digits(value, digits)}f}{error} {unit}".rstrip()


def signed_usd(value: float, half: float | None = None) -> str:
    """Return a difference of money with its sign and half its 95 % interval."""
    sign = "+" if value > 0 else "-" if value < 0 else ""
    return f"{sign}{dollars(abs(value))}" + ("" if half is None else f" ± {dollars(half)}")


def change(told: dict[str, Any], lower: str = "earlier", higher: str = "later", unit: str = "d") -> str:
    """Return a paired difference in words, such as "3.9 ± 0.3 d earlier", or that none is seen."""
    mean, half = told["mean"], told["half_width"]
    if mean is None or half is None:
        return "not to be told, for too few pairs finish"
    if abs(mean) <= half or mean == 0:
        return f"not to be told from nothing ({plus(mean, half, unit)})"
    digits = min(_digits(mean, 1), _digits(half, 1)) if half else _digits(mean, 1)
    return f"{abs(mean):,.{digits}f} ± {half:.{_digits(half, digits)}f} {unit} {lower if mean < 0 else higher}".replace(
        "  ", " "
    )


def money_change(told: dict[str, Any]) -> str:
    """Return a paired difference of money in words."""
    mean, half = told["mean"], told["half_width"]
    if mean is None or half is None:
        return "not to be told"
    if abs(mean) <= half:
        return f"not to be told from nothing ({signed_usd(mean, half)})"
    return f"{dollars(abs(mean))} ± {dollars(half)} {'less' if mean < 0 else 'more'}"


def clear(told: dict[str, Any]) -> bool:
    """Return whether a paired difference is more than its error."""
    return bool(known(told["mean"]) and known(told["half_width"]) and abs(told["mean"]) > told["half_width"])


def _digits(value: float, least: int) -> int:
    """Return how many digits behind the point show a small number."""
    if not value or not math.isfinite(value):
        return least
    return max(least, 1 - math.floor(math.log10(abs(value)))) if abs(value) < 1 else least
