"""The command line `derisk`: each command reads its words, calls the same functions as the app, and prints.

Exit codes: 0 well; 1 something of ours or of the machine went wrong; 2 the command is not understood; 3 a scenario or
profile is not valid; 4 the precision asked for was not reached; 5 a gate or an expectation does not hold; 130 stopped
from the keyboard, with what was done kept.
"""

from simulator.cli.application import application, main

__all__ = ["application", "main"]
