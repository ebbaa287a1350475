"""What is to be said before the fast engine runs for the first time."""

NOTICE = "compiling the fast engine: this happens once and takes about half a minute"


def notice() -> str:
    """Return the words for a fast engine that is yet to be compiled, which looks as if nothing happened; else none."""
    import simulator.engines.kernel  # noqa: F401 - the kernels are known once they are imported
    from simulator import jit

    return NOTICE if jit.cache_is_cold() else ""
