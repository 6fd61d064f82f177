"""What may be booked: whether units are free and why not, the calendar, the rules, closures and holds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from hub import bookings
from hub.bookings import NewHold, NotFree
from hub.model.availability import (
    WEEK,
    BookingRules,
    Closed,
    ClosureKind,
    Hours,
    OwnRules,
    Reason,
    Resource,
    Wish,
    too_short_a_day,
)
from hub.model.refunds import MOST_FEE, MOST_STEPS, Steps, in_order
from hub.model.values import PropertyId, UnitId
from hub.model.workflow import NoShow
from hub.store import bookings as ledger
from hub.store import house
from hub.store.bookings import ClosureRow, Hold
from hub.store.engine import Tx
from web.api.paging import ByName, Page, cut_by_name
from web.api.problems import Fault, Problem, missing
from web.api.routes import Call
from web.api.wire import Day, Flag, In, Nothing, Out, Told, Whole, read_whole

Weekday = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
Count = Annotated[int, Field(ge=0, le=1000), BeforeValidator(read_whole)]
UnitName = Annotated[str, Field(max_length=100)]


def not_free(error: NotFree) -> Problem:
    """Each reason is a fault of its own, so that programs need not read sentences."""
    faults = [Fault(where="body", field=reason.value, why=str(error)) for reason in error.reasons]
    return Problem("refused", str(error), faults)


# ---- asking --------------------------------------------------------------------------------------------------------


class AvailabilityQuery(In):
    arrival: Day
    departure: Annotated[Day, Field(description="the day of leaving")]
    unit: Annotated[UnitName | None, Field(description="only this one; left out: every unit")] = None
    property: Annotated[UnitName | None, Field(description="only units of this one")] = None
    guests: Annotated[Count | None, Field(description="how many come")] = None
    children: Count = 0
    pets: Count = 0


class ObjectionOut(Out):
    reason: Reason
    words: str
    hard: bool = Field(description="nobody may book in spite of it; of the others a manager may, with `anyway`")


class UnitFree(Out):
    unit: str
    free: bool
    against: list[ObjectionOut] = Field(description="what speaks against it; empty: it may be booked")


class AvailabilityOut(Out):
    items: list[UnitFree]


def _units(tx: Tx, unit: str | None, place: str | None) -> list[UnitId]:
    rows = house.units(tx) if place is None else house.units_in(tx, PropertyId(place))
    return [row.id for row in rows if unit in (None, row.id)]


async def get_availability(call: Call, query: AvailabilityQuery, body: Nothing) -> AvailabilityOut:
    wish = Wish(query.arrival, query.departure, query.guests, query.children, query.pets)

    def look(tx: Tx) -> AvailabilityOut:
        found = bookings.look(tx, _units(tx, query.unit, query.property), wish, call.hub.clock.now())
        items = [
            UnitFree(
                unit=unit,
                free=not against,
                against=[
                    ObjectionOut(reason=each.reason, words=each.sentence, hard=each.reason.hard) for each in against
                ],
            )
            for unit, against in found.items()
        ]
        return AvailabilityOut(items=items)

    return await call.hub.store.read(look)


class CalendarQuery(In):
    first: Day
    days: Annotated[int, Field(ge=1, le=bookings.MOST_DAYS), BeforeValidator(read_whole)] = 31
    unit: UnitName | None = None
    property: UnitName | None = None


class UnitNights(Out):
    unit: str
    nights: list[int] = Field(
        description="for each night the sum of: 1 booked, 2 closed by a channel, 4 held, 8 closed here, 16 too near to "
        "another stay, 32 no arrival that day, 64 no departure that day, 128 over or too soon"
    )


class CalendarOut(Out):
    first: str
    days: int
    items: list[UnitNights]


async def get_calendar(call: Call, query: CalendarQuery, body: Nothing) -> CalendarOut:
    def look(tx: Tx) -> CalendarOut:
        units = _units(tx, query.unit, query.property)
        drawn = bookings.calendars(tx, units, query.first, query.days, call.hub.clock.now())
        items = [UnitNights(unit=unit, nights=list(nights)) for unit, nights in drawn.items()]
        return CalendarOut(first=query.first.isoformat(), days=query.days, items=items)

    return await call.hub.store.read(look)


# ---- rules ---------------------------------------------------------------------------------------------------------

Minutes = Annotated[int, Field(ge=0, le=365 * 24 * 60), Whole]
Nights = Annotated[int, Field(ge=1, le=1095), Whole]
Guests = Annotated[int, Field(ge=1, le=100), Whole]


class RefundStepIn(In):
    days: Annotated[int, Field(ge=0, le=1095, description="before check-in, at least"), Whole]
    percent: Annotated[int, Field(ge=0, le=100), Whole]


class RefundStepOut(Out):
    days: int
    percent: int


Tenths = Annotated[int, Field(ge=0, le=MOST_FEE, description="in tenths of a per cent of a refund: 29 is 2.9 %"), Whole]


class RulesIn(In):
    """What is null or left out is as usual: for a unit as its property says, for a property as Gatehouse has it."""

    resource: Resource | None = None
    buffer_min: Minutes | None = None
    notice_min: Minutes | None = None
    advance_days: Nights | None = None
    min_nights: Nights | None = None
    max_nights: Nights | None = None
    capacity: Guests | None = None
    children: bool | None = None
    pets: bool | None = None
    no_arrival: list[Weekday] | None = None
    no_departure: list[Weekday] | None = None
    turnover: list[Weekday] | None = None
    stale_after_min: Minutes | None = None
    no_show: NoShow | None = None
    no_show_after_min: Minutes | None = None
    refunds: Annotated[list[RefundStepIn], Field(max_length=MOST_STEPS)] | None = None
    refund_fee: Tenths | None = None


class OwnRulesOut(Out):
    resource: Resource | None
    buffer_min: int | None
    notice_min: int | None
    advance_days: int | None
    min_nights: int | None
    max_nights: int | None
    capacity: int | None
    children: bool | None
    pets: bool | None
    no_arrival: list[Weekday] | None
    no_departure: list[Weekday] | None
    turnover: list[Weekday] | None
    stale_after_min: int | None
    no_show: NoShow | None
    no_show_after_min: int | None
    refunds: list[RefundStepOut] | None
    refund_fee: int | None = Field(description="in tenths of a per cent of a refund")


class CountingOut(Out):
    resource: Resource
    buffer_min: int = Field(description="between one guest's leaving and the next one's coming at least")
    notice_min: int = Field(description="from booking to check-in at least")
    advance_days: int = Field(description="how many days ahead an arrival may lie")
    min_nights: int
    max_nights: int
    capacity: int | None = Field(description="guests at most; null: as many as like")
    children: bool
    pets: bool
    no_arrival: list[Weekday]
    no_departure: list[Weekday]
    turnover: list[Weekday] = Field(description="the only days on which stays begin and end; empty: any day")
    stale_after_min: int = Field(description="for how long a calendar that was read counts")
    no_show: NoShow = Field(
        description="of a guest who does not come: `note`, it is said, code and nights stay; `free`, both end; `off`, never said"
    )
    no_show_after_min: int = Field(description="so long after check-in")
    refunds: list[RefundStepOut] = Field(
        description="what is given back to whoever cancels, the longest before check-in first; empty: nothing is said of that"
    )
    refund_fee: int = Field(description="in tenths of a per cent of a refund")
    same_day_turnover: bool = Field(description="somebody may come on the day on which somebody leaves")


class RulesOut(Out):
    own: OwnRulesOut = Field(description="null: as usual")
    counts: CountingOut


def _named(days: frozenset[int]) -> list[Weekday]:
    return [WEEK[day] for day in sorted(days)]


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)


def _refunds(steps: Steps) -> list[RefundStepOut]:
    return [RefundStepOut(days=days, percent=percent) for days, percent in steps]


def _steps(said: list[RefundStepIn] | None) -> Steps | None:
    if said is None:
        return None
    try:
        return in_order([(each.days, each.percent) for each in said])
    except ValueError as error:
        raise Problem("refused", f"refunds: it {error}") from error


def _own(own: OwnRules) -> OwnRulesOut:
    return OwnRulesOut(
        resource=own.resource,
        buffer_min=None if own.buffer is None else _minutes(own.buffer),
        notice_min=None if own.notice is None else _minutes(own.notice),
        advance_days=own.advance_days,
        min_nights=own.min_nights,
        max_nights=own.max_nights,
        capacity=own.capacity,
        children=own.children,
        pets=own.pets,
        no_arrival=None if own.no_arrival is None else _named(own.no_arrival),
        no_departure=None if own.no_departure is None else _named(own.no_departure),
        turnover=None if own.turnover is None else _named(own.turnover),
        stale_after_min=None if own.stale_after is None else _minutes(own.stale_after),
        no_show=own.no_show,
        no_show_after_min=None if own.no_show_after is None else _minutes(own.no_show_after),
        refunds=None if own.refunds is None else _refunds(own.refunds),
        refund_fee=own.refund_fee,
    )


def _counts(rules: BookingRules, hours: Hours) -> CountingOut:
    return CountingOut(
        resource=rules.resource,
        buffer_min=_minutes(rules.buffer),
        notice_min=_minutes(rules.notice),
        advance_days=rules.advance_days,
        min_nights=rules.min_nights,
        max_nights=rules.max_nights,
        capacity=rules.capacity,
        children=rules.children,
        pets=rules.pets,
        no_arrival=_named(rules.no_arrival),
        no_departure=_named(rules.no_departure),
        turnover=_named(rules.turnover),
        stale_after_min=_minutes(rules.stale_after),
        no_show=rules.no_show,
        no_show_after_min=_minutes(rules.no_show_after),
        refunds=_refunds(rules.refunds),
        refund_fee=rules.refund_fee,
        same_day_turnover=not too_short_a_day(hours, rules),
    )


def _read(body: RulesIn) -> OwnRules:
    def span(minutes: int | None) -> timedelta | None:
        return None if minutes is None else timedelta(minutes=minutes)

    def days(named: list[Weekday] | None) -> frozenset[int] | None:
        return None if named is None else frozenset(WEEK.index(day) for day in named)

    return OwnRules(
        resource=body.resource,
        buffer=span(body.buffer_min),
        notice=span(body.notice_min),
        advance_days=body.advance_days,
        min_nights=body.min_nights,
        max_nights=body.max_nights,
        capacity=body.capacity,
        children=body.children,
        pets=body.pets,
        no_arrival=days(body.no_arrival),
        no_departure=days(body.no_departure),
        turnover=days(body.turnover),
        stale_after=span(body.stale_after_min),
        no_show=body.no_show,
        no_show_after=span(body.no_show_after_min),
        refunds=_steps(body.refunds),
        refund_fee=body.refund_fee,
    )


def _of_property(tx: Tx, id_: PropertyId) -> RulesOut:
    place = house.property_with(tx, id_)
    if place is None:
        raise missing("property", id_)
    own = ledger.own_rules(tx, f"property:{id_}")
    return RulesOut(own=_own(own), counts=_counts(ledger.rules_in(tx, id_), ledger.hours_of(place)))


def _of_unit(tx: Tx, id_: UnitId) -> RulesOut:
    place = house.property_of(tx, id_)
    if place is None:
        raise missing("unit", id_)
    own = ledger.own_rules(tx, f"unit:{id_}")
    return RulesOut(own=_own(own), counts=_counts(ledger.rules_at(tx, id_), ledger.hours_of(place)))


async def get_property_rules(call: Call, query: Nothing, body: Nothing) -> RulesOut:
    return await call.hub.store.read(lambda tx: _of_property(tx, PropertyId(call.path["property"])))


async def set_property_rules(call: Call, query: Nothing, body: RulesIn) -> RulesOut:
    id_ = PropertyId(call.path["property"])

    def work(tx: Tx) -> RulesOut:
        _of_property(tx, id_)
        bookings.set_rules(tx, call.hub.desk, id_, None, _read(body), call.actor)
        return _of_property(tx, id_)

    return await call.hub.store.write(work)


async def get_unit_rules(call: Call, query: Nothing, body: Nothing) -> RulesOut:
    return await call.hub.store.read(lambda tx: _of_unit(tx, UnitId(call.path["unit"])))


async def set_unit_rules(call: Call, query: Nothing, body: RulesIn) -> RulesOut:
    id_ = UnitId(call.path["unit"])

    def work(tx: Tx) -> RulesOut:
        _of_unit(tx, id_)
        bookings.set_rules(tx, call.hub.desk, None, id_, _read(body), call.actor)
        return _of_unit(tx, id_)

    return await call.hub.store.write(work)


# ---- closures ------------------------------------------------------------------------------------------------------


class ClosureIn(In):
    kind: ClosureKind = ClosureKind.BLACKOUT
    first: Day
    until: Annotated[Day, Field(description="the first day that is open again")]
    note: Annotated[str, Field(max_length=200)] = ""


class ClosureOut(Out):
    id: str
    unit: str
    kind: ClosureKind
    first: str
    until: str
    note: str
    made_at: Told
    made_by: str


class ClosurePage(Page[ClosureOut]):
    pass


class ClosureQuery(ByName):
    unit: UnitName | None = None
    past: Annotated[Flag, Field(description="those that are over as well")] = False


def _closure(row: ClosureRow) -> ClosureOut:
    days = {"first": row.first.isoformat(), "until": row.until.isoformat()}
    made = {"made_at": row.made_at, "made_by": row.made_by}
    return ClosureOut(id=row.id, unit=row.unit, kind=row.kind, note=row.note, **days, **made)  # type: ignore[arg-type]


async def list_closures(call: Call, query: ClosureQuery, body: Nothing) -> ClosurePage:
    since = date.min if query.past else call.hub.clock.now().date() - timedelta(days=1)
    rows = await call.hub.store.read(lambda tx: ledger.closures_after(tx, since))
    wanted = sorted((row for row in rows if query.unit in (None, row.unit)), key=lambda row: row.id)
    cut = cut_by_name(wanted, lambda row: row.id, query)
    return ClosurePage(items=[_closure(row) for row in cut.rows], next=cut.next)


async def close_unit(call: Call, query: Nothing, body: ClosureIn) -> ClosureOut:
    shut, unit = Closed(body.kind, body.first, body.until), UnitId(call.path["unit"])

    def work(tx: Tx) -> ClosureOut:
        if house.unit_with(tx, unit) is None:
            raise missing("unit", unit)
        return _closure(bookings.close(tx, call.hub.desk, unit, shut, body.note, call.actor))

    return await call.hub.store.write(work)


async def reopen_unit(call: Call, query: Nothing, body: Nothing) -> ClosureOut:
    id_ = call.path["closure"]

    def work(tx: Tx) -> ClosureOut:
        if ledger.closure(tx, id_) is None:
            raise missing("closure", id_)
        return _closure(bookings.reopen(tx, call.hub.desk, id_, call.actor))

    return await call.hub.store.write(work)


# ---- holds ---------------------------------------------------------------------------------------------------------


class HoldIn(In):
    unit: UnitName
    arrival: Day
    departure: Day
    label: Annotated[str, Field(max_length=120, description="for whom")] = ""
    minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60), Whole] = 15
    anyway: Annotated[bool, Field(description="in spite of the house's own rules")] = False


class HoldOut(Out):
    id: str
    unit: str
    arrival: str
    departure: str
    label: str
    made_at: Told
    made_by: str
    expires_at: Told


class HoldPage(Page[HoldOut]):
    pass


def hold_out(row: Hold) -> HoldOut:
    return HoldOut(
        id=row.id,
        unit=row.unit,
        arrival=row.arrival.isoformat(),
        departure=row.departure.isoformat(),
        label=row.label,
        made_at=row.made_at,
        made_by=row.made_by,
        expires_at=row.expires_at,
    )


async def list_holds(call: Call, query: ByName, body: Nothing) -> HoldPage:
    rows = await call.hub.store.read(lambda tx: ledger.live_holds(tx, call.hub.clock.now()))
    cut = cut_by_name(sorted(rows, key=lambda row: row.id), lambda row: row.id, query)
    return HoldPage(items=[hold_out(row) for row in cut.rows], next=cut.next)


async def hold_nights(call: Call, query: Nothing, body: HoldIn) -> HoldOut:
    new = NewHold(UnitId(body.unit), body.arrival, body.departure, body.label, timedelta(minutes=body.minutes))
    try:
        row = await call.hub.store.write(
            lambda tx: bookings.hold(tx, call.hub.desk, new, call.actor, anyway=body.anyway)
        )
    except NotFree as error:
        raise not_free(error) from error
    return hold_out(row)


async def release_hold(call: Call, query: Nothing, body: Nothing) -> HoldOut:
    id_ = call.path["hold"]
    return hold_out(await call.hub.store.write(lambda tx: bookings.release(tx, call.hub.desk, id_, call.actor)))
