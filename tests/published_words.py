"""The prose of docs/validation.md; what stands in braces comes from tests/published.py."""

HEAD = """\
# Published against predicted

Written by `make validation`; a test compares. Predictions are medians with P10 to P90 in brackets, over what is not
known and over chance. No input was chosen for what comes out. *Arithmetic* means that the published number is itself
computed from the inputs, so that agreement says only that we compute alike. LOW means that the published bound lies
between the median and P90 of the prediction, MISS that it lies outside.
"""

LLAMA_WORDS = """\
## Llama 3 405B: what the prediction hangs on

The counts of failures are inputs, so their agreement proves nothing but the way through the model. The test is the
time that they cost. Detection, diagnosis, restart, the interval between saves and their pause are not published; they
have the ranges of the class of operator `automatic` (docs/operators.md), which were written down before the first run.
The share of the variance of goodput that goes with each uncertain input. One maturity of the operator moves several of
them together, so the shares overlap, and add up to more than one:
"""

SCORES_WORDS = """\
## The forecast of each published run, before and now

A planner who knew no more than was published would have got these forecasts: what is not published is left to the
defaults. *Before* is version {version} ({date}), whose defaults knew no classes of operators; *now* is this one.

*In it* says whether the 80 % interval, P10 to P90, holds what was published: yes, no, or open. Open means that it
depends on where above 90 % the true value was, or on the digit behind the last one printed.

CRPS, the continuous ranked probability score, is a distance between a forecast and what came true, in points of a
hundred. Smaller is better, and a certain forecast scores its absolute error (Gneiting & Raftery 2007; unbiased for an
ensemble, Ferro 2014). Where the published value is a range, the first number is the score of the distance to that
range, and no value in the range has a smaller one; the second is the largest that a value in it can have. So after
"more than 90 %" nothing tells which of two forecasts above 90 % was better.
"""

MEANS_WORDS = """
Five measured runs are few. Four of them have no published failure rate, and get that of published clusters; Llama 3 has
its counts. Where more than four intervals in five hold what was published, intervals are too wide; where fewer do, too
narrow. A narrower one is worth something only if it still holds it. *Computed* means that the authors computed the
share from inputs that the scenario has too: no default has a say in it, so before and now are the same.

In *before*, the low ends of all measured runs but Llama 3 are waits for nodes: 1.5 % hot spares, beside a repair time
that is unknown but the same for every node of a run, and in one run of ten longer than five days.

No constant was chosen for these scores, and none may be. The class of each operator was written down from what was
published of it before any forecast with classes was made: by hand for C4 in June 2023; automatic for C4 in December
2023, MegaScale and Llama 3; best for ByteRobust. ByteRobust's own measurements are among the evidence for that class,
so its row is no independent test of it.

Not scored:

"""

AIRESIM_WORDS = """\
## Another simulator: AIReSim

The same cluster in another simulator (arXiv 2603.07041, commit 7b139c7), whose code is no model of ours: pools with
standbys, selections of hosts, nodes fetched from other jobs, bad nodes, two stages of repair, diagnoses that miss.
Means over its replications (6 to 400) and ours (60 for the largest case, else 400), and how far they are apart in
standard errors of both. `scenarios/oracles/airesim.yaml` says which of our fields each of its parameters is. Its
repairs go on after the job's end and are counted there; here repairs are counted as they begin.
"""

ASSUMED_WORDS = """
An interval is so many times the optimum of its own replication; the two rows with another interval show how little
else is in that. The class was not chosen for this row: a team of this size with agents and hot spares is `automatic` by
what was published of it. "More than 90 %" says on which side of 90 % the truth was, and no more.

ASSUMED in this prediction:
"""
