"""Locks: where each bolt is and what its keypad holds; lock and unlock at once, with a deadline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from aiohttp import web

from hub import backup_codes, coming_back, housing, stubborn
from hub.figures import measured
from hub.hub import Hub
from hub.model.battery import Weighed, Weight, accuracy, curve
from hub.model.codes import CodeState, Limits, Slot
from hub.model.facts import Abilities, Mode
from hub.model.lockdown import Outcome
from hub.model.values import CodeTag, GrantId, LockId, Position, Proof
from hub.store import batteries, code_list, codes, doors, ladder, settings
from hub.store.code_list import Code
from hub.store.doors import Door, unlockable
from hub.store.engine import Tx
from hub.unlock import Answer
from web.batterychart import SHOWN, Chart, draw
from web.figure_view import DAYS, Bar, bars, took
from web.ground import Ground, battery_low
from web.site import GUARD, SITE, go, htmx, page, part, wakes
from web.story import Event, lately
from web.words import Local, Moment


@dataclass(frozen=True, slots=True)
class Worry:
    tone: str
    what: str
    """`set_aside` | `silent` | `not_met` | `no_device` | a word of hub.model.facts.Trouble or Mode"""
    why: str = ""
    since: Moment | None = None


@dataclass(frozen=True, slots=True)
class LockCard:
    id: LockId
    name: str
    opens_for: tuple[str, ...]
    model: str
    secure: str
    security: str
    """`good` | `old` (S0) | `no_key` | `none` | empty: not met yet"""
    position: str
    moved: Moment | None
    how: str
    battery: int | None
    battery_low: bool
    heard: Moment | None
    slots: int
    used: int
    worries: tuple[Worry, ...]
    can_move: bool
    can_unlock: bool
    """False beside `can_move`: its encryption is too old for that."""
    wakes: str


def card(ground: Ground, hub: Hub, door: Door, used: int) -> LockCard:
    local = ground.local(door.property)
    met = hub.plugins.lock(door.driver, door.address)
    able = door.abilities
    return LockCard(
        id=door.id,
        name=door.name,
        opens_for=tuple(ground.unit_name(unit.id) for unit in ground.units.values() if door.id in unit.locks),
        model="" if able is None else able.model,
        secure="" if able is None else able.secure,
        security="" if able is None else _security(able),
        position=door.position.value,
        moved=local.maybe(door.position_at),
        how=door.position_how.value,
        battery=door.battery,
        battery_low=battery_low(door),
        heard=local.maybe(door.heard_at),
        slots=0 if able is None else able.slots,
        used=used,
        worries=tuple(_worries(door, ground)),
        can_move=met is not None and met.bolt is not None,
        can_unlock=unlockable(door),
        wakes=wakes(f"lock:{door.id}", "house", "health"),
    )


def _security(able: Abilities) -> str:
    if able.over_s0:
        return "old"
    if able.secure.endswith("without a key"):
        return "no_key"
    return "good" if able.secure else "none"


def _worries(door: Door, ground: Ground) -> Iterator[Worry]:
    local = ground.local(door.property)
    if door.quarantined:
        yield Worry("bad", "set_aside", door.quarantined)
    if doors.has_no_device(door):
        yield Worry("bad", "no_device")
    elif door.abilities is None:
        yield Worry("warn", "not_met")
    if door.silent_since is not None:
        yield Worry("warn", "silent", door.silent_why, local.moment(door.silent_since))
    if door.position is Position.JAMMED:
        yield Worry("bad", "jammed", since=local.maybe(door.position_at))
    if door.mode is not Mode.NORMAL:
        yield Worry("bad" if door.mode is Mode.VACATION else "warn", door.mode.value, since=local.maybe(door.mode_at))


def cards(tx: Tx, hub: Hub) -> list[LockCard]:
    ground = Ground.read(tx, hub.clock.now())
    used: dict[LockId, int] = {}
    for code in code_list.listing(tx):
        used[code.lock] = used.get(code.lock, 0) + (code.slot is not None)
    return [card(ground, hub, door, used.get(door.id, 0)) for door in ground.doors.values()]


def one_card(tx: Tx, hub: Hub, id_: LockId) -> LockCard:
    ground = Ground.read(tx, hub.clock.now())
    used = sum(code.slot is not None for code in code_list.listing(tx, lock=id_))
    return card(ground, hub, _door(ground, id_), used)


def _door(ground: Ground, id_: LockId) -> Door:
    if id_ not in ground.doors:
        raise web.HTTPNotFound
    return ground.doors[id_]


# ---- one lock -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SlotLine:
    number: int | None
    holder: str
    stay_id: str
    grant_id: str
    """Of a code that belongs to no stay and can be ended here."""
    start: Moment | None
    end: Moment | None
    state: str
    proof: str
    why: str
    ends_itself: bool
    """The lock says that it ends the code, even if the hub is not there."""
    was_told: bool
    """It was told to, and has said no more than that it heard that."""
    held_up: str
    """It is to go, and nothing goes yet: `safe_mode`, or `clock` while nobody knows the time."""
    forgotten: bool
    """It is one of the hub's own, and nobody knows any more whose."""
    adoptable: bool
    """It is somebody else's, and the lock tells digits."""
    written: Moment | None
    """When the lock last took what it was told of this place."""
    proven: Moment | None
    shut: bool
    """The lock was told of other hours, which are over, and has not taken new ones yet."""
    ends_early: Moment | None
    """The lock refused its hours, and does not give up earlier ones, which end then."""
    in_vain: int
    """How often the lock was told it and did not keep it; 0: not often."""


