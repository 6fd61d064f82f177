"""What a member of the network needs of the driver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from drivers.zwave.diary import Diary
from drivers.zwave.secured import Keyring
from drivers.zwave.security.s2 import Numbering
from hub.model.facts import Fact


@dataclass(frozen=True, slots=True)
class Surroundings:
    tell: Callable[[Fact], None]
    now: Callable[[], datetime]
    """The time of the house."""
    changed: Callable[[], None]
    """Called when more is known of it than before."""
    keys: Keyring
    diary: Diary
    trusted: Callable[[], bool]
    """Whether that time can be relied on."""
    shown: Callable[[], None]
    """Called when something that people see of it is no longer as it was."""
    numbering: Numbering
    """Of what is said to it under S2, in every session."""
