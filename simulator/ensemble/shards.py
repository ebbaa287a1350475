"""Shards: contiguous blocks of replications, run apart (on other machines, say) and merged to the same table."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from simulator.ensemble.ensemble import Ensemble


class ShardError(ValueError):
    """Shards that cannot be what they should be; the text is for the user."""


@dataclass(frozen=True)
class Shard:
    """Block `index` of `of` blocks of the replications, counted from 1."""

    index: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.of:
            raise ShardError(f"shard {self.index}/{self.of}: the first number must lie between 1 and the second")

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Return the shard that "2/4" means. Raises ShardError."""
        index, slash, of = text.partition("/")
        if not (slash and index.strip().isdecimal() and of.strip().isdecimal()):
            raise ShardError(f'"{text}" is no shard; write 2/4 for the second of four')
        return cls(int(index), int(of))

    def block(self, replications: int) -> tuple[int, int]:
        """Return the first replication of the block, and the one behind its last."""
        return replications * (self.index - 1) // self.of, replications * self.index // self.of

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"


WHOLE = Shard()


def merge(ensembles: "list[Ensemble]") -> "Ensemble":
    """Return what one run of all the shards' replications would have returned. Raises ShardError."""
    from dataclasses import replace

    if not ensembles:
        raise ShardError("there is nothing to merge; name the run folders of the shards")
    ordered = sorted(ensembles, key=lambda ensemble: ensemble.shard.index)
    first = ordered[0]
    for other in ordered[1:]:
        if _origin(other) != _origin(first):
            raise ShardError("the shards are of different scenarios, seeds, numbers of replications or versions")
    shards = [ensemble.shard for ensemble in ordered]
    wanted = [Shard(index, first.shard.of) for index in range(1, first.shard.of + 1)]
    if shards != wanted:
        missing = ", ".join(str(shard) for shard in wanted if shard not in shards)
        twice = "a shard is given twice, or of another division"
        raise ShardError(f"shards are missing: {missing}" if missing else twice)
    for ensemble in ordered:
        begin, end = ensemble.shard.block(ensemble.planned)
        if ensemble.replications < end - begin:
            have = f"has {ensemble.replications} of its {end - begin} replications"
            raise ShardError(f"shard {ensemble.shard} {have}; run it again")
    return replace(
        first,
        table=pd.concat([ensemble.table for ensemble in ordered], ignore_index=True),
        shard=WHOLE,
        interrupted=False,
        threads=max(ensemble.threads for ensemble in ordered),
        wall_seconds=sum(ensemble.wall_seconds for ensemble in ordered),
    )


def _origin(ensemble: "Ensemble") -> tuple[str, ...]:
    return ensemble.resolved, ensemble.engine, ensemble.policy, ensemble.model
