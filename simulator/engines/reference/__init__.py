"""The reference engine: one replication told as SimPy processes, each checkpoint an event. It documents the model.

Read `job.py` first: the job's process, phase after phase. `operations.py` says what strikes, returns and windows do to
it, `weather.py` where strikes come from, `checkpoints.py` what survives them, `shop.py` how nodes come back.
`calendar.py` orders events of one tick, `replication.py` takes them one by one. `policy.py` is for users who want other
decisions.
"""

from simulator.engines.reference.policy import JobView, Policy
from simulator.engines.reference.replication import simulate

__all__ = ["JobView", "Policy", "simulate"]
