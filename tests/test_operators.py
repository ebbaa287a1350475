"""Operators: what a class fills, one maturity behind what it is good at, mixtures, and the rows that follow from it."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from simulator import resources
from simulator.compile.compile import compile_plan
from simulator.compile.interval import best_interval, stop_rate
from simulator.ensemble import pinned, run_ensemble
from simulator.ensemble.estimates import estimate
from simulator.metrics import goodput
from simulator.nouns.checkpoint import Optimum
from simulator.nouns.operators import MATURITY, moved
from simulator.numbers.plan import Plan, Purpose
from simulator.numbers.times import TICKS_PER_SECOND, Law
from simulator.scenario import Scenario, ScenarioErrors, parse_scenario
from simulator.scenario.cautions import cautions
from simulator.scenario.operators import operator_names
from simulator.words import laws
from simulator.words.quantity import Z90, OfClass, Quantity, by_class

PRACTICE = Path(__file__).resolve().parents[2] / "shared" / "facts" / "practice.yaml"
CLASSES = ("by_hand", "automatic", "best")

SHORT = """
schema: 1
name: a short file
cluster: {node: hgx_h100, gpus: 16_384 GPUs}
job: {work: 20 d}
failures:
  gpu: {part: gpu, rate: 0.3 /kGPU/day}
  software: {part: software, rate: 0.06 /kGPU/day}
"""


def read(*overrides: str, text: str = SHORT) -> Scenario:
    return parse_scenario(text, list(overrides))


def mean_of(plan: Plan, row: int, purpose: Purpose) -> float:
    kind, *numbers = (float(number) for number in plan.laws[row, purpose])
    return laws.mean(Law(int(kind), *numbers))


def named(scenario: Scenario) -> dict[str, int]:
    return {name: row for row, name in enumerate(scenario.document.failures.causes)}


# What the classes say


@pytest.mark.parametrize("name", CLASSES)
def test_every_number_of_a_class_says_what_speaks_for_it(name: str) -> None:
    filled = [row for row in read(f"operator={name}").table() if row.path.startswith(("recovery.", "checkpoint."))]
    assert len(filled) > 15
    assert [row.path for row in filled if row.source in ("", "ASSUMED")] == []


def test_a_class_is_the_default_and_is_told() -> None:
    scenario = read()
    assert scenario.resolved()["operator"]["classes"] == {"automatic": "100%"}
    assert scenario.resolved_yaml() == read("operator=automatic").resolved_yaml()
    assert scenario.spares == math.ceil(0.03 * 2048)
    spares = next(row for row in scenario.table() if row.path == "cluster.hot_spares")
    assert spares.source == "ASSUMED: 3% of the nodes, class automatic"


def test_a_scenario_says_what_it_knows_and_the_class_the_rest() -> None:
    scenario = read("recovery.diagnosis=5 min", "cluster.hot_spares=7 nodes", "checkpoint.interval=10 min")
    plan = compile_plan(scenario)
    assert plan.spares == 7 and plan.interval == 600 * TICKS_PER_SECOND
    assert mean_of(plan, 0, Purpose.DIAGNOSIS) == 300.0
    assert mean_of(plan, 0, Purpose.RESTART) == mean_of(compile_plan(read()), 0, Purpose.RESTART)


MARGINS = [
    ("by_hand", "detection", (60, 600, 1800)),
    ("by_hand", "hangs.detection", (600, 1800, 3600)),
    ("automatic", "detection", (10, 40, 180)),
    ("automatic", "hangs.detection", (300, 600, 1800)),
    ("best", "detection", (2, 15, 60)),
    ("best", "hangs.detection", (60, 180, 600)),
]


@pytest.mark.parametrize(("name", "field", "wanted"), MARGINS)
def test_operators_and_chance_together_have_the_range_of_the_evidence(
    name: str, field: str, wanted: tuple[float, float, float]
) -> None:
    """Half of the variance is between operators; over all failures of all operators the range is the published one."""
    scenario = read(f"operator={name}")
    drawn = {quantity.path: quantity for quantity in scenario.inputs}[f"recovery.{field}.p50"]
    shape = next(float(row.value) for row in scenario.table() if row.path == f"recovery.{field}.shape")
    random = np.random.default_rng(20260101)
    medians = np.array([drawn.at_score(score) for score in random.standard_normal(40_000)])
    seconds = medians * np.exp(shape * random.standard_normal(40_000))
    for share, value in zip((0.1, 0.5, 0.9), wanted, strict=True):
        assert np.quantile(seconds, share) == pytest.approx(value, rel=0.12 if share != 0.5 else 0.2), share


@pytest.mark.skipif(not PRACTICE.exists(), reason="the evidence stands beside the project, and is not here")
def test_classes_are_those_of_the_evidence() -> None:
    facts = YAML(typ="safe").load(PRACTICE)
    for name in CLASSES:
        known = {row.path: row for row in parse_scenario(SHORT, [f"operator={name}"]).table()}
        inputs = {quantity.path: quantity for quantity in read(f"operator={name}").inputs}
        for path, fact, unit in (
            ("recovery.diagnosis", "diagnosis_s", 1.0),
            ("recovery.restart.times", "restart_factor", 1.0),
            ("recovery.cure", "cure", 1.0),
            ("checkpoint.interval.times_optimum", "interval_as_multiple_of_optimum", 1.0),
            ("checkpoint.tiers.0.blocking", "pause_of_a_save_s", 1.0),
        ):
            told = facts[fact][name]
            numbers = [
                float(str(told[key]).rstrip("%")) / (100 if "%" in str(told[key]) else 1)
                for key in told
                if key in ("p10", "p50", "p90")
            ]
            found = [inputs[path].p10, inputs[path].median, inputs[path].p90]
            assert found == pytest.approx([unit * number for number in numbers]), (name, path)
        assert known["recovery.hangs.share"].value == facts["hang_share"][name]


# One maturity


def test_maturity_moves_what_an_operator_is_good_at_together() -> None:
    """The correlation of scores is `alike`, within four standard errors of Fisher's z; margins stay as they are."""
    scenario, number = read("operator.alike=50%"), 4_000
    paths = ("recovery.diagnosis", "checkpoint.tiers.0.blocking", "recovery.restart.times", "recovery.cure")
    inputs = {quantity.path: quantity for quantity in scenario.inputs}
    draws = [scenario.draw_inputs(5, replication) for replication in range(number)]
    values = {path: np.array([draw[path] for draw in draws]) for path in (*paths, MATURITY)}
    scores = {path: np.array([inputs[path].score_of(value) for value in values[path]]) for path in paths}

    def fisher(one: str, other: str) -> float:
        return math.atanh(float(np.corrcoef(scores[one], scores[other])[0, 1]))

    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs(fisher(paths[one], paths[other]) - math.atanh(0.5)) * math.sqrt(number - 3) < 4
    assert abs(fisher(paths[0], paths[3])) * math.sqrt(number - 3) < 4, "a cure is another matter"
    for path in paths:
        quantity = inputs[path]
        for edge, share in ((quantity.p10, 0.1), (quantity.median, 0.5), (quantity.p90, 0.9)):
            assert edge is not None
            found = float((values[path] <= edge).mean())
            assert abs(found - share) / math.sqrt(share * (1 - share) / number) < 4, path
    assert np.corrcoef(values[MATURITY], scores[paths[0]])[0, 1] < -0.5, "who is mature is fast"


