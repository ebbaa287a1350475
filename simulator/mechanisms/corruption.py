"""Silent corruption: what is trained and saved is worthless from the strike to the alarm. Semantics 7.10."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from simulator.mechanisms import questions
from simulator.mechanisms.card import Card, Draft, LeftOut, Manner, Scalar, Words, some, whole
from simulator.numbers.plan import Effect, Tally
from simulator.words.quantity import Like, Quantity
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.failures import Cause
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item


class OfCheckpoint(Section):
    """What checkpoints say of it."""

    keep: Annotated[Quantity, Like("", whole=True, certain=True, choice=True, least=1)] | None = Field(
        default=None, description="checkpoints kept in storage, against corruption that is found late; all"
    )


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield checkpoints that are kept against what never happens."""
    document = scenario.document
    given = document.failures.given.values()
    if given and document.checkpoint.keep is not None and not any(cause.effect == "corrupt" for cause in given):
        text = "no cause corrupts the job unseen, so the last checkpoint is always good"
        yield ("checkpoint", "keep"), f'{text}; give one with "effect: corrupt", {questions.LEAVE}'


def _useless_in_cause(document: "Document", cause: "Cause", written: "Item") -> Iterator[Fault]:
    if cause.effect == "corrupt" and cause.exposed != "always":
        yield ("exposed",), "what corrupts a job does so while it is running; leave it out"


def _wrong_in_cause(cause: "Cause") -> Iterator[Fault]:
    if cause.effect == "corrupt" and cause.found.family == "never":
        yield (), 'when is it found? write "found: {every: 4 h, power: 80%}", a time, or another law'


def _random(draft: Draft) -> None:
    draft.set(checkpoints_kept=draft.pick(0, 1, 3))


CARD = Card(
    "silent corruption",
    plan=(Scalar("checkpoints_kept", 0, lambda scenario: whole(scenario.document.checkpoint.keep)),),
    counts={
        Tally.CORRUPTIONS: Words("silent corruptions", "silent strikes"),
        Tally.ALARMS: Words(
            "  found, and training rolled back",
            "silent strikes that were found; each is a failure, and an interruption where it found the job busy",
        ),
        Tally.CHECKPOINTS_LOST: Words(
            "  found too late: training began anew",
            "alarms after which no checkpoint from before the corruption was kept, so that training began anew",
        ),
    },
    manners={
        "corrupt": Manner(
            Effect.CORRUPT,
            breaks=False,
            found_later=True,
            stops_later=True,
            told="training is corrupted, and nobody notices",
            found="a corruption is found",
        )
    },
    wrong_in_cause=_wrong_in_cause,
    useless=_useless,
    useless_in_cause=_useless_in_cause,
    left_out=(LeftOut("silent corruption", lambda plan: some(plan, plan.effect == Effect.CORRUPT)),),
    random=_random,
)
