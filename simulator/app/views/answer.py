"""Answer: when will it be done, how sure is that, and where does the time go? Works without typing a word."""

from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from simulator.app import markup, session, widgets
from simulator.app.state import Draft, presets
from simulator.scenario.presets import Preset

if TYPE_CHECKING:
    from simulator.app.tasks import Result
    from simulator.report.run.answer import Losses

DAY = 86_400.0
DIGITS = 3  # of money on a card
LOSSES = {"median": "Median replication", "mean": "Mean of all"}


def page() -> None:
    """Draw the page."""
    widgets.problems()
    found = session.shown()
    if found is None and not session.live(session.job()):
        _welcome()
    result = widgets.result() if found is not None or session.live(session.job()) else None
    if found is None and session.live(session.job()):
        _under_way()
    if result is not None:
        _answer(result)
        with st.expander("Other scenarios to begin with", expanded=False):
            _cards()
    mean = [" --losses mean"] if result is not None and st.session_state.get("losses") == "mean" else []
    widgets.command("".join([session.draft().command("run"), *mean]))


def _welcome() -> None:
    st.title("When will the training run really be done?", anchor=False)
    st.html(
        markup.note(
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
        st.html(markup.card(preset.title, preset.question))
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
    st.html(markup.eyebrow(f"{scenario.name}. {scenario.question or ''}"))
    causes = len(scenario.document.failures.causes)
    rows = [
        ("GPUs of the job", f"{scenario.gpus:,}", f"{scenario.nodes:,} nodes and {scenario.spares:,} hot spares"),
        ("Training", text.duration(scenario.work()), "without failures, at the medians"),
        ("What can break", str(causes), "causes of failure"),
        ("Not known exactly", str(len(scenario.inputs)), "inputs, drawn anew for each replication"),
    ]
    st.html(markup.numbers(rows))


def _answer(result: "Result") -> None:
    from simulator.report import figures
    from simulator.report.run import answer

    scenario, summary = result.ensemble.scenario, result.summary
    st.html(markup.eyebrow(f"{scenario.name}. {scenario.question or ''}"))
    st.html(markup.answer(_commas(answer.sentence(summary, scenario))))
    st.html(markup.numbers(_numbers(result)))
    with st.container(key="charts"):
        left, right = st.columns([1, 1], gap="medium")
        with left:
            widgets.show(figures.finish(result.ensemble))
        with right:
            widgets.show(figures.waterfall(result.ensemble, _losses()))
    costs = figures.money(summary)
    if costs is not None:
        widgets.show(costs)
    _notes(result)


def _losses() -> "Losses":
    """Ask whose time is shown: the median replication's, or the mean of all."""
    chosen = st.segmented_control(
        "Where the time goes", list(LOSSES), default="median", format_func=LOSSES.__getitem__, required=True,
        key="losses", persist_state="session",
    )  # fmt: skip
    return "mean" if chosen == "mean" else "median"


def _numbers(result: "Result") -> list[tuple[str, str, str]]:
    """Return the four numbers that matter, with units and 95 % intervals."""
    from simulator.report import ranges, text
    from simulator.report.run import answer

    summary = result.summary
    work = result.ensemble.scenario.work()
    finish = "Finish, median" if "finish_date" in summary else "Run time, median"
    rows = [_card_of(finish, answer.finish_texts(summary))]
    if "deadline" in summary:
        promise = summary["deadline"]
        chance, interval = ranges.apart(ranges.probability(promise, lambda share: f"{share:.1%}"))
        rows.append(("Meets the deadline", chance, f"95 %: {interval}; {answer.date_text(promise['date'])} or before"))
    else:
        half = summary["finish_days"]["p50"]
        extra = "never" if half is None else text.duration(max(0.0, half * DAY - work))
        rows.append(("On top of training", _commas(extra), f"in the median; {text.duration(work)} without failures"))
    rows.append(_card_of("Goodput, median", [_cell(summary["goodput"], name) for name in answer.QUANTILES]))
    rows.append(_cost(summary))
    if summary["never_finishes"]["probability"] > 0:
        chance, interval = ranges.apart(ranges.probability(summary["never_finishes"], lambda share: f"{share:.1%}"))
        rows.append(("Never finishes", chance, f"95 %: {interval}"))
    return rows


def _card_of(label: str, cells: list[str]) -> tuple[str, str, str]:
    """Return the card of a quantity from its P10, P50 and P90, each with its interval in brackets."""
    from simulator.report import ranges

    low, half, high = map(_commas, cells)
    value, interval = ranges.apart(half)
    return label, value, f"95 %: {interval}; P10 {low}, P90 {high}" if interval else f"P10 {low}, P90 {high}"


def _cell(estimate: dict[str, Any], name: str) -> str:
    from simulator.report import ranges

    return ranges.cell(estimate, name, lambda share: f"{share:.1%}")


def _cost(summary: dict[str, Any]) -> tuple[str, str, str]:
    from simulator.report import ranges, text
    from simulator.report.run import answer

    if "cost_usd" in summary:
        cells = [
            ranges.cell(summary["cost_usd"], name, lambda usd: text.dollars(usd, DIGITS)) for name in answer.QUANTILES
        ]
        return _card_of("Cost, median", cells)
    mttf = summary["mttf_hours"]["p50"]
    told = "never" if mttf is None else text.duration(mttf * 3600)
    number = ranges.cell(summary["interruptions"]["total"], "p50", answer.count_text)
    return "Between interruptions", told, f"{_commas(number)} interruptions of the job, median"


def _commas(words: str) -> str:
    from simulator.report.figures.style import commas

    return commas(words)


def _notes(result: "Result") -> None:
    """Tell what one has to know of the numbers above."""
    from simulator.report.run.checklist import assumed
    from simulator.report.run.notes import never, point, tail, variance
    from simulator.report.run.shortage import warning

    summary, scenario = result.summary, result.ensemble.scenario
    notes = [*filter(None, [warning(scenario)])]
    notes += [_commas(told) for told in (tail(summary), never(summary), point(summary)) if told]
    if told := variance(summary, scenario):
        notes.append(told + " The page Sensitivity says which of them to measure." * bool(scenario.inputs))
    rows = scenario.table()
    unbacked = len(assumed(rows))
    if unbacked:
        notes.append(f"ASSUMED: {unbacked} of {len(rows)} inputs have no source; the page Scenario marks them.")
    notes.append(f"{summary['replications']:,} replications with seed {summary['seed']}. Run folder: {result.folder}")
    with st.container(border=True, key="notes"):
        st.subheader("What to know of these numbers", anchor=False)
        st.html("".join(markup.note(words) for words in notes))


page()
