"""Where the generated page on validation lies: in docs/ of a checkout, among the data of an installed package."""

from pathlib import Path

from simulator import resources


def file() -> Path | None:
    """Return the page, or None where it does not ship."""
    found = resources.scenarios().parent / "docs" / "validation.md"
    return found if found.is_file() else None
