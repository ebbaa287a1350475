"""Fitting the constants of the step-time model on published runs, and what it misses on runs that were left out.

The same runs also give the baseline that a model has to beat: that every run reaches the usual share of its chip's
peak. docs/step_time_validation.md shows both on runs that neither was fitted on.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from simulator.workload.case import Case
from simulator.workload.constants import FREE, PRIORS, Constants, constants_at
from simulator.workload.machine import OPERAND_BYTES, PRECISIONS
from simulator.workload.predict import grid_of, weigh

Floats = npt.NDArray[np.float64]

RUN_SPREAD = 0.03  # log-standard deviation that a published step has around a model that were right: judged
SCORE_STEP = 1e-4  # of a score of a prior, for derivatives


class Run(NamedTuple):
    """A published run: the case, the step that was measured [s], and the family that it belongs to."""

    case: Case
    measured: float
    family: str


class Fit(NamedTuple):
    """Constants, and the log-standard deviations of the free ones by name."""

    constants: Constants
    spreads: dict[str, float]


def fit_constants(runs: Sequence[Run]) -> Fit:
    """Return the constants most probable given runs and their priors: least squares of log-errors and of scores.

    Their spreads follow from the curvature there (Laplace's approximation).
    """
    grid = grid_of([run.case for run in runs])
    measured = np.log([run.measured for run in runs])

    def residuals(scores: Floats) -> Floats:
        errors = np.log(weigh(grid, constants_at(list(scores))).median) - measured
        return np.concatenate([errors / RUN_SPREAD, scores])

    found = least_squares(residuals, np.zeros(len(FREE)), diff_step=[SCORE_STEP], xtol=1e-10, ftol=1e-10)
    jacobian = np.asarray(found.jac, dtype=np.float64)
    covariance = np.linalg.inv(jacobian.T @ jacobian)
    spreads = {name: PRIORS[name].spread * float(np.sqrt(covariance[i, i])) for i, name in enumerate(FREE)}
    return Fit(constants_at(list(found.x)), spreads)


def errors_of(runs: Sequence[Run], constants: Constants) -> Floats:
    """Return ln(predicted / measured) of runs."""
    grid = grid_of([run.case for run in runs])
    return np.log(weigh(grid, constants).median) - np.log([run.measured for run in runs])


def errors_left_out(runs: Sequence[Run]) -> dict[str, float]:
    """Return ln(predicted / measured) by case, each from a fit without any run of its family."""
    return _each_family(runs, lambda left, others: errors_of(left, fit_constants(others).constants))


def usual_errors_left_out(runs: Sequence[Run]) -> dict[str, float]:
    """Return the same of the baseline, `usual_step`."""
    return _each_family(runs, usual_errors)


def usual_errors(runs: Sequence[Run], known: Sequence[Run]) -> Floats:
    """Return ln(predicted / measured) of runs by the baseline that known runs make."""
    return np.array([np.log(usual_step(run.case, known) / run.measured) for run in runs])


def usual_step(case: Case, known: Sequence[Run]) -> float:
    """Return what a step takes at the usual model FLOP/s of a GPU, the mean over known runs [s].

    These are the runs on the same chip at as many bits; where there is none, runs on its architecture, or else on any
    chip, at as many bits, or else all; of other chips it is the share of the peak that counts.
    """
    bits = OPERAND_BYTES[PRECISIONS[case.precision]]
    alike = [run for run in known if OPERAND_BYTES[PRECISIONS[run.case.precision]] == bits]
    architecture = [run for run in alike if run.case.gpu.architecture == case.gpu.architecture]
    chip = [run for run in architecture if run.case.gpu.name == case.gpu.name]
    nearest = chip or architecture or alike or list(known)
    usual = np.mean([_work(run.case) / run.measured for run in nearest])
    return float(_work(case) / usual)


def model_flop(case: Case) -> float:
    """Return the model FLOP of a step, with whole scores of attention [FLOP]."""
    return case.global_batch * float(case.model.sequence) * float(case.model.flop_per_token(causal=False))


def as_json(fit: Fit, left_out: dict[str, float]) -> dict[str, Any]:
    """Return what `fitted.json` holds: constants with their spreads, and log-errors on families left out."""
    return {
        "schema": 1,
        "constants": {
            name: {"value": float(f"{value:.6g}"), "spread": float(f"{fit.spreads.get(name, PRIORS[name].spread):.3g}")}
            for name, value in fit.constants._asdict().items()
        },
        "left_out": {
            "root_mean_square": float(f"{np.sqrt(np.mean(np.square(list(left_out.values())))):.4g}"),
            "errors": {name: float(f"{error:.4g}") for name, error in left_out.items()},
        },
    }


def _each_family(runs: Sequence[Run], errors: Callable[[Sequence[Run], Sequence[Run]], Floats]) -> dict[str, float]:
    found: dict[str, float] = {}
    for family in sorted({run.family for run in runs}):
        left = [run for run in runs if run.family == family]
        others = [run for run in runs if run.family != family]
        found |= {run.case.id: float(error) for run, error in zip(left, errors(left, others), strict=True)}
    return found


def _work(case: Case) -> float:
    """Return the time of a step at the peak of its chips [s]."""
    return model_flop(case) / (case.gpus * case.gpu.peak[PRECISIONS[case.precision]].median)
