"""What a restore would give back, and the end of safe mode after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import and_, or_, select

from hub.errors import Rejected
from hub.model.codes import Limits, Policy, unseen
from hub.model.values import LockId
from hub.store import closed_doors, codes, doors, emergencies, guest_page, passes, persons, questions, settings
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.questions import Question
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
    return found | _of_lockdowns(tx, known)


def _of_lockdowns(tx: Tx, known: Mapping[str, datetime]) -> dict[str, datetime | None]:
    lasting, told = emergencies.lockdowns(tx), closed_doors.told(tx)
    stand: dict[str, datetime | None] = {emergencies.outlasting(row): row.since for row in lasting}
    stand |= {closed_doors.outlasting(row.stay, row.lock): row.at for row in told}
    gone = {name for name in known if name.startswith(("down:", "closed:")) and name not in stand}
    return dict.fromkeys((*gone, *(emergencies.over(row.id) for row in lasting)), None) | stand


FOREIGN: Final = "foreign"
"""A question: what becomes of codes in a lock that nobody knows."""
_UNASKED: Final = "unasked"


def doubt(tx: Tx, now: datetime) -> None:
    """At the first start after a restore: nothing that was believed of the locks counts, and each is to be asked about."""
    codes.doubt_all(tx, now)
    keep_unasked(tx, frozenset(door.id for door in doors.doors(tx)))


def unasked(tx: Tx) -> frozenset[LockId]:
    """Locks that have not been read to the end since the restore: what is in them may be to be asked about."""
    return frozenset(LockId(word) for word in (settings.value(tx, _UNASKED) or "").split())


def keep_unasked(tx: Tx, locks: Collection[LockId]) -> None:
    settings.keep(tx, _UNASKED, " ".join(sorted(locks)) or None)


def asked(tx: Tx) -> dict[LockId, Question]:
    """What waits for an answer, by the lock that it is about."""
    return {LockId(each.subject): each for each in questions.open_questions(tx) if each.kind == FOREIGN}


def is_read(tx: Tx, door: Door) -> bool:
    able = door.abilities
    return able is not None and not unseen(codes.slots_of(tx, door.id), _POLICY, Limits.of(able))


def unread(tx: Tx) -> list[str]:
    """Locks that answer and have not been read to the end; one that is silent cannot be waited for."""
    met = (door for door in doors.doors(tx) if door.silent_since is None and door.abilities is not None)
    waiting = unasked(tx)
    return [door.name for door in met if door.id in waiting or not is_read(tx, door)]


def out_of_reach(tx: Tx) -> list[str]:
    """Locks that could not be read since the restore: they are, and asked about, when they are back."""
    waiting, there = unasked(tx), set(unread(tx))
    return [door.name for door in doors.doors(tx) if door.id in waiting and door.name not in there]


def leave_safe_mode(tx: Tx) -> None:
    """Raises Rejected while a lock is still being read: a code that is in it unseen might be written a second time; and while
    nobody has said what becomes of codes that the house does not know."""
    waiting = unread(tx)
    if waiting:
        raise Rejected(f"the locks are still being read ({', '.join(waiting)}); wait a minute and try again")
    open_ = asked(tx)
    if names := [door.name for door in doors.doors(tx) if door.id in open_]:
        raise Rejected(
            f"say first what shall become of the codes that nobody knows ({', '.join(names)}): for each lock on the page Today, "
            "or for all of them as you leave safe mode"
        )
    guest_page.end_all(tx)  # a link that was revoked after the backup was made would live again
    settings.leave_safe_mode(tx)
