"""Predicted training steps for a reader: one row a case, the parts of a step, and what was measured where it was."""

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from simulator.report import text
from simulator.scenario.cases import Batch, Entry
from simulator.scenario.profiles import load_storage, storage_names
from simulator.words.hardware import Storage
from simulator.workload.check import memory_fault
from simulator.workload.layout import Layout, Recompute
from simulator.workload.predict import Prediction, predict
from simulator.workload.saves import Saves, saves_of
from simulator.workload.search import PART_NAMES, words

SCHEMA = 1
AT_ONCE = 200  # cases whose layouts are held in memory together
SEARCHES = 200  # cases that do not fit in memory, and are told what would: a search takes some 10 ms
SHORTEST = 12  # characters that a name keeps, however narrow the terminal
_TRUTHS = ("sequence_parallel", "flash", "sharded_optimizer", "sharded_weights", "overlap", "head_counts")
# Columns that a narrow terminal does without, the first that goes first.
_SPARE = ("TFLOP/s", "memory", "GPUs", "measured")
# What the columns of the table are in.
_UNITS = {
    "step": "step and P10 to P90 in s",
    "measured": "measured in s",
    "MFU": "MFU of the dense peak, with scores of attention counted whole",
    "TFLOP/s": "TFLOP/s of each GPU, counted alike",
    "memory": "memory in GB, of the plan that is believed most (! where it does not fit)",
}


class Told(NamedTuple):
    """A case and what is predicted of it, or why nothing is."""

    entry: Entry
    prediction: Prediction | None
    errors: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def measured(self) -> float | None:
        """The step that was measured, where it was [s]."""
        return None if self.entry.row is None else self.entry.row.measured_step

    @property
    def error(self) -> float | None:
        """What the prediction is above the measured step, of it [1]."""
        if self.measured is None or self.prediction is None:
            return None
        return self.prediction.step_s / self.measured - 1.0

    @property
    def saves(self) -> Saves | None:
        """Its checkpoint, where the case is known."""
        return None if self.entry.case is None else saves_of(self.entry.case, _storages())

    def _checkpoint(self) -> dict[str, Any] | None:
        saves = self.saves
        return None if saves is None else {"size_GB": saves.size / 1e9, "save_s": saves.save, "load_s": saves.load}

    def as_json(self) -> dict[str, Any]:
        """Return the case as `derisk step --json` prints it."""
        found = self.prediction
        if found is None:
            return {"id": self.entry.id, "error": "\n".join(self.errors), "remarks": list(self.remarks)}
        measured = {}
        if self.error is not None:
            measured = {"measured_s": self.measured, "error_percent": 100.0 * self.error}
        return {
            "id": self.entry.id,
            "step_s": found.step_s,
            "p10": found.p10,
            "p90": found.p90,
            **measured,
            "parts": found.parts,
            "tflops_per_gpu": found.tflops_per_gpu,
            "mfu": found.mfu,
            "mfu_causal": found.mfu_causal,
            "memory_GB": found.memory_GB,
            "memory_parts_GB": found.memory_parts_GB,
            "fits": found.fits,
            "checkpoint": self._checkpoint(),
            "layout": layout_as_json(found.layout),
            "layouts": found.layouts,
            "remarks": list(self.remarks),
        }


@cache
def _storages() -> dict[str, Storage]:
    return {name: load_storage(name) for name in storage_names()}


def layout_as_json(layout: Layout) -> dict[str, Any]:
    """Return a layout in plain words and numbers."""
    found: dict[str, Any] = {}
    for name, value in layout._asdict().items():
        number = float(value)
        found[name] = bool(number) if name in _TRUTHS else int(number) if number.is_integer() else number
    return found | {"recompute": Recompute(int(layout.recompute)).name.lower()}


def evaluate(batch: Batch) -> list[Told]:
    """Return what is predicted of the cases of a batch, in their order; no case keeps another from being told."""
    told = [Told(entry, None, entry.errors, entry.remarks) for entry in batch.entries]
    good = [number for number, entry in enumerate(batch.entries) if entry.case is not None]
    searches = SEARCHES
    for start in range(0, len(good), AT_ONCE):
        numbers = good[start : start + AT_ONCE]
        for number, each in zip(numbers, _evaluated([batch.entries[number] for number in numbers]), strict=True):
            told[number] = each
            if each.prediction is not None and not each.prediction.fits:
                told[number] = _with_memory_remark(each, each.prediction, searches > 0)
                searches -= 1
    return told


def _evaluated(entries: Sequence[Entry]) -> list[Told]:
    cases = [entry.case for entry in entries if entry.case is not None]
    try:
        predictions = predict(cases)
    except (ValueError, KeyError, ArithmeticError) as failed:
        if len(entries) > 1:
            return [told for entry in entries for told in _evaluated([entry])]
        return [Told(entries[0], None, (f"{entries[0].id}: cannot be predicted: {failed}",), entries[0].remarks)]
    return [_told(*each) for each in zip(entries, predictions, strict=True)]


def _told(entry: Entry, found: Prediction) -> Told:
    if not all(map(math.isfinite, (found.p10, found.step_s, found.p90, found.memory_GB))):
        return Told(entry, None, (f"{entry.id}: no finite time comes out; are all numbers meant?",), entry.remarks)
    return Told(entry, found, (), entry.remarks)


def _with_memory_remark(told: Told, found: Prediction, search: bool) -> Told:
    """Return a case with the word that it does not fit in memory; with `search` also what would fit."""
    case = told.entry.case
    assert case is not None and case.gpu.memory is not None  # asked when the case was read
    capacity = case.gpu.memory.median / 1e9
    remark = memory_fault(case, found.memory_GB, capacity) if search else None
    # Published runs did run, and what is counted here is uncertain by a tenth: it is said, and predicted all the same.
    remark = remark or f"needs {found.memory_GB:.0f} GB, and there are {capacity:.0f} GB"
    return told._replace(remarks=(*told.remarks, f"{told.entry.id}: does not fit in memory: {remark}"))


