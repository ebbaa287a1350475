"""`derisk step` and the format of cases: what is read, what is refused and in which words, what is printed."""

import json
from pathlib import Path
from typing import Any

import pytest
from test_cli import as_json, derisk

from simulator import resources
from simulator.report.machine import step_sheet
from simulator.scenario import ScenarioErrors
from simulator.scenario.cases import Batch, Entry, batch_in, read_cases, read_tree
from simulator.workload.case import Case, plausible_layouts
from simulator.workload.layout import Recompute
from simulator.workload.machine import PRECISIONS
from simulator.workload.predict import predict

RUNS = resources.scenarios() / "step_time" / "published_runs.yaml"
SWEEPS = RUNS.with_name("published_sweeps.yaml")
MODEL = {
    "layers": 32, "hidden": 4096, "heads": 32, "kv_heads": 8, "ffn": 14336, "glu": True, "vocab": 128256, "seq": 8192,
}  # fmt: skip
MOE = {**MODEL, "moe": {"experts": 64, "topk": 4, "moe_ffn": 2048}}
CASE = {
    "id": "a", "gpu": "H100-SXM", "gpus": 64, "model": MODEL, "precision": "bf16", "gbs": 256, "tp": 2, "pp": 4,
    "cp": 1, "ep": 1, "dp": 8, "vp": 2, "mbs": 1, "recompute": "none", "gradient_bytes": 4,
}  # fmt: skip
ABSENT = object()


def changed(**changes: Any) -> dict[str, Any]:
    """Return the case with other values; ABSENT takes a key out."""
    return {key: value for key, value in {**CASE, **changes}.items() if value is not ABSENT}


def written(folder: Path, *cases: Any, name: str = "cases.yaml") -> Path:
    """Write cases in YAML, a key a line, as people do; the values are JSON, which is YAML."""
    lines = ["cases:"]
    for case in cases:
        if not isinstance(case, dict):
            lines.append(f"- {json.dumps(case)}")
            continue
        pairs = [f"{key}: {value if isinstance(value, str) else json.dumps(value)}" for key, value in case.items()]
        lines += [f"{'  ' if number else '- '}{pair}" for number, pair in enumerate(pairs)]
    file = folder / name
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def read(folder: Path, **changes: Any) -> Entry:
    [entry] = read_cases(written(folder, changed(**changes)))
    return entry


def case_of(folder: Path, **changes: Any) -> Case:
    entry = read(folder, **changes)
    assert entry.errors == () and entry.case is not None
    return entry.case


def step_of(folder: Path, **changes: Any) -> dict[str, Any]:
    result = derisk("step", written(folder, changed(**changes)), "--json")
    assert result.exit_code == 0, result.stderr
    [case] = as_json(result)["cases"]
    assert isinstance(case, dict)
    return case


# Reading: leniencies


@pytest.mark.parametrize("name", ["h100_sxm", "H100-SXM", "h100-SXM", "H100_sxm"])
def test_a_gpu_has_many_names_in_any_case(tmp_path: Path, name: str) -> None:
    assert case_of(tmp_path, gpu=name) == case_of(tmp_path)


@pytest.mark.parametrize(
    ("written_as", "means"), [("BF16", "bf16"), ("Fp8", "fp8"), ("MXFP8", "mxfp8"), (ABSENT, "bf16")]
)
def test_precision_is_read_in_any_case(tmp_path: Path, written_as: Any, means: str) -> None:
    assert case_of(tmp_path, precision=written_as).precision == means


@pytest.mark.parametrize(
    ("written_as", "means"),
    [
        ("none", Recompute.NONE), ("None", Recompute.NONE),
        ('"selective"', Recompute.SELECTIVE), ("Selective+SP", Recompute.SELECTIVE), ("FULL", Recompute.FULL),
        ("null", None), (ABSENT, None),
    ],
)  # fmt: skip
def test_recompute_is_read_in_any_case(tmp_path: Path, written_as: Any, means: Recompute | None) -> None:
    assert case_of(tmp_path, recompute=written_as).recompute == means


@pytest.mark.parametrize(
    ("written_as", "means"),
    [("0", False), ("1", True), ("8", True), ("true", True), ("false", False), ("null", False), (ABSENT, False)],
)
def test_fsdp_is_a_number_or_a_truth(tmp_path: Path, written_as: Any, means: bool) -> None:
    assert case_of(tmp_path, fsdp=written_as).sharded_weights is means


@pytest.mark.parametrize("key", ["tp", "pp", "cp", "ep", "dp", "vp", "mbs", "recompute", "gradient_bytes", "nic_GBps"])
def test_null_is_absent(tmp_path: Path, key: str) -> None:
    assert case_of(tmp_path, **{key: None}) == case_of(tmp_path, **{key: ABSENT})


