"""Ensembles side by side: what one changes against another, pair by pair.

Replications of the same number and seed have the same weather and the same draws of what both leave uncertain, so most
of what is random cancels in their difference (common random numbers: Law & Kelton 2000, section 11.2).
"""

import math
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from simulator.ensemble import Ensemble, Progress
from simulator.ensemble.ensemble import settled
from simulator.ensemble.estimates import LEVEL, Estimate, estimate, interval_ranks, moments, rank
from simulator.numbers.plan import Floats, Integers
from simulator.planning import quantities
from simulator.planning.progress import Several, Stopped
from simulator.planning.quantities import FINISH, Measure
from simulator.scenario import Scenario

RESAMPLES = 1_000  # of the bootstrap; fewer where there are very many pairs, whose quantiles move little
AT_ONCE = 5_000_000  # numbers that are resampled together
MOST_DRAWS = 50_000_000
KEY = 20_260_301  # of the resampling: the same pairs give the same interval, whoever asks and when


class CompareError(ValueError):
    """Ensembles that cannot be compared; the text is for the user."""


class Difference(NamedTuple):
    """What changes from one ensemble to another in one measure: other minus base."""

    measure: Measure
    base: Estimate
    other: Estimate
    mean: float  # of the differences of pairs
    half_width: float  # half the 95 % interval of that mean, by Student's law
    p50: float  # difference of the medians; NaN where both are infinite
    p50_half_width: float  # half its 95 % interval, as that of P90
    p90: float
    p90_half_width: float  # half its 95 % interval, by a bootstrap of pairs; infinite where nothing bounds it
    gain: float  # how many times wider the mean's interval were without pairing; infinite where all pairs agree
    probability_better: float  # share of the pairs in which other is better
    pairs: int  # those behind the mean
    left_out: int  # pairs in which one did not finish: they count in quantiles and in `probability_better` only


class Comparison(NamedTuple):
    """Ensembles and their differences to the first of them, the base."""

    names: tuple[str, ...]
    ensembles: tuple[Ensemble, ...]
    differences: tuple[tuple[Difference, ...], ...]  # one tuple for each of the others


def compare(named: Mapping[str, Ensemble]) -> Comparison:
    """Return the differences of all ensembles to the first. Raises CompareError for those that have no pairs."""
    if len(named) < 2:
        raise CompareError("a comparison takes two or more; there is nothing to compare with")
    names, ensembles = tuple(named), tuple(named.values())
    base = ensembles[0]
    for name, other in zip(names[1:], ensembles[1:], strict=True):
        _check(names[0], base, name, other)
    return Comparison(names, ensembles, tuple(differences(base, other) for other in ensembles[1:]))


