"""What is said on stderr beside an answer, in the words of the command line; each thing once."""

import sys

from simulator.ensemble.compilation import notice
from simulator.report.run.expected import expected, trouble
from simulator.scenario import Scenario
from simulator.scenario.cautions import remarks

_said: set[str] = set()


def say(text: str) -> None:
    """Print a line on stderr, unless it was said before."""
    if text not in _said:
        _said.add(text)
        print(f"derisk: {text}", file=sys.stderr, flush=True)


def say_remarks(scenario: Scenario) -> None:
    """Say what is without effect in a scenario, what is doubtful, and whether theory expects it not to end."""
    for remark in remarks(scenario):
        say(remark)
    if words := trouble(scenario, expected(scenario)):
        say(f"{scenario.name}: {words}")


def announce_compilation() -> None:
    """Say so if the engine is about to be compiled, which otherwise looks as if nothing happened."""
    if words := notice():
        say(words)
