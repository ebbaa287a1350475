"""Stories from event logs made by hand, and what theory says of a plan whose fields are set by hand."""

import math
from typing import Any

import numpy as np
import pytest

from simulator.compile.compile import compile_plan
from simulator.ensemble import replay
from simulator.numbers import theory
from simulator.numbers.ledger import Kind, Phase
from simulator.numbers.plan import TALLIES, Effect, Odds, Plan, Purpose, Result, Rule, Tally
from simulator.numbers.times import SPEED_SCALE, Family
from simulator.report.run import expected as told
from simulator.report.run.incidents import Incident, happenings
from simulator.report.run.story import _sentence
from simulator.scenario import parse_scenario
from tests.test_cli import CERTAIN
from tests.test_ensemble import small

GPU, NETWORK = 0, 1
MINUTE = 60_000_000  # [ticks]
ALARM = 2**48  # ordinals from here on
TRAINING, DETECTION, DIAGNOSIS, SWAP, WAIT, RESTART, RESTORE = (
    Phase[name] for name in ("TRAINING", "DETECTION", "DIAGNOSIS", "SWAP", "WAIT", "RESTART", "RESTORE")
)


def having(base: Plan, changed: dict[str, Any]) -> Plan:
    """A plan with other fields; of an array the elements that a mapping names, by cause or (cause, column)."""
    for name, value in changed.items():
        if isinstance(value, dict):
            array = getattr(base, name).copy()
            for index, one in value.items():
                array[index] = one
            value = array
        base = base._replace(**{name: value})
    return base


def plan(**changed: Any) -> Plan:
    """The plan of the small scenario with other fields."""
    return having(compile_plan(small()), {"start_up": 0, **changed})


def strike(
    minute: int,
    phase: Phase,
    cause: int = GPU,
    effect: Effect = Effect.STOP,
    *,
    ordinal: int = 0,
    place: int = 3,
    work: int = 1,
    nodes: int = 1,
    lost: int = 0,
) -> list[int]:
    return [minute * MINUTE, Kind.STRIKE, cause, ordinal, place, phase, work, work, effect, nodes, lost * MINUTE]


def ends(minute: int, phase: Phase, kind: Kind = Kind.PHASE_END) -> list[int]:
    return [minute * MINUTE, kind, -1, -1, -1, phase, 1, 1, -1, 0, 0]


def story(plan: Plan, *records: list[int]) -> list[str]:
    """What is told of a log, sentence by sentence."""
    log, none = np.array(records, np.int64), np.zeros(0, np.int64)
    result = Result(Phase.DONE, 0, 0, 0, len(records), none, none, none, none, none, log)
    return [_sentence(happening) for happening in happenings(plan, result, ("gpu", "network"))]


def test_a_corruption_is_told_when_it_begins_and_when_it_is_found() -> None:
    corrupt = plan(effect={GPU: Effect.CORRUPT})
    begins, found = strike(1, TRAINING, effect=Effect.CORRUPT), strike(9, DETECTION, ordinal=ALARM, lost=65)
    rest = [ends(10, DIAGNOSIS), ends(12, SWAP), ends(13, RESTART), ends(17, RESTORE), ends(18, TRAINING)]
    assert story(corrupt, begins, found, *rest) == [
        "gpu (place 3): training is corrupted, and nobody notices.",
        "gpu (place 3) stops the job: a corruption is found, and the job goes back to a checkpoint from before it. "
        "Then: alarm heeded after 1 min, diagnosed in 2 min, nodes swapped in 1 min, restarted in 4 min, "
        "checkpoint loaded in 1 min. "
        "Training again after 9 min; 1 h 5 min of training lost.",
    ]


def test_an_alarm_after_which_nothing_is_left_says_so() -> None:
    corrupt = plan(effect={GPU: Effect.CORRUPT})
    [sentence] = story(corrupt, strike(9, DETECTION, ordinal=ALARM, work=0))
    assert "the job goes back to the start of training." in sentence


def test_an_alarm_that_finds_the_job_down_belongs_to_its_recovery() -> None:
    corrupt = plan(effect={GPU: Effect.CORRUPT})
    [sentence] = story(corrupt, strike(1, DETECTION, NETWORK), strike(2, DETECTION, ordinal=ALARM), ends(3, DIAGNOSIS))
    assert sentence.startswith(
        "network (place 3) stops the job. gpu (place 3): a corruption is found, and the job goes back to a checkpoint"
    )


