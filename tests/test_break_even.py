"""Break-even: closed forms, dense sweeps, whole numbers, intervals that hold, and ranges without an answer."""

import csv
import io
import json
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from simulator.cli import application
from simulator.ensemble import Cancelled, Ensemble, Progress, run_ensemble
from simulator.numbers.plan import Floats
from simulator.planning import break_even as module
from simulator.planning import goal, progress
from simulator.planning.break_even import BreakEven, Pair, break_even, difference
from simulator.planning.goal import BreakEvenError, Question
from simulator.planning.information import information
from simulator.planning.sensitivity import Sensitivity
from simulator.planning.tornado import tornado
from simulator.report.run.answer import NO_UNCERTAIN_INPUT
from simulator.report.study import sensitivity_sheet
from simulator.report.study.break_even_sheet import as_csv, as_json, as_text, sentence
from simulator.scenario import Scenario, ScenarioErrors, parse_scenario

SMALL = """
schema: 1
name: small
cluster: {nodes: 40 nodes, gpus_per_node: 8 GPUs, hot_spares: 2 nodes}
job: {work: 2 d}
failures:
  gpu: {part: gpu, rate: 8 /kGPU/day, spread: 30%}
recovery: {detection: 1 min, diagnosis: 1 min, cure: 100%, restart: 4 min, repair: {mean: 12 h, shape: 0.5}}
checkpoint: {interval: 10 min, tiers: [{to: storage, blocking: 10 s, lag: 0 s, restore: 2 min}]}
run: {seed: 11, replications: 60}
"""
CALM = """
schema: 1
name: calm
cluster: {nodes: 4 nodes, gpus_per_node: 8 GPUs, hot_spares: 0 nodes}
job: {work: 10 d}
recovery: {detection: 1 min, diagnosis: 1 min, swap: 1 min, restart: 1 min, repair: 1 d, cure: 100%}
checkpoint: {interval: 1 d, tiers: [{to: storage, blocking: 0 s, lag: 0 s, restore: 2 min}]}
cost: {gpu: 2 USD/GPU/h}
"""
PLAIN = SMALL.replace(", spread: 30%", "").replace("seed: 11, ", "seed: 5, ")
BLOCKING = "checkpoint.tiers.0.blocking"


def scenarios(text: str, path: str, *alternative: str, base: tuple[str, ...] = ()) -> Callable[[str], Pair]:
    def pair(value: str) -> Pair:
        own = [*base, f"{path}={value}"]
        return parse_scenario(text, own), parse_scenario(text, [*own, *alternative]) if alternative else None

    return pair


def test_the_work_that_takes_so_long_is_so_long() -> None:
    found = break_even("job.work", scenarios(CALM, "job.work"), ("1 d", "9 d"), Question("finish", "mean", 3.3))
    assert found.value is not None and found.value == pytest.approx(3.3 * 86_400, rel=1e-6)
    assert (found.text == "3.3 d" and found.like == "d") or found.like in ("h", "min", "s")
    # Nothing is random, so the interval is the bracket with which the search ended.
    assert found.interval == pytest.approx((found.value, found.value), rel=3e-3)
    assert found.interval[0] < found.value < found.interval[1] and found.rises
    assert (found.low, found.high) == (86_400.0, 9 * 86_400.0)
    assert found.at_low == pytest.approx(1 - 3.3) and found.at_high == pytest.approx(9 - 3.3)


def test_a_price_at_which_more_gpus_for_less_time_cost_as_much() -> None:
    # Twice the GPUs for 4 days instead of 10 are cheaper, whatever the staff costs; for 6 days they are dearer by 2
    # days of 32 GPUs, and 4 days less of staff make up for that.
    alternative = ("cluster.hot_spares=4 nodes", "job.work=4 d")
    pair = scenarios(CALM, "cost.staff.price", *alternative, base=("cost.staff={price: 1 USD/day}",))
    found = break_even("cost.staff.price", pair, ("0 USD/day", "5_000 USD/day"), Question("cost"))
    assert found.value is None and found.at_low < 0 and found.at_high < 0
    dear = ("cluster.hot_spares=4 nodes", "job.work=6 d")
    found = break_even(
        "cost.staff.price", scenarios(CALM, "cost.staff.price", *dear, base=("cost.staff={price: 1 USD/day}",)),
        ("0 USD/day", "5_000 USD/day"), Question("cost"),
    )  # fmt: skip
    assert found.value is not None and found.value * 86_400 == pytest.approx(2 * 24 * 32 * 2 / 4, rel=1e-6)


