"""The file that `derisk app` hands to Streamlit. It is run anew for every click, so all else is imported."""

from simulator.app.main import main

main()
