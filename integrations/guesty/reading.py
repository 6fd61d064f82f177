"""Reservations as Guesty's current API finds them.

Sources: Open API reference, “Search reservations” (`GET /reservations-v3/search`: filters, sorting, pages) and “Retrieve
Reservations” (`GET /reservations-v3`: up to ten by their ids, with guest and finances); guide “Reservation migration”. The
fields of an answer are as integrators read them (facts page on channels §1.4, sample guesty_reservation_v3).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from hub.contracts.accounts import let_in, listed
from hub.contracts.fields import Fields
from hub.io.api import told
from hub.io.http import Answer

Get = Callable[[str, Sequence[tuple[str, str | int]]], Awaitable[Answer]]

SEARCH: Final = "/v1/reservations-v3/search"
BY_IDS: Final = "/v1/reservations-v3"
KEYS: Final = "client id and secret"
PAGE: Final = 100
IDS_AT_ONCE: Final = 10
MOVES: Final = datetime(2027, 2, 15, tzinfo=UTC)
"""From then on reservations are searched for here, unless the operator says otherwise: two weeks before `GET /reservations`
is retired (changelog of 2026-11-05)."""


class Reading:
    """What was told of each reservation is kept while the hub runs, and asked for again when its row has changed."""

    def __init__(self, get: Get) -> None:
        self._get = get
        self._known: dict[str, tuple[str, Mapping[str, Any]]] = {}

    async def bookings(self, until: date, over: Callable[[str], bool]) -> AsyncIterator[Sequence[Any]]:
        """Page by page all that check out on that day or later, cancelled ones too. `over`: a status that keeps no nights."""
        skip, seen = 0, set[str]()
        while True:
            which: list[tuple[str, str | int]] = [("filter[checkOut][gte]", f"{until}"), ("sort", "_id")]
            answer = let_in(await self._get(SEARCH, [*which, ("limit", PAGE), ("skip", skip)]), KEYS)
            page = told(answer)
            rows = [flat(row) for row in listed(page, answer.host, "results")]
            seen |= {_id(row) for row in rows}
            yield await self._with_guests(rows, over)
            skip += len(rows)
            if not rows or not Fields(page).yes("pagination.hasMore"):
                break
        self._known = {id_: each for id_, each in self._known.items() if id_ in seen}

    async def _with_guests(self, rows: list[Any], over: Callable[[str], bool]) -> list[Any]:
        """The search tells neither guests nor money."""
        digests = {_id(row): _digest(row) for row in rows}
        news = [
            id_
            for row in rows
            if (id_ := _id(row)) and not over(Fields(row).text("status")) and self._before(id_) != digests[id_]
        ]
        for place in range(0, len(news), IDS_AT_ONCE):
            for detail in await by_ids(self._get, news[place : place + IDS_AT_ONCE]):
                self._known[_id(detail)] = digests.get(_id(detail), ""), detail
        return [self._whole(row) for row in rows]

    def _whole(self, row: Any) -> Any:
        """What the search says is the newer word: one that is over is not asked for again."""
        if _id(row) not in self._known:
            return row
        return {**self._known[_id(row)][1], **{name: value for name, value in row.items() if value is not None}}

    def _before(self, id_: str) -> str | None:
        return self._known[id_][0] if id_ in self._known else None

    def forget(self) -> None:
        """Everything is asked for again."""
        self._known.clear()


async def by_ids(get: Get, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Those that Guesty knows."""
    answer = let_in(await get(BY_IDS, [("reservationIds[]", id_) for id_ in ids]), KEYS)
    return [flat(row) for row in listed(told(answer), answer.host) if isinstance(row, Mapping)]


async def by_code(get: Get, code: str) -> list[dict[str, Any]]:
    """Those with this confirmation code."""
    which: list[tuple[str, str | int]] = [("filter[confirmationCode]", code), ("limit", 10), ("skip", 0)]
    answer = let_in(await get(SEARCH, which), KEYS)
    rows = listed(told(answer), answer.host, "results")
    return [flat(row) for row in rows if isinstance(row, Mapping)]


def flat(row: Any) -> Any:
    """The row, with what else is in it by the names that it had in `GET /reservations` as well."""
    if not isinstance(row, Mapping):
        return row
    found = Fields(row)
    segments = found.each("stay")
    first, last = (segments[0], segments[-1]) if segments else (Fields({}), Fields({}))
    also = {
        "_id": found.text("reservationId"),
        "listingId": first.text("listingId") or first.text("unitId") or first.text("unitTypeId"),
        "checkInDateLocalized": first.text("checkInDateLocalized"),
        "checkOutDateLocalized": last.text("checkOutDateLocalized"),
    }
    guest = {**row["guest"], **_guest(found)} if isinstance(row.get("guest"), Mapping) else None
    named = {name: value for name, value in also.items() if value and not row.get(name)}
    return {**row, **named, **({} if guest is None else {"guest": guest})}


def _guest(found: Fields) -> dict[str, str]:
    """R569's guest is made with `firstName`, `lastName`, `email` and `phones`; here they may be told likewise."""
    name = f"{found.text('guest.firstName')} {found.text('guest.lastName')}".strip()
    told = {"fullName": name, "phone": _first(found, "guest.phones"), "email": _first(found, "guest.emails")}
    return {key: value for key, value in told.items() if value and not found.text(f"guest.{key}")}


def _first(found: Fields, path: str) -> str:
    several = found.there(path)
    return several[0] if isinstance(several, list) and several and isinstance(several[0], str) else ""


def _id(row: Any) -> str:
    return Fields(row).text("_id") if isinstance(row, Mapping) else ""


def _digest(row: Any) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()
