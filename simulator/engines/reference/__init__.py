"""The reference engine: one replication told as SimPy processes, each checkpoint an event. It documents the model.

Read `job.py` first: the job's process, phase after phase. What acts on it: `operations.py` says what strikes and
returns do, `planning.py` what windows and slow nodes, `staffing.py` how places are filled. Where strikes come from:
`weather.py`, of the units in `causes.py`, through `layers.py` of the network, unless they are `voids.py`. One matter
each: `checkpoints.py` what survives, `corruption.py` what turns out to be worthless, `slowness.py` marks and speed,
`diagnosis.py` who is found, `eviction.py` who is replaced, `shop.py` how nodes come back, `retirement.py` which ones
do not, `lemons.py` which ones are bad, `histories.py` what is remembered of them, `pools.py` and
`blocks.py` where they wait. `world.py` puts the parts together, `calendar.py` orders events of one tick,
`replication.py` takes them one by one. `policy.py` is for users who want other decisions.
"""

from simulator.engines.reference.policy import JobView, Policy
from simulator.engines.reference.replication import simulate

__all__ = ["JobView", "Policy", "simulate"]
