"""What the command line may say to guests; the rules are in hub/guest_messages.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from typing import Any, Final

from pydantic import JsonValue

from hub.commandline import asks_stays as asks
from hub.commandline.asks import Ask
from hub.errors import Rejected
from hub.guest_messages import Message, Way, said_of
from hub.hub import Hub
from hub.model.values import ChannelId, StayId
from hub.store import stays
from hub.store.engine import Tx


def _told(each: Message) -> dict[str, JsonValue]:
    return {
        "id": each.row.id,
        "channel": each.row.channel_id,
        "by": each.row.by,
        "written_at": each.row.written_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "state": each.state.value,
        "why": each.why,
        "text": each.text,
    }


async def _write(hub: Hub, actor: str, ask: asks.StayMessage) -> JsonValue:
    id_, channel = StayId(ask.stay), None if ask.channel is None else ChannelId(ask.channel)

    def work(tx: Tx) -> JsonValue:
        row = hub.messages.write(tx, id_, ask.text, actor, channel=channel)
        return next(_told(each) for each in hub.messages.written(tx, id_) if each.row.id == row.id)

    return await hub.store.write(work)


async def _tell(hub: Hub, actor: str, ask: asks.StayTell) -> JsonValue:
    id_, teller = StayId(ask.stay), hub.guest_teller

    def work(tx: Tx) -> JsonValue:
        row = (teller.told_by_hand if ask.by_hand else teller.tell)(tx, id_, actor)
        return next(_told(each) for each in hub.messages.written(tx, id_, by_hand=True) if each.row.id == row.id)

    return await hub.store.write(work)


async def _list(hub: Hub, actor: str, ask: asks.StayMessages) -> JsonValue:
    def look(tx: Tx) -> JsonValue:
        row = stays.stay(tx, StayId(ask.stay))
        if row is None:
            raise Rejected(f"there is no stay “{ask.stay}”; see `gatehouse stay list`")
        ways = hub.messages.ways(tx, row)
        return {
            "open": ways.way is Way.OPEN,
            "channels": [str(each) for each in ways.channels],
            "why": "" if ways.way is Way.OPEN else said_of(ways),
            "messages": [_told(each) for each in hub.messages.written(tx, row.id)],
        }

    return await hub.store.read(look)


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.StayMessage: _write,
    asks.StayMessages: _list,
    asks.StayTell: _tell,
}
