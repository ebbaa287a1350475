"""Ensembles: one answer for any number of threads, chunks and shards, and for both engines; stopping and cancelling."""

import os
import re
import signal
import threading
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.ensemble import WHOLE, Cancelled, Progress, Shard, ShardError, merge, run_ensemble
from simulator.ensemble.crew import Crew
from simulator.ensemble.estimates import half_width, interval_ranks, quantile, ratio
from simulator.ensemble.replicator import TWINS, Chunk, Replicator
from simulator.ensemble.stopping import FIRST_ROUND, Precision, next_target
from simulator.ensemble.table import missing
from simulator.numbers.ledger import Account
from simulator.scenario import Scenario, parse_scenario

SMALL = """
schema: 1
name: small
cluster: {nodes: 40 nodes, hot_spares: 2 nodes}
job: {work: 2 d}
failures:
  gpu: {part: gpu, rate: 4 /kGPU/day, spread: 40%}
  network: {part: node, mtbf: 900 h, law: weibull, shape: 0.8, age: 10 d, absorbed: 80%, stall: 8 s}
recovery: {detection: {p50: 1 min, p90: 8 min}, diagnosis: 2 min, swap: 30 s, restart: 4 min, repair: {mean: 12 h, shape: 0.5}, cure: 90%}
checkpoint:
  interval: 10 min
  tiers: [{to: host_memory, blocking: 5 s, restore: 20 s, peers: 1}, {to: storage, every: 3, blocking: 5 s, lag: 5 min, restore: 2 min}]
run: {seed: 11, replications: 60}
"""  # noqa: E501
CERTAIN = ("failures.gpu.spread=0%",)
CALM = re.sub(r"failures:\n(  .*\n)+", "", SMALL)  # nothing fails


def small(*overrides: str) -> Scenario:
    return parse_scenario(SMALL, list(overrides))


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.parametrize("overrides", [(), CERTAIN], ids=["uncertain", "certain"])
def test_threads_and_chunks_do_not_change_the_answer(overrides: tuple[str, ...]) -> None:
    whole = run_ensemble(small(*overrides), threads=1).table
    for threads, chunk in [(2, None), (3, 1), (2, 7), (1, 1000)]:
        same(run_ensemble(small(*overrides), threads=threads, chunk=chunk).table, whole)


@pytest.mark.parametrize("overrides", [(), CERTAIN], ids=["uncertain", "certain"])
def test_both_engines_fill_the_same_table(overrides: tuple[str, ...]) -> None:
    kernel, reference = (run_ensemble(small(*overrides), replications=6, engine=e) for e in ("kernel", "reference"))
    same(kernel.table, reference.table)
    assert (kernel.engine, reference.engine) == ("kernel", "reference")


def test_a_users_policy_decides_in_the_reference_engine() -> None:
    from simulator.engines.reference import JobView, Policy

    class Seldom(Policy):
        def interval(self, job: JobView) -> int:
            return 10 * job.plan.interval

    ruled, own = (run_ensemble(small(), replications=4, engine="reference", policy=p) for p in (None, Seldom))
    assert own.engine == "reference" and own.policy.startswith("Seldom+")
    assert (own.table["checkpoint_save_us"] < ruled.table["checkpoint_save_us"]).all()


def test_replications_are_numbered_and_keep_what_they_are() -> None:
    few, many = (run_ensemble(small(), replications=number).table for number in (5, 20))
    assert many["replication"].tolist() == list(range(20))
    same(few, many.head(5))


def test_every_ledger_sums_to_the_clock() -> None:
    table = run_ensemble(small()).table
    ledger = sum(table[f"{account.name.lower()}_us"] for account in Account)
    assert (ledger == table["wall_us"]).all()
    days = sum(table[f"{account.name.lower()}_days"] for account in Account)
    assert np.allclose(days, table["wall_days"], rtol=1e-12)


def test_the_table_counts_what_the_causes_did() -> None:
    table = run_ensemble(small()).table
    assert (table["failures"] == table["failures_gpu"] + table["failures_network"]).all()
    assert (table["interruptions"] <= table["failures"]).all() and table["failures"].sum() > 0
    seen = table["nodes_out_seen"]
    assert (seen.map(sum) == table["failures"]).all()
    first = seen[0]
    assert table["nodes_out_of_service"][0] == pytest.approx(sum(n * c for n, c in enumerate(first)) / sum(first))


def test_an_uncertain_input_has_a_column_and_a_certain_one_has_none() -> None:
    scenario = small()
    table = run_ensemble(scenario, replications=3).table
    drawn = [scenario.draw_inputs(11, replication)["failures.gpu.rate"] for replication in range(3)]
    assert table["input:failures.gpu.rate"].tolist() == drawn
    assert np.isfinite(table["twin_goodput"]).all() and (table["twin_goodput"] != table["goodput"]).all()
    certain = run_ensemble(small(*CERTAIN), replications=3).table
    assert not [name for name in certain if name.startswith(("input:", "twin_"))]


