"""What things cost."""

from typing import Annotated

from pydantic import Field

from simulator.quantity import Like, Quantity
from simulator.section import Section


class Cost(Section):
    """Prices."""

    gpu: Annotated[Quantity, Like("USD/GPU/h")] | None = Field(default=None, description="of a GPU, spares too")
    delay: Annotated[Quantity, Like("USD/day")] | None = Field(default=None, description="of a late finish")
