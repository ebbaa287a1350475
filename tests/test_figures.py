"""Figures: their numbers are those of the summary, their sentences carry units, their colours can be told apart."""

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from simulator.ensemble import Ensemble, run_ensemble
from simulator.ensemble.estimates import UNKNOWN
from simulator.fabrics import fabric_of, layout_from
from simulator.metrics import summarise
from simulator.numbers import theory
from simulator.numbers.ledger import Account
from simulator.planning import sweep
from simulator.planning.break_even import BreakEven
from simulator.planning.compare import compare
from simulator.planning.indices import Index, Indices
from simulator.planning.quantities import GOODPUT
from simulator.planning.tornado import Bar, Tornado
from simulator.report import figures, text
from simulator.report.figures import Figure
from simulator.report.figures.progress import _halfway
from simulator.report.figures.style import PALETTE, THEMES, Clock, commas, dollars, safe, style
from simulator.report.figures.sweeps import SPARES, _spares_told
from simulator.report.run.contents import told_replications
from simulator.scenario import load_scenario, parse_scenario
from simulator.scenario.profiles import load_fabric, load_node
from simulator.scenario.sweep import Axis

PLANNED = """\
schema: 1
name: planned
cluster: {nodes: 40 nodes, gpus_per_node: 8 GPUs, hot_spares: 2 nodes}
job: {work: 6 d, start: 2027-03-01, deadline: 2027-03-08}
failures:
  gpu: {part: gpu, rate: 8 /kGPU/day, spread: 40%}
  software: {part: software, mtbf: 2 d}
recovery:
  {detection: {p50: 1 min, p90: 8 min}, diagnosis: 5 min, restart: 4 min, cure: 100%, repair: {mean: 6 h, shape: 0.5}}
checkpoint:
  interval: 30 min
  tiers: [{to: storage, blocking: 40 s, lag: 0 s, restore: 2 min}]
cost: {gpu: 2 USD/GPU/h, delay: 1M USD/day}
run: {seed: 5, replications: 40}
"""
UNITS = (" d", "%", "USD", "GPUs", "nodes", " h", " min", " s", "2027")


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return run_ensemble(parse_scenario(PLANNED))


@pytest.fixture(scope="module")
def sweeping(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sweep") / "planned.yaml"
    file.write_text(PLANNED, encoding="utf-8")
    return file


def swept(file: Path, *axes: Axis) -> pd.DataFrame:
    grid = sweep.prepare(file, [], axes, replications=20)
    outcomes: dict[int, sweep.Outcome] = {}
    assert sweep.run(grid, grid.cells, lambda cell, found: outcomes.update({cell.number: found}), threads=1)
    return sweep.table(grid, outcomes)


def holds(figure: Figure) -> None:
    """Check what every figure promises."""
    assert figure.name.isidentifier() and figure.title and figure.sentence.endswith(".") and len(figure.alt) > 30
    assert any(unit in figure.sentence for unit in UNITS), figure.sentence
    assert "_0" not in figure.sentence and "nan" not in figure.sentence
    assert len(figure.plot.data) > 0 and len(figure.table) > 0
    back = pd.read_csv(io.StringIO(figure.csv()))
    assert list(back) == list(figure.table) and len(back) == len(figure.table)
    for theme, colours in THEMES.items():
        styled = style(figure.plot, theme)
        assert styled.layout.template.layout.paper_bgcolor == colours.background
        assert styled.to_json() != figure.plot.to_json() or theme == "light"


# The style


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.2)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def rgb(colour: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255


def lab(linear: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """CIE L*a*b* of linear RGB, under D65."""
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = (matrix @ np.clip(linear, 0, 1)) / np.array([0.9505, 1.0, 1.089])
    fx, fy, fz = (np.cbrt(part) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


@pytest.mark.parametrize("theme", THEMES)
def test_colours_are_seen_on_both_backgrounds(theme: str) -> None:
    background = THEMES[theme].background
    assert all(contrast(colour, background) >= 3 for colour in PALETTE)
    assert all(contrast(colour, background) >= 4.5 for colour in (THEMES[theme].text, THEMES[theme].muted))


def test_colours_differ_for_those_who_see_no_red_or_green() -> None:
    # Viénot, Brettel & Mollon 1999, in linear RGB.
    deuteranope = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
    protanope = np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]])
    for eye in (deuteranope, protanope, np.eye(3)):
        seen = [lab(eye @ (rgb(colour) ** 2.2)) for colour in PALETTE]
        assert min(np.linalg.norm(one - other) for at, one in enumerate(seen) for other in seen[:at]) > 15


