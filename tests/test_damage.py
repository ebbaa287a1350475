"""Run folders that are damaged, and writers that are killed: nothing of the user's is lost, and the next run works."""

import errno
import json
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.ensemble import Ensemble, run_ensemble
from simulator.report.run import folder, leftovers, publish
from simulator.report.run.integrity import OutputError, damage, foreign
from tests.test_cli import derisk
from tests.test_ensemble import SMALL, small
from tests.test_folder import files, results

RUN = ("-n", "20")
FILES = ("summary.json", "replications.parquet", "scenario.resolved.yaml", "manifest.json", "losses_by_cause.csv")
EVENTS = "events/p50"


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenario") / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole") / "runs"
    assert derisk("run", scenario, *RUN, "-o", root).exit_code == 0
    return next(root.iterdir())


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return run_ensemble(small(), replications=20)


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def one_byte_changed(file: Path) -> None:
    content = file.read_bytes()
    middle = len(content) // 2
    file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])


def unreadable(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.name)  # a loop: no one can read it, root neither


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def of_another_schema(file: Path) -> None:
    file.write_text(json.dumps({"schema": 99, "results": []}), "utf-8")


HARM: list[Callable[[Path], object]] = [
    truncated,
    one_byte_changed,
    unreadable,
    a_folder,
    a_pipe,
    of_another_schema,
    lambda file: file.write_bytes(b""),
    lambda file: file.write_bytes(bytes(range(256)) * 40),
    lambda file: file.unlink(),
]
NAMES = ["cut", "changed", "unreadable", "folder", "pipe", "schema", "empty", "garbage", "missing"]


def named(run: Path, name: str) -> Path:
    return next(run.glob(f"{name}*")) if name == EVENTS else run / name


