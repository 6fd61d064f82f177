"""Locks: where each bolt is, as far as anybody knows, and moving it now."""

from __future__ import annotations

from pydantic import Field

from hub.model.values import How, LockId, Position
from hub.store import doors
from hub.store.doors import Door
from hub.unlock import Outcome
from web.api.paging import ByName, Page, cut_by_name
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import Nothing, Out, Told


class LockOut(Out):
    id: str
    property: str
    name: str
    driver: str
    address: str
    shared: bool
    model: str | None = Field(description="null: its driver has not met it yet")
    firmware: str | None
    secure: str | None = Field(description="how the radio protects it; empty: not at all")
    slots: int | None = Field(description="how many codes it can hold")
    position: Position
    position_how: How
    position_at: Told | None
    battery: int | None = Field(description="percent")
    battery_low: bool
    battery_at: Told | None
    heard_at: Told | None
    silent_since: Told | None
    silent_why: str
    trouble: str
    trouble_at: Told | None
    set_aside: str = Field(description="why the hub gave up on it; empty: it did not")


class LockPage(Page[LockOut]):
    pass


def lock_fields(door: Door) -> LockOut:
    able = door.abilities
    return LockOut(
        id=door.id,
        property=door.property,
        name=door.name,
        driver=door.driver,
        address=door.address,
        shared=door.shared,
        model=None if able is None else able.model,
        firmware=None if able is None else able.firmware,
        secure=None if able is None else able.secure,
        slots=None if able is None else able.slots,
        position=door.position,
        position_how=door.position_how,
        position_at=door.position_at,
        battery=door.battery,
        battery_low=door.battery_low,
        battery_at=door.battery_at,
        heard_at=door.heard_at,
        silent_since=door.silent_since,
        silent_why=door.silent_why,
        trouble=door.trouble,
        trouble_at=door.trouble_at,
        set_aside=door.quarantined,
    )


class LockQuery(ByName):
    property: str | None = None


async def list_locks(call: Call, query: LockQuery, body: Nothing) -> LockPage:
    found = await call.hub.store.read(doors.doors)
    wanted = [door for door in found if query.property in (None, door.property)]
    page = cut_by_name(wanted, lambda door: door.id, query)
    return LockPage(items=[lock_fields(door) for door in page.rows], next=page.next)


async def get_lock(call: Call, query: Nothing, body: Nothing) -> LockOut:
    return lock_fields(await _door(call))


async def _door(call: Call) -> Door:
    id_ = LockId(call.path["lock"])
    door = await call.hub.store.read(lambda tx: doors.door(tx, id_))
    if door is None:
        raise missing("lock", id_)
    return door


class MoveOut(Out):
    outcome: Outcome = Field(description="`unknown`: no answer within 10 s; look at the door before trying again")
    sentence: str


async def lock_now(call: Call, query: Nothing, body: Nothing) -> MoveOut:
    return await _move(call, Position.LOCKED)


async def unlock_now(call: Call, query: Nothing, body: Nothing) -> MoveOut:
    return await _move(call, Position.UNLOCKED)


async def _move(call: Call, to: Position) -> MoveOut:
    door = await _door(call)
    answer = await call.hub.hand.move(door.id, to, call.actor)
    return MoveOut(outcome=answer.outcome, sentence=answer.sentence)
