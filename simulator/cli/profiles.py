"""`derisk profiles`: hardware profiles, listed, shown with their sources, and checked."""

from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import AsJson
from simulator.cli.terminal import say, width, write_json, write_text

if TYPE_CHECKING:
    from simulator.report.machine.profile_sheet import Profile

profiles = typer.Typer(no_args_is_help=True, help="List, show and check hardware profiles.")

ProfileName = Annotated[
    str,
    typer.Argument(metavar="NAME", help="A name, a GPU by any of its names, or a YAML file.", show_default=False),
]
ProfileNames = Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Names or YAML files; all if left out.")]


@profiles.command("list")
def list_profiles(json: AsJson = False) -> None:
    """List the profiles that ship with the package, by kind."""
    from simulator.report.machine import profile_sheet

    found = _read(None)
    if json:
        write_json({"schema": 1, "profiles": [profile.as_json() for profile in found]})
    else:
        write_text(profile_sheet.as_list(found, width()))


@profiles.command("show")
def show_profile(name: ProfileName, json: AsJson = False) -> None:
    """Show a profile's numbers, each with its source and how it was got."""
    from simulator.report.machine import profile_sheet

    [profile] = _read([name])
    if json:
        write_json({"schema": 1, **profile.as_json()})
    else:
        write_text(profile_sheet.as_sheet(profile, width()))


@profiles.command("check")
def check_profiles(names: ProfileNames = None) -> None:
    """Check profiles: units, keys, a source for every number and how it was got (exit code 3 if one is not valid)."""
    found = _read(names, strict=True)
    for profile in found:
        assumed = [row.path for row in profile.rows if row.assumed]
        if assumed:
            say(f"{profile.file}: ASSUMED, which nothing backs: {', '.join(assumed)}")
    write_text(f"{len(found)} profiles are valid" if len(found) != 1 else f"{found[0].file} is valid")


def _read(names: list[str] | None, strict: bool = False) -> "list[Profile]":
    """Return the profiles of these names, or all, by kind. Raises ScenarioErrors: those of all files at once."""
    from simulator.report.machine.profile_sheet import by_kind, file_of, read_profile
    from simulator.scenario import ScenarioErrors
    from simulator.scenario.profiles import profile_names

    found, errors = [], []
    for name in names or profile_names():
        try:
            found.append(read_profile(file_of(name), strict))
        except ScenarioErrors as failed:
            errors += failed.errors
    if errors:
        raise ScenarioErrors(errors)
    return by_kind(found)
