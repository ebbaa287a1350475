"""Fabrics: what follows from structure is what the graph says, at every size; the cache, the shares and the words."""

import json
import math
import re
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pytest
from fabric_page import FULL_SIZE, PAGE, layout_of, page
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from typer.testing import CliRunner

from simulator.cli import application
from simulator.fabrics import (
    KINDS,
    DomainShock,
    FabricLayout,
    Topology,
    bisection,
    blast_radius,
    build,
    capacity_lost,
    common_cause,
    cut_off,
    domain_table,
    fabric_of,
    first_half,
    hops,
    impacts,
    job_share,
    mean_hops,
    node_rate,
    share_left,
    shock_rate,
    slowdown_of,
)
from simulator.fabrics import cache as caching
from simulator.fabrics.clos_exits import plane_flow
from simulator.fabrics.dragonfly_elements import complete_flow
from tests.oracles import brute_force
from tests.test_architecture import ROOT

PER_CLASS = 4  # elements of a class that are taken out of the graph: the first, the last, and some between
FEW = settings(max_examples=15)


def a_layout(kind: str, **given: Any) -> FabricLayout:
    """A small layout of a kind; what matters is given."""
    usual: dict[str, Any] = {"gpus_per_node": 4, "link_bandwidth": 1.0, "nodes_per_leaf": 3, "leaves_per_pod": 3}
    usual |= {"spines_per_pod": 2, "cores_per_spine": 2}
    return FabricLayout(kind=kind, **(usual | given))


def a_torus(cube: tuple[int, int, int], cubes: tuple[int, int, int], gpus: int = 4, axes: int = 3) -> FabricLayout:
    rack = math.prod(cube)
    return FabricLayout(
        "torus_3d", rack * math.prod(cubes), gpus, 6.0, cube=cube, cubes=cubes, nodes_per_rack=rack, axes=axes
    )


def a_dragonfly(groups: int, **given: Any) -> FabricLayout:
    usual = {"gpus_per_node": 1, "nodes_per_leaf": 2, "leaves_per_pod": 4, "global_links": 2}
    usual |= given
    nodes = groups * usual["nodes_per_leaf"] * usual["leaves_per_pod"]
    return FabricLayout("dragonfly", nodes, link_bandwidth=1.0, **usual)


# Through a spine without a way up, a full leaf could reach the free uplinks of one that is half full: no route does.
VALLEY = {"nodes_per_leaf": 2, "spines_per_pod": 3, "cores_per_spine": 1}
NVL = {"rails": 4, "nodes_per_leaf": 4, "nvlink_bandwidth": 9.0}
SMALL = {
    "fat tree": a_layout("fat_tree", nodes=21),
    "fat tree on one leaf": a_layout("fat_tree", nodes=3),
    "fat tree of one pod": a_layout("fat_tree", nodes=8, spines_per_pod=3),
    "fat tree, valleys": a_layout("fat_tree", nodes=7, leaves_per_pod=2, **VALLEY),
    "fat tree, oversubscribed": a_layout("fat_tree", nodes=20, leaf_oversubscription=1.5, pod_oversubscription=7.0),
    "fat tree in planes": a_layout("fat_tree", nodes=20, planes=2, cores_per_spine=1, pod_oversubscription=1.3),
    "rails": a_layout("rail", nodes=21, rails=4),
    "rails on one leaf each": a_layout("rail", nodes=2, rails=4),
    "rails in planes": a_layout("rail", nodes=14, rails=2, planes=2, leaf_oversubscription=1.1),
    "NVL": a_layout("nvl_rail", nodes=20, nodes_per_domain=2, nvlink_switches=3, **NVL),
    "NVL with one switch": a_layout("nvl_rail", nodes=7, nodes_per_domain=4, nvlink_switches=1, **NVL),
    "two sites": a_layout("two_sites", nodes=20, nodes_per_site=12, leaves_per_pod=2, wan_bandwidth=7.0, wan_links=3),
    "two sites with rails": a_layout("two_sites", nodes=9, nodes_per_site=6, rails=2, wan_bandwidth=70.0, wan_links=3),
    "two equal sites": a_layout("two_sites", nodes=6, nodes_per_site=3, wan_bandwidth=0.5, nodes_per_leaf=1),
    "two sites of one pod each": a_layout("two_sites", nodes=5, nodes_per_site=4, wan_bandwidth=0.5, wan_links=2),
    "two sites of one leaf each": a_layout("two_sites", nodes=5, nodes_per_site=3, wan_bandwidth=7.0),
    "two sites, wide WAN": a_layout("two_sites", nodes=8, nodes_per_site=6, wan_bandwidth=1e3, wan_links=2),
    "dragonfly": a_dragonfly(5),
    "dragonfly, fewer nodes than links": a_dragonfly(4, nodes_per_leaf=1, global_links=2),
    "dragonfly of single routers": a_dragonfly(4, leaves_per_pod=1, nodes_per_leaf=3, global_links=5),
    "torus": a_torus((1, 2, 2), (3, 2, 1)),
    "torus of one cube": a_torus((2, 2, 3), (1, 1, 1), gpus=1),
    "torus of two axes": a_torus((2, 1, 1), (2, 3, 1), gpus=8, axes=2),
    "ring": a_torus((1, 1, 1), (5, 1, 1), gpus=2),
    "ring of two": a_torus((1, 1, 1), (2, 1, 1), gpus=1),
}  # fmt: skip
every_small = pytest.mark.parametrize("layout", SMALL.values(), ids=list(SMALL))
every_full = pytest.mark.parametrize("name", FULL_SIZE)