def test_what_is_not_alike_is_drawn_apart() -> None:
    scenario = read("operator={classes: automatic, alike: 0%}")
    assert MATURITY not in {quantity.path for quantity in scenario.inputs}
    alone, together = scenario.draw_inputs(3, 4), read().draw_inputs(3, 4)
    assert alone["recovery.cure"] == together["recovery.cure"], "what maturity does not move stays"
    assert alone["recovery.diagnosis"] != together["recovery.diagnosis"]


def test_a_maturity_that_is_pinned_moves_the_rest() -> None:
    scenario = read()
    slow, fast = (pinned(scenario, {MATURITY: share})(7).inputs for share in (0.1, 0.9))
    assert slow[MATURITY] == 0.1 and fast[MATURITY] == 0.9
    assert all(slow[path] > fast[path] for path in ("recovery.diagnosis", "checkpoint.tiers.0.blocking"))
    assert slow["recovery.cure"] == fast["recovery.cure"]


def test_no_class_is_better_than_a_better_one_at_any_quantile() -> None:
    """The same draws: what people do by hand takes longer than what agents do, and that longer than recovery in place.

    Spares, saves to memory and planned stops are structure, not skill, so they are the same for all three.
    """
    same = ("cluster.hot_spares=100 nodes", "maintenance={every: 27.6 h, length: 3 min}", "job.work=8 d")
    finishes = []
    for name in CLASSES:
        ensemble = run_ensemble(read(f"operator={name}", *same), replications=300, seed=11, twins=False)
        finishes.append(np.sort(ensemble.table["finish_days"].to_numpy()))
    for worse, better in pairwise(finishes):
        assert (worse >= better).all()


# Mixtures


