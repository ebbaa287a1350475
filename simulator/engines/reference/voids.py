"""Voids: which candidates have no effect. Weather falls on places whatever the job does, so many hit nothing."""

from typing import TYPE_CHECKING

from simulator.engines.reference.progress import BUSY, RUNNING
from simulator.engines.reference.strikes import Strike
from simulator.ledger import Effect, Exposed

if TYPE_CHECKING:
    from simulator.engines.reference.world import World

PHASES_EXPOSED = {Exposed.BUSY: BUSY, Exposed.RUNNING: RUNNING}


def is_void(strike: Strike, world: "World") -> bool:
    """Whether a candidate leaves everything as it is. An alarm never does: the weights are bad whoever made them so."""
    phase = world.progress.phase
    if strike.is_alarm:
        return False
    if strike.exposed is not Exposed.ALWAYS and phase not in PHASES_EXPOSED[strike.exposed]:
        return True
    if strike.slot >= 0:
        return _is_void_on_bench(strike, world)
    filled = world.cluster.is_filled(strike.place)
    node = world.cluster.node_in[strike.place] if filled else -1
    if _falls_on_no_lemon(strike, world, node) or _spans_nobody(strike, world):
        return True
    if strike.effect is Effect.SLOW:
        return strike.place >= 0 and (not filled or world.slowness.is_slow(strike.place))
    if strike.effect is Effect.CORRUPT:
        return phase not in RUNNING or (strike.place >= 0 and not filled)
    if strike.effect is Effect.STALL or strike.blast == 0:
        return phase not in BUSY
    return not any(world.cluster.is_filled(place) for place in strike.takes)


def _is_void_on_bench(strike: Strike, world: "World") -> bool:
    pool = world.staffing.pools.pool
    if strike.effect is not Effect.STOP or strike.slot >= len(pool):
        return True
    return _falls_on_no_lemon(strike, world, pool[strike.slot])


def _falls_on_no_lemon(strike: Strike, world: "World", node: int) -> bool:
    """Whether a lemon cause fell on a node that it cannot strike. Scripts and relapses do not ask."""
    cause = world.causes[strike.name.cause]
    asks = strike.of_weather and cause.lemon_share > 0.0
    return asks and (node < 0 or not world.histories.is_lemon(cause, node))


def _spans_nobody(strike: Strike, world: "World") -> bool:
    """Whether a unit spans, or cuts off, places that are all empty."""
    if strike.unit < 0:
        return False
    places = world.causes[strike.name.cause].places_spanned(strike.unit, world.cluster.places)
    return places is not None and not any(world.cluster.is_filled(place) for place in places)