@pytest.mark.parametrize("written_as", ["64", "64.0", "6_4", '"64"', "6.4e1"])
def test_whole_numbers_are_read_however_they_are_written(tmp_path: Path, written_as: str) -> None:
    gpus = case_of(tmp_path, gpus=written_as).gpus
    assert gpus == 64 and isinstance(gpus, int)


def test_cp_and_ep_are_one_where_absent_and_dp_follows(tmp_path: Path) -> None:
    case = case_of(tmp_path, cp=ABSENT, ep=ABSENT, dp=ABSENT)
    assert (case.context, case.expert, case.data) == (1, None, None)
    assert {(layout.context, layout.expert, layout.data) for layout in plausible_layouts(case)} == {(1, 1, 8)}


def test_an_expert_degree_that_is_not_known_is_all_that_divide(tmp_path: Path) -> None:
    layouts = list(plausible_layouts(case_of(tmp_path, model=MOE, ep=ABSENT)))
    experts, ranks = int(MOE["moe"]["experts"]), int(64 / layouts[0].pipeline)  # type: ignore[index]
    assert {layout.expert for layout in layouts} == {d for d in range(1, experts + 1) if experts % d == ranks % d == 0}


def test_a_pipeline_that_is_not_known_is_all_that_divide(tmp_path: Path) -> None:
    layouts = list(plausible_layouts(case_of(tmp_path, pp=ABSENT, dp=ABSENT, vp=ABSENT)))
    assert {(layout.tensor, layout.pipeline) for layout in layouts} == {(2, p) for p in (1, 2, 4, 8, 16, 32)}
    assert all(layout.gpus == 64 for layout in layouts)
    assert {layout.tensor for layout in plausible_layouts(case_of(tmp_path, tp=ABSENT, dp=ABSENT))} == {1, 2, 4, 8}
    # The degree of data parallelism says what the other is.
    assert {layout.pipeline for layout in plausible_layouts(case_of(tmp_path, pp=ABSENT, vp=ABSENT))} == {4}


def test_where_no_degree_is_known_weights_may_be_sharded_and_on_a_tpu_they_are(tmp_path: Path) -> None:
    nothing = {"tp": ABSENT, "pp": ABSENT, "dp": ABSENT, "vp": ABSENT}
    layouts = list(plausible_layouts(case_of(tmp_path, **nothing)))
    assert {layout.sharded_weights for layout in layouts if layout.pipeline == 1} == {False, True}
    assert not any(layout.sharded_weights for layout in layouts if layout.pipeline > 1)
    compiled = list(plausible_layouts(case_of(tmp_path, gpu="TPUv5p", **nothing)))
    assert all(layout.pipeline == 1 and layout.sharded_weights for layout in compiled)


def test_replicas_that_a_batch_does_not_divide_are_left_out(tmp_path: Path) -> None:
    layouts = plausible_layouts(case_of(tmp_path, pp=ABSENT, dp=ABSENT, vp=ABSENT, gbs=8))
    assert {layout.data for layout in layouts} == {1, 2, 4, 8}


def test_an_absent_shape_follows_from_the_others(tmp_path: Path) -> None:
    plain = case_of(tmp_path, model={key: MODEL[key] for key in ("layers", "hidden", "heads", "ffn", "vocab", "seq")})
    assert (plain.model.kv_heads, plain.model.head_size, plain.model.gated, plain.model.tied) == (32, 128, 0, 1)
    mixture = case_of(tmp_path, model={key: value for key, value in MOE.items() if key != "ffn"}, ep=8)
    assert (mixture.model.ffn, mixture.model.expert_ffn, mixture.model.shared_experts) == (2048, 2048, 0)


def test_latent_attention_has_the_ranks_of_deepseek(tmp_path: Path) -> None:
    model = case_of(tmp_path, model={**MOE, "moe": {**MOE["moe"], "mla": True}}, ep=8).model  # type: ignore[dict-item]
    assert (model.query_rank, model.kv_rank, model.rope_size, model.head_size) == (1536, 512, 64, 128)


def test_a_network_is_a_number_or_a_profile(tmp_path: Path) -> None:
    assert case_of(tmp_path, nic_GBps=12.5).port == 12.5e9
    fabric = case_of(tmp_path, fabric="roce_400g_ecmp").out
    assert fabric is not None and fabric.routing == "ecmp"


