"""Emergencies: lock down, release, a code, an open door. Asked first, then confirmed by the same token within two minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from hub import closed_doors, lockdowns
from hub.emergency_wishes import Act, Wish
from hub.lockdowns import DoorOf
from hub.model.lockdown import Bolt, Outcome
from hub.model.people import Scope
from hub.model.values import LockId, PropertyId
from hub.reaching_guests import How
from hub.reaching_guests import Told as GuestTold
from hub.store import emergencies
from hub.store.emergencies import Deed, Emergency
from hub.store.engine import Tx
from web.api.paging import ByName, Page, cut_by_name
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told


class DoorOfOut(Out):
    lock: str
    name: str
    bolt: Bolt | None = Field(description="of a lock-down that lasts; null: of what is over, or of an opened door")
    outcome: Outcome | None = Field(description="of the latest command; null: it is under way, or was never sent")
    tried_at: Told
    sentence: str


class GuestToldOut(Out):
    stay: str
    name: str
    how: How


def _guests(told: Sequence[GuestTold]) -> list[GuestToldOut]:
    return [GuestToldOut(stay=each.stay, name=each.name, how=each.how) for each in told]


class EmergencyOut(Out):
    id: str
    deed: Deed
    property: str
    lock: str | None = Field(description="null: every lock of the property")
    reason: str
    since: Told
    by: str
    until: Told | None = Field(description="when it is over by itself")
    released_at: Told | None
    released_by: str
    release_reason: str
    doors: list[DoorOfOut] = Field(description="what became of each bolt that was to be moved")
    guests: list[GuestToldOut] = Field(
        description="whom a lock-down that lasts was told to; `nobody`: tell them yourself"
    )


class EmergencyPage(Page[EmergencyOut]):
    pass


def _out(row: Emergency, of: Sequence[DoorOf], told: Sequence[GuestTold]) -> EmergencyOut:
    return EmergencyOut(
        id=row.id,
        deed=row.deed,
        property=row.property,
        lock=row.lock,
        reason=row.reason,
        since=row.since,
        by=row.by,
        until=row.until,
        released_at=row.released_at,
        released_by=row.released_by,
        release_reason=row.release_reason,
        doors=[
            DoorOfOut(
                lock=each.door.id,
                name=each.door.name,
                bolt=each.bolt,
                outcome=each.tried.outcome,
                tried_at=each.tried.at,
                sentence=each.sentence,
            )
            for each in of
        ],
        guests=_guests(told),
    )


async def list_emergencies(call: Call, query: ByName, body: Nothing) -> EmergencyPage:
    """Those that last, and the latest hundred that are over."""

    def work(tx: Tx) -> EmergencyPage:
        now = call.hub.clock.now()
        rows = [*emergencies.current(tx, now), *emergencies.past(tx, now, limit=100)]
        page = cut_by_name(rows, lambda row: row.id, query)
        of = lockdowns.by_emergency(tx, page.rows, call.hub.plugins, now)
        items = [_out(row, of[row.id], closed_doors.told_of(tx, row)) for row in page.rows]
        return EmergencyPage(items=items, next=page.next)

    return await call.hub.store.read(work)


class WishIn(In):
    act: Act
    reason: Annotated[str, Field(min_length=3, max_length=300, description="it stands in the audit trail")]
    property: str | None = Field(None, description="every lock of it")
    lock: str | None = Field(None, description="that lock alone")
    hours: Annotated[float, Field(gt=0, le=168, description="of a code")] = 4
    emergency: str | None = Field(None, description="the lock-down to release")
    tell_guest: bool = Field(True, description="guests whom it concerns learn of it")


class DoorAheadOut(Out):
    lock: str
    name: str
    codes: int = Field(description="codes of guests that would go out, or come back")
    trouble: str = Field(description="why it will not go as wished; empty: nothing is known against it")


class GuestAheadOut(Out):
    stay: str
    name: str
    unit: str
    inside: bool


class ForeseenOut(Out):
    id: str = Field(description="to be confirmed within two minutes, with the same token")
    act: Act
    where: str
    reason: str
    doors: list[DoorAheadOut]
    guests: list[GuestAheadOut]
    notes: list[str]


async def prepare(call: Call, query: Nothing, body: WishIn) -> ForeseenOut:
    if body.act is Act.CODE:
        call.demand(Scope.CODES_READ)
    wish = Wish(
        body.act,
        body.reason,
        property=None if body.property is None else PropertyId(body.property),
        lock=None if body.lock is None else LockId(body.lock),
        hours=body.hours,
        lockdown=body.emergency or "",
        tell_guest=body.tell_guest,
    )
    seen = await call.hub.emergencies.prepare(wish, call.actor)
    return ForeseenOut(
        id=seen.id,
        act=seen.act,
        where=seen.where,
        reason=seen.reason,
        doors=[
            DoorAheadOut(lock=door.lock, name=door.name, codes=door.codes, trouble=door.trouble) for door in seen.doors
        ],
        guests=[
            GuestAheadOut(stay=guest.stay, name=guest.name, unit=guest.unit, inside=guest.inside)
            for guest in seen.guests
        ],
        notes=list(seen.notes),
    )


class DoorDoneOut(Out):
    lock: str
    name: str
    outcome: Outcome
    sentence: str
    pin: str | None = Field(
        description="where the door takes another code than the others: a backup code that was in it"
    )


class DoneOut(Out):
    act: Act
    sentence: str
    doors: list[DoorDoneOut]
    pin: str | None = Field(description="of an emergency code; told only here")
    guests: list[GuestToldOut] = Field(
        description="of a flat that was opened or gets a code; `nobody`: tell them yourself"
    )


async def confirm(call: Call, query: Nothing, body: Nothing) -> DoneOut:
    done = await call.hub.emergencies.carry_out(call.path["emergency"], call.actor)
    return DoneOut(
        act=done.act,
        sentence=done.sentence,
        doors=[
            DoorDoneOut(
                lock=door.lock,
                name=door.name,
                outcome=door.outcome,
                sentence=door.sentence,
                pin=None if door.pin is None else door.pin.reveal(),
            )
            for door in done.doors
        ],
        pin=None if done.pin is None else done.pin.reveal(),
        guests=_guests(done.guests),
    )
