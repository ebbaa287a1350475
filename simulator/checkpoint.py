"""Checkpoints: how often, to which tiers, and what a save and a load cost."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool
from pydantic_core import CoreSchema, core_schema

from simulator.drawn import Timing, fixed
from simulator.hardware import ByteRate, Bytes
from simulator.quantity import LONGEST, Count, Duration, Like, Quantity, chosen, default
from simulator.section import Fault, Section

_BYTES = "bf16 weights, fp32 master weights and two fp32 Adam moments"
_INTERVAL = Like("min", above=0, most=LONGEST, choice=True)
_BLOCKING = default("5 s", "min", p10="0.05 s", p90="60 s", why="judgement across published systems")
_PEERS = chosen("1", "")
_LAG = default("0 s", "min", why="a save is durable when it ends")
_RESTORE = fixed("2 min", "min", why="a few minutes from shared storage")


class Interval:
    """The annotation of a checkpoint interval: a duration of work, or `auto`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Validate by reading."""
        return core_schema.no_info_plain_validator_function(
            lambda value: value if value == "auto" else _INTERVAL.read(value)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        """Describe the field to an editor."""
        words = "work between saves, or auto: the exact optimum, but no shorter than a save takes to be durable"
        return {"type": ["string", "object"], "description": words}


class Tier(Section):
    """Where saves go."""

    to: Literal["host_memory", "storage"]
    every: Count = chosen("1", "")
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
        for name in ("blocking", "restore"):
            if self.to == "host_memory" and getattr(self, name) is None:
                yield (), f'how long does it take? write "{name}: 5 s"'

    def filled(self, memory: "Tier | None") -> "Tier":
        """Return the tier with defaults for what it does not say and no bandwidth tells."""
        if self.to == "host_memory":
            return self if self.peers is not None else self.model_copy(update={"peers": _PEERS})
        if self.bandwidth is not None:
            return self
        blocking = _BLOCKING if memory is None else memory.blocking
        update = {"blocking": blocking, "lag": _LAG, "restore": _RESTORE}
        return self.model_copy(update={name: value for name, value in update.items() if getattr(self, name) is None})

    def blocking_at(self, values: Mapping[str, float] | None, size: float | None) -> float:
        """Return the time that training stands still for a save [s], of a checkpoint of a size [B]."""
        return self.transfer_at(values, size) if self.blocking is None else self.blocking.at(values)

    def lag_at(self, values: Mapping[str, float] | None, size: float | None) -> float:
        """Return the time from the end of a save until it is durable [s]: with a bandwidth, that of the transfer."""
        if self.lag is not None:
            return self.lag.at(values)
        # Without a blocking time of its own the save itself is the transfer.
        return 0.0 if self.blocking is None else self.transfer_at(values, size)

    def transfer_at(self, values: Mapping[str, float] | None, size: float | None) -> float:
        """Return the time to move a checkpoint of a size [B] at the tier's bandwidth [s]."""
        return 0.0 if self.bandwidth is None or size is None else size / self.bandwidth.at(values)


class Checkpoint(Section):
    """Saves: the interval between them, and their tiers."""

    interval: Annotated[Quantity | str, Interval()] = "auto"
    overlap: Literal["delay", "skip"] = "delay"
    tiers: tuple[Tier, ...] = ()
    bytes_per_parameter: Annotated[Quantity, Like("B", above=0)] = default("14 B", "B", why=_BYTES)
    keep: Annotated[Quantity, Like("", whole=True, certain=True, choice=True, least=1)] | None = Field(
        default=None, description="checkpoints kept in storage, against corruption that is found late; all"
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
        """Return the checkpoints with what a storage tier does not say and no bandwidth tells."""
        tiers = self.tiers or (Tier(to="storage"),)
        memory = next((tier for tier in tiers if tier.to == "host_memory"), None)
        return self.model_copy(update={"tiers": tuple(tier.filled(memory) for tier in tiers)})

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
