"""The ledgers of issued codes (grants) and of what each lock holds (slots)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Integer,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    union,
    update,
)

from hub.model import trail
from hub.model.chain import CODE
from hub.model.codes import Claim, Grant, Reading, Slot
from hub.model.facts import CodeChange, CodesChanged
from hub.model.hours import UNHEARD_OF, Hours
from hub.model.values import CodeTag, GrantId, LockId, PassId, Proof, Purpose, StayId, Window
from hub.store import chain, emergencies, holders, settings
from hub.store.engine import Tx
from hub.store.prepared import Prepared, among, listed, upsert
from hub.store.proofs import NOW
from hub.store.tables import Instant, alerts, grants, lock_state, pass_doors, slots

MANAGED = 30
"""How many slots of a lock the hub looks after. The rest (a lock may claim 250) are read now and then (hub/model/tours.py)
and have a row only while a code is there or may be."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A grant with what only the ledger knows."""

    grant: Grant
    lock: LockId
    stay: StayId | None
    label: str
    sealed_pin: bytes | None
    told_at: datetime | None
    refused: str | None
    purpose: Purpose = Purpose.GUEST
    pass_: PassId | None = None
    """The pass that it comes from."""
    made_at: datetime | None = None
    pulled_at: datetime | None = None
    """Of a backup code: when it became its stay's."""
    pulled_by: str = ""

    @property
    def pooled(self) -> bool:
        """A backup code that is nobody's yet, and shown to nobody."""
        return self.purpose is Purpose.BACKUP and self.pulled_at is None


_OFF: Final = {Purpose.GUEST, Purpose.HAND}


def _grant(row: Mapping[Any, Any], down: Collection[LockId] = ()) -> Grant:
    """A lock-down switches off what opens its doors for guests; those who work there still get in."""
    purpose = Purpose(row["purpose"])
    guests = row["stay_id"] is not None or purpose in _OFF
    return Grant(
        id=GrantId(row["id"]),
        tag=CodeTag(row["tag"]),
        digits=row["digits"],
        window=Window(row["start"], row["end"]),
        revoked=row["revoked_at"] is not None,
        refused=row["refused"] is not None,
        suspended=guests and row["lock_id"] in down,
        # A backup code that a guest was given is that guest's.
        purpose=purpose if row["stay_id"] is None else Purpose.GUEST,
    )


def entry_of(row: Mapping[Any, Any], down: Collection[LockId] = ()) -> Issued:
    return Issued(
        _grant(row, down),
        row["lock_id"],
        row["stay_id"],
        row["label"],
        row["pin"],
        row["told_at"],
        row["refused"],
        Purpose(row["purpose"]),
        row["pass_id"],
        row["made_at"],
        row["pulled_at"],
        row["pulled_by"] or "",
    )


def read_slot(row: Mapping[Any, Any]) -> Slot:
    return Slot(
        number=row["number"],
        holder=row["holder"],
        reading=Reading(row["reading"]),
        tag=row["tag"],
        enabled=bool(row["enabled"]),
        claim=None if row["claim"] is None else Claim(row["claim"]),
        proof=Proof(row["proof"]),
        proven_at=row["proven_at"],
        failures=row["failures"],
        unheard=row["unheard"],
        retry_at=row["retry_at"],
        written_at=row["written_at"],
        hours=_hours(row),
    )


def _hours(row: Mapping[Any, Any]) -> Hours:
    start, end = row["hours_start"], row["hours_end"]
    return Hours(
        told=None if start is None else Window(start, end),
        proof=Proof(row["hours_proof"]),
        refused=bool(row["hours_refused"]),
        before=row["hours_before"],
        late=row["hours_late"],
        failures=row["hours_failures"],
        retry_at=row["hours_retry_at"],
    )


_SLOTS: Final = Prepared(
    select(slots).where(slots.c.lock_id == bindparam("lock")).order_by(slots.c.number),
    read_slot,
    remember=["lock_id", "number"],
)


def slots_of(tx: Tx, lock: LockId) -> list[Slot]:
    return _SLOTS.all(tx, lock=lock)


def managed_slots(tx: Tx, lock: LockId) -> list[Slot]:
    """Those in which there may be room for a code of ours."""
    return [slot for slot in slots_of(tx, lock) if slot.number <= MANAGED]


_OPEN = (
    select(grants)
    .where(grants.c.lock_id == bindparam("lock"), grants.c.pin.is_not(None))
    .order_by(grants.c.start, grants.c.id)
)
_UP: Final = Prepared(_OPEN, _grant, remember=["id"])
_DOWN: Final = Prepared(_OPEN, lambda row: _grant(row, {row["lock_id"]}), remember=["id"])


def opens_for_guests(entry: Issued) -> bool:
    """Whether a lock-down switches it off."""
    return entry.stay is not None or entry.purpose in _OFF


