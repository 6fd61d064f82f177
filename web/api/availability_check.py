"""Whether units may be booked, for whoever asks: a house's own website needs no token for that (R372, R376).

Off unless the configuration says otherwise. What is told is no more than a website shows: that somebody stays there, holds it,
has closed it or works in it is all the same, and no day of another guest's is named.
"""

from __future__ import annotations

from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from hub import bookings
from hub.config import AvailabilityCheck
from hub.hub import Hub
from hub.model.availability import Objection, Reason, Wish
from hub.model.values import PropertyId, UnitId
from hub.store import house
from hub.store.engine import Tx
from web.api.answering import explain_refusals
from web.api.bookings import AvailabilityQuery
from web.api.problems import Problem, missing
from web.api.reading import read_query
from web.api.wire import Out
from web.pace import Pace

PATH: Final = "/availability-check"
TAKEN: Final = "taken"
_SAID: Final = frozenset(
    {
        *(Reason.DATES, Reason.PAST, Reason.NOTICE, Reason.ADVANCE, Reason.MIN_STAY, Reason.MAX_STAY, Reason.TURNOVER),
        *(Reason.CLOSED_TO_ARRIVAL, Reason.CLOSED_TO_DEPARTURE, Reason.CAPACITY, Reason.CHILDREN, Reason.PETS),
    }
)
"""What is a rule of the house's; the rest would say what goes on there."""


class UnitAsked(Out):
    unit: str
    free: bool
    why_not: Annotated[list[str], Field(description="reasons as of /api/v1/availability, or `taken`")]


class Answer(Out):
    items: list[UnitAsked]


def add_check(app: web.Application, hub: Hub, wanted: AvailabilityCheck | None) -> None:
    if wanted is not None:
        check = web.Application(middlewares=[explain_refusals])
        check.router.add_get("", _Check(hub, wanted).answer)
        app.add_subapp(PATH, check)


class _Check:
    def __init__(self, hub: Hub, wanted: AvailabilityCheck) -> None:
        self._hub = hub
        self._pace = Pace(burst=wanted.per_minute, per_second=wanted.per_minute / 60)

    async def answer(self, request: web.Request) -> web.Response:
        if wait := self._pace.spend(request.remote or ""):
            why = f"too many questions; ask again in {wait} s"
            raise Problem("too_many", why, headers={"Retry-After": str(wait)})
        query = read_query(request, AvailabilityQuery)
        found = await self._hub.store.read(lambda tx: self._look(tx, query))
        # Any page may read the answer; there is no cookie that it could be read with.
        open_to_all = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
        headers = {"Cache-Control": "no-store", **open_to_all}
        return web.Response(text=found.model_dump_json(), content_type="application/json", headers=headers)

    def _look(self, tx: Tx, query: AvailabilityQuery) -> Answer:
        if query.unit is not None and house.unit_with(tx, UnitId(query.unit)) is None:
            raise missing("unit", query.unit)
        rows = house.units(tx) if query.property is None else house.units_in(tx, PropertyId(query.property))
        units = [row.id for row in rows if query.unit in (None, row.id)]
        wish = Wish(query.arrival, query.departure, query.guests, query.children, query.pets)
        found = bookings.look(tx, units, wish, self._hub.clock.now())
        items = [UnitAsked(unit=unit, free=not against, why_not=_told(against)) for unit, against in found.items()]
        return Answer(items=items)


def _told(against: tuple[Objection, ...]) -> list[str]:
    return list(dict.fromkeys(each.reason.value if each.reason in _SAID else TAKEN for each in against))
