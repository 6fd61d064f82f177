"""What booking sources say of one stay, absorbed into the ledger. Whole calendars are in hub/readings.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from hub import asking, changes, checked, contacts, forgetting, going_on, issuing
from hub.errors import Rejected
from hub.hearing import NOTHING, News
from hub.issuing import Desk
from hub.model.facts import GuestMoved, StayReport, StayReported
from hub.model.price_lines import packed
from hub.model.stays import (
    HouseRules,
    KnownStay,
    echo,
    free_at,
    free_from,
    kind_of,
    local_instant,
    match,
    stay_window,
)
from hub.model.values import BESIDES, CODED, ChannelId, StayId, StayKind, StayStatus, UnitId, clean
from hub.store import house, listings, questions, source_names
from hub.store import publishing as outlets
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import ChannelRow, ClosedMeans, Property
from hub.store.listings import Unplaced
from hub.store.stays import Source, StayRow

GATEHOUSE: Final = "gatehouse"
SOURCE_CANCELLED: Final = "its source cancelled it"
NOT_LISTED: Final = "its calendar no longer lists it"
_BACKWARDS: Final = "its check-out is not after its check-in"
LOOK_BACK: Final = timedelta(days=3)
"""Stays that ended longer ago are not compared with a calendar any more."""

Known = Sequence[tuple[Source | None, StayRow]]
"""Stays of the unit with the word of each source on them; None: made here."""


# ---- one report -----------------------------------------------------------------------------------------------------


def absorb_report(tx: Tx, desk: Desk, fact: StayReported) -> News:
    """A source that tells of one stay says nothing about the others."""
    channel = house.channel_with(tx, fact.channel)
    return NOTHING if channel is None else absorb_one(tx, desk, channel, fact.stay, fact.at)


@dataclass(frozen=True, slots=True)
class At:
    """Who told it, of which unit, and when."""

    channel: ChannelRow
    unit: UnitId
    when: datetime


def absorb_one(tx: Tx, desk: Desk, channel: ChannelRow, report: StayReport, when: datetime) -> News:
    unit = channel.unit_for(report.listing)
    if unit is None:
        set_aside(tx, desk, channel, report, when)
        return NOTHING
    at = At(channel, unit, when)
    found: Found | None = of_other_unit(tx, at, report)
    if found is None:
        known = ledger.known_in(tx, unit, since=desk.now() - LOOK_BACK)
        place = house.property_of(tx, unit)
        matched = match(report, [known_as(source, stay, place) for source, stay in known], channel.id)
        named = None if matched is None else matched.known.id
        found = found_in([(source, stay) for source, stay in known if stay.id == named], channel.id)
    if found[0] is not None and is_older(when, found[0].seen_at, desk.now()):
        return NOTHING
    if found[0] is None and echo(report, outlets.echoing(tx, channel.id, unit, desk.now())):
        return NOTHING
    return take_in(tx, desk, at, report, found).news


def of_other_unit(tx: Tx, at: At, report: StayReport) -> tuple[Source, StayRow] | None:
    """The stay by its own name, where it was another unit's before: an account moves guests from one to another."""
    if at.channel.unit is not None:
        return None
    own = ledger.source(tx, at.channel.id, report.uid)
    return own if own is not None and own[1].unit_id != at.unit else None


def set_aside(tx: Tx, desk: Desk, channel: ChannelRow, report: StayReport, at: datetime) -> bool:
    """A booking of a listing that is no unit here: kept and shown. False: it was a stay already, and goes on as it was."""
    if ledger.source(tx, channel.id, report.uid) is not None:
        return False
    sealed = desk.vault.seal(report.raw.encode(), about=f"unplaced:{channel.id}:{report.uid}")
    when = (report.arrival, report.departure)
    status = report.source_status or report.status.value
    row = Unplaced(channel.id, report.uid, report.listing, *when, status, report.note, sealed, at)
    listings.keep_unplaced(tx, row)
    return True


Found = tuple[Source | None, StayRow | None]
"""The stay that a report is of, with the channel's own word on it; None: there is none."""


