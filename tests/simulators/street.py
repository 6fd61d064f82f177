"""Locks of many brands at the level of a driver, each with what is odd about it: for a whole year of a whole town.

A lock here keeps its own record of what really happened to it. What watches over it (`Witness`) is told at the instant,
whether or not the hub ever hears.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final, Protocol

from hub.contracts import Battery, BoltControl, Charge, CodeTaken, Host, Keypad, Lock, SlotSchedule
from hub.errors import Rejected, Unavailable
from hub.model.facts import (
    Abilities,
    BatteryRead,
    BoltMoved,
    CodeChange,
    CodesChanged,
    LockFact,
    LockFound,
    LockHeard,
    LockSilent,
    SlotRead,
)
from hub.model.values import Address, How, Pin, Position, Proof, Weekly, Window

PATIENCE_S: Final = 5.0
"""How long a driver waits for a lock that says nothing."""
GIVEN_UP: Final = 3
"""After so many commands in a row without an answer a driver calls a lock silent."""
FLAT: Final = 3
"""Percent: below, the radio does not work any more."""


@dataclass(frozen=True, slots=True)
class Brand:
    """What locks of one make have in common."""

    name: str
    slots: int = 30
    digits: tuple[int, int] = (4, 8)
    tells: bool = True
    """It tells digits when asked; else only that a slot is taken."""
    proof: Proof = Proof.ACKNOWLEDGED
    """How sure its driver is of a command that the lock took."""
    refuses_duplicates: bool = True
    schedules: bool = False
    hours_first: bool = False
    """It takes the hours of a slot before there is a code in it."""
    holds: bool = False
    """It can keep a code that opens nothing until it is enabled."""
    events: bool = True
    """It tells who opened, and what people do to codes at its keypad."""
    air: float = 0.2
    """Seconds for one exchange."""
    loses: float = 0.005
    """How many exchanges go lost: half of them before the lock has heard, half after."""
    lies: float = 0.0
    """How many writes it acknowledges and does not keep."""


BRANDS: Final = (
    Brand("plain"),
    Brand("hidden", tells=False, proof=Proof.CONFIRMED),
    Brand("hasty", lies=0.05),
    Brand("mute", tells=False, lies=0.05),
    Brand("timed", schedules=True, proof=Proof.READ_BACK),
    Brand("timed before", schedules=True, hours_first=True),
    Brand("timed and hidden", tells=False, schedules=True, proof=Proof.CONFIRMED),
    Brand("small", slots=6),
    Brand("holding", holds=True),
    Brand("four digits", digits=(4, 4)),
    Brand("lax", refuses_duplicates=False),
    Brand("slow", air=3.0),
    Brand("deaf", loses=0.05),
    Brand("silent about keys", events=False),
    Brand("huge", slots=250, digits=(6, 10)),
)
BOLT_ONLY: Final = Brand("bolt only", slots=0)


@dataclass(slots=True)
class Code:
    digits: str
    ours: bool
    """Put there by the hub; else by somebody at the keypad."""
    enabled: bool = True
    taken: bool = False
    """It was put in the place of one of the hub's."""


class Witness(Protocol):
    """Whoever watches what happens to a lock, at the instant it happens."""

    def now(self) -> datetime: ...

    def stored(self, door: Door, slot: int, before: Code | None) -> None:
        """The hub's command put a code into a slot."""

    def dropped(self, door: Door, slot: int, before: Code) -> None:
        """The hub's command emptied a slot."""

    def confined(self, door: Door, slot: int) -> None:
        """The hub told the lock the hours of a slot."""

    def moved(self, door: Door) -> None:
        """The hub's command moved the bolt."""

    def asked(self, door: Door) -> None:
        """The hub sent a command, whether it arrives or not."""

    def heard(self, door: Door) -> None:
        """The hub's driver heard the lock."""

    def missed(self, door: Door) -> None:
        """The hub's driver did not hear it, though it waited."""


