"""The command line: every command, what it prints where, and with which exit code it ends."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from simulator import __version__, resources
from simulator.cli import application
from simulator.report.run.contents import REPLICATIONS, as_parquet, from_parquet

ROOT = Path(__file__).resolve().parent.parent
ORACLES = Path(__file__).parent / "oracles"

SMALL = """\
schema: 1
name: a small run
cluster: {nodes: 16 nodes, gpus_per_node: 8 GPUs, hot_spares: 2 nodes}
job: {work: 3 d}
failures:
  gpu: {part: gpu, rate: 5 /kGPU/day, spread: 30%, source: a test}
  software: {part: software, mtbf: 4 d}
checkpoint:
  interval: 1 h
  tiers: [{to: storage, blocking: 30 s, restore: 2 min}]
run: {replications: 40}
"""
CERTAIN = """\
schema: 1
name: a run that Daly knew
cluster: {nodes: 16 nodes}
job: {work: 24 h}
failures:
  software: {part: software, mtbf: 6 h, blast: 0 nodes}
recovery: {detection: 1 min, diagnosis: 0 min, swap: 0 min, restart: 5 min, cure: 100%}
checkpoint:
  interval: 1 h
  tiers: [{to: storage, blocking: 1 min, restore: 2 min, lag: 0 s}]
run: {horizon: 100 d}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    return file


def derisk(*words: object) -> Result:
    return CliRunner().invoke(application, [str(word) for word in words])


def shell(*words: object, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run `python -m simulator`, as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings.pop("env", {})}
    command = [sys.executable, *settings.pop("python", ("-m", "simulator")), *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, **settings)


def as_json(result: Result) -> dict[str, Any]:
    """Return the JSON on stdout, which holds nothing else."""
    content = json.loads(result.stdout)
    assert isinstance(content, dict) and content["schema"] in (1, 2)
    return content


# Help, usage, versions


