"""Laws of time against SciPy, ticks, and the clocks of ageing units."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from simulator.numbers.chance import replication_key, uniform
from simulator.numbers.durations import (
    Hazards,
    age_at,
    budget,
    draw_ticks,
    draw_value,
    draw_value_with,
    gamma_quantile,
    level_at,
    normal_quantile,
    sample,
    ticks,
)
from simulator.numbers.plan import Purpose
from simulator.numbers.times import LAW_COLUMNS, LAW_FIELDS, NEVER, TICKS_PER_SECOND, Family, Hazard

PROBABILITIES = [2.0**-53, 1e-12, 1e-6, 1e-3, 0.02, 0.1, 0.3, 0.5, 0.75, 0.9, 0.99, 0.999, 1 - 1e-5]
FAR_OUT = [1 - 1e-7, 1 - 1e-10, 1 - 2.0**-53]
EXACT = 1e-10
KEY = np.uint64(replication_key(3, 1))


def quantile(family: Family, u: float, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> float:
    return float(sample(float(family), a, b, c, u))


# laws


@pytest.mark.parametrize("u", PROBABILITIES + FAR_OUT)
def test_normal(u: float) -> None:
    assert normal_quantile(u) == pytest.approx(special.ndtri(u), rel=1e-14, abs=1e-16)


@pytest.mark.parametrize("u", PROBABILITIES + FAR_OUT)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 86_400.0])
def test_exponential_and_weibull_fall_as_u_rises(u: float, scale: float) -> None:
    """Inverted from above: long durations come from small numbers, which are the finest."""
    assert quantile(Family.EXPONENTIAL, u, scale) == pytest.approx(stats.expon(scale=scale).isf(u), rel=EXACT)
    for shape in (0.05, 0.43, 0.8, 1.0, 1.5, 20.0):
        oracle = stats.weibull_min(shape, scale=scale).isf(u)
        assert quantile(Family.WEIBULL, u, scale, 1 / shape) == pytest.approx(oracle, rel=EXACT)


@pytest.mark.parametrize("u", PROBABILITIES + FAR_OUT)
def test_lognormal(u: float) -> None:
    for mean, deviation in ((0.0, 1.0), (4.1, 0.01), (11.0, 2.5), (-9.0, 1.8)):
        oracle = stats.lognorm(deviation, scale=math.exp(mean)).ppf(u)
        assert quantile(Family.LOGNORMAL, u, mean, deviation) == pytest.approx(oracle, rel=EXACT)


SHAPES = [0.05, 0.1, 0.3, 0.5, 0.99, 1.0, 1.01, 2.0, 3.7, 10.0, 33.0, 100.0, 333.0, 1000.0]


@pytest.mark.parametrize("shape", SHAPES)
def test_gamma(shape: float) -> None:
    for u in PROBABILITIES:
        found = quantile(Family.GAMMA, u, 7.0, shape, math.lgamma(shape))
        assert found == pytest.approx(stats.gamma(shape, scale=7.0).ppf(u), rel=EXACT, abs=1e-290), u


@pytest.mark.parametrize("shape", SHAPES)
def test_gamma_far_out_is_as_exact_as_a_probability_can_be(shape: float) -> None:
    """Above 1 - 1e-5 the probability's own rounding moves the quantile by more than 1e-10 of it."""
    for u in FAR_OUT:
        found = gamma_quantile(shape, math.lgamma(shape), u)
        assert abs(special.gammaincc(shape, found) - (1 - u)) < 2e-14


def test_gamma_is_monotone() -> None:
    """Paired scenarios stay paired only so."""
    for shape in SHAPES:
        found = [gamma_quantile(shape, math.lgamma(shape), u) for u in np.linspace(0.0005, 0.9995, 400)]
        assert (np.diff(found) > 0).all()


