"""Finding a scenario by what people call it: on the command line, after `extends`, in the app, in one way."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from simulator import resources
from simulator.section import did_you_mean


def find_named(name: str, beside: Path = Path(), other_than: Path | None = None) -> Path | None:
    """Return the file that a path, or the name of a scenario that ships, means; None where there is none.

    A path is relative to the folder `beside`, with or without .yaml; a name may have `presets/` or `scenarios/` before
    it. `other_than` is meant only if nothing else is: the file that extends, which may have that name too.
    """
    found = list(_found(name, beside))
    others = [file for file in found if other_than is None or file.resolve() != other_than.resolve()]
    return next(iter(others or found), None)


def _found(name: str, beside: Path) -> Iterator[Path]:
    given, shipped = Path(name), resources.scenarios()
    # In a checkout the folder is written before the name; elsewhere the same words mean the files that were installed.
    inside = given.relative_to("scenarios") if given.parts[:1] == ("scenarios",) else given
    places = [beside / name, beside / f"{name}.yaml"]
    if not given.is_absolute():
        places += [root / f"{inside}{end}" for root in (shipped / "presets", shipped) for end in ("", ".yaml")]
    for place in places:
        try:
            if place.is_file():
                yield place
        except (OSError, ValueError):
            return


def name_of(file: Path) -> str:
    """Return the name by which a file among those that ship with the package can be run and extended."""
    inside = file.relative_to(resources.scenarios())
    return inside.stem if inside.parts[0] == "presets" else inside.with_suffix("").as_posix()


def names() -> list[str]:
    """Return the names of all scenarios that ship."""
    return sorted(name_of(file) for file in resources.scenario_files())


@cache
def words_for_shipped() -> frozenset[str]:
    """Return all words, to the letter, by which a scenario that ships is found; no other path is among them."""
    inside = [file.relative_to(resources.scenarios()).as_posix() for file in resources.scenario_files()]
    paths = [*inside, *(f"scenarios/{name}" for name in inside), *(f"{name}.yaml" for name in names())]
    return frozenset([*paths, *(name.removesuffix(".yaml") for name in paths)])


def closest(name: str) -> list[str]:
    """Return up to three names that a word may have meant, the likeliest first."""
    known, word = names(), Path(name).stem.lower()
    close = [one for one in known if word and word in one.lower()]
    if not close and (hint := did_you_mean(word, known)):
        close = [hint.split("'")[1]]
    return close[:3]


def hint_for(name: str) -> str:
    """Return what to say of a name that there is not."""
    if close := closest(name):
        return f"did you mean {' or '.join(repr(one) for one in close)}?"
    plain = ", ".join(one for one in names() if "/" not in one)
    return f"known by name are {plain}; derisk presets lists all"
