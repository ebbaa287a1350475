"""What the nouns of a scenario have in common: frozen, typed, no unknown keys, and faults that name their place."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

Place = tuple[str | int, ...]  # the keys and list positions that lead from a section to a value
Fault = tuple[Place, str]  # where, and what is wrong; a remedy follows after "; "


class Section(BaseModel):
    """A part of a scenario. Its numbers are `Quantity` and `Drawn`, in SI; a subclass adds its rules in `faults`."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    source: str | None = Field(default=None, description="where the numbers of this section come from")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with fields that are each right alone."""
        return iter(())

    @model_validator(mode="after")
    def _hold_rules(self) -> "Section":
        found = list(self.faults())
        if found:
            raise refusal(found)
        return self


def refusal(faults: Iterable[Fault], value: Any = None) -> ValidationError:
    """Return the error that a validator raises for its faults; places are relative to what it validates."""
    details = [
        # The message is data, not a template: braces in it stay.
        InitErrorDetails(type=PydanticCustomError("refused", "{text}", {"text": text}), loc=place, input=value)
        for place, text in faults
    ]
    return ValidationError.from_exception_data("scenario", details)


def faults_in(error: ValidationError, *above: str | int) -> list[Fault]:
    """Return the faults of an error of `refusal`, with what stands above their places."""
    return [((*above, *detail["loc"]), detail["msg"]) for detail in error.errors(include_url=False)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the known word that is nearest, or nothing."""
    names = list(known)
    close = [name for name in names if name.casefold() == word.casefold()]
    close = close or difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def unknown_key(word: str, known: Iterable[str]) -> str:
    """Return the message for a key that does not exist here, with the nearest one, or all there are."""
    names = list(known)
    return "unknown key" + (did_you_mean(word, names) or f"; the keys here are {', '.join(names)}")
