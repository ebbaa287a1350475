"""`derisk compare`: what one scenario changes against another, under the same chance."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.options import AsJson, OutputFolder, Overrides, ScenarioNames
from simulator.cli.run import EngineName, Job, Replications, Seed, Threads, read_all, refuse_unwritable
from simulator.cli.terminal import Code, Refusal, say, width, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from simulator.cli.findings import Finding
    from simulator.scenario import Scenario

WITH = "--with"
Variants = Annotated[
    list[str] | None,
    typer.Option(
        WITH,
        metavar="PATH=VALUE,...",
        help="A variant of the one scenario, as 'recovery.restart=200 s' or 'cluster.hot_spares=96 nodes, "
        "recovery.swap=1 min'. Of one, the scenario as it is is the base; of several, the first, where '' is the "
        "scenario as it is. May be repeated.",
        show_default=False,
    ),
]


def compare(
    scenarios: ScenarioNames,
    variants: Variants = None,
    overrides: Overrides = None,
    seed: Seed = None,
    replications: Replications = None,
    threads: Threads = None,
    output: OutputFolder = Path("runs"),
    json: AsJson = False,
) -> None:
    """Compare scenarios, or variants of one, pair by pair.

    The first is the base. All run with the seed and the number of replications of the base unless told otherwise, so
    that chance is the same and cancels. Run folders are written and reused as by derisk run.
    """
    wanted = list(_wanted(scenarios, variants or [], overrides or []))
    read = read_all(wanted)
    refuse_unwritable(output)
    base = next(iter(read.values()))
    if replications is None and any(scenario.document.run.stop is not None for scenario in read.values()):
        say(f"stop rules are not followed here, for pairs need the same number: {base.replications:_} each, or give -n")
    arguments: dict[str, Any] = {
        "seed": base.seed if seed is None else seed,
        "replications": base.replications if replications is None else replications,
        "engine": EngineName.kernel.value,
        "policy": None,
    }
    job = Job(arguments, threads, output)
    findings = []
    for called, scenario in read.items():
        findings.append(job.finding(called, scenario))
        if findings[-1].ensemble.interrupted:
            say(f"{called}: interrupted; the same command goes on with the scenarios that are not done")
            raise typer.Exit(Code.INTERRUPTED)
    _tell(findings, read.values(), json, base.replications)
    if job.failure is not None:
        raise job.failure


def _wanted(names: list[str], variants: list[str], overrides: list[str]) -> "Iterator[tuple[str, str, list[str]]]":
    """Yield what each scenario is called, its name and its overrides, the base first."""
    if variants and len(names) > 1:
        raise typer.BadParameter("makes variants of one scenario, and there are several", param_hint=WITH)
    if len(names) + len(variants) < 2:
        raise Refusal(f"there is nothing to compare with; name two scenarios, or variants with {WITH}", Code.USAGE)
    from simulator.planning.choices import AS_IT_IS

    variants = [text.strip() for text in variants]
    if variants == [""]:
        raise Refusal(f"{WITH} '' changes nothing; write {WITH} 'PATH=VALUE'", Code.USAGE)
    twice = next((name for name in (*names, *variants) if (*names, *variants).count(name) > 1), None)
    if twice is not None:
        raise Refusal(f"'{twice}' is given twice, and differs from itself in nothing; leave one out", Code.USAGE)
    if len(variants) < 2:
        yield from ((name, name, overrides) for name in names)
    yield from ((text or AS_IT_IS, names[0], [*overrides, *_settings(text)]) for text in variants)


def _settings(text: str) -> list[str]:
    """Return what a variant sets, as texts for --set."""
    from simulator.scenario.errors import given_as
    from simulator.scenario.sweep import common_fault, split

    settings = split(text) if text else []
    for setting in settings:
        path, equals, _ = setting.partition("=")
        if not equals:
            words = f"'{setting}' gives no value; write {WITH} 'PATH=VALUE', or several of them with commas between"
            raise typer.BadParameter(words, param_hint=WITH)
        if (fault := common_fault(path, "variants")) is not None:
            raise typer.BadParameter(f"{path.strip()}: {fault}", param_hint=WITH)
    return given_as(WITH, settings)


def _tell(findings: "list[Finding]", scenarios: "Iterable[Scenario]", json: bool, usual: int) -> None:
    from simulator.planning.compare import CompareError
    from simulator.planning.compare import compare as compared
    from simulator.planning.differences import differing
    from simulator.report.study import compare_sheet

    try:
        comparison = compared({finding.called: finding.ensemble for finding in findings})
    except CompareError as error:
        raise Refusal(str(error)) from None
    inputs = differing(list(scenarios))
    if json:
        write_json(compare_sheet.as_json(comparison, inputs, usual))
        return
    write_text(compare_sheet.as_text(comparison, inputs, width(), usual))
    for finding in findings:
        if finding.folder is not None:
            write_text(f"Results: {finding.folder}{' (of the same run before, reused)' if finding.reused else ''}.")
