"""The laws of a plan: a row for each clock and one for windows, a column for each purpose (semantics 2.4)."""

from tests.naive.given import Given, gpus, planned, tier, transfer
from tests.naive.quantities import (
    NEVER_AT_ALL,
    NO_TIME,
    NORMAL_MAXIMUM,
    PARETO_MAXIMUM,
    Law,
    fixed,
    law_of,
    sum_of,
    value,
)
from tests.naive.rows import Row, needed_of

DETECTION, DIAGNOSIS, REPAIR, RELAPSE, LENGTH, FACTOR, FOUND, HEALED = 3, 4, 5, 7, 8, 9, 10, 11
SWAP, RESTART, RESTORE, RESTORE_MEMORY, REBUILD, MANUAL, VENDOR, SELECTION, SPREAD = 12, 13, 14, 16, 20, 24, 25, 28, 30
PURPOSES = 31


def laws(given: Given) -> list[list[Law]]:
    """A row of laws for each row of causes, and one for windows, which recover as a cause that says nothing itself."""
    table = []
    for row in [*given.rows, None]:
        columns = dict.fromkeys(range(PURPOSES), NO_TIME)
        columns |= of_recovery(given) | (of_windows(given) if row is None else of_row(row, given))
        table.append([columns[purpose] for purpose in range(PURPOSES)])
    return table


def of_recovery(given: Given) -> dict[int, Law]:
    """The laws that hold where a cause says nothing for itself."""
    recovery, values = given.document.recovery, given.values
    manual, vendor = (None if one is None else one.time for one in (recovery.manual, recovery.vendor))
    drawn = {
        DETECTION: recovery.detection, DIAGNOSIS: recovery.diagnosis, REPAIR: recovery.repair, MANUAL: manual,
        VENDOR: vendor, RELAPSE: recovery.relapse, SWAP: recovery.swap, SELECTION: recovery.host_selection,
        RESTART: recovery.restart,
    }  # fmt: skip
    columns = {purpose: law_of(one, values) for purpose, one in drawn.items()}
    return columns | {RESTORE: restore(given, "storage"), RESTORE_MEMORY: restore(given, "host_memory")}


def restore(given: Given, target: str) -> Law:
    one = tier(given, target)
    if one is not None and one.restore is not None:
        return law_of(one.restore, given.values)
    return fixed(transfer(given, one))


def of_windows(given: Given) -> dict[int, Law]:
    """The length of a window that recurs, and what the slowest rank takes longer: semantics 2.4."""
    section, ranks, number = planned(given), given.document.job.ranks, gpus(given)
    columns = {FOUND: NEVER_AT_ALL, HEALED: NEVER_AT_ALL}
    if section is not None:
        columns[LENGTH] = law_of(section.length, given.values)
    if ranks is not None and ranks.spread is not None:
        size = value(ranks.spread, given.values)
        if ranks.law == "pareto":
            columns[SPREAD] = [PARETO_MAXIMUM, size, 1 / value(ranks.index, given.values), 1 / number]
        else:
            columns[SPREAD] = [NORMAL_MAXIMUM, size, 1 / number, 0.0]
    return columns


def of_row(row: Row, given: Given) -> dict[int, Law]:
    """The laws that a cause has of itself."""
    cause, recovery, values = row["cause"], given.document.recovery, given.values
    drawn = {
        DETECTION: row["detection"], DIAGNOSIS: cause.diagnosis, REPAIR: cause.repair, RELAPSE: cause.relapse,
        LENGTH: cause.stall, FACTOR: cause.speed, FOUND: cause.found, HEALED: cause.healed,
        REBUILD: None if cause.rebuild is None else cause.rebuild.takes,
    }  # fmt: skip
    found = {purpose: law_of(one, values) for purpose, one in drawn.items() if one is not None}
    if cause.bisection is not None:
        tests, left = 0, needed_of(given.document.cluster)
        while left > 1:  # each test halves the nodes among which it is
            tests, left = tests + 1, (left + 1) // 2
        found[DIAGNOSIS] = fixed(max(1, tests) * value(cause.bisection, values))
    last = recovery.restart if row["restart"] is None else row["restart"]
    found[RESTART] = sum_of([law_of(one, values) for one in (*(rung.time for rung in row["tried"]), last)])
    return found
