"""What an answer hangs on: a tornado, what it is worth to know an input before choosing, and shares of the variance."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from simulator.ensemble import Progress
from simulator.planning.indices import Indices, variance_indices
from simulator.planning.information import Information, information
from simulator.planning.tornado import Tornado, tornado
from simulator.scenario import Scenario

CHOICE_TIMES = 5  # replications of an option for each of a bar's end: a choice hangs on small differences
MOST_ROWS = 2**20  # of the indices, a power of two

Tell = Callable[[Progress], None]


class Sensitivity(NamedTuple):
    """All that was computed of a scenario; what was not asked for or not reached is empty."""

    tornado: Tornado
    information: Information | None = None
    indices: tuple[Indices, ...] = ()
    suggested: bool = False  # the options are ours: the user named none
    stopped: str = ""  # by Ctrl-C: what is kept, in words


@contextmanager
def _untold(name: str) -> Iterator[Tell | None]:
    yield None


def sensitivity(
    scenario: Scenario,
    options: Mapping[str, Scenario],
    *,
    suggested: bool = False,
    replications: int = 200,
    rows: int = 0,
    threads: int | None = None,
    progress: Callable[[str], AbstractContextManager[Tell | None]] = _untold,
) -> Sensitivity:
    """Return what a scenario's answer hangs on, with options to choose between by name, the base first.

    `replications` are for each end of a bar, `rows` those of the indices, none for 0; `progress` makes the bar of a
    part of the work. Stopped by Ctrl-C, what is done is kept; raises KeyboardInterrupt before the first bar.
    """
    with progress("tornado") as tell:
        found = Sensitivity(tornado(scenario, replications, threads=threads, progress=tell), suggested=suggested)
    if found.tornado.interrupted:
        return found._replace(stopped=f"{len(found.tornado.bars)} of {len(scenario.inputs)} inputs are kept")
    try:
        if len(options) > 1 and scenario.inputs:
            with progress("options") as tell:
                worth = information(dict(options), CHOICE_TIMES * replications, threads=threads, progress=tell)
            found = found._replace(information=worth)
        if rows and scenario.inputs:
            with progress("indices") as tell:
                shares = variance_indices(scenario, rows, threads=threads, progress=tell)
            found = found._replace(indices=shares)
            if shares[0].interrupted:
                return found._replace(stopped=f"{shares[0].rows} of {rows} rows are kept")
    except KeyboardInterrupt:
        return found._replace(stopped="what was done is kept")
    return found
