"""Questions about saves, and about the way back to training."""

from questions import plots, tables
from questions.asking import Question, Told
from questions.plots import Across
from questions.words import about, change, change_usd, clear, difference, plus
from simulator.compile import compile_plan
from simulator.durations import TICKS_PER_SECOND
from simulator.report import text

MINUTES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


def interval(told: Told) -> tuple[str, ...]:
    """Return how often to save."""
    auto = text.duration(compile_plan(told.scenario).interval / TICKS_PER_SECOND)
    others = [cell for cell in told.cells if cell is not told.base and cell["finish_days_difference"] is not None]
    best, worst = (pick(others, key=lambda cell: float(cell["finish_days_difference"])) for pick in (min, max))
    gain, half = best["finish_days_difference"], best["finish_days_difference_half_width"]
    if gain < -half:
        first = (
            f"After every {best['checkpoint.interval']} of work: in the mean the run is done {about(-gain, half)} "
            f"earlier than with the automatic interval, {auto}."
        )
        why = (
            "`auto` is the exact optimum at the medians of the inputs; how long a save blocks is uncertain here, from "
        )
        why += "a twentieth of a second to a minute, and the mean weighs the bad cases."
    else:
        first = f"After every {auto} of work, the exact optimum that `auto` takes: no other interval tried is better."
        why = f"The next best, {best['checkpoint.interval']}, differs by {plus(gain, half)} in the mean."
    far = f"The worst of those tried, {worst['checkpoint.interval']}, costs "
    far += f"{plus(worst['finish_days_difference'], worst['finish_days_difference_half_width'])}."
    return first, why, far


def memory(told: Told) -> tuple[str, ...]:
    """Return whether copies in host memory pay."""
    finish, cost, goodput = (told.variants(name)[0] for name in ("finish_days", "cost_usd", "goodput"))
    worth = finish["mean"] is not None and finish["mean"] > 0 and clear(finish)
    first = "Yes" if worth else "Not as far as these pairs can tell"
    return (
        f"{first}: without copies in host memory the run is done, in the mean, {change(finish)} and costs "
        f"{change_usd(cost)}.",
        f"Goodput changes by {plus(100 * goodput['mean'], 100 * goodput['half_width'], 'points')}. With copies most "
        "restores take half a minute instead of three, saves block for three seconds instead of five, and none is lost "
        "while it drains to storage.",
    )


def detection(told: Told) -> tuple[str, ...]:
    """Return whether faster detection pays."""
    by = {cell["recovery.detection"]: cell for cell in told.cells}
    fast, slow = by["10 s"], by["10 min"]
    lost = plus(slow["finish_days_difference"], slow["finish_days_difference_half_width"])
    return (
        f"Ten seconds instead of a minute: the run is done, in the mean, {change(difference(fast, 'finish_days'))} and "
        f"costs {change_usd(difference(fast, 'cost_usd'))}; a team may spend less than that on it.",
        f"The other way it is dear: ten minutes instead of one cost {lost}.",
    )


def restart(told: Told) -> tuple[str, ...]:
    """Return what 40 s of a restart are worth."""
    finish, cost, goodput = (told.variants(name)[0] for name in ("finish_days", "cost_usd", "goodput"))
    return (
        f"200 s instead of 240 s to restart: the run is done, in the mean, {change(finish)} and costs "
        f"{change_usd(cost)}.",
        f"Goodput changes by {plus(100 * goodput['mean'], 100 * goodput['half_width'], 'points')}. Both variants meet "
        f"the same failures: independent runs would need {finish['gain'] ** 2:,.0f} times as many replications to "
        "tell.",
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
                "difference of the mean run time to auto [d]",
                (plots.DIFFERENCE,),
                zero=True,
            ),
            "How often to save",
        ),
        "One interval is kept for the whole run and all replications; a team would measure how long a save blocks in "
        "the first hour, and choose anew.",
        ("checkpoint.tiers.0", "checkpoint.bytes_per_parameter", "recovery.restart"),
        slow=True,
    ),
    Question(
        "memory_tier",
        "Do copies of the checkpoint in host memory pay, or is storage enough?",
        "derisk compare habits_16k --with "
        "'checkpoint.tiers=[{to: storage, blocking: 5 s, lag: 2 min, restore: 3 min}], checkpoint.keep=5000'"
        " -n 60",
        memory,
        tables.compared("host memory, every tenth to storage", "storage only"),
        plots.named(plots.dots(("host memory too", "storage only")), "What copies in host memory bring"),
        "A copy survives as long as one member of its group does; that a host's memory is large and fast enough for it "
        "is given, not simulated. The interval is the best one for each of the two, and as long a past is kept in "
        "storage.",
        ("checkpoint.tiers", "recovery.restart", "cost.gpu"),
    ),
    Question(
        "faster_detection",
        "Does faster detection of failures pay?",
        "derisk sweep plan_100k --axis recovery.detection='1 min,10 s,30 s,2 min,5 min,10 min' -n 120",
        detection,
        tables.swept("recovery.detection", "time to detect"),
        plots.named(
            plots.lines(
                Across(
                    "recovery.detection [s]", "time to detect a failure", 60.0, True,
                    (1 / 6, 0.5, 1.0, 2.0, 5.0, 10.0), ("10 s", "30 s", "1 min", "2 min", "5 min", "10 min"),
                ),
                "difference of the mean run time to one minute [d]",
                (plots.DIFFERENCE,),
                zero=True,
            ),
            "What detection costs",
        ),
        "Detection is the same for all causes but the watchdog's; a faster one that raises false alarms stops the job "
        "more often, and that is not in it.",
        ("recovery.detection", "recovery.diagnosis", "recovery.restart", "cost.gpu"),
    ),
    Question(
        "warm_restart",
        "What are 40 seconds of a restart worth?",
        "derisk compare plan_100k --with 'recovery.restart=240 s' --with 'recovery.restart=200 s' -n 100",
        restart,
        tables.compared("240 s", "200 s"),
        plots.named(plots.dots(("240 s", "200 s")), "A restart of 200 s against one of 240 s"),
        "Both times are known here and the same for every restart. The published range is one to thirteen minutes, so "
        "a team that does not know its own time should measure that first.",
        ("recovery.restart", "recovery.detection", "recovery.diagnosis", "cost.gpu"),
    ),
)  # fmt: skip
