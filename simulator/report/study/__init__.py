"""What is told of studies of several runs: comparisons, sweeps, sensitivities, break-even points."""
