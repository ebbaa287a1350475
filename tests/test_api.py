"""Derisk in Python: the same numbers as the command line and the app, mistakes in words, and a start that is quick."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import simulator
from simulator import jit
from simulator.api import messages
from simulator.app import tasks
from simulator.cli import application
from simulator.ensemble import compilation
from simulator.report.run import folder
from simulator.report.run.manifest import read_manifest
from simulator.scenario import load_scenario
from simulator.scenario.named import find_scenario
from tests.notebook import PAGE, executed
from tests.test_architecture import ROOT

SPARES = {"cluster.hot_spares": "6 nodes"}
SET = ["--set", "cluster.hot_spares=6 nodes"]
HEAVY = {"numba", "numpy", "pandas", "plotly", "pyarrow", "pydantic", "scipy", "simpy", "typer"}


def told(*words: str) -> Any:
    """Return what a command prints with --json."""
    result = CliRunner().invoke(application, [*words, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def as_json(content: Any) -> Any:
    return json.loads(json.dumps(content, allow_nan=False))


# What it costs to import.


def test_an_import_brings_nothing_heavy() -> None:
    script = "import simulator, sys; dir(simulator); print(*sorted({name.split('.')[0] for name in sys.modules}))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert HEAVY & set(found.stdout.split()) == set()


def test_the_commands_are_listed_without_what_runs_them() -> None:
    script = "import sys; from simulator.cli import application; print(*{name.split('.')[0] for name in sys.modules})"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert (HEAVY - {"typer"}) & set(found.stdout.split()) == set()


def test_every_name_is_there_and_no_module_takes_its_place() -> None:
    for name in simulator.__all__:
        assert getattr(simulator, name) is not None
        assert not (ROOT / "simulator" / name).exists() and not (ROOT / "simulator" / f"{name}.py").exists()
    assert set(simulator.__all__) <= set(dir(simulator))
    with pytest.raises(AttributeError, match="no attribute 'forecast'"):
        _ = simulator.forecast


# The same numbers.


def test_a_run_is_that_of_the_command_line_and_of_the_app(tmp_path: Path) -> None:
    result = simulator.run("example", SPARES, replications=40, seed=3)
    printed = told("run", "example", *SET, "-n", "40", "--seed", "3", "-o", str(tmp_path / "cli"))
    assert as_json(result.summary) == printed
    changed = {**SPARES, "run.replications": "40", "run.seed": "3"}
    work = tasks.forecast(simulator.load("example", changed), tmp_path / "app")
    assert tasks.read(work(lambda progress: None, threading.Event())).summary == printed

    written = result.report(tmp_path / "python")
    others = [next((tmp_path / name).iterdir()) for name in ("cli", "app")]
    manifests = [read_manifest(each) for each in (written, *others)]
    assert all(manifest is not None for manifest in manifests)
    assert len({(each["hash"], json.dumps(each["files"])) for each in manifests if each is not None}) == 1
    assert (written / "report.html").is_file() and (written / "report.xlsx").is_file()
    assert result.report(tmp_path / "python") == written

    words = CliRunner().invoke(
        application, ["run", "example", *SET, "-n", "40", "--seed", "3", "-o", str(tmp_path / "cli")]
    )
    assert str(result).splitlines()[:8] == words.stdout.splitlines()[:8]


def test_estimates_are_the_numbers_of_the_summary() -> None:
    result = simulator.run("llama3_405b_16k", replications=30)
    for found, key, unit in (
        (result.goodput, "goodput", "1"),
        (result.finish, "finish_days", "days"),
        (result.cost, "cost_usd", "USD"),
    ):
        numbers = result.summary[key]
        assert (found.mean, found.mc_error, found.p10, found.p50, found.p90) == tuple(
            numbers[name] for name in ("mean", "mc_error", "p10", "p50", "p90")
        )
        assert found.p50_interval == (numbers["p50_low"], numbers["p50_high"]) and found.unit == unit
    dates = {name: None if day is None else day.isoformat() for name, day in result.finish.dates.items()}
    assert dates == result.summary["finish_date"]
    assert len(result.table) == result.replications == 30
    # The 95 % interval of a P10 of 30 replications has no lower end.
    assert np.isnan(result.goodput.p10_interval[0])


STUDIES: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "compare": (
        lambda: simulator.compare(["example", "young_16k"], replications=20),
        ["compare", "example", "young_16k", "-n", "20"],
    ),
    "sweep": (
        lambda: simulator.sweep("example", {"cluster.hot_spares": ["2 nodes", "4 nodes"]}, replications=20, seed=5),
        ["sweep", "example", "--axis", "cluster.hot_spares=2 nodes,4 nodes", "-n", "20", "--seed", "5"],
    ),
    "a range": (
        lambda: simulator.sweep("example", {"cluster.hot_spares": "2..4 nodes/2"}, SPARES, replications=20),
        ["sweep", "example", "--axis", "cluster.hot_spares=2..4 nodes/2", *SET, "-n", "20"],
    ),
    "sensitivity": (
        lambda: simulator.sensitivity("example", SPARES, replications=20, rows=16, seed=4),
        ["sensitivity", "example", *SET, "-n", "20", "--indices", "--rows", "16", "--seed", "4"],
    ),
    "options": (
        lambda: simulator.sensitivity(
            "example", options={"cluster.hot_spares=8 nodes": {"cluster.hot_spares": "8 nodes"}}, replications=20
        ),
        ["sensitivity", "example", "--option", "cluster.hot_spares=8 nodes", "-n", "20"],
    ),
    "target": (
        lambda: simulator.break_even(
            "example", "cluster.hot_spares", ("0 nodes", "8 nodes"), target="goodput.p50=80%", replications=20
        ),
        [
            "break-even",
            "example",
            "--input",
            "cluster.hot_spares",
            "--between",
            "0 nodes",
            "8 nodes",
            "--target",
            "goodput.p50=80%",
            "-n",
            "20",
        ],
    ),
    "alternative": (
        lambda: simulator.break_even(
            "example", "recovery.restart", ("1 min", "20 min"), alternative=SPARES, quantity="goodput", replications=20
        ),
        [
            "break-even",
            "example",
            "--input",
            "recovery.restart",
            "--between",
            "1 min",
            "20 min",
            "--with",
            "cluster.hot_spares=6 nodes",
            "--quantity",
            "goodput",
            "-n",
            "20",
        ],
    ),
    "step": (lambda: simulator.step("planned_405b_gb200"), ["step", "planned_405b_gb200"]),
    "cases": (lambda: simulator.step("step_time/published_runs"), ["step", "step_time/published_runs"]),
    "fabric": (
        lambda: simulator.fabric("infiniband_ndr", 64, radix=64),
        ["fabric", "infiniband_ndr", "--nodes", "64", "--radix", "64"],
    ),
}


@pytest.mark.parametrize("name", STUDIES)
def test_a_question_has_the_answer_of_its_command(name: str, tmp_path: Path) -> None:
    ask, words = STUDIES[name]
    found = ask()
    printed = told(*words, *(["-o", str(tmp_path)] if words[0] in ("compare", "sweep") else []))
    assert as_json(found.summary) == printed
    assert len(found.table) > 0
    assert str(found) and found._repr_html_() == f"<pre>{escape(str(found))}</pre>"


# What a notebook shows.


def test_every_block_of_the_page_prints_what_stands_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text(encoding="utf-8")
    assert executed(page) == page


def test_what_a_notebook_shows_is_the_first_part_of_the_report_with_all_text_escaped(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script> & co"
    result = simulator.run("example", {"name": f'"{evil}"'}, replications=20)
    shown = result._repr_html_()
    assert escape(evil, quote=False) in shown.replace("&#39;", "'") and "<script" not in shown
    page = (result.report(tmp_path) / "report.html").read_text(encoding="utf-8")
    for part in ('<p class="answer">', '<dl class="cards">'):
        first, second = (
            text[text.index(part) :].partition("</dl>" if "dl" in part else "</p>")[0] for text in (shown, page)
        )
        assert first == second and len(first) > 40
    assert repr(result).startswith(f"{evil}: It finishes") and "\n" not in repr(result)
    assert "<script" not in result.replay(3)._repr_html_()
    assert repr(result.replay(3)).startswith("Replication 3 of")


def test_figures_are_those_of_the_report() -> None:
    result = simulator.run("example", replications=20)
    figure = result.figure("waterfall")
    assert figure.name == "waterfall" and len(figure.table) > 3
    with pytest.raises(ValueError, match=r"no figure 'watefall'; there are finish, waterfall, .*timeline"):
        result.figure("watefall")
    with pytest.raises(ValueError, match="has no figure 'topology'"):
        result.figure("topology")
    with pytest.raises(RuntimeError, match="no replication 20; the run has 0 to 19"):
        result.replay(20)


def test_the_first_run_says_that_it_compiles_and_says_it_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(messages, "_said", set())
    monkeypatch.setattr(jit, "cache_is_cold", lambda: True)
    for _ in range(2):
        simulator.run("example", replications=2)
    assert capsys.readouterr().err.count(compilation.NOTICE) == 1


# Scenarios.


def test_a_scenario_of_python_is_that_of_its_file() -> None:
    file = find_scenario("llama3_405b_16k")
    wanted = load_scenario(file).resolved()
    for source in ("llama3_405b_16k", "llama3_405b_16k.yaml", "presets/llama3_405b_16k", file, str(file), wanted):
        assert simulator.load(source).resolved() == wanted


def test_a_scenario_stays_as_it_is_and_changes_add_up() -> None:
    base = simulator.load("example", {"cluster.hot_spares": "4 nodes"})
    changed = base.with_({"cluster.hot_spares": "x2"}).with_({"cluster.hot_spares": "x2", "run.replications": 30})
    assert (base.spares, changed.spares, changed.replications) == (4, 16, 30)
    with pytest.raises(AttributeError):
        base.file = "other"  # type: ignore[misc]
    one_go = load_scenario(
        find_scenario("example"), [f"cluster.hot_spares={value}" for value in ("4 nodes", "x2", "x2")]
    )
    assert changed.with_({"run.replications": one_go.replications}).resolved() == one_go.resolved()


def test_a_scenario_of_a_run_can_be_changed(tmp_path: Path) -> None:
    result = simulator.run("example", replications=12, seed=9)
    read = folder.load(folder.write(result.ensemble, tmp_path)).scenario
    for scenario in (read, result.ensemble.scenario):
        changed = scenario.with_({"cluster.hot_spares": "x2"})
        assert (changed.seed, changed.replications, changed.spares) == (9, 12, 2 * scenario.spares)


def test_values_may_be_numbers_lists_and_mappings() -> None:
    values: dict[str, Any] = {
        "run.seed": np.int64(5),
        "run.replications": 25,
        "recovery.restart": {"p10": "1 min", "p50": "2 min", "p90": "5 min"},
    }
    scenario = simulator.load("example", values)
    assert (scenario.seed, scenario.replications) == (5, 25)
    assert [quantity.path for quantity in scenario.inputs if quantity.path.startswith("recovery.restart")]


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "an unknown preset": (
        lambda: simulator.load("exampel"),
        "exampel:1:1: there is no such file or preset; did you mean",
    ),
    "an unknown key": (
        lambda: simulator.load("example", {"cluster.hot_spaers": "1 node"}),
        "override: cluster.hot_spaers: unknown key",
    ),
    "no unit": (
        lambda: simulator.load("example", {"cluster.hot_spares": 64}),
        'override: cluster.hot_spares: 64 alone is refused: nodes or GPUs? write "64 nodes"',
    ),
    "a set": (
        lambda: simulator.load("example", {"cluster.hot_spares": {1}}),
        "override: cluster.hot_spares: {1} is no value; write text",
    ),
    "no path": (lambda: simulator.load("example", {"a=b": 1}), "override: a=b: is no path to an input"),
    "a list": (lambda: simulator.load("example", ["a"]), "override: ['a'] is no mapping"),  # type: ignore[arg-type]
    "a number": (lambda: simulator.load(5), "mapping: 5 is no scenario"),  # type: ignore[arg-type]
    "an empty mapping": (lambda: simulator.load({}), 'mapping: schema: missing; write "schema: 1"'),
    "a mapping's key": (
        lambda: simulator.load({"schema": 1, "name": "x", "extends": "example", "cluster": {"hot_spaers": 1}}),
        "mapping: cluster.hot_spaers: unknown key; did you mean 'hot_spares'?",
    ),
    "a mapping's function": (
        lambda: simulator.load({"schema": 1, "name": print}),
        "mapping: name: <built-in function print> is no value",
    ),
    "with_": (lambda: simulator.load("example").with_({"job.mfu": "4"}), "override: job.mfu:"),
    "replications": (
        lambda: simulator.run("example", replications=0),
        "override: run.replications: 0 is no whole number from 1 on",
    ),
    "a seed": (lambda: simulator.run("example", seed="a"), "override: run.seed: 'a' is no whole number from 0 on"),  # type: ignore[arg-type]
    "one scenario": (lambda: simulator.compare(["example"]), "override: scenarios: a comparison takes two"),
    "no scenarios": (lambda: simulator.compare("example"), "override: scenarios: are several"),
    "two mistakes": (lambda: simulator.compare(["exampel", "young"]), "young:1:1: there is no such file or preset"),
    "an axis": (
        lambda: simulator.sweep("example", {"cluster.hot_spaers": ["1 node"]}),
        "override: cluster.hot_spaers: unknown key",
    ),
    "no axis": (lambda: simulator.sweep("example"), "override: axes: there is nothing to sweep"),
    "rows": (lambda: simulator.sensitivity("example", rows=100), "override: rows: 100 is no power of two"),
    "too few": (
        lambda: simulator.sensitivity("example", replications=5),
        "override: run.replications: 5 is no whole number from 10 on",
    ),
    "an option": (lambda: simulator.sensitivity("example", options={"a": {"job.mfu": "4"}}), "override: job.mfu:"),
    "no input": (
        lambda: simulator.break_even("example", "cluster.spares", ("1 node", "2 nodes"), target="goodput.p50=1%"),
        "override: cluster.spares: unknown key",
    ),
    "a target": (
        lambda: simulator.break_even("example", "cluster.hot_spares", ("1 node", "2 nodes"), target="goodness=1"),
        "override: target: there is no quantity 'goodness'",
    ),
    "no target": (
        lambda: simulator.break_even("example", "cluster.hot_spares", ("1 node", "2 nodes")),
        "override: with, target: give an alternative",
    ),
    "no step": (lambda: simulator.step("young_16k"), "young_16k:1:1: job: its job says too little"),
    "overrides of cases": (
        lambda: simulator.step("step_time/published_runs", SPARES),
        "override: overrides change scenarios",
    ),
    "a fabric": (
        lambda: simulator.fabric("infiniband_ndr", 64, kind="two_sites"),
        "override: infiniband_ndr: two sites need",
    ),
    "nodes": (lambda: simulator.fabric("infiniband_ndr", 0), "override: nodes: 0 is no whole number from 1 on"),
    "no price": (lambda: simulator.run("young_16k", {"cost": None}, replications=2).cost, "cost: no price is given"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_the_path_of_its_key(name: str) -> None:
    ask, words = MISTAKES[name]
    with pytest.raises(simulator.ScenarioErrors) as failed:
        ask()
    assert words in str(failed.value)
    assert failed.value.__cause__ is None
