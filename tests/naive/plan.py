"""Every field of a plan from a scenario's document: one function a field, in `FIELDS`."""

import hashlib
import math
from collections.abc import Callable
from typing import Any

from tests.naive import interval
from tests.naive.given import Given, gpus, planned, tier, transfer
from tests.naive.hazards import happens, hazard_of
from tests.naive.laws import laws
from tests.naive.quantities import Q, Values, law_of, parts, ticks, value, whole
from tests.naive.rows import Row, needed_of, rows_of, units_of
from tests.naive.speed import evaluation, pace

MOST_WORK = 2.9 * 365 * 86_400.0  # [s], semantics 1.4


def naive_plan(scenario: Any, values: Values = None) -> dict[str, Any]:
    """Return the fields of the plan of a replication by name: numbers, and lists of numbers or of lists."""
    given = Given(scenario.document, values, rows_of(scenario.document))
    return {name: made(given) for name, made in FIELDS.items()}


# Scalars


def work(given: Given) -> int:
    return min(ticks(seconds_of_work(given)), ticks(MOST_WORK))


def seconds_of_work(given: Given) -> float:
    """Return the failure-free training time [s]: given, or FLOP over speed, or steps times the time of one."""
    job, values = given.document.job, given.values
    if job.work is not None:
        return value(job.work, values)
    found = 0.0
    for phase in job.phases or (job,):
        tokens = None if phase.tokens is None else value(phase.tokens, values)
        if phase.mfu is not None:
            met = job.parameters if job.active_parameters is None else job.active_parameters
            flop = value(job.flop, values) if job.flop is not None else 6 * value(met, values) * (tokens or 0.0)
            peak = value(given.document.cluster.peak[job.precision], values) * gpus(given)
            found += flop / (value(phase.mfu, values) * peak)
        else:
            batch, sequence = phase.global_batch or job.global_batch, phase.sequence or job.sequence
            found += (tokens or 0.0) / (batch.median * sequence.median) * value(phase.step_time, values)
    return found


def horizon(given: Given) -> int:
    asked = ticks(value(given.document.run.horizon, given.values))
    return min(asked, ticks(MOST_WORK)) if seconds_of_work(given) >= MOST_WORK else asked


def nodes_of(given: Given, quantity: Any) -> int:
    """Return a number of nodes, of which a share is one of the job's and is rounded up."""
    if quantity is None:
        return 0
    if quantity.like != "%":
        return int(quantity.median)
    exact = round(quantity.median * needed_of(given.document.cluster), 9)
    return math.ceil(exact)


def save(given: Given) -> int:
    return ticks(value((tier(given, "host_memory") or tier(given, "storage")).blocking, given.values))


def lag(given: Given) -> int:
    storage = tier(given, "storage")
    return ticks(transfer(given, storage) if storage.lag is None else value(storage.lag, given.values))


def memory(given: Given) -> tuple[int, int, int]:
    one = tier(given, "host_memory")
    if one is None:
        return 0, 0, 0
    peers = whole(one.peers, 1)
    return whole(one.group, peers + 1), peers, int(bool(one.apart))


def lemon_period(given: Given) -> int:
    every = [row["lemons"].again.every for row in given.rows if row["lemons"] is not None and row["lemons"].again]
    return ticks(every[0].median) if every else 0


def blocks(given: Given, name: str) -> int:
    return 0 if given.document.cluster.blocks is None else whole(getattr(given.document.cluster.blocks, name))


def retirement(given: Given, name: str) -> float:
    section = given.document.recovery.retirement
    found = None if section is None else getattr(section, name)
    return 0.0 if found is None else float(found.median)


# Windows: semantics 13.1


def windows(given: Given) -> list[tuple[int, int]]:
    """Return beginning and length of the windows listed [ticks], -1 for a length that is drawn."""
    section = planned(given)
    if section is None:
        return []
    listed = [(ticks(value(one.at, given.values)), ticks(value(one.length, given.values))) for one in section.windows]
    if section.first is not None:
        listed.append((ticks(value(section.first, given.values)), -1))
    return sorted(listed)


def window_period(given: Given) -> int:
    section = planned(given)
    return 0 if section is None or section.every is None else ticks(value(section.every, given.values))


# Columns: one number a row


def unit(row: Row, given: Given, name: str) -> int:
    return units_of(given.document.cluster, row["part"])[name]


