"""Writes docs/step_time_validation.md: what the step-time model says to published runs, row by row.

`make validation`, or `python tests/step_page.py`; `--check` only says whether the page is up to date. Every number is a
function of the shipped constants and of `scenarios/step_time/`. Nothing may be tuned towards a check row; a row that
misses stays and says so.
"""

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import published
from fit_steps import FAMILIES
from step_evidence import OTHER_PRIORS, Left, Row, Summary, Sweep, left_out, refit, rows, summary, sweeps, usual_spread
from step_words import BLIND, CONSTANTS, HEAD, LEFT_OUT, LIMITS, MISSES, OTHERS, ROWS, SUMMARY, SWEEPS

from simulator.workload.constants import FREE, PRIORS, fitted

PAGE = published.PAGE.with_name("step_time_validation.md")

FIT, DENSE, PUBLISHED = "fitted rows", "dense check rows on GPUs", "of these, layout published in full"
MIXTURE, TPU = "mixture of experts", "TPU"
ASKED = {FIT: "at most 4 %", DENSE: "at most 6 %", PUBLISHED: "at most 5 %", MIXTURE: "at most 20 %", TPU: "report"}
FAR_OFF = 0.25  # error beyond which a plan of a sweep is named in words


def groups() -> dict[str, list[Row]]:
    """Return the groups of rows that are summed up."""
    dense = [row for row in rows() if row.group == "dense"]
    return {
        FIT: [row for row in rows() if row.group == "fit"],
        DENSE: dense,
        PUBLISHED: [row for row in dense if not row.unpublished],
        MIXTURE: [row for row in rows() if row.group == "moe"],
        TPU: [row for row in rows() if row.group == "tpu"],
    }


def percent(share: float, digits: int = 1) -> str:
    """Return a share without a sign."""
    return f"{100 * share:.{digits}f} %"


def signed(share: float) -> str:
    """Return a share with its sign; what rounds to nothing has none."""
    text = f"{100 * share:+.1f}"
    return f"{text if float(text) else '0.0'} %"


def seconds(value: float) -> str:
    """Return a time with four digits [s]."""
    return f"{value:.{max(0, 3 - math.floor(math.log10(value)))}f}"


