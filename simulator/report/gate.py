"""Gates such as `goodput.p50<0.9` or `finish.p90 > 60 d`: conditions on a summary that a pipeline can fail on."""

import inspect
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from simulator import metrics, units
from simulator.report.words import RESULTS
from simulator.section import did_you_mean

_GATE = re.compile(r"\s*(?P<field>[A-Za-z_][\w.\- ]*?)\s*(?P<sign><=|>=|==|!=|<|>)\s*(?P<limit>\S.*?)\s*", re.DOTALL)
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_SUFFIXES = {"_days": "d", "_hours": "h", "_minutes": "min", "_seconds": "s"}


class GateError(ValueError):
    """A gate that cannot be read; the text is for the user."""


class Gate(NamedTuple):
    """A condition: it fails the run if it holds."""

    text: str
    field: str
    sign: str
    limit: str

    def holds(self, summary: Mapping[str, Any]) -> tuple[bool, float]:
        """Return whether it holds for a summary, and the value that it met. Raises GateError.

        A quantile among replications that do not finish (null in the summary) is infinite; what is unknown holds
        nothing but `!=`.
        """
        path, value = self._value(summary)
        return _COMPARISONS[self.sign](value, self._limit(path)), value

    def _value(self, summary: Mapping[str, Any]) -> tuple[str, float]:
        known = dict(_numbers(summary, ""))
        for path in (self.field, *self._with_suffix()):
            if path in known:
                return path, known[path]
        hint = did_you_mean(self.field, known) or "; write a field and a statistic, such as goodput.p50"
        raise GateError(f"--fail-if: there is no number '{self.field}' in the summary{hint}")

    def _with_suffix(self) -> Iterator[str]:
        """Yield the fields that are meant when the limit has a unit: finish.p90 is finish_days.p90."""
        name, dot, rest = self.field.partition(".")
        yield from (f"{name}{suffix}{dot}{rest}" for suffix in _SUFFIXES)

    def _limit(self, path: str) -> float:
        unit = next((unit for suffix, unit in _SUFFIXES.items() if path.split(".")[0].endswith(suffix)), "")
        try:
            if re.fullmatch(r"[-+.\d_eE]+", self.limit) and path == self.field:
                return float(self.limit)
            return units.parse(self.limit, unit or "%") / (units.parse(f"1 {unit}", unit) if unit else 1.0)
        except ValueError as error:
            raise GateError(f"--fail-if '{self.text}': {error}") from None


def read_gate(text: str) -> Gate:
    """Return the gate that a text means. Raises GateError."""
    found = _GATE.fullmatch(text)
    if found is None:
        raise GateError(f"--fail-if '{text}' is not a condition; write one such as 'goodput.p50<0.9'")
    gate = Gate(text, found["field"].strip(), found["sign"], found["limit"])
    _check(gate)
    return gate


def _check(gate: Gate) -> None:
    """Raise GateError for what can be told before there is a summary, which may take hours."""
    heads = [*RESULTS, *(name for name, metric in vars(metrics).items() if inspect.isfunction(metric))]
    shortened = {name.removesuffix(suffix) for name in heads for suffix in _SUFFIXES}
    head = gate.field.partition(".")[0]
    if head not in shortened.union(heads):
        raise GateError(f"--fail-if '{gate.text}': there is no result '{head}'{did_you_mean(head, heads)}")
    try:
        units.measure(gate.limit, "%")
    except units.UnitError as error:
        raise GateError(f"--fail-if '{gate.text}': {error}") from None


def _numbers(tree: Mapping[str, Any], path: str) -> Iterator[tuple[str, float]]:
    for key, value in tree.items():
        here = f"{path}{key}"
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{here}.")
        elif value is None:
            endless = tree.get("unfinished") or tree.get("uninterrupted")
            yield here, math.inf if endless and key in ("p10", "p50", "p90") else math.nan
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield here, float(value)
