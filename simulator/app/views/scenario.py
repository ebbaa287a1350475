"""Scenario: every input as a form and as YAML, side by side, with what backs it, its unit, range and meaning."""

import hashlib

import streamlit as st

from simulator.app import fields, markup, session, widgets
from simulator.app.state import Draft, DraftError, load, told
from simulator.scenario import ScenarioErrors
from simulator.words.quantity import ASSUMED

COLOURS = {ASSUMED: "orange", "source": "green", "chosen": "blue", "default": "gray"}
MOST_FIELDS = 60  # of one cause or section at a time; a browser draws no more with pleasure


def page() -> None:
    """Draw the page."""
    widgets.title(
        "Scenario", "Every input, in the form or in the YAML: a change in one of them is a change in the other."
    )
    widgets.problems()
    _file()
    left, right = st.columns([11, 9], gap="large")
    with left:
        _form()
    with right:
        _difference()
        _yaml()
    widgets.command(session.draft().command("check"), session.draft().command("run"))


def _file() -> None:
    """Take a file from the user. One that is no good is told beside it, and the scenario stays as it was."""
    with st.expander("Upload a scenario of your own", expanded=False, icon=":material/upload:"):
        given = st.file_uploader(
            "A scenario in YAML, at most 1 MB. `extends:` may name a preset.",
            type=["yaml", "yml"],
            max_upload_size=1,
            key="upload",
        )
        if given is None:
            return
        content = given.getvalue()
        mark = hashlib.sha256(content).hexdigest()
        if mark != st.session_state.get("uploaded"):
            try:
                draft = Draft.of_bytes(content, given.name)
            except DraftError as error:
                st.error(widgets.plain(str(error)), icon=":material/error:")
                return
            st.session_state.uploaded = mark
            _take(draft, "file")
        _tell("file")


def _tell(place: str) -> None:
    """Tell what is wrong with a text that is not used, beside the file or the text."""
    where, problem = st.session_state.get("problem") or ("", "")
    if where == place:
        st.error(problem, icon=":material/error:")


def _take(draft: Draft, place: str) -> None:
    """Work on a draft if it is a scenario; else tell all that is wrong with it, with line and column."""
    found = load(draft)
    if found.scenario is None:
        lines = "\n".join(f"- {widgets.plain(error.headline)}" for error in found.errors[:12])
        st.session_state.problem = (place, f"This is not used; the scenario is still as it was.\n{lines}")
        st.session_state.written = draft.text
    else:
        _forget()
        session.use(draft)
    st.rerun()


def _forget() -> None:
    """Forget a text that is not used."""
    st.session_state.problem, st.session_state.written = None, None


def _form() -> None:
    scenario = session.loaded().scenario
    if scenario is None:
        _repairs()
        return
    known = fields.fields(scenario)
    sections = [name for name in fields.SECTIONS if any(field.section == name for field in known)]
    chosen = st.pills(
        "Section",
        sections,
        default="cluster",
        format_func=fields.SECTIONS.__getitem__,
        required=True,
        key="section",
        wrap=True,
    )
    some = [field for field in known if field.section == chosen]
    if chosen == "failures":
        causes = list(dict.fromkeys(field.path.split(".")[1] for field in some))
        cause = st.selectbox("Cause", causes, format_func=lambda name: name.replace("_", " "), key="cause")
        some = [field for field in some if field.path.split(".")[1] == cause]
    unbacked = sum(field.badge == ASSUMED for field in some)
    st.caption(f"{len(some)} inputs here, {unbacked} of them ASSUMED: nobody has backed them with a source.")
    for field in some[:MOST_FIELDS]:
        _line(field)
    _another()


def _line(field: fields.Field) -> None:
    badge = f":{COLOURS[field.badge]}-badge[{field.badge}]"
    told = field.span or _unit(field.unit)
    unit = f" [{told}]" if told else ""
    label = f"{widgets.plain(field.label + unit)} {badge}"
    given = dict(session.draft().overrides)
    if field.choices:
        _choice(field, label)
    else:
        session_value = given.get(field.path, field.value)
        widgets.text_field(field.path, label, session_value, form="form", source=field.source)


def _unit(unit: str) -> str:
    first, _, rest = unit.partition(" or ")
    return f"{first}, ..." if rest else first


