"""Published runs are scored from what was published of them, and stay beside the scores of an earlier version."""

import math

import numpy as np
import published_runs
import pytest
import score_table
from published_runs import MEASURES, fleet, now, runs
from ruamel.yaml import YAML

from simulator.ensemble import run_ensemble
from simulator.numbers.ledger import Account

KEYS = list(runs())
COMPUTED = [key for key in KEYS if not runs()[key].measured]


def test_every_run_says_what_was_published_and_what_is_assumed() -> None:
    for run in runs().values():
        assert run.source and "published" in run.given and "ASSUMED" in run.given
        assert 0.0 <= run.observed.low <= run.observed.high <= 1.0
        # The words are the range: "> 90 %", "97 %", "0.93".
        number = float(run.published.strip("> %"))
        told = number / 100 if "%" in run.published else number
        assert run.observed.low <= told <= run.observed.high
        assert (run.observed.high == 1.0) == run.published.startswith(">")


def test_what_was_not_published_is_left_unsaid() -> None:
    text = published_runs.FLEET_SCENARIO.format(name="some run", gpus=8_000, spares=15, days=30)
    said = YAML(typ="safe").load(text)
    assert set(said) == {"schema", "name", "cluster", "job", "failures", "run"}, "no recovery, no checkpoints"
    assert set(said["run"]) == {"horizon"} and set(said["failures"]["node"]) == {"part", "rate"}


def test_a_run_has_the_class_of_operator_that_its_publication_describes() -> None:
    assert set(fleet("some run", 8_000, 30, "best").document.operator.classes) == {"best"}


@pytest.mark.parametrize("key", COMPUTED)
def test_defaults_have_no_say_in_what_was_computed_from_inputs(key: str) -> None:
    stored, found = score_table.before().scores[key], now()[key]
    # The stored version drew other numbers, so they agree as far as two samples do.
    assert found[:3] == pytest.approx(stored[:3], abs=2e-3) and found.covered == stored.covered
    assert found.crps == pytest.approx(stored.crps, abs=2e-3)


def test_time_not_lost_to_errors_is_the_rest_of_the_ledger() -> None:
    table = run_ensemble(fleet("some run", 8_000, 30, "automatic"), seed=3, replications=20, threads=1).table
    lost = ("LOST_WORK", "CHECKPOINT_RESTORE", "DETECTION", "DIAGNOSIS", "RESTART", "WAITING")
    kept = sum(table[f"{account.name.lower()}_days"] for account in Account if account.name not in lost)
    found = MEASURES["time not lost to errors"](table)
    assert found == pytest.approx((kept / table["wall_days"]).to_numpy())
    assert (found > MEASURES["goodput"](table)).all() and (found < 1).all()


def test_the_stored_scores_are_of_these_runs_and_say_of_which_version() -> None:
    stored = score_table.before()
    assert list(stored.scores) == KEYS
    assert stored.version and stored.date.count("-") == 2
    for score in stored.scores.values():
        assert 0.0 <= score.p10 <= score.median <= score.p90 <= 1.0
        assert score.crps <= score.crps_least + 1e-6 <= score.crps_most + 2e-6


def test_the_table_has_a_row_of_both_versions_for_every_run() -> None:
    lines = list(score_table.table())
    assert len(lines) == 2 + len(KEYS) and len({line.count("|") for line in lines}) == 1
    for key, line in zip(KEYS, lines[2:], strict=True):
        assert score_table.cell(score_table.before().scores[key]) in line and score_table.cell(now()[key]) in line


def test_means_are_over_the_runs_that_they_name() -> None:
    lines = list(score_table.means())
    measured = [now()[key] for key in KEYS if key not in COMPUTED]
    width = 100 * math.fsum(score.p90 - score.p10 for score in measured) / len(measured)
    cells = [cell.strip() for cell in lines[3].split("|")]
    assert cells[1:4] == ["the measured", "now", str(len(measured))] and cells[5] == f"{width:.1f}"
    assert cells[6].startswith(f"{100 * np.mean([score.crps for score in measured]):.1f}")


def test_the_table_is_shown_and_a_wrong_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert score_table.main(["--show"]) == 0
    assert capsys.readouterr().out.count("\n") == len(KEYS)
    assert score_table.main(["--stor", "2026-11-30"]) == 2 and "--store DATE" in capsys.readouterr().err


def test_what_is_stored_is_read_again(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_table, "BEFORE", tmp_path / "scores.yaml")
    score_table.store("1.0", "2027-01-31")
    again = score_table.before.__wrapped__()
    assert (again.version, again.date) == ("1.0", "2027-01-31")
    for key, score in now().items():
        assert again.scores[key][:3] == pytest.approx(score[:3], abs=1e-6)
        assert again.scores[key].covered == score.covered
