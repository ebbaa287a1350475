"""What is told of a run: its answer, its folder, its report to forward, the story of one replication."""
