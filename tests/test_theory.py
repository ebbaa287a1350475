"""The closed forms give the published numbers, obey their limits, and agree with brute force where that is cheap."""

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from simulator.numbers import theory
from tests.oracles import closed_forms

Row = dict[str, Any]
ORACLES: dict[str, list[Row]] = YAML(typ="safe").load(Path(__file__).parent / "oracles" / "closed_forms.yaml")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
RUN = (1 / 1800, 600.0, 5.0, 240.0, 180.0, 144)  # failure rate, interval, save, restart, detection, segments


def rows(section: str, **wanted: object) -> list[Row]:
    found = [row for row in ORACLES[section] if wanted.items() <= row.items()]
    assert found, f"no rows in {section} with {wanted}"
    return found


def number(written: str | float) -> float:
    """A number that may be written as a fraction, such as 1/10800."""
    return float(Fraction(written))


def run_of(row: Row) -> tuple[float, float, float, float, float, int]:
    return number(row["lambda"]), row["tau"], row["delta"], row["R"], row["D0"], row["n"]


# every row of the oracle file


@pytest.mark.parametrize("row", rows("run_time"), ids=str)
def test_run_time_has_the_published_mean_and_variance(row: Row) -> None:
    assert theory.expected_run_time(*run_of(row)) == pytest.approx(row["mean_s"], rel=1e-8)
    assert closed_forms.run_time_variance(*run_of(row)) == pytest.approx(row["variance_s2"], rel=2e-8)


@pytest.mark.parametrize("row", rows("optimal_interval"), ids=str)
def test_the_three_intervals(row: Row) -> None:
    rate, save = number(row["lambda"]), row["delta"]
    assert theory.optimal_interval(rate, save) == pytest.approx(row["exact_s"], abs=5e-5)
    assert theory.young_interval(rate, save) == pytest.approx(row["young_s"], abs=5e-3)
    assert closed_forms.daly_interval(rate, save) == pytest.approx(row["daly_higher_order_s"], abs=5e-3)


@pytest.mark.parametrize("row", rows("spares", model="M/M/c"), ids=str)
def test_spares_with_few_crews(row: Row) -> None:
    assert theory.crews_tail(row["a"], row["c"], row["at_least"]) == pytest.approx(row["probability"], abs=5e-7)


def test_spares_with_unlimited_crews() -> None:
    tail, enough = rows("spares", model="M/G/inf")
    assert theory.unlimited_crews_tail(tail["a"], tail["at_least"]) == pytest.approx(tail["probability"], abs=5e-7)
    assert closed_forms.spares_for(enough["a"], 0.01) == enough["spares_for"]["one_percent"]
    assert closed_forms.spares_for(enough["a"], 0.001) == enough["spares_for"]["one_per_mille"]


@pytest.mark.parametrize("row", rows("weibull_counts"), ids=str)
def test_weibull_counts(row: Row) -> None:
    unit = (row["shape"], 400 * DAY, row["age0_d"] * DAY, 300 * DAY)
    assert 200 * closed_forms.minimal_repair_count(*unit) == pytest.approx(row["minimal_repair"], abs=5e-5)
    assert 200 * closed_forms.renewal_count(*unit) == pytest.approx(row["renewal"], abs=5e-5)


@pytest.mark.parametrize("row", rows("rates"), ids=str)
def test_mttf_of_a_job(row: Row) -> None:
    assert closed_forms.mttf([row["nodes"]], [row["per_node_day"] / DAY]) / HOUR == pytest.approx(
        row["mttf_h"], abs=5e-4
    )


@pytest.mark.parametrize("row", rows("ettr"), ids=str)
def test_first_order_ettr(row: Row) -> None:
    mttf = closed_forms.mttf([row["nodes"]], [row["per_node_day"] / DAY])
    restart, interval, save = (row[key] * MINUTE for key in ("restart_min", "interval_min", "save_min"))
    assert theory.first_order_ettr(mttf, restart, interval, save) == pytest.approx(row["ettr"], abs=5e-4)


