"""The operator: a class of how failures are detected and recovered from, and of how checkpoints are saved.

A class fills what a scenario leaves unsaid. An operator of no known class is a mixture: each replication draws one.
"""

import math
import re
from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Annotated, Any, TypeVar

from pydantic import Field, StrictBool, model_validator

from simulator.mechanisms.windows import Maintenance
from simulator.nouns.checkpoint import LOADED, Checkpoint, Tier
from simulator.nouns.cluster import Cluster
from simulator.nouns.failures import Cause
from simulator.nouns.recovery import Recovery
from simulator.words.quantity import ASSUMED, Like, Quantity, chosen, share_below
from simulator.words.section import Fault, Section

S = TypeVar("S", bound=Section)

USUAL = "automatic"
MATURITY = "operator.maturity"
CLASS = "operator.class"
_Certain = Annotated[Quantity, Like("%", most=1, certain=True)]
_Part = Annotated[Quantity, Like("%", most=1, certain=True, choice=True)]
LONG_FORM = {"classes", "alike", "filled"}  # keys of an operator that is more than a mixture
_SUM = 1e-9  # how far the shares of a mixture may be from 100 % in all
# What the maturity of an operator moves: how long it takes to notice, to diagnose, to restart and to save.
_MOVED = re.compile(
    r"(recovery|failures\.[^.]+)\.(detection|diagnosis|restart|bisection|hangs\.detection)(\.(?!(?:shape|power)$)\w+)?"
    r"|recovery\.ladder\.\d+\.time(\.(?!(?:shape|power)$)\w+)?|checkpoint\.tiers\.\d+\.blocking"
)


class Operator(Section):
    """Who runs the cluster: a class in scenarios/operators/ or a file of one's own, or a mixture of them."""

    classes: dict[str, _Part] = Field(
        default={USUAL: chosen("100%", "%")}, description="a class, or the probability of each of several"
    )
    alike: _Certain | None = Field(
        default=None,
        description="how far detection, diagnosis, restart and pause are fast or slow together: correlation",
    )

    filled: StrictBool | None = Field(
        default=None,
        description="true in what a run writes: classes of your own are names only, and all that they fill is said",
    )

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"classes": {data: "100%"}}
        if isinstance(data, dict) and data.keys() - {"source"} and not LONG_FORM & set(data):
            return {"classes": {name: share for name, share in data.items() if name != "source"}}
        if isinstance(data, dict) and isinstance(data.get("classes"), str):
            return data | {"classes": {data["classes"]: "100%"}}
        return data

    def faults(self) -> Iterator[Fault]:
        """Yield shares of classes that are not those of a whole."""
        total = math.fsum(share.median for share in self.classes.values())
        if not self.classes:
            yield ("classes",), 'which class? write "operator: automatic"'
        elif abs(total - 1.0) > _SUM:
            yield ("classes",), f"the probabilities sum to {total:.4g}; they must sum to 100%"


