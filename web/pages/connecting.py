"""Adding, changing and removing a channel: what it must be told, what was read in a try, and what hangs on it.

What was typed goes from one page to the next sealed, so that no secret stands in a page again.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from hub import connecting, making
from hub.channel_kinds import Kind, Setting, Shape, kind_called, kinds
from hub.config import Problem
from hub.connecting import Farewell, Shown, Stays, Wanted
from hub.errors import Disappointment, Garbled, Misconfigured, Rejected, Unavailable
from hub.hub import Hub
from hub.model.values import ChannelId, UnitId
from hub.store import house
from hub.store.engine import Tx
from hub.store.house import ChannelRow
from hub.trying import Trial
from web.forms import WHOLE, Filled
from web.ground import Ground
from web.site import GUARD, SITE, go, page

_USUAL: Final = "ical"
_GOOD_FOR: Final = timedelta(hours=2)
"""What was typed and not kept; real time."""


# ---- what was typed, sealed -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draft:
    """A channel that somebody is about to add, or another form of one that is there."""

    wanted: Wanted
    new: bool


def _seal(request: web.Request, draft: Draft) -> str:
    hub, wanted = request.app[SITE].hub, draft.wanted
    told = {
        "at": hub.wall.now().timestamp(),
        "id": wanted.id,
        "integration": wanted.integration,
        "unit": wanted.unit,
        "settings": dict(wanted.settings),
        "new": draft.new,
    }
    return base64.urlsafe_b64encode(hub.vault.seal(json.dumps(told).encode(), about=_about(request))).decode()


def _opened(request: web.Request, text: str) -> Draft | None:
    """None: there is none, it is too old, or somebody else's."""
    hub = request.app[SITE].hub
    if not text:
        return None
    try:
        told = json.loads(hub.vault.open(base64.urlsafe_b64decode(text), about=_about(request)))
    except (Disappointment, ValueError):  # what is no base64, or no ASCII
        return None
    if hub.wall.now().timestamp() - told["at"] > _GOOD_FOR.total_seconds():
        return None
    unit = None if told["unit"] is None else UnitId(told["unit"])
    return Draft(Wanted(ChannelId(told["id"]), told["integration"], unit, told["settings"]), told["new"])


def _about(request: web.Request) -> str:
    return f"channel draft of {request[GUARD].actor}"


# ---- the form -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FormView:
    kind: Kind
    kinds: list[Kind]
    """What else may be added; empty where one is changed."""
    units: list[tuple[str, str]]
    channel: str
    """The one that is changed; empty: a new one."""
    shown: Shown
    draft: str
    action: str
    by_site: bool

    @property
    def usual(self) -> list[Setting]:
        return [each for each in self.kind.settings if not each.seldom]

    @property
    def seldom(self) -> list[Setting]:
        return [each for each in self.kind.settings if each.seldom]


