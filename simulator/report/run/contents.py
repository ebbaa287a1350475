"""What stands in a run folder, as bytes: the same for any number of threads, and for merged shards. docs/outputs.md."""

import csv
import io
import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from simulator.ensemble import Ensemble, replay
from simulator.ensemble.estimates import ENDS, SHARES, rank
from simulator.ensemble.measures import TICKS_PER_DAY
from simulator.ensemble.table import LIST_COLUMN, account_column
from simulator.metrics import summarise
from simulator.metrics.columns import of_column
from simulator.metrics.middle import middle
from simulator.numbers.ledger import Account, Column, Kind, Phase
from simulator.numbers.plan import Effect, Result
from simulator.numbers.times import SPEED_SCALE
from simulator.report.cells import cell
from simulator.report.run.story import check, story

if TYPE_CHECKING:
    from simulator.engines.reference import Policy

REPLICATIONS = "replications.parquet"
RESOLVED = "scenario.resolved.yaml"
SUMMARY = "summary.json"
TOLD = {"p10": 0.1, "p50": 0.5, "p90": 0.9}  # replications whose events are written, by their rank in finish time


def contents(ensemble: Ensemble, policy: "type[Policy] | None" = None) -> Iterator[tuple[str, bytes]]:
    """Yield every file of a run folder but the manifest: its name, and what is in it."""
    yield SUMMARY, as_json(summarise(ensemble))
    yield REPLICATIONS, as_parquet(ensemble.table)
    yield "losses_by_cause.csv", losses_by_cause(ensemble).encode()
    yield RESOLVED, ensemble.resolved.encode()
    for name, replication in told_replications(ensemble.table).items():
        plan, result = replay(ensemble.scenario, replication, ensemble.engine, policy)
        check(ensemble.table, replication, result)
        start = f"events/{name}-replication-{replication}"
        yield f"{start}.parquet", as_parquet(events(result, ensemble.causes))
        yield f"{start}.txt", story(ensemble.scenario, replication, plan, result).encode()


def as_json(content: dict[str, Any]) -> bytes:
    """Return JSON for people and programs."""
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def as_parquet(table: pd.DataFrame) -> bytes:
    """Return a table as Parquet, without anything that could differ between two runs."""
    buffer = io.BytesIO()
    pa.parquet.write_table(pa.table({name: _array(table[name]) for name in table}), buffer, compression="zstd")
    return buffer.getvalue()


def from_parquet(content: bytes) -> pd.DataFrame:
    """Return the table that `as_parquet` was given."""
    frame: pd.DataFrame = pa.parquet.read_table(io.BytesIO(content)).to_pandas()
    return frame


def _array(column: "pd.Series[Any]") -> pa.Array:
    if column.name == LIST_COLUMN:
        return pa.array(column.tolist(), pa.list_(pa.int64()))
    if column.dtype.kind in "if":
        # Not a number stays so: a missing value would be something else.
        return pa.array(column.to_numpy(), from_pandas=False)
    return pa.array(column.to_numpy(dtype=object), pa.string(), from_pandas=True)


def losses_by_cause(ensemble: Ensemble) -> str:
    """Return CSV: the days lost on each account, and the failures and interruptions of each cause.

    The ledger knows accounts, not causes, so no time is attributed to a cause: that would be a guess.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("kind", "name", "unit", "mean", "mc_error", *SHARES, *ENDS, "share_of_mean", "share_in_median_replication")
    )
    lost = {account.name: account_column(account) for account in Account if account is not Account.PRODUCTIVE}
    _write_rows(writer, ensemble, ("time lost", "days"), lost, "wall_days")
    for kind in ("failures", "interruptions"):
        causes = {cause: f"{kind}_{cause}" for cause in ensemble.causes}
        _write_rows(writer, ensemble, (kind, "failures of a replication"), causes, kind)
    return text.getvalue()


def _write_rows(writer: Any, ensemble: Ensemble, head: tuple[str, str], columns: dict[str, str], whole: str) -> None:
    """Write one row a column, with its share: of its mean in that of the whole, and in the median replication."""
    kind, unit = head
    all_of_it = of_column(ensemble, whole).mean
    rows = middle(ensemble)
    of_median = float(ensemble.table[whole].to_numpy()[rows].sum())
    for name, column in columns.items():
        found = of_column(ensemble, column)
        share = found.mean / all_of_it if all_of_it > 0 else 0.0
        median = float(ensemble.table[column].to_numpy()[rows].sum()) / of_median if of_median > 0 else 0.0
        told = (getattr(found, each) for each in ("mean", "mc_error", *SHARES, *ENDS))
        writer.writerow((kind, cell(name), unit, *("" if math.isnan(each) else each for each in told), share, median))


def told_replications(table: pd.DataFrame) -> dict[str, int]:
    """Return the replications at P10, P50 and P90 of the finish time; those that do not finish come last."""
    ordered = table.sort_values(["finish_days", "wall_us", "replication"])["replication"].to_numpy()
    return {name: int(ordered[rank(len(ordered), share) - 1]) for name, share in TOLD.items()}


def events(result: Result, causes: tuple[str, ...]) -> pd.DataFrame:
    """Return an event log as a table with words and units; what a record lacks is empty, or -1 for numbers."""
    log = result.log
    cause_names = np.array([*causes, None], dtype=object)  # the last one: -1
    kinds, phases = (np.array([word.name for word in words], dtype=object) for words in (Kind, Phase))
    effects = np.array([*(effect.name for effect in Effect), None], dtype=object)
    return pd.DataFrame(
        {
            "time_us": log[:, Column.TICK],
            "time_days": log[:, Column.TICK] / TICKS_PER_DAY,
            "kind": kinds[log[:, Column.KIND]],
            "cause": cause_names[log[:, Column.CAUSE]],
            "ordinal": log[:, Column.ORDINAL],
            "place": log[:, Column.PLACE],
            "phase_after": phases[log[:, Column.PHASE_AFTER]],
            "work_days": log[:, Column.WORK] / SPEED_SCALE / TICKS_PER_DAY,
            "kept_days": log[:, Column.KEPT] / TICKS_PER_DAY,
            "effect": effects[log[:, Column.EFFECT]],
            "nodes_taken": log[:, Column.NODES],
            "lost_days": log[:, Column.LOST] / TICKS_PER_DAY,
        }
    )
