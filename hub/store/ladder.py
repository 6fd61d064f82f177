"""Backup codes, and what the deadline ladder looks at: the codes that stays have at their doors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, or_, select, update

from hub.model.codes import Claim, Grant, Limits, Reading, Slot, ready
from hub.model.facts import Mode
from hub.model.ladder import ENTRY, Backup, DoorHours, DoorNow, Own
from hub.model.stays import wants_code
from hub.model.values import GrantId, LockId, Position, Proof, Purpose, StayId, Window
from hub.store import code_list, codes, doors, emergencies
from hub.store.code_list import Code
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.prepared import Bare, Prepared, among, listed
from hub.store.stays import StayRow
from hub.store.tables import Instant, grants, lock_state, locks, properties, slots, stays, unit_locks

# ---- backup codes ---------------------------------------------------------------------------------------------------

LIVE: Final = and_(grants.c.pin.is_not(None), grants.c.revoked_at.is_(None))
BACKUP: Final = grants.c.purpose == Purpose.BACKUP.value
_POOLED: Final = and_(BACKUP, LIVE, grants.c.pulled_at.is_(None))
_PULLED: Final = and_(BACKUP, LIVE, grants.c.pulled_at.is_not(None))
_SURE: Final = (Proof.READ_BACK, Proof.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Pooled:
    """A backup code that is nobody's yet."""

    id: GrantId
    lock: LockId
    made_at: datetime
    seen: bool
    """Somebody was shown the digits: it is no backup code any more."""
    refused: bool
    grant: Grant
    slot: Slot | None

    @property
    def held(self) -> bool:
        return self.slot is not None

    def proven(self, now: datetime) -> bool:
        return self.slot is not None and _proven(self.grant, self.slot, now) and not (self.seen or self.refused)


def _proven(grant: Grant, slot: Slot, now: datetime) -> bool:
    return slot.proof in _SURE and ready(grant, slot, now)


_SLOT: Final = {column.name: column.label(f"slot_{column.name}") for column in slots.c}


def _pooled(row: Mapping[str, Any]) -> Pooled:
    """From a code and the slot that it holds, if any."""
    entry = codes.entry_of(row)
    assert entry.made_at is not None  # written with every grant
    held = row["slot_number"] is not None
    slot = codes.read_slot({name: row[label.name] for name, label in _SLOT.items()}) if held else None
    seen, refused = entry.told_at is not None, entry.refused is not None
    return Pooled(entry.grant.id, entry.lock, entry.made_at, seen, refused, entry.grant, slot)


def _pool(*more: ColumnElement[bool]) -> Prepared[Pooled]:
    query = select(grants, *_SLOT.values()).outerjoin(slots, slots.c.holder == grants.c.id).where(_POOLED, *more)
    return Prepared(query.order_by(grants.c.lock_id, grants.c.made_at, grants.c.id), _pooled, remember=["id"])


_POOL: Final = _pool()
_POOL_OF: Final = _pool(among(grants.c.lock_id, "locks"))


def pool(tx: Tx, locks: Collection[LockId] | None = None) -> dict[LockId, list[Pooled]]:
    """The backup codes that are nobody's yet, the oldest first. None: of every lock."""
    found: dict[LockId, list[Pooled]] = defaultdict(list)
    for each in _POOL.all(tx) if locks is None else _POOL_OF.all(tx, locks=listed(locks)):
        found[each.lock].append(each)
    return found


_WANTED: Final = Prepared(
    select(locks.c.id, func.coalesce(locks.c.backups, properties.c.backups).label("number"))
    .join(properties, properties.c.id == locks.c.property_id)
    .join(lock_state, lock_state.c.lock_id == locks.c.id)
    .where(lock_state.c.slots > 0, exists().where(unit_locks.c.lock_id == locks.c.id)),
    lambda row: (LockId(row["id"]), int(row["number"])),
)


def wanted(tx: Tx) -> dict[LockId, int]:
    """How many backup codes each lock is to keep that takes codes and that guests pass."""
    return dict(_WANTED.all(tx))


def turned_at(tx: Tx, lock: LockId) -> datetime | None:
    """When a backup code of that lock was last proven, pulled, or given up after it had been proven."""
    return max((at for at in (_TURNED.first(tx, lock=lock) or ()) if at is not None), default=None)


_TURNED: Final = Prepared(
    select(
        func.max(grants.c.proven_at, type_=Instant).label("proven"),
        func.max(grants.c.pulled_at, type_=Instant).label("pulled"),
        func.max(case((grants.c.proven_at.is_not(None), grants.c.revoked_at)), type_=Instant).label("ended"),
    ).where(
        # Said of either, as each has an index of its own and there is none of all.
        or_(
            and_(grants.c.lock_id == bindparam("lock"), grants.c.pin.is_not(None)),
            and_(grants.c.lock_id == bindparam("lock"), grants.c.pin.is_(None)),
        ),
        or_(BACKUP, grants.c.pulled_at.is_not(None)),
    ),
    lambda row: (row["proven"], row["pulled"], row["ended"]),
)


