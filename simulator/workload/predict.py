"""From cases to predictions: all layouts that are plausible, weighed, and an interval around them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.numbers.roofline import Numbers
from simulator.workload.case import Case, plausible_layouts, stack, take
from simulator.workload.constants import PRIORS, Constants, fitted, fitted_constants
from simulator.workload.layout import Layout, Recompute
from simulator.workload.machine import PRECISIONS, Machine, machine_of, network_of
from simulator.workload.memory import Memory, memory
from simulator.workload.step import StepTime, step_time
from simulator.workload.transformer import Transformer

Floats = npt.NDArray[np.float64]

# Published runs are tuned: a layout that is slower by one part in so many is believed e times less.
TUNED = 30.0
Z90 = 1.2815515655446004  # standard normal score of the 90th percentile
# Log-standard deviations of what no run has fixed, judged: products of an architecture or precision that no fitted run
# had; the best product of a chip of which none was published; mixtures of experts, which a release of software
# alone moves by a quarter (Megatron Bridge, archive of its performance summaries).
BORROWED_SPREAD, UNMEASURED_SPREAD, MIXTURE_SPREAD = 0.18, 0.10, 0.12
FITTED_PRODUCTS = {
    ("ampere", "bf16"), ("hopper", "bf16"), ("hopper", "fp8"), ("blackwell", "fp8"), ("blackwell", "fp4"),
    ("blackwell_ultra", "fp8"),
}  # fmt: skip
FORWARD_SHARE = 0.75  # of a step that recomputes, the same step without: three passes of four
USABLE_MEMORY = 0.95  # of a GPU's memory: the rest is the context and what fragments


class Grid(NamedTuple):
    """All plausible layouts of some cases, row by row, and the case that each belongs to."""

    cases: tuple[Case, ...]
    owner: npt.NDArray[np.int64]  # (rows,)
    model: Transformer  # (rows,)
    layout: Layout  # (rows,)


class Weighed(NamedTuple):
    """Layouts with the time of each and how much each is believed."""

    step: StepTime  # (rows,) [s]
    total: Floats  # (rows,) [s]
    memory: Memory  # (rows,) [B]
    weight: Floats  # (rows,), sums to 1 over a case
    fits: npt.NDArray[np.bool_]  # (rows,)
    median: Floats  # (cases,) [s]
    open: Floats  # (cases,): log-standard deviation of what was not published


def grid_of(cases: Sequence[Case]) -> Grid:
    """Return the plausible layouts of cases. Raises ValueError for a case that has none."""
    layouts = [list(plausible_layouts(case)) for case in cases]
    empty = [case.id for case, found in zip(cases, layouts, strict=True) if not found]
    if empty:
        raise ValueError(f"no layout fills the accelerators of {', '.join(empty)}")
    owner = np.repeat(np.arange(len(cases)), [len(found) for found in layouts])
    models = stack([case.model for case in cases])
    return Grid(tuple(cases), owner, take(models, owner), stack([layout for found in layouts for layout in found]))


def machine_for(case: Case, constants: Constants) -> Machine:
    """Return the machine of a case."""
    network = network_of(case.gpu, case.up, case.out, case.port, case.port_share)
    wan = {name: float(getattr(case, name)) for name in ("sites", "wan_bandwidth", "wan_round_trip")}
    return machine_of(case.gpu, case.precision, constants, network._replace(**wan))


def machines_of(cases: Sequence[Case], constants: Constants) -> Machine:
    """Return the machines of cases as arrays (cases,)."""
    return stack([machine_for(case, constants) for case in cases])


def weigh(grid: Grid, constants: Constants) -> Weighed:
    """Return the time of every layout and how much it is believed, given that runs fit in memory and are tuned.

    Where nobody published whether a run recomputes, it recomputes as many layers as it takes to fit, and no more: the
    two layouts that recompute none and all of them are believed in that proportion.
    """
    machine = take(machines_of(grid.cases, constants), grid.owner)
    step = step_time(grid.model, grid.layout, machine, constants)
    total = np.asarray(step.total)
    needs = memory(grid.model, grid.layout, machine)
    count = len(grid.cases)
    room = USABLE_MEMORY * machine.memory
    unsaid = np.array([case.recompute is None for case in grid.cases])[grid.owner]
    share = np.where(unsaid, _share_recomputed(grid, machine, room), 0.0)
    again = unsaid & (np.asarray(grid.layout.recompute) == Recompute.FULL)
    fits = np.asarray(needs.total <= room) | (unsaid & ~again & (share < 1.0))
    # Plans are compared by the time that they take with as many layers recomputed as each of them needs.
    alike = total * np.where(again, FORWARD_SHARE, 1.0) * (1.0 + share * (1.0 / FORWARD_SHARE - 1.0))
    some = np.zeros(count, dtype=bool)
    np.logical_or.at(some, grid.owner, fits)
    allowed = fits | ~some[grid.owner]
    best = np.full(count, np.inf)
    np.minimum.at(best, grid.owner, np.where(allowed, alike, np.inf))
    part = np.where(unsaid, np.where(again, share, 1.0 - share), 1.0)
    weight = np.where(allowed, part * (best[grid.owner] / alike) ** TUNED, 0.0)
    weight /= np.bincount(grid.owner, weight, count)[grid.owner]
    logs = np.log(total)
    mean = np.bincount(grid.owner, weight * logs, count)
    square = np.bincount(grid.owner, weight * (logs - mean[grid.owner]) ** 2, count)
    return Weighed(step, total, needs, weight, fits, np.exp(mean), np.sqrt(square))


def _share_recomputed(grid: Grid, machine: Machine, room: Numbers) -> Floats:
    """Return the share of layers that has to be recomputed for a layout to fit; 1 where that is not enough either."""
    none, full = (
        np.asarray(memory(grid.model, grid.layout._replace(recompute=kind + 0.0 * machine.memory), machine).total)
        for kind in (Recompute.NONE, Recompute.FULL)
    )
    share: Floats = np.clip((none - room) / np.maximum(none - full, 1.0), 0.0, 1.0)
    return share


class Prediction(NamedTuple):
    """What a step of a case takes. P10 and P90 hold what is not known: the model's error, and what is not published."""

    id: str
    step_s: float  # median [s]
    p10: float  # [s]
    p90: float  # [s]
    parts: dict[str, float]  # sum to step_s [s]
    tflops_per_gpu: float  # model TFLOP/s, scores of attention counted whole
    mfu: float  # of the dense peak at the job's precision, scores of attention counted whole
    mfu_causal: float  # with only the half of the scores that a causal mask keeps
    memory_GB: float  # noqa: N815 - the name of the output; of the layout that is believed most
    memory_parts_GB: dict[str, float]  # noqa: N815
    layout: Layout  # that is believed most
    layouts: int  # that what is published leaves open
    spread: float  # log-standard deviation of the step
    fits: bool  # whether any layout fits in memory


