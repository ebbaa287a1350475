"""The answers of an engine to random plans, as one word, in a process in which kernels are compiled another way.

    python -m tests.compiled_ways kernel|reference [PLACE ...]

The reference engine compiles its draws only, which takes seconds where the whole kernel takes minutes. For each place,
a piece of Numba's own workings as simulator/jit/private.py names it, a line: the place, whether kernels are tuned,
whether their code is kept, and the word. The piece is hidden while the package is imported. Without a place nothing is
hidden.
"""

import hashlib
import os
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numba  # before the package, which is to find a piece missing
import numpy as np

SEED = 12
PLANS = 12  # of each kind


@contextmanager
def hidden(place: str) -> Iterator[None]:
    """Take a piece away from Numba for a while; those that Numba needs itself come back before it compiles."""
    owner, _, names = place.rpartition("." if "." in place.partition(":")[2] else ":")
    holder = pkgutil.resolve_name(owner)
    taken = []
    for name in names.split("|"):
        # A method may stand in a class that the named one inherits from.
        for each in getattr(holder, "__mro__", (holder,)):
            if name in vars(each):
                taken.append((each, name, vars(each)[name]))
                delattr(each, name)
    assert taken, f"{place} is not there"
    try:
        yield
    finally:
        for each, name, value in taken:
            setattr(each, name, value)


def abs_of(number: int) -> int:
    """Return a number without its sign."""
    return abs(number)


def answers(engine: str) -> str:
    """One word for results and logs of random plans."""
    from simulator.engines import kernel, reference
    from simulator.numbers.chance import replication_key
    from tests.random_plans import random_plan

    run = kernel.run if engine == "kernel" else reference.simulate
    state = hashlib.sha256()
    for plan in map(random_plan, range(2 * PLANS)):
        for value in run(plan, np.uint64(replication_key(SEED, 0)), log=True):
            state.update(np.ascontiguousarray(value, np.int64).tobytes())
    return state.hexdigest()


def say(engine: str, place: str) -> None:
    """Print the line of a place."""
    if place:
        with hidden(place):
            from simulator import jit

            __import__("simulator.engines.kernel")
    from simulator import jit

    print(place or "-", jit.TUNED, jit.KEPT, answers(engine), flush=True)


def main(engine: str, *places: str) -> None:
    """Say it for each place, in a child of this process, which has imported Numba once for all."""
    assert "simulator" not in sys.modules
    # Numba sets itself up when it first compiles, and needs some of the pieces for that.
    assert numba.njit(abs_of)(-1) == 1
    for place in places or ("",):
        child = os.fork()
        if not child:
            say(engine, place)
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(f"{place or 'nothing hidden'}: ended with {status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
