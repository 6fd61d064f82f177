"""A lock's clock, which its schedules go by: set to UTC with no offset, so that both sides mean the same by a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from drivers.zwave.cc import clock, schedule_entry_lock, time, time_parameters
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.time import Offset
from drivers.zwave.known import Known
from drivers.zwave.node import Node, a
from hub.errors import Rejected, Unavailable

AGREED_FOR = timedelta(days=1)
"""A cheap quartz strays by seconds a day; a lock whose batteries were changed may have forgotten everything."""
STRAY = timedelta(minutes=2)
"""How wrong a clock may be that was just set; some know only minutes."""

log = structlog.get_logger("zwave")


class Clockwork:
    def __init__(self, node: Node, now: Callable[[], datetime]) -> None:
        self._node = node
        self._now = now
        self._agreed_at: datetime | None = None

    async def agree(self) -> None:
        """Set the lock's clock, unless that was done lately. Inside the node's turn.

        Raises:
            Unavailable: it did not arrive.
            Rejected: the lock does not keep the time that it is given, and its schedules would mean something else.
        """
        now, known = self._now(), self._node.known
        if known is None or (self._agreed_at is not None and abs(now - self._agreed_at) < AGREED_FOR):
            return
        for command in _settings(known, now):
            await self._node.deliver(command)
        if time_parameters.CLASS in known.classes:
            shown = await self._node.inquire(time_parameters.Get(), a(time_parameters.Report))
            if shown is not None and not now - STRAY <= shown.at <= self._now() + STRAY:
                raise Rejected("the lock's clock does not keep the time that it is given")
        self._agreed_at = now


async def keep_time(node: Node, now: Callable[[], datetime]) -> None:
    """Look at a lock's clock, and set it if it strayed.

    A lock whose battery was changed may begin in another century, and keep out whom its hours should let in.
    """
    known = node.known
    if known is None or node.asleep or not known.confines or time_parameters.CLASS not in known.classes:
        return
    try:
        async with node.turns.turn():
            shown = await node.inquire(time_parameters.Get(), a(time_parameters.Report))
            if shown is not None and abs(shown.at - now()) > STRAY:
                log.info("a lock's clock is set right", node=node.number, by_s=int((now() - shown.at).total_seconds()))
                await Clockwork(node, now).agree()
    except (Rejected, Unavailable) as error:
        log.debug("a lock's clock was not set", node=node.number, why=str(error))


async def reckon(node: Node, now: Callable[[], datetime]) -> timedelta | None:
    """What is to be added to the lock's local time to have UTC. Inside the node's turn.

    None: its clock is wrong, or nobody can tell. One that keeps summer time counts as such, for its rules may be of any year.

    Raises:
        Unavailable: it did not arrive.
    """
    classes = node.known.classes if node.known is not None else frozenset()
    if time_parameters.CLASS in classes:
        shown = await node.inquire(time_parameters.Get(), a(time_parameters.Report))
        stray = None if shown is None else now() - shown.at
        if stray is None or abs(stray) > STRAY:
            return None
        offset = await _offset(node, classes)
        return None if offset.summer else stray - offset.standard
    if clock.CLASS in classes:
        hands = await node.inquire(clock.Get(), a(clock.Report))
        return timedelta() if hands is not None and _agrees(hands, now()) else None
    return None


async def _offset(node: Node, classes: frozenset[int]) -> Offset:
    """As the lock tells it; one that cannot tell has none."""
    told: time.TimeOffsetReport | schedule_entry_lock.TimeOffsetReport | None = None
    if time.CLASS in classes:
        told = await node.inquire(time.TimeOffsetGet(), a(time.TimeOffsetReport))
    elif schedule_entry_lock.CLASS in classes:
        told = await node.inquire(schedule_entry_lock.TimeOffsetGet(), a(schedule_entry_lock.TimeOffsetReport))
    return Offset() if told is None else told.offset


def _agrees(hands: clock.Report, now: datetime) -> bool:
    """A clock that shows only whole minutes, and perhaps not the day of the week."""
    if hands.weekday not in {None, now.weekday()}:
        return False
    shown = now.replace(hour=hands.hour, minute=hands.minute, second=30, microsecond=0)
    return abs(shown - now) <= STRAY


def _settings(known: Known, now: datetime) -> list[Command]:
    """The offsets first: a clock that is kept as local time would be moved by them.

    Both may be of a later version than the lock's, which then passes them over.
    """
    found: list[Command] = []
    if schedule_entry_lock.CLASS in known.classes:
        found.append(schedule_entry_lock.TimeOffsetSet(Offset()))
    if time.CLASS in known.classes:
        found.append(time.TimeOffsetSet(Offset()))
    if time_parameters.CLASS in known.classes:
        found.append(time_parameters.Set(now.replace(microsecond=0)))
    elif clock.CLASS in known.classes:
        found.append(clock.Set(now.weekday(), now.hour, now.minute))
    return found
