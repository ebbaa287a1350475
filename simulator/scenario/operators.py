"""Classes of operators by name, and what they fill of a scenario."""

from functools import cache
from pathlib import Path
from typing import Any

from simulator import resources
from simulator.operators import USUAL, OperatorClass, mixed
from simulator.scenario.errors import ScenarioErrors, Spot, error_at, of_option
from simulator.scenario.merge import check_head
from simulator.scenario.schema import Document
from simulator.scenario.settle import settled, sources_of
from simulator.scenario.source import Item, read_file
from simulator.scenario.validate import error_for, validated
from simulator.section import did_you_mean

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
        classes[label] = _class(label, base, spot)
    try:
        given = {"tiers"} if document.checkpoint.tiers else set()
        given |= {"maintenance"} if document.maintenance is not None else set()
        return mixed(classes, {label: share.median for label, share in operator.classes.items()}, given)
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
    update["operator"] = document.operator.model_copy(update={"alike": alike})
    return document.model_copy(update={**update, "cluster": operator.spares(document.cluster)})


def _class(label: str, folder: Path, item: Item) -> OperatorClass:
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
    tree = read_file(file, str(file))
    check_head(tree, _SHAPE)
    kind = tree.child("kind")
    if kind is None or kind.value != "operator":
        raise ScenarioErrors([error_for(tree, (("kind",), "is missing or another; write kind: operator"))])
    return settled(validated(OperatorClass, tree, skip=("schema",)), (), sources_of(tree))
