"""What a booking source lists, taken in part by part. Absence is not cancellation (facts/peers.md C.3, point 3).

A calendar of thousands takes several transactions, so that nobody waits long for the store. What it leaves out is missing
only in the last of them, when all that it lists is known. After a crash in between the next part begins where the last ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from hub import asking, hearing, pushing
from hub.allocating import Crowds
from hub.calendars import (
    GATEHOUSE,
    LOOK_BACK,
    NOT_LISTED,
    At,
    Found,
    Known,
    absorb_one,
    cancel,
    found_in,
    is_older,
    known_as,
    of_other_unit,
    set_aside,
    take_in,
)
from hub.hearing import NOTHING, News
from hub.issuing import Desk
from hub.model.facts import CalendarRead, StayReport
from hub.model.stays import Absence, Missing, absence, as_it_began, echo, emptied, pair
from hub.model.values import CODED, StayId, StayKind, StayStatus, UnitId, Window
from hub.store import house, listings, pushes, questions
from hub.store import publishing as outlets
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import ChannelRow
from hub.store.source_names import CLOSED_THERE
from hub.store.stays import Source, StayRow


@dataclass(frozen=True, slots=True)
class SoFar:
    """How far a list was taken in, as the next part must know it."""

    place: int = 0
    """So many of its reports are dealt with."""
    known: int = 0
    """How many stays of its channel were known, and not over, before the first part: so many it could lose."""
    lost_most: bool = False
    """Said when all that is listed is known."""
    missing: str | None = None
    """What it leaves out is dealt with up to this UID."""
    news: News = NOTHING
    done: bool = False

    def and_then(self, news: News) -> Self:
        """With one more report dealt with."""
        return replace(self, place=self.place + 1, news=self.news + news)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a channel's units before a part."""

    by_unit: Mapping[UnitId, Known]
    told: Mapping[str, tuple[Source, StayRow]]
    """By UID, what the channel itself told of."""
    upcoming: Mapping[str, tuple[Source, StayRow]]
    """What of that is not over: only that can go missing."""


def absorb(tx: Tx, desk: Desk, fact: CalendarRead, so_far: SoFar | None, most: int) -> SoFar | None:
    """Take in a part of a list, of `most` reports that say something new; None: that was the last."""
    channel = house.channel_with(tx, fact.channel)
    if channel is None:
        return None
    if so_far is None:
        pushing.recognise(tx, fact.channel, fact.stays, fact.at)
        listings.saw(tx, channel.id, fact.listings, fact.at)
    failing = hearing.is_failing(tx, channel.id)
    desk = replace(desk, crowds=Crowds())
    part = _whole if fact.complete else _changes
    after = part(tx, desk, channel, fact, so_far, most)
    if after is not None and not after.done:
        return after
    if after is not None:
        ledger.channel_good(tx, channel.id, fact.at, reports=len(fact.stays) if _counts(fact) else None)
        hearing.note_news(tx, fact, after.news, failed=failing)
    return None


def _counts(fact: CalendarRead) -> bool:
    return fact.complete and not fact.unchanged


def _changes(tx: Tx, desk: Desk, channel: ChannelRow, fact: CalendarRead, so_far: SoFar | None, most: int) -> SoFar:
    """Of a list that says nothing of what it does not list."""
    so_far = so_far or SoFar()
    reports = fact.stays[so_far.place :][:most]
    for report in reports:
        so_far = so_far.and_then(absorb_one(tx, desk, channel, report, fact.at))
    return replace(so_far, done=so_far.place >= len(fact.stays))  # an upgrade in between may read fewer


def _whole(
    tx: Tx, desk: Desk, channel: ChannelRow, fact: CalendarRead, so_far: SoFar | None, most: int
) -> SoFar | None:
    """None: newer word was taken in already."""
    state = ledger.channel_state_of(tx, channel.id)
    if state is not None and is_older(fact.at, state.good_at, desk.now()):
        return None
    if fact.unchanged and not ledger.any_missing(tx, channel.id, desk.now()):
        return SoFar(done=True)
    known = _known(tx, channel, desk.now())
    so_far = so_far or SoFar(known=len({stay.id for _, stay in known.upcoming.values()}))
    listed = _take_in_listed(tx, desk, channel, fact, known, so_far, most)
    if listed.so_far.place < len(fact.stays):
        return listed.so_far
    if listed.renamed:
        known = _known(tx, channel, desk.now())
    missing = _missing(channel, fact, known, listed.seen)
    so_far = _count_missing(tx, desk, missing, fact.at, listed.so_far, listed.most)
    if so_far.done and channel.unit is None and not fact.unchanged:
        listings.forget_unlisted(tx, channel.id, fact.at)
    return so_far