def as_json(batch: Batch, told: Sequence[Told]) -> dict[str, Any]:
    """Return what `derisk step --json` prints."""
    mean = mean_error(told)
    head = {"schema": SCHEMA, "cases": [each.as_json() for each in told], "remarks": list(batch.remarks)}
    return head if mean is None else head | {"mean_absolute_error_percent": 100.0 * mean}


def mean_error(told: Sequence[Told]) -> float | None:
    """Return the mean absolute error over the cases that were measured [1]; None where none was."""
    errors = [abs(each.error) for each in told if each.error is not None]
    return sum(errors) / len(errors) if errors else None


def as_text(told: Sequence[Told], width: int | None, parts: bool) -> str:
    """Return what `derisk step` prints: a table, and with `parts`, or of a single case, what a step consists of."""
    single = len(told) == 1 and told[0].prediction is not None
    blocks = [told[0].entry.id] if single else []
    columns = _columns(told, width, named=not single)
    rows = [tuple(columns), *zip(*columns.values(), strict=True)]
    units = "; ".join(unit for name, unit in _UNITS.items() if name in columns)
    blocks.append(text.table(rows, right=range(int(not single), len(columns)), indent=0))
    blocks.append(text.paragraph(f"{units[0].upper()}{units[1:]}.", width))
    mean = mean_error(told)
    if mean is not None and not single:
        number = sum(each.error is not None for each in told)
        blocks.append(f"Mean absolute error over {text.plural(number, 'measured case')}: {mean:.1%}.")
    for each in told if parts or single else ():
        if each.prediction is not None:
            head = [] if single else [f"{each.entry.id}: {text.number(each.prediction.step_s, 4)} s"]
            saves = [text.paragraph(sentence, width) for sentence in _checkpoint(each.saves)]
            blocks.append("\n".join([*head, *_parts(each.prediction, width), *saves]))
    return "\n\n".join(blocks)


def _columns(told: Sequence[Told], width: int | None, named: bool) -> dict[str, list[str]]:
    """Return the cells of the table by column, without those that are empty, or that a narrow terminal does without."""
    cells = [_cells(each) for each in told]
    columns = {name: [row[name] for row in cells] for name in cells[0]}
    if named:
        columns = {"case": [each.entry.id for each in told]} | columns
    for name in ("measured", "error"):
        if not any(columns[name]):
            del columns[name]
    spare = [name for name in _SPARE if name in columns]
    while width is not None and spare and _wide(columns) > width:
        del columns[spare.pop(0)]
    if width is not None and named:
        room = max(SHORTEST, width - _wide(columns) + max(map(len, ("case", *columns["case"]))))
        columns["case"] = [_shortened(name, room) for name in columns["case"]]
    return columns


def _shortened(name: str, room: int) -> str:
    """Return a name, or its ends where it is longer than there is room: numbers that tell cases apart stand there."""
    return name if len(name) <= room else f"{name[: room // 2]}…{name[len(name) - (room - room // 2 - 1) :]}"


def _wide(columns: dict[str, list[str]]) -> int:
    """Return the characters of a row."""
    return sum(max(map(len, (name, *cells))) + len(text.GAP) for name, cells in columns.items()) - len(text.GAP)


def _cells(told: Told) -> dict[str, str]:
    found, case = told.prediction, told.entry.case
    gpus = "" if case is None else f"{case.gpus}"
    measured = "" if told.measured is None else text.number(told.measured, 4)
    names = ("GPUs", "step", "P10-P90", "MFU", "TFLOP/s", "memory", "measured", "error")
    if found is None:
        return dict(zip(names, (gpus, "-", "-", "-", "-", "-", measured, ""), strict=True))
    error = "" if told.error is None else f"{100 * told.error:+.1f}%"
    cells = (
        gpus, text.number(found.step_s, 4), "-".join(text.number(value) for value in (found.p10, found.p90)),
        f"{found.mfu:.1%}", text.number(found.tflops_per_gpu), f"{found.memory_GB:.0f}{'' if found.fits else '!'}",
        measured, error,
    )  # fmt: skip
    return dict(zip(names, cells, strict=True))


def _parts(found: Prediction, width: int | None) -> Iterator[str]:
    """Yield what a step consists of, the largest part first, and the plan and the memory behind it."""
    longest = max(found.parts.values())
    rows = [
        (PART_NAMES[part], f"{text.number(seconds)} s", f"{seconds / found.step_s:.1%}", text.bar(seconds, longest))
        for part, seconds in sorted(found.parts.items(), key=lambda part: -part[1])
        if seconds > 0
    ]
    yield text.table(rows, right=(1, 2))
    among = f", believed most of {found.layouts:_} that are left open" if found.layouts > 1 else ""
    yield text.paragraph(f"Plan{among}: {words(found.layout)}.", width)
    lies = ", ".join(f"{name} {text.number(size, 2)}" for name, size in found.memory_parts_GB.items() if size > 0)
    yield text.paragraph(f"Memory of a GPU, {text.number(found.memory_GB)} GB: {lies}.", width)


def _checkpoint(saves: Saves | None) -> Iterator[str]:
    """Yield the checkpoint's size, and the times to save and load it by where it goes."""
    if saves is None:
        return
    times = ", ".join(
        f"{name} {text.duration(save)} and {text.duration(saves.load[name])}" for name, save in saves.save.items()
    )
    yield f"Checkpoint, {text.number(saves.size / 1e12)} TB, to save and to load: {times}."
