"""The answer of a run, first in a sentence, then in tables; all of it from the content of `summary.json`."""

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from simulator.cost import LINES, PARTS
from simulator.ledger import Account, Outcome
from simulator.report import shortage, text
from simulator.report.checklist import assumed
from simulator.report.words import ACCOUNTS, COUNTS
from simulator.scenario import Scenario

Summary = Mapping[str, Any]
QUANTILES = ("p10", "p50", "p90")
DAY = 86_400.0
HOUR = 3_600.0
LEAST_SHARE = 0.00005  # of the wall clock: what is less is no line of the table

NO_UNCERTAIN_INPUT = "No input is uncertain, so whatever differs from one replication to the next is chance."


def as_text(summary: Summary, scenario: Scenario, called: str, width: int | None) -> str:
    """Return what `derisk run` prints of a summary, without where it lies; `called` is what the user calls it."""
    parts = [summary["scenario"], "", text.paragraph(sentence(summary, scenario), width)]
    parts += ["", text.table(quantity_rows(summary), right=(1, 2, 3), width=width)]
    if told := count_rows(summary):
        parts += ["", "What was absorbed, moved and repaired, counted in a run; what never happened is left out"]
        parts += [text.table(told, right=(1, 2, 3), width=width)]
    if told := money_rows(summary):
        parts += ["", "What it costs, the largest first; what is indented is part of the lines above, not on top"]
        parts += [text.table(told, right=(1, 2, 3), width=width)]
    lost = 1 - value_of(summary["ledger_share"][Account.PRODUCTIVE.name], "mean")
    parts += ["", f"Where the time went: mean shares of the wall clock; bars show what is lost, {text.percent(lost)}"]
    parts += [text.table(_ledger(summary), right=(1,)), ""]
    return "\n".join([*parts, *(text.paragraph(note, width) for note in notes(summary, scenario, called))])


def sentence(summary: Summary, scenario: Scenario) -> str:
    """Return the answer in one sentence, and a second one for the deadline where there is one."""
    goodput = f"at a goodput of {text.percent(value_of(summary['goodput'], 'p50'))}"
    if not summary["outcomes"].get(Outcome.DONE.name):
        return f"It does not finish: none of {text.plural(summary['replications'], 'replication')} did, {goodput}."
    low, middle, high = finish_texts(summary)
    finishes = [value_of(summary["finish_days"], name) * DAY for name in QUANTILES]
    if math.isinf(finishes[1]):
        seldom = "It finishes in fewer than half of the replications"
        return f"{seldom} (P10 {low}, P90 {high}), {goodput}.{_promise(summary)}"
    preposition = "" if middle == "never" else "on " if "finish_date" in summary else "after "
    more = finishes[1] - scenario.work()
    extra, work = text.alike([more, scenario.work()], finishes)
    training = f"the {work} of failure-free training"
    overhead = f": {extra} more than {training}" if math.isfinite(more) and more > 0 else ""
    return f"It finishes {preposition}{middle} (P10 {low}, P90 {high}){overhead}, {goodput}.{_promise(summary)}"


def _promise(summary: Summary) -> str:
    promise = summary.get("deadline")
    if promise is None:
        return ""
    return f" It meets the deadline, {date_text(promise['date'])}, with a probability of {promise['probability']:.1%}."


def finish_texts(summary: Summary) -> list[str]:
    """Return P10, P50 and P90 of the finish: days of the calendar where the start is known, else durations."""
    dates = summary.get("finish_date")
    if dates is not None:
        return ["never" if dates[name] is None else date_text(dates[name]) for name in QUANTILES]
    return text.durations([value_of(summary["finish_days"], name) * DAY for name in QUANTILES])


def date_text(day: str) -> str:
    """Return a day, given as in JSON, as a reader writes it."""
    moment = date.fromisoformat(day)
    return f"{moment.day} {moment:%b %Y}"


