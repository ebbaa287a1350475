"""Run folders: the same bytes for the same run, all or nothing, found again; and stories that come out as they were."""

import errno
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.ensemble import Ensemble, Shard, run_ensemble
from simulator.metrics.middle import middle
from simulator.numbers.ledger import Account
from simulator.report.run import folder
from simulator.report.run.contents import REPLICATIONS, from_parquet, told_replications
from simulator.report.run.folder import OutputError
from simulator.report.run.story import ReplayError, clock, duration, replay_story
from simulator.scenario import Scenario, parse_scenario
from tests.test_ensemble import CALM, SMALL, small

SLOW = "failures.slow={part: node, rate: 0.05 /node/day, effect: slow, speed: {from: 70%, to: 95%}, found: 1 h}"
CORRUPT = "failures.sdc={part: node, rate: 0.02 /node/day, effect: corrupt, found: {p50: 2 h, p90: 12 h}}"
WINDOW = "maintenance.windows=[{at: 20 h, length: 2 h}]"


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return run_ensemble(small())


def files(root: Path) -> dict[str, bytes]:
    """Everything below a folder, hidden files too."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def results(run: Path) -> dict[str, bytes]:
    return {name: content for name, content in files(run).items() if name != folder.MANIFEST}


def test_a_run_folder_holds_what_it_should(tmp_path: Path, ensemble: Ensemble) -> None:
    run = folder.write(ensemble, tmp_path / "runs")
    assert run.parent == tmp_path / "runs" and run.name.startswith("small-") and len(run.name) == len("small-") + 8
    told = told_replications(ensemble.table)
    starts = [f"events/{name}-replication-{number}" for name, number in told.items()]
    events = {f"{start}.{end}" for start in starts for end in ("parquet", "txt")}
    plain = {"summary.json", REPLICATIONS, "losses_by_cause.csv", "scenario.resolved.yaml", "manifest.json"}
    assert set(files(run)) == plain | events
    assert [path.name for path in run.parent.iterdir()] == [run.name]


@pytest.mark.parametrize("text", [SMALL, SMALL.replace(", spread: 40%", "")], ids=["uncertain", "certain"])
def test_threads_and_shards_change_no_byte(tmp_path: Path, text: str) -> None:
    scenario = parse_scenario(text)
    one, two = (folder.write(run_ensemble(scenario, threads=n), tmp_path / str(n)) for n in (1, 2))
    assert results(one) == results(two) and one.name == two.name
    shards = [folder.write(run_ensemble(scenario, replications=60, shard=Shard(n, 3)), tmp_path) for n in (1, 2, 3)]
    merged = folder.merge_folders(shards, tmp_path / "merged")
    whole = folder.write(run_ensemble(scenario, replications=60), tmp_path / "whole")
    assert results(merged) == results(whole) and merged.name == whole.name
    assert len({run.name for run in [whole, *shards]}) == 4


def test_a_folder_is_read_as_it_was_written(tmp_path: Path) -> None:
    ensemble = run_ensemble(small("run.stop.half_width=20 h", "run.horizon=56 h"))
    read = folder.load(folder.write(ensemble, tmp_path))
    pd.testing.assert_frame_equal(read.table, ensemble.table, check_exact=True)
    assert (read.resolved, read.model, read.planned) == (ensemble.resolved, ensemble.model, ensemble.planned)
    assert read.precision is not None and read.precision == ensemble.precision
    assert folder.write(read, tmp_path / "again").name == folder.write(ensemble, tmp_path).name
    assert results(next((tmp_path / "again").iterdir())) == results(folder.write(ensemble, tmp_path))


def test_not_a_number_and_infinity_come_back(tmp_path: Path) -> None:
    run = folder.write(run_ensemble(parse_scenario(CALM), replications=3), tmp_path)
    table = from_parquet((run / REPLICATIONS).read_bytes())
    assert np.isnan(table["nodes_out_of_service"]).all() and np.isinf(table["mttf_hours"]).all()
    assert [len(seen) for seen in table["nodes_out_seen"]] == [0, 0, 0]


def test_losses_are_told_by_account_and_by_cause(tmp_path: Path, ensemble: Ensemble) -> None:
    losses = pd.read_csv(folder.write(ensemble, tmp_path) / "losses_by_cause.csv")
    time_lost = losses[losses["kind"] == "time lost"]
    median = ensemble.table.iloc[middle(ensemble)]
    assert time_lost["share_in_median_replication"].sum() == pytest.approx(
        1 - median["productive_days"].sum() / median["wall_days"].sum()
    )
    assert (time_lost["p50_low"] <= time_lost["p50"]).all() and (time_lost["p50"] <= time_lost["p50_high"]).all()
    assert time_lost["share_of_mean"].sum() == pytest.approx(
        1 - ensemble.table["productive_days"].sum() / ensemble.table["wall_days"].sum()
    )
    for kind in ("failures", "interruptions"):
        assert losses.loc[losses["kind"] == kind, "name"].tolist() == ["gpu", "network"]
        assert losses.loc[losses["kind"] == kind, "share_of_mean"].sum() == pytest.approx(1.0)


def test_events_are_those_of_the_replication(tmp_path: Path, ensemble: Ensemble) -> None:
    run = folder.write(ensemble, tmp_path)
    for name, number in told_replications(ensemble.table).items():
        row = ensemble.table.loc[number]
        events = pd.read_parquet(run / "events" / f"{name}-replication-{number}.parquet")
        assert len(events) == row["events"] and events["phase_after"].iloc[-1] == row["outcome"]
        assert events["time_us"].iloc[-1] == row["wall_us"]
        assert events["time_days"].iloc[-1] == pytest.approx(row["wall_days"])
        assert events["work_days"].iloc[-1] == pytest.approx(2.0)


# Found again


def test_the_same_run_is_found_again_and_another_is_not(tmp_path: Path, ensemble: Ensemble) -> None:
    assert folder.find(small(), tmp_path) is None
    run = folder.write(ensemble, tmp_path)
    assert folder.find(small(), tmp_path) == run
    for other in (
        folder.find(small(), tmp_path, seed=3),
        folder.find(small(), tmp_path, replications=10),
        folder.find(small(), tmp_path, replications=60, shard=Shard(1, 2)),
        folder.find(small(), tmp_path, engine="reference"),
        folder.find(small("recovery.restart=5 min"), tmp_path),
    ):
        assert other is None


def test_a_run_of_another_version_is_not_found(
    tmp_path: Path, ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(ensemble, tmp_path)
    monkeypatch.setattr(folder, "model", lambda: "9.9.9+00000000")
    assert folder.find(small(), tmp_path) is None


def test_what_was_interrupted_is_not_taken_for_finished(tmp_path: Path, ensemble: Ensemble) -> None:
    from dataclasses import replace

    part = folder.write(replace(ensemble, table=ensemble.table.head(10), interrupted=True), tmp_path)
    assert json.loads((part / folder.MANIFEST).read_text())["interrupted"] is True
    assert folder.find(small(), tmp_path) is None
    assert folder.write(ensemble, tmp_path) == part == folder.find(small(), tmp_path)
    assert folder.load(part).replications == 60


# All or nothing


def test_a_folder_that_cannot_be_made_is_an_error_with_words(tmp_path: Path, ensemble: Ensemble) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written: Not a directory") as caught:
        folder.write(ensemble, tmp_path / "file" / "runs")
    assert isinstance(caught.value, OSError) and caught.value.errno == errno.ENOTDIR
    assert files(tmp_path) == {"file": b"in the way"}


@pytest.mark.parametrize("fails_at", [1, 2, 5, 11])
def test_a_full_disk_leaves_everything_as_it_was(
    tmp_path: Path, ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    run = folder.write(ensemble, tmp_path / "runs")
    before = files(tmp_path)
    write, written = Path.write_bytes, []

    def full(path: Path, content: bytes) -> int:
        written.append(path)
        if len(written) == fails_at:
            write(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    for root in (run.parent, tmp_path / "other" / "runs"):
        written.clear()
        with pytest.raises(OutputError, match="No space left on device; nothing was changed"):
            folder.write(ensemble, root)
    assert files(tmp_path) == before and [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_an_interruption_while_writing_leaves_nothing_half(
    tmp_path: Path, ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, content: bytes) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        folder.write(ensemble, tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


def test_the_old_folder_is_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = folder.write(ensemble, tmp_path)
    before, rename = files(tmp_path), Path.rename

    def stuck(path: Path, target: Path) -> Path:
        if path.name.endswith(".part"):
            raise OSError(errno.EIO, "Input/output error", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stuck)
    with pytest.raises(OutputError, match="Input/output error"):
        folder.write(ensemble, tmp_path)
    assert files(tmp_path) == before and run.is_dir()


def test_nothing_but_a_run_folder_is_replaced(tmp_path: Path, ensemble: Ensemble) -> None:
    run = folder.write(ensemble, tmp_path)
    (run / folder.MANIFEST).unlink()
    before = files(tmp_path)
    with pytest.raises(OutputError, match="no run folder"):
        folder.write(ensemble, tmp_path)
    with pytest.raises(OutputError, match="no run folder"):
        folder.load(run)
    assert files(tmp_path) == before


def test_a_damaged_folder_is_an_error_with_words(tmp_path: Path, ensemble: Ensemble) -> None:
    run = folder.write(ensemble, tmp_path)
    (run / REPLICATIONS).write_bytes(b"no table")
    with pytest.raises(OutputError, match="cannot be read"):
        folder.load(run)
    with pytest.raises(OutputError, match="no run folder"):
        folder.load(tmp_path / "nowhere")


# Stories


def test_a_story_tells_every_interruption_and_ends_with_the_ledger(tmp_path: Path, ensemble: Ensemble) -> None:
    read = folder.load(folder.write(ensemble, tmp_path))
    for number in (0, 7):
        row = read.table.loc[number]
        story = replay_story(read, number)
        assert story.startswith(f"Replication {number} of small (seed 11)\n")
        assert story.count("stops the job") == row["interruptions"] and story.count("absorbed") > 0
        assert f"The work is done after {duration(row['wall_us'])}." in story
        assert re.search(rf"  PRODUCTIVE +{duration(row['productive_us'])} ", story)


@pytest.mark.parametrize("more", [SLOW, CORRUPT])
def test_the_losses_of_a_story_sum_to_the_ledger(more: str) -> None:
    from simulator.ensemble import replay
    from simulator.report.run.incidents import Incident, happenings

    scenario: Scenario = small(more, WINDOW)
    lost = []
    for number in range(4):
        plan, result = replay(scenario, number)
        told = [one for one in happenings(plan, result, ("gpu", "network", "third")) if isinstance(one, Incident)]
        lost.append(sum(one.lost for one in told))
        assert lost[-1] == result.ledger[Account.LOST_WORK]
    assert sum(lost) > 0


def test_a_story_tells_of_slow_nodes_and_windows() -> None:
    ensemble = run_ensemble(small(SLOW, WINDOW), replications=4)
    story = "".join(replay_story(ensemble, number) for number in range(4))
    for words in ("becomes slow", "is found", "stops as planned", "maintenance 2 h", "window is due", "repair is over"):
        assert words in story


def test_a_story_needs_no_kernel_where_the_run_had_none(ensemble: Ensemble) -> None:
    reference = run_ensemble(small(), replications=2, engine="reference")
    assert replay_story(reference, 1) == replay_story(ensemble, 1)


def test_a_replication_that_comes_out_otherwise_is_not_told(ensemble: Ensemble) -> None:
    from dataclasses import replace

    with pytest.raises(ReplayError, match="no replication 60; the run has 0 to 59"):
        replay_story(ensemble, 60)
    wrong = replace(ensemble, table=ensemble.table.assign(wall_us=ensemble.table["wall_us"] + 1))
    with pytest.raises(ReplayError, match="another version"):
        replay_story(wrong, 3)
    with pytest.raises(ReplayError, match="another policy"):
        replay_story(replace(ensemble, policy="Own+00000000"), 3)


def test_durations_are_told_in_two_units() -> None:
    seconds = [0, 0.25, 8, 59.96, 60, 61, 3600, 3660, 86_399, 90_000, 864_000]
    told = ["0 s", "0.25 s", "8 s", "60 s", "1 min", "1 min 1 s", "1 h", "1 h 1 min", "23 h 59 min", "1 d 1 h", "10 d"]
    assert [duration(int(1e6 * one)) for one in seconds] == told
    assert clock(90_061_000_000) == "01:01:01"
