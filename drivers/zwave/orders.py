"""A lock's abilities, with every frame that they cause put down to the order that caused it."""

from __future__ import annotations

from dataclasses import replace

from drivers.zwave.diary import Diary, Order
from hub.contracts import Battery, BoltControl, Charge, Keypad, Lock, SlotSchedule
from hub.model.facts import SlotRead
from hub.model.values import Pin, Position, Proof, Weekly, Window


def counted(lock: Lock, node: int, diary: Diary) -> Lock:
    return replace(
        lock,
        bolt=lock.bolt and _Bolt(lock.bolt, node, diary),
        keypad=lock.keypad and _Keypad(lock.keypad, node, diary),
        battery=lock.battery and _Battery(lock.battery, node, diary),
        schedule=lock.schedule and _Schedule(lock.schedule, node, diary),
    )


class _Bolt:
    def __init__(self, bolt: BoltControl, node: int, diary: Diary) -> None:
        self._bolt, self._node, self._diary = bolt, node, diary

    async def move(self, to: Position) -> Position:
        with self._diary.order(self._node, Order.OTHER):
            return await self._bolt.move(to)


class _Battery:
    def __init__(self, battery: Battery, node: int, diary: Diary) -> None:
        self._battery, self._node, self._diary = battery, node, diary

    async def read(self) -> Charge:
        with self._diary.order(self._node, Order.OTHER):
            return await self._battery.read()


class _Schedule:
    def __init__(self, schedule: SlotSchedule, node: int, diary: Diary) -> None:
        self._schedule, self._node, self._diary = schedule, node, diary

    async def set(self, slot: int, when: Window | tuple[Weekly, ...]) -> Proof:
        with self._diary.order(self._node, Order.OTHER):
            return await self._schedule.set(slot, when)

    async def clear(self, slot: int) -> Proof:
        with self._diary.order(self._node, Order.OTHER):
            return await self._schedule.clear(slot)


class _Keypad:
    def __init__(self, keypad: Keypad, node: int, diary: Diary) -> None:
        self._keypad, self._node, self._diary = keypad, node, diary
        self._unread: set[int] = set()
        """Slots that were written and not read back since."""

    async def read(self, slot: int) -> SlotRead:
        back = slot in self._unread
        self._unread.discard(slot)
        with self._diary.order(self._node, Order.CODE if back else Order.OTHER):
            return await self._keypad.read(slot)

    async def write(self, slot: int, pin: Pin, *, enabled: bool = True) -> Proof:
        self._unread.add(slot)
        with self._diary.order(self._node, Order.CODE):
            proof = await self._keypad.write(slot, pin, enabled=enabled)
        self._diary.codes_set += 1
        if proof is Proof.READ_BACK:
            self._unread.discard(slot)
        return proof

    async def enable(self, slot: int, pin: Pin) -> Proof:
        self._unread.add(slot)
        with self._diary.order(self._node, Order.CODE):
            proof = await self._keypad.enable(slot, pin)
        if proof is Proof.READ_BACK:
            self._unread.discard(slot)
        return proof

    async def clear(self, slot: int) -> Proof:
        self._unread.discard(slot)
        with self._diary.order(self._node, Order.OTHER):
            return await self._keypad.clear(slot)
