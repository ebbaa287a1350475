"""The layers of a network that keep an outage from the job: links, transports, communicators."""

from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from simulator.drawn import Timing
from simulator.quantity import Like, Quantity
from simulator.section import Fault, Section, refusal, unknown_key

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
