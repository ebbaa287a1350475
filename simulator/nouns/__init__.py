"""Nouns: the sections of a scenario. What runs, what breaks, what is saved, what it costs."""
