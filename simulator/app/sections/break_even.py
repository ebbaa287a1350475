"""Break-even: the value of an input at which a target is just met, or an alternative is as good."""

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from simulator.app import break_even_form, markup, session, tasks, widgets
from simulator.app.break_even_form import Asked
from simulator.app.settings import settings
from simulator.planning.goal import MEASURES, STATISTICS
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from simulator.planning.break_even import BreakEven

REPLICATIONS = (50, 100, 200, 500, 1_000)
GOALS = {"target": "a target is just met", "alternative": "an alternative is as good"}
QUANTITIES = {"finish": "Finish", "goodput": "Goodput", "cost": "Cost with its delay"}
NAMES = {"mean": "Mean", "p10": "P10", "p50": "P50", "p90": "P90"}
LONGEST = 200  # characters of a field

Slots = dict[str, "DeltaGenerator"]


class Range(NamedTuple):
    """The input to vary, and the ends of its range, as they were written."""

    path: str
    low: str
    high: str


def draw(scenario: Scenario) -> str:
    """Draw the section."""
    slots: Slots = {}
    given = _range(scenario, slots)
    st.segmented_control(
        "Find the value at which", list(GOALS), default="target", format_func=GOALS.__getitem__, required=True,
        key="break-even-goal", persist_state="session",
    )  # fmt: skip
    by_target = st.session_state["break-even-goal"] == "target"
    quantity, target, alternative = _goal(scenario, by_target, slots)
    left, middle, right = st.columns([3, 5, 2], vertical_alignment="bottom")
    replications = int(
        left.select_slider("Replications at each value", REPLICATIONS, 200, key="break-even-n", persist_state="session")
    )
    asked = Asked(session.draft(), *given, quantity, target, alternative, replications, by_target)
    faults = break_even_form.faults(asked) | _too_much(asked, middle)
    for field, words in faults.items():
        with slots.get(field, middle):
            widgets.wrong(words)
    key = tasks.key_of(scenario, "break-even", *map(str, asked[1:]))
    busy = session.live(session.job_of(key))
    if right.button("Find out", type="primary", key="break-even", width="stretch", disabled=bool(faults) or busy):
        session.submit(key, f"Break-even of {asked.path}", tasks.broken_even(asked))
        st.rerun()
    widgets.asked(key, "The break-even", name="break-even")
    found = None if faults else session.answer_of(key)
    if found is not None:
        _show(found, asked, slots["between"])
    return asked.command()


def _range(scenario: Scenario, slots: Slots) -> Range:
    """Ask for the input and its range; a slot under each field is for what is wrong with it."""
    known = break_even_form.inputs(scenario)
    paths = list(known)
    columns = st.columns([4, 3, 3])
    path = columns[0].selectbox(
        "Input",
        paths,
        index=paths.index(break_even_form.FIRST) if break_even_form.FIRST in known else 0,
        accept_new_options=True,
        key="break-even-input",
        persist_state="session",
        help="Any number of the scenario, as derisk check lists them. An uncertain one is known at each value tried.",
    )
    path = str(path or "").strip()
    usual = break_even_form.usual_range(session.draft(), known[path]) if path in known else ("x0.5", "x2")
    ends = [
        column.text_input(label, value, key=f"break-even-{label}-{path}", max_chars=LONGEST, persist_state="session")
        for column, label, value in zip(columns[1:], ("From", "To"), usual, strict=True)
    ]
    if path in known:
        ignorance = known[path].ignorance()
        columns[0].caption(widgets.plain(f"Now {known[path].text()}{f', {ignorance}' if ignorance else ''}"))
    slots |= {name: column.container() for name, column in zip(("input", "low", "high"), columns, strict=True)}
    slots["between"] = st.container()
    return Range(path, *(end.strip() for end in ends))


def _goal(scenario: Scenario, by_target: bool, slots: Slots) -> tuple[str, str, str]:
    """Ask what is to be equal: return the quantity, and a target or what the alternative changes."""
    columns = st.columns([3, 2, 5])
    measure = str(
        columns[0].selectbox(
            "Quantity", MEASURES, format_func=QUANTITIES.__getitem__, key="break-even-of", persist_state="session"
        )
    )
    statistic = str(
        columns[1].selectbox(
            "Of the replications", list(STATISTICS), index=list(STATISTICS).index("p90"),
            format_func=NAMES.__getitem__, key="break-even-statistic", persist_state="session",
        )
    )  # fmt: skip
    target = alternative = ""
    if by_target:
        usual, key = break_even_form.usual_target(scenario, measure), f"break-even-target-{measure}"
        target = columns[2].text_input("Target", usual, key=key, max_chars=LONGEST, persist_state="session")
    else:
        alternative = columns[2].text_input(
            "What the alternative changes: PATH=VALUE, PATH=VALUE", break_even_form.IDEA,
            key="break-even-alternative", max_chars=2 * LONGEST, persist_state="session",
        )  # fmt: skip
    slots |= {"quantity": columns[0].container(), "target" if by_target else "alternative": columns[2].container()}
    return f"{measure}.{statistic}", target.strip(), alternative.strip()


def _too_much(asked: Asked, place: "DeltaGenerator") -> dict[str, str]:
    """Say what the question takes, and return what is wrong about that."""
    from simulator.planning.break_even import planned

    wanted = planned(asked.replications, target=asked.by_target)
    words = tasks.beyond(wanted, settings().most_replications, "choose fewer")
    if not words:
        place.html(markup.note(f"About {wanted:,} replications in all. A cancel keeps the values that were tried."))
    return {"replications": words} if words else {}


def _show(found: "BreakEven", asked: Asked, edge: "DeltaGenerator") -> None:
    from simulator.report import figures
    from simulator.report.figures.style import commas
    from simulator.report.study.break_even_sheet import remarks

    if found.interrupted:
        widgets.cut_short(f"{len(found.evaluated)} values were tried and are kept.")
    elif found.value is None:
        with edge:
            widgets.wrong(
                "Nothing breaks even in this range, as the sentence below says; a wider one may hold a value."
            )
    widgets.show(figures.break_even(found, asked.called))
    st.html(markup.note(commas(" ".join(remarks(found)))))