def blast(row: Row, given: Given) -> int:
    """The nodes that a stop takes: those that the part serves, unless the scenario says how many."""
    if row["blast"] is not None:
        return int(row["blast"])
    span, per_place = unit(row, given, "span"), unit(row, given, "per_place")
    return span if span else min(1, per_place)


def bench(row: Row, given: Given) -> int:
    """Whether spares are struck too: by what stops a node, for nothing else has an effect there (semantics 6.12)."""
    told = given.document.recovery.spares_exposed if row["spares"] is None else row["spares"]
    return int(told and row["effect"] == "stop" and unit(row, given, "per_place") > 0)


def lemon_share(row: Row, given: Given) -> float:
    return 0.0 if row["lemons"] is None else value(row["lemons"].share, given.values)


def share(row: Row, given: Given, name: str) -> float:
    """A share that a cause has for itself, or that stands under recovery."""
    own = getattr(row["cause"], name)
    return value(getattr(given.document.recovery, name) if own is None else own, given.values)


def hazards(given: Given) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for row in given.rows:
        found.append(hazard_of(row, given.document, given.values, sum(len(one["table"]) for one in found)))
    return found


# Rules, odds, slices


def slices(given: Given) -> tuple[list[list[int]], list[int]]:
    """Return first place, places and speed of every element that a row strikes, and where those of each row begin."""
    table: list[list[int]] = []
    begins = []
    for row in given.rows:
        struck = given.document.cluster.elements.get(row["part"])
        begins.append(-1 if struck is None else len(table))
        if struck is None:
            continue
        exposed = 0.0 if struck.exposed is None else value(struck.exposed, given.values)
        for first, nodes, left in zip(struck.first, struck.nodes, struck.share, strict=True):
            # docs/fabric.md: with a share of the bandwidth left, and so much of a step exposed.
            kept = 1 / (1 - exposed + exposed / left) if left > 0 else 0.0
            table.append([int(first), int(nodes), parts(kept)])
    return table, begins


def rules(given: Given) -> list[list[int]]:
    eviction, begins = given.document.recovery.eviction, slices(given)[1]
    found = []
    for row, begin in zip(given.rows, begins, strict=True):
        cause = row["cause"]
        rebuild = None if cause.rebuild is None else cause.rebuild.within
        limit = 1.0 if eviction is None else eviction.slower_than.median
        below = math.floor(limit * Q + 0.5) if limit < 1 else Q + 1  # at 100 % all that are slow can be found
        patience = 0 if eviction is None else ticks(eviction.once_it_cost.median)
        masked = ticks(value(cause.link_level, None))
        found.append([masked, ticks(value(rebuild, None)), below, patience, begin])
    return found


def odds(given: Given) -> list[list[float]]:
    recovery, values = given.document.recovery, given.values
    stages = [1.0 if stage is None else value(stage.cure, values) for stage in (recovery.manual, recovery.vendor)]
    found = []
    for row in given.rows:
        lemons, cause = row["lemons"], row["cause"]
        again = 0.0 if lemons is None or lemons.again is None else value(lemons.again.share, values)
        own = [value(cause.multipath, values), value(cause.members, values, 1.0)]
        found.append([*own, share(row, given, "missed"), share(row, given, "blamed"), again, *stages])
    return found


def escalate(given: Given) -> list[float]:
    stages = (given.document.recovery.manual, given.document.recovery.vendor)
    return [0.0 if stage is None else value(stage.share, given.values) for stage in stages]


def work_between_saves(given: Given) -> int:
    asked = given.document.checkpoint.interval
    if hasattr(asked, "median"):
        return max(1, ticks(value(asked, given.values)))
    plan = {name: made(given) for name, made in FIELDS.items() if name != "interval"}
    times = 1.0 if asked == "auto" else value(asked.times_optimum, given.values)
    return interval.chosen(plan, times)


def _column(made: Callable[[Row, Given], Any]) -> Callable[[Given], list[Any]]:
    return lambda given: [made(row, given) for row in given.rows]


KINDS = ("WEATHER", "BENCH", "RELAPSE", "BENCH_RELAPSE", "LEMON")


