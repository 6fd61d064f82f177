"""What the command line may ask about bookings that accounts are told of; the decisions themselves are in hub/pushing.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue

from hub import pushing
from hub.commandline import asks
from hub.commandline.asks import Ask
from hub.hub import Hub
from hub.model.values import ChannelId, StayId
from hub.pushed import Line, pushed
from hub.store.engine import Tx


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _line(line: Line) -> JsonValue:
    return {
        "stay": line.stay,
        "guest": line.guest,
        "reference": line.reference,
        "unit": line.unit,
        "arrival": str(line.arrival),
        "state": line.state.value + (" (rehearsed)" if line.dry else ""),
        "booking": line.booking,
        "attempts": line.attempts,
        "lacks": [each.part for each in line.lacks],
        "error": f"Not all of it: {line.lacking}" if line.lacking and line.keeps_nights else line.error,
        "tried_at": _told(line.tried_at),
    }


async def _list(hub: Hub, actor: str, ask: asks.Pushes) -> JsonValue:
    found = await hub.store.read(lambda tx: pushed(tx, hub.plugins, ChannelId(ask.channel), hub.clock.now()))
    counts = found.statistics
    return {
        "on": found.on,
        "rehearses": found.rehearses,
        "pending": counts.pending,
        "synced": counts.synced,
        "failed": counts.failed,
        "success_rate": counts.success_rate,
        "average_attempts": counts.average_attempts,
        "bookings": [_line(line) for line in found.lines],
    }


async def _again(hub: Hub, actor: str, ask: asks.PushAgain) -> JsonValue:
    channel, stay = ChannelId(ask.channel), None if ask.stay is None else StayId(ask.stay)

    def work(tx: Tx) -> JsonValue:
        now, wall = hub.clock.now(), hub.wall.now()
        if ask.real and stay is not None:
            pushing.send_for_real(tx, channel, stay, actor, now, wall)
            return 1
        return pushing.retry(tx, channel, stay, actor, now, wall)

    return await hub.store.write(work)


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.Pushes: _list,
    asks.PushAgain: _again,
}
