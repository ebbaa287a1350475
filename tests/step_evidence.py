"""What the step-time model says to published runs: rows, groups of rows and sweeps, as numbers.

tests/step_page.py writes them down, tests/test_step_accuracy.py holds them to what was asked for.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
from fit_steps import RUNS, entries, family, measured, runs_to_fit
from scipy.stats import spearmanr

from simulator.calibration.step_fit import (
    Run,
    errors_left_out,
    errors_of,
    fit_constants,
    usual_errors_left_out,
    usual_step,
)
from simulator.scenario.cases import CaseRow, Entry, read_cases
from simulator.workload.case import Case
from simulator.workload.constants import PRIORS, Prior, fitted
from simulator.workload.predict import Z90, Prediction, predict

SWEEPS = RUNS.with_name("published_sweeps.yaml")

# Other priors, to see how much they decide: what each does to a constant's.
PRODUCTS = tuple(name for name in PRIORS if name.startswith("matmul_") and name != "matmul_overhead")
OTHER_PRIORS: Mapping[str, Callable[[str, Prior], Prior]] = {
    "all spreads doubled": lambda name, prior: prior._replace(spread=2 * prior.spread),
    "medians of products 0.9": lambda name, prior: prior._replace(median=0.9) if name in PRODUCTS else prior,
    "all other medians x 1.5": lambda name, prior: prior if name in PRODUCTS else _scaled(prior, 1.5),
    "all other medians / 1.5": lambda name, prior: prior if name in PRODUCTS else _scaled(prior, 1 / 1.5),
}


class Guess(NamedTuple):
    """A predicted step with P10 and P90 [s]."""

    step: float
    p10: float
    p90: float

    def error(self, step: float) -> float:
        """Return the error relative to a measured step."""
        return self.step / step - 1

    def holds(self, step: float) -> bool:
        """Return whether a measured step lies between P10 and P90."""
        return self.p10 <= step <= self.p90

    @property
    def half_width(self) -> float:
        """Half of the distance from P10 to P90, of the step."""
        return (self.p90 - self.p10) / (2 * self.step)


class Row(NamedTuple):
    """A published run, what the model predicts and what a constant utilisation does."""

    id: str
    row: CaseRow
    case: Case
    measured: float
    prediction: Prediction
    model: Guess
    usual: Guess

    @property
    def group(self) -> str:
        """`fit`, or of the check rows `dense`, `moe` or `tpu`."""
        if self.row.use == "fit":
            return "fit"
        mixture = "moe" if self.row.model.moe is not None else "dense"
        return "tpu" if self.case.gpu.architecture == "tpu" else mixture

    @property
    def unpublished(self) -> tuple[str, ...]:
        """The keys of the layout that nobody published; gradient_bytes, published for no run, is left out."""
        keys = ("tp", "pp", "mbs", "vp", "recompute")
        return tuple(key for key in keys if getattr(self.row, key) is None and not (key == "vp" and self.row.pp == 1))

    @property
    def error(self) -> float:
        """The model's error."""
        return self.model.error(self.measured)


class Summary(NamedTuple):
    """Errors of some rows, relative to what was measured."""

    rows: int
    mean_absolute: float
    bias: float
    worst: str
    worst_error: float
    inside: int  # rows between P10 and P90
    half_width: float  # mean


def summary(rows: Sequence[Row], usual: bool = False) -> Summary:
    """Return the errors of rows, by the model or by the constant utilisation."""
    guesses = [(row.id, row.usual if usual else row.model, row.measured) for row in rows]
    errors = {name: guess.error(step) for name, guess, step in guesses}
    worst = max(errors, key=lambda name: abs(errors[name]))
    return Summary(
        len(rows),
        float(np.mean(np.abs(list(errors.values())))),
        float(np.mean(list(errors.values()))),
        worst,
        errors[worst],
        sum(guess.holds(step) for _, guess, step in guesses),
        float(np.mean([guess.half_width for _, guess, _ in guesses])),
    )


