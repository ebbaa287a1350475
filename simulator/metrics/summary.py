"""The content of `summary.json`: every metric of an ensemble as plain mappings and numbers. See docs/outputs.md."""

import math
from typing import Any

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import ENDS, STATISTICS, Estimate
from simulator.ensemble.table import tally_column
from simulator.metrics import promises, quantities
from simulator.metrics.middle import ledger_share_median
from simulator.metrics.money import cost_usd, delay_cost_usd, money
from simulator.metrics.spares import nodes_out_of_service
from simulator.metrics.variance import variance_share

SCHEMA = 2
SECONDS_PER_DAY = 86_400.0


def summarise(ensemble: Ensemble) -> dict[str, Any]:
    """Return the summary of an ensemble, safe for JSON: what is infinite or unknown is None, and said."""
    return {
        "schema": SCHEMA,
        "scenario": ensemble.scenario.name,
        "seed": ensemble.seed,
        "replications": ensemble.replications,
        "engine": ensemble.engine,
        "outcomes": quantities.outcomes(ensemble),
        "never_finishes": promises.never_finishes(ensemble)._asdict(),
        **_precision(ensemble),
        "goodput": _told(quantities.goodput(ensemble)),
        "ettr": _told(quantities.ettr(ensemble)),
        "finish_days": _told(quantities.finish_days(ensemble), infinite="unfinished"),
        **_dates(ensemble),
        "wall_days": _told(quantities.wall_days(ensemble)),
        "failures": _counts(quantities.failures(ensemble), quantities.failures_by_cause(ensemble)),
        "interruptions": _counts(quantities.interruptions(ensemble), quantities.interruptions_by_cause(ensemble)),
        "mttf_hours": _told(quantities.mttf_hours(ensemble), infinite="uninterrupted"),
        "counts": {tally_column(count): _told(found) for count, found in quantities.counts(ensemble).items()},
        "interventions_per_day": _told(quantities.interventions_per_day(ensemble)),
        **_where_known(ensemble),
        "nodes_out_of_service": _nodes(ensemble),
        "ledger_share": {account.name: _told(share) for account, share in quantities.ledger_share(ensemble).items()},
        "ledger_share_median": {
            account.name: {"share": share.probability, "mc_error": _number(share.mc_error)}
            for account, share in ledger_share_median(ensemble).items()
        },
        "variance_share": {name: _split(ensemble, name) for name in ("finish_days", "goodput")},
        "events": _told(quantities.events(ensemble)),
    }


def _told(estimate: Estimate, infinite: str = "") -> dict[str, Any]:
    """Return an estimate; `infinite` names the count of replications whose value is infinite, where that can be.

    Ends of intervals that the replications do not bound are named in `unbounded`, where there are any.
    """
    told: dict[str, Any] = {name: _number(getattr(estimate, name)) for name in STATISTICS}
    if not math.isnan(estimate.p50) and (open_ends := [name for name in ENDS if math.isnan(getattr(estimate, name))]):
        told["unbounded"] = open_ends
    return told | {infinite: estimate.infinite} if infinite else told


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _counts(total: Estimate, by_cause: dict[str, Estimate]) -> dict[str, Any]:
    return {"total": _told(total), "by_cause": {cause: _told(count) for cause, count in by_cause.items()}}


def _precision(ensemble: Ensemble) -> dict[str, Any]:
    """Return how well the quantile of a stop rule is known, in the unit of that quantity."""
    precision = ensemble.precision
    if precision is None:
        return {}
    quantity, unit = ("finish_days", SECONDS_PER_DAY) if precision.quantity == "finish" else ("goodput", 1.0)
    return {
        "precision": {
            "quantity": quantity,
            "quantile": precision.quantile,
            "half_width_asked": precision.asked / unit,
            "half_width": _number(precision.found / unit),
            "reached": precision.reached,
        }
    }


def _dates(ensemble: Ensemble) -> dict[str, Any]:
    told: dict[str, Any] = {}
    dates, met = promises.finish_date(ensemble), promises.deadline(ensemble)
    if dates is not None:
        told["finish_date"] = {name: None if day is None else day.isoformat() for name, day in dates.items()}
    if met is not None and ensemble.scenario.deadline is not None:
        told["deadline"] = {"date": ensemble.scenario.deadline.isoformat(), **met._asdict()}
    return told


def _where_known(ensemble: Ensemble) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for metric in (quantities.mfu_end_to_end, cost_usd):
        if (found := metric(ensemble)) is not None:
            told[metric.__name__] = _told(found)
    if (delay := delay_cost_usd(ensemble)) is not None:
        told["delay_cost_usd"] = _told(delay, infinite="unfinished")
    return told | _money(ensemble)


def _money(ensemble: Ensemble) -> dict[str, Any]:
    """Return the money of the run by line; nothing where nothing has a price."""
    found = money(ensemble)
    if found is None:
        return {}
    told: dict[str, Any] = {
        "lines_usd": {line.name: _told(line.usd) for line in found.lines},
        "total_usd": _told(found.total),
        "of_which_usd": {line.name: _told(line.usd) for line in found.of_which},
    }
    if found.per_effective_exaflop is not None:
        told["usd_per_effective_exaflop"] = _told(found.per_effective_exaflop, infinite="unproductive")
    told["usd_per_goodput_point"] = _told(found.per_goodput_point)
    return {"money": told}


def _nodes(ensemble: Ensemble) -> dict[str, Any]:
    found = nodes_out_of_service(ensemble)
    return {
        **_told(found.nodes),
        "distribution": found.distribution,
        "at_least": {
            str(nodes): {"probability": tail.probability, "mc_error": _number(tail.mc_error)}
            for nodes, tail in enumerate(found.at_least)
            if nodes > 0
        },
    }


def _split(ensemble: Ensemble, quantity: str) -> dict[str, float | int | None]:
    split = variance_share(ensemble, quantity)
    return {name: value if name == "pairs" else _number(value) for name, value in split._asdict().items()}
