"""Files of cases that a program wrote: JSON, which is read a hundred times faster than YAML.

Ten thousand cases take a minute as YAML. JSON is YAML too, so nothing but the time differs; places in the file are
those of cases, not of their keys.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator.scenario.errors import Spot
from simulator.scenario.yaml_tree import Item

_BLANK = re.compile(r"\s*")
_ROW = re.compile(r"- +(?=\{)")
_HEAD = re.compile(r'(?:\s|#.*\n)*(?:cases:|\{\s*"cases"\s*:\s*\[|\[)\s*', re.MULTILINE)


class _NotPlain(ValueError):  # noqa: N818 - it is no error, but what YAML is for
    """It is not JSON of the plain sort, and the reader of YAML has the words for what it is."""


def read_json_cases(path: Path, most_bytes: int) -> Item | None:
    """Return the tree of a file whose cases are JSON objects; None where it is anything else, however near.

    Three forms: a list, an object with nothing but `cases`, and YAML whose rows are objects of one line each.
    """
    try:
        if not path.is_file() or path.stat().st_size > most_bytes:
            return None
        text = path.read_bytes().decode("utf-8-sig")
        return _tree(text, str(path))
    except (OSError, ValueError, RecursionError):
        return None


def _tree(text: str, name: str) -> Item:
    head = _HEAD.match(text)
    if head is None:
        raise _NotPlain
    opened = text[: head.end()].rstrip()
    end = {"[": r"\]\s*\Z", ":": r"(?:\s|#.*\n)*\Z"}[opened[-1]]
    if opened.endswith("[") and opened[:-1].rstrip().endswith(":"):
        end = r"\]\s*\}\s*\Z"
    rows = list(_rows(text, head.end(), name, opened[-1] == "[", re.compile(end)))
    spot = Spot(name)
    return Item({"cases": Item(rows, spot, name)}, spot, name)


def _rows(text: str, start: int, name: str, listed: bool, end: re.Pattern[str]) -> Iterator[Item]:
    decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse)
    place, line, begins = start, text.count("\n", 0, start) + 1, text.rfind("\n", 0, start) + 1
    while end.match(text, place) is None:
        if not listed:
            dash = _ROW.match(text, place)
            if dash is None:
                raise _NotPlain
            place = dash.end()
        value, behind = decoder.raw_decode(text, place)
        if not isinstance(value, dict):
            raise _NotPlain
        yield _item(value, Spot(name, line, place - begins + 1))
        blank = _BLANK.match(text, behind)
        assert blank is not None  # it matches nothing at least
        following = blank.end()
        if listed and text.startswith(",", following):
            blank = _BLANK.match(text, following + 1)
            assert blank is not None
            following = blank.end()
        elif end.match(text, following) is None and (listed or "\n" not in text[behind:following]):
            raise _NotPlain
        line += text.count("\n", place, following)
        begins = max(begins, text.rfind("\n", place, following) + 1)
        place = following


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NotPlain  # a key that stands there twice, which YAML's reader tells
    return found


def _refuse(word: str) -> float:
    raise _NotPlain(word)


def _item(value: Any, spot: Spot) -> Item:
    if isinstance(value, dict):
        return Item({key: _item(below, spot) for key, below in value.items()}, spot, spot.file)
    if isinstance(value, list):
        return Item([_item(below, spot) for below in value], spot, spot.file)
    # Numbers are text here as in a tree of YAML: who reads it quotes what stands in the file.
    return Item(value if isinstance(value, str | bool) or value is None else str(value), spot, spot.file)