def quantity_rows(summary: Summary) -> list[tuple[str, ...]]:
    """Return the headline quantities with their quantiles, under a heading."""
    rows: list[tuple[str, ...]] = [("", "P10", "P50", "P90", "mean, with its Monte Carlo error")]
    if "finish_date" in summary:
        rows.append(("finish date", *finish_texts(summary), ""))
    rows.append(_times("run time", summary["finish_days"], DAY))
    rows.append(_row("goodput", summary["goodput"], text.percent))
    rows.append(_row("ETTR", summary["ettr"], text.percent))
    rows.append(_row("failures", summary["failures"]["total"], count_text))
    rows.append(_row("interruptions of the job", summary["interruptions"]["total"], count_text))
    rows.append(_times("MTTF of the job", summary["mttf_hours"], HOUR))
    if "mfu_end_to_end" in summary:
        rows.append(_row("MFU end to end", summary["mfu_end_to_end"], text.percent))
    gpus_alone = list(summary.get("money", {}).get("lines_usd", ())) == ["gpus"]
    run = "cost of the GPUs" if gpus_alone else "cost of the run"
    for name, label in (("cost_usd", run), ("delay_cost_usd", "cost of the delay")):
        if name in summary:
            rows.append(_row(label, summary[name], text.dollars))
    return rows


def count_rows(summary: Summary) -> list[tuple[str, ...]]:
    """Return the counts whose mean is above zero, under a heading; nothing where there is none."""
    rows = [(words.label, summary["counts"][count.name.lower()]) for count, words in COUNTS.items()]
    rows.append(("interventions of operators, a day", summary["interventions_per_day"]))
    told = [_row(label, estimate, count_text) for label, estimate in rows if value_of(estimate, "mean") > 0]
    return [("", "P10", "P50", "P90", "mean, with its Monte Carlo error"), *told] if told else []


def money_rows(summary: Summary) -> list[tuple[str, ...]]:
    """Return the lines of money, what of them did not train, and what units cost; nothing without a price."""
    money = summary.get("money")
    if money is None:
        return []
    rows: list[tuple[str, ...]] = [("", "P10", "P50", "P90", "mean, with its Monte Carlo error")]
    lines, parts = ({name: money[key][name] for name in _by_size(money[key])} for key in ("lines_usd", "of_which_usd"))
    rows += [_row(LINES[name].label, usd, text.dollars) for name, usd in lines.items()]
    if len(lines) > 1:
        rows.append(_row("all together, without delay", money["total_usd"], text.dollars))
    # Set-up and debugging are lines already.
    rows += [_row(f"  {PARTS[name].label}", usd, text.dollars) for name, usd in parts.items() if name not in lines]
    if "usd_per_effective_exaflop" in money:
        rows.append(_row("an exaFLOP that trained", money["usd_per_effective_exaflop"], text.dollars))
    return [*rows, _row("a point of goodput", money["usd_per_goodput_point"], text.dollars)]


def _by_size(amounts: Summary) -> list[str]:
    """Return the names of amounts, that with the largest mean first."""
    return sorted(amounts, key=lambda name: -value_of(amounts[name], "mean"))


def _row(label: str, estimate: Summary, write: Callable[[float], str]) -> tuple[str, ...]:
    mean, error = value_of(estimate, "mean"), value_of(estimate, "mc_error")
    told = write(mean) if math.isfinite(mean) else "unknown"
    if math.isfinite(error):
        told += f" ± {_error(error, write)}"
    return (label, *(write(value_of(estimate, name)) for name in QUANTILES), told)


def _error(error: float, write: Callable[[float], str]) -> str:
    """Return a standard error with two digits, however small it is."""
    if write is text.percent:
        return f"{text.number(100 * error, 2)}%"
    return text.number(error, 2) if write is count_text else write(error)


def _times(label: str, estimate: Summary, size: float) -> tuple[str, ...]:
    """Return a row of times, all in the same unit; `size` is that of the summary [s]."""
    *told, mean = text.durations([value_of(estimate, name) * size for name in (*QUANTILES, "mean")])
    error = value_of(estimate, "mc_error") * size
    if math.isfinite(error):
        mean += f" ± {text.durations([value_of(estimate, name) * size for name in (*QUANTILES, 'mean')], error)[-1]}"
    return (label, *told, mean)


