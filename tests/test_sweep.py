"""Sweeps: axes, the grid, what is kept when one is stopped, the table, and what `derisk sweep` tells."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_cli import ROOT, SMALL, as_json, derisk

from simulator.ensemble import run_ensemble
from simulator.planning.compare import compare
from simulator.planning.sweep import Axis, AxisError, Cell, Grid, Outcome, cells, prepare, row, run
from simulator.report.run.folder import OutputError
from simulator.report.study.sweep_folder import SweepFolder
from simulator.scenario import ScenarioErrors, load_scenario, parse_scenario
from simulator.scenario.errors import SECTION
from simulator.scenario.sweep import read_axis

PRICED = SMALL.replace("work: 3 d", "work: 3 d, start: 2027-03-01, deadline: 2027-03-04")
PRICED += "recovery: {restart: 5 min}\ncost: {gpu: {value: 2 USD/GPU/h, spread: 20%}}\n"
SPARES = Axis("cluster.hot_spares", ("0 nodes", "2 nodes"))
RESTART = Axis("recovery.restart", ("1 min", "5 min", "x4"))
REPLICATIONS = 12


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(PRICED, encoding="utf-8")
    return file


def grid_of(file: Path, *axes: Axis, **arguments: Any) -> Grid:
    return prepare(file, [], axes or (SPARES, RESTART), **{"replications": REPLICATIONS} | arguments)


def swept(grid: Grid, root: Path, *, most: int | None = None, **arguments: Any) -> bool:
    """Run a sweep as the command does, or so many cells of it; return whether it is done."""
    import threading

    folder, cancel = SweepFolder(grid, root), threading.Event()
    outcomes = folder.kept()
    folder.begin()
    before = len(outcomes)

    def keep(cell: Cell, outcome: Outcome) -> None:
        folder.keep(cell, outcome)
        outcomes[cell.number] = outcome
        if most is not None and len(outcomes) - before >= most:
            cancel.set()

    run(grid, [cell for cell in grid.cells if cell.number not in outcomes], keep, cancel=cancel, **arguments)
    if len(outcomes) == len(grid.cells):
        folder.finish(outcomes)
        return True
    return False


def content(root: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}


# Axes


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("cluster.hot_spares=0 nodes, 32 nodes", ("0 nodes", "32 nodes")),
        ("failures.gpu.rate=x0.5,x1,x2", ("x0.5", "x1", "x2")),
        ("a.b=[1 min, 2 min]", ("1 min", "2 min")),
        ("a.b={p10: 1 min, p50: 5 min, p90: 770 s},240 s", ("{p10: 1 min, p50: 5 min, p90: 770 s}", "240 s")),
        ("a.b=0..128 nodes/5", ("0 nodes", "32 nodes", "64 nodes", "96 nodes", "128 nodes")),
        ("a.b=8..512 nodes/5 log", ("8 nodes", "23 nodes", "64 nodes", "181 nodes", "512 nodes")),
        ("a.b=30 s..3 min/6", ("30 s", "1 min", "1.5 min", "2 min", "2.5 min", "3 min")),
        ("a.b=10 s..1000 s/3 log,5 h", ("10 s", "100 s", "1000 s", "5 h")),
        ("a.b=x0.5..x2/3 log", ("x0.5", "x1", "x2")),
        ("a.b=0.1..0.4 /kGPU/day/4", ("0.1 /kGPU/day", "0.2 /kGPU/day", "0.3 /kGPU/day", "0.4 /kGPU/day")),
        ("a.b=10%..20%/3", ("10%", "15%", "20%")),
        ("cluster.node=../mine.yaml,hgx_h100", ("../mine.yaml", "hgx_h100")),
        ("a.b=[{to: storage}],[{to: peer}, {to: storage}]", ("[{to: storage}]", "[{to: peer}, {to: storage}]")),
        ("a.b=[[{to: storage}], [{to: peer}]]", ("[{to: storage}]", "[{to: peer}]")),
    ],
)
def test_an_axis_is_read(text: str, values: tuple[str, ...]) -> None:
    assert read_axis(text) == Axis(text.partition("=")[0], values)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a.b", "'a.b' gives no values; write PATH=VALUE,VALUE, such as cluster.hot_spares='0 nodes,32 nodes'"),
        ("a=1", "a: is no path to an input; write one such as cluster.hot_spares"),
        ("a.b=1,", "a.b: a value is missing; write VALUE,VALUE without a comma at the end"),
        ("a.b=1,1", "a.b: '1' appears twice; leave it out"),
        ("run.seed=1,2", "run.seed: all cells have the same seed and number of replications; write --seed"),
        ("run.stop.max=1,2", "run.stop.max: all cells have the same seed and number of replications; write -n"),
        (
            "a.b=0..8",
            "a.b: '0..8' is no range; write LOW..HIGH/COUNT, such as '0..128 nodes/5', or with log behind it, such as "
            "'10 s..10 min/4 log'",
        ),
        ("a.b=8..0 nodes/3", "a.b: '8..0 nodes/3' does not rise; write the lower end first"),
        ("a.b=0..8 nodes/1", "a.b: '0..8 nodes/1' has 1 values; a range has 2 to 1_000"),
        ("a.b=0..8 s/3 log", "a.b: '0..8 s/3 log' begins at zero, of which there are no ratios; begin above it, or "),
        ("a.b=0 s..8 nodes/3", "a.b: s and nodes do not measure the same; write both ends in one unit"),
        ("a.b=x1..2/3", "a.b: 'x1..2/3' is no range; write LOW..HIGH/COUNT"),
        ("a.b=0..1e99999999 s/5", "a.b: '0..1e99999999 s/5': 1e99999999 is not a finite number; write a smaller one"),
        ("a.b=1 min..1e400 min/5 log", "a.b: '1 min..1e400 min/5 log': 1e400 is not a finite number; write a smaller"),
        ("a.b=1e-99999999..1 s/5", "a.b: '1e-99999999..1 s/5': 1e-99999999 is too small to be told from zero; write 0"),
        ("a.b=0e99999999..0 s/5", "a.b: '0e99999999..0 s/5' does not rise; write the lower end first"),
        ("a.b=1e-200..1e200 s/5 log", "a.b: '1e-200..1e200 s/5 log' spans a ratio of more than 1e+300; write ends"),
        ("a.b=-1e308 d..1 s/3", "a.b: '-1e308 d..1 s/3' begins below all numbers that can be told in s; write an end"),
        (f"a.b=0..1 s/{'9' * 5_000}", f"a.b: '0..1 s/{'9' * 43}...' has 5_007 characters, and no range does"),
        (f"a.b=1{' ' * 200_000}..{' ' * 200_000}2", f"a.b: '1{' ' * 49}...' has 400_004 characters, and no range does"),
        (f"a.b={'1' * 200_000}..2", f"a.b: '{'1' * 50}...' has 200_003 characters, and no range does"),
    ],
)  # fmt: skip
def test_a_bad_axis_is_refused_with_words(text: str, told: str) -> None:
    with pytest.raises(AxisError) as refused:
        read_axis(text)
    assert str(refused.value).startswith(told)


def test_a_class_of_operator_is_swept(tmp_path: Path) -> None:
    file = tmp_path / "priced.yaml"
    file.write_text(PRICED, encoding="utf-8")
    grid = prepare(file, [], (read_axis("operator=by_hand,automatic,{automatic: 70%, by_hand: 30%}"),))
    assert [list(scenario.document.operator.classes) for scenario in grid.scenarios] == [
        ["by_hand"], ["automatic"], ["automatic", "by_hand"],
    ]  # fmt: skip
    assert grid.base_is_own and grid.base == 1
    told = parse_scenario(f"{PRICED}sweep: {{operator: [by_hand, best]}}").document.sweep
    assert told is not None and told.axes[0].values == ("by_hand", "best")


def test_a_scenario_holds_its_sweep_and_resolves_to_itself() -> None:
    text = PRICED + "sweep:\n  cluster.hot_spares: 0..2 nodes/3\n"
    text += "  recovery.restart: [x2, {p10: 1 min, p50: 2 min, p90: 3 min}]\n"
    section = parse_scenario(text).document.sweep
    assert section is not None
    assert section.axes == (
        Axis("cluster.hot_spares", ("0 nodes", "1 nodes", "2 nodes"), SECTION),
        Axis("recovery.restart", ("x2", "{p10: 1 min, p50: 2 min, p90: 3 min}"), SECTION),
    )
    again = parse_scenario(parse_scenario(text).resolved_yaml()).document.sweep
    assert again is not None and again.axes == section.axes


# The grid


def test_the_last_axis_is_the_fastest() -> None:
    grid = cells((SPARES, RESTART))
    assert [cell.number for cell in grid] == [1, 2, 3, 4, 5, 6]
    assert grid[1].overrides == ("cluster.hot_spares=0 nodes", "recovery.restart=5 min")
    assert grid[3].overrides == ("cluster.hot_spares=2 nodes", "recovery.restart=1 min")


def test_a_grid_that_cannot_be_meant_is_refused() -> None:
    many = Axis("job.work", tuple(f"{days} d" for days in range(1, 102)))
    for axes, told in (
        ((), "there is nothing to sweep; write --axis PATH=VALUE,VALUE, or a section sweep: in the scenario"),
        ((SPARES, SPARES), "cluster.hot_spares: is swept twice; write all its values in one axis"),
        ((many, many._replace(path="recovery.swap")), "the grid has 10_201 cells, more than 10_000; leave values out"),
    ):
        with pytest.raises(AxisError) as refused:
            cells(axes)
        assert str(refused.value) == told


def test_all_cells_are_checked_at_once_and_errors_name_them(small: Path) -> None:
    axes = (Axis("cluster.hot_spares", ("2 nodes", "3")), Axis("recovery.restart", ("1 min", "-5 min", "5")))
    with pytest.raises(ScenarioErrors) as refused:
        prepare(small, [], axes)
    told = [error.headline for error in refused.value.errors]
    assert len(told) == 3
    assert any("3 alone is refused" in line and "(in 3 cells of 6: cluster.hot_spares=3)" in line for line in told)
    assert any("below" in line or "negative" in line or "-5 min" in line for line in told)
    assert any("5 has no unit" in line and "(in 2 cells of 6: recovery.restart=5)" in line for line in told)
    with pytest.raises(ScenarioErrors) as refused:
        prepare(small, [], (Axis("cluster.hot_spaers", ("1 nodes", "2 nodes")),))
    assert [error.headline for error in refused.value.errors] == [
        "--axis: cluster.hot_spaers: unknown key (in all 2 cells); did you mean 'hot_spares'?"
    ]


def test_the_base_is_the_scenario_as_it_stands_or_else_the_first_cell(small: Path) -> None:
    grid = grid_of(small, SPARES, Axis("failures.gpu.rate", ("x2", "x1")))
    assert (grid.base, grid.base_is_own) == (3, True)  # 2 nodes and x1 are what the file says
    grid = grid_of(small, Axis("cluster.hot_spares", ("1 nodes", "3 nodes")))
    assert (grid.base, grid.base_is_own, grid.same) == (0, False, 0)
    assert grid_of(small, Axis("cluster.hot_spares", ("2 nodes", "x1"))).same == 1


# What comes out


def test_a_cell_is_the_scenario_run_on_its_own(small: Path) -> None:
    grid = grid_of(small, seed=5)
    found: dict[int, Outcome] = {}
    assert run(grid, grid.cells, lambda cell, outcome: found.update({cell.number: outcome}))
    alone = run_ensemble(
        load_scenario(small, ["cluster.hot_spares=2 nodes", "recovery.restart=x4"]), seed=5, replications=REPLICATIONS
    )
    np.testing.assert_array_equal(found[6].values["finish_days"], alone.table["finish_days"])
    assert found[6].row == row(grid.cells[5], grid.axes, alone)


def test_a_factor_scales_what_the_scenario_says_or_leaves_to_its_default(small: Path) -> None:
    axes = (Axis("recovery.swap", ("x1", "x3")), Axis("failures.gpu.times", ("x1", "x2")))
    grid = prepare(small, [], axes, replications=2)
    own, last = grid.own.document, grid.scenarios[-1].document
    assert last.recovery.swap.numbers[0][1].median == 3 * own.recovery.swap.numbers[0][1].median > 0
    assert last.failures.given["gpu"].times.median == 2.0
    assert (grid.base, grid.base_is_own) == (0, True)
    with pytest.raises(ScenarioErrors, match="scales a number"):
        prepare(small, [], (Axis("cluster.cold_spares", ("x1", "x2")),))


def test_a_row_tells_axes_as_text_and_in_si_and_then_the_results(small: Path) -> None:
    axes = (
        SPARES,
        Axis("failures.gpu.rate", ("x2", "10 /kGPU/day")),
        Axis("checkpoint.interval", ("auto", "1 h")),
        Axis("failures.software.rate", ("x2", "x3")),  # it has an mtbf, and is scaled all the same
    )
    grid = prepare(small, [], axes, replications=4)
    frame = pd.DataFrame([row(cell, axes, run_ensemble(grid.scenarios[cell.number - 1])) for cell in grid.cells])
    last, first = frame.iloc[-1], frame.iloc[0]
    assert (last["cluster.hot_spares"], last["cluster.hot_spares [node]"]) == ("2 nodes", 2.0)
    assert first["failures.gpu.rate [/GPU/s]"] == pytest.approx(last["failures.gpu.rate [/GPU/s]"], rel=1e-12)
    assert last["failures.gpu.rate [/GPU/s]"] == pytest.approx(10 / 1_000 / 86_400, rel=1e-12)
    assert last["checkpoint.interval [s]"] == 3_600.0 and np.isnan(first["checkpoint.interval [s]"])
    assert (first["failures.software.rate [x]"], last["failures.software.rate [x]"]) == (2.0, 3.0)
    alone = run_ensemble(grid.scenarios[-1])
    finite = alone.table["finish_days"][np.isfinite(alone.table["finish_days"])]
    assert last["finish_days_mean"] == pytest.approx(finite.mean(), rel=1e-12)
    assert last["unfinished"] == 4 - len(finite)
    assert {"finish_days_p10", "finish_days_p50", "finish_days_p90", "finish_days_mc_error", "goodput_mean"} <= set(
        frame
    )
    assert {"cost_usd_mean", "deadline_probability", "finish_days_p90_half_width"} <= set(frame)


def test_differences_are_those_of_a_comparison_and_the_base_has_none(small: Path, tmp_path: Path) -> None:
    grid = grid_of(small, seed=2)
    assert swept(grid, tmp_path / "runs")
    frame = pd.read_parquet(SweepFolder(grid, tmp_path / "runs").path / "sweep.parquet")
    base, other = (run_ensemble(grid.scenarios[number], twins=False) for number in (grid.base, 5))
    for told in compare({"base": base, "other": other}).differences[0]:
        assert frame[f"{told.measure.name}_difference"][5] == told.mean
        assert frame[f"{told.measure.name}_difference_half_width"][5] == told.half_width
        assert frame["pairs"][5] == told.pairs
        assert frame[f"{told.measure.name}_difference"][grid.base] == 0.0
        assert frame[f"{told.measure.name}_difference_half_width"][grid.base] == 0.0


# Stopped, and gone on


def test_a_sweep_that_was_stopped_goes_on_to_the_same_bytes_whatever_the_threads(small: Path, tmp_path: Path) -> None:
    grid = grid_of(small)
    assert swept(grid, tmp_path / "whole", threads=1)
    assert not swept(grid, tmp_path / "parts", most=1, threads=1)
    kept = SweepFolder(grid, tmp_path / "parts").kept()
    assert 1 <= len(kept) < len(grid.cells)
    before = content(tmp_path / "parts")
    assert not any(name.endswith(("sweep.csv", "sweep.parquet")) for name in before)
    assert swept(grid, tmp_path / "parts", threads=3)
    whole = content(tmp_path / "whole")
    assert content(tmp_path / "parts") == whole
    assert all(whole[name] == bytes_before for name, bytes_before in before.items())
    assert swept(grid, tmp_path / "parts")  # nothing is left to do
    assert content(tmp_path / "parts") == whole


def test_a_damaged_cell_is_run_again(small: Path, tmp_path: Path) -> None:
    grid = grid_of(small)
    assert swept(grid, tmp_path / "runs")
    whole = content(tmp_path / "runs")
    files = sorted((SweepFolder(grid, tmp_path / "runs").path / "cells").iterdir())
    files[0].write_bytes(files[0].read_bytes()[:100])
    files[1].write_bytes(files[2].read_bytes())  # another cell's
    files[3].unlink()
    assert set(SweepFolder(grid, tmp_path / "runs").kept()) == {3, 5, 6}
    damaged = {f"{file.relative_to(tmp_path / 'runs')}.replaced": file.read_bytes() for file in files[:2]}
    assert swept(grid, tmp_path / "runs")
    assert content(tmp_path / "runs") == whole | damaged, "what was damaged is kept beside"


def a_folder_instead(file: Path) -> None:
    file.unlink()
    (file / "inside").mkdir(parents=True)


def a_pipe_instead(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("name", ["sweep.json", "sweep.csv", "sweep.parquet", "scenario.resolved.yaml", "cells/00002"])
@pytest.mark.parametrize(
    "harm",
    [
        lambda file: file.write_bytes(file.read_bytes()[:50]),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(bytes(range(256))),
        lambda file: file.write_text('{"schema": 99}', "utf-8"),
        a_folder_instead,
        a_pipe_instead,
    ],
    ids=["cut", "empty", "garbage", "schema", "folder", "pipe"],
)
def test_a_damaged_sweep_goes_on_and_loses_nothing(
    name: str, harm: Callable[[Path], object], small: Path, tmp_path: Path
) -> None:
    command = ("sweep", small, *SPARES_AXIS, "-n", REPLICATIONS, "-o", tmp_path / "runs")
    assert derisk(*command).exit_code == 0
    whole = content(tmp_path / "runs")
    file = next(tmp_path.glob(f"runs/*/{name}*"))
    (file.parent / "notes.txt").write_text("mine", "utf-8")
    harm(file)
    assert set(whole) - {next(one for one in whole if one.endswith(file.name))} <= set(content(tmp_path / "runs"))
    told = derisk(*command)
    assert told.exit_code == 0 and f"{file} is damaged or was changed: it is kept as" in told.stderr
    found = content(tmp_path / "runs")
    assert {one: found[one] for one in whole} == whole and os.path.lexists(file.with_name(f"{file.name}.replaced"))
    assert (file.parent / "notes.txt").read_text("utf-8") == "mine"
    assert derisk(*command).stderr.count("is damaged or was changed") == 0


def test_what_a_killed_sweep_has_left_is_swept(small: Path, tmp_path: Path) -> None:
    grid = grid_of(small)
    assert swept(grid, tmp_path)
    cells = SweepFolder(grid, tmp_path).path / "cells"
    (cells / ".00001.parquet.0123abcd.part").write_bytes(b"half")
    os.utime(cells / ".00001.parquet.0123abcd.part", (0, 0))
    before = content(tmp_path)
    assert swept(grid, tmp_path)
    assert set(before) - set(content(tmp_path)) == {f"{cells.relative_to(tmp_path)}/.00001.parquet.0123abcd.part"}


def test_what_decides_about_the_results_is_in_the_name(small: Path, tmp_path: Path) -> None:
    folder = SweepFolder(grid_of(small), tmp_path).path
    assert folder == SweepFolder(grid_of(small), tmp_path).path
    assert folder.name.startswith("a-small-run-sweep-")
    others = [
        grid_of(small, seed=2),
        grid_of(small, replications=13),
        grid_of(small, SPARES),
        prepare(small, ["job.work=4 d"], (SPARES, RESTART), replications=REPLICATIONS),
    ]
    assert len({folder, *(SweepFolder(grid, tmp_path).path for grid in others)}) == 5


def test_what_is_not_ours_is_left_alone(small: Path, tmp_path: Path) -> None:
    grid = grid_of(small)
    place = SweepFolder(grid, tmp_path).path
    place.mkdir()
    (place / "thesis.txt").write_text("years of work", "utf-8")
    with pytest.raises(OutputError, match="is in the way, and is no folder of this sweep"):
        SweepFolder(grid, tmp_path).begin()
    assert content(place) == {"thesis.txt": b"years of work"}


# The command

SPARES_AXIS = ("--axis", "cluster.hot_spares=0 nodes,2 nodes")
AXES = (*SPARES_AXIS, "--axis", "recovery.restart=1 min,5 min,x4")


def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("sweep", small, *AXES, "-n", REPLICATIONS, "-o")
    whole = derisk(*command, tmp_path / "whole")
    assert whole.exit_code == 0, whole.stderr
    keep: Callable[..., None] = SweepFolder.keep
    kept = []

    def pressed(self: SweepFolder, cell: Cell, outcome: Outcome) -> None:
        keep(self, cell, outcome)
        kept.append(cell.number)
        if len(kept) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(SweepFolder, "keep", pressed)
    stopped = derisk(*command, tmp_path / "parts", "--threads", 1)
    assert stopped.exit_code == 130 and stopped.stdout == ""
    assert " of 6 cells are done and kept in " in stopped.stderr
    assert stopped.stderr.endswith("; the same command goes on from there\n")
    monkeypatch.undo()
    again = derisk(*command, tmp_path / "parts")
    assert again.exit_code == 0 and "of 6 cells were done before and are reused" in again.stderr
    assert content(tmp_path / "parts") == content(tmp_path / "whole")
    assert again.stdout.split("Results")[0] == whole.stdout.split("Results")[0]


def test_a_signal_stops_a_real_process_without_loss(small: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulator", "sweep", str(small), "-n", "2000", "-o", str(tmp_path / "runs")]
    command += ["--axis", "recovery.restart=1..40 min/40", "--threads", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    until = time.monotonic() + 300  # a compilation may come first
    while not list(tmp_path.glob("runs/*/cells/*.parquet")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, ""), told
    assert "Traceback" not in told and "the same command goes on from there" in told
    (folder,) = (tmp_path / "runs").iterdir()
    number = len(list((folder / "cells").glob("*.parquet")))
    assert f"{number} of 40 cells are done" in told and 0 < number < 40
    assert not list(folder.rglob("*.part"))


def test_what_has_no_effect_in_some_cells_is_told(small: Path, tmp_path: Path) -> None:
    words = ("--set", "recovery.spares_exposed=true", "--axis", "cluster.hot_spares=0 nodes,2 nodes")
    result = derisk("sweep", small, *words, "-n", 4, "-o", tmp_path / "runs")
    assert result.exit_code == 0
    assert "without effect in 1 of 2 cells: --set: recovery.spares_exposed: there are no hot spares" in result.stderr


def test_two_axes_are_told_as_a_matrix_and_the_best_cells_by_name(small: Path, tmp_path: Path) -> None:
    result = derisk("sweep", small, *AXES, "-n", REPLICATIONS, "-o", tmp_path / "runs")
    assert result.exit_code == 0
    assert r"cluster.hot_spares \ recovery.restart" in result.stdout
    assert "Run time, P90" in result.stdout and "Cost, mean" in result.stdout
    assert "Best by P90 of the run time: " in result.stdout or "is the base cell" in result.stdout
    assert "6 cells, each of 12 of 40 replications, all with seed 1" in result.stdout


def test_one_axis_is_told_cell_by_cell(small: Path, tmp_path: Path) -> None:
    result = derisk("sweep", small, *SPARES_AXIS, "-n", REPLICATIONS, "-o", tmp_path / "runs")
    heads = next(line for line in result.stdout.splitlines() if "P50" in line)
    for head in ("cluster.hot_spares", "P10", "P90", "mean - base, 95%", "goodput", "cost", "in time"):
        assert head in heads
    assert sum(line.startswith(("  0 nodes", "  2 nodes")) for line in result.stdout.splitlines()) == 2


def test_json_holds_every_cell_and_no_infinity(small: Path, tmp_path: Path) -> None:
    told = as_json(derisk("sweep", small, *AXES, "-n", REPLICATIONS, "--json", "-o", tmp_path / "runs"))
    assert told["axes"]["recovery.restart"] == ["1 min", "5 min", "x4"]
    assert [cell["cell"] for cell in told["cells"]] == [1, 2, 3, 4, 5, 6]
    best = told["best"]["finish_days_p90"]
    known = [cell["finish_days_p90"] for cell in told["cells"] if cell["finish_days_p90"] is not None]
    assert told["cells"][best - 1]["finish_days_p90"] == min(known)
    assert all(cell["unfinished"] > 0 for cell in told["cells"] if cell["finish_days_p90"] is None)


def test_the_csv_and_the_parquet_hold_the_same(small: Path, tmp_path: Path) -> None:
    derisk("sweep", small, *AXES, "-n", REPLICATIONS, "-o", tmp_path / "runs")
    (folder,) = (tmp_path / "runs").iterdir()
    read, exact = pd.read_csv(folder / "sweep.csv"), pd.read_parquet(folder / "sweep.parquet")
    assert list(read) == list(exact)
    pd.testing.assert_frame_equal(read, exact, check_dtype=False, rtol=1e-15)
    manifest = json.loads((folder / "sweep.json").read_text("utf-8"))
    assert (manifest["cells"], manifest["replications"], manifest["base_is_the_scenario"]) == (6, 12, True)


def test_the_axes_of_the_scenario_are_swept_unless_the_command_has_some(small: Path, tmp_path: Path) -> None:
    small.write_text(PRICED + "sweep: {recovery.restart: [1 min, 2 min, 3 min]}\n", "utf-8")
    own = as_json(derisk("sweep", small, "-n", 4, "--json", "-o", tmp_path / "runs"))
    assert own["axes"] == {"recovery.restart": ["1 min", "2 min", "3 min"]}
    other = as_json(derisk("sweep", small, *SPARES_AXIS, "-n", 4, "--json", "-o", tmp_path / "runs"))
    assert list(other["axes"]) == ["cluster.hot_spares"]
    as_it_stands = derisk("run", small, "-n", 4, "-o", tmp_path / "runs")
    assert as_it_stands.exit_code == 0 and "`derisk sweep` runs its sweep" in as_it_stands.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "there is nothing to sweep; write --axis PATH=VALUE,VALUE, or a section sweep: in the scenario"),
        (("--axis", "nonsense"), "--axis 'nonsense' gives no values"),
        (("--axis", "run.seed=1,2", "--axis", "a=1"), "--axis a: is no path to an input"),
        (("--axis", "a.b=1", "--axis", "a.b=2"), "a.b: is swept twice"),
        (("--axis", "a.b=1", "-n", "0"), "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(small: Path, words: tuple[str, ...], told: str) -> None:
    result = derisk("sweep", small, *words)
    assert result.exit_code == 2 and result.stdout == ""
    assert told in result.stderr


def test_cells_that_are_not_valid_end_with_3_and_nothing_is_written(small: Path, tmp_path: Path) -> None:
    result = derisk("sweep", small, "--axis", "cluster.hot_spares=1 nodes,2", "-o", tmp_path / "runs")
    assert result.exit_code == 3 and not (tmp_path / "runs").exists()
    assert "(in cell 2 of 2: cluster.hot_spares=2)" in result.stderr


def test_cells_that_are_the_same_and_a_stop_rule_are_said(small: Path, tmp_path: Path) -> None:
    words = ("--axis", "cluster.hot_spares=2 nodes,x1", "--set", "run.stop={half_width: 1 h, max: 50}")
    result = derisk("sweep", small, *words, "-o", tmp_path / "runs")
    assert result.exit_code == 0
    assert "1 of 2 cells are the same scenario as one before them" in result.stderr
    assert "the stop rule is not followed, for cells need the same number: 40 each" in result.stderr