def test_a_style_leaves_the_plot_as_it_was(ensemble: Ensemble) -> None:
    plot = figures.finish(ensemble).plot
    before = plot.to_json()
    assert style(plot, "dark") is not plot and plot.to_json() == before
    with pytest.raises(KeyError):
        style(plot, "sepia")


def test_words_of_users_and_numbers_of_ours() -> None:
    assert safe('<a href="https://x">&') == '&lt;a href="https://x"&gt;&amp;'
    assert commas("1_000 of 12_345_678, llama_3, a_1") == "1,000 of 12,345,678, llama_3, a_1"


def test_a_clock_beyond_all_calendars_counts_days() -> None:
    start = parse_scenario(PLANNED).start
    assert Clock(start, 10).at(1.5) == "2027-03-02T12:00:00"
    assert Clock(start, 1e7).at(1.5) == 1.5 and Clock(None, 1).told(1.0) == "24 h"


def test_money_is_never_never() -> None:
    assert [dollars(value) for value in (math.inf, -math.inf, math.nan)] == ["without end", "-infinite", "unknown"]
    amounts = (0.0, 12.345, -1234.5, 999_960.0, 1.5e6, 2e9)
    assert [dollars(value) for value in amounts] == [
        "0 USD",
        "12.35 USD",
        "-1.234k USD",
        "1M USD",
        "1.5M USD",
        "2B USD",
    ]
    assert (text.dollars(999.6, 3), text.dollars(123_456.0, 2)) == ("1k USD", "123k USD")


# Of a run


def test_finish_tells_the_summary(ensemble: Ensemble) -> None:
    figure, summary = figures.finish(ensemble), summarise(ensemble)
    holds(figure)
    told = figure.table.set_index("probability")
    for name, share in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
        assert told.loc[share, "finish_days"] == summary["finish_days"][name]
        assert told.loc[share, "finish_date"] == summary["finish_date"][name]
    drawn = sum(np.asarray(trace.y, dtype=float).sum() for trace in figure.plot.data)
    assert drawn == pytest.approx(100 * (np.isfinite(ensemble.table["finish_days"])).mean(), abs=15)
    late = [
        trace for trace in figure.plot.data if trace.marker.color == figures.finish(ensemble).plot.data[1].marker.color
    ]
    beyond = (np.asarray(late[0].y, dtype=float).sum()) / 100
    assert beyond <= 1 - summary["deadline"]["probability"] + 1e-9
    assert f"{100 * summary['deadline']['probability']:.3g}" in figure.sentence


def test_finish_of_runs_that_never_end() -> None:
    never = run_ensemble(parse_scenario(PLANNED, ["run.horizon=6.01 d"]), replications=20)
    figure = figures.finish(never)
    assert "None of 20" in figure.sentence or "%" in figure.sentence
    assert (figure.table["finish_date"] == "never").any()
    holds(figures.waterfall(never))
    holds(figures.progress(never, most=5))


def test_waterfall_sums_to_the_mean_run_time(ensemble: Ensemble) -> None:
    figure, summary = figures.waterfall(ensemble, "mean"), summarise(ensemble)
    holds(figure)
    table = figure.table.set_index("account")["mean_days"]
    assert "the mean" in figure.sentence and "mean" in figure.title
    assert table["WALL_CLOCK"] == pytest.approx(summary["finish_days"]["mean"], rel=1e-12)
    assert table.drop("WALL_CLOCK").sum() == pytest.approx(table["WALL_CLOCK"], rel=1e-9)
    assert list(table.index) == [*Account.__members__, "WALL_CLOCK"]
    assert table["PRODUCTIVE"] == pytest.approx(6.0, rel=1e-6)
    bars = figure.plot.data[0]
    ends = np.asarray(bars.base, dtype=float) + np.asarray(bars.x, dtype=float)
    assert ends[-1] == pytest.approx(ends[-2]) and ends[-1] == pytest.approx(table["WALL_CLOCK"])


