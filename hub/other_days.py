"""What somebody did to a booking of ours at the account that it was pushed to: shown, until both agree again.

They gave it other days or another listing, or cancelled it.

Until a person has said whose days count, the nights of both are kept: from other channels, from bookings here, and, as far
as nights can be closed there, from the account itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from hub.findings import Look
from hub.model.alerts import Finding, Kind
from hub.model.facts import StayReport
from hub.model.values import NIGHTLY, ChannelId, Part, StayId, StayStatus
from hub.store import house, listings, pushes
from hub.store import publishing as rows
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.publishing import IN, NOTED, Entry
from hub.store.pushes import ANEW, Elsewhen, Push, PushState
from hub.store.stays import StayRow

SETTLES: Final = timedelta(minutes=2)
"""So long after the account took what we told it may still list what was before: a search lags. Our own guess."""
CANCELLED_THERE: Final = "it was cancelled there and not here; cancel it here too, or send it again"


def heard(tx: Tx, channel: ChannelId, stay: StayRow, report: StayReport, at: datetime) -> None:
    """What the account says of one of our bookings. Doing it twice changes nothing."""
    row = pushes.one(tx, channel, stay.id)
    if row is None or row.dry or row.booking != report.uid or _is_old(row, report, at):
        return
    after = replace(row, heard_at=report.changed_at or row.heard_at)
    if report.status is not StayStatus.CANCELLED:
        after = _back(after)
    elif stay.status in (StayStatus.CONFIRMED, StayStatus.TENTATIVE) and not row.ended_by_us:
        after = _gone(after, at)
    if report.arrival is not None and report.departure is not None:
        after = _elsewhere(tx, after, stay, report, at)
    if after != row:
        pushes.keep(tx, after)
    if (after.there, after.there_listing, after.gone_at) != (row.there, row.there_listing, row.gone_at):
        tx.signal("publishing")


def _is_old(row: Push, report: StayReport, at: datetime) -> bool:
    """Newer word was taken in already, or it may be of before we told something."""
    said = report.changed_at
    if said is not None and row.heard_at is not None and said < row.heard_at:
        return True
    if row.nights_at is None or at >= row.nights_at + SETTLES:
        return False
    return said is None or said <= row.nights_at


def _elsewhere(tx: Tx, row: Push, stay: StayRow, report: StayReport, at: datetime) -> Push:
    assert report.arrival is not None  # whoever asks has looked
    assert report.departure is not None
    theirs: tuple[date, date] | None = (report.arrival, report.departure)
    listing = _other_listing(tx, row, stay, report.listing)
    told = f"{report.arrival}/{report.departure}" == row.told.get(Part.DAYS)
    same = listing is None and (told or theirs == (stay.arrival, stay.departure))
    if report.status is StayStatus.CANCELLED or same:
        theirs = listing = None
    if theirs is not None and (theirs, listing) != (row.there, row.there_listing):
        what = "other days" if listing is None else f"another listing ({listing})"
        what += f" for booking {report.reference}, made here: {theirs[0]} to {theirs[1]}"
        rows.note(tx, Entry(0, row.channel_id, stay.unit_id, at, IN, NOTED, what))
    first, until = theirs or (None, None)
    return replace(row, there_from=first, there_until=until, there_listing=listing)


def _other_listing(tx: Tx, row: Push, stay: StayRow, listing: str) -> str | None:
    """Several listings may be one unit; and what it was told may still be on its way."""
    if not listing or row.told.get(Part.UNIT) in (None, listing):
        return None
    return None if listings.joined(tx).get(row.channel_id, {}).get(listing) == stay.unit_id else listing


# ---- cancelled there -------------------------------------------------------------------------------------------------


def gone(tx: Tx, channel: ChannelId, id_: StayId, at: datetime) -> None:
    """Somebody cancelled it at the account, which was seen when something was to be told of it."""
    row = pushes.one(tx, channel, id_)
    if row is not None:
        pushes.keep(tx, _gone(row, at))
        tx.signal("publishing")


def _gone(row: Push, at: datetime) -> Push:
    return replace(row, gone_at=row.gone_at or at, state=PushState.FAILED, error=CANCELLED_THERE)


def _back(row: Push) -> Push:
    """It stands there again, by somebody's hand."""
    if row.gone_at is None:
        return row
    row = replace(row, gone_at=None)
    if row.state is PushState.FAILED and row.error == CANCELLED_THERE:
        return replace(row, state=PushState.SYNCED, error="")
    return row


def wanted_back(row: Push) -> Push:
    """A person says that it lives, in our unit and on our days: they are told as if the account had never taken them."""
    return row if row.gone_at is None else replace(row, gone_at=None, told={**row.told, **dict.fromkeys(NIGHTLY, ANEW)})


def send_back(tx: Tx, channel: ChannelId, id_: StayId) -> None:
    """It lives: it is brought back there."""
    row = pushes.one(tx, channel, id_)
    assert row is not None  # the difference is its own
    pushes.keep(tx, replace(wanted_back(row), wanted={**row.wanted, Part.STATUS: ""}))
    tx.signal("publishing")


# ---- whose days count ------------------------------------------------------------------------------------------------


def send_again(tx: Tx, channel: ChannelId, id_: StayId, now: datetime) -> None:
    """Ours count: they are sent as if the account had never taken them."""
    row = pushes.one(tx, channel, id_)
    assert row is not None  # the difference is its own
    told = {**row.told, Part.DAYS: ANEW, Part.UNIT: ANEW}
    ours = replace(row, wanted={**row.wanted, Part.DAYS: ""}, told=told, nights_at=now)
    pushes.keep(tx, replace(ours, there_from=None, there_until=None, there_listing=None))
    tx.signal("publishing")


def to_decide(*, days: bool, unit: bool) -> str:
    """What a person has to say, by what the two differ in."""
    if not unit:
        return "whose days count"
    return "whose unit and days count" if days else "whose unit counts"


def place_of(tx: Tx, each: Elsewhen) -> str:
    """Where it is by the account's word: the name of a unit, or a listing that is none here."""
    unit = None if each.their_unit is None else house.unit_with(tx, each.their_unit)
    return f"listing {each.listing} (no unit here)" if unit is None else unit.name


def found(look: Look) -> Iterator[Finding]:
    for each in pushes.elsewhen(look.tx, look.now):
        stay, unit = ledger.stay(look.tx, each.stay), house.unit_with(look.tx, each.unit)
        if stay is None or look.reached(each.over_at):
            continue
        other, where = (
            ("other days", "") if each.listing is None else ("another listing", f" in {place_of(look.tx, each)}")
        )
        sentence = (
            f"“{each.channel}” has {other} for the booking of {stay.guest or stay.reference or 'a guest'} "
            f"({each.unit if unit is None else unit.name}): {each.theirs[0]} to {each.theirs[1]}{where} there, "
            f"{each.ours[0]} to {each.ours[1]} here."
        )
        what = to_decide(days=each.theirs != each.ours, unit=each.listing is not None)
        cure = f"The nights of both are kept until you say, on the page of the stay, {what}."
        yield Finding(Kind.OTHER_DAYS, f"stay:{each.stay}", sentence, cure, None)
