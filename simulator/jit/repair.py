"""Files of Numba's cache that were cut short: Numba fails on them, every time; without them it compiles again."""

import shutil
from contextlib import suppress
from pathlib import Path

_PICKLES = {".nbi": 2, ".nbc": 1}  # files of what there is begin with a version, then both have their content
_PROTOCOL, _FRAME, _STOP = b"\x80", b"\x95", b"."
_LENGTHS = {_FRAME: 8, b"B": 4, b"\x8e": 8}  # width of the length before a frame, and large bytes outside of one


def remove_damaged(folder: Path) -> list[str]:
    """Remove from a cache folder what is no whole file of Numba's, and return the names of that."""
    removed = []
    for file in sorted(folder.rglob("*")):
        if file.suffix not in _PICKLES or _is_whole(file):
            continue
        with suppress(OSError):
            shutil.rmtree(file) if file.is_dir() and not file.is_symlink() else file.unlink()
            removed.append(file.name)
    return removed


def _is_whole(file: Path) -> bool:
    """Whether a file ends as a pickle does, and is as long as the frames that it begins with say."""
    try:
        if not file.is_file():
            return False
        content = file.read_bytes()
    except OSError:
        return False
    if not content.endswith(_STOP):
        return False
    place = frames = 0
    while place < len(content):
        if content[place : place + 1] == _PROTOCOL:
            place += 2
        width = _LENGTHS.get(content[place : place + 1])
        if width is None:
            return content.startswith(_PROTOCOL)  # a short pickle has no frame: there is no more to compare
        frames += content[place : place + 1] == _FRAME
        place += 1 + width + int.from_bytes(content[place + 1 : place + 1 + width], "little")
    return place == len(content) and frames >= _PICKLES[file.suffix]
