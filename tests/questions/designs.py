"""Questions about networks, domains, sites and sizes."""

from dataclasses import replace

import pandas as pd

from questions import plots, tables
from questions.asking import Question, Told
from questions.words import change, clear, days, plus, share
from simulator.report import figures
from simulator.report.figures import Figure

SIZES = (9_216, 24_576, 49_152, 98_304, 196_608, 393_216, 983_040)
NETWORKS = ("InfiniBand, adaptive routing", "RoCE, packet spraying", "RoCE, ECMP", "InfiniBand, timeout 18")
DOMAINS = ("NVL72, two spare trays each", "NVL72, whole spare domains", "HGX B200, hot spares")


def networks(told: Told) -> tuple[str, ...]:
    """Return InfiniBand or RoCE."""
    spraying, ecmp, timeout = told.variants("finish_days")
    base, near = days(spraying["base"]["p50"]), abs(spraying["mean"]) < 0.02 * spraying["base"]["mean"]
    return (
        f"{'RoCE that sprays packets is as good within 2 %' if near else 'InfiniBand is faster'}: in the mean it "
        f"finishes {change(spraying)} than InfiniBand ({base} in the median), and RoCE with ECMP {change(ecmp)}.",
        f"A transport that gives up sooner (timeout 18 instead of 20) finishes {change(timeout)}: more flaps become "
        "restarts.",
        "The fabric's speed enters through the predicted step, its faults through the layer that absorbs them, told "
        "alike for both.",
    )


def domains(told: Told) -> tuple[str, ...]:
    """Return NVL72 or HGX."""
    whole, hgx = told.variants("finish_days")
    good = [told.variants("goodput")[0]["base"], *(each["other"] for each in told.variants("goodput"))]
    fastest = DOMAINS[0] if hgx["mean"] is None or hgx["mean"] > 0 else DOMAINS[2]
    pays = "the faster domain pays" if fastest == DOMAINS[0] else "the faster domain does not pay"
    pays += "" if clear(hgx) else " as far as these pairs can tell"
    told_as = ", ".join(
        f"{share(each['mean'])} ± {100 * each['mc_error']:.1f} ({name})"
        for name, each in zip(DOMAINS, good, strict=True)
    )
    return (
        f"{fastest.split(',')[0]}: {pays}; in the mean HGX finishes {change(hgx)} and NVL72 with whole spare domains "
        f"{change(whole)}.",
        f"By goodput alone (mean, Monte Carlo error) it is {told_as}: goodput says how much of the clock is training, "
        "not how fast that is.",
    )


def sites(told: Told) -> tuple[str, ...]:
    """Return one site or two."""
    finish, goodput = told.variants("finish_days")[0], told.variants("goodput")[0]
    worse = clear(finish) and finish["mean"] > 0
    slower = finish["mean"] / finish["base"]["mean"]
    return (
        f"{'One' if worse else 'Either'}: as long as one job needs all GPUs, two sites finish, in the mean, "
        f"{change(finish)}: gradients cross the network between them in every step, and an outage of either stops all "
        "of it, as does what parts them.",
        f"Goodput changes by {plus(100 * goodput['mean'], 100 * goodput['half_width'], 'points')}, and "
        f"does not count longer steps; all in all the run takes {share(slower, 2)} longer.",
    )


def sizes(told: Told) -> tuple[str, ...]:
    """Return how far recovery carries."""
    found = [told.variants("goodput")[0]["base"], *(each["other"] for each in told.variants("goodput"))]
    named = dict(zip(SIZES, found, strict=True))
    first, last = named[SIZES[0]], named[SIZES[-1]]
    half = next((size for size, each in named.items() if each["p50"] < 0.5), None)
    wall = f"below one half at {half:,} GPUs" if half else "above one half throughout"
    return (
        f"Median goodput falls from {share(first['p50'])} on {SIZES[0]:,} GPUs to {share(last['p50'])} on "
        f"{SIZES[-1]:,}, and is {wall}.",
        f"(Means with Monte Carlo errors: {share(first['mean'])} ± {100 * first['mc_error']:.1f} and "
        f"{share(last['mean'])} ± {100 * last['mc_error']:.1f}.) Nothing but the size changes: what a failure costs "
        "stays "
        "the same, and failures come in proportion to the parts. Beyond that point a larger cluster needs shorter "
        "stops, or a job that does not stop as a whole.",
    )


