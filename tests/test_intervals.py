"""Intervals of quantiles: they cover as often as they say, for any law, and say so where too few values bound them."""

import json
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import bdtr

from simulator import metrics
from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import ENDS, SHARES, UNKNOWN, estimate, half_width, interval, interval_ranks
from simulator.metrics.middle import middle
from simulator.metrics.probability import proportion
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Floats
from simulator.report import ranges, text
from tests.test_metrics import ran

LAWS: dict[str, tuple[Callable[[np.random.Generator, int], Floats], Callable[[float], float]]] = {
    "exponential": (lambda dice, count: dice.exponential(size=count), lambda share: -math.log1p(-share)),
    "pareto": (lambda dice, count: dice.pareto(0.7, size=count), lambda share: (1 - share) ** (-1 / 0.7) - 1),
}
SAMPLES = 3_000


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("count", [60, 1_000])
@pytest.mark.parametrize("share", SHARES.values())
def test_an_interval_covers_as_often_as_its_ranks_say(law: str, count: int, share: float) -> None:
    low, high = interval_ranks(count, share)
    # Of values without ties the quantile is covered if at least `low` and fewer than `high` of them are below it.
    exact = (float(bdtr(high - 1, count, share)) if high <= count else 1.0) - float(bdtr(low - 1, count, share))
    assert 0.95 <= exact < 1.0
    draw, quantile = LAWS[law]
    dice = np.random.default_rng([count, round(1000 * share), len(law)])
    found = [interval(np.sort(draw(dice, count)), share) for _ in range(SAMPLES)]
    covered = sum(not (quantile(share) < one or quantile(share) > other) for one, other in found)
    assert abs(covered / SAMPLES - exact) / math.sqrt(exact * (1 - exact) / SAMPLES) < 4


def test_with_ties_an_interval_covers_at_least_as_often() -> None:
    dice = np.random.default_rng(5)
    found = [interval(np.sort(dice.poisson(2.0, 200).astype(float)), 0.9) for _ in range(SAMPLES)]
    covered = sum(low <= 4.0 <= high for low, high in found)  # of a Poisson law with mean 2, P90 is 4
    assert covered / SAMPLES > 0.95 - 4 * math.sqrt(0.95 * 0.05 / SAMPLES)


@pytest.mark.parametrize("count", [1, 2, 5, 29, 36, 100, 256, 1_000, 12_345, 1_000_000])
def test_ranks_are_those_of_the_binomial_law(count: int) -> None:
    for share in (0.01, *SHARES.values(), 0.999):
        low, high = interval_ranks(count, share)
        assert bdtr(low - 1, count, share) <= 0.025 or low == 0
        assert bdtr(low, count, share) > 0.025 or low == count
        assert high == count + 1 or bdtr(high - 1, count, share) >= 0.975
        assert bdtr(high - 2, count, share) < 0.975 or high == 1


def test_few_values_leave_ends_open() -> None:
    assert all(math.isnan(end) for end in interval(np.array([1.0]), 0.5))
    assert all(math.isnan(end) for end in interval(np.zeros(0), 0.5))
    low, high = interval(np.arange(20.0), 0.9)
    assert low == 14.0 and math.isnan(high)
    assert math.isnan(interval(np.arange(20.0), 0.1)[0])
    assert half_width(np.arange(20.0), 0.9) == math.inf
    # Five of six values on one side of the median happen often, six of six seldom: 2 / 64 is below 5 %.
    assert interval(np.arange(6.0), 0.5) == (0.0, 5.0) and math.isnan(interval(np.arange(5.0), 0.5)[0])


def test_an_end_that_is_infinite_is_bounded_and_one_that_is_open_is_not() -> None:
    found = estimate(np.array([1.0] * 85 + [math.inf] * 15))
    assert (found.p90, found.p90_low, found.p90_high) == (math.inf, 1.0, math.inf)
    assert math.isnan(found.p99_high) and found.infinite == 15
    assert UNKNOWN.infinite == 0 and all(math.isnan(getattr(UNKNOWN, name)) for name in ENDS)


