"""Counts beside failures, on their way from the engines to the user: table, summary, printed answer, words."""

import math
from typing import Any

import numpy as np
import pytest

from simulator import metrics
from simulator.ensemble import Ensemble, replay, run_ensemble
from simulator.ensemble.estimates import estimate
from simulator.ensemble.measures import INTERVENTIONS
from simulator.ensemble.replicator import Chunk
from simulator.ensemble.table import table, tally_column
from simulator.numbers.ledger import Account, Outcome
from simulator.numbers.plan import TALLIES, Tally
from simulator.report import glossary
from simulator.report.run import answer
from simulator.report.run import printed as whole
from simulator.report.words import ACCOUNTS, COUNTS
from tests.test_ensemble import CERTAIN, small
from tests.test_metrics import made

NAMES = [tally_column(count) for count in Tally]
DAY = 86_400_000_000  # [ticks]


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return run_ensemble(small(), replications=6)


def chunk(first: int, tally: list[list[int]], days: list[int]) -> Chunk:
    """Replications of the scenario `small(*CERTAIN)`, of which only counts and the wall clock matter."""
    count = len(days)
    causes, wall = np.zeros((count, 2), np.int64), np.array(days, np.int64) * DAY
    ledger = np.zeros((count, len(Account)), np.int64)
    ledger[:, Account.PRODUCTIVE] = wall
    return Chunk(
        first, np.full(count, Outcome.DONE), wall, wall, ledger, causes, causes, np.array(tally, np.int64),
        out_seen=[np.zeros(0, np.int64)] * count, inputs=np.zeros((count, 0)), mfu=np.full(count, math.nan),
        twin=np.full((count, 3), -1),
    )  # fmt: skip


def test_chunks_join_to_columns_in_the_order_of_the_members() -> None:
    rows = np.arange(3 * TALLIES).reshape(3, TALLIES)
    joined = table(small(*CERTAIN), [chunk(0, rows[:2].tolist(), [2, 4]), chunk(2, rows[2:].tolist(), [5])])
    assert np.array_equal(joined[NAMES].to_numpy(), rows)
    assert all(joined[name].dtype == np.int64 for name in NAMES)
    hands = joined["manual_repairs"] + joined["vendor_repairs"] + joined["blocks"]
    assert joined["interventions_per_day"].tolist() == (hands / [2, 4, 5]).tolist()


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_the_table_holds_what_an_engine_counted(ensemble: Ensemble, engine: Any) -> None:
    found = ensemble.table if engine == "kernel" else run_ensemble(small(), replications=6, engine=engine).table
    for number in range(6):
        _, result = replay(ensemble.scenario, number, engine)
        assert found.loc[number, NAMES].tolist() == result.tally.tolist()
    assert found["swaps"].sum() > 0 and found["repairs"].sum() > 0


# Metrics


def test_every_count_is_an_estimate_of_its_column(ensemble: Ensemble) -> None:
    counts = metrics.counts(ensemble)
    assert list(counts) == list(Tally)
    for count, found in counts.items():
        assert found == estimate(ensemble.table[tally_column(count)].to_numpy(dtype=np.float64))
    summary = metrics.summarise(ensemble)
    assert list(summary["counts"]) == NAMES
    assert summary["counts"]["repairs"]["mean"] == ensemble.table["repairs"].mean()


def test_interventions_are_hands_and_vendors_and_blocks_over_all_days(ensemble: Ensemble) -> None:
    columns = {name: [0, 0, 0] for name in NAMES} | {"wall_days": [10.0, 10.0, 20.0], "swaps": [99, 99, 99]}
    columns |= {"manual_repairs": [4, 6, 8], "vendor_repairs": [1, 0, 2], "blocks": [0, 1, 2]}
    one = made(ensemble, **columns, interventions_per_day=[0.5, 0.7, 0.6])
    found = metrics.interventions_per_day(one)
    assert found.mean == 24 / 40 == 0.6
    # Residuals 5 - 6, 7 - 6, 12 - 12: Cochran's error is sqrt(2 / (3 x 2)) over a mean of 40/3 days.
    assert found.mc_error == pytest.approx(math.sqrt(2 / 6) / (40 / 3))
    assert (found.p10, found.p50, found.p90, found.sd) == (0.5, 0.6, 0.7, pytest.approx(0.1))
    assert {tally_column(count) for count in INTERVENTIONS} == {"manual_repairs", "vendor_repairs", "blocks"}


