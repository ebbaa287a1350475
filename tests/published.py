"""Writes docs/validation.md: what was published of real runs, and what the model says to the same inputs.

`make validation`, or `python tests/published.py`; `--check` only says whether the page is up to date. Every number is
a function of this file, the scenarios and the engine: seeds and numbers of replications are fixed. Nothing may be tuned
towards a published result; a row that misses stays and says so.
"""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import airesim
import pandas as pd
import score_table
from published_runs import (
    FEW,
    GEMINI,
    HSDP,
    LLAMA,
    MEGASCALE,
    NOT_SCORED,
    REPLICATIONS,
    RSC,
    RSC_CASES,
    SEED,
    WINDOW,
    hsdp,
    measured,
    rsc,
)
from published_words import AIRESIM_WORDS, ASSUMED_WORDS, HEAD, LLAMA_WORDS, MEANS_WORDS, SCORES_WORDS

from simulator import resources
from simulator.ensemble import Ensemble, run_ensemble
from simulator.metrics import ettr, failures, finish_days, goodput, interruptions, mttf_hours
from simulator.scenario import Scenario, load_scenario
from tests.oracles import closed_forms

PAGE = Path(__file__).resolve().parent.parent / "docs" / "validation.md"
OPT = "arXiv 2205.01068, section 2.5, and its chronicle"
TWO_MONTHS = (55, 65)  # [d] what "about two months" may mean
BINS = 10  # of an uncertain input

BEST_INTERVAL = "checkpoint.interval=auto"
MIDDLE = ("checkpoint.interval=10 min", "checkpoint.tiers.0.blocking=5 s")


class Row(NamedTuple):
    """A published number beside the predicted one."""

    run: str
    quantity: str
    published: str
    predicted: str
    verdict: str
    source: str
    given: str  # the inputs, and which of them are ASSUMED


@cache
def rows() -> tuple[Row, ...]:
    """Return every row of the page."""
    return (*llama_rows(), *rsc_rows(), hsdp_row(), opt_row(), *untested_rows())


@cache
def llama(*sets: str) -> Ensemble:
    """Return 54 days of the preset, changed as told."""
    path = resources.scenarios() / "presets" / "llama3_405b_16k.yaml"
    scenario = load_scenario(path, [*WINDOW, *sets])
    return run_ensemble(scenario, seed=SEED, replications=REPLICATIONS, threads=1)


def llama_rows() -> Iterator[Row]:
    """Yield the rows of Llama 3 405B."""
    run, ensemble = "Llama 3 405B, 16,384 H100, 54 days", llama()
    inputs = "counts by cause, MFU, storage bandwidth, windows: published; recovery, spares, checkpoints: ASSUMED"
    strikes, stops = failures(ensemble), interruptions(ensemble)
    yield Row(run, "failures of all causes", "419", whole(strikes), "an input, so no test", LLAMA, inputs)
    missing = (
        f"{419 - stops.mean:.0f} fewer in the mean: failures that strike a job which is down already interrupt "
        "nothing; the published count may leave out such failures, and then the rates are this much too low"
    )
    yield Row(run, "unexpected interruptions", "419", whole(stops), missing, LLAMA, inputs)
    for metric in (goodput, ettr):
        yield Row(
            run, f"effective training time, as {metric.__name__}", "> 90 %", shares(metric(ensemble)),
            above(ensemble, metric.__name__, 0.9), LLAMA, inputs,
        )  # fmt: skip
    for label, sets in (("interval at its optimum", (BEST_INTERVAL,)), ("saves of 5 s every 10 min", MIDDLE)):
        changed = llama(*sets)
        yield Row(
            f"the same, {label}", "effective training time, as goodput", "> 90 %", shares(goodput(changed)),
            f"{above(changed, 'goodput', 0.9)}; what if, no test", LLAMA, f"{inputs}; {label}: ASSUMED",
        )  # fmt: skip


