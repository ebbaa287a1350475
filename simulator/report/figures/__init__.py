"""Figures: each with a sentence that says what it shows, words for who cannot see it, and the table behind it."""

from simulator.report.figures.break_even import break_even
from simulator.report.figures.finish import finish
from simulator.report.figures.interval import interval
from simulator.report.figures.money import money
from simulator.report.figures.paired import paired
from simulator.report.figures.progress import progress
from simulator.report.figures.shares import shares
from simulator.report.figures.style import THEMES, Figure, style
from simulator.report.figures.sweeps import scale, spares
from simulator.report.figures.timeline import timeline
from simulator.report.figures.topology import fabric_of_scenario, topology
from simulator.report.figures.tornado import tornado
from simulator.report.figures.waterfall import waterfall

__all__ = [
    "THEMES",
    "Figure",
    "break_even",
    "fabric_of_scenario",
    "finish",
    "interval",
    "money",
    "paired",
    "progress",
    "scale",
    "shares",
    "spares",
    "style",
    "timeline",
    "topology",
    "tornado",
    "waterfall",
]
