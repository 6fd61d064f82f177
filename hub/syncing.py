"""How each platform stands: what it is told and has heard, how well that went, and what a person may settle by a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final

from hub import bookings, other_days, publishing
from hub.calendars import NOT_LISTED, SOURCE_CANCELLED, cancel
from hub.errors import Rejected
from hub.findings import Look
from hub.intake import Intake
from hub.issuing import Desk
from hub.model.alerts import Finding, Kind
from hub.model.figures import Delay, delay_of
from hub.model.publishing import busy, patience
from hub.model.sync_course import DayCourse, Pattern, course, outages_in, patterns, readable
from hub.model.values import ChannelId, StayId, StayStatus, UnitId
from hub.stay_changes import StayChange
from hub.store import house, log, pushes, questions
from hub.store import publishing as rows
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.publishing import BY_PERSON, FEED, IN, NOTED, OUT, Entry, Outlet
from hub.store.questions import Question
from hub.store.stays import Source, StayRow

OVER: Final = timedelta(days=30)
"""Rates are counted over this."""


# ---- what a platform has heard -------------------------------------------------------------------------------------


class Heard(Enum):
    CONFIRMED = "confirmed"
    WAITING = "waiting"
    """It has not heard the latest, and has time to."""
    LATE = "late"
    """It should have by now."""
    FAILING = "failing"
    """It could not be brought there."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One unit at one platform."""

    outlet: Outlet
    heard: Heard
    entries: int
    """How many are said."""
    unheard: int
    """Of those, or of what was taken out, how many the platform does not know of."""
    since: datetime | None
    """Since when it does not know of all nights that are taken: somebody may book those there."""
    due: datetime | None
    """By then it should have heard; None: at any time, as it knows all."""


def standings(tx: Tx, now: datetime, channel: ChannelId | None = None) -> list[Standing]:
    return [standing(tx, outlet, now) for outlet in rows.all_outlets(tx, channel)]


def standing(tx: Tx, outlet: Outlet, now: datetime) -> Standing:
    said = rows.said(tx, outlet)
    unheard = [each for each in said if each.told_at is None]
    since = min((each.since for each in unheard if not each.gone), default=None)
    due = _due(outlet, since)
    if outlet.failing_since is not None:
        heard = Heard.FAILING
    elif due is not None and due <= now:
        heard = Heard.LATE
    else:
        heard = Heard.CONFIRMED if outlet.told_at is not None and outlet.confirmed else Heard.WAITING
    return Standing(outlet, heard, sum(not each.gone for each in said), len(unheard), since, due)


def _due(outlet: Outlet, since: datetime | None) -> datetime | None:
    """A platform that fetches is expected in its own rhythm, whether or not there is anything new."""
    if outlet.way == FEED:
        asked = max(filter(None, (outlet.asked_at, outlet.told_at, outlet.made_at)))
        return asked + patience(outlet.platform, pushed=False)
    return None if since is None else since + patience("", pushed=True)


def found(look: Look) -> Iterator[Finding]:
    names = {unit.id: unit.name for unit in house.units(look.tx)}
    for each in standings(look.tx, look.now):
        outlet, unit = each.outlet, names.get(each.outlet.unit_id, each.outlet.unit_id)
        about, channel = f"channel:{outlet.channel_id}", outlet.channel_id
        if outlet.failing_since is not None and (each.heard is Heard.FAILING):
            if look.reached(outlet.failing_since + patience("", pushed=True)):
                sentence = f"Nights taken in {unit} cannot be brought to “{channel}”: {outlet.failing_why}."
                cure = "They may be sold there again. Correct the channel's settings, then press “Sync now” on the Channels page."
                yield Finding(Kind.NIGHTS_UNTOLD, about, sentence, cure, outlet.failing_since)
        elif each.due is not None and look.reached(each.due):
            yield _late(each, unit)


def _late(each: Standing, unit: str) -> Finding:
    outlet = each.outlet
    about, channel = f"channel:{outlet.channel_id}", outlet.channel_id
    if outlet.way != FEED:
        sentence, cure = f"“{channel}” has not taken the nights of {unit}.", "Press “Sync now” on the Channels page."
        return Finding(Kind.NIGHTS_UNTOLD, about, sentence, cure, each.since)
    never = outlet.asked_at is None
    sentence = (
        f"“{channel}” {'has never' if never else 'no longer'} fetche{'d' if never else 's'} the calendar of {unit}"
    )
    risk = "" if each.since is None else ", and does not know of all nights that are taken"
    cure = "Copy the link from the Channels page into the platform's own calendar settings, or let it refresh there by hand."
    return Finding(
        Kind.NIGHTS_UNTOLD, about, f"{sentence}{risk}.", cure, each.since or outlet.asked_at or outlet.made_at
    )


# ---- how well it goes ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rates:
    """Of the last 30 days, or since there is anything to count."""

    read: float | None
    """The share of the time in which the channel could be read; None: it was never tried."""
    told: tuple[int, int]
    """Of so many tries to let the platform know, so many went well: (well, all)."""


