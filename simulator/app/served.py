"""What `derisk app` hands to Streamlit's server: the pages, behind a door that only they go through."""

from streamlit.starlette import App

from simulator.app.hosts import ENTRY, door

# Streamlit looks for such an assignment in the file that it is given, and serves what it finds.
app = App(ENTRY, middleware=door())
