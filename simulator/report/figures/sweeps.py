"""Sweeps of one input: what more hot spares buy, and how far a design carries."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from simulator.report import ranges
from simulator.report.figures.style import (
    BLUE,
    PALETTE,
    Figure,
    blank,
    commas,
    days,
    dollars,
    name_y,
    note,
    percent,
    safe,
)

SPARES, GPUS = "cluster.hot_spares", "cluster.gpus"
WHOLE = {"p50": "half", "p90": "nine in ten"}  # of the replications finish where the quantile is finite
LOWEST = 0.06  # of an axis: names at the ends of lines below it stand on the axis
BAND = "rgba(58,111,216,0.28)"


def spares(table: pd.DataFrame, axis: str = SPARES) -> Figure:
    """Return P90 of the finish, and the mean cost where there is one, against hot spares, from a sweep's table.

    Raises KeyError for a table without that axis. Further axes make one line each.
    """
    number = _number(table, axis)
    costs = "cost_usd_mean" in table
    # Where nearly nothing finishes nine times in ten, the median tells more.
    end = "p90" if np.isfinite(table["finish_days_p90"]).sum() > 1 else "p50"
    plot = make_subplots(rows=2 if costs else 1, cols=1, shared_xaxes=True, vertical_spacing=0.12)
    plot.update_layout(template="derisk_light", height=520 if costs else 400, margin={"t": 44, "r": 150})
    for at, (name, some) in enumerate(_lines(table, axis)):
        colour = PALETTE[at % len(PALETTE)]
        some = some.sort_values(number, kind="stable")
        finite = np.isfinite(some[f"finish_days_{end}"])
        bars = _bars(some[finite], f"finish_days_{end}")
        _line(plot, some[number][finite], some[f"finish_days_{end}"][finite], (name, colour), row=1, bars=bars)
        for place in some[number][~finite]:
            spot = {"yref": "paper", "xanchor": "center", "yanchor": "top", "yshift": -14 * at}
            note(plot, "✕", place, 0.99, font={"color": colour}, **spot)
        if costs:
            # A name is written once, in the panel above where anything is drawn there.
            _line(plot, some[number], some["cost_usd_mean"], ("" if finite.any() else name, colour), row=2)
    plot.update_xaxes(title_text="hot spares [nodes]", rangemode="tozero", row=2 if costs else 1, col=1)
    never = "; ✕: never" if np.isinf(table[f"finish_days_{end}"]).any() else ""
    name_y(plot, f"{end.upper()} of the finish [d]{never}")
    _name_lines(plot, table, axis)
    if costs:
        note(plot, "mean cost [USD]", 0, 0.44, xref="paper", yref="paper", yanchor="bottom", yshift=8, opacity=0.8)
    return Figure(
        "spares",
        "What hot spares buy",
        plot,
        _spares_told(table, number, axis, end),
        f"{end.upper()} of the finish{' and, below, mean cost' if costs else ''} against the number of hot spares, "
        f"from {table[number].min():,.0f} to {table[number].max():,.0f} nodes.",
        _kept(table, (axis, "finish_days_", "cost_usd_")),
    )


def _spares_told(table: pd.DataFrame, number: str, axis: str, end: str) -> str:
    """Return in a sentence how few spares are as good as the best, as far as the replications can tell.

    It is of the line on which the best cell lies.
    """
    finish = f"finish_days_{end}"
    name, some = min(_lines(table, axis), key=lambda line: float(line[1][finish].min()))
    some = some.sort_values(number, kind="stable")
    finite = some[np.isfinite(some[finish])]
    if finite.empty:
        return f"However many of these spares there are, fewer than {WHOLE[end]} of the replications finish."
    best = finite.loc[finite[finish].idxmin()]
    half = float(best.get("finish_days_p90_half_width", 0.0)) if end == "p90" else 0.0
    enough = finite[finite[finish] <= best[finish] + (half if math.isfinite(half) else 0.0)].iloc[0]
    rows = [some.iloc[0]] if enough[number] == some[number].iloc[0] else [some.iloc[0], enough]
    told = " and ".join(f"{_within(row, finish, days)} with {row[number]:,.0f}" for row in rows)
    told = f"{f'{name}: ' if name else ''}{end.upper()} of the finish is {told} hot spares"
    if "cost_usd_mean" in some:
        told += f", at a mean cost of {' and '.join(dollars(row['cost_usd_mean']) for row in rows)}"
    told += _brackets(table, finish)
    if not math.isfinite(half):
        return f"{told}; interval unbounded, so these replications do not tell what more of them gain."
    if enough[number] == some[number].iloc[-1]:
        return f"{told}; that is the largest number here, and more may gain more."
    return f"{told}; what more of them gain, these replications cannot tell from nothing."


def scale(table: pd.DataFrame, axis: str = GPUS) -> Figure:
    """Return goodput, P10 to P90, against the number of GPUs from the table of a sweep or a curve.

    Raises KeyError for a table without that axis. Further axes make one line each, without bands.
    """
    number = _number(table, axis)
    plot = blank(margin={"r": 150})
    lines = list(_lines(table, axis))
    for at, (name, some) in enumerate(lines):
        colour = PALETTE[at % len(PALETTE)]
        some = some.sort_values(number, kind="stable")
        if len(lines) == 1:
            for end, fill in (("p90", None), ("p10", "tonexty")):
                plot.add_scatter(
                    x=some[number], y=100 * some[f"goodput_{end}"], mode="lines", showlegend=False, fill=fill,
                    line={"color": BLUE, "width": 0.8}, fillcolor=BAND, hoverinfo="skip",
                )  # fmt: skip
            middle = some.iloc[len(some) // 2]
            spot = {"xshift": -4, "yshift": -14, "xanchor": "right"}
            note(plot, "P10 to P90", math.log10(middle[number]), 100 * middle["goodput_p10"], **spot)
        bars = _bars(some, "goodput_p50", 100.0)
        _line(plot, some[number], 100 * some["goodput_p50"], (name or "P50", colour), lowest=100 * LOWEST, bars=bars)
    plot.update_xaxes(type="log", title_text="GPUs of the job", tickformat=",", dtick="D2")
    plot.update_yaxes(range=[0, 100], ticksuffix="%")
    name_y(plot, "goodput")
    _name_lines(plot, table, axis)
    first, last = lines[0][1].sort_values(number).iloc[[0, -1]].to_dict("records")
    low, high = (_within(row, "goodput_p50", percent) for row in (first, last))
    ends = f"{low} on {first[number]:,.0f} GPUs to {high}"
    return Figure(
        "scale",
        "How far the design carries",
        plot,
        f"Median goodput goes from {ends} on {last[number]:,.0f} GPUs{_brackets(table, 'goodput_p50')}.",
        f"Goodput against the number of GPUs on a logarithmic axis, from {ends} at the largest.",
        _kept(table, (axis, "goodput_", "finish_days_")),
    )


def _bars(some: pd.DataFrame, name: str, scale: float = 1.0) -> dict[str, Any] | None:
    """Return the 95 % interval of a column as bars, without one at an end that nothing bounds; None without ends."""
    if f"{name}_low" not in some:
        return None
    up, down = (scale * (some[f"{name}_high"] - some[name]), scale * (some[name] - some[f"{name}_low"]))
    return {"symmetric": False, "array": up.where(np.isfinite(up)), "arrayminus": down.where(np.isfinite(down))}


def _within(row: Any, name: str, write: Callable[[float], str]) -> str:
    """Return a quantile of a row with its interval in brackets, where the row has its ends."""
    if f"{name}_low" not in row:
        return write(row[name])
    return ranges.within(float(row[name]), (float(row[f"{name}_low"]), float(row[f"{name}_high"])), write)


def _brackets(table: pd.DataFrame, name: str) -> str:
    """Return what the brackets hold, where there are any."""
    if f"{name}_low" not in table:
        return ""
    return f"; {int(table['replications'].iloc[0]):,} replications each, 95% intervals in brackets"


def _axes(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the axes of a sweep's table: what stands between the cell and its replications."""
    columns = [str(name) for name in table]
    between = columns[columns.index("cell") + 1 : columns.index("replications")] if "cell" in columns else []
    return tuple(name for name in between if " [" not in name)