def rsc_rows() -> Iterator[Row]:
    """Yield the rows of Meta's research clusters: ETTR and MTTF."""
    for case in RSC_CASES:
        predicted = ettr(few(rsc(case.nodes, case.rate, case.restart, case.save, case.interval)))
        what = f"{'every ' + str(case.every) + ' min' if case.every else 'at the Young-Daly interval'}"
        given = (
            f"{case.nodes:,} nodes, {case.rate:g} failures a node and day, restart {case.restart:g} min, saves of "
            f"{60 * case.save:.0f} s {what}: published; Poisson failures, no lag, no restore: ASSUMED"
        )
        yield Row(
            f"RSC, {8 * case.nodes:,} GPUs", "ETTR", f"{case.ettr:.2f}", shares(predicted),
            difference(predicted.mean, case.ettr, 0.005, case.use), RSC, given,
        )  # fmt: skip
    for nodes, published in ((2_048, 1.8), (16_384, 0.23)):
        hours = mttf_hours(few(rsc(nodes, 6.5e-3, 0, 0, 60.0)))
        given = f"{nodes:,} nodes, 6.5e-3 failures a node and day: published; Poisson failures: ASSUMED"
        yield Row(
            f"RSC, {8 * nodes:,} GPUs", "MTTF of the job", f"{published} h", f"{hours.mean:.2f} h",
            difference(hours.mean, published, 0.05, "unit"), RSC, given,
        )  # fmt: skip
    hours = mttf_hours(few(rsc(128, 6.5e-3, 0, 0, 60.0)))
    yield Row(
        "RSC, 1,024 GPUs", "MTTF of the job, measured", "7.9 h", f"{hours.mean:.1f} h",
        f"MISS by {hours.mean / 7.9:.1f} times: the rate is that of the whole cluster, and jobs of this size fail more "
        "often than it implies", RSC, "128 nodes, 6.5e-3 failures a node and day: published; Poisson failures: ASSUMED",
    )  # fmt: skip


def few(scenario: Scenario) -> Ensemble:
    """Return replications of a job that chance alone moves."""
    return run_ensemble(scenario, seed=SEED, replications=FEW, threads=1)


def hsdp_row() -> Row:
    """Return the row of a synchronous job on 100,000 GPUs: one number, three conventions."""
    ensemble = few(hsdp())
    conventions = closed_forms.goodput_conventions(18 * 60, 10 * 60)
    verdict = (
        f"MISS, by convention: 1 - R/M = {conventions.wall_clock:.3f} is the printed number, with M from failure to "
        "failure and no failure in a recovery; here failures strike recoveries too, by the clock"
    )
    return Row(
        "synchronous job, 100,000 GPUs", "ETTR", "0.44", shares(ettr(ensemble)), verdict, HSDP,
        "a failure every 18 min, a stall of 10 min each: published; that a failure can strike the stall: ASSUMED",
    )  # fmt: skip


def opt_row() -> Row:
    """Return the row of OPT-175B, whose preset was written before its first run."""
    ensemble = run_ensemble(load_scenario(resources.scenarios() / "presets" / "opt_175b_a100.yaml"), threads=1)
    days = finish_days(ensemble)
    low, high = TWO_MONTHS
    share = float(((ensemble.table["finish_days"] > low) & (ensemble.table["finish_days"] < high)).mean())
    word = "agrees" if days.p10 < low and high < days.p90 else "MISS"
    return Row(
        "OPT-175B, 992 A100", "run time", "about two months",
        f"{days.p50:.1f} d ({days.p10:.1f} to {days.p90:.1f} d)",
        f"{word}; the range is wide: {share:.0%} of the replications are within {low} to {high} d", OPT,
        "size, tokens, speed, count of failures: published, read second hand; class by_hand, hot spares: ASSUMED",
    )  # fmt: skip


def untested_rows() -> Iterator[Row]:
    """Yield published results whose inputs are not published."""
    yield Row(
        "MegaScale, over 10,000 GPUs", "ETTR", "> 90 %", "-",
        "cannot test: failures a day are not published; scored below with an assumed rate",
        MEGASCALE, "over 100 recoveries, under 10 min to detect and diagnose, 15 min to catch up",
    )  # fmt: skip
    yield Row(
        "Gemini, TPU v4", "goodput before and after redundant copies in memory", "85 % and 97 %", "-",
        "cannot test: chips, failure rate and recovery times are not published", GEMINI, "none",
    )  # fmt: skip


def shares(estimate: object) -> str:
    """Return P10, P50 and P90 of a share."""
    low, middle, high = (100 * getattr(estimate, name) for name in ("p10", "p50", "p90"))
    return f"{middle:.1f} % ({low:.1f} to {high:.1f} %)"


