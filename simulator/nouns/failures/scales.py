"""Failures that grow faster than parts: what a larger job adds to the rate of each of its parts."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, create_model

from simulator.words.quantity import Like, Quantity
from simulator.words.section import Section


class _Scales(Section):
    """The rate of a part times (GPUs of the job / `from`)^`excess`, for jobs of more than `from` GPUs."""

    excess: Annotated[Quantity, Like("", most=3)] = Field(description="the exponent; 0: as many failures as parts [1]")

    def times_at(self, values: Mapping[str, float] | None, gpus: int) -> float:
        """Return the factor on the rate of a part [1] in a job of so many GPUs."""
        first = float(getattr(self, "from").median)
        return float((gpus / first) ** self.excess.at(values)) if gpus > first else 1.0


_FROM: Any = (
    Annotated[Quantity, Like("GPUs", above=0, certain=True)],
    Field(description="the size of job at which the rates were counted"),
)
# The key that a scenario writes is a word of Python.
Scales: type[_Scales] = create_model("Scales", __base__=_Scales, __doc__=_Scales.__doc__, **{"from": _FROM})