def test_what_comes_back_after_an_alarm_is_no_alarm() -> None:
    corrupt = plan(effect={GPU: Effect.CORRUPT})
    [sentence] = story(corrupt, strike(9, DETECTION, ordinal=2 * ALARM))
    assert sentence.startswith("After a repair that did not cure, gpu (place 3) stops the job.")


def test_a_relapse_takes_one_node_and_may_follow_a_wrong_diagnosis() -> None:
    relapse = strike(1, DETECTION, ordinal=ALARM)
    assert story(plan(), relapse)[0].startswith("After a repair that did not cure, gpu (place 3) stops the job.")
    errs = plan(odds={(GPU, Odds.BLAMED): 0.1})
    assert story(errs, relapse)[0].startswith("After a diagnosis or repair that failed, gpu (place 3) stops the job.")


def test_a_stop_says_how_many_nodes_it_took() -> None:
    [sentence] = story(plan(), strike(1, DETECTION, nodes=8), strike(2, DETECTION, nodes=1_024, lost=3))
    assert sentence == (
        "gpu (place 3) stops the job and takes 8 nodes. gpu (place 3) strikes while the job is down and takes 1_024 "
        "nodes. Then: unnoticed for 1 min. Still down after 1 min; 3 min of training lost."
    )
    [alone] = story(plan(), strike(1, DETECTION), ends(2, TRAINING))
    assert (
        alone == "gpu (place 3) stops the job. Then: unnoticed for 1 min. Training again after 1 min; no training lost."
    )


def test_stops_that_stop_nothing_are_told_by_what_became_of_them() -> None:
    paths = plan()
    records = [
        strike(1, TRAINING, NETWORK, Effect.SLOW),  # another path carries it
        strike(2, TRAINING, NETWORK, Effect.SLOW, place=-1),  # an element that serves no place
        strike(3, TRAINING, GPU, place=-1),  # on the bench
        strike(4, Phase.STALL, NETWORK, Effect.STALL),
        strike(5, Phase.STALL, GPU, place=-1),  # on the bench, while the job stalls
        ends(6, TRAINING),
    ]
    assert story(paths, *records) == [
        "network (place 3): the job becomes slow; a path of the network is out.",
        "network: the job becomes slow; a path of the network is out.",
        "gpu strikes a spare.",
        "network: a stall of 2 min, absorbed by the network.",
        "gpu strikes a spare.",
    ]


def test_slow_marks_end_as_they_can() -> None:
    def over(plan: Plan, cause: int, place: int = 3) -> str:
        return story(plan, [MINUTE, Kind.SLOW_END, cause, 0, place, TRAINING, 1, 1, -1, 0, 0])[0]

    assert over(plan(), GPU) == "The slow node (place 3) recovers by itself."
    assert over(plan(), GPU, place=-1) == "gpu slows the job no more."
    found = plan(effect={GPU: Effect.SLOW}, laws={(GPU, Purpose.FOUND): (Family.FIXED, 60, 0, 0)})
    assert over(found, GPU) == "The slow node (place 3) is found."
    assert story(found, strike(1, TRAINING, effect=Effect.SLOW, place=-1)) == ["gpu: the job becomes slow."]
    assert story(found, strike(1, TRAINING, effect=Effect.SLOW)) == [
        "gpu (place 3): the node becomes slow, and the job with it."
    ]


def test_a_swap_may_be_a_selection_and_fetched_nodes_are_counted() -> None:
    records = [strike(0, DETECTION), ends(1, DIAGNOSIS), ends(2, WAIT), ends(5, WAIT), ends(8, SWAP), ends(13, RESTART)]
    [sentence] = story(plan(selects=1), *records)
    assert "waited for nodes 6 min, nodes swapped in or selected 5 min. 2 nodes fetched from other jobs." in sentence
    [once] = story(plan(), records[0], records[1], ends(2, SWAP), ends(7, RESTART))
    assert "nodes swapped in 5 min." in once and "fetched" not in once


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "gpu: a repair is over, and what was in it joins the spares."),
        ({"selects": 1}, "gpu: a repair is over, and what was in it is ready again."),
        ({"block": 4}, "gpu: a repair is over, and what was in it is ready again."),
        ({"retire_count": 3}, "gpu: a repair is over."),
        ({"retire_score": np.array([2.0, 60.0])}, "gpu: a repair is over."),
    ],
)
def test_repaired_nodes_go_where_the_plan_lets_them(changed: dict[str, Any], words: str) -> None:
    assert story(plan(**changed), [MINUTE, Kind.RETURN, GPU, 0, -1, TRAINING, 1, 1, -1, 0, 0]) == [words]


