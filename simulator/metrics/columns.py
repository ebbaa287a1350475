"""Columns of an ensemble's table, and estimates from them."""

import numpy as np

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import Estimate, estimate
from simulator.numbers.plan import Floats


def column(ensemble: Ensemble, name: str) -> Floats:
    """Return a column of the table as floats."""
    return ensemble.table[name].to_numpy(dtype=np.float64)


def of_column(ensemble: Ensemble, name: str) -> Estimate:
    """Return the estimate of what a column holds."""
    return estimate(column(ensemble, name))
