"""Places, nodes, the pool and the repair shop."""

from simulator.chance import Chance, Purpose, uniform
from simulator.engines.kernel.checkpoints import lose_copy
from simulator.engines.kernel.heap import REF, drop_top, sift_up
from simulator.engines.kernel.names import DEPTH, later, line_of, named_ticks
from simulator.engines.kernel.places import visit_node
from simulator.engines.kernel.slow import unmark
from simulator.engines.kernel.units import await_relapse, bear_those_of
from simulator.engines.kernel.world import At, Job, Node, Place, World
from simulator.jit import rule
from simulator.ledger import Phase
from simulator.plan import Line, Plan


@rule
def is_lemon(plan: Plan, world: World, chance: Chance, node: int) -> bool:
    """Whether a node is one of those that the (lemon) cause at hand can strike."""
    cause = world.state[At.CAUSE]
    if world.nodes[visit_node(world, node), Node.CURED] == 1:
        return False
    stream = 4 * len(plan.units) + 1 + cause
    return uniform(chance.key, stream, node, Purpose.LEMON) < plan.lemon_share[cause]


@rule
def nodes_out(plan: Plan, world: World) -> int:
    """Nodes neither in a place nor in the pool."""
    return plan.spares + world.state[At.EMPTY] - world.state[At.POOL]


@rule
def open_job(world: World, cause: int, stream: int, ordinal: int) -> int:
    """A repair job under a strike's name; -1 where the table is full."""
    state = world.state
    row = state[At.FREE_JOB]
    if row >= 0:
        state[At.FREE_JOB] = world.jobs[row, Job.FIRST]
    else:
        row = state[At.JOBS]
        if row >= len(world.jobs):
            state[At.OVERFLOW] = 1
            return -1
        state[At.JOBS] += 1
    job = world.jobs[row]
    job[Job.CAUSE] = cause
    job[Job.STREAM] = stream
    job[Job.ORDINAL] = ordinal
    job[Job.FIRST] = -1
    job[Job.LAST] = -1
    return row


@rule
def _close_job(world: World, job: int) -> None:
    world.jobs[job, Job.FIRST] = world.state[At.FREE_JOB]
    world.state[At.FREE_JOB] = job


@rule
def await_shop(world: World, job: int) -> None:
    """A repair job is on its way to the shop: at once, or when the diagnosis has found its nodes."""
    state = world.state
    if state[At.PENDING] >= len(world.pending):
        state[At.OVERFLOW] = 1
        return
    world.pending[state[At.PENDING]] = job
    state[At.PENDING] += 1


@rule
def add_node(world: World, job: int, node: int) -> None:
    """A taken node joins a repair job, behind those of lower places; its relapse mark goes."""
    row = visit_node(world, node)
    world.nodes[row, Node.NEXT] = -1
    world.nodes[row, Node.CAUSE] = -1
    if world.jobs[job, Job.FIRST] < 0:
        world.jobs[job, Job.FIRST] = row
    else:
        world.nodes[world.jobs[job, Job.LAST], Node.NEXT] = row
    world.jobs[job, Job.LAST] = row


@rule
def take(plan: Plan, world: World, seat: int, job: int) -> None:
    """The node of a filled place is taken."""
    state = world.state
    place = world.places[seat]
    add_node(world, job, place[Place.NODE])
    place[Place.NODE] = -1
    world.empty[state[At.EMPTY]] = seat
    state[At.EMPTY] += 1
    lose_copy(plan, world, seat)
    if place[Place.MARK] >= 0:
        unmark(world, place[Place.MARK])


@rule
def around(world: World, index: int) -> int:
    """An index into the pool's ring, up to twice its length, brought back into it."""
    return index - len(world.pool) if index >= len(world.pool) else index


@rule
def take_from_pool(world: World, slot: int, job: int) -> None:
    """The node in a slot of the pool is taken; those behind it move up."""
    state = world.state
    head = state[At.POOL_HEAD]
    add_node(world, job, world.pool[around(world, head + slot)])
    for index in range(slot, state[At.POOL] - 1):
        world.pool[around(world, head + index)] = world.pool[around(world, head + index + 1)]
    state[At.POOL] -= 1


@rule
def fill_places(plan: Plan, world: World, chance: Chance) -> None:
    """Fill every empty place, ascending, from the pool's head."""
    state = world.state
    _sort_empty(world)
    for index in range(state[At.EMPTY]):
        seat = world.empty[index]
        node = world.pool[state[At.POOL_HEAD]]
        state[At.POOL_HEAD] = around(world, state[At.POOL_HEAD] + 1)
        state[At.SERIAL] += 1
        world.places[seat, Place.NODE] = node
        world.places[seat, Place.SERIAL] = state[At.SERIAL]
        row = visit_node(world, node)
        if world.nodes[row, Node.CAUSE] >= 0:
            await_relapse(plan, world, chance, seat, row)
        bear_those_of(world, seat)
    state[At.POOL] -= state[At.EMPTY]
    state[At.EMPTY] = 0


