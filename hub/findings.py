"""What a generator of findings is given to look at, and the shape of one.

Each topic of the hub says in a generator of its own module what is wrong in its state now, and hub/health.py names it in the
list of all. Findings are never remembered: what is no longer so is simply not found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hub.contracts import Clock
from hub.io.vault import Vault
from hub.model.alerts import Finding
from hub.plugins import Plugins
from hub.store.doors import Door
from hub.store.engine import Tx


class Parts(Protocol):
    """What of the running hub is needed to look at the house."""

    @property
    def clock(self) -> Clock: ...

    @property
    def wall(self) -> Clock: ...

    @property
    def plugins(self) -> Plugins: ...

    @property
    def vault(self) -> Vault: ...


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the whole house, within one transaction."""

    tx: Tx
    clock: Clock
    plugins: Plugins
    vault: Vault
    doors: Collection[Door]
    wall: Clock
    """Of what wears by real time."""
    edges: list[datetime] = field(default_factory=list)
    """When time alone may change what is found. What changes otherwise signals `health`."""

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def reached(self, at: datetime) -> bool:
        """Whether it is that time; if not, somebody looks again then."""
        if at <= self.now:
            return True
        self.edges.append(at)
        return False


Topic = Callable[[Look], Iterator[Finding]]
