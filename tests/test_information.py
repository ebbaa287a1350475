"""What knowing an input is worth: closed forms of a linear Gaussian choice, and choices between scenarios."""

import math
import threading

import numpy as np
import pytest
from scipy.stats import norm

from simulator.ensemble import Cancelled, run_ensemble
from simulator.numbers.plan import Floats
from simulator.planning import outcomes
from simulator.planning.choices import AS_IT_IS, suggested
from simulator.planning.information import (
    clairvoyance,
    information,
    information_of,
    partial_information,
    total_information,
)
from simulator.planning.sensitivity import Sensitivity
from simulator.planning.tornado import tornado
from simulator.report.study.sensitivity_sheet import as_text
from simulator.scenario import Scenario, parse_scenario

SMALL = """
schema: 1
name: small
cluster: {nodes: 40 nodes, gpus_per_node: 8 GPUs, hot_spares: 2 nodes}
job: {work: 2 d, start: 2027-03-01, deadline: 2027-03-02}
failures:
  gpu: {part: gpu, rate: 4 /kGPU/day, spread: 80%}
recovery: {detection: {p10: 10 s, p50: 1 min, p90: 8 min}, diagnosis: 1 min, restart: 4 min, repair: {mean: 12 h, shape: 0.5}}
checkpoint: {interval: 10 min, tiers: [{to: storage, blocking: {p10: 1 s, p50: 10 s, p90: 2 min}, lag: 0 s, restore: 2 min}]}
run: {seed: 11, replications: 60}
"""  # noqa: E501
PRICED = ("cost.gpu=2 USD/GPU/h", "cost.delay=1_000_000 USD/day")


def small(*overrides: str) -> Scenario:
    return parse_scenario(SMALL, list(overrides))


def often_or_seldom(*overrides: str) -> dict[str, Scenario]:
    """Saves every 20, 3 or 60 minutes: which is best hangs on how long one blocks, and on the rate."""
    return {text: small(f"checkpoint.interval={text}", *overrides) for text in ("20 min", "3 min", "60 min")}


# Linear and Gaussian: to do something costs m + b . x + noise, to leave it nothing. What is known of the cost has the
# standard deviation s, and is worth s * (phi(z) - z * Phi(-z)) with z = |m|/s: the unit normal loss (Raiffa & Schlaifer
# 1961, section 5.4).

MEAN, WEIGHTS, NOISE = 0.8, np.array([2.0, 1.0, 0.0]), 1.5


def unit_normal_loss(spread: float, mean: float = MEAN) -> float:
    z = abs(mean) / spread
    return float(spread * (norm.pdf(z) - z * norm.sf(z)))


def linear_gaussian(seed: int, count: int = 2000) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, 3))
    cost = MEAN + x @ WEIGHTS + NOISE * random.normal(size=count)
    return x, np.column_stack([np.zeros(count), cost])


@pytest.mark.parametrize("factor", [0, 1])
def test_the_worth_of_one_input_is_the_unit_normal_loss(factor: int) -> None:
    exact = unit_normal_loss(WEIGHTS[factor])
    found = []
    for seed in range(30):
        x, losses = linear_gaussian(seed)
        value = partial_information(x[:, factor], losses)
        assert abs(value.worth - exact) < 4 * value.error, seed
        found.append(value.worth)
    # A rule that is fitted is not perfect, so the estimate is rather too small: by less than a tenth.
    error = np.std(found) / math.sqrt(len(found))
    assert 0.9 * exact - 4 * error < np.mean(found) < exact + 4 * error
    assert np.std(found) == pytest.approx(value.error, rel=0.5)


def test_the_law_of_an_input_does_not_matter() -> None:
    x, losses = linear_gaussian(1)
    assert partial_information(np.exp(3 * x[:, 0]), losses) == partial_information(x[:, 0], losses)


def test_a_few_runs_that_hardly_end_do_not_hide_a_worth() -> None:
    # The loss of one option is exp(1.5 x) - 2.5 against 0: what knowing x saves is the price of a put (Black 1976).
    spread, strike = 1.5, 2.5
    forward = math.exp(spread**2 / 2)
    high = (math.log(forward / strike) + spread**2 / 2) / spread
    exact = float(strike * norm.cdf(spread - high) - forward * norm.cdf(-high)) + min(0.0, forward - strike)
    found = []
    for seed in range(20):
        x = np.random.default_rng(seed).normal(size=500)
        value = partial_information(x, np.column_stack([np.zeros(500), np.exp(spread * x) - strike]))
        found.append((value.worth, value.error))
    mean = np.mean([worth for worth, _ in found])
    assert abs(mean - exact) < 0.1 * exact + 4 * np.mean([error for _, error in found]) / math.sqrt(20)


def test_an_input_without_effect_is_worth_no_more_than_noise() -> None:
    worths = [partial_information(x[:, 2], losses) for x, losses in map(linear_gaussian, range(30))]
    assert all(value.worth <= 3 * value.error for value in worths)
    assert np.mean([value.worth for value in worths]) < 0.01 * unit_normal_loss(2.0)