@cache
def full(name: str) -> Topology:
    return build(layout_of(name))


def some(total: int, most: int) -> list[int]:
    return sorted({round(number) for number in np.linspace(0, total - 1, min(total, most))})


def hold_against_the_graph(layout: FabricLayout, most: int = PER_CLASS) -> None:
    """Every answer of a small fabric is that of its graph."""
    topology = build(layout)
    for elements in topology.elements:
        for number in some(elements.total, most):
            said = share_left(topology, elements.name, number)
            np.testing.assert_allclose(said, brute_force.shares(topology, elements, number), atol=1e-9,
                                       err_msg=f"{elements.name} {number}")  # fmt: skip
    half = first_half(layout)
    assert bisection(topology) == pytest.approx(brute_force.bisection(topology, half), rel=1e-9)
    steps = brute_force.hops(topology)
    nodes = range(layout.nodes)
    assert [[hops(topology, one, other) for other in nodes] for one in nodes] == steps.tolist()
    assert mean_hops(topology) == pytest.approx(steps.sum() / (layout.nodes * (layout.nodes - 1)))


# Structure against brute force.


@every_small
def test_structure_says_what_the_graph_says(layout: FabricLayout) -> None:
    hold_against_the_graph(layout, most=8)


def test_every_kind_is_among_the_small_ones() -> None:
    assert {layout.kind for layout in SMALL.values()} == set(KINDS)


@every_small
def test_what_is_cut_off_is_another_component(layout: FabricLayout) -> None:
    topology = build(layout)
    for elements in (each for each in topology.elements if each.network == "scale-out"):
        for number in some(elements.total, 30):
            left = brute_force.survivors(topology, brute_force.without(topology, elements, number))
            assert frozenset(np.flatnonzero(share_left(topology, elements.name, number)).tolist()) == left


small_counts = st.integers(1, 4)
factors = st.sampled_from([1.0, 1.25, 2.0, 7.0])


