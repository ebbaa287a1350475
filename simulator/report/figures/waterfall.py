"""Where the time goes: from training without failures to the wall clock, account by account."""

import math
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import ENDS, SHARES, estimate
from simulator.ensemble.measures import TICKS_PER_DAY
from simulator.ensemble.table import account_column, tick_column
from simulator.metrics import ledger_share, ledger_share_median
from simulator.metrics.columns import column
from simulator.metrics.middle import middle
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Floats, Integers
from simulator.report.figures.style import BLUE, GREY, OCHRE, Figure, blank, number
from simulator.report.words import ACCOUNTS

LEAST_SHARE = 0.0005  # of the wall clock: what is less is drawn together
FEW = 0.15  # where less is lost, the axis begins at the training
OTHERS, WALL = "everything else", "wall clock"
ROW = 30  # [px]
TOLD = ("mean", "mc_error", *SHARES, *ENDS)
Losses = Literal["median", "mean"]


class Unit(NamedTuple):
    """In what times are told, so long as the whole is below so many of them."""

    name: str
    in_a_day: float
    below: float

    def told(self, length: float, digits: int = 3) -> str:
        """Return a time [days] in this unit."""
        return f"{number(length * self.in_a_day, digits)} {self.name}"


UNITS = (Unit("h", 24.0, 72.0), Unit("d", 1.0, math.inf))


def waterfall(ensemble: Ensemble, losses: Losses = "median") -> Figure:
    """Return the days on each account in the median replication, or the mean over the replications that finish.

    Its table holds both for all accounts and, last, for the wall clock that they sum to, with the shares that the
    summary has. Where no replication finishes, the means are over all.
    """
    table = _table(ensemble)
    name = f"{losses}_days"
    shown = _shown(table, name)
    ideal, wall = float(shown[name].iloc[0]), float(table[name].iloc[-1])
    plot = blank(height=110 + ROW * len(shown), margin={"t": 20})
    starts = np.array([0.0, *shown[name].cumsum().iloc[:-2], 0.0])
    unit = next(each for each in UNITS if wall * each.in_a_day < each.below)
    whose = "median replication" if losses == "median" else "mean"
    begin = _bars(plot, shown, starts, unit, (name, whose))
    lost = shown.iloc[1:-1].sort_values(name, ascending=False, kind="stable")
    told = [f"{label} ({unit.told(each)})" for label, each in _pairs(lost.head(3), name) if label != OTHERS]
    cut = f" (the axis begins at {unit.told(begin)})" if begin else ""
    sentence = f"Of {unit.told(wall, 4)} on the clock, {_whose(ensemble, losses)}, {unit.told(ideal, 4)}"
    sentence += " are training that is kept"
    return Figure(
        "waterfall",
        f"Where the time goes, {whose}",
        plot,
        f"{sentence}; most of the rest goes to {', '.join(told)}." if told else f"{sentence}: nothing is lost.",
        f"Waterfall of times in the {whose} from productive training to the wall clock{cut}: "
        + ", ".join(f"{label} {unit.told(length)}" for label, length in _pairs(shown, name))
        + ".",
        table,
    )


def _whose(ensemble: Ensemble, losses: Losses) -> str:
    """Return whose days these are."""
    if losses == "median":
        return "the median replication's (P45 to P55 of the run time)"
    done = int(np.isfinite(column(ensemble, "finish_days")).sum())
    return "the mean" + (f" of the {done:,} replications that finish" if 0 < done < ensemble.replications else "")


def _pairs(table: pd.DataFrame, name: str) -> list[tuple[str, float]]:
    return list(zip(table["label"].tolist(), table[name].tolist(), strict=True))


def _table(ensemble: Ensemble) -> pd.DataFrame:
    rows = middle(ensemble)
    median, mean = ledger_share_median(ensemble), ledger_share(ensemble)
    told: list[dict[str, object]] = []
    for account in Account:
        shares = {"share_of_median": median[account].probability, "mean_share": mean[account].mean}
        words: dict[str, object] = {"account": account.name, "label": ACCOUNTS[account].label}
        told.append({**words, **_days(ensemble, (tick_column(account), account_column(account)), rows), **shares})
    whole = {"share_of_median": 1.0, "mean_share": 1.0}
    told.append({"account": "WALL_CLOCK", "label": WALL, **_days(ensemble, ("wall_us", "wall_days"), rows), **whole})
    return pd.DataFrame(told)


def _days(ensemble: Ensemble, names: tuple[str, str], rows: Integers) -> dict[str, float]:
    """Return what columns of ticks and of days say: the median replication's days, and an estimate of all."""
    ticks, days = names
    # Whole microseconds are added before they are divided, so that the accounts are all of the wall clock.
    median = int(ensemble.table[ticks].to_numpy()[rows].sum()) / len(rows) / TICKS_PER_DAY
    found = estimate(_those(ensemble, days))
    return {"median_days": median, **{f"{name}_days": float(getattr(found, name)) for name in TOLD}}


def _those(ensemble: Ensemble, name: str) -> Floats:
    """Return a column of the replications that finish, so that it sums to the mean run time; of all if none does."""
    done = np.isfinite(column(ensemble, "finish_days"))
    values: Floats = column(ensemble, name)
    return values[done] if done.any() else values


def _shown(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows to be drawn: training, the losses that matter, the largest first, the others together, all."""
    losses = table.iloc[1:-1].sort_values(name, ascending=False, kind="stable")
    small = losses[name] < LEAST_SHARE * table[name].iloc[-1]
    rest = float(losses.loc[small, name].sum())
    parts = [table.iloc[:1], losses[~small]]
    if rest > 0:
        parts.append(pd.DataFrame([{"account": "", "label": OTHERS, name: rest}]))
    shown: pd.DataFrame = pd.concat([*parts, table.iloc[-1:]], ignore_index=True)
    return shown


def _bars(plot: go.Figure, shown: pd.DataFrame, starts: Floats, unit: Unit, whose: tuple[str, str]) -> float:
    """Draw the bars of a column, whose days are so called, and return where the axis begins [days]."""
    labels, lengths = shown["label"].tolist(), shown[whose[0]].to_numpy()
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
    title = f"time since the start, {whose[1]} [{unit.name}]" + (
        f"; the axis begins at {unit.told(begin)}" if begin else ""
    )
    span = [begin * unit.in_a_day, (wall + 0.16 * (wall - begin)) * unit.in_a_day]
    plot.update_xaxes(title_text=title, range=span)
    plot.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return begin