def test_a_profile_of_ones_own_lies_beside_the_cases(tmp_path: Path) -> None:
    shipped = (resources.hardware_profiles() / "h100_sxm.yaml").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(shipped, encoding="utf-8")
    assert case_of(tmp_path, gpu="mine.yaml").gpu.name == case_of(tmp_path).gpu.name


def test_measured_may_be_a_number(tmp_path: Path) -> None:
    for measured in (3.5, {"step_s": 3.5, "mfu": 0.4}):
        row = read(tmp_path, measured=measured).row
        assert row is not None and row.measured_step == 3.5
    row = read(tmp_path, measured={"mfu": 0.4}).row
    assert row is not None and row.measured_step is None


def test_notes_of_people_are_silent(tmp_path: Path) -> None:
    notes = ("family", "use", "provenance", "provenance_class", "note", "notes", "source", "total_params_B")
    file = written(tmp_path, changed(**dict.fromkeys(notes, "3.5"), model={**MODEL, "name": "x", "total_params_B": 8}))
    result = derisk("step", file)
    assert (result.exit_code, result.stderr) == (0, "")


# Reading: remarks


def test_a_key_that_is_nearly_one_of_ours_is_told_in_every_case(tmp_path: Path) -> None:
    file = written(tmp_path, *(changed(id=name, recompte="full", TP=4) for name in "ab"))
    remarks = [entry.remarks for entry in read_cases(file)]
    assert remarks[0] == (
        f"{file}:17:3: a.recompte: is not read; did you mean 'recompute'?",
        f"{file}:18:3: a.TP: is not read; did you mean 'tp'?",
    )
    assert len(remarks[1]) == 2


def test_any_other_key_is_told_once(tmp_path: Path) -> None:
    file = written(tmp_path, *(changed(id=name, colour="red") for name in "abc"))
    batch = batch_in(read_tree(file), tmp_path)
    assert batch is not None and [entry.remarks for entry in batch.entries] == [()] * 3
    assert batch.remarks == (f"{file}:17:3: a.colour: is not read, nor in 2 other cases",)
    assert as_json(derisk("step", file, "--json"))["remarks"] == list(batch.remarks)
    assert derisk("step", file).stderr == f"derisk: {batch.remarks[0]}\n"


@pytest.mark.parametrize(
    ("changes", "place", "text"),
    [
        ({"model": {**MODEL, "layer": 3}}, "5:126", "a.model.layer: is not read; did you mean 'layers'?"),
        ({"fsdp": 2}, "17:3", "a.fsdp: weights are taken as sharded over all 8 replicas, not over 2"),
        (
            {"fsdp": 128, "dp": ABSENT},
            "16:3",
            "a.fsdp: weights are taken as sharded over all replicas, of which there are at most 8, not over 128",
        ),
        ({"measured": {"step": 3}}, "17:14", "a.measured.step: is not read; did you mean 'step_s'?"),
        ({"tensor": 4}, "17:3", "a.tensor: is not read; did you mean 'tp'?"),
        ({"micro_batch": 4}, "17:3", "a.micro_batch: is not read; did you mean 'mbs'?"),
        ({"model": {**MODEL, "gated": True}}, "5:126", "a.model.gated: is not read; did you mean 'glu'?"),
    ],
)
def test_remarks(tmp_path: Path, changes: dict[str, Any], place: str, text: str) -> None:
    assert read(tmp_path, **changes).remarks == (f"{tmp_path / 'cases.yaml'}:{place}: {text}",)


def test_a_name_without_a_letter_is_absent(tmp_path: Path) -> None:
    assert read(tmp_path, id='""').id == "cases.0"


def test_a_profile_that_is_not_there_is_told_where_the_case_names_it(tmp_path: Path) -> None:
    for key, line in (("gpu", 3), ("fabric", 17)):
        [error] = read(tmp_path, **{key: "nofile.yaml"}).errors
        assert error == f"{tmp_path / 'cases.yaml'}:{line}:3: a.{key}: there is no file '{tmp_path / 'nofile.yaml'}'"


def test_a_gpu_without_any_network_lacks_one(tmp_path: Path) -> None:
    shipped = (resources.hardware_profiles() / "h100_sxm.yaml").read_text(encoding="utf-8")
    lines = [
        line for line in shipped.splitlines() if not line.startswith(("scale_up_bandwidth", "scale_out_bandwidth"))
    ]
    (tmp_path / "mine.yaml").write_text("\n".join(lines), encoding="utf-8")
    [error] = read(tmp_path, gpu="mine.yaml").errors
    text = "the profile of NVIDIA H100 SXM 80 GB lacks scale_out_bandwidth, without which no step can be predicted"
    assert error == f"{tmp_path / 'cases.yaml'}:3:3: a.gpu: {text}"
    assert case_of(tmp_path, gpu="mine.yaml", nic_GBps=50).port == 50e9


