"""A tornado: how far each uncertain input moves the answer from its P10 to its P90."""

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from simulator.report import ranges, text
from simulator.report.figures.style import (
    BLUE,
    OCHRE,
    Figure,
    blank,
    commas,
    days,
    dollars,
    note,
    percent,
    safe,
)

if TYPE_CHECKING:
    from simulator.planning.tornado import Bar, Tornado

MOST_BARS = 14
ROW = 30  # [px]
BEYOND = 0.3  # of the span of the finite ends: how far behind them what is infinite stands
ROOM = 0.22  # of the span, for words at both sides
MOST_TICKS = 8

FINISH = "finish_p90_days"
NAMES = {"finish_p90_days": "P90 of the finish", "goodput": "mean goodput", "cost_usd": "mean cost"}
AXES = {"finish_p90_days": "P90 of the finish [d]", "goodput": "mean goodput [%]", "cost_usd": "mean cost [USD]"}


def tornado(found: "Tornado", measure: str = "finish_p90_days") -> Figure:
    """Return a tornado of `finish_p90_days`, `goodput` or `cost_usd`. Raises KeyError for anything else."""
    table = _table(found)
    base = getattr(found, measure)
    label = NAMES[measure]
    bars = [bar for bar in found.bars if _ends(bar, measure) is not None]
    bars.sort(key=lambda bar: _swing(bar, measure), reverse=True)
    shown = bars[:MOST_BARS]
    plot = blank(height=130 + ROW * max(1, len(shown)), margin={"t": 66}, barmode="overlay")
    known = [*(end for bar in shown for end in (_ends(bar, measure) or ())), *([] if base is None else [base])]
    rule = _Rule(known, measure)
    for bar in shown:
        _draw(plot, bar, base, rule)
    if base is not None and shown:
        at = rule.place(base)
        plot.add_shape(type="line", xref="x", yref="paper", x0=at, x1=at, y0=0, y1=1)
        words = f"as it is: {_base(found, measure)}"
        note(plot, words, at, 1.0, yref="paper", xanchor="center", yanchor="bottom", yshift=4)
    words = f"input at its <span style='color:{BLUE}'>■</span> P10  <span style='color:{OCHRE}'>■</span> P90"
    note(plot, words, 0, 1.0, xref="paper", yref="paper", yanchor="bottom", yshift=28)
    plot.update_xaxes(title_text=AXES[measure], range=rule.range(), **rule.ticks())
    plot.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    alt = f"Horizontal bars of the {label} with one input at its P10 and at its P90, the largest swing on top: "
    alt += ", ".join(bar.path for bar in shown) + "."
    return Figure(f"tornado_{measure}", f"What moves the {label}", plot, _sentence(found, shown, measure), alt, table)


class _Rule:
    """Where values stand on the axis; what is infinite stands beyond all others."""

    def __init__(self, values: list[float], measure: str) -> None:
        self.measure = measure
        self._scale = 100.0 if measure == "goodput" else 1.0
        self._most = 100.0 if measure == "goodput" else math.inf
        finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
        self._low, self._high = min(finite), max(finite)
        self._span = self._high - self._low or 0.1 * abs(self._high) or 1.0
        self._far = self._high + BEYOND * self._span
        self._endless = any(math.isinf(value) for value in values)

    def place(self, value: float) -> float:
        """Return where a value stands."""
        return self._scale * (value if math.isfinite(value) else self._far)

    def range(self) -> list[float]:
        """Return the ends of the axis, with room for words beside the bars."""
        right = self._far if self._endless else self._high
        return [self._scale * (self._low - ROOM * self._span), self._scale * (right + ROOM * self._span)]

    def ticks(self) -> dict[str, Any]:
        """Return ticks where there are values: no share above 100 %, and never by its name."""
        if not self._endless and math.isinf(self._most):
            return {}
        low, high = self._scale * self._low, self._scale * self._high
        span = self._scale * self._span
        power = 10.0 ** math.floor(math.log10(span))
        step = next(size * power for size in (0.2, 0.5, 1.0, 2.0) if span / (size * power) <= MOST_TICKS)
        first, last = math.floor(low / step), math.floor(min(self._most, high + step) / step + 1e-9)
        values = [step * at for at in range(max(0, first), last + 1)]
        names = [f"{value:,.4g}" for value in values]
        if self._endless:
            values, names = [*values, self.place(math.inf)], [*names, "never"]
        return {"tickvals": values, "ticktext": names}


