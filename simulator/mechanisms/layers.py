"""Layers of the network that keep an outage from the job: link, other path, transport, rebuild. Semantics 7.1."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from simulator.mechanisms import questions
from simulator.mechanisms.card import (
    SLOWER_PATH,
    At,
    Card,
    Column,
    Draft,
    LeftOut,
    Lengths,
    Manner,
    Words,
    fixed_ticks,
    own,
    some,
)
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Effect, Odds, Purpose, Rule, Tally
from simulator.numbers.times import TICKS_PER_SECOND
from simulator.words.drawn import Timing
from simulator.words.quantity import Like, Quantity, Share, default
from simulator.words.section import Fault, Section, refusal, unknown_key

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.nouns.failures import Cause
    from simulator.numbers.plan import Plan
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item


_REACH = Like("s", above=0, certain=True)

_TIMEOUT = Like("", least=1, most=31, whole=True, certain=True)

_RETRIES = Like("", least=1, most=7, whole=True, certain=True)

_LAYERS = ("link_level", "multipath", "reach", "rebuild")  # an outage meets them in this order
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


class OfCause(Section):
    """What a cause says of layers."""

    absorbed: Share = Field(
        default=default("0%", "%", why="nothing is hidden below the application"),
        description="share of stops that the transport hides: the job stalls only",
    )
    stall: Timing | None = Field(
        default=None, description="how long the transport takes to recover, or how long the outage lasts [s]"
    )
    link_level: Reach | None = Field(default=None, description="outages up to so long the link hides: unseen [s]")
    multipath: Share | None = Field(
        default=None, description="share of outages around which another path leads: the job slows to `speed` meanwhile"
    )
    reach: Reach | None = Field(
        default=None, description="outages up to so long the transport retries through: the job only stalls [s]"
    )
    rebuild: Rebuild | None = Field(default=None, description="longer outages that cost new communicators, no restart")

    @property
    def rerouted(self) -> bool:
        """Whether another path may carry on when it strikes, and slow the job."""
        return self.multipath is not None


def _rebuilt_within(scenario: "Scenario", row: "Row") -> int | None:
    return None if row.cause.rebuild is None else fixed_ticks(row.cause.rebuild.within)


def _rebuild(scenario: "Scenario", row: "Row | None") -> Any:
    return None if row is None or row.cause.rebuild is None else row.cause.rebuild.takes


def _useless_in_cause(document: "Document", cause: "Cause", written: "Item") -> Iterator[Fault]:
    """Yield an outage that turns no stop into a stall."""
    if cause.stall is None:
        return
    hidden = questions.happens(cause.absorbed) or written.child("absorbed") is not None
    met = hidden or any((cause.link_level, cause.multipath, cause.reach, cause.rebuild))
    if cause.manner.found_later:
        yield ("stall",), f"belongs to outages; the effect is {cause.effect}, so leave it out"
    elif cause.effect == "stop" and not met:
        question = 'what turns a stop into a stall? write "absorbed: 90%", or reach, or "effect: stall"'
        yield ("stall",), f"{question}, {questions.LEAVE}"


def _wrong_in_cause(cause: "Cause") -> Iterator[Fault]:
    """Yield layers without outages, and layers in the wrong order."""
    if cause.effect == "stall" and cause.stall is None:
        yield (), 'how long is a stall? write "stall: 8 s"'
    if cause.effect != "stop" and cause.absorbed.median > 0:
        yield ("absorbed",), f"is the share of stops that become stalls; the effect is {cause.effect}"
    given = [name for name in _LAYERS if getattr(cause, name) is not None]
    for name in given:
        if cause.effect == "stop" and cause.stall is None:
            yield (name,), 'how long do outages last? write "stall: {p50: 10 s, p90: 2 min}"'
        elif cause.effect != "stop":
            yield (name,), f"is what turns stops into stalls; the effect is {cause.effect}"
    if cause.effect == "stop" and questions.happens(cause.absorbed) and cause.stall is None:
        yield ("absorbed",), 'how long is an absorbed stop? write "stall: 8 s"'
    if cause.multipath is not None and cause.effect == "stop" and cause.speed is None:
        yield ("multipath",), 'how fast is the job on the other paths? write "speed: 97%"'
    reaches = [(name, _reach_of(cause, name).median) for name in given if name != "multipath"]
    for (below, low), (name, high) in pairwise(reaches):
        if high <= low:
            yield (name,), f"reaches no farther than {below}, which comes first; lengthen it or leave it out"


def _reach_of(cause: "Cause", layer: str) -> Quantity:
    found = getattr(cause, layer)
    reach: Quantity = found.within if layer == "rebuild" else found
    return reach


def _absorbs(plan: "Plan") -> Any:
    return (plan.hidden > 0) | (plan.reach > 0) | (plan.rules[:, Rule.REBUILD] > 0)


def _stops(plan: "Plan", cause: int) -> float:
    """Return the share of the outages of a cause that no layer copes with [1]."""
    seen = (1.0 - plan.hidden[cause]) * (1.0 - plan.odds[cause, Odds.MULTIPATH])
    return float(seen * _outlives(plan, cause))


def _outlives(plan: "Plan", cause: int) -> float:
    """Return the share of a cause's outages that last longer than any layer of the network reaches [1]."""
    farthest = max(plan.rules[cause, Rule.MASKED], plan.reach[cause], plan.rules[cause, Rule.REBUILD])
    if farthest <= 0:
        return 1.0
    from simulator.numbers import durations  # brings the compiler; called once, its function may as well stay Python

    sample: Callable[..., float] = getattr(durations.sample, "py_func", durations.sample)
    law, reach = plan.laws[cause, Purpose.LENGTH], farthest / TICKS_PER_SECOND
    if sample(*law, 0.5) == sample(*law, 0.25):  # of one length, all or none
        return float(sample(*law, 0.5) > reach)
    # A quantile rises or falls with the number that it is drawn by: halve towards where it crosses the reach.
    rises = sample(*law, 0.75) > sample(*law, 0.25)
    low, high = 0.0, 1.0
    for _ in range(52):
        middle = (low + high) / 2
        if (sample(*law, middle) <= reach) == rises:
            low = middle
        else:
            high = middle
    return 1.0 - low if rises else low