@dataclass(frozen=True, slots=True)
class OuterView:
    """Places that are only read, and seldom."""

    first: int
    last: int
    to: int
    """The one that was read last; 0: none yet."""
    at: Moment | None
    unread: str
    """Those that do not answer."""


@dataclass(frozen=True, slots=True)
class BatteryView:
    chart: Chart | None
    first: str
    last: str
    """The days at the ends of the chart."""
    empty: Moment | None
    """When it will be empty by its own curve."""
    low_at: int
    accuracy: float | None
    """Of the forecasts of a week before, in per cent."""
    readings: tuple[tuple[Moment, str], ...]
    """The latest, newest first, in words."""


def _battery(tx: Tx, door: Door, local: Local) -> BatteryView:
    told = batteries.readings(tx, door.id, local.now - SHOWN)
    low_at = batteries.low_at_of(tx, "" if door.abilities is None else door.abilities.model)
    chart = draw(told, local.now, low_at)
    return BatteryView(
        chart=chart,
        first="" if chart is None else local.moment(chart.first).day,
        last="" if chart is None else local.moment(chart.last).day,
        empty=local.maybe(door.battery_empty_at),
        low_at=low_at,
        accuracy=accuracy(curve(told)),
        readings=tuple((local.moment(each.reading.at), _reading(each)) for each in reversed(told[-12:])),
    )


def _reading(told: Weighed) -> str:
    figure = "warns that it is low" if told.reading.percent is None else f"{told.reading.percent} %"
    return figure + {Weight.DOUBTED: ", not believed", Weight.REPLACED: ", new batteries", Weight.GOOD: ""}[told.weight]


@dataclass(frozen=True, slots=True)
class Backups:
    """The codes that stand in for a guest's own: how many, never which."""

    wanted: int
    proven: int
    at: Moment | None
    """When the lock last said so of the one that was longest ago."""


def _backups(tx: Tx, ground: Ground, door: Door) -> Backups:
    pool = [each for each in ladder.pool(tx, [door.id]).get(door.id, ()) if each.proven(ground.now)]
    seen = [each.slot.proven_at for each in pool if each.slot is not None and each.slot.proven_at is not None]
    at = ground.local(door.property).maybe(min(seen, default=None))
    return Backups(backup_codes.wanted(tx, door.id), len(pool), at)