@dataclass(slots=True, eq=False)
class Door:
    """One lock: what is in it, and what is wrong with it today."""

    address: Address
    brand: Brand
    witness: Witness
    random: Random
    codes: dict[int, Code] = field(default_factory=dict)
    """The truth."""
    hours: dict[int, Window] = field(default_factory=dict)
    position: Position = Position.LOCKED
    battery: float = 100.0
    silent: bool = False
    """Out of the radio's reach."""
    busy: bool = False
    """A command is on its way."""
    read_at: dict[int, datetime] = field(default_factory=dict)
    """When the hub last asked for a slot."""
    missed: int = 0
    """Commands in a row without an answer."""
    called_silent: bool = False
    commands: int = 0

    @property
    def reachable(self) -> bool:
        return not self.silent and self.battery > FLAT

    def slot_of(self, digits: str, now: datetime) -> int | None:
        """Which slot's code opens the lock, if these digits do."""
        for slot, code in self.codes.items():
            if code.digits == digits and self.opens(slot, now):
                return slot
        return None

    def opens(self, slot: int, now: datetime) -> bool:
        """Whether the lock lets that slot's code open it."""
        return self.codes[slot].enabled and (slot not in self.hours or now in self.hours[slot])

    def elsewhere(self, digits: str, slot: int) -> bool:
        """Whether another slot holds these digits."""
        return any(code.digits == digits and at != slot for at, code in self.codes.items())

    def reset(self) -> None:
        """To factory settings, by somebody at the door."""
        self.codes.clear()
        self.hours.clear()

    # ---- the hub's commands, as they arrive ----

    def looked_at(self, slot: int) -> Code | None:
        self.read_at[slot] = self.witness.now()
        return self.codes.get(slot)

    def keep(self, slot: int, digits: str, *, enabled: bool) -> None:
        assert enabled or self.brand.holds, "it cannot hold a code"
        if self.random.random() < self.brand.lies:
            return
        before = self.codes.get(slot)
        self.codes[slot] = Code(digits, ours=True, enabled=enabled)
        self.witness.stored(self, slot, before)

    def enable(self, slot: int, digits: str) -> None:
        assert self.brand.holds, "it cannot hold a code"
        code = self.codes.get(slot)
        if code is not None and code.digits == digits:
            code.enabled = True
            self.witness.stored(self, slot, code)

    def drop(self, slot: int) -> None:
        gone = self.codes.pop(slot, None)
        if gone is not None:
            self.witness.dropped(self, slot, gone)

    def confine(self, slot: int, when: Window | tuple[Weekly, ...] | None) -> None:
        if when is None:
            self.hours.pop(slot, None)
        else:
            assert isinstance(when, Window), "guests are told windows"
            self.hours[slot] = when
        self.witness.confined(self, slot)

    def turn(self, to: Position) -> None:
        self.position = to
        self.witness.moved(self)


class _Radio:
    """The way to one lock, one exchange at a time."""

    def __init__(self, door: Door, street: Street) -> None:
        self.door = door
        self._street = street

    async def exchange(self, work: Callable[[], object] = lambda: None) -> None:
        door = self.door
        door.witness.asked(door)
        door.commands += 1
        door.busy = True
        try:
            await asyncio.sleep(door.brand.air)
            reachable = door.reachable
            lost = not reachable or door.random.random() < door.brand.loses
            if reachable and not (lost and door.random.random() < 0.5):
                work()
            if lost:
                await asyncio.sleep(PATIENCE_S)
        finally:
            door.busy = False
        if lost:
            await self._street.missed(door)
            raise Unavailable("the lock did not answer")
        await self._street.heard(door)


class _Keys(Keypad):
    def __init__(self, radio: _Radio) -> None:
        self._radio = radio
        self._door = radio.door

    async def read(self, slot: int) -> SlotRead:
        seen: list[Code | None] = []
        await self._radio.exchange(lambda: seen.append(self._door.looked_at(slot)))
        code = seen[0]
        if code is None:
            return SlotRead(empty=True)
        return SlotRead(False, Pin(code.digits) if self._door.brand.tells else None, code.enabled)

    async def write(self, slot: int, pin: Pin, *, enabled: bool = True) -> Proof:
        digits, (low, high) = pin.reveal(), self._door.brand.digits
        if not low <= len(digits) <= high:
            await self._radio.exchange()
            raise Rejected("the code has the wrong length")
        if self._door.brand.refuses_duplicates and self._door.elsewhere(digits, slot):
            await self._radio.exchange()
            raise CodeTaken("another slot holds this code")
        await self._radio.exchange(lambda: self._door.keep(slot, digits, enabled=enabled))
        return self._door.brand.proof

    async def enable(self, slot: int, pin: Pin) -> Proof:
        await self._radio.exchange(lambda: self._door.enable(slot, pin.reveal()))
        return self._door.brand.proof

    async def clear(self, slot: int) -> Proof:
        await self._radio.exchange(lambda: self._door.drop(slot))
        return self._door.brand.proof


