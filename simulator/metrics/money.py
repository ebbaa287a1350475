"""What a run costs, line by line, and what its buyer gets for that. The formulas stand in docs/cost.md."""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import Estimate, estimate, ratio
from simulator.ensemble.table import INPUT
from simulator.metrics.columns import column
from simulator.metrics.promises import days_allowed
from simulator.nouns.cost import LINES, OF_GPUS, PARTS, Cost, Words
from simulator.numbers.plan import Floats
from simulator.words.quantity import Quantity

SECONDS_PER_DAY = 86_400.0
EXA = 1e18
POINT = 0.01  # of goodput


class Line(NamedTuple):
    """An amount of money and what it is for."""

    name: str
    label: str
    usd: Estimate


class Money(NamedTuple):
    """The money of a run. The lines sum to the total; what is of which is in them, and no two of those overlap."""

    lines: tuple[Line, ...]
    total: Estimate  # without delay: as `cost_usd`
    of_which: tuple[Line, ...]
    goodput_expense: Estimate
    per_effective_exaflop: Estimate | None  # [USD per 10^18 FLOP]; None where the FLOP are unknown
    per_goodput_point: Estimate  # [USD per point]
    delay: Line | None  # apart from the total; None without a price of it or a deadline


def money(ensemble: Ensemble) -> Money | None:
    """Return the money of the run by line, what of it did not train, and what a unit costs; None without a price."""
    by_line = lines_per_replication(ensemble)
    if not by_line:
        return None
    total, parts = _sum(by_line.values(), ensemble), _parts(ensemble, by_line)
    late = delay_cost_usd(ensemble)
    return Money(
        lines=_lines(by_line, LINES),
        total=estimate(total),
        of_which=_lines({name: parts[name] for name in ensemble.scenario.document.cost.parts}, PARTS),
        goodput_expense=estimate(parts["goodput_expense"]),
        per_effective_exaflop=_per_effective_exaflop(ensemble, total),
        per_goodput_point=estimate(_per_goodput_point(ensemble)),
        delay=None if late is None else Line("delay", "delay", late),
    )


def cost_usd(ensemble: Ensemble) -> Estimate | None:
    """Return the cost of the run: all that has a price but delay [USD]; None where nothing has one.

    What an unfinished run cost until its end counts.
    """
    cost = cost_per_replication(ensemble)
    return None if cost is None else estimate(cost)


def delay_cost_usd(ensemble: Ensemble) -> Estimate | None:
    """Return the cost of finishing after the deadline [USD]; None without a deadline or a price of delay."""
    cost = delay_per_replication(ensemble)
    return None if cost is None else estimate(cost)


def cost_per_replication(ensemble: Ensemble) -> Floats | None:
    """Return what each replication costs, without delay [USD], (replications,); None where nothing has a price."""
    by_line = lines_per_replication(ensemble)
    return _sum(by_line.values(), ensemble) if by_line else None


def delay_per_replication(ensemble: Ensemble) -> Floats | None:
    """Return what the delay of each replication costs [USD], infinite where it does not finish; None as in the mean."""
    price, allowed = ensemble.scenario.document.cost.delay, days_allowed(ensemble)
    if price is None or allowed is None:
        return None
    late = np.maximum(0.0, column(ensemble, "finish_days") - allowed)
    # Nothing times infinity is no number, but a free delay costs nothing however long it is.
    per_day = _values(ensemble, price) * SECONDS_PER_DAY
    return np.multiply(late, per_day, out=np.zeros(len(late)), where=per_day > 0)


def lines_per_replication(ensemble: Ensemble) -> dict[str, Floats]:
    """Return the lines of money of each replication [USD], in the order in which they are summed."""
    cost = ensemble.scenario.document.cost
    seconds, by_clock = column(ensemble, "wall_days") * SECONDS_PER_DAY, _by_clock(ensemble)
    found = {name: seconds * number * price for name, (number, price) in by_clock.items()}
    if cost.set_up is not None:
        a_second = _sum((number * price for number, price in by_clock.values()), ensemble)
        found["set_up"] = _values(ensemble, cost.set_up.time) * a_second + _values(ensemble, cost.set_up.price)
    debugging = cost.debugging
    if debugging is not None and debugging.time is not None:
        hours = column(ensemble, "interruptions") * _values(ensemble, debugging.time)
        found["debugging"] = hours * _values(ensemble, debugging.price)
    return {name: found[name] for name in cost.lines}


