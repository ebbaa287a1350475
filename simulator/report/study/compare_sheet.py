"""Scenarios side by side for a reader: what each alternative changes, how sure that is, and what was compared."""

import math
from collections.abc import Sequence
from typing import Any

from simulator.ensemble.estimates import STATISTICS, Estimate
from simulator.planning.compare import Comparison, Difference
from simulator.planning.differences import Differing
from simulator.planning.quantities import COST, DELAY_COST, FINISH, GOODPUT, Measure
from simulator.report import ranges, text
from simulator.report.inputs import readable
from simulator.report.text import dollars, finite

SCHEMA = 1
MOST_ROWS = 20  # of inputs that differ; JSON has all
DAY = 86_400.0
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def as_text(comparison: Comparison, differing: Sequence[Differing], width: int | None, usual: int | None = None) -> str:
    """Return what `derisk compare` prints: a sentence and a table for each alternative, and what was compared.

    `usual` is how many replications the base asks for by itself.
    """
    letters = [_letter(number) for number in range(len(comparison.names))]
    legend = [(letter, name) for letter, name in zip(letters, comparison.names, strict=True)]
    legend[0] = (letters[0], f"{comparison.names[0]}, the base")
    parts = [text.table(legend, width=width, indent=0), ""]
    for letter, told in zip(letters[1:], comparison.differences, strict=True):
        parts += [text.paragraph(sentence(told, letter, letters[0]), width)]
        parts += [text.table(_rows(told, letters[0], letter), right=(1, 2, 3, 4, 5), width=width), ""]
    parts += [*_inputs(differing, letters, width), ""]
    parts += [text.paragraph(note, width) for note in _notes(comparison, usual)]
    return "\n".join(parts)


def as_json(comparison: Comparison, differing: Sequence[Differing], usual: int | None = None) -> dict[str, Any]:
    """Return a comparison safe for JSON: what is infinite or unknown is None."""
    first = comparison.ensembles[0]
    alternatives = [
        {
            "name": name,
            "pairs": told[0].pairs,
            "left_out": told[0].left_out,
            "differences": {each.measure.name: _as_json(each) for each in told},
        }
        for name, told in zip(comparison.names[1:], comparison.differences, strict=True)
    ]
    return {
        "schema": SCHEMA,
        "base": comparison.names[0],
        "seed": first.seed,
        "replications": first.replications,
        "replications_of_the_scenario": first.replications if usual is None else usual,
        "alternatives": alternatives,
        "inputs": [{"path": row.path, "values": list(row.values), "follows": row.follows} for row in differing],
    }


def _as_json(told: Difference) -> dict[str, Any]:
    numbers = ("mean", "half_width", "p50", "p50_half_width", "p90", "p90_half_width", "gain", "probability_better")
    sides = {"base": _estimate(told.base), "other": _estimate(told.other)}
    return sides | {name: finite(getattr(told, name)) for name in numbers}


def _estimate(told: Estimate) -> dict[str, float | int | None]:
    return {name: finite(getattr(told, name)) for name in STATISTICS} | {"infinite": told.infinite}


def sentence(told: Sequence[Difference], name: str, base: str) -> str:
    """Return in one sentence what an alternative changes in finish, goodput and money."""
    by_name = {each.measure.name: each for each in told}
    clauses = [f"it finishes {_finish(by_name[FINISH.name], base)}", _change("goodput", by_name[GOODPUT.name])]
    for measure in (COST, DELAY_COST):
        if measure.name in by_name:
            clauses.append(_change(f"the {measure.label}", by_name[measure.name]))
    return f"{name} against {base}: {'; '.join(clauses)}."


def _finish(told: Difference, base: str) -> str:
    at_p50, at_p90 = _earlier(told.p50, base, told.p50_half_width), _earlier(told.p90, base, told.p90_half_width)
    if math.isnan(told.mean):
        return f"{at_p50} at P50 and {at_p90} at P90"
    mean = f"{_earlier(told.mean, base, told.half_width)} in the mean{_doubt(told)}"
    return f"{at_p50} at P50, {at_p90} at P90 and {mean}"


def _earlier(days: float, base: str, half_width: float = math.nan) -> str:
    """Return how much earlier or later it is, with half the interval of that in the same unit, where known."""
    if math.isnan(days):
        return f"as little as {base} does"
    if math.isinf(days):
        return "never, but " + base + " does," if days > 0 else f"where {base} does not"
    if days == 0 and not 0 < half_width < math.inf:
        return "at the same time"
    known = [abs(days) * DAY, *([half_width * DAY] if math.isfinite(half_width) else [])]
    size, *error = text.alike(known, known[:1])
    return f"{size} {'later' if days > 0 else 'earlier'}" + (f" (± {error[0]})" if error else "")


def _change(label: str, told: Difference) -> str:
    if math.isnan(told.mean):
        return f"{label} is not known"
    if told.mean == 0 and not told.half_width > 0:
        return f"{label} stays as it is"
    verb = "rises" if told.mean > 0 else "falls"
    size, error = (_size(told.measure, abs(value)) for value in (told.mean, told.half_width))
    return f"{label} {verb} by {size} (± {error}) in the mean{_doubt(told)}"


def _doubt(told: Difference) -> str:
    """Return words for a difference that may be none."""
    if told.half_width > 0 and abs(told.mean) <= told.half_width:
        return f", which {text.plural(told.pairs, 'pair')} cannot tell from nothing"
    return ""


