"""Inputs side by side for a reader: four digits, and one unit for one thing; more digits where else none differ."""

import re
from collections.abc import Sequence

from simulator.words import units

LEAST_DIGITS, MOST_DIGITS = 4, 17
_MARKS = re.compile(r"([{}\[\]]|, |: )")
_NUMBER = re.compile(r"[+-]?(?:[0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?:%| ?[A-Za-z/].*)?")
_FEW, _MANY = 0.1, 10_000  # numbers between read well in any unit


def readable(values: Sequence[str | None]) -> list[str]:
    """Return what scenarios say of one input, as `scenario.resolved` writes it, for a table; "-" for nothing."""
    pieces = [[] if value is None else _MARKS.split(value) for value in values]
    numbers = [measure for each in pieces for piece in each if (measure := _measured(piece)) is not None]
    names = {dimension: _unit_of(numbers, dimension) for _, _, dimension in numbers}

    def told(digits: int) -> list[str]:
        return ["".join(_told(piece, names, digits) for piece in each) or "-" for each in pieces]

    different = len(set(values))
    tried = map(told, range(LEAST_DIGITS, MOST_DIGITS + 1))
    exact = (shown for shown in tried if len(set(shown)) == different)
    return next(exact, told(LEAST_DIGITS))  # what is the same in other words stays short


def _measured(piece: str) -> tuple[float, str, str] | None:
    """Return the value of a number, its unit as it is written, and its dimension; None for words."""
    if _NUMBER.fullmatch(piece) is None:
        return None
    try:
        found = units.measure(piece, "")
    except units.UnitError:
        return None
    number = re.match(r"[0-9_.eE+-]+", piece)
    name = re.sub(r"^[kMBT] (?=[A-Za-z])", "", piece[number.end() if number else 0 :].strip())
    return found.value, name, str(found.dimension)


def _unit_of(numbers: Sequence[tuple[float, str, str]], dimension: str) -> str | None:
    """Return a unit in which all numbers of a dimension read well, the one that makes them short; None if none does."""
    some = [(value, name) for value, name, of in numbers if of == dimension]
    known = dict.fromkeys(_split(units.show(value, name))[1] for value, name in some)
    good = {}
    for name in known:
        sizes = [abs(value) / float(units.unit(name).scale) for value, _ in some]
        if all(size == 0 or _FEW <= size < _MANY for size in sizes):
            good[name] = sum(len(units.show_in(value, name)) for value, _ in some)
    return min(good, key=lambda name: good[name]) if good else None


def _split(text: str) -> tuple[str, str]:
    number, _, name = text.partition(" ")
    return (number, name) if name or not number.endswith("%") else (number[:-1], "%")


def _told(piece: str, names: dict[str, str | None], digits: int) -> str:
    measured = _measured(piece)
    if measured is None:
        return piece
    value, own, dimension = measured
    name = names[dimension]
    if name is not None:
        return units.show_in(value, name, digits)
    shown = _split(units.show(value, own))[1]
    return units.show(value, own) if digits == LEAST_DIGITS else units.show_in(value, shown, digits)
