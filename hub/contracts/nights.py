"""Nights that people closed in an account's calendar, read day by day: a few listings with each poll, each every ten minutes.

That a calendar cannot be read is told and costs nothing else: the account's bookings are read all the same.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from hub.contracts.fields import Fields, Unreadable
from hub.errors import Disappointment, Garbled, Unavailable
from hub.model.facts import NightsTold, NightsUntold
from hub.model.values import ChannelId, StayKind

TOLD, UNTOLD = "nights", "no nights"
"""The topics of what is delivered."""
EVERY: Final = timedelta(minutes=10)
AGAIN: Final = timedelta(hours=1)
"""What is as it was is told again: it may have been our own word coming back, and may not be that any more."""
HASTE: Final = timedelta(minutes=1)
"""No calendar is read oftener, whoever calls."""
AT_ONCE: Final = 10
"""Listings in one poll: bookings and what is written need the account's limits, too."""
AHEAD: Final = timedelta(days=365)
AT_A_TIME: Final = 183
"""Days in one question. Ours: nobody documents how many may be asked for."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """What people closed, of the nights from the first to the day after the last that was told."""

    first: date
    until: date
    closed: Mapping[date, StayKind]
    """BLOCK, or OWNER where the owner sleeps there."""


Read = Callable[[str, date, date], Awaitable[Days]]
"""The calendar of a listing, from a day up to and with another. Raises as `fetch`; an answer without its days is Garbled."""


def days_of(rows: Iterable[Any], who: str, first: date, kind: Callable[[Fields], StayKind | None]) -> Days:
    """The days of an answer as far as they follow each other; each has its `date`. Raises Garbled."""
    known: dict[date, StayKind | None] = {}
    for row in rows:
        told = Fields(row if isinstance(row, Mapping) else {})
        try:
            known[told.day("date")] = kind(told)
        except Unreadable as error:
            raise Garbled(f"{who} tells of a day in its calendar, and {error}") from error
    return found(known, who, first)


class NoDays(Garbled):
    """An answer without any of the days that were asked for."""


def found(known: Mapping[date, StayKind | None], who: str, first: date) -> Days:
    """Raises NoDays: it tells nothing of the first day, so it is not taken to be open."""
    until = first
    while until in known:
        until += _DAY
    if until == first:
        raise NoDays(f"{who} answers without the days of its calendar that were asked for")
    return Days(first, until, {day: kind for day, kind in known.items() if kind is not None and first <= day < until})


class Calendars:
    """Which calendar is read when. Kept in memory only: after a start all are read."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._due: dict[str, datetime] = {}
        self._at: dict[str, datetime] = {}
        self._said: dict[str, tuple[bytes, datetime]] = {}
        self._let_at: datetime | None = None

    def known(self, now: datetime) -> bool:
        """Whether the account's listings are. That it lets none is known for a while, too."""
        if self._due or self._let_at is None:
            return bool(self._due)
        return self._let_at <= now < self._let_at + AGAIN

    def lets(self, listings: Iterable[str], now: datetime, *, anew: bool) -> None:
        """All that the account lets. `anew`: whatever was told of their calendars is told again, now."""
        self._let_at = now
        before = {} if anew else self._due
        self._due = {listing: before.get(listing, now) for listing in listings}
        self._said = {} if anew else {listing: each for listing, each in self._said.items() if listing in self._due}

    def hasten(self, listing: str, now: datetime) -> None:
        """Somebody says that it has changed."""
        if listing in self._due:
            earliest = self._at.get(listing, now - HASTE) + HASTE
            self._due[listing] = min(self._due[listing], max(now, earliest))

    async def news(self, now: datetime) -> AsyncIterator[tuple[str, bytes]]:
        """Topic and body of what there is to deliver, of those whose turn it is."""
        turns = sorted((at, listing) for listing, at in self._due.items() if not now < at <= now + EVERY)
        for _, listing in turns[:AT_ONCE]:
            silent = False
            try:
                topic, body = TOLD, _written(listing, await self._whole(listing, now.date() - _DAY))
            except Disappointment as error:
                topic, body = UNTOLD, json.dumps({"listing": listing, "why": str(error)}).encode()
                silent = isinstance(error, Unavailable)
            if self._is_new(listing, body, now):
                self._said[listing] = body, now
                yield topic, body
            if silent:
                # The others would only be asked in vain now; it comes after them with the next poll, lest it keeps them waiting.
                self._due[listing] = now
                return
            self._at[listing], self._due[listing] = now, now + EVERY

    def _is_new(self, listing: str, body: bytes, now: datetime) -> bool:
        before = self._said.get(listing)
        return before is None or before[0] != body or not before[1] <= now < before[1] + AGAIN

    async def _whole(self, listing: str, first: date) -> Days:
        until, closed = first, dict[date, StayKind]()
        while until < first + AHEAD:
            last = min(until + timedelta(days=AT_A_TIME), first + AHEAD) - _DAY
            try:
                part = await self._read(listing, until, last)
            except NoDays:
                if until == first:
                    raise
                break  # it goes no further than what was read
            until = min(part.until, last + _DAY)
            closed.update(part.closed)
            if until <= last:
                break  # it goes no further
        return Days(first, until, {day: kind for day, kind in closed.items() if day < until})


def _written(listing: str, days: Days) -> bytes:
    closed = {kind: sorted(f"{day}" for day, each in days.closed.items() if each is kind) for kind in _KINDS}
    told = {"listing": listing, "first": f"{days.first}", "until": f"{days.until}"}
    return json.dumps({**told, **{kind.value: closed[kind] for kind in _KINDS}}).encode()


_KINDS: Final = (StayKind.BLOCK, StayKind.OWNER)


def told(channel: ChannelId, at: datetime, body: bytes) -> NightsTold:
    """What a delivery of ours says."""
    said = json.loads(body)
    days = [frozenset(map(date.fromisoformat, said[kind.value])) for kind in _KINDS]
    return NightsTold(
        channel, at, said["listing"], date.fromisoformat(said["first"]), date.fromisoformat(said["until"]), *days
    )


def untold(channel: ChannelId, at: datetime, body: bytes) -> NightsUntold:
    said = json.loads(body)
    return NightsUntold(channel, at, said["listing"], said["why"])