@pytest.mark.parametrize(
    ("value", "ends", "told"),
    [
        (83.25, (82.2, 84.5), "83.2 d (82.2\N{EN DASH}84.5)"),
        (83.25, (82.2, math.inf), "83.2 d (82.2\N{EN DASH}never)"),
        (math.inf, (82.2, math.inf), "never (82.2 d\N{EN DASH}never)"),
        (math.inf, (math.inf, math.inf), "never (never)"),
        (math.inf, (math.inf, math.nan), "never (never)"),
        (83.25, (82.2, math.nan), "83.2 d (from 82.2)"),
        (83.25, (math.nan, 84.5), "83.2 d (up to 84.5)"),
        (83.25, (math.nan, math.nan), "83.2 d (unbounded)"),
        (83.25, (math.nan, math.inf), "83.2 d (unbounded)"),
        (83.25, (83.25, 83.25), "83.2 d (83.2)"),
        (math.nan, (math.nan, math.nan), "unknown"),
    ],
)
def test_an_interval_is_told_with_its_ends(value: float, ends: tuple[float, float], told: str) -> None:
    write = text.ruler([100.0 * 86_400])
    assert ranges.within(value * 86_400, (ends[0] * 86_400, ends[1] * 86_400), write) == told


def test_units_that_differ_are_told() -> None:
    assert ranges.within(1.02e6, (9.943e5, 1.057e6), text.dollars) == "1.02M USD (994.3k USD\N{EN DASH}1.057M USD)"


def test_days_of_a_finish_have_intervals() -> None:
    days = {"p50": "2027-05-22", "p50_low": "2027-05-20", "p50_high": "2027-05-26"}
    told = {"finish_date": days, "finish_days": dict.fromkeys(("p50", "p50_low", "p50_high"), 5.0) | {"unfinished": 3}}
    assert ranges.dates(told, "p50") == "22 May 2027 (20\N{EN DASH}26 May)"
    days["p50_high"] = "2027-06-02"
    assert ranges.dates(told, "p50") == "22 May 2027 (20 May\N{EN DASH}2 Jun)"
    days["p50_high"] = "2028-01-02"
    assert ranges.dates(told, "p50") == "22 May 2027 (20 May 2027\N{EN DASH}2 Jan 2028)"
    days["p50_high"], told["finish_days"]["p50_high"] = None, None
    assert ranges.dates(told, "p50") == "22 May 2027 (20 May\N{EN DASH}never)"
    told["finish_days"]["unbounded"] = ["p50_high"]
    assert ranges.dates(told, "p50") == "22 May 2027 (from 20 May)"


def test_a_probability_has_an_interval_that_is_never_empty() -> None:
    assert proportion(0, 1_000).probability == 0.0 and proportion(0, 1_000).low == 0.0
    assert 0.003 < proportion(0, 1_000).high < 0.006 and proportion(20, 20).low < 0.95 < proportion(20, 20).high == 1.0
    dice = np.random.default_rng(8)
    found = [proportion(int(met), 400) for met in dice.binomial(400, 0.03, SAMPLES)]
    covered = sum(one.low <= 0.03 <= one.high for one in found) / SAMPLES
    assert covered > 0.95 - 4 * math.sqrt(0.95 * 0.05 / SAMPLES)


def test_intervals_stand_below_where_a_terminal_is_narrow() -> None:
    rows = [("(95 % interval)", "P50", "P90", "mean"), ("run time", "83.3 d (82.2-84.5)", "never (9-never)", "9 ± 2")]
    wide = ranges.fitted(rows, None, (1, 2))
    assert wide == ranges.fitted(rows, 80, (1, 2)) and "83.3 d (82.2-84.5)" in wide
    assert [line.split() for line in ranges.fitted(rows, 50, (1, 2)).splitlines()] == [
        ["(95", "%", "interval)", "P50", "P90", "mean"],
        ["run", "time", "83.3", "d", "never", "9", "±", "2"],
        ["95", "%", "82.2-84.5", "9-never"],
    ]