def _random(draft: Draft) -> None:
    stops = draft.plan.effect == Effect.STOP
    draft.set(
        hidden=[draft.pick(0.0, 0.3, 0.5) * bool(stop) for stop in stops], reach=[draft.pick(0, 3, 20) for _ in stops]
    )
    draft.column("rules", Rule.MASKED, 0, 0, 2)
    draft.column("rules", Rule.REBUILD, 0, 0, 60)
    draft.column("odds", Odds.MULTIPATH, 0.0, 0.0, 0.4)
    draft.lengths(Purpose.LENGTH, 0, 3, 10, 40, at=At.CAUSES)
    draft.lengths(Purpose.REBUILD, 0, 3, 10, 40, at=At.CAUSES)


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
            "outages that the network got over",
            "outages that the network got over while the job stood still: strikes of the effect stall, also those that "
            "a layer made of a stop",
        ),
        Tally.REBUILDS: Words("  by new communicators", "of those, the ones that took a rebuild of the communicators"),
    },
    accounts={
        Account.NETWORK_STALL: Words(
            "network stalls", "the transport recovers below the application", "CUSTOM_BADPUT_EVENTS"
        )
    },
    purposes=(Purpose.HIDDEN, Purpose.MULTIPATH),
    manners={"stall": Manner(Effect.STALL, takes=False, breaks=False)},
    wrong_in_cause=_wrong_in_cause,
    useless_in_cause=_useless_in_cause,
    stops=_stops,
    left_out=(
        LeftOut("network stalls", lambda plan: some(plan, _absorbs(plan) | (plan.effect == Effect.STALL))),
        LeftOut(
            SLOWER_PATH,
            lambda plan: some(plan, (plan.odds[:, Odds.MULTIPATH] > 0) & (plan.effect == Effect.STOP)),
        ),
    ),
    random=_random,
)
