"""Scripts: replications whose failures are given, told by the reference engine, and how broken scripts are refused."""

from pathlib import Path

import numpy as np
import pytest

from simulator.compile.script import load_script
from simulator.numbers.plan import Line, Purpose
from simulator.numbers.times import NEVER
from simulator.scenario import ScenarioErrors

HAND = Path(__file__).parent / "oracles" / "hand_cases.yaml"


def write(folder: Path, text: str) -> Path:
    path = folder / "script.yaml"
    path.write_text(text)
    return path


def test_the_cases_worked_out_by_hand_are_read() -> None:
    cases = {case.id: case for case in load_script(HAND)}
    assert len(cases) == 32
    case = cases["15_copies_placed_apart_survive_a_block"]
    plan = case.plan
    assert (plan.work, plan.interval, plan.save, plan.save_storage, plan.storage_every) == (450, 100, 2, 10, 3)
    assert (plan.memory_group, plan.memory_peers, plan.memory_apart, plan.horizon) == (2, 1, 1, NEVER)
    assert plan.script[0].tolist() == [420, 0, 0, 1, 2, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1]
    assert (plan.laws[:, Purpose.RESTART, 1] == 20 / 1e6).all()
    assert case.expect is not None and case.expect["finish"] == 510


def test_a_plan_that_says_nothing_has_the_built_in_defaults(tmp_path: Path) -> None:
    (case,) = load_script(write(tmp_path, "cases: [{id: bare}]"))
    plan = case.plan
    assert (plan.work, plan.interval, plan.save, plan.needed, plan.spares, plan.crews) == (1000, 300, 10, 4, 1, 0)
    assert case.expect is None and plan.script.shape == (0, len(Line))


def test_lines_are_ordered_by_tick_and_cause_and_file(tmp_path: Path) -> None:
    lines = "{at: 9, blast: 0}, {at: 5, cause: 2, blast: 0}, {at: 5, blast: 0}, {at: 5, cause: 2, place: 1}"
    (case,) = load_script(write(tmp_path, f"cases: [{{id: a, script: [{lines}]}}]"))
    assert case.plan.script_order.tolist() == [2, 1, 3, 0]
    assert case.plan.units.shape == (3,) and not case.plan.units.any()
    assert case.plan.script[:, Line.PLACE].tolist() == [-1, -1, -1, 1]
    assert case.plan.script.dtype == case.plan.script_order.dtype == np.int64


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        ("cases: 3", '1:1: is not a script; it needs a list "cases" of {id, plan, script, expect}'),
        ("[]", '1:1: is not a script; it needs a list "cases" of {id, plan, script, expect}'),
        ("", '1:1: is empty; a scenario begins with "schema: 1"'),
        ("cases:\n- 3", "2:3: cases.0: a case is {id, plan, script, expect}"),
        ("cases:\n- {id: a, plan: {wrok: 3}}", "2:18: cases.0.plan.wrok: unknown key; did you mean 'work'?"),
        ("cases:\n- {id: a, plan: {work: x}}", "2:18: cases.0.plan.work: x is not a whole number"),
        ("cases:\n- {id: a, plan: {work: 0}}", "2:18: cases.0.plan.work: 0 must not be below 1"),
        ("cases:\n- {id: a, plan: {overlap: wait}}", "2:18: cases.0.plan.overlap: 'wait' is not one of delay, skip"),
        ("cases:\n- {id: a, script: [{at: 3}]}", "2:20: cases.0.script.0: a stop has a place, an index on the bench, or blast: 0; add one"),  # noqa: E501
        ("cases:\n- {id: a, script: [{at: 3, place: 4}]}", "2:28: cases.0.script.0.place: 4 is no place; the job has places 0 to 3"),  # noqa: E501
        ("cases:\n- {id: a, script: [{at: -3, place: 1}]}", "2:21: cases.0.script.0.at: -3 must not be below 0"),
        ("cases:\n- {id: a, script: [{at: 3, effect: stall}]}", "2:20: cases.0.script.0: a stall has a length; add it"),
        ("cases:\n- {id: a, script: [{place: 1}]}", "2:20: cases.0.script.0.at: missing; write it"),
        ("cases:\n- {id: a, expect: {ledger: {PRODUCTIV: 3}}}", "2:29: cases.0.expect.ledger.PRODUCTIV: unknown key; did you mean 'PRODUCTIVE'?"),  # noqa: E501
        ("defaluts: {}\ncases: []", "1:1: defaluts: unknown key; did you mean 'defaults'?"),
    ],
)  # fmt: skip
def test_a_broken_script_is_told_what_is_wrong(
    text: str, headline: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScenarioErrors) as caught:
        load_script("script.yaml")
    assert [error.headline for error in caught.value.errors] == [f"script.yaml:{headline}"]
