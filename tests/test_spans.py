"""Logs of millions of events: incidents found without a word, stories and timelines with an end, an early warning."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from test_cli import derisk

from simulator import resources
from simulator.engines.kernel import run
from simulator.engines.reference import Policy
from simulator.ensemble import Ensemble, Progress, replay, run_ensemble
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import Account, Column
from simulator.report import figures
from simulator.report.run import story
from simulator.report.run.expected import expected, trouble
from simulator.report.run.incidents import Incident, Note, Stalls, happenings
from simulator.report.run.log_spans import MOST_OF_A_MARK, MOST_OF_ONE, Span, spans, tell, tell_some
from simulator.scenario import load_scenario, parse_scenario
from tests.random_plans import CAUSES, random_plan
from tests.test_ensemble import small

NAMES = tuple(f"cause {number}" for number in range(CAUSES))
STUCK = """
schema: 1
name: stuck
cluster: {node: hgx_h100, gpus: 1_024 GPUs, hot_spares: 8 nodes}
job: {work: 10 d}
failures: {gpu: {part: gpu, rate: 500 /kGPU/day}}
recovery: {detection: 1 min, restart: 10 min, repair: 2 h}
checkpoint: {interval: 30 min, tiers: [{to: storage, blocking: 10 s, lag: 2 min, restore: 2 min}]}
run: {replications: 3, horizon: 100_000 d, max_events: 400_000}
"""


@pytest.fixture(scope="module")
def stuck() -> Ensemble:
    return run_ensemble(parse_scenario(STUCK))


def without_words(told: "list[Incident | Stalls | Note]") -> list[tuple[object, ...]]:
    return [
        (one.tick, one.ticks, one.phases, one.fetched, one.lost, one.up, len(one.strikes) + one.untold)
        for one in told
        if isinstance(one, Incident)
    ]


def test_incidents_are_found_as_they_are_told() -> None:
    found = 0
    for seed in range(150):
        plan = random_plan(seed)
        result = run(plan, np.uint64(replication_key(seed, 0)), log=True)
        told = list(happenings(plan, result, NAMES))
        incidents = [one for one in told if isinstance(one, Incident)]
        rows = [Span._make(row) for row in spans(plan, result).tolist()]
        lost = [int(result.log[row.first : row.end, Column.LOST].sum()) for row in rows]
        assert [(row.tick, row.ticks) for row in rows] == [(one.tick, one.ticks) for one in incidents]
        assert lost == [one.lost for one in incidents] and sum(lost) == result.ledger[Account.LOST_WORK]
        assert tell(plan, result, NAMES, most=10**9).happenings == told or any(
            row.end - row.first > MOST_OF_ONE for row in rows
        )
        some = tell_some(plan, result, NAMES, spans(plan, result))
        short = [row.end - row.first <= MOST_OF_A_MARK for row in rows]
        assert [one for one, whole in zip(some, short, strict=True) if whole] == [
            one for one, whole in zip(incidents, short, strict=True) if whole
        ]
        found += len(rows)
    assert found > 1_000


def test_what_is_skipped_counts(stuck: Ensemble) -> None:
    plan, result = replay(stuck.scenario, 0)
    told = list(happenings(plan, result, stuck.causes))
    assert max(row[1] - row[0] for row in spans(plan, result).tolist()) > 2 * MOST_OF_ONE
    bounded = tell(plan, result, stuck.causes, most=10**9)
    assert bounded.records == result.records and bounded.stops_left == 0
    assert without_words(bounded.happenings) == without_words(told)
    assert without_words(tell_some(plan, result, stuck.causes, spans(plan, result))) == without_words(told)


@pytest.mark.parametrize("most", [0, 1, 7, 100, 5_000])
def test_a_bound_leaves_out_the_rest_and_says_how_much(most: int, stuck: Ensemble) -> None:
    for scenario, causes in ((stuck.scenario, stuck.causes), (small(), ("gpu", "network"))):
        plan, result = replay(scenario, 1)
        told = tell(plan, result, causes, most)
        incidents = [one for one in told.happenings if isinstance(one, Incident)]
        assert len(incidents) + told.stops_left == len(spans(plan, result))
        assert told.records <= result.records and (told.records >= min(most, result.records))
        whole = list(happenings(plan, result, causes))
        assert without_words(told.happenings) == without_words(whole)[: len(incidents)]


def test_a_story_of_many_events_has_an_end(stuck: Ensemble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "MOST_READ", 15_000)
    words = story.replay_story(stuck, 0)
    assert len(words) < 200_000 and "more strikes follow." in words
    left = re.search(r"Left out here: ([\d_]+) stops? of the job among ([\d_]+) more events from day \d+ on\.", words)
    assert left is not None and int(left[2]) > 10_000
    plan, result = replay(stuck.scenario, 0)
    assert int(left[1]) == tell(plan, result, stuck.causes, 15_000).stops_left
    assert "The run cannot go on" in words
    assert words.rstrip().endswith("100.00%")


def test_a_timeline_of_many_events_draws_the_longest(stuck: Ensemble) -> None:
    plan, result = replay(stuck.scenario, 0)
    found = figures.timeline(stuck, 0)
    every = spans(plan, result)
    assert f"stops {len(every):,} times" in found.sentence
    marks = found.plot.data[0]
    assert len(marks.x) == min(len(every), 1_200) and "more strikes" in marks.text[0]
    assert max(marks.y) == pytest.approx(every[:, 2].max() / 3.6e9)


@pytest.mark.parametrize("policy", [None, Policy])
def test_a_replay_tells_how_far_it_is(policy: type[Policy] | None) -> None:
    ensemble = run_ensemble(parse_scenario(STUCK.replace("400_000", "25_000")), replications=1, policy=policy)
    told: list[Progress] = []
    assert story.replay_story(ensemble, 0, policy, told.append) == story.replay_story(ensemble, 0, policy)
    done = [progress.done for progress in told]
    assert done == sorted(done) and told[-1].done == told[-1].planned >= 25_000
    assert len(set(done)) >= 2


# Said early


def test_a_job_without_progress_is_told_before_it_is_run(tmp_path: Path) -> None:
    path = tmp_path / "stuck.yaml"
    path.write_text(STUCK.replace("400_000", "2_000"), encoding="utf-8")
    for words in (("check", path), ("run", path, "-o", tmp_path / "runs")):
        told = derisk(*words)
        assert told.exit_code == 0
        assert "hardly makes progress: the job fails every 2.812 min in the mean, and a recovery takes" in told.stderr
    assert "hardly" not in derisk("run", path, "-o", tmp_path / "runs").stderr, "it is reused"
    endless = derisk("check", path, "--set", "failures.gpu.rate=1e9 /kGPU/day")
    assert "every millisecond or less" in endless.stderr
    late = derisk("check", path, "--set", "failures.gpu.rate=5 /kGPU/day", "--set", "run.horizon=11 d")
    assert "theory expects a run time of" in late.stderr and "run.horizon ends a replication after 11 d" in late.stderr
    many = derisk("check", path, "--set", "failures.gpu.rate=0.1 /kGPU/day", "--set", "run.max_events=1")
    assert "1 failures are expected of a replication, and run.max_events is 1" in many.stderr
    never = derisk("check", path, "--set", "failures.gpu.rate=40 /kGPU/day", "--set", "checkpoint.interval=5 d")
    assert "theory expects no end" in never.stderr
    assert derisk("check", path, "--set", "failures.gpu.rate=0.1 /kGPU/day").stderr == ""


def test_a_log_that_takes_its_time_is_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "stuck.yaml"
    path.write_text(STUCK.replace("400_000", "5_000"), encoding="utf-8")
    for module in ("run", "replay"):
        monkeypatch.setattr(importlib.import_module(f"simulator.cli.{module}"), "MANY_EVENTS", 4_000)
    told = derisk("run", path, "-o", tmp_path / "runs").stderr
    assert "writing logs of up to 5_000 events of three replications" in told
    told = derisk("replay", next((tmp_path / "runs").iterdir()), "-r", "0").stderr
    assert "replication 0 has 5_000 events" in told


def test_what_ships_makes_progress() -> None:
    for file in resources.scenario_files():
        if "oracles" not in file.parts:
            scenario = load_scenario(file)
            assert trouble(scenario, expected(scenario)) == "", file
