"""How people write quantities, in our order: "$2.50 per GPU-hour" is 2.50 USD/GPU/h. What is read is units.py's."""

import re
from collections.abc import Iterator, Sequence

from simulator.words.unit_catalogue import UNITS

LONGEST = 80  # of the text of a quantity
# Money as people write it, "$2.50/GPU/h" or "USD 3M": the unit goes behind the number.
_MONEY = re.compile(
    r"(?:US\$|\$|USD)\s*(?P<number>[0-9.][0-9_,.]*(?:[eE][+-]?[0-9]+)?(?:\s*[kMBT](?![a-zA-Z]))?)\s*(?P<rest>(?:/.*)?)",
    re.DOTALL,
)
_OTHER_MONEY = re.compile(r"[\u20ac\u00a3\u00a5\u20b9]|\b(?:EUR|GBP|CNY|JPY|RMB|CHF|INR|cents?)\b")
_GROUPED = re.compile(r"([+-]?[0-9]{1,3}(?:,[0-9]{3})+)(?![0-9,])(.*)", re.DOTALL)
_HOUR = re.compile(r"^hr$")  # as price lists write it
_GPU_HOUR = re.compile(r"^(GPU) (?:h|hr|hour)$")
_THOUSAND = re.compile(r"^(?:1_?000|1k) (?=[A-Za-z])")  # "per 1000 GPUs"


def in_our_order(text: str) -> str:
    """Return "2.50 USD/GPU/h" for what means the same: "$2.50/GPU/h", "USD 2.50 per GPU-hour"."""
    if len(text) > LONGEST:
        return text
    text = re.sub(r"\s+per\s+", "/", text)
    money = _MONEY.fullmatch(text)
    return text if money is None else f"{money['number']} USD{money['rest']}"


def terms(denominators: Sequence[str]) -> Iterator[str]:
    """Yield the units below: a GPU-hour is a GPU and an hour."""
    for term in denominators:
        bare = term[1:-1] if term.startswith("(") and term.endswith(")") else term
        bare = _THOUSAND.sub("k", bare)
        bare = _GPU_HOUR.sub(r"\1-h", bare)
        parts = [_HOUR.sub("h", part.strip()) for part in re.split(r"[-*\u00b7]", bare)]
        yield from parts if any(part in UNITS for part in parts) else [term]


def in_other_money(text: str) -> bool:
    """Whether a text has a currency that is not ours."""
    return _OTHER_MONEY.search(text[:LONGEST]) is not None


def regrouped(text: str) -> str:
    """Return the remedy for "32,768 GPUs"; nothing where a comma may be a decimal point."""
    grouped = _GROUPED.fullmatch(text)
    return "" if grouped is None else f'; write "{grouped[1].replace(",", "_")}{grouped[2]}"'


def with_currency(text: str) -> str:
    """Return a price that has none, in USD."""
    number, slash, rest = text.partition("/")
    return f"{number.strip()} USD{slash}{rest}"
