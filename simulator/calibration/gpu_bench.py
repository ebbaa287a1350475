"""Measures this machine's GPUs with PyTorch, which is imported here only, and only when a measurement begins."""

import importlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from multiprocessing import get_context
from typing import Any

from simulator import __version__
from simulator.calibration import gpu_collectives, gpu_work
from simulator.calibration.gpu_work import Case
from simulator.calibration.machine import Clocks, read_clocks
from simulator.calibration.measurements import Measurement, Record

WARM_UP = 3
FEWEST_REPEATS, MOST_REPEATS = 5, 50
SECONDS_OF_A_CASE = 0.5  # of measuring, preparations not counted
SETTLING = 5.0  # [s] of full load first, because a cold chip clocks higher than one that trains
MOST_QUEUED = 1000  # products: more would wait in Python
FLUSHED = 512 * 2**20  # [B] written between repeats: more than any cache holds

Tell = Callable[[str], None]


class NoGpuError(Exception):
    """There is nothing to measure here; the text says what is missing and what to do."""


def load_torch() -> Any:
    """Return PyTorch, if it is installed and sees a GPU. Raises NoGpuError."""
    try:
        torch = importlib.import_module("torch")
    except ImportError as error:
        why = "" if getattr(error, "name", "torch") == "torch" else f" ({error})"
        words = (
            "install it beside derisk, such as with `pip install torch`, on a machine with a GPU, and run this there"
        )
        raise NoGpuError(f"PyTorch cannot be imported here{why}; {words}") from None
    if not torch.cuda.is_available():
        words = "run this on a machine with a GPU, with a PyTorch that was built for it; nvidia-smi lists the GPUs"
        raise NoGpuError(f"PyTorch {torch.__version__} sees no GPU here; {words}")
    return torch


@dataclass
class Bench:
    """A run of all cases within a time; `done` and `skipped` grow as it goes, so that a stop loses nothing."""

    torch: Any
    seconds: float
    quick: bool = False
    tell: Tell = lambda text: None
    done: list[Measurement] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    interrupted: bool = False
    clocks: Clocks = field(default_factory=Clocks)
    began: float = field(default_factory=time.monotonic)

    def run(self) -> Record:
        """Measure all that time allows, and return the record; a KeyboardInterrupt ends it early, and keeps what is."""
        try:
            self._settle()
            self._run_cases()
            self._run_collectives()
        except KeyboardInterrupt:
            self.interrupted = True
            self.skipped.append("all that was left: interrupted from the keyboard")
        return self.record()

    def record(self) -> Record:
        """Return what has been measured so far."""
        cuda = self.torch.cuda
        return Record(
            device=cuda.get_device_name(0),
            measurements=tuple(self.done),
            tool=f"derisk bench-gpu {__version__}",
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            count=cuda.device_count(),
            cuda=self.torch.version.cuda,
            torch=str(self.torch.__version__),
            skipped=tuple(self.skipped),
            **self.clocks._asdict(),
        )

    def left(self) -> float:
        """Return the time that is left [s]."""
        return self.seconds - (time.monotonic() - self.began)

    def _settle(self) -> None:
        """Load the chip until its clocks are those of training, and read them while it is loaded."""
        torch, size = self.torch, 2048 if self.quick else 8192
        self.tell("warming up")
        try:
            one, other = (torch.randn(size, size, device="cuda", dtype=torch.bfloat16) for _ in range(2))
            start, took, products = time.monotonic(), 0.0, 0
            while took < min(SETTLING, 0.1 * self.seconds):
                for _ in range(20):
                    torch.mm(one, other)
                torch.cuda.synchronize()
                products, took = products + 20, time.monotonic() - start
            for _ in range(min(MOST_QUEUED, int(products / max(took, 1e-3)))):  # a second's, while clocks are read
                torch.mm(one, other)
            self.clocks = read_clocks()
            torch.cuda.synchronize()
        except Exception as error:  # an old chip has no bf16
            self.skipped.append(f"warming up: {_first_line(error)}")

    def _run_cases(self) -> None:
        try:
            cache = self.torch.empty(FLUSHED, dtype=self.torch.int8, device="cuda")
        except Exception as error:  # somebody else has the memory
            self.skipped.append(f"all work on one GPU: {_first_line(error)}")
            return
        cases = _interleaved([group(self.torch, self.quick) for group in gpu_work.GROUPS])
        for number, case in enumerate(cases, start=1):
            if isinstance(case, str):
                self.skipped.append(case)
                continue
            if self.left() <= 0:
                left = [one.name for one in cases[number - 1 :] if isinstance(one, Case)]
                self.skipped.append(f"{len(left)} cases from '{case.name}' on: no time left; --seconds gives more")
                return
            self.tell(f"{number} of {len(cases)}: {case.name}")
            try:
                self.done.append(self._measured(case, cache))
            except Exception as error:  # not supported, or too large: whatever PyTorch raises, what is done is kept
                self.skipped.append(f"{case.name}: {_first_line(error)}")
                self.torch.cuda.empty_cache()

    def _measured(self, case: Case, cache: Any) -> Measurement:
        work = case.prepare()
        for _ in range(WARM_UP):
            work()
        [estimate] = self._times(work, 1, cache)
        share = SECONDS_OF_A_CASE * (0.2 if self.quick else 1.0)
        repeats = max(FEWEST_REPEATS, min(MOST_REPEATS, int(share / max(estimate, 1e-9))))
        return case.measurement(self._times(work, repeats, cache))

    def _times(self, work: Callable[[], object], repeats: int, cache: Any) -> list[float]:
        """Return times [s] by events on the device, each after the caches were overwritten.

        The overwriting also keeps the queue filled, so that the time to launch the work from Python is not counted.
        """
        event = self.torch.cuda.Event
        pairs = [(event(enable_timing=True), event(enable_timing=True)) for _ in range(repeats)]
        for start, end in pairs:
            cache.zero_()
            start.record()
            work()
            end.record()
        self.torch.cuda.synchronize()
        return [start.elapsed_time(end) / 1e3 for start, end in pairs]

    def _run_collectives(self) -> None:
        ranks = self.torch.cuda.device_count()
        if ranks < 2:
            self.skipped.append("collectives: there is one GPU only")
            return
        if self.left() <= 0:
            self.skipped.append("collectives: no time left; --seconds gives more")
            return
        self.tell(f"collectives among {ranks} GPUs")
        self.torch.cuda.empty_cache()  # what this process holds on the first GPU, that rank needs
        queue = get_context("spawn").SimpleQueue()
        setting = gpu_collectives.Setting(ranks, gpu_collectives.free_port(), self.left(), self.quick)
        try:
            self.torch.multiprocessing.spawn(take_part, args=(setting, queue), nprocs=ranks, daemon=True)
        except KeyboardInterrupt:
            raise
        except Exception as error:  # a rank that fails raises what only PyTorch knows
            self.skipped.append(f"collectives: {_first_line(error)}")
        finally:
            while not queue.empty():
                found = queue.get()
                (self.skipped if isinstance(found, str) else self.done).append(found)


def take_part(rank: int, setting: gpu_collectives.Setting, queue: Any) -> None:
    """Be one rank of the collectives, in a process of its own."""
    gpu_collectives.take_part(importlib.import_module("torch"), rank, setting, queue)


def _interleaved(groups: list[list[Case | str]]) -> list[Case | str]:
    """Return the cases in turn, one of each group, so that a short time leaves no kind out."""
    return [case for turn in zip_longest(*groups) for case in turn if case is not None]


def _first_line(error: BaseException) -> str:
    lines: Iterator[str] = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line.strip("-")), type(error).__name__)[:200]
