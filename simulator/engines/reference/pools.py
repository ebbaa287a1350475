"""Pools: the nodes that wait for a place, those of the bench first, behind them the reserve and the backup."""

from simulator.numbers.plan import Plan


class Pools:
    """The pool; and, if the plan selects, the reserve behind it and the backup, whose nodes must be fetched."""

    def __init__(self, plan: Plan) -> None:
        self.spares = int(plan.spares)
        self.selects = bool(plan.selects)
        self.short = False  # the job ran out of nodes and was not selected anew since
        self._refill = int(plan.refill)
        first = int(plan.needed)
        behind = (int(plan.reserve), int(plan.backup)) if self.selects else (0, 0)
        nodes = iter(range(first, first + self.spares + sum(behind)))
        self.pool, self.reserve, self.backup = ([next(nodes) for _ in range(n)] for n in (self.spares, *behind))

    @property
    def waiting(self) -> int:
        """Nodes in all three."""
        return len(self.pool) + len(self.reserve) + len(self.backup)

    def join(self, node: int) -> None:
        """A node comes back."""
        to_reserve = self.selects and len(self.pool) >= self.spares
        (self.reserve if to_reserve else self.pool).append(node)

    def fetch(self) -> None:
        """The next node of the backup has come."""
        self.reserve.append(self.backup.pop(0))

    def can_select(self, places: int) -> bool:
        """Whether pool and reserve hold nodes for so many places, and enough to begin with if the job was short."""
        refill = self._refill if self.short else 0
        return self.selects and len(self.pool) + len(self.reserve) >= places + refill

    def merge(self) -> list[int]:
        """The list that a selection chooses from: the pool, then the reserve."""
        return self.pool + self.reserve

    def divide(self, nodes: list[int]) -> None:
        """What a selection left: the first are the pool, the others the reserve."""
        self.pool[:], self.reserve[:] = nodes[: self.spares], nodes[self.spares :]
        self.short = False
