"""Recovery: from a failure back to training, and from a broken node back to the pool."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from simulator.drawn import Drawn, Timing, TimingOrNever, fixed
from simulator.quantity import Like, Quantity, Share, default
from simulator.section import Section

# Judgement that spans published systems; P10, P50, P90. Each is an input that a planner replaces.
_SYSTEMS = "judgement across published systems"

_RELAPSE = Drawn("exponential", (("mean", default("2 d", "d", why="matters only where repairs do not cure")),))


class Recovery(Section):
    """What follows a failure, unless a cause says otherwise."""

    policy: Literal["hot_spare"] = "hot_spare"
    detection: Timing = fixed("1 min", "min", p10="10 s", p90="10 min", why=_SYSTEMS)
    diagnosis: Timing = fixed("5 min", "min", p10="1 min", p90="15 min", why=_SYSTEMS)
    swap: Timing = fixed("30 s", "min", why="a spare is booted and waits")
    restart: Timing = fixed("5 min", "min", p10="1 min", p90="770 s", why=_SYSTEMS)
    repair: TimingOrNever = fixed("24 h", "h", p10="2 h", p90="120 h", why=_SYSTEMS)
    crews: Annotated[Quantity, Like("crews", whole=True, certain=True, choice=True, least=1)] | None = Field(
        default=None, description="repairs at a time; unlimited where absent"
    )
    cure: Share = default("100%", "%", why="repairs cure unless given")
    relapse: TimingOrNever = Field(default=_RELAPSE, description="until an uncured node in the job strikes again [s]")
    spares_exposed: StrictBool = Field(default=False, description="spares break too, as nodes in the job do")
