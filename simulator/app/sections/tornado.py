"""The tornado: which of the inputs that nobody knows exactly decide about the answer, and what to measure next."""

from typing import TYPE_CHECKING

import streamlit as st

from simulator.app import markup, session, tasks, widgets
from simulator.app.state import load
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from simulator.planning.information import Information
    from simulator.planning.tornado import Tornado

REPLICATIONS = (50, 100, 200, 400, 1_000)
PER_OPTION = 5  # times as many replications as a bar end, as `derisk sensitivity` has
MOST_ROWS = 15
MEASURES = {"finish_p90_days": "Finish, P90", "goodput": "Goodput", "cost_usd": "Cost"}


def draw(scenario: Scenario) -> str:
    """Draw the section."""
    replications = _ask(scenario)
    key = tasks.key_of(scenario, "tornado", str(replications))
    widgets.asked(key, "The tornado")
    found = session.answer_of(key)
    if found is not None:
        _show(found, len(scenario.inputs))
    _next(scenario, replications)
    return session.draft().command("sensitivity", "--replications", str(replications))


def _ask(scenario: Scenario) -> int:
    from simulator.planning.tornado import tornado
    from simulator.report.text import plural

    left, middle, right = st.columns([2, 4, 1], vertical_alignment="bottom")
    replications = left.select_slider(
        "Replications a bar end", REPLICATIONS, 100, key="tornado-n", persist_state="session"
    )
    runs = 2 * len(scenario.inputs) + 1
    uncertain = f"{plural(len(scenario.inputs), 'input')} {'is' if len(scenario.inputs) == 1 else 'are'}"
    middle.html(markup.note(f"{uncertain} uncertain: {runs} runs under the same weather."))
    key = tasks.key_of(scenario, "tornado", str(replications))
    refused = not widgets.allowed(runs * int(replications)) or session.live(session.job_of(key))
    if right.button("Find out", type="primary", key="tornado", width="stretch", disabled=refused):
        session.submit(key, f"Sensitivity of {scenario.name}", tasks.question(tornado, scenario, replications))
        st.rerun()
    return int(replications)


def _show(found: "Tornado", inputs: int) -> None:
    from simulator.report import figures

    if found.interrupted:
        widgets.partial(len(found.bars), inputs, "inputs")
    known = [name for name in MEASURES if name != "cost_usd" or found.cost_usd is not None]
    measure = st.segmented_control(
        "Of what",
        known,
        default=known[0],
        format_func=MEASURES.__getitem__,
        required=True,
        key="tornado-of",
        persist_state="session",
    )
    widgets.show(figures.tornado(found, str(measure)))


def _next(scenario: Scenario, replications: int) -> None:
    """Ask what it is worth to know an input before choosing among options."""
    from simulator.planning.information import information

    st.subheader("What to measure next", anchor=False)
    options = _options(scenario)
    if len(options) < 2:
        st.html(markup.note("This scenario leaves nothing to choose from that would be usual."))
        return
    key = tasks.key_of(scenario, "information", str(replications), *options)
    left, right = st.columns([6, 1], vertical_alignment="center")
    told = "To measure an input pays where it would change a choice. Here the choice is among: "
    left.html(markup.note(told + "; ".join(options) + "."))
    refused = not widgets.allowed(len(options) * PER_OPTION * replications) or session.live(session.job_of(key))
    if right.button("Find out", key="measure-next", width="stretch", disabled=refused):
        session.submit(key, "What to measure next", tasks.question(information, options, PER_OPTION * replications))
        st.rerun()
    widgets.asked(key, "The question", name="information")
    found = session.answer_of(key)
    if found is not None:
        _worths(found)


def _options(scenario: Scenario) -> dict[str, Scenario]:
    """Return the options that `derisk sensitivity` would choose from, where this scenario allows them."""
    from simulator.planning.choices import suggested

    options = {}
    for name, changes in suggested(scenario).items():
        draft = session.draft()
        for change in changes:
            path, _, value = change.partition("=")
            draft = draft.changed(path, value)
        found = load(draft).scenario
        if found is not None:
            options[name] = found
    return options


def _worths(found: "Information") -> None:
    import pandas as pd

    from simulator.report.figures.style import commas
    from simulator.report.study.sensitivity_words import of_the_choice

    st.html(markup.says(commas(of_the_choice(found).strip())))
    rows = [
        {
            "input": worth.path,
            "worth [d]": round(worth.days, 4),
            "error [d]": round(worth.error_days, 4),
            **(
                {}
                if worth.usd is None
                else {"worth [USD]": round(worth.usd), "error [USD]": round(worth.error_usd or 0)}
            ),
        }
        for worth in found.worths[:MOST_ROWS]
    ]
    widgets.table(pd.DataFrame(rows), "what-to-measure", "What it is worth to know each input before choosing")
