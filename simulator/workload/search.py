"""The search for a parallelism plan: all that divide a model and a batch and fit in memory, the fastest first."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.workload.case import Case, take
from simulator.workload.constants import Constants, fitted_constants
from simulator.workload.layout import Layout, Recompute
from simulator.workload.machine import Machine
from simulator.workload.memory import Memory, memory
from simulator.workload.plans import Floats, Table, table_of
from simulator.workload.predict import USABLE_MEMORY, machine_for
from simulator.workload.step import StepTime, step_time

SAME = 9  # decimals of the logarithm in which plans are equally fast, so that rounding does not order them
DEGREES = ("tensor", "pipeline", "context", "expert", "interleaving", "micro_batch", "recompute")  # that can be open

PART_NAMES = {
    "matmul": "matrix products",
    "attention": "attention",
    "elementwise": "element-wise work",
    "tensor_parallel": "tensor communication",
    "context_parallel": "exchange of keys and values",
    "expert_parallel": "exchange with experts",
    "pipeline_bubble": "the pipeline's bubble",
    "pipeline_transfer": "transfers between stages",
    "data_parallel": "exchange of gradients and weights",
    "optimizer": "the optimizer",
    "step_overhead": "overhead",
    "jitter": "jitter",
}


class Planned(NamedTuple):
    """A plan, with what it takes."""

    layout: Layout  # of plain numbers
    step: float  # [s]
    parts: dict[str, float]  # sum to step [s]
    memory: float  # [B]
    memory_parts: dict[str, float]  # [B]
    fits: bool


class Rival(NamedTuple):
    """The best of the plans that differ from the chosen one in one way, or the smallest where none of them fits."""

    what: str
    plan: Planned


class Found(NamedTuple):
    """What a search found. Where nothing fits `plans` is empty, and `smallest` is what needs the least memory."""

    plans: tuple[Planned, ...]  # the fastest first
    smallest: Planned | None  # None where nothing divides
    rivals: tuple[Rival, ...]
    capacity: float  # [B]
    looked_at: int
    divide: int
    fit: int

    def explain(self) -> list[str]:
        """Return what was chosen, and why not another plan, in sentences."""
        count = f"Of {self.looked_at:,} plans {self.divide:,} divide the model, the batch and the accelerators"
        if self.smallest is None:
            return [f"{count}."]
        if not self.plans:
            return [f"{count}; none fits: {words(self.smallest.layout)} needs least, {self._of(self.smallest)}."]
        best = self.plans[0]
        said = [
            f"{count}, and {self.fit:,} of these fit in memory.",
            f"The fastest is {words(best.layout)}: {best.step:.4g} s a step, in {self._of(best)}.",
        ]
        return said + [self._against(best, rival) for rival in self.rivals]

    def _of(self, plan: Planned) -> str:
        return f"{plan.memory / 1e9:.0f} of {self.capacity / 1e9:.0f} GB"

    def _against(self, best: Planned, rival: Rival) -> str:
        what, plan = rival
        if not plan.fits:
            return f"{what} nothing fits: {words(plan.layout)} needs least, {self._of(plan)}."
        longer = plan.step / best.step - 1.0
        much = f"{longer:.1%} longer" if longer < 1.0 else f"{1.0 + longer:.1f} times as long"
        said = f"{what} the best plan takes {much} ({words(plan.layout)})"
        more = {name: plan.parts[name] - best.parts[name] for name in best.parts}
        most = sorted(more, key=lambda name: -more[name])[:2]
        why = [f"{PART_NAMES[name]} {more[name]:+.2g} s" for name in most if more[name] > 0.25 * longer * best.step > 0]
        return f"{said}: {' and '.join(why)}." if why else f"{said}."


def search(
    case: Case,
    constants: Constants | None = None,
    keep: int = 10,
    shard_weights: bool | None = None,
    usable: float = USABLE_MEMORY,
) -> Found:
    """Return the fastest plans of a case among those that divide and fit; what the case gives stays as it is.

    `usable` is the share of memory that a plan may fill [1]. `shard_weights` says whether weights are sharded too,
    where that is given: see `plans.table_of`. Raises KeyError where the chip lacks the precision or has no memory.
    """
    constants = constants or fitted_constants()
    machine = machine_for(case, constants)
    table = table_of(case, machine, shard_weights=shard_weights, usable=usable)
    capacity = float(machine.memory)
    if not table.memory.size:
        return Found((), None, (), capacity, table.looked_at, 0, 0)
    steps = steps_of(case, table, machine, constants)
    chosen = fastest(steps)[: min(keep, int(table.fits.sum()))]
    plans = tuple(planned(case, take(table.layout, chosen), machine, constants))
    smallest = next(planned(case, take(table.layout, np.array([np.argmin(table.memory)])), machine, constants))
    rivals = _rivals(case, table, steps, plans[0].layout, machine, constants) if plans else ()
    return Found(plans, smallest, rivals, capacity, table.looked_at, table.memory.size, int(table.fits.sum()))


def steps_of(case: Case, table: Table, machine: Machine, constants: Constants) -> Floats:
    """Return the step of every plan of a table (rows,), infinite where it does not fit [s]."""
    steps = np.full(table.memory.size, np.inf)
    steps[table.fits] = step_time(case.model, table.fitting(), machine, constants).total
    return steps


def fastest(steps: Floats) -> npt.NDArray[np.int64]:
    """Return the order of plans by their step, and by their place in the grid where they are equally fast."""
    return np.argsort(np.round(np.log(steps), SAME), kind="stable")


def words(layout: Layout) -> str:
    """Return a layout in words: what it does not use is left out."""
    degrees = (
        ("tensor", layout.tensor, 0), ("pipeline", layout.pipeline, 0), ("context", layout.context, 1),
        ("expert", layout.expert, 1), ("data", layout.data, 0), ("interleaving", layout.interleaving, 1),
        ("micro-batch", layout.micro_batch, 0),
    )  # fmt: skip
    said = [f"{name} {float(degree):,.0f}" for name, degree, usual in degrees if float(degree) != usual]
    again = {Recompute.SELECTIVE: ["selective recomputing"], Recompute.FULL: ["full recomputing"]}
    said += again.get(Recompute(int(layout.recompute)), [])
    return ", ".join(said + (["sharded weights"] if float(layout.sharded_weights) else []))


def nearest_that_fits(case: Case, constants: Constants | None = None) -> str:
    """Return the plan that fits and differs in the fewest degrees from what a case gives, the fastest of these."""
    constants = constants or fitted_constants()
    machine = machine_for(case, constants)
    opened = case._replace(
        tensor=None, pipeline=None, context=None, expert=None, data=None, interleaving=None, micro_batch=None,
        recompute=None,
    )  # fmt: skip
    table = table_of(opened, machine, case)
    if not table.memory.size:
        return f"no plan divides {case.gpus:,} accelerators and a batch of {case.global_batch:,.0f} sequences"
    steps = steps_of(opened, table, machine, constants)
    changed = np.zeros(table.memory.size)
    for name in (*DEGREES, "sharded_weights"):
        wish = getattr(case, name)
        if wish is not None:
            changed += np.asarray(getattr(table.layout, name)) != float(wish)
    order = np.lexsort((np.arange(changed.size), np.round(np.log(steps), SAME), changed + np.where(table.fits, 0, 100)))
    first = int(order[0]) if table.fits.any() else int(np.argmin(table.memory))
    size = f"{table.memory[first] / 1e9:.0f} of {float(machine.memory) / 1e9:.0f} GB"
    said = words(take(table.layout, np.array(first)))
    return f"{said} fits in {size}" if table.fits.any() else f"nothing fits; {said} needs least, {size}"


def planned(case: Case, layout: Layout, machine: Machine, constants: Constants) -> Iterator[Planned]:
    """Yield what the plans of a layout of arrays (plans,) take, in their order."""
    size = np.asarray(layout.data).size
    times = step_time(case.model, layout, machine, constants)
    needs = memory(case.model, layout, machine)
    parts = np.array([np.broadcast_to(part, (size,)) for part in times])
    lies = np.array([np.broadcast_to(part, (size,)) for part in needs])
    for plan in range(size):
        total = float(lies[:, plan].sum())
        yield Planned(
            Layout(*(float(np.asarray(value)[plan]) for value in layout)),
            float(parts[:, plan].sum()),
            dict(zip(StepTime._fields, map(float, parts[:, plan]), strict=True)),
            total,
            dict(zip(Memory._fields, map(float, lies[:, plan]), strict=True)),
            bool(total <= USABLE_MEMORY * machine.memory),
        )


def _rivals(
    case: Case, table: Table, steps: Floats, best: Layout, machine: Machine, constants: Constants
) -> tuple[Rival, ...]:
    """Return the best plans that differ from the chosen one in one way."""
    tried = table.layout
    tensors = np.unique(np.asarray(tried.tensor))
    place = int(np.searchsorted(tensors, best.tensor))
    sides = [*tensors[max(0, place - 1) : place], *tensors[place + 1 : place + 2]]
    ways = [(f"With tensor {degree:.0f}", np.asarray(tried.tensor) == degree) for degree in sides]
    ways.append(
        ("Without a pipeline", np.asarray(tried.pipeline) == 1)
        if best.pipeline > 1
        else ("With a pipeline", np.asarray(tried.pipeline) > 1)
    )
    full = np.asarray(tried.recompute) == Recompute.FULL
    ways.append(
        ("With full recomputing", full) if best.recompute != Recompute.FULL else ("Without full recomputing", ~full)
    )
    found = []
    for what, rows in ((what, np.flatnonzero(among)) for what, among in ways):
        if not rows.size:
            continue
        first = fastest(steps[rows])[0] if table.fits[rows].any() else np.argmin(table.memory[rows])
        layout = take(tried, rows[[first]])
        found += [Rival(what, plan) for plan in planned(case, layout, machine, constants)]
    return tuple(found)