def test_other_counts_are_no_interventions(ensemble: Ensemble) -> None:
    others = {tally_column(count): [7] * 6 for count in Tally if count not in INTERVENTIONS}
    one = made(ensemble, **others, **{tally_column(count): [0] * 6 for count in INTERVENTIONS})
    assert metrics.interventions_per_day(one)[0] == 0.0


# The printed answer


def printed(ensemble: Ensemble, **columns: list[float]) -> str:
    """The block of counts in the printed answer, where all counts but those given are zero."""
    length = len(next(iter(columns.values())))
    zeros = {name: [0] * length for name in [*NAMES, "interventions_per_day"]}
    summary = metrics.summarise(made(ensemble, **zeros | columns))
    words = whole.as_text(summary, ensemble.scenario, "small.yaml", None)
    return words.partition("What was absorbed")[2].partition("\n\n")[0]


def test_the_answer_tells_only_what_happens(ensemble: Ensemble) -> None:
    block = printed(ensemble, stalls=[1, 2, 6], repairs=[2000, 3000, 4000], manual_repairs=[0, 0, 0])
    head, *lines = block.splitlines()[1:]
    assert " ".join(head.split()) == "(95 % interval) P10 P50 P90 mean, with its Monte Carlo error"
    assert [" ".join(line.split()) for line in lines] == [
        "outages that the network got over 1 (up to 6) 2 (unbounded) 6 (from 1) 3 ± 1.5",
        "repairs 2000 (up to 4000) 3000 (unbounded) 4000 (from 2000) 3000 ± 577",
    ]


def test_the_answer_has_no_block_where_nothing_happens(ensemble: Ensemble) -> None:
    assert printed(ensemble, stalls=[0, 0, 0]) == ""


def test_interventions_are_told_a_day(ensemble: Ensemble) -> None:
    columns = {
        "repairs": [4, 4],
        "manual_repairs": [2, 2],
        "wall_days": [4.0, 4.0],
        "interventions_per_day": [0.5, 0.5],
    }
    *_, last = printed(ensemble, **columns).splitlines()
    assert (
        " ".join(last.split())
        == "interventions of operators, a day 0.500 (up to 0.500) 0.500 (unbounded) 0.500 (from 0.500) 0.500 ± 0"
    )


def test_what_seldom_finishes_is_said_in_a_sentence(ensemble: Ensemble) -> None:
    one = made(ensemble, finish_days=[2.0, np.inf, np.inf, 2.5, np.inf, 2.5, np.inf])
    sentence = answer.sentence(metrics.summarise(one), ensemble.scenario)
    assert sentence.startswith(
        "It finishes in fewer than half of the replications, P10 48.00 h (unbounded), P90 never (never), at a goodput"
    )


def test_a_part_is_told_below_the_whole_that_it_is_of() -> None:
    parts = {"REBUILDS": "STALLS", "ALARMS": "CORRUPTIONS", "CHECKPOINTS_LOST": "CORRUPTIONS", "TRAYS": "SWAPS"}
    parts |= dict.fromkeys(("CURES", "MANUAL_REPAIRS", "VENDOR_REPAIRS"), "REPAIRS")
    whole, found = "", {}
    for count, words in COUNTS.items():
        if words.label.startswith("  "):
            found[count.name] = whole
        else:
            whole = count.name
    assert found == parts


def test_every_count_and_every_account_has_words() -> None:
    assert set(COUNTS) == set(Tally) and set(ACCOUNTS) == set(Account)
    for name in NAMES:
        assert any(entry.field == f"counts.{name}" for entry in glossary.find(name))
    assert glossary.find("EVALUATION")[0].kind == "account"
    assert len({words.label for words in COUNTS.values()}) == TALLIES