def swept(pair: Callable[[str], Pair], values: list[str], column: str, replications: int) -> list[float]:
    differences = []
    for value in values:
        base, other = pair(value)
        assert other is not None
        tables = [run_ensemble(each, replications=replications, twins=False).table for each in (base, other)]
        differences.append(float(np.mean(tables[1][column].to_numpy() - tables[0][column].to_numpy())))
    return differences


def test_it_is_where_a_dense_sweep_crosses() -> None:
    pair = scenarios(SMALL, BLOCKING, "checkpoint.interval=30 min")
    found = break_even(BLOCKING, pair, ("1 s", "121 s"), Question(), replications=40)
    assert found.value is not None and found.crossings == 1 and not found.whole
    seconds = list(range(1, 122, 6))
    differences = swept(pair, [f"{second} s" for second in seconds], "wall_days", 40)
    turn = next(place for place in range(1, len(seconds)) if (differences[place] > 0) != (differences[0] > 0))
    below, above = differences[turn - 1], differences[turn]
    crossing = seconds[turn - 1] + 6 * below / (below - above)
    assert seconds[turn - 1] <= found.value <= seconds[turn]
    assert found.value == pytest.approx(crossing, abs=1.0)
    assert found.interval[0] < found.value < found.interval[1]
    assert found.half_width == pytest.approx((found.interval[1] - found.interval[0]) / 2)
    assert list(found.evaluated) == sorted(found.evaluated)


def test_the_interval_holds_the_crossing_of_many_replications_and_narrows() -> None:
    def found(replications: int, seed: int) -> BreakEven:
        pair = scenarios(SMALL, BLOCKING, "checkpoint.interval=30 min", base=(f"run.seed={seed}",))
        return break_even(BLOCKING, pair, ("1 s", "121 s"), Question(), replications=replications)

    many = found(600, 1000)
    few = [found(30, seed) for seed in range(6)]
    assert many.value is not None
    inside = [each.interval[0] <= many.value <= each.interval[1] for each in few]
    assert sum(inside) >= 4  # of 6 at 95 %: fewer has a probability of 0.2 %
    # Over seeds the widths of many vary from 0.4 to 0.65 of the mean of few.
    assert many.half_width < 0.75 * np.mean([each.half_width for each in few])


def test_whole_numbers_are_searched_as_such() -> None:
    pair = scenarios(SMALL, "cluster.hot_spares")
    tables = {n: run_ensemble(pair(f"{n} nodes")[0], replications=40, twins=False).table for n in range(0, 13)}
    means = {number: float(table["goodput"].mean()) for number, table in tables.items()}
    target = (means[3] + means[4]) / 2
    first = next(number for number in means if means[number] >= target)
    found = break_even("cluster.hot_spares", pair, ("0 nodes", "12 nodes"), Question("goodput", "mean", target),
                       replications=40)  # fmt: skip
    assert found.whole and found.value == first and found.text == f"{first} nodes"
    assert all(value == int(value) for value, _ in found.evaluated)
    assert dict(found.evaluated)[first] == pytest.approx(means[first] - target)


def test_quantiles_of_runs_that_do_not_finish_are_endless() -> None:
    pair = scenarios(SMALL, "failures.gpu.rate", base=("run.horizon=60 h",))
    found = break_even("failures.gpu.rate", pair, ("1 /kGPU/day", "60 /kGPU/day"), Question("finish", "p90", 2.3),
                       replications=40)  # fmt: skip
    assert found.value is not None and math.isinf(found.at_high) and found.at_low < 0 and found.unfinished > 0
    assert "never" in as_text(found, "small", "", None)
    assert json.dumps(as_json(found, "small", "", 11), allow_nan=False)


def test_without_a_crossing_both_ends_are_told() -> None:
    found = break_even("job.work", scenarios(CALM, "job.work"), ("1 d", "9 d"), Question("finish", "mean", 20.0))
    assert found.value is None and found.text == "" and found.crossings == 0 and math.isnan(found.half_width)
    told = sentence(found, "")
    assert "no break-even" in told and "19.00 d less at 24 h" in told.replace("1 d", "24 h") and "11.00 d less" in told


def test_what_does_not_matter_has_no_break_even() -> None:
    pair = scenarios(CALM, "recovery.restart", "recovery.detection=5 min")
    found = break_even("recovery.restart", pair, ("1 min", "9 min"), Question(), replications=10)
    assert found.value is None and "nothing to break even" in sentence(found, "recovery.detection=5 min")


