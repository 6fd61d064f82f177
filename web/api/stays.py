"""Stays: who may come when, and whether their codes are proven; adding and changing those that came by telephone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from hub import backup_codes, bookings, ladder
from hub.bookings import NotFree
from hub.intake import NewStay
from hub.ladder import OnLadder
from hub.model.ladder import Backup, DoorNow, Rung, Tell, deadlines, takes_backup
from hub.model.money import Money, NoPrice
from hub.model.price_lines import LONGEST, MOST, LineKind, PriceLine
from hub.model.values import BESIDES, PropertyId, StayId, StayKind, StayStatus, UnitId, clean
from hub.model.workflow import Stage
from hub.stay_changes import StayChange
from hub.store import bookings as booked
from hub.store import proofs, staying
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.proofs import Tally
from hub.store.stay_search import HOLD, Wanted
from hub.store.stays import StayRow
from web.api.bookings import HoldOut, hold_out, not_free
from web.api.paging import ByTime, Page, cut, parsed, position
from web.api.problems import Problem, missing
from web.api.routes import Call
from web.api.wire import Day, Flag, In, Instant, Nothing, Out, TimeOfDay, Told, Whole


class CodesOut(Out):
    """How far the codes of a stay have come."""

    doors: int = Field(description="on how many doors it should have a code")
    proven: int
    refused: int


class DoorOut(Out):
    lock: str
    rung: Rung
    waits: bool = Field(description="codes wait in this lock; else they go in shortly before check-in")
    backup: Backup = Field(description="`ready`: one could be pulled; `pulled`: it is the guest's, and proven")
    takes_backup: bool = Field(description="the guest is told the backup code for this door")
    works_from: Told = Field(description="the code may open this door from then on")
    warn_at: Told
    switch_at: Told
    call_at: Told


class LadderOut(Out):
    """Where a stay stands before check-in."""

    rung: Rung
    doors: list[DoorOut]
    tell: bool = Field(description="the guest may be told the digits")
    works_from: Told = Field(description="the code may open every door from then on")
    why_not: str = Field(description="why the guest is not told; empty: they may be")
    told_from: Told | None = Field(description="from then on, if nothing else happens")


class PriceOut(Out):
    """What the guest pays."""

    minor: int = Field(description="in the smallest unit of the currency: 45050 is 450.50 EUR")
    currency: str = Field(description="ISO 4217")


class PriceLineOut(Out):
    """An item of a price; a discount is less than nothing."""

    kind: LineKind
    label: str = Field(description="in the words of whoever sold it")
    minor: int


class StayPriceOut(PriceOut):
    lines: list[PriceLineOut] = Field(description="what it is made of, as far as somebody itemised it")
    not_itemised: int = Field(description="what is in the price and in none of its lines; below 0: the lines say more")


class StayOut(Out):
    id: str
    unit: str
    channel: str | None = Field(description="null: made here")
    kind: StayKind
    status: StayStatus
    arrival: str | None = Field(description="local day, as 2026-11-21")
    departure: str | None
    check_in: Told | None
    check_out: Told | None
    guest: str
    reference: str
    phone_last4: str
    guests: int | None = Field(description="adults and children")
    adults: int | None
    children: int | None
    infants: int | None
    pets: int | None
    platform: str = Field(description="where it was sold, in the words of a manager of other channels")
    source_status: str = Field(description="its channel's own word for how it stands")
    note: str
    special_requests: str = Field(description="what the guest asked for when booking")
    company: str
    purpose: str = Field(description="of the journey")
    country: str = Field(description="where the guest comes from")
    price: StayPriceOut | None = Field(description="null: nobody said one")
    arrived_at: Told | None
    left_at: Told | None = Field(description="before the check-out: the nights that begin after it are free again")
    cancelled_at: Told | None
    cancelled_why: str | None
    codes: CodesOut


class StayPage(Page[StayOut]):
    holds: list[HoldOut] = Field(
        description="nights held for somebody who has not decided yet, that match as well; on the first page only. "
        "`POST /stays` with `hold` confirms one, `DELETE /holds/{hold}` lets it go"
    )


def _price(row: StayRow) -> StayPriceOut | None:
    if row.total is None:
        return None
    price = row.price
    lines = [PriceLineOut(kind=each.kind, label=each.label, minor=each.minor) for each in price.lines]
    return StayPriceOut(minor=row.total.minor, currency=row.total.currency, lines=lines, not_itemised=price.rest)


def _stay(row: StayRow, tally: Tally | None) -> StayOut:
    tally = tally or Tally(0, 0, 0)
    return StayOut(
        id=row.id,
        unit=row.unit_id,
        channel=row.channel_id,
        kind=row.kind,
        status=row.status,
        arrival=None if row.arrival is None else row.arrival.isoformat(),
        departure=None if row.departure is None else row.departure.isoformat(),
        check_in=row.check_in,
        check_out=row.check_out,
        guest=row.guest,
        reference=row.reference,
        phone_last4=row.phone_last4,
        guests=row.guests,
        adults=row.adults,
        children=row.children,
        infants=row.infants,
        pets=row.pets,
        platform=row.platform,
        source_status=row.source_status,
        note=row.note,
        **{name: getattr(row, name) for name in BESIDES},
        price=_price(row),
        arrived_at=row.arrived_at,
        left_at=row.left_at,
        cancelled_at=row.cancelled_at,
        cancelled_why=row.cancelled_why,
        codes=CodesOut(doors=tally.doors, proven=tally.proven, refused=tally.refused),
    )


class StayQuery(ByTime):
    unit: str | None = None
    property: str | None = None
    status: StayStatus | None = None
    stage: Annotated[
        Stage | None, Field(description="where it stands in its course, as `/stays/{stay}/workflow` says")
    ] = None
    kind: Annotated[StayKind | Literal["hold"] | None, Field(description="`hold`: only nights that are held")] = None
    source: Annotated[
        str, Field(max_length=100, description="a channel's id, a platform's name, or `here`: a person added it")
    ] = ""
    text: Annotated[
        str,
        Field(
            max_length=100,
            description="found in guest, reference, note, the unit's name, or the end of a telephone number",
        ),
    ] = ""
    since: Annotated[Instant | None, Field(description="only stays that end later")] = None
    until: Annotated[Instant | None, Field(description="only stays that begin earlier")] = None


async def list_stays(call: Call, query: StayQuery, body: Nothing) -> StayPage:
    """By check-in. A report without dates has no place in this order; it is among the findings of health."""
    after = parsed(query.cursor)
    wanted = Wanted(
        unit=None if query.unit is None else UnitId(query.unit),
        property=None if query.property is None else PropertyId(query.property),
        status=query.status,
        stage=query.stage,
        kind=query.kind if isinstance(query.kind, StayKind) else None,
        source=query.source,
        text=query.text,
        since=query.since,
        until=query.until,
        after=None if after is None else (after[0], StayId(after[1])),
        limit=query.limit + 1,
    )

    def look(tx: Tx) -> StayPage:
        page = cut(
            [] if query.kind == HOLD else ledger.search(tx, wanted),
            lambda row: "" if row.check_in is None else position(row.check_in, row.id),
            query.limit,
        )
        holds = [hold_out(each) for each in booked.held(tx, wanted, call.hub.clock.now())]
        return StayPage(items=stays_out(tx, page.rows, call), next=page.next, holds=holds)

    return await call.hub.store.read(look)


async def get_ladder(call: Call, query: Nothing, body: Nothing) -> LadderOut:
    """For a stay that gets codes, and is not over."""
    id_ = StayId(call.path["stay"])

    def look(tx: Tx) -> OnLadder | None:
        row, now = ledger.stay(tx, id_), call.hub.clock.now()
        if row is None:
            raise missing("stay", id_)
        return None if staying.is_over(tx, row, now) else ladder.standing(tx, [row], now).get(id_)

    where = await call.hub.store.read(look)
    if where is None:
        raise missing("ladder of the stay", id_)
    gate = where.gate
    return LadderOut(
        rung=where.rung,
        doors=[_door(door, standing.rung) for door, standing in where.doors],
        tell=isinstance(gate, Tell),
        works_from=where.works_from,
        why_not="" if isinstance(gate, Tell) else gate.why,
        told_from=None if isinstance(gate, Tell) else gate.until,
    )


def _door(door: DoorNow, rung: Rung) -> DoorOut:
    due = deadlines(door)
    return DoorOut(
        lock=door.lock,
        rung=rung,
        waits=door.waits,
        backup=door.backup,
        takes_backup=takes_backup(door),
        works_from=door.hours.works_from,
        warn_at=due.warn,
        switch_at=due.switch,
        call_at=due.call,
    )


async def use_backup(call: Call, query: Nothing, body: Nothing) -> StayOut:
    return await change_stay(call, lambda tx, id_: backup_codes.use(tx, call.hub.desk, _row(tx, id_), call.actor))


async def doubt_code(call: Call, query: Nothing, body: Nothing) -> StayOut:
    return await change_stay(call, lambda tx, id_: backup_codes.doubt(tx, call.hub.desk, _row(tx, id_), call.actor))


def _row(tx: Tx, id_: StayId) -> StayRow:
    row = ledger.stay(tx, id_)
    if row is None:
        raise missing("stay", id_)
    return row


async def get_stay(call: Call, query: Nothing, body: Nothing) -> StayOut:
    return await call.hub.store.read(lambda tx: _found(tx, StayId(call.path["stay"]), call))


def _found(tx: Tx, id_: StayId, call: Call) -> StayOut:
    [told] = stays_out(tx, [_row(tx, id_)], call)
    return told


def stays_out(tx: Tx, rows: Sequence[StayRow], call: Call) -> list[StayOut]:
    tallies = proofs.tallies(tx, [row.id for row in rows], call.hub.clock.now())
    return [_stay(row, tallies.get(row.id)) for row in rows]


class PriceLineIn(In):
    kind: LineKind
    label: Annotated[str, Field(max_length=LONGEST, description="in the house's own words")] = ""
    minor: Annotated[int, Field(ge=-(10**12), le=10**12, description="a discount is less than nothing"), Whole]


class PriceIn(In):
    """What the guest pays."""

    minor: Annotated[int, Field(ge=0, le=10**12, description="in the smallest unit of the currency"), Whole]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217, as EUR")]
    lines: Annotated[
        list[PriceLineIn] | None,
        Field(max_length=MOST, description="what it is made of; null: as it was, as long as the price is the same"),
    ] = None

    @property
    def made_of(self) -> tuple[PriceLine, ...] | None:
        if self.lines is None:
            return None
        return tuple(PriceLine(each.kind, each.minor, clean(each.label, limit=LONGEST)) for each in self.lines)

    @property
    def money(self) -> Money:
        return Money(self.minor, self.currency)


_Requests = Annotated[
    str, Field(max_length=BESIDES["special_requests"], description="what the guest asked for when booking")
]
_Company = Annotated[str, Field(max_length=BESIDES["company"])]
_Purpose = Annotated[str, Field(max_length=BESIDES["purpose"], description="of the journey, as business")]
_Country = Annotated[str, Field(max_length=BESIDES["country"], description="where the guest comes from")]


class StayIn(In):
    kind: Annotated[
        Literal["reservation", "owner"],
        Field(description="whose: a guest's, or the owner's own, who gets a code as well"),
    ] = "reservation"
    unit: Annotated[str, Field(max_length=100)]
    arrival: Day
    departure: Annotated[Day, Field(description="the day of leaving")]
    guest: Annotated[str, Field(max_length=120, min_length=1)]
    phone: Annotated[str, Field(max_length=40)] = ""
    email: Annotated[str, Field(max_length=200)] = ""
    note: Annotated[str, Field(max_length=500)] = ""
    check_in: Annotated[TimeOfDay | None, Field(description="local; null: as the house rules say")] = None
    check_out: Annotated[TimeOfDay | None, Field(description="local; null: as the house rules say")] = None
    guests: Annotated[int, Field(ge=1, le=1000, description="how many come, children among them"), Whole] | None = None
    children: Annotated[int, Field(ge=0, le=1000, description="how many of those"), Whole] | None = None
    infants: Annotated[int, Field(ge=0, le=1000, description="besides"), Whole] | None = None
    pets: Annotated[int, Field(ge=0, le=1000), Whole] | None = None
    price: PriceIn | None = None
    awaits_payment: Annotated[
        bool, Field(description="not confirmed: its nights are kept for 24 hours, and not beyond check-in; no code yet")
    ] = False
    special_requests: _Requests = ""
    company: _Company = ""
    purpose: _Purpose = ""
    country: _Country = ""
    reference: Annotated[
        str,
        Field(max_length=60, description="stays that have it in common are one booking, as `/stays/{stay}/group` says"),
    ] = ""
    anyway: Annotated[bool, Field(description="in spite of the house's own rules; never of others who stay there")] = (
        False
    )
    hold: Annotated[str, Field(max_length=40, description="the hold that becomes this stay")] | None = None


async def add_stay(call: Call, query: Nothing, body: StayIn) -> StayOut:
    new = NewStay(
        unit=UnitId(body.unit),
        arrival=body.arrival,
        departure=body.departure,
        guest=body.guest,
        phone=body.phone,
        email=body.email,
        note=body.note,
        check_in=body.check_in,
        check_out=body.check_out,
        kind=StayKind(body.kind),
        guests=body.guests,
        children=body.children,
        infants=body.infants,
        pets=body.pets,
        total=None if body.price is None else body.price.money,
        lines=() if body.price is None else body.price.made_of or (),
        awaits_payment=body.awaits_payment,
        reference=body.reference,
        **{name: getattr(body, name) for name in BESIDES},
    )

    def work(tx: Tx) -> StayOut:
        id_ = bookings.book(tx, call.hub.intake, new, call.actor, anyway=body.anyway, hold=body.hold)
        return _found(tx, id_, call)

    try:
        return await call.hub.store.write(work)
    except NotFree as error:
        raise not_free(error) from error


class ExtendIn(In):
    """What is null or left out stays as it is."""

    departure: Day | None = None
    check_in: TimeOfDay | None = None
    check_out: TimeOfDay | None = None
    price: PriceIn | None = Field(default=None, description="of a stay that was made here")
    unpriced: bool = Field(default=False, description="take its price away")
    anyway: Annotated[bool, Field(description="in spite of the house's own rules; never of others who stay there")] = (
        False
    )


class ChangeIn(ExtendIn):
    """What is null or left out stays as it is; an empty text takes away what was there."""

    guest: Annotated[str, Field(max_length=120, min_length=1)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    email: Annotated[str, Field(max_length=200)] | None = None
    arrival: Annotated[Day | None, Field(description="this and what follows: of a stay that was made here")] = None
    note: Annotated[str, Field(max_length=500)] | None = None
    guests: Annotated[int, Field(ge=1, le=1000, description="how many come, children among them"), Whole] | None = None
    children: Annotated[int, Field(ge=0, le=1000, description="how many of those"), Whole] | None = None
    infants: Annotated[int, Field(ge=0, le=1000, description="besides"), Whole] | None = None
    pets: Annotated[int, Field(ge=0, le=1000), Whole] | None = None
    special_requests: _Requests | None = None
    company: _Company | None = None
    purpose: _Purpose | None = None
    country: _Country | None = None
    reference: (
        Annotated[str, Field(max_length=60, description="stays that have it in common are one booking")] | None
    ) = None
    uncounted: list[Literal["guests", "children", "infants", "pets"]] = Field(
        default_factory=list, max_length=4, description="nobody says any more how many of these come"
    )


async def extend_stay(call: Call, query: Nothing, body: ExtendIn) -> StayOut:
    return await _changed(call, body)


async def say_anew(call: Call, query: Nothing, body: ChangeIn) -> StayOut:
    return await _changed(call, body)


async def _changed(call: Call, body: ExtendIn) -> StayOut:
    if body.unpriced and body.price is not None:
        raise Problem("refused", "a price is said, or taken away, not both")
    besides = ("price", "unpriced", "anyway", "uncounted")
    told = {name: getattr(body, name) for name in type(body).model_fields if name not in besides}
    told["uncounted"] = frozenset(body.uncounted if isinstance(body, ChangeIn) else ())
    price = None if body.price is None else body.price.money
    lines = None if body.price is None else body.price.made_of
    said = StayChange(**told, total=NoPrice.UNPRICED if body.unpriced else price, lines=lines)
    try:
        return await change_stay(
            call, lambda tx, id_: bookings.change(tx, call.hub.intake, id_, said, call.actor, anyway=body.anyway)
        )
    except NotFree as error:
        raise not_free(error) from error


class CancelQuery(In):
    in_full: Annotated[
        Flag, Field(description="all of its price is to be given back, whatever the house's rules say: force majeure")
    ] = False


async def cancel_stay(call: Call, query: CancelQuery, body: Nothing) -> StayOut:
    return await change_stay(
        call, lambda tx, id_: call.hub.intake.cancel_stay(tx, id_, call.actor, in_full=query.in_full)
    )


class RestoreQuery(In):
    anyway: Annotated[Flag, Field(description="in spite of the house's own rules; never of others who stay there")] = (
        False
    )


async def restore_stay(call: Call, query: RestoreQuery, body: Nothing) -> StayOut:
    try:
        return await change_stay(
            call, lambda tx, id_: bookings.restore(tx, call.hub.intake, id_, call.actor, anyway=query.anyway)
        )
    except NotFree as error:
        raise not_free(error) from error


async def redraw_code(call: Call, query: Nothing, body: Nothing) -> StayOut:
    return await change_stay(call, lambda tx, id_: call.hub.intake.redraw(tx, id_, call.actor))


async def change_stay(call: Call, change: Callable[[Tx, StayId], object]) -> StayOut:
    id_ = StayId(call.path["stay"])

    def work(tx: Tx) -> StayOut:
        _found(tx, id_, call)
        change(tx, id_)
        return _found(tx, id_, call)

    return await call.hub.store.write(work)
