"""`derisk schema`: the JSON schema of scenario files, so that an editor can complete and check them."""

from simulator.cli.terminal import write_json


def schema() -> None:
    """Print the JSON schema of scenarios, for editors."""
    from simulator.scenario import json_schema

    write_json(json_schema())
