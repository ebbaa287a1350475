"""From a tree of what is written to a scenario: the sections, what fills them, and what is in vain."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.nouns.operators import MATURITY, OperatorClass
from simulator.scenario import checks, no_effect
from simulator.scenario.errors import ScenarioErrors, of_option
from simulator.scenario.merge import wrong_in
from simulator.scenario.model import Scenario
from simulator.scenario.number_paths import Sources, settled, sources_of
from simulator.scenario.number_paths import document as written
from simulator.scenario.operators import class_of, with_operator
from simulator.scenario.profiles import load_node
from simulator.scenario.saves import with_save_times
from simulator.scenario.schema import Document, without_source
from simulator.scenario.validate import error_for, validated
from simulator.scenario.yaml_tree import Item
from simulator.words.hardware import Gpu, Node
from simulator.words.section import Fault, Place

if TYPE_CHECKING:
    from simulator.scenario.step import Step


@dataclass(frozen=True, eq=False)
class Read:
    """A scenario as it was read, and what it says in vain."""

    scenario: Scenario
    no_effect: tuple[Fault, ...]
    operator: OperatorClass

    def pruned(self, tree: Item) -> Scenario:
        """Return the scenario without what it says in vain, which it tells."""
        document = self.scenario.document
        for place, _ in self.no_effect:
            document = no_effect.without(document, place, self.operator)
        document = _settled(_filled(replace(self.scenario, document=document)), sources_of(tree))
        told = tuple(error_for(tree, fault).headline for fault in self.no_effect)
        return replace(self.scenario, document=document, inert=told)


def from_tree(tree: Item, folder: Path, name: str, refused: Callable[[Place], bool] = lambda place: False) -> Read:
    """Return what a tree says. Raises ScenarioErrors, also for what is in vain and `refused`."""
    document, profile, base = _validated(tree, folder, name)
    if wrong := wrong_in(tree):
        raise ScenarioErrors(wrong)
    if profile is not None:
        document = document.model_copy(update={"cluster": document.cluster.filled(*profile)})
    operator = class_of(document, tree, folder, name)
    restart_is_given = operator.restart_is_given(document.recovery)
    document = with_operator(document, operator, tree)
    document, step = _with_machines(document, profile, tree, folder)
    checkpoint = operator.saves(document.checkpoint, restart_is_given).filled()
    document = _located_in_size(document.model_copy(update={"checkpoint": checkpoint}))
    if document.cluster.elements:
        # Elements stand in no file: to have them again, their profiles must be found from anywhere.
        document = _located(document, {"node": base, "fabric": folder})
    sources = sources_of(tree)
    scenario = _alike(Scenario(_settled(document, sources), name, step), tree)
    said = tree.find(("operator", "filled")) is not None
    found = (*no_effect.settings(scenario, tree), *operator.faults_of(document.operator, document.maintenance, said))
    vain = tuple(fault for fault in found if not _as_filled(document, operator, fault[0]))
    # What nothing asks for may be asked for by what is wrong, once that is put right.
    faults = list(checks.faults(scenario)) or [fault for fault in vain if refused(fault[0])]
    if faults:
        raise ScenarioErrors(error_for(tree, fault) for fault in faults)
    return Read(Scenario(_settled(_filled(scenario), sources), name, step), vain, operator)


def _as_filled(document: Document, operator: OperatorClass, place: Place) -> bool:
    """Return whether a place says what the operator's class would: that stands in every scenario that is written out.

    A list is its own or the class's as a whole. What a class of the user's fills is not known any more.
    """
    if document.operator.filled:
        return True
    keys = [str(key) for key in takewhile(lambda key: isinstance(key, str), place)]
    own: Any = document
    usual: Any = operator
    for key in keys:
        own, usual = getattr(own, key, None), getattr(usual, key, None)
    return len(keys) > 1 and usual is not None and without_source(written(own)) == without_source(written(usual))


def _alike(scenario: Scenario, tree: Item) -> Scenario:
    """Return the scenario without the correlation of its operator's class where no two inputs of it are uncertain."""
    if tree.find(("operator", "alike")) is not None or any(found.path == MATURITY for found in scenario.inputs):
        return scenario
    operator = scenario.document.operator.model_copy(update={"alike": None})
    return replace(scenario, document=scenario.document.model_copy(update={"operator": operator}))


def _settled(document: Document, sources: Sources) -> Document:
    """Return the document in which every number has its path and source, and failures are told apart by kind."""
    found = settled(document, (), sources)
    return found.model_copy(update={"failures": found.failures.recovered(found.recovery)})


def _validated(tree: Item, folder: Path, name: str) -> tuple[Document, tuple[Node, Gpu] | None, Path]:
    """Return the sections of a tree, the node and GPU that it names, and the folder to which their path is relative."""
    errors = list(wrong_in(tree))
    document, node, base = None, tree.find(("cluster", "node")), folder
    profile = None
    try:
        document = validated(Document, tree, skip=("schema",))
    except ScenarioErrors as failed:
        errors += failed.errors
    if node is not None and isinstance(node.value, str):
        try:
            # A path is relative to the file that names it; a text and `--set` have the scenario's folder.
            own = node.spot.file == name or of_option(node.spot.file)
            base = folder if own else Path(node.spot.file).parent
            profile = load_node(node, base)
        except ScenarioErrors as failed:
            errors += failed.errors
    if document is None or len(errors) > len(wrong_in(tree)):
        raise ScenarioErrors(errors)
    return document, profile, base


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
    document = with_save_times(document, gpu, tree, folder, step is not None or document.job.step_time is not None)
    return document.model_copy(update={"cost": document.cost.filled(gpu)}), step


def _located_in_size(document: Document) -> Document:
    """Return the document in which what grows with the job knows its size."""
    gpus = document.cluster.job_gpus
    recovery = document.recovery.model_copy(update={"restart": document.recovery.restart.located(gpus)})
    job = document.job.model_copy(update={"start_up": document.job.start_up.located(gpus)})
    causes = {
        name: cause.model_copy(update={"restart": cause.restart.located(gpus)})
        for name, cause in document.failures.given.items()
        if cause.restart is not None
    }
    failures = document.failures.model_copy(update=causes)
    return document.model_copy(update={"recovery": recovery, "job": job, "failures": failures})


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
