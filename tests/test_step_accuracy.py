"""The step-time model is held to what was asked of it beforehand; docs/step_time_validation.md shows all of it."""

import json
import math
from typing import Any

import fit_steps
import numpy as np
import pytest
import step_page
from fit_steps import FAMILIES, entries, runs_to_fit
from step_evidence import known, left_out, rows, summary, sweeps, usual_spread
from step_page import DENSE, FIT, MIXTURE, PUBLISHED, TPU, groups

from simulator.calibration.step_fit import errors_of, fit_constants, usual_step
from simulator.workload import predict
from simulator.workload.constants import FREE, PRIORS, Constants, fitted, fitted_constants

MOST_ERROR = {FIT: 0.04, DENSE: 0.06, PUBLISHED: 0.05, MIXTURE: 0.20}
MOST_HALF_WIDTH = 0.12
LEAST_CORRELATION, MOST_REGRET, MOST_SWEEP_ERROR = 0.8, 0.08, 0.10


def test_the_rows_are_the_ones_that_were_given() -> None:
    counts = {name: len(members) for name, members in groups().items()}
    assert counts == {FIT: 22, DENSE: 20, PUBLISHED: 15, MIXTURE: 1, TPU: 1}
    assert sum(len(sweep.rows) for sweep in sweeps()) == 41
    assert all(row.row.use in ("fit", "check") for row in rows())


@pytest.mark.parametrize("group", MOST_ERROR)
def test_mean_absolute_error(group: str) -> None:
    assert summary(groups()[group]).mean_absolute <= MOST_ERROR[group]


@pytest.mark.parametrize("group", [FIT, DENSE, MIXTURE])
def test_the_model_beats_a_constant_utilisation(group: str) -> None:
    assert summary(groups()[group]).mean_absolute < summary(groups()[group], usual=True).mean_absolute


def test_the_model_beats_a_constant_utilisation_on_families_left_out() -> None:
    model, usual = ([getattr(left, name) for left in left_out()] for name in ("error", "usual_error"))
    assert np.mean(np.abs(model)) < 0.5 * np.mean(np.abs(usual))


@pytest.mark.parametrize("group", [FIT, DENSE, PUBLISHED])
def test_intervals_are_narrow_enough(group: str) -> None:
    assert summary(groups()[group]).half_width <= MOST_HALF_WIDTH


def test_intervals_hold_what_they_promise() -> None:
    """Four in five, of twenty: between 13 and 19 are within two standard deviations of a count."""
    found = summary(groups()[DENSE])
    assert abs(found.inside - 0.8 * found.rows) <= 2 * math.sqrt(0.8 * 0.2 * found.rows)


@pytest.mark.parametrize("sweep", sweeps(), ids=[sweep.name for sweep in sweeps()])
def test_plans_are_ranked(sweep: Any) -> None:
    # Of ranks without ties it is a whole number of 1/560: what rounding does in the last digits does not count.
    assert round(sweep.rank_correlation, 12) >= LEAST_CORRELATION
    assert sweep.regret <= MOST_REGRET
    assert summary(sweep.rows).mean_absolute <= MOST_SWEEP_ERROR


# The fit.


def test_the_constants_are_few_and_each_has_a_prior() -> None:
    assert tuple(PRIORS) == Constants._fields == tuple(fitted()["constants"])
    assert len(Constants._fields) <= 16
    assert all(prior.median > 0 and prior.spread > 0 and prior.meaning and prior.source for prior in PRIORS.values())


def test_the_shipped_constants_are_those_of_the_fit() -> None:
    anew = json.loads(fit_steps.refitted())
    for name, row in fitted()["constants"].items():
        assert anew["constants"][name]["value"] == pytest.approx(row["value"], rel=1e-3), "run `make calibrate`"
        assert anew["constants"][name]["spread"] == pytest.approx(row["spread"], rel=1e-2)
    assert anew["left_out"]["root_mean_square"] == pytest.approx(fitted()["left_out"]["root_mean_square"], rel=1e-3)
    assert anew["left_out"]["errors"] == pytest.approx(fitted()["left_out"]["errors"], abs=1e-4)


def test_held_constants_stay_at_their_priors() -> None:
    for name in set(PRIORS) - set(FREE):
        assert fitted()["constants"][name] == {"value": PRIORS[name].median, "spread": PRIORS[name].spread}


def test_the_fit_knows_less_than_before_about_no_constant() -> None:
    for name in FREE:
        assert 0 < fitted()["constants"][name]["spread"] <= PRIORS[name].spread


def test_no_check_row_moves_the_fit() -> None:
    published = entries()
    changed = [
        entry._replace(row=entry.row.model_copy(update={"measured": {"step_s": 1e3}}))
        if entry.row is not None and entry.row.use == "check"
        else entry
        for entry in published
    ]
    assert sum(old is not new for old, new in zip(published, changed, strict=True)) == 22
    assert runs_to_fit(changed) == runs_to_fit(published)
    assert set(fitted()["left_out"]["errors"]) == {run.case.id for run in known()}


