"""What a person sets right: trying again, taking note of alarms, vouching for the time, leaving safe mode."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub import letters
from hub.model.facts import Alarm
from hub.store import alarms, log, mail, restoring, settings
from hub.store.alarms import AlarmRow
from hub.store.engine import Tx
from hub.store.mail import Dead
from web.api.paging import ByName, Page, cut_by_name
from web.api.problems import Problem, missing
from web.api.routes import Call
from web.api.watch import HealthOut, get_health
from web.api.wire import In, Nothing, Out, Told
from web.site import Doubtable


class LetterOut(Out):
    """A delivery that could not be understood, or a promise that could not be kept."""

    id: str
    box: str
    about: str
    since: Told
    why: str


class LetterPage(Page[LetterOut]):
    pass


def _letter(letter: Dead) -> LetterOut:
    return LetterOut(id=letters.name_of(letter), box=letter.box, about=letter.about, since=letter.since, why=letter.why)


async def list_letters(call: Call, query: ByName, body: Nothing) -> LetterPage:
    """Those that wait for a person."""
    page = cut_by_name(await call.hub.store.read(mail.dead), letters.name_of, query)
    return LetterPage(items=[_letter(letter) for letter in page.rows], next=page.next)


async def retry_letter(call: Call, query: Nothing, body: Nothing) -> LetterOut:
    def again(tx: Tx) -> Dead:
        found = _wanted(tx, call.path["letter"])
        letters.retry(tx, found, call.actor, call.hub.clock.now(), call.hub.wall.now())
        return found

    return _letter(await call.hub.store.write(again))


async def dismiss_letter(call: Call, query: Nothing, body: Nothing) -> LetterOut:
    """Let it go. A channel whose delivery it was is read anew."""

    def let_go(tx: Tx) -> Dead:
        found = _wanted(tx, call.path["letter"])
        letters.dismiss(tx, found, call.actor, call.hub.clock.now())
        return found

    return _letter(await call.hub.store.write(let_go))


def _wanted(tx: Tx, name: str) -> Dead:
    found = next((letter for letter in mail.dead(tx) if letters.name_of(letter) == name), None)
    if found is None:
        raise missing("letter that waits for a person,", name)
    return found


class AlarmOut(Out):
    id: str
    driver: str
    alarm: Alarm
    device: str = Field(description="its address, or what is printed on it; empty: the whole network")
    note: str
    since: Told


class AlarmPage(Page[AlarmOut]):
    pass


def _alarm(row: AlarmRow) -> AlarmOut:
    return AlarmOut(
        id=str(row.id), driver=row.driver, alarm=row.alarm, device=row.device, note=row.note, since=row.since
    )


async def list_alarms(call: Call, query: ByName, body: Nothing) -> AlarmPage:
    page = cut_by_name(await call.hub.store.read(alarms.current), lambda row: f"{row.id:018}", query)
    return AlarmPage(items=[_alarm(row) for row in page.rows], next=page.next)


async def dismiss_alarm(call: Call, query: Nothing, body: Nothing) -> AlarmOut:
    """One that lasts comes back only after it was over."""
    wanted = call.path["alarm"]

    def take_note(tx: Tx) -> AlarmOut:
        found = next((row for row in alarms.current(tx) if str(row.id) == wanted), None)
        if found is None:
            raise missing("alarm", wanted)
        call.hub.intake.dismiss(tx, found.id, call.actor)
        return _alarm(found)

    return await call.hub.store.write(take_note)


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


class LeaveQuery(In):
    foreign: Literal["leave", "clear"] | None = Field(
        None,
        description="what becomes of all codes that the restored house does not know; null: as each question was answered",
    )


async def leave_safe_mode(call: Call, query: LeaveQuery, body: Nothing) -> HealthOut:
    def leave(tx: Tx) -> None:
        if not settings.safe_mode(tx):
            raise Problem("refused", "the hub is not in safe mode")
        if query.foreign is not None:
            call.hub.intake.answer_foreign(tx, query.foreign, call.actor)
        log.record(tx, call.hub.clock.now(), call.actor, "leave safe mode", "house")
        restoring.leave_safe_mode(tx)

    await call.hub.store.write(leave)
    return await get_health(call, Nothing(), body)
