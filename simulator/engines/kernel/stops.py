"""STOPs: what they take of places and pool, whom the diagnosis finds, and how the job is interrupted."""

from simulator.engines.kernel.checkpoints import make_durable, roll_back
from simulator.engines.kernel.diagnosis import blame, fate_of
from simulator.engines.kernel.layers import is_taken, takes_any
from simulator.engines.kernel.nodes import await_shop, open_job, take, take_from_pool
from simulator.engines.kernel.phase_sets import is_busy, is_looking
from simulator.engines.kernel.phases import enter, lead, tell
from simulator.engines.kernel.places import visit_place
from simulator.engines.kernel.tables import Fate, Its, Job
from simulator.engines.kernel.units import break_unit
from simulator.engines.kernel.world import At, Length, Trait, World
from simulator.jit import rule, seldom
from simulator.numbers.chance import Chance
from simulator.numbers.ledger import Column, Kind, Phase
from simulator.numbers.plan import Effect, Plan, Tally
from simulator.numbers.times import NEVER


@rule
def tell_strike(world: World) -> None:
    """Have a record made of the strike at hand."""
    candidate = world.candidate
    place = candidate[Its.PLACE] if candidate[Its.BENCH] < 0 else -1
    tell(world, Kind.STRIKE.value, candidate[Its.CAUSE], candidate[Its.ORDINAL], place)
    if world.state[At.RECORDS] < len(world.log):
        world.log[world.state[At.RECORDS], Column.EFFECT] = candidate[Its.EFFECT]


@rule
def count_failure(plan: Plan, world: World) -> None:
    """Count a STOP, and how many nodes it finds out of service."""
    state = world.state
    candidate = world.candidate
    world.failures[candidate[Its.CAUSE]] += 1
    if state[At.NOW] >= plan.warm_up:
        world.out_seen[min(state[At.OUT], len(world.out_seen) - 1)] += 1


@rule
def on_stop(plan: Plan, world: World, chance: Chance) -> None:
    """A STOP: nodes are taken, work is rolled back, and a job at work goes to DETECTION."""
    state = world.state
    candidate = world.candidate
    phase = state[At.PHASE]
    busy = is_busy(phase)
    traits = candidate[Its.TRAITS]
    blast = candidate[Its.BLAST]
    first = candidate[Its.PLACE]
    if seldom(blast > 1) and traits & Trait.FABRIC == 0:
        first = first // blast * blast
    last = min(first + blast, plan.needed)
    if blast > 0 and first < 0:
        return
    may_be_void = traits & Trait.CERTAIN == 0 and (not busy or (blast > 0 and traits & Trait.MEMBERS > 0))
    if seldom(may_be_void) and not takes_any(plan, world, chance, first, last):
        return
    count_failure(plan, world)
    tell_strike(world)
    fate = Fate.RIGHT.value
    if seldom(traits & Trait.ERRING != 0) and blast > 0 and is_looking(phase):
        fate = fate_of(plan, world, chance)
        world.tally[Tally.MISSED] += fate == Fate.MISSED
        if fate == Fate.BLAMED:
            first = blame(plan, world, chance)
            last = first + 1
    if busy:
        interrupt(world)
    if blast > 0 and not take_all(plan, world, chance, first, last, fate):
        return
    roll_back(world)
    if fate != Fate.BLAMED:
        break_unit(plan, world, candidate[Its.SLOT])
    if busy or phase == Phase.SWAP:
        length = Length.DETECTION.value if busy else Length.SWAP.value
        lead(world, candidate[Its.CAUSE], candidate[Its.STREAM], candidate[Its.ORDINAL], length, busy)


@rule
def take_all(plan: Plan, world: World, chance: Chance, first: int, last: int, fate: int) -> bool:
    """What the STOP at hand takes of places first to last - 1 is one repair job; False where there is no room."""
    state = world.state
    candidate = world.candidate
    job = open_job(plan, world, candidate[Its.CAUSE], candidate[Its.STREAM], candidate[Its.ORDINAL])
    if job < 0:
        return False
    world.jobs[job, Job.FATE] = fate
    for place in range(first, last):
        seat = visit_place(world, place)
        if state[At.OVERFLOW] == 1:
            return False
        if seldom(fate == Fate.BLAMED) or is_taken(plan, world, chance, place, seat):
            take(plan, world, seat, job)
    await_shop(world, job)
    return True


@rule
def interrupt(world: World) -> None:
    """A job at work stops: the drain, a save in flight and a paused phase are forgotten."""
    state = world.state
    candidate = world.candidate
    world.interruptions[candidate[Its.CAUSE]] += 1
    make_durable(world, state[At.NOW])
    state[At.DRAIN_ENDS] = NEVER
    state[At.STARTING_UP] = 0
    enter(world, Phase.DETECTION.value, Length.DETECTION.value)


@rule
def strike_bench(plan: Plan, world: World) -> None:
    """A STOP takes the node in a slot of the pool; the job goes on."""
    state = world.state
    candidate = world.candidate
    slot = candidate[Its.BENCH]
    if candidate[Its.EFFECT] != Effect.STOP or slot >= state[At.POOL]:
        return
    count_failure(plan, world)
    tell_strike(world)
    job = open_job(plan, world, candidate[Its.CAUSE], candidate[Its.STREAM], candidate[Its.ORDINAL])
    if job < 0:
        return
    take_from_pool(plan, world, slot, job)
    state[At.URGENT] = job
