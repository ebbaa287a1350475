"""The scores are those of their closed forms, and what a one-sided observation leaves open stays open."""

import math

import numpy as np
import pytest
import scores
from scipy.stats import norm
from scores import Observed, exact, printed, score

DICE = np.random.default_rng(2_007)
NORMAL = DICE.normal(size=400)


def crps_of_normal(mean: float, spread: float, truth: float) -> float:
    """Gneiting & Raftery 2007, section 4.2, with the other sign."""
    z = (truth - mean) / spread
    return float(spread * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / math.sqrt(math.pi)))


def by_definition(values: np.ndarray, truth: float) -> float:
    pairs = np.abs(values[:, None] - values[None, :]).sum()
    return float(np.abs(values - truth).mean() - pairs / (2 * len(values) * (len(values) - 1)))


# the CRPS of a value


@pytest.mark.parametrize("truth", [-1.3, 0.2, 0.7, 2.5])
@pytest.mark.parametrize("size", [2, 7, 40])
def test_the_mean_over_normal_ensembles_is_the_closed_form(size: int, truth: float) -> None:
    """Unbiased for any number of members, even two: the mean over many ensembles is that of the law itself."""
    dice = np.random.default_rng([size, 11])
    found = np.array([scores.crps(dice.normal(0.2, 0.7, size), truth) for _ in range(20_000)])
    error = found.std(ddof=1) / math.sqrt(len(found))
    assert abs(found.mean() - crps_of_normal(0.2, 0.7, truth)) < 4 * error


def test_a_large_normal_ensemble_has_the_closed_form() -> None:
    values = np.random.default_rng(5).normal(0.2, 0.7, 200_000)
    for truth in (-1.0, 0.2, 1.1):
        assert scores.crps(values, truth) == pytest.approx(crps_of_normal(0.2, 0.7, truth), abs=0.005)


@pytest.mark.parametrize("size", [2, 3, 50])
def test_the_sum_in_order_is_the_sum_over_pairs(size: int) -> None:
    values = DICE.normal(size=size)
    assert scores.crps(values, 0.3) == pytest.approx(by_definition(values, 0.3), rel=1e-12)


@pytest.mark.parametrize("members", [1, 2, 9])
def test_a_certain_forecast_scores_its_absolute_error(members: int) -> None:
    assert scores.crps(np.full(members, 0.8), 0.95) == pytest.approx(0.15)
    assert scores.crps(np.full(members, 0.8), 0.8) == 0.0


def test_two_members_by_hand() -> None:
    # |0.6 - 0.9| and |1.0 - 0.9| in the mean, less half of the distance of the two.
    assert scores.crps(np.array([0.6, 1.0]), 0.9) == pytest.approx(0.2 - 0.2)
    assert scores.crps(np.array([0.6, 1.0]), 0.5) == pytest.approx(0.3 - 0.2)


def test_the_honest_forecast_scores_best() -> None:
    dice = np.random.default_rng(17)
    truths = dice.normal(size=4_000)
    members = dice.normal(size=(4_000, 20))

    def of(shift: float, stretch: float) -> float:
        return float(np.mean([scores.crps(shift + stretch * row, y) for row, y in zip(members, truths, strict=True)]))

    honest = of(0.0, 1.0)
    assert all(of(shift, stretch) > honest + 0.01 for shift, stretch in ((0.4, 1), (-0.4, 1), (0, 0.5), (0, 1.8)))


# what is known up to a range


def test_an_exact_observation_has_one_score() -> None:
    found = score(NORMAL, exact(0.4))
    assert found.crps == pytest.approx(scores.crps(NORMAL, 0.4)) == found.crps_least == found.crps_most


def test_more_than_a_bound_asks_nothing_beyond_it() -> None:
    above = Observed(0.9, 1.0)
    assert scores.crps_outside(np.array([0.91, 0.95, 0.99]), above) == 0.0
    assert scores.crps_outside(np.array([0.7, 0.7]), above) == pytest.approx(0.2), "its distance to the bound"
    # Half of the members lie 0.2 below, half of them anywhere above: E|D| - E|D - D'|/2 of two members.
    assert scores.crps_outside(np.array([0.7, 0.97]), above) == scores.crps_outside(np.array([0.7, 0.92]), above)
    assert scores.crps_outside(np.array([0.7, 0.7, 0.95, 0.95]), above) == pytest.approx(0.1 - 0.5 * 4 * 0.2 / 6)


