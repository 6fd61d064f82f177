"""Nights that are closed in Smoobu, as bookings of its channel “Blocked”.

Sources: Smoobu's API, “Create booking” and “Cancel booking”, as listed by digfish/php-smoobu-cli; channel 11 is “Blocked”,
and nights of another booking are refused (m190/usefulapi-mcp @387141cc, smoobu_create_reservation).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from hub.contracts.fields import Fields, Unreadable
from hub.contracts.writing import done
from hub.errors import Rejected
from hub.io.api import Api
from hub.model.effects import SetNights
from hub.model.publishing import Block, ranges
from hub.model.stays import nights

MARK: Final = "Closed by Gatehouse"
"""The note of each of ours: one that was made while its answer got lost is known by it, and none is taken for a person's."""
BLOCKED: Final = 11
_KEYS: Final = "API key"
_DAY: Final = timedelta(days=1)
_AHEAD: Final = timedelta(days=1095)

Span = tuple[date, date]
"""The first night, and the day after the last."""


def ours(row: Any) -> bool:
    """Whether a booking that Smoobu lists is a closure of ours."""
    return isinstance(row, Mapping) and Fields(row).yes("is-blocked-booking") and Fields(row).text("notice") == MARK


@dataclass(slots=True)
class _Standing:
    """What Smoobu has in one apartment."""

    closed: dict[Span, str] = field(default_factory=dict)
    """Closures of ours, and their ids."""
    sold: set[date] = field(default_factory=set)
    """Nights of guests who booked there."""
    shut: set[date] = field(default_factory=set)
    """Nights that somebody else closed there."""


@dataclass(frozen=True, slots=True)
class Blocking:
    api: Api
    headers: Mapping[str, str]
    pages: Callable[[Sequence[tuple[str, str | int]]], AsyncIterator[list[Any]]]

    async def bring(self, effect: SetNights, today: date) -> None:
        """One closure for each stay, so that the end of one opens nothing of its neighbour. Raises as a Performer."""
        since = today - _DAY  # west of Greenwich it is yesterday still
        standing = await self._standing(effect.listing, since)
        wanted = spans(effect.taken, since, standing.sold | standing.shut)
        for span in sorted(standing.closed.keys() - wanted):
            await self._open(standing.closed[span])
        for first, until in sorted(wanted - standing.closed.keys()):
            await self._close(effect.listing, first, until)
        sold = sorted(standing.sold & {night for block in effect.taken for night in nights(block.first, block.until)})
        if sold:
            raise Rejected(
                f"{self.api.host} has bookings of its own from {sold[0]} on, on nights that are taken here, too"
            )

    async def _standing(self, apartment: str, since: date) -> _Standing:
        days: list[tuple[str, str | int]] = [("from", f"{since}"), ("to", f"{since + _AHEAD}")]
        found = _Standing()
        async for rows in self.pages([*days, ("apartmentId", apartment), ("excludeBlocked", "false")]):
            for row in rows:
                self._note(found, row, apartment, since)
        return found

    def _note(self, found: _Standing, row: Any, apartment: str, since: date) -> None:
        told = Fields(row if isinstance(row, Mapping) else {})
        try:
            first, until, id_ = told.day("arrival"), told.day("departure"), told.named("id")
        except Unreadable:
            return  # a person is shown it among the stays; if it is in the way, Smoobu refuses
        if told.text("apartment.id") != apartment or until <= since or told.text("type").lower() == "cancellation":
            return
        if ours(row):
            found.closed[max(first, since), until] = id_
        else:
            where = found.shut if told.yes("is-blocked-booking") else found.sold
            where |= nights(first, until)

    async def _open(self, id_: str) -> None:
        answer = await self.api.ask("DELETE", f"/reservations/{id_}", headers=self.headers)
        if answer.status not in (404, 410):  # somebody opened it there meanwhile
            done(answer, _KEYS)

    async def _close(self, apartment: str, first: date, until: date) -> None:
        said = {
            "arrivalDate": f"{first}",
            "departureDate": f"{until}",
            "apartmentId": int(apartment) if apartment.isdigit() else apartment,
            "channelId": BLOCKED,
            "notice": MARK,
        }
        done(await self.api.tell("POST", "/reservations", said, self.headers), _KEYS)


def spans(taken: Sequence[Block], since: date, there: set[date]) -> set[Span]:
    """Each entry's nights that are still to come, no night twice, and none that is taken there already."""
    found: set[Span] = set()
    seen = set(there)
    for block in sorted(taken, key=lambda each: (each.first, each.until, each.about)):
        new = {night for night in nights(block.first, block.until) if night >= since} - seen
        found |= set(ranges(new))
        seen |= new
    return found
