"""The hours in which a lock itself lets a code open (Schedule Entry Lock), as contracts.SlotSchedule.

A user's schedules are of one kind at a time: to set one makes its kind the one that counts, and enables it. So only the
other schedules of the same kind are in the way of a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from drivers.zwave.cc import configuration
from drivers.zwave.cc import schedule_entry_lock as wire
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.schedule_entry_lock import Daily, WeekDay, YearDay
from drivers.zwave.clockwork import Clockwork
from drivers.zwave.known import Known
from drivers.zwave.node import Node, Outcome
from drivers.zwave.settings import NodeSettings
from hub.errors import Rejected, Unavailable
from hub.model.values import Proof, Weekly, Window

_WIDE = 0xFF
"""The highest user that these commands can name."""
_NEVER = datetime(2099, 12, 31, 23, 59, tzinfo=UTC)
"""The last minute a lock can name (years 0 to 99)."""
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_LAST = (23, 59)
_BEST_FIRST = list(Proof)

_OWNER, _GUEST, _WORKER = 1, 3, 4
"""Kinds of users of Kwikset's (kwikset_template.json of zwave-js): an owner may always come in, a guest within dates, a
worker within hours of the week. Guests and workers must have their schedules first."""

Entry = YearDay | WeekDay | Daily


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of schedule, and the commands that speak of it."""

    setting: Callable[..., Command]
    """User, number, schedule or None."""
    question: Callable[[int, int], Command]
    report: type[Command]
    user_type: int


_KINDS: Mapping[type[Entry], _Kind] = MappingProxyType(
    {
        YearDay: _Kind(wire.YearDaySet, wire.YearDayGet, wire.YearDayReport, _GUEST),
        WeekDay: _Kind(wire.WeekDaySet, wire.WeekDayGet, wire.WeekDayReport, _WORKER),
        Daily: _Kind(wire.DailySet, wire.DailyGet, wire.DailyReport, _WORKER),
    }
)


class NodeSchedule:
    def __init__(self, node: Node, clockwork: Clockwork) -> None:
        self._node = node
        self._clockwork = clockwork
        self._settings = NodeSettings(node)
        self._told: dict[int, type[Entry]] = {}
        """The kind of schedule that a slot was told last; nothing is known of the others."""

    async def set(self, slot: int, when: Window | tuple[Weekly, ...]) -> Proof:
        known = self._known(slot)
        entries = [_dated(when)] if isinstance(when, Window) else _weekly(when, known)
        kind = type(entries[0])
        room = known.schedule_room(kind.__name__)
        if len(entries) > room:
            raise Rejected(f"the lock keeps {room} such schedules for a code, and {len(entries)} are needed")
        async with self._node.turns.turn():
            await self._clockwork.agree()
            self._told.pop(slot, None)
            proofs = [await self._put(slot, number, entry) for number, entry in enumerate(entries, 1)]
            proofs += [await self._remove(slot, number, kind) for number in range(len(entries) + 1, room + 1)]
            await self._be(slot, _KINDS[kind].user_type)
            # A new schedule enables them (zwave-js ScheduleEntryLockCC.ts); a lock that thinks otherwise would let all in.
            await self._node.obey(wire.EnableSet(slot, enabled=True))
            self._told[slot] = kind
        return _weakest(proofs)

    async def clear(self, slot: int) -> Proof:
        known = self._known(slot)
        told = self._told.get(slot)
        async with self._node.turns.turn():
            await self._be(slot, _OWNER)
            proofs = [
                await self._remove(slot, number, kind)
                for kind in ([told] if told else _KINDS)
                for number in range(1, known.schedule_room(kind.__name__) + 1)
            ]
            # Some locks take "no schedule" for "never"; a user whose schedules are off is let in at any time.
            if await self._node.obey(wire.EnableSet(slot, enabled=False)) is Outcome.REFUSED:
                raise Rejected("the lock refused to let the code open at any time")
            self._told.pop(slot, None)
        return _weakest(proofs)

    # ---- in one turn -----------------------------------------------------------------------------------------------

    async def _put(self, slot: int, number: int, entry: Entry) -> Proof:
        """Tell it, and ask what it keeps now: that proves more than its word that it obeyed, which is the second try."""
        setting = _KINDS[type(entry)].setting(slot, number, entry)
        await self._node.deliver(setting)
        if await self._shown(slot, number, type(entry)) == [entry]:
            return Proof.READ_BACK
        outcome = await self._node.obey(setting)
        if outcome is Outcome.REFUSED:
            raise Rejected("the lock refused the hours of a code")
        match await self._shown(slot, number, type(entry)):
            case [same] if same == entry:
                return Proof.READ_BACK
            case [_]:
                raise Unavailable("the lock keeps other hours than it was told")
            case _:
                return Proof.CONFIRMED if outcome is Outcome.DONE else Proof.ACKNOWLEDGED

    async def _remove(self, slot: int, number: int, kind: type[Entry]) -> Proof:
        """Mostly there is nothing, and to ask costs as much as to erase."""
        if await self._shown(slot, number, kind) == [None]:
            return Proof.READ_BACK
        outcome = await self._node.obey(_KINDS[kind].setting(slot, number, None))
        match await self._shown(slot, number, kind):
            case [None]:
                return Proof.READ_BACK
            case [_] if outcome is Outcome.REFUSED:
                raise Rejected("the lock refused to forget the hours of a code")
            case [_]:
                raise Unavailable("the lock still keeps hours that it was told to forget")
            case _:
                return Proof.CONFIRMED if outcome is Outcome.DONE else Proof.ACKNOWLEDGED

    async def _be(self, slot: int, user_type: int) -> None:
        """Where a setting says what kind of user a slot is, its schedules count for some kinds only."""
        known = self._node.known
        if known is not None and slot <= known.device.user_types and configuration.CLASS in known.classes:
            await self._settings.put(slot, user_type)

    async def _shown(self, slot: int, number: int, kind: type[Entry]) -> list[Entry | None]:
        """One schedule as the lock tells it, None in it for none; empty: it did not answer."""
        commands = _KINDS[kind]

        def wanted(said: Command) -> list[Entry | None] | None:
            match said:
                case wire.YearDayReport() | wire.WeekDayReport() | wire.DailyReport():
                    ours = isinstance(said, commands.report) and (said.user, said.slot) == (slot, number)
                    return [said.schedule] if ours else None
                case _:
                    return None

        return await self._node.inquire(commands.question(slot, number), wanted) or []

    def _known(self, slot: int) -> Known:
        known = self._node.known
        if known is None or not 1 <= slot <= min(known.slots, _WIDE):
            raise Rejected(f"the lock keeps no schedules for slot {slot}")
        return known


