"""From a file to a scenario."""

from pathlib import Path
from typing import TYPE_CHECKING

from simulator.hardware import Gpu, Node
from simulator.scenario import door
from simulator.scenario.errors import SET, ScenarioErrors
from simulator.scenario.merge import layered, layered_text
from simulator.scenario.model import Scenario
from simulator.scenario.profiles import load_node
from simulator.scenario.saves import with_save_times
from simulator.scenario.schema import Document
from simulator.scenario.settle import settled, sources_of
from simulator.scenario.source import Item
from simulator.scenario.validate import error_for, validated

if TYPE_CHECKING:
    from simulator.scenario.step import Step


def load_scenario(path: str | Path, overrides: list[str] | None = None) -> Scenario:
    """Return the scenario of a file, with `a.b=value` overrides on top. Raises ScenarioErrors: all that are found."""
    tree = layered(Path(path), str(path), overrides or [])
    return _from_tree(tree, Path(path).parent, str(path))


def parse_scenario(
    text: str, overrides: list[str] | None = None, name: str = "scenario", folder: str | Path = "."
) -> Scenario:
    """Return the scenario of a YAML text as if it stood in a file `name` of a folder. Raises ScenarioErrors."""
    return _from_tree(layered_text(text, Path(folder), name, overrides or []), Path(folder), name)


def _from_tree(tree: Item, folder: Path, name: str) -> Scenario:
    errors = []
    document, node, base = None, tree.find(("cluster", "node")), folder
    profile = None
    try:
        document = validated(Document, tree, skip=("schema",))
    except ScenarioErrors as failed:
        errors += failed.errors
    if node is not None and isinstance(node.value, str):
        try:
            # A path is relative to the file that names it; a text and `--set` have the scenario's folder.
            base = folder if node.spot.file in (SET, name) else Path(node.spot.file).parent
            profile = load_node(node, base)
        except ScenarioErrors as failed:
            errors += failed.errors
    if errors or document is None:
        raise ScenarioErrors(errors)
    if profile is not None:
        document = document.model_copy(update={"cluster": document.cluster.filled(*profile)})
    document, step = _with_machines(document, profile, tree, folder)
    if document.cluster.elements:
        # Elements stand in no file: to have them again, their profiles must be found from anywhere.
        document = _located(document, {"node": base, "fabric": folder})
    sources = sources_of(tree)
    scenario = Scenario(settled(document, (), sources), name)
    errors = [error_for(tree, fault) for fault in door.faults(scenario)]
    if errors:
        raise ScenarioErrors(errors)
    return Scenario(settled(_filled(scenario), (), sources), name, step)


def _with_machines(
    document: Document, machines: tuple[Node, Gpu] | None, tree: Item, folder: Path
) -> tuple[Document, "Step | None"]:
    """Return the document with what follows from its machines, and its training step where that is known."""
    step, gpu = None, None if machines is None else machines[1]
    layout = [error_for(tree, (("cluster", *place), text)) for place, text in document.cluster.layout_faults()]
    if layout:
        raise ScenarioErrors(layout)
    if document.job.needs_model:
        from simulator.scenario.step import with_step  # brings the step-time model, which few scenarios need

        document, step = with_step(document, gpu, tree, folder)
    if document.cluster.fabric is not None:
        from simulator.scenario.elements import with_elements

        document = with_elements(document, machines, step, tree, folder)
    document = with_save_times(document, gpu, tree, folder)
    return document.model_copy(update={"checkpoint": document.checkpoint.filled()}), step


def _located(document: Document, folders: dict[str, Path]) -> Document:
    """Return the document with the whole paths of the profiles that are files."""
    named = {key: str(getattr(document.cluster, key)) for key in folders}
    paths = {key: str((folders[key] / name).resolve()) for key, name in named.items() if name.endswith(".yaml")}
    return document.model_copy(update={"cluster": document.cluster.model_copy(update=paths)})


def _filled(scenario: Scenario) -> Document:
    """Return the document with the defaults that follow from other sections."""
    document = scenario.document
    causes = {}
    for name, cause in document.failures.given.items():
        _, per_place, span = document.cluster.units_of(cause.part)
        causes[name] = cause.filled(per_place, span)
    recovery = document.recovery.filled(document.cluster.selects, document.cluster.others > 0)
    run = document.run.filled(scenario.work())
    failures = document.failures.model_copy(update=causes)
    return document.model_copy(update={"failures": failures, "recovery": recovery, "run": run})
