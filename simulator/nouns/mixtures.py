"""An operator that may be of several classes: each number has a value by class, and one is drawn in a replication."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.nouns.checkpoint import Tier
from simulator.nouns.operators import OperatorClass
from simulator.words.drawn import Drawn
from simulator.words.quantity import ASSUMED, OfClass, Quantity, by_class
from simulator.words.section import Section


def mixed(
    classes: Mapping[str, OperatorClass], shares: Mapping[str, float], given: AbstractSet[str] = frozenset()
) -> OperatorClass:
    """Return the class of an operator that may be any of several: each number has a value by class.

    What the scenario gives, by paths in `given`, it need not have of the classes. Raises ValueError, with the words for
    the scenario, where classes differ in more than numbers elsewhere.
    """
    if len(classes) == 1:
        return next(iter(classes.values()))
    first = next(iter(classes.values()))
    spares = [found.hot_spares.median for found in classes.values() if found.hot_spares is not None]
    even = {name: _evened(found, classes, "checkpoint.tiers" in given) for name, found in classes.items()}
    faults = _Differences(tuple(classes), shares, given - {"checkpoint.tiers"})
    update: dict[str, Any] = {
        "name": " or ".join(classes),
        "recovery": faults.mixed([found.recovery for found in even.values()], "recovery"),
        "checkpoint": faults.mixed([found.checkpoint for found in even.values()], "checkpoint"),
        "alike": faults.same([found.alike for found in classes.values()], "operator.alike"),
        "maintenance": faults.same([found.maintenance for found in classes.values()], "maintenance"),
    }
    faults.tell()
    if spares and first.hot_spares is not None:
        # Spares are bought once, for whichever operator it will be: the fewest of the classes.
        update["hot_spares"] = replace(first.hot_spares, median=min(spares))
    return first.model_copy(update=update)


def _evened(one: OperatorClass, classes: Mapping[str, OperatorClass], tiers_are_given: bool) -> OperatorClass:
    """Return a class with every rung that another class has, which ends no stop here.

    Of tiers that a scenario gives, only the times of those to storage can be wanted.
    """
    rungs = {rung.suffix: rung for found in classes.values() for rung in found.recovery.ladder}
    own = {rung.suffix: rung for rung in one.recovery.ladder}
    unused = {"share": Quantity(0.0, "%", source=f"class {one.name} has no such rung")}
    ladder = tuple(own.get(name, rung.model_copy(update=unused)) for name, rung in rungs.items())
    update: dict[str, Any] = {"recovery": one.recovery.model_copy(update={"ladder": ladder})}
    if tiers_are_given:
        storage = next(tier for tier in one.checkpoint.tiers if tier.to == "storage")
        times = Tier(to="storage", blocking=storage.blocking, lag=storage.lag, restore=storage.restore)
        update["checkpoint"] = one.checkpoint.model_copy(update={"tiers": (times,)})
    return one.model_copy(update=update)


# What can be given in a scenario for what no mixture has, in its simplest form.
_HINTS = {
    "checkpoint.tiers": "tiers: [{to: storage}]",
    "maintenance": "maintenance: none",
    "operator.alike": "alike: 50%",
}


@dataclass
class _Differences:
    """What is mixed of classes by name, with their probabilities, and where they differ in more than numbers."""

    names: tuple[str, ...]
    shares: Mapping[str, float]
    given: AbstractSet[str]
    found: list[str] = field(default_factory=list)

    def tell(self) -> None:
        """Raise ValueError where the classes differ in what the scenario does not give."""
        if self.found:
            text = f"the classes {' and '.join(self.names)} differ in {' and '.join(self.found)}, which cannot be mixed"
            hints = [f'"{_HINTS[path]}"' for path in self.found if path in _HINTS]
            such = f", such as {' and '.join(hints)}" if hints else ""
            raise ValueError(f"{text}; give {'that' if len(self.found) == 1 else 'those'} in the scenario{such}")

    def same(self, values: list[Any], path: str) -> Any:
        """Return what all classes have; of others the first, which is told unless the scenario gives it."""
        if path not in self.given and not _alike(values):
            self.found.append(path)
        return next((value for value in values if value is not None), None)

    def mixed(self, values: list[Any], path: str) -> Any:
        """Return what is the same in all classes, or has a value by class, down to its numbers."""
        first = values[0]
        if _alike(values):
            return first
        if all(isinstance(value, Quantity) for value in values):
            parts = tuple(
                OfClass(name, self.shares[name], value) for name, value in zip(self.names, values, strict=True)
            )
            return by_class(parts, f"{ASSUMED}: by class of operator")
        if isinstance(first, Section) and all(type(value) is type(first) for value in values):
            names = [name for name in type(first).model_fields if name != "source"]
            update = {name: self.mixed([getattr(value, name) for value in values], f"{path}.{name}") for name in names}
            return first.model_copy(update=update)
        if isinstance(first, tuple) and all(isinstance(value, tuple) and len(value) == len(first) for value in values):
            rows = zip(*values, strict=True)
            return tuple(self.mixed(list(row), f"{path}.{number}") for number, row in enumerate(rows))
        forms = {(v.family, tuple(k for k, _ in v.numbers), v.growth) for v in values if isinstance(v, Drawn)}
        if isinstance(first, Drawn) and len(forms) == 1:
            keys = [key for key, _ in first.numbers]
            numbers = ((key, self.mixed([dict(v.numbers)[key] for v in values], f"{path}.{key}")) for key in keys)
            return replace(first, numbers=tuple(numbers))
        return self.same(values, path)


def _alike(values: list[Any]) -> bool:
    """Return whether values say the same, their sources apart."""
    return all(_plain(value) == _plain(values[0]) for value in values[1:])


def _plain(value: Any) -> Any:
    """Return what a value says, without its sources."""
    if isinstance(value, Quantity):
        return value.median, value.p10, value.p90, value.spread
    if isinstance(value, Drawn):
        points = None if value.growth is None else tuple(value.growth.sizes_and_times)
        return value.family, tuple((key, _plain(number)) for key, number in value.numbers), points
    if isinstance(value, Section):
        return tuple((name, _plain(getattr(value, name))) for name in type(value).model_fields if name != "source")
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value
