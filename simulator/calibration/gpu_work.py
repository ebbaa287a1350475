"""The pieces of work that a GPU is measured with, in the order in which they matter.

Numbers are drawn from a normal distribution: zeros draw less power, so that a chip clocks higher with them.
PyTorch comes as an argument, so that only gpu_bench.py imports it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from simulator.calibration.measurements import Measurement, timed

Work = Callable[[], object]

# Training products (tokens x output x input) of a dense model of width 8192 and 28672, whole and divided over eight
# GPUs, and of width 4096; then squares, and some that memory bounds or nearly so.
_SHAPES = (
    (8192, 8192, 8192),
    (8192, 28672, 8192),
    (8192, 8192, 28672),
    (8192, 1280, 8192),
    (8192, 8192, 1024),
    (8192, 7168, 8192),
    (8192, 8192, 3584),
    (4096, 4096, 4096),
    (4096, 14336, 4096),
    (4096, 4096, 14336),
    (2048, 2048, 2048),
    (1024, 1024, 1024),
    (16384, 16384, 16384),
    (1536, 1536, 1536),
    (3072, 3072, 3072),
    (6144, 6144, 6144),
    (12288, 12288, 12288),
    (16384, 4096, 1024),
    (512, 8192, 8192),
    (256, 8192, 8192),
)
_QUICK_SHAPES = ((4096, 4096, 4096), (8192, 8192, 8192), (1024, 1024, 1024), (2048, 2048, 2048), (512, 8192, 8192))
_PRECISIONS = {"bf16": "bfloat16", "fp16": "float16", "fp8": "float8_e4m3fn"}
_FIRST_WITH_FP8 = (8, 9)  # compute capability of Ada; Hopper is (9, 0)

_MOVED = tuple(2**power for power in (32, 30, 28, 31, 29, 27))  # [B]
_HOST_COPIES = tuple(2**power for power in (30, 24, 20, 28, 26, 22))  # [B]
# batch, heads, sequence, head dimension: 16,384 tokens each, as in training
_ATTENTION = ((4, 32, 4096, 128), (2, 32, 8192, 128), (8, 32, 2048, 128), (1, 16, 16384, 128), (16, 32, 1024, 128))


@dataclass(frozen=True)
class Case:
    """A piece of work: `prepare` makes its data on the device and returns what is timed."""

    name: str
    kind: str
    sizes: dict[str, int]
    labels: dict[str, str]
    prepare: Callable[[], Work]

    def measurement(self, seconds: Sequence[float]) -> Measurement:
        """Return the measurement that the times [s] of its repeats make."""
        return timed(self.kind, self.sizes, self.labels, seconds)


def matmuls(torch: Any, quick: bool, precision: str) -> list[Case | str]:
    """Return the products in a precision, or why there are none."""
    kind = getattr(torch, _PRECISIONS[precision], None)
    if precision == "fp8":
        capability = tuple(torch.cuda.get_device_capability(0))
        if kind is None or not hasattr(torch, "_scaled_mm"):
            return [f"matmul fp8: PyTorch {torch.__version__} has no products in it"]
        if capability < _FIRST_WITH_FP8:
            return [f"matmul fp8: a chip of compute capability {'.'.join(map(str, capability))} has no such units"]
    make = _scaled_product if precision == "fp8" else _product
    shapes = _QUICK_SHAPES if quick else _SHAPES
    return [
        Case(
            f"matmul {precision} {m}x{n}x{k}",
            "matmul",
            {"m": m, "n": n, "k": k},
            {"precision": precision},
            partial(make, torch, kind, m, n, k),
        )
        for m, n, k in shapes
    ]


def _product(torch: Any, kind: Any, m: int, n: int, k: int) -> Work:
    # A weight is stored as (outputs, inputs), as in torch.nn.Linear.
    tokens, weight = (torch.randn(rows, k, device="cuda", dtype=kind) for rows in (m, n))
    output = torch.empty(m, n, device="cuda", dtype=kind)
    return lambda: torch.mm(tokens, weight.t(), out=output)


def _scaled_product(torch: Any, kind: Any, m: int, n: int, k: int) -> Work:
    tokens, weight = (torch.randn(rows, k, device="cuda", dtype=torch.bfloat16).to(kind) for rows in (m, n))
    scale = torch.ones((), device="cuda", dtype=torch.float32)
    # Sums in full precision, as in the two thirds of the work that are the backward pass.
    return lambda: torch._scaled_mm(tokens, weight.t(), scale_a=scale, scale_b=scale, out_dtype=torch.bfloat16)


def copies(torch: Any, quick: bool) -> list[Case | str]:
    """Return copies within the device: half of the bytes are read, half are written."""

    def prepare(moved: int) -> Work:
        source = torch.randn(moved // 4, device="cuda", dtype=torch.bfloat16)
        target = torch.empty_like(source)
        return lambda: target.copy_(source)

    return _moving("copy", {}, prepare, _few(_MOVED, quick))


def elementwise(torch: Any, quick: bool) -> list[Case | str]:
    """Return a + b * c in one kernel: three tensors are read, one is written."""

    def prepare(moved: int) -> Work:
        one, two, three = (torch.randn(moved // 8, device="cuda", dtype=torch.bfloat16) for _ in range(3))
        output = torch.empty_like(one)
        return lambda: torch.addcmul(one, two, three, out=output)

    return _moving("elementwise", {"precision": "bf16"}, prepare, _few(_MOVED, quick))


def host_copies(torch: Any, quick: bool) -> list[Case | str]:
    """Return copies from and to pinned memory of the host."""

    def prepare(direction: str, moved: int) -> Work:
        host = torch.empty(moved, dtype=torch.uint8, pin_memory=True)
        device = torch.randint(0, 256, (moved,), device="cuda", dtype=torch.uint8)
        source, target = (device, host) if direction == "device_to_host" else (host, device)
        return lambda: target.copy_(source, non_blocking=True)

    return [
        case
        for direction in ("device_to_host", "host_to_device")
        for case in _moving(
            "host_copy",
            {"direction": direction, "memory": "pinned"},
            partial(prepare, direction),
            _few(_HOST_COPIES, quick),
        )
    ]


def _moving(
    kind: str, labels: dict[str, str], prepare: Callable[[int], Work], sizes: Sequence[int]
) -> list[Case | str]:
    words = " ".join([kind, *(word for name, word in labels.items() if name == "direction")]).replace("_", " ")
    return [
        Case(f"{words} {moved // 2**20} MiB", kind, {"bytes": moved}, labels, partial(prepare, moved))
        for moved in sizes
    ]


def attention(torch: Any, quick: bool) -> list[Case | str]:
    """Return causal attention in bf16, forward and backward."""
    found: list[Case | str] = []
    for batch, heads, sequence, head_dim in _few(_ATTENTION, quick):
        shape = {"batch": batch, "heads": heads, "sequence": sequence, "head_dim": head_dim}
        for way, make in (("forward", _forward), ("backward", _backward)):
            name = f"attention {way} {'x'.join(map(str, shape.values()))}"
            labels = {"precision": "bf16", "mask": "causal", "pass": way}
            found.append(Case(name, "attention", shape, labels, partial(make, torch, tuple(shape.values()))))
    return found


def _forward(torch: Any, shape: tuple[int, ...]) -> Work:
    inputs = [torch.randn(*shape, device="cuda", dtype=torch.bfloat16) for _ in range(3)]
    return lambda: torch.nn.functional.scaled_dot_product_attention(*inputs, is_causal=True)


def _backward(torch: Any, shape: tuple[int, ...]) -> Work:
    make = {"device": "cuda", "dtype": torch.bfloat16, "requires_grad": True}
    inputs = [torch.randn(*shape, **make) for _ in range(3)]
    output = torch.nn.functional.scaled_dot_product_attention(*inputs, is_causal=True)
    gradient = torch.randn_like(output)
    return lambda: torch.autograd.grad(output, inputs, gradient, retain_graph=True)


def _few(sizes: Sequence[Any], quick: bool) -> Sequence[Any]:
    return sizes[:3] if quick else sizes


GROUPS: tuple[Callable[[Any, bool], list[Case | str]], ...] = (
    lambda torch, quick: matmuls(torch, quick, "bf16"),
    copies,
    elementwise,
    attention,
    lambda torch, quick: matmuls(torch, quick, "fp8"),
    host_copies,
    lambda torch, quick: matmuls(torch, quick, "fp16"),
)
