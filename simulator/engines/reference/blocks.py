"""Blocks: the job's places in compute blocks, each served by one machine that has spare trays of its own."""

from collections.abc import Set
from dataclasses import dataclass

from simulator.numbers.plan import Plan


@dataclass(frozen=True)
class Move:
    """How one block with empty places gets nodes."""

    block: int
    by_tray: list[int]  # empty places filled by trays of its machine
    by_pool: list[int]  # empty places filled by nodes of the pool
    machine: int | None = None  # that replaces the block's own, for all its places; None: none does


class Blocks:
    """Which machine serves which block, and the trays that wait in each machine."""

    def __init__(self, plan: Plan, first_tray: int) -> None:
        self._needed, self._size = int(plan.needed), int(plan.block)
        self.served_by = list(range(-(-self._needed // self._size)))  # machines, by block
        trays = [int(plan.trays)] * len(self.served_by) + [self._size + int(plan.trays)] * int(plan.spare_blocks)
        self.trays: list[list[int]] = []  # nodes, by machine
        self._home = {place: place // self._size for place in range(self._needed)}
        for machine, length in enumerate(trays):
            nodes = list(range(first_tray, first_tray + length))
            self.trays.append(nodes)
            self._home |= dict.fromkeys(nodes, machine)
            first_tray += length

    @property
    def waiting(self) -> int:
        """Nodes in all machines."""
        return sum(len(nodes) for nodes in self.trays)

    def places(self, block: int) -> range:
        """The places of a block."""
        return range(block * self._size, min((block + 1) * self._size, self._needed))

    def list_at_home(self, node: int) -> list[int] | None:
        """The trays that a node joins; None where it belongs to the pool."""
        return self.trays[self._home[node]] if node in self._home else None

    def moves(self, empty: Set[int], pool: int) -> list[Move] | None:
        """How places would get nodes, with so many in the pool, block by block; None where they do not fit."""
        moves: list[Move] = []
        idle = [machine for machine in range(len(self.trays)) if machine not in self.served_by]
        for block, machine in enumerate(self.served_by):
            places = self.places(block)
            missing = [place for place in places if place in empty]
            if not missing:
                continue
            by_tray, by_pool = missing[: len(self.trays[machine])], missing[len(self.trays[machine]) :]
            if len(by_pool) <= pool:
                pool -= len(by_pool)
                moves.append(Move(block, by_tray, by_pool))
                continue
            other = next((machine for machine in idle if len(self.trays[machine]) >= len(places)), None)
            if other is None:
                return None
            idle.remove(other)
            moves.append(Move(block, [], [], other))
        return moves
