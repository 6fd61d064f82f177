"""A lock's bolt, keypad and battery, on top of the conversation with its node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import assert_never

from drivers.zwave.cc import battery, configuration, door_lock, notification, user_code
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.door_lock import Mode
from drivers.zwave.cc.user_code import Entry, Status
from drivers.zwave.clockwork import Clockwork
from drivers.zwave.credential_keypad import CredentialKeypad
from drivers.zwave.devices import Device, Role
from drivers.zwave.entry_schedule import NodeSchedule
from drivers.zwave.events import code_change, position_of, slot_in
from drivers.zwave.known import Known
from drivers.zwave.node import Inbox, Node, Outcome, a
from hub.contracts import Charge, CodeTaken, Keypad, Lock
from hub.errors import Rejected, Unavailable
from hub.model.facts import CodeChange, SlotRead
from hub.model.values import Address, Pin, Position, Proof

EVENT_WITHIN_S = 2.0
"""How long a lock that announces changes of its codes is waited for after it took the command. A lock stores a code within
0.1 to 0.6 s (measured by users of several makes), and the radio may be asked twice."""
_TRAVEL_WITHIN_S = 3.0
"""A deadbolt's motor turns for one to two seconds; then the lock reports on its own account."""
_LOOKS = 2
"""How often a bolt that was told to move is looked at before its position is believed."""
_GIVE_UP_EVENTS_AFTER = 2
"""Announcements that were listed and never came, before they are no longer waited for."""
_GIVE_UP_LOOKING_AFTER = 2
"""Codes that a lock took and did not show at once, before it is no longer asked at once."""
_WIDE = 0xFF
"""The highest slot the commands of User Code version 1 can name."""
_MASK = ord("*")


def make_lock(
    node: Node,
    known: Known,
    clockwork: Clockwork,
    *,
    commanded: Callable[[Position], None],
    masked: Callable[[], None],
) -> Lock:
    """The lock a node turned out to be.

    Args:
        clockwork: what sets its clock.
        commanded: called before its bolt is told to move.
        masked: called when it reports a code as asterisks.
    """
    if known.closed:
        return Lock(Address(str(node.number)), known.abilities())
    return Lock(
        Address(str(node.number)),
        known.abilities(),
        bolt=NodeBolt(node, commanded) if known.moves else None,
        keypad=_keypad(node, known, masked) if known.slots else None,
        battery=NodeBattery(node) if battery.CLASS in known.classes else None,
        schedule=NodeSchedule(node, clockwork) if known.confines else None,
    )


def _keypad(node: Node, known: Known, masked: Callable[[], None]) -> Keypad:
    return CredentialKeypad(node) if known.credentials else NodeKeypad(node, masked)


class NodeBattery:
    def __init__(self, node: Node) -> None:
        self._node = node

    async def read(self) -> Charge:
        async with self._node.turns.turn():
            report = await self._node.ask(battery.Get(), a(battery.Report))
        return Charge(report.percent, report.low)


class NodeBolt:
    def __init__(self, node: Node, commanded: Callable[[Position], None]) -> None:
        self._node = node
        self._commanded = commanded

    async def move(self, to: Position) -> Position:
        async with self._node.turns.turn(urgent=True):
            self._commanded(to)
            with self._node.listening(_where) as seen:
                outcome = await self._node.obey(door_lock.OperationSet(self._mode(to)), urgent=True)
                if outcome is Outcome.REFUSED:
                    raise Rejected("the lock refused to move its bolt")
                position = None if outcome is Outcome.DONE else await seen.within(_TRAVEL_WITHIN_S)
                for _ in range(_LOOKS):
                    if position in {to, Position.JAMMED}:
                        break
                    position = seen.now() or await self._look(seen)
                    if position is not to:
                        position = await seen.within(_TRAVEL_WITHIN_S) or position
        if position is Position.JAMMED:
            raise Rejected("the lock says that its bolt is jammed")
        return position or Position.UNKNOWN

    async def _look(self, seen: Inbox[Position]) -> Position:
        report = await self._node.ask(door_lock.OperationGet(), a(door_lock.OperationReport), urgent=True)
        seen.now()  # the same report
        return position_of(report.mode)

    def _mode(self, to: Position) -> Mode:
        """Some locks unlock only for a while; they list the timed mode and not the lasting one."""
        if to is Position.LOCKED:
            return Mode.SECURED
        assert to is Position.UNLOCKED, "a bolt is told to be locked or unlocked"
        modes = self._node.known.modes if self._node.known else ()
        timed_only = Mode.UNSECURED_WITH_TIMEOUT.value in modes and Mode.UNSECURED.value not in modes
        return Mode.UNSECURED_WITH_TIMEOUT if timed_only else Mode.UNSECURED


