"""Each lock's pool of backup codes: drawn, put into the lock and proven before anybody needs them, and shown to nobody.

Pulling makes one of them a stay's, in one transaction; it ends with the stay, and the pool is filled up at once. A code that
somebody has seen, that the lock refuses or that has grown old is replaced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from hub.errors import Rejected
from hub.issuing import Desk, Whose, drawn_for, opened, put_down
from hub.model.codes import SLEW, Limits, Reading, Slot
from hub.model.ladder import pool_change, takes_backup
from hub.model.values import GrantId, LockId, Pin, Purpose, Window
from hub.store import codes, conflicts, doors, emergencies, house, log, settings
from hub.store import ladder as ledger
from hub.store.codes import Issued
from hub.store.engine import Tx
from hub.store.ladder import BY_ITSELF, Pooled
from hub.store.stays import StayRow

LABEL: Final = "Backup code"
OLD: Final = timedelta(days=365)
AHEAD: Final = timedelta(hours=72)
"""Codes that begin to work within this time need their places already."""
REFUSALS: Final = 3
"""A lock that refused so many backup codes within a day is asked no more of them that day."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a pool needs to be as it should."""

    drop: tuple[GrantId, ...] = ()
    draw: int = 0

    def __bool__(self) -> bool:
        return bool(self.drop) or self.draw > 0


def wanted(tx: Tx, lock: LockId) -> int:
    """How many backup codes a lock should keep, if it has the room. None where no guest passes."""
    door = doors.door(tx, lock)
    if door is None or door.abilities is None or door.abilities.slots == 0 or not house.units_of(tx, lock):
        return 0
    return house.backups_at(tx, lock)


def change(tx: Tx, lock: LockId, now: datetime) -> Change:
    """Worked out from what is there; while a restored hub waits for a person, nothing changes."""
    if settings.safe_mode(tx):
        return Change()
    pool = ledger.pool(tx, [lock]).get(lock, [])
    drop = [each for each in pool if each.seen or each.refused or _is_early(each, now) or not _fits(tx, each)]
    drop += _aged([each for each in pool if each not in drop], now)
    kept = [each for each in pool if each not in drop]
    number = pool_change(wanted(tx, lock), len(kept), _free(tx, lock, kept, now))
    if number < 0:
        spare = sorted(kept, key=lambda each: (each.proven(now), each.held))[:-number]
        return Change(tuple(each.id for each in (*drop, *spare)))
    tired = ledger.refused_lately(tx, lock, now - timedelta(days=1)) >= REFUSALS
    return Change(tuple(each.id for each in drop), 0 if tired else number)


class Shortage(Enum):
    """Why a pool is not full."""

    REFUSED = "refused"
    NO_ROOM = "no_room"
    UNPROVEN = "unproven"


def shortage(tx: Tx, lock: LockId, pool: Sequence[Pooled], number: int, since: datetime, now: datetime) -> Shortage:
    """Of a lock that should keep so many; `since`: when it last had what it should, or began to have it."""
    if ledger.refused_lately(tx, lock, since):
        return Shortage.REFUSED
    all_held = all(each.proven(now) for each in pool)
    if all_held and pool_change(number, len(pool), _free(tx, lock, pool, now)) <= 0:
        return Shortage.NO_ROOM
    return Shortage.UNPROVEN


def _fits(tx: Tx, each: Pooled) -> bool:
    """Another device may stand there by now."""
    door = doors.door(tx, each.lock)
    return door is None or door.abilities is None or Limits.of(door.abilities).take(each.grant.digits)


def _is_early(each: Pooled, now: datetime) -> bool:
    """Drawn while the clock was ahead: it would not be put into the lock before that time comes."""
    return each.grant.window.start > now + SLEW


def _aged(pool: list[Pooled], now: datetime) -> list[Pooled]:
    """One at a time, while the others can stand in."""
    old = [each for each in pool if now - each.made_at > OLD]
    return old[:1] if all(each.proven(now) for each in pool) else []


