"""All parallelism plans of a case that divide its model, its batch and its accelerators."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.workload.case import Case, divisors, take
from simulator.workload.layout import Layout, Recompute
from simulator.workload.machine import Machine
from simulator.workload.memory import memory
from simulator.workload.predict import USABLE_MEMORY

Floats = npt.NDArray[np.float64]

WIDEST_TENSOR = 64
DEEPEST_PIPELINE = 128
# Of a sequence that is divided, on a rank [tokens]: published runs keep 4,096 and more; that attention's kernels slow
# down on small pieces is not in the model.
FEWEST_TOKENS = 2_048
GRADIENT_BYTES = 4.0  # where a case leaves it open: sums in fp32, the choice that needs more memory [B]


class Table(NamedTuple):
    """All plans of a case that divide, in the order of the grid: simple ones first."""

    layout: Layout  # (rows,)
    memory: Floats  # (rows,) [B]
    fits: npt.NDArray[np.bool_]  # (rows,)
    looked_at: int  # plans of the grid, with those that do not divide

    def fitting(self) -> Layout:
        """Return the layouts that fit (plans,)."""
        return take(self.layout, np.flatnonzero(self.fits))


def table_of(
    case: Case,
    machine: Machine,
    wish: Case | None = None,
    shard_weights: bool | None = None,
    usable: float = USABLE_MEMORY,
) -> Table:
    """Return all plans of a case that divide, with the memory of each.

    `usable` is the share of memory that a plan may fill [1]; `wish` adds its own degrees to those tried. Weights are
    sharded, or not, as `shard_weights` says; if it is None, as the case says where it shards them or gives both tensor
    and pipeline degree, else both ways. Models are cut unevenly only where no even cut leaves a plan.
    """
    if shard_weights is None and wish is None:
        shard_weights = True if case.sharded_weights else None
        if shard_weights is None and case.tensor is not None and case.pipeline is not None:
            shard_weights = False
    shardings = [False, True] if shard_weights is None else [shard_weights]
    layout, looked_at = _dividing(case, wish, shardings, uneven=False)
    if not np.asarray(layout.data).size and case.pipeline is None:
        layout, looked_at = _dividing(case, wish, shardings, uneven=True)
    size = np.asarray(layout.data).size
    needs = np.broadcast_to(memory(case.model, layout, machine).total, (size,))
    return Table(layout, needs, needs <= usable * machine.memory, looked_at)


def _dividing(case: Case, wish: Case | None, shardings: list[bool], uneven: bool) -> tuple[Layout, int]:
    """Return the layouts that divide (rows,), and how many there were to look at."""
    cuts = _cuts(case, wish, uneven)
    batches = _micro_batches(case, wish)
    recomputes = _recomputes(case)
    grid = (_tensors(case, wish), range(len(cuts)), _contexts(case, wish), _experts(case, wish))
    tensor, cut, context, expert = _mesh(*grid)
    pipeline, interleaving, ends = (
        np.array([row[i] for row in cuts], dtype=np.float64)[cut.astype(np.int64)] for i in range(3)
    )
    data = case.gpus / (tensor * pipeline * context)
    works = (data % 1 == 0) & (data * context * tensor % expert == 0) & (case.global_batch % np.maximum(data, 1) == 0)
    if case.data is not None:
        works &= data == case.data
    degrees = np.flatnonzero(works)
    row, batch, again, whole = _mesh(degrees, batches, recomputes, shardings)
    looked_at = len(tensor) * len(batches) * len(recomputes) * len(shardings)
    works = case.global_batch % (data[row] * batch) == 0
    # Whoever shards weights does without a pipeline, and needs somebody to share them with.
    alone = (pipeline[row] > 1) | (data[row] * context[row] == 1)
    works &= ~whole.astype(bool) | ~alone | (len(shardings) == 1)
    row, batch, again, whole = (column[works] for column in (row, batch, again, whole))
    gradients = GRADIENT_BYTES if case.gradient_bytes is None else case.gradient_bytes
    every = np.ones(len(row))
    sequence_parallel = np.where(tensor[row] > 1, float(case.sequence_parallel), 0.0)
    layout = Layout(
        tensor[row], pipeline[row], context[row], expert[row], data[row], interleaving[row], batch,
        case.global_batch * every, again, sequence_parallel, float(case.flash) * every,
        float(case.sharded_optimizer) * every, whole, float(case.overlap) * every, gradients * every, ends[row],
    )  # fmt: skip
    return layout, looked_at


def _mesh(*axes: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], ...]:
    """Return all combinations of values on axes, a column for each."""
    return tuple(column.ravel() for column in np.meshgrid(*(np.asarray(axis) for axis in axes), indexing="ij"))


def _tried(given: int | None, candidates: list[int], wish: int | None) -> list[int]:
    """Return the values of a degree to try: the one that is given, or candidates and what was wished."""
    return [given] if given is not None else sorted({*candidates, *([wish] if wish else [])})


def _tensors(case: Case, wish: Case | None) -> list[int]:
    domain = 1 if case.gpu.scale_up_domain is None else int(case.gpu.scale_up_domain.median)
    heads, most = round(float(case.model.heads)), min(WIDEST_TENSOR, domain, case.gpus)
    works = [degree for degree in divisors(heads) if degree <= most]
    wished = wish.tensor if wish and wish.tensor and heads % wish.tensor == 0 else None
    return _tried(case.tensor, works, wished)


def _contexts(case: Case, wish: Case | None) -> list[int]:
    sequence = round(float(case.model.sequence))
    most = min(case.gpus, max(1, sequence // FEWEST_TOKENS))
    powers = [2**power for power in range(most.bit_length()) if sequence % 2**power == 0]
    wished = wish.context if wish and wish.context and sequence % wish.context == 0 else None
    return _tried(case.context, powers, wished)


def _experts(case: Case, wish: Case | None) -> list[int]:
    experts = round(float(case.model.experts))
    works = divisors(experts) if experts else [1]
    return works if wish is not None else _tried(case.expert, works, None)


def _micro_batches(case: Case, wish: Case | None) -> list[int]:
    batch = round(case.global_batch)
    powers = [2**power for power in range(batch.bit_length()) if batch % 2**power == 0]
    return _tried(case.micro_batch, powers, wish.micro_batch if wish else None)


def _recomputes(case: Case) -> list[Recompute]:
    if case.recompute is not None:
        return [case.recompute]
    # Fused attention keeps no scores, so that there is nothing to select.
    return [Recompute.NONE, *([] if case.flash else [Recompute.SELECTIVE]), Recompute.FULL]


def _cuts(case: Case, wish: Case | None, uneven: bool) -> list[tuple[int, int, bool]]:
    """Return pipeline and interleaving degrees, and whether embedding and head count as layers.

    There are whole layers in every chunk, unless a case gives degrees that cut no model evenly, or no pipeline does.
    """
    found = {cut for cut in _even_cuts(case) if case.pipeline in (None, cut[0]) and case.interleaving in (None, cut[1])}
    if case.pipeline is None and (uneven or all(cut[0] == 1 for cut in found)):
        found |= {
            (pipeline, chunks, case.head_counts)
            for pipeline in divisors(case.gpus)
            for chunks in ([1, 2, 4, 8, 16] if case.interleaving is None else [case.interleaving])
            if 1 < pipeline <= DEEPEST_PIPELINE and pipeline * chunks <= case.model.layers
        }
    given = case if not found else wish
    if given is not None and given.pipeline is not None:
        cut = (given.pipeline, given.interleaving or 1, case.head_counts and given.pipeline > 1)
        taken = any(cut[:2] == other[:2] for other in found)
        found |= {cut} if not taken and cut[0] * cut[1] <= case.model.layers + 2 * cut[2] else set()
    return sorted(found)


def _even_cuts(case: Case) -> Iterator[tuple[int, int, bool]]:
    """Yield the cuts that leave equally many layers in every chunk, with embedding and head counted or not."""
    layers = round(float(case.model.layers))
    deepest = max(DEEPEST_PIPELINE, case.pipeline or 1)
    for chunks, pipeline in itertools.product(sorted({*divisors(layers), *divisors(layers + 2)}), divisors(case.gpus)):
        if chunks % pipeline == 0 and pipeline <= deepest and (pipeline > 1 or chunks == 1):
            plain, ends = layers % chunks == 0, (layers + 2) % chunks == 0 and pipeline > 1
            yield pipeline, chunks // pipeline, ends and (case.head_counts or not plain)
