"""Numbers of a scenario: what they are, how they are read, and the kinds that sections are made of."""

from typing import Annotated

from simulator.words.quantity.by_class import OfClass, by_class, share_below
from simulator.words.quantity.like import Like
from simulator.words.quantity.number import (
    ASSUMED,
    CHOSEN,
    DEFAULT,
    FOLLOWS,
    GIVEN,
    HOW,
    Z90,
    Quantity,
    chosen,
    default,
)

LONGEST = 1000 * 365 * 86_400.0  # [s] a thousand years: longer ones are mistakes, and ticks have an end

Duration = Annotated[Quantity, Like("min", most=LONGEST)]
Age = Annotated[Quantity, Like("d", most=LONGEST)]
PositiveDuration = Annotated[Quantity, Like("min", above=0, most=LONGEST)]
Share = Annotated[Quantity, Like("%", most=1)]
Factor = Annotated[Quantity, Like("", choice=True)]
Nodes = Annotated[Quantity, Like("nodes", whole=True, certain=True, choice=True)]
SomeNodes = Annotated[Quantity, Like("nodes", whole=True, certain=True, choice=True, least=1)]
SomeGpus = Annotated[Quantity, Like("GPUs", whole=True, certain=True, choice=True, least=1)]
Count = Annotated[Quantity, Like("", whole=True, certain=True, choice=True)]
PartSpan = Annotated[Quantity, Like("nodes", whole=True, certain=True, least=1)]
GpusPerNode = Annotated[Quantity, Like("GPUs", whole=True, certain=True, least=1)]
NicsPerNode = Annotated[Quantity, Like("NICs", whole=True, certain=True)]

__all__ = [
    "ASSUMED", "CHOSEN", "DEFAULT", "FOLLOWS", "GIVEN", "HOW", "LONGEST", "Z90", "Age", "Count", "Duration", "Factor",
    "GpusPerNode", "Like", "NicsPerNode", "Nodes", "OfClass", "PartSpan", "PositiveDuration", "Quantity", "Share",
    "SomeGpus", "SomeNodes", "by_class", "chosen", "default", "share_below",
]  # fmt: skip
