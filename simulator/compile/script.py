"""Scripts: replications whose failures are given instead of drawn. Integers are ticks; speeds are parts of 100,000."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, StrictBool

from simulator.mechanisms import MANNERS, LineKeys
from simulator.mechanisms.neutral import neutral
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Floats, Line, Overlap, Plan, Purpose
from simulator.numbers.times import NEVER, SPEED_SCALE, TICKS_PER_SECOND, Family
from simulator.scenario.errors import ScenarioError, ScenarioErrors, Spot, error_at
from simulator.scenario.validate import error_for, validated
from simulator.scenario.yaml_tree import Item, read_file
from simulator.words.section import Fault, Section, unknown_key

MOST_BYTES = 20_000_000
MOST_RECORDS = 10_000_000  # DIVERGED then, where a case does not say
MOST_TICKS = 2**52  # a law of `ticks / 10^6` seconds gives the same ticks again
MOST_WORK = int(2.5 * 365 * 86_400) * TICKS_PER_SECOND

Ticks = Annotated[int, Field(ge=0, le=MOST_TICKS)]
Work = Annotated[int, Field(ge=1, le=MOST_WORK)]
Number = Annotated[int, Field(ge=0, le=10_000_000)]
Positive = Annotated[int, Field(ge=1, le=10_000_000)]


class Memory(Section):
    """The tier in memory."""

    peers: Number
    group: Positive | None = None
    apart: StrictBool = False


class Givens(Section):
    """The plan of a case; what neither it nor the file's `defaults` say has the values that stand here."""

    work: Work = 1000
    tau: Work = 300
    delta: Ticks = 10
    delta_storage: Ticks | None = None
    every: Positive = 1
    lag: Ticks = 0
    overlap: Literal["delay", "skip"] = "delay"
    needed: Positive = 4
    spares: Number = 1
    detection: Ticks = 10
    diagnosis: Ticks = 5
    swap: Ticks = 0
    restart: Ticks = 20
    restore: Ticks = 15
    restore_memory: Ticks = 5
    start_up: Ticks = 0
    repair: Ticks = 1000
    crews: Positive | None = None
    horizon: Ticks | None = None
    max_records: Positive | None = None
    memory: Memory | None = None
    maintenance: tuple[tuple[Ticks, Ticks], ...] = ()


class Strike(LineKeys):
    """One strike."""

    at: Ticks
    cause: Annotated[int, Field(ge=0, le=1000)] = 0
    effect: Literal["stop", "stall", "slow"] = "stop"
    place: Number | None = None
    blast: Number | None = None
    bench: Number | None = None
    length: Ticks | None = None
    speed: Annotated[int, Field(ge=1, le=SPEED_SCALE)] | None = None
    found: Ticks | None = None
    heal: Ticks | None = None
    detection: Ticks | None = None
    diagnosis: Ticks | None = None
    repair: Ticks | None = None
    relapse: Ticks | None = None

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the strike."""
        if self.effect == "stop" and self.bench is None and self.place is None and self.blast != 0:
            yield (), "a stop has a place, an index on the bench, or blast: 0; add one"
        if self.bench is not None and self.place is not None:
            yield ("bench",), "a strike falls on a place or on the bench; leave one out"
        if self.effect == "stall" and self.length is None:
            yield (), "a stall has a length; add it"
        if self.effect == "slow" and (self.place is None or self.speed is None):
            yield (), "a slow strike has a place and a speed; add them"

    def row(self) -> list[int]:
        """Return the line of the plan's script."""
        values = {line: getattr(self, line.name.lower(), None) for line in Line}
        values |= {Line.EFFECT: MANNERS[self.effect].effect, Line.HEALED: self.heal}
        return [-1 if value is None or value is False else int(value) for value in values.values()]


class Expectation(Section):
    """What a case must come to; accounts that are not named are zero."""

    outcome: Literal["DONE", "OUT_OF_TIME", "DIVERGED"] | None = None
    finish: Ticks | None = None
    ledger: dict[str, Ticks] | None = None

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the expectation."""
        known = [account.name for account in Account]
        yield from ((("ledger", name), unknown_key(name, known)) for name in self.ledger or {} if name not in known)


class CaseFile(Section):
    """One case as the file has it, its defaults filled in."""

    id: str
    plan: Givens = Givens()
    script: tuple[Strike, ...] = ()
    expect: Expectation | None = None

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong between the plan and the script."""
        for position, strike in enumerate(self.script):
            if strike.place is not None and strike.place >= self.plan.needed:
                places = f"the job has places 0 to {self.plan.needed - 1}"
                yield ("script", position, "place"), f"{strike.place} is no place; {places}"


