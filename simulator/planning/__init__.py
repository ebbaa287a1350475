"""What a planner asks of ensembles."""
