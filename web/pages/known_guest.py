"""The guest of a stay as they are known from all their stays, and what people wrote down of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from hub import returning
from hub.hub import Hub
from hub.model.people import called
from hub.model.values import StayId
from hub.returning import Came
from hub.store.engine import Tx
from hub.store.stays import StayRow
from web.ground import Ground, StayLine
from web.site import GUARD, SITE, go
from web.words import Moment


@dataclass(frozen=True, slots=True)
class NoteLine:
    text: str
    by: str
    at: Moment
    unit: str
    """Of the stay at which it was written down."""


@dataclass(frozen=True, slots=True)
class KnownGuest:
    others: list[StayLine]
    """Reached by the same e-mail address or telephone, the latest first."""
    maybe: list[StayLine]
    """Of the same name only. Who was erased has no name any more."""
    came: Came
    note: str
    """Written down at this stay."""
    notes: list[NoteLine]
    """At the others."""


def known_guest(tx: Tx, hub: Hub, ground: Ground, row: StayRow) -> KnownGuest:
    guest = returning.guest_of(tx, hub.desk, row)
    local = ground.local_of(row.unit_id)
    units = {each.id: ground.unit_name(each.unit_id) for each in guest.others}

    def apart(rows: Iterable[StayRow]) -> list[StayLine]:
        """Several units of one booking stand in a card of their own."""
        return [ground.line(each) for each in rows if not row.reference or each.reference != row.reference]

    return KnownGuest(
        others=apart(guest.others),
        maybe=apart(guest.maybe),
        came=guest.came,
        note=next((each.text for each in guest.notes if each.stay == row.id), ""),
        notes=[
            NoteLine(each.text, called(each.by), local.moment(each.at), units[each.stay])
            for each in guest.notes
            if each.stay in units
        ],
    )


async def note(request: web.Request) -> web.Response:
    """What to mind with this guest, shown at all their stays."""
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_, said = StayId(request.match_info["id"]), str((await request.post()).get("note", ""))
    await hub.store.write(lambda tx: returning.note(tx, hub.desk, id_, said, actor))
    return go(request, f"/stays/{id_}", said="guest_noted")


ROUTES = [web.post("/stays/{id}/note", note)]
