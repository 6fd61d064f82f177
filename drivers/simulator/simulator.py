"""The simulated stick and building as a driver that serves, and as hands for a rehearsal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import assert_never

from drivers.simulator.building import Building
from drivers.simulator.faults import Faults
from drivers.simulator.labels import qr_text
from drivers.simulator.ledger import Ledger
from drivers.simulator.locks import SimLock, must
from drivers.simulator.memory import Bolt, Entry
from drivers.simulator.nodes import Node
from drivers.simulator.ports import Closed, News, Opened, Received, Wire, listening
from drivers.simulator.quirks import Chance, Quirks
from drivers.simulator.radio import Tally
from drivers.simulator.settings import Config, LockSettings
from drivers.simulator.stick import Stick
from hub.contracts import Lock, Newcomer
from hub.errors import Rejected
from hub.model.values import Address, Position

_THUMB_TURN = {Position.LOCKED: Bolt.LOCKED, Position.UNLOCKED: Bolt.UNLOCKED}


class Simulator:
    """Satisfies `hub.contracts.Driver`, with no lock of its own, and `hub.contracts.Rehearsal`."""

    def __init__(self, config: Config, wall: Callable[[], datetime], ledger: Ledger, chance: Chance) -> None:
        self._config = config
        self._ledger = ledger
        self._building = Building(config, wall, ledger.read())
        self._stick = Stick(self._building, config, chance)
        self._news: asyncio.Queue[News | None] = asyncio.Queue()
        self._wire: Wire | None = None
        self._where = ""
        self._listens = asyncio.Event()
        self._save()

    # ---- driver ----

    @property
    def locks(self) -> Mapping[Address, Lock]:
        return {}

    async def run(self) -> None:
        self._building.wake(_now())
        try:
            async with listening(self._config.listen, self._news.put_nowait) as where:
                self._where = where
                self._listens.set()
                while True:
                    await self._step()
        finally:
            self._listens.clear()
            if self._wire is not None:
                self._wire.close()
                self._wire = None

    async def address(self) -> str:
        """Where a host reaches the stick, once it listens: `socket://127.0.0.1:5555`, or the path of the pty."""
        await self._listens.wait()
        return self._where

    async def _step(self) -> None:
        """Wait for the next thing, by wire, by hand or by time; do what follows; answer."""
        news: News | None = None
        try:
            async with asyncio.timeout_at(self._stick.deadline()):
                news = await self._news.get()
        except TimeoutError:
            pass
        match news:
            case None:
                self._stick.timeout(_now())
            case Opened() if self._stick.away:
                news.wire.close()
            case Opened():
                self._replace(news.wire)
            case Received() if news.wire is self._wire:
                self._stick.receive(news.data, _now())
            case Closed() if news.wire is self._wire:
                self._replace(None)
            case Received() | Closed():
                pass  # of a host that was replaced
            case _ as never:
                assert_never(never)
        self._save()
        await self._send()
        self._notice()

    def _replace(self, wire: Wire | None) -> None:
        """The newest host has the line: an earlier one that is still there hangs."""
        if self._wire is not None and wire is not None:
            self._wire.close()
        self._wire = wire
        if wire is None:
            self._stick.unplug()
        else:
            self._stick.plug()

    def _notice(self) -> None:
        """A host notices that its stick is gone; one on a pseudo-terminal does not."""
        if self._stick.away and self._wire is not None:
            self._wire.close()

    async def _send(self) -> None:
        for segment in self._stick.to_send():
            if self._wire is not None:
                self._wire.write(segment)
                await asyncio.sleep(0)

    def _save(self) -> None:
        self._ledger.write(self._building.take_news())

    # ---- hands ----

    @property
    def doors(self) -> Mapping[Address, str]:
        return self._building.doors

    def press(self, lock: Address, digits: str) -> bool:
        opened = self._building.lock(lock).press(digits, _now())
        self._touched()
        return opened

    def turn(self, lock: Address, to: Position) -> None:
        if to not in _THUMB_TURN:
            raise Rejected("a thumb-turn locks or unlocks")
        self._building.lock(lock).turn(_THUMB_TURN[to], _now())
        self._touched()

    def drain(self, lock: Address, percent: int) -> None:
        if not 0 <= percent <= 100:
            raise Rejected("a battery has 0 to 100 per cent")
        self._building.lock(lock).drain(percent)
        self._touched()

    def change_battery(self, lock: Address) -> None:
        self._building.lock(lock).change_battery()
        self._touched()

    def jam(self, lock: Address, *, jammed: bool) -> None:
        self._building.lock(lock).jam(jammed=jammed)
        self._touched()

    def silence(self, lock: Address, *, silent: bool) -> None:
        self._building.lock(lock).silence(silent=silent)
        self._touched()

    def program(self, lock: Address, slot: int, digits: str | None) -> None:
        """Somebody sets a code at the lock itself, or clears it with None.

        Raises:
            Rejected: no such slot, or digits that the lock refuses.
        """
        done = self._building.lock(lock).program(slot, digits)
        self._touched()
        must(done)

    def reset(self, lock: Address) -> None:
        """Somebody resets the lock to the factory's settings; it stays in the network and says nothing."""
        self._building.lock(lock).reset()
        self._touched()

    def become(self, lock: Address, quirks: Quirks) -> None:
        """From now on the lock has these quirks; its script begins anew."""
        found = self._building.find(lock)
        found.lock.quirks = quirks
        self._stick.script(found, quirks.script)
        self._touched()

    @property
    def newcomers(self) -> tuple[Newcomer, ...]:
        return tuple(self._newcomer(each) for each in self._building.newcomers)

    def _newcomer(self, node: Node) -> Newcomer:
        lock = node.lock
        return Newcomer(lock.stranger, lock.model.name, qr_text(lock), node.label.dsk, self._stick.awake(node))

    def unpack(self, settings: LockSettings) -> Newcomer:
        """One more newcomer, until this simulator ends. Raises Rejected: it has an address already."""
        if settings.address:
            raise Rejected("a newcomer has no address yet")
        node = self._building.unpack(settings)
        self._touched()
        return self._newcomer(node)

    def pair(self, which: str) -> None:
        """Raises Rejected: there is no such device."""
        self._stick.pair(self._building.find(which), _now())
        self._touched()

    # ---- trouble ----

    @property
    def faults(self) -> Faults:
        return self._stick.faults

    def suffer(self, faults: Faults) -> None:
        """From now on these faults happen, and no others."""
        self._stick.faults = faults
        self._touched()

    def jam_air(self, seconds: float) -> None:
        """Nothing comes through the air for so long."""
        self._stick.jam(_now() + seconds)
        self._touched()

    def unplug(self, seconds: float) -> None:
        """The stick is pulled out and comes back."""
        self._stick.pull(_now(), seconds)
        self._touched()

    def restart(self) -> None:
        """The stick starts anew by itself."""
        self._stick.restart(_now())
        self._touched()

    def flood(self, lock: Address) -> None:
        """The lock asks for twenty nonces."""
        self._stick.flood(self._building.find(lock), _now())
        self._touched()

    # ---- what can be seen ----

    def look(self, lock: Address) -> SimLock:
        return self._building.lock(lock)

    @property
    def tally(self) -> Tally:
        return self._stick.tally

    @property
    def journal(self) -> list[Entry]:
        return self._building.journal

    def _touched(self) -> None:
        self._save()
        self._news.put_nowait(None)


def _now() -> float:
    return asyncio.get_running_loop().time()
