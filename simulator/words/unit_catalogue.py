"""The catalogue of units: what each is worth in base units, exactly, and what kind of quantity it measures.

The base units are second, byte, FLOP, watt and USD, and one for each thing that is counted (GPU, node, token...).
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Dimension:
    """What kind of quantity it is: powers of the base units, without zeros, in alphabetical order."""

    powers: tuple[tuple[str, int], ...] = ()

    def times(self, other: "Dimension", sign: int = 1) -> "Dimension":
        """Return the dimension of a product, or of a quotient with `sign` -1."""
        powers = dict(self.powers)
        for base, power in other.powers:
            powers[base] = powers.get(base, 0) + sign * power
        return Dimension(tuple(sorted((base, power) for base, power in powers.items() if power)))

    def __str__(self) -> str:
        """Return the base unit of this dimension, such as `B/s` or `/GPU/s`."""
        above = [base for base, power in self.powers for _ in range(power)]
        below = [base for base, power in self.powers for _ in range(-power)]
        return "*".join(above) + "".join(f"/{base}" for base in below)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: how many base units it is worth, exactly, and its dimension."""

    scale: Fraction
    dimension: Dimension


NOTHING = Dimension()

# What is counted, each a dimension of its own, with its plural.
_PARTS = ("GPU", "NIC", "node", "link", "port", "rack", "domain", "feed", "row", "hall", "site")
# Classes of elements of a fabric, and its pods: parts that a scenario has by naming the fabric.
ELEMENTS = (
    "spine", "core", "plane", "router", "cube", "border router", "nvlink switch", "node link", "leaf uplink",
    "spine uplink", "local link", "global link", "wan link", "x link", "y link", "z link", "pod",
)  # fmt: skip
DOMAINS = ("leaf", "tor", "switch", "rack", "domain", "feed", "row", "hall", "site")  # parts that span nodes
_OTHERS = ("job", "crew", "token", "parameter", "sequence")
PLURALS = {"leaf": "leaves", "person": "people"} | {
    noun: f"{noun}es" if noun.endswith("ch") else f"{noun}s" for noun in ("switch", *_PARTS, *ELEMENTS, *_OTHERS)
}

# Letters written onto a number: 15.6T tokens, 405B parameters, 1.5M USD.
MULTIPLIERS = {"k": Fraction(10**3), "M": Fraction(10**6), "B": Fraction(10**9), "T": Fraction(10**12)}
# Letters written onto a unit: GB, Gb, TFLOP, kW.
_PREFIXES = {prefix: Fraction(1000) ** (index + 1) for index, prefix in enumerate("kMGTPEZ")}
_BINARY_PREFIXES = {f"{prefix}i": Fraction(1024) ** (index + 1) for index, prefix in enumerate("KMGTPE")}


def _catalogue() -> dict[str, Unit]:
    units: dict[str, Unit] = {}

    def add(base: str, scale: Fraction, *names: str) -> None:
        dimension = Dimension(((base, 1),)) if base else NOTHING
        units.update({name: Unit(scale, dimension) for name in names})

    add("", Fraction(1, 100), "%", "percent")
    add("s", Fraction(1, 10**9), "ns")
    add("s", Fraction(1, 10**6), "us", "\u00b5s", "\u03bcs")
    add("s", Fraction(1, 10**3), "ms")
    add("s", Fraction(1), "s", "sec", "second", "seconds")
    add("s", Fraction(60), "min", "minute", "minutes")
    add("s", Fraction(3600), "h", "hour", "hours")
    add("s", Fraction(86_400), "d", "day", "days")
    add("s", Fraction(7 * 86_400), "week", "weeks")
    # 8,760 hours: the year of annual failure rates.
    add("s", Fraction(365 * 86_400), "year", "years")
    add("B", Fraction(1), "B", "byte", "bytes")
    add("B", Fraction(1, 8), "b", "bit", "bits")
    for prefix, factor in (_PREFIXES | _BINARY_PREFIXES).items():
        add("B", factor, f"{prefix}B")
        add("B", factor / 8, f"{prefix}b", f"{prefix}bit")
    for prefix, factor in ({"": Fraction(1)} | _PREFIXES).items():
        add("FLOP", factor, f"{prefix}FLOP")
        add("W", factor, f"{prefix}W")
        # Energy has no base unit of its own: it is watts times seconds.
        units[f"{prefix}Wh"] = Unit(3600 * factor, Dimension((("W", 1), ("s", 1))))
        add("USD", factor, f"{prefix}USD")
    add("USD", Fraction(1), "usd", "$", "US$", "dollar", "dollars")
    for noun, plural in PLURALS.items():
        add(noun, Fraction(1), noun, plural, noun.lower(), plural.lower())
        add(noun, Fraction(1000), f"k{noun}", f"k{plural}")
    add("parameter", Fraction(1), "param", "params")
    return units


UNITS = _catalogue()

# Prices are by a month of 730 hours, a twelfth of the year above, whatever the calendar says: `30 USD/TB/month`.
BILLING_MONTH = Unit(Fraction(730 * 3600), Dimension((("s", 1),)))

# What people write and what means more than one thing, or nothing: refused, with what to write instead.
REFUSED = {
    "m": 'for minutes write "min", for milliseconds "ms"',
    "month": 'months differ in length; write days, such as "30 days"',
    "months": 'months differ in length; write days, such as "30 days"',
    "KB": 'write "kB" (1,000 bytes) or "KiB" (1,024 bytes)',
    "Kb": 'write "kb" (1,000 bits) or "Kib" (1,024 bits)',
}
REFUSED |= {letter: f'{letter} multiplies a unit, such as "15.6{letter} tokens"' for letter in ("k", "M", "T")}
for _prefix in ("", *_PREFIXES):
    REFUSED[f"{_prefix}bps"] = f'write "{_prefix}b/s" (bits) or "{_prefix}B/s" (bytes)'
    for _name in (f"{_prefix}FLOPS", f"{_prefix}FLOPs"):
        REFUSED[_name] = f'for an amount write "{_prefix}FLOP", for a speed "{_prefix}FLOP/s"'

# What a quantity of each base unit is called in a message.
KINDS = {
    "": "a plain number",
    "s": "a time",
    "/s": "a rate per time",
    "B": "a data size",
    "B/s": "a data rate",
    "FLOP": "an amount of computation",
    "FLOP/s": "a computing speed",
    "USD": "an amount of money",
    "USD/s": "a cost per time",
    "W": "a power",
    "W*s": "an energy",
}

# Units that take each other's place in a table, the smallest first.
LADDERS = (
    ("us", "ms", "s", "min", "h", "d"),
    ("B", "kB", "MB", "GB", "TB", "PB", "EB"),
    ("b", "kb", "Mb", "Gb", "Tb", "Pb"),
    # FLOP itself stays: the work of a training run is known as 3.8e25 FLOP.
    ("GFLOP", "TFLOP", "PFLOP", "EFLOP", "ZFLOP"),
    ("W", "kW", "MW", "GW"),
    ("Wh", "kWh", "MWh", "GWh"),
)

TAKES_MULTIPLIER = {
    name
    for name, unit in UNITS.items()
    if unit.scale == 1 and (name == "$" or str(unit.dimension) in [*PLURALS, "USD"])
}
SHOWN_WITH_MULTIPLIER = {"USD", "token", "tokens", "parameter", "parameters"}
