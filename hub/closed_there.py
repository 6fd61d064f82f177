"""Nights that people closed in the calendar of an account: days there, runs of nights here.

A calendar of days gives its closures no names. A run keeps the name that it got here for as long as it overlaps what it was
before, so a longer or shorter one is a change. Nights that are closed because we closed them are left out, unless people had
closed them before we did; and of an owner those that the account tells as a booking, too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from hub import calendars, hearing
from hub.calendars import LOOK_BACK, SOURCE_CANCELLED, At, is_older
from hub.diaries import taken_back
from hub.hearing import NOTHING, News
from hub.issuing import Desk
from hub.model.facts import NightsTold, NightsUntold, StayReport
from hub.model.publishing import ranges
from hub.model.stays import nights
from hub.model.values import ChannelId, StayKind, StayStatus, UnitId
from hub.store import house, listings
from hub.store import publishing as outlets
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.publishing import FAILED, IN, Entry
from hub.store.source_names import CLOSED_THERE
from hub.store.stays import Source, StayRow

NOTE: Final = "closed in the channel's own calendar"
BEYOND: Final = f"{NOTE}, and on beyond what that tells"
STRIDE: Final = timedelta(days=30)
"""By so much what is closed on beyond the last day that is told of is closed further here, at once: that day moves on with
every day, and no night that is closed there may be open here."""
_LIVE: Final = (StayStatus.CONFIRMED, StayStatus.TENTATIVE)

_Word = tuple[Source, StayRow]


@dataclass(frozen=True, slots=True)
class _Run:
    kind: StayKind
    first: date
    until: date
    beyond: bool = False
    """Nobody told yet where it ends."""

    @property
    def nights(self) -> frozenset[date]:
        return nights(self.first, self.until)


def absorb(tx: Tx, desk: Desk, fact: NightsTold | NightsUntold) -> None:
    if isinstance(fact, NightsUntold):
        _not_read(tx, fact, desk.now())
    else:
        hearing.note_news(tx, fact, _take_in(tx, desk, fact))


def _take_in(tx: Tx, desk: Desk, fact: NightsTold) -> News:
    channel = house.channel_with(tx, fact.channel)
    if channel is None or is_older(fact.at, listings.nights_of(tx, channel.id, fact.listing).nights_at, desk.now()):
        return NOTHING
    listings.nights_read(tx, channel.id, fact.listing, fact.at)
    unit = channel.unit_for(fact.listing)
    if unit is None:  # when it is joined to a unit, the account is read anew
        return NOTHING
    known = _known(tx, channel.id, fact.listing, desk.now())
    found, news = _paired(list(_runs(tx, desk, fact, unit, known)), known), NOTHING
    meant = {word[0].uid for _, word in found if word is not None}
    for source, stay in known:
        if source.uid not in meant and source.digest and _tells_of(fact, stay):
            taken_back(tx, desk, replace(source, missing_since=fact.at), stay)
            news += News(gone=1)
    used = {source.uid for source, _ in known}
    for run, word in found:
        uid = _new_name(fact, run, used) if word is None else word[0].uid
        used.add(uid)
        report = _report(fact, uid, _whole(fact, run, None if word is None else word[1]))
        news += calendars.take_in(tx, desk, At(channel, unit, fact.at), report, word or (None, None)).news
    return news


def nights_of(tx: Tx, channel: ChannelId, unit: UnitId, now: datetime) -> frozenset[date]:
    """Nights of a unit that people closed there, as far as they are known and not open again."""
    found = ledger.known_in(tx, unit, since=now - LOOK_BACK)
    mine = (stay for source, stay in found if source is not None and source.channel_id == channel and _closes(source))
    return _nights(stay for stay in mine if stay.status in _LIVE)


def _closes(source: Source) -> bool:
    return source.uid.startswith(CLOSED_THERE)


def _nights(stays: Collection[StayRow] | Iterator[StayRow]) -> frozenset[date]:
    spans = ((stay.arrival, stay.departure) for stay in stays)
    return frozenset(night for first, until in spans if first and until for night in nights(first, until))


def _prefix(listing: str) -> str:
    return f"{CLOSED_THERE}{listing}:"


def _known(tx: Tx, channel: ChannelId, listing: str, now: datetime) -> list[_Word]:
    words = ledger.sources_of(tx, channel, since=now - LOOK_BACK)
    return [word for word in words if word[0].uid.startswith(_prefix(listing))]


def _tells_of(fact: NightsTold, stay: StayRow) -> bool:
    if stay.arrival is None or stay.departure is None:
        return True
    return stay.arrival < fact.until and fact.first < stay.departure


# ---- days become runs ------------------------------------------------------------------------------------------------


def _runs(tx: Tx, desk: Desk, fact: NightsTold, unit: UnitId, known: Sequence[_Word]) -> Iterator[_Run]:
    now = desk.now()
    theirs = _nights(stay for _, stay in known if stay.status in _LIVE)
    ours = outlets.echoing(tx, fact.channel, unit, now) - theirs
    owners = fact.owners - ours - _booked(tx, fact.channel, unit, now)
    for kind, days in ((StayKind.OWNER, owners), (StayKind.BLOCK, fact.blocked - fact.owners - ours)):
        for first, until in ranges(days):
            yield _Run(kind, first, until)


def _booked(tx: Tx, channel: ChannelId, unit: UnitId, now: datetime) -> frozenset[date]:
    """Nights of the account's own bookings: some calendars tell those of owners as well."""
    found = ledger.known_in(tx, unit, since=now - LOOK_BACK)
    own = (
        stay for source, stay in found if source is not None and source.channel_id == channel and not _closes(source)
    )
    return _nights(stay for stay in own if stay.status in _LIVE)


