"""What things cost: the prices of a scenario, and the lines of money that they make. See docs/cost.md."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from pydantic import Field

from simulator.words.hardware import Gpu
from simulator.words.quantity import LONGEST, Duration, Like, Quantity, Share, default
from simulator.words.section import Fault, Section


class Words(NamedTuple):
    """A line of money for people."""

    label: str
    meaning: str


# Lines of the run; they sum to its cost. The first five run with the clock, and so does debugging by the month.
LINES = {
    "gpus": Words("GPUs", "GPUs of the job and of all spares by the wall clock: rent, or capital that is written off"),
    "power": Words("power", "energy of all GPUs with their servers, and of the building around them (PUE)"),
    "network": Words("network", "what the network costs on top of the GPUs"),
    "storage": Words("storage", "storage by the wall clock"),
    "staff": Words("staff", "people by the wall clock"),
    "set_up": Words("set-up", "the time before the run, in which all is paid as within it, and what is paid once"),
    "debugging": Words("debugging", "people's time for each interruption of the job, or what debugging costs a month"),
}
# What a GPU costs by the clock, whatever it does.
OF_GPUS = ("gpus", "power", "network")

# What of those lines did not train: no two of these share a dollar, and none comes on top of the total.
PARTS = {
    "goodput_expense": Words("goodput expense", "GPUs of the job while there was no productive training"),
    "spares": Words("spares", "GPUs of hot and cold spares, trays and spare blocks, with their power and network"),
    "set_up": Words("set-up", "the line of that name"),
    "debugging": Words("debugging", "the line of that name"),
}

_ByVolume = Annotated[Quantity, Like("USD/TB/month", others=("USD/month",))]
_ByHead = Annotated[Quantity, Like("USD/person/day", others=("USD/day",))]
_ByHeadOrTime = Annotated[Quantity, Like("USD/person/h", others=("USD/month",))]
_Money = Annotated[Quantity, Like("USD")]


class StoragePrice(Section):
    """What storage costs."""

    price: _ByVolume = Field(description="of a volume and a time, or of all of it for a time")
    size: Annotated[Quantity, Like("PB")] | None = Field(default=None, description="how much, if the price asks for it")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with size and price together."""
        if self.price.like == "USD/month" and self.size is not None:
            yield ("size",), 'the price is that of all storage; leave size out, or write "price: 20 USD/TB/month"'
        if self.price.like != "USD/month" and self.size is None:
            yield ("price",), 'how much storage is it? write "size: 20 PB"'