def whole(estimate: object) -> str:
    """Return P10, P50 and P90 of a count."""
    low, middle, high = (getattr(estimate, name) for name in ("p10", "p50", "p90"))
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def above(ensemble: Ensemble, column: str, bound: float) -> str:
    """Return what to say of a published lower bound."""
    share = float((ensemble.table[column] > bound).mean())
    word = "agrees" if share >= 0.5 else "LOW" if share >= 0.1 else "MISS"
    return f"{word}: {share:.0%} of the replications are above {bound:.0%}"


def difference(predicted: float, published: float, rounding: float, use: str) -> str:
    """Return what to say of a number that is published to a rounding."""
    test = "arithmetic" if use == "unit" else "a test"
    if abs(predicted - published) <= rounding:
        return f"agrees to the digits printed ({test})"
    return f"MISS by {predicted - published:+.3f} ({test})"


def drivers(ensemble: Ensemble) -> pd.Series:
    """Return the share of the variance of goodput that each uncertain input explains alone, the largest first.

    The correlation ratio over bins of equal numbers of replications, less what bins of chance alone would show.
    """
    table, total = ensemble.table, ensemble.table["goodput"].var(ddof=0)
    found = {}
    for name in (name for name in table if name.startswith("input:")):
        means = table.groupby(pd.qcut(table[name], BINS, labels=False))["goodput"].transform("mean")
        share = float(means.var(ddof=0) / total)
        by_chance = (BINS - 1) / (len(table) - 1)
        found[name.removeprefix("input:")] = max(0.0, (share - by_chance) / (1 - by_chance))
    return pd.Series(found).sort_values(ascending=False)


def assumptions(scenario: Scenario) -> Iterator[str]:
    """Yield the ASSUMED inputs of a scenario; what is the same for all causes on one line."""
    groups: dict[str, list[str]] = {}
    for row in scenario.table():
        if row.source.startswith("ASSUMED"):
            parts = row.path.split(".")
            shared = parts[0] == "failures" and len(parts) == 3
            path = f"failures.*.{parts[2]}" if shared else row.path
            spread = f" ({row.ignorance})" if row.ignorance else ""
            groups.setdefault(f"`{path}` {row.value}{spread}", []).append(row.path)
    for text, paths in groups.items():
        yield text if len(paths) == 1 else f"{text}, {len(paths)} causes"


def scores() -> Iterator[str]:
    """Yield the lines on how the forecasts of published runs score."""
    stored = score_table.before()
    yield SCORES_WORDS.format(version=stored.version, date=stored.date)
    yield from score_table.table()
    yield ""
    yield from score_table.means()
    yield MEANS_WORDS.rstrip("\n")
    yield ""
    yield from (f"- {run}: {what}. {why}." for run, what, why, _ in NOT_SCORED)


def page() -> str:
    """Return the whole page."""
    found = rows()
    lines = [HEAD, "| run | quantity | published | predicted | verdict |", "|---|---|---|---|---|"]
    lines += [f"| {row.run} | {row.quantity} | {row.published} | {row.predicted} | {row.verdict} |" for row in found]
    ensemble = llama()
    lines += ["", LLAMA_WORDS, "| input | share |", "|---|---:|"]
    lines += [f"| `{path}` | {share:.2f} |" for path, share in drivers(ensemble).items() if share > 0.015]
    lines += [ASSUMED_WORDS, *(f"- {text}" for text in assumptions(ensemble.scenario))]
    lines += ["", *scores()]
    lines += ["", AIRESIM_WORDS, "| case | output | AIReSim | here | apart |", "|---|---|---:|---:|---:|"]
    lines += [
        f"| {name} | {row.output.replace('_', ' ')} | {row.theirs:,.2f} | {row.ours:,.2f} | {row.score:+.1f} |"
        for name in airesim.CASES
        for row in airesim.compare(name)
    ]
    lines += ["", "## Inputs and sources", "", "| run | quantity | inputs | source |", "|---|---|---|---|"]
    lines += [f"| {row.run} | {row.quantity} | {row.given} | {row.source} |" for row in found]
    lines += [f"| {run.name} (scored) | {run.measure} | {run.given} | {run.source} |" for run in measured().values()]
    number = f"{REPLICATIONS:,} replications of Llama 3 and of measured runs, {FEW} of others, seed {SEED}."
    return "\n".join([*lines, "", number, ""])


def main(written: Callable[[], str] = page, path: Path = PAGE) -> int:
    """Write a page, or with --check say whether it is up to date."""
    text = written()
    if "--check" in sys.argv[1:]:
        return int(not path.is_file() or path.read_text(encoding="utf-8") != text)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
