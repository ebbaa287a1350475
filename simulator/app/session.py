"""What one browser tab knows: its scenario, the job it waits for, the result on its screen; and its address."""

import uuid
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from simulator.app import link, tasks
from simulator.app.jobs import Job, QueueFull, Work
from simulator.app.settings import registry, settings
from simulator.app.state import Draft, DraftError, Loaded, load
from simulator.scenario import Scenario


class Shown(NamedTuple):
    """The result on the screen, and the inputs that it belongs to."""

    folder: Path
    draft: Draft
    key: str


def begin() -> None:
    """Set up a new tab: the scenario of its address, or the first preset."""
    state = st.session_state
    if "session" in state:
        return
    state.session, state.trouble, state.shown, state.withdrawn = uuid.uuid4().hex, "", None, []
    try:
        state.draft = link.decode(st.query_params.to_dict()) or Draft()
    except DraftError as error:
        state.draft, state.trouble = Draft(), str(error)


def session() -> str:
    """Return the name of this tab."""
    return str(st.session_state.session)


def draft() -> Draft:
    """Return what the tab works on."""
    found: Draft = st.session_state.draft
    return found


def loaded() -> Loaded:
    """Return the scenario of the tab, or what is wrong with it."""
    return load(draft())


def use(new: Draft) -> None:
    """Work on another draft. A result on the screen stays as long as it is of the same base."""
    before = draft()
    if (new.preset, new.text) != (before.preset, before.text):
        st.session_state.shown = None
        forget_fields()
    st.session_state.draft = new


def forget_fields() -> None:
    """Let the fields of all forms show the values of the scenario again."""
    for name in [str(name) for name in st.session_state if str(name).startswith("field:")]:
        del st.session_state[name]


def write_address() -> None:
    """Put the scenario into the address of the page, so that the address is a link."""
    try:
        wanted = link.encode(draft())
    except DraftError:
        wanted = {}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def submit(key: str, label: str, work: Work, *, again: bool = False) -> Job | None:
    """Begin a job, or join the one that somebody else began; a queue that is full is told on the page."""
    try:
        job = registry().submit(key, label, work, session(), again=again)
        st.session_state.withdrawn = [one for one in st.session_state.withdrawn if one is not job]
        return job
    except QueueFull as full:
        st.session_state.trouble = str(full)
        return None


def run(*, again: bool = False) -> None:
    """Forecast the scenario of the tab; `again`: even where there is a run folder, because it cannot be read."""
    scenario = loaded().scenario
    if scenario is None:
        return
    too_much = tasks.refusal(scenario, settings().most_replications)
    if too_much:
        st.session_state.trouble = too_much
        return
    known = registry().get(run_key(scenario))
    vanished = known is not None and isinstance(known.result, Path) and not known.result.is_dir()
    work = tasks.forecast(scenario, settings().runs, anew=again)
    submit(run_key(scenario), scenario.name, work, again=again or vanished)


def run_key(scenario: Scenario) -> str:
    """Return the key of a scenario's run."""
    return tasks.key_of(scenario, "run", str(settings().runs.absolute()))


def job() -> Job | None:
    """Return the job that runs the tab's scenario, if there is one."""
    scenario = loaded().scenario
    return None if scenario is None else job_of(run_key(scenario))


def job_of(key: str) -> Job | None:
    """Return the job of a key, if there is one that the tab waits for: whoever sees it run waits for it."""
    found = registry().get(key)
    if found is None or found.ended or found.stopping:
        return found
    if any(one is found for one in st.session_state.withdrawn):
        return None
    registry().join(found, session())
    return found


def withdraw(one: Job) -> bool:
    """Wait for a job no longer, and return whether that cancels it."""
    st.session_state.withdrawn = [*st.session_state.withdrawn, one][-8:]
    return registry().withdraw(one, session())


def shown() -> Shown | None:
    """Return the result to show: that of the scenario where it has been run, else the last one, which is then stale."""
    scenario = loaded().scenario
    if scenario is not None:
        key, current = run_key(scenario), job()
        kept = current is not None and current.ended and isinstance(current.result, Path)
        folder = current.result if current is not None and kept else tasks.find(scenario, settings().runs)
        if folder is not None:
            st.session_state.shown = Shown(folder, draft(), key)
    found: Shown | None = st.session_state.shown
    return found


def is_stale(result: Shown) -> bool:
    """Whether the inputs have changed since a result was made."""
    scenario = loaded().scenario
    return scenario is None or run_key(scenario) != result.key


def changes_since(result: Shown) -> list[str]:
    """Return the paths whose values differ between the inputs and a result."""
    now, then = dict(draft().overrides), dict(result.draft.overrides)
    return [path for path in {**then, **now} if now.get(path) != then.get(path)]


def result_of(result: Shown) -> tasks.Result | str:
    """Return the content of a result, or in words why it cannot be read."""
    try:
        return tasks.read(result.folder)
    except (OSError, ValueError, KeyError) as error:
        text = getattr(error, "strerror", None) or str(error)
        return f"The run folder {result.folder} cannot be read any more ({text}). Your inputs are still here."


def live(one: Job | None) -> bool:
    """Whether a job is waiting or running."""
    return one is not None and not one.ended


def answer_of(key: str) -> Any:
    """Return what a job of a question came to; None where there is nothing yet."""
    found = registry().get(key)
    return None if found is None or not found.ended else found.result
