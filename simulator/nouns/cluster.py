"""The cluster: nodes, spares, and how many of each part that can break the job stands on."""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr

from simulator.mechanisms.blocks import Blocks
from simulator.words.hardware import Gpu, Node, PartCount, PeakSpeed
from simulator.words.parts import (
    BUILT_IN,
    NESTED,
    OWN,
    PER_GPU,
    PER_JOB,
    PER_NIC,
    PER_NODE,
    SPAN_KEYS,
    SYNONYMS,
    Units,
    unknown,
)
from simulator.words.quantity import (
    Duration,
    GpusPerNode,
    Like,
    NicsPerNode,
    Nodes,
    PartSpan,
    Quantity,
    SomeGpus,
    SomeNodes,
    chosen,
    default,
)
from simulator.words.section import Fault, Section
from simulator.words.unit_catalogue import ELEMENTS

_Ports = Annotated[Quantity, Like("ports", whole=True, certain=True, least=2)]
_Spares = Annotated[Quantity, Like("nodes", others=("%",), whole=True, certain=True, choice=True)]
_Wan = Annotated[Quantity, Like("Tb/s", above=0, certain=True)]


class Cluster(Section):
    """The machines. `gpus` or `nodes` are those of the job; hot spares come on top."""

    node: str | None = Field(default=None, description="a profile in hardware_profiles/, such as hgx_h100")
    gpus: SomeGpus | None = Field(default=None, description="GPUs of the job")
    nodes: SomeNodes | None = Field(default=None, description="nodes of the job, instead of gpus")
    hot_spares: _Spares = Field(
        default=chosen("0 nodes", "nodes"),
        description="nodes that stand ready to replace broken ones, on top of those of the job",
    )
    cold_spares: _Spares | None = Field(
        default=None, description="further idle nodes, which a selection of hosts can take"
    )
    preemptible: Nodes | None = Field(default=None, description="nodes of other jobs that this one can take over")
    blocks: Blocks | None = Field(default=None, description="compute blocks with spares inside, and spare blocks")
    gpus_per_node: GpusPerNode = Field(
        default=default("8 GPUs", "GPUs", why="the usual node"), description="GPUs in a node; its profile knows"
    )
    nics_per_node: NicsPerNode | None = Field(
        default=None, description="network interfaces in a node; its profile knows"
    )
    nodes_per_leaf: PartSpan | None = Field(default=None, description="nodes that one leaf switch serves")
    nodes_per_rack: PartSpan | None = Field(default=None, description="nodes in a rack or an NVL domain")
    nodes_per_feed: PartSpan | None = Field(default=None, description="nodes on one power feed or cooling unit")
    nodes_per_row: PartSpan | None = Field(default=None, description="nodes in a row of racks")
    nodes_per_hall: PartSpan | None = Field(default=None, description="nodes in a hall")
    nodes_per_site: PartSpan | None = Field(default=None, description="nodes on one site; else the job is on one")
    parts: dict[str, PartCount] = Field(
        default={}, description='further parts: "32 /node" each, or "64 nodes" under each one'
    )
    fabric: str | None = Field(default=None, description="a profile of the network, such as roce_400g_ecmp")
    topology: Literal["fat_tree", "rail", "nvl_rail", "dragonfly", "torus_3d", "two_sites"] | None = Field(
        default=None, description="how the fabric is built, where not as its profile says; see docs/fabric.md"
    )
    radix: _Ports | None = Field(default=None, description="ports of a switch of the fabric; else 128, for NVL 144")
    wan_bandwidth: _Wan | None = Field(default=None, description="between two sites, one direction [B/s]")
    wan_round_trip: Duration | None = Field(
        default=None, description="from one site to the other and back [s]; 5 ms where a step is predicted"
    )
    peak: dict[str, PeakSpeed] = Field(default={}, description="dense peak speed of a GPU by precision [FLOP/s]")

    _elements: Mapping[str, Any] = PrivateAttr(default_factory=dict)
    _built: str = PrivateAttr(default="")
    _profile: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the cluster."""
        if self.gpus is None and self.nodes is None:
            yield (), 'neither gpus nor nodes are given; write "gpus: 16_384 GPUs"'
        if self.gpus is not None and self.nodes is not None:
            yield ("nodes",), "give either gpus or nodes"
        for name in self.parts:
            if name in BUILT_IN and name not in OWN:
                yield ("parts", name), "is built in; its number follows the cluster"
        for name in ("topology", "radix", "wan_bandwidth", "wan_round_trip"):
            if self.fabric is None and getattr(self, name) is not None:
                yield (name,), 'of which fabric? write "fabric: infiniband_ndr"'
        for name in ("wan_bandwidth", "wan_round_trip"):
            if self.topology != "two_sites" and getattr(self, name) is not None:
                yield (name,), 'joins two sites; write "topology: two_sites", or leave it out'

    def layout_faults(self) -> Iterator[Fault]:
        """Yield what is wrong once the profile is known."""
        per_node = int(self.gpus_per_node.median)
        if self.gpus is not None and self.gpus.median % per_node:
            low = int(self.gpus.median) // per_node * per_node
            text = f"{self.gpus.text()} are no whole number of nodes of {per_node}"
            yield ("gpus",), f"{text}; write {_either(low, low + per_node, 'GPUs')}"
        elif self.spares > self.needed:
            yield ("hot_spares",), f"{self.spares:_} spares exceed the {self.needed:_} nodes of the job; lower them"
        else:
            yield from self._domain_faults()
            yield from self._pool_faults()

    def _domain_faults(self) -> Iterator[Fault]:
        """Yield domains that do not lie inside each other."""
        spans = [(name, int(span.median)) for name in NESTED if (span := getattr(self, name)) is not None]
        for (inner, small), (outer, large) in pairwise(spans):
            if large % small:
                low = large // small * small
                near = _either(low, low + small, "nodes")
                yield (outer,), f"{large:_} nodes are no whole number of {inner} = {small:_}; write {near}"

    def _pool_faults(self) -> Iterator[Fault]:
        """Yield spares that do not fit."""
        for name in ("cold_spares", "preemptible"):
            number = self._nodes(getattr(self, name))
            if number > 100 * self.needed:
                yield (name,), f"{number:_} nodes exceed a hundred times the job's {self.needed:_}; lower them"
            if number and self.blocks is not None:
                yield (name,), "cannot stand beside blocks, whose nodes stay together; write spare_blocks under blocks"
        if self.blocks is None:
            return
        size = int(self.blocks.size.median)
        if size > self.needed:
            yield ("blocks", "size"), f"{size:_} nodes exceed the {self.needed:_} nodes of the job; lower it"
        if self.blocks.trays.median > size:
            text = f"{self.blocks.trays.text()} of spares exceed the {size:_} nodes of a block; lower them"
            yield ("blocks", "trays"), text
        blocks = math.ceil(self.needed / size)
        if self.blocks.spare_blocks.median > blocks:
            text = f"{self.blocks.spare_blocks.median:_.0f} spare blocks exceed the {blocks:_} of the job; lower them"
            yield ("blocks", "spare_blocks"), text

    def filled(self, node: Node, gpu: Gpu) -> "Cluster":
        """Return the cluster with what its node's profile knows and the scenario does not say."""
        given = self.model_fields_set
        update = {
            name: getattr(node, name)
            for name in ("gpus_per_node", "nics_per_node", "nodes_per_rack")
            if name not in given and getattr(node, name) is not None
        }
        copy = self.model_copy(
            update=update | {"parts": {**node.parts, **self.parts}, "peak": {**gpu.peak, **self.peak}}
        )
        copy._profile = {"nics_per_node": node.nics_per_node, "nodes_per_rack": node.nodes_per_rack} | {
            f"{key}.{name}": count
            for key, of in (("parts", node.parts), ("peak", gpu.peak))
            for name, count in of.items()
        }
        return copy

    def in_profile(self, *keys: str) -> bool:
        """Return whether what stands at a path is what the profile of the node says."""
        found: Any = self
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else getattr(found, key)
        known = self._profile.get(".".join(keys))
        return known is not None and found is not None and bool(known.median == found.median)

    @property
    def needed(self) -> int:
        """Places of the job [nodes]."""
        if self.nodes is not None:
            return int(self.nodes.median)
        return int(self.gpus.median) // int(self.gpus_per_node.median) if self.gpus is not None else 0

    @property
    def spares(self) -> int:
        """Hot spares [nodes]."""
        return self._nodes(self.hot_spares)

    def _nodes(self, quantity: Quantity | None) -> int:
        """Return a number of nodes; a share is one of the nodes of the job, and a part of a node is a node."""
        if quantity is not None and quantity.like == "%":
            return math.ceil(quantity.median * self.needed - 1e-9)
        return _whole(quantity)

    @property
    def cold(self) -> int:
        """Idle nodes that a selection of hosts can take, beside the hot spares."""
        return self._nodes(self.cold_spares)

    @property
    def job_gpus(self) -> int:
        """GPUs of the job, without those of spares."""
        return self.needed * int(self.gpus_per_node.median)

    @property
    def others(self) -> int:
        """Nodes of other jobs that this one can take over."""
        return _whole(self.preemptible)

    @property
    def selects(self) -> bool:
        """Whether there is a working pool behind the hot spares, from which hosts are selected."""
        return bool(self.cold or self.others)

    @property
    def idle_nodes(self) -> int:
        """All nodes that the job has beside its own, as long as none is broken: hot and cold spares, trays, blocks."""
        idle = self.spares + self.cold
        if self.blocks is not None:
            size, trays = int(self.blocks.size.median), int(self.blocks.trays.median)
            spare = int(self.blocks.spare_blocks.median)
            idle += math.ceil(self.needed / size) * trays + spare * (size + trays)
        return idle

    def units_of(self, part: str) -> Units:
        """Return the units of a part. Raises ValueError with the words for the scenario."""
        if (slices := self.slices_of(part)) is not None:
            return Units(len(slices), 0, 0)
        if part in PER_JOB and (part != "site" or self.nodes_per_site is None):
            return Units(1, 0, 0)
        own = self.parts.get(part)
        if own is not None and own.like == "nodes":
            return self._spanning(int(own.median))
        per_place = self._per_place(part) if own is None else int(own.median)
        if per_place:
            return Units(per_place * self.needed, per_place, 0)
        key = SPAN_KEYS[part]
        size: Quantity | None = getattr(self, key)
        if size is None:
            raise ValueError(f'how many nodes does a {part} serve? write "{key}: 16 nodes" under cluster')
        return self._spanning(int(size.median))

    def unsized(self, part: str) -> bool:
        """Whether nothing here says how many of a part there are, and the fabric may."""
        key = SPAN_KEYS.get(part)
        return part not in self.parts and (part in ELEMENTS if key is None else getattr(self, key) is None)

    def with_elements(self, elements: Mapping[str, Any], built: str) -> "Cluster":
        """Return the cluster with elements of its fabric, which is `built` so, as parts: `elements.Struck` by name."""
        copy = self.model_copy()
        copy._elements, copy._built = elements, built
        return copy

    @property
    def built(self) -> str:
        """How its fabric is built, where causes name elements or domains that only the fabric knows; else empty."""
        return self._built

    @property
    def elements(self) -> Mapping[str, Any]:
        """The elements of its fabric that are parts, by name."""
        return self._elements

    def slices_of(self, part: str, values: Mapping[str, float] | None = None) -> Any:
        """Return what each element of a part of the fabric does when it fails, rows of `plan.Slice`; None for others.

        The speeds are those of a replication whose inputs are drawn, or at the medians.
        """
        found = self._elements.get(part)
        return None if found is None else found.rows(values)

    def count(self, noun: str, part: str) -> int:
        """Return how many of a rate's noun the job has, for a cause of a part. Raises ValueError."""
        noun = SYNONYMS.get(noun, noun)
        return self.units_of(part if noun in ("", part) else noun).number

    def _spanning(self, span: int) -> Units:
        return Units(math.ceil(self.needed / span), 0, span)

    def _per_place(self, part: str) -> int:
        """Return the units of a built-in part in each place, 0 for one that spans places. Raises ValueError."""
        if part in PER_GPU:
            return int(self.gpus_per_node.median)
        if part in PER_NODE:
            return 1
        if part in PER_NIC:
            if self.nics_per_node is None:
                raise ValueError('the number of NICs is unknown; write "nics_per_node: 8 NICs" under cluster')
            return int(self.nics_per_node.median)
        if part in SPAN_KEYS:
            return 0
        if part in ELEMENTS:
            remedy = f'name it, such as "fabric: infiniband_ndr" under cluster, or count {part}s in cluster.parts'
            raise ValueError(f"a {part} is an element of a fabric; {remedy}")
        raise ValueError(unknown(part, self.parts))


def _either(low: int, high: int, noun: str) -> str:
    """Return the two neighbours that a number may be meant as; none of them is zero."""
    return " or ".join(f'"{number:_} {noun}"' for number in (low, high) if number)


def _whole(quantity: Quantity | None) -> int:
    return 0 if quantity is None else int(quantity.median)
