"""The calendar: units by days with all that takes their nights, and whether nights are free, with the reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final, Protocol, TypeVar
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field

from hub import bookings
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.availability import Objection, Wish
from hub.model.values import PropertyId, UnitId
from hub.store import bookings as booked
from hub.store import nights
from hub.store.engine import Tx
from web.calendar_view import Day, Row, Shown, pieces, row
from web.forms import Filled, Form, blank, read
from web.ground import Ground
from web.site import SITE, in_dialog, page, part, wakes
from web.words import counted, short_day

ZOOMS: Final = {"weeks": (14, 7), "month": (31, 28)}
"""How many days are shown, and by how many one goes on. Four weeks, so that a weekday stays where it is."""
_FIRST, _LAST = date(1970, 2, 1), date(8999, 1, 1)
"""Within what `hub.bookings` reaches."""


# ---- the calendar --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class CalendarView:
    title: str
    zoom: str
    first: date
    columns: int
    days: list[Day]
    months: list[tuple[date, int]]
    groups: list[Group]
    zooms: list[tuple[str, str, bool]]
    places: tuple[tuple[str, str], ...]
    """Of the house, where there are several."""
    place: str
    here: str
    earlier: str
    later: str
    now: str
    wakes: str


@dataclass(frozen=True, slots=True)
class _Asked:
    first: date | None
    zoom: str
    place: str

    def at(self, first: date | None, **more: str) -> str:
        told = {"zoom": self.zoom, "property": self.place} | more
        days = {} if first is None else {"from": first.isoformat()}
        return "/calendar?" + urlencode({name: value for name, value in (days | told).items() if value})


def _asked(request: web.Request) -> _Asked:
    zoom = request.query.get("zoom", "month")
    try:
        first = min(max(date.fromisoformat(request.query.get("from", "")), _FIRST), _LAST)
    except ValueError:
        first = None
    return _Asked(first, zoom if zoom in ZOOMS else "month", request.query.get("property", "")[:100])


def look(tx: Tx, hub: Hub, asked: _Asked) -> CalendarView:
    ground = Ground.read(tx, hub.clock.now())
    local = ground.local()
    first = asked.first or local.today - timedelta(days=local.today.weekday())
    days, step = ZOOMS[asked.zoom]
    shown = Shown(first, days)
    groups = _groups(tx, ground, shown, asked.place)
    steps = timedelta(days=step)
    return CalendarView(
        title=f"{short_day(first)} to {short_day(shown.until - timedelta(days=1))} {shown.until.year}",
        zoom=asked.zoom,
        first=first,
        columns=2 * days,
        days=shown.header(local),
        months=shown.months(),
        groups=groups,
        zooms=[
            (words, _Asked(None, name, asked.place).at(asked.first), name == asked.zoom)
            for name, words in (("weeks", "Two weeks"), ("month", "Month"))
        ],
        places=tuple((place.id, place.name) for place in ground.places.values()) if len(ground.places) > 1 else (),
        place=asked.place,
        here=asked.at(asked.first, part="grid"),
        earlier=asked.at(max(first - steps, _FIRST)),
        later=asked.at(min(first + steps, _LAST)),
        now=asked.at(None),
        wakes=wakes("stays", "house"),
    )


class _OfUnit(Protocol):
    @property
    def unit(self) -> UnitId: ...


Entry = TypeVar("Entry", bound=_OfUnit)


def _by_unit(entries: Iterable[Entry]) -> dict[Hashable, list[Entry]]:
    found: dict[Hashable, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.unit].append(entry)
    return found


def _groups(tx: Tx, ground: Ground, shown: Shown, place: str) -> list[Group]:
    units = [unit for unit in ground.units.values() if place in ("", unit.property)]
    flags = bookings.calendars(tx, [unit.id for unit in units], shown.night_before, shown.nights, ground.now)
    spans = _by_unit(nights.spans(tx, shown.night_before, shown.until))
    holds = _by_unit(booked.live_holds(tx, ground.now))
    closures = _by_unit(booked.closures_after(tx, shown.night_before))
    rows: dict[PropertyId, list[Row]] = defaultdict(list)
    for unit in units:
        local = ground.local(unit.property)
        taken = spans.get(unit.id, ()), holds.get(unit.id, ()), closures.get(unit.id, ())
        found = pieces(shown, *taken, local, ground.places[unit.property].check_in)
        rows[unit.property].append(row(shown, unit.id, unit.name, found, flags[unit.id]))
    return [Group(ground.places[id_].name, sorted(rows[id_], key=lambda each: each.name)) for id_ in rows]


async def show(request: web.Request) -> web.Response:
    hub, asked = request.app[SITE].hub, _asked(request)
    view = await hub.store.read(lambda tx: look(tx, hub, asked))
    if request.query.get("part") == "grid":
        return part(request, "calendar/page.html", "grid", view=view)
    return await page(request, "calendar/page.html", "calendar", view=view)


# ---- free nights ---------------------------------------------------------------------------------------------------


class FreeForm(Form):
    unit: str = Field("", title="The unit", max_length=100)
    arrival: date = Field(title="The day of arrival")
    departure: date = Field(title="The day of leaving")
    guests: Annotated[int, Field(ge=1, le=1000)] | None = Field(None, title="How many come")


@dataclass(frozen=True, slots=True)
class UnitFree:
    id: UnitId
    name: str
    against: tuple[Objection, ...]
    add: str
    hold: str
    close: str

    @property
    def hard(self) -> bool:
        return any(each.reason.hard for each in self.against)


@dataclass(frozen=True, slots=True)
class FreeView:
    in_dialog: bool
    units: tuple[tuple[str, str], ...]
    days: str = ""
    one: UnitFree | None = None
    """Where one unit was asked for."""
    free: tuple[UnitFree, ...] = ()
    taken: tuple[UnitFree, ...] = ()


def _free(tx: Tx, hub: Hub, given: FreeForm | None, *, in_dialog: bool) -> FreeView:
    ground = Ground.read(tx, hub.clock.now())
    names = {unit.id: ground.unit_name(unit.id) for unit in ground.units.values()}
    view = FreeView(in_dialog, (("", "Any unit"), *names.items()))
    if given is None:
        return view
    if given.unit and given.unit not in names:
        raise Rejected(f"there is no unit called “{given.unit}”")
    wish = Wish(given.arrival, given.departure, given.guests)
    wanted = [UnitId(given.unit)] if given.unit else list(names)
    against = bookings.look(tx, wanted, wish, ground.now)
    found = [_unit_free(id_, names[id_], against[id_], given) for id_ in wanted]
    one = found[0] if given.unit else None
    free = () if one else tuple(each for each in found if not each.against)
    taken = () if one else tuple(each for each in found if each.against)
    days = f"{short_day(given.arrival)} to {short_day(given.departure)} {given.departure.year}"
    told = f"{days}, {counted(wish.nights, 'night')}" if wish.nights > 0 else days
    return FreeView(in_dialog, view.units, told, one, free, taken)


def _unit_free(id_: UnitId, name: str, against: tuple[Objection, ...], given: FreeForm) -> UnitFree:
    days = {"arrival": given.arrival.isoformat(), "departure": given.departure.isoformat()}
    come = {} if given.guests is None else {"guests": str(given.guests)}
    shut = {"first": given.arrival.isoformat(), "until": given.departure.isoformat()}
    return UnitFree(
        id=id_,
        name=name,
        against=against,
        add="/stays/new?" + urlencode({"unit": id_} | days | come),
        hold="/stays/holds?" + urlencode({"unit": id_} | days),
        close=f"/units/{id_}/booking?" + urlencode(shut),
    )


async def free(request: web.Request) -> web.Response:
    hub, asked_in = request.app[SITE].hub, in_dialog(request)
    form: Filled[FreeForm]
    if "arrival" in request.query:
        form = read(FreeForm, request.query)
    else:
        form = blank(FreeForm, unit=request.query.get("unit", "")[:100])
    given = form.value
    try:
        view = await hub.store.read(lambda tx: _free(tx, hub, given, in_dialog=asked_in))
    except Rejected as error:
        form = form.refused(f"{error}.")
        view = await hub.store.read(lambda tx: _free(tx, hub, None, in_dialog=asked_in))
    if asked_in:
        return part(request, "calendar/free.html", "form", view=view, form=form)
    status = 422 if form.errors else 200
    return await page(request, "calendar/free.html", "calendar", status=status, view=view, form=form)


ROUTES = [
    web.get("/calendar", show),
    web.get("/calendar/free", free),
]
