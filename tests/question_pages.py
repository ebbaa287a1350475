"""Writes docs/questions/: planners' questions, each with a scenario, its answer in numbers, and what it rests on.

`make validation`, or `python tests/question_pages.py`; a test compares. Every number on a page is a function of this
file, the scenarios and the engine.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from simulator import resources
from simulator.ensemble import Ensemble, run_ensemble
from simulator.ledger import Account
from simulator.metrics import finish_days, goodput, ledger_share
from simulator.metrics.columns import column
from simulator.scenario import load_scenario

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "questions"
SEED = 20_261_122
REPLICATIONS = 100

LOSSES = {
    Account.LOST_WORK: "lost work", Account.CHECKPOINT_SAVE: "saves", Account.WAITING: "waiting",
    Account.RESTART: "restart", Account.DETECTION: "detection", Account.DIAGNOSIS: "diagnosis",
    Account.CHECKPOINT_RESTORE: "restore", Account.SLOW: "slow", Account.NETWORK_STALL: "stalls",
    Account.EVALUATION: "evaluation", Account.MAINTENANCE: "maintenance",
}  # fmt: skip


class Setting(NamedTuple):
    """One line of a page's table: what is changed, in words and for `--set`."""

    label: str
    sets: tuple[str, ...] = ()


class Question(NamedTuple):
    """A page: a scenario, the settings it is run with, and words that read the results."""

    scenario: str
    settings: tuple[Setting, ...]
    answer: Callable[[dict[str, Ensemble]], str]
    caveat: str
    columns: tuple[str, ...] = ()  # further columns of the replications, as means


def run(question: Question) -> dict[str, Ensemble]:
    """Return the ensembles of a page by the labels of its settings."""
    path = resources.scenarios() / f"{question.scenario}.yaml"
    found = {}
    for setting in question.settings:
        scenario = load_scenario(path, list(setting.sets))
        found[setting.label] = run_ensemble(scenario, seed=SEED, replications=REPLICATIONS, threads=1)
    return found


def percent(ensemble: Ensemble) -> str:
    """Return goodput as P50 with P10 to P90."""
    told = goodput(ensemble)
    return f"{100 * told.p50:.1f} % ({100 * told.p10:.1f} to {100 * told.p90:.1f})"


def days(ensemble: Ensemble) -> str:
    """Return the run time as P50 with P10 to P90."""
    told = finish_days(ensemble)
    return f"{_days(told.p50)} ({_days(told.p10)} to {_days(told.p90)})"


def _days(value: float) -> str:
    return "never" if value == float("inf") else f"{value:.1f}"


def middle(ensemble: Ensemble) -> float:
    """Return the median goodput in per cent."""
    return 100 * goodput(ensemble).p50


def share(ensemble: Ensemble, account: Account) -> float:
    """Return the mean share of the wall clock on an account in per cent."""
    return 100 * ledger_share(ensemble)[account].mean


