"""Collectives among the GPUs of one machine: what each rank does, in a process of its own.

Sizes are those of nccl-tests: of the whole array, so that both kinds of measurements mean the same.
"""

import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from simulator.calibration.measurements import Measurement, timed

OPERATIONS = ("all_reduce", "all_gather", "reduce_scatter", "alltoall")
SIZES = tuple(2**power for power in (30, 14, 28, 10, 32, 20, 24, 26, 22, 18, 16, 12))  # [B]
WARM_UP = 5
REPEATS = 20
FILLERS = 40  # products of 4096 squared: some 10 ms
PATIENCE = timedelta(seconds=60)  # for a rank that does not come


class Setting(NamedTuple):
    """What all ranks must know."""

    ranks: int
    port: int
    seconds: float  # for all of it [s]
    quick: bool = False


def free_port() -> int:
    """Return a port at which the ranks can meet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def take_part(torch: Any, rank: int, setting: Setting, queue: Any) -> None:
    """Take part in all collectives as a rank; the first one puts measurements, and texts of what failed, in a queue."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(setting.port)}
    end = time.monotonic() + setting.seconds
    torch.cuda.set_device(rank)
    group: Any = torch.distributed
    group.init_process_group("nccl", rank=rank, world_size=setting.ranks, timeout=PATIENCE)
    try:
        for size in SIZES[: 4 if setting.quick else len(SIZES)]:
            for operation in OPERATIONS:
                if _over(torch, end):
                    if rank == 0:
                        queue.put(f"{operation} of {size // 2**10} KiB and what was to follow: no time left")
                    return
                seconds = _times(torch, operation, size, setting.ranks)
                if rank == 0:
                    queue.put(_measurement(operation, size, setting.ranks, seconds))
    finally:
        group.destroy_process_group()


def _over(torch: Any, end: float) -> bool:
    """Whether time is over for any rank: all must stop at the same place, or those that go on would wait for ever."""
    late = torch.tensor([int(time.monotonic() > end)], device="cuda")
    torch.distributed.all_reduce(late)
    return bool(late.item() > 0)


def _times(torch: Any, operation: str, size: int, ranks: int) -> list[float]:
    """Return the times [s] of an operation on arrays of so many bytes."""
    elements = max(1, size // (2 * ranks)) * ranks  # each rank has an equal part
    whole = torch.randn(elements, device="cuda", dtype=torch.bfloat16)
    part = torch.randn(elements // ranks, device="cuda", dtype=torch.bfloat16)
    other = torch.empty_like(whole) if operation == "alltoall" else None
    group: Any = torch.distributed
    # PyTorch renamed these two in 2026.
    gather = getattr(group, "all_gather_single", None) or group.all_gather_into_tensor
    scatter = getattr(group, "reduce_scatter_single", None) or group.reduce_scatter_tensor
    works: dict[str, Callable[[], object]] = {
        "all_reduce": lambda: group.all_reduce(whole),
        "all_gather": lambda: gather(whole, part),
        "reduce_scatter": lambda: scatter(part, whole),
        "alltoall": lambda: group.all_to_all_single(other, whole),
    }
    work = works[operation]
    for _ in range(WARM_UP):
        work()
    torch.cuda.synchronize()
    pairs = [tuple(torch.cuda.Event(enable_timing=True) for _ in range(2)) for _ in range(REPEATS)]
    # Something to do first, so that all repeats are in the queue before the first begins: a small collective takes less
    # time than its launch from Python.
    filler = torch.randn(4096, 4096, device="cuda", dtype=torch.float16)
    for _ in range(FILLERS):
        torch.mm(filler, filler)
    for start, end in pairs:
        start.record()
        work()
        end.record()
    torch.cuda.synchronize()
    return [start.elapsed_time(end) / 1e3 for start, end in pairs]


def _measurement(operation: str, size: int, ranks: int, seconds: list[float]) -> Measurement:
    sizes = {"bytes": max(1, size // (2 * ranks)) * ranks * 2, "ranks": ranks, "nodes": 1}
    return timed("collective", sizes, {"operation": operation}, seconds)