@dataclass(frozen=True)
class Case:
    """A case: its plan with the script in it, and what it must come to, if the file says."""

    id: str
    plan: Plan
    expect: Mapping[str, object] | None


def load_script(path: str | Path) -> list[Case]:
    """Return the cases of a script file. Raises ScenarioErrors: all that are found."""
    tree = read_file(Path(path), str(path), MOST_BYTES)
    cases = tree.child("cases")
    if cases is None or not isinstance(cases.value, list):
        text = 'is not a script; it needs a list "cases" of {id, plan, script, expect}'
        raise ScenarioErrors([error_at(Spot(str(path)), "", text)])
    errors = _unknown_keys(tree)
    found = []
    for position, item in enumerate(cases.value):
        try:
            found.append(_case(item, tree.child("defaults"), position))
        except ScenarioErrors as failed:
            errors += failed.errors
    if errors:
        raise ScenarioErrors(errors)
    return found


def _unknown_keys(tree: Item) -> list[ScenarioError]:
    known = ("defaults", "cases", "schema", "name", "source")
    keys = tree.value if isinstance(tree.value, dict) else {}
    return [error_for(tree, ((key,), unknown_key(key, known))) for key in keys if key not in known]


def _case(item: Item, defaults: Item | None, position: int) -> Case:
    if not isinstance(item.value, dict):
        raise ScenarioErrors([error_at(item.spot, f"cases.{position}", "a case is {id, plan, script, expect}")])
    below = defaults.value if defaults is not None and isinstance(defaults.value, dict) else {}
    plan = item.value.get("plan")
    above = plan.value if plan is not None and isinstance(plan.value, dict) else {}
    filled = {"id": Item(f"case {position}", item.spot), **item.value}
    if plan is None or isinstance(plan.value, dict):
        filled["plan"] = Item({**below, **above}, item.spot if plan is None else plan.spot)
    case = validated(CaseFile, Item(filled, item.spot), prefix=f"cases.{position}", empty_is_absent=True)
    expect = None if case.expect is None else case.expect.model_dump(exclude_none=True, exclude={"source"})
    return Case(case.id, _plan(case.plan, case.script), expect)


def _plan(givens: Givens, strikes: tuple[Strike, ...]) -> Plan:
    causes = max((strike.cause for strike in strikes), default=0) + 1
    script = np.array([strike.row() for strike in strikes], dtype=np.int64).reshape(len(strikes), len(Line))
    memory = givens.memory
    group = 0 if memory is None else memory.peers + 1 if memory.group is None else memory.group
    windows = np.array(sorted(givens.maintenance, key=lambda window: window[0]), dtype=np.int64).reshape(-1, 2)

    plan = neutral(causes)
    return plan._replace(
        needed=givens.needed, spares=givens.spares, work=givens.work, interval=givens.tau, save=givens.delta,
        save_storage=givens.delta if givens.delta_storage is None else givens.delta_storage,
        storage_every=1 if memory is None else givens.every, lag=givens.lag,
        overlap=int(Overlap.DELAY if givens.overlap == "delay" else Overlap.SKIP),
        memory_group=group, memory_peers=0 if memory is None else memory.peers,
        memory_apart=int(memory is not None and memory.apart), start_up=givens.start_up,
        horizon=NEVER if givens.horizon is None else givens.horizon,
        max_records=MOST_RECORDS if givens.max_records is None else givens.max_records,
        crews=0 if givens.crews is None else givens.crews, laws=_with_lengths(plan.laws, givens),
        window_due=windows[:, 0].copy(), window_length=windows[:, 1].copy(),
        script=script, script_order=np.lexsort((np.arange(len(script)), script[:, Line.CAUSE], script[:, Line.AT])),
    )  # fmt: skip


def _with_lengths(laws: Floats, givens: Givens) -> Floats:
    """Return laws that always give the same ticks, alike for all causes and for windows."""
    for name in ("detection", "diagnosis", "repair", "swap", "restart", "restore", "restore_memory"):
        laws[:, Purpose[name.upper()]] = (Family.FIXED, getattr(givens, name) / TICKS_PER_SECOND, 0.0, 0.0)
    return laws
