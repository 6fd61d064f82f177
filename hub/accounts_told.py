"""Looks what the accounts of booking services should be told by now: door codes of their bookings, and bookings of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from hub import doorcodes, pushing
from hub.bus import Bus
from hub.contracts import Clock, Performer
from hub.doorcodes import DoorCodes
from hub.errors import Disappointment
from hub.issuing import Desk
from hub.model.effects import GiveDoorCode, PushStay, TellChannel
from hub.plugins import Plugins
from hub.pushing import Pusher
from hub.schedule import pause
from hub.store import mail
from hub.store.engine import Store, Tx
from hub.store.stays import StayRow

logger = structlog.get_logger("accounts")

GATHER_S: Final = 1.0
"""One thing that happens changes several; they are looked at together."""
LOOK_EVERY: Final = timedelta(minutes=1)
"""A code may be told because a lock answered, and nothing says so."""


@dataclass(frozen=True, slots=True)
class AccountsTold:
    store: Store
    desk: Desk
    bus: Bus
    clock: Clock
    wall: Clock
    plugins: Plugins

    async def run(self) -> None:
        """Until cancelled. A hub without such accounts never looks."""
        async with self.bus.listen("stays", "stay:", "house", "channels", "clock") as nudges:
            while True:
                await pause(self.clock, await self._look(), nudges)
                await self.wall.sleep(GATHER_S)

    async def _look(self) -> datetime | None:
        """When to look again."""
        showing, pushing_to = doorcodes.accounts(self.plugins), pushing.accounts(self.plugins)
        if not showing and not pushing_to:
            return None

        def due(tx: Tx) -> bool:
            return doorcodes.due(tx, self.desk, showing) or any(
                True for account in pushing_to for _ in pushing.changes(tx, self.desk, account)
            )

        def work(tx: Tx) -> None:
            doorcodes.promise_all(tx, self.desk, showing, self.wall.now())
            pushing.promise_all(tx, self.desk, pushing_to, self.wall.now())

        try:
            if await self.store.read(due):
                await self.store.write(work)
        except Disappointment as error:
            logger.warning("what accounts should be told could not be worked out; it is tried again", why=str(error))
        return self.clock.now() + LOOK_EVERY


def keepers(store: Store, desk: Desk, clock: Clock, plugins: Plugins) -> dict[type[Any], Performer]:
    """Who keeps the promises that are made here."""
    return {
        GiveDoorCode: DoorCodes(store, desk, clock, plugins).perform,
        PushStay: Pusher(store, desk, clock, plugins).perform,
    }


def proof(plugins: Plugins, wall: Clock) -> Callable[[Tx, StayRow], None]:
    def proved(tx: Tx, stay: StayRow) -> None:
        """Where the stay's source wants to know, it is promised to be told."""
        channel = stay.channel_id
        integration = None if channel is None else plugins.integration(channel)
        if channel is None or integration is None or TellChannel not in integration.perform:
            return
        effect = TellChannel(channel, stay.id, stay.reference, "code_ready")
        mail.promise(tx, effect, key=f"code_ready:{stay.id}", lane=f"channel:{channel}", due=wall.now())

    return proved