def test_progress_ends_where_the_replications_end(ensemble: Ensemble) -> None:
    figure = figures.progress(ensemble, most=20)
    holds(figure)
    assert "20 of 40 replications" in figure.sentence
    table = figure.table
    assert (table["p10_work_done"] <= table["p50_work_done"]).all()
    assert (table["p50_work_done"] <= table["p90_work_done"]).all()
    assert table.iloc[0].tolist() == [0, 0, 0, 0]
    ends = np.sort(ensemble.table["finish_days"].head(20))
    done = table["days"][table["p50_work_done"] >= 1]
    step = table["days"][1]
    assert ends[10] <= done.iloc[0] <= ends[10] + step  # half of twenty lack nothing once eleven are done


def test_progress_tells_the_slowest_tenth_as_such() -> None:
    times, clock = np.array([0.0, 5.0, 10.0]), Clock(None, 10.0)
    bands = [times * rate for rate in (0.02, 0.06, 0.1)]  # P10, P50, P90 of the work done
    told = _halfway(times, (bands[0], bands[1], bands[2]), clock)
    assert told == "within 8.333 d in the median; one time in ten within 5 d, one time in ten later than 10 d"
    assert _halfway(times, (bands[2], bands[2], bands[2]), clock).endswith("nine times in ten within 5 d")
    assert _halfway(times, (bands[0], bands[0], bands[2]), clock).startswith("later than 10 d in the median; one time")
    assert _halfway(times, (bands[0], bands[0], bands[0]), clock) == "later than 10 d nine times in ten"


def test_interval_is_lowest_at_the_exact_optimum(ensemble: Ensemble) -> None:
    figure = figures.interval(ensemble.scenario)
    assert figure is not None
    holds(figure)
    rows = figure.table.set_index("kind")
    curve = rows.loc["curve"]
    best = rows.loc["optimum"]
    assert (curve["overhead"] >= best["overhead"]).all()
    assert rows.loc["scenario", "interval_minutes"] == pytest.approx(30)
    rate = theory.optimal_interval
    failures = next(r for r in np.geomspace(1e-6, 1e-3, 30_001) if rate(r, 40.0) <= best["interval_minutes"] * 60)
    long_run = theory.expected_run_time(failures, 1800.0, 40.0, 0.0, 0.0, 100_000) / (100_000 * 1800.0) - 1
    assert rows.loc["scenario", "overhead"] == pytest.approx(long_run, rel=2e-3)


def test_interval_without_failures_is_no_question() -> None:
    calm = parse_scenario(PLANNED.replace(PLANNED[PLANNED.index("failures:") : PLANNED.index("recovery:")], ""))
    assert figures.interval(calm) is None


def test_timeline_books_every_hour(ensemble: Ensemble) -> None:
    figure = figures.timeline(ensemble)
    holds(figure)
    number = told_replications(ensemble.table)["p50"]
    row = ensemble.table.set_index("replication").loc[number]
    hours = [name for name in figure.table if name.endswith("_hours")]
    assert figure.table[hours].to_numpy().sum() == pytest.approx(24 * row["wall_days"], rel=1e-9)
    down = figure.table["detection_and_diagnosis_hours"].sum()
    assert down == pytest.approx(24 * (row["detection_days"] + row["diagnosis_days"]), rel=1e-9)
    assert f"Replication {number}, the median one" in figure.sentence
    marks = figure.plot.data[0]
    # An interruption during a recovery is part of that stop. Nothing here stalls, so stops are all that is no training.
    assert 0 < len(marks.x) <= row["interruptions"] and "stops the job" in marks.text[0]
    stopped = figure.table[hours].to_numpy().sum() - figure.table["training_and_saves_hours"].sum()
    assert sum(marks.y) == pytest.approx(stopped, rel=1e-9)
    assert f"Replication {3}" in figures.timeline(ensemble, 3).sentence


