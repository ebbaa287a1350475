"""The report of a run as a workbook: numbers as numbers, units in headers, and what a user wrote always as text."""

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import xlsxwriter

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import STATISTICS
from simulator.ensemble.table import LIST_COLUMN
from simulator.report import ranges, text
from simulator.report.figures.style import Figure
from simulator.report.run import answer
from simulator.report.run.checklist import assumed
from simulator.scenario.number_paths import quantities
from simulator.words import units
from simulator.words.quantity import ASSUMED

MOST_REPLICATIONS = 10_000  # more are in replications.parquet
ESTIMATE = STATISTICS
WIDEST = 80  # characters of a column
WHOLE_DOLLARS = 1_000  # from here on cents are noise
INPUTS = ("input", "value", "unit", "P10", "P90", "spread", "as written", "set by", "source", "ASSUMED")
FORMATS = {"share": "0.00%", "usd": "#,##0", "cents": "#,##0.00", "whole": "#,##0", "number": "#,##0.000"}
UNITS = {
    "finish_days": "d", "wall_days": "d", "mttf_hours": "h", "cost_usd": "USD", "delay_cost_usd": "USD",
    "interventions_per_day": "1/d", "nodes_out_of_service": "nodes", "goodput": "share", "ettr": "share",
    "mfu_end_to_end": "share", "ledger_share": "share",
}  # fmt: skip


def build(
    ensemble: Ensemble, summary: Mapping[str, Any], manifest: Mapping[str, Any], figures: Sequence[Figure] = ()
) -> bytes:
    """Return the workbook of a run, from its ensemble, the contents of its JSON files, and its figures."""
    buffer = io.BytesIO()
    book = _book(buffer, str(summary["scenario"]), manifest)
    sheets = _Sheets(book)
    sheets.add("Summary", ("quantity", "unit", *ESTIMATE, "infinite [replications]"), list(_summary(summary)))
    sheets.add("Run", ("what", "value"), list(_facts(ensemble, summary, manifest)))
    sheets.add("Inputs", INPUTS, _inputs(ensemble))
    tables = {figure.name: figure.table for figure in figures}
    for sheet, name in (("Losses", "waterfall"), ("Money", "money")):
        if (table := tables.get(name)) is not None:
            sheets.add(sheet, tuple(map(_head, table.columns)), list(table.itertuples(index=False, name=None)))
    table = ensemble.table.drop(columns=[LIST_COLUMN]).head(MOST_REPLICATIONS)
    table = table[[name for name in table if not str(name).endswith("_us")]]
    rows = list(zip(*(table[name].tolist() for name in table), strict=True))
    sheets.add("Replications", tuple(map(_head, table.columns)), rows)
    book.close()
    return buffer.getvalue()


def build_sweep(table: pd.DataFrame, manifest: Mapping[str, Any]) -> bytes:
    """Return the workbook of a sweep: its table, and how it came about."""
    buffer = io.BytesIO()
    book = _book(buffer, str(manifest["scenario"]), manifest)
    sheets = _Sheets(book)
    sheets.add("Sweep", tuple(map(_head, table.columns)), list(table.itertuples(index=False, name=None)))
    facts = [(name, value) for name, value in manifest.items() if isinstance(value, str | int)]
    axes = [(f"axis {path}", ", ".join(values)) for path, values in manifest["axes"].items()]
    sheets.add("Run", ("what", "value"), [(name, str(value)) for name, value in [*facts, *axes]])
    book.close()
    return buffer.getvalue()


def _book(buffer: io.BytesIO, title: str, manifest: Mapping[str, Any]) -> Any:
    """Return an empty workbook."""
    # What begins with = or looks like a link is text: nothing that a user wrote becomes a formula.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": title, "created": _written(manifest)})
    return book


def _written(manifest: Mapping[str, Any]) -> datetime:
    """Return when the run was written, so that the same run gives the same workbook."""
    try:
        return datetime.fromisoformat(str(manifest.get("written"))).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        return datetime(2000, 1, 1)