def test_a_mixture_draws_a_class_for_each_replication() -> None:
    scenario = read("operator={automatic: 70%, by_hand: 30%}")
    number = 3_000
    draws = [scenario.draw_inputs(2, replication) for replication in range(number)]
    share = sum(draw["operator.class"] == 1 for draw in draws) / number
    assert abs(share - 0.3) / math.sqrt(0.3 * 0.7 / number) < 4
    alone = {name: read(f"operator={name}").draw_inputs(2, 9)["recovery.diagnosis"] for name in CLASSES}
    drawn = draws[9]
    assert drawn["recovery.diagnosis"] == alone["by_hand" if drawn["operator.class"] else "automatic"]


def test_the_distribution_of_a_mixture_is_the_sum_of_its_parts() -> None:
    fast = Quantity(40.0, "s", p10=15.0, p90=125.0)
    slow = Quantity(600.0, "s", spread=0.5)
    mixture = by_class((OfClass("a", 0.7, fast), OfClass("b", 0.3, slow)), None)
    for score in (-2.0, -Z90, 0.0, 0.5, Z90, 2.5):
        value = mixture.at_score(score)
        below = sum(
            part * 0.5 * math.erfc(-number.score_of(value) / math.sqrt(2))
            for part, number in ((0.7, fast), (0.3, slow))
        )
        assert below == pytest.approx(0.5 * math.erfc(-score / math.sqrt(2)), abs=1e-9)
    assert mixture.median == mixture.at_score(0.0)


@pytest.mark.parametrize("operator", [*CLASSES, "{automatic: 70%, by_hand: 30%}"])
def test_what_is_written_down_runs_again_to_the_same(operator: str) -> None:
    scenario = read(f"operator={operator}")
    again = parse_scenario(scenario.resolved_yaml())
    assert again.resolved_yaml() == scenario.resolved_yaml()
    assert again.draw_inputs(3, 5) == scenario.draw_inputs(3, 5)
    first, second = (compile_plan(one, one.draw_inputs(3, 5)) for one in (scenario, again))
    assert [
        name for name, one, other in zip(Plan._fields, first, second, strict=True) if not np.array_equal(one, other)
    ] == []


def test_classes_that_presume_other_things_are_not_mixed_silently() -> None:
    either = "operator={automatic: 50%, best: 50%}"
    stops, tiers = "maintenance={every: 27.6 h, length: 3 min}", "checkpoint.tiers=[{to: storage}]"
    with pytest.raises(ScenarioErrors, match="differ in maintenance, which cannot"):
        read(either, tiers)
    with pytest.raises(ScenarioErrors, match=r"differ in checkpoint\.tiers"):
        read(either, stops)
    scenario = read(either, stops, tiers)
    shares = {quantity.path: quantity for quantity in scenario.inputs}["recovery.ladder.0.share"].by_class
    assert [part.number.median for part in shares] == [0.0, 0.4]
    compile_plan(scenario, scenario.draw_inputs(1, 1))
    with pytest.raises(ScenarioErrors, match=r"differ in checkpoint\.tiers and maintenance") as caught:
        read(either)
    told = caught.value.errors[0].headline
    assert '"tiers: [{to: storage}]"' in told and '"maintenance: none"' in told
    read(either, "checkpoint.tiers=[{to: storage}]", "maintenance=none")


def own(folder: Path, **classes: str) -> None:
    for name, more in classes.items():
        (folder / f"{name}.yaml").write_text(f"schema: 1\nkind: operator\nname: {name}\n{more}\n", encoding="utf-8")


def test_mixed_classes_do_not_depend_on_their_order_or_are_refused(tmp_path: Path) -> None:
    own(tmp_path, calm="alike: 0%", stops="maintenance: {every: 10 h, length: 1 h}")
    own(tmp_path, rare="maintenance: {every: 100 h, length: 1 min}")
    for first, second, path in (("calm", "automatic", "operator.alike"), ("stops", "rare", "maintenance")):
        for one, other in ((first, second), (second, first)):
            shares = ", ".join(f"{name}{'.yaml' * (name in (first, 'rare', 'stops'))}: 50%" for name in (one, other))
            with pytest.raises(ScenarioErrors, match=rf"differ in {path}"):
                parse_scenario(SHORT, [f"operator={{{shares}}}"], folder=tmp_path)


def test_what_a_scenario_gives_need_not_be_the_same_in_the_classes_of_a_mixture(tmp_path: Path) -> None:
    own(tmp_path, ours="recovery: {detection: 2 min}\ncheckpoint: {interval: 20 min}")
    either = "operator={ours.yaml: 50%, automatic: 50%}"
    with pytest.raises(ScenarioErrors, match=r"differ in recovery\.detection and checkpoint\.interval"):
        parse_scenario(SHORT, [either], folder=tmp_path)
    given = [either, "recovery.detection=1 min", "checkpoint.interval=auto"]
    assert parse_scenario(SHORT, given, folder=tmp_path).document.recovery.detection.at(None) == {"value": 60.0}


