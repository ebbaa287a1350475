"""A parallelism plan: how a model and a batch are laid out over accelerators. Fields are numbers, or arrays."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from simulator.numbers.roofline import Numbers


class Recompute(IntEnum):
    """What the backward pass computes again instead of reading it from memory."""

    NONE = 0
    SELECTIVE = 1  # the core of attention: Korthikanti et al. 2022, section 5
    FULL = 2  # whole layers


class Layout(NamedTuple):
    """A parallelism plan. Degrees are those of tensor, pipeline, context, expert and data parallelism."""

    tensor: Numbers = 1.0
    pipeline: Numbers = 1.0
    context: Numbers = 1.0
    expert: Numbers = 1.0
    data: Numbers = 1.0
    interleaving: Numbers = 1.0  # model chunks a stage holds (virtual pipeline)
    micro_batch: Numbers = 1.0  # [sequences]
    global_batch: Numbers = 1.0  # [sequences]
    recompute: Numbers = 0.0  # of `Recompute`
    sequence_parallel: Numbers = 1.0  # 1: what is element-wise is divided by the tensor degree too
    flash: Numbers = 1.0  # 1: attention in one kernel, 0: scores are written to memory
    sharded_optimizer: Numbers = 1.0  # 1: ZeRO-1
    sharded_weights: Numbers = 0.0  # 1: ZeRO-3, also called FSDP
    overlap: Numbers = 1.0  # 1: gradients travel while others are computed
    gradient_bytes: Numbers = 4.0  # of a number on its way to the other replicas [B]
    head_counts: Numbers = 0.0  # 1: embedding and head count as layers when stages are cut

    @property
    def gpus(self) -> Numbers:
        """Accelerators. Experts live on those of data, context and tensor parallelism."""
        return self.tensor * self.pipeline * self.context * self.data

    @property
    def micro_batches(self) -> Numbers:
        """Micro-batches that pass through a pipeline in a step."""
        return self.global_batch / (self.data * self.micro_batch)

    @property
    def replicas(self) -> Numbers:
        """Ranks that hold the same weights, and exchange gradients."""
        return self.data * self.context

    @property
    def expert_tensor(self) -> Numbers:
        """Parts into which an expert is cut: the tensor degree, unless experts are spread over those ranks too."""
        return np.clip(self.replicas * self.tensor / np.asarray(self.expert), 1.0, self.tensor)

    @property
    def expert_replicas(self) -> Numbers:
        """Ranks that hold the same routed experts: the more experts are spread, the fewer."""
        return np.maximum(1.0, self.replicas * self.tensor / np.asarray(self.expert * self.expert_tensor))
