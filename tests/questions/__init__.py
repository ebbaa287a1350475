"""Planners' questions: each a command, what it says, a figure, a caveat. `tests/question_pages.py` writes the pages."""
