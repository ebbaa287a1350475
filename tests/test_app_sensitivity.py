"""The page Sensitivity: its sections without a result, with one, with mistakes, and cancelled."""

import csv
import io
import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from tabs import PATIENCE, cancelled_in, finished, healthy, opened, pressed, turned, words
from typer.testing import CliRunner

from simulator.app import break_even_form, link, settings
from simulator.app.break_even_form import Asked
from simulator.app.state import Draft, load
from simulator.cli import application
from simulator.ensemble import Ensemble, run_ensemble
from simulator.planning import indices, progress
from simulator.report import figures
from simulator.scenario import Scenario

WORK = "job.work"
FEW = 50  # replications, the fewest on offer


def section(name: str, **parameters: str) -> AppTest:
    """Return a tab on a section of the page."""
    tab = turned(opened(**parameters), "sensitivity")
    return healthy(tab.get("button_group")[0].set_value(name).run())


def asked(tab: AppTest, path: str, low: str, high: str, **fields: str) -> AppTest:
    """Fill the fields of a break-even: its input and range, and others by what stands in their keys."""
    tab.session_state["break-even-input"] = path
    tab.session_state["break-even-n"] = FEW
    tab = typed(healthy(typed(tab, path).run()), path)
    tab.text_input(key=f"break-even-From-{path}").set_value(low)
    tab.text_input(key=f"break-even-To-{path}").set_value(high)
    if "alternative" in fields:
        tab.session_state["break-even-goal"] = "alternative"
    for name in ("of", "statistic"):
        if name in fields:
            tab.session_state[f"break-even-{name}"] = fields[name]
    tab = typed(healthy(tab.run()), path)
    for name in ("target-finish", "target-goodput", "target-cost", "alternative"):
        if name in fields:
            tab.text_input(key=f"break-even-{name}").set_value(fields[name])
    return typed(healthy(tab.run()), path)


def typed(tab: AppTest, path: str) -> AppTest:
    """Let a tab know of an input that its list has not: the field takes any words, but `AppTest` only those listed."""
    options = tab.selectbox(key="break-even-input").options
    if path not in options:
        options.append(path)
    return tab


def said(tab: AppTest) -> str:
    """Return what a page says, as it is read: without marks, in one line."""
    plain = re.sub(r"<style>.*?</style>|<[^>]+>", "", words(tab), flags=re.DOTALL)
    return " ".join(plain.replace("\\", "").split())


def derisk(*given: object) -> str:
    result = CliRunner().invoke(application, [str(word) for word in given])
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.replace("_", ",").split())


def command_of(tab: AppTest) -> str:
    return str(tab.code[-1].value)


# Shares of the variance


def test_shares_say_what_they_take_before_they_are_asked_for(runs: Path) -> None:
    tab = section("shares")
    assert "2,048 replications" in said(tab) and "A cancel keeps the rows" in said(tab)
    assert command_of(tab) == "derisk sensitivity example --indices --rows 512 --set run.replications=20"
    assert not tab.get("plotly_chart") and not tab.button(key="shares").disabled


def test_shares_are_those_of_the_command_line(runs: Path) -> None:
    tab = section("shares")
    tab = finished(pressed(healthy(tab.select_slider(key="shares-rows").set_value(64).run()), "shares"))
    assert "Where the variance of the run time comes from" in said(tab) and len(tab.get("plotly_chart")) == 1
    by_hand = derisk("sensitivity", "example", "-n", 10, "--indices", "--rows", 64)
    (found,) = re.findall(r"Of the variance of the run time, the largest share .*? in total\. ", said(tab))
    assert found.strip() in by_hand
    tab = healthy(tab.get("button_group")[1].set_value("goodput").run())
    assert "Where the variance of the goodput comes from" in said(tab)
    assert not tab.error and not tab.warning


def test_more_rows_than_the_app_allows_are_told_and_not_run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.MOST, "1000")
    tab = section("shares")
    assert "2,048 replications in all, more than the 1,000 that this app allows; choose fewer rows" in said(tab)
    assert tab.button(key="shares").disabled
    tab = healthy(tab.select_slider(key="shares-rows").set_value(128).run())
    assert "allows" not in said(tab.run()).replace("At most", "") and not tab.button(key="shares").disabled


