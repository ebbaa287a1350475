"""From a file to a scenario."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.hardware import Gpu, Node
from simulator.scenario import door, inert
from simulator.scenario.blame import blamed
from simulator.scenario.errors import ScenarioError, ScenarioErrors, of_option
from simulator.scenario.merge import Layered, layered, layered_text, with_overrides, wrong_in
from simulator.scenario.model import Scenario
from simulator.scenario.operators import class_of, with_operator
from simulator.scenario.profiles import load_node
from simulator.scenario.remedies import together
from simulator.scenario.saves import with_save_times
from simulator.scenario.schema import Document
from simulator.scenario.settle import Sources, settled, sources_of, with_silent
from simulator.scenario.source import Item
from simulator.scenario.sweep import as_text, factor_in
from simulator.scenario.validate import error_for, validated
from simulator.section import Fault, Place

if TYPE_CHECKING:
    from simulator.scenario.step import Step


def load_scenario(path: str | Path, overrides: list[str] | None = None) -> Scenario:
    """Return the scenario of a file, with `a.b=value` overrides on top. Raises ScenarioErrors: all that are found."""
    base = _Base(layered(Path(path), str(path)), Path(path).parent, str(path))
    return base.scenario(overrides or [])


def reload_scenario(path: str | Path, silent: Container[str] = ()) -> Scenario:
    """Return the scenario that a run wrote down, to the letter, be it that today it would not be taken like that.

    At the paths in `silent` the file says what its user's did not. Raises ScenarioErrors.
    """
    scenario = _from_tree(layered(Path(path), str(path)), Path(path).parent, str(path)).scenario
    return replace(scenario, document=with_silent(scenario.document, silent))


def load_variants(
    path: str | Path, overrides: Sequence[str], variants: Iterable[Sequence[str]]
) -> Iterator[Scenario | ScenarioErrors]:
    """Yield the scenario of a file with overrides on top for each list of more of them, or what is wrong with that one.

    The file is read once; the variants have no `sweep` of their own. Raises ScenarioErrors where the file cannot be
    read.
    """
    whole = _Base(layered(Path(path), str(path)), Path(path).parent, str(path)).tree_with(overrides)
    sections = whole.value if isinstance(whole.value, dict) else {}
    kept = {key: item for key, item in sections.items() if key != "sweep"}
    tree = Layered(kept, whole.spot, whole.layer, wrong=wrong_in(whole))
    base = _Base(tree, Path(path).parent, str(path))
    wanted = list(variants)
    useful: frozenset[Place] | None = None
    for variant in wanted:
        try:
            yield base.scenario(variant)
        except ScenarioErrors:
            # What one cell says in vain may be what the next one is about.
            useful = base.useful(wanted) if useful is None else useful
            try:
                yield base.scenario(variant, useful)
            except ScenarioErrors as failed:
                yield failed


def parse_scenario(
    text: str, overrides: list[str] | None = None, name: str = "scenario", folder: str | Path = "."
) -> Scenario:
    """Return the scenario of a YAML text as if it stood in a file `name` of a folder. Raises ScenarioErrors."""
    return _Base(layered_text(text, Path(folder), name), Path(folder), name).scenario(overrides or [])


def overridden(tree: Item, folder: Path, name: str, overrides: Sequence[str]) -> Item:
    """Return the tree of a file with overrides on top. Raises ScenarioErrors."""
    changed = _Base(tree, folder, name).tree_with(overrides)
    if wrong := wrong_in(changed):
        raise ScenarioErrors(wrong)
    return changed


@dataclass(frozen=True, eq=False)
class _Base:
    """A file as it stands, on which overrides are put; one may scale what the file leaves to its default."""

    tree: Item
    folder: Path
    name: str

    def scenario(self, overrides: Sequence[str], useful: frozenset[Place] = frozenset()) -> Scenario:
        """Return the scenario with overrides on top; what is `useful` elsewhere is not refused here."""
        tree = self.tree_with(overrides)

        try:
            read = self._read(tree, overrides, useful)
        except ScenarioErrors as failed:
            raise ScenarioErrors(self._told(tree, failed.errors, overrides, useful)) from None
        return read.pruned(tree) if read.inert else read.scenario

    def _read(self, tree: Item, overrides: Sequence[str], useful: frozenset[Place]) -> "_Read":
        def refused(place: Place) -> bool:
            return place not in useful and self._answers_for(tree, place, overrides)

        return _from_tree(tree, self.folder, self.name, refused)

    def _told(
        self, tree: Item, errors: Sequence[ScenarioError], overrides: Sequence[str], useful: frozenset[Place]
    ) -> list[ScenarioError]:
        """Return errors with those that they hide, each at the place that brings it about."""

        def wrong_with(other: Item) -> list[ScenarioError]:
            return _errors_of(lambda: self._read(other, overrides, useful))

        found = together(tree, errors, wrong_in(self.tree), wrong_with)
        file = self.tree if isinstance(self.tree, Layered) else None
        return blamed(found, tree, file, overrides, wrong_with)

    def useful(self, variants: Iterable[Sequence[str]]) -> frozenset[Place]:
        """Return what is in vain in some of these variants, and not in all that say it."""
        said = []
        for overrides in variants:
            with suppress(ScenarioErrors):
                tree = self.tree_with(overrides)
                said.append((tree, self._vain(tree)))
        places = frozenset(place for _, vain in said for place in vain)
        return frozenset(
            place for place in places if any(tree.find(place) is not None and place not in vain for tree, vain in said)
        )

    def _answers_for(self, tree: Item, place: Place, overrides: Sequence[str]) -> bool:
        """Whether this file, or a value on top of it, says in vain what stands at a place.

        What a file below says may serve other files that extend it, and to take away what a policy is for is a question
        worth asking of a file: both are told, and not refused.
        """
        if place in inert.ONLY_TOLD:
            return False
        if self.tree.find(place) is None:
            # An override brought it; another may have taken away what it is for.
            own = [override for override in overrides if _leads_to(_parted(override)[0], place)]
            return len(own) == len(overrides) or place in self._vain(self.tree_with(own))
        file = tree.nearest(place).spot.file
        if not of_option(file) and file != self.name:
            return False
        return not overrides or place in self._in_vain

    @cached_property
    def _in_vain(self) -> frozenset[Place]:
        return self._vain(self.tree)

    def _vain(self, tree: Item) -> frozenset[Place]:
        try:
            return frozenset(place for place, _ in _from_tree(tree, self.folder, self.name).inert)
        except ScenarioErrors:
            return frozenset()  # the other overrides put right what is wrong

    def tree_with(self, overrides: Sequence[str]) -> Item:
        # What is scaled, and the list of which an item is changed, must be there, be it a default.
        wanted = dict.fromkeys(
            tuple(path[:end])
            for path, text in map(_parted, overrides)
            for end in range(1, len(path) + 1)
            if (path[end].isdigit() if end < len(path) else factor_in(text) is not None)
        )
        absent = [list(path) for path in wanted if not self.tree.find(path)]
        given = [text for path in absent if (text := _as_override(self._resolved, path)) is not None]
        changed = with_overrides(self.tree, [*given, *overrides])
        return Layered(changed.value, changed.spot, changed.layer, wrong=wrong_in(self.tree))

    @cached_property
    def _resolved(self) -> dict[str, Any]:
        try:
            return _from_tree(self.tree, self.folder, self.name).scenario.resolved()
        except ScenarioErrors:
            return {}  # what is wrong may be put right by the overrides; if not, it is told then


def _errors_of(read: Callable[[], object]) -> list[ScenarioError]:
    try:
        read()
    except ScenarioErrors as failed:
        return failed.errors
    return []


def _parted(override: str) -> tuple[list[str], str]:
    path, _, text = override.partition("=")
    return [word.strip() for word in path.split(".")], text.strip()


def _leads_to(path: Sequence[str], place: Place) -> bool:
    return all(one == str(other) for one, other in zip(path, place, strict=False))


def _as_override(resolved: Any, path: list[str]) -> str | None:
    """Return what says the resolved value at a path, as a text for --set; None where there is none."""
    for key in path:
        if isinstance(resolved, list):
            resolved = resolved[int(key)] if key.isdigit() and int(key) < len(resolved) else None
        else:
            resolved = resolved.get(key) if isinstance(resolved, dict) else None
    if isinstance(resolved, dict):
        resolved = {key: value for key, value in resolved.items() if key != "source"}
        resolved = resolved["value"] if list(resolved) == ["value"] else resolved
    return None if resolved is None else f"{'.'.join(path)}={as_text(resolved)}"


@dataclass(frozen=True, eq=False)
class _Read:
    """A scenario as it was read, and what it says in vain."""

    scenario: Scenario
    inert: tuple[Fault, ...]

    def pruned(self, tree: Item) -> Scenario:
        """Return the scenario without what it says in vain, which it tells."""
        document = self.scenario.document
        for place, _ in self.inert:
            document = inert.without(document, place)
        document = _settled(_filled(replace(self.scenario, document=document)), sources_of(tree))
        told = tuple(error_for(tree, fault).headline for fault in self.inert)
        return replace(self.scenario, document=document, inert=told)


def _from_tree(tree: Item, folder: Path, name: str, refused: Callable[[Place], bool] = lambda place: False) -> _Read:
    """Return what a tree says. Raises ScenarioErrors, also for what is in vain and `refused`."""
    document, profile, base = _validated(tree, folder, name)
    if wrong := wrong_in(tree):
        raise ScenarioErrors(wrong)
    if profile is not None:
        document = document.model_copy(update={"cluster": document.cluster.filled(*profile)})
    operator = class_of(document, tree, folder, name)
    restart_is_given = "restart" in document.recovery.model_fields_set
    document = with_operator(document, operator)
    document, step = _with_machines(document, profile, tree, folder)
    checkpoint = operator.saves(document.checkpoint, restart_is_given).filled()
    document = _located_in_size(document.model_copy(update={"checkpoint": checkpoint}))
    if document.cluster.elements:
        # Elements stand in no file: to have them again, their profiles must be found from anywhere.
        document = _located(document, {"node": base, "fabric": folder})
    sources = sources_of(tree)
    scenario = Scenario(_settled(document, sources), name, step)
    vain = tuple(inert.settings(scenario, tree))
    # What nothing asks for may be asked for by what is wrong, once that is put right.
    faults = list(door.faults(scenario)) or [fault for fault in vain if refused(fault[0])]
    if faults:
        raise ScenarioErrors(error_for(tree, fault) for fault in faults)
    return _Read(Scenario(_settled(_filled(scenario), sources), name, step), vain)


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