@st.composite
def trees(draw: st.DrawFn) -> FabricLayout:
    """Any small fabric of leaves, spines and cores."""
    kind = draw(st.sampled_from(["fat_tree", "rail", "nvl_rail", "two_sites"]))
    domain = 2 if kind == "nvl_rail" else 1
    nodes = draw(st.integers(2, 18))
    more: dict[str, Any] = {}
    if kind == "nvl_rail":
        more = {"nodes_per_domain": domain, "nvlink_switches": draw(small_counts), "nvlink_bandwidth": 5.0}
    if kind == "two_sites":
        site = draw(st.integers(-(-nodes // 2), nodes - 1))
        more = {"nodes_per_site": site, "wan_bandwidth": draw(st.sampled_from([0.5, 4.0, 1e3])), "wan_links": 2}
    return a_layout(
        kind, nodes=nodes, rails=1 if kind == "fat_tree" else draw(st.sampled_from([1, 2, 4])),
        planes=draw(st.integers(1, 2)), nodes_per_leaf=domain * draw(st.integers(1, 3)),
        leaves_per_pod=draw(small_counts), spines_per_pod=draw(st.integers(2, 3)),
        cores_per_spine=draw(st.integers(1, 2)), leaf_oversubscription=draw(factors),
        pod_oversubscription=draw(factors), **more,
    )  # fmt: skip


@st.composite
def dragonflies(draw: st.DrawFn) -> FabricLayout:
    """Any small dragonfly with enough local links."""
    routers, gpus, nodes = draw(st.integers(1, 4)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    links = draw(st.integers(1, 4))
    groups = draw(st.integers(3, max(3, min(routers * links + 1, 6))))
    links = max(links, -(-(groups - 1) // routers))
    local = -(-2 * max(nodes * gpus, links) // routers)
    return a_dragonfly(
        groups, gpus_per_node=gpus, nodes_per_leaf=nodes, leaves_per_pod=routers, global_links=links, local_links=local
    )


@st.composite
def tori(draw: st.DrawFn) -> FabricLayout:
    """Any small torus."""
    axes = draw(st.integers(2, 3))
    sides = [draw(st.integers(1, 3 if number == 0 else 2)) for number in range(6)]
    if axes == 2:
        sides[2] = sides[5] = 1
    cube, cubes = (sides[0], sides[1], sides[2]), (max(2, sides[3]), sides[4], sides[5])
    return a_torus(cube, cubes, gpus=draw(st.sampled_from([1, 2, 4, 8])), axes=axes)


@FEW
@given(trees())
def test_any_tree_says_what_its_graph_says(layout: FabricLayout) -> None:
    hold_against_the_graph(layout)


@FEW
@given(dragonflies())
def test_any_dragonfly_says_what_its_graph_says(layout: FabricLayout) -> None:
    hold_against_the_graph(layout)


@FEW
@given(tori())
def test_any_torus_says_what_its_graph_says(layout: FabricLayout) -> None:
    hold_against_the_graph(layout)


@FEW
@given(
    st.lists(st.floats(0.0, 9.0), min_size=1, max_size=4),
    st.lists(st.floats(0.0, 9.0), min_size=1, max_size=4),
    st.floats(0.1, 5.0),
)
def test_flow_through_leaves_and_spines_is_a_minimum_cut(downs: list[float], above: list[float], uplink: float) -> None:
    graph = networkx.DiGraph()
    for leaf, down in enumerate(downs):
        graph.add_edge("in", leaf, capacity=down)
        for spine, up in enumerate(above, start=len(downs)):
            graph.add_edge(leaf, spine, capacity=uplink * (0.5 if leaf == 0 and spine == len(downs) else 1.0))
            graph.add_edge(spine, "out", capacity=up)
    # The hurt uplink is one to a spine that is like others, so here all spines are.
    if len(set(above)) == 1:
        found = plane_flow(np.array(downs), uplink, np.array(above), lost=0.5 * uplink, at=0)
        assert found == pytest.approx(networkx.maximum_flow_value(graph, "in", "out"), abs=1e-9)
    graph.edges[0, len(downs)]["capacity"] = uplink
    assert plane_flow(np.array(downs), uplink, np.array(above)) == pytest.approx(
        networkx.maximum_flow_value(graph, "in", "out"), abs=1e-9
    )


@FEW
@given(st.lists(st.tuples(st.floats(0.0, 9.0), st.floats(0.0, 9.0)), min_size=1, max_size=5), st.floats(0.1, 5.0))
def test_flow_through_a_complete_graph_is_the_minimum_cut(routers: list[tuple[float, float]], local: float) -> None:
    graph = networkx.DiGraph()
    for one, (supply, beyond) in enumerate(routers):
        graph.add_edge("in", one, capacity=supply)
        graph.add_edge(one, "out", capacity=beyond)
        graph.add_edges_from(((one, other) for other in range(len(routers)) if other != one), capacity=local)
    supply, beyond = (np.array(column) for column in zip(*routers, strict=True))
    wanted = networkx.maximum_flow_value(graph, "in", "out")
    assert complete_flow(supply, beyond, local) == pytest.approx(wanted, abs=1e-9)


# Numbers that people know.


def test_a_leaf_of_a_fat_tree_cuts_off_and_one_of_a_rail_slows() -> None:
    of = {name: {row.element: row for row in blast_radius(build(SMALL[name]))} for name in ("fat tree", "rails")}
    assert of["fat tree"]["leaf"][3:] == (3, 0, 1.0)
    assert of["rails"]["leaf"][3:] == (0, 3, pytest.approx(3 / 4))
    assert of["fat tree"]["spine"][3:] == (0, 9, pytest.approx(1 / 2))
    assert of["fat tree"]["core"][3:] == (0, 18, pytest.approx(3 / 4))  # the last pod, of one leaf, has enough


def test_full_bisection_is_that_of_all_ports() -> None:
    layout = a_layout("fat_tree", nodes=18)
    assert bisection(build(layout)) == pytest.approx(9 * layout.node_bandwidth)
    tapered = a_layout("fat_tree", nodes=18, pod_oversubscription=7.0)
    assert bisection(build(tapered)) == pytest.approx(9 * layout.node_bandwidth / 7)


def test_a_torus_is_cut_through_two_planes() -> None:
    layout = a_torus((2, 2, 2), (2, 2, 2), gpus=1)
    assert bisection(build(layout)) == pytest.approx(2 * 4 * 4 * 1.0)  # a cable has a sixth of a GPU's 6 B/s


def test_the_wan_is_the_bisection_of_two_equal_sites() -> None:
    layout = a_layout("two_sites", nodes=12, nodes_per_site=6, wan_bandwidth=7.0, wan_links=7)
    topology = build(layout)
    assert bisection(topology) == 7.0
    assert share_left(topology, "wan link", 0) == pytest.approx(np.full(12, 6 / 7))


def test_hops_count_layers() -> None:
    topology = build(a_layout("fat_tree", nodes=27))
    assert [hops(topology, 0, other) for other in (0, 1, 3, 9)] == [0, 2, 4, 6]


# Slices of nodes.


def hold_domains(layout: FabricLayout) -> None:
    below: set[int] = set()
    for level, slices in layout.domains().items():
        assert slices.first[0] == 0 and slices.last[-1] == layout.nodes - 1, level
        assert np.array_equal(slices.first[1:], slices.last[:-1] + 1), level
        assert (slices.sizes >= 1).all(), level
        if level == "site":  # a site is made of whole domains of any kind
            assert below >= set(slices.first.tolist())
        below = set(slices.first.tolist())


@every_small
def test_domains_are_slices_that_cover_all_nodes(layout: FabricLayout) -> None:
    hold_domains(layout)
    assert [row.level for row in domain_table(layout)] == list(layout.domains())


@every_small
def test_cables_and_vertices_are_counted_once(layout: FabricLayout) -> None:
    topology = build(layout)
    assert topology.graph().number_of_nodes() == topology.vertices
    starts = [each.start for each in topology.switches] + [topology.vertices]
    assert starts == [layout.nodes + sum(each.total for each in topology.switches[:n]) for n in range(len(starts))]
    for elements in topology.elements:
        if elements.size == 0:
            links = topology.links_of(elements.name)
            assert elements.total == len(links.tail) * links.cables
        assert ((elements.share >= 0) & (elements.share < 1)).all()
        assert (elements.first >= 0).all() and (elements.first + elements.nodes <= layout.nodes).all()
        assert ((elements.element >= 0) & (elements.element < elements.total)).all()


# Full size.


@every_full
def test_a_hundred_thousand_gpus(name: str) -> None:
    topology = full(name)
    layout, graph = topology.layout, topology.graph("scale-out")
    assert layout.gpus == pytest.approx(100_000, rel=0.002)
    assert networkx.is_connected(graph)
    hold_domains(layout)
    radix = layout.radix or 64
    degrees = dict(graph.degree(range(layout.nodes, layout.nodes + sum(s.total for s in topology.switches))))
    names = networkx.get_node_attributes(graph, "name")
    assert max((d for v, d in degrees.items() if names[v] != "border router"), default=0) <= radix


@every_full
def test_the_links_below_a_switch_lead_to_its_slice(name: str) -> None:
    topology = full(name)
    for switches in topology.switches:
        of_nodes = {"leaf": "node link", "router": "node link", "nvlink switch": "nvlink"}.get(switches.name)
        if of_nodes is not None:
            links = topology.links_of(of_nodes)
            number = links.head - switches.start
            assert (links.tail >= switches.first[number]).all()
            assert (links.tail < switches.first[number] + switches.nodes[number]).all()
            assert np.array_equal(np.bincount(number), switches.nodes)


# Layouts that cannot be built.

WRONG = [
    ({"kind": "fat_three"}, "there is no fabric 'fat_three'; did you mean 'fat_tree'?"),
    ({"nodes": 1}, "1 node make no fabric; the least is 2"),
    ({"planes": 0}, "planes is 0; the least is 1"),
    ({"link_bandwidth": 0.0}, "link_bandwidth is 0 B/s; it must be above zero"),
    ({"link_bandwidth": math.nan}, "link_bandwidth is nan B/s"),
    ({"leaf_oversubscription": 0.5}, "leaf_oversubscription is 0.5; the least is 1"),
    ({"kind": "rail", "rails": 3}, "the 4 ports of a node cannot be spread over 3 rails; write 2 or 4"),
    ({"rails": 2}, "a fat tree has all ports of a node on one leaf, not on 2 rails; write kind rail"),
    ({"spines_per_pod": 1}, "1 spine a pod would part its leaves when it fails; the least is 2"),
    ({"radix": 12}, "a leaf of 12 ports cannot join 3 nodes by 12 ports and 2 spines by 12; write 1 node or"),
    ({"radix": 24, "leaves_per_pod": 9}, "cannot join leaves by 54 ports and cores by 0; write 4 leaves_per_pod or a"),
    ({"radix": 24, "leaves_per_pod": 1, "nodes": 100}, "a core of 24 ports cannot join 34 pods; write 72 nodes or a"),
    ({"kind": "nvl_rail", "nodes_per_domain": 1}, "joins no nodes; write kind rail, or at least 2 nodes"),
    ({"kind": "nvl_rail", "nodes_per_domain": 2}, "are no whole number of NVL domains of 2; write 2 or 4"),
    ({"kind": "nvl_rail", "nodes_per_domain": 3}, "nvlink_switches is 0; the least is 1"),
    ({"kind": "two_sites", "nodes_per_site": 4}, "cannot have 4 of 20 nodes; the nearest that works is 10"),
    ({"kind": "two_sites", "nodes_per_site": 10}, "wan_bandwidth is 0 B/s"),
    ({"kind": "dragonfly", "planes": 2}, "a dragonfly has neither rails nor planes here; set both to 1"),
    ({"kind": "dragonfly"}, "20 nodes do not fill groups of 9, of which 3 are the least; write 27"),
    ({"kind": "dragonfly", "nodes": 27}, "0 global links do not reach 2 other groups; the least is 1 global links"),
    ({"kind": "dragonfly", "nodes": 27, "global_links": 4}, "the least is 8 local links"),
    ({"kind": "torus_3d", "cube": (2, 2, 2), "nodes_per_rack": 8}, "no whole number of cubes of 8; write 16 or 24"),
    ({"kind": "torus_3d", "cube": (2, 2, 1), "cubes": (2, 2, 1)}, "cubes of 4 hold 16 nodes, not 20; write 16"),
    ({"kind": "torus_3d", "cubes": (0, 1, 1)}, "has an empty axis; the least is 1"),
    ({"kind": "torus_3d", "cubes": (5, 2, 2), "nodes_per_rack": 2}, "a rack of 2 nodes is no cube; write 1"),
    ({"kind": "torus_3d", "cubes": (5, 2, 2), "axes": 2}, "a torus of 2 axes cannot be 5 x 2 x 2 nodes"),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "words"), WRONG, ids=[words[:50] for _, words in WRONG])
def test_a_layout_that_cannot_be_built_says_what_works(given_: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        a_layout(**{"kind": "fat_tree", "nodes": 20, **given_})


# The cache.


def same(one: Any, other: Any) -> bool:
    """Whether two fabrics are identical, to the bit and the type."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


@every_small
def test_the_cache_gives_the_identical_fabric(layout: FabricLayout, tmp_path: Path) -> None:
    built = fabric_of(layout, tmp_path)
    (file,) = tmp_path.iterdir()
    found = caching.read(file, layout)
    assert found is not None and same(found, built)
    assert same(fabric_of(layout, tmp_path), build(layout))


def test_the_second_time_nothing_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = SMALL["rails"]
    fabric_of(layout, tmp_path)
    monkeypatch.setattr(caching, "build", lambda layout: pytest.fail("it was in the cache"))
    fabric_of(layout, tmp_path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 half of one"], ids=["empty", "text", "torn"])
def test_a_file_that_cannot_be_read_is_built_anew(content: bytes, tmp_path: Path) -> None:
    layout = SMALL["dragonfly"]
    fabric_of(layout, tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert caching.read(file, layout) is None
    assert same(fabric_of(layout, tmp_path), build(layout))
    assert caching.read(file, layout) is not None


def test_a_torn_or_changed_archive_is_built_anew(tmp_path: Path) -> None:
    layout = SMALL["torus"]
    fabric_of(layout, tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for torn in range(0, len(whole), max(1, len(whole) // 40)):
        file.write_bytes(whole[:torn] + bytes([whole[torn] ^ 0xFF]) + whole[torn + 1 :])
        assert same(fabric_of(layout, tmp_path), build(layout))
    caching.write(file, build(SMALL["rails"]))  # another fabric under this name
    assert caching.read(file, layout) is None


def test_nothing_pickled_is_read(tmp_path: Path) -> None:
    file = tmp_path / "fabric.npz"
    np.savez(file, head=np.array([{"layout": 1}], dtype=object))
    assert caching.read(file, SMALL["rails"]) is None


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert same(fabric_of(SMALL["rails"], blocked / "below"), build(SMALL["rails"]))


def test_another_layout_or_version_has_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {caching.digest(layout) for layout in SMALL.values()}
    assert len(digests) == len(SMALL)
    monkeypatch.setattr(caching, "__version__", "9.9")
    assert caching.digest(SMALL["rails"]) not in digests


def _in_a_process(folder: str) -> bool:
    layout = SMALL["rails"]
    return all(same(fabric_of(layout, Path(folder)), build(layout)) for _ in range(5))


def test_processes_may_share_the_cache(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3) as pool:
        assert all(pool.map(_in_a_process, [str(tmp_path)] * 3))
    assert [file.suffix for file in tmp_path.iterdir()] == [".npz"]


def test_the_cache_folder_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert caching.cache_folder(caching.FOLDER) == tmp_path / "derisk" / "fabrics"


# What engines get.


@every_small
def test_impacts_are_the_rows_of_each_element(layout: FabricLayout) -> None:
    topology = build(layout)
    for name, found in impacts(topology).items():
        elements = topology.elements_of(name)
        assert len(found.rows) == elements.total + 1
        assert found.rows[-1] == len(found.first) == len(found.nodes) == len(found.share)
        for number in some(elements.total, PER_CLASS):
            shares = np.ones(layout.nodes)
            for row in range(found.rows[number], found.rows[number + 1]):
                shares[found.first[row] : found.first[row] + found.nodes[row]] = found.share[row]
            assert np.array_equal(shares, share_left(topology, name, number))
            left = shares[shares > 0]
            assert job_share(elements)[number] == pytest.approx(left.min() if len(left) else 1.0)
            assert cut_off(elements)[number] == np.count_nonzero(shares == 0)


@pytest.mark.parametrize(
    ("share", "exposed", "speed"),
    [(1, 0.3, 1), (0.5, 0, 1), (0.5, 1, 0.5), (0.5, 0.2, 1 / 1.2), (0, 0.1, 0), (0, 0, 1), (7 / 8, 1 / 4, 28 / 29)],
)  # fmt: skip
def test_a_job_runs_as_fast_as_what_it_waits_for(share: float, exposed: float, speed: float) -> None:
    assert slowdown_of(share, exposed) == pytest.approx(speed)


def test_speed_never_falls_with_more_bandwidth_and_less_exposure() -> None:
    shares, exposed = np.linspace(0, 1, 21)[:, None], np.linspace(0, 1, 21)[None, :]
    speed = slowdown_of(shares, exposed)
    assert (np.diff(speed, axis=0) >= 0).all() and (np.diff(speed, axis=1) <= 0).all()
    assert (speed >= shares - 1e-12).all() and (speed <= 1).all()


@pytest.mark.parametrize(("share", "exposed"), [(1.1, 0.5), (-0.1, 0.5), (0.5, 2), (math.nan, 0.5)])
def test_a_share_is_a_share(share: float, exposed: float) -> None:
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        slowdown_of(share, exposed)


# Domains.


def test_capacity_lost_is_the_oracles() -> None:
    oracle = YAML(typ="safe").load((ROOT / "tests" / "oracles" / "closed_forms.yaml").read_text(encoding="utf-8"))
    rows = oracle["blast_radius"]
    assert len(rows) == 5
    for row in rows:
        digits = len(str(row["loss"]).partition(".")[2])
        assert round(float(capacity_lost(1e-3, row["T"])), digits) == row["loss"]
    assert capacity_lost([0.0, 1.0, 0.5], [8, 8, 1]).tolist() == [0.0, 1.0, 0.5]


def test_capacity_lost_is_what_is_drawn() -> None:
    bad = np.random.default_rng(5).random((4_000, 72)) < 0.002
    expected, runs = float(capacity_lost(0.002, 72)), len(bad)
    assert abs(bad.any(axis=1).mean() - expected) < 4 * math.sqrt(expected * (1 - expected) / runs)


def test_a_beta_factor_keeps_the_rate_of_a_part() -> None:
    found = common_cause(2.0, 0.1)
    assert found == (pytest.approx(1.8), pytest.approx(0.2))
    assert sum(found) == pytest.approx(2.0)


def test_shocks_add_up() -> None:
    layout = a_layout("fat_tree", nodes=20, nodes_per_rack=4, racks_per_feed=2)
    shocks = [DomainShock("rack", 1.0), DomainShock("feed", 0.1, 0.5), DomainShock("site", 0.01)]
    assert shock_rate(layout, shocks) == pytest.approx(5 * 1.0 + 3 * 0.1 + 0.01)
    assert node_rate(layout, shocks) == pytest.approx(np.full(20, 1.0 + 0.05 + 0.01))


@pytest.mark.parametrize(
    ("shock", "words"),
    [
        (DomainShock("rak", 1.0), "there is no level 'rak'; did you mean 'rack'?"),
        (DomainShock("nvl_domain", 1.0), "there is no level 'nvl_domain'"),
        (DomainShock("rack", -1.0), "a rate of -1"),
        (DomainShock("rack", 1.0, 2.0), "a share of 2"),
    ],
)
def test_a_shock_that_cannot_be_is_refused(shock: DomainShock, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        shock_rate(SMALL["fat tree"], [shock])


@pytest.mark.parametrize(("rate", "beta"), [(-1, 0.1), (1, 1.1), (1, -0.1)])
def test_a_beta_factor_is_a_share(rate: float, beta: float) -> None:
    with pytest.raises(ValueError, match="beta"):
        common_cause(rate, beta)


@pytest.mark.parametrize(("bad", "size"), [(1.1, 8), (-0.1, 8), (0.1, 0)])
def test_capacity_has_bounds(bad: float, size: int) -> None:
    with pytest.raises(ValueError, match="bad GPUs"):
        capacity_lost(bad, size)


# The command, and the page.


def derisk(*words: str) -> Any:
    return CliRunner().invoke(application, ["fabric", *words])


def test_the_page_has_the_numbers_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/fabric_page.py"


def test_the_command_tells_what_the_page_tells() -> None:
    told = derisk("infiniband_ndr", "--nodes", "12500")
    assert told.exit_code == 0
    assert "12_500 nodes of 8 GPUs, 100_000 GPUs" in told.stdout
    assert "2.5 PB/s each way; 5.91 hops" in told.stdout
    assert any(line.split() == ["leaf", "scale-out", "1_568", "0", "64", "87.50%"] for line in told.stdout.splitlines())


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("infiniband_ndr", "--nodes", "300"), "rail"),
        (("roce_400g_llama3", "--nodes", "3072"), "fat_tree"),
        (("nvlink5_nvl72", "--nodes", "300"), "nvl_rail"),
        (("nvlink4", "--nodes", "300"), "rail"),
        (("ici_3d_torus", "--nodes", "320"), "torus_3d"),
        (("ici_2d_torus", "--nodes", "32"), "torus_3d"),
        (("infiniband_ndr", "--nodes", "300", "--kind", "fat_tree", "--nodes-per-leaf", "4"), "fat_tree"),
        (("infiniband_ndr", "--nodes", "384", "--kind", "dragonfly"), "dragonfly"),
        (("infiniband_ndr", "--nodes", "300", "--wan", "10 Tb/s"), "two_sites"),
        (("infiniband_ndr", "--nodes", "300", "--node", "hgx_b200", "--radix", "64"), "rail"),
    ],
)
def test_json_has_the_fields_of_the_page(words: tuple[str, ...], kind: str) -> None:
    told = derisk(*words, "--json")
    assert told.exit_code == 0
    found = json.loads(told.stdout)
    assert found["layout"]["kind"] == kind
    fields = set(found) | set(found["elements"][0]) | set(found["domains"][0])
    text = PAGE.read_text(encoding="utf-8").partition("## Fields of")[2]
    assert sorted(field for field in fields if f"`{field}`" not in text) == []
    assert derisk(*words).exit_code == 0


def test_the_pods_of_llama_3_are_those_of_the_paper() -> None:
    layout = json.loads(derisk("roce_400g_llama3", "--nodes", "3072", "--json").stdout)["layout"]
    assert layout["nodes_per_leaf"] * layout["leaves_per_pod"] * 8 == 3_072
    assert layout["pod_oversubscription"] == 7


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("infinity_fabric", "--nodes", "8"), 3, "joins the GPUs of one node"),
        (("ici_3d_torus", "--nodes", "25001"), 3, "write 24_992 or 25_008"),
        (("infiniband_ndr", "--nodes", "1000000"), 3, "a core of 128 ports cannot join"),
        (("infiniband_ndr", "--nodes", "0"), 3, "the least is 2"),
        (("infiniband_ndr", "--nodes", "-5"), 3, "the least is 2"),
        (("infiniband_ndr", "--nodes", "100", "--kind", "dragonfl"), 3, "did you mean 'dragonfly'?"),
        (("infiniband_ndr", "--nodes", "100", "--kind", "nvl_rail"), 3, "joins no nodes"),
        (("infiniband_nrd", "--nodes", "100"), 3, "did you mean 'infiniband_ndr'?"),
        (("h100_sxm", "--nodes", "100"), 3, "is the profile of a gpu, but a fabric is needed"),
        (("infiniband_ndr", "--nodes", "100", "--node", "hgx_h10"), 3, "did you mean"),
        (("infiniband_ndr", "--nodes", "100", "--kind", "two_sites"), 2, "such as '10 Tb/s'"),
        (("infiniband_ndr", "--nodes", "100", "--kind", "rail", "--wan", "1 Tb/s"), 2, "ask for the kind two_sites"),
        (("infiniband_ndr", "--nodes", "100", "--wan", "1 TB"), 2, "WAN: "),
        (("infiniband_ndr",), 2, "--nodes"),
    ],
)
def test_what_cannot_be_told_is_refused(words: tuple[str, ...], code: int, said: str) -> None:
    told = derisk(*words)
    assert told.exit_code == code, told.output
    assert said in told.output
    assert "Traceback" not in told.output


def test_networks_are_told_apart() -> None:
    rows = blast_radius(build(SMALL["NVL"]))
    assert {row.element for row in rows if row.network == "scale-up"} == {"nvlink switch", "nvlink"}
