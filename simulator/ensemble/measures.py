"""What one replication's ledger says: each measure as a column. `metrics.py` holds their definitions in full."""

import numpy as np

from simulator.numbers.plan import Floats, Integers, Tally
from simulator.numbers.times import TICKS_PER_SECOND

TICKS_PER_HOUR = 3600 * TICKS_PER_SECOND
TICKS_PER_DAY = 24 * TICKS_PER_HOUR

# What needs a person: each stage of a repair behind the automatic first one, and a block that moves to another machine.
INTERVENTIONS = (Tally.MANUAL_REPAIRS, Tally.VENDOR_REPAIRS, Tally.BLOCKS)


def goodput(productive: Integers | Floats, wall: Integers | Floats) -> Floats:
    """Return PRODUCTIVE over the wall clock; 0 where the clock never ran."""
    return share_of(productive, wall)


def ettr(productive: Integers, slow: Integers, wall: Integers, maintenance: Integers) -> Floats:
    """Return kept training, at whatever speed, over the wall clock without maintenance."""
    return share_of(productive + slow, wall - maintenance)


def mttf_hours(wall: Integers, interruptions: Integers) -> Floats:
    """Return the wall clock over the interruptions [h]; infinite where there was none."""
    hours = wall / TICKS_PER_HOUR
    between: Floats = np.divide(hours, interruptions, out=np.full(len(hours), np.inf), where=interruptions > 0)
    return between


def interventions_per_day(interventions: Integers, wall: Integers) -> Floats:
    """Return the interventions of operators over the wall clock [1/day]; 0 where the clock never ran."""
    return share_of(interventions, wall / TICKS_PER_DAY)


def mfu_end_to_end(nominal: Floats, goodput: Floats, provisioned: float) -> Floats:
    """Return model FLOP done over what all provisioned GPUs could have done, from the MFU of the job's GPUs [1].

    `provisioned` is the number of GPUs provisioned for each GPU of the job, at least 1.
    """
    share: Floats = nominal * goodput / provisioned
    return share


def nodes_out_of_service(seen: list[Integers]) -> Floats:
    """Return the mean number of nodes that its failures found out of service; NaN without failures."""
    means = [_mean(counts) for counts in seen]
    return np.array(means, dtype=np.float64)


def share_of(part: Integers | Floats, whole: Integers | Floats) -> Floats:
    """Return part over whole; 0 where the whole is nothing."""
    share: Floats = np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
    return share


def _mean(histogram: Integers) -> float:
    failures = int(histogram.sum())
    return int(np.arange(len(histogram)) @ histogram) / failures if failures else float("nan")
