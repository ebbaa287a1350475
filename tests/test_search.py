"""The search for a plan against a search by hand, its words, and what is wrong with plans that do not divide."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from step_plans import case_of

from simulator.workload.case import Case, stack
from simulator.workload.check import faults_of, memory_fault
from simulator.workload.constants import fitted_constants
from simulator.workload.layout import Layout, Recompute
from simulator.workload.memory import memory
from simulator.workload.plans import table_of
from simulator.workload.predict import machine_for, predict
from simulator.workload.search import Planned, nearest_that_fits, search, words
from simulator.workload.step import step_time

CONSTANTS = fitted_constants()
BIG = case_of("llama3_405b", "h100_sxm", 16_384, 2_048)


def by_hand(case: Case) -> Iterator[Layout]:
    """All plans of a case by the rules, one after another."""
    model, most = case.model, int(case.gpu.scale_up_domain.median) if case.gpu.scale_up_domain else 1
    powers = [2**power for power in range(12)]
    degrees = [
        (tensor, pipeline, context, case.gpus // (tensor * pipeline * context))
        for tensor, pipeline, context in itertools.product(range(1, most + 1), range(1, 129), powers)
        if case.gpus % (tensor * pipeline * context) == 0 and model.heads % tensor == 0
    ]
    experts = [degree for degree in range(1, 257) if degree == 1 or (model.experts and model.experts % degree == 0)]
    layers = int(model.layers)
    for (tensor, pipeline, context, data), expert, chunks in itertools.product(degrees, experts, range(1, 129)):
        stages = pipeline * chunks
        if (pipeline == 1 < chunks) or (layers % stages and (layers + 2) % stages):
            continue
        if data * context * tensor % expert or (context > 1 and model.sequence / context < 2_048):
            continue
        for batch, again, whole in itertools.product(powers, (0, 2), (0, 1)):
            if case.global_batch % (data * batch) or (whole and (pipeline > 1 or data * context == 1)):
                continue
            yield Layout(
                tensor, pipeline, context, expert, data, chunks, batch, case.global_batch, again,
                float(tensor > 1), sharded_weights=whole, head_counts=float(layers % stages > 0),
            )  # fmt: skip


@pytest.mark.parametrize(
    ("model", "gpu", "gpus", "batch"),
    [("llama3_8b", "h100_sxm", 16, 32), ("mixtral_8x7b", "h100_sxm", 24, 96), ("llama3_8b", "a100_sxm", 12, 36)],
)
def test_the_search_is_complete(model: str, gpu: str, gpus: int, batch: float) -> None:
    case = case_of(model, gpu, gpus, batch)
    machine = machine_for(case, CONSTANTS)
    plans = stack(list(by_hand(case)))
    fits = np.asarray(memory(case.model, plans, machine).total) <= 0.95 * machine.memory
    found = search(case)
    assert (found.divide, found.fit) == (fits.size, fits.sum())
    steps = np.asarray(step_time(case.model, plans, machine, CONSTANTS).total)[fits]
    assert [plan.step for plan in found.plans] == pytest.approx(np.sort(steps)[:10], rel=1e-8)


def test_plans_come_in_one_order() -> None:
    found = search(BIG, keep=50)
    assert len(found.plans) == 50
    steps = [plan.step for plan in found.plans]
    assert np.all(np.diff(steps) >= -1e-8 * np.array(steps[1:]))
    assert search(BIG, keep=50) == found
    assert search(BIG, keep=1).plans == found.plans[:1]
    assert found.looked_at >= found.divide >= found.fit >= 50


def test_what_a_plan_takes_adds_up() -> None:
    for plan in search(BIG).plans:
        assert sum(plan.parts.values()) == pytest.approx(plan.step)
        assert sum(plan.memory_parts.values()) == pytest.approx(plan.memory)
        assert plan.fits and plan.memory <= 0.95 * 80e9
        assert float(plan.layout.gpus) == 16_384
        json.dumps([*plan.layout, plan.parts])  # plain numbers


@pytest.mark.parametrize(
    "fixed",
    [
        {"tensor": 8},
        {"pipeline": 16},
        {"tensor": 8, "pipeline": 16, "context": 2, "micro_batch": 1},
        {"recompute": Recompute.FULL},
        {"data": 32},
        {"interleaving": 4},
        {"context": 4, "expert": 1},
    ],
)
def test_what_is_given_stays(fixed: dict[str, Any]) -> None:
    found = search(BIG._replace(**fixed))
    for plan in found.plans:
        assert {name: getattr(plan.layout, name) for name in fixed} == fixed
    assert found.plans and found.plans[0].step >= search(BIG).plans[0].step * (1.0 - 1e-9)


def test_weights_are_sharded_as_asked() -> None:
    case = case_of("llama3_70b", "h100_sxm", 64, 64)
    sharded = search(case, shard_weights=True).plans
    assert sharded and all(plan.layout.sharded_weights == 1.0 for plan in sharded)
    assert all(plan.layout.sharded_weights == 0.0 for plan in search(case, shard_weights=False).plans)
    given_by_case = search(case._replace(sharded_weights=True)).plans
    assert given_by_case == sharded


def test_an_uneven_pipeline_that_is_given_is_kept() -> None:
    case = case_of("llama3_8b", "h100_sxm", 24, 48, pipeline=3)
    best = search(case).plans[0].layout
    assert (best.pipeline, best.interleaving, best.head_counts) == (3.0, 1.0, 0.0)


def test_a_model_that_no_pipeline_cuts_evenly_is_cut_unevenly() -> None:
    case = case_of("deepseek_v3", "h100_sxm", 2_048, 16_384)
    found = search(case)
    deeper = next(rival.plan for rival in found.rivals if rival.what.endswith("a pipeline"))
    assert 61 % (deeper.layout.pipeline * deeper.layout.interleaving) or deeper.layout.pipeline == 1
    pipelines = np.unique(np.asarray(table_of(case, machine_for(case, CONSTANTS)).layout.pipeline))
    assert list(pipelines) == [1, 2, 4, 8, 16, 32]


def test_the_chosen_plan_is_predicted_alike() -> None:
    for case in (BIG, case_of("llama3_8b", "h100_sxm", 64, 64), case_of("deepseek_v3", "b200_sxm", 512, 2_048)):
        best = search(case).plans[0]
        degrees = ("tensor", "pipeline", "context", "expert", "data", "interleaving", "micro_batch")
        plan = {name: int(getattr(best.layout, name)) for name in degrees}
        fixed = case._replace(
            **plan, recompute=Recompute(int(best.layout.recompute)), gradient_bytes=best.layout.gradient_bytes,
            sequence_parallel=bool(best.layout.sequence_parallel), head_counts=bool(best.layout.head_counts),
            sharded_weights=bool(best.layout.sharded_weights),
        )  # fmt: skip
        (found,) = predict([fixed])
        assert found.step_s == pytest.approx(best.step)
        assert found.memory_GB == pytest.approx(best.memory / 1e9)


def test_only_unfused_attention_recomputes_its_core() -> None:
    case = case_of("megatron_175b", "a100_sxm", 64, 64)
    tables = [table_of(case._replace(flash=flash), machine_for(case, CONSTANTS)) for flash in (True, False)]
    again = [set(np.unique(np.asarray(table.layout.recompute))) for table in tables]
    assert again == [{Recompute.NONE, Recompute.FULL}, set(Recompute)]


# Words


def test_the_choice_is_explained_by_numbers() -> None:
    found = search(BIG)
    said = found.explain()
    best = found.plans[0]
    assert said[0].startswith(f"Of {found.looked_at:,} plans {found.divide:,} divide")
    assert (
        said[1]
        == f"The fastest is {words(best.layout)}: {best.step:.4g} s a step, in {best.memory / 1e9:.0f} of 80 GB."
    )
    wider, less = (
        next(line for line in said if line.startswith(way)) for way in ("With tensor 8", "Without a pipeline")
    )
    assert "longer" in wider and "tensor communication +" in wider
    assert "times as long" in less and "exchange of gradients and weights +" in less
    assert any(line.startswith("With full recomputing the best plan takes") for line in said)
    assert all(rival.plan.step >= best.step for rival in found.rivals)


def test_what_does_not_fit_is_explained_by_memory() -> None:
    found = search(BIG._replace(tensor=8, pipeline=16, context=1, micro_batch=1))
    assert found.plans[0].layout.recompute == Recompute.FULL
    line = found.explain()[-1]
    assert line.startswith("Without full recomputing nothing fits: tensor 8, pipeline 16, data 128,")
    assert line.endswith("of 80 GB.")


def test_where_nothing_fits_the_smallest_is_named() -> None:
    found = search(BIG._replace(gpus=64, global_batch=64))
    assert not found.plans and not found.fit and isinstance(found.smallest, Planned) and not found.smallest.fits
    (said,) = found.explain()
    assert "none fits" in said and words(found.smallest.layout) in said


def test_where_nothing_divides_there_is_no_plan() -> None:
    case = case_of("llama3_8b", "h100_sxm", 37, 13)
    found = search(case)
    assert (found.plans, found.smallest, found.divide) == ((), None, 0)
    assert "0 divide" in found.explain()[0]
    assert nearest_that_fits(case) == "no plan divides 37 accelerators and a batch of 13 sequences"


def test_a_layout_in_words_says_only_what_it_uses() -> None:
    assert words(Layout(data=8, micro_batch=2)) == "tensor 1, pipeline 1, data 8, micro-batch 2"
    plan = Layout(8, 16, 2, 4, 1_024, 8, 1, 4_096, Recompute.FULL, sharded_weights=1)
    expected = "tensor 8, pipeline 16, context 2, expert 4, data 1,024, interleaving 8, micro-batch 1"
    assert words(plan) == f"{expected}, full recomputing, sharded weights"


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ({"tensor": 8, "pipeline": 16, "context": 2, "micro_batch": 1}, "tensor 8, pipeline 16, context 2, data 64"),
        ({"tensor": 6, "pipeline": 16, "context": 2, "micro_batch": 1}, "tensor 8, pipeline 16, context 2, data 64"),
        ({"tensor": 8, "pipeline": 8, "context": 1, "micro_batch": 1, "recompute": Recompute.NONE}, "tensor 8"),
    ],
)
def test_the_nearest_plan_that_fits(given: dict[str, Any], nearest: str) -> None:
    said = nearest_that_fits(BIG._replace(**given))
    assert said.startswith(nearest) and said.endswith("of 80 GB") and " fits in " in said


def test_the_nearest_plan_is_the_plan_where_it_fits() -> None:
    case = case_of("llama3_8b", "h100_sxm", 24, 48)
    given = {"tensor": 2, "pipeline": 3, "context": 1, "expert": 1, "interleaving": 1, "micro_batch": 3}
    plan = case._replace(**given, recompute=Recompute.FULL)
    assert (
        nearest_that_fits(plan) == "tensor 2, pipeline 3, data 4, micro-batch 3, full recomputing fits in 18 of 80 GB"
    )


# What is wrong with a plan


def fault(case: Case, **given: Any) -> tuple[str, str]:
    (found,) = faults_of(case._replace(**given))
    return found


@pytest.mark.parametrize(
    ("given", "field", "text"),
    [
        (
            {"tensor": 8, "pipeline": 16, "context": 1, "data": 100},
            "data",
            "tensor 8 x pipeline 16 x context 1 x data 100 is 12,800, not 16,384 accelerators; "
            "nearest that works: data 128",
        ),
        (
            {"tensor": 8, "pipeline": 3},
            "gpus",
            "tensor 8 x pipeline 3 is 24, which does not divide 16,384 accelerators; "
            "nearest that works: 16,368 or 16,392 accelerators, or pipeline 2 or 4",
        ),
        ({"tensor": 8, "gpus": 10}, "gpus", "nearest that works: 8 or 16 accelerators, or tensor 5 or 10"),
        ({"tensor": 6, "gpus": 6}, "tensor", "128 heads are not divisible by tensor 6; nearest that works: 4 or 8"),
        ({"pipeline": 256}, "pipeline", "126 layers are fewer than 256 stages; nearest that works: 64"),
        (
            {"pipeline": 16, "interleaving": 16},
            "interleaving",
            "126 layers are fewer than pipeline 16 x interleaving 16 = 256 chunks; nearest that works: 7",
        ),
        (
            {"pipeline": 16, "interleaving": 9, "head_counts": True},
            "interleaving",
            "126 layers, embedding and head are fewer than pipeline 16 x interleaving 9 = 144 chunks; "
            "nearest that works: 8",
        ),
        (
            {"pipeline": 1, "interleaving": 2},
            "interleaving",
            "interleaving 2 needs a pipeline, which is 1; nearest that works: interleaving 1",
        ),
        (
            {"context": 3, "gpus": 3},
            "context",
            "sequences of 8,192 tokens are not divisible by context 3; nearest that works: 2 or 4",
        ),
        (
            {"data": 96, "gpus": 96},
            "global_batch",
            "2,048 sequences are not divisible by data 96; nearest that works: 2,016 or 2,112",
        ),
        ({"data": 4_096, "micro_batch": 1}, "global_batch", "nearest that works: 4,096"),
        (
            {"tensor": 8, "pipeline": 16, "context": 1, "micro_batch": 3},
            "micro_batch",
            "2,048 sequences are not divisible by data 128 x micro-batch 3 = 384; nearest that works: 2 or 4",
        ),
        ({"expert": 8}, "expert", "the model has no experts to divide by 8; nearest that works: 1"),
        ({"precision": "fp4"}, "precision", "NVIDIA H100 SXM 80 GB has no fp4; it computes in bf16, fp16, fp8, mxfp8"),
        ({"precision": "fp7"}, "precision", "'fp7' is not known; NVIDIA H100 SXM 80 GB computes in bf16, fp16, fp8"),
        ({"tensor": 0}, "tensor", "0 is less than 1; nearest that works: 1"),
    ],
)
def test_what_is_wrong_is_said_with_the_nearest_that_works(given: dict[str, Any], field: str, text: str) -> None:
    found = fault(BIG, **given)
    assert found[0] == field
    assert text in found[1]


def test_experts_must_divide() -> None:
    case = case_of("deepseek_v3", "h100_sxm", 64, 64, context=1)
    assert fault(case, expert=48) == (
        "expert",
        "256 experts are not divisible by expert 48; nearest that works: 32 or 64",
    )
    text = "expert 128 does not divide the 64 ranks of data, context and tensor parallelism; nearest that works: 64"
    assert fault(case, expert=128, tensor=2, pipeline=1) == ("expert", text)
    assert faults_of(case._replace(expert=64, tensor=2, pipeline=1)) == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"tensor": 16},  # more ranks than heads of keys and values
        {"pipeline": 16, "interleaving": 8, "head_counts": True},
        {"pipeline": 16, "interleaving": 4},  # uneven: 126 layers in 64 chunks
        {"pipeline": 4, "sharded_weights": True},
        {"tensor": 8, "pipeline": 16, "context": 1, "data": 128, "micro_batch": 1},
    ],
)
def test_what_works_has_no_faults(given: dict[str, Any]) -> None:
    assert faults_of(BIG._replace(**given)) == []


CASES = [BIG, case_of("llama3_8b", "h100_sxm", 48, 96), case_of("deepseek_v3", "b200_sxm", 512, 2_048)]


@given(st.sampled_from(CASES), st.floats(0, 1, exclude_max=True))
def test_plans_of_the_search_have_no_faults(case: Case, place: float) -> None:
    layout = table_of(case, machine_for(case, CONSTANTS)).layout
    row = int(place * np.asarray(layout.data).size)
    names = ("tensor", "pipeline", "context", "expert", "data", "interleaving", "micro_batch")
    plan = {name: int(np.asarray(getattr(layout, name))[row]) for name in names}
    assert faults_of(case._replace(**plan, head_counts=bool(np.asarray(layout.head_counts)[row]))) == []


@given(
    st.sampled_from(CASES),
    st.fixed_dictionaries(
        {},
        optional={
            name: st.integers(1, 40)
            for name in ("tensor", "pipeline", "context", "expert", "data", "interleaving", "micro_batch")
        },
    ),
)
def test_what_is_said_to_work_is_never_empty(case: Case, degrees: dict[str, int]) -> None:
    for field, text in faults_of(case._replace(**degrees)):
        assert field in Case._fields
        assert text.partition("nearest that works: ")[2][0] in "123456789dic"


def test_a_plan_that_is_too_large_says_what_fits() -> None:
    case = BIG._replace(tensor=8, pipeline=16, context=1, micro_batch=1)
    assert memory_fault(case, 70.0, 80.0) is None
    said = memory_fault(case, 88.0, 80.0)
    assert said == f"needs 88 GB, of 80 GB 95% can be used; nearest that works: {nearest_that_fits(case)}"
