"""Small random plans with every mechanism as its card has it, in so few ticks that many events fall on the same one."""

import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from simulator.mechanisms import CARDS, MANNERS
from simulator.mechanisms.card import At, Card
from simulator.mechanisms.neutral import neutral
from simulator.numbers.plan import Plan, Purpose
from simulator.numbers.times import LAW_COLUMNS, Family, Law

TICK = 1e-6  # [s]
CAUSES = 7
FAMILIES = [family for family in Family if family <= Family.NEVER]


class Draft:
    """A random plan in the making; each card has a generator of its own, so that none moves the draws of another."""

    def __init__(self, seed: int) -> None:
        self.plan = neutral(CAUSES)
        self.effects = [manner.effect for manner in MANNERS.values()]
        self._seed = seed

    def turn(self, card: Card) -> None:
        self._dice = np.random.default_rng([self._seed, zlib.crc32(card.name.encode())])

    def pick(self, *options: Any) -> Any:
        return options[int(self._dice.integers(len(options)))]

    def whole(self, low: int, high: int) -> int:
        return int(self._dice.integers(low, high))

    def happens(self, share: float) -> bool:
        return bool(self._dice.random() < share)

    def set(self, **fields: Any) -> None:
        self.plan = self.plan._replace(**{name: self._as_in_plan(name, value) for name, value in fields.items()})

    def _as_in_plan(self, name: str, value: Any) -> Any:
        now = getattr(self.plan, name)
        return np.array(value, now.dtype).reshape(-1, *now.shape[1:]) if isinstance(now, np.ndarray) else int(value)

    def column(self, field: str, at: int, *options: float) -> None:
        getattr(self.plan, field)[:, at] = [self.pick(*options) for _ in range(CAUSES)]

    def lengths(self, purpose: Purpose, *means: float, at: At = At.EVERYWHERE) -> None:
        rows = range(CAUSES * (at is At.JOB), CAUSES + (at is not At.CAUSES))
        for row in rows:
            self.law(row, purpose, self._law(self.pick(*means) * TICK))

    def law(self, row: int, purpose: Purpose, law: Law) -> None:
        self.plan.laws[row, purpose] = law

    def _law(self, mean: float) -> Law:
        """Return a law of any family, about so long in the mean [s]."""
        family = self.pick(*FAMILIES)
        if mean == 0.0 or family is Family.NEVER:
            return Law(Family.FIXED, mean)
        numbers: dict[Family, Sequence[float]] = {
            Family.LOGNORMAL: (math.log(mean), 1.0), Family.WEIBULL: (mean, 1 / 0.6), Family.GAMMA: (mean / 2, 2.0),
            Family.UNIFORM: (0.5 * mean, 1.5 * mean),
        }  # fmt: skip
        return Law(family, *numbers.get(family, (mean,)))


def random_plan(seed: int, without: str = "") -> Plan:
    """Return a random plan; one mechanism may be left out by the name of its card."""
    draft = Draft(seed)
    for card in CARDS:
        if card.random is not None and card.name != without:
            draft.turn(card)
            card.random(draft)
    return draft.plan


assert len(Purpose) == LAW_COLUMNS
