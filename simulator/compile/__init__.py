"""From words to numbers: a Scenario and its drawn inputs become a Plan.

A plan is compiled once a replication when inputs are uncertain, so what does not change is computed once: a template
holds the plan at the medians, and what moves with the inputs.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from simulator import laws
from simulator.chance import Purpose, streams_of
from simulator.compile import rules
from simulator.compile.cells import Cell, cells
from simulator.compile.hazards import SHARED, Row, hazard_kind, rows, set_hazard
from simulator.durations import LAW_COLUMNS, LAW_FIELDS, NEVER, ticks
from simulator.interval import best_interval, pace
from simulator.ledger import Effect, Exposed
from simulator.plan import Integers, Line, Overlap, Plan
from simulator.quantity import Quantity
from simulator.scenario.model import Scenario

Values = Mapping[str, float] | None

MOST_WORK = 2.9 * 365 * 86_400.0  # [s] counted in 1/100,000 tick it still fits int64

_EFFECTS = {"stop": Effect.STOP, "stall": Effect.STALL, "slow": Effect.SLOW, "corrupt": Effect.CORRUPT}
_EXPOSED = {"always": Exposed.ALWAYS, "busy": Exposed.BUSY, "running": Exposed.RUNNING}
_MOVES_SCALARS = "recovery.slow_start"
_MOVES_SPEEDS = ("job.exposed_network", "job.exposed_scale_up")
_OVERLAPS = {"delay": Overlap.DELAY, "skip": Overlap.SKIP}


class _Template(NamedTuple):
    """The plan at the medians, and what moves with the inputs."""

    plan: Plan
    rows: tuple[Row, ...]
    cells: tuple[Cell, ...]
    shares: tuple[tuple[str, tuple[int, ...] | int, Quantity], ...]
    scalars: bool
    struck: tuple[Row, ...]  # all of them, where the speeds of elements of the fabric move


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
            set_hazard(hazard, table, row, values)
    if template.cells:
        columns = changed["laws"] = plan.laws.copy()
        for cell in template.cells:
            columns[cell.rows, cell.column] = cell.build(values)
    for name, index, quantity in template.shares:
        shares = changed.setdefault(name, getattr(plan, name).copy())
        shares[index] = rules.probability(name, quantity.at(values))
    if template.struck:
        changed["slices"], _ = rules.slices(scenario, template.struck, values)
    if template.scalars:
        changed |= _scalars(scenario, values)
        if changed["work"] >= ticks(MOST_WORK):
            # Beyond what can be counted: the replication ends out of time instead of finishing by a lie.
            changed["horizon"] = min(plan.horizon, changed["work"])
    plan = plan._replace(**changed)
    if scenario.document.checkpoint.follows:
        plan = plan._replace(interval=_interval(scenario, plan, values))
    return plan


def _interval(scenario: Scenario, plan: Plan, values: Values) -> int:
    """Return the work between saves [ticks] of a job that knows its own pause and failures."""
    times = scenario.document.checkpoint.times_optimum_at(values)
    # Storage that takes longer than that to make a save durable would hold up the next one, so it sets the pace.
    return min(plan.work, max(1, int(times * best_interval(plan)), pace(plan)))


@lru_cache(maxsize=16)
def _template(scenario: Scenario) -> _Template:
    document = scenario.document
    causes = tuple(rows(scenario))
    owned = tuple(cells(scenario, causes))
    probabilities = tuple(rules.shares(scenario, causes))
    streams = streams_of(list(document.failures.causes))
    plan = _unmoved(scenario, causes)._replace(streams=streams, **_scalars(scenario, None))
    for row in causes:
        set_hazard(plan.hazard, plan.table, row, None)
    for cell in owned:
        plan.laws[cell.rows, cell.column] = cell.build(None)
    rules.clear(plan.odds)
    for name, index, quantity in probabilities:
        getattr(plan, name)[index] = rules.probability(name, quantity.median)
    if document.checkpoint.follows:
        plan = plan._replace(interval=_interval(scenario, plan, None))
    paths = {quantity.path for quantity in scenario.inputs}
    return _Template(
        plan,
        rows=tuple(row for row in causes if SHARED in paths or row.cause.moves),
        cells=tuple(cell for cell in owned if cell.moves),
        shares=tuple(share for share in probabilities if share[2].uncertain),
        struck=causes if len(plan.slices) and not paths.isdisjoint(_MOVES_SPEEDS) else (),
        scalars=any(path == _MOVES_SCALARS or not path.startswith(("failures.", "recovery.")) for path in paths),
    )


def _scalars(scenario: Scenario, values: Values) -> dict[str, Any]:
    """Return the times of the plan that can move with the inputs [ticks]."""
    checkpoint = scenario.document.checkpoint
    size = scenario.checkpoint_size(values)
    memory, storage = checkpoint.tier("host_memory"), checkpoint.tier("storage")
    save_storage = 0 if storage is None else ticks(storage.blocking_at(values))
    scalars: dict[str, Any] = {
        "work": max(1, ticks(min(MOST_WORK, scenario.work(values)))),
        "save": save_storage if memory is None else ticks(memory.blocking_at(values)),
        "save_storage": save_storage,
        "lag": 0 if storage is None else ticks(storage.lag_at(values, size)),
        "start_up": ticks(scenario.document.job.start_up.at(values)["value"]),
        "warm_up": ticks(scenario.document.run.warm_up.at(values)),
        **rules.scalars(scenario, values),
    }
    if isinstance(checkpoint.interval, Quantity):
        scalars["interval"] = max(1, ticks(min(MOST_WORK, checkpoint.interval.at(values))))
    return scalars


def _column(causes: tuple[Row, ...], value: Callable[[Row], int]) -> Integers:
    return np.array([value(row) for row in causes], dtype=np.int64)


def _unmoved(scenario: Scenario, causes: tuple[Row, ...]) -> Plan:
    """Return the plan with all that no input moves; the rest is zero, and each array is writable and its own."""
    document = scenario.document
    checkpoint, recovery, run = document.checkpoint, document.recovery, document.run
    memory, storage = checkpoint.tier("host_memory"), checkpoint.tier("storage")
    group, peers, apart = checkpoint.copies
    steps = sum(len(row.cause.intensity or ()) for row in causes)
    law_table = np.zeros((len(causes) + 1, LAW_COLUMNS, LAW_FIELDS))
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
        crews=0 if recovery.crews is None else int(recovery.crews.median), warm_up=0, window_period=period,
        **rules.unmoved(scenario, causes),
        units=_column(causes, lambda row: row.units if row.cause.happens else 0),
        per_place=_column(causes, lambda row: row.per_place),
        span=_column(causes, lambda row: row.span),
        effect=_column(causes, lambda row: int(_EFFECTS[row.cause.effect])),
        blast=_column(causes, lambda row: 0 if row.cause.blast is None else int(row.cause.blast.median)),
        exposed=_column(causes, lambda row: int(_EXPOSED[row.cause.exposed])),
        renewal=_column(causes, lambda row: int(row.cause.renews)),
        bench=_column(causes, lambda row: int(_burns_on_the_bench(row, bool(recovery.spares_exposed)))),
        retire=_column(causes, lambda row: int(row.cause.retire)),
        hidden=np.zeros(len(causes)),
        reach=_column(causes, lambda row: 0 if row.cause.reach is None else ticks(row.cause.reach.median)),
        cure=np.ones(len(causes)), lemon_share=np.zeros(len(causes)),
        hazard_kind=_column(causes, lambda row: int(hazard_kind(row.cause))),
        hazard=np.zeros((len(causes), 3)), laws=law_table, table=np.zeros((steps, 3)),
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


def _burns_on_the_bench(row: Row, default: bool) -> bool:
    wanted = default if row.cause.spares_exposed is None else row.cause.spares_exposed
    return wanted and row.per_place > 0 and row.cause.effect == "stop"
