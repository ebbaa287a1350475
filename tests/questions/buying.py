"""Questions about dates, money, and how much to buy."""

from questions import plots, tables
from questions.asking import Question, Told
from questions.plots import Across
from questions.words import about_usd, chance, days, interval, share, usd


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
        "somebody could measure, so the date is as good as the inputs.",
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
    cells = told.cells
    best = min(cells, key=lambda cell: float(cell["cost_usd_mean"]))
    few, most = cells[0], cells[-1]
    enough = next(
        cell for cell in cells if cell["goodput_mean"] >= most["goodput_mean"] - 1.96 * most["goodput_mc_error"] / 2
    )
    name = "cluster.hot_spares"
    return (
        f"{enough[name].removesuffix(' nodes').capitalize()} hot spares: mean goodput is then "
        f"{share(enough['goodput_mean'])} ± {100 * enough['goodput_mc_error']:.1f} (Monte Carlo error), within half an "
        f"interval of that with {most[name].removesuffix(' nodes')}; with {few[name].removesuffix(' nodes')} it is "
        f"{share(few['goodput_mean'])} ± {100 * few['goodput_mc_error']:.1f}.",
        f"The cheapest number of those tried is {best[name].removesuffix(' nodes')}, at "
        f"{about_usd(best['cost_usd_mean'], best['cost_usd_mc_error'])} in the mean. What decides is how many "
        "nodes are out of service at a time, their rate "
        "times the time until they are back, and neither is known well; with fewer the median may be as good while bad "
        "cases never finish.",
    )


def margin(told: Told) -> tuple[str, ...]:
    """Return how many GPUs to buy for a date."""
    good = [cell for cell in told.cells if cell["deadline_probability"] >= 0.9]
    base = told.base
    first = good[0] if good else told.cells[-1]
    more = first["cluster.gpus [GPU]"] / base["cluster.gpus [GPU]"] - 1
    met = f"{share(first['deadline_probability'], 0)} ± {100 * first['deadline_mc_error']:.0f}"
    money = f"mean cost {usd(first['cost_usd_mean'])} against {usd(base['cost_usd_mean'])}"
    if not good:
        return (f"More than were tried: with {_gpus(first)} GPUs the deadline is met with a probability of {met}.",)
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


SPARES = (8, 16, 32, 48, 64, 96, 128, 160, 192, 256)

QUESTIONS = (
    Question(
        "spares_32k",
        "How many hot spares do 32,768 GPUs need, and what do the last ones buy?",
        f"derisk sweep spares_32k --axis cluster.hot_spares='{','.join(f'{number} nodes' for number in SPARES)}' -n "
        "100",
        spares,
        tables.swept("cluster.hot_spares", "hot spares", difference=False),
        plots.named(
            plots.lines(
                Across(
                    "cluster.hot_spares [node]", "hot spares [nodes]", 1.0, True,
                    (8.0, 16.0, 32.0, 64.0, 128.0, 256.0),
                ),
                "mean goodput [%]",
                (plots.GOODPUT,),
            ),
            "What hot spares buy",
        ),
        "Repair times decide, and they are the least published number of all: nodes out of service grow in proportion "
        "to them. Spares here do not fail while they wait.",
        ("failures.hardware", "recovery.repair", "recovery.cure", "recovery.manual", "recovery.vendor", "cost.gpu"),
    ),
    Question(
        "date_to_promise",
        "Which date can be promised, and how likely is the deadline?",
        "derisk run presets/llama3_405b_16k --set checkpoint.interval=auto --set job.start=2027-03-01 "
        "--set job.deadline=2027-05-31 -n 1000",
        promise,
        tables.run(
            ("finish_days", "run time", lambda value: days(value)),
            ("goodput", "goodput", lambda value: "unknown" if value is None else share(value)),
        ),
        plots.named(plots.finish, "When it will be done"),
        "What the authors of this run did not publish has wide ranges: whoever measures it gets a narrower date. The "
        "best interval between saves is chosen at the medians of the inputs.",
        ("job.mfu", "recovery.detection", "recovery.restart", "checkpoint.tiers.0"),
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
        "The work is fixed, and what is saved is time that nobody pays for: that holds where GPUs are rented by the "
        "hour or have other work. Prices are ASSUMED.",
        ("cost",),
    ),
    Question(
        "margin_to_buy",
        "How many more GPUs buy a safe date?",
        "derisk sweep presets/llama3_405b_16k --set checkpoint.interval=auto --set job.start=2027-03-01 "
        "--set job.deadline=2027-05-31 --set 'cost.gpu=2.10 USD/GPU/h' "
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
        "tells by how much (`derisk step`). Rent is 2.10 USD a GPU-hour, ASSUMED.",
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
        "The run pays for its share of the lifetime only: whoever owns must find work for the GPUs in the rest of the "
        "four years. No interest, taxes or resale but the residual; all prices are ASSUMED, and the rent is this "
        "page's.",
        ("cost",),
    ),
)  # fmt: skip
