"""What goes of guests by itself: who they were, some time after they left, and how long a property keeps both that and
its access log.

The hour at which a guest first came in is part of what the access log tells, and goes with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hub import guests
from hub.errors import Rejected
from hub.issuing import Desk
from hub.model.facts import StayReport
from hub.model.keeping import MOST_GUEST_DAYS, MOST_LOG_DAYS, guest_days_words
from hub.model.price_lines import nameless
from hub.model.values import PropertyId, StayStatus
from hub.store import guests as kept
from hub.store import house, log
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import Origin, Property
from hub.store.stays import StayRow

BY: Final = "gatehouse"
AT_ONCE: Final = 20
"""Guests in one transaction: each looks through the whole audit trail, and others want to write meanwhile."""


def keep(tx: Tx, id_: PropertyId, log_days: int | None, guest_days: int | None, actor: str, at: datetime) -> Property:
    """For how many days; None: as before. Raises Rejected: there is no such property, or nobody keeps it so long."""
    was = house.property_with(tx, id_)
    if was is None:
        raise Rejected(f"there is no property called “{id_}”")
    if log_days is not None and not 1 <= log_days <= MOST_LOG_DAYS:
        raise Rejected(f"the access log is kept for 1 to {MOST_LOG_DAYS} days")
    if guest_days is not None and not 0 <= guest_days <= MOST_GUEST_DAYS:
        raise Rejected(f"who a guest was is kept for 1 to {MOST_GUEST_DAYS} days after departure, or 0: for ever")
    row = replace(
        was,
        log_days=was.log_days if log_days is None else log_days,
        guest_days=was.guest_days if guest_days is None else guest_days,
        origin=Origin.PAGES,
    )
    if row.log_days != was.log_days:
        log.record(tx, at, actor, "log days", f"property:{id_}", detail=f"{row.log_days} (was {was.log_days})")
    if row.guest_days != was.guest_days:
        told = f"{guest_days_words(row.guest_days)} (was {was.guest_days})"
        log.record(tx, at, actor, "guest days", f"property:{id_}", detail=told)
    if row.log_days != was.log_days or row.guest_days != was.guest_days:
        house.keep_property(tx, row)
        return row
    return was


def is_nobodys(place: Property, over_at: datetime | None, now: datetime) -> bool:
    """Whether it is not kept any more who the guest of a stay was that was over then."""
    return bool(place.guest_days) and over_at is not None and over_at < now - timedelta(days=place.guest_days)


def is_nobody_to_be_known(tx: Tx, desk: Desk, row: StayRow) -> bool:
    """Whether a stay as a channel tells of it now is one whose guest was forgotten, or erased on request."""
    over = row.status is StayStatus.CANCELLED or (row.check_out is not None and row.check_out <= desk.now())
    place = house.property_of(tx, row.unit_id)
    if not over or not desk.trusted() or place is None:
        return False
    over_at = row.check_out
    if row.status is StayStatus.CANCELLED and row.cancelled_at is not None:
        over_at = row.cancelled_at if over_at is None else min(over_at, row.cancelled_at)
    return is_nobodys(place, over_at, desk.now()) or log.was_done(tx, f"stay:{row.id}", guests.ERASED)


def nobodys(report: StayReport) -> StayReport:
    """What a channel tells of a stay, without who it was."""
    known = replace(report, guest="", reference="", phone_last4="", phone="", email="", guests=None)
    return replace(
        known, note="", special_requests="", company="", purpose="", country="", raw="", lines=nameless(report.lines)
    )


def forget_hours(tx: Tx, place: Property, now: datetime) -> None:
    kept.forget_hours(tx, place.id, now - timedelta(days=place.log_days), place.zone)


def forget_guests(tx: Tx, desk: Desk) -> bool:
    """Some of those who left long ago; whether there may be more. By a clock that is believed only."""
    now, more = desk.now(), False
    for place in house.properties(tx):
        if not place.guest_days:
            continue
        before = now - timedelta(days=place.guest_days)  # as `is_nobodys`
        rows = [ledger.stay(tx, id_) for id_ in kept.known_since(tx, place.id, before, AT_ONCE)]
        lines = sum(guests.take_out(tx, desk, row, named_before=before).log_lines for row in rows if row is not None)
        if rows:
            told = (
                f"guests of {len(rows)} stays that were over before {before:%Y-%m-%d}, {lines} lines of the access log"
            )
            log.record(tx, now, BY, "guests forgotten", f"property:{place.id}", detail=told)
        more = more or len(rows) == AT_ONCE
    return more
