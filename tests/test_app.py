"""The app without a browser: jobs, links and drafts by themselves, then every page as Streamlit runs it."""

import base64
import html
import json
import re
import shlex
import threading
import tomllib
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tabs import PATIENCE, cancelled_in, finished, healthy, opened, pressed, ran, turned, words
from typer.testing import CliRunner

from simulator.app import fields, link, settings, state, tasks
from simulator.app.jobs import Job, QueueFull, Registry, State, left
from simulator.app.main import NAVIGATION, PAGES
from simulator.app.state import MOST_BYTES, Draft, DraftError, load, presets
from simulator.cli import application
from simulator.cli.app import command
from simulator.ensemble import Progress
from simulator.report import ranges, text
from simulator.report.run.answer import NO_UNCERTAIN_INPUT
from simulator.report.run.manifest import MANIFEST

ROOT = Path(__file__).resolve().parent.parent

# Jobs


def steps(count: int, gate: threading.Event | None = None) -> Callable[..., int]:
    """Return work that tells of so many steps, and can be cancelled between them."""

    def work(tell: Callable[[Progress], None], cancel: threading.Event) -> int:
        for step in range(1, count + 1):
            if gate is not None:
                gate.wait(PATIENCE)
            if cancel.is_set():
                return step - 1
            tell(Progress(step, count, float(count - step)))
        return count

    return work


def test_a_job_tells_how_far_it_is_and_what_came_out() -> None:
    registry = Registry()
    job = registry.submit("key", "a job", steps(5))
    assert job.wait(PATIENCE) and job.state is State.DONE
    assert (job.result, job.share, job.error) == (5, 1.0, "")
    assert job.progress == Progress(5, 5, 0.0)


def test_the_same_job_is_one_for_two_sessions_and_done_anew_only_when_asked() -> None:
    registry, gate = Registry(), threading.Event()
    first = registry.submit("key", "a job", steps(1, gate), "one")
    assert registry.submit("key", "a job", steps(1, gate), "two") is first
    gate.set()
    assert first.wait(PATIENCE)
    assert registry.submit("key", "a job", steps(1), "two") is first
    assert registry.submit("key", "a job", steps(1), "two", again=True) is not first


def test_jobs_wait_in_a_queue_that_says_where_one_stands() -> None:
    registry, gate = Registry(1, most_waiting=2), threading.Event()
    jobs = [registry.submit(str(number), "a job", steps(1, gate)) for number in range(3)]
    assert [registry.position(job) for job in jobs] == [0, 1, 2]
    assert [job.state for job in jobs] == [State.RUNNING, State.WAITING, State.WAITING] and registry.counts() == (1, 2)
    with pytest.raises(QueueFull, match="2 runs wait already"):
        registry.submit("3", "one too many", steps(1))
    assert registry.withdraw(jobs[1]) and jobs[1].state is State.CANCELLED
    assert registry.position(jobs[2]) == 1
    gate.set()
    assert jobs[0].wait(PATIENCE) and jobs[2].wait(PATIENCE) and jobs[2].state is State.DONE


def test_cancel_keeps_what_is_done_and_stops_nobody_elses_run() -> None:
    registry, gate = Registry(), threading.Event()
    job = registry.submit("key", "a job", steps(5, gate), "one")
    registry.submit("key", "a job", steps(5, gate), "two")
    assert not registry.withdraw(job, "one") and not job.stopping
    assert registry.withdraw(job, "two") and job.stopping
    # Who asks again while it stops gets a run of his own.
    assert registry.submit("key", "a job", steps(1), "three") is not job
    gate.set()
    assert job.wait(PATIENCE) and (job.state, job.result) == (State.CANCELLED, 0)


