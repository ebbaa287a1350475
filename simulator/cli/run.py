"""`derisk run`: replications of a scenario, their answer, and the run folder."""

import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.findings import Finding, tell, verdict
from simulator.cli.options import (
    MANY_EVENTS,
    AsJson,
    OutputFolder,
    Overrides,
    PolicyClass,
    ScenarioNames,
    announce_compilation,
    warn_of_no_progress,
)
from simulator.cli.policies import load_policy
from simulator.cli.progress import progress_bar
from simulator.cli.report import report_of_run
from simulator.cli.terminal import Code, Refusal, say

if TYPE_CHECKING:
    from simulator.ensemble import Ensemble, Shard
    from simulator.report.run.gate import Gate
    from simulator.scenario import Scenario

MOST_REPLICATIONS = 10_000_000


class EngineName(StrEnum):
    """The engines; they give the same answers."""

    kernel = "kernel"
    reference = "reference"


Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, max=2**53, help="The seed of all draws.", show_default="the scenario's"),
]
Replications = Annotated[
    int | None,
    typer.Option(
        "--replications",
        "-n",
        metavar="N",
        min=1,
        max=MOST_REPLICATIONS,
        help="How many, instead of the scenario's number or stop rule.",
        show_default="the scenario's",
    ),
]
ShardText = Annotated[
    str | None, typer.Option("--shard", metavar="I/N", help="Only block I of N, to be merged.", show_default=False)
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads", metavar="N", min=1, help="Threads; they do not change the answer.", show_default="one a core"
    ),
]
Engine = Annotated[EngineName, typer.Option("--engine", help="kernel is fast, reference is told in SimPy.")]
FailIf = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if",
        metavar="CONDITION",
        help="End with 5 if it holds, as in 'goodput.p50<0.9' or 'finish.p90 > 60 d', or by an end of "
        "its 95 % interval, 'finish.p90.high > 60 d'. May be repeated.",
        show_default=False,
    ),
]


class LossesOf(StrEnum):
    """Whose time is told."""

    median = "median"
    mean = "mean"


WhoseLosses = Annotated[
    LossesOf,
    typer.Option(
        "--losses", help="Where the time goes: in the median replication, or in the mean. summary.json has both."
    ),
]
WithReport = Annotated[
    bool,
    typer.Option("--report", help="Write report.html and report.xlsx into the run folder too: some seconds and 5 MB."),
]


def run(
    scenarios: ScenarioNames,
    overrides: Overrides = None,
    seed: Seed = None,
    replications: Replications = None,
    shard: ShardText = None,
    threads: Threads = None,
    output: OutputFolder = Path("runs"),
    json: AsJson = False,
    engine: Engine = EngineName.kernel,
    policy: PolicyClass = None,
    fail_if: FailIf = None,
    report: WithReport = False,
    losses: WhoseLosses = LossesOf.median,
) -> None:
    """Forecast finish date, goodput and where the time goes.

    The answer is printed, and a run folder is written; the same run again is read from there.
    """
    gates = _gates(fail_if or [])
    read = read_all((name, name, overrides or []) for name in scenarios)
    _check_gates(gates, read.values())
    for called, scenario in read.items():
        if scenario.document.sweep is not None:
            say(f"{called}: this is the scenario as it stands; `derisk sweep` runs its sweep")
    refuse_unwritable(output)
    arguments: dict[str, Any] = {
        "seed": seed,
        "replications": replications,
        "shard": _shard(shard),
        "engine": engine.value,
        "policy": load_policy(policy) if policy else None,
    }
    if policy and engine is not EngineName.reference:
        raise typer.BadParameter("works with --engine reference only", param_hint="--policy")
    job = Job(arguments, threads, output, report)
    findings = []
    for called, scenario in read.items():
        findings.append(job.finding(called, scenario))
        if findings[-1].ensemble.interrupted:
            break
    tell(findings, json, losses.value)
    code = verdict(findings, gates)
    if job.failure is not None:
        raise job.failure
    raise typer.Exit(code)


