"""Checkpoints: how often, to which tiers, and what a save and a load cost."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool
from pydantic_core import CoreSchema, core_schema

from simulator.drawn import Timing
from simulator.hardware import ByteRate, Bytes
from simulator.quantity import Count, Duration, Like, Quantity, default
from simulator.section import Fault, Section

_BYTES = "bf16 weights, fp32 master weights and two fp32 Adam moments"
_INTERVAL = Like("min", above=0)


class Interval:
    """The annotation of a checkpoint interval: a duration of work, or `auto`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Validate by reading."""
        return core_schema.no_info_plain_validator_function(
            lambda value: value if value == "auto" else _INTERVAL.read(value)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        """Describe the field to an editor."""
        return {"type": ["string", "object"], "description": "work between saves, or auto: the exact optimum"}


class Tier(Section):
    """Where saves go."""

    to: Literal["host_memory", "storage"]
    every: Count = default("1", "", why="every save")
    blocking: Duration | None = Field(default=None, description="time that training stands still for a save [s], in all")
    lag: Duration | None = Field(default=None, description="from the end of a save until it is durable [s]")
    restore: Timing | None = Field(default=None, description="time to load [s]")
    bandwidth: ByteRate | None = Field(default=None, description="of the whole job's saves and loads [B/s]")
    peers: Count = default("1", "", why="one copy besides the owner's")
    group: Count | None = Field(default=None, description="nodes that hold each other's copies; peers + 1")
    apart: StrictBool = Field(default=False, description="members of a group stand far apart")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the tier."""
        if self.every.median < 1:
            yield ("every",), "must be 1 or more"
        own = {"host_memory": ("lag", "bandwidth"), "storage": ("peers", "group", "apart")}
        other = {"host_memory": "storage", "storage": "host_memory"}[self.to]
        for name in own[self.to]:
            if name in self.model_fields_set:
                yield (name,), f"belongs to a tier to {other}"
        if self.to == "host_memory":
            if self.every.median != 1:
                yield ("every",), "every save goes to host_memory; write 1 or leave it out"
            if self.group is not None and self.group.median < self.peers.median + 1:
                yield ("group",), f"must be at least peers + 1 = {int(self.peers.median) + 1}"
            if self.peers.median < 1:
                yield ("peers",), "must be 1 or more: without a copy elsewhere a lost node loses the checkpoint"
            for name in ("blocking", "restore"):
                if getattr(self, name) is None:
                    yield (), f'how long does it take? write "{name}: 5 s"'


class Checkpoint(Section):
    """Saves: the interval between them, and their tiers."""

    interval: Annotated[Quantity | str, Interval()] = "auto"
    overlap: Literal["delay", "skip"] = "delay"
    tiers: tuple[Tier, ...] = ()
    bytes_per_parameter: Annotated[Quantity, Like("B", above=0)] = default("14 B", "B", why=_BYTES)
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

    def tier(self, target: str) -> Tier | None:
        """Return the tier to a target, if there is one."""
        return next((tier for tier in self.tiers if tier.to == target), None)
