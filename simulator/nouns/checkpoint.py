"""Checkpoints: how often, to which tiers, and what a save and a load cost."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool
from pydantic_core import CoreSchema, core_schema

from simulator.mechanisms import CheckpointKeys
from simulator.words.drawn import Timing, fixed
from simulator.words.hardware import ByteRate, Bytes
from simulator.words.quantity import LONGEST, Count, Duration, Like, Quantity, chosen, default
from simulator.words.section import Fault, Section, did_you_mean, refusal, unknown_key

_BYTES = "bf16 weights, fp32 master weights and two fp32 Adam moments"
_INTERVAL = Like("min", above=0, most=LONGEST, choice=True)
_PEERS = chosen("1", "")
# Beside a restart that is given; the restart of a class of operator holds it.
LOADED = fixed("2 min", "min", why="a few minutes from shared storage")


class Optimum(Section):
    """An interval that follows the optimum of each replication, for its own pause and its own failures."""

    times_optimum: Annotated[Quantity, Like("", above=0, most=1e6)] = Field(
        description="the work between saves, over that of the exact optimum [1]"
    )


class Interval:
    """The annotation of a checkpoint interval: a duration of work, a multiple of the optimum, or `auto`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Validate by reading."""
        return core_schema.no_info_plain_validator_function(_read_interval)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        """Describe the field to an editor."""
        words = "work between saves, or auto: the exact optimum, but no shorter than a save takes to be durable; "
        return {"type": ["string", "object"], "description": f"{words}or {{times_optimum: 1.5}}: so many times that"}


def _read_interval(value: Any) -> "Quantity | Optimum | str":
    if value == "auto" or isinstance(value, Optimum):
        return value if isinstance(value, Optimum) else "auto"
    if isinstance(value, dict):
        keys = [key for key in value if key not in ("times_optimum", "source")]
        # What is nearly the key is meant to be it, and no number of minutes.
        found = keys if "times_optimum" in value else [key for key in keys if did_you_mean(key, ["times_optimum"])]
        if found:
            raise refusal([((key,), unknown_key(key, ["times_optimum"])) for key in found], value)
        if "times_optimum" in value:
            return Optimum.model_validate(value)
    return _INTERVAL.read(value)


class Tier(Section):
    """Where saves go."""

    to: Literal["host_memory", "storage"] = Field(
        description="where its saves go: the memory of other hosts, or storage"
    )
    every: Count = Field(default=chosen("1", ""), description="it takes one save in so many")
    blocking: Duration | None = Field(default=None, description="how long a save stops training, in all [s]")
    lag: Duration | None = Field(default=None, description="from the end of a save until it is durable [s]")
    restore: Timing | None = Field(default=None, description="time to load [s]")
    bandwidth: ByteRate | None = Field(default=None, description="of the whole job's saves and loads [B/s]")
    storage: str | None = Field(default=None, description="a profile of storage, for its bandwidths")
    peers: Count | None = Field(default=None, description="copies besides the owner's; one")
    group: Count | None = Field(default=None, description="nodes that hold each other's copies; peers + 1")
    apart: StrictBool | None = Field(default=None, description="members of a group stand far apart")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the tier."""
        if self.every.median < 1:
            yield ("every",), "must be 1 or more"
        own = {"host_memory": ("lag", "bandwidth", "storage"), "storage": ("peers", "group", "apart")}
        other = {"host_memory": "storage", "storage": "host_memory"}[self.to]
        for name in own[self.to]:
            if getattr(self, name) is not None:
                yield (name,), f"belongs to a tier to {other}"
        if self.to == "host_memory":
            yield from self._memory_faults()

    def _memory_faults(self) -> Iterator[Fault]:
        peers = 1 if self.peers is None else int(self.peers.median)
        if self.every.median != 1:
            yield ("every",), 'every save goes to host_memory; write "1" or leave it out'
        if peers < 1:
            yield ("peers",), "must be 1 or more; without a copy elsewhere a lost node loses the checkpoint"
        if self.group is not None and self.group.median < peers + 1:
            yield ("group",), f"must be at least peers + 1 = {peers + 1}"

    def open_faults(self) -> Iterator[Fault]:
        """Yield what is missing once all that follows from profiles is filled in."""
        if self.to == "host_memory" and self.restore is None:
            yield (), 'how long does a load take, beside the restart that is given? write "restore: 5 s"'

    def filled(self) -> "Tier":
        """Return the tier with the copies that it does not speak of."""
        return self.model_copy(update={"peers": _PEERS}) if self.to == "host_memory" and self.peers is None else self

    def blocking_at(self, values: Mapping[str, float] | None) -> float:
        """Return the time that training stands still for a save [s]."""
        return 0.0 if self.blocking is None else self.blocking.at(values)

    def lag_at(self, values: Mapping[str, float] | None, size: float | None) -> float:
        """Return the time from the end of a save until it is durable [s]: with a bandwidth, that of the transfer."""
        if self.lag is not None:
            return self.lag.at(values)
        return self.transfer_at(values, size)

    def transfer_at(self, values: Mapping[str, float] | None, size: float | None) -> float:
        """Return the time to move a checkpoint of a size [B] at the tier's bandwidth [s]."""
        return 0.0 if self.bandwidth is None or size is None else size / self.bandwidth.at(values)


