"""Hardware profiles for a reader: what is in them, and the source of every number."""

from pathlib import Path
from typing import Any, NamedTuple

from simulator import resources
from simulator.hardware import Gpu, Node
from simulator.quantity import ASSUMED
from simulator.report import text
from simulator.scenario import Row, ScenarioErrors
from simulator.scenario.errors import Spot, error_at
from simulator.scenario.merge import check_head
from simulator.scenario.profiles import load_node, profile_names
from simulator.scenario.settle import quantities, settled, sources_of
from simulator.scenario.source import read_file
from simulator.scenario.validate import error_for, validated
from simulator.section import did_you_mean

KINDS: dict[str, type[Gpu] | type[Node]] = {"gpu": Gpu, "node": Node}
SHAPE = "a profile is a mapping of keys such as schema, kind and name"


class Profile(NamedTuple):
    """A profile, read."""

    name: str  # of the file
    kind: str
    title: str
    file: str
    rows: list[Row]

    def as_json(self) -> dict[str, Any]:
        """Return the profile as `derisk profiles --json` prints it."""
        return {**self._asdict(), "rows": [row._asdict() for row in self.rows]}


def find_profile(name: str) -> Path:
    """Return the file that a profile's name or a path means. Raises ScenarioErrors."""
    if name.endswith(".yaml"):
        return Path(name)
    if name in profile_names():
        return resources.hardware_profiles() / f"{name}.yaml"
    hint = did_you_mean(name, profile_names()) or f"; there are {', '.join(profile_names())}"
    raise ScenarioErrors([error_at(Spot(name), "", f"there is no such hardware profile{hint}")])


def read_profile(path: Path) -> Profile:
    """Return a profile, checked like a scenario checks it, the GPU of a node too. Raises ScenarioErrors."""
    tree = read_file(path, str(path))
    check_head(tree, SHAPE)
    kind = tree.child("kind")
    if kind is None or kind.value not in KINDS:
        words = f"is missing; write kind: {' or '.join(KINDS)}"
        if kind is not None:
            words = f"'{kind.value}' is no kind of profile; there are {', '.join(KINDS)}"
        raise ScenarioErrors([error_for(tree, (("kind",), words))])
    section = validated(KINDS[str(kind.value)], tree, skip=("schema",))
    if isinstance(section, Node):
        # Found again as a scenario would find it: a path that begins in the profile's own folder.
        named = type(tree)(path.name, tree.spot, tree.layer)
        load_node(named, path.parent)
    numbers = quantities(settled(section, (), sources_of(tree)))
    rows = [Row(number.path, number.text(), number.ignorance(), number.source or ASSUMED) for number in numbers]
    return Profile(path.stem, str(kind.value), section.name, str(path), rows)


def as_list(profiles: list[Profile], width: int | None) -> str:
    """Return the table of all profiles."""
    rows = [(profile.name, profile.kind, profile.title) for profile in profiles]
    return text.table([("profile", "kind", "name"), *rows], width=width, indent=0)


def as_sheet(profile: Profile, width: int | None) -> str:
    """Return a profile's numbers with their sources."""
    rows = [(row.path, row.value, row.ignorance or "-", row.source) for row in profile.rows]
    head = f"{profile.title} ({profile.kind}, {profile.file})"
    return f"{head}\n\n{text.table([('input', 'value', 'spread', 'source'), *rows], width=width)}"