def _free(tx: Tx, lock: LockId, pool: Iterable[Pooled], now: datetime) -> int:
    slots = codes.managed_slots(tx, lock)
    holding = {slot.holder for slot in slots}
    open_ = sum(slot.holder is None and slot.claim is None and slot.reading is not Reading.OCCUPIED for slot in slots)
    ours = {each.id for each in pool}
    soon = [grant for grant in codes.open_grants(tx, lock) if grant.window.start <= now + AHEAD]
    live = [grant for grant in soon if not (grant.revoked or grant.refused or grant.window.over(now))]
    waiting = sum(grant.id not in holding and (grant.id in ours or not _pooled(tx, grant.id)) for grant in live)
    return open_ - waiting


def _pooled(tx: Tx, grant: GrantId) -> bool:
    entry = codes.issued(tx, grant)
    return entry is not None and entry.pooled


def tend(tx: Tx, desk: Desk, lock: LockId) -> None:
    """Make a lock's pool as it should be. Doing it twice changes nothing."""
    now = desk.now()
    need = change(tx, lock, now)
    codes.revoke(tx, need.drop, now)
    for _ in range(need.draw):
        try:
            pin = drawn_for(tx, desk, [lock])[lock]
        except Rejected:  # no digits are left on this door
            return
        put_down(tx, desk, lock, pin, Window(now), Whose(Purpose.BACKUP, label=LABEL))


# ---- pulling --------------------------------------------------------------------------------------------------------


def pull(tx: Tx, desk: Desk, stay: StayRow, lock: LockId, by: str = BY_ITSELF) -> Issued | None:
    """A proven backup code of that door becomes the stay's; the one it has, if it has one already. None: none is ready."""
    had = next((entry for entry in ledger.pulled(tx, stay.id) if entry.lock == lock), None)
    if had is not None and had.pulled_by == BY_ITSELF and by != BY_ITSELF:
        ledger.asked_for(tx, had.grant.id, by)
    if had is not None or stay.check_out is None:
        return had
    now, until = desk.now(), _until(tx, stay, lock)
    if until is None or until <= now:
        return None
    ready = (each for each in ledger.pool(tx, [lock]).get(lock, ()) if each.proven(now))
    for each in ready:
        if ledger.pull(tx, each.id, stay.id, until, now, by):
            log.record(tx, now, by, "backup code pulled", f"stay:{stay.id}", detail=_name(tx, lock))
            tend(tx, desk, lock)
            tx.signal("health")
            return codes.issued(tx, each.id)
    return None


def _until(tx: Tx, stay: StayRow, lock: LockId) -> datetime | None:
    """How long a backup code may stand in: as long as the stay's own code at that door."""
    own = next((entry for entry in codes.issued_for(tx, stay.id) if entry.lock == lock), None)
    if own is not None:
        return own.grant.window.end
    return None if conflicts.contested(tx, [stay.id]) else stay.left_at or stay.check_out


def use(tx: Tx, desk: Desk, stay: StayRow, actor: str) -> list[LockId]:
    """A person wants the backup codes: one for each door that has one. The doors that gave one.

    Raises:
        Rejected: the time is not certain, or no door of the stay has one ready.
    """
    if not desk.trusted():
        raise Rejected("the hub does not know the time for certain; look at the Health page first")
    down = emergencies.down(tx)
    passed = [entry.lock for entry in codes.issued_for(tx, stay.id) if entry.lock not in down]
    given = [lock for lock in passed if pull(tx, desk, stay, lock, actor) is not None]
    if not given:
        raise Rejected("no backup code is ready in the locks of this stay; open the door yourself")
    return given