def open_grants(tx: Tx, lock: LockId) -> list[Grant]:
    """Every grant of a lock whose digits we still hold: live, to come, or ended and not yet proven gone.

    While the lock is locked down, those that open it for guests are suspended.
    """
    found = _UP.all(tx, lock=lock)
    return _DOWN.all(tx, lock=lock) if found and emergencies.is_down(tx, lock) else found


_ISSUED: Final = Prepared(select(grants).where(grants.c.id == bindparam("grant")), entry_of)


def issued(tx: Tx, grant: GrantId) -> Issued | None:
    return _ISSUED.first(tx, grant=grant)


def is_restored(tx: Tx, grant: GrantId) -> bool:
    """Whether it comes from a backup: it may have been put into its lock after that was made, and the book of tags be lost."""
    backup, entry = settings.restored_from(tx), issued(tx, grant)
    return backup is not None and entry is not None and (entry.made_at is None or entry.made_at <= backup)


_ISSUED_FOR: Final = Prepared(
    select(grants)
    .where(
        grants.c.stay_id == bindparam("stay"),
        grants.c.pin.is_not(None),
        grants.c.revoked_at.is_(None),
        grants.c.purpose != Purpose.BACKUP.value,
    )
    .order_by(grants.c.lock_id),
    entry_of,
)


def fetch(tx: Tx, query: Select[tuple[object, ...]]) -> list[Issued]:
    """The rows of a query of `grants`."""
    return [entry_of(row) for row in tx.sql.execute(query).mappings()]


def issued_for(tx: Tx, stay: StayId) -> list[Issued]:
    """The live grants of a stay's own code, by lock; its backup codes are in hub/store/ladder.py."""
    return _ISSUED_FOR.all(tx, stay=stay)


def ever_issued(tx: Tx, stay: StayId) -> bool:
    """Whether any door was ever to be opened by a code of that stay."""
    return tx.sql.execute(select(grants.c.id).where(grants.c.stay_id == stay).limit(1)).first() is not None


def redrawn(tx: Tx, stay: StayId) -> int:
    """How many times this stay's PIN was refused by some lock."""
    refusals = select(func.count()).where(grants.c.stay_id == stay, grants.c.refused.is_not(None))
    return int(tx.sql.execute(refusals).scalar_one())


_NEW: Final = insert(grants)


def issue(tx: Tx, entry: Issued, made_at: datetime) -> None:
    """Write a new grant.

    Raises:
        sqlalchemy.exc.IntegrityError: another live grant opens that lock with the same PIN.
    """
    grant = entry.grant
    values = {
        "id": grant.id,
        "lock_id": entry.lock,
        "stay_id": entry.stay,
        "purpose": entry.purpose.value,
        "pass_id": entry.pass_,
        "label": entry.label,
        "pin": entry.sealed_pin,
        "tag": grant.tag,
        "digits": grant.digits,
        "start": grant.window.start,
        "end": grant.window.end,
        "made_at": made_at,
    }
    tx.sql.execute(_NEW, values)
    tx.signal(f"lock:{entry.lock}")


def move(tx: Tx, entry: Issued, window: Window) -> None:
    if entry.grant.window != window:
        tx.sql.execute(update(grants).where(grants.c.id == entry.grant.id).values(start=window.start, end=window.end))
        if entry.grant.window.end != window.end:
            tx.ends[entry.grant.id] = window.end
        tx.signal(f"lock:{entry.lock}")


def revoke(tx: Tx, ids: Iterable[GrantId], at: datetime) -> None:
    """Ended by a decision; the code leaves the lock as soon as the lock answers."""
    for id_ in ids:
        revoked = update(grants).where(grants.c.id == id_, grants.c.revoked_at.is_(None)).values(revoked_at=at)
        row = tx.sql.execute(revoked.returning(grants.c.lock_id, grants.c.end, grants.c.pass_id)).first()
        if row is not None:
            tx.signal(f"lock:{row.lock_id}")
            if row.pass_id is None and (row.end is None or row.end > at):
                tx.ends[id_] = at


def refuse(tx: Tx, grant: GrantId, words: str, *, theirs: bool = False) -> None:
    """`theirs`: somebody else's code in that lock has these digits."""
    tx.sql.execute(update(grants).where(grants.c.id == grant).values(refused=words, theirs=int(theirs)))
    tx.signal("health")


_THEIRS: Final = Prepared(
    select(grants.c.tag).where(
        grants.c.lock_id == bindparam("lock"), grants.c.refused.is_not(None), grants.c.theirs == 1
    ),
    lambda row: CodeTag(row["tag"]),
)


