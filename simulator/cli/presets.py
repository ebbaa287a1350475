"""`derisk presets`: the scenarios that ship with the package."""

from pathlib import Path
from typing import Any

from simulator.cli.border import width, write_json, write_text
from simulator.cli.options import AsJson


def presets(json: AsJson = False) -> None:
    """List the scenarios that ship with the package.

    Machines and published runs come first, then questions and others to start from.
    """
    from simulator import resources
    from simulator.report import text

    folder = resources.scenarios()
    entries = [_entry(file) for file in resources.scenario_files()]
    if json:
        write_json({"schema": 1, "folder": str(folder), "presets": entries})
        return
    shelves = []
    for name, title in resources.SHELVES.items():
        rows = [(str(entry["preset"]), _told(entry)) for entry in entries if entry["shelf"] == name]
        shelves += [f"{title}\n{text.table(rows, width=width())}"] if rows else []
    usage = "derisk run PRESET forecasts one; derisk check PRESET shows its inputs."
    write_text("\n\n".join([*shelves, usage]))


def _told(entry: dict[str, Any]) -> str:
    return str(entry["question"] or entry["scenario"])


def _entry(file: Path) -> dict[str, Any]:
    from simulator import resources
    from simulator.scenario.merge import layered
    from simulator.scenario.named import name_of

    head = layered(file, str(file)).data()  # to predict the step of a job takes seconds, and nobody asks here
    return {
        "preset": name_of(file),
        "scenario": head["name"],
        "shelf": resources.shelf(file),
        "question": head.get("question"),
        "file": str(file),
    }