def test_a_class_of_ones_own_is_a_name_in_what_a_run_writes_down(tmp_path: Path) -> None:
    own(tmp_path, ours="recovery: {restart: {times: 3}}", best="hot_spares: 7%")
    for operator in ("ours.yaml", "best.yaml", "{ours.yaml: 50%, automatic: 50%}"):
        scenario = parse_scenario(SHORT, [f"operator={operator}"], folder=tmp_path)
        again = parse_scenario(scenario.resolved_yaml(), folder=tmp_path / "elsewhere")
        assert again.resolved_yaml() == scenario.resolved_yaml() and ".yaml" not in again.resolved_yaml()
        assert again.draw_inputs(3, 5) == scenario.draw_inputs(3, 5)
    times = parse_scenario(SHORT, ["operator=ours.yaml"], folder=tmp_path).document.recovery.restart
    assert times.growth == read().document.recovery.restart.growth and times.numbers[0][1].median == 3.0


def test_a_layer_with_an_operator_replaces_the_classes_below() -> None:
    text = SHORT + "operator: {automatic: 70%, by_hand: 30%}\n"
    for override in ("operator=best", "operator={best: 100%}", "operator={classes: best, alike: 0%}"):
        assert set(read(override, text=text).document.operator.classes) == {"best"}
    both = read("operator.classes.automatic=40%", "operator.classes.by_hand=60%", text=text)
    assert [share.median for share in both.document.operator.classes.values()] == [0.4, 0.6]
    assert all(quantity.said for quantity in both.document.operator.classes.values())


def test_values_by_class_are_of_the_classes_of_the_operator() -> None:
    value = "recovery.diagnosis={by_class: {by_hand: {share: 30%, value: 1 h}, automatic: {share: 70%, value: 1 s}}}"
    scenario = read("operator={automatic: 70%, by_hand: 30%}", value)
    drawn = [scenario.draw_inputs(1, number) for number in range(40)]
    assert {each["recovery.diagnosis"] for each in drawn if each["operator.class"] == 0.0} == {1.0}, "by name"
    for operator in (
        "operator=automatic",
        "operator={automatic: 30%, by_hand: 70%}",
        "operator={best: 70%, by_hand: 30%}",
    ):
        with pytest.raises(ScenarioErrors, match="has values for the classes by_hand 30%, automatic 70%"):
            read(operator, value, "maintenance=none", "checkpoint.tiers=[{to: storage}]")


def test_planned_stops_of_a_class_can_be_left_out() -> None:
    usual, without = read("operator=best"), read("operator=best", "maintenance=none")
    assert compile_plan(usual).window_period > 0 and compile_plan(without).window_period == 0
    assert parse_scenario(without.resolved_yaml()).resolved_yaml() == without.resolved_yaml()
    with pytest.raises(ScenarioErrors, match="belongs to windows that are planned"):
        read("operator=best", "maintenance={planned: false, every: 3 d}")
    with pytest.raises(ScenarioErrors, match="class automatic has no planned stops"):
        read("maintenance=none")


def test_a_good_operator_has_better_checks() -> None:
    scenario = read("recovery.detection={every: 1 min, power: {p10: 20%, p50: 50%, p90: 80%}}")
    assert not moved("recovery.detection.power") and moved("recovery.detection.p50")
    assert scenario.draw_inputs(1, 1)["recovery.detection.power"] > 0


def test_a_pause_of_zero_in_memory_leaves_the_optimum_to_storage() -> None:
    tiers = "checkpoint.tiers=[{to: host_memory, blocking: 0 s}, {to: storage, every: 10, blocking: 5 s}]"
    alone = "checkpoint.tiers=[{to: storage, blocking: 0.5 s}]"
    plan = compile_plan(read(tiers, "checkpoint.interval=auto"))
    assert plan.interval == pytest.approx(compile_plan(read(alone, "checkpoint.interval=auto")).interval, rel=1e-6)


def test_the_error_of_the_predicted_steps_of_all_phases_is_one_input() -> None:
    job = (
        "job={model: llama3_70b, phases: [{tokens: 100B tokens, global_batch: 512 sequences},"
        " {tokens: 1T tokens, global_batch: 1_024 sequences}]}"
    )
    scenario = read(job, "cluster.gpus=1_024 GPUs", "cluster.fabric=infiniband_ndr")
    paths = [quantity.path for quantity in scenario.inputs]
    assert paths.count("job.phases.step_time") == 1 and "job.phases.0.step_time" not in paths
    steps = [phase.step_time for phase in scenario.document.job.phases]
    slow = scenario.inputs_at([0.0] * len(paths), {"job.phases.step_time": steps[0].at_score(Z90)})  # type: ignore[union-attr] # predicted
    assert [slow[f"job.phases.{n}.step_time"] for n in (0, 1)] == pytest.approx([s.at_score(Z90) for s in steps])  # type: ignore[union-attr] # as above
    again = parse_scenario(scenario.resolved_yaml())
    assert again.resolved_yaml() == scenario.resolved_yaml() and again.draw_inputs(1, 2) == scenario.draw_inputs(1, 2)


