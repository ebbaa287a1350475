"""From words to numbers: a Scenario and its drawn inputs become a Plan.

A plan is compiled once a replication when inputs are uncertain, so what does not change is computed once: a template
holds the plan at the medians, and what moves with the inputs.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from simulator import laws
from simulator.chance import Purpose
from simulator.drawn import Drawn
from simulator.durations import LAW_COLUMNS, LAW_FIELDS, NEVER, Hazard, Law, ticks
from simulator.failures import Cause
from simulator.interval import best_interval, pace
from simulator.ledger import Effect, Exposed
from simulator.plan import Floats, Integers, Line, Overlap, Plan, plain
from simulator.quantity import Quantity
from simulator.scenario.model import Scenario

Values = Mapping[str, float] | None

MOST_WORK = 2.9 * 365 * 86_400.0  # [s] counted in 1/100,000 tick it still fits int64
SHARED = "failures.shared_spread"

_EFFECTS = {"stop": Effect.STOP, "stall": Effect.STALL, "slow": Effect.SLOW}
_EXPOSED = {"always": Exposed.ALWAYS, "busy": Exposed.BUSY, "running": Exposed.RUNNING}
_OVERLAPS = {"delay": Overlap.DELAY, "skip": Overlap.SKIP}


class _Row(NamedTuple):
    """A cause, and what follows from the cluster: its units, and how many of the noun that its rate counts by."""

    number: int
    cause: Cause
    units: int
    per_place: int
    span: int
    counted: int
    first_step: int  # of its intensity in the plan's table


class _Cell(NamedTuple):
    """A law of the plan: the rows and the column that hold it, and how its numbers make it."""

    rows: list[int]
    column: int
    build: Callable[[Values], Law]
    moves: bool


class _Template(NamedTuple):
    """The plan at the medians, and what moves with the inputs."""

    plan: Plan
    rows: tuple[_Row, ...]
    cells: tuple[_Cell, ...]
    shares: tuple[tuple[str, int, Quantity], ...]
    scalars: bool


def compile_plan(scenario: Scenario, values: Values = None) -> Plan:
    """Return the plan of a replication from its drawn inputs by path [SI]; without them, that of the medians.

    Plans of one scenario share the arrays in which they do not differ: nobody writes into them.
    """
    template = _template(scenario)
    plan = template.plan
    if values is None:
        return plan
    changed: dict[str, Any] = {}
    if template.rows:
        hazard, table = changed["hazard"], changed["table"] = plan.hazard.copy(), plan.table.copy()
        for row in template.rows:
            _set_hazard(hazard, table, row, values)
    if template.cells:
        columns = changed["laws"] = plan.laws.copy()
        for cell in template.cells:
            columns[cell.rows, cell.column] = cell.build(values)
    for name, index, quantity in template.shares:
        shares = changed.setdefault(name, getattr(plan, name).copy())
        shares[index] = quantity.at(values)
    if template.scalars:
        changed |= _scalars(scenario, values)
        if scenario.document.checkpoint.interval == "auto":
            # Whoever sees that a save takes longer to be durable than was thought does not start the next one sooner.
            changed["interval"] = max(plan.interval, pace(plan._replace(**changed)))
        if changed["work"] >= ticks(MOST_WORK):
            # Beyond what can be counted: the replication ends out of time instead of finishing by a lie.
            changed["horizon"] = min(plan.horizon, changed["work"])
    return plan._replace(**changed)


@lru_cache(maxsize=16)
def _template(scenario: Scenario) -> _Template:
    document = scenario.document
    rows = tuple(_rows(scenario))
    cells = tuple(_cells(scenario, rows))
    shares = tuple(_shares(scenario, rows))
    plan = _unmoved(scenario, rows)._replace(**_scalars(scenario, None))
    for row in rows:
        _set_hazard(plan.hazard, plan.table, row, None)
    for cell in cells:
        plan.laws[cell.rows, cell.column] = cell.build(None)
    for name, index, quantity in shares:
        getattr(plan, name)[index] = quantity.median
    if document.checkpoint.interval == "auto":
        plan = plan._replace(interval=best_interval(plan))
    paths = {quantity.path for quantity in scenario.inputs}
    return _Template(
        plan,
        rows=tuple(row for row in rows if SHARED in paths or row.cause.moves),
        cells=tuple(cell for cell in cells if cell.moves),
        shares=tuple(share for share in shares if share[2].uncertain),
        scalars=any(not path.startswith(("failures.", "recovery.")) for path in paths),
    )


def _rows(scenario: Scenario) -> Iterator[_Row]:
    cluster = scenario.document.cluster
    steps = 0
    for number, cause in enumerate(scenario.document.failures.causes.values()):
        parts = cluster.units_of(cause.part)
        yield _Row(number, cause, *parts, cluster.count(cause.per, cause.part), steps)
        steps += len(cause.intensity or ())


def _set_hazard(hazard: Floats, table: Floats, row: _Row, values: Values) -> None:
    """Write a cause's hazard of one unit [1/s, s] and the age of its cohort [s]."""
    cause = row.cause
    shared = 1.0 if values is None else values.get(SHARED, 1.0)
    rate = shared * cause.rate_at(values, row.counted, row.units)
    first, second = rate, 0.0
    if cause.law == "weibull" and cause.shape is not None:
        first = cause.shape.at(values)
        faster = shared * cause.times.at(values)
        if cause.scale is not None:
            second = cause.scale.at(values) / faster if faster > 0.0 else math.inf
        else:
            second = laws.weibull_scale(1.0 / rate, first) if rate > 0.0 else math.inf
    elif cause.intensity is not None:
        first, second = row.first_step, len(cause.intensity)
        _set_steps(table, row, rate)
    hazard[row.number] = (first, second, cause.age.at(values))


