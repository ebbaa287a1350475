"""A sweep for a reader: which cell is best, and every cell in a table, or two axes as a matrix of P90 finishes."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from simulator.planning.quantities import COST, DELAY_COST, FINISH, GOODPUT, Measure
from simulator.planning.sweep import Grid
from simulator.report import ranges, text
from simulator.report.study.compare_sheet import amount, mean_of, signed

SCHEMA = 1
MOST_ROWS = 60  # of cells that are printed; the files have all
# Columns that a narrow terminal has no room for, the first goes first.
_SPARE = ("cost - base, 95%", "P10", "in time", "P50", "mean cost")
Row = Mapping[str, Any]
P90 = "finish_days_p90"


def as_json(grid: Grid, frame: pd.DataFrame) -> dict[str, Any]:
    """Return a sweep safe for JSON: what is infinite or unknown is None, and `unfinished` counts what is infinite."""
    rows = _rows(frame)
    best = {name: None if (row := _best(rows, name)) is None else int(row["cell"]) for name in _decisive(frame)}
    return {
        "schema": SCHEMA,
        "scenario": grid.own.name,
        "seed": grid.own.seed,
        "replications": grid.replications,
        "replications_of_the_scenario": grid.usual,
        "axes": {axis.path: list(axis.values) for axis in grid.axes},
        "base": grid.base + 1,
        "base_is_the_scenario": grid.base_is_own,
        "best": best,
        "cells": [{name: text.finite(value) if isinstance(value, float) else value for name, value in row.items()}
                  for row in rows],
    }  # fmt: skip


def as_text(grid: Grid, frame: pd.DataFrame, width: int | None) -> str:
    """Return what `derisk sweep` prints, without where it lies."""
    rows = _rows(frame)
    parts = [grid.own.name, ""]
    parts += [text.paragraph(sentence, width) for sentence in _sentences(grid, frame, rows)]
    matrices = list(_matrices(grid, frame, rows)) if len(grid.axes) == 2 else []
    # Where the first finds no room, cells are told one by one; the others are in sweep.csv.
    fitting = [one for one in matrices if width is None or all(len(line) <= width for line in one.splitlines()[2:])]
    if fitting and fitting[0] is matrices[0]:
        parts += fitting
    else:
        parts += ["", _table(grid, frame, rows, width)]
    return "\n".join([*parts, "", *(text.paragraph(note, width) for note in _notes(grid, rows))])


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as plain mappings, in Python's own numbers."""
    names = [str(name) for name in frame]
    lists = [frame[name].tolist() for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*lists, strict=True)]


def _decisive(frame: pd.DataFrame) -> Iterator[str]:
    """Yield the columns by which a cell may be the best one."""
    yield P90
    yield from (name for name in (f"{COST.name}_mean", f"{DELAY_COST.name}_mean") if name in frame)


def _best(rows: Sequence[Row], name: str) -> Row | None:
    """Return the row that is lowest in a column, the first of equals; None where none is finite.

    Money is compared among the rows in which the fewest are unfinished: what the horizon cuts off is not cheap.
    """
    known = [row for row in rows if math.isfinite(_level(row, name))]
    if name != P90:
        fewest = min((row["unfinished"] for row in rows), default=0)
        known = [row for row in known if row["unfinished"] == fewest]
    return min(known, key=lambda row: _level(row, name), default=None)


def _level(row: Row, name: str) -> float:
    """Return what a row has in a column; a delay has no end where some replications do not finish."""
    return math.inf if name == f"{DELAY_COST.name}_mean" and row["unfinished"] else float(row[name])


def _sentences(grid: Grid, frame: pd.DataFrame, rows: Sequence[Row]) -> Iterator[str]:
    """Yield the best cells, and how far they are from the base cell."""
    base, words = rows[grid.base], _base(grid)
    for name in _decisive(frame):
        measure = next(each for each in (FINISH, DELAY_COST, COST) if name.startswith(each.name))
        by = "P90 of the run time" if name == P90 else f"mean {measure.label}"
        best = _best(rows, name)
        if best is None:
            yield f"No cell has a finite {by}."
        elif best["cell"] == base["cell"]:
            yield f"Best by {by} is the base cell, {_called(grid, best)} ({words}): {_told(measure, best, name)}."
        else:
            found, against = _told(measure, best, name), _told(measure, base, name)
            change = f"mean difference {_difference(measure, best)}"
            yield f"Best by {by}: {_called(grid, best)}, {found} against {against} of {words}; {change}."


def _told(measure: Measure, row: Row, name: str) -> str:
    """Return what a row has in a column, and how many of its replications are unfinished, where some are."""
    level, left = _quantile(measure, "p90")(row) if name == P90 else _mean(measure)(row), row["unfinished"]
    level = level if math.isfinite(_level(row, name)) else amount(measure, _level(row, name))
    return f"{level} with {left:_} of {text.plural(row['replications'], 'replication')} unfinished" if left else level


def _base(grid: Grid) -> str:
    return "the scenario as it stands" if grid.base_is_own else "the first cell"


