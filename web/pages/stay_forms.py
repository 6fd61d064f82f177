"""The forms that add a stay, change it, cancel it and take that back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from hub import bookings, contact_looks, contacts, groups, refunding
from hub.bookings import NotFree
from hub.errors import Rejected
from hub.intake import NewStay
from hub.model.groups import MOST_TOGETHER
from hub.model.money import NoPrice, typed_amount
from hub.model.price_lines import Price
from hub.model.values import BESIDES, StayId, StayKind, UnitId
from hub.stay_changes import COUNTS, StayChange
from hub.store import bookings as booked
from hub.store import house, stay_search
from hub.store.engine import Tx
from hub.store.stays import StayRow
from web.forms import Filled, Form, Line, blank, read
from web.ground import Ground
from web.pages.stays import row_of
from web.prices import Priced, price_in, typed
from web.site import GUARD, SITE, go, in_dialog, show_form


class NewForm(Priced):
    kind: Literal["reservation", "owner"] = Field("reservation", title="Whose stay it is")
    guest: Line = Field(title="The guest's name", max_length=120)
    unit: str = Field(title="The unit")
    arrival: date = Field(title="The day of arrival")
    departure: date = Field(title="The day of leaving")
    check_in: time | None = Field(None, title="From")
    check_out: time | None = Field(None, title="Until")
    phone: Line = Field("", title="The telephone number", max_length=40)
    email: Line = Field("", title="The e-mail address", max_length=200)
    note: str = Field("", title="The note", max_length=500)
    guests: int | None = Field(None, title="How many come", ge=1, le=1000)
    children: int | None = Field(None, title="Children", ge=0, le=1000)
    infants: int | None = Field(None, title="Infants", ge=0, le=1000)
    pets: int | None = Field(None, title="Pets", ge=0, le=1000)
    awaits: Literal["", "payment"] = Field("", title="Whether it is sure")
    special_requests: str = Field("", title="What the guest asks for", max_length=BESIDES["special_requests"])
    company: Line = Field("", title="The company", max_length=BESIDES["company"])
    purpose: Line = Field("", title="The purpose of the journey", max_length=BESIDES["purpose"])
    country: Line = Field("", title="The guest's country", max_length=BESIDES["country"])
    reference: Line = Field("", title="The reference", max_length=60)
    also: list[str] = Field([], title="More units", max_length=MOST_TOGETHER)
    """Of the same party; how many come there and what they pay stands in fields of the unit's own."""
    hold: Line | None = Field(None, max_length=40)
    anyway: Literal["anyway"] | None = None


class ChangeForm(Priced):
    """Of a stay that a channel made, the form has less."""

    guest: Line | None = Field(None, title="The guest's name", max_length=120)
    arrival: date | None = Field(None, title="The day of arrival")
    departure: date = Field(title="The day of leaving")
    check_in: time | None = Field(None, title="From")
    check_out: time | None = Field(None, title="Until")
    phone: Line | None = Field(None, title="The telephone number", max_length=40)
    email: Line | None = Field(None, title="The e-mail address", max_length=200)
    note: str | None = Field(None, title="The note", max_length=500)
    guests: int | None = Field(None, title="How many come", ge=1, le=1000)
    children: int | None = Field(None, title="Children", ge=0, le=1000)
    infants: int | None = Field(None, title="Infants", ge=0, le=1000)
    pets: int | None = Field(None, title="Pets", ge=0, le=1000)
    special_requests: str | None = Field(None, title="What the guest asks for", max_length=BESIDES["special_requests"])
    company: Line | None = Field(None, title="The company", max_length=BESIDES["company"])
    purpose: Line | None = Field(None, title="The purpose of the journey", max_length=BESIDES["purpose"])
    country: Line | None = Field(None, title="The guest's country", max_length=BESIDES["country"])
    reference: Line | None = Field(None, title="The reference", max_length=60)
    anyway: Literal["anyway"] | None = None


@dataclass(frozen=True, slots=True)
class FormView:
    kind: str
    """`new` | `change` | `cancel` | `restore`"""
    title: str
    action: str
    verb: str
    back: str
    back_to: str
    in_dialog: bool
    units: tuple[tuple[str, str], ...] = ()
    rules: str = ""
    priced: bool = True
    """A person says what the guest pays; else the stay's channel does."""
    sentence: str = ""
    refund: str = ""
    """What the house's rules say of its price."""
    refundable: bool = False
    soft: bool = False
    """Refused for the house's own rules: it may be done in spite of them."""


async def _show(request: web.Request, view: FormView, form: Filled[Any]) -> web.Response:
    return await show_form(request, "stays", view, form)


async def _new_view(request: web.Request) -> FormView:
    hub = request.app[SITE].hub
    ground = await hub.store.read(lambda tx: Ground.read(tx, hub.clock.now()))
    units = tuple((unit.id, ground.unit_name(unit.id)) for unit in ground.units.values())
    rules = {f"{place.check_in:%H:%M} and {place.check_out:%H:%M}" for place in ground.places.values()}
    return FormView(
        kind="new",
        title="Add a stay",
        action="/stays/new",
        verb="Add the stay",
        back="/stays",
        back_to="Stays",
        in_dialog=in_dialog(request),
        units=units,
        rules=f"Left empty, {rules.pop()} as usual."
        if len(rules) == 1
        else "Left empty, the usual times of the house.",
    )


