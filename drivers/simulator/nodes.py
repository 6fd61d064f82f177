"""A lock as the radio knows it: what it hears goes to the lock's Command Classes, what the lock says goes out.

The stick deals with nodes only; the lock behind one does not know how its words travel.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.simulator import commands
from drivers.simulator.locks import Said, SimLock


@dataclass(frozen=True, slots=True)
class Spoken:
    """One frame on its way to the host."""

    frame: bytes
    event: bool
    """Part of what is told without being asked."""
    words: Said | None
    """What the lock says with it; None: the node only speaks of nonces and keys."""


class Node:
    def __init__(self, lock: SimLock) -> None:
        self.lock = lock

    def classes(self) -> bytes:
        """For the Node Information Frame."""
        return bytes(commands.classes(self.lock))

    def receive(self, frame: bytes, now: float) -> None:
        commands.obey(self.lock, frame, now)

    def take(self, _now: float) -> list[Spoken]:
        """What goes out since the last call, in the order in which it must: answers first."""
        said, self.lock.said = self.lock.said, []
        return [Spoken(each.command, each.event, each) for each in sorted(said, key=lambda each: each.event)]

    def deadline(self) -> float | None:
        return self.lock.deadline()

    def timeout(self, now: float) -> None:
        self.lock.timeout(now)
