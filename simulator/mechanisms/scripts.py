"""Scripts: strikes that are given instead of drawn. Semantics 16."""

from simulator.mechanisms.card import Card, Scalar, Table
from simulator.numbers.plan import Line

CARD = Card(
    "scripts",
    plan=(
        Scalar("script", Table(len(Line), whole=True), lambda scenario: None),
        Scalar("script_order", Table(0, whole=True), lambda scenario: None),
    ),
)
