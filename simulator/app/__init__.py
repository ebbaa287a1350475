"""The app: pages for planners. Jobs, links and scenarios of a session know nothing of Streamlit; pages do."""
