"""Timeline: one replication, told day by day."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from simulator.app import markup, session, tasks, widgets

if TYPE_CHECKING:
    from simulator.app.tasks import Result
    from simulator.report.figures import Figure

CHOICES = {"p10": "P10, a good one", "p50": "P50, the median", "p90": "P90, a bad one", "": "By number"}
MOST_LINES = 400


def page() -> None:
    """Draw the page."""
    widgets.title("Timeline", "One replication of the run: what struck, what it cost, and how it ended.")
    widgets.problems()
    result = widgets.result()
    if result is None:
        widgets.command(session.draft().command("run"))
        return
    replication = _chosen(result)
    _tell(result, replication)
    _progress(result)
    widgets.command(f"derisk replay {result.folder} --replication {replication}")


def _chosen(result: "Result") -> int:
    from simulator.report.run.contents import told_replications

    told = told_replications(result.ensemble.table)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    kind = left.segmented_control(
        "Which replication",
        list(CHOICES),
        default="p50",
        format_func=CHOICES.__getitem__,
        key="replication",
        required=True,
    )
    if kind:
        return told[kind]
    numbers = result.ensemble.table["replication"]
    low, high = int(numbers.min()), int(numbers.max())
    return int(right.number_input("Its number", low, high, low, key=f"number-{result.folder.name}"))


def _tell(result: "Result", replication: int) -> None:
    from simulator.report.run.story import ReplayError

    try:
        with st.spinner("Running it again", show_time=False):
            figure, words = _told(str(result.folder), result.ensemble.wall_seconds, replication)
    except ReplayError as error:
        st.warning(widgets.plain(str(error)), icon=":material/history:")
        return
    widgets.show(figure)
    lines = words.splitlines()
    with st.container(border=True, key="story"):
        st.subheader("What happened", anchor=False)
        st.code("\n".join(lines[:MOST_LINES]), language=None, wrap_lines=True, height=420)
        if len(lines) > MOST_LINES:
            st.caption(f"The first {MOST_LINES} of {len(lines):,} lines; the download has all of them.")
        st.download_button(
            "Story as text", words, f"replication-{replication}.txt", "text/plain", on_click="ignore",
            icon=":material/download:",
        )  # fmt: skip


def _progress(result: "Result") -> None:
    """Show how far training is in many replications, once somebody asks: they have to be run again."""
    from simulator.report.figures import progress

    key = f"progress-{result.folder}-{result.ensemble.wall_seconds}"
    found = session.answer_of(key)
    if found is not None:
        widgets.show(found)
        return
    with st.container(border=True, key="fan"):
        st.subheader("How far training is, day by day", anchor=False)
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.html(
            markup.note("The band from P10 to P90 of the work done, from replications that are run again for it.")
        )
        if right.button("Draw it", key="draw-progress", width="stretch", disabled=session.live(session.job_of(key))):
            session.submit(key, "Progress", tasks.drawn(progress, result.ensemble))
            st.rerun()
        widgets.asked(key, "The figure", name="progress")


@lru_cache(maxsize=32)
def _told(folder: str, stamp: float, replication: int) -> "tuple[Figure, str]":
    """Return a replication as a figure and as a story; it is run again for that, and only once for a folder."""
    from simulator.report.figures import timeline
    from simulator.report.run.story import replay_story

    ensemble = tasks.read(Path(folder)).ensemble
    return timeline(ensemble, replication), replay_story(ensemble, replication)


page()