@dataclass
class Job:
    """How scenarios are run, and what went wrong while their results were written."""

    arguments: dict[str, Any]  # of `run_ensemble` and of `folder.find` alike: they decide about the results
    threads: int | None
    output: Path
    report: bool = False
    failure: OSError | None = None

    def finding(self, called: str, scenario: "Scenario") -> Finding:
        """Return what a scenario comes to, from its run folder if it has been run before; with a report if wanted."""
        found = replace(self._finding(called, scenario), usual=scenario.replications)
        # An interrupted run will be run again, and whoever interrupts it does not want to wait.
        if not self.report or found.folder is None or found.ensemble.interrupted:
            return found
        try:
            return replace(found, report=report_of_run(found.folder, None, self.arguments["policy"]))
        except OSError as error:
            self.failure = error  # the answer stands, and is told before
            return found

    def _finding(self, called: str, scenario: "Scenario") -> Finding:
        from simulator.report.run import folder
        from simulator.report.run.integrity import summary_of

        found = folder.find(scenario, self.output, **self.arguments)
        if found is not None:
            say(f"{called}: the same run was done before and is reused; {found}")
            return Finding(called, folder.load(found), summary_of(found), found, reused=True)
        if said := folder.clear(folder.place(scenario, self.output, **self.arguments)):
            say(f"{called}: {said}")
        ensemble = self._ensemble(called, scenario)
        if (events := int(ensemble.table["events"].max())) > MANY_EVENTS:
            say(f"{called}: writing logs of up to {events:_} events of three replications, which takes a while")
        try:
            written = folder.write(ensemble, self.output, self.arguments["policy"])
        except OSError as error:
            # The answer is there, and may have taken hours: it is told before the trouble is.
            from simulator.metrics import summarise

            self.failure = error
            return Finding(called, ensemble, summarise(ensemble), None)
        return Finding(called, ensemble, summary_of(written), written)

    def _ensemble(self, called: str, scenario: "Scenario") -> "Ensemble":
        from simulator.ensemble import ShardError, run_ensemble

        warn_of_no_progress(called, scenario)
        if self.arguments["engine"] == EngineName.kernel.value:
            announce_compilation()
        with progress_bar(scenario.name) as progress:
            try:
                return run_ensemble(scenario, threads=self.threads, progress=progress, **self.arguments)
            except ShardError as error:
                raise Refusal(str(error), Code.USAGE) from None
            except Exception as error:
                if self.arguments["policy"] is None:
                    raise
                words = f"the policy failed: {type(error).__name__}: {error}; --traceback shows where"
                raise Refusal(words) from error


def read_all(wanted: "Iterable[tuple[str, str, list[str]]]") -> "dict[str, Scenario]":
    """Return scenarios from what each is called, its name, and its overrides; those of all errors at once.

    Raises ScenarioErrors before any is run.
    """
    from simulator.cli.options import read_scenario
    from simulator.scenario import ScenarioErrors

    read, errors, said = {}, [], set[str]()
    for called, name, overrides in wanted:
        try:
            read[called] = read_scenario(name, overrides, said)
        except ScenarioErrors as failed:
            errors += failed.errors
    if errors:
        raise ScenarioErrors(errors)
    return read


def refuse_unwritable(output: Path) -> None:
    """Raise Refusal where nothing can be written, before a run that may take hours: it is tried, and tidied up."""
    made: list[Path] = []
    try:
        made += [folder for folder in (output, *output.parents) if not folder.exists()]
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output) as probe:
            probe.write(b"x")
    except OSError as error:
        why = f"nothing can be written there ({error.strerror or error}), so nothing was run"
        raise Refusal(f"{output}: {why}; name another folder with -o") from None
    finally:
        with suppress(OSError):
            for folder in made:
                folder.rmdir()


def _gates(texts: list[str]) -> "list[Gate]":
    if not texts:
        return []
    from simulator.report.run.gate import GateError, read_gate

    try:
        return [read_gate(text) for text in texts]
    except GateError as error:
        raise Refusal(str(error), Code.USAGE) from None


def _check_gates(gates: "list[Gate]", scenarios: "Iterable[Scenario]") -> None:
    """Raise Refusal for a gate on what a scenario's summary will not hold."""
    for gate, scenario in product(gates, scenarios):
        try:
            gate.check(scenario)
        except ValueError as error:
            raise Refusal(str(error), Code.USAGE) from None


def _shard(text: str | None) -> "Shard":
    from simulator.ensemble import WHOLE, Shard, ShardError

    try:
        return WHOLE if text is None else Shard.parse(text)
    except ShardError as error:
        raise Refusal(str(error), Code.USAGE) from None