@pytest.mark.parametrize(("done", "told"), [(33 * 4, "32 of 512 rows were done"), (60, "before there was a part")])
def test_shares_that_are_cancelled_keep_the_rows_that_are_done(
    done: int, told: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(scenario: Scenario, *, cancel: Any, progress: Any, **more: Any) -> Ensemble:
        whole = run_ensemble(scenario, **more)
        cancel.set()
        return replace(whole, table=whole.table.head(done), interrupted=True)

    monkeypatch.setattr(indices, "run_ensemble", stopped)
    tab = finished(pressed(section("shares"), "shares"))
    assert told in said(tab) and not tab.error
    assert len(tab.get("plotly_chart")) == (1 if done > 64 else 0)
    assert ("Stopped early: 32 of 512 rows were done." in said(tab)) == (done > 64)


def test_where_every_input_is_certain_there_is_a_break_even_all_the_same(runs: Path) -> None:
    draft = Draft.of_preset("example", {"failures.gpu.spread": "0%"})
    tab = section("shares", **link.encode(draft))
    assert "Every input is certain" in said(tab)
    tab = healthy(tab.get("button_group")[0].set_value("break_even").run())
    assert "Every input is certain" not in said(tab) and "derisk break-even example" in command_of(tab)


# Break-even


def test_a_break_even_can_be_asked_without_a_word_being_typed(runs: Path) -> None:
    tab = section("break_even")
    assert command_of(tab) == (
        "derisk break-even example --input cluster.hot_spares --between '2 nodes' '8 nodes' --target 'finish.p90=15 d' "
        "-n 200 --set run.replications=20"
    )
    assert "Now 4 nodes" in said(tab) and "About 3,000 replications" in said(tab)
    assert not tab.button(key="break-even").disabled and not tab.get("plotly_chart")


def test_a_target_is_met_where_the_command_line_says(runs: Path, tmp_path: Path) -> None:
    tab = asked(section("break_even"), WORK, "5 d", "20 d", statistic="mean", **{"target-finish": "12 d"})
    tab = finished(pressed(tab, "break-even"))
    assert len(tab.get("plotly_chart")) == 1 and not tab.error
    file = tmp_path / "found.csv"
    given = ["break-even", "example", "--input", WORK, "--between", "5 d", "20 d", "--target", "finish.mean=12 d"]
    by_hand = derisk(*given, "-n", FEW, "--set", "run.replications=20", "-o", file)
    (found,) = re.findall(r"At job\.work = .*? at 20 d\.", said(tab))
    assert found in by_hand and "50 replications at each value and option, under the same chance." in said(tab)
    assert command_of(tab).startswith("derisk break-even example --input job.work --between '5 d' '20 d' --target")
    table = figures.break_even(_answer(tab)).table
    written = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert written[0] == list(table) and written[1:] == [[str(cell) for cell in row] for row in table.to_numpy()]


def _answer(tab: AppTest) -> Any:
    """Return what the last break-even came to."""
    jobs = list(settings.registry()._jobs.values())
    return jobs[-1].result


def test_an_alternative_is_as_good_where_the_command_line_says(runs: Path) -> None:
    change = "recovery.restart=40 min, checkpoint.interval=20 min"
    fields = {"alternative": change, "of": "goodput", "statistic": "mean"}
    tab = asked(section("break_even"), "recovery.restart.p50", "1 min", "2 h", **fields)
    assert "restart" in said(tab)
    change = "checkpoint.interval=30 min, recovery.swap=10 s"
    tab.text_input(key="break-even-alternative").set_value(change)
    tab = finished(pressed(asked(healthy(tab.run()), "failures.gpu.rate", "x0.5", "x4"), "break-even"))
    given = ("--with", "checkpoint.interval=30 min", "--with", "recovery.swap=10 s", "--quantity", "goodput.mean")
    by_hand = derisk(
        "break-even", "example", "--input", "failures.gpu.rate", "--between", "x0.5", "x4", *given, "-n", FEW
    )
    assert "With checkpoint.interval=30 min and recovery.swap=10 s it is" in said(tab)
    (found,) = re.findall(r"With checkpoint\.interval=30 min .*? at [\d.]+ /kGPU/day\.", said(tab))
    assert found in by_hand
    assert "--with 'checkpoint.interval=30 min' --with 'recovery.swap=10 s' --quantity goodput.mean" in command_of(tab)


@pytest.mark.parametrize(
    ("path", "ends", "fields", "told"),
    [
        ("cluster.hot_spaers", ("x0.5", "x2"), {}, "no single number of the scenario; did you mean"),
        ("recovery.repair", ("x0.5", "x2"), {}, "name one of recovery.repair.mean"),
        ("run.seed", ("1", "2"), {}, "run.seed: all values and options have the same seed"),
        ("cluster.hot_spares", ("2", "8 nodes"), {}, 'nodes or GPUs? write "2 nodes"'),
        ("cluster.hot_spares", ("2 nodes", "1 d"), {}, "a number of nodes is needed"),
        ("cluster.hot_spares", ("2 nodes", ""), {}, "Write a value with its unit"),
        ("cluster.hot_spares", ("4 nodes", "4 nodes"), {}, "4 nodes and 4 nodes are the same value"),
        ("cluster.hot_spares", ("2 nodes", "8 nodes"), {"target-finish": "60"}, 'write "60 d"'),
        ("cluster.hot_spares", ("2 nodes", "8 nodes"), {"target-finish": ""}, "such as 60 d"),
        ("cluster.hot_spares", ("2 nodes", "8 nodes"), {"alternative": "job.work"}, "write 'job.work=VALUE'"),
        ("cluster.hot_spares", ("2 nodes", "8 nodes"), {"alternative": "job.wrok=3 d"}, "did you mean 'work'"),
        ("cluster.hot_spares", ("2 nodes", "8 nodes"), {"alternative": "run.seed=3"}, "have the same seed"),
        ("cluster.hot_spares", ("2 nodes", "8 nodes"), {"alternative": ""}, "Write what the alternative changes"),
        ("cluster.hot_spares", ("2 nodes", "8 nodes"), {"alternative": "cluster.node=/x.yaml"}, "names a file"),
    ],
)
def test_mistakes_are_told_beside_their_field_and_nothing_is_lost(
    path: str, ends: tuple[str, str], fields: dict[str, str], told: str, runs: Path
) -> None:
    tab = asked(section("break_even"), path, *ends, **fields)
    (wrong,) = [each.value for each in tab.main.markdown if each.value.startswith(":red[")]
    assert told in wrong.replace("\\", "") and "Traceback" not in words(tab)
    assert tab.button(key="break-even").disabled and not tab.error
    assert tab.session_state["break-even-input"] == path
    assert tab.text_input(key=f"break-even-To-{path}").value == ends[1]
    for name, written in fields.items():
        assert tab.session_state[f"break-even-{name}"] == written


def test_a_target_in_money_needs_a_price(runs: Path) -> None:
    free = link.encode(Draft.of_preset("example", {"cost": "", "run.replications": "20"}))
    tab = asked(
        section("break_even", **free),
        "cluster.hot_spares",
        "2 nodes",
        "8 nodes",
        of="cost",
        **{"target-cost": "1M USD"},
    )
    assert "has no price" in words(tab) and tab.button(key="break-even").disabled and not tab.error


def test_a_range_without_a_break_even_is_told_beside_it(runs: Path) -> None:
    tab = asked(section("break_even"), WORK, "1 d", "2 d", **{"target-finish": "30 d"})
    tab = finished(pressed(tab, "break-even"))
    assert "Nothing breaks even in this range" in said(tab)
    assert "There is no break-even of job.work between 1 d and 2 d." in said(tab)
    assert len(tab.get("plotly_chart")) == 1 and not tab.error and not tab.button(key="break-even").disabled


@pytest.mark.parametrize(("number", "kept"), [(2, 0), (4, 3), (8, 7)])
def test_a_break_even_that_is_cancelled_keeps_the_values_that_were_tried(
    number: int, kept: int, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = asked(section("break_even"), WORK, "5 d", "20 d", **{"target-finish": "12 d"})
    cancelled_in(number, monkeypatch)
    tab = finished(pressed(tab, "break-even"))
    assert ("before there was a part" in said(tab)) == (not kept)
    assert (f"{kept} values were tried and are kept." in said(tab)) == bool(kept)
    assert ("Cancelled, partial" in said(tab)) == bool(kept) == bool(tab.get("plotly_chart"))
    assert (f"Stopped early: {kept} values of job.work were tried" in said(tab)) == bool(kept)
    assert ("lies between" in said(tab)) == (kept > 2)


@pytest.mark.parametrize("name", ["break-even", "shares"])
def test_the_button_cancels_and_what_is_done_is_shown(name: str, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, calls = threading.Event(), []

    def waits(scenario: Scenario, *, cancel: threading.Event, progress: Any, **more: Any) -> Ensemble:
        calls.append(scenario.name)
        if name == "break-even" and len(calls) < 4:
            return run_ensemble(scenario, cancel=cancel, progress=progress, **more)
        begun.set()
        assert cancel.wait(PATIENCE)
        if name == "break-even":
            return run_ensemble(scenario, cancel=cancel, progress=progress, **more)
        whole = run_ensemble(scenario, **more)
        return replace(whole, table=whole.table.head(100 * 4), interrupted=True)

    monkeypatch.setattr(progress if name == "break-even" else indices, "run_ensemble", waits)
    tab = section(name.replace("-", "_"))
    if name == "break-even":
        tab = asked(tab, WORK, "5 d", "20 d", **{"target-finish": "12 d"})
    tab = pressed(tab, name)
    assert begun.wait(PATIENCE)
    tab = healthy(tab.run())
    assert tab.button(key=name).disabled
    tab = finished(pressed(tab, f"cancel-{name}"))
    kept = "3 values were tried and are kept." if name == "break-even" else "64 of 512 rows were done and are kept."
    assert kept in said(tab) and tab.get("plotly_chart") and not tab.button(key=name).disabled


def test_a_break_even_larger_than_the_app_allows_is_not_run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.MOST, "1000")
    tab = section("break_even")
    assert "3,000 replications in all, more than the 1,000 that this app allows" in said(tab)
    assert tab.button(key="break-even").disabled


def test_what_was_asked_is_still_there_after_another_page(runs: Path) -> None:
    tab = asked(section("break_even"), WORK, "5 d", "20 d", **{"target-finish": "12 d"})
    tab = finished(pressed(tab, "break-even"))
    before = said(tab)
    tab = turned(turned(tab, "answer"), "sensitivity")
    assert said(tab) == before and len(tab.get("plotly_chart")) == 1


# The form by itself


def form(**changes: Any) -> Asked:
    asked = Asked(Draft.of_preset("example"), "cluster.hot_spares", "x0.5", "x2", "finish.p90", "11 d", "", 50, True)
    return asked._replace(**changes)


def test_a_multiple_is_of_what_the_scenario_says_after_its_changes() -> None:
    asked = form(draft=Draft.of_preset("example", {"cluster.hot_spares": "10 nodes"}))
    assert break_even_form.faults(asked) == {}
    found = load(asked.at(asked.high)).scenario
    assert found is not None and found.spares == 20
    assert asked.command().endswith(
        "--between x0.5 x2 --target 'finish.p90=11 d' -n 50 --set 'cluster.hot_spares=10 nodes'"
    )


@pytest.mark.parametrize("preset", ["example", "llama3_405b_16k", "planned_405b_gb200", "spares_32k"])
def test_usual_ranges_fit_every_input_that_can_be_set(preset: str) -> None:
    draft = Draft.of_preset(preset)
    scenario = load(draft).scenario
    assert scenario is not None
    known = break_even_form.inputs(scenario)
    assert "cluster.hot_spares" in known and not any(path.startswith("run.seed") for path in known)
    for path in list(known)[::7]:
        low, high = break_even_form.usual_range(draft, known[path])
        asked = form(draft=draft, path=path, low=low, high=high)
        assert set(break_even_form.faults(asked)) <= {"low", "high", "between", "input"}
    assert break_even_form.usual_target(scenario, "goodput") == "90%" and break_even_form.usual_target(
        scenario, "finish"
    ).endswith(" d")


def test_what_is_wrong_is_told_by_field() -> None:
    assert set(break_even_form.faults(form(low="1 d", high="x", target="5"))) == {"low", "high", "target"}
    assert set(break_even_form.faults(form(path=""))) == {"input"}
    assert set(break_even_form.faults(form(by_target=False))) == {"alternative"}