def found_in(words: Known, channel: ChannelId) -> Found:
    """`words`: all there are on the stay that was matched."""
    if not words:
        return None, None
    own = next((source for source, _ in words if source is not None and source.channel_id == channel), None)
    return own, words[0][1]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a report."""

    stay: StayId
    """It speaks of this one."""
    news: News
    written: bool
    """Whether it cost a change."""
    renamed: bool = False
    """Whether another stay lost its UID to this one."""


def take_in(tx: Tx, desk: Desk, at: At, report: StayReport, found: Found) -> Taken:
    source, before = found
    channel, digest = at.channel, _digest(report)
    if source is not None and before is not None:
        if _overtaken(report, source):
            return Taken(before.id, NOTHING, written=False)
        same_unit = at.unit in (before.unit_id, before.moved_from) or before.channel_id != channel.id
        if source.digest == digest and same_unit and not _revived(source, before):
            return _said_again(tx, desk, source, at.when, report.changed_at)
    hours = _own_hours(tx, at, report)
    as_agreed = report if source is None or before is None else _as_agreed(report, hours, source, before)
    row = _row(tx, desk, at, as_agreed, before)
    if forgetting.is_nobody_to_be_known(tx, desk, row):
        report, as_agreed = forgetting.nobodys(report), forgetting.nobodys(as_agreed)
        row = _row(tx, desk, at, as_agreed, before)
    if before is not None and _called_off(before, source, as_agreed):
        row = replace(row, status=before.status, cancelled_at=before.cancelled_at, cancelled_why=before.cancelled_why)
    said = changes.Word(f"channel:{channel.id}", changes.action_of(before, row), told_at=at.when)
    if going_on.is_back(before, row, desk.now()):
        row, said = replace(row, left_at=None), replace(said, because=going_on.BACK)
        changes.keep(tx, desk, before, row, said)
        going_on.note(tx, row, said.by, desk.now())
    else:
        changes.keep(tx, desk, before, row, said)
    checked.heard(tx, channel.id, report, row, desk.now())
    sealed = desk.vault.seal(report.raw.encode(), about=f"report:{channel.id}:{report.uid}")
    own = (report.departure, *hours)
    word = Source(channel.id, report.uid, row.id, sealed, digest, at.when, None, 0, report.changed_at, *own)
    renamed = _make_way(tx, desk, word) if source is None or source.uid != report.uid else False
    ledger.keep_source(tx, word, was=None if source is None else source.uid)
    if channel.unit is None:
        listings.placed(tx, channel.id, report.uid)
    if before is not None:
        questions.withdraw(tx, "gone", row.id, desk.now())
    asking.of_nights(tx, desk, row)
    if source is None and before is not None and (closing := _taken_for_one(channel.id, report, before)) is not None:
        asking.of_the_very_nights(tx, desk, closing, row)
    return Taken(row.id, _news(source), written=True, renamed=renamed)


def _taken_for_one(channel: ChannelId, report: StayReport, before: StayRow) -> ChannelId | None:
    """Whose closure became the booking of another channel, or of people here, by nothing but its dates."""
    if report.reference and report.reference.casefold() == before.reference.casefold():
        return None
    if report.kind is StayKind.UNKNOWN:
        return channel if before.kind in CODED and before.channel_id != channel else None
    return before.channel_id if before.kind is StayKind.UNKNOWN and before.channel_id != channel else None


def set_apart(tx: Tx, desk: Desk, stay: StayRow, channel: ChannelId, actor: str) -> None:
    """What a channel closed on a stay's nights is somebody else: a stay of its own from here on. Raises Rejected."""
    unit, now = stay.moved_from or stay.unit_id, desk.now()
    known, place = ledger.known_in(tx, unit, since=now - LOOK_BACK), house.property_of(tx, unit)
    words = [word for word, each in known if each.id == stay.id and word is not None and word.channel_id == channel]
    if not words or place is None:
        raise Rejected("that channel does not speak of this stay any more")
    row = StayRow(
        id=StayId(tx.new_id(now)),
        unit_id=unit,
        channel_id=channel,
        kind=StayKind.RESERVATION,
        status=StayStatus.CONFIRMED,
        arrival=stay.arrival,
        departure=words[0].departure or stay.departure,
        own_check_in=words[0].own_check_in,
        own_check_out=words[0].own_check_out,
        check_in=None,
        check_out=None,
        guest="",
        reference="",
        phone_last4="",
        contact=None,
        guests=None,
        note="",
        made_at=now,
        changed_at=now,
    )
    row = timed(row, place)
    changes.keep(tx, desk, None, row, changes.Word(actor, changes.action_of(None, row)))
    for word in words:
        ledger.keep_source(tx, replace(word, stay_id=row.id))