def test_the_worth_of_all_inputs_and_of_clairvoyance() -> None:
    exact, ceiling = unit_normal_loss(math.hypot(2.0, 1.0)), unit_normal_loss(math.hypot(2.0, 1.0, NOISE))
    for seed in range(10):
        x, losses = linear_gaussian(seed)
        value = total_information(x, losses)
        assert -0.1 * exact - 4 * value.error < value.worth - exact < 4 * value.error
        assert value.worth > partial_information(x[:, 0], losses).worth
        saved = losses[:, int(np.argmin(losses.mean(axis=0)))] - losses.min(axis=1)
        assert abs(clairvoyance(losses) - ceiling) < 4 * saved.std() / math.sqrt(len(saved))
        assert value.worth <= clairvoyance(losses)


def test_a_worth_is_never_above_the_ceiling_even_where_a_few_runs_hardly_end() -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=300)
    losses = np.column_stack([np.ones(300), 1 + 0.1 * x + (random.uniform(size=300) < 0.01) * 500])
    assert partial_information(x, losses).worth <= clairvoyance(losses)


def test_among_three_options_the_middle_one_is_worth_leaving() -> None:
    # Losses x, 0 and -x: to know x saves its mean distance from zero.
    x = np.random.default_rng(4).normal(size=4000)
    value = partial_information(x, np.column_stack([x, np.zeros(4000), -x]))
    assert abs(value.worth - math.sqrt(2 / math.pi)) < 4 * value.error + 0.01


# Scenarios


def test_what_the_choice_hangs_on_is_worth_most() -> None:
    found = information(often_or_seldom("failures.gpu.spread=20%"), 1500)
    assert found.options == ("20 min", "3 min", "60 min")
    first = found.worths[0]
    assert first.path == "checkpoint.tiers.0.blocking" and first.assumed
    assert first.days > 4 * first.error_days and first.usd is None
    assert found.days[found.options.index(found.best)] == min(found.days)
    assert first.days <= found.perfect_days <= found.ceiling_days
    detection = next(worth for worth in found.worths if worth.path == "recovery.detection")
    # All three options detect alike; only how much time they have to fail in differs, and by little.
    assert detection.days <= 3 * detection.error_days + 0.02 * first.days


def test_options_that_are_the_same_leave_nothing_to_know() -> None:
    found = information({"one": small(*PRICED), "other": small(*PRICED)}, 20)
    assert {(w.days, w.error_days, w.usd, w.error_usd) for w in found.worths} == {(0.0, 0.0, 0.0, 0.0)}
    assert (found.perfect_days, found.ceiling_days, found.perfect_usd, found.ceiling_usd) == (0.0, 0.0, 0.0, 0.0)


def test_money_decides_where_there_are_prices() -> None:
    many = {"2 spares": small(*PRICED), "40 spares": small(*PRICED, "cluster.hot_spares=40 nodes")}
    found = information(many, 100)
    assert found.usd is not None and found.perfect_usd is not None and found.ceiling_usd is not None
    assert found.best_usd == found.options[int(np.argmin(found.usd))]
    assert all(w.usd is not None and w.usd <= found.perfect_usd <= found.ceiling_usd + 1e-6 for w in found.worths)


def test_an_unfinished_run_is_as_late_as_its_horizon() -> None:
    ensemble = run_ensemble(small(*PRICED, "run.horizon=50 h"), replications=40)
    usd, wall = outcomes.dollars(ensemble), outcomes.days(ensemble)
    assert usd is not None and outcomes.unfinished(ensemble) > 0 and np.isfinite(usd).all()
    late = np.maximum(0.0, wall - 2.0)
    np.testing.assert_allclose(usd, wall * 24 * 42 * 8 * 2 + late * 1e6)
    assert outcomes.dollars(run_ensemble(small(), replications=5)) is None


def test_an_option_may_fix_what_is_uncertain_in_another() -> None:
    options = {"as it is": small(), "fixed": small("recovery.detection=5 s")}
    found = information(options, 50)
    assert "recovery.detection" in {worth.path for worth in found.worths}
    assert information(dict(reversed(options.items())), 50).worths != ()


def test_threads_change_nothing_and_ensembles_that_are_there_serve() -> None:
    options = often_or_seldom(*PRICED)
    found = information(options, 40, threads=1)
    assert found == information(options, 40, threads=2)
    assert found == information_of({name: run_ensemble(each, replications=40) for name, each in options.items()})


def test_a_choice_needs_two_options_and_all_of_their_runs() -> None:
    with pytest.raises(ValueError, match="two options"):
        information({"one": small()}, 10)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        information(often_or_seldom(), 10, cancel=cancel)


# Options that nobody named


def test_spares_are_the_choice_where_they_cost_and_intervals_where_nothing_does() -> None:
    assert list(suggested(small(*PRICED)).values()) == [
        (),
        ("cluster.hot_spares=1 nodes",),
        ("cluster.hot_spares=4 nodes",),
    ]
    named = suggested(small())
    assert AS_IT_IS not in named and list(named.values()) == [
        (f"checkpoint.interval={seconds}.000 s",) for seconds in (600, 300, 1200)
    ]
    automatic = suggested(small("checkpoint.interval=auto"))
    for overrides in automatic.values():
        assert small(*overrides).document.checkpoint.interval != "auto"


def test_what_is_said_of_options_that_are_ours() -> None:
    scenario = small()
    found = Sensitivity(tornado(scenario, 10), information(often_or_seldom(), 200), suggested=True)
    told = as_text(found, None)
    assert "ours, for none was named" in told and "checkpoint.tiers.0.blocking before choosing" in told
    assert "nobody can buy" in told
