"""What is told of machines and jobs without a run: profiles, fabrics, calibrations, training steps, scripts."""
