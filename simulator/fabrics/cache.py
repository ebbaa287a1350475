"""Fabrics that were built before, in the user's cache folder: arrays and JSON, found again by their content.

A file is named by the digest of its layout, of the version of the package and of the code in this folder. It is written
aside and renamed, so that two processes never see half of one; what cannot be read is built anew.
"""

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator import __version__
from simulator.fabrics.build import build
from simulator.fabrics.layout import FabricLayout
from simulator.fabrics.topology import Elements, Links, Switches, Topology
from simulator.resources import cache_folder

FOLDER = "fabrics"
_PARTS = {"switches": Switches, "links": Links, "elements": Elements}
_HEAD = "head"


def fabric_of(layout: FabricLayout, folder: Path | None = None) -> Topology:
    """Return the fabric of a layout, from the cache where it is there; else it is built, and kept for the next time.

    A cache that cannot be written or read is no reason to fail: it takes longer.
    """
    folder = cache_folder(FOLDER) if folder is None else folder
    if folder is None:
        return build(layout)
    file = folder / f"{digest(layout)}.npz"
    found = read(file, layout)
    if found is None:
        found = build(layout)
        with suppress(OSError):
            write(file, found)
    return found


def digest(layout: FabricLayout) -> str:
    """Return what names the file of a layout: another version or other code, another name."""
    content = json.dumps([__version__, _code(), layout.as_dict()], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def write(file: Path, topology: Topology) -> None:
    """Write a fabric aside and rename it, which replaces what another process wrote meanwhile. Raises OSError."""
    head: dict[str, list[dict[str, Any]]] = {}
    arrays: dict[str, NDArray[Any]] = {}
    for part in _PARTS:
        head[part] = []
        for number, each in enumerate(getattr(topology, part)):
            fields = each._asdict()
            held = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
            arrays |= {f"{part}.{number}.{name}": value for name, value in held.items()}
            head[part].append({name: value for name, value in fields.items() if name not in held})
    head_bytes = json.dumps({"layout": topology.layout.as_dict(), **head}).encode()
    arrays[_HEAD] = np.frombuffer(head_bytes, dtype=np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.stem}.", suffix=".part")
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, **arrays)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def read(file: Path, layout: FabricLayout) -> Topology | None:
    """Return the fabric in a file; None if there is none, if it cannot be read, or if it is of another layout."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        head = json.loads(arrays.pop(_HEAD).tobytes())
        if head["layout"] != json.loads(json.dumps(layout.as_dict())):
            return None
        return Topology(layout, *(_part(part, head[part], arrays) for part in _PARTS))
    except Exception:  # whatever a damaged file makes NumPy, zipfile or JSON raise: it is built anew
        return None


def _part(part: str, heads: list[dict[str, Any]], arrays: dict[str, NDArray[Any]]) -> tuple[Any, ...]:
    return tuple(
        _PARTS[part](
            **fields,
            **{name.split(".")[2]: array for name, array in arrays.items() if name.startswith(f"{part}.{number}.")},
        )
        for number, fields in enumerate(heads)
    )


@cache
def _code() -> str:
    """Return a digest of the code that builds fabrics."""
    state = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        state.update(source.read_bytes())
    return state.hexdigest()[:16]
