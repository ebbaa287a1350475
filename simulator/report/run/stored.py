"""The summary of a run folder; one that an older version wrote is told again from its replications."""

from pathlib import Path
from typing import Any

from simulator.ensemble import Ensemble
from simulator.ensemble.table import missing
from simulator.metrics import SCHEMA, summarise
from simulator.report.run import integrity
from simulator.report.run.contents import RESOLVED, SUMMARY
from simulator.report.run.integrity import OutputError


def summary_of(run: Path, ensemble: Ensemble) -> dict[str, Any]:
    """Return the summary of a run folder, from the ensemble that was loaded from it where its schema is older.

    Raises OutputError for what cannot be read, is newer, or was written without what this version counts.
    """
    file, content = run / SUMMARY, integrity.summary_of(run)
    schema = content.get("schema")
    if schema == SCHEMA:
        return content
    written = f"has schema {schema}, written by version {ensemble.model}"
    if not isinstance(schema, int) or schema > SCHEMA:
        raise OutputError(f"{written}, and this version reads up to {SCHEMA}; use the version that wrote it", file)
    if missing(ensemble.scenario, ensemble.table):
        remedy = f"run it again: derisk run {run / RESOLVED}"
        raise OutputError(f"{written}, and its replications lack what schema {SCHEMA} is told from; {remedy}", file)
    return summarise(ensemble)
