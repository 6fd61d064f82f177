"""What locks tell, absorbed: beliefs updated, the access log written, slots looked at again where the lock says so."""

from __future__ import annotations

from datetime import datetime
from typing import Final, assert_never

from hub import batteries, hindsight, sharing, takeovers
from hub.attribution import Span, attributed
from hub.model.chain import LOCK
from hub.model.facts import (
    BatteryRead,
    BoltMoved,
    CodeChange,
    CodesChanged,
    LockFact,
    LockFound,
    LockHeard,
    LockSilent,
    LogRead,
    Mode,
    ModeTold,
    Trouble,
    TroubleSeen,
)
from hub.model.outcomes import ECHO, changed_outside, forgotten, heard, told_of_ours
from hub.model.values import How, LockId, Position
from hub.store import chain, codes, doors, emergencies, figures, guest_page, house, log
from hub.store import stays as ledger
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.log import Entry


def absorb(tx: Tx, fact: LockFact, driver: str) -> LockId | None:
    """The lock it is about. None when the site names none at that address: it is shown as met, and nothing is believed of it."""
    door = doors.door_at(tx, driver, fact.lock)
    if door is None:
        tx.signal("health")
        return None
    match fact:
        case LockFound():
            _found(tx, door, fact)
        case LockHeard():
            _heard(tx, door, fact.at)
        case LockSilent():
            doors.learn(tx, door.id, silent_since=door.silent_since or fact.at, silent_why=fact.why)
            tx.signal("health")
        case BoltMoved():
            _moved(tx, door, fact)
        case BatteryRead():
            _heard(tx, door, fact.at)
            batteries.absorb(tx, door, fact)
        case CodesChanged():
            _codes_changed(tx, door, fact)
        case ModeTold():
            _heard(tx, door, fact.at)
            _mode(tx, door, fact)
        case TroubleSeen():
            _trouble(tx, door, fact)
        case LogRead():
            _heard(tx, door, fact.at)
            _recalled(tx, door.id, fact)
            hindsight.absorb(tx, door, fact)
        case _:
            assert_never(fact)
    return door.id


def _recalled(tx: Tx, lock: LockId, fact: LogRead) -> None:
    """What happened while it was silent is known now, if that is how far back it tells."""
    door = doors.door(tx, lock)
    if door is not None and door.deaf_from is not None and fact.since <= door.deaf_from:
        doors.learn(tx, lock, deaf_from=None, deaf_until=None)


def _found(tx: Tx, door: Door, fact: LockFound) -> None:
    doors.learn_abilities(tx, door.id, fact.abilities)
    if fact.replaced:
        chain.append(tx, fact.at, LOCK, "replaced", "told", lock=door.id)
        house.withdraw_consent(tx, door.id)
        forget_slots(tx, door.id, fact.at)
    codes.outfit(tx, door.id, fact.abilities.slots)
    _heard(tx, door, fact.at)
    tx.signal("health")


def forget_slots(tx: Tx, lock: LockId, at: datetime) -> None:
    """Nothing that was believed of this lock's memory holds any more."""
    doors.learn(tx, lock, emptied_at=at, doubted_at=None)
    doors.tour_anew(tx, lock)
    for slot in codes.slots_of(tx, lock):
        codes.keep_slot(tx, lock, forgotten(slot), at)


def _heard(tx: Tx, door: Door, at: datetime) -> None:
    doors.learn(
        tx, door.id, heard_at=at, silent_since=None, silent_why=None, unanswered_at=None, met_at=door.met_at or at
    )
    tx.signal(f"heard:{door.id}")
    if door.silent_since is None:
        return
    figures.was_away(tx, door.id, door.silent_since, at)
    doors.learn(tx, door.id, deaf_from=door.deaf_from or door.silent_since, deaf_until=at)
    # A sign of life ends every back-off: what failed while it was silent is tried at once.
    for slot in codes.slots_of(tx, door.id):
        if (eager := heard(slot)) != slot:
            codes.keep_slot(tx, door.id, eager, at)
    tx.signal("health")


