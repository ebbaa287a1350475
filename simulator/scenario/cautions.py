"""What a scenario may say, and its planner should know to be doubtful: mixtures of experts, for now."""

from collections.abc import Iterator

from simulator.scenario.model import Scenario

# DeepSeek-V3 by its published plan on 2,048 H800 took 180,000 GPU hours a trillion tokens (arXiv 2412.19437, table 1):
# 19.9 s a step of 15,360 sequences. tests/test_cautions.py predicts that step anew.
PUBLISHED_STEP, PREDICTED_STEP = 19.9, 30.3  # [s]


def cautions(scenario: Scenario) -> tuple[str, ...]:
    """Return what is doubtful about a scenario, in sentences without a full stop."""
    job = scenario.document.job
    if job.model is None and job.shape is None:
        return ()
    return tuple(_of_mixtures(scenario))


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