def _size(measure: Measure, value: float) -> str:
    """Return the size of a difference."""
    if not math.isfinite(value):
        return "unknown"
    if measure.unit == FINISH.unit:
        return text.duration(value * DAY)
    return dollars(value) if measure.unit == COST.unit else f"{text.number(100 * value)} points"


def amount(measure: Measure, value: float) -> str:
    """Return a value of a measure: days, a share in percent, or dollars."""
    if measure.unit == FINISH.unit:
        return f"{text.number(value, 4)} d" if math.isfinite(value) else text.number(value)
    return dollars(value) if measure.unit == COST.unit else text.percent(value)


def quantile_of(measure: Measure, told: Estimate, share: str) -> str:
    """Return a quantile of a measure with its 95 % interval in brackets."""
    value, low, high = (getattr(told, name) for name in (share, f"{share}_low", f"{share}_high"))
    return ranges.within(value, (low, high), lambda each: amount(measure, each))


def mean_of(measure: Measure, value: float, error: float) -> str:
    """Return a mean of a measure with its Monte Carlo error."""
    if not (math.isfinite(value) and math.isfinite(error)):
        return amount(measure, value)
    if measure.unit == COST.unit:
        return f"{amount(measure, value)} ± {dollars(error, 2)}"
    size = 100.0 if measure.unit == GOODPUT.unit else 1.0
    return f"{amount(measure, value)} ± {text.number(size * error, 2)}"


def signed(measure: Measure, value: float, half_width: float = math.nan) -> str:
    """Return a difference with its sign, and half its 95 % interval where known."""
    if not math.isfinite(value):
        if measure.unit == COST.unit:
            return dollars(value)
        return {math.inf: "never", -math.inf: "not never"}.get(value, "unknown")
    error = ""
    if measure.unit == FINISH.unit:
        written = f"{text.number(abs(value))} d"
        error = f"{text.number(half_width, 2)} d"
    elif measure.unit == COST.unit:
        written, error = dollars(abs(value)), dollars(half_width)
    else:
        written, error = f"{text.number(100 * abs(value))} points", text.number(100 * half_width, 2)
    sign = "+" if value > 0 else "-" if value < 0 else ""
    return f"{sign}{written}" + (f" ± {error}" if math.isfinite(half_width) else "")


def _rows(told: Sequence[Difference], base: str, name: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("", base, name, f"{name} - {base}, 95%", "better in", "pairing gains")]
    for each in told:
        measure, label = each.measure, each.measure.label
        if measure.name != GOODPUT.name:
            for share in ("p50", "p90"):
                change, half = getattr(each, share), getattr(each, f"{share}_half_width")
                sides = (quantile_of(measure, side, share) for side in (each.base, each.other))
                rows.append((f"{label} {share.upper()}", *sides, signed(measure, change, half), "", ""))
        sides = (mean_of(measure, side.mean, side.mc_error) for side in (each.base, each.other))
        change_in_mean = signed(measure, each.mean, each.half_width)
        better = f"{text.share(each.probability_better)} of pairs"
        done = " if done" if each.base.infinite or each.other.infinite else ""
        rows.append((f"{label}, mean{done}", *sides, change_in_mean, better, _gain(each.gain)))
    return rows


def _gain(gain: float) -> str:
    if math.isnan(gain):
        return ""
    return "all pairs agree" if math.isinf(gain) else f"{text.number(gain, 2)} times"


def _inputs(differing: Sequence[Differing], letters: Sequence[str], width: int | None) -> list[str]:
    """Return the inputs in which the scenarios differ."""
    if not differing:
        return ["No input differs."]
    own = [row for row in differing if not row.follows]
    following = [row for row in differing if row.follows]
    told = [f"What differs: {text.plural(len(own), 'input')}", *_table(own, letters, width)] if own else []
    if following:
        told += [f"What follows from {'it' if len(own) == 1 else 'them'}: {text.plural(len(following), 'input')}"]
        told += _table(following, letters, width)
    return told


def _table(rows: Sequence[Differing], letters: Sequence[str], width: int | None) -> list[str]:
    told = [("", *letters), *((row.path, *readable(row.values)) for row in rows[:MOST_ROWS])]
    more = len(rows) - MOST_ROWS
    return [text.table(told, width=width), *([f"  and {more} more, which --json lists"] if more > 0 else [])]


def _notes(comparison: Comparison, usual: int | None) -> list[str]:
    first = comparison.ensembles[0]
    notes = [
        f"{text.replications(first.replications, usual or first.replications)} of each with seed {first.seed}, "
        "compared pair by pair: the same weather, and the same draws of what both leave uncertain. Brackets hold 95 % "
        "intervals of quantiles, and means have their Monte Carlo errors. Differences of means have a 95 % interval by "
        "Student's law, those of P50 and P90 by a bootstrap of pairs. 'Pairing gains' says how many times wider the "
        "interval of the mean were if the replications were independent."
    ]
    for name, told in zip(comparison.names[1:], comparison.differences, strict=True):
        if told[0].left_out:
            left_out = f"{told[0].left_out:_} of {text.plural(first.replications, 'pair')}"
            why = "are left out of the differences of means, for one of the two did not finish"
            notes.append(f"{name}: {left_out} {why}. In P50, P90 and 'better in' they count, as infinitely long.")
    return notes


def _letter(number: int) -> str:
    return LETTERS[number] if number < len(LETTERS) else f"{LETTERS[number % 26]}{number // 26}"
