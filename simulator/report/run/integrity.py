"""Is a run folder whole? Its manifest has a digest of every other file, so that nothing goes unnoticed."""

import errno
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from simulator.report.run.contents import REPLICATIONS, RESOLVED, SUMMARY, from_parquet
from simulator.report.run.manifest import MANIFEST, read_manifest

Read = TypeVar("Read")
CHUNK = 2**20  # bytes
LOSSES, EVENTS = "losses_by_cause.csv", "events"
OF_A_RUN = {SUMMARY, REPLICATIONS, LOSSES, RESOLVED, MANIFEST, EVENTS}
REPORTS = {"report.html", "report.xlsx"}
FIELDS: dict[str, type | tuple[type, ...]] = {
    "hash": str, "model": str, "scenario": str, "seed": int, "planned": int, "replications": int, "shard": str,
    "engine": str, "policy": str, "interrupted": bool, "precision": (dict, type(None)), "threads": int,
    "wall_seconds": (int, float),
}  # fmt: skip


class OutputError(OSError):
    """A folder that cannot be written or read: what is the matter in `strerror`, where in `filename`."""

    def __init__(self, text: str, place: Path, number: int = errno.EIO) -> None:
        super().__init__(number, text, str(place))

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}"


def digest_of(content: bytes) -> str:
    """Return what a manifest says of a file's content."""
    return hashlib.sha256(content).hexdigest()


def damage(folder: Path) -> str:
    """Return which file of a run folder is damaged and how, in words; empty where all of them are as written."""
    if not folder.is_dir():
        return "it is no folder" if folder.exists() else "it cannot be read"
    if why := _file_trouble(folder / MANIFEST):
        return f"{MANIFEST} {why}"
    manifest = read_manifest(folder)
    if manifest is None:
        return f"{MANIFEST} is not what a run writes"
    if wrong := [name for name, kind in FIELDS.items() if not isinstance(manifest.get(name), kind)]:
        return f"{MANIFEST} does not say {', '.join(wrong)} as a run does"
    files = manifest.get("files")
    if files is None:
        return _damage_of_old(folder)
    if not isinstance(files, dict) or not {SUMMARY, REPLICATIONS, LOSSES, RESOLVED} <= files.keys():
        return f"{MANIFEST} does not say files as a run does"
    for name, digest in files.items():
        if why := _file_trouble(folder / name, digest):
            return f"{name} {why}"
    return ""


def part(folder: Path, name: str, read: Callable[[bytes], Read]) -> Read:
    """Return what a file of a folder holds. Raises OutputError, which names the file."""
    file = folder / name
    try:
        if file.exists() and not file.is_file():
            raise IsADirectoryError(errno.EISDIR, "it is no file")  # a pipe would have no end
        return read(file.read_bytes())
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        RecursionError,
    ) as error:  # pyarrow's own errors are among these
        text = f"cannot be read: {getattr(error, 'strerror', None) or ' '.join(str(error).split())}"
        raise OutputError(text, file, getattr(error, "errno", None) or errno.EIO) from error


def summary_of(folder: Path) -> dict[str, Any]:
    """Return the summary of a run folder. Raises OutputError."""
    return part(folder, SUMMARY, _mapping)


def is_run_folder(folder: Path) -> bool:
    """Whether a folder, damaged as it may be, is one that a run has written: some of its files are there."""
    try:
        return len({place.name for place in folder.iterdir()} & OF_A_RUN) >= 2
    except OSError:
        return False


def foreign(folder: Path) -> list[str]:
    """Return what stands in a run folder that no command has written there."""
    events = (place.name for place in (folder / EVENTS).glob("*") if place.suffix not in (".parquet", ".txt"))
    return sorted([*({place.name for place in folder.iterdir()} - OF_A_RUN - REPORTS), *events])


def _mapping(content: bytes) -> dict[str, Any]:
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return found


def _file_trouble(file: Path, digest: str | None = None) -> str:
    """Return what is wrong with a file, by its digest where that is known."""
    if not file.is_file():
        return "is a folder" if file.is_dir() else "cannot be read" if file.is_symlink() else "is missing"
    state = hashlib.sha256()
    try:
        with file.open("rb") as content:
            if file.stat().st_size == 0:
                return "is empty"
            while digest is not None and (chunk := content.read(CHUNK)):
                state.update(chunk)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return "was changed or cut short since it was written" if digest not in (None, state.hexdigest()) else ""


def _damage_of_old(folder: Path) -> str:
    """Return what is wrong with a folder of an earlier version, which had no digests: what cannot be read at all."""
    try:
        summary_of(folder)
        part(folder, REPLICATIONS, from_parquet)
        part(folder, RESOLVED, bytes.decode)
    except OutputError as error:
        return f"{Path(str(error.filename)).name} {error.strerror}"
    return next((f"{name} is missing" for name in (LOSSES, EVENTS) if not (folder / name).exists()), "")