def rates(tx: Tx, channel: ChannelId, now: datetime) -> Rates:
    tries = rows.tries(tx, channel, now - OVER)
    heard, since = _reading(tx, channel, tries, now)
    told = [well for _, direction, well in tries if direction == OUT]
    read = None if since is None else readable(outages_in(heard, now), since, now)
    return Rates(read, (sum(told), len(told)))


def _reading(
    tx: Tx, channel: ChannelId, tries: Sequence[tuple[datetime, str, bool]], now: datetime
) -> tuple[list[tuple[datetime, bool]], datetime | None]:
    """When it could be read and when not, and since when that is known; None: it was never tried."""
    state = ledger.channel_state_of(tx, channel)
    heard = [(at, well) for at, direction, well in tries if direction == IN]
    if state is None or (state.good_at is None and not heard):
        return [], None
    since = max(now - OVER, rows.first_line(tx, channel) or state.failing_since or now - OVER)
    if state.failing_since is not None and not heard:
        heard = [(max(state.failing_since, since), False)]
    return heard, since


# ---- and how it went -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Course:
    """Of the last 30 days, as the log has them."""

    days: list[DayCourse]
    errors: list[Pattern]
    took: Delay
    """From the moment at which something was taken, freed or changed here until the platform was known to have it."""


def course_of(tx: Tx, channel: ChannelId, now: datetime) -> Course:
    tries = rows.tries(tx, channel, now - OVER)
    heard, since = _reading(tx, channel, tries, now)
    told = [(at, well) for at, direction, well in tries if direction == OUT]
    return Course(
        days=course(OVER.days, now, told, outages_in(heard, now), since),
        errors=patterns(rows.failures(tx, channel, now - OVER)),
        took=delay_of(rows.delays(tx, channel, now - OVER)),
    )


# ---- what a person may settle --------------------------------------------------------------------------------------


class Doubt(Enum):
    """Where the platform and the hub are of two minds."""

    NOT_LISTED = "not_listed"
    """It lists a booking no more, and the hub has not cancelled it (yet)."""
    CANCELLED_HERE = "cancelled_here"
    """It lists a booking that a person cancelled here."""
    OTHER_DAYS = "other_days"
    """It gives other days, or another listing, to a booking that was made here."""
    CANCELLED_THERE = "cancelled_there"
    """It has cancelled a booking that was made here and lives here."""


@dataclass(frozen=True, slots=True)
class Difference:
    stay: StayRow
    doubt: Doubt
    since: datetime | None
    theirs: tuple[date, date] | None = None
    """The days that it says, where these are in doubt."""
    listing: str | None = None
    """The listing that it says, where that is none of the stay's unit."""
    their_unit: UnitId | None = None
    """Which unit that is; None: none here."""


def differences(tx: Tx, channel: ChannelId, now: datetime) -> list[Difference]:
    """Soonest first. *Accept* makes the platform right, *reject* makes the hub right."""
    found = [each for pair in rows_of(tx, channel, now) if (each := _difference(*pair)) is not None]
    return [each for each in (*found, *_of_ours(tx, channel, now)) if not _settled(tx, each)]


def _of_ours(tx: Tx, channel: ChannelId, now: datetime) -> Iterator[Difference]:
    """Bookings that were made here: these are over when both agree."""
    for (account, id_), since in pushes.cancelled_there(tx, now).items():
        stay = ledger.stay(tx, id_) if account == channel else None
        if stay is not None:
            yield Difference(stay, Doubt.CANCELLED_THERE, since)
    for each in pushes.elsewhen(tx, now):
        stay = ledger.stay(tx, each.stay)
        if each.channel == channel and stay is not None:
            yield Difference(stay, Doubt.OTHER_DAYS, None, each.theirs, each.listing, each.their_unit)


def rows_of(tx: Tx, channel: ChannelId, now: datetime) -> list[tuple[Source, StayRow]]:
    return [
        (source, stay)
        for source, stay in ledger.sources_of(tx, channel, since=now)
        if stay.check_out is not None and stay.check_out > now
    ]


def _difference(source: Source, stay: StayRow) -> Difference | None:
    live = stay.status in (StayStatus.CONFIRMED, StayStatus.TENTATIVE)
    if live and source.missing_since is not None:
        return Difference(stay, Doubt.NOT_LISTED, source.missing_since)
    by_person = stay.cancelled_why not in (SOURCE_CANCELLED, NOT_LISTED)
    if stay.status is StayStatus.CANCELLED and by_person and source.missing_since is None:
        return Difference(stay, Doubt.CANCELLED_HERE, stay.cancelled_at)
    return None


