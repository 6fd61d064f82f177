"""The deadline ladder, said once more and without a look into the hub: what must be so of each stay at each door, and when.

Where a code can wait in the lock it is there a day before check-in, else somebody is warned; four hours before, a backup code
takes its place; one hour before, somebody is called. Where it cannot, a day before, the lock must have answered lately and
have a place; half an hour before, the backup code; a quarter of an hour before, somebody is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Final

from hub.model.values import Address, Proof
from tests.simulators.street import Door
from tests.system.year.judge import Judge
from tests.system.year.ledger import Ledger
from tests.system.year.town import Flat, Hours

GRACE: Final = timedelta(minutes=2)
"""After a stay was told of, or moved."""
APART: Final = timedelta(minutes=5)
SLACK: Final = timedelta(minutes=7)
"""What time alone brings about is looked after every five minutes, and a warning must last for one."""
CALM: Final = timedelta(minutes=20)
"""After so long without trouble an alert is over, and so is what it was about."""
AGAIN: Final = timedelta(minutes=3)
"""A lock may be asked just then for what it was known to hold: only what is amiss twice is wrong."""
LATELY: Final = timedelta(hours=26)


class Rung(Enum):
    WARN = "warn"
    SWITCH = "switch"
    CALL = "call"


def rungs(hours: Hours, lock: Address, *, waits: bool) -> dict[Rung, datetime]:
    at = hours.comes
    day, hour, minute = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
    if waits:
        return {Rung.WARN: at - day, Rung.SWITCH: at - 4 * hour, Rung.CALL: at - hour}
    switch = max(at - 30 * minute, hours.begins(lock) + APART)
    return {Rung.WARN: at - day, Rung.SWITCH: switch, Rung.CALL: max(at - 15 * minute, switch + APART)}


def waits(door: Door) -> bool:
    """Whether a code can be in it before it may open."""
    return door.brand.holds or door.brand.hours_first


@dataclass(frozen=True, slots=True)
class _Look:
    uid: str
    door: Door
    hours: Hours
    rung: Rung
    again: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """Stands at each rung of each stay at each door."""

    judge: Judge
    ledger: Callable[[], Ledger | None]
    door: Callable[[str], Door]

    def expect(self, uid: str, flat: Flat, hours: Hours) -> None:
        earliest = self.judge.now() + GRACE
        for door in map(self.door, flat.doors):
            due = {
                max(at, earliest): rung for rung, at in rungs(hours, door.address, waits=waits(door)).items()
            }  # the last of a time
            for at, rung in due.items():
                if at + SLACK < hours.end:
                    self._at(at + SLACK, _Look(uid, door, hours, rung))
            begins = hours.begins(door.address)
            if not waits(door) and earliest + CALM < begins:
                self.judge.at(begins - GRACE, partial(self._calm, uid, flat, hours, door))

    def _at(self, when: datetime, look: _Look) -> None:
        self.judge.at(when, lambda: self._stand(look))

    def _stand(self, look: _Look) -> None:
        judge, now, stay, ledger = self.judge, self.judge.now(), self.judge.stays[look.uid], self.ledger()
        if stay.hours != look.hours or stay.coming is not None or now >= look.hours.end:
            return
        if (
            ledger is None
            or judge.up_since is None
            or now - judge.up_since < SLACK
            or look.door in judge.down
            or self._just_released(look.door)
        ):
            self._at(now + SLACK, look)
            return
        judge.count("rungs")
        why = self._amiss(look, ledger)
        if why and look.again:
            where = f"{look.door.address} ({look.door.brand.name})"
            judge.blame("ladder", f"at “{look.rung.value}” before {look.uid} comes to {where} {why}")
        elif why:
            self._at(now + AGAIN, _Look(look.uid, look.door, look.hours, look.rung, again=True))

    def _calm(self, uid: str, flat: Flat, hours: Hours, door: Door) -> None:
        """Nobody is called for a code that may not be in its lock yet, while all doors of the stay answer and can be sure."""
        judge, ledger, since = self.judge, self.ledger(), self.judge.now() - CALM
        stay = judge.stays[uid]
        if ledger is None or judge.up_since is None or judge.up_since > since:
            return
        if stay.hours != hours or stay.coming is not None or stay.told_at is None or stay.told_at > since:
            return
        if all(self._at_ease(self.door(lock), since) for lock in flat.doors):
            judge.count("calm")
            if "code_missing" in ledger.alerted([f"stay:{ledger.stay(uid)}"]):
                begins = hours.begins(door.address)
                judge.blame(
                    "calm",
                    f"somebody is called for {uid} at {door.address}, whose code may be there from {begins:%H:%M}",
                )

    def _at_ease(self, door: Door, since: datetime) -> bool:
        contact, proves = self.judge.contacts[door], door.brand.tells or door.brand.proof is not Proof.ACKNOWLEDGED
        if not proves or door in self.judge.down or contact.since is None or not door.reachable:
            return False
        changed = max(contact.since, contact.reachable_since, self.judge.free_since(door))
        return changed < since and self._prepared(door)

    def _just_released(self, door: Door) -> bool:
        return self.judge.now() - self.judge.free_since(door) < SLACK

    def _amiss(self, look: _Look, ledger: Ledger) -> str:
        """What is wrong; empty: nothing."""
        door, now = look.door, self.judge.now()
        stay = ledger.stay(look.uid)
        if stay is None:
            return "the hub does not know the stay"
        if ledger.proven(door.address, look.uid):
            return self._believed(look)
        of_stay, of_lock = ledger.alerted([f"stay:{stay}"]), ledger.alerted([f"lock:{door.address}"])
        match look.rung:
            case Rung.WARN if not waits(door) and now < look.hours.begins(door.address) and self._prepared(door):
                return ""
            case Rung.WARN if waits(door):
                return "" if of_stay else "nobody was warned"
            case Rung.WARN:
                return "" if of_stay or {"silent", "never_met", "set_aside"} & set(of_lock) else "nobody was warned"
            case Rung.SWITCH if ledger.ready(door.address):
                return "a proven backup code lies in the lock, and is not the guest's"
            case Rung.SWITCH:
                return "" if of_stay else "nobody was told"
            case Rung.CALL:
                return "" if "code_missing" in of_stay else "nobody was called"

    def _prepared(self, door: Door) -> bool:
        """The lock has answered within a day, and there is a place for the code."""
        contact = self.judge.contacts[door]
        heard = contact.heard_at is not None and self.judge.now() - contact.heard_at <= LATELY
        return heard and not door.called_silent and len(door.codes) < door.brand.slots

    def _believed(self, look: _Look) -> str:
        """What is taken for proven is in the lock, if anybody could know."""
        door, judge = look.door, self.judge
        known = door.reachable and judge.contacts[door].since is not None
        there = any(judge.written.get((door, code.digits)) == look.uid for code in door.codes.values() if code.ours)
        pulled = any((door, code.digits) in judge.lent for code in door.codes.values() if code.ours)
        return "" if there or pulled or not known else "its code counts as proven, and is not there"