def refused_lately(tx: Tx, lock: LockId, since: datetime) -> int:
    """How many backup codes that were drawn since then the lock refused."""
    return _REFUSED.first(tx, lock=lock, since=since) or 0


_REFUSED: Final[Prepared[int]] = Prepared(
    select(func.count().label("number")).where(
        grants.c.lock_id == bindparam("lock"),
        BACKUP,
        grants.c.refused.is_not(None),
        grants.c.made_at > bindparam("since", type_=Instant),
    ),
    lambda row: row["number"],
)


def pull(tx: Tx, grant: GrantId, stay: StayId, end: datetime, at: datetime, by: str) -> bool:
    """Make a backup code a stay's; False when it is somebody's by now. It works from before, and ends with the stay."""
    query = update(grants).where(grants.c.id == grant, _POOLED)
    done = tx.sql.execute(query.values(stay_id=stay, end=end, pulled_at=at, pulled_by=by).returning(grants.c.lock_id))
    lock = done.scalar()
    if lock is not None:
        tx.signal(f"lock:{lock}")
        tx.signal(f"stay:{stay}")
    return lock is not None


def asked_for(tx: Tx, grant: GrantId, by: str) -> None:
    """A stay has it already, and now a person wants it told, whatever the lock says of the stay's own code."""
    lock = tx.sql.execute(update(grants).where(grants.c.id == grant).values(pulled_by=by).returning(grants.c.lock_id))
    tx.signal(f"lock:{lock.scalar()}")


def take(tx: Tx, grant: GrantId, label: str, end: datetime, at: datetime, by: str) -> bool:
    """Make a backup code an emergency's; False when it is somebody's by now."""
    taken = {"purpose": Purpose.EMERGENCY.value, "label": label, "end": end, "pulled_at": at, "pulled_by": by}
    query = update(grants).where(grants.c.id == grant, _POOLED).values(told_at=at, **taken)
    lock = tx.sql.execute(query.returning(grants.c.lock_id)).scalar()
    if lock is not None:
        tx.signal(f"lock:{lock}")
    return lock is not None


def pulled(tx: Tx, stay: StayId) -> list[Issued]:
    """The live backup codes of a stay, by lock."""
    return _PULLED_FOR.all(tx, stay=stay)


_PULLED_FOR: Final = Prepared(
    select(grants).where(grants.c.stay_id == bindparam("stay"), _PULLED).order_by(grants.c.lock_id), codes.entry_of
)


def follow(tx: Tx, stay: StayId, windows: Mapping[LockId, Window], at: datetime) -> None:
    """The stay moved, or ended (no windows), or passes other doors: so do its backup codes."""
    for entry in pulled(tx, stay):
        start, window = entry.grant.window.start, windows.get(entry.lock)
        if window is None or window.end is None or window.end <= start:
            codes.revoke(tx, [entry.grant.id], at)
        else:
            codes.move(tx, entry, Window(start, window.end))


def discard_pools(tx: Tx, at: datetime) -> None:
    """Every backup code that is nobody's is to be replaced."""
    codes.revoke(tx, tx.sql.execute(select(grants.c.id).where(_POOLED)).scalars().all(), at)


def ended_early(tx: Tx, now: datetime, over: datetime) -> list[Issued]:
    """Codes of stays that were taken for over, though they are not: the clock was wrong. Their digits are lost."""
    return _ENDED_EARLY.all(tx, now=now, over=over)


_NOW, _OVER = bindparam("now", type_=Instant), bindparam("over", type_=Instant)
_ENDED_EARLY: Final = Prepared(
    select(grants)
    # Bare, so that SQLite begins with the stays that are not over: of codes that are gone there are ever more.
    .join(stays, Bare(stays.c.id) == grants.c.stay_id)
    .where(stays.c.check_out > _OVER, grants.c.pin.is_(None), grants.c.revoked_at.is_(None), grants.c.end > _NOW)
    .order_by(Bare(grants.c.id)),
    codes.entry_of,
)


_LINGERING: Final = Prepared(
    select(grants)
    .where(BACKUP, grants.c.pin.is_not(None))
    .where(or_(grants.c.revoked_at <= bindparam("by", type_=Instant), grants.c.end <= bindparam("by", type_=Instant)))
    .where(exists().where(slots.c.holder == grants.c.id))
    .order_by(grants.c.lock_id),
    codes.entry_of,
)


def lingering(tx: Tx, by: datetime) -> list[Issued]:
    """Backup codes that ended by then, and that the lock has not said to be gone."""
    return _LINGERING.all(tx, by=by)


