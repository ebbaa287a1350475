"""A binary heap in rows of an int64 array: columns 0 to 3 are the key, the rest is carried along."""

import numpy as np
import numpy.typing as npt

from simulator.jit import rule

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
def _copy(heap: Integers, row: int, target: int) -> None:
    for column in range(HEAP_COLUMNS):
        heap[target, column] = heap[row, column]


@rule
def sift_up(heap: Integers, size: int) -> None:
    """Let the row behind the last of `size` rows join them. The row after it must be there to hold it meanwhile."""
    row = size
    if row == 0 or not _before(heap, row, (row - 1) >> 1):
        return
    held = size + 1
    _copy(heap, row, held)
    while row > 0:
        parent = (row - 1) >> 1
        if not _before(heap, held, parent):
            break
        _copy(heap, parent, row)
        row = parent
    _copy(heap, held, row)


@rule
def drop_top(heap: Integers, size: int) -> None:
    """Remove row 0 of `size` rows: the hole sinks to the bottom, and there the last row rises to its place."""
    last = size - 1
    row = 0
    while 2 * row + 2 < last:
        child = 2 * row + 1
        child += _before(heap, child + 1, child)
        _copy(heap, child, row)
        row = child
    if 2 * row + 1 < last:
        _copy(heap, 2 * row + 1, row)
        row = 2 * row + 1
    while row > 0:
        parent = (row - 1) >> 1
        if not _before(heap, last, parent):
            break
        _copy(heap, parent, row)
        row = parent
    _copy(heap, last, row)
