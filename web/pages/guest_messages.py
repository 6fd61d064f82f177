"""On the page of a stay: writing to its guest through the channel, and what became of what was written."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import web

from hub.errors import Rejected
from hub.guest_messages import CODE, LONGEST, Way, said_of
from hub.hub import Hub
from hub.model.people import called
from hub.model.values import ChannelId, StayId
from hub.store.engine import Tx
from hub.store.stays import StayRow
from web.ground import Ground
from web.site import GUARD, SITE, go
from web.words import Moment


@dataclass(frozen=True, slots=True)
class MessageLine:
    id: str
    text: str
    by: str
    channel: ChannelId
    written: Moment
    state: str
    """A word of hub.store.guest_messages.MessageState."""
    at: Moment
    why: str


@dataclass(frozen=True, slots=True)
class Writing:
    channels: tuple[ChannelId, ...]
    """That reach the guest; none: `why`, and what to do instead."""
    why: str
    lines: list[MessageLine]
    once: str
    """A form that is sent twice has the same."""
    longest: int = LONGEST
    code: str = CODE
    typed: str = ""
    error: str = ""


def writing(tx: Tx, hub: Hub, ground: Ground, row: StayRow) -> Writing | None:
    """None: nobody stays there."""
    ways = hub.messages.ways(tx, row)
    if ways.way is Way.NO_GUEST:
        return None
    local = ground.local_of(row.unit_id)
    lines = [
        MessageLine(
            each.row.id,
            each.text,
            called(each.row.by),
            each.row.channel_id,
            local.moment(each.row.written_at),
            each.state.value,
            local.moment(each.row.at),
            each.why,
        )
        for each in hub.messages.written(tx, row.id)
    ]
    open_ = ways.way is Way.OPEN
    return Writing(ways.channels if open_ else (), "" if open_ else said_of(ways), lines, tx.new_id(ground.now))


def refused(found: Writing | None, typed: str, error: Rejected) -> Writing | None:
    """What was typed is not lost."""
    return None if found is None else replace(found, typed=typed, error=f"{error}.")


async def again(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    which = request.match_info["message"]
    await hub.store.write(lambda tx: hub.messages.send_again(tx, id_, which, actor))
    return go(request, f"/stays/{id_}", said="message_again")


async def let_go(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    which = request.match_info["message"]
    await hub.store.write(lambda tx: hub.messages.let_go(tx, id_, which, actor))
    return go(request, f"/stays/{id_}", said="message_let_go")


ROUTES = [
    web.post("/stays/{id}/messages/{message}/again", again),
    web.post("/stays/{id}/messages/{message}/let-go", let_go),
]
