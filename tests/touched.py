"""A plugin of pytest that writes down which lines of some sources the tests touch: see `tests.plant`."""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

TRACE, TRACE_TO = "PLANT_TRACE", "PLANT_TRACE_TO"  # environment variables: the sources, and the file to write
_touched: dict[str, set[int]] = {name: set() for name in os.environ.get(TRACE, "").split(os.pathsep)}


def pytest_configure() -> None:
    """Begin before tests are imported, for some lines are run by an import alone."""
    threading.settrace(_entered)
    sys.settrace(_entered)


def _entered(frame: Any, event: str, arg: Any) -> Any:
    lines = _touched.get(frame.f_code.co_filename)
    if lines is None:
        return None

    def stepped(frame: Any, event: str, arg: Any) -> Any:
        lines.add(frame.f_lineno)
        return stepped

    return stepped(frame, event, arg)


def pytest_unconfigure() -> None:
    """Write the lines, by source."""
    lines = {name: sorted(numbers) for name, numbers in _touched.items()}
    Path(os.environ[TRACE_TO]).write_text(json.dumps(lines), encoding="utf-8")
