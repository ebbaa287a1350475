"""Streams: the names under which a cause draws its random numbers, and the numbers of these names."""

import hashlib
from collections.abc import Sequence

from simulator.numbers.plan import Stream


def streams_of(causes: Sequence[str]) -> list[list[int]]:
    """Return the numbers of the streams of causes by their names, a row a cause; the last row is the job's own.

    A number is a hash of its cause's name and its stream's, so that one more cause moves no number of another one.
    """
    return [[_number_of(stream.name, cause) for stream in Stream] for cause in (*causes, "")]


def _number_of(stream: str, cause: str) -> int:
    digest = hashlib.blake2b(f"{stream} {cause}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 7  # the room that 64 purposes and the signs of sums leave
