"""Inputs at the edges: too deep, too long, without an end; and cells that a spreadsheet would run."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from test_cli import SMALL, derisk

from simulator.ensemble import run_ensemble
from simulator.report.cells import cell, table_as_csv
from simulator.report.run import contents
from simulator.report.study import sweep_folder
from simulator.scenario import parse_scenario

ROOT = Path(__file__).resolve().parent.parent
DEEP = ".".join(["a"] * 3_000)
LONG = "/".join(["d" * 10] * 270)
READERS = {
    "run": ("run",),
    "check": ("check",),
    "step": ("step",),
    "calibrate": ("calibrate", "hardware"),
    "script": ("script",),
    "report": ("report",),
    "replay": ("replay", "-r", "0"),
    "merge": ("merge",),
    "compare": ("compare", "--with", "recovery.restart=200 s"),
    "sweep": ("sweep", "--axis", "cluster.hot_spares=0 nodes,1 nodes"),
    "sensitivity": ("sensitivity",),
    "explain": ("explain",),
    "profiles": ("profiles", "check"),
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    return file


def refused(result: object, *words: str) -> None:
    code, said, output = (getattr(result, name) for name in ("exit_code", "stderr", "output"))
    assert code in (2, 3) and said.strip() and "Traceback" not in output and "internal error" not in output, said[:500]
    assert all(word in said for word in words), said[:500]


@pytest.mark.parametrize("name", READERS)
def test_what_has_no_end_or_no_size_is_refused_by_every_reader(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    with (tmp_path / "large.yaml").open("wb") as large:
        large.truncate(100_000_001)
    for file in ("pipe.yaml", "folder.yaml", "zero.yaml", "loop.yaml", "large.yaml", f"{LONG}.yaml"):
        refused(derisk(*READERS[name], tmp_path / file))
    refused(derisk(*READERS[name], "/dev/zero"))


def test_standard_input_without_an_end_is_refused(tmp_path: Path) -> None:
    for words in READERS.values():
        reading, writing = os.pipe()
        command = [sys.executable, "-m", "simulator", *words, "/dev/stdin"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        found = subprocess.run(command, stdin=reading, capture_output=True, text=True, env=environment, timeout=120)
        os.close(reading)
        os.close(writing)
        assert found.returncode in (2, 3) and found.stderr and "Traceback" not in found.stderr, words


@pytest.mark.parametrize("text", ["[" * 3_000 + "]" * 3_000, "{a: " * 3_000 + "1" + "}" * 3_000, "- " * 3_000 + "1"])
def test_nesting_without_an_end_is_refused(text: str, small: Path, tmp_path: Path) -> None:
    deep = tmp_path / "deep.yaml"
    deep.write_text(f"schema: 1\nname:\n  {text}\n", encoding="utf-8")
    for name in ("run", "check", "step", "script", "compare", "sweep", "profiles"):
        refused(derisk(*READERS[name], deep))
    refused(derisk("check", small, "--set", f"job.work={text}"))
    assert len(derisk("check", deep).stderr) < 10_000


@pytest.mark.parametrize(
    "words",
    [
        ("run", "SMALL", "--set", f"{DEEP}=1"),
        ("check", "SMALL", "--set", f"{DEEP}=1"),
        ("compare", "SMALL", "--with", f"{DEEP}=1"),
        ("sweep", "SMALL", "--axis", f"{DEEP}=1,2"),
        ("sensitivity", "SMALL", "--option", f"{DEEP}=1"),
        ("break-even", "SMALL", "--input", DEEP, "--between", "0", "2", "--target", "finish.p90=60 d"),
        ("explain", DEEP),
        ("run", "SMALL", "-o", "d" * 3_000),
        ("sweep", "SMALL", "--axis", "cluster.hot_spares=0 nodes,1 nodes", "-o", "d" * 3_000),
    ],
    ids=lambda words: words[0],
)
def test_paths_of_thousands_of_words_are_refused(words: tuple[str, ...], small: Path) -> None:
    result = derisk(*[small if word == "SMALL" else word for word in words])
    if "-o" in words:
        assert result.exit_code == 1 and "File name too long" in result.stderr and "Traceback" not in result.output
    else:
        refused(result)


@pytest.mark.parametrize("values", ["0..0/0", "", "[]", "[ ]", ",", "0..1/1000000000", "[" * 3_000])
def test_an_axis_without_values_is_refused(values: str, small: Path, tmp_path: Path) -> None:
    refused(derisk("sweep", small, "--axis", f"cluster.hot_spares={values}", "-o", tmp_path / "runs"))
    for section in ("{cluster.hot_spares: []}", "{}", "[]"):
        file = tmp_path / "swept.yaml"
        file.write_text(f"{SMALL}\nsweep: {section}\n", encoding="utf-8")
        refused(derisk("sweep", file, "-o", tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()


def test_many_errors_are_told_by_number(tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text("schema: 1\n" + "a: 1\n" * 5_000, encoding="utf-8")
    result = derisk("check", file)
    refused(result, "more errors", "4999 errors")
    assert len(result.stderr) < 50_000
    file.write_text("a: [" + "x" * 900_000, encoding="utf-8")
    assert len(derisk("check", file).stderr) < 10_000


# Cells


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("-5", "-5"),
        ("-5 min", "-5 min"),
        ("+1.5e3", "+1.5e3"),
        ("-inf", "-inf"),
        ("gpu", "gpu"),
        ("a=b", "a=b"),
    ],
)
def test_a_cell_is_no_formula(text: str, safe: str) -> None:
    assert cell(text) == safe and cell(1.5) == 1.5 and cell(None) is None
    frame = pd.DataFrame({text: [text, "plain"], "number": [-1.5, 2.0]})
    found = pd.read_csv(io.StringIO(table_as_csv(frame)), dtype=str, lineterminator="\n")
    assert list(found.columns) == [safe, "number"] and list(found[safe]) == [safe, "plain"]
    assert list(found["number"]) == ["-1.5", "2.0"]


def test_what_a_user_names_is_no_formula_in_a_sweep(small: Path, tmp_path: Path) -> None:
    command = ("sweep", small, "--axis", "failures.gpu.source==1+1,-2+3,plain", "-n", 5, "-o", tmp_path / "runs")
    assert derisk(*command).exit_code == 0
    text = next(tmp_path.glob("runs/*/sweep.csv")).read_text("utf-8")
    for row in text.splitlines():
        assert not any(field.lstrip('"').startswith(("=", "@", "-2+")) for field in row.split(",")), row
    assert "'=1+1" in text and "'-2+3" in text
    frame = pd.read_parquet(next(tmp_path.glob("runs/*/sweep.parquet")))
    assert list(frame["failures.gpu.source"]) == ["=1+1", "-2+3", "plain"], "a program reads what was written"
    assert sweep_folder.as_csv(frame) == text


def test_a_name_is_no_formula_in_the_losses() -> None:
    ensemble = run_ensemble(parse_scenario(SMALL), replications=5)
    written = io.StringIO()
    cause = f"failures_{ensemble.causes[0]}"
    contents._write_rows(csv.writer(written), ensemble, ("failures", "count"), {"=evil": cause}, "failures")
    assert written.getvalue().startswith("failures,'=evil,count,")