def test_money_tells_the_summary(ensemble: Ensemble) -> None:
    summary = summarise(ensemble)
    figure = figures.money(summary)
    assert figure is not None
    holds(figure)
    table = figure.table.set_index("line")
    assert table.loc["gpus", "mean_usd"] == summary["money"]["lines_usd"]["gpus"]["mean"]
    assert table.loc["delay", "p90_usd"] == summary["delay_cost_usd"]["p90"]
    free = parse_scenario(PLANNED.replace("cost: {gpu: 2 USD/GPU/h, delay: 1M USD/day}\n", ""))
    assert figures.money(summarise(run_ensemble(free, replications=3))) is None


@pytest.mark.parametrize(
    ("fabric", "node", "nodes", "more"),
    [
        ("infiniband_ndr", "hgx_h100", 256, {}),
        ("ici_3d_torus", "tpu_v5p_pod", 64, {}),
        ("infiniband_ndr", "hgx_h100", 96, {"kind": "dragonfly"}),
        ("infiniband_ndr", "gb200_nvl72", 144, {"kind": "nvl_rail"}),
        ("infiniband_ndr", "hgx_h100", 96, {"kind": "two_sites", "wan_bandwidth": 1e12}),
    ],
)
def test_topology_tells_what_the_fabric_answers(fabric: str, node: str, nodes: int, more: dict[str, object]) -> None:
    built = fabric_of(layout_from(load_fabric(fabric), *load_node(node), nodes, **more))
    figure = figures.topology(built)
    holds(figure)
    assert figure.table.set_index("element").loc["node", "nodes_cut_off"] >= 1
    assert f"of {nodes:,} in the job" in figure.sentence


def test_a_scenario_without_a_fabric_has_no_topology(ensemble: Ensemble) -> None:
    assert figures.fabric_of_scenario(ensemble.scenario) is None
    from simulator import resources

    found = figures.fabric_of_scenario(load_scenario(resources.scenarios() / "roce_vs_infiniband.yaml"))
    assert found is not None and found.layout.nodes == 2048


# Of what planners ask


def test_paired_tells_the_differences(ensemble: Ensemble) -> None:
    other = run_ensemble(parse_scenario(PLANNED, ["cluster.hot_spares=8 nodes"]))
    comparison = compare({"two": ensemble, "<b>eight": other})
    for measure in ("finish_days", "goodput", "cost_usd"):
        figure = figures.paired(comparison, measure)
        holds(figure)
        found = {each.measure.name: each for each in comparison.differences[0]}[measure]
        end = {"finish_days": "_days", "goodput": "", "cost_usd": "_usd"}[measure]
        row = figure.table.iloc[0]
        assert row[f"mean_difference{end}"] == found.mean and row[f"p90_difference{end}"] == found.p90
        assert row["probability_better"] == found.probability_better
    assert "<b>eight" not in figure.plot.to_json().replace("\\u003c", "<")
    with pytest.raises(KeyError):
        figures.paired(comparison, "smell")


def test_paired_leaves_out_what_is_infinite(ensemble: Ensemble) -> None:
    comparison = compare({"a": ensemble, "b": ensemble})
    first = comparison.differences[0][0]._replace(p90=math.nan, p90_half_width=math.inf, base=UNKNOWN, left_out=3)
    figure = figures.paired(comparison._replace(differences=((first,),)))
    assert "3 pairs in which one did not finish" in figure.sentence
    assert sum(isinstance(trace, go.Scatter) for trace in figure.plot.data) == 1
    assert GOODPUT.more_is_better