def _draw(plot: go.Figure, bar: "Bar", base: float | None, rule: _Rule) -> None:
    """Draw an input's bar from the answer as it is to both ends, and write the input's value at the outer ones."""
    measure = rule.measure
    ends = _ends(bar, measure)
    assert ends is not None  # the others are left out
    middle = rule.place(ends[0] if base is None else base)
    places = [rule.place(end) for end in ends]
    parts = list(zip(places, _within(bar, measure), (bar.low, bar.high), (BLUE, OCHRE), strict=True))
    # The longer one first, so that the shorter one is seen where both go the same way.
    for place, told, value, colour in sorted(parts, key=lambda part: -abs(part[0] - middle)):
        plot.add_bar(
            y=[safe(bar.path)], x=[place - middle], base=[middle], orientation="h", width=0.66, showlegend=False,
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate=f"{safe(bar.path)} at {safe(commas(value))}: {told}<extra></extra>",
        )  # fmt: skip
    left, right = min(places), max(places)
    for place, _, value, _ in parts:
        if left == right or not (place == left < middle or place == right > middle):
            continue
        side = ("right", -5) if place < middle else ("left", 5)
        note(plot, safe(commas(value)), place, safe(bar.path), xanchor=side[0], xshift=side[1], opacity=0.8)


def _sentence(found: "Tornado", shown: "list[Bar]", measure: str) -> str:
    many = commas(text.replications(found.replications, found.replications_of_the_scenario))
    how = f"{many} for each end, under the same chance"
    if not shown:
        return f"No input is uncertain, so none moves the {NAMES[measure]}; {how}."
    first, ends = shown[0], _ends(shown[0], measure)
    assert ends is not None  # the others are left out
    low, high = (
        f"{told} at its {name} ({commas(value)})"
        for told, name, value in zip(_within(first, measure), ("P10", "P90"), (first.low, first.high), strict=True)
    )
    return f"{first.path} moves the {NAMES[measure]} most: {low}, {high}; {how}."


def _within(bar: "Bar", measure: str) -> list[str]:
    """Return what both ends of a bar are, the P90 of a finish with its 95 % interval."""
    ends = _ends(bar, measure)
    assert ends is not None  # the others are left out
    if measure != FINISH or any(math.isnan(end) for each in bar.finish_p90_intervals for end in each):
        return [_told(end, measure) for end in ends]
    pairs = zip(ends, bar.finish_p90_intervals, strict=True)
    return [ranges.within(end, interval, lambda each: _told(each, measure)) for end, interval in pairs]


def _table(found: "Tornado") -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for bar in found.bars:
        row: dict[str, Any] = {"path": bar.path, "p10_of_input": bar.low, "p90_of_input": bar.high}
        for measure in NAMES:
            ends = _ends(bar, measure)
            if ends is not None:
                row |= {f"{measure}_at_p10_of_input": ends[0], f"{measure}_at_p90_of_input": ends[1]}
        for place, interval in zip(("p10", "p90"), bar.finish_p90_intervals, strict=True):
            names = (f"{FINISH}_{end}_at_{place}_of_input" for end in ("low", "high"))
            row |= dict(zip(names, interval, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def _base(found: "Tornado", measure: str) -> str:
    value, interval = getattr(found, measure), found.finish_p90_interval
    if measure != FINISH or any(math.isnan(end) for end in interval):
        return _told(value, measure)
    return ranges.within(value, interval, lambda each: _told(each, measure))


def _ends(bar: "Bar", measure: str) -> tuple[float, float] | None:
    ends: tuple[float, float] | None = getattr(bar, measure)
    return ends


def _swing(bar: "Bar", measure: str) -> float:
    low, high = _ends(bar, measure) or (0.0, 0.0)
    return 0.0 if math.isinf(low) and math.isinf(high) else abs(high - low)


def _told(value: float, measure: str) -> str:
    if measure == "cost_usd":
        return dollars(value)
    return percent(value) if measure == "goodput" else days(value)
