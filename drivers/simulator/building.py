"""The simulated locks behind one stick, and the journal of what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from drivers.simulator.locks import SimLock
from drivers.simulator.memory import Entry
from drivers.simulator.nodes import Network, Node
from drivers.simulator.security.randomness import randomness
from drivers.simulator.settings import Config
from hub.errors import Rejected
from hub.model.values import Address


class Building:
    def __init__(self, config: Config, wall: Callable[[], datetime], past: Iterable[Entry] = ()) -> None:
        """`past` is the journal of an earlier run: the locks are as it left them."""
        locks = config.locks
        network = Network(config.home_id, config.network_keys, randomness(config.seed))
        self.locks = {each.node: SimLock(each, wall, self._record) for each in locks}
        self.journal: list[Entry] = []
        self._told = 0
        self._remember(past)
        for lock in self.locks.values():
            lock.install()
        self.nodes = {number: Node(lock, network) for number, lock in self.locks.items()}

    def _record(self, entry: Entry) -> None:
        self.journal.append(entry)

    def _remember(self, past: Iterable[Entry]) -> None:
        by_address = {lock.settings.address: lock for lock in self.locks.values()}
        for entry in past:
            self.journal.append(entry)
            if entry.lock in by_address:
                by_address[entry.lock].recall(entry.change)
        self._told = len(self.journal)

    def lock(self, address: str) -> SimLock:
        """Raises Rejected: nothing has this address."""
        for lock in self.locks.values():
            if lock.settings.address == address:
                return lock
        raise Rejected(f"the simulated building has no lock {address}")

    @property
    def doors(self) -> dict[Address, str]:
        return {Address(lock.settings.address): lock.model.name for lock in self.locks.values()}

    def take_news(self) -> list[Entry]:
        """What was journalled since the last call."""
        news = self.journal[self._told :]
        self._told = len(self.journal)
        return news

    def wake(self, now: float) -> None:
        for lock in self.locks.values():
            lock.wake(now)

    def deadline(self) -> float | None:
        moments = [node.deadline() for node in self.nodes.values()]
        return min((moment for moment in moments if moment is not None), default=None)

    def timeout(self, now: float) -> None:
        for node in self.nodes.values():
            node.timeout(now)
