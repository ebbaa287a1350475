"""Answer: when will it be done, how sure is that, and where does the time go? Works without typing a word."""

import math
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from simulator.app import look, parts, session
from simulator.app.state import Draft, Preset, presets

if TYPE_CHECKING:
    from simulator.app.works import Result

DAY = 86_400.0
DIGITS = 3  # of money on a card


def page() -> None:
    """Draw the page."""
    parts.problems()
    found = session.shown()
    if found is None and not session.live(session.job()):
        _welcome()
    result = parts.result() if found is not None or session.live(session.job()) else None
    if found is None and session.live(session.job()):
        _under_way()
    if result is not None:
        _answer(result)
        with st.expander("Other scenarios to begin with", expanded=False):
            _cards()
    parts.command(session.draft().command("run"))


def _welcome() -> None:
    st.title("When will the training run really be done?", anchor=False)
    st.html(
        look.note(
            "Choose a scenario: it is simulated hundreds of times, with failures, repairs, checkpoints and everything "
            "that nobody knows exactly. The answer takes a few seconds."
        )
    )
    _cards()


def _cards() -> None:
    known = presets()
    for start in range(0, len(known), 4):
        columns = st.columns(4, gap="small")
        for column, preset in zip(columns, known[start : start + 4], strict=False):
            with column:
                _card(preset)


def _card(preset: Preset) -> None:
    chosen = session.draft().text is None and session.draft().preset == preset.name
    with st.container(border=True, height="stretch", key=f"card-{preset.name}"):
        st.html(look.card(preset.title, preset.question))
        label = "Run it again" if chosen and session.shown() is not None else "Run"
        kind: Literal["primary", "secondary"] = "primary" if chosen and session.shown() is None else "secondary"
        if st.button(label, key=f"go-{preset.name}", width="stretch", type=kind):
            if not chosen:
                session.use(Draft.of_preset(preset.name))
            session.run()
            st.rerun()


def _under_way() -> None:
    """Show what is being simulated while there is no answer yet."""
    from simulator.report import text

    scenario = session.loaded().scenario
    if scenario is None:
        return
    st.html(look.eyebrow(f"{scenario.name}. {scenario.question or ''}"))
    causes = len(scenario.document.failures.causes)
    rows = [
        ("GPUs of the job", f"{scenario.gpus:,}", f"{scenario.nodes:,} nodes and {scenario.spares:,} hot spares"),
        ("Training", text.duration(scenario.work()), "without failures, at the medians"),
        ("What can break", str(causes), "causes of failure"),
        ("Not known exactly", str(len(scenario.inputs)), "inputs, drawn anew for each replication"),
    ]
    st.html(look.numbers(rows))


def _answer(result: "Result") -> None:
    from simulator.report import answer, figures

    scenario, summary = result.ensemble.scenario, result.summary
    st.html(look.eyebrow(f"{scenario.name}. {scenario.question or ''}"))
    st.html(look.answer(_commas(answer.sentence(summary, scenario))))
    st.html(look.numbers(_numbers(result)))
    with st.container(key="charts"):
        left, right = st.columns([1, 1], gap="medium")
        with left:
            parts.show(figures.finish(result.ensemble))
        with right:
            parts.show(figures.waterfall(result.ensemble))
    costs = figures.money(summary)
    if costs is not None:
        parts.show(costs)
    _notes(result)


def _numbers(result: "Result") -> list[tuple[str, str, str]]:
    """Return the four numbers that matter, with units."""
    from simulator.report import text

    summary = result.summary
    work = result.ensemble.scenario.work()
    finish, goodput = summary["finish_days"], summary["goodput"]
    rows = [_finish(summary)]
    if "deadline" in summary:
        promise = summary["deadline"]
        rows.append(("Meets the deadline", f"{promise['probability']:.1%}", f"{_day(promise['date'])} or before"))
    else:
        half = finish["p50"]
        extra = "never" if half is None else text.duration(max(0.0, half * DAY - work))
        rows.append(("On top of training", _commas(extra), f"in the median; {text.duration(work)} without failures"))
    rows.append(("Goodput", _share(goodput["p50"]), f"P10 {_share(goodput['p10'])}, P90 {_share(goodput['p90'])}"))
    rows.append(_cost(summary))
    return rows


def _endless(days: float | None) -> float:
    return math.inf if days is None else days


def _finish(summary: dict[str, Any]) -> tuple[str, str, str]:
    from simulator.report import text

    dates = summary.get("finish_date")
    if dates is not None:
        told = {name: "never" if day is None else _day(day) for name, day in dates.items()}
        return "Finish, median", told["p50"], f"P10 {told['p10']}, P90 {told['p90']}"
    days = summary["finish_days"]
    low, half, high = text.durations([_endless(days[name]) * DAY for name in ("p10", "p50", "p90")])
    return "Run time, median", _commas(half), _commas(f"P10 {low}, P90 {high}")


def _cost(summary: dict[str, Any]) -> tuple[str, str, str]:
    from simulator.report import text

    if "cost_usd" in summary:
        cost = summary["cost_usd"]
        low, half, high = (
            "unknown" if cost[name] is None else text.dollars(cost[name], DIGITS) for name in ("p10", "p50", "p90")
        )
        return "Cost, median", half, f"P10 {low}, P90 {high}"
    mttf = summary["mttf_hours"]["p50"]
    told = "never" if mttf is None else text.duration(mttf * 3600)
    number = summary["interruptions"]["total"]["p50"]
    return "Between interruptions", told, f"{number:,.0f} interruptions of the job, median"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"


def _day(written: str) -> str:
    moment = date.fromisoformat(written)
    return f"{moment.day} {moment:%b %Y}"


def _commas(words: str) -> str:
    from simulator.report.figures.style import commas

    return commas(words)


def _notes(result: "Result") -> None:
    """Tell what one has to know of the numbers above."""
    from simulator.report.answer import variance
    from simulator.report.checklist import assumed
    from simulator.report.shortage import warning

    summary, scenario = result.summary, result.ensemble.scenario
    notes = [*filter(None, [warning(scenario)])]
    unfinished = {name: count for name, count in summary["outcomes"].items() if count and name != "DONE"}
    if unfinished:
        counts = " and ".join(
            f"{count:,} {'reached the horizon' if name == 'OUT_OF_TIME' else 'had no end in sight'}"
            for name, count in unfinished.items()
        )
        notes.append(
            f"Not all finished: of {summary['replications']:,} replications {counts}. They count as infinitely long in "
            "P10, P50 and P90."
        )
    if told := variance(summary, scenario):
        notes.append(told + " The page Sensitivity says which of them to measure." * bool(scenario.inputs))
    rows = scenario.table()
    unbacked = len(assumed(rows))
    if unbacked:
        notes.append(f"ASSUMED: {unbacked} of {len(rows)} inputs have no source; the page Scenario marks them.")
    notes.append(f"{summary['replications']:,} replications with seed {summary['seed']}. Run folder: {result.folder}")
    with st.container(border=True, key="notes"):
        st.subheader("What to know of these numbers", anchor=False)
        st.html("".join(look.note(words) for words in notes))


page()
