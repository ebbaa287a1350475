"""Shares of the variance: how much each input and chance bring alone, and with all that they do together."""

from typing import TYPE_CHECKING

import streamlit as st

from simulator.app import markup, session, tasks, widgets
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from simulator.planning.indices import Indices

ROWS = (64, 128, 256, 512, 1_024, 2_048)
MEASURES = {"wall_days": "Run time", "goodput": "Goodput", "cost_usd": "Cost"}


def draw(scenario: Scenario) -> str:
    """Draw the section."""
    from simulator.planning.indices import ROWS as USUAL
    from simulator.planning.indices import grouped, replications_of
    from simulator.report import text

    left, middle, right = st.columns([2, 4, 1], vertical_alignment="bottom")
    rows = int(left.select_slider("Rows of the design", ROWS, USUAL, key="shares-rows", persist_state="session"))
    wanted = replications_of(scenario, rows)
    factors = len(grouped(scenario))
    told = f"{text.plural(len(scenario.inputs), 'uncertain input')} in {text.plural(factors, 'group')}; each group, "
    told += "and chance, is one factor: "
    middle.html(markup.note(f"{told}{wanted:,} replications. A cancel keeps the rows that are done, from 16 on."))
    key = tasks.key_of(scenario, "shares", str(rows))
    allowed = widgets.allowed(wanted, "choose fewer rows")
    busy = session.live(session.job_of(key))
    if right.button("Find out", type="primary", key="shares", width="stretch", disabled=not allowed or busy):
        session.submit(key, f"Variance of {scenario.name}", tasks.shares(scenario, rows))
        st.rerun()
    widgets.asked(key, "The split of the variance", name="shares")
    found = session.answer_of(key)
    if found:
        widgets.partial(found[0].rows, found[0].planned, "rows")
        _show(found)
    return session.draft().command("sensitivity", "--indices", "--rows", str(rows))


def _show(found: "tuple[Indices, ...]") -> None:
    from simulator.report import figures

    known = {each.measure: each for each in found}
    measure = st.segmented_control(
        "Of what",
        list(known),
        default=next(iter(known)),
        format_func=MEASURES.__getitem__,
        required=True,
        key="shares-of",
        persist_state="session",
    )
    widgets.show(figures.shares(known[str(measure)]))
