"""Clocks: how many units of a cause can fail, and when. Semantics 6.1 to 6.10."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulator.ledger import Purpose
from simulator.mechanisms import asking
from simulator.mechanisms.card import Card, Column, LeftOut, Number, Scalar, Table, Values, some
from simulator.section import Fault
from simulator.streams import Stream, streams_of
from simulator.times import Hazard

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.failures import Cause
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.source import Item


def _hazard(scenario: "Scenario", row: "Row") -> Number:
    return Number(row.hazard_at, scenario.shares_a_spread or row.cause.moves)


def _table(scenario: "Scenario") -> Number:
    """Return the steps of the rates that change with age, of all causes below each other."""
    stepped = [row for row in scenario.rows if row.cause.intensity is not None]

    def build(values: Values) -> list[tuple[float, float, float]]:
        return [step for row in stepped for step in row.steps_at(values)]

    return Number(build, scenario.shares_a_spread or any(row.cause.moves for row in stepped))


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield a growth of all rates beyond a size that the job does not exceed, or that every cause says for itself."""
    failures = scenario.document.failures
    if not failures.given:
        return
    text = _growth(scenario.document, failures.scales)
    if failures.scales is not None and all(cause.scales is not None for cause in failures.given.values()):
        text = "every cause has scales of its own; leave it out"
    if text:
        yield ("failures", "scales"), text


def _growth(document: "Document", scales: Any) -> str:
    """Return in words that the job is no larger than the size from which rates grow; empty where it is."""
    if scales is None or document.cluster.job_gpus > getattr(scales, "from").median:
        return ""
    return f"the job has no more than {getattr(scales, 'from').text()}, from which it begins; leave it out"


def _useless_in_cause(document: "Document", cause: "Cause", written: "Item") -> Iterator[Fault]:
    if text := _growth(document, cause.scales):
        yield ("scales",), text
    if cause.on_replacement != "renewal":
        if cause.law == "exponential":
            text = "at a constant rate a new part fails as an old one does"
            yield ("on_replacement",), f'{text}; write "law: weibull", {asking.LEAVE}'
        elif not cause.manner.breaks:
            yield ("on_replacement",), f"what has the effect {cause.effect} breaks no part; leave it out"
    if cause.law == "exponential" and cause.intensity is None and asking.happens(cause.age):
        yield ("age",), f'at a constant rate the old fail as the new do; write "law: weibull", {asking.LEAVE}'


CARD = Card(
    "clocks",
    plan=(
        Column("units", 0, lambda scenario, row: row.units if row.cause.happens else 0),
        Column("per_place", 1, lambda scenario, row: row.per_place),
        Column("span", 0, lambda scenario, row: row.span),
        Column("renewal", 0, lambda scenario, row: int(row.cause.renews)),
        Column("hazard_kind", int(Hazard.EXPONENTIAL), lambda scenario, row: int(row.hazard_kind)),
        Column("hazard", 0.0, _hazard, slice(0, 3)),
        Scalar(
            "streams",
            Table(len(Stream), whole=True),
            lambda scenario: streams_of(list(scenario.document.failures.causes)),
        ),
        Scalar("table", Table(3), _table),
    ),
    purposes=(Purpose.BUDGET, Purpose.UNIT),
    useless=_useless,
    useless_in_cause=_useless_in_cause,
    left_out=(LeftOut("ageing", lambda plan: some(plan, plan.hazard_kind != Hazard.EXPONENTIAL)),),
)
