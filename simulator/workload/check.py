"""What is wrong with a case before anything is computed: degrees that do not divide, and the nearest that do."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from simulator.workload.case import Case, divisors
from simulator.workload.constants import Constants
from simulator.workload.machine import PRECISIONS
from simulator.workload.predict import USABLE_MEMORY
from simulator.workload.search import nearest_that_fits


class Fault(NamedTuple):
    """A field of a case, and what is wrong with it; the nearest value that works."""

    field: str
    text: str


def faults_of(case: Case) -> list[Fault]:
    """Return what is wrong with the degrees and the precision of a case; what it leaves open is not looked at.

    Uneven pipelines are allowed, as Megatron-LM allows them: the fullest stage sets the pace.
    """
    too_small = list(_below_one(case))
    if too_small:
        return too_small
    rules = (_precision, _product, _tensor, _chunks, _context, _batch, _experts)
    return [fault for rule in rules for fault in rule(case)]


def memory_fault(
    case: Case,
    memory_GB: float,  # noqa: N803 - the name of the output that it is
    capacity_GB: float,  # noqa: N803
    constants: Constants | None = None,
) -> str | None:
    """Return why a case does not fit in memory and the nearest plan that does, or None where it fits [GB]."""
    if memory_GB <= USABLE_MEMORY * capacity_GB:
        return None
    usable = f"{memory_GB:.0f} GB, of {capacity_GB:.0f} GB {USABLE_MEMORY:.0%} can be used"
    return f"needs {usable}; nearest that works: {nearest_that_fits(case, constants)}"


def _below_one(case: Case) -> Iterator[Fault]:
    names = ("gpus", "global_batch", "tensor", "pipeline", "context", "expert", "data", "interleaving", "micro_batch")
    for name in names:
        value = getattr(case, name)
        if value is not None and value < 1:
            yield Fault(name, f"{value:g} is less than 1; nearest that works: 1")


def _precision(case: Case) -> Iterator[Fault]:
    kind = PRECISIONS.get(case.precision)
    has = [name for name, peak in PRECISIONS.items() if peak in case.gpu.peak]
    if kind is None:
        yield Fault("precision", f"'{case.precision}' is not known; {case.gpu.name} computes in {', '.join(has)}")
    elif kind not in case.gpu.peak:
        yield Fault("precision", f"{case.gpu.name} has no {case.precision}; it computes in {', '.join(has)}")


def _product(case: Case) -> Iterator[Fault]:
    """Degrees whose product is not the number of accelerators."""
    given = {name: getattr(case, name) for name in ("tensor", "pipeline", "context", "data")}
    known = {name: degree for name, degree in given.items() if degree is not None}
    product = 1
    for degree in known.values():
        product *= degree
    words = " x ".join(f"{name} {degree:,}" for name, degree in known.items())
    if len(known) == len(given) and product != case.gpus:
        others = product // known["data"]
        fitting = case.gpus // others if case.gpus % others == 0 else 0
        works = f"data {fitting:,}" if fitting else f"{product:,} accelerators"
        yield Fault("data", f"{words} is {product:,}, not {case.gpus:,} accelerators; nearest that works: {works}")
    elif case.gpus % product:
        near = _multiple_near(case.gpus, product)
        text = f"{words} is {product:,}, which does not divide {case.gpus:,} accelerators"
        yield Fault("gpus", f"{text}; nearest that works: {near} accelerators{_other_degree(case, known)}")


def _other_degree(case: Case, known: dict[str, int]) -> str:
    """Return which other value of one degree would divide the accelerators."""
    for name in ("pipeline", "context", "tensor"):
        rest = 1
        for other, degree in known.items():
            rest *= 1 if other == name else degree
        if known.get(name, 1) > 1 and case.gpus % rest == 0:
            return f", or {name} {_divisor_near(known[name], case.gpus // rest)}"
    return ""


def _tensor(case: Case) -> Iterator[Fault]:
    # Fewer heads of keys and values than ranks are allowed: ranks then hold the same ones.
    heads = round(float(case.model.heads))
    if case.tensor is not None and heads % case.tensor:
        near = _divisor_near(case.tensor, heads)
        yield Fault("tensor", f"{heads} heads are not divisible by tensor {case.tensor}; nearest that works: {near}")


def _chunks(case: Case) -> Iterator[Fault]:
    pipeline, interleaving = case.pipeline, case.interleaving or 1
    if pipeline is None:
        return
    if pipeline == 1 and interleaving > 1:
        text = f"interleaving {interleaving} needs a pipeline, which is 1; nearest that works: interleaving 1"
        yield Fault("interleaving", text)
        return
    layers = round(float(case.model.layers))
    ends = case.head_counts or (layers + 2) % (pipeline * interleaving) == 0
    places = layers + (2 if ends else 0)
    if pipeline * interleaving <= places:
        return
    held = f"{layers} layers{', embedding and head' if case.head_counts else ''}"
    if pipeline > places:
        text = f"{held} are fewer than {pipeline:,} stages; nearest that works: {_deepest(case, places)}"
        yield Fault("pipeline", text)
        return
    chunks = f"pipeline {pipeline} x interleaving {interleaving} = {pipeline * interleaving:,} chunks"
    most = places // pipeline
    even = [degree for degree in range(most, 0, -1) if places % (pipeline * degree) == 0]
    yield Fault("interleaving", f"{held} are fewer than {chunks}; nearest that works: {(even or [most])[0]}")


def _deepest(case: Case, places: int) -> int:
    """Return the deepest pipeline that divides the accelerators and leaves no stage empty."""
    others = (case.tensor or 1) * (case.context or 1) * (case.data or 1)
    share = case.gpus // others if case.gpus % others == 0 else case.gpus
    return max(degree for degree in range(1, places + 1) if share % degree == 0)


def _context(case: Case) -> Iterator[Fault]:
    sequence = round(float(case.model.sequence))
    if case.context is not None and sequence % case.context:
        near = _divisor_near(case.context, sequence)
        text = f"sequences of {sequence:,} tokens are not divisible by context {case.context}"
        yield Fault("context", f"{text}; nearest that works: {near}")


def _batch(case: Case) -> Iterator[Fault]:
    """A batch that its replicas cannot share out evenly, in whole micro-batches."""
    data = data_degree(case)
    if data is None:
        return
    micro = case.micro_batch or 1
    if case.global_batch % (data * micro) == 0:
        return
    share = f"data {data:,}" + (f" x micro-batch {micro} = {data * micro:,}" if case.micro_batch is not None else "")
    text = f"{case.global_batch:,.10g} sequences are not divisible by {share}"
    if case.global_batch % data == 0:
        near = _divisor_near(micro, round(case.global_batch / data))
        yield Fault("micro_batch", f"{text}; nearest that works: {near}")
    else:
        near = _multiple_near(case.global_batch, data * micro)
        yield Fault("global_batch", f"{text}; nearest that works: {near}")


def data_degree(case: Case) -> int | None:
    """Return the degree of data parallelism: what the others leave of the accelerators, or as given; None if open."""
    if case.tensor is None or case.pipeline is None or case.context is None:
        return case.data
    data, rest = divmod(case.gpus, case.tensor * case.pipeline * case.context)
    return case.data if rest or not data else data


def _experts(case: Case) -> Iterator[Fault]:
    degree, experts = case.expert, round(float(case.model.experts))
    if degree is None or degree == 1:
        return
    if not experts:
        yield Fault("expert", f"the model has no experts to divide by {degree}; nearest that works: 1")
        return
    data = data_degree(case)
    ranks = None if data is None or case.tensor is None or case.context is None else data * case.context * case.tensor
    near = _divisor_near(degree, experts if ranks is None else math.gcd(experts, ranks))
    if experts % degree:
        yield Fault("expert", f"{experts} experts are not divisible by expert {degree}; nearest that works: {near}")
    elif ranks is not None and ranks % degree:
        text = f"expert {degree} does not divide the {ranks:,} ranks of data, context and tensor parallelism"
        yield Fault("expert", f"{text}; nearest that works: {near}")


def _divisor_near(value: int, whole: int) -> str:
    """Return the nearest divisors of a whole below and above a value that is none, in words."""
    found = divisors(whole)
    below, above = (number for number in found if number < value), (number for number in found if number > value)
    return _or(max(below, default=None), min(above, default=None))


def _multiple_near(value: float, part: int) -> str:
    """Return the nearest multiples of a part below and above a value that is none, in words."""
    below = math.floor(value / part) * part
    return _or(below or None, below + part)


def _or(*numbers: int | None) -> str:
    return " or ".join(f"{number:,}" for number in numbers if number is not None)