def _weakest(proofs: Iterable[Proof]) -> Proof:
    return max(proofs, key=_BEST_FIRST.index, default=Proof.ACKNOWLEDGED)


def _dated(window: Window) -> YearDay:
    """Whole minutes, rounded so that nobody stands outside within the window."""
    start = window.start.astimezone(UTC).replace(second=0, microsecond=0)
    end = _NEVER if window.end is None else min(window.end.astimezone(UTC), _NEVER)
    stop = end.replace(second=0, microsecond=0)
    stop = stop + _MINUTE if stop < end else stop
    if start.year < wire.CENTURY or start >= stop:
        raise Rejected("the lock's calendar does not reach that far")
    return YearDay(start, stop)


def _weekly(hours: tuple[Weekly, ...], known: Known) -> list[Entry]:
    """In as few schedules as possible: hours that are the same on several days are one, where the lock knows that kind."""
    if not hours:
        raise Rejected("a code without any hours is to be cleared")
    days: dict[tuple[timedelta, timedelta], set[int]] = {}
    for each in hours:
        days.setdefault((each.start, each.length), set()).add(each.day)
    if len(days) <= known.schedule_room(Daily.__name__):
        return [
            Daily(frozenset(on), _clock(start), min(length, _DAY - _MINUTE)) for (start, length), on in days.items()
        ]
    return [piece for each in hours for piece in _within_days(each)]


def _within_days(hours: Weekly) -> list[Entry]:
    """Weekday schedules end within their day: hours past midnight are two."""
    end = -(-(hours.start + hours.length) // _MINUTE) * _MINUTE
    if end < _DAY:
        return [WeekDay(hours.day, _clock(hours.start), _clock(end))]
    first = WeekDay(hours.day, _clock(hours.start), _LAST)
    return [first] if end == _DAY else [first, WeekDay((hours.day + 1) % 7, (0, 0), _clock(end - _DAY))]


def _clock(since_midnight: timedelta) -> tuple[int, int]:
    return divmod(since_midnight // _MINUTE, 60)
