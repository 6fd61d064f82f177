"""Every component in all its states, on one page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import web

from hub.model.values import LockId, Proof
from web.forms import Filled, Form
from web.ground import UTC_ZONE, DoorCode, OnDoor
from web.site import page
from web.words import Local

COLOURS: Final = (
    ("bg", "sunk", "surface", "line", "field"),
    ("ink", "ink-2", "ink-3", "link", "focus"),
    ("act", "danger", "lamp", "leaf", "night"),
    ("ok", "warn", "bad", "info", "quiet"),
    ("ok-bg", "warn-bg", "bad-bg", "info-bg", "quiet-bg"),
)
_NOON: Final = datetime(2026, 11, 20, 11, 2, tzinfo=UTC)


async def show(request: web.Request) -> web.Response:
    local = Local(UTC_ZONE, _NOON)
    form: Filled[Form] = Filled(
        {"name": "Anna Berg", "day": "31 February", "unit": "flat-2"}, {"day": "Write the day like 2026-11-21."}, None
    )
    lock = LockId("front")
    doors = (
        DoorCode(lock, "Front door", OnDoor.READY, local.moment(_NOON - timedelta(minutes=4)), Proof.READ_BACK),
        DoorCode(lock, "Garden gate", OnDoor.READY, local.moment(_NOON - timedelta(days=1)), Proof.CONFIRMED),
        DoorCode(lock, "Boathouse", OnDoor.SENT, local.moment(_NOON), Proof.ACKNOWLEDGED),
        DoorCode(lock, "Flat 1", OnDoor.LATER, local.moment(_NOON + timedelta(hours=2))),
        DoorCode(lock, "Flat 2", OnDoor.WORKING),
        DoorCode(lock, "Cellar", OnDoor.PROBLEM, why="the lock does not answer"),
        DoorCode(lock, "Garage", OnDoor.LEAVING),
        DoorCode(lock, "Laundry", OnDoor.GONE, local.moment(_NOON - timedelta(hours=1))),
    )
    return await page(
        request, "styleguide/page.html", "styleguide", colours=COLOURS, form=form, doors=doors, at=local.moment(_NOON)
    )


ROUTES = [web.get("/styleguide", show)]
