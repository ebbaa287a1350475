"""One replication: events are taken one by one until there is an end."""

from collections.abc import Callable

import numpy as np

from simulator.engines.reference.calendar import Rank, Story
from simulator.engines.reference.policy import Policy
from simulator.engines.reference.progress import ENDS
from simulator.engines.reference.world import World
from simulator.numbers.ledger import Kind, Outcome, Phase
from simulator.numbers.plan import Plan, Result
from simulator.numbers.times import NEVER

OUTCOMES = {Phase.DONE: Outcome.DONE, Phase.OUT_OF_TIME: Outcome.OUT_OF_TIME, Phase.DIVERGED: Outcome.DIVERGED}
WATCHED = 10_000  # records between two words of progress: about a second


def simulate(
    plan: Plan,
    key: np.uint64,
    *,
    log: bool = False,
    policy: Policy | None = None,
    watch: Callable[[int], None] | None = None,
) -> Result:
    """Tell one replication of a plan; `key` comes from `replication_key`. The log is kept only when asked for.

    `watch` is called now and then with the number of records so far. With the default policy the result is a function
    of plan and key alone. Raises ValueError where a policy's answer is impossible.
    """
    return Replication(World(plan, key, log, policy or Policy())).run(watch)


class Replication:
    """The course of events in a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._calendar = world.calendar
        self._journal = world.journal
        self._progress = world.progress
        self._max_candidates = int(world.plan.max_candidates)
        world.weather.begin()
        horizon = int(world.plan.horizon)
        if horizon < NEVER:
            self._calendar.process(self._until_horizon(horizon))

    def run(self, watch: Callable[[int], None] | None = None) -> Result:
        """Take one event after the other. Before each: is this the end? is a stop wanted?"""
        watched = WATCHED
        while not self._is_over():
            if watch is not None and self._journal.records >= watched:
                watched += WATCHED
                watch(self._journal.records)
            if self._world.planning.stop_as_planned():
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
        if self._world.operations.waits_for_nobody() or self._world.weather.candidates >= self._max_candidates:
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
        self._journal.note(Kind.END)

    def _give_up(self) -> None:
        self._end(Phase.DIVERGED)
        self._journal.note(Kind.END)

    def _end(self, phase: Phase) -> None:
        self._progress.book()
        self._progress.enter(phase)

    def _result(self) -> Result:
        return Result(
            outcome=OUTCOMES[self._progress.phase].value,
            finish=self._calendar.tick,
            work=self._progress.work,
            kept=self._progress.kept,
            records=self._journal.records,
            ledger=self._progress.ledger(int(self._world.plan.evaluation)),
            failures=self._journal.failures,
            interruptions=self._journal.interruptions,
            out_seen=self._journal.out_seen,
            tally=self._journal.tally,
            log=self._journal.log(),
        )
