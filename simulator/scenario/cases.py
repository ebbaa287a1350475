"""Training steps to be predicted, from a file of cases: what is absent was not published, and is not guessed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from simulator.scenario.case_row import EXAMPLES, SILENT, CaseRow, ExpertsRow, ModelRow
from simulator.scenario.errors import ScenarioErrors, Spot, error_at
from simulator.scenario.hub_config import as_case, in_our_words, is_config
from simulator.scenario.json_cases import read_json_cases
from simulator.scenario.model import Scenario
from simulator.scenario.profiles import load_fabric, load_gpu, outer_fabric_fault
from simulator.scenario.yaml_tree import Item, read_file
from simulator.words.hardware import Fabric, Gpu
from simulator.words.section import did_you_mean
from simulator.workload.case import Case, plausible_layouts
from simulator.workload.check import faults_of
from simulator.workload.machine import PRECISIONS

__all__ = [
    "Batch",
    "CaseRow",
    "Entry",
    "ExpertsRow",
    "ModelRow",
    "NoStepError",
    "batch_at",
    "batch_in",
    "batch_of",
    "read_cases",
    "read_tree",
]

T = TypeVar("T", Gpu, Fabric)

MOST_BYTES = 100_000_000  # some 100,000 cases, as JSON
MOST_YAML_BYTES = 10_000_000  # a minute or two

# Fields of a case, and words of a scenario, under the keys of a file.
_KEYS = {
    "tensor": "tp", "pipeline": "pp", "context": "cp", "expert": "ep", "data": "dp", "interleaving": "vp",
    "micro_batch": "mbs", "global_batch": "gbs", "sharded_weights": "fsdp", "sequence_parallel": "sp",
    "sharded_optimizer": "dist_opt", "overlap": "overlap_dp", "head_counts": "asym_embed_loss", "port": "nic_GBps",
    "out": "fabric", "sharding": "fsdp", "sequence": "seq", "head_size": "head_dim", "gated": "glu",
    "vocabulary": "vocab", "top_k": "topk", "expert_ffn": "moe_ffn", "shared_experts": "shared",
}  # fmt: skip
_MEASURED = ("measured",)  # where people keep whatever else was measured, so that only what is nearly read is told
_SECTIONS: tuple[tuple[tuple[str, ...], Any], ...] = (
    ((), CaseRow.model_fields), (("model",), ModelRow.model_fields), (("model", "moe"), ExpertsRow.model_fields),
    (_MEASURED, ("step_s",)),
)  # fmt: skip


class Entry(NamedTuple):
    """A case of a file: what it says, and the case, or what is wrong with it."""

    id: str
    row: CaseRow | None
    case: Case | None
    errors: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()  # keys that are nearly read, and what is taken otherwise than one might think


class Batch(NamedTuple):
    """The cases of a file, and what is to be said of the file as a whole."""

    entries: list[Entry]
    remarks: tuple[str, ...] = ()


def read_tree(path: Path) -> Item:
    """Return the tree of a file of cases, or of a scenario. Raises ScenarioErrors."""
    found = read_json_cases(path, MOST_BYTES)
    if found is None and path.is_file() and MOST_YAML_BYTES < path.stat().st_size <= MOST_BYTES:
        size = f"has {path.stat().st_size / 1e6:.0f} MB, and as YAML a file of cases has at most"
        text = f"{size} {MOST_YAML_BYTES / 1e6:.0f} MB; write each case as JSON, which is read a hundred times faster"
        raise ScenarioErrors([error_at(Spot(str(path)), "", text)])
    return found or read_file(path, str(path), MOST_BYTES)


def read_cases(path: Path) -> list[Entry]:
    """Return the cases of a file. Raises ScenarioErrors where it is no file of cases; a wrong case is an entry."""
    tree = read_tree(path)
    batch = batch_in(tree, path.parent)
    if batch is None:
        raise ScenarioErrors([error_at(tree.spot, "cases", _NO_CASES)])
    return batch.entries


class NoStepError(ValueError):
    """A scenario whose step cannot be predicted; the text is for the user."""


def batch_at(path: Path) -> Batch | None:
    """Return the cases of a file; None where it is something else, such as a scenario. Raises ScenarioErrors."""
    return batch_in(read_tree(path), path.parent)


def batch_of(scenario: Scenario) -> Batch:
    """Return the step of a scenario's job as a batch of one case. Raises NoStepError where too little is known."""
    case = scenario.step_case
    if case is None:
        raise NoStepError(
            "its job says too little to predict a step; write model and global_batch under job, node under cluster"
        )
    return Batch([Entry(case.id, None, case)])


