"""The figure of a page, from what a command says, in the style of all figures."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from questions.asking import Told
from questions.middle import Middle
from questions.words import shift
from simulator.planning.tornado import Bar, Tornado
from simulator.report import figures
from simulator.report.figures import Figure
from simulator.report.figures.style import BLUE, GREY, OCHRE, RED, blank, name_y, note, safe

ROOM = 0.42  # of the span of the marks, for words to the right of them
ROW = 40  # [px]
MEDIAN = "median difference [d]"  # of pairs: no column of the sweep
Plot = Callable[[Told], Figure]


class Series(NamedTuple):
    """A line: a column of a sweep, its name, its colour, and the column of half its 95 % interval, or of its error."""

    column: str
    name: str
    colour: str = BLUE
    half: str = ""
    times: float = 1.0  # of the half-width
    scale: float = 1.0


P50 = Series("finish_days_p50", "P50", BLUE)
P90 = Series("finish_days_p90", "P90", OCHRE, "finish_days_p90_half_width")
DIFFERENCE = Series(MEDIAN, "", BLUE)


class Across(NamedTuple):
    """The horizontal axis: a column of a sweep in SI, what it is called, and its unit's size."""

    column: str
    title: str
    unit: float = 1.0
    log: bool = False
    ticks: tuple[float, ...] = ()
    names: tuple[str, ...] = ()


def lines(across: Across, up: str, series: Sequence[Series], zero: bool = False) -> Plot:
    """Return lines over the cells of a sweep; `up` names the vertical axis."""

    def plot(told: Told) -> Figure:
        medians = told.medians() if any(each.column == MEDIAN for each in series) else None
        cells = [
            cell | ({MEDIAN: medians[place].value} if medians else {})
            for place, cell in enumerate(told.cells)
            if cell.get(across.column) is not None
        ]
        cells.sort(key=lambda cell: float(cell[across.column]))
        drawn = blank(margin={"r": 110, "t": 60})
        table: dict[str, list[float]] = {across.title: [cell[across.column] / across.unit for cell in cells]}
        for each in series:
            table |= _line(drawn, each, table[across.title], cells, across.log)
        if zero:
            drawn.add_hline(y=0, line={"color": GREY, "width": 1, "dash": "dot"})
        drawn.update_xaxes(title_text=across.title, type="log" if across.log else "linear")
        if across.ticks:
            names = across.names or tuple(f"{tick:,g}" for tick in across.ticks)
            drawn.update_xaxes(tickvals=list(across.ticks), ticktext=list(names))
        name_y(drawn, up)
        what = f"{up} against {across.title}"
        alt = f"{what}: lines with 95 percent intervals where known, at {len(cells)} values."
        return Figure("lines", what, drawn, f"{what}.", alt, pd.DataFrame(table))

    return plot


def _line(
    plot: Any, each: Series, places: Sequence[float], cells: Sequence[dict[str, Any]], log: bool
) -> dict[str, list[float]]:
    """Draw a line with its name at its end, and return the columns behind it."""
    values = [each.scale * _number(cell[each.column]) for cell in cells]
    halves = [each.scale * each.times * _number(cell[each.half]) if each.half else 0.0 for cell in cells]
    ends = [place for place, value in enumerate(values) if math.isfinite(value)]
    plot.add_scatter(
        x=list(places),
        y=[value if math.isfinite(value) else None for value in values],
        mode="lines+markers",
        line={"color": each.colour, "width": 2.5},
        marker={"color": each.colour, "size": 8},
        error_y={
            "array": [half if math.isfinite(half) else 0 for half in halves],
            "thickness": 1.5, "width": 0, "color": each.colour,
        },
        showlegend=False,
    )  # fmt: skip
    if each.name and ends:
        at = places[ends[-1]]
        note(plot, each.name, math.log10(at) if log else at, values[ends[-1]], xshift=10)
    columns = {each.column: values}
    return columns | ({f"{each.column} ±": halves} if each.half else {})


def _number(value: float | None) -> float:
    return math.inf if value is None else float(value)


