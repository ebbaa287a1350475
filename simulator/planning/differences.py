"""In which inputs scenarios differ: what was compared, in the words of a scenario file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from simulator.scenario import Scenario
from simulator.scenario.number_paths import quantities

# What is the same in all, or says nothing about the run.
_NO_INPUT = ("schema", "name", "question", "sweep", "run.seed", "run.replications", "run.stop")
_CLASSES = "operator.classes"
_LISTS = ("recovery.ladder.", "checkpoint.tiers.")  # which a class of operator fills as a whole, with their words
_BACKING = ("source", "how")
_LAWS = ("value", "p10", "p50", "p90", "spread", "mean", "shape", "from", "to", "every", "power", "law")
_FORMS = frozenset({*_LAWS, "by_gpus", "times", "by_class"})


class Differing(NamedTuple):
    """An input, and what each of several scenarios says of it; None where it says nothing."""

    path: str
    values: tuple[str | None, ...]
    follows: bool = False  # from others that differ: none of the scenarios says it itself


def inputs(resolved: Mapping[str, Any]) -> dict[str, str]:
    """Return all inputs of a resolved scenario by path, in the order of the file, without what backs them."""
    return {path: text for path, text in _told(resolved, "") if not _is_none(path)}


def differing(scenarios: Sequence[Scenario]) -> tuple[Differing, ...]:
    """Return the inputs in which scenarios differ, in the order of the schema."""
    told = [inputs(scenario.resolved()) for scenario in scenarios]
    paths = dict.fromkeys(path for each in told for path in each)
    said = [_said(scenario) | {_CLASSES} for scenario in scenarios]
    if len({each.get(_CLASSES) for each in told}) > 1:
        said = [paths - _filled(scenario, each) for paths, scenario, each in zip(said, scenarios, told, strict=True)]
    rows = [
        Differing(path, tuple(each.get(path) for each in told), not any(path in each for each in said))
        for path in paths
    ]
    return tuple(row for row in rows if len(set(row.values)) > 1)


def _said(scenario: Scenario) -> set[str]:
    """Return the paths of all inputs that a scenario says itself, and not its profiles, its step or our defaults."""
    silent = set(scenario.silent())
    numbers = {quantity.path for quantity in quantities(scenario.document)}
    filled = () if scenario.step is None else scenario.step.filled
    # A law is said if any of its numbers is; words have no mark, and all but those of the plan are said.
    laws = {path.rpartition(".")[0] for path in numbers - silent}
    words = set(inputs(scenario.resolved())) - numbers - {path.rpartition(".")[0] for path in numbers}
    return (numbers - silent) | laws | (words - {f"job.parallel.{name}" for name in filled})


def _filled(scenario: Scenario, told: Mapping[str, str]) -> set[str]:
    """Return the paths in lists of which a scenario says no number itself: those of the class of its operator.

    Words have no mark that tells who said them.
    """
    silent = set(scenario.silent())
    own = {quantity.path for quantity in quantities(scenario.document)} - silent
    lists = tuple(each for each in _LISTS if not any(path.startswith(each) for path in own))
    return {path for path in told if path.startswith(lists)}


def _is_none(path: str) -> bool:
    return any(path == word or path.startswith(f"{word}.") for word in _NO_INPUT)


def _told(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the numbers and words below a place: a number or law in one piece, however it is written."""
    if isinstance(value, Mapping):
        numbers = {key: below for key, below in value.items() if key not in _BACKING}
        if numbers and set(numbers) <= _FORMS:
            yield path, _in_one(numbers)
            return
        if path == _CLASSES:
            yield path, next(iter(numbers)) if len(numbers) == 1 else _in_one(numbers)
            return
        for key, below in numbers.items():
            yield from _told(below, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from _told(below, f"{path}.{position}")
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def _in_one(numbers: Mapping[str, Any]) -> str:
    if set(numbers) == {"value"}:
        return str(numbers["value"])
    if set(numbers) == {"by_class"}:
        # The probability of each class is told with the classes.
        found = numbers["by_class"].items()
        return _piece({name: {key: each for key, each in one.items() if key != "share"} for name, one in found})
    plain = {key: _piece(below) for key, below in numbers.items()}
    return "{" + ", ".join(f"{key}: {text}" for key, text in plain.items()) + "}"


def _piece(value: Any) -> str:
    if isinstance(value, Mapping):
        return _in_one({key: below for key, below in value.items() if key not in _BACKING})
    return str(value)
