"""Fitting the constants of the step-time model on published runs, and what it misses on runs that were left out."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from simulator.workload.case import Case
from simulator.workload.constants import FREE, PRIORS, Constants, constants_at
from simulator.workload.predict import grid_of, weigh

Floats = npt.NDArray[np.float64]

RUN_SPREAD = 0.03  # log-standard deviation that a published step has around a model that were right


class Run(NamedTuple):
    """A published run: the case, the step that was measured [s], and the family that it belongs to."""

    case: Case
    measured: float
    family: str


class Fit(NamedTuple):
    """Constants, their log-standard deviations by name, and the log-errors on the runs that they were fitted on."""

    constants: Constants
    spreads: dict[str, float]
    errors: Floats


def fit_constants(runs: Sequence[Run]) -> Fit:
    """Return the constants most probable given runs and their priors: least squares of log-errors and of scores."""
    grid = grid_of([run.case for run in runs])
    measured = np.log([run.measured for run in runs])

    def residuals(scores: Floats) -> Floats:
        errors = np.log(weigh(grid, constants_at(list(scores))).median) - measured
        return np.concatenate([errors / RUN_SPREAD, scores])

    found = least_squares(residuals, np.zeros(len(FREE)), diff_step=[1e-4], xtol=1e-10, ftol=1e-10)
    jacobian = np.asarray(found.jac, dtype=np.float64)
    covariance = np.linalg.inv(jacobian.T @ jacobian)
    spreads = {name: PRIORS[name].spread * float(np.sqrt(covariance[i, i])) for i, name in enumerate(FREE)}
    return Fit(constants_at(list(found.x)), spreads, np.asarray(found.fun)[: len(runs)] * RUN_SPREAD)


def errors_of(runs: Sequence[Run], constants: Constants) -> Floats:
    """Return ln(predicted / measured) of runs."""
    grid = grid_of([run.case for run in runs])
    return np.log(weigh(grid, constants).median) - np.log([run.measured for run in runs])


def errors_left_out(runs: Sequence[Run]) -> dict[str, float]:
    """Return ln(predicted / measured) by case, each from a fit without any run of its family."""
    found: dict[str, float] = {}
    for family in sorted({run.family for run in runs}):
        others = [run for run in runs if run.family != family]
        left = [run for run in runs if run.family == family]
        errors = errors_of(left, fit_constants(others).constants)
        found |= {run.case.id: float(error) for run, error in zip(left, errors, strict=True)}
    return found


def constant_utilisation(runs: Sequence[Run]) -> dict[tuple[str, str], float]:
    """Return the baseline: the mean model FLOP/s per accelerator of runs, by GPU and precision [FLOP/s]."""
    speeds: dict[tuple[str, str], list[float]] = {}
    for run in runs:
        key = (run.case.gpu.name, run.case.precision)
        speeds.setdefault(key, []).append(model_flop(run.case) / (run.measured * run.case.gpus))
    return {key: float(np.mean(values)) for key, values in speeds.items()}


def model_flop(case: Case) -> float:
    """Return the model FLOP of a step, with whole scores of attention [FLOP]."""
    return case.global_batch * float(case.model.sequence) * float(case.model.flop_per_token(causal=False))


def as_json(fit: Fit, left_out: dict[str, float]) -> dict[str, Any]:
    """Return what `fitted.json` holds."""
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
