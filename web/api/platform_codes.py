"""Where a guest's door code stands at the platforms that tell of the stay."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub import doorcodes
from hub.doorcodes import CodeAt, Whereabouts
from hub.model.values import ChannelId, StayId
from hub.store import stays as ledger
from hub.store.engine import Tx
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told


class PlatformOut(Out):
    channel: str
    where: Whereabouts = Field(
        description="`told`; `coming`: not yet; `trying`: it failed and is tried again; `refused`: given up until a person "
        "says so; `out`: taken out again; `off`: it is not to be told; `cannot`: it has no place for a code"
    )
    at: Told | None = Field(description="of the last word: told, tried, or taken out")
    why: str = Field(description="what stood in the way; empty: nothing did")
    stale: bool = Field(description="a code that does not count any more may stand there still")


class PlatformsOut(Out):
    platforms: list[PlatformOut]


class TellAgainIn(In):
    channel: Annotated[str, Field(min_length=1, max_length=100)]


async def list_platform_codes(call: Call, query: Nothing, body: Nothing) -> PlatformsOut:
    hub, id_ = call.hub, StayId(call.path["stay"])

    def look(tx: Tx) -> list[CodeAt]:
        row = ledger.stay(tx, id_)
        if row is None:
            raise missing("stay", id_)
        return doorcodes.whereabouts(tx, hub.desk, hub.plugins, row)

    found = await hub.store.read(look)
    return PlatformsOut(
        platforms=[
            PlatformOut(channel=each.channel, where=each.where, at=each.at, why=each.why, stale=each.stale)
            for each in found
        ]
    )


async def tell_again(call: Call, query: Nothing, body: TellAgainIn) -> PlatformsOut:
    hub, id_ = call.hub, StayId(call.path["stay"])

    def work(tx: Tx) -> None:
        if ledger.stay(tx, id_) is None:
            raise missing("stay", id_)
        doorcodes.tell_again(tx, ChannelId(body.channel), id_, call.actor, hub.clock.now(), hub.wall.now())

    await hub.store.write(work)
    return await list_platform_codes(call, query, Nothing())