def test_more_than_one_crossing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    # Goodput is best at some interval, and a target below that is met twice.
    pair = scenarios(SMALL, "checkpoint.interval")
    best = float(run_ensemble(pair("12 min")[0], replications=40).table["goodput"].mean())
    found = break_even("checkpoint.interval", pair, ("0.2 min", "300 min"), Question("goodput", "mean", 0.97 * best),
                       replications=40)  # fmt: skip
    assert found.crossings == 2 and found.value is not None and "at 2 places" in sentence(found, "")


def of_law(monkeypatch: pytest.MonkeyPatch, law: Callable[[float], float], path: str, low: str, high: str) -> BreakEven:
    """Return the break-even of a difference that is a given law of the input [d, or nodes]."""
    unit = 86_400.0 if low.endswith("d") else 1.0

    def values(self: object, scenario: Scenario) -> Floats:
        return np.array([law(module.number_at(scenario, path).median / unit)])

    def differ(base: Floats, other: Floats | None, question: Question) -> tuple[float, float]:
        return float(base[0]), 0.0 if math.isfinite(base[0]) else math.nan

    monkeypatch.setattr(module._Search, "_values", values)
    monkeypatch.setattr(module, "difference", differ)
    pair = scenarios(CALM.replace("nodes: 4", "nodes: 64"), path, "recovery.restart=2 min")
    return break_even(path, pair, (low, high), Question("finish", "p90"))


def test_options_that_are_equal_at_the_low_end_have_no_break_even_there(monkeypatch: pytest.MonkeyPatch) -> None:
    found = of_law(monkeypatch, lambda days: max(0.0, days - 4.5), "job.work", "1 d", "9 d")
    assert found.value is None and found.crossings == 0
    told = sentence(found, "x")
    assert "turns from more to less at none" in told and "it is equal at 1 d, 4.500 d more at 9 d" in told


@pytest.mark.parametrize(("after", "words"), [(-1.0, "not above"), (1.0, "not below")])
@pytest.mark.parametrize("at_low", [0.0, math.nan])
def test_the_direction_is_that_of_the_turn_whatever_is_at_the_low_end(
    monkeypatch: pytest.MonkeyPatch, at_low: float, after: float, words: str
) -> None:
    def law(nodes: float) -> float:
        return at_low if nodes < 9 else -after if nodes < 22 else after

    found = of_law(monkeypatch, law, "cluster.hot_spares", "0 nodes", "32 nodes")
    assert found.whole and found.value == 22 and found.crossings == 1 and found.rises == (after > 0)
    told = sentence(found, "x")
    assert told.startswith(
        f"From cluster.hot_spares = 22 nodes on the P90 of the finish with x is {words} that without"
    )
    equal = "not to be told apart, for neither finishes" if math.isnan(at_low) else "equal"
    assert f"With x it is {equal} at 0 nodes" in told
    assert ("both never" in as_text(found, "calm", "x", None)) == math.isnan(at_low)
    continuous = of_law(monkeypatch, lambda days: law(3 * days), "job.work", "1 d", "10 d")
    assert continuous.value == pytest.approx(22 / 3 * 86_400, rel=0.01) and continuous.rises == (after > 0)


def test_where_no_option_finishes_there_is_nothing_to_tell() -> None:
    pair = scenarios(SMALL, "failures.gpu.rate", "recovery.restart=6 min", base=("run.horizon=49 h",))
    found = break_even(
        "failures.gpu.rate", pair, ("40 /kGPU/day", "60 /kGPU/day"), Question("finish", "p90"), replications=10
    )
    assert found.value is None and all(math.isnan(difference) for _, difference in found.evaluated)
    assert "With x it is not to be told apart, for neither finishes" in sentence(found, "x")


def test_a_small_value_is_found_whatever_the_range_is() -> None:
    pair = scenarios(PLAIN, "failures.gpu.rate")
    question = Question("finish", "mean", 2.05)
    found = [
        break_even("failures.gpu.rate", pair, ("x0", high), question, replications=40) for high in ("x1", "x10", "x100")
    ]
    lows, highs = zip(*(each.interval for each in found), strict=True)
    assert max(lows) < min(highs)  # they overlap, all of them
    for each in found:
        assert each.value is not None and each.interval[0] < each.value < each.interval[1]
        ends = [value for value, _ in each.evaluated]
        place = next(number for number, end in enumerate(ends) if end >= each.value)
        assert ends[place] - ends[place - 1] <= 0.01 * each.value * 1.01
        assert each.interval[0] <= ends[place - 1] and ends[place] <= each.interval[1]
        assert abs(each.value / (found[0].value or math.nan) - 1) < 0.3
        assert len(ends) <= module.SCAN + module.MOST


