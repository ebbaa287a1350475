"""The text that mamf-finder.py of stas00/ml-engineering writes, of its versions from 2024 on.

A row of a shape gives one rate (the first version: of the fastest repeat) or three (mean, median, fastest); the end
gives the best of all shapes. Rates are in TFLOP/s. The order of the dimensions changed between versions: neither the
work of a product nor the bytes that it moves depend on it.
"""

import re
from collections.abc import Iterator
from typing import Any

from simulator.calibration.measurements import Measurement, Record, UnreadableError
from simulator.numbers.roofline import matmul_flop

_SHAPE = r"(?P<shape>\d+x\d+x\d+)"
_RATE = r"(?P<rate>\d+(?:\.\d+)?)"
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

# `  18 |  756.1(mean)  758.2(median)  762.3(max) @ 256x4096x4096 | best: ...`
_ROW_OF_THREE = re.compile(rf"\s*\d+ \|\s*[\d.]+\(mean\)\s+{_RATE}\(median\)\s+[\d.]+\(max\) @ {_SHAPE}\s*\|")
# `   4 |  276.1 TFLOPS @ 1024x1024x4096 | best:  276.1 TFLOPS @ 1024x1024x4096 (MxNxK)`
_ROW_OF_ONE = re.compile(rf"\s*\d+ \|\s*{_RATE} TFLOPS @ {_SHAPE}\s*\| best:\s*(?P<best>[\d.]+) TFLOPS @ (?P<of>\S+)")
# `    18  3072x2816x20480     828.4  828.6  831.6  828.4   506  1980`: number, shape, mean, median, max, best, W, MHz
_ROW_OF_A_TABLE = re.compile(rf"\s*\d+\s+{_SHAPE}\s+\d+\.\d\s+{_RATE}\s+\d+\.\d\s+\d+\.\d(?:\s|$)")
_ROWS = {_ROW_OF_THREE: "median", _ROW_OF_ONE: "fastest", _ROW_OF_A_TABLE: "median"}

_SUFFIX = r"\s*TFLOPS\s*@\s*(?:MxNxK\s+)?" + _SHAPE
_BESTS = {
    re.compile(rf"The best outcome was {_RATE}{_SUFFIX}"): "fastest",
    re.compile(rf"median:\s*{_RATE}{_SUFFIX}"): "median",
    re.compile(rf"mean:\s*{_RATE}{_SUFFIX}"): "mean",
    re.compile(rf"max:\s*{_RATE}{_SUFFIX}"): "fastest",
    re.compile(rf"MSMF \([^)]*\):\s*{_RATE}{_SUFFIX}"): "mean",
    re.compile(rf"MAMF \([^)]*\):\s*{_RATE}{_SUFFIX}"): "fastest",
}
_TRIED = re.compile(r"[Tt]ried\s+(\d+) shapes")
_STARTED = re.compile(r"Benchmark started on (\d{4}-\d{2}-\d{2})")
_HEAD = {
    "date": _STARTED,
    "device": re.compile(r"DeviceProperties\(name='([^']+)'"),
    "torch": re.compile(r"^(?:- )?torch=(\S+)", re.MULTILINE),
    "cuda": re.compile(r"^(?:- )?cuda=(\S+)", re.MULTILINE),
}
_PRECISION = re.compile(r"\*\* Dtype: (?:torch\.)?(\w+)")
PRECISIONS = {
    "bfloat16": "bf16",
    "float16": "fp16",
    "float32": "fp32",
    "float8_e4m3fn": "fp8",
    "float8_e4m3fnuz": "fp8",
    "mxfp8": "mxfp8",
    "mxfp4": "mxfp4",
    "nvfp4": "nvfp4",
}


def recognises(text: str) -> bool:
    """Whether a text has a row or an end as mamf-finder writes them."""
    return any(pattern.match(line) for line in _lines(text) for pattern in (*_ROWS, *_BESTS))


def read(text: str) -> Record:
    """Return the record of an output. Raises UnreadableError."""
    notes = []
    found = _PRECISION.search(text)
    if found is None:
        notes.append("the precision is not said, and taken as bf16, which mamf-finder measures unless told otherwise")
    elif found[1] not in PRECISIONS:
        line = text.count("\n", 0, found.start()) + 1
        raise UnreadableError(f"'{found[1]}' is no precision known here", f"known: {', '.join(PRECISIONS)}", line=line)
    precision = PRECISIONS[found[1]] if found else "bf16"
    rows = list(_rows(text, precision))
    best = list(_best(text, precision))
    if not best:
        notes.append(f"the output was cut off before its end; its {len(rows)} whole rows are kept")
    if any(row.statistic == "fastest" for row in rows):
        notes.append("times are those of the fastest repeat, not medians: an efficiency from them is an upper bound")
    head: dict[str, Any] = {key: match[1] for key, pattern in _HEAD.items() if (match := pattern.search(text))}
    device = head.pop("device", None)
    return Record(device, (*rows, *best), "mamf-finder", notes=tuple(notes), **head)


def _lines(text: str) -> Iterator[str]:
    """Yield lines without colours; a progress line that was overwritten is a line of its own."""
    for line in _ANSI.sub("\n", text).replace("\r", "\n").split("\n"):
        if line.strip():
            yield line.strip()


def _rows(text: str, precision: str) -> Iterator[Measurement]:
    """Yield the shapes that were tried, each once."""
    seen = set()
    for line in _lines(text):
        for pattern, statistic in _ROWS.items():
            found = pattern.match(line)
            if found is None:
                continue
            # The first version printed the best shape so far beside the rate of the present one.
            named_wrongly = pattern is _ROW_OF_ONE and found["shape"] == found["of"] and found["rate"] != found["best"]
            if found["shape"] not in seen and not named_wrongly and float(found["rate"]) > 0:
                seen.add(found["shape"])
                yield _measurement(found, precision, statistic)
            break


def _best(text: str, precision: str) -> Iterator[Measurement]:
    """Yield the best of all shapes, by each of the statistics that the end of an output gives."""
    tried = _TRIED.search(text)
    shapes = int(tried[1]) if tried else 0
    for line in _lines(text):
        for pattern, statistic in _BESTS.items():
            found = pattern.match(line)
            if found is not None and float(found["rate"]) > 0:
                # Even a single shape that was chosen is no fair sample, so that it counts as one of two.
                yield _measurement(found, precision, statistic, max(shapes, 2))


def _measurement(found: re.Match[str], precision: str, statistic: str, best_of: int = 1) -> Measurement:
    m, n, k = (int(size) for size in found["shape"].split("x"))
    seconds = float(matmul_flop(m, n, k)) / (float(found["rate"]) * 1e12)
    sizes = {"m": m, "n": n, "k": k}
    return Measurement("matmul", sizes, {"precision": precision}, seconds, statistic=statistic, best_of=best_of)
