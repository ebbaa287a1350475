"""Causes: the rows of the plan's table, as plain numbers with names, and which places a unit of each serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from simulator.numbers.ledger import Exposed
from simulator.numbers.plan import Effect, Odds, Plan, Rule


class Element(NamedTuple):
    """One element of the fabric."""

    first: int  # place that it cuts off
    nodes: int  # how many places; 0: none, it slows the job
    speed: int  # to this [1/Q]


@dataclass(frozen=True)
class Cause:
    """One row of the plan's causes; see `Plan`."""

    row: int
    units: int
    per_place: int
    span: int
    elements: tuple[Element, ...]  # by unit; none where the units are not elements of a fabric
    effect: Effect
    blast: int
    exposed: Exposed
    renewal: bool
    on_bench: bool
    hidden: float
    reach: int
    cures: tuple[float, float, float]  # by the last stage of the repair
    rules: Mapping[Rule, int]
    odds: Mapping[Odds, float]

    def first_place(self, unit: int) -> int:
        """The first place of a unit; -1 where it has none."""
        if self.elements:
            return self.elements[unit].first if self.elements[unit].nodes else -1
        return unit // self.per_place if self.per_place else unit * self.span if self.span else -1

    def places_spanned(self, unit: int, needed: int) -> range | None:
        """The places that a unit spans or cuts off; None where it does neither."""
        first = self.first_place(unit)
        width = self.elements[unit].nodes if self.elements else self.span
        return range(first, min(first + width, needed)) if width else None


def causes_of(plan: Plan) -> list[Cause]:
    """The plan's causes, row by row."""
    return [_cause(plan, row) for row in range(len(plan.units))]


def _cause(plan: Plan, row: int) -> Cause:
    rules = {rule: int(plan.rules[row, rule]) for rule in Rule}
    odds = {share: float(plan.odds[row, share]) for share in Odds}
    units, first_row = int(plan.units[row]), rules[Rule.SLICE]
    rows = plan.slices[first_row : first_row + units] if first_row >= 0 else plan.slices[:0]
    return Cause(
        row,
        units=units,
        per_place=int(plan.per_place[row]),
        span=int(plan.span[row]),
        elements=tuple(Element(*map(int, element)) for element in rows),
        effect=Effect(int(plan.effect[row])),
        blast=int(plan.blast[row]),
        exposed=Exposed(int(plan.exposed[row])),
        renewal=bool(plan.renewal[row] == 1),
        on_bench=bool(plan.bench[row] == 1),
        hidden=float(plan.hidden[row]),
        reach=int(plan.reach[row]),
        cures=(float(plan.cure[row]), odds[Odds.CURE_MANUAL], odds[Odds.CURE_VENDOR]),
        rules=rules,
        odds=odds,
    )
