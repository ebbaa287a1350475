"""The pages by name, what all of them have in common, and the last line of defence: words instead of a traceback."""

import logging
import sys
import threading
from pathlib import Path

import streamlit as st

from simulator.app import markup, session, validation_page
from simulator.app.sidebar import sidebar

# Not called "pages": Streamlit would run what lies there by itself, without what main() sets up before.
PAGES = Path(__file__).resolve().parent / "views"
ICON = PAGES.parent / "icon.svg"  # not one of the icons that Streamlit fetches from elsewhere
NAVIGATION = (
    ("answer", "Answer"),
    ("scenario", "Scenario"),
    ("compare", "Compare"),
    ("spares", "Spares & checkpoints"),
    ("sensitivity", "Sensitivity"),
    ("scale", "Scale"),
    ("fabric", "Fabric"),
    ("timeline", "Timeline"),
    ("validation", "Validation"),
    ("share", "Report & share"),
)


def main() -> None:
    """Draw the page that the address asks for."""
    st.set_page_config("Derisk", str(ICON), layout="wide", initial_sidebar_state="expanded")
    st.html(markup.STYLE)
    session.begin()
    pages = [
        st.Page(PAGES / f"{name}.py", title=words, url_path=name, default=name == "answer")
        for name, words in NAVIGATION
        if _is_there(name)
    ]
    page = st.navigation(pages, position="top")
    try:
        sidebar()
        page.run()
    except Exception as error:
        logging.getLogger(__name__).exception("a page failed")
        st.error(
            f"This page failed, which is our fault and not yours ({type(error).__name__}). Your inputs are kept; the "
            "other pages work, and the log of the server has the details.",
            icon=":material/error:",
        )
    session.write_address()
    _warm_up()


def _is_there(name: str) -> bool:
    return (PAGES / f"{name}.py").is_file() and (name != "validation" or validation_page.file() is not None)


def _warm_up() -> None:
    """Bring in what a run needs while the first page is being read."""
    if "simulator.engines.kernel" not in sys.modules and not _WARM.is_set():
        _WARM.set()
        threading.Thread(target=_import_engine, daemon=True, name="warm up").start()


def _import_engine() -> None:
    import simulator.engines.kernel
    import simulator.report.run.folder  # noqa: F401 - it is there when somebody clicks


_WARM = threading.Event()
