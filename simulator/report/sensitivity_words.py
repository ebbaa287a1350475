"""The answer of `derisk sensitivity` in a sentence or two."""

import math

from simulator.planning.information import Information, Worth
from simulator.planning.outcomes import COST_WITH_DELAY
from simulator.planning.tornado import Bar, Tornado
from simulator.report import text

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


def clear_worth(worth: Worth) -> bool:
    """Return whether the worth of an input is more than noise."""
    if worth.usd is not None and worth.error_usd is not None:
        return worth.usd > CLEAR * worth.error_usd
    return worth.days > CLEAR * worth.error_days


def days(value: float) -> str:
    """Return a time in days for people; what is infinite never comes."""
    return f"{text.number(value, 4)} d" if math.isfinite(value) else text.number(value)
