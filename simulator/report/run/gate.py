"""Gates such as `goodput.p50<0.9` or `finish.p90 > 60 d`: conditions on a summary that a pipeline can fail on."""

import math
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.ensemble.estimates import SHARES
from simulator.numbers.ledger import Account, Outcome
from simulator.numbers.plan import Tally
from simulator.report.ranges import value_of
from simulator.report.text import number
from simulator.report.words import STATISTICS
from simulator.words import units
from simulator.words.section import did_you_mean

if TYPE_CHECKING:
    from simulator.scenario import Scenario

_GATE = re.compile(r"\s*(?P<field>[A-Za-z_][\w.\- ]*?)\s*(?P<sign><=|>=|==|!=|<|>)\s*(?P<limit>\S.*?)\s*", re.DOTALL)
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_END = re.compile(r"\.(p\d\d)\.(low|high)$")  # finish.p90.high is finish_days.p90_high
_SUFFIXES = {"_days": "d", "_hours": "h", "_minutes": "min", "_seconds": "s"}

# What a summary holds, as far as a gate can ask for it, so that a wrong word is refused before a run of hours.
_PLAIN = ("schema", "seed", "replications")
_QUANTITIES: tuple[str, ...] = (
    "goodput",
    "ettr",
    "finish_days",
    "wall_days",
    "mttf_hours",
    "mfu_end_to_end",
    "cost_usd",
)
_QUANTITIES += ("delay_cost_usd", "nodes_out_of_service", "events", "interventions_per_day")
_EXAFLOP = "money.usd_per_effective_exaflop"
_ENDLESS = {"finish_days": "unfinished", "mttf_hours": "uninterrupted", "delay_cost_usd": "unfinished"}
_ENDLESS |= {_EXAFLOP: "unproductive"}
_OTHERS = {
    "precision": ("quantile", "half_width_asked", "half_width"),
    "deadline": ("probability", "mc_error", "low", "high"),
    "never_finishes": ("probability", "mc_error", "low", "high"),
    "variance_share.finish_days": ("ignorance", "chance", "mc_error", "pairs"),
    "variance_share.goodput": ("ignorance", "chance", "mc_error", "pairs"),
    "outcomes": tuple(outcome.name for outcome in Outcome),
    "nodes_out_of_service.at_least.<nodes>": ("probability", "mc_error"),
}


class GateError(ValueError):
    """A gate that cannot be read; the text is for the user."""


class Gate(NamedTuple):
    """A condition: it fails the run if it holds."""

    text: str
    field: str
    sign: str
    limit: str

    def check(self, scenario: "Scenario") -> None:
        """Raise GateError for what no summary of a scenario can answer."""
        known = tuple(numbers_of(scenario))
        path = self._path([_numbered(path, self.field) for path in known])
        if path is None:
            raise GateError(f"--fail-if '{self.text}': there is no number '{self.field}'{self._hint(known, scenario)}")
        self._limit(path)

    def holds(self, summary: Mapping[str, Any]) -> tuple[bool, float]:
        """Return whether it holds for a summary, and the value that it met. Raises GateError.

        A quantile among replications that do not finish (null in the summary) is infinite; what is unknown holds
        nothing but `!=`. An end of an interval that the replications do not bound is infinite too.
        """
        known = dict(_numbers(summary, ""))
        path = self._path(known)
        if path is None:
            raise GateError(f"--fail-if '{self.text}': there is no number '{self.field}' in the summary")
        return _COMPARISONS[self.sign](known[path], self._limit(path)), known[path]

    def shown(self, value: float) -> str:
        """Return a value of the field with its unit."""
        name = self.field.partition(".")[0]
        unit = _unit(next((name + suffix for suffix in _SUFFIXES if name + suffix in _QUANTITIES), name))
        if unit and math.isfinite(value):
            return f"{number(value, 4)} {unit}"
        return f"{number(100 * value, 4)}%" if _is_share(self.field) else number(value, 4)

    def _path(self, known: Collection[str]) -> str | None:
        """Return the number that is meant, or None; finish.p90 is finish_days.p90."""
        field = _END.sub(r".\1_\2", self.field)
        name, dot, rest = field.partition(".")
        paths = (field, *(f"{name}{suffix}{dot}{rest}" for suffix in _SUFFIXES))
        return next((path for path in paths if path in known), None)

    def _limit(self, path: str) -> float:
        unit = _unit(path)
        try:
            if re.fullmatch(r"[-+.\d_eE]+", self.limit) and path == _END.sub(r".\1_\2", self.field):
                limit = float(self.limit)
                if abs(limit) > 1.0 and _is_share(path):
                    raise ValueError(f"{self.limit} is more than all; write {self.limit}%, or a share from 0 to 1")
                return limit
            return units.parse(self.limit, unit or "%") / (units.parse(f"1 {unit}", unit) if unit else 1.0)
        except ValueError as error:
            raise GateError(f"--fail-if '{self.text}': {error}") from None

    def _hint(self, known: tuple[str, ...], scenario: "Scenario") -> str:
        """Return what to write instead."""
        head = self.field.partition(".")[0]
        for name, needed in _absent(scenario).items():
            if name in (head, self.field.rpartition(".")[0]):
                return f"; it needs {needed} in the scenario"
        names = [*known, *(_shortened(path) for path in known)]
        below = [name for name in names if name.startswith(f"{self.field}.")]
        if below:
            example = next((name for name in below if name.endswith(".p50")), below[0])
            return f" alone; name a statistic of it, such as '{example}'"
        if (asked := re.search(r"\.(p\d+)$", self.field)) and asked[1] not in SHARES:
            return f"; the quantiles are {', '.join(SHARES)}"
        return did_you_mean(self.field, names) or "; write a field and a statistic, such as goodput.p50"


