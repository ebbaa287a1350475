"""The manifest of a run folder: what makes it one. To look for it costs nothing; to read the run behind it does."""

import json
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
MOST_BYTES = 1_000_000


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a folder; None where there is none that can be read, so it is no run folder."""
    file = folder / MANIFEST
    try:
        if not file.is_file() or file.stat().st_size > MOST_BYTES:  # a pipe has no end
            return None
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return manifest if isinstance(manifest, dict) else None