@rule
def _sort_empty(world: World) -> None:
    # Insertion: one place as a rule, a block in order else.
    for index in range(1, world.state[At.EMPTY]):
        seat = world.empty[index]
        behind = index
        while behind > 0 and _is_behind(world, world.empty[behind - 1], seat):
            world.empty[behind] = world.empty[behind - 1]
            behind -= 1
        world.empty[behind] = seat


@rule
def _is_behind(world: World, seat: int, other: int) -> bool:
    return world.places[seat, Place.NUMBER] > world.places[other, Place.NUMBER]


@rule
def next_to_shop(world: World, sent: int) -> int:
    """The next repair job that enters the shop, after `sent` of the pending ones; -1: none."""
    state = world.state
    if state[At.URGENT] >= 0:
        job = state[At.URGENT]
        state[At.URGENT] = -1
        return job
    unfound = state[At.PHASE] == Phase.DETECTION or state[At.PHASE] == Phase.DIAGNOSIS
    return -1 if unfound or sent >= state[At.PENDING] else world.pending[sent]


@rule
def send_to_repair(plan: Plan, world: World, chance: Chance, job: int) -> None:
    """A repair job enters the shop: first come, first served by the crew that is free first."""
    state = world.state
    row = world.jobs[job]
    line = line_of(plan, row[Job.STREAM], row[Job.ORDINAL])
    retires = plan.script[line, Line.RETIRE] == 1 if line >= 0 else plan.retire[row[Job.CAUSE]] == 1
    if retires:
        _close_job(world, job)
        return
    size = state[At.RETURNS]
    if size >= len(world.returns) - 1:
        state[At.OVERFLOW] = 1
        return
    repair = named_ticks(plan, chance, row[Job.CAUSE], row[Job.STREAM], row[Job.ORDINAL], Purpose.REPAIR)
    if size < plan.crews or plan.crews == 0:
        ends = later(state[At.NOW], repair)
    else:
        if size == plan.crews:
            _note_crews(world)
        ends = later(max(state[At.NOW], world.crews[0]), repair)
        _occupy_crew(world, ends)
    heap = world.returns
    heap[size, 0] = ends
    heap[size, 1] = state[At.ENTRIES]
    heap[size, REF] = job
    state[At.ENTRIES] += 1
    state[At.RETURNS] += 1
    sift_up(heap, size)


@rule
def _note_crews(world: World) -> None:
    """As many repair jobs as crews are in the shop: crews are free when they end. (A heap of one is one of the other.)

    With fewer jobs somebody is free, whoever; with more, `crews` has been kept since they became as many.
    """
    for crew in range(len(world.crews)):
        world.crews[crew] = world.returns[crew, 0]


@rule
def _occupy_crew(world: World, until: int) -> None:
    """The crew that is free first is busy until then (a heap of ticks: its top sinks)."""
    crews = world.crews
    size = len(crews)
    row = 0
    while True:
        child = 2 * row + 1
        if child + 1 < size and crews[child + 1] < crews[child]:
            child += 1
        if child >= size or crews[child] >= until:
            crews[row] = until
            return
        crews[row] = crews[child]
        row = child


@rule
def return_nodes(plan: Plan, world: World, chance: Chance) -> int:
    """The first repair job of the shop ends: its nodes join the pool's tail. Returns the job's row, already free."""
    state = world.state
    job = world.returns[0, REF]
    drop_top(world.returns, state[At.RETURNS])
    state[At.RETURNS] -= 1
    cured = _is_cured(plan, world, chance, job)
    node = world.jobs[job, Job.FIRST]
    if not cured:
        world.nodes[node, Node.CAUSE] = world.jobs[job, Job.CAUSE]
        world.nodes[node, Node.STREAM] = world.jobs[job, Job.STREAM]
        world.nodes[node, Node.ORDINAL] = world.jobs[job, Job.ORDINAL]
    while node >= 0:
        if cured:
            world.nodes[node, Node.CURED] = 1
        world.pool[around(world, state[At.POOL_HEAD] + state[At.POOL])] = world.nodes[node, Node.NUMBER]
        state[At.POOL] += 1
        node = world.nodes[node, Node.NEXT]
    _close_job(world, job)
    return job


@rule
def _is_cured(plan: Plan, world: World, chance: Chance, job: int) -> bool:
    row = world.jobs[job]
    line = line_of(plan, row[Job.STREAM], row[Job.ORDINAL])
    if line >= 0:
        return plan.script[line, Line.RELAPSE] < 0 or row[Job.ORDINAL] >= DEPTH
    number = uniform(chance.key, row[Job.STREAM], row[Job.ORDINAL], Purpose.CURE)
    return number < plan.cure[row[Job.CAUSE]]
