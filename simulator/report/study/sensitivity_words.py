"""The answer of `derisk sensitivity` in a sentence or two."""

import math

from simulator.planning.indices import CHANCE, Index, Indices
from simulator.planning.information import Information, Worth
from simulator.planning.outcomes import COST_WITH_DELAY
from simulator.planning.tornado import Bar, Tornado
from simulator.report import text

MEASURES = {"wall_days": "run time", "finish_days": "run time", "goodput": "goodput", "cost_usd": "cost"}
Z95 = 1.96
CLEAR = 2.0  # a difference of so many standard errors is one
MANY = 0.1  # share of the runs of the best option that may be cut off before that is said with it


def sentence(tornado: Tornado, information: Information | None) -> str:
    """Return which input the spread of the finish comes from, and what to measure first."""
    if not tornado.bars:
        cut = "Stopped before the first input was tried." if tornado.interrupted else ""
        if not cut and same_finish(tornado):
            return (
                "No input of this scenario is uncertain, and chance changes little or nothing: P10 and P90 are equal."
            )
        return cut or "No input of this scenario is uncertain, so all that is not certain about it is chance."
    words = f"{_of_the_finish(tornado)}{of_the_choice(information)}"
    return f"{words} Stopped early: {len(tornado.bars)} inputs were tried." if tornado.interrupted else words


def same_finish(tornado: Tornado) -> bool:
    """Return whether P10 and P90 of the finish are one value: to the eye, nothing varies."""
    return math.isfinite(tornado.finish_p90_days) and tornado.finish_p10_days == tornado.finish_p90_days


def _of_the_finish(tornado: Tornado) -> str:
    first = tornado.bars[0]
    spread = tornado.finish_p90_days - tornado.finish_p10_days
    if not math.isfinite(spread):
        return _endless(tornado)
    told = f"Of the {text.number(spread)} d between P10 and P90 of the finish"
    if not _clear(first):
        return f"{told}, no input alone brings more than the Monte Carlo error: more replications (-n) may tell."
    if math.isinf(first.swing_days):
        why = "with it at one end more than one run in ten does not finish"
        return f"{told}, most comes from {first.path}: {why}.{_next(first)}"
    part = "most" if first.swing_days >= spread / 2 else "the largest part"
    part = f"{part}, among the inputs tried," if tornado.interrupted else part
    swing = f"from its P10 to its P90 it moves the P90 of the finish by {text.number(first.swing_days)} d"
    return f"{told}, {part} comes from {first.path}: {swing}.{_next(first)}"


def _endless(tornado: Tornado) -> str:
    told = "More than one run in ten does not finish, so the P90 of the finish is never"
    first = tornado.bars[0]
    if math.isinf(first.swing_days):
        end = first.low if math.isfinite(first.finish_p90_days[0]) else first.high
        return f"{told}; with {first.path} at {end} it is {days(min(first.finish_p90_days))}.{_next(first)}"
    widest = max(tornado.bars, key=lambda bar: abs(bar.goodput[1] - bar.goodput[0]))
    points = text.number(100 * abs(widest.goodput[1] - widest.goodput[0]))
    told += f" whatever one input is; goodput moves most with {widest.path}, by {points} points"
    return f"{told}.{_next(widest)}"


def _next(bar: Bar) -> str:
    return f" Measure it first{', for it is ASSUMED' if bar.assumed else ''}."


def _clear(bar: Bar) -> bool:
    return math.isnan(bar.finish_error_days) or bar.swing_days > CLEAR * bar.finish_error_days


def of_the_choice(information: Information | None) -> str:
    """Return which option is best and whether knowing an input would change that; empty without a choice."""
    if information is None or not information.worths:
        return ""
    money = information.best_usd is not None
    best = information.best_usd if information.best_usd is not None else information.best
    goal = COST_WITH_DELAY if money else "time"
    worth = next((each for each in information.worths if clear_worth(each)), None)
    choice = f" Of {len(information.options)} options '{best}' has the least expected {goal}"
    cut = _cut_off(information, best)
    if worth is None:
        return f"{choice}, and to know any one input better would not change that.{cut}"
    value = text.dollars(worth.usd) if worth.usd is not None else f"{text.number(worth.days)} d"
    return f"{choice}; to know {worth.path} before choosing is worth {value} on average, at most.{cut}"


def _cut_off(information: Information, best: str) -> str:
    """Return a warning where many runs of the option that looks best did not finish; empty where few did not."""
    if best not in information.options or not information.unfinished:
        return ""
    unfinished = information.unfinished[information.options.index(best)]
    if unfinished <= MANY * information.replications:
        return ""
    of_all = f"{unfinished:_} of {text.plural(information.replications, 'run')} of it did not finish"
    return (
        f" But beware: {of_all}; they are cut off at the horizon and cost less time and money for that, so it may not "
        "be the best. Lengthen run.horizon to tell."
    )


def of_the_variance(indices: Indices) -> str:
    """Return which factor has the largest share of the variance, alone and in total, and how chance compares."""
    measure = MEASURES[indices.measure]
    known = [index for index in indices.indices if math.isfinite(index.total)]
    if not known:
        return f"{does_not_vary(indices.measure)}{_stopped(indices)}"
    known.sort(key=lambda index: -index.total)
    first, inputs = known[0], [index for index in known if index.name != CHANCE]
    if first.total <= CLEAR * first.total_error:
        told = f"{indices.rows:_} rows are too few to tell from where the variance of the {measure} comes"
        return f"{told}: no share is larger than its Monte Carlo error. Ask for more rows.{_stopped(indices)}"
    told = f"Of the variance of the {measure}, the largest share comes from {first.name}: {_shares(first)}."
    if first.name != CHANCE:
        told += f" {_of_chance(next((index for index in known if index.name == CHANCE), None))}"
    elif inputs and inputs[0].total > CLEAR * inputs[0].total_error:
        told += f" Of the inputs {inputs[0].name} has the largest: {_shares(inputs[0])}."
    elif inputs:
        told += " No input has a share that is larger than its Monte Carlo error."
    return f"{told}{_stopped(indices)}"


def does_not_vary(measure: str) -> str:
    """Return that there is no variance to be split."""
    return f"The {MEASURES[measure]} does not vary: there is nothing to come from inputs or from chance."


def _of_chance(chance: Index | None) -> str:
    if chance is None:
        return "Chance has no share that is known."
    return f"Chance, which no measurement takes away, has {_share(chance.total, chance.total_error)} in total."


def _shares(index: Index) -> str:
    return f"{_share(index.first, index.first_error)} alone, {_share(index.total, index.total_error)} in total"


def _share(share: float, error: float) -> str:
    """Return a share in percent with its 95 % interval."""
    if not (math.isfinite(share) and math.isfinite(error)):
        return "an unknown share"
    low, high = share - Z95 * error, share + Z95 * error
    return f"{text.share(share)} (95 % interval {text.share(low)} to {text.share(high)})"


def _stopped(indices: Indices) -> str:
    return f" Stopped early: {indices.rows:_} of {indices.planned:_} rows were done." if indices.interrupted else ""


def clear_worth(worth: Worth) -> bool:
    """Return whether the worth of an input is more than noise."""
    if worth.usd is not None and worth.error_usd is not None:
        return worth.usd > CLEAR * worth.error_usd
    return worth.days > CLEAR * worth.error_days


def days(value: float) -> str:
    """Return a time in days for people; what is infinite never comes."""
    return f"{text.number(value, 4)} d" if math.isfinite(value) else text.number(value)
