"""`derisk explain`: what a field of a scenario or of a result means."""

from typing import Annotated

import typer

from simulator.cli.border import Code, Refusal, width, write_json, write_text
from simulator.cli.options import AsJson

FieldName = Annotated[
    str, typer.Argument(metavar="FIELD", help="Such as goodput, LOST_WORK or cluster.hot_spares.", show_default=False)
]


def explain(field: FieldName, json: AsJson = False) -> None:
    """Define a field of a scenario or of a result."""
    from simulator.report import glossary

    found = glossary.find(field)
    if not found:
        hint = glossary.suggestion(field) or "; derisk schema lists what a scenario may say"
        raise Refusal(f"there is no field '{field}'{hint}", Code.USAGE)
    if json:
        write_json({"schema": 1, "fields": [entry._asdict() for entry in found]})
    else:
        write_text(glossary.as_text(found, width()))
