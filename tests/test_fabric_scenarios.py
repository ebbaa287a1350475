"""Elements of a fabric as parts of a scenario: what each cuts off or slows, and what follows where nobody says."""

import inspect
import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from typer.testing import CliRunner

from simulator import resources
from simulator.cli import application
from simulator.compile.compile import compile_plan
from simulator.engines import kernel, reference
from simulator.fabrics import (
    KINDS,
    Elements,
    Topology,
    blast_radius,
    build,
    common_cause,
    fabric_of,
    layout_from,
    share_left,
    slowdown_of,
)
from simulator.nouns.cluster import Cluster
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import Account, Column, Kind
from simulator.numbers.plan import Plan, Purpose, Result, Rule, Slice, Tally
from simulator.numbers.times import NEVER, SPEED_SCALE, Family
from simulator.scenario import Scenario, ScenarioErrors, load_scenario, parse_scenario
from simulator.scenario.elements import Struck, _struck
from simulator.scenario.profiles import load_fabric, load_node
from simulator.words.unit_catalogue import ELEMENTS
from tests.test_architecture import ROOT
from tests.test_fabric import SMALL

PAGE = (ROOT / "docs" / "fabric.md").read_text(encoding="utf-8")
DAY = 86_400.0
EXPOSED = 0.1
OTHER = "part: node link, rate: 0.1 /day"  # for which the fabric is asked
HGX = "node: hgx_h100, fabric: infiniband_ndr"
NVL = "node: gb200_nvl72, fabric: infiniband_ndr, topology: nvl_rail"
TPU = "node: tpu_v5p_pod, fabric: ici_3d_torus"


def scenario_of(cluster: str, *causes: str, job: str = "", overrides: list[str] | None = None) -> Scenario:
    """A run of 10 days on such a cluster; a cause is what stands in its braces."""
    failures = "\n".join(f"  cause_{number}: {{{cause}}}" for number, cause in enumerate(causes))
    text = f"schema: 1\nname: small\ncluster: {{{cluster}}}\njob: {{work: 10 d{job}}}\nfailures:\n{failures}\n"
    text += "recovery: {detection: 1 min, repair: 24 h}\n"
    return parse_scenario(text, overrides, name="small.yaml")


def struck_by(cluster: str, part: str, job: str = f", exposed_network: {EXPOSED}") -> tuple[np.ndarray, Plan]:
    healed = ", healed: 4 h" if job else ""
    plan = compile_plan(scenario_of(cluster, f"part: {part}, rate: 0.001 /day{healed}", job=job))
    return plan.slices, plan


def some_slow(topology: Topology, part: str, total: int) -> bool:
    """Whether one of the elements of a class leaves less bandwidth, and cuts off no node."""
    return any(0 < share_left(topology, part, number).min() < 1 for number in range(total))


def built(cluster: str, nodes: int, **more: Any) -> Topology:
    words = dict(pair.split(": ") for pair in cluster.split(", "))
    node, gpu = load_node(words["node"])
    return fabric_of(layout_from(load_fabric(words["fabric"]), node, gpu, nodes, kind=words.get("topology"), **more))


CLASSES = [
    (f"{HGX}, topology: fat_tree, nodes: 40 nodes", "leaf", 40),
    (f"{HGX}, topology: fat_tree, nodes: 40 nodes", "spine", 40),
    (f"{HGX}, nodes: 1_030 nodes", "leaf", 1_030),
    (f"{HGX}, nodes: 1_030 nodes", "spine", 1_030),
    (f"{HGX}, nodes: 1_030 nodes", "core", 1_030),
    (f"{HGX}, nodes: 130 nodes", "leaf uplink", 130),
    (f"{NVL}, nodes: 80 nodes", "nvlink switch", 80),
    (f"{NVL}, nodes: 80 nodes", "leaf", 80),
    (f"{HGX}, topology: dragonfly, nodes: 192 nodes", "router", 192),
    (f"{HGX}, topology: dragonfly, nodes: 192 nodes", "local link", 192),
    (f"{TPU}, nodes: 64 nodes", "cube", 64),
    (f"{TPU}, nodes: 64 nodes", "x link", 64),
]


