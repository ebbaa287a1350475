"""Sets of phases, as bits: a rule asks to which set a phase belongs, never which number it has."""

import numpy as np

from simulator.jit import rule
from simulator.numbers.ledger import Outcome, Phase


def _bits(*phases: Phase) -> int:
    return sum(1 << phase for phase in phases)


_STRETCH = _bits(Phase.TRAINING, Phase.SAVING)
_RUNNING = _STRETCH | _bits(Phase.CLOSING, Phase.STALL)
_BUSY = _RUNNING | _bits(Phase.RESTART, Phase.RESTORE)
_LOOKING = _BUSY | _bits(Phase.DETECTION, Phase.DIAGNOSIS)
_BEFORE_REGROUP = _bits(Phase.DIAGNOSIS, Phase.SWAP, Phase.MAINTENANCE)
_END = _bits(Phase.DONE, Phase.OUT_OF_TIME, Phase.DIVERGED)
_OUTCOMES = {
    Phase.DONE: Outcome.DONE,
    Phase.OUT_OF_TIME: Outcome.OUT_OF_TIME,
    Phase.DIVERGED: Outcome.DIVERGED,
}
OUTCOME = np.array([_OUTCOMES.get(phase, -1) for phase in Phase], np.int64)  # by the phase that ends a replication


@rule
def is_stretch(phase: int) -> bool:
    """Whether the job trains and saves in turn."""
    return (_STRETCH >> phase) & 1 == 1


@rule
def is_running(phase: int) -> bool:
    """Whether a phase is RUNNING."""
    return (_RUNNING >> phase) & 1 == 1


@rule
def is_busy(phase: int) -> bool:
    """Whether a phase is BUSY."""
    return (_BUSY >> phase) & 1 == 1


@rule
def is_looking(phase: int) -> bool:
    """Whether a diagnosis is to come, or under way, that finds what strikes now."""
    return (_LOOKING >> phase) & 1 == 1


@rule
def leads_to_regroup(phase: int) -> bool:
    """Whether the end of a phase is a regroup and nothing else."""
    return (_BEFORE_REGROUP >> phase) & 1 == 1


@rule
def is_end(phase: int) -> bool:
    """Whether the replication is over."""
    return (_END >> phase) & 1 == 1
