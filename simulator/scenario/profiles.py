"""Hardware profiles by name: GPUs, also by the names under which published runs know them, nodes, fabrics, storage."""

import os.path
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

from simulator import resources
from simulator.scenario.errors import ScenarioErrors, Spot, error_at
from simulator.scenario.merge import check_head
from simulator.scenario.number_paths import settled, sources_of
from simulator.scenario.validate import error_for, validated
from simulator.scenario.yaml_tree import Item, read_file
from simulator.words.hardware import KINDS, Fabric, Gpu, Node, Storage
from simulator.words.section import Section, did_you_mean

S = TypeVar("S", bound=Section)

_SHAPE = "a profile is a mapping of keys such as schema, kind and name"
_HERE = Path()


def profile_names() -> list[str]:
    """Return the names of the profiles that ship with the package."""
    return sorted(path.stem for path in resources.hardware_profiles().glob("*.yaml"))


def storage_names() -> list[str]:
    """Return the names of the storages that ship with the package."""
    return _names_of("storage")


def gpu_names() -> list[str]:
    """Return the names of the GPUs that ship with the package."""
    return _names_of("gpu")


@cache
def gpu_aliases() -> Mapping[str, str]:
    """Return the profile behind every name of a GPU, in lower case: "a100-80g" and "a100_sxm" are a100_sxm."""
    names = gpu_names()
    known = {name: name for name in names}
    for name in names:
        aliases = _shipped_tree(_shipped_file(name)).child("aliases")
        if aliases is not None and isinstance(aliases.value, list):
            known |= {str(alias.value).lower(): name for alias in aliases.value}
    return known


def load_gpu(name: str | Item, folder: Path = _HERE, path: str = "gpu") -> Gpu:
    """Return a GPU by the name of its profile or one of its aliases; a name ending in .yaml is a path from `folder`.

    An `Item` is a name in a file, whose errors say where it stands, at `path`. Every number has its source and path.
    Raises ScenarioErrors.
    """
    return section_of(Gpu, _tree(name, folder, path, "gpu"))


def load_fabric(name: str | Item, folder: Path = _HERE, path: str = "fabric") -> Fabric:
    """Return a fabric by name, as `load_gpu`. Raises ScenarioErrors."""
    return section_of(Fabric, _tree(name, folder, path, "fabric"))


def outer_fabric_fault(fabric: Fabric) -> str | None:
    """Return what is wrong with a fabric that is to connect domains: some only connect the GPUs within one."""
    if fabric.topology not in ("nvlink_domain", "full_mesh"):
        return None
    return f"{fabric.name} connects GPUs within a domain; name the network between domains, such as infiniband_ndr"


def outer_fabric(tree: Item, folder: Path) -> Fabric | None:
    """Return the fabric that the tree of a scenario names; None where it names none. Raises ScenarioErrors."""
    named = tree.find(("cluster", "fabric"))
    if named is None:
        return None
    fabric = load_fabric(named, folder, "cluster.fabric")
    fault = outer_fabric_fault(fabric)
    if fault is not None:
        raise ScenarioErrors([error_for(tree, (("cluster", "fabric"), fault))])
    return fabric


def load_storage(name: str | Item, folder: Path = _HERE, path: str = "storage") -> Storage:
    """Return a storage by name, as `load_gpu`. Raises ScenarioErrors."""
    return section_of(Storage, _tree(name, folder, path, "storage"))


def load_node(name: str | Item, folder: Path = _HERE, path: str = "cluster.node") -> tuple[Node, Gpu]:
    """Return the node that a scenario names, and its GPU, as `load_gpu`. Raises ScenarioErrors."""
    tree = _tree(name, folder, path, "node")
    node, gpu = section_of(Node, tree), tree.child("gpu")
    assert gpu is not None  # a node without it is not valid
    return node, load_gpu(gpu, Path(tree.spot.file).parent)


def find_profile(name: str) -> Path | None:
    """Return the file of a profile that ships with the package, by its name or a GPU's alias in any case, or None."""
    word = name.lower()
    found = word if word in profile_names() else gpu_aliases().get(word)
    return None if found is None else _shipped_file(found)


def missing_profile(name: str, kind: str = "") -> str:
    """Return what to say of a name that no profile has, or none of a kind: the nearest ones, or all there are."""
    names = _names_of(kind) if kind else profile_names()
    # What was mistyped may be nearest to another name of a GPU.
    known = {*names, *(alias for alias, target in gpu_aliases().items() if target in names)}
    hint = did_you_mean(name.lower(), sorted(known)) or f"; there are {', '.join(names)}"
    return f"there is no hardware profile '{name}'{hint}"


def read_profile_file(file: Path) -> Item:
    """Return the tree of a profile. Raises ScenarioErrors for what is none."""
    tree = read_file(file, str(file))
    check_head(tree, _SHAPE)
    kind = tree.child("kind")
    if kind is None:
        raise ScenarioErrors([error_for(tree, (("kind",), f"is missing; write kind: {' or '.join(KINDS)}"))])
    if kind.value not in KINDS:
        remedy = did_you_mean(str(kind.value), KINDS) or f"; there are {', '.join(KINDS)}"
        raise ScenarioErrors([error_for(tree, (("kind",), f"'{kind.value}' is no kind of profile{remedy}"))])
    return tree


def kind_of(tree: Item) -> str:
    """Return the kind of a profile that was read."""
    kind = tree.child("kind")
    return "" if kind is None else str(kind.value)


def section_of(model: type[S], tree: Item) -> S:
    """Return what the tree of a profile describes, with a source and path for every number. Raises ScenarioErrors."""
    return settled(validated(model, tree, skip=("schema",)), (), sources_of(tree))


def _tree(name: str | Item, folder: Path, path: str, kind: str) -> Item:
    """Return the tree of the profile of a kind that a name means. Raises ScenarioErrors."""
    item = name if isinstance(name, Item) else Item(name, Spot(name))
    word = str(item.value)
    file = folder / word if word.endswith(".yaml") else find_profile(word)
    if file is None:
        raise ScenarioErrors([error_at(item.spot, path, missing_profile(word, kind), word)])
    if isinstance(name, Item) and not os.path.exists(file):  # which takes any text, unlike file.exists()
        raise ScenarioErrors([error_at(item.spot, path, f"there is no file '{file}'", word)])
    # What ships does not change under us; a file of the user's may.
    shipped = file.parent == resources.hardware_profiles()
    tree = _shipped_tree(file) if shipped else read_profile_file(file)
    found = kind_of(tree)
    if found != kind:
        text = f"'{word}' is the profile of a {found}, but a {kind} is needed"
        if (found, kind) == ("gpu", "node") and (nodes := _nodes_with(file.stem)):
            text += "; write " + " or ".join(f'"{node}"' for node in nodes)
        raise ScenarioErrors([error_at(item.spot, path, text, word)])
    return tree


def _nodes_with(gpu: str) -> list[str]:
    """Return the nodes that ship with a GPU."""
    named = {name: _shipped_tree(_shipped_file(name)).child("gpu") for name in _names_of("node")}
    return [name for name, item in named.items() if item is not None and item.value == gpu]


@cache
def _shipped_tree(file: Path) -> Item:
    return read_profile_file(file)


def _names_of(kind: str) -> list[str]:
    return [name for name in profile_names() if kind_of(_shipped_tree(_shipped_file(name))) == kind]


def _shipped_file(name: str) -> Path:
    return resources.hardware_profiles() / f"{name}.yaml"
