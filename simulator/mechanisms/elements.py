"""Elements of the fabric: the nodes that one cuts off when it fails, or how far it slows the job. Semantics 6.2."""

from typing import TYPE_CHECKING

import numpy as np

from simulator.ledger import Purpose
from simulator.mechanisms.card import Card, Column, Number, Scalar, Values, own
from simulator.plan import Integers, Odds, Rule, Slice

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario

_NONE = np.zeros((0, len(Slice)), np.int64)
_MOVED_BY = ("job.exposed_network", "job.exposed_scale_up")  # these make the speed of a job whose network is narrower


def _of(scenario: "Scenario", row: "Row", values: Values = None) -> Integers | None:
    found = scenario.document.cluster.slices_of(row.cause.part, values)
    return None if found is None else np.asarray(found, np.int64)


def _slices(scenario: "Scenario") -> Number | None:
    """Return the elements that causes strike, of all causes below each other."""
    struck = [row for row in scenario.rows if _of(scenario, row) is not None]
    if not struck:
        return None

    def build(values: Values) -> Integers:
        found = [_of(scenario, row, values) for row in struck]
        return np.concatenate([each for each in found if each is not None])

    return Number(build, any(quantity.path in _MOVED_BY for quantity in scenario.inputs))


def _first(scenario: "Scenario", row: "Row") -> int | None:
    """Return the first row of a cause among all elements."""
    own_ones = _of(scenario, row)
    if own_ones is None:
        return None
    above = (_of(scenario, other) for other in scenario.rows[: row.number])
    return sum(len(each) for each in above if each is not None)


CARD = Card(
    "elements of the fabric",
    plan=(
        Scalar("slices", _NONE, _slices),
        Column("rules", -1, _first, Rule.SLICE),
        Column("odds", 1.0, own("members"), Odds.MEMBERS),
    ),
    purposes=(Purpose.MEMBER,),
)
