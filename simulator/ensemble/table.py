"""The table of an ensemble: one row a replication, units in the names of its columns."""

import numpy as np
import pandas as pd

from simulator.ensemble import measures
from simulator.ensemble.measures import TICKS_PER_DAY
from simulator.ensemble.replicator import Chunk
from simulator.numbers.ledger import Account, Outcome
from simulator.numbers.plan import Floats, Integers, Tally
from simulator.scenario import Scenario

INPUT = "input:"  # before the path of an uncertain input [SI]
LIST_COLUMN = "nodes_out_seen"  # strikes that found 0, 1, 2... nodes out of service


def table(scenario: Scenario, chunks: list[Chunk]) -> pd.DataFrame:
    """Return the replications of chunks that follow each other.

    Times that end in `_us` are the engines' ticks, exact; all others follow from those.
    """
    outcome, wall = _joined(chunks, "outcome"), _joined(chunks, "finish")
    ledger = _joined(chunks, "ledger")
    first = chunks[0].first if chunks else 0
    columns: dict[str, object] = {
        "replication": np.arange(first, first + len(wall), dtype=np.int64),
        "outcome": [Outcome(int(number)).name for number in outcome],
        "finish_days": finish_days(outcome, wall),
        "wall_days": wall / TICKS_PER_DAY,
        **_measured(scenario, chunks, wall, ledger),
        **{account_column(account): ledger[:, account] / TICKS_PER_DAY for account in Account},
        **_counted(scenario, chunks),
        "events": _joined(chunks, "records"),
        **_inputs(scenario, chunks),
        "wall_us": wall,
        **{tick_column(account): ledger[:, account] for account in Account},
    }
    frame = pd.DataFrame(columns)
    frame[LIST_COLUMN] = pd.Series([row for chunk in chunks for row in chunk.out_seen], dtype=object, index=frame.index)
    return frame


def missing(scenario: Scenario, frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns that a table of a scenario has today, whatever its job, and this one lacks."""
    counted = ("failures", "interruptions")
    names = ["replication", "outcome", "finish_days", "wall_days", "goodput", "ettr", "mttf_hours"]
    names += ["interventions_per_day", "nodes_out_of_service", *map(account_column, Account), *counted]
    names += [f"{name}_{cause}" for name in counted for cause in scenario.document.failures.causes]
    names += [*map(tally_column, Tally), "events"]
    if scenario.inputs:
        names += [*(f"{INPUT}{quantity.path}" for quantity in scenario.inputs), "twin_finish_days", "twin_goodput"]
    names += ["wall_us", *map(tick_column, Account), LIST_COLUMN]
    return tuple(name for name in names if name not in frame)


def account_column(account: Account) -> str:
    """Return the name of the column that holds an account's time."""
    return f"{account.name.lower()}_days"


def tick_column(account: Account) -> str:
    """Return the name of the column that holds an account's time in the engines' ticks."""
    return f"{account.name.lower()}_us"


def tally_column(count: Tally) -> str:
    """Return the name of the column that holds a count; the same names it in `summary.json`."""
    return count.name.lower()


def finish_days(outcome: Integers, wall: Integers) -> Floats:
    """Return the wall-clock time to DONE [days], infinite where that did not come."""
    return np.where(outcome == Outcome.DONE, wall / TICKS_PER_DAY, np.inf)


def _joined(chunks: list[Chunk], name: str) -> Integers:
    arrays = [getattr(chunk, name) for chunk in chunks]
    joined: Integers = np.concatenate(arrays)
    return joined


def _measured(scenario: Scenario, chunks: list[Chunk], wall: Integers, ledger: Integers) -> dict[str, object]:
    goodput = measures.goodput(ledger[:, Account.PRODUCTIVE], wall)
    interruptions = _joined(chunks, "interruptions").sum(axis=1)
    interventions = _joined(chunks, "tally")[:, list(measures.INTERVENTIONS)].sum(axis=1)
    measured: dict[str, object] = {
        "goodput": goodput,
        "ettr": measures.ettr(
            ledger[:, Account.PRODUCTIVE], ledger[:, Account.SLOW], wall, ledger[:, Account.MAINTENANCE]
        ),
        "mttf_hours": measures.mttf_hours(wall, interruptions),
        "interventions_per_day": measures.interventions_per_day(interventions, wall),
        "nodes_out_of_service": measures.nodes_out_of_service([row for chunk in chunks for row in chunk.out_seen]),
    }
    mfu = np.concatenate([chunk.mfu for chunk in chunks])
    if not np.isnan(mfu).any():
        provisioned = scenario.provisioned_gpus / scenario.gpus
        measured["mfu_end_to_end"] = measures.mfu_end_to_end(mfu, goodput, provisioned)
    return measured


def _counted(scenario: Scenario, chunks: list[Chunk]) -> dict[str, object]:
    counted: dict[str, object] = {}
    for name in ("failures", "interruptions"):
        counts = _joined(chunks, name)
        counted[name] = counts.sum(axis=1)
        for column, cause in enumerate(scenario.document.failures.causes):
            counted[f"{name}_{cause}"] = counts[:, column]
    tally = _joined(chunks, "tally")
    return counted | {tally_column(count): tally[:, count] for count in Tally}


def _inputs(scenario: Scenario, chunks: list[Chunk]) -> dict[str, object]:
    """Return the uncertain inputs, and how the replications' twins ended."""
    if not scenario.inputs:
        return {}
    inputs = np.concatenate([chunk.inputs for chunk in chunks])
    columns: dict[str, object] = {
        f"{INPUT}{quantity.path}": inputs[:, column] for column, quantity in enumerate(scenario.inputs)
    }
    outcome, wall, productive = _joined(chunks, "twin").T
    absent = outcome < 0
    columns["twin_finish_days"] = np.where(absent, np.nan, finish_days(outcome, wall))
    columns["twin_goodput"] = np.where(absent, np.nan, measures.goodput(productive, wall))
    return columns
