"""The table of a page, from what a command says."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from questions.asking import Told
from questions.words import counted, days, interval, plus, share, shift, spread, usd
from simulator.ensemble.estimates import estimate

ENDS = (("p10", "P10"), ("p50", "P50"), ("p90", "P90"))


def of(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Return lines of Markdown; the first row is the head, and the first columns are words."""
    head, *rest = rows
    rules = ["---" if place < left else "---:" for place in range(len(head))]
    return [f"| {' | '.join(row)} |" for row in (head, rules, *rest)]


def compared(*labels: str) -> Callable[[Told], list[str]]:
    """Return the table of a comparison whose scenarios have these names, the base first."""

    def table(told: Told) -> list[str]:
        alternatives = told.json["alternatives"]
        assert len(labels) == 1 + len(alternatives), labels
        costs = "cost_usd" in alternatives[0]["differences"]
        rows = [["", "run time [d]", "never", "goodput", "median difference", "mean difference"]]
        rows[0] += ["cost"] if costs else []
        for place, label in enumerate(labels):
            differences = alternatives[max(place - 1, 0)]["differences"]
            side = differences["goodput"]["other" if place else "base"]
            row = [label, *_times(told, place), _median(side)]
            finish = differences["finish_days"]
            row += (
                [shift(told.medians()[place - 1]), _plus(finish["mean"], finish["half_width"])] if place else ["", ""]
            )
            rows.append([*row, *([usd(_p50(told, place, "cost_usd"))] if costs else [])])
        return of(rows)

    return table


def _times(told: Told, place: int) -> list[str]:
    """Return the run time, and the share of runs that never finish."""
    finishes = told.finishes(place)
    cell = estimate(finishes)._asdict()
    return [spread(cell), counted(int(np.isinf(finishes).sum()), len(finishes))]


def _median(goodput: dict[str, Any]) -> str:
    return f"{share(goodput['p50'])} ({100 * goodput['p10']:.1f} to {100 * goodput['p90']:.1f})"


def _p50(told: Told, place: int, measure: str) -> float:
    return estimate(told.measured[place][measure]).p50


def _plus(mean: float | None, half: float | None) -> str:
    return "no pair finished" if mean is None else plus(mean, half)


def swept(axis: str, name: str, difference: bool = True) -> Callable[[Told], list[str]]:
    """Return the table of a sweep over one axis, which is called so."""

    def table(told: Told) -> list[str]:
        first = told.cells[0]
        rows = [[name, "run time [d]", "never", "goodput"]]
        rows[0] += ["median difference", "mean difference"] if difference else []
        rows[0] += ["cost"] if "cost_usd_p50" in first else []
        rows[0] += ["in time"] if "deadline_probability" in first else []
        for place, cell in enumerate(told.cells):
            goodput = {end: cell[f"goodput_{end}"] for end in ("p10", "p50", "p90")}
            row = [cell[axis].replace("_", ","), *_times(told, place), _median(goodput)]
            if difference:
                change, half = cell["finish_days_difference"], cell["finish_days_difference_half_width"]
                own = cell is told.base
                row += ["", ""] if own else [shift(told.medians()[place]), _plus(change, half)]
            row += [usd(cell["cost_usd_p50"])] if "cost" in rows[0] else []
            row += [_in_time(cell)] if "in time" in rows[0] else []
            rows.append(row)
        return of(rows)

    return table


def _in_time(cell: dict[str, Any]) -> str:
    return f"{share(cell['deadline_probability'], 0)} ± {100 * cell['deadline_mc_error']:.0f}"


def crossed(name: str, difference: str, write: Callable[[float], str]) -> Callable[[Told], list[str]]:
    """Return the table of a break-even: the values tried that lie apart, and the one that was found."""

    def table(told: Told) -> list[str]:
        found = told.json
        near = 0.02 * (found["high"] - found["low"])
        rows, last = [[name, difference]], None
        for each in found["evaluated"]:
            apart = last is None or each["value"] - last > near or each is found["evaluated"][-1]
            if apart and not (found["value"] is not None and abs(each["value"] - found["value"]) < near):
                rows.append([each["text"], "never" if each["difference"] is None else write(each["difference"])])
                last = each["value"]
        if found["value"] is not None:
            at = next(
                (place for place, each in enumerate(rows[1:], start=1) if _value(found, each[0]) > found["value"]),
                len(rows),
            )
            rows.insert(at, [f"**{found['text']}**", "**0**"])
        return of(rows)

    return table


def _value(found: dict[str, Any], text: str) -> float:
    return next(float(each["value"]) for each in found["evaluated"] if each["text"] == text)


def swings(many: int = 6) -> Callable[[Told], list[str]]:
    """Return the table of a tornado: the inputs that matter most."""

    def table(told: Told) -> list[str]:
        rows = [["input", "its P10", "its P90", "P90 of the run time, at its P10", "at its P90", "swing", ""]]
        for bar in told.json["tornado"]["bars"][:many]:
            swing, error = bar["swing_days"], bar["finish_error_days"]
            sized = "to never" if swing is None else f"{swing:.1f} ± {1.96 * (error or 0):.1f} d"
            pairs = zip(bar["finish_p90_days"], bar["finish_p90_intervals"], strict=True)
            ends = [f"{days(end)} ({days(low)} to {days(high)})" for end, (low, high) in pairs]
            rows.append(
                [f"`{bar['path']}`", bar["low"], bar["high"], *ends, sized, "ASSUMED" if bar["assumed"] else ""]
            )
        return of(rows)

    return table


def run(*wanted: tuple[str, str, Callable[[float | None], str]]) -> Callable[[Told], list[str]]:
    """Return the table of a run: quantities by their dotted name in summary.json, how they are called and written."""

    def table(told: Told) -> list[str]:
        rows = [["", *(f"{label} (95 % interval)" for _, label in ENDS), "mean", "Monte Carlo error"]]
        for path, label, write in wanted:
            found: Any = told.json
            for key in path.split("."):
                found = found[key]
            rows.append(
                [
                    label,
                    *(interval(found, end, write) for end, _ in ENDS),
                    write(found["mean"]),
                    write(found["mc_error"]),
                ]
            )
        return of(rows)

    return table
