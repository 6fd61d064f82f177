"""What a restore would give back, and the end of safe mode after it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import and_, or_, select

from hub.errors import Rejected
from hub.model.codes import Limits, Policy, unseen
from hub.store import codes, doors, guest_messages, guest_page, passes, persons, settings
from hub.store.codes import Issued
from hub.store.engine import Tx
from hub.store.tables import grants

_POLICY = Policy(managed_to=codes.MANAGED)


def live(tx: Tx) -> list[Issued]:
    """Every grant that no decision has ended, but those of passes: these come and go by the hours of their pass."""
    mine = (grants.c.pin.is_not(None), grants.c.revoked_at.is_(None), grants.c.pass_id.is_(None))
    return codes.fetch(tx, select(grants).where(*mine).order_by(grants.c.id))


def ends(tx: Tx, known: Mapping[str, datetime], now: datetime) -> dict[str, datetime | None]:
    """Where the book that outlives every backup differs from the store: what a house ended before it had that book, and
    what was told to it before a commit that failed."""
    early = and_(grants.c.revoked_at.is_not(None), or_(grants.c.end.is_(None), grants.c.end > now))
    over = select(grants.c.id, grants.c.revoked_at).where(early, grants.c.pass_id.is_(None))
    found: dict[str, datetime | None] = {id_: at for id_, at in tx.sql.execute(over) if id_ not in known}
    found |= {each.grant.id: each.grant.window.end for each in live(tx) if each.grant.id in known}
    for row in passes.all_passes(tx):
        found[f"pass:{row.id}"] = row.ended_at or row.paused_at
    for who in persons.persons(tx):
        found[f"person:{who.id}"] = who.ended_at
    return found


def unread(tx: Tx) -> list[str]:
    """Locks that answer and have not been read to the end; one that is silent cannot be waited for."""
    met = ((door, door.abilities) for door in doors.doors(tx) if door.silent_since is None)
    return [
        door.name
        for door, able in met
        if able is not None and unseen(codes.slots_of(tx, door.id), _POLICY, Limits.of(able))
    ]


def leave_safe_mode(tx: Tx) -> None:
    """Raises Rejected while a lock is still being read: a code that is in it unseen might be written a second time."""
    waiting = unread(tx)
    if waiting:
        raise Rejected(f"the locks are still being read ({', '.join(waiting)}); wait a minute and try again")
    guest_page.end_all(tx)  # a link that was revoked after the backup was made would live again
    guest_messages.links_ended(tx)
    settings.leave_safe_mode(tx)
