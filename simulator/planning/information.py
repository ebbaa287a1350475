"""What to measure next: how much better a choice would come out if an uncertain input were known before it is made.

The worth of knowing an input is the expected value of partial perfect information (EVPPI): what the best choice for
each value of the input would save on average, compared with the choice that is best now. What would not change the
choice is worth nothing, however much of the variance comes from it.
"""

import math
import threading
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from simulator.ensemble import Ensemble, Progress
from simulator.ensemble.ensemble import settled
from simulator.numbers.plan import Floats, Integers
from simulator.planning import outcomes
from simulator.planning.progress import Several, Stopped
from simulator.scenario import Scenario

FOLDS = 10
CELLS = 12  # of an input; each holds as many replications
CELLS_OF_PAIR = 6  # of each of two inputs
PAIRED = 4  # inputs of which pairs are looked at


class Worth(NamedTuple):
    """What it is worth to know one input before choosing, at most: a measurement is never perfect."""

    path: str
    days: float
    usd: float | None  # None without prices
    error_days: float  # standard error
    error_usd: float | None
    assumed: bool = False  # nothing backs the input


class Information(NamedTuple):
    """The worth of knowing each uncertain input, for a choice among options: the largest first."""

    options: tuple[str, ...]
    best: str  # the option with the fewest expected days
    perfect_days: float  # knowing all inputs is worth at least this
    perfect_usd: float | None
    worths: tuple[Worth, ...]
    best_usd: str | None = None  # the option with the lowest expected cost
    days: tuple[float, ...] = ()  # expected wall clock of each option
    usd: tuple[float, ...] | None = None  # expected cost of each option and of its delay
    ceiling_days: float = 0.0  # at most this: knowing the weather too, which nobody can buy
    ceiling_usd: float | None = None
    replications: int = 0  # of each option
    unfinished: tuple[int, ...] = ()  # of each option; they count with their horizon


class Value(NamedTuple):
    """The worth of knowing something, and its standard error."""

    worth: float
    error: float


