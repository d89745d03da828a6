"""What every test shares: nothing but how Hypothesis searches."""

import os

from hypothesis import settings

# A busy machine is no failure, so no deadline. In CI the same examples every time: a red run can be repeated.
settings.register_profile("werkfunk", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("werkfunk")
