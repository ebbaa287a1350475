"""Keyed draws: a uniform number is a pure function of (seed, replication, stream, ordinal, purpose).

Nothing is consumed in order, so a change of policy never shifts anybody else's numbers, any replication can be replayed
alone, and the answer does not depend on threads, shards or machines. The generator is counter-based: two rounds of the
finaliser of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014; constants of Stafford's variant 13) over a replication's key.
"""

from typing import NamedTuple

import numpy as np

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
