"""The entry point of the app in a checkout: `streamlit run app.py`. The pages are in simulator/app/."""

from simulator.app.main import main

main()
