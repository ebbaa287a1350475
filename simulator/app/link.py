"""Links: a scenario as query parameters of an address, so that who gets the link sees the same scenario.

Headline inputs have parameters of their own, which people can read and change; all other changes travel as one
compressed text, and so does a scenario that somebody wrote or uploaded.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping

from simulator.app.state import Draft, DraftError

# Parameter -> the field of the scenario that it sets.
HEADLINES = {
    "gpus": "cluster.gpus",
    "spares": "cluster.hot_spares",
    "mfu": "job.mfu",
    "interval": "checkpoint.interval",
    "start": "job.start",
    "deadline": "job.deadline",
    "replications": "run.replications",
    "seed": "run.seed",
}
PRESET, REST, TEXT = "preset", "more", "text"
MOST_LINK = 6_000  # characters of a parameter: what browsers, mail programs and proxies let through
MOST_DECODED = 200_000  # bytes: what a link can hold is far below, and what claims more is refused
MOST_OVERRIDES = 200


def encode(draft: Draft) -> dict[str, str]:
    """Return the query parameters that reopen a draft. Raises DraftError for one that no link can hold."""
    parameters: dict[str, str] = {}
    if draft.text is None:
        parameters[PRESET] = draft.preset
    else:
        parameters[TEXT] = _packed({"name": draft.called, "text": draft.text})
    rest = dict(draft.overrides)
    if not _overlap(list(rest)):
        for name, path in HEADLINES.items():
            if path in rest:
                parameters[name] = rest.pop(path)
    if rest:
        parameters[REST] = _packed(rest)
    if sum(len(value) for value in parameters.values()) > MOST_LINK:
        raise DraftError("This scenario is too long for a link: download it as YAML and send the file.")
    return parameters


def decode(parameters: Mapping[str, str]) -> Draft | None:
    """Return the draft of query parameters; None where they name none. Raises DraftError for no link of ours."""
    known = {name: value for name, value in parameters.items() if name in (PRESET, REST, TEXT, *HEADLINES)}
    if not known:
        return None
    overrides = {HEADLINES[name]: value for name, value in known.items() if name in HEADLINES and value}
    if REST in known:
        overrides |= _texts(_unpacked(known[REST]))
    if len(overrides) > MOST_OVERRIDES:
        raise DraftError(f"The link changes more than {MOST_OVERRIDES} values; it was not made here.")
    if TEXT in known:
        content = _texts(_unpacked(known[TEXT]))
        return Draft.of_text(content.get("text", ""), content.get("name", "scenario.yaml"), overrides)
    return Draft.of_preset(known.get(PRESET) or Draft().preset, overrides)


def _overlap(paths: list[str]) -> bool:
    """Whether one change is within another: then their order matters, and only the rest keeps it."""
    return any(other.startswith(f"{path}.") for path in paths for other in paths)


def _packed(content: Mapping[str, str]) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def _unpacked(text: str) -> object:
    """Return what was packed; a small text that grows without end is stopped at MOST_DECODED."""
    refusal = DraftError("The link is damaged or was cut off; ask for it again, or choose a preset.")
    if len(text) > 2 * MOST_LINK:
        raise refusal
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        opened = zlib.decompressobj()
        content = opened.decompress(packed, MOST_DECODED)
        if opened.unconsumed_tail or not opened.eof:
            raise refusal
        found: object = json.loads(content.decode())
    except (binascii.Error, zlib.error, UnicodeError, ValueError, RecursionError):
        raise refusal from None
    return found


def _texts(content: object) -> dict[str, str]:
    if not isinstance(content, dict):
        raise DraftError("The link holds no scenario; ask for it again, or choose a preset.")
    return {str(key): str(value) for key, value in content.items()}
