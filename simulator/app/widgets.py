"""What several pages show alike: charts, commands, progress, errors, and pages that have nothing to show yet."""

from typing import TYPE_CHECKING

import streamlit as st

from simulator.app import fields, markup, session, tasks
from simulator.app.jobs import Job, State, left
from simulator.app.settings import registry, settings
from simulator.app.state import told
from simulator.scenario.cautions import cautions
from simulator.scenario.errors import of_option

if TYPE_CHECKING:
    import pandas as pd

    from simulator.app.tasks import Result
    from simulator.report.figures import Figure
    from simulator.scenario import Scenario, ScenarioError

LITTLE = 36  # [px]
EVERY = 0.4  # [s] how often progress is drawn anew
CHART = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"], "responsive": True}


def theme() -> str:
    """Return whether the page is `light` or `dark`."""
    return "dark" if st.context.theme.type == "dark" else "light"


def title(words: str, question: str = "") -> None:
    """Begin a page."""
    st.title(words, anchor=False)
    if question:
        st.html(markup.note(question))


def show(figure: "Figure", *, heading: bool = True) -> None:
    """Show a chart with its sentence, the words for those who cannot see it, and its numbers."""
    from simulator.report.figures.style import style

    with st.container(key=f"figure-{figure.name}", border=True, height="stretch"):
        if heading:
            st.subheader(plain(figure.title), anchor=False)
        st.html(markup.says(figure.sentence))
        plot = style(figure.plot, theme())
        plot.update_layout(paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)")
        if figure.plot.layout.margin.t is None:
            # The title and the sentence stand above, so a plot needs less room there than by itself.
            plot.update_layout(margin_t=LITTLE)
        st.plotly_chart(plot, theme=None, config=CHART, alt=figure.alt, key=f"chart-{figure.name}")
        st.download_button(
            "CSV",
            figure.csv(),
            f"{figure.name}.csv",
            "text/csv",
            key=f"csv-{figure.name}",
            icon=":material/download:",
            help=f"The numbers behind this chart. {plain(figure.alt)}",
            on_click="ignore",
        )


def command(*lines: str) -> None:
    """End a page: how to have the same on the command line."""
    st.caption("The same on the command line")
    st.code("\n".join(lines), language="bash", wrap_lines=True)
    if session.draft().text is not None:
        st.caption(f"`{session.draft().called}` is your file: the page Scenario has it for download.")


def problems() -> None:
    """Tell what is wrong: with the last thing that was asked for, and with the scenario."""
    trouble = st.session_state.get("trouble")
    if trouble:
        st.warning(plain(trouble), icon=":material/info:")
        st.session_state.trouble = ""
    loaded = session.loaded()
    if loaded.scenario is not None and loaded.scenario.inert:
        words = "\n".join(f"- {plain(line)}" for line in loaded.scenario.inert)
        st.info(f"Without effect here, and left out:\n{words}", icon=":material/info:")
    if loaded.scenario is not None and (told := cautions(loaded.scenario)):
        st.warning("\n".join(f"- {plain(line)}" for line in told), icon=":material/warning:")
    errors = loaded.errors
    if errors:
        words = "\n".join(f"- {plain(in_words(error))}" for error in errors[:12])
        more = f"\n- and {len(errors) - 12} more" if len(errors) > 12 else ""
        st.error(f"The scenario cannot be run as it is. Nothing was lost.\n{words}{more}", icon=":material/error:")


def wrong(words: str) -> None:
    """Tell what is wrong with a field, under it."""
    st.markdown(f":red[{plain(words)}]")


def allowed(wanted: int, instead: str = "choose fewer") -> bool:
    """Whether a question takes no more replications than this app allows; tell what is wrong where it does."""
    words = tasks.beyond(wanted, settings().most_replications, instead)
    if words:
        wrong(words)
    return not words


def counted(replications: int, scenario: "Scenario") -> None:
    """Tell how many replications numbers rest on, and of how many where the scenario asks for more."""
    from simulator.report import text
    from simulator.report.figures.style import commas

    usual = tasks.planned(scenario)
    told = f"{commas(text.replications(replications, usual))} each"
    if replications < usual:
        told += ": the first of those of the page Answer, so quantiles differ from its within their 95 % intervals"
    elif replications == usual:
        told += ", as on the page Answer: the same scenario has the same numbers"
    st.html(markup.note(f"{told}."))


def in_words(error: "ScenarioError") -> str:
    """Return an error with its place: the line of a file, or the field of a form."""
    field = of_option(error.file) and not error.follows
    return f"{error.path}: {told(error)}" if field else error.headline