class Checkpoint(CheckpointKeys):
    """Saves: the interval between them, and their tiers."""

    interval: Annotated[Quantity | Optimum | str, Interval()] = Field(
        default="auto", description="how often a save is due"
    )
    overlap: Literal["delay", "skip"] = Field(
        default="delay",
        description="a save that is due before the last one is durable waits for it (delay) or is left out (skip)",
    )
    tiers: tuple[Tier, ...] = Field(
        default=(), description="where saves go; storage, and memory of other hosts where given"
    )
    bytes_per_parameter: Annotated[Quantity, Like("B", above=0)] = Field(
        default=default("14 B", "B", why=_BYTES), description="of a checkpoint: weights and the state of the optimiser"
    )
    size: Bytes | None = Field(default=None, description="of one checkpoint [B]; else bytes_per_parameter x parameters")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the checkpoints."""
        targets = [tier.to for tier in self.tiers]
        for target in ("host_memory", "storage"):
            if targets.count(target) > 1:
                yield ("tiers",), f"there are two tiers to {target}; leave one out"
        if self.tiers and "storage" not in targets:
            yield ("tiers",), "no tier to storage; memory alone does not survive, so add {to: storage, ...}"
        if targets == ["storage"] and self.tiers[0].every.median != 1:
            yield ("tiers", 0, "every"), "the only tier takes every save; give a longer interval instead"

    def filled(self) -> "Checkpoint":
        """Return the checkpoints with the copies that a tier to memory does not speak of."""
        return self.model_copy(update={"tiers": tuple(tier.filled() for tier in self.tiers)})

    @property
    def follows(self) -> bool:
        """Whether the interval follows the optimum of each replication."""
        return not isinstance(self.interval, Quantity)

    def times_optimum_at(self, values: Mapping[str, float] | None) -> float:
        """Return the interval over its optimum [1], where it follows that."""
        return self.interval.times_optimum.at(values) if isinstance(self.interval, Optimum) else 1.0

    def size_at(self, values: Mapping[str, float] | None, parameters: Quantity | None) -> float | None:
        """Return the size of one checkpoint [B]; None where nothing tells."""
        if self.size is not None:
            return self.size.at(values)
        return None if parameters is None else self.bytes_per_parameter.at(values) * parameters.at(values)

    @property
    def copies(self) -> tuple[int, int, int]:
        """Size of a group in memory [nodes], copies besides the owner's, and whether members stand apart; or zeros."""
        memory = self.tier("host_memory")
        if memory is None or memory.peers is None:
            return 0, 0, 0
        peers = int(memory.peers.median)
        return peers + 1 if memory.group is None else int(memory.group.median), peers, int(memory.apart is True)

    def tier(self, target: str) -> Tier | None:
        """Return the tier to a target, if there is one."""
        return next((tier for tier in self.tiers if tier.to == target), None)
