"""How Hypothesis draws its examples: the same ones in every run, so that no change turns red for what another one broke.

`GATEHOUSE_EXAMPLES=fresh`, as `make soak` says, draws others each time and keeps what it finds; give it a named test.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Time is no measure on a machine that others share: neither of one example nor of drawing them.
_UNHURRIED = [HealthCheck.too_slow]
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=_UNHURRIED)
settings.register_profile(
    "fresh", derandomize=False, deadline=None, suppress_health_check=_UNHURRIED, max_examples=1000, print_blob=True
)
settings.load_profile(os.environ.get("GATEHOUSE_EXAMPLES", "same"))
