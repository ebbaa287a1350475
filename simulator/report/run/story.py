"""The story of one replication: what happened, day by day, in words; and a proof that it is the one in the table."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from simulator.ensemble import Ensemble, Progress, replay
from simulator.ensemble.measures import TICKS_PER_DAY
from simulator.ensemble.provenance import policy_name
from simulator.numbers.ledger import Account, Column, Outcome
from simulator.numbers.plan import Plan, Result
from simulator.numbers.times import TICKS_PER_SECOND
from simulator.report.run.incidents import Incident, Note, Stalls
from simulator.report.run.log_spans import MOST_READ, Told, tell
from simulator.report.text import plural, table
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from simulator.engines.reference import Policy

ENDS = {
    Outcome.DONE: "The work is done",
    Outcome.OUT_OF_TIME: "The horizon comes before the work is done",
    Outcome.DIVERGED: "The run cannot go on: nobody can come to help, or more happened than may be counted",
}
MOST_STRIKES = 20  # of one incident


class ReplayError(RuntimeError):
    """A replication that does not come out again as it stands in the table."""


def replay_story(
    ensemble: Ensemble,
    replication: int,
    policy: "type[Policy] | None" = None,
    progress: Callable[[Progress], None] | None = None,
) -> str:
    """Return the story of a replication of a run. Raises ReplayError: no such one, or it comes out otherwise."""
    if policy_name(policy) != ensemble.policy:
        wanted = ensemble.policy.partition("+")[0] or "none"
        raise ReplayError(f"the run had another policy ({wanted}); give the same one again, unchanged")
    events = int(_row(ensemble.table, replication)["events"])

    def watch(done: int) -> None:
        if progress is not None:
            progress(Progress(done, events, None))

    watch(0)
    plan, result = replay(ensemble.scenario, replication, ensemble.engine, policy, watch)
    watch(events)
    check(ensemble.table, replication, result)
    return story(ensemble.scenario, replication, plan, result)


def check(table: pd.DataFrame, replication: int, result: Result) -> None:
    """Raise ReplayError if a replication does not stand in a table as it came out."""
    row = _row(table, replication)
    # An older table lacks accounts that have come since.
    accounts = (int(row.get(f"{account.name.lower()}_us", 0)) for account in Account)
    known = (str(row["outcome"]), int(row["wall_us"]), *accounts)
    found = (Outcome(result.outcome).name, int(result.finish), *(int(ticks) for ticks in result.ledger))
    if known != found:
        raise ReplayError(
            f"replication {replication} ends {found[0]} after {found[1]} us, but {known[0]} after {known[1]} us in the "
            "table: the run was made by another version, or its folder was changed"
        )


def _row(table: pd.DataFrame, replication: int) -> pd.Series:
    """Return the row of a replication. Raises ReplayError where there is none."""
    rows = table.loc[table["replication"] == replication]
    if len(rows) != 1:
        low, high = (int(table["replication"].min()), int(table["replication"].max())) if len(table) else (0, -1)
        raise ReplayError(f"there is no replication {replication}; the run has {low} to {high}")
    return rows.iloc[0]


def story(scenario: Scenario, replication: int, plan: Plan, result: Result) -> str:
    """Return the story of a replication from its plan and its event log."""
    causes = tuple(scenario.document.failures.causes)
    told = tell(plan, result, causes, MOST_READ)
    lines = list(_head(scenario, replication, plan, result))
    day = -1
    for happening in told.happenings:
        if happening.tick // TICKS_PER_DAY != day:
            day = happening.tick // TICKS_PER_DAY
            lines += ["", _day(scenario, day)]
        lines.append(f"  {clock(happening.tick)}  {_sentence(happening)}")
    if told.records < result.records:
        lines += ["", _left_out(told, result)]
    lines += ["", f"{ENDS[Outcome(result.outcome)]} after {duration(result.finish)}.", "", *_ledger(result)]
    return "\n".join(lines) + "\n"


def _left_out(told: Told, result: Result) -> str:
    """Return the sentence of what a story leaves out, so that it has an end."""
    events, day = result.records - told.records, int(result.log[told.records, Column.TICK]) // TICKS_PER_DAY
    return (
        f"Left out here: {plural(told.stops_left, 'stop')} of the job among {events:_} more events from day {day} on."
    )


def _head(scenario: Scenario, replication: int, plan: Plan, result: Result) -> Iterator[str]:
    yield f"Replication {replication} of {scenario.name} (seed {scenario.seed})"
    nodes = f"{plan.needed:_} nodes and {plan.spares:_} spares"
    for number, where in ((plan.reserve, "in reserve"), (plan.trays, "in each machine")):
        nodes += f", {number:_} more {where}" if number else ""
    yield f"{duration(plan.work)} of failure-free training on {nodes}; a save after every {duration(plan.interval)}."
    failures, interruptions = int(result.failures.sum()), int(result.interruptions.sum())
    yield f"{failures:_} failures, {interruptions:_} of them interrupted the job; {result.records:_} events."


def _day(scenario: Scenario, day: int) -> str:
    if scenario.start is None:
        return f"Day {day}"
    try:
        return f"Day {day}, {scenario.start + timedelta(days=day)}"
    except OverflowError:  # after the year 9999
        return f"Day {day}"


def _sentence(happening: "Incident | Stalls | Note") -> str:
    if isinstance(happening, Note):
        return happening.text
    if isinstance(happening, Stalls):
        by_cause = ", ".join(f"{cause} {count}" for cause, count in sorted(happening.by_cause.items()))
        number = sum(happening.by_cause.values())
        stood = duration(happening.ticks)
        if number == 1:
            return f"{next(iter(happening.by_cause))}: a stall of {stood}, absorbed by the network."
        return f"{number} stalls absorbed by the network ({by_cause}); the job stood for {stood} in all."
    return _told_incident(happening)


def _told_incident(incident: Incident) -> str:
    sentences = incident.strikes[:MOST_STRIKES]
    if more := len(incident.strikes) - len(sentences) + incident.untold:
        sentences.append(f"{plural(more, 'more strike')} follow.")
    steps = [f"{phase} {duration(ticks)}" for phase, ticks in incident.phases.items() if ticks > 0]
    if steps:
        sentences.append(f"Then: {', '.join(steps)}.")
    if incident.fetched:
        sentences.append(f"{plural(incident.fetched, 'node')} fetched from other jobs.")
    state = "Training again" if incident.up else "Still down"
    sentences.append(f"{state} after {duration(incident.ticks)}; {training_lost(incident)}.")
    return " ".join(sentences)


def training_lost(incident: Incident) -> str:
    """Return how much training an incident cost, in words."""
    return f"{duration(incident.lost)} of training lost" if incident.lost else "no training lost"


def _ledger(result: Result) -> Iterator[str]:
    rows = [("account", "time", "share of the wall clock")]
    for account in Account:
        ticks = int(result.ledger[account])
        if ticks:
            rows.append((account.name, duration(ticks), f"{100 * ticks / max(1, result.finish):.2f}%"))
    rows.append(("sum", duration(int(result.ledger.sum())), "100.00%"))
    yield "Where the time went:"
    yield table(rows, right=(1, 2))


def clock(tick: int) -> str:
    """Return the time of day of a tick."""
    seconds = tick % TICKS_PER_DAY // TICKS_PER_SECOND
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def duration(ticks: int) -> str:
    """Return a duration in its two largest units."""
    seconds = ticks / TICKS_PER_SECOND
    if seconds < 60:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    for size, name, below, small in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {name} {rest} {small}" if rest else f"{whole // size} {name}"
    return "1 min"
