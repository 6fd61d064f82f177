"""A person's word on where a stay stands; the stay's own page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from hub import workflow
from hub.bookings import NotFree
from hub.errors import Rejected
from hub.model.values import StayId
from hub.model.workflow import Stage
from hub.store import stays as ledger
from hub.store import steps
from hub.store.engine import Tx
from web.ground import Ground
from web.site import GUARD, SITE, go, page
from web.words import Moment

WORDS = {
    Stage.PENDING: "Pending",
    Stage.PAYMENT_PENDING: "Waits for payment",
    Stage.CONFIRMED: "Confirmed",
    Stage.PRE_ARRIVAL: "Before arrival",
    Stage.CHECKED_IN: "Checked in",
    Stage.CHECKED_OUT: "Checked out",
    Stage.COMPLETED: "Completed",
    Stage.CANCELLED: "Cancelled",
    Stage.NO_SHOW: "Nobody came",
    Stage.REFUNDED: "Refunded",
}


async def show(request: web.Request) -> web.Response:
    return await _show(request, "")


async def _show(request: web.Request, refused: str, *, soft: Stage | None = None) -> web.Response:
    """`soft`: what may be said in spite of why it was refused."""
    hub, id_ = request.app[SITE].hub, StayId(request.match_info["id"])

    def look(tx: Tx) -> tuple[str, Stage, list[Stage], list[tuple[Moment, steps.Step]]]:
        row, stage = ledger.stay(tx, id_), steps.stage(tx, id_)
        if row is None or stage is None:
            raise web.HTTPNotFound
        local = Ground.read(tx, hub.clock.now()).local_of(row.unit_id)
        history = [(local.moment(each.at), each) for each in steps.history(tx, id_)]
        return row.guest or row.reference or "The stay", stage, workflow.choices(tx, row), history

    guest, stage, offered, history = await hub.store.read(look)
    view = {"id": id_, "guest": guest, "stage": stage, "offered": offered, "history": history, "words": WORDS}
    return await page(
        request, "workflow/page.html", "stays", status=422 if refused else 200, refused=refused, soft=soft, **view
    )


MOST: Final = 50


@dataclass(frozen=True, slots=True)
class MovedLine:
    stay: StayId
    guest: str
    unit: str
    at: Moment
    before: str
    after: str
    why: str


async def by_itself(request: web.Request) -> web.Response:
    """What nobody had to do: stays that went on by the clock or by what doors said."""
    hub, asked = request.app[SITE].hub, request.query.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else None

    def look(tx: Tx) -> tuple[list[MovedLine], int | None]:
        ground, found = Ground.read(tx, hub.clock.now()), steps.by_itself(tx, before=before, limit=MOST + 1)
        lines = []
        for each in found[:MOST]:
            row, step = ledger.stay(tx, each.stay), each.step
            assert row is not None  # its steps go with it
            assert step.before is not None  # it went from somewhere
            at = ground.local_of(row.unit_id).moment(step.at)
            guest, unit = row.guest or row.reference or "A stay", ground.unit_name(row.unit_id)
            lines.append(MovedLine(row.id, guest, unit, at, WORDS[step.before], WORDS[step.after], step.why))
        return lines, found[MOST - 1].id if len(found) > MOST else None

    lines, older = await hub.store.read(look)
    return await page(request, "workflow/by_itself.html", "stays", lines=lines, older=older, newest=before is not None)


async def say(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    posted = await request.post()
    anyway, why = "anyway" in posted, str(posted.get("why", ""))
    try:
        wanted = Stage(str(posted.get("anyway" if anyway else "stage", "")))
    except ValueError:
        return await _show(request, "Choose one of those offered.")
    try:
        await hub.store.write(lambda tx: workflow.say(tx, hub.intake, id_, wanted, why, actor, anyway=anyway))
    except NotFree as error:
        return await _show(request, f"{str(error)[:1].upper()}{str(error)[1:]}.", soft=wanted if error.soft else None)
    except Rejected as error:
        return await _show(request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return go(request, f"/stays/{id_}/stage", said="stage_changed")


ROUTES = [
    web.get("/stays/by-itself", by_itself),
    web.get("/stays/{id}/stage", show),
    web.post("/stays/{id}/stage", say),
]
