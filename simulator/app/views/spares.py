"""Spares & checkpoints: what more hot spares buy, and how often to save."""

import shlex
from typing import TYPE_CHECKING

import streamlit as st

from simulator.app import markup, session, tasks, widgets
from simulator.app.state import Draft, load, told
from simulator.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

AXIS = "cluster.hot_spares"
REPLICATIONS = (50, 100, 200, 500, 1_000)
MOST_VALUES = 12


def page() -> None:
    """Draw the page."""
    widgets.title("Spares & checkpoints", "What more hot spares buy, and how often to save.")
    widgets.problems()
    scenario = session.loaded().scenario
    if scenario is None:
        return
    _interval(scenario)
    command = _spares(scenario)
    widgets.command(session.draft().command("check"), command)


def _interval(scenario: Scenario) -> None:
    """Show the curve of theory: it needs no run."""
    from simulator.report import figures

    figure = figures.interval(scenario)
    if figure is None:
        st.html(markup.note("Nothing fails here, or saves cost nothing: there is no best interval."))
    else:
        widgets.show(figure)


def _spares(scenario: Scenario) -> str:
    st.subheader("Hot spares", anchor=False)
    usual = ", ".join(str(number) for number in _usual(scenario.spares))
    left, middle, right = st.columns([4, 3, 1], vertical_alignment="bottom")
    written = left.text_input("Numbers of hot spares [nodes]", usual, key=f"spares-{usual}", max_chars=200)
    replications = int(middle.select_slider("Replications each", REPLICATIONS, 100, key="spares-n"))
    numbers = _numbers(written)
    drafts = _drafts(numbers) if numbers else {}
    key = tasks.key_of(scenario, "spares", str(replications), *drafts)
    refused = not drafts or not widgets.allowed(len(drafts) * replications) or session.live(session.job_of(key))
    if right.button("Find out", type="primary", key="find-spares", width="stretch", disabled=refused):
        session.submit(key, "Hot spares", tasks.swept(AXIS, drafts, replications))
        st.rerun()
    widgets.asked(key, "The sweep")
    table = session.answer_of(key)
    if table is not None:
        widgets.partial(len(table), len(drafts), "values")
        widgets.counted(replications, scenario)
        _show(table)
    values = ",".join(drafts)
    return f"{session.draft().command('sweep')} --axis {shlex.quote(f'{AXIS}={values}')} -n {replications}"


def _usual(spares: int) -> list[int]:
    """Return numbers around the one of the scenario."""
    base = max(spares, 4)
    return sorted({0, base // 4, base // 2, base, 2 * base, 4 * base})


def _numbers(written: str) -> list[int]:
    """Return the numbers that somebody wrote; what is wrong with them stands under the field."""
    words = [word.strip().removesuffix("nodes").strip().replace("_", "") for word in written.split(",")]
    if not all(word.isdigit() for word in words):
        st.markdown(":red[Write whole numbers with commas between, such as 0, 16, 32, 64.]")
        return []
    numbers = sorted({int(word) for word in words})
    if len(numbers) > MOST_VALUES:
        st.markdown(f":red[These are {len(numbers)} numbers; at most {MOST_VALUES} can be looked at here.]")
        return []
    return numbers


def _drafts(numbers: list[int]) -> dict[str, Draft]:
    drafts = {f"{number} nodes": session.draft().changed(AXIS, f"{number} nodes") for number in numbers}
    for name, draft in drafts.items():
        for error in load(draft).errors[:1]:
            st.markdown(f":red[{widgets.plain(f'With {name}: {error.path}: {told(error)}')}]")
            return {}
    return drafts


def _show(table: "pd.DataFrame") -> None:
    from simulator.report import figures

    widgets.show(figures.spares(table, AXIS))


page()
