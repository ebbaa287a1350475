"""Staffing: how empty places get nodes: from the pool, by a selection of hosts, or block by block."""

from collections.abc import Set
from typing import TYPE_CHECKING

from simulator.engines.reference.blocks import Blocks, Move
from simulator.engines.reference.pools import Pools
from simulator.numbers.plan import Tally

if TYPE_CHECKING:
    from simulator.engines.reference.world import World


class Staffing:
    """Fills places. All empty ones are filled or none."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.pools = Pools(world.plan)
        self._blocks = Blocks(world.plan, world.cluster.places + self.pools.waiting) if world.plan.block else None
        self.nodes = world.cluster.places + self._waiting  # all that there are

    @property
    def _waiting(self) -> int:
        return self.pools.waiting + (self._blocks.waiting if self._blocks else 0)

    @property
    def nodes_out(self) -> int:
        """Nodes that are neither in a place nor wait for one."""
        cluster = self._world.cluster
        return self.nodes - (cluster.places - len(cluster.empty)) - self._waiting

    def join(self, node: int) -> None:
        """A node comes back: to the machine where it belongs, or to the pools."""
        trays = self._blocks.list_at_home(node) if self._blocks else None
        if trays is None:
            self.pools.join(node)
        else:
            trays.append(node)

    # whether there are nodes

    @property
    def can_swap(self) -> bool:
        """Whether there are nodes for all empty places without a selection."""
        return self._fit(self._world.cluster.empty) and not self.pools.short

    @property
    def can_select(self) -> bool:
        """Whether a selection of hosts would find enough."""
        return self.pools.can_select(len(self._world.cluster.empty))

    @property
    def can_go_on(self) -> bool:
        """Whether a job that waits has nodes for all empty places by now."""
        return self.can_select if self.pools.selects else self.can_swap

    def can_spare_one_for(self, place: int) -> bool:
        """Whether there is a node to spare for a place that is not empty yet."""
        return self._fit(self._world.cluster.empty | {place})

    def _fit(self, places: Set[int]) -> bool:
        if self._blocks:
            return self._blocks.moves(places, len(self.pools.pool)) is not None
        return len(self.pools.pool) >= len(places)

    # filling

    def swap(self) -> None:
        """Fill all empty places. From now on they can be struck there."""
        if self._blocks:
            self._fill_blocks(self._blocks)
            return
        for place in sorted(self._world.cluster.empty):
            self._seat(place, self._choose(place, self.pools.pool))

    def select(self) -> None:
        """Select hosts anew, from the pool and the reserve together."""
        self._world.journal.count(Tally.SELECTIONS)
        nodes = self.pools.merge()
        for place in sorted(self._world.cluster.empty):
            self._seat(place, self._choose(place, nodes))
        self.pools.divide(nodes)

    def _choose(self, place: int, nodes: list[int]) -> int:
        policy = self._world.policy
        slot = policy.node(self._world.view, place, tuple(nodes))
        if not 0 <= slot < len(nodes):
            raise ValueError(f"{type(policy).__name__}.node returned {slot}; the pool has {len(nodes)} nodes")
        return nodes.pop(slot)

    def _seat(self, place: int, node: int) -> None:
        self._world.journal.count(Tally.SWAPS)
        uncured = self._world.cluster.seat(place, node)
        self._world.weather.on_fill(place, uncured)

    # blocks

    def _fill_blocks(self, blocks: Blocks) -> None:
        moves = blocks.moves(self._world.cluster.empty, len(self.pools.pool))
        assert moves is not None, "the empty places do not fit"
        vacated = [self._fill_block(blocks, move) for move in moves]
        if any(vacated):
            self._world.operations.roll_back()

    def _fill_block(self, blocks: Blocks, move: Move) -> bool:
        """Fill the empty places of one block. Returns whether others were vacated for it."""
        if move.machine is not None:
            return self._replace(blocks, move.block, move.machine)
        for place in sorted(move.by_tray + move.by_pool):
            if place in move.by_tray:
                self._world.journal.count(Tally.TRAYS)
                self._seat(place, blocks.trays[blocks.served_by[move.block]].pop(0))
            else:
                self._seat(place, self._choose(place, self.pools.pool))
        return False

    def _replace(self, blocks: Blocks, block: int, machine: int) -> bool:
        """Another machine serves a block from now on. Healthy nodes go home, and wait there."""
        self._world.journal.count(Tally.BLOCKS)
        filled = [place for place in blocks.places(block) if self._world.cluster.is_filled(place)]
        for place in filled:
            self.join(self._world.operations.leave(place))
        blocks.served_by[block] = machine
        for place in blocks.places(block):
            self._seat(place, blocks.trays[machine].pop(0))
        return bool(filled)
