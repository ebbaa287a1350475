"""The ensemble: many replications of one scenario as a table, the same for any number of threads, chunks and shards."""

from simulator.ensemble.crew import Progress
from simulator.ensemble.design import Design, Draw, drawn, pinned
from simulator.ensemble.ensemble import Cancelled, Ensemble, run_ensemble
from simulator.ensemble.replicator import Engine, replay
from simulator.ensemble.shards import WHOLE, Shard, ShardError, merge
from simulator.ensemble.stopping import Precision

__all__ = [
    "WHOLE",
    "Cancelled",
    "Design",
    "Draw",
    "Engine",
    "Ensemble",
    "Precision",
    "Progress",
    "Shard",
    "ShardError",
    "drawn",
    "merge",
    "pinned",
    "replay",
    "run_ensemble",
]
