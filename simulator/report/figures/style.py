"""The one style of all figures: colours, fonts, axes, and templates for a light and a dark page."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go
import plotly.io

from simulator.report import text
from simulator.report.cells import table_as_csv

# Each has a contrast of 3 or more with both backgrounds (WCAG 2.2, 1.4.11), so a mark looks alike by day and by night,
# and only text and lines follow the theme. Any two lie 15 or more apart in CIE L*a*b*, also as seen without red or
# green cones (Viénot, Brettel & Mollon 1999); the palette of Okabe and Ito (2008) is too light for white paper.
BLUE, RED, GREEN, PURPLE, OCHRE, GREY = "#3A6FD8", "#D1495B", "#00916A", "#B565C0", "#B8860B", "#7A8490"
PALETTE = (BLUE, RED, GREEN, PURPLE, OCHRE, GREY)

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
SIZE = 13  # [px]
HEIGHT = 400  # [px]
DAY_SECONDS = 86_400.0
LATEST = date(9999, 1, 1)


class Theme(NamedTuple):
    """Colours of a page."""

    background: str
    text: str
    muted: str
    grid: str


THEMES = {
    "light": Theme("#ffffff", "#1b1f24", "#55606b", "#e4e7eb"),
    "dark": Theme("#14171c", "#e8ebef", "#a3adb8", "#2c333b"),
}


@dataclass(frozen=True, repr=False)
class Figure:
    """A figure, what it says in a sentence, what it looks like in words, and its numbers with units in column names."""

    name: str
    title: str
    plot: go.Figure
    sentence: str
    alt: str
    table: pd.DataFrame

    def __repr__(self) -> str:
        """Return its title and what it says."""
        return f"{self.title}: {self.sentence}"

    def _repr_mimebundle_(self, *arguments: Any, **more: Any) -> Any:
        """Return what a notebook shows: the plot."""
        return self.plot._repr_mimebundle_(*arguments, **more)

    def csv(self) -> str:
        """Return its table as CSV."""
        return table_as_csv(self.table)


def template(theme: str) -> go.layout.Template:
    """Return the Plotly template of a theme. Raises KeyError."""
    colours = THEMES[theme]
    axis = {
        "automargin": True,
        "exponentformat": "B",
        "gridcolor": colours.grid,
        "linecolor": colours.muted,
        "tickcolor": colours.muted,
        "tickfont": {"color": colours.muted},
        "title": {"font": {"color": colours.muted, "size": SIZE}, "standoff": 12},
        "zeroline": False,
    }
    return go.layout.Template(
        layout={
            "annotationdefaults": {"font": {"color": colours.text, "size": SIZE}, "showarrow": False},
            "bargap": 0.15,
            "colorway": PALETTE,
            "font": {"family": FONT, "size": SIZE, "color": colours.text},
            "hoverlabel": {
                "align": "left",
                "bgcolor": colours.background,
                "bordercolor": colours.muted,
                "font": {"family": FONT, "size": SIZE, "color": colours.text},
            },
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
            "margin": {"l": 16, "r": 24, "t": 56, "b": 48},
            "paper_bgcolor": colours.background,
            "plot_bgcolor": colours.background,
            "separators": ".,",
            "shapedefaults": {"line": {"color": colours.muted, "width": 1.5}},
            "xaxis": {**axis, "showgrid": False, "ticks": "outside", "ticklen": 4, "showline": True},
            "yaxis": {**axis, "showgrid": True, "ticks": ""},
        }
    )


def style(plot: go.Figure, theme: str = "light") -> go.Figure:
    """Return a copy of a plot in a theme, `light` or `dark`. Raises KeyError."""
    copy = go.Figure(plot)
    return copy.update_layout(template=template(theme))


for _name in THEMES:
    plotly.io.templates[f"derisk_{_name}"] = template(_name)


def blank(height: int = HEIGHT, **layout: Any) -> go.Figure:
    """Return an empty plot in the light theme."""
    plot = go.Figure()
    return plot.update_layout(template="derisk_light", height=height, **layout)


def name_y(plot: go.Figure, words: str) -> None:
    """Write the name of the vertical axis above it, where nobody has to turn the head."""
    plot.add_annotation(
        text=words, xref="paper", yref="paper", x=0, y=1, xanchor="left", yanchor="bottom", yshift=10, opacity=0.8
    )


def note(plot: go.Figure, words: str, x: Any, y: Any, **more: Any) -> None:
    """Write words next to what they name, instead of a legend."""
    plot.add_annotation(text=words, x=x, y=y, **{"xanchor": "left", "yanchor": "middle", **more})


def nothing(plot: go.Figure, words: str) -> None:
    """Leave a plot empty, but for words that say why."""
    plot.update_xaxes(visible=False)
    plot.update_yaxes(visible=False)
    plot.update_layout(height=160, annotations=[], margin={"t": 20})
    note(plot, words, 0.5, 0.5, xref="paper", yref="paper", xanchor="center")


def safe(words: str) -> str:
    """Return a user's words so that Plotly shows them as they are: it reads some HTML in all its texts."""
    return escape(words, quote=False)


def commas(words: str) -> str:
    """Return text in which thousands are grouped by commas, as in a report, not as in YAML."""
    return re.sub(r"(?<=\d)_(?=\d{3})", ",", words)


def number(value: float, digits: int = 3) -> str:
    """Return a number for a sentence."""
    return commas(text.number(value, digits))


def days(value: float) -> str:
    """Return days for a sentence, in whatever unit people would tell them; never where they are infinite."""
    return commas(text.duration(value * DAY_SECONDS)) if math.isfinite(value) else text.number(value)


dollars = text.dollars


def percent(share: float, digits: int = 3) -> str:
    """Return a share for a sentence, in percent."""
    return f"{text.number(100 * share, digits)}%"


def day(start: date, after: float) -> str:
    """Return the day of the calendar on which a time after the start lies."""
    if not math.isfinite(after):
        return "never"
    moment = start + timedelta(days=math.floor(after))
    return f"{moment.day} {moment:%b %Y}"


class Clock:
    """The horizontal axis of times: days of the calendar where the start is known, else days since the start."""

    def __init__(self, start: date | None, most: float) -> None:
        # Beyond the year 9999 there is no calendar.
        self.start = start if start is not None and most < (LATEST - start).days else None

    def at(self, after: float) -> Any:
        """Return where a time stands on the axis [days after the start]."""
        if self.start is None:
            return float(after)
        return (datetime(self.start.year, self.start.month, self.start.day) + timedelta(days=float(after))).isoformat()

    def all_at(self, after: Iterable[float]) -> list[Any]:
        """Return where times stand."""
        return [self.at(one) for one in after]

    def width(self, length: float) -> float:
        """Return how wide a length of time is on the axis [days]."""
        return length if self.start is None else length * DAY_SECONDS * 1000

    def told(self, after: float) -> str:
        """Return a time in words."""
        return days(after) if self.start is None else day(self.start, after)

    def name(self) -> str:
        """Return the name of the axis."""
        return "days since the start" if self.start is None else "date"

    def on(self, plot: go.Figure, low: float, high: float, **more: Any) -> None:
        """Give a plot this axis, between two times."""
        form = {} if self.start is None else {"type": "date", "tickformat": "%-d %b\n%Y"}
        plot.update_xaxes(title_text=self.name(), range=[self.at(low), self.at(high)], **form, **more)
