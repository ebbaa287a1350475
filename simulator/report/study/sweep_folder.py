"""Folders of sweeps: cells are kept as they are done, so a sweep that was stopped goes on; and one table in the end.

Every file is written aside and renamed, and holds nothing that could differ between two runs: a sweep that was stopped
and went on leaves the same bytes as one that was not. See docs/sweeps.md.
"""

import csv
import errno
import hashlib
import io
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from simulator.ensemble.provenance import model
from simulator.planning.sweep import Cell, Grid, Outcome, table
from simulator.report.cells import cell
from simulator.report.run import leftovers
from simulator.report.run.contents import RESOLVED, as_json, as_parquet, from_parquet
from simulator.report.run.folder import DIGITS, slug
from simulator.report.run.integrity import OutputError, part

MANIFEST = "sweep.json"
TABLE = "sweep.parquet"
CSV = "sweep.csv"
CELLS = "cells"
SCHEMA = 1
_KINDS = {
    "hash": str, "model": str, "scenario": str, "seed": int, "replications": int, "axes": dict, "cells": int,
}  # fmt: skip
_ROW = b"row"  # the key in a cell's file under which its row of the table stands


class SweepFolder:
    """The folder of one sweep: what decides about its results is in its name."""

    def __init__(self, grid: Grid, root: Path | str = "runs") -> None:
        self._grid = grid
        origin = [SCHEMA, *grid.digests, grid.axes, grid.base, model()]
        self._digest = hashlib.sha256(json.dumps(origin).encode()).hexdigest()
        self.path = Path(root) / f"{slug(grid.own.name) or 'scenario'}-sweep-{self._digest[:DIGITS]}"
        self._cells = self.path / CELLS
        self.told: list[str] = []  # what stood there and was not ours, or not whole, and under which name it is kept

    def kept(self) -> dict[int, Outcome]:
        """Return the cells that are done, by number; one whose file cannot be read counts as not done."""
        found = {cell.number: self._read(cell) for cell in self._grid.cells}
        return {number: outcome for number, outcome in found.items() if outcome is not None}

    def begin(self) -> None:
        """Make the folder, with what it is of. Raises OutputError."""
        leftovers.sweep(self.path)
        leftovers.sweep(self._cells)
        with self._writing():
            if os.path.lexists(self.path) and not self._is_ours():
                text = "is in the way, and is no folder of this sweep; move it, or name another place"
                raise OutputError(text, self.path, errno.EEXIST)
            if os.path.lexists(self._cells) and not self._cells.is_dir():
                self._set_aside(self._cells)
            self._cells.mkdir(parents=True, exist_ok=True)
            self._put(RESOLVED, self._grid.own.resolved_yaml().encode())
            self._put(MANIFEST, as_json(self._manifest()))

    def keep(self, cell: Cell, outcome: Outcome) -> None:
        """Write what a cell came to. Raises OutputError."""
        columns = pa.table({name: pa.array(values, from_pandas=False) for name, values in outcome.values.items()})
        buffer = io.BytesIO()
        told = {_ROW: json.dumps(outcome.row).encode()}
        pa.parquet.write_table(columns.replace_schema_metadata(told), buffer, compression="zstd")
        with self._writing():
            self._put(self._name(cell), buffer.getvalue())

    def finish(self, outcomes: dict[int, Outcome]) -> pd.DataFrame:
        """Write the table of all cells, and return it. Raises OutputError."""
        frame = table(self._grid, outcomes)
        with self._writing():
            self._put(TABLE, as_parquet(frame))
            self._put(CSV, as_csv(frame).encode())
        return frame

    def _name(self, cell: Cell) -> str:
        return f"{CELLS}/{cell.number:05}.parquet"

    def _read(self, cell: Cell) -> Outcome | None:
        file = self.path / self._name(cell)
        if not file.is_file():
            return None
        try:
            found = pa.parquet.read_table(io.BytesIO(file.read_bytes()))
            row = json.loads(found.schema.metadata[_ROW])
            values = {name: found[name].to_numpy().astype(np.float64) for name in found.column_names}
        except (OSError, ValueError, KeyError, TypeError):  # pyarrow's own errors are among these
            return None
        whole = all(len(measured) == self._grid.replications for measured in values.values())
        return Outcome(row, values) if whole and row.get("cell") == cell.number else None

    def _is_ours(self) -> bool:
        if not self.path.is_dir():
            return False
        with suppress(OSError, ValueError, LookupError, TypeError, RecursionError):
            manifest = self.path / MANIFEST
            if manifest.is_file():
                return bool(json.loads(manifest.read_text(encoding="utf-8"))["hash"] == self._digest)
        # Stopped before it was written, or damaged: the name of the folder says whose the cells are.
        found = {file.name for file in self.path.iterdir()}
        return not found or bool(found & {CELLS, RESOLVED})

    def _manifest(self) -> dict[str, Any]:
        grid = self._grid
        return {
            "schema": SCHEMA,
            "hash": self._digest,
            "model": model(),
            "scenario": grid.own.name,
            "seed": grid.own.seed,
            "replications": grid.replications,
            "axes": {axis.path: list(axis.values) for axis in grid.axes},
            "cells": len(grid.cells),
            "base": grid.base + 1,
            "base_is_the_scenario": grid.base_is_own,
        }

    def _put(self, name: str, content: bytes) -> None:
        """Write a file aside and rename it, so that under its name it is whole; what else stood there is kept."""
        target = self.path / name
        if os.path.lexists(target):
            if target.is_file() and target.stat().st_size == len(content) and target.read_bytes() == content:
                return
            self._set_aside(target)
        aside = leftovers.beside(target)
        try:
            aside.write_bytes(content)
            aside.rename(target)
        finally:
            aside.unlink(missing_ok=True)

    def _set_aside(self, place: Path) -> None:
        kept = leftovers.set_aside(place, f"{place.name}.replaced")
        self.told.append(f"{place} is damaged or was changed: it is kept as {kept.name}, and written again")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OutputError:
            raise
        except OSError as error:
            text = f"cannot be written: {error.strerror or error}; the cells that are done are kept"
            raise OutputError(text, self.path, error.errno or errno.EIO) from error


