"""The laws of a plan: who owns which, and how the inputs of a replication make it."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from simulator import laws
from simulator.chance import Purpose
from simulator.compile.hazards import Row
from simulator.drawn import Drawn
from simulator.durations import Law
from simulator.pauses import Ranks
from simulator.quantity import Quantity
from simulator.recovery import Rung
from simulator.scenario.model import Scenario

Values = Mapping[str, float] | None


class Cell(NamedTuple):
    """A law of the plan: the rows and the column that hold it, and how its numbers make it."""

    rows: list[int]
    column: int
    build: Callable[[Values], Law]
    moves: bool


def cells(scenario: Scenario, rows: tuple[Row, ...]) -> Iterator[Cell]:
    """Yield every law of the plan. The last row is that of windows: after one, the job recovers as after a failure."""
    document = scenario.document
    recovery, everywhere = document.recovery, [row.number for row in rows] + [len(rows)]
    for name in ("detection", "diagnosis", "restart", "repair", "relapse"):
        own = {row.number: law for row in rows if (law := getattr(row.cause, name)) is not None}
        column = Purpose[name.upper()]
        tried = {row.number: row.cause.tried for row in rows if row.cause.tried} if name == "restart" else {}
        everywhere_else = [index for index in everywhere if index not in own and index not in tried]
        yield _drawn(everywhere_else, column, getattr(recovery, name))
        for index, drawn in own.items():
            yield _drawn([index], column, drawn) if index not in tried else _after(tried[index], index, drawn)
        for index in tried.keys() - own.keys():
            yield _after(tried[index], index, getattr(recovery, name))
    yield _drawn(everywhere, Purpose.SWAP, recovery.swap)
    if recovery.host_selection is not None:
        yield _drawn(everywhere, Purpose.SELECTION, recovery.host_selection)
    for stage, column in ((recovery.manual, Purpose.MANUAL), (recovery.vendor, Purpose.VENDOR)):
        if stage is not None:
            yield _drawn(everywhere, column, stage.time)
    yield from _searches(scenario, rows)
    if (ranks := document.job.ranks) is not None and ranks.spread is not None:
        moves = ranks.spread.uncertain or (ranks.index is not None and ranks.index.uncertain)
        yield Cell([len(rows)], Purpose.SPREAD, lambda values: _spread(ranks, values, scenario.gpus), moves)
    for row in rows:
        effects = {Purpose.LENGTH: row.cause.stall, Purpose.FACTOR: row.cause.speed}
        effects[Purpose.REBUILD] = None if row.cause.rebuild is None else row.cause.rebuild.takes
        marks = {Purpose.FOUND: row.cause.found, Purpose.HEALED: row.cause.healed}
        yield from (_drawn([row.number], column, law) for column, law in (effects | marks).items() if law is not None)
    if document.maintenance is not None and document.maintenance.length is not None:
        yield _drawn([len(rows)], Purpose.LENGTH, document.maintenance.length)
    yield from _restore_cells(scenario, everywhere)


def _spread(ranks: Ranks, values: Values, number: int) -> Law:
    """Return the law of how much longer the slowest of so many ranks takes, for a whole run [1]."""
    scale = 0.0 if ranks.spread is None else ranks.spread.at(values)
    if scale == 0.0:
        return laws.fixed(0.0)
    if ranks.index is None:
        return laws.normal_maximum(scale, number)
    return laws.pareto_maximum(scale, ranks.index.at(values), number)


def _searches(scenario: Scenario, rows: tuple[Row, ...]) -> Iterator[Cell]:
    """Yield the diagnoses that are searches: each test halves the nodes among which the broken one is."""
    tests = math.ceil(math.log2(max(2, scenario.nodes)))
    for row in rows:
        if (test := row.cause.bisection) is not None:
            yield Cell([row.number], Purpose.DIAGNOSIS, _search_of(test, tests), moves=True)


def _search_of(test: Quantity, tests: int) -> Callable[[Values], Law]:
    return lambda values: laws.fixed(tests * test.at(values))


def _restore_cells(scenario: Scenario, everywhere: list[int]) -> Iterator[Cell]:
    checkpoint = scenario.document.checkpoint
    memory, storage = checkpoint.tier("host_memory"), checkpoint.tier("storage")
    if memory is not None and memory.restore is not None:
        yield _drawn(everywhere, Purpose.RESTORE_MEMORY, memory.restore)
    if storage is not None and storage.restore is not None:
        yield _drawn(everywhere, Purpose.RESTORE, storage.restore)
    elif storage is not None:

        def transfer(values: Values) -> Law:
            return laws.fixed(storage.transfer_at(values, scenario.checkpoint_size(values)))

        yield Cell(everywhere, Purpose.RESTORE, transfer, moves=True)


def _after(tried: tuple[Rung, ...], row: int, last: Drawn) -> Cell:
    """Return the law of a restart that comes after rungs of the ladder that did not end the stop."""
    drawn = [*(rung.time for rung in tried), last]

    def in_turn(values: Values) -> Law:
        return laws.sum_of([laws.build(each.family, each.at(values)) for each in drawn])

    return Cell([row], Purpose.RESTART, in_turn, any(each.uncertain for each in drawn))


def _drawn(rows: list[int], column: int, drawn: Drawn) -> Cell:
    return Cell(rows, column, lambda values: laws.build(drawn.family, drawn.at(values)), drawn.uncertain)
