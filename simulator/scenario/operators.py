"""Classes of operators by name, and what they fill of a scenario."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from simulator import resources
from simulator.mechanisms.steps import Hangs
from simulator.nouns.mixtures import mixed
from simulator.nouns.operators import USUAL, OperatorClass
from simulator.scenario.errors import ErrorsElsewhere, ScenarioErrors, Spot, error_at, of_option
from simulator.scenario.merge import check_head
from simulator.scenario.number_paths import settled, sources_of
from simulator.scenario.schema import Document
from simulator.scenario.validate import error_for, validated
from simulator.scenario.yaml_tree import Item, read_file
from simulator.words.drawn import Drawn
from simulator.words.section import Section, did_you_mean

_SHAPE = "a class of operators is a mapping of keys such as schema, name and recovery"


def operator_names() -> list[str]:
    """Return the names of the classes that ship with the package."""
    return sorted(path.stem for path in resources.operators().glob("*.yaml"))


def class_of(document: Document, tree: Item, folder: Path, name: str) -> OperatorClass:
    """Return the class of the operator of a scenario, a mixture of several where it names several.

    `name` is that of the scenario's file, in whose folder classes of the user's stand. Raises ScenarioErrors.
    """
    classes, operator = {}, document.operator
    for label in operator.classes:
        spot = tree.nearest(("operator", "classes", label))
        own = spot.spot.file == name or of_option(spot.spot.file)
        base = folder if own else Path(spot.spot.file).parent
        classes[name_of_class(label)] = _class(label, base, spot, operator.filled is True)
    shares = {name_of_class(label): share.median for label, share in operator.classes.items()}
    given = {*_given(document.recovery, "recovery"), *_given(document.checkpoint, "checkpoint")}
    given |= {"maintenance"} if document.maintenance is not None else set()
    given |= {"operator.alike"} if operator.alike is not None else set()
    try:
        return mixed(classes, shares, given)
    except ValueError as error:
        raise ScenarioErrors([error_for(tree, (("operator",), str(error)))]) from None


def with_operator(document: Document, operator: OperatorClass, tree: Item) -> Document:
    """Return a document with what its operator's class says of recovery and planned stops, where it does not itself.

    Raises ScenarioErrors.
    """
    try:
        update: dict[str, Any] = {"recovery": operator.recovers(document.recovery, document.failures.given.values())}
    except ValueError as error:
        raise ScenarioErrors([error_for(tree, (("recovery", "restart"), str(error)))]) from None
    if document.maintenance is None and operator.maintenance is not None:
        update["maintenance"] = operator.maintenance
    alike = document.operator.alike if document.operator.alike is not None else operator.alike
    classes = {name_of_class(label): share for label, share in document.operator.classes.items()}
    filled = None if classes.keys() <= set(operator_names()) else True
    update["operator"] = document.operator.model_copy(update={"alike": alike, "classes": classes, "filled": filled})
    return document.model_copy(update={**update, "cluster": operator.spares(document.cluster)})


def name_of_class(label: str) -> str:
    """Return the name of a class, which a file of the user's has without its ending."""
    name = label.removesuffix(".yaml")
    return f"{name} (own)" if name != label and name in operator_names() else name


def _given(section: Section, path: str) -> Iterator[str]:
    """Yield the paths of what a section says itself, for which no class is asked."""
    for name in section.model_fields_set - {"source"}:
        value = getattr(section, name)
        if isinstance(value, Hangs):  # of which one number may be said, and the other not
            yield from _given(value, f"{path}.{name}")
        elif not (isinstance(value, Drawn) and value.scales_class):
            yield f"{path}.{name}"


def _class(label: str, folder: Path, item: Item, filled: bool) -> OperatorClass:
    if filled and label not in operator_names():
        return _shipped(USUAL)  # it fills nothing where all is said
    if not label.endswith(".yaml"):
        if label not in operator_names():
            hint = did_you_mean(label, operator_names()) or f"; there are {', '.join(operator_names())}"
            text = f"there is no class of operators '{label}'{hint}; a file of your own ends in .yaml"
            raise ScenarioErrors(
                [error_at(item.spot if item.spot.line else Spot(item.spot.file), "operator", text, label)]
            )
        return _shipped(label)
    file = folder / label
    if not file.is_file():
        raise ScenarioErrors([error_at(item.spot, "operator", f"there is no file '{file}'", label)])
    return _read(file).on_top_of(_shipped(USUAL))


@cache
def _shipped(name: str) -> OperatorClass:
    return _read(resources.operators() / f"{name}.yaml")


def _read(file: Path) -> OperatorClass:
    try:
        tree = read_file(file, str(file))
        check_head(tree, _SHAPE)
        kind = tree.child("kind")
        if kind is None or kind.value != "operator":
            raise ScenarioErrors([error_for(tree, (("kind",), "is missing or another; write kind: operator"))])
        return settled(validated(OperatorClass, tree, skip=("schema",)), (), sources_of(tree))
    except ScenarioErrors as failed:
        raise ErrorsElsewhere(failed.errors) from None