EVERYTHING = (
    "cluster.cold_spares=2 nodes",
    "cluster.preemptible=6 nodes",
    "failures.network={part: node, mtbf: 900 h, multipath: 20%, speed: 90%, absorbed: 60%, stall: 8 s}",
    "failures.sdc={part: node, rate: 0.02 /node/day, effect: corrupt, found: {p50: 2 h, p90: 12 h}}",
    "failures.slow={part: node, rate: 0.02 /node/day, effect: slow, speed: {from: 70%, to: 95%}, found: 1 h}",
    "recovery.missed=10%",
    "recovery.blamed=10%",
    "recovery.repair=3 d",
    "job.work=4 d",
)


def test_a_story_tells_what_the_tally_counts() -> None:
    scenario = small(*EVERYTHING)
    seen = np.zeros(TALLIES, np.int64)
    for number in range(3):
        chosen, result = replay(scenario, number, "reference")
        told = list(happenings(chosen, result, tuple(scenario.document.failures.causes)))
        words = "".join(_sentence(happening) for happening in told)
        assert words.count("training is corrupted") == result.tally[Tally.CORRUPTIONS]
        assert words.count("a corruption is found") == result.tally[Tally.ALARMS]
        assert words.count(" stops the job") == result.interruptions.sum()
        fetched = sum(happening.fetched for happening in told if isinstance(happening, Incident))
        assert fetched == result.tally[Tally.PREEMPTIONS]
        seen += result.tally
    assert (seen[[Tally.CORRUPTIONS, Tally.ALARMS, Tally.PREEMPTIONS, Tally.SLOWED, Tally.MISSED]] > 0).all()


# What theory expects


def expectation(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> told.Expected:
    """What is expected of a run that Daly knew, with fields of its plan set by hand."""
    scenario = parse_scenario(CERTAIN)
    base = compile_plan(scenario)
    monkeypatch.setattr(told, "compile_plan", lambda _: having(base, changed))
    return told.expected(scenario)


RATE = 1 / (6 * 3600)


def test_a_slower_pace_and_slow_starts_are_in_the_closed_form(monkeypatch: pytest.MonkeyPatch) -> None:
    found = expectation(monkeypatch, pace=SPEED_SCALE // 2, slow_start=MINUTE)
    run_time = theory.expected_run_time(RATE, 7200, 60, 8 * 60, 60, 24)
    assert found.run_time_days == pytest.approx(run_time / 86_400)
    assert found.recovery_minutes == pytest.approx(9)
    first_order = theory.first_order_ettr(6 * 3600, 9 * 60, 7200, 60)
    assert found.goodput_first_order == pytest.approx(first_order / 2)
    assert found.run_time_leaves_out == []


def test_detection_by_checks_has_its_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    # A third of the checks find it: two in the mean do not, and the failure falls into the middle of a period.
    law = {(0, Purpose.DETECTION): (Family.CHECKS, 60.0, 1 / 3, 0.0)}
    assert expectation(monkeypatch, laws=law).recovery_minutes == pytest.approx(7 + 2.5)
    law = {(0, Purpose.DETECTION): (Family.CHECKS, 60.0, 0.0, 0.0)}
    assert math.isinf(expectation(monkeypatch, laws=law).recovery_minutes)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"rules": {(0, Rule.REBUILD): MINUTE}}, "network stalls"),
        ({"odds": {(0, Odds.MULTIPATH): 0.1}}, "outages in which a slower path carries on"),
        (
            {"rules": {(0, Rule.SLICE): 0}, "slices": np.array([[0, 0, 5]])},
            "outages in which a slower path carries on",
        ),
        ({"effect": {0: Effect.CORRUPT}}, "silent corruption"),
        ({"laws": {(-1, Purpose.SPREAD): (Family.NORMAL_MAXIMUM, 0.01, 0.1, 0)}}, "ranks that are slower than others"),
        ({"block": 4}, "blocks that move to another machine"),
    ],
)
def test_what_the_closed_form_leaves_out_is_said(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], words: str
) -> None:
    assert words in expectation(monkeypatch, **changed).run_time_leaves_out


def test_strikes_are_counted_before_any_layer_absorbs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    found = expectation(monkeypatch, odds={(0, Odds.MULTIPATH): 1.0}, rules={(0, Rule.MASKED): MINUTE})
    assert found.strikes_per_day == {"software": pytest.approx(4)}
