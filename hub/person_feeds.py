"""A person's own calendar by a secret link, for a telephone to subscribe to: who stays, and what is to be made ready.

Of the units that their passes let them into, and of no other. It holds no codes and no way to reach anybody, and it ends with
the person: whoever has left has no calendar, and one that is made anew leaves the old link leading nowhere.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from hub import diaries
from hub.errors import Rejected
from hub.issuing import Desk
from hub.model.diary import Doing, Entry, Naming, calendar, event, line
from hub.model.passes import LONGEST_TURNOVER, Turnover
from hub.model.values import PersonId, UnitId
from hub.store import house, log, passes, persons
from hub.store import person_feeds as links
from hub.store.engine import Tx
from hub.store.house import Unit
from hub.store.person_feeds import Subscription

PATH: Final = "/feeds/people/"
_BITS: Final = 160
_TOKEN: Final = re.compile(r"[a-z2-7]{32}")
_REFRESH: Final = "PT30M"


def make(tx: Tx, desk: Desk, id_: PersonId, names: Naming, actor: str) -> str:
    """The path of the calendar; one that the person had before leads nowhere from here on.

    Raises:
        Rejected: there is no such person, or they have left.
    """
    row = persons.person(tx, id_)
    if row is None:
        raise Rejected("there is no such person")
    if row.ended_at is not None:
        raise Rejected(f"{row.name} has left")
    had, now = links.of_person(tx, id_), desk.now()
    token = base64.b32encode(desk.below(1 << _BITS).to_bytes(_BITS // 8, "big")).decode().lower()
    sealed = desk.vault.seal(token.encode(), about=f"calendar:{id_}")
    links.keep(tx, Subscription(id_, sealed, names, now, None), _digest(token))
    log.record(tx, now, actor, "calendar link made" if had is None else "calendar link renewed", f"person:{id_}")
    return _path(token)


def end(tx: Tx, desk: Desk, id_: PersonId, actor: str) -> None:
    """Raises Rejected where there is none."""
    if not links.end(tx, id_):
        raise Rejected("there is no such calendar")
    log.record(tx, desk.now(), actor, "calendar link revoked", f"person:{id_}")


def path_of(desk: Desk, row: Subscription) -> str:
    return _path(desk.vault.open(row.token, about=f"calendar:{row.person}").decode())


def fetch(tx: Tx, desk: Desk, token: str) -> bytes | None:
    """What stands in a calendar now; None: the link leads nowhere, or not any more."""
    row = links.with_digest(tx, _digest(token)) if _TOKEN.fullmatch(token) else None
    person = None if row is None else persons.person(tx, row.person)
    if row is None or person is None or person.ended_at is not None:
        return None
    links.asked(tx, row.person, desk.now())
    return body(tx, row, desk.now())


def body(tx: Tx, row: Subscription, now: datetime) -> bytes:
    """The same is told in the same bytes."""
    events = []
    for unit in units_of(tx, row.person, now):
        for entry in _of_unit(tx, unit.id, now):
            told = line(entry, row.names, f"{entry.id.replace(':', '-').lower()}@gatehouse")
            told = replace(told, summary=f"{unit.name}: {told.summary}")
            events += event(told, sequence=0, stamp=row.made_at)
    return calendar(events, name="Gatehouse", refresh=_REFRESH).encode()


def units_of(tx: Tx, id_: PersonId, now: datetime) -> list[Unit]:
    """Where their passes let them in: through a door of its own, or to make it ready."""
    given = [row for row in passes.of_person(tx, id_) if row.ended_at is None and not row.good.over(now)]
    doors = {lock for row in given for lock in row.locks}
    ready = {row.when.unit for row in given if isinstance(row.when, Turnover)}
    shared = {lock.id for lock in house.locks(tx) if lock.shared}
    return [
        unit
        for unit in house.units(tx)
        if unit.id in ready or doors & (frozenset(unit.locks) - shared or frozenset(unit.locks))
    ]


def _of_unit(tx: Tx, unit: UnitId, now: datetime) -> Iterator[Entry]:
    found = diaries.entries(tx, unit, now)
    yield from found
    stays = [each for each in found if each.doing in (Doing.STAY, Doing.OWNER)]
    for stay, following in pairwise([*stays, None]):
        assert stay is not None  # only the last is none, and nothing follows it
        assert isinstance(stay.end, datetime)
        until = stay.end + LONGEST_TURNOVER
        if following is not None and isinstance(following.start, datetime):
            until = min(until, following.start)
        if until > stay.end:
            yield Entry(f"turnover:{stay.id}", Doing.TURNOVER, stay.end, until)


def _path(token: str) -> str:
    return f"{PATH}{token}.ics"


def _digest(token: str) -> str:
    """Of 160 random bits: there is nothing to guess, so nothing to slow down."""
    return hashlib.sha256(token.encode()).hexdigest()
