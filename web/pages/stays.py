"""One stay with its codes, and the forms that add, change and cancel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import AfterValidator, Field

from hub import backup_codes, bookings, contact_looks, contacts, ladder
from hub.bookings import NotFree
from hub.errors import Rejected
from hub.hub import Hub
from hub.intake import NewStay
from hub.model.money import NoPrice
from hub.model.values import CODED, ChannelId, StayId, StayKind, StayStatus, UnitId, clean
from hub.stay_changes import COUNTS, StayChange
from hub.store import bookings as booked
from hub.store import codes, conflicts, guests, house, questions, stay_search
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.stays import StayRow
from web.forms import Filled, Form, blank, read
from web.ground import Ask, Ground, StayLine
from web.ladder_view import LadderView, ladder_view
from web.pages.guest_link import ForGuest, for_guest
from web.pages.guest_messages import Writing, refused, writing
from web.pages.known_guest import KnownGuest, known_guest
from web.pages.platform_codes import AtPlatform, at_platforms
from web.pages.stay_group import Group, group_of
from web.pages.stay_list import listing
from web.pages.sync import OtherDays, other_days_of
from web.prices import Priced, total_of, typed
from web.site import GUARD, SITE, go, htmx, page, part, wakes
from web.story import Event, story
from web.told import KnownLine, known_lines
from web.words import Moment, counted

# ---- one stay -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Code:
    """The guest's code as the page shows it, digits only when somebody asked for them."""

    digits: int
    from_: Moment
    until: Moment | None
    opens: str
    pins: tuple[tuple[str, str], ...] = ()
    """(doors, digits): one entry, unless the doors take no common code."""


@dataclass(frozen=True, slots=True)
class StayView:
    stay: StayLine
    questions: list[Ask]
    code: Code | None
    platforms: list[AtPlatform]
    other_days: list[OtherDays]
    knowing: list[KnownLine]
    """Which channels know that its nights are taken."""
    guest: ForGuest
    also: list[ChannelId]
    """Other channels that tell of it."""
    reference: str
    party: tuple[str, ...]
    """How many come, and who of them is small."""
    platform: str
    """Where it was sold, if its channel is a manager of other channels."""
    price: str
    special_requests: str
    synced: bool
    """Some channel tells of it, or is told of its unit."""
    """What the guest pays; empty: nobody said."""
    phone: str
    email: str
    story: list[Event]
    ladder: LadderView | None
    may_change: bool
    may_restore: bool
    contested: bool
    """Another guest has some of its nights."""
    group: Group | None
    """In the same booking, by its reference."""
    contact: bool
    """The whole telephone number or an e-mail address is shown."""
    known: KnownGuest | None
    """None: nobody stays there, it is a closure."""
    writing: Writing | None
    """The same."""
    wakes: str


def _row(tx: Tx, id_: StayId) -> StayRow:
    row = ledger.stay(tx, id_)
    if row is None:
        raise web.HTTPNotFound
    return row


def look_at(tx: Tx, hub: Hub, id_: StayId) -> StayView:
    ground = Ground.read(tx, hub.clock.now())
    row = _row(tx, id_)
    [line] = ground.with_doors(tx, [row])
    contact = contacts.opened(hub.vault, row)
    asked = [question for question in questions.open_questions(tx) if question.subject == id_]
    live = row.status in (StayStatus.CONFIRMED, StayStatus.TENTATIVE)
    over = row.check_out is not None and row.check_out <= ground.now
    return StayView(
        stay=line,
        questions=[ground.ask(question, row) for question in asked],
        code=_code(tx, ground, row),
        platforms=at_platforms(tx, hub, ground, row),
        other_days=other_days_of(tx, id_),
        knowing=known_lines(tx, ground, row),
        guest=for_guest(tx, hub, ground, row),
        also=[each for each in guests.told_by(tx, id_) if each != row.channel_id],
        reference=row.reference,
        party=tuple(_party(row)),
        platform=row.platform,
        price="" if row.total is None else str(row.total),
        special_requests=row.special_requests,
        synced=row.channel_id is not None or any(row.unit_id in each.serves for each in house.channels(tx)),
        phone=contact.get("phone") or (f"ends in {row.phone_last4}" if row.phone_last4 else ""),
        email=contact.get("email", ""),
        contact=any(contact.get(name) for name in ("phone", "email")),
        story=story(tx, ground, row),
        ladder=_ladder(tx, ground, row),
        may_change=live and not over and row.arrival is not None,
        contested=bool(conflicts.contested(tx, [id_])),
        group=group_of(tx, ground, row),
        known=known_guest(tx, hub, ground, row) if row.kind in CODED else None,
        writing=writing(tx, hub, ground, row),
        may_restore=row.status is StayStatus.CANCELLED and not over and row.check_out is not None,
        wakes=wakes(f"stay:{id_}", "stays", "questions", *(f"lock:{door.lock}" for door in line.doors)),
    )