def test_help_names_every_command_and_every_exit_code() -> None:
    result = derisk("--help")
    assert result.exit_code == 0
    for word in ("check", "script", "presets", "profiles", "explain", "schema", "130 interrupted"):
        assert word in " ".join(result.stdout.split())


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = "numpy", "pandas", "numba", "pydantic", "scipy", "simpy", "pyarrow", "ruamel"
    code = f"""
import sys
from simulator.cli import application
try:
    application(["--help"])
except SystemExit as end:
    assert not end.code
found = [name for name in {heavy!r} if name in sys.modules]
assert not found, found
"""
    result = shell(python=("-c", code), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "Usage" in result.stdout


@pytest.mark.parametrize("command", [["--version"], ["presets", "--help"], ["profiles"]])
def test_asking_for_words_is_no_mistake(command: list[str]) -> None:
    assert "derisk" in derisk(*command).output


def test_the_version_is_that_of_the_package() -> None:
    result = shell("--version")
    assert (result.returncode, result.stdout) == (0, f"derisk {__version__}\n")


@pytest.mark.parametrize("command", [["nonsense"], ["check"], ["check", "a.yaml", "--bogus"], ["explain", "gootput"]])
def test_what_is_not_understood_ends_with_2(command: list[str]) -> None:
    result = derisk(*command)
    assert result.exit_code == 2
    assert result.stdout == "" and result.stderr != ""


# Scenarios that are not valid


def test_every_error_of_a_scenario_is_told_with_a_caret_and_ends_with_3(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(SMALL.replace("hot_spares", "hot_spaers").replace("30 s", "30"), encoding="utf-8")
    result = derisk("check", file)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert "did you mean 'hot_spares'?" in result.stderr
    assert "30 has no unit" in result.stderr
    assert "^^" in result.stderr
    assert "2 errors; nothing was run" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_scenario_that_does_not_exist_is_told_the_presets(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(resources.operators(), tmp_path / "operators")
    (tmp_path / "presets").mkdir()
    small.rename(tmp_path / "presets" / "llama3_405b_16k.yaml")
    monkeypatch.setattr("simulator.resources.scenarios", lambda: tmp_path)
    assert derisk("check", "llama3_405b_16k").exit_code == 0
    result = derisk("check", "lama3_405b_16k")
    assert result.exit_code == 3
    assert "did you mean 'llama3_405b_16k'?" in result.stderr


def test_an_unknown_scenario_is_told_every_name_that_runs() -> None:
    told = derisk("run", "nothing_like_it").stderr
    assert all(name in told for name in ("llama3_405b_16k", "plan_100k", "example"))
    assert "did you mean 'llama3_405b_16k'?" in derisk("run", "llama3_405b_16").stderr
    assert "did you mean 'llama3_405b_16k' or 'llama3_405b_b200' or " in derisk("run", "llama3").stderr
    assert "did you mean 'plan_100k'?" in derisk("run", "scenarios/plan_10k.yaml").stderr


def test_a_space_in_place_of_the_equals_sign_is_told_as_such(small: Path) -> None:
    result = derisk("run", small, "--set", "cluster.hot_spares", "32")
    assert result.exit_code == 2
    assert "cluster.hot_spares=VALUE" in result.stderr and "no such file" not in result.stderr


def test_traceback_shows_nothing_more_for_a_users_mistake() -> None:
    assert "Traceback" not in derisk("check", "no.yaml", "--traceback").stderr


def test_an_internal_error_is_one_line_and_a_traceback_only_where_asked_for(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("simulator.report.run.expected.expected", breaks)
    result = derisk("check", small)
    assert result.exit_code == 1
    assert result.stderr == "derisk: internal error: RuntimeError: a bug; --traceback shows where\n"
    for command in (["--traceback", "check", small], ["check", small, "--traceback"]):
        assert "Traceback" in derisk(*command).stderr


# derisk check


def test_check_lists_what_is_assumed_first(small: Path) -> None:
    content = as_json(derisk("check", small, "--json"))
    flags = [row["assumed"] for row in content["inputs"]]
    assert flags == sorted(flags, reverse=True) and sum(flags) == content["assumed"] > 0
    rate = next(row for row in content["inputs"] if row["path"] == "failures.gpu.rate")
    assert (rate["value"], rate["ignorance"], rate["source"]) == ("5 /kGPU/day", "spread 30%", "a test")
    words = derisk("check", small).stdout
    assert words.index("ASSUMED") < words.index("With a source, or chosen") < words.index("What theory expects")


def test_check_takes_values_from_the_command_line(small: Path) -> None:
    content = as_json(derisk("check", small, "--set", "failures.gpu.rate=x2", "--set", "job.work=2 d", "--json"))
    values = {row["path"]: row["value"] for row in content["inputs"]}
    assert (values["failures.gpu.rate"], values["job.work"]) == ("10 /kGPU/day", "2 d")


def test_check_says_what_theory_expects(tmp_path: Path) -> None:
    from simulator.numbers import theory

    file = tmp_path / "certain.yaml"
    file.write_text(CERTAIN, encoding="utf-8")
    expected = as_json(derisk("check", file, "--json"))["expected"]
    rate = 1 / (6 * 3600)
    run_time = theory.expected_run_time(rate, 3600, 60, 7 * 60, 60, 24)
    assert expected["mttf_hours"] == pytest.approx(6)
    assert expected["failures_per_day"] == pytest.approx(4)
    assert expected["strikes_per_day"] == {"software": pytest.approx(4)}
    assert expected["recovery_minutes"] == pytest.approx(8)
    assert expected["optimal_interval_minutes"] == pytest.approx(theory.optimal_interval(rate, 60) / 60)
    assert expected["young_interval_minutes"] == pytest.approx(theory.young_interval(rate, 60) / 60)
    assert expected["run_time_days"] == pytest.approx(run_time / 86_400)
    assert expected["run_time_leaves_out"] == []
    assert expected["goodput_first_order"] == pytest.approx(1 - 1 / 60 - (8 + 30) / 360)


def test_check_says_what_the_closed_form_leaves_out(small: Path) -> None:
    left_out = as_json(derisk("check", small, "--json"))["expected"]["run_time_leaves_out"]
    assert "the spread of uncertain inputs" in left_out and "waiting for nodes" in left_out


# derisk script

HAND_WRITTEN = """\
cases:
- id: holds
  plan: {work: 900}
  expect: {outcome: DONE, finish: 920, ledger: {PRODUCTIVE: 900, CHECKPOINT_SAVE: 20}}
- id: expects nothing
  script: [{at: 450, place: 0}]
"""


def test_script_holds_every_hand_case_in_both_engines() -> None:
    result = derisk("script", ORACLES / "hand_cases.yaml", "--json")
    content = as_json(result)
    assert result.exit_code == 0
    assert (content["holds"], content["fails"], content["differ"]) == (len(content["cases"]), 0, 0)
    for case in content["cases"]:
        assert case["holds"] is True and case["agree"] is True
        assert case["outcome"] == case["expect"]["outcome"] and case["finish"] == case["expect"]["finish"]
        assert sum(case["ledger"].values()) == case["finish"]
        assert case["engines"]["reference"] == case["engines"]["kernel"]


def test_script_tells_cases_without_expectations(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(HAND_WRITTEN, encoding="utf-8")
    content = as_json(derisk("script", file, "--json"))
    assert [case["holds"] for case in content["cases"]] == [True, None]
    assert "expect" not in content["cases"][1]
    assert "1 of 1 expectations hold" in derisk("script", file).stdout


@pytest.mark.parametrize("wrong", ["outcome: DIVERGED", "finish: 921", "ledger: {PRODUCTIVE: 900}"])
def test_script_ends_with_5_where_an_expectation_fails(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(f"cases: [{{id: wrong, plan: {{work: 900}}, expect: {{{wrong}}}}}]", encoding="utf-8")
    result = derisk("script", file)
    assert result.exit_code == 5
    assert "was expected" in result.stdout and "FAILS" in result.stdout
    assert as_json(derisk("script", file, "--json"))["fails"] == 1


def test_script_ends_with_5_where_the_engines_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.engines import reference

    honest = reference.simulate
    file = tmp_path / "cases.yaml"
    file.write_text(HAND_WRITTEN, encoding="utf-8")
    monkeypatch.setattr(reference, "simulate", lambda *a, **k: honest(*a, **k)._replace(records=0))
    result = derisk("script", file)
    assert result.exit_code == 5
    assert "the engines differ in records" in result.stdout and "DIFFER" in result.stdout


def test_a_script_that_is_not_valid_ends_with_3(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text("cases: [{id: a, script: [{att: 3}]}]", encoding="utf-8")
    result = derisk("script", file, "--json")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "did you mean 'at'?" in result.stderr


# derisk run


def run(file: Path, *words: object) -> Result:
    """Run a scenario into a folder beside it."""
    return derisk("run", file, "-o", file.parent / "runs", *words)


def folders(file: Path) -> list[Path]:
    return sorted((file.parent / "runs").iterdir())


def without_manifest(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_run_prints_the_answer_first_and_where_the_time_went(small: Path) -> None:
    result = run(small)
    assert result.exit_code == 0, result.output
    [folder] = folders(small)
    words = result.stdout
    order = ["a small run", "It finishes after", "\n  run time", "goodput", "failures", "MTTF of the job"]
    order += ["Where the time went", "productive training", "ASSUMED", "40 replications with seed 1", str(folder)]
    place = 0
    for word in order:
        place = words.index(word, place)
    assert f"`derisk check {small}`" in words
    assert "█" in words


def test_run_prints_json_and_nothing_else(small: Path) -> None:
    result = run(small, "--json")
    [folder] = folders(small)
    assert as_json(result) == json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert result.stderr == ""


def test_run_takes_several_scenarios(small: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(SMALL.replace("a small run", "another run"), encoding="utf-8")
    result = run(small, other, "-n", 4, "--json")
    assert [summary["scenario"] for summary in json.loads(result.stdout)] == ["a small run", "another run"]
    assert len(folders(small)) == 2


def test_errors_of_all_scenarios_are_told_before_any_is_run(small: Path, tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(SMALL.replace("30 s", "30"), encoding="utf-8")
    result = run(small, tmp_path / "one.yaml", tmp_path / "two.yaml")
    assert result.exit_code == 3
    assert "one.yaml" in result.stderr and "two.yaml" in result.stderr
    assert not (tmp_path / "runs").exists()


def test_the_same_run_is_reused_and_says_so(small: Path) -> None:
    first = run(small, "-n", 4, "--json")
    again = run(small, "-n", 4, "--json")
    assert first.stdout == again.stdout
    assert "reused" in again.stderr and "reused" not in first.stderr
    assert len(folders(small)) == 1


def test_seed_replications_and_values_can_be_given(small: Path) -> None:
    result = run(small, "--seed", 7, "--replications", 5, "--set", "job.work=1 d", "--threads", 1, "--json")
    summary = as_json(result)
    assert (summary["seed"], summary["replications"]) == (7, 5)
    assert 1 < summary["finish_days"]["p50"] < 2


def test_the_overhead_is_in_the_unit_of_the_work() -> None:
    from simulator.report import text

    assert text.alike([65.11 * 3600, 43.9 * 86_400], [46.61 * 86_400]) == ["2.713 d", "43.9 d"]
    assert text.alike([60.0, 86_400.0], [86_460.0]) == ["0.01667 h", "24 h"]


def test_a_start_turns_days_into_dates(small: Path) -> None:
    words = run(small, "-n", 4, "--set", "job.start=2027-03-01", "--set", "job.deadline=2027-03-20").stdout
    assert "It finishes on 4 Mar 2027" in words and "finish date" in words
    assert "It meets the deadline, 20 Mar 2027, with a probability of 100.0% (45.0\N{EN DASH}100.0)." in words


def test_runs_that_do_not_finish_are_told(small: Path) -> None:
    words = run(small, "-n", 6, "--set", "run.horizon=76 h").stdout
    assert "P(never finishes) is " in words and "The tail of the run time: P95 " in words
    assert "Not all finished" in words and "reached the horizon (OUT_OF_TIME)" in words and "never" in words


def test_the_mean_of_those_that_finish_is_told_as_such(small: Path) -> None:
    words = run(small, "-n", 20, "--set", "run.horizon=74 h", "--set", "cost.gpu=2 USD/GPU/h").stdout
    done = next(line for line in words.splitlines() if line.startswith("  run time"))
    assert "Not all finished" in words and done.endswith(" if done")
    assert "One more point of goodput saves " in words and " in the median of the replications, and " in words


def test_the_losses_are_those_of_the_median_or_the_mean_and_fewer_replications_are_told(small: Path) -> None:
    assert "Where the time went in the median replication" in run(small, "-n", 20).stdout
    assert "These are 20 of 40 replications of the scenario" in run(small, "-n", 20).stdout
    assert "of the scenario:" not in run(small).stdout
    assert "Where the time went: mean shares" in run(small, "-n", 20, "--losses", "mean").stdout
    assert run(small, "-n", 20, "--losses", "most").exit_code == 2


def test_both_engines_give_the_same_answer(small: Path) -> None:
    fast = as_json(run(small, "-n", 6, "--json"))
    slow = as_json(run(small, "-n", 6, "--json", "--engine", "reference"))
    assert {**fast, "engine": ""} == {**slow, "engine": ""}


@pytest.mark.parametrize(
    ("gate", "code"),
    [
        ("goodput.p50<0.2", 0),
        ("goodput.p50 > 20%", 5),
        ("finish.p90 > 72 h", 5),
        ("finish_days.p90 > 30", 0),
        ("failures.total.mean >= 1", 5),
        ("ledger_share.LOST_WORK.mean > 90%", 0),
        ("ledger_share_median.PRODUCTIVE.share > 10%", 5),
        ("finish.p99 > 72 h", 5),
        ("finish.p95 > 300 d", 0),
        ("finish.p50.high > 72 h", 5),
        ("finish_days.p50_low > 30", 0),
        ("goodput.p50.low < 0.2", 0),
        ("finish.p90.high > 300 d", 5),  # six replications do not bound it, so it may be anything
        ("finish.p10.low < 1 h", 5),
        ("never_finishes.high > 30%", 5),
        ("never_finishes.probability > 0", 0),
    ],
)
def test_a_gate_that_holds_ends_with_5(small: Path, gate: str, code: int) -> None:
    result = run(small, "-n", 6, "--json", "--fail-if", "goodput.p50<1%", "--fail-if", gate)
    assert result.exit_code == code
    assert as_json(result)
    assert (gate in result.stderr) == (code == 5)


@pytest.mark.parametrize(
    ("gate", "remedy"),
    [
        ("godput.p50<1", "did you mean 'goodput.p50'?"),
        ("goodput.p50", "write one such as"),
        ("goodput.p50<low", "is not a number"),
        ("goodput < 0.9", "such as 'goodput.p50'"),
        ("failures < 9", "such as 'failures.total.p50'"),
        ("finish > 9 d", "such as 'finish.p50'"),
        ("goodput.p51<1", "the quantiles are p10, p50, p90, p95, p99"),
        ("godput.p50.high<1", "did you mean 'goodput.p50_high'?"),
        ("finish.p90>3", 'write "3 d"'),
        ("goodput.p10 > 50", "write 50%"),
        ("variance_share.goodput.chance<2", "or a share from 0 to 1"),
        ("cost_usd.p50>3", "it needs cost.gpu in the scenario"),
        ("failures.by_cause.gpuu.mean>3", "did you mean 'failures.by_cause.gpu.mean'?"),
    ],
)
def test_a_gate_that_cannot_be_answered_ends_with_2_before_the_run(
    small: Path, gate: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.ensemble.run_ensemble", None)  # whoever runs it fails
    result = run(small, "-n", 4, "--fail-if", gate)
    assert result.exit_code == 2
    assert "--fail-if" in result.stderr and remedy in result.stderr


def test_what_a_gate_met_has_its_unit(small: Path) -> None:
    gates = ("--fail-if", "goodput.p50>0.2", "--fail-if", "finish.p50>1 h", "--fail-if", "events.mean>1")
    told = run(small, "-n", 6, *gates).stderr
    assert re.search(r"goodput.p50 is [\d.]+%, so", told) and re.search(r"finish.p50 is [\d.]+ d, so", told)
    assert re.search(r"events.mean is [\d.]+, so", told)


def test_a_gate_can_ask_for_every_number_of_a_summary(small: Path) -> None:
    from simulator.report.run import gate
    from simulator.scenario import load_scenario

    more = ["job.start=2027-03-01", "job.deadline=2027-03-05", "cost.gpu=2 USD/GPU/h", "cost.delay=1 USD/day"]
    more += ["job.mfu=40%", "cluster.node=hgx_h100", "run.stop={quantity: goodput, half_width: 50%, max: 20}"]
    words = [word for value in more for word in ("--set", value)]
    summary = as_json(run(small, *words, "--json"))
    known = set(gate.numbers_of(load_scenario(small, more)))
    told = {re.sub(r"(?<=at_least\.)\d+", "<nodes>", path) for path, _ in gate._numbers(summary, "")}
    assert told == known


def test_a_gate_on_what_never_comes_counts_it_as_infinite(small: Path) -> None:
    result = run(small, "-n", 4, "--set", "run.horizon=3 d", "--fail-if", "finish.p50 > 1000 d")
    assert result.exit_code == 5
    assert "It does not finish" in result.stdout and "finish.p50 is never" in result.stderr


def test_a_precision_that_is_not_reached_ends_with_4(small: Path) -> None:
    stop = "run.stop={quantity: finish, quantile: 0.9, half_width: 1 s, max: 300}"
    result = run(small, "--set", stop)
    assert result.exit_code == 4
    assert "NOT what was asked for" in result.stdout and "not reached" in result.stderr
    assert "as asked for" in run(small, "--set", stop.replace("1 s", "2 d")).stdout


POLICY = """\
from simulator.engines.reference import Policy


class Often(Policy):
    def interval(self, job):
        return int(job.plan.interval) // 4


class Breaks(Policy):
    def interval(self, job):
        return 1 // 0


class NotOne:
    pass
"""


def test_a_policy_of_the_user_decides(small: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(POLICY, encoding="utf-8")
    plain = as_json(run(small, "-n", 4, "--json", "--engine", "reference"))
    often = as_json(run(small, "-n", 4, "--json", "--engine", "reference", "--policy", f"{file}:Often"))
    share = [summary["ledger_share"]["CHECKPOINT_SAVE"]["mean"] for summary in (plain, often)]
    assert share[1] > 3 * share[0]


@pytest.mark.parametrize(
    ("policy", "word"),
    [("Oftn", "did you mean 'Often'?"), ("NotOne", "not a policy"), ("3", "names no class"), (None, "no file")],
)
def test_a_policy_that_cannot_be_used_ends_with_2(small: Path, tmp_path: Path, policy: str | None, word: str) -> None:
    (tmp_path / "mine.py").write_text(POLICY, encoding="utf-8")
    given = tmp_path / "other.py:Often" if policy is None else f"{tmp_path}/mine.py:{policy}"
    result = run(small, "--engine", "reference", "--policy", given)
    assert result.exit_code == 2
    assert word in " ".join(result.stderr.replace("│", " ").split())


def test_a_policy_works_with_the_reference_engine_only(small: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(POLICY, encoding="utf-8")
    assert run(small, "--policy", f"{tmp_path}/mine.py:Often").exit_code == 2


def test_a_policy_that_fails_is_told_as_such(small: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(POLICY, encoding="utf-8")
    words = ("-n", 4, "--engine", "reference", "--policy", f"{tmp_path}/mine.py:Breaks")
    result = run(small, *words)
    assert result.exit_code == 1
    assert result.stderr.startswith("derisk: the policy failed: ZeroDivisionError")
    assert "1 // 0" in run(small, *words, "--traceback").stderr


def test_ctrl_c_keeps_what_is_done(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.ensemble.crew import Crew

    def interrupted(self: Crew, threads: object, queue: Any) -> None:
        # As if the key were pressed once the first replications are there.
        while not queue.done:
            time.sleep(0.001)
        raise KeyboardInterrupt

    monkeypatch.setattr(Crew, "_watch", interrupted)
    result = run(small, "-n", 1_000_000, "--threads", 1, "--json")
    assert result.exit_code == 130
    kept = as_json(result)["replications"]
    assert 0 < kept < 1_000_000
    assert f"interrupted; {kept:_} of 1_000_000 replications are kept" in result.stderr
    [folder] = folders(small)
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["interrupted"] is True


def test_ctrl_c_before_the_first_replication_leaves_nothing(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("simulator.ensemble.run_ensemble", interrupted)
    result = run(small)
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "derisk: interrupted\n")
    assert not (small.parent / "runs").exists()


def test_the_first_run_says_that_it_compiles(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.jit.cache_is_cold", lambda: True)
    result = run(small, "-n", 4, "--json")
    assert "compiling the fast engine" in result.stderr
    assert as_json(result)
    assert "compiling" not in run(small, "-n", 5, "--engine", "reference").stderr


def test_progress_is_shown_on_a_terminal_only(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.cli.progress import progress_bar
    from simulator.ensemble import Progress

    with progress_bar("a run") as quiet:
        assert quiet is None
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_bar("a run") as show:
        assert show is not None
        show(Progress(10, 40, 3.0))
    assert "10/40" in terminal.getvalue() and "3 s left" in terminal.getvalue()


@pytest.mark.parametrize("words", [["--shard", "3/2"], ["--shard", "x"], ["--seed", "-1"], ["--engine", "rust"]])
def test_options_out_of_range_end_with_2(small: Path, words: list[str]) -> None:
    result = run(small, *words)
    assert result.exit_code == 2
    assert not (small.parent / "runs").exists()


@pytest.mark.parametrize("folder", ["file/runs", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_told_before_the_run(
    small: Path, tmp_path: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.ensemble.run_ensemble", None)  # whoever runs it fails
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = derisk("run", small, "-o", tmp_path / folder)
    assert result.exit_code == 1
    assert "nothing was run" in result.stderr and "Traceback" not in result.stderr


def test_a_disk_that_is_full_costs_no_answer(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("simulator.report.run.folder._put", full)
    result = run(small, "-n", 4)
    assert result.exit_code == 1
    assert "It finishes after" in result.stdout
    assert "No space left on device" in result.stderr and "Traceback" not in result.stderr
    assert not (small.parent / "runs").exists()


def test_where_no_input_is_uncertain_a_run_says_so(small: Path, tmp_path: Path) -> None:
    file = tmp_path / "certain.yaml"
    file.write_text(CERTAIN, encoding="utf-8")
    certain = derisk("run", file, "-n", 4, "--set", "recovery.repair=1 h", "-o", tmp_path / "runs").stdout
    assert "No input is uncertain, so whatever differs from one replication to the next is chance." in certain
    assert "Of the variance" not in certain and "No input is uncertain" not in run(small, "-n", 4).stdout


def test_a_report_is_written_into_the_run_folder_where_it_is_asked_for(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run(small, "-n", 4)
    [folder] = folders(small)
    files = [folder / name for name in ("report.html", "report.xlsx")]
    assert not any(file.exists() for file in files) and "derisk report" not in plain.stdout
    monkeypatch.setattr("simulator.cli.findings.width", lambda: 100)
    assert run(small, "-n", 4).stdout.rstrip().endswith(f"To forward it: derisk report {folder}")
    # The run was done before; its report was not.
    asked = run(small, "-n", 4, "--report")
    assert "is reused" in asked.stderr and asked.stdout.rstrip().endswith(f"Report: {files[0]} and {files[1]}.")
    assert derisk("report", folder, "-o", tmp_path / "again").exit_code == 0
    assert files[0].read_bytes() == (tmp_path / "again" / "report.html").read_bytes() and files[1].stat().st_size > 0
    # A run of its own, whose numbers are what stdout is for.
    told = run(small, "-n", 5, "--report", "--json")
    assert as_json(told)["replications"] == 5 and told.stderr.count("report: ") == 2
    assert all((other / "report.html").is_file() for other in folders(small))


def test_the_answer_stands_where_its_report_cannot_be_written(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("simulator.report.run.publish._write", full)
    result = derisk("run", small, "-n", 4, "--report", "-o", small.parent / "runs")
    assert result.exit_code == 1 and "No space left on device" in result.stderr
    assert "It finishes after" in result.stdout and "Results: " in result.stdout
    assert len(folders(small)) == 1


# derisk merge, derisk replay


def test_shards_merge_to_one_run(small: Path, tmp_path: Path) -> None:
    for shard in ("1/3", "2/3", "3/3"):
        assert f"shard {shard} only" in run(small, "-n", 7, "--shard", shard).stdout
    merged, whole = tmp_path / "merged", tmp_path / "whole"
    result = derisk("merge", *reversed(folders(small)), "-o", merged, "--json")
    assert as_json(result)["replications"] == 7
    assert derisk("run", small, "-n", 7, "-o", whole).exit_code == 0
    [one], [other] = merged.iterdir(), whole.iterdir()
    assert one.name == other.name
    assert without_manifest(one) == without_manifest(other)


def test_shards_that_do_not_fit_are_refused(small: Path, tmp_path: Path) -> None:
    run(small, "-n", 7, "--shard", "1/2")
    missing = derisk("merge", *folders(small), "-o", tmp_path / "merged")
    assert missing.exit_code == 2 and "shards are missing: 2/2" in missing.stderr
    assert not (tmp_path / "merged").exists()


def test_a_folder_that_does_not_fit_is_named(small: Path, tmp_path: Path) -> None:
    run(small, "-n", 7, "--shard", "1/2")
    [first] = folders(small)
    assert re.fullmatch(r"a-small-run-shard-1-of-2-[0-9a-f]{8}", first.name)
    for words, reason in (
        (("-n", 7, "--seed", 5, "--shard", "2/2"), f"differs from {first} in seed"),
        (("-n", 7, "--set", "job.work=2 d", "--shard", "2/2"), f"differs from {first} in inputs"),
        (("-n", 7, "--shard", "2/3"), f"is shard 2/3, but {first} is shard 1/2"),
    ):
        before = set(folders(small))
        run(small, *words)
        [other] = set(folders(small)) - before
        result = derisk("merge", first, other, "-o", tmp_path / "merged")
        assert result.exit_code == 2 and f"{other} {reason}" in result.stderr
    assert f"{first} is shard 1/2, as {first} is" in derisk("merge", first, first).stderr


def test_shards_of_an_older_version_are_named_with_what_they_lack(small: Path, tmp_path: Path) -> None:
    for shard in ("1/2", "2/2"):
        run(small, "-n", 7, "--shard", shard)
    old = next(folder for folder in folders(small) if "shard-2" in folder.name)
    table = from_parquet((old / REPLICATIONS).read_bytes())
    (old / REPLICATIONS).write_bytes(as_parquet(table.drop(columns=["repairs", "swaps"])))
    manifest = json.loads((old / "manifest.json").read_text())
    del manifest["files"]  # of which that version kept no digests
    (old / "manifest.json").write_text(json.dumps({**manifest, "model": "0.0.9+12345678"}))
    result = derisk("merge", *folders(small), "-o", tmp_path / "merged")
    assert result.exit_code == 3
    assert f"{old} was written by version 0.0.9+12345678, and lacks the columns repairs, swaps of" in result.stderr
    assert f"run it again: derisk run {old / 'scenario.resolved.yaml'} --shard 2/2" in result.stderr
    assert "shard-1" not in result.stderr and not (tmp_path / "merged").exists()
    # All columns are there, but the version counts otherwise.
    table.loc[:, "wall_us"] += 1
    (old / REPLICATIONS).write_bytes(as_parquet(table))
    (old / "manifest.json").write_text(json.dumps(manifest))
    result = derisk("merge", *folders(small), "-o", tmp_path / "merged")
    assert result.exit_code == 3 and "made by another version" in result.stderr


@pytest.mark.parametrize("command", [["merge"], ["replay", "-r", "0"]])
def test_what_is_no_run_folder_is_wrong_use(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "other").mkdir()
    for folder, words in ((tmp_path / "other", "is no run folder"), (tmp_path / "none", "there is no such folder")):
        result = derisk(*command, folder)
        assert result.exit_code == 2
        assert f"{folder}: {words}" in result.stderr


def test_replay_tells_the_story_of_a_replication(small: Path) -> None:
    run(small, "-n", 4)
    [folder] = folders(small)
    told = derisk("replay", folder, "--replication", 2)
    assert told.exit_code == 0
    assert "The work is done after" in told.stdout and "PRODUCTIVE" in told.stdout
    beyond = derisk("replay", folder, "-r", 4)
    assert beyond.exit_code == 2 and "there is no replication 4" in beyond.stderr


# Presets, profiles, words, schema


def test_presets_are_listed_and_can_be_named_from_anywhere(tmp_path: Path) -> None:
    content = as_json(derisk("presets", "--json"))
    listed = derisk("presets").stdout
    assert content["presets"]
    assert all(preset["preset"] in listed for preset in content["presets"])
    shelves = [preset["shelf"] for preset in content["presets"]]
    assert shelves == sorted(shelves, key=list(resources.SHELVES).index) and set(shelves) == set(resources.SHELVES)
    assert all(title in listed for title in resources.SHELVES.values())
    name = content["presets"][0]["preset"]
    assert content["presets"][0]["file"].endswith(f"presets/{name}.yaml"), "machines and published runs come first"
    result = shell("check", name, "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["scenario"] == content["presets"][0]["scenario"]


def test_profiles_are_listed_shown_and_checked() -> None:
    names = [profile["name"] for profile in as_json(derisk("profiles", "list", "--json"))["profiles"]]
    assert "hgx_h100" in names and "h100_sxm" in names
    shown = as_json(derisk("profiles", "show", "h100_sxm", "--json"))
    assert {"path": "peak.bf16", "value": "989 TFLOP/s"}.items() <= shown["rows"][0].items()
    assert "989 TFLOP/s" in derisk("profiles", "show", "h100_sxm").stdout
    assert f"{len(names)} profiles are valid" in derisk("profiles", "check").stdout


def test_a_profile_that_is_not_valid_ends_with_3(tmp_path: Path) -> None:
    for number, (old, new) in enumerate({"989 TFLOP/s": "989", "kind: gpu": "kind: gpuu"}.items()):
        text = (ROOT / "hardware_profiles" / "h100_sxm.yaml").read_text(encoding="utf-8")
        file = tmp_path / f"{number}.yaml"
        file.write_text(text.replace(old, new), encoding="utf-8")
        result = derisk("profiles", "check", file)
        assert (result.exit_code, result.stdout) == (3, "")
        assert f"{file}:" in result.stderr
    assert "did you mean 'hgx_h100'?" in derisk("profiles", "show", "hgx_h10").stderr


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("goodput", "wall clock"),
        ("LOST_WORK", "rolled back"),
        ("lost work", "rolled back"),
        ("p90", "replication"),
        ("failures.gpu.rate", "/kGPU/day"),
        ("checkpoint.tiers.0.every", "plain number"),
        ("hot_spares", "nodes"),
    ],
)
def test_explain_defines_fields(field: str, word: str) -> None:
    assert word in derisk("explain", field).stdout
    assert as_json(derisk("explain", field, "--json"))["fields"]


def test_explain_imports_nothing_heavy(tmp_path: Path) -> None:
    code = """
import sys
from simulator.cli import application
try:
    application(["explain", "goodput"])
except SystemExit as end:
    assert not end.code
found = [name for name in ("numpy", "pandas", "numba", "scipy", "simpy", "pyarrow") if name in sys.modules]
assert not found, found
"""
    result = shell(python=("-c", code), cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_every_field_is_explained_and_sections_list_their_keys() -> None:
    from simulator import metrics
    from simulator.report import glossary

    entries = glossary.entries()
    assert [entry.field for entry in entries if not entry.meaning] == []
    results = {entry.field for entry in entries if entry.kind == "result"}
    assert {name for name in metrics.__all__ if name.islower()} - {"summarise"} <= results
    assert "hot_spares" in derisk("explain", "cluster").stdout and "<name>" in derisk("explain", "failures").stdout


def test_schema_is_a_json_schema() -> None:
    schema = json.loads(derisk("schema").stdout)
    assert schema["title"] == "Derisk scenario"
    cause, recovery = (schema["$defs"][name]["properties"] for name in ("Cause", "Recovery"))
    assert cause["age"]["default"] == "0 d" and recovery["swap"]["default"] == "30 s"
    assert "default" not in recovery["detection"], "the class of the operator has it"
    assert all(field["description"] for part in schema["$defs"].values() for field in part["properties"].values())
    assert schema["$schema"].startswith("https://json-schema.org/") and "cluster" in schema["properties"]


# The machine's troubles


def test_a_pipe_that_closes_ends_quietly(small: Path) -> None:
    command = f'"{sys.executable}" -m simulator check "{small}" --json | head -n 1'
    result = subprocess.run(
        command, shell=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert result.stdout == "{\n" and result.stderr == ""


def test_words_that_an_encoding_lacks_are_replaced(small: Path) -> None:
    small.write_text(SMALL.replace("a small run", "ein kleiner Lauf für ∞"), encoding="utf-8")
    result = shell("check", small, env={"PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0 and "ein kleiner Lauf f?r ?" in result.stdout
