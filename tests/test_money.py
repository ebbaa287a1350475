"""Money: every line of a run without failures by hand, sums, what counts twice, and what is refused."""

import json
import re
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import metrics
from simulator.ensemble import Ensemble, run_ensemble
from simulator.nouns.cost import LINES, PARTS, Cost
from simulator.report import glossary
from simulator.report.run import gate, printed
from simulator.scenario import ScenarioErrors, parse_scenario
from simulator.words.units import UnitError, parse, show
from tests.test_architecture import ROOT
from tests.test_ensemble import SMALL

# 24 h of work and three saves of 2 h: 30 h, a goodput of 0.8, on 128 GPUs and 16 spare ones.
CALM = """
schema: 1
name: calm
cluster: {nodes: 16 nodes, hot_spares: 2 nodes, gpus_per_node: 8 GPUs, peak: {bf16: 1000 TFLOP/s}}
job: {work: 24 h, mfu: 50%}
checkpoint: {interval: 6 h, tiers: [{to: storage, blocking: 2 h, lag: 0 s, restore: 1 min}]}
run: {replications: 3}
"""
BESIDE = {
    "network": "0.10 USD/GPU/h",
    "storage": "{size: 7.3 PB, price: 20 USD/TB/month}",
    "staff": "{people: 10 people, price: 1_200 USD/person/day}",
    "set_up": "{time: 2 d, price: 1_000 USD}",
    "debugging": "{price: 7_300 USD/month}",
}
RENTED = {"gpu": "2 USD/GPU/h", **BESIDE}
OWNED = {"capital": "35_040 USD/GPU", "lifetime": "4 years", "electricity": "0.08 USD/kWh", "power": "1.25 kW/GPU"}
ALL = {**OWNED, "residual": "50%", "pue": "1.2", **BESIDE, "debugging": "{time: 2 h, price: 150 USD/person/h}"}


def ran(prices: dict[str, str], text: str = CALM, *more: str, replications: int | None = None) -> Ensemble:
    overrides = [f"cost.{name}={value}" for name, value in prices.items()]
    return run_ensemble(parse_scenario(text, [*overrides, *more]), replications=replications, twins=False)


def found(ensemble: Ensemble) -> metrics.Money:
    money = metrics.money(ensemble)
    assert money is not None
    return money


def means(lines: tuple[metrics.Line, ...]) -> dict[str, float]:
    return {line.name: line.usd.mean for line in lines}


def cents(amounts: dict[str, float]) -> Any:
    return pytest.approx(amounts, abs=0.005, rel=0)


def test_each_line_of_a_rented_run_by_hand() -> None:
    ensemble = ran(RENTED)
    assert ensemble.table["wall_days"].tolist() == [1.25] * 3 and ensemble.table["goodput"].tolist() == [0.8] * 3
    money = found(ensemble)
    by_clock = {"gpus": 2 * 144 * 30, "network": 0.1 * 144 * 30, "storage": 200 * 30, "staff": 500 * 30}
    before = 48 * (288 + 14.4 + 200 + 500 + 10) + 1_000
    assert means(money.lines) == cents({**by_clock, "set_up": before, "debugging": 10 * 30})
    assert list(means(money.lines)) == ["gpus", "network", "storage", "staff", "set_up", "debugging"]
    assert money.total.mean == pytest.approx(8_640 + 432 + 6_000 + 15_000 + 49_595.2 + 300)
    # A fifth of the time of 128 of 144 GPUs, and all of 16 of them.
    parts = {"goodput_expense": 1_612.80, "spares": 1_008, "set_up": before, "debugging": 300}
    assert means(money.of_which) == cents(parts) and money.goodput_expense.mean == pytest.approx(1_612.8)
    assert money.per_goodput_point.mean == pytest.approx(0.01 * 30_372 / 0.81)
    exaflop = 24 * 3600 * 0.5 * 128 * 1e15 / 1e18
    assert money.per_effective_exaflop is not None
    assert money.per_effective_exaflop.mean == pytest.approx(79_967.2 / exaflop)
    assert money.delay is None and money.total.mc_error == 0


