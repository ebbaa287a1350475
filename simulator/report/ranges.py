"""A quantile with its 95 % interval as people read it: 83.3 d (82.2-84.5), the unit once, and what has no end said."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from simulator.ensemble.estimates import ENDS, SHARES
from simulator.report import text

DASH = "\N{EN DASH}"
ENDLESS = ("unfinished", "uninterrupted", "unproductive")  # fields that count infinite replications
_UNIT = re.compile(r"(?P<number>-?\d[\d_,.]*)(?P<unit>.*)")


def value_of(estimate: Mapping[str, Any], name: str) -> float:
    """Return a number of an estimate in a summary; null is infinite where some replications are, else unknown.

    An end of an interval that the replications do not bound is unknown.
    """
    value = estimate.get(name)
    if value is not None:
        return float(value)
    if name in estimate.get("unbounded", ()) or name not in (*SHARES, *ENDS):
        return math.nan
    return math.inf if any(estimate.get(word) for word in ENDLESS) else math.nan


def ends_of(estimate: Mapping[str, Any], name: str) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a quantile in a summary; NaN for an end that is not bounded."""
    return value_of(estimate, f"{name}_low"), value_of(estimate, f"{name}_high")


def cell(estimate: Mapping[str, Any], name: str, write: Callable[[float], str]) -> str:
    """Return a quantile of a summary with its interval in brackets; without one where the quantile is unknown."""
    return within(value_of(estimate, name), ends_of(estimate, name), write)


def within(value: float, ends: tuple[float, float], write: Callable[[float], str]) -> str:
    """Return a value with its interval in brackets."""
    return write(value) if math.isnan(value) else f"{write(value)} ({interval(value, ends, write)})"


def interval(value: float, ends: tuple[float, float], write: Callable[[float], str]) -> str:
    """Return the interval of a value, without the unit where the value has the same."""
    low, high = ends
    if math.isnan(low) and not math.isfinite(high):
        return "unbounded"
    if math.isinf(low):
        return write(low)
    known = [write(end) for end in ends if not math.isnan(end)]
    units = {part["unit"] for each in (write(value), *known) if (part := _UNIT.fullmatch(each))}
    if len(units) == 1 and math.isfinite(value):
        known = [part["number"] if (part := _UNIT.fullmatch(each)) else each for each in known]
    if math.isnan(high):
        return f"from {known[0]}"
    if math.isnan(low):
        return f"up to {known[0]}"
    return known[0] if known[0] == known[1] else DASH.join(known)


def dates(summary: Mapping[str, Any], name: str) -> str:
    """Return a day of the finish with its interval, as 12 Mar 2027 (11-14 Mar)."""
    days = summary["finish_date"]
    told = _day(days[name])
    ends = {end: days[f"{name}_{end}"] for end in ("low", "high")}
    open_ends = [end for end in ends if math.isnan(value_of(summary["finish_days"], f"{name}_{end}"))]
    years = {day[:4] for day in (days[name], *ends.values()) if day is not None}
    short = {end: _day(day, len(years) == 1) for end, day in ends.items()}
    if len(open_ends) == 2 or (open_ends == ["low"] and ends["high"] is None):
        return f"{told} (unbounded)"
    if open_ends and days[f"{name}_low"] is None and open_ends == ["high"]:
        return f"{told} (never)"
    if open_ends:
        return f"{told} (from {short['low']})" if open_ends == ["high"] else f"{told} (up to {short['high']})"
    if ends["low"] == ends["high"]:
        return f"{told} ({short['low']})"
    if None not in ends.values() and ends["low"][:7] == ends["high"][:7] and len(years) == 1:
        return f"{told} ({int(ends['low'][8:])}{DASH}{short['high']})"
    return f"{told} ({short['low']}{DASH}{short['high']})"


def _day(day: str | None, short: bool = False) -> str:
    if day is None:
        return "never"
    moment = date.fromisoformat(day)
    return f"{moment.day} {moment:%b}" if short else f"{moment.day} {moment:%b %Y}"


def probability(told: Mapping[str, Any], write: Callable[[float], str] = text.share) -> str:
    """Return a probability with its interval in brackets."""
    return within(float(told["probability"]), (float(told["low"]), float(told["high"])), write)


def fitted(rows: Sequence[Sequence[str]], width: int | None, right: Sequence[int]) -> str:
    """Return a table whose cells hold intervals in brackets; where it is too wide they stand below, in rows of 95 %."""
    table = text.table(rows, right=right, width=width)
    if width is None or (max(map(len, table.splitlines()), default=0) <= width and not _wrapped(rows, width)):
        return table
    lines: list[Sequence[str]] = []
    for row in rows:
        cells = [apart(one) if place in right else (one, "") for place, one in enumerate(row)]
        lines.append([first for first, _ in cells])
        if any(second for _, second in cells):
            lines.append(["    95 %", *(second for _, second in cells[1:])])
    return text.table(lines, right=right, width=width)


def _wrapped(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether the last column of a table finds no room beside the others."""
    widths = [max(map(len, column)) for column in zip(*rows[1:], strict=True)]
    return 2 + sum(widths) + len(text.GAP) * (len(widths) - 1) > width


def apart(told: str) -> tuple[str, str]:
    """Return a quantile, and what stands in its brackets; empty where there are none."""
    first, bracket, second = told.partition(" (")
    return first, second.removesuffix(")") if bracket else ""
