"""Draws: known answers for ever, even in (0, 1), and independent along every part of a name. |z| < 4, seeds fixed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from random_plans import random_plan
from scipy import stats

from simulator.engines.kernel import run_batch
from simulator.numbers.chance import replication_key, uniform
from simulator.numbers.plan import Purpose
from simulator.numbers.times import NEVER

# Seed, replication, stream, ordinal, purpose; the key of the replication; the number. They must never change: results
# that people wrote down rest on them.
KNOWN = [
    ((0, 0, 0, 0, 0), 0x48218226FF3CD4BF, "0x1.957a7604e2158p-4"),
    ((0, 0, 0, 0, 1), 0x48218226FF3CD4BF, "0x1.2290903e514a4p-3"),
    ((0, 0, 0, 1, 0), 0x48218226FF3CD4BF, "0x1.da202e598192dp-1"),
    ((0, 0, 1, 0, 0), 0x48218226FF3CD4BF, "0x1.0f24af8b98948p-4"),
    ((0, 1, 0, 0, 0), 0xA706DD2F4D197E6F, "0x1.e09557c3fade4p-3"),
    ((1, 0, 0, 0, 0), 0x7FC83565CC0042F6, "0x1.dfefced40b445p-1"),
    ((1, 417, 7, 12345, 3), 0x98374EF78759761D, "0x1.b910c3bf4f2e4p-3"),
    ((20260, 99999, 31, 2**32, 0), 0x661B0749E82E8DC5, "0x1.6d42a9c257a78p-4"),
    ((20260, 99999, 31, 5 + 3 * 2**32, 5), 0x661B0749E82E8DC5, "0x1.6b3e691e7a347p-1"),
    ((7, 3, 12, 9 + 2**48, 6), 0xD5F66D6B40B98569, "0x1.39334d3731389p-1"),
    ((2**63 - 1, 2**63 - 1, 4001, 2**32 - 1, 17), 0x316CB42282F26606, "0x1.c28f5cdbc0fb7p-1"),
    ((42, 1000, 2**31, 2**62 + 1, 63), 0x528BF162B4939B91, "0x1.4650ededdc4d9p-1"),
]
Name = tuple[int, int, int, int, int]
NAMES = ("seed", "replication", "stream", "ordinal", "purpose")

# the generator told a second time, for whole arrays of names

GOLDEN, LABEL, SEED_FACTOR = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
ALL = 2**64


def mixed(bits: np.ndarray) -> np.ndarray:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(FIRST)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(SECOND)
    return bits ^ (bits >> np.uint64(31))


def bits_of(seed: object, replication: object, stream: object, ordinal: object, purpose: object) -> np.ndarray:
    """The 52 bits of the number of each name; the arguments broadcast."""
    columns = (np.asarray(part, np.uint64) for part in (seed, replication, stream, ordinal, purpose))
    seed, replication, stream, ordinal, purpose = np.broadcast_arrays(*columns)
    with np.errstate(over="ignore"):
        key = mixed(mixed(seed * np.uint64(SEED_FACTOR) + np.uint64(GOLDEN)) + replication * np.uint64(GOLDEN))
        label = (stream * np.uint64(64) + purpose) * np.uint64(LABEL)
        return mixed(mixed(key + ordinal * np.uint64(GOLDEN)) + label) >> np.uint64(12)


def numbers_of(**parts: object) -> np.ndarray:
    bits = bits_of(**({"seed": 5, "replication": 11, "stream": 3, "ordinal": 17, "purpose": 4} | parts))
    return (bits + 0.5) / 2.0**52


def drawn(name: Name) -> float:
    seed, replication, stream, ordinal, purpose = name
    return float(uniform(np.uint64(replication_key(seed, replication)), stream, ordinal, purpose))


# known answers


@pytest.mark.parametrize(("name", "key", "number"), KNOWN)
def test_known_answers(name: Name, key: int, number: str) -> None:
    assert int(replication_key(name[0], name[1])) == key
    assert drawn(name).hex() == number


def test_any_name_has_the_number_that_plain_arithmetic_gives_it() -> None:
    dice = np.random.default_rng(8)
    bounds = [2**62, 2**62, 2**33, 2**62, 64]
    names = np.column_stack([dice.integers(0, bound, 3_000) >> dice.integers(0, 33, 3_000) for bound in bounds])
    told = (bits_of(*names.T) + 0.5) / 2.0**52
    assert [drawn(tuple(map(int, name))) for name in names] == told.tolist()


def test_compiled_and_not_the_bits_are_the_same() -> None:
    code = "import test_chance as t; print([t.drawn(name).hex() for name, *_ in t.KNOWN])"
    here = Path(__file__).parent
    other = {"NUMBA_DISABLE_JIT": "1" if os.environ.get("NUMBA_DISABLE_JIT", "0") == "0" else "0"}
    environment = os.environ | other | {"PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str([number for *_, number in KNOWN])


def unmixed(bits: int) -> int:
    """The bits that `mixed` turns into these."""
    for shift, factor in ((31, None), (27, SECOND), (30, FIRST)):
        if factor is not None:
            bits = bits * pow(factor, -1, ALL) % ALL
        whole = bits
        for _ in range(64 // shift + 1):
            whole = bits ^ (whole >> shift)
        bits = whole
    return bits


@pytest.mark.parametrize(("bits", "number"), [(0, 2.0**-53), (ALL - 1, 1 - 2.0**-53)])
def test_the_least_and_the_greatest_number_are_inside_the_interval(bits: int, number: float) -> None:
    """There is a key that makes a draw all zeros, and one that makes it all ones."""
    stream, ordinal, purpose = 5, 9, 2
    before = unmixed((unmixed(bits) - (stream * 64 + purpose) * LABEL) % ALL)
    key = (before - ordinal * GOLDEN) % ALL
    assert uniform(np.uint64(key), stream, ordinal, purpose) == number
    assert 0 < number < 1


def test_a_purpose_fits_into_its_room() -> None:
    assert max(Purpose) < 64, "streams would overlap"


# evenness and independence, along each part of a name

LENGTH = 2**17
STEPS = np.arange(LENGTH, dtype=np.uint64)
GENERATION, DEPTH = np.uint64(2**32), np.uint64(2**48)
AXES: dict[str, Callable[[int], dict[str, object]]] = {
    "seeds": lambda shift: {"seed": STEPS + np.uint64(shift)},
    "replications": lambda shift: {"replication": STEPS + np.uint64(shift)},
    "streams": lambda shift: {"stream": STEPS + np.uint64(shift)},
    "ordinals": lambda shift: {"ordinal": STEPS + np.uint64(shift)},
    "generations": lambda shift: {"ordinal": np.uint64(6) + GENERATION * (STEPS // 2 + np.uint64(shift))},
    "depths": lambda shift: {"ordinal": np.uint64(6) + DEPTH * (STEPS % np.uint64(2**14) + np.uint64(shift))},
    "purposes": lambda shift: {"purpose": STEPS % np.uint64(18) + np.uint64(shift)},
}
# What one part does not tell apart, another one must, so that no number comes twice.
APART = {
    "generations": {"stream": STEPS % np.uint64(2)},
    "depths": {"stream": STEPS // np.uint64(2**14)},
    "purposes": {"ordinal": STEPS // np.uint64(18)},
}


def series(axis: str, shift: int = 0) -> np.ndarray:
    return numbers_of(**(AXES[axis](shift) | APART.get(axis, {})))


def z_of(probability: float) -> float:
    return float(stats.norm.isf(probability))


def z_of_evenness(numbers: np.ndarray) -> float:
    """Kolmogorov and Smirnov's distance from the uniform law."""
    return z_of(stats.kstest(numbers, "uniform", method="asymp").pvalue)


