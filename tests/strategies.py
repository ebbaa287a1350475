"""Plans to draw with hypothesis, at the edges that `random_plans.py` does not reach, and short to print.

A `Sketch` says what differs from the plainest plan; `plan_of` makes the arrays. A failing example prints as a Sketch
that can be pasted: `plan_of(Sketch(...))`. All times are ticks.
"""

import math
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from hypothesis import strategies as st

from simulator.mechanisms.neutral import neutral
from simulator.numbers.ledger import Exposed
from simulator.numbers.plan import Effect, Line, Overlap, Plan, Purpose
from simulator.numbers.times import LAW_COLUMNS, LAW_FIELDS, NEVER, SPEED_SCALE, Family, Hazard

TICK = 1e-6  # [s]
HORIZON = 20_000

Law = tuple[str, float, float]  # family, parameters a and b, in ticks where they are times
NOTHING: Law = ("FIXED", 0, 0)


class Terse:
    """Prints only what differs from the defaults."""

    def __repr__(self) -> str:
        """Return the call that makes this value."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]
        plain = type(self)()
        said = (f"{name}={value!r}" for name, value in values.items() if value != getattr(plain, name))
        return f"{type(self).__name__}({', '.join(said)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # Hypothesis would print every field.
        printer.text(repr(self))


@dataclass(frozen=True, repr=False)
class Cause(Terse):
    """One row of the causes."""

    per_place: int = 1
    span: int = 0
    silent: bool = False  # no units, hence no weather
    effect: str = "STOP"
    blast: int = 1
    exposed: str = "ALWAYS"
    renewal: bool = False
    bench: bool = False
    retire: bool = False
    hidden: float = 0.0
    reach: int = 0  # [ticks]
    cure: float = 1.0
    lemons: float = 0.0
    hazard: str = "EXPONENTIAL"
    mean: int = 1_000  # [ticks] between candidates of the whole cause, about
    shape: float = 1.0
    age: int = 0
    rates: tuple[float, ...] = (1.0,)  # of a table, as multiples of 1/mean
    step: int = 500  # [ticks] each of them lasts; the last one for ever
    laws: dict[str, Law] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Sketch(Terse):
    """A plan, as few words as possible."""

    needed: int = 1
    spares: int = 0
    work: int = 1_000
    interval: int = 100
    save: int = 0
    save_storage: int = 0
    storage_every: int = 1
    lag: int = 0
    overlap: str = "DELAY"
    memory_group: int = 0
    memory_peers: int = 0
    memory_apart: int = 0
    start_up: int = 0
    horizon: int = HORIZON
    max_records: int = 1_500
    crews: int = 0
    warm_up: int = 0
    window_period: int = 0
    windows: tuple[tuple[int, int], ...] = ()
    causes: tuple[Cause, ...] = (Cause(),)
    window_laws: dict[str, Law] = field(default_factory=dict)
    script: tuple[dict[str, int], ...] = ()
    replication: int = 0


# from a sketch to a plan


def plan_of(sketch: Sketch) -> Plan:
    """The plan that a sketch stands for."""
    causes, script = sketch.causes, _script(sketch)
    windows = np.array(sketch.windows, np.int64).reshape(-1, 2)
    units = [0 if cause.silent else units_of(cause, sketch.needed) for cause in causes]
    hazard, table = _hazards(causes, units)
    return neutral(len(causes))._replace(
        **{name: getattr(sketch, name) for name in Plan._fields[: Plan._fields.index("pace")] if name != "overlap"},
        overlap=int(Overlap[sketch.overlap]),
        units=_integers(units),
        per_place=_integers(cause.per_place for cause in causes),
        span=_integers(cause.span for cause in causes),
        effect=_integers(Effect[cause.effect] for cause in causes),
        blast=_integers(cause.blast for cause in causes),
        exposed=_integers(Exposed[cause.exposed] for cause in causes),
        renewal=_integers(cause.renewal for cause in causes),
        bench=_integers(cause.bench for cause in causes),
        retire=_integers(cause.retire for cause in causes),
        hidden=np.array([cause.hidden for cause in causes]),
        reach=_integers(cause.reach for cause in causes),
        cure=np.array([cause.cure for cause in causes]),
        lemon_share=np.array([cause.lemons for cause in causes]),
        hazard_kind=_integers(Hazard[cause.hazard] for cause in causes),
        hazard=hazard,
        laws=np.stack([_laws(laws) for laws in (*(cause.laws for cause in causes), sketch.window_laws)]),
        table=table,
        window_due=windows[:, 0].copy(),
        window_length=windows[:, 1].copy(),
        script=script,
        script_order=np.lexsort((np.arange(len(script)), script[:, Line.CAUSE], script[:, Line.AT])),
    )


def units_of(cause: Cause, needed: int) -> int:
    """How many units of a cause can break the job."""
    if cause.per_place:
        return cause.per_place * needed
    return -(-needed // cause.span) if cause.span else 1


def _integers(values: Any) -> np.ndarray:
    return np.array([int(value) for value in values], np.int64)


def _hazards(causes: tuple[Cause, ...], units: list[int]) -> tuple[np.ndarray, np.ndarray]:
    hazard, table = np.zeros((len(causes), 3)), []
    for row, (cause, number) in enumerate(zip(causes, units, strict=True)):
        mean = cause.mean * max(1, number) * TICK
        hazard[row] = 1.0 / mean, 0.0, cause.age * TICK
        if cause.hazard == "WEIBULL":
            # As many candidates by the horizon as an exponential law would give.
            hazard[row, :2] = cause.shape, HORIZON * TICK * (mean / (HORIZON * TICK)) ** (1.0 / cause.shape)
        elif cause.hazard == "TABLE":
            hazard[row, :2] = len(table), len(cause.rates)
            level = 0.0
            for position, rate in enumerate(cause.rates):
                table.append((position * cause.step * TICK, rate / mean, level))
                level += cause.step * TICK * rate / mean
    return hazard, np.array(table).reshape(-1, 3)


def _laws(written: dict[str, Law]) -> np.ndarray:
    laws = np.zeros((LAW_COLUMNS, LAW_FIELDS))
    for purpose in (Purpose.FOUND, Purpose.HEALED):
        laws[purpose, 0] = Family.NEVER
    laws[Purpose.FACTOR, 1] = 0.5
    for name, (family, a, b) in written.items():
        scale = 1.0 if name == "FACTOR" else TICK
        numbers = {
            "LOGNORMAL": (math.log(max(a, 1e-9) * scale), b, 0.0),
            "WEIBULL": (a * scale, b, 0.0),
            "GAMMA": (a * scale, b, math.lgamma(b or 1.0)),
            "UNIFORM": (a * scale, b * scale, 0.0),
        }.get(family, (a * scale, 0.0, 0.0))
        laws[Purpose[name]] = (Family[family], *numbers)
    return laws


def _script(sketch: Sketch) -> np.ndarray:
    script = np.full((len(sketch.script), len(Line)), -1, np.int64)
    for row, line in enumerate(sketch.script):
        script[row, [Line.CAUSE, Line.EFFECT]] = 0, Effect.STOP
        for name, value in line.items():
            script[row, Line[name.upper()]] = value
    return script


# what is drawn

ROUND = st.sampled_from([0, 1, 10, 100])  # many things fall on one tick
SHORT = ROUND | st.integers(0, 60)


def laws(scale: int) -> st.SearchStrategy[Law]:
    """A law of time of about so many ticks, of any family; at times all its mass on few ticks, or never."""
    return st.one_of(
        st.sampled_from([NOTHING, ("FIXED", scale, 0), ("FIXED", scale, 0)]),
        st.sampled_from([("EXPONENTIAL", scale, 0), ("LOGNORMAL", scale, 1.5), ("UNIFORM", 0, 2 * scale)]),
        st.sampled_from([("WEIBULL", scale, 2.5), ("GAMMA", 4 * scale, 0.25), ("GAMMA", scale / 5, 5.0)]),
    )


@st.composite
def laws_of_recovery(draw: st.DrawFn, scale: int) -> dict[str, Law]:
    """Laws of what follows a strike, or a window."""
    if not scale:
        return {}
    law = laws(scale)
    named = {name: draw(law) for name in ("DETECTION", "DIAGNOSIS", "SWAP", "RESTART", "RESTORE", "RESTORE_MEMORY")}
    return named | {"LENGTH": draw(laws(4 * scale)), "REPAIR": draw(laws(draw(st.sampled_from([scale, 40 * scale]))))}


FACTORS = st.sampled_from([("FIXED", 1 / 3, 0), ("FIXED", 0.77777, 0), ("UNIFORM", 0.001, 1.2), ("FIXED", 0.07, 0)])
EXPOSED = st.sampled_from(["ALWAYS", "ALWAYS", "BUSY", "RUNNING"])


@st.composite
def causes(draw: st.DrawFn, needed: int, effect: str, *, plain: bool = False) -> Cause:
    """A cause of any part, law and effect; a plain one strikes often, whatever the job does."""
    kinds = ["place"] if plain else ["place", "place", "span"] if effect == "SLOW" else ["place", "span", "job"]
    kind = draw(st.sampled_from(kinds))
    per_place = draw(st.sampled_from([1, 2, 9])) if kind == "place" else 0
    span = draw(st.sampled_from([1, 2, 3, 7, needed, 2 * needed])) if kind == "span" else 0
    hazard = draw(st.sampled_from(["EXPONENTIAL", "WEIBULL", "TABLE"]))
    scale = draw(st.sampled_from([50, 10, 3] if plain else [0, 3, 10, 50]))
    written = draw(laws_of_recovery(scale))
    written["RELAPSE"] = draw(laws(draw(st.sampled_from([0, 10, 500]))))
    if effect == "SLOW":
        written["FACTOR"] = draw(FACTORS)
        written["FOUND"] = draw(st.just(("NEVER", 0, 0)) | laws(draw(st.sampled_from([1, 100, 400]))))
        written["HEALED"] = draw(st.just(("NEVER", 0, 0)) | laws(draw(st.sampled_from([100, 1_000]))))
    stops = effect == "STOP"
    lemons = draw(st.sampled_from([0.0, 0.0, 0.3, 1.0])) if kind == "place" and not plain else 0.0
    return Cause(
        per_place=per_place,
        span=span,
        silent=not plain and draw(st.sampled_from(range(10))) == 9,
        effect=effect,
        blast=0 if kind == "job" else draw(st.sampled_from([1, 1, 2, 3, 8, 100] if plain else [1, 1, 2, 3, 8, 100, 0])),
        exposed="ALWAYS" if plain else draw(EXPOSED),
        renewal=lemons == 0.0 and draw(st.booleans()),
        bench=draw(st.booleans()),
        retire=draw(st.sampled_from(range(12))) == 11,
        hidden=draw(st.sampled_from([0.0, 0.2, 0.2] if plain else [0.0, 0.5, 1.0])) if stops else 0.0,
        reach=draw(st.sampled_from([0, 0, 0, 5, 40])) if stops else 0,
        cure=draw(st.sampled_from([0.0, 0.5, 1.0])),
        lemons=lemons,
        hazard=hazard,
        mean=draw(st.sampled_from([1_000, 500, 250] if plain else [3_000, 20_000, 1_000, 300, 100])),
        shape=draw(st.sampled_from([0.3, 0.8, 1.0, 2.0, 8.0])) if hazard == "WEIBULL" else 1.0,
        age=draw(st.sampled_from([0, 0, 1, 2_000])),
        rates=tuple(draw(st.lists(st.sampled_from([1.0, 0.5, 8.0, 0.0]), min_size=1, max_size=4)))
        if hazard == "TABLE"
        else (1.0,),
        step=draw(st.sampled_from([1, 200, 1_000])) if hazard == "TABLE" else 500,
        laws=written,
    )


@st.composite
def jobs(draw: st.DrawFn) -> dict[str, Any]:
    """The scalars of a sketch, and its windows."""
    needed = draw(st.sampled_from([2, 3, 4, 7, 1, 30, 60]) | st.integers(1, 60))
    save = draw(st.sampled_from([0, 1, 7, 10, 100, 250]))
    interval = draw(st.sampled_from([100, 60, 97, 10, 300, 1, 10**6]))
    memory = draw(st.booleans())
    peers = draw(st.integers(1, 4)) if memory else 0
    windows = draw(st.lists(st.tuples(st.integers(0, 2_000) | ROUND, st.sampled_from([-1, 0, 1, 100])), max_size=3))
    return {
        "needed": needed,
        "spares": draw(st.sampled_from([0, 1, 2, 3, needed])),
        "work": draw(st.sampled_from([3_000, 6_000, 999, 100, 1]) | st.integers(500, 6_000)),
        "interval": interval,
        "save": save,
        "save_storage": save + draw(ROUND),
        "storage_every": draw(st.sampled_from([1, 2, 3, 7])) if memory else 1,
        "lag": draw(st.sampled_from([0, 1, 90, 100, 110, 210, 1_500, 50_000])),
        "overlap": draw(st.sampled_from(["DELAY", "SKIP"])),
        "memory_group": peers + 1 + draw(st.sampled_from([0, 0, 1, 5])) if memory else 0,
        "memory_peers": peers,
        "memory_apart": draw(st.integers(0, 1)),
        "start_up": draw(SHORT),
        "horizon": draw(st.sampled_from([HORIZON] * 20 + [1_000, 1, 0])),
        "max_records": draw(st.sampled_from([1_500] * 20 + [30, 2, 1])),
        "crews": draw(st.sampled_from([0, 1, 2, 8])),
        "warm_up": draw(st.sampled_from([0, 1_000])),
        "window_period": draw(st.sampled_from([0, 0, 1_000, 333, 60])),
        "windows": tuple(sorted(windows, key=lambda window: window[0])),
        "window_laws": draw(laws_of_recovery(draw(st.sampled_from([0, 10])))),
        "replication": draw(st.integers(0, 2**31)),
    }


@st.composite
def weathers(draw: st.DrawFn) -> Sketch:
    """Plans whose failures are drawn: several causes, many of them of one kind now and then."""
    job = draw(jobs())
    effects = draw(st.lists(st.sampled_from(["SLOW", "STOP", "STALL", "SLOW", "STOP"]), min_size=1, max_size=4))
    rows = [draw(causes(job["needed"], effect)) for effect in effects]
    if draw(st.sampled_from([True, True, True, False])):
        rows.append(draw(causes(job["needed"], "STOP", plain=True)))
    copies = draw(st.sampled_from([1, 1, 1, 3]))
    return Sketch(**job, causes=tuple(rows * copies))


@st.composite
def script_lines(draw: st.DrawFn, needed: int, rows: int, moments: list[int]) -> dict[str, int]:
    """One scripted strike."""
    line = {"at": draw(st.sampled_from(moments) | st.integers(0, 3_000)), "cause": draw(st.integers(0, rows - 1))}
    kind = draw(st.sampled_from(["stop", "stop", "stop", "stall", "slow", "bench", "job", "corrupt"]))
    if kind == "bench":
        return line | {"bench": draw(st.integers(0, 3))} | draw(_aftermath())
    if kind == "job":
        return line | {"blast": 0} | draw(_aftermath())
    place = draw(st.integers(0, needed - 1))
    if kind == "stop":
        block = draw(st.sampled_from([{}, {}, {"blast": 2}, {"blast": 5}, {"blast": 99}, {"blast": 0}]))
        return line | {"place": place} | block | draw(_aftermath())
    if kind == "corrupt":
        culprit = {"place": place} if draw(st.booleans()) else {"place": -1}
        return line | culprit | {"effect": int(Effect.CORRUPT), "found": draw(st.sampled_from([0, 1, 90, 400]))}
    if kind == "stall":
        somewhere = {"place": place} if draw(st.booleans()) else {}
        return line | somewhere | {"effect": int(Effect.STALL), "length": draw(st.sampled_from([0, 1, 5, 50, 400]))}
    speed = draw(st.sampled_from([1_000, 33_333, 50_000, 70_001, SPEED_SCALE - 1, SPEED_SCALE]))
    line |= {"place": draw(st.sampled_from([place, place, place, -1])), "effect": int(Effect.SLOW), "speed": speed}
    return line | draw(_some_of({"found": [0, 1, 50, 300], "healed": [0, 1, 50, 500]}))


def _some_of(values: dict[str, list[int]]) -> st.SearchStrategy[dict[str, int]]:
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(choice) for name, choice in values.items()})


def _aftermath() -> st.SearchStrategy[dict[str, int]]:
    times = {"detection": [0, 10, 99], "diagnosis": [0, 10, 99], "repair": [0, 10, 200, 3_000]}
    return _some_of({**times, "relapse": [0, 1, 70, 500]}) | _some_of({"retire": [1], "relapse": [0, 5]}) | st.just({})


@st.composite
def scripts(draw: st.DrawFn) -> Sketch:
    """Plans whose failures are given, several of them on one tick."""
    job = draw(jobs())
    rows = draw(st.integers(1, 3))
    written = [Cause(laws=draw(laws_of_recovery(draw(st.sampled_from([0, 10, 30]))))) for _ in range(rows)]
    moments = draw(st.lists(st.integers(0, 2_000) | st.sampled_from([0, 100, 200, 400]), min_size=1, max_size=4))
    lines = draw(st.lists(script_lines(job["needed"], rows, moments), min_size=1, max_size=30))
    return Sketch(**job, causes=tuple(written), script=tuple(lines))


__all__ = ["NEVER", "Cause", "Sketch", "plan_of", "scripts", "units_of", "weathers"]
