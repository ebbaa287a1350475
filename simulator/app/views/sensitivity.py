"""Sensitivity: what the answer hangs on, what to measure next, and where two options or a target come out equal."""

import streamlit as st

from simulator.app import session, widgets
from simulator.app.sections import break_even, shares, tornado

# Each needs inputs that are not known well, or does not.
SECTIONS = {
    "tornado": ("Tornado & what to measure next", tornado.draw, True),
    "shares": ("Shares of the variance", shares.draw, True),
    "break_even": ("Break-even", break_even.draw, False),
}


def page() -> None:
    """Draw the page."""
    widgets.title("Sensitivity", "Which inputs move the answer, what to measure next, and where a decision turns.")
    widgets.problems()
    scenario = session.loaded().scenario
    if scenario is None:
        return
    chosen = st.segmented_control(
        "Section",
        list(SECTIONS),
        default="tornado",
        format_func=lambda name: SECTIONS[name][0],
        required=True,
        label_visibility="collapsed",
        key="sensitivity-section",
        persist_state="session",
    )
    _, draw, needs_inputs = SECTIONS[str(chosen)]
    if needs_inputs and not scenario.inputs:
        widgets.empty("Every input is certain", "Give an input a range, {p10, p50, p90} or a spread.", button=False)
        return
    widgets.command(draw(scenario))


page()
