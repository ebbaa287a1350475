"""Saves: when one is due, where it goes, what it costs, and what is loaded after a failure. Semantics 9."""

from typing import TYPE_CHECKING, Any

from simulator.mechanisms.card import At, Card, Draft, LeftOut, Lengths, Number, Scalar, Words
from simulator.mechanisms.job import MOST_WORK
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Overlap, Purpose
from simulator.numbers.times import Law, ticks
from simulator.words import laws
from simulator.words.quantity import Quantity

if TYPE_CHECKING:
    from simulator.nouns.checkpoint import Tier
    from simulator.nouns.clocks import Row
    from simulator.scenario.model import Scenario

_OVERLAPS = {"delay": Overlap.DELAY, "skip": Overlap.SKIP}


def _tiers(scenario: "Scenario") -> "tuple[Tier | None, Tier | None]":
    checkpoint = scenario.document.checkpoint
    return checkpoint.tier("host_memory"), checkpoint.tier("storage")


def _interval(scenario: "Scenario") -> Number | None:
    """Return the interval that is given; one that follows from the plan is set once the plan is there."""
    given = scenario.document.checkpoint.interval
    if not isinstance(given, Quantity):
        return None
    return Number(lambda values: max(1, ticks(min(MOST_WORK, given.at(values)))), given.uncertain)


def _blocking(tier: "Tier | None", scenario: "Scenario") -> Number | None:
    if tier is None:
        return None
    return Number(lambda values: ticks(tier.blocking_at(values)), scenario.size_moves)


def _ordinary(scenario: "Scenario") -> Number | None:
    memory, storage = _tiers(scenario)
    return _blocking(storage if memory is None else memory, scenario)


def _every(scenario: "Scenario") -> int:
    memory, storage = _tiers(scenario)
    return 1 if memory is None or storage is None else int(storage.every.median)


def _lag(scenario: "Scenario") -> Number | None:
    _, storage = _tiers(scenario)
    if storage is None:
        return None
    return Number(lambda values: ticks(storage.lag_at(values, scenario.checkpoint_size(values))), scenario.size_moves)


def _restore(scenario: "Scenario", row: "Row | None") -> Any:
    _, storage = _tiers(scenario)
    if storage is None or storage.restore is not None:
        return None if storage is None else storage.restore

    def transfer(values: Any) -> Law:
        return laws.fixed(storage.transfer_at(values, scenario.checkpoint_size(values)))

    return Number(transfer, moves=True, of=storage)


def _restore_memory(scenario: "Scenario", row: "Row | None") -> Any:
    memory, _ = _tiers(scenario)
    return None if memory is None else memory.restore


def _random(draft: Draft) -> None:
    memory, peers, save = draft.pick(0, 1), draft.whole(1, 3), draft.whole(0, 12)
    draft.set(interval=draft.whole(20, 400), save=save, save_storage=save + draft.whole(0, 12))
    draft.set(lag=draft.pick(0, 5, 50, 500), overlap=draft.pick(*Overlap), memory_apart=draft.pick(0, 1))
    if memory:
        draft.set(memory_group=peers + 1 + draft.whole(0, 3), memory_peers=peers, storage_every=draft.whole(1, 5))
    draft.lengths(Purpose.RESTORE, 0, 3, 10, 40)
    draft.lengths(Purpose.RESTORE_MEMORY, 0, 3, 10, 40)


CARD = Card(
    "saves",
    plan=(
        Scalar("interval", 1, _interval),
        Scalar("save", 0, _ordinary),
        Scalar("save_storage", 0, lambda scenario: _blocking(_tiers(scenario)[1], scenario)),
        Scalar("storage_every", 1, _every),
        Scalar("lag", 0, _lag),
        Scalar("overlap", int(Overlap.DELAY), lambda scenario: int(_OVERLAPS[scenario.document.checkpoint.overlap])),
        Scalar("memory_group", 0, lambda scenario: scenario.document.checkpoint.copies[0]),
        Scalar("memory_peers", 0, lambda scenario: scenario.document.checkpoint.copies[1]),
        Scalar("memory_apart", 0, lambda scenario: scenario.document.checkpoint.copies[2]),
        Lengths(Purpose.RESTORE, _restore, At.EVERYWHERE),
        Lengths(Purpose.RESTORE_MEMORY, _restore_memory, At.EVERYWHERE),
    ),
    accounts={
        Account.CHECKPOINT_SAVE: Words(
            "saving checkpoints",
            "the blocking part of saves, and the closing save before a planned stop",
            "UNPRODUCTIVE_CHECKPOINT_SAVE_TIME",
        ),
        Account.CHECKPOINT_RESTORE: Words(
            "restoring checkpoints", "loading a checkpoint", "UNPRODUCTIVE_CHECKPOINT_RESTORE_TIME"
        ),
    },
    left_out=(
        LeftOut("the second tier of checkpoints", lambda plan: plan.memory_group > 0),
        LeftOut("the lag of saves", lambda plan: plan.lag > 0),
    ),
    random=_random,
)
