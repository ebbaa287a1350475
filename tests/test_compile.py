"""Plans compiled from scenarios: exact numbers."""

import math

import numpy as np
import pytest

from simulator.compile.compile import compile_plan
from simulator.compile.interval import stop_rate
from simulator.mechanisms.job import MOST_WORK
from simulator.numbers import theory
from simulator.numbers.durations import Hazards, level_at, ticks
from simulator.numbers.ledger import Exposed
from simulator.numbers.plan import Effect, Overlap, Plan, Purpose
from simulator.numbers.times import NEVER, Family, Hazard
from simulator.scenario import parse_scenario

HEAD = "schema: 1\nname: test\n"
DAY = 86_400.0
SECOND = 1_000_000

WHOLE = """\
cluster:
  gpus: 1_024 GPUs
  hot_spares: 4 nodes
  gpus_per_node: 8 GPUs
  nics_per_node: 4 NICs
  nodes_per_leaf: 48 nodes
  parts: {dimm: 32 /node, feed: 64 nodes}
job: {work: 10 d, start_up: 5 min}
failures:
  gpu: {part: gpu, rate: 0.3 /kGPU/day, retire: true}
  nic: {part: nic, mtbf: 40_000 h, law: weibull, shape: 0.8, age: 200 d, absorbed: 90%,
    stall: {mean: 8 s, law: exponential}}
  dimm: {part: dimm, rate: 0.1 /year, spares_exposed: true, exposed: running, cure: 90%}
  leaf: {part: leaf, rate: 5.0e-4 /leaf/day, exposed: busy}
  feed: {part: feed, rate: 0.01 /day, blast: 128 nodes}
  software: {part: software, rate: 0.06 /kGPU/day, detection: 3 min, times: 2}
  slow: {part: node, mtbf: 400 d, effect: slow, speed: {from: 70%, to: 95%}, found: 1 h}
  young: {part: host, rate: 1 /node/year, intensity: [[0 d, 3], [30 d, 1]], lemons: {share: 1.5%}}
  wear: {part: gpu, scale: 400 d, law: weibull, shape: 1.5, on_replacement: minimal_repair}
  counted: {part: job, observed: {count: 54, over: 54 d, on: 16_384 GPUs}}
recovery:
  detection: {p50: 1 min, p90: 10 min}
  diagnosis: 2 min
  swap: 30 s
  restart: 4 min
  repair: {mean: 24 h, shape: 0.45}
  crews: 16 crews
  cure: 97%
  relapse: {mean: 3 d, law: exponential}
checkpoint:
  interval: 10 min
  overlap: skip
  tiers:
    - {to: host_memory, blocking: 5 s, restore: 20 s, peers: 2, apart: true}
    - {to: storage, every: 3, blocking: 6 s, lag: 5 min, restore: 2 min}
maintenance: {windows: [{at: 3 d, length: 2 h}, {at: 1 d, length: 1 h}], every: 7 d, length: 4 h}
run: {horizon: 100 d, max_events: 5_000, warm_up: 1 d}
"""


def plan_of(text: str, overrides: list[str] | None = None) -> Plan:
    return compile_plan(parse_scenario(HEAD + text, overrides))


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of(WHOLE)


def test_scalars(plan: Plan) -> None:
    assert (plan.needed, plan.spares, plan.crews, plan.max_records) == (128, 4, 16, 5_000)
    assert (plan.work, plan.interval, plan.start_up) == (864_000 * SECOND, 600 * SECOND, 300 * SECOND)
    assert (plan.save, plan.save_storage, plan.storage_every, plan.lag) == (5 * SECOND, 6 * SECOND, 3, 300 * SECOND)
    assert (plan.memory_group, plan.memory_peers, plan.memory_apart, plan.overlap) == (3, 2, 1, Overlap.SKIP)
    assert (plan.horizon, plan.warm_up) == (8_640_000 * SECOND, 86_400 * SECOND)
    assert all(type(value) is int for value in plan if not isinstance(value, np.ndarray))


def test_arrays_have_the_types_that_kernels_expect(plan: Plan) -> None:
    for name in ("hidden", "cure", "lemon_share", "hazard", "laws", "table", "odds", "escalate", "retire_score"):
        assert getattr(plan, name).dtype == np.float64
    for name in ("units", "per_place", "span", "effect", "blast", "exposed", "renewal", "bench", "retire"):
        assert getattr(plan, name).dtype == np.int64 and getattr(plan, name).shape == (10,)
    for name in ("hazard_kind", "window_due", "window_length", "script", "script_order", "rules", "slices"):
        assert getattr(plan, name).dtype == np.int64
    assert all(value.flags.c_contiguous for value in plan if isinstance(value, np.ndarray))
    assert plan.laws.shape == (11, len(Purpose), 4) and plan.script.shape == (0, 15)


