"""One simulated lock: a bolt, a thumb-turn, a keypad and a memory. Time is handed in; nothing here knows a socket.

What a lock says is put into `said`; who asked and whether the radio carries it is the stick's affair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from math import ceil
from typing import Final

from drivers.simulator import logbook, notices
from drivers.simulator.habits import Habits
from drivers.simulator.logbook import Written
from drivers.simulator.memory import (
    ENABLED,
    Associated,
    AutoLockSet,
    Bolt,
    BoltMoved,
    By,
    Change,
    ClockSet,
    Code,
    CodeRefused,
    CodeSet,
    Drained,
    Entry,
    Filled,
    Installed,
    Jammed,
    Joined,
    KeypadMode,
    KeysGiven,
    Left,
    Memory,
    ParameterSet,
    Pressed,
    Silenced,
)
from drivers.simulator.models import Role
from drivers.simulator.notices import MOVED, Event, Power
from drivers.simulator.security.joining import Wishes
from drivers.simulator.security.keys import NAMES, Level
from drivers.simulator.security.wishes import asking
from drivers.simulator.settings import LockSettings
from hub.errors import Rejected

STICK: Final = 1
"""The stick's own node."""
LOW_PERCENT: Final = 20
EMPTY_PERCENT: Final = 5
_FORGOTTEN: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""What a clock shows that knows nothing."""
_MODE: Final = {Bolt.UNLOCKED: 0x00, Bolt.UNKNOWN: 0xFE, Bolt.LOCKED: 0xFF}


class Verdict(Enum):
    """What became of a request to change a code."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    """No such slot, or digits that this lock does not take."""


@dataclass(frozen=True, slots=True)
class Said:
    command: bytes
    event: bool
    """Told without being asked."""
    again: bool = False
    """An event that was told before."""


@dataclass(frozen=True, slots=True)
class Motion:
    to: Bolt
    by: By
    slot: int | None
    ends: float
    session: int | None = None
    """The Supervision session that waits for the end."""


class SimLock:
    def __init__(
        self, settings: LockSettings, wall: Callable[[], datetime], record: Callable[[Entry], None], key: str = ""
    ) -> None:
        """
        Args:
            wall: the time that stands in the journal.
            record: is told each change when it has been made.
            key: names the lock in the journal; without one its address does.
        """
        self.settings = settings
        self.key = key or settings.address
        self.model = settings.hardware
        self.quirks = settings.quirks
        self.memory = Memory(node=settings.node)
        self.said: list[Said] = []
        self.motion: Motion | None = None
        self.muted: set[int] = set()
        """Notification types whose unsolicited reports the host has switched off."""
        self.last_session: int | None = None
        self.habits = Habits()
        self._wall = wall
        self._record = record
        self._relock_at: float | None = None
        self._wrong = 0
        self._keypad_off_until = float("-inf")

    def install(self) -> None:
        """Fresh hardware as the settings have it, unless what is remembered is of the same model."""
        if self.memory.model != self.settings.model:
            settings = self.settings
            self.happen(Installed(model=settings.model, battery=settings.battery, auto_lock=settings.auto_lock))

    # ---- memory ----

    def happen(self, change: Change) -> None:
        """The only way in which a lock changes."""
        self.recall(change)
        self._record(Entry(at=self._wall(), lock=self.key, change=change))

    def recall(self, change: Change) -> None:
        """Something that is journalled already."""
        self.memory = self.memory.after(change)

    @property
    def address(self) -> str:
        """The number of its node; outside of a network a name that is no number."""
        return self.stranger if self.memory.node is None else str(self.memory.node)

    @property
    def stranger(self) -> str:
        """Its name for those to whom it has no number."""
        return f"was-{self.key}" if self.key == self.settings.address else self.key

    def join(self, node: int) -> None:
        self.happen(Joined(node=node))

    def leave(self) -> None:
        """Out of the network, and everything is forgotten."""
        self.happen(Left())
        self.reset()

    @property
    def silent(self) -> bool:
        return self.memory.silent or self.quirks.silent

    def parameter(self, number: int) -> int | None:
        """None: this lock has no such parameter."""
        known = self.model.parameters.get(number)
        if known is None:
            return None
        if known.role is Role.OCCUPIED:
            return sum(1 << (slot - 1) for slot in self.memory.codes if slot <= 8 * known.size)
        return self.memory.parameters.get(number, known.default)

    @property
    def holds(self) -> frozenset[Level]:
        """The classes of which it has the key."""
        kept = self.memory.keys
        return self.settings.joined_with if kept is None else frozenset(NAMES[name] for name in kept)

    def wishes(self) -> Wishes:
        """What it asks for while it is given keys."""
        return asking(self.settings.wanted, self.quirks.joins)

    def role(self, role: Role) -> int | None:
        number = self.model.parameter(role)
        return None if number is None else self.parameter(number)

    def associated(self, group: int) -> tuple[int, ...]:
        return self.memory.associations.get(group, ())

    def associate(self, group: int, nodes: tuple[int, ...]) -> None:
        self.happen(Associated(group=group, nodes=nodes))

    def has_slot(self, slot: int) -> bool:
        return 1 <= slot <= self.settings.slot_count or (slot == self.model.admin_slot and self.settings.slot_count > 0)

    def takes(self, digits: str) -> bool:
        exact = self.role(Role.PIN_LENGTH)
        fits = len(digits) == exact if exact else self.model.min_digits <= len(digits) <= self.model.max_digits
        return fits and digits.isascii() and digits.isdecimal()

    # ---- its own log, and the clock that goes with it ----

    @property
    def clock(self) -> datetime:
        return self._wall() + timedelta(seconds=self.memory.clock_off_s)

    def set_clock(self, moment: list[int]) -> bool:
        told = logbook.told(moment, self._wall())
        if told is not None:
            self.happen(told)
        return told is not None

    def write_down(self, event: Written, slot: int | None = None) -> None:
        if self.settings.records:
            self.happen(logbook.line(event, slot, self.clock, self.quirks))

    # ---- codes ----

    def store(self, slot: int, code: Code, by: By) -> Verdict:
        if not self.has_slot(slot):
            return Verdict.IGNORED
        if not self.takes(code.digits):
            self.happen(CodeRefused(slot=slot, why="digits"))
            return Verdict.IGNORED
        if not self.quirks.takes_duplicates and any(
            other != slot and held.digits == code.digits for other, held in self.memory.codes.items()
        ):
            self.happen(CodeRefused(slot=slot, why="duplicate"))
            self.notify(Event.CODE_DUPLICATE, slot)
            return Verdict.DUPLICATE
        if self.quirks.forgets and by is By.RADIO:
            self.happen(CodeRefused(slot=slot, why="forgotten"))
            return Verdict.STORED
        self._set_code(slot, code, by)
        self.write_down(Written.CODE_ADDED, slot)
        self._notify_codes(Event.CODE_ADDED, slot)
        return Verdict.STORED

    def erase(self, slot: int, by: By) -> Verdict:
        if not self.has_slot(slot):
            return Verdict.IGNORED
        if slot in self.memory.codes:
            self._set_code(slot, None, by)
            self.write_down(Written.CODE_DELETED, slot)
            self._notify_codes(Event.CODE_DELETED, slot)
        return Verdict.STORED

    def erase_all(self, by: By, *, most: int | None = None) -> None:
        """Every user's code, never the admin's. `most`: the highest slot that the command can address."""
        highest = self.settings.slot_count if most is None else min(most, self.settings.slot_count)
        for slot in sorted(each for each in self.memory.codes if each <= highest):
            self._set_code(slot, None, by)
        self.write_down(Written.ALL_CODES_DELETED)
        self._notify_codes(Event.ALL_CODES_DELETED)

    def _set_code(self, slot: int, code: Code | None, by: By) -> None:
        old: Filled = "occupied" if slot in self.memory.codes else "empty"
        if code is None:
            self.happen(CodeSet(slot=slot, old=old, new="empty", by=by))
        else:
            self.happen(CodeSet(slot=slot, old=old, new="occupied", status=code.status, digits=code.digits, by=by))
            if self.quirks.drops_codes and by is By.RADIO:
                self.habits.doom(slot, self.quirks.drops_codes)

    def shown(self, code: Code) -> bytes:
        """The digits as this lock tells them."""
        return (b"*" * len(code.digits)) if self.quirks.masked else code.digits.encode("ascii")

    # ---- what it says ----

    def answer(self, *command: int | bytes) -> None:
        self.said.append(Said(_joined(command), event=False))

    def tell(self, *command: int | bytes) -> None:
        group = self.model.report_group
        if group is not None and STICK not in self.associated(group):
            return
        self.said.append(Said(_joined(command), event=True))

    def notify(self, event: Event, slot: int | None = None, *, parameters: bytes = b"") -> None:
        if notices.ACCESS_CONTROL in self.muted:
            return
        if slot is None:
            told = notices.access(event, self.quirks, parameters=parameters)
        else:
            told = notices.about_slot(event, slot, self.code_report(slot), self.quirks)
        if told:
            self.tell(told)

    def _notify_codes(self, event: Event, slot: int | None = None) -> None:
        if not self.quirks.quiet_codes:
            self.notify(event, slot)

    def code_report(self, slot: int) -> bytes:
        """User Code Report as it is nested in a notification."""
        code = self.memory.codes.get(slot)
        held = bytes([0]) + bytes(4) if code is None else bytes([code.status]) + self.shown(code)
        return bytes([0x63, 0x03, slot & 0xFF]) + held

    def operation_report(self, now: float) -> bytes:
        """Door Lock Operation Report, version 4 (ZWA AWG 2024A §2.2.39.5): a bolt, no latch, no door sensor, no handles."""
        mode, target, left = _MODE[self.memory.bolt], _MODE[self.memory.bolt], 0
        if self.motion is not None:
            mode, target, left = 0xFE, _MODE[self.motion.to], max(1, ceil(self.motion.ends - now))
        condition = 0x00 if self.memory.bolt is Bolt.LOCKED else 0x02
        return bytes([0x62, 0x03, mode, 0x00, condition, 0xFE, 0xFE, target, min(left, 0x7F)])

    def battery_level(self) -> int:
        low = self.quirks.low_warning and self.memory.battery <= LOW_PERCENT
        return 0xFF if low else self.memory.battery

    # ---- bolt ----

    def drive(self, to: Bolt, by: By, now: float, slot: int | None = None) -> None:
        """The motor starts. Without travel time the bolt is there, or stuck, when this returns."""
        if self.memory.bolt is to and self.motion is None:
            self._already(to, by, now, slot)
            return
        self.motion = Motion(to, by, slot, now + self.settings.travel)
        if self.settings.travel == 0:
            self._arrive(self.motion, now)

    def _already(self, to: Bolt, by: By, now: float, slot: int | None) -> None:
        self._arm_relock(to, now)
        if by is By.KEYPAD:
            self.write_down(logbook.MOVED[by, to], slot)
            self.notify(MOVED[by, to], slot)
        elif by is By.RADIO:
            self._report_operation(now)

    def _arrive(self, motion: Motion, now: float) -> None:
        self.motion = None
        reached = Bolt.UNKNOWN if self.memory.jammed else motion.to
        self.happen(BoltMoved(position=reached, by=motion.by, slot=motion.slot))
        if motion.session is not None:
            self.answer(0x6C, 0x02, motion.session, 0x02 if self.memory.jammed else 0xFF, 0x00)
        if self.memory.jammed:
            self.notify(Event.AUTO_LOCK_NOT_FULLY if motion.by is By.AUTO else Event.JAMMED)
        else:
            self.write_down(logbook.MOVED[motion.by, motion.to], motion.slot)
            self.notify(MOVED[motion.by, motion.to], motion.slot)
        self._report_operation(now)
        self._arm_relock(reached, now)

    def _report_operation(self, now: float) -> None:
        if not self.quirks.quiet_bolt:
            self.tell(self.operation_report(now))

    def _arm_relock(self, bolt: Bolt, now: float) -> None:
        armed = bolt is Bolt.UNLOCKED and self.memory.auto_lock > 0
        self._relock_at = now + self.memory.auto_lock if armed else None

    def wake(self, now: float) -> None:
        """Power is back: a bolt that was left open locks itself in its own time."""
        self._arm_relock(self.memory.bolt, now)

    def deadline(self) -> float | None:
        moments = [self._relock_at, None if self.motion is None else self.motion.ends, self.habits.deadline()]
        return min((moment for moment in moments if moment is not None), default=None)

    def timeout(self, now: float) -> None:
        if self.motion is not None and self.motion.ends <= now:
            self._arrive(self.motion, now)
        if self._relock_at is not None and self._relock_at <= now:
            self._relock_at = None
            self.drive(Bolt.LOCKED, By.AUTO, now)
        for slot in self.habits.vanished(now):
            if slot in self.memory.codes:
                self._set_code(slot, None, By.AUTO)
        nagged = self.habits.nagged(now)
        if nagged is not None:
            self.tell(nagged)

    # ---- hands ----

    def press(self, digits: str, now: float) -> bool:
        slot = self._slot_of(digits) if now >= self._keypad_off_until else None
        if slot is not None:
            self._wrong = 0
            self.drive(Bolt.UNLOCKED, By.KEYPAD, now, slot)
        elif now >= self._keypad_off_until:
            self._wrong_code(now)
        opened = slot is not None and (self.memory.bolt is Bolt.UNLOCKED or not self.memory.jammed)
        self.happen(Pressed(slot=slot, opened=opened))
        return opened

    def _slot_of(self, digits: str) -> int | None:
        vacation = self.role(Role.VACATION) or self.memory.keypad_mode
        if vacation:
            return None
        codes = self.memory.codes.items()
        return next((slot for slot, code in codes if code.digits == digits and code.status == ENABLED), None)

    def _wrong_code(self, now: float) -> None:
        self._wrong += 1
        self.write_down(Written.WRONG_CODE)
        if self._wrong >= self.settings.wrong_codes:
            self._wrong = 0
            self._keypad_off_until = now + self.settings.lockout
            self.notify(Event.TOO_MANY_WRONG_CODES)

    def turn(self, to: Bolt, now: float) -> None:
        """The thumb-turn: a hand is as quick as it is."""
        if self.memory.bolt is not to:
            self._arrive(Motion(to, By.HAND, None, now), now)

    def drain(self, percent: int) -> None:
        before = self.memory.battery
        self.happen(Drained(percent=percent))
        self.tell(0x80, 0x03, self.battery_level())
        for limit, event in ((EMPTY_PERCENT, Power.REPLACE_NOW), (LOW_PERCENT, Power.REPLACE_SOON)):
            if percent <= limit < before:
                self.write_down(Written.LOW_BATTERY)
                self._warn(event)
                return

    def change_battery(self) -> None:
        """Fresh cells. Its clock has forgotten the time meanwhile, and it tells what Power Management tells of it."""
        self.happen(ClockSet(off_s=(_FORGOTTEN - self._wall()).total_seconds()))
        self.happen(Drained(percent=100))
        self.write_down(Written.NEW_BATTERY)
        self.tell(0x80, 0x03, self.battery_level())
        self._warn(Power.APPLIED)

    def _warn(self, event: Power) -> None:
        told = notices.power(event, self.memory.battery, self.quirks)
        if told and notices.POWER_MANAGEMENT not in self.muted:
            self.tell(told)

    def jam(self, *, jammed: bool) -> None:
        was = self.memory.jammed
        self.happen(Jammed(jammed=jammed))
        if was and not jammed:
            self.notify(Event.IDLE, parameters=bytes([Event.JAMMED]))

    def silence(self, *, silent: bool) -> None:
        self.happen(Silenced(silent=silent))

    def program(self, slot: int, digits: str | None) -> Verdict:
        """Somebody sets or clears a code at the lock itself."""
        done = self.erase(slot, By.HAND) if digits is None else self.store(slot, Code(ENABLED, digits), By.HAND)
        # Source: CC:0063.02.00.41.001: version 2 tells local changes by User Code Report too.
        if done is Verdict.STORED and self.settings.user_code_version > 1 and slot <= 0xFF:
            self.tell(self.code_report(slot))
        return done

    def reset(self) -> None:
        """To the factory's settings, without telling anybody."""
        settings = self.settings
        keys = self.memory.keys
        self.happen(Installed(model=settings.model, battery=self.memory.battery, auto_lock=settings.auto_lock))
        if keys is not None:
            self.happen(KeysGiven(keys=keys))
        self.motion = self._relock_at = None

    # ---- settings by radio ----

    def set_parameter(self, number: int, value: int) -> bool:
        known = self.model.parameters.get(number)
        if known is None or known.role in (Role.OCCUPIED, Role.READ_ONLY) or not known.least <= value <= known.most:
            return False
        if known.role is Role.RESET:
            if value == known.most:
                self.reset()
            return True
        changed = self.parameter(number) != value
        self.happen(ParameterSet(number=number, value=value))
        if changed and known.role is Role.PIN_LENGTH:
            self.erase_all(By.RADIO)
        return True

    def set_keypad_mode(self, mode: int) -> None:
        self.happen(KeypadMode(mode=mode))

    def set_auto_lock(self, seconds: int, now: float) -> None:
        self.happen(AutoLockSet(seconds=seconds))
        self._arm_relock(self.memory.bolt, now)


def must(verdict: Verdict) -> None:
    """Raises Rejected unless the code was stored."""
    match verdict:
        case Verdict.STORED:
            return
        case Verdict.DUPLICATE:
            raise Rejected("another slot of this lock holds these digits")
        case Verdict.IGNORED:
            raise Rejected("this lock has no such slot, or does not take such digits")


def _joined(parts: tuple[int | bytes, ...]) -> bytes:
    return b"".join(part if isinstance(part, bytes) else bytes([part]) for part in parts)
