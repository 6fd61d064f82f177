"""What the buffer between two stays costs each unit, month by month."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from hub.lost_nights import lost_nights
from hub.model.lost_nights import MOST_MONTHS, Month
from hub.model.values import PropertyId, UnitId
from hub.store import house
from hub.store.engine import Tx
from web.api.routes import Call
from web.api.wire import Day, In, Nothing, Out, read_whole


class LostNightsQuery(In):
    first: Day = Field(description="any day of the first month")
    months: Annotated[int, Field(ge=1, le=MOST_MONTHS), BeforeValidator(read_whole)] = 3
    unit: str | None = None
    property: str | None = None


class MonthOut(Out):
    month: str = Field(description="`2027-03`")
    nights: int
    booked: int
    shut: int = Field(description="closed by a person or a channel, or held")
    lost: int = Field(description="free, and not to be booked only because another stay is too near")
    percent: float | None = Field(
        description="of the nights that are not shut, rounded down to a tenth; null: none are"
    )


class UnitLosses(Out):
    unit: str
    months: list[MonthOut]


class LostNightsOut(Out):
    items: list[UnitLosses]


def _month(month: Month) -> MonthOut:
    share = month.share
    return MonthOut(
        month=f"{month.first:%Y-%m}",
        nights=month.nights,
        booked=month.booked,
        shut=month.shut,
        lost=month.lost,
        percent=None if share is None else share / 10,
    )


async def get_lost_nights(call: Call, query: LostNightsQuery, body: Nothing) -> LostNightsOut:
    """By the stays and rules of now."""

    def look(tx: Tx) -> LostNightsOut:
        rows = house.units(tx) if query.property is None else house.units_in(tx, PropertyId(query.property))
        units = [UnitId(row.id) for row in rows if query.unit in (None, row.id)]
        found = lost_nights(tx, units, query.first, query.months, call.hub.clock.now())
        return LostNightsOut(
            items=[UnitLosses(unit=unit, months=[_month(each) for each in months]) for unit, months in found.items()]
        )

    return await call.hub.store.read(look)
