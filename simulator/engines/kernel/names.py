"""Names of strikes and what they own: drawn, or given by a script."""

import numpy as np

from simulator.engines.kernel.tables import Its
from simulator.engines.kernel.world import World
from simulator.jit import rule, seldom
from simulator.numbers.chance import Chance, uniform
from simulator.numbers.durations import Hazards, draw_ticks, draw_value_with, ticks
from simulator.numbers.plan import Line, Plan, Purpose
from simulator.numbers.times import NEVER

GENERATION = 2**32  # in an ordinal: one generation further
DEPTH = 2**48  # one relapse deeper
# Detection, diagnosis and repair follow each other both as purposes and as columns of a script.
_TO_LINE = Line.DETECTION.value - Purpose.DETECTION.value


@rule
def hazards_of(plan: Plan) -> Hazards:
    """What the clocks read of a plan."""
    return Hazards(plan.hazard_kind, plan.hazard, plan.table)


@rule
def later(tick: int, wait: int) -> int:
    """tick + wait, or NEVER."""
    return min(NEVER, tick + wait)


@rule
def quotient(number: int, divisor: int) -> int:
    """number // divisor, neither of them negative: unsigned, for rounding signed ones down costs as much again."""
    return int(np.int64(np.uint64(number) // np.uint64(divisor)))


@rule
def number(plan: Plan, chance: Chance, cause: int, stream: int, ordinal: int, purpose: int) -> float:
    """The number that a name owns for a purpose."""
    return uniform(chance.key, plan.streams[cause, stream], ordinal, purpose)


@rule
def number_of(plan: Plan, world: World, chance: Chance, purpose: int) -> float:
    """The number that the candidate at hand owns for a purpose."""
    candidate = world.candidate
    return number(plan, chance, candidate[Its.CAUSE], candidate[Its.STREAM], candidate[Its.ORDINAL], purpose)


@rule
def drawn_ticks(plan: Plan, chance: Chance, cause: int, stream: int, ordinal: int, purpose: int) -> int:
    """The duration that a name owns for a purpose [ticks], whatever a script says."""
    return draw_ticks(plan.laws, chance.key, cause, plan.streams[cause, stream], ordinal, purpose)


@rule
def ticks_of(plan: Plan, world: World, chance: Chance, purpose: int) -> int:
    """The duration that the candidate at hand owns for a purpose [ticks], whatever a script says."""
    candidate = world.candidate
    return drawn_ticks(plan, chance, candidate[Its.CAUSE], candidate[Its.STREAM], candidate[Its.ORDINAL], purpose)


@rule
def line_of(plan: Plan, cause: int, ordinal: int) -> int:
    """The line of the script that a name stands for, or -1 where nothing is scripted or a window leads."""
    if len(plan.script) == 0 or cause >= len(plan.units):
        return -1
    return ordinal & (GENERATION - 1)


@rule
def named_ticks(plan: Plan, chance: Chance, cause: int, stream: int, ordinal: int, purpose: int) -> int:
    """A duration that a name owns [ticks]; its script's line may give detection, diagnosis and repair."""
    return ticks_in(plan, chance, cause, plan.streams[cause, stream], ordinal, purpose)


@rule
def ticks_in(plan: Plan, chance: Chance, cause: int, stream: int, ordinal: int, purpose: int) -> int:
    """The same, of a stream whose number is looked up already."""
    line = line_of(plan, cause, ordinal)
    if seldom(line >= 0):
        given = purpose == Purpose.DETECTION or purpose == Purpose.DIAGNOSIS or purpose == Purpose.REPAIR
        if given and plan.script[line, purpose + _TO_LINE] >= 0:
            return plan.script[line, purpose + _TO_LINE]
    # A restore from memory has a law of its own and the number of any restore.
    source = Purpose.RESTORE.value if purpose == Purpose.RESTORE_MEMORY else purpose
    return ticks(draw_value_with(plan.laws, chance.key, cause, stream, ordinal, purpose, source))