def _kept(table: pd.DataFrame, starts: tuple[str, ...]) -> pd.DataFrame:
    """Return the columns of the axes, and those that begin so; not the differences to the base cell."""
    wanted = (*_axes(table), *starts)
    names = [str(name) for name in table if str(name).startswith(wanted) and "_difference" not in str(name)]
    return table[names]


def _number(table: pd.DataFrame, axis: str) -> str:
    """Return the name of the column that holds an axis as numbers. Raises KeyError."""
    found = next((str(name) for name in table if str(name).startswith(f"{axis} [")), None)
    if found is None:
        raise KeyError(axis)
    return found


def _others(table: pd.DataFrame, axis: str) -> list[str]:
    return [name for name in _axes(table) if name != axis and table[name].nunique() > 1]


def _name_lines(plot: go.Figure, table: pd.DataFrame, axis: str) -> None:
    """Say what the names at the ends of the lines are values of."""
    if others := _others(table, axis):
        words = safe(f"lines: {', '.join(others)}")
        note(plot, words, 1, 1.0, xref="paper", yref="paper", xanchor="right", yanchor="bottom", yshift=10, opacity=0.8)


def _lines(table: pd.DataFrame, axis: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the part of a table for each combination of the other axes, with its name."""
    others = _others(table, axis)
    if not others:
        yield "", table
        return
    for values, some in table.groupby(others, sort=False):
        yield ", ".join(commas(str(value)) for value in values), some


def _line(
    plot: go.Figure, x: Any, y: Any, named: tuple[str, str], *,
    row: int | None = None, bars: dict[str, Any] | None = None, lowest: float = -math.inf,
) -> None:  # fmt: skip
    """Draw a line with its name at its end, which stands higher where the line ends below `lowest`."""
    name, colour = named
    where = {} if row is None else {"row": row, "col": 1}
    plot.add_scatter(
        x=x, y=y, mode="lines+markers", line={"color": colour, "width": 2.5}, marker={"color": colour, "size": 8},
        error_y=None if bars is None else bars | {"thickness": 1.5, "width": 0, "color": colour},
        showlegend=False, name=safe(name), hovertemplate="%{x:,}: %{y:.4~s}<extra></extra>", **where,
    )  # fmt: skip
    if not len(x) or not name:
        return
    end = float(x.iloc[-1])
    at = math.log10(end) if row is None else end
    axes = {} if row is None else {"xref": f"x{row if row > 1 else ''}", "yref": f"y{row if row > 1 else ''}"}
    up = {"yanchor": "bottom"} if float(y.iloc[-1]) < lowest else {}
    note(plot, safe(name), at, float(y.iloc[-1]), xshift=10, **up, **axes)
