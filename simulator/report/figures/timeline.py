"""One replication: what the job did day by day, and every long stop with what it was."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from simulator.ensemble import Ensemble, replay
from simulator.ensemble.measures import TICKS_PER_DAY, TICKS_PER_HOUR
from simulator.numbers.ledger import Column, Outcome, Phase
from simulator.numbers.plan import Floats, Plan, Result
from simulator.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    OCHRE,
    PURPLE,
    RED,
    Clock,
    Figure,
    commas,
    days,
    note,
    nothing,
    safe,
)
from simulator.report.run import story
from simulator.report.run.contents import told_replications
from simulator.report.run.incidents import Incident
from simulator.report.run.log_spans import TICK, TICKS, spans, tell_some

if TYPE_CHECKING:
    from simulator.engines.reference import Policy

MOST_BARS = 120
MOST_MARKS = 1200
SCATTER = 2_654_435_761  # Knuth's multiplier: of stops of equal length those that are drawn lie all over the time
CLOSE = 100  # times
MOST_STRIKES = 3  # told of one stop in its hover words
LENGTHS = (1 / 24, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)  # of a bar [days]
TRAINING = "training and saves"
GROUPS = {
    TRAINING: ((Phase.TRAINING, Phase.SAVING), BLUE),
    "stalls": ((Phase.STALL,), PURPLE),
    "detection and diagnosis": ((Phase.DETECTION, Phase.DIAGNOSIS), RED),
    "waiting for nodes": ((Phase.SWAP, Phase.WAIT), OCHRE),
    "restart and restore": ((Phase.RESTART, Phase.RESTORE), GREEN),
    "maintenance": ((Phase.CLOSING, Phase.MAINTENANCE), GREY),
}


def timeline(ensemble: Ensemble, replication: int | None = None, policy: "type[Policy] | None" = None) -> Figure:
    """Return the timeline of a replication, of the median one unless told which. A user's policy has to be given.

    Raises ReplayError where it does not come out as it stands in the table.
    """
    number = told_replications(ensemble.table)["p50"] if replication is None else replication
    plan, result = replay(ensemble.scenario, number, ensemble.engine, policy)
    story.check(ensemble.table, number, result)
    wall = result.finish / TICKS_PER_DAY
    clock = Clock(ensemble.scenario.start, wall)
    told = spans(plan, result)
    scattered = told[:, TICK].astype(np.uint64) * np.uint64(SCATTER) % np.uint64(2**32)
    longest = told[np.lexsort((scattered, -told[:, TICKS]))[:MOST_MARKS]]
    stops = tell_some(plan, result, ensemble.causes, longest)
    table, edges = _table(plan, result)
    plot = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.4, 0.6], vertical_spacing=0.09)
    plot.update_layout(template="derisk_light", height=460, margin={"t": 30})
    _marks(plot, clock, stops)
    _bars(plot, clock, table, edges)
    span = stops[0].ticks / max(1, stops[-1].ticks) if stops else 1.0
    _axes(plot, clock, edges, span)
    if not stops:
        nothing(plot, "Nothing stopped it.")
    which = f"Replication {number}" + (", the median one by finish," if replication is None else "")
    end = "is done" if result.outcome == Outcome.DONE else "is not done"
    sentence = f"{which} {end} after {days(wall)} and " + (f"stops {len(told):,} times" if stops else "never stops")
    if stops:
        first = _first(stops[0])
        sentence += f"; the longest stop takes {story.duration(stops[0].ticks)} ({_when(clock, stops[0])}: {first})"
    drawn = "" if len(told) <= MOST_MARKS else f" The {MOST_MARKS:,} longest stops are drawn, the rest is in the bars."
    return Figure(
        "timeline",
        "One replication, day by day",
        plot,
        f"{sentence}.{drawn}",
        f"Two panels over {days(wall)}: above, the length of each stop on a logarithmic axis; below, stacked bars of "
        f"what the job did in each {_length(edges)} without training.",
        table,
    )


def _table(plan: Plan, result: Result) -> tuple[pd.DataFrame, Floats]:
    """Return the hours of each group of phases in each bar, and the edges of the bars [days]."""
    wall = max(result.finish / TICKS_PER_DAY, 1e-6)
    length = next((one for one in LENGTHS if wall / one <= MOST_BARS), wall / MOST_BARS)
    edges: Floats = length * np.arange(int(np.ceil(wall / length)) + 1, dtype=np.float64)
    ticks = np.concatenate([[0], result.log[:, Column.TICK], [result.finish]])
    begin = Phase.RESTART if plan.start_up > 0 else Phase.TRAINING
    phases = np.concatenate([[begin], result.log[:, Column.PHASE_AFTER]])
    spent = np.diff(ticks) / TICKS_PER_HOUR
    columns = {"from_days": edges[:-1], "to_days": np.minimum(edges[1:], wall)}
    for name, (members, _) in GROUPS.items():
        so_far = np.concatenate([[0.0], np.cumsum(spent * np.isin(phases, members))])
        columns[f"{name.replace(' ', '_')}_hours"] = np.diff(np.interp(edges, ticks / TICKS_PER_DAY, so_far))
    return pd.DataFrame(columns), edges


def _marks(plot: go.Figure, clock: Clock, stops: list[Incident]) -> None:
    plot.add_scatter(
        x=clock.all_at([one.tick / TICKS_PER_DAY for one in stops]),
        y=[max(one.ticks, 1) / TICKS_PER_HOUR for one in stops],
        mode="markers",
        marker={"color": RED, "size": 6, "opacity": 0.65, "line": {"width": 0}},
        text=[_words(clock, one) for one in stops],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
        row=1,
        col=1,
    )


def _bars(plot: go.Figure, clock: Clock, table: pd.DataFrame, edges: Floats) -> None:
    hours = 24 * (table["to_days"] - table["from_days"])
    middles = clock.all_at((edges[:-1] + edges[1:]) / 2)
    for name, (_, colour) in GROUPS.items():
        spent = table[f"{name.replace(' ', '_')}_hours"]
        if name == TRAINING or not spent.any():
            continue
        plot.add_bar(
            x=middles, y=100 * spent / hours, name=name, marker={"color": colour, "line": {"width": 0}},
            width=[0.9 * clock.width(edges[1] - edges[0])] * len(middles),
            hovertemplate=f"%{{x}}<br>{name} %{{y:.1f}}%<extra></extra>", row=2, col=1,
        )  # fmt: skip


def _axes(plot: go.Figure, clock: Clock, edges: Floats, span: float) -> None:
    form: dict[str, Any] = {} if clock.start is None else {"type": "date", "tickformat": "%-d %b\n%Y"}
    plot.update_xaxes(range=[clock.at(0.0), clock.at(float(edges[-1]))], **form)
    plot.update_xaxes(title_text=clock.name(), row=2, col=1)
    plot.update_yaxes(type="log", row=1, col=1, **_stop_ticks(span))
    plot.update_yaxes(rangemode="tozero", ticksuffix="%", row=2, col=1)
    plot.update_layout(barmode="stack", legend={"y": -0.22, "yanchor": "top", "traceorder": "normal"})
    below = f"time without training, share of each {_length(edges)}"
    for words, height in (("length of each stop", 1.0), (below, 0.55)):
        note(plot, words, 0, height, xref="paper", yref="paper", yanchor="bottom", yshift=5, opacity=0.8)


def _length(edges: Floats) -> str:
    length = float(edges[1] - edges[0])
    if length == 1:
        return "day"
    return f"{length:g} days" if length > 1 else f"{24 * length:g} h"


def _stop_ticks(span: float) -> dict[str, Any]:
    """Return ticks for hours on a logarithmic axis, in words; more of them where the longest is few times the least."""
    named = {"1 s": 1 / 3600, "10 s": 1 / 360, "1 min": 1 / 60, "10 min": 1 / 6, "1 h": 1, "10 h": 10, "4 d": 96}
    if span < CLOSE:
        named |= {"2 min": 1 / 30, "5 min": 1 / 12, "20 min": 1 / 3, "30 min": 0.5, "2 h": 2, "5 h": 5, "1 d": 24}
    return {"tickvals": list(named.values()), "ticktext": list(named)}


def _words(clock: Clock, stop: Incident) -> str:
    """Return what a stop was, for its hover box."""
    strikes = [safe(one) for one in stop.strikes[:MOST_STRIKES]]
    if more := len(stop.strikes) - len(strikes) + stop.untold:
        strikes.append(f"... and {more} more strikes")
    steps = [f"{step} {story.duration(ticks)}" for step, ticks in stop.phases.items() if ticks > 0]
    head = f"<b>{_when(clock, stop)}: {story.duration(stop.ticks)}</b>"
    return commas("<br>".join([head, *strikes, ", ".join(steps), story.training_lost(stop)]))


def _when(clock: Clock, stop: Incident) -> str:
    after = stop.tick / TICKS_PER_DAY
    return f"day {int(after)}" if clock.start is None else clock.told(after)


def _first(stop: Incident) -> str:
    return commas(stop.strikes[0].rstrip("."))
