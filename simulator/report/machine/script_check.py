"""`derisk script`: each case of a script through both engines, against each other and against what the file expects."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from simulator.compile.script import Case
from simulator.engines import kernel, reference
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import Account, Outcome
from simulator.numbers.plan import Result
from simulator.report import text

SCHEMA = 1
KEY = replication_key(1, 0)  # nothing is drawn in a script, so any key does


@dataclass(frozen=True)
class Verdict:
    """A case and what both engines made of it."""

    case: Case
    results: Mapping[str, Result]  # by engine

    @cached_property
    def agree(self) -> bool:
        """Whether the engines came to the same result, record by record."""
        one, other = self.results.values()
        return not _apart(one, other)

    @cached_property
    def holds(self) -> bool | None:
        """Whether both engines met what the file expects; None where it expects nothing."""
        return not self.misses if self.case.expect else None

    @cached_property
    def misses(self) -> list[str]:
        """What was expected and did not come, in words."""
        return [
            f"{what} {want} was expected; the {engine} engine came to {got}"
            for engine, result in self.results.items()
            for what, want, got in _compared(self.case.expect or {}, result)
            if want != got
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the case as `derisk script --json` prints it."""
        engines = {engine: told(result) for engine, result in self.results.items()}
        expect = {"expect": dict(self.case.expect)} if self.case.expect else {}
        head = {"id": self.case.id, **engines["reference"], "holds": self.holds}
        return {**head, **expect, "engines": engines, "agree": self.agree}


def judge(case: Case) -> Verdict:
    """Run a case through both engines, logs and all."""
    engines = {"reference": reference.simulate, "kernel": kernel.run}
    return Verdict(case, {name: engine(case.plan, KEY, log=True) for name, engine in engines.items()})


def told(result: Result) -> dict[str, Any]:
    """Return outcome, finish and ledger in plain words and numbers; accounts that are zero are left out."""
    return {
        "outcome": Outcome(int(result.outcome)).name,
        "finish": int(result.finish),
        "ledger": {account.name: int(result.ledger[account]) for account in Account if result.ledger[account]},
    }


def _compared(expect: Mapping[str, Any], result: Result) -> list[tuple[str, Any, Any]]:
    got = told(result)
    pairs = [(what, expect[what], got[what]) for what in ("outcome", "finish") if what in expect]
    if (wanted := expect.get("ledger")) is not None:
        ledger = got["ledger"]
        pairs += [(account.name, wanted.get(account.name, 0), ledger.get(account.name, 0)) for account in Account]
    return pairs


def _apart(one: Result, other: Result) -> list[str]:
    """Return the fields in which two results differ."""
    return [name for name in Result._fields if not np.array_equal(getattr(one, name), getattr(other, name))]


def as_json(file: str, verdicts: list[Verdict]) -> dict[str, Any]:
    """Return what `derisk script --json` prints."""
    return {
        "schema": SCHEMA,
        "file": file,
        "cases": [verdict.as_json() for verdict in verdicts],
        "holds": sum(verdict.holds is True for verdict in verdicts),
        "fails": sum(verdict.holds is False for verdict in verdicts),
        "differ": sum(not verdict.agree for verdict in verdicts),
    }


def as_text(file: str, verdicts: list[Verdict], width: int | None) -> str:
    """Return what `derisk script` prints."""
    rows = [("case", "outcome", "finish", "expected", "engines", "ledger")]
    for verdict in verdicts:
        result = told(verdict.results["reference"])
        ledger = ", ".join(f"{name} {ticks}" for name, ticks in result["ledger"].items())
        held = {True: "holds", False: "FAILS", None: "-"}[verdict.holds]
        agree = "agree" if verdict.agree else "DIFFER"
        rows.append((verdict.case.id, result["outcome"], str(result["finish"]), held, agree, ledger))
    lines = [text.table(rows, right=(2,), width=width, indent=0), ""]
    for verdict in verdicts:
        lines += [f"{verdict.case.id}: {miss}" for miss in verdict.misses]
        lines += [] if verdict.agree else [f"{verdict.case.id}: {_difference(verdict)}"]
    return "\n".join([*lines, _summary(file, verdicts)])


def _difference(verdict: Verdict) -> str:
    """Return where the engines part: the first field, and the first record of the log."""
    one, other = verdict.results.values()
    fields = _apart(one, other)
    words = f"the engines differ in {', '.join(fields)}"
    if "log" in fields:
        length = min(len(one.log), len(other.log))
        apart = np.flatnonzero((one.log[:length] != other.log[:length]).any(axis=1))
        words += f"; the logs part at record {int(apart[0]) if len(apart) else length}"
    return words


def _summary(file: str, verdicts: list[Verdict]) -> str:
    expecting = sum(verdict.holds is not None for verdict in verdicts)
    held = sum(verdict.holds is True for verdict in verdicts)
    agreed = sum(verdict.agree for verdict in verdicts)
    cases = text.plural(len(verdicts), "case")
    expectations = f"{held} of {expecting} expectations hold in both engines" if expecting else "nothing is expected"
    return f"{file}: {cases}; {expectations}; the engines agree in {agreed}, event logs included"
