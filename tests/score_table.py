"""The scores of the forecasts of published runs as tables: those that an earlier version had beside those of this one.

`python tests/score_table.py --show` prints those of this version. `--store DATE` writes them to
tests/oracles/scores_before.yaml, for later versions to be set beside.
"""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from published_runs import SEED, now, runs, simulate
from ruamel.yaml import YAML
from scores import Mean, Score, mean

BEFORE = Path(__file__).resolve().parent / "oracles" / "scores_before.yaml"


class Stored(NamedTuple):
    """Scores of an earlier version."""

    version: str
    date: str
    scores: Mapping[str, Score]


@cache
def before() -> Stored:
    """Return the stored scores."""
    tree = YAML(typ="safe").load(BEFORE)
    return Stored(tree["version"], str(tree["date"]), {key: Score(**found) for key, found in tree["runs"].items()})


def cell(found: Score) -> str:
    """Return a forecast in words: its median and its 80 % interval."""
    return f"{100 * found.median:.1f} % ({100 * found.p10:.1f} to {100 * found.p90:.1f} %)"


def points(share: float) -> str:
    """Return a share in points of a hundred."""
    return f"{100 * share:.1f}"


def score_cell(found: Score) -> str:
    """Return a CRPS, with the largest that it may be where what was published leaves it open."""
    least, most = points(found.crps), points(found.crps_most)
    return least if least == most else f"{least} to {most}"


def table() -> Iterator[str]:
    """Yield the lines of the table of all runs, published beside the stored version and this one."""
    yield "| run | quantity | published | before | in it | CRPS | now | in it | CRPS |"
    yield "|---|---|---|---|---|---:|---|---|---:|"
    for key, run in runs().items():
        cells = [run.name if run.measured else f"{run.name} (computed)", run.measure, run.published]
        for found in (before().scores[key], now()[key]):
            cells += [cell(found), found.covered, score_cell(found)]
        yield f"| {' | '.join(cells)} |"


def means() -> Iterator[str]:
    """Yield the lines of the table of means over the runs that were measured, and over all."""
    yield "| mean over | | runs | in the 80 % interval | its width, points | CRPS, points |"
    yield "|---|---|---:|---:|---:|---:|"
    kinds = {"the measured": [key for key, run in runs().items() if run.measured], "all of them": list(runs())}
    for label, keys in kinds.items():
        for when, found in (("before", before().scores), ("now", now())):
            total = mean([found[key] for key in keys])
            yield f"| {label} | {when} | {total.number} | {_coverage(total)} | {points(total.width)} | {_crps(total)} |"


def _coverage(total: Mean) -> str:
    least, most = total.covered_least, total.covered_most
    return f"{least}" if least == most else f"{least} to {most}"


def _crps(total: Mean) -> str:
    least, most = points(total.crps), points(total.crps_most)
    return least if least == most else f"{least} to {most}"


def store(version: str, date: str) -> None:
    """Write the scores of this version."""
    found = {
        key: {name: value if isinstance(value, str) else round(value, 6) for name, value in each._asdict().items()}
        for key, each in now().items()
    }
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 200
    head = (
        "# What the forecasts of published runs scored before operators had classes: shares of time, not percent.\n"
        "# Written by `python tests/score_table.py --store DATE` at the version below, and left alone since.\n"
    )
    with BEFORE.open("w", encoding="utf-8") as file:
        file.write(head)
        yaml.dump({"version": version, "date": date, "seed": SEED, "runs": found}, file)


def main(arguments: list[str]) -> int:
    """Store the scores of this version with its date, or print them."""
    if arguments[:1] == ["--store"] and len(arguments) == 2:
        version = simulate(runs()["hsdp"]).model
        store(version, arguments[1])
        return 0
    if arguments == ["--show"]:
        for key, found in now().items():
            print(f"{key:14} {runs()[key].published:>8}  {cell(found):32} {found.covered:4} {score_cell(found)}")
        return 0
    print("usage: score_table.py --show, or --store DATE", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
