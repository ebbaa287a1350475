"""The job: how much work it is, and when it starts."""

import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from simulator.mechanisms.pace import Evaluation, Ranks
from simulator.words.drawn import GrowingDuration, fixed
from simulator.words.model_shape import Parallel, Plan, Sequences, Shape, Tokens
from simulator.words.quantity import Like, PositiveDuration, Quantity, Share
from simulator.words.section import Fault, Section, refusal

UNKNOWN_FLOP = "the amount of work is unknown; write parameters and tokens, or flop"
FLOP_PER_PARAMETER_AND_TOKEN = 6.0  # forward and backward pass of a dense model: Kaplan et al. 2020, section 2.1


def _date(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise refusal([((), f'"{value}" is not a date; write year-month-day, such as 2027-03-01')], value) from None


Day = Annotated[date, BeforeValidator(_date)]


class Phase(Section):
    """A part of the run with a batch, a sequence or an MFU of its own."""

    tokens: Annotated[Quantity, Like("tokens", above=0)] = Field(description="tokens to train on in this phase")
    mfu: Annotated[Quantity, Like("%", above=0, most=1)] | None = Field(
        default=None, description="model FLOP/s over peak FLOP/s in this phase"
    )
    global_batch: Sequences | None = Field(default=None, description="sequences in an optimizer step; that of the job")
    sequence: Tokens | None = Field(default=None, description="length of a sequence; that of the job")
    step_time: PositiveDuration | None = Field(
        default=None, description="of an optimizer step [s]; predicted where neither it nor mfu is given"
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the phase."""
        for name in ("global_batch", "sequence", "step_time"):
            if self.mfu is not None and getattr(self, name) is not None:
                yield (name,), "changes nothing beside mfu, which says how fast the phase is; give one or the other"


class Job(Section):
    """One training run: `work`, or FLOP (from parameters and tokens) and an MFU, or a model whose step is predicted."""

    model: str | None = Field(default=None, description="a known model, such as llama3_405b")
    shape: Shape | None = Field(default=None, description="shapes of the model, where it is none of the known ones")
    sequence: Tokens | None = Field(default=None, description="length of a sequence; that of the known model")
    global_batch: Sequences | None = Field(default=None, description="sequences in an optimizer step")
    parallel: Plan = Field(default=Parallel(), description="the parallelism plan; auto: the fastest that fits")
    parameters: Annotated[Quantity, Like("parameters", above=0)] | None = Field(
        default=None, description="parameters of the model; a known model has them"
    )
    active_parameters: Annotated[Quantity, Like("parameters", above=0)] | None = Field(
        default=None, description="parameters that a token meets: of a mixture of experts a part of all"
    )
    tokens: Annotated[Quantity, Like("tokens", above=0)] | None = Field(default=None, description="tokens to train on")
    flop: Annotated[Quantity, Like("FLOP", above=0)] | None = Field(
        default=None, description="model FLOP of the run; else 6 x (active) parameters x tokens"
    )
    precision: str = Field(default="bf16", description="the precision whose peak speed MFU refers to")
    mfu: Annotated[Quantity, Like("%", above=0, most=1)] | None = Field(
        default=None, description="model FLOP/s over peak FLOP/s while it trains"
    )
    step_time: PositiveDuration | None = Field(
        default=None, description="of an optimizer step [s]; predicted where neither it nor mfu is given"
    )
    work: PositiveDuration | None = Field(default=None, description="failure-free training time [s]")
    phases: tuple[Phase, ...] = Field(
        default=(), description="parts of the run, one after the other, instead of tokens and one mfu"
    )
    start: Day | None = Field(default=None, description="the day on which the run starts")
    deadline: Day | None = Field(default=None, description="the last day that counts as in time; needs a start")
    ranks: Ranks | None = Field(default=None, description="how unlike each other ranks are: all wait for the slowest")
    evaluation: Evaluation | None = Field(default=None, description="pauses in which the model is evaluated")
    exposed_network: Share | None = Field(
        default=None, description="share of a step that waits for the network between nodes; slower as that narrows"
    )
    exposed_scale_up: Share | None = Field(
        default=None, description="share of a step that waits for the network within a domain, such as NVLink"
    )
    start_up: GrowingDuration = Field(
        default=fixed("0 s", "min", why="the clock starts with training"),
        description="from the beginning of the run until training begins",
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the job."""
        if self.step_time is not None and (self.mfu is not None or self.work is not None):
            other = "work" if self.work is not None else "mfu"
            yield ("step_time",), f"give either {other} or step_time"
        if self.work is not None:
            for name in ("flop", "tokens"):
                if getattr(self, name) is not None:
                    yield (name,), "give either work or the FLOP and tokens that it would follow from"
        elif self.phases:
            yield from self._phase_faults()
        elif self.mfu is None:
            yield from self._step_faults()
        elif self.flop_unknown and (self.tokens is None or (self.model is None and self.shape is None)):
            yield (), UNKNOWN_FLOP
        all_of_them, active = self.parameters, self.active_parameters
        if all_of_them is not None and active is not None and active.median > all_of_them.median:
            yield ("active_parameters",), f"{active.text()} exceed the {all_of_them.text()} of the model; lower them"
        if self.start is not None and self.deadline is not None and self.deadline <= self.start:
            yield ("deadline",), f"{self.deadline} is not after the start, {self.start}"
        if self.deadline is not None and self.start is None:
            yield ("deadline",), "a deadline needs a start"

    def _phase_faults(self) -> Iterator[Fault]:
        for name in ("tokens", "mfu", "step_time", "flop"):
            if getattr(self, name) is not None:
                yield (name,), "stands in each of the phases; leave it out here"
        fast = [phase.mfu is not None for phase in self.phases]
        if any(fast) and not all(fast):
            yield ("phases", fast.index(False)), "has no mfu, and others have; give all of them one, or none"
        for place, phase in enumerate(self.phases):
            if not any(fast) and phase.global_batch is None and self.global_batch is None:
                text = 'missing; write "global_batch: 2_048 sequences" here or under job, or mfu in all phases'
                yield ("phases", place, "global_batch"), text
        if not any(fast) and self.model is None and self.shape is None:
            if not all(phase.step_time is not None and (phase.sequence or self.sequence) for phase in self.phases):
                yield (), "how long are steps? name a model, or give each phase an mfu, or a sequence and a step_time"
        elif all(fast) and self.flop_unknown and self.model is None and self.shape is None:
            yield (), UNKNOWN_FLOP

    @property
    def by_steps(self) -> bool:
        """Whether its time is that of steps, given or predicted."""
        return self.work is None and self.mfu is None and not any(phase.mfu is not None for phase in self.phases)

    @property
    def by_mfu(self) -> bool:
        """Whether its time follows from FLOP and an MFU."""
        return self.work is None and not self.by_steps

    @property
    def predicted(self) -> bool:
        """Whether the time of a step is left to the step-time model."""
        if self.phases:
            return self.by_steps and any(phase.step_time is None for phase in self.phases)
        return self.by_steps and self.step_time is None

    def in_phase(self, phase: Phase) -> "Job":
        """Return the job as it is in one of its phases."""
        update: dict[str, Any] = {"tokens": phase.tokens, "mfu": phase.mfu, "step_time": phase.step_time, "phases": ()}
        for name in ("global_batch", "sequence"):
            if getattr(phase, name) is not None:
                update[name] = getattr(phase, name)
        return self.model_copy(update=update)

    @property
    def needs_model(self) -> bool:
        """Whether its step can be predicted, or something in it waits for what a known model tells."""
        return self.model is not None or self.shape is not None or self.predicted

    @property
    def flop_unknown(self) -> bool:
        """Whether nothing tells the FLOP that an MFU turns into time."""
        return self.flop is None and (self.met is None or (self.tokens is None and not self.phases))

    @property
    def met(self) -> Quantity | None:
        """The parameters that a token meets: all, where nothing says that a part of them is active."""
        return self.active_parameters if self.active_parameters is not None else self.parameters

    def _step_faults(self) -> Iterator[Fault]:
        if self.global_batch is None or (self.step_time is None and self.model is None and self.shape is None):
            text = 'the amount of work is unknown; write "work: 24 h", or tokens, parameters and mfu'
            yield (), f"{text}, or model, tokens and global_batch for a prediction"
        elif self.tokens is None:
            yield (), 'how long is the run? write "tokens: 15.6T tokens"'

    def tokens_at(self, values: Mapping[str, float] | None) -> float | None:
        """Return the tokens of the run; None where nothing tells."""
        if self.phases:
            return math.fsum(phase.tokens.at(values) for phase in self.phases)
        return None if self.tokens is None else self.tokens.at(values)

    def steps_at(self, values: Mapping[str, float] | None) -> float | None:
        """Return the optimizer steps of the run; None where nothing tells."""
        if self.tokens is None or self.global_batch is None or self.sequence is None:
            return None
        return self.tokens.at(values) / (self.global_batch.median * self.sequence.median)

    def flop_at(self, values: Mapping[str, float] | None, peak: float | None) -> float | None:
        """Return the model FLOP of the run [FLOP] on GPUs with a joint peak [FLOP/s]; None where nothing tells."""
        if self.flop is not None:
            return self.flop.at(values)
        tokens = self.tokens_at(values)
        if tokens is not None and self.met is not None:
            return FLOP_PER_PARAMETER_AND_TOKEN * self.met.at(values) * tokens
        if self.work is not None and self.mfu is not None and peak is not None:
            return self.work.at(values) * self.mfu.at(values) * peak
        return None

    def work_at(self, values: Mapping[str, float] | None, peak: float | None) -> float:
        """Return the failure-free training time [s] on GPUs with a joint peak [FLOP/s]."""
        if self.work is not None:
            return self.work.at(values)
        if self.phases:
            return math.fsum(self.in_phase(phase).work_at(values, peak) for phase in self.phases)
        steps = self.steps_at(values)
        if self.by_steps and self.step_time is not None and steps is not None:
            return steps * self.step_time.at(values)
        flop = self.flop_at(values, peak)
        if flop is None or self.mfu is None or peak is None:
            raise ValueError("the door lets no job pass whose work is unknown")
        return flop / (self.mfu.at(values) * peak)
