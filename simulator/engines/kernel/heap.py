"""A binary heap in rows of an int64 array: columns 0 to 3 are the key, the rest is carried along."""

import numpy as np
import numpy.typing as npt

from simulator.jit import routine, rule

Integers = npt.NDArray[np.int64]

HEAP_COLUMNS = 6
REF = 4  # what the row is about: a repair job, a mark, a unit, a place
SERIAL = 5  # tells a living reference from a stale one


@rule
def _before(heap: Integers, row: int, other: int) -> bool:
    if heap[row, 0] != heap[other, 0]:
        return heap[row, 0] < heap[other, 0]
    for column in range(1, 4):
        if heap[row, column] != heap[other, column]:
            return heap[row, column] < heap[other, column]
    return False


@rule
def _swap(heap: Integers, row: int, other: int) -> None:
    for column in range(HEAP_COLUMNS):
        held = heap[row, column]
        heap[row, column] = heap[other, column]
        heap[other, column] = held


@routine
def sift_up(heap: Integers, row: int) -> None:
    """Restore the order after `row` was written behind the last one."""
    while row > 0:
        parent = (row - 1) >> 1
        if not _before(heap, row, parent):
            return
        _swap(heap, row, parent)
        row = parent


@routine
def drop_top(heap: Integers, size: int) -> None:
    """Remove row 0 of `size` rows."""
    last = size - 1
    for column in range(HEAP_COLUMNS):
        heap[0, column] = heap[last, column]
    row = 0
    while True:
        child = 2 * row + 1
        if child >= last:
            return
        if child + 1 < last and _before(heap, child + 1, child):
            child += 1
        if not _before(heap, child, row):
            return
        _swap(heap, row, child)
        row = child