@pytest.mark.parametrize("harm", HARM, ids=NAMES)
@pytest.mark.parametrize("name", [*FILES, EVENTS])
def test_a_damaged_run_folder_is_kept_aside_and_the_run_done_again(
    name: str, harm: Callable[[Path], object], whole: Path, scenario: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(whole, tmp_path / whole.name)
    (run / "notes.txt").write_text("mine", "utf-8")
    file = named(run, name)
    if name == "manifest.json" and harm is one_byte_changed:
        file.write_text(file.read_text("utf-8").replace('"threads"', '"threats"'), "utf-8")
    else:
        harm(file)
    harmed = {path.name for path in run.rglob("*")}
    told = derisk("run", scenario, *RUN, "-o", tmp_path)
    assert told.exit_code == 0 and "Traceback" not in told.output
    assert "reused" not in told.stderr and f"is damaged: {file.relative_to(run)}" in told.stderr
    kept = tmp_path / f"{whole.name}.damaged"
    assert str(kept) in told.stderr and {path.name for path in kept.rglob("*")} == harmed
    assert (kept / "notes.txt").read_text("utf-8") == "mine"
    assert results(run) == results(whole) and not damage(run)
    assert "is reused" in derisk("run", scenario, *RUN, "-o", tmp_path).stderr


def test_without_its_events_or_all_but_two_files_a_folder_is_still_a_run(
    whole: Path, scenario: Path, tmp_path: Path
) -> None:
    for number, names in enumerate((("events",), FILES[:3], FILES[3:]), start=1):
        run = tmp_path / whole.name
        if number == 1:
            shutil.copytree(whole, run)
        for name in names:
            leftovers.remove(run / name)
        told = derisk("run", scenario, *RUN, "-o", tmp_path)
        assert told.exit_code == 0 and f".damaged{'' if number == 1 else f'-{number}'}," in told.stderr
        assert results(run) == results(whole)


def test_what_is_no_run_folder_is_refused_before_anything_is_run(
    whole: Path, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.ensemble.run_ensemble", lambda *_, **__: pytest.fail("it was run"))
    place = tmp_path / whole.name
    place.mkdir()
    (place / "thesis.txt").write_text("years of work", "utf-8")
    told = derisk("run", scenario, *RUN, "-o", tmp_path)
    assert told.exit_code == 1 and "is in the way, and is no run folder, so nothing was run" in told.stderr
    assert files(tmp_path) == {f"{whole.name}/thesis.txt": b"years of work"}
    shutil.rmtree(place)
    place.write_text("a file", "utf-8")
    assert "is in the way" in derisk("run", scenario, *RUN, "-o", tmp_path).stderr
    assert place.read_text("utf-8") == "a file"


def test_a_folder_of_an_earlier_version_has_no_digests_and_is_reused_where_it_can_be_read(
    whole: Path, scenario: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(whole, tmp_path / whole.name)
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    del manifest["files"]
    (run / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert "is reused" in derisk("run", scenario, *RUN, "-o", tmp_path).stderr
    truncated(run / "summary.json")
    assert "is damaged: summary.json cannot be read" in derisk("run", scenario, *RUN, "-o", tmp_path).stderr


def test_the_manifest_of_another_run_is_damage(whole: Path, scenario: Path, tmp_path: Path) -> None:
    run = shutil.copytree(whole, tmp_path / whole.name)
    text = (run / "manifest.json").read_text("utf-8")
    (run / "manifest.json").write_text(text.replace('"hash": "', '"hash": "0'), "utf-8")
    assert "manifest.json is that of another run" in derisk("run", scenario, *RUN, "-o", tmp_path).stderr


@pytest.mark.parametrize("name", [*FILES[:3], "manifest.json"])
@pytest.mark.parametrize("harm", [truncated, a_folder, a_pipe, lambda file: file.unlink()], ids=["cut", "d", "p", "no"])
def test_commands_that_read_a_folder_name_the_file(
    name: str, harm: Callable[[Path], object], whole: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(whole, tmp_path / whole.name)
    harm(run / name)
    for words in (("report", run), ("merge", run, "-o", tmp_path / "merged"), ("replay", run, "-r", "3")):
        if words[0] == "replay" and name == "summary.json":
            continue  # it has no need of that one
        told = derisk(*words)
        assert told.exit_code in (1, 2, 3) and "Traceback" not in told.output and name in told.stderr, words


def test_a_damaged_shard_is_not_merged(scenario: Path, tmp_path: Path) -> None:
    for shard in ("1/2", "2/2"):
        assert derisk("run", scenario, *RUN, "--shard", shard, "-o", tmp_path / "shards").exit_code == 0
    one, two = sorted((tmp_path / "shards").iterdir())
    assert derisk("merge", one, two, "-o", tmp_path / "merged").exit_code == 0
    merged = next((tmp_path / "merged").iterdir())
    truncated(merged / "replications.parquet")
    told = derisk("merge", one, two, "-o", tmp_path / "merged")
    assert told.exit_code == 0 and "is damaged: replications.parquet" in told.stderr and not damage(merged)
    assert (tmp_path / "merged" / f"{merged.name}.damaged").is_dir()
    truncated(two / "losses_by_cause.csv")
    told = derisk("merge", one, two, "-o", tmp_path / "merged")
    assert told.exit_code == 3 and f"{two}: losses_by_cause.csv was changed" in told.stderr
    assert "run that shard again" in told.stderr


# Writers that are killed


class Killer:
    """Ends its process at the so-and-so-manieth change of a folder, as `kill -9` does: nothing is tidied up."""

    CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")

    def __init__(self, root: Path, at: int) -> None:
        self._root, self._left = str(root), at

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]
        if (writes or event in self.CHANGES) and str(arguments[0]).startswith(self._root):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def written_until_killed(at: int, ensemble: Ensemble, root: Path) -> int | None:
    """Write a run folder in a process that is killed at a step; return how the process ended."""

    def write() -> None:
        sys.addaudithook(Killer(root, at))
        folder.write(ensemble, root)
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=write)
    process.start()
    process.join()
    return process.exitcode


def test_a_writer_that_is_killed_anywhere_loses_nothing(ensemble: Ensemble, tmp_path: Path) -> None:
    from dataclasses import replace

    part = replace(ensemble, table=ensemble.table.head(10), interrupted=True)
    scenario, ends = small(), []
    for at in range(1, 100):
        root = tmp_path / str(at)
        before = folder.write(part, root)
        (before / "notes.txt").write_text("mine", "utf-8")
        (root / "other.txt").write_text("mine too", "utf-8")
        were = files(before)
        ends.append(written_until_killed(at, ensemble, root))
        wanted = folder.place(scenario, root, replications=20)
        assert folder.clear(wanted) == "" and wanted.folder == before
        there = [one for one in root.iterdir() if one.is_dir()]
        assert any({**files(one), **were} == files(one) for one in there), "what was there is there"
        assert not [one for one in root.iterdir() if one.name.startswith(".")]
        assert folder.write(ensemble, root) == before == folder.find(scenario, root, replications=20)
        assert (root / "other.txt").read_text("utf-8") == "mine too"
        assert any((one / "notes.txt").is_file() for one in root.iterdir())
        shutil.rmtree(root)
        if ends[-1] == 0:
            break
    assert len(ends) > 20 and set(ends[:-1]) == {-signal.SIGKILL} and ends[-1] == 0


def test_leftovers_of_the_living_and_of_others_stay(tmp_path: Path) -> None:
    gone = multiprocessing.get_context("fork").Process(target=lambda: None)
    gone.start()
    gone.join()
    mine = leftovers.beside(tmp_path / "run-12345678")
    words = f"{os.getpid()}"
    dead = mine.with_name(mine.name.replace(f"-{words}-", f"-{gone.pid}-"))
    other_host = mine.with_name(f".run-12345678.ffffffff-{gone.pid}-01234567.part")
    old_style, users = tmp_path / ".run-12345678.01234567.part", tmp_path / ".run.part"
    aged, thesis = tmp_path / ".run-87654321.01234567.part", tmp_path / ".thesis.01234567.part"
    for place in (mine, dead, other_host, old_style, users, aged, thesis):
        place.mkdir()
        (place / "summary.json").write_text("{}", "utf-8")
    os.utime(aged, (0, 0))
    os.utime(thesis, (0, 0))
    file = leftovers.beside(tmp_path / "report.html")
    dead_file = file.with_name(file.name.replace(f"-{words}-", f"-{gone.pid}-"))
    dead_file.write_bytes(b"half")
    leftovers.sweep(tmp_path)
    assert set(tmp_path.iterdir()) == {mine, other_host, old_style, users, thesis}
    leftovers.sweep(tmp_path / "nowhere")


def test_a_report_sweeps_what_a_report_has_left(whole: Path, tmp_path: Path) -> None:
    run = shutil.copytree(whole, tmp_path / whole.name)
    (run / ".report.html.0123abcd.part").write_bytes(b"half")
    os.utime(run / ".report.html.0123abcd.part", (0, 0))
    publish.publish(run)
    assert foreign(run) == []


def test_what_cannot_be_moved_aside_is_told(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scenario: Path
) -> None:
    run = shutil.copytree(whole, tmp_path / whole.name)
    truncated(run / "summary.json")

    def stuck(*_: object) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "rename", stuck)
    told = derisk("run", scenario, *RUN, "-o", tmp_path)
    assert told.exit_code == 1 and "cannot be moved: Permission denied" in told.stderr
    with pytest.raises(OutputError, match="cannot be moved"):
        folder.clear(folder.place(small(), tmp_path, replications=20))
