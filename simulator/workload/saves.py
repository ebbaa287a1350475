"""The size of a job's checkpoint, and how long it takes to save and to load by where it goes."""

from collections.abc import Mapping
from typing import NamedTuple

from simulator.words.hardware import Storage, host_times
from simulator.workload.case import Case
from simulator.workload.memory import checkpoint_bytes

HOST_MEMORY = "host_memory"


class Saves(NamedTuple):
    """A checkpoint: its size [B], and the times to save and to load it by tier [s]."""

    size: float
    save: dict[str, float]
    load: dict[str, float]


def saves_of(case: Case, storages: Mapping[str, Storage]) -> Saves:
    """Return the checkpoint of a case: all GPUs copy their part to their hosts, or to storage that the cluster shares.

    What comes back from hosts comes from peers, over the network where that is slower. Bandwidths are the medians.
    """
    size = float(checkpoint_bytes(case.model)) if case.checkpoint is None else case.checkpoint
    save, load = {}, {}
    times = host_times(case.gpu, case.gpus, size, case.port)
    if times is not None:
        save[HOST_MEMORY], load[HOST_MEMORY] = times
    for name, storage in storages.items():
        if storage.shared:
            save[name] = size / storage.write_bandwidth.median
            load[name] = size / storage.read_bandwidth.median
    return Saves(size, save, load)