@pytest.mark.parametrize("unbounded", [math.inf, math.nan])
def test_paired_draws_no_interval_that_nothing_bounds(ensemble: Ensemble, unbounded: float) -> None:
    comparison = compare({"a": ensemble, "b": ensemble, "c": ensemble})
    first = comparison.differences[0][0]._replace(mean=2.0, half_width=0.5, p90=3.0, p90_half_width=unbounded)
    second = first._replace(mean=4.0, half_width=unbounded)
    figure = figures.paired(comparison._replace(differences=((first,), (second,))))
    holds(figure)
    points = [trace for trace in figure.plot.data if isinstance(trace, go.Scatter)]
    assert [trace.error_x.array is None for trace in points] == [False, True, True, True]
    notes = [each.text for each in figure.plot.layout.annotations]
    assert {"mean +2.00 d ± 0.500 d", "P90 +3.00 d", "mean +4.00 d"} <= set(notes)
    assert "interval unbounded for P90 of b and mean of c and P90 of c" in figure.sentence
    assert figure.sentence.count("unbounded") == 1 and figure.sentence.count("±") == 1
    lost = first._replace(mean=math.nan, half_width=math.nan)
    none = figures.paired(comparison._replace(differences=((lost,), (lost,))))
    assert "b has no pair in which both finish" in none.sentence and "unknown" not in none.sentence


def test_tornado_tells_its_bars() -> None:
    found = Tornado(
        "x", 200, 50.0, 0.8, 2e6,
        (
            Bar("failures.gpu.rate", "0.1 /kGPU/day", "0.4 /kGPU/day", (45.0, math.inf), (0.85, 0.7), (1.5e6, 3e6)),
            Bar("job.mfu", "38%", "43%", (56.0, 47.0), (0.8, 0.81), (2.2e6, 1.9e6)),
        ),
    )  # fmt: skip
    figure = figures.tornado(found)
    holds(figure)
    assert "failures.gpu.rate" in figure.sentence and "never" in figure.sentence and "45 d" in figure.sentence
    row = figure.table.set_index("path").loc["job.mfu"]
    assert (row["finish_p90_days_at_p10_of_input"], row["finish_p90_days_at_p90_of_input"]) == (56.0, 47.0)
    assert "never" in figure.plot.layout.xaxis.ticktext
    for measure in ("goodput", "cost_usd"):
        holds(figures.tornado(found, measure))
    nothing = figures.tornado(found._replace(bars=()))
    assert "No input is uncertain" in nothing.sentence


def test_shares_tell_where_the_variance_comes_from() -> None:
    factors = (
        Index("failures.gpu.rate", 0.5, 0.05, 0.6, 0.05),
        Index("job.mfu", -0.01, 0.02, 0.02, 0.01),
        Index("chance", 0.3, 0.04, 0.4, 0.05),
    )
    for measure in ("wall_days", "goodput", "cost_usd"):
        figure = figures.shares(Indices(measure, 2048, factors, 2048))
        holds(figure)
        assert "failures.gpu.rate: 50% (95 % interval 40% to 60%) alone" in figure.sentence
        assert "2,048 rows" in figure.sentence and list(figure.table["share_in_total"]) == [0.6, 0.02, 0.4]
        assert list(figure.plot.layout.yaxis.ticktext) == ["failures.gpu.rate", "chance", "job.mfu"]
        alone, total = figure.plot.data
        assert list(alone.x) == [50.0, 30.0, -1.0] and total.error_x.array[0] == pytest.approx(9.8)
    unknown = tuple(Index(factor.name, *4 * (math.nan,)) for factor in factors)
    nothing = figures.shares(Indices("wall_days", 64, unknown, 64))
    assert "does not vary" in nothing.sentence and len(nothing.plot.layout.annotations) > 0
    assert "Stopped early: 64 of 2,048 rows" in figures.shares(Indices("wall_days", 64, factors, 2048)).sentence


