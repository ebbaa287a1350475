"""One replication: the parts are put together, and events are taken one by one until there is an end."""

import numpy as np

from simulator.durations import NEVER
from simulator.engines.reference.calendar import Calendar, Rank, Story
from simulator.engines.reference.checkpoints import Tiers
from simulator.engines.reference.cluster import Cluster
from simulator.engines.reference.job import Job
from simulator.engines.reference.journal import Journal, Note
from simulator.engines.reference.operations import Operations
from simulator.engines.reference.policy import JobView, Policy
from simulator.engines.reference.progress import ENDS, Progress
from simulator.engines.reference.shop import Shop
from simulator.engines.reference.strikes import Chance, causes_of
from simulator.engines.reference.weather import Weather
from simulator.ledger import Kind, Outcome, Phase
from simulator.plan import Plan, Result


def simulate(plan: Plan, key: np.uint64, *, log: bool = False, policy: Policy | None = None) -> Result:
    """Tell one replication of a plan; `key` comes from `replication_key`. The log is kept only when asked for.

    With the default policy the result is a function of plan and key alone. Raises ValueError where a policy's answer is
    impossible.
    """
    return Replication(plan, key, log, policy or Policy()).run()


class Replication:
    """The world of one replication."""

    def __init__(self, plan: Plan, key: np.uint64, log: bool, policy: Policy) -> None:
        causes = causes_of(plan)
        self._calendar = calendar = Calendar()
        self._journal = journal = Journal(plan, log)
        self._progress = progress = Progress(calendar)
        chance = Chance(plan, key)
        cluster = Cluster(plan, calendar, chance)
        tiers = Tiers(plan, calendar)
        shop = Shop(plan, calendar, chance)
        view = JobView(plan, progress, cluster)
        self._operations = operations = Operations(
            causes, calendar, chance, journal, progress, cluster, tiers, shop, policy, view
        )
        operations.job = Job(plan, calendar, chance, journal, progress, tiers, operations, policy, view)
        operations.weather = Weather(plan, causes, calendar, chance, progress, cluster, operations)
        operations.weather.begin()
        if plan.horizon < NEVER:
            calendar.process(self._until_horizon(int(plan.horizon)))

    def run(self) -> Result:
        """Take one event after the other. Before each: is this the end? is a stop wanted?"""
        while not self._is_over():
            if self._operations.stop_as_planned():
                continue
            if self._calendar.is_silent():
                self._give_up()  # nothing will ever ring: another way of waiting for nobody
            else:
                self._calendar.step()
        return self._result()

    def _is_over(self) -> bool:
        self._complete_event()
        if self._progress.phase in ENDS:
            return True
        if self._journal.is_full:
            self._end(Phase.DIVERGED)
            return True
        if self._operations.waits_for_nobody():
            self._give_up()
            self._complete_event()
        return self._progress.phase in ENDS

    def _complete_event(self) -> None:
        """Let everybody react, then write the record, with the work done by now."""
        self._calendar.settle()
        if self._journal.is_open:
            self._progress.book()
            self._journal.close(self._progress.phase, self._progress.work, self._progress.kept)

    def _until_horizon(self, horizon: int) -> Story:
        yield self._calendar.ring(horizon, Rank.HORIZON)
        self._end(Phase.OUT_OF_TIME)
        self._note_end()

    def _give_up(self) -> None:
        self._end(Phase.DIVERGED)
        self._note_end()

    def _end(self, phase: Phase) -> None:
        self._progress.book()
        self._progress.enter(phase)

    def _note_end(self) -> None:
        self._journal.note(Note(self._calendar.tick, Kind.END))

    def _result(self) -> Result:
        return Result(
            outcome=Outcome(int(self._progress.phase)).value,
            finish=self._calendar.tick,
            work=self._progress.work,
            kept=self._progress.kept,
            records=self._journal.records,
            ledger=self._progress.ledger(),
            failures=self._journal.failures,
            interruptions=self._journal.interruptions,
            out_seen=self._journal.out_seen,
            log=self._journal.log(),
        )
