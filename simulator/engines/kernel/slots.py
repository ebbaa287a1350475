"""Rows of tables for what comes and goes: repair jobs, marks, corruptions. A free row is used again.

Column 0 of such a table is LINK: IN_USE, or of a free row one more than the next free row, 0 for the last. Two scalars
of the state belong to the table: how many of its rows were ever in use, and behind it one more than its first free row.
"""

from simulator.engines.kernel.world import At, World
from simulator.jit import rule
from simulator.numbers.plan import Integers

IN_USE = -1


@rule
def new_row(world: World, table: Integers, used: int) -> int:
    """A free row of a table, in use from now on; -1 where the table is full. `used` is the first of its scalars."""
    state = world.state
    row = state[used + 1] - 1
    if row >= 0:
        state[used + 1] = table[row, 0]
    else:
        row = state[used]
        if row >= len(table):
            state[At.OVERFLOW] = 1
            return -1
        state[used] += 1
    table[row, 0] = IN_USE
    return row


@rule
def free_row(world: World, table: Integers, used: int, row: int) -> None:
    """A row is free from now on."""
    table[row, 0] = world.state[used + 1]
    world.state[used + 1] = row + 1
