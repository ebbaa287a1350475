"""Retirement: nodes that do not come back, as their cause, their script or the policy says. Semantics 11.2 and 11.8."""

import math
from enum import IntEnum

from simulator.engines.kernel.names import line_of
from simulator.engines.kernel.tables import Node
from simulator.engines.kernel.world import At, World
from simulator.jit import rule, seldom
from simulator.numbers.plan import Line, Plan, Tally
from simulator.numbers.times import TICKS_PER_SECOND


class Taking(IntEnum):
    """Columns of `world.takings`: when nodes were taken; a row is that of the node."""

    LAST = 0
    RING = 1  # and behind it: the last `retire_count` ticks, in turn


@rule
def returns(plan: Plan, cause: int, ordinal: int) -> bool:
    """Whether the nodes that a strike takes will come back, as far as cause and script say."""
    line = line_of(plan, cause, ordinal)
    return plan.script[line, Line.RETIRE] != 1 if line >= 0 else plan.retire[cause] == 0


@rule
def note_taking(plan: Plan, world: World, row: int) -> None:
    """A node (its row) is taken, as often before as its row says."""
    if not seldom(plan.retire_count > 0 or plan.retire_score[0] > 0.0):
        return
    takings = world.takings[row]
    taken = world.nodes[row, Node.TAKEN]
    now = world.state[At.NOW]
    if plan.retire_score[0] > 0.0:
        world.scores[row] = (_score_now(plan, world, row) if taken > 0 else 0.0) + 1.0
    if plan.retire_count > 0:
        takings[Taking.RING + taken % plan.retire_count] = now
    takings[Taking.LAST] = now


@rule
def stays_away(plan: Plan, world: World, row: int) -> bool:
    """Whether a node (its row) that would join does not, by policy; it is counted then."""
    if not seldom(plan.retire_count > 0 or plan.retire_score[0] > 0.0) or not _is_worn_out(plan, world, row):
        return False
    world.tally[Tally.RETIRED] += 1
    return True


@rule
def _is_worn_out(plan: Plan, world: World, row: int) -> bool:
    """Whether a node (its row) was taken too often, or too often of late."""
    taken = world.nodes[row, Node.TAKEN]
    now = world.state[At.NOW]
    since = plan.retire_window + 1
    if plan.retire_count > 0 and taken >= plan.retire_count:
        since = now - world.takings[row, Taking.RING + taken % plan.retire_count]
    if since <= plan.retire_window:
        return True
    if plan.retire_score[0] <= 0.0:
        return False
    return _score_now(plan, world, row) >= plan.retire_score[0]


@rule
def _score_now(plan: Plan, world: World, row: int) -> float:
    """The score of a node (its row), as far as it is not forgotten since it was taken."""
    elapsed = (world.state[At.NOW] - world.takings[row, Taking.LAST]) / TICKS_PER_SECOND
    return world.scores[row] * math.exp(-elapsed / plan.retire_score[1])
