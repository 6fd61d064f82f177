"""On the page of a stay: where its door code stands at the platforms that tell of it, and telling it again."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from hub import doorcodes
from hub.hub import Hub
from hub.model.values import ChannelId, StayId
from hub.store import house
from hub.store.engine import Tx
from hub.store.stays import StayRow
from web.ground import Ground
from web.site import GUARD, SITE, go
from web.words import Moment


@dataclass(frozen=True, slots=True)
class AtPlatform:
    channel: ChannelId
    where: str
    """A word of hub.doorcodes.Whereabouts."""
    at: Moment | None
    why: str
    stale: bool


def at_platforms(tx: Tx, hub: Hub, ground: Ground, row: StayRow) -> list[AtPlatform]:
    """At accounts. That a calendar has no place for a code goes without saying."""
    local = ground.local_of(row.unit_id)
    accounts = {each.id for each in house.channels(tx) if each.unit is None}
    return [
        AtPlatform(each.channel, each.where.value, local.maybe(each.at), each.why, each.stale)
        for each in doorcodes.whereabouts(tx, hub.desk, hub.plugins, row)
        if each.channel in accounts
    ]


async def again(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    channel = ChannelId(str((await request.post()).get("channel", "")))
    now, wall = hub.clock.now(), hub.wall.now()
    await hub.store.write(lambda tx: doorcodes.tell_again(tx, channel, id_, actor, now, wall))
    return go(request, f"/stays/{id_}", said="code_told_again")


ROUTES = [web.post("/stays/{id}/told", again)]
