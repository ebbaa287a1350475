"""The median replication: those around the median of the finish, taken together, and where their time went."""

import math

import numpy as np

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import rank, ratio
from simulator.ensemble.table import tick_column
from simulator.metrics.columns import column
from simulator.metrics.probability import Probability
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Integers

BAND = (0.45, 0.55)  # of the replications in the order of their finish


def middle(ensemble: Ensemble) -> Integers:
    """Return the rows of the median replications, (rows,): from P45 to P55 in the order of the finish, at least one.

    What does not finish comes last, by the length of its wall clock; equals are in the order of their numbers.
    """
    table = ensemble.table
    order = np.lexsort([table[name].to_numpy() for name in ("replication", "wall_us", "finish_days")])
    first, last = (rank(len(order), share) for share in BAND)
    rows: Integers = order[first - 1 : last]
    return rows


def ledger_share_median(ensemble: Ensemble) -> dict[Account, Probability]:
    """Return the share of the wall clock on each account in the median replication [1], with its standard error.

    The median replication is the middle tenth in the order of the finish, P45 to P55, its times added up: an account
    over the wall clock, both in whole microseconds, so that the shares are all of it.
    """
    rows = middle(ensemble)
    wall = column(ensemble, "wall_us")[rows]
    told = {account: ratio(column(ensemble, tick_column(account))[rows], wall) for account in Account}
    return {
        account: Probability(0.0 if math.isnan(share) else share, error) for account, (share, error) in told.items()
    }