def information(
    options: Mapping[str, Scenario],
    replications: int = 1000,
    *,
    threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> Information:
    """Return what to measure next, for a choice among scenarios by name, the base first, under common random numbers.

    Raises ValueError for fewer than two options, KeyboardInterrupt or Cancelled: half a choice is none.
    """
    if len(options) < 2:
        raise ValueError("a choice needs two options at least")
    work = Several(replications * len(options), threads=threads, progress=progress, cancel=cancel)
    try:
        ensembles = [work.run(settled(each, replications=replications), replications) for each in options.values()]
    except Stopped as stopped:
        raise stopped.again() from None
    return information_of(dict(zip(options, ensembles, strict=True)))


def information_of(options: Mapping[str, Ensemble]) -> Information:
    """Return the same from ensembles that are there: as many replications each, with the same seed."""
    ensembles = tuple(options.values())
    names = tuple(options)
    assumed = {each.path: outcomes.assumed(each) for ensemble in ensembles for each in ensemble.scenario.inputs}
    known: dict[str, Floats] = {}
    for ensemble in ensembles:  # an input that an option fixes is still drawn in the others
        known = outcomes.inputs(ensemble) | known
    days = np.column_stack([outcomes.days(ensemble) for ensemble in ensembles])
    costs = [outcomes.dollars(ensemble) for ensemble in ensembles]
    priced = [cost for cost in costs if cost is not None]
    usd = np.column_stack(priced) if len(priced) == len(costs) else None
    of_days = {path: partial_information(values, days) for path, values in known.items()}
    of_usd = None if usd is None else {path: partial_information(values, usd) for path, values in known.items()}
    worths = []
    for path, value in of_days.items():
        money = None if of_usd is None else of_usd[path]
        usd_and_error = (None, None) if money is None else (money.worth, money.error)
        worths.append(Worth(path, value.worth, usd_and_error[0], value.error, usd_and_error[1], assumed[path]))
    table = np.column_stack(list(known.values())) if known else np.zeros((len(days), 0))
    return Information(
        options=names,
        best=names[int(np.argmin(days.mean(axis=0)))],
        perfect_days=total_information(table, days).worth,
        perfect_usd=None if usd is None or of_usd is None else total_information(table, usd).worth,
        worths=tuple(sorted(worths, key=_order)),
        best_usd=None if usd is None else names[int(np.argmin(usd.mean(axis=0)))],
        days=tuple(days.mean(axis=0).tolist()),
        usd=None if usd is None else tuple(usd.mean(axis=0).tolist()),
        ceiling_days=clairvoyance(days),
        ceiling_usd=None if usd is None else clairvoyance(usd),
        replications=len(days),
        unfinished=tuple(outcomes.unfinished(ensemble) for ensemble in ensembles),
    )


def partial_information(known: Floats, losses: Floats) -> Value:
    """Return the worth of knowing one input, from its value and the loss of each option in each replication.

    `losses` is (replications, options), lower is better. The expected losses given the input are the means within cells
    of it that hold as many replications each (Strong & Oakley 2013, Medical Decision Making 33:755).
    """
    return _worth_of_rule(_cells(known, CELLS), losses)


def total_information(known: Floats, losses: Floats) -> Value:
    """Return the worth of knowing all inputs, at least: of the best pair of them; `known` is (replications, inputs).

    Pairs of those that are worth most alone. What three inputs tell only together it does not see.
    """
    alone = [partial_information(one, losses) for one in known.T]
    first = sorted(range(len(alone)), key=lambda place: -alone[place].worth)[:PAIRED]
    cells = {place: _cells(known[:, place], CELLS_OF_PAIR) for place in first}
    pairs = [_worth_of_rule(cells[a] * CELLS_OF_PAIR + cells[b], losses) for a, b in combinations(first, 2)]
    return max([*alone, *pairs], key=lambda value: value.worth, default=Value(0.0, 0.0))


def clairvoyance(losses: Floats) -> float:
    """Return what it would be worth to know inputs and weather: the best option of each replication, on average."""
    best = int(np.argmin(losses.mean(axis=0)))
    return float((losses[:, best] - losses.min(axis=1)).mean())


def _worth_of_rule(cell: Integers, losses: Floats) -> Value:
    """Return what choosing by the cell of a replication saves against the one option that is best on average.

    The mean of the best means, as in the source, follows noise and comes out too large. So the best option of each cell
    is found in nine tenths of the replications and judged by what happened in the rest: what that saves is rather too
    small, for the option found is not always the best, and below zero it counts as nothing.

    Cells, and no smooth regression (Strong, Oakley & Brennan 2014): a few runs that hardly end bend a curve everywhere,
    and a cell only where they are. Where a spline saw no worth at all, cells found it from 200 replications on.
    """
    extra = losses - losses[:, :1]  # what all options have in common cancels
    fold = np.arange(len(extra)) % FOLDS
    sums = np.zeros((int(cell.max()) + 1, FOLDS, extra.shape[1]))
    counts = np.zeros((*sums.shape[:2], 1))
    np.add.at(sums, (cell, fold), extra)
    np.add.at(counts, (cell, fold), 1.0)
    sums, counts = (each.sum(axis=1, keepdims=True) - each for each in (sums, counts))  # of all folds but one
    # Where none of the others is in a cell, they all speak for it.
    means = np.where(counts > 0, sums / np.maximum(counts, 1.0), sums.sum(axis=0) / counts.sum(axis=0))
    chosen = np.argmin(means, axis=2)[cell, fold]
    saved = extra[:, int(np.argmin(extra.mean(axis=0)))] - extra[np.arange(len(extra)), chosen]
    return Value(max(0.0, float(saved.mean())), float(saved.std(ddof=1)) / math.sqrt(len(saved)))


def _cells(values: Floats, number: int) -> Integers:
    """Return the cell of each value, by its rank: whatever the law of an input, and however it is scaled."""
    ranks = np.searchsorted(np.sort(values), values, side="left")
    cells: Integers = ranks * number // len(values)
    return cells


def _order(worth: Worth) -> tuple[float, float, str]:
    return (-(worth.usd if worth.usd is not None else worth.days), -worth.days, worth.path)