def _whole(fact: NightsTold, run: _Run, before: StayRow | None) -> _Run:
    """What it was before the days that are told of, and what it is after them, it still is."""
    beyond = run.until == fact.until
    if before is None or before.arrival is None or before.departure is None or before.status not in _LIVE:
        return replace(run, beyond=beyond)
    first = min(run.first, before.arrival) if run.first == fact.first else run.first
    until = run.until
    if beyond and before.note == BEYOND and before.departure < run.until:
        until = run.until + STRIDE
    elif beyond:
        until = max(run.until, before.departure)
    return _Run(run.kind, first, until, beyond)


# ---- which run is which ----------------------------------------------------------------------------------------------


def _paired(runs: Sequence[_Run], known: Sequence[_Word]) -> list[tuple[_Run, _Word | None]]:
    """Each run with what it was before, if anything: the one with which it shares the most nights."""
    fits = (
        (_fit(run, stay), place, source.uid, (source, stay))
        for place, run in enumerate(runs)
        for source, stay in known
        if run.nights & _nights([stay]) and _may_go_on(run, source, stay)
    )
    found: dict[int, _Word] = {}
    given = set[str]()
    for _, place, uid, word in sorted(fits, key=lambda each: each[:3]):
        if place not in found and uid not in given:
            found[place] = word
            given.add(uid)
    return [(run, found.get(place)) for place, run in enumerate(runs)]


def _fit(run: _Run, stay: StayRow) -> tuple[bool, bool, int]:
    """The least is the best."""
    return stay.status not in _LIVE, stay.kind is not run.kind, -len(run.nights & _nights([stay]))


def _may_go_on(run: _Run, source: Source, stay: StayRow) -> bool:
    """What a person opened here is known while it is closed there; what was opened there comes back under its very name."""
    over = stay.status is StayStatus.CANCELLED and stay.cancelled_why == SOURCE_CANCELLED
    return not over or source.uid.endswith(f":{run.first}")


def _new_name(fact: NightsTold, run: _Run, used: Collection[str]) -> str:
    name = f"{_prefix(fact.listing)}{run.first}"
    while name in used:
        name += "+"
    return name


def _report(fact: NightsTold, uid: str, run: _Run) -> StayReport:
    raw = json.dumps({"listing": fact.listing, "first": f"{run.first}", "until": f"{run.until}"})
    days = (run.first, run.until)
    note = BEYOND if run.beyond else NOTE
    return StayReport(uid, run.kind, StayStatus.CONFIRMED, *days, note=note, raw=raw, listing=fact.listing)


# ---- a calendar that cannot be read ------------------------------------------------------------------------------------


def _not_read(tx: Tx, fact: NightsUntold, now: datetime) -> None:
    """A line in the log once for each way in which it fails."""
    if house.channel_with(tx, fact.channel) is None:
        return
    state = listings.nights_of(tx, fact.channel, fact.listing)
    if is_older(fact.at, state.nights_at, now):
        return
    if state.nights_why != fact.why:
        what = f"the calendar of {state.name or fact.listing} could not be read"
        outlets.note(tx, Entry(0, fact.channel, None, fact.at, IN, FAILED, what, fact.why))
    listings.nights_failed(tx, state, fact.at, fact.why)
