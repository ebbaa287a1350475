"""`derisk bench-gpu`: measure the GPUs of this machine, for a hardware profile."""

import json as json_module
import re
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import AsJson
from simulator.cli.terminal import Code, Refusal, say, write_json, write_text

if TYPE_CHECKING:
    from simulator.calibration.measurements import Record

OutputFile = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Where the measurements go.", show_default="named by device and day"
    ),
]
Seconds = Annotated[float, typer.Option("--seconds", metavar="N", min=1, help="What does not fit is left out.")]
Quick = Annotated[bool, typer.Option("--quick", help="Few shapes and repeats: to see that it works.")]


def bench_gpu(output: OutputFile = None, seconds: Seconds = 300, quick: Quick = False, json: AsJson = False) -> None:
    """Measure this machine's GPUs with PyTorch.

    Products, copies, attention, host copies and collectives, raw, into a JSON file that `derisk calibrate hardware`
    reads. Ctrl-C keeps what is done.
    """
    from simulator.calibration.gpu_bench import Bench, NoGpuError, load_torch
    from simulator.calibration.measurements import as_json
    from simulator.cli.output import new_file, unused

    try:
        torch = load_torch()
    except NoGpuError as error:
        raise Refusal(str(error)) from None
    bench = Bench(torch, seconds, quick, tell=say)
    path = output or (None if json else unused(Path(_name(bench.record()))))
    with new_file(path) if path else nullcontext() as write:
        record = bench.run()
        if write and record.measurements:
            write(as_json(record))
    _tell(record, path, json)
    if json:
        write_json(json_module.loads(as_json(record)))
    raise typer.Exit(Code.INTERRUPTED if bench.interrupted else Code.OK)


def _name(record: "Record") -> str:
    device = re.sub(r"[^a-z0-9]+", "_", (record.device or "gpu").lower()).strip("_")
    return f"{device}_{(record.date or '')[:10]}.json"


def _tell(record: "Record", path: Path | None, json: bool) -> None:
    """Say what was left out, and where the rest is. Raises Refusal if nothing was measured."""
    for reason in record.skipped:
        say(f"not measured: {reason}")
    if not record.measurements:
        raise Refusal("nothing was measured, and no file was written")
    if not json:
        write_text(f"{len(record.measurements)} measurements of {record.device}: {path}")
        write_text(f"`derisk calibrate hardware {path}` fits the constants of a hardware profile to them.")
