"""What `derisk break-even` tells: the value at which two options, or an option and a target, are equal."""

import csv
import io
import math
from typing import Any

from simulator.planning.break_even import BreakEven
from simulator.planning.outcomes import COST_WITH_DELAY, WHY_WALL
from simulator.report import text
from simulator.report.cells import cell
from simulator.report.study.sensitivity_sheet import finite
from simulator.report.study.sensitivity_words import days
from simulator.words import units

SCHEMA = 1
UNITS = {"finish": "days", "goodput": "share", "cost": "usd"}
HEAD = ("value", "value_si")
FIELDS = {"cost": "cost_with_delay"}  # of measures, in files
NAMES = {"cost": COST_WITH_DELAY}  # of measures, for people; the others are called as they are written
WORDS = {"mean": "expected ", "p10": "P10 of the ", "p50": "P50 of the ", "p90": "P90 of the "}


def sentence(found: BreakEven, alternative: str) -> str:
    """Return the answer; `alternative` is what the user calls the other option, empty where there is a target."""
    quantity = named(found)
    if found.interrupted:
        return _stopped(found, quantity, alternative)
    if found.value is None:
        return _nowhere(found, quantity, alternative)
    place = f"From {found.path} = {found.text} on" if found.whole else f"At {found.path} = {found.text}"
    said = (
        f"the {quantity} is {told(found, found.target)}" if found.target is not None else _equal(quantity, alternative)
    )
    if found.whole:
        said = _turned(found, quantity, alternative)
    words = f"{place} {said}{_interval(found)}."
    sides = [units.show(value, found.like) for value in (found.low, found.high)]
    words += f" {_difference(found, found.at_low, alternative)} at {sides[0]}, "
    words += f"{_difference(found, found.at_high, alternative, short=True)} at {sides[1]}."
    if found.crossings > 1:
        words += f" It is so at {found.crossings} places at least between these two; this is the first."
    return words


def named(found: BreakEven) -> str:
    """Return what is compared: a statistic and its measure."""
    return f"{WORDS[found.statistic]}{NAMES.get(found.measure, found.measure)}"


def _stopped(found: BreakEven, quantity: str, alternative: str) -> str:
    """Return what is known of a search that was stopped: between which values the break-even lies, if that."""
    sides = [units.show(value, found.like) for value in (found.evaluated[0][0], found.evaluated[-1][0])]
    told = f"Stopped early: {len(found.evaluated)} values of {found.path} were tried, from {sides[0]} to {sides[1]}"
    if math.isfinite(found.bracket[0]):
        low, high = (units.show(value, found.like) for value in found.bracket)
        told += f", and the break-even of the {quantity} lies between {low} and {high}."
    else:
        told += f", and no break-even of the {quantity} was found so far."
    return (
        f"{told} {_difference(found, found.at_low, alternative)} at {sides[0]}, "
        f"{_difference(found, found.at_high, alternative, short=True)} at {sides[1]}."
    )


def _equal(quantity: str, alternative: str) -> str:
    return f"the {quantity} with {alternative} is the same as without"


def _turned(found: BreakEven, quantity: str, alternative: str) -> str:
    less = not found.rises
    if found.target is not None:
        return f"the {quantity} is {'not above' if less else 'not below'} {told(found, found.target)}"
    return f"the {quantity} with {alternative} is {'not above' if less else 'not below'} that without"


def _interval(found: BreakEven) -> str:
    ends = [units.show(end, found.like) for end in found.interval if math.isfinite(end)]
    low, high = (math.isfinite(end) for end in found.interval)
    if low and high:
        return f" (95 % interval {ends[0]} to {ends[1]})"
    if not (low or high):
        why = "the Monte Carlo error is too large; more replications may tell"
        return f" (no value in the range can be told from it: {why})"
    return f" (95 % interval {'from' if low else 'up to'} {ends[0]} {'on, with no end' if low else ''}".rstrip() + (
        " in the range)"
    )


