"""What `derisk sensitivity` tells: which inputs matter, inputs or chance, and what to measure next."""

import csv
import io
import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

from simulator.planning.indices import Indices
from simulator.planning.information import Information, Worth
from simulator.planning.outcomes import COST_WITH_DELAY, WHY_WALL
from simulator.planning.sensitivity import Sensitivity
from simulator.planning.tornado import Bar, Tornado
from simulator.report import ranges, text
from simulator.report.cells import cell
from simulator.report.run.answer import NO_UNCERTAIN_INPUT
from simulator.report.study.sensitivity_words import (
    MEASURES,
    days,
    does_not_vary,
    of_the_variance,
    same_finish,
    sentence,
)
from simulator.words.quantity import ASSUMED

SCHEMA = 1
WIDTH = 30  # columns of a bar
ROWS = 12  # of a table for people; --json and -o hold all


# What fields of money are called in files; the cost of a tornado, and that of a summary, is without delay.
WITH_DELAY = {
    "usd": "cost_with_delay_usd",
    "error_usd": "error_cost_with_delay_usd",
    "best_usd": "best_cost_with_delay",
    "perfect_usd": "perfect_cost_with_delay_usd",
    "ceiling_usd": "ceiling_cost_with_delay_usd",
}


def as_text(found: Sensitivity, width: int | None) -> str:
    """Return what `derisk sensitivity` prints."""
    tornado = found.tornado
    parts = [tornado.scenario_name, "", text.paragraph(sentence(tornado, found.information), width)]
    if tornado.bars:
        parts += ["", *_tornado(tornado, width), "", *_others(tornado)]
    parts += ["", *(text.paragraph(line, width) for line in _split(tornado))]
    for indices in found.indices:
        parts += ["", *_indices(indices, width)]
    if found.information is not None and found.information.worths:
        parts += ["", *_information(found.information, found.suggested, width)]
    if tornado.unfinished:
        share = f"{tornado.unfinished:_} of {text.plural(tornado.replications, 'replication')} as it is"
        parts += ["", text.paragraph(f"Not all finish: {share} did not. {WHY_WALL}", width)]
    return "\n".join(parts)


def _tornado(tornado: Tornado, width: int | None) -> list[str]:
    base = p90(tornado.finish_p90_days, tornado.finish_p90_interval)
    many = text.replications(tornado.replications, tornado.replications_of_the_scenario)
    head = (
        f"P90 of the finish with one input at its P10 (░) and at its P90 (█), all others drawn, "
        f"{many} each, with 95 % intervals in brackets; | is the scenario as it is, {base}"
    )
    rows: list[tuple[str, ...]] = [("input", "its P10", "its P90", "finish at P10", "at P90", "swing", "", "")]
    shown = tornado.bars[:ROWS]
    ends = [tornado.finish_p90_days, *(end for bar in shown for end in bar.finish_p90_days)]
    finite = [end for end in ends if math.isfinite(end)]
    for bar in shown:
        low, high = bar.finish_p90_days
        drawn = two_sided(low, high, tornado.finish_p90_days, min(finite), max(finite)) if finite else ""
        swing = f"{_swing(bar)}"
        finishes = (p90(end, each) for end, each in zip((low, high), bar.finish_p90_intervals, strict=True))
        rows.append((bar.path, bar.low, bar.high, *finishes, swing, _flag(bar.assumed), drawn))
    lines = [text.paragraph(head, width), text.table(rows, right=(1, 2, 3, 4))]
    if rest := tornado.bars[ROWS:]:
        lines.append(f"  {len(rest)} more inputs come after these; --json lists them all")
    return lines


def p90(value: float, interval: tuple[float, float]) -> str:
    """Return a P90 of the finish [days] with its interval, in brackets."""
    return ranges.within(value, interval, days)


def two_sided(low: float, high: float, middle: float, least: float, most: float) -> str:
    """Return a bar from the middle to the end at P10 in ░ and to that at P90 in █; an infinite end leaves the scale."""
    span = most - least or 1.0
    places = [WIDTH if math.isinf(end) else round((end - least) / span * (WIDTH - 1)) for end in (low, high, middle)]
    cells = [" "] * (WIDTH + 1)
    for place, mark in sorted(zip(places[:2], "░█", strict=True), key=lambda end: -abs(end[0] - places[2])):
        for column in range(min(place, places[2]), max(place, places[2]) + 1):
            cells[column] = mark
    cells[places[2]] = "|"
    return "".join(cells).rstrip()


