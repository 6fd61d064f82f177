"""Four kinds of disappointment, named by what the catcher does next.

The text of each is a clause in plain English that can be shown to the operator: no secrets, no class names.
"""

from __future__ import annotations

from datetime import timedelta


class Disappointment(Exception):
    """What the outside world did not do for us. Never raised itself; caught where only the sentence matters."""


class Unavailable(Disappointment):
    """No answer, 5xx, 429, radio asleep, timed out. Remedy: try again with back-off, at least `wait`.

    What was asked may or may not have happened: after a timeout the truth is unknown. `untouched`: it certainly did not.
    """

    def __init__(self, why: str, *, wait: timedelta = timedelta(0), untouched: bool = False) -> None:
        super().__init__(why)
        self.wait = wait
        self.untouched = untouched


class Rejected(Disappointment):
    """Understood and refused (PIN taken, card declined, token revoked). Remedy: stop and show a person."""


class Garbled(Disappointment):
    """The other side sent what its own specification forbids.

    Remedy: drop that message, keep the connection and `sample`, which must already be free of secrets.
    """

    def __init__(self, why: str, *, sample: str = "") -> None:
        super().__init__(why)
        self.sample = sample


class Misconfigured(Disappointment):
    """The operator's setting cannot work. Remedy: that part stays off, the rest runs.

    `key` is the setting as the operator wrote it, e.g. `drivers.zwave.port`; the text names the cure.
    """

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key = key
        self.why = why
