"""Where the time went, and how often something broke."""

import numpy as np

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import Estimate, estimate, ratio
from simulator.ensemble.measures import INTERVENTIONS
from simulator.ensemble.table import tally_column, tick_column
from simulator.metrics.columns import column, of_column
from simulator.numbers.ledger import Account, Outcome
from simulator.numbers.plan import Tally


def goodput(ensemble: Ensemble) -> Estimate:
    """Return the goodput: PRODUCTIVE over the wall clock, from tick 0 to the end of the replication [1].

    PRODUCTIVE is training that is kept, counted at nominal speed: what a slow node costs is lost goodput too, and so is
    evaluation.
    """
    return of_column(ensemble, "goodput")


def ettr(ensemble: Ensemble) -> Estimate:
    """Return the effective training time ratio: PRODUCTIVE and SLOW over the wall clock without MAINTENANCE [1].

    Productive over available run time (Kokolis et al. 2024, arXiv 2410.21680). A job that waits for nodes is available,
    for they are what is missing; a job in a planned stop is not. Kept training counts at whatever speed it was done;
    the pauses for evaluation in it do not.
    """
    return of_column(ensemble, "ettr")


def finish_days(ensemble: Ensemble) -> Estimate:
    """Return the wall-clock time from the start to DONE [days]; infinite for a replication that is not done."""
    return of_column(ensemble, "finish_days")


def wall_days(ensemble: Ensemble) -> Estimate:
    """Return the wall-clock time from the start to the end, be it DONE, OUT_OF_TIME or DIVERGED [days]."""
    return of_column(ensemble, "wall_days")


def failures(ensemble: Ensemble) -> Estimate:
    """Return the failures that stop a node or the job: STOP strikes, merged ones and those on spares too."""
    return of_column(ensemble, "failures")


def failures_by_cause(ensemble: Ensemble) -> dict[str, Estimate]:
    """Return `failures` by cause."""
    return {cause: of_column(ensemble, f"failures_{cause}") for cause in ensemble.causes}


def interruptions(ensemble: Ensemble) -> Estimate:
    """Return the failures that interrupted a job that was up: those that began a recovery."""
    return of_column(ensemble, "interruptions")


def interruptions_by_cause(ensemble: Ensemble) -> dict[str, Estimate]:
    """Return `interruptions` by cause."""
    return {cause: of_column(ensemble, f"interruptions_{cause}") for cause in ensemble.causes}


def mttf_hours(ensemble: Ensemble) -> Estimate:
    """Return the mean time to failure of the job: wall clock over interruptions [h].

    The mean is that of all replications together, all their hours over all their interruptions: a mean of ratios would
    be biased. sd and quantiles are of the replications' own ratios, infinite without an interruption.
    """
    own = of_column(ensemble, "mttf_hours")
    hours = column(ensemble, "wall_days") * 24.0
    mean, error = ratio(hours, column(ensemble, "interruptions"))
    return own._replace(mean=mean, mc_error=error)


def counts(ensemble: Ensemble) -> dict[Tally, Estimate]:
    """Return what is counted in a replication beside failures: what layers absorbed, repairs, nodes that were moved."""
    return {count: of_column(ensemble, tally_column(count)) for count in Tally}


def interventions_per_day(ensemble: Ensemble) -> Estimate:
    """Return the interventions of operators over the wall clock [1/day]: manual repairs, vendor repairs, moved blocks.

    A repair that reaches the vendor is two, for it went through the manual stage; a first stage is automatic, and
    planned stops are none. The mean is that of all replications together, as in `mttf_hours`.
    """
    own = of_column(ensemble, "interventions_per_day")
    interventions = sum(column(ensemble, tally_column(count)) for count in INTERVENTIONS)
    mean, error = ratio(np.asarray(interventions), column(ensemble, "wall_days"))
    return own._replace(mean=mean, mc_error=error)


def mfu_end_to_end(ensemble: Ensemble) -> Estimate | None:
    """Return the model FLOP done over what all provisioned GPUs could have done, spares too, by the wall clock [1].

    None where the FLOP of the model or the peak speed of the GPUs are unknown.
    """
    return of_column(ensemble, "mfu_end_to_end") if "mfu_end_to_end" in ensemble.table else None


def ledger_share(ensemble: Ensemble) -> dict[Account, Estimate]:
    """Return the share of the wall clock on each account [1]; the means sum to 1."""
    wall = column(ensemble, "wall_us")
    known = wall > 0
    return {account: estimate(column(ensemble, tick_column(account))[known] / wall[known]) for account in Account}


def events(ensemble: Ensemble) -> Estimate:
    """Return the records of the event log: failures, stalls, returns from repair, changes of phase."""
    return of_column(ensemble, "events")


def outcomes(ensemble: Ensemble) -> dict[str, int]:
    """Return how many replications were DONE, ran OUT_OF_TIME, or DIVERGED."""
    return {outcome.name: int((ensemble.table["outcome"] == outcome.name).sum()) for outcome in Outcome}