def _called(grid: Grid, row: Row) -> str:
    return ", ".join(f"{axis.path}={row[axis.path]}" for axis in grid.axes)


def _difference(measure: Measure, row: Row) -> str:
    change, half = row[f"{measure.name}_difference"], row[f"{measure.name}_difference_half_width"]
    if change == 0 and half == 0:
        return "0"
    return signed(measure, change, half)


def _table(grid: Grid, frame: pd.DataFrame, rows: Sequence[Row], width: int | None) -> str:
    """Return a row a cell; columns that would be empty, or that a narrow terminal has no room for, are left out."""
    columns = {name: [write(row) for row in rows[:MOST_ROWS]] for name, write in _columns(grid, frame, rows).items()}
    spare = [name for name in _SPARE if name in columns]
    while width is not None and spare and _wide(columns) > width:
        del columns[spare.pop(0)]
    shown = [tuple(columns), *zip(*columns.values(), strict=True)]
    more = len(rows) - MOST_ROWS
    rest = f"\n  and {text.plural(more, 'cell')} more, in sweep.csv" if more > 0 else ""
    return text.table(shown, right=range(len(grid.axes), len(columns))) + rest


def _wide(columns: Mapping[str, Sequence[str]]) -> int:
    """Return the characters of a row."""
    return sum(max(map(len, (name, *cells))) + len(text.GAP) for name, cells in columns.items())


def _columns(grid: Grid, frame: pd.DataFrame, rows: Sequence[Row]) -> dict[str, Callable[[Row], str]]:
    """Return what is told of a cell, by the heads of the columns."""
    columns: dict[str, Callable[[Row], str]] = {axis.path: _axis_cell(axis.path) for axis in grid.axes}
    for share in ("p10", "p50", "p90"):
        columns[share.upper()] = _quantile(FINISH, share)
    columns["mean - base, 95%"] = lambda row: _difference(FINISH, row)
    columns["mean goodput"] = _mean(GOODPUT)
    if f"{COST.name}_mean" in frame:
        columns["mean cost"] = _mean(COST)
        columns["cost - base, 95%"] = lambda row: _difference(COST, row)
    if "deadline_probability" in frame:
        columns["in time"] = _probability("deadline")
    if any(row["unfinished"] for row in rows):
        columns["never finishes"] = _probability("never")
    return columns


def _axis_cell(path: str) -> Callable[[Row], str]:
    return lambda row: str(row[path])


def _quantile(measure: Measure, share: str) -> Callable[[Row], str]:
    """Return how a quantile is told, with its 95 % interval."""

    def told(row: Row) -> str:
        value, low, high = (float(row[f"{measure.name}_{name}"]) for name in (share, f"{share}_low", f"{share}_high"))
        return ranges.within(value, (low, high), lambda each: amount(measure, each))

    return told


def _mean(measure: Measure) -> Callable[[Row], str]:
    return lambda row: mean_of(measure, row[f"{measure.name}_mean"], row[f"{measure.name}_mc_error"])


def _probability(name: str) -> Callable[[Row], str]:
    names = ("probability", "low", "high")
    return lambda row: ranges.probability({each: row[f"{name}_{each}"] for each in names})


def _matrices(grid: Grid, frame: pd.DataFrame, rows: Sequence[Row]) -> Iterator[str]:
    """Yield what is told of two axes."""
    yield "\nRun time, P90\n" + _matrix(grid, rows, _quantile(FINISH, "p90"))
    change = _matrix(grid, rows, lambda row: _difference(FINISH, row))
    yield f"\nRun time, mean difference to the base cell, with its 95% interval\n{change}"
    if f"{COST.name}_mean" in frame:
        yield "\nCost, mean\n" + _matrix(grid, rows, _mean(COST))


def _matrix(grid: Grid, rows: Sequence[Row], write: Callable[[Row], str]) -> str:
    """Return a quantity by the values of two axes."""
    down, across = grid.axes
    head = (f"{down.path} \\ {across.path}", *across.values)
    count = len(across.values)
    lines = [
        (value, *(write(row) for row in rows[start : start + count]))
        for value, start in zip(down.values, range(0, len(rows), count), strict=True)
    ]
    return text.table([head, *lines], right=range(1, count + 1))


def _notes(grid: Grid, rows: Sequence[Row]) -> Iterator[str]:
    cells = f"{text.plural(len(grid.cells), 'cell')}, each of {text.replications(grid.replications, grid.usual)}"
    pairs = f"differences are to cell {grid.base + 1}, {_base(grid)}, pair by pair under the same chance"
    pairs += "; brackets hold 95 % intervals, and means have their Monte Carlo errors"
    yield f"{cells}, all with seed {grid.own.seed}; {pairs}."
    unfinished = [row for row in rows if row["unfinished"]]
    if unfinished:
        number = text.plural(len(unfinished), "cell")
        counted = "count as infinitely long in P10, P50 and P90; means of the run time and differences leave them out"
        counted += "; their cost is that until the horizon" if f"{COST.name}_mean" in unfinished[0] else ""
        yield f"In {number} not all replications finished; those that did not {counted}."
