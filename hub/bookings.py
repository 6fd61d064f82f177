"""Bookings that people make here: whether a unit is free and why not, rules, closures, holds. One transaction each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError

from hub.errors import Rejected
from hub.intake import LONGEST_STAY, Intake, NewStay
from hub.issuing import Desk
from hub.model.availability import (
    HOLD_FOR,
    Closed,
    Objection,
    OwnRules,
    Reason,
    Wish,
    bounds_broken,
    objections,
    rules_in_words,
)
from hub.model.nights import calendar
from hub.model.stays import local_instant
from hub.model.values import PropertyId, StayId, UnitId, clean
from hub.stay_changes import StayChange, wish_of
from hub.store import bookings as ledger
from hub.store import house, log, stays
from hub.store.bookings import ClosureRow, Hold, RulesRow
from hub.store.engine import Tx
from hub.store.house import Origin, Property

LONGEST_HOLD: Final = timedelta(days=7)
MOST_DAYS: Final = 731
"""Of a calendar."""
OF_TIME: Final = frozenset({Reason.PAST, Reason.NOTICE, Reason.LAG, Reason.ADVANCE, Reason.MIN_STAY, Reason.MAX_STAY})
"""What speaks against selling a stay, not against giving one that was sold another unit."""
_FIRST: Final = date(1970, 1, 1)
_LAST: Final = date(9000, 1, 1)
"""Arithmetic has room on both sides of these."""


class NotFree(Rejected):
    """With the reasons; `soft`: a person may book in spite of them."""

    def __init__(self, found: Collection[Objection]) -> None:
        super().__init__("; ".join(dict.fromkeys(each.sentence for each in found)))
        self.found = tuple(found)
        self.reasons = tuple(each.reason for each in found)
        self.soft = not any(reason.hard for reason in self.reasons)


def mind_reach(*days: date) -> None:
    """Raises Rejected for days that no calendar reaches."""
    if not all(_FIRST <= day <= _LAST for day in days):
        raise Rejected("no calendar reaches that far")


# ---- asking --------------------------------------------------------------------------------------------------------


def look(
    tx: Tx,
    units: Collection[UnitId],
    wish: Wish,
    now: datetime,
    *,
    besides: StayId | None = None,
    hold: str | None = None,
) -> dict[UnitId, tuple[Objection, ...]]:
    """What speaks against a stay, in each of these units. Raises Rejected for days that no calendar reaches."""
    mind_reach(wish.arrival, wish.departure)
    first, until = min(wish.arrival, wish.departure), max(wish.arrival, wish.departure)
    known = ledger.grounds(tx, units, first, until, now, besides=besides, hold=hold)
    return {unit: objections(wish, ground, now) for unit, ground in known.items()}


def calendars(tx: Tx, units: Collection[UnitId], first: date, days: int, now: datetime) -> dict[UnitId, bytes]:
    """A byte of `Night` flags for each night of each unit. Raises Rejected where that is too much."""
    if not 1 <= days <= MOST_DAYS:
        raise Rejected(f"a calendar has 1 to {MOST_DAYS} days")
    mind_reach(first)
    known = ledger.grounds(tx, units, first, first + timedelta(days=days), now)
    return {unit: calendar(ground, first, days, now) for unit, ground in known.items()}


# ---- booking -------------------------------------------------------------------------------------------------------


def book(tx: Tx, intake: Intake, new: NewStay, actor: str, *, anyway: bool = False, hold: str | None = None) -> StayId:
    """Add a stay, where the unit is free. What is asked and what is written is one transaction.

    Args:
        anyway: in spite of the house's own rules; never in spite of somebody who has these nights.
        hold: the hold that becomes this stay.

    Raises:
        NotFree: with every reason.
        Rejected: what was told makes no sense, or the hold is over.
    """
    now = intake.desk.now()
    if hold is not None:
        _take_hold(tx, hold, new, now)
    place = house.property_of(tx, new.unit)
    if place is not None and timedelta(0) < new.departure - new.arrival <= LONGEST_STAY:
        against = look(tx, [new.unit], _wish(new, place), now)[new.unit]
        if any(each.reason.hard for each in against) or (against and not anyway):
            raise NotFree(against)
    return intake.add_stay(tx, new, actor)


def change(tx: Tx, intake: Intake, id_: StayId, said: StayChange, actor: str, *, anyway: bool = False) -> None:
    """Change a stay, where the house's rules allow what it asks for besides what it has.

    Args:
        anyway: in spite of the house's own rules; never in spite of somebody who has these nights.

    Raises:
        NotFree: with what speaks against it and did not before.
        Rejected: what was told makes no sense, or is its channel's to say.
    """
    stay, after = intake.foresee_change(tx, id_, said)
    wished, wish = wish_of(stay), wish_of(after)
    hours_only = replace(wish, start=wished.start, end=wished.end) == wished
    if wish != wished:
        now = intake.desk.now()
        known = {each.reason for each in look(tx, [stay.unit_id], wished, now, besides=id_)[stay.unit_id]}
        if stay.channel_id is not None:
            known.add(Reason.BLOCKED)  # closed there so that its own guest can stay longer, as often as not
        if hours_only:
            known |= set(Reason) - {Reason.BUFFER}  # no night is sold; whom it meets is `change_stay`'s to mind
        found = look(tx, [stay.unit_id], wish, now, besides=id_)[stay.unit_id]
        against = tuple(each for each in found if each.reason not in known)
        if any(each.reason.hard for each in against) or (against and not anyway):
            raise NotFree(against)
    intake.change_stay(tx, id_, said, actor)


def confirm(tx: Tx, intake: Intake, id_: StayId, actor: str, *, anyway: bool = False) -> None:
    """Somebody comes for sure, where the unit is still free. Raises as `book`."""
    _mind(tx, intake, id_, anyway=anyway)
    intake.confirm_stay(tx, id_, actor)


def restore(tx: Tx, intake: Intake, id_: StayId, actor: str, *, anyway: bool = False) -> None:
    """Undo a cancellation, where the unit is still free. Raises as `book`."""
    _mind(tx, intake, id_, anyway=anyway)
    intake.restore_stay(tx, id_, actor)


def _mind(tx: Tx, intake: Intake, id_: StayId, *, anyway: bool) -> None:
    """Raises NotFree where its unit is no longer free for it. That it may be too late to sell it says nothing any more."""
    stay = stays.stay(tx, id_)
    if stay is None or stay.takes is None or stay.arrival is None or stay.departure is None:
        return  # whoever asked says what is wrong with it
    found = look(tx, [stay.unit_id], wish_of(stay), intake.desk.now(), besides=id_).get(stay.unit_id, ())
    excused = OF_TIME
    closing = {each.channel_id for each in stays.closed_between(tx, stay.unit_id, stay.takes)}
    if stay.channel_id is not None and closing <= {stay.channel_id}:
        excused = OF_TIME | {Reason.BLOCKED}  # its own channel closed the nights for it, as often as not
    against = [each for each in found if each.reason not in excused]
    if any(each.reason.hard for each in against) or (against and not anyway):
        raise NotFree(against)


def _wish(new: NewStay, place: Property) -> Wish:
    def at(day: date, time_: object, *, latest: bool) -> datetime | None:
        return None if time_ is None else local_instant(day, time_, place.zone, latest=latest)  # type: ignore[arg-type]

    return Wish(
        new.arrival,
        new.departure,
        new.guests,
        (new.children or 0) + (new.infants or 0),
        new.pets or 0,
        start=at(new.arrival, new.check_in, latest=False),
        end=at(new.departure, new.check_out, latest=True),
    )


def _take_hold(tx: Tx, id_: str, new: NewStay, now: datetime) -> None:
    """Raises Rejected where it is over, or was for something else."""
    held = next((each for each in ledger.live_holds(tx, now) if each.id == id_), None)
    if held is None:
        raise Rejected("the hold is over; look whether the nights are still free")
    if held.unit != new.unit or not held.arrival <= new.arrival < new.departure <= held.departure:
        raise Rejected("the hold is for other nights, or another unit")
    ledger.remove_hold(tx, id_)


# ---- holds ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewHold:
    unit: UnitId
    arrival: date
    departure: date
    label: str = ""
    """For whom."""
    lasts: timedelta = HOLD_FOR


def hold(tx: Tx, desk: Desk, new: NewHold, actor: str, *, anyway: bool = False) -> Hold:
    """Keep nights for somebody who has not decided yet. Raises NotFree or Rejected, as `book` does."""
    place = _place(tx, new.unit)
    if not timedelta(minutes=1) <= new.lasts <= LONGEST_HOLD:
        raise Rejected("a hold lasts a minute at least, and a week at most")
    now, hours = desk.now(), ledger.hours_of(place)
    against = look(tx, [new.unit], Wish(new.arrival, new.departure), now)[new.unit]
    if any(each.reason.hard for each in against) or (against and not anyway):
        raise NotFree(against)
    start, end = hours.start(new.arrival), hours.end(new.departure)
    row = Hold(
        tx.new_id(now), new.unit, new.arrival, new.departure, start, end, clean(new.label, limit=120), now, actor,
        now + new.lasts,
    )  # fmt: skip
    try:
        with tx.attempt():
            ledger.keep_hold(tx, row)
    except IntegrityError as error:
        raise NotFree([Objection(Reason.BOOKED, "somebody else has some of these nights")]) from error
    log.record(tx, now, actor, "nights held", f"unit:{new.unit}", detail=f"{new.arrival} to {new.departure}")
    return row


def release(tx: Tx, desk: Desk, id_: str, actor: str) -> Hold:
    """Raises Rejected where there is none any more."""
    row = next((each for each in ledger.live_holds(tx, desk.now()) if each.id == id_), None)
    if row is None:
        raise Rejected("there is no such hold, or it is over")
    ledger.remove_hold(tx, id_)
    log.record(tx, desk.now(), actor, "hold released", f"unit:{row.unit}", detail=f"{row.arrival} to {row.departure}")
    return row


# ---- closures ------------------------------------------------------------------------------------------------------


def close(tx: Tx, desk: Desk, unit: UnitId, shut: Closed, note: str, actor: str) -> ClosureRow:
    """Stays that are there already stay. Raises Rejected."""
    _place(tx, unit)
    mind_reach(shut.first, shut.until)
    if shut.until <= shut.first:
        raise Rejected("it must be open again after the first day")
    if shut.until - shut.first > timedelta(days=MOST_DAYS):
        raise Rejected("a closure of more than two years is most likely a typing error")
    made = desk.now(), actor
    row = ClosureRow(tx.new_id(desk.now()), unit, shut.kind, shut.first, shut.until, clean(note, limit=200), *made)
    ledger.keep_closure(tx, row)
    told = f"{shut.kind.value}, {shut.first} to {shut.until}"
    log.record(tx, desk.now(), actor, "unit closed", f"unit:{unit}", detail=told)
    return row


def reopen(tx: Tx, desk: Desk, id_: str, actor: str) -> ClosureRow:
    """Raises Rejected where there is no such closure."""
    row = ledger.closure(tx, id_)
    if row is None:
        raise Rejected("there is no such closure")
    ledger.remove_closure(tx, id_)
    log.record(tx, desk.now(), actor, "unit open again", f"unit:{row.unit}", detail=f"{row.first} to {row.until}")
    return row


# ---- rules ---------------------------------------------------------------------------------------------------------


def set_rules(tx: Tx, desk: Desk, of: PropertyId | None, unit: UnitId | None, own: OwnRules, actor: str) -> None:
    """What a property, or one unit, says from now on. Stays that are there already stay. Raises Rejected."""
    if unit is not None:
        _place(tx, unit)
    elif of is None or house.property_with(tx, of) is None:
        raise Rejected(f"there is no property called “{of}”")
    if (wrong := bounds_broken(own)) is not None:
        raise Rejected(wrong)
    row = RulesRow(None if unit is not None else of, unit, own, Origin.PAGES)
    was = ledger.own_rules(tx, row.id)
    if was == own:
        return
    ledger.keep_rules(tx, row)
    log.record(
        tx, desk.now(), actor, "booking rules changed", row.id, detail=", ".join(rules_in_words(own).values()) or "none"
    )


def _place(tx: Tx, unit: UnitId) -> Property:
    place = house.property_of(tx, unit)
    if place is None:
        raise Rejected(f"there is no unit called “{unit}”")
    return place
