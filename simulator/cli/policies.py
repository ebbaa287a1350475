"""A user's own decisions: a Python class from a file, for the reference engine."""

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from simulator.engines.reference import Policy

OPTION = "--policy"


def load_policy(text: str) -> "type[Policy]":
    """Return the class that "file.py:Class" names. Raises typer.BadParameter; what the file itself raises passes."""
    file, colon, name = text.rpartition(":")
    if not (colon and file and name.isidentifier()):
        raise typer.BadParameter(f"'{text}' names no class; write file.py:Class", param_hint=OPTION)
    path = Path(file)
    if not path.is_file():
        raise typer.BadParameter(f"there is no file '{file}'", param_hint=OPTION)
    specification = importlib.util.spec_from_file_location(f"policy_{path.stem}", path)
    if specification is None or specification.loader is None:
        raise typer.BadParameter(f"'{file}' is not a Python file", param_hint=OPTION)
    module = importlib.util.module_from_spec(specification)
    # A class finds its module by name, as its pickles and dataclasses need.
    sys.modules[module.__name__] = module
    specification.loader.exec_module(module)
    return _class_in(vars(module), name, file)


def _class_in(names: dict[str, object], name: str, file: str) -> "type[Policy]":
    from simulator.engines.reference import Policy
    from simulator.words.section import did_you_mean

    policies = {key: value for key, value in names.items() if isinstance(value, type) and issubclass(value, Policy)}
    if name in policies:
        return policies[name]
    own = [key for key in policies if key != "Policy"]
    if name in names:
        words = f"'{name}' is not a policy; derive it from simulator.engines.reference.Policy"
    else:
        words = f"'{file}' has no class '{name}'{did_you_mean(name, own)}"
    raise typer.BadParameter(words, param_hint=OPTION)
