"""How long fabrics of 100,000 GPUs take to build, alone and from the cache, and how much memory: each in a new process.

`python benchmarks/fabric.py`; the targets are 10 s and 2 GB.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from fabric_page import FULL_SIZE, layout_of

from simulator.fabrics import bisection, blast_radius, build, fabric_of, mean_hops


def measure(name: str) -> None:
    """Print one row of the table."""
    layout = layout_of(name)
    before = time.perf_counter()
    topology = build(layout)
    built = time.perf_counter()
    graph = topology.graph()
    joined = time.perf_counter()
    blast_radius(topology), bisection(topology), mean_hops(topology)
    answered = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as folder:
        fabric_of(layout, Path(folder))
        kept = time.perf_counter()
        fabric_of(layout, Path(folder))
        found = time.perf_counter()
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    cells = (
        f"{name}: {layout.gpus:,} GPUs", f"{graph.number_of_nodes():,}", f"{graph.number_of_edges():,}",
        f"{built - before:.2f} s", f"{joined - built:.2f} s", f"{answered - joined:.3f} s",
        f"{peak:.0f} MiB", f"{found - kept:.3f} s", f"{size / 1e6:.2f} MB",
    )  # fmt: skip
    print(f"| {' | '.join(cells)} |")


def main() -> None:
    """Print the table, a process for each row so that the peaks are its own."""
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        return
    print("| fabric | vertices | edges | built | graph | answers | peak memory | from the cache | its file |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    for name in FULL_SIZE:
        subprocess.run([sys.executable, __file__, name], check=True)


if __name__ == "__main__":
    main()
