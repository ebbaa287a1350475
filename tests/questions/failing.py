"""Questions about what breaks, who mends it, and what to look for."""

from questions import plots, tables
from questions.asking import Question, Told
from questions.middle import Middle
from questions.words import DAY, change, change_usd, counted, days, plus, shift, usd

NODE_DAY = 1 / DAY


def contract(told: Told) -> tuple[str, ...]:
    """Return the failure rate for a contract."""
    found = told.json
    if found["value"] is None:
        return (found["sentence"],)
    low, high = (None if end is None else end * DAY for end in found["interval"])
    known = " (95 % interval " + (
        f"{low:.4f} to {high:.4f})" if low is not None and high is not None else "open on one side)"
    )
    rate, nodes = found["value"] * DAY, told.scenario.document.cluster.needed
    return (
        f"At most {rate:.4f} failures per node and day{known}: then nine runs in ten are done within "
        f"{found['target']:g} d, for {_work(told)} of work.",
        f"That is one failure of a node in {1 / rate:,.0f} days, or {rate * nodes:.1f} a day on {nodes:,} nodes. "
        f"At {found['high'] * DAY:.4f} it is {days(found['evaluated'][-1]['difference'])} more.",
    )


def _work(told: Told) -> str:
    return next(row.value for row in told.scenario.table() if row.path == "job.work")


def bad_nodes(told: Told) -> tuple[str, ...]:
    """Return whether it pays to find bad nodes."""
    (retired, burnt), (_, cost) = told.medians(), told.medians("cost_usd")
    lost = counted(told.variants("finish_days")[0]["other"]["infinite"], told.json["replications"])
    gain = "Yes" if burnt.clear and burnt.value < 0 else "Not as far as these pairs can tell"
    return (
        f"{gain}: after a burn-in that finds all bad nodes the run is done {change(burnt)} and costs "
        f"{change_usd(cost)} "
        "(medians of the pairs); the burn-in of the whole cluster must cost less than that.",
        f"To retire, instead, a node that was taken out twice in thirty days changes the finish by {shift(retired)}, "
        f"and {lost} of the runs never finish: it does not come back, and there is one spare less.",
    )


def crews(told: Told) -> tuple[str, ...]:
    """Return how many crews are enough."""
    cells = sorted(told.cells, key=lambda cell: float(cell["recovery.manual.crews [crew]"]))
    few, most = cells[0], cells[-1]
    last = most["finish_days_p90"]
    enough = next(
        cell for cell in cells if cell["finish_days_p90"] is not None and cell["finish_days_p90"] <= 1.001 * last
    )
    return (
        f"{enough['recovery.manual.crews'].capitalize()} for {told.scenario.document.cluster.needed:,} nodes: P90 of "
        f"the run time is then {days(enough['finish_days_p90'])}, within 0.1 % of that with "
        f"{most['recovery.manual.crews']}.",
        f"With {few['recovery.manual.crews']} it is {days(few['finish_days_p90'])}, {days(few['finish_days_p50'])} at "
        f"P50, and {counted(few['unfinished'], few['replications'])} of the runs never finish. Too few crews are no "
        "slow decline: repairs come in faster than they go out, and in the end the job goes only as fast as they do.",
    )


def evict(told: Told) -> tuple[str, ...]:
    """Return whether to evict slow nodes."""
    (never, always), (cost, _) = told.medians(), told.medians("cost_usd")
    yes = "Yes" if never.value > 0 else "No"
    yes = yes if never.clear else "Not as far as these pairs can tell"
    return (
        f"{yes}: a job that keeps its slow nodes is done {change(never)} than one that evicts a node once it cost five "
        f"minutes, and costs {change_usd(cost)} (medians of the pairs).",
        f"One that evicts every slow node as soon as it is found is done {change(always)}: an eviction costs a "
        "restart, and most episodes heal by themselves within half an hour.",
    )


