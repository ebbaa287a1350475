"""Training: jumping over whole checkpoint cycles.

While the job trains and saves undisturbed, nothing is stepped: `depart` puts the end of the stretch at the earliest
that it can be, `find_end` finds it once that comes, and `advance_stretch` says, whenever somebody asks, how far it has
come. A stretch runs to DONE where its saves are regular, else (or when a planned stop waits for the save in flight) to
the close of its first save.
"""

from simulator.engines.kernel.checkpoints import close_save, keep_in_memory, make_durable, plan_save
from simulator.engines.kernel.names import quotient
from simulator.engines.kernel.phase_sets import is_stretch
from simulator.engines.kernel.world import At, Ending, Save, World
from simulator.jit import rule
from simulator.numbers.ledger import Account, Phase
from simulator.numbers.plan import Overlap, Plan
from simulator.numbers.times import SPEED_SCALE


@rule
def is_training(world: World) -> bool:
    """Whether the job is in a stretch of training and saving."""
    return is_stretch(world.state[At.PHASE])


@rule
def advance_stretch(plan: Plan, world: World) -> None:
    """Bring a stretch up to now: phase, work, saves, checkpoints and the account of saves."""
    state = world.state
    elapsed = state[At.NOW] - state[At.BEGUN]
    state[At.BEGUN] = state[At.NOW]
    if elapsed < state[At.TO_SAVE]:
        train(world, elapsed)
        return
    if state[At.PHASE] == Phase.TRAINING:
        elapsed -= state[At.TO_SAVE]
        train(world, state[At.TO_SAVE])
        state[At.PHASE] = Phase.SAVING
    if elapsed < state[At.SAVE_LEFT]:
        state[At.SAVE_LEFT] -= elapsed
        world.ledger[Account.CHECKPOINT_SAVE] += elapsed
        return
    elapsed -= state[At.SAVE_LEFT]
    world.ledger[Account.CHECKPOINT_SAVE] += state[At.SAVE_LEFT]
    close_save(plan, world, state[At.NOW] - elapsed)
    if elapsed >= state[At.CYCLE]:
        elapsed = jump(plan, world, elapsed)
    state[At.PHASE] = Phase.TRAINING
    state[At.TO_SAVE] = state[At.CYCLE]
    plan_save(plan, world, state[At.NOW] - elapsed + state[At.CYCLE])
    if elapsed < state[At.CYCLE]:
        train(world, elapsed)
        return
    train(world, state[At.CYCLE])
    elapsed -= state[At.CYCLE]
    state[At.PHASE] = Phase.SAVING
    state[At.SAVE_LEFT] -= elapsed
    world.ledger[Account.CHECKPOINT_SAVE] += elapsed


@rule
def train(world: World, ticks: int) -> None:
    """Add ticks of training within the cycle."""
    state = world.state
    state[At.KEPT] += ticks
    state[At.WORK] += ticks * state[At.SPEED]
    state[At.CYCLE_WORK] += ticks * state[At.SPEED]
    state[At.TO_SAVE] -= ticks


@rule
def jump(plan: Plan, world: World, elapsed: int) -> int:
    """Jump over all whole cycles in `elapsed` ticks since the last save closed; return the ticks that are left."""
    state = world.state
    patterns, since, elapsed = whole_cycles(plan, world, state[At.SINCE_STORAGE], elapsed)
    cycles = patterns * plan.storage_every + since - state[At.SINCE_STORAGE]
    if cycles > 0:
        land(plan, world, cycles, patterns)
        if patterns > 0:
            closed = state[At.NOW] - elapsed - since * (state[At.CYCLE] + plan.save)
            land_in_storage(plan, world, patterns, closed)
    return elapsed


@rule
def look_ahead(plan: Plan, world: World) -> tuple[int, bool]:
    """Ticks of training in a stretch that is not brought up to now, and whether it is saving by now."""
    state = world.state
    elapsed = state[At.NOW] - state[At.BEGUN]
    trained = min(elapsed, state[At.TO_SAVE])
    behind = elapsed - state[At.TO_SAVE] - state[At.SAVE_LEFT]  # the close of its first save
    if behind < 0:
        return trained, elapsed >= state[At.TO_SAVE]
    before = state[At.SINCE_STORAGE] + 1
    if before == plan.storage_every:
        before = 0
    patterns, since, left = whole_cycles(plan, world, before, behind)
    trained += (patterns * plan.storage_every + since - before) * state[At.CYCLE] + min(left, state[At.CYCLE])
    return trained, left >= state[At.CYCLE]


@rule
def whole_cycles(plan: Plan, world: World, before: int, elapsed: int) -> tuple[int, int, int]:
    """Whole patterns, whole cycles behind them, and ticks behind these, `elapsed` ticks after a save closed.

    The pattern repeats after `storage_every` cycles; the last one ends with a storage save, `before` are over already.
    """
    every = plan.storage_every
    ordinary = world.state[At.CYCLE] + plan.save
    pattern = every * ordinary + world.state[At.STORAGE_SAVE] - plan.save
    elapsed += before * ordinary
    patterns = quotient(elapsed, pattern)
    elapsed -= patterns * pattern
    since = min(every - 1, quotient(elapsed, ordinary))
    return patterns, since, elapsed - since * ordinary


@rule
def land(plan: Plan, world: World, cycles: int, to_storage: int) -> None:
    """Book `cycles` whole cycles, so many of which ended with a storage save."""
    state = world.state
    state[At.WORK] += cycles * state[At.CYCLE] * state[At.SPEED]
    state[At.KEPT] += cycles * state[At.CYCLE]
    state[At.SAVES] += cycles
    state[At.SINCE_STORAGE] += cycles - to_storage * plan.storage_every
    state[At.STORED] += to_storage
    world.ledger[Account.CHECKPOINT_SAVE] += cycles * plan.save + to_storage * (state[At.STORAGE_SAVE] - plan.save)
    if plan.memory_group > 0:
        keep_in_memory(world)


