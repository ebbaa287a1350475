"""A stand-in for PyTorch and a GPU: it computes nothing, and each piece of work moves a clock as known laws say."""

import math
from types import ModuleType, SimpleNamespace
from typing import Any

from simulator.numbers.roofline import attention_flop, bus_share, matmul_time

PEAK = {"bf16": 989e12, "fp16": 989e12, "fp8": 1979e12}
EFFICIENCY = {"bf16": 0.71, "fp16": 0.69, "fp8": 0.62}
OVERHEAD = {"bf16": 9e-6, "fp16": 8e-6, "fp8": 11e-6}
MEMORY_BANDWIDTH = 4.8e12
MEMORY_EFFICIENCY = 0.88
ATTENTION_EFFICIENCY = 0.55
HOST_BANDWIDTH = 52e9
BUS_BANDWIDTH, LATENCY = 360e9, 31e-6
NAMES = {"bfloat16": "bf16", "float16": "fp16", "float8_e4m3fn": "fp8"}
SIZES = {"bfloat16": 2, "float16": 2, "float8_e4m3fn": 1, "float32": 4, "int8": 1, "uint8": 1}


class Tensor:
    def __init__(self, fake: "FakeTorch", shape: tuple[int, ...], dtype: str, device: str = "cpu") -> None:
        self.fake, self.shape, self.dtype, self.device = fake, shape, dtype, device

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * SIZES[self.dtype]

    def t(self) -> "Tensor":
        return Tensor(self.fake, self.shape[::-1], self.dtype, self.device)

    def to(self, dtype: str) -> "Tensor":
        return Tensor(self.fake, self.shape, dtype, self.device)

    def zero_(self) -> None:
        self.fake.advance(self.bytes / MEMORY_BANDWIDTH)

    def copy_(self, source: "Tensor", non_blocking: bool = False) -> None:
        if self.device == source.device:
            self.fake.advance(2 * self.bytes / (MEMORY_BANDWIDTH * MEMORY_EFFICIENCY) + 2e-6)
        else:
            assert non_blocking, "a copy that waits for the host cannot be timed by events"
            self.fake.advance(self.bytes / HOST_BANDWIDTH + 8e-6)

    def item(self) -> int:
        return 0