def test_fixed_uniform_and_never() -> None:
    for u in PROBABILITIES:
        assert quantile(Family.FIXED, u, 3.25) == 3.25
        assert quantile(Family.UNIFORM, u, 2.0, 6.0) == pytest.approx(stats.uniform(2, 4).ppf(u), rel=EXACT)
        assert quantile(Family.NEVER, u, 3.25) == math.inf


@pytest.mark.parametrize("power", [1.0, 0.9, 0.5, 0.02])
def test_checks_find_after_a_geometric_number_of_periods(power: float) -> None:
    """What begins at a random moment waits for the next check, and one period for each check that misses it."""
    numbers = (np.arange(200_000) + 0.5) / 200_000
    found = np.array([quantile(Family.CHECKS, u, 3.0, power) for u in numbers])
    assert found.min() >= 0 and (np.diff(found) <= 1e-9).all(), "the smaller the number, the later"
    for periods in (0.25, 0.5, 1.0, 1.75, 4.0):
        whole = math.floor(periods)
        within = 1 - (1 - power) ** whole * (1 - power * (periods - whole))
        assert (found <= 3.0 * periods).mean() == pytest.approx(within, abs=2e-5)
    assert found.mean() == pytest.approx(3.0 * (1 / power - 0.5), rel=2e-3)


@pytest.mark.parametrize("number", [1, 8, 10_000, 1_000_000])
def test_maxima_have_the_power_of_the_law(number: int) -> None:
    for u in (0.01, 0.3, 0.5, 0.9, 0.999):
        normal = quantile(Family.NORMAL_MAXIMUM, u, 0.02, 1 / number)
        assert number * stats.norm.logcdf(normal / 0.02) == pytest.approx(math.log(u), rel=1e-6)
        heavy = quantile(Family.PARETO_MAXIMUM, u, 0.01, 1 / 3, 1 / number)
        assert number * math.log1p(-((0.01 / heavy) ** 3)) == pytest.approx(math.log(u), rel=1e-6)


@pytest.mark.parametrize("family", Family)
def test_a_law_draws_what_it_says(family: Family) -> None:
    numbers = {
        Family.FIXED: (5.0, 0.0, 0.0),
        Family.EXPONENTIAL: (5.0, 0.0, 0.0),
        Family.WEIBULL: (5.0, 1 / 0.6, 0.0),
        Family.LOGNORMAL: (1.0, 0.7, 0.0),
        Family.GAMMA: (2.0, 2.5, math.lgamma(2.5)),
        Family.UNIFORM: (1.0, 9.0, 0.0),
        Family.NEVER: (0.0, 0.0, 0.0),
        Family.CHECKS: (4.0, 0.7, 0.0),
        Family.NORMAL_MAXIMUM: (0.01, 1e-5, 0.0),
        Family.PARETO_MAXIMUM: (0.01, 1 / 3, 1e-5),
    }
    laws = np.zeros((2, LAW_COLUMNS, LAW_FIELDS))
    laws[1, Purpose.REPAIR] = (family, *numbers[family])
    for ordinal in range(50):
        u = uniform(KEY, 4, ordinal, Purpose.REPAIR.value)
        value = quantile(family, u, *numbers[family])
        assert draw_value(laws, KEY, 1, 4, ordinal, Purpose.REPAIR.value) == value
        assert draw_ticks(laws, KEY, 1, 4, ordinal, Purpose.REPAIR.value) == ticks(value)


def test_a_law_may_be_fed_with_the_number_of_another_purpose() -> None:
    laws = np.zeros((1, LAW_COLUMNS, LAW_FIELDS))
    laws[0, Purpose.RESTORE] = laws[0, Purpose.RESTORE_MEMORY] = (Family.UNIFORM, 0.0, 1.0, 0.0)
    found = draw_value_with(laws, KEY, 0, 2, 9, Purpose.RESTORE_MEMORY.value, Purpose.RESTORE.value)
    assert found == uniform(KEY, 2, 9, Purpose.RESTORE.value) == draw_value(laws, KEY, 0, 2, 9, Purpose.RESTORE.value)