def _where(command: Command) -> Position | None:
    """Where a lock says its bolt is, once it is there."""
    match command:
        case door_lock.OperationReport() if not command.moving:
            return position_of(command.mode)
        case notification.Report(happening=notification.Happening(kind=notification.ACCESS_CONTROL, event=event)):
            return {0x03: Position.LOCKED, 0x04: Position.UNLOCKED, 0x08: Position.JAMMED, 0x0B: Position.JAMMED}.get(
                event
            )
        case _:
            return None


class NodeKeypad:
    def __init__(self, node: Node, masked: Callable[[], None]) -> None:
        self._node = node
        self._masked = masked
        self._unannounced = 0
        self._shown_late = 0

    async def read(self, slot: int) -> SlotRead:
        self._check(slot)
        async with self._node.turns.turn():
            return await self._read(slot)

    async def write(self, slot: int, pin: Pin, *, enabled: bool = True) -> Proof:
        self._check(slot)
        self._check_length(pin)
        if not enabled:
            self._check_holding()
        status = Status.ENABLED if enabled else Status.DISABLED
        setting = self._setting(slot, status, pin.reveal().encode("ascii"))
        wanted = SlotRead(empty=False, pin=pin, enabled=enabled)
        async with self._node.turns.turn():
            with self._changing(slot) as changes:
                shown = await self._shows(slot, setting, changes, wanted)
                if shown:
                    return Proof.READ_BACK
                outcome = await self._node.obey(setting)
                change = await self._change(outcome, changes)
            if outcome is Outcome.REFUSED:
                return await self._believe_refusal(slot, wanted)
        self._shown_late += shown is False
        return _proof(outcome, confirmed=change is CodeChange.ADDED)

    async def enable(self, slot: int, pin: Pin) -> Proof:
        """The digits go along with every change of the status (zwave-js 15 UserCodeCC.ts)."""
        self._check_holding()
        return await self.write(slot, pin)

    async def clear(self, slot: int) -> Proof:
        self._check(slot)
        setting = self._setting(slot, Status.AVAILABLE, b"")
        async with self._node.turns.turn():
            with self._changing(slot) as changes:
                shown = await self._shows(slot, setting, changes, SlotRead(empty=True))
                if shown:
                    return Proof.READ_BACK
                outcome = await self._node.obey(setting)
                change = await self._change(outcome, changes)
            if outcome is Outcome.REFUSED:
                if not (await self._read(slot)).empty:
                    raise Rejected("the lock refused to clear the code")
                return Proof.READ_BACK
        self._shown_late += shown is False
        return _proof(outcome, confirmed=change in {CodeChange.DELETED, CodeChange.ALL_DELETED})

    # ---- in one turn -----------------------------------------------------------------------------------------------

    @contextmanager
    def _changing(self, slot: int) -> Iterator[Inbox[CodeChange]]:
        self._node.setting = slot
        try:
            with self._node.listening(_change_of(slot, self._node.known)) as changes:
                yield changes
        finally:
            self._node.setting = None

    async def _shows(self, slot: int, setting: Command, changes: Inbox[CodeChange], wanted: SlotRead) -> bool | None:
        """Tell it without Supervision, and ask what the slot holds as soon as it has announced the change, if it does.

        The digits read back are a better proof than the lock's word that it obeyed, so that this word need not be sent
        nor waited for. Only where the lock could be supervised: older ones may store a code long after they took it. None:
        it was not tried; False: the lock has not shown it. Then it must be told in the slower way.

        Before the announcement nothing is asked: with S2 a question that crosses it is lost. Both are sealed with the same
        nonce, and devices try only one (libs2, S2_decrypt_msg).
        """
        known = self._node.known
        able = known is not None and known.supervises and not known.masked
        if not able or self._shown_late >= _GIVE_UP_LOOKING_AFTER:
            return None
        await self._node.deliver(setting)
        await self._change(Outcome.SENT, changes)
        entry = await self._node.inquire(_question(slot), _entry_of(slot))
        if entry is None or await self._understood(slot, entry) != wanted:
            return False
        self._shown_late = 0
        return True

    async def _change(self, outcome: Outcome, changes: Inbox[CodeChange]) -> CodeChange | None:
        """What the lock announces of a command, when its own answer leaves a doubt."""
        tells = self._node.known is not None and self._node.known.tells_code_changes
        if outcome is Outcome.DONE or not tells or self._unannounced >= _GIVE_UP_EVENTS_AFTER:
            change = changes.now()
        else:
            change = await changes.within(EVENT_WITHIN_S)
            self._unannounced = 0 if change is not None else self._unannounced + 1
        if change is CodeChange.DUPLICATE:
            raise CodeTaken("the lock already holds these digits in another slot")
        return change

    async def _believe_refusal(self, slot: int, wanted: SlotRead) -> Proof:
        # Seen: locks that report Fail for a code they hold (zwave-js/zwave-js#8884 compares as well).
        if await self._read(slot) == wanted:
            return Proof.READ_BACK
        raise Rejected("the lock refused the code")

    async def _read(self, slot: int) -> SlotRead:
        return await self._understood(slot, await self._node.ask(_question(slot), _entry_of(slot)))

    async def _understood(self, slot: int, entry: Entry) -> SlotRead:
        match entry.status:
            case Status.NOT_AVAILABLE:
                raise Rejected(f"the lock has no slot {slot}")
            case Status.AVAILABLE:
                return SlotRead(empty=True)
            case Status.ENABLED | Status.PASSAGE_MODE:
                return await self._occupied(slot, entry.code, enabled=True)
            case Status.DISABLED | Status.MESSAGING:
                return await self._occupied(slot, entry.code, enabled=False)
            case _:
                assert_never(entry.status)

    async def _occupied(self, slot: int, code: bytes, *, enabled: bool) -> SlotRead:
        device = self._node.known.device if self._node.known else Device("")
        digits = code.rstrip(b"\x00").strip()
        if device.zeros_mean_empty and digits and not digits.strip(b"0"):
            return SlotRead(empty=True)
        if digits and not digits.strip(bytes((_MASK,))):
            self._masked()
            empty = device.masks_empty_slots and not await self._is_marked(slot, device)
            return SlotRead(empty=True) if empty else SlotRead(empty=False, enabled=enabled)
        try:
            return SlotRead(empty=False, pin=Pin(digits.decode("ascii")), enabled=enabled)
        except ValueError:
            return SlotRead(empty=False, enabled=enabled)  # set by other means to something that is no PIN

    async def _is_marked(self, slot: int, device: Device) -> bool:
        """What the mask of slots says; a lock that has none is believed."""
        mask = device.settings.get(Role.SLOT_MASK)
        if mask is None or slot > mask.size * 8:
            return True
        question = configuration.Get(mask.number)
        report = await self._node.ask(question, lambda said: _value_of(mask.number, said))
        return bool(report.value >> (slot - 1) & 1)

    def _setting(self, slot: int, status: Status, code: bytes) -> Command:
        """Version 2 must be told with Extended Set (CL:0063.01.31.02.1, as zwave-js 15 UserCodeCC.ts cites it)."""
        version = self._node.known.code_version if self._node.known else 1
        if version >= 2:
            return user_code.ExtendedSet((Entry(slot, status, code),))
        return user_code.Set(slot, status, code or user_code.CLEARED)

    def _check(self, slot: int) -> None:
        known = self._node.known
        if known is not None and slot == known.device.admin_slot:
            raise Rejected(f"slot {slot} holds the code of whoever programs the lock")
        if known is None or not 1 <= slot <= known.slots:
            raise Rejected(f"the lock has no slot {slot}")

    def _check_holding(self) -> None:
        if self._node.known is None or not self._node.known.holds_disabled:
            raise Rejected("the lock keeps no codes that open nothing")

    def _check_length(self, pin: Pin) -> None:
        known = self._node.known
        if known is None:
            raise Unavailable("the lock has not been asked yet what it can do")
        if not known.min_digits <= len(pin) <= known.max_digits:
            raise Rejected(f"the lock takes codes of {known.min_digits} to {known.max_digits} digits")


