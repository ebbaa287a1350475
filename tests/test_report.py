"""The report of a run: one page that loads nothing, a workbook of numbers, and in both those of the summary."""

import io
import json
import math
import re
import shlex
import shutil
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import openpyxl
import pandas as pd
import pytest

from simulator import resources
from simulator.ensemble import Ensemble, Shard, run_ensemble
from simulator.metrics import summarise
from simulator.planning import sweep
from simulator.report import figures, text
from simulator.report.run import answer, folder, html, publish, workbook
from simulator.report.run.folder import OutputError
from simulator.report.run.manifest import read_manifest
from simulator.report.run.stored import summary_of
from simulator.report.study import sweep_sheet
from simulator.report.text import share as told_share
from simulator.scenario import load_scenario, parse_scenario
from simulator.scenario.sweep import Axis, read_axis
from simulator.words.quantity import ASSUMED
from tests.test_cli import derisk
from tests.test_figures import PLANNED

EVIL = "<script>alert(1)</script>"
MOST_BYTES = 8_000_000


class Page(HTMLParser):
    """What a browser would find: tags with their attributes, and text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else ""
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        else:
            (self.styles if self._inside == "style" else self.words).append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def evil() -> Ensemble:
    """A run whose name, question, source and cause a user wrote with bad intent."""
    text = PLANNED.replace("name: planned", f"name: '={EVIL}'\nquestion: '{EVIL}'")
    text = text.replace("part: gpu, rate: 8 /kGPU/day", f"part: gpu, source: '=1+1 {EVIL}', rate: 8 /kGPU/day")
    return run_ensemble(parse_scenario(text), replications=30)


@pytest.fixture(scope="module")
def run(evil: Ensemble, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = folder.write(evil, tmp_path_factory.mktemp("runs"))
    publish.publish(written)
    return written


@pytest.fixture(scope="module")
def page(run: Path) -> Page:
    return Page((run / publish.HTML).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def summary(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    return content


def test_where_no_input_is_uncertain_a_report_says_so_in_place_of_shares(tmp_path: Path) -> None:
    certain = parse_scenario(PLANNED.replace(", spread: 40%", ""))
    assert not certain.inputs
    written = folder.write(run_ensemble(certain, replications=10), tmp_path)
    files = publish.publish(written)
    assert answer.NO_UNCERTAIN_INPUT in Page(files[0].read_text(encoding="utf-8")).text
    facts = {row["what"]: row["value"] for row in rows(openpyxl.load_workbook(files[1]), "Run")}
    assert facts["variance_share"] == answer.NO_UNCERTAIN_INPUT
    assert not any(name.startswith("variance_share.") for name in facts)


# The page


def test_the_page_is_small_and_loads_nothing(run: Path, page: Page) -> None:
    assert (run / publish.HTML).stat().st_size < MOST_BYTES
    names = {tag for tag, _ in page.tags}
    assert not names & {"link", "iframe", "img", "object", "embed", "base", "form", "video", "audio"}
    for _, attributes in page.tags:
        assert not {"src", "srcset", "action", "background", "style-src"} & attributes.keys()
        assert (attributes.get("href") or "#").startswith(("#", "data:text/csv"))
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"url\(|@import", " ".join(page.styles))
    policy = next(tag["content"] or "" for _, tag in page.tags if tag.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy and "http" not in policy and "connect-src" not in policy


def test_what_a_user_wrote_is_text(page: Page, run: Path) -> None:
    # Its own: the library, the figures as JSON, and what draws them.
    assert len(page.scripts) == 3 and not any("alert(1)" in script for script in (page.scripts[0], page.scripts[2]))
    assert EVIL not in (run / publish.HTML).read_text(encoding="utf-8")
    assert page.text.count(EVIL) >= 3  # the heading, the question, the source
    drawn = json.loads(page.scripts[1])
    assert EVIL not in json.dumps(drawn["plots"])  # Plotly reads HTML in its texts


def test_figures_are_drawn_described_and_downloaded(page: Page, evil: Ensemble, summary: dict[str, Any]) -> None:
    expected = {figure.name: figure for figure in publish.of_run(evil, summary)}
    assert set(expected) == {"finish", "waterfall", "money", "progress", "interval", "timeline"}
    drawn = json.loads(page.scripts[1])
    assert list(drawn["plots"]) == list(expected) and set(drawn["templates"]) == {"light", "dark"}
    assert all("template" not in plot["layout"] for plot in drawn["plots"].values())
    downloads = {tag["download"]: tag["href"] or "" for _, tag in page.tags if "download" in tag}
    labels = {tag["id"]: tag["aria-label"] for _, tag in page.tags if tag.get("role") == "img"}
    for name, figure in expected.items():
        assert labels[f"plot-{name}"] == figure.alt and figure.sentence in page.text
        head, _, content = downloads[f"{name}.csv"].partition(",")
        assert head == "data:text/csv;charset=utf-8" and unquote(content) == figure.csv()


def test_the_page_says_what_the_summary_says(page: Page, summary: dict[str, Any], evil: Ensemble) -> None:
    assert f"{100 * summary['goodput']['p50']:.3g}%" in page.text
    assert f"{100 * summary['ledger_share']['LOST_WORK']['mean']:.2f}%" in page.text
    assert f"probability of {summary['deadline']['probability']:.1%}" in page.text
    for word in ("It does not model", "Where the time goes", "What it costs"):
        assert word in page.text
    rows = evil.scenario.table()
    unbacked = [row for row in rows if row.source.startswith(ASSUMED)]
    assert f"nothing backs these {len(unbacked)} of {len(rows)} inputs" in page.text
    # The ASSUMED ones come first.
    assert page.text.index("nothing backs") < page.text.index("Given with a source")


@pytest.mark.parametrize("losses", ["median", "mean"])
def test_the_command_the_page_and_the_workbook_tell_the_same_losses(
    losses: Literal["median", "mean"], page: Page, run: Path, evil: Ensemble, summary: dict[str, Any]
) -> None:
    told = answer.shares_of(summary, losses)
    assert math.fsum(share for share, _ in told.values()) == pytest.approx(1.0, abs=1e-14)
    printed = derisk("run", run / "scenario.resolved.yaml", "-o", run.parent, "--losses", losses).stdout
    assert "Where the time went in the median replication" in printed or losses == "mean"
    block = printed.partition("Where the time went")[2].partition("\n\n")[0]
    sheet = openpyxl.load_workbook(run / publish.WORKBOOK)
    column = {"median": "share_of_median [share]", "mean": "mean_share [share]"}[losses]
    book = {row["account"]: row[column] for row in rows(sheet, "Losses")}
    figure = figures.waterfall(evil, losses)  # as the app draws it
    drawn = figure.table.set_index("account")
    assert losses in figure.title and losses in figure.sentence and losses in figure.plot.layout.xaxis.title.text
    assert drawn["median_days"].iloc[:-1].sum() == pytest.approx(drawn["median_days"].iloc[-1], rel=1e-14)
    for account, (share, error) in told.items():
        assert drawn.loc[account.name, column.removesuffix(" [share]")] == share
        assert book[account.name] == pytest.approx(share, rel=1e-14)  # a workbook has sixteen digits
        if losses == "median":
            days = drawn.loc[account.name, "median_days"] / drawn.loc["WALL_CLOCK", "median_days"]
            assert days == pytest.approx(share, rel=1e-12)
        if share >= answer.LEAST_SHARE:
            words = answer.with_error(share, error, text.percent)
            assert words in block and words in page.text


def test_a_summary_of_an_older_schema_is_told_again(run: Path, summary: dict[str, Any], tmp_path: Path) -> None:
    old = tmp_path / run.name
    shutil.copytree(run, old)
    (old / "summary.json").write_text('{"schema": 1, "scenario": "as it was"}', encoding="utf-8")
    assert summary_of(old, folder.load(old)) == summary
    files = publish.publish(old, tmp_path / "again")
    assert files[0].read_bytes() == (run / publish.HTML).read_bytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"schema": 3}', "has schema 3, written by version 0.1.0+.*, and this version reads up to 2"),
        ("{}", "has schema None"),
        ("[]", "cannot be read"),
        ("not json", "cannot be read"),
    ],
)
def test_a_summary_that_cannot_be_told_is_refused(run: Path, content: str, words: str, tmp_path: Path) -> None:
    other = tmp_path / run.name
    shutil.copytree(run, other)
    (other / "summary.json").write_text(content, encoding="utf-8")
    with pytest.raises(folder.OutputError, match=words):
        publish.publish(other)


def test_an_old_folder_without_the_columns_is_refused(run: Path, tmp_path: Path) -> None:
    old = tmp_path / run.name
    shutil.copytree(run, old)
    (old / "summary.json").write_text('{"schema": 1}', encoding="utf-8")
    loaded = folder.load(old)
    with pytest.raises(folder.OutputError, match="lack what schema 2 is told from; run it again: derisk run"):
        summary_of(old, replace(loaded, table=loaded.table.drop(columns=["lost_work_us"])))


def test_the_page_says_how_to_get_it_again(page: Page, run: Path, evil: Ensemble, tmp_path: Path) -> None:
    command = "derisk run scenario.resolved.yaml --seed 5 -n 30"
    manifest = read_manifest(run)
    assert manifest is not None
    assert command in page.text and manifest["hash"] in page.text and manifest["model"] in page.text
    _, _, file, *options = command.split()
    again = derisk("run", run / file, *options, "-o", tmp_path)
    assert again.exit_code == 0
    assert [each.name for each in tmp_path.iterdir()] == [run.name]


def test_a_report_is_the_same_every_time(run: Path, tmp_path: Path) -> None:
    publish.publish(run, tmp_path)
    for name in (publish.HTML, publish.WORKBOOK):
        assert (tmp_path / name).read_bytes() == (run / name).read_bytes()


def test_a_scenario_with_a_fabric_shows_it(tmp_path: Path) -> None:
    scenario = load_scenario(resources.scenarios() / "roce_vs_infiniband.yaml", ["job.work=1 d"])
    run = folder.write(run_ensemble(scenario, replications=5), tmp_path)
    text = publish.publish(run)[0].read_text(encoding="utf-8")
    assert 'id="plot-topology"' in text


def test_what_is_not_whole_is_said(evil: Ensemble) -> None:
    manifest = {"model": "x", "hash": "y", "written": "z"}
    part = replace(evil, interrupted=True, shard=Shard(1, 2), planned=60)
    told = Page(html.render(part, summarise(part), manifest, [])).text
    assert "30 of 60 replications" in told and "shard 1/2" in told and "--shard 1/2" in told


# The workbook


@pytest.fixture(scope="module")
def book(run: Path) -> Any:
    return openpyxl.load_workbook(run / publish.WORKBOOK)


def rows(book: Any, sheet: str) -> list[dict[str, Any]]:
    head, *rest = book[sheet].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rest]


def test_every_sheet_has_a_frozen_header(book: Any) -> None:
    assert book.sheetnames == ["Summary", "Run", "Inputs", "Losses", "Money", "Replications"]
    for sheet in book:
        assert sheet.freeze_panes == "B2" and all(isinstance(cell.value, str) for cell in sheet[1])
        assert sheet.column_dimensions["A"].width >= 10


def test_numbers_are_numbers(book: Any, summary: dict[str, Any], evil: Ensemble) -> None:
    told = {row["quantity"]: row for row in rows(book, "Summary")}
    for name in ("mean", "mc_error", "p10", "p50", "p90"):
        assert told["finish_days"][name] == pytest.approx(summary["finish_days"][name], rel=1e-12)
        assert told["goodput"][name] == pytest.approx(summary["goodput"][name], rel=1e-12)
    assert told["finish_days"]["unit"] == "d" and told["cost_usd"]["unit"] == "USD"
    assert told["ledger_share.PRODUCTIVE"]["unit"] == "share"
    assert told["money.lines_usd.gpus"]["mean"] == pytest.approx(summary["money"]["lines_usd"]["gpus"]["mean"])
    losses = {row["account"]: row["mean [d]"] for row in rows(book, "Losses")}
    assert losses.pop("WALL_CLOCK") == pytest.approx(sum(losses.values()), rel=1e-9)
    replications = rows(book, "Replications")
    assert len(replications) == 30
    found = [row["finish [d]"] for row in replications]
    assert found == pytest.approx(evil.table["finish_days"].tolist(), rel=1e-12)
    assert all(isinstance(row["goodput [share]"], float) for row in replications)


def test_inputs_have_values_units_and_sources(book: Any, evil: Ensemble) -> None:
    told = rows(book, "Inputs")
    assert len(told) == len(evil.scenario.table())
    assert [row["ASSUMED"] for row in told] == sorted((row["ASSUMED"] for row in told), reverse=True)
    by_path = {row["input"]: row for row in told}
    rate = by_path["failures.gpu.rate"]
    assert (rate["value"], rate["unit"], rate["spread"]) == (pytest.approx(8), "/kGPU/day", pytest.approx(0.4))
    assert by_path["checkpoint.tiers.0.restore"]["value"] == pytest.approx(2)


def test_nothing_that_a_user_wrote_is_a_formula(book: Any) -> None:
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" or cell.hyperlink for cell in cells)
    assert any(cell.value == f"={EVIL}" and cell.data_type == "s" for cell in cells)
    assert any(str(cell.value).startswith("=1+1") for cell in cells)


def test_what_never_ends_is_a_word(evil: Ensemble) -> None:
    never = run_ensemble(parse_scenario(PLANNED, ["run.horizon=6.2 d"]), replications=20)
    content = workbook.build(never, summarise(never), {"written": "not a date"}, [figures.waterfall(never)])
    told = pd.read_excel(io.BytesIO(content), sheet_name="Replications")["finish [d]"]
    assert (told == "never").sum() == (never.table["outcome"] != "DONE").sum() > 0


def test_only_a_finish_is_never(evil: Ensemble) -> None:
    columns = {"finish_days_p90": [math.inf], "finish_days_p90_half_width": [math.inf], "cost_usd_mean": [2.5]}
    table = pd.DataFrame({"cell": [1], "failures.gpu.rate": ["x1"], "replications": 20, **columns})
    manifest = {"axes": {"failures.gpu.rate": ["x1"]}, "scenario": "s", "seed": 1, "replications": 20, "cells": 1}
    (told,) = rows(openpyxl.load_workbook(io.BytesIO(workbook.build_sweep(table, manifest))), "Sweep")
    assert (told["finish_p90 [d]"], told["finish_p90_half_width [d]"]) == ("never", "unbounded")
    figure = replace(figures.waterfall(evil), name="spares", table=table)
    page = Page(html.render_sweep(evil.scenario, table, manifest | {"model": "x", "hash": "y"}, [figure]))
    assert page.text.split().count("unbounded") == 1 and page.text.split().count("never") == 2


def test_small_money_keeps_its_cents() -> None:
    columns = {"cost_usd_p50": [1.376, 999.5, 1000.0, 2e6], "unfinished": 0}
    table = pd.DataFrame({"cell": range(1, 5), "a.b": "x", "replications": 20, **columns})
    manifest = {"axes": {"a.b": ["x"]}, "scenario": "s"}
    sheet = openpyxl.load_workbook(io.BytesIO(workbook.build_sweep(table, manifest)))["Sweep"]
    formats = [cell.number_format for cell in sheet["D"][1:]]
    assert sheet["D"][0].value == "cost_p50 [USD]" and formats == ["#,##0.00", "#,##0.00", "#,##0", "#,##0"]


# The command


def test_the_command_writes_both_files_elsewhere(run: Path, tmp_path: Path) -> None:
    result = derisk("report", run, "--output", tmp_path / "new" / "place")
    assert result.exit_code == 0, result.output
    files = [tmp_path / "new" / "place" / name for name in (publish.HTML, publish.WORKBOOK)]
    assert result.stdout.split() == [str(file) for file in files] and all(file.is_file() for file in files)
    assert sorted(file.name for file in files[0].parent.iterdir()) == sorted(file.name for file in files)


@pytest.mark.parametrize("make", [True, False])
def test_what_is_no_run_folder_is_refused(tmp_path: Path, make: bool) -> None:
    where = tmp_path / "nothing"
    if make:
        where.mkdir()
    result = derisk("report", where)
    assert result.exit_code == 2 and "derisk run writes run folders" in result.stderr
    assert "Traceback" not in result.output


def test_a_place_that_cannot_be_written_is_named(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    result = derisk("report", run, "-o", tmp_path / "file")
    assert result.exit_code == 1 and "cannot be written" in result.stderr and str(tmp_path / "file") in result.stderr
    with pytest.raises(OutputError, match="cannot be written"):
        publish.publish(run, tmp_path / "file")


def test_a_folder_without_its_summary_is_refused(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "summary.json").unlink()
    result = derisk("report", copy)
    assert result.exit_code == 1 and "summary.json" in result.stderr and "cannot be read" in result.stderr


# A sweep


@pytest.fixture(scope="module")
def sweep_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sweeps")
    (root / "a.yaml").write_text(PLANNED.replace("name: planned", f"name: '={EVIL}'"), encoding="utf-8")
    axes = ["--axis", "cluster.hot_spares=1 node,4 nodes", "--axis", "failures.gpu.rate=x1,x2"]
    assert derisk("sweep", root / "a.yaml", *axes, "-n", 12, "-o", root / "runs").exit_code == 0
    return next((root / "runs").iterdir())


def test_a_sweep_is_reported_too(sweep_run: Path, tmp_path: Path) -> None:
    result = derisk("report", sweep_run)
    assert result.exit_code == 0, result.output
    text = (sweep_run / publish.HTML).read_text(encoding="utf-8")
    page = Page(text)
    assert EVIL not in text and EVIL in page.text and 'id="plot-spares"' in text
    table = pd.read_parquet(sweep_run / "sweep.parquet")
    assert f"{100 * table['goodput_p50'][3]:.3g}%" in page.text
    told = rows(openpyxl.load_workbook(sweep_run / publish.WORKBOOK), "Sweep")
    assert [row["cluster.hot_spares"] for row in told] == ["1 node", "1 node", "4 nodes", "4 nodes"]
    assert [row["finish_p50 [d]"] for row in told] == pytest.approx(table["finish_days_p50"].tolist())
    command = re.search(r"<pre>(.*?)</pre>", text, re.DOTALL)
    assert command is not None
    _, _, file, *options = shlex.split(unescape(command[1]))
    again = derisk("sweep", sweep_run / file, *options, "-o", tmp_path)
    assert again.exit_code == 0
    assert (next(tmp_path.iterdir()) / "sweep.parquet").read_bytes() == (sweep_run / "sweep.parquet").read_bytes()


def test_a_sweep_that_is_not_done_is_refused(sweep_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sweep_run, copy)
    (copy / "sweep.parquet").unlink()
    result = derisk("report", copy)
    assert result.exit_code == 1 and "is the sweep done?" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("sweep.json", "[]", "is not the manifest of a sweep"),
        ("sweep.json", "{}", "has schema None, and this version reads 1"),
        ("sweep.json", '{"schema": 1}', "does not say hash, model, scenario, seed, replications, axes, cells"),
        ("sweep.json", {"axes": {"cluster.hot_spares": "1 node"}}, "does not say axes as a sweep does"),
        ("sweep.json", {"axes": {"cluster.nodes": ["1 node"]}}, "has no column cluster.nodes"),
        ("sweep.parquet", "PAR1", "is the sweep done?"),
    ],
)
def test_a_damaged_sweep_is_refused(sweep_run: Path, tmp_path: Path, name: str, content: Any, words: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sweep_run, copy)
    if isinstance(content, dict):
        content = json.dumps(json.loads((copy / name).read_text(encoding="utf-8")) | content)
    (copy / name).write_text(content, encoding="utf-8")
    with pytest.raises(OutputError, match=re.escape(words)):
        publish.publish_sweep(copy)
    result = derisk("report", copy)
    assert result.exit_code == 1 and words in " ".join(result.stderr.split()) and "Traceback" not in result.output


@pytest.mark.parametrize(
    "axis",
    [
        Axis("recovery.detection", ("{p50: 1 min, p90: 8 min}", "{p50: 2 min, p90: 9 min}")),
        Axis("a.b", ("[{to: host}, {to: storage}]", "[{to: storage}]")),
        Axis("a.b", ("[1 d, 2 d]",)),
        Axis("a.b", ("0 nodes", "32 nodes")),
    ],
)
def test_the_command_of_a_sweep_has_its_axes(evil: Ensemble, axis: Axis) -> None:
    table = pd.DataFrame({"cell": [1], axis.path: [axis.values[0]], "replications": 20})
    manifest = {"axes": {axis.path: list(axis.values)}, "scenario": "s", "seed": 1, "replications": 20, "cells": 1}
    text = html.render_sweep(evil.scenario, table, manifest | {"model": "x", "hash": "y"}, [])
    command = re.search(r"<pre>(.*?)</pre>", text, re.DOTALL)
    assert command is not None
    words = shlex.split(unescape(command[1]))
    assert read_axis(words[words.index("--axis") + 1]) == axis


# What `derisk sweep` tells


def told_sweep(tmp_path: Path, unfinished: list[int], **columns: list[float]) -> tuple[dict[str, Any], str]:
    """What is told of a sweep over three numbers of spares, as JSON and as text, from a table made up."""
    file = tmp_path / "planned.yaml"
    file.write_text(PLANNED, encoding="utf-8")
    grid = sweep.prepare(file, [], [Axis("cluster.hot_spares", ("1 node", "2 nodes", "4 nodes"))], replications=300)
    told: dict[str, Any] = {"cell": [1, 2, 3], "cluster.hot_spares": list(grid.axes[0].values), "replications": 300}
    told |= {f"finish_days_{name}": 7.0 for name in ("p10", "p50", "p90", "difference", "difference_half_width")}
    for share in ("p10", "p50", "p90"):
        told |= {f"finish_days_{share}_low": 6.0, f"finish_days_{share}_high": 8.0}
    told |= {f"never_{name}": 0.1 for name in ("probability", "low", "high")} | {"goodput_mc_error": 0.01}
    for name in ("cost_usd", "delay_cost_usd"):
        told[f"{name}_mc_error"] = 2e5
        told |= {f"{name}_{end}": 1e3 for end in ("mean", "difference", "difference_half_width")}
    table = pd.DataFrame(told | {"goodput_mean": 0.8, "unfinished": unfinished, **columns})
    return sweep_sheet.as_json(grid, table), sweep_sheet.as_text(grid, table, None)


def test_what_the_horizon_cuts_off_is_not_cheap(tmp_path: Path) -> None:
    costs = {"cost_usd_mean": [1e6, 3e6, 2e6], "delay_cost_usd_mean": [1e5, 3e5, 2e5]}
    best, text = told_sweep(tmp_path, [40, 0, 0], **costs)
    assert best["best"] == {"finish_days_p90": 1, "cost_usd_mean": 3, "delay_cost_usd_mean": 3}
    both = "2M USD ± 200k USD against 3M USD ± 200k USD"
    assert f"Best by mean cost: cluster.hot_spares=4 nodes, {both} of the scenario as it stands" in text
    first = "7.000 d (6.000\N{EN DASH}8.000) with 40 of 300 replications unfinished"
    assert f"P90 of the run time: cluster.hot_spares=1 node, {first}" in text
    best, text = told_sweep(tmp_path, [40, 4, 5], **costs)
    assert best["best"] == {"finish_days_p90": 1, "cost_usd_mean": 2, "delay_cost_usd_mean": None}
    assert "Best by mean cost is the base cell, cluster.hot_spares=2 nodes" in text
    assert "3M USD ± 200k USD with 4 of 300 replications unfinished." in text
    assert "No cell has a finite mean cost of the delay." in text and "their cost is that until the horizon" in text


def test_a_cell_is_in_time_for_sure_only_where_all_replications_are(tmp_path: Path) -> None:
    ends = {"deadline_low": [0.98, 0.99, 0.44], "deadline_high": [0.9998, 1.0, 0.56]}
    _, text = told_sweep(tmp_path, [0, 0, 0], deadline_probability=[299 / 300, 1.0, 0.5], **ends)
    assert "each of 300 replications, all" in text  # as many as the scenario asks for
    cells = [line.split("  ")[-1].split()[0] for line in text.splitlines() if line.startswith("  ") and "node" in line]
    assert cells == ["99.7%", "100%", "50%"]
    shares = (0.0, 0.00004, 0.004, 0.5, 0.99996, 1.0)
    assert [told_share(value) for value in shares] == ["0%", "0.004%", "0.4%", "50%", "99.996%", "100%"]
