"""What is forwarded of a run or a sweep: its report as HTML and as a workbook, written aside and then renamed."""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from simulator.ensemble import Ensemble
from simulator.report import figures
from simulator.report.figures import Figure
from simulator.report.run import folder, html, leftovers, workbook
from simulator.report.run.contents import RESOLVED
from simulator.report.run.integrity import OutputError
from simulator.report.run.manifest import read_manifest
from simulator.report.run.stored import summary_of
from simulator.report.run.story import ReplayError
from simulator.report.study import sweep_folder
from simulator.scenario import reload_scenario

if TYPE_CHECKING:
    from simulator.engines.reference import Policy

HTML, WORKBOOK = "report.html", "report.xlsx"


def publish(run: Path, output: Path | None = None, policy: "type[Policy] | None" = None) -> tuple[Path, Path]:
    """Write `report.html` and `report.xlsx` of a run folder, there or in another folder, and return both.

    Raises OutputError for what cannot be read or written; then neither has changed.
    """
    ensemble = folder.load(run)
    manifest = read_manifest(run)
    assert manifest is not None  # it was loaded
    summary = summary_of(run, ensemble)
    drawn = list(of_run(ensemble, summary, policy))
    target = run if output is None else output
    files = {
        target / HTML: html.render(ensemble, summary, manifest, drawn).encode(),
        target / WORKBOOK: workbook.build(ensemble, summary, manifest, drawn),
    }
    _write(target, files)
    return target / HTML, target / WORKBOOK


def publish_sweep(sweep: Path, output: Path | None = None) -> tuple[Path, Path]:
    """Write the same two files of a sweep's folder, with a figure for each axis that has one.

    Raises OutputError for what cannot be read or written, ScenarioErrors if its scenario was changed.
    """
    manifest, table = sweep_folder.read(sweep)
    drawn = list(of_sweep(table))
    target = sweep if output is None else output
    scenario = reload_scenario(sweep / RESOLVED)
    files = {
        target / HTML: html.render_sweep(scenario, table, manifest, drawn).encode(),
        target / WORKBOOK: workbook.build_sweep(table, manifest),
    }
    _write(target, files)
    return target / HTML, target / WORKBOOK


def of_sweep(table: pd.DataFrame) -> Iterator[Figure]:
    """Yield the figures of a sweep's table."""
    for draw in (figures.spares, figures.scale):
        with suppress(KeyError):  # not an axis of this one
            yield draw(table)


def figure(name: str, ensemble: Ensemble, summary: Mapping[str, Any]) -> Figure:
    """Return one figure of a run. Raises FigureError for one that there is not, and names those that there are."""
    draw = _OF_RUN.get(name)
    if draw is None:
        raise FigureError(f"there is no figure '{name}'; there are {', '.join(_OF_RUN)}")
    drawn = draw(_Run(ensemble, summary))
    if drawn is None:
        raise FigureError(f"this run has no figure '{name}': there is nothing to draw in it")
    return drawn


class FigureError(ValueError):
    """A figure that there is not; the text is for the user."""


class _Run(NamedTuple):
    """What the figures of a run are drawn from."""

    ensemble: Ensemble
    summary: Mapping[str, Any]
    policy: "type[Policy] | None" = None

    @property
    def again(self) -> bool:
        """Whether its replications can be run again."""
        return self.policy is not None or not self.ensemble.policy


def _progress(run: _Run) -> Figure | None:
    return figures.progress(run.ensemble, policy=run.policy) if run.again else None


def _topology(run: _Run) -> Figure | None:
    fabric = figures.fabric_of_scenario(run.ensemble.scenario)
    return None if fabric is None else figures.topology(fabric)


def _timeline(run: _Run) -> Figure | None:
    try:
        return figures.timeline(run.ensemble, policy=run.policy) if run.again else None
    except ReplayError:
        return None  # the run was made by another version: its numbers stand, its story is not known


# The figures of a run by name, in the order of its report; None where a run has none.
_OF_RUN: dict[str, Callable[[_Run], Figure | None]] = {
    "finish": lambda run: figures.finish(run.ensemble),
    "waterfall": lambda run: figures.waterfall(run.ensemble),
    "money": lambda run: figures.money(run.summary),
    "progress": _progress,
    "interval": lambda run: figures.interval(run.ensemble.scenario),
    "topology": _topology,
    "timeline": _timeline,
}


def of_run(ensemble: Ensemble, summary: Mapping[str, Any], policy: "type[Policy] | None" = None) -> Iterator[Figure]:
    """Yield the figures of a run; those from event logs only where the replications come out again."""
    for draw in _OF_RUN.values():
        if (drawn := draw(_Run(ensemble, summary, policy))) is not None:
            yield drawn


def _write(target: Path, files: dict[Path, bytes]) -> None:
    """Write files aside, and rename them when all are there."""
    aside = {path: leftovers.beside(path) for path in files}
    try:
        target.mkdir(parents=True, exist_ok=True)
        leftovers.sweep(target)
        for path, content in files.items():
            aside[path].write_bytes(content)
        for path, part in aside.items():
            part.replace(path)
    except OSError as error:
        text = f"the report cannot be written: {error.strerror or error}"
        raise OutputError(text, target, error.errno or errno.EIO) from error
    finally:
        for part in aside.values():
            with suppress(OSError):  # the folder is none, and that has been said
                part.unlink(missing_ok=True)
