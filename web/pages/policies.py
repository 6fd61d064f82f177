"""What codes are like: of a property, of one lock, of a unit whose guests all have the same, of one stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from hub import policies
from hub.errors import Rejected
from hub.model.policy import CodeKind, CodePolicy, Override
from hub.model.values import LockId, Pin, PropertyId, StayId, UnitId
from hub.site import MOST_BACKUPS
from hub.store import house
from hub.store import stays as ledger
from hub.store.engine import Tx
from web.forms import DIGITS, Filled, Form, blank, read
from web.site import GUARD, SITE, go, page

KINDS: Final = (
    (CodeKind.RANDOM.value, "Drawn at random"),
    (CodeKind.PHONE.value, "Last four digits of the telephone number, where that is good enough"),
    (CodeKind.FIXED.value, "Always the unit’s own code"),
)
DISTANCES: Final = (("1", "one digit"), ("2", "two digits"), ("3", "three digits"))
AS_EVERYWHERE: Final = ("", "As everywhere in the property")

Minutes = Annotated[int, Field(ge=0, le=1440)]
Hours = Annotated[int, Field(ge=0, le=336)]


class PolicyForm(Form):
    kind: CodeKind = Field(title="Where the digits come from")
    digits: int = Field(title="How many digits", ge=4, le=8)
    distance: int = Field(title="How far apart", ge=1, le=3)
    lead: Minutes = Field(title="How early it works")
    early: Minutes = Field(title="Early check-in")
    late: Minutes = Field(title="Late check-out")
    ahead: Hours = Field(title="How early it goes in")
    backups: int = Field(title="Backup codes", ge=0, le=MOST_BACKUPS)


class OverrideForm(Form):
    kind: CodeKind | None = Field(None, title="Where the digits come from")
    digits: int | None = Field(None, title="How many digits", ge=4, le=8)
    distance: int | None = Field(None, title="How far apart", ge=1, le=3)
    lead: Minutes | None = Field(None, title="How early it works")
    early: Minutes | None = Field(None, title="Early check-in")
    late: Minutes | None = Field(None, title="Late check-out")
    ahead: Hours | None = Field(None, title="How early it goes in")
    backups: int | None = Field(None, title="Backup codes", ge=0, le=MOST_BACKUPS)


class PinForm(Form):
    pin: str = Field(title="The code", pattern=DIGITS)


def _minutes(span: timedelta | None) -> str:
    return "" if span is None else f"{span.total_seconds() / 60:.0f}"


def _hours(span: timedelta | None) -> str:
    return "" if span is None else f"{span.total_seconds() / 3600:.0f}"


def _known(told: CodePolicy | Override) -> dict[str, str]:
    return {
        "kind": "" if told.kind is None else told.kind.value,
        "digits": str(told.digits or ""),
        "distance": str(told.distance or ""),
        "lead": _minutes(told.lead),
        "early": _minutes(told.early),
        "late": _minutes(told.late),
        "ahead": _hours(told.ahead),
    }


def _span(minutes: int | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)


# ---- a property -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnitLine:
    id: str
    name: str
    has_code: bool


@dataclass(frozen=True, slots=True)
class Place:
    id: str
    name: str
    units: list[UnitLine]
    differing: list[tuple[str, str]]
    """Locks with a policy of their own."""


async def listing(request: web.Request) -> web.Response:
    places = await request.app[SITE].hub.store.read(house.properties)
    if len(places) == 1:
        return go(request, f"/settings/codes/{places[0].id}")
    return await page(request, "policies/list.html", "settings", places=places)


def _place(request: web.Request, tx: Tx, id_: PropertyId) -> tuple[Place, dict[str, str]]:
    row = house.property_with(tx, id_)
    if row is None:
        raise web.HTTPNotFound
    vault = request.app[SITE].hub.vault
    units = [UnitLine(u.id, u.name, house.unit_pin(tx, u.id, vault) is not None) for u in house.units_in(tx, id_)]
    own: list[tuple[str, str]] = [
        (lock.id, lock.name)
        for lock in house.locks(tx)
        if lock.property == id_ and (lock.codes != Override() or lock.backups is not None)
    ]
    return Place(row.id, row.name, units, own), {**_known(row.codes), "backups": str(row.backups)}


async def show(request: web.Request) -> web.Response:
    return await _show(request, None)


async def _show(request: web.Request, form: Filled[PolicyForm] | None) -> web.Response:
    id_ = PropertyId(request.match_info["property"])
    place, known = await request.app[SITE].hub.store.read(lambda tx: _place(request, tx, id_))
    filled = form or blank(PolicyForm, **known)
    view = {"form": filled, "place": place, "kinds": KINDS, "distances": DISTANCES}
    return await page(request, "policies/property.html", "settings", status=422 if filled.errors else 200, **view)


async def change(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, PropertyId(request.match_info["property"])
    form = read(PolicyForm, await request.post())
    if (given := form.value) is None:
        return await _show(request, form)
    spans = (timedelta(minutes=given.lead), timedelta(minutes=given.early), timedelta(minutes=given.late))
    wanted = CodePolicy(given.kind, given.digits, given.distance, *spans, timedelta(hours=given.ahead))
    try:
        await hub.store.write(
            lambda tx: policies.of_property(tx, hub.intake, id_, wanted, actor, backups=given.backups)
        )
    except Rejected as error:
        return await _show(request, form.refused(f"{error}."))
    return go(request, f"/settings/codes/{id_}", said="policy_changed")


# ---- a lock ---------------------------------------------------------------------------------------------------------


async def show_lock(request: web.Request) -> web.Response:
    return await _show_lock(request, None)


async def _show_lock(request: web.Request, form: Filled[OverrideForm] | None) -> web.Response:
    id_ = LockId(request.match_info["id"])
    row, counts, kept = await request.app[SITE].hub.store.read(
        lambda tx: (house.lock_with(tx, id_), house.codes_at(tx, id_), house.backups_at(tx, id_))
    )
    if row is None:
        raise web.HTTPNotFound
    own = "" if row.backups is None else str(row.backups)
    filled = form or blank(OverrideForm, **_known(row.codes), backups=own)
    kinds, distances = (AS_EVERYWHERE, *KINDS), (AS_EVERYWHERE, *DISTANCES)
    view = {
        "form": filled,
        "lock": row,
        "kinds": kinds,
        "distances": distances,
        "counts": _known(counts) | {"backups": str(kept)},
    }
    return await page(request, "policies/lock.html", "locks", status=422 if filled.errors else 200, **view)


async def change_lock(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, LockId(request.match_info["id"])
    form = read(OverrideForm, await request.post())
    if (given := form.value) is None:
        return await _show_lock(request, form)
    ahead = None if given.ahead is None else timedelta(hours=given.ahead)
    spans = (_span(given.lead), _span(given.early), _span(given.late))
    wanted = Override(given.kind, given.digits, given.distance, *spans, ahead)
    try:
        await hub.store.write(lambda tx: policies.of_lock(tx, hub.intake, id_, wanted, actor, backups=given.backups))
    except Rejected as error:
        return await _show_lock(request, form.refused(f"{error}."))
    return go(request, f"/locks/{id_}", said="policy_changed")


# ---- a code that somebody chose -------------------------------------------------------------------------------------


async def _show_pin(
    request: web.Request, form: Filled[PinForm], whose: str, back: str, *, can_end: bool
) -> web.Response:
    view = {"form": form, "whose": whose, "back": back, "action": request.path, "can_end": can_end}
    return await page(request, "policies/pin.html", "stays", status=422 if form.errors else 200, **view)


async def _unit(request: web.Request, form: Filled[PinForm]) -> web.Response:
    hub, id_ = request.app[SITE].hub, UnitId(request.match_info["unit"])
    unit, pin = await hub.store.read(lambda tx: (house.unit_with(tx, id_), house.unit_pin(tx, id_, hub.vault)))
    if unit is None:
        raise web.HTTPNotFound
    return await _show_pin(request, form, unit.name, f"/settings/codes/{unit.property}", can_end=pin is not None)


async def show_unit(request: web.Request) -> web.Response:
    return await _unit(request, blank(PinForm))


async def type_unit(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, UnitId(request.match_info["unit"])
    posted = await request.post()
    form = read(PinForm, posted)
    ends = posted.get("end") == "end"
    if form.value is None and not ends:
        return await _unit(request, form)
    pin = None if ends or form.value is None else Pin(form.value.pin)

    def work(tx: Tx) -> str:
        hub.intake.type_unit_code(tx, id_, pin, actor)
        unit = house.unit_with(tx, id_)
        return "" if unit is None else unit.property

    try:
        property_ = await hub.store.write(work)
    except Rejected as error:
        return await _unit(request, form.refused(f"{error}.", "pin"))
    return go(request, f"/settings/codes/{property_}", said="policy_changed")


async def _stay(request: web.Request, form: Filled[PinForm]) -> web.Response:
    id_ = StayId(request.match_info["id"])
    row = await request.app[SITE].hub.store.read(lambda tx: ledger.stay(tx, id_))
    if row is None:
        raise web.HTTPNotFound
    whose = row.guest or row.reference or "this stay"
    return await _show_pin(request, form, whose, f"/stays/{id_}", can_end=False)


async def show_stay(request: web.Request) -> web.Response:
    return await _stay(request, blank(PinForm))


async def type_stay(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    form = read(PinForm, await request.post())
    if (given := form.value) is None:
        return await _stay(request, form)
    try:
        await hub.store.write(lambda tx: hub.intake.type_code(tx, id_, Pin(given.pin), actor))
    except Rejected as error:
        return await _stay(request, form.refused(f"{error}.", "pin"))
    return go(request, f"/stays/{id_}", said="code_typed")


ROUTES = [
    web.get("/settings/codes", listing),
    web.get("/settings/codes/{property}", show),
    web.post("/settings/codes/{property}", change),
    web.get("/units/{unit}/code", show_unit),
    web.post("/units/{unit}/code", type_unit),
    web.get("/locks/{id}/policy", show_lock),
    web.post("/locks/{id}/policy", change_lock),
    web.get("/stays/{id}/own-code", show_stay),
    web.post("/stays/{id}/own-code", type_stay),
]
