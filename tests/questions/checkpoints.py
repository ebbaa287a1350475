"""Questions about saves, and about the way back to training."""

from questions import plots, tables
from questions.asking import Question, Told
from questions.plots import Across
from questions.words import change, change_usd, shift
from simulator import resources
from simulator.compile.compile import compile_plan
from simulator.numbers.times import TICKS_PER_SECOND
from simulator.report import text
from simulator.scenario import load_scenario

MINUTES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


def interval(told: Told) -> tuple[str, ...]:
    """Return how often to save."""
    scenario = load_scenario(resources.scenarios() / f"{told.words[2]}.yaml", ["checkpoint.interval=auto"])
    auto = text.duration(compile_plan(scenario).interval / TICKS_PER_SECOND)
    others = [(cell, gain) for cell, gain in zip(told.cells, told.medians(), strict=True) if cell is not told.base]
    best, worst = (pick(others, key=lambda pair: pair[1].value) for pick in (min, max))
    if best[1].clear and best[1].value < 0:
        first = (
            f"After every {best[0]['checkpoint.interval']} of work: the run is then done {change(best[1])} than with "
        )
        first += f"the automatic interval, {auto} (median of the pairs)."
        why = "`auto` is the exact optimum at the medians of the inputs; how long a save blocks is uncertain here."
    else:
        first = f"After every {auto} of work, the exact optimum that `auto` takes: no other interval tried is better."
        why = f"The next best, {best[0]['checkpoint.interval']}, finishes {change(best[1])} (median of the pairs)."
    far = f"The worst of those tried, {worst[0]['checkpoint.interval']}, finishes {change(worst[1])}."
    return first, why, far


def memory(told: Told) -> tuple[str, ...]:
    """Return whether copies in host memory pay."""
    finish, cost, goodput = (told.medians(name)[0] for name in ("finish_days", "cost_usd", "goodput"))
    first = "Yes" if finish.value < 0 and finish.clear else "Not as far as these pairs can tell"
    return (
        f"{first}: with copies in the memory of peers the run is done {change(finish)} and costs {change_usd(cost)} "
        "(medians of the pairs).",
        f"Goodput changes by {shift(goodput.times(100), 'points')}. A save then blocks for a twentieth of a second in "
        "the median instead of two, so it comes more often, and none is lost while it drains to storage.",
    )


def detection(told: Told) -> tuple[str, ...]:
    """Return whether faster detection pays."""
    by = {cell["recovery.detection"]: cell for cell in told.cells}
    fast, slow = told.cells.index(by["10 s"]), told.cells.index(by["10 min"])
    return (
        f"Ten seconds instead of forty: the run is done {change(told.medians()[fast])} and costs "
        f"{change_usd(told.medians('cost_usd')[fast])} (medians of the pairs); a team may spend less than that on it.",
        f"The other way it is dear: with ten minutes it is done {change(told.medians()[slow])}.",
    )


def restart(told: Told) -> tuple[str, ...]:
    """Return what 40 s of a restart are worth."""
    finish, cost, goodput = (told.medians(name)[0] for name in ("finish_days", "cost_usd", "goodput"))
    gain = told.variants("finish_days")[0]["gain"]
    return (
        f"860 s instead of 900 s to restart: the run is done {change(finish)} and costs {change_usd(cost)} (medians of "
        "the pairs).",
        f"Goodput changes by {shift(goodput.times(100), 'points')}. Both variants meet the same failures: independent "
        f"runs would need {gain**2:,.0f} times as many replications to tell their means apart.",
    )


QUESTIONS = (
    Question(
        "checkpoint_interval",
        "How often should 98,304 GPUs save a checkpoint?",
        "derisk sweep plan_100k --axis checkpoint.interval='auto,30 s,1 min,2 min,4 min,8 min,15 min,30 min' -n 300",
        interval,
        tables.swept("checkpoint.interval", "work between saves"),
        plots.named(
            plots.lines(
                Across(
                    "checkpoint.interval [s]", "work between saves [min]", 60.0, True, MINUTES,
                    ("0.5", "1", "2", "4", "8", "15", "30"),
                ),
                "median difference of the run time to auto [d]",
                (plots.DIFFERENCE,),
                zero=True,
            ),
            "How often to save",
        ),
        "One interval is kept for the whole run and all replications; a team would measure how long a save blocks in "
        "the first hour, and choose again.",
        ("checkpoint.interval", "checkpoint.tiers.0", "checkpoint.bytes_per_parameter", "recovery.restart"),
        slow=True,
    ),
    Question(
        "memory_tier",
        "Do copies of the checkpoint in host memory pay, or is storage enough?",
        "derisk compare habits_16k --with "
        "'checkpoint.tiers=[{to: host_memory, peers: 1, blocking: {p10: 0.01 s, p50: 0.05 s, p90: 0.5 s}}, "
        "{to: storage, every: 20, blocking: {p10: 0.01 s, p50: 0.05 s, p90: 0.5 s}}]'"
        " -n 100",
        memory,
        tables.compared("storage only", "memory of peers, every twentieth to storage"),
        plots.named(plots.dots(("storage only", "memory of peers too")), "What copies in host memory bring"),
        "A copy survives as long as one member of its group does; that a host's memory is large and fast enough for it "
        "is given, not simulated. The pause of a save is that of the class best, ASSUMED; the load after a failure is "
        "part of the restart, and as long with either. The interval is the same multiple of the best one for each.",
        ("checkpoint.tiers", "recovery.restart", "cost.gpu"),
    ),
    Question(
        "faster_detection",
        "Does faster detection of failures pay?",
        "derisk sweep plan_100k --set 'recovery.hangs={share: 10%, detection: 10 min}' "
        "--axis recovery.detection='40 s,10 s,20 s,90 s,3 min,10 min' -n 80",
        detection,
        tables.swept("recovery.detection", "time to detect"),
        plots.named(
            plots.lines(
                Across(
                    "recovery.detection [s]", "time to detect a failure", 60.0, True,
                    (1 / 6, 1 / 3, 2 / 3, 1.5, 3.0, 10.0), ("10 s", "20 s", "40 s", "90 s", "3 min", "10 min"),
                ),
                "median difference of the run time to forty seconds [d]",
                (plots.DIFFERENCE,),
                zero=True,
            ),
            "What detection costs",
        ),
        "One failure in ten hangs and is noticed after ten minutes in every cell. A faster detection that "
        "raises false alarms stops the job more often, and that is not in it.",
        ("recovery.detection", "recovery.hangs", "recovery.diagnosis", "recovery.restart", "cost.gpu"),
    ),
    Question(
        "warm_restart",
        "What are 40 seconds of a restart worth?",
        "derisk compare plan_100k --with 'recovery.restart=900 s' --with 'recovery.restart=860 s' -n 100",
        restart,
        tables.compared("900 s", "860 s"),
        plots.named(plots.dots(("900 s", "860 s")), "A restart of 860 s against one of 900 s"),
        "Both times are known here and the same for every restart. 900 s are published for this size, and the class of "
        "operator takes 0.6 to 2 times that, so a team that does not know its own time should measure it first.",
        ("recovery.restart", "recovery.detection", "recovery.diagnosis", "cost.gpu"),
    ),
)  # fmt: skip
