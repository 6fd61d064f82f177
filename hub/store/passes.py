"""The ledger of passes: whose, which doors, when, how often, with which digits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.passes import LONGEST_TURNOVER, Always, EveryWeek, Turnover, When, hours_in_words, read_hours
from hub.model.values import CodeTag, GrantId, How, LockId, PassId, PersonId, Window
from hub.store import codes
from hub.store.codes import Issued
from hub.store.engine import Tx
from hub.store.house import Origin
from hub.store.log import UNLOCKED, Entry
from hub.store.prepared import Prepared, among, listed
from hub.store.tables import access_log, grants, pass_doors, pass_uses, passes


@dataclass(frozen=True, slots=True)
class PassDoor:
    lock: LockId
    pin: bytes = field(repr=False)
    """Sealed about `pass:…`."""
    tag: CodeTag = field(repr=False)
    digits: int
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    id: PassId
    person: PersonId
    name: str
    """What it is for; empty: it goes without saying."""
    when: When
    good: Window
    uses: int | None
    """How often it opens each of its doors; None: as often as one likes."""
    origin: Origin
    made_at: datetime
    paused_at: datetime | None = None
    ended_at: datetime | None = None
    ended_why: str = ""
    doors: tuple[PassDoor, ...] = ()
    """By lock."""
    note: str = ""
    """For its holder, in what they are told."""

    @property
    def locks(self) -> tuple[LockId, ...]:
        return tuple(door.lock for door in self.doors)

    @property
    def stopped(self) -> bool:
        """By a decision, or because it was used up: whatever the time is, it opens nothing."""
        return self.paused_at is not None or self.ended_at is not None


# ---- reading --------------------------------------------------------------------------------------------------------


def _when(row: Mapping[str, Any]) -> When:
    match row["kind"]:
        case "weekly":
            return EveryWeek(read_hours(row["hours"]))
        case "turnover":
            longest = LONGEST_TURNOVER if row["longest_s"] is None else timedelta(seconds=row["longest_s"])
            return Turnover(row["unit_id"], longest)
        case _:
            return Always()


def _pass(row: Mapping[str, Any]) -> Pass:
    """Without its doors."""
    return Pass(
        id=row["id"],
        person=row["person_id"],
        name=row["name"],
        when=_when(row),
        good=Window(row["start"], row["end"]),
        uses=row["uses"],
        origin=Origin(row["origin"]),
        made_at=row["made_at"],
        paused_at=row["paused_at"],
        ended_at=row["ended_at"],
        ended_why=row["ended_why"],
        note=row["note"],
    )


def _door(row: Mapping[str, Any]) -> PassDoor:
    return PassDoor(row["lock_id"], row["pin"], row["tag"], row["digits"], row["told_at"])


def _passes(*which: ColumnElement[bool]) -> tuple[Prepared[Pass], Prepared[tuple[PassId, PassDoor]]]:
    """Passes, the oldest first, and their doors."""
    rows = select(passes).where(*which).order_by(passes.c.made_at, passes.c.id)
    kept = select(pass_doors).join(passes).where(*which).order_by(pass_doors.c.pass_id, pass_doors.c.lock_id)
    return Prepared(rows, _pass, remember=["id"]), Prepared(
        kept, lambda row: (row["pass_id"], _door(row)), remember=["pass_id", "lock_id"]
    )


_ALL: Final = _passes()
_OF_PERSON: Final = _passes(passes.c.person_id == bindparam("this"))
_ONE: Final = _passes(passes.c.id == bindparam("this"))


def _fetch(tx: Tx, which: tuple[Prepared[Pass], Prepared[tuple[PassId, PassDoor]]], **told: object) -> list[Pass]:
    rows, kept = which
    doors: dict[PassId, list[PassDoor]] = defaultdict(list)
    for id_, door in kept.all(tx, **told):
        doors[id_].append(door)
    return [replace(row, doors=tuple(doors[row.id])) for row in rows.all(tx, **told)]


def all_passes(tx: Tx) -> list[Pass]:
    """The oldest first; those that are over too."""
    return _fetch(tx, _ALL)


def of_person(tx: Tx, person: PersonId) -> list[Pass]:
    return _fetch(tx, _OF_PERSON, this=person)


def pass_with(tx: Tx, id_: PassId) -> Pass | None:
    return next(iter(_fetch(tx, _ONE, this=id_)), None)


_MISFITS: Final = Prepared(
    select(pass_doors.c.pass_id)
    .where(pass_doors.c.lock_id == bindparam("lock"))
    .where(or_(pass_doors.c.digits < bindparam("least"), pass_doors.c.digits > bindparam("most")))
    .order_by(pass_doors.c.pass_id),
    lambda row: PassId(row["pass_id"]),
)


def misfits(tx: Tx, lock: LockId, least: int, most: int) -> list[PassId]:
    """Passes whose digits at a door are fewer or more than these."""
    return _MISFITS.all(tx, lock=lock, least=least, most=most)


def tags_on(tx: Tx, lock: LockId) -> set[CodeTag]:
    """The digits that passes keep for themselves at a door, whether their hours have begun or not."""
    return set(tx.sql.execute(select(pass_doors.c.tag).where(pass_doors.c.lock_id == lock)).scalars())


# ---- writing --------------------------------------------------------------------------------------------------------


def keep(tx: Tx, row: Pass) -> None:
    """With its doors; those that it has no more are forgotten, and what was granted there has to be revoked before."""
    values = {
        "person_id": row.person,
        "name": row.name,
        "start": row.good.start,
        "end": row.good.end,
        "uses": row.uses,
        "origin": row.origin.value,
        "made_at": row.made_at,
        "paused_at": row.paused_at,
        "ended_at": row.ended_at,
        "ended_why": row.ended_why,
        "note": row.note,
        **_when_values(row.when),
    }
    made = insert(passes).values(id=row.id, **values)
    tx.sql.execute(made.on_conflict_do_update(index_elements=["id"], set_=values))
    gone = and_(pass_doors.c.pass_id == row.id, pass_doors.c.lock_id.not_in(row.locks))
    tx.sql.execute(delete(pass_doors).where(gone))
    for door in row.doors:
        _keep_door(tx, row.id, door)
    tx.ends[f"pass:{row.id}"] = row.ended_at or row.paused_at
    tx.signal("people")


def _when_values(when: When) -> dict[str, object]:
    match when:
        case EveryWeek(spans=spans):
            return {"kind": "weekly", "hours": hours_in_words(spans), "unit_id": None, "longest_s": None}
        case Turnover(unit=unit, longest=longest):
            seconds = round(longest.total_seconds())
            return {"kind": "turnover", "hours": None, "unit_id": unit, "longest_s": seconds}
        case Always():
            return {"kind": "always", "hours": None, "unit_id": None, "longest_s": None}


def _keep_door(tx: Tx, id_: PassId, door: PassDoor) -> None:
    values = {"pin": door.pin, "tag": door.tag, "digits": door.digits, "told_at": door.told_at}
    made = insert(pass_doors).values(pass_id=id_, lock_id=door.lock, **values)
    tx.sql.execute(made.on_conflict_do_update(index_elements=["pass_id", "lock_id"], set_=values))


def told(tx: Tx, id_: PassId, at: datetime) -> None:
    """Somebody saw the digits."""
    mine = and_(pass_doors.c.pass_id == id_, pass_doors.c.told_at.is_(None))
    tx.sql.execute(update(pass_doors).where(mine).values(told_at=at))
    shown = and_(grants.c.pass_id == id_, grants.c.told_at.is_(None))
    tx.sql.execute(update(grants).where(shown).values(told_at=at))


def remove(tx: Tx, ids: Collection[PassId]) -> None:
    tx.sql.execute(delete(passes).where(passes.c.id.in_(ids)))
    tx.signal("people")


def over_since(tx: Tx, before: datetime) -> list[PassId]:
    """Those that ended by then, and of whose codes none is left in a lock. Not what the site file names: it would come back."""
    over = and_(or_(passes.c.ended_at <= before, passes.c.end <= before), passes.c.origin == Origin.PAGES.value)
    held = select(grants.c.pass_id).where(grants.c.pass_id.is_not(None), grants.c.pin.is_not(None))
    return list(tx.sql.execute(select(passes.c.id).where(over, passes.c.id.not_in(held))).scalars())


# ---- what was granted -----------------------------------------------------------------------------------------------


_GRANTED: Final = Prepared(
    select(grants)
    .where(grants.c.pass_id.is_not(None), grants.c.pin.is_not(None))
    .order_by(grants.c.made_at, grants.c.id),
    codes.entry_of,
    remember=["id"],
)


def granted(tx: Tx) -> dict[PassId, list[Issued]]:
    """Every grant of a pass whose digits are still in the ledger: the live ones, and those on their way out."""
    found: dict[PassId, list[Issued]] = {}
    for entry in _GRANTED.all(tx):
        assert entry.pass_ is not None
        found.setdefault(entry.pass_, []).append(entry)
    return found


def move(tx: Tx, entry: Issued, window: Window, label: str) -> None:
    """Other hours for what was granted. In hours that do not touch the old ones, what the lock refused is tried again."""
    before = entry.grant.window
    touching = before.end is None or (window.start <= before.end and not (window.end and window.end < before.start))
    values: dict[str, object] = {"revoked_at": None, "label": label, "start": window.start, "end": window.end}
    if entry.grant.revoked or not touching:
        values["refused"] = None
    tx.sql.execute(update(grants).where(grants.c.id == entry.grant.id).values(**values))
    tx.signal(f"lock:{entry.lock}")


_OTHERS: Final = or_(grants.c.pass_id != pass_doors.c.pass_id, grants.c.pass_id.is_(None))
_TAKEN: Final = Prepared(
    select(pass_doors.c.pass_id, pass_doors.c.lock_id)
    .join(grants, and_(grants.c.lock_id == pass_doors.c.lock_id, grants.c.tag == pass_doors.c.tag))
    .where(grants.c.pin.is_not(None), _OTHERS)
    .distinct(),
    lambda row: (PassId(row["pass_id"]), LockId(row["lock_id"])),
)


def taken_anywhere(tx: Tx) -> set[tuple[PassId, LockId]]:
    """The doors of passes at which their digits were granted to somebody else."""
    return set(_TAKEN.all(tx))


def taken(tx: Tx, id_: PassId, lock: LockId, tags: Collection[CodeTag]) -> bool:
    """Whether these digits were granted to somebody else at that door."""
    others = or_(grants.c.pass_id != id_, grants.c.pass_id.is_(None))
    query = select(grants.c.id).where(
        grants.c.lock_id == lock, grants.c.pin.is_not(None), grants.c.tag.in_(tags), others
    )
    return tx.sql.execute(query.limit(1)).first() is not None


def refusals(tx: Tx, id_: PassId) -> int:
    """How many grants of this pass some lock has refused."""
    query = select(func.count()).where(grants.c.pass_id == id_, grants.c.refused.is_not(None))
    return int(tx.sql.execute(query).scalar_one())


# ---- uses -----------------------------------------------------------------------------------------------------------


_USES: Final = Prepared(
    select(pass_uses).where(among(pass_uses.c.pass_id, "ids")).order_by(pass_uses.c.at),
    lambda row: (row["pass_id"], row["lock_id"], row["at"]),
)


def counted(tx: Tx, ids: Collection[PassId]) -> dict[tuple[PassId, LockId], list[datetime]]:
    found: dict[tuple[PassId, LockId], list[datetime]] = {}
    for pass_, lock, at in _USES.all(tx, ids=listed(ids)):
        found.setdefault((pass_, lock), []).append(at)
    return found


def seen(tx: Tx, row: Pass, lock: LockId) -> list[datetime]:
    """When the access log has the door opened with this pass's code."""
    theirs = select(grants.c.id).where(grants.c.pass_id == row.id, grants.c.lock_id == lock)
    opened = and_(access_log.c.what == UNLOCKED, access_log.c.how == How.KEYPAD.value)
    query = select(access_log.c.at).where(
        access_log.c.lock_id == lock, access_log.c.at >= row.made_at, access_log.c.grant_id.in_(theirs), opened
    )
    return list(tx.sql.execute(query.order_by(access_log.c.at)).scalars())