def z_of_pairs(first: np.ndarray, second: np.ndarray, cells: int = 32) -> float:
    """The chi-square statistic of pairs in a square of cells."""
    counts = np.bincount((first * cells).astype(int) * cells + (second * cells).astype(int), minlength=cells * cells)
    return z_of(stats.chisquare(counts).pvalue)


def z_of_correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first, second)[0, 1] * np.sqrt(len(first)))


@pytest.mark.parametrize("axis", AXES)
def test_numbers_are_even_along_each_part_of_a_name(axis: str) -> None:
    numbers = series(axis)
    assert len(set(numbers.tolist())) == LENGTH
    assert abs(z_of_evenness(numbers)) < 4
    assert abs(z_of_pairs(numbers[::2], numbers[1::2])) < 4
    assert abs(numbers.mean() - 0.5) * np.sqrt(12 * LENGTH) < 4
    assert abs(numbers.var() - 1 / 12) * np.sqrt(180 * LENGTH) < 4


@pytest.mark.parametrize("lag", [1, 2, 7, 64])
@pytest.mark.parametrize("axis", AXES)
def test_numbers_along_each_part_of_a_name_know_nothing_of_each_other(axis: str, lag: int) -> None:
    numbers = series(axis)
    assert abs(z_of_correlation(numbers[:-lag], numbers[lag:])) < 4
    assert abs(z_of_pairs(numbers[:-lag], numbers[lag:])) < 4