def test_what_goes_wrong_in_a_job_is_told_in_words_and_can_be_tried_again() -> None:
    def full(tell: object, cancel: object) -> None:
        raise OSError(28, "No space left on device", "runs/a")

    def ours(tell: object, cancel: object) -> None:
        raise ZeroDivisionError("division by zero")

    registry = Registry()
    for work, told in ((full, "No space left"), (ours, "Internal error, which is ours and not yours: Zero")):
        job = registry.submit("key", "a job", work)
        assert job.wait(PATIENCE) and job.state is State.FAILED and told in job.error and "Traceback" not in job.error
    assert registry.submit("key", "a job", steps(1)).wait(PATIENCE)


def test_a_job_that_takes_too_long_is_cancelled_and_old_ones_are_forgotten() -> None:
    def endless(tell: object, cancel: threading.Event) -> str:
        cancel.wait(PATIENCE)
        return "what was done"

    job = Job("key", "a job", endless)
    job.run(longest=0.01)
    assert (job.state, job.result) == (State.CANCELLED, "what was done")
    registry = Registry(kept=3)
    for number in range(6):
        assert registry.submit(str(number), "a job", steps(1)).wait(PATIENCE)
    assert registry.get("0") is None and registry.get("5") is not None


def test_time_left_is_told_as_people_would() -> None:
    told = [left(Progress(1, 2, seconds)) for seconds in (None, 1.0, 42.4, 600.0)]
    assert told == ["", "a second left", "about 42 s left", "about 10 min left"]


@pytest.mark.parametrize(("number", "kept"), [(1, 0), (2, 1), (3, 2), (4, 3)])
def test_a_question_that_is_cancelled_keeps_the_runs_that_are_done(
    number: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = {f"{spares} nodes": Draft.of_preset("example", {SPARES: f"{spares} nodes"}) for spares in (2, 3, 4)}
    scenarios = {name: found for name, draft in drafts.items() if (found := load(draft).scenario) is not None}
    compared, swept = (
        Job(name, name, work)
        for name, work in (("one", tasks.comparison(scenarios, 10)), ("two", tasks.swept(SPARES, drafts, 10)))
    )
    for job in (compared, swept):
        with monkeypatch.context() as only:
            cancelled_in(number, only)
            job.run()
        assert (job.state, job.error) == (State.CANCELLED if number < 4 else State.DONE, "")
    assert (0 if swept.result is None else len(swept.result)) == kept
    # One run alone compares with nothing.
    assert (0 if compared.result is None else len(compared.result.names)) == (kept if kept > 1 else 0)


# Links

SPARES = "cluster.hot_spares"
CHANGED = {
    "cluster.hot_spares": "16 nodes",
    "failures.gpu.rate": "x2",
    "checkpoint.tiers.0.blocking": "{p10: 1 s, p50: 2 s, p90: 9 s}",
}


def test_a_link_reopens_a_scenario() -> None:
    draft = Draft.of_preset("example", CHANGED)
    parameters = link.encode(draft)
    assert parameters["preset"] == "example" and parameters["spares"] == "16 nodes"
    again = link.decode(parameters)
    assert again is not None and dict(again.overrides) == CHANGED and again.preset == "example"
    own = Draft.of_text("schema: 1\nextends: example\n# ünïcode\n", "mine.yaml", {"run.seed": "7"})
    assert link.decode(link.encode(own)) == own
    assert link.decode({"utm_source": "mail"}) is None


def test_changes_of_which_one_lies_within_another_keep_their_order() -> None:
    draft = Draft.of_preset("example", {"cluster": "{hot_spares: 8 nodes}", "cluster.hot_spares": "x2"})
    assert link.decode(link.encode(draft)) == draft


def bomb() -> str:
    return base64.urlsafe_b64encode(zlib.compress(b'{"run.seed":"' + b" " * 5_000_000 + b'"}', 9)).decode()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"more": "no link"}, "damaged"),
        ({"more": "AAAA"}, "damaged"),
        ({"more": "A" * 50_000}, "damaged"),
        ({"more": bomb()}, "damaged"),
        ({"more": base64.urlsafe_b64encode(zlib.compress(b"[1]")).decode()}, "holds no scenario"),
        ({"more": base64.urlsafe_b64encode(zlib.compress(b"[" * 20_000)).decode()}, "damaged"),
        ({"preset": "../../etc/passwd"}, "no preset"),
        ({"preset": "exampel"}, "did you mean 'example'"),
    ],
)
def test_a_link_that_is_none_is_told(parameters: dict[str, str], words: str) -> None:
    with pytest.raises(DraftError, match=words):
        link.decode(parameters)


