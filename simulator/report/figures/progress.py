"""How the work gets done: a fan over replications that are run again with their event logs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from simulator.ensemble import Ensemble, replay
from simulator.ensemble.estimates import QUANTILES, quantile
from simulator.ensemble.measures import TICKS_PER_DAY
from simulator.metrics import finish_days
from simulator.numbers.ledger import Column, Outcome
from simulator.numbers.plan import Floats
from simulator.numbers.times import SPEED_SCALE
from simulator.report import text
from simulator.report.figures.style import BLUE, GREY, RED, Clock, Figure, blank, commas, name_y, note, number

if TYPE_CHECKING:
    from simulator.engines.reference import Policy

REPLICATIONS = 60
POINTS = 200
HALF = 0.5  # of the work
MOST_RECORDS = 4_000_000  # of the logs together: about a second


def progress(ensemble: Ensemble, most: int = REPLICATIONS, policy: "type[Policy] | None" = None) -> Figure:
    """Return the work done against the wall clock: P10, P50 and P90 over the first replications of an ensemble.

    A run with a policy of the user's needs it again.
    """
    chosen = _chosen(ensemble, most)
    last = _end(ensemble, chosen)
    times = np.linspace(0.0, last, POINTS + 1)
    done = np.array(list(_curves(ensemble, chosen, times, policy)))
    done.sort(axis=0)
    low, middle, high = (np.array([quantile(at, share) for at in done.T]) for share in QUANTILES)
    ideal = ensemble.scenario.work() / 86_400
    clock = Clock(ensemble.scenario.start, last)
    plot = _drawn(clock, times, (low, middle, high), ideal)
    _deadline(plot, ensemble, clock, last)
    table = pd.DataFrame({"days": times, "p10_work_done": low, "p50_work_done": middle, "p90_work_done": high})
    return Figure(
        "progress",
        "How the work gets done",
        plot,
        f"Half of the work is done {_halfway(times, (low, middle, high), clock)}: "
        f"from the event logs of {commas(text.replications(len(chosen), ensemble.replications))}.",
        f"Share of the work done against the {'date' if clock.start else 'days since the start'}: a band from P10 to "
        f"P90 around the median of {len(chosen)} replications, under the straight line of training without failures, "
        f"which takes {number(ideal, 4)} days.",
        table,
    )


def _chosen(ensemble: Ensemble, most: int) -> list[int]:
    """Return the first replications, as many as their logs allow."""
    first = ensemble.table.head(most)
    affordable = max(1, int((first["events"].cumsum() <= MOST_RECORDS).sum()))
    return [int(number) for number in first["replication"].head(affordable)]


def _end(ensemble: Ensemble, chosen: list[int]) -> float:
    """Return where the axis ends [days]: at P90 of the finish where there is one, for the last tenth may take long."""
    found = finish_days(ensemble)
    among = ensemble.table["replication"].isin(chosen)
    longest = float(ensemble.table.loc[among, "wall_days"].max())
    return min(1.05 * found.p90, longest) if np.isfinite(found.p90) else longest


def _curves(ensemble: Ensemble, chosen: list[int], times: Floats, policy: "type[Policy] | None") -> Iterator[Floats]:
    """Yield the share of the work that is done at each time, straight between two records of the log."""
    for replication in chosen:
        plan, result = replay(ensemble.scenario, replication, ensemble.engine, policy)
        at = np.concatenate([[0.0], result.log[:, Column.TICK] / TICKS_PER_DAY, [result.finish / TICKS_PER_DAY]])
        end = 1.0 if result.outcome == Outcome.DONE else result.work / SPEED_SCALE / plan.work
        work = np.concatenate([[0.0], result.log[:, Column.WORK] / SPEED_SCALE / plan.work, [end]])
        yield np.interp(times, at, work)


def _halfway(times: Floats, bands: tuple[Floats, Floats, Floats], clock: Clock) -> str:
    """Return when half of the work is done, in words, as far as the times go; the band of P10 is the slow tenth."""
    later = f"later than {clock.told(times[-1])}"
    low, middle, high = (_reached(times, band, clock) for band in bands)
    if high is None:
        return f"{later} nine times in ten"
    if middle is None:
        return f"{later} in the median; one time in ten {high}"
    slowest = f"one time in ten {later}" if low is None else f"nine times in ten {low}"
    return f"{middle} in the median; one time in ten {high}, {slowest}"


def _reached(times: Floats, band: Floats, clock: Clock) -> str | None:
    """Return by when half of the work is done, in words; None where that is beyond the times."""
    if band[-1] < HALF:
        return None
    when = float(np.interp(HALF, band, times))
    return f"{'within' if clock.start is None else 'by'} {clock.told(when)}"


def _drawn(clock: Clock, times: Floats, bands: tuple[Floats, Floats, Floats], ideal: float) -> go.Figure:
    low, middle, high = (100 * band for band in bands)
    x = clock.all_at(times)
    plot = blank()
    ends = min(ideal, times[-1])
    plot.add_scatter(
        x=clock.all_at([0.0, ends]), y=[0.0, 100 * ends / ideal], mode="lines", hoverinfo="skip",
        line={"color": GREY, "width": 1.5, "dash": "dash"}, showlegend=False,
    )  # fmt: skip
    line = {"width": 0.8, "color": BLUE}
    hover = "%{y:.1f}%"
    plot.add_scatter(x=x, y=high, mode="lines", line=line, showlegend=False, name="P90", hovertemplate=hover)
    plot.add_scatter(
        x=x, y=low, mode="lines", line=line, fill="tonexty", fillcolor="rgba(58,111,216,0.28)", showlegend=False,
        name="P10", hovertemplate=hover,
    )  # fmt: skip
    plot.add_scatter(
        x=x, y=middle, mode="lines", line={"color": BLUE, "width": 2.5}, showlegend=False, name="P50",
        hovertemplate=hover,
    )  # fmt: skip
    clock.on(plot, 0.0, times[-1])
    plot.update_layout(hovermode="x unified")
    plot.update_yaxes(range=[0, 104], ticksuffix="%")
    name_y(plot, "work done")
    at = int(np.argmax(middle >= 62)) if (middle >= 62).any() else len(times) // 2
    note(plot, "P50", x[at], middle[at], xshift=8, yshift=-8)
    reach = min(0.45 * ideal, 0.6 * float(times[-1]))
    note(plot, "without failures", clock.at(reach), 100 * reach / ideal, xanchor="right", xshift=-10, yshift=8)
    spot = int(np.argmax(low >= 40)) if (low >= 40).any() else len(times) * 3 // 4
    note(plot, "P10 to P90", x[spot], low[spot], xshift=10, yshift=-10)
    return plot


def _deadline(plot: go.Figure, ensemble: Ensemble, clock: Clock, last: float) -> None:
    start, end = ensemble.scenario.start, ensemble.scenario.deadline
    if start is None or end is None or (allowed := (end - start).days + 1.0) > last:
        return
    place = {"xref": "x", "yref": "paper", "x0": clock.at(allowed), "x1": clock.at(allowed), "y0": 0, "y1": 1}
    plot.add_shape(type="line", line={"color": RED, "dash": "dot", "width": 2}, **place)
    note(plot, "deadline", clock.at(allowed), 0.06, yref="paper", xshift=6)
