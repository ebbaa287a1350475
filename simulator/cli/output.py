"""Writing a file that was asked for by name: aside and then renamed, and never over one that is there."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.cli.terminal import Code, Refusal


@contextmanager
def new_file(path: Path) -> Iterator[Callable[[str], None]]:
    """Yield what writes the text of a new file; that it can be written is known before the work begins.

    Raises Refusal if it exists, and OSError where its folder takes no files.
    """
    _refuse_existing(path)
    if not path.parent.is_dir():
        raise Refusal(f"{path.parent}: there is no such folder", Code.USAGE)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    aside = Path(name)

    def write(text: str) -> None:
        aside.write_text(text, encoding="utf-8")
        aside.chmod(0o666 & ~_umask())  # a temporary file is its owner's alone
        _refuse_existing(path)
        aside.rename(path)

    try:
        yield write
    finally:
        aside.unlink(missing_ok=True)


def unused(path: Path) -> Path:
    """Return the path, or where it is taken, one with a number: result_2.json."""
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_stem(f"{path.stem}_{number}")
    return found


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise Refusal(f"{path} exists, and is left as it is; name another file with -o, or remove it", Code.USAGE)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