def _make_way(tx: Tx, desk: Desk, word: Source) -> bool:
    """Whether its UID was another stay's until now. That one keeps what was said of it, under a name of ours: it is
    missing from here on, unless it is told of under another name."""
    if source_names.named(tx, word.channel_id, word.uid) in (None, word.stay_id):
        return False
    held = ledger.source(tx, word.channel_id, word.uid)
    assert held is not None  # somebody has that name
    source, other = held
    uid, about = source_names.stand_in(other.id), f"report:{word.channel_id}:"
    said = desk.vault.open(source.reported, about=about + source.uid) if source.reported else b""
    kept = replace(source, uid=uid, reported=desk.vault.seal(said, about=about + uid))
    ledger.keep_source(tx, kept, was=source.uid)
    return True


def _news(source: Source | None) -> News:
    if source is None:
        return News(new=1)
    return News(changed=1, back=int(source.missing_since is not None))


def _said_again(tx: Tx, desk: Desk, source: Source, when: datetime, changed_at: datetime | None) -> Taken:
    if source.missing_since is not None:
        ledger.keep_source(tx, replace(source, seen_at=when, missing_since=None, missing_count=0))
        questions.withdraw(tx, "gone", source.stay_id, desk.now())
        return Taken(source.stay_id, News(back=1), written=True)
    if changed_at is not None and changed_at != source.changed_at:
        ledger.keep_source(tx, replace(source, changed_at=changed_at))
        return Taken(source.stay_id, NOTHING, written=True)
    return Taken(source.stay_id, NOTHING, written=False)


def _row(tx: Tx, desk: Desk, at: At, report: StayReport, before: StayRow | None) -> StayRow:
    """The stay as it is with this report. A stay that another source or a person made keeps what that one said of it."""
    channel, place = at.channel, house.property_of(tx, at.unit)
    assert place is not None  # a channel belongs to a unit, a unit to a property (foreign keys)
    if before is not None and before.channel_id != channel.id and before.kind is not StayKind.UNKNOWN:
        return _enriched(desk, before, report)
    now, unit = desk.now(), at.unit
    moved = None if before is None or before.moved_from != at.unit else before.moved_from
    if before is not None and moved is not None:  # a person's move stands, until the source moves it elsewhere itself
        unit, place = before.unit_id, house.property_of(tx, before.unit_id) or place
    row = StayRow(
        id=StayId(tx.new_id(desk.now())) if before is None else before.id,
        unit_id=unit,
        channel_id=channel.id,
        kind=_kind(tx, at.unit, report, before),
        status=report.status,
        arrival=report.arrival,
        departure=report.departure,
        own_check_in=report.check_in or _hour(report.arrival, report.hour_in, place, latest=False),
        own_check_out=report.check_out or _hour(report.departure, report.hour_out, place, latest=True),
        check_in=None,
        check_out=None,
        guest=report.guest,
        reference=report.reference,
        phone_last4=report.phone_last4,
        contact=None,
        guests=report.guests,
        note=report.note,
        made_at=now,
        changed_at=now,
        platform=report.platform,
        source_status=report.source_status,
        total_minor=None if report.total is None else report.total.minor,
        currency=None if report.total is None else report.total.currency,
        price_lines="" if report.total is None else packed(report.lines),
        adults=report.adults,
        children=report.children,
        infants=report.infants,
        pets=report.pets,
        special_requests=report.special_requests,
        company=report.company,
        purpose=report.purpose,
        country=report.country,
        moved_from=moved,
    )
    if before is not None:
        row = _keeping(row, before)
    if report.status is StayStatus.CANCELLED:
        since = before.cancelled_at if before is not None and before.status is StayStatus.CANCELLED else None
        row = replace(row, cancelled_at=since or now, cancelled_why=SOURCE_CANCELLED)
    row = timed(_enriched(desk, row, report), place)
    if row.check_in is None and row.status in (StayStatus.CONFIRMED, StayStatus.TENTATIVE):
        return replace(row, status=StayStatus.UNUSABLE, note=_BACKWARDS)
    return row


