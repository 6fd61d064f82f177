"""After a restore: what was taken away after the backup was made is taken away again, and a person decides what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from hub.model.stays import wants_code
from hub.model.values import LockId, StayId, Window
from hub.store import closed_doors, codes, doors, emergencies, log, passes, persons, questions, restoring
from hub.store import stays as ledger
from hub.store.closed_doors import ToldClosed
from hub.store.codes import Issued
from hub.store.emergencies import Emergency
from hub.store.engine import Tx
from hub.store.passes import Pass
from hub.store.questions import Question
from hub.store.stays import StayRow

_RELEASED: Final = "It was released after the backup was made that was restored"
_OVER: Final = "ended, or given other digits, after the backup was made"


def take_back(tx: Tx, ends: Mapping[str, datetime], now: datetime) -> None:
    """Doing it twice changes nothing.

    Args:
        ends: of grants, passes and people, when their leave ended, from the book that no restore takes back.
    """
    _lockdowns(tx, ends, now)
    asked: set[StayId] = set()
    for entry in restoring.live(tx):
        end = ends.get(entry.grant.id)
        if end is None or not _shorten(tx, entry, end, now):
            continue
        if entry.stay is None:
            log.record(tx, now, "gatehouse", "code ended", f"lock:{entry.lock}", detail=entry.label)
        else:
            asked.add(entry.stay)
    for id_ in sorted(asked):
        stay = ledger.stay(tx, id_)
        if stay is not None and wants_code(stay):
            _ask(tx, stay, now)
    for who in persons.persons(tx):
        if who.ended_at is None and f"person:{who.id}" in ends:
            persons.keep(tx, replace(who, ended_at=now))
            log.record(tx, now, "gatehouse", "person left", f"person:{who.id}", detail=who.name)
    for row in passes.all_passes(tx):
        if row.ended_at is None and _names(row) & ends.keys():
            passes.keep(tx, replace(row, ended_at=now, ended_why=_OVER))
            log.record(tx, now, "gatehouse", "pass ended", f"person:{row.person}", detail=row.name)


def _lockdowns(tx: Tx, ends: Mapping[str, datetime], now: datetime) -> None:
    """One that was begun after the backup lasts; one that was released after it is over, and was told to be."""
    lasting = emergencies.lockdowns(tx)
    for row in lasting:
        at = ends.get(emergencies.over(row.id))
        if at is not None and emergencies.release(tx, row, _RELEASED, "gatehouse", at):
            log.record(tx, now, "gatehouse", "emergency: release", _where(row), detail=_RELEASED)
    begun = (emergencies.outlasted(name, since) for name, since in ends.items())
    for row in [each for each in begun if each is not None and emergencies.emergency(tx, each.id) is None]:
        covered = [door.id for door in doors.doors(tx) if row.covers(door.id, door.property)]
        if covered:
            emergencies.begin(tx, row)
            emergencies.want(tx, row, covered)
            log.record(tx, now, "gatehouse", "emergency: lock down", _where(row), detail=row.reason)
    _told_of_doors(tx, ends)


def _where(row: Emergency) -> str:
    return f"property:{row.property}" if row.lock is None else f"lock:{row.lock}"


def _told_of_doors(tx: Tx, ends: Mapping[str, datetime]) -> None:
    """What guests of a lock-down were told after the backup is not told again. Where the book is lost, nobody knows."""
    down, told = emergencies.down(tx), {(row.stay, row.lock): row for row in closed_doors.told(tx)}
    for key, row in told.items():
        if key[1] not in down and closed_doors.outlasting(*key) not in ends:
            closed_doors.forget(tx, row)
    for name, at in ends.items():
        kind, _, rest = name.partition(":")
        id_, _, lock = rest.partition(":")
        if kind == "closed" and (StayId(id_), LockId(lock)) not in told and ledger.stay(tx, StayId(id_)) is not None:
            closed_doors.keep(tx, ToldClosed(StayId(id_), LockId(lock), at, "page", ""))


def _names(row: Pass) -> set[str]:
    """By which the book may have it: as a whole, and with its digits of then."""
    return {f"pass:{row.id}", *(f"pass:{row.id}:{door.tag}" for door in row.doors)}


def _shorten(tx: Tx, entry: Issued, end: datetime, now: datetime) -> bool:
    window = entry.grant.window
    if window.over(now) or (window.end is not None and window.end <= end):
        return False
    if end <= max(now, window.start):
        codes.revoke(tx, [entry.grant.id], now)
    else:
        codes.move(tx, entry, Window(window.start, end))
    return True


def _ask(tx: Tx, stay: StayRow, now: datetime) -> None:
    """Until somebody answers it gets no code that it has not: it may have been cancelled."""
    whose = stay.guest or stay.reference or "this stay"
    questions.ask(
        tx,
        Question(
            id=tx.new_id(now),
            kind="restored",
            subject=stay.id,
            sentence=f"The code of {whose} was taken away or cut short after this backup was made: it was replaced, or the stay "
            "was changed, ended or cancelled. So it was taken away again.",
            options=(("redraw", "The guest comes: draw another code"), ("leave", "Leave it as it is")),
            asked_at=now,
            urgent_at=stay.check_in,
        ),
    )