@pytest.mark.parametrize("text", [SMALL, SMALL.replace(", spread: 40%", "")], ids=["uncertain", "certain"])
def test_a_table_of_today_lacks_nothing_and_an_older_one_is_told_what(text: str) -> None:
    ensemble = run_ensemble(parse_scenario(text), replications=3)
    assert missing(ensemble.scenario, ensemble.table) == ()
    nothing = missing(ensemble.scenario, pd.DataFrame())
    assert set(nothing) == set(ensemble.table) - {"mfu_end_to_end"}  # where no MFU is known there is none


def test_only_the_first_replications_have_a_twin() -> None:
    table = run_ensemble(small("job.work=1 h"), replications=TWINS + 5).table
    assert table["twin_goodput"].notna().tolist() == [True] * TWINS + [False] * 5


def test_a_seed_given_here_is_the_scenarios() -> None:
    ensemble = run_ensemble(small(), seed=5, replications=4)
    assert (ensemble.seed, ensemble.replications, ensemble.planned) == (5, 4, 4)
    same(ensemble.table, run_ensemble(small("run.seed=5", "run.replications=4")).table)
    assert parse_scenario(ensemble.resolved).seed == 5


# Shards


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_shards_merge_to_one_run(of: int) -> None:
    whole = run_ensemble(small(), replications=20)
    shards = [run_ensemble(small(), replications=20, shard=Shard(index, of)) for index in range(1, of + 1)]
    merged = merge(shards[::-1])
    same(merged.table, whole.table)
    assert merged.shard == WHOLE and merged.resolved == whole.resolved


def test_blocks_of_shards_cover_every_replication_once() -> None:
    for replications, of in [(10, 3), (7, 7), (1000, 13)]:
        blocks = [Shard(index, of).block(replications) for index in range(1, of + 1)]
        assert [end for _, end in blocks[:-1]] == [begin for begin, _ in blocks[1:]]
        assert (blocks[0][0], blocks[-1][1]) == (0, replications)


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "1/0", "-1/2", ""])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ShardError):
        Shard.parse(text)


def test_shards_that_do_not_make_one_run_are_refused() -> None:
    one, two = (run_ensemble(small(), replications=8, shard=Shard(index, 2)) for index in (1, 2))
    other = run_ensemble(small(), replications=8, seed=3, shard=Shard(2, 2))
    for shards, words in [
        ([], "nothing"),
        ([one], "missing: 2/2"),
        ([one, two, two], "twice"),
        ([one, other], "seeds"),
    ]:
        with pytest.raises(ShardError, match=words):
            merge(shards)
    with pytest.raises(ShardError, match="empty"):
        run_ensemble(small(), replications=2, shard=Shard(1, 3))
    with pytest.raises(ShardError, match="stop rule"):
        run_ensemble(small("run.stop.half_width=1 h"), shard=Shard(1, 2))


# The stop rule


def test_it_stops_when_the_quantile_is_known_as_precisely_as_asked() -> None:
    overrides = ["run.stop.quantity=finish", "run.stop.half_width=1 h", "run.stop.max=4000"]
    one, two = (run_ensemble(small(*overrides), threads=number, chunk=chunk) for number, chunk in [(1, 50), (2, None)])
    same(one.table, two.table)
    assert FIRST_ROUND < one.replications < 4000
    assert one.precision is not None and one.precision.reached and one.precision.found <= 3600
    finish = np.sort(one.table["finish_days"]) * 86_400
    assert one.precision.found == pytest.approx(half_width(finish, 0.9))


def test_it_says_when_the_cap_comes_first() -> None:
    overrides = ["run.stop.quantity=goodput", "run.stop.half_width=0.0001%", "run.stop.max=300"]
    ensemble = run_ensemble(small(*overrides))
    assert ensemble.replications == 300
    assert ensemble.precision is not None and not ensemble.precision.reached


def test_a_number_of_replications_replaces_the_stop_rule() -> None:
    ensemble = run_ensemble(small("run.stop.half_width=1 h"), replications=3)
    assert ensemble.replications == 3 and ensemble.precision is None


def test_rounds_grow_within_bounds() -> None:
    def after(found: float) -> int:
        return next_target(1000, 5000, Precision("finish", 0.9, 1.0, found))

    assert [after(found) for found in (1.01, 1.2, 1.25, 5.0, np.inf)] == [1250, 1440, 1563, 2000, 2000]
    assert next_target(4000, 5000, Precision("finish", 0.9, 1.0, np.inf)) == 5000


def test_the_interval_of_a_quantile_covers_it_as_often_as_it_says() -> None:
    dice = np.random.default_rng(20)
    trials, count = 4000, 150
    low, high = interval_ranks(count, 0.9)
    samples = np.sort(dice.exponential(size=(trials, count)), axis=1)
    true = -np.log(0.1)
    covered = ((samples[:, low - 1] <= true) & (true <= samples[:, high - 1])).mean()
    from scipy.stats import binom

    expected = binom.cdf(high - 1, count, 0.9) - binom.cdf(low - 1, count, 0.9)
    assert expected >= 0.95
    assert abs(covered - expected) / np.sqrt(expected * (1 - expected) / trials) < 4


