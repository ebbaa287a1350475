"""Sections of the page Sensitivity: each draws itself and returns the command that says the same."""
