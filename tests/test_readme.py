"""What README.md shows a reader works: its scenario, its commands, its links, and those of the pages under docs/."""

import re
from pathlib import Path

import pytest
import typer

from simulator.cli import application
from simulator.scenario import parse_scenario
from simulator.scenario.named import find_scenario
from tests.test_architecture import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINES = [words for words in re.findall(r"`derisk ([^`]+)`", README) if not words.startswith(("schema\n", "schema >"))]


def test_the_scenario_is_valid_and_has_ten_lines() -> None:
    text, predicted, _ = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    scenario = parse_scenario(text)
    assert len(text.splitlines()) == 10
    assert scenario.gpus == 4096
    kept = [line for line in text.splitlines() if not line.startswith(("cluster:", "job:"))]
    assert parse_scenario("\n".join([*kept, predicted])).step is not None


def test_what_else_can_break_is_valid() -> None:
    machines = "node: gb200_nvl72", "nodes: 64 nodes", "nodes_per_rack: 16 nodes", "nodes_per_feed: 32 nodes"
    _, _, rare = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    around = f"schema: 1\nname: rare\njob: {{work: 9 d}}\ncheckpoint: {{interval: 10 min}}\n{rare}"
    found = parse_scenario(around.replace("cluster:\n", "\n  ".join(("cluster:", *machines)) + "\n"))
    assert len(found.document.failures.given) == 6 and len(found.document.failures.causes) == 12


@pytest.mark.parametrize("line", LINES)
def test_commands_and_their_options_exist(line: str) -> None:
    name, *words = line.split()
    command = typer.main.get_command(application).commands[name]  # type: ignore[attr-defined]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert [word for word in words if word.startswith("-") and word not in options] == []
    if name in ("run", "check") and words and words[0] != "my_run.yaml":
        assert find_scenario(words[0]).is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    files = {link.partition("#")[0] for link in links if "://" not in link} - {""}
    assert [link for link in sorted(files) if not (page.parent / link).exists()] == []


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE)) <= targets
