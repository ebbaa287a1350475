"""Constants of a GPU from measurements: fitted by least squares on the logarithm of time, with their uncertainty.

A constant's error is the standard error from the Jacobian, scaled by the scatter of the residuals: a law that fits
badly has constants that are known badly. What one chip on one day does not tell of the next is added as a floor.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from simulator.calibration.measurements import Measurement
from simulator.numbers.roofline import attention_flop, bus_share, matmul_flop, matmul_time, transfer_time

FLOOR = 0.01  # log-standard deviation from chip to chip and from day to day, below which no fit of one chip goes
PRIOR_SHARE = 0.8  # of the best rate that any shape reached: a prior for the efficiency (docs/calibration.md)
PRIOR_SPREAD = 0.15
MEMORY_EFFICIENCY = 0.85  # of HBM, where no copy was measured
FEWEST = 3  # rows for a fit of two constants
GROWTH = 4  # times its latency is the least that a collective must take for its bandwidth to show
VAGUE = 0.5  # log-standard error beyond which a constant is not determined by the rows
# Sixteen-bit formats have the same peak on all chips with tensor cores since A100; profiles name one of them.
SAME_PEAK = {"fp16": "bf16", "bf16": "fp16"}
BYTES = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "mxfp8": 1.0, "nvfp4": 0.5, "mxfp4": 0.5}
OUTPUT_BYTES = 2.0  # products of formats below 16 bits are written in bf16

Floats = NDArray[np.float64]
Law = Callable[..., Any]


class Peaks(NamedTuple):
    """What shares refer to: the numbers of a hardware profile, in SI. None: the profile does not say."""

    speed: Mapping[str, float]  # by precision [FLOP/s]
    memory_bandwidth: float | None = None  # [B/s]
    scale_up_bandwidth: float | None = None  # of one GPU, one direction [B/s]
    scale_out_bandwidth: float | None = None  # of one GPU, one direction [B/s]


@dataclass(frozen=True)
class Constant:
    """A fitted constant [SI], `like` the unit it is shown in, and how its law fits the rows it was fitted on."""

    name: str
    value: float
    like: str
    spread: float  # log-standard deviation, floor included [1]
    rows: int
    how: str = "measured"  # or prior
    error: float = 0.0  # log-standard error of the fit alone [1]
    median_error: float | None = None  # of the law's times, relative [1]
    worst_error: float | None = None
    explained: float | None = None  # share of the variance of log time [1]
    note: str = ""


class Solution(NamedTuple):
    """Fitted values, the standard errors of their logarithms, and predicted over measured times less one."""

    values: tuple[float, ...]
    errors: tuple[float, ...]
    misfit: Floats
    explained: float


def fit(measurements: Sequence[Measurement], peaks: Peaks) -> tuple[list[Constant], list[str]]:
    """Return the constants that measurements tell, and what could not be fitted and why."""
    by_kind: dict[str, list[Measurement]] = defaultdict(list)
    for one in measurements:
        by_kind[one.kind].append(one)
    notes: list[str] = []
    found = _memory([*by_kind["copy"], *by_kind["elementwise"]], peaks, notes)
    efficiency = next((one.value for one in found if one.name == "memory_efficiency"), MEMORY_EFFICIENCY)
    found += _matmuls(by_kind["matmul"], peaks, efficiency, notes)
    found += _attention(by_kind["attention"], peaks, notes)
    found += _host_copies(by_kind["host_copy"], notes)
    found += _collectives(by_kind["collective"], peaks, notes)
    return found, notes


def _memory(rows: list[Measurement], peaks: Peaks, notes: list[str]) -> list[Constant]:
    if not rows:
        return []
    if peaks.memory_bandwidth is None:
        notes.append("copies: the profile has no memory_bandwidth to compare with")
        return []
    solution = solve(_share_law(_sizes(rows, "bytes") / peaks.memory_bandwidth), (0.8, 3e-6), _seconds(rows))
    return _told(solution, {"memory_efficiency": "%"}, len(rows), notes)


def _matmuls(rows: list[Measurement], peaks: Peaks, memory_efficiency: float, notes: list[str]) -> list[Constant]:
    found = []
    for precision, group in _grouped(rows, lambda row: row.labels["precision"]):
        peak = peaks.speed.get(precision) or peaks.speed.get(SAME_PEAK.get(precision, ""))
        if peak is None:
            notes.append(f"matmul in {precision}: the profile has no peak speed for it")
            continue
        fair = [row for row in group if row.best_of == 1]
        if len(fair) < FEWEST:
            found.append(_prior(precision, group, peak))
            continue
        if peaks.memory_bandwidth is None:
            notes.append(
                f"matmul in {precision}: the profile has no memory_bandwidth, so products count as computing only"
            )
        solution = solve(_matmul_law(fair, precision, peak, peaks, memory_efficiency), (0.6, 5e-6), _seconds(fair))
        names = {f"matmul.{precision}.efficiency": "%", f"matmul.{precision}.overhead": "us"}
        found += _told(solution, names, len(fair), notes)
    return found


def _matmul_law(rows: list[Measurement], precision: str, peak: float, peaks: Peaks, memory_efficiency: float) -> Law:
    m, n, k = (_sizes(rows, name) for name in ("m", "n", "k"))
    element = BYTES.get(precision, OUTPUT_BYTES)
    bandwidth = math.inf if peaks.memory_bandwidth is None else peaks.memory_bandwidth * memory_efficiency

    def law(efficiency: float, overhead: float) -> Any:
        return matmul_time(m, n, k, peak * efficiency, bandwidth, element, overhead, max(element, OUTPUT_BYTES))

    return law


def _prior(precision: str, rows: list[Measurement], peak: float) -> Constant:
    """Return the efficiency that the best rate of a search suggests: what all shapes reach lies below it."""
    order = ("median", "mean", "fastest")
    statistic = next(name for name in order if any(row.statistic == name for row in rows))
    best = max(float(matmul_flop(*_shape(row))) / row.seconds for row in rows if row.statistic == statistic)
    note = f"a prior, not a fit: {PRIOR_SHARE:g} x the best rate of any shape ({best / 1e12:.4g} TFLOP/s, {statistic})"
    name = f"matmul.{precision}.efficiency"
    return Constant(name, PRIOR_SHARE * best / peak, "%", PRIOR_SPREAD, len(rows), "prior", note=note)


def _attention(rows: list[Measurement], peaks: Peaks, notes: list[str]) -> list[Constant]:
    found = []
    for precision, group in _grouped(rows, lambda row: row.labels["precision"]):
        peak = peaks.speed.get(precision) or peaks.speed.get(SAME_PEAK.get(precision, ""))
        if peak is None:
            notes.append(f"attention in {precision}: the profile has no peak speed for it")
            continue
        work = np.array([_attention_work(row) for row in group]) / peak
        solution = solve(_share_law(work), (0.5, 1e-5), _seconds(group))
        # Training runs attention in bf16; another precision gets a name of its own.
        name = "attention_efficiency" if precision == "bf16" else f"attention_efficiency.{precision}"
        found += _told(solution, {name: "%"}, len(group), notes)
    return found


def _host_copies(rows: list[Measurement], notes: list[str]) -> list[Constant]:
    found = []
    for (direction, memory), group in _grouped(rows, lambda row: (row.labels["direction"], row.labels["memory"])):
        solution = solve(partial(transfer_time, _sizes(group, "bytes")), (2e10, 1e-5), _seconds(group))
        name = f"host_copy.{direction}" + ("" if memory == "pinned" else f".{memory}")
        found += _told(solution, {f"{name}.bandwidth": "GB/s", f"{name}.latency": "us"}, len(group), notes)
    return found


def _collectives(rows: list[Measurement], peaks: Peaks, notes: list[str]) -> list[Constant]:
    found = []
    for (operation, ranks, nodes), group in _grouped(rows, _of_collective):
        name = f"collective.{operation}.{ranks}_ranks" + (f".{nodes}_nodes" if nodes > 1 else "")
        try:
            size, seconds = bus_share(operation, ranks) * _sizes(group, "bytes"), _seconds(group)
        except KeyError:
            notes.append(f"{name}: what it sends is not known here")
            continue
        constants = _collective(name, size, seconds, notes)
        limit = bus_limit(operation, ranks, nodes, peaks)
        found += constants
        found += [
            replace(one, name=f"{name}.efficiency", value=one.value / limit, like="%")
            for one in constants
            if limit is not None and one.name.endswith(".bandwidth")
        ]
    return found


def _collective(name: str, size: Floats, seconds: Floats, notes: list[str]) -> list[Constant]:
    """Return bandwidth and latency of a collective from what each rank sends [B].

    Between small and large messages NCCL changes its protocol, with a jump that no law of two constants follows: the
    constants are those of the two ends, and all rows tell how far off the law is between them.
    """
    ends = _ends(size, seconds)
    solution = solve(partial(transfer_time, size[ends]), (1e11, 2e-5), seconds[ends])
    whole = transfer_time(size, *solution.values)
    # Without large messages nothing tells the bandwidth, without small ones nothing tells the latency.
    large, small = seconds.max() > GROWTH * solution.values[1], seconds.min() < 2 * solution.values[1]
    errors = (solution.errors[0] if large else math.inf, solution.errors[1] if small else math.inf)
    solution = Solution(solution.values, errors, whole / seconds - 1, _explained(whole, seconds))
    return _told(solution, {f"{name}.bandwidth": "GB/s", f"{name}.latency": "us"}, int(ends.sum()), notes)


def bus_limit(operation: str, ranks: int, nodes: int, peaks: Peaks) -> float | None:
    """Return the bus bandwidth [B/s] that the links allow: NVLink's in a node, that of a node's network cards beyond.

    A ring enters and leaves a node by all its cards; exchanges of all with all use each GPU's own card.
    """
    if nodes <= 1:
        return peaks.scale_up_bandwidth
    if peaks.scale_out_bandwidth is None:
        return None
    if operation in ("alltoall", "sendrecv", "gather", "scatter"):
        return peaks.scale_out_bandwidth
    network = peaks.scale_out_bandwidth * ranks / nodes
    return network if peaks.scale_up_bandwidth is None else min(network, peaks.scale_up_bandwidth)


def _share_law(ideal: Floats) -> Law:
    """Return the law of work that reaches a share of what would take an ideal time [s], after an overhead [s]."""
    return lambda share, overhead: ideal / share + overhead


def solve(law: Law, start: Sequence[float], seconds: Floats) -> Solution:
    """Return the positive constants of a law [s] that fit measured times best, by squares of log residuals."""
    logs = np.log(np.array(start))
    limit = math.log(1e4)

    def residuals(parameters: Floats) -> Floats:
        return np.asarray(np.log(law(*np.exp(parameters)) / seconds), dtype=np.float64)

    found = least_squares(residuals, logs, bounds=(logs - limit, logs + limit), x_scale=1.0, xtol=1e-12, ftol=1e-12)
    freedom = max(1, len(seconds) - len(start))
    scatter = float(2 * found.cost / freedom)
    jacobian: Floats = np.asarray(found.jac, dtype=np.float64)
    information: Floats = jacobian.T @ jacobian
    felt = np.diag(information) > 1e-9  # a constant that no row feels has no say, and an infinite error
    covariance = np.zeros_like(information)
    covariance[np.ix_(felt, felt)] = scatter * np.linalg.pinv(information[np.ix_(felt, felt)])
    errors = np.where(felt, np.sqrt(np.abs(np.diag(covariance))), np.inf)
    if len(seconds) <= len(start):
        errors = np.full(len(start), np.inf)  # as many constants as rows fit anything
    predicted = np.exp(found.fun) * seconds
    values = tuple(float(value) for value in np.exp(found.x))
    return Solution(values, tuple(map(float, errors)), predicted / seconds - 1, _explained(predicted, seconds))


def _told(solution: Solution, names: Mapping[str, str], rows: int, notes: list[str]) -> list[Constant]:
    """Return the constants of a solution that are determined, and say which are not."""
    found = []
    for (name, like), value, error in zip(names.items(), solution.values, solution.errors, strict=False):
        if not error < VAGUE:
            notes.append(f"{name} is not determined by the {rows} rows")
            continue
        note = "more than the peak: is it the right profile?" if like == "%" and value > 1.03 else ""
        misfit = np.abs(solution.misfit)
        quality = float(np.median(misfit)), float(misfit.max()), solution.explained
        found.append(Constant(name, value, like, math.hypot(error, FLOOR), rows, "measured", error, *quality, note))
    return found


def _ends(size: Floats, seconds: Floats) -> NDArray[np.bool_]:
    """Return which rows of a collective are all latency (time has not begun to grow) or all bandwidth."""
    flat = seconds <= 1.25 * seconds[np.argsort(size)[:3]].min()
    speed = size / seconds
    ends = flat | (speed >= 0.8 * speed.max())
    return np.asarray(ends if ends.sum() >= FEWEST else np.ones(len(seconds)), dtype=np.bool_)


def _explained(predicted: Floats, seconds: Floats) -> float:
    spread = float(np.var(np.log(seconds)))
    return 1 - float(np.mean(np.log(predicted / seconds) ** 2)) / spread if spread > 0 else math.nan


def _attention_work(row: Measurement) -> float:
    causal, backward = row.labels["mask"] == "causal", row.labels["pass"] == "backward"
    sizes = [row[name] for name in ("batch", "heads", "sequence", "head_dim")]
    return float(attention_flop(*sizes, causal=causal, backward=backward))


def _of_collective(row: Measurement) -> tuple[str, int, int]:
    return row.labels["operation"], row["ranks"], row.sizes.get("nodes", 1)


def _shape(row: Measurement) -> tuple[int, int, int]:
    return row["m"], row["n"], row["k"]


def _sizes(rows: Iterable[Measurement], name: str) -> Floats:
    return np.array([row[name] for row in rows], dtype=np.float64)


def _seconds(rows: Iterable[Measurement]) -> Floats:
    return np.array([row.seconds for row in rows], dtype=np.float64)


def _grouped(rows: Iterable[Measurement], key: Callable[[Measurement], Any]) -> list[tuple[Any, list[Measurement]]]:
    groups: dict[Any, list[Measurement]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return list(groups.items())