def _unit(path: str) -> str:
    """Return the unit of a number of the summary, which stands in its name; empty where there is none."""
    return next((unit for suffix, unit in _SUFFIXES.items() if path.split(".")[0].endswith(suffix)), "")


def _is_share(path: str) -> bool:
    """Whether a number of the summary is a share of something, from 0 to 1."""
    head, _, last = path.rpartition(".")
    if last in ("probability", "ignorance", "chance") or head.startswith("ledger_share"):
        return True
    if head in ("deadline", "never_finishes"):
        return True
    return head in ("goodput", "ettr", "mfu_end_to_end") and last != "count"


def read_gate(text: str) -> Gate:
    """Return the gate that a text means. Raises GateError."""
    found = _GATE.fullmatch(text)
    if found is None:
        raise GateError(f"--fail-if '{text}' is not a condition; write one such as 'goodput.p50<0.9'")
    try:
        units.measure(found["limit"], "%")
    except units.UnitError as error:
        raise GateError(f"--fail-if '{text}': {error}") from None
    return Gate(text, found["field"].strip(), found["sign"], found["limit"])


def numbers_of(scenario: "Scenario") -> Iterator[str]:
    """Yield the numbers that the summary of a scenario can hold, by their paths; <nodes> stands for any number."""
    causes = tuple(scenario.document.failures.causes)
    quantities = [*_QUANTITIES, *(f"ledger_share.{account.name}" for account in Account)]
    quantities += [f"counts.{count.name.lower()}" for count in Tally]
    for name in ("failures", "interruptions"):
        quantities += [f"{name}.total", *(f"{name}.by_cause.{cause}" for cause in causes)]
    below = {name: tuple(STATISTICS) for name in (*quantities, *_money(scenario))}
    below |= {f"ledger_share_median.{account.name}": ("share", "mc_error") for account in Account}
    for name, words in (*((name, (word,)) for name, word in _ENDLESS.items()), *_OTHERS.items()):
        below[name] = (*below.get(name, ()), *words)
    absent = _absent(scenario)
    yield from _PLAIN
    yield from (f"{name}.{word}" for name, words in below.items() if name not in absent for word in words)


def _money(scenario: "Scenario") -> Iterator[str]:
    """Yield the amounts of money that the summary of a scenario has."""
    cost = scenario.document.cost
    if cost.lines:
        yield from (f"money.lines_usd.{name}" for name in cost.lines)
        yield from (f"money.of_which_usd.{name}" for name in cost.parts)
        yield from ("money.total_usd", "money.usd_per_goodput_point", _EXAFLOP)


def _absent(scenario: "Scenario") -> dict[str, str]:
    """Return the results that a scenario does not have, and what they need."""
    document = scenario.document
    dated = scenario.start is not None and scenario.deadline is not None
    speed = None if scenario.flop() is None else scenario.job_peak()
    wanted = {
        "precision": ("run.stop", document.run.stop is not None),
        "deadline": ("job.start and job.deadline", dated),
        "mfu_end_to_end": ("the FLOP of the model and the peak speed of its GPUs", speed is not None),
        "cost_usd": ("cost.gpu", bool(document.cost.lines)),
        "money": ("cost.gpu", bool(document.cost.lines)),
        "delay_cost_usd": ("cost.delay, job.start and job.deadline", dated and document.cost.delay is not None),
    }
    known = bool(document.cost.lines) and scenario.flop() is not None
    wanted[_EXAFLOP] = ("a price and the FLOP of the model", known)
    return {name: needed for name, (needed, there) in wanted.items() if not there}


def _numbered(path: str, field: str) -> str:
    """Return a path with the number that a field has where the path stands for any."""
    found = re.search(r"(?<=\.at_least\.)\d+(?=\.)", field)
    return path.replace("<nodes>", found.group()) if found else path


def _shortened(path: str) -> str:
    """Return a path as a gate may write it: finish.p90 for finish_days.p90."""
    head, dot, rest = path.partition(".")
    suffix = next((suffix for suffix in _SUFFIXES if head.endswith(suffix)), "")
    return f"{head.removesuffix(suffix)}{dot}{rest}"


def _numbers(tree: Mapping[str, Any], path: str) -> Iterator[tuple[str, float]]:
    for key, value in tree.items():
        here = f"{path}{key}"
        if key == "finish_date":
            continue  # days of the calendar, which finish_days has as numbers
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{here}.")
        elif value is None:
            yield here, _unknown(tree, key)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield here, float(value)


def _unknown(tree: Mapping[str, Any], key: str) -> float:
    """Return what null stands for: beyond all limits where nothing bounds it, infinite where replications are."""
    if key in tree.get("unbounded", ()):
        return -math.inf if key.endswith("_low") else math.inf
    return value_of(tree, key)
