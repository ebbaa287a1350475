"""The entry point of the app in a checkout: `streamlit run app.py`. The pages are in simulator/app/."""

from streamlit.starlette import App

from simulator.app.hosts import ENTRY, door

app = App(ENTRY, middleware=door())