_ENDING: Final[Prepared[datetime | None]] = Prepared(
    select(func.min(func.coalesce(grants.c.revoked_at, grants.c.end), type_=Instant).label("at")).where(
        BACKUP,
        grants.c.pin.is_not(None),
        func.coalesce(grants.c.revoked_at, grants.c.end) > bindparam("after", type_=Instant),
    ),
    lambda row: row["at"],
)


def next_ending(tx: Tx, after: datetime) -> datetime | None:
    """When the first backup code ends that ends after that."""
    return _ENDING.first(tx, after=after)


# ---- how they stand -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stairs:
    """A stay with its doors, as the ladder sees them."""

    stay: StayRow
    doors: tuple[DoorNow, ...]
    own: Mapping[LockId, Issued]
    backups: Mapping[LockId, Issued]


_PASSED: Final = Prepared(
    select(unit_locks.c.unit_id, unit_locks.c.lock_id)
    .outerjoin(lock_state, lock_state.c.lock_id == unit_locks.c.lock_id)
    .where(among(unit_locks.c.unit_id, "units"))
    .where(or_(lock_state.c.slots.is_(None), lock_state.c.slots > 0))
    .order_by(unit_locks.c.lock_id),
    lambda row: (row["unit_id"], LockId(row["lock_id"])),
)


def stairs(tx: Tx, rows: Sequence[StayRow], now: datetime) -> dict[StayId, Stairs]:
    """How the codes of these stays stand; a stay that gets no codes is left out."""
    if not rows:
        return {}
    issued = code_list.of_stays(tx, [row.id for row in rows])
    passed: dict[str, list[LockId]] = defaultdict(list)
    for unit, lock in _PASSED.all(tx, units=listed({row.unit_id for row in rows})):
        passed[unit].append(lock)
    wanted = {row.id: row for row in rows if wants_stairs(row)}
    withheld = set(_CONTESTED.all(tx, ids=listed(wanted)))
    locks = {lock for row in wanted.values() for lock in passed[row.unit_id]}
    scene = _Scene(tx, locks, now)
    found = {}
    for row in wanted.values():
        live = [code for code in issued[row.id] if code.issued is not None and not code.issued.grant.revoked]
        if not live and row.id in withheld:
            continue  # somebody else has these nights: hub/conflicts.py tells a person
        made = _stairs(row, passed[row.unit_id], live, scene)
        if made is not None:
            found[row.id] = made
    return found


_CONTESTED: Final = Prepared(
    select(stays.c.id).where(among(stays.c.id, "ids"), stays.c.contested == 1), lambda row: row["id"]
)


def wants_stairs(row: StayRow) -> bool:
    return wants_code(row) and row.check_in is not None and row.check_out is not None and row.left_at is None


@dataclass(frozen=True, slots=True)
class _Keypad:
    """All slots of one lock together."""

    heard_at: datetime | None
    """When one of them was last proven."""
    free: bool


_KEYPADS: Final = Prepared(
    select(
        slots.c.lock_id,
        func.max(slots.c.proven_at, type_=Instant).label("heard_at"),
        func.max(
            case(
                (
                    and_(
                        slots.c.number <= codes.MANAGED,
                        slots.c.holder.is_(None),
                        slots.c.claim.is_(None),
                        slots.c.reading != Reading.OCCUPIED.value,
                    ),
                    1,
                ),
                else_=0,
            )
        ).label("free"),
    )
    .where(among(slots.c.lock_id, "locks"))
    .group_by(slots.c.lock_id),
    lambda row: (LockId(row["lock_id"]), _Keypad(row["heard_at"], bool(row["free"]))),
)
_TAKEN: Final = and_(slots.c.claim == Claim.CLEARING.value, slots.c.holder.is_(None))
_LOST: Final = Prepared(
    select(slots.c.lock_id, slots.c.tag, func.max(slots.c.proven_at, type_=Instant).label("at"))
    .where(among(slots.c.lock_id, "locks"), slots.c.tag.is_not(None))
    .where(or_(slots.c.reading == Reading.EMPTY.value, _TAKEN))
    .where(slots.c.failures <= 1, slots.c.proven_at.is_not(None))
    .group_by(slots.c.lock_id, slots.c.tag),
    lambda row: ((LockId(row["lock_id"]), str(row["tag"])), row["at"]),
)
"""Codes that were found gone, or their places taken, for the first time, and when."""


class _Scene:
    """What several stays look at alike: the locks, and the backup codes in them."""

    def __init__(self, tx: Tx, locks: Collection[LockId], now: datetime) -> None:
        self.now = now
        self.down = emergencies.down(tx)
        self.doors = {door.id: door for door in doors.some(tx, locks)}
        these = listed(locks)
        self.keypads = dict(_KEYPADS.all(tx, locks=these))
        self.lost: dict[tuple[LockId, str], datetime] = dict(_LOST.all(tx, locks=these))
        pooled = pool(tx, locks) if locks else {}
        self.ready = {lock: any(each.proven(now) for each in pooled.get(lock, ())) for lock in locks}


