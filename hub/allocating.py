"""The digits of a new code: apart from every other on its doors, from those of passes, of strangers and of guests just gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hub.io.vault import NOT_OPENED, Vault
from hub.model.pins import Near, allocate_apart, neighbours, trivial
from hub.model.values import CodeTag, LockId, Pin, StayId
from hub.store import digits
from hub.store.digits import Sealed
from hub.store.engine import Tx

RECENT: Final = timedelta(days=30)
"""For so long nobody else gets the code of a guest who is gone."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What is on some doors already, or about to be."""

    vault: Vault = field(repr=False)
    live: set[str] = field(repr=False)
    """Digits of codes that are ours."""
    known: set[CodeTag]
    """Of all codes, those included whose digits nobody knows any more."""
    strangers: frozenset[CodeTag]
    """Of codes that are not ours: all that is known of their digits."""
    near: dict[tuple[int, int], Near] = field(default_factory=dict, repr=False)
    """By length and distance, what is too near to one of ours."""

    def add(self, pin: Pin) -> None:
        """A code of ours that was issued just now."""
        text = pin.reveal()
        self.live.add(text)
        self.known.add(self.vault.tag(pin))
        for each in self.near.values():
            each.add(text)

    def nearer_than(self, length: int, distance: int) -> Near:
        found = self.near.get((length, distance))
        if found is None:
            found = self.near[length, distance] = Near(self.live, length, distance)
        return found

    def taken(self, text: str) -> bool:
        return not self.known.isdisjoint(self.vault.tags(Pin(text)))

    def cuts_short(self, pin: Pin) -> bool:
        """Whether one of ours is the beginning of the other: a lock opens, or refuses, before the longer one is typed."""
        text = pin.reveal()
        return any(text != each and (text.startswith(each) or each.startswith(text)) for each in self.live)

    def apart(self, pin: Pin, distance: int) -> bool:
        """Whether it differs in so many digits from every other."""
        text = pin.reveal()
        others = Near([each for each in self.live if each != text], len(text), min(distance, len(text) - 1))
        return not (others(text) or (distance > 1 and len(text) > _CROWDED and self.beside_a_stranger(text)))

    def beside_a_stranger(self, text: str) -> bool:
        """Whether somebody else's code differs in a single digit: it takes a hash for each code that would."""
        if not self.strangers:
            return False
        return any(not self.strangers.isdisjoint(self.vault.tags(Pin(near))) for near in neighbours(text))

    def draw(self, below: Callable[[int], int], length: int, distance: int) -> Pin:
        """Raises Rejected when no such code is left."""

        def taken(text: str) -> bool:
            return self.taken(text) or (distance > 1 and length > _CROWDED and self.beside_a_stranger(text))

        return allocate_apart(
            below,
            digits=length,
            near=lambda apart: self.nearer_than(length, apart),
            taken=taken,
            distance=distance,
        )

    def objection(self, pin: Pin, distance: int) -> str | None:
        """Why these digits cannot be a code there, as a clause; None: they can."""
        text = pin.reveal()
        if trivial(text):
            return "is among the codes that people try first"
        if self.taken(text):
            return "is somebody's code there already, or was until lately"
        if self.nearer_than(len(text), min(distance, len(text) - 1))(text):
            return "is too much like another code there"
        return "is too much like somebody else's code there" if distance > 1 and self.beside_a_stranger(text) else None


_CROWDED: Final = 4
"""With so few digits there may be no code left that is a neighbour of none."""


def crowd(tx: Tx, vault: Vault, locks: Collection[LockId], now: datetime, *, besides: Iterable[StayId] = ()) -> Crowd:
    """`besides`: whose own live codes are in nobody's way."""
    ours = set(besides)
    found = digits.sealed_on(tx, locks)
    there = [each for each in found if each.stay not in ours or each.revoked]
    mine = {each.tag for each in found if each.stay in ours and not each.revoked}
    strangers = digits.strangers_on(tx, locks) - mine
    # Once a code is ours anywhere, a lock that holds the same digits of somebody else's would be taken to hold ours.
    abroad = digits.strangers_anywhere(tx)
    gone = digits.gone_since(tx, locks, now - RECENT)
    return Crowd(
        vault,
        {pin.reveal() for each in there if (pin := _opened(vault, each)) is not None},
        ({each.tag for each in there} | strangers | abroad | gone) - mine,
        frozenset(strangers),
    )


def _opened(vault: Vault, each: Sealed) -> Pin | None:
    """None: they do not open. They are told apart by their tag all the same."""
    try:
        return vault.open_pin(each.pin, about=each.about)
    except NOT_OPENED:
        return None


@dataclass(frozen=True, slots=True)
class Crowds:
    """For a transaction that issues many codes: each door's crowd is gathered once, and those issued join it.

    Whoever issues a code must tell it; nothing else makes a crowd larger within a transaction.
    """

    known: dict[tuple[LockId, ...], Crowd] = field(default_factory=dict, repr=False)

    def at(self, tx: Tx, vault: Vault, locks: Collection[LockId], now: datetime) -> Crowd:
        doors = tuple(sorted(locks))
        found = self.known.get(doors)
        if found is None:
            found = self.known[doors] = crowd(tx, vault, doors, now)
        return found

    def issued(self, lock: LockId, pin: Pin) -> None:
        for doors, each in self.known.items():
            if lock in doors:
                each.add(pin)
