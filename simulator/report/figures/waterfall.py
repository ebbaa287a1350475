"""Where the time goes: from training without failures to the wall clock, account by account."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import estimate
from simulator.ensemble.table import account_column
from simulator.ledger import Account
from simulator.metrics.columns import column
from simulator.plan import Floats
from simulator.report.figures.style import BLUE, GREY, OCHRE, Figure, blank, number
from simulator.report.words import ACCOUNTS

LEAST_SHARE = 0.0005  # of the wall clock: what is less is drawn together
FEW = 0.15  # where less is lost, the axis begins at the training
OTHERS, WALL = "everything else", "wall clock"
ROW = 30  # [px]


class Unit(NamedTuple):
    """In what times are told, so long as the whole is below so many of them."""

    name: str
    in_a_day: float
    below: float

    def told(self, length: float, digits: int = 3) -> str:
        """Return a time [days] in this unit."""
        return f"{number(length * self.in_a_day, digits)} {self.name}"


UNITS = (Unit("h", 24.0, 72.0), Unit("d", 1.0, math.inf))


def waterfall(ensemble: Ensemble) -> Figure:
    """Return the mean days on each account over the replications that finish, or over all where none does.

    Its table holds all accounts and, last, the wall clock that they sum to: the mean of the run time.
    """
    table = _table(ensemble)
    shown = _shown(table)
    ideal, wall = float(shown["mean_days"].iloc[0]), float(table["mean_days"].iloc[-1])
    plot = blank(height=110 + ROW * len(shown), margin={"t": 20})
    starts = np.array([0.0, *shown["mean_days"].cumsum().iloc[:-2], 0.0])
    unit = next(each for each in UNITS if wall * each.in_a_day < each.below)
    begin = _bars(plot, shown, starts, unit)
    losses = shown.iloc[1:-1].sort_values("mean_days", ascending=False, kind="stable")
    told = [f"{label} ({unit.told(lost)})" for label, lost in _pairs(losses.head(3)) if label != OTHERS]
    cut = f" (the axis begins at {unit.told(begin)})" if begin else ""
    done = int(np.isfinite(column(ensemble, "finish_days")).sum())
    which = f" of the {done:,} replications that finish" if 0 < done < ensemble.replications else ""
    sentence = f"Of {unit.told(wall, 4)} on the clock, the mean{which}, {unit.told(ideal, 4)} are training that is kept"
    return Figure(
        "waterfall",
        "Where the time goes",
        plot,
        f"{sentence}; most of the rest goes to {', '.join(told)}." if told else f"{sentence}: nothing is lost.",
        f"Waterfall of mean times from productive training to the wall clock{cut}: "
        + ", ".join(f"{label} {unit.told(length)}" for label, length in _pairs(shown))
        + ".",
        table,
    )


def _pairs(table: pd.DataFrame) -> list[tuple[str, float]]:
    return list(zip(table["label"].tolist(), table["mean_days"].tolist(), strict=True))


def _table(ensemble: Ensemble) -> pd.DataFrame:
    wall = estimate(_those(ensemble, "wall_days"))
    rows: list[dict[str, object]] = []
    for account in Account:
        found = estimate(_those(ensemble, account_column(account)))
        rows.append({"account": account.name, "label": ACCOUNTS[account].label, **_numbers(found, wall.mean)})
    rows.append({"account": "WALL_CLOCK", "label": WALL, **_numbers(wall, wall.mean)})
    return pd.DataFrame(rows)


def _those(ensemble: Ensemble, name: str) -> Floats:
    """Return a column of the replications that finish, so that it sums to the mean run time; of all if none does."""
    done = np.isfinite(column(ensemble, "finish_days"))
    values: Floats = column(ensemble, name)
    return values[done] if done.any() else values


def _numbers(found: object, whole: float) -> dict[str, float]:
    told = {f"{name}_days": float(getattr(found, name)) for name in ("mean", "mc_error", "p10", "p50", "p90")}
    return told | {"share_of_mean_wall_clock": told["mean_days"] / whole if whole > 0 else 0.0}


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows to be drawn: training, the losses that matter, the largest first, the others together, all."""
    losses = table.iloc[1:-1].sort_values("mean_days", ascending=False, kind="stable")
    small = losses["share_of_mean_wall_clock"] < LEAST_SHARE
    rest = float(losses.loc[small, "mean_days"].sum())
    parts = [table.iloc[:1], losses[~small]]
    if rest > 0:
        parts.append(pd.DataFrame([{"account": "", "label": OTHERS, "mean_days": rest}]))
    return pd.concat([*parts, table.iloc[-1:]], ignore_index=True)


def _bars(plot: go.Figure, shown: pd.DataFrame, starts: Floats, unit: Unit) -> float:
    """Draw the bars, and return where the axis begins [days]."""
    labels, lengths = shown["label"].tolist(), shown["mean_days"].to_numpy()
    wall = float(lengths[-1])
    lost = wall - lengths[0]
    begin = max(0.0, float(lengths[0] - 0.35 * lost)) if 0 < lost < FEW * wall else 0.0
    ends, colours = starts + lengths, [BLUE, *[OCHRE] * (len(shown) - 2), GREY]
    low = np.maximum(starts, begin)
    plot.add_bar(
        y=labels,
        x=(ends - low) * unit.in_a_day,
        base=low * unit.in_a_day,
        orientation="h",
        marker={"color": colours, "line": {"width": 0}},
        customdata=[unit.told(length, 4) for length in lengths],
        hovertemplate="%{y}: %{customdata}<extra></extra>",
        width=0.72,
    )
    for row, (label, end, length) in enumerate(zip(labels, ends, lengths, strict=True)):
        sign = "+" if 0 < row < len(labels) - 1 else ""
        plot.add_annotation(text=f"{sign}{unit.told(length)}", x=end * unit.in_a_day, y=label, xanchor="left", xshift=6)
    for label, below, end in zip(labels[:-1], labels[1:], ends[:-1], strict=True):
        at = end * unit.in_a_day
        place = {"xref": "x", "yref": "y", "x0": at, "x1": at, "y0": label, "y1": below}
        plot.add_shape(type="line", line={"width": 1}, opacity=0.5, layer="below", **place)
    title = f"mean time since the start [{unit.name}]" + (f"; the axis begins at {unit.told(begin)}" if begin else "")
    span = [begin * unit.in_a_day, (wall + 0.16 * (wall - begin)) * unit.in_a_day]
    plot.update_xaxes(title_text=title, range=span)
    plot.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return begin
