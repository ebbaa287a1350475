"""The scenario that a session works on: a preset or a text of the user's, and what was changed on top.

A text comes from somebody else's computer, so it may name what ships with the package and no file of this one.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from simulator import resources
from simulator.scenario import Scenario, ScenarioError, ScenarioErrors, load_scenario, parse_scenario
from simulator.scenario.errors import SET, Spot, error_at
from simulator.scenario.loader import overridden
from simulator.scenario.merge import layered, layered_text
from simulator.scenario.named import find_preset, hint_for, name_of
from simulator.scenario.presets import Preset
from simulator.scenario.presets import presets as shipped
from simulator.scenario.yaml_tree import Item, read_text

FIRST = "llama3_405b_16k"
MOST_BYTES = 1_000_000  # of an upload; the loader refuses larger files too
_PROSE = ("name", "question", "source")
_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+%-]*( [A-Za-z0-9_./+%-]+)*")


class DraftError(ValueError):
    """What somebody gave is no scenario that can be worked on; the text is for the user."""


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """Return the scenarios to begin with, machines and published runs first, of these the one that is open first."""
    offered = (preset for preset in shipped() if preset.shelf in resources.OFFERED)
    return tuple(sorted(offered, key=lambda preset: preset.name != FIRST))


def preset_file(name: str) -> Path:
    """Return the file of a preset. Raises DraftError for a name that none has."""
    found = find_preset(name)
    if found is None:
        raise DraftError(f"There is no preset '{name[:80]}'; {hint_for(name)}.")
    return found


@dataclass(frozen=True)
class Draft:
    """A scenario as it was asked for: its base, and changes as after `--set`."""

    preset: str = FIRST
    text: str | None = None  # of the user's own scenario, in place of the preset
    called: str = ""  # the file name of that text
    overrides: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_preset(cls, name: str, overrides: Mapping[str, str] | None = None) -> "Draft":
        """Return the draft of a preset. Raises DraftError for one that does not exist."""
        return cls(preset=name_of(preset_file(name)), overrides=tuple((overrides or {}).items()))

    @classmethod
    def of_text(cls, text: str, called: str, overrides: Mapping[str, str] | None = None) -> "Draft":
        """Return the draft of a text. Raises DraftError for one that is too large, or empty."""
        if len(text.encode("utf-8", "replace")) > MOST_BYTES:
            raise DraftError(f"The file is larger than {MOST_BYTES / 1e6:.0f} MB; a scenario has a few kilobytes.")
        if not text.strip():
            raise DraftError("The file is empty; a scenario begins with 'schema: 1'.")
        safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", PurePath(called.replace("\\", "/")).name).lstrip("-.") or "scenario"
        safe = safe if safe.endswith((".yaml", ".yml")) else f"{safe}.yaml"
        return cls(text=text, called=safe, overrides=tuple((overrides or {}).items()))

    @classmethod
    def of_bytes(cls, content: bytes, called: str) -> "Draft":
        """Return the draft of an uploaded file. Raises DraftError for one that is no text of a sensible size."""
        if len(content) > MOST_BYTES:
            raise DraftError(f"{called} is larger than {MOST_BYTES / 1e6:.0f} MB; a scenario has a few kilobytes.")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise DraftError(f"{called} is not UTF-8 text; a scenario is YAML, saved as UTF-8.") from None
        if "\0" in text:
            raise DraftError(f"{called} is a binary file; a scenario is YAML.")
        return cls.of_text(text, called)

    def changed(self, path: str, value: str | None) -> "Draft":
        """Return the draft with another value of a field; None takes the change back."""
        rest = dict(self.overrides)
        rest.pop(path, None)
        if value is not None:
            rest[path] = value
        return replace(self, overrides=tuple(rest.items()))

    def then(self, path: str, value: str) -> "Draft":
        """Return the draft with one more change after all others, as a further `--set`: x2 doubles what they gave."""
        return replace(self, overrides=(*self.overrides, (path, value)))

    def plain(self) -> "Draft":
        """Return the draft without its changes."""
        return replace(self, overrides=())

    @property
    def settings(self) -> list[str]:
        """The changes, each as after `--set`."""
        return [f"{path}={value}" for path, value in self.overrides]

    @property
    def title(self) -> str:
        """What its base is called."""
        return self.preset if self.text is None else self.called

    def command(self, verb: str = "run", *more: str) -> str:
        """Return the `derisk` command that does the same."""
        words = [item for setting in self.settings for item in ("--set", setting)]
        return shlex.join(["derisk", verb, self.title, *more, *words])

    def yaml(self) -> str:
        """Return a scenario file that says the same, with comments where nothing was changed. Raises ScenarioErrors."""
        if self.text is None:
            return _extending(self)
        if not self.overrides:
            return self.text
        refuse_files(self)
        folder = resources.scenarios()
        tree = layered_text(self.text, folder, self.called)
        return as_yaml(overridden(tree, folder, self.called, self.settings).data())


class Loaded(NamedTuple):
    """A draft that was read: a scenario, or why it is none."""

    scenario: Scenario | None
    errors: tuple[ScenarioError, ...] = ()

    def at(self, path: str) -> list[str]:
        """Return what is wrong with a field, in words."""
        return [told(error) for error in self.errors if error.path == path or error.path.startswith(f"{path}.")]


def told(error: ScenarioError) -> str:
    """Return an error as a sentence, without the place in a file."""
    return error.message + (f"; {error.remedy}" if error.remedy else "")


@lru_cache(maxsize=64)
def load(draft: Draft) -> Loaded:
    """Return the scenario of a draft, or all that is wrong with it."""
    try:
        refuse_files(draft)
        if draft.text is not None:
            return Loaded(parse_scenario(draft.text, draft.settings, draft.called, resources.scenarios()))
        return Loaded(load_scenario(preset_file(draft.preset), draft.settings))
    except ScenarioErrors as failed:
        return Loaded(None, tuple(failed.errors))
    except DraftError as failed_draft:
        return Loaded(None, (error_at(Spot(draft.title), "", str(failed_draft)),))


def refuse_files(draft: Draft) -> None:
    """Raise ScenarioErrors where a draft names a file of this computer: only what ships has a name for strangers."""
    errors: list[ScenarioError] = []
    if draft.text is not None:
        errors += _files_in(read_text(draft.text, draft.called), ())
    for path, value in draft.overrides:
        keys = tuple(path.split("."))
        try:
            item = read_text(value, SET) if value.strip() else Item(None, Spot(SET))
        except ScenarioErrors:
            item = Item(value, Spot(SET))  # the loader says what is wrong with it
        errors += [replace(error, spot=Spot(SET)) for error in _files_in(item, keys)]
    if errors:
        raise ScenarioErrors(errors)


def _files_in(item: Item, path: tuple[str, ...]) -> Iterator[ScenarioError]:
    if isinstance(item.value, dict):
        for key, below in item.value.items():
            yield from _files_in(below, (*path, key))
    elif isinstance(item.value, list):
        for position, below in enumerate(item.value):
            yield from _files_in(below, (*path, str(position)))
    elif isinstance(item.value, str) and path:
        word = item.value.strip()
        if path[-1] == "extends" and find_preset(word) is None:
            known = ", ".join(preset.name for preset in presets())
            yield error_at(item.spot, ".".join(path), f"here it may only name a preset; there are {known}", word)
        elif path[-1] not in (*_PROSE, "extends") and word.lower().endswith((".yaml", ".yml")):
            text = "names a file, and here profiles are those that ship; write a name, as derisk profiles list shows"
            yield error_at(item.spot, ".".join(path), text, word)


def _extending(draft: Draft) -> str:
    """Return a file that extends a preset by the changes; the scenario is the same to the last digit."""
    file = preset_file(draft.preset)
    if not draft.overrides:
        return file.read_text(encoding="utf-8")
    base = layered(file, str(file))
    merged = overridden(base, file.parent, str(file), draft.settings)
    extends = file.relative_to(resources.scenarios()).as_posix()
    written: dict[str, Any] = {"schema": "1", "extends": extends}
    for path, value in draft.overrides:
        keys = path.split(".")
        for depth in range(1, len(keys)):
            above = base.find(keys[:depth])
            if above is not None and isinstance(above.value, list):
                keys = keys[:depth]  # a list replaces a list, so all of it has to be said
                break
        found = merged.find(keys)
        _put(written, keys, (value.strip() or None) if found is None else found.data())
    return as_yaml(written)


def _put(tree: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        below = tree.setdefault(key, {})
        if not isinstance(below, dict):
            return  # a change above says all of it
        tree = below
    tree[keys[-1]] = value


def as_yaml(tree: Mapping[str, Any], indent: int = 0) -> str:
    """Return a plain tree as YAML text: what fits into a line stands in one."""
    lines = []
    for key, value in tree.items():
        flow = _flow(value)
        if isinstance(value, dict) and value and (indent == 0 or len(flow) > 100):
            lines.append(f"{' ' * indent}{_word(key)}:\n{as_yaml(value, indent + 2)}".rstrip("\n"))
        else:
            lines.append(f"{' ' * indent}{_word(key)}: {flow}")
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_word(key)}: {_flow(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(below) for below in value) + "]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else _word(str(value))


def _word(text: str) -> str:
    constant = text.lower() in ("null", "true", "false", "~", "")
    return text if _PLAIN.fullmatch(text) and not constant else json.dumps(text, ensure_ascii=False)