class Left(NamedTuple):
    """A fitted row, predicted from the other families."""

    family: str
    id: str
    error: float
    usual_error: float


class Sweep(NamedTuple):
    """Plans on one cluster, each with what the model predicts."""

    name: str
    rows: tuple[Row, ...]

    @property
    def rank_correlation(self) -> float:
        """Spearman's rank correlation of measured and predicted steps."""
        found = spearmanr([row.measured for row in self.rows], [row.model.step for row in self.rows])
        return float(found.statistic)

    @property
    def choice(self) -> Row:
        """The plan that the model takes to be the fastest."""
        return min(self.rows, key=lambda row: row.model.step)

    @property
    def best(self) -> Row:
        """The plan that was the fastest."""
        return min(self.rows, key=lambda row: row.measured)

    @property
    def regret(self) -> float:
        """What the model's choice takes longer than the best, as measured."""
        return self.choice.measured / self.best.measured - 1


@lru_cache(maxsize=1)
def known() -> tuple[Run, ...]:
    """Return the runs that constants are fitted on."""
    return tuple(runs_to_fit(entries()))


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """Return every published run with its predictions, fitted rows first, the rest by group."""
    order = ("fit", "dense", "moe", "tpu")
    return tuple(sorted(_rows(entries()), key=lambda row: order.index(row.group)))


@lru_cache(maxsize=1)
def sweeps() -> tuple[Sweep, ...]:
    """Return the sweeps of plans, each sorted by what was measured."""
    found: dict[str, list[Row]] = {}
    for row in _rows(read_cases(SWEEPS)):
        found.setdefault(row.row.family, []).append(row)
    return tuple(
        Sweep(name, tuple(sorted(plans, key=lambda row: row.measured))) for name, plans in sorted(found.items())
    )


@lru_cache(maxsize=1)
def left_out() -> tuple[Left, ...]:
    """Return the errors on fitted rows, each predicted without its family: fitted.json's, and the baseline's."""
    usual, errors = usual_errors_left_out(known()), fitted()["left_out"]["errors"]
    return tuple(
        Left(family(entry), entry.id, math.expm1(errors[entry.id]), math.expm1(usual[entry.id]))
        for entry in entries()
        if entry.id in usual
    )


class Refit(NamedTuple):
    """What another choice of priors would have given: errors as in a summary, and the root mean square left out."""

    fit: float
    dense: float
    left_out: float


def refit(change: Callable[[str, Prior], Prior]) -> Refit:
    """Return the errors that a fit with changed priors makes."""
    changed = {name: change(name, prior) for name, prior in PRIORS.items()}
    runs, dense = known(), [Run(row.case, row.measured, "") for row in rows() if row.group == "dense"]
    with (
        patch("simulator.workload.constants.PRIORS", changed),
        patch("simulator.calibration.step_fit.PRIORS", changed),
    ):
        constants = fit_constants(runs).constants
        missed = list(errors_left_out(runs).values())
    errors = (float(np.mean(np.abs(np.expm1(errors_of(some, constants))))) for some in (runs, dense))
    return Refit(*errors, float(np.sqrt(np.mean(np.square(missed)))))


def _scaled(prior: Prior, factor: float) -> Prior:
    return prior._replace(median=prior.median * factor)


def usual_spread() -> float:
    """Return the log-standard deviation of the baseline, from families left out as the model's own."""
    return float(np.sqrt(np.mean(np.log1p([left.usual_error for left in left_out()]) ** 2)))


def _rows(published: list[Entry]) -> list[Row]:
    cases = [entry.case for entry in published if entry.case is not None]
    wide = math.exp(Z90 * usual_spread())
    found = []
    for entry, case, told in zip(published, cases, predict(cases), strict=True):
        assert entry.row is not None
        usual = usual_step(case, known())
        model = Guess(told.step_s, told.p10, told.p90)
        found.append(
            Row(entry.id, entry.row, case, measured(entry), told, model, Guess(usual, usual / wide, usual * wide))
        )
    return found
