"""A code that was in a keypad before the hub came is given a name, and perhaps an end: from then on it is one of ours.

The lock itself is asked for the digits; where it hides them the person says them, and nothing can show that they are right.
Nothing is written to it: not the code, and not its hours, whatever it can keep. What the hub does to an adopted code later is
what it does to every other: it looks after it, and takes it out when it ends.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub import issuing, people
from hub.contracts import Keypad
from hub.errors import Disappointment, Rejected, Unavailable
from hub.io.tagbook import TagBook
from hub.issuing import Desk, Whose
from hub.model.codes import Reading, Slot
from hub.model.facts import SlotRead
from hub.model.hours import confining
from hub.model.passes import LEAD
from hub.model.slots import Limits
from hub.model.values import CodeTag, GrantId, LockId, PersonId, Pin, Proof, Purpose, Window, clean
from hub.plugins import Plugins
from hub.store import codes, doors, log, passes
from hub.store.doors import Door
from hub.store.engine import Store, Tx

PATIENCE: Final = timedelta(seconds=20)
"""For the lock's answer, in real time. A person waits for it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants of somebody else's code."""

    lock: LockId
    number: int
    """Of its place in the keypad."""
    label: str
    until: datetime | None
    """None: until somebody ends it."""
    person: PersonId | None = None
    """Whose it is, where they are known here: then it is a pass of theirs from here on, and `label` does not count."""
    pin: Pin | None = None
    """The digits, as a person says them: for a lock that hides them, and for no other."""


@dataclass(frozen=True, slots=True)
class Adopting:
    store: Store
    plugins: Plugins
    desk: Desk
    tagbook: TagBook

    async def adopt(self, wish: Wish, actor: str) -> GrantId:
        """
        Raises:
            Rejected: it is not a code of somebody else's, nobody tells its digits, or they are taken.
            Unavailable: the lock does not answer; nothing was changed.
        """
        wish = replace(wish, label=clean(wish.label, limit=60))
        door, before = await self.store.read(lambda tx: self._foreign(tx, wish))
        seen = await _read(door, self._keypad(door), wish.number)
        done = await self.store.write(lambda tx: self._take(tx, wish, before, seen, actor))
        if isinstance(done, Rejected):
            raise done
        pin = seen.pin or wish.pin
        # After the commit: a tag that is in the book without a grant is that of a code to be taken out of every lock. Who is
        # killed here finds it at the next start (`held`).
        assert pin is not None  # else it would have been refused
        self.tagbook.add(self.desk.vault.tag(pin))
        return done

    def _keypad(self, door: Door) -> Keypad:
        met = self.plugins.lock(door.driver, door.address)
        if met is None or met.keypad is None:
            raise Rejected(f"{door.name} cannot be asked from here: its driver has not met it, or it has no keypad")
        return met.keypad

    def _foreign(self, tx: Tx, wish: Wish) -> tuple[Door, Slot]:
        """The slot as it is believed to be, if there is a code in it that could be adopted."""
        door = doors.door(tx, wish.lock)
        if door is None:
            raise Rejected(f"there is no lock called “{wish.lock}”")
        self._check_wish(wish)
        self._keypad(door)
        most = codes.MANAGED if door.abilities is None else doors.places(door)
        if not 1 <= wish.number <= most:
            raise Rejected(f"{door.name} has places 1 to {most} and no place {wish.number}; choose one of these")
        slot = next((slot for slot in codes.slots_of(tx, wish.lock) if slot.number == wish.number), Slot(wish.number))
        if slot.holder is not None or slot.claim is not None:
            raise Rejected(f"the code in place {wish.number} of {door.name} is one of Gatehouse's own already")
        if slot.reading is Reading.EMPTY:
            raise Rejected(f"place {wish.number} of {door.name} is empty; choose one that holds somebody else's code")
        if slot.reading is Reading.UNKNOWN and wish.number <= codes.MANAGED:  # the others are asked only now and then
            raise Rejected(f"place {wish.number} of {door.name} has not been looked at yet; try again in a minute")
        return door, slot

    def _check_wish(self, wish: Wish) -> None:
        if not self.desk.trusted():
            raise Rejected("the hub does not know the time for certain; look at the Health page first")
        if not wish.label and wish.person is None:
            raise Rejected("say whose code it is")
        if wish.until is not None and wish.until <= self.desk.now() + timedelta(minutes=1):
            raise Rejected("a code must end in the future")

    def _take(self, tx: Tx, wish: Wish, before: Slot, seen: SlotRead, actor: str) -> GrantId | Rejected:
        """Returned rather than raised where something was learnt about the slot: that is to stay."""
        door, slot = self._foreign(tx, wish)
        if (slot.reading, slot.tag) != (before.reading, before.tag):
            raise Rejected(f"place {wish.number} of {door.name} changed just now; look at it and try again")
        known = slot.tag is None or seen.pin is None or slot.tag in self.desk.vault.tags(seen.pin)
        if seen.empty or not known:
            codes.keep_slot(tx, wish.lock, replace(slot, reading=Reading.UNKNOWN, retry_at=None), self.desk.now())
            there = "is empty by now" if seen.empty else "holds another code by now"
            return Rejected(f"place {wish.number} of {door.name} {there}; look at it and try again")
        pin = self._adoptable(tx, wish, door, seen)
        now = self.desk.now()
        whose, window = self._whose(tx, wish, pin)
        grant = issuing.put_down(tx, self.desk, wish.lock, pin, window, whose)
        codes.told(tx, [grant], now)
        proof = Proof.CONFIRMED if seen.pin is None else Proof.READ_BACK
        held = replace(_held(slot, window, now), holder=grant, tag=self.desk.vault.tag(pin), proof=proof)
        codes.keep_slot(tx, wish.lock, held, now)
        detail = f"{whose.label}, place {wish.number}"
        log.record(tx, now, actor, "code adopted", f"lock:{wish.lock}", detail=detail)
        return grant

    def _whose(self, tx: Tx, wish: Wish, pin: Pin) -> tuple[Whose, Window]:
        """With the hours as whoever keeps a pass's codes has them: other ones would be told to the lock."""
        now = self.desk.now()
        if wish.person is None:
            return Whose(Purpose.HAND, label=wish.label), Window(now, wish.until)
        made = people.adopted(tx, self.desk, wish.person, wish.lock, pin, wish.until)
        label = people.there(tx, wish.person).name
        return Whose(Purpose.STAFF, label=label, pass_=made.id), Window(made.good.start - LEAD, made.good.end)

    def _adoptable(self, tx: Tx, wish: Wish, door: Door, seen: SlotRead) -> Pin:
        where = f"the code in place {wish.number} of {door.name}"
        pin = seen.pin or wish.pin
        if pin is None:
            raise Rejected(
                f"{door.name} does not tell the digits of its codes; say them, or give that person a code of Gatehouse's own "
                "and delete this one at the lock"
            )
        if wish.pin not in {None, pin}:
            raise Rejected(f"{where} has other digits than those; leave them out, {door.name} tells them itself")
        if seen.pin is None and door.abilities is not None and not Limits.of(door.abilities).take(len(pin)):
            raise Rejected(f"{door.name} takes no code of {len(pin.reveal())} digits; look at the digits again")
        if not seen.enabled:
            raise Rejected(f"{where} is switched off; switch it on at the lock, or delete it there")
        tags = self.desk.vault.tags(pin)
        if any(grant.tag in tags for grant in codes.open_grants(tx, wish.lock)):
            raise Rejected(f"{where} has the same digits as one that Gatehouse gave for this door; end that one first")
        if not tags.isdisjoint(passes.tags_on(tx, wish.lock)):
            raise Rejected(
                f"{where} has the digits that Gatehouse keeps for somebody's pass; draw others for that one first"
            )
        if not tags.isdisjoint(self.tagbook.tags - codes.theirs(tx, wish.lock)):
            raise Rejected(f"{where} is one that Gatehouse gave and that is over; give a new one instead")
        return pin


def held(tx: Tx) -> set[CodeTag]:
    """The tags of what is in the locks and somebody's: each stands in the book, or was to be written there."""
    slots = (slot for door in doors.doors(tx) for slot in codes.slots_of(tx, door.id))
    return {slot.tag for slot in slots if slot.holder is not None and slot.tag is not None}


def _held(slot: Slot, window: Window, now: datetime) -> Slot:
    """As if it had been written and read back. The lock counts as one that cannot keep its hours, so it is not told any."""
    hours = replace(slot.hours, told=confining(window), proof=Proof.NONE, refused=True, before=slot.hours.end)
    return replace(slot, proof=Proof.READ_BACK, proven_at=now, enabled=True, failures=0, retry_at=None, hours=hours)


async def _read(door: Door, keypad: Keypad, number: int) -> SlotRead:
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return await keypad.read(number)
    except Rejected as error:
        raise Rejected(f"{door.name} refuses to tell: {error}") from error
    except TimeoutError:
        why = "no answer in time"
    except Disappointment as error:
        why = str(error)
    raise Unavailable(f"{door.name} cannot be asked now ({why}); try again when it answers")