def _typed(kind: Kind, settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as a form shows them, secrets left out."""
    found: dict[str, str] = {}
    for setting in kind.settings:
        value = settings.get(setting.name, setting.default if setting.shape in (Shape.YES, Shape.CHOICE) else None)
        if setting.secret or value is None:
            continue
        if setting.shape is Shape.YES:
            found[setting.name] = "yes" if value in (True, "yes") else ""
        else:
            found[setting.name] = " ".join(value) if isinstance(value, list) else str(value)
    return found


def _input(kind: Kind, draft: Draft, hub: Hub) -> dict[str, str]:
    settings = {**connecting.common(hub, kind.name), **draft.wanted.settings}
    return {"id": draft.wanted.id, "unit": draft.wanted.unit or "", **_typed(kind, settings)}


async def _form(request: web.Request, draft: Draft, errors: Mapping[str, str] | None = None) -> web.Response:
    hub = request.app[SITE].hub
    kind, id_ = kind_called(draft.wanted.integration), draft.wanted.id

    def look(tx: Tx) -> tuple[list[tuple[str, str]], ChannelRow | None]:
        ground = Ground.read(tx, hub.clock.now())
        return [(unit, ground.unit_name(unit)) for unit in ground.units], house.channel_with(tx, id_)

    units, row = await hub.store.read(look)
    view = FormView(
        kind=kind,
        kinds=[each for each in kinds() if each.name != kind.name] if draft.new else [],
        units=units if len(units) == 1 and not kind.several else [("", _first(kind)), *units],
        channel="" if draft.new else id_,
        shown=connecting.shown(hub, kind, draft.wanted.settings),
        draft=_seal(request, draft),
        action="/channels/new" if draft.new else f"/channels/{id_}/change",
        by_site=not draft.new and row is not None and row.origin.value == "site",
    )
    filled: Filled[Any] = Filled(_input(kind, draft, hub), errors or {}, None)
    status = 422 if errors else 200
    return await page(request, "channels/form.html", "channels", status=status, view=view, form=filled)


def _first(kind: Kind) -> str:
    return "Several units" if kind.several else "Choose the unit"


def _sentences(kind: Kind, wrong: list[Problem]) -> dict[str, str]:
    """By field, each with the name of what is wrong."""
    labels = {each.name: each.label for each in kind.settings} | {"id": "The name", "unit": "The unit"}
    found: dict[str, str] = {}
    for problem in wrong:
        name = problem.key.partition(".")[0]
        if name in labels:
            found.setdefault(name, f"{labels[name]} {problem.why}.")
        else:
            found.setdefault(WHOLE, f"{problem.key} {problem.why}.")
    return found


def _read(kind: Kind, posted: Mapping[str, Any], before: Draft) -> Draft:
    """What was posted. A secret that was left empty stays as it was; one may be taken away."""
    typed = {name: value for name, value in posted.items() if isinstance(value, str)}
    settings = connecting.read_values(kind, typed)
    for setting in kind.settings:
        kept = before.wanted.settings.get(setting.name) if setting.secret else None
        if kept is not None and setting.name not in settings and f"forget-{setting.name}" not in typed:
            settings[setting.name] = kept
    wanted = replace(before.wanted, settings=settings)
    if before.new:
        unit = typed.get("unit", "").strip()
        wanted = replace(wanted, id=ChannelId(typed.get("id", "").strip()), unit=UnitId(unit) if unit else None)
    return Draft(wanted, before.new)


# ---- trying and keeping ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TriedView:
    kind: Kind
    channel: str
    """As it is or will be called."""
    new: bool
    unit: str
    trial: Trial | None
    """None: nobody answered. That may be only now, so it may be added all the same."""
    why: str
    twins: list[str]
    webhook: str
    draft: str
    action: str


async def _try(request: web.Request, draft: Draft) -> web.Response:
    hub, kind = request.app[SITE].hub, kind_called(draft.wanted.integration)
    wrong = await hub.store.read(lambda tx: connecting.faults(tx, hub, draft.wanted, new=draft.new))
    if wrong:
        return await _form(request, _without(draft, kind, wrong), _sentences(kind, wrong))
    trial, why = None, ""
    try:
        trial = await connecting.try_out(hub, draft.wanted, new=draft.new)
    except Unavailable as error:
        why = str(error)
    except Misconfigured as error:
        return await _form(request, draft, {_blamed(kind): f"It was tried: {error.why}."})
    except (Rejected, Garbled) as error:
        return await _form(request, draft, {_blamed(kind): f"It was tried: {error}."})
    view = await _tried(request, draft, kind, trial, why)
    return await page(request, "channels/tried.html", "channels", view=view)


def _without(draft: Draft, kind: Kind, wrong: list[Problem]) -> Draft:
    """A secret that makes no sense is not carried on: it would stand there as kept."""
    names = {problem.key for problem in wrong} & {each.name for each in kind.settings if each.secret}
    left = {name: value for name, value in draft.wanted.settings.items() if name not in names}
    return replace(draft, wanted=replace(draft.wanted, settings=left))


def _blamed(kind: Kind) -> str:
    """The field to look at, where only one comes into question."""
    needed = [each.name for each in kind.settings if each.needed]
    return needed[0] if len(needed) == 1 else WHOLE


async def _tried(request: web.Request, draft: Draft, kind: Kind, trial: Trial | None, why: str) -> TriedView:
    hub, wanted = request.app[SITE].hub, draft.wanted

    def look(tx: Tx) -> tuple[str, str, list[str]]:
        name = wanted.id or connecting.name_for(tx, hub, wanted)
        unit = "" if wanted.unit is None else Ground.read(tx, hub.clock.now()).unit_name(wanted.unit)
        return name, unit, [row.id for row in connecting.twins(tx, hub, kind, wanted)]

    name, unit, twins = await hub.store.read(look)
    return TriedView(
        kind=kind,
        channel=name,
        new=draft.new,
        unit=unit,
        trial=trial,
        why=why,
        twins=twins,
        webhook=_webhook(hub, kind, name),
        draft=_seal(request, draft),
        action="/channels/new" if draft.new else f"/channels/{wanted.id}/change",
    )


def _webhook(hub: Hub, kind: Kind, channel: str) -> str:
    """Where it may call the hub; empty where it cannot."""
    public = hub.config.public_url
    return "" if not kind.webhook or public is None else f"{public}/api/webhooks/{channel}/{kind.webhook}"


async def _keep(request: web.Request, draft: Draft) -> web.Response:
    hub, actor, wanted = request.app[SITE].hub, request[GUARD].actor, draft.wanted

    def work(tx: Tx) -> tuple[list[Problem], ChannelId]:
        wrong = connecting.faults(tx, hub, wanted, new=draft.new)
        if wrong:
            return wrong, wanted.id
        if draft.new:
            return [], connecting.add(tx, hub, wanted, actor).id
        return [], connecting.change(tx, hub, wanted.id, wanted.settings, actor).id

    wrong, id_ = await hub.store.write(work)
    if wrong:
        return await _form(request, draft, _sentences(kind_called(wanted.integration), wrong))
    return go(request, f"/channels#channel-{id_}", said="channel_added" if draft.new else "channel_changed")


async def _make(request: web.Request, draft: Draft) -> web.Response:
    """The calendar that is to be kept there does not exist yet."""
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    try:
        row = await making.make(hub, draft.wanted, actor)
    except Disappointment as error:
        return await _form(request, draft, {WHOLE: f"No calendar was made: {error}."})
    return go(request, f"/channels#channel-{row.id}", said="calendar_made")


async def _step(request: web.Request, before: Draft) -> web.Response:
    """What was pressed: try it, go back to the form, or keep what was tried."""
    posted = await request.post()
    draft = _opened(request, str(posted.get("draft", "")))
    if draft is not None and (draft.new, "" if draft.new else draft.wanted.id) != (
        before.new,
        "" if before.new else before.wanted.id,
    ):
        draft = None
    match posted.get("step"):
        case "keep" | "back" if draft is None:
            return await _form(request, before, {WHOLE: "That was too long ago. Please type it once more."})
        case "keep" if draft is not None:
            return await _keep(request, draft)
        case "back" if draft is not None:
            return await _form(request, draft)
        case "make" if before.new:
            known = draft if draft is not None and draft.wanted.integration == before.wanted.integration else before
            return await _make(request, _read(kind_called(before.wanted.integration), posted, known))
        case _:
            known = draft if draft is not None and draft.wanted.integration == before.wanted.integration else before
            return await _try(request, _read(kind_called(before.wanted.integration), posted, known))


# ---- adding ---------------------------------------------------------------------------------------------------------


def _blank(request: web.Request, name: str, unit: str = "") -> Draft:
    try:
        kind = kind_called(name or _USUAL)
    except Misconfigured as error:
        raise web.HTTPNotFound from error
    return Draft(Wanted(ChannelId(""), kind.name, UnitId(unit) if unit else None, {}), new=True)


async def new(request: web.Request) -> web.Response:
    return await _form(request, _blank(request, request.query.get("kind", ""), request.query.get("unit", "")))


async def add(request: web.Request) -> web.Response:
    posted = await request.post()
    return await _step(request, _blank(request, str(posted.get("kind", ""))))


# ---- changing -------------------------------------------------------------------------------------------------------


async def _there(request: web.Request) -> Draft:
    hub, id_ = request.app[SITE].hub, ChannelId(request.match_info["id"])
    row = await hub.store.read(lambda tx: house.channel_with(tx, id_))
    if row is None:
        raise web.HTTPNotFound
    return Draft(Wanted(row.id, row.integration, row.unit, house.opened_settings(row, hub.vault)), new=False)


async def change_form(request: web.Request) -> web.Response:
    return await _form(request, await _there(request))


async def change(request: web.Request) -> web.Response:
    return await _step(request, await _there(request))


# ---- removing -------------------------------------------------------------------------------------------------------


async def _leaving(request: web.Request, refused: str = "") -> web.Response:
    hub, id_ = request.app[SITE].hub, ChannelId(request.match_info["id"])

    def look(tx: Tx) -> tuple[ChannelRow | None, Farewell | None]:
        row = house.channel_with(tx, id_)
        return row, None if row is None else connecting.farewell(tx, hub, id_)

    row, leaving = await hub.store.read(look)
    if row is None:
        raise web.HTTPNotFound
    filled: Filled[Any] = Filled({"stays": "keep"}, {WHOLE: refused} if refused else {}, None)
    view = {"channel": row.id, "kind": kind_called(row.integration), "leaving": leaving, "form": filled}
    return await page(request, "channels/remove.html", "channels", status=422 if refused else 200, **view)


async def remove_form(request: web.Request) -> web.Response:
    return await _leaving(request)


async def remove(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, ChannelId(request.match_info["id"])
    cancel = (await request.post()).get("stays") == Stays.CANCEL.value
    try:
        await hub.store.write(lambda tx: connecting.remove(tx, hub, id_, actor, Stays.CANCEL if cancel else Stays.KEEP))
    except Rejected as error:
        return await _leaving(request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return go(request, "/channels", said="channel_removed")


ROUTES = [
    web.get("/channels/new", new),
    web.post("/channels/new", add),
    web.get("/channels/{id}/change", change_form),
    web.post("/channels/{id}/change", change),
    web.get("/channels/{id}/remove", remove_form),
    web.post("/channels/{id}/remove", remove),
]