def _proof(outcome: Outcome, *, confirmed: bool) -> Proof:
    return Proof.CONFIRMED if confirmed or outcome is not Outcome.SENT else Proof.ACKNOWLEDGED


def _value_of(parameter: int, said: Command) -> configuration.Report | None:
    return said if isinstance(said, configuration.Report) and said.parameter == parameter else None


def _question(slot: int) -> Command:
    return user_code.Get(slot) if slot <= _WIDE else user_code.ExtendedGet(slot)


def _entry_of(slot: int) -> Callable[[Command], Entry | None]:
    def wanted(command: Command) -> Entry | None:
        match command:
            case user_code.Report(user=user, status=status, code=code) if user == slot:
                return Entry(user, status, code)
            case user_code.ExtendedReport(entries=entries):
                return next((entry for entry in entries if entry.user == slot), None)
            case _:
                return None

    return wanted


def _change_of(slot: int, known: Known | None) -> Callable[[Command], CodeChange | None]:
    """What the lock announces of one slot. Most locks name no slot: then it is of the only command under way."""
    # Only where the slot is not asked for meanwhile: a report would be taken for news.
    by_report = known is not None and known.device.tells_by_report and not known.supervises

    def wanted(command: Command) -> CodeChange | None:
        match command:
            case notification.Report(happening=notification.Happening() as said):
                return code_change(said) if slot_in(said.parameters) in {None, slot} else None
            case user_code.Report(user=user, status=status, code=code) if by_report and user == slot:
                return _reported(status, code)
            case _:
                return None

    return wanted


def _reported(status: Status, code: bytes) -> CodeChange | None:
    if status is Status.ENABLED and code.strip(b"*\0 "):
        return None  # it tells the digits, of which nobody knows whether they are the new ones
    changes = {Status.ENABLED: CodeChange.ADDED, Status.AVAILABLE: CodeChange.DELETED}
    return CodeChange.DUPLICATE if status is Status.NOT_AVAILABLE else changes.get(status)
