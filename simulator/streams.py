"""Streams: the names under which a cause draws its random numbers, and the numbers of these names."""

from collections.abc import Sequence
from enum import IntEnum


class Stream(IntEnum):
    """The streams of a cause, columns of `Plan.streams`; of the last row, which is the job's own, the first only."""

    WEATHER = 0  # candidates of the cohort and of renewed units, and what a script gives
    BENCH = 1
    RELAPSE = 2  # of what the weather broke; and alarms
    BENCH_RELAPSE = 3  # of what broke on the bench
    LEMON = 4  # which nodes are bad


def streams_of(causes: Sequence[str]) -> list[list[int]]:
    """Return the numbers of the streams of causes by their names, a row a cause; the last row is the job's own."""
    count = len(causes)
    own = [[row, count + row, 2 * count + row, 3 * count + row, 4 * count + 1 + row] for row in range(count)]
    return [*own, [4 * count] * len(Stream)]