def count_text(value: float) -> str:
    """Return a count for a reader."""
    # Quantiles of counts are whole, their means are not.
    return text.grouped(value, 0) if math.isfinite(value) and value == math.floor(value) else text.number(value)


def _ledger(summary: Summary) -> list[tuple[str, ...]]:
    """Return the accounts: productive training first, then the losses, the largest on top and with the longest bar."""
    shares = {account: value_of(summary["ledger_share"][account.name], "mean") for account in Account}
    losses = sorted((account for account in Account if account != Account.PRODUCTIVE), key=lambda one: -shares[one])
    rows: list[tuple[str, ...]] = [(ACCOUNTS[Account.PRODUCTIVE].label, text.percent(shares[Account.PRODUCTIVE]), "")]
    for account in losses:
        if shares[account] >= LEAST_SHARE:
            rows.append(
                (ACCOUNTS[account].label, text.percent(shares[account]), text.bar(shares[account], shares[losses[0]]))
            )
    return rows


def notes(summary: Summary, scenario: Scenario, called: str) -> list[str]:
    """Return what one has to know of the numbers above."""
    notes = (
        _outcomes(summary),
        shortage.warning(scenario),
        variance(summary, scenario),
        _assumed(scenario, called),
        _precision(summary),
    )
    return [note for note in notes if note]


def _outcomes(summary: Summary) -> str:
    counts = {name: count for name, count in summary["outcomes"].items() if count and name != Outcome.DONE.name}
    if not counts:
        return ""
    words = {"OUT_OF_TIME": "reached the horizon (OUT_OF_TIME)", "DIVERGED": "had no end in sight (DIVERGED)"}
    told = " and ".join(f"{count:_} {words[name]}" for name, count in counts.items())
    whole = f"of {text.plural(summary['replications'], 'replication')}"
    counted = "They count as infinitely long in P10, P50 and P90 of the run time; its mean leaves them out."
    return f"Not all finished: {told}, {whole}. {counted}"


def variance(summary: Summary, scenario: Scenario) -> str:
    """Return where the variance of the run time comes from, in a sentence; empty where nothing varies."""
    if not scenario.inputs:
        return NO_UNCERTAIN_INPUT
    share = summary["variance_share"]["finish_days"]["ignorance"]
    if share is None:
        return ""
    return (
        f"Of the variance of the run time, {share:.0%} comes from inputs that are not known well, the rest from chance."
    )


def _assumed(scenario: Scenario, called: str) -> str:
    rows = scenario.table()
    number = len(assumed(rows))
    if not number:
        return ""
    return f"ASSUMED: {number} of {len(rows)} inputs have no source; `derisk check {called}` lists them first."


def _precision(summary: Summary) -> str:
    told = f"{text.plural(summary['replications'], 'replication')} with seed {summary['seed']}"
    found = summary.get("precision")
    if found is None:
        return f"{told}."
    scale, write = (DAY, text.duration) if found["quantity"] == "finish_days" else (1.0, text.percent)
    half, asked = (value_of(found, name) * scale for name in ("half_width", "half_width_asked"))
    known = f"known to ± {write(half)}" if math.isfinite(half) else "not bounded yet"
    verdict = "as asked for" if found["reached"] else "which is NOT what was asked for"
    name = "run time" if found["quantity"] == "finish_days" else "goodput"
    quantile = f"P{100 * found['quantile']:g} of the {name}"
    return f"{told}; {quantile} is {known} (95 %), {verdict} (± {write(asked)})."


def value_of(estimate: Mapping[str, Any], name: str) -> float:
    """Return a number of an estimate; null is infinite where some replications are, else unknown."""
    value = estimate.get(name)
    if value is not None:
        return float(value)
    endless = any(estimate.get(word) for word in ("unfinished", "uninterrupted", "unproductive"))
    return math.inf if endless and name in QUANTILES else math.nan