def test_what_no_link_can_hold_is_told() -> None:
    noise = "\n".join(f"# {hash(str(number)) % 10**15}" for number in range(2_000))
    with pytest.raises(DraftError, match="too long for a link"):
        link.encode(Draft.of_text(f"schema: 1\nextends: example\n{noise}", "mine.yaml"))


def test_what_a_link_says_is_no_markdown(runs: Path) -> None:
    tab = opened(preset="![x](https://evil.example/p.png) [click](https://evil.example) **now**")
    (told,) = [each.value for each in tab.warning]
    assert "evil.example" in told and "click" in told
    assert not re.search(r"(?<!\\)[\[\]*]", told), "an image, a link or bold type of somebody else's"


# Drafts


def test_the_cards_need_no_scenario_to_be_checked_and_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "load_scenario", lambda *_: pytest.fail("a whole scenario was loaded"))
    known = presets()
    presets.cache_clear()
    assert presets() == known and presets() is presets()


def test_a_what_if_is_no_card_and_can_be_opened_all_the_same() -> None:
    names = [preset.name for preset in presets()]
    assert names[0] == state.FIRST and {"deepseek_v3_gb200_nvl72", "example"} < set(names)
    assert not [name for name in names if name.startswith(("what_if", "oracles", "benchmarks"))]
    assert load(Draft.of_preset("what_if/independent_ranges_16k")).scenario is not None


@pytest.mark.parametrize("preset", [preset.name for preset in presets()])
def test_every_preset_can_be_read_and_its_yaml_says_the_same(preset: str) -> None:
    draft = Draft.of_preset(preset, {"run.replications": "20", "recovery.swap": "45 s"})
    scenario = load(draft).scenario
    again = load(Draft.of_text(draft.yaml(), "again.yaml")).scenario
    assert scenario is not None and again is not None and again.resolved_yaml() == scenario.resolved_yaml()


def test_the_yaml_of_changes_says_the_same_whatever_was_changed() -> None:
    for changes in (
        CHANGED,
        {"failures.gpu": "", "checkpoint.interval": "auto"},
        {"cost.gpu": "{p10: 1 USD/GPU/h, p50: 2 USD/GPU/h, p90: 3 USD/GPU/h}"},
    ):
        draft = Draft.of_preset("example", changes)
        one, other = load(draft), load(Draft.of_text(draft.yaml(), "again.yaml"))
        assert one.scenario is not None and other.scenario is not None, (one.errors, other.errors)
        assert one.scenario.resolved_yaml() == other.scenario.resolved_yaml()
    own = Draft.of_text(
        "schema: 1\nextends: example\ncluster: {hot_spares: 4 nodes}\n", "mine.yaml", {"cluster.hot_spares": "x2"}
    )
    scenario = load(Draft.of_text(own.yaml(), "again.yaml")).scenario
    assert scenario is not None and scenario.spares == 8


SECRET = "schema: 1\nkind: node\nname: a secret\n"


