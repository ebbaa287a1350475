"""What one has to know of the numbers of a run, in sentences: its tail, what never finishes, what they rest on."""

import math

from simulator.numbers.ledger import Outcome
from simulator.report import ranges, text
from simulator.report.ranges import value_of
from simulator.report.run import shortage
from simulator.report.run.answer import DAY, NO_UNCERTAIN_INPUT, Summary, finish_texts, with_error
from simulator.report.run.checklist import assumed
from simulator.scenario import Scenario


def notes(summary: Summary, scenario: Scenario, called: str) -> list[str]:
    """Return what one has to know of the numbers above."""
    told = (
        tail(summary),
        never(summary),
        shortage.warning(scenario),
        point(summary),
        variance(summary, scenario),
        _assumed(scenario, called),
    )
    return [note for note in (*told, _precision(summary)) if note]


def tail(summary: Summary) -> str:
    """Return P95 and P99 of the finish with their intervals; empty where no replication finishes."""
    if not summary["outcomes"].get(Outcome.DONE.name):
        return ""
    later, latest = finish_texts(summary, ("p95", "p99"))
    what = "finish date" if "finish_date" in summary else "run time"
    return f"The tail of the {what}: P95 {later}, P99 {latest}. Brackets hold 95 % intervals, here and above."


def never(summary: Summary) -> str:
    """Return the probability of never finishing and how the others are counted; empty where all finish."""
    counts = {name: count for name, count in summary["outcomes"].items() if count and name != Outcome.DONE.name}
    if not counts:
        return ""
    words = {"OUT_OF_TIME": "reached the horizon (OUT_OF_TIME)", "DIVERGED": "had no end in sight (DIVERGED)"}
    told = " and ".join(f"{count:_} {words[name]}" for name, count in counts.items())
    whole = f"of {text.plural(summary['replications'], 'replication')}"
    chance = f"P(never finishes) is {ranges.probability(summary['never_finishes'], lambda share: f'{share:.1%}')}"
    counted = "They count as infinitely long in all quantiles of the run time; its mean is that of those that finish."
    return f"Not all finished: {told}, {whole}; {chance}. {counted}"


def point(summary: Summary) -> str:
    """Return what a point of goodput is worth: in the median, and in the mean; empty where nothing has a price."""
    worth = summary.get("money", {}).get("usd_per_goodput_point")
    if worth is None:
        return ""
    mean = with_error(value_of(worth, "mean"), value_of(worth, "mc_error"), text.dollars)
    median = ranges.cell(worth, "p50", text.dollars)
    return f"One more point of goodput saves {median} in the median of the replications, and {mean} in the mean."


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