@pytest.mark.parametrize("row", rows("goodput_conventions"), ids=str)
def test_goodput_conventions(row: Row) -> None:
    goodput = closed_forms.goodput_conventions(row["M_min"] * MINUTE, row["R_min"] * MINUTE)
    published = row["one_minus_R_over_M"], row["M_over_M_plus_R"], row["exp_minus_R_over_M"]
    assert goodput == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("row", rows("blast_radius"), ids=str)
def test_blast_radius_loss(row: Row) -> None:
    assert closed_forms.blast_radius_loss(1e-3, row["T"]) == pytest.approx(row["loss"], abs=5e-4)


@pytest.mark.parametrize("row", rows("stragglers"), ids=str)
def test_expected_maximum_of_normals(row: Row) -> None:
    assert theory.expected_maximum_of_normals(row["N"]) == pytest.approx(row["expected_max"], abs=5e-5)


def test_memory_tier_loss() -> None:
    assert closed_forms.memory_tier_loss(2) == 1
    assert closed_forms.memory_tier_loss(12_500) == pytest.approx(1 / 12_499)


# laws and limits


def test_without_failures_the_run_is_work_and_saves() -> None:
    assert theory.expected_run_time(0, 600, 30, 300, 60, 144) == 144 * 600 + 143 * 30
    assert closed_forms.run_time_variance(0, 600, 30, 300, 60, 144) == 0


def test_run_time_is_smooth_where_failures_are_rare() -> None:
    """To first order in the rate: one possible failure, at any moment of the segment alike."""
    rate, work = 1e-12, 3600.0
    mean_cost, mean_square = work / 2 + 300 + 60, work * work / 3 + work * 360 + 360 * 360
    assert theory.expected_run_time(rate, work, 30, 300, 60, 1) - work == pytest.approx(
        rate * work * mean_cost, rel=1e-3
    )
    assert closed_forms.run_time_variance(rate, work, 30, 300, 60, 1) == pytest.approx(
        rate * work * mean_square, rel=1e-6
    )


def test_truncated_exponential_joins_its_series() -> None:
    series, closed = (theory._time_to_failure_within(exposure, 1.0) for exposure in (0.03 - 1e-12, 0.03 + 1e-12))
    assert series == pytest.approx(closed, rel=1e-11)


@pytest.mark.parametrize("argument", [0, 2, 3, 4, 5])
def test_run_time_grows_with_every_burden(argument: int) -> None:
    heavier = list(RUN)
    heavier[argument] *= 2
    rate, interval, save, restart, detection, segments = heavier
    harder = rate, interval, save, restart, detection, int(segments)
    assert theory.expected_run_time(*harder) > theory.expected_run_time(*RUN)
    assert closed_forms.run_time_variance(*harder) > closed_forms.run_time_variance(*RUN)


def test_run_time_beyond_floating_point_is_infinite() -> None:
    assert theory.expected_run_time(1.0, 1e4, 30, 300, 60, 10) == math.inf
    assert closed_forms.run_time_variance(1.0, 1e4, 30, 300, 60, 10) == math.inf


def test_run_time_agrees_with_brute_force() -> None:
    rate, interval, save, restart, detection, segments = 1 / 900, 600.0, 60.0, 240.0, 180.0, 6
    replications, random = 20_000, np.random.default_rng(20060301)
    times = np.zeros(replications)
    for segment in range(segments):
        length = interval if segment == segments - 1 else interval + save
        struck = np.arange(replications)
        while len(struck):
            ring = random.exponential(1 / rate, len(struck))
            times[struck] += np.minimum(ring, length)
            struck = struck[ring < length]
            recovering = struck
            while len(recovering):
                ring = random.exponential(1 / rate, len(recovering))
                times[recovering] += detection + np.minimum(ring, restart)
                recovering = recovering[ring < restart]
    mean, variance = (
        law(rate, interval, save, restart, detection, segments)
        for law in (theory.expected_run_time, closed_forms.run_time_variance)
    )
    squares = (times - mean) ** 2
    assert abs(times.mean() - mean) / math.sqrt(variance / replications) < 4
    assert abs(squares.mean() - variance) / (squares.std() / math.sqrt(replications)) < 4


