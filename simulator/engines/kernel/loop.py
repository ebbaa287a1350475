"""The loop: which clock rings first? And the entry point of the fast engine."""

import numpy as np

from simulator.engines.kernel.heap import REF, drop_top
from simulator.engines.kernel.names import later, ticks_in
from simulator.engines.kernel.phase_sets import OUTCOME, is_end
from simulator.engines.kernel.phases import note, settle, tell, train_on
from simulator.engines.kernel.regroup import nobody_can_come, regroup, stop_is_wanted
from simulator.engines.kernel.shop import on_repair_end, release_all, send_all
from simulator.engines.kernel.slow import HEALED, next_slow_end, unmark
from simulator.engines.kernel.start import begin, on_window
from simulator.engines.kernel.steps import end_phase, follow, planned_stop
from simulator.engines.kernel.strikes import on_candidate
from simulator.engines.kernel.tables import Mark
from simulator.engines.kernel.training import depart, find_end, is_training, look_ahead
from simulator.engines.kernel.units import draw_relapse, give_birth
from simulator.engines.kernel.weather import find_next
from simulator.engines.kernel.world import At, Ending, Length, Source, World
from simulator.jit import by_reference, kernel, rule, seldom
from simulator.numbers.chance import Chance
from simulator.numbers.ledger import Account, Column, Kind, Phase
from simulator.numbers.plan import Integers, Keys, Plan, Purpose
from simulator.numbers.times import NEVER, SPEED_SCALE

_PURPOSES = {
    Length.MAINTENANCE: Purpose.LENGTH,
    Length.DETECTION: Purpose.DETECTION,
    Length.DIAGNOSIS: Purpose.DIAGNOSIS,
    Length.SWAP: Purpose.SWAP,
    Length.RESTART: Purpose.RESTART,
    Length.RESTORE: Purpose.RESTORE,
    Length.RESTORE_MEMORY: Purpose.RESTORE_MEMORY,
    Length.SELECTION: Purpose.SELECTION,
}
_PURPOSE = np.array([_PURPOSES[length] for length in Length], np.int64)


@rule
def on_slow_end(world: World) -> None:
    """A slow place is healed or found."""
    state = world.state
    heap = world.slow_ends
    row = heap[0, REF]
    healed = heap[0, 3] == HEALED
    drop_top(heap, state[At.SLOW_ENDS])
    state[At.SLOW_ENDS] -= 1
    mark = world.marks[row]
    tell(world, Kind.SLOW_END.value, mark[Mark.CAUSE], mark[Mark.ORDINAL], mark[Mark.PLACE])
    if healed:
        unmark(world, row)
        if is_training(world):
            train_on(world, state[At.PHASE])
    else:
        mark[Mark.FOUND] = state[At.NOW]
        state[At.FOUND] += 1


@rule
def end(world: World, phase: int) -> None:
    """The replication ends without being done."""
    world.state[At.PHASE] = phase
    world.state[At.PENDING] = 0  # what waits for a diagnosis is never found
    tell(world, Kind.END.value, -1, -1, -1)


@rule
def nobody_asks_for_the_work(plan: Plan, world: World) -> bool:
    """Whether nodes can come back without anybody asking how far training is: no stop can follow, nor the end."""
    state = world.state
    return is_training(world) and state[At.FOUND] == 0 and state[At.RECORDS] + 1 < plan.max_records


@rule
def on_next_event(plan: Plan, world: World, chance: Chance) -> None:
    """The next event, the least by (tick, rank): phase end, horizon, return, slow place, window, candidate."""
    state = world.state
    returns = world.returns[0, 0] if state[At.RETURNS] > 0 else NEVER
    slow = next_slow_end(world) if state[At.SLOW_ENDS] > 0 else NEVER
    weather = min(state[At.WINDOW_DUE], state[At.NEXT])
    other = min(plan.horizon, min(min(returns, slow), weather))
    # Steps of a recovery that nothing disturbs are taken one after the other: nothing else can have changed.
    while state[At.ENDS] <= other and state[At.ENDS] < NEVER and follow(plan, world):
        if seldom(state[At.OVERLONG] == 1):
            return
    tick = min(state[At.ENDS], other)
    if seldom(tick >= NEVER):
        settle(plan, world)
        end(world, Phase.DIVERGED.value)
        return
    if state[At.ENDS] == tick and is_training(world) and state[At.ENDING] == Ending.UNKNOWN:
        find_end(plan, world, stop_is_wanted(plan, world))
        return
    state[At.NOW] = tick
    only_return = returns == tick and min(state[At.ENDS], plan.horizon) > tick
    if not (only_return and nobody_asks_for_the_work(plan, world)):
        settle(plan, world)
    if state[At.ENDS] == tick:
        end_phase(plan, world)
    elif seldom(plan.horizon == tick):
        end(world, Phase.OUT_OF_TIME.value)
    elif returns == tick:
        on_repair_end(world)
    elif slow == tick:
        on_slow_end(world)
    elif seldom(state[At.WINDOW_DUE] == tick):
        on_window(plan, world)
    else:
        on_candidate(plan, world, chance)


