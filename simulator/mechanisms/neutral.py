"""The plan in which no mechanism does anything, and the arrays of a plan."""

from typing import Any

import numpy as np

from simulator.mechanisms import CARDS
from simulator.mechanisms.card import Column, Lengths, Scalar, Table
from simulator.numbers.plan import ODDS, RULES, Plan
from simulator.numbers.streams import streams_of
from simulator.numbers.times import LAW_COLUMNS, LAW_FIELDS

# Fields that hold several numbers of each cause, and how many.
_WIDTHS: dict[str, tuple[int, ...]] = {"hazard": (3,), "rules": (RULES,), "odds": (ODDS,)}


def neutral(causes: int) -> Plan:
    """Return the plan in which no mechanism does anything, with so many causes; each array is its own."""
    fields: dict[str, Any] = {"laws": np.zeros((causes + 1, LAW_COLUMNS, LAW_FIELDS))}
    for card in CARDS:
        for part in card.plan:
            if isinstance(part, Scalar):
                fields[part.name] = in_plan(part, () if isinstance(part.neutral, Table) else part.neutral)
            elif isinstance(part, Lengths):
                fields["laws"][:, part.purpose] = part.neutral
            else:
                array = fields.setdefault(part.name, np.zeros((causes, *_WIDTHS.get(part.name, ())), _kind(part)))
                array[:, ... if part.at is None else part.at] = part.neutral
    fields["streams"] = np.array(streams_of([str(cause) for cause in range(causes)]), np.int64)
    return Plan(**fields)


def in_plan(part: Scalar, value: Any) -> Any:
    """Return a value as a field of a plan has it: a number as it is, several as an array."""
    if isinstance(part.neutral, Table):
        array = np.array(value, np.int64 if part.neutral.whole else np.float64)
        return array.reshape(-1, part.neutral.columns) if part.neutral.columns else array
    return np.array(value) if isinstance(part.neutral, tuple) else value


def _kind(column: Column) -> type:
    return np.int64 if isinstance(column.neutral, int) else np.float64
