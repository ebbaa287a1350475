"""The report of a run as one HTML file: it needs no network, prints, and follows the reader's light or dark."""

import json
import math
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import SHARES
from simulator.ensemble.shards import WHOLE
from simulator.numbers.ledger import Account
from simulator.report import ranges, text
from simulator.report.figures.style import THEMES, Figure, commas, dollars, number, percent, template
from simulator.report.ranges import value_of
from simulator.report.run import answer, checklist, notes
from simulator.report.run.contents import RESOLVED
from simulator.report.words import ACCOUNTS
from simulator.scenario import Scenario
from simulator.scenario.cautions import cautions
from simulator.words.quantity import ASSUMED

MOST_ROWS = 130  # of a figure's table on the page; its CSV has all
DAY = 86_400.0


# Columns of a sweep's table that the page shows, and how; those with columns of ends have intervals.
_SWEPT: dict[str, Callable[[Any], str]] = {
    **{f"finish_days_{name}": number for name in ("p10", "p50", "p90")},
    **{f"goodput_{name}": percent for name in ("p10", "p50", "p90")},
    "cost_usd_mean": dollars,
    "deadline_probability": percent,
    "unfinished": str,
    "never_probability": percent,
}
_SWEPT_HEADS = {
    **{f"finish_days_{name}": f"finish {name.upper()} [d]" for name in ("p10", "p50", "p90")},
    **{f"goodput_{name}": f"goodput {name.upper()}" for name in ("p10", "p50", "p90")},
    "cost_usd_mean": "mean cost",
    "deadline_probability": "meets the deadline",
    "never_probability": "never finishes",
}


class Card(NamedTuple):
    """A number to be seen first."""

    label: str
    value: str
    more: tuple[str, ...]


def render(ensemble: Ensemble, summary: Mapping[str, Any], manifest: Mapping[str, Any], figures: list[Figure]) -> str:
    """Return the report of a run as HTML, from its ensemble, the contents of its JSON files, and its figures."""
    scenario = ensemble.scenario
    rows = scenario.table()
    unbacked = checklist.assumed(rows)
    numbers = answer.quantity_rows(summary, tuple(SHARES))[1:]
    counts = answer.count_rows(summary)
    page = _environment().get_template("report.html.j2")
    return page.render(
        scenario=scenario,
        answer=commas(answer.sentence(summary, scenario)),
        cards=list(_cards(summary)),
        numbers=numbers,
        counts=counts[1:],
        money=answer.money_rows(summary)[1:],
        losses=list(_losses(summary)),
        notes=[commas(note) for note in notes.notes(summary, scenario, RESOLVED) if not note.startswith(ASSUMED)],
        warnings=list(_warnings(ensemble)),
        assumed=len(unbacked),
        inputs=len(rows),
        unbacked=[row._replace(source=_reason(row.source)) for row in checklist.gathered(unbacked)],
        backed=checklist.gathered([row for row in rows if row not in unbacked]),
        derived=scenario.derived(),
        command=_command(ensemble),
        manifest=manifest,
        summary=summary,
        **_drawn(figures),
    )


def render_answer(ensemble: Ensemble, summary: Mapping[str, Any]) -> str:
    """Return the answer of a run as a piece of HTML for a notebook: what the report says first."""
    scenario = ensemble.scenario
    page = _environment().get_template("notebook.html.j2")
    return page.render(
        scenario=scenario,
        answer=commas(answer.sentence(summary, scenario)),
        warnings=list(_warnings(ensemble)),
        cards=list(_cards(summary)),
    )


