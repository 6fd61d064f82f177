"""Whether the guest of a stay is told their code by itself, and doing it now."""

from __future__ import annotations

from pydantic import Field

from hub.guest_messages import MAIL
from hub.hub import Hub
from hub.model.guest_told import Telling
from hub.model.values import StayId
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.guest_messages import MessageState
from hub.store.stays import StayRow
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told


class TellingOut(Out):
    stay: str
    state: Telling | None = Field(
        description="`by_hand`: not by itself; `later`; `held`: due, not allowed yet; `now`; `told`: or tried, see `message`; "
        "null: nobody comes who could be told"
    )
    way: str | None = Field(description="`e-mail`, or the channel; null: by a person, or nothing leads to them")
    at: Told | None = Field(description="`later`: when they are told; `told`: when they were")
    why: str = Field(description="`by_hand`, `held`: why it is so")
    message: MessageState | None = Field(description="how the last one stands, as under `/messages`")
    message_why: str = Field(description="what stood in its way; empty: nothing did")


class TellIn(In):
    by_hand: bool = Field(False, description="nothing is sent: a person has told them")


def _there(tx: Tx, call: Call) -> StayRow:
    row = ledger.stay(tx, StayId(call.path["stay"]))
    if row is None:
        raise missing("stay", call.path["stay"])
    return row


def _out(tx: Tx, hub: Hub, row: StayRow) -> TellingOut:
    now = hub.guest_teller.stands(tx, row)
    last = None if now is None else now.message
    return TellingOut(
        stay=row.id,
        state=None if now is None else now.state,
        way=None if now is None or now.channel is None else "e-mail" if now.channel == MAIL else now.channel,
        at=None if now is None else now.at,
        why="" if now is None else now.why,
        message=None if last is None else last.state,
        message_why="" if last is None else last.why,
    )


async def get_telling(call: Call, query: Nothing, body: Nothing) -> TellingOut:
    return await call.hub.store.read(lambda tx: _out(tx, call.hub, _there(tx, call)))


async def tell_guest(call: Call, query: Nothing, body: TellIn) -> TellingOut:
    teller = call.hub.guest_teller

    def work(tx: Tx) -> TellingOut:
        row = _there(tx, call)
        (teller.told_by_hand if body.by_hand else teller.tell)(tx, row.id, call.actor)
        return _out(tx, call.hub, row)

    return await call.hub.store.write(work)
