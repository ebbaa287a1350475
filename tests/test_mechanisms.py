"""What is rare and hidden, worked out by hand: silent corruption, pools, blocks, pace, layers, diagnoses that err.

Times are ticks. Without laws of its own everything in a sketch takes no time, so that what remains is one mechanism.
"""

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from strategies import NEVER, Cause, Law, Sketch, plan_of
from test_engines import tell_twice

from simulator.engines.kernel import run, run_batch
from simulator.numbers import theory
from simulator.numbers.chance import replication_key, uniform
from simulator.numbers.durations import budget
from simulator.numbers.ledger import Account, Column, Kind, Outcome
from simulator.numbers.plan import Effect, Odds, Plan, Purpose, Result, Rule, Tally
from simulator.numbers.times import SPEED_SCALE, Family
from tests.oracles import closed_forms

SEED = 4_404
KEY = replication_key(SEED, 0)
STOP, SLOW, CORRUPT = (int(effect) for effect in (Effect.STOP, Effect.SLOW, Effect.CORRUPT))
REPAIR: dict[str, Law] = {"REPAIR": ("FIXED", 10_000, 0)}


def scripted(*lines: dict[str, int], laws: dict[str, Law] | None = None, **givens: Any) -> Plan:
    """A job of four nodes, 1,000 ticks of work and a save every 100, to which happens what the lines say."""
    plain = {name: givens.pop(name) for name in list(givens) if name not in Sketch.__dataclass_fields__}
    # A script without a line is none: then nothing happens.
    cause = Cause(laws=laws or REPAIR, silent=not lines)
    sketch = Sketch(needed=4, script=lines, causes=(cause,), **givens)
    return plan_of(sketch)._replace(**plain)


def struck(at: int, place: int, **more: int) -> dict[str, int]:
    return {"at": at, "place": place, "effect": STOP, **more}


def told(plan: Plan) -> Result:
    result = tell_twice(plan, KEY)
    assert result.outcome == Outcome.DONE and result.ledger.sum() == result.finish
    return result


def counts(result: Result) -> dict[str, int]:
    return {tally.name: int(result.tally[tally]) for tally in Tally if result.tally[tally]}


# silent corruption


@pytest.mark.parametrize(("kept", "finish"), [(0, 1_350), (1, 1_550), (3, 1_550), (4, 1_350)])
def test_a_corruption_costs_all_since_the_checkpoint_before_it_or_everything(kept: int, finish: int) -> None:
    """It begins at 250, after the save of 200, and is found at 550. Three saves have closed since, and all are bad."""
    corrupt = {"at": 250, "place": 0, "effect": CORRUPT, "found": 300}
    result = told(scripted(corrupt, spares=1, checkpoints_kept=kept))
    assert result.finish == finish and result.ledger[Account.LOST_WORK] == finish - 1_000
    assert result.failures.sum() == result.interruptions.sum() == 1
    lost = {"CHECKPOINTS_LOST": 1} if finish == 1_550 else {}
    assert counts(result) == {"CORRUPTIONS": 1, "ALARMS": 1, "REPAIRS": 1, "CURES": 1, "SWAPS": 1} | lost


def test_an_alarm_rolls_back_even_when_its_culprit_has_left() -> None:
    """The culprit breaks at 260 (60 ticks lost) and is replaced; what it made bad is found at 550: 290 more."""
    corrupt = {"at": 250, "place": 0, "effect": CORRUPT, "found": 300}
    result = told(scripted(corrupt, struck(260, 0), spares=2))
    assert result.finish == 1_350 and counts(result)["SWAPS"] == 1
    assert result.failures.sum() == 2


def test_a_spike_of_the_loss_has_no_culprit() -> None:
    """Noticed 20 ticks late, it goes back to before it began, and takes no node."""
    spike = {"at": 390, "place": -1, "effect": CORRUPT, "found": 20}
    result = told(scripted(spike))
    assert result.finish == 1_110 and "SWAPS" not in counts(result), "from 410 back to 300, past the save of 400"


