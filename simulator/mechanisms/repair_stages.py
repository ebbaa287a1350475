"""Stages of repair: what the first one does not end goes on to hands, and to the maker. Semantics 11.3."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from simulator.mechanisms import questions
from simulator.mechanisms.card import At, Card, Column, Draft, Lengths, Number, Scalar, Values, Words, whole
from simulator.numbers.plan import Odds, Purpose, Tally
from simulator.words.drawn import TimingOrNever
from simulator.words.quantity import Like, Quantity, Share, default
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.scenario.model import Scenario
    from simulator.scenario.yaml_tree import Item


class Stage(Section):
    """A further stage of repair, for those nodes that the stage before hands on."""

    share: Annotated[Quantity, Like("%", most=1)] = Field(description="of the repairs before it that go on to it")
    time: TimingOrNever = Field(description="of a repair in it, without the wait for a crew [s]")
    crews: Annotated[Quantity, Like("crews", whole=True, certain=True, choice=True, least=1)] | None = Field(
        default=None, description="repairs at a time; unlimited where absent"
    )
    cure: Share = Field(
        default=default("100%", "%", why="repairs cure unless given"),
        description="share of the repairs that end in this stage which remove the fault",
    )


class OfRecovery(Section):
    """What recovery says of further stages."""

    manual: Stage | None = Field(default=None, description="repair by hand, after the first stage, which `repair` is")
    vendor: Stage | None = Field(default=None, description="repair by the maker, after that by hand")


def _crews(name: str) -> Scalar:
    def crews(scenario: "Scenario") -> int | None:
        stage = getattr(scenario.document.recovery, name)
        return None if stage is None else whole(stage.crews)

    return Scalar(f"crews_{name}", 0, crews)


def _escalate(scenario: "Scenario") -> Number:
    recovery = scenario.document.recovery
    shares = [None if stage is None else stage.share for stage in (recovery.manual, recovery.vendor)]

    def build(values: Values) -> list[float]:
        return [0.0 if share is None else share.at(values) for share in shares]

    return Number(build, any(share is not None and share.uncertain for share in shares))


def _of(name: str, field: str) -> Any:
    def read(scenario: "Scenario", row: "Row | None") -> Any:
        stage = getattr(scenario.document.recovery, name)
        return None if stage is None else getattr(stage, field)

    return read


def _useless(scenario: "Scenario", tree: "Item") -> Iterator[Fault]:
    """Yield stages of repairs of which there are none."""
    document = scenario.document
    for name in ("manual", "vendor"):
        given = getattr(document.recovery, name) is not None and document.failures.given
        if given and (why := questions.no_repairs(document)):
            yield ("recovery", name), why


def _random(draft: Draft) -> None:
    draft.set(crews_manual=draft.whole(0, 3), crews_vendor=draft.whole(0, 2))
    draft.set(escalate=[draft.pick(0.0, 0.5, 1.0) for _ in range(2)])
    draft.column("odds", Odds.CURE_MANUAL, 0.5, 1.0)
    draft.column("odds", Odds.CURE_VENDOR, 0.5, 1.0)
    draft.lengths(Purpose.MANUAL, 20, 200, 1_500)
    draft.lengths(Purpose.VENDOR, 20, 2_000, 20_000)


CARD = Card(
    "stages of repair",
    plan=(
        _crews("manual"),
        _crews("vendor"),
        Scalar("escalate", (0.0, 0.0), _escalate),
        Column("odds", 1.0, _of("manual", "cure"), Odds.CURE_MANUAL),
        Column("odds", 1.0, _of("vendor", "cure"), Odds.CURE_VENDOR),
        Lengths(Purpose.MANUAL, _of("manual", "time"), At.EVERYWHERE),
        Lengths(Purpose.VENDOR, _of("vendor", "time"), At.EVERYWHERE),
    ),
    counts={
        Tally.MANUAL_REPAIRS: Words(
            "  that need hands", "of those, the ones that the first stage does not end; they need hands"
        ),
        Tally.VENDOR_REPAIRS: Words(
            "  that need the vendor too",
            "of the manual ones, those that the manual stage does not end either; they need the maker",
        ),
    },
    purposes=(Purpose.ESCALATE, Purpose.ESCALATE_AGAIN),
    useless=_useless,
    random=_random,
)
