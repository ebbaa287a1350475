"""The pool, the reserve behind it and the backup: who joins, who fills a place, who is fetched."""

from simulator.engines.kernel.blocks import fits, home_of, join_list
from simulator.engines.kernel.names import number
from simulator.engines.kernel.places import times_taken
from simulator.engines.kernel.tables import Node
from simulator.engines.kernel.world import At, Length, World
from simulator.jit import routine, rule, seldom
from simulator.numbers.chance import Chance
from simulator.numbers.plan import Choice, Integers, Plan, Purpose, Stream, Tally

# The reserve is to row 1 of `world.pool` what the pool is to row 0.
_RESERVE = 1


@rule
def around(world: World, index: int) -> int:
    """An index into a ring, up to twice its length, brought back into it."""
    length = len(world.pool[0])
    return index - length if index >= length else index


@routine
def close_gap(ring: Integers, head: int, slot: int) -> None:
    """The slots of a ring before `slot` move up by one, over it: the head is one further from now on."""
    length = len(ring)
    for index in range(head + slot, head, -1):
        ring[index if index < length else index - length] = ring[index - 1 if index <= length else index - 1 - length]


@rule
def begin_pools(plan: Plan, world: World) -> None:
    """Pool, reserve and backup at tick 0."""
    state = world.state
    state[At.POOL] = plan.spares
    for spare in range(plan.spares):
        world.pool[0, spare] = plan.needed + spare
    state[At.RESERVE] = plan.reserve
    for spare in range(plan.reserve):
        world.pool[_RESERVE, spare] = plan.needed + plan.spares + spare
    state[At.BACKUP] = plan.backup


@rule
def enough_nodes(plan: Plan, world: World) -> bool:
    """Whether a WAIT without a fetch may end: there are nodes for all empty places, and to refill the pool."""
    state = world.state
    if seldom(plan.block > 0):
        return fits(plan, world, -1)
    if seldom(plan.selects == 1):
        return state[At.POOL] + state[At.RESERVE] >= state[At.EMPTY] + plan.refill
    return state[At.POOL] >= state[At.EMPTY]


@rule
def way_to_fill(plan: Plan, world: World) -> int:
    """The length of the SWAP in which the empty places can be filled now (of a selection: its own); -1: none."""
    state = world.state
    if seldom(plan.block > 0):
        return Length.SWAP.value if fits(plan, world, -1) else -1
    if state[At.POOL] >= state[At.EMPTY] and state[At.SHORT] == 0:
        return Length.SWAP.value
    if (
        not seldom(plan.selects == 1)
        or state[At.POOL] + state[At.RESERVE] < state[At.EMPTY] + state[At.SHORT] * plan.refill
    ):
        return -1
    return Length.SELECTION.value


@rule
def join(plan: Plan, world: World, row: int) -> None:
    """A node (its row) joins the tail of the pool, of the reserve or of its machine's list."""
    state = world.state
    node = world.nodes[row, Node.NUMBER]
    if seldom(plan.block > 0) and home_of(plan, node) >= 0:
        join_list(plan, world, home_of(plan, node), row)
    elif seldom(plan.selects == 1) and state[At.POOL] >= plan.spares:
        world.pool[_RESERVE, around(world, state[At.RESERVE_HEAD] + state[At.RESERVE])] = node
        state[At.RESERVE] += 1
    else:
        world.pool[0, around(world, state[At.POOL_HEAD] + state[At.POOL])] = node
        state[At.POOL] += 1


@rule
def pick(plan: Plan, world: World, chance: Chance, selecting: bool) -> int:
    """The node that fills the next place leaves the pool, or, if hosts are selected, pool and reserve as one list."""
    state = world.state
    if not seldom(selecting or plan.choice != Choice.FIRST):
        node = world.pool[0, state[At.POOL_HEAD]]
        state[At.POOL_HEAD] = around(world, state[At.POOL_HEAD] + 1)
        state[At.POOL] -= 1
        return node
    slot = 0
    if plan.choice != Choice.FIRST:
        slot = _choose(plan, world, chance, state[At.POOL] + (state[At.RESERVE] if selecting else 0))
    ring = 0
    if slot >= state[At.POOL]:
        ring = _RESERVE
        slot -= state[At.POOL]
    head = At.POOL_HEAD + 2 * ring
    node = world.pool[ring, around(world, state[head] + slot)]
    if seldom(slot > 0):
        close_gap(world.pool[ring], state[head], slot)
    state[head] = around(world, state[head] + 1)
    state[head + 1] -= 1
    return node


@rule
def _choose(plan: Plan, world: World, chance: Chance, length: int) -> int:
    """A slot among the first so many of the pool and the reserve behind it."""
    state = world.state
    if plan.choice == Choice.RANDOM:
        swaps = world.tally[Tally.SWAPS]
        share = number(plan, chance, len(plan.units), Stream.WEATHER.value, swaps, Purpose.CHOICE.value)
        return min(length - 1, int(share * length))
    best = 0
    least = -1
    for slot in range(length):
        if slot < state[At.POOL]:
            node = world.pool[0, around(world, state[At.POOL_HEAD] + slot)]
        else:
            node = world.pool[_RESERVE, around(world, state[At.RESERVE_HEAD] + slot - state[At.POOL])]
        taken = times_taken(world, node)
        if least < 0 or taken < least:
            best = slot
            least = taken
        if least == 0:
            break
    return best


@rule
def refill_pool(plan: Plan, world: World) -> None:
    """After a selection: the head of the reserve makes the pool as long as it was at first."""
    state = world.state
    while state[At.POOL] < plan.spares and state[At.RESERVE] > 0:
        node = world.pool[_RESERVE, state[At.RESERVE_HEAD]]
        state[At.RESERVE_HEAD] = around(world, state[At.RESERVE_HEAD] + 1)
        state[At.RESERVE] -= 1
        world.pool[0, around(world, state[At.POOL_HEAD] + state[At.POOL])] = node
        state[At.POOL] += 1


@rule
def fetch_node(plan: Plan, world: World) -> None:
    """The node that the job waits for comes from the backup."""
    state = world.state
    node = plan.needed + plan.spares + plan.reserve + plan.backup - state[At.BACKUP]
    world.pool[_RESERVE, around(world, state[At.RESERVE_HEAD] + state[At.RESERVE])] = node
    state[At.RESERVE] += 1
    state[At.BACKUP] -= 1
    world.tally[Tally.PREEMPTIONS] += 1
