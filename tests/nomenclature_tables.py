"""The tables of docs/nomenclature.md that follow from the cards of mechanisms.

python -m tests.nomenclature_tables     # writes them into the page
"""

import re
from collections.abc import Iterator
from pathlib import Path

from simulator.mechanisms import CARDS
from simulator.numbers.ledger import Account

PAGE = Path(__file__).resolve().parent.parent / "docs" / "nomenclature.md"


def accounts() -> Iterator[str]:
    """Yield the lines of the table of accounts."""
    words = {account: each for card in CARDS for account, each in card.accounts.items()}
    yield "| account | what is booked | Google's name |"
    yield "|---|---|---|"
    yield from (f"| `{one.name}` | {words[one].meaning} | {words[one].elsewhere} |" for one in Account)


def counts() -> Iterator[str]:
    """Yield the lines of the table of counts."""
    yield "| count | meaning |"
    yield "|---|---|"
    for card in CARDS:
        yield from (f"| `{count.name.lower()}` | {words.meaning} |" for count, words in card.counts.items())


def with_tables(page: str) -> str:
    """Return a page with the tables as the cards have them."""
    for lines in (list(accounts()), list(counts())):
        page, times = re.subn(
            rf"^{re.escape(lines[0])}\n(?:\|.*\n)+", "\n".join(lines) + "\n", page, flags=re.MULTILINE
        )
        assert times == 1, f"{PAGE.name} has no one table that begins with {lines[0]}"
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