def _stairs(row: StayRow, passed: Iterable[LockId], live: Sequence[Code], scene: _Scene) -> Stairs | None:
    own = {code.lock: code for code in live if code.issued is not None and code.issued.purpose is not Purpose.BACKUP}
    backups = {code.lock: code for code in live if code.issued is not None and code.issued.purpose is Purpose.BACKUP}
    found = tuple(_door(lock, row, own.get(lock), backups.get(lock), scene) for lock in passed)
    return Stairs(row, found, _entries(own), _entries(backups)) if found else None


def _entries(listed: Mapping[LockId, Code]) -> dict[LockId, Issued]:
    return {lock: code.issued for lock, code in listed.items() if code.issued is not None}


def _door(lock: LockId, row: StayRow, own: Code | None, backup: Code | None, scene: _Scene) -> DoorNow:
    door, keypad = scene.doors.get(lock), scene.keypads.get(lock)
    pulled_ = None if backup is None else backup.issued
    heard = [None if door is None else door.heard_at, None if keypad is None else keypad.heard_at]
    return DoorNow(
        lock=lock,
        hours=_hours(row, door, own),
        waits=can_wait(door),
        own=_own(own, scene.now),
        down=lock in scene.down,
        since=max(_since(row, own, scene), _shut_since(row, door) or row.made_at),
        answered_at=max((at for at in heard if at is not None), default=None),
        silent=door is not None and (door.silent_since is not None or bool(door.quarantined)),
        room=(own is not None and own.slot is not None) or keypad is None or keypad.free,
        backup=_backup(backup, scene.now, ready=scene.ready[lock]),
        shut=_shut_since(row, door) is not None,
        shown=pulled_ is not None and pulled_.told_at is not None,
        asked_for=pulled_ is not None and pulled_.pulled_by != BY_ITSELF,
    )


def _shut_since(row: StayRow, door: Door | None) -> datetime | None:
    """Whether no code opens it, whatever is in it. A guest who has come in once is inside, or stands before an alert of that."""
    if door is None or row.arrived_at is not None:
        return None
    if door.mode is Mode.VACATION:
        return door.mode_at or row.made_at
    return (door.position_at or row.made_at) if door.position is Position.JAMMED else None


def _hours(row: StayRow, door: Door | None, own: Code | None) -> DoorHours:
    assert row.check_in is not None  # wants_stairs
    assert row.check_out is not None
    comes_at = row.check_in if door is None else row.check_in - door.early
    window = None if own is None or own.issued is None else own.issued.grant.window
    start, end = (comes_at, None) if window is None else (window.start, window.end)
    return DoorHours(comes_at, start, end or row.check_out)


BY_ITSELF: Final = "gatehouse"
"""Who pulls a backup code when nobody asked for it."""


def can_wait(door: Door | None) -> bool:
    """Whether codes go into this lock long before they work, and wait there."""
    able = None if door is None else door.abilities
    return door is not None and able is not None and Limits.of(able).keeps_waiting and door.ahead >= ENTRY


def _own(code: Code | None, now: datetime) -> Own:
    if code is None or code.issued is None:
        return Own.NOT_DRAWN
    slot = code.slot
    if slot is not None and _proven(code.issued.grant, slot, now):
        return Own.PROVEN
    if code.issued.refused:
        return Own.REFUSED
    doubted = slot is not None and slot.reading is Reading.UNKNOWN and slot.claim is None and slot.retry_at is None
    return Own.DOUBTED if doubted and slot is not None and slot.proof in _SURE else Own.UNPROVEN


def _since(row: StayRow, own: Code | None, scene: _Scene) -> datetime:
    """A code that is found gone for the first time is put back within seconds; one that is lost again is not kept. A code
    that waits in the lock is let open when its time comes."""
    if own is None or own.issued is None or own.issued.made_at is None:
        return row.made_at
    grant = own.issued.grant
    shut = own.slot is not None and not own.slot.enabled
    begun = [grant.window.start] if shut and grant.window.start <= scene.now else []
    lost = [at for at in [scene.lost.get((own.lock, grant.tag))] if at is not None]
    return max(own.issued.made_at, row.changed_at, *lost, *begun)


def _backup(code: Code | None, now: datetime, *, ready: bool) -> Backup:
    if code is None:
        return Backup.READY if ready else Backup.NONE
    proven = code.slot is not None and code.issued is not None and _proven(code.issued.grant, code.slot, now)
    return Backup.PULLED if proven else Backup.FAILED
