"""A stay is kept as somebody says that it is: its codes follow, and its own story says in words what that changed.

People (hub/intake.py), sources (hub/calendars.py) and lists of past stays (hub/import_rows.py) take this one way.
The words are of the day they were written on: what a unit was called then, and what its codes were then. They say that
there is another guest, and not who: whoever may read all that is kept of a guest must not read of the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, Protocol

from hub import issuing
from hub.issuing import Desk
from hub.model.booking_news import News, Shape
from hub.model.values import CODED, StayKind, StayStatus, UnitId
from hub.store import booking_news, codes, conflicts, house, log
from hub.store import stays as ledger
from hub.store.codes import Issued
from hub.store.engine import Tx
from hub.store.stays import StayRow

CAME: Final = "stay came"
"""From a source. The stay itself says since when it is known, and from where: nothing is written besides."""
ADDED: Final = "stay added"
CHANGED: Final = "stay changed"
MOVED: Final = "stay moved"
CONFIRMED: Final = "stay confirmed"
CANCELLED: Final = "stay cancelled"
BACK: Final = "cancellation undone"
EXPLAINED: Final = "closure explained"
IMPORTED: Final = "stay imported"
TAKEN_BACK: Final = "import undone"
IN_WORDS: Final = frozenset({ADDED, CHANGED, MOVED, CONFIRMED, CANCELLED, BACK, EXPLAINED, IMPORTED, TAKEN_BACK})
"""Actions of the audit trail whose detail is what `words` makes."""
_BETWEEN: Final = "; "

LATE: Final = timedelta(minutes=5)
"""What was told longer ago than this says when."""


@dataclass(frozen=True, slots=True)
class Word:
    """Whose a change is."""

    by: str
    """An actor of the audit trail."""
    action: str
    because: str = ""
    """In words, for whoever reads the story."""
    told_at: datetime | None = None
    """When it was told, where that is not now."""


def keep(tx: Tx, desk: Desk, before: StayRow | None, row: StayRow, word: Word, *, why: str = "") -> None:
    """Keep a stay, let its codes follow, and say what that changed; nothing, where it is nothing that people care for.

    Args:
        why: as for hub.store.stays.keep.

    Raises:
        sqlalchemy.exc.IntegrityError: as hub.store.stays.keep does; then nothing is done.
    """
    had = [] if before is None else codes.issued_for(tx, row.id)
    ledger.keep(tx, row, by=word.by, why=why)
    _note_news(tx, desk, before, row, word.by)
    issuing.replan(tx, desk, row)
    if word.action != CAME:
        say(tx, desk, before, row, word, had=had)


def _note_news(tx: Tx, desk: Desk, before: StayRow | None, row: StayRow, by: str) -> None:
    """Whoever wants to be told of bookings will be (hub/booking_news.py)."""
    was, is_ = _shape(before), _shape(row)
    news = News(row.id, was, is_, by, desk.now(), desk.now())
    if was == is_ or news.over(desk.now()):
        return
    places = (house.property_of(tx, shape.unit_id) for shape in (was, is_) if shape is not None)
    for place in dict.fromkeys(place.id for place in places if place is not None):
        booking_news.note(tx, place, news)


def _shape(stay: StayRow | None) -> Shape | None:
    """None: no booking of anybody."""
    if stay is None or stay.kind not in CODED or stay.status not in (StayStatus.CONFIRMED, StayStatus.TENTATIVE):
        return None
    if stay.arrival is None or stay.departure is None or stay.check_in is None or stay.check_out is None:
        return None
    sure, days = stay.status is StayStatus.CONFIRMED, (stay.arrival, stay.departure)
    return Shape(stay.unit_id, *days, stay.check_in, stay.check_out, sure, stay.guests)


def say(tx: Tx, desk: Desk, before: StayRow | None, row: StayRow, word: Word, *, had: Sequence[Issued] = ()) -> None:
    """Write down what was changed of a stay that is kept already. `had`: its codes before that."""
    now, zone = desk.now(), _zone(tx, row)
    told = _Teller(tx, now, zone).words(before, row, had)
    if not told and word.action == CHANGED:
        return
    if word.because:
        told.insert(0, word.because)
    if word.told_at is not None and now - word.told_at > LATE:
        told.append(f"told on {_moment(word.told_at, zone, now)}")
    log.record(tx, now, word.by, word.action, f"stay:{row.id}", detail=_BETWEEN.join(told))


def parts(detail: str) -> tuple[str, ...]:
    """The clauses of a detail that `keep` wrote."""
    # Older lines of the trail say of a cancellation once more who it was.
    return tuple(each for each in detail.split(_BETWEEN) if each and not each.startswith("cancelled by "))


def action_of(before: StayRow | None, after: StayRow) -> str:
    """What a source did to a stay."""
    if before is None:
        return CAME
    was, is_ = (each.status is StayStatus.CANCELLED for each in (before, after))
    if was == is_:
        return CHANGED
    return CANCELLED if is_ else BACK


# ---- in words ------------------------------------------------------------------------------------------------------


class Dated(Protocol):
    """A stay, or what is kept of how it was."""

    @property
    def unit_id(self) -> UnitId: ...
    @property
    def arrival(self) -> date | None: ...
    @property
    def departure(self) -> date | None: ...
    @property
    def check_in(self) -> datetime | None: ...
    @property
    def check_out(self) -> datetime | None: ...


def otherwise(tx: Tx, now: datetime, zone: tzinfo, before: Dated, after: Dated) -> list[str]:
    """From where and when it was moved to where and when, clause by clause."""
    return [*_Teller(tx, now, zone).dates(before, after)]


def hours_of_codes(held: Sequence[Issued], zone: tzinfo, now: datetime) -> str | None:
    """E.g. `from 3 July, 14:00 to 7 July, 11:00`; None: no door has a code of it."""
    span = _span(held)
    return None if span is None else _from_to(span, zone, now)


_STATUS: Final = {
    StayStatus.CONFIRMED: "confirmed",
    StayStatus.TENTATIVE: "tentative",
    StayStatus.CANCELLED: "cancelled",
    StayStatus.UNUSABLE: "of no use as it was told",
}
_KIND: Final = {
    StayKind.RESERVATION: "a guest’s",
    StayKind.OWNER: "the owner’s own",
    StayKind.BLOCK: "a closure",
    StayKind.UNKNOWN: "a closure that nobody explained",
}


@dataclass(frozen=True, slots=True)
class _Teller:
    tx: Tx
    now: datetime
    zone: tzinfo

    def words(self, before: StayRow | None, after: StayRow, had: Sequence[Issued]) -> list[str]:
        if before is None:
            told = [self._days(after), self._unit(after.unit_id, after.unit_id)]
        else:
            told = [*self.dates(before, after), *self._who(before, after)]
        told += self._codes(had, codes.issued_for(self.tx, after.id))
        if told and before is not None and conflicts.contested(self.tx, [after.id]):
            told.append("another guest has some of these nights, so no code opens more than it did")
        return told

    def dates(self, before: Dated, after: Dated) -> Iterator[str]:
        if (before.arrival, before.departure) != (after.arrival, after.departure):
            yield f"moved from {self._days(before)} to {self._days(after)}"
        if before.unit_id != after.unit_id:
            one, other = before.unit_id, after.unit_id
            yield f"moved from {self._unit(one, other)} to {self._unit(other, one)}"
        for name, was, now in (
            ("check-in", before.check_in, after.check_in),
            ("check-out", before.check_out, after.check_out),
        ):
            if was is not None and now is not None and self._hour(was) != self._hour(now):
                yield f"{name} at {self._hour(now)}, was {self._hour(was)}"

    def _who(self, before: StayRow, after: StayRow) -> Iterator[str]:
        if before.kind is not after.kind:
            yield f"is {_KIND[after.kind]}, was {_KIND[before.kind]}"
        if before.guest.casefold() != after.guest.casefold():
            yield _guest(before.guest, after.guest)
        if _reached(before) != _reached(after):
            yield "the guest is reached otherwise"
        if before.guests != after.guests:
            yield party(before.guests, after.guests)
        for one, many, had, has in (
            ("child among them", "children among them", before.children, after.children),
            ("infant", "infants", before.infants, after.infants),
            ("pet", "pets", before.pets, after.pets),
        ):
            if (had or 0) != (has or 0):
                yield f"{has or 'no'} {one if has == 1 else many}, {_before(had)}"
        if before.status is not after.status and StayStatus.CANCELLED not in (before.status, after.status):
            yield f"{_STATUS[after.status]}, was {_STATUS[before.status]}"
        if before.total != after.total:
            was = "not said before" if before.total is None else f"was {before.total}"
            yield f"no price any more, {was}" if after.total is None else f"price {after.total}, {was}"
        elif before.price_lines not in ("", after.price_lines):
            yield "the same price is made up otherwise"
        yield from _besides(before, after)

    def _codes(self, had: Sequence[Issued], has: Sequence[Issued]) -> Iterator[str]:
        """What it means for the doors, as far as it is known now."""
        was, is_ = _span(had), _span(has)
        if was is not None and is_ is None:
            yield "its code leaves the locks"
        elif is_ is not None and was != is_:
            yield f"{'its code now works' if had else 'its code works'} {_from_to(is_, self.zone, self.now)}"
        if had and has and not {each.grant.tag for each in had} & {each.grant.tag for each in has}:
            yield "the code has other digits"

    def _days(self, stay: Dated) -> str:
        return days(stay.arrival, stay.departure, self.now.astimezone(self.zone).year)

    def _unit(self, id_: UnitId, other: UnitId) -> str:
        """With its property where only that tells it from the other."""
        unit, beside = (house.unit_with(self.tx, each) for each in (id_, other))
        if unit is None:
            return id_
        place = house.property_of(self.tx, id_)
        alike = id_ != other and beside is not None and beside.name == unit.name
        return f"{unit.name}, {place.name}" if alike and place is not None else unit.name

    def _hour(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%H:%M}"


_BESIDES: Final = (
    ("note", "another note", "note"),
    ("special_requests", "other special requests", "special requests"),
    ("company", "another company", "company"),
    ("purpose", "another purpose of the journey", "purpose of the journey"),
    ("country", "another country", "country"),
)


def _besides(before: StayRow, after: StayRow) -> Iterator[str]:
    if before.reference != after.reference and after.channel_id is None:
        yield "another reference" if after.reference else "no reference any more"
    for name, another, one in _BESIDES:
        if getattr(before, name) != getattr(after, name):
            yield another if getattr(after, name) else f"no {one} any more"


def _zone(tx: Tx, row: StayRow) -> tzinfo:
    place = house.property_of(tx, row.unit_id)
    assert place is not None  # a stay is of a unit, a unit of a property (foreign keys)
    return place.zone


def _guest(was: str, now: str) -> str:
    if not was:
        return "the guest’s name became known"
    return "the guest has another name" if now else "the guest has no name any more"


def _reached(stay: StayRow) -> tuple[str, ...]:
    """By which addresses, without telling them."""
    return (stay.email_mark or "", stay.phone_mark or "", stay.phone_last4)


def party(was: int | None, now: int | None) -> str:
    """How many guests come, and how many were to come before."""
    return f"nobody says any more how many guests, {_before(was)}" if now is None else f"{counted(now)}, {_before(was)}"


def _before(was: int | None) -> str:
    return "not said before" if was is None else f"{'was' if was == 1 else 'were'} {was or 'none'}"


def counted(guests: int) -> str:
    """`1 guest`, `4 guests`."""
    return "1 guest" if guests == 1 else f"{guests} guests"


_Span = tuple[datetime, datetime | None]


def _from_to(span: _Span, zone: tzinfo, now: datetime) -> str:
    start, end = span
    until = "" if end is None else f" to {_moment(end, zone, now)}"
    return f"from {_moment(start, zone, now)}{until}"


def _span(held: Sequence[Issued]) -> _Span | None:
    """From the first door that the code opens to the last one."""
    windows = [each.grant.window for each in held]
    if not windows:
        return None
    ends = [each.end for each in windows if each.end is not None]
    return min(each.start for each in windows), max(ends) if len(ends) == len(windows) else None


def days(arrival: date | None, departure: date | None, year: int) -> str:
    """As people write it: `3–7 July`, `28 June – 3 July`; with the year where it is another one than this."""
    if arrival is None or departure is None:
        return "unknown days"
    last = f"{departure.day} {departure:%B}"
    if arrival.year != departure.year:
        return f"{arrival.day} {arrival:%B %Y} – {last} {departure.year}"
    if departure.year != year:
        last += f" {departure.year}"
    if arrival.month == departure.month:
        return f"{arrival.day}–{last}"
    return f"{arrival.day} {arrival:%B} – {last}"


def _moment(at: datetime, zone: tzinfo, now: datetime) -> str:
    here = at.astimezone(zone)
    year = "" if here.year == now.astimezone(zone).year else f" {here.year}"
    return f"{here.day} {here:%B}{year}, {here:%H:%M}"
