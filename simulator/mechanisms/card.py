"""What a card says of a mechanism: its numbers in a plan, their neutral values, and the words for what it counts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, Flag, auto
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from simulator.numbers.ledger import Account
from simulator.numbers.plan import Effect, Purpose, Tally
from simulator.numbers.times import Family, Law, ticks
from simulator.words import laws
from simulator.words.drawn import Drawn
from simulator.words.quantity import Quantity
from simulator.words.section import Fault

if TYPE_CHECKING:  # a card is handed a scenario, and is made before there is one
    from simulator.nouns.clocks import Row
    from simulator.nouns.failures import Cause
    from simulator.numbers.plan import Plan
    from simulator.scenario.model import Scenario
    from simulator.scenario.schema import Document
    from simulator.scenario.yaml_tree import Item

Values = Mapping[str, float] | None  # the drawn inputs of a replication by path [SI]; None: the medians


class Number(NamedTuple):
    """What the inputs of a replication make of a place in a plan."""

    build: Callable[[Values], Any]
    moves: bool  # whether it can differ between replications
    of: object = None  # what it is read from: rows of the same law are built once


class At(Enum):
    """The rows in which a column has a number."""

    CAUSES = "of each cause"
    EVERYWHERE = "of each cause, and of the job, whose planned windows lead to a recovery too"
    JOB = "of the job alone"


class Table(NamedTuple):
    """An array of the plan that holds a row for each of several things, none of them in a neutral one."""

    columns: int  # 0: one number a row
    whole: bool = False  # whether they are whole numbers


class Scalar(NamedTuple):
    """A number of the plan, some numbers, or a Table. `value` may return None: then it stays neutral."""

    name: str
    neutral: Any
    value: "Callable[[Scenario], Any]"


class Column(NamedTuple):
    """A number of each cause; `value` may return None: then it stays neutral. The row of the job itself is None."""

    name: str
    neutral: float
    value: "Callable[[Scenario, Any], Any]"
    at: int | slice | None = None  # which column, in a field that has several
    rows: At = At.CAUSES


class Lengths(NamedTuple):
    """A law of each cause, by the purpose of what is drawn from it."""

    purpose: Purpose
    value: "Callable[[Scenario, Any], Any]"
    rows: At = At.CAUSES
    neutral: Law = laws.fixed(0.0)


class Words(NamedTuple):
    """What stands in a result, for people."""

    label: str  # two spaces before it: a part of what stands above
    meaning: str
    elsewhere: str = ""  # of an account, what Google's ml-goodput-measurement calls it


class Manner(NamedTuple):
    """What an effect is to the rest."""

    effect: Effect
    takes: bool = True  # a node, at the strike or once it is found
    breaks: bool = True  # a part, which may be replaced by a new one
    found_later: bool = False  # and not at the strike
    stops: bool = False  # the job, at the strike
    stops_later: bool = False  # once it is found
    told: str = ""  # what a strike is told as
    found: str = ""  # and what it is once it is found


class Needs(Flag):
    """What a key of a cause is about: without it, the key says nothing."""

    NODE = auto()  # a node that is taken
    STOP = auto()  # the effect stop
    RECOVERY = auto()  # a recovery of the job, which a stall does not need


class Draft(Protocol):
    """A random plan in the making, by the cards in order: a neutral one with seven causes to begin with."""

    plan: "Plan"
    effects: Sequence[int]  # of all cards

    def pick(self, *options: Any) -> Any:
        """Return one of some options."""

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from `low` to below `high`."""

    def happens(self, share: float) -> bool:
        """Return whether something of a share happens."""

    def set(self, **fields: Any) -> None:
        """Give fields of the plan their values."""

    def column(self, field: str, at: int, *options: float) -> None:
        """Give each cause one of some options in a column of a field."""

    def lengths(self, purpose: Purpose, *means: float, at: At = At.EVERYWHERE) -> None:
        """Give rows of the laws of a purpose a law of some family, each with one of some means [ticks]."""

    def law(self, row: int, purpose: Purpose, law: Law) -> None:
        """Give one row a law."""