def read(sweep: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the manifest and the table of a sweep's folder. Raises OutputError for what is not whole."""
    file = sweep / MANIFEST
    manifest = part(sweep, MANIFEST, json.loads)
    if (fault := _fault(manifest)) is not None:
        raise OutputError(f"{fault}; run the sweep again in another place", file, errno.EIO)
    file = sweep / TABLE
    try:
        table = part(sweep, TABLE, from_parquet)
    except OutputError as error:
        raise OutputError(f"{error.strerror}; is the sweep done?", file, error.errno or errno.EIO) from error
    if missing := [name for name in ("cell", *manifest["axes"], "replications", "unfinished") if name not in table]:
        raise OutputError(f"has no column {', '.join(missing)}; run the same sweep again to write it", file, errno.EIO)
    return manifest, table


def _fault(manifest: Any) -> str | None:
    """Return what is wrong with the content of a manifest; None where it is whole."""
    if not isinstance(manifest, Mapping):
        return "is not the manifest of a sweep"
    if manifest.get("schema") != SCHEMA:
        return f"has schema {manifest.get('schema')}, and this version reads {SCHEMA}"
    wrong = [name for name, kind in _KINDS.items() if not isinstance(manifest.get(name), kind)]
    if not wrong and not all(_listed(values) for values in manifest["axes"].values()):
        wrong = ["axes"]
    return f"is damaged: it does not say {', '.join(wrong)} as a sweep does" if wrong else None


def _listed(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def as_csv(frame: pd.DataFrame) -> str:
    """Return a table as CSV: numbers with all their digits, infinity as inf, and nothing where there is no number."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(cell, frame.columns))
    for row in frame.itertuples(index=False):
        writer.writerow("" if isinstance(value, float) and math.isnan(value) else cell(value) for value in row)
    return text.getvalue()
