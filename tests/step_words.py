"""The prose of docs/step_time_validation.md; numbers in braces come from tests/step_page.py."""

HEAD = """\
# Step time: published against predicted

Written by `make validation`; a test compares. How long an optimizer step takes is predicted from the model, the
parallelism plan and the profile of the hardware; [step_time.md](step_time.md) has the terms. Here the predictions
stand beside steps that were measured: {all} constants, the same for every machine and model, {free} of them fitted on
the rows marked `fit` and on no others.

- **Data.** `scenarios/step_time/published_runs.yaml`: training runs of 8 to 2,432 accelerators, from papers, MLPerf
  submissions and the tables of open-source codes, each with its provenance; `published_sweeps.yaml`: many plans of
  one model on one cluster. What nobody published is absent there, and is not guessed: every plausible value is
  weighed.
- **Fit.** `make calibrate` finds the constants that are most probable given the fitted rows and a prior for each:
  least squares of the logarithms of the steps (3 % is taken for the spread of a run around a model that were right, a
  judgement) and of the distances from the priors. It writes `simulator/workload/fitted.json`, the same bytes each
  time.
- **Intervals.** From P10 to P90, so that one run in five should lie outside. The width is the root mean square error
  on families of fitted rows that were left out of the fit: {missed}, which makes ±{width}. Wider is the interval of a
  run of which not all was published, by what that leaves open; of a chip or precision without a fitted row, and of a
  mixture of experts, by a judgement of what such a step away costs. No check row has a say in any width.
- **Baseline.** A constant MFU: every run has the mean model FLOP/s that the fitted rows reach on its chip with as
  many bits. Where no fitted row has both, it is the mean share of the peak at as many bits on the same architecture,
  or else on all chips. Its interval is made alike, from families left out ({usual_spread}).

The error is predicted / measured - 1: negative where the model is too fast.
"""

SUMMARY = """\
## Summary

*Asked* is what was demanded of the mean absolute error before there was a model; `tests/test_step_accuracy.py` holds
the model to it.
"""

BLIND = """
On most check rows a constant MFU is nearly as good: without the A100 rows, the model misses the {newer} others by
{newer_model} and the constant MFU by {newer_usual}. They have near twins among the fitted rows (the same chip, code
and model at another size), and a habit carries over to a twin. What a model is for shows where there is none: when a
whole family is left out, when one run recomputes and the other does not (the A100 rows), and when plans are to be
ranked, of which a constant MFU says nothing.

### How blind is this?

Not fully. The constants are fitted on fitted rows alone, and the rule of the widths was settled on families left out
before the check rows were looked at. After that, rules of structure were corrected, because they were wrong on their
own grounds:

- where the interleaving was not published, chunks down to single layers are plausible;
- embedding and head count as layers only where the model is then cut evenly;
- without overlap nothing is hidden of tensor- and pipeline-parallel communication;
- stages send one tensor-parallel part each, not the whole activation;
- recomputing a layer repeats all four collectives of its forward pass;
- the memory traffic of attention that is not fused is counted pass by pass;
- an only stage holds both embedding and head, which models without a gate share (GPT-3, Megatron-LM, MPT), and routed
  experts are exchanged among the ranks that hold them;
- where nobody published whether a run recomputes, it recomputes as many layers as it must to fit, not all or none;
- embedding and head count as layers, said or not, where only then the cut is even (Llama 3's own plan);
- of a chain of stages only the links that leave a domain are slow; what nobody measured of a chip is taken to be as far
  from its peak as its 16-bit products are;
- rings between nodes reach 95 % of the line rate and long copies 90 % of the memory bandwidth, both as measured
  elsewhere.

None of these is a number that was turned until a check row came out, but it was check rows and sweeps that drew
attention to them. So their errors flatter the model, by an amount that nobody can tell from these data. Nor is a
family that is left out wholly unseen: some priors' medians (the overheads, element-wise traffic, what replicas expose)
are near what an earlier model found on all fitted rows. What other priors would give is shown below the constants.
Runs larger than any in the file would be a blind test.
"""

