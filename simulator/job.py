"""The job: how much work it is, and when it starts."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from simulator.model_shape import Parallel, Plan, Sequences, Shape, Tokens
from simulator.pauses import Evaluation, Ranks
from simulator.quantity import Duration, Like, PositiveDuration, Quantity, Share, default
from simulator.section import Fault, Section, refusal

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


class Job(Section):
    """One training run: `work`, or FLOP (from parameters and tokens) and an MFU, or a model whose step is predicted."""

    model: str | None = Field(default=None, description="a known model, such as llama3_405b")
    shape: Shape | None = Field(default=None, description="shapes of the model, where it is none of the known ones")
    sequence: Tokens | None = Field(default=None, description="length of a sequence; that of the known model")
    global_batch: Sequences | None = Field(default=None, description="sequences in an optimizer step")
    parallel: Plan = Field(default=Parallel(), description="the parallelism plan; auto: the fastest that fits")
    parameters: Annotated[Quantity, Like("parameters", above=0)] | None = None
    tokens: Annotated[Quantity, Like("tokens", above=0)] | None = None
    flop: Annotated[Quantity, Like("FLOP", above=0)] | None = Field(
        default=None, description="model FLOP of the run; else 6 x parameters x tokens"
    )
    precision: str = Field(default="bf16", description="the precision whose peak speed MFU refers to")
    mfu: Annotated[Quantity, Like("%", above=0, most=1)] | None = Field(
        default=None, description="model FLOP/s over peak FLOP/s while it trains"
    )
    step_time: PositiveDuration | None = Field(
        default=None, description="of an optimizer step [s]; predicted where neither it nor mfu is given"
    )
    work: PositiveDuration | None = Field(default=None, description="failure-free training time [s]")
    start: Day | None = Field(default=None, description="the day on which the run starts")
    deadline: Day | None = None
    ranks: Ranks | None = Field(default=None, description="how unlike each other ranks are: all wait for the slowest")
    evaluation: Evaluation | None = Field(default=None, description="pauses in which the model is evaluated")
    exposed_network: Share | None = Field(
        default=None, description="share of a step that waits for the network between nodes; slower as that narrows"
    )
    exposed_scale_up: Share | None = Field(
        default=None, description="share of a step that waits for the network within a domain, such as NVLink"
    )
    start_up: Duration = default("0 s", "min", why="the clock starts with training")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the job."""
        if self.step_time is not None and (self.mfu is not None or self.work is not None):
            other = "work" if self.work is not None else "mfu"
            yield ("step_time",), f"give either {other} or step_time"
        if self.work is not None:
            for name in ("flop", "tokens"):
                if getattr(self, name) is not None:
                    yield (name,), "give either work or the FLOP and tokens that it would follow from"
        elif self.mfu is None:
            yield from self._step_faults()
        elif self.flop_unknown and (self.tokens is None or (self.model is None and self.shape is None)):
            yield (), UNKNOWN_FLOP
        if self.start is not None and self.deadline is not None and self.deadline <= self.start:
            yield ("deadline",), f"{self.deadline} is not after the start, {self.start}"
        if self.deadline is not None and self.start is None:
            yield ("deadline",), "a deadline needs a start"

    @property
    def by_steps(self) -> bool:
        """Whether its time is that of steps, given or predicted."""
        return self.work is None and self.mfu is None

    @property
    def needs_model(self) -> bool:
        """Whether its step can be predicted, or something in it waits for what a known model tells."""
        return self.model is not None or self.shape is not None or (self.by_steps and self.step_time is None)

    @property
    def flop_unknown(self) -> bool:
        """Whether nothing tells the FLOP that an MFU turns into time."""
        return self.flop is None and (self.parameters is None or self.tokens is None)

    def _step_faults(self) -> Iterator[Fault]:
        if self.global_batch is None or (self.step_time is None and self.model is None and self.shape is None):
            text = 'the amount of work is unknown; write "work: 24 h", or tokens, parameters and mfu'
            yield (), f"{text}, or model, tokens and global_batch for a prediction"
        elif self.tokens is None:
            yield (), 'how long is the run? write "tokens: 15.6T tokens"'

    def steps_at(self, values: Mapping[str, float] | None) -> float | None:
        """Return the optimizer steps of the run; None where nothing tells."""
        if self.tokens is None or self.global_batch is None or self.sequence is None:
            return None
        return self.tokens.at(values) / (self.global_batch.median * self.sequence.median)

    def flop_at(self, values: Mapping[str, float] | None, peak: float | None) -> float | None:
        """Return the model FLOP of the run [FLOP] on GPUs with a joint peak [FLOP/s]; None where nothing tells."""
        if self.flop is not None:
            return self.flop.at(values)
        if self.tokens is not None and self.parameters is not None:
            return FLOP_PER_PARAMETER_AND_TOKEN * self.parameters.at(values) * self.tokens.at(values)
        if self.work is not None and self.mfu is not None and peak is not None:
            return self.work.at(values) * self.mfu.at(values) * peak
        return None

    def work_at(self, values: Mapping[str, float] | None, peak: float | None) -> float:
        """Return the failure-free training time [s] on GPUs with a joint peak [FLOP/s]."""
        if self.work is not None:
            return self.work.at(values)
        steps = self.steps_at(values)
        if self.by_steps and self.step_time is not None and steps is not None:
            return steps * self.step_time.at(values)
        flop = self.flop_at(values, peak)
        if flop is None or self.mfu is None or peak is None:
            raise ValueError("the door lets no job pass whose work is unknown")
        return flop / (self.mfu.at(values) * peak)