def broke_even(**changes: Any) -> BreakEven:
    evaluated = ((0.0, math.inf), (16.0, 4.0), (19.0, 1.0), (20.0, -0.5), (64.0, -3.0))
    found = BreakEven(
        "cluster.hot_spares", 20.0, "20 nodes", 0.0, 64.0, 3.0, evaluated, "nodes", (17.0, 23.0), "finish", "p90", 60.0,
        True, 1, 1_000, bracket=(19.0, 20.0),
    )  # fmt: skip
    return found._replace(**changes)


def test_break_even_tells_where_it_crosses() -> None:
    figure = figures.break_even(broke_even())
    holds(figure)
    told = (
        "From cluster.hot_spares = 20 nodes on the P90 of the finish is not above 60.00 d (95 % interval 17 nodes to 23"
    )
    assert told in figure.sentence
    assert figure.plot.layout.xaxis.title.text == "cluster.hot_spares [nodes]"
    line, mark = figure.plot.data
    assert list(line.y) == [64.0, 61.0, 59.5, 57.0] and (list(mark.x), list(mark.y)) == ([20.0], [60.0])
    notes = [each.text for each in figure.plot.layout.annotations]
    assert {"<b>20 nodes</b>", "target: 60 d", "95 % interval", "✕<br>never"} <= set(notes)
    assert list(figure.table) == ["value", "value_si", "difference_finish_p90_days"]
    against = figures.break_even(broke_even(target=None), "x=<b>3</b>")
    holds(against)
    assert list(against.plot.data[0].y) == [4.0, 1.0, -0.5, -3.0] and "x=&lt;b&gt;3" in str(against.plot.to_dict())


@pytest.mark.parametrize("measure", ["finish", "goodput", "cost"])
def test_break_even_of_every_measure_and_kind_of_end(measure: str) -> None:
    wide = broke_even(low=86_400.0, high=8.64e7, like="d", measure=measure, whole=False, value=4e6, text="46.3 d",
                      evaluated=((86_400.0, 0.2), (8.64e7, -0.1)), interval=(1e6, math.inf))  # fmt: skip
    figure = figures.break_even(wide)
    holds(figure)
    assert figure.plot.layout.xaxis.type == "log" and "1,000" in figure.plot.layout.xaxis.ticktext
    assert "95 % interval, with an open end" in [each.text for each in figure.plot.layout.annotations]
    nowhere = figures.break_even(wide._replace(value=None, text="", interval=(math.nan, math.nan)))
    holds(nowhere)
    assert "without a break-even" in nowhere.alt and len(nowhere.plot.data) == 1
    stopped = figures.break_even(wide._replace(value=None, text="", interrupted=True, bracket=(86_400.0, 8.64e7)))
    holds(stopped)
    assert "lies here" in [each.text for each in stopped.plot.layout.annotations]
    share = figures.break_even(
        wide._replace(like="%", low=0.1, high=0.9, value=0.5, evaluated=((0.1, 1.0), (0.9, -1.0)))
    )
    assert share.plot.layout.xaxis.title.text.endswith("[%]") and list(share.plot.data[0].x) == [10.0, 90.0]


def test_spares_tell_the_sweep(sweeping: Path) -> None:
    table = swept(sweeping, Axis("cluster.hot_spares", ("1 node", "2 nodes", "6 nodes")))
    figure = figures.spares(table)
    holds(figure)
    assert figure.table["finish_days_p90"].tolist() == table["finish_days_p90"].tolist()
    assert figure.plot.data[0].x.tolist() == [1, 2, 6]
    assert figure.plot.data[1].y.tolist() == table["cost_usd_mean"].tolist()
    both = swept(sweeping, Axis("cluster.hot_spares", ("1 node", "4 nodes")), Axis("failures.gpu.rate", ("x1", "x2")))
    assert len(figures.spares(both).plot.data) == 4
    with pytest.raises(KeyError):
        figures.scale(table)


