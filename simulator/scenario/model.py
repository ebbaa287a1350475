"""The scenario: everything known about a planned run, frozen, in SI, with what is uncertain about it kept apart."""

import math
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from simulator.nouns.clocks import SHARED, rows
from simulator.nouns.clocks import Row as CauseRow
from simulator.nouns.operators import CLASS, MATURITY, hidden_inputs, moved
from simulator.scenario.number_paths import document, quantities
from simulator.scenario.schema import Document
from simulator.words.quantity import Quantity

if TYPE_CHECKING:
    from simulator.scenario.step import Step
    from simulator.workload.case import Case

_PHASE = re.compile(r"job\.phases\.\d+\.step_time")
PHASES = "job.phases.step_time"  # the error of the predicted steps of all phases
INPUT_STREAMS = 2**32  # streams of uncertain inputs begin here, far above those of causes


class Row(NamedTuple):
    """A line of `derisk check`: a resolved value, how well it is known, and what backs it."""

    path: str
    value: str
    ignorance: str
    source: str  # begins with ASSUMED where nothing backs it
    standing: str = ""  # given | chosen | default | follows, see Quantity.standing


class Origin(Protocol):
    """Of what a scenario was read; it is read once more where something is changed."""

    def changed(self, overrides: Sequence[str]) -> "Scenario":
        """Return the scenario with more overrides on top. Raises ScenarioErrors."""
        ...


