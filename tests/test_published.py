"""docs/validation.md is what its generator writes, and every row of it says where its number comes from."""

import published


def test_the_page_is_what_the_generator_writes() -> None:
    assert published.PAGE.read_text(encoding="utf-8") == published.page(), (
        "run `make validation`, and read what changed"
    )


def test_every_row_has_a_source_and_says_what_is_assumed() -> None:
    for row in published.rows():
        assert row.source and row.published and row.verdict
        assert "ASSUMED" in row.given or row.verdict.startswith("cannot test")


def test_what_cannot_be_tested_is_not_predicted() -> None:
    for row in published.rows():
        assert (row.predicted == "-") == row.verdict.startswith("cannot test")


def test_misses_are_shown() -> None:
    page = published.PAGE.read_text(encoding="utf-8")
    assert all(row.verdict in page for row in published.rows())