@pytest.mark.parametrize("command", ["run", "check"])
def test_no_other_command_reads_cases_and_says_which_does(tmp_path: Path, command: str) -> None:
    (tmp_path / "list.json").write_text(json.dumps([CASE]), encoding="utf-8")
    for file in (written(tmp_path, CASE), tmp_path / "list.json"):
        result = derisk(command, file)
        assert (result.exit_code, result.stdout) == (3, "")
        assert f"{file}:1:1: is a file of cases; use derisk step" in result.stderr


def test_two_cases_of_one_name_are_told(tmp_path: Path) -> None:
    file = written(tmp_path, CASE, CASE)
    assert [entry.remarks for entry in read_cases(file)] == [(), (f"{file}:17:3: a.id: another case has this id too",)]


# Reading: errors


@pytest.mark.parametrize(
    ("changes", "place", "text"),
    [
        ({"gpus": ABSENT}, "2:3", "gpus: is missing; write gpus: 1_024"),
        ({"gpu": ABSENT}, "2:3", "gpu: is missing; write gpu: h100_sxm"),
        ({"gbs": None}, "7:3", "gbs: is missing; write gbs: 2_048, in sequences"),
        ({"gpus": 0}, "4:3", "gpus: 0 must be at least 1"),
        ({"gpus": "many"}, "4:3", "gpus: many is not a number"),
        ({"gpus": "inf"}, "4:3", "gpus: inf is not a number"),
        ({"gpus": "1e30"}, "4:3", "gpus: 1e30 must be at most 10_000_000"),
        ({"gpus": [64]}, "4:3", "gpus: [64] is not a number"),
        ({"gpus": {"a": [True, None]}}, "4:3", "gpus: {a: [true, null]} is not a number"),
        ({"gpus": True}, "4:3", "gpus: true is not a number"),
        ({"tp": 2.5}, "8:3", "tp: 2.5 is not a whole number"),
        ({"nic_GBps": -1}, "17:3", "nic_GBps: -1 must be above 0"),
        ({"nic_GBps": "4e11"}, "17:3", "nic_GBps: 4e11 must lie between 0.001 and 100_000; it is in GB/s, "
         "one direction: 400 Gb/s are 50"),
        ({"nic_GBps": 1e-4}, "17:3", "nic_GBps: 0.0001 must lie between 0.001 and 100_000; it is in GB/s, "
         "one direction: 400 Gb/s are 50"),
        ({"port_share": 87.5}, "17:3", "port_share: 87.5 must be at most 1"),
        ({"recompute": True}, "15:3", "recompute: true is not one of none, selective, selective+sp, full"),
        ({"recompute": False}, "15:3", "recompute: false is not one of none, selective, selective+sp, full"),
        ({"fabric": "nvlink4"}, "17:3", "fabric: NVLink 4 with NVSwitch (H100, H200, H800) connects GPUs within "
         "a domain; name the network between domains, such as infiniband_ndr"),
        ({"sp": "perhaps"}, "17:3", "sp: perhaps is not a truth value; write true or false"),
        ({"fsdp": "perhaps"}, "17:3", "fsdp: perhaps is not a number"),
        ({"fsdp": -1}, "17:3", "fsdp: -1 must be at least 0"),
        ({"recompute": "selectiv"}, "15:3", "recompute: 'selectiv' is not one of none, selective, selective+sp, full; "
         "did you mean 'selective'?"),
        ({"precision": "bf17"}, "6:3",
         f"precision: 'bf17' is not one of {', '.join(PRECISIONS)}; did you mean 'bf16'?"),
        ({"precision": "fp4"}, "6:3", "precision: NVIDIA H100 SXM 80 GB has no fp4; it computes in bf16, fp8"),
        ({"gpu": "H100-SMX"}, "3:3", "gpu: there is no hardware profile 'H100-SMX'; did you mean 'h100-sxm'?"),
        ({"gpu": ["H100"]}, "3:3", "gpu: must be text; put it in quotes"),
        ({"fabric": "hgx_h100"}, "17:3", "fabric: 'hgx_h100' is the profile of a node, but a fabric is needed"),
        ({"measured": {"step_s": "fast"}}, "17:14", "measured.step_s: fast is not a number"),
        ({"measured": 0}, "17:3", "measured.step_s: 0 must be above 0"),
        ({"model": 3}, "5:3", "model: must be a section with keys of its own"),
        ({"model": {**MODEL, "layers": "x"}}, "5:11", "model.layers: x is not a number"),
        ({"model": {**MODEL, "kv_heads": 5}}, "5:54", "model.kv_heads: 5 does not divide the 32 heads"),
        ({"model": {**MODEL, "heads": 24}}, "5:41",
         "model.heads: 24 heads do not divide hidden, 4096; write head_dim where they need not"),
        ({"model": {**MODEL, "ffn": None}}, "5:69",
         "model.ffn: is missing; write ffn: 28672, the inner size of the MLP"),
        ({"model": {**MODEL, "moe": {"topk": 1, "moe_ffn": 1}}}, "5:126",
         "model.moe.experts: is missing; write experts: 256"),
        ({"model": {**MODEL, "moe": {"experts": 2, "topk": 3, "moe_ffn": 1}}}, "5:148",
         "model.moe.topk: a token cannot visit 3 of 2 experts"),
        ({"model": {**MODEL, "moe": {"experts": 2, "topk": 1, "moe_ffn": 1, "dense_layers": 33}}}, "5:173",
         "model.moe.dense_layers: 33 of 32 layers cannot be dense"),
    ],
)  # fmt: skip
def test_errors_name_their_place_and_what_to_write(
    tmp_path: Path, changes: dict[str, Any], place: str, text: str
) -> None:
    errors = [error for error in read(tmp_path, **changes).errors if text.partition(":")[0] in error]
    assert errors == [f"{tmp_path / 'cases.yaml'}:{place}: a.{text}"]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"dp": 3}, "dp"), ({"tp": 3, "dp": ABSENT}, "gpus"), ({"gbs": 100}, "gbs"), ({"mbs": 3}, "mbs"),
        ({"vp": 9}, "vp"), ({"cp": 3, "dp": ABSENT, "gpus": 96}, "cp"), ({"ep": 2}, "ep"),
        ({"tp": 64, "pp": 1, "vp": 1, "dp": 1}, "tp"), ({"pp": 64, "tp": 1, "dp": 1}, "pp"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_told_at_its_key_with_the_nearest_that_can(
    tmp_path: Path, changes: dict[str, Any], key: str
) -> None:
    entry = read(tmp_path, **changes)
    assert entry.case is None
    line = next(number for number, name in enumerate(changed(**changes), 2) if name == key)
    found = [error for error in entry.errors if error.startswith(f"{tmp_path / 'cases.yaml'}:{line}:3: a.{key}: ")]
    assert len(found) == 1 and "nearest that works" in found[0]


def test_a_plan_that_counts_the_head_as_a_layer_is_no_error(tmp_path: Path) -> None:
    model = {**MODEL, "layers": 30}
    assert case_of(tmp_path, model=model, asym_embed_loss=True, vp=8).head_counts
    assert read(tmp_path, model=model).errors == ()  # uneven, which Megatron allows


def test_what_nothing_fills_is_an_error(tmp_path: Path) -> None:
    [error] = read(tmp_path, gpus=1024, tp=ABSENT, pp=ABSENT, vp=ABSENT, dp=1).errors
    text = "no plan that fills 1_024 GPUs goes with what is given; give tp, pp, cp and dp"
    assert error == f"{tmp_path / 'cases.yaml'}:4:3: a.gpus: {text}"


def test_all_that_is_wrong_with_a_case_is_told_at_once(tmp_path: Path) -> None:
    assert len(read(tmp_path, gpus=0, tp=0, sp="x", model={"layers": 1}).errors) == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cases: 3", "cases.yaml:1:1: cases: is no list of cases; write \"cases:\" and \"- id: ...\" below"),
        ("cases: []", 'cases: is empty; write "- id: ..." below'), ("cases:", "cases: is empty"), ("[]", "is empty"),
        ("", "is empty"),
        ("cases: [", "is not YAML"), ("cases:\n- a: 1\n  a: 2", "appears twice"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_as_everywhere(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(text, encoding="utf-8")
    result = derisk("step", file, "--json")
    assert (result.exit_code, result.stdout) == (3, "")
    assert says in result.stderr and "nothing was run" in result.stderr
    with pytest.raises(ScenarioErrors):
        read_cases(file)


def test_what_is_no_file_of_cases_has_none(tmp_path: Path) -> None:
    with pytest.raises(ScenarioErrors, match="is no list of cases"):
        read_cases(resources.scenarios() / "example.yaml")


# JSON is read as YAML is


def batch(file: Path) -> Batch:
    found = batch_in(read_tree(file), file.parent)
    assert found is not None
    return found


@pytest.mark.parametrize("form", ["list", "mapping", "indented", "lines"])
def test_json_is_read_as_the_same_yaml(tmp_path: Path, form: str) -> None:
    cases = [changed(id="a", mbs=None), changed(id="b", colour='red, "blue"\n'), changed(id="c", gbs=0)]
    texts = {
        "list": json.dumps(cases),
        "mapping": json.dumps({"cases": cases}),
        "indented": json.dumps({"cases": cases}, indent=2),
        "lines": "# mine\n\ncases:\n" + "".join(f"- {json.dumps(case)}\n" for case in cases) + "# the end\n",
    }
    file = tmp_path / "cases.json"
    file.write_text(texts[form], encoding="utf-8")
    yaml = batch(written(tmp_path, *(json.loads(json.dumps(case)) for case in (cases[0], changed(id="b"), cases[2]))))
    found = batch(file)
    assert [entry.case for entry in found.entries] == [entry.case for entry in yaml.entries]
    [error], [other] = found.entries[2].errors, yaml.entries[2].errors
    assert error.split(": ", 1)[1] == other.split(": ", 1)[1]
    line = {"list": 1, "mapping": 1, "lines": 6}.get(form, texts[form][: texts[form].index('"id": "c"')].count("\n"))
    assert error.startswith(f"{file}:{line}:")
    [remark] = found.remarks
    assert "b.colour: is not read" in remark


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": 1, "id": 2}]', '[{"id": 1} {"id": 2}]', '{"cases": [{"id": 1}], "more": 2}', '[{"gpus": NaN}]', '[3]',
        'cases:\n- {"id": 1}\n- id: 2\n', 'cases:\n- {"id": 1} # one\n- {"id": 2}\n', '[{"id": 1}',
    ],
)  # fmt: skip
def test_what_is_not_plain_json_is_left_to_the_reader_of_yaml(tmp_path: Path, text: str) -> None:
    from simulator.scenario.json_cases import read_json_cases

    file = tmp_path / "cases.json"
    file.write_text(text, encoding="utf-8")
    assert read_json_cases(file, 1_000_000) is None