def plain(text: str) -> str:
    """Return text that Markdown leaves as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|~$:" else letter for letter in text)


def running(job: Job | None, *, name: str = "run", what: str = "The run") -> None:
    """Show how far a job is, with a button that stops it; when it ends, the page is drawn anew once."""
    if not session.live(job):
        _ended(job, what)
        return

    @st.fragment(run_every=EVERY, key=f"progress-{name}")
    def progress() -> None:
        assert job is not None
        if job.ended:
            st.rerun()
        with st.container(border=True, key=f"job-{name}"):
            told, button = st.columns([6, 1], vertical_alignment="center")
            told.progress(job.share, text=_told(job))
            clicked = button.button("Cancel", key=f"cancel-{name}", width="stretch", disabled=job.stopping)
        if clicked:
            if not session.withdraw(job):
                st.session_state.trouble = "Somebody else waits for the same run, so it goes on without you."
            st.rerun()

    progress()


def _told(job: Job) -> str:
    """Return how far a job is, in words."""
    name = f"**{plain(job.label)}**"
    if job.state is State.WAITING:
        position = registry().position(job)
        ahead = registry().at_once
        return f"{name} waits: number {position} in the queue, {ahead} run at a time"
    if job.stopping:
        return f"{name}: stopping; what is done is kept"
    done = job.progress
    if done is None or not done.done:
        cold = _is_cold()
        why = "compiling the engine: this happens once and takes about half a minute" if cold else "beginning"
        return f"{name}: {why}"
    return f"{name}: {done.done:,} of {done.planned:,} replications; {left(done) or 'nearly done'}"


def _is_cold() -> bool:
    import sys

    jit = sys.modules.get("simulator.jit")
    return jit is not None and bool(jit.cache_is_cold())


def asked(key: str, what: str, *, name: str = "question") -> None:
    """Show how far the job of a question is, and why it has no answer where it has none."""
    running(session.job_of(key), name=name, what=what)


def _ended(job: Job | None, what: str) -> None:
    if job is None:
        return
    if job.state is State.FAILED:
        st.error(f"{what} did not work. {plain(job.error)}", icon=":material/error:")
    elif job.state is State.CANCELLED and job.result is None:
        st.info(f"{what} was cancelled before there was a part of it to show.", icon=":material/info:")


def result() -> "Result | None":
    """Return the result that a page is about; without one, show how to get it."""
    scenario = session.loaded().scenario
    running(session.job())
    found = session.shown()
    if found is None:
        if scenario is not None and not session.live(session.job()):
            empty("There is no result yet", "Run the scenario first: a preset takes a few seconds.")
        return None
    read = session.result_of(found)
    if isinstance(read, str):
        st.warning(plain(read), icon=":material/folder_off:")
        if scenario is not None and st.button("Run it again", type="primary", key="run-again"):
            session.run(again=True)
            st.rerun()
        return None
    _marks(found, read)
    return read


def _marks(found: session.Shown, read: "Result") -> None:
    """Say what one has to know before reading a result: that it is older than the inputs, or only a part."""
    if session.is_stale(found):
        changed = session.changes_since(found)
        what = f" Changed since: {', '.join(changed[:4])}{' ...' if len(changed) > 4 else ''}." if changed else ""
        with st.container(horizontal=True, vertical_alignment="center", key="stale"):
            st.badge("Older than the inputs", icon=":material/history:", color="orange")
            st.caption(f"This result belongs to the inputs before the last change.{plain(what)}")
    if read.ensemble.interrupted:
        partial(read.ensemble.replications, read.ensemble.planned, "replications")


def partial(done: int, whole: int, what: str) -> None:
    """Say that a result was cancelled and which part of it there is; nothing where all of it was done."""
    if done < whole:
        cut_short(f"{done:,} of {whole:,} {what} were done and are kept.")


def cut_short(words: str) -> None:
    """Say that a result was cancelled, and what there is of it."""
    with st.container(horizontal=True, vertical_alignment="center", key="partial"):
        st.badge("Cancelled, partial", icon=":material/timelapse:", color="orange")
        st.caption(words)


def empty(words: str, how: str, *, button: bool = True) -> None:
    """Show that there is nothing yet, and what to do."""
    with st.container(border=True, key="empty"):
        st.subheader(words, anchor=False)
        st.html(markup.note(how))
        disabled = session.loaded().scenario is None or session.live(session.job())
        if button and st.button("Run the scenario", type="primary", key="run-empty", disabled=disabled):
            session.run()
            st.rerun()


def limits() -> str:
    """Return what the app allows, in words."""
    running_now, waiting = registry().counts()
    most = f"At most {settings().most_replications:,} replications a run and {registry().at_once} runs at a time."
    return f"{most} Now {running_now} running, {waiting} waiting." if waiting else most


def table(rows: "pd.DataFrame", name: str, alt: str) -> None:
    """Show a table with its numbers for download."""
    from simulator.report.cells import table_as_csv

    numbers = {
        str(column): st.column_config.NumberColumn(format="localized")
        for column in rows
        if rows[column].dtype.kind in "iu"
    }
    st.dataframe(rows, hide_index=True, key=f"table-{name}", alt=alt, column_config=numbers)
    st.download_button(
        "CSV",
        table_as_csv(rows),
        f"{name}.csv",
        "text/csv",
        key=f"csv-{name}",
        icon=":material/download:",
        on_click="ignore",
    )


def text_field(path: str, label: str, value: str, *, form: str, source: str = "") -> None:
    """Draw the field of a path, as a scenario writes it; what is wrong with it stands under it."""
    given = dict(session.draft().overrides)
    meaning = fields.help_of(path)
    if source:
        meaning = f"{meaning}. Source: {source}"
    typed = st.text_input(
        f"{label} :violet-badge[changed]" if path in given else label,
        value,
        key=f"field:{form}:{path}:{value}",
        max_chars=400,
        help=plain(meaning) or None,
        placeholder="not given",
    )
    if typed != value:
        session.use(session.draft().changed(path, typed.strip() or None))
        st.rerun()
    for words in session.loaded().at(path):
        wrong(words)
