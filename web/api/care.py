"""What a person sets right: trying again what was given up on, vouching for the time, leaving safe mode."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from hub.store import log, mail, restoring, settings, tables
from hub.store.engine import Tx
from hub.store.mail import Dead
from web.api.paging import ByName, Page, cut_by_name
from web.api.problems import Problem, missing
from web.api.routes import Call
from web.api.watch import HealthOut, get_health
from web.api.wire import Nothing, Out, Told
from web.site import Doubtable

_BOXES: Final[dict[str, Table]] = {"inbox": tables.inbox, "outbox": tables.outbox}


class LetterOut(Out):
    """A delivery that could not be understood, or a promise that could not be kept."""

    id: str
    box: str
    about: str
    since: Told
    why: str


class LetterPage(Page[LetterOut]):
    pass


def _id(letter: Dead) -> str:
    return f"{letter.box}-{letter.id}"


def _letter(letter: Dead) -> LetterOut:
    return LetterOut(id=_id(letter), box=letter.box, about=letter.about, since=letter.since, why=letter.why)


async def list_letters(call: Call, query: ByName, body: Nothing) -> LetterPage:
    """Those that wait for a person."""
    page = cut_by_name(await call.hub.store.read(mail.dead), _id, query)
    return LetterPage(items=[_letter(letter) for letter in page.rows], next=page.next)


async def retry_letter(call: Call, query: Nothing, body: Nothing) -> LetterOut:
    wanted = call.path["letter"]

    def again(tx: Tx) -> Dead:
        found = next((letter for letter in mail.dead(tx) if _id(letter) == wanted), None)
        if found is None:
            raise missing("letter that waits for a person,", wanted)
        mail.revive(tx, _BOXES[found.box], found.id, call.hub.wall.now())
        log.record(tx, call.hub.clock.now(), call.actor, "try again", f"{found.box}:{found.id}")
        return found

    return _letter(await call.hub.store.write(again))


async def confirm_time(call: Call, query: Nothing, body: Nothing) -> HealthOut:
    clock = call.hub.clock
    if not isinstance(clock, Doubtable):
        raise Problem("refused", "the time of a rehearsal needs nobody's word")
    clock.confirm()

    def note(tx: Tx) -> None:
        log.record(tx, clock.now(), call.actor, "confirm time", "clock")
        tx.signal("clock")

    await call.hub.store.write(note)
    return await get_health(call, query, body)


async def leave_safe_mode(call: Call, query: Nothing, body: Nothing) -> HealthOut:
    def leave(tx: Tx) -> None:
        if not settings.safe_mode(tx):
            raise Problem("refused", "the hub is not in safe mode")
        log.record(tx, call.hub.clock.now(), call.actor, "leave safe mode", "house")
        restoring.leave_safe_mode(tx)

    await call.hub.store.write(leave)
    return await get_health(call, query, body)
