"""Quantities with units: text in at the door, SI numbers inside, text out again.

Inside, everything is in base units: seconds, bytes, FLOP, watt, USD, and plain counts (GPUs, nodes, tokens...). A unit
is a scale (an exact fraction of the base unit) and a dimension, so `400 Gb/s` and `50 GB/s` are the same number and a
time given for a data size is refused. All arithmetic here is exact: a value is rounded once, when it becomes a float.
"""

import difflib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

from simulator.words.spellings import LONGEST, in_other_money, in_our_order, regrouped, terms, with_currency
from simulator.words.unit_catalogue import (
    BILLING_MONTH,
    KINDS,
    LADDERS,
    MULTIPLIERS,
    NOTHING,
    PLURALS,
    REFUSED,
    SHOWN_WITH_MULTIPLIER,
    TAKES_MULTIPLIER,
    UNITS,
    Dimension,
    Unit,
)


class UnitError(ValueError):
    """A quantity that cannot be read; the message says what is wrong and what to write instead."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity: its value [base units] and its dimension."""

    value: float
    dimension: Dimension


_NUMBER = r"[+-]?(?:[0-9]+(?:_[0-9]+)*(?:\.(?:[0-9]+(?:_[0-9]+)*)?)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_QUANTITY = re.compile(rf"(?P<number>{_NUMBER})\s*(?:(?P<multiplier>[kMBT])\s+(?=[^\s/]))?(?P<unit>.*)", re.DOTALL)
_MULTIPLIED = re.compile(rf"{_NUMBER}\s*[kMBT]")

_TIMES = ("d", "h", "min", "s", "ms", "us")


def parse(value: object, like: str) -> float:
    """Return a quantity in base units.

    `like` is a unit of the dimension that is needed and stands in the remedies, such as "min" or "/kGPU/day"; "%" or ""
    stands for a plain number, which alone needs no unit. Raises UnitError.
    """
    needed = unit(like).dimension
    text = _text(value, like)
    if needed == NOTHING and isinstance(value, int | float):
        return _finite(float(text), text)
    if _MULTIPLIED.fullmatch(text) and like.split("/")[0] in TAKES_MULTIPLIER:
        raise UnitError(_no_unit(text, like, needed))
    measure = _read(text, like)
    if measure.dimension == needed:
        return measure.value
    if measure.dimension == NOTHING and not text.endswith(("%", "percent")):
        raise UnitError(_no_unit(text, like, needed))
    if measure.dimension == needed.times(UNITS["USD"].dimension, -1):
        raise UnitError(f'"{text}" has no currency; write "{with_currency(text)}"')
    found = _kind(measure.dimension)
    numerator, slash, denominators = like.partition("/")
    if slash and numerator and "/" not in text and measure.dimension == unit(numerator).dimension:
        raise UnitError(f'"{text}" is {found}, but {_kind(needed)} is needed; write "{text}/{denominators}"')
    raise UnitError(f'"{text}" is {found}, but {_kind(needed)} is needed, such as "{_example(like)}"')


def measure(value: object, like: str) -> Measure:
    """Return a quantity of any dimension, for a field that takes more than one; `like` is for the remedies."""
    return _read(_text(value, like), like)


def unit(text: str, like: str = "") -> Unit:
    """Return the unit that a text such as "GB/s", "/kGPU/day" or "" names; `like` is for the remedy of UnitError."""
    scale, dimension = Fraction(1), NOTHING
    numerator, *denominators = (term.strip() for term in text.split("/"))
    if numerator:
        first = _lookup(numerator, like)
        scale, dimension = first.scale, first.dimension
    for term in terms(denominators):
        if not term:
            raise UnitError(f'"{_short(text)}" has a "/" with nothing after it')
        priced = numerator and any(base == "USD" for base, _ in first.dimension.powers)
        below = BILLING_MONTH if priced and term == "month" else _lookup(term, like)
        scale, dimension = scale / below.scale, dimension.times(below.dimension, -1)
    return Unit(scale, dimension)


@lru_cache(maxsize=8192)  # a scenario that is changed says most of its numbers again
def exact(value: float, like: str) -> str:
    """Return the shortest text in the unit `like` that parses to the same float, bit by bit."""
    if not math.isfinite(value):
        raise UnitError(f"{value} cannot be written as a quantity")
    wanted = unit(like)
    quotient = Fraction(value) / wanted.scale
    # 17 digits tell any two floats apart, whatever the unit, because the quotient and its product are exact.
    candidates = (_decimal(quotient, digits) for digits in range(1, 18))
    number = next(number for number in candidates if float(Fraction(number) * wanted.scale) == value)
    return _join(_plain(number), like)