class LeftOut(NamedTuple):
    """What the closed form of the run time leaves out of a mechanism."""

    label: str
    applies: "Callable[[Plan], bool]"


class Card(NamedTuple):
    """A mechanism: what a scenario, a plan, the engines and the reports have of it."""

    name: str
    plan: tuple[Scalar | Column | Lengths, ...] = ()
    counts: Mapping[Tally, Words] = {}
    accounts: Mapping[Account, Words] = {}
    purposes: tuple[Purpose, ...] = ()  # of draws without a law
    manners: Mapping[str, Manner] = {}  # by the word for the effect of a cause
    cause_keys: Mapping[str, Needs] = {}  # keys of a cause that not every effect and part has a use for
    # What is wrong: within a cause, and between sections, from the root.
    wrong_in_cause: "Callable[[Cause], Iterator[Fault]] | None" = None
    faults: "Callable[[Scenario], Iterator[Fault]] | None" = None
    # What is written and would change nothing: of a cause, and of the rest, from the root.
    useless_in_cause: "Callable[[Document, Cause, Item], Iterator[Fault]] | None" = None
    useless: "Callable[[Scenario, Item], Iterator[Fault]] | None" = None
    rows: "Callable[[str, Cause], dict[str, Cause]] | None" = None  # the rows, by name, that a cause stands for
    random: Callable[[Draft], None] | None = None  # how a random plan has it
    units: "Callable[[Plan, int], int] | None" = None  # of a cause, those that stop the job when they fail
    stops: "Callable[[Plan, int], float] | None" = None  # the share of a cause's failures that it lets stop the job [1]
    recovery: "Callable[[Plan], int] | None" = None  # what it adds to every recovery [ticks]
    # Whether nodes that a cause takes stay away for good; None: whether those of any cause may, by policy.
    keeps_back: "Callable[[Plan, int | None], bool] | None" = None
    left_out: tuple[LeftOut, ...] = ()


def number(value: Any) -> Number | None:
    """Return what makes a number of a plan: of a quantity its value, of a law the law, of what is fixed just that."""
    if value is None or isinstance(value, Number):
        return value
    if isinstance(value, Quantity):
        return Number(value.at, value.uncertain, value)
    if isinstance(value, Drawn):
        return Number(lambda values: laws.build(value.family, value.at(values)), value.uncertain, value)
    return Number(lambda values: value, moves=False)


def whole(quantity: Quantity | None) -> int | None:
    """Return a certain number without a unit."""
    return None if quantity is None else int(quantity.median)


def fixed_ticks(quantity: Quantity | None) -> int | None:
    """Return a certain time [ticks]."""
    return None if quantity is None else ticks(quantity.median)


def moving_ticks(quantity: Quantity | None) -> Number | None:
    """Return a time that inputs may move [ticks]."""
    if quantity is None:
        return None
    return Number(lambda values: ticks(quantity.at(values)), quantity.uncertain)


def own(name: str) -> "Callable[[Scenario, Any], Any]":
    """Return what reads a field of each cause."""
    return lambda scenario, row: getattr(row.cause, name)


def own_or_usual(name: str) -> "Callable[[Scenario, Row | None], Any]":
    """Return what reads a field of each cause, and where a cause says nothing, or of the job, that of recovery."""

    def read(scenario: "Scenario", row: "Row | None") -> Any:
        found = None if row is None else getattr(row.cause, name)
        return getattr(scenario.document.recovery, name) if found is None else found

    return read


def usual(name: str) -> "Callable[[Scenario, Row | None], Any]":
    """Return what reads a field of recovery."""
    return lambda scenario, row: getattr(scenario.document.recovery, name)


SLOWER_PATH = "outages in which a slower path carries on"


def some(plan: "Plan", causes: Any, also: "Callable[[Plan, int], bool] | None" = None) -> bool:
    """Return whether some of the causes marked have weather, and what is asked of one by one is true of them."""
    found = ((plan.units > 0) & causes).nonzero()[0]
    return any(also is None or also(plan, int(cause)) for cause in found)


def varies(kinds: Any) -> bool:
    """Return whether any of the families of laws is one of chance."""
    return bool(((kinds != Family.FIXED) & (kinds != Family.NEVER)).any())