def test_units_follow_the_cluster(plan: Plan) -> None:
    assert plan.units.tolist() == [1024, 512, 4096, 3, 2, 1, 128, 128, 1024, 1]
    assert plan.per_place.tolist() == [8, 4, 32, 0, 0, 0, 1, 1, 8, 0]
    assert plan.span.tolist() == [0, 0, 0, 48, 64, 0, 0, 0, 0, 0]
    assert plan.blast.tolist() == [1, 1, 1, 48, 128, 0, 1, 1, 1, 0]


def test_effects_and_shares(plan: Plan) -> None:
    assert plan.effect.tolist() == [Effect.STOP] * 6 + [Effect.SLOW] + [Effect.STOP] * 3
    assert plan.exposed.tolist() == [0, 0, Exposed.RUNNING, Exposed.BUSY, 0, 0, 0, 0, 0, 0]
    assert plan.renewal.tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert plan.bench.tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert plan.retire.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert plan.hidden.tolist() == [0, 0.9, 0, 0, 0, 0, 0, 0, 0, 0]
    assert plan.cure.tolist() == [0.97] * 2 + [0.9] + [0.97] * 7
    assert plan.lemon_share.tolist() == [0, 0, 0, 0, 0, 0, 0, 0.015, 0, 0]


def test_rates_become_those_of_a_unit(plan: Plan) -> None:
    year = 365 * DAY
    exponential = {0: 0.3e-3 / DAY, 2: 0.1 / year, 3: 5e-4 / DAY, 4: 0.01 / DAY, 6: 1 / (400 * DAY)}
    for cause, rate in exponential.items():
        assert plan.hazard_kind[cause] == Hazard.EXPONENTIAL
        assert plan.hazard[cause] == pytest.approx([rate, 0, 0], rel=1e-15)
    # A rate by the GPU for a part that the job has once is that of all GPUs; `times` doubles it.
    assert plan.hazard[5, 0] == pytest.approx(2 * 0.06e-3 * 1024 / DAY, rel=1e-15)
    assert plan.hazard[9, 0] == pytest.approx(54 / (54 * DAY * 16_384) * 1024, rel=1e-15)


def test_weibull_laws_have_their_mean_or_scale(plan: Plan) -> None:
    shape, scale, age = plan.hazard[1]
    assert plan.hazard_kind[1] == Hazard.WEIBULL
    assert (shape, age) == (0.8, 200 * DAY)
    assert scale * math.gamma(1 + 1 / shape) == pytest.approx(40_000 * 3600, rel=1e-14)
    assert plan.hazard[8].tolist() == [1.5, 400 * DAY, 0]


def test_an_intensity_is_a_table(plan: Plan) -> None:
    rate = 1 / (365 * DAY)
    assert plan.hazard_kind[7] == Hazard.TABLE and plan.hazard[7].tolist() == [0, 2, 0]
    assert plan.table == pytest.approx(np.array([[0, 3 * rate, 0], [30 * DAY, rate, 90 * DAY * rate]]), rel=1e-15)
    assert level_at(Hazards(plan.hazard_kind, plan.hazard, plan.table), 7, 40 * DAY) == pytest.approx(100 * DAY * rate)


def test_laws_stand_in_their_columns(plan: Plan) -> None:
    fixed = {Purpose.DIAGNOSIS: 120, Purpose.SWAP: 30, Purpose.RESTART: 240, Purpose.RESTORE: 120}
    for purpose, seconds in (fixed | {Purpose.RESTORE_MEMORY: 20}).items():
        assert (plan.laws[:, purpose] == (Family.FIXED, seconds, 0, 0)).all()
    general = (Family.LOGNORMAL, math.log(60), math.log(10) / 1.2815515655446004, 0)
    own = plan.laws[:, Purpose.DETECTION]
    assert own[5].tolist() == [Family.FIXED, 180, 0, 0]
    assert (np.delete(own, 5, axis=0) == general).all()
    assert plan.laws[1, Purpose.LENGTH].tolist() == [Family.EXPONENTIAL, 8, 0, 0]
    assert plan.laws[10, Purpose.LENGTH].tolist() == [Family.FIXED, 4 * 3600, 0, 0]
    assert plan.laws[6, Purpose.FACTOR].tolist() == [Family.UNIFORM, 0.7, 0.95, 0]
    assert plan.laws[6, Purpose.FOUND].tolist() == [Family.FIXED, 3600, 0, 0]
    assert plan.laws[6, Purpose.HEALED, 0] == Family.NEVER
    assert plan.laws[0, Purpose.RELAPSE].tolist() == [Family.EXPONENTIAL, 3 * DAY, 0, 0]


