"""The rules of causes, pools and repair: columns of probabilities and choices beside the clocks and the laws."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator.compile.hazards import Row, Values
from simulator.durations import SPEED_SCALE, ticks
from simulator.pauses import pace_at
from simulator.plan import ODDS, RULES, Choice, Integers, Odds, Rule, Slice, plain
from simulator.quantity import Quantity
from simulator.recovery import Recovery
from simulator.scenario.model import Scenario

_NEXT_TO_NOTHING = 1e-300  # no number that is drawn lies below it
_CHOICES = {"first": Choice.FIRST, "random": Choice.RANDOM, "fewest_failures": Choice.FEWEST}


def unmoved(scenario: Scenario, rows: tuple[Row, ...]) -> dict[str, Any]:
    """Return the fields of `plan.plain` as the scenario has them, with what no input moves; the rest is plain."""
    document = scenario.document
    cluster, recovery = document.cluster, document.recovery
    found, first = slices(scenario, rows)
    fields = plain(len(rows)) | {
        "max_candidates": int(document.run.max_events.median),
        "checkpoints_kept": _whole(document.checkpoint.keep),
        "choice": int(_CHOICES[recovery.choice]),
        "at_strike": int(recovery.repair_begins == "at_the_failure"),
        "slices": found,
        "lemon_period": _lemon_period(rows),
        "crews_manual": 0 if recovery.manual is None else _whole(recovery.manual.crews),
        "crews_vendor": 0 if recovery.vendor is None else _whole(recovery.vendor.crews),
        **_retirement(recovery),
    }
    if cluster.selects:
        fields |= {"selects": 1, "reserve": cluster.cold, "backup": cluster.others}
        fields["fetch"] = _ticks(recovery.preemption)
        fields["refill"] = _whole(recovery.resume_with)
    if cluster.blocks is not None:
        blocks = cluster.blocks
        fields |= {"block": _whole(blocks.size), "trays": _whole(blocks.trays)}
        fields["spare_blocks"] = _whole(blocks.spare_blocks)
    fields["rules"] = np.array([_rules(row, recovery, at) for row, at in zip(rows, first, strict=True)], np.int64)
    fields["rules"].shape = len(rows), RULES
    fields["odds"] = np.ones((len(rows), ODDS))
    return fields


def scalars(scenario: Scenario, values: Values) -> dict[str, int]:
    """Return what of the pace can move with the inputs."""
    job, recovery = scenario.document.job, scenario.document.recovery
    speed = pace_at(values, job.ranks, job.evaluation, scenario.gpus)
    pauses = 0.0 if job.evaluation is None else job.evaluation.share_at(values)
    longer = 0.0 if job.ranks is None else job.ranks.noise_at(values, scenario.gpus)
    # Pauses follow the time that training takes, which is longer than nominal.
    evaluation = min(SPEED_SCALE, int(pauses * (1.0 + longer) * SPEED_SCALE))
    return {
        # At most what leaves room for the pauses, whatever is rounded.
        "pace": max(1, min(int(speed * SPEED_SCALE + 0.5), SPEED_SCALE * SPEED_SCALE // (SPEED_SCALE + evaluation))),
        "evaluation": evaluation,
        "slow_start": 0 if recovery.slow_start is None else ticks(recovery.slow_start.at(values)),
    }


def shares(scenario: Scenario, rows: tuple[Row, ...]) -> Iterator[tuple[str, tuple[int, ...] | int, Quantity]]:
    """Yield every probability of a plan: the field and the place in it that hold it."""
    recovery = scenario.document.recovery
    stages = (recovery.manual, recovery.vendor)
    for position, (stage, cure) in enumerate(zip(stages, (Odds.CURE_MANUAL, Odds.CURE_VENDOR), strict=True)):
        if stage is not None:
            yield "escalate", position, stage.share
            yield from (("odds", (row.number, int(cure)), stage.cure) for row in rows)
    for row in rows:
        cause = row.cause
        yield "cure", row.number, recovery.cure if cause.cure is None else cause.cure
        yield "hidden", row.number, cause.absorbed
        if cause.lemons is not None:
            yield "lemon_share", row.number, cause.lemons.share
        for column, share in (
            (Odds.MISSED, recovery.missed if cause.missed is None else cause.missed),
            (Odds.BLAMED, recovery.blamed if cause.blamed is None else cause.blamed),
            (Odds.MEMBERS, cause.members),
            (Odds.MULTIPATH, cause.multipath),
            (
                Odds.LEMON_AGAIN,
                None if cause.lemons is None or cause.lemons.again is None else cause.lemons.again.share,
            ),
        ):
            if share is not None:
                yield "odds", (row.number, int(column)), share


def probability(field: str, value: float) -> float:
    """Return a probability as a plan has it: where no node is bad, a lemon share of 0 would mean that all are."""
    return max(value, _NEXT_TO_NOTHING) if field == "lemon_share" else value


def clear(odds: Any) -> None:
    """Make an array of odds say that nothing happens beyond the ordinary."""
    odds[:] = 0.0
    odds[:, [Odds.MEMBERS, Odds.CURE_MANUAL, Odds.CURE_VENDOR]] = 1.0


def _rules(row: Row, recovery: Recovery, first: int) -> list[int]:
    columns = dict.fromkeys(Rule, 0)
    cause, eviction = row.cause, recovery.eviction
    columns[Rule.MASKED] = _ticks(cause.link_level)
    columns[Rule.REBUILD] = 0 if cause.rebuild is None else _ticks(cause.rebuild.within)
    columns[Rule.EVICT_BELOW] = SPEED_SCALE + 1
    if eviction is not None:
        slower = int(eviction.slower_than.median * SPEED_SCALE + 0.5)
        columns[Rule.EVICT_BELOW] = slower if slower < SPEED_SCALE else SPEED_SCALE + 1
        columns[Rule.PATIENCE] = _ticks(eviction.once_it_cost)
    columns[Rule.SLICE] = first
    return [columns[column] for column in Rule]


def slices(scenario: Scenario, rows: tuple[Row, ...], values: Values = None) -> tuple[Integers, list[int]]:
    """Return the slices of all elements of the fabric that causes strike, and where those of each cause begin."""
    found, first, total = [np.zeros((0, len(Slice)), np.int64)], [], 0
    for row in rows:
        elements = scenario.document.cluster.slices_of(row.cause.part, values)
        first.append(-1 if elements is None else total)
        if elements is not None:
            found.append(np.asarray(elements, np.int64))
            total += len(elements)
    return np.concatenate(found), first


def _retirement(recovery: Recovery) -> dict[str, Any]:
    policy = recovery.retirement
    if policy is None:
        return {}
    found: dict[str, Any] = {"retire_count": _whole(policy.after), "retire_window": _ticks(policy.within)}
    if policy.score is not None and policy.memory is not None:
        found["retire_score"] = np.array([policy.score.median, policy.memory.median])
    return found


def _lemon_period(rows: tuple[Row, ...]) -> int:
    again = [row.cause.lemons.again for row in rows if row.cause.lemons is not None]
    return max((_ticks(each.every) for each in again if each is not None), default=0)


def _whole(quantity: Quantity | None) -> int:
    return 0 if quantity is None else int(quantity.median)


def _ticks(quantity: Quantity | None) -> int:
    return 0 if quantity is None else ticks(quantity.median)