def _known(tx: Tx, channel: ChannelRow, now: datetime) -> _Known:
    by_unit = {unit: ledger.known_in(tx, unit, since=now - LOOK_BACK) for unit in sorted(channel.serves)}
    told = {
        source.uid: (source, stay)
        for words in by_unit.values()
        for source, stay in words
        if source is not None and source.channel_id == channel.id
    }
    # Nights that people closed there stand in no list of bookings, so none leaves them out.
    listed = {uid: each for uid, each in told.items() if not uid.startswith(CLOSED_THERE)}
    return _Known(by_unit, told, {uid: each for uid, each in listed.items() if _upcoming(each[1], now)})


def _upcoming(stay: StayRow, now: datetime) -> bool:
    """Still to end, and not cancelled."""
    live = stay.status in (StayStatus.CONFIRMED, StayStatus.TENTATIVE)
    return live and stay.check_out is not None and stay.check_out > now


# ---- what it lists --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Listed:
    """What became of a part of what a list tells."""

    seen: set[StayId]
    """The stays that it speaks of, as far as it was read."""
    so_far: SoFar
    most: int
    """How many more this part may change."""
    renamed: bool
    """Whether a stay lost its UID to another."""


def _take_in_listed(
    tx: Tx, desk: Desk, channel: ChannelRow, fact: CalendarRead, known: _Known, so_far: SoFar, most: int
) -> _Listed:
    plan = _plan(tx, channel, fact, known, desk.now(), so_far.place)
    seen = {found[1].id for found in plan[: so_far.place] if found is not None and found[1] is not None}
    renamed = False
    for report, found in list(zip(fact.stays, plan, strict=True))[so_far.place :]:
        if most <= 0:
            break
        unit, news = channel.unit_for(report.listing), NOTHING
        if unit is None:
            most -= set_aside(tx, desk, channel, report, fact.at)
        elif found is not None:
            at = At(channel, unit, fact.at)
            by_name = found[0] is not None and found[0].uid == report.uid
            meant = (None if by_name else of_other_unit(tx, at, report)) or found
            taken = take_in(tx, desk, at, _with_past_nights(tx, desk, at, report, meant[1]), meant)
            seen.add(taken.stay)
            most, news, renamed = most - taken.written, taken.news, renamed or taken.renamed
        so_far = so_far.and_then(news)
    return _Listed(seen, so_far, most, renamed)


def _with_past_nights(tx: Tx, desk: Desk, at: At, report: StayReport, before: StayRow | None) -> StayReport:
    """Accounts list whole bookings: theirs begin when they say."""
    now = desk.now()
    if at.channel.unit is None or before is None or before.check_out is None or before.check_out <= now:
        return report
    if before.arrival == report.arrival:
        return report
    here, there = _today(tx, before.unit_id, now)
    return as_it_began(report, before, here, there, inside=before.inside(now))


def _today(tx: Tx, unit: UnitId, now: datetime) -> tuple[date, date]:
    """Here, and the latest that it is where calendars are made: many platforms count by UTC."""
    place = house.property_of(tx, unit)
    here = now.date() if place is None else now.astimezone(place.zone).date()
    return here, max(here, now.date())