def _set_steps(table: Floats, row: _Row, rate: float) -> None:
    cumulative = before = factor = 0.0
    for line, step in enumerate(row.cause.intensity or (), start=row.first_step):
        cumulative += (step.age.median - before) * factor * rate
        before, factor = step.age.median, step.factor.median
        table[line] = (before, factor * rate, cumulative)


def _cells(scenario: Scenario, rows: tuple[_Row, ...]) -> Iterator[_Cell]:
    """Yield every law of the plan. The last row is that of windows: after one, the job recovers as after a failure."""
    document = scenario.document
    recovery, everywhere = document.recovery, [row.number for row in rows] + [len(rows)]
    for name in ("detection", "diagnosis", "repair", "relapse"):
        own = {row.number: law for row in rows if (law := getattr(row.cause, name)) is not None}
        column = Purpose[name.upper()]
        yield _drawn([index for index in everywhere if index not in own], column, getattr(recovery, name))
        for index, drawn in own.items():
            yield _drawn([index], column, drawn)
    yield _drawn(everywhere, Purpose.SWAP, recovery.swap)
    yield _drawn(everywhere, Purpose.RESTART, recovery.restart)
    for row in rows:
        effects = {Purpose.LENGTH: row.cause.stall, Purpose.FACTOR: row.cause.speed}
        marks = {Purpose.FOUND: row.cause.found, Purpose.HEALED: row.cause.healed}
        yield from (_drawn([row.number], column, law) for column, law in (effects | marks).items() if law is not None)
    if document.maintenance is not None and document.maintenance.length is not None:
        yield _drawn([len(rows)], Purpose.LENGTH, document.maintenance.length)
    yield from _restore_cells(scenario, everywhere)


def _restore_cells(scenario: Scenario, everywhere: list[int]) -> Iterator[_Cell]:
    checkpoint = scenario.document.checkpoint
    memory, storage = checkpoint.tier("host_memory"), checkpoint.tier("storage")
    if memory is not None and memory.restore is not None:
        yield _drawn(everywhere, Purpose.RESTORE_MEMORY, memory.restore)
    if storage is not None and storage.restore is not None:
        yield _drawn(everywhere, Purpose.RESTORE, storage.restore)
    elif storage is not None:

        def transfer(values: Values) -> Law:
            return laws.fixed(storage.transfer_at(values, scenario.checkpoint_size(values)))

        yield _Cell(everywhere, Purpose.RESTORE, transfer, moves=True)


def _drawn(rows: list[int], column: int, drawn: Drawn) -> _Cell:
    return _Cell(rows, column, lambda values: laws.build(drawn.family, drawn.at(values)), drawn.uncertain)


def _shares(scenario: Scenario, rows: tuple[_Row, ...]) -> Iterator[tuple[str, int, Quantity]]:
    for row in rows:
        cure = row.cause.cure
        yield "cure", row.number, scenario.document.recovery.cure if cure is None else cure
        yield "hidden", row.number, row.cause.absorbed
        if row.cause.lemons is not None:
            yield "lemon_share", row.number, row.cause.lemons.share