def checks(told: Told) -> tuple[str, ...]:
    """Return how often to check for silent corruption."""
    often, seldom, last = told.medians()
    first = (
        f"Every {CHECKS[1] if often.value < 0 else CHECKS[0]}" if often.clear else f"Every {CHECKS[1]} to {CHECKS[0]}"
    )
    return (
        f"{first}, of those tried: with checks of two minutes every {CHECKS[1]} the run is done {change(often)} than "
        f"with one every {CHECKS[0]}, and with one every {CHECKS[2]} {change(seldom)} (medians of the pairs).",
        "Checks take time from every day; with fewer a corruption rolls back more work when it is found. With one "
        f"every {CHECKS[3]} the run is done {change(last)}.",
    )


def measure(told: Told) -> tuple[str, ...]:
    """Return what to measure next."""
    found = told.json["tornado"]
    first, second, *_ = found["bars"]
    ends = [days(end) for end in first["finish_p90_days"]]
    return (
        f"`{first['path']}`: from its P10 ({first['low']}) to its P90 ({first['high']}) it moves the P90 of the run "
        f"time from {ends[0]} to {ends[1]} (± {1.96 * first['finish_error_days']:.1f} d).",
        f"Next comes `{second['path']}`, with {second['swing_days']:.1f} ± {1.96 * second['finish_error_days']:.1f} d. "
        "An input that moves little needs no measurement, however little is known about it.",
    )


def launch(told: Told) -> tuple[str, ...]:
    """Return whether to wait for the hardware to age."""
    gains, waits = told.medians(), (30, 60, 90)
    now = all(wait + each.value > 0 for wait, each in zip(waits, gains, strict=True))
    last, cost = gains[-1], told.medians("cost_usd")[-1]
    later = Middle(waits[-1] + last.value, waits[-1] + last.low, waits[-1] + last.high, last.pairs)
    price = told.scenario.document.cost.gpu
    rent = told.scenario.provisioned_gpus * (price.median if price else 0.0) * waits[-1] * DAY
    return (
        f"{'Now' if now else 'Wait'}: {waits[-1]} d of ageing make the run {change(last, 'shorter', 'longer')}, so the "
        f"model is there {change(later)} (medians of the pairs).",
        f"Ageing makes the run cost {change_usd(cost)}, but {waits[-1]} d of the cluster cost {usd(rent)} at the same "
        "rent, unless others use and pay for it; parts age under load only.",
    )


EVICTED = ("evicted below 97 %, once it cost 5 min", "none evicted", "all evicted at once")
CHECKS = ("4 h", "1 h", "12 h", "48 h")
_CHECKED = " ".join(f"--with 'failures.corruption.found.every={each}, job.evaluation.every={each}'" for each in CHECKS)
_AGED = " ".join(
    f"--with 'failures.gpu.age={age} d, failures.hbm.age={age} d, failures.host.age={age} d'" for age in (0, 30, 60, 90)
)

