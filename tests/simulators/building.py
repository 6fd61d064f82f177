"""Locks in memory, at the level of a driver: for whole hubs on a virtual clock, where bytes would only cost time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.contracts import Battery, BoltControl, Charge, CodeTaken, Host, Keypad, Lock, SlotSchedule
from hub.errors import Rejected, Unavailable
from hub.model.facts import Abilities, BoltMoved, CodeChange, CodesChanged, LockFound, LockHeard, LockSilent, SlotRead
from hub.model.values import Address, How, Pin, Position, Proof, Weekly, Window

AIR_S = 0.05
"""What one exchange with a lock that is awake takes."""
PATIENCE_S = 5.0
"""How long a driver waits for a lock that says nothing."""


@dataclass
class Memory:
    """One lock: what is in its keypad, and what is wrong with it today."""

    address: Address
    slots: int = 30
    reads_codes: bool = True
    secure: str = "S2 Access Control"
    digits: tuple[int, int] = (4, 8)
    codes: dict[int, str] = field(default_factory=dict)
    """The truth: slot to digits."""
    position: Position = Position.LOCKED
    battery: int = 90
    silent: bool = False
    masked: bool = False
    refuses_duplicates: bool = True
    """As most locks do."""
    refuses_repeats: bool = False
    """Even of a code in its own place."""
    schedules: bool = False
    """It can confine a code to a window, and keeps that longer than the code."""
    hours: dict[int, Window] = field(default_factory=dict)
    refuses_hours: bool = False
    refuses_lifting: bool = False
    hours_first: bool = False
    """It takes them before their code."""
    holds_disabled: bool = False
    """It can keep a code that opens nothing until it is enabled."""
    disabled: set[int] = field(default_factory=set)
    """Slots whose code opens nothing."""
    lose: Callable[[str], str | None] = lambda _what: None
    """Asked before each command: `command` or `answer` is lost, or None.

    `read`, `write`, `enable`, `clear`, `confine`, `lift`, `move`.
    """
    journal: list[tuple[str, int, str]] = field(default_factory=list)
    """What really changed: (write | hold | enable | clear, slot, digits)."""
    commands: int = 0

    def holds(self, digits: str) -> bool:
        return digits in self.codes.values()

    def opens(self, digits: str, now: datetime) -> int | None:
        """By which slot; None: it stays shut."""
        slot = next((slot for slot, held in self.codes.items() if held == digits), None)
        shut = slot is None or slot in self.disabled or (slot in self.hours and now not in self.hours[slot])
        return None if shut else slot


class MemoryLock(Keypad, BoltControl):
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    async def exchange(self, what: str, work: Callable[[], object] = lambda: None) -> None:
        self.memory.commands += 1
        await asyncio.sleep(AIR_S)
        lost = "command" if self.memory.silent else self.memory.lose(what)
        if lost != "command":
            work()
        if lost is not None:
            await asyncio.sleep(PATIENCE_S)
            raise Unavailable("the lock did not answer")

    # ---- keypad ----

    async def read(self, slot: int) -> SlotRead:
        await self.exchange("read")
        digits = self.memory.codes.get(slot)
        if digits is None:
            return SlotRead(empty=True)
        pin = None if self.memory.masked else Pin(digits)
        return SlotRead(empty=False, pin=pin, enabled=slot not in self.memory.disabled)

    async def write(self, slot: int, pin: Pin, *, enabled: bool = True) -> Proof:
        digits = pin.reveal()
        assert enabled or self.memory.holds_disabled, "it cannot hold a code"
        if self.memory.refuses_duplicates and any(
            held == digits and (at != slot or self.memory.refuses_repeats) for at, held in self.memory.codes.items()
        ):
            await self.exchange("write")
            raise CodeTaken("the code is already in another slot")

        def store() -> None:
            self.memory.codes[slot] = digits
            (self.memory.disabled.discard if enabled else self.memory.disabled.add)(slot)
            self.memory.journal.append(("write" if enabled else "hold", slot, digits))

        await self.exchange("write", store)
        return Proof.CONFIRMED if self.memory.masked else Proof.ACKNOWLEDGED

    async def enable(self, slot: int, pin: Pin) -> Proof:
        assert self.memory.holds_disabled, "it cannot hold a code"
        if self.memory.codes.get(slot) != pin.reveal():
            await self.exchange("enable")
            raise Rejected("there is no such code")

        def let() -> None:
            self.memory.disabled.discard(slot)
            self.memory.journal.append(("enable", slot, pin.reveal()))

        await self.exchange("enable", let)
        return Proof.CONFIRMED if self.memory.masked else Proof.ACKNOWLEDGED

    async def clear(self, slot: int) -> Proof:
        def drop() -> None:
            gone = self.memory.codes.pop(slot, None)
            self.memory.disabled.discard(slot)
            if gone is not None:
                self.memory.journal.append(("clear", slot, gone))

        await self.exchange("clear", drop)
        return Proof.CONFIRMED if self.memory.masked else Proof.ACKNOWLEDGED

    # ---- bolt and battery ----

    async def move(self, to: Position) -> Position:
        if self.memory.position is Position.JAMMED:
            await self.exchange("move")
            raise Rejected("the bolt is jammed")
        await self.exchange("move", lambda: setattr(self.memory, "position", to))
        return to


class _Hours(SlotSchedule):
    def __init__(self, part: MemoryLock) -> None:
        self._part = part

    async def set(self, slot: int, when: Window | tuple[Weekly, ...]) -> Proof:
        memory = self._part.memory
        assert isinstance(when, Window), "the hub tells windows"
        if memory.refuses_hours or (slot not in memory.codes and not memory.hours_first):
            await self._part.exchange("confine")
            raise Rejected("the lock keeps no such hours")
        await self._part.exchange("confine", lambda: memory.hours.update({slot: when}))
        return Proof.READ_BACK

    async def clear(self, slot: int) -> Proof:
        if self._part.memory.refuses_lifting:
            await self._part.exchange("lift")
            raise Rejected("the lock does not let go of them")
        await self._part.exchange("lift", lambda: self._part.memory.hours.pop(slot, None))
        return Proof.READ_BACK


class _Cell(Battery):
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def read(self) -> Charge:
        return Charge(self._memory.battery)


class MemoryDriver:
    """Every lock of a building, met at once."""

    def __init__(self, memories: list[Memory], host: Host) -> None:
        self.memories = {memory.address: memory for memory in memories}
        self._host = host
        self._locks: dict[Address, Lock] = {}

    @property
    def locks(self) -> Mapping[Address, Lock]:
        return self._locks

    async def run(self) -> None:
        for memory in self.memories.values():
            await self.meet(memory)
        await asyncio.Event().wait()

    async def meet(self, memory: Memory, *, replaced: bool = False) -> None:
        able = Abilities(
            "Memory 1",
            "1.0",
            memory.slots,
            *memory.digits,
            memory.reads_codes,
            memory.secure,
            memory.schedules,
            memory.holds_disabled,
            memory.hours_first,
        )
        part = MemoryLock(memory)
        self._locks[memory.address] = Lock(
            memory.address,
            able,
            bolt=part,
            keypad=part if memory.slots else None,
            battery=_Cell(memory),
            schedule=_Hours(part) if memory.schedules else None,
        )
        await self._host.tell(LockFound(memory.address, self._now(), able, replaced))

    def _now(self) -> datetime:
        return self._host.clock.now()

    # ---- what people do at the door ----

    async def press(self, address: str, digits: str) -> bool:
        """True: the door opened."""
        memory = self.memories[Address(address)]
        slot = memory.opens(digits, self._now())
        if slot is None:
            return False
        memory.position = Position.UNLOCKED
        await self._host.tell(BoltMoved(memory.address, self._now(), Position.UNLOCKED, How.KEYPAD, slot))
        return True

    async def turn(self, address: str, to: Position, how: How = How.MANUAL) -> None:
        memory = self.memories[Address(address)]
        memory.position = to
        await self._host.tell(BoltMoved(memory.address, self._now(), to, how))

    async def wake(self, address: str) -> None:
        """A sign of life."""
        await self._host.tell(LockHeard(Address(address), self._now()))

    async def fall_silent(self, address: str) -> None:
        """What a driver tells when it counts a lock as dead."""
        await self._host.tell(LockSilent(Address(address), self._now(), "it does not answer"))

    async def program(self, address: str, slot: int, digits: str) -> None:
        """Somebody gives a place a code at the keypad."""
        memory = self.memories[Address(address)]
        memory.codes[slot] = digits
        await self._host.tell(CodesChanged(memory.address, self._now(), CodeChange.ADDED, slot))

    async def erase(self, address: str, slot: int) -> None:
        """Somebody deletes a code at the keypad."""
        memory = self.memories[Address(address)]
        del memory.codes[slot]
        await self._host.tell(CodesChanged(memory.address, self._now(), CodeChange.DELETED, slot))