def render_sweep(scenario: Scenario, table: pd.DataFrame, manifest: Mapping[str, Any], figures: list[Figure]) -> str:
    """Return the report of a sweep as HTML, from its scenario, its table, the content of its manifest, and figures."""
    axes = manifest["axes"]
    columns: dict[str, Callable[[Any], str]] = {"cell": str, **dict.fromkeys(axes, str)}
    columns |= {name: write for name, write in _SWEPT.items() if name in table}
    names = [_SWEPT_HEADS.get(name, name) for name in columns]
    options = [f"--axis {shlex.quote(_axis(path, values))}" for path, values in axes.items()]
    again = f"--seed {manifest['seed']} -n {manifest['replications']}"
    return (
        _environment()
        .get_template("sweep.html.j2")
        .render(
            scenario=scenario,
            manifest=manifest,
            columns=names,
            rows=[[_swept(row, name, write) for name, write in columns.items()] for row in table.to_dict("records")],
            command=" ".join(["derisk sweep", RESOLVED, *options, again]),
            **_drawn(figures),
        )
    )


def _swept(row: Mapping[Any, Any], name: str, write: Callable[[Any], str]) -> str:
    """Return a cell of a sweep's row, with its interval where the row has the ends, or with its error."""
    told, stem = write(row[name]), name.removesuffix("_probability")
    if isinstance(row[name], float) and f"{stem}_low" in row:
        return ranges.within(row[name], (row[f"{stem}_low"], row[f"{stem}_high"]), write)
    error = row.get(f"{name.removesuffix('_mean')}_mc_error", math.nan) if name.endswith("_mean") else math.nan
    return f"{told} ± {write(error)}" if math.isfinite(error) else told


def _axis(path: str, values: list[str]) -> str:
    """Return an axis as the command reads it; brackets around all values keep those of a value apart from them."""
    listed, apart = ",".join(values), any(letter in value for value in values for letter in "[]{},")
    return f"{path}=[{listed}]" if apart else f"{path}={listed}"


def _drawn(figures: list[Figure]) -> dict[str, Any]:
    """Return what a page needs to draw figures."""
    return {
        "figures": [_shown(figure) for figure in figures],
        "plots": _plots(figures),
        "themes": THEMES,
        "library": Markup(_library()),
    }