def test_each_line_of_owned_gpus_by_hand() -> None:
    money = found(ran(ALL))
    gpus, power, network = 0.5 * 144 * 30, 1.25 * 1.2 * 0.08 * 144 * 30, 432
    lines = {"gpus": gpus, "power": power, "network": network, "storage": 6_000, "staff": 15_000}
    before = 48 * (0.5 * 144 + 0.12 * 144 + 14.4 + 200 + 500) + 1_000
    assert means(money.lines) == cents({**lines, "set_up": before, "debugging": 0})
    spares, expense = (gpus + power + network) / 9, (gpus + power + network) * 8 / 9 * 0.2
    assert means(money.of_which) == cents(
        {"goodput_expense": expense, "spares": spares, "set_up": before, "debugging": 0}
    )


def test_capital_costs_what_an_equal_rent_costs() -> None:
    owned = ran({"capital": "35_040 USD/GPU", "lifetime": "4 years"}, SMALL, replications=20)
    rented = ran({"gpu": "1 USD/GPU/h"}, SMALL, replications=20)
    pair = [metrics.lines_per_replication(one)["gpus"] for one in (owned, rented)]
    assert np.allclose(pair[0], pair[1], rtol=1e-12)
    half = ran({"capital": "35_040 USD/GPU", "lifetime": "4 years", "residual": "50%"}, SMALL, replications=20)
    assert found(half).total.mean == pytest.approx(found(rented).total.mean / 2)


def test_the_price_of_a_gpu_alone_costs_what_it_always_did() -> None:
    ensemble = ran({"gpu": "2.1 USD/GPU/h"}, SMALL, replications=20)
    price = ensemble.scenario.document.cost.gpu
    assert price is not None
    seconds = ensemble.table["wall_days"].to_numpy() * 86_400.0
    own = metrics.cost_per_replication(ensemble)
    assert own is not None and (own == seconds * 42 * 8 * np.full(20, price.median)).all()
    assert list(means(found(ensemble).lines)) == ["gpus"] and means(found(ensemble).of_which).keys() < PARTS.keys()


def test_lines_sum_to_the_total_in_every_replication_and_nothing_counts_twice() -> None:
    ensemble = ran({**ALL, "delay": "1_000 USD/day"}, SMALL, "failures.gpu.spread=40%", replications=40)
    lines, total = metrics.lines_per_replication(ensemble), metrics.cost_per_replication(ensemble)
    assert total is not None and list(lines) == list(LINES)
    assert np.array_equal(reduce(np.add, lines.values()), total)
    money = found(ensemble)
    assert sum(means(money.lines).values()) == pytest.approx(money.total.mean)
    assert money.total == metrics.cost_usd(ensemble)
    # What GPUs cost is what trained, what did not, and the spares.
    of_gpus = lines["gpus"] + lines["power"] + lines["network"]
    trained = of_gpus * 40 / 42 * ensemble.table["goodput"]
    parts = means(money.of_which)
    assert parts["goodput_expense"] + parts["spares"] == pytest.approx((of_gpus - trained).mean())
    assert money.goodput_expense.mean == parts["goodput_expense"] > 0
    # Two hours of a person for each interruption.
    assert (lines["debugging"] == ensemble.table["interruptions"] * 7200 * (150 / 3600)).all()
    assert lines["debugging"].max() > 0


def test_a_point_of_goodput_is_what_the_same_run_saves_with_one_more() -> None:
    """24 h of work at a goodput of 81 % leave 5.6296 h for three saves."""
    now, then = (found(ran(RENTED, CALM, f"checkpoint.tiers.0.blocking={24 * (1 / g - 1) / 3} h")) for g in (0.8, 0.81))
    assert now.per_goodput_point.mean == pytest.approx(now.total.mean - then.total.mean, rel=1e-6)


