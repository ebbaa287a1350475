"""The steps of a recovery: detection, swap, restart, and the rungs tried before it. Semantics 4."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StrictBool

from simulator.mechanisms import questions
from simulator.mechanisms.card import (
    At,
    Card,
    Draft,
    LeftOut,
    Lengths,
    Needs,
    Number,
    Values,
    Words,
    own_or_usual,
    usual,
    varies,
)
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Purpose
from simulator.numbers.times import Law
from simulator.words import laws
from simulator.words.drawn import GrowingTiming, Timing, TimingOfClass, by_operator, fixed
from simulator.words.quantity import Like, Quantity, Share, chosen
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.nouns.cluster import Cluster
    from simulator.nouns.failures import Cause
    from simulator.nouns.recovery import Recovery
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item


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


class OfRecovery(Section):
    """What recovery says of the steps."""

    detection: Timing = Field(
        default=by_operator("min"), description="from the failure until somebody or something notices"
    )
    hangs: Hangs | None = Field(
        default=None, description="failures that hang instead of announcing themselves; as the class of operator has it"
    )
    swap: Timing = Field(
        default=fixed("30 s", "min", why="a spare is booted and waits"),
        description="bringing spares into the places of broken nodes",
    )
    ladder: tuple[Rung, ...] = Field(
        default=(), description="what is tried before a full restart, in this order; as the class of operator has it"
    )
    restart: TimingOfClass = Field(
        default=by_operator("min"), description="process start and communicator set-up, before the checkpoint is loaded"
    )


class OfCause(Section):
    """What a cause says of the steps."""

    detection: Timing | None = Field(
        default=None, description="from the failure until it is noticed; else as under recovery"
    )
    hangs: Share | None = Field(
        default=None, description="share of its failures that hang instead of announcing themselves; as under recovery"
    )
    restart: GrowingTiming | None = Field(
        default=None, description="process start and communicators after it, on no ladder; else as under recovery [s]"
    )


_last = own_or_usual("restart")


def _restart(scenario: "Scenario", row: "Row | None") -> Any:
    """Return the law of a restart, after the rungs of the ladder that did not end the stop."""
    last = _last(scenario, row)
    if row is None or not row.cause.tried:
        return last
    drawn = [*(rung.time for rung in row.cause.tried), last]

    def in_turn(values: Values) -> Law:
        return laws.sum_of([laws.build(each.family, each.at(values)) for each in drawn])

    return Number(in_turn, any(each.uncertain for each in drawn))


_HOLDS = "all its failures hang, and the detection of hangs holds"
_FEWER = 'write "hangs: 10%" under the cause, or leave this out'


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield steps that every cause says for itself, or none needs."""
    document = scenario.document
    recovery, causes = document.recovery, list(document.failures.given.values())
    if not causes:
        return
    silent = [cause for cause in causes if cause.manner.takes and cause.detection is None]
    hanging = [cause for cause in silent if _surely_hangs(recovery, cause)]
    # After a window of maintenance the job recovers as after a failure.
    if len(silent) == len(hanging) and document.maintenance is None and _said(tree, "detection"):
        text = "every cause has a detection of its own, or needs none"
        yield ("recovery", "detection"), f"{text}, or {_HOLDS}; {_FEWER}" if hanging else f"{text}; leave it out"
    kinds = {"hangs": [cause.may_hang for cause in causes], "ladder": [cause.may_climb for cause in causes]}
    for name, used in kinds.items():
        if not any(used) and _said(tree, name):
            yield ("recovery", name), "no cause has failures that could be told apart so; leave it out"
    shares = [cause.hangs for cause in causes if cause.may_hang]
    if shares and None not in shares and _said(tree, "hangs", "share"):
        yield ("recovery", "hangs", "share"), "every cause that may hang has hangs of its own; leave it out"
    yield from _kept(document, causes, tree)


def _said(tree: "Item", *keys: str) -> bool:
    return tree.find(("recovery", *keys)) is not None


def _kept(document: "Document", causes: "list[Cause]", tree: "Item") -> Iterator[Fault]:
    """Yield rungs that keep nodes where what climbs the ladder takes none."""
    climbing = [cause for cause in causes if cause.may_climb]
    if not climbing or any(_takes_nodes(document.cluster, cause) for cause in climbing):
        return
    for position, rung in enumerate(document.recovery.ladder):
        place = ("recovery", "ladder", position, "keeps_nodes")
        if rung.keeps_nodes and tree.find(place) is not None:
            text = "no cause that climbs the ladder takes a node"
            yield place, f'{text}; give one with "effect: stop" and "part: gpu", {questions.LEAVE}'


def _takes_nodes(cluster: "Cluster", cause: "Cause") -> bool:
    if cause.blast is not None:
        return cause.blast.median > 0
    units = questions.units_of(cluster, cause.part)
    return units is None or units.per_place > 0 or units.span > 0


def _surely_hangs(recovery: "Recovery", cause: "Cause") -> bool:
    """Return whether every failure of a cause hangs, so that the detection of hangs is that of the cause."""
    # What strikes a whole domain is seen at once.
    if recovery.hangs is None or not cause.may_hang or cause.common is not None:
        return False
    share = recovery.hangs.share if cause.hangs is None else cause.hangs
    return share.median == 1 and not share.uncertain


def _useless_in_cause(document: "Document", cause: "Cause", written: "Item") -> Iterator[Fault]:
    """Yield a share of hangs where none can be told apart, and what is said of failures of which there are none."""
    if cause.hangs is not None and not cause.divisible:
        yield ("hangs",), "what it does is noticed at once, or has one clock for all kinds of failures; leave it out"
    if _surely_hangs(document.recovery, cause):
        yield ("detection",), f"{_HOLDS}; {_FEWER}"


def _random(draft: Draft) -> None:
    for purpose in (Purpose.DETECTION, Purpose.SWAP, Purpose.RESTART):
        draft.lengths(purpose, 0, 3, 10, 40)


CARD = Card(
    "steps of a recovery",
    plan=(
        Lengths(Purpose.DETECTION, own_or_usual("detection"), At.EVERYWHERE),
        Lengths(Purpose.SWAP, usual("swap"), At.EVERYWHERE),
        Lengths(Purpose.RESTART, _restart, At.EVERYWHERE),
    ),
    accounts={
        Account.DETECTION: Words(
            "detection", "from a failure until it is noticed", "INFRASTRUCTURE_RECOVERY_FROM_DISRUPTION"
        ),
        Account.RESTART: Words(
            "restart",
            "process start and communicator set-up, at the start of the run too",
            "INFRASTRUCTURE_RECOVERY_FROM_DISRUPTION; at the start, initialisation",
        ),
    },
    cause_keys=dict.fromkeys(("detection", "hangs", "restart"), Needs.RECOVERY),
    useless=_useless,
    useless_in_cause=_useless_in_cause,
    left_out=(
        LeftOut(
            "the laws of restart and restore beyond their means",
            lambda plan: varies(plan.laws[:, [Purpose.SWAP, Purpose.RESTART, Purpose.RESTORE], 0]),
        ),
    ),
    random=_random,
)
