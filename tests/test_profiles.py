"""Hardware profiles: every accelerator of the fact sheet, the source of every number, names, and broken files."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from simulator.cli import application
from simulator.report.machine.profile_sheet import read_profile
from simulator.scenario import ScenarioErrors, parse_scenario
from simulator.scenario.number_paths import quantities
from simulator.scenario.profiles import (
    find_profile,
    gpu_aliases,
    gpu_names,
    load_fabric,
    load_gpu,
    load_node,
    load_storage,
    profile_names,
    read_profile_file,
    section_of,
)
from simulator.words.hardware import KINDS, Calibration, Fabric, Gpu, MatmulCalibration, Node, Storage
from simulator.words.quantity import ASSUMED, HOW, Quantity

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT.parent / "shared" / "facts"
NAMES = profile_names()
FACT_FIELDS = {
    "hbm_GB": ("memory", 1e9),
    "hbm_TBps": ("memory_bandwidth", 1e12),
    "scale_up_domain": ("scale_up_domain", 1.0),
    "scale_up_GBps": ("scale_up_bandwidth", 1e9),
    "scale_out_Gbps": ("scale_out_bandwidth", 1e9 / 8),
    "power_W": ("power", 1.0),
}
H100 = (ROOT / "hardware_profiles" / "h100_sxm.yaml").read_text(encoding="utf-8")
CALIBRATION = """
calibration:
  date: 2026-11-03
  device: a device
  driver: "580.1"
  measurements: raw.json
  source: a test
  matmul:
    bf16: {efficiency: {value: 75%, spread: 2%, how: measured}, overhead: {value: 12 us, how: measured}}
  memory_efficiency: {value: 90%, how: measured}
