"""The summary of an ensemble from its rows, by docs/outputs.md and docs/nomenclature.md, in loops."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.naive.estimates import (
    NORMAL_975,
    SHARES,
    Numbers,
    finished,
    interval_ranks,
    mean_and_sd,
    number,
    proportion,
    rank_of,
    ranked,
    ratio,
    told,
    with_ratio,
)
from tests.naive.money import money

ACCOUNTS = ("PRODUCTIVE", "SLOW", "LOST_WORK", "CHECKPOINT_SAVE", "CHECKPOINT_RESTORE", "DETECTION", "DIAGNOSIS",
            "RESTART", "WAITING", "NETWORK_STALL", "MAINTENANCE", "EVALUATION")  # fmt: skip
COUNTS = ("stalls", "rebuilds", "slowed", "corruptions", "alarms", "checkpoints_lost", "evictions", "repairs",
          "manual_repairs", "vendor_repairs", "cures", "missed", "blamed", "retired", "swaps", "selections",
          "preemptions", "waits", "trays", "blocks")  # fmt: skip
HOUR, DAY = 3600e6, 86_400e6  # [microseconds]
Row = Mapping[str, Any]


def naive_summary(ensemble: Any) -> Numbers:
    """Return what `summary.json` says of an ensemble, but for its head."""
    scenario, rows = ensemble.scenario, [dict(row) for _, row in ensemble.table.iterrows()]
    for row in rows:
        row["drawn"] = scenario.draw_inputs(ensemble.seed, row["replication"])
    wall = [row["wall_us"] for row in rows]
    finish = [row["wall_us"] / DAY if row["outcome"] == "DONE" else math.inf for row in rows]
    met = [row["manual_repairs"] + row["vendor_repairs"] + row["blocks"] for row in rows]
    stopped = [row["interruptions"] for row in rows]
    found: Numbers = {
        "outcomes": {name: sum(row["outcome"] == name for row in rows) for name in ("DONE", "OUT_OF_TIME", "DIVERGED")},
        "never_finishes": proportion(sum(map(math.isinf, finish)), len(rows)),
        "goodput": told([goodput(row) for row in rows]),
        "ettr": told([ettr(row) for row in rows]),
        "finish_days": told(finish, "unfinished"),
        **dates(scenario, finish),
        "wall_days": told([us / DAY for us in wall]),
        "failures": by_cause(ensemble, rows, "failures"),
        "interruptions": by_cause(ensemble, rows, "interruptions"),
        "mttf_hours": with_ratio(
            told([us / HOUR / n if n else math.inf for us, n in zip(wall, stopped, strict=True)], "uninterrupted"),
            [us / HOUR for us in wall],
            stopped,
        ),
        "counts": {name: told([row[name] for row in rows]) for name in COUNTS},
        "interventions_per_day": with_ratio(
            told([n / (us / DAY) for n, us in zip(met, wall, strict=True)]), met, [us / DAY for us in wall]
        ),
        "nodes_out_of_service": out_of_service([list(row["nodes_out_seen"]) for row in rows]),
        "ledger_share": {name: told([row[f"{name.lower()}_us"] / row["wall_us"] for row in rows]) for name in ACCOUNTS},
        "ledger_share_median": in_the_middle(rows, finish),
        "variance_share": {
            "finish_days": variance_share(scenario, rows, finish, finish),
            "goodput": variance_share(scenario, rows, finish, [goodput(row) for row in rows]),
        },
        "events": told([row["events"] for row in rows]),
    }
    if scenario.flop() is not None and scenario.job_peak() is not None:
        found["mfu_end_to_end"] = told([end_to_end(scenario, row) for row in rows])
    if ensemble.precision is not None:
        found["precision"] = precision(scenario.document.run.stop, finish, [goodput(row) for row in rows])
    return found | money(scenario, rows)


def precision(stop: Any, finish: list[float], goodputs: list[float]) -> Numbers:
    """Half the 95 % interval of the quantile that a stop rule asks for, in days or as a share."""
    name, values = ("finish_days", finish) if stop.quantity == "finish" else ("goodput", goodputs)
    low, high = (ranked(sorted(values), rank) for rank in interval_ranks(len(values), stop.quantile.median))
    asked = stop.half_width.median / (86_400 if stop.quantity == "finish" else 1)
    half = (high - low) / 2
    known = math.isfinite(half)
    return {
        "quantity": name, "quantile": stop.quantile.median, "half_width_asked": asked,
        "half_width": half if known else None, "reached": known and half <= asked,
    }  # fmt: skip


def goodput(row: Row) -> float:
    return float(row["productive_us"] / row["wall_us"])


def ettr(row: Row) -> float:
    """Kept training over the time in which the job could have run; evaluation is neither."""
    return float((row["productive_us"] + row["slow_us"]) / (row["wall_us"] - row["maintenance_us"]))


def end_to_end(scenario: Any, row: Row) -> float:
    """MFU x goodput x GPUs of the job / all GPUs."""
    drawn = row["drawn"]
    mfu = scenario.flop(drawn) / scenario.work(drawn) / scenario.job_peak(drawn)
    return float(mfu * goodput(row) * scenario.gpus / scenario.provisioned_gpus)


def by_cause(ensemble: Any, rows: list[Row], name: str) -> Numbers:
    columns = {cause: [row[f"{name}_{cause}"] for row in rows] for cause in ensemble.causes}
    total = [sum(one) for one in zip(*columns.values(), strict=True)] if columns else [0] * len(rows)
    return {"total": told(total), "by_cause": {cause: told(column) for cause, column in columns.items()}}


def dates(scenario: Any, finish: list[float]) -> Numbers:
    """The quantiles of the day on which the run ends, and the probability of the deadline."""
    found: Numbers = {}
    if scenario.start is not None:
        ordered, days = sorted(finish), {}
        for name, share in SHARES.items():
            low, high = interval_ranks(len(finish), share)
            days[name] = ranked(ordered, rank_of(len(finish), share))
            days |= {f"{name}_low": ranked(ordered, low), f"{name}_high": ranked(ordered, high)}
        found["finish_date"] = {
            name: (scenario.start + timedelta(days=int(x))).isoformat() if math.isfinite(x) else None
            for name, x in days.items()
        }
    if scenario.deadline is not None:
        last = (scenario.deadline - scenario.start).days + 1
        in_time = proportion(sum(x <= last for x in finish), len(finish))
        found["deadline"] = {"date": scenario.deadline.isoformat(), **in_time}
    return found


def in_the_middle(rows: list[Row], finish: list[float]) -> Numbers:
    """The shares of the replications from the rank of P45 to that of P55, added up."""
    order = sorted(range(len(rows)), key=lambda place: (finish[place], rows[place]["wall_us"], place))
    middle = [rows[place] for place in order[rank_of(len(rows), 0.45) - 1 : rank_of(len(rows), 0.55)]]
    wall, found = [row["wall_us"] for row in middle], {}
    for name in ACCOUNTS:
        share, error = ratio([row[f"{name.lower()}_us"] for row in middle], wall)
        found[name] = {"share": share, "mc_error": number(error)}
    return found


def variance_share(scenario: Any, rows: list[Row], finish: list[float], values: list[float]) -> Numbers:
    """The covariance of twins with the same inputs over the variance (Saltelli et al. 2010)."""
    if not scenario.inputs:
        return {"ignorance": 0.0, "chance": 1.0, "mc_error": 0.0, "pairs": 0}
    name = "finish_days" if values is finish else "goodput"
    pairs = [
        (value, row[f"twin_{name}"])
        for row, value, days in zip(rows, values, finish, strict=True)
        if math.isfinite(days) and math.isfinite(row["twin_finish_days"])
    ]
    mean, sd = mean_and_sd([x for pair in pairs for x in pair])
    if len(pairs) < 2 or sd == 0:
        return {"ignorance": None, "chance": None, "mc_error": None, "pairs": len(pairs)}
    variance = math.fsum((x - mean) ** 2 + (y - mean) ** 2 for x, y in pairs) / 2
    share = math.fsum((x - mean) * (y - mean) for x, y in pairs) / variance
    told_share = min(1.0, max(0.0, share))
    error = (1 - share**2) / math.sqrt(len(pairs))
    return {"ignorance": told_share, "chance": 1 - told_share, "mc_error": error, "pairs": len(pairs)}


def out_of_service(seen: list[list[int]]) -> Numbers:
    """How many nodes failures found out of service, all failures of all replications together."""
    bins = max((len(counts) for counts in seen), default=0)
    failures = [sum(counts) for counts in seen]
    total = sum(failures)
    if total == 0:
        empty = dict.fromkeys(("mean", "sd", "mc_error", *SHARES), math.nan)
        ends = {f"{name}_{end}": math.nan for name in SHARES for end in ("low", "high")}
        return {**finished(empty | ends), "distribution": [], "at_least": {}}
    pooled = [sum(counts[n] for counts in seen if n < len(counts)) for n in range(bins)]
    tails = [ratio([sum(counts[n:]) for counts in seen], failures) for n in range(bins)]
    every = [n for n, count in enumerate(pooled) for _ in range(count)]
    mean, error = ratio([sum(n * count for n, count in enumerate(counts)) for counts in seen], failures)
    found: Numbers = {"mean": mean, "sd": mean_and_sd(every)[1], "mc_error": error}
    found |= {name: every[rank_of(len(every), share) - 1] for name, share in SHARES.items()}
    for name, share in SHARES.items():
        found |= dict(zip((f"{name}_low", f"{name}_high"), woodruff(tails, share), strict=True))
    at_least = {str(n): {"probability": p, "mc_error": number(e)} for n, (p, e) in enumerate(tails) if n > 0}
    return {**finished(found), "distribution": [count / total for count in pooled], "at_least": at_least}


def woodruff(tails: list[tuple[float, float]], share: float) -> tuple[float, float]:
    """The numbers of nodes whose distribution is within its own error of a share; the last bin holds all."""
    if math.isnan(tails[0][1]):
        return math.nan, math.nan
    ends = []
    for sign in (1, -1):
        nodes = 0
        while nodes + 1 < len(tails) and 1 - tails[nodes + 1][0] + sign * NORMAL_975 * tails[nodes + 1][1] < share:
            nodes += 1
        ends.append(float(nodes))
    return ends[0], ends[1]
