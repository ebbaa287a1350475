"""What the run costs, line by line."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from simulator.ensemble.estimates import ENDS, SHARES
from simulator.nouns.cost import LINES
from simulator.report import ranges
from simulator.report.figures.style import BLUE, RED, Figure, blank, dollars, percent

DELAY, DELAY_LABEL = "delay", "delay"
ROW = 32  # [px]
FIELDS = ("mean", "mc_error", *SHARES, *ENDS)


def money(summary: Mapping[str, Any]) -> Figure | None:
    """Return the mean of each line of a summary's money, the largest first; None where nothing has a price."""
    lines = summary.get("money", {}).get("lines_usd", {})
    estimates = {**lines, DELAY: summary.get("delay_cost_usd", {})}
    rows = [{"line": name, "label": LINES[name].label, **_numbers(told)} for name, told in lines.items()]
    if "delay_cost_usd" in summary:
        rows.append({"line": DELAY, "label": DELAY_LABEL, **_numbers(summary["delay_cost_usd"])})
    if not rows:
        return None
    # A mean over replications of which none finishes is unknown, and comes last.
    rows.sort(key=lambda row: -(row["mean_usd"] or 0.0))
    drawn = [row for row in rows if row["mean_usd"] is not None]
    labels, means = [row["label"] for row in drawn], [float(row["mean_usd"]) for row in drawn]
    plot = blank(height=110 + ROW * max(1, len(drawn)), margin={"t": 20})
    plot.add_bar(
        y=labels,
        x=means,
        orientation="h",
        width=0.68,
        marker={"color": [RED if row["line"] == DELAY else BLUE for row in drawn], "line": {"width": 0}},
        text=[dollars(mean) for mean in means],
        textposition="outside",
        cliponaxis=False,
        customdata=[_quantiles(estimates[row["line"]]) for row in drawn],
        hovertemplate="%{y}: %{text} in the mean, %{customdata}<extra></extra>",
    )
    plot.update_xaxes(title_text="mean [USD]", range=[0, 1.18 * max([*means, 1e-9])])
    plot.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return Figure(
        "money",
        "What it costs",
        plot,
        _sentence(summary, rows),
        f"Horizontal bars of mean costs, the largest first: "
        f"{', '.join(f'{label} {dollars(mean)}' for label, mean in zip(labels, means, strict=True))}.",
        pd.DataFrame(rows),
    )


def _numbers(told: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name}_usd": told[name] for name in FIELDS}


def _quantiles(told: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.upper()} {ranges.cell(told, name, dollars)}" for name in ("p10", "p50", "p90"))


def _told(value: float | None) -> str:
    return "unknown" if value is None else dollars(value)


def _sentence(summary: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    """Return what it costs in the median, with the mean beside it; shares are those of the mean, which add up."""
    whole = summary.get("money", {}).get("total_usd", {})
    if not whole.get("mean"):
        return f"The {rows[0]['label']} costs {_told(rows[0]['mean_usd'])} in the mean."
    first = next(row for row in rows if row["line"] != DELAY)
    told = f"The run costs {ranges.cell(whole, 'p50', dollars)} in the median (95% interval) and "
    told += f"{_told(whole['mean'])} in the mean, {percent(first['mean_usd'] / whole['mean'])} of that for "
    told += first["label"]
    delay = summary.get("delay_cost_usd")
    if delay is None:
        return f"{told}."
    done = " of those that finish" if delay.get("unfinished") else ""
    half, mean = ranges.cell(delay, "p50", dollars), _told(delay["mean"])
    return f"{told}; the delay costs {half} in the median and {mean} in the mean{done} on top."
