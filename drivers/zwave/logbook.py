"""A lock's own log (Door Lock Logging), read where something may have happened at the door that nobody heard.

That is after the hub was off, the stick away or the lock out of reach. It is read when nobody wants anything of the lock,
one line at a time, the newest first and back to what is known. What was heard of it all the same is found out by the hub.

What a line says of the time is worth as much as the lock's clock, which is looked at first. The lines of a lock that has
none, or a wrong one, are told as of some time since the log was read last, and known again by the lines around them. Where
these are all alike (a lock without a clock on which the same things happen in turn) what was missed may stay unknown;
nothing is told twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog

from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.door_lock_logging import Event, Record, RecordGet, RecordReport
from drivers.zwave.clockwork import reckon
from drivers.zwave.known import Mark
from drivers.zwave.node import Node
from drivers.zwave.surroundings import Surroundings
from hub.errors import Unavailable
from hub.model.facts import BoltMoved, CodeChange, CodesChanged, LogRead, Remembered
from hub.model.values import Address, How, Position

_IDLE_S = 2.0
"""Nobody else has wanted anything of the lock for so long before its log is read."""
_AGAIN_AFTER_S = (0.0, 30.0, 300.0)
"""Pauses before a log that could not be read is tried again; then there must be another reason."""
_ROUGHLY = timedelta(minutes=1)
"""How far what was heard and what was written may be apart, with a clock that was found right."""
_OLD = timedelta(days=20)
"""Log entries are kept for 30 days."""
_ASKED_AT_MOST = 3
"""Some devices leave a question unanswered where they have nothing to tell; a lost answer looks the same."""
_RUN = 4
"""Lines in a row by which a place in the log is known again where its clock tells nothing."""
_LATEST = 0
"""Stands for the newest line, whatever its number (zwave-js 15, DoorLockLoggingCC.ts, LATEST_RECORD_NUMBER_KEY)."""
_MOVES: Mapping[Event, tuple[Position, How]] = MappingProxyType(
    {
        Event.LOCK_CODE: (Position.LOCKED, How.KEYPAD),
        Event.UNLOCK_CODE: (Position.UNLOCKED, How.KEYPAD),
        Event.LOCK_BUTTON: (Position.LOCKED, How.MANUAL),
        Event.UNLOCK_BUTTON: (Position.UNLOCKED, How.MANUAL),
        Event.LOCK_MANUAL: (Position.LOCKED, How.MANUAL),
        Event.UNLOCK_MANUAL: (Position.UNLOCKED, How.MANUAL),
        Event.LOCK_AUTO: (Position.LOCKED, How.AUTO),
        Event.UNLOCK_AUTO: (Position.UNLOCKED, How.AUTO),
        Event.LOCK_REMOTE_CODE: (Position.LOCKED, How.REMOTE),
        Event.UNLOCK_REMOTE_CODE: (Position.UNLOCKED, How.REMOTE),
        Event.LOCK_REMOTE: (Position.LOCKED, How.REMOTE),
        Event.UNLOCK_REMOTE: (Position.UNLOCKED, How.REMOTE),
        Event.LOCK_MANUAL_2: (Position.LOCKED, How.MANUAL),
        Event.UNLOCK_MANUAL_2: (Position.UNLOCKED, How.MANUAL),
        Event.SECURED: (Position.LOCKED, How.UNKNOWN),
        Event.UNSECURED: (Position.UNLOCKED, How.UNKNOWN),
    }
)
_CODES: Mapping[Event, CodeChange] = MappingProxyType(
    {
        Event.CODE_ADDED: CodeChange.ADDED,
        Event.CODE_CHANGED: CodeChange.ADDED,
        Event.CODE_DELETED: CodeChange.DELETED,
        Event.ALL_CODES_DELETED: CodeChange.ALL_DELETED,
        Event.RESET: CodeChange.ALL_DELETED,
    }
)
"""A reset puts everything back to how the factory made it."""
_NOBODY = frozenset({0x00, 0xFF})

log = structlog.get_logger("zwave")


@dataclass(frozen=True, slots=True)
class _Pages:
    """What was read, the newest first, and where that leads to."""

    new: list[Record]
    mark: Mark


class Logbook:
    """Of one lock. What was read of it is told, and counts once `absorbed` is called."""

    def __init__(self, node: Node, lock: Address, around: Surroundings) -> None:
        self.mark: Mark | None = None
        """None: it was never read. What stands there is not of this house's time."""
        self._node = node
        self._lock = lock
        self._around = around
        self._gap, self._filled = 1, 0
        """How many times something may have been missed, and up to which of these the log was read."""
        self._told: tuple[LogRead, int, Mark] | None = None
        self.at_it = False

    # ---- what is told to it ----------------------------------------------------------------------------------------

    def lost(self) -> None:
        """From now on something may happen that nobody hears."""
        self._gap += 1
        self._told = None

    def heard(self, at: datetime) -> None:
        if self.mark is not None and self._gap == self._filled:
            self.mark = replace(self.mark, heard=at)

    def absorbed(self, told: LogRead) -> None:
        """It is written down."""
        if self._told is not None and self._told[0] is told:
            _, gap, mark = self._told
            self._told = None
            self._keep(gap, mark)

    def forget(self) -> None:
        """Another device stands here now."""
        self.mark = None
        self.lost()

    def _keep(self, gap: int, mark: Mark) -> None:
        self._filled, self.mark = gap, mark
        self._around.changed()

    # ---- reading ---------------------------------------------------------------------------------------------------

    @property
    def behind(self) -> bool:
        """Whether there is something to be read."""
        known = self._node.known
        able = known is not None and known.records > 0 and not known.closed
        return able and (self._gap != self._filled or self._is_old())

    def _is_old(self) -> bool:
        """Where lines have no time, only what was heard since tells which are new, and the house forgets that in the end."""
        return self.mark is not None and not self.mark.timed and self._around.now() - self.mark.read > _OLD

    async def catch_up(self) -> None:
        """Read what may have been missed, as soon as nobody wants anything else of the lock."""
        if self.at_it or not self.behind:
            return
        self.at_it = True
        try:
            for pause in _AGAIN_AFTER_S:
                await asyncio.sleep(pause)
                await self._node.turns.quiet(_IDLE_S)
                try:
                    await self.read()
                except Unavailable as error:
                    log.debug("a lock's log was not read", node=self._node.number, why=str(error))
                else:
                    return
        finally:
            self.at_it = False

    async def read(self) -> None:
        """Raises Unavailable: the lock left out an answer; what may have been missed still is."""
        if not self.behind or self._told is not None:
            return
        gap, began, mark = self._gap, self._around.now(), self.mark
        async with self._node.turns.turn():
            shift = await reckon(self._node, self._around.now) if self._around.trusted() else None
        pages = await self._pages(began, shift)
        told = () if mark is None else _remembered(pages.new, self._lock, began, mark, shift)
        if mark is None:
            self._keep(gap, pages.mark)
            return
        since = mark.heard - _ROUGHLY if all(each.timed for each in told) else mark.read
        log.info("a lock's log was read", node=self._node.number, lines=len(told), timed=shift is not None)
        read = LogRead(self._lock, began, since, told)
        if told:
            self._told = (read, gap, pages.mark)
        else:  # that nothing happened is news as well, and no loss if it is told twice
            self._keep(gap, pages.mark)
        self._around.tell(read)

    async def _pages(self, began: datetime, shift: timedelta | None) -> _Pages:
        known, mark = self._node.known, self.mark
        assert known is not None
        lines: list[Record] = []
        names: list[str] = []
        at = await self._ask(_LATEST)
        ring = at.number > 1 or (mark is not None and mark.ring)
        for _ in range(known.records if mark is not None else _RUN):
            if at.record is None:
                break
            if at.record.at is None or named(at.record) not in names:  # else all moved on by one while they were read
                lines.append(at.record)
                names.append(named(at.record))
            older = (at.number - 1 or known.records) if ring else at.number + 1
            if self._is_enough(lines, names, shift) or older > known.records:
                break
            at = await self._ask(older)
        if not ring and any(line.at is None for line in lines) and await self._went_on(names[0]):
            raise Unavailable("the lock went on writing its log while that was read")
        end = _known_from(names, mark)
        new = lines if end is None else lines[:end]
        if new and self._reached(new[-1], shift):
            new = new[:-1]
        return _Pages(new, Mark(began, began, tuple(names[:_RUN]), ring, timed=shift is not None))

    def _is_enough(self, lines: list[Record], names: list[str], shift: timedelta | None) -> bool:
        return _known_from(names, self.mark) is not None or self._reached(lines[-1], shift)

    async def _went_on(self, newest: str) -> bool:
        latest = (await self._ask(_LATEST)).record
        return latest is None or named(latest) != newest

    def _reached(self, line: Record, shift: timedelta | None) -> bool:
        """Whether a line is of a time in which everything was heard.

        A line before the last that is known, which was not met on the way, was written by a clock that began anew.
        """
        mark = self.mark
        if mark is None or shift is None or line.at is None:
            return False
        begun_anew = bool(mark.newest) and named(line)[: len(_MOMENT)] < mark.newest[0][: len(_MOMENT)]
        return line.at + shift < mark.heard - _ROUGHLY and not begun_anew

    async def _ask(self, number: int) -> RecordReport:
        """One line, after everybody else. Raises Unavailable."""

        def wanted(said: Command) -> RecordReport | None:
            return said if isinstance(said, RecordReport) and number in {_LATEST, said.number} else None

        if self._node.turns.busy:
            await self._node.turns.quiet(_IDLE_S)
        async with self._node.turns.turn():
            if number == _LATEST:
                return await self._node.ask(RecordGet(number), wanted)
            for _ in range(_ASKED_AT_MOST):
                found = await self._node.inquire(RecordGet(number), wanted)
                if found is not None:
                    return found
            return RecordReport(number, None)


