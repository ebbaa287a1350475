"""`derisk profiles`: hardware profiles, listed, shown with their sources, and checked."""

from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.border import say, width, write_json, write_text
from simulator.cli.options import AsJson

if TYPE_CHECKING:
    from simulator.report.profile_sheet import Profile

profiles = typer.Typer(no_args_is_help=True, help="List, show and check hardware profiles.")

ProfileName = Annotated[
    str, typer.Argument(metavar="NAME", help="A profile's name, or a YAML file.", show_default=False)
]
ProfileNames = Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Names or YAML files; all if left out.")]


@profiles.command("list")
def list_profiles(json: AsJson = False) -> None:
    """List the profiles that ship with the package."""
    from simulator.report import profile_sheet

    found = _read(None)
    if json:
        write_json({"schema": 1, "profiles": [profile.as_json() for profile in found]})
    else:
        write_text(profile_sheet.as_list(found, width()))


@profiles.command("show")
def show_profile(name: ProfileName, json: AsJson = False) -> None:
    """Show a profile's numbers, each with its source."""
    from simulator.report import profile_sheet

    [profile] = _read([name])
    if json:
        write_json({"schema": 1, **profile.as_json()})
    else:
        write_text(profile_sheet.as_sheet(profile, width()))


@profiles.command("check")
def check_profiles(names: ProfileNames = None) -> None:
    """Check profiles: units, keys, and that every number has a source (exit code 3 if one is not valid)."""
    from simulator.report.checklist import assumed

    found = _read(names)
    for profile in found:
        for row in assumed(profile.rows):
            say(f"{profile.file}: {row.path} has no source, so it counts as ASSUMED")
    write_text(f"{len(found)} profiles are valid" if len(found) != 1 else f"{found[0].file} is valid")


def _read(names: list[str] | None) -> "list[Profile]":
    """Return the profiles of these names, or all. Raises ScenarioErrors: those of all files at once."""
    from simulator.report.profile_sheet import find_profile, read_profile
    from simulator.scenario import ScenarioErrors
    from simulator.scenario.profiles import profile_names

    found, errors = [], []
    for name in names or profile_names():
        try:
            found.append(read_profile(find_profile(name)))
        except ScenarioErrors as failed:
            errors += failed.errors
    if errors:
        raise ScenarioErrors(errors)
    return found
