"""Calibration: reading measurements of several tools, fitting constants to them, and measuring with a fake GPU."""

import json
import math
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import fake_torch
import numpy as np
import pytest
from fake_torch import FakeTorch
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from simulator.calibration import (
    Constant,
    Measurement,
    Peaks,
    Record,
    UnreadableError,
    as_json,
    fit,
    gpu_bench,
    gpu_collectives,
    machine,
    read_record,
)
from simulator.calibration.fit import bus_limit, solve
from simulator.cli import application
from simulator.numbers.roofline import attention_flop, bus_share, matmul_bytes, matmul_flop, matmul_time, transfer_time
from simulator.scenario.profiles import load_gpu

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT.parent / "shared" / "data" / "log_samples"
PEAKS = Peaks({"bf16": 989e12, "fp8": 1979e12}, 4.8e12, 450e9, 50e9)
SHAPES = [(m, n, k) for m in (512, 4096, 16384) for n in (1024, 8192) for k in (1024, 4096, 16384)]


def derisk(*words: object) -> Result:
    return CliRunner().invoke(application, [str(word) for word in words])


def noisy(times: Any, seed: int, scatter: float = 0.03) -> Any:
    return np.asarray(times) * np.exp(scatter * np.random.default_rng(seed).standard_normal(np.shape(times)))


def by_name(constants: list[Constant]) -> dict[str, Constant]:
    return {one.name: one for one in constants}


def z_score(constant: Constant, truth: float) -> float:
    return math.log(constant.value / truth) / constant.error


# The laws


def test_a_large_product_is_bound_by_computing_and_a_thin_one_by_memory() -> None:
    speed, bandwidth = 700e12, 4e12
    large = matmul_time(8192, 8192, 8192, speed, bandwidth, 2, 1e-5)
    assert large == pytest.approx(2 * 8192**3 / speed + 1e-5)
    thin = matmul_time(16, 8192, 8192, speed, bandwidth, 2)
    assert thin == pytest.approx(2 * (16 * 8192 * 2 + 8192**2) / bandwidth)
    both = matmul_time([8192, 16], 8192, 8192, speed, bandwidth, 2)
    assert list(both) == pytest.approx([large - 1e-5, thin])


def test_sizes_do_not_overflow() -> None:
    assert matmul_flop(*[np.int64(2**22)] * 3) == 2.0 * 2.0**66


def test_outputs_may_be_wider_than_inputs() -> None:
    assert matmul_bytes(2, 3, 5, 1, 2) == 5 * (2 + 3) + 2 * 6


def test_attention_is_half_if_causal_and_two_and_a_half_times_backward() -> None:
    whole = attention_flop(2, 8, 1024, 64)
    assert whole == 4 * 2 * 8 * 1024**2 * 64
    assert attention_flop(2, 8, 1024, 64, causal=True, backward=True) == 1.25 * whole


def test_bus_shares_are_those_of_nccl_tests() -> None:
    assert bus_share("all_reduce", 8) == 2 * 7 / 8
    assert bus_share("all_gather", 8) == bus_share("alltoall", 8) == 7 / 8
    assert bus_share("broadcast", 8) == 1
    with pytest.raises(KeyError):
        bus_share("hypercube", 8)


# The fits


@pytest.mark.parametrize("seed", range(6))
def test_the_constants_of_products_are_found_again(seed: int) -> None:
    m, n, k = np.array(SHAPES).T
    times = noisy(matmul_time(m, n, k, 989e12 * 0.68, 4.8e12 * 0.85, 2, 12e-6), seed)
    rows = [product(shape, seconds) for shape, seconds in zip(SHAPES, times, strict=True)]
    found = by_name(fit(rows, PEAKS)[0])
    efficiency, overhead = found["matmul.bf16.efficiency"], found["matmul.bf16.overhead"]
    assert abs(z_score(efficiency, 0.68)) < 4 and abs(z_score(overhead, 12e-6)) < 4
    assert 0.003 < efficiency.error < 0.03
    assert efficiency.rows == len(SHAPES)
    assert efficiency.median_error is not None and 0.01 < efficiency.median_error < 0.04
    assert efficiency.explained is not None and efficiency.explained > 0.99


def product(shape: tuple[int, int, int], seconds: float, precision: str = "bf16", **more: Any) -> Measurement:
    return Measurement("matmul", dict(zip("mnk", shape, strict=True)), {"precision": precision}, float(seconds), **more)


def test_errors_cover_the_truth_as_often_as_they_should() -> None:
    m, n, k = np.array(SHAPES).T
    scores = []
    for seed in range(60):
        times = noisy(matmul_time(m, n, k, 600e12, 4e12, 2, 12e-6), 100 + seed)
        solution = solve(lambda speed, wait: matmul_time(m, n, k, speed, 4e12, 2, wait), (5e14, 5e-6), times)
        scores.append(math.log(solution.values[0] / 600e12) / solution.errors[0])
    assert abs(np.mean(scores)) < 4 / math.sqrt(60)
    assert 0.7 < np.std(scores) < 1.4


@pytest.mark.parametrize("seed", range(3))
def test_bandwidth_and_attention_are_found_again(seed: int) -> None:
    sizes = [2**power for power in range(24, 33)]
    moved = noisy(transfer_time(sizes, 4.8e12 * 0.9, 4e-6), seed)
    rows = [Measurement("copy", {"bytes": size}, {}, time) for size, time in zip(sizes, moved, strict=True)]
    shapes = [(4, 32, sequence, 128) for sequence in (512, 1024, 2048, 4096, 8192)]
    ways = [(shape, way) for shape in shapes for way in ("forward", "backward")]
    work = [attention_flop(*shape, causal=True, backward=way == "backward") for shape, way in ways]
    times = noisy(np.array(work) / (989e12 * 0.5) + 1e-5, seed)
    names = ("batch", "heads", "sequence", "head_dim")
    for (shape, way), seconds in zip(ways, times, strict=True):
        labels = {"precision": "bf16", "mask": "causal", "pass": way}
        rows.append(Measurement("attention", dict(zip(names, shape, strict=True)), labels, float(seconds)))
    found = by_name(fit(rows, PEAKS)[0])
    assert abs(z_score(found["memory_efficiency"], 0.9)) < 4
    assert abs(z_score(found["attention_efficiency"], 0.5)) < 4


