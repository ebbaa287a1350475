"""The choices that a scenario itself suggests, where its planner names none to decide between."""

from simulator import units
from simulator.checkpoint import Optimum
from simulator.compile import compile_plan
from simulator.durations import TICKS_PER_SECOND
from simulator.scenario import Scenario

AS_IT_IS = "as it is"


def suggested(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Return options by name, each as `PATH=VALUE` overrides, the base first.

    With a price of GPUs half and twice the hot spares, which cost money and save time. Otherwise the interval between
    saves, half and twice as long: to save more often costs time and saves time.
    """
    if "gpus" in scenario.document.cost.lines and scenario.spares >= 2:
        numbers = (scenario.spares // 2, 2 * scenario.spares)
        named = (f"cluster.hot_spares={units.show(number, 'nodes')}" for number in numbers)
        changed = {name: (f"cluster.hot_spares={number} nodes",) for name, number in zip(named, numbers, strict=True)}
        return {AS_IT_IS: (), **changed}
    interval = scenario.document.checkpoint.interval
    if scenario.document.checkpoint.follows:
        usual = interval.times_optimum.median if isinstance(interval, Optimum) else 1.0
        written = [f"checkpoint.interval={{times_optimum: {usual * factor:.4g}}}" for factor in (0.5, 2.0)]
        return {AS_IT_IS: (), **{each: (each,) for each in written}}
    seconds = compile_plan(scenario).interval / TICKS_PER_SECOND
    times = [round(seconds * factor, 3) for factor in (1.0, 0.5, 2.0)]
    return {f"checkpoint.interval={units.show(time, 'min')}": (f"checkpoint.interval={time:.3f} s",) for time in times}
