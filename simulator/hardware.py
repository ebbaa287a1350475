"""Hardware: what a GPU and a node are, as their profiles in `hardware_profiles/` give them. All in SI."""

from typing import Annotated, Literal

from pydantic import Field

from simulator.quantity import GpusPerNode, Like, NicsPerNode, PartSpan, Quantity
from simulator.section import Section

PeakSpeed = Annotated[Quantity, Like("TFLOP/s", above=0)]
Bytes = Annotated[Quantity, Like("GB", above=0)]
ByteRate = Annotated[Quantity, Like("GB/s", above=0)]
Power = Annotated[Quantity, Like("W", above=0)]
PartCount = Annotated[Quantity, Like("/node", others=("nodes",), whole=True, certain=True, least=1)]


class Gpu(Section):
    """An accelerator."""

    kind: Literal["gpu"]
    name: str = Field(description="the maker's name")
    peak: dict[str, PeakSpeed] = Field(description="dense peak speed by precision, such as bf16 [FLOP/s]")
    memory: Bytes | None = Field(default=None, description="[B]")
    memory_bandwidth: ByteRate | None = Field(default=None, description="[B/s]")
    scale_up_bandwidth: ByteRate | None = Field(default=None, description="within its domain, one direction [B/s]")
    scale_out_bandwidth: ByteRate | None = Field(default=None, description="to the network, one direction [B/s]")
    power: Power | None = Field(default=None, description="of the chip [W]")


class Node(Section):
    """A machine: what a hot spare replaces whole."""

    kind: Literal["node"]
    name: str = Field(description="what it is called")
    gpu: str = Field(description="the profile of its GPUs")
    gpus_per_node: GpusPerNode
    nics_per_node: NicsPerNode | None = None
    nodes_per_rack: PartSpan | None = None
    parts: dict[str, PartCount] = Field(default={}, description="further parts that can break, each so many a node")
