"""Settings that all tests share."""

import os

from hypothesis import settings

# No deadline: the first example may have to wait for a compilation, and no test asserts anything about time.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
