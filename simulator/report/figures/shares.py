"""Shares of the variance: what each input and chance bring alone, and with all that they do together with others."""

import math
from typing import TYPE_CHECKING

import pandas as pd

from simulator.report.figures.style import BLUE, OCHRE, Figure, blank, commas, note, nothing, percent, safe
from simulator.report.study.sensitivity_words import MEASURES, Z95, of_the_variance

if TYPE_CHECKING:
    from simulator.planning.indices import Index, Indices

MOST_ROWS = 12
ROW = 40  # [px]
APART = 0.17  # of a row, how far from its middle each of the two stands
KINDS = (("alone", "first", BLUE, -APART), ("in total", "total", OCHRE, APART))


def shares(found: "Indices") -> Figure:
    """Return the first-order and total share of each factor with 95 % intervals, the largest total on top."""
    measure = MEASURES[found.measure]
    known = [index for index in found.indices if math.isfinite(index.total) and math.isfinite(index.first)]
    shown = sorted(known, key=lambda index: -index.total)[:MOST_ROWS]
    plot = blank(height=120 + ROW * max(1, len(shown)), margin={"r": 40})
    for kind, field, colour, aside in KINDS:
        errors = [Z95 * 100 * getattr(index, f"{field}_error") for index in shown]
        plot.add_scatter(
            x=[100 * getattr(index, field) for index in shown], y=[place + aside for place in range(len(shown))],
            mode="markers", marker={"color": colour, "size": 10}, showlegend=False,
            error_x={"array": errors, "thickness": 2, "width": 0, "color": colour},
            customdata=[[safe(index.name), error] for index, error in zip(shown, errors, strict=True)],
            hovertemplate=f"%{{customdata[0]}} {kind}: %{{x:.1f}}% ± %{{customdata[1]:.1f}}%<extra></extra>",
        )  # fmt: skip
    words = "  ".join(f"<span style='color:{colour}'>●</span> {kind}" for kind, _, colour, _ in KINDS)
    note(plot, f"{words}, with 95 % intervals", 0, 1.0, xref="paper", yref="paper", yanchor="bottom", yshift=8)
    plot.add_vline(x=0, line={"width": 1})
    plot.update_xaxes(title_text=f"share of the variance of the {measure} [%]", ticksuffix="%", showgrid=True)
    plot.update_yaxes(
        tickvals=list(range(len(shown))), ticktext=[safe(index.name) for index in shown],
        range=[len(shown) - 0.5, -0.5], showgrid=False, ticksuffix="  ",
    )  # fmt: skip
    if not shown:
        nothing(plot, "nothing varies")
    told = ", ".join(f"{index.name} {percent(index.first, 2)} alone and {percent(index.total, 2)}" for index in shown)
    return Figure(
        f"shares_{found.measure}",
        f"Where the variance of the {measure} comes from",
        plot,
        f"{commas(of_the_variance(found))} In total: with what it does together with others. {found.rows:,} rows.",
        f"Two points with intervals a factor, its share of the variance of the {measure} alone and in total: {told}.",
        _table(found.indices),
    )


def _table(indices: "tuple[Index, ...]") -> pd.DataFrame:
    """Return all factors; shares of the variance are numbers from 0 to 1, as far as chance in the estimate allows."""
    rows = [
        {
            "input": index.name,
            "share_alone": index.first,
            "share_alone_standard_error": index.first_error,
            "share_in_total": index.total,
            "share_in_total_standard_error": index.total_error,
        }
        for index in indices
    ]
    return pd.DataFrame(rows)
