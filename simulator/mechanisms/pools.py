"""Pools behind the hot spares: a selection of hosts, and nodes of other jobs. Semantics 12.1 and 12.6."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from simulator.mechanisms import questions
from simulator.mechanisms.card import At, Card, Draft, Lengths, Scalar, Words, fixed_ticks, usual, whole
from simulator.numbers.plan import Choice, Purpose, Tally
from simulator.words.drawn import Timing
from simulator.words.quantity import Like, Nodes, Quantity
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item


class OfRecovery(Section):
    """What recovery says of pools."""

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


_CHOICES = {"first": Choice.FIRST, "random": Choice.RANDOM, "fewest_failures": Choice.FEWEST}


def _fetch(scenario: "Scenario") -> int | None:
    return fixed_ticks(scenario.document.recovery.preemption) if scenario.document.cluster.selects else None


def _refill(scenario: "Scenario") -> int | None:
    return whole(scenario.document.recovery.resume_with) if scenario.document.cluster.selects else None


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield policies that need nodes beside those of the job."""
    cluster, recovery = scenario.document.cluster, scenario.document.recovery
    if recovery.resume_with is not None and recovery.resume_with.median and not cluster.selects:
        remedy = f'write "cold_spares: 24 nodes" under cluster, {questions.LEAVE}'
        yield ("recovery", "resume_with"), f"without a pool behind the hot spares nobody can bring them; {remedy}"
    fetched = cluster.preemptible is not None  # though it may be none of them
    for name, applies in (("host_selection", fetched or cluster.cold_spares is not None), ("preemption", fetched)):
        if getattr(recovery, name) is not None and not applies:
            remedy = f'write "preemptible: 32 nodes" under cluster, {questions.LEAVE}'
            yield ("recovery", name), f"there are no nodes beside the hot spares to which it could apply; {remedy}"
    yield from _choice(scenario.document)


def _choice(document: "Document") -> Iterator[Fault]:
    cluster, recovery = document.cluster, document.recovery
    if recovery.choice == "first":
        return
    idle = cluster.idle_nodes + cluster.others
    # Without any spares there is a choice all the same: several nodes may be back when a job that waited goes on.
    if idle and not (cluster.spares or cluster.selects):
        text = "spares inside blocks serve their own block, so nothing is chosen"
        yield ("recovery", "choice"), f"{text}; give hot_spares under cluster, {questions.LEAVE}"
    elif document.failures.given and _alike(document):
        text = "every node is as good as the other, so it does not matter which is taken"
        yield ("recovery", "choice"), f'{text}; give a cause with bad nodes, or write "cure: 80%", {questions.LEAVE}'


def _alike(document: "Document") -> bool:
    """Return whether every spare is as good as the other: none bad, none uncured, none whose takings count."""
    causes = document.failures.given.values()
    marked = any(cause.tells_nodes_apart or questions.uncured(document.recovery, cause) for cause in causes)
    return not marked and not document.recovery.counts_takings


def _faults(scenario: "Scenario") -> Iterator[Fault]:
    """Yield a job that waits for more spares than there are."""
    cluster, recovery = scenario.document.cluster, scenario.document.recovery
    wanted = 0 if recovery.resume_with is None else int(recovery.resume_with.median)
    if cluster.selects and wanted > cluster.spares:
        yield ("recovery", "resume_with"), f"{wanted:_} nodes exceed the {cluster.spares:_} hot spares; lower it"


def _random(draft: Draft) -> None:
    draft.set(choice=draft.pick(*Choice))
    draft.lengths(Purpose.SELECTION, 0, 3, 10, 40)
    if not draft.plan.block and draft.happens(0.6):
        draft.set(selects=1, reserve=draft.whole(0, 6), backup=draft.whole(0, 4))
        draft.set(fetch=draft.pick(0, 10, 300), refill=draft.whole(0, 3))


CARD = Card(
    "pools",
    plan=(
        Scalar("selects", 0, lambda scenario: int(scenario.document.cluster.selects)),
        Scalar("reserve", 0, lambda scenario: scenario.document.cluster.cold),
        Scalar("backup", 0, lambda scenario: scenario.document.cluster.others),
        Scalar("fetch", 0, _fetch),
        Scalar("refill", 0, _refill),
        Scalar("choice", int(Choice.FIRST), lambda scenario: int(_CHOICES[scenario.document.recovery.choice])),
        Lengths(Purpose.SELECTION, usual("host_selection"), At.EVERYWHERE),
    ),
    counts={
        Tally.SELECTIONS: Words("selections of hosts", "selections of hosts from the working pool"),
        Tally.PREEMPTIONS: Words("nodes fetched from other jobs", "nodes fetched from other jobs"),
    },
    purposes=(Purpose.CHOICE,),
    faults=_faults,
    useless=_useless,
    random=_random,
)
