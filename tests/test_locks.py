"""The two lock files: what runs, and that with what checks and tests it, both pinned alike and within pyproject.toml.

`requirements.lock` is what `make run` installs, `requirements-dev.lock` what `make test` adds to it.
"""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
RUNTIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# What each file was made for.
WANTED = {
    RUNTIME: [*PROJECT["dependencies"], *EXTRAS["build"]],
    DEVELOPMENT: [*PROJECT["dependencies"], *EXTRAS["build"], *EXTRAS["dev"]],
}
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[0-9][0-9a-z.]*) +# via [A-Za-z0-9 ,.()_-]+")


def pins(file: str) -> dict[str, str]:
    """The version of each package; a line that holds an option, an address, a path or a hash is a fault."""
    lines = [PIN.fullmatch(line) for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]
    assert all(lines), file
    return {line["name"]: line["version"] for line in lines if line}


def asked(words: list[str]) -> set[Requirement]:
    """The requirements in words, and all that their packages ask for here or on another system, with their extras."""
    found: set[Requirement] = set()
    rest = [Requirement(word) for word in words]
    while rest:
        requirement = rest.pop()
        if requirement in found:
            continue
        found.add(requirement)
        try:
            further = requires(requirement.name) or []
        except PackageNotFoundError:  # asked for by a marker that is of another system
            continue
        for each in map(Requirement, further):
            extra = re.search(r"extra == ['\"]([^'\"]+)", str(each.marker))
            if extra is None or extra[1] in requirement.extras:
                rest.append(each)
    return found


def test_what_runs_is_a_part_of_what_is_developed_with_and_pinned_alike() -> None:
    assert pins(RUNTIME).items() < pins(DEVELOPMENT).items()


@pytest.mark.parametrize("file", WANTED)
def test_the_ranges_of_the_project_admit_the_pins(file: str) -> None:
    versions = pins(file)
    for requirement in map(Requirement, WANTED[file]):
        version = versions[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{file} has {version} for {requirement}"


@pytest.mark.parametrize("file", WANTED)
def test_every_pin_is_asked_for(file: str) -> None:
    """Whatever does not run the program, such as the linter, is not installed with it."""
    assert set(pins(file)) <= {canonicalize_name(requirement.name) for requirement in asked(WANTED[file])}


def test_what_runs_needs_no_tool_of_development() -> None:
    tools = {canonicalize_name(Requirement(word).name) for word in EXTRAS["dev"]}
    assert tools
    assert not tools & set(pins(RUNTIME))


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://index.example/simple",
        "numpy==2.4.6 --hash=sha256:00  # via scipy",
        "numpy @ https://index.example/numpy.whl  # via scipy",
        "numpy>=2.4  # via scipy",
    ],
)
def test_a_lock_with_more_than_versions_is_refused(line: str) -> None:
    assert PIN.fullmatch(line) is None


def test_the_build_backend_of_the_lock_is_the_one_that_the_package_asks_for() -> None:
    system = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    (backend,) = map(Requirement, system["requires"])
    assert backend.specifier.contains(pins(RUNTIME)[backend.name])
