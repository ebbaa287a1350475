"""Failures: all causes by name, and what is not known about all of them alike."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import ConfigDict, Field, PrivateAttr

from simulator.nouns.failures.cause import Cause
from simulator.nouns.failures.rows import expanded
from simulator.nouns.failures.scales import Scales
from simulator.nouns.recovery import Recovery
from simulator.words.quantity import Like, Quantity
from simulator.words.section import Fault, Section

__all__ = ["Cause", "Failures"]

FORMULA = ("=", "+", "-", "@")  # what makes a spreadsheet run the text of a cell


class Failures(Section):
    """All causes by name, and what is not known about all of them alike."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Cause]

    shared_spread: Annotated[Quantity, Like("%", most=3, certain=True)] | None = Field(
        default=None, description="log-standard deviation of one factor on all rates: a good or a bad cluster"
    )

    scales: Scales | None = Field(
        default=None, description="how all rates grow with the job beyond the number of parts"
    )
    _recovery: Recovery | None = PrivateAttr(default=None)

    @property
    def given(self) -> dict[str, Cause]:
        """The causes by name as they are written, in the order of the file."""
        return self.__pydantic_extra__

    @property
    def causes(self) -> dict[str, Cause]:
        """The causes by name as an engine has them: a row for each clock, see `rows.expanded`."""
        return expanded(self.given, self._recovery)

    def recovered(self, recovery: Recovery) -> "Failures":
        """Return the failures as a recovery tells their kinds apart: what hangs, and which rung ends a stop."""
        copy = self.model_copy()
        copy._recovery = recovery
        return copy

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong between causes."""
        if self.__pydantic_extra__:
            for name in self.given:
                if name.lstrip().startswith(FORMULA):
                    text = "is taken for a formula where a table of causes is opened; begin the name with a letter"
                    yield (name,), text
