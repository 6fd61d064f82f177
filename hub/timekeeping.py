"""Notices that the clock was set, wakes everybody who waits by it, and makes up for what was done while it was wrong.

A clock that is not believed does no harm (design.md §4). One that is believed and wrong, as that of a box whose battery
clock ran ahead, ends codes too early; once it is right their guests get others, and a person is told to tell them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import structlog

from hub import issuing
from hub.bus import Bus
from hub.contracts import Clock
from hub.errors import Disappointment
from hub.findings import Look
from hub.io.clock import JUMP_S, LoopClock, TurnedClock
from hub.issuing import Desk
from hub.model.alerts import Finding, Kind
from hub.model.values import StayId
from hub.store import codes, doors, mail, staying
from hub.store import ladder as pools
from hub.store import stays as ledger
from hub.store.engine import Store, Tx

logger = structlog.get_logger("clock")

LOOK_EVERY_S: Final = 30.0
"""Real time. Nothing tells us that the clock was set."""


@dataclass(frozen=True, slots=True)
class Timekeeper:
    store: Store
    desk: Desk
    bus: Bus
    clock: Clock

    async def run(self) -> None:
        if isinstance(self.clock, LoopClock | TurnedClock):
            return  # nobody can set them
        loop = asyncio.get_running_loop()
        before: tuple[float, bool] | None = None
        while True:
            seen = self.clock.now().timestamp() - loop.time(), self.clock.trusted
            if before is None or abs(seen[0] - before[0]) > JUMP_S or seen[1] is not before[1]:
                if before is not None and abs(seen[0] - before[0]) > JUMP_S:
                    logger.warning("the clock was set", by_s=round(seen[0] - before[0]), trusted=seen[1])
                if seen[1]:
                    await self._make_up()
                self.bus.signal("clock")
                self.bus.signal("health")
            before = seen
            await asyncio.sleep(LOOK_EVERY_S)

    async def _make_up(self) -> None:
        try:
            await self.store.write(lambda tx: make_up(tx, self.desk))
        except Disappointment as error:
            logger.warning("what a wrong clock did could not be made up for", why=str(error))


def make_up(tx: Tx, desk: Desk) -> None:
    """Doing it twice changes nothing."""
    now = desk.now()
    mail.come_to_now(tx, now)
    for id_ in sorted(
        {entry.stay for entry in pools.ended_early(tx, now, staying.since(tx, now)) if entry.stay is not None}
    ):
        stay = ledger.stay(tx, id_)
        if stay is not None:
            issuing.replan(tx, desk, stay)


# ---- what is told ---------------------------------------------------------------------------------------------------


def found(look: Look) -> Iterator[Finding]:
    """Guests whose code a wrong clock ended, and who do not know the other one yet."""
    if not look.clock.trusted:
        return
    lost: dict[StayId, list[str]] = {}
    for entry in pools.ended_early(look.tx, look.now, staying.since(look.tx, look.now)):
        if entry.stay is not None and entry.told_at is not None and not _knows_another(look.tx, entry):
            door = doors.door(look.tx, entry.lock)
            lost.setdefault(entry.stay, []).append(entry.lock if door is None else door.name)
    for id_, names in lost.items():
        stay = ledger.stay(look.tx, id_)
        whose = "a guest" if stay is None else stay.guest or stay.reference or "a guest"
        yield Finding(
            Kind.CODE_REPLACED,
            f"stay:{id_}",
            f"The hub's clock was wrong, and the code of {whose} was taken out of {', '.join(sorted(set(names)))} too early. "
            "Another one was drawn.",
            "Tell the guest the new code; it is on the stay's page.",
        )


def _knows_another(tx: Tx, entry: codes.Issued) -> bool:
    assert entry.stay is not None
    return any(each.lock == entry.lock and each.told_at for each in codes.issued_for(tx, entry.stay))
