"""Hardware: GPUs, nodes, fabrics and storage, as their profiles in `hardware_profiles/` give them. All in SI."""

import datetime
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StrictBool

from simulator.words.quantity import GpusPerNode, Like, NicsPerNode, PartSpan, Quantity, chosen
from simulator.words.section import Fault, Section, did_you_mean

PeakSpeed = Annotated[Quantity, Like("TFLOP/s", above=0)]
Bytes = Annotated[Quantity, Like("GB", above=0)]
ByteRate = Annotated[Quantity, Like("GB/s", above=0)]
Power = Annotated[Quantity, Like("W", above=0)]
GpuPrice = Annotated[Quantity, Like("USD/GPU/h", above=0)]
GpuSpan = Annotated[Quantity, Like("GPUs", whole=True, certain=True, least=1)]
PartCount = Annotated[Quantity, Like("/node", others=("nodes",), whole=True, certain=True, least=1)]
Latency = Annotated[Quantity, Like("us")]
Pause = Annotated[Quantity, Like("s")]
Efficiency = Annotated[Quantity, Like("%", above=0, most=1)]
Gain = Annotated[Quantity, Like("%", above=0, most=2)]
Slowdown = Annotated[Quantity, Like("", least=1)]
Planes = Annotated[Quantity, Like("", whole=True, certain=True, least=1)]

PROTOCOLS = ("LL", "LL128", "Simple")  # of NCCL: for small, middle and large messages


class MatmulCalibration(Section):
    """How fast matrix products run at one precision, as measured."""

    efficiency: Efficiency = Field(description="of large products, of the peak speed [1]")
    overhead: Latency = Field(description="of a product, whatever its size [s]")


class Calibration(Section):
    """What was measured on a GPU of this kind, as `derisk calibrate hardware` writes it."""

    date: str = Field(description="the day of the measurement, such as 2027-03-01")
    device: str = Field(description="the device, as its driver names it")
    driver: str = Field(description="version of the driver")
    measurements: str = Field(description="file with the raw measurements, beside the profile")
    matmul: dict[str, MatmulCalibration] = Field(default={}, description="matrix products by precision")
    memory_efficiency: Efficiency | None = Field(default=None, description="of memory_bandwidth [1]")
    attention_efficiency: Efficiency | None = Field(default=None, description="of the peak speed in bf16 [1]")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the calibration."""
        try:
            datetime.date.fromisoformat(self.date)
        except ValueError:
            yield ("date",), f'"{self.date}" is not a date; write year-month-day, such as 2027-03-01'


class Gpu(Section):
    """An accelerator. Bandwidths are for one direction; `scale_up_bandwidth` is the sum over all links of a GPU."""

    kind: Literal["gpu"]
    name: str = Field(description="the maker's name")
    aliases: tuple[str, ...] = Field(default=(), description="other names by which published runs call it")
    architecture: str = Field(default="", description="such as ampere, hopper, blackwell, cdna3, tpu or trainium")
    peak: dict[str, PeakSpeed] = Field(description="dense peak speed by precision, such as bf16 [FLOP/s]")
    measured_matmul: dict[str, PeakSpeed] = Field(
        default={}, description="the best speed of a matrix product that was published, by precision (MAMF) [FLOP/s]"
    )
    memory: Bytes | None = Field(default=None, description="[B]")
    memory_bandwidth: ByteRate | None = Field(default=None, description="[B/s]")
    scale_up_domain: GpuSpan | None = Field(default=None, description="GPUs with the fast connection among them")
    scale_up_bandwidth: ByteRate | None = Field(default=None, description="within its domain, one direction [B/s]")
    scale_up_fabric: str | None = Field(default=None, description="the profile of the fabric within its domain")
    scale_out_bandwidth: ByteRate | None = Field(default=None, description="to the network, one direction [B/s]")
    host_bandwidth: ByteRate | None = Field(default=None, description="to the memory of its host [B/s]")
    power: Power | None = Field(default=None, description="of the chip [W]")
    all_in_power: Power | None = Field(default=None, description="with its share of server and network, no PUE [W]")
    price: GpuPrice | None = Field(default=None, description="what renting one costs [USD/GPU/s]")
    calibration: Calibration | None = Field(default=None, description="what was measured on one of this kind")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with speeds that are each right alone."""
        calibrated = self.calibration.matmul if self.calibration is not None else {}
        measured: list[tuple[str, ...]] = [("measured_matmul", precision) for precision in self.measured_matmul]
        for place in (*measured, *(("calibration", "matmul", precision) for precision in calibrated)):
            if place[-1] not in self.peak:
                remedy = did_you_mean(place[-1], self.peak) or f"; known are {', '.join(self.peak)}"
                yield place, f"there is no peak speed at '{place[-1]}'{remedy}"
        for precision in self.measured_matmul.keys() & self.peak.keys():
            speed, peak = self.measured_matmul[precision], self.peak[precision]
            if speed.median > peak.median:
                text = f"{speed.text()} is above the peak speed, {peak.text()}; is one of them with sparsity?"
                yield ("measured_matmul", precision), text


