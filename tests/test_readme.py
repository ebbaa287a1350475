"""What README.md shows a reader works: its scenario, its commands, its links, and those of the pages under docs/."""

import re
from collections import Counter
from pathlib import Path

import pytest
import typer

import simulator
from simulator.cli import application
from simulator.scenario import parse_scenario
from simulator.scenario.named import find_scenario
from tests.site import foreign, foreign_in
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


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site make them, and those that it sets itself."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    found = set(re.findall(r"<\w+ [^>]*(?:id|name)=\"([^\"]+)\"", text))
    times: Counter[str] = Counter()
    for heading in re.findall(r"^#{1,6} +(.*?) *#*$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found.add(f"{slug}-{times[slug]}" if times[slug] else slug)
        times[slug] += 1
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_headings_lead_to_one(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    wrong = []
    for link in re.findall(r"\]\(([^)\s]+#[^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if "://" not in link and anchor not in anchors(target):
            wrong.append(link)
    assert wrong == []


def test_the_anchors_of_a_page_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('# A `b` & c\n\n## Twice\n\n## Twice\n\n```\n# none\n```\n<a id="own"></a>\n', encoding="utf-8")
    assert anchors(page) == {"a-b--c", "twice", "twice-1", "own"}


def test_the_reference_has_every_name_of_the_api() -> None:
    listed = re.findall(r"^::: [\w.]+\.(\w+)$", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(set(simulator.__all__) - {"__version__"})


def test_every_page_stands_in_the_navigation_of_the_site() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
    listed = set(re.findall(r"[\w/]+\.md|[\w/]+/\*", text)) - {"index.md", "changelog.md"}
    docs = ROOT / "docs"
    pages = {page.relative_to(docs) for page in docs.rglob("*.md")}
    assert {page.as_posix() if page.parent == Path() else f"{page.parent}/*" for page in pages} == listed


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<script src="https://cdn.example/a.js"></script>', ["https://cdn.example/a.js"]),
        ('<link rel="stylesheet" href="//fonts.example/css">', ["//fonts.example/css"]),
        ('<link rel="preconnect" href="https://fonts.example">', ["https://fonts.example"]),
        ('<img srcset="a.png, https://x.example/b.png 2x">', ["https://x.example/b.png 2x"]),
        ("<style>@import url(https://x.example/a.css)</style>", ["https://x.example/a.css"]),
        ('<pre class="mermaid">a</pre>', ["mermaid"]),
        ('<a href="https://x.example">a</a><img src="a.png"><script src="a.js"></script>', []),
        ('<link rel="canonical" href="https://x.example/a">', []),
    ],
)
def test_what_a_page_loads_from_elsewhere_is_seen(html: str, found: list[str]) -> None:
    assert foreign(html) == found


def test_a_site_without_pages_does_not_pass(tmp_path: Path) -> None:
    assert list(foreign_in(tmp_path)) == [f"{tmp_path}: there is no page"]


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE)) <= targets
