"""The end of safe mode after a restore."""

from __future__ import annotations

from hub.errors import Rejected
from hub.model.codes import Limits, Policy, unseen
from hub.store import codes, doors, guest_page, settings
from hub.store.engine import Tx

_POLICY = Policy(managed_to=codes.MANAGED)


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
    settings.leave_safe_mode(tx)
