"""The pages: text from a question and from what its command said, and the index of all of them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from questions.asking import Question, Told, written
from questions.drawing import digest
from questions.words import counted
from simulator.metrics.columns import column
from simulator.report.figures import Figure

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "questions"
IMAGES = FOLDER.parent / "images" / "questions"
FENCE = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ESTIMATES = (
    "Run time is P50, with P10 to P90 in brackets, each with half its 95 % interval; goodput is P50, with P10 to P90, "
    "and cost P50; never is the share of runs that do not finish within the horizon, {horizon}, with its 95 % interval"
)
CHOICES = {"chosen": "a choice", "given": "a choice of this page"}
PAIRED = (
    "pair by pair under the same chance: their median with its 95 % interval, in which a run that never finishes is "
    "infinitely long, and their mean with half of its own, over the pairs that both finish"
)


def page(question: Question, told: Told, figure: Figure) -> str:
    """Return a page."""
    first, *rest = question.answer(told)
    table = question.table(told)
    lines = [f"# {question.title}", "", f"**Answer.** **{first}** {' '.join(rest)}".rstrip(), ""]
    lines += ["```", written(question.command), "```", ""]
    lines += [f"![{figure.alt}](../images/questions/{question.name}.svg)", ""]
    lines += [*table, ""]
    lines += [_how(told, "difference" in table[0]), "", f"**Caveat.** {question.caveat}", "", "## What it rests on", ""]
    lines += [*rests(question, told), "", f"<!-- {digest(figure)} -->", ""]
    return "\n".join(lines)


def _how(told: Told, differences: bool) -> str:
    """Return how the numbers of the table are to be read."""
    found = told.json
    seed, many = found["seed"], found.get("replications")
    estimates = ESTIMATES.format(horizon=_horizon(told))
    form = {
        "run": _of_a_run(told),
        "compare": f"{estimates}. Differences are to the first line, {PAIRED}.",
        "sweep": f"{estimates}. Differences are to the line without one, {PAIRED}." if differences else f"{estimates}.",
        "break-even": "Each value is tried under the same chance; the interval is that of the Monte Carlo error, "
        "and a run that never finishes counts as infinitely long.",
        "sensitivity": "One input is held at its P10 or P90 and all others are drawn, under the same chance; "
        "± is a 95 % interval, and a run that never finishes counts as infinitely long.",
    }[told.words[1]]
    if many is None:
        many = found["tornado"]["replications"]
    each = "" if told.words[1] == "run" else "each, "
    left = sum(each["left_out"] for each in found.get("alternatives", ()))
    out = f" {left:,} pairs of which one did not finish are left out of means of the run time." if left else ""
    return f"{form} {_counted(told, many)} {each}with seed {seed}.{out}"


def _counted(told: Told, many: int) -> str:
    """Return the replications; how many the scenario asks for where the page runs fewer."""
    asked = told.scenario.replications
    return f"{many:,} of the scenario's {asked:,} replications" if many < asked else f"{many:,} replications"


def _of_a_run(told: Told) -> str:
    """Return how the numbers of a run are to be read; empty for other commands."""
    if told.ensemble is None:
        return ""
    finishes = column(told.ensemble, "finish_days")
    never = counted(int(np.isinf(finishes).sum()), len(finishes))
    return (
        "The error is that of the mean; quantiles are order statistics, with their 95 % intervals. "
        f"{never} of the runs never finish within the horizon, {_horizon(told)}."
    )


def _horizon(told: Told) -> str:
    return next(row.value for row in told.scenario.table() if row.path == "run.horizon")


def rests(question: Question, told: Told) -> Iterator[str]:
    """Yield the inputs that decide, by source. Raises AssertionError for a beginning of a path that finds none."""
    rows = {row.path: row for scenario in reversed(told.scenarios) for row in scenario.table()}
    backed: dict[str, list[str]] = {}
    for beginning in question.rests:
        found = [row for path, row in rows.items() if path == beginning or path.startswith(f"{beginning}.")]
        assert found, f"{question.name}: nothing in the scenario begins with {beginning}"
        for row in found:
            # A default that is no claim about the world, or that no share of failures is absorbed, needs no words.
            if row.source == "default" or row.value == "0%":
                continue
            value = f"{row.value} ({row.ignorance})" if row.ignorance else row.value
            backed.setdefault(CHOICES.get(row.source, row.source), []).append(f"`{row.path}` {value}")
    for source in sorted(backed, key=lambda source: source.startswith("ASSUMED")):
        yield f"- {source}: {'; '.join(dict.fromkeys(backed[source]))}"
    for scenario, name in zip(told.scenarios, told.words[2:], strict=False):
        table = scenario.table()
        assumed = sum(row.source.startswith("ASSUMED") for row in table)
        yield f"- ASSUMED in all: {assumed} of {len(table)} inputs of `{name}`; `derisk check {name}` lists them first"


def command_in(text: str) -> str:
    """Return the one command of a page. Raises AssertionError for none or several."""
    found = FENCE.findall(text)
    assert len(found) == 1, f"{len(found)} commands"
    return str(found[0])


def index(questions: Iterable[Question]) -> str:
    """Return the index: each question with the first sentence of its page's answer."""
    lines = [
        "# Planner's questions", "",
        "Each is one command, one figure and one caveat, and a test runs the command and compares. Numbers come from "
        "simulation; what was not measured is called ASSUMED on its page. `make questions` writes all of this.", "",
    ]  # fmt: skip
    for question in questions:
        text = (FOLDER / f"{question.name}.md").read_text(encoding="utf-8")
        found = re.search(r"^\*\*Answer\.\*\* \*\*(.*?)\*\*", text, re.MULTILINE)
        assert found, f"{question.name}: no answer"
        lines.append(f"- [{question.title}]({question.name}.md) {found[1]}")
    return "\n".join([*lines, ""])