def test_an_interval_that_nothing_bounds_is_infinite() -> None:
    assert half_width(np.arange(10.0), 0.9) == np.inf
    assert half_width(np.array([1.0] * 50 + [np.inf] * 50), 0.9) == np.inf
    assert half_width(np.array([1.0] * 99 + [np.inf]), 0.5) == 0.0
    assert half_width(np.zeros(0), 0.9) == np.inf


def test_quantiles_are_order_statistics() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, np.inf, np.inf, np.inf, np.inf, np.inf, np.inf])
    assert [quantile(values, share) for share in (0.1, 0.4, 0.41, 0.9)] == [1.0, 4.0, np.inf, np.inf]
    assert quantile(np.arange(1.0, 101.0), 0.07) == 7.0


def test_the_error_of_a_ratio_is_what_repetition_shows() -> None:
    dice = np.random.default_rng(21)
    found = []
    for _ in range(2000):
        below = dice.gamma(4.0, 1.0, 200)
        found.append(ratio(0.3 * below + dice.normal(0.0, 0.2, 200), below))
    ratios, errors = np.array(found).T
    assert abs(ratios.mean() - 0.3) / (ratios.std() / np.sqrt(2000)) < 4
    assert ratios.std() / errors.mean() == pytest.approx(1.0, abs=4 / np.sqrt(2 * 2000))


# Cancelling


class Slow:
    """A worker whose replications take a moment; `on` is called in its thread before each chunk."""

    def __init__(self, on: Any) -> None:
        self.on = on

    def chunk(self, first: int, count: int, world: Any) -> tuple[Chunk, Any]:
        self.on(first)
        rows = np.arange(first, first + count)
        return Chunk(first, rows, rows, rows, rows, rows, rows, rows, [], rows, rows, rows), world


def numbers(chunks: list[Chunk]) -> list[int]:
    return [int(number) for chunk in chunks for number in chunk.finish]


def test_a_cancel_keeps_what_is_done_in_one_piece() -> None:
    cancel, gate = threading.Event(), threading.Event()

    def on(first: int) -> None:
        if first == 3:
            gate.wait(5)  # the fourth is late, others overtake it
        if first == 10:
            cancel.set()
            gate.set()

    crew = Crew(Slow(on), threads=2, chunk=1, cancel=cancel)
    done = numbers(crew.through(0, 100))
    assert done == list(range(len(done))) and 11 <= len(done) < 100
    assert crew.stopped and not crew.from_keyboard


def test_a_gap_ends_what_counts() -> None:
    cancel = threading.Event()

    def on(first: int) -> None:
        if first == 2:
            cancel.set()
            raise SystemExit

    crew = Crew(Slow(on), threads=1, chunk=1, cancel=cancel)
    with pytest.raises(SystemExit):
        crew.through(0, 10)


def test_ctrl_c_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_ensemble(small(), replications=50).table
    simulate = Replicator.chunk

    def chunk(self: Replicator, first: int, count: int, world: Any) -> tuple[Chunk, Any]:
        if first == 20:
            os.kill(os.getpid(), signal.SIGINT)
        if first >= 20:
            time.sleep(0.5)  # long enough for the signal to be heard on a busy machine
        return simulate(self, first, count, world)

    monkeypatch.setattr(Replicator, "chunk", chunk)
    ensemble = run_ensemble(small(), replications=50, threads=2, chunk=1)
    assert ensemble.interrupted and 20 <= ensemble.replications < 50
    same(ensemble.table, whole.head(ensemble.replications))


def test_ctrl_c_before_anything_is_done_passes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def through(self: Crew, first: int, end: int) -> list[Chunk]:
        self.stopped = self.from_keyboard = True
        return []

    monkeypatch.setattr(Crew, "through", through)
    with pytest.raises(KeyboardInterrupt):
        run_ensemble(small())


def test_a_cancel_before_anything_is_done_says_so() -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        run_ensemble(small(), cancel=cancel)


def test_what_goes_wrong_in_a_thread_is_raised_here() -> None:
    def on(first: int) -> None:
        if first == 4:
            raise ZeroDivisionError("in a thread")

    with pytest.raises(ZeroDivisionError, match="in a thread"):
        Crew(Slow(on), threads=2, chunk=1).through(0, 50)


def test_progress_reaches_the_end() -> None:
    told: list[Progress] = []
    Crew(Slow(lambda first: time.sleep(0.01)), threads=2, chunk=1, progress=told.append).through(0, 60)
    assert told[-1] == Progress(60, 60, 0.0)
    assert len(told) > 1 and all(progress.planned == 60 for progress in told)
    assert [progress.done for progress in told] == sorted(progress.done for progress in told)