def test_an_uncertain_price_is_that_of_the_replication() -> None:
    prices = {"gpu": "{p10: 1 USD/GPU/h, p50: 2 USD/GPU/h, p90: 5 USD/GPU/h}"}
    prices |= {"storage": "{size: {value: 1 PB, spread: 30%}, price: {value: 73 USD/TB/month, spread: 20%}}"}
    ensemble = ran(prices, CALM, replications=30)
    lines, table = metrics.lines_per_replication(ensemble), ensemble.table
    assert np.allclose(lines["gpus"], table["input:cost.gpu"] * 3600 * 144 * 30)
    drawn = table["input:cost.storage.size"] * table["input:cost.storage.price"]
    assert np.allclose(lines["storage"], drawn * 30 * 3600) and table["input:cost.storage.size"].nunique() == 30
    assert found(ensemble).total.sd > 0
    # A price is no reason to draw anything else anew.
    assert table["wall_us"].nunique() == 1


def test_a_drawn_pue_is_never_below_one() -> None:
    prices = {"electricity": "0.10 USD/kWh", "power": "1 kW/GPU", "pue": "{p10: 1.001, p50: 1.2, p90: 1.3}"}
    ensemble = ran(prices, CALM, replications=100)
    factor = metrics.lines_per_replication(ensemble)["power"] / (0.1 * 144 * 30)
    assert ensemble.table["input:cost.pue"].min() < 1 <= factor.min() + 1e-12


def test_flop_that_are_not_known_well_are_those_of_the_replication() -> None:
    ensemble = ran({"gpu": "2 USD/GPU/h"}, CALM, "job.mfu={p10: 30%, p50: 40%, p90: 45%}", replications=20)
    each = found(ensemble).per_effective_exaflop
    exaflop = 86_400 * ensemble.table["input:job.mfu"] * 0.128
    assert each is not None and each.mean == pytest.approx(20 * 8_640 / exaflop.sum())
    assert each.p90 == pytest.approx(np.sort(8_640 / exaflop)[17])
    without = ran({"gpu": "2 USD/GPU/h"}, SMALL, replications=2)
    assert found(without).per_effective_exaflop is None
    known = {name for name in gate.numbers_of(without.scenario) if name.startswith("money.")}
    assert known == {f"money.{path}" for path, _ in gate._numbers(metrics.summarise(without)["money"], "")}
    with pytest.raises(gate.GateError, match="it needs a price and the FLOP of the model"):
        gate.read_gate("money.usd_per_effective_exaflop.p50 > 2").check(without.scenario)


def test_flop_of_predicted_phases_are_bought_at_the_step_that_was_drawn() -> None:
    """A finished run has trained all FLOP of the model, however long its steps turned out to be."""
    text = (Path(__file__).parent / "every_key" / "phases.yaml").read_text(encoding="utf-8")
    ensemble = ran({"gpu": "2 USD/GPU/h"}, text, replications=12)
    flop, table, total = ensemble.scenario.flop(), ensemble.table, metrics.cost_per_replication(ensemble)
    assert "input:job.phases.step_time" in table and (table["outcome"] == "DONE").all()
    each = found(ensemble).per_effective_exaflop
    assert flop is not None and total is not None and each is not None
    assert each.mean == pytest.approx(total.sum() / (12 * flop / 1e18))


def test_the_power_of_a_gpu_is_that_of_its_profile_and_vouched_for() -> None:
    text = CALM.replace("cluster: {", "cluster: {node: hgx_h100, ").replace(", gpus_per_node: 8 GPUs", "")
    scenario = parse_scenario(text, ["cost.electricity=0.08 USD/kWh"])
    power, pue = scenario.document.cost.power, scenario.document.cost.pue
    assert power is not None and power.median == 1400 and not power.assumed and power.path == "cost.power"
    assert pue is not None and pue.median == 1.2 and pue.assumed
    assert scenario.document.cost.lines == ("power",)
    own = parse_scenario(text, ["cost.electricity=0.08 USD/kWh", "cost.power=1.3 kW/GPU"]).document.cost.power
    assert own is not None and own.median == 1300
    # Without a price of energy nothing is filled in.
    assert parse_scenario(text).document.cost == Cost()


def test_a_resolved_scenario_costs_the_same() -> None:
    ensemble = ran({**ALL, "delay": "1_000 USD/day"})
    again = run_ensemble(parse_scenario(ensemble.resolved), twins=False)
    assert again.resolved == ensemble.resolved and metrics.money(again) == metrics.money(ensemble)


