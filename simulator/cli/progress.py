"""A progress bar with the time left, on a terminal; nothing in a pipe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.ensemble import Progress


@contextmanager
def progress_bar(name: str) -> "Iterator[Callable[[Progress], None] | None]":
    """Yield what an ensemble tells of its progress to; None where nobody watches stderr."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress as bars
    from rich.console import Console

    left = bars.TextColumn("{task.fields[left]}")
    columns = bars.TextColumn("{task.description}"), bars.BarColumn(), bars.MofNCompleteColumn(), left
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(name, total=None, left="")

        def show(progress: "Progress") -> None:
            shown.update(task, completed=progress.done, total=progress.planned, left=_left(progress.seconds_left))

        yield show


def _left(seconds: float | None) -> str:
    """Return the time left in words: to the second below two minutes, to the minute below two hours."""
    if seconds is None:
        return ""
    if seconds < 120:
        return f"{seconds:.0f} s left"
    return f"{seconds / 60:.0f} min left" if seconds < 7_200 else f"{seconds / 3_600:.1f} h left"