# ticks


@pytest.mark.parametrize(
    ("seconds", "whole"),
    [
        (0.0, 0),
        (0.49e-6, 0),
        (0.5e-6, 1),  # a half goes up
        (1.49e-6, 1),
        (1.5e-6, 2),
        (2.5e-6, 3),
        (1.0, TICKS_PER_SECOND),
        (86_400.0, 86_400 * TICKS_PER_SECOND),
        (-1e-9, 0),
        (-5.0, 0),
        (-math.inf, 0),
        (math.inf, NEVER),
        (math.nan, NEVER),
        (1e300, NEVER),
        (NEVER / TICKS_PER_SECOND, NEVER),
        (NEVER / TICKS_PER_SECOND * 0.999, None),
    ],
)
def test_ticks(seconds: float, whole: int | None) -> None:
    found = ticks(seconds)
    assert isinstance(found, int) and 0 <= found <= NEVER
    if whole is None:
        assert found < NEVER and found == pytest.approx(0.999 * NEVER)
    else:
        assert found == whole


@pytest.mark.parametrize("whole", [1, 7, 999_999, 10**9 + 1, 123_456_789_012, 2**52 - 1, 2**52])
def test_a_number_of_ticks_in_seconds_is_that_number_again(whole: int) -> None:
    assert ticks(whole / TICKS_PER_SECOND) == whole


# clocks


def hazards(kind: Hazard, first: float, second: float = 0.0, age: float = 0.0, table: object = ()) -> Hazards:
    rows = np.array(table, float).reshape(-1, 3)
    return Hazards(np.array([int(kind)]), np.array([[first, second, age]]), rows)


# From 0 s: 2/s; from 10 s: nothing; from 25 s: 0.5/s; from 40 s on: 4/s. The first rows belong to another cause.
STEPS = [(0, 9, 0), (5, 1, 45), (0, 2, 0), (10, 0, 20), (25, 0.5, 20), (40, 4, 27.5)]
GROWING = {
    "exponential": hazards(Hazard.EXPONENTIAL, 0.02),
    "infant": hazards(Hazard.WEIBULL, 0.3, 50.0),
    "wear": hazards(Hazard.WEIBULL, 4.0, 50.0),
    "table": hazards(Hazard.TABLE, 2, 4, table=STEPS),
}


@pytest.mark.parametrize("age", [1e-6, 0.5, 3.0, 9.999, 26.0, 39.0, 41.0, 1e4])
@pytest.mark.parametrize("law", GROWING)
def test_age_and_level_are_inverse(law: str, age: float) -> None:
    level = level_at(GROWING[law], 0, age)
    assert age_at(GROWING[law], 0, level) == pytest.approx(age, rel=1e-12)
    assert level_at(GROWING[law], 0, age_at(GROWING[law], 0, 7 * age)) == pytest.approx(7 * age, rel=1e-12)


@pytest.mark.parametrize("law", GROWING)
def test_levels_rise_with_age(law: str) -> None:
    ages = np.linspace(0, 100, 401)
    levels = [level_at(GROWING[law], 0, age) for age in ages]
    assert levels[0] == 0 and (np.diff(levels) >= 0).all()
    assert (np.diff([age_at(GROWING[law], 0, level) for level in np.linspace(0.01, 90, 300)]) >= 0).all()


@pytest.mark.parametrize("age", [0.3, 20.0, 300.0])
def test_weibull_levels_are_minus_the_logarithm_of_survival(age: float) -> None:
    assert level_at(hazards(Hazard.WEIBULL, 0.8, 90.0), 0, age) == pytest.approx(
        -stats.weibull_min(0.8, scale=90).logsf(age), rel=1e-12
    )