# Predictions


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    result = derisk("step", RUNS, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return as_json(result)


def test_published_runs_come_back_by_id_with_all_fields(published: dict[str, Any]) -> None:
    entries = read_cases(RUNS)
    assert [case["id"] for case in published["cases"]] == [entry.id for entry in entries]
    for case, entry in zip(published["cases"], entries, strict=True):
        assert entry.row is not None and entry.case is not None
        assert 0 < case["p10"] < case["step_s"] < case["p90"]
        assert sum(case["parts"].values()) == pytest.approx(case["step_s"], rel=1e-9)
        assert sum(case["memory_parts_GB"].values()) == pytest.approx(case["memory_GB"], rel=1e-9)
        peak = entry.case.gpu.peak[PRECISIONS[entry.case.precision]].median
        assert case["mfu"] == pytest.approx(1e12 * case["tflops_per_gpu"] / peak, rel=1e-12)
        assert 0 < case["mfu_causal"] < case["mfu"] < 1
        assert case["measured_s"] == float(entry.row.measured["step_s"])
        assert case["error_percent"] == pytest.approx(100 * (case["step_s"] / case["measured_s"] - 1))
        assert isinstance(case["fits"], bool) and case["layouts"] >= 1 and "error" not in case


def test_the_layout_is_what_was_published(published: dict[str, Any]) -> None:
    keys = {"tp": "tensor", "pp": "pipeline", "cp": "context", "ep": "expert", "dp": "data", "vp": "interleaving"}
    for case, entry in zip(published["cases"], read_cases(RUNS), strict=True):
        layout = case["layout"]
        for key, name in {**keys, "mbs": "micro_batch"}.items():
            given = getattr(entry.row, key)
            assert given is None or given == layout[name]
        assert layout["tensor"] * layout["pipeline"] * layout["context"] * layout["data"] == entry.row.gpus  # type: ignore[union-attr]
        assert layout["recompute"] in ("none", "selective", "full") and isinstance(layout["sequence_parallel"], bool)


def test_the_mean_error_is_that_of_the_cases(published: dict[str, Any]) -> None:
    errors = [abs(case["error_percent"]) for case in published["cases"]]
    assert published["mean_absolute_error_percent"] == pytest.approx(sum(errors) / len(errors))
    assert published["mean_absolute_error_percent"] < 10


def test_an_unknown_micro_batch_lies_between_its_variants(tmp_path: Path) -> None:
    free = step_of(tmp_path, mbs=ABSENT)
    known = [step_of(tmp_path, mbs=size) for size in (1, 2, 4, 8)]
    steps = [case["step_s"] for case in known]
    assert min(steps) < free["step_s"] < max(steps)
    assert (free["layouts"], known[0]["layouts"]) == (4, 1)
    # What is not known makes the interval wider.
    assert free["p90"] / free["p10"] > known[0]["p90"] / known[0]["p10"]


def test_a_batch_predicts_what_each_case_does_alone(tmp_path: Path) -> None:
    several = [changed(id=f"c{size}", mbs=size, tp=tensor, dp=ABSENT) for size in (1, None) for tensor in (1, 2)]
    result = as_json(derisk("step", written(tmp_path, *several), "--json"))
    for case, found in zip(several, result["cases"], strict=True):
        [alone] = as_json(derisk("step", written(tmp_path, case), "--json"))["cases"]
        assert alone["parts"].keys() == found["parts"].keys()
        assert alone["step_s"] == pytest.approx(found["step_s"], rel=1e-12)
        assert (alone["layout"], alone["layouts"]) == (found["layout"], found["layouts"])


def test_more_cases_than_are_held_at_once_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = step_sheet.evaluate(batch(SWEEPS))
    monkeypatch.setattr(step_sheet, "AT_ONCE", 7)
    parts = step_sheet.evaluate(batch(SWEEPS))
    assert [told.entry.id for told in parts] == [told.entry.id for told in whole]
    steps = [[told.prediction.step_s for told in each if told.prediction] for each in (parts, whole)]
    assert steps[0] == pytest.approx(steps[1], rel=1e-12)


HEAVY = {"model": {**MODEL, "layers": 128, "hidden": 16384, "heads": 128, "ffn": 53248}, "mbs": 8}


def test_a_plan_that_does_not_fit_is_predicted_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, changed(**HEAVY), changed(**HEAVY, id="b"))
    result = derisk("step", file, "--json")
    assert result.exit_code == 0
    for case in as_json(result)["cases"]:
        assert case["fits"] is False and case["step_s"] > 0
        assert "does not fit in memory: needs" in case["remarks"][0] and "nearest that works" in case["remarks"][0]
    words = derisk("step", file)
    assert "a: does not fit in memory: needs" in words.stderr
    assert f"{as_json(result)['cases'][0]['memory_GB']:.0f}!" in words.stdout
    # A search takes its time: of a great many cases only the first are told what would fit.
    monkeypatch.setattr(step_sheet, "SEARCHES", 1)
    remarks = [told.remarks[0] for told in step_sheet.evaluate(batch(file))]
    assert ["nearest" in remark for remark in remarks] == [True, False] and "GB" in remarks[1]


