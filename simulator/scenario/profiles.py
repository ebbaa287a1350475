"""Hardware profiles by name: a node, and the GPU in it."""

from pathlib import Path

from simulator import resources
from simulator.hardware import Gpu, Node
from simulator.scenario.errors import ScenarioErrors, error_at
from simulator.scenario.merge import check_head
from simulator.scenario.settle import settled, sources_of
from simulator.scenario.source import Item, read_file
from simulator.scenario.validate import validated
from simulator.section import did_you_mean

_SHAPE = "a profile is a mapping of keys such as schema, kind and name"


def profile_names() -> list[str]:
    """Return the names of the profiles that ship with the package."""
    return sorted(path.stem for path in resources.hardware_profiles().glob("*.yaml"))


def load_node(item: Item, folder: Path) -> tuple[Node, Gpu]:
    """Return the node that a scenario names, and its GPU; a name ending in .yaml is a path. Raises ScenarioErrors."""
    tree = _tree(item, folder, "cluster.node", "node")
    node = validated(Node, tree, skip=("schema",))
    gpu_item = tree.child("gpu")
    assert gpu_item is not None  # a node without it is not valid
    gpu_tree = _tree(gpu_item, Path(tree.spot.file).parent, "gpu", "gpu")
    gpu = validated(Gpu, gpu_tree, skip=("schema",))
    return settled(node, (), sources_of(tree)), settled(gpu, (), sources_of(gpu_tree))


def _tree(item: Item, folder: Path, path: str, kind: str) -> Item:
    name = str(item.value)
    file = folder / name if name.endswith(".yaml") else resources.hardware_profiles() / f"{name}.yaml"
    if not name.endswith(".yaml") and name not in profile_names():
        remedy = did_you_mean(name, profile_names()) or f"; there are {', '.join(profile_names())}"
        raise ScenarioErrors([error_at(item.spot, path, f"there is no hardware profile '{name}'{remedy}", name)])
    tree = read_file(file, str(file))
    check_head(tree, _SHAPE)
    found = tree.child("kind")
    if found is not None and found.value in ("gpu", "node") and found.value != kind:
        text = f"'{name}' is the profile of a {found.value}, but a {kind} is needed"
        raise ScenarioErrors([error_at(item.spot, path, text, name)])
    return tree
