"""What follows from the inputs of a scenario and stands beside them: nodes, work, the step, sizes, what grows."""

from typing import TYPE_CHECKING

from simulator.words import units

if TYPE_CHECKING:
    from simulator.scenario.model import Scenario

Line = tuple[str, str, str]


def derived(scenario: "Scenario") -> list[Line]:
    """Return what follows from the inputs of a scenario, at their medians: what it is, its value and its source."""
    rows = [("job nodes", f"{scenario.nodes:_} nodes", "cluster"), ("job GPUs", f"{scenario.gpus:_} GPUs", "cluster")]
    rows.append(("work", units.show(scenario.work(), "d"), "failure-free training time"))
    if (flop := scenario.flop()) is not None:
        rows.append(("model FLOP", units.show(flop, "FLOP"), "of the whole run"))
    if scenario.step is not None:
        found = scenario.step.prediction
        said = f"{units.show(found.p10, 's')} to {units.show(found.p90, 's')} (P10 to P90), predicted"
        if scenario.document.job.phases:
            said += "; of the longest phase"
        elif not scenario.document.job.by_steps or scenario.document.job.step_time is None:
            said += "; not used, for the job says how fast it is"
        elif scenario.document.job.step_time.median != found.step_s:
            said += "; not used, for job.step_time says otherwise"
        rows.append(("step", units.show(found.step_s, "s"), said))
        rows.append(("MFU of that step", units.show(found.mfu, "%"), "predicted; scores of attention in full"))
        rows.append(("memory of a GPU", units.show(found.memory_GB * 1e9, "GB"), "predicted, at its fullest"))
    if (size := scenario.checkpoint_size()) is not None:
        rows.append(("checkpoint size", units.show(size, "GB"), "bytes per parameter x parameters"))
    rows += _grown(scenario)
    cluster = scenario.document.cluster
    for part, struck in cluster.elements.items():
        number = f"{len(struck.nodes):_} elements"
        rows.append((f"{part} of the fabric", number, f"{cluster.fabric}: {struck.told()}"))
    return rows


def _grown(scenario: "Scenario") -> list[Line]:
    """Return what grows with the job, at its size."""
    causes = scenario.document.failures.given.items()
    found = {"recovery.restart": scenario.document.recovery.restart, "job.start_up": scenario.document.job.start_up}
    found |= {f"failures.{name}.restart": cause.restart for name, cause in causes if cause.restart is not None}
    return [
        (path, units.show(law.at(None)["value"], "s"), law.growth.outside or "interpolated in logarithms")
        for path, law in found.items()
        if law.growth is not None
    ]