def test_differences_of_goodput_are_points_and_targets_percent() -> None:
    pair = scenarios(SMALL, BLOCKING)
    found = break_even(BLOCKING, pair, ("1 s", "121 s"), Question("goodput", "mean", 0.85), replications=10)
    told = as_text(found, "small", "", None)
    assert "is 85.00%" in told and "points more at 1 s" in told and " points" in told.splitlines()[-5]
    assert "% more" not in told and "% less" not in told


def test_the_cost_is_said_to_be_with_its_delay() -> None:
    late = CALM.replace("work: 10 d", "work: 10 d, start: 2027-03-01, deadline: 2027-03-03").replace(
        "cost: {", "cost: {delay: 1_000 USD/day, "
    )
    # 32 GPUs at 2 USD an hour are 1 536 USD a day, and each day after the third one costs 1 000 USD more.
    target = 5 * 1_536 + 2 * 1_000
    found = break_even("job.work", scenarios(late, "job.work"), ("3 d", "9 d"), Question("cost", "mean", target))
    assert found.value == pytest.approx(5 * 86_400, rel=1e-6)
    assert "the expected cost with its delay is 9.68k USD" in sentence(found, "")
    assert as_json(found, "late", "", 1)["measure"] == "cost_with_delay"
    assert as_csv(found).splitlines()[0] == "value,value_si,difference_cost_with_delay_mean_usd"


def test_differences_and_their_errors_are_those_of_pairs() -> None:
    random = np.random.default_rng(1)
    base = random.normal(10, 3, 400)
    other = base + random.normal(0.5, 0.1, 400)
    found, error = difference(base, other, Question())
    assert abs(found - 0.5) < 4 * error and error == pytest.approx(0.1 / 20, rel=0.2)
    found, error = difference(base, other, Question("finish", "p50"))
    assert abs(found - 0.5) < 4 * error and 0 < error < 0.1
    assert difference(base, None, Question("finish", "mean", 10.0))[0] == pytest.approx(base.mean() - 10)
    endless = np.full(9, math.inf)
    assert math.isnan(difference(endless, endless, Question("finish", "p90"))[0])  # nothing tells them apart
    assert difference(base[:9], endless, Question("finish", "p90"))[0] == math.inf


def test_threads_change_nothing() -> None:
    pair = scenarios(SMALL, BLOCKING, "checkpoint.interval=30 min")
    one, two = (break_even(BLOCKING, pair, ("1 s", "121 s"), Question(), replications=20, threads=n) for n in (1, 2))
    assert one == two


def stop_at(number: int) -> tuple[Callable[[Progress], None], threading.Event]:
    """Return what is told of progress, and a cancel that comes once so many replications are done."""
    cancel = threading.Event()

    def told(progress: Progress) -> None:
        if progress.done >= number:
            cancel.set()

    return told, cancel


def test_a_cancel_keeps_the_values_that_were_tried() -> None:
    def ask(number: int) -> BreakEven:
        progress, cancel = stop_at(number)
        question = Question("finish", "mean", 3.3)
        pair = scenarios(CALM, "job.work")
        return break_even(
            "job.work", pair, ("1 d", "9 d"), question, replications=20, threads=1, progress=progress, cancel=cancel
        )

    whole = ask(10**9)
    assert not whole.interrupted and whole.bracket[0] <= (whole.value or 0.0) <= whole.bracket[1]
    with pytest.raises(Cancelled):
        ask(20)
    some = ask(40)
    assert some.interrupted and some.value is None and len(some.evaluated) == 2 and math.isnan(some.bracket[0])
    told = sentence(some, "")
    assert told.startswith("Stopped early: 2 values of job.work were tried, from 1 d to 3 d, and no break-even of the")
    more = ask(120)
    assert more.interrupted and more.bracket == (3 * 86_400.0, 4 * 86_400.0)
    assert set(more.evaluated) < set(whole.evaluated)
    told = as_text(more, "calm", "", None)
    assert "6 values of job.work were tried" in told and "of the expected finish lies between 3 d and 4 d." in told
    assert as_json(more, "calm", "", 1)["interrupted"] is True and as_json(some, "calm", "", 1)["bracket"] == [None] * 2


