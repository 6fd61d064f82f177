"""Bookings that are made here, and how far an account knows them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from hub import pushing
from hub.model.values import ChannelId, StayId
from hub.pushed import Pushed, pushed
from hub.store import house
from hub.store.engine import Tx
from hub.store.pushes import PushState
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told


class LackOut(Out):
    part: str = Field(description="unit, days, status, party, guest, notes, price or door_code")
    why: str = Field(description="in the account's or the hub's words; empty: it was not taken yet")


class PushOut(Out):
    stay: str
    guest: str
    reference: str
    unit: str
    arrival: date | None
    departure: date | None
    state: PushState
    booking: str = Field(description="the account's own id of it; empty: it has none yet")
    error: str = Field(description="the latest, in the account's or the hub's words")
    attempts: int = Field(description="at what it is to know now")
    tried_at: Told | None
    synced_at: Told | None
    rehearsed: bool = Field(description="nothing of it was sent")
    keeps_nights: bool = Field(description="it stands there with its nights, whatever it lacks")
    lacks: list[LackOut] = Field(description="what a booking that stands there does not have as it is here")


class PushesOut(Out):
    on: bool = Field(description="the account is set to take bookings made here")
    rehearses: bool = Field(description="everything happens but the sending")
    pending: int
    synced: int
    failed: int
    success_rate: float | None = Field(description="of what was tried in the last 30 days; null: nothing was")
    average_attempts: float | None = Field(description="of what was synced in the last 30 days")
    bookings: list[PushOut] = Field(description="those that failed first")


class AgainIn(In):
    stay: Annotated[str, Field(max_length=40)] | None = Field(default=None, description="null: all that failed")


class RealIn(In):
    stay: Annotated[str, Field(min_length=1, max_length=40)]


def _out(found: Pushed) -> PushesOut:
    counts = found.statistics
    return PushesOut(
        on=found.on,
        rehearses=found.rehearses,
        pending=counts.pending,
        synced=counts.synced,
        failed=counts.failed,
        success_rate=counts.success_rate,
        average_attempts=counts.average_attempts,
        bookings=[
            PushOut(
                stay=line.stay,
                guest=line.guest,
                reference=line.reference,
                unit=line.unit,
                arrival=line.arrival,
                departure=line.departure,
                state=line.state,
                booking=line.booking,
                error=line.error,
                attempts=line.attempts,
                tried_at=line.tried_at,
                synced_at=line.synced_at,
                rehearsed=line.dry,
                keeps_nights=line.keeps_nights,
                lacks=[LackOut(part=each.part, why=each.why) for each in line.lacks],
            )
            for line in found.lines
        ],
    )


def _mind(tx: Tx, id_: ChannelId) -> None:
    row = house.channel_with(tx, id_)
    if row is None or row.unit is not None:
        raise missing("account", id_)


async def list_pushes(call: Call, query: Nothing, body: Nothing) -> PushesOut:
    hub, id_ = call.hub, ChannelId(call.path["channel"])

    def look(tx: Tx) -> Pushed:
        _mind(tx, id_)
        return pushed(tx, hub.plugins, id_, hub.clock.now())

    return _out(await hub.store.read(look))


async def push_again(call: Call, query: Nothing, body: AgainIn) -> PushesOut:
    hub, id_ = call.hub, ChannelId(call.path["channel"])

    def work(tx: Tx) -> None:
        _mind(tx, id_)
        only = None if body.stay is None else StayId(body.stay)
        pushing.retry(tx, id_, only, call.actor, hub.clock.now(), hub.wall.now())

    await hub.store.write(work)
    return await list_pushes(call, query, Nothing())


async def push_for_real(call: Call, query: Nothing, body: RealIn) -> PushesOut:
    hub, id_ = call.hub, ChannelId(call.path["channel"])

    def work(tx: Tx) -> None:
        _mind(tx, id_)
        pushing.send_for_real(tx, id_, StayId(body.stay), call.actor, hub.clock.now(), hub.wall.now())

    await hub.store.write(work)
    return await list_pushes(call, query, Nothing())
