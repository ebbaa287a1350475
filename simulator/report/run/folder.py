"""Run folders: written aside and then renamed, found again by what they are made from, read, and merged."""

import errno
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.ensemble import WHOLE, Engine, Ensemble, Precision, Shard, ShardError, merge
from simulator.ensemble.ensemble import settled
from simulator.ensemble.provenance import model, policy_name
from simulator.ensemble.table import missing
from simulator.report.run import leftovers
from simulator.report.run.contents import REPLICATIONS, RESOLVED, as_json, contents, from_parquet
from simulator.report.run.integrity import OutputError, damage, digest_of, is_run_folder, part
from simulator.report.run.manifest import MANIFEST, read_manifest
from simulator.scenario import Scenario, reload_scenario

if TYPE_CHECKING:
    from simulator.engines.reference import Policy

MANIFEST_SCHEMA = 1
DIGITS = 8  # of the digest, in a folder's name
LONGEST_NAME = 60
MOST_NAMED = 8  # columns, in a message


class OldRunError(ValueError):
    """Run folders without what is needed of them, damaged or of an older version; the text is for the user."""


def write(ensemble: Ensemble, root: Path | str = "runs", policy: "type[Policy] | None" = None) -> Path:
    """Write the run folder of an ensemble under `root`, and return it. Raises OutputError: then nothing has changed.

    A folder of the same run is replaced at the end, at once.
    """
    target = _place_of(ensemble, root).folder
    aside = leftovers.beside(target)
    made = [folder for folder in (target.parent, *target.parent.parents) if not folder.exists()]
    try:
        _refuse_others(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.mkdir()
        files = {}
        for name, content in contents(ensemble, policy):
            _put(aside / name, content)
            files[name] = digest_of(content)
        _put(aside / MANIFEST, as_json(_manifest(ensemble) | {"files": files}))
        _replace(target, aside)
    except OutputError:
        raise
    except OSError as error:
        text = f"cannot be written: {error.strerror or error}; nothing was changed"
        raise OutputError(text, target, error.errno or errno.EIO) from error
    finally:
        _clear(aside, made)
    return target


class Place(NamedTuple):
    """Where a run has its folder, and the digest of all that decides about its results."""

    folder: Path
    digest: str


def place(
    scenario: Scenario,
    root: Path | str = "runs",
    *,
    seed: int | None = None,
    replications: int | None = None,
    shard: Shard = WHOLE,
    engine: Engine = "kernel",
    policy: "type[Policy] | None" = None,
) -> Place:
    """Return where the run of the same arguments as `run_ensemble` has its folder, be it there or not."""
    scenario = settled(scenario, seed, replications)
    engine = engine if policy is None else "reference"
    digest = _digest((scenario.resolved_yaml(), str(shard), engine, policy_name(policy), model()))
    return Place(Path(root) / _name(scenario.name, shard, digest), digest)


def find(scenario: Scenario, root: Path | str = "runs", **arguments: Any) -> Path | None:
    """Return the folder that holds the finished run of the same arguments as `run_ensemble`, whole, or None."""
    wanted = place(scenario, root, **arguments)
    manifest = read_manifest(wanted.folder)
    if manifest is None or manifest.get("hash") != wanted.digest or manifest.get("interrupted") is not False:
        return None
    return None if damage(wanted.folder) else wanted.folder


def clear(wanted: Place) -> str:
    """Make room for a run before it is run, and return in words what was done for that; empty where nothing was.

    What was left by writers that were killed is removed, or put back. A run folder that is damaged is kept under
    another name. Raises OutputError for what is no run folder, or cannot be moved.
    """
    leftovers.sweep(wanted.folder.parent)
    target = wanted.folder
    if not os.path.lexists(target):
        return ""
    why = damage(target)
    if not why and (manifest := read_manifest(target)) is not None and manifest.get("hash") != wanted.digest:
        why = f"{MANIFEST} is that of another run"
    if not why:
        return ""
    if not is_run_folder(target):
        text = "is in the way, and is no run folder, so nothing was run; move it, or name another place"
        raise OutputError(text, target, errno.EEXIST)
    try:
        kept = leftovers.set_aside(target, f"{target.name}.damaged")
    except OSError as error:
        text = f"is damaged ({why}), and cannot be moved: {error.strerror or error}; move it, or name another place"
        raise OutputError(text, target, error.errno or errno.EIO) from error
    return f"{target} is damaged: {why}; it is kept as {kept}, and the run is done again"


def load(folder: Path | str) -> Ensemble:
    """Return the ensemble of a run folder. Raises OutputError, and ScenarioErrors if its scenario was changed."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest is None:
        raise OutputError(f"is no run folder: it has no {MANIFEST} that can be read", folder, errno.ENOENT)
    table = part(folder, REPLICATIONS, from_parquet)
    resolved = part(folder, RESOLVED, bytes.decode)
    try:
        stop = manifest["precision"]
        return Ensemble(
            scenario=reload_scenario(folder / RESOLVED, frozenset(manifest.get("silent", ()))),
            table=table,
            planned=manifest["planned"],
            shard=Shard.parse(manifest["shard"]),
            engine=manifest["engine"],
            policy=manifest["policy"],
            model=manifest["model"],
            interrupted=manifest["interrupted"],
            precision=None if stop is None else _precision(stop),
            threads=manifest["threads"],
            wall_seconds=manifest["wall_seconds"],
            written=resolved,
        )
    except (OSError, LookupError, AttributeError, TypeError, ValueError) as error:
        if isinstance(error, ValueError) and hasattr(error, "errors"):
            raise  # the scenario's
        text = f"cannot be read: {type(error).__name__}: {getattr(error, 'strerror', None) or error}"
        raise OutputError(text, folder / MANIFEST, getattr(error, "errno", None) or errno.EIO) from error


def merge_folders(
    folders: Sequence[Path | str], root: Path | str = "runs", tell: Callable[[str], None] | None = None
) -> Path:
    """Write the run folder of one run of all the shards in folders, and return it; `tell` hears what stood in its way.

    Raises OutputError, ShardError, and OldRunError for shards that are damaged, or lack what this version counts.
    """
    if damaged := [f"{one}: {why}" for one in folders if (why := damage(Path(one)))]:
        raise OldRunError(f"{'; '.join(damaged)}; what is damaged cannot be merged: run that shard again")
    named = [(str(folder), load(folder)) for folder in folders]
    if old := list(_outdated(named)):
        raise OldRunError("; ".join(old))
    try:
        merged = merge([ensemble for _, ensemble in named])
    except ShardError as error:
        raise ShardError("; ".join([str(error), *_misfits(named)])) from None
    target = _place_of(merged, root)
    if target.folder not in {Path(one) for one in folders} and (said := clear(target)) and tell is not None:
        tell(said)
    return write(merged, root)


def _outdated(named: list[tuple[str, Ensemble]]) -> Iterator[str]:
    """Yield which folders lack columns, and how to have them."""
    for name, ensemble in named:
        if lacking := missing(ensemble.scenario, ensemble.table):
            rest = f" and {len(lacking) - MOST_NAMED} more" if len(lacking) > MOST_NAMED else ""
            columns = f"lacks the columns {', '.join(lacking[:MOST_NAMED])}{rest}"
            how = f"derisk run {Path(name) / RESOLVED}" + (f" --shard {ensemble.shard}" * (ensemble.shard != WHOLE))
            yield f"{name} was written by version {ensemble.model}, and {columns} of {model()}; run it again: {how}"


def _misfits(named: list[tuple[str, Ensemble]]) -> Iterator[str]:
    """Yield which folders do not fit, and why."""
    seen: dict[Shard, str] = {}
    for name, ensemble in named:
        first_name, first = named[0]
        differing = [word for word, mine, its in _differences(ensemble, first) if mine != its]
        begin, end = ensemble.shard.block(ensemble.planned)
        if differing:
            yield f"{name} differs from {first_name} in {' and '.join(differing)}"
        elif ensemble.shard in seen:
            yield f"{name} is shard {ensemble.shard}, as {seen[ensemble.shard]} is"
        elif ensemble.shard.of != first.shard.of:
            yield f"{name} is shard {ensemble.shard}, but {first_name} is shard {first.shard}"
        elif ensemble.replications < end - begin:
            yield f"{name} was interrupted"
        seen.setdefault(ensemble.shard, name)


def _differences(one: Ensemble, other: Ensemble) -> Iterator[tuple[str, Any, Any]]:
    """Yield what has to be the same in all shards of a run, the coarse before the fine."""
    for word, name in (("engine", "engine"), ("policy", "policy"), ("version", "model")):
        yield word, getattr(one, name), getattr(other, name)
    coarse = {
        "scenario": (one.scenario.name, other.scenario.name),
        "seed": (one.seed, other.seed),
        "number of replications": (one.planned, other.planned),
    }
    for word, (mine, its) in coarse.items():
        yield word, mine, its
    if all(mine == its for mine, its in coarse.values()):
        yield "inputs", one.resolved, other.resolved


def _place_of(ensemble: Ensemble, root: Path | str) -> Place:
    digest = _digest(_origin_of(ensemble))
    return Place(Path(root) / _name(ensemble.scenario.name, ensemble.shard, digest), digest)


def _origin_of(ensemble: Ensemble) -> tuple[str, ...]:
    return ensemble.resolved, str(ensemble.shard), ensemble.engine, ensemble.policy, ensemble.model


def _digest(origin: tuple[str, ...]) -> str:
    """Return the digest of all that decides about a run's results."""
    return hashlib.sha256(json.dumps(origin).encode()).hexdigest()


def _name(scenario: str, shard: Shard, digest: str) -> str:
    part = "" if shard == WHOLE else f"-shard-{shard.index}-of-{shard.of}"
    return f"{slug(scenario) or 'run'}{part}-{digest[:DIGITS]}"


def slug(name: str) -> str:
    """Return a name in small letters, digits and dashes; empty where it has none of them."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_NAME].rstrip("-")


def _manifest(ensemble: Ensemble) -> dict[str, Any]:
    """Return how the results came about: all that may differ between two runs with the same results."""
    stop = ensemble.precision
    return {
        "schema": MANIFEST_SCHEMA,
        "hash": _digest(_origin_of(ensemble)),
        "model": ensemble.model,
        "scenario": ensemble.scenario.name,
        "seed": ensemble.seed,
        "planned": ensemble.planned,
        "replications": ensemble.replications,
        "shard": str(ensemble.shard),
        "engine": ensemble.engine,
        "policy": ensemble.policy,
        "interrupted": ensemble.interrupted,
        # What the scenario's file does not say, which the one in this folder does.
        "silent": ensemble.scenario.silent(),
        # An infinite half-width is no JSON.
        "precision": None if stop is None else {**stop._asdict(), "found": str(stop.found), "reached": stop.reached},
        "threads": ensemble.threads,
        "wall_seconds": round(ensemble.wall_seconds, 3),
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
    }


def _precision(stop: dict[str, Any]) -> Precision:
    return Precision(stop["quantity"], stop["quantile"], stop["asked"], float(stop["found"]))


def _refuse_others(target: Path) -> None:
    """Raise OutputError if what stands at the target is not a run folder, which nobody may replace."""
    if (target.exists() or target.is_symlink()) and read_manifest(target) is None:
        raise OutputError("is in the way, and is no run folder; move it, or name another place", target, errno.EEXIST)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def _replace(target: Path, aside: Path) -> None:
    """Put the new folder in the place of the old one; if that fails, the old one is back."""
    if not target.exists():
        aside.rename(target)
        return
    old = leftovers.beside(target, "old")
    target.rename(old)
    try:
        aside.rename(target)
    except BaseException:
        old.rename(target)
        raise
    leftovers.discard(old, target.name)


def _clear(aside: Path, made: list[Path]) -> None:
    """Remove a folder that was not renamed, and the empty ones that were made for it."""
    leftovers.remove(aside)
    for folder in made:
        try:
            folder.rmdir()
        except OSError:
            return