def test_two_corruptions_go_back_to_the_older_checkpoint_once() -> None:
    """Begun at 150 and at 350, found at 450 and 460: back to 100, and then again to 100, which is all that is clean."""
    lines = [{"at": at, "place": place, "effect": CORRUPT, "found": found} for at, place, found in
             ((150, 0, 300), (350, 1, 110))]  # fmt: skip
    result = told(scripted(*lines, spares=2))
    assert result.ledger[Account.LOST_WORK] == 350 + 10 and result.finish == 1_360


# pace


@pytest.mark.parametrize(("evaluation", "slow"), [(0, 1_000), (SPEED_SCALE // 2, 500), (SPEED_SCALE, 0)])
def test_a_pace_of_half_takes_twice_as_long(evaluation: int, slow: int) -> None:
    result = told(scripted(pace=SPEED_SCALE // 2, evaluation=evaluation))
    assert result.finish == 2_000 and result.ledger[Account.PRODUCTIVE] == 1_000
    assert result.ledger[Account.SLOW] == slow and result.ledger[Account.EVALUATION] == 1_000 - slow


def test_a_slow_place_is_slow_on_top_of_the_pace() -> None:
    slow = {"at": 100, "place": 2, "effect": SLOW, "speed": SPEED_SCALE // 2, "healed": 100}
    assert told(scripted(slow, pace=80_000)).finish == 1_250 + 50


@pytest.mark.parametrize(
    ("factor", "speed"),
    [(0.7, 70_000), (1 / 3, 33_333), (0.000004, 1), (0.0, 1), (-1.0, 1), (1.0, SPEED_SCALE), (7.0, SPEED_SCALE)],
)
def test_speeds_are_parts_of_nominal_speed(factor: float, speed: int) -> None:
    slow = {"at": 0, "place": 2, "effect": SLOW}
    plan = scripted(slow, laws={"FACTOR": ("FIXED", factor, 0)}, interval=1_000, horizon=NEVER)
    assert told(plan).finish == -(-1_000 * SPEED_SCALE // speed)


@pytest.mark.parametrize(("spread", "finish"), [(0.0, 1_250), (-0.5, 1_250), (0.25, 1_563), (1e9, 1_000 * SPEED_SCALE)])
def test_a_slowest_rank_slows_the_pace(spread: float, finish: int) -> None:
    plan = scripted(pace=80_000, interval=1_000, horizon=NEVER)
    plan.laws[-1, Purpose.SPREAD] = (Family.FIXED, spread, 0.0, 0.0)
    assert told(plan).finish == finish


def test_the_network_slows_the_job_without_a_place() -> None:
    lines = [{"at": at, "place": -1, "effect": SLOW, "speed": SPEED_SCALE // 2, "healed": 100} for at in (100, 150)]
    assert told(scripted(*lines)).finish == 1_000 + 75, "side by side from 150 to 200, the slower one counts"


def test_the_first_steps_after_a_restart_are_slow() -> None:
    result = told(scripted(struck(250, 0), spares=1, slow_start=7))
    assert result.finish == 1_057 and result.ledger[Account.RESTART] == 7


@pytest.mark.parametrize("number", [8, 10_000, 100_000, 1_000_000])
def test_a_run_waits_for_the_slowest_of_its_ranks(number: int) -> None:
    """The mean of the largest of N Normal numbers: 4.38 standard deviations at 100,000."""
    plan, deviation = scripted(), 0.01
    plan.laws[-1, Purpose.SPREAD] = (Family.NORMAL_MAXIMUM, deviation, 1 / number, 0.0)
    batch, _ = run_batch(plan._replace(work=10**9, interval=10**9, horizon=NEVER), SEED, 0, 4_000)
    longer = batch.finish / 10**9 - 1.0
    expected = deviation * theory.expected_maximum_of_normals(number)
    assert abs(longer.mean() - expected) < 4 * longer.std() / math.sqrt(len(longer)) + 1e-5


# pools


def test_a_selection_of_hosts_fills_what_the_pool_cannot() -> None:
    """The first strike takes the only hot spare (5 ticks); the second needs a selection (30), which brings another."""
    laws: dict[str, Law] = {**REPAIR, "SWAP": ("FIXED", 5, 0), "SELECTION": ("FIXED", 30, 0)}
    lines = [struck(250, 0), struck(470, 1), struck(690, 2)]
    result = told(scripted(*lines, laws=laws, spares=1, selects=1, reserve=2))
    lost = 50 + 15 + 90  # at 470 the work is 415, at 690 it is 590 (400 at 500): see the saves
    assert result.finish == 1_000 + lost + 5 + 30 + 5
    assert counts(result)["SELECTIONS"] == 1 and counts(result)["SWAPS"] == 3


@pytest.mark.parametrize(("refill", "fetched"), [(0, 1), (1, 2)])
def test_nodes_of_others_are_fetched_one_by_one(refill: int, fetched: int) -> None:
    laws: dict[str, Law] = {**REPAIR, "SELECTION": ("FIXED", 30, 0)}
    plan = scripted(struck(250, 0), laws=laws, selects=1, backup=3, fetch=40, refill=refill)
    result = told(plan)
    assert result.finish == 1_000 + 50 + 40 * fetched + 30
    assert counts(result)["PREEMPTIONS"] == fetched and "WAITS" not in counts(result)


def test_a_tray_of_the_same_machine_serves_its_own_block_only() -> None:
    """Blocks of two with a tray each: places 0 and 1 have one spare, and the second strike on them waits."""
    lines = [struck(250, 0), struck(470, 1)]
    own = told(scripted(struck(250, 0), struck(470, 2), block=2, trays=1))
    assert own.finish == 1_000 + 50 + 20 and counts(own)["TRAYS"] == 2
    waits = told(scripted(*lines, block=2, trays=1))
    assert waits.ledger[Account.WAITING] == 250 + 10_000 - 470
    moves = told(scripted(*lines, block=2, trays=1, spare_blocks=1))
    assert moves.finish == 1_070 and moves.ledger[Account.WAITING] == 0
    assert counts(moves)["BLOCKS"] == 1 and counts(moves)["SWAPS"] == 3 and counts(moves)["TRAYS"] == 1


def test_whole_blocks_move_back_and_forth() -> None:
    """With no trays every failure moves its block, and its own machine serves again once it is whole."""
    lines = [struck(at, place) for at, place in ((150, 0), (350, 2), (550, 1), (750, 3))]
    result = told(scripted(*lines, laws={"REPAIR": ("FIXED", 30, 0)}, block=2, spare_blocks=1))
    assert counts(result)["BLOCKS"] == 4 and result.ledger[Account.WAITING] == 0


# memory


def test_two_random_losses_find_each_other_once_in_n_minus_one() -> None:
    """All pairs of places among N, each node's copy with one peer: the checkpoint in memory is lost in 1/(N-1)."""
    for number in (2, 6, 10):
        lost = 0
        laws: dict[str, Law] = {"DETECTION": ("FIXED", 50, 0), "RESTORE": ("FIXED", 9, 0)}
        pairs = list(combinations(range(number), 2))
        for one, other in pairs:
            lines = (struck(255, one), struck(265, other))
            sketch = Sketch(needed=number, spares=2, script=lines, causes=(Cause(laws=laws),), memory_group=2,
                            memory_peers=1, storage_every=10**6)  # fmt: skip
            result = told(plan_of(sketch))
            lost += int(result.ledger[Account.CHECKPOINT_RESTORE] == 9)
        assert lost / len(pairs) == closed_forms.memory_tier_loss(number)


# the weather: layers, domains, diagnoses, stages


def weather(cause: Cause, replications: int = 200, **givens: Any) -> tuple[Plan, Any]:
    """A plan with one cause, and a batch of it whose first replications both engines tell alike."""
    odds, rules = givens.pop("odds", {}), givens.pop("rules", {})
    plain = {name: givens.pop(name) for name in list(givens) if name not in Sketch.__dataclass_fields__}
    plan = plan_of(Sketch(causes=(cause,), horizon=NEVER, max_records=10**6, **givens))._replace(**plain)
    for column, value in odds.items():
        plan.odds[0, column] = value
    for column, value in rules.items():
        plan.rules[0, column] = value
    for replication in range(3):
        tell_twice(plan, replication_key(SEED, replication))
    return plan, run_batch(plan, SEED, 0, replications)[0]


@pytest.mark.parametrize(
    ("length", "stalls", "stops", "stalled"), [(2, 0, False, 0), (9, 1, False, 9), (50, 1, False, 57), (61, 0, True, 0)]
)
def test_an_outage_goes_as_far_as_its_length(length: int, stalls: int, stops: bool, stalled: int) -> None:
    """A link hides 2 ticks, the transport retries through 10, and 60 cost new communicators, of 7 ticks."""
    cause = Cause(mean=3_000, blast=0, reach=10, laws={"LENGTH": ("FIXED", length, 0), "REBUILD": ("FIXED", 7, 0)})
    rules = {Rule.MASKED: 2, Rule.REBUILD: 60}
    _, batch = weather(cause, needed=4, work=20_000, interval=20_000, rules=rules)
    strikes = batch.tally[:, Tally.STALLS].sum()
    assert (strikes > 0) == bool(stalls) and (batch.failures.sum() > 0) == stops
    assert (batch.tally[:, Tally.REBUILDS].sum() > 0) == (stalled == 57)
    assert batch.ledger[:, Account.NETWORK_STALL].sum() <= strikes * stalled
    assert batch.ledger[:, Account.NETWORK_STALL].sum() >= 0.95 * strikes * stalled


def test_another_path_slows_the_job_for_the_time_of_the_outage() -> None:
    cause = Cause(mean=3_000, blast=0, laws={"LENGTH": ("FIXED", 100, 0), "FACTOR": ("FIXED", 0.75, 0)})
    _, batch = weather(cause, needed=4, work=20_000, interval=20_000, odds={Odds.MULTIPATH: 1.0})
    assert batch.failures.sum() == 0
    slowed = batch.ledger[:, Account.SLOW].sum() / batch.tally[:, Tally.SLOWED].sum()
    assert 22 < slowed <= 25, "a quarter of a hundred ticks, less what overlaps or lies behind the end"


def test_a_share_of_a_domain_is_hit_each_member_alone() -> None:
    """Marshall and Olkin: of eight places each goes with one half, unless none does, and then nothing happened."""
    cause = Cause(per_place=0, span=8, blast=8, mean=2_000)
    _, batch = weather(cause, 400, needed=16, spares=16, work=40_000, interval=50, odds={Odds.MEMBERS: 0.5})
    taken, strikes = batch.tally[:, Tally.SWAPS].sum(), batch.failures.sum()
    none = 0.5**8
    mean, square = 4 / (1 - none), 18 / (1 - none)
    assert abs(taken / strikes - mean) < 4 * math.sqrt((square - mean**2) / strikes)


def test_a_diagnosis_that_finds_nothing_gives_the_node_back() -> None:
    cause = Cause(mean=2_000, laws={"RELAPSE": ("NEVER", 0, 0)})
    _, batch = weather(cause, needed=4, work=20_000, odds={Odds.MISSED: 1.0})
    assert (batch.outcome == Outcome.DONE).all(), "without a spare: the node that was struck goes on"
    assert batch.tally[:, Tally.MISSED].sum() == batch.failures.sum() > 0
    assert batch.tally[:, Tally.REPAIRS].sum() == 0


def test_a_share_of_diagnoses_blames_a_node_that_works() -> None:
    laws: dict[str, Law] = {"RELAPSE": ("NEVER", 0, 0), "REPAIR": ("FIXED", 10, 0)}
    _, batch = weather(Cause(mean=2_000, laws=laws), 400, needed=4, spares=4, work=20_000, odds={Odds.BLAMED: 0.25})
    blamed, failures = batch.tally[:, Tally.BLAMED].sum(), batch.failures.sum()
    assert abs(blamed - 0.25 * failures) < 4 * math.sqrt(failures * 0.25 * 0.75)


def test_repairs_go_through_their_stages() -> None:
    """100 ticks by itself, then half of them 200 by hand, of which half 300 with the maker."""
    laws: dict[str, Law] = {name: ("FIXED", ticks, 0) for name, ticks in
                            (("REPAIR", 100), ("MANUAL", 200), ("VENDOR", 300), ("DETECTION", 5))}  # fmt: skip
    sketch = Sketch(needed=4, spares=40, work=30_000, interval=10, horizon=NEVER, causes=(Cause(mean=900, laws=laws),))
    plan = plan_of(sketch)._replace(escalate=np.array([0.5, 0.5]))
    spans: list[int] = []
    for replication in range(20):
        key = replication_key(SEED, replication)
        tell_twice(plan, key)
        log = run(plan, key, log=True).log
        began = {int(row[Column.ORDINAL]): int(row[Column.TICK]) for row in log if row[Column.KIND] == Kind.STRIKE}
        returns = log[log[:, Column.KIND] == Kind.RETURN]
        spans += [int(row[Column.TICK]) - began[int(row[Column.ORDINAL])] for row in returns]
    assert set(spans) <= {100, 101, 102, 103, 104, 105, 300, 301, 302, 303, 304, 305, 600, 601, 602, 603, 604, 605}
    share = np.mean([span > 200 for span in spans])
    assert abs(share - 0.5) < 4 * 0.5 / math.sqrt(len(spans)) + 0.02, "those still in the shop at the end are missing"
    batch, _ = run_batch(plan, SEED, 0, 400)
    repairs, manual, vendor = (int(batch.tally[:, tally].sum()) for tally in
                               (Tally.REPAIRS, Tally.MANUAL_REPAIRS, Tally.VENDOR_REPAIRS))  # fmt: skip
    assert abs(manual - repairs / 2) < 4 * math.sqrt(repairs) / 2
    assert abs(vendor - manual / 2) < 4 * math.sqrt(manual) / 2


def test_more_crews_by_hand_never_wait() -> None:
    laws: dict[str, Law] = {"REPAIR": ("FIXED", 10, 0), "MANUAL": ("FIXED", 900, 0)}
    finishes = []
    for crews in (1, 2, 0):
        _, batch = weather(Cause(mean=700, laws=laws), needed=4, spares=2, work=20_000, crews_manual=crews,
                              escalate=np.array([1.0, 0.0]))  # fmt: skip
        finishes.append(batch.finish.mean())
    assert finishes[0] > finishes[1] > finishes[2]


def test_a_slow_node_is_left_in_until_it_has_cost_a_restart() -> None:
    """At half speed it has cost 50 ticks after 100: it is found then, and not before."""
    laws: dict[str, Law] = {"FACTOR": ("FIXED", 0.5, 0), "FOUND": ("FIXED", 1, 0)}
    for patience, after in ((0, 1), (50, 100)):
        cause = Cause(mean=5_000, effect="SLOW", laws=laws)
        plan, _ = weather(cause, needed=4, spares=4, work=20_000, interval=50, rules={Rule.PATIENCE: patience})
        log = run(plan, KEY, log=True).log
        began = {int(row[Column.ORDINAL]): int(row[Column.TICK]) for row in log if row[Column.KIND] == Kind.STRIKE}
        ends = log[log[:, Column.KIND] == Kind.SLOW_END]
        assert len(ends) and {int(row[Column.TICK]) - began[int(row[Column.ORDINAL])] for row in ends} == {after}
    _, batch = weather(cause, needed=4, spares=4, work=20_000, rules={Rule.EVICT_BELOW: SPEED_SCALE // 2})
    assert batch.tally[:, Tally.EVICTIONS].sum() == 0


def test_nodes_that_fail_too_often_do_not_come_back() -> None:
    laws: dict[str, Law] = {"REPAIR": ("FIXED", 10, 0)}
    for policy in ({"retire_count": 2, "retire_window": NEVER}, {"retire_score": np.array([1.999, 1e6])}):
        _, batch = weather(Cause(mean=200, laws=laws), needed=4, spares=20, work=20_000, **policy)
        retired, repairs = batch.tally[:, Tally.RETIRED], batch.tally[:, Tally.REPAIRS]
        assert (retired > 0).all() and (2 * retired <= repairs).all()


@pytest.mark.parametrize(("threshold", "retired"), [(1.44, 1), (1.46, 0)])
def test_takings_are_forgotten(threshold: float, retired: int) -> None:
    """Node 0 is taken at 100 and, back in place 0, at 300. After 200 ticks half of the first taking is forgotten:
    1.5, and 1.5 x 2^(-10/200) = 1.449 when its repair ends at 310."""
    lines = [struck(at, 0) for at in (100, 200, 300)]
    score = np.array([threshold, 200e-6 / math.log(2)])
    result = told(scripted(*lines, laws={"REPAIR": ("FIXED", 10, 0)}, spares=1, retire_score=score))
    assert result.tally[Tally.RETIRED] == retired


def test_bad_nodes_come_again() -> None:
    """None is bad at first; a tenth turns bad every 1,000 ticks, and repairs cure."""
    cause = Cause(mean=20, lemons=1e-300, laws={"REPAIR": ("FIXED", 10, 0)})
    _, none = weather(cause, needed=10, spares=20, work=20_000)
    assert none.failures.sum() == 0
    _, some = weather(cause, 400, needed=10, spares=20, work=20_000, lemon_period=1_000, odds={Odds.LEMON_AGAIN: 0.1})
    # 30 nodes; those in the pool come into the job now and then: at least the ten of the job count.
    expected = 10 * 0.1 * 20
    assert expected * 0.8 < some.failures.sum() / 400 < 3 * expected


@pytest.mark.parametrize(
    ("bench", "cure", "struck_at"),
    [
        (True, 0.0, [(52, 0), (113, -1), (381, 1), (992, -1)]),
        (False, 0.0, [(52, 0), (381, 1)]),
        (True, 1.0, [(52, 0)]),
    ],
)
def test_a_bad_node_is_struck_wherever_it_goes(bench: bool, cure: float, struck_at: list[tuple[int, int]]) -> None:
    """Of nodes 0 to 2, the last of which is the spare, only node 0 is bad: all candidates are its own.

    They come at 52, 58, 113, 381 and 992, and repairs take 10 ticks. At 52 it is struck in place 0, which node 2 takes;
    at 58 it is in the shop; at 113 it stands on the bench. At 358 another cause breaks node 1 in place 1, and it moves
    in there, where it is struck at 381; at 992 it stands on the bench again. A cure at 62 would end all that.
    """
    laws: dict[str, Law] = {"REPAIR": ("FIXED", 10, 0), "RELAPSE": ("NEVER", 0, 0)}
    bad = Cause(mean=75, lemons=0.3, bench=bench, cure=cure, laws=laws)  # 150 ticks a unit
    other = Cause(mean=300, cure=0.0, laws=laws)
    plan, key = plan_of(Sketch(needed=2, spares=1, horizon=NEVER, causes=(bad, other))), replication_key(SEED, 402)
    plan = plan._replace(streams=np.array([[0, 2, 4, 6, 9], [1, 3, 5, 7, 10], [8, 8, 8, 8, 8]]))
    assert [uniform(key, 9, node, Purpose.LEMON) < 0.3 for node in range(3)] == [True, False, False]
    levels = np.cumsum([budget(key, 0, ordinal) for ordinal in range(6)])
    assert [int(150 * level + 0.5) for level in levels][:5] == [52, 58, 113, 381, 992] and 150 * levels[5] > 1_081
    result = tell_twice(plan, key)
    strikes = [row for row in result.log.tolist() if row[Column.KIND] == Kind.STRIKE]
    assert [(row[Column.TICK], row[Column.PLACE]) for row in strikes if row[Column.CAUSE] == 0] == struck_at
    assert [(row[Column.TICK], row[Column.PLACE]) for row in strikes if row[Column.CAUSE] == 1] == [(358, 1)]
    # Back to the save of 0, of 300, and of 300 once more.
    assert result.finish == 1_000 + 52 + 6 + (23 if (381, 1) in struck_at else 0)
