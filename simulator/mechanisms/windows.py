"""Planned maintenance: windows in which the job stands still. Semantics 13."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import Field, StrictBool, model_validator

from simulator.mechanisms.card import (
    At,
    Card,
    Draft,
    LeftOut,
    Lengths,
    Number,
    Scalar,
    Table,
    Values,
    Words,
    moving_ticks,
)
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Purpose
from simulator.numbers.times import ticks
from simulator.words.drawn import Timing
from simulator.words.quantity import Duration, PositiveDuration
from simulator.words.section import Fault, Section

if TYPE_CHECKING:
    from simulator.nouns.clocks import Row
    from simulator.scenario.model import Scenario


class Window(Section):
    """One window."""

    at: Duration = Field(description="when it begins, from the start of the run")
    length: Duration = Field(description="how long it lasts")


class Maintenance(Section):
    """Windows listed, windows that recur, or both: those that recur follow the last one listed."""

    every: PositiveDuration | None = Field(default=None, description="from one window's beginning to the next's [s]")
    first: Duration | None = Field(default=None, description="the beginning of the first [s]; else after `every`")
    length: Timing | None = Field(default=None, description="of a window that recurs [s]")
    windows: tuple[Window, ...] = Field(default=(), description="windows that are listed one by one")
    planned: StrictBool | None = Field(
        default=None, description="false: no windows, where the class of operator has some; in short, maintenance: none"
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        return {"planned": False} if data == "none" else data

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the maintenance."""
        if self.planned:
            yield ("planned",), "windows that are given are planned; leave it out"
        if self.planned is False:
            for name in sorted(self.model_fields_set - {"planned", "source"}):
                yield (name,), "belongs to windows that are planned; leave it out, or leave out planned: false"
            return
        if self.every is None and not self.windows:
            yield (), 'no window is given; write "every: 7 d" and "length: 2 h", or windows'
        if self.every is not None and self.length is None:
            yield (), 'how long is a window? write "length: 2 h"'
        for name in ("first", "length"):
            if self.every is None and getattr(self, name) is not None:
                yield (name,), "belongs to windows that recur; give every too"
        if self.first is not None and self.windows:
            yield ("first",), "the windows listed come first; leave it out"


_DRAWN = -1  # the length of a window that is drawn like those that recur
_NONE = Table(0, whole=True)


def _listed(scenario: "Scenario", column: int) -> Number | None:
    """Return of each window that is listed when it is due, or how long it lasts [ticks]."""
    maintenance = scenario.document.maintenance
    if maintenance is None:
        return None
    first = maintenance.first

    def build(values: Values) -> list[int]:
        if first is not None:
            return [(ticks(first.at(values)), _DRAWN)[column]]
        listed = ((ticks(window.at.at(values)), ticks(window.length.at(values))) for window in maintenance.windows)
        return [window[column] for window in sorted(listed)]

    return Number(build, scenario.size_moves)


def _period(scenario: "Scenario") -> Number | None:
    maintenance = scenario.document.maintenance
    return None if maintenance is None else moving_ticks(maintenance.every)


def _length(scenario: "Scenario", row: "Row | None") -> Any:
    maintenance = scenario.document.maintenance
    return None if maintenance is None else maintenance.length


def _random(draft: Draft) -> None:
    listed = draft.whole(0, 4)
    draft.set(window_due=sorted(draft.whole(0, 3_000) for _ in range(listed)), window_period=draft.pick(0, 2_000))
    draft.set(window_length=[draft.whole(-1, 60) for _ in range(listed)])
    draft.lengths(Purpose.LENGTH, 0, 3, 10, 40, at=At.JOB)


CARD = Card(
    "planned maintenance",
    plan=(
        Scalar("window_due", _NONE, lambda scenario: _listed(scenario, 0)),
        Scalar("window_length", _NONE, lambda scenario: _listed(scenario, 1)),
        Scalar("window_period", 0, _period),
        Lengths(Purpose.LENGTH, _length, At.JOB),
    ),
    accounts={Account.MAINTENANCE: Words("maintenance", "planned stops", "CUSTOM_BADPUT_EVENTS")},
    left_out=(LeftOut("planned maintenance", lambda plan: len(plan.window_due) > 0 or plan.window_period > 0),),
    random=_random,
)
