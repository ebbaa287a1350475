"""docs/questions/ is what its generator writes; a page that takes long is compared with the slow tests."""

import pytest
import question_pages as pages

LONG = {"curve_10k_100k_1m"}


@pytest.mark.parametrize(
    "question",
    [pytest.param(each, marks=[pytest.mark.slow] if each.scenario in LONG else []) for each in pages.QUESTIONS],
    ids=lambda question: question.scenario,
)
def test_a_page_is_what_the_generator_writes(question: pages.Question) -> None:
    written = (pages.FOLDER / f"{question.scenario}.md").read_text(encoding="utf-8")
    assert written == pages.page(question), "run `make validation`, and read what changed"


@pytest.mark.parametrize("question", pages.QUESTIONS, ids=lambda question: question.scenario)
def test_a_page_tells_its_commands_its_caveat_and_its_sources(question: pages.Question) -> None:
    written = (pages.FOLDER / f"{question.scenario}.md").read_text(encoding="utf-8")
    for part in (f"derisk run {question.scenario}", "**Answer.**", "**Caveat.**", "## What it rests on", "ASSUMED"):
        assert part in written