class FakeTorch(ModuleType):
    """Enough of PyTorch. `stop_after` pieces of work it is interrupted from the keyboard."""

    __version__ = "2.9.0+fake"

    def __init__(
        self,
        gpus: int = 1,
        capability: tuple[int, int] = (9, 0),
        stop_after: int | None = None,
        too_large: int | None = None,
    ) -> None:
        super().__init__("torch")
        self.clock, self.works, self.stop_after, self.too_large = 0.0, 0, stop_after, too_large
        self.ranks = gpus
        for name in SIZES:
            setattr(self, name, name)
        self.version = SimpleNamespace(cuda="13.0")
        self.cuda = SimpleNamespace(
            is_available=lambda: gpus > 0,
            device_count=lambda: gpus,
            get_device_name=lambda index: "NVIDIA H200",
            get_device_capability=lambda index: capability,
            Event=lambda enable_timing: Event(self),
            synchronize=lambda: None,
            empty_cache=lambda: None,
            set_device=lambda rank: None,
        )
        functional = SimpleNamespace(scaled_dot_product_attention=self.attend)
        self.nn = SimpleNamespace(functional=functional)
        self.autograd = SimpleNamespace(grad=self.attend_backward)
        self.multiprocessing = SimpleNamespace(spawn=self.spawn)
        self.distributed = SimpleNamespace(
            init_process_group=lambda backend, rank, world_size, timeout: None,
            destroy_process_group=lambda: None,
            all_reduce=lambda whole: self.communicate("all_reduce", whole),
            all_gather_into_tensor=lambda whole, part: self.communicate("all_gather", whole),
            reduce_scatter_tensor=lambda part, whole: self.communicate("reduce_scatter", whole),
            all_to_all_single=lambda other, whole: self.communicate("alltoall", whole),
        )

    def advance(self, seconds: float) -> None:
        self.clock += seconds
        self.works += 1
        if self.stop_after is not None and self.works > self.stop_after:
            raise KeyboardInterrupt

    def randn(self, *shape: int, device: str, dtype: str, requires_grad: bool = False) -> Tensor:
        if self.too_large is not None and math.prod(shape) >= self.too_large:
            raise RuntimeError("CUDA out of memory. Tried to allocate\nmore than there is")
        return Tensor(self, shape, dtype, device)

    def empty(self, *shape: int, dtype: str, device: str = "cpu", pin_memory: bool = False) -> Tensor:
        assert device == "cuda" or pin_memory
        return Tensor(self, shape, dtype, device)

    def ones(self, shape: tuple[int, ...], device: str, dtype: str) -> Tensor:
        return Tensor(self, shape, dtype, device)

    def tensor(self, values: list[int], device: str) -> Tensor:
        return Tensor(self, (len(values),), "uint8", device)

    def randint(self, low: int, high: int, shape: tuple[int, ...], device: str, dtype: str) -> Tensor:
        return Tensor(self, shape, dtype, device)

    def empty_like(self, other: Tensor) -> Tensor:
        return Tensor(self, other.shape, other.dtype, other.device)

    randn_like = empty_like

    def mm(self, one: Tensor, other: Tensor, out: Tensor | None = None) -> None:
        (m, k), (inner, n) = one.shape, other.shape
        assert k == inner and (out is None or out.shape == (m, n)), "shapes do not fit"
        name = NAMES[one.dtype]
        bandwidth = MEMORY_BANDWIDTH * MEMORY_EFFICIENCY
        speed = PEAK[name] * EFFICIENCY[name]
        self.advance(float(matmul_time(m, n, k, speed, bandwidth, SIZES[one.dtype], OVERHEAD[name], 2)))

    def _scaled_mm(self, one: Tensor, other: Tensor, *, scale_a: Tensor, scale_b: Tensor, out_dtype: str) -> None:
        assert one.dtype == other.dtype == "float8_e4m3fn" and out_dtype == "bfloat16"
        assert all(size % 16 == 0 for size in (*one.shape, *other.shape)), "the units take multiples of 16"
        self.mm(one, other)

    def addcmul(self, one: Tensor, two: Tensor, three: Tensor, out: Tensor) -> None:
        moved = sum(tensor.bytes for tensor in (one, two, three, out))
        self.advance(moved / (MEMORY_BANDWIDTH * MEMORY_EFFICIENCY) + 2e-6)

    def attend(self, query: Tensor, key: Tensor, value: Tensor, is_causal: bool) -> Tensor:
        self.advance(self.attention_time(query, is_causal, backward=False))
        return query

    def attend_backward(self, output: Tensor, inputs: list[Tensor], gradient: Tensor, retain_graph: bool) -> None:
        assert retain_graph, "the second repeat needs the graph again"
        self.advance(self.attention_time(output, True, backward=True))

    def attention_time(self, query: Tensor, causal: bool, backward: bool) -> float:
        batch, heads, sequence, head_dim = query.shape
        work = attention_flop(batch, heads, sequence, head_dim, causal=causal, backward=backward)
        return float(work) / (PEAK["bf16"] * ATTENTION_EFFICIENCY) + 6e-6

    def communicate(self, operation: str, whole: Tensor) -> None:
        self.advance(LATENCY + bus_share(operation, self.ranks) * whole.bytes / BUS_BANDWIDTH)

    def spawn(self, part: Any, args: tuple[Any, ...], nprocs: int, daemon: bool) -> None:
        for rank in range(nprocs):
            part(rank, *args)


class Event:
    def __init__(self, fake: FakeTorch) -> None:
        self.fake, self.at = fake, math.nan

    def record(self) -> None:
        self.at = self.fake.clock

    def elapsed_time(self, end: "Event") -> float:
        return 1e3 * (end.at - self.at)