@pytest.mark.parametrize("other", ["seed", "replication", "stream", "purpose"])
def test_the_ordinals_of_neighbours_know_nothing_of_each_other(other: str) -> None:
    one, next_one = (numbers_of(**{other: value}, ordinal=STEPS) for value in (2, 3))
    assert abs(z_of_correlation(one, next_one)) < 4
    assert abs(z_of_pairs(one, next_one)) < 4
    assert abs(z_of_evenness((one + next_one) % 1.0)) < 4
    assert abs(z_of_evenness((one - next_one) % 1.0)) < 4


@pytest.mark.parametrize("step", [2**32, 2**48, 3 * 2**48 + 2**32])
def test_generations_and_relapses_know_nothing_of_their_origin(step: int) -> None:
    one, next_one = numbers_of(ordinal=STEPS), numbers_of(ordinal=STEPS + np.uint64(step))
    assert abs(z_of_correlation(one, next_one)) < 4
    assert abs(z_of_pairs(one, next_one)) < 4


def test_squares_and_tails_are_independent_too() -> None:
    """What a budget sees: -ln u, whose tail is made of the smallest numbers."""
    one, next_one = (-np.log(numbers_of(replication=value, ordinal=STEPS)) for value in (2, 3))
    assert abs(one.mean() - 1) * np.sqrt(LENGTH) < 4
    assert abs(z_of_correlation(one * one, next_one * next_one)) < 4
    assert abs(z_of(stats.kstest(one + next_one, stats.gamma(2).cdf, method="asymp").pvalue)) < 4


@pytest.mark.parametrize("part", NAMES)
def test_any_bit_of_a_name_changes_each_bit_of_the_number_half_of_the_time(part: str) -> None:
    names, dice = 2_000, np.random.default_rng(3)
    most = {"seed": 63, "replication": 63, "stream": 40, "ordinal": 63, "purpose": 6}
    parts = {name: dice.integers(0, 2 ** most[name], names, dtype=np.uint64) for name in NAMES}
    bits = np.arange(52, dtype=np.uint64)
    numbers = bits_of(**parts)
    flips = np.empty((most[part], 52))
    for bit in range(most[part]):
        changed = numbers ^ bits_of(**(parts | {part: parts[part] ^ np.uint64(1 << bit)}))
        flips[bit] = ((changed[:, None] >> bits) & np.uint64(1)).sum(axis=0)
    z = (flips - names / 2) / np.sqrt(names / 4)
    by_output, by_input = z.sum(axis=0) / np.sqrt(most[part]), z.sum(axis=1) / np.sqrt(52)
    for each in (by_output, by_input, z):
        assert abs(z_of(stats.chi2.sf((each * each).sum(), each.size))) < 4
    assert np.abs(z).max() < stats.norm.isf(stats.norm.sf(4) / z.size), "one bit on one bit"


# what replications come to


def test_neighbouring_replications_come_to_independent_ends() -> None:
    plan, count = random_plan(1)._replace(max_records=10**6, max_candidates=NEVER), 4_000
    batch, _ = run_batch(plan, 7, 0, count)
    finish = stats.rankdata(batch.finish)
    assert len(set(batch.finish.tolist())) > count / 2
    for lag in (1, 2, 64):
        assert abs(z_of_correlation(finish[:-lag], finish[lag:])) < 4
    other, _ = run_batch(plan, 8, 0, count)
    assert abs(z_of_correlation(finish, stats.rankdata(other.finish))) < 4