@rule
def conclude(plan: Plan, world: World, chance: Chance) -> None:
    """What an event leaves to do: regroup, send nodes to the shop, begin the next phase, find the next candidate."""
    state = world.state
    if state[At.RELEASE] >= 0 or state[At.MISSES] > 0:
        release_all(plan, world)
    if state[At.REGROUP] == 1:
        regroup(plan, world, chance)
    if state[At.PENDING] > 0 or state[At.URGENT] >= 0:
        send_all(plan, world, chance)
    while seldom(state[At.BIRTHS] >= 0):
        give_birth(plan, world, chance)
    while seldom(state[At.HAUNTED] >= 0):
        draw_relapse(plan, world, chance)
    if state[At.LEADS] >= 0:
        draw_lengths(plan, world, chance)
    if state[At.DEPART] == 1:
        state[At.DEPART] = 0
        depart(plan, world, stop_is_wanted(plan, world))
    if state[At.SOURCE] == Source.UNKNOWN:
        find_next(plan, world)
    if state[At.NOTE] == 1:
        note(plan, world)
        if state[At.RECORDS] <= len(world.log) and is_training(world) and state[At.BEGUN] < state[At.NOW]:
            note_training(plan, world)


@rule
def draw_lengths(plan: Plan, world: World, chance: Chance) -> None:
    """Draw all that a new lead will be asked for. At once, for then the processor has several draws under way."""
    state = world.state
    cause = state[At.LEAD_CAUSE]
    stream = plan.streams[cause, state[At.LEAD_STREAM]]
    ordinal = state[At.LEAD_ORDINAL]
    first = state[At.LEADS]
    for length in range(first, Length.SELECTION.value + plan.selects):
        state[At.LENGTHS + length] = ticks_in(plan, chance, cause, stream, ordinal, _PURPOSE[length])
    state[At.LENGTHS + Length.RESTART] = later(state[At.LENGTHS + Length.RESTART], plan.slow_start)
    if state[At.BEGINS] >= 0:
        state[At.ENDS] = later(state[At.NOW], state[At.LENGTHS + state[At.BEGINS]])
    state[At.LEADS] = -1


@rule
def note_training(plan: Plan, world: World) -> None:
    """Put into the last record how far training is, which nobody else has asked."""
    state = world.state
    row = state[At.RECORDS] - 1
    trained, saving = look_ahead(plan, world)
    world.log[row, Column.PHASE_AFTER] = Phase.SAVING if saving else Phase.TRAINING
    world.log[row, Column.WORK] += trained * state[At.SPEED]
    world.log[row, Column.KEPT] += trained


@rule
def simulate(plan: Plan, world: World, chance: Chance) -> None:
    """One replication: from tick 0 to DONE, OUT_OF_TIME or DIVERGED (or OVERFLOW: run it again in a larger world)."""
    state = world.state
    begin(plan, world, chance)
    while True:
        conclude(plan, world, chance)
        if is_end(state[At.PHASE]) or state[At.OVERFLOW] == 1:
            break
        if seldom(state[At.OVERLONG] == 1):
            state[At.PHASE] = Phase.DIVERGED
            break
        if seldom(nobody_can_come(plan, world) or state[At.CANDIDATES] >= plan.max_candidates):
            end(world, Phase.DIVERGED.value)
        elif not (seldom(stop_is_wanted(plan, world)) and planned_stop(plan, world)) and state[At.DEPART] == 0:
            on_next_event(plan, world, chance)
    productive = state[At.WORK] // SPEED_SCALE
    evaluation = productive * plan.evaluation // SPEED_SCALE
    world.ledger[Account.PRODUCTIVE] = productive
    world.ledger[Account.EVALUATION] = evaluation
    world.ledger[Account.SLOW] = state[At.KEPT] - productive - evaluation


@rule
def _copy(source: Integers, target: Integers) -> None:
    # Assigning arrays would make Numba allocate, and kernels do not.
    for index in range(len(source)):
        target[index] = source[index]


@kernel
def simulate_all(plan: Plan, world: World, keys: Keys, rows: tuple[Integers, ...]) -> int:
    """The replications of some keys, one into each row of the outputs; returns how many fitted into this world.

    `rows` are those of a Batch: scalars (n, 5), ledger, failures, interruptions, out_seen, tally.
    """
    scalars, ledger, failures, interruptions, out_seen, tally = rows
    plan = by_reference(plan)
    world = by_reference(world)
    state = world.state
    for row in range(len(keys)):
        simulate(plan, world, Chance(keys[row]))
        if state[At.OVERFLOW] == 1:
            return row
        scalars[row, 0] = OUTCOME[state[At.PHASE]]
        scalars[row, 1] = state[At.NOW]
        scalars[row, 2] = state[At.WORK]
        scalars[row, 3] = state[At.KEPT]
        scalars[row, 4] = state[At.RECORDS]
        _copy(world.ledger, ledger[row])
        _copy(world.failures, failures[row])
        _copy(world.interruptions, interruptions[row])
        _copy(world.out_seen, out_seen[row])
        _copy(world.tally, tally[row])
    return len(keys)
