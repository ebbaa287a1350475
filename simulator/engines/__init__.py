"""The engines: the only two places where time passes."""
