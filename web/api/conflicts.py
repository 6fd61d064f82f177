"""Nights that were sold twice, and what a person decides about them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub import conflicts
from hub.bookings import NotFree
from hub.conflicts import Clash
from hub.model.values import StayId, UnitId
from hub.store.stays import StayRow
from web.api.bookings import not_free
from web.api.routes import Call
from web.api.stays import StayOut, change_stay
from web.api.wire import In, Nothing, Out, Told


class Side(Out):
    stay: str
    guest: str
    channel: str | None
    reference: str
    arrival: str | None
    departure: str | None
    check_in: Told | None
    check_out: Told | None


class AnywayOut(Out):
    unit: str
    why: str = Field(description="what the house's own rules say")


class ClashOut(Out):
    unit: str
    first: Side = Field(description="it keeps its code")
    second: Side = Field(description="it gets none, or no more hours than it had")
    second_has_code: bool
    free_units: list[str] = Field(description="of the same property, where the second could go")
    units_anyway: list[AnywayOut] = Field(
        description="where only the house's own rules are against it: `move` with `anyway`"
    )


class ClashesOut(Out):
    items: list[ClashOut]


def _side(row: StayRow) -> Side:
    return Side(
        stay=row.id,
        guest=row.guest,
        channel=row.channel_id,
        reference=row.reference,
        arrival=None if row.arrival is None else row.arrival.isoformat(),
        departure=None if row.departure is None else row.departure.isoformat(),
        check_in=row.check_in,
        check_out=row.check_out,
    )


def _clash(each: Clash) -> ClashOut:
    return ClashOut(
        unit=each.second.unit_id,
        first=_side(each.first),
        second=_side(each.second),
        second_has_code=each.second_has_code,
        free_units=list(each.free_units),
        units_anyway=[AnywayOut(unit=unit, why=why) for unit, why in each.units_anyway],
    )


async def list_conflicts(call: Call, query: Nothing, body: Nothing) -> ClashesOut:
    found = await call.hub.store.read(lambda tx: conflicts.clashes(tx, call.hub.desk))
    return ClashesOut(items=[_clash(each) for each in found])


class MoveIn(In):
    unit: Annotated[str, Field(max_length=100)]
    anyway: Annotated[bool, Field(description="in spite of the house's own rules; never of others who stay there")] = (
        False
    )


async def move_stay(call: Call, query: Nothing, body: MoveIn) -> StayOut:
    unit = UnitId(body.unit)
    try:
        return await change_stay(
            call, lambda tx, id_: conflicts.move(tx, call.hub.intake, id_, unit, call.actor, anyway=body.anyway)
        )
    except NotFree as error:
        raise not_free(error) from error


class ShareIn(In):
    other: Annotated[str, Field(max_length=40, description="the stay with which it may share nights")]


async def share_nights(call: Call, query: Nothing, body: ShareIn) -> StayOut:
    other = StayId(body.other)
    return await change_stay(call, lambda tx, id_: conflicts.let_share(tx, call.hub.desk, id_, other, call.actor))
