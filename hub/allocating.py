"""The digits of a new code: apart from every other on its doors, from those of passes, of strangers and of guests just gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hub.io.vault import Vault
from hub.model.pins import Near, allocate, neighbours, trivial
from hub.model.values import CodeTag, LockId, Pin, StayId
from hub.store import digits
from hub.store.engine import Tx

RECENT: Final = timedelta(days=30)
"""For so long nobody else gets the code of a guest who is gone."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What is on some doors already, or about to be."""

    vault: Vault = field(repr=False)
    live: frozenset[str] = field(repr=False)
    """Digits of codes that are ours."""
    known: frozenset[CodeTag]
    """Of all codes, those included whose digits nobody knows any more."""
    strangers: frozenset[CodeTag]
    """Of codes that are not ours: all that is known of their digits."""

    def taken(self, text: str) -> bool:
        return not self.known.isdisjoint(self.vault.tags(Pin(text)))

    def beside_a_stranger(self, text: str) -> bool:
        """Whether somebody else's code differs in a single digit: it takes a hash for each code that would."""
        if not self.strangers:
            return False
        return any(not self.strangers.isdisjoint(self.vault.tags(Pin(near))) for near in neighbours(text))

    def draw(self, below: Callable[[int], int], length: int, distance: int) -> Pin:
        """Raises Rejected when no such code is left."""

        def taken(text: str) -> bool:
            return self.taken(text) or (distance > 1 and length > _CROWDED and self.beside_a_stranger(text))

        return allocate(below, digits=length, live=self.live, taken=taken, distance=distance)

    def objection(self, pin: Pin, distance: int) -> str | None:
        """Why these digits cannot be a code there, as a clause; None: they can."""
        text = pin.reveal()
        if trivial(text):
            return "is among the codes that people try first"
        if self.taken(text):
            return "is somebody's code there already, or was until lately"
        if Near(self.live, len(text), min(distance, len(text) - 1))(text):
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
        frozenset(vault.open_pin(each.pin, about=each.about).reveal() for each in there),
        frozenset({each.tag for each in there} | strangers | abroad | gone) - mine,
        frozenset(strangers),
    )