_EMPTY = 'is empty; write "- id: ..." below'
_NO_CASES = 'is no list of cases; write "cases:" and "- id: ..." below'


def batch_in(tree: Item, folder: Path) -> Batch | None:
    """Return the cases of a tree that is a list of them, or has one under `cases`; None where it is something else.

    Names of files are relative to `folder`. Raises ScenarioErrors where `cases` is no list, or empty.
    """
    listed = tree if isinstance(tree.value, list) else tree.child("cases")
    if listed is None and is_config(tree):
        text = "is the configuration of a model, which tells no GPUs and no batch; write a file of cases with a row as"
        example = f"- {{gpu: h100_sxm, gpus: 1024, gbs: 1024, model: {as_case(tree)}}}"
        raise ScenarioErrors([error_at(Spot(tree.spot.file), "", f"{text}\n  {example}")])
    if listed is None:
        return None
    if not isinstance(listed.value, list) or not listed.value:
        empty = listed.value is None or listed.value == []
        raise ScenarioErrors([error_at(listed.spot, "cases", _EMPTY if empty else _NO_CASES)])
    reader = _Reader(folder)
    entries = [reader.entry(item, f"cases.{number}") for number, item in enumerate(listed.value)]
    return Batch(entries, tuple(reader.remarks()))


class _Reader:
    """Reads the cases of one file: profiles are looked up once, and keys that are not read are told once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.profiles: dict[str, Gpu | Fabric] = {}
        self.unread: dict[str, tuple[Spot, str, int]] = {}  # where a key first stands, its path, and how often
        self.names: set[str] = set()

    def entry(self, item: Item, place: str) -> Entry:
        """Return what a list's item says."""
        model = item.child("model")
        if model is not None and isinstance(item.value, dict):
            item = Item(item.value | {"model": in_our_words(model)}, item.spot, item.layer)
        named = item.child("id")
        name = place if named is None or isinstance(named.value, list | dict | None) else str(named.value) or place
        if not isinstance(item.value, dict):
            wrong = error_at(item.spot, name, "must be a case, with keys of its own")
            return Entry(name, None, None, (wrong.headline,))
        remarks = [*self._twice(item, name), *self._nearly_read(item, name)]
        try:
            row = CaseRow.model_validate(item.data())
        except ValidationError as failed:
            details = failed.errors(include_url=False)
            return Entry(name, None, None, tuple(_complaint(item, name, detail) for detail in details), tuple(remarks))
        remarks += _taken(row, item, name)
        try:
            return Entry(name, row, self._case(row, item, name), (), tuple(remarks))
        except ScenarioErrors as failed:
            return Entry(name, row, None, tuple(error.headline for error in failed.errors), tuple(remarks))

    def remarks(self) -> Iterator[str]:
        """Yield the keys that nobody reads, each where it first stands."""
        for spot, path, times in self.unread.values():
            others = f", nor in {times - 1} other case{'s' if times > 2 else ''}" if times > 1 else ""
            yield error_at(spot, path, f"is not read{others}").headline

    def _twice(self, item: Item, name: str) -> Iterator[str]:
        if name in self.names:
            yield error_at(item.nearest(("id",)).spot, f"{name}.id", "another case has this id too").headline
        self.names.add(name)

    def _nearly_read(self, item: Item, name: str) -> Iterator[str]:
        """Yield a remark for every key that is nearly one that is read; count those that are somebody's notes."""
        for above, fields in _SECTIONS:
            section = item.find(above)
            keys = section.value if section is not None and isinstance(section.value, dict) else {}
            for key in keys:
                if key in fields or key in SILENT:
                    continue
                path, spot = ".".join((name, *above, key)), item.nearest((*above, key)).spot
                known = _KEYS.get(key.lower())
                hint = f"; did you mean '{known}'?" if known in fields else did_you_mean(key.lower(), fields)
                if hint:
                    yield error_at(spot, path, f"is not read{hint}").headline
                elif above != _MEASURED:
                    first, named, times = self.unread.get(".".join((*above, key)), (spot, path, 0))
                    self.unread[".".join((*above, key))] = first, named, times + 1

    def _case(self, row: CaseRow, item: Item, name: str) -> Case:
        gpu = self._gpu(item, name)
        _check_precision(row, item, name, gpu)
        fabric = item.child("fabric")
        out = None if row.fabric is None or fabric is None else self._fabric(fabric, f"{name}.fabric")
        if out is not None and fabric is not None and (fault := outer_fabric_fault(out)):
            raise ScenarioErrors([error_at(fabric.spot, f"{name}.fabric", fault)])
        _check_network(row, item, name, gpu, out)
        up = None if gpu.scale_up_fabric is None else self._fabric(gpu.scale_up_fabric, f"{name}.gpu")
        case = row.case(name, gpu, up, out)
        faults = [(_KEYS.get(fault.field, fault.field), fault.text) for fault in faults_of(case)]
        if not faults and next(plausible_layouts(case), None) is None:
            faults = [("gpus", f"no plan that fills {row.gpus:_} GPUs goes with what is given; give tp, pp, cp and dp")]
        if faults:
            raise ScenarioErrors(error_at(item.nearest((key,)).spot, f"{name}.{key}", text) for key, text in faults)
        return case

    def _gpu(self, item: Item, name: str) -> Gpu:
        named = item.child("gpu")
        assert named is not None  # a row without it is not valid
        key = f"gpu {named.value}"
        gpu = self.profiles.get(key)
        if gpu is None:
            gpu = self.profiles[key] = load_gpu(named, self.folder, f"{name}.gpu")
        assert isinstance(gpu, Gpu)
        missing = [key for key in ("memory", "memory_bandwidth") if getattr(gpu, key) is None]
        missing += [] if "bf16" in gpu.peak else ["peak.bf16"]
        if missing:
            text = f"the profile of {gpu.name} lacks {' and '.join(missing)}, without which no step can be predicted"
            raise ScenarioErrors([error_at(named.spot, f"{name}.gpu", text)])
        return gpu

    def _fabric(self, named: str | Item, path: str) -> Fabric:
        key = f"fabric {named.value if isinstance(named, Item) else named}"
        fabric = self.profiles.get(key)
        if fabric is None:
            fabric = self.profiles[key] = load_fabric(named, self.folder, path)
        assert isinstance(fabric, Fabric)
        return fabric