def _swing(bar: Bar) -> str:
    swing = bar.swing_days
    if not math.isfinite(swing):
        return "both never" if math.isnan(swing) else "to never"
    error = "" if math.isnan(bar.finish_error_days) else f" ± {text.number(bar.finish_error_days, 2)}"
    return f"{text.number(swing)}{error} d"


def _others(tornado: Tornado) -> list[str]:
    priced = tornado.cost_usd is not None
    head = ["input", "goodput at P10", "at P90", *(["cost at P10", "at P90"] if priced else [])]
    rows: list[Sequence[str]] = [head]
    for bar in tornado.bars[:ROWS]:
        cells = [bar.path, *(text.percent(end) for end in bar.goodput)]
        cells += [text.dollars(end) for end in bar.cost_usd or ()]
        rows.append(cells)
    cost = f"; cost {text.dollars(tornado.cost_usd)}" if tornado.cost_usd is not None else ""
    return [
        f"The same for the means; as it is: goodput {text.percent(tornado.goodput)}{cost}",
        text.table(rows, right=range(1, len(head))),
    ]


def _split(tornado: Tornado) -> list[str]:
    lines = []
    for measure, split in tornado.splits:
        if not tornado.bars and split.pairs == 0 and not math.isnan(split.ignorance) and not same_finish(tornado):
            return [NO_UNCERTAIN_INPUT]
        if math.isnan(split.ignorance) and split.pairs > 1:
            lines.append(does_not_vary(measure))
            continue
        if not tornado.bars and same_finish(tornado):
            lines.append(f"The {MEASURES[measure]} hardly varies, if at all: the finish is the same from P10 to P90.")
            continue
        if math.isnan(split.ignorance):
            lines.append(f"Where the variance of the {MEASURES[measure]} comes from is unknown: too few pairs vary.")
            continue
        shares = f"{split.ignorance:.0%} comes from inputs that are not known well, {split.chance:.0%} from chance"
        error = f" (± {split.mc_error:.0%}, {text.plural(split.pairs, 'pair')} that finished)" if split.pairs else ""
        lines.append(f"Of the variance of the {MEASURES[measure]}, {shares}{error}.")
    return lines


def _indices(indices: Indices, width: int | None) -> list[str]:
    head = (
        f"Shares of the variance of the {MEASURES[indices.measure]}: alone, and with all that an input does together "
    )
    head += f"with others; ± their standard error, {indices.rows:_} rows"
    rows = [("input", "alone", "", "in total", "")]
    for index in sorted(indices.indices, key=lambda index: -index.total if math.isfinite(index.total) else 0.0):
        cells = (_share(index.first), _error(index.first_error), _share(index.total), _error(index.total_error))
        rows.append((index.name, *cells))
    return [
        text.paragraph(of_the_variance(indices), width),
        text.paragraph(head, width),
        text.table(rows, right=(1, 3)),
    ]


def _share(share: float) -> str:
    return f"{100 * share:.1f}%" if math.isfinite(share) else "unknown"


def _error(error: float) -> str:
    return f"± {100 * error:.1f}%" if math.isfinite(error) else ""


def _information(found: Information, suggested: bool, width: int | None) -> list[str]:
    which = "These options are ours, for none was named with --option" if suggested else "The options"
    expected = [
        f"{name}: {text.number(mean, 4)} d" + (f", {text.dollars(found.usd[place])}" if found.usd is not None else "")
        for place, (name, mean) in enumerate(zip(found.options, found.days, strict=True))
    ]
    money = f" Dollars are the {COST_WITH_DELAY}." if found.usd is not None else ""
    lines = [
        "What to measure next: what it is worth on average, at most, to know an input before choosing",
        text.paragraph(f"{which}, with what each is expected to come to. {'; '.join(expected)}.{money}", width),
    ]
    rows = [("input", "worth", "", *(["worth", ""] if found.usd is not None else []), "")]
    rows += [_worth(worth) for worth in found.worths[:ROWS]]
    lines.append(text.table(rows, right=(1, 3) if found.usd is not None else (1,)))
    both = [None, None] if found.perfect_usd is None else [found.perfect_usd, found.ceiling_usd]
    least, most = (
        f"{text.number(time)} d" + (f" and {text.dollars(usd)}" if usd is not None else "")
        for time, usd in zip((found.perfect_days, found.ceiling_days), both, strict=True)
    )
    lines.append(
        text.paragraph(
            f"To know all inputs together is worth about {least}, or more; {most} is a ceiling that counts chance as "
            f"known too, and nobody can buy that. From {found.replications:_} replications of each option, nine tenths "
            "of them to find a rule and the rest to judge it. What is not twice its error is as good as nothing.",
            width,
        )
    )
    return lines


