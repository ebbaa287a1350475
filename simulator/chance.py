"""Keyed draws: a uniform number is a pure function of (seed, replication, stream, ordinal, purpose).

Nothing is consumed in order, so a change of policy never shifts anybody else's numbers, any replication can be replayed
alone, and the answer does not depend on threads, shards or machines. The generator is counter-based: two rounds of the
finaliser of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014; constants of Stafford's variant 13) over a replication's key.
"""

import hashlib
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.jit import rule, sampler

# 2^64 divided by the golden ratio, and two further odd constants with well-spread bits (the primes of xxHash64).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_LABEL = np.uint64(0xC2B2AE3D27D4EB4F)
_SEED = np.uint64(0x165667B19E3779F9)
_MULTIPLY_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_30 = np.uint64(30)
_SHIFT_27 = np.uint64(27)
_SHIFT_31 = np.uint64(31)
_SHIFT_12 = np.uint64(12)
_PURPOSES = np.uint64(64)  # room for the purposes of a name

# 52 bits and a half: never 0, never 1, and every value is exact in a float64.
_UNIT = 1.0 / 4503599627370496.0


class Purpose(IntEnum):
    """What a number of a name (stream, ordinal) is for; also the column of the law that turns it into a quantity."""

    BUDGET = 0
    UNIT = 1
    HIDDEN = 2
    DETECTION = 3
    DIAGNOSIS = 4
    REPAIR = 5
    CURE = 6
    RELAPSE = 7
    LENGTH = 8  # of a stall, of a maintenance window
    FACTOR = 9
    FOUND = 10
    HEALED = 11
    SWAP = 12
    RESTART = 13
    RESTORE = 14
    LEMON = 15
    RESTORE_MEMORY = 16  # a law only: the number drawn is that of RESTORE
    INPUT = 17  # an uncertain input: one number a replication
    MEMBER = 18  # whether a place of the domain is hit
    MULTIPATH = 19  # whether another path carries on
    REBUILD = 20  # of communicators
    MISSED = 21  # whether the diagnosis finds nothing
    BLAMED = 22  # whether it blames another node
    INNOCENT = 23  # which one
    MANUAL = 24  # repair by hand, where the first one does not do
    VENDOR = 25  # and with the maker
    ESCALATE = 26  # whether it goes from the first stage of repair to the second
    ESCALATE_AGAIN = 27  # and from the second to the third
    SELECTION = 28  # of hosts
    CHOICE = 29  # of a node of the pool
    SPREAD = 30  # what the slowest rank takes longer than the usual one: a pure number


class Stream(IntEnum):
    """The streams of a cause, columns of `Plan.streams`; of the last row, which is the job's own, the first only."""

    WEATHER = 0  # candidates of the cohort and of renewed units, and what a script gives
    BENCH = 1
    RELAPSE = 2  # of what the weather broke; and alarms
    BENCH_RELAPSE = 3  # of what broke on the bench
    LEMON = 4  # which nodes are bad


def streams_of(causes: Sequence[str]) -> npt.NDArray[np.int64]:
    """The numbers of the streams of causes by their names, (causes + 1, streams); the last row is the job's own.

    A number is a hash of its cause's name and its stream's, so that one more cause moves no number of another one.
    """
    return np.array([[_number_of(stream.name, cause) for stream in Stream] for cause in (*causes, "")], np.int64)


def _number_of(stream: str, cause: str) -> int:
    digest = hashlib.blake2b(f"{stream} {cause}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 7  # the room that 64 purposes and the signs of sums leave


class Chance(NamedTuple):
    """What is random in one replication: nothing but its key."""

    key: np.uint64


@rule
def _mix(bits: np.uint64) -> np.uint64:
    bits = (bits ^ (bits >> _SHIFT_30)) * _MULTIPLY_1
    bits = (bits ^ (bits >> _SHIFT_27)) * _MULTIPLY_2
    return bits ^ (bits >> _SHIFT_31)


@sampler
def replication_key(seed: int, replication: int) -> np.uint64:
    """The key of one replication [64 bits]; `seed` and `replication` are non-negative int64."""
    return _mix(_mix(np.uint64(seed) * _SEED + _GOLDEN) + np.uint64(replication) * _GOLDEN)


@sampler
def uniform(key: np.uint64, stream: int, ordinal: int, purpose: int) -> float:
    """A number in the open interval (0, 1), the same for the same key, stream, ordinal and purpose, for ever."""
    # A key that came back from compiled code is a plain int to Python, and a small one would be taken for an int64.
    key = np.uint64(key)
    label = (np.uint64(stream) * _PURPOSES + np.uint64(purpose)) * _LABEL
    bits = _mix(_mix(key + np.uint64(ordinal) * _GOLDEN) + label)
    return (float(bits >> _SHIFT_12) + 0.5) * _UNIT