@pytest.mark.parametrize("score", [-7.0, -2.0, -0.1, 0.0, 0.1, 2.0, 7.0, 20.0])
def test_lognormal_levels_are_minus_the_logarithm_of_survival(score: float) -> None:
    law, age = hazards(Hazard.LOGNORMAL, 4.0, 1.3), math.exp(4.0 + 1.3 * score)
    level = level_at(law, 0, age)
    assert level == pytest.approx(-stats.norm.logsf(score), rel=1e-10)
    assert age_at(law, 0, level) == pytest.approx(age, rel=1e-9)
    assert level_at(law, 0, 0.0) == 0.0 and age_at(law, 0, 0.0) == 0.0 and age_at(law, 0, 1e4) == math.inf


def test_a_table_is_the_integral_of_its_steps() -> None:
    table = GROWING["table"]
    by_age = {0: 0, 5: 10, 10: 20, 17: 20, 25: 20, 27: 21, 40: 27.5, 42: 35.5}
    assert {age: level_at(table, 0, float(age)) for age in by_age} == by_age
    assert [age_at(table, 0, level) for level in (10.0, 19.0, 21.0, 27.5, 35.5)] == [5, 9.5, 27, 40, 42]
    assert age_at(table, 0, 20.0) == 25, "a level that nothing moves past is left when the rate rises again"


def test_what_never_breaks() -> None:
    assert age_at(hazards(Hazard.EXPONENTIAL, 0.0), 0, 0.1) == math.inf
    ends = hazards(Hazard.TABLE, 0, 2, table=[(0, 1, 0), (10, 0, 10)])
    assert age_at(ends, 0, 9.5) == 9.5 and age_at(ends, 0, 10.5) == math.inf
    assert ticks(age_at(ends, 0, 10.5)) == NEVER and ticks(age_at(ends, 0, 9.5)) == 9_500_000


@pytest.mark.parametrize("law", GROWING)
def test_a_cohort_starts_at_its_age(law: str) -> None:
    aged = GROWING[law]._replace(parameters=GROWING[law].parameters + np.array([[0, 0, 30.0]]))
    start = level_at(aged, 0, 30.0)
    assert ticks(age_at(aged, 0, start) - 30.0) == pytest.approx(0, abs=1)
    assert ticks(age_at(aged, 0, level_at(aged, 0, 42.0)) - 30.0) == pytest.approx(12_000_000, abs=1)


def test_budgets_are_unit_exponentials() -> None:
    found = [budget(KEY, 5, ordinal) for ordinal in range(20_000)]
    assert abs(stats.norm.isf(stats.kstest(found, "expon", method="asymp").pvalue)) < 4
    assert min(found) > 0 and found[7] == -math.log(uniform(KEY, 5, 7, Purpose.BUDGET.value))


# compiled and not


def bits() -> list[str]:
    """Many quantities, to the last bit."""
    numbers = [*PROBABILITIES, *FAR_OUT, *np.random.default_rng(1).random(200).tolist()]
    told = [normal_quantile(u) for u in numbers]
    for shape in (0.05, 0.43, 1.5, 40.0):
        told += [quantile(Family.WEIBULL, u, 3.0, 1 / shape) for u in numbers]
        told += [quantile(Family.GAMMA, u, 3.0, shape, math.lgamma(shape)) for u in numbers]
        told += [quantile(Family.LOGNORMAL, u, 3.0, shape) for u in numbers]
    for law in GROWING.values():
        told += [age_at(law, 0, 100 * u) for u in numbers] + [level_at(law, 0, 100 * u) for u in numbers]
    return [float(value).hex() for value in told]


def test_compiled_and_not_the_bits_are_the_same() -> None:
    here = Path(__file__).parent
    other = {"NUMBA_DISABLE_JIT": "1" if os.environ.get("NUMBA_DISABLE_JIT", "0") == "0" else "0"}
    environment = os.environ | other | {"PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    command = [sys.executable, "-c", "import test_durations as t; print(t.bits())"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(bits())