@dataclass(frozen=True, slots=True)
class LockView:
    lock: LockCard
    slots: list[SlotLine]
    safe_mode: bool
    """Nothing is written to it until a person has looked."""
    lately: list[Event]
    firmware: str
    digits: str
    """How many a code may have: `4`, or `4 to 8`."""
    reads_codes: bool
    battery_at: Moment | None
    address: str
    unencrypted_by_choice: bool
    unlocks_over_s0: bool
    keeps_hours: bool
    keeps_waiting: bool
    battery: BatteryView
    coming_back: coming_back.Return | None
    figures: list[Bar]
    took: str
    """How long its commands take, in a sentence."""
    backups: Backups
    outer: OuterView | None
    consent: str = housing.CONSENT


def look_at(tx: Tx, hub: Hub, id_: LockId) -> LockView:
    ground = Ground.read(tx, hub.clock.now())
    door, told = _door(ground, id_), measured(tx, ground.now, DAYS)
    listed = code_list.listing(tx, lock=id_)
    local = ground.local(door.property)
    able = door.abilities
    places, ours = codes.slots_of(tx, id_), hub.tagbook.tags
    safe_mode = settings.safe_mode(tx)
    held_up = "safe_mode" if safe_mode else "" if hub.clock.trusted else "clock"
    return LockView(
        lock=card(ground, hub, door, sum(code.slot is not None for code in listed)),
        slots=[line for code in listed if (line := _slot_line(ground, door, code, places, ours, held_up)) is not None],
        safe_mode=safe_mode,
        lately=lately(tx, ground, id_),
        firmware="" if able is None else able.firmware,
        digits="" if able is None else _span(able.min_digits, able.max_digits),
        reads_codes=able is not None and able.reads_codes,
        battery_at=local.maybe(door.battery_at),
        address="" if doors.has_no_device(door) else f"{door.driver} {door.address}",
        unencrypted_by_choice=door.unencrypted,
        unlocks_over_s0=door.remote_unlock_over_s0,
        keeps_hours=able is not None and able.schedules,
        backups=_backups(tx, ground, door),
        keeps_waiting=able is not None and Limits.of(able).keeps_waiting,
        battery=_battery(tx, door, local),
        coming_back=coming_back.of_lock(tx, door, local.now),
        figures=bars(told.locks[door.id].of_a_lock),
        took=took(told.latency_at(door.id)),
        outer=_outer(door, local),
    )


def _outer(door: Door, local: Local) -> OuterView | None:
    places = doors.places(door)
    if places <= codes.MANAGED:
        return None
    tour, first = door.tour, codes.MANAGED + 1
    return OuterView(first, places, min(tour.to, places), local.maybe(tour.at), _numbers(tour.unread))


def _numbers(found: Iterable[int]) -> str:
    """In words, those that follow each other together."""
    spans: list[list[int]] = []
    for number in sorted(found):
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    words = [f"{first}" if first == last else f"{first} to {last}" for first, last in spans]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _span(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}"


def _slot_line(
    ground: Ground, door: Door, code: Code, places: Sequence[Slot], ours: Collection[CodeTag], held_up: str
) -> SlotLine | None:
    now = ground.now
    grant = None if code.issued is None else code.issued.grant
    state = code.state(now, ours)
    if state is None:
        return None
    local = ground.local(door.property)
    own = code.issued is not None and code.issued.stay is None
    return SlotLine(
        number=None if code.slot is None else code.slot.number,
        holder=code.guest,
        stay_id="" if code.issued is None or code.issued.stay is None else code.issued.stay,
        grant_id=grant.id if grant is not None and own and state is not CodeState.CLEARING else "",
        start=None if grant is None else local.moment(grant.window.start),
        end=None if grant is None else local.maybe(grant.window.end),
        state="later" if state is CodeState.WANTED and grant is not None and now < grant.window.start else state.value,
        proof=(Proof.NONE if code.slot is None else code.slot.proof).value,
        why="" if code.issued is None else code.issued.refused or "",
        ends_itself=state is CodeState.SET and code.slot is not None and code.slot.hours.kept,
        was_told=state is CodeState.SET and code.slot is not None and code.slot.hours.proof is Proof.ACKNOWLEDGED,
        held_up=held_up if state is CodeState.CLEARING and grant is not None and not grant.suspended else "",
        forgotten=state is CodeState.CLEARING and code.issued is None,
        adoptable=state is CodeState.FOREIGN and door.abilities is not None,
        written=None if code.slot is None else local.maybe(code.slot.written_at),
        proven=None if code.slot is None else local.maybe(code.slot.proven_at),
        shut=state is CodeState.WRITING and code.slot is not None and code.slot.hours.shut(now),
        ends_early=local.maybe(None if grant is None or code.slot is None else stubborn.ends_early(code.slot, grant)),
        in_vain=stubborn.told_in_vain(places, grant) if grant is not None and state is CodeState.WANTED else 0,
    )


