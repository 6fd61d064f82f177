"""What the command line may ask about channels, answered; the decisions themselves are in hub/syncing.py and hub/feeds.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue

from hub import feeds, syncing
from hub.commandline import asks
from hub.commandline.asks import Ask
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.values import ChannelId, StayId, UnitId
from hub.store import house
from hub.store import publishing as rows
from hub.store.engine import Tx
from hub.syncing import Standing

_LINES: Final = 200


def _at(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _known(tx: Tx, id_: str) -> ChannelId:
    if house.channel_with(tx, ChannelId(id_)) is None:
        raise Rejected(f"there is no channel called “{id_}”")
    return ChannelId(id_)


def _told(each: Standing) -> dict[str, JsonValue]:
    outlet = each.outlet
    return {
        "channel": outlet.channel_id,
        "unit": outlet.unit_id,
        "way": outlet.way,
        "heard": each.heard.value,
        "entries": each.entries,
        "unheard": each.unheard,
        "published_at": _at(outlet.changed_at),
        "confirmed_at": _at(outlet.told_at),
        "how": outlet.told_how,
        "at_risk_since": _at(each.since),
        "why": outlet.failing_why,
    }


async def _list(hub: Hub, actor: str, ask: asks.Channels) -> JsonValue:
    return await hub.store.read(lambda tx: [_told(each) for each in syncing.standings(tx, hub.clock.now())])


async def _log(hub: Hub, actor: str, ask: asks.ChannelLog) -> JsonValue:
    def look(tx: Tx) -> JsonValue:
        return [
            {
                "at": _at(row.at),
                "direction": row.direction,
                "outcome": row.outcome,
                "unit": row.unit_id,
                "what": row.what,
                "words": row.words,
                "by": row.by,
            }
            for row in rows.entries(tx, _known(tx, ask.channel), limit=_LINES)
        ]

    return await hub.store.read(look)


async def _differences(hub: Hub, actor: str, ask: asks.ChannelDifferences) -> JsonValue:
    def look(tx: Tx) -> JsonValue:
        return [
            {
                "stay": each.stay.id,
                "unit": each.stay.unit_id,
                "arrival": None if each.stay.arrival is None else each.stay.arrival.isoformat(),
                "departure": None if each.stay.departure is None else each.stay.departure.isoformat(),
                "doubt": each.doubt.value,
            }
            for each in syncing.differences(tx, _known(tx, ask.channel), hub.clock.now())
        ]

    return await hub.store.read(look)


async def _do(hub: Hub, actor: str, ask: asks.ChannelDo) -> JsonValue:
    unit, stay = UnitId(ask.unit or ""), StayId(ask.stay or "")

    def work(tx: Tx) -> JsonValue:
        id_ = _known(tx, ask.channel)
        match ask.deed:
            case "sync":
                syncing.sync_now(tx, hub.publisher, id_, actor)
                tx.signal(f"poll:{id_}")
            case "accept" | "reject":
                syncing.settle(tx, hub.intake, id_, stay, actor, accept=ask.deed == "accept")
            case "confirm":
                syncing.confirm(tx, id_, unit, actor, hub.clock.now())
            case "unlink":
                feeds.end_link(tx, hub.desk, id_, unit, actor)
        return [_told(each) for each in syncing.standings(tx, hub.clock.now(), id_)]

    return await hub.store.write(work)


async def _link(hub: Hub, actor: str, ask: asks.ChannelLink) -> JsonValue:
    channel, unit, public = ChannelId(ask.channel), UnitId(ask.unit), hub.config.public_url
    path = await hub.store.write(lambda tx: feeds.make_link(tx, hub.desk, channel, unit, actor, anew=ask.anew))
    return {"path": path, "url": None if public is None else feeds.address(public, "", path).reveal()}


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.Channels: _list,
    asks.ChannelLog: _log,
    asks.ChannelDifferences: _differences,
    asks.ChannelDo: _do,
    asks.ChannelLink: _link,
}
