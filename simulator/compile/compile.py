"""From words to numbers: a Scenario and its drawn inputs become a Plan, by what the cards say of it.

A plan is compiled once a replication when inputs are uncertain, so what does not change is computed once: a template
holds the plan at the medians, and what moves with the inputs.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from simulator.compile.interval import best_interval, pace
from simulator.mechanisms import CARDS
from simulator.mechanisms.card import At, Column, Lengths, Number, Scalar, Values, number
from simulator.mechanisms.job import MOST_WORK
from simulator.mechanisms.neutral import in_plan, neutral
from simulator.numbers.plan import Plan
from simulator.numbers.times import ticks
from simulator.scenario.model import Scenario


class _Cell(NamedTuple):
    """A place in the plan, and how the inputs of a replication make what stands there."""

    field: str
    at: Any  # an index; None: the whole field
    build: Callable[[Values], Any]
    moves: bool


class _Template(NamedTuple):
    """The plan at the medians, and what moves with the inputs."""

    plan: Plan
    moving: tuple[_Cell, ...]


def compile_plan(scenario: Scenario, values: Values = None) -> Plan:
    """Return the plan of a replication from its drawn inputs by path [SI]; without them, that of the medians.

    Plans of one scenario share the arrays in which they do not differ: nobody writes into them.
    """
    template = _template(scenario)
    plan = template.plan
    if values is None:
        return plan
    changed: dict[str, Any] = {}
    for field, at, build, _ in template.moving:
        if at is None:
            changed[field] = build(values)
        else:
            if field not in changed:
                changed[field] = getattr(plan, field).copy()
            changed[field][at] = build(values)
    if changed.get("work", 0) >= ticks(MOST_WORK):
        # Beyond what can be counted: the replication ends out of time instead of finishing by a lie.
        changed["horizon"] = min(plan.horizon, changed["work"])
    return _with_interval(scenario, plan._replace(**changed), values)


def _with_interval(scenario: Scenario, plan: Plan, values: Values) -> Plan:
    """Return the plan of a job that knows its own pause and failures, where the interval follows from these."""
    if not scenario.document.checkpoint.follows:
        return plan
    times = scenario.document.checkpoint.times_optimum_at(values)
    # Storage that takes longer than that to make a save durable would hold up the next one, so it sets the pace.
    return plan._replace(interval=min(plan.work, max(1, int(times * best_interval(plan)), pace(plan))))


@lru_cache(maxsize=16)
def _template(scenario: Scenario) -> _Template:
    cells = tuple(_cells(scenario))
    plan = neutral(len(scenario.rows))
    plan = plan._replace(**{cell.field: cell.build(None) for cell in cells if cell.at is None})
    for field, at, build, _ in cells:
        if at is not None:
            getattr(plan, field)[at] = build(None)
    return _Template(_with_interval(scenario, plan, None), tuple(cell for cell in cells if cell.moves))


def _cells(scenario: Scenario) -> Iterator[_Cell]:
    """Yield what the cards say of a plan, where they say anything."""
    for card in CARDS:
        for part in card.plan:
            if not isinstance(part, Scalar):
                yield from _column(scenario, part)
            elif (made := number(part.value(scenario))) is not None:
                yield _Cell(part.name, None, _field(part, made), made.moves)


def _field(part: Scalar, made: Number) -> Callable[[Values], Any]:
    return lambda values: in_plan(part, made.build(values))


def _column(scenario: Scenario, part: Column | Lengths) -> Iterator[_Cell]:
    """Yield the cells of a column: one for all rows that read the same number, which is built once."""
    field, at = ("laws", part.purpose) if isinstance(part, Lengths) else (part.name, part.at)
    rows = () if part.rows is At.JOB else scenario.rows
    last = () if part.rows is At.CAUSES else (None,)
    found: dict[Any, tuple[Number, list[int]]] = {}
    for position, row in enumerate([*rows, *last], start=0 if part.rows is not At.JOB else len(scenario.rows)):
        made = number(part.value(scenario, row))  # the row of the job itself is None
        if made is not None:
            key = position if made.of is None else id(made.of)
            found.setdefault(key, (made, []))[1].append(position)
    for made, numbers in found.values():
        which = _index(numbers)
        yield _Cell(field, which if at is None else (which, at), made.build, made.moves)


def _index(numbers: list[int]) -> int | slice | list[int]:
    """Return what picks rows fastest: a number, a slice, or a list where they are not side by side."""
    first, last = numbers[0], numbers[-1]
    if first == last:
        return first
    return slice(first, last + 1) if last - first + 1 == len(numbers) else numbers
