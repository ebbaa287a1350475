"""From an event log to what happened: incidents from the failure to training again, stalls in a row, and notes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from simulator.ensemble.measures import TICKS_PER_DAY
from simulator.mechanisms import MANNERS, keeps_back
from simulator.numbers.ledger import Column, Kind, Phase
from simulator.numbers.plan import Effect, Floats, Integers, Odds, Plan, Purpose, Result
from simulator.numbers.times import Family

LONGEST = 1000 * 365 * 86_400  # [s]
BUSY = {Phase.TRAINING, Phase.SAVING, Phase.CLOSING, Phase.STALL, Phase.RESTART, Phase.RESTORE}
ENDED = {Phase.DONE, Phase.OUT_OF_TIME, Phase.DIVERGED}
STEPS = {
    Phase.CLOSING: "closing save",
    Phase.DETECTION: "unnoticed for",
    Phase.DIAGNOSIS: "diagnosed in",
    Phase.MAINTENANCE: "maintenance",
    Phase.SWAP: "nodes swapped in",
    Phase.WAIT: "waited for nodes",
    Phase.RESTART: "restarted in",
    Phase.RESTORE: "checkpoint loaded in",
    Phase.STALL: "stalled",
}
BY_EFFECT = {manner.effect: manner for manner in MANNERS.values()}
RELAPSE = 2**48  # ordinals from here on are those of relapses, and of what is found later
JOB_SLOW = "the job becomes slow"


@dataclass
class Incident:
    """From a stop, planned or not, to training again."""

    tick: int
    strikes: list[str]
    phases: dict[str, int] = field(default_factory=dict)  # ticks in each
    ticks: int = 0
    found: bool = False  # what stopped it was found later
    fetched: int = 0  # nodes that came from other jobs
    lost: int = 0  # ticks of training
    untold: int = 0  # strikes beyond those that are put into words
    up: bool = False


@dataclass
class Stalls:
    """Stalls with nothing between them."""

    tick: int
    by_cause: dict[str, int]
    ticks: int = 0


@dataclass
class Note:
    """Something that does not stop the job."""

    tick: int
    text: str


def happenings(plan: Plan, result: Result, causes: tuple[str, ...]) -> Iterator[Incident | Stalls | Note]:
    """Yield what happened in the order in which it began."""
    reader = Reader(plan, causes)
    for record in result.log.tolist():
        reader.read(record)
    yield from reader.told


class Reader:
    """Reads records one by one, from the first one, or from the one after a record `before`."""

    def __init__(self, plan: Plan, causes: tuple[str, ...], before: Integers | None = None) -> None:
        self.told: list[Incident | Stalls | Note] = []
        self._plan = plan
        self._causes = causes
        self._phase = first_phase(plan) if before is None else Phase(int(before[Column.PHASE_AFTER]))
        self._tick = 0 if before is None else int(before[Column.TICK])
        self._incident: Incident | None = None
        self._stalls: Stalls | None = None

    def read(self, record: list[int]) -> None:
        """Take in the next record."""
        tick, kind, phase = record[Column.TICK], Kind(record[Column.KIND]), Phase(record[Column.PHASE_AFTER])
        self._pass_time(tick)
        if kind is Kind.STRIKE:
            self._strike(record, phase)
        elif kind is Kind.PLANNED_STOP and self._incident is None:
            self._begin(Incident(tick, ["The job stops as planned."]))
        elif kind is Kind.WINDOW_DUE:
            self._note(tick, "A maintenance window is due.")
        elif kind is Kind.SLOW_END:
            self._note(tick, self._slow_end(record))
        elif kind is Kind.RETURN:
            self._return(record)
        elif kind is Kind.PHASE_END and self._phase is Phase.WAIT and self._incident is not None:
            self._incident.fetched += 1  # only a fetch ends a wait by a timer
        self._phase = phase
        if self._incident is not None:
            self._incident.lost += record[Column.LOST]
            if phase in (Phase.TRAINING, Phase.SAVING, *ENDED):
                self._incident.up = phase not in (Phase.OUT_OF_TIME, Phase.DIVERGED)
                self._incident = None

    def skip(self, records: Integers) -> None:
        """Pass over records within an incident: their time counts, and their strikes, but none is put into words."""
        if self._incident is None or len(records) == 0:
            return
        ticks = np.diff(records[:, Column.TICK], prepend=self._tick)
        before = np.append(self._phase, records[:-1, Column.PHASE_AFTER])
        for phase in np.unique(before).tolist():
            self._spend(Phase(phase), int(ticks[before == phase].sum()))
        fetched = (records[:, Column.KIND] == Kind.PHASE_END) & (before == Phase.WAIT)
        self._incident.fetched += int(fetched.sum())
        self._incident.untold += int((records[:, Column.KIND] == Kind.STRIKE).sum())
        self._incident.lost += int(records[:, Column.LOST].sum())
        self._tick, self._phase = int(records[-1, Column.TICK]), Phase(int(records[-1, Column.PHASE_AFTER]))

    def _pass_time(self, tick: int) -> None:
        passed, self._tick = tick - self._tick, tick
        if self._incident is not None:
            self._spend(self._phase, passed)
        elif self._phase is Phase.STALL and self._stalls is not None:
            self._stalls.ticks += passed

    def _spend(self, phase: Phase, ticks: int) -> None:
        """Book time of the incident."""
        assert self._incident is not None
        step = STEPS.get(phase, "")
        if phase is Phase.SWAP and self._plan.selects:
            step = "nodes swapped in or selected"  # the log calls both a swap
        if phase is Phase.DETECTION and self._incident.found:
            step = "alarm heeded after"
        self._incident.phases[step] = self._incident.phases.get(step, 0) + ticks
        self._incident.ticks += ticks

    def _begin(self, incident: Incident) -> Incident:
        self.told.append(incident)
        self._incident = incident
        return incident

    def _note(self, tick: int, text: str) -> None:
        self.told.append(Note(tick, text))

    def _strike(self, record: list[int], phase: Phase) -> None:
        tick, effect = record[Column.TICK], Effect(record[Column.EFFECT])
        name, place = self._causes[record[Column.CAUSE]], self._place(record)
        spare = record[Column.PLACE] < 0 and record[Column.NODES] > 0
        if told := BY_EFFECT[effect].told:
            self._note(tick, f"{name}{place}: {told}.")
        elif effect is Effect.SLOW:
            self._note(tick, f"{name}{place}: {self._slows(record)}.")
        elif effect is Effect.STALL:
            self._stall(tick, name)
        elif phase is Phase.DETECTION and self._phase in BUSY:
            self._stop(tick, self._stops(record)).found |= bool(self._found(record))
        elif self._phase in BUSY:
            self._note(tick, f"{name} strikes a spare.")
        elif found := self._found(record):
            if self._incident is not None:
                self._incident.strikes.append(f"{name}{place}: {found}, and {_back(record)}.")
        elif self._incident is not None:
            text = "a spare" if spare else "while the job is down"
            self._incident.strikes.append(f"{self._again(record)}{name}{place} strikes {text}{_taken(record)}.")

    def _slows(self, record: list[int]) -> str:
        if self._plan.effect[record[Column.CAUSE]] == Effect.STOP:  # a layer of the network goes on at less speed
            return f"{JOB_SLOW}; a path of the network is out"
        return "the node becomes slow, and the job with it" if record[Column.PLACE] >= 0 else JOB_SLOW

    def _stops(self, record: list[int]) -> str:
        """Return the sentence of a strike that stops the job."""
        name, place = self._causes[record[Column.CAUSE]], self._place(record)
        if found := self._found(record):
            return f"{name}{place} stops the job: {found}, and {_back(record)}."
        return f"{self._again(record)}{name}{place} stops the job{_taken(record)}."

    def _found(self, record: list[int]) -> str:
        """Return in words what was found, where a strike is that of something found later; empty elsewhere."""
        first = RELAPSE <= record[Column.ORDINAL] < 2 * RELAPSE  # what has come back since is deeper
        return BY_EFFECT[Effect(self._plan.effect[record[Column.CAUSE]])].found if first else ""

    def _stop(self, tick: int, text: str) -> Incident:
        if self._incident is None:
            return self._begin(Incident(tick, [text]))
        self._incident.strikes.append(f"During recovery {text}")
        return self._incident

    def _stall(self, tick: int, name: str) -> None:
        if self._incident is not None:
            return  # its time shows among the steps
        last = self.told[-1] if self.told else None
        if isinstance(last, Stalls) and last.tick // TICKS_PER_DAY == tick // TICKS_PER_DAY:
            last.by_cause[name] = last.by_cause.get(name, 0) + 1
        else:
            self._stalls = Stalls(tick, {name: 1})
            self.told.append(self._stalls)

    def _return(self, record: list[int]) -> None:
        # A job that waits hears of it, and the waiting tells.
        if self._incident is None:
            name = self._causes[record[Column.CAUSE]]
            self._note(record[Column.TICK], f"{name}: a repair is over{self._whither()}.")

    def _whither(self) -> str:
        """Return where repaired nodes go, as far as all go there."""
        plan = self._plan
        if keeps_back(plan, None):
            return ""
        elsewhere = plan.selects or plan.block
        return ", and what was in it is ready again" if elsewhere else ", and what was in it joins the spares"

    def _slow_end(self, record: list[int]) -> str:
        plan, cause = self._plan, record[Column.CAUSE]
        never = {purpose: _is_never(plan.laws[cause, purpose]) for purpose in (Purpose.FOUND, Purpose.HEALED)}
        if plan.effect[cause] == Effect.STOP:
            never[Purpose.HEALED] = False  # an outage that another path carries is over by itself
        if record[Column.PLACE] < 0:
            return f"{self._causes[cause]} slows the job no more."
        words = "is found, or recovers by itself"
        if never[Purpose.HEALED]:
            words = "is found"
        elif never[Purpose.FOUND]:
            words = "recovers by itself"
        return f"The slow node{self._place(record)} {words}."

    def _place(self, record: list[int]) -> str:
        return f" (place {record[Column.PLACE]:_})" if record[Column.PLACE] >= 0 else ""

    def _again(self, record: list[int]) -> str:
        if record[Column.ORDINAL] < RELAPSE:
            return ""
        odds = self._plan.odds[record[Column.CAUSE]]
        errs = odds[Odds.MISSED] > 0 or odds[Odds.BLAMED] > 0
        return "After a repair that did not cure, " if not errs else "After a diagnosis or repair that failed, "


def first_phase(plan: Plan) -> Phase:
    """Return the phase in which a replication begins."""
    return Phase.RESTART if plan.start_up > 0 else Phase.TRAINING


def _taken(record: list[int]) -> str:
    """Return how many nodes a strike takes, if not one alone."""
    nodes = record[Column.NODES]
    return f" and takes {nodes:_} nodes" if nodes > 1 else ""


def _back(record: list[int]) -> str:
    where = "a checkpoint from before it" if record[Column.WORK] > 0 else "the start of training"
    return f"the job goes back to {where}"


def _is_never(law: Floats) -> bool:
    # A fixed time of more than a thousand years is meant as never, too.
    return int(law[0]) == Family.NEVER or (int(law[0]) == Family.FIXED and law[1] > LONGEST)
