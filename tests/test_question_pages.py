"""docs/questions/ is what its commands say; those that take long are run with the slow tests."""

import functools
import re
from pathlib import Path

import pytest
from browsers import CHROMIUM
from question_pages import QUESTIONS
from questions.asking import Question, Told, ask, words_of, written
from questions.drawing import digest, digest_in, draw
from questions.pages import FOLDER, IMAGES, command_in, index, page

from simulator import resources

MOST_BYTES = 150_000  # of a figure
every_question = pytest.mark.parametrize("question", QUESTIONS, ids=[question.name for question in QUESTIONS])


@functools.cache
def said(command: str) -> Told:
    return ask(command)


def text_of(question: Question) -> str:
    return (FOLDER / f"{question.name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "question",
    [pytest.param(each, marks=[pytest.mark.slow] if each.slow else [], id=each.name) for each in QUESTIONS],
)
def test_a_page_is_what_its_command_says(question: Question) -> None:
    told = said(command_in(text_of(question)))
    assert text_of(question) == page(question, told, question.figure(told)), "run `make questions`, read what changed"


@every_question
def test_a_page_has_one_command_one_figure_and_one_caveat(question: Question) -> None:
    text = text_of(question)
    assert text.startswith(f"# {question.title}\n") and question.title.endswith("?")
    assert words_of(command_in(text)) == words_of(question.command)
    assert re.findall(r"!\[.+\]\((.*?)\)", text) == [f"../images/questions/{question.name}.svg"]
    for once in ("**Answer.** **", "**Caveat.** ", "## What it rests on"):
        assert text.count(once) == 1, once
    assert "ASSUMED" in text
    assert not re.search(r"\bnan\b|\binf\b|None|unknown", text)


@every_question
def test_a_figure_is_of_the_numbers_of_its_page(question: Question) -> None:
    path = IMAGES / f"{question.name}.svg"
    assert path.stat().st_size < MOST_BYTES
    told = re.search(r"^<!-- (\w+) -->$", text_of(question), re.MULTILINE)
    assert told and digest_in(path) == told[1], "run `make questions`"


@every_question
def test_a_page_asks_a_scenario_that_ships(question: Question) -> None:
    assert (resources.scenarios() / f"{words_of(question.command)[2]}.yaml").is_file()


def test_the_index_tells_every_answer_and_nothing_else_lies_there() -> None:
    assert len(QUESTIONS) >= 15
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == index(QUESTIONS)
    names = {question.name for question in QUESTIONS}
    assert {path.stem for path in FOLDER.iterdir()} == names | {"README"}
    assert {path.stem for path in IMAGES.iterdir()} == names


def test_a_command_on_several_lines_is_the_same_for_a_shell() -> None:
    long = "derisk sweep plan_100k --set 'cluster.hot_spares=96 nodes' " + "--axis 'recovery.restart=1 min,2 min' " * 3
    assert " \\\n  --axis 'recovery.restart=1 min,2 min'" in written(long)
    assert words_of(written(long)) == words_of(long)
    assert written("derisk run plan_100k -n 20") == "derisk run plan_100k -n 20"


@pytest.mark.slow
def test_a_figure_is_drawn_alike_twice(tmp_path: Path) -> None:
    pytest.importorskip("playwright.sync_api", reason="figures are drawn with the extra e2e")
    if CHROMIUM is None:
        pytest.skip("no browser")
    question = next(each for each in QUESTIONS if each.name == "margin_to_buy")
    figure = question.figure(said(question.command))
    paths = [tmp_path / "one.svg", tmp_path / "two.svg"]
    draw(dict.fromkeys(paths, figure))
    one, two = (path.read_text(encoding="utf-8") for path in paths)
    assert one == two and digest_in(paths[0]) == digest(figure)
