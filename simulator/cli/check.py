"""`derisk check`: is a scenario valid, what does it resolve to, and what does theory expect of it?"""

from simulator.cli.border import width, write_json, write_text
from simulator.cli.options import AsJson, Overrides, ScenarioName, read_scenario


def check(scenario: ScenarioName, overrides: Overrides = None, json: AsJson = False) -> None:
    """Show every resolved value with unit and source, the ASSUMED ones first, and what theory expects."""
    from simulator.report import checklist
    from simulator.report.expected import expected

    read = read_scenario(scenario, overrides)
    theory = expected(read)
    if json:
        write_json(checklist.as_json(read, theory))
    else:
        write_text(checklist.as_text(read, theory, width()))