def _by_clock(ensemble: Ensemble) -> dict[str, tuple[float | Floats, Floats]]:
    """Return the lines that run with the clock: how many of something, and what each costs [USD/s]."""
    cost, gpus = ensemble.scenario.document.cost, ensemble.scenario.provisioned_gpus
    found: dict[str, tuple[float | Floats, Floats]] = {}
    gpu = _of_a_gpu(ensemble, cost)
    if gpu is not None:
        found["gpus"] = gpus, gpu
    if cost.electricity is not None:
        # A draw of the PUE may lie below 1, which no building does.
        watts = _values(ensemble, cost.power) * np.maximum(1.0, _values(ensemble, cost.pue))
        found["power"] = gpus, watts * _values(ensemble, cost.electricity)
    if cost.network is not None:
        found["network"] = gpus, _values(ensemble, cost.network)
    if (storage := cost.storage) is not None:
        number = 1.0 if storage.size is None else _values(ensemble, storage.size)
        found["storage"] = number, _values(ensemble, storage.price)
    if (staff := cost.staff) is not None:
        number = 1.0 if staff.people is None else _values(ensemble, staff.people)
        found["staff"] = number, _values(ensemble, staff.price)
    if cost.debugging is not None and cost.debugging.time is None:
        found["debugging"] = 1.0, _values(ensemble, cost.debugging.price)
    return found


def _of_a_gpu(ensemble: Ensemble, cost: Cost) -> Floats | None:
    """Return what a GPU costs by the clock [USD/s]: its rent, or its capital in equal parts over its lifetime."""
    if cost.gpu is not None:
        return _values(ensemble, cost.gpu)
    if cost.capital is None:
        return None
    written_off = _values(ensemble, cost.capital) * (1.0 - _values(ensemble, cost.residual))
    return written_off / _values(ensemble, cost.lifetime)


def _parts(ensemble: Ensemble, by_line: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return what of the lines did not train [USD], in each replication."""
    of_gpus = _sum((by_line[name] for name in OF_GPUS if name in by_line), ensemble)
    job = ensemble.scenario.gpus / ensemble.scenario.provisioned_gpus
    parts = {
        "goodput_expense": of_gpus * job * (1.0 - column(ensemble, "goodput")),
        "spares": of_gpus * (1.0 - job),
    }
    return parts | {name: by_line[name] for name in PARTS if name in by_line}


def _per_goodput_point(ensemble: Ensemble) -> Floats:
    """Return what one more point of goodput would save at the same work [USD].

    Work W at goodput g takes the time W/g, and C is what runs with the clock in that time. At g + 0.01 it is
    C g / (g + 0.01). The slope C/g says nearly the same, but more than all the money where g is small.
    """
    seconds, goodput = column(ensemble, "wall_days") * SECONDS_PER_DAY, column(ensemble, "goodput")
    by_clock = _sum((seconds * number * price for number, price in _by_clock(ensemble).values()), ensemble)
    return POINT * by_clock / (goodput + POINT)


def _per_effective_exaflop(ensemble: Ensemble, total: Floats) -> Estimate | None:
    """Return the cost of model FLOP that are kept [USD per 10^18 FLOP]; its mean is that of all replications."""
    exaflop = _effective_exaflop(ensemble)
    if exaflop is None:
        return None
    own, (mean, error) = estimate(_over(total, exaflop)), ratio(total, exaflop)
    return own._replace(mean=mean, mc_error=error)


def _effective_exaflop(ensemble: Ensemble) -> Floats | None:
    """Return the model FLOP of productive training [10^18 FLOP] in each replication; None where unknown."""
    scenario = ensemble.scenario
    flop = scenario.flop()
    if flop is None:
        return None
    speed = np.full(ensemble.replications, flop / scenario.work() / EXA)
    paths = [quantity.path for quantity in scenario.inputs]
    if any(path.startswith(("job.", "cluster.")) for path in paths):
        for replication, values in enumerate(zip(*(column(ensemble, f"{INPUT}{path}") for path in paths), strict=True)):
            # With what follows from them, such as the steps of all phases from the error of their prediction.
            drawn = scenario.inputs_at([0.0] * len(paths), dict(zip(paths, values, strict=True)))
            speed[replication] = (scenario.flop(drawn) or 0.0) / scenario.work(drawn) / EXA
    return speed * column(ensemble, "productive_days") * SECONDS_PER_DAY


def _lines(by_name: Mapping[str, Floats], words: Mapping[str, Words]) -> tuple[Line, ...]:
    return tuple(Line(name, words[name].label, estimate(usd)) for name, usd in by_name.items())


def _values(ensemble: Ensemble, quantity: Quantity | None) -> Floats:
    """Return a number in each replication [SI]; nothing where none is given."""
    if quantity is None:
        return np.zeros(ensemble.replications)
    name = f"{INPUT}{quantity.path}"
    return column(ensemble, name) if name in ensemble.table else np.full(ensemble.replications, quantity.median)


def _sum(amounts: Iterable[Floats], ensemble: Ensemble) -> Floats:
    """Return a sum in the order given, so that lines sum to their total to the bit."""
    return reduce(np.add, amounts, np.zeros(ensemble.replications))


def _over(amounts: Floats, units: Floats) -> Floats:
    each: Floats = np.divide(amounts, units, out=np.full(len(amounts), np.inf), where=units > 0)
    return each
