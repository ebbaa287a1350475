"""What was measured on a GPU: frozen records, raw and in SI, and their JSON form."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from simulator.words.section import did_you_mean

SCHEMA = 1
STATISTICS = ("median", "mean", "fastest")


class UnreadableError(ValueError):
    """A file of measurements that cannot be used: where in it, and what to do. Lines and columns count from 1."""

    def __init__(self, message: str, remedy: str = "", *, line: int = 1, column: int = 1, path: str = "") -> None:
        super().__init__(message)
        self.message, self.remedy, self.line, self.column, self.path = message, remedy, line, column, path


class Kind(NamedTuple):
    """What a kind of measurement says of itself: whole numbers, and words from a list (empty: any word)."""

    sizes: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    may_have: tuple[str, ...] = ()  # sizes that may be missing


KINDS = {
    # The product of an (m, k) and a (k, n) matrix.
    "matmul": Kind(("m", "n", "k"), {"precision": ()}),
    # Bytes are all that cross the memory bus: those read and those written.
    "copy": Kind(("bytes",), {}),
    "elementwise": Kind(("bytes",), {"precision": ()}),
    "attention": Kind(
        ("batch", "heads", "sequence", "head_dim"),
        {"precision": (), "mask": ("causal", "full"), "pass": ("forward", "backward")},
    ),
    "host_copy": Kind(
        ("bytes",), {"direction": ("host_to_device", "device_to_host"), "memory": ("pinned", "pageable")}
    ),
    # Bytes are the size that nccl-tests prints: of the whole array, all ranks' parts together.
    "collective": Kind(("bytes", "ranks"), {"operation": ()}, may_have=("nodes",)),
}


@dataclass(frozen=True)
class Measurement:
    """One piece of work and its time [s]: `kind` says which `sizes` and `labels` it has (see KINDS)."""

    kind: str
    sizes: Mapping[str, int]
    labels: Mapping[str, str]
    seconds: float
    p10: float | None = None  # [s]
    p90: float | None = None  # [s]
    repeats: int | None = None
    statistic: str = "median"  # what `seconds` is of its repeats
    best_of: int = 1  # chosen as the fastest of so many shapes: no fair sample of anything

    def __getitem__(self, name: str) -> int:
        """Return a size."""
        return self.sizes[name]


def timed(kind: str, sizes: Mapping[str, int], labels: Mapping[str, str], seconds: Sequence[float]) -> Measurement:
    """Return the measurement that the times [s] of its repeats make."""
    ordered = sorted(seconds)
    low, middle, high = (ordered[round(share * (len(ordered) - 1))] for share in (0.1, 0.5, 0.9))
    return Measurement(kind, sizes, labels, middle, low, high, len(ordered))


@dataclass(frozen=True)
class Record:
    """Measurements of one machine, and what it was. What is not known is None."""

    device: str | None  # as its driver names it
    measurements: tuple[Measurement, ...]
    tool: str
    date: str | None = None  # ISO 8601
    count: int | None = None  # devices that were there
    driver: str | None = None
    cuda: str | None = None
    torch: str | None = None
    sm_clock: float | None = None  # under load [Hz]
    memory_clock: float | None = None  # [Hz]
    power_limit: float | None = None  # of one device [W]
    skipped: tuple[str, ...] = ()  # what was not measured, and why
    notes: tuple[str, ...] = field(default=())  # what a reader of the numbers should know

    def of(self, kind: str) -> list[Measurement]:
        """Return the measurements of a kind."""
        return [one for one in self.measurements if one.kind == kind]


_TEXTS = ("device", "tool", "date", "driver", "cuda", "torch")
_NUMBERS = ("count", "sm_clock", "memory_clock", "power_limit")
_LISTS = ("skipped", "notes")
_HEADER = [one.name for one in fields(Record) if one.name != "measurements"]
_OF_EACH = ("seconds", "p10", "p90", "repeats", "statistic", "best_of")


def as_json(record: Record) -> str:
    """Return a record as JSON text, one measurement a line."""
    head = {"schema": SCHEMA, **{name: getattr(record, name) for name in _HEADER}}
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}," for key, value in head.items()]
    rows = ",\n".join(f"    {json.dumps(_plain(one), ensure_ascii=False)}" for one in record.measurements)
    return "\n".join(["{", *lines, '  "measurements": [' + (f"\n{rows}\n  ]" if rows else "]"), "}", ""])


def _plain(measurement: Measurement) -> dict[str, Any]:
    told = {name: getattr(measurement, name) for name in _OF_EACH}
    kept = {name: value for name, value in told.items() if value is not None}
    return {"kind": measurement.kind, **measurement.labels, **measurement.sizes, **kept}


def from_json(text: str) -> Record:
    """Return the record that `as_json` wrote. Raises UnreadableError with the place of what is wrong."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        remedy = "if the file was cut off, copy it again; derisk bench-gpu writes whole files only"
        raise UnreadableError(f"is not JSON: {error.msg}", remedy, line=error.lineno, column=error.colno) from None
    except (RecursionError, ValueError):  # a number of thousands of digits is a ValueError
        raise UnreadableError("is JSON, but no file of measurements") from None
    reader = _Reader(text)
    if not isinstance(document, dict) or not isinstance(document.get("measurements"), list):
        raise UnreadableError("has no list 'measurements'", "derisk bench-gpu writes files of measurements")
    if document.pop("schema", None) != SCHEMA:
        raise reader.fault("schema", f"must be {SCHEMA}", "measure again with this version, or use the one it is from")
    rows = document.pop("measurements")
    reader.known(document, _HEADER)
    texts: dict[str, Any] = {name: reader.text(document, name) for name in _TEXTS if name in document}
    given = [name for name in _NUMBERS if document.get(name) is not None]
    numbers = {name: reader.number(document, name, whole=name == "count") for name in given}
    lists: dict[str, Any] = {name: reader.texts(document, name) for name in _LISTS if name in document}
    measurements = tuple(reader.measurement(row, index) for index, row in enumerate(rows))
    texts.setdefault("device", None)
    if texts.get("tool") is None:
        raise reader.fault("tool", "is missing", "it says with what was measured, such as derisk bench-gpu 0.1")
    return Record(measurements=measurements, **texts, **numbers, **lists)


