"""`derisk check`: every resolved value with its unit, how well it is known and its source; and what theory expects."""

from typing import TYPE_CHECKING, Any

from simulator.report import text
from simulator.report.run import shortage
from simulator.scenario import Row, Scenario
from simulator.scenario.cautions import cautions
from simulator.words.quantity import ASSUMED, CHOSEN, DEFAULT, FOLLOWS, GIVEN

if TYPE_CHECKING:
    from simulator.report.run.expected import Expected

SCHEMA = 1
HEADS = ("input", "value", "spread", "set by", "source")
STANDINGS = {
    GIVEN: "the scenario says it",
    CHOSEN: "the scenario says it, and it is a decision of its planner",
    DEFAULT: "ours, where the scenario is silent",
    FOLLOWS: "from other inputs: a profile, a known model or a prediction",
}


def assumed(rows: list[Row]) -> list[Row]:
    """Return the rows that nothing backs."""
    return [row for row in rows if row.source.startswith(ASSUMED)]


def as_json(scenario: Scenario, theory: "Expected") -> dict[str, Any]:
    """Return what `derisk check --json` prints."""
    rows = scenario.table()
    unbacked = assumed(rows)
    first = [*unbacked, *(row for row in rows if row not in unbacked)]
    inputs = [{**row._asdict(), "assumed": row.source.startswith(ASSUMED)} for row in first]
    derived = [{"name": row.path, "value": row.value, "meaning": row.source} for row in scenario.derived()]
    return {
        "schema": SCHEMA,
        "scenario": scenario.name,
        "file": scenario.file,
        "assumed": len(unbacked),
        "warnings": [*filter(None, [shortage.warning(scenario)])],
        "standings": STANDINGS,
        "cautions": list(cautions(scenario)),
        "inputs": inputs,
        "derived": derived,
        "expected": theory.as_json(),
    }


def as_text(scenario: Scenario, theory: "Expected", width: int | None) -> str:
    """Return what `derisk check` prints."""
    rows = scenario.table()
    unbacked = assumed(rows)
    backed = [row for row in rows if row not in unbacked]
    parts = [scenario.name, *([scenario.question] if scenario.question else [])]
    if short := shortage.warning(scenario):
        parts += ["", text.paragraph(short, width)]
    for title, some in (
        (f"ASSUMED: nothing backs these {len(unbacked)} of {len(rows)} inputs", unbacked),
        (f"With a source, or chosen ({len(backed)})", backed),
    ):
        if some:
            parts += ["", title, text.table([HEADS, *(_cells(row) for row in gathered(some))], width=width)]
    parts += ["", text.paragraph(f"Set by: {legend(rows)}.", width)]
    derived = [(row.path, row.value, row.source) for row in scenario.derived()]
    parts += ["", "What follows from them, at their medians", text.table(derived, width=width)]
    parts += ["", "What theory expects, at the medians", text.table(_expectations(theory), width=width)]
    return "\n".join(parts)


def gathered(rows: list[Row]) -> list[Row]:
    """Return rows in which the same thing said of several causes alike is one row, where the first of them stood."""
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        section, _, rest = row.path.partition(".")
        _, _, field = rest.partition(".")
        key = ("failures", field, *row[1:]) if section == "failures" and field else row
        alike.setdefault(key, []).append(row)
    return [
        same[0] if len(same) == 1 else same[0]._replace(path=f"failures.*.{key[1]} ({len(same)} causes)")
        for key, same in alike.items()
    ]


def legend(rows: list[Row]) -> str:
    """Return what the words for who sets an input mean, as far as they occur, with how many inputs are such."""
    counts = {word: sum(row.standing == word for row in rows) for word in STANDINGS}
    return "; ".join(f"{word} ({counts[word]}): {meaning}" for word, meaning in STANDINGS.items() if counts[word])


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    # Under the heading ASSUMED the word itself says nothing new.
    source = row.source.removeprefix(ASSUMED).removeprefix(": ") if row.source.startswith(ASSUMED) else row.source
    return row.path, row.value, row.ignorance or "-", row.standing, source


def _expectations(theory: "Expected") -> list[tuple[str, str, str]]:
    rows = [
        ("failures that stop the job", f"{text.number(theory.failures_per_day)} /day", "mean over the work"),
        ("MTTF of the job", text.duration(theory.mttf_hours * 3600), "1 / their rate, in wall-clock time"),
        ("recovery", text.duration(theory.recovery_minutes * 60), "mean, from the failure to training again"),
        ("a save blocks", text.duration(theory.save_seconds), "mean over the tiers"),
    ]
    if theory.optimal_interval_minutes is not None and theory.young_interval_minutes is not None:
        optimum, young = theory.optimal_interval_minutes, theory.young_interval_minutes
        rows.append(("optimal interval", text.duration(optimum * 60), "exact, by Lambert W"))
        rows.append(("", text.duration(young * 60), "to first order (Young 1974)"))
    how = "automatic" if theory.interval_is_automatic else "as given"
    rows.append(("interval chosen", text.duration(theory.interval_minutes * 60), f"work between saves, {how}"))
    rows.append(("goodput, first order", _goodput(theory.goodput_first_order), _CONVENTION))
    left_out = ", ".join(theory.run_time_leaves_out)
    accuracy = f"at the means; leaves out {left_out}" if left_out else "exact for this scenario"
    rows.append(("expected run time", text.duration(theory.run_time_days * 86_400), f"Daly 2006, {accuracy}"))
    for number, (cause, strikes) in enumerate(theory.strikes_per_day.items()):
        note = "" if number else "by cause; those that only stall or slow the job too"
        rows.append((f"strikes by {cause}", f"{text.number(strikes)} /day", note))
    return rows


_CONVENTION = "1 - save/interval - (recovery + interval/2)/MTTF, MTTF in wall-clock time; without stalls and waiting"


def _goodput(value: float) -> str:
    return text.percent(value) if value > 0 else "below zero: out of range"
