"""The choices that a scenario itself suggests, where its planner names none to decide between."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from simulator.compile.compile import compile_plan
from simulator.nouns.checkpoint import Optimum
from simulator.numbers.times import TICKS_PER_SECOND
from simulator.scenario import Scenario, ScenarioErrors
from simulator.scenario.errors import given_as
from simulator.words import units

AS_IT_IS = "as it is"


def options(base: Scenario, wanted: Mapping[str, Sequence[str]] | None = None) -> dict[str, Scenario]:
    """Return scenarios to choose between by name, the base first: those that are wanted, or those suggested.

    Each name has its changes, as overrides. Raises ScenarioErrors for a change that is wanted and not valid.
    """
    if wanted:
        return {AS_IT_IS: base, **{name: base.changed(changes) for name, changes in wanted.items()}}
    found = {}
    for name, changes in suggested(base).items():
        with suppress(ScenarioErrors):  # ours, not the user's: this scenario does not allow it
            found[name] = base.changed(changes) if changes else base
    return found


def pairs(
    base: Scenario, path: str, alternative: Sequence[str], option: str
) -> Callable[[str], tuple[Scenario, Scenario | None]]:
    """Return what makes the scenario at a value of an input, and its alternative where that has changes.

    `option` is what the value is given as, for what is wrong with it. What is made may raise ScenarioErrors.
    """

    def at(value: str) -> tuple[Scenario, Scenario | None]:
        own = given_as(option, [f"{path}={value}"])
        return base.changed(own), base.changed([*own, *alternative]) if alternative else None

    return at


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
