"""Words: what a scenario is written in. Units, quantities with their sources, laws as they are written, hardware."""
