"""At the end of a hold its nights are free: whoever shows them, or tells platforms of them, looks again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub.bus import Bus
from hub.contracts import Clock
from hub.errors import Unavailable
from hub.schedule import pause
from hub.store import bookings
from hub.store.engine import Store

STORE_WAIT: Final = timedelta(seconds=10)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HoldsEnd:
    """A hold that is over counts for nothing by itself. It is taken away so that a change is seen: also of one that ended
    while the hub was off."""

    store: Store
    bus: Bus
    clock: Clock

    async def run(self) -> None:
        async with self.bus.listen("stays", "clock") as nudges:
            while True:
                try:
                    again = await self.look()
                except Unavailable as error:
                    log.warning("holds that are over wait for the store", why=str(error))
                    again = self.clock.now() + STORE_WAIT
                await pause(self.clock, again, nudges)

    async def look(self) -> datetime | None:
        """Take away what is over; when the next one ends, None where nothing is held or nobody knows the time."""
        ends = await self.store.read(bookings.next_hold_end) if self.clock.trusted else None
        if ends is not None and ends <= self.clock.now():
            await self.store.write(lambda tx: bookings.sweep_holds(tx, self.clock.now()))
            ends = await self.store.read(bookings.next_hold_end)
        return ends
