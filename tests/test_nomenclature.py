"""docs/nomenclature.md defines every public field once: of the summary, of the tables, of the ledger."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from test_metrics import COSTS, MFU, SMALL

from simulator.compile.compile import compile_plan
from simulator.engines.reference import simulate
from simulator.ensemble import Ensemble, run_ensemble
from simulator.metrics import summarise
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import Account, Kind, Outcome, Phase
from simulator.report.run.contents import events
from simulator.scenario import parse_scenario
from tests.nomenclature_tables import with_tables
from tests.test_architecture import ROOT

PAGE = (ROOT / "docs" / "nomenclature.md").read_text(encoding="utf-8")
DEFINED = Counter(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE))
TERMS = [
    "goodput",
    "badput",
    "ETTR",
    "MFU",
    "MTBF",
    "MTTF",
    "MTTR",
    "replication",
    "rollback",
    "straggler",
    "fail-slow",
]
TERMS += ["replica", "blast radius", "failure domain", "hot spare", "silent data corruption"]
CONVENTION = r"one_minus_R_over_M: ([\d.]+), M_over_M_plus_R: ([\d.]+), exp_minus_R_over_M: ([\d.]+)"
STOP_RULE = ("run.stop={quantity: goodput, half_width: 50%, max: 20}",)
# Keys that follow from the data: accounts, causes, numbers of nodes, outcomes.
BY_NAME = {"ledger_share", "ledger_share_median", "by_cause", "at_least", "outcomes", "variance_share"}


@pytest.fixture(scope="module")
def ensembles() -> list[Ensemble]:
    """Every optional field is in one of them."""
    runs = [(SMALL, (*COSTS, *STOP_RULE)), (MFU, ())]
    return [run_ensemble(parse_scenario(text, list(overrides))) for text, overrides in runs]


def fields(content: dict[str, Any], path: str = "") -> Iterator[str]:
    """Paths of all fields, with <...> for keys that follow from the data."""
    for key, value in content.items():
        yield f"{path}{key}"
        if isinstance(value, dict):
            for name, below in value.items() if key in BY_NAME else [("", value)]:
                here = f"{path}{key}.<any>." if name else f"{path}{key}."
                yield from fields(below, here) if isinstance(below, dict) else ()


def is_defined(path: str) -> bool:
    """Whether a path stands on the page, or ends in a name that means the same everywhere, such as mean."""
    pattern = re.escape(path).replace("<any>", "<[a-z]+>")
    last = path.rpartition(".")[2]
    return last in DEFINED or any(re.fullmatch(pattern, known) for known in DEFINED)


def test_every_field_of_the_summary_is_defined(ensembles: list[Ensemble]) -> None:
    summaries = [summarise(ensemble) for ensemble in ensembles]
    paths = {path for summary in summaries for path in fields(summary)}
    assert {"deadline.date", "precision.reached", "mfu_end_to_end", "delay_cost_usd.unfinished"} <= paths
    assert sorted(path for path in paths if not is_defined(path)) == []


def test_every_column_of_the_tables_is_defined(ensembles: list[Ensemble]) -> None:
    known = {name.replace("<account>", account.name.lower()) for name in DEFINED for account in Account}
    for ensemble in ensembles:
        causes = {f"{count}_{cause}" for count in ("failures", "interruptions") for cause in ensemble.causes}
        columns = {column for column in ensemble.table if not column.startswith("input:")} - causes
        assert sorted(columns - known) == []
    assert {"failures_<cause>", "interruptions_<cause>", "input:<path>"} <= set(DEFINED)
    scenario = ensembles[0].scenario
    log = events(simulate(compile_plan(scenario), replication_key(1, 0), log=True), ensembles[0].causes)
    assert sorted(set(log) - set(DEFINED)) == []


def test_the_tables_are_those_of_the_cards() -> None:
    assert with_tables(PAGE) == PAGE, "run `python -m tests.nomenclature_tables`"


def test_every_account_outcome_phase_and_kind_of_record_is_named() -> None:
    assert [account.name for account in Account if account.name not in DEFINED] == []
    assert [each.name for each in (*Outcome, *Phase, *Kind) if f"`{each.name}`" not in PAGE] == []


@pytest.mark.parametrize("term", TERMS)
def test_the_words_of_the_field_are_defined(term: str) -> None:
    assert f"\n| {term} |" in PAGE


def test_nothing_is_defined_twice() -> None:
    terms = re.findall(r"^\| ([^`|]+) \|", PAGE.partition("## Accounts")[0], re.MULTILINE)
    assert [name for names in (DEFINED, Counter(terms)) for name, times in names.items() if times > 1] == []


def test_the_conventions_have_the_numbers_of_the_oracle() -> None:
    oracle = (ROOT / "tests" / "oracles" / "closed_forms.yaml").read_text(encoding="utf-8")
    section = PAGE.partition("## Which goodput?")[2].partition("\n## ")[0]
    shares = re.findall(CONVENTION, oracle)
    assert len(shares) == 2
    assert all(f"{float(share):.1%}".replace("%", " %") in section for row in shares for share in row)