def show(value: float, like: str) -> str:
    """Return a quantity for a table: four digits, in the unit of the same family as `like` that reads best."""
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "infinite" if value > 0 else "-infinite"
    renditions = [_rendition(value, prefix, name) for prefix, name in _rungs(value, like)]
    number, multiplier, name = min(reversed(renditions), key=lambda rendition: _reading(value, *rendition))
    return _join(number + multiplier, _singular(name) if number + multiplier == "1" else name)


def show_in(value: float, name: str, digits: int = 4) -> str:
    """Return a finite quantity in the unit `name` and no other, with so many digits, or all of a whole number."""
    quotient = Fraction(value) / unit(name).scale
    whole = quotient.denominator == 1 and abs(quotient) < 10**9
    number = _plain(_decimal(quotient, max(digits, 9) if whole else digits), grouped=True)
    return _join(number, _singular(name) if number == "1" else name)


def _text(value: object, like: str) -> str:
    """Return what to read of a scenario's value, or raise for what is no quantity at all."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        name = {None: "an empty value", True: "true", False: "false"}[value] if value in (None, True, False) else "this"
        raise UnitError(f'{name} is not a quantity; write a number with its unit, such as "{_example(like)}"')
    if isinstance(value, int) and abs(value) >= 10**300:
        raise UnitError("a number of more than 300 digits is no quantity")
    if isinstance(value, str):
        return in_our_order(" ".join(value.split()))
    return repr(float(value)) if isinstance(value, float) else str(value)


def _read(text: str, like: str) -> Measure:
    match = _QUANTITY.fullmatch(text) if len(text) <= LONGEST else None
    if in_other_money(text):
        raise UnitError(f'"{_short(text)}": amounts of money are in USD; convert it, as in "{_example_of_money(like)}"')
    if match is None:
        raise UnitError(_not_a_number(text, like))
    number, multiplier, name = match["number"].replace("_", ""), match["multiplier"], match["unit"].strip()
    _finite(float(number), text)
    if re.match(r"[0-9_,.]", name):
        raise UnitError(f'"{text}": digits are grouped as in 32_768, decimals are written as in 1.5{regrouped(text)}')
    found = unit(name, like)
    if multiplier and name.split("/")[0].strip() not in TAKES_MULTIPLIER:
        remedy = "write a prefix at the unit, as in GB"
        if str(found.dimension) == "s":
            remedy = f'write "{_plain(Decimal(number) * int(MULTIPLIERS[multiplier]), grouped=True)} {name}"'
        raise UnitError(f'"{text}": {multiplier} multiplies counts and USD only; {remedy}')
    factor = found.scale * MULTIPLIERS.get(multiplier, Fraction(1))
    return Measure(_rounded(number, factor, text), found.dimension)


def _rounded(number: str, factor: Fraction, text: str) -> float:
    """Return the float nearest to the exact product of a number as written and the scale of its unit."""
    # A float of zero says that the exponent is zero or hopeless: its exact fraction could fill the memory.
    if float(number) == 0:
        if re.search(r"[1-9]", number.lower().split("e")[0]):
            raise UnitError(f'"{text}" is too small to be told from zero')
        return 0.0
    try:
        return float(Fraction(number) * factor)
    except OverflowError:
        return _finite(math.inf, text)


def _finite(value: float, text: str) -> float:
    if math.isfinite(value):
        return value
    raise UnitError(f"{_short(text)} is not a finite number; leave the field out if there is no limit")


def _lookup(name: str, like: str) -> Unit:
    """Return one unit of the catalogue, without "/"."""
    if name in UNITS:
        return UNITS[name]
    if name in REFUSED:
        raise UnitError(f'unknown unit "{name}": {REFUSED[name]}')
    if re.search(r"[0-9]", name):
        raise UnitError(f'"{_short(name)}" is not a unit: a quantity is one number and one unit, such as "90 min"')
    raise UnitError(f'unknown unit "{_short(name)}"{_did_you_mean(name, like)}')


def _did_you_mean(name: str, like: str) -> str:
    if name[:1] in MULTIPLIERS and name[1:] in TAKES_MULTIPLIER:
        return f"; did you mean '{name[0]} {name[1:]}'?"
    close = [known for known in UNITS if known.casefold() == name.casefold()]
    close = close or difflib.get_close_matches(name, UNITS, n=1, cutoff=0.6)
    if not close:
        return f'; write a unit such as "{like}"' if like else ""
    meaning = {"B": " (bytes)", "b": " (bits)"} if len(close) > 1 else {}
    return "; did you mean " + " or ".join(f"'{known}'{meaning.get(known[-1], '')}" for known in close) + "?"


def _example_of_money(like: str) -> str:
    return _example(like if like.startswith("USD") else "USD")


def _no_unit(text: str, like: str, needed: Dimension) -> str:
    if needed in (UNITS["GPU"].dimension, UNITS["node"].dimension):
        return f'{text} alone is refused: nodes or GPUs? write "{_join(text, like)}"'
    others = ", or s, h or d" if like == "min" else ""
    return f'{text} has no unit; write "{_join(text, like)}"{others}'


def _not_a_number(text: str, like: str) -> str:
    if re.fullmatch(r"[+-]?\.?(inf|infinity|nan)\b.*", text, re.IGNORECASE):
        return f"{_short(text)} is not a finite number; leave the field out if there is no limit"
    return f'"{_short(text)}" is not a number with a unit, such as "{_example(like)}"'


def _kind(dimension: Dimension) -> str:
    base = str(dimension)
    if base in PLURALS:
        return f"a number of {PLURALS[base]}"
    return KINDS.get(base, f"a quantity in {base}")


def _example(like: str) -> str:
    return _join("10", like)


def _join(number: str, name: str) -> str:
    return f"{number}{name}" if name in ("", "%") else f"{number} {name}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST // 2 else f"{text[: LONGEST // 2]}..."


def _rungs(value: float, like: str) -> Iterator[tuple[str, str]]:
    """Yield the multipliers and units in which a value may be shown, the smallest first."""
    first, *rest = like.split("/")
    scale = abs(value / float(unit(like).scale))
    if first in SHOWN_WITH_MULTIPLIER:
        yield "", like
        yield from ((letter, like) for letter, factor in MULTIPLIERS.items() if scale >= factor)
        return
    ladder = next((ladder for ladder in LADDERS if first in ladder), ())
    names = ["/".join([rung, *rest]) for rung in ladder]
    # Below two of a unit the smaller one reads better (90 s), unless it comes out even (1 h).
    ratios = {name: abs(value) / float(unit(name).scale) for name in names}
    fitting = [name for name, ratio in ratios.items() if ratio >= 2 or ratio == 1]
    yield from (("", name) for name in fitting or [like])


def _rendition(value: float, multiplier: str, name: str) -> tuple[str, str, str]:
    scale = unit(name).scale * MULTIPLIERS.get(multiplier, Fraction(1))
    quotient = Fraction(value) / scale
    # Whole numbers keep all their digits: a cluster has 98_304 GPUs.
    whole = quotient.denominator == 1 and abs(quotient) < 10**9
    return _plain(_decimal(quotient, 9 if whole else 4), grouped=True), multiplier, name


def _reading(value: float, number: str, multiplier: str, name: str) -> tuple[bool, bool, int]:
    """Return how well a rendition reads, the least best; of equals the largest unit does.

    Numbers from 1 to 1000 do, and round ones that somebody wrote: 3,200,000 s is 37.04 d, but 40,000 h stays.
    """
    shown = Fraction(number)
    inexact = float(shown * unit(name).scale * MULTIPLIERS.get(multiplier, Fraction(1))) != value
    digits = re.sub(r"e.*|[-._]", "", number).strip("0")
    round_one = abs(shown) <= 100_000 and len(digits) <= 2 and not inexact
    pleasant = 1 <= abs(shown) <= 1000 or round_one
    return not pleasant, pleasant and inexact, len(number)


def _singular(name: str) -> str:
    first, slash, rest = name.partition("/")
    return next((noun for noun, plural in PLURALS.items() if plural == first), first) + slash + rest


def _decimal(quotient: Fraction, digits: int) -> Decimal:
    return Context(prec=digits).divide(Decimal(quotient.numerator), Decimal(quotient.denominator))


def _plain(number: Decimal, grouped: bool = False) -> str:
    """Return a decimal without trailing zeros, with an exponent only when it is very large or small."""
    number = number.normalize()
    if not number:
        return "0"
    if not -6 < number.adjusted() < (9 if grouped else 16):
        return f"{number:e}".replace("e+", "e")
    return f"{number:,f}".replace(",", "_") if grouped and abs(number) >= 10_000 else f"{number:f}"


def shortest(value: float, like: str) -> str:
    """Return the shortest text that means exactly a value in base units; a time may be in any unit of time."""
    if like not in _TIMES or value == 0:
        return exact(value, like)
    return min((exact(value, unit) for unit in _TIMES), key=lambda text: len(text.split()[0]))
