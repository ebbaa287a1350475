"""What a result rests on: the version, and a digest of all code that has a say in it."""

import hashlib
import inspect
from functools import cache
from pathlib import Path

from simulator import __version__

_PACKAGE = Path(__file__).resolve().parent.parent
_NO_SAY = ("cli", "app", "api", "report", "planning", "_data")  # they show results


@cache
def model() -> str:
    """Return the version of the model that results are of, such as "0.1.0+3f2a9c01": other code, other results."""
    state = hashlib.sha256()
    for source in sorted(_PACKAGE.rglob("*.py")):
        place = source.relative_to(_PACKAGE)
        if place.parts[0] not in _NO_SAY:
            state.update(place.as_posix().encode() + b"\0" + source.read_bytes())
    return f"{__version__}+{state.hexdigest()[:8]}"


def policy_name(policy: type | None) -> str:
    """Return a name for a user's policy, such as "Cautious+3f2a9c01": another file, another name; "" for none."""
    if policy is None:
        return ""
    source = inspect.getsourcefile(policy)
    content = b"" if source is None else Path(source).read_bytes()
    return f"{policy.__name__}+{hashlib.sha256(content).hexdigest()[:8]}"
