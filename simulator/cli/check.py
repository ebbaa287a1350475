"""`derisk check`: is a scenario valid, what does it resolve to, and what does theory expect of it?"""

from simulator.cli.options import AsJson, Overrides, ScenarioName, read_scenario, warn_of_no_progress
from simulator.cli.terminal import width, write_json, write_text


def check(scenario: ScenarioName, overrides: Overrides = None, json: AsJson = False) -> None:
    """Show all inputs and what theory expects of them.

    Every resolved value comes with its unit, how well it is known, and its source, the ASSUMED ones first.
    """
    from simulator.report.run import checklist
    from simulator.report.run.expected import expected

    read = read_scenario(scenario, overrides)
    theory = expected(read)
    warn_of_no_progress(scenario, read, theory)
    if json:
        write_json(checklist.as_json(read, theory))
    else:
        write_text(checklist.as_text(read, theory, width()))
