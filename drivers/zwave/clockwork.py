"""A lock's clock, which its schedules go by: set to UTC with no offset, so that both sides mean the same by a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from drivers.zwave.cc import battery, clock, notification, schedule_entry_lock, time, time_parameters
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.time import Offset
from drivers.zwave.known import Known
from drivers.zwave.node import Node, a
from hub.errors import Rejected, Unavailable

AGREED_FOR = timedelta(days=1)
"""A cheap quartz strays by seconds a day; a lock whose batteries were changed may have forgotten everything."""
STRAY = timedelta(minutes=2)
"""How wrong a clock may be that was just set; some know only minutes."""

_STEP_S = 10.0
"""By less than that a clock is disciplined, not set (hub/io/clock.py)."""
_LOOK_EVERY = timedelta(hours=23)
"""A little less than a day, so that what looks every day does."""
_POWER_APPLIED = 0x01
"""Power Management (Notification Command Class, list of assigned Notifications)."""
_FRESH = 30
"""So many per cent more than before are no change of the weather."""

log = structlog.get_logger("zwave")


class Clockwork:
    """One lock's clock: set before it is told hours, and looked at every day and whenever it may have begun anew.

    One whose battery was changed may begin in another century, and keep out whom its hours should let in.
    """

    def __init__(self, node: Node, now: Callable[[], datetime], trusted: Callable[[], bool]) -> None:
        self._node = node
        self._now = now
        self._trusted = trusted
        self._agreed_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._percent: int | None = None

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

    def began_anew(self, command: Command) -> bool:
        """Whether it says that its battery was changed, or has so much more in it that it must have been."""
        match command:
            case notification.Report(happening=notification.Happening(kind=notification.POWER_MANAGEMENT, event=event)):
                new = event == _POWER_APPLIED
            case battery.Report(percent=percent):
                before, self._percent = self._percent, percent or 0
                new = before is not None and self._percent - before >= _FRESH
            case _:
                new = False
        if new:
            self.doubt()
        return new

    def doubt(self) -> None:
        self._agreed_at = self._looked_at = None

    async def look(self) -> None:
        """Set it if it strayed, unless that was looked at lately and nothing has happened to it since."""
        now, known = self._now(), self._node.known
        lately = self._looked_at is not None and abs(now - self._looked_at) < _LOOK_EVERY
        if known is None or lately or self._node.asleep or not _matters(known) or not self._trusted():
            return
        try:
            async with self._node.turns.turn():
                shown = await self._node.inquire(time_parameters.Get(), a(time_parameters.Report))
                self._looked_at = self._now()
                if shown is not None and abs(shown.at - self._looked_at) > STRAY:
                    by_s = int((self._looked_at - shown.at).total_seconds())
                    log.info("a lock's clock is set right", node=self._node.number, by_s=by_s)
                    self._agreed_at = None
                    await self.agree()
        except (Rejected, Unavailable) as error:
            self._looked_at = None
            log.debug("a lock's clock was not set", node=self._node.number, why=str(error))


class Evenness:
    """Whether the hub's own clock runs on evenly, looked at now and then. One that is turned runs faster, but evenly.

    A step by the network, or by a person, leaves the locks with the time that was wrong.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._before: tuple[float, float] | None = None
        self._rate: float | None = None

    def broken(self) -> bool:
        """Since the last look. After a step it says so twice, as the second look cannot tell which rate was right."""
        wall, running = self._now().timestamp(), asyncio.get_running_loop().time()
        before, self._before = self._before, (wall, running)
        if before is None or running <= before[1]:
            return False
        lasted, old = running - before[1], self._rate
        self._rate = (wall - before[0]) / lasted
        return old is not None and abs(self._rate - old) * lasted > _STEP_S


def _matters(known: Known) -> bool:
    """Whether its hours or what it writes down go by its clock, and that can be asked.

    Where somebody else may have told it hours it is left alone: they would begin and end at other times.
    """
    foreign = not known.confines and schedule_entry_lock.CLASS in known.classes
    return time_parameters.CLASS in known.classes and (known.confines or known.records > 0) and not foreign


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
    """The offsets first: a clock that is kept as local time would be moved by them. They matter to hours only.

    Both may be of a later version than the lock's, which then passes them over.
    """
    found: list[Command] = []
    if schedule_entry_lock.CLASS in known.classes:
        found.append(schedule_entry_lock.TimeOffsetSet(Offset()))
    if time.CLASS in known.classes and known.confines:
        found.append(time.TimeOffsetSet(Offset()))
    if time_parameters.CLASS in known.classes:
        found.append(time_parameters.Set(now.replace(microsecond=0)))
    elif clock.CLASS in known.classes:
        found.append(clock.Set(now.weekday(), now.hour, now.minute))
    return found