def compare_scenarios(
    scenarios: Mapping[str, Scenario],
    replications: int | None = None,
    *,
    seed: int | None = None,
    threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> Comparison:
    """Return scenarios side by side, each run with the seed and the number of replications of the first, or as given.

    Stopped in between, it compares those that are whole: half a one beside them would be of other replications.
    Raises CompareError, and KeyboardInterrupt or Cancelled where there are no two.
    """
    base = next(iter(scenarios.values()), None)
    if base is None or len(scenarios) < 2:
        raise CompareError("a comparison takes two or more; there is nothing to compare with")
    replications = base.replications if replications is None else replications
    work = Several(replications * len(scenarios), threads=threads, progress=progress, cancel=cancel)
    done: dict[str, Ensemble] = {}
    try:
        for name, scenario in scenarios.items():
            done[name] = work.run(settled(scenario, seed=base.seed if seed is None else seed), replications)
    except Stopped as stopped:
        if len(done) < 2:
            raise stopped.again() from None
    return compare(done)


def differences(base: Ensemble, other: Ensemble) -> tuple[Difference, ...]:
    """Return the differences of two ensembles of the same seed and replications in all measures that both have."""
    known = set(quantities.measures(other))
    finished = (np.isfinite(quantities.values(each, FINISH.name)) for each in (base, other))
    usable = np.logical_and(*finished)
    return tuple(
        difference(measure, quantities.values(base, measure.name), quantities.values(other, measure.name), usable)
        for measure in quantities.measures(base)
        if measure in known
    )


def difference(
    measure: Measure, base: Floats, other: Floats, finished: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> Difference:
    """Return the difference of two measures by replication; `finished` tells the pairs in which both are done."""
    pairs = int(finished.sum())
    mean, half_width = paired_mean(base[finished], other[finished])
    unpaired = _unpaired_half_width(base[finished], other[finished])
    better = other > base if measure.more_is_better else other < base
    first, second = estimate(base), estimate(other)
    p50, p90 = (_minus(getattr(second, name), getattr(first, name)) for name in ("p50", "p90"))
    return Difference(
        measure=measure,
        base=first,
        other=second,
        mean=mean,
        half_width=half_width,
        p50=p50,
        p50_half_width=_bootstrapped(base, other, 0.5) if math.isfinite(p50) else math.nan,
        p90=p90,
        p90_half_width=_bootstrapped(base, other, 0.9) if math.isfinite(p90) else math.nan,
        gain=unpaired / half_width if half_width > 0 else math.inf if half_width == 0 else math.nan,
        probability_better=float(better.mean()),
        pairs=pairs,
        left_out=len(base) - pairs,
    )


def paired_mean(base: Floats, other: Floats) -> tuple[float, float]:
    """Return the mean of other minus base and half its 95 % interval, by Student's law; NaN for too few pairs."""
    mean, sd = moments(other - base)
    count = len(base)
    return mean, student(count - 1) * sd / math.sqrt(count) if count > 1 else math.nan


def student(freedom: float) -> float:
    """Return the quantile of Student's law that bounds a central interval of 95 %."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + LEVEL / 2))


def _unpaired_half_width(base: Floats, other: Floats) -> float:
    """Return half the 95 % interval of a difference of means of independent samples (Welch 1947)."""
    count = len(base)
    if count < 2:
        return math.nan
    first, second = (moments(values)[1] ** 2 / count for values in (base, other))
    if first + second == 0:
        return 0.0
    freedom = (first + second) ** 2 * (count - 1) / (first**2 + second**2)
    return student(freedom) * math.sqrt(first + second)


def _bootstrapped(base: Floats, other: Floats, share: float) -> float:
    """Return half the 95 % interval of a difference of quantiles: pairs are drawn anew, and its percentiles taken.

    (Efron & Tibshirani 1993, section 13.3.) Infinite where more resamples than lie outside do not have a finite one,
    and where the pairs are too few to bound the quantile: what is drawn from them says nothing of what lies beyond.
    """
    count = len(base)
    lowest, highest = interval_ranks(count, share)
    if lowest < 1 or highest > count:
        return math.inf
    times = max(100, min(RESAMPLES, MOST_DRAWS // count))
    generator = np.random.Generator(np.random.PCG64(KEY))
    found: list[Floats] = []
    left = times
    while left:
        rows = min(left, max(1, AT_ONCE // count))
        drawn = generator.integers(0, count, size=(rows, count), dtype=np.int64)
        with np.errstate(invalid="ignore"):  # infinite minus infinite, which is counted below
            found.append(_quantiles(other, drawn, share) - _quantiles(base, drawn, share))
        left -= rows
    ordered = np.sort(np.concatenate(found))  # not a number comes last
    bounded = np.sort(ordered[np.isfinite(ordered)])
    tail = 0.5 * (1.0 - LEVEL)
    if len(bounded) < (1.0 - tail) * times:
        return math.inf
    low = rank(len(bounded), tail)
    return 0.5 * float(bounded[len(bounded) - low] - bounded[low - 1])


def _quantiles(values: Floats, drawn: Integers, share: float) -> Floats:
    """Return the quantile of each row of resampled values."""
    position = rank(drawn.shape[1], share) - 1
    ordered: Floats = np.partition(values[drawn], position, axis=1)[:, position]
    return ordered


def _minus(other: float, base: float) -> float:
    return other - base if math.isfinite(other) or math.isfinite(base) else math.nan


def _check(base_name: str, base: Ensemble, name: str, other: Ensemble) -> None:
    """Raise CompareError where replications of the same number are not the same chance."""
    if other.seed != base.seed:
        seeds = f"{name} has seed {other.seed}, and {base_name} has seed {base.seed}"
        raise CompareError(f"{seeds}: their replications are no pairs; run both with the same --seed")
    if other.replications != base.replications:
        counts = f"{name} has {other.replications:_} replications, and {base_name} has {base.replications:_}"
        raise CompareError(f"{counts}: not all have a partner; run both with the same number, -n")
    if not (other.table["replication"].to_numpy() == base.table["replication"].to_numpy()).all():
        raise CompareError(f"{name} and {base_name} are not the same shard: their replications are no pairs")
