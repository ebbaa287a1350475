"""What `derisk run` prints of a summary: the sentence, the tables, where the time went, and the notes."""

from simulator.numbers.ledger import Account
from simulator.report import ranges, text
from simulator.report.run.answer import (
    LEAST_SHARE,
    Losses,
    Summary,
    count_rows,
    losses_head,
    money_rows,
    quantity_rows,
    sentence,
    shares_of,
    with_error,
)
from simulator.report.run.notes import notes
from simulator.report.words import ACCOUNTS
from simulator.scenario import Scenario


def as_text(summary: Summary, scenario: Scenario, called: str, width: int | None, losses: Losses = "median") -> str:
    """Return what `derisk run` prints of a summary, without where it lies; `called` is what the user calls it."""
    parts = [summary["scenario"], "", text.paragraph(sentence(summary, scenario), width)]
    parts += ["", ranges.fitted(quantity_rows(summary), width, (1, 2, 3))]
    if told := count_rows(summary):
        parts += ["", "What was absorbed, moved and repaired, counted in a run; what never happened is left out"]
        parts += [ranges.fitted(told, width, (1, 2, 3))]
    if told := money_rows(summary):
        parts += ["", "What it costs, the largest mean first; what is indented is part of the lines above, not on top"]
        parts += [ranges.fitted(told, width, (1, 2, 3))]
    parts += ["", text.paragraph(losses_head(summary, losses), width)]
    parts += [text.table(_ledger(summary, losses), right=(1,)), ""]
    return "\n".join([*parts, *(text.paragraph(note, width) for note in notes(summary, scenario, called))])


def _ledger(summary: Summary, whose: Losses) -> list[tuple[str, ...]]:
    """Return the accounts: productive training first, then the losses, the largest on top and with the longest bar."""
    shares = shares_of(summary, whose)
    losses = sorted((account for account in Account if account != Account.PRODUCTIVE), key=lambda one: -shares[one][0])
    told = [(account, *shares[account]) for account in (Account.PRODUCTIVE, *losses)]
    return [
        (
            ACCOUNTS[account].label,
            with_error(share, error, text.percent),
            "" if account is Account.PRODUCTIVE else text.bar(share, shares[losses[0]][0]),
        )
        for account, share, error in told
        if account is Account.PRODUCTIVE or share >= LEAST_SHARE
    ]
