"""The panel beside every page: which scenario, its headline inputs, and the button that runs it."""

import streamlit as st

from simulator.app import fields, markup, session, widgets
from simulator.app.link import HEADLINES
from simulator.app.state import Draft, load, presets

LABELS = {
    "gpus": "GPUs of the job",
    "spares": "Hot spares",
    "mfu": "MFU",
    "interval": "Checkpoint interval",
    "start": "Start",
    "deadline": "Deadline",
    "replications": "Replications",
}
OWN = "(your file) "


def sidebar() -> None:
    """Draw the panel."""
    with st.sidebar:
        st.html(markup.brand())
        _choice()
        _inputs()
        _run()


def _choice() -> None:
    draft = session.draft()
    names = [preset.name for preset in presets()]
    titles = {preset.name: preset.title for preset in presets()}
    own = f"{OWN}{draft.called}" if draft.text is not None else None
    options = [*names, own] if own else names
    current = own or draft.preset
    if current not in options:
        options = [current, *options]
    chosen = st.selectbox(
        "Scenario",
        options,
        index=options.index(current),
        format_func=lambda name: titles.get(name, name),
        key=f"field:preset:{current}",
        help="A preset to begin with. Your own file: page Scenario.",
    )
    if chosen != current and chosen in names:
        session.use(Draft.of_preset(chosen))
        st.rerun()


def _inputs() -> None:
    # A change that cannot be read leaves the other fields as they were.
    scenario = session.loaded().scenario or load(session.draft().plain()).scenario
    known = {} if scenario is None else {field.path: field for field in fields.fields(scenario)}
    given = dict(session.draft().overrides)
    if "operator" in known:
        _operator(known["operator"])
    for name, label in LABELS.items():
        path = HEADLINES[name]
        follows = known.get(f"{path}.times_optimum")
        if follows is not None and path not in given:
            known[path] = follows._replace(value=f"{{times_optimum: {follows.value}}}")
        if path in known or path in given or name in ("start", "deadline"):
            value = given.get(path) or (known[path].value if path in known else "")
            widgets.text_field(path, label, value, form="side")


def _operator(field: fields.Field) -> None:
    chosen = st.selectbox(
        "Operator",
        field.choices,
        index=field.choices.index(field.value),
        key=f"field:side:operator:{field.value}",
        help=widgets.plain(field.help),
    )
    if chosen != field.value:
        session.use(session.draft().changed("operator", chosen))
        st.rerun()


def _run() -> None:
    loaded, job = session.loaded(), session.job()
    draft = session.draft()
    busy = session.live(job)
    label = "Running" if busy else "Run"
    if st.button(label, type="primary", width="stretch", key="run", disabled=busy or loaded.scenario is None):
        session.run()
        st.rerun()
    if draft.overrides and st.button(
        f"Take back {len(draft.overrides)} change{'s' if len(draft.overrides) > 1 else ''}",
        width="stretch",
        key="take-back",
    ):
        session.use(draft.plain())
        session.forget_fields()
        st.rerun()
    st.html(markup.note(widgets.limits()))