def _party(row: StayRow) -> Iterable[str]:
    for count, word, many in (
        (row.guests, "guest", "guests"),
        (row.children, "child among them", "children among them"),
        (row.infants, "infant", "infants"),
        (row.pets, "pet", "pets"),
    ):
        if count:
            yield counted(count, word, many)


def _ladder(tx: Tx, ground: Ground, row: StayRow) -> LadderView | None:
    over = row.check_out is not None and row.check_out <= ground.now
    where = None if over else ladder.standing(tx, [row], ground.now).get(row.id)
    return None if where is None else ladder_view(ground, where)


def _code(tx: Tx, ground: Ground, row: StayRow, pins: tuple[tuple[str, str], ...] = ()) -> Code | None:
    entries = codes.issued_for(tx, row.id)
    if not entries:
        return None
    local = ground.local_of(row.unit_id)
    window = entries[0].grant.window
    names = " and ".join(ground.door_name(entry.lock) for entry in entries)
    return Code(entries[0].grant.digits, local.moment(window.start), local.maybe(window.end), names, pins)


async def one(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    id_ = StayId(request.match_info["id"])
    view = await hub.store.read(lambda tx: look_at(tx, hub, id_))
    await _note_look(request, view)
    if (block := request.query.get("part", "")) in ("live", "timeline", "code", "messages"):
        return part(request, "stays/one.html", block, view=view)
    return await page(request, "stays/one.html", "stays", view=view)


async def _note_look(request: web.Request, view: StayView) -> None:
    if view.contact:
        hub = request.app[SITE].hub
        await contact_looks.looked(hub.store, hub.clock, view.stay.id, request[GUARD].actor)


async def show_code(request: web.Request) -> web.Response:
    """Audited: who looked, and when, is in the stay's own timeline."""
    hub, guard = request.app[SITE].hub, request[GUARD]
    id_ = StayId(request.match_info["id"])

    def show(tx: Tx) -> StayView:
        ground = Ground.read(tx, hub.clock.now())
        row = _row(tx, id_)
        if not codes.issued_for(tx, id_):
            raise Rejected("this stay has no code")
        by_pin: dict[str, list[str]] = {}
        for lock, pin in backup_codes.for_guest(tx, hub.desk, row, guard.actor):
            by_pin.setdefault(pin.reveal(), []).append(ground.door_name(lock))
        pins = tuple((" and ".join(names), digits) for digits, names in by_pin.items())
        seen = look_at(tx, hub, id_)
        return replace(seen, code=_code(tx, ground, row, pins))

    view = await hub.store.write(show)
    if htmx(request):
        return part(request, "stays/one.html", "code", view=view)
    await _note_look(request, view)
    return await page(request, "stays/one.html", "stays", view=view)


async def write(request: web.Request) -> web.Response:
    """To the guest, through the channel. What was typed is shown again where it is refused."""
    hub, actor, form = request.app[SITE].hub, request[GUARD].actor, await request.post()
    id_, text, once = StayId(request.match_info["id"]), str(form.get("text", "")), str(form.get("once", ""))[:64]
    channel = ChannelId(str(form["channel"])) if form.get("channel") else None
    try:
        await hub.store.write(lambda tx: hub.messages.write(tx, id_, text, actor, channel=channel, once=once))
    except Rejected as error:
        view = await hub.store.read(lambda tx: look_at(tx, hub, id_))
        view = replace(view, writing=refused(view.writing, text, error))
        await _note_look(request, view)
        return await page(request, "stays/one.html", "stays", status=422, view=view)
    return go(request, f"/stays/{id_}", said="message_written")


async def redraw(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_ = StayId(request.match_info["id"])
    await hub.store.write(lambda tx: hub.intake.redraw(tx, id_, actor))
    return go(request, f"/stays/{id_}", said="redrawn")


async def use_backup(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_ = StayId(request.match_info["id"])
    await hub.store.write(lambda tx: backup_codes.use(tx, hub.desk, _row(tx, id_), actor))
    return go(request, f"/stays/{id_}", said="backup_used")


async def doubt(request: web.Request) -> web.Response:
    """The locks are asked for the code again; what they say is on the page in seconds."""
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_ = StayId(request.match_info["id"])
    await hub.store.write(lambda tx: backup_codes.doubt(tx, hub.desk, _row(tx, id_), actor))
    return go(request, f"/stays/{id_}", said="code_doubted")


async def restore(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_ = StayId(request.match_info["id"])
    anyway = "anyway" in await request.post()
    try:
        await hub.store.write(lambda tx: bookings.restore(tx, hub.intake, id_, actor, anyway=anyway))
    except NotFree as error:
        row = await hub.store.read(lambda tx: _row(tx, id_))
        view = _about(request, row, "restore", "Take the cancellation back?", "Take it back")
        return await _show(request, replace(view, soft=error.soft), blank(Form).refused(f"{error}."))
    return go(request, f"/stays/{id_}", said="stay_restored")


# ---- forms ----------------------------------------------------------------------------------------------------------


def _no_line_breaks(text: str) -> str:
    return clean(text, limit=len(text) + 1)


Line = Annotated[str, AfterValidator(_no_line_breaks)]


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
    soft: bool = False
    """Refused for the house's own rules: it may be done in spite of them."""


async def _show(request: web.Request, view: FormView, form: Filled[Any]) -> web.Response:
    if view.in_dialog:
        return part(request, "stays/form.html", "form", view=view, form=form)
    status = 422 if form.errors else 200
    return await page(request, "stays/form.html", "stays", status=status, view=view, form=form)


def _in_dialog(request: web.Request) -> bool:
    return request.query.get("part") == "form" and htmx(request)


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
        in_dialog=_in_dialog(request),
        units=units,
        rules=f"Left empty, {rules.pop()} as usual."
        if len(rules) == 1
        else "Left empty, the usual times of the house.",
    )


async def new(request: web.Request) -> web.Response:
    hub, held = request.app[SITE].hub, request.query.get("hold", "")
    asked = {
        name: request.query[name][:100] for name in ("unit", "arrival", "departure", "guests") if name in request.query
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


async def add(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    (form, total), soft = total_of(read(NewForm, await request.post())), False
    if (given := form.value) is not None:
        told = given.model_dump(exclude={"hold", "anyway", "price", "currency"})
        told |= {"unit": UnitId(given.unit), "kind": StayKind(given.kind), "total": total}
        anyway, held = given.anyway is not None, given.hold
        try:
            id_ = await hub.store.write(
                lambda tx: bookings.book(tx, hub.intake, NewStay(**told), actor, anyway=anyway, hold=held)
            )
            return go(request, f"/stays/{id_}", said="stay_added")
        except NotFree as error:
            form, soft = form.refused(f"{error}."), error.soft
        except Rejected as error:
            form = form.refused(f"{error}.")
    return await _show(request, replace(await _new_view(request), soft=soft), form)


async def _change_view(request: web.Request) -> tuple[FormView, StayRow]:
    hub = request.app[SITE].hub
    id_ = StayId(request.match_info["id"])

    def see(tx: Tx) -> tuple[FormView, StayRow]:
        row = _row(tx, id_)
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
        in_dialog=_in_dialog(request),
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
    known |= {name: str(getattr(row, name) or "") for name in ("guest", "arrival", "departure", "note")}
    party = {name: getattr(row, name) for name in ("guests", "children", "infants", "pets")}
    known |= {name: str(count) for name, count in party.items() if count is not None}
    contact = {name: text for name, text in contacts.opened(hub.vault, row).items() if name in ("phone", "email")}
    if any(contact.values()):
        await contact_looks.looked(hub.store, hub.clock, row.id, request[GUARD].actor)
    return await _show(request, view, blank(ChangeForm, **known, **contact, **typed(row.total)))


async def save_change(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    view, row = await _change_view(request)
    posted, usual = await request.post(), await hub.store.read(lambda tx: _usual_hours(tx, row))
    (form, total), soft = total_of(read(ChangeForm, posted)), False
    if (given := form.value) is not None:
        told = given.model_dump(exclude={"price", "currency", "anyway"})
        emptied = {name for name in told if name in posted and told[name] is None}
        told |= dict.fromkeys(emptied & {"phone", "email", "note"}, "")
        told |= {name: usual[name] for name in emptied & usual.keys()}
        told["uncounted"] = frozenset(name for name in emptied & set(COUNTS) if getattr(row, name) is not None)
        unpriced = row.channel_id is None and str(posted.get("price", "-")).strip() == ""
        said = StayChange(**told, total=NoPrice.UNPRICED if unpriced else total)
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
    row = await hub.store.read(lambda tx: _row(tx, StayId(request.match_info["id"])))
    sentence = "Its codes leave the locks at once. The channel it came from is not told."
    return _about(request, row, "cancel", "Cancel this stay?", "Cancel the stay", sentence=sentence)


async def cancel(request: web.Request) -> web.Response:
    return await _show(request, await _cancel_view(request), blank(Form))


async def save_cancel(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_ = StayId(request.match_info["id"])
    try:
        await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, id_, actor))
    except Rejected as error:
        return await _show(request, await _cancel_view(request), blank(Form).refused(f"{error}."))
    return go(request, f"/stays/{id_}", said="stay_cancelled")


ROUTES = [
    web.get("/stays", listing),
    web.get("/stays/new", new),
    web.post("/stays/new", add),
    web.get("/stays/{id}", one),
    web.post("/stays/{id}/code", show_code),
    web.post("/stays/{id}/messages", write),
    web.post("/stays/{id}/redraw", redraw),
    web.post("/stays/{id}/backup", use_backup),
    web.post("/stays/{id}/doubt", doubt),
    web.post("/stays/{id}/restore", restore),
    web.get("/stays/{id}/change", change),
    web.post("/stays/{id}/change", save_change),
    web.get("/stays/{id}/cancel", cancel),
    web.post("/stays/{id}/cancel", save_cancel),
]
