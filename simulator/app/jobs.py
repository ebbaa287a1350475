"""Jobs: what takes long runs in a thread, shows how far it is, can be cancelled, and is shared by who asks for it."""

import math
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.ensemble import Progress

Tell = Callable[["Progress"], None]
Work = Callable[[Tell, threading.Event], Any]

AT_ONCE = 2  # jobs that compute at the same time; each uses all cores, so more of them only share
MOST_WAITING = 20
KEPT = 24  # jobs that have ended and are still known
LONGEST = 1_800.0  # [s] then a job is cancelled, as if somebody had: what is done is kept


class State(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class QueueFull(RuntimeError):  # noqa: N818 - it is not always an error
    """So many jobs wait that one more would not help anybody."""


class Job:
    """Something that takes long. Its fields are written by its own thread and may be read by any."""

    def __init__(self, key: str, label: str, work: Work) -> None:
        self.key = key
        self.label = label
        self.state = State.WAITING
        self.progress: Progress | None = None
        self.result: Any = None
        self.error = ""  # in words
        self.wanted_by: set[str] = set()
        self._work = work
        self._cancel = threading.Event()
        self._ended = threading.Event()

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self._ended.is_set()

    @property
    def stopping(self) -> bool:
        """Whether it was cancelled and has not ended yet."""
        return self._cancel.is_set() and not self.ended

    @property
    def share(self) -> float:
        """How much of it is done [1]."""
        progress = self.progress
        if self.state is State.DONE:
            return 1.0
        return 0.0 if progress is None or not progress.planned else min(1.0, progress.done / progress.planned)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has ended, and return whether it has."""
        return self._ended.wait(seconds)

    def cancel(self) -> None:
        """Ask it to stop; what is done is kept."""
        self._cancel.set()

    def run(self, longest: float = LONGEST) -> None:
        """Do it, in the thread that calls. Nothing is raised: what goes wrong is put into words."""
        self.state = State.RUNNING
        timer = threading.Timer(longest, self._cancel.set) if math.isfinite(longest) else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            self.result = self._work(self._tell, self._cancel)
            state = State.CANCELLED if self._cancel.is_set() else State.DONE
        except BaseException as failure:
            if _is_cancellation(failure):
                state = State.CANCELLED
            else:
                state, self.error = State.FAILED, words_of(failure)
        finally:
            if timer is not None:
                timer.cancel()
        self.end(state)

    def end(self, state: State) -> None:
        """Let it be over."""
        self.state = state
        self._ended.set()

    def _tell(self, progress: "Progress") -> None:
        self.progress = progress


class Registry:
    """All jobs of the process, by key: the same job asked for twice is one; so many run at once, the rest wait."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        *,
        most_waiting: int = MOST_WAITING,
        kept: int = KEPT,
        longest: float = LONGEST,
    ) -> None:
        self.at_once = at_once
        self._most_waiting = most_waiting
        self._kept = kept
        self._longest = longest
        self._jobs: dict[str, Job] = {}
        self._waiting: list[Job] = []
        self._running: set[Job] = set()
        self._lock = threading.Lock()

    def submit(self, key: str, label: str, work: Work, session: str = "", *, again: bool = False) -> Job:
        """Return the job of a key, begun or put into the queue unless it is there. Raises QueueFull.

        `again`: one that is done already is done anew, as when its run folder has vanished.
        """
        with self._lock:
            job = self._jobs.get(key)
            usable = job is not None and (
                (not job.ended and not job.stopping) or (job.state is State.DONE and not again)
            )
            if job is None or not usable:
                if len(self._waiting) >= self._most_waiting:
                    raise QueueFull(f"{len(self._waiting)} runs wait already; try again in a few minutes")
                job = Job(key, label, work)
                self._jobs.pop(key, None)  # so that it stands last: the oldest are forgotten first
                self._jobs[key] = job
                self._waiting.append(job)
                self._prune()
            job.wanted_by.add(session)
            self._begin()
            return job

    def get(self, key: str | None) -> Job | None:
        """Return the job of a key, if it is known."""
        with self._lock:
            return None if key is None else self._jobs.get(key)

    def position(self, job: Job) -> int:
        """Return how many jobs have to end before it begins: 0 for one that does not wait."""
        with self._lock:
            return self._waiting.index(job) + 1 if job in self._waiting else 0

    def join(self, job: Job, session: str) -> None:
        """Say that a session waits for a job too."""
        with self._lock:
            job.wanted_by.add(session)

    def withdraw(self, job: Job, session: str = "") -> bool:
        """Say that a session does not want a job any more, and return whether that cancels it: nobody else wants it."""
        with self._lock:
            job.wanted_by.discard(session)
            if job.wanted_by:
                return False
            job.cancel()
            if job in self._waiting:
                self._waiting.remove(job)
                job.end(State.CANCELLED)
            return True

    def counts(self) -> tuple[int, int]:
        """Return how many run, and how many wait."""
        with self._lock:
            return len(self._running), len(self._waiting)

    def _begin(self) -> None:
        while self._waiting and len(self._running) < self.at_once:
            job = self._waiting.pop(0)
            self._running.add(job)
            threading.Thread(target=self._run, args=(job,), daemon=True, name=f"job {job.label}").start()

    def _run(self, job: Job) -> None:
        try:
            job.run(self._longest)
        finally:
            with self._lock:
                self._running.discard(job)
                self._begin()

    def _prune(self) -> None:
        ended = [key for key, job in self._jobs.items() if job.ended]
        for key in ended[: max(0, len(ended) - self._kept)]:
            del self._jobs[key]


def words_of(failure: BaseException) -> str:
    """Return what went wrong in words for people."""
    if isinstance(failure, MemoryError):
        return "There is not enough memory on the server; ask for fewer replications."
    errors = getattr(failure, "errors", None)
    if isinstance(errors, list):  # ScenarioErrors
        return "\n".join(str(getattr(error, "headline", error)) for error in errors)
    text = " ".join(str(failure).split())
    if isinstance(failure, OSError):
        return text or type(failure).__name__
    if getattr(type(failure), "__module__", "").startswith("simulator.") and text:
        return text
    return f"Internal error, which is ours and not yours: {type(failure).__name__}: {text or 'no message'}"


def _is_cancellation(failure: BaseException) -> bool:
    # By name: the ensemble brings Numba and pandas, which a page that only shows something does not need.
    return any(kind.__name__ == "Cancelled" for kind in type(failure).__mro__) or isinstance(failure, KeyboardInterrupt)


def left(progress: "Progress | None") -> str:
    """Return how long it still takes, in words."""
    seconds = None if progress is None else progress.seconds_left
    if seconds is None or not math.isfinite(seconds):
        return ""
    if seconds < 1.5:
        return "a second left"
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    return f"about {seconds / 60:.0f} min left"
