"""Fits the constants of the step-time model on published runs and writes simulator/workload/fitted.json.

`make calibrate`, or `python tests/fit_steps.py`; `--check` only says whether the file is up to date. Only rows marked
`use: fit` have a say; the same rows, a family at a time left out, give the error that makes the intervals wide.
"""

import json
import sys

from simulator import resources
from simulator.calibration.step_fit import Run, as_json, errors_left_out, fit_constants
from simulator.scenario.cases import Entry, read_cases
from simulator.workload.constants import FITTED

RUNS = resources.scenarios() / "step_time" / "published_runs.yaml"

# Runs that share a team, a code and a model's recipe are left out together: a word in the row's family, and its name.
FAMILIES = {
    "korthikanti": "Megatron-LM 2022, GPT on A100 (Korthikanti et al.)",
    "mcore": "Megatron-Core 0.8, GPT on H100, weak and strong scaling",
    "gpt3": "MLPerf v3.1 to v4.1, GPT-3 175B on H100",
    "llama31": "MLPerf v5.0 and v5.1, Llama 3.1 405B on H100 and GB200",
    "bridge": "Megatron Bridge, Llama 3.1 405B on H100 and GB300",
    "mosaic": "MosaicML, MPT on H100 with PyTorch FSDP",
}


def entries() -> list[Entry]:
    """Return every published run, of either use. Raises ValueError where one cannot be read."""
    found = read_cases(RUNS)
    wrong = [error for entry in found for error in entry.errors]
    if wrong:
        raise ValueError("\n".join(wrong))
    return found


def family(entry: Entry) -> str:
    """Return the word of FAMILIES that a row belongs to."""
    assert entry.row is not None
    return next(word for word in FAMILIES if word in entry.row.family)


def measured(entry: Entry) -> float:
    """Return the step that was measured [s]."""
    assert entry.row is not None
    return float(entry.row.measured["step_s"])


def runs_to_fit(published: list[Entry]) -> list[Run]:
    """Return the runs that constants may be fitted on."""
    return [
        Run(entry.case, measured(entry), family(entry))
        for entry in published
        if entry.row is not None and entry.case is not None and entry.row.use == "fit"
    ]


def refitted() -> str:
    """Return what fitted.json holds when fitted anew."""
    runs = runs_to_fit(entries())
    return json.dumps(as_json(fit_constants(runs), errors_left_out(runs)), indent=2) + "\n"


def main() -> int:
    """Write the constants, or with --check say whether they are up to date."""
    text = refitted()
    if "--check" in sys.argv[1:]:
        return int(not FITTED.is_file() or FITTED.read_text(encoding="utf-8") != text)
    FITTED.write_text(text, encoding="utf-8")
    print(f"wrote {FITTED}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