def doubt(tx: Tx, desk: Desk, stay: StayRow, actor: str, at: LockId | None = None) -> list[LockId]:
    """Somebody says that the code does not work, at one door or all: its locks are asked for it again. The doors asked."""
    asked = []
    for entry in codes.issued_for(tx, stay.id):
        if at not in (None, entry.lock):
            continue
        for slot in codes.slots_of(tx, entry.lock):
            if slot.holder == entry.grant.id:
                codes.keep_slot(tx, entry.lock, _asked_again(slot), desk.now())
        asked.append(entry.lock)
    where = "" if at is None else _name(tx, at)
    log.record(tx, desk.now(), actor, "code does not work", f"stay:{stay.id}", detail=where)
    tx.signal(f"stay:{stay.id}")
    return asked


def _asked_again(slot: Slot) -> Slot:
    return slot if slot.claim is not None else replace(slot, reading=Reading.UNKNOWN, retry_at=None)


def look_at(tx: Tx, lock: LockId, now: datetime) -> None:
    """Have a lock asked for a place of which nothing is wanted: nobody knows whether it answers."""
    slots = codes.managed_slots(tx, lock)
    if any(slot.reading is Reading.UNKNOWN and slot.holder is None for slot in slots):
        return  # it is being asked
    empty = next((slot for slot in slots if slot.reading is Reading.EMPTY and slot.claim is None), None)
    if empty is not None:
        codes.keep_slot(tx, lock, replace(empty, reading=Reading.UNKNOWN), now)


def shed(tx: Tx, lock: LockId, now: datetime) -> None:
    """Give up one backup code: its place is needed."""
    pool = ledger.pool(tx, [lock]).get(lock, [])
    least = min(pool, key=lambda each: each.proven(now), default=None)
    if least is not None:
        codes.revoke(tx, [least.id], now)


def release(tx: Tx, desk: Desk, stay: StayRow, lock: LockId) -> None:
    """The stay has moved away from its backup code, which works already: it is ended, and another one drawn in its time."""
    now = desk.now()
    given = [entry.grant.id for entry in ledger.pulled(tx, stay.id) if entry.lock == lock]
    codes.revoke(tx, given, now)
    log.record(tx, now, BY_ITSELF, "backup code ended", f"stay:{stay.id}", detail=_name(tx, lock))
    tend(tx, desk, lock)


def _name(tx: Tx, lock: LockId) -> str:
    door = doors.door(tx, lock)
    return lock if door is None else door.name


def take(tx: Tx, desk: Desk, lock: LockId, label: str, until: datetime, by: str) -> Pin | None:
    """A proven backup code of that door for an emergency: it works even if the lock answers nobody. None: none is ready."""
    now = desk.now()
    for each in ledger.pool(tx, [lock]).get(lock, ()):
        if each.proven(now) and ledger.take(tx, each.id, label, until, now, by):
            log.record(tx, now, by, "backup code pulled", f"lock:{lock}", detail=label)
            entry = codes.issued(tx, each.id)
            tend(tx, desk, lock)
            return None if entry is None else opened(desk, entry)
    return None


# ---- telling --------------------------------------------------------------------------------------------------------


def told_by_door(tx: Tx, stay: StayRow, now: datetime) -> dict[LockId, Issued]:
    """Which code the guest is told for which door: the stay's own, or the backup code where that has taken its place."""
    seen = ledger.stairs(tx, [stay], now).get(stay.id)
    own = {entry.lock: entry for entry in codes.issued_for(tx, stay.id)}
    if seen is None:
        return own
    instead = {door.lock: seen.backups[door.lock] for door in seen.doors if takes_backup(door)}
    return dict(sorted((own | instead).items()))


def for_guest(
    tx: Tx, desk: Desk, stay: StayRow, actor: str, at: Collection[LockId] | None = None
) -> list[tuple[LockId, Pin]]:
    """The digits that the guest is told, door by door (None: every one). Audited; from here on they count as known."""
    told = told_by_door(tx, stay, desk.now())
    entries = [entry for lock, entry in told.items() if at is None or lock in at]
    codes.told(tx, [entry.grant.id for entry in entries], desk.now())
    log.record(tx, desk.now(), actor, "code shown", f"stay:{stay.id}")
    return [(entry.lock, opened(desk, entry)) for entry in entries]
