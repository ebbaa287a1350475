"""Cases of training steps: what is known of each, what is plausible where nothing was published, and arrays of them."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from simulator.words.hardware import Fabric, Gpu
from simulator.workload.layout import Layout, Recompute
from simulator.workload.transformer import Transformer

T = TypeVar("T", bound=tuple[Any, ...])  # a NamedTuple

MOST_STAGES = 64  # of a pipeline that nobody published: the longest that anybody did


class Case(NamedTuple):
    """A training step of a model on accelerators. What is None was not published, which is not the same as 1."""

    id: str
    gpu: Gpu
    precision: str
    model: Transformer
    gpus: int
    global_batch: float
    tensor: int | None = None
    pipeline: int | None = None
    context: int | None = 1
    expert: int | None = 1
    data: int | None = None
    interleaving: int | None = None
    micro_batch: int | None = None
    recompute: Recompute | None = None
    gradient_bytes: float | None = None
    sequence_parallel: bool = True
    flash: bool = True
    sharded_optimizer: bool = True
    sharded_weights: bool = False
    overlap: bool = True
    head_counts: bool = False  # embedding and head count as layers
    port: float | None = None  # bandwidth of a GPU's way to the network [B/s]
    port_share: float = 1.0  # what is left of it at the worst rank
    sites: int = 1  # on which the replicas stand
    wan_bandwidth: float = math.inf  # between sites, one direction, of the whole job [B/s]
    wan_round_trip: float = 0.0  # [s]
    up: Fabric | None = None
    out: Fabric | None = None
    checkpoint: float | None = None  # its size, where it is not that of weights and Adam [B]
    family: str = ""


def stack(rows: Sequence[T]) -> T:
    """Return records of numbers as one record of arrays; nested records are stacked too."""
    columns = (
        stack(values) if isinstance(values[0], tuple) else np.array(values, dtype=np.float64)
        for values in zip(*rows, strict=True)
    )
    return type(rows[0])(*columns)


def take(record: T, places: npt.NDArray[np.int64]) -> T:
    """Return a record of arrays at some of their places."""
    return type(record)(*(take(value, places) if isinstance(value, tuple) else value[places] for value in record))


def divisors(number: int) -> list[int]:
    """Return the divisors of a number in rising order."""
    low = [divisor for divisor in range(1, math.isqrt(max(0, number)) + 1) if number % divisor == 0]
    return low + [number // divisor for divisor in reversed(low) if divisor * divisor != number]


def plausible_layouts(case: Case) -> Iterator[Layout]:
    """Yield the layouts that what is published of a case leaves open."""
    for tensor, pipeline, context, expert, data in _degrees(case):
        chunks = [case.interleaving] if case.interleaving is not None else _chunkings(case, pipeline)
        batches = [case.micro_batch] if case.micro_batch is not None else _micro_batches(case, data)
        recompute = [case.recompute] if case.recompute is not None else [Recompute.NONE, Recompute.FULL]
        for chunk, batch, again, sharded in itertools.product(chunks, batches, recompute, _shardings(case, pipeline)):
            for size in [case.gradient_bytes] if case.gradient_bytes is not None else _gradient_bytes(sharded):
                yield Layout(
                    tensor, pipeline, context, expert, data, chunk, batch, case.global_batch, again,
                    case.sequence_parallel, case.flash, case.sharded_optimizer, sharded, case.overlap, size,
                    head_counts(case, pipeline * chunk),
                )  # fmt: skip


def head_counts(case: Case, chunks: int) -> bool:
    """Return whether embedding and head count as layers when a model is cut into chunks.

    They do where only then the cut is even, said or not: Llama 3's 126 layers were cut into 16 stages.
    """
    layers = round(float(case.model.layers))
    even = (layers + 2) % chunks == 0
    return (even and layers % chunks != 0) or (case.head_counts and (even or layers % chunks != 0))


def _degrees(case: Case) -> list[tuple[int, int, int, int, int]]:
    """Return tensor, pipeline, context, expert and data degrees that fill the accelerators, the even ones if any."""
    domain = 1 if case.gpu.scale_up_domain is None else int(case.gpu.scale_up_domain.median)
    heads, layers = round(float(case.model.heads)), round(float(case.model.layers))
    tensors = [case.tensor] if case.tensor is not None else [t for t in (1, 2, 4, 8) if t <= domain and heads % t == 0]
    context = case.context or 1
    found = []
    for tensor, pipeline in itertools.product(tensors, _pipelines(case)):
        data, rest = divmod(case.gpus, tensor * pipeline * context)
        if rest == 0 and data > 0 and case.data in (None, data) and pipeline <= layers + 2:
            ranks = tensor * context * data
            found += [(tensor, pipeline, context, expert, data) for expert in _experts(case, ranks)]
    return [degrees for degrees in found if case.global_batch % degrees[-1] == 0]


def _experts(case: Case, ranks: int) -> list[int]:
    """Return expert degrees on so many ranks of a stage."""
    if case.expert is not None:
        return [case.expert]
    experts = round(float(case.model.experts))
    return [degree for degree in divisors(experts) if ranks % degree == 0] or [1]


def _pipelines(case: Case) -> list[int]:
    if case.pipeline is not None:
        return [case.pipeline]
    if case.sharded_weights or (_nothing_said(case) and case.gpu.architecture == "tpu"):
        return [1]
    return sorted({stages for whole in _cuttable(case) for stages in divisors(whole) if stages <= MOST_STAGES})


def _shardings(case: Case, pipeline: int) -> list[bool]:
    """Return whether weights may be divided over all replicas: as codes do in which a compiler shards."""
    if case.sharded_weights or (_nothing_said(case) and case.gpu.architecture == "tpu"):
        return [True]
    return [False, True] if _nothing_said(case) and pipeline == 1 else [False]


def _nothing_said(case: Case) -> bool:
    return case.tensor is None and case.pipeline is None and case.data is None


def _cuttable(case: Case) -> tuple[int, ...]:
    """Return how many layers there are to cut: those of the model, or embedding and head besides."""
    layers = round(float(case.model.layers))
    return (layers + 2,) if case.head_counts else (layers, layers + 2)


def _chunkings(case: Case, pipeline: int) -> list[int]:
    if pipeline == 1:
        return [1]
    for whole in _cuttable(case):
        if whole % pipeline == 0:
            return divisors(whole // pipeline)
    return [1]


def _micro_batches(case: Case, data: int) -> list[int]:
    share = case.global_batch / data
    return [size for size in (1, 2, 4, 8) if share % size == 0] or [1]


def _gradient_bytes(sharded: bool) -> list[float]:
    return [2.0] if sharded else [2.0, 4.0]
