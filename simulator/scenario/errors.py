"""Errors of a scenario, a profile or a script: each names file, line, column, path, value, and what to do."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

SET = "--set"  # the "file" of values given on the command line; other options that set values have their own names

AXIS = "--axis"
SECTION = "sweep in the scenario"
# What Python gives has no file and no lines: a mapping that is a scenario, and changes as after --set.
MAPPING = "mapping"
OVERRIDE = "override"
AS_SET = (SET, OVERRIDE)


class Override(str):
    """A text "a.b=value" that another option than --set gave, by whose name its errors are told."""

    option: str

    def __new__(cls, text: str, option: str = SET) -> "Override":
        """Return the text, marked with its option."""
        made = super().__new__(cls, text)
        made.option = option
        return made


def given_as(option: str, overrides: Iterable[str]) -> list[str]:
    """Return overrides that an option other than --set gave."""
    return [Override(override, option) for override in overrides]


def option_of(override: str) -> str:
    """Return the option that gave an override."""
    return override.option if isinstance(override, Override) else SET


def of_option(file: str) -> bool:
    """Whether the "file" of a spot is an option of the command line, or an override in Python."""
    return file.startswith("--") or file in (SECTION, OVERRIDE)


@dataclass(frozen=True)
class Spot:
    """A place in a file: line and column count from 1; `width` characters of `text`, the line, are meant."""

    file: str
    line: int = 1
    column: int = 1
    width: int = 0
    text: str = ""
    said: str = ""  # the override, where an option is the file


@dataclass(frozen=True)
class ScenarioError:
    """One thing that is wrong."""

    spot: Spot
    path: str  # such as failures.gpu.rate; empty where the whole file is the matter
    message: str
    remedy: str = ""
    value: str = ""

    @property
    def file(self) -> str:
        """The file, or `--set`."""
        return self.spot.file

    @property
    def line(self) -> int:
        """The line, from 1."""
        return self.spot.line

    @property
    def column(self) -> int:
        """The column, from 1."""
        return self.spot.column

    @property
    def follows(self) -> bool:
        """Whether it is of another place than the override that brings it about, so that both have to be named."""
        return not _parts_of(self.spot.said.partition("=")[0].strip(), self.path)

    @property
    def headline(self) -> str:
        """File, line, column, path, message and remedy in one line."""
        where = f"{self.file}:{self.line}:{self.column}"
        if self.file in (MAPPING, OVERRIDE) and not self.spot.text:
            where = self.file
        if of_option(self.file):
            where = f"{self.file} {shlex.quote(self.spot.said)}" if self.follows else self.file
        path = f"{self.path}: " if self.path else ""
        return f"{where}: {path}{self.message}" + (f"; {self.remedy}" if self.remedy else "")

    def __str__(self) -> str:
        """Return the headline, and the line of the file with a caret under what is meant."""
        if not self.spot.text:
            return self.headline
        number = f"{self.line:>6}"
        carets = "^" * max(1, min(self.spot.width, len(self.spot.text) - self.column + 1))
        # A tab is as wide as the terminal likes; the same tab above and below keeps the caret in its place.
        indent = "".join("\t" if character == "\t" else " " for character in self.spot.text[: self.column - 1])
        return f"{self.headline}\n{number} | {self.spot.text}\n{' ' * len(number)} | {indent}{carets}"


def _parts_of(one: str, other: str) -> bool:
    """Whether one of two paths is, or is a part of, the other; the empty one is all."""
    return not one or not other or f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


class ScenarioErrors(Exception):  # noqa: N818 - it holds several
    """All that is wrong with a scenario, in the order of the file."""

    def __init__(self, errors: Iterable[ScenarioError]) -> None:
        """Keep the errors, sorted by file and position."""
        # Two of one place stay in the order in which they were found.
        self.errors = sorted(
            dict.fromkeys(errors), key=lambda error: (of_option(error.file), error.file, error.line, error.column)
        )
        super().__init__("\n".join(str(error) for error in self.errors))


class ErrorsElsewhere(ScenarioErrors):
    """All that is wrong with a file that a scenario names, and which no change of the scenario mends."""


def error_at(spot: Spot, path: str, text: str, value: str = "") -> ScenarioError:
    """Return an error from a text of the form "message; remedy"."""
    message, _, remedy = text.partition("; ")
    return ScenarioError(spot, path, message, remedy, value)
