"""What a question about several runs comes to: words, numbers and a table of one answer."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pandas as pd

from simulator.api.words import Words

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Study(Generic[T]):
    """The answer to a question that a command of the same name asks."""

    found: T = field(repr=False)  # as simulator.planning has it
    text: Words  # what the command prints
    summary: dict[str, Any] = field(repr=False)  # what it prints with --json
    table: pd.DataFrame = field(repr=False)

    def __str__(self) -> str:
        """Return what the command prints."""
        return str(self.text)

    def __repr__(self) -> str:
        """Return what the command prints."""
        return str(self.text)

    def _repr_html_(self) -> str:
        """Return the words for a notebook."""
        return self.text._repr_html_()
