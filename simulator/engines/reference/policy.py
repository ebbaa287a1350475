"""Policy: the decisions that a user may take out of the rules' hands, in Python."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simulator.numbers.ledger import Phase
from simulator.numbers.plan import Choice, Plan, Tally

if TYPE_CHECKING:
    from simulator.engines.reference.world import World


class JobView:
    """What a policy may know about the job at the tick of its decision. Nothing here can be set."""

    def __init__(self, world: "World") -> None:
        self._world = world

    @property
    def plan(self) -> Plan:
        """The plan of the replication."""
        return self._world.plan

    @property
    def tick(self) -> int:
        """The current tick [us]."""
        return self._world.calendar.tick

    @property
    def phase(self) -> Phase:
        """What the job is doing; while a decision is taken between two phases, the one that ended."""
        return self._world.progress.phase

    @property
    def work(self) -> int:
        """Work done and not rolled back [1/Q tick of nominal-speed training]."""
        self._world.progress.book()
        return self._world.progress.work

    @property
    def kept(self) -> int:
        """Training ticks that led to `work`."""
        self._world.progress.book()
        return self._world.progress.kept

    @property
    def saves(self) -> int:
        """Number of the last save; it goes back with a rollback."""
        return self._world.progress.number

    @property
    def speed(self) -> int:
        """Speed of the job, in 1..Q."""
        return self._world.progress.speed

    @property
    def pool_length(self) -> int:
        """Nodes in the pool."""
        return len(self._world.staffing.pools.pool)

    @property
    def empty_places(self) -> int:
        """Places of the job without a node."""
        return len(self._world.cluster.empty)

    @property
    def nodes_out(self) -> int:
        """Nodes neither in a place nor waiting for one: struck, in the shop, or retired."""
        return self._world.staffing.nodes_out

    def times_taken(self, node: int) -> int:
        """How often a node was taken out of the job or the pool, because it broke or was evicted."""
        return self._world.histories.times_taken(node)

    def random_slot(self, length: int) -> int:
        """A slot of a pool of so many nodes, drawn for the place that is filled next; the same however often asked."""
        return self._world.chance.choice(int(self._world.journal.tally[Tally.SWAPS]), length)


class Policy:
    """Answers the reference engine's questions as the rules do. Override a method to decide otherwise.

    Decisions must follow from what `job` shows and from the arguments: `evict` is asked again whenever an eviction is
    possible. A policy only runs in this engine; the fast one knows the rules alone.
    """

    def interval(self, job: JobView) -> int:
        """Work until the next save [ticks at nominal speed], at least 1; asked whenever a cycle of training begins."""
        return int(job.plan.interval)

    def save_to_storage(self, job: JobView, number: int) -> bool:
        """Whether save `number` goes to storage too. Asked only where there is a memory tier."""
        return number % int(job.plan.storage_every) == 0

    def evict(self, job: JobView, place: int, speed: int) -> bool:
        """Whether to evict a place that was found slow, now that the pool has a node to spare for it."""
        return True

    def node(self, job: JobView, place: int, pool: Sequence[int]) -> int:
        """Which node fills an empty place: its index in `pool`, whose nodes stand in the order in which they came.

        In a selection of hosts the reserve stands behind the pool. The rules answer by the plan's choice.
        """
        if job.plan.choice == Choice.RANDOM:
            return job.random_slot(len(pool))
        if job.plan.choice == Choice.FEWEST:
            return min(range(len(pool)), key=lambda slot: job.times_taken(pool[slot]))
        return 0
