"""What people write to the guest of a stay through the channel that they booked by."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.guest_messages import LONGEST, Message, Way, Ways, said_of
from hub.model.values import ChannelId, StayId
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.guest_messages import MessageState
from hub.store.stays import StayRow
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told


class MessageOut(Out):
    id: str
    channel: str
    text: str = Field(description="as it was written: `{code}` is not filled in")
    by: str
    written_at: Told
    state: MessageState = Field(
        description="`waiting`: not sent yet, tried by itself; `sending`: leaving just now; `handed_over`: the channel took it; "
        "`refused`: not sent until a person says so; `unknown`: nobody knows whether it was sent; `let_go`: not sent, not to be"
    )
    state_at: Told
    why: str = Field(description="what stood in the way; empty: nothing did")


class MessagesOut(Out):
    way: Way = Field(
        description="`open`: the guest can be written to; `nobody`: no channel tells of the stay; `calendar`: calendars carry no "
        "messages; `off`: the channel is switched off; `cannot`: the service takes none from a program; `no_guest`"
    )
    channels: list[str] = Field(description="`open`: those that reach the guest; else those that do not")
    why: str = Field(description="why nobody can be written to, and what to do; empty where `open`")
    messages: list[MessageOut] = Field(description="the latest first")


class MessageIn(In):
    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST,
            description="`{code}` stands for the guest's code, and is filled in when the message leaves; its digits are refused",
        ),
    ]
    channel: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(None, description="null: the first")


def _there(tx: Tx, call: Call) -> StayRow:
    row = ledger.stay(tx, StayId(call.path["stay"]))
    if row is None:
        raise missing("stay", call.path["stay"])
    return row


def _told(tx: Tx, call: Call) -> MessagesOut:
    row, messages = _there(tx, call), call.hub.messages
    ways = messages.ways(tx, row)
    return MessagesOut(
        way=ways.way,
        channels=list(ways.channels),
        why=_why(ways),
        messages=[_message(each) for each in messages.written(tx, row.id)],
    )


def _why(ways: Ways) -> str:
    return "" if ways.way is Way.OPEN else said_of(ways)


def _message(each: Message) -> MessageOut:
    row = each.row
    return MessageOut(
        id=row.id,
        channel=row.channel_id,
        text=each.text,
        by=row.by,
        written_at=row.written_at,
        state=each.state,
        state_at=row.at,
        why=each.why,
    )


async def list_messages(call: Call, query: Nothing, body: Nothing) -> MessagesOut:
    return await call.hub.store.read(lambda tx: _told(tx, call))


async def write_message(call: Call, query: Nothing, body: MessageIn) -> MessagesOut:
    channel = None if body.channel is None else ChannelId(body.channel)

    def work(tx: Tx) -> MessagesOut:
        call.hub.messages.write(tx, _there(tx, call).id, body.text, call.actor, channel=channel)
        return _told(tx, call)

    return await call.hub.store.write(work)


async def send_message_again(call: Call, query: Nothing, body: Nothing) -> MessagesOut:
    def work(tx: Tx) -> MessagesOut:
        call.hub.messages.send_again(tx, _there(tx, call).id, call.path["message"], call.actor)
        return _told(tx, call)

    return await call.hub.store.write(work)


async def let_message_go(call: Call, query: Nothing, body: Nothing) -> MessagesOut:
    def work(tx: Tx) -> MessagesOut:
        call.hub.messages.let_go(tx, _there(tx, call).id, call.path["message"], call.actor)
        return _told(tx, call)

    return await call.hub.store.write(work)