QUESTIONS = (
    Question(
        "contract_rate",
        "What failure rate should the contract for 32,768 GPUs allow?",
        "derisk break-even spares_32k --input failures.hardware.rate "
        "--between '0.001 /node/day' '0.0065 /node/day' --target 'finish.p90=90 d' -n 150",
        contract,
        tables.crossed("failures of a node", "P90 of the run time against 90 d", lambda value: plus(value, None)),
        plots.named(
            plots.crossing("failures per node and day", "P90 of the run time against the target [d]", NODE_DAY),
            "Which failure rate keeps the date",
        ),
        "The rate counts what stops the job and takes a node out. A contract must say who counts, and repair times "
        "belong into it too: the number holds for the repairs and spares that are assumed here.",
        ("cluster.hot_spares", "failures.hardware", "recovery.repair", "recovery.manual", "recovery.restart"),
    ),
    Question(
        "what_to_measure",
        "What should be measured next, before the cluster is bought?",
        "derisk sensitivity planned_405b_gb200 -n 100",
        measure,
        tables.swings(),
        plots.named(plots.tornado, "What moves the P90 of the run time"),
        "The ranges decide as much as the model: an input whose range was guessed too narrow ranks too low.",
        ("job.step_time", "failures.node.rate", "recovery.detection", "recovery.diagnosis", "recovery.restart"),
    ),
    Question(
        "launch_now_or_later",
        "Launch on a new cluster now, or let it age for three months first?",
        f"derisk compare young_16k {_AGED} -n 80",
        launch,
        tables.compared("now", "after 30 d", "after 60 d", "after 90 d"),
        plots.named(plots.dots(("now", "after 30 d", "after 60 d", "after 90 d")), "How much shorter the run gets"),
        "How much more often young hardware fails, and for how long, is ASSUMED: three times in the first month, twice "
        "in the next two. Run times count from the launch, so the days of waiting come on top.",
        ("failures.gpu", "failures.hbm.intensity", "failures.host.intensity", "recovery.restart"),
        slow=True,
    ),
    Question(
        "bad_nodes",
        "Does it pay to find the bad nodes before the run?",
        "derisk compare habits_16k --with 'failures.bad_node.lemons.share=1.5%' "
        "--with 'recovery.retirement={after: 2, within: 30 d}' --with 'failures.bad_node.lemons.share=0%' -n 200",
        bad_nodes,
        tables.compared("1.5 % are bad", "retired after the second time", "burn-in found all"),
        plots.named(
            plots.dots(("1.5% are bad", "retired after the second time", "burn-in found all")),
            "What bad nodes cost",
        ),
        "A burn-in that finds every bad node and no good one does not exist, so this is an upper bound. What bad nodes "
        "do is taken from the published counts and does not come on top of them. A retired node stays away for good; a "
        "maker would replace it within weeks.",
        ("failures.bad_node", "cluster.hot_spares", "recovery.repair", "cost.gpu"),
        slow=True,
    ),
    Question(
        "repair_crews",
        "How many repair crews do 4,096 nodes need?",
        "derisk sweep spares_32k --axis recovery.manual.crews="
        "'1 crew,2 crews,3 crews,4 crews,5 crews,6 crews,8 crews,12 crews' -n 200",
        crews,
        tables.swept("recovery.manual.crews", "crews", difference=False),
        plots.named(
            plots.lines(
                plots.Across(
                    "recovery.manual.crews [crew]", "repairs by hand at a time", 1.0, True,
                    (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0),
                ),
                "run time [d]",
                (plots.P50, plots.P90),
            ),
            "What crews bring",
        ),
        "Crews work around the clock here, and a crew is one swap by hand at a time, of some hours; shifts and "
        "weekends make more people of it. The days that a node waits for parts and tests before hold no crew.",
        ("cluster.hot_spares", "failures.hardware.rate", "recovery.repair", "recovery.manual"),
    ),
    Question(
        "slow_nodes",
        "Does it pay to evict slow nodes?",
        "derisk compare habits_16k --with 'recovery.eviction.slower_than=97%' "
        "--with 'recovery.eviction.slower_than=1%' "
        "--with 'recovery.eviction.slower_than=100%, recovery.eviction.once_it_cost=0 s' -n 100",
        evict,
        tables.compared(*EVICTED),
        plots.named(plots.dots(EVICTED), "What slow nodes cost"),
        "All slow nodes are episodes here, which heal after 24 minutes in the mean. A node that stays slow for days "
        "must go, and how many of them do is not published.",
        ("failures.slow", "recovery.eviction", "recovery.restart", "cluster.hot_spares", "cost.gpu"),
        slow=True,
    ),
    Question(
        "corruption_checks",
        "How often should a run check for silent data corruption?",
        f"derisk compare habits_16k {_CHECKED} -n 100",
        checks,
        tables.compared(*(f"every {each}" for each in CHECKS)),
        plots.named(plots.dots(tuple(f"every {each}" for each in CHECKS)), "How often to check"),
        "A check finds half of what is there, and takes as long as an evaluation of the model; corruption that is "
        "never found costs nothing here, for what it does to the model is not simulated. Storage keeps all "
        "checkpoints.",
        ("failures.corruption", "job.evaluation"),
        slow=True,
    ),
)  # fmt: skip
