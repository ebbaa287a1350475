"""Recovery: from a failure back to training, and from a broken node back to the pool."""

from collections.abc import Iterator
from typing import Any

from simulator.mechanisms import RecoveryKeys
from simulator.words.drawn import fixed
from simulator.words.quantity import default
from simulator.words.section import Fault

_AIRESIM = "as AIReSim's, arXiv 2603.07041, table 1"
_SELECTION = fixed("3 min", "min", why=_AIRESIM)
_PREEMPTION = default("20 min", "min", why=_AIRESIM)


class Recovery(RecoveryKeys):
    """What follows a failure, unless a cause says otherwise."""

    def filled(self, selects: bool, fetches: bool) -> "Recovery":
        """Return the recovery with what it does not say of pools that the cluster has."""
        update: dict[str, Any] = {}
        if selects and self.host_selection is None:
            update["host_selection"] = _SELECTION
        if fetches and self.preemption is None:
            update["preemption"] = _PREEMPTION
        return self.model_copy(update=update)

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the recovery."""
        names = [rung.suffix for rung in self.ladder]
        for place, name in enumerate(names):
            if name in names[:place]:
                yield ("ladder", place, "rung"), "is the name of another rung; give each its own"
        if self.vendor is not None and self.manual is None:
            yield ("vendor",), "comes after repair by hand; give manual too"