class _Bolt(BoltControl):
    def __init__(self, radio: _Radio) -> None:
        self._radio = radio

    async def move(self, to: Position) -> Position:
        await self._radio.exchange(lambda: self._radio.door.turn(to))
        return to


class _Hours(SlotSchedule):
    def __init__(self, radio: _Radio) -> None:
        self._radio = radio

    async def set(self, slot: int, when: Window | tuple[Weekly, ...]) -> Proof:
        await self._radio.exchange(lambda: self._radio.door.confine(slot, when))
        return Proof.READ_BACK

    async def clear(self, slot: int) -> Proof:
        await self._radio.exchange(lambda: self._radio.door.confine(slot, None))
        return Proof.READ_BACK


class _Cell(Battery):
    def __init__(self, radio: _Radio) -> None:
        self._radio = radio

    async def read(self) -> Charge:
        await self._radio.exchange()
        return Charge(round(self._radio.door.battery))


class Street:
    """A driver that meets every lock of the town as it starts."""

    def __init__(self, doors: Iterable[Door], host: Host) -> None:
        self._host = host
        self.doors = {door.address: door for door in doors}
        self._locks: dict[Address, Lock] = {}

    @property
    def locks(self) -> Mapping[Address, Lock]:
        return self._locks

    async def run(self) -> None:
        for door in self.doors.values():
            await self.meet(door)
        await asyncio.Event().wait()

    async def meet(self, door: Door, *, replaced: bool = False) -> None:
        door.missed, door.called_silent = 0, False  # a driver that starts begins to count
        brand, radio = door.brand, _Radio(door, self)
        able = Abilities(
            brand.name,
            "1.0",
            brand.slots,
            *brand.digits,
            reads_codes=brand.tells,
            secure="S2 Access Control",
            schedules=brand.schedules,
            holds_disabled=brand.holds,
            hours_first=brand.hours_first,
        )
        self._locks[door.address] = Lock(
            door.address,
            able,
            bolt=_Bolt(radio),
            keypad=_Keys(radio) if brand.slots else None,
            battery=_Cell(radio),
            schedule=_Hours(radio) if brand.schedules else None,
        )
        await self._host.tell(LockFound(door.address, self._now(), able, replaced))

    def _now(self) -> datetime:
        return self._host.clock.now()

    # ---- what the driver notices ----

    async def heard(self, door: Door) -> None:
        door.missed = 0
        door.witness.heard(door)
        if door.called_silent:
            door.called_silent = False
            await self._host.tell(LockHeard(door.address, self._now()))

    async def missed(self, door: Door) -> None:
        door.missed += 1
        door.witness.missed(door)
        if door.missed == GIVEN_UP:
            door.called_silent = True
            await self._host.tell(LockSilent(door.address, self._now(), "it does not answer"))

    # ---- what locks tell by themselves ----

    async def tell(self, door: Door, fact: LockFact) -> None:
        """Nothing of it arrives from a lock that is out of reach."""
        if door.reachable:
            door.witness.heard(door)
            door.missed, door.called_silent = 0, False
            await self._host.tell(fact)

    async def opened(self, door: Door, how: How, slot: int | None = None) -> None:
        door.position = Position.UNLOCKED
        if door.brand.events:
            await self.tell(door, BoltMoved(door.address, self._now(), Position.UNLOCKED, how, slot))

    async def programmed(self, door: Door, slot: int | None, change: CodeChange) -> None:
        if door.brand.events:
            await self.tell(door, CodesChanged(door.address, self._now(), change, slot))

    async def weighed(self, door: Door) -> None:
        await self.tell(door, BatteryRead(door.address, self._now(), round(door.battery)))