def _nowhere(found: BreakEven, quantity: str, alternative: str) -> str:
    sides = [units.show(value, found.like) for value in (found.low, found.high)]
    if not any(difference for _, difference in found.evaluated):
        return (
            f"The {quantity} is the same at all values of {found.path} tried between {sides[0]} and {sides[1]}, so "
            "there is nothing to break even."
        )
    told = f"There is no break-even of {found.path} between {sides[0]} and {sides[1]}."
    if any(difference == 0 for _, difference in found.evaluated):
        told = f"The {quantity} is equal at some values of {found.path} tried, but turns from more to less at none."
    return (
        f"{told} "
        f"{_difference(found, found.at_low, alternative)} at {sides[0]}, "
        f"{_difference(found, found.at_high, alternative, short=True)} at {sides[1]}."
    )


def _difference(found: BreakEven, difference: float, alternative: str, short: bool = False) -> str:
    """Return the difference at a value of the input, in words."""
    if math.isnan(difference):
        size = "not to be told apart, for neither finishes"
    elif difference == 0:
        size = "equal"
    else:
        size = f"{_size(found, abs(difference))} {'more' if difference > 0 else 'less'}"
        size = size if math.isfinite(difference) else "endless" if difference > 0 else "finite against endless"
    if short:
        return size
    if found.target is not None:
        return f"Against the target it is {size}"
    return f"With {alternative} it is {size}"


def told(found: BreakEven, value: float | None) -> str:
    """Return a value of the measure with its unit."""
    if value is None:
        return ""
    if found.measure == "goodput":
        return text.percent(value)
    return text.dollars(value) if found.measure == "cost" else days(value)


def _size(found: BreakEven, difference: float) -> str:
    """Return a difference of two values, which of shares is in points: 4 points less are not 4 % less."""
    if found.measure == "goodput" and math.isfinite(difference):
        return f"{text.number(100 * difference)} points"
    return told(found, difference)


def as_text(found: BreakEven, name: str, alternative: str, width: int | None) -> str:
    """Return what `derisk break-even` prints."""
    against = "to the target" if found.target is not None else "alternative minus base"
    rows = [(found.path, f"difference {against}"), *_rows(found)]
    parts = [name, "", text.paragraph(sentence(found, alternative), width), "", text.table(rows, right=(0, 1))]
    parts += ["", *(text.paragraph(line, width) for line in remarks(found))]
    return "\n".join(parts)


def remarks(found: BreakEven) -> list[str]:
    """Return what to know of the numbers: how many replications there are, and how many did not finish."""
    many = text.replications(found.replications, found.replications_of_the_scenario)
    lines = [f"{many} at each value and option, under the same chance."]
    if found.unfinished:
        how = WHY_WALL if found.statistic == "mean" else "In quantiles they count as endless."
        lines.append(f"{found.unfinished:_} replications in all did not finish. {how}")
    return lines


def _rows(found: BreakEven) -> list[tuple[str, str]]:
    return [(units.show(value, found.like), _signed(found, difference)) for value, difference in found.evaluated]


def _signed(found: BreakEven, difference: float) -> str:
    if math.isnan(difference):
        return "both never"
    sign = "+" if difference > 0 else "-" if difference < 0 else ""
    return sign + _size(found, abs(difference))


def as_json(found: BreakEven, name: str, alternative: str, seed: int) -> dict[str, Any]:
    """Return what `derisk break-even --json` prints; the input is in SI and as text, differences in `unit`."""
    content = finite(found._asdict()) | {"measure": FIELDS.get(found.measure, found.measure)}
    content["evaluated"] = [
        {"value": value, "text": units.show(value, found.like), "difference": finite(difference)}
        for value, difference in found.evaluated
    ]
    head = {"schema": SCHEMA, "scenario": name, "seed": seed, "sentence": sentence(found, alternative)}
    return {**head, "alternative": alternative or None, "unit": UNITS[found.measure], **content}


def as_csv(found: BreakEven) -> str:
    """Return one row a value that was tried."""
    table = io.StringIO()
    written = csv.writer(table, lineterminator="\n")
    written.writerow((*HEAD, difference_column(found)))
    written.writerows(map(cell, row) for row in cells(found))
    return table.getvalue()


def difference_column(found: BreakEven) -> str:
    """Return what the column of differences is called in files, with its unit."""
    return f"difference_{FIELDS.get(found.measure, found.measure)}_{found.statistic}_{UNITS[found.measure]}"


def cells(found: BreakEven) -> list[tuple[str, float, float]]:
    """Return the rows of the table for files: each value tried, as text and in SI, and the difference there."""
    return [(units.exact(value, found.like), value, difference) for value, difference in found.evaluated]
