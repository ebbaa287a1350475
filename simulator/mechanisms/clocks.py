"""Clocks: how many units of a cause can fail, and when. Semantics 6.1 to 6.10."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulator.mechanisms import questions
from simulator.mechanisms.card import Card, Column, Draft, LeftOut, Number, Scalar, Table, Values, some
from simulator.numbers.plan import Purpose, Stream
from simulator.numbers.streams import streams_of
from simulator.numbers.times import TICKS_PER_SECOND, Hazard
from simulator.words.section import Fault

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.nouns.failures import Cause
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item


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
            yield ("on_replacement",), f'{text}; write "law: weibull", {questions.LEAVE}'
        elif not cause.manner.breaks:
            yield ("on_replacement",), f"what has the effect {cause.effect} breaks no part; leave it out"
    if cause.law == "exponential" and cause.intensity is None and questions.happens(cause.age):
        yield ("age",), f'at a constant rate the old fail as the new do; write "law: weibull", {questions.LEAVE}'


def _random(draft: Draft) -> None:
    """Choose units in places, units that span places, and units of the job; each kind of hazard."""
    needed, wide = draft.plan.needed, draft.whole(1, 5)
    per_place, span = [2, 1, 0, 2, 0, 1, draft.pick(0, 1)], [0, 0, 0, 0, wide, 0, 0]
    units = [2 * needed, needed, 1, 2 * needed, -(-needed // wide), needed, per_place[6] * needed or 1]
    draft.set(per_place=per_place, span=span, units=[each if draft.happens(0.8) else 0 for each in units])
    draft.set(renewal=[0, 1, 0, draft.pick(0, 1), draft.pick(0, 1), 0, 0])
    mean = [max(1, each) * draft.pick(3_000, 20_000) / TICKS_PER_SECOND for each in units]
    # Two rates, the second from tick 1,000 on; it may be zero, which means never again.
    first, second = 1.0 / mean[6], draft.pick(0.0, 0.2, 3.0) / mean[6]
    hazards = [
        (Hazard.EXPONENTIAL, 1.0 / mean[0], 0.0),
        (Hazard.WEIBULL, draft.pick(0.6, 1.0, 3.0), mean[1]),
        (Hazard.LOGNORMAL, math.log(mean[2]), draft.pick(0.5, 1.5)),
        (Hazard.WEIBULL, draft.pick(0.6, 1.0, 3.0), mean[3]),
        (Hazard.EXPONENTIAL, 1.0 / mean[4], 0.0),
        (Hazard.EXPONENTIAL, 1.0 / mean[5], 0.0),
        (Hazard.TABLE, 0, 2),
    ]
    draft.set(hazard_kind=[kind for kind, _, _ in hazards])
    draft.set(hazard=[(one, other, draft.pick(0.0, 2e-3)) for _, one, other in hazards])
    draft.set(table=[(0.0, first, 0.0), (1e-3, second, 1e-3 * first)])


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
    random=_random,
)
