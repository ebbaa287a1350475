"""The file that Streamlit runs for every click, so all else is imported."""

from simulator.app.main import main

main()