def test_capital_takes_the_place_of_a_rent_below_it() -> None:
    scenario = parse_scenario(CALM + "cost: {gpu: 2 USD/GPU/h}\n", ["cost.capital=9 USD/GPU", "cost.lifetime=4 years"])
    assert scenario.document.cost.gpu is None and scenario.document.cost.lines == ("gpus",)


def test_without_a_price_there_is_no_money() -> None:
    ensemble = ran({"delay": "5 USD/day"}, SMALL, "job.start=2027-03-01", "job.deadline=2027-03-02", replications=2)
    for metric in (metrics.money, metrics.cost_usd, metrics.cost_per_replication):
        assert metric(ensemble) is None
    assert metrics.lines_per_replication(ensemble) == {} and metrics.delay_per_replication(ensemble) is not None
    assert "money" not in metrics.summarise(ensemble) and "delay_cost_usd" in metrics.summarise(ensemble)


def test_delay_stands_beside_the_total_and_is_infinite_where_nothing_finishes() -> None:
    dates = ("job.start=2027-03-01", "job.deadline=2027-03-03", "run.horizon=49.5 h")
    ensemble = ran({"gpu": "1 USD/GPU/h", "delay": "7 USD/day"}, SMALL, *dates, replications=60)
    money, late = found(ensemble), metrics.delay_per_replication(ensemble)
    assert late is not None and money.delay is not None and money.delay.usd == metrics.delay_cost_usd(ensemble)
    assert 0 < np.isinf(late).sum() == money.delay.usd.infinite == (ensemble.table["outcome"] != "DONE").sum()
    assert money.total == money.lines[0].usd and money.total.infinite == 0


def test_money_that_bought_no_training_is_infinite_and_said() -> None:
    ensemble = ran({"gpu": "1 USD/GPU/h"}, CALM, "job.start_up=5 d", "run.horizon=3 d")
    assert (ensemble.table["goodput"] == 0).all()
    money = metrics.summarise(ensemble)["money"]
    assert money["usd_per_effective_exaflop"]["p50"] is None and money["usd_per_effective_exaflop"]["unproductive"] == 3
    # One point would have trained as much in no time at all.
    assert money["usd_per_goodput_point"]["mean"] == money["total_usd"]["mean"] == pytest.approx(144 * 72)
    assert money["of_which_usd"]["goodput_expense"]["mean"] == pytest.approx(128 * 72)
    text = printed.as_text(metrics.summarise(ensemble), ensemble.scenario, "calm", None)
    (flop,) = (line.split() for line in text.splitlines() if "an exaFLOP" in line)
    assert " ".join(flop[4:]) == "without end (unbounded) " * 2 + "without end (without end) unknown"


def test_the_summary_has_the_money_with_units_in_its_keys() -> None:
    ensemble = ran(ALL)
    summary = metrics.summarise(ensemble)
    money = summary["money"]
    keys = ["lines_usd", "total_usd", "of_which_usd", "usd_per_effective_exaflop", "usd_per_goodput_point"]
    assert (
        list(money) == keys and list(money["lines_usd"]) == list(LINES) and list(money["of_which_usd"]) == list(PARTS)
    )
    assert money["total_usd"] == summary["cost_usd"]
    assert money["usd_per_effective_exaflop"]["unproductive"] == 0
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    # A gate can ask for each of them, and `derisk explain` knows them.
    known = set(gate.numbers_of(ensemble.scenario))
    assert {f"money.{path}" for path, _ in gate._numbers(money, "")} == {name for name in known if name[:6] == "money."}
    for field in (*(f"lines_usd.{name}" for name in LINES), *(f"of_which_usd.{name}" for name in PARTS), *keys):
        assert glossary.find(f"money.{field}")[0].meaning
    assert gate.read_gate("money.total_usd.p50 > 1").holds(summary) == (True, money["total_usd"]["p50"])


