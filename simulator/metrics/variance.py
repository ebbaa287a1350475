"""Where the variance comes from: from what we do not know, or from chance within a run."""

import math
from typing import NamedTuple

import numpy as np

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import moments
from simulator.metrics.columns import column


class Split(NamedTuple):
    """Shares of a variance: from what we do not know (uncertain inputs), and from chance within a run."""

    ignorance: float
    chance: float
    mc_error: float
    pairs: int  # pairs of replications that the shares are estimated from


def variance_share(ensemble: Ensemble, quantity: str) -> Split:
    """Return how much of a quantity's variance comes from ignorance, and how much from chance [1].

    A twin of a replication has its inputs and other weather, so their covariance over the variance is the share of the
    inputs (the first-order index of all of them together, Saltelli et al. 2010). Replications that do not finish, or
    whose twin does not, are left out. Without uncertain inputs the share of ignorance is 0. NaN: nothing varies.
    """
    if not ensemble.scenario.inputs:
        return Split(0.0, 1.0, 0.0, 0)
    own, twin = column(ensemble, quantity), column(ensemble, f"twin_{quantity}")
    finished = np.isfinite(column(ensemble, "finish_days")) & np.isfinite(column(ensemble, "twin_finish_days"))
    own, twin = own[finished], twin[finished]
    pairs = len(own)
    mean, spread = moments(np.concatenate([own, twin]))
    if pairs < 2 or spread == 0.0:
        return Split(math.nan, math.nan, math.nan, pairs)
    variance = (math.fsum((own - mean) ** 2) + math.fsum((twin - mean) ** 2)) / 2
    share = math.fsum((own - mean) * (twin - mean)) / variance
    error = (1 - share**2) / math.sqrt(pairs)  # of a correlation, to first order (Fisher 1915)
    share = min(1.0, max(0.0, share))
    return Split(share, 1.0 - share, error, pairs)
