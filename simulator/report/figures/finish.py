"""When the run finishes: the distribution over replications, its quantiles, and the deadline."""

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import Estimate, interval, quantile
from simulator.metrics import deadline, finish_days, never_finishes
from simulator.metrics.columns import column
from simulator.numbers.plan import Floats
from simulator.report import ranges
from simulator.report.figures.style import BLUE, GREY, HEIGHT, RED, Clock, Figure, blank, name_y, note, nothing, percent

BARS = 40
TAIL = 0.8  # times P90 - P10 beyond P90: what is later still is told, not drawn
ROW = 26  # [px]
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def finish(ensemble: Ensemble) -> Figure:
    """Return the distribution of the finish; its table holds every hundredth quantile with its 95 % interval."""
    known, found = np.sort(column(ensemble, "finish_days")), finish_days(ensemble)
    ends = known[np.isfinite(known)]
    allowed = _allowed(ensemble)
    # What is infinite bounds nothing, and minus what is infinite is no number.
    reach = found.p90 + TAIL * (found.p90 - found.p10) if math.isfinite(found.p90) else math.inf
    seen = ends[ends <= max(reach, allowed or 0.0)]
    times = [*seen[-1:], *([] if allowed is None else [allowed])]
    clock = Clock(ensemble.scenario.start, max(times, default=0.0))
    room = 0 if allowed is None else ROW  # for the word of the deadline
    plot = blank(height=HEIGHT + room, margin={"t": 84 + room})
    if len(ends):
        _bars(plot, clock, seen, allowed, ensemble.replications)
        _marks(plot, clock, found, allowed)
        if beyond := ensemble.replications - len(seen):
            words = f"{percent(beyond / ensemble.replications)} later{' or never' if found.infinite else ''} →"
            note(plot, words, 1, 0.3, xref="paper", yref="paper", xanchor="right", opacity=0.8)
    else:
        nothing(plot, "No replication finished.")
    if allowed is not None and len(ends):
        _deadline(plot, clock, allowed)
    return Figure(
        "finish",
        "When it will be done",
        plot,
        _sentence(ensemble, clock, found),
        f"Histogram of the finish {'date' if clock.start else 'time'} over {ensemble.replications:,} replications, "
        f"with lines at P10 ({clock.told(found.p10)}), P50 ({clock.told(found.p50)}) and P90 ({clock.told(found.p90)}) "
        f"in grey bands, their 95% intervals"
        f"{'' if allowed is None else f', and at the deadline ({_last_day(clock, allowed)})'}.",
        _table(known, clock),
    )


def _allowed(ensemble: Ensemble) -> float | None:
    """Return the time from the start to the end of the day of the deadline [days]."""
    start, end = ensemble.scenario.start, ensemble.scenario.deadline
    return None if start is None or end is None else (end - start).days + 1.0


def _last_day(clock: Clock, allowed: float) -> str:
    return clock.told(allowed - 1)


def _table(known: Floats, clock: Clock) -> pd.DataFrame:
    shares = np.arange(1, 100) / 100
    ends = [quantile(known, share) for share in shares]
    low, high = zip(*(interval(known, share) for share in shares), strict=True)
    columns: dict[str, object] = {"probability": shares, "finish_days": ends}
    columns |= {"finish_days_low": low, "finish_days_high": high}
    if clock.start is not None:
        columns["finish_date"] = [clock.at(end)[:10] if math.isfinite(end) else "never" for end in ends]
    return pd.DataFrame(columns)


def _bars(plot: go.Figure, clock: Clock, ends: Floats, allowed: float | None, replications: int) -> None:
    width = _width(float(ends[-1] - ends[0]), len(ends))
    # With a deadline a bar ends there, so that each is either in time or late.
    anchor = allowed if allowed is not None else 0.0
    first = math.floor((ends[0] - anchor) / width)
    many = math.floor((ends[-1] - anchor) / width) - first + 1
    edges = anchor + width * (first + np.arange(many + 1))
    counts, _ = np.histogram(ends, edges)
    late = np.zeros(many, bool) if allowed is None else edges[:-1] >= allowed - 1e-9
    for some, colour in ((~late, BLUE), (late, RED)):
        plot.add_bar(
            x=clock.all_at((edges[:-1] + width / 2)[some]),
            y=100 * counts[some] / replications,
            width=[0.92 * clock.width(width)] * int(some.sum()),
            marker={"color": colour, "line": {"width": 0}},
            customdata=[
                f"{clock.told(low)} to {clock.told(low + width)}: {count:,} replications"
                for low, count in zip(edges[:-1][some], counts[some], strict=True)
            ],
            hovertemplate="%{customdata}, %{y:.2f}%<extra></extra>",
            showlegend=False,
        )
    low, high = edges[0], edges[-1]
    if allowed is not None:
        low, high = min(low, allowed), max(high, allowed)
    room = 0.06 * (high - low)
    clock.on(plot, low - room, high + room)
    plot.update_yaxes(ticksuffix="%", rangemode="tozero")
    name_y(plot, "share of replications")
    plot.layout.annotations[0].update(x=1, xanchor="right", yanchor="top", yshift=0)


