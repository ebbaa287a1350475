"""Sensitivity: which of the inputs that nobody knows exactly decide about the answer, and what to measure next."""

from typing import TYPE_CHECKING

import streamlit as st

from simulator.app import look, parts, session, works
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from simulator.planning.tornado import Tornado

REPLICATIONS = (50, 100, 200, 400)
MEASURES = {"finish_p90_days": "Finish, P90", "goodput": "Goodput", "cost_usd": "Cost"}


def page() -> None:
    """Draw the page."""
    parts.title("Sensitivity", "Which of the inputs that are not known well move the answer, and what to measure next.")
    parts.problems()
    scenario = session.loaded().scenario
    if scenario is None:
        return
    if not scenario.inputs:
        parts.empty("Every input is certain", "Give an input a range, {p10, p50, p90} or a spread.", button=False)
        return
    replications = _ask(scenario)
    key = works.key_of(scenario, "tornado", str(replications))
    parts.asked(key, "The tornado")
    found = session.answer_of(key)
    if found is not None:
        _show(found)
    parts.command(session.draft().command("sensitivity", "--replications", str(replications)))


def _ask(scenario: Scenario) -> int:
    from simulator.planning.tornado import tornado

    left, middle, right = st.columns([2, 4, 1], vertical_alignment="bottom")
    replications = left.select_slider("Replications a bar end", REPLICATIONS, 100, key="tornado-n")
    runs = 2 * len(scenario.inputs) + 1
    middle.html(look.note(f"{len(scenario.inputs)} inputs are uncertain: {runs} runs under the same weather."))
    key = works.key_of(scenario, "tornado", str(replications))
    if right.button("Find out", type="primary", key="tornado", width="stretch"):
        session.submit(key, f"Sensitivity of {scenario.name}", works.question(tornado, scenario, replications))
        st.rerun()
    return int(replications)


def _show(found: "Tornado") -> None:
    from simulator.report import figures

    known = [name for name in MEASURES if name != "cost_usd" or found.cost_usd is not None]
    measure = st.segmented_control(
        "Of what", known, default=known[0], format_func=MEASURES.__getitem__, required=True, key="tornado-of"
    )
    parts.show(figures.tornado(found, str(measure)))


page()
