"""Voids: which candidates have no effect. Weather falls on places whatever the job does, so many hit nothing."""

from typing import TYPE_CHECKING

from simulator.engines.reference.progress import BUSY, RUNNING
from simulator.engines.reference.strikes import Strike
from simulator.numbers.ledger import Exposed
from simulator.numbers.plan import Effect

if TYPE_CHECKING:
    from simulator.engines.reference.world import World

PHASES_EXPOSED = {Exposed.BUSY: BUSY, Exposed.RUNNING: RUNNING}


def is_void(strike: Strike, world: "World") -> bool:
    """Whether a candidate leaves everything as it is. What is certain never does."""
    phase = world.progress.phase
    if strike.is_certain:
        return False
    if strike.exposed is not Exposed.ALWAYS and phase not in PHASES_EXPOSED[strike.exposed]:
        return True
    if strike.slot >= 0:
        return _is_void_on_bench(strike, world)
    filled = world.cluster.is_filled(strike.place)
    if _spans_nobody(strike, world):
        return True
    if strike.effect is Effect.SLOW:
        return strike.place >= 0 and (not filled or world.slowness.is_slow(strike.place))
    if strike.effect is Effect.STALL or (strike.effect is Effect.STOP and strike.blast == 0):
        return phase not in BUSY
    if strike.effect is Effect.STOP:
        return not any(world.cluster.is_filled(place) for place in strike.takes)
    return phase not in RUNNING or (strike.place >= 0 and not filled)  # nothing is seen of it


def _is_void_on_bench(strike: Strike, world: "World") -> bool:
    return strike.effect is not Effect.STOP or strike.slot >= len(world.staffing.pools.pool)


def _spans_nobody(strike: Strike, world: "World") -> bool:
    """Whether a unit spans, or cuts off, places that are all empty."""
    if strike.unit < 0:
        return False
    places = world.causes[strike.name.cause].places_spanned(strike.unit, world.cluster.places)
    return places is not None and not any(world.cluster.is_filled(place) for place in places)
