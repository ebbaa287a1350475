"""What an engine wants of a fabric: which nodes an element serves, and how fast a job runs on what is left."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simulator.fabrics.layout import Numbers
from simulator.fabrics.topology import Elements, Shares, Topology


class Impacts(NamedTuple):
    """What the failures of a class of elements do; one row for an element and a slice of nodes, in that order.

    The rows of element e are `rows[e]` to `rows[e + 1] - 1`. What no row names goes on as before.
    """

    network: str  # scale-out or scale-up
    rows: Numbers  # (elements + 1,)
    first: Numbers  # first node of the slice, (rows,)
    nodes: Numbers  # how many nodes, (rows,)
    share: Shares  # of their bandwidth in the network that is left, in [0, 1); 0: cut off, (rows,)


def impacts(topology: Topology) -> dict[str, Impacts]:
    """Return what every class of elements does when one of them fails."""
    return {each.name: _impacts(each) for each in topology.elements}


def _impacts(elements: Elements) -> Impacts:
    order = np.lexsort((elements.first, elements.element))
    rows = np.searchsorted(elements.element[order], np.arange(elements.total + 1))
    return Impacts(elements.network, rows, elements.first[order], elements.nodes[order], elements.share[order])


def job_share(elements: Elements) -> Shares:
    """Return the least share of bandwidth that is left to any node which is not cut off, (elements,) [1].

    A synchronous job waits for the slowest node, so this is what counts for all of it.
    """
    found = np.ones(elements.total)
    slowed = elements.share > 0
    np.minimum.at(found, elements.element[slowed], elements.share[slowed])
    return found


def cut_off(elements: Elements) -> Numbers:
    """Return how many nodes each element cuts off, (elements,)."""
    cut = elements.share == 0
    found = np.bincount(elements.element[cut], weights=elements.nodes[cut], minlength=elements.total)
    return found.astype(np.int64)


def slowdown_of(share_left: ArrayLike, exposed_network_share: ArrayLike) -> Shares:
    """Return the speed of a job, of its nominal one [1], with a share of its bandwidth left: 1 / (1 - c + c / share).

    c is the share of a step that waits for the network and for nothing else; it takes as much longer as there is less
    bandwidth, and the rest of the step as long as before. Nothing left is no speed, unless c is 0. Raises ValueError
    for shares outside [0, 1]. Source: Amdahl, AFIPS 1967, for a part that slows down.
    """
    share, exposed = np.asarray(share_left, dtype=np.float64), np.asarray(exposed_network_share, dtype=np.float64)
    for name, numbers in (("share_left", share), ("exposed_network_share", exposed)):
        if not np.all((numbers >= 0) & (numbers <= 1)):
            raise ValueError(f"{name} must lie in [0, 1]; half of it is 0.5")
    # Multiplied by share / share, so that no share divides by zero; a job that does not wait runs without a network.
    below = (1.0 - exposed) * share + exposed
    speed: Shares = np.where(exposed == 0, 1.0, share / np.where(below > 0, below, 1.0))
    return speed
