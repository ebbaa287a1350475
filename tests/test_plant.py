"""Planted faults: each is one change of one place, and the list of those that change nothing is up to date."""

from pathlib import Path

import pytest

from tests.faults import Fault, faults_of
from tests.plant import PLACES, ROOT, drawn

SOURCE = "simulator/mechanisms/lemons.py"
TEXT = '''"""A text 1."""

def some(row: int = 1) -> list[int]:
    """Return 2."""
    found = [Odds.MISSED, row.part] if row.number >= 2 else [-row.number]
    return sorted(found * 3) if not row.part and row.units - 1 else found
'''
CHANGES = {
    "(row: int = 2)", "[Odds.BLAMED, row.part]", "[Odds.MISSED, row.units]", "if row.number > 2 else",
    "if row.part >= 2 else", "else [row.number]", "else [-row.part]", "if row.number >= 3 else", "list(found * 3)",
    "sorted(found / 3)", "sorted(found * 4)", "if row.part and row.units", "if not row.units and", "units - 2 else",
    "if not row.part or row.units - 1 else", "and row.units + 1 else", "and row.number - 1 else",
    "[-row.number] if row.number >= 2 else [Odds.MISSED, row.part]", "found if not row.part and",
}  # fmt: skip


def changed(fault: Fault) -> str:
    """The source with the fault, without the brackets that keep it in one piece."""
    return fault._replace(instead=f"\0{fault.instead}\0").planted_in(TEXT).replace("(\0", "").replace("\0)", "")


def test_faults_are_single_changes_and_leave_types_and_texts_alone() -> None:
    found = [changed(fault) for fault in faults_of(SOURCE, TEXT)]
    assert len(found) == len(CHANGES) == len(set(found))
    assert {words for words in CHANGES if not any(words in text for text in found)} == set()
    kinds = {fault.kind for fault in faults_of(SOURCE, TEXT)}
    assert kinds == {"constant", "column", "comparison", "sign", "operator", "condition"}


@pytest.mark.parametrize("place", PLACES)
def test_every_fault_makes_a_source_that_can_be_run(place: str) -> None:
    for path in sorted(ROOT.glob(f"{place}/*.py")) or [ROOT / place]:
        text = path.read_text(encoding="utf-8")
        for fault in faults_of(str(path.relative_to(ROOT)), text):
            assert fault.planted_in(text) != text
            compile(fault.planted_in(text), fault.source, "exec")


def test_the_same_seed_draws_the_same_faults_of_all_kinds_alike() -> None:
    sources = ["simulator/compile/interval.py", "simulator/nouns/cost.py"]
    assert drawn(sources, 3, 20) == drawn(sources, 3, 20) != drawn(sources, 4, 20)
    kinds = [fault.kind for fault in drawn(sources, 3, 20)]
    assert {kinds.count(kind) for kind in set(kinds)} <= {2, 3, 4, 5}


def test_what_is_listed_as_no_fault_can_still_be_planted() -> None:
    listed = Path(ROOT / "tests/planted.txt").read_text(encoding="utf-8").splitlines()
    listed = [line for line in listed if line and not line.startswith("#")]
    sources = {line.split(" ", 1)[1].partition(":")[0] for line in listed}
    known = {str(fault) for source in sources for fault in faults_of(source, (ROOT / source).read_text("utf-8"))}
    assert [line for line in listed if line not in known] == []
