"""News of bookings in words: a subject, a letter, and a line for a telephone. No digits of codes, no way to reach a guest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub import changes
from hub.model.booking_news import News, Shape, What
from hub.model.diary import Naming, called
from hub.model.people import called as named
from hub.model.values import ChannelId, StayKind, StayStatus, clean
from hub.store import codes, conflicts, house
from hub.store.booking_news import known_before
from hub.store.engine import Tx
from hub.store.house import Property
from hub.store.stays import StayRow

MOST: Final = 20
"""So many bookings are told one by one, the soonest; the rest is counted."""
FEW: Final = 3
"""So many are told one by one even when their channel was read for the first time."""
FIRST_WITHIN: Final = timedelta(hours=1)
"""A long calendar is read in parts."""
SUBJECT: Final = 150
SMS: Final = 300
"""Letters: two messages of 153 (3GPP TS 23.038, GSM 7 bit, joined), as good as whole."""
_IN_SMS: Final = 3

_TITLES: Final = {What.NEW: "New", What.CHANGED: "Changed", What.CANCELLED: "Cancelled"}


@dataclass(frozen=True, slots=True)
class Booking:
    news: News
    stay: StayRow


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads of which property, and when."""

    place: Property
    names: Naming
    now: datetime


@dataclass(frozen=True, slots=True)
class Words:
    subject: str
    text: str
    short: str


def words(tx: Tx, reading: Reading, bookings: Sequence[Booking]) -> Words:
    """Of at least one booking, the soonest first."""
    read = first_readings(tx, bookings)
    single = [each for each in bookings if each.news.what is not What.NEW or each.stay.channel_id not in read]
    lines = [_first_reading(reading, channel, each) for channel, each in read.items()]
    for what in What:
        here = [each for each in single[:MOST] if each.news.what is what]
        if here:
            lines += ["", _TITLES[what], *(f"- {_line(tx, reading, each)}" for each in here)]
    if rest := single[MOST:]:
        lines += ["", f"And {len(rest)} more: {_counted(rest)}. They are on the page Stays of the hub."]
    end = "Who is told of bookings is said on the page “Who is told” of the hub."
    text = "\n".join([f"{reading.place.name}", *([""] if read else []), *lines, "", end, ""])
    return Words(clean(_subject(tx, reading, bookings), limit=SUBJECT), text, _short(tx, reading, bookings, single))


def first_readings(tx: Tx, bookings: Sequence[Booking]) -> dict[ChannelId, list[Booking]]:
    """Many new ones of a channel that told of nothing before, by channel."""
    found: dict[ChannelId, list[Booking]] = {}
    for each in bookings:
        if each.news.what is What.NEW and each.stay.channel_id is not None:
            found.setdefault(each.stay.channel_id, []).append(each)
    return {
        channel: new
        for channel, new in found.items()
        if len(new) > FEW and not known_before(tx, channel, min(each.stay.made_at for each in new) - FIRST_WITHIN)
    }


def _first_reading(reading: Reading, channel: ChannelId, new: Sequence[Booking]) -> str:
    arrivals = [each.news.shown.arrival for each in new]
    year = reading.now.astimezone(reading.place.zone).year
    span = changes.days(min(arrivals), max(each.news.shown.departure for each in new), year)
    return f"The channel {channel} was read for the first time: {len(new)} bookings, {span}."


def _subject(tx: Tx, reading: Reading, bookings: Sequence[Booking]) -> str:
    if len(bookings) > 1:
        return f"Bookings of {reading.place.name}: {_counted(bookings)}"
    (only,) = bookings
    return f"{_TITLES[only.news.what]} booking: {_where(tx, reading, only.news.shown)}"


def _counted(bookings: Sequence[Booking]) -> str:
    counts = Counter(each.news.what for each in bookings)
    return ", ".join(f"{counts[what]} {what.value}" for what in What if counts[what])


def _short(tx: Tx, reading: Reading, bookings: Sequence[Booking], single: Sequence[Booking]) -> str:
    told = [_briefly(tx, reading, each) for each in single[:_IN_SMS]]
    rest = len(bookings) - len(told)
    more = [f"{rest} more" if told else f"{rest} new bookings"] if rest else []
    return clean(f"{reading.place.name}: {'; '.join([*told, *more])}", limit=SMS)


