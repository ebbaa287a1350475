"""Random scenarios: trees of sections in which each mechanism is switched on at random, and any number is uncertain.

What a scenario refuses, because it contradicts something or would change nothing, is taken out of the tree again.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

from simulator.scenario import Scenario, ScenarioErrors, parse_scenario

Tree = dict[str, Any]
PARTS = ("gpu", "hbm", "node", "host", "nic", "link", "software", "job", "leaf", "rack", "feed", "hall", "dimm", "pdu")
ROUNDS = 12


class Dice(random.Random):
    """Draws parts of a scenario."""

    def number(self, unit: str, low: float, high: float) -> Any:
        """Return a number between two bounds, logarithmically, that may be uncertain."""
        text = self.text(unit, low, high)
        form = self.randrange(4)
        if form == 0:
            return {"value": text, "spread": self.choice(["10%", "40%"])}
        if form == 1:
            factor = float(text.split(" ")[0].rstrip("%"))
            return {key: text.replace(text.split(" ")[0].rstrip("%"), f"{factor * times:.6g}", 1)
                    for key, times in (("p10", 0.5), ("p50", 1.0), ("p90", 1.7))}  # fmt: skip
        return text

    def text(self, unit: str, low: float, high: float) -> str:
        """Return a certain number between two bounds."""
        number = f"{low * (high / low) ** self.random():.5g}"
        return number + (unit if unit in ("", "%") else f" {unit}")

    def law(self, unit: str, low: float, high: float) -> Any:
        """Return a time: fixed, or a law of any form."""
        one, shape = self.number(unit, low, high), self.number("", 0.5, 2.5)
        below, above = self.text(unit, low, high), self.text(unit, 1.2 * high, 6 * high)
        return self.choice([
            one, one, {"mean": one, "shape": shape, "law": self.choice(["weibull", "lognormal", "gamma"])},
            {"p50": below, "p90": above, "law": self.choice(["lognormal", "weibull", "gamma"])},
            {"p50": one, "shape": shape}, {"mean": one, "law": "exponential"}, {"from": below, "to": above},
            {"every": one, "power": self.number("%", 30, 90)},
        ])  # fmt: skip

    def seldom(self, one: Any, usual: Any) -> Any:
        """Return the one of two that is rare, or the usual one."""
        return one if self.random() < 0.2 else usual

    def some(self, tree: Tree, odds: float = 0.5) -> Tree:
        """Return a part of the keys of a tree."""
        return {key: value for key, value in tree.items() if self.random() < odds}


def random_scenarios(first: int, count: int) -> Iterator[tuple[int, Scenario]]:
    """Yield scenarios by their seeds, those that can be made."""
    for seed in range(first, first + count):
        scenario = scenario_of(_tree(Dice(seed)))
        if scenario is not None:
            yield seed, scenario


def scenario_of(tree: Tree) -> Scenario | None:
    """Return the scenario of a tree without what is refused in it; None where nothing helps."""
    for _ in range(ROUNDS):
        try:
            return parse_scenario(json.dumps(tree))
        except ScenarioErrors as refused:
            gone = [_take_out(tree, error.path.split(".")) for error in refused.errors]
            if not any(gone):
                return None
    return None


def _take_out(tree: Tree, path: list[str]) -> bool:
    """Take the key at a path out of a tree, or what stands there of it; sections stay."""
    above: Any = tree
    for word in path[:-1]:
        below = above.get(word) if isinstance(above, dict) else None
        if not isinstance(below, dict):
            path = path[: path.index(word) + 1]
            break
        above = below
    if len(path) < 2 or path[-1] in ("part", "nodes", "work") or path[-1] not in above:
        return False
    del above[path[-1]]
    return True


def _tree(dice: Dice) -> Tree:
    cluster = {
        "nodes": f"{dice.choice([dice.randint(1, 9), dice.randint(10, 300), 64])} nodes",
        "gpus_per_node": f"{dice.choice([4, 8])} GPUs",
    }
    sizes = {"nics_per_node": "4 NICs", "nodes_per_leaf": "8 nodes", "nodes_per_rack": "4 nodes",
             "nodes_per_feed": "8 nodes", "nodes_per_hall": "32 nodes"}  # fmt: skip
    cluster |= dice.some(sizes, 0.8) | {"parts": {"dimm": "6 /node", "pdu": f"{dice.randint(2, 9)} nodes"}}
    cluster |= dice.some({"hot_spares": dice.choice(["3 nodes", "5%", "7.3%"])}, 0.8)
    pools = {"cold_spares": "6 nodes", "preemptible": "4 nodes"}
    blocks = {"blocks": {"size": f"{dice.randint(2, 7)} nodes", "trays": "1 nodes", "spare_blocks": "1"}}
    cluster |= dice.choice([{}, dice.some(pools, 0.7), blocks])
    tree = {
        "schema": 1, "name": "random", "cluster": cluster, "job": _job(dice), "checkpoint": _checkpoint(dice),
        "failures": {f"cause{number}": _cause(dice) for number in range(dice.randint(1, 5))},
        "recovery": _recovery(dice), "run": dice.some({"horizon": "1000 d", "max_events": "5_000", "warm_up": "1 d"}),
    }  # fmt: skip
    tree["failures"] |= dice.some({"shared_spread": "30%"}, 0.4)
    tree["failures"] |= dice.some({"scales": {"excess": dice.number("", 0.05, 0.5), "from": "100 GPUs"}}, 0.3)
    listed = [{"at": dice.number("d", 1, 9), "length": dice.number("h", 1, 9)} for _ in range(dice.randint(1, 3))]
    recurs = {"every": dice.number("d", 1, 9), "length": dice.law("h", 1, 9)}
    recurs |= dice.some({"first": dice.number("h", 1, 90)})
    return tree | dice.choice([{}, {"maintenance": {"windows": listed}}, {"maintenance": recurs},
                               {"maintenance": {"windows": listed, **recurs}}])  # fmt: skip


def _job(dice: Dice) -> Tree:
    work = dice.choice([dice.number("d", 3, 60), dice.number("d", 3, 60), dice.number("d", 600, 900)])
    job = {"work": work, "parameters": dice.number("B parameters", 1, 500)}
    ranks = {"law": "pareto", "index": dice.number("", 3, 20)} if dice.random() < 0.5 else {}
    more = {
        "start_up": dice.choice([dice.number("min", 1, 30), {"by_gpus": [["8 GPUs", "1 min"], ["100 GPUs", "4 min"]]}]),
        "ranks": ranks | dice.some({"spread": dice.number("%", 0.1, 2), "noise": dice.number("%", 0.1, 3)}, 0.7),
        "evaluation": {"every": dice.number("h", 1, 9), "takes": dice.number("min", 1, 20)},
    }
    return job | dice.some(more, 0.4)


def _checkpoint(dice: Dice) -> Tree:
    storage = {"to": "storage", "blocking": dice.number("s", 1, 90)}
    storage |= dice.choice([{"lag": dice.number("s", 1, 900)}, {"bandwidth": dice.number("GB/s", 1, 90)}])
    storage |= dice.some({"restore": dice.law("min", 1, 9)}, 0.8)
    memory = {"to": "host_memory", "blocking": dice.number("s", 0.1, 5), "restore": dice.law("s", 5, 50)}
    memory |= dice.choice([{}, {"peers": "2"}, {"peers": "2", "group": "5"}]) | dice.some({"apart": True})
    both = dice.random() < 0.5
    tiers = [memory, storage | {"every": f"{dice.randint(1, 7)}"}] if both else [storage]
    times = {"times_optimum": dice.number("", 0.3, 3)}
    interval = dice.choice(["auto", "auto", times, times, dice.number("min", 5, 90)])
    more = {"overlap": "skip", "keep": "3", "bytes_per_parameter": dice.number("B", 8, 20)}
    return {"interval": interval, "tiers": tiers} | dice.some(more, 0.4)


def _recovery(dice: Dice) -> Tree:
    stage = {name: {"share": dice.number("%", 5, 50), "time": dice.law("d", 1, 4),
                    **dice.some({"crews": "3 crews", "cure": dice.number("%", 40, 99)})}
             for name in ("manual", "vendor")}  # fmt: skip
    grows = {"by_gpus": [["8 GPUs", "40 s"], ["200 GPUs", "3 min"], ["900 GPUs", "20 min"]]}
    hangs = {"share": dice.choice(["0%", "100%", dice.number("%", 1, 40)]), "detection": dice.law("min", 5, 30)}
    rungs = [{"rung": f"rung {letter}", "share": dice.seldom("100%", dice.number("%", 10, 70)),
              "time": dice.law("s", 5, 90), "keeps_nodes": dice.random() < 0.5}
             for letter in "xyz"[: dice.randint(0, 3)]]  # fmt: skip
    eviction = dice.some({"slower_than": dice.text("%", 50, 99), "once_it_cost": "40 min"})
    counted, scored = {"after": "3", "within": "5 d"}, {"score": "2.5", "memory": "9 d"}
    keys = {
        "detection": dice.law("min", 1, 9), "diagnosis": dice.law("min", 1, 20), "swap": dice.law("s", 5, 90),
        "restart": dice.choice([dice.law("min", 1, 20), grows, grows | {"times": dice.number("", 0.5, 2)}]),
        "hangs": hangs, "ladder": rungs, "missed": dice.number("%", 1, 30), "blamed": dice.number("%", 1, 30),
        "host_selection": dice.law("min", 1, 9), "preemption": dice.text("min", 5, 50), "resume_with": "1 nodes",
        "choice": dice.choice(["random", "fewest_failures"]), "slow_start": dice.number("s", 5, 300),
        "eviction": eviction, "repair_begins": "at_the_failure", "repair": dice.law("h", 2, 90), "crews": "4 crews",
        "cure": dice.number("%", 40, 99), "relapse": dice.law("d", 1, 9), **stage,
        "retirement": dice.choice([counted, scored, counted | scored]), "spares_exposed": True,
    }  # fmt: skip
    return dice.some(keys)


def _cause(dice: Dice) -> Tree:
    rates = [
        {"rate": dice.number(unit, 0.01, 2)} for unit in ("/kGPU/day", "/node/day", "/day", "/job/day", "/rack/day")
    ]
    rates.append({"observed": {"count": f"{dice.randint(3, 90)}", "over": dice.number("d", 3, 90), "on": "256 GPUs"}})
    rates += [{"mtbf": dice.number("d", 30, 900)}] * 3 + [{"rate": "0 /day"}]
    law = _law(dice)
    cause = {"part": dice.choice(PARTS)} | ({} if "scale" in law else dice.choice(rates)) | law | _effect(dice)
    lemons = {"share": dice.number("%", 1, 20)} | dice.some({"times": dice.number("", 2, 20)})
    lemons |= dice.some({"again": {"share": dice.number("%", 1, 9), "every": "3 d"}}, 0.3)
    more = {
        "times": dice.seldom("0", dice.number("", 0.2, 4)), "age": dice.number("d", 1, 300), "lemons": lemons,
        "retire": True,
        "scales": {"excess": dice.number("", 0.05, 0.5), "from": "60 GPUs"}, "blast": f"{dice.randint(0, 9)} nodes",
        "members": dice.number("%", 10, 90), "exposed": dice.choice(["busy", "running"]),
        "spares_exposed": dice.random() < 0.5, "detection": dice.law("min", 1, 9), "hangs": dice.number("%", 5, 50),
        "diagnosis": dice.law("min", 1, 9), "bisection": dice.number("min", 1, 5), "restart": dice.law("min", 1, 9),
        "repair": dice.choice(["never", dice.law("h", 1, 90)]), "missed": dice.number("%", 1, 20),
        "blamed": dice.number("%", 1, 20), "cure": dice.number("%", 40, 99), "relapse": dice.law("d", 1, 9),
        "common": {"share": dice.number("%", 1, 30), "domain": dice.choice(["rack", "leaf", "feed", "hall"])},
    }  # fmt: skip
    return cause | dice.some(more, 0.25)


def _law(dice: Dice) -> Tree:
    shape = dice.number("", 0.5, 3)
    weibull = {"law": "weibull", "shape": shape}
    found = dice.choice([
        {}, {}, {}, weibull, weibull | {"scale": dice.number("d", 30, 900)}, {"law": "lognormal", "shape": shape},
        {"intensity": [["0 d", "3"], ["5 d", "1"], ["20 d", "0.5"]]},
    ])  # fmt: skip
    return found | dice.some({"on_replacement": "minimal_repair"}, 0.5 if "law" in found else 0.0)


def _effect(dice: Dice) -> Tree:
    """A stop, with layers of the network that may hide it, or another effect."""
    layers = {
        "absorbed": dice.number("%", 5, 60), "link_level": dice.text("s", 1, 5), "multipath": dice.number("%", 5, 60),
        "reach": dice.choice([dice.text("s", 10, 60), {"timeout": "20", "retries": "7"}]),
        "rebuild": {"within": dice.text("s", 90, 300), "takes": dice.law("s", 10, 90)},
    }  # fmt: skip
    outage = {"stall": dice.law("s", 5, 200), "speed": dice.choice(["90%", {"from": "60%", "to": "95%"}])}
    slow = {"effect": "slow", "speed": dice.choice(["70%", {"from": "60%", "to": "95%"}])}
    slow |= dice.some({"found": dice.law("h", 1, 9), "healed": dice.law("h", 1, 9)})
    return dice.choice([
        {}, {}, outage | dice.some(layers), outage | dice.some(layers), slow,
        {"effect": "stall", "stall": dice.law("s", 5, 90)}, {"effect": "corrupt", "found": dice.law("h", 1, 9)},
    ])  # fmt: skip
