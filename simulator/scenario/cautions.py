"""What a scenario may say, and its planner should know to be doubtful."""

from collections.abc import Iterator

from simulator.scenario.model import Scenario
from simulator.words import units
from simulator.words.quantity import Quantity, share_below

# DeepSeek-V3 by its published plan on 2,048 H800 took 180,000 GPU hours a trillion tokens (arXiv 2412.19437, table 1):
# 19.9 s a step of 15,360 sequences. tests/test_cautions.py predicts that step anew.
PUBLISHED_STEP, PREDICTED_STEP = 19.9, 30.3  # [s]
SELDOM = 0.02  # of the replications: less often than that, a wait for storage is not told


def remarks(scenario: Scenario) -> tuple[str, ...]:
    """Return what is to be said of a scenario that was read: what is without effect in it, and what is doubtful."""
    return (
        *(f"without effect here: {each}" for each in scenario.inert),
        *(f"caution: {each}" for each in cautions(scenario)),
    )


def cautions(scenario: Scenario) -> tuple[str, ...]:
    """Return what is doubtful about a scenario, in sentences without a full stop."""
    job = scenario.document.job
    found = [*_of_failures(scenario), *_of_lags(scenario)]
    return tuple(found if job.model is None and job.shape is None else [*found, *_of_mixtures(scenario)])


def _of_failures(scenario: Scenario) -> Iterator[str]:
    if not scenario.document.failures.given:
        yield 'failures: none are given, so nothing stops the job; write "failures: {gpu: {part: gpu, mtbf: 5 y}}"'


def _of_lags(scenario: Scenario) -> Iterator[str]:
    """Yield an interval that is given, and shorter than saves to storage may take to be durable: the job waits."""
    checkpoint = scenario.document.checkpoint
    interval = checkpoint.interval
    if not isinstance(interval, Quantity) or checkpoint.overlap != "delay":
        return
    for tier in checkpoint.tiers:
        if tier.to != "storage" or tier.lag is None:
            continue
        between = interval.median * tier.every.median
        share = share_below(-tier.lag.score_of(between))
        if share > SELDOM:
            apart = (
                f"with {units.show(between, 'min')} of work between saves to storage, one is not durable when the next"
            )
            yield (
                f"checkpoint.interval: {apart} is due in {share:.0%} of the replications, and training waits for it; "
                'write "interval: auto", which is no shorter than that, or "overlap: skip"'
            )


def _of_mixtures(scenario: Scenario) -> Iterator[str]:
    from simulator.scenario.step import model_of  # brings the step-time model, which few scenarios need

    job = scenario.document.job
    model = model_of(job)
    if model is None or not float(model.experts) > 0:
        return
    if job.by_steps and job.step_time is not None and not job.step_time.said:
        off = PREDICTED_STEP / PUBLISHED_STEP - 1
        yield (
            "job.step_time: the step of a mixture of experts is predicted badly: that of DeepSeek-V3 on 2_048 H800 "
            f"comes out {off:.0%} longer ({PREDICTED_STEP} s) than published ({PUBLISHED_STEP} s), and one row within "
            "1.4 % (docs/step_time_validation.md) proves little; measure a step, and give step_time or mfu"
        )
