"""Links to the guests' page, and what guests said there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Table, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.values import LockId, StayId, StayStatus
from hub.store.engine import Tx
from hub.store.log import UNLOCKED
from hub.store.prepared import Prepared
from hub.store.tables import Instant, access_log, complaints, grants, guest_links, stays

# ---- links ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    stay: StayId
    sealed: bytes = field(repr=False)
    made_at: datetime
    opened_at: datetime | None
    shown_at: datetime | None


_LINK: Final = select(
    guest_links.c.stay_id, guest_links.c.token, guest_links.c.made_at, guest_links.c.opened_at, guest_links.c.shown_at
)
_BY_STAY: Final = _LINK.where(guest_links.c.stay_id == bindparam("stay"))
_BY_DIGEST: Final = _LINK.where(guest_links.c.digest == bindparam("of"))


def link_of(tx: Tx, stay: StayId) -> Link | None:
    row = tx.sql.execute(_BY_STAY, {"stay": stay}).first()
    return None if row is None else Link(*row)


def link_with(tx: Tx, digest: str) -> Link | None:
    row = tx.sql.execute(_BY_DIGEST, {"of": digest}).first()
    return None if row is None else Link(*row)


def keep(tx: Tx, stay: StayId, digest: str, sealed: bytes, at: datetime) -> None:
    """A stay has one link: the one it had before leads nowhere from here on."""
    end(tx, stay)
    tx.sql.execute(insert(guest_links).values(stay_id=stay, digest=digest, token=sealed, made_at=at))


def end(tx: Tx, stay: StayId) -> bool:
    """False when it has none."""
    tx.signal(f"stay:{stay}")
    return tx.sql.execute(delete(guest_links).where(guest_links.c.stay_id == stay)).rowcount > 0


def end_all(tx: Tx) -> None:
    """Nobody knows any more which of them were revoked."""
    for stay in tx.sql.execute(select(guest_links.c.stay_id)).scalars().all():
        end(tx, stay)


def opened(tx: Tx, stay: StayId, at: datetime) -> None:
    """The first time counts."""
    first = update(guest_links).where(guest_links.c.stay_id == stay, guest_links.c.opened_at.is_(None))
    tx.sql.execute(first.values(opened_at=at))
    tx.signal(f"stay:{stay}")


def shown(tx: Tx, stay: StayId, at: datetime) -> None:
    first = update(guest_links).where(guest_links.c.stay_id == stay, guest_links.c.shown_at.is_(None))
    tx.sql.execute(first.values(shown_at=at))
    tx.signal(f"stay:{stay}")


# ---- what guests said -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Complaint:
    """A guest says that a door does not open."""

    stay: StayId
    lock: LockId
    said_at: datetime
    asked_at: datetime
    """When the lock was last asked for the code because of it."""
    again_at: datetime | None
    """The backup code does not open it either."""

    @property
    def last_at(self) -> datetime:
        return self.again_at or self.said_at


_COMPLAINTS: Final = select(complaints).order_by(complaints.c.said_at, complaints.c.lock_id)


def complaints_of(tx: Tx, stay: StayId) -> dict[LockId, Complaint]:
    found = (Complaint(*row) for row in tx.sql.execute(_COMPLAINTS.where(complaints.c.stay_id == stay)))
    return {each.lock: each for each in found}


_ALL: Final = Prepared(_COMPLAINTS, lambda row: Complaint(*row.values()))


def all_complaints(tx: Tx) -> list[Complaint]:
    return _ALL.all(tx)


_DOUBTED: Final = Prepared(
    select(exists().where(complaints.c.lock_id == bindparam("lock")).label("doubted")), lambda row: bool(row["doubted"])
)


def is_doubted(tx: Tx, lock: LockId) -> bool:
    """Some guest says that it does not open."""
    return bool(_DOUBTED.first(tx, lock=lock))


_CODE_OF: Final = exists().where(
    grants.c.stay_id == bindparam("stay"), func.instr(" " + access_log.c.maybe + " ", " " + grants.c.id + " ") > 0
)
_OPENED: Final = (
    select(access_log.c.id)
    .where(access_log.c.lock_id == bindparam("lock"), access_log.c.at >= bindparam("since", type_=Instant))
    .where(access_log.c.what == UNLOCKED, or_(access_log.c.stay_id == bindparam("stay"), _CODE_OF))
    .limit(1)
)


def opened_since(tx: Tx, said: Complaint) -> bool:
    """A code of the stay has opened that door. While the lock is asked, whose code it was may not be certain: it will do."""
    told = {"lock": said.lock, "stay": said.stay, "since": said.last_at}
    return tx.sql.execute(_OPENED, told).first() is not None


def complain(tx: Tx, said: Complaint) -> None:
    values = {"said_at": said.said_at, "asked_at": said.asked_at, "again_at": said.again_at}
    row = insert(complaints).values(stay_id=said.stay, lock_id=said.lock, **values)
    tx.sql.execute(row.on_conflict_do_update(index_elements=["stay_id", "lock_id"], set_=values))
    tx.signal(f"stay:{said.stay}")
    tx.signal("health")


def withdraw(tx: Tx, stay: StayId) -> None:
    """The guest has other codes now: what was said of the old ones is moot."""
    if tx.sql.execute(delete(complaints).where(complaints.c.stay_id == stay)).rowcount:
        tx.signal("health")


def tidy(tx: Tx, now: datetime) -> None:
    """Of stays that are over, nothing of this is needed any more."""
    over = select(stays.c.id).where(or_(stays.c.check_out <= now, stays.c.status == StayStatus.CANCELLED.value))
    table: Table
    for table in (guest_links, complaints):
        tx.sql.execute(delete(table).where(table.c.stay_id.in_(over)))