def theirs(tx: Tx, lock: LockId) -> frozenset[CodeTag]:
    """Of codes that were drawn for that lock and never put into it, as somebody else's there have the same digits."""
    return frozenset(_THEIRS.all(tx, lock=lock))


def told(tx: Tx, ids: Collection[GrantId], at: datetime) -> None:
    """Somebody saw the digits: from here on they are not changed without telling that somebody."""
    first = update(grants).where(grants.c.id.in_(ids), grants.c.told_at.is_(None))
    if tx.sql.execute(first.values(told_at=at)).rowcount:
        tx.signal("health")


_SPENT: Final = Prepared(
    update(grants)
    .where(
        grants.c.lock_id == bindparam("lock"),
        grants.c.pin.is_not(None),
        or_(grants.c.revoked_at.is_not(None), and_(grants.c.end.is_not(None), grants.c.end <= NOW)),
        ~exists().where(slots.c.holder == grants.c.id),
    )
    .values(pin=None),
    lambda _: None,
)


def forget_spent(tx: Tx, lock: LockId, now: datetime) -> int:
    """Drop the digits of grants that are over and proven gone: no slot of the lock holds them any more."""
    return _SPENT.run(tx, lock=lock, now=now)


def give_back(tx: Tx, lock: LockId, stay: StayId, tags: Collection[CodeTag], window: Window) -> bool:
    """Take back the revocation of a code that is not gone from that lock yet; False when there is none to give back."""
    tx.signal(f"lock:{lock}")
    told = {"lock": lock, "stay": stay, "tags": listed(tags), "from_": window.start, "until": window.end}
    back = _GIVE_BACK.all(tx, **told)
    tx.ends.update(dict.fromkeys(back, window.end))
    return bool(back)


_GIVE_BACK: Final = Prepared(
    update(grants)
    .where(grants.c.lock_id == bindparam("lock"), grants.c.stay_id == bindparam("stay"), grants.c.pin.is_not(None))
    .where(among(grants.c.tag, "tags"))
    .values(revoked_at=None, start=bindparam("from_", type_=Instant), end=bindparam("until", type_=Instant))
    .returning(grants.c.id),
    lambda row: str(row["id"]),
)


def tags_on(tx: Tx, lock: LockId) -> set[CodeTag]:
    """Every code that is, or is going to be, in this lock: ours and, where the lock tells digits, everybody else's.

    What a pass keeps for the hours to come is among ours.
    """
    granted = select(grants.c.tag).where(grants.c.lock_id == lock, grants.c.pin.is_not(None))
    ours = union(granted, select(pass_doors.c.tag).where(pass_doors.c.lock_id == lock))
    foreign = select(slots.c.tag).where(slots.c.lock_id == lock, slots.c.tag.is_not(None), slots.c.holder.is_(None))
    return set(tx.sql.execute(ours).scalars()) | set(tx.sql.execute(foreign).scalars())


def keep_slot(tx: Tx, lock: LockId, slot: Slot, at: datetime) -> None:
    """What is believed of a slot from `at` on. What that tells of its code is added to the audit chain."""
    before = slot_of(tx, lock, slot.number)
    for turn in trail.turns(before, slot):
        if turn.outcome not in ("asked", "done") or (turn.outcome == "done" and _awaited(tx, lock, turn.holder)):
            tx.signal("health")
        subject = chain.holder_alias(tx, turn.holder)
        proof = "" if turn.proof is Proof.NONE else turn.proof.value
        told = {"lock": lock, "slot": slot.number, "subject": subject, "evidence": proof}
        chain.append(tx, at, CODE, turn.what, turn.outcome, **told)
    holders.follow(tx, lock, before, slot, at)
    _put(tx, lock, slot, news=not trail.as_before(before, slot))


_AWAITED: Final = Prepared(
    select(alerts.c.id)
    .where(text("over_at IS NULL"))
    .where(
        or_(
            alerts.c.about == bindparam("door"),
            alerts.c.about
            == "stay:" + select(grants.c.stay_id).where(grants.c.id == bindparam("grant")).scalar_subquery(),
        )
    )
    .limit(1),
    lambda row: True,
)


def _awaited(tx: Tx, lock: LockId, holder: GrantId | None) -> bool:
    """Whether something was found wrong about a door or a stay that a code which went well may end."""
    return _AWAITED.first(tx, door=f"lock:{lock}", grant=holder) is not None


_ONE_SLOT: Final = Prepared(
    select(slots).where(slots.c.lock_id == bindparam("lock"), slots.c.number == bindparam("number", type_=Integer)),
    read_slot,
    remember=["lock_id", "number"],
)


def slot_of(tx: Tx, lock: LockId, number: int) -> Slot:
    return _ONE_SLOT.first(tx, lock=lock, number=number) or Slot.unknown(number)


