"""Small random plans with every mechanism switched on, in ticks so few that many events fall on the same one."""

import math

import numpy as np

from simulator.chance import Purpose
from simulator.durations import LAW_COLUMNS, NEVER, SPEED_SCALE, Family, Hazard
from simulator.ledger import Effect, Exposed
from simulator.plan import Line, Overlap, Plan, plain

TICK = 1e-6  # [s]
CAUSES = 7
RARE, COMMON = 20_000, 3_000  # [ticks] mean times between candidates


def random_plan(seed: int) -> Plan:
    """A plan with a cause of each kind: plain, renewed, stalling, slow, wide, lemon, changing with calendar time."""
    dice = np.random.default_rng(seed)
    needed, spares = int(dice.integers(1, 13)), int(dice.integers(0, 7))
    memory = bool(dice.integers(2))
    peers = int(dice.integers(1, 3))
    save = int(dice.integers(0, 12))
    listed = int(dice.integers(0, 4))
    return Plan(
        needed=needed,
        spares=spares,
        work=int(dice.integers(500, 60_000)),
        interval=int(dice.integers(20, 400)),
        save=save,
        save_storage=save + int(dice.integers(0, 12)),
        storage_every=int(dice.integers(1, 5)) if memory else 1,
        lag=int(dice.choice([0, 5, 50, 500])),
        overlap=int(dice.choice(list(Overlap))),
        memory_group=peers + 1 + int(dice.integers(0, 3)) if memory else 0,
        memory_peers=peers if memory else 0,
        memory_apart=int(dice.integers(2)),
        start_up=int(dice.choice([0, 30])),
        horizon=int(dice.choice([60_000, 200_000])),
        max_records=int(dice.choice([40, 3_000, 10**6])),
        crews=int(dice.integers(0, 4)),
        warm_up=int(dice.choice([0, 1_000])),
        window_period=int(dice.choice([0, 2_000])),
        **plain(CAUSES),
        **_causes(dice, needed),
        laws=_laws(dice),
        window_due=np.sort(dice.integers(0, 3_000, listed)),
        window_length=dice.integers(-1, 60, listed),
        script=np.zeros((0, len(Line)), np.int64),
        script_order=np.zeros(0, np.int64),
    )


def _causes(dice: np.random.Generator, needed: int) -> dict[str, np.ndarray]:
    per_place = np.array([2, 1, 0, 2, 0, 1, int(dice.integers(0, 2))])
    span = np.array([0, 0, 0, 0, int(dice.integers(1, 5)), 0, 0])
    units = np.where(per_place > 0, per_place * needed, np.where(span > 0, -(-needed // np.maximum(span, 1)), 1))
    units = np.where(dice.random(CAUSES) < 0.8, units, 0)
    mean = dice.choice([COMMON, RARE], CAUSES) * TICK * np.maximum(units, 1)
    hazard = np.zeros((CAUSES, 3))
    hazard[:, 0] = 1.0 / mean
    hazard[:, 2] = dice.choice([0.0, 2_000 * TICK], CAUSES)
    hazard[1, :2] = float(dice.choice([0.6, 1.0, 3.0])), mean[1]
    hazard[3, :2] = float(dice.choice([0.6, 1.0, 3.0])), mean[3]
    # The last cause: two rates, the second from tick 1,000 on; it may be zero, which means never again.
    rates = np.array([1.0, float(dice.choice([0.0, 0.2, 3.0]))]) / mean[6]
    ages = np.array([0.0, 1_000 * TICK])
    hazard[6, :2] = 0, 2
    blast = np.array([1, int(dice.integers(1, 3)), 1, 1, int(dice.integers(0, 6)), 1, 1])
    blast[6] = per_place[6]  # a unit without a place takes no node
    return {
        "units": units,
        "per_place": per_place,
        "span": span,
        "effect": np.array([Effect.STOP] * 2 + [Effect.STALL, Effect.SLOW] + [Effect.STOP] * 3),
        "blast": blast,
        "exposed": dice.choice(list(Exposed), CAUSES),
        "renewal": np.array([0, 1, 0, int(dice.integers(2)), int(dice.integers(2)), 1, 0]),
        "bench": np.array([1, 0, 0, 0, 0, 1, 1]) * int(dice.integers(2)),
        "retire": (dice.random(CAUSES) < 0.1).astype(np.int64),
        "hidden": np.array([0.3, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0]),
        "reach": dice.spawn(1)[0].choice([0, 3, 20], CAUSES),  # of its own, so that the rest of a plan stays
        "cure": dice.choice([0.3, 0.7, 1.0], CAUSES),
        "lemon_share": np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0]),
        "hazard_kind": np.array([Hazard.EXPONENTIAL, Hazard.WEIBULL, Hazard.EXPONENTIAL, Hazard.WEIBULL]
                                + [Hazard.EXPONENTIAL] * 2 + [Hazard.TABLE]),
        "hazard": hazard,
        "table": np.column_stack([ages, rates, [0.0, rates[0] * ages[1]]]),
    }  # fmt: skip


def _laws(dice: np.random.Generator) -> np.ndarray:
    """Every duration of every cause has a law of its own, of a family drawn for it."""
    laws = np.zeros((CAUSES + 1, LAW_COLUMNS, 4))
    for cause in range(CAUSES + 1):
        for purpose in range(LAW_COLUMNS):
            laws[cause, purpose] = _law(dice, float(dice.choice([0, 3, 10, 40])) * TICK)
        laws[cause, Purpose.REPAIR] = _law(dice, float(dice.choice([20, 200, 1_500])) * TICK)
        laws[cause, Purpose.RELAPSE] = _law(dice, float(dice.choice([0, 100, 700])) * TICK)
        laws[cause, Purpose.FOUND] = _law(dice, float(dice.choice([0, 100, 700])) * TICK)
        laws[cause, Purpose.HEALED] = _law(dice, float(dice.choice([50, 100, NEVER])) * TICK)
        laws[cause, Purpose.FACTOR] = (Family.UNIFORM, 0.2, 1.0, 0.0)
    return laws


def _law(dice: np.random.Generator, scale: float) -> tuple[float, float, float, float]:
    if scale == 0.0:
        return float(Family.FIXED), 0.0, 0.0, 0.0
    family = Family(int(dice.integers(0, 7)))
    if family is Family.LOGNORMAL:
        return float(family), math.log(scale), 1.0, 0.0
    if family is Family.WEIBULL:
        return float(family), scale, 1 / 0.6, 0.0
    if family is Family.GAMMA:
        return float(family), scale / 2, 2.0, 0.0
    if family is Family.UNIFORM:
        return float(family), 0.5 * scale, 1.5 * scale, 0.0
    if family is Family.EXPONENTIAL:
        return float(family), scale, 0.0, 0.0
    return float(Family.FIXED), scale, 0.0, 0.0


assert SPEED_SCALE == 100_000, "the speeds above are parts of it"
