"""Progress: the phase the job is in, the work done, and the ledger of time."""

from typing import NamedTuple

import numpy as np

from simulator.engines.reference.calendar import Calendar
from simulator.numbers.ledger import ACCOUNTS, Account, Phase
from simulator.numbers.plan import Integers
from simulator.numbers.times import SPEED_SCALE

ACCOUNT_OF = {
    Phase.SAVING: Account.CHECKPOINT_SAVE,
    Phase.CLOSING: Account.CHECKPOINT_SAVE,
    Phase.STALL: Account.NETWORK_STALL,
    Phase.RESTART: Account.RESTART,
    Phase.RESTORE: Account.CHECKPOINT_RESTORE,
    Phase.DETECTION: Account.DETECTION,
    Phase.DIAGNOSIS: Account.DIAGNOSIS,
    Phase.SWAP: Account.WAITING,
    Phase.WAIT: Account.WAITING,
    Phase.MAINTENANCE: Account.MAINTENANCE,
}
RUNNING = frozenset({Phase.TRAINING, Phase.SAVING, Phase.CLOSING, Phase.STALL})
BUSY = RUNNING | {Phase.RESTART, Phase.RESTORE}
ENDS = frozenset({Phase.DONE, Phase.OUT_OF_TIME, Phase.DIVERGED})


class State(NamedTuple):
    """What a checkpoint holds. Kept training ticks travel with the work: a rollback moves their slow share too."""

    work: int  # w, in 1/Q tick of nominal-speed training
    kept: int  # K: training ticks that led to it
    number: int  # i: of the last save


class Progress:
    """Where the job stands. Training goes to `kept` and is split at the end; every other phase has its account."""

    def __init__(self, calendar: Calendar, pace: int) -> None:
        self._calendar = calendar
        self._since = 0
        self.phase = Phase.TRAINING
        self.speed = pace
        self.work = 0
        self.kept = 0
        self.number = 0
        self.cycle = 0  # c: work since the last save
        self._accounts = dict.fromkeys(Account, 0)

    @property
    def tick(self) -> int:
        """The current tick."""
        return self._calendar.tick

    @property
    def state(self) -> State:
        """What a save would hold."""
        return State(self.work, self.kept, self.number)

    def enter(self, phase: Phase) -> None:
        """Begin a phase; the one before was booked when it closed."""
        self.phase = phase
        self._since = self._calendar.tick

    def book(self) -> None:
        """Book the phase up to now: when it closes, is paused, or when somebody wants to know."""
        elapsed = self._calendar.tick - self._since
        self._since = self._calendar.tick
        if self.phase is Phase.TRAINING:
            self.kept += elapsed
            self.work += elapsed * self.speed
            self.cycle += elapsed * self.speed
        elif self.phase in ACCOUNT_OF:
            self._accounts[ACCOUNT_OF[self.phase]] += elapsed

    def roll_back(self, to: State) -> int:
        """Go back to a checkpoint: the training since was for nothing, at whatever speed. Returns its ticks."""
        lost = self.kept - to.kept
        self._accounts[Account.LOST_WORK] += lost
        self.work, self.kept, self.number = to
        self.cycle = 0
        return lost

    def ledger(self, evaluation: int) -> Integers:
        """The accounts. Kept training is split: its nominal time, `evaluation` / Q of that, and what slowness added."""
        ledger = np.zeros(ACCOUNTS, np.int64)
        for account, ticks in self._accounts.items():
            ledger[account] = ticks
        productive = self.work // SPEED_SCALE
        evaluated = productive * evaluation // SPEED_SCALE
        ledger[Account.PRODUCTIVE] = productive
        ledger[Account.EVALUATION] = evaluated
        ledger[Account.SLOW] = self.kept - productive - evaluated
        return ledger