def table(head: str, align: str, lines: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table; `align` has l or r for each column of a head like "a | b"."""
    yield f"| {head} |"
    yield "|" + "|".join("---" if side == "l" else "---:" for side in align) + "|"
    yield from (f"| {' | '.join(line)} |" for line in lines)


def constants() -> Iterator[Sequence[str]]:
    """Yield the lines of the table of constants."""
    for name, prior in PRIORS.items():
        found = fitted()["constants"][name]
        value, spread = float(found["value"]), float(found["spread"])
        told = f"{1 - (spread / prior.spread) ** 2:.0%}" if name in FREE else "held"
        scale, unit = _scale(prior.median) if prior.unit == "s" else (1.0, prior.unit)
        yield (
            f"`{name}`", prior.meaning, unit, f"{prior.median * scale:.4g}", f"{prior.spread:g}",
            f"{value * scale:.3g}", f"{spread:.2g}", told, prior.source,
        )  # fmt: skip


def _scale(value: float) -> tuple[float, str]:
    return (1e6, "µs") if value < 1e-3 else (1e3, "ms")


def summaries() -> Iterator[Sequence[str]]:
    """Yield the lines of the summary: each group by the model, and by the constant utilisation."""
    for name, members in groups().items():
        for usual in (False, True):
            found = summary(members, usual)
            label = "constant MFU" if usual else "model"
            yield (name, label, "" if usual else ASKED[name], *_errors(found), f"{found.inside} of {found.rows}",
                   f"±{percent(found.half_width)}")  # fmt: skip


def _errors(found: Summary) -> Sequence[str]:
    worst = f"{signed(found.worst_error)}, `{found.worst}`"
    return str(found.rows), percent(found.mean_absolute), signed(found.bias), worst


def other_priors() -> Iterator[Sequence[str]]:
    """Yield what other priors would have given."""
    given = (summary(groups()[name]).mean_absolute for name in (FIT, DENSE))
    yield "as they are", *map(percent, given), percent(float(fitted()["left_out"]["root_mean_square"]))
    for name, change in OTHER_PRIORS.items():
        found = refit(change)
        yield name, percent(found.fit), percent(found.dense), percent(found.left_out)


def families() -> Iterator[Sequence[str]]:
    """Yield the lines of the table of families left out, and all of them together."""
    for word, name in FAMILIES.items():
        yield name, *_left([left for left in left_out() if left.family == word])
    yield "all", *_left(left_out())


def _left(found: Sequence[Left]) -> Sequence[str]:
    errors, usual = [left.error for left in found], [left.usual_error for left in found]
    worst = max(found, key=lambda left: abs(left.error))
    return (
        str(len(found)), percent(_mean(map(abs, errors))), signed(_mean(errors)),
        f"{signed(worst.error)}, `{worst.id}`", percent(_mean(map(abs, usual))), signed(_mean(usual)),
    )  # fmt: skip


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


def every_row() -> Iterator[Sequence[str]]:
    """Yield the lines of the table of rows."""
    for row in rows():
        yield (
            f"`{row.id}`", f"{row.row.gpus:,}", row.row.gpu, row.row.precision, row.row.use,
            ", ".join(row.unpublished) or "-", seconds(row.measured), seconds(row.model.step),
            f"{seconds(row.model.p10)} to {seconds(row.model.p90)}", signed(row.error),
            "yes" if row.model.holds(row.measured) else "**no**", signed(row.usual.error(row.measured)),
        )  # fmt: skip


def sweep_summary() -> Iterator[Sequence[str]]:
    """Yield a line for each sweep."""
    for sweep in sweeps():
        found = summary(sweep.rows)
        yield (
            f"`{sweep.name}`", str(found.rows), f"{sweep.rank_correlation:.3f}", percent(found.mean_absolute),
            signed(found.bias), plan(sweep.choice), plan(sweep.best), signed(sweep.regret),
            f"{found.inside} of {found.rows}", percent(summary(sweep.rows, usual=True).mean_absolute),
        )  # fmt: skip


def plan(row: Row) -> str:
    """Return a plan in short."""
    return f"tp {row.row.tp}, pp {row.row.pp}, dp {row.row.dp}, mbs {row.row.mbs}"


def plans(sweep: Sweep) -> Iterator[Sequence[str]]:
    """Yield the lines of a sweep's table, the fastest plan first."""
    predicted = sorted(row.model.step for row in sweep.rows)
    for place, row in enumerate(sweep.rows, start=1):
        asked = row.row
        degrees = (str(asked.tp), str(asked.pp), str(asked.dp), str(asked.mbs))
        rank = str(predicted.index(row.model.step) + 1)
        steps = (seconds(row.measured), seconds(row.model.step))
        yield str(place), rank, *degrees, *steps, signed(row.error)


def words() -> dict[str, str]:
    """Return the numbers that the prose speaks of, by the names that it uses."""
    error = {row.id: signed(row.error) for row in rows()}
    by_id = {row.id: row for row in rows()}
    old, new = by_id["mlperf31_gpt3_h100_512"], by_id["mlperf41_gpt3_h100_512"]
    gain, expected = old.measured / new.measured, old.model.step / new.model.step
    newer = [row for row in groups()[DENSE] if row.case.gpu.architecture != "ampere"]
    far = [row for sweep in sweeps() for row in sweep.rows if abs(row.error) > FAR_OFF]
    missed = float(fitted()["left_out"]["root_mean_square"])
    width = math.sinh(1.2816 * missed)
    return {
        "free": str(len(FREE)), "all": str(len(PRIORS)), "missed": percent(missed), "width": percent(width),
        "usual_spread": percent(usual_spread()), "gain": percent(gain - 1, 0), "expected": percent(expected - 1, 0),
        "release": percent(gain / expected - 1, 0), "old": signed(old.error), "new": signed(new.error),
        "newer": str(len(newer)), "newer_model": percent(summary(newer).mean_absolute),
        "newer_usual": percent(summary(newer, usual=True).mean_absolute),
        "fsdp_fit": error["mpt_7b_h100_128"], "fsdp": error["mpt_7b_h100_512"],
        "gb300": error["mlperf51_405b_gb300_512_fp4"], "llama70b": error["bridge26041_70b_H100-SXM_64_fp8"],
        "tpu": error["mlperf40_gpt3_v5p_512chips"], "moe": error["bridge_dsv3_GB200_256_mxfp8"],
        "tpu_usual": signed(summary(groups()[TPU], usual=True).bias),
        "far": "\n".join(
            f"  - {plan(row)}: measured {seconds(row.measured)} s, predicted {seconds(row.model.step)} s" for row in far
        ),
        "small": signed(summary(next(sweep.rows for sweep in sweeps() if "3.6B" in sweep.name)).bias),
        "plans": str(sum(len(sweep.rows) for sweep in sweeps())),
        "plans_inside": str(sum(summary(sweep.rows).inside for sweep in sweeps())),
    }  # fmt: skip


def page() -> str:
    """Return the whole page."""
    numbers = words()
    lines = [HEAD, SUMMARY]
    head = "rows | by | asked | number | mean absolute error | bias | worst | in P10 to P90 | half-width"
    lines += table(head, "lllrrrlrr", summaries())
    lines += [BLIND, CONSTANTS]
    head = "constant | meaning | unit | prior | its spread | fitted | its spread | told by runs | prior from"
    lines += table(head, "lllrrrrrl", constants())
    head = "priors | fitted rows | dense check rows | families left out, root mean square"
    lines += [OTHERS, *table(head, "lrrr", other_priors())]
    head = "family left out | rows | mean absolute error | bias | worst | constant MFU | its bias"
    lines += [LEFT_OUT, *table(head, "lrrrlrr", families())]
    head = "run | GPUs | chip | precision | use | not published | measured [s] | predicted [s] | P10 to P90 [s] | error"
    lines += [ROWS, *table(f"{head} | inside | constant MFU", "lrllllrrrrlr", every_row())]
    head = "sweep | plans | Spearman | mean absolute error | bias | first choice | measured best | it takes longer by"
    lines += [SWEEPS, *table(f"{head} | in P10 to P90 | constant MFU", "lrrrrllrrr", sweep_summary())]
    head = "measured place | predicted place | tp | pp | dp | mbs | measured [s] | predicted [s] | error"
    for sweep in sweeps():
        lines += ["", f"### {sweep.name}", "", *table(head, "rrrrrrrrr", plans(sweep))]
    return "\n".join([*lines, MISSES, LIMITS]).format_map(numbers)


main = partial(published.main, page, PAGE)

if __name__ == "__main__":
    sys.exit(main())
