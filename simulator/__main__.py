"""`python -m simulator` is the same as the command `derisk`."""

from simulator.cli import main

if __name__ == "__main__":
    main()