def count(tx: Tx, id_: PassId, lock: LockId, uses: Iterable[datetime]) -> None:
    for at in uses:
        made = insert(pass_uses).values(pass_id=id_, lock_id=lock, at=at)
        tx.sql.execute(made.on_conflict_do_nothing())
    tx.signal("people")


def last_used(tx: Tx, ids: Collection[PassId]) -> dict[PassId, tuple[datetime, LockId]]:
    """When and where each of them was seen last, as far as the access log reaches back."""
    used = (
        select(grants.c.pass_id, access_log.c.at, access_log.c.lock_id)
        .join(grants, grants.c.id == access_log.c.grant_id)
        .where(grants.c.pass_id.in_(ids), access_log.c.what == UNLOCKED)
        .subquery()
    )
    last = select(used.c.pass_id, func.max(used.c.at).label("at")).group_by(used.c.pass_id).subquery()
    query = select(used).join(last, and_(used.c.pass_id == last.c.pass_id, used.c.at == last.c.at))
    return {id_: (at, lock) for id_, at, lock in tx.sql.execute(query)}


def opened_by(tx: Tx, person: PersonId, *, limit: int) -> list[Entry]:
    """What the access log has of this person's codes at keypads, the latest first."""
    theirs = (
        select(grants.c.id).join(passes, passes.c.id == grants.c.pass_id).where(passes.c.person_id == person).subquery()
    )
    mine = and_(access_log.c.grant_id.in_(select(theirs.c.id)), access_log.c.how == How.KEYPAD.value)
    query = select(access_log).where(mine).order_by(access_log.c.at.desc(), access_log.c.id.desc()).limit(limit)
    return [
        Entry(row["at"], row["lock_id"], row["property_id"], row["what"], row["how"], row["who"])
        for row in tx.sql.execute(query).mappings()
    ]


def grants_of(tx: Tx, person: PersonId) -> list[GrantId]:
    """Every code that their passes were ever granted, as far as it is kept."""
    theirs = select(grants.c.id).join(passes, passes.c.id == grants.c.pass_id).where(passes.c.person_id == person)
    return list(tx.sql.execute(theirs.order_by(grants.c.id)).scalars())


def tells_slots(tx: Tx, lock: LockId) -> bool | None:
    """Whether the lock says whose code was typed, by what it said lately; None: no code was typed yet."""
    lately = _TYPED.all(tx, lock=lock)
    return any(slot is not None for slot in lately) if lately else None


_TYPED: Final[Prepared[int | None]] = Prepared(
    select(access_log.c.slot)
    .where(access_log.c.lock_id == bindparam("lock"), access_log.c.how == How.KEYPAD.value)
    .order_by(access_log.c.at.desc(), access_log.c.id.desc())
    .limit(5),
    lambda row: row["slot"],
)
