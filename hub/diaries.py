"""The calendars that the people of the house keep with us: what stands there for a unit, and what they write or change there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub import asking, calendars
from hub.hearing import NOTHING, News
from hub.issuing import Desk
from hub.model.availability import ClosureKind
from hub.model.diary import Doing, Entry, Moment
from hub.model.facts import EntryTouched, EventRead, StayReported
from hub.model.publishing import Block
from hub.model.values import CODED, ChannelId, StayId, StayKind, StayStatus, UnitId
from hub.store import bookings, house, log
from hub.store import publishing as rows
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.stays import Source, StayRow

LOOK_BACK: Final = timedelta(days=2)
_DOING: Final = {
    StayKind.RESERVATION: Doing.STAY,
    StayKind.OWNER: Doing.OWNER,
    StayKind.BLOCK: Doing.BLOCKED,
    StayKind.UNKNOWN: Doing.UNSURE,
}
_SHUT: Final = {ClosureKind.BLACKOUT: Doing.CLOSED, ClosureKind.MAINTENANCE: Doing.MAINTENANCE}
TOUCHED: Final = "touched"
"""In place of the digest of what stands in a calendar: it does not stand there any more."""


# ---- what stands there ----------------------------------------------------------------------------------------------


def entries(tx: Tx, unit: UnitId, now: datetime, *, besides: ChannelId | None = None) -> list[Entry]:
    """What goes on in a unit, of now and of what is to come. `besides`: the calendar that it is for, which knows its own."""
    found = [
        *_stays(tx, unit, now, besides),
        *(
            Entry(f"hold:{each.id}", Doing.HELD, each.check_in, each.check_out, guest=each.label)
            for each in bookings.live_holds(tx, now)
            if each.unit == unit
        ),
        *(
            Entry(f"closure:{each.id}", _SHUT[each.kind], each.first, each.until, note=each.note)
            for each in bookings.closures_after(tx, (now - LOOK_BACK).date(), [unit])
            if each.kind in _SHUT
        ),
    ]
    return sorted(found, key=lambda each: (each.start.isoformat(), each.id))


def _stays(tx: Tx, unit: UnitId, now: datetime, besides: ChannelId | None) -> Iterator[Entry]:
    for row in ledger.live_in(tx, unit, now - LOOK_BACK):
        if row.check_in is None or row.check_out is None or (besides is not None and row.channel_id == besides):
            continue
        left = row.left_at
        end = left if left is not None and row.check_in < left < row.check_out else row.check_out
        guest = row.guest if row.kind in CODED else ""
        sure = row.status is StayStatus.CONFIRMED
        yield Entry(f"stay:{row.id}", _DOING[row.kind], row.check_in, end, guest, sure=sure)


def block(entry: Entry, zone: ZoneInfo) -> Block:
    """The same as other platforms are told of it; it lasts until the day is over on which it ends."""
    first, last = _day(entry.start, zone), _day(entry.end, zone)
    until = last + timedelta(days=1) if isinstance(entry.end, datetime) else last
    return Block(entry.id, first, until, entry.doing in (Doing.STAY, Doing.OWNER), entry.digest)


def _day(at: Moment, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date() if isinstance(at, datetime) else at


# ---- what people do there -------------------------------------------------------------------------------------------


def absorb_event(tx: Tx, desk: Desk, fact: EventRead) -> News:
    """What an event stands for is taken in, and what it does not stand for any more is taken back."""
    news = NOTHING
    if house.channel_with(tx, fact.channel) is None:
        return news
    since, named = desk.now() - calendars.LOOK_BACK, {each.uid for each in fact.stays}
    for source, stay in ledger.sources_of(tx, fact.channel, since=since):
        of_it = source.uid == fact.uid or source.uid.startswith(f"{fact.uid}/")
        if of_it and source.uid not in named:
            taken_back(tx, desk, source, stay)
            news += News(gone=1)
    for report in fact.stays:
        news += calendars.absorb_report(tx, desk, StayReported(fact.channel, fact.at, report))
    return news


def taken_back(tx: Tx, desk: Desk, source: Source, stay: StayRow) -> None:
    """Whoever may be inside is not put out by a slip of a finger: a person is asked."""
    ledger.keep_source(tx, replace(source, digest=""))  # if it is written there again, that is news
    if stay.status not in (StayStatus.CONFIRMED, StayStatus.TENTATIVE):
        return
    now = desk.now()
    if stay.kind in CODED and stay.check_in is not None and stay.check_in <= now:
        asking.ask_gone(tx, desk, stay)
    else:
        by = f"channel:{source.channel_id}"
        calendars.cancel(tx, desk, stay, by, calendars.SOURCE_CANCELLED, because="somebody took it out of the calendar")


def touched(tx: Tx, desk: Desk, fact: EntryTouched) -> None:
    """Somebody changed what we wrote: it is written again, and said."""
    row = house.channel_with(tx, fact.channel)
    if row is None or row.unit is None:
        return
    outlet = rows.outlet(tx, row.id, row.unit)
    said = next(
        (each for each in ([] if outlet is None else rows.said(tx, outlet)) if each.block.about == fact.entry), None
    )
    if outlet is None or said is None or said.gone:
        return
    rows.say(tx, outlet, [replace(said.block, mark=TOUCHED)], said.version, said.since)
    how = "deleted" if fact.deleted else "changed"
    what = f"somebody {how} there what is of {_called(tx, fact.entry)}; it is put right again"
    rows.note(tx, rows.Entry(0, row.id, row.unit, fact.at, rows.IN, rows.NOTED, what))
    log.record(tx, desk.now(), calendars.GATEHOUSE, "calendar put right", f"channel:{row.id}", detail=fact.entry)
    tx.signal("publishing")


def _called(tx: Tx, entry: str) -> str:
    kind, _, id_ = entry.partition(":")
    row = ledger.stay(tx, StayId(id_)) if kind == "stay" else None
    if row is None or row.arrival is None:
        return {"hold": "a hold", "closure": "a closure"}.get(kind, "a stay")
    return f"the stay from {row.arrival.day} {row.arrival:%B %Y} on"
