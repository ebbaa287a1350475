"""The answer of a run, first in a sentence, then in tables; all of it from the content of `summary.json`."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

from simulator.nouns.cost import LINES, PARTS
from simulator.numbers.ledger import Account, Outcome
from simulator.report import ranges, text
from simulator.report.ranges import ends_of, value_of
from simulator.report.words import COUNTS
from simulator.scenario import Scenario

Summary = Mapping[str, Any]
Losses = Literal["median", "mean"]  # whose time is told: the median replication's, or the mean of all
QUANTILES = ("p10", "p50", "p90")
DAY = 86_400.0
HOUR = 3_600.0
ERROR = "mean, with its Monte Carlo error"
BRACKETS = "(95 % interval)"  # what stands in brackets, over the labels of a table
LEAST_SHARE = 0.00005  # of the wall clock: what is less is no line of the table

NO_UNCERTAIN_INPUT = "No input is uncertain, so whatever differs from one replication to the next is chance."


def losses_head(summary: Summary, losses: Losses) -> str:
    """Return whose time the table of the accounts tells of, and how much of it is lost."""
    lost = text.percent(1 - shares_of(summary, losses)[Account.PRODUCTIVE][0])
    if losses == "mean":
        return f"Where the time went: mean shares of the wall clock, with their errors; bars show what is lost, {lost}"
    whose = "in the median replication (P45 to P55 of the run time)"
    return f"Where the time went {whose}: shares of the wall clock, with their errors; bars show what is lost, {lost}"


def shares_of(summary: Summary, losses: Losses) -> dict[Account, tuple[float, float]]:
    """Return the share of the wall clock on each account and its standard error, of the median or in the mean [1]."""
    field, name = ("ledger_share", "mean") if losses == "mean" else ("ledger_share_median", "share")
    told = {account: summary[field][account.name] for account in Account}
    return {account: (value_of(one, name), value_of(one, "mc_error")) for account, one in told.items()}


def sentence(summary: Summary, scenario: Scenario) -> str:
    """Return the answer in one sentence, and a second one for the deadline where there is one."""
    goodput = f"at a goodput of {ranges.cell(summary['goodput'], 'p50', text.percent)}"
    if not summary["outcomes"].get(Outcome.DONE.name):
        return f"It does not finish: none of {text.plural(summary['replications'], 'replication')} did, {goodput}."
    low, middle, high = finish_texts(summary)
    finishes = [value_of(summary["finish_days"], name) * DAY for name in QUANTILES]
    if math.isinf(finishes[1]):
        seldom = "It finishes in fewer than half of the replications"
        return f"{seldom}, P10 {low}, P90 {high}, {goodput}.{_promise(summary)}"
    preposition = "on " if "finish_date" in summary else "after "
    more = finishes[1] - scenario.work()
    extra, work = text.alike([more, scenario.work()], finishes)
    training = f"the {work} of failure-free training"
    overhead = f": {extra} more than {training}" if math.isfinite(more) and more > 0 else ""
    return f"It finishes {preposition}{middle}, P10 {low}, P90 {high}{overhead}, {goodput}.{_promise(summary)}"


def _promise(summary: Summary) -> str:
    promise = summary.get("deadline")
    if promise is None:
        return ""
    told = ranges.probability(promise, lambda share: f"{share:.1%}")
    return f" It meets the deadline, {date_text(promise['date'])}, with a probability of {told}."


def finish_texts(summary: Summary, names: Sequence[str] = QUANTILES) -> list[str]:
    """Return quantiles of the finish with their intervals: days of the calendar where the start is known."""
    if summary.get("finish_date") is not None:
        return [ranges.dates(summary, name) for name in names]
    return _cells(summary["finish_days"], names, _ruler(summary["finish_days"], DAY), DAY)


def date_text(day: str) -> str:
    """Return a day, given as in JSON, as a reader writes it."""
    moment = date.fromisoformat(day)
    return f"{moment.day} {moment:%b %Y}"


def quantity_rows(summary: Summary, names: Sequence[str] = QUANTILES) -> list[tuple[str, ...]]:
    """Return the headline quantities with their quantiles, under a heading."""
    rows = [_head(names)]
    if "finish_date" in summary:
        rows.append(("finish date", *finish_texts(summary, names), ""))
    rows.append(_times("run time", summary["finish_days"], DAY, names))
    rows.append(_row("goodput", summary["goodput"], text.percent, names))
    rows.append(_row("ETTR", summary["ettr"], text.percent, names))
    rows.append(_row("failures", summary["failures"]["total"], count_text, names))
    rows.append(_row("interruptions of the job", summary["interruptions"]["total"], count_text, names))
    rows.append(_times("MTTF of the job", summary["mttf_hours"], HOUR, names))
    if "mfu_end_to_end" in summary:
        rows.append(_row("MFU end to end", summary["mfu_end_to_end"], text.percent, names))
    gpus_alone = list(summary.get("money", {}).get("lines_usd", ())) == ["gpus"]
    run = "cost of the GPUs" if gpus_alone else "cost of the run"
    for name, label in (("cost_usd", run), ("delay_cost_usd", "cost of the delay")):
        if name in summary:
            rows.append(_row(label, summary[name], text.dollars, names))
    return rows


def _head(names: Sequence[str] = QUANTILES) -> tuple[str, ...]:
    return (BRACKETS, *(name.upper() for name in names), ERROR)


def count_rows(summary: Summary) -> list[tuple[str, ...]]:
    """Return the counts whose mean is above zero, under a heading; nothing where there is none."""
    rows = [(words.label, summary["counts"][count.name.lower()]) for count, words in COUNTS.items()]
    rows.append(("interventions of operators, a day", summary["interventions_per_day"]))
    told = [_row(label, estimate, count_text) for label, estimate in rows if value_of(estimate, "mean") > 0]
    return [_head(), *told] if told else []


def money_rows(summary: Summary) -> list[tuple[str, ...]]:
    """Return the lines of money, what of them did not train, and what units cost; nothing without a price."""
    money = summary.get("money")
    if money is None:
        return []
    rows = [_head()]
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


def _row(
    label: str, estimate: Summary, write: Callable[[float], str], names: Sequence[str] = QUANTILES
) -> tuple[str, ...]:
    mean, error = value_of(estimate, "mean"), value_of(estimate, "mc_error")
    told = with_error(mean, error, write)
    return (label, *_cells(estimate, names, write), f"{told}{_of_whom(estimate)}")


def _cells(estimate: Summary, names: Sequence[str], write: Callable[[float], str], size: float = 1.0) -> list[str]:
    """Return quantiles with their intervals; `size` is what the unit of the summary is in that of `write`."""
    ends = ([size * end for end in ends_of(estimate, name)] for name in names)
    return [
        ranges.within(size * value_of(estimate, name), (low, high), write)
        for name, (low, high) in zip(names, ends, strict=True)
    ]


def _of_whom(estimate: Summary) -> str:
    """Return whose mean it is, where some replications do not finish."""
    return " if done" if estimate.get("unfinished") and estimate.get("mean") is not None else ""


def with_error(value: float, error: float, write: Callable[[float], str]) -> str:
    """Return a value with its standard error, as far as they are known."""
    told = write(value) if math.isfinite(value) else "unknown"
    return f"{told} ± {_error(error, write)}" if math.isfinite(error) else told


def _error(error: float, write: Callable[[float], str]) -> str:
    """Return a standard error with two digits, however small it is."""
    if write is text.percent:
        return f"{text.number(100 * error, 2)}%"
    return text.number(error, 2) if write is count_text else write(error)


def _ruler(estimate: Summary, size: float, *more: str) -> Callable[[float], str]:
    """Return how the times of an estimate are written: all in the same unit."""
    return text.ruler([value_of(estimate, name) * size for name in (*QUANTILES, *more)])


def _times(label: str, estimate: Summary, size: float, names: Sequence[str]) -> tuple[str, ...]:
    """Return a row of times, all in the same unit; `size` is that of the summary [s]."""
    write = _ruler(estimate, size, "mean")
    mean, error = write(value_of(estimate, "mean") * size), value_of(estimate, "mc_error") * size
    if math.isfinite(error):
        mean += f" ± {text.durations([value_of(estimate, name) * size for name in (*QUANTILES, 'mean')], error)[-1]}"
    return (label, *_cells(estimate, names, write, size), f"{mean}{_of_whom(estimate)}")


def count_text(value: float) -> str:
    """Return a count for a reader."""
    # Quantiles of counts are whole, their means are not.
    return text.grouped(value, 0) if math.isfinite(value) and value == math.floor(value) else text.number(value)
