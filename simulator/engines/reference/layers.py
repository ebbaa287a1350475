"""Layers: what units of a cause would do, and what the layers of the network leave of it before it strikes."""

from dataclasses import replace

from simulator.engines.reference.causes import Cause
from simulator.engines.reference.draws import Chance
from simulator.engines.reference.strikes import Name, Strike, block_around
from simulator.numbers.plan import Effect, Odds, Purpose, Rule
from simulator.numbers.times import NEVER


class Layers:
    """Where candidates of the weather become strikes. Scripts, relapses and alarms do not pass here."""

    def __init__(self, needed: int, chance: Chance) -> None:
        self._needed = needed
        self._chance = chance

    def strike_on_unit(self, cause: Cause, name: Name, unit: int) -> Strike | None:
        """What a candidate that falls on a unit would do; None where nobody notices it."""
        place = cause.first_place(unit)
        hit, blast, given = block_around(place, cause.blast, self._needed), cause.blast, {}
        if cause.elements:
            element = cause.elements[unit]
            blast = element.nodes  # whatever the blast of the cause
            hit = tuple(range(element.first, min(element.first + blast, self._needed)))
            given = {} if element.nodes else {Purpose.FACTOR: element.speed}
        share = cause.odds[Odds.MEMBERS]
        strike = Strike(
            name,
            cause.effect,
            place,
            blast=blast,
            takes=tuple(place for place in hit if self._chance.is_member(name, place, share)),
            exposed=cause.exposed,
            unit=unit,
            given=given,
        )
        return self._passes(cause, strike) if cause.effect is Effect.STOP else strike

    def strike_on_bench(self, cause: Cause, name: Name, slot: int) -> Strike | None:
        """What a candidate that falls on a slot of the pool would do; None where nobody notices it."""
        strike = Strike(name, cause.effect, exposed=cause.exposed, slot=slot)
        return self._passes(cause, strike) if cause.effect is Effect.STOP else strike

    def _passes(self, cause: Cause, stop: Strike) -> Strike | None:
        """A STOP meets one layer after the other; the first that copes with it says what becomes of it."""
        chance, name, rules = self._chance, stop.name, cause.rules
        length = chance.ticks(stop, Purpose.LENGTH)
        if _within(rules[Rule.MASKED], length):
            return None  # the link retries
        if chance.happens(name, Purpose.MULTIPATH, cause.odds[Odds.MULTIPATH]):
            return replace(stop, effect=Effect.SLOW, given={**stop.given, Purpose.HEALED: length})
        if _within(cause.reach, length):
            return replace(stop, effect=Effect.STALL)  # the transport retries until the outage is over
        if _within(rules[Rule.REBUILD], length):
            in_all = min(NEVER, length + chance.ticks(stop, Purpose.REBUILD))
            return replace(stop, effect=Effect.STALL, rebuilds=True, given={Purpose.LENGTH: in_all})
        if chance.happens(name, Purpose.HIDDEN, cause.hidden):
            return replace(stop, effect=Effect.STALL)
        if cause.elements and stop.place < 0:
            return replace(stop, effect=Effect.SLOW)  # it cuts nobody off
        return stop


def _within(limit: int, length: int) -> bool:
    """Whether a layer copes with an outage so long; with none if it has no limit."""
    return limit > 0 and length <= limit