def _environment() -> Environment:
    """Return the templates; whatever they are given is a user's text unless it is said to be markup."""
    environment = Environment(
        loader=PackageLoader("simulator.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["commas"] = commas
    environment.filters["apart"] = ranges.apart
    return environment


def _library() -> str:
    """Return plotly.js, once for all figures; it may not end the script in which it stands."""
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script.replace("</script", "<\\/script")


def _plots(figures: list[Figure]) -> Markup:
    """Return data and layouts as JSON that is safe within a script."""
    plots = {}
    for figure in figures:
        made = json.loads(figure.plot.to_json())
        made["layout"].pop("template", None)
        plots[figure.name] = {"data": made["data"], "layout": made["layout"]}
    templates = {name: template(name).to_plotly_json() for name in THEMES}
    written = json.dumps({"plots": plots, "templates": templates}, separators=(",", ":"))
    return Markup(written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _shown(figure: Figure) -> dict[str, Any]:
    table = figure.table.head(MOST_ROWS)
    names = [str(name) for name in table]
    rows = [[_cell(value, name) for value, name in zip(row, names, strict=True)] for row in _rows(table)]
    return {
        "name": figure.name,
        "title": figure.title,
        "sentence": figure.sentence,
        "alt": figure.alt,
        "csv": "data:text/csv;charset=utf-8," + quote(figure.csv()),
        "columns": list(table.columns),
        "rows": rows,
        "left_out": len(figure.table) - len(table),
    }


def _rows(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    yield from table.itertuples(index=False, name=None)


def _cell(value: Any, column: str) -> str:
    if value == math.inf:
        return text.endless(column)
    if isinstance(value, float) and math.isnan(value) and ("_low" in column or "_high" in column):
        return "unbounded"
    return number(value, 5) if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _cards(summary: Mapping[str, Any]) -> Iterator[Card]:
    finish = [commas(one) for one in answer.finish_texts(summary)]
    yield _card("done by" if "finish_date" in summary else "done within", finish)
    yield _card("goodput", _cells(summary["goodput"], percent))
    if (promise := summary.get("deadline")) is not None:
        chance, interval = ranges.apart(ranges.probability(promise, percent))
        yield Card("meets the deadline", chance, (f"95 %: {interval}", answer.date_text(promise["date"])))
    if (never := summary["never_finishes"])["probability"] > 0:
        chance, interval = ranges.apart(ranges.probability(never, percent))
        yield Card("never finishes", chance, (f"95 %: {interval}",))
    stops, interval = ranges.apart(commas(ranges.cell(summary["interruptions"]["total"], "p50", answer.count_text)))
    between = value_of(summary["mttf_hours"], "p50")
    every = f"one every {commas(text.duration(between * 3600))}" if stops != "0" else "none in the median"
    yield Card("interruptions", stops, (f"95 %: {interval}", every))
    for name, label in (("cost_usd", "cost"), ("delay_cost_usd", "cost of the delay")):
        if name in summary:
            yield _card(label, _cells(summary[name], dollars))


def _cells(estimate: Mapping[str, Any], write: Callable[[float], str]) -> list[str]:
    return [ranges.cell(estimate, name, write) for name in answer.QUANTILES]


def _card(label: str, cells: Sequence[str]) -> Card:
    """Return the card of a quantity from its P10, P50 and P90, each with its interval."""
    low, middle, high = cells
    value, interval = ranges.apart(middle)
    return Card(label, value, ((f"95 %: {interval}",) if interval else ()) + (f"P10 {low}", f"P90 {high}"))


def _losses(summary: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the accounts: training first, then what the median replication loses, the most on top."""
    shares, means = (answer.shares_of(summary, whose) for whose in ("median", "mean"))
    losses = sorted((one for one in Account if one is not Account.PRODUCTIVE), key=lambda one: -shares[one][0])
    largest = max((shares[one][0] for one in losses), default=0.0)
    shown = (one for one in losses if max(shares[one][0], means[one][0]) >= answer.LEAST_SHARE)
    for account in (Account.PRODUCTIVE, *shown):
        told = summary["ledger_share"][account.name]
        yield {
            "words": ACCOUNTS[account],
            "kept": account is Account.PRODUCTIVE,
            "median": answer.with_error(*shares[account], text.percent),
            "mean": answer.with_error(*means[account], text.percent),
            "quantiles": [ranges.cell(told, name, text.percent) for name in answer.QUANTILES],
            "bar": 0.0 if account is Account.PRODUCTIVE or largest <= 0 else 100 * shares[account][0] / largest,
        }


def _reason(source: str) -> str:
    return source.removeprefix(ASSUMED).removeprefix(": ")


def _warnings(ensemble: Ensemble) -> Iterator[str]:
    if ensemble.interrupted:
        kept = f"{ensemble.replications:,} of {ensemble.planned:,} replications"
        yield f"This run was interrupted: what follows rests on {kept}."
    if ensemble.shard != WHOLE:
        yield f"This is shard {ensemble.shard} of a run, not all of it."
    for told in cautions(ensemble.scenario):
        yield f"{commas(told)}."
    if ensemble.precision is not None and not ensemble.precision.reached:
        yield "The precision that was asked for was not reached."


def _command(ensemble: Ensemble) -> str:
    """Return the command that gives the same numbers again, from the run folder."""
    words = ["derisk run", RESOLVED, f"--seed {ensemble.seed}"]
    # With a stop rule the number of replications follows from the rule, which the file holds.
    if ensemble.precision is None:
        words.append(f"-n {ensemble.planned}")
    if ensemble.shard != WHOLE:
        words.append(f"--shard {ensemble.shard}")
    if ensemble.engine != "kernel":
        words.append(f"--engine {ensemble.engine}")
    if ensemble.policy:
        words.append(f"--policy FILE.PY:{ensemble.policy.partition('+')[0]}")
    return " ".join(words)
