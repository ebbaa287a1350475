"""The machine under a model, as numbers for one precision: what profiles say, and what training makes of it."""

from collections.abc import Mapping
from typing import NamedTuple

from simulator.numbers.roofline import Numbers
from simulator.words.hardware import Fabric, Gpu
from simulator.workload.constants import Constants
from simulator.workload.network import Network

# Names under which published runs give a precision, and the profile's peak that it runs at.
PRECISIONS: Mapping[str, str] = {
    "bf16": "bf16", "fp16": "bf16", "fp8": "fp8", "mxfp8": "fp8", "int8": "int8", "fp4": "fp4", "nvfp4": "fp4",
    "mxfp4": "fp4",
}  # fmt: skip
# Of a number that enters a matrix product, with the scales of its block [B].
OPERAND_BYTES: Mapping[str, float] = {"bf16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5625}
# The best published product over the peak, where nobody published one: the mean over the chips of which they did.
UNMEASURED: Mapping[str, float] = {"bf16": 0.75, "fp8": 0.73, "int8": 0.73, "fp4": 0.70}
MOST_OF_PEAK = 0.98
MEMORY_EFFICIENCY = 0.90  # of the memory bandwidth that long transfers reach: a copy on one H200 moves 4.3 of 4.8 TB/s
# Of the line rate, where no profile says it, as a ring: 370 of 450 GB/s in an H100 node, 382 of 400 between nodes.
UP_EFFICIENCY, OUT_EFFICIENCY = 0.82, 0.95


class Machine(NamedTuple):
    """An accelerator at one precision, and what connects it."""

    speed: Numbers  # that large matrix products reach in a training step, at the job's precision [FLOP/s]
    speed_16: Numbers  # the same in 16 bits, for attention that is not fused and the head [FLOP/s]
    attention_speed: Numbers  # of fused attention [FLOP/s]
    overhead: Numbers  # of a matrix product, whatever its size [s]
    memory: Numbers  # [B]
    memory_bandwidth: Numbers  # that long transfers reach [B/s]
    network: Network
    operand_bytes: Numbers  # of a number that enters a product [B]
    peak: Numbers  # that MFU refers to [FLOP/s]
    step_overhead: Numbers  # [s]


def machine_of(gpu: Gpu, precision: str, constants: Constants, network: Network) -> Machine:
    """Return a GPU at a precision of `PRECISIONS`. Raises KeyError where the chip lacks it, or a memory."""
    kind = PRECISIONS[precision]
    peak = gpu.peak[kind].median
    if gpu.memory is None or gpu.memory_bandwidth is None:
        raise KeyError("memory")
    calibration = gpu.calibration
    efficiency = None if calibration is None else calibration.memory_efficiency
    speed_16 = product_speed(gpu, "bf16", constants)
    return Machine(
        speed=product_speed(gpu, kind, constants),
        speed_16=speed_16,
        attention_speed=_attention_speed(gpu, speed_16, constants),
        overhead=_overhead(gpu, kind, constants),
        memory=gpu.memory.median,
        memory_bandwidth=gpu.memory_bandwidth.median * (MEMORY_EFFICIENCY if efficiency is None else efficiency.median),
        network=network,
        operand_bytes=OPERAND_BYTES[kind],
        peak=peak,
        step_overhead=constants.step_overhead,
    )


def product_speed(gpu: Gpu, kind: str, constants: Constants) -> float:
    """Return the speed that large products reach in training [FLOP/s]: the best published one, less what is shared."""
    peak = gpu.peak[kind].median
    best = gpu.measured_matmul[kind].median if kind in gpu.measured_matmul else _unmeasured(gpu, kind)
    if gpu.calibration is not None and kind in gpu.calibration.matmul:
        best = gpu.calibration.matmul[kind].efficiency.median * peak
    return min(MOST_OF_PEAK * peak, in_situ(gpu, kind, constants) * best)


def _unmeasured(gpu: Gpu, kind: str) -> float:
    """Return the best product that nobody published [FLOP/s]: as far from its peak as the 16-bit one, or usual."""
    share = UNMEASURED[kind]
    if "bf16" in gpu.measured_matmul:
        share = gpu.measured_matmul["bf16"].median / gpu.peak["bf16"].median
    return share * gpu.peak[kind].median


def _attention_speed(gpu: Gpu, speed_16: float, constants: Constants) -> float:
    """Return the speed of fused attention in training [FLOP/s]: as measured, less what is shared; or the usual."""
    measured = None if gpu.calibration is None else gpu.calibration.attention_efficiency
    if measured is None:
        return constants.attention_speed * speed_16
    return measured.median * gpu.peak["bf16"].median * in_situ(gpu, "bf16", constants)


def _overhead(gpu: Gpu, kind: str, constants: Constants) -> float:
    """Return the overhead of a matrix product [s]: as measured on the chip, or as fitted."""
    calibration = gpu.calibration
    if calibration is None or kind not in calibration.matmul:
        return constants.matmul_overhead
    return calibration.matmul[kind].overhead.median


def in_situ(gpu: Gpu, kind: str, constants: Constants) -> float:
    """Return what a training step reaches of the best product [1]: as fitted for the nearest architecture."""
    bits = {"bf16": 16, "fp8": 8, "int8": 8, "fp4": 4}[kind]
    if bits == 16:
        return constants.matmul_ampere_16 if gpu.architecture == "ampere" else constants.matmul_hopper_16
    if bits == 4:
        # What the next generation gained at 8 bits it is taken to have gained at 4.
        gain = constants.matmul_blackwell_ultra_8 / constants.matmul_blackwell_8
        return constants.matmul_blackwell_4 * (gain if gpu.architecture == "blackwell_ultra" else 1.0)
    fitted = {"blackwell": constants.matmul_blackwell_8, "blackwell_ultra": constants.matmul_blackwell_ultra_8}
    return fitted.get(gpu.architecture, constants.matmul_hopper_8)


def network_of(
    gpu: Gpu, up: Fabric | None = None, out: Fabric | None = None, port: float | None = None, port_share: float = 1.0
) -> Network:
    """Return what connects GPUs: a fabric within a domain, one between domains.

    `port` [B/s] is the bandwidth of a GPU's way out where it is not as the fabric or else the GPU's profile says, and
    `port_share` [1] what is left of it at the worst rank, which all wait for: 7/8 with one plane of eight lost.
    """
    domain = 1.0 if gpu.scale_up_domain is None else gpu.scale_up_domain.median
    inside = 0.0 if gpu.scale_up_bandwidth is None else gpu.scale_up_bandwidth.median
    outside = port
    if outside is None and out is not None and out.bandwidth is not None:
        outside = out.bandwidth.median
    if outside is None and gpu.scale_out_bandwidth is not None:
        outside = gpu.scale_out_bandwidth.median
    if outside is None:
        outside = inside  # a torus or a pod has one network
    if not inside:
        domain, inside = 1.0, outside
    outside *= port_share
    network = Network(domain, inside * _share(up, UP_EFFICIENCY), outside * _share(out, OUT_EFFICIENCY))
    if up is not None:
        network = network._replace(
            base_latency=up.base_latency["Simple"].median, up_latency=up.hop_latency["Simple"].median
        )
    if out is not None:
        network = network._replace(out_latency=out.hop_latency["Simple"].median)
        if out.oversubscription:
            # Of several such levels the tightest counts: what passes a higher one has passed the lower ones too.
            level = max(out.oversubscription, key=lambda name: out.oversubscription[name].median)
            network = network._replace(
                pod=out.gpus_under[level].median, oversubscription=out.oversubscription[level].median
            )
    return network


def _share(fabric: Fabric | None, usual: float) -> float:
    """Return the share of the line rate that collectives reach on a fabric [1]."""
    if fabric is None:
        return usual
    return fabric.efficiency.median / (fabric.collisions.median * fabric.quality.median)
