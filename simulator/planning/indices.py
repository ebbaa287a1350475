"""Variance-based indices: which uncertain inputs the variance of an answer comes from, and how much of it is chance.

The first-order index of an input is the share of the variance that knowing it alone would take away, on average; its
total index the share that would stay if all but it were known. Chance, which no knowledge takes away, is one
more factor.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.ensemble import Design, Draw, Ensemble, Progress, run_ensemble
from simulator.ensemble.ensemble import settled
from simulator.ensemble.estimates import ratio
from simulator.ensemble.replicator import OTHER_WEATHER
from simulator.numbers.durations import normal_quantile
from simulator.numbers.plan import Floats
from simulator.planning import outcomes, quantities
from simulator.planning.progress import Stopped
from simulator.scenario import Scenario

CHANCE = "chance"
FEWEST = 16  # rows that tell anything
ROWS = 512  # a power of two, for then the points of the sequence are spread evenly


class Index(NamedTuple):
    """One factor: its share of the variance alone, and with all that it does together with others [1]."""

    name: str
    first: float
    first_error: float  # standard error
    total: float
    total_error: float


class Indices(NamedTuple):
    """Indices of one measure: inputs or groups of them in the order of the scenario, then chance."""

    measure: str  # wall_days | goodput | cost_usd
    rows: int
    indices: tuple[Index, ...]
    planned: int = 0  # rows that were asked for; fewer are done where somebody stopped it

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before all rows were done."""
        return self.rows < self.planned


def grouped(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Return the uncertain inputs of a scenario by group: the same number of several causes is one group.

    Inputs that move together count as one factor; eighteen counts of failures would need eighteen times the runs.
    """
    alike: dict[str, list[str]] = {}
    for quantity in scenario.inputs:
        section, _, rest = quantity.path.partition(".")
        _, _, field = rest.partition(".")
        alike.setdefault(f"failures.*.{field}" if section == "failures" and field else quantity.path, []).append(
            quantity.path
        )
    return {
        paths[0] if len(paths) == 1 else f"{name} ({len(paths)} causes)": tuple(paths) for name, paths in alike.items()
    }


def variance_indices(
    scenario: Scenario,
    rows: int = ROWS,
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> tuple[Indices, ...]:
    """Return the indices of wall clock, goodput and, with prices, cost, from rows x (groups + 3) replications.

    `groups` of paths by name (default: `grouped`) must hold every uncertain input once. Rows are a power of two; Ctrl-C
    and `cancel` keep the largest power of two of rows that is done, which is what asking for so many would give. Raises
    ValueError for other rows or groups, KeyboardInterrupt or Cancelled where fewer than 16 rows are done.
    """
    if rows < 2 or rows & (rows - 1):
        raise ValueError(f"rows must be a power of two, and {rows} is none")
    groups = grouped(scenario) if groups is None else groups
    if sorted(path for paths in groups.values() for path in paths) != sorted(each.path for each in scenario.inputs):
        raise ValueError("the groups must hold every uncertain input once")
    design, blocks = radial_design(scenario, rows, groups)

    def by_rows(replication: int) -> Draw:
        # Row after row, so that whoever stops it has whole rows.
        row, block = divmod(replication, blocks)
        return design(block * rows + row)

    planned = replications_of(scenario, rows, groups)
    ensemble = run_ensemble(
        settled(scenario, replications=planned), threads=threads, progress=progress, cancel=cancel, design=by_rows
    )
    whole = rows
    if ensemble.interrupted:
        whole = 1 << (ensemble.replications // blocks).bit_length() >> 1
        if whole < FEWEST:
            raise Stopped(from_keyboard=cancel is None or not cancel.is_set()).again()
    found: list[Indices] = []
    for measure, values in _measured(ensemble).items():
        by_block = values[: whole * blocks].reshape(whole, blocks).T
        factors = indices(by_block[0], by_block[1], by_block[2:], (*groups, CHANCE))
        found.append(Indices(measure, whole, factors, rows))
    return tuple(found)


def replications_of(scenario: Scenario, rows: int, groups: Mapping[str, Sequence[str]] | None = None) -> int:
    """Return how many replications so many rows take."""
    return rows * (len(grouped(scenario) if groups is None else groups) + 3)


def indices(at_a: Floats, at_b: Floats, at_ab: Floats, names: Sequence[str]) -> tuple[Index, ...]:
    """Return first-order and total indices from values at the rows of A, of B, and of A with one factor from B.

    `at_ab` is (factors, rows). First order: Saltelli et al. (2010), Computer Physics Communications 181, table 2 (b).
    Total: Jansen (1999), the same table (f). The standard error is that of a ratio of means over independent rows;
    those of a quasi-random sequence are spread more evenly, so it is rather too large. NaN: nothing varies.
    """
    # The mean does not matter to what is estimated, but a large one to how well.
    middle = float(np.mean(np.concatenate([at_a, at_b])))
    a, b, mixed = at_a - middle, at_b - middle, at_ab - middle
    variance = (a**2 + b**2) / 2
    found = []
    for name, other in zip(names, mixed, strict=True):
        first, total = ratio(b * (other - a), variance), ratio((a - other) ** 2 / 2, variance)
        found.append(Index(name, *first, *total))
    return tuple(found)


def radial_design(scenario: Scenario, rows: int, groups: Mapping[str, Sequence[str]]) -> tuple[Design, int]:
    """Return the design of all replications, and its number of blocks of rows: A, B, A with each group from B, chance.

    Inputs come from a scrambled Sobol' sequence (Owen 1998), two columns each, with the seed of the scenario. The
    weather of a row is that of its number, and in B that of the twin of this number.
    """
    from scipy.stats import qmc

    order = [quantity.path for quantity in scenario.inputs]
    seed, columns = scenario.seed, len(order)
    points = qmc.Sobol(d=max(1, 2 * columns), scramble=True, seed=np.random.default_rng(seed)).random(rows)
    a, b = _scores(points[:, :columns]), _scores(points[:, columns : 2 * columns])
    inputs, other_weather = [a, b], [False, True]
    for paths in groups.values():
        mixed = a.copy()
        moved = [order.index(path) for path in paths]
        mixed[:, moved] = b[:, moved]
        inputs.append(mixed)
        other_weather.append(False)
    inputs.append(a)
    other_weather.append(True)

    def design(replication: int) -> Draw:
        block, row = divmod(replication, rows)
        values = scenario.inputs_at(inputs[block][row].tolist(), {})
        return Draw(values, seed ^ OTHER_WEATHER if other_weather[block] else seed, row)

    return design, len(inputs)


def _scores(points: npt.NDArray[np.float64]) -> Floats:
    """Return standard normal scores at points of the unit cube, (rows, inputs)."""
    # A scrambled point may lie on the edge, where no input is finite.
    inside = np.clip(points, 2.0**-53, 1.0 - 2.0**-53)
    scores: Floats = np.vectorize(normal_quantile, otypes=[np.float64])(inside)
    return scores


def _measured(ensemble: Ensemble) -> dict[str, Floats]:
    known = {measure.name for measure in quantities.measures(ensemble)}
    measured = {"wall_days": outcomes.days(ensemble), "goodput": quantities.values(ensemble, "goodput")}
    return measured | ({"cost_usd": quantities.values(ensemble, "cost_usd")} if "cost_usd" in known else {})
