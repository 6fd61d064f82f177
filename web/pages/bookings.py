"""What may be booked: the rules of a property and of a unit, days that are closed, and nights that are held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from multidict import MultiDictProxy
from pydantic import AfterValidator, Field

from hub import bookings
from hub.bookings import NewHold, NotFree
from hub.errors import Rejected
from hub.hub import Hub
from hub.lost_nights import lost_nights
from hub.model.availability import (
    WEEK,
    BookingRules,
    Closed,
    ClosureKind,
    OwnRules,
    Resource,
    days_in_words,
    too_short_a_day,
)
from hub.model.lost_nights import Month, together
from hub.model.refunds import as_typed, steps_in_words, typed_steps
from hub.model.values import PropertyId, UnitId
from hub.model.workflow import NoShow
from hub.store import bookings as ledger
from hub.store import house
from hub.store.bookings import ClosureRow, Hold
from hub.store.engine import Tx
from web.forms import Filled, Form, blank, read
from web.ground import Ground
from web.site import GUARD, SITE, go, page
from web.told import lines
from web.words import Moment

YES_NO: Final = (("", "As usual"), ("yes", "Yes"), ("no", "No"))
RESOURCES: Final = (
    ("", "As usual"),
    ("property", "A place to stay"),
    ("car", "A car"),
    ("yacht", "A yacht"),
    ("jet", "A jet"),
)
KINDS: Final = (
    ("blackout", "Closed"),
    ("maintenance", "Work in it"),
    ("no_arrival", "Nobody may arrive"),
    ("no_departure", "Nobody may leave"),
)
NO_SHOWS: Final = (
    ("", "As usual"),
    ("note", "It is said; code and nights stay theirs"),
    ("free", "It is said; the code ends and the nights are free"),
    ("off", "Nobody says so but a person"),
)
DAYS: Final = tuple((str(number), name) for number, name in enumerate(WEEK))

Hours = Annotated[float, Field(ge=0, le=8760, allow_inf_nan=False)]
Yes = Literal["yes", "no"]


def _steps(text: str) -> str:
    try:
        typed_steps(text)
    except ValueError as error:
        raise ValueError(f"The refund rule {error}.") from error
    return text


class RulesForm(Form):
    resource: Resource | None = Field(None, title="What is booked")
    buffer: Annotated[float, Field(ge=0, le=168, allow_inf_nan=False)] | None = Field(None, title="Between two stays")
    notice: Hours | None = Field(None, title="Notice")
    advance_days: Annotated[int, Field(ge=1, le=1095)] | None = Field(None, title="How far ahead")
    min_nights: Annotated[int, Field(ge=1, le=365)] | None = Field(None, title="Nights at least")
    max_nights: Annotated[int, Field(ge=1, le=730)] | None = Field(None, title="Nights at most")
    capacity: Annotated[int, Field(ge=1, le=100)] | None = Field(None, title="Guests at most")
    children: Yes | None = Field(None, title="Children")
    pets: Yes | None = Field(None, title="Pets")
    turnover: list[Annotated[int, Field(ge=0, le=6)]] = Field([], title="Only on these days")
    no_arrival: list[Annotated[int, Field(ge=0, le=6)]] = Field([], title="No arrivals on")
    no_departure: list[Annotated[int, Field(ge=0, le=6)]] = Field([], title="No departures on")
    no_show: NoShow | None = Field(None, title="Who does not come")
    no_show_after: Annotated[float, Field(ge=1, le=720, allow_inf_nan=False)] | None = Field(None, title="Missed after")
    refunds: Annotated[str, AfterValidator(_steps)] = Field("", title="The refund rule", max_length=200)
    refund_fee: Annotated[float, Field(ge=0, le=50, allow_inf_nan=False)] | None = Field(
        None, title="The fee of a refund"
    )


class ClosureForm(Form):
    kind: ClosureKind = Field(ClosureKind.BLACKOUT, title="What")
    first: date = Field(title="The first day")
    until: date = Field(title="The day on which it is open again")
    note: str = Field("", title="The note", max_length=200)


class HoldForm(Form):
    unit: str = Field(title="The unit")
    arrival: date = Field(title="The day of arrival")
    departure: date = Field(title="The day of leaving")
    label: str = Field("", title="For whom", max_length=120)
    minutes: int = Field(15, title="For how long", ge=1, le=7 * 24 * 60)
    anyway: Literal["anyway"] | None = None


_LISTS: Final = ("turnover", "no_arrival", "no_departure")


def _read_rules(posted: MultiDictProxy[Any]) -> Filled[RulesForm]:
    lists = {name: [str(day) for day in posted.getall(name, [])] for name in _LISTS}
    return read(RulesForm, {name: posted[name] for name in posted if name not in _LISTS}, **lists)


def _own(given: RulesForm) -> OwnRules:
    """An empty list of days says nothing: the days of the property count."""

    def hours(number: float | None) -> timedelta | None:
        return None if number is None else timedelta(minutes=round(number * 60))

    def said(word: Yes | None) -> bool | None:
        return None if word is None else word == "yes"

    return OwnRules(
        resource=given.resource,
        buffer=hours(given.buffer),
        notice=hours(given.notice),
        advance_days=given.advance_days,
        min_nights=given.min_nights,
        max_nights=given.max_nights,
        capacity=given.capacity,
        children=said(given.children),
        pets=said(given.pets),
        no_arrival=frozenset(given.no_arrival) or None,
        no_departure=frozenset(given.no_departure) or None,
        turnover=frozenset(given.turnover) or None,
        no_show=given.no_show,
        no_show_after=hours(given.no_show_after),
        refunds=typed_steps(given.refunds) or None,
        refund_fee=None if given.refund_fee is None else round(given.refund_fee * 10),
    )


def _hours(span: timedelta | None) -> str:
    return "" if span is None else f"{span.total_seconds() / 3600:g}"


def _known(own: OwnRules) -> dict[str, str]:
    numbers = {name: getattr(own, name) for name in ("advance_days", "min_nights", "max_nights", "capacity")}
    days = {name: getattr(own, name) or () for name in _LISTS}
    words = {True: "yes", False: "no", None: ""}
    return {
        "resource": "" if own.resource is None else own.resource.value,
        "buffer": _hours(own.buffer),
        "notice": _hours(own.notice),
        "no_show": "" if own.no_show is None else own.no_show.value,
        "no_show_after": _hours(own.no_show_after),
        "refunds": as_typed(own.refunds or ()),
        "refund_fee": "" if own.refund_fee is None else f"{own.refund_fee / 10:g}",
        "children": words[own.children],
        "pets": words[own.pets],
        **{name: "" if value is None else str(value) for name, value in numbers.items()},
        **{name: " ".join(map(str, sorted(value))) for name, value in days.items()},
    }


def _counting(rules: BookingRules) -> dict[str, str]:
    days = {name: days_in_words(getattr(rules, name)) or "none" for name in _LISTS}
    return {
        "buffer": _hours(rules.buffer),
        "notice": _hours(rules.notice),
        "no_show_after": _hours(rules.no_show_after),
        "refunds": steps_in_words(rules.refunds),
        "refund_fee": f"{rules.refund_fee / 10:g}",
        "advance_days": str(rules.advance_days),
        "min_nights": str(rules.min_nights),
        "max_nights": str(rules.max_nights),
        "capacity": "any number" if rules.capacity is None else str(rules.capacity),
        **days,
    }


@dataclass(frozen=True, slots=True)
class RulesView:
    title: str
    whose: str
    action: str
    back: str
    back_to: str
    counts: dict[str, str]
    too_short: bool
    """Nobody can come on the day on which somebody leaves."""
    units: list[tuple[str, str]]
    closures: list[ClosureRow]
    lost: list[tuple[str, Month]]
    """What the buffer costs, by month."""
    unit: str = ""


# ---- a property ----------------------------------------------------------------------------------------------------


async def listing(request: web.Request) -> web.Response:
    places = await request.app[SITE].hub.store.read(house.properties)
    if len(places) == 1:
        return go(request, f"/settings/booking/{places[0].id}")
    return await page(request, "bookings/list.html", "settings", places=places)


MONTHS: Final = 3
"""So many, this one among them, are looked at for nights that are lost."""


def _lost(tx: Tx, units: list[UnitId], zone: tzinfo, now: datetime) -> list[tuple[str, Month]]:
    found = lost_nights(tx, units, now.astimezone(zone).date(), MONTHS, now) if units else {}
    return [(f"{month.first:%B %Y}", month) for month in together(found.values())]


def _place(tx: Tx, id_: PropertyId, now: datetime) -> tuple[RulesView, OwnRules]:
    row = house.property_with(tx, id_)
    if row is None:
        raise web.HTTPNotFound
    own, counts, units = ledger.own_rules(tx, f"property:{id_}"), ledger.rules_in(tx, id_), house.units_in(tx, id_)
    view = RulesView(
        title="What may be booked",
        whose=row.name,
        action=f"/settings/booking/{id_}",
        back="/settings",
        back_to="Settings",
        counts=_counting(counts),
        too_short=too_short_a_day(ledger.hours_of(row), counts),
        units=[(unit.id, unit.name) for unit in units],
        closures=[],
        lost=_lost(tx, [unit.id for unit in units], row.zone, now),
    )
    return view, own


async def show(request: web.Request) -> web.Response:
    id_ = PropertyId(request.match_info["property"])
    hub = request.app[SITE].hub
    view, own = await hub.store.read(lambda tx: _place(tx, id_, hub.clock.now()))
    return await _rules_page(request, view, blank(RulesForm, **_known(own)))


async def change(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, PropertyId(request.match_info["property"])
    form = _read_rules(await request.post())
    if (given := form.value) is not None:
        try:
            await hub.store.write(lambda tx: _change(tx, hub, given, actor, of=id_))
            return go(request, f"/settings/booking/{id_}", said="rules_changed")
        except Rejected as error:
            form = form.refused(f"{error}.")
    view, _ = await hub.store.read(lambda tx: _place(tx, id_, hub.clock.now()))
    return await _rules_page(request, view, form)


def _change(
    tx: Tx, hub: Hub, given: RulesForm, actor: str, *, of: PropertyId | None = None, unit: UnitId | None = None
) -> None:
    """What this page does not show stays as it is."""
    about = f"property:{of}" if unit is None else f"unit:{unit}"
    own = replace(_own(given), stale_after=ledger.own_rules(tx, about).stale_after)
    bookings.set_rules(tx, hub.desk, of, unit, own, actor)


async def _rules_page(
    request: web.Request, view: RulesView, form: Filled[RulesForm], shut: Filled[ClosureForm] | None = None
) -> web.Response:
    hub, status = request.app[SITE].hub, 422 if form.errors or (shut is not None and shut.errors) else 200
    unit = UnitId(view.unit)
    heard = await hub.store.read(lambda tx: lines(tx, hub, Ground.read(tx, hub.clock.now()), unit=unit))
    told = {"view": view, "form": form, "shut": shut or blank(ClosureForm), "kinds": KINDS, "days": DAYS}
    told["told"] = heard if view.unit else []
    words = {"resources": RESOURCES, "yes_no": YES_NO, "no_shows": NO_SHOWS, "kind_words": dict(KINDS)}
    return await page(request, "bookings/rules.html", "settings", status=status, **told, **words)


# ---- a unit --------------------------------------------------------------------------------------------------------


def _unit(tx: Tx, id_: UnitId, now: datetime) -> tuple[RulesView, OwnRules]:
    row, place = house.unit_with(tx, id_), house.property_of(tx, id_)
    if row is None or place is None:
        raise web.HTTPNotFound
    own, counts = ledger.own_rules(tx, f"unit:{id_}"), ledger.rules_at(tx, id_)
    view = RulesView(
        title="What may be booked",
        whose=row.name,
        action=f"/units/{id_}/booking",
        back=f"/settings/booking/{place.id}",
        back_to=place.name,
        counts=_counting(counts),
        too_short=too_short_a_day(ledger.hours_of(place), counts),
        units=[],
        closures=ledger.closures_after(tx, now.date() - timedelta(days=1), [id_]),
        lost=_lost(tx, [id_], place.zone, now),
        unit=id_,
    )
    return view, own


async def _unit_page(
    request: web.Request, form: Filled[RulesForm] | None = None, shut: Filled[ClosureForm] | None = None
) -> web.Response:
    hub, id_ = request.app[SITE].hub, UnitId(request.match_info["unit"])
    view, own = await hub.store.read(lambda tx: _unit(tx, id_, hub.clock.now()))
    asked = {name: request.query[name][:10] for name in ("first", "until") if name in request.query}
    return await _rules_page(
        request, view, form or blank(RulesForm, **_known(own)), shut or blank(ClosureForm, **asked)
    )


async def show_unit(request: web.Request) -> web.Response:
    return await _unit_page(request)


async def change_unit(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, UnitId(request.match_info["unit"])
    form = _read_rules(await request.post())
    if (given := form.value) is not None:
        try:
            await hub.store.write(lambda tx: _change(tx, hub, given, actor, unit=id_))
            return go(request, f"/units/{id_}/booking", said="rules_changed")
        except Rejected as error:
            form = form.refused(f"{error}.")
    return await _unit_page(request, form)


async def close(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, UnitId(request.match_info["unit"])
    form = read(ClosureForm, await request.post())
    if (given := form.value) is not None:
        shut = Closed(given.kind, given.first, given.until)
        try:
            await hub.store.write(lambda tx: bookings.close(tx, hub.desk, id_, shut, given.note, actor))
            return go(request, f"/units/{id_}/booking", said="unit_closed")
        except Rejected as error:
            form = form.refused(f"{error}.")
    return await _unit_page(request, None, form)


async def reopen(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    row = await hub.store.write(lambda tx: bookings.reopen(tx, hub.desk, request.match_info["closure"], actor))
    return go(request, f"/units/{row.unit}/booking", said="unit_open")


# ---- holds ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    row: Hold
    unit: str
    until: Moment


@dataclass(frozen=True, slots=True)
class HoldsView:
    holds: list[Held]
    units: tuple[tuple[str, str], ...]
    today: date


def _look_at_holds(tx: Tx, ground: Ground) -> HoldsView:
    rows = ledger.live_holds(tx, ground.now)
    units = tuple((unit.id, ground.unit_name(unit.id)) for unit in ground.units.values())
    lines = [Held(row, ground.unit_name(row.unit), ground.local_of(row.unit).moment(row.expires_at)) for row in rows]
    return HoldsView(lines, units, ground.local().today)


async def _holds_page(request: web.Request, form: Filled[HoldForm] | None, *, soft: bool = False) -> web.Response:
    hub = request.app[SITE].hub
    view = await hub.store.read(lambda tx: _look_at_holds(tx, Ground.read(tx, hub.clock.now())))
    days = {"arrival": view.today.isoformat(), "departure": (view.today + timedelta(days=1)).isoformat()}
    asked = {name: request.query[name][:100] for name in ("unit", "arrival", "departure") if name in request.query}
    filled = form or blank(HoldForm, minutes="15", **days | asked)
    status = 422 if filled.errors else 200
    return await page(request, "bookings/holds.html", "stays", status=status, view=view, form=filled, soft=soft)


async def holds(request: web.Request) -> web.Response:
    return await _holds_page(request, None)


async def hold(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    form, soft = read(HoldForm, await request.post()), False
    if (given := form.value) is not None:
        lasts = timedelta(minutes=given.minutes)
        new = NewHold(UnitId(given.unit), given.arrival, given.departure, given.label, lasts)
        anyway = given.anyway is not None
        try:
            await hub.store.write(lambda tx: bookings.hold(tx, hub.desk, new, actor, anyway=anyway))
            return go(request, "/stays/holds", said="nights_held")
        except NotFree as error:
            form, soft = form.refused(f"{error}."), error.soft
        except Rejected as error:
            form = form.refused(f"{error}.")
    return await _holds_page(request, form, soft=soft)


async def release(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    await hub.store.write(lambda tx: bookings.release(tx, hub.desk, request.match_info["hold"], actor))
    back = "/stays" if (await request.post()).get("back") == "stays" else "/stays/holds"
    return go(request, back, said="hold_released")


ROUTES = [
    web.get("/settings/booking", listing),
    web.get("/settings/booking/{property}", show),
    web.post("/settings/booking/{property}", change),
    web.get("/units/{unit}/booking", show_unit),
    web.post("/units/{unit}/booking", change_unit),
    web.post("/units/{unit}/closures", close),
    web.post("/closures/{closure}/reopen", reopen),
    web.get("/stays/holds", holds),
    web.post("/stays/holds", hold),
    web.post("/holds/{hold}/release", release),
]
