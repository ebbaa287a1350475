"""A fabric: a cut-out of it by layers, and how far the failure of each class of elements reaches."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from simulator.fabrics import Topology, blast_radius, fabric_of, layout_from
from simulator.fabrics.topology import SCALE_UP
from simulator.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    OCHRE,
    RED,
    Figure,
    note,
    number,
    percent,
)
from simulator.scenario import Scenario, ScenarioErrors
from simulator.scenario.profiles import load_fabric, load_node

ACROSS = 12  # vertices of a layer that are drawn
BELOW = -1.0  # where switches of the scale-up network stand: the nodes are between both networks


class Layer(NamedTuple):
    """Vertices of one class in the cut-out, from left to right."""

    name: str
    total: int
    height: float
    vertices: list[int]


def fabric_of_scenario(scenario: Scenario) -> Topology | None:
    """Return the fabric of a scenario; None where it names none, or none that can be built from its names alone."""
    cluster = scenario.document.cluster
    if cluster.fabric is None or cluster.node is None:
        return None
    given = {"radix": cluster.radix, "nodes_per_leaf": cluster.nodes_per_leaf}
    if cluster.topology == "two_sites":
        given["nodes_per_site"] = cluster.nodes_per_site
    more: dict[str, Any] = {name: int(size.median) for name, size in given.items() if size is not None}
    wan = 0.0 if cluster.wan_bandwidth is None else cluster.wan_bandwidth.median
    try:
        machines = load_node(cluster.node)
        profile = load_fabric(cluster.fabric)
        layout = layout_from(profile, *machines, cluster.needed, kind=cluster.topology, wan_bandwidth=wan, **more)
    except (ValueError, ScenarioErrors):
        return None
    return fabric_of(layout)


def topology(fabric: Topology) -> Figure:
    """Return a fabric's picture; its table holds what `derisk fabric` says of each class of elements."""
    table = _table(fabric)
    plot = make_subplots(rows=1, cols=2, column_widths=[0.5, 0.5], horizontal_spacing=0.16)
    plot.update_layout(template="derisk_light", height=max(380, 90 + 36 * len(table)), margin={"t": 36})
    layers = _layers(fabric)
    _cut_out(plot, fabric, layers)
    _reach(plot, table)
    beyond = table[table["element"] != "node"]
    worst = beyond.sort_values(["nodes_cut_off", "nodes_slowed"], ascending=False, kind="stable").iloc[0]
    widest = table.sort_values("nodes_slowed", ascending=False, kind="stable").iloc[0]
    told = f"At the worst one {worst['element']} cuts off {_nodes(int(worst['nodes_cut_off']))}"
    if worst["nodes_cut_off"] == 0:
        told = "No single element of the network cuts off a node"
    if widest["nodes_slowed"] > 0:
        left = percent(float(widest["share_left"]), 4)
        told += f"; one {widest['element']} slows {_nodes(int(widest['nodes_slowed']))}, to {left} of the bandwidth"
    shown = ", ".join(f"{len(layer.vertices)} of {layer.total:,} {layer.name}" for layer in layers)
    return Figure(
        "topology",
        "What a failure in the network reaches",
        plot,
        f"{told}, of {fabric.layout.nodes:,} in the job.",
        f"Left, a cut-out of the fabric by layers: {shown}. Right, bars of how many nodes one failed element of each "
        "class cuts off or slows, on a logarithmic axis.",
        table,
    )


def _nodes(count: int) -> str:
    return f"{count:,} node{'s'[: count != 1]}"