def _choice(field: fields.Field, label: str) -> None:
    index = field.choices.index(field.value) if field.value in field.choices else None
    chosen = st.selectbox(
        label,
        field.choices,
        index=index,
        key=f"field:form:{field.path}:{field.value}",
        help=widgets.plain(field.help) or None,
    )
    if chosen is not None and chosen != field.value:
        session.use(session.draft().changed(field.path, chosen))
        st.rerun()


def _another() -> None:
    """Let any field of the schema be set that the scenario leaves out."""
    scenario = session.loaded().scenario
    if scenario is None:
        return
    with st.expander("Give an input that is left out", expanded=False, icon=":material/add:"):
        path = st.selectbox(
            "Input", fields.absent(scenario), index=None, key="another", placeholder="such as job.deadline"
        )
        if path:
            st.html(markup.note(fields.help_of(path)))
            widgets.text_field(path, "Value, with its unit", "", form="another")


def _repairs() -> None:
    """Show what was changed last where the scenario cannot be read, so that it can be put right here."""
    st.subheader("Put this right first", anchor=False)
    draft, loaded = session.draft(), session.loaded()
    if not draft.overrides:
        st.html(markup.note("Correct the YAML on this page, or choose a preset at the left."))
    for path, value in draft.overrides:
        wrong = bool(loaded.at(path))
        left, right = st.columns([5, 1], vertical_alignment="bottom")
        with left:
            widgets.text_field(path, widgets.plain(path), value, form="repair")
        if right.button("Take back", key=f"undo-{path}", width="stretch", type="primary" if wrong else "secondary"):
            session.use(draft.changed(path, None))
            st.rerun()


def _difference() -> None:
    draft = session.draft()
    base = load(draft.plain()).scenario
    if not draft.overrides:
        st.html(markup.note(f"As {draft.title} says: nothing is changed."))
        return
    before = {field.path: field.value for field in fields.fields(base)} if base is not None else {}
    st.subheader(f"Changed from {widgets.plain(draft.title)}", anchor=False)
    rows = [
        {"input": path, "before": before.get(path, "not given"), "now": value} for path, value in draft.overrides
    ]  # fmt: skip
    st.dataframe(rows, hide_index=True, key="difference", alt="The inputs that differ from the preset")


def _yaml() -> None:
    draft = session.draft()
    try:
        text = draft.yaml()
    except ScenarioErrors as failed:
        text = draft.text or ""
        st.caption(widgets.plain(told(failed.errors[0])))
    st.subheader("YAML", anchor=False)
    start = st.session_state.get("written") or text
    mark = hashlib.sha256(start.encode()).hexdigest()[:12]
    written = st.text_area(
        "The scenario as a file; edit it and apply",
        start,
        height=640,
        key=f"field:yaml:{mark}",
        label_visibility="collapsed",
    )
    _tell("text")
    if st.session_state.get("written") and st.button("Discard this text", key="discard", width="stretch"):
        _forget()
        st.rerun()
    apply, download, whole = st.columns(3)
    if apply.button("Apply", key="apply", width="stretch", type="primary" if written != text else "secondary"):
        _apply(written, text)
    download.download_button(
        "Download", text, _file_name(draft), "application/yaml", key="yaml", width="stretch", on_click="ignore",
        help="The scenario as it is now; `derisk run` takes it",
    )  # fmt: skip
    scenario = session.loaded().scenario
    whole.download_button(
        "Resolved", scenario.resolved_yaml() if scenario is not None else "", "scenario.resolved.yaml",
        "application/yaml", key="resolved", width="stretch", on_click="ignore", disabled=scenario is None,
        help="With every default filled in and every source: it gives the same result to the last digit",
    )  # fmt: skip


def _apply(written: str, text: str) -> None:
    if written == text:
        _forget()
        st.rerun()
    draft = session.draft()
    try:
        _take(Draft.of_text(written, draft.called or f"my_{draft.preset.rpartition('/')[2]}.yaml"), "text")
    except DraftError as error:
        st.error(widgets.plain(str(error)), icon=":material/error:")


def _file_name(draft: Draft) -> str:
    return draft.called or f"my_{draft.preset.rpartition('/')[2]}.yaml"


page()
