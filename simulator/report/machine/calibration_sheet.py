"""Fitted constants of a GPU: as a table, as JSON, and as the part of a hardware profile that holds them."""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from simulator.calibration import Constant, Record
from simulator.report import text
from simulator.words import units

HOW = {"measured": "measured", "prior": "inferred"}
# A calibration of products has both constants; where a search tells only of the best rate, this is the other one.
ASSUMED_OVERHEAD = (
    '{value: 13.9 us, spread: 50%, source: "ASSUMED: fitted on published runs of several chips", how: inferred}'
)


class Sheet(NamedTuple):
    """A calibration: the profile that it is for, what was read, and what follows."""

    profile: str
    gpu: str  # the profile's own name of the device
    records: Mapping[str, Record]  # by file
    constants: Sequence[Constant]
    notes: Sequence[str]


def as_text(sheet: Sheet, width: int | None = None) -> str:
    """Return the constants as a table, what was measured, and what should be known about it."""
    lines = [f"Constants for the profile {sheet.profile} ({sheet.gpu})", ""]
    lines += [
        text.paragraph(f"{file}: {', '.join(_told(record))}; {_rows(len(record.measurements))}", width)
        for file, record in sheet.records.items()
    ]
    if sheet.constants:
        head = ("constant", "value", "", "uncertainty", "rows", "error", "worst")
        rows = [head, *(_row(one) for one in sheet.constants)]
        lines += ["", text.table(rows, right=(1, 4, 5, 6), width=width, indent=0)]
        lines += ["", text.paragraph("error and worst: of the law's times against the measured ones.", width)]
    else:
        lines += ["", "No constant follows from these files."]
    notes = [*(f"{one.name}: {one.note}" for one in sheet.constants if one.note), *_all_notes(sheet)]
    return "\n".join([*lines, *([""] if notes else []), *(text.paragraph(f"Note: {note}", width) for note in notes)])


def _all_notes(sheet: Sheet) -> list[str]:
    """Return what should be known about the constants, those that cannot be first."""
    return [*map(_too_high, _above_all(sheet)), *sheet.notes]


def _above_all(sheet: Sheet) -> list[Constant]:
    """Return the efficiencies above 100 %; switches that add up may bring a collective there."""
    shares = (one for one in sheet.constants if one.like == "%" and not one.name.startswith("collective"))
    return [one for one in shares if one.value > 1]


def _too_high(one: Constant) -> str:
    return f"{one.name} is {units.show(one.value, '%')}, above 100%; is the profile the right one?"


def _told(record: Record) -> list[str]:
    driver = record.driver and f"driver {record.driver}"
    return [word for word in (record.device or "device not said", record.tool, record.date, driver) if word]


def _rows(count: int) -> str:
    return text.plural(count, "measurement")


def _row(one: Constant) -> tuple[str, ...]:
    error = units.show(one.value * one.spread, one.like)
    quality = ["" if share is None else units.show(share, "%") for share in (one.median_error, one.worst_error)]
    return one.name, units.show(one.value, one.like), "±", error, str(one.rows), *quality


def as_json(sheet: Sheet) -> dict[str, Any]:
    """Return the same in SI, for programs."""
    return {
        "schema": 1,
        "profile": sheet.profile,
        "measurements": {
            file: {
                "device": record.device,
                "tool": record.tool,
                "date": record.date,
                "driver": record.driver,
                "rows": len(record.measurements),
            }
            for file, record in sheet.records.items()
        },
        "constants": {one.name: _plain(one) for one in sheet.constants},
        "notes": _all_notes(sheet),
    }


def _plain(one: Constant) -> dict[str, Any]:
    fields = {
        "value": one.value,
        "unit": {"%": "1", "us": "s", "GB/s": "B/s"}[one.like],
        "spread": one.spread,
        "standard_error": one.error if one.how == "measured" else None,
        "how": one.how,
        "rows": one.rows,
        "median_error": one.median_error,
        "worst_error": one.worst_error,
        "explained": one.explained,
        "note": one.note or None,
    }
    return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in fields.items()}


def as_yaml(sheet: Sheet, precisions: Collection[str]) -> str:
    """Return the part `calibration` of a profile with these precisions. Raises ValueError if it would not be valid."""
    known = {one.name: one for one in sheet.constants}
    matmul = [precision for precision in precisions if any(name.startswith(f"matmul.{precision}.") for name in known)]
    shares = [name for name in ("memory_efficiency", "attention_efficiency") if name in known]
    if not matmul and not shares:
        what = "collectives and host copies tell of a fabric" if known else "there are no constants"
        raise ValueError(f"nothing in these files belongs into the calibration of a GPU; {what}")
    for one in _above_all(sheet):
        raise ValueError(_too_high(one))
    dates = sorted(record.date[:10] for record in sheet.records.values() if record.date)
    if not dates:
        raise ValueError("no file says when it was measured, which a calibration must; derisk bench-gpu does")
    lines = ["calibration:", *_head(sheet, dates[-1])]
    lines += ["  matmul:"] if matmul else []
    for precision in matmul:
        overhead = known.get(f"matmul.{precision}.overhead")
        efficiency = known.get(f"matmul.{precision}.efficiency")
        if efficiency is None:
            raise ValueError(f"matmul.{precision}.efficiency is not determined; measure more shapes")
        lines += [f"    {precision}:", f"      efficiency: {_quantity(efficiency, sheet)}"]
        lines.append(f"      overhead: {_quantity(overhead, sheet) if overhead else ASSUMED_OVERHEAD}")
    lines += [f"  {name}: {_quantity(known[name], sheet)}" for name in shares]
    return "\n".join([*lines, ""])


def _head(sheet: Sheet, date: str) -> list[str]:
    device = next((record.device for record in sheet.records.values() if record.device), sheet.gpu)
    driver = next((record.driver for record in sheet.records.values() if record.driver), "not known")
    head = {"date": date, "device": device, "driver": driver, "measurements": ", ".join(sheet.records)}
    # A JSON text is a YAML text too, whatever stands in it.
    return [f"  {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]


def _quantity(one: Constant, sheet: Sheet) -> str:
    if one.how == "prior":
        source = one.note
    else:
        tools = " and ".join(dict.fromkeys(record.tool for record in sheet.records.values()))
        source = f"fitted on {_rows(one.rows)} of {tools}"
    fields = {
        "value": units.show(one.value, one.like),
        "spread": units.show(one.spread, "%"),
        "source": json.dumps(source, ensure_ascii=False),
        "how": HOW[one.how],
    }
    return "{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}"
