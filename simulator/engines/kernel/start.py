"""The state at tick 0, and planned windows."""

from simulator.engines.kernel.blocks import begin_blocks
from simulator.engines.kernel.layers import note_traits
from simulator.engines.kernel.phases import enter_for, tell, train_on
from simulator.engines.kernel.pools import begin_pools
from simulator.engines.kernel.slow import draw_pace
from simulator.engines.kernel.units import clear_units
from simulator.engines.kernel.weather import start_weather
from simulator.engines.kernel.world import At, World
from simulator.jit import rule
from simulator.numbers.chance import Chance
from simulator.numbers.ledger import Kind, Phase
from simulator.numbers.plan import Integers, Plan
from simulator.numbers.times import NEVER


@rule
def _clear(table: Integers) -> None:
    for index in range(len(table)):
        table[index] = 0


@rule
def begin(plan: Plan, world: World, chance: Chance) -> None:
    """The state at tick 0."""
    state = world.state
    epoch = state[At.EPOCH] + 1
    lost_epoch = state[At.LOST_EPOCH] + 1
    clear_units(world)
    for counters in (state, world.ledger, world.failures, world.interruptions, world.out_seen, world.tally):
        _clear(counters)
    state[At.EPOCH] = epoch
    state[At.LOST_EPOCH] = lost_epoch
    state[At.PACE] = draw_pace(plan, chance)
    state[At.SPEED] = state[At.PACE]
    state[At.DRAIN_ENDS] = NEVER
    state[At.MEMORY_USABLE] = 1 if plan.memory_group > 0 else 0
    for nothing in (At.URGENT, At.LEADS, At.WINDOW_PENDING, At.BIRTHS, At.RELEASE, At.HAUNTED):
        state[nothing] = -1
    state[At.WINDOW_DUE] = due_of_window(plan, world)
    begin_pools(plan, world)
    if plan.block > 0:
        begin_blocks(plan, world)
    if plan.escalate[0] > 0.0:
        _clear(world.crews)
    note_traits(plan, world)
    start_weather(plan, world, chance)
    if plan.start_up > 0:
        state[At.STARTING_UP] = 1
        enter_for(world, Phase.RESTART.value, plan.start_up)
    else:
        train_on(world, Phase.TRAINING.value)


@rule
def due_of_window(plan: Plan, world: World) -> int:
    """The tick at which window number WINDOW is due, given when the one before was (WINDOW_DUE)."""
    window = world.state[At.WINDOW]
    if window < len(plan.window_due):
        return plan.window_due[window]
    if plan.window_period <= 0:
        return NEVER
    return world.state[At.WINDOW_DUE] + plan.window_period


@rule
def on_window(plan: Plan, world: World) -> None:
    """A window is due: pending from now on, or dropped if one is pending or under way."""
    state = world.state
    number = state[At.WINDOW]
    if state[At.WINDOW_PENDING] < 0 and state[At.PHASE] != Phase.MAINTENANCE:
        state[At.WINDOW_PENDING] = number
    state[At.WINDOW] += 1
    state[At.WINDOW_DUE] = due_of_window(plan, world)
    tell(world, Kind.WINDOW_DUE.value, -1, number, -1)