def _briefly(tx: Tx, reading: Reading, each: Booking) -> str:
    news, was = each.news, each.news.was
    moved = news.what is What.CHANGED and was is not None and was.arrival != news.shown.arrival
    from_ = f", was {_days(reading, was)}" if moved and was is not None else ""
    who = _who(reading, each.stay)
    return f"{news.what.value} {_where(tx, reading, news.shown)}{from_}{f' ({who})' if who else ''}"


# ---- one booking ----------------------------------------------------------------------------------------------------


def _line(tx: Tx, reading: Reading, each: Booking) -> str:
    parts = [_where(tx, reading, each.news.shown)]
    if who := _who(reading, each.stay):
        parts[0] += f": {who}"
    match each.news.what:
        case What.NEW:
            parts += _origin(each)
        case What.CHANGED:
            parts += _changes(tx, reading, each)
        case What.CANCELLED:
            parts.append(_why_not(each))
    return ". ".join(f"{part[:1].upper()}{part[1:]}" for part in (*parts, *_doors(tx, reading, each))) + "."


def _where(tx: Tx, reading: Reading, shape: Shape) -> str:
    unit, place = house.unit_with(tx, shape.unit_id), house.property_of(tx, shape.unit_id)
    name = shape.unit_id if unit is None else unit.name
    elsewhere = "" if place is None or place.id == reading.place.id else f" of {place.name}"
    return f"{name}{elsewhere}, {_days(reading, shape)}"


def _days(reading: Reading, shape: Shape) -> str:
    return changes.days(shape.arrival, shape.departure, reading.now.astimezone(reading.place.zone).year)


def _who(reading: Reading, stay: StayRow) -> str:
    guest = called(stay.guest, reading.names)
    owner = "the owner’s own stay" if stay.kind is StayKind.OWNER else ""
    return ", ".join(part for part in (guest, owner) if part)


def _origin(each: Booking) -> Iterator[str]:
    shape, stay = each.news.shown, each.stay
    if shape.guests is not None:
        yield changes.counted(shape.guests)
    if not shape.sure:
        yield "not confirmed yet"
    sold = f" ({stay.platform})" if stay.platform else ""
    yield f"from {stay.channel_id}{sold}" if stay.channel_id is not None else f"made here by {named(each.news.by)}"


def _changes(tx: Tx, reading: Reading, each: Booking) -> Iterator[str]:
    was, is_ = each.news.was, each.news.now
    assert was is not None  # it would be new or cancelled
    assert is_ is not None
    told = changes.otherwise(tx, reading.now, reading.place.zone, was, is_)
    if was.guests != is_.guests:
        told.append(changes.party(was.guests, is_.guests))
    if was.sure != is_.sure:
        told.append("confirmed" if is_.sure else "not confirmed any more")
    yield f"{'; '.join(told) or 'other hours'}, by {named(each.news.by)}"


def _why_not(each: Booking) -> str:
    stay, by = each.stay, named(each.news.by)
    if stay.status is StayStatus.CANCELLED:
        why = stay.cancelled_why or ""
        return f"by {by}" + (f": {why}" if why and not why.startswith("cancelled by ") else "")
    return f"by {by}: " + (
        "what was told of it cannot be used" if stay.status is StayStatus.UNUSABLE else "no guest comes"
    )


def _doors(tx: Tx, reading: Reading, each: Booking) -> Iterator[str]:
    """What it means for the codes, as far as it is known now. Where it opens no door there is nothing to say."""
    if each.news.now is None:
        if codes.ever_issued(tx, each.stay.id):
            yield "its code leaves the locks"
        return
    hours = changes.hours_of_codes(codes.issued_for(tx, each.stay.id), reading.place.zone, reading.now)
    if hours is not None and (each.news.was is None or each.news.was.opening != each.news.now.opening):
        yield f"its code {'works' if each.news.was is None else 'now works'} {hours}"
    if conflicts.contested(tx, [each.stay.id]):
        yield "another guest has some of these nights: see the page Conflicts"