@dataclass(frozen=True, eq=False)
class Scenario:
    """A planned run on a planned cluster. Sections hold quantities in SI; equal only to itself, so it can be a key."""

    document: Document = field(repr=False)
    file: str
    step: "Step | None" = field(default=None, repr=False)  # of its job, where model, batch and GPU are known
    inert: tuple[str, ...] = field(default=(), repr=False)  # what a layer below says and nothing here asks for: told
    origin: "Origin | None" = field(default=None, repr=False)  # of what it was read; None only while it is read

    def with_(self, overrides: Mapping[str, Any]) -> "Scenario":
        """Return the scenario with values changed, on top of all that were changed before; this one stays as it is.

        Values by path are texts with their unit, as {"cluster.hot_spares": "64 nodes", "failures.gpu.rate": "x2"}, or
        numbers where a key has none. Raises ScenarioErrors.
        """
        from simulator.scenario.python_values import texts_of

        return self.changed(texts_of(overrides))

    def changed(self, overrides: Sequence[str]) -> "Scenario":
        """Return the scenario with more overrides, each "a.b=value" as after `--set`. Raises ScenarioErrors."""
        assert self.origin is not None  # whatever reads a scenario says of what it was read
        return self.origin.changed(overrides)

    @property
    def name(self) -> str:
        """What it is called."""
        return self.document.name

    @property
    def question(self) -> str | None:
        """What a planner wants to know."""
        return self.document.question

    @property
    def nodes(self) -> int:
        """Nodes of the job, without spares."""
        return self.document.cluster.needed

    @property
    def spares(self) -> int:
        """Hot spares [nodes]."""
        return self.document.cluster.spares

    @property
    def gpus(self) -> int:
        """GPUs of the job, without those of spares."""
        return self.document.cluster.job_gpus

    @property
    def provisioned_gpus(self) -> int:
        """GPUs of the job and of all its spares."""
        cluster = self.document.cluster
        return (self.nodes + cluster.idle_nodes) * int(cluster.gpus_per_node.median)

    @property
    def gpu_peak(self) -> float | None:
        """Dense peak speed of one GPU at the job's precision [FLOP/s], where known."""
        peak = self.document.cluster.peak.get(self.document.job.precision)
        return None if peak is None else peak.median

    @property
    def step_case(self) -> "Case | None":
        """The training step of its job with every degree of its plan fixed, where model, batch and GPU are known."""
        return None if self.step is None else self.step.case

    @property
    def start(self) -> date | None:
        """The day on which the run starts, where given."""
        return self.document.job.start

    @property
    def deadline(self) -> date | None:
        """The deadline, where given."""
        return self.document.job.deadline

    @property
    def seed(self) -> int:
        """The seed of all draws."""
        return int(self.document.run.seed.median)

    @property
    def replications(self) -> int:
        """Replications without a stop rule."""
        return int(self.document.run.replications.median)

    @cached_property
    def rows(self) -> tuple[CauseRow, ...]:
        """The causes as an engine has them: a row for each clock, with the units that the cluster has."""
        return tuple(rows(self.document.cluster, self.document.failures))

    @cached_property
    def size_moves(self) -> bool:
        """Whether anything beside failures and recovery is uncertain, and with it the size and the speed of the job."""
        return any(not quantity.path.startswith(("failures.", "recovery.")) for quantity in self.inputs)

    @cached_property
    def shares_a_spread(self) -> bool:
        """Whether the rates of all causes have an uncertain factor in common."""
        return any(quantity.path == SHARED for quantity in self.inputs)

    def job_peak(self, values: Mapping[str, float] | None = None) -> float | None:
        """Return the peak speed of the job's GPUs together [FLOP/s], where known."""
        peak = self.document.cluster.peak.get(self.document.job.precision)
        return None if peak is None else peak.at(values) * self.gpus

    def flop(self, values: Mapping[str, float] | None = None) -> float | None:
        """Return the model FLOP of the run [FLOP], where known."""
        return self.document.job.flop_at(values, self.job_peak(values))

    def work(self, values: Mapping[str, float] | None = None) -> float:
        """Return the failure-free training time [s]."""
        return self.document.job.work_at(values, self.job_peak(values))

    def checkpoint_size(self, values: Mapping[str, float] | None = None) -> float | None:
        """Return the size of a checkpoint [B], where known."""
        return self.document.checkpoint.size_at(values, self.document.job.parameters)

    @cached_property
    def inputs(self) -> tuple[Quantity, ...]:
        """What is uncertain, each with a path of its own: what is drawn of the operator, then in the schema's order."""
        found = [*hidden_inputs(self.document.operator, self._alike)]
        uncertain = [quantity for quantity in quantities(self.document) if quantity.uncertain]
        # One model predicts the steps of all phases, so its error is one input, shown as the step of the first.
        found += [quantity for quantity in uncertain if not _of_phases(quantity)]
        found += [replace(first, path=PHASES) for first in self._steps[:1] if first.uncertain]
        shared = self.document.failures.shared_spread
        if shared is not None and shared.median > 0:
            # The number given is the spread; the input is the factor on all rates that has it.
            found.append(replace(shared, median=1.0, like="", spread=shared.median))
        return tuple(found)

    @cached_property
    def _alike(self) -> float:
        """How much of the variance of what the operator's maturity moves is common to all of that [1]."""
        alike = self.document.operator.alike
        moves = sum(quantity.uncertain and moved(quantity.path) for quantity in quantities(self.document))
        return alike.median if alike is not None and moves > 1 else 0.0

    @cached_property
    def _names(self) -> tuple[tuple[int, int], ...]:
        # Checksums of its path name an input, so that one input more does not shift the draws of the others.
        names = (quantity.path.encode() for quantity in self.inputs)
        return tuple((INPUT_STREAMS + zlib.crc32(name), zlib.adler32(name)) for name in names)

    def draw_inputs(self, seed: int, replication: int, pinned: Mapping[str, float] | None = None) -> dict[str, float]:
        """Return the uncertain inputs of a replication by path [SI]; what is pinned has that value instead."""
        import numpy as np

        from simulator.numbers.chance import replication_key, uniform
        from simulator.numbers.durations import normal_quantile
        from simulator.numbers.plan import Purpose

        # A key comes back from compiled code as a plain int, and would be taken for an int64 on the way in.
        key, purpose = np.uint64(replication_key(seed, replication)), int(Purpose.INPUT)
        scores = [normal_quantile(uniform(key, stream, ordinal, purpose)) for stream, ordinal in self._names]
        return self.inputs_at(scores, {} if pinned is None else pinned)

    def inputs_at(self, scores: Sequence[float], pinned: Mapping[str, float]) -> dict[str, float]:
        """Return the uncertain inputs by path [SI] from independent standard normal scores, one an input.

        What the operator's maturity moves has a score in part of its own and in part the maturity's: a good operator is
        fast. What is pinned has its value [SI], and what depends on it follows.
        """
        from simulator.numbers.durations import normal_quantile

        values: dict[str, float] = {}
        common, own = math.sqrt(self._alike), math.sqrt(1.0 - self._alike)
        for quantity, moves, score in zip(self.inputs, self._moves, scores, strict=True):
            path = quantity.path
            if path in pinned:
                values[path] = pinned[path]
            elif not moves and not quantity.by_class:
                values[path] = quantity.at_score(score)
            else:
                if moves:
                    good = min(max(values[MATURITY], 2.0**-53), 1.0 - 2.0**-53)
                    score = own * score - common * normal_quantile(good)
                number = self._number_of(quantity, values)
                values[path] = number.at_score(score)
            if path == PHASES:
                error = quantity.score_of(values[path])
                values |= {step.path: step.at_score(error) for step in self._steps}
        return values

    def _number_of(self, quantity: Quantity, values: Mapping[str, float]) -> Quantity:
        """Return a number as it is for the class of operator that was drawn."""
        if not quantity.by_class:
            return quantity
        name = list(self.document.operator.classes)[int(values.get(CLASS, 0.0))]
        return next(one.number for one in quantity.by_class if one.name == name)

    @cached_property
    def _steps(self) -> tuple[Quantity, ...]:
        """The predicted steps of phases, which share the error of one model."""
        return tuple(quantity for quantity in quantities(self.document) if _of_phases(quantity))

    @cached_property
    def _moves(self) -> tuple[bool, ...]:
        return tuple(self._alike > 0 and moved(quantity.path) for quantity in self.inputs)

    def silent(self) -> list[str]:
        """Return the paths of the numbers that its file does not say: defaults, and what follows from others."""
        return [quantity.path for quantity in quantities(self.document) if not quantity.said]

    def table(self) -> list[Row]:
        """Return every resolved number that bears on the answer, in the order of the schema."""
        ageless = {
            f"failures.{name}.age"
            for name, cause in self.document.failures.given.items()
            if cause.law == "exponential" and cause.intensity is None
        }
        return [
            Row(quantity.path, quantity.text(), quantity.ignorance(), quantity.backing, quantity.standing)
            for quantity in quantities(self.document)
            if quantity.path not in ageless
        ]

    def derived(self) -> list[Row]:
        """Return what follows from the inputs, at their medians."""
        from simulator.scenario.derived import derived

        return [Row(path, value, "", source) for path, value, source in derived(self)]

    def resolved(self) -> dict[str, Any]:
        """Return the scenario with every default filled, as plain mappings, lists and text; it can be loaded again."""
        written: dict[str, Any] = {"schema": 1, **document(self.document)}
        if str(written["cluster"].get("node", "")).endswith(".yaml") and not self.document.cluster.elements:
            from simulator.scenario.idle import unused_of_profile  # which asks all there is of a scenario

            del written["cluster"]["node"]  # a path has no meaning elsewhere, and all that it said is filled in
            for _, *above, key in unused_of_profile(self):
                below = written["cluster"]
                for name in above:
                    below = below[name]
                del below[key]
        for tier in written.get("checkpoint", {}).get("tiers", ()):
            if "bandwidth" in tier:
                tier.pop("storage", None)  # it has said how fast it is
        return written

    def resolved_yaml(self) -> str:
        """Return `resolved` as YAML text."""
        return self._resolved_yaml

    @cached_property
    def _resolved_yaml(self) -> str:
        from ruamel.yaml import YAML

        text = StringIO()
        yaml = YAML(typ="safe", pure=True)
        yaml.default_flow_style, yaml.sort_base_mapping_type_on_output, yaml.width = None, False, 160  # type: ignore[assignment]
        yaml.dump(self.resolved(), text)
        return text.getvalue()


def _of_phases(quantity: Quantity) -> bool:
    """Return whether a number is the predicted step of a phase, which shares the error of the others."""
    return quantity.how == "inferred" and _PHASE.fullmatch(quantity.path) is not None