def test_questions_without_an_answer_are_refused() -> None:
    def ask(path: str, low: str, high: str, question: Question) -> BreakEven:
        return break_even(path, scenarios(SMALL, path), (low, high), question, replications=10)

    with pytest.raises(BreakEvenError, match="same value"):
        ask("job.work", "1 d", "24 h", Question("finish", "mean", 3.0))
    with pytest.raises(BreakEvenError, match="no price"):
        ask("job.work", "1 d", "2 d", Question("cost", "mean", 3.0))
    with pytest.raises(BreakEvenError, match=r"recovery\.repair is no single number.*recovery\.repair\.mean"):
        ask("recovery.repair", "{mean: 1 h, shape: 0.5}", "{mean: 2 h, shape: 0.5}", Question("finish", "mean", 3.0))
    with pytest.raises(ScenarioErrors, match="did you mean 'work'"):
        ask("job.wrok", "1 d", "2 d", Question("finish", "mean", 3.0))


def test_every_statistic_and_measure_has_words() -> None:
    one = break_even("job.work", scenarios(CALM, "job.work"), ("1 d", "9 d"), Question("finish", "mean", 3.3))
    for measure in goal.MEASURES:
        for statistic in goal.STATISTICS:
            told = as_text(one._replace(measure=measure, statistic=statistic), "calm", "", 80)
            assert measure in told and max(map(len, told.splitlines())) <= 90
            turned = one._replace(measure=measure, statistic=statistic, target=None, whole=True, crossings=1)
            assert sentence(turned, "x=3").startswith("From job.work = 3.3 d on the")
            assert "with x=3 is not below that without" in sentence(turned, "x=3")
    rows = list(csv.reader(io.StringIO(as_csv(one))))
    assert rows[0] == ["value", "value_si", "difference_finish_mean_days"] and len(rows) == 1 + len(one.evaluated)


# What `derisk sensitivity` says with the same words


def of_options(*overrides: str) -> Sensitivity:
    """Return a choice between two restarts, with prices."""
    base = parse_scenario(SMALL, ["cost={gpu: 2 USD/GPU/h, delay: 9 USD/day}", *overrides])
    slow = parse_scenario(SMALL, ["cost={gpu: 2 USD/GPU/h, delay: 9 USD/day}", *overrides, "recovery.restart=5 min"])
    return Sensitivity(tornado(base, 20), information({"base": base, "slow": slow}, 20))


def test_the_worth_of_options_is_told_with_the_delay() -> None:
    found = of_options()
    told = sensitivity_sheet.as_text(found, None)
    assert "has the least expected cost with its delay" in told and "Dollars are the cost with its delay." in told
    content = sensitivity_sheet.as_json(found, 11)["information"]
    assert found.information is not None and content["cost_with_delay_usd"] == list(found.information.usd or ())
    assert content["best_cost_with_delay"] == "base" and "usd" not in content
    assert set(content["worths"][0]) >= {"cost_with_delay_usd", "error_cost_with_delay_usd"}
    head = next(csv.reader(io.StringIO(sensitivity_sheet.as_csv(found))))
    assert head[-2:] == ["worth_cost_with_delay_usd", "worth_error_cost_with_delay_usd"]
    assert "did not finish" not in told


def test_a_best_option_of_runs_that_were_cut_off_is_warned_of() -> None:
    found = of_options("run.horizon=49 h")
    assert found.information is not None
    best = found.information.options.index(found.information.best_usd or "")
    unfinished = found.information.unfinished[best]
    assert unfinished > 2
    told = sensitivity_sheet.as_text(found, None)
    assert (
        f"beware: {unfinished} of 20 runs of it did not finish; they are cut off at the horizon and cost less" in told
    )


def test_where_nothing_varies_no_share_of_it_is_chance() -> None:
    certain = sensitivity_sheet.as_text(Sensitivity(tornado(parse_scenario(CALM), 20)), None)
    assert "chance changes little or nothing" in certain and "100%" not in certain
    assert "The run time hardly varies, if at all: the finish is the same from P10 to P90." in certain
    priced = parse_scenario(CALM, ["cost.gpu={value: 2 USD/GPU/h, spread: 20%}"])
    uncertain = sensitivity_sheet.as_text(Sensitivity(tornado(priced, 20)), None)
    assert "The run time does not vary: there is nothing to come from inputs or from chance." in uncertain
    chance = sensitivity_sheet.as_text(Sensitivity(tornado(parse_scenario(PLAIN), 20)), None)
    assert chance.count(NO_UNCERTAIN_INPUT) == 1 and "100%" not in chance


