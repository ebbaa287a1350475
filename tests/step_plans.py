"""Training steps to draw with hypothesis, and a few by name: models, layouts and machines as plain numbers."""

import math
from functools import cache
from typing import Any

from hypothesis import strategies as st

from simulator.scenario.profiles import load_fabric, load_gpu
from simulator.workload.case import Case
from simulator.workload.layout import Layout
from simulator.workload.machine import Machine
from simulator.workload.network import Network
from simulator.workload.transformer import Transformer
from simulator.workload.zoo import MODELS

# A network that costs nothing, and a machine that only computes.
FREE = Network(8.0, 1e30, 1e30, 0.0, 0.0, 0.0)
COMPUTING = Machine(1e15, 1e15, 1e15, 0.0, 80e9, 1e30, FREE, 2.0, 1e15, 0.0)


@cache
def case_of(model: str, gpu: str, gpus: int, batch: float, **given: Any) -> Case:
    """A case of a known model, with nothing given of its plan but what is named."""
    chip = load_gpu(gpu)
    up = None if chip.scale_up_fabric is None else load_fabric(chip.scale_up_fabric)
    open_degrees = {"context": None, "expert": None}
    return Case(model, chip, "bf16", MODELS[model].model, gpus, batch, up=up)._replace(**(open_degrees | given))


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """Layouts of all kinds, whether or not a model is as large."""
    pipeline = draw(st.sampled_from([1, 1, 2, 4, 8, 16]))
    data = draw(st.sampled_from([1, 2, 8, 64, 512]))
    micro_batch = draw(st.sampled_from([1, 1, 2, 4]))
    waves = draw(st.sampled_from([1, 2, 3, 16])) * draw(st.sampled_from([1, pipeline]))
    on = st.sampled_from([1.0, 1.0, 0.0])
    return Layout(
        tensor=draw(st.sampled_from([1, 2, 8, 16])),
        pipeline=pipeline,
        context=draw(st.sampled_from([1, 1, 2, 8])),
        expert=draw(st.sampled_from([1, 2, 8])),
        data=data,
        interleaving=draw(st.sampled_from([1, 1, 2, 4])) if pipeline > 1 else 1,
        micro_batch=micro_batch,
        global_batch=float(data * micro_batch * waves),
        recompute=draw(st.sampled_from([0, 0, 1, 2])),
        sequence_parallel=draw(on),
        flash=draw(on),
        sharded_optimizer=draw(on),
        sharded_weights=float(draw(st.sampled_from([False, False, True])) and pipeline == 1),
        overlap=draw(on),
        gradient_bytes=draw(st.sampled_from([2.0, 4.0])),
        head_counts=draw(st.sampled_from([0.0, 0.0, 1.0])),
    )


@st.composite
def models(draw: st.DrawFn) -> Transformer:
    """Transformers, dense and mixtures; shapes need not be round."""
    heads, head_size = draw(st.sampled_from([16, 32, 128])), draw(st.sampled_from([64.0, 128.0]))
    hidden = draw(st.floats(512, 20_000))
    plain = Transformer(
        layers=draw(st.sampled_from([32, 61, 96, 126])),
        hidden=hidden,
        heads=heads,
        kv_heads=draw(st.sampled_from([8, heads])),
        head_size=head_size,
        ffn=hidden * draw(st.floats(1.5, 5.0)),
        gated=draw(st.sampled_from([0.0, 1.0])),
        vocabulary=draw(st.floats(1_000, 260_000)),
        sequence=draw(st.floats(512, 131_072)),
        tied=draw(st.sampled_from([0.0, 1.0])),
    )
    if draw(st.sampled_from([False, False, True])):
        mixture = plain._replace(
            experts=draw(st.sampled_from([8, 64, 256])),
            shared_experts=draw(st.sampled_from([0, 1])),
            top_k=draw(st.sampled_from([1, 2, 8])),
            expert_ffn=hidden * draw(st.floats(0.2, 2.0)),
            dense_layers=draw(st.sampled_from([0, 3])),
        )
        latent = {"query_rank": 1_536.0, "kv_rank": 512.0, "rope_size": 64.0}
        return mixture._replace(**latent) if draw(st.booleans()) else mixture
    return plain


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """Machines around those that exist, a hundred times better or worse in one thing or another."""

    def around(value: float) -> float:
        return float(value * 10.0 ** draw(st.floats(-1.0, 1.0)))

    network = Network(
        domain=draw(st.sampled_from([1, 4, 8, 72])),
        up_bandwidth=around(370e9),
        out_bandwidth=around(48e9),
        up_latency=around(2e-6),
        out_latency=around(14e-6),
        base_latency=around(8e-6),
        pod=draw(st.sampled_from([math.inf, 64, 1_024])),
        oversubscription=draw(st.sampled_from([1.0, 2.0, 7.0])),
    )
    speed_16 = around(600e12)
    return Machine(
        speed=speed_16 * draw(st.sampled_from([1.0, 2.0, 4.0])),
        speed_16=speed_16,
        attention_speed=speed_16 * draw(st.floats(0.2, 1.0)),
        overhead=around(2e-5),
        memory=80e9,
        memory_bandwidth=around(3e12),
        network=network,
        operand_bytes=draw(st.sampled_from([2.0, 1.0, 0.5625])),
        peak=speed_16,
        step_overhead=around(0.02),
    )