def _complaint(item: Item, name: str, detail: Any) -> str:
    place = detail["loc"]
    if detail["type"] == "missing":
        text = f"is missing; write {EXAMPLES[place[-1]]}"
    elif detail["type"] == "refused":
        text = detail["msg"]
    else:
        text = "must be a section with keys of its own"  # what else a row of numbers and words can be is refused above
    return error_at(item.nearest(place).spot, ".".join((name, *map(str, place))), text).headline


def _taken(row: CaseRow, item: Item, name: str) -> Iterator[str]:
    """Yield what is taken otherwise than a reader might think."""
    if row.fsdp > 1 and row.dp is not None and row.fsdp not in (row.dp, row.dp * (row.cp or 1)):
        text = f"weights are taken as sharded over all {row.dp} replicas, not over {row.fsdp}"
        yield error_at(item.nearest(("fsdp",)).spot, f"{name}.fsdp", text).headline
    most = row.gpus // ((row.tp or 1) * (row.pp or 1))
    if row.dp is None and row.fsdp > most:
        text = f"weights are taken as sharded over all replicas, of which there are at most {most}, not over {row.fsdp}"
        yield error_at(item.nearest(("fsdp",)).spot, f"{name}.fsdp", text).headline


def _check_precision(row: CaseRow, item: Item, name: str, gpu: Gpu) -> None:
    kind = PRECISIONS[row.precision]
    if kind not in gpu.peak:
        text = f"{gpu.name} has no {kind}; it computes in {', '.join(gpu.peak)}"
        raise ScenarioErrors([error_at(item.nearest(("precision",)).spot, f"{name}.precision", text)])


def _check_network(row: CaseRow, item: Item, name: str, gpu: Gpu, out: Fabric | None) -> None:
    """Refuse GPUs of which nothing tells how fast they are connected."""
    speeds = (gpu.scale_up_bandwidth, gpu.scale_out_bandwidth, row.nic_GBps, None if out is None else out.bandwidth)
    if all(speed is None for speed in speeds):
        text = f"the profile of {gpu.name} lacks scale_out_bandwidth, without which no step can be predicted"
        raise ScenarioErrors([error_at(item.nearest(("gpu",)).spot, f"{name}.gpu", text)])
