"""What a user is told of a scenario that is wrong: all at once, at the layer at fault, with remedies that hold."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from test_cli import derisk

from simulator import resources
from simulator.scenario import ScenarioError, ScenarioErrors, load_scenario, parse_scenario
from simulator.scenario.remedies import followed, remedies
from simulator.scenario.source import Item, read_text

BROKEN = Path(__file__).parent / "broken"
EXPECTED: dict[str, list[str]] = YAML(typ="safe").load(BROKEN / "expected.yaml")
PRESET = resources.scenarios() / "presets" / "llama3_405b_16k.yaml"


def errors_of(text: str, overrides: list[str] | None = None, folder: Path = Path()) -> list[ScenarioError]:
    """Return what is wrong with a text; nothing where it is a scenario."""
    try:
        parse_scenario(text, overrides, name="mine.yaml", folder=folder)
    except ScenarioErrors as failed:
        return failed.errors
    return []


def written(tree: Item) -> str:
    """Return a tree as text: JSON is YAML."""
    return json.dumps(tree.data())


# Remedies


def advised() -> list[tuple[str, int, int]]:
    """Return all remedies of the corpus that can be tried: the file, the number of its error, and of the remedy."""
    found = []
    for name in EXPECTED:
        try:
            text = (BROKEN / name).read_text(encoding="utf-8")
            read_text(text, name)
        except (ScenarioErrors, UnicodeDecodeError):
            continue  # what is no YAML has no keys to change
        for number, error in enumerate(errors_of(text, folder=BROKEN)):
            if error.file == "mine.yaml":
                found += [(name, number, place) for place, _ in enumerate(remedies(error))]
    return found


@pytest.mark.parametrize(("name", "number", "place"), advised())
def test_advice_that_is_followed_to_the_letter_is_accepted(name: str, number: int, place: int) -> None:
    text = (BROKEN / name).read_text(encoding="utf-8")
    errors = errors_of(text, folder=BROKEN)
    error = errors[number]
    remedy = remedies(error)[place]
    tree = followed(read_text(text, "mine.yaml"), error, remedy)
    assert tree is not None, f"{error.headline}: {remedy} has no place"
    before = {(one.path, one.message) for one in errors}
    after = {(one.path, one.message): one for one in errors_of(written(tree), folder=BROKEN)}
    assert (error.path, error.message) not in after, f"{remedy} does not mend it"
    fresh = [one.headline for key, one in after.items() if key not in before]
    assert not [line for line in fresh if f": {error.path}:" in line], f"{remedy} leads to {fresh}"


def test_the_corpus_has_remedies_of_every_kind() -> None:
    kinds = [remedies(errors_of((BROKEN / name).read_text(encoding="utf-8"), folder=BROKEN)[number])[place].kind
             for name, number, place in advised()]  # fmt: skip
    assert {kind: kinds.count(kind) > 1 for kind in ("value", "pair", "key", "out")} == dict.fromkeys(
        ("value", "pair", "key", "out"), True
    )
    assert len(kinds) > 80
