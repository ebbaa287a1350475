"""Fabric: what the network consists of, and what each failure in it cuts off or slows."""

from collections.abc import Iterable, Sequence

import pandas as pd
import streamlit as st

from simulator.app import markup, session, widgets
from simulator.fabrics import Topology
from simulator.scenario import ScenarioErrors
from simulator.words import units

USUAL = "infiniband_ndr"
NODES = 2_048
MOST_NODES = 150_000


def page() -> None:
    """Draw the page."""
    widgets.title("Fabric", "What joins the nodes, and the blast radius of everything in it that can break.")
    widgets.problems()
    profile, node, nodes, own = _choice()
    try:
        with st.spinner("Building it"):
            fabric = _own() if own else None
            found, name = (fabric, profile) if fabric is not None else (_built(profile, node, nodes), profile)
    except (ScenarioErrors, ValueError) as error:
        st.error(f"It cannot be built so: {widgets.plain(str(error))}", icon=":material/error:")
        return
    _show(found, name)
    words = ["derisk", "fabric", profile, "--nodes", str(found.layout.nodes), *(["--node", node] if node else [])]
    widgets.command(" ".join(words))


def _choice() -> tuple[str, str, int, bool]:
    from simulator.report.machine.fabric_sheet import usual_node

    scenario = session.loaded().scenario
    cluster = None if scenario is None else scenario.document.cluster
    own = cluster is not None and cluster.fabric is not None and not cluster.fabric.endswith(".yaml")
    names = _fabrics()
    start = cluster.fabric if own and cluster is not None and cluster.fabric in names else USUAL
    left, middle, right = st.columns([2, 2, 1])
    profile = left.selectbox("Fabric", names, index=names.index(str(start)), key=f"fabric-{start}")
    usual = usual_node(profile)
    mine = str(cluster.node) if cluster is not None and cluster.node in _nodes() and profile == start and own else usual
    node = middle.selectbox("Node", _nodes(), index=_nodes().index(mine), key=f"node-{profile}-{mine}")
    count = min(scenario.nodes if scenario is not None else NODES, MOST_NODES)
    nodes = right.number_input("Nodes", 2, MOST_NODES, max(2, count), key=f"nodes-{count}")
    same = own and profile == start and scenario is not None and nodes == scenario.nodes and node == mine
    if not own:
        st.html(markup.note("The scenario names no fabric, so this is a usual one at its size."))
    return profile, node, int(nodes), bool(same)


@st.cache_data(show_spinner=False)
def _fabrics() -> list[str]:
    return _of_kind("fabric")


@st.cache_data(show_spinner=False)
def _nodes() -> list[str]:
    return _of_kind("node")


def _of_kind(kind: str) -> list[str]:
    from simulator import resources
    from simulator.scenario.profiles import kind_of, profile_names, read_profile_file

    folder = resources.hardware_profiles()
    return [name for name in profile_names() if kind_of(read_profile_file(folder / f"{name}.yaml")) == kind]


def _own() -> Topology | None:
    from simulator.report.figures import fabric_of_scenario

    scenario = session.loaded().scenario
    return None if scenario is None else fabric_of_scenario(scenario)


def _built(profile: str, node: str, nodes: int) -> Topology:
    from simulator.fabrics import fabric_of, layout_from
    from simulator.report.machine.fabric_sheet import load

    fabric, _, loaded, gpu = load(profile, node)
    return fabric_of(layout_from(fabric, loaded, gpu, nodes))


def _show(fabric: Topology, name: str) -> None:
    from simulator.report import text
    from simulator.report.figures import topology
    from simulator.report.machine import fabric_sheet

    told = fabric_sheet.of_layout(fabric.layout, name)
    switches = sum(told.switches.values())
    st.html(
        markup.numbers(
            [
                ("Nodes", f"{told.layout.nodes:,}", f"{told.layout.gpus:,} GPUs"),
                ("Switches", f"{switches:,}", ", ".join(f"{word} {count:,}" for word, count in told.switches.items())),
                ("Between two halves", units.show(told.bisection, "GB/s").replace("_", ","), "each way"),
                ("Hops between nodes", text.number(told.mean_hops), "in the mean"),
            ]
        )
    )
    widgets.show(topology(fabric))
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader("What one failure does, at the worst", anchor=False)
        elements = _plain(fabric_sheet.element_cells(told), fabric_sheet.ELEMENT_HEAD)
        widgets.table(elements, "elements", "What the failure of each element cuts off or slows")
    with right:
        st.subheader("What stands together", anchor=False)
        domains = _plain(fabric_sheet.domain_cells(told), fabric_sheet.DOMAIN_HEAD)
        widgets.table(domains, "domains", "Domains of nodes that fail together")
        share = f"{fabric_sheet.BAD_SHARE:.1%}"
        st.html(markup.note(f"Capacity lost: where {share} of GPUs are bad, and each takes its whole domain along."))


def _plain(cells: Iterable[Sequence[str]], heads: Sequence[str]) -> pd.DataFrame:
    """Return cells as a table in which whole numbers are numbers."""
    rows = [[int(cell) if cell.replace("_", "").isdigit() else cell for cell in row] for row in cells]
    return pd.DataFrame(rows, columns=list(heads))


page()
