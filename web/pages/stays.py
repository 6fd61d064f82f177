"""One stay with its codes and all that is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from aiohttp import web

from hub import backup_codes, contact_looks, contacts, ladder, workflow
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.values import CODED, ChannelId, StayId, StayStatus
from hub.store import codes, conflicts, guests, house, questions, staying
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.stays import StayRow
from web.ground import Ask, Ground, StayLine
from web.ladder_view import LadderView, ladder_view
from web.pages.guest_link import ForGuest, for_guest
from web.pages.guest_messages import Writing, refused, writing
from web.pages.known_guest import KnownGuest, known_guest
from web.pages.platform_codes import AtPlatform, at_platforms
from web.pages.stay_group import Group, group_of
from web.pages.stay_list import listing
from web.pages.sync import OtherDays, other_days_of
from web.prices import itemised
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
    """What the guest pays; empty: nobody said."""
    priced: tuple[tuple[str, str], ...]
    """What that is made of, and how much each is."""
    pays_until: Moment | None
    """It waits for payment, and is cancelled then."""
    special_requests: str
    besides: tuple[tuple[str, str], ...]
    """What else its guest told, with its heading."""
    synced: bool
    """Some channel tells of it, or is told of its unit."""
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


def row_of(tx: Tx, id_: StayId) -> StayRow:
    row = ledger.stay(tx, id_)
    if row is None:
        raise web.HTTPNotFound
    return row


def look_at(tx: Tx, hub: Hub, id_: StayId) -> StayView:
    ground = Ground.read(tx, hub.clock.now())
    row = row_of(tx, id_)
    [line] = ground.with_doors(tx, [row])
    contact = contacts.opened(hub.vault, row)
    asked = [question for question in questions.open_questions(tx) if question.subject == id_]
    live = row.status in (StayStatus.CONFIRMED, StayStatus.TENTATIVE)
    over = staying.is_over(tx, row, ground.now)
    return StayView(
        stay=line,
        questions=[ground.ask(question, row) for question in asked],
        code=_code(tx, ground, row),
        platforms=at_platforms(tx, hub, ground, row),
        knowing=known_lines(tx, ground, row),
        other_days=other_days_of(tx, id_, hub.clock.now()),
        guest=for_guest(tx, hub, ground, row),
        also=[each for each in guests.told_by(tx, id_) if each != row.channel_id],
        reference=row.reference,
        party=tuple(_party(row)),
        platform=row.platform,
        price="" if row.total is None else str(row.total),
        priced=tuple(itemised(row.price)),
        pays_until=ground.local_of(row.unit_id).maybe(workflow.pays_until(tx, row)),
        special_requests=row.special_requests,
        besides=tuple((words, said) for words, said in _besides(row) if said),
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


def _besides(row: StayRow) -> Iterable[tuple[str, str]]:
    yield "Company", row.company
    yield "Purpose of the journey", row.purpose
    yield "Country", row.country


def _ladder(tx: Tx, ground: Ground, row: StayRow) -> LadderView | None:
    where = None if staying.is_over(tx, row, ground.now) else ladder.standing(tx, [row], ground.now).get(row.id)
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
        row = row_of(tx, id_)
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
    await hub.store.write(lambda tx: backup_codes.use(tx, hub.desk, row_of(tx, id_), actor))
    return go(request, f"/stays/{id_}", said="backup_used")


async def doubt(request: web.Request) -> web.Response:
    """The locks are asked for the code again; what they say is on the page in seconds."""
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_ = StayId(request.match_info["id"])
    await hub.store.write(lambda tx: backup_codes.doubt(tx, hub.desk, row_of(tx, id_), actor))
    return go(request, f"/stays/{id_}", said="code_doubted")


ROUTES = [
    web.get("/stays", listing),
    web.get("/stays/{id}", one),
    web.post("/stays/{id}/code", show_code),
    web.post("/stays/{id}/messages", write),
    web.post("/stays/{id}/redraw", redraw),
    web.post("/stays/{id}/backup", use_backup),
    web.post("/stays/{id}/doubt", doubt),
]