# Nodes out of service, which one replication finds often


def test_nodes_out_of_service_have_intervals_of_replications(monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble = ran(replications=5)
    dice, covered = np.random.default_rng(11), 0
    for _ in range(400):
        # The replications differ in their means, so failures of one are alike.
        means = dice.gamma(4.0, 1.0, 200)
        seen = [np.bincount(dice.poisson(mean, 30)) for mean in means]
        table = ensemble.table.iloc[np.zeros(200, int)].reset_index(drop=True)
        table["nodes_out_seen"] = seen
        nodes = metrics.nodes_out_of_service(replace(ensemble, table=table)).nodes
        covered += nodes.p90_low <= 8 <= nodes.p90_high  # negative binomial(4, 1/2): P(at most 7) 0.887, 8: 0.927
    assert covered / 400 > 0.95 - 4 * math.sqrt(0.95 * 0.05 / 400)


# The median replication


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return ran(replications=200)


def test_the_median_replication_is_all_of_its_wall_clock_to_the_microsecond(ensemble: Ensemble) -> None:
    rows = middle(ensemble)
    table = ensemble.table.iloc[rows]
    accounts = sum(int(table[f"{account.name.lower()}_us"].sum()) for account in Account)
    assert accounts == int(table["wall_us"].sum()) and len(rows) == 21  # ranks 90 to 110
    shares = metrics.ledger_share_median(ensemble)
    assert math.fsum(share.probability for share in shares.values()) == pytest.approx(1.0, abs=1e-14)
    low, high = np.sort(ensemble.table["finish_days"])[[89, 109]]
    assert table["finish_days"].between(low, high).all()


def test_the_median_replication_does_not_depend_on_the_order_of_the_rows(ensemble: Ensemble) -> None:
    shuffled = replace(ensemble, table=ensemble.table.sample(frac=1.0, random_state=3).reset_index(drop=True))
    assert metrics.ledger_share_median(shuffled) == metrics.ledger_share_median(ensemble)


def test_a_few_bad_replications_move_the_mean_and_not_the_median(ensemble: Ensemble) -> None:
    table = ensemble.table.copy()
    worst = table["finish_days"].nlargest(10).index
    lost = 50 * table.loc[worst, "wall_us"]
    table.loc[worst, "lost_work_us"] += lost
    table.loc[worst, "wall_us"] += lost
    table.loc[worst, ["finish_days"]] *= 51
    other = replace(ensemble, table=table)
    assert metrics.ledger_share_median(other) == metrics.ledger_share_median(ensemble)
    mean = [metrics.ledger_share(one)[Account.LOST_WORK].mean for one in (ensemble, other)]
    assert mean[1] > mean[0] + 0.04


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_few_replications_have_a_median_one(ensemble: Ensemble, count: int) -> None:
    one = replace(ensemble, table=ensemble.table.head(count))
    rows = middle(one)
    assert 1 <= len(rows) <= 2
    told = metrics.summarise(one)["ledger_share_median"]
    assert json.dumps(told, allow_nan=False)
    assert math.fsum(share["share"] for share in told.values()) == pytest.approx(1.0, abs=1e-14)


def test_what_never_finishes_comes_last(ensemble: Ensemble) -> None:
    table = ensemble.table.copy()
    late = table["finish_days"].nsmallest(120).index
    table.loc[late, "finish_days"] = math.inf
    rows = middle(replace(ensemble, table=table))
    assert np.isinf(table["finish_days"].to_numpy()[rows]).all()
    assert (np.diff(table["wall_us"].to_numpy()[rows]) >= 0).all()
