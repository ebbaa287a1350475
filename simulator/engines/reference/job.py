"""The job: one SimPy process that goes from phase to phase, and is interrupted by what cannot wait."""

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import simpy

from simulator.engines.reference.calendar import Rank, Story
from simulator.numbers.ledger import Kind, Phase
from simulator.numbers.plan import Overlap, Purpose, Tally
from simulator.numbers.times import SPEED_SCALE

if TYPE_CHECKING:
    from simulator.engines.reference.world import World


class Call(Enum):
    """Why the job's process is interrupted for good; what it was doing is forgotten."""

    STOPPED = auto()
    PLANNED_STOP = auto()


@dataclass(frozen=True)
class Pause:
    """Why the job's process is interrupted for a while: a stall [ticks], or none where only the speed changed."""

    stall: int | None


Waiting = Generator[simpy.Event, Any, Pause | None]


class Job:
    """The story of the job. Whoever interrupts it has booked the phase before."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._plan = world.plan
        self._calendar = world.calendar
        self._chance = world.chance
        self._journal = world.journal
        self._progress = world.progress
        self._tiers = world.tiers
        self._goal = int(world.plan.work) * SPEED_SCALE
        self._enough_nodes: simpy.Event | None = None  # that ends a WAIT; None in one for a node that is fetched
        self._process = world.calendar.process(self._live())

    # what others may do to it

    def stop(self) -> None:
        """A STOP struck it at work."""
        self._process.interrupt(Call.STOPPED)

    def pause(self, stall: int) -> None:
        """The network stalls for so long."""
        self._process.interrupt(Pause(stall))

    def change_speed(self) -> None:
        """The speed of training changed."""
        self._process.interrupt(Pause(None))

    def stop_as_planned(self) -> None:
        """There is a window to keep or a slow node to evict."""
        self._process.interrupt(Call.PLANNED_STOP)

    @property
    def waits_for_returns(self) -> bool:
        """Whether it waits for nodes that come by themselves."""
        return self._progress.phase is Phase.WAIT and self._enough_nodes is not None

    def go_on_with_enough_nodes(self) -> None:
        """The nodes it waited for have come."""
        assert self._enough_nodes is not None, "it waits for a node that is fetched"
        self._enough_nodes.succeed()

    # its life

    def _live(self) -> Story:
        chapter = self._begin()
        while self._progress.phase is not Phase.DONE:
            try:
                yield from chapter
                chapter = self._train()
            except simpy.Interrupt as interruption:
                chapter = self._chapter_after(interruption.cause)

    def _chapter_after(self, call: object) -> Story:
        if call is Call.STOPPED:
            return self._recover()
        if self._progress.phase is Phase.TRAINING and self._tiers.storage.work != self._progress.work:
            return self._close()
        return self._come_back()

    def _begin(self) -> Story:
        if self._plan.start_up > 0:
            yield from self._spend(Phase.RESTART, int(self._plan.start_up))
        yield from self._train()

    def _train(self) -> Story:
        """Train, pausing for saves, until the work is done. The end of training needs no save."""
        while True:
            yield from self._train_for(self._interval() * SPEED_SCALE)
            if self._progress.work >= self._goal:
                self._progress.enter(Phase.DONE)
                self._note_phase_end()
                return
            yield from self._save()

    def _train_for(self, cycle: int) -> Story:
        progress = self._progress
        while True:
            progress.enter(Phase.TRAINING)
            to_do = min(self._goal - progress.work, cycle - progress.cycle)
            # Whole ticks; the surplus of the last one is kept.
            pause = yield from self._wait_until(self._calendar.tick + -(-to_do // progress.speed))
            progress.book()
            if pause is None:
                return
            if pause.stall is not None:
                yield from self._stall(pause.stall)

    def _save(self) -> Story:
        progress, tiers = self._progress, self._tiers
        number = progress.number + 1
        to_storage = not tiers.has_memory or self._world.policy.save_to_storage(self._world.view, number)
        length = int(self._plan.save)
        if to_storage and tiers.draining is not None and self._plan.overlap == Overlap.SKIP:
            if not tiers.has_memory:
                progress.number, progress.cycle = number, 0
                return
            to_storage = False
        elif to_storage:
            length = int(self._plan.save_storage) + tiers.rest_of_drain()
        yield from self._spend(Phase.SAVING, length)
        progress.number, progress.cycle = number, 0
        tiers.keep_in_memory(progress.state)
        if to_storage:
            tiers.drain(progress.state)

    def _close(self) -> Story:
        """Save to storage and wait until that is durable; then do what was planned, unless it is no longer wanted."""
        progress, tiers = self._progress, self._tiers
        length, is_new = tiers.rest_of_drain(), not tiers.is_draining(progress.state)
        if is_new:
            length += int(self._plan.save_storage + self._plan.lag)
        yield from self._spend(Phase.CLOSING, length)
        progress.cycle = 0
        tiers.keep_in_storage(progress.state, is_new)
        tiers.keep_in_memory(progress.state)
        if self._world.planning.wants_a_stop():
            yield from self._come_back()

    def _recover(self) -> Story:
        yield from self._spend(Phase.DETECTION, self._lead_ticks(Purpose.DETECTION))
        yield from self._spend(Phase.DIAGNOSIS, self._lead_ticks(Purpose.DIAGNOSIS))
        self._world.diagnosis.end()
        yield from self._come_back()

    def _come_back(self) -> Story:
        yield from self._regroup()
        # The first steps after a restart are slow.
        yield from self._spend(Phase.RESTART, self._lead_ticks(Purpose.RESTART) + int(self._plan.slow_start))
        source = Purpose.RESTORE_MEMORY if self._tiers.memory_serves() else Purpose.RESTORE
        yield from self._spend(Phase.RESTORE, self._lead_ticks(source))
        self._tiers.keep_in_memory(self._progress.state)

    def _regroup(self) -> Story:
        """Until every place has a node: keep a window that is due, evict slow nodes, swap spares in, or wait."""
        planning, staffing = self._world.planning, self._world.staffing
        while True:
            if planning.window is not None:
                window = planning.begin_window()
                yield from self._spend(Phase.MAINTENANCE, self._chance.ticks(window, Purpose.LENGTH))
                continue
            planning.replace_slow_nodes()
            if not self._world.cluster.empty:
                return
            if staffing.can_swap:
                staffing.swap()
                yield from self._spend(Phase.SWAP, self._lead_ticks(Purpose.SWAP))
            elif staffing.can_select:
                staffing.select()
                yield from self._spend(Phase.SWAP, self._lead_ticks(Purpose.SELECTION))
            else:
                yield from self._wait_for_nodes()

    def _wait_for_nodes(self) -> Story:
        """Wait for a node that another job gives up, or where there is none for the repairs of one's own."""
        pools = self._world.staffing.pools
        pools.short = pools.selects
        self._enough_nodes = None
        if pools.backup:
            yield from self._spend(Phase.WAIT, int(self._plan.fetch))
            self._journal.count(Tally.PREEMPTIONS)
            pools.fetch()
        else:
            self._journal.count(Tally.WAITS)
            self._enough_nodes = self._calendar.event()
            self._progress.enter(Phase.WAIT)
            yield self._enough_nodes
            self._progress.book()

    def _stall(self, length: int) -> Story:
        """The transport recovers; whatever falls into one stall runs in parallel."""
        self._progress.enter(Phase.STALL)
        end = self._calendar.tick + length
        while (pause := (yield from self._wait_until(end))) is not None:
            end = max(end, self._calendar.tick + (pause.stall or 0))
        self._progress.book()
        self._note_phase_end()

    # the means

    def _spend(self, phase: Phase, length: int) -> Story:
        """Stay in a phase until its timer has run out. A stall pauses the timer."""
        left = length
        while True:
            self._progress.enter(phase)
            began = self._calendar.tick
            pause = yield from self._wait_until(began + left)
            if pause is None:
                break
            left -= self._calendar.tick - began
            yield from self._stall(pause.stall or 0)
        self._progress.book()
        if phase is not Phase.SAVING:
            self._note_phase_end()

    def _wait_until(self, tick: int) -> Waiting:
        """Wait for a tick. Returns the pause that came before it; what ends the chapter passes through."""
        try:
            yield self._calendar.ring(tick, Rank.PHASE_ENDS)
        except simpy.Interrupt as interruption:
            if isinstance(interruption.cause, Pause):
                return interruption.cause
            raise
        return None

    def _note_phase_end(self) -> None:
        self._journal.note(Kind.PHASE_END)

    def _lead_ticks(self, purpose: Purpose) -> int:
        lead = self._world.operations.lead
        assert lead is not None, "a recovery without anything that led to it"
        return self._chance.ticks(lead, purpose)

    def _interval(self) -> int:
        policy = self._world.policy
        interval = int(policy.interval(self._world.view))
        if interval < 1:
            raise ValueError(f"{type(policy).__name__}.interval returned {interval}; it must be at least 1 tick")
        return interval
