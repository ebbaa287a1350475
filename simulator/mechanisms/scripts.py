"""Scripts: strikes that are given instead of drawn. Semantics 16."""

import numpy as np

from simulator.mechanisms.card import Card, Scalar
from simulator.plan import Line

CARD = Card(
    "scripts",
    plan=(
        Scalar("script", np.zeros((0, len(Line)), np.int64), lambda scenario: None),
        Scalar("script_order", np.zeros(0, np.int64), lambda scenario: None),
    ),
)
