"""Layers of the network that keep an outage from the job: link, other path, transport, rebuild. Semantics 7.1."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from simulator.drawn import Timing
from simulator.ledger import Account, Purpose, Tally
from simulator.mechanisms.card import Card, Column, Lengths, Words, fixed_ticks, own
from simulator.plan import Odds, Rule
from simulator.quantity import Like, Quantity
from simulator.section import Fault, Section, refusal, unknown_key

if TYPE_CHECKING:
    from simulator.clocks import Row
    from simulator.scenario.model import Scenario


_REACH = Like("s", above=0, certain=True)

_TIMEOUT = Like("", least=1, most=31, whole=True, certain=True)

_RETRIES = Like("", least=1, most=7, whole=True, certain=True)

UNIT_OF_TIMEOUTS = 4.096e-6  # [s] InfiniBand Architecture Specification, volume 1, section 9.9.2.1.1: local ACK timeout


class _Retries:
    """The annotation of how long a transport retries: a time, or the timeout and retries of a queue pair."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Validate by reading."""
        return core_schema.no_info_plain_validator_function(_read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the field to an editor."""
        words = "a number in s, or {timeout, retries} of a queue pair: 4.096 us x 2^timeout x retries"
        return {"type": ["string", "number", "object"], "description": words}


def _read(value: Any) -> Quantity:
    if not isinstance(value, dict) or not {"timeout", "retries"} & set(value):
        return _REACH.read(value)
    known = ("timeout", "retries")
    faults: list[Fault] = [((key,), unknown_key(key, known)) for key in value if key not in known]
    faults += [((), f'{key} is missing; write "{{timeout: 20, retries: 7}}"') for key in known if key not in value]
    if faults:
        raise refusal(faults, value)
    timeout, retries = _TIMEOUT.read(value["timeout"]), _RETRIES.read(value["retries"])
    reach = UNIT_OF_TIMEOUTS * 2**timeout.median * retries.median
    source = f"4.096 us x 2^{timeout.median:.0f} x {retries.median:.0f} retries"
    return Quantity(reach, "s", source=source)


Reach = Annotated[Quantity, _Retries()]


class Rebuild(Section):
    """Setting up communicators anew, in place: the job stands still, and restarts nothing."""

    within: Reach = Field(description="the longest outage after which communicators are rebuilt [s]")
    takes: Timing = Field(description="once the outage is over [s]")


def _rebuilt_within(scenario: "Scenario", row: "Row") -> int | None:
    return None if row.cause.rebuild is None else fixed_ticks(row.cause.rebuild.within)


def _rebuild(scenario: "Scenario", row: "Row | None") -> Any:
    return None if row is None or row.cause.rebuild is None else row.cause.rebuild.takes


CARD = Card(
    "layers of the network",
    plan=(
        Column("rules", 0, lambda scenario, row: fixed_ticks(row.cause.link_level), Rule.MASKED),
        Column("odds", 0.0, own("multipath"), Odds.MULTIPATH),
        Column("reach", 0, lambda scenario, row: fixed_ticks(row.cause.reach)),
        Column("rules", 0, _rebuilt_within, Rule.REBUILD),
        Column("hidden", 0.0, own("absorbed")),
        Lengths(Purpose.LENGTH, own("stall")),
        Lengths(Purpose.REBUILD, _rebuild),
    ),
    counts={
        Tally.STALLS: Words(
            "outages that the network got over", "outages in which the job stood still, and after which it went on"
        ),
        Tally.REBUILDS: Words(
            "  by new communicators", "of the stalls, those that took a rebuild of the communicators"
        ),
    },
    accounts={Account.NETWORK_STALL: Words("network stalls", "the transport recovers below the application")},
    purposes=(Purpose.HIDDEN, Purpose.MULTIPATH),
)