def spare_table(p90: list[float], rates: tuple[str, ...] = (), **columns: list[float]) -> pd.DataFrame:
    """A sweep's table over 0 and 8 spares, for each of some rates where there are any; P50 is 9 d everywhere."""
    cells = range(1, len(p90) + 1)
    axes = {SPARES: ["0 nodes", "8 nodes"] * (len(p90) // 2), f"{SPARES} [node]": [0.0, 8.0] * (len(p90) // 2)}
    more = {"failures.gpu.rate": [rate for rate in rates for _ in range(2)]} if rates else {}
    found = {"replications": 20, "finish_days_p50": 9.0, "finish_days_p90": p90, **columns}
    return pd.DataFrame({"cell": cells, **axes, **more, **found})


def test_spares_tell_the_line_of_the_best_cell() -> None:
    told = figures.spares(spare_table([math.inf, math.inf, 12.0, 10.0], ("x1", "x2"))).sentence
    assert told.startswith("x2: P90 of the finish is 12 d with 0 and 10 d with 8 hot spares;")


def test_spares_of_which_none_help_are_told_once() -> None:
    table = spare_table([10.08, 10.08], finish_days_p90_half_width=[0.5, 0.5], cost_usd_mean=[2e6, 3e6])
    told = figures.spares(table).sentence
    assert told.startswith("P90 of the finish is 10.08 d with 0 hot spares, at a mean cost of 2M USD; what more")


def test_spares_that_nothing_finishes_are_told_by_the_quantile_shown() -> None:
    never = [math.inf, math.inf]
    few = figures.spares(spare_table(never)).sentence  # half finish, so P50 is shown
    assert few.startswith("P50 of the finish is 9 d with 0 hot spares") and "fewer than" not in few
    none = spare_table(never, finish_days_p50=never)
    assert "fewer than half of the replications finish" in figures.spares(none).sentence
    assert "fewer than nine in ten of the replications" in _spares_told(none, f"{SPARES} [node]", SPARES, "p90")


def test_spares_draw_no_interval_that_nothing_bounds() -> None:
    ends = {"finish_days_p90_low": [11.0, math.nan], "finish_days_p90_high": [12.5, math.inf]}
    table = spare_table([12.0, 10.0], finish_days_p90_half_width=[0.5, math.inf], **ends)
    figure = figures.spares(table)
    holds(figure)
    bars = figure.plot.data[0].error_y
    assert (bars.array[0], bars.arrayminus[0]) == (0.5, 1.0)
    assert math.isnan(bars.array[1]) and math.isnan(bars.arrayminus[1])
    assert "12 d (11\N{EN DASH}12.5) with 0 and 10 d (unbounded) with 8" in figure.sentence
    assert figure.sentence.count("interval unbounded") == 1 and "cannot tell from nothing" not in figure.sentence


def test_scale_keeps_names_off_the_axis() -> None:
    goodput = {f"goodput_{name}": [0.5, 0.01] for name in ("p10", "p50", "p90")}
    table = pd.DataFrame({"cell": [1, 2], "cluster.gpus [GPU]": [100.0, 10_000.0], "replications": 20, **goodput})
    for low, anchor in ((0.01, "bottom"), (0.4, "middle")):
        drawn = figures.scale(table.assign(goodput_p50=[0.5, low])).plot.layout.annotations
        assert next(each.yanchor for each in drawn if each.text == "P50") == anchor


def test_scale_tells_the_sweep(sweeping: Path) -> None:
    table = swept(sweeping, Axis("cluster.nodes", ("10 nodes", "40 nodes")))
    figure = figures.scale(table, axis="cluster.nodes")
    holds(figure)
    assert figure.table["goodput_p50"].tolist() == table["goodput_p50"].tolist()
    assert figure.plot.layout.xaxis.type == "log"


def test_short_runs_are_told_in_hours_and_calm_ones_never_stop() -> None:
    text = PLANNED[: PLANNED.index("failures:")] + PLANNED[PLANNED.index("recovery:") :]
    calm = run_ensemble(parse_scenario(text, ["job.work=1 d", "job.deadline=2027-03-03"]), replications=2)
    assert " h on the clock" in figures.waterfall(calm).sentence
    figure = figures.timeline(calm)
    assert "never stops" in figure.sentence and figure.plot.layout.xaxis.visible is False
    holds(figures.finish(calm))
