"""Compare: what a change buys, pair by pair under the same chance."""

import math
import shlex
from typing import TYPE_CHECKING

import streamlit as st

from simulator.app import markup, session, tasks, widgets
from simulator.app.state import Draft, load, told
from simulator.scenario import Scenario
from simulator.scenario.sweep import split

if TYPE_CHECKING:
    from simulator.ensemble.estimates import Estimate
    from simulator.planning.compare import Comparison, Difference
    from simulator.planning.quantities import Measure

OTHERS = 3
REPLICATIONS = (100, 200, 500, 1_000, 2_000)
IDEAS = {
    "Best interval": "checkpoint.interval=auto",
    "Twice the spares": "cluster.hot_spares=x2",
    "Half the restart": "recovery.restart=x0.5",
    "Half the detection": "recovery.detection=x0.5",
    "Saves a tenth as long": "checkpoint.tiers.0.blocking=x0.1",
}
MEASURES = {"finish_days": "Finish", "goodput": "Goodput", "cost_usd": "Cost", "delay_cost_usd": "Cost of the delay"}


def page() -> None:
    """Draw the page."""
    widgets.title("Compare", "What does a change buy? All run under the same chance, so that luck cancels.")
    widgets.problems()
    base = session.draft().plain()
    if load(base).scenario is None:
        return
    drafts = _variants(base)
    scenarios = _read(base, drafts)
    replications = _ask(scenarios)
    if len(scenarios) > 1:
        key = _key(scenarios, replications)
        widgets.asked(key, "The comparison")
        found = session.answer_of(key)
        if found is not None:
            widgets.partial(len(found.names), len(scenarios), "scenarios")
            widgets.counted(replications, next(iter(scenarios.values())))
            _show(found)
    widgets.command(_command(base, drafts, replications))


def _variants(base: Draft) -> dict[str, Draft]:
    """Return the drafts to compare with the base: the scenario as it was changed, and what is written here."""
    draft = session.draft()
    # How often something is simulated is no change of the plan.
    changed = any(not path.startswith("run.") for path in dict(draft.overrides))
    found = {"as changed now": draft} if changed else {}
    st.session_state.setdefault("variants", [] if found else [IDEAS["Half the restart"]])
    lines: list[str] = st.session_state.variants
    st.html(markup.note(f"The base is {base.title} as it is. Each variant changes something: PATH=VALUE, PATH=VALUE."))
    with st.container(horizontal=True, key="ideas"):
        for words, line in IDEAS.items():
            full = len(lines) + len(found) >= OTHERS
            if st.button(words, key=f"idea-{line}", disabled=full or line in lines, icon=":material/add:"):
                lines.append(line)
                st.rerun()
    for number, line in enumerate(list(lines)):
        left, right = st.columns([8, 1], vertical_alignment="bottom")
        written = left.text_input(f"Variant {number + 1}", line, key=f"variant-{number}-{line}", max_chars=400)
        if right.button("Remove", key=f"remove-{number}", width="stretch"):
            lines.pop(number)
            st.rerun()
        if written != line:
            lines[number] = written
            st.rerun()
        changes, wrong = _parsed(written)
        if wrong:
            st.markdown(f":red[{widgets.plain(wrong)}]")
        elif changes:
            variant = base
            for path, value in changes.items():
                variant = variant.changed(path, value)
            found[written] = variant
    if len(lines) + int(changed) < OTHERS and st.button("Another variant", key="more", icon=":material/add:"):
        lines.append("")
        st.rerun()
    return found


def _parsed(line: str) -> tuple[dict[str, str], str]:
    """Return the changes that a line says, or what is wrong with it."""
    changes = {}
    for text in split(line) if line.strip() else []:
        path, equals, value = text.partition("=")
        if not equals or not path.strip():
            return {}, f"'{text}' is not of the form PATH=VALUE, as in cluster.hot_spares=96 nodes"
        changes[path.strip()] = value.strip()
    return changes, ""