class _Reader:
    """Checks values, and knows where in the text they stand."""

    def __init__(self, text: str) -> None:
        self.source = text
        self.starts: list[int] | None = None
        self.index: int | None = None  # of the measurement that is read

    def fault(self, key: str, message: str, remedy: str = "") -> UnreadableError:
        start = 0 if self.index is None else self._start(self.index)
        found = self.source.find(f'"{key}"', start)
        offset = max(start, found) if key else start
        line = self.source.count("\n", 0, offset) + 1
        column = offset - (self.source.rfind("\n", 0, offset) + 1) + 1
        within = "" if self.index is None else f"measurements[{self.index}]"
        path = f"{within}.{key}" if within and key else within or key
        return UnreadableError(message, remedy, line=line, column=column, path=path)

    def _start(self, index: int) -> int:
        """Return where a measurement begins; only a file with a fault in it is walked through."""
        if self.starts is None:
            self.starts = list(_starts(self.source))
        return self.starts[index]

    def known(self, values: Mapping[str, Any], names: Iterable[str]) -> None:
        for key in values:
            if key not in names:
                raise self.fault(key, "unknown key", did_you_mean(key, names).removeprefix("; "))

    def text(self, values: Mapping[str, Any], name: str) -> Any:
        if values[name] is not None and not isinstance(values[name], str):
            raise self.fault(name, "must be text")
        return values[name]

    def texts(self, values: Mapping[str, Any], name: str) -> tuple[str, ...]:
        if not isinstance(values[name], list) or not all(isinstance(one, str) for one in values[name]):
            raise self.fault(name, "must be a list of texts")
        return tuple(values[name])

    def number(self, values: Mapping[str, Any], name: str, whole: bool = False) -> Any:
        value = values[name]
        good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e300
        if not good or (whole and value != int(value)):
            what = "a whole number above zero" if whole else "a number above zero"
            raise self.fault(name, f"{json.dumps(value)[:40]} must be {what}")
        return int(value) if whole else value

    def measurement(self, row: Any, index: int) -> Measurement:
        self.index = index
        if not isinstance(row, dict):
            raise self.fault("", "a measurement is a mapping of keys such as kind and seconds")
        kind = KINDS.get(str(row.get("kind")))
        if kind is None:
            raise self.fault("kind", f"must be one of {', '.join(KINDS)}")
        self.known(row, ("kind", *kind.labels, *kind.sizes, *kind.may_have, *_OF_EACH))
        missing = [name for name in (*kind.labels, *kind.sizes, "seconds") if name not in row]
        if missing:
            raise self.fault("", f"{', '.join(missing)} missing", f"a {row['kind']} has them")
        sizes = {name: self.number(row, name, whole=True) for name in (*kind.sizes, *kind.may_have) if name in row}
        labels = {name: self.label(row, name, words) for name, words in kind.labels.items()}
        times = {name: self.number(row, name) for name in ("seconds", "p10", "p90") if name in row}
        counts = {name: self.number(row, name, whole=True) for name in ("repeats", "best_of") if name in row}
        statistic = self.label(row, "statistic", STATISTICS) if "statistic" in row else STATISTICS[0]
        self.index = None
        return Measurement(row["kind"], sizes, labels, statistic=statistic, **times, **counts)

    def label(self, row: Mapping[str, Any], name: str, words: tuple[str, ...]) -> str:
        value = row[name]
        if not isinstance(value, str) or not value or (words and value not in words):
            raise self.fault(name, f"must be {' or '.join(words)}" if words else "must be a word")
        return value


def _starts(text: str) -> Iterator[int]:
    """Yield where each measurement begins in a text that is known to be JSON."""
    found = re.search(r'"measurements"\s*:\s*\[\s*', text)
    assert found is not None  # the document has it
    at, decoder, between = found.end(), json.JSONDecoder(), re.compile(r"[\s,]*")
    while text[at] != "]":
        yield at
        _, at = decoder.raw_decode(text, at)
        gap = between.match(text, at)
        at = gap.end() if gap else at