def _worth(worth: Worth) -> tuple[str, ...]:
    cells = [worth.path, f"{text.number(worth.days)} d", f"± {text.number(worth.error_days, 2)} d"]
    if worth.usd is not None and worth.error_usd is not None:
        cells += [text.dollars(worth.usd), f"± {text.dollars(worth.error_usd)}"]
    return (*cells, _flag(worth.assumed))


def _flag(assumed: bool) -> str:
    return ASSUMED if assumed else ""


def as_json(found: Sensitivity, seed: int) -> dict[str, Any]:
    """Return what `derisk sensitivity --json` prints; units are in the names, what is infinite or unknown is null."""
    tornado = found.tornado
    told = finite({name: value for name, value in tornado._asdict().items() if name not in ("bars", "splits")})
    told["bars"] = [{**finite(bar._asdict()), "swing_days": finite(bar.swing_days)} for bar in tornado.bars]
    content = {"schema": SCHEMA, "seed": seed, "sentence": sentence(tornado, found.information), "tornado": told}
    content["variance_share"] = {measure: finite(split._asdict()) for measure, split in tornado.splits}
    if found.indices:
        content["indices"] = {
            each.measure: {
                "rows": each.rows,
                "sentence": of_the_variance(each),
                "factors": [finite(index._asdict()) for index in each.indices],
            }
            for each in found.indices
        }
    if found.information is not None:
        worths = [_with_delay(worth._asdict()) for worth in found.information.worths]
        told = _with_delay(found.information._asdict())
        content["information"] = {**told, "worths": worths, "suggested": found.suggested}
    return content


def _with_delay(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields as JSON can hold them, those of money under names that say that the cost of the delay is in it."""
    return finite({WITH_DELAY.get(name, name): value for name, value in fields.items()})  # type: ignore[no-any-return]


def finite(value: Any) -> Any:
    """Return a value as JSON can hold it: what is infinite or no number is None."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_csv(found: Sensitivity) -> str:
    """Return one row an input: its bar, and what it is worth to know it; units are in the names, inf is never."""
    worths = {} if found.information is None else {worth.path: worth for worth in found.information.worths}
    table = io.StringIO()
    head = ["input", "p10", "p90", "assumed"]
    worth_in_usd = [f"worth_{WITH_DELAY['usd']}", f"worth_{WITH_DELAY['error_usd']}"]
    for name in ("finish_p90_days", "wall_days", "goodput", "cost_usd"):
        head += [f"{name}_at_p10", f"{name}_at_p90"]
    written = csv.writer(table, lineterminator="\n")
    head += [f"finish_p90_days_at_{end}_{side}" for end in ("p10", "p90") for side in ("low", "high")]
    head += ["finish_swing_days", "finish_error_days", "worth_days", "worth_error_days", *worth_in_usd]
    written.writerow(head)
    for bar in found.tornado.bars:
        worth = worths.get(bar.path)
        cells: list[object] = [bar.path, bar.low, bar.high, bar.assumed, *bar.finish_p90_days, *bar.wall_days]
        cells += [
            *bar.goodput,
            *(bar.cost_usd or ("", "")),
            *chain(*bar.finish_p90_intervals),
            bar.swing_days,
            bar.finish_error_days,
        ]
        cells += ["", "", "", ""] if worth is None else [worth.days, worth.error_days, worth.usd, worth.error_usd]
        written.writerow(["" if each is None or each != each else cell(each) for each in cells])  # NaN is unknown
    return table.getvalue()
