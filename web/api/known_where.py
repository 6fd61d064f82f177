"""Which channels know that the nights of a stay are taken."""

from __future__ import annotations

from pydantic import Field

from hub.known_where import How, Known, Where, known_where
from hub.model.values import StayId
from hub.store import stays as ledger
from hub.store.engine import Tx
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import Nothing, Out, Told


class KnownOut(Out):
    channel: str
    known: Known = Field(
        description="`source`: it told of the stay itself; `knows`; `waits`: it has not heard yet; `fails`: it cannot be told; "
        "`taken_back`: the nights are free, and it has not heard that yet; `untold`: nobody tells it of this unit"
    )
    how: How | None = Field(description="`booking`: as a booking of its own; else as closed nights")
    published_at: Told | None = Field(description="since when the hub says it as it is now")
    confirmed_at: Told | None = Field(description="since when the platform has that")
    why: str = Field(description="what stood in the way, in the other side's words")


class KnownWhereOut(Out):
    channels: list[KnownOut] = Field(description="empty for a stay that is over")


async def list_known(call: Call, query: Nothing, body: Nothing) -> KnownWhereOut:
    id_ = StayId(call.path["stay"])

    def look(tx: Tx) -> list[Where]:
        row = ledger.stay(tx, id_)
        if row is None:
            raise missing("stay", id_)
        return known_where(tx, row, call.hub.clock.now())

    found = await call.hub.store.read(look)
    return KnownWhereOut(
        channels=[
            KnownOut(
                channel=each.channel,
                known=each.known,
                how=each.how,
                published_at=each.published_at,
                confirmed_at=each.confirmed_at,
                why=each.why,
            )
            for each in found
        ]
    )
