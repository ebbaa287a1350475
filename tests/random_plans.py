"""Small random plans with every mechanism switched on, in ticks so few that many events fall on the same one."""

import math

import numpy as np

from simulator.chance import Purpose
from simulator.durations import LAW_COLUMNS, NEVER, SPEED_SCALE, Family, Hazard
from simulator.ledger import Effect, Exposed
from simulator.mechanisms.neutral import neutral
from simulator.plan import Choice, Line, Odds, Overlap, Plan, Rule

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
    return neutral(CAUSES)._replace(
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
        "renewal": np.array([0, 1, 0, int(dice.integers(2)), int(dice.integers(2)), 0, 0]),
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
        laws[cause, Purpose.SPREAD] = 0.0
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


def wide_plan(seed: int) -> Plan:
    """A random plan with all that is rarer on too: layers, corruption, pools, stages, erring diagnoses, blocks."""
    plan = random_plan(seed)
    dice = np.random.default_rng([seed, 1])
    laws = plan.laws.copy()
    laws[CAUSES, Purpose.SPREAD] = (Family.UNIFORM, 0.0, float(dice.choice([0.0, 0.5])), 0.0)
    for cause in range(CAUSES):
        laws[cause, Purpose.MANUAL] = _law(dice, float(dice.choice([20, 200, 1_500])) * TICK)
        laws[cause, Purpose.VENDOR] = _law(dice, float(dice.choice([20, 2_000, 20_000])) * TICK)
        if dice.random() < 0.3:
            laws[cause, Purpose.FOUND] = (Family.CHECKS, 100 * TICK, 0.6, 0.0)
    some = dice.choice(3, p=[0.5, 0.3, 0.2])
    changed = plan._replace(
        laws=laws,
        pace=int(dice.choice([SPEED_SCALE, 77_777, 50_000])),
        max_candidates=int(dice.spawn(1)[0].choice([NEVER] * 8 + [1, 40])),
        slow_start=int(dice.choice([0, 7])),
        checkpoints_kept=int(dice.choice([0, 1, 3])),
        choice=int(dice.choice(list(Choice))),
        at_strike=int(dice.integers(2)),
        crews_manual=int(dice.integers(0, 3)),
        crews_vendor=int(dice.integers(0, 2)),
        retire_count=int(dice.choice([0, 0, 1, 2, 4])),
        retire_window=int(dice.choice([100, 3_000, NEVER])),
        retire_score=np.array([float(dice.choice([0.0, 0.0, 1.5, 3.0])), float(dice.choice([500, 20_000])) * TICK]),
        escalate=dice.choice([0.0, 0.5, 1.0], 2),
        lemon_period=int(dice.choice([0, 500, 3_000])),
        **_pools(dice, plan.needed, int(some)),
        **_wide_causes(dice, plan),
    )
    # Pauses take their share of the pace.
    evaluation = int(dice.choice([0, 10_000, SPEED_SCALE]))
    most = SPEED_SCALE * SPEED_SCALE // (SPEED_SCALE + evaluation)
    return changed._replace(evaluation=evaluation, pace=min(changed.pace, most))


def _pools(dice: np.random.Generator, needed: int, kind: int) -> dict[str, int]:
    """Nothing beside the pool; or a working pool and nodes of others; or blocks."""
    if kind == 1:
        names = {"reserve": 6, "backup": 4, "refill": 3}
        return {"selects": 1, "fetch": int(dice.choice([0, 10, 300]))} | {
            name: int(dice.integers(0, most)) for name, most in names.items()
        }
    if kind == 2:
        trays, spare = int(dice.integers(0, 3)), int(dice.integers(0, 3))
        return {"block": int(dice.integers(1, needed + 1)), "trays": trays, "spare_blocks": spare}
    return {}


def _wide_causes(dice: np.random.Generator, plan: Plan) -> dict[str, np.ndarray]:
    effect, units, blast = plan.effect.copy(), plan.units.copy(), plan.blast.copy()
    rules, odds = plan.rules.copy(), plan.odds.copy()
    # What spans nothing becomes elements of a fabric, an outage that slows the job, or a corruption without a culprit.
    slices = np.zeros((0, 3), np.int64)
    becomes = int(dice.integers(4))
    if becomes == 1:
        number = int(dice.integers(1, 5))
        first = np.sort(dice.integers(0, plan.needed, number))
        nodes = np.minimum(dice.integers(0, 4, number), plan.needed - first)
        slices = np.column_stack([np.where(nodes > 0, first, -1), nodes, dice.integers(1, SPEED_SCALE + 1, number)])
        rules[2, Rule.SLICE], effect[2], blast[2] = 0, Effect.STOP, 0
        units[2] = number if units[2] else 0
    elif becomes > 1:
        effect[2] = Effect.SLOW if becomes == 2 else Effect.CORRUPT
    if dice.random() < 0.4:
        effect[int(dice.choice([0, 6]))] = Effect.CORRUPT
    for cause in range(CAUSES):
        rules[cause, Rule.MASKED] = int(dice.choice([0, 0, 2]))
        rules[cause, Rule.REBUILD] = int(dice.choice([0, 0, 60]))
        rules[cause, Rule.EVICT_BELOW] = int(dice.choice([SPEED_SCALE + 1, 60_000]))
        rules[cause, Rule.PATIENCE] = int(dice.choice([0, 0, 50]))
    odds[:, Odds.MULTIPATH] = dice.choice([0.0, 0.0, 0.4], CAUSES)
    odds[:, Odds.MEMBERS] = dice.choice([1.0, 1.0, 0.5], CAUSES)
    odds[:, Odds.MISSED] = dice.choice([0.0, 0.3], CAUSES)
    odds[:, Odds.BLAMED] = dice.choice([0.0, 0.3], CAUSES)
    odds[:, Odds.LEMON_AGAIN] = dice.choice([0.0, 0.1], CAUSES)
    odds[:, [Odds.CURE_MANUAL, Odds.CURE_VENDOR]] = dice.choice([0.5, 1.0], (CAUSES, 2))
    causes = {"effect": effect, "units": units, "blast": blast, "rules": rules, "odds": odds, "slices": slices}
    hidden = np.where(effect == Effect.STOP, plan.hidden, 0.0)
    return causes | {"hidden": hidden, "bench": np.where(effect == Effect.STOP, plan.bench, 0)}
