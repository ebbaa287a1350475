"""Writes the tables of docs/fabric.md: `python tests/fabric_page.py`; `--check` only looks whether they fit."""

import sys
from collections.abc import Iterator, Sequence

from test_architecture import ROOT

from simulator.fabrics import FabricLayout, first_half, layout_from
from simulator.report.machine.fabric_sheet import (
    DOMAIN_HEAD,
    ELEMENT_HEAD,
    Sheet,
    domain_cells,
    element_cells,
    load,
    of_layout,
)

PAGE = ROOT / "docs" / "fabric.md"
BEGIN, END = "<!-- tables: written by tests/fabric_page.py -->\n", "<!-- end of tables -->\n"
TERABIT = 1.25e11  # [B/s]
# Name of the page, profile, nodes, and what is asked for beyond.
FULL_SIZE = {
    "Fat tree": ("infiniband_ndr", 12_500, {"kind": "fat_tree"}),
    "Rails": ("infiniband_ndr", 12_500, {}),
    "NVL domains with rails": ("nvlink5_nvl72", 25_000, {}),
    "Dragonfly": ("infiniband_ndr", 12_480, {"kind": "dragonfly"}),
    "3D torus": ("ici_3d_torus", 24_960, {}),
    "Two sites": ("infiniband_ndr", 12_500, {"kind": "two_sites", "wan_bandwidth": 80 * TERABIT}),
}


def layout_of(name: str) -> FabricLayout:
    """Return a layout of full size by its name on the page."""
    profile, nodes, more = FULL_SIZE[name]
    fabric, _, node, gpu = load(profile, None)
    return layout_from(fabric, node, gpu, nodes, **more)


def table(head: Sequence[str], rows: Iterator[Sequence[str]], left: int) -> Iterator[str]:
    """Yield a table whose first columns are flush left."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "|".join("---" if column < left else "---:" for column in range(len(head))) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def grouped(rows: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Yield cells as on the other pages."""
    return (tuple(cell.replace("_", ",") if cell[:1].isdigit() else cell for cell in row) for row in rows)


def section(name: str, told: Sheet) -> Iterator[str]:
    """Yield a topology."""
    layout = told.layout
    yield f"### {name}: {layout.gpus:,} GPUs on {layout.nodes:,} nodes"
    yield ""
    switches = ", ".join(f"{each} {number:,}" for each, number in told.switches.items()) or "none"
    rest = f"{told.bisection / 1e12:,.1f} TB/s between the first {first_half(layout):,} nodes and the rest"
    yield f"Switches: {switches}. {rest}; {told.mean_hops:.2f} hops in the mean."
    yield ""
    yield from table(ELEMENT_HEAD, grouped(element_cells(told)), 2)
    yield ""


def tables() -> str:
    """Return what stands between the marks of the page."""
    lines = ["", *(line for name in FULL_SIZE for line in section(name, of_layout(layout_of(name))))]
    lines += ["### Domains of the rail-optimised one", ""]
    lines += [*table(DOMAIN_HEAD, grouped(domain_cells(of_layout(layout_of("Rails")))), 1), ""]
    return "\n".join(lines) + "\n"


def page() -> str:
    """Return the page with its tables as they should be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + tables() + END + rest.partition(END)[2]


if __name__ == "__main__":
    wanted = page()
    same = PAGE.read_text(encoding="utf-8") == wanted
    if "--check" in sys.argv:
        sys.exit(0 if same else "docs/fabric.md is out of date; run python tests/fabric_page.py")
    PAGE.write_text(wanted, encoding="utf-8")