class StaffPrice(Section):
    """What people cost while the run lasts."""

    price: _ByHead = Field(description="of a person and a time, or of all of them for a time")
    people: Annotated[Quantity, Like("people")] | None = Field(
        default=None, description="how many, if the price asks for it"
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with people and price together."""
        if self.price.like == "USD/day" and self.people is not None:
            yield ("people",), 'the price is that of all people; leave them out, or write "price: 1_000 USD/person/day"'
        if self.price.like != "USD/day" and self.people is None:
            yield ("price",), 'how many people are they? write "people: 10 people"'


class SetUp(Section):
    """What comes before the first step and is paid."""

    time: Duration | None = Field(default=None, description="before the run, in which all is paid as within it")
    price: _Money | None = Field(default=None, description="what is paid once")

    def faults(self) -> Iterator[Fault]:
        """Yield what is missing."""
        if self.time is None and self.price is None:
            yield (), 'what does it take? write "time: 14 d", or "price: 100_000 USD", or both'


class Debugging(Section):
    """What finding faults costs beside the time of the GPUs, which the ledger has."""

    price: _ByHeadOrTime = Field(description="of a person's time, or of all debugging for a time")
    time: Duration | None = Field(default=None, description="of people for each interruption of the job, on average")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with time and price together."""
        if self.price.like == "USD/month" and self.time is not None:
            yield ("time",), 'the price is that of all debugging; leave time out, or write "price: 100 USD/person/h"'
        if self.price.like != "USD/month" and self.time is None:
            yield ("price",), 'how long does somebody work on an interruption? write "time: 2 h"'


class Cost(Section):
    """Prices. `gpu` rents with power and building; `capital` owns, and `electricity` then comes on top."""

    gpu: Annotated[Quantity, Like("USD/GPU/h")] | None = Field(
        default=None, description="rent of a GPU, spares too, with its server, power and building"
    )
    capital: Annotated[Quantity, Like("USD/GPU")] | None = Field(
        default=None, description="of a GPU, with its share of server, network and building, instead of gpu"
    )
    lifetime: Annotated[Quantity, Like("years", above=0, most=LONGEST)] | None = Field(
        default=None, description="over which capital is written off, the same every hour"
    )
    residual: Share | None = Field(default=None, description="of capital that is left at the end of the lifetime")
    electricity: Annotated[Quantity, Like("USD/kWh")] | None = Field(
        default=None, description="of energy, where the GPUs are not rented"
    )
    power: Annotated[Quantity, Like("kW/GPU")] | None = Field(
        default=None, description="of a GPU with its share of server and network; the profile of its node may know"
    )
    pue: Annotated[Quantity, Like("", least=1)] | None = Field(
        default=None, description="power of the building over that of the machines"
    )
    network: Annotated[Quantity, Like("USD/GPU/h")] | None = Field(
        default=None, description="what the network costs on top of gpu or capital"
    )
    storage: StoragePrice | None = Field(default=None, description="storage for data and checkpoints")
    staff: StaffPrice | None = Field(default=None, description="people who run the job")
    set_up: SetUp | None = Field(default=None, description="what comes before the run and is paid")
    debugging: Debugging | None = Field(default=None, description="people who find faults")
    delay: Annotated[Quantity, Like("USD/day")] | None = Field(default=None, description="of a late finish")

    def faults(self) -> Iterator[Fault]:
        """Yield prices that would count the same thing twice, and those that miss their other half."""
        if self.gpu is not None:
            if self.capital is not None:
                yield ("capital",), "GPUs are either rented or owned; give either gpu or capital"
            for name in ("electricity", "power", "pue"):
                if getattr(self, name) is not None:
                    remedy = "leave it out, or own the GPUs: capital and lifetime instead of gpu"
                    yield (name,), f"the rent of a GPU, gpu, has power and building in it; {remedy}"
        elif self.electricity is None:
            for name in ("power", "pue"):
                if getattr(self, name) is not None:
                    yield (name,), 'what does energy cost? write "electricity: 0.08 USD/kWh"'
        if self.capital is None:
            for name in ("lifetime", "residual"):
                if getattr(self, name) is not None:
                    yield (name,), 'of which capital? write "capital: 40_000 USD/GPU", or leave it out'
        elif self.lifetime is None:
            yield ("capital",), 'over how long is it written off? write "lifetime: 4 years"'
        if self.set_up is not None and self.set_up.time is not None and not self._by_the_clock:
            text = "nothing that runs with the clock has a price, so this time costs nothing"
            yield ("set_up", "time"), f'{text}; write "gpu: 2 USD/GPU/h" under cost, or a price instead of the time'

    @property
    def _by_the_clock(self) -> bool:
        """Whether anything is paid for by the time that it takes."""
        debugging = self.debugging is not None and self.debugging.price.like == "USD/month"
        return debugging or any(name not in ("set_up", "debugging") for name in self.lines)

    def filled(self, gpu: Gpu | None) -> "Cost":
        """Return the prices with the power that the GPU's profile knows and a PUE, where energy has a price."""
        if self.electricity is None:
            return self
        update: dict[str, Quantity] = {}
        if self.power is None and gpu is not None and gpu.all_in_power is not None:
            known = gpu.all_in_power
            update["power"] = Quantity(
                known.median, "kW/GPU", known.p10, known.p90, known.spread, source=known.source, how=known.how
            )
        if self.pue is None:
            update["pue"] = default("1.2", "", why="the middle of 1.1 to 1.3, the usual range")
        return self.model_copy(update=update)

    @property
    def lines(self) -> tuple[str, ...]:
        """The names of the lines that have a price, in the order of LINES."""
        given = {name for name in LINES if getattr(self, name, None) is not None}
        given |= {"gpus"} if self.gpu is not None or self.capital is not None else set()
        given = given - {"power"} if self.electricity is None else given | {"power"}
        return tuple(name for name in LINES if name in given)

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of PARTS that there is money for."""
        of_gpus = any(name in OF_GPUS for name in self.lines)
        return tuple(name for name in PARTS if name in self.lines or (of_gpus and name not in LINES))