def dots(labels: Sequence[str]) -> Plot:
    """Return the paired differences of the run time, median and P90, for the others by these names, the base first."""

    def plot(told: Told) -> Figure:
        base, *others = labels
        drawn = blank(height=130 + 2 * ROW * len(others), margin={"t": 44})
        rows, seen = [], [0.0]
        for row, (label, each, half) in enumerate(
            zip(others, told.variants("finish_days"), told.medians(), strict=True)
        ):
            for name, colour, up, change in (
                ("median", BLUE, -0.16, half),
                ("P90", OCHRE, 0.16, _around(each["p90"], each["p90_half_width"])),
            ):
                value, low, high = change[:3]
                rows.append({"scenario": label, "statistic": name, "difference": value, "low": low, "high": high})
                if not math.isfinite(value):
                    note(drawn, f"{name}: one of the two never finishes", 0, row + up, xshift=8, opacity=0.8)
                    continue
                down, reach = (abs(end - value) if math.isfinite(end) else 0.0 for end in (low, high))
                seen += [value - down, value + reach]
                drawn.add_scatter(
                    x=[value], y=[row + up], mode="markers", marker={"color": colour, "size": 10}, showlegend=False,
                    error_x={"array": [reach], "arrayminus": [down], "color": colour, "thickness": 2, "width": 0},
                )  # fmt: skip
                note(drawn, f"{name} {shift(change)}", value + reach, row + up, xshift=8)
        low, high = min(seen), max(seen)
        span = high - low or 1.0
        drawn.add_shape(type="line", xref="x", yref="paper", x0=0, x1=0, y0=0, y1=1, line={"dash": "dot"})
        title = f"difference of the run time to: {safe(base)} [d]"
        drawn.update_xaxes(title_text=title, range=[low - 0.06 * span, high + ROOM * span])
        drawn.update_yaxes(
            tickvals=list(range(len(others))), ticktext=[safe(label) for label in others],
            range=[len(others) - 0.4, -0.6], showgrid=False, ticksuffix="  ",
        )  # fmt: skip
        what = f"Difference of the run time to: {base}"
        alt = f"{what}; median and P90 with 95 percent intervals for {', '.join(others)}."
        return Figure("dots", what, drawn, f"{what}: pairs under the same chance.", alt, pd.DataFrame(rows))

    return plot


def _around(value: float | None, half: float | None) -> Middle:
    """Return a value and its interval from half of that; infinite where the JSON knows none."""
    if value is None:
        return Middle(math.inf, math.inf, math.inf, 0)
    return Middle(value, value - _number(half), value + _number(half), 0)


def crossing(title: str, up: str, unit: float = 1.0, scale: float = 1.0, log: bool = False) -> Plot:
    """Return the difference of a break-even against the input, with the value at which it is zero."""

    def plot(told: Told) -> Figure:
        found = told.json
        known = [each for each in found["evaluated"] if each["difference"] is not None]
        places = [each["value"] / unit for each in known]
        heights = [scale * each["difference"] for each in known]
        drawn = blank(margin={"r": 60, "t": 60})
        if found["value"] is not None:
            ends = [found["low"] if end is None else end for end in found["interval"][:1]]
            ends += [found["high"] if end is None else end for end in found["interval"][1:]]
            drawn.add_vrect(
                x0=ends[0] / unit, x1=ends[1] / unit, fillcolor=BLUE, opacity=0.15, line_width=0, layer="below"
            )
        drawn.add_scatter(
            x=places, y=heights, mode="lines+markers", showlegend=False,
            line={"color": BLUE, "width": 2.5}, marker={"color": BLUE, "size": 7},
        )  # fmt: skip
        drawn.add_hline(y=0, line={"color": GREY, "width": 1, "dash": "dot"})
        if found["value"] is not None:
            at = found["value"] / unit
            drawn.add_scatter(x=[at], y=[0], mode="markers", marker={"color": RED, "size": 12}, showlegend=False)
            spot = {"xanchor": "left", "xshift": 10, "yshift": -14 if heights[-1] > 0 else 14}
            wide = found["half_width"] is None or found["half_width"] > 0.005 * (found["high"] - found["low"])
            note(
                drawn,
                f"<b>{found['text']}</b>{', 95% interval shaded' if wide else ''}",
                math.log10(at) if log else at,
                0,
                **spot,
            )
        drawn.update_xaxes(title_text=title, type="log" if log else "linear")
        name_y(drawn, up)
        table = pd.DataFrame({title: places, up: heights})
        table.loc[len(table)] = [math.nan if found["value"] is None else found["value"] / unit, 0.0]
        what = f"{up} against {title}"
        return Figure("crossing", what, drawn, f"{what}.", f"{what}: a line through zero at {found['text']}.", table)

    return plot


def tornado(told: Told) -> Figure:
    """Return the tornado of a sensitivity."""
    found = told.json["tornado"]
    known = set(Bar._fields)
    bars = [Bar(**{name: _ends(name, value) for name, value in bar.items() if name in known}) for bar in found["bars"]]
    names = ("scenario_name", "replications", "replications_of_the_scenario", "finish_p90_days", "goodput", "cost_usd")
    low, high = (_number(end) for end in found["finish_p90_interval"])
    told_of = {name: found[name] for name in names}
    return figures.tornado(Tornado(**told_of, bars=tuple(bars), finish_p90_interval=(low, high)))


def _ends(name: str, value: Any) -> Any:
    """Return a field of a bar: what JSON has no number for is infinite where it is a time."""
    if name in ("finish_p90_days", "wall_days"):
        return tuple(_number(end) for end in value)
    if name == "finish_p90_intervals":
        return tuple(tuple(_number(end) for end in each) for each in value)
    return tuple(value) if isinstance(value, list) else value


def finish(told: Told) -> Figure:
    """Return the distribution of the finish of a run."""
    assert told.ensemble is not None
    return figures.finish(told.ensemble)


def money(told: Told) -> Figure:
    """Return the lines of money of a run."""
    found = figures.money(told.json)
    assert found is not None
    return found


def named(plot: Plot, title: str) -> Plot:
    """Return a figure by another title."""
    return lambda told: replace(plot(told), title=title)
