"""The simulated locks, in the stick's network and outside of it, and the journal of what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from drivers.simulator.controller import OWN_NODE
from drivers.simulator.locks import SimLock
from drivers.simulator.memory import Entry, Known
from drivers.simulator.nodes import Network, Node
from drivers.simulator.security.randomness import randomness
from drivers.simulator.settings import Config, LockSettings
from hub.errors import Rejected
from hub.model.values import Address

HIGHEST_NODE: Final = 232
STICK: Final = "stick"
"""The stick's own name in the journal."""


class Building:
    def __init__(self, config: Config, wall: Callable[[], datetime], past: Iterable[Entry] = ()) -> None:
        """`past` is the journal of an earlier run: the locks are as it left them."""
        self._wall = wall
        self._network = Network(config.home_id, config.network_keys, randomness(config.seed))
        self._newcomers = 0
        self.home_id = config.home_id
        """What the stick believes."""
        self.table: set[int] = set()
        """The numbers that the stick knows, without its own. Some may be nobody's, and somebody may be missing."""
        self.journal: list[Entry] = []
        self._told = 0
        known = self._locks(config.locks)
        self._remember(known, past)
        for lock in known:
            lock.install()
        self._all = [Node(lock, self._network) for lock in known]
        self._last_number = max(self.table, default=OWN_NODE)

    def _locks(self, settings: Iterable[LockSettings]) -> list[SimLock]:
        """A newcomer has no address to be known by: it is the first, the second, …"""
        made: list[SimLock] = []
        for each in settings:
            if not each.address:
                self._newcomers += 1
            made.append(SimLock(each, self._wall, self._record, each.address or f"new-{self._newcomers}"))
        return made

    def _record(self, entry: Entry) -> None:
        self.journal.append(entry)

    def _remember(self, locks: list[SimLock], past: Iterable[Entry]) -> None:
        by_key = {lock.key: lock for lock in locks}
        believed: Known | None = None
        for entry in past:
            self.journal.append(entry)
            if isinstance(entry.change, Known):
                believed = entry.change
            elif entry.lock in by_key:
                by_key[entry.lock].recall(entry.change)
        self._told = len(self.journal)
        met = {entry.lock for entry in self.journal}
        self.table = {
            lock.memory.node
            for lock in locks
            if lock.memory.node is not None and (believed is None or lock.key not in met)
        }
        if believed is not None:
            self.home_id = believed.home_id
            self.table |= set(believed.nodes)

    # ---- who is where ----

    @property
    def nodes(self) -> dict[int, Node]:
        """Whom the stick knows and can reach, by number."""
        if self.home_id != self._network.home:
            return {}
        there = {node.lock.memory.node: node for node in self._all}
        return {number: there[number] for number in sorted(self.table) if number in there}

    @property
    def locks(self) -> dict[int, SimLock]:
        return {number: node.lock for number, node in self.nodes.items()}

    @property
    def newcomers(self) -> list[Node]:
        """Whom the stick does not know; some believe that they are in its network still."""
        return [each for each in self._all if not self._knows(each)]

    def _knows(self, node: Node) -> bool:
        return node.lock.memory.node in self.table

    def find(self, address: str) -> Node:
        """Raises Rejected: nothing has this address, or this name."""
        for node in sorted(self._all, key=self._knows, reverse=True):
            if address in ((node.lock.address,) if self._knows(node) else (node.lock.stranger, node.lock.address)):
                return node
        raise Rejected(f"the simulated building has no lock {address}")

    def lock(self, address: str) -> SimLock:
        """Raises Rejected: nothing has this address, or this name."""
        return self.find(address).lock

    @property
    def doors(self) -> dict[Address, str]:
        return {Address(lock.address): lock.model.name for lock in self.locks.values()}

    def neighbours(self, number: int) -> set[int]:
        """Whom a node reaches itself: all, unless its settings name those that carry for it."""
        carriers = {each: lock.settings.repeaters for each, lock in self.locks.items()}
        if number == OWN_NODE:
            return {each for each, by in carriers.items() if not by}
        if number not in carriers:
            return set()
        heard = carriers[number][-1:] or (OWN_NODE, *(each for each, by in carriers.items() if not by))
        return {*heard, *(each for each, by in carriers.items() if by[-1:] == (number,))} - {number}

    # ---- coming and going ----

    def free_number(self) -> int | None:
        """The number for the next one: after the last that was given, around to the lowest free; None: all are taken."""
        after = [*range(self._last_number + 1, HIGHEST_NODE + 1), *range(2, self._last_number + 1)]
        return next((number for number in after if number not in self.table), None)

    def join(self, node: Node, number: int, now: float) -> None:
        """In the place of whoever had the number before: that one is in no network any more."""
        for other in self._all:
            if other.lock.memory.node == number:
                other.removed()
        self._last_number = number
        self.believe(self.home_id, self.table | {number})
        node.added(self.home_id, number, now)

    def unpack(self, settings: LockSettings) -> Node:
        """One more device in no network."""
        (lock,) = self._locks([settings])
        lock.install()
        self._all.append(Node(lock, self._network))
        return self._all[-1]

    def leave(self, node: Node) -> None:
        """Taken out of the network by the stick, of which it may be unknown."""
        number = node.lock.memory.node
        node.removed()
        if number in self.table:
            self.believe(self.home_id, self.table - {number})

    def believe(self, home_id: int, numbers: set[int]) -> None:
        """From now on the stick takes this for its network; the locks do not know that."""
        self.home_id, self.table = home_id, numbers
        self._record(Entry(at=self._wall(), lock=STICK, change=Known(home_id=home_id, nodes=tuple(sorted(numbers)))))

    # ---- time ----

    def take_news(self) -> list[Entry]:
        """What was journalled since the last call."""
        news = self.journal[self._told :]
        self._told = len(self.journal)
        return news

    def wake(self, now: float) -> None:
        for node in self._all:
            node.lock.wake(now)

    def deadline(self) -> float | None:
        moments = [node.deadline() for node in self._all]
        return min((moment for moment in moments if moment is not None), default=None)

    def timeout(self, now: float) -> None:
        reached = set(self.nodes.values())
        for node in self._all:
            node.timeout(now)
            if node not in reached:
                node.take(now)  # nobody hears it
