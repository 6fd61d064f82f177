"""Questions that are asked before all stays of a booking are moved or cancelled: they list what would be touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any, Final, Literal

from aiohttp import web
from pydantic import Field

from hub import groups, refunding
from hub.bookings import NotFree
from hub.errors import Rejected
from hub.groups import GroupChange
from hub.hub import Hub
from hub.model.values import StayId
from hub.store.engine import Tx
from hub.store.stays import StayRow
from web.forms import Filled, Form, blank, read
from web.ground import Ground, StayLine
from web.pages.stay_group import said_of
from web.pages.stays import row_of
from web.site import GUARD, SITE, go, in_dialog, page, part


class GroupForm(Form):
    stay: list[str] = Field([], title="The stays")
    """Those that the question listed."""
    anyway: Literal["anyway"] | None = None
    in_full: Literal["yes"] | None = None


class MoveForm(GroupForm):
    arrival: date | None = Field(None, title="The day of arrival")
    departure: date | None = Field(None, title="The day of leaving")
    check_in: time | None = Field(None, title="From")
    check_out: time | None = Field(None, title="Until")


@dataclass(frozen=True, slots=True)
class GroupView:
    kind: str
    """`change` | `cancel` | `restore`"""
    title: str
    sentence: str
    verb: str
    action: str
    back: str
    back_to: str
    in_dialog: bool
    stays: list[tuple[StayLine, str, str]]
    """What would be touched; beside each how many come and what they pay, and what is given back of that."""
    refundable: bool
    left: int
    """How many stays of the booking would not."""
    soft: bool = False


_KINDS: Final[dict[str, tuple[str, str, str, Callable[..., list[StayRow]]]]] = {
    "change": (
        "Move the whole booking",
        "The days are those of this stay; stays with other days move as far. What is left empty stays as it is.",
        "Move them all",
        groups.to_change,
    ),
    "cancel": (
        "Cancel the whole booking?",
        "Their codes leave the locks at once. Channels they came from are not told.",
        "Cancel them all",
        groups.to_change,
    ),
    "restore": (
        "Take all cancellations back?",
        "Each gets a code again, where its unit is still free; if one is not, none is taken back.",
        "Take them all back",
        groups.to_restore,
    ),
}


def _look(tx: Tx, hub: Hub, id_: StayId, kind: str) -> tuple[GroupView, StayRow]:
    ground, row = Ground.read(tx, hub.clock.now()), row_of(tx, id_)
    title, sentence, verb, touched = _KINDS[kind]
    stays = groups.members(tx, row)
    asked = touched(stays, ground.now)
    ending = asked if kind == "cancel" else []
    refunds = {
        each.id: refund.sentence for each in ending if (refund := refunding.owed(tx, hub.desk, each)) is not None
    }
    view = GroupView(
        kind=kind,
        title=title,
        sentence=sentence,
        verb=verb,
        action=f"/stays/{id_}/group/{kind}",
        back=f"/stays/{id_}",
        back_to=row.guest or row.reference or "The stay",
        in_dialog=False,
        stays=[(ground.line(each), said_of(each), refunds.get(each.id, "")) for each in asked],
        refundable=any(refunding.owed(tx, hub.desk, each, in_full=True) is not None for each in ending),
        left=len(stays) - len(asked),
    )
    return view, row


async def _show(request: web.Request, form: Filled[Any], *, soft: bool = False) -> web.Response:
    hub, id_ = request.app[SITE].hub, StayId(request.match_info["id"])
    view, row = await hub.store.read(lambda tx: _look(tx, hub, id_, request.match_info["kind"]))
    view = replace(view, in_dialog=in_dialog(request), soft=soft)
    if not form.input and row.arrival is not None and row.departure is not None:
        form = blank(MoveForm, arrival=row.arrival.isoformat(), departure=row.departure.isoformat())
    if view.in_dialog:
        return part(request, "stays/group.html", "form", view=view, form=form)
    return await page(request, "stays/group.html", "stays", status=422 if form.errors else 200, view=view, form=form)


async def ask(request: web.Request) -> web.Response:
    return await _show(request, blank(MoveForm))


async def answer(request: web.Request) -> web.Response:
    hub, actor, posted = request.app[SITE].hub, request[GUARD].actor, await request.post()
    id_, kind = StayId(request.match_info["id"]), request.match_info["kind"]
    meant = [str(each) for each in posted.getall("stay", [])]
    form, soft = read(MoveForm, {name: posted[name] for name in posted if name != "stay"}, stay=meant), False
    if (given := form.value) is not None:
        seen, anyway = frozenset(map(StayId, given.stay)), given.anyway is not None
        said = GroupChange(given.arrival, given.departure, given.check_in, given.check_out)

        def work(tx: Tx) -> list[StayId]:
            row_of(tx, id_)
            if kind == "cancel":
                return groups.cancel(tx, hub.intake, id_, actor, in_full=given.in_full is not None, meant=seen)
            if kind == "restore":
                return groups.restore(tx, hub.intake, id_, actor, anyway=anyway, meant=seen)
            return groups.change(tx, hub.intake, id_, said, actor, anyway=anyway, meant=seen)

        try:
            await hub.store.write(work)
            return go(request, f"/stays/{id_}", said=f"group_{kind}")
        except NotFree as error:
            form, soft = form.refused(f"{error}."), error.soft
        except Rejected as error:
            form = form.refused(f"{error}.")
    return await _show(request, form, soft=soft)


ROUTES = [
    web.get("/stays/{id}/group/{kind:change|cancel|restore}", ask),
    web.post("/stays/{id}/group/{kind:change|cancel|restore}", answer),
]