_MOMENT = "2027-03-02 12:00:00"


def named(line: Record) -> str:
    """What a line is known by again; without the code that may stand in it."""
    year, month, day, hour, minute, second = line.moment
    moment = f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
    return f"{moment} {line.number} {line.user}"


def _known_from(names: list[str], mark: Mark | None) -> int | None:
    """Where the lines begin that were there when the log was read last; None: they were not met yet."""
    if mark is None or not mark.newest or tuple(names[-len(mark.newest) :]) != mark.newest:
        return None
    return len(names) - len(mark.newest)


def _remembered(
    lines: list[Record], lock: Address, read_at: datetime, mark: Mark, shift: timedelta | None
) -> tuple[Remembered, ...]:
    """In the order in which they were written. A time that cannot be is none."""
    found: list[Remembered] = []
    newest = read_at + _ROUGHLY
    for line in lines:
        at = None if shift is None or line.at is None else line.at + shift
        timed = at is not None and mark.heard - _ROUGHLY <= at <= newest
        if at is not None and timed:
            newest = at + _ROUGHLY
        news = _news(line, lock, at if at is not None and timed else read_at)
        if news is not None:
            found.append(Remembered(news, timed))
    return tuple(reversed(found))


def _news(line: Record, lock: Address, at: datetime) -> BoltMoved | CodesChanged | None:
    """None: the house has no use for it."""
    slot = None if line.user in _NOBODY else line.user
    move, change = _MOVES.get(line.event), _CODES.get(line.event)
    if move is not None:
        position, how = move
        return BoltMoved(lock, at, position, how, slot if how is How.KEYPAD else None)
    if change is not None:
        return CodesChanged(lock, at, change, None if change is CodeChange.ALL_DELETED else slot)
    return None
