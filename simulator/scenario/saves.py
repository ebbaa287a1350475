"""What a save and a load cost where a scenario leaves it to the machines: bytes over the bandwidth of their way."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from simulator.nouns.checkpoint import Checkpoint, Tier
from simulator.scenario.profiles import load_storage
from simulator.scenario.schema import Document
from simulator.scenario.yaml_tree import Item
from simulator.words.drawn import Drawn
from simulator.words.hardware import Gpu, Storage, host_times
from simulator.words.quantity import ASSUMED, Quantity

# An asynchronous save stops training to copy from GPU to host, and to agree on it: 0.1-0.5 s in published systems.
_STALL = Quantity(0.2, "s", p10=0.1, p90=0.5)


def with_save_times(document: Document, gpu: Gpu | None, tree: Item, folder: Path, stepping: bool) -> Document:
    """Return a document in which tiers have the times that profiles tell and nobody gives; see also `stepping`.

    A job whose step is known saves asynchronously to shared storage, unless told otherwise. Raises ScenarioErrors.
    """
    size = document.checkpoint.size_at(None, document.job.parameters)
    tiers = []
    for position, tier in enumerate(document.checkpoint.tiers):
        named = tree.find(("checkpoint", "tiers", position, "storage"))
        storage = None if named is None else load_storage(named, folder, f"checkpoint.tiers.{position}.storage")
        tiers.append(_filled(tier, storage, document, gpu, size))
    if not tiers and stepping and _host_times(document, gpu, size) is not None:
        usual = load_storage("cluster_file_system")
        tiers = [_filled(Tier(to="storage"), usual, document, gpu, size)]
    checkpoint: Checkpoint = document.checkpoint.model_copy(update={"tiers": tuple(tiers)})
    return document.model_copy(update={"checkpoint": checkpoint})


def _filled(tier: Tier, storage: Storage | None, document: Document, gpu: Gpu | None, size: float | None) -> Tier:
    update: dict[str, Any] = {}
    times = _host_times(document, gpu, size)
    if storage is not None and tier.bandwidth is None:
        update["bandwidth"] = _of_cluster(storage.write_bandwidth, storage, document)
        if tier.restore is None and storage.read_bandwidth.median != storage.write_bandwidth.median and size:
            bandwidth = _of_cluster(storage.read_bandwidth, storage, document)
            update["restore"] = _after(size / bandwidth.median, f"checkpoint size over {bandwidth.text()} of reading")
    if tier.to == "host_memory" and tier.blocking is None and times is not None:
        update["blocking"] = _stalled(times[0])
    if tier.to == "host_memory" and tier.restore is None and times is not None:
        update["restore"] = _after(times[1], "checkpoint from a peer's memory, over the network")
    return tier.model_copy(update=update)


def _of_cluster(bandwidth: Quantity, storage: Storage, document: Document) -> Quantity:
    """Return a bandwidth of the cluster: that of a node times the nodes of the job, where every node has its own."""
    times = 1.0 if storage.shared else float(document.cluster.needed)
    low, high = (None if edge is None else edge * times for edge in (bandwidth.p10, bandwidth.p90))
    return replace(bandwidth, median=bandwidth.median * times, p10=low, p90=high)


def _host_times(document: Document, gpu: Gpu | None, size: float | None) -> tuple[float, float] | None:
    """Return the times to copy a checkpoint to the hosts and to load it from peers [s], where known."""
    return None if gpu is None or size is None else host_times(gpu, document.cluster.job_gpus, size)


def _stalled(copy: float) -> Quantity:
    assert _STALL.p10 is not None and _STALL.p90 is not None
    source = f"{ASSUMED}: a copy to the hosts of {copy:.3g} s, and 0.1-0.5 s of asynchronous saves in published systems"
    return replace(_STALL, median=_STALL.median + copy, p10=_STALL.p10 + copy, p90=_STALL.p90 + copy, source=source)


def _after(seconds: float, why: str) -> Drawn:
    return Drawn("fixed", (("value", Quantity(max(seconds, 1e-3), "s", source=f"{ASSUMED}: {why}")),))
