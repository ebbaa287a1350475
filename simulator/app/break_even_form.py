"""What somebody asks of a break-even on the page, with what is wrong about it by field. No Streamlit here."""

from collections.abc import Callable
from typing import NamedTuple

from simulator.app.state import Draft, load, told
from simulator.planning.goal import (
    BreakEvenError,
    Question,
    check_between,
    check_change,
    check_input,
    check_price,
    number_at,
    read_quantity,
    read_target,
)
from simulator.scenario import Scenario, ScenarioError
from simulator.scenario.number_paths import quantities
from simulator.scenario.sweep import split
from simulator.words import units
from simulator.words.quantity import Quantity
from simulator.words.unit_catalogue import PLURALS

FIRST = "cluster.hot_spares"
ROOM = 1.1  # times the failure-free time: a target that a good run meets
DAY = 86_400.0  # [s]
FAR = 10_000.0  # [d] beyond, digits are grouped
IDEA = "checkpoint.interval=30 min"


class Asked(NamedTuple):
    """The fields of the form, as texts that a user wrote."""

    draft: Draft
    path: str
    low: str
    high: str
    quantity: str  # such as finish.p90
    target: str  # a value; empty where there is an alternative
    alternative: str  # PATH=VALUE, PATH=VALUE; empty where there is a target
    replications: int
    by_target: bool

    @property
    def changes(self) -> tuple[str, ...]:
        """What the alternative changes, each as after `--with`."""
        return () if self.by_target else tuple(part for part in split(self.alternative) if part)

    @property
    def called(self) -> str:
        """What the alternative is called, as on the command line."""
        return " and ".join(self.changes)

    def question(self) -> Question:
        """Return what is to be equal. Raises BreakEvenError."""
        return read_target(f"{self.quantity}={self.target}") if self.by_target else read_quantity(self.quantity)

    def command(self) -> str:
        """Return the command that asks the same."""
        words = ["--input", self.path, "--between", self.low, self.high]
        if self.by_target:
            words += ["--target", f"{self.quantity}={self.target}"]
        else:
            words += [word for change in self.changes for word in ("--with", change)] + ["--quantity", self.quantity]
        return self.draft.command("break-even", *words, "-n", str(self.replications))

    def at(self, value: str, *, alternative: bool = False) -> Draft:
        """Return the draft at a value of the input, with what the alternative changes or without."""
        draft = self.draft.then(self.path, value)
        for change in self.changes if alternative else ():
            path, _, written = change.partition("=")
            draft = draft.then(path.strip(), written.strip())
        return draft


def inputs(scenario: Scenario) -> dict[str, Quantity]:
    """Return the numbers of a scenario that may be varied, by path."""
    found = {}
    for quantity in quantities(scenario.document):
        try:
            check_input(quantity.path)
        except BreakEvenError:
            continue
        found[quantity.path] = quantity
    return found


def usual_range(draft: Draft, quantity: Quantity) -> tuple[str, str]:
    """Return half and twice a number, as far as the scenario allows them."""
    middle = quantity.median
    ends = (middle / 2, 2 * middle) if middle else (0.0, 10.0 * float(units.unit(quantity.like).scale))
    if quantity.like in PLURALS.values():
        ends = (float(int(ends[0])), ends[1])
    low, high = (units.show(end, quantity.like) for end in ends)
    allowed = [load(draft.then(quantity.path, text)).scenario is not None for text in (low, high)]
    return (low if allowed[0] else quantity.text()), (high if allowed[1] else quantity.text())


def usual_target(scenario: Scenario, measure: str) -> str:
    """Return a target to begin with: the deadline, or a little more than the time without failures."""
    if measure == "goodput":
        return "90%"
    if measure == "cost":
        return ""
    if scenario.start is not None and scenario.deadline is not None:
        return f"{(scenario.deadline - scenario.start).days + 1} d"
    days = ROOM * scenario.work() / DAY
    return f"{days:.1f} d".replace(".0 ", " ") if 1 <= days < FAR else units.show(ROOM * scenario.work(), "d")


def faults(asked: Asked) -> dict[str, str]:
    """Return what is wrong by field: input, low, high, between, target, alternative, quantity; empty where all fits."""
    ends, found = _ends(asked)
    if len(ends) == 2:
        numbers = [number_at(end, asked.path) for end in ends]
        found |= _refused("between", check_between, asked.path, (asked.low, asked.high), numbers)
    field = "target" if asked.by_target else "alternative"
    if not asked.by_target:
        found |= _of_alternative(asked, known=len(ends) == 2)
    elif not asked.target.strip():
        found["target"] = "Write a value with its unit, such as 60 d, 80% or 10M USD."
    if field not in found:
        found |= _refused(field, asked.question)
    if ends and field not in found:
        found |= _refused("quantity", check_price, ends[0], asked.question())
    return found


def _ends(asked: Asked) -> tuple[list[Scenario], dict[str, str]]:
    """Return the scenario at each end of the range, as far as they are valid, and what is wrong with the others."""
    base = load(asked.draft).scenario
    if not asked.path.strip():
        return [], {"input": "Choose an input, such as cluster.hot_spares."}
    if found := _refused("input", check_input, asked.path):
        return [], found
    ends: list[Scenario] = []
    for name, text in (("low", asked.low), ("high", asked.high)):
        loaded = load(asked.at(text)) if text.strip() else None
        scenario = None if loaded is None else loaded.scenario
        # Where a value is taken, its own scenario says whether there is a number; else the one as it is does.
        if where := scenario or base:
            found |= _refused("input", number_at, where, asked.path)
        if loaded is None:
            found[name] = "Write a value with its unit, or a multiple such as x2."
        elif loaded.errors:
            found[name] = _in_words(loaded.errors[0], asked.path)
        elif scenario is not None:
            ends.append(scenario)
    return ([], {"input": found["input"]}) if "input" in found else (ends, found)


def _of_alternative(asked: Asked, *, known: bool) -> dict[str, str]:
    if not asked.changes:
        return {"alternative": f"Write what the alternative changes, PATH=VALUE, such as {IDEA}."}
    for change in asked.changes:
        if found := _refused("alternative", check_change, change):
            return found
    for end in (asked.low, asked.high) if known else ():
        errors = load(asked.at(end, alternative=True)).errors
        if errors:
            return {"alternative": _in_words(errors[0], "")}
    return {}


def _refused(field: str, check: Callable[..., object], *arguments: object) -> dict[str, str]:
    """Return what a check of the planner says about a field; empty where it has nothing to say."""
    try:
        check(*arguments)
    except BreakEvenError as error:
        return {field: str(error)}
    return {}


def _in_words(error: ScenarioError, path: str) -> str:
    return told(error) if error.path in ("", path) else f"{error.path}: {told(error)}"