def losses(ensemble: Ensemble) -> str:
    """Return the largest three losses, as mean shares of the wall clock."""
    shares = {LOSSES[account]: share(ensemble, account) for account in LOSSES}
    largest = sorted(shares.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{name} {value:.1f} %" for name, value in largest if value > 0.05)


def table(question: Question, found: dict[str, Ensemble]) -> Iterator[str]:
    """Yield the table of a page."""
    heads = [
        "",
        "GPUs",
        "goodput",
        "run time [d]",
        "largest losses",
        *(name.replace("_", " ") for name in question.columns),
    ]
    yield f"| {' | '.join(heads)} |"
    yield "|---|---:|---|---|---" + "|---:" * len(question.columns) + "|"
    for label, ensemble in found.items():
        more = [f"{column(ensemble, name).mean():.3g}" for name in question.columns]
        provisioned = f"{ensemble.scenario.provisioned_gpus:,}"
        yield f"| {' | '.join([label, provisioned, percent(ensemble), days(ensemble), losses(ensemble), *more])} |"


def sources(ensemble: Ensemble) -> Iterator[str]:
    """Yield the sources of a scenario's inputs, and how many inputs are ASSUMED."""
    rows = ensemble.scenario.table()
    backed: dict[str, list[str]] = {}
    for row in rows:
        if not row.source.startswith("ASSUMED") and row.source not in ("chosen", "default", "given"):
            backed.setdefault(row.source, []).append(row.path)
    for source, paths in backed.items():
        yield f"- {source}: " + ", ".join(f"`{path}`" for path in paths)
    assumed = [row for row in rows if row.source.startswith("ASSUMED")]
    yield f"- ASSUMED, {len(assumed)} of {len(rows)} inputs:"
    for row in assumed:
        spread = f" ({row.ignorance})" if row.ignorance else ""
        why = row.source.removeprefix("ASSUMED").lstrip(": ")
        yield f"  - `{row.path}` {row.value}{spread}" + (f": {why}" if why else "")


def page(question: Question) -> str:
    """Return a page."""
    found = run(question)
    first = next(iter(found.values())).scenario
    base = load_scenario(resources.scenarios() / f"{question.scenario}.yaml")
    commands = [
        " ".join(["derisk run", question.scenario, *(f"--set '{each}'" for each in setting.sets)])
        for setting in question.settings
    ]
    lines = [f"# {base.question}", "", question.answer(found), "", *table(question, found), ""]
    horizon = next(row.value for row in base.table() if row.path == "run.horizon")
    lines += [
        "Medians, with P10 to P90 in brackets; losses and counts are means over replications; GPUs include all spares; "
        f"never means not within {horizon}. The commands:",
        "",
    ]
    lines += ["```", *commands, "```", "", f"**Caveat.** {question.caveat}", "", "## What it rests on", ""]
    lines += [*sources(next(iter(found.values()))), ""]
    lines += [f"{REPLICATIONS} replications each, seed {SEED}; `make validation` writes this page. {first.name}.", ""]
    return "\n".join(lines)


# the questions


def curve(found: dict[str, Ensemble]) -> str:
    """Return the answer to how far today's recovery carries."""
    sizes = {label: middle(ensemble) for label, ensemble in found.items()}
    (small, first), *_, (large, last) = sizes.items()
    half = next((label for label, value in sizes.items() if value < 50), None)
    wall = f"below one half at {half}" if half else "above one half throughout"
    return (
        f"**Answer.** Goodput falls from {first:.0f} % on {small} to {last:.0f} % on {large}, and is {wall}. Nothing "
        "but the size changes from line to line: what a failure costs stays the same, and failures come in proportion "
        "to the parts. Beyond that point a larger cluster needs shorter stops, or a job that does not stop as a whole."
    )


def sized(gpus: int) -> Setting:
    """Return the curve's setting for a size."""
    spares = round(gpus / 8 * 0.015)
    name = f"{gpus:,} GPUs"
    return Setting(name, (f"cluster.gpus={gpus} GPUs", f"cluster.hot_spares={spares} nodes"))


def spares(found: dict[str, Ensemble]) -> str:
    """Return the answer to how many spares are enough."""
    waits = {label: share(ensemble, Account.WAITING) for label, ensemble in found.items()}
    few, *_, most = waits
    swapping = waits[most]  # with so many nobody waits, and what is left is the time to swap nodes in
    enough = next(label for label, wait in waits.items() if wait - swapping < 0.2)
    return (
        f"**Answer.** {enough.capitalize()}: the job then waits for nodes during less than 0.2 % of the time, beyond "
        f"the {swapping:.1f} % that swapping takes; with {few} it is {waits[few]:.0f} %. These are means over all that "
        "is uncertain: what decides is how many nodes are out of service at a time, their rate times the time until "
        "they are back, and neither is known well. With fewer the median may be as good while bad cases never finish."
    )


def domains(found: dict[str, Ensemble]) -> str:
    """Return the answer to NVL72 or HGX."""
    names = list(found)
    best = max(names, key=lambda name: middle(found[name]))
    worst = min(names, key=lambda name: middle(found[name]))
    fastest = min(names, key=lambda name: finish_days(found[name]).p50)
    return (
        f"**Answer.** {fastest}: it finishes first, after {finish_days(found[fastest]).p50:.1f} days in the median. By "
        f"goodput alone the best is {best} ({middle(found[best]):.1f} %), and the worst {worst} "
        f"({middle(found[worst]):.1f} %)."
    )


def networks(found: dict[str, Ensemble]) -> str:
    """Return the answer to InfiniBand or RoCE."""
    times = {label: finish_days(ensemble).p50 for label, ensemble in found.items()}
    base, *others = times
    slower = ", ".join(f"{name} {_later(times[name] - times[base])}" for name in others)
    return (
        f"**Answer.** Against {base} ({times[base]:.1f} days in the median): {slower}. The fabric's speed enters "
        "through the predicted step, its faults through the layer that absorbs them, told alike for both."
    )


def _later(difference: float) -> str:
    return "does not finish" if difference == float("inf") else f"{difference:+.1f} d"


QUESTIONS = (
    Question(
        "curve_10k_100k_1m",
        tuple(sized(gpus) for gpus in (9_216, 24_576, 49_152, 98_304, 196_608, 393_216, 983_040)),
        curve,
        "Detection, restart and the pace of repair are held constant; teams that grow also get faster, and "
        "communicators take longer to set up. GPUs, memory, hosts and software fail as in one published cluster of "
        "16,384; links, slow nodes, corruption and power are ASSUMED, and stalls hang on the least known rate of all.",
        ("interruptions", "interventions_per_day"),
    ),
    Question(
        "roce_vs_infiniband",
        (
            Setting("InfiniBand NDR, adaptive routing"),
            Setting("RoCE, packet spraying", ("cluster.fabric=roce_400g_spraying",)),
            Setting("RoCE, ECMP", ("cluster.fabric=roce_400g_ecmp",)),
            Setting("InfiniBand, timeout 18 instead of 20", ("failures.link_flap.reach.timeout=18",)),
        ),
        networks,
        "What fabrics lack beyond bandwidth, latency and collisions is calibrated on few runs, by "
        "the step-time model; rates of flaps differ by a factor of ten between sites, more than between technologies.",
        ("stalls", "interruptions"),
    ),
    Question(
        "nvl72_vs_hgx",
        (
            Setting("NVL72, two spare trays in each domain"),
            Setting(
                "NVL72, as many spares as whole domains",
                ("cluster.blocks.trays=0 nodes", "cluster.blocks.spare_blocks=20"),
            ),
            Setting(
                "HGX B200, hot spares",
                (
                    "cluster.node=hgx_b200", "cluster.blocks=null", "cluster.nodes_per_rack=2 nodes",
                    "cluster.hot_spares=162 nodes", "failures.domain.times=0", "failures.tray.times=2",
                ),
            ),
        ),
        domains,
        "The GPUs are not the same either: a GB200 has a higher peak than a B200, so most of the days between the "
        "first and the last line are the chip's. Rates of NVL72 domains are not published; both sides have the same "
        "failures per GPU, and only the domain's own come on top.",
        ("interruptions", "trays", "blocks"),
    ),
    Question(
        "spares_32k",
        tuple(Setting(f"{number} hot spares", (f"cluster.hot_spares={number} nodes",)) for number in
              (8, 16, 32, 48, 64, 96, 128, 160, 192, 256)),
        spares,
        "Repair times decide, and they are the least published number of all: nodes out of service grow in proportion "
        "to them. Spares here do not fail while they wait.",
        ("waits", "interventions_per_day"),
    ),
)  # fmt: skip


def wanted() -> tuple[Question, ...]:
    """Return the questions that are named on the command line, or all."""
    names = [word for word in sys.argv[1:] if not word.startswith("-")]
    return tuple(question for question in QUESTIONS if not names or question.scenario in names)


def main() -> int:
    """Write the pages, or with --check say whether they are up to date."""
    stale = 0
    for question in wanted():
        path, text = FOLDER / f"{question.scenario}.md", page(question)
        if "--check" in sys.argv[1:]:
            stale += not path.is_file() or path.read_text(encoding="utf-8") != text
            continue
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path}")
    return int(stale > 0)


if __name__ == "__main__":
    sys.exit(main())
