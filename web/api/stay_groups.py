"""One party takes several units: booked, moved and cancelled together, all of them or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from hub import groups
from hub.bookings import NotFree
from hub.groups import GroupChange
from hub.intake import NewStay
from hub.model.groups import MOST_TOGETHER, summed
from hub.model.values import BESIDES, StayId, StayKind, UnitId
from hub.store import stays as ledger
from hub.store.engine import Tx
from web.api.bookings import not_free
from web.api.problems import missing
from web.api.routes import Call
from web.api.stays import PriceIn, PriceOut, StayIn, StayOut, stays_out
from web.api.wire import Day, In, Nothing, Out, TimeOfDay, Whole

_Anyway = Annotated[bool, Field(description="in spite of the house's own rules; never of others who stay there")]
_Meant = Annotated[
    list[str] | None,
    Field(
        max_length=MOST_TOGETHER + 1,
        description="the stays that are meant: refused where others would be touched; null: whichever they are",
    ),
]


class GroupOut(Out):
    """The stays of one booking, and what they are in all; cancelled ones count for nothing."""

    reference: str
    units: int
    cancelled: int
    guests: int | None = Field(description="null: of some stay nobody said how many come")
    prices: list[PriceOut] = Field(description="one for each currency, as far as prices were said")
    unpriced: int = Field(description="stays of which nobody said a price")
    stays: list[StayOut]


class FurtherIn(In):
    """A unit besides the first, on the same days and for the same guest."""

    unit: Annotated[str, Field(max_length=100)]
    guests: Annotated[int, Field(ge=1, le=1000), Whole] | None = None
    children: Annotated[int, Field(ge=0, le=1000), Whole] | None = None
    infants: Annotated[int, Field(ge=0, le=1000), Whole] | None = None
    pets: Annotated[int, Field(ge=0, le=1000), Whole] | None = None
    price: PriceIn | None = None


class GroupIn(StayIn):
    """How many come and the price are those of the first unit; each further one has its own."""

    also: Annotated[list[FurtherIn], Field(min_length=1, max_length=MOST_TOGETHER)]


def _party(body: GroupIn) -> list[NewStay]:
    said = ("arrival", "departure", "guest", "phone", "email", "note", "check_in", "check_out", "awaits_payment")
    shared = {name: getattr(body, name) for name in (*said, "reference", *BESIDES)} | {"kind": StayKind(body.kind)}
    takings: list[GroupIn | FurtherIn] = [body, *body.also]
    return [
        NewStay(
            unit=UnitId(each.unit),
            guests=each.guests,
            children=each.children,
            infants=each.infants,
            pets=each.pets,
            total=None if each.price is None else each.price.money,
            lines=() if each.price is None else each.price.made_of or (),
            **shared,
        )
        for each in takings
    ]


def _group(tx: Tx, call: Call, id_: StayId) -> GroupOut:
    row = ledger.stay(tx, id_)
    if row is None:
        raise missing("stay", id_)
    rows = groups.members(tx, row)
    in_all = summed(rows)
    return GroupOut(
        reference=row.reference,
        units=in_all.units,
        cancelled=in_all.cancelled,
        guests=in_all.guests,
        prices=[PriceOut(minor=each.minor, currency=each.currency) for each in in_all.prices],
        unpriced=in_all.unpriced,
        stays=stays_out(tx, rows, call),
    )


async def get_group(call: Call, query: Nothing, body: Nothing) -> GroupOut:
    return await call.hub.store.read(lambda tx: _group(tx, call, StayId(call.path["stay"])))


async def add_group(call: Call, query: Nothing, body: GroupIn) -> GroupOut:
    def work(tx: Tx) -> GroupOut:
        made = groups.book(tx, call.hub.intake, _party(body), call.actor, anyway=body.anyway, hold=body.hold)
        return _group(tx, call, made[0])

    return await _written(call, work)


class GroupChangeIn(In):
    """What is null or left out stays as it is. Days are those of the stay in the path; the others move as far."""

    arrival: Day | None = None
    departure: Day | None = None
    check_in: TimeOfDay | None = None
    check_out: TimeOfDay | None = None
    anyway: _Anyway = False
    stays: _Meant = None


class GroupCancelIn(In):
    stays: _Meant = None
    in_full: Annotated[
        bool,
        Field(description="all of their prices are to be given back, whatever the house's rules say: force majeure"),
    ] = False


class GroupRestoreIn(In):
    stays: _Meant = None
    anyway: _Anyway = False


async def change_group(call: Call, query: Nothing, body: GroupChangeIn) -> GroupOut:
    said = GroupChange(body.arrival, body.departure, body.check_in, body.check_out)
    seen = _seen(body.stays)
    return await _done(
        call,
        lambda tx, id_: groups.change(tx, call.hub.intake, id_, said, call.actor, anyway=body.anyway, meant=seen),
    )


async def cancel_group(call: Call, query: Nothing, body: GroupCancelIn) -> GroupOut:
    return await _done(
        call,
        lambda tx, id_: groups.cancel(
            tx, call.hub.intake, id_, call.actor, in_full=body.in_full, meant=_seen(body.stays)
        ),
    )


async def restore_group(call: Call, query: Nothing, body: GroupRestoreIn) -> GroupOut:
    seen = _seen(body.stays)
    return await _done(
        call, lambda tx, id_: groups.restore(tx, call.hub.intake, id_, call.actor, anyway=body.anyway, meant=seen)
    )


def _seen(stays: list[str] | None) -> frozenset[StayId] | None:
    return None if stays is None else frozenset(map(StayId, stays))


async def _done(call: Call, do: Callable[[Tx, StayId], object]) -> GroupOut:
    id_ = StayId(call.path["stay"])

    def work(tx: Tx) -> GroupOut:
        _group(tx, call, id_)
        do(tx, id_)
        return _group(tx, call, id_)

    return await _written(call, work)


async def _written(call: Call, work: Callable[[Tx], GroupOut]) -> GroupOut:
    try:
        return await call.hub.store.write(work)
    except NotFree as error:
        raise not_free(error) from error