def _hour(day: date | None, at: time | None, place: Property, *, latest: bool) -> datetime | None:
    return None if day is None or at is None else local_instant(day, at, place.zone, latest=latest)


_Hours = tuple[datetime | None, datetime | None]
"""Check-in and check-out where the source itself says them."""


def _own_hours(tx: Tx, at: At, report: StayReport) -> _Hours:
    place = house.property_of(tx, at.unit)
    assert place is not None  # a channel belongs to a unit, a unit to a property (foreign keys)
    start = report.check_in or _hour(report.arrival, report.hour_in, place, latest=False)
    return start, report.check_out or _hour(report.departure, report.hour_out, place, latest=True)


def _as_agreed(report: StayReport, hours: _Hours, source: Source, before: StayRow) -> StayReport:
    """A longer stay and other hours that a person agreed with the guest stand until the source says other ones than before.

    Many tell of every booking anew whenever anything changes, and know nothing of what was agreed here.
    """
    if source.departure is None or before.channel_id != source.channel_id or before.check_in is None:
        return report
    start, end = hours
    agreed = report
    if (report.arrival, start) == (before.arrival, source.own_check_in):
        agreed = replace(agreed, check_in=before.own_check_in, hour_in=None)
    longer = report.departure == source.departure != before.departure
    if longer or (report.departure, end) == (before.departure, source.own_check_out):
        agreed = replace(agreed, departure=before.departure, check_out=before.own_check_out, hour_out=None)
    return agreed


def _called_off(before: StayRow, source: Source | None, report: StayReport) -> bool:
    """A person cancelled it, and its source tells something new of the same nights: it takes a person to undo that.

    Unless it was cancelled for its absence, and is listed again.
    """
    by_person = before.status is StayStatus.CANCELLED and before.cancelled_why not in (SOURCE_CANCELLED, NOT_LISTED)
    absent = source is not None and source.missing_since is not None
    return by_person and not absent and (report.arrival, report.departure) == (before.arrival, before.departure)


def _keeping(row: StayRow, before: StayRow) -> StayRow:
    """What the next report must not undo: who is inside, and a time agreed with the guest while its day stays."""
    row = replace(
        row,
        made_at=before.made_at,
        arrived_at=before.arrived_at,
        left_at=before.left_at,
        contact=before.contact,
        email_mark=before.email_mark,
        phone_mark=before.phone_mark,
        guest=row.guest or before.guest,
        reference=row.reference or before.reference,
        phone_last4=row.phone_last4 or before.phone_last4,
    )
    if before.check_in is None:
        return row
    if row.own_check_in is None and row.arrival == before.arrival:
        row = replace(row, own_check_in=before.own_check_in)
    if row.own_check_out is None and row.departure == before.departure:
        row = replace(row, own_check_out=before.own_check_out)
    return row


def _enriched(desk: Desk, row: StayRow, report: StayReport) -> StayRow:
    """With what this source knows and nobody else said."""
    told = {"phone": report.phone, "email": report.email}
    row = replace(
        row,
        guest=row.guest or report.guest,
        reference=row.reference or report.reference,
        phone_last4=row.phone_last4 or report.phone_last4,
        **{name: getattr(row, name) or getattr(report, name) for name in BESIDES},
        changed_at=desk.now(),
    )
    return contacts.kept(desk.vault, row, told) if any(told.values()) else row


def _kind(tx: Tx, unit: UnitId, report: StayReport, before: StayRow | None) -> StayKind:
    row = house.unit_with(tx, unit)
    means = {
        ClosedMeans.ASK: StayKind.UNKNOWN,
        ClosedMeans.BLOCK: StayKind.BLOCK,
        ClosedMeans.RESERVATION: StayKind.RESERVATION,
    }
    closed = StayKind.UNKNOWN if row is None else means[row.closed_means]
    return kind_of(report, None if before is None else known_as(None, before, None), closed_means=closed)


# ---- guests, as their channel sees them -----------------------------------------------------------------------------