@pytest.mark.parametrize(
    "text",
    [
        "extends: {folder}/secret.yaml",
        "extends: {folder}/secret",
        "extends: ../../../../../../../../{folder}/secret.yaml",
        "extends: presets/../presets/llama3_405b_16k.yaml",
        "extends: example\ncluster: {{node: {folder}/secret.yaml}}",
        "extends: example\ncluster: {{node: ' {folder}/secret.yaml'}}",
        "extends: example\ncluster: {{fabric: {folder}/secret.yaml}}",
        "extends: example\ncheckpoint: {{tiers: [{{to: storage, storage: {folder}/secret.YAML}}]}}",
    ],
)
def test_an_upload_reads_no_file_of_the_server(text: str, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(SECRET)
    loaded = load(Draft.of_text(f"schema: 1\n{text.format(folder=tmp_path)}\n", "mine.yaml"))
    assert loaded.scenario is None
    assert all("a secret" not in str(error) for error in loaded.errors)
    assert any("only name a preset" in error.message or "names a file" in error.message for error in loaded.errors)


@pytest.mark.parametrize(
    "change",
    [
        ("cluster.node", "{folder}/secret.yaml"),
        ("cluster", "{{node: {folder}/secret.yaml}}"),
        ("extends", "{folder}/secret.yaml"),
    ],
)
def test_a_link_or_a_field_reads_no_file_of_the_server(change: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(SECRET)
    path, value = change
    loaded = load(Draft.of_preset("example", {path: value.format(folder=tmp_path)}))
    assert loaded.scenario is None and loaded.at(path)


def test_uploads_have_limits() -> None:
    for content, told in (
        (b"x" * (MOST_BYTES + 1), "larger than 1 MB"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a\0b", "binary"),
        (b"  \n", "empty"),
    ):
        with pytest.raises(DraftError, match=told):
            Draft.of_bytes(content, "a.yaml")
    assert Draft.of_bytes(b"schema: 1", "../../etc/-rf.yaml").called == "rf.yaml"


def test_the_command_is_quoted_for_the_shell() -> None:
    draft = Draft.of_preset("example", {"job.mfu": "{p10: 1%, p50: 2%, p90: 3%}", "name": "$(rm -rf /)"})
    assert draft.command() == "derisk run example --set 'job.mfu={p10: 1%, p50: 2%, p90: 3%}' --set 'name=$(rm -rf /)'"


def test_too_many_replications_are_refused_in_words() -> None:
    scenario = load(Draft.of_preset("example", {"run.replications": "50_000"})).scenario
    assert scenario is not None
    assert tasks.refusal(scenario, 20_000).startswith("run.replications: 50,000 replications are more than the 20,000")
    assert not tasks.refusal(scenario, 50_000)


def test_the_class_of_the_operator_is_one_choice(runs: Path) -> None:
    tab = opened()
    (choice,) = [box for box in tab.selectbox if box.label == "Operator"]
    assert choice.value == "automatic" and choice.options == ["automatic", "best", "by_hand"]
    tab = healthy(choice.select("by_hand").run())
    (choice,) = [box for box in tab.selectbox if box.label == "Operator"]
    assert choice.value == "by_hand" and tab.query_params
    scenario = load(Draft.of_preset("llama3_405b_16k").changed("operator", "{automatic: 70%, by_hand: 30%}")).scenario
    assert scenario is not None
    mixture = next(field for field in fields.fields(scenario) if field.path == "operator")
    assert mixture.value == "{automatic: 70%, by_hand: 30%}" and mixture.choices[0] == mixture.value


# Fields


def test_fields_have_value_unit_range_meaning_and_backing() -> None:
    scenario = load(Draft.of_preset("llama3_405b_16k")).scenario
    assert scenario is not None
    known = {field.path: field for field in fields.fields(scenario)}
    spares = known["cluster.hot_spares"]
    assert (spares.value, spares.unit, spares.limits, spares.badge) == (
        "62 nodes",
        "nodes or %",
        "zero or more, whole",
        "ASSUMED",
    )
    assert known["job.mfu"].value == "{p10: 38%, p50: 41%, p90: 43%}" and known["job.mfu"].badge == "source"
    assert known["cluster.gpus"].value == "16_384 GPUs"
    assert known["checkpoint.overlap"].choices == ("delay", "skip")
    assert "job.exposed_network" in fields.absent(scenario) and "job.mfu" not in fields.absent(scenario)
    assert all(field.help for field in known.values())
    assert (known["job.mfu"].span, spares.span, known["run.replications"].span) == ("0 to 100%", "", "")


def test_a_field_that_is_written_back_as_it_stands_changes_nothing() -> None:
    draft = Draft.of_preset("spares_32k")
    scenario = load(draft).scenario
    assert scenario is not None
    for field in fields.fields(scenario):
        again = load(draft.changed(field.path, field.value))
        assert again.scenario is not None, (field, again.errors)
        assert [row[:3] for row in again.scenario.table()] == [row[:3] for row in scenario.table()], field


# The command


def test_the_server_tells_nobody_and_takes_no_large_files() -> None:
    words = command(8501, "127.0.0.1")
    for option in (
        "--server.address=127.0.0.1",
        "--server.maxUploadSize=1",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
        "--browser.serverAddress=127.0.0.1",
        "--client.showErrorDetails=none",
    ):
        assert option in words
    entry = next(Path(word) for word in words if word.endswith("served.py"))
    theme = next(Path(word.partition("=")[2]) for word in words if word.startswith("--theme.base="))
    assert entry.is_file() and theme.is_file()


def test_the_checkout_has_the_look_of_the_installed_app() -> None:
    checkout = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    installed = tomllib.loads((PAGES.parent / "theme.toml").read_text(encoding="utf-8"))
    assert checkout["theme"] == installed["theme"]


# Pages, as Streamlit runs them


def test_the_first_page_answers_without_a_word_being_typed(runs: Path) -> None:
    tab = opened()
    assert "When will the training run really be done?" in words(tab)
    tab = finished(pressed(tab, "go-example"))
    said = words(tab)
    assert "It finishes on" in said and "Goodput" in said and "20 replications with seed" in said
    assert "derisk run example --set run.replications=20" in said
    assert len(tab.get("plotly_chart")) == 3
    assert len(list(runs.glob("*/summary.json"))) == 1


def test_where_no_input_is_uncertain_the_answer_says_so(runs: Path) -> None:
    draft = Draft.of_preset("oracles/run_time", {"run.replications": "20"})
    said = words(finished(pressed(opened(**link.encode(draft)), "run")))
    assert NO_UNCERTAIN_INPUT in said and "which of them to measure" not in said
    assert "The page Sensitivity says which of them to measure." in words(ran())


def test_a_card_tells_money_as_the_report_does(runs: Path) -> None:
    draft = Draft.of_preset("example", {"cost.gpu": "2 USD/GPU/h", "run.replications": "20"})
    said = words(finished(pressed(opened(**link.encode(draft)), "run")))
    summary = json.loads(next(runs.glob("*/summary.json")).read_text(encoding="utf-8"))
    cost = summary["cost_usd"]
    cells = (ranges.cell(cost, name, lambda usd: text.dollars(usd, 3)) for name in ("p10", "p50", "p90"))
    low, half, high = cells
    value, interval = ranges.apart(half)
    assert value == text.dollars(cost["p50"], 3) and interval
    assert f'<dd class="value">{value}</dd><dd class="more">95 %: {interval}; P10 {low}, P90 {high}</dd>' in said


def test_the_answer_shows_the_losses_of_the_median_or_the_mean(runs: Path) -> None:
    tab = finished(pressed(opened(), "go-example"))
    assert "Where the time goes, median replication" in words(tab) and "--losses" not in words(tab)
    tab.segmented_control(key="losses").set_value("mean")
    said = words(healthy(tab.run()))
    assert "Where the time goes, mean" in said and "--losses mean" in said


@pytest.mark.parametrize("page", [name for name, _ in NAVIGATION])
def test_every_page_draws_with_and_without_a_result(page: str, runs: Path) -> None:
    tab = opened()
    said = words(turned(tab, page))
    assert "derisk " in said
    turned(tab, "answer")
    finished(pressed(tab, "run"))
    assert "derisk " in words(turned(tab, page))


@pytest.mark.parametrize(
    ("page", "button", "title"),
    [
        ("compare", "compare", "What changes"),
        ("spares", "find-spares", "What hot spares buy"),
        ("scale", "find-scale", "How far the design carries"),
        ("sensitivity", "tornado", "What moves"),
    ],
)
def test_questions_are_answered_by_jobs(page: str, button: str, title: str, runs: Path) -> None:
    tab = turned(opened(), page)
    for slider in tab.select_slider:
        slider.set_value(
            slider.options[0] if isinstance(slider.value, str) else int(str(slider.options[0]).replace("_", ""))
        )
    tab = finished(pressed(healthy(tab.run()), button))
    assert title in words(tab) and tab.get("plotly_chart")
    assert page == "sensitivity" or " replications each" in words(tab)
    assert not tab.error and not tab.warning


@pytest.mark.parametrize(
    ("page", "button", "number", "told"),
    [
        ("compare", "compare", 3, "2 of 3 scenarios were done"),
        ("spares", "find-spares", 3, "2 of 6 values were done"),
        ("scale", "find-scale", 2, "1 of 5 sizes were done"),
        ("sensitivity", "tornado", 4, r"1 of \d+ inputs were done"),
    ],
)
def test_an_answer_that_was_cancelled_says_which_part_it_is(
    page: str, button: str, number: int, told: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = turned(opened(**({"preset": "spares_32k"} if page == "sensitivity" else {})), page)
    if page == "compare":
        tab = pressed(tab, "idea-cluster.hot_spares=x2")
    cancelled_in(number, monkeypatch)
    tab = finished(pressed(tab, button))
    assert "Cancelled, partial" in words(tab) and re.search(told, words(tab)) and tab.get("plotly_chart")


def test_a_difference_of_runs_that_do_not_finish_is_told_in_words(runs: Path) -> None:
    own = Draft.of_text("schema: 1\nextends: example\nrun: {replications: 20, horizon: 10 d}\n", "short.yaml")
    tab = turned(opened(**link.encode(own)), "compare")
    said = words(finished(pressed(tab, "compare")))
    assert "unknown" in said and "finish: no pair in which both finish" in said
    assert "nan" not in re.sub(r"<style>.*?</style>", "", said, flags=re.DOTALL).lower()


def test_the_form_says_the_range_of_a_share(runs: Path) -> None:
    tab = turned(opened(), "scenario")
    assert not any("0 to 100%" in each.label for each in tab.main.text_input)
    tab = healthy(tab.get("button_group")[0].set_value("failures").run())
    assert any(each.label.startswith("gpu · absorbed \\[0 to 100%\\]") for each in tab.main.text_input)


def test_what_to_measure_next_is_told(runs: Path) -> None:
    tab = turned(opened(), "sensitivity")
    tab = finished(pressed(healthy(tab.select_slider[0].set_value(50).run()), "measure-next"))
    assert "has the least expected" in words(tab) and len(tab.dataframe) == 1


def test_the_same_scenario_says_the_same_in_app_command_line_and_report(runs: Path, tmp_path: Path) -> None:
    line = CliRunner().invoke(application, ["run", "example", "-n", "20", "-o", str(tmp_path / "by_hand")])
    assert line.exit_code == 0, line.output
    by_hand = next((tmp_path / "by_hand").iterdir())
    CliRunner().invoke(application, ["report", str(by_hand)])
    told = " ".join(line.stdout.split("\n\n")[1].split())
    assert told.startswith("It finishes")
    page = by_hand / "report.html"
    said = re.sub(r"<[^>]+>", "", words(ran()))
    assert told.replace("_", ",") in " ".join(said.split())
    assert told.replace("_", ",") in html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))
    assert (next(runs.iterdir()) / "summary.json").read_bytes() == (by_hand / "summary.json").read_bytes()


def test_progress_over_time_is_drawn_when_asked_for(runs: Path) -> None:
    tab = finished(pressed(turned(ran(), "timeline"), "draw-progress"))
    assert len(tab.get("plotly_chart")) == 2 and "Draw it" not in words(tab)


def test_a_result_that_is_older_than_the_inputs_says_so(runs: Path) -> None:
    tab = ran()
    field = next(each for each in tab.sidebar.text_input if each.label == "Hot spares")
    tab = healthy(field.set_value("5 nodes").run())
    said = words(tab)
    assert "Older than the inputs" in said and "cluster.hot" in said and "It finishes on" in said
    assert tab.query_params["spares"] == "5 nodes"
    assert "Older than the inputs" not in words(finished(pressed(tab, "run")))


def test_an_impossible_value_is_told_beside_its_field_and_nothing_is_lost(runs: Path) -> None:
    tab = ran()
    field = next(each for each in tab.sidebar.text_input if each.label == "Hot spares")
    tab = healthy(field.set_value("64").run())
    said = words(tab)
    assert "64" in said and "nodes" in said and "Nothing was lost" in said and "It finishes on" in said
    assert any("red[" in each.value for each in tab.sidebar.markdown)
    assert tab.button(key="run").disabled
    assert next(each for each in tab.sidebar.text_input if each.label.startswith("Hot spares")).value == "64"
    for page, _ in NAVIGATION:
        turned(tab, page)
    tab = pressed(turned(tab, "scenario"), "undo-cluster.hot_spares")
    assert "Nothing was lost" not in words(tab) and not tab.button(key="run").disabled


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"schema: 1\ncluster: [", "is not YAML"),
        (b"schema: 1\nextends: example\ncluster: {hot_spaers: 3 nodes}", "hot\\_spares"),
        (b"schema: 1\nextends: /etc/passwd", "only name a preset"),
        (b"\xff\xfe", "not UTF-8"),
        (b"schema: 1\n" + b"#" * MOST_BYTES, "larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_scenario_is_told_and_the_scenario_stays(content: bytes, told: str, runs: Path) -> None:
    tab = turned(opened(), "scenario")
    tab = healthy(tab.file_uploader(key="upload").upload("mine.yaml", content, "application/yaml").run())
    assert told in words(tab) and tab.session_state["draft"].preset == "example"
    assert tab.session_state["draft"].text is None


def test_a_scenario_of_ones_own_is_run(runs: Path) -> None:
    tab = turned(opened(), "scenario")
    content = b"schema: 1\nextends: example\nname: Mine\nrun: {replications: 20}\n"
    tab = healthy(tab.file_uploader(key="upload").upload("mine.yaml", content, "application/yaml").run())
    assert tab.session_state["draft"].called == "mine.yaml"
    said = words(finished(pressed(turned(tab, "answer"), "run")))
    assert "Mine" in said and "derisk run mine.yaml" in said


def test_yaml_that_is_edited_is_applied_or_told(runs: Path) -> None:
    tab = turned(opened(), "scenario")
    text = tab.text_area[0].value
    tab = pressed(healthy(tab.text_area[0].set_value(text + "\nnonsense: 1\n").run()), "apply")
    assert "nonsense" in words(tab) and tab.session_state["draft"].text is None
    assert "nonsense" in tab.text_area[0].value, "what was written is not lost"
    tab = pressed(
        healthy(tab.text_area[0].set_value(text.replace("replications: 20", "replications: 30")).run()), "apply"
    )
    assert "replications: 30" in tab.session_state["draft"].text


def test_a_run_folder_that_has_vanished_is_told_and_made_again(runs: Path) -> None:
    tab = ran()
    folder = next(runs.iterdir())
    for file in sorted(folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    folder.rmdir()
    tab = healthy(tab.run())
    assert "cannot be read any more" in words(tab)
    tab = finished(pressed(tab, "run-again"))
    assert "It finishes on" in words(tab) and folder.is_dir()


def test_cancel_keeps_the_replications_that_are_done(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import simulator.ensemble

    begun, whole = threading.Event(), simulator.ensemble.run_ensemble

    def slow(scenario: Any, *, progress: Any, cancel: threading.Event, **more: Any) -> Any:
        begun.set()
        assert cancel.wait(PATIENCE)
        done = threading.Event()

        def until_ten(found: Progress) -> None:
            progress(found)
            if found.done >= 10:
                done.set()

        return whole(scenario, progress=until_ten, cancel=done, threads=1, chunk=5, **more)

    monkeypatch.setattr(simulator.ensemble, "run_ensemble", slow)
    tab = pressed(opened(replications="20000"), "run")
    assert begun.wait(PATIENCE)
    tab = healthy(tab.run())
    tab = pressed(tab, "cancel-run")
    tab = finished(tab)
    said = words(tab)
    assert "Cancelled, partial" in said and "of 20,000 replications were done" in said and "It finishes on" in said


def test_two_sessions_share_a_run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import simulator.ensemble

    calls, gate, whole = [], threading.Event(), simulator.ensemble.run_ensemble

    def counted(scenario: Any, **more: Any) -> Any:
        calls.append(scenario.name)
        assert gate.wait(PATIENCE)
        return whole(scenario, **more)

    monkeypatch.setattr(simulator.ensemble, "run_ensemble", counted)
    one = pressed(opened(), "run")
    two = opened()  # it sees at once that the same run is on its way
    assert one.button(key="run").disabled and two.button(key="run").disabled
    one = pressed(one, "cancel-run")
    assert "goes on without you" in words(one) and not one.button(key="run").disabled
    gate.set()
    assert "It finishes on" in words(finished(two)) and len(calls) == 1
    assert "partial" not in words(two)


def test_too_many_replications_are_told_and_not_run(runs: Path) -> None:
    tab = pressed(opened(replications="50_000"), "run")
    assert "more than the 20,000" in words(tab) and settings.registry().counts() == (0, 0)


def test_the_command_of_a_comparison_says_the_same(runs: Path, tmp_path: Path) -> None:
    tab = turned(opened(spares="3 nodes"), "compare")
    tab = finished(pressed(pressed(tab, "idea-recovery.restart=x0.5"), "compare"))
    command = shlex.split(str(tab.code[-1].value))
    assert command.count("--with") == 3 and not any("run." in word for word in command)
    said = CliRunner().invoke(application, [*command[1:], "-o", str(tmp_path / "told"), "--json"])
    assert said.exit_code == 0, said.stderr
    for other in json.loads(said.stdout)["alternatives"]:
        days = other["differences"]["finish_days"]["mean"]
        assert re.sub(r"^-", "", f"{days:.3g}") in words(tab).replace("\u2212", "-") or days == 0


def test_what_has_no_effect_is_told(runs: Path) -> None:
    parameters = link.encode(Draft.of_preset("oracles/ettr", {"cost.delay": "9 USD/day"}))
    for page in ("answer", "scenario"):
        tab = turned(opened(**parameters), page)
        assert "Without effect here, and left out" in words(tab) and "without a deadline nothing is late" in words(tab)


@pytest.mark.parametrize(
    ("page", "buttons"),
    [
        ("compare", ["compare"]),
        ("spares", ["find-spares"]),
        ("scale", ["find-scale"]),
        ("sensitivity", ["tornado", "measure-next"]),
    ],
)
def test_a_question_larger_than_the_app_allows_is_told_and_not_asked(
    page: str, buttons: list[str], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.MOST, "100")
    tab = turned(opened(), page)
    assert words(tab).count("more than the 100 that this app allows") == len(buttons)
    assert all(tab.button(key=button).disabled for button in buttons)


def test_a_damaged_link_opens_the_first_preset_and_says_so(runs: Path) -> None:
    assert "damaged" in words(opened(more="no link"))


def test_a_page_that_fails_says_so_without_a_traceback(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tab = ran()
    monkeypatch.setattr(tasks, "read", lambda path: 1 / 0)
    tab = tab.run()
    assert not tab.exception and any("which is our fault" in error.value for error in tab.error)
    assert tab.session_state["draft"].preset == "example"


def test_a_damaged_run_folder_is_told_and_made_again(runs: Path) -> None:
    tab = ran()
    folder = next(runs.iterdir())
    (folder / "replications.parquet").write_bytes(b"no parquet")
    (folder / MANIFEST).touch()
    tab = healthy(tab.run())
    assert "cannot be read any more" in words(tab)
    assert "It finishes on" in words(finished(pressed(tab, "run-again")))
