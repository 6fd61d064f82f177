"""Locks: where each bolt is, as far as anybody knows, and moving it now."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from hub import housing
from hub.model.battery import Weight, accuracy, curve
from hub.model.codes import Limits
from hub.model.facts import Mode
from hub.model.lockdown import Outcome
from hub.model.values import How, LockId, Position
from hub.store import batteries, doors
from hub.store.doors import Door
from web.api.paging import ByName, Page, cut_by_name
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told


class LockOut(Out):
    id: str
    property: str
    name: str
    driver: str
    address: str
    shared: bool
    model: str | None = Field(description="null: its driver has not met it yet")
    firmware: str | None
    secure: str | None = Field(description="how the radio protects it, e.g. `S2 Access Control`; empty: not at all")
    remote_unlock_over_s0: bool = Field(description="it may be unlocked from here although its encryption is S0")
    unencrypted: bool = Field(description="somebody chose that it may go without encryption")
    slots: int | None = Field(description="how many codes it can hold")
    read_to: int | None = Field(
        description="Places above 30 are not written, and read one by one in slow tours, about once a month: the place that "
        "was read last. null: none was read yet, or it has no such place"
    )
    read_at: Told | None = Field(description="when that was, or the lock was asked in vain")
    unread: list[int] = Field(
        description="places above 30 that did not answer and were passed by; the next tour asks each once more"
    )
    schedules: bool | None = Field(description="it can end a code by itself")
    keeps_waiting: bool | None = Field(description="codes can be in it before they begin to work")
    position: Position
    position_how: How
    position_at: Told | None
    battery: int | None = Field(description="percent")
    battery_low: bool
    battery_at: Told | None
    battery_empty_at: Told | None = Field(description="by its own curve; null: it does not show yet")
    heard_at: Told | None
    silent_since: Told | None
    silent_why: str
    trouble: str
    trouble_at: Told | None
    mode: Mode = Field(description="in `vacation` no code opens, in `privacy` none from outside")
    mode_at: Told | None = Field(description="since when; null: it never told")
    set_aside: str = Field(description="why the hub gave up on it; empty: it did not")


class LockPage(Page[LockOut]):
    pass


def lock_fields(door: Door) -> LockOut:
    able = door.abilities
    return LockOut(
        id=door.id,
        property=door.property,
        read_to=door.tour.to or None,
        read_at=door.tour.at,
        unread=sorted(door.tour.unread),
        name=door.name,
        driver=door.driver,
        address=door.address,
        shared=door.shared,
        model=None if able is None else able.model,
        firmware=None if able is None else able.firmware,
        secure=None if able is None else able.secure,
        remote_unlock_over_s0=door.remote_unlock_over_s0,
        unencrypted=door.unencrypted,
        slots=None if able is None else able.slots,
        schedules=None if able is None else able.schedules,
        keeps_waiting=None if able is None else Limits.of(able).keeps_waiting,
        position=door.position,
        position_how=door.position_how,
        position_at=door.position_at,
        battery=door.battery,
        battery_low=door.battery_low,
        battery_at=door.battery_at,
        battery_empty_at=door.battery_empty_at,
        heard_at=door.heard_at,
        silent_since=door.silent_since,
        silent_why=door.silent_why,
        trouble=door.trouble,
        trouble_at=door.trouble_at,
        mode=door.mode,
        mode_at=door.mode_at,
        set_aside=door.quarantined,
    )


class LockQuery(ByName):
    property: str | None = None


async def list_locks(call: Call, query: LockQuery, body: Nothing) -> LockPage:
    found = await call.hub.store.read(doors.doors)
    wanted = [door for door in found if query.property in (None, door.property)]
    page = cut_by_name(wanted, lambda door: door.id, query)
    return LockPage(items=[lock_fields(door) for door in page.rows], next=page.next)


class BatteryReadingOut(Out):
    at: Told
    percent: int | None = Field(description="null: it only warned")
    low: bool
    weight: Weight = Field(description="`doubted`: kept and not believed; `replaced`: the first of new batteries")


class BatteryOut(Out):
    lock: str
    percent: int | None
    low: bool
    low_at: int = Field(description="from which per cent on this model's batteries are low")
    empty_at: Told | None
    accuracy: float | None = Field(description="100 less the mean error, in points, of forecasts made a week before")
    readings: list[BatteryReadingOut] = Field(description="of half a year, oldest first, 1000 at most")


async def get_battery(call: Call, query: Nothing, body: Nothing) -> BatteryOut:
    door = await _door(call)
    model = "" if door.abilities is None else door.abilities.model
    since = call.hub.clock.now() - timedelta(days=183)
    told, low_at = await call.hub.store.read(
        lambda tx: (batteries.readings(tx, door.id, since), batteries.low_at_of(tx, model))
    )
    return BatteryOut(
        lock=door.id,
        percent=door.battery,
        low=door.battery_low,
        low_at=low_at,
        empty_at=door.battery_empty_at,
        accuracy=accuracy(curve(told)),
        readings=[
            BatteryReadingOut(
                at=each.reading.at, percent=each.reading.percent, low=each.reading.low, weight=each.weight
            )
            for each in told
        ],
    )


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


class S0In(In):
    words: Annotated[str, Field(max_length=100, description=f"`{housing.CONSENT}`, typed by whoever accepts the risk")]


async def allow_unlock_over_s0(call: Call, query: Nothing, body: S0In) -> LockOut:
    """For a lock whose encryption is S0: whoever listened when a device was added can send commands like the hub."""
    id_ = (await _door(call)).id
    now = call.hub.clock.now()
    await call.hub.store.write(lambda tx: housing.allow_unlock_over_s0(tx, id_, body.words, call.actor, now))
    return await get_lock(call, query, Nothing())


async def forbid_unlock_over_s0(call: Call, query: Nothing, body: Nothing) -> LockOut:
    id_ = (await _door(call)).id
    await call.hub.store.write(lambda tx: housing.forbid_unlock_over_s0(tx, id_, call.actor, call.hub.clock.now()))
    return await get_lock(call, query, body)


async def _move(call: Call, to: Position) -> MoveOut:
    door = await _door(call)
    answer = await call.hub.hand.move(door.id, to, call.actor)
    return MoveOut(outcome=answer.outcome, sentence=answer.sentence)