def curve(told: Told) -> Figure:
    """Return goodput against the size."""
    found = [told.variants("goodput")[0]["base"], *(each["other"] for each in told.variants("goodput"))]
    rows = [
        {"cell": number, "cluster.gpus": f"{size} GPUs", "cluster.gpus [GPU]": float(size), "replications": 1}
        | {f"goodput_{name}": each[name] for name in ("p10", "p50", "p90")}
        for number, (size, each) in enumerate(zip(SIZES, found, strict=True), start=1)
    ]
    drawn = figures.scale(pd.DataFrame(rows))
    return replace(drawn, table=drawn.table.drop(columns="cluster.gpus"))


_SIZED = " ".join(
    f"--with 'cluster.gpus={size} GPUs, cluster.hot_spares={round(size / 8 * 0.015)} nodes'" for size in SIZES
)

QUESTIONS = (
    Question(
        "curve_10k_100k_1m",
        "How far does today's way of recovering from failures carry, from 10,000 to 1,000,000 GPUs?",
        f"derisk compare curve_10k_100k_1m {_SIZED} -n 60",
        sizes,
        tables.compared(*(f"{size:,} GPUs" for size in SIZES)),
        curve,
        "Detection, restart and the pace of repair are held constant; teams that grow also get faster, and "
        "communicators take longer to set up. GPUs, memory, hosts and software fail as in one published cluster of "
        "16,384; links, slow nodes, corruption and power are ASSUMED, and stalls hang on the least known rate of all.",
        ("failures.gpu", "failures.hbm", "failures.host", "failures.software", "failures.link", "recovery.detection",
         "recovery.diagnosis", "recovery.restart", "checkpoint.tiers"),
        slow=True,
    ),
    Question(
        "roce_vs_infiniband",
        "InfiniBand or RoCE - what do the fabric's speed and its faults each cost?",
        "derisk compare roce_vs_infiniband --with cluster.fabric=infiniband_ndr --with "
        "cluster.fabric=roce_400g_spraying "
        "--with cluster.fabric=roce_400g_ecmp --with failures.link_flap.reach.timeout=18 -n 60",
        networks,
        tables.compared(*NETWORKS),
        plots.named(plots.dots(NETWORKS), "InfiniBand or RoCE"),
        "What fabrics lack beyond bandwidth, latency and collisions is calibrated on few runs, by the step-time model; "
        "rates of flaps differ by a factor of ten between sites, more than between technologies.",
        ("job.step_time", "failures.link_failure", "failures.link_flap", "failures.leaf.rate", "recovery.restart"),
        slow=True,
    ),
    Question(
        "nvl72_vs_hgx",
        "NVL72 or HGX - does the faster domain pay for its larger blast radius?",
        "derisk compare nvl72_vs_hgx --with 'cluster.blocks.trays=2 nodes' "
        "--with 'cluster.blocks.trays=0 nodes, cluster.blocks.spare_blocks=20' "
        "--with 'cluster.node=hgx_b200, cluster.blocks=null, cluster.nodes_per_rack=2 nodes, "
        "cluster.hot_spares=162 nodes, failures.domain.times=0, failures.tray.times=2' -n 300",
        domains,
        tables.compared(*DOMAINS),
        plots.named(plots.dots(DOMAINS), "NVL72 or HGX"),
        "The GPUs are not the same either: a GB200 has a higher peak than a B200, so most of the days between the "
        "first "
        "and the last line are the chip's. Rates of NVL72 domains are not published; both sides have the same failures "
        "per GPU, and only the domain's own come on top.",
        ("cluster.blocks", "job.step_time", "failures.tray", "failures.domain", "recovery.repair"),
        slow=True,
    ),
    Question(
        "one_site_or_two",
        "One site of 98,304 GPUs, or two of 49,152 that train one model together?",
        "derisk compare one_site_100k two_sites_100k -n 200",
        sites,
        tables.compared("one site", "two sites"),
        plots.named(plots.dots(("one site", "two sites")), "One site or two"),
        "One synchronous job, whose gradients cross the network between the sites in every step: how wide that is "
        "decides (cluster.wan_bandwidth). A job that could go on with one half would look different, and is not "
        "modelled. What "
        "parts "
        "two sites is ASSUMED: each border router, fibre and all, once in two years for some hours.",
        ("failures.outage", "failures.parting", "cluster.wan_bandwidth", "recovery.restart"),
        slow=True,
    ),
)  # fmt: skip