# The command


def derisk(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(application, ["break-even", *(str(word) for word in words)])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_finds_a_break_even(file: Path, tmp_path: Path) -> None:
    written = tmp_path / "result.csv"
    words = (file, "--input", BLOCKING, "--between", "x0.1", "x10", "--with", "checkpoint.interval=30 min", "-n", 20)
    code, told, _ = derisk(*words, "-o", written)
    assert code == 0 and f"At {BLOCKING} = " in told and "95 % interval" in told and "is the same as without" in told
    content = json.loads(derisk(*words, "--json", "--seed", 11)[1])
    assert content["schema"] == 1 and content["unit"] == "days" and content["low"] == 1.0 and content["high"] == 100.0
    assert len(content["evaluated"]) == len(written.read_text(encoding="utf-8").splitlines()) - 1
    assert content["sentence"] in told


def test_the_command_meets_a_target(file: Path) -> None:
    words = (file, "--input", "cluster.hot_spares", "--between", "0 nodes", "9 nodes", "-n", 20)
    code, told, _ = derisk(*words, "--target", "goodput.p50=85%")
    assert code == 0 and "goodput" in told


def test_the_command_keeps_what_was_tried_when_it_is_interrupted(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, whole = [], progress.run_ensemble

    def until_the_fourth(scenario: Scenario, **more: Any) -> Ensemble:
        calls.append(scenario.name)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return whole(scenario, **more)

    monkeypatch.setattr(progress, "run_ensemble", until_the_fourth)
    written = tmp_path / "result.csv"
    words = (file, "--input", "job.work", "--between", "1 d", "9 d", "--target", "finish=3 d", "-n", 10, "-o", written)
    code, told, error = derisk(*words)
    assert code == 130 and "Stopped early: 3 values of job.work were tried" in told
    assert "interrupted; 3 values that were tried are kept" in error
    assert len(written.read_text(encoding="utf-8").splitlines()) == 1 + 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--input", "run.seed", "--target", "finish=3 d"), "run.seed: all values and options have the same seed"),
        (("--input", "run.replications", "--target", "finish=3 d"), "number of replications; write -n"),
        (("--input", "job.work", "--with", "run.seed=3"), "run.seed: all values and options have the same seed"),
    ],
)
def test_seed_and_replications_are_no_inputs(file: Path, words: tuple[str, ...], told: str) -> None:
    code, _, error = derisk(file, "--between", "1 d", "9 d", *words)
    assert code == 2 and told in " ".join(error.replace("│", " ").split())


@pytest.mark.parametrize(
    ("words", "code", "remedy"),
    [
        ((), 2, "one of the two"),
        (("--target", "finish.p90=60 d", "--with", "job.work=3 d"), 2, "one of the two"),
        (("--target", "finish=60"), 2, 'write "60 d"'),
        (("--target", "finish.p90"), 2, "gives no value"),
        (("--target", "goodput=90"), 2, "a goodput of 90 cannot be; write 90%"),
        (("--target", "goodput=110%"), 2, "it lies from 0% to 100%"),
        (("--target", "finish.p90=-3 d"), 2, "write a target above zero"),
        (("--target", "finsh=60 d"), 2, "did you mean 'finish'"),
        (("--target", "finish.p95=60 d"), 2, "p90"),
        (("--target", "cost=3 USD"), 2, "cost.gpu"),
        (("--with", "job.work"), 2, "write 'job.work=VALUE'"),
        (("--with", "job.wrok=3 d"), 3, "did you mean 'work'"),
        (("--target", "finish=60 d", "-o", "result.png"), 2, ".csv or .json"),
    ],
)
def test_mistakes_are_told_with_a_remedy(file: Path, words: tuple[str, ...], code: int, remedy: str) -> None:
    found, _, told = derisk(file, "--input", "cluster.hot_spares", "--between", "1 node", "9 nodes", *words)
    assert found == code and remedy in " ".join(told.replace("│", " ").split())


def test_scenarios_of_the_helpers_are_valid() -> None:
    assert isinstance(parse_scenario(SMALL), Scenario) and isinstance(parse_scenario(CALM), Scenario)
