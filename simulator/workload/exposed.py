"""What share of a predicted step waits for a network, and for which: that between nodes, or that within a domain."""

from typing import NamedTuple

from simulator.workload.case import Case
from simulator.workload.machine import network_of
from simulator.workload.predict import Prediction


class ExposedShares(NamedTuple):
    """Shares of a step that wait for a network and for nothing else [1]."""

    scale_out: float
    scale_up: float


def exposed_shares(case: Case, prediction: Prediction) -> ExposedShares:
    """Return the exposed communication of a predicted step over its time [1], by the network that carries it.

    Ranks that do not all fit in one domain wait for the network between domains. Its part of jitter, and of what a
    pipeline takes to fill, is left out.
    """
    layout = prediction.layout
    reach = {
        "tensor_parallel": layout.tensor,
        "context_parallel": layout.tensor * layout.context,
        "expert_parallel": layout.expert_tensor * layout.expert,
        "data_parallel": layout.tensor * layout.replicas,
        "pipeline_transfer": layout.gpus,
    }
    domain = float(network_of(case.gpu, case.up, case.out, case.port, case.port_share).domain)
    out = sum(prediction.parts[part] for part, ranks in reach.items() if float(ranks) > domain)
    within = sum(prediction.parts[part] for part, ranks in reach.items() if float(ranks) <= domain)
    return ExposedShares(out / prediction.step_s, within / prediction.step_s)