"""


def facts(file: str) -> dict[str, Any]:
    path = FACTS / file
    if not path.is_file():
        pytest.skip(f"the fact sheets do not ship with the package: {path.name} is not beside the checkout")
    content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def errors_of(file: Path, strict: bool = True) -> list[str]:
    """What is said of a profile, without the folder."""
    with pytest.raises(ScenarioErrors) as failed:
        read_profile(file, strict)
    return [error.headline.replace(f"{file.parent}/", "") for error in failed.value.errors]


# What ships


def test_every_accelerator_of_the_facts_is_there_with_its_numbers() -> None:
    for name, fact in facts("hardware.yaml")["accelerators"].items():
        gpu = load_gpu(name)
        for key, (field, scale) in FACT_FIELDS.items():
            quantity = getattr(gpu, field)
            assert key not in fact or quantity.median == pytest.approx(fact[key] * scale), f"{name}: {field}"
        for key, value in fact.items():
            if match := re.fullmatch(r"(mamf_)?(\w+)_(?:tflops|tops)", key):
                speeds = gpu.measured_matmul if match[1] else gpu.peak
                assert speeds[match[2]].median == pytest.approx(value * 1e12), f"{name}: {key}"
        if fact.get("provenance") == "memory":
            # What the sheet does not have may be inferred from another chip.
            measured = any(key.startswith("mamf_") for key in fact)
            own = gpu if measured else gpu.model_copy(update={"measured_matmul": {}})
            assert {quantity.how for quantity in quantities(own)} == {"memory"}, name
        if "topology" in fact:
            assert gpu.scale_up_fabric is not None
            assert load_fabric(gpu.scale_up_fabric).topology == "torus_" + fact["topology"][:2]


def test_prices_and_power_of_the_facts_are_there() -> None:
    content = facts("hardware.yaml")
    for name, power in content["all_in_power_kW_per_gpu"].items():
        quantity = load_gpu(name).all_in_power if name != "PUE" else None
        assert name == "PUE" or (quantity is not None and quantity.median == pytest.approx(power * 1e3))
    for name, price in content["price_usd_per_gpu_hour"].items():
        quantity = load_gpu(name).price if name != "note" else None
        low, high = price if isinstance(price, list) else (price, price)
        assert name == "note" or (quantity is not None and low <= quantity.median * 3600 <= high)


def test_every_gpu_of_a_published_run_is_known() -> None:
    for file in ("step_time_cases.yaml", "step_time_sweeps.yaml"):
        for case in facts(file)["cases"]:
            assert load_gpu(case["gpu"]).kind == "gpu", case["id"]


@pytest.mark.parametrize("name", NAMES)
def test_every_number_that_ships_has_a_source_and_says_how_it_was_got(name: str) -> None:
    file = find_profile(name)
    assert file is not None
    profile = read_profile(file, strict=True)
    assert profile.kind in KINDS and profile.title
    assert all(row.source and row.how in HOW for row in profile.rows if row.source != "default")
    # What nothing backs was neither measured nor printed by anybody.
    assert all(row.how in ("inferred", "memory") for row in profile.rows if row.source.startswith(ASSUMED))


def test_every_gpu_has_what_a_model_of_its_speed_needs() -> None:
    for name in gpu_names():
        gpu = load_gpu(name)
        assert gpu.architecture and "bf16" in gpu.peak, name
        for field in ("memory", "memory_bandwidth", "scale_up_domain", "scale_up_bandwidth", "scale_out_bandwidth"):
            assert isinstance(getattr(gpu, field), Quantity), f"{name}: {field}"
        assert gpu.host_bandwidth is not None and gpu.scale_up_fabric is not None, name
        assert gpu.calibration is None, f"{name}: nobody measured it for us"


def test_a_domain_holds_whole_nodes_of_its_rack() -> None:
    for name in NAMES:
        file = find_profile(name)
        assert file is not None
        if read_profile(file).kind == "node":
            node, gpu = load_node(name)
            assert gpu.scale_up_domain is not None
            assert gpu.scale_up_domain.median % node.gpus_per_node.median == 0, name


# Names


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("A100-80G", "a100_sxm"),
        ("A100-SXM-80G", "a100_sxm"),
        ("h100-sxm", "h100_sxm"),
        ("v7", "tpu_v7"),
        ("B200", "b200_sxm"),
        ("GB200", "gb200"),
        ("gb300-nvl72", "gb300"),
        ("MI300X", "mi300x"),
        ("TPUv5p", "tpu_v5p"),
        ("TPU-v5p", "tpu_v5p"),
        ("Trainium2", "trainium2"),
        ("H100_SXM", "h100_sxm"),
    ],
)
def test_a_gpu_is_found_by_any_of_its_names(alias: str, name: str) -> None:
    assert gpu_aliases()[alias.lower()] == name
    assert load_gpu(alias) == load_gpu(name)


def test_no_name_means_two_gpus() -> None:
    meant: dict[str, set[str]] = {}
    for name in gpu_names():
        for alias in (name, *load_gpu(name).aliases):
            meant.setdefault(alias.lower(), set()).add(name)
    assert [alias for alias, names in meant.items() if len(names) > 1] == []
    assert set(meant) & (set(NAMES) - set(gpu_names())) == set()


def test_profiles_are_settled_and_in_si() -> None:
    gpu, fabric = load_gpu("H100-SXM"), load_fabric("infiniband_ndr")
    assert gpu.peak["bf16"].path == "peak.bf16" and "H100" in str(gpu.peak["bf16"].source)
    assert gpu.price is not None and gpu.price.median == pytest.approx(2.02 / 3600)
    assert fabric.bandwidth is not None and fabric.bandwidth.median == 50e9
    assert fabric.hop_latency["Simple"].median == pytest.approx(14e-6)
    assert load_fabric("roce_400g_ecmp").collisions.at_score(0) == 1.5
    assert load_storage("parallel_file_system").write_bandwidth.median == 2e12
    assert load_storage("host_memory").shared is False
    assert load_fabric("nvlink4").planes.median == 1


def test_what_no_profile_is_called_is_told_with_the_nearest_name() -> None:
    for load, name, words in (
        (load_gpu, "h100-smx", "there is no hardware profile 'h100-smx'; did you mean 'h100-sxm'?"),
        (
            load_fabric,
            "infiniband_ndx",
            "there is no hardware profile 'infiniband_ndx'; did you mean 'infiniband_ndr'?",
        ),
        (load_storage, "h100_sxm", "'h100_sxm' is the profile of a gpu, but a storage is needed"),
        (load_storage, "tape", f"there is no hardware profile 'tape'; there are {', '.join(storages())}"),
    ):
        with pytest.raises(ScenarioErrors, match=re.escape(words)):
            load(name)


def storages() -> list[str]:
    return [name for name in NAMES if "kind: storage" in (ROOT / "hardware_profiles" / f"{name}.yaml").read_text()]


def test_a_profile_of_ones_own_is_found_from_the_folder_that_names_it(tmp_path: Path) -> None:
    written(tmp_path, H100.replace("value: 80 GB", "value: 96 GB"))
    memory = load_gpu("mine.yaml", tmp_path).memory
    assert memory is not None and memory.median == 96e9
    written(tmp_path, H100)
    memory = load_gpu("mine.yaml", tmp_path).memory
    assert memory is not None and memory.median == 80e9
    written(tmp_path, "schema: 1\nkind: node\nname: a machine\ngpu: mine.yaml\ngpus_per_node: 4 GPUs\n", "node.yaml")
    node, gpu = load_node("node.yaml", tmp_path)
    assert (node.gpus_per_node.median, gpu.name) == (4, "NVIDIA H100 SXM 80 GB")


# How a number was got


def test_a_number_keeps_how_it_was_got() -> None:
    text = "schema: 1\nname: a run\ncluster: {node: hgx_h100, nodes: 2 nodes}\njob: {flop: 1e19 FLOP, mfu: 40%}\n"
    scenario = parse_scenario(text)
    assert scenario.document.cluster.peak["bf16"].written() == {
        "value": "989 TFLOP/s",
        "source": "NVIDIA H100 SXM datasheet, dense",
        "how": "vendor",
    }
    again = parse_scenario(scenario.resolved_yaml())
    assert again.document.cluster.peak["bf16"].how == "vendor"
    scaled = parse_scenario(scenario.resolved_yaml(), ["cluster.peak.bf16=x0.5"])
    peak = scaled.document.cluster.peak
    assert (peak["bf16"].median, peak["bf16"].how, peak["bf16"].source) == (494.5e12, None, None)
    changed = parse_scenario(
        scenario.resolved_yaml(), ["cluster.peak.fp8={value: 1 TFLOP/s}", "job.precision=fp8", "run.horizon="]
    )
    assert (changed.document.cluster.peak["fp8"].median, changed.document.cluster.peak["fp8"].how) == (1e12, None)


def test_a_calibration_is_read(tmp_path: Path) -> None:
    file = written(tmp_path, H100 + CALIBRATION)
    calibration = load_gpu("mine.yaml", tmp_path).calibration
    assert calibration is not None and calibration.attention_efficiency is None
    assert calibration.matmul["bf16"].efficiency.spread == pytest.approx(0.02)
    assert calibration.matmul["bf16"].overhead.median == pytest.approx(12e-6)
    # A section's source vouches for its numbers.
    assert calibration.memory_efficiency is not None and calibration.memory_efficiency.source == "a test"
    profile = read_profile(file, strict=True)
    assert profile.words["calibration.device"] == "a device"


# Broken profiles

GPU = """\
schema: 1
kind: gpu
name: a GPU
aliases: [G]
peak:
  bf16: {value: 989 TFLOP/s, source: a test, how: vendor}
