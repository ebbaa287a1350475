"""Hardware profiles for a reader: what is in them, the source of every number and how it was got."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from simulator.report import text
from simulator.scenario import ScenarioErrors
from simulator.scenario.errors import Spot, error_at
from simulator.scenario.number_paths import quantities
from simulator.scenario.profiles import (
    find_profile,
    kind_of,
    load_fabric,
    load_node,
    missing_profile,
    read_profile_file,
    section_of,
)
from simulator.scenario.validate import error_for
from simulator.scenario.yaml_tree import Item
from simulator.words.hardware import KINDS, Gpu, Node
from simulator.words.quantity import ASSUMED, HOW, Quantity
from simulator.words.section import Fault, Section

TITLES = {"gpu": "GPUs", "node": "Nodes", "fabric": "Fabrics", "storage": "Storage"}


class Line(NamedTuple):
    """A number of a profile."""

    path: str
    value: str
    ignorance: str
    source: str  # begins with ASSUMED where nothing backs it
    how: str  # vendor, measured, inferred or memory; empty where the file does not say

    @property
    def assumed(self) -> bool:
        """Whether nothing backs it."""
        return self.source.startswith(ASSUMED)


class Profile(NamedTuple):
    """A profile, read."""

    name: str  # of the file
    kind: str
    title: str
    file: str
    words: dict[str, str]  # what is no number, such as the topology of a fabric
    rows: list[Line]

    def as_json(self) -> dict[str, Any]:
        """Return the profile as `derisk profiles --json` prints it."""
        return {**self._asdict(), "rows": [row._asdict() for row in self.rows]}


def file_of(name: str) -> Path:
    """Return the file that a profile's name or a path means. Raises ScenarioErrors."""
    file = Path(name) if name.endswith(".yaml") else find_profile(name)
    if file is None:
        raise ScenarioErrors([error_at(Spot(name), "", missing_profile(name))])
    return file


def read_profile(path: Path, strict: bool = False) -> Profile:
    """Return a profile, checked like a scenario checks it, and the profiles that it names. Raises ScenarioErrors.

    A strict reader refuses numbers that do not say where they come from, and how they were got.
    """
    tree = read_profile_file(path)
    kind = kind_of(tree)
    section = section_of(KINDS[kind], tree)
    numbers = list(quantities(section))
    if strict:
        errors = [error_for(tree, fault) for number in numbers for fault in _faults_of_backing(tree, number)]
        if errors:
            raise ScenarioErrors(errors)
    if isinstance(section, Node):
        # Found again as a scenario would find it: a path that begins in the profile's own folder.
        load_node(Item(path.name, tree.spot, tree.layer), path.parent)
    fabric = tree.child("scale_up_fabric")
    if isinstance(section, Gpu) and fabric is not None:
        load_fabric(fabric, path.parent, "scale_up_fabric")
    rows = [Line(each.path, each.text(), each.ignorance(), each.backing, each.how or "") for each in numbers]
    title = str(getattr(section, "name", path.stem))
    return Profile(path.stem, kind, title, str(path), dict(_words(section)), rows)


def _faults_of_backing(tree: Item, number: Quantity) -> Iterator[Fault]:
    place = tuple(number.path.split("."))
    if tree.find(place) is None:
        return  # a default, which the file does not vouch for
    if not number.source and number.how is None:
        yield place, f'has no source; write {{value: {number.text()}, source: "...", how: {HOW[0]}}}'
    elif not number.source:
        yield place, 'has no source; add source: "..."'
    elif number.how is None:
        yield place, f"does not say how it was got; add how: {', '.join(HOW[:-1])} or {HOW[-1]}"


def _words(section: Section) -> Iterator[tuple[str, str]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if name in ("kind", "name", "source") or value in (None, "", ()):
            continue
        if isinstance(value, bool):
            yield name, str(value).lower()
        elif isinstance(value, str | tuple):
            yield name, value if isinstance(value, str) else ", ".join(value)
    if isinstance(section, Gpu) and section.calibration is not None:
        yield from ((f"calibration.{name}", words) for name, words in _words(section.calibration))


def as_list(profiles: list[Profile], width: int | None) -> str:
    """Return the table of all profiles, by kind."""
    parts = []
    for kind, title in TITLES.items():
        rows = [(each.name, each.title, each.words.get("aliases", "")) for each in profiles if each.kind == kind]
        if not any(aliases for *_, aliases in rows):
            table = text.table([row[:2] for row in rows], width=width)
        else:
            table = text.table([("profile", "name", "also known as"), *rows], width=width)
        parts += [f"{title} ({len(rows)})\n{table}"] if rows else []
    return "\n\n".join(parts)


def by_kind(profiles: list[Profile]) -> list[Profile]:
    """Return profiles in the order of their kinds."""
    return sorted(profiles, key=lambda profile: list(TITLES).index(profile.kind))


def as_sheet(profile: Profile, width: int | None) -> str:
    """Return a profile's words, and its numbers with their sources."""
    parts = [f"{profile.title} ({profile.kind}, {profile.file})"]
    if profile.words:
        parts.append(text.table(list(profile.words.items()), width=width))
    rows = [(row.path, row.value, row.ignorance or "-", row.how or "-", row.source) for row in profile.rows]
    parts.append(text.table([("input", "value", "spread", "how", "source"), *rows], width=width))
    return "\n\n".join(parts)
