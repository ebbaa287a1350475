"""Recovery: from a failure back to training, and from a broken node back to the pool."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from simulator.drawn import BY_OPERATOR, Drawn, Timing, TimingOfClass, TimingOrNever, by_operator, fixed
from simulator.mechanisms.eviction import Eviction
from simulator.mechanisms.repair_stages import Stage
from simulator.mechanisms.retirement import Retirement
from simulator.quantity import Like, Nodes, Quantity, Share, chosen, default
from simulator.section import Fault, Section

_AIRESIM = "as AIReSim's, arXiv 2603.07041, table 1"
_SELECTION = fixed("3 min", "min", why=_AIRESIM)
_PREEMPTION = default("20 min", "min", why=_AIRESIM)
_RELAPSE = Drawn("exponential", (("mean", default("2 d", "d", why="matters only where repairs do not cure")),))


class Hangs(Section):
    """Failures that do not announce themselves: the job hangs until a timeout or a heartbeat tells.

    What is left unsaid is that of the class of operator.
    """

    share: Annotated[Quantity, Like("%", most=1)] = Field(
        default=chosen("0%", "%"), description="of the failures that stop the job"
    )
    detection: Timing = Field(
        default=fixed("0 s", "min", why="of the class of operator"),
        description="from such a failure until it is noticed [s]",
    )


KINDS = ("bad", "common", "hang")  # what rows of a cause are called behind its name, before a rung


class Rung(Section):
    """A way back to training that is tried before a full restart."""

    rung: str = Field(description="its name, such as retry in process")
    share: Annotated[Quantity, Like("%", most=1)] = Field(description="of the stops that reach it which it ends")
    time: Timing = Field(description="until training goes on, or it is known that this will not do [s]")
    keeps_nodes: StrictBool = Field(default=False, description="the job goes on with the nodes that it has")

    def faults(self) -> Iterator[Fault]:
        """Yield a name that cannot be part of the name of a row."""
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9 _-]{0,39}", self.rung):
            yield ("rung",), "must be a short name of letters, digits and blanks, such as retry in process"
        elif self.suffix.split("_")[0] in KINDS:
            yield (
                ("rung",),
                f"must not begin with {', '.join(KINDS)}, which name other failures of a cause; choose another",
            )

    @property
    def suffix(self) -> str:
        """What the rows of its failures are called behind the name of the cause."""
        return re.sub(r"[ -]+", "_", self.rung.strip()).lower()


class Recovery(Section):
    """What follows a failure, unless a cause says otherwise."""

    policy: Literal["hot_spare"] = Field(
        default="hot_spare", description="how broken nodes are replaced: by hot spares"
    )
    detection: Timing = Field(
        default=by_operator("min"), description="from the failure until somebody or something notices"
    )
    hangs: Hangs | None = Field(
        default=None, description="failures that hang instead of announcing themselves; as the class of operator has it"
    )
    diagnosis: Timing = Field(default=by_operator("min"), description="from the alarm until the broken nodes are known")
    missed: Share | None = Field(
        default=None,
        description="share of diagnoses that find nothing: the broken node goes back to the spares as it is",
    )
    blamed: Share | None = Field(
        default=None, description="share of diagnoses that take out another node, and leave the broken one in"
    )
    swap: Timing = Field(
        default=fixed("30 s", "min", why="a spare is booted and waits"),
        description="bringing spares into the places of broken nodes",
    )
    host_selection: Timing | None = Field(
        default=None,
        description="choosing hosts anew, where hot spares do not suffice and the cluster has others [s]",
    )
    preemption: Annotated[Quantity, Like("min", certain=True)] | None = Field(
        default=None,
        description="until one node of another job is free [s]",
    )
    resume_with: Nodes | None = Field(default=None, description="hot spares that a job which ran short waits for, too")
    choice: Literal["first", "random", "fewest_failures"] = Field(
        default="first", description="which spare is taken: the one that has waited longest, any, or the best record"
    )
    slow_start: Annotated[Quantity, Like("s")] | None = Field(
        default=None,
        description="what the first steps after a restart take longer, all in all [s]",
    )
    eviction: Eviction | None = Field(
        default=None, description="which slow nodes are taken out, and when; all that are found, at once"
    )
    repair_begins: Literal["at_the_failure", "after_diagnosis"] = Field(
        default="after_diagnosis", description="when a broken node enters the repair shop"
    )
    ladder: tuple[Rung, ...] = Field(
        default=(), description="what is tried before a full restart, in this order; as the class of operator has it"
    )
    restart: TimingOfClass = Field(
        default=by_operator("min"), description="process start and communicator set-up, before the checkpoint is loaded"
    )
    repair: TimingOrNever = Field(
        default=by_operator("h"), description="until a broken node is back in the pool, without the wait for a crew"
    )
    crews: Annotated[Quantity, Like("crews", whole=True, certain=True, choice=True, least=1)] | None = Field(
        default=None, description="repairs at a time; unlimited where absent"
    )
    cure: Share = Field(
        default=default("100%", "%", why=BY_OPERATOR),
        description="share of repairs that remove the fault; the other nodes come back and strike again",
    )
    relapse: TimingOrNever = Field(default=_RELAPSE, description="until an uncured node in the job strikes again [s]")
    manual: Stage | None = Field(default=None, description="repair by hand, after the first stage, which `repair` is")
    vendor: Stage | None = Field(default=None, description="repair by the maker, after that by hand")
    retirement: Retirement | None = Field(default=None, description="which nodes never come back; none")
    spares_exposed: StrictBool = Field(default=False, description="spares break too, as nodes in the job do")

    def filled(self, selects: bool, fetches: bool) -> "Recovery":
        """Return the recovery with what it does not say of pools that the cluster has."""
        update: dict[str, Any] = {}
        if selects and self.host_selection is None:
            update["host_selection"] = _SELECTION
        if fetches and self.preemption is None:
            update["preemption"] = _PREEMPTION
        return self.model_copy(update=update)

    @property
    def counts_takings(self) -> bool:
        """Whether it matters how often a node was taken."""
        return self.retirement is not None

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the recovery."""
        names = [rung.suffix for rung in self.ladder]
        for place, name in enumerate(names):
            if name in names[:place]:
                yield ("ladder", place, "rung"), "is the name of another rung; give each its own"
        if self.vendor is not None and self.manual is None:
            yield ("vendor",), "comes after repair by hand; give manual too"