def _moved(tx: Tx, door: Door, fact: BoltMoved) -> None:
    _heard(tx, door, fact.at)
    if door.position is Position.JAMMED and fact.position is Position.UNKNOWN:
        return  # that nobody knows where a jammed bolt stands is no news: it is jammed until it moves
    doors.learn(tx, door.id, position=fact.position.value, position_how=fact.how.value, position_at=fact.at)
    if fact.how is How.KEYPAD and door.mode is not Mode.NORMAL:
        _mode(tx, door, ModeTold(fact.lock, fact.at, Mode.NORMAL))  # a code opened it, so codes open it
    if Position.JAMMED in (door.position, fact.position) or door.trouble or emergencies.is_down(tx, door.id):
        tx.signal("health")
    known = door.position is fact.position
    repeated = known and door.position_how is fact.how and _just_now(door.position_at, fact.at)
    if repeated and fact.how is How.KEYPAD and fact.slot is not None:
        repeated = log.told_of(
            tx, door.id, fact.slot, fact.at - ECHO, fact.at + ECHO
        )  # else it is another guest's code
    no_news = fact.how is How.UNKNOWN and (known or door.position is Position.UNKNOWN)
    if fact.position is Position.UNKNOWN or repeated or no_news or _is_that_jam(door, fact):
        return
    entry = Entry(fact.at, door.id, door.property, _WHAT[fact.position], fact.how.value, "", fact.slot)
    entry, guest = attributed(tx, entry, Span.at(fact.at))
    log.note(tx, entry)
    if fact.position is not Position.UNLOCKED:
        return
    if guest is not None:
        ledger.arrived(tx, guest, fact.at)
    if guest_page.is_doubted(tx, door.id) or (guest is not None and sharing.many(tx, guest, fact.at)):
        tx.signal("health")


def _is_that_jam(door: Door, fact: BoltMoved) -> bool:
    """Whether it was told as a trouble already."""
    return fact.position is Position.JAMMED and _was_told(door, Trouble.JAMMED, fact.at)


def _was_told(door: Door, trouble: Trouble, at: datetime) -> bool:
    return door.trouble == trouble.value and _just_now(door.trouble_at, at)


def _just_now(before: datetime | None, at: datetime) -> bool:
    """What was seen long after now was seen by a clock that has been set back: it makes no echo of what is told now."""
    return before is not None and abs(at - before) < ECHO


_WHAT: Final = {
    Position.LOCKED: log.LOCKED,
    Position.UNLOCKED: log.UNLOCKED,
    Position.JAMMED: Trouble.JAMMED.value,
}


def _codes_changed(tx: Tx, door: Door, fact: CodesChanged) -> None:
    _heard(tx, door, fact.at)
    if fact.change is CodeChange.ALL_DELETED:
        doors.learn(tx, door.id, emptied_at=fact.at)
    written_anew = takeovers.absorb(tx, door, fact)
    for slot in codes.told_of(tx, door.id, fact, doors.places(door)):
        about_it = fact.slot in {None, slot.number} and slot.number not in written_anew
        if about_it and not (fact.slot is not None and told_of_ours(slot, fact.at)):
            codes.keep_slot(tx, door.id, changed_outside(slot, fact.change), fact.at)


def _mode(tx: Tx, door: Door, fact: ModeTold) -> None:
    if door.mode is fact.mode:
        return
    doors.learn(tx, door.id, mode=fact.mode.value, mode_at=fact.at)
    if fact.mode is not Mode.NORMAL:
        log.note(
            tx, Entry(fact.at, door.id, door.property, Trouble.KEYPAD_OFF.value, How.UNKNOWN.value, fact.mode.value)
        )
    tx.signal("health")


def _trouble(tx: Tx, door: Door, fact: TroubleSeen) -> None:
    _heard(tx, door, fact.at)
    match fact.trouble:
        case Trouble.BATTERY_LOW | Trouble.BATTERY_CRITICAL:
            batteries.warned(tx, door, fact.trouble, fact.at)
        case Trouble.JAMMED:
            doors.learn(tx, door.id, position=Position.JAMMED.value, position_at=fact.at)
    doors.learn(tx, door.id, trouble=fact.trouble.value, trouble_at=fact.at)
    if not _was_told(door, fact.trouble, fact.at):
        log.note(tx, Entry(fact.at, door.id, door.property, fact.trouble.value, How.UNKNOWN.value, fact.note))
    tx.signal("health")
