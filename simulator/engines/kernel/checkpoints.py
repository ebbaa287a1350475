"""Checkpoints: saves, the drain to storage, the copies in memory, and rolling back."""

from simulator.engines.kernel.names import quotient
from simulator.engines.kernel.places import visit_group
from simulator.engines.kernel.tables import Group, Place
from simulator.engines.kernel.world import At, Save, World
from simulator.jit import rule
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Overlap, Plan
from simulator.numbers.times import NEVER


@rule
def close_save(plan: Plan, world: World, tick: int) -> None:
    """The save in flight closes at `tick`."""
    state = world.state
    state[At.SAVES] += 1
    state[At.SINCE_STORAGE] += 1
    if state[At.SINCE_STORAGE] == plan.storage_every:
        state[At.SINCE_STORAGE] = 0
    state[At.CYCLE_WORK] = 0
    if state[At.SAVE_GOES] == Save.NOWHERE:
        return
    if plan.memory_group > 0:
        keep_in_memory(world)
    if state[At.SAVE_GOES] == Save.STORAGE:
        make_durable(world, tick)
        state[At.STORED] += 1
        state[At.DRAIN_ENDS] = tick + plan.lag
        state[At.DRAIN_WORK] = state[At.WORK]
        state[At.DRAIN_KEPT] = state[At.KEPT]
        state[At.DRAIN_SAVES] = state[At.SAVES]


@rule
def keep_in_memory(world: World) -> None:
    """Every place holds the present state in memory."""
    state = world.state
    state[At.MEMORY_WORK] = state[At.WORK]
    state[At.MEMORY_KEPT] = state[At.KEPT]
    state[At.MEMORY_SAVES] = state[At.SAVES]
    state[At.MEMORY_SINCE] = state[At.SINCE_STORAGE]
    state[At.MEMORY_USABLE] = 1
    state[At.LOST_EPOCH] += 1


@rule
def make_durable(world: World, tick: int) -> None:
    """The drain in flight becomes durable if it ends by `tick`."""
    state = world.state
    if state[At.DRAIN_ENDS] <= tick:
        state[At.DURABLE_WORK] = state[At.DRAIN_WORK]
        state[At.DURABLE_KEPT] = state[At.DRAIN_KEPT]
        state[At.DURABLE_SAVES] = state[At.DRAIN_SAVES]
        state[At.DURABLE_SINCE] = 0
        state[At.DRAIN_ENDS] = NEVER


@rule
def plan_save(plan: Plan, world: World, due: int) -> None:
    """Decide where the save that is due at a tick goes and how long it takes, given the drain in flight."""
    state = world.state
    # Whether it is a storage save is a coin that a branch predictor cannot call: hence arithmetic.
    to_storage = int(state[At.SINCE_STORAGE] + 1 == plan.storage_every)
    state[At.SAVE_GOES] = to_storage  # Save.ORDINARY or Save.STORAGE
    state[At.SAVE_LEFT] = plan.save + to_storage * (plan.save_storage - plan.save)
    if state[At.DRAIN_ENDS] > due and state[At.DRAIN_ENDS] != NEVER and to_storage == 1:
        if plan.overlap == Overlap.DELAY:
            state[At.SAVE_LEFT] += state[At.DRAIN_ENDS] - due
        elif plan.memory_group > 0:
            state[At.SAVE_GOES] = Save.ORDINARY
            state[At.SAVE_LEFT] = plan.save
        else:
            state[At.SAVE_GOES] = Save.NOWHERE
            state[At.SAVE_LEFT] = 0


@rule
def memory_is_better(world: World) -> bool:
    """Whether the checkpoint in memory is usable and not older than the durable one."""
    state = world.state
    return state[At.MEMORY_USABLE] == 1 and state[At.MEMORY_WORK] >= state[At.DURABLE_WORK]


@rule
def roll_back(world: World) -> None:
    """Return to the newest checkpoint that survived; the training ticks since are lost."""
    state = world.state
    make_durable(world, state[At.NOW])
    if memory_is_better(world):
        kept = state[At.MEMORY_KEPT]
        state[At.WORK] = state[At.MEMORY_WORK]
        state[At.SAVES] = state[At.MEMORY_SAVES]
        state[At.SINCE_STORAGE] = state[At.MEMORY_SINCE]
    else:
        kept = state[At.DURABLE_KEPT]
        state[At.WORK] = state[At.DURABLE_WORK]
        state[At.SAVES] = state[At.DURABLE_SAVES]
        state[At.SINCE_STORAGE] = state[At.DURABLE_SINCE]
    world.ledger[Account.LOST_WORK] += state[At.KEPT] - kept
    state[At.KEPT] = kept
    state[At.CYCLE_WORK] = 0


@rule
def lose_copy(plan: Plan, world: World, seat: int) -> None:
    """The copy in a place is lost; with too many in one group, the whole checkpoint in memory."""
    state = world.state
    epoch = state[At.LOST_EPOCH]
    if plan.memory_group == 0 or world.places[seat, Place.LOST] == epoch:
        return
    world.places[seat, Place.LOST] = epoch
    place = world.places[seat, Place.NUMBER]
    if plan.memory_apart == 1:
        group = place % ((plan.needed + plan.memory_group - 1) // plan.memory_group)
    else:
        group = quotient(place, plan.memory_group)
    row = visit_group(world, group)
    world.groups[row, Group.LOST] += 1
    if world.groups[row, Group.LOST] > plan.memory_peers:
        state[At.MEMORY_USABLE] = 0
