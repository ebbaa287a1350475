"""Estimates of a result: the numbers of its summary under names that an editor completes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from simulator.report import ranges

QUANTILES = ("p10", "p50", "p90")


@dataclass(frozen=True)
class Estimate:
    """What the replications say about a quantity.

    `p90_interval` is the 95 % interval of `p90`, NaN for an end that the replications do not bound. The mean is that of
    the replications that finish, `mc_error` its standard error. NaN is unknown; quantiles of a finish may be infinite.
    """

    name: str
    unit: str  # days, USD, or 1 for a share
    mean: float
    mc_error: float
    p10: float
    p50: float
    p90: float
    p10_interval: tuple[float, float]
    p50_interval: tuple[float, float]
    p90_interval: tuple[float, float]
    text: tuple[str, ...] = field(repr=False, default=())  # P10, P50 and P90 as the report writes them

    def __repr__(self) -> str:
        """Return the quantiles with their intervals in brackets, as the report writes them."""
        told = zip(QUANTILES, self.text, strict=True)
        return f"{self.name}: {', '.join(f'{name.upper()} {words}' for name, words in told)}"


@dataclass(frozen=True, repr=False)
class Finish(Estimate):
    """When it is done, in days after the start, and as dates where the scenario has a start.

    `dates` are those of p10, p50 and p90 and of the ends of their intervals, such as p90_high; None for what never
    comes, and empty without a start.
    """

    dates: Mapping[str, date | None] = field(default_factory=dict)


def estimate(summary: Mapping[str, Any], key: str, name: str, unit: str, write: Callable[[float], str]) -> Estimate:
    """Return the estimate that a summary has under a key; `write` says how a reader writes a value."""
    told = summary[key]
    return Estimate(**_numbers(told, name, unit), text=tuple(ranges.cell(told, each, write) for each in QUANTILES))


def finish(summary: Mapping[str, Any], text: tuple[str, ...]) -> Finish:
    """Return the estimate of the finish; `text` is how a reader writes its quantiles."""
    days: Mapping[str, str | None] = summary.get("finish_date") or {}
    dates = {name: None if day is None else date.fromisoformat(day) for name, day in days.items()}
    return Finish(**_numbers(summary["finish_days"], "finish", "days"), text=text, dates=dates)


def _numbers(told: Mapping[str, Any], name: str, unit: str) -> dict[str, Any]:
    numbers = {each: ranges.value_of(told, each) for each in ("mean", "mc_error", *QUANTILES)}
    return {"name": name, "unit": unit, **numbers} | {
        f"{each}_interval": ranges.ends_of(told, each) for each in QUANTILES
    }
