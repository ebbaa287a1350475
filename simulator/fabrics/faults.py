"""What is wrong with a layout, each with the nearest that works."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.fabrics.kinds import CLOS, DRAGONFLY, FAT_TREE, KINDS, NVL_RAIL, TORUS, TWO_SITES
from simulator.words.section import did_you_mean

if TYPE_CHECKING:
    from simulator.fabrics.layout import FabricLayout

LEAST_SPINES = 2  # with one, its failure would part all leaves of a pod
LEAST_GROUPS = 3  # of a dragonfly: with two, there is no way round

_COUNTS = (
    "gpus_per_node", "rails", "planes", "nodes_per_leaf", "leaves_per_pod", "spines_per_pod", "cores_per_spine",
    "nodes_per_domain", "local_links", "wan_links", "nodes_per_rack", "racks_per_feed", "racks_per_row",
    "rows_per_hall",
)  # fmt: skip


def faults_of(layout: "FabricLayout") -> Iterator[str]:
    """Yield what is wrong with a layout."""
    if layout.kind not in KINDS:
        yield f"there is no fabric '{layout.kind}'{did_you_mean(layout.kind, KINDS) or f'; there are {_list(KINDS)}'}"
        return
    wrong = list(_wrong_numbers(layout))
    yield from wrong
    if wrong:
        return
    if layout.kind in CLOS:
        if layout.kind == FAT_TREE and layout.rails > 1:
            yield f"a fat tree has all ports of a node on one leaf, not on {layout.rails} rails; write kind rail"
        yield from _wrong_clos(layout)
    elif layout.rails * layout.planes > 1:
        yield f"a {layout.kind} has neither rails nor planes here; set both to 1"
    if layout.kind == NVL_RAIL:
        yield from _wrong_domains(layout)
    if layout.kind == TWO_SITES:
        yield from _wrong_sites(layout)
    if layout.kind == DRAGONFLY:
        yield from _wrong_dragonfly(layout)
    if layout.kind == TORUS:
        yield from _wrong_torus(layout)


def _wrong_numbers(layout: "FabricLayout") -> Iterator[str]:
    if layout.nodes < 2:
        yield f"{_nodes(layout.nodes)} make no fabric; the least is 2"
    for name in _COUNTS:
        if getattr(layout, name) < 1:
            yield f"{name} is {getattr(layout, name)}; the least is 1"
    if not (layout.link_bandwidth > 0 and math.isfinite(layout.link_bandwidth)):
        yield f"link_bandwidth is {layout.link_bandwidth:g} B/s; it must be above zero, such as 50e9"
    for name in ("leaf_oversubscription", "pod_oversubscription"):
        if not (getattr(layout, name) >= 1 and math.isfinite(getattr(layout, name))):
            yield f"{name} is {getattr(layout, name):g}; the least is 1, where nothing is oversubscribed"


def _wrong_clos(layout: "FabricLayout") -> Iterator[str]:
    if layout.gpus_per_node % layout.rails:
        near = _or(_divisors_near(layout.gpus_per_node, layout.rails))
        yield f"the {layout.gpus_per_node} ports of a node cannot be spread over {layout.rails} rails; write {near}"
    if layout.spines_per_pod < LEAST_SPINES:
        yield f"{layout.spines_per_pod} spine a pod would part its leaves when it fails; the least is {LEAST_SPINES}"
    if layout.radix:
        yield from _wrong_radix(layout)


def _wrong_radix(layout: "FabricLayout") -> Iterator[str]:
    """Yield which switch has too few ports. All ports are as fast as that of a GPU (in its plane)."""
    radix, site = layout.radix, layout.nodes_per_site if layout.kind == TWO_SITES else layout.nodes
    pods = -(-site // layout.nodes_per_pod)
    if site <= layout.nodes_per_leaf:
        return
    ports = layout.gpus_per_node // layout.rails
    below = layout.nodes_per_leaf * ports
    above = max(layout.spines_per_pod, math.ceil(below / layout.leaf_oversubscription))
    if below + above > radix:
        most = most_below(radix, layout.leaf_oversubscription) // ports
        remedy = f"{_nodes(most)} or a radix of {below + above}" if most else f"a radix of {below + above}"
        yield (
            f"a leaf of {radix} ports cannot join {_nodes(layout.nodes_per_leaf)} by {below} ports and "
            f"{layout.spines_per_pod} spines by {above}; write {remedy}"
        )
    to_leaf = max(1.0, below / layout.leaf_oversubscription / layout.spines_per_pod)
    leaves = math.ceil(layout.leaves_per_pod * layout.rails * to_leaf)
    cores = max(layout.cores_per_spine, math.ceil(leaves / layout.pod_oversubscription)) if pods > 1 else 0
    if leaves + cores > radix:
        ports_below = most_below(radix, layout.pod_oversubscription) if pods > 1 else radix
        most = int(ports_below / to_leaf / layout.rails)
        remedy = f"{most} leaves_per_pod or a radix of {leaves + cores}" if most else f"a radix of {leaves + cores}"
        yield f"a spine of {radix} ports cannot join leaves by {leaves} ports and cores by {cores}; write {remedy}"
    if pods > radix:
        most = radix * layout.nodes_per_pod
        yield f"a core of {radix} ports cannot join {pods} pods; write {_nodes(most)} or a radix of {pods}"


def most_below(radix: int, oversubscription: float) -> int:
    """Return the ports of a switch that can lead down, if those that lead up have as much bandwidth over a factor."""
    return next((below for below in range(radix, 0, -1) if below + math.ceil(below / oversubscription) <= radix), 1)


def _wrong_domains(layout: "FabricLayout") -> Iterator[str]:
    span = layout.nodes_per_domain
    if span < 2:
        yield f"an NVL domain of {_nodes(span)} joins no nodes; write kind rail, or at least 2 nodes"
    if layout.nodes_per_leaf % span:
        near = _or(_multiples_near(layout.nodes_per_leaf, span))
        yield f"{_nodes(layout.nodes_per_leaf)} a leaf are no whole number of NVL domains of {span}; write {near}"
    if layout.nvlink_switches < 1:
        yield f"nvlink_switches is {layout.nvlink_switches}; the least is 1"
    if not (layout.nvlink_bandwidth > 0 and math.isfinite(layout.nvlink_bandwidth)):
        yield f"nvlink_bandwidth is {layout.nvlink_bandwidth:g} B/s; it must be above zero, such as 900e9"


def _wrong_sites(layout: "FabricLayout") -> Iterator[str]:
    if not layout.nodes / 2 <= layout.nodes_per_site < layout.nodes:
        most = layout.nodes - 1
        yield (
            f"the first of two sites cannot have {layout.nodes_per_site} of {_nodes(layout.nodes)}; "
            f"the nearest that works is {min(max(layout.nodes_per_site, -(-layout.nodes // 2)), most)}"
        )
    if not (layout.wan_bandwidth > 0 and math.isfinite(layout.wan_bandwidth)):
        yield f"wan_bandwidth is {layout.wan_bandwidth:g} B/s; it must be above zero, such as 100e9"


def _wrong_dragonfly(layout: "FabricLayout") -> Iterator[str]:
    span, routers, links = layout.nodes_per_pod, layout.leaves_per_pod, layout.global_links
    least_nodes = LEAST_GROUPS * span
    if layout.nodes % span or layout.nodes < least_nodes:
        near = _or([count for count in _multiples_near(layout.nodes, span) if count >= least_nodes] or [least_nodes])
        few = f"do not fill groups of {span}, of which {LEAST_GROUPS} are the least"
        yield f"{_nodes(layout.nodes)} {few}; write {near}"
        return
    groups = layout.nodes // span
    if routers * links < groups - 1:
        least = -(-(groups - 1) // routers)
        most = (routers * links + 1) * span
        yield (
            f"{routers} routers of {links} global links do not reach {groups - 1} other groups; "
            f"the least is {least} global links, the most {_nodes(most)}"
        )
    # Kim, Dally, Scott & Abts 2008, section 3.1: a >= 2 h and a >= 2 p keep local links from being the bottleneck.
    ports = max(layout.nodes_per_leaf * layout.gpus_per_node, links)
    if routers > 1 and routers * layout.local_links < 2 * ports:
        yield (
            f"{layout.local_links} cables between two routers of {routers} are fewer than {ports} ports of a router "
            f"need; the least is {-(-2 * ports // routers)} local links"
        )


def _wrong_torus(layout: "FabricLayout") -> Iterator[str]:
    if min(*layout.cube, *layout.cubes) < 1:
        yield f"a torus of cubes {layout.cubes} of {layout.cube} nodes has an empty axis; the least is 1"
        return
    if layout.axes not in (2, 3) or (layout.axes == 2 and layout.torus[2] > 1):
        yield f"a torus of {layout.axes} axes cannot be {' x '.join(map(str, layout.torus))} nodes; it has 2 or 3 axes"
        return
    in_cube = math.prod(layout.cube)
    if layout.nodes != in_cube * math.prod(layout.cubes):
        near = _or(_multiples_near(layout.nodes, in_cube))
        if layout.nodes % in_cube:
            yield f"{_nodes(layout.nodes)} are no whole number of cubes of {in_cube}; write {near}"
        else:
            sides, held = " x ".join(map(str, layout.cubes)), in_cube * math.prod(layout.cubes)
            yield f"{sides} cubes of {in_cube} hold {held:_} nodes, not {layout.nodes:_}; write {held:_}"
    if layout.nodes_per_rack != in_cube:
        yield f"a rack of {_nodes(layout.nodes_per_rack)} is no cube; write {in_cube}"


def _multiples_near(number: int, of: int) -> list[int]:
    low = number // of * of
    return [count for count in (low, low + of) if count]


def _divisors_near(number: int, to: int) -> list[int]:
    divisors = [count for count in range(1, number + 1) if number % count == 0]
    below, above = [d for d in divisors if d <= to], [d for d in divisors if d > to]
    return [*below[-1:], *above[:1]]


def _nodes(count: int) -> str:
    return f"{count:_} node{'' if count == 1 else 's'}"


def _or(numbers: list[int]) -> str:
    return " or ".join(f"{number:_}" for number in numbers)


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)