async def new(request: web.Request) -> web.Response:
    hub, held = request.app[SITE].hub, request.query.get("hold", "")
    asked = {
        name: request.query[name][:100]
        for name in ("unit", "arrival", "departure", "guests", "guest", "reference")
        if name in request.query
    }

    def known(tx: Tx) -> dict[str, str]:
        ground = Ground.read(tx, hub.clock.now())
        for row in booked.live_holds(tx, ground.now):
            if row.id == held:
                days = {"arrival": row.arrival.isoformat(), "departure": row.departure.isoformat()}
                booked_for = {"unit": row.unit, "guest": row.label, "hold": row.id}
                return days | booked_for | {"currency": stay_search.usual_currency(tx)}
        today, currency = ground.local().today, {"currency": stay_search.usual_currency(tx)}
        return {"arrival": today.isoformat(), "departure": (today + timedelta(days=1)).isoformat()} | currency | asked

    return await _show(request, await _new_view(request), blank(NewForm, **await hub.store.read(known)))


def _party(given: NewForm, price: Price, posted: Mapping[str, object]) -> list[NewStay]:
    """A stay for each unit. Raises Rejected."""
    for name, said in posted.items():
        field, _, unit = name.partition(":")
        if field in ("guests", "price") and unit and str(said).strip() and unit not in given.also:
            raise Rejected(f"something stands beside “{unit}”, which is not ticked: tick it, or empty it")
    told = given.model_dump(exclude={"hold", "anyway", "price", "currency", "lines", "awaits", "also"})
    told["awaits_payment"] = given.awaits == "payment"
    told |= {"unit": UnitId(given.unit), "kind": StayKind(given.kind), "total": price.total, "lines": price.lines}
    first = NewStay(**told)
    further = [_further(first, UnitId(each), given.currency, posted) for each in given.also if each != given.unit]
    return [first, *further]


def _further(first: NewStay, unit: UnitId, currency: str | None, posted: Mapping[str, object]) -> NewStay:
    """What was said of the party as a whole is the same in each of its units."""
    guests, amount = (str(posted.get(f"{name}:{unit}", "")).strip() for name in ("guests", "price"))
    if guests and not (guests.isascii() and guests.isdigit() and 1 <= int(guests[:5]) <= 1000):
        raise Rejected(f"how many come to “{unit}” is a number from 1 to 1000")
    if amount and currency is None:
        raise Rejected("say in which currency the prices of further units are, like EUR")
    try:
        total = typed_amount(amount, currency) if amount and currency else None
    except ValueError as error:
        raise Rejected(f"the price of “{unit}” {error}") from error
    of_its_own = {"children": None, "infants": None, "pets": None, "lines": (), "special_requests": ""}
    return replace(first, unit=unit, guests=int(guests) if guests else None, total=total, **of_its_own)  # type: ignore[arg-type]


async def add(request: web.Request) -> web.Response:
    hub, actor, posted = request.app[SITE].hub, request[GUARD].actor, await request.post()
    also = [str(each) for each in posted.getall("also", [])]
    filled = read(NewForm, {name: posted[name] for name in posted if name != "also"}, also=also)
    (form, price), soft = price_in(filled), False
    if (given := form.value) is not None:
        anyway, held = given.anyway is not None, given.hold
        try:
            party = _party(given, price, posted)
            made = await hub.store.write(lambda tx: groups.book(tx, hub.intake, party, actor, anyway=anyway, hold=held))
            return go(request, f"/stays/{made[0]}", said="stay_added" if len(made) == 1 else "group_added")
        except NotFree as error:
            form, soft = form.refused(f"{error}."), error.soft
        except Rejected as error:
            form = form.refused(f"{error}.")
    return await _show(request, replace(await _new_view(request), soft=soft), form)


async def _change_view(request: web.Request) -> tuple[FormView, StayRow]:
    hub = request.app[SITE].hub
    id_ = StayId(request.match_info["id"])

    def see(tx: Tx) -> tuple[FormView, StayRow]:
        row = row_of(tx, id_)
        place = house.property_of(tx, row.unit_id)
        rules = "" if place is None else f"Left empty, {place.check_in:%H:%M} and {place.check_out:%H:%M} as usual."
        view = _about(request, row, "change", "Change the stay", "Change it", rules=rules)
        return replace(view, priced=row.channel_id is None), row

    return await hub.store.read(see)


def _about(
    request: web.Request, row: StayRow, kind: str, title: str, verb: str, *, rules: str = "", sentence: str = ""
) -> FormView:
    return FormView(
        kind=kind,
        title=title,
        action=f"/stays/{row.id}/{kind}",
        verb=verb,
        back=f"/stays/{row.id}",
        back_to=row.guest or row.reference or "The stay",
        in_dialog=in_dialog(request),
        rules=rules,
        sentence=sentence,
    )