# The command


def test_one_broken_case_stops_no_other(tmp_path: Path) -> None:
    file = written(tmp_path, changed(id="one"), changed(id="two", gpus="x"), "three", changed(id="four", dp=9))
    result = derisk("step", file, "--json")
    assert result.exit_code == 3
    one, two, three, four = as_json(result)["cases"]
    assert one["step_s"] > 0 and "error" not in one
    assert two == {"id": "two", "error": f"{file}:19:3: two.gpus: x is not a number", "remarks": []}
    assert three["id"] == "cases.2" and "must be a case, with keys of its own" in three["error"]
    assert "four.dp: " in four["error"] and "step_s" not in four
    assert result.stderr.splitlines()[0] == f"derisk: {two['error']}"
    assert result.stderr.splitlines()[-1] == "derisk: 3 of 4 cases could not be evaluated"
    words = derisk("step", file)
    assert words.exit_code == 3
    assert [line.split()[0] for line in words.stdout.splitlines()[:5]] == ["case", "one", "two", "cases.2", "four"]


def test_what_the_model_cannot_do_is_an_error_of_that_case_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(cases: list[Case]) -> Any:
        if any(case.id == "b" for case in cases):
            raise ValueError("a reason")
        return [found._replace(step_s=float("nan")) if found.id == "c" else found for found in predict(cases)]

    monkeypatch.setattr("simulator.report.machine.step_sheet.predict", fails)
    result = derisk("step", written(tmp_path, *(changed(id=name) for name in "abc")), "--json")
    assert result.exit_code == 3
    a, b, c = as_json(result)["cases"]
    assert "error" not in a
    assert (b["error"], c["error"]) == (
        "b: cannot be predicted: a reason",
        "c: no finite time comes out; are all numbers meant?",
    )


