"""Phases: how one begins and is booked, who leads, and how an event is told."""

import numpy as np

from simulator.engines.kernel.names import later
from simulator.engines.kernel.phase_sets import is_end, is_stretch
from simulator.engines.kernel.training import advance_stretch
from simulator.engines.kernel.world import At, World
from simulator.jit import rule
from simulator.numbers.ledger import Account, Column, Phase
from simulator.numbers.plan import Plan

_ACCOUNTS = {
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
# Training and saving are booked by the stretch itself.
_ACCOUNT = np.array([_ACCOUNTS.get(phase, -1) for phase in Phase], np.int64)


@rule
def settle(plan: Plan, world: World) -> None:
    """Bring the job up to now: book the time of its phase."""
    state = world.state
    phase = state[At.PHASE]
    if is_stretch(phase):
        advance_stretch(plan, world)
        return
    book(world, phase)


@rule
def book(world: World, phase: int) -> None:
    """Book the time of a phase other than TRAINING and SAVING, up to now."""
    world.ledger[_ACCOUNT[phase]] += world.state[At.NOW] - world.state[At.BEGUN]
    world.state[At.BEGUN] = world.state[At.NOW]


@rule
def tell(world: World, kind: int, cause: int, ordinal: int, place: int) -> None:
    """Begin the record of this event; what it comes to is added once it is wholly processed (see loop.note)."""
    row = world.state[At.RECORDS]
    world.state[At.NOTE] = 1
    if row < len(world.log):
        world.log[row, Column.KIND] = kind
        world.log[row, Column.CAUSE] = cause
        world.log[row, Column.ORDINAL] = ordinal
        world.log[row, Column.PLACE] = place
        world.log[row, Column.EFFECT] = -1


@rule
def note(plan: Plan, world: World) -> None:
    """Complete the record of this event; where the log is full, records are only counted."""
    state = world.state
    row = state[At.RECORDS]
    state[At.RECORDS] += 1
    state[At.NOTE] = 0
    if state[At.RECORDS] >= plan.max_records and not is_end(state[At.PHASE]):
        state[At.OVERLONG] = 1
    if row < len(world.log):
        world.log[row, Column.TICK] = state[At.NOW]
        world.log[row, Column.PHASE_AFTER] = state[At.PHASE]
        world.log[row, Column.WORK] = state[At.WORK]
        world.log[row, Column.KEPT] = state[At.KEPT]
        world.log[row, Column.NODES] = state[At.TAKEN] - state[At.TAKEN_NOTED]
        world.log[row, Column.LOST] = world.ledger[Account.LOST_WORK] - state[At.LOST_NOTED]
        state[At.TAKEN_NOTED] = state[At.TAKEN]
        state[At.LOST_NOTED] = world.ledger[Account.LOST_WORK]


@rule
def enter(world: World, phase: int, length: int) -> None:
    """Begin a phase whose length is one of the lead's; a new lead's are drawn at the end of the event."""
    enter_for(world, phase, world.state[At.LENGTHS + length])


@rule
def enter_for(world: World, phase: int, length: int) -> None:
    """Begin a phase of a given length [ticks]."""
    state = world.state
    state[At.PHASE] = phase
    state[At.BEGUN] = state[At.NOW]
    state[At.ENDS] = later(state[At.NOW], length)


@rule
def train_on(world: World, phase: int) -> None:
    """Begin or go on with TRAINING or SAVING."""
    world.state[At.PHASE] = phase
    world.state[At.DEPART] = 1


@rule
def lead(world: World, cause: int, stream: int, ordinal: int, first: int, begins: bool) -> None:
    """Lengths from `first` on are drawn under this name, the first one for a phase that `begins` or not for it."""
    world.state[At.LEADS] = first
    world.state[At.BEGINS] = first if begins else -1
    world.state[At.LEAD_CAUSE] = cause
    world.state[At.LEAD_STREAM] = stream
    world.state[At.LEAD_ORDINAL] = ordinal
