"""Threads that work through replications in chunks from one queue. Kernels release the interpreter lock."""

import math
import os
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from simulator.ensemble.replicator import Chunk

CHUNK_SECONDS = 0.07  # long enough that a chunk's overhead vanishes, short enough to cancel at once
LOOK_SECONDS = 0.1  # how often the main thread tells of progress and hears Ctrl-C


class Progress(NamedTuple):
    """How far an ensemble is; `planned` may grow under a stop rule."""

    done: int
    planned: int
    seconds_left: float | None


class Worker(Protocol):
    """What simulates replications first..first+count-1, in a world that it may use again."""

    def chunk(self, first: int, count: int, world: Any) -> tuple[Chunk, Any]:
        """Return the replications, and the world."""


class Crew:
    """Works through replications until all are done, or somebody says stop; then what is done in one piece counts."""

    def __init__(
        self,
        worker: Worker,
        *,
        threads: int | None = None,
        chunk: int | None = None,
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        self.threads = threads if threads else cores()
        self.stopped = False
        self.from_keyboard = False
        self._worker = worker
        self._chunk = chunk
        self._progress = progress
        self._cancel = cancel if cancel is not None else threading.Event()
        self._begun = time.perf_counter()
        self._done = 0

    def through(self, first: int, end: int) -> list[Chunk]:
        """Return replications first..end-1 in order: all, or what was done in one piece from the first on."""
        queue = _Queue(first, end, self.threads, self._chunk)
        threads = [threading.Thread(target=self._work, args=(queue,), daemon=True) for _ in range(self.threads)]
        try:
            for thread in threads:
                thread.start()
            self._watch(threads, queue)
        except KeyboardInterrupt:
            self.from_keyboard = True
            queue.stop.set()
            # What is begun is finished: a chunk takes less than a tenth of a second.
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        if queue.failure is not None:
            raise queue.failure
        chunks = queue.in_one_piece()
        done = sum(len(chunk.finish) for chunk in chunks)
        self._done += done
        self.stopped = done < end - first
        self._tell(0, 0 if self.stopped else end - first, end - first)
        return chunks

    def _watch(self, threads: list[threading.Thread], queue: "_Queue") -> None:
        for thread in threads:
            while thread.is_alive():
                thread.join(LOOK_SECONDS)
                if thread.is_alive():
                    self._tell(queue.done, queue.done, queue.end - queue.first)

    def _tell(self, running: int, round_done: int, round_size: int) -> None:
        if self._progress is None:
            return
        done = self._done + running
        left = round_size - round_done
        elapsed = time.perf_counter() - self._begun
        self._progress(Progress(done, done + left, elapsed / done * left if done else None))

    def _work(self, queue: "_Queue") -> None:
        world = None
        try:
            while not (queue.stop.is_set() or self._cancel.is_set()):
                first, count = queue.take()
                if count == 0:
                    return
                begun = time.perf_counter()
                chunk, world = self._worker.chunk(first, count, world)
                queue.deliver(chunk, time.perf_counter() - begun)
        except BaseException as failure:  # handed to the thread that waits
            queue.fail(failure)


class _Queue:
    """What is still to do, and what is done."""

    def __init__(self, first: int, end: int, threads: int, chunk: int | None) -> None:
        self.first = first
        self.end = end
        self.done = 0
        self.stop = threading.Event()
        self.failure: BaseException | None = None
        self._lock = threading.Lock()
        self._next = first
        self._threads = threads
        self._chunk = chunk
        self._size = 1
        self._chunks: list[Chunk] = []

    def take(self) -> tuple[int, int]:
        """Return the next chunk to do: its first replication, and how many; 0 when there are no more."""
        with self._lock:
            left = self.end - self._next
            # Smaller ones towards the end, so that the threads finish together.
            size = self._chunk or min(self._size, math.ceil(left / (2 * self._threads)))
            count = min(size, left)
            first, self._next = self._next, self._next + count
            return first, count

    def deliver(self, chunk: Chunk, seconds: float) -> None:
        """Take a chunk that is done, and learn from it how large the next ones should be."""
        with self._lock:
            count = len(chunk.finish)
            self._chunks.append(chunk)
            self.done += count
            wanted = int(CHUNK_SECONDS * count / max(seconds, 1e-9))
            self._size = max(1, min(wanted, 8 * self._size))

    def fail(self, failure: BaseException) -> None:
        """Stop everybody, and keep why."""
        with self._lock:
            self.failure = self.failure or failure
        self.stop.set()

    def in_one_piece(self) -> list[Chunk]:
        """Return the chunks from the first replication up to the first gap."""
        kept: list[Chunk] = []
        expected = self.first
        for chunk in sorted(self._chunks, key=lambda chunk: chunk.first):
            if chunk.first != expected:
                break
            kept.append(chunk)
            expected += len(chunk.finish)
        return kept


def cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