class Node(Section):
    """A machine: what a hot spare replaces whole."""

    kind: Literal["node"]
    name: str = Field(description="what it is called")
    gpu: str = Field(description="the profile of its GPUs")
    gpus_per_node: GpusPerNode
    nics_per_node: NicsPerNode | None = None
    nodes_per_rack: PartSpan | None = None
    parts: dict[str, PartCount] = Field(default={}, description="further parts that can break, each so many a node")


class Fabric(Section):
    """A network of GPUs.

    A ring of h steps in which each GPU sends n bytes takes base + h x hop latency + n / (efficiency x bandwidth).
    """

    kind: Literal["fabric"]
    name: str = Field(description="what it is called")
    topology: Literal["fat_tree", "rail", "torus_2d", "torus_3d", "full_mesh", "nvlink_domain"]
    bandwidth: ByteRate | None = Field(
        default=None, description="of a GPU's port, one direction; left out: as the GPU's profile says [B/s]"
    )
    efficiency: Efficiency = Field(description="of the line rate that large collectives reach [1]")
    all_reduce_efficiency: Gain | None = Field(
        default=None, description="of the line rate, as bus bandwidth, where switches add up; it may exceed 1 [1]"
    )
    base_latency: dict[str, Latency] = Field(description="of a ring collective, by protocol LL, LL128, Simple [s]")
    hop_latency: dict[str, Latency] = Field(description="of a step of a ring, by protocol [s]")
    routing: Literal["adaptive", "ecmp", "spraying"] | None = Field(
        default=None, description="how paths through the switches are chosen; left out where there is no choice"
    )
    collisions: Slowdown = Field(
        default=chosen("1", ""), description="factor on communication time, of flows that share a link"
    )
    quality: Slowdown = Field(
        default=chosen("1", ""), description="factor on communication time, of all else that a fabric lacks"
    )
    oversubscription: dict[str, Slowdown] = Field(
        default={}, description="bandwidth below over bandwidth above, by level, such as pod [1]"
    )
    gpus_under: dict[str, GpuSpan] = Field(default={}, description="GPUs under one switch or pod of a level")
    planes: Planes = Field(default=chosen("1", ""), description="networks side by side, each with a part of every port")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with latencies and levels."""
        for field in ("base_latency", "hop_latency"):
            given: dict[str, Quantity] = getattr(self, field)
            for protocol in given:
                if protocol not in PROTOCOLS:
                    known = ", ".join(PROTOCOLS)
                    text = f"'{protocol}' is not one of {known}{did_you_mean(protocol, PROTOCOLS)}"
                    yield (field, protocol), text
            if "Simple" not in given:
                yield (field,), 'the latency of large messages is missing; write "Simple: 10 us"'
        for level in self.oversubscription:
            if level not in self.gpus_under:
                text = f'how many GPUs does a {level} hold? write "{level}: 3_072 GPUs" under gpus_under'
                yield ("oversubscription", level), text


class Storage(Section):
    """Where checkpoints go. Bandwidths are those of the cluster where it is shared, else of a node."""

    kind: Literal["storage"]
    name: str = Field(description="what it is called")
    shared: StrictBool = Field(description="true: one for the cluster; false: every node has its own")
    write_bandwidth: ByteRate = Field(description="sustained [B/s]")
    read_bandwidth: ByteRate = Field(description="sustained [B/s]")
    peak_bandwidth: ByteRate | None = Field(default=None, description="in a short burst [B/s]")
    latency: Pause | None = Field(default=None, description="of a save or a load, whatever its size [s]")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with bandwidths that are each right alone."""
        if self.peak_bandwidth is not None and self.peak_bandwidth.median < self.write_bandwidth.median:
            text = f"{self.peak_bandwidth.text()} is below what is sustained, {self.write_bandwidth.text()}; raise it"
            yield ("peak_bandwidth",), text


KINDS: dict[str, type[Section]] = {"gpu": Gpu, "node": Node, "fabric": Fabric, "storage": Storage}


def host_times(gpu: Gpu, gpus: int, size: float, port: float | None = None) -> tuple[float, float] | None:
    """Return the times to copy a checkpoint [B] to the hosts, and to load it from those of peers [s]; None if unknown.

    `port` [B/s] is a GPU's way to the network where it is not as its profile says.
    """
    if gpu.host_bandwidth is None:
        return None
    host = gpu.host_bandwidth.median
    usual = host if gpu.scale_out_bandwidth is None else gpu.scale_out_bandwidth.median
    return size / (gpus * host), size / (gpus * min(host, port or usual))