def test_beyond_both_ends_the_distance_counts() -> None:
    inside = Observed(0.4, 0.6)
    assert scores.crps_outside(np.array([0.9, 0.9]), inside) == pytest.approx(0.3)
    assert scores.crps_outside(np.array([0.1, 0.1]), inside) == pytest.approx(0.3)
    assert scores.crps_outside(np.array([0.1, 0.9]), inside) == pytest.approx(0.3 - 0.3), "one on either side"


@pytest.mark.parametrize("low", [-2.0, -0.5, 0.0, 0.3, 1.5])
@pytest.mark.parametrize("length", [0.0, 0.2, 1.0, 3.0])
def test_no_value_of_the_range_scores_less_or_more_than_the_bounds(low: float, length: float) -> None:
    observed = Observed(low, low + length)
    found = score(NORMAL, observed)
    each = [scores.crps(NORMAL, truth) for truth in np.linspace(*observed, 101)]
    assert found.crps <= min(each) + 1e-12
    assert found.crps_least <= min(each) + 1e-12 and found.crps_least == pytest.approx(min(each), abs=2e-3)
    assert found.crps_most == pytest.approx(max(each), abs=1e-12)


def test_with_a_bound_fixed_beforehand_the_honest_forecast_scores_best() -> None:
    """Who learns the truth only where it is below 0.5, and else that it is above, still tells good from bad."""
    dice = np.random.default_rng(23)
    truths, members = dice.normal(size=4_000), dice.normal(size=(4_000, 20))

    def of(shift: float) -> float:
        found = [
            scores.crps_outside(shift + row, Observed(0.5, np.inf)) if truth > 0.5
            else scores.crps(np.minimum(shift + row, 0.5), truth)
            for row, truth in zip(members, truths, strict=True)
        ]  # fmt: skip
        return float(np.mean(found))

    assert of(0.0) < min(of(-0.4), of(0.4)) - 0.005


# coverage


def test_an_interval_holds_a_value_or_not_or_that_is_open() -> None:
    ask = scores.covered
    assert [ask(0.3, 0.8, exact(value)) for value in (0.29, 0.3, 0.5, 0.8, 0.81)] == ["no", "yes", "yes", "yes", "no"]
    assert ask(0.3, 0.8, Observed(0.9, 1.0)) == "no" and ask(0.3, 0.8, Observed(0.0, 0.2)) == "no"
    assert ask(0.3, 0.91, Observed(0.9, 1.0)) == "open" and ask(0.95, 0.97, Observed(0.9, 1.0)) == "open"
    assert ask(0.85, 1.0, Observed(0.9, 1.0)) == "yes"


def test_eight_of_ten_intervals_of_honest_forecasts_hold_the_value() -> None:
    dice = np.random.default_rng(31)
    found = [score(dice.normal(size=500), exact(truth)) for truth in dice.normal(size=2_000)]
    share = scores.mean(found).covered_least / len(found)
    assert abs(share - 0.8) < 4 * math.sqrt(0.8 * 0.2 / len(found)) + 0.002


def test_means_count_every_forecast_alike() -> None:
    found = [score(np.linspace(0.0, 1.0, 11), Observed(*each)) for each in ((0.5, 0.5), (0.85, 1.0), (1.2, 1.3))]
    assert [each.covered for each in found] == ["yes", "open", "no"]
    total = scores.mean(found)
    assert (total.number, total.covered_least, total.covered_most) == (3, 1, 2)
    assert total.width == pytest.approx(0.8), "from the second to the tenth of eleven order statistics"
    assert total.crps == pytest.approx(sum(each.crps for each in found) / 3)
    assert total.crps <= total.crps_most


def test_a_printed_number_is_known_to_its_last_digit() -> None:
    assert printed(0.97, 2) == pytest.approx((0.965, 0.975))
    assert printed(0.6881, 4) == pytest.approx((0.68805, 0.68815))


def test_nothing_is_scored_that_says_nothing() -> None:
    with pytest.raises(ValueError, match="forecasts nothing"):
        scores.crps(np.array([]), 0.5)
    with pytest.raises(ValueError, match="no range"):
        score(NORMAL, Observed(0.9, 0.8))
    with pytest.raises(ValueError, match="no scores"):
        scores.mean([])
