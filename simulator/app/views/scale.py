"""Scale: how far the design carries, from some thousand GPUs to a million."""

import shlex

import streamlit as st

from simulator.app import markup, session, tasks, widgets
from simulator.app.state import Draft, load, told
from simulator.scenario import Scenario

AXIS, SPARES, CREWS = "cluster.gpus", "cluster.hot_spares", "recovery.crews"
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
REPLICATIONS = (20, 50, 100, 200, 500, 1_000)


def page() -> None:
    """Draw the page."""
    question = "How far does the design carry? The same job on more GPUs: the same failures each, the same recovery."
    widgets.title("Scale", question)
    widgets.problems()
    scenario = session.loaded().scenario
    if scenario is None:
        return
    left, middle, right = st.columns([4, 3, 1], vertical_alignment="bottom")
    sizes = left.multiselect("GPUs of the job", SIZES, SIZES, format_func=lambda size: f"{size:,}", key="sizes")
    replications = int(middle.select_slider("Replications each", REPLICATIONS, 50, key="scale-n"))
    drafts = _drafts(scenario, sorted(sizes))
    key = tasks.key_of(scenario, "scale", str(replications), *drafts)
    enough = len(drafts) > 1 and widgets.allowed(len(drafts) * replications)
    refused = not enough or session.live(session.job_of(key))
    if right.button("Find out", type="primary", key="find-scale", width="stretch", disabled=refused):
        session.submit(key, "Scale", tasks.swept(AXIS, drafts, replications))
        st.rerun()
    st.html(markup.note(_told(scenario)))
    widgets.asked(key, "The sweep")
    table = session.answer_of(key)
    if table is not None:
        from simulator.report import figures

        widgets.partial(len(table), len(drafts), "sizes")
        widgets.counted(replications, scenario)
        widgets.show(figures.scale(table, AXIS))
    widgets.command(*_commands(drafts, replications))


def _drafts(scenario: Scenario, sizes: list[int]) -> dict[str, Draft]:
    """Return the scenario at each size, with spares and crews in proportion; sizes that cannot be are told."""
    drafts = {}
    for size in sizes:
        gpus = _whole(scenario, size)
        draft = _scaled(scenario, gpus)
        errors = load(draft).errors
        if errors:
            st.markdown(f":red[{widgets.plain(f'{gpus:,} GPUs: {errors[0].path}: {told(errors[0])}')}]")
        else:
            drafts[f"{gpus} GPUs"] = draft
    return drafts


def _whole(scenario: Scenario, size: int) -> int:
    """Return the whole nodes nearest to a size [GPUs], in whole racks where blocks are moved."""
    node = int(scenario.document.cluster.gpus_per_node.median)
    return max(1, round(size / node)) * node


def _scaled(scenario: Scenario, gpus: int) -> Draft:
    ratio = gpus / scenario.gpus
    draft = session.draft().changed(AXIS, f"{gpus} GPUs")
    if scenario.spares:
        draft = draft.changed(SPARES, f"{max(1, round(scenario.spares * ratio))} nodes")
    crews = scenario.document.recovery.crews
    if crews is not None:
        draft = draft.changed(CREWS, f"{max(1, round(crews.median * ratio))} crews")
    return draft


def _told(scenario: Scenario) -> str:
    crews = " and crews" if scenario.document.recovery.crews is not None else ""
    work = "the work takes as long at every size" if scenario.document.job.work is not None else "the work is the same"
    return f"Hot spares{crews} grow in proportion, and {work}; all else is as in the scenario."


def _commands(drafts: dict[str, Draft], replications: int) -> list[str]:
    """Return one command a size: spares go along, which one axis cannot say."""
    return [f"{draft.command('run')} -n {replications}" for draft in drafts.values()] or [
        shlex.join(["derisk", "run", session.draft().title])
    ]


page()