def _plan(
    tx: Tx, channel: ChannelRow, fact: CalendarRead, known: _Known, now: datetime, dealt: int
) -> list[Found | None]:
    """What each report is of; None: of nothing here, or of our own nights coming back.

    Args:
        dealt: so many are dealt with. They have their stays, which are nobody else's.
    """
    plan: list[Found | None] = [None] * len(fact.stays)
    places: dict[UnitId, list[int]] = {}
    for place, report in enumerate(fact.stays):
        unit, own = channel.unit_for(report.listing), known.told.get(report.uid)
        if unit is None:
            continue
        if own is not None and (place < dealt or own[1].unit_id != unit):
            plan[place] = own  # moved here from another unit, by its source, or away from here by a person
        else:
            places.setdefault(unit, []).append(place)
    for unit, of_unit in places.items():
        nights = outlets.echoing(tx, channel.id, unit, now)
        # What it had closed before it was told of those nights is its own, and may be a second guest.
        stood = [(uid, stay) for uid, (_, stay) in known.told.items() if stay.status is not StayStatus.CANCELLED]
        theirs = {uid for uid, _ in stood} | {(stay.unit_id, stay.arrival, stay.departure) for _, stay in stood}
        meant = [
            place
            for place, report in ((place, fact.stays[place]) for place in of_unit)
            if report.uid in theirs or (unit, report.arrival, report.departure) in theirs or not echo(report, nights)
        ]
        here = {fact.stays[place].uid for place in of_unit}
        words = _words_by_stay(known.by_unit[unit], channel, elsewhere={each.uid for each in fact.stays} - here)
        where = house.property_of(tx, unit)
        candidates = [known_as(*word, where) for each in words.values() for word in each]
        matches = pair([fact.stays[place] for place in meant], candidates, channel.id)
        for place, match in zip(meant, matches, strict=True):
            plan[place] = found_in(() if match is None else words[match.known.id], channel.id)
    return plan


def _words_by_stay(known: Known, channel: ChannelRow, *, elsewhere: set[str]) -> Mapping[StayId, Known]:
    """Without the stays that the list speaks of in another unit: that is where their guests are."""
    away = {
        stay.id
        for source, stay in known
        if source is not None and source.channel_id == channel.id and source.uid in elsewhere
    }
    words: dict[StayId, list[tuple[Source | None, StayRow]]] = {}
    for source, stay in known:
        if stay.id not in away:
            words.setdefault(stay.id, []).append((source, stay))
    return words


# ---- what it leaves out ---------------------------------------------------------------------------------------------


def _missing(channel: ChannelRow, fact: CalendarRead, known: _Known, seen: set[StayId]) -> list[tuple[Source, StayRow]]:
    """By UID."""
    if fact.unchanged:
        found = [each for each in known.upcoming.values() if each[0].missing_since is not None]
    else:
        aside = {report.uid for report in fact.stays if channel.unit_for(report.listing) is None}
        found = [each for uid, each in known.upcoming.items() if each[1].id not in seen and uid not in aside]
    return sorted(found, key=lambda each: each[0].uid)


def _count_missing(
    tx: Tx, desk: Desk, missing: Sequence[tuple[Source, StayRow]], at: datetime, so_far: SoFar, most: int
) -> SoFar:
    if so_far.missing is None:
        lost = len({stay.id for _, stay in missing})
        so_far = replace(so_far, lost_most=emptied(so_far.known, so_far.known - lost))
    for source, stay in missing:
        if so_far.missing is not None and source.uid <= so_far.missing:
            continue
        if most <= 0:
            return so_far
        _left_out(tx, desk, source, stay, at, lost_most=so_far.lost_most)
        news = News(gone=int(source.missing_since is None))
        so_far, most = replace(so_far, missing=source.uid, news=so_far.news + news), most - 1
    return replace(so_far, done=True)


def _left_out(tx: Tx, desk: Desk, source: Source, stay: StayRow, at: datetime, *, lost_most: bool) -> None:
    """Whoever answered since it is gone is not asked again; what was listed meanwhile is gone anew."""
    since = source.missing_since or at
    counted = replace(source, missing_since=since, missing_count=source.missing_count + 1)
    ledger.keep_source(tx, counted)
    kept = questions.answered(tx, "gone", stay.id, since=since) == "keep"
    if kept or pushes.is_pushed(tx, stay.id) or ledger.listed_elsewhere(tx, stay.id):
        return
    # Nobody can be inside of a block: one that has begun ends as quietly as one to come.
    hours = None if stay.check_in is None or stay.check_out is None else Window(stay.check_in, stay.check_out)
    if stay.kind is StayKind.BLOCK:
        hours = None
    slept = stay.departure is not None and stay.departure <= max(_today(tx, stay.unit_id, at))
    missing = Missing(counted.missing_count, since, hours, stay.inside(at), lost_most, slept and stay.kind in CODED)
    match absence(missing, at):
        case Absence.CANCEL:
            gone = f"the calendar of {source.channel_id} lists it no more"
            cancel(tx, desk, stay, GATEHOUSE, NOT_LISTED, because=gone)
        case Absence.ASK:
            asking.ask_gone(tx, desk, stay)
        case Absence.KEEP:
            pass
