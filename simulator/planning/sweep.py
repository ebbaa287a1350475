"""Sweeps: one scenario at all combinations of values of some inputs, each cell under the same chance as the others."""

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simulator.ensemble import Cancelled, Progress, run_ensemble
from simulator.ensemble.crew import LOOK_SECONDS, cores
from simulator.ensemble.ensemble import settled
from simulator.planning import differences
from simulator.planning.compare import paired_mean
from simulator.planning.quantities import FINISH
from simulator.planning.sweep_rows import Cell, Outcome, outcome, row
from simulator.scenario import Scenario, ScenarioError, ScenarioErrors, load_variants
from simulator.scenario.errors import given_as
from simulator.scenario.sweep import Axis, AxisError, clash

__all__ = ["Axis", "AxisError", "Cell", "Grid", "Outcome", "cells", "outcome", "prepare", "row", "run", "table"]

MOST_CELLS = 10_000


class Grid(NamedTuple):
    """A sweep that has been checked and can be run."""

    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...]
    scenarios: tuple[Scenario, ...]  # one a cell; all have the same seed and number of replications
    digests: tuple[str, ...]  # of each scenario with every default filled, its seed and its replications
    own: Scenario  # the scenario without any of the values, on its own
    base: int  # index of the cell that differences are taken to
    base_is_own: bool  # whether that cell is the scenario as it stands; else it is the first
    same: int  # cells that are the same scenario as one before them
    usual: int  # replications that the scenario asks for
    stop_rule: bool  # whether the scenario has one, which cells do not follow: pairs need the same number

    @property
    def replications(self) -> int:
        """Replications of each cell."""
        return self.own.replications


def cells(axes: Sequence[Axis]) -> tuple[Cell, ...]:
    """Return the grid of all combinations, the last axis fastest. Raises AxisError for none, too many, or a clash."""
    if not axes:
        raise AxisError("there is nothing to sweep; write --axis PATH=VALUE,VALUE, or a section sweep: in the scenario")
    if (found := clash(axis.path for axis in axes)) is not None:
        raise AxisError(f"{found[0]}: {found[1]}")
    number = prod(len(axis.values) for axis in axes)
    if number > MOST_CELLS:
        raise AxisError(f"the grid has {number:_} cells, more than {MOST_CELLS:_}; leave values out")
    texts = (given_as(axis.given_as, (f"{axis.path}={value}" for value in axis.values)) for axis in axes)
    return tuple(Cell(number, overrides) for number, overrides in enumerate(product(*texts), start=1))


