"""How often to save: expected overhead against the work between saves, with the exact optimum."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from simulator.compile.compile import compile_plan
from simulator.compile.interval import stop_rate
from simulator.numbers import theory
from simulator.numbers.plan import Floats, Plan
from simulator.numbers.times import TICKS_PER_SECOND
from simulator.report import text
from simulator.report.figures.style import BLUE, GREEN, RED, Figure, blank, name_y, note, number, percent
from simulator.scenario import Scenario

POINTS = 161
ROUND = (
    *(1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0),
    *(28_800.0, 86_400.0, 172_800.0, 432_000.0, 864_000.0),
)  # [s]
NEAR = 0.02  # of the optimum: no difference that anybody could see
REACH = 12.0  # times the optimum, to both sides


class Saves(NamedTuple):
    """What decides about the interval, at the medians of the inputs."""

    failure_rate: float  # of the job [1/s], corruptions that are found too
    save: float  # mean blocking time [s]
    interval: float  # work between saves, of the scenario [s]


def interval(scenario: Scenario) -> Figure | None:
    """Return the overhead of saves and lost work against the interval; None without failures or where saves are free.

    Overhead is the extra time over the work: (e^(λ(τ+δ)) - 1)/(λτ) - 1, from Daly's complete cost function (2006);
    restart and detection scale the run time and do not move the optimum.
    """
    saves = _saves(compile_plan(scenario))
    if saves is None:
        return None
    optimum = theory.optimal_interval(saves.failure_rate, saves.save)
    reach = max(REACH, 1.5 * saves.interval / optimum, 1.5 * optimum / saves.interval)
    lengths = optimum * np.geomspace(1 / reach, reach, POINTS)
    overheads = _overheads(saves, lengths)
    chosen, best = (float(_overheads(saves, np.array([at]))[0]) for at in (saves.interval, optimum))
    kinds = ["curve"] * POINTS + ["optimum", "scenario", "Young 1974"]
    young = theory.young_interval(saves.failure_rate, saves.save)
    every = np.concatenate([lengths, [optimum, saves.interval, young]])
    table = pd.DataFrame({"kind": kinds, "interval_minutes": every / 60, "overhead": _overheads(saves, every)})
    near = abs(math.log(saves.interval / optimum)) < NEAR
    told = f"At the medians of the inputs, saving after every {text.duration(saves.interval)} of work costs "
    told += f"{percent(chosen)} in saves and lost work"
    told += ", the least there is." if near else f"; the optimum, {text.duration(optimum)}, costs {percent(best)}."
    plot = blank()
    most = min(max(4 * best, 1.6 * chosen), float(overheads.max()))
    seen = overheads <= 1.15 * most
    plot.add_scatter(
        x=lengths[seen] / 60, y=100 * overheads[seen], mode="lines", line={"color": BLUE, "width": 2.5},
        hovertemplate="%{x:.3g} min: %{y:.2f}%<extra></extra>", showlegend=False,
    )  # fmt: skip
    marks = [(optimum, best, GREEN, "the optimum, and the scenario" if near else "optimum", 22)]
    marks += [] if near else [(saves.interval, chosen, RED, "the scenario", -24)]
    for at, overhead, colour, name, shift in marks:
        plot.add_scatter(
            x=[at / 60], y=[100 * overhead], mode="markers", hoverinfo="skip", showlegend=False,
            marker={"color": colour, "size": 11},
        )  # fmt: skip
        words = f"<b>{name}</b>: {text.duration(at)}, {percent(overhead)}"
        side = "center" if shift > 0 else "right" if at > optimum else "left"
        place = {"xanchor": side, "xshift": {"right": -4, "left": 4, "center": 0}[side], "yshift": -shift}
        note(plot, words, math.log10(at / 60), 100 * overhead, **place)
    plot.update_xaxes(type="log", title_text="work between saves", **_ticks(lengths[seen]))
    plot.update_yaxes(range=[0, 110 * most], ticksuffix="%")
    name_y(plot, "expected extra time for saves and lost work")
    alt = f"Curve of the expected overhead against the work between saves, from {number(lengths[0] / 60)} to "
    alt += f"{number(lengths[-1] / 60)} minutes on a logarithmic axis, lowest at {text.duration(optimum)}."
    return Figure("interval", "How often to save", plot, told, alt, table)


def _ticks(lengths: Floats) -> dict[str, list[float] | list[str]]:
    """Return ticks at the durations that people would name, in minutes."""
    shown = [at for at in ROUND if lengths[0] <= at <= lengths[-1]]
    names = [text.duration(at) for at in shown]
    return {"tickvals": [at / 60 for at in shown], "ticktext": ["1 min" if name == "60 s" else name for name in names]}


def _saves(plan: Plan) -> Saves | None:
    rate = stop_rate(plan, later=True)
    save = (plan.save * (plan.storage_every - 1) + plan.save_storage) / plan.storage_every / TICKS_PER_SECOND
    # A run that is over before its first save saves nothing.
    if rate <= 0 or save <= 0 or plan.interval >= plan.work:
        return None
    return Saves(rate, save, plan.interval / TICKS_PER_SECOND)


def _overheads(saves: Saves, lengths: Floats) -> Floats:
    with np.errstate(over="ignore"):
        found: Floats = np.expm1(saves.failure_rate * (lengths + saves.save)) / (saves.failure_rate * lengths) - 1
    return found
