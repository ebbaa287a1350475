"""The text that nccl-tests (and rccl-tests, which print the same) write, of all versions since 2.0.

The columns are read by the names in their header, because versions differ in them: with or without `redop` and `root`,
`error` or `#wrong`, with columns for single iterations, with a time stamp. Only out-of-place times are kept.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulator.calibration.measurements import Measurement, Record, UnreadableError
from simulator.numbers.roofline import BUS_SHARES, bus_share

REMEDY = "keep the whole output of nccl-tests, from the list of devices to the last line"

# mpirun --tag-output and srun --label write who printed a line in front of it.
_TAG = re.compile(r"^\s*(?:\[\d+,\d+\]<std(?:out|err)>:\s?|\d+: )")
_RANK = re.compile(r"#\s*Rank\s+(\d+)\s+(?:Group\s+(\d+)\s+)?Pid\s+\d+ on\s+(\S+)\s+device\s+\d+ \[[^\]]*\] (.+)")
_TEST = re.compile(rf"\b({'|'.join(BUS_SHARES)})_perf")
_VERSION = re.compile(r"# nccl-tests version (\S+)")
_END = re.compile(r"#\s*Avg bus bandwidth")


@dataclass
class _Test:
    """One test of a log: who took part, and its rows."""

    operation: str = ""
    columns: list[str] = field(default_factory=list)
    hosts: dict[int, str] = field(default_factory=dict)  # by rank, of the first group
    group: str | None = None
    rows: list[tuple[int, float, float, float]] = field(default_factory=list)  # bytes, seconds, algbw, busbw [B/s]
    reducing: bool | None = None  # whether a reduction is named, where the version says so
    ended: bool = False


def recognises(text: str) -> bool:
    """Whether a text has the header of a table of nccl-tests."""
    return any(_is_header(line) for line in _lines(text))


def read(text: str, name: str = "") -> Record:
    """Return the record of a log; `name` is its file's, which may tell the operation. Raises UnreadableError."""
    notes: list[str] = []
    tests, devices, version = [_Test()], Counter[str](), ""
    for number, line in enumerate(_lines(text), start=1):
        test = tests[-1]
        if test.columns and line[:1].isdigit():
            notes += _row(line, number, test)
            continue
        if _begins_anew(line, test):
            test = _Test()
            tests.append(test)
        found = _RANK.match(line)
        if found and (test.group is None or test.group == found[2]):
            test.group = found[2]
            test.hosts[int(found[1])] = found[3]
            devices[found[4].strip()] += 1
        named, versioned = _TEST.search(line), _VERSION.search(line)
        test.operation = named[1] if named else test.operation
        version = versioned[1] if versioned else version
        test.columns = line[1:].split() if _is_header(line) else test.columns
        test.ended = test.ended or _END.match(line) is not None
    tests = [test for test in tests if test.rows]
    if not tests:
        header = next((number for number, line in enumerate(_lines(text), start=1) if _is_header(line)), 1)
        raise UnreadableError("has no whole row of results under its header", REMEDY, line=header)
    notes += [_closing(test) for test in tests if not test.ended]
    if len(devices) > 1:
        notes.append(f"several kinds of devices took part: {', '.join(sorted(devices))}")
    device = devices.most_common(1)[0][0] if devices else None
    measurements = tuple(one for test in tests for one in _measurements(test, name))
    tool = f"nccl-tests {version}".strip()
    return Record(device, measurements, tool, count=len(tests[0].hosts) or None, notes=tuple(notes))


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield _TAG.sub("", line).strip()


def _is_header(line: str) -> bool:
    return line.startswith("#") and {"size", "count", "type", "algbw", "busbw"} <= set(line[1:].split())


def _begins_anew(line: str, test: _Test) -> bool:
    """Whether a line is of the next test of a log, after one that has rows."""
    if not test.rows or (test.ended and "concluded" in line):
        return False
    return _is_header(line) or _RANK.match(line) is not None or _TEST.search(line) is not None


def _row(line: str, number: int, test: _Test) -> Iterator[str]:
    """Add a row of results to a test; yield what is wrong with it. Other lines, such as NCCL's own, are passed over."""
    cells = line.split()
    if not cells or not cells[0].isdigit() or not (len(cells) == 1 or cells[1].isdigit()):
        return
    if len(cells) < len(test.columns):
        yield f"line {number} is cut off and left out"
        return
    told = dict(zip(reversed(test.columns), reversed(cells[: len(test.columns)]), strict=True))  # the first of a name
    try:
        size, count = int(cells[0]), int(cells[1])
        seconds = float(told.get("time", told.get("cputime", ""))) * 1e-6
        algorithm, bus = float(told["algbw"]) * 1e9, float(told["busbw"]) * 1e9
    except ValueError:
        yield f"line {number} holds no times and is left out"
        return
    if told.get("#wrong", "0") not in ("0", "N/A"):
        yield f"line {number} was computed wrongly (#wrong is {told['#wrong']}) and is left out"
        return
    test.reducing = told["redop"] != "none" if "redop" in told else test.reducing
    if size > 0 and count > 0 and seconds > 0:
        test.rows.append((size, seconds, algorithm, bus))


def _closing(test: _Test) -> str:
    return f"there is no closing line, so the output was cut off; its {len(test.rows)} whole rows are kept"


def _measurements(test: _Test, name: str) -> Iterator[Measurement]:
    ranks, nodes = len(test.hosts), len(set(test.hosts.values()))
    if not ranks:
        raise UnreadableError("does not say how many GPUs took part: its lines '# Rank ...' are missing", REMEDY)
    if ranks == 1:
        remedy = "build nccl-tests with MPI=1, or use more than one GPU with -g"
        raise UnreadableError("is a test of one rank, which moves nothing between GPUs", remedy)
    operation = test.operation or _operation(test, name, ranks)
    for size, seconds, _, _ in test.rows:
        sizes = {"bytes": size, "ranks": ranks, "nodes": nodes}
        yield Measurement("collective", sizes, {"operation": operation}, seconds, statistic="mean")


def _operation(test: _Test, name: str, ranks: int) -> str:
    """Return the operation of a test that does not name it: from the file's name, or from its two bandwidths."""
    named = next((known for known in BUS_SHARES if known in name.lower().replace("-", "_")), None)
    if named is not None:
        return named
    _, _, algorithm, bus = max(test.rows, key=lambda row: row[3])
    fitting = [
        known
        for known in BUS_SHARES
        if algorithm > 0
        and abs(bus / algorithm / bus_share(known, ranks) - 1) < 0.02
        and (test.reducing is None or test.reducing == (known in ("all_reduce", "reduce_scatter", "reduce")))
    ]
    if len(fitting) == 1:
        return fitting[0]
    remedy = "keep the line of its command, or name the file like the test, such as all_gather_perf.txt"
    raise UnreadableError("does not say which collective was tested", remedy)