def test_windows_are_sorted_and_then_recur(plan: Plan) -> None:
    assert plan.window_due.tolist() == [86_400 * SECOND, 3 * 86_400 * SECOND]
    assert plan.window_length.tolist() == [3600 * SECOND, 7200 * SECOND]
    assert plan.window_period == 7 * 86_400 * SECOND
    first = plan_of(WHOLE, ["maintenance.windows=null", "maintenance.first=1 d"])
    assert (first.window_due.tolist(), first.window_length.tolist()) == ([86_400 * SECOND], [-1])


def test_windows_that_are_not_known_exactly_are_drawn() -> None:
    uncertain = ["maintenance.every={value: 7 d, spread: 20%}", "maintenance.windows.0.at={value: 3 d, spread: 90%}"]
    uncertain.append("maintenance.windows.1.length={value: 1 h, spread: 20%}")
    scenario = parse_scenario(HEAD + WHOLE, uncertain)
    drawn = scenario.draw_inputs(1, 13)
    period, at, length = (ticks(drawn[text.partition("=")[0]]) for text in uncertain)
    plan = compile_plan(scenario, drawn)
    assert at < 86_400 * SECOND, "the window that was listed later comes first in this replication"
    assert plan.window_due.tolist() == [at, 86_400 * SECOND] and plan.window_period == period
    assert plan.window_length.tolist() == [7200 * SECOND, length]
    assert compile_plan(scenario).window_due.tolist() == [86_400 * SECOND, 3 * 86_400 * SECOND]


SMALL = "cluster: {nodes: 100 nodes}\njob: {work: 10 d}\nfailures: {node: {part: node, rate: 0.01 /node/day}}\n"


def test_a_small_scenario_has_sound_defaults() -> None:
    plan = plan_of(SMALL)
    # Those of the class of operator that is usual: scenarios/operators/automatic.yaml.
    assert (plan.spares, plan.crews, plan.memory_group, plan.storage_every, plan.lag) == (3, 0, 0, 1, 67 * SECOND)
    assert plan.save == plan.save_storage == 2 * SECOND
    assert plan.horizon == 10 * plan.work and plan.max_records == 10_000_000
    assert plan.cure.tolist() == [0.85] * 2 and plan.hazard[1, 0] / plan.hazard[:, 0].sum() == pytest.approx(0.1)


def test_the_automatic_interval_is_the_exact_optimum() -> None:
    plan = plan_of(SMALL, ["checkpoint.interval=auto"])
    rate = stop_rate(plan)
    assert rate == pytest.approx(1 / DAY)
    assert plan.interval == ticks(theory.best_segments(10 * DAY, rate, 2.0, 0, 0)[1])
    # Nothing stops the job: there is nothing to save.
    assert plan_of(SMALL, ["checkpoint.interval=auto", "failures.node.rate=0 /node/day"]).interval == plan.work


def test_the_stop_rate_counts_neither_stalls_nor_what_is_hidden() -> None:
    hidden = plan_of(SMALL, ["failures.node.absorbed=75%", "failures.node.stall=8 s"])
    assert stop_rate(hidden) == pytest.approx(0.25 / DAY)
    assert stop_rate(plan_of(SMALL, ["failures.node={effect: stall, stall: 8 s}"])) == 0
    lemons = plan_of(SMALL, ["failures.node.lemons={share: 10%}"])
    assert stop_rate(lemons) == pytest.approx(0.1 / DAY)


def test_a_cause_that_never_happens_has_no_weather() -> None:
    assert plan_of(SMALL, ["failures.node.rate=x0"]).units.tolist() == [0, 0]


def test_bandwidth_gives_what_is_not_said() -> None:
    job = "cluster: {nodes: 100 nodes}\njob: {work: 10 d, parameters: 405B parameters}\nfailures: {}\ncheckpoint: {}\n"
    alone = plan_of(job, ["checkpoint.tiers=[{to: storage, bandwidth: 100 GB/s}]", "checkpoint.interval=1 h"])
    assert (alone.save_storage, alone.lag) == (2 * SECOND, 56_700_000), "the pause is that of the class of operator"
    assert alone.laws[0, Purpose.RESTORE] == pytest.approx([Family.FIXED, 0, 0, 0]), "its restart holds the load"
    given = plan_of(job, ["checkpoint.tiers=[{to: storage, bandwidth: 100 GB/s}]", "recovery.restart=5 min"])
    assert given.laws[0, Purpose.RESTORE] == pytest.approx([Family.FIXED, 56.7, 0, 0])
    behind = plan_of(job, ["checkpoint.tiers=[{to: storage, blocking: 2 s, bandwidth: 100 GB/s}]"])
    assert (behind.save_storage, behind.lag) == (2 * SECOND, 56_700_000)


