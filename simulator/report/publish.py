"""What is forwarded of a run or a sweep: its report as HTML and as a workbook, written aside and then renamed."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.ensemble import Ensemble
from simulator.report import figures, folder, html, leftovers, sweep_folder, workbook
from simulator.report.contents import RESOLVED
from simulator.report.figures import Figure
from simulator.report.manifest import read_manifest
from simulator.report.stored import summary_of
from simulator.report.story import ReplayError
from simulator.report.whole import OutputError
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


def of_run(ensemble: Ensemble, summary: Mapping[str, Any], policy: "type[Policy] | None" = None) -> Iterator[Figure]:
    """Yield the figures of a run; those from event logs only where the replications come out again."""
    yield figures.finish(ensemble)
    yield figures.waterfall(ensemble)
    if (costs := figures.money(summary)) is not None:
        yield costs
    again = policy is not None or not ensemble.policy
    if again:
        yield figures.progress(ensemble, policy=policy)
    if (curve := figures.interval(ensemble.scenario)) is not None:
        yield curve
    if (fabric := figures.fabric_of_scenario(ensemble.scenario)) is not None:
        yield figures.topology(fabric)
    if again:
        try:
            yield figures.timeline(ensemble, policy=policy)
        except ReplayError:
            return  # the run was made by another version: its numbers stand, its story is not known


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
