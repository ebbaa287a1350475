"""In how many source files a mechanism stands: those in which one of its identifiers does, comments left aside.

    python -m tests.mechanism_files

The lists were written down before mechanisms had cards. A name that was changed since is mapped, with `=>`.
"""

import tokenize
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "simulator"
MOST = 8
IDENTIFIERS = {
    "retirement": """Retirement RETIRE RETIRED retire retire_count retire_score retire_window retirement retires takings
        Taking _takings _retirement _retire_count _retire_score _retire_window""",
    "eviction": """EVICTIONS EVICT_BELOW Eviction _next_to_evict can_evict evict evict_slow_nodes evicted eviction
        next_to_evict once_it_cost patience slower_than""",
    "corruption": """ALARM ALARMS CHECKPOINTS_LOST CORRUPT CORRUPTION CORRUPTIONS Corruption Corruptions FREE_CORRUPTION
        _alarm=>find_out _is_alarm alarm alarm_of=>meet_alarm alarms checkpoints_kept corrupt corruption corruptions
        corrupts expect_alarm is_alarm still_sits=>_still_sits""",
    "lemons": """LEMON LEMONS LEMON_AGAIN Lemons _lemon_faults _lemon_period _strike_on_lemon=>_strike_on_node
        find_lemon is_born_lemon=>_is_born_bad is_lemon lemon_period lemon_shape lemon_share lemons lemons_to_be""",
    "multipath": "MULTIPATH multipath",
    "slow start": "slow_start",
}


def words_of(path: Path) -> Iterator[str]:
    """Yield the names in a source, and the words of its short texts: keys are written as texts, too."""
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type == tokenize.NAME:
                yield token.string
            elif token.type == tokenize.STRING and " " not in token.string:
                yield from token.string.strip("rbfu\"'").split(".")


def files_of_each() -> dict[str, list[str]]:
    """Return the source files in which each mechanism stands."""
    wanted = {name: {word.rpartition("=>")[2] for word in words.split()} for name, words in IDENTIFIERS.items()}
    found: dict[str, list[str]] = {name: [] for name in wanted}
    for path in sorted(SOURCES.rglob("*.py")):
        words = set(words_of(path))
        for name, known in wanted.items():
            if words & known:
                found[name].append(str(path.relative_to(SOURCES)))
    return found


if __name__ == "__main__":
    for name, files in files_of_each().items():
        print(f"{name}: {len(files)}", *files, sep="\n    ")
