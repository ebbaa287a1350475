"""What jobs do: forecasts that end in a run folder, and questions about several forecasts. No Streamlit here."""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.app.break_even_form import Asked
from simulator.app.jobs import Tell, Work
from simulator.app.state import Draft, load
from simulator.scenario import Scenario, ScenarioErrors

if TYPE_CHECKING:
    import pandas as pd

    from simulator.ensemble import Ensemble
    from simulator.planning.break_even import BreakEven, Pair
    from simulator.planning.compare import Comparison
    from simulator.planning.indices import Indices

LOADED = 8  # ensembles that stay in memory; each has some megabytes


class Result(NamedTuple):
    """A finished run, read from its folder."""

    folder: Path
    ensemble: "Ensemble"
    summary: dict[str, Any]


def planned(scenario: Scenario) -> int:
    """Return how many replications a scenario asks for, at most."""
    stop = scenario.document.run.stop
    return scenario.replications if stop is None else int(stop.max.median)


def refusal(scenario: Scenario, most: int) -> str:
    """Return why a scenario is too much for the app, in words; empty where it is not."""
    wanted = planned(scenario)
    if wanted <= most:
        return ""
    path = "run.replications" if scenario.document.run.stop is None else "run.stop.max"
    return (
        f"{path}: {wanted:,} replications are more than the {most:,} that this app allows; ask for fewer, or use the "
        "command line"
    )


def beyond(wanted: int, most: int, instead: str) -> str:
    """Return why a question takes more than the app allows, in words; empty where it does not."""
    if wanted <= most:
        return ""
    told = f"These are {wanted:,} replications in all, more than the {most:,} that this app allows"
    return f"{told}; {instead}, or use the command line"


def key_of(scenario: Scenario, *more: str) -> str:
    """Return what names a job: the same scenario and the same question have the same key."""
    origin = "\n".join((scenario.resolved_yaml(), *more))
    return hashlib.sha256(origin.encode()).hexdigest()[:16]


def forecast(scenario: Scenario, root: Path, *, anew: bool = False) -> Work:
    """Return the work of a run; it comes to the run's folder, and what is done when it is cancelled is written too.

    A folder of the same run is used unless it shall be made anew.
    """

    def work(tell: Tell, cancel: threading.Event) -> Path:
        from simulator.ensemble import run_ensemble
        from simulator.report.run import folder

        found = None if anew else folder.find(scenario, root)
        if found is not None:
            return found
        if said := folder.clear(folder.place(scenario, root)):
            logging.getLogger(__name__).warning(said)
        return folder.write(run_ensemble(scenario, progress=tell, cancel=cancel), root)

    return work


def find(scenario: Scenario, root: Path) -> Path | None:
    """Return the folder of the same run where it has been done before, here or on the command line."""
    from simulator.report.run import folder

    return folder.find(scenario, root)


def read(path: Path) -> Result:
    """Return what a run folder holds. Raises OSError for one that has vanished or cannot be read."""
    return _read(str(path), (path / "manifest.json").stat().st_mtime_ns)


@lru_cache(maxsize=LOADED)
def _read(path: str, stamp: int) -> Result:
    """Return a folder's content; the stamp tells a folder that was replaced from the one before."""
    from simulator.report.run import folder
    from simulator.report.run.stored import summary_of

    place = Path(path)
    ensemble = folder.load(place)
    return Result(place, ensemble, summary_of(place, ensemble))


def comparison(scenarios: Mapping[str, Scenario], replications: int) -> Work:
    """Return the work of runs side by side under the same weather; it comes to a `Comparison`, the first the base."""

    def work(tell: Tell, cancel: threading.Event) -> "Comparison":
        from simulator.planning.compare import compare_scenarios

        return compare_scenarios(scenarios, replications, progress=tell, cancel=cancel)

    return work


def swept(axis: str, drafts: Mapping[str, Draft], replications: int) -> Work:
    """Return the work of a scenario at several values of one input; it comes to a sweep's table, one row a value.

    Each draft is the scenario at the value that is its key. Cancelled, the rows that are whole are kept.
    """

    def work(tell: Tell, cancel: threading.Event) -> "pd.DataFrame":
        import pandas as pd

        from simulator.planning.progress import Several, Stopped
        from simulator.planning.sweep import Axis, cells, row

        axes = (Axis(axis, tuple(drafts)),)
        several = Several(replications * len(drafts), progress=tell, cancel=cancel)
        rows = []
        try:
            for cell, draft in zip(cells(axes), drafts.values(), strict=True):
                rows.append(row(cell, axes, several.run(_valid(draft), replications)))
        except Stopped as stopped:
            if not rows:
                raise stopped.again() from None
        return pd.DataFrame(rows)

    return work


def _valid(draft: Draft) -> Scenario:
    loaded = load(draft)
    if loaded.scenario is None:
        raise ScenarioErrors(loaded.errors)
    return loaded.scenario


def broken_even(asked: Asked) -> Work:
    """Return the work of a break-even; it comes to a `BreakEven`. Cancelled, the values that were tried are kept."""

    def scenarios(value: str) -> "Pair":
        other = _valid(asked.at(value, alternative=True)) if asked.changes else None
        return _valid(asked.at(value)), other

    def work(tell: Tell, cancel: threading.Event) -> "BreakEven":
        from simulator.planning.break_even import break_even

        between, question = (asked.low, asked.high), asked.question()
        return break_even(
            asked.path, scenarios, between, question, replications=asked.replications, progress=tell, cancel=cancel
        )

    return work


def shares(scenario: Scenario, rows: int) -> Work:
    """Return the work of splitting the variance; it comes to `Indices`, of the rows that are whole when cancelled."""

    def work(tell: Tell, cancel: threading.Event) -> "tuple[Indices, ...]":
        from simulator.planning.indices import variance_indices

        return variance_indices(scenario, rows, progress=tell, cancel=cancel)

    return work


def report(run: Path) -> Work:
    """Return the work of writing the reports of a run into its folder; it comes to their files."""

    def work(tell: Tell, cancel: threading.Event) -> tuple[Path, ...]:
        from simulator.report.run.publish import publish

        return publish(run)

    return work


def drawn(draw: Callable[..., Any], *arguments: Any) -> Work:
    """Return the work of drawing a figure that takes its time; a figure has no half."""

    def work(tell: Tell, cancel: threading.Event) -> Any:
        return draw(*arguments)

    return work


def question(function: Callable[..., Any], *arguments: Any, **more: Any) -> Work:
    """Return the work of a function of `planning` that takes `progress` and `cancel`."""

    def work(tell: Tell, cancel: threading.Event) -> Any:
        return function(*arguments, progress=tell, cancel=cancel, **more)

    return work
