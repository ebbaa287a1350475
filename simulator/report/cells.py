"""CSV for spreadsheets: nothing that a user wrote becomes a formula there."""

import re
from typing import Any

import pandas as pd

# A spreadsheet takes a cell that begins so for a formula, with or without blanks before.
_FORMULA = re.compile(r"\s*[=+\-@]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?( ?[A-Za-z%/]{1,12})?|[+-]inf")


def cell(value: Any) -> Any:
    """Return what a cell of a CSV may hold: text that would be taken for a formula gets an apostrophe before it.

    Numbers, and text that is a number with a unit such as "-5 min", stay as they are.
    """
    risky = isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value)
    return f"'{value}" if risky else value


def table_as_csv(table: pd.DataFrame) -> str:
    """Return a table as CSV with safe cells, and no index."""
    safe = table.rename(columns=cell)
    for place in range(len(safe.columns)):
        if safe.dtypes.iloc[place].kind not in "biufcmM":
            safe.isetitem(place, [cell(value) for value in table.iloc[:, place]])
    written: str = safe.to_csv(index=False, lineterminator="\n")
    return written