def _scalars(scenario: Scenario, values: Values) -> dict[str, Any]:
    """Return the times of the plan that can move with the inputs [ticks]."""
    checkpoint = scenario.document.checkpoint
    size = scenario.checkpoint_size(values)
    memory, storage = checkpoint.tier("host_memory"), checkpoint.tier("storage")
    save_storage = 0 if storage is None else ticks(storage.blocking_at(values, size))
    scalars: dict[str, Any] = {
        "work": max(1, ticks(min(MOST_WORK, scenario.work(values)))),
        "save": save_storage if memory is None else ticks(memory.blocking_at(values, size)),
        "save_storage": save_storage,
        "lag": 0 if storage is None else ticks(storage.lag_at(values, size)),
        "start_up": ticks(scenario.document.job.start_up.at(values)),
        "warm_up": ticks(scenario.document.run.warm_up.at(values)),
    }
    if isinstance(checkpoint.interval, Quantity):
        scalars["interval"] = max(1, ticks(min(MOST_WORK, checkpoint.interval.at(values))))
    return scalars


def _column(rows: tuple[_Row, ...], value: Callable[[_Row], int]) -> Integers:
    return np.array([value(row) for row in rows], dtype=np.int64)


def _unmoved(scenario: Scenario, rows: tuple[_Row, ...]) -> Plan:
    """Return the plan with all that no input moves; the rest is zero, and each array is writable and its own."""
    document = scenario.document
    checkpoint, recovery, run = document.checkpoint, document.recovery, document.run
    memory, storage = checkpoint.tier("host_memory"), checkpoint.tier("storage")
    group, peers, apart = checkpoint.copies
    steps = sum(len(row.cause.intensity or ()) for row in rows)
    law_table = np.zeros((len(rows) + 1, LAW_COLUMNS, LAW_FIELDS))
    for column in (Purpose.FOUND, Purpose.HEALED):
        law_table[:, column] = laws.never()
    due, length, period = _windows(scenario)
    return Plan(
        needed=scenario.nodes, spares=scenario.spares, work=0, interval=0, save=0, save_storage=0,
        storage_every=1 if memory is None or storage is None else int(storage.every.median),
        lag=0, overlap=int(_OVERLAPS[checkpoint.overlap]),
        memory_group=group, memory_peers=peers, memory_apart=apart,
        start_up=0, horizon=NEVER if run.horizon is None else ticks(run.horizon.median),
        max_records=int(run.max_events.median),
        crews=0 if recovery.crews is None else int(recovery.crews.median), warm_up=0, window_period=period, **plain(len(rows)),
        units=_column(rows, lambda row: row.units if row.cause.happens else 0),
        per_place=_column(rows, lambda row: row.per_place),
        span=_column(rows, lambda row: row.span),
        effect=_column(rows, lambda row: int(_EFFECTS[row.cause.effect])),
        blast=_column(rows, lambda row: 0 if row.cause.blast is None else int(row.cause.blast.median)),
        exposed=_column(rows, lambda row: int(_EXPOSED[row.cause.exposed])),
        renewal=_column(rows, lambda row: int(row.cause.renews)),
        bench=_column(rows, lambda row: int(_burns_on_the_bench(row, bool(recovery.spares_exposed)))),
        retire=_column(rows, lambda row: int(row.cause.retire)),
        hidden=np.zeros(len(rows)),
        reach=_column(rows, lambda row: 0 if row.cause.reach is None else ticks(row.cause.reach.median)),
        cure=np.ones(len(rows)), lemon_share=np.zeros(len(rows)),
        hazard_kind=_column(rows, lambda row: int(_hazard_kind(row.cause))),
        hazard=np.zeros((len(rows), 3)), laws=law_table, table=np.zeros((steps, 3)),
        window_due=due, window_length=length,
        script=np.zeros((0, len(Line)), dtype=np.int64), script_order=np.zeros(0, dtype=np.int64),
    )  # fmt: skip


def _windows(scenario: Scenario) -> tuple[Integers, Integers, int]:
    """Return the beginnings and lengths of the windows listed, and the period of those that follow [ticks]."""
    maintenance = scenario.document.maintenance
    if maintenance is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 0
    listed = sorted((ticks(window.at.median), ticks(window.length.median)) for window in maintenance.windows)
    if maintenance.first is not None:
        listed = [(ticks(maintenance.first.median), -1)]  # -1: drawn like those that recur
    columns = np.array(listed, dtype=np.int64).reshape(-1, 2).T.copy()
    return columns[0].copy(), columns[1].copy(), 0 if maintenance.every is None else ticks(maintenance.every.median)


def _burns_on_the_bench(row: _Row, default: bool) -> bool:
    wanted = default if row.cause.spares_exposed is None else row.cause.spares_exposed
    return wanted and row.per_place > 0 and row.cause.effect == "stop"


def _hazard_kind(cause: Cause) -> Hazard:
    if cause.law == "weibull":
        return Hazard.WEIBULL
    return Hazard.EXPONENTIAL if cause.intensity is None else Hazard.TABLE