def test_work_follows_from_flop_and_mfu() -> None:
    job = "job: {parameters: 405B parameters, tokens: 15.6T tokens, mfu: 41%}\n"
    text = "cluster: {gpus: 16_384 GPUs, node: hgx_h100}\n" + job
    scenario = parse_scenario(HEAD + text)
    assert scenario.flop() == pytest.approx(6 * 405e9 * 15.6e12)
    assert scenario.work() == pytest.approx(6 * 405e9 * 15.6e12 / (0.41 * 989e12 * 16_384))
    assert compile_plan(scenario).work == ticks(scenario.work())
    given = parse_scenario(HEAD + text, ["job.work=90 d"])
    assert given.flop() == pytest.approx(90 * DAY * 0.41 * 989e12 * 16_384)


UNCERTAIN = [
    "failures.shared_spread=30%",
    "failures.gpu.spread=20%",
    "failures.wear.scale={p10: 300 d, p50: 400 d, p90: 900 d}",
    "failures.nic.shape={p10: 0.7, p50: 0.8, p90: 1}",
    "failures.young.age={value: 10 d, spread: 10%}",
    "recovery.repair.mean={value: 24 h, spread: 40%}",
    "recovery.diagnosis={p10: 1 min, p50: 2 min, p90: 9 min}",
    "recovery.cure={p10: 90%, p50: 97%, p90: 99%}",
    "checkpoint.interval={p10: 5 min, p50: 10 min, p90: 60 min}",
    "job.work={value: 10 d, spread: 10%}",
]


def test_what_is_drawn_moves_the_plan_as_if_it_had_been_given() -> None:
    scenario = parse_scenario(HEAD + WHOLE, UNCERTAIN)
    assert len(scenario.inputs) == len(UNCERTAIN) + 1  # the count is one, too
    drawn = scenario.draw_inputs(1, 2)
    given = [f"{path}={value!r} {_UNITS[path]}" for path, value in drawn.items() if path in _UNITS]
    same = parse_scenario(HEAD + WHOLE, [*given, "run.horizon=100 d"])
    moved = compile_plan(scenario, drawn)
    expected = compile_plan(same, {"failures.shared_spread": drawn["failures.shared_spread"]})
    shared = drawn["failures.shared_spread"]
    for name in ("work", "interval", "horizon"):
        assert abs(getattr(moved, name) - getattr(expected, name)) <= 1
    assert moved.cure == pytest.approx(expected.cure)
    assert moved.laws == pytest.approx(expected.laws)
    exponential = [0, 2, 3, 4, 5, 6]
    assert moved.hazard[exponential, 0] == pytest.approx(shared * expected.hazard[exponential, 0])
    assert moved.hazard[[1, 8], 0] == pytest.approx(expected.hazard[[1, 8], 0])
    assert moved.hazard[[1, 8], 1] == pytest.approx(expected.hazard[[1, 8], 1] / shared)
    assert moved.table[:, 1:] == pytest.approx(shared * expected.table[:, 1:])
    assert moved.hazard[:, 2] == pytest.approx(expected.hazard[:, 2])


_UNITS = {
    "failures.gpu.rate": "/GPU/s",
    "failures.wear.scale": "s",
    "failures.nic.shape": "",
    "failures.young.age": "s",
    "recovery.repair.mean": "s",
    "recovery.diagnosis": "s",
    "recovery.cure": "",
    "checkpoint.interval": "s",
    "job.work": "s",
}


def test_a_replication_leaves_the_others_alone() -> None:
    scenario = parse_scenario(HEAD + WHOLE, UNCERTAIN)
    before = [np.copy(value) for value in compile_plan(scenario)]
    compile_plan(scenario, scenario.draw_inputs(1, 2))
    assert all(np.array_equal(old, new) for old, new in zip(before, compile_plan(scenario), strict=True))


def test_the_order_of_other_inputs_does_not_matter() -> None:
    scenario = parse_scenario(HEAD + WHOLE, UNCERTAIN)
    fewer = parse_scenario(HEAD + WHOLE, UNCERTAIN[3:])
    drawn, others = scenario.draw_inputs(5, 6), fewer.draw_inputs(5, 6)
    assert all(drawn[path] == value for path, value in others.items())


def test_work_beyond_what_can_be_counted_ends_out_of_time() -> None:
    scenario = parse_scenario(HEAD + SMALL, ["job.work={value: 2 years, spread: 100%}"])
    plan = compile_plan(scenario, {"job.work": 9 * 365 * DAY})
    assert plan.work == plan.horizon == ticks(MOST_WORK)
    assert plan.work * 100_000 < 2**63 and plan.horizon < NEVER