def collective(operation: str, size: int, seconds: float, ranks: int = 8, nodes: int = 1) -> Measurement:
    sizes = {"bytes": size, "ranks": ranks, "nodes": nodes}
    return Measurement("collective", sizes, {"operation": operation}, seconds)


@pytest.mark.parametrize("seed", range(3))
def test_latency_and_bandwidth_of_a_collective_are_found_again(seed: int) -> None:
    sizes = [2**power for power in range(3, 33)]
    times = noisy(transfer_time(np.array(sizes) * 1.75, 380e9, 25e-6), seed, 0.02)
    rows = [collective("all_reduce", size, time) for size, time in zip(sizes, times, strict=True)]
    found = by_name(fit(rows, PEAKS)[0])
    assert abs(z_score(found["collective.all_reduce.8_ranks.latency"], 25e-6)) < 4
    assert abs(z_score(found["collective.all_reduce.8_ranks.bandwidth"], 380e9)) < 4
    assert found["collective.all_reduce.8_ranks.efficiency"].value == pytest.approx(380 / 450, rel=0.05)


def test_messages_of_one_end_tell_only_of_that_end() -> None:
    for sizes, told in (([8, 64, 512, 4096], "latency"), ([2**30, 2**31, 2**32, 2**33], "bandwidth")):
        rows = [collective("all_gather", size, 20e-6 + 0.875 * size / 300e9) for size in sizes]
        constants, notes = fit(rows, PEAKS)
        left = {"latency", "bandwidth"} - {told}
        assert {one.name.rpartition(".")[2] for one in constants} - {"efficiency"} == {told}
        assert notes == [f"collective.all_gather.8_ranks.{left.pop()} is not determined by the 4 rows"]


def test_a_network_bounds_a_ring_by_all_cards_of_a_node_and_an_exchange_by_one() -> None:
    assert bus_limit("all_reduce", 8, 1, PEAKS) == 450e9
    assert bus_limit("all_reduce", 16, 2, PEAKS) == 8 * 50e9
    assert bus_limit("alltoall", 16, 2, PEAKS) == 50e9
    assert bus_limit("all_reduce", 16, 2, Peaks({})) is None


def test_a_constant_that_no_row_feels_is_said_to_be_unknown() -> None:
    rows = [product((size, size, size), 2 * size**3 / 600e12) for size in (16384, 20480, 24576)]
    constants, notes = fit([replace(row, seconds=row.seconds * 1.001) for row in rows], PEAKS)
    assert "matmul.bf16.efficiency" in by_name(constants)
    assert notes == ["matmul.bf16.overhead is not determined by the 3 rows"]


def test_a_best_rate_alone_gives_a_prior() -> None:
    shape = (8192, 8192, 8192)
    seconds = 2 * 8192**3 / 800e12
    [constant] = fit([product(shape, seconds, statistic="fastest", best_of=79)], PEAKS)[0]
    assert constant.value == pytest.approx(0.8 * 800 / 989)
    assert (constant.how, constant.spread) == ("prior", 0.15)
    assert constant.note == "a prior, not a fit: 0.8 x the best rate of any shape (800 TFLOP/s, fastest)"


def test_what_the_profile_lacks_is_said() -> None:
    rows = [product((64, 64, 64), 1e-5, "fp4"), Measurement("copy", {"bytes": 8}, {}, 1e-6)]
    assert fit(rows, Peaks({"bf16": 1e12})) == (
        [],
        [
            "copies: the profile has no memory_bandwidth to compare with",
            "matmul in fp4: the profile has no peak speed for it",
        ],
    )


def test_more_than_the_peak_is_remarked() -> None:
    rows = [product((size, size, size), 2 * size**3 / 2e15 + 1e-6) for size in (1024, 4096, 8192, 16384)]
    found = by_name(fit(rows, PEAKS)[0])
    assert found["matmul.bf16.efficiency"].note == "more than the peak: is it the right profile?"


# The outputs of nccl-tests, in the layouts of its versions

RANKS = "".join(
    f"#  Rank {rank:2} Group  0 Pid {700 + rank:6} on  host-{rank // 4} device {rank % 4:2} [0000:{rank:02x}:00] "
    "NVIDIA H200\n"
    for rank in range(8)
)
OLD_RANKS = RANKS.replace(" Group  0", "").replace("#  Rank", "#   Rank")
LAYOUTS = {
    "2.0": (
        "size count type time algbw busbw error time algbw busbw error",
        "float {t} {a} {b} 2e-07 {t} {a} {b} 1e-07",
    ),
    "2.10": (
        "size count type redop time algbw busbw error time algbw busbw error",
        "float sum {t} {a} {b} 2e-07 {t} {a} {b} 2e-07",
    ),
    "2.13": (
        "size count type redop root time algbw busbw #wrong time algbw busbw #wrong",
        "float sum -1 {t} {a} {b} 0 {t} {a} {b} N/A",
    ),
    "2.18": (
        "size count type redop root time algbw busbw #wrong time algbw busbw #wrong timestamp",
        "float sum -1 {t} {a} {b} 0 {t} {a} {b} 0 2027-01-02 03:04:05",
    ),
    "per iteration": (
        "size count type redop root time algbw busbw #wrong i_min i_max i_p99 i_cv% time algbw busbw #wrong i_min",
        "float sum -1 {t} {a} {b} 0 1.0 9.0 9.0 2.0 {t} {a} {b} 0 1.0",
    ),
    "out of place only": ("size count type redop root time algbw busbw #wrong", "float sum -1 {t} {a} {b} 0"),
}
SIZES = tuple(2**power for power in range(10, 33, 2))