class OperatorClass(Section):
    """One class: what operators of this kind do, as a file of scenarios/operators/ describes it."""

    kind: str = "operator"
    name: str
    meaning: str = ""
    alike: _Certain | None = Field(default=None, description="correlation of how fast they do different things")
    hot_spares: _Certain | None = Field(default=None, description="hot spares, of the nodes of the job")
    recovery: Recovery = Recovery()
    checkpoint: Checkpoint = Checkpoint()
    maintenance: Maintenance | None = None

    def faults(self) -> Iterator[Fault]:
        """Yield a list of tiers that tells of none what a save costs, as every scenario may ask."""
        if "tiers" in self.checkpoint.model_fields_set and not self.checkpoint.tiers:
            yield ("checkpoint", "tiers"), "has no tier to storage; write {to: storage, blocking: 5 s}, or leave it out"

    def on_top_of(self, usual: "OperatorClass") -> "OperatorClass":
        """Return the class with what it does not say taken from another one."""
        update: dict[str, Any] = {
            "recovery": self._recovery_on(usual.recovery, self.recovery, frozenset()),
            "checkpoint": overlaid(usual.checkpoint, self.checkpoint),
        }
        for name in ("alike", "hot_spares", "maintenance"):
            if getattr(self, name) is None:
                update[name] = getattr(usual, name)
        return self.model_copy(update=update)

    def faults_of(self, operator: Operator, maintenance: Maintenance | None, filled: bool) -> Iterator[Fault]:
        """Yield what a scenario says of its operator, such as that all is `filled`, and leaves as it is."""
        if filled and not operator.filled:
            yield ("operator", "filled"), "the classes ship with the program, and fill what is unsaid; leave this out"
        if maintenance is not None and maintenance.planned is not None and self.maintenance is None:
            yield ("maintenance",), f"class {self.name} has no planned stops; leave this out"

    def spares(self, cluster: Cluster) -> Cluster:
        """Return a cluster that has the hot spares of the class where it says nothing of spares at all."""
        spoken = {"hot_spares", "cold_spares", "preemptible", "blocks"} & cluster.model_fields_set
        if spoken or self.hot_spares is None:
            return cluster
        number = float(math.ceil(self.hot_spares.median * cluster.needed))
        source = f"{ASSUMED}: {self.hot_spares.text()} of the nodes, class {self.name}"
        return cluster.model_copy(update={"hot_spares": Quantity(number, "nodes", source=source)})

    def recovers(self, recovery: Recovery, causes: Collection[Cause]) -> Recovery:
        """Return a recovery with what it does not say itself, as far as its causes have a use for it.

        A detection that is given holds for all failures, hangs too, unless a cause speaks of hangs; a restart that is
        given follows no ladder.
        """
        without = set()
        speaks = recovery.hangs is not None or any(cause.hangs is not None for cause in causes)
        if ("detection" in recovery.model_fields_set and not speaks) or (
            causes and not any(cause.may_hang for cause in causes)
        ):
            without.add("hangs")
        if self.restart_is_given(recovery) or (causes and not any(cause.may_climb for cause in causes)):
            without.add("ladder")
        return self._recovery_on(self.recovery, recovery, without)

    def _recovery_on(self, usual: Recovery, own: Recovery, without: AbstractSet[str]) -> Recovery:
        found = overlaid(usual, own, without)
        if own.restart.scales_class and usual.restart.growth is None:
            raise ValueError(f"class {self.name} has no restart by the number of GPUs; give by_gpus beside times")
        return found.model_copy(update={"restart": found.restart.of(usual.restart)})

    def restart_is_given(self, recovery: Recovery) -> bool:
        """Return whether a recovery says itself how long a restart takes, not only how many times the class's."""
        own, usual = recovery.restart.growth, self.recovery.restart.growth
        same = own is not None and usual is not None and own.sizes_and_times == usual.sizes_and_times
        return "restart" in recovery.model_fields_set and not same and not recovery.restart.scales_class

    def saves(self, checkpoint: Checkpoint, restart_is_given: bool) -> Checkpoint:
        """Return checkpoints with the interval and the tiers of the class where they do not say.

        The restart of a class holds the load of a checkpoint; beside one that is given, the load has a time of its own.
        """
        own = {tier.to: tier for tier in self.checkpoint.tiers}
        tiers = tuple(
            _tier(tier, own.get(tier.to) or own["storage"], restart_is_given)
            for tier in checkpoint.tiers or self.checkpoint.tiers
        )
        update: dict[str, Any] = {"tiers": tiers}
        if "interval" not in checkpoint.model_fields_set:
            update["interval"] = self.checkpoint.interval
        return checkpoint.model_copy(update=update)


def _tier(tier: Tier, usual: Tier, restart_is_given: bool) -> Tier:
    """Return a tier with the times of a class for what it does not say and no bandwidth tells."""
    update: dict[str, Any] = {}
    if tier.blocking is None:
        update["blocking"] = usual.blocking
    if tier.lag is None and tier.bandwidth is None and tier.to == "storage":
        update["lag"] = usual.lag
    if not restart_is_given:
        update["restore"] = usual.restore if tier.restore is None else tier.restore
    elif tier.to == "storage" and tier.bandwidth is None and tier.restore in (None, usual.restore):
        update["restore"] = LOADED
    return tier.model_copy(update=update)


def overlaid(below: S, above: S, without: AbstractSet[str] = frozenset()) -> S:
    """Return a section with what it does not say itself taken from one below it, of the same kind, `without` some."""
    update: dict[str, Any] = {}
    for name in below.model_fields_set - {"source", *without}:
        usual, own = getattr(below, name), getattr(above, name)
        if name not in above.model_fields_set:
            update[name] = usual
        elif isinstance(own, Section) and type(own) is type(usual):
            update[name] = overlaid(usual, own)
    return above.model_copy(update=update)


@dataclass(frozen=True, slots=True)
class Maturity(Quantity):
    """How good an operator is at what it does, among all of its class: the share of them that are worse."""

    @property
    def uncertain(self) -> bool:
        """Always: it is drawn for each replication."""
        return True

    def at_score(self, score: float) -> float:
        """Return the share [1] at a standard normal score."""
        return share_below(score)


@dataclass(frozen=True, slots=True)
class Which(Maturity):
    """The class of the operator, by its number in the order of the scenario; `ends` are cumulated probabilities."""

    ends: tuple[float, ...] = ()

    def at_score(self, score: float) -> float:
        """Return the number of the class at a standard normal score."""
        share = share_below(score)
        return float(next((n for n, end in enumerate(self.ends) if share <= end), len(self.ends) - 1))


def hidden_inputs(operator: Operator, alike: float) -> tuple[Quantity, ...]:
    """Return what about the operator is drawn for each replication before all other inputs: its class and maturity."""
    found: list[Quantity] = []
    if len(operator.classes) > 1:
        ends = tuple(accumulate(share.median for share in operator.classes.values()))
        which = Which(0.0, "", source="operator", path=CLASS, ends=ends)
        found.append(replace(which, median=which.at_score(0.0)))
    if alike > 0:
        found.append(Maturity(0.5, "%", source="operator", path=MATURITY, choice=True))
    return tuple(found)


def moved(path: str) -> bool:
    """Return whether the maturity of the operator moves the input at a path."""
    return _MOVED.fullmatch(path) is not None
