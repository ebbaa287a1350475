"""A question and its command: how it is written, run, and read."""

import json
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from typer.testing import CliRunner

from questions.middle import Middle, middle
from simulator import resources
from simulator.cli import application
from simulator.ensemble import Ensemble
from simulator.numbers.plan import Floats
from simulator.planning import quantities
from simulator.report.figures import Figure
from simulator.report.run import folder
from simulator.scenario import Scenario, load_scenario
from simulator.scenario.sweep import split

FOLDERS = ("run", "compare", "sweep")  # commands that leave folders behind
REPEATS = ("--set", "--with", "--axis", "--input", "--target", "--option", "--between")  # each on a line of its own


class Told(NamedTuple):
    """What a command said: its JSON, and the scenarios that it began with."""

    words: tuple[str, ...]
    json: dict[str, Any]
    scenarios: tuple[Scenario, ...]  # those named on the line
    ensemble: Ensemble | None  # of `derisk run`
    measured: tuple[Mapping[str, Floats], ...] = ()  # by replication: of a comparison, the base first; of cells

    @property
    def scenario(self) -> Scenario:
        """The first, or the only one."""
        return self.scenarios[0]

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The cells of a sweep."""
        cells: list[dict[str, Any]] = self.json["cells"]
        return cells

    @property
    def base(self) -> dict[str, Any]:
        """The base cell of a sweep."""
        return self.cells[self.json["base"] - 1]

    def finishes(self, place: int) -> Floats:
        """Return the run times [d] of a side of a comparison or of a cell, infinite where it did not finish."""
        return self.measured[place]["finish_days"]

    def medians(self, measure: str = "finish_days") -> list[Middle]:
        """Return the medians of the differences of pairs: others to the base of a comparison, all cells to theirs."""
        base = self.json["base"] - 1 if self.words[1] == "sweep" else 0
        found = [middle(self.measured[base][measure], each[measure]) for each in self.measured]
        return found if self.words[1] == "sweep" else found[1:]

    def variants(self, measure: str) -> list[dict[str, Any]]:
        """Return the differences of a measure of a comparison, one for each of the others."""
        return [each["differences"][measure] for each in self.json["alternatives"]]


Answer = Callable[[Told], tuple[str, ...]]


class Question(NamedTuple):
    """A page: its question, its command, and words and a figure that read what the command says."""

    name: str
    title: str
    command: str
    answer: Answer  # sentences; the first one stands alone
    table: Callable[[Told], list[str]]
    figure: Callable[[Told], Figure]
    caveat: str
    rests: tuple[str, ...]  # beginnings of the paths of the inputs that decide
    slow: bool = False


def words_of(command: str) -> tuple[str, ...]:
    """Return the words of a command as a shell would read them."""
    return tuple(shlex.split(command.replace("\\\n", " ")))


def ask(command: str) -> Told:
    """Run a command as it is written, with --json, and return what it says. Raises AssertionError where it fails."""
    words = words_of(command)
    assert words[0] == "derisk", command
    called = takewhile(lambda word: not word.startswith("-"), words[2:])
    sets = [value for option, value in pairwise(words) if option == "--set"]
    with tempfile.TemporaryDirectory() as place:
        more = ("-o", place) if words[1] in FOLDERS else ()
        result = CliRunner().invoke(application, [*words[1:], *more, "--json"], catch_exceptions=False)
        assert result.exit_code == 0, f"{command}\n{result.output}"
        told = json.loads(result.stdout)
        runs = list(Path(place).iterdir()) if words[1] == "run" else []
        ensemble = folder.load(runs[0]) if runs else None
        measured = tuple(_MEASURED[words[1]](Path(place), words, told)) if words[1] in _MEASURED else ()
    scenarios = tuple(_loaded(name, sets) for name in called)
    return Told(words, told, scenarios, ensemble, measured)


def _loaded(name: str, sets: Sequence[str]) -> Scenario:
    return load_scenario(resources.scenarios() / f"{name}.yaml", list(sets))


def _of_sides(place: Path, words: tuple[str, ...], told: dict[str, Any]) -> Iterator[Mapping[str, Floats]]:
    """Yield what the run folders of a comparison say by replication, the base first."""
    called = list(takewhile(lambda word: not word.startswith("-"), words[2:]))
    sets = [value for option, value in pairwise(words) if option == "--set"]
    variants = [value for option, value in pairwise(words) if option == "--with"]
    wanted = [(name, sets) for name in called] if len(variants) < 2 else []
    wanted += [(called[0], [*sets, *split(variant)]) for variant in variants]
    for name, overrides in wanted:
        found = folder.find(_loaded(name, overrides), place, seed=told["seed"], replications=told["replications"])
        assert found is not None, f"no run folder of {name} with {overrides}"
        ensemble = folder.load(found)
        yield {each.name: quantities.values(ensemble, each.name) for each in quantities.measures(ensemble)}


def _of_cells(place: Path, words: tuple[str, ...], told: dict[str, Any]) -> Iterator[Mapping[str, Floats]]:
    """Yield what the folder of a sweep says by replication, cell by cell."""
    for file in sorted(place.glob("*/cells/*.parquet")):
        table = pd.read_parquet(file)
        yield {str(name): table[name].to_numpy(dtype=float) for name in table}


_MEASURED = {"compare": _of_sides, "sweep": _of_cells}


def written(command: str) -> str:
    """Return a command for a page: one line where it fits, else an option a line."""
    words = words_of(command)
    short = " ".join(_quoted(word) for word in words)
    if len(short) <= 110:
        return short
    lines = [""]
    for word in words:
        if word in REPEATS:
            lines.append(f"  {word}")
        else:
            lines[-1] += f" {_quoted(word)}"
    return " \\\n".join(line.removeprefix(" ") if place == 0 else line for place, line in enumerate(lines))


def _quoted(word: str) -> str:
    return word if shlex.quote(word) == word else f"'{word}'"