def _settled(tx: Tx, each: Difference) -> bool:
    if each.doubt in (Doubt.OTHER_DAYS, Doubt.CANCELLED_THERE):
        return False
    if each.doubt is Doubt.CANCELLED_HERE and pushes.is_pushed(tx, each.stay.id):
        return True  # it is told of by us
    kind = _KINDS[each.doubt]
    if each.doubt is Doubt.NOT_LISTED and ledger.listed_elsewhere(tx, each.stay.id):
        return True
    return questions.answered(tx, kind, each.stay.id, since=each.since) == "keep"


_KINDS: Final = {Doubt.NOT_LISTED: "gone", Doubt.CANCELLED_HERE: "called off"}


def settle(tx: Tx, intake: Intake, channel: ChannelId, id_: StayId, actor: str, *, accept: bool) -> None:
    """A person's last word on a difference.

    Args:
        accept: the platform is right, and it is done at once what it says; else the hub is, and nobody asks again.

    Raises:
        Rejected: there is no such difference by now, or its nights are taken.
    """
    desk, now = intake.desk, intake.desk.now()
    found = next((each for each in differences(tx, channel, now) if each.stay.id == id_), None)
    if found is None:
        raise Rejected("the platform and the hub are of one mind about it by now")
    match found.doubt, accept:
        case Doubt.OTHER_DAYS, True:
            _take_theirs(tx, intake, found, actor)
        case Doubt.OTHER_DAYS, False:
            other_days.send_again(tx, channel, id_, now)
        case Doubt.CANCELLED_THERE, True:
            cancel(tx, desk, found.stay, actor, f"cancelled by {actor}", because=f"{channel} had it cancelled")
        case Doubt.CANCELLED_THERE, False:
            other_days.send_back(tx, channel, id_)
        case Doubt.NOT_LISTED, True:
            cancel(tx, desk, found.stay, actor, NOT_LISTED, because=f"{channel} lists it no more")
        case Doubt.CANCELLED_HERE, True:
            bookings.restore(tx, intake, id_, actor, anyway=True)
        case doubt, _:
            _keep(tx, desk, found.stay, _KINDS[doubt], actor)
    what = "accepted what the platform says" if accept else "rejected what the platform says"
    days = "" if found.stay.arrival is None else f", {found.stay.arrival} to {found.stay.departure}"
    rows.note(tx, Entry(0, channel, found.stay.unit_id, now, IN, NOTED, f"{what}{days}", by=actor))
    log.record(tx, now, actor, what, f"stay:{id_}", detail=f"channel {channel}")


def _take_theirs(tx: Tx, intake: Intake, found: Difference, actor: str) -> None:
    """Unit and days at once: somebody else may have the old days there. Raises Rejected."""
    assert found.theirs is not None  # they are the doubt
    if found.listing is None:
        intake.change_stay(tx, found.stay.id, StayChange(arrival=found.theirs[0], departure=found.theirs[1]), actor)
    elif found.their_unit is None:
        raise Rejected(
            f"its listing {found.listing} is no unit here; say on the Channels page which unit it is, or send ours again"
        )
    else:
        intake.move_stay(tx, found.stay.id, found.their_unit, actor, days=found.theirs)


def _keep(tx: Tx, desk: Desk, stay: StayRow, kind: str, actor: str) -> None:
    """As if the question had been asked and answered: that is what is looked at before asking."""
    options = (("keep", "Leave it as it is here"), ("cancel", "Do as the platform says"))
    question = Question(tx.new_id(desk.now()), kind, stay.id, "Who is right?", options, desk.now(), stay.check_in)
    questions.ask(tx, question)
    asked = next(each for each in questions.open_questions(tx) if (each.kind, each.subject) == (kind, stay.id))
    questions.answer(tx, asked.id, "keep", actor, desk.now())


def confirm(tx: Tx, channel: ChannelId, unit: UnitId, actor: str, now: datetime) -> None:
    """A person has looked: the platform shows all of these nights as taken. Raises Rejected."""
    outlet = rows.outlet(tx, channel, unit)
    if outlet is None:
        raise Rejected(f"“{channel}” is not told of “{unit}”")
    said = [each for each in rows.said(tx, outlet) if not each.gone]
    nights = busy(each.block for each in said)
    rows.hand_over(tx, outlet, nights, now)
    rows.heard(tx, outlet, outlet.version, nights, now)
    well = {"failing_since": None, "failing_why": ""}
    rows.change(tx, outlet, told_version=outlet.version, told_at=now, told_how=BY_PERSON, **well)
    rows.note(tx, Entry(0, channel, unit, now, OUT, NOTED, "confirmed by a person", by=actor))
    log.record(tx, now, actor, "calendar confirmed", f"channel:{channel}", detail=f"unit {unit}")


def sync_now(tx: Tx, publisher: publishing.Publisher, channel: ChannelId, actor: str) -> int:
    """Bring it what it should have, now; how many units that are. What it fetches itself cannot be hastened."""
    brought = [each for each in rows.all_outlets(tx, channel) if each.way != FEED]
    for each in brought:
        publisher.push_now(tx, each, actor)
    return len(brought)
