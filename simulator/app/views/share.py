"""Report & share: take the result along, or send a link that reopens the scenario."""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from simulator.app import link, markup, session, tasks, widgets
from simulator.app.state import DraftError
from simulator.scenario import ScenarioErrors

if TYPE_CHECKING:
    from simulator.app.tasks import Result

REPORTS = {
    "report.html": ("Report, HTML", "text/html", "one page with all figures, to be forwarded; it needs no network"),
    "report.xlsx": (
        "Report, Excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "the numbers behind it, a sheet for each question",
    ),
}
FILES = {
    "summary.json": ("Numbers", "application/json", "every metric with its Monte Carlo error"),
    "replications.parquet": ("Replications", "application/octet-stream", "one row a replication, for pandas or DuckDB"),
    "losses_by_cause.csv": ("Losses", "text/csv", "days lost on each account, failures by cause"),
}


def page() -> None:
    """Draw the page."""
    widgets.title("Report & share", "Take the result along, or send a link that reopens the scenario.")
    widgets.problems()
    _link()
    result = widgets.result()
    if result is not None:
        _files(result)
    report = [] if result is None else [f"derisk report {result.folder}"]
    widgets.command(session.draft().command("run"), *report)


def _link() -> None:
    with st.container(border=True, key="link"):
        st.subheader("A link to this scenario", anchor=False)
        try:
            parameters = link.encode(session.draft())
        except DraftError as error:
            st.info(widgets.plain(str(error)), icon=":material/link_off:")
        else:
            st.code(_address(parameters), language=None, wrap_lines=True)
            said = "It holds the inputs, not the result: whoever opens it gets the same numbers from the same seed. "
            st.html(markup.note(said + "It works wherever this app runs."))
        try:
            text = session.draft().yaml()
        except ScenarioErrors:
            text = session.draft().text or ""
        name = session.draft().called or f"my_{session.draft().preset.rpartition('/')[2]}.yaml"
        st.download_button("Scenario as YAML", text, name, "application/yaml", on_click="ignore", key="share-yaml")


def _address(parameters: dict[str, str]) -> str:
    here = urlsplit(st.context.url or "http://localhost:8501/")
    path = here.path.rsplit("/", 1)[0] + "/"
    return urlunsplit((here.scheme, here.netloc, path, urlencode(parameters), ""))


def _files(result: "Result") -> None:
    with st.container(border=True, key="files"):
        st.subheader("The result", anchor=False)
        _reports(result)
        for name, (label, mime, what) in FILES.items():
            left, right = st.columns([1, 3], vertical_alignment="center")
            content = _content(result.folder / name)
            left.download_button(
                label, content or b"", f"{result.folder.name}-{name}", mime, key=f"file-{name}", width="stretch",
                disabled=content is None, on_click="ignore", icon=":material/download:",
            )  # fmt: skip
            right.html(markup.note(f"{name}: {what}"))
        left, right = st.columns([1, 3], vertical_alignment="center")
        left.download_button(
            "All of it", lambda: _zip(result.folder), f"{result.folder.name}.zip", "application/zip", key="file-all",
            width="stretch", on_click="ignore", icon=":material/folder_zip:",
        )  # fmt: skip
        right.html(
            markup.note("the whole run folder: numbers, events, stories, the resolved scenario and its manifest")
        )


def _reports(result: "Result") -> None:
    """Offer the reports of a run where they are written, else to write them."""
    key = f"report-{result.folder}-{result.ensemble.wall_seconds}"
    widgets.asked(key, "The report")
    for name, (label, mime, what) in REPORTS.items():
        left, right = st.columns([1, 3], vertical_alignment="center")
        content = _content(result.folder / name)
        if content is not None:
            left.download_button(
                label, content, f"{result.folder.name}-{name}", mime, key=f"file-{name}", width="stretch",
                type="primary", on_click="ignore", icon=":material/description:",
            )  # fmt: skip
        elif left.button(label, key=f"make-{name}", width="stretch", disabled=session.live(session.job_of(key))):
            session.submit(key, "The report", tasks.report(result.folder), again=True)
            st.rerun()
        right.html(markup.note(f"{what}{'' if content is not None else '; it is written first, which takes a moment'}"))


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _zip(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, f"{folder.name}/{file.relative_to(folder).as_posix()}")
    return packed.getvalue()


page()
