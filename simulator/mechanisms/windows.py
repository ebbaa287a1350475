"""Planned maintenance: windows in which the job stands still. Semantics 13."""

from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.ledger import Account, Purpose
from simulator.mechanisms.card import At, Card, Lengths, Scalar, Words, fixed_ticks
from simulator.plan import Integers
from simulator.times import ticks

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario

_DRAWN = -1  # the length of a window that is drawn like those that recur
_NONE = np.zeros(0, np.int64)


def _listed(scenario: "Scenario") -> Integers | None:
    """Return a row for each window that is listed: when it is due, and how long it lasts [ticks]."""
    maintenance = scenario.document.maintenance
    if maintenance is None:
        return None
    listed = sorted((ticks(window.at.median), ticks(window.length.median)) for window in maintenance.windows)
    if maintenance.first is not None:
        listed = [(ticks(maintenance.first.median), _DRAWN)]
    return np.array(listed, np.int64).reshape(-1, 2)


def _column(column: int) -> Any:
    def read(scenario: "Scenario") -> Integers | None:
        listed = _listed(scenario)
        return None if listed is None else listed[:, column].copy()

    return read


def _period(scenario: "Scenario") -> int | None:
    maintenance = scenario.document.maintenance
    return None if maintenance is None else fixed_ticks(maintenance.every)


def _length(scenario: "Scenario", row: "Row | None") -> Any:
    maintenance = scenario.document.maintenance
    return None if maintenance is None else maintenance.length


CARD = Card(
    "planned maintenance",
    plan=(
        Scalar("window_due", _NONE, _column(0)),
        Scalar("window_length", _NONE, _column(1)),
        Scalar("window_period", 0, _period),
        Lengths(Purpose.LENGTH, _length, At.JOB),
    ),
    accounts={Account.MAINTENANCE: Words("maintenance", "planned stops")},
)
