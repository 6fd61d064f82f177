"""What a generator of findings is given to look at, and the shape of one.

Each topic of the hub says in a generator of its own module what is wrong in its state now, and hub/health.py names it in the
list of all. Findings are never remembered: what is no longer so is simply not found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
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

    @property
    def now(self) -> datetime:
        return self.clock.now()


Topic = Callable[[Look], Iterator[Finding]]