def test_a_list_without_a_head_is_a_file_of_cases(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(f"- {json.dumps(CASE)}\n", encoding="utf-8")
    assert as_json(derisk("step", file, "--json"))["cases"][0]["id"] == "a"
    assert as_json(derisk("step", "step_time/published_sweeps", "--json"))["cases"][0]["id"] == "vtrain_3.6B_64_0"


@pytest.mark.parametrize("width", [80, 120])
def test_text_fits_a_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr("simulator.cli.step.width", lambda: width)
    for words in ([RUNS], [SWEEPS, "--parts"]):
        result = derisk("step", *words)
        assert result.exit_code == 0
        assert max(map(len, result.stdout.splitlines())) <= width
    head = derisk("step", RUNS).stdout.splitlines()
    names = ["case", "GPUs", "step", "P10-P90", "MFU", "TFLOP/s", "memory", "measured", "error"]
    assert [name for name in names if name in head[0]] == head[0].split()
    assert {"case", "step", "P10-P90", "MFU", "error"} <= set(head[0].split())
    assert len({len(line) for line in head[: 1 + 44] if line}) <= 2  # columns stand below each other
    if width == 120:
        assert head[0].split() == names


def test_a_long_name_is_shortened_only_where_it_must_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "a_very_long_name_" * 6
    file = written(tmp_path, changed(id=f"{name}1"), changed(id=f"{name}2"))
    assert f"{name}1" in derisk("step", file).stdout
    monkeypatch.setattr("simulator.cli.step.width", lambda: 80)
    lines = derisk("step", file).stdout.splitlines()
    assert max(map(len, lines[:3])) <= 80 and "…" in lines[1] and lines[1] != lines[2]


def test_parts_are_shown_of_one_case_or_where_asked_for(tmp_path: Path) -> None:
    one = written(tmp_path, CASE)
    words = derisk("step", one).stdout
    assert words.startswith("a\n\nGPUs") and "matrix products" in words and "█" in words
    assert "Plan: tensor 2, pipeline 4, data 8, interleaving 2" in words and "Memory of a GPU, " in words
    assert "believed most of 4" in derisk("step", written(tmp_path, changed(mbs=None))).stdout
    two = written(tmp_path, CASE, changed(id="b"))
    assert "matrix products" not in derisk("step", two).stdout
    words = derisk("step", two, "--parts").stdout
    assert words.count("matrix products") == 2 and "\nb: " in words
    shares = [float(word[:-1]) for word in words[words.index("a: ") : words.index("b: ")].split() if word[-1] == "%"]
    assert sum(shares) == pytest.approx(100, abs=1)


def test_the_mean_error_is_printed_where_steps_were_measured(tmp_path: Path) -> None:
    assert "Mean absolute error over 44 measured cases: " in derisk("step", RUNS).stdout
    words = derisk("step", written(tmp_path, CASE, changed(id="b"))).stdout
    assert "Mean absolute error" not in words and "measured" not in words.splitlines()[0]


def test_overrides_are_for_scenarios(tmp_path: Path) -> None:
    result = derisk("step", written(tmp_path, CASE), "--set", "a=b")
    assert result.exit_code == 2 and "is a file of cases" in result.stderr


SCENARIO = """\
schema: 1
name: a planned run
cluster: {node: hgx_h100, gpus: 1024 GPUs}
job: {model: llama3_70b, tokens: 1T tokens, global_batch: 1024 sequences}
failures:
  gpu: {part: gpu, rate: 5 /kGPU/day, source: a test}
checkpoint:
  interval: 1 h
  tiers: [{to: storage, blocking: 30 s, restore: 2 min}]
"""


def test_the_step_of_a_scenario_is_that_of_its_job(tmp_path: Path) -> None:
    from simulator.scenario import load_scenario

    file = tmp_path / "plan.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    result = derisk("step", file, "--json")
    assert result.exit_code == 0, result.stderr
    [case] = as_json(result)["cases"]
    step = load_scenario(file).step
    assert step is not None
    assert (case["id"], case["layouts"]) == ("a planned run", 1)
    assert case["step_s"] == pytest.approx(step.prediction.step_s, rel=1e-12)
    slower = as_json(derisk("step", file, "--set", "job.global_batch=2048 sequences", "--json"))["cases"][0]
    assert slower["step_s"] > 1.5 * case["step_s"]
    assert "a planned run" in derisk("step", file).stdout


def test_a_scenario_that_says_too_little_is_told_what_is_missing() -> None:
    result = derisk("step", resources.scenarios() / "example.yaml")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "write model and global_batch under job" in result.stderr


def test_a_checkpoint_says_its_size_and_times_by_tier() -> None:
    told = json.loads(derisk("step", "planned_405b_gb200", "--json").stdout)["cases"][0]["checkpoint"]
    assert told["size_GB"] == pytest.approx(14 * 405.8, rel=1e-3)
    assert told["save_s"]["parallel_file_system"] == pytest.approx(told["size_GB"] / 2_000)
    assert 0 < told["save_s"]["host_memory"] <= told["load_s"]["host_memory"] < 1
