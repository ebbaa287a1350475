"""What `derisk run` and `derisk merge` print of a run, and the exit code that it deserves."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from simulator.cli.terminal import Code, Refusal, say, width, write_json, write_text

if TYPE_CHECKING:
    from simulator.ensemble import Ensemble
    from simulator.report.run.answer import Losses
    from simulator.report.run.gate import Gate


@dataclass(frozen=True)
class Finding:
    """A run: its ensemble, its summary, and its folder, if it could be written."""

    called: str  # what the user calls the scenario
    ensemble: "Ensemble"
    summary: dict[str, Any]
    folder: Path | None
    reused: bool = False
    report: tuple[Path, ...] = ()  # its files, where they were asked for
    usual: int = 0  # replications that the scenario asks for by itself


def tell(findings: Sequence[Finding], json: bool, losses: "Losses" = "median") -> None:
    """Print the summaries: as JSON an object for one, a list for several."""
    if json:
        for file in (file for finding in findings for file in finding.report):
            say(f"report: {file}")
        summaries = [finding.summary for finding in findings]
        write_json(summaries if len(summaries) > 1 else summaries[0])
        return
    for number, finding in enumerate(findings):
        write_text("\n" * (number > 0) + _words(finding, losses))


def _words(finding: Finding, losses: "Losses") -> str:
    from simulator.report import text
    from simulator.report.run import printed

    ensemble = finding.ensemble
    lines = [printed.as_text(finding.summary, ensemble.scenario, finding.called, width(), losses)]
    if ensemble.shard.of > 1:
        lines.append(f"This is shard {ensemble.shard} only; `derisk merge` puts all of them together.")
    elif ensemble.precision is None and not ensemble.interrupted and ensemble.replications < finding.usual:
        told = text.replications(ensemble.replications, finding.usual)
        lines.append(f"These are {told} of the scenario: with all of them quantiles differ, within their intervals.")
    took = f"{text.duration(ensemble.wall_seconds)} on {text.plural(ensemble.threads, 'thread')}"
    if finding.folder is not None:
        how = "of the same run before, reused" if finding.reused else took
        lines.append(f"Results: {finding.folder} ({how}).")
        if finding.report:
            lines.append(f"Report: {' and '.join(map(str, finding.report))}.")
        elif width() is not None and not ensemble.interrupted:
            # On a terminal somebody reads who may wonder what to forward; a script has asked for what it wants.
            lines.append(f"To forward it: derisk report {quote(str(finding.folder))}")
    return "\n".join(lines)


def verdict(findings: Sequence[Finding], gates: "Sequence[Gate]") -> Code:
    """Return the exit code, and say on stderr why it is not zero. Raises Refusal for a gate on no number."""
    code = Code.OK
    for finding in findings:
        # Said of all, the last word is the gravest: an interrupted run proves nothing by its gates.
        code = max(code, _gates(finding, gates), _precision(finding), _interruption(finding), key=_GRAVITY.index)
    return code


_GRAVITY = (Code.OK, Code.GATE, Code.PRECISION, Code.INTERRUPTED)


def _gates(finding: Finding, gates: "Sequence[Gate]") -> Code:
    from simulator.report.run.gate import GateError

    code = Code.OK
    for gate in gates:
        try:
            holds, value = gate.holds(finding.summary)
        except GateError as error:
            raise Refusal(str(error), Code.USAGE) from None
        if holds:
            say(f"{finding.called}: {gate.field} is {gate.shown(value)}, so the gate '{gate.text}' fails")
            code = Code.GATE
    return code


def _precision(finding: Finding) -> Code:
    precision = finding.ensemble.precision
    if precision is None or precision.reached:
        return Code.OK
    say(f"{finding.called}: the precision asked for was not reached; raise run.stop.max, or ask for less")
    return Code.PRECISION


def _interruption(finding: Finding) -> Code:
    ensemble = finding.ensemble
    if not ensemble.interrupted:
        return Code.OK
    say(f"{finding.called}: interrupted; {ensemble.replications:_} of {ensemble.planned:_} replications are kept")
    return Code.INTERRUPTED