def test_a_number_of_a_law_that_a_class_fills_can_be_changed_alone() -> None:
    usual = read().document.recovery
    changed = read("recovery.detection.p50=x2").document.recovery
    assert changed.detection.at(None) == pytest.approx({"p50": 80.0, "shape": usual.detection.at(None)["shape"]})
    assert changed.hangs is not None and usual.hangs is not None, "and what hangs is still noticed later"
    assert changed.hangs.detection.at(None) == usual.hangs.detection.at(None)
    assert read("recovery.restart=x2").document.recovery.restart.at(None)["value"] == pytest.approx(
        2 * usual.restart.at(None)["value"]
    )
    interval = read("checkpoint.interval=x2").document.checkpoint.interval
    assert isinstance(interval, Optimum) and interval.times_optimum.median == 3.0


def test_all_that_is_wrong_with_a_class_is_said_of_its_file(tmp_path: Path) -> None:
    own(tmp_path, ours="cluster: {hot_spares: 3%}", bare="checkpoint: {tiers: []}")
    for name, words in (("ours", "cluster: unknown key"), ("bare", "has no tier to storage")):
        with pytest.raises(ScenarioErrors, match=words) as caught:
            parse_scenario(SHORT, [f"operator={name}.yaml"], folder=tmp_path)
        assert [Path(error.file).name for error in caught.value.errors] == [f"{name}.yaml"]


def test_an_interval_that_storage_cannot_keep_up_with_is_told() -> None:
    (told,) = cautions(read("checkpoint.interval=5 min"))
    assert told.startswith("checkpoint.interval: with 5 min") and "training waits for it" in told
    for more in ("checkpoint.interval=auto", "checkpoint.interval=2 h", "checkpoint.tiers=[{to: storage, lag: 1 min}]"):
        assert cautions(read("checkpoint.interval=5 min", more)) == ()
    assert cautions(read("checkpoint.interval=5 min", "checkpoint.overlap=skip")) == ()
    assert "nothing stops the job" in cautions(read("failures.gpu=", "failures.software="))[0]


BROKEN = [
    ("recovery.ladder=[{rung: hang x, share: 50%, time: 1 min}]", "must not begin with bad, common, hang"),
    ("recovery.restart={by_gpus: [[1_000 GPUs, 200 s], [1_001 GPUs, 1000 d]]}", "more than a month"),
    ("operator=automatik", "did you mean 'automatic'?"),
    ("operator={automatic: 70%, by_hand: 20%}", "the probabilities sum to 0.9"),
    ("operator=ours.yaml", "there is no file"),
    ("operator={classes: automatic, alike: 120%}", "must not be above 100%"),
    ("recovery.ladder=[{rung: a, share: 50%, time: 1 min}, {rung: a, share: 50%, time: 1 min}]", "another rung"),
    ("recovery.ladder=[{rung: 'a/b', share: 50%, time: 1 min}]", "a short name"),
    ("recovery.restart={by_gpus: [[2 GPUs, 1 s], [1 GPUs, 2 s]]}", "must rise"),
    ("recovery.detection={by_gpus: [[2 GPUs, 1 s]]}", "does not grow with the job here"),
    ("recovery.restart={by_gpus: 3 s}", "is a list of"),
]


@pytest.mark.parametrize(("override", "message"), BROKEN)
def test_mistakes_say_what_to_write(override: str, message: str) -> None:
    with pytest.raises(ScenarioErrors) as caught:
        read(override)
    assert message in str(caught.value)


