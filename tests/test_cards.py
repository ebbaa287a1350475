"""The cards: every number of a plan, every count, account and purpose belongs to exactly one mechanism."""

import ast
import inspect
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from simulator.mechanisms import CARDS
from simulator.mechanisms.card import At, Card, Column, Lengths, Scalar
from simulator.mechanisms.neutral import neutral
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Odds, Plan, Purpose, Rule, Tally
from tests.mechanism_files import MOST, files_of_each
from tests.random_plans import CAUSES, random_plan

PARTS = [part for card in CARDS for part in card.plan]
COLUMNS = [part for part in PARTS if isinstance(part, Column)]
LENGTHS = [part for part in PARTS if isinstance(part, Lengths)]


def test_every_field_of_a_plan_belongs_to_one_card() -> None:
    scalars = Counter(part.name for part in PARTS if isinstance(part, Scalar))
    whole = Counter(part.name for part in COLUMNS if part.at is None)
    several = {part.name for part in COLUMNS if part.at is not None}
    assert set((scalars | whole).values()) == {1}
    owned = [scalars.keys(), whole.keys(), several, {"laws"}]
    assert sum(map(len, owned)) == len(set().union(*owned)) == len(Plan._fields)
    assert set().union(*owned) == set(Plan._fields)


@pytest.mark.parametrize(("field", "known"), [("rules", Rule), ("odds", Odds)])
def test_every_column_belongs_to_one_card(field: str, known: type) -> None:
    assert sorted(part.at for part in COLUMNS if part.name == field) == sorted(known)


def test_every_law_and_every_other_draw_belongs_to_one_card() -> None:
    rows = Counter((part.purpose, row) for part in LENGTHS for row in ("causes", "job") if _has(part.rows, row))
    draws = Counter(purpose for card in CARDS for purpose in card.purposes)
    assert set(rows.values()) == set(draws.values()) == {1}
    laws = {purpose for purpose, _ in rows}
    assert laws | draws.keys() == set(Purpose) and not laws & draws.keys()


def _has(rows: At, row: str) -> bool:
    return rows is At.EVERYWHERE or (rows is At.JOB) == (row == "job")


def test_every_account_and_every_count_belongs_to_one_card() -> None:
    for kind, owned in ((Account, [card.accounts for card in CARDS]), (Tally, [card.counts for card in CARDS])):
        assert Counter(each for words in owned for each in words) == Counter(kind)


def test_names_of_cards_are_their_own() -> None:
    assert len({card.name for card in CARDS}) == len(CARDS)


def written_kinds() -> dict[str, str]:
    """Return the fields of a plan with their kinds, as its source has them."""
    tree = ast.parse(inspect.getsource(Plan)).body[0]
    assert isinstance(tree, ast.ClassDef)
    return {
        ast.unparse(each.target): ast.unparse(each.annotation) for each in tree.body if isinstance(each, ast.AnnAssign)
    }


def test_a_neutral_plan_has_arrays_of_its_own_and_of_the_right_kind() -> None:
    first, second = neutral(3), neutral(3)
    for name, kind in written_kinds().items():
        one, other = getattr(first, name), getattr(second, name)
        if kind == "int":
            assert isinstance(one, int), name
        else:
            assert one is not other and one.dtype == {"Floats": np.float64, "Integers": np.int64}[kind], name


@pytest.mark.parametrize(("mechanism", "files"), files_of_each().items())
def test_a_mechanism_stands_in_few_files(mechanism: str, files: list[str]) -> None:
    assert 3 <= len(files) <= MOST, files


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_random_plan_has_every_mechanism(card: Card) -> None:
    if card.name in ("scripts", "waiting for nodes"):
        assert card.random is None, "a script has no weather, and a wait has no number of its own"
        return
    fields = {"laws" if isinstance(part, Lengths) else part.name for part in card.plan}
    pairs = [(random_plan(seed), random_plan(seed, without=card.name)) for seed in range(30)]
    differ = {
        name
        for plan, other in pairs
        for name in fields
        if not np.array_equal(getattr(plan, name), getattr(other, name))
    }
    assert differ == fields - {"streams"}


def columns_of(plan: Plan) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the fields of a plan; of those that hold several numbers of each cause, a column each."""
    for name in Plan._fields:
        field = np.asarray(getattr(plan, name))
        if name in ("rules", "odds", "laws", "hazard"):
            yield from ((f"{name} {column}", field[:, column]) for column in range(field.shape[1]))
        else:
            yield name, field


def test_random_plans_leave_nothing_neutral() -> None:
    usual = dict(columns_of(neutral(CAUSES)))
    alike = set(usual)
    for seed in range(500):
        alike -= {name for name, field in columns_of(random_plan(seed)) if not np.array_equal(field, usual[name])}
    draws = {f"laws {int(purpose)}" for card in CARDS for purpose in card.purposes}
    assert alike == {"streams", "script", "script_order"} | draws
