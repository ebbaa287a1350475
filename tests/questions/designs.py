"""Questions about networks, domains, sites and sizes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from questions import plots, tables
from questions.asking import Question, Told
from questions.words import change, days, share, shift
from simulator.report import figures
from simulator.report.figures import Figure

SIZES = (9_216, 24_576, 49_152, 98_304, 196_608, 393_216, 983_040)
NETWORKS = ("InfiniBand, adaptive routing", "RoCE, packet spraying", "RoCE, ECMP", "InfiniBand, timeout 20")
DOMAINS = ("NVL72, two spare trays each", "NVL72, whole spare domains", "HGX B200, hot spares")


def networks(told: Told) -> tuple[str, ...]:
    """Return InfiniBand or RoCE."""
    spraying, ecmp, timeout = told.medians()
    middle = told.variants("finish_days")[0]["base"]["p50"]
    near = abs(spraying.value) < 0.02 * middle
    return (
        f"{'RoCE that sprays packets is as good within 2 %' if near else 'InfiniBand is faster'}: it finishes "
        f"{change(spraying)} than InfiniBand ({days(middle)} in the median), and RoCE with ECMP {change(ecmp)} "
        "(medians of the pairs).",
        f"A transport that waits for 30 s instead of 7.5 s (timeout 20 instead of 18) finishes {change(timeout)}: of "
        "0.65 stops a day by switches and cables half are outages that come back by themselves.",
        "The fabric's speed enters through the predicted step, its faults through the layer that absorbs them, told "
        "alike for both.",
    )


def domains(told: Told) -> tuple[str, ...]:
    """Return NVL72 or HGX."""
    whole, hgx = told.medians()
    good, last = _goodputs(told), told.variants("finish_days")[0]
    fastest = DOMAINS[0] if hgx.value > 0 else DOMAINS[2]
    pays = "the faster domain pays" if fastest == DOMAINS[0] else "the faster domain does not pay"
    pays += "" if hgx.clear else " as far as these pairs can tell"
    told_as = ", ".join(f"{share(each['p50'])} ({name})" for name, each in zip(DOMAINS, good, strict=True))
    return (
        f"{fastest.split(',')[0]}: {pays}; HGX finishes {change(hgx)}, and NVL72 with whole spare domains "
        f"{change(whole)} (medians of the pairs), but at P90 after {days(last['other']['p90'])} instead of "
        f"{days(last['base']['p90'])}.",
        f"By median goodput alone it is {told_as}: goodput says how much of the clock is training, not how fast that "
        "is.",
    )


def sites(told: Told) -> tuple[str, ...]:
    """Return one site or two."""
    finish, goodput = told.medians()[0], told.medians("goodput")[0]
    worse = finish.clear and finish.value > 0
    steps = [scenario.document.job.step_time for scenario in told.scenarios]
    assert steps[0] is not None and steps[1] is not None
    longer = steps[1].median / steps[0].median - 1
    return (
        f"{'One' if worse else 'Either'}: as long as one job needs all GPUs, two sites finish {change(finish)} (median "
        f"of the pairs).",
        f"A step is predicted to take {share(longer)} longer across the two. What else there is, an outage of either "
        "that stops all of it and what parts them, is little: goodput changes by "
        f"{shift(goodput.times(100), 'points')}.",
    )


def sizes(told: Told) -> tuple[str, ...]:
    """Return how far recovery carries."""
    found = _goodputs(told)
    named = dict(zip(SIZES, found, strict=False))
    first, last = named[SIZES[0]], named[SIZES[-1]]
    half = next((size for size, each in named.items() if each["p50"] < 0.5), None)
    wall = f"below one half at {half:,} GPUs" if half else "above one half throughout"
    more = found[len(SIZES) + WHAT_IF.index(98_304)]
    what_if = (
        "What if the rate of a part grows as (GPUs / 16,384)^excess, with an excess of 0.01, 0.1 and 0.6 at P10, P50 "
        f"and P90? Then it is {share(more['p50'])} on 98,304."
    )
    known = max(size for size in SIZES if size <= 98_304)
    never = next((size for place, size in enumerate(SIZES) if not np.isfinite(told.finishes(place)).any()), None)
    end = f" From {never:,} GPUs on no run finishes within the horizon." if never else ""
    return (
        f"Median goodput falls from {share(first['p50'])} on {SIZES[0]:,} GPUs to {share(named[known]['p50'])} on "
        f"{known:,}, and is {wall}.",
        f"On {SIZES[-1]:,} it is {share(last['p50'])}.{end} Failures come in proportion to the parts, and a restart "
        "takes longer on more GPUs: that is published up to 98,000 and EXTRAPOLATED beyond, so the larger sizes say "
        f"where today's way ends and not how fast. {what_if} Beyond that point a larger cluster needs shorter stops, "
        "or a job that does not stop as a whole.",
    )


def _goodputs(told: Told) -> list[dict[str, Any]]:
    """Return the goodput of the base and of all others."""
    return [told.variants("goodput")[0]["base"], *(each["other"] for each in told.variants("goodput"))]


def curve(told: Told) -> Figure:
    """Return goodput against the size."""
    found = _goodputs(told)[: len(SIZES)]
    rows = [
        {"cell": number, "cluster.gpus": f"{size} GPUs", "cluster.gpus [GPU]": float(size), "replications": 1}
        | {f"goodput_{name}": each[name] for name in ("p10", "p50", "p90")}
        for number, (size, each) in enumerate(zip(SIZES, found, strict=True), start=1)
    ]
    drawn = figures.scale(pd.DataFrame(rows))
    return replace(drawn, table=drawn.table.drop(columns="cluster.gpus"))


# What if the rate of a part grows with the size of the job? Not part of the curve: evidence is thin and of one fleet.
_EXCESS = "failures.scales={excess: {p10: 0.01, p50: 0.1, p90: 0.6}, from: 16_384 GPUs}"
WHAT_IF = (49_152, 98_304)
_SIZED = " ".join(
    [f"--with 'cluster.gpus={size} GPUs'" for size in SIZES]
    + [f"--with 'cluster.gpus={size} GPUs, {_EXCESS}'" for size in WHAT_IF]
)

QUESTIONS = (
    Question(
        "curve_10k_100k_1m",
        "How far does today's way of recovering from failures carry, from 10,000 to 1,000,000 GPUs?",
        f"derisk compare curve_10k_100k_1m {_SIZED} -n 60",
        sizes,
        tables.compared(
            *(f"{size:,} GPUs" for size in SIZES),
            *(f"WHAT IF parts fail more often: {size:,} GPUs" for size in WHAT_IF)
        ),
        curve,
        "The class of operator, automatic, is the same at every size, and teams that grow also get faster. Stops come "
        "from the counts of one published cluster of 16,384; slow nodes, corruption and feeds are ASSUMED, and stalls "
        "hang on the least known rate of all. A restart beyond 98,000 GPUs is EXTRAPOLATED from smaller ones. "
        "An excess of failures in larger jobs is a what-if: 0.9 if two published counts were of one fleet, 0 if the "
        "second is a projection.",
        ("failures.gpu", "failures.hbm", "failures.host", "failures.software", "failures.network", "failures.flap",
         "failures.slow", "recovery.detection", "recovery.hangs", "recovery.diagnosis", "recovery.restart",
         "checkpoint.tiers"),
        slow=True,
    ),
    Question(
        "roce_vs_infiniband",
        "InfiniBand or RoCE - what do the fabric's speed and its faults each cost?",
        "derisk compare roce_vs_infiniband --with cluster.fabric=infiniband_ndr --with "
        "cluster.fabric=roce_400g_spraying "
        "--with cluster.fabric=roce_400g_ecmp --with failures.link_outage.reach.timeout=20 -n 100",
        networks,
        tables.compared(*NETWORKS),
        plots.named(plots.dots(NETWORKS), "InfiniBand or RoCE"),
        "What fabrics lack beyond bandwidth, latency and collisions is calibrated on few runs, by the step-time model. "
        "Stops by the network are those that one operator counted, whose timeout is ASSUMED to be the default of its "
        "year; rates of flaps differ by a factor of ten between sites, more than between technologies.",
        ("job.step_time", "failures.link_failure", "failures.link_outage", "failures.link_flap", "failures.leaf.rate",
         "recovery.restart"),
        slow=True,
    ),
    Question(
        "nvl72_vs_hgx",
        "NVL72 or HGX - does the faster domain pay for its larger blast radius?",
        "derisk compare nvl72_vs_hgx --with 'cluster.blocks.trays=2 nodes' "
        "--with 'cluster.blocks.trays=0 nodes, cluster.blocks.spare_blocks=20' "
        "--with 'cluster.node=hgx_b200, cluster.blocks=null, cluster.nodes_per_rack=2 nodes, "
        "cluster.hot_spares=162 nodes, failures.domain.times=0, failures.tray.times=2.1' -n 300",
        domains,
        tables.compared(*DOMAINS),
        plots.named(plots.dots(DOMAINS), "NVL72 or HGX"),
        "The GPUs are not the same either: a GB200 has a higher peak than a B200, so most of the days between the "
        "first "
        "and the last line are the chip's. Rates of NVL72 domains are not published; both sides have the same failures "
        "per GPU, of which a twentieth is ASSUMED to take a whole domain of NVL72.",
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
        "One synchronous job: one that could go on with one half would look different, and is not modelled. What the "
        "network between the sites adds to a step is predicted from its bandwidth and no measurement. What parts two "
        "sites is ASSUMED: each border router, fibre and all, once in two years for some hours.",
        ("failures.outage", "failures.parting", "cluster.wan_bandwidth", "recovery.restart"),
        slow=True,
    ),
)  # fmt: skip
