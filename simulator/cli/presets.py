"""`derisk presets`: the scenarios that ship with the package."""

from pathlib import Path
from typing import Any

from simulator.cli.border import width, write_json, write_text
from simulator.cli.options import AsJson


def presets(json: AsJson = False) -> None:
    """List the scenarios that ship with the package.

    Published runs come first, then others to start from.
    """
    from simulator import resources
    from simulator.report import text

    folder = resources.scenarios()
    files = sorted(resources.scenario_files(), key=lambda file: ("presets" not in file.parts, file.parts))
    entries = [_entry(file) for file in files]
    if json:
        write_json({"schema": 1, "folder": str(folder), "presets": entries})
        return
    rows = [(entry["preset"], entry["question"] or entry["scenario"]) for entry in entries]
    usage = "derisk run PRESET forecasts one; derisk check PRESET shows its inputs."
    write_text(f"{text.table(rows, width=width(), indent=0)}\n\n{usage}")


def _entry(file: Path) -> dict[str, Any]:
    from simulator.scenario.merge import layered
    from simulator.scenario.named import name_of

    head = layered(file, str(file)).data()  # to predict the step of a job takes seconds, and nobody asks here
    return {
        "preset": name_of(file),
        "scenario": head["name"],
        "question": head.get("question"),
        "file": str(file),
    }