CONSTANTS = """\
## Constants

A spread is the standard deviation of the logarithm, so 0.03 is about 3 %. *Told by runs* is the share of the prior's
variance that the fitted rows removed: near 0 the constant is still the prior, `held` was never fitted because no
fitted row has experts. Errors of fitted constants are correlated, and their spreads take the model for right.
"""

OTHERS = """
How much do the priors decide? The same with others, mean absolute errors unless said otherwise; *products* are the six
shares of matrix products.
"""

LEFT_OUT = """
## Families left out

Each family predicted by constants fitted on the others, and by the constant MFU of the others. Three families hold a
chip that no other has (A100, GB200, GB300), so there the priors are tested too.
"""

ROWS = """
## Every row

*Not published* names what of the layout is absent in the file (vp is the interleaving; the bytes of a gradient are
published for none). Bold: outside the interval.
"""

SWEEPS = """
## Sweeps: is the right plan chosen?

Plans of one model on one cluster of A100, measured by one group with one code that overlaps little (check rows; no
constant was fitted on them). Asked: Spearman's rank correlation at least 0.8 on each, the model's first choice within
8 % of the measured best, mean absolute error at most 10 %. A constant MFU takes all plans of a sweep to be equally
fast, so it can choose none.
"""

MISSES = """
## Where it misses, and why

- **One model, two releases.** GPT-3 175B on 512 H100 of one submitter became {gain} faster from MLPerf v3.1 to v4.1.
  A larger micro-batch and other chunks explain {expected}; the other {release} are a year of software and a clock
  setting. No input tells releases apart, so the constants lie in between: {old} and {new}.
- **7B with PyTorch FSDP**: {fsdp_fit} where fitted, {fsdp} at 512 GPUs. Steps of a second, of many small kernels, in
  a code without the fusions of the others; what the host costs is one constant here, and Megatron's rows set it.
- **GB300 with 4 bits**: {gb300}. No fitted row has both; the constant is borrowed (4 bits on GB200, times what the
  next generation gained at 8 bits) and the gain was not as large. The interval knows that it is borrowed, and holds
  the run.
- **Llama 70B on 64 H100**: {llama70b}. In the model the last stage, with as many layers as the others and a large
  head, keeps all waiting. The file says that the head counted as a layer, but 82 layers do not divide into its 40
  chunks; whatever was done spread the work better than what is taken here.
- **TPU**: {tpu}, outside the interval, and worse than the constant MFU ({tpu_usual}). Nobody published a best product
  for this chip nor the layout of the run, the in-training share of 8-bit products is Hopper's, and int8 training
  quantises more than is counted. Do not plan TPUs with this model without measuring a step.
- **Mixtures of experts**: {moe}, on a single row. That proves little: a release of software alone moves such runs by
  a quarter, and both constants of experts are judged.
- **Sweeps**: only {plans_inside} of {plans} plans lie in their intervals, which are made for runs that somebody tuned
  and published. Most of the small model are predicted too fast by some percent ({small}), which costs no rank; plans
  of the large one with two stages by up to a sixth, which does. Five plans of the large one are predicted within 1.6 %
  of each other, so the second digit of its rank correlation is chance. And three plans take far longer than others with
  half or twice their micro-batch, for a reason that no input shows:
{far}
"""

LIMITS = """\
## Limits

- Nothing here is larger than 2,432 accelerators. Beyond, what grows is the jitter (one constant, hardly told by these
  runs), latency of rings, and congestion, which only the fabric's profile knows.
- Most rows are NVIDIA's own, of one family of codes, and well tuned. Another code is rather slower than predicted.
- MI300X and its successors, Trainium and newer TPUs have profiles but no row, so nothing is known of the error there.
- Steps without failures, evaluation or saves: what those cost is the business of the rest of Derisk.
"""
