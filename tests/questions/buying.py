"""Questions about dates, money, and how much to buy."""

import math
from typing import Any

from questions import plots, tables
from questions.asking import Question, Told
from questions.plots import Across
from questions.words import about_usd, chance, counted, days, interval, share, usd


def promise(told: Told) -> tuple[str, ...]:
    """Return which date to promise."""
    found = told.json
    finish, dates, met = found["finish_days"], found["finish_date"], found["deadline"]
    never = found["never_finishes"]
    return (
        f"{dates['p90']}: nine runs in ten are done by then, {interval(finish, 'p90', days)} after the start (95 % "
        f"interval); half are done by {dates['p50']}, {interval(finish, 'p50', days)}.",
        f"The deadline, {met['date']}, is met with a probability of {chance(met)}; "
        f"{chance(never)} of the runs do not finish within the horizon (95 % intervals).",
        f"Of the variance {share(found['variance_share']['finish_days']['ignorance'], 0)} comes from inputs that "
        "can be measured, so the date is as good as the inputs.",
    )


def point(told: Told) -> tuple[str, ...]:
    """Return what a point of goodput is worth."""
    money, goodput = told.json["money"], told.json["goodput"]
    one, total, lost = money["usd_per_goodput_point"], money["total_usd"], money["of_which_usd"]["goodput_expense"]
    return (
        f"One more point of goodput saves {usd(one['p50'])} in the median of the replications (95 % interval "
        f"{usd(one['p50_low'])} to {usd(one['p50_high'])}), of {usd(total['p50'])} that the run costs; in the mean it "
        f"is {about_usd(one['mean'], one['mc_error'])} of {usd(total['mean'])}.",
        f"Median goodput is {interval(goodput, 'p50', lambda value: share(value or 0.0))}: GPU hours without "
        f"productive training cost {usd(lost['p50'])} in the median, and {usd(lost['mean'])} in the mean.",
    )


def spares(told: Told) -> tuple[str, ...]:
    """Return how many spares are enough."""
    cells, name = told.cells, "cluster.hot_spares"
    best = min(cells, key=lambda cell: float(cell["cost_usd_p50"]))
    safest = min(cells, key=lambda cell: float(cell["cost_usd_p90"]))
    few, most = cells[0], cells[-1]
    # Finished as early as with the most, but for a tenth of a percent, at P50; and likewise at P90.
    middle, bad = (
        next(cell for cell in cells if _days_of(cell, end) <= 1.001 * _days_of(most, end)) for end in ("p50", "p90")
    )
    loose = next(cell for cell in cells if _days_of(cell, "p50") <= 1.01 * _days_of(most, "p50"))
    number = {
        key: cell[name].removesuffix(" nodes")
        for key, cell in (
            ("few", few),
            ("middle", middle),
            ("loose", loose),
            ("bad", bad),
            ("best", best),
            ("safest", safest),
            ("most", most),
        )
    }
    return (
        f"{number['bad']} hot spares: P90 of the run time is then {days(bad['finish_days_p90'])}, within 0.1 % of that "
        f"with {number['most']}; for a median within 0.1 % {number['middle']} are enough, and {number['loose']} for "
        f"one within 1 % ({days(loose['finish_days_p50'])}).",
        f"With {number['few']} it is {days(few['finish_days_p50'])} at P50 and {days(few['finish_days_p90'])} at P90, "
        f"and {counted(few['unfinished'], few['replications'])} of the runs never finish. The cheapest of those tried "
        f"is {number['best']} at P50 of the cost ({usd(best['cost_usd_p50'])}) and {number['safest']} at P90 "
        f"({usd(safest['cost_usd_p90'])}). What decides is how many nodes are out of service at a time, their rate "
        "times the time until they are back, and neither is known well.",
    )


def _days_of(cell: dict[str, Any], end: str) -> float:
    """Return a quantile of the run time [d]; infinite where it is never."""
    found = cell[f"finish_days_{end}"]
    return math.inf if found is None else float(found)


def margin(told: Told) -> tuple[str, ...]:
    """Return how many GPUs to buy for a date."""
    good = [cell for cell in told.cells if cell["deadline_probability"] >= 0.9]
    base = told.base
    first = good[0] if good else told.cells[-1]
    more = first["cluster.gpus [GPU]"] / base["cluster.gpus [GPU]"] - 1
    met = f"{share(first['deadline_probability'], 0)} ± {100 * first['deadline_mc_error']:.0f}"
    money = f"median cost {usd(first['cost_usd_p50'])} against {usd(base['cost_usd_p50'])}"
    if not good:
        return (f"More than were tried: with {_gpus(first)} GPUs the deadline is met with a probability of {met}.",)
    if first is base:
        return (
            f"None: the {_gpus(base)} planned meet the deadline, {told.scenario.deadline}, with a probability of {met} "
            "(Monte Carlo error).",
            f"P90 of the run time is {days(base['finish_days_p90'])}, at a median cost of {usd(base['cost_usd_p50'])}.",
        )
    return (
        f"{_gpus(first)} GPUs, {share(more, 0)} more than the {_gpus(base)} planned: they meet the deadline, "
        f"{told.scenario.deadline}, with a probability of {met}, against {share(base['deadline_probability'], 0)} ± "
        f"{100 * base['deadline_mc_error']:.0f} (Monte Carlo errors).",
        f"That is {money}: GPUs are rented for as long as the run takes, so a faster run costs little more. P90 of the "
        f"run time falls from {days(base['finish_days_p90'])} to {days(first['finish_days_p90'])}.",
    )