def prepare(
    source: Path | str | Scenario,
    overrides: Sequence[str],
    axes: Sequence[Axis],
    *,
    seed: int | None = None,
    replications: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Grid:
    """Return the checked grid of a scenario or its file. Raises AxisError, and ScenarioErrors: those of all cells."""
    grid = cells(axes)
    scenarios: list[Scenario] = []
    wrong: dict[ScenarioError, list[Cell]] = {}
    variants = load_variants(source, overrides, [(), *(cell.overrides for cell in grid)])
    own = next(variants)
    if isinstance(own, ScenarioErrors):
        raise own
    begun = time.perf_counter()
    for cell, read in zip(grid, variants, strict=True):
        if isinstance(read, ScenarioErrors):
            for error in read.errors:
                wrong.setdefault(_alike(error), []).append(cell)
        else:
            scenarios.append(read)
        if progress is not None:
            left = (time.perf_counter() - begun) / cell.number * (len(grid) - cell.number)
            progress(Progress(cell.number, len(grid), left))
    if wrong:
        raise ScenarioErrors(_naming(error, failed, len(grid)) for error, failed in wrong.items())
    seed = own.seed if seed is None else seed
    replications = own.replications if replications is None else replications
    usual, stop = own.replications, own.document.run.stop
    own, *scenarios = (settled(scenario, seed, replications) for scenario in (own, *scenarios))
    return _grid(tuple(axes), grid, own, scenarios)._replace(usual=usual, stop_rule=stop is not None)


def _grid(axes: tuple[Axis, ...], grid: tuple[Cell, ...], own: Scenario, scenarios: list[Scenario]) -> Grid:
    """Return the grid of scenarios that are valid, with the cell that is the scenario as it stands."""
    digests, told = [], []
    for scenario in scenarios:
        document = scenario.resolved()
        digests.append(_digest(document))
        told.append(_digest(differences.inputs(document)))
    wanted = _digest(differences.inputs(own.resolved()))
    base = told.index(wanted) if wanted in told else None
    return Grid(
        axes=axes,
        cells=grid,
        scenarios=tuple(scenarios),
        digests=tuple(digests),
        own=own,
        base=base or 0,
        base_is_own=base is not None,
        same=len(told) - len(set(told)),
        usual=own.replications,
        stop_rule=False,
    )


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _alike(error: ScenarioError) -> ScenarioError:
    """Return an error without the value that it is about, where the words do not show it: the same in all cells."""
    return replace(error, value="", spot=error.spot if error.follows else replace(error.spot, said=""))


def _naming(error: ScenarioError, failed: Sequence[Cell], of: int) -> ScenarioError:
    """Return an error that says in which cells it is, by what they have in common."""
    common = [text for text in failed[0].overrides if all(text in cell.overrides for cell in failed)]
    if len(failed) == of and of > 1:
        where = f"in all {of:_} cells"
    else:
        where = f"in cell {failed[0].number}" if len(failed) == 1 else f"in {len(failed):_} cells"
        where += f" of {of:_}: {', '.join(common)}" if common else f" of {of:_}, the first is cell {failed[0].number}"
    return replace(error, message=f"{error.message} ({where})")


def run(
    grid: Grid,
    todo: Sequence[Cell],
    keep: Callable[[Cell, Outcome], None],
    *,
    threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> bool:
    """Run cells side by side, and hand each to `keep` as it is done, one at a time; return whether all were done.

    Ctrl-C and `cancel` stop it: what is done is kept. Threads do not change what comes out.
    """
    cancel = threading.Event() if cancel is None else cancel
    threads = threads or cores()
    work = _Work(grid, max(1, threads // max(1, len(todo))), cancel)
    waiting, running = deque(todo), dict[Future[Outcome | None], Cell]()
    begun, planned, kept = time.perf_counter(), len(todo) * grid.replications, 0

    def collect(seconds: float) -> int:
        found = wait(running, seconds, FIRST_COMPLETED).done
        outcomes = [(running.pop(future), future.result()) for future in found if not future.cancelled()]
        whole = [(cell, done) for cell, done in outcomes if done is not None]
        for cell, done in whole:
            keep(cell, done)
        return len(whole)

    with ThreadPoolExecutor(threads) as pool:
        try:
            while (waiting and not cancel.is_set()) or running:
                while waiting and len(running) < 2 * threads and not cancel.is_set():
                    cell = waiting.popleft()
                    running[pool.submit(work.outcome, cell)] = cell
                kept += collect(LOOK_SECONDS)
                if progress is not None:
                    done = work.replications
                    elapsed = time.perf_counter() - begun
                    progress(Progress(done, planned, elapsed / done * (planned - done) if done else None))
        except KeyboardInterrupt:
            cancel.set()
            for future in running:
                future.cancel()
            while running := {future: cell for future, cell in running.items() if not future.cancelled()}:
                kept += collect(LOOK_SECONDS)
        except BaseException:
            cancel.set()
            raise
    return kept == len(todo)


class _Work:
    """Simulates cells, and counts the replications that are done."""

    def __init__(self, grid: Grid, threads: int, cancel: threading.Event) -> None:
        self._grid = grid
        self._threads = threads
        self._cancel = cancel
        self._done: dict[int, int] = {}

    @property
    def replications(self) -> int:
        """How many are done in all cells."""
        return sum(list(self._done.values()))

    def outcome(self, cell: Cell) -> Outcome | None:
        """Return what a cell comes to; None where it was stopped before its end."""
        if self._cancel.is_set():
            return None

        def tell(progress: Progress) -> None:
            self._done[cell.number] = progress.done

        scenario = self._grid.scenarios[cell.number - 1]
        try:
            ensemble = run_ensemble(scenario, threads=self._threads, progress=tell, cancel=self._cancel, twins=False)
        except Cancelled:
            return None
        if ensemble.interrupted:
            return None
        return outcome(cell, self._grid.axes, ensemble)


def table(grid: Grid, outcomes: Mapping[int, Outcome]) -> pd.DataFrame:
    """Return one row a cell, with the differences of its measures to the base cell, pair by pair.

    A difference is the mean over the pairs that both finished, with half its 95 % interval; see `compare`.
    """
    base = outcomes[grid.base + 1]
    rows = []
    for cell in grid.cells:
        found = outcomes[cell.number]
        finished = np.isfinite(base.values[FINISH.name]) & np.isfinite(found.values[FINISH.name])
        changes: dict[str, Any] = {"pairs": int(finished.sum())}
        for name in (name for name in base.values if name in found.values):
            mean, half = paired_mean(base.values[name][finished], found.values[name][finished])
            changes |= {f"{name}_difference": mean, f"{name}_difference_half_width": half}
        rows.append(found.row | changes)
    columns = sorted(dict.fromkeys(name for each in rows for name in each), key=lambda name: _place(grid.axes, name))
    return pd.DataFrame(rows, columns=columns)


def _place(axes: Sequence[Axis], name: str) -> tuple[int, int]:
    """Return where a column stands: the cell, the axes in their order, and the rest as it came."""
    if name == "cell":
        return 0, 0
    for number, axis in enumerate(axes):
        if name == axis.path or name.startswith(f"{axis.path} ["):
            return 1, number
    return 2, 0
