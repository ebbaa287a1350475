"""What is written aside has a name that says by whom; what a process that was killed has left is swept later.

`.NAME.HOST-PROCESS-DIGITS.part` becomes NAME when it is whole; `.NAME.HOST-PROCESS-DIGITS.old` is what NAME was while
its successor takes its place.
"""

import hashlib
import os
import re
import shutil
import socket
import time
import uuid
from contextlib import suppress
from pathlib import Path

from simulator.report.run.integrity import foreign

_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
_ASIDE = re.compile(r"\.(?P<name>.+)\.(?:(?P<host>[0-9a-f]{8})-(?P<process>\d+)-)?[0-9a-f]{8}\.(?P<kind>part|old)")
# An older version said neither host nor process: of that, only what can be nothing but a run's, sweep's or report's.
_OLDER = re.compile(r".+-[0-9a-f]{8}|report\.\w+|sweep\.\w+|scenario\.resolved\.yaml|\d{5}\.parquet")
LONGEST_LIFE = 7 * 86_400.0  # [s] no writer takes as long: the number of its process is another one's by now


def beside(path: Path, kind: str = "part") -> Path:
    """Return a name beside a path that no other writer has, for what shall be renamed to it, or was it (`old`)."""
    return path.with_name(f".{path.name}.{_HOST}-{os.getpid()}-{uuid.uuid4().hex[:8]}.{kind}")


def sweep(folder: Path) -> None:
    """Remove from a folder what writers have left that are gone.

    What was moved away for a successor that never came is put back. Nothing else is touched, and nothing is raised.
    """
    try:
        found = [(place, match) for place in folder.iterdir() if (match := _ASIDE.fullmatch(place.name))]
    except OSError:
        return
    for place, match in found:
        if _is_at_work(place, match) or (match["host"] is None and not _OLDER.fullmatch(match["name"])):
            continue
        target = place.with_name(match["name"])
        with suppress(OSError):
            if match["kind"] == "part":
                remove(place)
            elif os.path.lexists(target):
                discard(place, target.name)
            else:
                place.rename(target)


def remove(place: Path) -> None:
    """Remove a file or a folder with all that is in it, as far as that is possible."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)
    else:
        with suppress(OSError):
            place.unlink(missing_ok=True)


def discard(old: Path, name: str) -> None:
    """Remove a run folder that was replaced; one in which a user has put something of their own is kept beside it."""
    if old.is_dir() and foreign(old):
        set_aside(old, f"{name}.replaced")
    else:
        remove(old)


def set_aside(place: Path, name: str) -> Path:
    """Give a file or folder a name beside its own, numbered if that is taken, and return it. Raises OSError."""
    kept = place.with_name(name)
    number = 1
    while os.path.lexists(kept):
        number += 1
        kept = place.with_name(f"{name}-{number}")
    return place.rename(kept)


def _is_at_work(place: Path, match: re.Match[str]) -> bool:
    """Whether the process that wrote something aside may still be about it."""
    with suppress(OSError):
        if time.time() - place.lstat().st_mtime > LONGEST_LIFE:
            return False
    # Of what another computer writes, or an older version, it is not known here who does.
    return match["host"] != _HOST or _lives(int(match["process"]))


def _lives(process: int) -> bool:
    if os.name == "nt":
        return True  # there is no way to ask without doing it harm
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # another user's
    return True