def _gpus(cell: dict[str, object]) -> str:
    return str(cell["cluster.gpus"]).removesuffix(" GPUs").replace("_", ",")


def rent(told: Told) -> tuple[str, ...]:
    """Return what a GPU may cost to buy."""
    found = told.json
    if found["value"] is None:
        return (found["sentence"],)
    return (
        f"Owning is cheaper than 2.10 USD a GPU-hour below {usd(found['value'])} a GPU, with its share of server, "
        "network and building, written off over four years.",
        f"The run is the same either way, so chance cancels (95 % interval {usd(found['interval'][0])} to "
        f"{usd(found['interval'][1])}); at "
        f"{usd(found['low'])} renting this run costs {usd(abs(found['evaluated'][0]['difference']))} more than owning, "
        f"at {usd(found['high'])} {usd(abs(found['evaluated'][-1]['difference']))} less.",
    )


SPARES = (16, 32, 48, 64, 96, 128, 192, 256)

QUESTIONS = (
    Question(
        "spares_32k",
        "How many hot spares do 32,768 GPUs need, and what do the last ones buy?",
        f"derisk sweep spares_32k --axis cluster.hot_spares='{','.join(f'{number} nodes' for number in SPARES)}' -n "
        "200",
        spares,
        tables.swept("cluster.hot_spares", "hot spares", difference=False),
        plots.named(
            plots.lines(
                Across(
                    "cluster.hot_spares [node]", "hot spares [nodes]", 1.0, True,
                    (16.0, 32.0, 64.0, 128.0, 256.0),
                ),
                "run time [d]",
                (plots.P50, plots.P90),
            ),
            "What hot spares buy",
        ),
        "Repair times decide, and they are the least published number of all: nodes out of service grow in proportion "
        "to them. Spares here do not fail while they wait.",
        ("failures.hardware", "recovery.repair", "recovery.cure", "recovery.manual", "cost.gpu"),
    ),
    Question(
        "date_to_promise",
        "Which date can be promised, and how likely is the deadline?",
        "derisk run presets/llama3_405b_16k",
        promise,
        tables.run(
            ("finish_days", "run time", lambda value: days(value)),
            ("goodput", "goodput", lambda value: "unknown" if value is None else share(value)),
        ),
        plots.named(plots.finish, "When it will be done"),
        "What the authors of this run did not publish has the ranges of its class of operator, automatic: a team that "
        "measures its own gets a narrower date.",
        ("job.mfu", "operator", "recovery.detection", "recovery.restart", "checkpoint.interval", "checkpoint.tiers.0"),
    ),
    Question(
        "point_of_goodput",
        "What is one point of goodput worth?",
        "derisk run plan_100k -n 150",
        point,
        tables.run(
            ("money.total_usd", "the run, without delay", usd),
            ("money.lines_usd.gpus", "of it GPUs", usd),
            ("money.of_which_usd.goodput_expense", "GPU hours that did not train", usd),
            ("money.usd_per_goodput_point", "one more point of goodput", usd),
        ),
        plots.named(plots.money, "What the run costs"),
        "The work is fixed, and what is saved is time that is not paid for: that holds where GPUs are rented by the "
        "hour or have other work. Prices are ASSUMED.",
        ("cost",),
    ),
    Question(
        "margin_to_buy",
        "How many more GPUs buy a safe date?",
        "derisk sweep presets/llama3_405b_16k --set job.deadline=2027-05-18 "
        "--axis cluster.gpus='14_336 GPUs,16_384 GPUs,18_432 GPUs,20_480 GPUs,22_528 GPUs,24_576 GPUs' -n 200",
        margin,
        tables.swept("cluster.gpus", "GPUs"),
        plots.named(
            plots.lines(
                Across("cluster.gpus [GPU]", "GPUs of the job"), "run time [d]", (plots.P50, plots.P90)
            ),
            "What more GPUs buy",
        ),
        "Utilisation (MFU) is held constant: with the same batch on more GPUs it falls, and the step-time model "
        "tells by how much (`derisk step`). The deadline is a week earlier than the scenario's. Rent is ASSUMED.",
        ("job.mfu", "job.tokens", "recovery.restart", "checkpoint.tiers.0"),
    ),
    Question(
        "rent_or_own",
        "Rent the GPUs, or own them?",
        "derisk break-even owned_16k --input cost.capital --between '20_000 USD/GPU' '100_000 USD/GPU' --quantity cost "
        "--with cost.capital=null --with cost.lifetime=null --with cost.residual=null --with cost.electricity=null "
        "--with 'cost.gpu=2.10 USD/GPU/h' -n 10",
        rent,
        tables.crossed("price of a GPU", "rent minus own, for this run", lambda value: usd(value)),
        plots.named(
            plots.crossing("price of a GPU, with all that belongs to it [USD]", "cost of renting minus owning [M USD]",
                           scale=1e-6),
            "Rent or own",
        ),
        "The run pays for its share of the lifetime only: an owner must find work for the GPUs in the rest of the "
        "four years. No interest, taxes or resale but the residual; all prices are ASSUMED, and the rent is this "
        "page's.",
        ("cost",),
    ),
)  # fmt: skip
