"""What is written and would change nothing: policies that need what the cluster lacks, fields that an effect ignores.

A rate or a share that is written as zero beside it is a question asked, and so is a part of the scenario that a layer
above takes away: see who answers for it in `loader`.
"""

from collections.abc import Iterator
from typing import Any

from simulator.mechanisms import CARDS, questions
from simulator.mechanisms.card import Needs
from simulator.nouns.cluster import Cluster
from simulator.nouns.failures import Cause
from simulator.scenario import idle
from simulator.scenario.model import Scenario
from simulator.scenario.schema import Document
from simulator.scenario.yaml_tree import Item
from simulator.words.section import Fault, Place, Section

# A list of prices serves many scenarios, some of which have no deadline; a known model also says what a run was, and
# all parameters of a mixture of experts stand beside the active ones in every description.
ONLY_TOLD: frozenset[Place] = frozenset({("cost", "delay"), ("job", "model"), ("job", "parameters")})
# An element of the fabric that cuts off no node is mended, too.
_KEPT_BY_ELEMENTS = ("repair", "spares_exposed", "hangs", "restart")


def settings(scenario: Scenario, tree: Item) -> Iterator[Fault]:
    """Yield what changes nothing, whatever numbers stand beside it, with places from the root."""
    document = scenario.document
    if document.cost.delay is not None and document.job.deadline is None:
        remedy = f'write "start: 2027-03-01" and "deadline: 2027-06-15" under job, {questions.LEAVE}'
        yield ("cost", "delay"), f"without a deadline nothing is late; {remedy}"
    yield from idle.settings(scenario, tree)
    for card in CARDS:
        if card.useless is not None:
            yield from card.useless(scenario, tree)
    for name, cause in document.failures.given.items():
        written = tree.find(("failures", name))
        faults = _of_cause(document, cause, tree if written is None else written)
        yield from (((*("failures", name), *place), text) for place, text in faults.items())


def _of_cause(document: Document, cause: Cause, written: Item) -> dict[Place, str]:
    """Return what a cause says and has no use for: by what it strikes and does, or by what a mechanism needs."""
    cluster = document.cluster
    if questions.units_of(cluster, cause.part) is None:
        return {}  # what is wrong with the part is told elsewhere
    faults: dict[Place, str] = {}
    for card in CARDS:
        if card.useless_in_cause is not None:
            faults |= card.useless_in_cause(document, cause, written)
    needs, why = _lacking(cluster, cause)
    keys = [key for card in CARDS for key, needed in card.cause_keys.items() if needed & needs]
    faults |= {(key,): why for key in keys}
    if cause.effect == "stop" and questions.cut_off(cluster, cause.part):
        why = f"a {cause.part} of this fabric cuts off no node and stops nothing; leave it out"
        faults |= {(key,): why for card in CARDS for key in card.cause_keys if key not in _KEPT_BY_ELEMENTS}
    # What is said to be off is off.
    return {
        place: text
        for place, text in faults.items()
        if (value := getattr(cause, str(place[0]))) is not None
        and value is not False
        and getattr(value, "family", "") != "never"
        and written.child(str(place[0])) is not None
    }


def _lacking(cluster: Cluster, cause: Cause) -> tuple[Needs, str]:
    """Return what a cause has not, and in words why."""
    if not cause.manner.takes:
        return Needs.NODE | Needs.RECOVERY, "a stall takes no node and needs no recovery; leave it out"
    if cause.manner.found_later:
        return Needs.STOP, f"belongs to the effect stop, not {cause.effect}; leave it out"
    if not questions.takes_places(cluster, cause.part) and cause.part not in cluster.elements:
        return Needs.NODE, f"the part '{cause.part}' has no place, so no node is taken out; leave it out"
    return Needs(0), ""


def without(section: Any, place: Place, usual: Any = None) -> Any:
    """Return a section in which what stands at a place is as if it were unsaid.

    `usual` says what the class of the operator has in such a section.
    """
    name, below = str(place[0]), place[1:]
    if isinstance(section, tuple):
        return tuple(without(each, below) if position == place[0] else each for position, each in enumerate(section))
    if isinstance(section, dict):
        return {key: each for key, each in section.items() if key != name}
    if getattr(section, name) is None:
        return section  # another place above it was the matter, too
    filled = getattr(usual, name, None)
    if below:
        value = without(getattr(section, name), below, filled)
    else:
        value = type(section).model_fields[name].get_default()
        # What is nothing by itself stays so: a class fills it only where a cause has a use for it.
        value = filled if filled is not None and value not in (None, ()) else value
    copy: Section = section.model_copy(update={name: value})
    return copy
