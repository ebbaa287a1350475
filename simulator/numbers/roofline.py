"""How long a piece of work takes: the larger of computing and moving bytes, and an overhead. All in SI.

Numbers or NumPy arrays that broadcast come in, the same comes out: the fits and a model of step time share these laws.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

# NumPy gives a plain float for plain floats, which its types do not say.
Numbers: TypeAlias = Any

BACKWARD_ATTENTION = 2.5  # times the work of a forward pass: five products instead of two (Dao 2023, section 4)


def matmul_flop(m: ArrayLike, n: ArrayLike, k: ArrayLike) -> Numbers:
    """Return the work [FLOP] of the product of an (m, k) and a (k, n) matrix."""
    return 2.0 * _float(m) * _float(n) * _float(k)


def matmul_bytes(
    m: ArrayLike, n: ArrayLike, k: ArrayLike, bytes_per_element: ArrayLike, bytes_per_output: ArrayLike | None = None
) -> Numbers:
    """Return what a matrix product must at least move [B]: both inputs and the output, each once."""
    output = bytes_per_element if bytes_per_output is None else bytes_per_output
    inputs = _float(k) * (_float(m) + _float(n))
    return _float(bytes_per_element) * inputs + _float(output) * _float(m) * _float(n)


def matmul_time(
    m: ArrayLike,
    n: ArrayLike,
    k: ArrayLike,
    speed: ArrayLike,
    bandwidth: ArrayLike,
    bytes_per_element: ArrayLike,
    overhead: ArrayLike = 0.0,
    bytes_per_output: ArrayLike | None = None,
) -> Numbers:
    """Return the time of a matrix product [s] at a reached speed [FLOP/s] and memory bandwidth [B/s].

    The constant overhead [s] is what makes small products inefficient: half the speed is reached at speed x overhead.
    Source: the roofline of Williams, Waterman & Patterson, CACM 52(4), 2009, and an overhead.
    """
    computing = matmul_flop(m, n, k) / _float(speed)
    moving = matmul_bytes(m, n, k, bytes_per_element, bytes_per_output) / _float(bandwidth)
    return np.maximum(computing, moving) + _float(overhead)


def attention_flop(
    batch: ArrayLike,
    heads: ArrayLike,
    sequence: ArrayLike,
    head_dim: ArrayLike,
    *,
    causal: bool = False,
    backward: bool = False,
) -> Numbers:
    """Return the work [FLOP] of fused attention: 4 b h s^2 d forward, half of it if causal, 2.5 times it backward."""
    whole = 4.0 * _float(batch) * _float(heads) * _float(sequence) ** 2 * _float(head_dim)
    return whole * (0.5 if causal else 1.0) * (BACKWARD_ATTENTION if backward else 1.0)


def transfer_time(size: ArrayLike, bandwidth: ArrayLike, latency: ArrayLike = 0.0) -> Numbers:
    """Return the time [s] to move so many bytes [B] at a bandwidth [B/s], after a latency [s]."""
    return _float(latency) + _float(size) / _float(bandwidth)


def bus_share(operation: str, ranks: int) -> float:
    """Return what a rank sends of a collective's size: bus bandwidth over algorithm bandwidth [1].

    Source: nccl-tests, doc/PERFORMANCE.md. Raises KeyError for an operation that is not in BUS_SHARES.
    """
    return BUS_SHARES[operation] * (1.0 if operation in _FROM_ONE_RANK else (ranks - 1) / ranks)


# Gather and scatter count like all-to-all: one rank takes in, or gives out, all parts but its own.
BUS_SHARES = {
    "all_reduce": 2.0,
    "all_gather": 1.0,
    "reduce_scatter": 1.0,
    "alltoall": 1.0,
    "gather": 1.0,
    "scatter": 1.0,
    "broadcast": 1.0,
    "reduce": 1.0,
    "sendrecv": 1.0,
}
_FROM_ONE_RANK = ("broadcast", "reduce", "sendrecv")


def _float(value: ArrayLike) -> NDArray[np.float64]:
    # Sizes are whole numbers, and the product of three of them does not fit in 64 bits.
    return np.asarray(value, dtype=np.float64)
