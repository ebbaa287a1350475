"""The repair shop: its stages and crews, how repairs end, and which nodes come back."""

from simulator.engines.kernel.heap import REF, drop_top, sift_up
from simulator.engines.kernel.names import DEPTH, later, line_of, named_ticks, number
from simulator.engines.kernel.nodes import come_back
from simulator.engines.kernel.phases import tell
from simulator.engines.kernel.pools import enough_nodes
from simulator.engines.kernel.slots import free_row
from simulator.engines.kernel.tables import Fate, Job, Node
from simulator.engines.kernel.world import At, World
from simulator.jit import rule, seldom
from simulator.numbers.chance import Chance
from simulator.numbers.ledger import Kind, Phase
from simulator.numbers.plan import Line, Odds, Plan, Purpose, Tally


@rule
def send_all(plan: Plan, world: World, chance: Chance) -> None:
    """The repair jobs that are due in the shop enter it, in order of strike."""
    sent = 0
    while True:
        urgent = world.state[At.URGENT] >= 0
        job = next_to_shop(plan, world, sent)
        if job < 0:
            break
        if not urgent:
            sent += 1
        send_to_repair(plan, world, chance, job)
    if sent > 0:
        world.state[At.PENDING] = 0


@rule
def next_to_shop(plan: Plan, world: World, sent: int) -> int:
    """The next repair job that enters the shop, after `sent` of the pending ones; -1: none."""
    state = world.state
    if state[At.URGENT] >= 0:
        job = state[At.URGENT]
        state[At.URGENT] = -1
        return job
    unfound = (state[At.PHASE] == Phase.DETECTION or state[At.PHASE] == Phase.DIAGNOSIS) and plan.at_strike == 0
    return -1 if unfound or sent >= state[At.PENDING] else world.pending[sent]


@rule
def send_to_repair(plan: Plan, world: World, chance: Chance, job: int) -> None:
    """A repair job enters the shop, or its next stage: first come, first served by the crew that is free first."""
    state = world.state
    row = world.jobs[job]
    stage = row[Job.STAGE]
    if stage == 0:
        if row[Job.RETURNS] == 0:
            free_row(world, world.jobs, At.JOBS.value, job)
            return
        foresee(plan, world, chance, job)
    size = state[At.RETURNS]
    if size >= len(world.returns) - 1:
        state[At.OVERFLOW] = 1
        return
    purpose = Purpose.REPAIR.value if stage == 0 else Purpose.MANUAL.value + stage - 1
    repair = named_ticks(plan, chance, row[Job.CAUSE], row[Job.STREAM], row[Job.ORDINAL], purpose)
    first = 0
    crews = crews_of(plan, stage)
    if seldom(stage > 0):
        first = plan.crews if stage == 1 else plan.crews + plan.crews_manual
    while seldom(stage < row[Job.STAGES]) and crews == 0 and crews_of(plan, stage + 1) == 0:
        stage += 1  # nobody waits for a crew here or there, so both are one
        purpose = Purpose.MANUAL.value + stage - 1
        further = named_ticks(plan, chance, row[Job.CAUSE], row[Job.STREAM], row[Job.ORDINAL], purpose)
        repair = later(repair, further)
    row[Job.STAGE] = stage
    staged = plan.escalate[0] > 0.0
    if crews == 0 or (size < crews and not staged):
        ends = later(state[At.NOW], repair)
    else:
        if seldom(size == crews and not staged):
            _note_crews(plan, world)
        ends = later(max(state[At.NOW], world.crews[first]), repair)
        _occupy_crew(world, first, crews, ends)
    heap = world.returns
    heap[size, 0] = ends
    heap[size, 1] = state[At.ENTRIES]
    heap[size, REF] = job
    state[At.ENTRIES] += 1
    state[At.RETURNS] += 1
    sift_up(heap, size)


@rule
def crews_of(plan: Plan, stage: int) -> int:
    """The crews of a stage; 0: unlimited."""
    if stage == 0:
        return plan.crews
    return plan.crews_manual if stage == 1 else plan.crews_vendor


