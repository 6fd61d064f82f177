"""What goes when a property, a unit, a lock or a channel is removed, and what remains of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Table, delete, select, update

from hub.model.values import ChannelId, LockId, PropertyId, UnitId
from hub.store import tables
from hub.store.codes import revoke
from hub.store.engine import Tx


def _remove(tx: Tx, table: Table, id_: str) -> None:
    tx.sql.execute(delete(table).where(table.c.id == id_))
    tx.signal("house")


def remove_property(tx: Tx, id_: PropertyId) -> None:
    """Raises sqlalchemy.exc.IntegrityError while it has units or locks."""
    _remove(tx, tables.properties, id_)


def remove_unit(tx: Tx, id_: UnitId, at: datetime) -> None:
    """With its channels and stays. Its guests' codes are revoked, and leave the locks as soon as those answer."""
    theirs = select(tables.stays.c.id).where(tables.stays.c.unit_id == id_)
    granted = tables.grants.c.stay_id.in_(theirs)
    revoke(tx, list(tx.sql.execute(select(tables.grants.c.id).where(granted)).scalars()), at)
    guest = select(tables.stays.c.guest).where(tables.stays.c.id == tables.grants.c.stay_id).scalar_subquery()
    tx.sql.execute(update(tables.grants).where(granted).values(label=guest, stay_id=None))
    tx.sql.execute(delete(tables.stays).where(tables.stays.c.unit_id == id_))
    tx.sql.execute(delete(tables.channels).where(tables.channels.c.unit_id == id_))
    _remove(tx, tables.units, id_)
    for name in ("channels", "stays"):
        tx.signal(name)


def remove_lock(tx: Tx, id_: LockId) -> None:
    """With all we know of it. A code of ours that is still in it stays in it: nobody will clear it any more."""
    tx.sql.execute(delete(tables.slots).where(tables.slots.c.lock_id == id_))
    tx.sql.execute(delete(tables.grants).where(tables.grants.c.lock_id == id_))
    _remove(tx, tables.locks, id_)
    tx.signal(f"lock:{id_}")


def remove_channel(tx: Tx, id_: ChannelId) -> None:
    """Its stays remain and belong to the house from here on."""
    _remove(tx, tables.channels, id_)
    tx.signal("channels")