def streams(given: Given) -> list[list[int]]:
    """Semantics 2.2: the first 57 of 64 bits of a hash of the name of a stream and that of its cause."""
    rows = []
    for cause in [row["name"] for row in given.rows] + [""]:
        digests = [hashlib.blake2b((kind + " " + cause).encode("utf-8"), digest_size=8).hexdigest() for kind in KINDS]
        rows.append([int(digest, 16) // 2**7 for digest in digests])
    return rows


FIELDS: dict[str, Callable[[Given], Any]] = {
    "needed": lambda given: needed_of(given.document.cluster),
    "spares": lambda given: nodes_of(given, given.document.cluster.hot_spares),
    "work": work,
    "interval": work_between_saves,
    "save": save,
    "save_storage": lambda given: ticks(value(tier(given, "storage").blocking, given.values)),
    "storage_every": lambda given: int(tier(given, "storage").every.median) if memory(given)[0] else 1,
    "lag": lag,
    "overlap": lambda given: ("delay", "skip").index(given.document.checkpoint.overlap),
    "memory_group": lambda given: memory(given)[0],
    "memory_peers": lambda given: memory(given)[1],
    "memory_apart": lambda given: memory(given)[2],
    "start_up": lambda given: ticks(law_of(given.document.job.start_up, given.values)[1]),
    "horizon": horizon,
    "max_records": lambda given: whole(given.document.run.max_events),
    "crews": lambda given: whole(given.document.recovery.crews),
    "warm_up": lambda given: ticks(given.document.run.warm_up.median),
    "window_period": window_period,
    "pace": pace,
    "max_candidates": lambda given: whole(given.document.run.max_events),
    "evaluation": evaluation,
    "slow_start": lambda given: ticks(value(given.document.recovery.slow_start, given.values)),
    "checkpoints_kept": lambda given: whole(given.document.checkpoint.keep),
    "selects": lambda given: int(reserve(given) + whole(given.document.cluster.preemptible) > 0),
    "reserve": lambda given: reserve(given),
    "backup": lambda given: whole(given.document.cluster.preemptible),
    "fetch": lambda given: ticks(value(given.document.recovery.preemption, None)),
    "refill": lambda given: whole(given.document.recovery.resume_with),
    "choice": lambda given: ("first", "random", "fewest_failures").index(given.document.recovery.choice),
    "at_strike": lambda given: int(given.document.recovery.repair_begins == "at_the_failure"),
    "crews_manual": lambda given: stage_crews(given, "manual"),
    "crews_vendor": lambda given: stage_crews(given, "vendor"),
    "retire_count": lambda given: int(retirement(given, "after")),
    "retire_window": lambda given: ticks(retirement(given, "within")),
    "block": lambda given: blocks(given, "size"),
    "trays": lambda given: blocks(given, "trays"),
    "spare_blocks": lambda given: blocks(given, "spare_blocks"),
    "lemon_period": lemon_period,
    "units": _column(lambda row, given: unit(row, given, "number") if happens(row) else 0),
    "per_place": _column(lambda row, given: unit(row, given, "per_place")),
    "span": _column(lambda row, given: unit(row, given, "span")),
    "effect": _column(lambda row, given: ("stop", "stall", "slow", "corrupt").index(row["effect"])),
    "blast": _column(blast),
    "exposed": _column(lambda row, given: ("always", "busy", "running").index(row["cause"].exposed)),
    "renewal": _column(lambda row, given: int(row["renews"])),
    "bench": _column(bench),
    "retire": _column(lambda row, given: int(row["cause"].retire)),
    "hidden": _column(lambda row, given: value(row["cause"].absorbed, given.values)),
    "reach": _column(lambda row, given: ticks(value(row["cause"].reach, None))),
    "cure": _column(lambda row, given: share(row, given, "cure")),
    "lemon_share": _column(lemon_share),
    "hazard_kind": lambda given: [one["kind"] for one in hazards(given)],
    "hazard": lambda given: [one["parameters"] for one in hazards(given)],
    "laws": laws,
    "streams": streams,
    "rules": rules,
    "odds": odds,
    "escalate": escalate,
    "retire_score": lambda given: [retirement(given, "score"), retirement(given, "memory")],
    "slices": lambda given: slices(given)[0],
    "table": lambda given: [line for one in hazards(given) for line in one["table"]],
    "window_due": lambda given: [due for due, _ in windows(given)],
    "window_length": lambda given: [length for _, length in windows(given)],
    "script": lambda given: [],
    "script_order": lambda given: [],
}


def reserve(given: Given) -> int:
    return nodes_of(given, given.document.cluster.cold_spares)


def stage_crews(given: Given, name: str) -> int:
    stage = getattr(given.document.recovery, name)
    return 0 if stage is None else whole(stage.crews)
