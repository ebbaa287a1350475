"""From causes as they are written to causes as an engine has them: one row for each clock."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.mechanisms import CARDS
from simulator.mechanisms.steps import KINDS, Rung
from simulator.nouns.recovery import Recovery
from simulator.words.quantity import Quantity, chosen

if TYPE_CHECKING:
    from simulator.nouns.failures.cause import Cause

_, COMMON, HANG = KINDS  # behind the name of the cause and an underscore


class Portion(NamedTuple):
    """A share of a rate, or what it leaves."""

    share: Quantity
    rest: bool = False  # 1 - share

    def at(self, values: Mapping[str, float] | None) -> float:
        """Return the factor [1] in a replication whose inputs are drawn, or at the medians."""
        share = self.share.at(values)
        return max(0.0, 1.0 - share) if self.rest else share


@dataclass(frozen=True)
class Origin:
    """What a row has of the rate that is written: the product of its factors."""

    factors: tuple[Portion, ...] = ()
    part: str = ""  # the part that the rate counts, where it is not the row's own
    tried: tuple[Rung, ...] = ()  # rungs of the ladder that were tried before and did not end the stop

    def factor_at(self, values: Mapping[str, float] | None) -> float:
        """Return the factor on the rate [1] in a replication whose inputs are drawn, or at the medians."""
        product = 1.0
        for factor in self.factors:
            product *= factor.at(values)
        return product

    @property
    def uncertain(self) -> bool:
        """Whether any factor is not known exactly."""
        return any(factor.share.uncertain for factor in self.factors)


Rows = dict[str, "Cause"]


def expanded(given: Mapping[str, "Cause"], recovery: Recovery | None = None) -> Rows:
    """Return a row for each clock, by name.

    The cause itself, its bad nodes, and what strikes a whole domain; with a recovery each of these again by whether the
    failure hangs, and by the rung of the ladder that ends the stop.
    """
    rows: Rows = {}
    for name, cause in given.items():
        rows |= _rows(name, cause, recovery)
    return rows


def _rows(name: str, cause: "Cause", recovery: Recovery | None) -> Rows:
    rows = {name: cause}
    for card in CARDS:
        if card.rows is not None:
            rows |= card.rows(name, rows[name])
    common = cause.common
    if common is not None:
        rows[name] = rows[name].portion({"common": None}, common.share, rest=True)
        # All of the domain, unless the cause says of itself that it takes but a share of what it strikes.
        update = {"part": common.domain, "blast": None, "common": None, "spares_exposed": False}
        row = cause.on_all_nodes().portion(update, common.share)
        row._origin = replace(row._origin, part=cause.part)
        rows[f"{name}_{COMMON}"] = row
    if recovery is not None:
        rows = _split(rows, lambda label, row: _by_kind(label, row, recovery))
        rows = _split(rows, lambda label, row: _by_rung(label, row, recovery))
    return rows


def _split(rows: Rows, split: Callable[[str, "Cause"], Rows]) -> Rows:
    found: Rows = {}
    for name, row in rows.items():
        found |= split(name, row) if row.divisible else {name: row}
    return found


def _by_kind(name: str, row: "Cause", recovery: Recovery) -> Rows:
    """Return the failures of a row that announce themselves, and those that hang."""
    hangs = recovery.hangs
    if hangs is None or not row.may_hang:
        return {name: row}
    share = hangs.share if row.hangs is None else row.hangs
    if share.median == 0 and not share.uncertain:
        return {name: row}
    if share.median == 1 and not share.uncertain:
        return {name: row.model_copy(update={"detection": hangs.detection})}
    announced = row.portion({"hangs": None}, share, rest=True)
    return {name: announced, f"{name}_{HANG}": row.portion({"detection": hangs.detection}, share)}


def _by_rung(name: str, row: "Cause", recovery: Recovery) -> Rows:
    """Return the failures of a row by the rung that ends them: the last ones need a full restart."""
    if not recovery.ladder or not row.may_climb:
        return {name: row}
    rows, left = {}, row
    for rung in recovery.ladder:
        nodes: dict[str, Any] = {"restart": rung.time}
        if rung.keeps_nodes:
            nodes["blast"] = chosen("0 nodes", "nodes")
        rows[f"{name}_{rung.suffix}"] = left.portion(nodes, rung.share)
        left = left.portion({}, rung.share, rest=True)
        left._origin = replace(left._origin, tried=(*left._origin.tried, rung))
    return {name: left, **rows}


def clash(name: str, given: Mapping[str, "Cause"], recovery: Recovery) -> Iterator[str]:
    """Yield what is wrong with the names of the rows that a cause stands for."""
    for row in _rows(name, given[name], recovery):
        if row != name and row in given:
            yield f"needs the name '{row}' for a part of its failures, and another cause has it; rename that one"
