"""From words to numbers: a scenario and its drawn inputs become a plan; and replications that are given as a script."""

from simulator.compile.compile import compile_plan

__all__ = ["compile_plan"]