def _width(span: float, count: int) -> float:
    """Return a round width for a bar [days]: fewer for fewer replications (twice Rice's rule, 2 n^(1/3))."""
    least = max(span / min(BARS, 4 * count ** (1 / 3)), 1 / 1440)
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in STEPS if step * power >= least * (1 - 1e-9))


def _within(clock: Clock, found: Estimate, name: str) -> str:
    """Return a quantile of the finish with its interval in brackets."""
    value, low, high = (getattr(found, each) for each in (name, f"{name}_low", f"{name}_high"))
    return ranges.within(value, (low, high), clock.told)


def _interval(plot: go.Figure, clock: Clock, found: Estimate, name: str) -> None:
    """Shade the interval of a quantile, as far as it is bounded and drawn."""
    low, high = (getattr(found, f"{name}_{end}") for end in ("low", "high"))
    if math.isfinite(low) and math.isfinite(high):
        place = {"xref": "x", "yref": "paper", "x0": clock.at(low), "x1": clock.at(high), "y0": 0, "y1": 1}
        plot.add_shape(type="rect", fillcolor=GREY, opacity=0.22, line={"width": 0}, layer="below", **place)


def _marks(plot: go.Figure, clock: Clock, found: Estimate, allowed: float | None) -> None:
    # Out of the way of the deadline's line.
    middle = "center" if allowed is None else "left" if allowed < found.p50 else "right"
    sides = {"p10": ("right", 1.04), "p50": (middle, 1.13), "p90": ("left", 1.04)}
    for name, (side, height) in sides.items():
        end = getattr(found, name)
        if math.isfinite(end):
            _interval(plot, clock, found, name)
            plot.add_shape(type="line", xref="x", yref="paper", x0=clock.at(end), x1=clock.at(end), y0=0, y1=height)
            words = f"<b>{name.upper()}</b> {clock.told(end)}"
            place = {"yref": "paper", "xanchor": side, "yanchor": "bottom" if side == "center" else "middle"}
            shift = {"right": -5, "left": 5, "center": 0}[side]
            note(plot, words, clock.at(end), height, xshift=shift, **place)


def _deadline(plot: go.Figure, clock: Clock, allowed: float) -> None:
    place = {"xref": "x", "yref": "paper", "x0": clock.at(allowed), "x1": clock.at(allowed), "y0": 0, "y1": 1.23}
    plot.add_shape(type="line", line={"color": RED, "dash": "dot", "width": 2}, **place)
    words = f"<b>deadline</b> {_last_day(clock, allowed)}"
    note(plot, words, clock.at(allowed), 1.23, yref="paper", xanchor="center", yanchor="bottom")


def _sentence(ensemble: Ensemble, clock: Clock, found: Estimate) -> str:
    done = ensemble.replications - found.infinite
    if not done:
        return f"None of {ensemble.replications:,} replications finishes."
    when = "by" if clock.start is not None else "within"
    low, half, high = (_within(clock, found, name) for name in ("p10", "p50", "p90"))
    told = f"Half of the replications are done {when} {half}"
    if not math.isfinite(found.p50):
        told = f"Only {percent(done / ensemble.replications)} of the replications finish"
    elif math.isfinite(found.p90):
        told += f", nine in ten {when} {high}, one in ten {when} {low} (95% intervals in brackets)"
    met = deadline(ensemble)
    if met is not None:
        told += f"; {ranges.probability(met._asdict(), percent)} meet the deadline"
    if found.infinite and math.isfinite(found.p50):
        told += f"; {ranges.probability(never_finishes(ensemble)._asdict(), percent)} do not finish at all"
    return f"{told}."
