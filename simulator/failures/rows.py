"""From causes as they are written to causes as an engine has them: one row for each clock."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from simulator.quantity import Quantity

if TYPE_CHECKING:
    from simulator.failures import Cause

BAD, COMMON = "bad", "common"  # behind the name of the cause and an underscore


class Origin(NamedTuple):
    """What a row has of the rate that is written: `factor` times it, or what that leaves."""

    factor: Quantity | None = None
    rest: bool = False  # 1 - factor
    part: str = ""  # the part that the rate counts, where it is not the row's own

    def factor_at(self, values: Mapping[str, float] | None) -> float:
        """Return the factor on the rate [1] in a replication whose inputs are drawn, or at the medians."""
        if self.factor is None:
            return 1.0
        factor = self.factor.at(values)
        return 1.0 - factor if self.rest else factor


def expanded(given: Mapping[str, "Cause"]) -> dict[str, "Cause"]:
    """Return a row for each clock, by name: the cause itself, its bad nodes, and what strikes a whole domain."""
    rows: dict[str, Cause] = {}
    for name, cause in given.items():
        rows |= _rows(name, cause)
    return rows


def _rows(name: str, cause: "Cause") -> dict[str, "Cause"]:
    rows = {name: cause}
    lemons, common = cause.lemons, cause.common
    if lemons is not None and lemons.times is not None:
        rows[name] = cause.model_copy(update={"lemons": None, "common": None})
        # What makes a node bad is cured or stays; it is not replaced by something new.
        alone = {"lemons": lemons.model_copy(update={"times": None}), "on_replacement": "minimal_repair"}
        rows[f"{name}_{BAD}"] = _with(cause.model_copy(update={**alone, "common": None}), Origin(lemons.times))
    if common is not None:
        rows[name] = _with(rows[name].model_copy(update={"common": None}), Origin(common.share, rest=True))
        # All of the domain, unless the cause says of itself that it takes but a share of what it strikes.
        update = {"part": common.domain, "blast": None, "common": None, "lemons": None, "spares_exposed": False}
        rows[f"{name}_{COMMON}"] = _with(cause.model_copy(update=update), Origin(common.share, part=cause.part))
    return rows


def _with(cause: "Cause", origin: Origin) -> "Cause":
    copy = cause.model_copy()
    copy._origin = origin
    return copy


def clash(name: str, given: Mapping[str, "Cause"]) -> Iterator[str]:
    """Yield what is wrong with the names of the rows that a cause stands for."""
    for row in _rows(name, given[name]):
        if row != name and row in given:
            yield f"needs the name '{row}' for a part of its failures, and another cause has it; rename that one"
