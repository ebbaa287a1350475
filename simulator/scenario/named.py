"""Finding a scenario by what people call it: in commands, after `extends`, in the app and in Python, in one way."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from simulator import resources
from simulator.scenario.errors import ScenarioError, ScenarioErrors, Spot
from simulator.words.section import did_you_mean


def find_scenario(name: str) -> Path:
    """Return the file that a path or the name of a preset means. Raises ScenarioErrors."""
    found = find_named(name)
    if found is None and not _is_there(name):
        raise ScenarioErrors([ScenarioError(Spot(name), "", "there is no such file or preset", hint_for(name))])
    return Path(name) if found is None else found


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()  # a folder, say: the loader has the words
    except (OSError, ValueError):
        return False


def find_preset(name: str) -> Path | None:
    """Return the file of a scenario that ships, by any of its names; None for every other word, so for any path."""
    return _shipped().get(name)


@cache
def _shipped() -> dict[str, Path]:
    """Return the scenarios that ship by all words for them: `presets/` or `scenarios/` before, or .yaml behind."""
    found: dict[str, Path] = {}
    for file in resources.scenario_files():
        inside = file.relative_to(resources.scenarios()).as_posix()
        for word in (inside, f"scenarios/{inside}", f"{name_of(file)}.yaml"):
            found.setdefault(word, file)
            found.setdefault(word.removesuffix(".yaml"), file)
    return found


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
    places = [beside / name, beside / f"{name}.yaml", *([preset] if (preset := find_preset(name)) else [])]
    if not given.is_absolute():
        # Files that are no scenarios, such as classes of operators and cases, are found in the same folders.
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