def test_the_answer_tells_lines_by_size_and_what_is_in_them() -> None:
    ensemble = ran(RENTED)
    text = printed.as_text(metrics.summarise(ensemble), ensemble.scenario, "calm", None)
    block = text[text.index("What it costs") : text.index("Where the time went")].splitlines()
    labels = [line[2:].rstrip().split("  ")[0] for line in block[2:] if line and not line.startswith("    ")]
    by_size = ["set-up", "staff", "GPUs", "storage", "network", "debugging", "all together, without delay"]
    assert labels == [*by_size, "an exaFLOP that trained", "a point of goodput"]
    assert [line.split("  ")[2] for line in block if line.startswith("    ") and line[4] != " "] == [
        "goodput expense",
        "spares",
    ]
    assert "cost of the run" in text and "cost of the GPUs" not in text and "79.97k USD" in text
    alone = ran({"gpu": "2 USD/GPU/h"}, replications=2)
    text = printed.as_text(metrics.summarise(alone), alone.scenario, "calm", None)
    assert "cost of the GPUs" in text and "all together" not in text
    none = ran({}, replications=2)
    assert "What it costs" not in printed.as_text(metrics.summarise(none), none.scenario, "calm", None)


@pytest.mark.parametrize(
    ("prices", "fault"),
    [
        ({"gpu": "1 USD/GPU/h", "capital": "1 USD/GPU", "lifetime": "1 year"}, "either rented or owned"),
        ({"gpu": "1 USD/GPU/h", "electricity": "1 USD/kWh"}, "has power and building in it"),
        ({"storage": "{price: 1 USD/TB/month}"}, 'write "size: 20 PB"'),
        ({"set_up": "{time: -1 d}"}, "must not be negative"),
        ({"set_up": "{time: 14 d, price: 5 USD}", "delay": "1 USD/day"}, 'this time costs nothing; write "gpu: 2 USD'),
        ({"set_up": "{time: 1 d}", "debugging": "{price: 9 USD/person/h, time: 1 h}"}, "this time costs nothing"),
        ({"capital": "1 USD/GPU", "lifetime": "0 years"}, "must be above zero"),
        ({"capital": "1 USD/GPU", "lifetime": "1 year", "residual": "110%"}, "must not be above 100%"),
    ],
)
def test_prices_that_contradict_each_other_are_refused(prices: dict[str, str], fault: str) -> None:
    with pytest.raises(ScenarioErrors) as caught:
        parse_scenario(CALM + f"cost: {{{', '.join(f'{name}: {value}' for name, value in prices.items())}}}\n")
    assert fault in str(caught.value)


@pytest.mark.parametrize("price", ["staff: {price: 1 USD/day}", "debugging: {price: 9 USD/month}", "gpu: 1 USD/GPU/h"])
def test_the_time_before_the_run_needs_a_price_that_runs_with_the_clock(price: str) -> None:
    assert "set_up" in parse_scenario(CALM + f"cost: {{set_up: {{time: 14 d}}, {price}}}\n").document.cost.lines


def test_a_month_is_730_hours_below_money_only() -> None:
    assert parse("730 USD/month", "USD/h") == 1 / 3600
    assert parse("20 USD/TB/month", "USD/TB/month") == pytest.approx(20 / 1e12 / (730 * 3600), rel=1e-15)
    assert show(parse("20 USD/TB/month", "USD/TB/month"), "USD/TB/month") == "20 USD/TB/month"
    assert parse("1_200 USD/person/day", "USD/person/h") == parse("50 USD/person/h", "USD/person/h")
    for text, like in (("1 month", "d"), ("3 /GPU/month", "/GPU/day"), ("4 USD/GPU/months", "USD/GPU/h")):
        with pytest.raises(UnitError, match="months differ in length"):
            parse(text, like)


def test_the_examples_of_the_page_are_read() -> None:
    page = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    rented, owned = re.findall(r"^```yaml\n(cost:.*?)^```", page, re.MULTILINE | re.DOTALL)
    text = CALM.replace("cluster: {", "cluster: {node: hgx_h100, ").replace(", gpus_per_node: 8 GPUs", "")
    lines = [parse_scenario(text + example).document.cost.lines for example in (rented, owned)]
    assert lines == [("gpus", "storage", "staff", "set_up", "debugging"), ("gpus", "power", "network")]
    assert all(f"\n| {words.label} |" in page for words in LINES.values())