def test_a_class_of_ones_own_says_what_it_knows(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(
        "schema: 1\nkind: operator\nname: ours\nrecovery: {diagnosis: {value: 90 s, source: our logs}}\n"
    )
    scenario = parse_scenario(SHORT + "operator: ours.yaml\n", folder=tmp_path)
    rows = {row.path: row for row in scenario.table()}
    assert rows["recovery.diagnosis"].value == "90 s" and rows["recovery.diagnosis"].source == "our logs"
    assert rows["recovery.restart.times"].source.startswith("ASSUMED: class automatic")
    (tmp_path / "ours.yaml").write_text("schema: 1\nkind: operator\nname: ours\nrecovery: {diagnosys: 90 s}\n")
    with pytest.raises(ScenarioErrors, match=r"ours\.yaml:4:\d+: recovery\.diagnosys.*did you mean 'diagnosis'"):
        parse_scenario(SHORT + "operator: ours.yaml\n", folder=tmp_path)


def test_classes_are_no_scenarios() -> None:
    assert operator_names() == sorted(CLASSES)
    assert not [path for path in resources.scenario_files() if path.parent.name == "operators"]


# The interval


@pytest.mark.parametrize("times", [1.0, 3.0])
def test_an_interval_follows_the_optimum_of_its_own_replication(times: float) -> None:
    tiers = "checkpoint.tiers=[{to: storage, blocking: {p10: 1 s, p50: 5 s, p90: 60 s}, lag: 0 s}]"
    interval = "auto" if times == 1 else f"{{times_optimum: {times:g}}}"
    scenario = read(tiers, f"checkpoint.interval={interval}")
    for replication in range(20):
        plan = compile_plan(scenario, scenario.draw_inputs(1, replication))
        assert plan.interval == int(times * best_interval(plan))
        daly = math.sqrt(2 * plan.save_storage / TICKS_PER_SECOND / stop_rate(plan)) * TICKS_PER_SECOND
        assert plan.interval == pytest.approx(times * daly, rel=0.2), "Young (1974), to first order"


def test_storage_that_is_slow_to_be_durable_sets_the_pace() -> None:
    tiers = "checkpoint.tiers=[{to: storage, blocking: 1 s, lag: 30 min}]"
    plan = compile_plan(read(tiers, "checkpoint.interval={times_optimum: 0.5}"))
    assert plan.interval == 1800 * TICKS_PER_SECOND > best_interval(plan)


def test_the_pause_of_an_ordinary_save_decides() -> None:
    memory = "{to: host_memory, blocking: 1 s, restore: 5 s}"
    storage = "{to: storage, every: 10, blocking: 100 s, lag: 1 s, restore: 5 s}"
    both = compile_plan(read(f"checkpoint.tiers=[{memory}, {storage}]", "checkpoint.interval=auto"))
    assert both.interval == best_interval(both._replace(save_storage=both.save))


# Rows


def test_a_share_of_each_cause_hangs_and_is_noticed_late() -> None:
    scenario = read("recovery.hangs={share: 10%, detection: 30 min}", "recovery.detection=1 min")
    plan, whole = compile_plan(scenario), compile_plan(read("recovery.detection=1 min"))
    rows = named(scenario)
    assert list(rows) == ["gpu", "gpu_hang", "software", "software_hang"]
    assert stop_rate(plan) == pytest.approx(stop_rate(whole), rel=1e-12)
    assert plan.hazard[rows["gpu_hang"], 0] == pytest.approx(0.1 * whole.hazard[0, 0])
    assert mean_of(plan, rows["gpu_hang"], Purpose.DETECTION) == 1800.0
    assert mean_of(plan, rows["gpu"], Purpose.DETECTION) == 60.0


@pytest.mark.parametrize(
    ("override", "rows"),
    [
        ("failures.gpu.detection=1 min", ["gpu"]),
        ("failures.gpu.hangs=0%", ["gpu"]),
        ("failures.gpu.hangs=100%", ["gpu"]),
        ("failures.gpu.hangs=30%", ["gpu", "gpu_hang"]),
        ("recovery.detection=1 min", ["gpu"]),
        ("failures.gpu={part: gpu, mtbf: 9 d, law: weibull, shape: 0.7}", ["gpu"]),
        ("failures.gpu={part: gpu, mtbf: 9 d, effect: stall, stall: 3 s}", ["gpu"]),
    ],
)
def test_only_what_can_hang_is_split(override: str, rows: list[str]) -> None:
    assert list(named(read("failures.software=null", override))) == rows


def test_a_watchdog_finds_what_hangs() -> None:
    scenario = read("failures.gpu.hangs=100%", "recovery.hangs={share: 10%, detection: 30 min}")
    assert mean_of(compile_plan(scenario), 0, Purpose.DETECTION) == 1800.0


def test_rungs_share_the_stops_and_their_times_add_up() -> None:
    ladder = (
        "[{rung: retry in process, share: 40%, time: 20 s, keeps_nodes: true}, {rung: warm, share: 50%, time: 1 min}]"
    )
    scenario = read(f"recovery.ladder={ladder}", "recovery.restart=10 min", "recovery.detection=1 min")
    whole, plan, rows = (
        compile_plan(read("recovery.detection=1 min", "recovery.restart=1 h")),
        compile_plan(scenario),
        named(scenario),
    )
    assert list(rows)[:3] == ["gpu", "gpu_retry_in_process", "gpu_warm"]
    wanted = {"gpu_retry_in_process": (0.4, 20.0, 0), "gpu_warm": (0.3, 80.0, 1), "gpu": (0.3, 680.0, 1)}
    for name, (share, restart, nodes) in wanted.items():
        assert plan.hazard[rows[name], 0] == pytest.approx(share * whole.hazard[0, 0]), name
        assert mean_of(plan, rows[name], Purpose.RESTART) == pytest.approx(restart), name
        assert plan.blast[rows[name]] == nodes, name


def test_a_cause_with_a_restart_of_its_own_climbs_no_ladder() -> None:
    scenario = read(
        "recovery.ladder=[{rung: warm, share: 50%, time: 1 min}]",
        "failures.gpu.restart=3 min",
        "recovery.detection=1 min",
    )
    assert list(named(scenario)) == ["gpu", "software", "software_warm"]
    assert mean_of(compile_plan(scenario), 0, Purpose.RESTART) == 180.0


def test_a_row_whose_name_is_taken_is_refused() -> None:
    with pytest.raises(ScenarioErrors, match="gpu_hang"):
        read("failures.gpu_hang={part: gpu, rate: 1 /kGPU/day}")


def test_sums_of_times_keep_mean_and_variance() -> None:
    parts = [
        laws.lognormal_by_quantiles(20.0, 60.0),
        laws.uniform(30.0, 90.0),
        laws.fixed(100.0),
        laws.gamma(50.0, 4.0),
    ]
    mean, variance = (sum(laws.moments(part)[which] for part in parts) for which in (0, 1))
    assert laws.moments(laws.sum_of(parts)) == pytest.approx((mean, variance))
    assert laws.sum_of([laws.fixed(2.0), laws.fixed(3.0)]) == laws.fixed(5.0)
    assert laws.sum_of([laws.fixed(2.0), laws.never()]) == laws.never()


@pytest.mark.parametrize(
    "law",
    [
        laws.fixed(3.0), laws.exponential(3.0), laws.weibull(3.0, 0.7), laws.lognormal(3.0, 1.1), laws.gamma(3.0, 2.5),
        laws.uniform(1.0, 4.0), laws.checks(3.0, 0.4), laws.lognormal_by_median(3.0, 0.5),
    ],
)  # fmt: skip
def test_moments_are_those_of_the_sampler(law: Law) -> None:
    from simulator.numbers.durations import sample

    draw = getattr(sample, "py_func", sample)
    drawn = np.array([draw(*law, uniform) for uniform in np.random.default_rng(7).uniform(size=60_000)])
    mean, variance = laws.moments(law)
    assert abs(drawn.mean() - mean) <= 4 * math.sqrt(variance / len(drawn)) + 1e-12
    assert drawn.var() == pytest.approx(variance, rel=0.1, abs=1e-12)


# What grows with the job


@pytest.mark.parametrize(
    ("gpus", "seconds", "told"),
    [
        (1_024, 200.0, "as at 16_000 GPUs"),
        (16_000, 200.0, "interpolated"),
        (22_000, 300.0, "interpolated"),
        (37_520, 300 * 2 ** (math.log(37_520 / 22_000) / math.log(64 / 22)), "interpolated"),
        (98_000, 900.0, "interpolated"),
        (196_000, 900 * 1.5 ** (math.log(2) / math.log(98 / 64)), "EXTRAPOLATED beyond 98_000 GPUs"),
    ],
)
def test_a_restart_grows_with_the_job(gpus: int, seconds: float, told: str) -> None:
    scenario = read("cluster.gpus=null", f"cluster.nodes={gpus // 8} nodes")
    row = next(row for row in scenario.derived() if row.path == "recovery.restart")
    assert told in row.source
    assert mean_of(compile_plan(scenario), 0, Purpose.RESTART) == pytest.approx(seconds, rel=1e-9)


def test_a_start_grows_with_the_job() -> None:
    scenario = read("job.start_up={by_gpus: [[16_000 GPUs, 17 s], [98_000 GPUs, 200 s]], times: 2}")
    at = 17 * (200 / 17) ** (math.log(16_384 / 16_000) / math.log(98 / 16))
    assert compile_plan(scenario).start_up == pytest.approx(2 * at * TICKS_PER_SECOND)


def test_failures_that_grow_faster_than_parts() -> None:
    excess = "{excess: 0.5, from: 4_096 GPUs}"
    usual, more = compile_plan(read()), compile_plan(read(f"failures.scales={excess}"))
    assert more.hazard[:, 0] == pytest.approx(2 * usual.hazard[:, 0]), "(16,384 / 4,096)^0.5"
    own = read(f"failures.gpu.scales={excess}", "recovery.detection=1 min")
    assert compile_plan(own).hazard[:, 0] == pytest.approx([2 * usual.hazard[0, 0] / 0.9, usual.hazard[2, 0] / 0.9])
    with pytest.raises(ScenarioErrors, match="no more than 32_768 GPUs"):
        read("failures.scales={excess: 0.5, from: 32_768 GPUs}")


def test_times_alone_are_times_what_the_class_says() -> None:
    usual = read("operator=best").document.recovery
    scenario = read("operator=best", "recovery.restart.times=0.5")
    recovery = scenario.document.recovery
    assert recovery.restart.growth == usual.restart.growth and recovery.restart.at(None) == {
        "value": pytest.approx(0.5 * usual.restart.growth.at_job)  # type: ignore[union-attr] # the class has a growth
    }
    assert recovery.ladder == usual.ladder, "so many times a restart of the class is one of the class"
    assert scenario.document.checkpoint.tiers == read("operator=best").document.checkpoint.tiers
    doubled = read("operator=best", "recovery.restart.times=x2").document.recovery
    assert doubled.restart.at(None) == {"value": pytest.approx(2 * usual.restart.at(None)["value"])}
    with pytest.raises(ScenarioErrors, match="unknown key"):
        read("job.start_up={times: 2}")


def test_times_of_a_class_without_sizes_are_refused(tmp_path: Path) -> None:
    own = "schema: 1\nkind: operator\nname: ours\nrecovery: {restart: 5 min}\n"
    (tmp_path / "ours.yaml").write_text(own, encoding="utf-8")
    with pytest.raises(ScenarioErrors, match="class ours has no restart by the number of GPUs"):
        parse_scenario(SHORT, ["operator=ours.yaml", "recovery.restart.times=2"], folder=tmp_path)


def test_a_part_of_what_a_class_fills_can_be_changed_alone() -> None:
    usual, changed = read("operator=best").document, read("operator=best", "maintenance.every=3 d").document
    assert changed.maintenance is not None and usual.maintenance is not None
    assert changed.maintenance.length == usual.maintenance.length
    hangs, before = read("recovery.hangs.share=30%").document.recovery.hangs, read().document.recovery.hangs
    assert hangs is not None and before is not None
    assert hangs.share.median == 0.3 and hangs.detection == before.detection


# Spares


def test_spares_in_per_cent_follow_the_job() -> None:
    assert read("cluster.hot_spares=2%").spares == 41
    assert read("cluster.hot_spares=2%", "cluster.gpus=32_768 GPUs").spares == 82
    assert read("cluster.hot_spares=0%").spares == 0
    assert read("cluster={node: hgx_h100, gpus: 8 GPUs}").spares == 1


def test_spares_that_will_not_do_are_told() -> None:
    from simulator.report.run.shortage import out_of_service, warning

    scenario = read(
        "recovery.repair={mean: 24 h, law: exponential}", "recovery.cure=100%", "cluster.hot_spares=2 nodes"
    )
    found = out_of_service(scenario)
    away = 86_400 + mean_of(compile_plan(scenario), 0, Purpose.DIAGNOSIS)
    assert found.mean == pytest.approx(0.3 * 16.384 * away / 86_400, rel=0.01)
    assert found.sigma == pytest.approx(math.sqrt(found.mean))
    assert found.short and f"hot_spares: {found.enough} nodes" in warning(scenario)
    assert warning(read("cluster.hot_spares=100 nodes")) == ""
    assert "never come back" in warning(read("recovery.repair=never"))
    assert warning(read("failures.gpu=null", "cluster.hot_spares=0 nodes")) == "", "software takes no node"


def test_nodes_out_of_service_are_those_of_a_run() -> None:
    scenario = read("cluster.hot_spares=100 nodes", "recovery.cure=100%", "job.work=60 d", "run.warm_up=20 d")
    from simulator.metrics import nodes_out_of_service
    from simulator.report.run.shortage import out_of_service

    seen = nodes_out_of_service(run_ensemble(scenario, replications=200, seed=3, twins=False))
    assert seen.nodes.mean == pytest.approx(out_of_service(scenario).mean, rel=0.05)


# The flagship


def test_the_flagship_answers() -> None:
    """What follows from the shape of linked priors, at any plausible centre."""
    from simulator.scenario import load_scenario

    scenario = load_scenario(resources.scenarios() / "presets" / "llama3_405b_16k.yaml")
    ensemble = run_ensemble(scenario, replications=1_000)
    found = estimate(ensemble.table["finish_days"].to_numpy())
    assert found.infinite == 0 and found.p90 / found.p10 <= 1.30
    assert goodput(ensemble).p10 > 0.75