@pytest.mark.parametrize(("cluster", "part", "nodes"), CLASSES, ids=[f"{c[1]} of {c[2]}" for c in CLASSES])
def test_an_element_takes_its_slice_or_slows_the_job(cluster: str, part: str, nodes: int) -> None:
    scale_up = part == "nvlink switch"
    topology = built(cluster, nodes)
    blast = {row.element: row for row in blast_radius(topology)}[part]
    narrower = f", exposed_{'scale_up' if scale_up else 'network'}: {EXPOSED}"
    found, plan = struck_by(cluster, part, narrower if some_slow(topology, part, blast.total) else "")
    assert plan.units.tolist() == [blast.total] == [len(found)]
    assert (plan.rules[:, Rule.SLICE], plan.per_place, plan.span) == (0, 0, 0)
    assert found[:, Slice.NODES].max() == blast.cut_off
    for number in {0, blast.total // 2, blast.total - 1}:
        left = share_left(topology, part, number)
        first, count, speed = found[number].tolist()
        assert np.flatnonzero(left == 0).tolist() == list(range(first, first + count))
        wanted = SPEED_SCALE if count else round(SPEED_SCALE / (1 - EXPOSED + EXPOSED / left.min()))
        assert speed == pytest.approx(wanted, abs=1)


def test_a_plane_leaves_the_others(tmp_path: Path) -> None:
    profile = (resources.hardware_profiles() / "infiniband_ndr.yaml").read_text(encoding="utf-8")
    (tmp_path / "planes.yaml").write_text(f"{profile}\nplanes: 4\n", encoding="utf-8")
    text = """\
schema: 1
name: planes
cluster: {node: hgx_h100, nodes: 130 nodes, fabric: planes.yaml}
job: {work: 1 d, exposed_network: 20%}
failures:
  plane: {part: plane, rate: 0.01 /plane/day, healed: 1 h}
"""
    scenario = parse_scenario(text, folder=tmp_path)
    plan = compile_plan(scenario)
    speed = round(SPEED_SCALE * float(slowdown_of(0.75, 0.2)))
    assert plan.slices.tolist() == [[0, 0, speed]] * 4
    # Its profile is found from anywhere.
    again = compile_plan(parse_scenario(scenario.resolved_yaml(), folder="/"))
    assert all(np.array_equal(one, other) for one, other in zip(plan, again, strict=True))


def test_a_node_that_is_a_file_is_found_again(tmp_path: Path) -> None:
    profile = (resources.hardware_profiles() / "hgx_h100.yaml").read_text(encoding="utf-8")
    (tmp_path / "own.yaml").write_text(profile, encoding="utf-8")
    (tmp_path / "here.yaml").write_text(
        "schema: 1\nname: own\ncluster: {node: own.yaml, nodes: 130 nodes, fabric: infiniband_ndr}\njob: {work: 1 d}\n"
        "failures:\n  it: {part: spine, rate: 0.01 /day}\n",
        encoding="utf-8",
    )
    scenario = load_scenario(tmp_path / "here.yaml")
    again = parse_scenario(scenario.resolved_yaml(), folder="/")
    assert again.resolved() == scenario.resolved()
    assert np.array_equal(compile_plan(again).slices, compile_plan(scenario).slices)


# What a class is called, and counted by.


@pytest.mark.parametrize("layout", SMALL.values(), ids=list(SMALL))
def test_every_class_has_a_name_in_a_scenario_and_serves_nodes(layout: Any) -> None:
    topology = build(layout)
    built_in = {"node", "leaf", "nvlink"}
    assert {each.name for each in topology.elements} <= {*ELEMENTS, *built_in}
    assert all((each.nodes > 0).all() for each in topology.switches)  # so no element stands idle


def test_every_kind_can_be_written() -> None:
    assert set(get_args(get_args(Cluster.model_fields["topology"].annotation)[0])) == set(KINDS)


@pytest.mark.parametrize("part", ["spine", "leaf uplink", "node link", "pod"])
def test_rates_count_by_elements(part: str) -> None:
    cluster = f"{HGX}, nodes: 1_030 nodes"
    found = scenario_of(
        cluster,
        f"part: {part}, rate: 0.002 /{part}/day",
        f"part: {part}, observed: {{count: 20, over: 10 d, on: 1_000 {part}s}}",
        f"part: software, rate: 0.002 /{part}/day",
    )
    plan = compile_plan(found)
    assert plan.hazard[:2, 0] * DAY == pytest.approx(0.002)
    number = len(found.document.cluster.slices_of(part))
    assert plan.units.tolist() == [number, number, 1]
    assert plan.hazard[2, 0] * DAY == pytest.approx(0.002 * number)


def test_what_is_given_comes_before_the_fabric() -> None:
    for size, part, span in (("nodes_per_leaf: 8 nodes", "leaf", 8), ("parts: {spine: 32 nodes}", "spine", 32)):
        plan = compile_plan(scenario_of(f"{HGX}, nodes: 128 nodes, {size}", f"part: {part}, rate: 0.1 /day", OTHER))
        assert (plan.span.tolist(), plan.rules[:, Rule.SLICE].tolist()) == ([span, 0], [-1, 0])


def test_leaf_tor_and_switch_are_leaves_of_the_fabric() -> None:
    plans = [struck_by(f"{HGX}, nodes: 130 nodes", part)[0] for part in ("leaf", "tor", "switch")]
    assert np.array_equal(plans[0], plans[1]) and np.array_equal(plans[1], plans[2])
    assert len(plans[0]) == 3 * 8  # groups of 64, 64 and 2 nodes, with a leaf for each rail


@pytest.mark.parametrize("size", ["radix: 32 ports", "nodes_per_leaf: 8 nodes"])
def test_sizes_of_the_fabric_can_be_set(size: str) -> None:
    name, number = size.split()[0][:-1], int(size.split()[1])
    found, _ = struck_by(f"{HGX}, nodes: 128 nodes, {size}", "spine")
    topology = built(HGX, 128, **{name: number})
    blast = {row.element: row for row in blast_radius(topology)}["spine"]
    assert len(found) == blast.total
    assert found[0, Slice.SPEED] == round(SPEED_SCALE * float(slowdown_of(blast.share_left, EXPOSED)))
    assert blast.share_left < {row.element: row for row in blast_radius(built(HGX, 128))}["spine"].share_left


# Slices that are none.


def elements(*rows: tuple[int, int, int, float]) -> Elements:
    element, first, nodes, share = (np.array(column) for column in zip(*rows, strict=True))
    return Elements("router", "scale-out", int(element.max()) + 1, 0, 1, element, first, nodes, share)


def test_slices_that_touch_are_one_and_others_are_refused() -> None:
    made = _struck(elements((0, 4, 2, 0.0), (0, 2, 2, 0.0), (1, 0, 3, 0.5), (1, 7, 1, 0.25)))
    assert isinstance(made, Struck)
    assert (made.first.tolist(), made.nodes.tolist(), made.share.tolist()) == ([2, 0], [4, 0], [1.0, 0.25])
    wrong = _struck(elements((0, 0, 2, 0.0), (0, 5, 2, 0.0)))
    assert wrong == (
        "a router cuts off nodes with others between them, such as 4 of 7; name another part, or the domain that goes "
        "with it"
    )


# Domains.


def test_domains_have_the_sizes_of_the_fabric() -> None:
    names = ("rack", "feed", "row", "hall")
    scenario = scenario_of(f"{HGX}, nodes: 1_030 nodes", *(f"part: {name}, rate: 0.1 /{name}/year" for name in names))
    plan = compile_plan(scenario)
    domains = built(HGX, 1_030).layout.domains()
    assert plan.span.tolist() == [4, 16, 64, 512]
    assert plan.units.tolist() == [len(domains[name].first) for name in names]
    assumed = {row.path for row in scenario.table() if row.source.startswith("ASSUMED: racks of 4 nodes")}
    assert assumed == {f"cluster.nodes_per_{name}" for name in names}


def test_domains_that_are_given_decide_those_around_them() -> None:
    cluster = f"{HGX}, nodes: 1_030 nodes, nodes_per_rack: 2 nodes, nodes_per_row: 24 nodes"
    plan = compile_plan(scenario_of(cluster, "part: feed, rate: 0.1 /feed/year", "part: hall, rate: 0.1 /hall/year"))
    assert plan.span.tolist() == [8, 192]


def test_a_site_alone_is_the_jobs() -> None:
    plan = compile_plan(scenario_of(f"{HGX}, nodes: 128 nodes", "part: site, rate: 0.1 /site/year", OTHER))
    assert (plan.units[0], plan.span[0], plan.rules[:, Rule.SLICE].tolist()) == (1, 0, [-1, 0])


def test_domains_of_two_sites_are_slices() -> None:
    cluster = f"{HGX}, nodes: 85 nodes, topology: two_sites"
    plan = compile_plan(scenario_of(cluster, "part: rack, rate: 0.1 /rack/year", "part: site, rate: 0.1 /site/year"))
    racks, sites = plan.slices[: plan.units[0]], plan.slices[plan.units[0] :]
    assert sites[:, :2].tolist() == [[0, 43], [43, 42]]
    assert racks[:, Slice.NODES].tolist() == [4] * 10 + [3] + [4] * 10 + [2]
    assert np.array_equal(racks[1:, Slice.FIRST], np.cumsum(racks[:-1, Slice.NODES]))
    borders, _ = struck_by(cluster, "border router", "")
    assert borders[:, :2].tolist() == [[43, 42], [43, 42]]


@pytest.mark.parametrize("domain", ["rack", "feed", "pod"])
def test_a_common_cause_splits_the_rate_of_a_part(domain: str) -> None:
    rate, beta = 0.01, 0.2
    scenario = scenario_of(
        f"{HGX}, nodes: 1_030 nodes", f"part: node, rate: {rate} /node/day, common: {{share: {beta}, domain: {domain}}}"
    )
    plan = compile_plan(scenario)
    wanted = common_cause(rate, beta)
    assert plan.hazard[:, 0] * DAY == pytest.approx([wanted.alone, wanted.together])
    domains = built(HGX, 1_030).layout.domains()[domain]
    assert plan.units.tolist() == [1_030, len(domains.first)]
    if domain == "pod":
        assert plan.slices[:, Slice.FIRST].tolist() == domains.first.tolist()
        assert plan.slices[:, Slice.NODES].tolist() == domains.sizes.tolist()


# The share of a step that waits.


def test_without_a_step_the_share_is_assumed_and_moves_the_speed() -> None:
    scenario = scenario_of(f"{HGX}, nodes: 130 nodes", "part: spine, rate: 0.001 /spine/day")
    (row,) = (row for row in scenario.table() if row.path == "job.exposed_network")
    assert (row.value, row.source[:8]) == ("4%", "ASSUMED:")
    names = {quantity.path for quantity in scenario.inputs}
    assert "job.exposed_network" in names and "job.exposed_scale_up" not in names
    share = share_left(built(HGX, 130), "spine", 0).min()
    for drawn in (0.01, 0.5):
        slices = compile_plan(scenario, {"job.exposed_network": drawn}).slices
        assert slices[0, Slice.SPEED] == round(SPEED_SCALE * float(slowdown_of(share, drawn)))
    assert compile_plan(scenario).slices[0, Slice.SPEED] == round(SPEED_SCALE * float(slowdown_of(share, 0.04)))


MODEL = ", model: llama3_405b, global_batch: 2_048 sequences"


def test_with_a_step_the_share_follows_from_it() -> None:
    spines = ["part: spine, rate: 0.001 /spine/day", "part: nvlink switch, rate: 0.001 /day"]
    cluster = "node: gb200_nvl72, fabric: infiniband_ndr, topology: nvl_rail, gpus: 9_216 GPUs"
    text = f", precision: fp8{MODEL.replace('2_048', '2_304')}"
    job = scenario_of(cluster, *spines, job=text).document.job
    out, up = job.exposed_network, job.exposed_scale_up
    assert out is not None and up is not None
    assert 0 < out.median < 0.2 and 0 <= up.median < 0.3
    assert not out.assumed and "predicted step" in str(out.source)
    given = scenario_of(cluster, *spines, job=f"{text}, exposed_network: 30%").document.job.exposed_network
    assert given is not None and given.median == 0.3


def test_communication_is_shared_out_between_the_networks() -> None:
    from simulator.workload.exposed import exposed_shares

    overrides = ["job.tokens=1T tokens"]
    scenario = scenario_of(f"{HGX}, gpus: 16_384 GPUs", "part: node, rate: 0.001 /day", job=MODEL, overrides=overrides)
    assert scenario.step is not None
    parts, step = scenario.step.prediction.parts, scenario.step.prediction
    shares = exposed_shares(scenario.step.case, step)
    names = ("tensor_parallel", "context_parallel", "expert_parallel", "data_parallel", "pipeline_transfer")
    assert sum(shares) * step.step_s == pytest.approx(sum(parts[name] for name in names))
    # Tensor parallelism stays within a node of eight, and the rest does not.
    assert shares.scale_up * step.step_s == pytest.approx(parts["tensor_parallel"])
    # Without a cause that needs it, nobody asks.
    assert scenario.document.job.exposed_network is None


# How long, and what is told.


def test_the_network_is_narrower_for_as_long_as_a_repair() -> None:
    cluster = f"{HGX}, nodes: 130 nodes"
    said = ("", ", repair: 3 h", ", healed: 5 h", ", healed: never")
    plan = compile_plan(scenario_of(cluster, *(f"part: spine, rate: 1 /day{more}" for more in said)))
    laws = plan.laws[:4, Purpose.HEALED]
    assert laws[:3, 0].tolist() == [Family.FIXED] * 3 and laws[3, 0] == Family.NEVER
    assert laws[:3, 1].tolist() == [DAY, 3 * 3_600, 5 * 3_600]


def test_check_says_what_the_fabric_gave() -> None:
    cluster = f"{HGX}, topology: fat_tree, nodes: 40 nodes"
    scenario = scenario_of(cluster, "part: leaf, rate: 1 /day", "part: spine, rate: 1 /day", "part: feed, rate: 1 /day")
    told = {row.path: (row.value, row.source) for row in scenario.derived() if "fabric" in row.path}
    slows = "one cuts off no node, slows the job to 99.937% of its speed"
    assert told == {
        "leaf of the fabric": ("5 elements", "infiniband_ndr: one cuts off 8 nodes"),
        "spine of the fabric": ("64 elements", f"infiniband_ndr: {slows}"),
    }


@pytest.mark.parametrize("cluster", sorted({each[0] for each in CLASSES}))
def test_a_scenario_with_elements_resolves_to_itself(cluster: str) -> None:
    parts = [part for other, part, _ in CLASSES if other == cluster]
    scenario = scenario_of(cluster, *(f"part: {part}, rate: 0.001 /{part}/day" for part in parts))
    again = parse_scenario(scenario.resolved_yaml(), name="again.yaml")
    assert again.resolved() == scenario.resolved()
    assert again.draw_inputs(3, 5) == scenario.draw_inputs(3, 5)
    values = scenario.draw_inputs(3, 5)
    for before, after in zip(compile_plan(scenario, values), compile_plan(again, values), strict=True):
        assert np.array_equal(before, after)


def test_the_scenario_of_the_page_loads() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    scenario = parse_scenario(text)
    assert set(scenario.document.cluster.elements) == {"spine", "leaf"}
    assert len(text.splitlines()) <= 10


def test_no_profile_needs_no_fabric() -> None:
    with pytest.raises(ScenarioErrors) as caught:
        scenario_of("nodes: 128 nodes, fabric: infiniband_ndr", "part: rack, rate: 1 /day")
    assert 'write "node: hgx_h100" under cluster' in str(caught.value)


# The engines.


def both(plan: Plan) -> Result:
    key = np.uint64(replication_key(7, 0))
    fast, told = kernel.run(plan, key, log=True), reference.simulate(plan, key, log=True)
    for field, one, other in zip(fast._fields, fast, told, strict=True):
        assert np.array_equal(one, other), field
    return fast


engines = pytest.mark.skipif("tally" not in inspect.getsource(kernel), reason="the kernel does not tell elements yet")
FAST = ["checkpoint.interval=10 min", "recovery.detection=1 min", "recovery.diagnosis=0 s", "recovery.restart=1 min"]


@engines
def test_a_spine_slows_the_job_and_stops_nothing() -> None:
    spine = "part: spine, rate: 0.05 /spine/day, healed: 6 h"
    plan = compile_plan(scenario_of(f"{HGX}, nodes: 130 nodes", spine, job=", exposed_network: 50%", overrides=FAST))
    found, alone = both(plan), both(plan._replace(units=np.zeros(1, np.int64)))
    assert found.failures.sum() == 0 == found.interruptions.sum()
    assert found.tally[Tally.SLOWED] > 10
    assert found.ledger[Account.PRODUCTIVE] == alone.ledger[Account.PRODUCTIVE]
    assert found.finish > alone.finish
    assert plan.horizon == NEVER or found.finish < plan.horizon


@engines
def test_a_domain_shock_takes_exactly_the_domain() -> None:
    cluster = f"{HGX}, nodes: 85 nodes, hot_spares: 85 nodes, topology: two_sites"
    plan = compile_plan(scenario_of(cluster, "part: rack, rate: 0.07 /rack/day", overrides=FAST))
    found = both(plan)
    sizes = dict(plan.slices[:, :2].tolist())
    struck = found.log[found.log[:, Column.KIND] == Kind.STRIKE, Column.PLACE].tolist()
    assert {3, 4} <= {sizes[place] for place in struck}
    assert found.tally[Tally.SWAPS] == sum(sizes[place] for place in struck)
    assert found.tally[Tally.REPAIRS] == len(struck)


@engines
def test_derisk_run_answers_for_spines(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "spines.yaml"
    path.write_text(text, encoding="utf-8")
    ran = CliRunner().invoke(application, ["run", str(path), "--replications", "20", "--output", str(tmp_path / "out")])
    assert ran.exit_code == 0, ran.output
    assert "spine" in CliRunner().invoke(application, ["check", str(path)]).output
