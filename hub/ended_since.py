"""After a restore: what was taken away after the backup was made is taken away again, and a person decides what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from hub.model.stays import wants_code
from hub.model.values import StayId, Window
from hub.store import codes, log, passes, persons, questions, restoring
from hub.store import stays as ledger
from hub.store.codes import Issued
from hub.store.engine import Tx
from hub.store.passes import Pass
from hub.store.questions import Question
from hub.store.stays import StayRow

_OVER: Final = "ended, or given other digits, after the backup was made"


def take_back(tx: Tx, ends: Mapping[str, datetime], now: datetime) -> None:
    """Doing it twice changes nothing.

    Args:
        ends: of grants, passes and people, when their leave ended, from the book that no restore takes back.
    """
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