# ---- requests -------------------------------------------------------------------------------------------------------


async def listing(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    found = await hub.store.read(lambda tx: cards(tx, hub))
    return await page(request, "locks/list.html", "locks", locks=found, can_add=bool(hub.radios.names))


async def one(request: web.Request) -> web.Response:
    id_ = LockId(request.match_info["id"])
    block = request.query.get("part", "")
    if block in ("card", "main"):
        return await _again(request, id_, block)
    hub = request.app[SITE].hub
    view = await hub.store.read(lambda tx: look_at(tx, hub, id_))
    return await page(request, "locks/one.html", "locks", view=view, answer=None)


async def _again(request: web.Request, id_: LockId, block: str, *, answer: Answer | None = None) -> web.Response:
    hub = request.app[SITE].hub
    toast = "" if answer is None else answer.sentence
    sign = "check" if answer is None or answer.outcome is Outcome.DONE else "alert"
    if block == "card":
        lock = await hub.store.read(lambda tx: one_card(tx, hub, id_))
        return part(request, "locks/list.html", "card", toast=toast, sign=sign, lock=lock)
    view = await hub.store.read(lambda tx: look_at(tx, hub, id_))
    return part(request, "locks/one.html", "main", toast=toast, sign=sign, view=view)


async def move(request: web.Request) -> web.Response:
    """The one direct call of the house: it ends within 10 s, one way or another."""
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_ = LockId(request.match_info["id"])
    posted = await request.post()
    wanted = {"locked": Position.LOCKED, "unlocked": Position.UNLOCKED}.get(str(posted.get("to")))
    if wanted is None:
        raise web.HTTPBadRequest(text="Press Lock or Unlock.")
    answer = await hub.hand.move(id_, wanted, actor)
    if htmx(request):
        return await _again(request, id_, request.query.get("part", "card"), answer=answer)
    view = await hub.store.read(lambda tx: look_at(tx, hub, id_))
    return await page(request, "locks/one.html", "locks", view=view, answer=answer)


async def allow_unlock(request: web.Request) -> web.Response:
    """Typed consent to what the old encryption does not protect from; the other way round a press is enough."""
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, LockId(request.match_info["id"])
    words = str((await request.post()).get("words", ""))
    await hub.store.write(lambda tx: housing.allow_unlock_over_s0(tx, id_, words, actor, hub.clock.now()))
    return go(request, f"/locks/{id_}", said="s0_allowed")


async def forbid_unlock(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, LockId(request.match_info["id"])
    await hub.store.write(lambda tx: housing.forbid_unlock_over_s0(tx, id_, actor, hub.clock.now()))
    return go(request, f"/locks/{id_}", said="s0_forbidden")


async def end_code(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    grant = GrantId(request.match_info["grant"])
    await hub.store.write(lambda tx: hub.intake.end_code(tx, grant, actor))
    return go(request, f"/locks/{request.match_info['id']}", said="code_ended")


ROUTES = [
    web.get("/locks", listing),
    web.get("/locks/{id}", one),
    web.post("/locks/{id}/bolt", move),
    web.post("/locks/{id}/s0/allow", allow_unlock),
    web.post("/locks/{id}/s0/forbid", forbid_unlock),
    web.post("/locks/{id}/codes/{grant}/end", end_code),
]
