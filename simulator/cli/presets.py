"""`derisk presets`: the scenarios that ship with the package."""

from simulator.cli.options import AsJson
from simulator.cli.terminal import width, write_json, write_text


def presets(json: AsJson = False) -> None:
    """List the scenarios that ship with the package.

    Machines and published runs come first, then questions and others to start from.
    """
    from simulator import resources
    from simulator.report import text
    from simulator.scenario.presets import presets as shipped

    if json:
        entries = [
            {
                "preset": one.name,
                "scenario": one.title,
                "shelf": one.shelf,
                "question": one.question or None,
                "file": str(one.file),
            }
            for one in shipped()
        ]
        write_json({"schema": 1, "folder": str(resources.scenarios()), "presets": entries})
        return
    shelves = []
    for shelf, title in resources.SHELVES.items():
        rows = [(one.name, one.question or one.title) for one in shipped() if one.shelf == shelf]
        shelves += [f"{title}\n{text.table(rows, width=width())}"] if rows else []
    usage = "derisk run PRESET forecasts one; derisk check PRESET shows its inputs."
    write_text("\n\n".join([*shelves, usage]))
