"""Blocks: machines of several nodes that stay together, with spares inside, and machines in reserve. Semantics 18."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from simulator.mechanisms.card import Card, Draft, LeftOut, Scalar, Words, whole
from simulator.numbers.plan import Tally
from simulator.words.quantity import Count, Nodes, PartSpan, chosen
from simulator.words.section import Section

if TYPE_CHECKING:
    from simulator.scenario.model import Scenario


class Blocks(Section):
    """Compute blocks: machines of so many nodes that stay together, such as NVL domains, with spares of their own."""

    size: PartSpan = Field(description="nodes of a block that the job uses")
    trays: Nodes = Field(default=chosen("0 nodes", "nodes"), description="spare nodes inside each block")
    spare_blocks: Count = Field(default=chosen("0", ""), description="whole blocks that stand by, with trays too")


def _of(field: str) -> Any:
    def read(scenario: "Scenario") -> int | None:
        blocks = scenario.document.cluster.blocks
        return None if blocks is None else whole(getattr(blocks, field))

    return read


def _random(draft: Draft) -> None:
    if draft.happens(0.3):
        size = draft.whole(1, draft.plan.needed + 1)
        draft.set(block=size, trays=draft.whole(0, 3), spare_blocks=draft.whole(0, 3))


CARD = Card(
    "blocks",
    plan=(
        Scalar("block", 0, _of("size")),
        Scalar("trays", 0, _of("trays")),
        Scalar("spare_blocks", 0, _of("spare_blocks")),
    ),
    counts={
        Tally.TRAYS: Words("  by a spare of the same machine", "of those, the ones by a spare of the same machine"),
        Tally.BLOCKS: Words("blocks moved to another machine", "compute blocks that another machine took over whole"),
    },
    left_out=(LeftOut("blocks that move to another machine", lambda plan: plan.block > 0),),
    random=_random,
)