def test_a_fitted_row_moves_the_fit() -> None:
    slower = [run._replace(measured=1.1 * run.measured) for run in known()]
    assert fit_constants(slower).constants.matmul_hopper_16 < 0.95 * fitted_constants().matmul_hopper_16


def test_the_fit_finds_constants_that_made_the_steps() -> None:
    """Steps that the model itself made lead back to it, but for the pull of the priors."""
    truth = fitted_constants()
    errors = errors_of(known(), truth)
    made = [run._replace(measured=run.measured * math.exp(error)) for run, error in zip(known(), errors, strict=True)]
    assert np.max(np.abs(errors_of(made, truth))) < 1e-12
    assert np.max(np.abs(errors_of(made, fit_constants(made).constants))) < 0.02


def test_every_family_is_left_out_as_a_whole() -> None:
    assert {run.family for run in known()} == set(FAMILIES)
    assert len(left_out()) == len(known())


# The intervals.


def test_widths_come_from_families_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = np.array(list(fitted()["left_out"]["errors"].values()))
    missed = fitted()["left_out"]["root_mean_square"]
    assert missed == pytest.approx(math.sqrt(np.mean(errors**2)), rel=1e-3)
    row = next(row for row in rows() if row.id == "mlperf50_405b_h100_2432")  # a fitted chip, its layout published
    known_whole = predict.predict([row.case._replace(gradient_bytes=2.0)])[0]
    assert known_whole.spread == pytest.approx(missed)
    assert known_whole.p90 / known_whole.step_s == pytest.approx(math.exp(predict.Z90 * missed))
    assert missed < row.prediction.spread < 1.1 * missed
    monkeypatch.setattr(predict, "fitted", lambda: {"left_out": {"root_mean_square": 0.0}})
    assert predict.interval_spread(row.case, row.prediction.parts, 0.0) == 0.0


def test_what_is_borrowed_or_not_published_widens() -> None:
    missed = fitted()["left_out"]["root_mean_square"]
    by_id = {row.id: row.prediction.spread for row in rows()}
    assert by_id["mlperf51_405b_gb300_512_fp4"] > 2 * missed
    assert by_id["mlperf40_gpt3_v5p_512chips"] > 2 * missed
    assert by_id["bridge_dsv3_GB200_256_mxfp8"] > 2 * missed
    assert by_id["mcore08_weak_177B"] > missed


# The baseline.


def test_the_baseline_takes_the_nearest_rows() -> None:
    by_id = {row.id: row for row in rows()}
    runs = {run.case.id: run for run in known()}
    for target, nearest in {
        "mlperf51_405b_gb300_512_fp4": ["mlperf51_405b_gb200_512_fp4"],  # as many bits
        "mlperf51_405b_b200_256": ["mlperf50_405b_gb200_1024", "mlperf50_405b_gb200nv_256"],  # the same architecture
        "bridge2606_405b_GB200_256_mxfp8": ["mlperf50_405b_gb200_1024", "mlperf50_405b_gb200nv_256"],  # the same chip
    }.items():
        case = by_id[target].case
        assert usual_step(case, known()) == pytest.approx(usual_step(case, [runs[name] for name in nearest]))


def test_the_baseline_is_right_on_the_mean_of_its_rows() -> None:
    for name in ("A100-80G", "GB300"):
        own = [row for row in rows() if row.group == "fit" and row.row.gpu == name]
        speeds = [row.usual.step / row.measured for row in own]
        assert np.mean(speeds) == pytest.approx(1.0)
    assert 0 < usual_spread() < 0.5


# The page.


def test_the_page_is_what_the_generator_writes() -> None:
    assert step_page.PAGE.read_text(encoding="utf-8") == step_page.page(), (
        "run `make validation`, and read what changed"
    )


def test_every_row_and_plan_is_on_the_page() -> None:
    page = step_page.PAGE.read_text(encoding="utf-8")
    assert all(page.count(f"\n| `{row.id}` |") == 1 for row in rows())
    assert all(page.count(f"\n| `{name}` |") == 1 for name in PRIORS)
    assert all(f"### {sweep.name}\n" in page for sweep in sweeps())


def test_the_prose_of_the_page_says_what_the_rows_say() -> None:
    held = {row.id: row.model.holds(row.measured) for row in rows()}
    assert held["mlperf51_405b_gb300_512_fp4"] and not held["mlperf40_gpt3_v5p_512chips"]
    tpu = groups()[TPU]
    assert summary(tpu, usual=True).mean_absolute < summary(tpu).mean_absolute
    words = step_page.words()
    assert words["old"].startswith("-") and words["new"].startswith("+") and words["small"].startswith("-")
    assert max(row.row.gpus for row in rows()) == 2_432
    assert words["far"].count("\n") == 2, "three plans"
    large = sorted(row.model.step for sweep in sweeps() if "18.4B" in sweep.name for row in sweep.rows)
    assert any(last / first < 1.016 for first, last in zip(large, large[4:], strict=False)), "five plans alike"