@rule
def foresee(plan: Plan, world: World, chance: Chance, job: int) -> None:
    """What will become of a repair job that enters the shop: its last stage, and whether it cures."""
    row = world.jobs[job]
    stream = row[Job.STREAM]
    ordinal = row[Job.ORDINAL]
    cause = row[Job.CAUSE]
    row[Job.STAGES] = 0
    line = line_of(plan, cause, ordinal)
    if seldom(line >= 0):
        row[Job.CURES] = plan.script[line, Line.RELAPSE] < 0 or ordinal >= DEPTH
    else:
        cure = plan.cure[cause]
        if (
            seldom(plan.escalate[0] > 0.0)
            and number(plan, chance, cause, stream, ordinal, Purpose.ESCALATE.value) < plan.escalate[0]
        ):
            row[Job.STAGES] = 1
            cure = plan.odds[cause, Odds.CURE_MANUAL]
            world.tally[Tally.MANUAL_REPAIRS] += 1
            if number(plan, chance, cause, stream, ordinal, Purpose.ESCALATE_AGAIN.value) < plan.escalate[1]:
                row[Job.STAGES] = 2
                cure = plan.odds[cause, Odds.CURE_VENDOR]
                world.tally[Tally.VENDOR_REPAIRS] += 1
        row[Job.CURES] = number(plan, chance, cause, stream, ordinal, Purpose.CURE.value) < cure
    world.tally[Tally.REPAIRS] += 1
    world.tally[Tally.CURES] += row[Job.CURES]


@rule
def _note_crews(plan: Plan, world: World) -> None:
    """As many repair jobs as crews are in the shop: crews are free when they end. (A heap of one is one of the other.)

    With fewer jobs somebody is free, whoever; with more, `crews` has been kept since they became as many. A shop of
    several stages keeps its crews from tick 0 on instead.
    """
    for crew in range(plan.crews):
        world.crews[crew] = world.returns[crew, 0]


@rule
def _occupy_crew(world: World, first: int, size: int, until: int) -> None:
    """The crew of a stage that is free first is busy until then (a heap of ticks from `first` on: its top sinks)."""
    crews = world.crews
    row = 0
    while True:
        child = 2 * row + 1
        if child + 1 < size and crews[first + child + 1] < crews[first + child]:
            child += 1
        if child >= size or crews[first + child] >= until:
            crews[first + row] = until
            return
        crews[first + row] = crews[first + child]
        row = child


@rule
def on_repair_end(world: World) -> None:
    """A repair job ends a stage of the shop: it goes on to the next one, or returns."""
    state = world.state
    job = world.returns[0, REF]
    drop_top(world.returns, state[At.RETURNS])
    state[At.RETURNS] -= 1
    row = world.jobs[job]
    if seldom(row[Job.STAGE] < row[Job.STAGES]):
        row[Job.STAGE] += 1
        state[At.URGENT] = job
    else:
        state[At.RELEASE] = job
        tell(world, Kind.RETURN.value, row[Job.CAUSE], row[Job.ORDINAL], -1)


@rule
def release_all(plan: Plan, world: World) -> None:
    """Jobs whose repair has ended, or in which the diagnosis found nothing: their nodes join, and a WAIT may end."""
    state = world.state
    while True:
        job = _next_released(plan, world)
        if job < 0:
            break
        _release(plan, world, job)
    if state[At.PHASE] == Phase.WAIT and state[At.FETCHING] == 0 and enough_nodes(plan, world):
        state[At.REGROUP] = 1


@rule
def _next_released(plan: Plan, world: World) -> int:
    state = world.state
    job = state[At.RELEASE]
    if job >= 0:
        state[At.RELEASE] = -1
        return job
    # The diagnosis closes with a regroup.
    if not seldom(state[At.MISSES] > 0) or (state[At.REGROUP] == 0 and plan.at_strike == 0):
        return -1
    state[At.MISSES] -= 1
    index = 0
    while world.jobs[world.pending[index], Job.FATE] != Fate.MISSED:
        index += 1
    job = world.pending[index]
    state[At.PENDING] -= 1
    for behind in range(index, state[At.PENDING]):
        world.pending[behind] = world.pending[behind + 1]
    return job


@rule
def _release(plan: Plan, world: World, job: int) -> None:
    """The nodes of a repair job join the pool, but for those that are retired."""
    state = world.state
    row = world.jobs[job]
    missed = row[Job.FATE] == Fate.MISSED
    cured = row[Job.CURES] == 1 and not seldom(missed)
    node = row[Job.FIRST]
    if not cured and row[Job.FATE] != Fate.BLAMED:
        world.nodes[node, Node.CAUSE] = row[Job.CAUSE]
        world.nodes[node, Node.STREAM] = row[Job.STREAM]
        world.nodes[node, Node.ORDINAL] = row[Job.ORDINAL]
    while node >= 0:
        following = world.nodes[node, Node.NEXT]
        if cured:
            world.nodes[node, Node.CURED] = state[At.NOW] + 1
        come_back(plan, world, node)
        node = following
    free_row(world, world.jobs, At.JOBS.value, job)