def _table(fabric: Topology) -> pd.DataFrame:
    rows = [
        {
            "element": row.element, "network": row.network, "number": row.total, "nodes_cut_off": row.cut_off,
            "nodes_slowed": row.slowed, "share_left": row.share_left,
        }
        for row in blast_radius(fabric)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _layers(fabric: Topology) -> list[Layer]:
    """Return what of each class is drawn: nodes of the first leaves, and the switches that serve them."""
    nodes = _some_nodes(fabric)
    layers = [Layer("nodes", fabric.layout.nodes, 0.0, nodes)]
    for switches in fabric.switches:
        last = switches.first + switches.nodes
        serving = [at for at in range(switches.total) if any(switches.first[at] <= node < last[at] for node in nodes)]
        few = serving if len(serving) <= ACROSS else [serving[at] for at in _spread(len(serving), ACROSS)]
        height = BELOW if switches.network == SCALE_UP else float(switches.depth)
        name = switches.name if switches.name.endswith("s") else f"{switches.name}s"
        name = "leaves" if switches.name == "leaf" else name
        layers.append(Layer(name, switches.total, height, [switches.start + at for at in few]))
    return layers


def _some_nodes(fabric: Topology) -> list[int]:
    layout = fabric.layout
    if not fabric.switches:
        return list(range(min(layout.nodes, 2 * ACROSS)))
    groups = layout.nodes_per_leaf
    starts = [start for start in (0, groups, layout.nodes // 2 // groups * groups) if start < layout.nodes]
    each = ACROSS // len(dict.fromkeys(starts))
    found = [start + at for start in dict.fromkeys(starts) for at in range(min(each, groups))]
    return sorted({node for node in found if node < layout.nodes})


def _spread(count: int, few: int) -> list[int]:
    return [int(at) for at in np.linspace(0, count - 1, few).round()]


def _cut_out(plot: go.Figure, fabric: Topology, layers: list[Layer]) -> None:
    places: dict[int, tuple[float, float]] = {}
    for layer in layers:
        many = len(layer.vertices)
        for at, vertex in enumerate(layer.vertices):
            places[vertex] = ((at + 0.5) / many, layer.height)
    x, y = _edges(fabric, places)
    plot.add_scatter(
        x=x, y=y, mode="lines", line={"color": GREY, "width": 0.6}, opacity=0.55, hoverinfo="skip", showlegend=False,
        row=1, col=1,
    )  # fmt: skip
    for layer in layers:
        first = layer.height == 0.0
        spots = [places[vertex] for vertex in layer.vertices]
        plot.add_scatter(
            x=[spot[0] for spot in spots], y=[spot[1] for spot in spots], mode="markers", showlegend=False,
            marker={"color": BLUE if first else GREEN, "size": 11, "symbol": "square" if first else "circle"},
            hovertemplate=f"{layer.name}: {layer.total:,}<extra></extra>", row=1, col=1,
        )  # fmt: skip
        note(plot, f"<b>{layer.total:,}</b> {layer.name}", 0, layer.height, xref="x", yref="y", yshift=16)
    heights = [layer.height for layer in layers]
    plot.update_xaxes(visible=False, range=[-0.02, 1.02], row=1, col=1)
    plot.update_yaxes(visible=False, range=[min(heights) - 0.4, max(heights) + 0.5], row=1, col=1)
    note(plot, "a cut-out", 0, 1.0, xref="paper", yref="paper", yanchor="bottom", yshift=10, opacity=0.8)


def _edges(fabric: Topology, places: dict[int, tuple[float, float]]) -> tuple[list[float | None], list[float | None]]:
    """Return the lines between the vertices that are drawn; those within a layer are bent."""
    x: list[float | None] = []
    y: list[float | None] = []
    shown = np.fromiter(places, np.int64)
    for links in fabric.links:
        both = np.isin(links.tail, shown) & np.isin(links.head, shown)
        pairs = {(int(tail), int(head)) for tail, head in zip(links.tail[both], links.head[both], strict=True)}
        for tail, head in sorted(pairs):
            (left, low), (right, high) = places[tail], places[head]
            middle = [] if low != high else [((left + right) / 2, low + 0.12 + 0.25 * abs(right - left))]
            for spot in [(left, low), *middle, (right, high)]:
                x.append(spot[0])
                y.append(spot[1])
            x.append(None)
            y.append(None)
    return x, y


def _reach(plot: go.Figure, table: pd.DataFrame) -> None:
    names = [f"{row.element}  ({row.number:,})" for row in table.itertuples()]
    for column, colour, word in (("nodes_cut_off", RED, "cut off"), ("nodes_slowed", OCHRE, "slowed")):
        some = table[column] > 0
        words = [_label(row, word) for row in table[some].itertuples()]
        plot.add_bar(
            y=[name for name, shown in zip(names, some, strict=True) if shown], x=table.loc[some, column],
            orientation="h", name=word, text=words, textposition="outside", cliponaxis=False, textangle=0,
            marker={"color": colour, "line": {"width": 0}}, hovertemplate="%{y}: %{text}<extra></extra>",
            showlegend=False, row=1, col=2,
        )  # fmt: skip
    most = max(1, int(table[["nodes_cut_off", "nodes_slowed"]].to_numpy().max()))
    plot.update_xaxes(
        type="log", range=[np.log10(0.5), 1.7 * np.log10(2 * most) + 0.4],
        title_text="nodes that one failure cuts off, or slows to a share of bandwidth",
        dtick=1, row=1, col=2,
    )  # fmt: skip
    order = list(reversed(names))
    plot.update_yaxes(categoryorder="array", categoryarray=order, showgrid=False, ticksuffix="  ", row=1, col=2)
    plot.update_layout(barmode="group", bargap=0.3)


def _label(row: Any, word: str) -> str:
    if word == "cut off":
        return f"{row.nodes_cut_off:,} cut off"
    return f"{row.nodes_slowed:,} at {number(100 * row.share_left, 4)}%"