def absorb_guest(tx: Tx, desk: Desk, fact: GuestMoved) -> None:
    """Raises Rejected for a stay that the channel never told of: a person should see that."""
    found = ledger.source(tx, fact.channel, fact.uid)
    if found is None:
        raise Rejected(f"the channel speaks of a stay that it never told of: {clean(fact.uid, limit=60)}")
    _, stay = found
    if fact.arrived:
        ledger.arrived(tx, stay.id, fact.at)
        return
    ledger.left(tx, stay.id, fact.at)
    issuing.replan(tx, desk, replace(stay, left_at=stay.left_at or fact.at))


# ---- shared with people's decisions (hub/intake.py) -----------------------------------------------------------------


def cancel(tx: Tx, desk: Desk, stay: StayRow, actor: str, why: str, *, because: str = "") -> None:
    """Its codes leave the locks as soon as they answer.

    Args:
        because: what its story says of it, besides who it was.
    """
    now = desk.now()
    gone = replace(stay, status=StayStatus.CANCELLED, cancelled_at=now, cancelled_why=why, changed_at=now)
    changes.keep(tx, desk, stay, gone, changes.Word(actor, changes.CANCELLED, because))
    for kind in questions.OF_STAYS:
        questions.withdraw(tx, kind, stay.id, now)
    asking.of_nights(tx, desk, gone)


def timed(row: StayRow, place: Property) -> StayRow:
    """With the instants that count: the stay's own, else the house rules'."""
    if row.left_at is not None and row.arrival is not None and row.left_at.astimezone(place.zone).date() < row.arrival:
        row = replace(row, left_at=None, arrived_at=None)  # who left, or was given up, comes again on later days
    hours = stay_window(row, HouseRules(place.zone, place.check_in, place.check_out, place.code_lead))
    if hours is None:
        return replace(row, check_in=None, check_out=None)
    return replace(row, check_in=hours.start, check_out=hours.end)


def _revived(source: Source, stay: StayRow) -> bool:
    """Cancelled here for its absence, and listed again by now."""
    return stay.status is StayStatus.CANCELLED and source.missing_since is not None


def is_older(at: datetime, known: datetime | None, now: datetime) -> bool:
    """Whether newer word was taken in already: what failed is read again later, perhaps days later, by a person's wish.

    Word from the future was dated by a clock that was wrong.
    """
    return known is not None and at < known <= now


def _overtaken(report: StayReport, source: Source) -> bool:
    """By its source's own clock we know newer already: pages of a list may be older than what was told in between."""
    return report.changed_at is not None and source.changed_at is not None and report.changed_at < source.changed_at


def _digest(report: StayReport) -> str:
    """Of everything that matters to us; a feed's time stamps do not."""
    told = (report.kind.value, report.status.value, report.arrival, report.departure, report.check_in, report.check_out)
    who = (report.guest, report.reference, report.phone_last4, report.phone, report.email, report.guests, report.note)
    more = [report.platform, report.source_status, *map(str, (report.total, report.adults, report.children))]
    more += map(str, (report.infants, report.pets, report.hour_in, report.hour_out))
    # A calendar says none of this; its digests stay what they were.
    rest = more if any(each not in ("", "None") for each in more) else []
    rest += [report.special_requests] if report.special_requests else []
    rest += [packed(report.lines)] if report.lines else []
    rest += [f"{name}: {said}" for name in ("company", "purpose", "country") if (said := getattr(report, name))]
    return hashlib.sha256(json.dumps([report.uid, *map(str, told), *map(str, who), *rest]).encode()).hexdigest()


def nights_free_from(stay: StayRow, place: Property | None) -> date | None:
    """Of a guest who left early: the first night that is somebody else's again; None: none is before the departure."""
    if stay.left_at is None or stay.check_in is None or stay.check_out is None or place is None:
        return None
    end = free_at(stay.check_in, stay.check_out, stay.left_at)
    if end == stay.check_out or stay.arrival is None or stay.departure is None:
        return None
    return free_from(stay.arrival, stay.departure, end, place.zone, place.check_in)


def known_as(source: Source | None, stay: StayRow, place: Property | None) -> KnownStay:
    return KnownStay(
        id=stay.id,
        channel=None if source is None else source.channel_id,
        uid="" if source is None else source.uid,
        kind=stay.kind,
        status=stay.status,
        arrival=stay.arrival,
        departure=stay.departure,
        reference=stay.reference,
        guest=stay.guest,
        phone_last4=stay.phone_last4,
        free_from=nights_free_from(stay, place),
    )
