"""Settings that all tests share."""

import os

from hypothesis import settings

# No deadline: the first example may have to wait for a compilation, and no test asserts anything about time.
settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
# The examples are the same everywhere, so that a test that fails does so for everybody; EXPLORE=1 looks for new ones.
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("explore" if os.environ.get("EXPLORE") else "fixed")