def _summary(summary: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield every quantity of a summary by the path of its fields."""
    for name, value in summary.items():
        if not isinstance(value, Mapping):
            continue
        path = (*above, str(name))
        if {"mean", "p50"} <= value.keys():
            infinite = next((value[word] for word in ranges.ENDLESS if word in value), None)
            yield ".".join(path), _unit(path), *(value.get(field) for field in ESTIMATE), infinite
        yield from _summary(value, path)


def _unit(path: tuple[str, ...]) -> str:
    found = next((UNITS[name] for name in path if name in UNITS), None)
    return found or ("USD" if any("usd" in name for name in path) else "number")


def _facts(ensemble: Ensemble, summary: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what is no quantity: what was run, when it ends, whether in time."""
    for name in ("scenario", "seed", "replications", "engine"):
        yield name, summary[name]
    for name in ("model", "hash", "written", "interrupted"):
        yield name, str(manifest.get(name))
    for section in ("outcomes", "never_finishes", "finish_date", "deadline", "precision"):
        for name, value in summary.get(section, {}).items():
            yield f"{section}.{name}", str(value) if isinstance(value, bool) else value
    if not ensemble.scenario.inputs:
        yield "variance_share", answer.NO_UNCERTAIN_INPUT
        return
    for quantity, split in summary["variance_share"].items():
        for name, value in split.items():
            yield f"variance_share.{quantity}.{name}", value


def _inputs(ensemble: Ensemble) -> list[tuple[Any, ...]]:
    """Return the inputs, those that nothing backs first; values in the unit in which they are written."""
    known = {quantity.path: quantity for quantity in quantities(ensemble.scenario.document)}
    rows = ensemble.scenario.table()
    unbacked = assumed(rows)
    told = []
    for row in [*unbacked, *(row for row in rows if row not in unbacked)]:
        quantity = known[row.path]
        size = float(units.unit(quantity.like).scale) if quantity.like else 1.0
        ends = [None if end is None else end / size for end in (quantity.p10, quantity.p90)]
        numbers = (quantity.median / size, quantity.like, *ends, quantity.spread or None)
        backing = (row.standing, row.source, "yes" if row.source.startswith(ASSUMED) else "no")
        told.append((row.path, *numbers, row.value, *backing))
    return told


def _head(name: Any) -> str:
    """Return the name of a column with its unit in brackets, as in `finish [d]`."""
    words = str(name)
    if " [" in words:
        return words
    for end, unit in (("_days", "d"), ("_hours", "h"), ("_usd", "USD"), ("_per_day", "1/d")):
        if words.endswith(end):
            return f"{words.removesuffix(end)} [{unit}]"
        if f"{end}_" in words:
            return f"{words.replace(end, '')} [{unit}]"
    if words.startswith(("goodput_", "deadline_")) or words in (
        "goodput",
        "ettr",
        "mfu_end_to_end",
        "twin_goodput",
        "share_of_median",
        "mean_share",
    ):
        return f"{words} [share]"
    return f"{words} [SI]" if words.startswith("input:") else words


class _Sheets:
    """Adds sheets with a frozen header row and columns as wide as what stands in them."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._header = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._formats = {name: book.add_format({"num_format": form}) for name, form in FORMATS.items()}

    def add(self, name: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Add a sheet."""
        sheet = self._book.add_worksheet(name)
        widths = [min(len(head), 24) for head in heads]
        for column, head in enumerate(heads):
            sheet.write_string(0, column, head, self._header)
        for number, row in enumerate(rows, start=1):
            unit = str(row[1]) if heads[1] == "unit" else ""
            for column, value in enumerate(row):
                self._write(sheet, (number, column), value, unit or heads[column])
                if isinstance(value, str):
                    widths[column] = max(widths[column], min(WIDEST, len(value)))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, max(10, width + 1))
        sheet.freeze_panes(1, 1)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(heads) - 1)

    def _write(self, sheet: Any, place: tuple[int, int], value: Any, unit: str) -> None:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return
        if isinstance(value, str):
            sheet.write_string(*place, value)
        elif math.isinf(value):
            sheet.write_string(*place, text.endless(unit) if value > 0 else "-infinite")
        else:
            sheet.write_number(*place, value, self._formats[_format(value, unit)])


def _format(value: float, unit: str) -> str:
    if "share" in unit:
        return "share"
    if "USD" in unit:
        return "usd" if abs(value) >= WHOLE_DOLLARS else "cents"
    return "whole" if float(value).is_integer() else "number"