def _put(tx: Tx, lock: LockId, slot: Slot, *, news: bool = True) -> None:
    """`news`: it is another than before, and not only as old or as new as that."""
    if slot.number > MANAGED and slot.reading is Reading.EMPTY and slot.holder is None and slot.claim is None:
        gone = delete(slots).where(slots.c.lock_id == lock, slots.c.number == slot.number)
        if tx.sql.execute(gone).rowcount:
            tx.signal(f"lock:{lock}")
            tx.signal("health")  # it may have been a copy that the lock itself said was gone (hub/outer_places.py)
        return
    _KEEP.run(tx, lock_id=lock, number=slot.number, **_values(slot))
    tx.signal(f"lock:{lock}" if news else f"proof:{lock}")


def _values(slot: Slot) -> dict[str, object]:
    return {
        "holder": slot.holder,
        "reading": slot.reading.value,
        "tag": slot.tag,
        "enabled": int(slot.enabled),
        "claim": None if slot.claim is None else slot.claim.value,
        "proof": slot.proof.value,
        "proven_at": slot.proven_at,
        "failures": slot.failures,
        "unheard": slot.unheard,
        "retry_at": slot.retry_at,
        "written_at": slot.written_at,
        "hours_start": None if slot.hours.told is None else slot.hours.told.start,
        "hours_end": None if slot.hours.told is None else slot.hours.told.end,
        "hours_proof": slot.hours.proof.value,
        "hours_refused": int(slot.hours.refused),
        "hours_before": slot.hours.before,
        "hours_late": slot.hours.late,
        "hours_failures": slot.hours.failures,
        "hours_retry_at": slot.hours.retry_at,
    }


_KEEP: Final = upsert(slots, _values(Slot.unknown(1)).keys())


def told_of(tx: Tx, lock: LockId, fact: CodesChanged, most: int) -> list[Slot]:
    """The slots of a lock that told of a change; with the place where it says that a code was added, though nothing was there."""
    known = slots_of(tx, lock)
    number = fact.slot if fact.change is CodeChange.ADDED else None
    if number is None or not MANAGED < number <= most or any(slot.number == number for slot in known):
        return known
    return [*known, Slot.unknown(number)]


def empty_places(tx: Tx) -> list[tuple[LockId, int]]:
    """Of which it is known that no code is there."""
    empty = (slots.c.reading == Reading.EMPTY.value, slots.c.claim.is_(None))
    return [(lock, number) for lock, number in tx.sql.execute(select(slots.c.lock_id, slots.c.number).where(*empty))]


def doubt_all(tx: Tx, at: datetime) -> None:
    """What was believed of any slot has to be asked again; whose it was and how it was proven stays to compare with.

    A lock that keeps hours may have been told others since: it counts as shut until it is told again. Of a slot without
    hours nobody knows whether it has some now.
    """
    holders.doubt_all(tx, at)
    anew = update(lock_state).values(toured_to=None, tour_failed=None, tour_unread=None)
    tx.sql.execute(anew)  # somebody else's, where nothing is managed, stay listed
    ours = or_(slots.c.number <= MANAGED, slots.c.holder.is_not(None), slots.c.claim.is_not(None))
    tx.sql.execute(
        update(slots)
        .where(ours)
        .values(
            reading=Reading.UNKNOWN.value,
            claim=None,
            proven_at=None,
            failures=0,
            unheard=0,
            retry_at=None,
            hours_proof=Proof.NONE.value,
            hours_before=case(
                (and_(slots.c.hours_refused == 0, slots.c.hours_start.is_not(None)), slots.c.hours_start),
                else_=func.coalesce(slots.c.hours_before, bindparam("unheard_of", UNHEARD_OF.before, type_=Instant)),
            ),
            hours_failures=0,
            hours_retry_at=None,
        )
    )


def outfit(tx: Tx, lock: LockId, count: int) -> None:
    """Make sure that there is a row for each slot the hub looks after; new ones are unknown.

    Rows of slots that the lock does not have (another one stands there now) go: who holds one could get no other.
    """
    known = {slot.number for slot in slots_of(tx, lock)}
    if count > 0:
        tx.sql.execute(delete(slots).where(slots.c.lock_id == lock, slots.c.number > count))
    for number in range(1, min(count, MANAGED) + 1):
        if number not in known:
            _put(tx, lock, Slot.unknown(number))


def held(row: Mapping[str, Any]) -> tuple[GrantId, Slot]:
    return GrantId(row["holder"]), read_slot(row)


_HELD: Final = Prepared(select(slots).where(among(slots.c.holder, "ids")), held, remember=["lock_id", "number"])


def held_by(tx: Tx, ids: Collection[GrantId]) -> dict[GrantId, Slot]:
    """The slots that these grants hold."""
    return dict(_HELD.all(tx, ids=listed(ids))) if ids else {}
