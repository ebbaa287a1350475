"""The scenarios of the questions: what was counted comes out of them, once, and slow nodes heal."""

import math

import numpy as np
import pytest
from questions.middle import middle

from simulator import resources
from simulator.compile.compile import compile_plan
from simulator.compile.interval import stop_rate
from simulator.numbers.plan import Effect
from simulator.scenario import Scenario, load_scenario

DAY = 86_400.0
ASKED = (
    "curve_10k_100k_1m", "habits_16k", "young_16k", "spares_32k", "plan_100k", "owned_16k", "roce_vs_infiniband",
    "nvl72_vs_hgx", "one_site_100k", "two_sites_100k",
)  # fmt: skip
# arXiv 2407.21783, table 5: 419 unexpected interruptions in 54 days on 16,384 GPUs, 35 of them by switches and cables.
INTERRUPTIONS, BY_NETWORK = 419 / 54, 35 / 54
AT_16K = {"curve_10k_100k_1m": ["cluster.gpus=16_384 GPUs"], "habits_16k": [], "roce_vs_infiniband": []}
NETWORK = {
    "curve_10k_100k_1m": ("network", "leaf"),
    "habits_16k": ("network", "leaf"),
    "roce_vs_infiniband": ("link_failure", "link_outage", "leaf"),
}


def scenario(name: str, *overrides: str) -> Scenario:
    return load_scenario(resources.scenarios() / f"{name}.yaml", list(overrides))


def without(*causes: str) -> list[str]:
    return [f"failures.{cause}.times=0" for cause in causes]


@pytest.mark.parametrize("name", ASKED)
def test_it_has_an_operator_a_start_a_deadline_and_a_price(name: str) -> None:
    document = scenario(name).document
    assert list(document.operator.classes) == ["automatic"]
    assert document.job.start is not None and document.job.deadline is not None
    assert document.cost.gpu is not None or document.cost.capital is not None


@pytest.mark.parametrize("name", AT_16K)
def test_as_many_failures_stop_the_job_as_were_counted(name: str) -> None:
    # With alarms: the counts hold silent corruption. Rates are known to some percent; parts of nodes are whole numbers.
    corrupt = [] if name == "roce_vs_infiniband" else ["failures.corruption.rate=6.8e-6 /GPU/day"]
    plan = compile_plan(scenario(name, *AT_16K[name], *corrupt))
    assert stop_rate(plan, later=True) * DAY == pytest.approx(INTERRUPTIONS, rel=0.02)


@pytest.mark.parametrize("name", AT_16K)
def test_the_network_stops_the_job_as_often_as_was_counted(name: str) -> None:
    whole = stop_rate(compile_plan(scenario(name, *AT_16K[name])))
    rest = stop_rate(compile_plan(scenario(name, *AT_16K[name], *without(*NETWORK[name]))))
    assert (whole - rest) * DAY == pytest.approx(BY_NETWORK, rel=0.05)


def test_a_longer_timeout_saves_less_than_what_the_network_stopped() -> None:
    rates = [
        stop_rate(compile_plan(scenario("roce_vs_infiniband", f"failures.link_outage.reach.timeout={timeout}"))) * DAY
        for timeout in (18, 20)
    ]
    # 17 of 54 days came back by themselves; between 7.6 and 60 s evenly, (30.06 - 7.6) / 52.4 of them within 30 s.
    assert rates[0] - rates[1] == pytest.approx(17 / 54 * (30.06 - 7.6) / 52.4, rel=0.01)


@pytest.mark.parametrize("name", ["curve_10k_100k_1m", "habits_16k", "young_16k"])
def test_slow_nodes_are_episodes_that_heal(name: str) -> None:
    causes = scenario(name).document.failures.causes.values()
    slow = [cause for cause in causes if cause.effect == "slow"]
    assert slow and all(cause.healed.family == "exponential" for cause in slow)
    assert all(cause.healed.at(None)["mean"] == 24 * 60 for cause in slow)


def test_flaps_below_the_layers_stall_the_job_and_stop_nothing() -> None:
    assert int((compile_plan(scenario("habits_16k")).effect == Effect.STALL).sum()) == 1
    # 1 % of 1.15 flaps a link and day on 16,384 links; 1.15 is the geometric middle of 5,000 and 60,000 on 15,000 GPUs.
    middle_of_counts = math.sqrt(5_000 * 60_000) / 15_000
    rate = next(row for row in scenario("habits_16k").table() if row.path == "failures.flap.rate")
    assert float(rate.value.split()[0]) == pytest.approx(0.01 * middle_of_counts, rel=0.01)


# The median of pairs


def test_the_median_of_differences_by_hand() -> None:
    base, other = np.arange(1.0, 12.0), np.arange(1.0, 12.0) ** 2
    told = middle(base, other)
    # Differences n (n - 1): 0, 2, 6, 12, 20, 30, ... The sixth of eleven; 95.7 % lie between the second and the tenth.
    assert (told.value, told.low, told.high, told.pairs) == (30.0, 2.0, 90.0, 11)
    assert told.clear and told.times(2.0).high == 180.0


def test_a_pair_of_which_one_never_finishes_counts_as_infinite_and_one_of_two_as_none() -> None:
    told = middle(np.array([1.0, 1.0, math.inf, math.inf]), np.array([2.0, math.inf, 3.0, math.inf]))
    assert (told.value, told.pairs) == (1.0, 3)  # -infinite, 1, infinite
    assert not told.clear
    assert middle(np.array([math.inf]), np.array([math.inf])).pairs == 0


def test_an_interval_of_the_median_holds_in_95_percent() -> None:
    generator = np.random.Generator(np.random.PCG64(17))
    held = 0
    for _ in range(1_000):
        told = middle(np.zeros(40), generator.exponential(size=40))
        held += told.low <= math.log(2) <= told.high
    assert held >= 950 - 4 * math.sqrt(1_000 * 0.95 * 0.05)