@pytest.mark.parametrize("save", [1e-9, 1e-3, 30.0, 1800.0, 20_000.0])
def test_the_exact_interval_is_stationary_and_daly_approaches_it(save: float) -> None:
    rate = 1 / 1800
    exact = theory.optimal_interval(rate, save)
    assert math.log1p(-rate * exact) + rate * exact == pytest.approx(-rate * save, rel=1e-5)
    assert exact < theory.young_interval(rate, save)
    if save < 100:
        assert closed_forms.daly_interval(rate, save) == pytest.approx(exact, rel=1e-3)
    if save > 2 / rate:
        assert closed_forms.daly_interval(rate, save) == 1 / rate


def test_the_exact_interval_joins_its_series() -> None:
    below, above = (theory.optimal_interval(1.0, save) for save in (1e-6 * (1 - 1e-9), 1e-6))
    assert above == pytest.approx(below, rel=2e-9)


@pytest.mark.parametrize("work", [0.01, 0.3, 2.0, 10.0, 60.0])  # in units of the MTTF, as is the save
@pytest.mark.parametrize("save", [0.003, 0.1, 1.0, 4.6])
def test_best_segments_beat_every_other_number(work: float, save: float) -> None:
    segments, interval = theory.best_segments(work, 1.0, save, 0.1, 0.2)
    assert segments * interval == pytest.approx(work)
    every = {number: theory.expected_run_time(1.0, work / number, save, 0.1, 0.2, number) for number in range(1, 1000)}
    assert every[segments] == min(every.values())


def test_best_segments_at_the_edges() -> None:
    assert theory.best_segments(DAY, 0.0, 30, 300, 60) == (1, DAY)
    rate, work = 1 / 1800, 1000 * DAY
    assert theory.best_segments(work, rate, 30, 300, 60)[1] == pytest.approx(
        theory.optimal_interval(rate, 30), rel=1e-4
    )
    assert theory.best_segments(DAY, rate, 30, 300, 60) == theory.best_segments(DAY, rate, 30, 0, 0)


def test_rates_of_several_parts_add() -> None:
    assert closed_forms.mttf([2, 8], [1e-3, 5e-4]) == pytest.approx(1 / 6e-3)
    assert closed_forms.mttf([4096], [0.0]) == math.inf


def test_first_order_ettr_is_best_at_youngs_interval() -> None:
    best = theory.young_interval(1 / HOUR, 30)
    ettr = [theory.first_order_ettr(HOUR, 300, best * stretch, 30) for stretch in (0.99, 1.0, 1.01)]
    assert max(ettr) == ettr[1]


def test_first_order_ettr_is_the_limit_of_rare_failures() -> None:
    interval, save, segments = 600.0, 0.5, 2000
    exact = segments * interval / theory.expected_run_time(1e-6, interval, save, 300, 0, segments)
    assert theory.first_order_ettr(1e6, 300, interval, save) == pytest.approx(exact, abs=2e-6)


def test_goodput_conventions_keep_their_order() -> None:
    wall_clock, up_time, struck_recovery = closed_forms.goodput_conventions(1000.0, 400.0)
    assert wall_clock < struck_recovery < up_time
    assert closed_forms.goodput_conventions(1000.0, 0.0) == (1, 1, 1)


@pytest.mark.parametrize("at_least", [0, 1, 5, 8, 9, 20])
def test_crews_tail_sums_the_birth_and_death_process(at_least: int) -> None:
    load, crews = 6.0, 8
    weights = [1.0]
    for out in range(1, 2000):
        weights.append(weights[-1] * load / min(out, crews))
    brute_force = math.fsum(weights[at_least:]) / math.fsum(weights)
    assert theory.crews_tail(load, crews, at_least) == pytest.approx(brute_force, rel=1e-12)


def test_many_crews_are_as_good_as_unlimited_crews() -> None:
    assert theory.crews_tail(20, 5000, 32) == pytest.approx(theory.unlimited_crews_tail(20, 32), rel=1e-9)
    tails = [theory.crews_tail(20, crews, 32) for crews in range(21, 60)]
    assert tails == sorted(tails, reverse=True)


@pytest.mark.parametrize("probability", [1.0, 0.5, 1e-2, 1e-9])
@pytest.mark.parametrize("load", [0.0, 0.3, 20.0, 3000.0])
def test_spares_are_enough_and_not_one_too_many(load: float, probability: float) -> None:
    spares = closed_forms.spares_for(load, probability)
    assert theory.unlimited_crews_tail(load, spares) <= probability
    assert spares == 0 or theory.unlimited_crews_tail(load, spares - 1) > probability


