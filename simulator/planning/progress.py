"""Several ensembles that are one piece of work: one progress over all of them, one cancel, one number of threads."""

import threading
import time
from collections.abc import Callable

from simulator.ensemble import Cancelled, Design, Ensemble, Progress, run_ensemble
from simulator.scenario import Scenario


class Stopped(RuntimeError):  # noqa: N818 - somebody wanted it
    """Somebody stopped the work, by a cancel or by Ctrl-C; `from_keyboard` says which."""

    def __init__(self, from_keyboard: bool) -> None:
        super().__init__("stopped")
        self.from_keyboard = from_keyboard

    def again(self) -> BaseException:
        """Return what an ensemble raises where nothing is done: KeyboardInterrupt or Cancelled."""
        return KeyboardInterrupt() if self.from_keyboard else Cancelled("cancelled before anything was done")


class Several:
    """Runs ensembles one after the other, and tells of them as one; `planned` replications are expected in all."""

    def __init__(
        self,
        planned: int,
        *,
        threads: int | None = None,
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        self._planned = planned
        self._threads = threads
        self._progress = progress
        self._cancel = cancel
        self._done = 0
        self._begun = time.perf_counter()

    def run(
        self, scenario: Scenario, replications: int, *, design: Design | None = None, twins: bool = False
    ) -> Ensemble:
        """Return an ensemble that is whole. Raises Stopped where it was not finished."""
        if self._cancel is not None and self._cancel.is_set():
            raise Stopped(from_keyboard=False)
        try:
            ensemble = run_ensemble(
                scenario,
                replications=replications,
                threads=self._threads,
                progress=None if self._progress is None else self._tell,
                cancel=self._cancel,
                design=design,
                twins=twins,
            )
        except KeyboardInterrupt:
            raise Stopped(from_keyboard=True) from None
        except Cancelled:
            raise Stopped(from_keyboard=False) from None
        if ensemble.interrupted:
            raise Stopped(from_keyboard=self._cancel is None or not self._cancel.is_set())
        self._done += replications
        return ensemble

    def _tell(self, progress: Progress) -> None:
        assert self._progress is not None  # asked before
        done = self._done + progress.done
        planned = max(self._planned, self._done + progress.planned)
        elapsed = time.perf_counter() - self._begun
        self._progress(Progress(done, planned, elapsed / done * (planned - done) if done else None))
