"""A break-even: what was found at each value of the input, and where it crosses the other option or the target."""

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from simulator.report.figures.style import BLUE, GREY, RED, Figure, blank, commas, name_y, note, safe
from simulator.report.study.break_even_sheet import HEAD, cells, difference_column, named, sentence
from simulator.words import units
from simulator.words.unit_catalogue import PLURALS

if TYPE_CHECKING:
    from simulator.planning.break_even import BreakEven

FAR = 10.0  # a range of more times than this is drawn by ratio, as it was searched
WIDE = 0.01  # of the range: an interval that can be seen
UNITS = {"finish": "d", "goodput": "%", "cost": "USD"}
ROOM = 0.12  # of the height, around all values
NEVER = 0.06  # of the height, from the edge at which a value without an end stands


def break_even(found: "BreakEven", alternative: str = "") -> Figure:
    """Return the difference at the values tried, or the quantity itself where there is a target.

    `alternative` is what the user calls the other option; empty where there is a target.
    """
    across = _Across.of(found)
    plot = blank(margin={"r": 40})
    zero = 0.0 if found.target is None else found.target
    size = 100.0 if found.measure == "goodput" else 1.0
    known = [(value, size * (zero + gap)) for value, gap in found.evaluated if math.isfinite(gap)]
    _shade(plot, found, across)
    plot.add_scatter(
        x=[across.at(value) for value, _ in known], y=[height for _, height in known], mode="lines+markers",
        line={"color": BLUE, "width": 2.5}, marker={"color": BLUE, "size": 7}, showlegend=False,
        customdata=[units.show(value, found.like) for value, _ in known],
        hovertemplate=f"%{{customdata}}: %{{y:,.4~g}} {UNITS[found.measure]}<extra></extra>",
    )  # fmt: skip
    _endless(plot, found, across)
    words = "equal" if found.target is None else f"target: {size * zero:,.6g} {UNITS[found.measure]}"
    plot.add_hline(y=size * zero, line={"color": GREY, "width": 1.5, "dash": "dot"})
    note(plot, words, 1, size * zero, xref="paper", xanchor="right", yanchor="bottom", opacity=0.8)
    if found.value is not None:
        _mark(plot, found, across, size * zero)
    plot.update_xaxes(title_text=across.title, range=across.range(found), **across.ticks(found))
    plot.update_yaxes(range=_heights([size * zero, *(height for _, height in known)]))
    quantity = named(found)
    points = "points" if found.measure == "goodput" else UNITS[found.measure]
    if found.target is None:
        name_y(plot, f"{quantity}: {safe(alternative)} minus without [{points}]")
    else:
        name_y(plot, f"{quantity} [{UNITS[found.measure]}]")
    sides = " to ".join(units.show(value, found.like) for value in (found.low, found.high))
    alt = f"Line of the {'difference of the ' if found.target is None else ''}{quantity} against {found.path} from "
    alt += f"{sides}, {f'with the break-even marked at {found.text}' if found.text else 'without a break-even'}."
    table = pd.DataFrame(cells(found), columns=[*HEAD, difference_column(found)])
    return Figure("break_even", "Where it breaks even", plot, commas(sentence(found, alternative)), commas(alt), table)


class _Across(NamedTuple):
    """The horizontal axis: values of the input in the unit in which people would tell the middle of the range."""

    title: str
    size: float  # of the unit [SI]
    log: bool

    @classmethod
    def of(cls, found: "BreakEven") -> "_Across":
        log = found.low > 0 and found.high > FAR * found.low
        told = units.show(math.sqrt(found.low * found.high) if log else (found.low + found.high) / 2, found.like)
        match = re.fullmatch(r"[-+0-9_.e]+[kMBT]?\s*(.*)", told)
        unit = found.like if match is None else PLURALS.get(match[1], match[1])
        return cls(f"{found.path} [{unit}]" if unit else found.path, float(units.unit(unit).scale), log)

    def at(self, value: float) -> float:
        """Return a value of the input [SI] in the unit of the axis."""
        return value / self.size

    def place(self, value: float) -> float:
        """Return where words about a value stand: Plotly wants the logarithm of it there."""
        return math.log10(self.at(value)) if self.log else self.at(value)

    def ticks(self, found: "BreakEven") -> dict[str, Any]:
        """Return round numbers where the axis is logarithmic: Plotly writes only their first digits."""
        if not self.log:
            return {"tickformat": ",~g"}
        low, high = self.at(found.low), self.at(found.high)
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        values = [step * 10.0**power for power in powers for step in (1, 2, 5)]
        shown = [value for value in values if low <= value <= high]
        return {"type": "log", "tickvals": shown, "ticktext": [f"{value:,.6g}" for value in shown]}

    def range(self, found: "BreakEven") -> list[float]:
        """Return the ends of the axis: the whole range, also of a search that was stopped."""
        low, high = self.place(found.low), self.place(found.high)
        return [low - 0.03 * (high - low), high + 0.03 * (high - low)]


def _heights(values: list[float]) -> list[float]:
    """Return the ends of the vertical axis, with room around all values."""
    low, high = min(values), max(values)
    room = ROOM * ((high - low) or abs(high) or 1.0)
    return [low - room, high + room]


def _shade(plot: go.Figure, found: "BreakEven", across: _Across) -> None:
    """Shade the interval of the value, or between which values it lies where the search was stopped."""
    ends = found.bracket if found.interrupted else found.interval
    if any(math.isnan(end) for end in ends) or all(math.isinf(end) for end in ends):
        return
    low, high = max(ends[0], found.low), min(ends[1], found.high)
    if across.place(high) - across.place(low) > WIDE * (across.place(found.high) - across.place(found.low)):
        plot.add_vrect(
            x0=across.at(low), x1=across.at(high), fillcolor=BLUE, opacity=0.15, line_width=0, layer="below"
        )  # fmt: skip
        bounded = all(map(math.isfinite, ends))
        words = "lies here" if found.interrupted else f"95 % interval{'' if bounded else ', with an open end'}"
        middle = (across.place(low) + across.place(high)) / 2
        note(plot, words, middle, 0, yref="paper", xanchor="center", yanchor="bottom", yshift=4, opacity=0.8)


def _endless(plot: go.Figure, found: "BreakEven", across: _Across) -> None:
    """Mark values at which the difference has no end, or none can be told: at the upper or lower edge."""
    for value, gap in found.evaluated:
        if not math.isfinite(gap):
            up = not gap < 0
            spot = {"yref": "paper", "xanchor": "center", "yanchor": "top" if up else "bottom"}
            words = "both never" if math.isnan(gap) else "never" if up else "never without"
            note(plot, f"✕<br>{words}", across.place(value), 1 - NEVER if up else NEVER, **spot)


def _mark(plot: go.Figure, found: "BreakEven", across: _Across, height: float) -> None:
    """Draw where it breaks even, with the value beside it, on the side where the line is not."""
    assert found.value is not None
    plot.add_scatter(
        x=[across.at(found.value)], y=[height], mode="markers", hoverinfo="skip", showlegend=False,
        marker={"color": RED, "size": 12},
    )  # fmt: skip
    middle = (across.place(found.low) + across.place(found.high)) / 2
    left = across.place(found.value) > middle
    spot = {"xanchor": "right" if left else "left", "xshift": -10 if left else 10}
    # A line that rises has room to the lower right and to the upper left.
    up = found.rises == left
    note(plot, f"<b>{commas(found.text)}</b>", across.place(found.value), height, yshift=14 if up else -14, **spot)