def predict(cases: Sequence[Case], constants: Constants | None = None) -> list[Prediction]:
    """Return predictions of cases, in their order. Raises ValueError for a case of which no layout exists."""
    constants = constants or fitted_constants()
    grid = grid_of(cases)
    weighed = weigh(grid, constants)
    parts = np.array([np.broadcast_to(part, weighed.total.shape) for part in weighed.step])
    needs = np.array([np.broadcast_to(part, weighed.total.shape) for part in weighed.memory])
    models = stack([case.model for case in cases])
    flop_per_token = [np.broadcast_to(models.flop_per_token(causal), len(cases)) for causal in (False, True)]
    starts = np.searchsorted(grid.owner, np.arange(len(cases) + 1))
    found = []
    for number, case in enumerate(cases):
        rows = slice(starts[number], starts[number + 1])
        best = starts[number] + np.argmax(weighed.weight[rows])
        step = float(weighed.median[number])
        shares = parts[:, rows] @ weighed.weight[rows]
        shares *= step / shares.sum()
        named = dict(zip(StepTime._fields, map(float, shares), strict=True))
        spread = interval_spread(case, named, float(weighed.open[number]))
        flop = case.global_batch * float(case.model.sequence) / (case.gpus * step)
        whole, causal = (flop * float(each[number]) for each in flop_per_token)
        peak = case.gpu.peak[PRECISIONS[case.precision]].median
        lies = dict(zip(Memory._fields, map(float, needs[:, best] / 1e9), strict=True))
        found.append(
            Prediction(
                case.id,
                step,
                step * math.exp(-Z90 * spread),
                step * math.exp(Z90 * spread),
                named,
                whole / 1e12,
                whole / peak,
                causal / peak,
                sum(lies.values()),
                lies,
                Layout(*(float(np.asarray(value)[best]) for value in grid.layout)),
                int(rows.stop - rows.start),
                spread,
                bool(weighed.fits[rows].any()),
            )
        )
    return found


def interval_spread(case: Case, parts: Mapping[str, float], unpublished: float) -> float:
    """Return the log-standard deviation of a predicted step: what the model misses, what it borrows, what is open.

    What the model misses is the error on families of runs that were left out of the fit (root mean square); `parts` [s]
    weigh what no run has fixed, by its prior.
    """
    step = sum(parts.values())
    missed = float(fitted()["left_out"]["root_mean_square"])
    variance = missed**2 + unpublished**2
    variance += sum((spread * parts[part] / step) ** 2 for part, spread in borrowed(case))
    if float(case.model.experts) > 0:
        variance += MIXTURE_SPREAD**2
    return math.sqrt(variance)


def borrowed(case: Case) -> Iterator[tuple[str, float]]:
    """Yield the parts of a step that rest on what nobody has fitted for the chip, with the spread that this adds."""
    kind = PRECISIONS[case.precision]
    if (case.gpu.architecture, kind) not in FITTED_PRODUCTS:
        yield "matmul", BORROWED_SPREAD
    if kind not in case.gpu.measured_matmul:
        yield "matmul", UNMEASURED_SPREAD
    if float(case.model.experts) > 0:
        yield "expert_parallel", PRIORS["expert_exposed"].spread