def _read(base: Draft, drafts: dict[str, Draft]) -> dict[str, Scenario]:
    """Return the scenarios that are valid, the base first; what is wrong with the others is told."""
    found = {}
    for name, draft in {base.title: base, **drafts}.items():
        loaded = load(draft)
        if loaded.scenario is not None:
            found[name] = loaded.scenario
        for error in loaded.errors:
            st.markdown(f":red[{widgets.plain(f'{name}: {error.path}: {told(error)}')}]")
    return found


def _ask(scenarios: dict[str, Scenario]) -> int:
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    replications = int(left.select_slider("Replications each", REPLICATIONS, 200, key="compare-n"))
    key = _key(scenarios, replications)
    enough = len(scenarios) > 1 and widgets.allowed(len(scenarios) * replications)
    refused = not enough or session.live(session.job_of(key))
    if right.button("Compare", type="primary", key="compare", width="stretch", disabled=refused):
        session.submit(key, "Comparison", tasks.comparison(scenarios, replications))
        st.rerun()
    return replications


def _key(scenarios: dict[str, Scenario], replications: int) -> str:
    texts = [f"{name}\n{scenario.resolved_yaml()}" for name, scenario in scenarios.items()]
    return tasks.key_of(next(iter(scenarios.values())), "compare", str(replications), *texts)


def _show(found: "Comparison") -> None:
    from simulator.report import figures

    known = [difference.measure.name for difference in found.differences[0]]
    chosen = st.segmented_control(
        "What", known, default=known[0], format_func=lambda name: MEASURES.get(name, name), required=True, key="measure"
    )
    bases = next(one for one in found.differences[0] if one.measure.name == chosen)
    st.html(markup.note(_commas(f"{found.names[0]}, the base: {_level(bases.base, bases.measure)}")))
    for name, some in zip(found.names[1:], found.differences, strict=True):
        other = next(one for one in some if one.measure.name == chosen)
        st.html(markup.note(_commas(f"{name}: {_level(other.other, other.measure)}")))
    others = [next(one for one in some if one.measure.name == chosen) for some in found.differences]
    st.html(markup.numbers([_told(name, one) for name, one in zip(found.names[1:], others, strict=True)]))
    widgets.show(figures.paired(found, str(chosen)))


def _commas(words: str) -> str:
    from simulator.report.figures.style import commas

    return commas(words)


def _level(told: "Estimate", measure: "Measure") -> str:
    """Return what a scenario comes to, with the intervals of its quantiles and the error of its mean."""
    from simulator.report.study.compare_sheet import mean_of, quantile_of

    quantiles = (f"{share.upper()} {quantile_of(measure, told, share)}" for share in ("p10", "p50", "p90"))
    return f"{', '.join(quantiles)}; mean {mean_of(measure, told.mean, told.mc_error)}"


def _told(name: str, one: "Difference") -> tuple[str, str, str]:
    """Return what a variant changes: its name, the mean difference with its 95 % interval, and how sure that is."""
    from simulator.report import text
    from simulator.report.figures.style import commas
    from simulator.report.study.compare_sheet import signed

    better = f"better in {text.share(one.probability_better)} of the pairs"
    if not one.pairs:
        return name, "unknown", f"{one.measure.label}: no pair in which both finish; {better}"
    change = commas(signed(one.measure, one.mean, one.half_width))
    interval = "mean and 95 % interval" if math.isfinite(one.half_width) else "mean of one pair, without an interval"
    chance = f"{one.measure.label}, {interval}; {better}"
    if math.isfinite(one.gain):
        chance += f"; pairing makes the interval {one.gain:,.2g} times narrower"
    out = f"; {one.left_out:,} pairs without a mean, for one of the two did not finish" if one.left_out else ""
    return name, change, f"{chance}{out}"


def _command(base: Draft, drafts: dict[str, Draft], replications: int) -> str:
    words = ["derisk", "compare", base.title]
    # Where one variant is given, the scenario as it is is the base; of several, the first: here one without changes.
    if len(drafts) > 1:
        words += ["--with", ""]
    for draft in drafts.values():
        words += ["--with", ", ".join(text for text in draft.settings if not text.startswith("run."))]
    return shlex.join([*words, "-n", str(replications)])


page()