def nccl_log(layout: str, share: float = 1.75, ranks: str = RANKS, head: str = "", end: bool = True) -> str:
    """An output with a latency of 40 us and a bus bandwidth of 170 GB/s."""
    columns, cells = LAYOUTS[layout]
    rows = []
    for size in SIZES:
        time = 40e-6 + share * size / 170e9
        told = {"t": f"{1e6 * time:.2f}", "a": f"{size / time / 1e9:.2f}", "b": f"{share * size / time / 1e9:.2f}"}
        rows.append(f"{size:12} {size // 4:12}   {cells.format(**told)}")
    lines = [head, "# nThread 1 nGpus 1 minBytes 1024", "#", "# Using devices", ranks.rstrip(), "#"]
    lines += [f"#       {columns}", "#        (B)    (elements)     (us)  (GB/s)  (GB/s)", *rows]
    return "\n".join(
        [*lines, *(["# Out of bounds values : 0 OK", "# Avg bus bandwidth    : 70.7 "] if end else []), ""]
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_of_nccl_tests_is_read(layout: str) -> None:
    ranks = OLD_RANKS if layout in ("2.0", "2.10") else RANKS
    record = read_record(nccl_log(layout, ranks=ranks, head="$ mpirun all_reduce_perf -b 1K -e 4G -f 4"))
    assert (record.device, record.count, record.notes, record.tool) == ("NVIDIA H200", 8, (), "nccl-tests")
    assert [one["bytes"] for one in record.measurements] == list(SIZES)
    first = record.measurements[0]
    assert first.labels == {"operation": "all_reduce"} and first.sizes == {"bytes": 1024, "ranks": 8, "nodes": 2}
    assert first.seconds == pytest.approx(40.01e-6) and first.statistic == "mean"
    found = by_name(fit(record.measurements, PEAKS)[0])
    assert found["collective.all_reduce.8_ranks.2_nodes.latency"].value == pytest.approx(40e-6, rel=0.02)
    assert found["collective.all_reduce.8_ranks.2_nodes.bandwidth"].value == pytest.approx(170e9, rel=0.02)
    assert found["collective.all_reduce.8_ranks.2_nodes.efficiency"].value == pytest.approx(170 / 200, rel=0.02)


def test_the_version_and_the_test_are_named_by_newer_ones() -> None:
    head = "# nccl-tests version 2.18.5 nccl-headers=22809\n# Collective test starting: reduce_scatter_perf"
    text = nccl_log("2.18", 0.875, head=head) + "# Collective test concluded: reduce_scatter_perf\n"
    record = read_record(text)
    assert record.tool == "nccl-tests 2.18.5"
    assert {one.labels["operation"] for one in record.measurements} == {"reduce_scatter"}


@pytest.mark.parametrize("tag", ["[1,0]<stdout>:", "0: ", "    "])
def test_what_a_launcher_writes_before_each_line_is_no_matter(tag: str) -> None:
    noise = "host-0:700:700 [0] NCCL INFO Launch mode Parallel"
    lines = nccl_log("2.13").replace("#\n", f"#\n{noise}\n").splitlines()
    assert len(read_record("\n".join(tag + line for line in lines)).measurements) == len(SIZES)


def test_the_operation_follows_from_the_file_name_or_the_bandwidths() -> None:
    silent = nccl_log("2.13", 0.875)
    assert operation(silent, "run7_all-gather_perf.log") == "all_gather"
    assert operation(nccl_log("2.13"), "run7.log") == "all_reduce"
    assert operation(silent, "run7.log") == "reduce_scatter"  # it sums up
    gathered = silent.replace("   sum", "  none").replace("float sum", "float none")
    with pytest.raises(UnreadableError, match="does not say which collective was tested") as refused:
        read_record(gathered, "run7.log")
    assert refused.value.remedy == (
        "keep the line of its command, or name the file like the test, such as all_gather_perf.txt"
    )


def operation(text: str, name: str) -> str:
    [found] = {one.labels["operation"] for one in read_record(text, name).measurements}
    return found


def test_two_tests_in_one_log_are_told_apart() -> None:
    log = nccl_log("2.13", head="$ all_reduce_perf") + nccl_log("2.13", 0.875, head="$ ./build/alltoall_perf -g 8")
    counted = [one.labels["operation"] for one in read_record(log).measurements]
    assert counted == ["all_reduce"] * len(SIZES) + ["alltoall"] * len(SIZES)


def test_an_output_that_was_cut_off_keeps_its_whole_rows() -> None:
    text = nccl_log("2.13", end=False).rstrip("\n")
    last = text.rindex("\n") + 1
    record = read_record(text[: last + 40])
    assert len(record.measurements) == len(SIZES) - 1
    number = text.count("\n") + 1
    kept = f"there is no closing line, so the output was cut off; its {len(SIZES) - 1} whole rows are kept"
    assert record.notes == (f"line {number} is cut off and left out", kept)


def test_rows_with_wrong_results_are_left_out() -> None:
    text = nccl_log("2.13").replace(" 0 ", " 12 ", 1)
    text = text.replace("# Out of bounds values : 12", "# Out of bounds values : 0")
    lines = nccl_log("2.13").splitlines()
    place = next(number for number, line in enumerate(lines) if line.lstrip().startswith("4096 "))
    cells = lines[place].split()
    cells[8] = "12"
    lines[place] = " ".join(cells)
    record = read_record("\n".join(lines))
    assert len(record.measurements) == len(SIZES) - 1
    assert record.notes == (f"line {place + 1} was computed wrongly (#wrong is 12) and is left out",)


ONE_RANK = "# Rank  0 Group  0 Pid 1 on here device  0 [0x0] NVIDIA H200"


@pytest.mark.parametrize(
    ("text", "line", "message", "remedy"),
    [
        ("", 1, "is empty", "give the JSON of derisk bench-gpu"),
        ("hello\n", 1, "holds no measurements that are known here", "give the JSON of derisk bench-gpu"),
        (
            nccl_log("2.13").split("        1024")[0],
            14,
            "has no whole row of results under its header",
            "keep the whole output of nccl-tests",
        ),
        (
            nccl_log("2.13", ranks="#"),
            1,
            "does not say how many GPUs took part: its lines '# Rank ...' are missing",
            "keep the whole output of nccl-tests",
        ),
        (
            nccl_log("2.13", ranks=f"{ONE_RANK}\n{ONE_RANK}"),
            1,
            "is a test of one rank, which moves nothing between GPUs",
            "build nccl-tests with MPI=1",
        ),
        ("** Dtype: torch.int4\n" + "The best outcome was 5.0TFLOPS @ 8x8x8 (MxNxK) (tried 9 shapes)", 1,
         "'int4' is no precision known here", "known: bfloat16"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used_say_why(text: str, line: int, message: str, remedy: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read_record(text)
    assert (refused.value.message, refused.value.line) == (message, line)
    assert refused.value.remedy.startswith(remedy)


# The outputs of mamf-finder

HEAD = """\
Benchmark started on 2027-02-03 10:30:00

** Command line:
python mamf-finder.py --m_range 0 20480 256 --n 4096 --k 4096

** Dtype: torch.bfloat16

** Platform/Device info:
- _CudaDeviceProperties(name='NVIDIA H200', major=9, minor=0, total_memory=143771MB)

** Critical software versions:
- torch=2.9.0
- cuda=13.0
"""
FIRST = (
    HEAD.replace("- ", "")
    + """
     1 |  401.2 TFLOPS @ 1024x1024x4096       | best:  401.2 TFLOPS @ 1024x1024x4096 (MxNxK)\r\
     2 |  388.0 TFLOPS @ 1024x1024x4096       | best:  401.2 TFLOPS @ 1024x1024x4096 (MxNxK)\r\
     3 |  655.5 TFLOPS @ 4096x4096x4096       | best:  655.5 TFLOPS @ 4096x4096x4096 (MxNxK)\r\
     4 |  512.0 TFLOPS @ 2048x2048x4096       | best:  655.5 TFLOPS @ 4096x4096x4096 (MxNxK)\r\x1b[K\
The best outcome was 655.5TFLOPS @ 4096x4096x4096 (MxNxK) (tried 4 shapes)
Elapsed time: 0:00:09
"""
)


def row_of_three(number: int, shape: str, mean: float) -> str:
    rates = f"{mean}(mean)  {mean + 2}(median)  {mean + 6}(max)"
    return f"     {number} |  {rates} @ {shape}       | best:  {rates} TFLOPS\r"


SECOND = (
    HEAD
    + "\nWarming up the accelerator for 30 secs ... accelerator warmup finished\n"
    + row_of_three(1, "2048x4096x4096", 520.2)
    + row_of_three(2, "4096x4096x4096", 610.5)
    + row_of_three(3, "8192x4096x4096", 655.5)
    + """\x1b[K
Tried 3 shapes => the best outcomes were:
mean:   655.5 TFLOPS @ 8192x4096x4096 (MxNxK)
median: 657.5 TFLOPS @ 8192x4096x4096 (MxNxK)
max:    661.5 TFLOPS @ 8192x4096x4096 (MxNxK)

geomean: 590.0 TFLOPS for 3 shapes in range: m=[0, 20480, 256] | n=[4096] | k=[4096]

Legend: TFLOPS = 10**12 FLOPS
"""
)
FOURTH = (
    HEAD.replace("torch.bfloat16", "float8_e4m3fn")
    + """
Grid search: sweeping 3 shapes (scout 20 iters / 8 warmup), then confirm ...
     #  MxNxK                mean median    max   best     W   MHz
     1  2048x2816x8192      1011.4 1012.6 1020.6 1011.4   506  1980
     2  3072x2816x8192      1128.4 1130.6 1131.6 1128.4   506  1980
     3  3072x2816x20480     1228.4 1230.6 1231.6 1228.4   506  1980  <- best mean

MSMF (sustainable) confirm: 10 shapes ...
  MxNxK              TFLOPS     W   MHz
  3072x2816x8192     1122.5   681  1612 drop   0.7% spread  4.2%  locked in  <- MSMF

** Results:

Tried 3 shapes => the best outcomes were:
MAMF (max achievable,  boost burst): 1242 TFLOPS @ 3072x2816x20480 (MxNxK)  172W 1980MHz
MSMF (max sustainable, saturated):   1122 TFLOPS @ 3072x2816x8192 (MxNxK)  681W 1612MHz
"""
)


def test_the_first_version_names_shapes_wrongly_and_those_rows_are_left_out() -> None:
    record = read_record(FIRST)
    assert (record.device, record.date, record.torch, record.cuda) == ("NVIDIA H200", "2027-02-03", "2.9.0", "13.0")
    fair = [one for one in record.measurements if one.best_of == 1]
    assert [(one["m"], one.statistic) for one in fair] == [(1024, "fastest"), (4096, "fastest"), (2048, "fastest")]
    assert fair[1].seconds == pytest.approx(2 * 4096**3 / 655.5e12)
    assert [one.best_of for one in record.measurements if one.best_of > 1] == [4]
    assert record.notes == (
        "times are those of the fastest repeat, not medians: an efficiency from them is an upper bound",
    )


def test_versions_with_three_rates_give_the_median() -> None:
    record = read_record(SECOND)
    fair = [one for one in record.measurements if one.best_of == 1]
    assert [one.statistic for one in fair] == ["median"] * 3
    assert fair[0].seconds == pytest.approx(2 * 2048 * 4096 * 4096 / 522.2e12)
    best = [one for one in record.measurements if one.best_of == 3]
    assert {one.statistic for one in best} == {"mean", "median", "fastest"}
    found = by_name(fit(record.measurements, PEAKS)[0])
    assert 0.65 < found["matmul.bf16.efficiency"].value < 0.75


def test_the_tables_of_the_newest_version_are_read() -> None:
    record = read_record(FOURTH)
    assert [one["k"] for one in record.measurements if one.best_of == 1] == [8192, 8192, 20480]
    assert {one.labels["precision"] for one in record.measurements} == {"fp8"}
    assert [one.statistic for one in record.measurements if one.best_of > 1] == ["fastest", "mean"]


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("The best outcome was 700.0TFLOPS @ MxNxK 2048x2048x13312 (tried 79 shapes)", 700),
        ("Tried  879 shapes => the best outcomes were:\nmean:   690.0 TFLOPS @ 3072x3072x1024 (MxNxK)\n"
         "median: 695.0 TFLOPS @ 3072x3072x1024 (MxNxK)\nmax:    720.0 TFLOPS @ 3072x3072x1024 (MxNxK)", 695),
    ],
)  # fmt: skip
def test_the_end_alone_gives_a_prior(text: str, rate: float) -> None:
    record = read_record(text)
    assert record.device is None and "taken as bf16" in record.notes[0]
    [constant] = fit(record.measurements, PEAKS)[0]
    assert constant.how == "prior" and constant.value == pytest.approx(0.8 * rate / 989)


def test_a_search_that_was_cut_off_keeps_its_rows() -> None:
    record = read_record(SECOND[: SECOND.index("Tried")])
    assert len(record.measurements) == 3
    assert record.notes == ("the output was cut off before its end; its 3 whole rows are kept",)


# Real outputs, where they are at hand


def sample(name: str) -> str:
    file = SAMPLES / name
    if not file.exists():
        pytest.skip(f"{file} is not here")
    return file.read_text(encoding="utf-8")


def test_a_real_output_of_nccl_tests() -> None:
    record = read_record(sample("nccl_all_reduce_16xH100_a3mega.txt"))
    assert (record.device, record.count, len(record.measurements)) == ("NVIDIA H100 80GB HBM3", 16, 31)
    found = by_name(fit(record.measurements, Peaks({}, None, 450e9, 50e9))[0])
    assert found["collective.all_reduce.16_ranks.2_nodes.latency"].value == pytest.approx(125e-6, rel=0.1)
    assert found["collective.all_reduce.16_ranks.2_nodes.bandwidth"].value == pytest.approx(330e9, rel=0.1)


def test_a_real_output_of_mamf_finder() -> None:
    record = read_record(sample("mamf_finder_outputs.txt"))
    assert {one.best_of for one in record.measurements} == {879}
    [constant] = fit(record.measurements, Peaks({"bf16": 59.4e12}))[0]
    assert constant.value == pytest.approx(0.8 * 22.3 / 59.4)


# Texts that are damaged


@pytest.mark.parametrize("whole", [nccl_log("2.13"), nccl_log("2.18"), FIRST, SECOND, FOURTH])
def test_a_text_cut_off_anywhere_is_read_or_refused(whole: str) -> None:
    most = len(read_record(whole).measurements)
    for end in range(0, len(whole), 17):
        with suppress(UnreadableError):
            assert len(read_record(whole[:end]).measurements) <= most


# Our own file

RECORD = Record(
    "NVIDIA H200",
    (
        product((8, 16, 32), 1e-5, p10=9e-6, p90=2e-5, repeats=7),
        Measurement("copy", {"bytes": 64}, {}, 1e-6),
        collective("all_reduce", 1024, 3e-5),
        product((8, 16, 32), 1e-5, statistic="fastest", best_of=9),
    ),
    "derisk bench-gpu 0.1",
    date="2027-02-03T04:05:06+00:00",
    count=8,
    driver="580.1",
    sm_clock=1.98e9,
    skipped=("fp8: not here",),
    notes=("a note",),
)


def test_a_record_survives_its_file() -> None:
    assert read_record(as_json(RECORD)) == RECORD
    assert read_record(as_json(replace(RECORD, measurements=()))).measurements == ()
    assert json.loads(as_json(RECORD))["schema"] == 1


@pytest.mark.parametrize(
    ("old", "new", "path", "line", "message"),
    [
        ('"seconds": 1e-06', '"seconds": -1', "measurements[1].seconds", 17, "-1 must be a number above zero"),
        ('"seconds": 1e-06', '"seconds": NaN', "measurements[1].seconds", 17, "NaN must be a number above zero"),
        ('"bytes": 64', '"bytes": 6.5', "measurements[1].bytes", 17, "6.5 must be a whole number above zero"),
        ('"kind": "copy"', '"kind": "paste"', "measurements[1].kind", 17, "must be one of matmul, copy, elementwise,"
         " attention, host_copy, collective"),
        ('"kind": "copy"', '"kind": ["copy"]', "measurements[1].kind", 17, "must be one of matmul, copy, elementwise,"
         " attention, host_copy, collective"),
        ('"bytes": 64, ', "", "measurements[1]", 17, "bytes missing"),
        ('"bytes": 64', '"bytes": 64, "bites": 3', "measurements[1].bites", 17, "unknown key"),
        ('"precision": "bf16", "m": 8', '"precision": 16, "m": 8', "measurements[0].precision", 16, "must be a word"),
        ('"schema": 1', '"schema": 2', "schema", 2, "must be 1"),
        ('"count": 8', '"count": 0.5', "count", 6, "0.5 must be a whole number above zero"),
        ('"driver": "580.1"', '"driver": 580', "driver", 7, "must be text"),
        ('"skipped": ["fp8: not here"]', '"skipped": 3', "skipped", 13, "must be a list of texts"),
        ('"tool": "derisk bench-gpu 0.1",', "", "tool", 1, "is missing"),
        ('"measurements"', '"measured"', "", 1, "has no list 'measurements'"),
        ("  ]\n}", "  ]\n", "", 22, "is not JSON: Expecting ',' delimiter"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_right_says_where(old: str, new: str, path: str, line: int, message: str) -> None:
    text = as_json(RECORD)
    assert old in text
    with pytest.raises(UnreadableError) as refused:
        read_record(text.replace(old, new, 1))
    assert (refused.value.path, refused.value.line, refused.value.message) == (path, line, message)


def test_a_place_in_a_file_has_a_column() -> None:
    text = as_json(RECORD).replace('"bytes": 64', '"bytes": "x"')
    with pytest.raises(UnreadableError) as refused:
        read_record(text)
    assert text.splitlines()[refused.value.line - 1][refused.value.column - 1 :].startswith('"bytes": "x"')


# Measuring, with a fake GPU


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeTorch]:
    monkeypatch.setattr(gpu_bench, "SETTLING", 0.0)
    clocks = machine.Clocks("580.1", 1.7e9, 3.2e9, 700.0)
    monkeypatch.setattr(gpu_bench, "read_clocks", lambda: clocks)
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "")

    def install(**how: Any) -> FakeTorch:
        torch = FakeTorch(**how)
        monkeypatch.setitem(sys.modules, "torch", torch)
        return torch

    return install


def test_all_kinds_are_measured_and_the_constants_come_out(fake: Callable[..., FakeTorch]) -> None:
    told: list[str] = []
    record = gpu_bench.Bench(fake(gpus=8), 1e6, tell=told.append).run()
    assert read_record(as_json(record)) == record
    assert (record.device, record.count, record.driver, record.sm_clock) == ("NVIDIA H200", 8, "580.1", 1.7e9)
    assert (record.torch, record.cuda, record.skipped) == ("2.9.0+fake", "13.0", ())
    assert record.date is not None and record.tool.startswith("derisk bench-gpu ")
    assert told[0] == "warming up" and told[-1] == "collectives among 8 GPUs"
    constants, notes = fit(record.measurements, PEAKS)
    found = {name: one.value for name, one in by_name(constants).items()}
    for precision, efficiency in fake_torch.EFFICIENCY.items():
        assert found[f"matmul.{precision}.efficiency"] == pytest.approx(efficiency, rel=1e-3)
        assert found[f"matmul.{precision}.overhead"] == pytest.approx(fake_torch.OVERHEAD[precision], rel=1e-2)
    assert found["memory_efficiency"] == pytest.approx(fake_torch.MEMORY_EFFICIENCY, rel=1e-3)
    assert found["attention_efficiency"] == pytest.approx(fake_torch.ATTENTION_EFFICIENCY, rel=1e-3)
    for direction in ("host_to_device", "device_to_host"):
        assert found[f"host_copy.{direction}.bandwidth"] == pytest.approx(fake_torch.HOST_BANDWIDTH, rel=1e-3)
    for operation in gpu_collectives.OPERATIONS:
        name = f"collective.{operation}.8_ranks"
        assert found[f"{name}.latency"] == pytest.approx(fake_torch.LATENCY, rel=1e-2)
        assert found[f"{name}.bandwidth"] == pytest.approx(fake_torch.BUS_BANDWIDTH, rel=1e-2)
    assert notes == []


def test_a_chip_without_fp8_and_a_single_gpu_are_no_errors(fake: Callable[..., FakeTorch]) -> None:
    record = gpu_bench.Bench(fake(capability=(8, 0)), 1e6, quick=True).run()
    assert record.skipped == (
        "matmul fp8: a chip of compute capability 8.0 has no such units",
        "collectives: there is one GPU only",
    )
    torch = fake()
    del torch.float8_e4m3fn
    assert (
        "matmul fp8: PyTorch 2.9.0+fake has no products in it" in gpu_bench.Bench(torch, 1e6, quick=True).run().skipped
    )


def test_what_does_not_fit_into_memory_is_left_out(fake: Callable[..., FakeTorch]) -> None:
    record = gpu_bench.Bench(fake(too_large=8192 * 8192), 1e6, quick=True).run()
    reason = "matmul bf16 8192x8192x8192: CUDA out of memory. Tried to allocate"
    assert reason in record.skipped and len(record.of("matmul")) > 0


def test_what_is_left_when_time_is_over_is_named(fake: Callable[..., FakeTorch]) -> None:
    record = gpu_bench.Bench(fake(gpus=2), 0.0, quick=True).run()
    assert record.measurements == ()
    assert record.skipped == (
        "33 cases from 'matmul bf16 4096x4096x4096' on: no time left; --seconds gives more",
        "collectives: no time left; --seconds gives more",
    )


def test_ranks_stop_together_when_time_is_over(fake: Callable[..., FakeTorch], monkeypatch: pytest.MonkeyPatch) -> None:
    torch, told = fake(gpus=2), []
    monkeypatch.setattr(fake_torch.Tensor, "item", lambda tensor: 1)
    queue = type("Queue", (), {"put": lambda queue, value: told.append(value)})()
    gpu_collectives.take_part(torch, 0, gpu_collectives.Setting(2, 1, 1e6), queue)
    assert told == ["all_reduce of 1048576 KiB and what was to follow: no time left"]


def test_the_keyboard_ends_it_and_keeps_what_is_done(fake: Callable[..., FakeTorch]) -> None:
    bench = gpu_bench.Bench(fake(stop_after=300), 1e6)
    record = bench.run()
    assert bench.interrupted and len(record.measurements) > 1
    assert record.skipped[-1] == "all that was left: interrupted from the keyboard"


def test_the_collectives_that_were_done_survive_a_failure(fake: Callable[..., FakeTorch]) -> None:
    torch = fake(gpus=2)

    def fails(part: Any, args: tuple[Any, ...], nprocs: int, daemon: bool) -> None:
        part(0, *args)
        raise Exception("\n-- Process 1 terminated with the following error:\nno route")

    torch.multiprocessing.spawn = fails
    record = gpu_bench.Bench(torch, 1e6, quick=True).run()
    assert len(record.of("collective")) == 16
    assert record.skipped == ("collectives: -- Process 1 terminated with the following error:",)


@pytest.mark.parametrize(
    ("answer", "clocks"),
    [
        ("580.95.05, 1755, 3201, 700.00\n", machine.Clocks("580.95.05", 1.755e9, 3.201e9, 700.0)),
        ("580.95.05, 1755, 3201, [N/A]\n", machine.Clocks("580.95.05", 1.755e9, 3.201e9, None)),
        ("No devices were found\n", machine.Clocks()),
    ],
)
def test_the_driver_tells_the_clocks(answer: str, clocks: machine.Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.subprocess, "run", lambda *args, **how: type("Done", (), {"stdout": answer}))
    assert machine.read_clocks() == clocks


def test_without_a_driver_the_clocks_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert machine.read_clocks() == machine.Clocks()


# The commands


def test_without_pytorch_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "torch", None)
    result = derisk("bench-gpu")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "derisk: PyTorch cannot be imported here; install it beside derisk, such as with `pip install torch`, "
        "on a machine with a GPU, and run this there\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_without_a_gpu_it_is_said_what_to_do(
    fake: Callable[..., FakeTorch], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    fake(gpus=0)
    result = derisk("bench-gpu")
    assert result.exit_code == 1
    assert result.stderr.startswith("derisk: PyTorch 2.9.0+fake sees no GPU here; run this on a machine with a GPU")
    assert list(tmp_path.iterdir()) == []


def test_measurements_go_into_a_file_that_calibrate_reads(
    fake: Callable[..., FakeTorch], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    fake(gpus=8)
    for _ in range(2):
        assert derisk("bench-gpu", "--quick").exit_code == 0
    first, second = sorted(file.name for file in tmp_path.iterdir())
    assert first.startswith("nvidia_h200_2") and second == first.replace(".json", "_2.json")
    result = derisk("calibrate", "hardware", first, second, "-o", "found.yaml")
    assert result.exit_code == 0, result.stderr
    assert "Constants for the profile h200_sxm (NVIDIA H200 SXM 141 GB)" in result.stdout
    assert "matmul.bf16.efficiency" in result.stdout and "Written: found.yaml" in result.stdout
    again = derisk("calibrate", "hardware", first, "-o", "found.yaml")
    assert again.exit_code == 2 and "found.yaml exists, and is left as it is" in again.stderr
    assert derisk("bench-gpu", "-o", "found.yaml").exit_code == 2
    assert derisk("bench-gpu", "-o", "nowhere/found.json").exit_code == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(["found.yaml", first, second])


def test_what_is_written_is_a_calibration_of_a_profile(fake: Callable[..., FakeTorch], tmp_path: Path) -> None:
    fake(gpus=2)
    derisk("bench-gpu", "--quick", "-o", tmp_path / "raw.json")
    assert derisk("calibrate", "hardware", tmp_path / "raw.json", "-o", tmp_path / "part.yaml").exit_code == 0
    part = (tmp_path / "part.yaml").read_text(encoding="utf-8")
    own = (ROOT / "hardware_profiles" / "h200_sxm.yaml").read_text(encoding="utf-8")
    whole = tmp_path / "own.yaml"
    whole.write_text("\n".join([*_without_calibration(own), part]), encoding="utf-8")
    calibration = load_gpu(str(whole)).calibration
    assert calibration is not None and calibration.device == "NVIDIA H200" and calibration.driver == "580.1"
    assert set(calibration.matmul) == {"bf16", "fp8"}
    bf16 = calibration.matmul["bf16"]
    assert bf16.efficiency.median == pytest.approx(fake_torch.EFFICIENCY["bf16"], rel=0.01)
    assert bf16.overhead.median == pytest.approx(fake_torch.OVERHEAD["bf16"], rel=0.1)
    assert bf16.efficiency.spread >= 0.01 and bf16.efficiency.how == "measured"
    assert calibration.memory_efficiency is not None and calibration.attention_efficiency is not None
    assert "fitted on 5 measurements of derisk bench-gpu" in str(bf16.efficiency.source)


def _without_calibration(text: str) -> list[str]:
    """The lines of a profile, less those of its calibration, if it has one by now."""
    lines, inside = [], False
    for line in text.splitlines():
        inside = line.startswith("calibration:") or (inside and line.startswith((" ", "#")))
        lines += [] if inside else [line]
    return lines


def test_a_prior_makes_a_valid_calibration_too(tmp_path: Path) -> None:
    raw = tmp_path / "mamf.txt"
    raw.write_text(SECOND[: SECOND.index("     1 |")] + SECOND[SECOND.index("Tried") :], encoding="utf-8")
    result = derisk("calibrate", "hardware", raw, "-o", tmp_path / "part.yaml")
    assert result.exit_code == 0, result.stderr
    part = YAML(typ="safe").load((tmp_path / "part.yaml").read_text(encoding="utf-8"))["calibration"]
    bf16 = part["matmul"]["bf16"]
    assert bf16["efficiency"]["how"] == "inferred" and bf16["efficiency"]["spread"] == "15%"
    assert bf16["overhead"]["source"].startswith("ASSUMED") and part["date"] == "2027-02-03"


def test_json_is_all_there_is_on_stdout(
    fake: Callable[..., FakeTorch], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    fake()
    measured = derisk("bench-gpu", "--quick", "--json")
    assert measured.exit_code == 0 and list(tmp_path.iterdir()) == []
    file = tmp_path / "raw.json"
    file.write_text(measured.stdout, encoding="utf-8")
    fitted = json.loads(derisk("calibrate", "hardware", file, "--json").stdout)
    efficiency = fitted["constants"]["matmul.bf16.efficiency"]
    assert fitted["schema"] == 1 and fitted["profile"] == "h200_sxm"
    assert efficiency["value"] == pytest.approx(fake_torch.EFFICIENCY["bf16"], rel=0.01)
    assert (efficiency["unit"], efficiency["rows"], efficiency["how"]) == ("1", 5, "measured")
    assert fitted["measurements"][str(file)]["device"] == "NVIDIA H200"


def test_an_interrupted_measurement_is_written_and_ends_with_130(
    fake: Callable[..., FakeTorch], tmp_path: Path
) -> None:
    fake(stop_after=200)
    result = derisk("bench-gpu", "-o", tmp_path / "raw.json")
    assert result.exit_code == 130
    assert len(read_record((tmp_path / "raw.json").read_text(encoding="utf-8")).measurements) == 1
    fake(stop_after=0)
    nothing = derisk("bench-gpu", "-o", tmp_path / "none.json")
    assert nothing.exit_code == 1 and "nothing was measured, and no file was written" in nothing.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["raw.json"]


def test_files_that_cannot_be_read_are_named_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello\n", encoding="utf-8")
    (tmp_path / "b.json").write_text('{"measurements": [}', encoding="utf-8")
    (tmp_path / "c.bin").write_bytes(b"\0\1")
    names = [tmp_path / name for name in ("a.txt", "b.json", "c.bin", "d.json")]
    result = derisk("calibrate", "hardware", *names)
    assert (result.exit_code, result.stdout) == (3, "")
    assert (
        f"{names[0]}:1:1: holds no measurements that are known here; give the JSON of derisk bench-gpu" in result.stderr
    )
    assert f"{names[1]}:1:19: is not JSON: Expecting value" in result.stderr
    assert '     1 | {"measurements": [}' in result.stderr
    assert f"{names[2]}:1:1: is too large, or a binary file" in result.stderr
    assert f"{names[3]}:1:1: cannot be read (No such file or directory)" in result.stderr
    assert "4 errors" in result.stderr and "Traceback" not in result.stderr


def test_two_devices_are_not_mixed(tmp_path: Path) -> None:
    for name, device in (("a.json", "NVIDIA H200"), ("b.json", "NVIDIA H100 80GB HBM3")):
        (tmp_path / name).write_text(as_json(replace(RECORD, device=device)), encoding="utf-8")
    result = derisk("calibrate", "hardware", tmp_path / "a.json", tmp_path / "b.json")
    assert result.exit_code == 3
    assert f"was measured on NVIDIA H100 80GB HBM3, but {tmp_path / 'a.json'} on NVIDIA H200" in result.stderr


@pytest.mark.parametrize(
    ("device", "profile"),
    [
        ("NVIDIA H200", "h200_sxm"),
        ("NVIDIA H100 80GB HBM3", "h100_sxm"),
        ("NVIDIA A100-SXM4-80GB", "a100_sxm"),
        ("NVIDIA B200", "b200_sxm"),
        ("NVIDIA GB200", "gb200"),
        ("NVIDIA A100-SXM4-40GB", None),
        ("NVIDIA H100 PCIe", None),
        ("NVIDIA H200 NVL", None),
        ("Tesla T4", None),
        ("", None),
    ],
)
def test_a_profile_is_recognised_only_if_it_is_that_of_the_device(
    device: str, profile: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "raw.json"
    file.write_text(as_json(replace(RECORD, device=device or None)), encoding="utf-8")
    result = derisk("calibrate", "hardware", file, "--json")
    assert result.exit_code == (2 if profile is None else 0), result.stderr
    if profile is None:
        assert "--profile" in result.stderr
    else:
        assert json.loads(result.stdout)["profile"] == profile
    assert derisk("calibrate", "hardware", file, "--profile", "h200_sxm").exit_code == 0


def test_a_profile_that_there_is_not_is_an_error_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "raw.json"
    file.write_text(as_json(RECORD), encoding="utf-8")
    result = derisk("calibrate", "hardware", file, "--profile", "h200_sxn")
    assert result.exit_code == 3 and "did you mean 'h200_sxm'?" in result.stderr


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (replace(RECORD, measurements=RECORD.of("collective")), "nothing in these files belongs into the calibration"),
        (replace(RECORD, date=None), "no file says when it was measured"),
        (
            replace(RECORD, measurements=(product((8192, 8192, 8192), 1e-4, best_of=9),)),
            "matmul.bf16.efficiency is 889.4%, above 100%; is the profile the right one?",
        ),
    ],
)
def test_what_would_be_no_valid_calibration_is_not_written(record: Record, why: str, tmp_path: Path) -> None:
    file = tmp_path / "raw.json"
    measurements = tuple(record.measurements)
    file.write_text(as_json(replace(record, measurements=measurements)), encoding="utf-8")
    result = derisk("calibrate", "hardware", file, "-o", tmp_path / "part.yaml")
    assert result.exit_code == 2 and why in result.stderr
    assert not (tmp_path / "part.yaml").exists()


def test_an_efficiency_that_cannot_be_is_remarked(tmp_path: Path) -> None:
    file = tmp_path / "raw.json"
    record = replace(RECORD, measurements=(product((8192, 8192, 8192), 1e-4, best_of=9),))
    file.write_text(as_json(record), encoding="utf-8")
    words = "matmul.bf16.efficiency is 889.4%, above 100%; is the profile the right one?"
    assert f"Note: {words}" in derisk("calibrate", "hardware", file).stdout
    assert words in json.loads(derisk("calibrate", "hardware", file, "--json").stdout)["notes"]


def test_the_profile_of_another_device_is_remarked(tmp_path: Path) -> None:
    file = tmp_path / "raw.json"
    file.write_text(as_json(replace(RECORD, device="NVIDIA H200")), encoding="utf-8")
    remark = "derisk: measured on NVIDIA H200, whose profile is h200_sxm; it is compared with mi300x all the same\n"
    result = derisk("calibrate", "hardware", file, "--profile", "mi300x")
    assert (result.exit_code, result.stderr) == (0, remark)
    assert derisk("calibrate", "hardware", file, "--profile", "h200").stderr == ""
