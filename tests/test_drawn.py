"""Laws of time made from what people know of them, held against SciPy."""

import math

import pytest
from scipy import stats

from simulator.numbers.durations import sample
from simulator.numbers.times import Family, Law
from simulator.words import laws
from simulator.words.drawn import DrawnLike
from simulator.words.quantity import Like

PROBABILITIES = (0.001, 0.1, 0.5, 0.9, 0.999)


def quantile(law: Law, p: float) -> float:
    # Exponential and Weibull laws are inverted from above, so that no precision is lost in their tail.
    falling = law.kind in (Family.EXPONENTIAL, Family.WEIBULL)
    return float(sample(float(law.kind), law.a, law.b, law.c, 1 - p if falling else p))


@pytest.mark.parametrize("mean", [1e-3, 60.0, 1e6])
@pytest.mark.parametrize("shape", [0.43, 1.0, 1.5, 6.0])
def test_laws_by_mean_and_shape(mean: float, shape: float) -> None:
    oracles = {
        laws.weibull: stats.weibull_min(shape, scale=mean / math.gamma(1 + 1 / shape)),
        laws.gamma: stats.gamma(shape, scale=mean / shape),
        laws.lognormal: stats.lognorm(shape, scale=mean * math.exp(-shape * shape / 2)),
    }
    for build, oracle in oracles.items():
        assert oracle.mean() == pytest.approx(mean)
        for p in PROBABILITIES:
            assert quantile(build(mean, shape), p) == pytest.approx(oracle.ppf(p), rel=1e-9)
    for p in PROBABILITIES:
        assert quantile(laws.exponential(mean), p) == pytest.approx(stats.expon(scale=mean).ppf(p), rel=1e-12)


@pytest.mark.parametrize("ratio", [1.02, 1.5, 5.0, 100.0, 1e5])
@pytest.mark.parametrize("build", [laws.weibull_by_quantiles, laws.lognormal_by_quantiles, laws.gamma_by_quantiles])
def test_laws_by_median_and_p90(build: object, ratio: float) -> None:
    law = build(120.0, 120.0 * ratio)  # type: ignore[operator]
    assert quantile(law, 0.5) == pytest.approx(120, rel=1e-9)
    assert quantile(law, 0.9) == pytest.approx(120 * ratio, rel=1e-9)


def test_fixed_uniform_and_never() -> None:
    assert quantile(laws.fixed(3.0), 0.2) == 3
    assert quantile(laws.uniform(0.7, 0.95), 0.2) == pytest.approx(0.75)
    assert quantile(laws.never(), 0.2) == math.inf


@pytest.mark.parametrize("build", [laws.weibull_by_quantiles, laws.lognormal_by_quantiles, laws.gamma_by_quantiles])
def test_a_law_without_width_is_its_median(build: object) -> None:
    # Drawn independently, a P90 can fall below its median.
    assert build(60.0, 59.0) == laws.fixed(60.0)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("written", "family", "numbers"),
    [
        ("10 min", "fixed", {"value": 600}),
        ({"mean": "10 min", "law": "exponential"}, "exponential", {"mean": 600}),
        ({"mean": "36 h", "shape": "0.45"}, "weibull", {"mean": 129_600, "shape": 0.45}),
        ({"mean": "36 h", "shape": "0.45", "law": "gamma"}, "gamma", {"mean": 129_600, "shape": 0.45}),
        ({"mean": "36 h", "shape": "0.45", "law": "lognormal"}, "lognormal", {"mean": 129_600, "shape": 0.45}),
        ({"p50": "1 min", "p90": "9 min"}, "lognormal", {"p50": 60, "p90": 540}),
        ({"p50": "1 min", "p90": "9 min", "law": "weibull"}, "weibull", {"p50": 60, "p90": 540}),
        ({"from": "1 min", "to": "9 min"}, "uniform", {"from": 60, "to": 540}),
        ({"p10": "1 min", "p50": "2 min", "p90": "9 min"}, "fixed", {"value": 120}),
        ({"value": "2 min", "spread": "35%"}, "fixed", {"value": 120}),
        ("never", "never", {}),
    ],
)
def test_what_a_scenario_writes_is_a_law(written: object, family: str, numbers: dict[str, float]) -> None:
    drawn = DrawnLike("min", never=True).read(written)
    assert (drawn.family, drawn.at(None)) == (family, numbers)
    assert isinstance(laws.build(drawn.family, drawn.at(None)), Law)


def test_ignorance_has_the_percentiles_given() -> None:
    quantity = Like("min").read({"p10": "1 min", "p50": "2 min", "p90": "10 min"})
    z90 = stats.norm.ppf(0.9)
    assert [quantity.at_score(z) for z in (-z90, 0, z90)] == pytest.approx([60, 120, 600])
    spread = Like("min").read({"value": "2 min", "spread": "35%"})
    assert spread.at_score(1) == pytest.approx(120 * math.exp(0.35))
    share = Like("%", most=1).read({"p10": "90%", "p50": "97%", "p90": "99%"})
    assert share.at_score(8) == 1
