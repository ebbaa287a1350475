"""A rate that changes with age: steps of [age, factor], the last one for ever."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import CoreSchema, core_schema

from simulator.words.quantity import Like, Quantity
from simulator.words.section import Fault, faults_in, refusal

_AGE = Like("d", certain=True)
_FACTOR = Like("", certain=True)
_EXAMPLE = "[[0 d, 3], [30 d, 1]]"


class Step(NamedTuple):
    """From an age [s] on, the rate is `factor` times that of the cause."""

    age: Quantity
    factor: Quantity


class Steps:
    """The annotation of a field that holds steps."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Validate by reading."""
        return core_schema.no_info_plain_validator_function(read_steps)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        """Describe the field to an editor."""
        return {"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2}}


Intensity = Annotated[tuple[Step, ...], Steps()]


def read_steps(value: Any) -> tuple[Step, ...]:
    """Return the steps that a scenario's list means; raise every fault in it."""
    if not isinstance(value, list) or not value:
        raise refusal([((), f"an intensity is a list of [age, factor], such as {_EXAMPLE}")], value)
    faults: list[Fault] = []
    steps = [step for position, pair in enumerate(value) for step in _read(pair, position, faults)]
    ages = [step.age.median for step in steps]
    if not faults and (ages[0] != 0 or any(after <= before for before, after in pairwise(ages))):
        faults.append(((), f"the ages must begin at 0 d and rise, as in {_EXAMPLE}"))
    if not faults and not any(step.factor.median > 0 for step in steps):
        faults.append(((), "one factor at least must be above zero"))
    if faults:
        raise refusal(faults, value)
    return tuple(steps)


def _read(pair: Any, position: int, faults: list[Fault]) -> Iterator[Step]:
    if not isinstance(pair, list) or len(pair) != 2:
        faults.append(((position,), "a step is [age, factor], such as [30 d, 1]"))
        return
    numbers = []
    for column, (like, value) in enumerate(zip((_AGE, _FACTOR), pair, strict=True)):
        try:
            numbers.append(like.read(value))
        except ValidationError as error:
            faults += faults_in(error, position, column)
    if len(numbers) == 2:
        yield Step(*numbers)
