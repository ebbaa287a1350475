"""`derisk fabric`: of what does a fabric consist, and what does each failure in it cut off or slow?"""

from typing import Annotated

import typer

from simulator.cli.options import AsJson
from simulator.cli.terminal import Code, Refusal, width, write_json, write_text

ProfileName = Annotated[
    str, typer.Argument(metavar="PROFILE", help="A fabric of hardware_profiles, or a YAML file.", show_default=False)
]
NodeCount = Annotated[int, typer.Option("--nodes", metavar="N", help="How many nodes.", show_default=False)]
NodeProfile = Annotated[
    str | None,
    typer.Option("--node", metavar="NAME", help="The profile of a node.", show_default="one that has such a fabric"),
]
Kind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        help="Build it as fat_tree, rail, nvl_rail, dragonfly, torus_3d or two_sites.",
        show_default="as the profile says",
    ),
]
Radix = Annotated[
    int | None, typer.Option("--radix", metavar="PORTS", min=2, help="Ports of a switch.", show_default="128, NVL 144")
]
NodesPerLeaf = Annotated[
    int | None,
    typer.Option("--nodes-per-leaf", metavar="N", min=1, help="Nodes under a leaf.", show_default="as many as fit"),
]
Wan = Annotated[
    str | None,
    typer.Option("--wan", metavar="BANDWIDTH", help="Between two sites, such as '10 Tb/s'.", show_default=False),
]


def fabric(
    profile: ProfileName,
    nodes: NodeCount,
    node: NodeProfile = None,
    kind: Kind = None,
    radix: Radix = None,
    nodes_per_leaf: NodesPerLeaf = None,
    wan: Wan = None,
    json: AsJson = False,
) -> None:
    """Show a fabric's elements, bisection and hops, and what each failure cuts off or slows.

    Switches are as large as the radix allows unless the profile says otherwise (docs/fabric.md).
    """
    from simulator.report.machine import fabric_sheet

    try:
        told = fabric_sheet.asked(profile, nodes, node, kind=kind, radix=radix, nodes_per_leaf=nodes_per_leaf, wan=wan)
    except fabric_sheet.AskedError as wrong:
        raise Refusal(str(wrong), Code.USAGE) from wrong
    except ValueError as wrong:
        raise Refusal(f"{profile}: {wrong}", Code.SCENARIO) from wrong
    if json:
        write_json(fabric_sheet.as_json(told))
    else:
        write_text(fabric_sheet.as_text(told, width()))
