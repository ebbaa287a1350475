"""Scenarios side by side: the differences to the first one, pair by pair under the same chance."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from simulator.planning import quantities
from simulator.report.figures.style import (
    BLUE,
    GREY,
    OCHRE,
    Figure,
    blank,
    dollars,
    note,
    number,
    percent,
    safe,
)

if TYPE_CHECKING:
    from simulator.planning.compare import Comparison, Difference

ROW = 34  # [px]
SCALES = {"d": 1.0, "": 100.0, "USD": 1.0}
UNITS = {"d": "d", "": "percentage points", "USD": "USD"}
ROOM = 0.34  # of the width, for words to the right of the marks


class Mark(NamedTuple):
    """A difference of one statistic, and half its 95 % interval; not finite where nothing bounds it."""

    statistic: str
    value: float
    half_width: float
    colour: str


def paired(comparison: "Comparison", measure: str = "finish_days") -> Figure:
    """Return the differences of a measure between each of the other scenarios and the first. Raises KeyError.

    A dot is the difference of means or of P90s with its 95 % interval, a grey band P10 to P90 over the pairs.
    """
    found = [(name, _of(some, measure), at) for at, (name, some) in enumerate(_others(comparison), start=1)]
    unit, label = found[0][1].measure.unit, found[0][1].measure.label
    scale = SCALES[unit]
    plot = blank(height=130 + 2 * ROW * len(found), margin={"t": 44})
    names = [safe(name) for name, _, _ in found]
    bands = [_band(comparison, at, measure) for _, _, at in found]
    for name, (low, high) in zip(names, bands, strict=True):
        if math.isfinite(low) and math.isfinite(high):
            plot.add_bar(
                y=[name], x=[scale * (high - low)], base=[scale * low], orientation="h", width=0.62, opacity=0.25,
                marker={"color": GREY, "line": {"width": 0}}, showlegend=False,
                hovertemplate=f"eight in ten pairs: {_told(low, unit)} to {_told(high, unit)}<extra></extra>",
            )  # fmt: skip
    for position, (name, (_, one, _)) in enumerate(zip(names, found, strict=True)):
        for mark, shift in zip(_marks(one), (-0.16, 0.16), strict=True):
            _draw(plot, position + shift, mark, unit, name)
    plot.add_shape(type="line", xref="x", yref="paper", x0=0, x1=0, y0=0, y1=1, line={"dash": "dot"})
    base = safe(comparison.names[0])
    title = f"difference of the {label} to {base} [{UNITS[unit]}]"
    plot.update_xaxes(title_text=title, range=_range(found, bands, scale))
    plot.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.4, -0.6], showgrid=False,
        ticksuffix="  ",
    )  # fmt: skip
    for trace in plot.data:
        if trace.type == "bar":
            trace.y = [names.index(trace.y[0])]
    better = "lower" if found[0][1].measure.name != "goodput" else "higher"
    grey = "; grey: P10 to P90 of the pairs" if any(math.isfinite(low) for low, _ in bands) else ""
    corner = {"xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom", "yshift": 6}
    note(plot, f"{better} is better{grey}", 1, 1.0, **corner)
    alt = f"For each scenario the difference of the {label} to {comparison.names[0]} with its 95 percent interval, for "
    alt += "the mean and for P90, on a line through zero."
    title = f"What changes: {label}"
    return Figure(f"paired_{measure}", title, plot, _sentence(comparison, found), alt, _table(comparison, found, bands))


def _range(found: "list[tuple[str, Difference, int]]", bands: list[tuple[float, float]], scale: float) -> list[float]:
    """Return what the axis shows: zero, all marks with their intervals, all bands, and room for words."""
    seen = [0.0, *(end for band in bands for end in band)]
    for _, one, _ in found:
        for mark in _marks(one):
            half = mark.half_width if math.isfinite(mark.half_width) else 0.0
            seen += [mark.value - half, mark.value + half]
    known = [value for value in seen if math.isfinite(value)]
    low, high = min(known), max(known)
    span = high - low or 1.0
    return [scale * (low - 0.05 * span), scale * (high + ROOM * span)]


def _others(comparison: "Comparison") -> Iterator[tuple[str, "tuple[Difference, ...]"]]:
    yield from zip(comparison.names[1:], comparison.differences, strict=True)


def _of(differences: "tuple[Difference, ...]", measure: str) -> "Difference":
    return {each.measure.name: each for each in differences}[measure]


def _marks(one: "Difference") -> tuple[Mark, Mark]:
    return Mark("mean", one.mean, one.half_width, BLUE), Mark("P90", one.p90, one.p90_half_width, OCHRE)


def _draw(plot: go.Figure, row: float, mark: Mark, unit: str, name: str) -> None:
    if not math.isfinite(mark.value):
        return
    scale = SCALES[unit]
    bounded = math.isfinite(mark.half_width)
    half = mark.half_width if bounded else 0.0
    told = f"{mark.statistic} {_within(mark, unit)}"
    bar = {"array": [scale * half], "color": mark.colour, "thickness": 2, "width": 0} if bounded else None
    plot.add_scatter(
        x=[scale * mark.value], y=[row], mode="markers", marker={"color": mark.colour, "size": 10}, showlegend=False,
        error_x=bar, hovertemplate=f"{name}, {told}{'' if bounded else ', interval unbounded'}<extra></extra>",
    )  # fmt: skip
    note(plot, told, scale * (mark.value + half), row, xshift=8)


def _band(comparison: "Comparison", at: int, measure: str) -> tuple[float, float]:
    """Return P10 and P90 of the differences of pairs that both finish; NaN without any."""
    pair = comparison.ensembles[0], comparison.ensembles[at]
    base, other = (quantities.values(ensemble, measure) for ensemble in pair)
    ends = [quantities.values(ensemble, quantities.FINISH.name) for ensemble in pair]
    both = np.isfinite(ends[0]) & np.isfinite(ends[1])
    if not both.any():
        return math.nan, math.nan
    low, high = np.quantile(other[both] - base[both], (0.1, 0.9), method="inverted_cdf")
    return float(low), float(high)


def _told(value: float, unit: str, signed: bool = True) -> str:
    sign = "+" if signed and value > 0 else ""
    if unit == "USD":
        return f"{sign}{dollars(value)}"
    return f"{sign}{number(100 * value)} points" if unit == "" else f"{sign}{number(value)} d"


def _within(mark: Mark, unit: str) -> str:
    """Return a difference with half its interval, where that is known."""
    error = f" ± {_told(mark.half_width, unit, signed=False)}" if math.isfinite(mark.half_width) else ""
    return f"{_told(mark.value, unit)}{error}"


def _sentence(comparison: "Comparison", found: "list[tuple[str, Difference, int]]") -> str:
    parts, unbounded = [], []
    for name, one, _ in found:
        marks = _marks(one)
        change = f"changes the {one.measure.label} by {_within(marks[0], one.measure.unit)} in the mean"
        change += " (95% interval)" if math.isfinite(one.half_width) else ""
        change = change if math.isfinite(one.mean) else "has no pair in which both finish, so no difference of means,"
        parts.append(f"{name} {change} and is better in {percent(one.probability_better, 2)} of the pairs")
        open_ended = [mark for mark in marks if math.isfinite(mark.value) and not math.isfinite(mark.half_width)]
        unbounded += [f"{mark.statistic} of {name}" for mark in open_ended]
    parts += [f"interval unbounded for {' and '.join(unbounded)}"] if unbounded else []
    out = sum(one.left_out for _, one, _ in found)
    left = f"; {out:,} pairs in which one did not finish are left out of the means" if out else ""
    return f"Against {comparison.names[0]}: {'; '.join(parts)}{left}."


def _table(
    comparison: "Comparison", found: "list[tuple[str, Difference, int]]", bands: list[tuple[float, float]]
) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for (name, one, _), (low, high) in zip(found, bands, strict=True):
        end = {"d": "_days", "": "", "USD": "_usd"}[one.measure.unit]
        rows.append(
            {
                "scenario": name, "base": comparison.names[0], "measure": one.measure.name,
                f"mean_difference{end}": one.mean, f"half_width_95{end}": one.half_width,
                f"p50_difference{end}": one.p50,
                f"p50_half_width_95{end}": one.p50_half_width, f"p90_difference{end}": one.p90,
                f"p90_half_width_95{end}": one.p90_half_width, f"p10_of_pairs{end}": low, f"p90_of_pairs{end}": high,
                "probability_better": one.probability_better, "pairs": one.pairs, "left_out": one.left_out,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