@rule
def land_in_storage(plan: Plan, world: World, to_storage: int, closed: int) -> None:
    """The last of the storage saves jumped over closed at tick `closed`; it is durable by now, or drains."""
    state = world.state
    every = plan.storage_every
    gain = state[At.CYCLE] * state[At.SPEED]
    since = state[At.SINCE_STORAGE]
    if closed + plan.lag > state[At.NOW]:  # else nobody asks for those before
        if to_storage > 1:
            # No storage save closes before the last one is durable: the last but one is, by now.
            back = since + every
            state[At.DRAIN_ENDS] = closed
            state[At.DRAIN_WORK] = state[At.WORK] - back * gain
            state[At.DRAIN_KEPT] = state[At.KEPT] - back * state[At.CYCLE]
            state[At.DRAIN_SAVES] = state[At.SAVES] - back
        make_durable(world, closed)
    state[At.DRAIN_ENDS] = closed + plan.lag
    state[At.DRAIN_WORK] = state[At.WORK] - since * gain
    state[At.DRAIN_KEPT] = state[At.KEPT] - since * state[At.CYCLE]
    state[At.DRAIN_SAVES] = state[At.SAVES] - since


@rule
def is_regular(plan: Plan, world: World) -> bool:
    """Whether all storage saves of the stretch after its first save take the same time, STORAGE_SAVE.

    They do where each is durable before the next is due; and, where drains delay saves, from one storage save on.
    """
    if plan.lag <= plan.storage_every * plan.interval + (plan.storage_every - 1) * plan.save:
        return True
    return plan.overlap == Overlap.DELAY and world.state[At.SAVE_GOES] == Save.STORAGE


@rule
def ticks_to_do(work: int, speed: int) -> int:
    """Ticks until so much work is done at a speed; the surplus of the last one is kept."""
    if speed == SPEED_SCALE:  # nearly always: a division by a constant is a multiplication
        return (work + SPEED_SCALE - 1) // SPEED_SCALE
    return quotient(work + speed - 1, speed)


@rule
def depart(plan: Plan, world: World, stop_wanted: bool) -> None:
    """Begin or resume a stretch at now, in TRAINING or (SAVE_LEFT and SAVE_GOES stand) in SAVING.

    Its end is put at the earliest that it can be, which takes no division; `find_end` is asked once that comes.
    """
    state = world.state
    speed = state[At.SPEED]
    state[At.BEGUN] = state[At.NOW]
    if speed != state[At.CYCLE_SPEED]:
        state[At.CYCLE] = ticks_to_do(plan.interval * SPEED_SCALE, speed)
        state[At.CYCLE_SPEED] = speed
    between = plan.storage_every * state[At.CYCLE] + (plan.storage_every - 1) * plan.save
    state[At.STORAGE_SAVE] = plan.save_storage + max(0, plan.lag - between)
    state[At.TO_SAVE] = 0
    if state[At.PHASE] == Phase.TRAINING:
        state[At.TO_SAVE] = state[At.CYCLE]
        if state[At.CYCLE_WORK] > 0:
            state[At.TO_SAVE] = ticks_to_do(max(0, plan.interval * SPEED_SCALE - state[At.CYCLE_WORK]), speed)
        plan_save(plan, world, state[At.NOW] + state[At.TO_SAVE])
    state[At.ENDING] = Ending.UNKNOWN
    state[At.ENDS] = state[At.NOW] + (plan.work * SPEED_SCALE - state[At.WORK]) // SPEED_SCALE
    if stop_wanted or not is_regular(plan, world):
        find_end(plan, world, stop_wanted)


@rule
def find_end(plan: Plan, world: World, stop_wanted: bool) -> None:
    """Find when the stretch ends, undisturbed, and whether with DONE or with the close of its first save."""
    state = world.state
    to_do = plan.work * SPEED_SCALE - state[At.WORK]
    if state[At.PHASE] == Phase.TRAINING and to_do <= state[At.TO_SAVE] * state[At.SPEED]:
        state[At.ENDING] = Ending.DONE
        state[At.ENDS] = state[At.BEGUN] + ticks_to_do(to_do, state[At.SPEED])
        return
    first_close = state[At.BEGUN] + state[At.TO_SAVE] + state[At.SAVE_LEFT]
    if stop_wanted or not is_regular(plan, world):
        state[At.ENDING] = Ending.SAVE
        state[At.ENDS] = first_close
        return
    state[At.ENDING] = Ending.DONE
    state[At.ENDS] = first_close + rest_of_training(plan, world, to_do - state[At.TO_SAVE] * state[At.SPEED])


@rule
def rest_of_training(plan: Plan, world: World, to_do: int) -> int:
    """Ticks from the close of a stretch's first save until DONE, undisturbed, with `to_do` still to do then."""
    state = world.state
    gain = state[At.CYCLE] * state[At.SPEED]
    cycles = (to_do - 1) // gain
    ticks = cycles * (state[At.CYCLE] + plan.save) + ticks_to_do(to_do - cycles * gain, state[At.SPEED])
    if state[At.STORAGE_SAVE] != plan.save:
        first = state[At.SAVES] + 1
        to_storage = (first + cycles) // plan.storage_every - first // plan.storage_every
        ticks += to_storage * (state[At.STORAGE_SAVE] - plan.save)
    return ticks
