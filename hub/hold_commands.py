"""What the command line may say of nights that are held; the rules are in hub/bookings.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import JsonValue

from hub import bookings
from hub.bookings import NewHold
from hub.commandline import asks_stays as asks
from hub.commandline.asks import Ask
from hub.errors import Rejected
from hub.hub import Hub
from hub.intake import NewStay
from hub.model.values import UnitId
from hub.stay_commands import kept, spoken, told_at
from hub.store import bookings as ledger
from hub.store.bookings import Hold
from hub.store.engine import Tx
from hub.store.stay_search import HOLD


def described(row: Hold) -> dict[str, JsonValue]:
    """As a stay is, so that both stand in one list."""
    return {
        "id": row.id,
        "unit": row.unit,
        "channel": None,
        "kind": HOLD,
        "status": "held",
        "guest": row.label,
        "reference": "",
        "arrival": row.arrival.isoformat(),
        "departure": row.departure.isoformat(),
        "check_in": told_at(row.check_in),
        "check_out": told_at(row.check_out),
        "doors": 0,
        "proven": 0,
        "price": None,
        "price_lines": [],
        "expires_at": told_at(row.expires_at),
    }


async def _hold(hub: Hub, actor: str, ask: asks.StayHold) -> JsonValue:
    new = NewHold(UnitId(ask.unit), ask.arrival, ask.departure, ask.label, timedelta(minutes=ask.minutes))
    return await spoken(hub, lambda tx: described(bookings.hold(tx, hub.desk, new, actor, anyway=ask.anyway)))


async def _confirm(hub: Hub, actor: str, ask: asks.HoldConfirm) -> JsonValue:
    def work(tx: Tx) -> JsonValue:
        now = hub.clock.now()
        row = next((each for each in ledger.live_holds(tx, now) if each.id == ask.hold), None)
        if row is None:
            raise Rejected("there is no such hold, or it is over")
        guest = ask.guest.strip() or row.label
        if not guest:
            raise Rejected("say who comes: --guest NAME")
        new = NewStay(row.unit, row.arrival, row.departure, guest, guests=ask.guests)
        return kept(tx, bookings.book(tx, hub.intake, new, actor, anyway=ask.anyway, hold=row.id), now)

    return await spoken(hub, work)


async def _let_go(hub: Hub, actor: str, ask: asks.HoldLetGo) -> JsonValue:
    return await hub.store.write(lambda tx: described(bookings.release(tx, hub.desk, ask.hold, actor)))


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.StayHold: _hold,
    asks.HoldConfirm: _confirm,
    asks.HoldLetGo: _let_go,
}
