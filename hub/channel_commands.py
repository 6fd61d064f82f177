"""What the command line may ask about channels, answered; the decisions themselves are in hub/syncing.py and hub/feeds.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue

from hub import connecting, feeds, hearing, making, resync, syncing
from hub.channel_kinds import Kind, Shape, kind_called
from hub.commandline import asks_channels as asks
from hub.commandline.asks import Ask
from hub.connecting import Stays, Wanted
from hub.errors import Misconfigured, Rejected
from hub.hub import Hub
from hub.model.values import ChannelId, StayId, StayKind, UnitId
from hub.resync import Narrowed
from hub.store import house
from hub.store import publishing as rows
from hub.store.engine import Tx
from hub.syncing import Difference, Standing

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


def _theirs(each: Difference) -> str:
    days = "" if each.theirs is None else f"{each.theirs[0]} to {each.theirs[1]}"
    return days if each.listing is None else f"{days} in {each.their_unit or f'listing {each.listing}'}"


async def _differences(hub: Hub, actor: str, ask: asks.ChannelDifferences) -> JsonValue:
    def look(tx: Tx) -> JsonValue:
        return [
            {
                "stay": each.stay.id,
                "unit": each.stay.unit_id,
                "arrival": None if each.stay.arrival is None else each.stay.arrival.isoformat(),
                "departure": None if each.stay.departure is None else each.stay.departure.isoformat(),
                "doubt": each.doubt.value,
                "theirs": _theirs(each),
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
                integration = hub.plugins.integration(id_)
                if integration is not None and integration.poll_every is not None:
                    hearing.ask_reading(tx, id_, actor, hub.clock.now())
            case "accept" | "reject":
                syncing.settle(tx, hub.intake, id_, stay, actor, accept=ask.deed == "accept")
            case "confirm":
                syncing.confirm(tx, id_, unit, actor, hub.clock.now())
            case "unlink":
                feeds.end_link(tx, hub.desk, id_, unit, actor)
        return [_told(each) for each in syncing.standings(tx, hub.clock.now(), id_)]

    return await hub.store.write(work)


async def _sync_all(hub: Hub, actor: str, ask: asks.ChannelSyncAll) -> JsonValue:
    channel = None if ask.channel is None else ChannelId(ask.channel)
    about = Narrowed(channel, None if ask.kind is None else StayKind(ask.kind), ask.first, ask.last)
    asked = await hub.store.write(lambda tx: resync.several(tx, hub, about, actor))
    return [asdict(each) for each in asked]


async def _sync_stay(hub: Hub, actor: str, ask: asks.StaySync) -> JsonValue:
    asked = await hub.store.write(lambda tx: resync.stay(tx, hub, StayId(ask.stay), actor))
    return [asdict(each) for each in asked]


async def _link(hub: Hub, actor: str, ask: asks.ChannelLink) -> JsonValue:
    channel, unit, public = ChannelId(ask.channel), UnitId(ask.unit), hub.config.public_url
    path = await hub.store.write(lambda tx: feeds.make_link(tx, hub.desk, channel, unit, actor, anew=ask.anew))
    return {"path": path, "url": None if public is None else feeds.address(public, "", path).reveal()}


# ---- added, tried, changed and removed -------------------------------------------------------------------------------


def _wanted(ask: asks.ChannelTry | asks.ChannelAdd | asks.ChannelMake) -> Wanted:
    kind = _kind(ask.integration)
    unit = UnitId(ask.unit) if ask.unit else None
    return Wanted(ChannelId(ask.id), kind.name, unit, _read(kind, ask.settings))


def _kind(name: str) -> Kind:
    try:
        return kind_called(name)
    except Misconfigured as error:
        raise Rejected(error.why) from error


def _read(kind: Kind, typed: Mapping[str, str]) -> dict[str, Any]:
    """Of what was typed; a box that nobody spoke of is left as it is by itself."""
    boxes = {each.name for each in kind.settings if each.shape is Shape.YES and each.name not in typed}
    strange = {name: text for name, text in typed.items() if name not in {each.name for each in kind.settings}}
    known = {name: value for name, value in connecting.read_values(kind, typed).items() if name not in boxes}
    return known | strange


async def _try(hub: Hub, actor: str, ask: asks.ChannelTry) -> JsonValue:
    try:
        trial = await connecting.try_out(hub, _wanted(ask), new=True)
    except Misconfigured as error:
        raise Rejected(str(error)) from error
    return {
        "asked": trial.asked,
        "good": trial.good,
        "words": trial.words,
        "entries": trial.entries,
        "stays": trial.stays,
        "closures": trial.closures,
        "first_night": None if trial.first is None else trial.first.isoformat(),
        "last_night": None if trial.last is None else trial.last.isoformat(),
        "unclear": [{"why": why, "entries": entries} for why, entries in trial.unclear],
        "listings": [each.name or each.id for each in trial.listings],
    }


async def _add(hub: Hub, actor: str, ask: asks.ChannelAdd) -> JsonValue:
    wanted = _wanted(ask)
    try:
        row = await hub.store.write(lambda tx: connecting.add(tx, hub, wanted, actor))
    except Misconfigured as error:
        raise Rejected(str(error)) from error
    return {"channel": row.id, "integration": row.integration, "unit": row.unit}


async def _make(hub: Hub, actor: str, ask: asks.ChannelMake) -> JsonValue:
    try:
        row = await making.make(hub, _wanted(ask), actor)
    except Misconfigured as error:
        raise Rejected(str(error)) from error
    return {"channel": row.id, "integration": row.integration, "unit": row.unit}


async def _change(hub: Hub, actor: str, ask: asks.ChannelChange) -> JsonValue:
    id_ = ChannelId(ask.channel)

    def work(tx: Tx) -> None:
        row = connecting.known(tx, id_)
        given: dict[str, Any] = dict.fromkeys(name for name, text in ask.settings.items() if not text)
        settings = connecting.merged(hub, row, given | _read(_kind(row.integration), ask.settings))
        connecting.change(tx, hub, id_, settings, actor)

    try:
        await hub.store.write(work)
    except Misconfigured as error:
        raise Rejected(str(error)) from error
    return await _settings(hub, actor, asks.ChannelSettings(channel=ask.channel))


async def _settings(hub: Hub, actor: str, ask: asks.ChannelSettings) -> JsonValue:
    row = await hub.store.read(lambda tx: connecting.known(tx, ChannelId(ask.channel)))
    shown = connecting.shown(hub, _kind(row.integration), house.opened_settings(row, hub.vault))
    settings: dict[str, JsonValue] = {name: shown.plain[name] for name in sorted(shown.plain)}
    return {"channel": row.id, "integration": row.integration, "settings": settings, "secrets": [*sorted(shown.kept)]}


async def _remove(hub: Hub, actor: str, ask: asks.ChannelRemove) -> JsonValue:
    id_, stays = ChannelId(ask.channel), Stays(ask.stays)
    left = await hub.store.write(lambda tx: connecting.remove(tx, hub, id_, actor, stays))
    return {"coming": left.coming, "here": left.here, "closures": left.closures, "shared": left.shared}


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.Channels: _list,
    asks.ChannelLog: _log,
    asks.ChannelDifferences: _differences,
    asks.ChannelDo: _do,
    asks.ChannelSyncAll: _sync_all,
    asks.StaySync: _sync_stay,
    asks.ChannelLink: _link,
    asks.ChannelTry: _try,
    asks.ChannelAdd: _add,
    asks.ChannelMake: _make,
    asks.ChannelChange: _change,
    asks.ChannelSettings: _settings,
    asks.ChannelRemove: _remove,
}