measured_matmul:
  bf16: {value: 794.5 TFLOP/s, source: a test, how: measured}
memory: {value: 80 GB, source: a test, how: vendor}
scale_up_fabric: nvlink4
"""
FABRIC = """\
schema: 1
kind: fabric
name: a fabric
topology: fat_tree
efficiency: {value: 90%, source: a test, how: measured}
base_latency: {Simple: {value: 8 us, source: a test, how: measured}}
hop_latency: {Simple: {value: 14 us, source: a test, how: measured}}
"""
STORAGE = """\
schema: 1
kind: storage
name: a storage
shared: true
write_bandwidth: {value: 10 GB/s, source: a test, how: measured}
read_bandwidth: {value: 10 GB/s, source: a test, how: measured}
"""
MEMORY = "memory: {value: 80 GB, source: a test, how: vendor}"
BACKING = "does not say how it was got; add how: vendor, measured, inferred or memory"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GPU.replace(MEMORY, "memory: 80 GB"),
            'mine.yaml:9:1: memory: has no source; write {value: 80 GB, source: "...", how: vendor}',
        ),
        (GPU.replace(MEMORY, "memory: {value: 80 GB, source: a test}"), f"mine.yaml:9:1: memory: {BACKING}"),
        (
            GPU.replace(MEMORY, "memory: {value: 80 GB, how: vendor}"),
            'mine.yaml:9:1: memory: has no source; add source: "..."',
        ),
        (
            GPU.replace(MEMORY, MEMORY.replace("vendor", "vender")),
            "mine.yaml:9:40: memory.how: 'vender' is not one of vendor, measured, inferred, memory;"
            " did you mean 'vendor'?",
        ),
        (
            GPU.replace("kind: gpu", "kind: gpuu"),
            "mine.yaml:2:1: kind: 'gpuu' is no kind of profile; did you mean 'gpu'?",
        ),
        (
            GPU.replace("kind: gpu\n", ""),
            "mine.yaml:1:1: kind: is missing; write kind: gpu or node or fabric or storage",
        ),
        (
            GPU.replace("scale_up_fabric: nvlink4", "scale_up_fabric: nvlink44"),
            "mine.yaml:10:1: scale_up_fabric: there is no hardware profile 'nvlink44'; did you mean 'nvlink4'?",
        ),
        (
            GPU.replace("794.5", "1794.5"),
            "mine.yaml:8:3: measured_matmul.bf16: 1794 TFLOP/s is above the peak speed, 989 TFLOP/s;"
            " is one of them with sparsity?",
        ),
        (
            GPU + CALIBRATION.replace("bf16", "bf61"),
            "mine.yaml:19:5: calibration.matmul.bf61: there is no peak speed at 'bf61'; did you mean 'bf16'?",
        ),
        (
            GPU + CALIBRATION.replace("2026-11-03", "3.11.2026"),
            'mine.yaml:13:3: calibration.date: "3.11.2026" is not a date; write year-month-day, such as 2027-03-01',
        ),
        (
            FABRIC.replace("fat_tree", "fat_tre"),
            "mine.yaml:4:1: topology: 'fat_tre' is not one of fat_tree, rail, torus_2d, torus_3d, full_mesh,"
            " nvlink_domain; did you mean 'fat_tree'?",
        ),
        (
            FABRIC.replace("base_latency: {Simple", "base_latency: {simple"),
            "mine.yaml:6:16: base_latency.simple: 'simple' is not one of LL, LL128, Simple; did you mean 'Simple'?",
        ),
        (
            FABRIC + "collisions: {value: 0.9, source: a test, how: measured}\n",
            "mine.yaml:8:14: collisions.value: 0.9 must not be below 1",
        ),
        (
            FABRIC + "oversubscription: {pod: {value: 7, source: a test, how: measured}}\n",
            "mine.yaml:8:20: oversubscription.pod: how many GPUs does a pod hold? write"
            ' "pod: 3_072 GPUs" under gpus_under',
        ),
        (FABRIC + "planes: 2\n", 'mine.yaml:8:1: planes: has no source; write {value: 2, source: "...", how: vendor}'),
        (
            STORAGE + "peak_bandwidth: {value: 5 GB/s, source: a test, how: measured}\n",
            "mine.yaml:7:1: peak_bandwidth: 5 GB/s is below what is sustained, 10 GB/s; raise it",
        ),
        (
            STORAGE.replace("shared: true", "shared: 3 GB"),
            "mine.yaml:4:1: shared: 3 GB is not a truth value; write true or false",
        ),
    ],
)
def test_a_broken_profile_is_refused_with_words(tmp_path: Path, text: str, message: str) -> None:
    assert message in errors_of(written(tmp_path, text))


def test_all_that_is_wrong_with_a_profile_is_told_at_once(tmp_path: Path) -> None:
    bare = re.sub(r", how: \w+", "", STORAGE)
    assert errors_of(written(tmp_path, bare)) == [
        f"mine.yaml:5:1: write_bandwidth: {BACKING}",
        f"mine.yaml:6:1: read_bandwidth: {BACKING}",
    ]
    # A scenario may stand on it all the same: there, what nothing backs counts as ASSUMED.
    assert read_profile(tmp_path / "mine.yaml").rows[0].how == ""


# The command line


def test_the_command_line_shows_how_a_number_was_got_and_refuses_one_that_does_not_say(tmp_path: Path) -> None:
    rows = json.loads(derisk("profiles", "show", "A100-80G", "--json").stdout)["rows"]
    assert {"path": "memory", "value": "80 GB", "how": "vendor"}.items() <= rows[2].items()
    assert re.search(r"memory +80 GB +- +vendor +NVIDIA A100", derisk("profiles", "show", "a100_sxm").stdout)
    listed = derisk("profiles", "list").stdout
    assert re.findall(r"^(\w+) \(\d+\)$", listed, re.MULTILINE) == ["GPUs", "Nodes", "Fabrics", "Storage"]
    file = written(tmp_path, STORAGE.replace(", how: measured", ""))
    assert derisk("profiles", "check", file).exit_code == 3
    assert derisk("profiles", "show", file).exit_code == 0


def derisk(*words: object) -> Result:
    return CliRunner().invoke(application, [str(word) for word in words])


# Words


def test_every_field_of_a_profile_is_defined() -> None:
    page = (ROOT / "docs" / "nomenclature.md").read_text(encoding="utf-8")
    models: dict[str, Any] = {"gpu": Gpu, "node": Node, "fabric": Fabric, "storage": Storage}
    models |= {"gpu.calibration": Calibration, "gpu.calibration.matmul.<precision>": MatmulCalibration}
    fields = {f"{kind}.{field}" for kind, model in models.items() for field in model.model_fields}
    wanted = {each for each in fields if each.rpartition(".")[2] not in ("kind", "name", "source", "calibration")}
    defined = set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE))
    # A mapping is defined by what its keys mean: gpu.peak.<precision>.
    defined |= {re.sub(r"\.<[a-z]+>.*", "", name) for name in defined}
    assert sorted(wanted - defined) == []
    assert all(f"| {word} |" in page for word in HOW)


def test_every_kind_of_profile_can_be_read_by_its_model() -> None:
    for name in NAMES:
        file = find_profile(name)
        assert file is not None
        tree = read_profile_file(file)
        assert section_of(KINDS[str(tree.data()["kind"])], tree).model_fields_set
