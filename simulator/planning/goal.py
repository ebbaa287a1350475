"""What a break-even is asked, as people write it: which number to vary, and what is to be equal."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from simulator.scenario import Scenario
from simulator.scenario.number_paths import quantities
from simulator.scenario.sweep import common_fault
from simulator.words import units
from simulator.words.quantity import Quantity
from simulator.words.section import did_you_mean

STATISTICS = {"mean": None, "p10": 0.1, "p50": 0.5, "p90": 0.9}  # the share of a quantile
LIKE = {"finish": "d", "goodput": "%", "cost": "USD"}  # the unit of a target, by measure
MEASURES = tuple(LIKE)
_DAY = 86_400.0  # [s]


class BreakEvenError(ValueError):
    """A question that has no answer; the text is for the user, and `about` names the part that is wrong."""

    def __init__(self, text: str, about: str = "") -> None:
        super().__init__(text)
        self.about = about


class Question(NamedTuple):
    """What is to be equal: a statistic of a measure, between two scenarios or with a target."""

    measure: str = "finish"
    statistic: str = "mean"
    target: float | None = None  # in days, as a share, or in USD


def asked(path: str, alternative: Sequence[str], target: str | None, quantity: str) -> Question:
    """Return what is to be equal: with changes for an alternative, or with a target. Raises BreakEvenError.

    What it is about is input, with, target or quantity.
    """
    about = "input"
    try:
        check_input(path)
        about = "with"
        for override in alternative:
            check_change(override)
        about = "with, target"
        if bool(alternative) == bool(target):
            raise BreakEvenError(
                "give an alternative as PATH=VALUE, or a target such as 'finish.p90=60 d'; one of the two"
            )
        about = "quantity" if target is None else "target"
        return read_quantity(quantity) if target is None else read_target(target)
    except BreakEvenError as error:
        raise BreakEvenError(str(error), about) from None


def read_quantity(name: str) -> Question:
    """Return the question after a quantity such as "finish.p90", without a target. Raises BreakEvenError."""
    found = re.fullmatch(r"(\w+?)(?:_days|_usd)?(?:\.(\w+))?", name)
    measure, statistic = (found[1], found[2] or "mean") if found else (name, "mean")
    if measure not in MEASURES:
        hint = did_you_mean(measure, MEASURES) or "; one of " + ", ".join(MEASURES)
        raise BreakEvenError(f"there is no quantity '{measure}'{hint}")
    if statistic not in STATISTICS:
        raise BreakEvenError(f"there is no statistic '{statistic}'; one of {', '.join(STATISTICS)}")
    return Question(measure, statistic)


def read_target(target: str) -> Question:
    """Return the question that a target such as "finish.p90=60 d" asks. Raises BreakEvenError."""
    name, equals, value = target.partition("=")
    if not equals or not value.strip():
        raise BreakEvenError(f"'{target}' gives no value; write 'finish.p90=60 d'")
    question = read_quantity(name.strip())
    try:
        size = units.parse(value.strip(), LIKE[question.measure])
    except units.UnitError as error:
        raise BreakEvenError(str(error)) from None
    if question.measure == "goodput" and not 0.0 <= size <= 1.0:
        remedy = f"write {value.strip()}%" if 1.0 < size <= 100.0 and "%" not in value else "it lies from 0% to 100%"
        raise BreakEvenError(f"a goodput of {value.strip()} cannot be; {remedy}")
    if size < 0.0:
        raise BreakEvenError(f"{value.strip()} cannot be met, as it is less than nothing; write a target above zero")
    return question._replace(target=size / (_DAY if question.measure == "finish" else 1.0))


def check_change(override: str) -> None:
    """Raise BreakEvenError for a change of the alternative that says nothing, or that both have in common."""
    path, equals, _ = override.partition("=")
    if not equals:
        raise BreakEvenError(f"'{override}' gives no value; write '{override}=VALUE'")
    check_input(path)


def check_input(path: str) -> None:
    """Raise BreakEvenError for what all values and options have in common."""
    if (fault := common_fault(path, "values and options")) is not None:
        raise BreakEvenError(f"{path.strip()}: {fault}")


def check_between(path: str, between: tuple[str, str], numbers: Sequence[Quantity]) -> None:
    """Raise BreakEvenError for a range of an input whose ends are one."""
    low, high = (number.median for number in numbers)
    if low == high:
        raise BreakEvenError(f"{between[0]} and {between[1]} are the same value of {path}; give two ends of a range")


def check_price(scenario: Scenario, question: Question) -> None:
    """Raise BreakEvenError for a question about the cost of what has no price."""
    cost = scenario.document.cost
    delay = cost.delay is not None and scenario.start is not None and scenario.deadline is not None
    if question.measure == "cost" and not (cost.lines or delay):
        raise BreakEvenError("the scenario has no price, so there is no cost; give one, such as cost.gpu")


def number_at(scenario: Scenario, path: str) -> Quantity:
    """Return the number of a scenario at a path. Raises BreakEvenError where there is none."""
    numbers = {quantity.path: quantity for quantity in quantities(scenario.document)}
    if path not in numbers:
        below = [name for name in numbers if name.startswith(f"{path}.")]
        hint = f"; name one of {', '.join(below[:4])}" if below else did_you_mean(path, numbers)
        raise BreakEvenError(f"{path} is no single number of the scenario{hint or '; derisk check lists them'}")
    return numbers[path]