async def change(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    view, row = await _change_view(request)
    ground = await hub.store.read(lambda tx: Ground.read(tx, hub.clock.now()))
    local = ground.local_of(row.unit_id)
    times = {"check_in": local.maybe(row.own_check_in), "check_out": local.maybe(row.own_check_out)}
    known = {name: moment.time for name, moment in times.items() if moment is not None}
    known |= {
        name: str(getattr(row, name) or "") for name in ("guest", "arrival", "departure", "note", "reference", *BESIDES)
    }
    party = {name: getattr(row, name) for name in ("guests", "children", "infants", "pets")}
    known |= {name: str(count) for name, count in party.items() if count is not None}
    contact = {name: text for name, text in contacts.opened(hub.vault, row).items() if name in ("phone", "email")}
    if any(contact.values()):
        await contact_looks.looked(hub.store, hub.clock, row.id, request[GUARD].actor)
    return await _show(request, view, blank(ChangeForm, **known, **contact, **typed(row.price)))


async def save_change(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    view, row = await _change_view(request)
    posted, usual = await request.post(), await hub.store.read(lambda tx: _usual_hours(tx, row))
    (form, price), soft = price_in(read(ChangeForm, posted)), False
    if (given := form.value) is not None:
        told = given.model_dump(exclude={"price", "currency", "lines", "anyway"})
        emptied = {name for name in told if name in posted and told[name] is None}
        told |= dict.fromkeys(emptied & {"phone", "email", "note", "reference", *BESIDES}, "")
        told |= {name: usual[name] for name in emptied & usual.keys()}
        told["uncounted"] = frozenset(name for name in emptied & set(COUNTS) if getattr(row, name) is not None)
        unpriced = row.channel_id is None and price.total is None and str(posted.get("price", "-")).strip() == ""
        lines = price.lines if "lines" in posted and price.total is not None else None
        said = StayChange(**told, total=NoPrice.UNPRICED if unpriced else price.total, lines=lines)
        anyway = given.anyway is not None
        try:
            await hub.store.write(lambda tx: bookings.change(tx, hub.intake, row.id, said, actor, anyway=anyway))
            return go(request, f"/stays/{row.id}", said="stay_changed")
        except NotFree as error:
            form, soft = form.refused(f"{error}."), error.soft
        except Rejected as error:
            form = form.refused(f"{error}.")
    return await _show(request, replace(view, soft=soft), form)


def _usual_hours(tx: Tx, row: StayRow) -> dict[str, time]:
    """Of the house, where the stay has hours of its own: an empty line means these."""
    place, own = house.property_of(tx, row.unit_id), {"check_in": row.own_check_in, "check_out": row.own_check_out}
    return {} if place is None else {name: getattr(place, name) for name, at in own.items() if at is not None}


async def _cancel_view(request: web.Request) -> FormView:
    hub = request.app[SITE].hub

    def see(tx: Tx) -> tuple[StayRow, str, bool]:
        row = row_of(tx, StayId(request.match_info["id"]))
        refund, whole = refunding.owed(tx, hub.desk, row), refunding.owed(tx, hub.desk, row, in_full=True)
        return row, "" if refund is None else refund.sentence, whole is not None

    row, refund, refundable = await hub.store.read(see)
    sentence = "Its codes leave the locks at once, and its nights are free again."
    if row.channel_id is not None:
        sentence += f" {row.channel_id} is not told: cancel the booking there, too."
    view = _about(request, row, "cancel", "Cancel this stay?", "Cancel the stay", sentence=sentence)
    return replace(view, refund=refund, refundable=refundable)


async def cancel(request: web.Request) -> web.Response:
    return await _show(request, await _cancel_view(request), blank(Form))


async def save_cancel(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_, in_full = StayId(request.match_info["id"]), "in_full" in await request.post()
    try:
        await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, id_, actor, in_full=in_full))
    except Rejected as error:
        return await _show(request, await _cancel_view(request), blank(Form).refused(f"{error}."))
    return go(request, f"/stays/{id_}", said="stay_cancelled")


async def restore(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_ = StayId(request.match_info["id"])
    anyway = "anyway" in await request.post()
    try:
        await hub.store.write(lambda tx: bookings.restore(tx, hub.intake, id_, actor, anyway=anyway))
    except NotFree as error:
        row = await hub.store.read(lambda tx: row_of(tx, id_))
        view = _about(request, row, "restore", "Take the cancellation back?", "Take it back")
        return await _show(request, replace(view, soft=error.soft), blank(Form).refused(f"{error}."))
    return go(request, f"/stays/{id_}", said="stay_restored")


ROUTES = [
    web.get("/stays/new", new),
    web.post("/stays/new", add),
    web.post("/stays/{id}/restore", restore),
    web.get("/stays/{id}/change", change),
    web.post("/stays/{id}/change", save_change),
    web.get("/stays/{id}/cancel", cancel),
    web.post("/stays/{id}/cancel", save_cancel),
]