def test_ageless_units_fail_alike_under_every_repair() -> None:
    assert closed_forms.minimal_repair_count(1.0, 400 * DAY, 70 * DAY, 300 * DAY) == pytest.approx(0.75)
    assert closed_forms.renewal_count(1.0, 400 * DAY, 70 * DAY, 300 * DAY) == pytest.approx(0.75, rel=1e-7)


def test_renewal_helps_units_that_wear_out_and_hurts_those_that_mature() -> None:
    assert closed_forms.renewal_count(1.5, 1.0, 0.5, 3.0) < closed_forms.minimal_repair_count(1.5, 1.0, 0.5, 3.0)
    assert closed_forms.renewal_count(0.7, 1.0, 0.5, 3.0) > closed_forms.minimal_repair_count(0.7, 1.0, 0.5, 3.0)


def test_long_renewal_follows_the_renewal_theorem() -> None:
    """M(t) -> t/mean + (variance/mean² - 1)/2 (Smith 1954)."""
    mean = math.gamma(1 + 1 / 2)
    square = math.gamma(1 + 2 / 2)
    asymptote = 20 / mean + square / (2 * mean * mean) - 1
    assert closed_forms.renewal_count(2.0, 1.0, 0.0, 20.0) == pytest.approx(asymptote, rel=1e-5)


@pytest.mark.parametrize("shape", [0.5, 0.7, 1.5, 3.0])
def test_renewal_grid_is_fine_enough(shape: float) -> None:
    coarse, fine = (
        closed_forms.renewal_count(shape, 1.0, 0.2, 5.0, steps) for steps in (closed_forms.RENEWAL_STEPS, 12_288)
    )
    assert coarse == pytest.approx(fine, rel=1e-5)


def test_nothing_fails_in_no_time() -> None:
    assert closed_forms.minimal_repair_count(0.7, 1.0, 2.0, 0.0) == 0
    assert closed_forms.renewal_count(0.7, 1.0, 2.0, 0.0) == 0


def test_blast_radius_at_its_limits() -> None:
    assert closed_forms.blast_radius_loss(0.0, 72) == 0
    assert closed_forms.blast_radius_loss(1.0, 72) == 1
    assert closed_forms.blast_radius_loss(0.02, 1) == pytest.approx(0.02)
    assert closed_forms.blast_radius_loss(1e-18, 72) == pytest.approx(72e-18)


def test_small_maxima_are_known_exactly() -> None:
    exact = 0, 1 / math.sqrt(math.pi), 1.5 / math.sqrt(math.pi)
    assert [theory.expected_maximum_of_normals(n) for n in (1, 2, 3)] == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize(
    ("law", "arguments"),
    [
        (theory.expected_run_time, (-1.0, 600, 30, 300, 0, 144)),
        (closed_forms.run_time_variance, (1e-3, 600, 30, 300, 0, 0)),
        (theory.optimal_interval, (0.0, 30.0)),
        (theory.young_interval, (1e-3, -1.0)),
        (closed_forms.daly_interval, (0.0, 30.0)),
        (theory.best_segments, (DAY, 1e-3, 0.0, 300, 0)),
        (closed_forms.mttf, ([1, 2], [1e-3])),
        (theory.first_order_ettr, (0.0, 300, 600, 30)),
        (closed_forms.goodput_conventions, (0.0, 300)),
        (theory.crews_tail, (20, 20, 32)),
        (theory.unlimited_crews_tail, (-1.0, 32)),
        (closed_forms.spares_for, (20, 0.0)),
        (closed_forms.minimal_repair_count, (0.0, 1.0, 0.0, 1.0)),
        (closed_forms.renewal_count, (0.7, 1.0, -1.0, 1.0)),
        (closed_forms.blast_radius_loss, (1.1, 72)),
        (theory.expected_maximum_of_normals, (0,)),
        (closed_forms.memory_tier_loss, (1,)),
    ],
)
def test_meaningless_arguments_are_refused(law: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"need|must not be|has no best|zip"):
        law(*arguments)
