"""Our host joins the locks of our simulator, which was written by another hand from the same specification."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from drivers.simulator.labels import qr_text
from drivers.simulator.quirks import JoinsBadly, Quirks
from drivers.simulator.settings import Config, Functions, LockSettings
from drivers.zwave.care import ZWaveRadio
from hub.contracts import Host
from hub.contracts.radio import CONSENT, Asked, Ended, Question, Talk, Wish
from hub.model.facts import Alarm, Fact, RadioAlarm
from hub.model.values import Address, Pin, Secret
from tests.drivers.zwave.fakes import TurnedClock, virtual
from tests.simulators.desk import Desk

NEW = "new-1"
YALE = {"address": "", "model": "yale-zw3", "name": "Cellar", "security": "s2"}


async def _no_sandbox(work: str, data: bytes) -> Any:
    raise AssertionError(f"{work} is not for a driver, {len(data)} bytes")


@dataclass
class House:
    desk: Desk
    radio: ZWaveRadio
    facts: list[Fact] = field(default_factory=list)

    @property
    def talk(self) -> Talk:
        talk = self.radio.joining.talk
        assert talk is not None
        return talk

    def __post_init__(self) -> None:
        self.label = self.desk.lock(NEW).settings.label.dsk
        """While it has not joined; then it has another name."""

    def press(self, which: str = NEW) -> None:
        self.desk.stick.pair(self.desk.building.find(which), asyncio.get_running_loop().time())
        self.desk.touched()

    async def turn(self, until: Callable[[Talk], object], *, within: float = 300.0) -> Talk:
        ticks = int(within / 0.05)
        for _ in range(ticks):
            if until(self.talk):
                return self.talk
            await asyncio.sleep(0.05)
        raise AssertionError(self.talk)

    async def answered(self, pin: str = "") -> Talk:
        """Until it is over, or somebody has to press the button once more; with a person who knows what to answer."""
        while True:
            talk = await self.turn(lambda talk: talk.question or talk.ended or "once more" in talk.sentence, within=400)
            if talk.question is None:
                return talk
            self.radio.joining.answer(talk.id, self._answer(talk.question, pin))

    def _answer(self, question: Question, pin: str) -> str:
        match question.asked:
            case Asked.GRANT:
                return " ".join(question.choices)
            case Asked.PIN:
                return pin or self.label[:5]
            case consent:
                return CONSENT[consent]

    async def use(self, address: str) -> None:
        for _ in range(60):
            lock = self.radio.locks.get(Address(address))
            if lock is not None and lock.keypad is not None:
                await lock.keypad.write(3, Pin("471100"))
                assert (await lock.keypad.read(3)).pin == Pin("471100")
                return
            await asyncio.sleep(1)
        raise AssertionError("the new lock was not met")


@asynccontextmanager
async def house(folder: Path, *locks: dict[str, Any], desk_of: type[Desk] = Desk) -> AsyncIterator[House]:
    facts: list[Fact] = []

    async def tell(fact: Fact) -> None:
        facts.append(fact)

    clock = TurnedClock()
    settings = tuple(LockSettings.model_validate(each) for each in locks)
    desk = desk_of(Config(locks=settings, functions=Functions.FULL, delay=0.01), clock.now, Random(1))
    host = Host("zwave", tell, clock, folder, bytes, bytes, _no_sandbox)
    radio = ZWaveRadio("/dev/simulated", host, desk.connect, {})
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(radio.run())
        await asyncio.sleep(5)
        yield House(desk, radio, facts)
        running.cancel()


@pytest.mark.parametrize(
    ("settings", "security"),
    [
        (YALE, "S2_ACCESS_CONTROL"),
        ({**YALE, "beamed": True}, "S2_ACCESS_CONTROL"),
        ({**YALE, "security": "s0"}, "S0"),
        ({**YALE, "security": "none"}, ""),
    ],
)
@virtual
async def test_a_lock_is_added_and_used(tmp_path: Path, settings: dict[str, Any], security: str) -> None:
    async with house(tmp_path, settings) as here:
        here.radio.joining.begin(Wish.ADD)
        here.press()
        talk = await here.answered()
        assert (talk.ended, talk.security) == (Ended.DONE, security), talk.sentence
        assert talk.address is not None
        await here.use(talk.address)


@virtual
async def test_a_lock_is_added_by_its_label(tmp_path: Path) -> None:
    async with house(tmp_path, YALE) as here:
        here.radio.joining.begin(Wish.ADD, label=Secret(qr_text(here.desk.lock(NEW))))
        here.press()
        talk = await here.turn(lambda talk: talk.ended)
        assert (talk.ended, talk.security) == (Ended.DONE, "S2_ACCESS_CONTROL"), talk.sentence


@virtual
async def test_a_prepared_lock_joins_when_it_is_switched_on(tmp_path: Path) -> None:
    async with house(tmp_path, {**YALE, "smart_start": True}) as here:
        await here.radio.prepare(Secret(qr_text(here.desk.lock(NEW))))
        here.press()
        await asyncio.sleep(60)
        assert here.talk.ended is Ended.DONE, here.talk.sentence
        (prepared,) = here.radio.survey().prepared
        assert prepared.joined is not None
        await here.use(prepared.joined)


@virtual
async def test_a_lock_is_removed_and_added_again(tmp_path: Path) -> None:
    async with house(tmp_path, YALE) as here:
        here.radio.joining.begin(Wish.ADD)
        here.press()
        address = (await here.answered()).address
        assert address is not None
        await here.use(address)
        here.radio.joining.begin(Wish.REMOVE)
        here.press(address)
        talk = await here.answered()
        assert talk.ended is Ended.DONE, talk.sentence
        assert not here.radio.locks
        here.radio.joining.begin(Wish.ADD)
        here.press(here.desk.building.newcomers[0].lock.address)
        assert (await here.turn(lambda talk: talk.question)).question is not None


@virtual
async def test_a_broken_lock_is_replaced_at_its_address(tmp_path: Path) -> None:
    async with house(tmp_path, {**YALE, "address": "2", "security": "none"}, YALE) as here:
        await here.use("2")
        here.desk.lock("2").quirks = Quirks(silent=True)
        here.radio.joining.begin(Wish.REPLACE, address=Address("2"))
        await asyncio.sleep(10)
        here.press()
        talk = await here.answered()
        assert (talk.ended, talk.address, talk.security) == (Ended.DONE, "2", "S2_ACCESS_CONTROL"), talk.sentence
        await here.use("2")


@pytest.mark.parametrize("defect", JoinsBadly)
@virtual
async def test_a_lock_that_joins_badly_is_taken_out_again(tmp_path: Path, defect: JoinsBadly) -> None:
    async with house(tmp_path, {**YALE, "quirks": {"joins": defect.value}}) as here:
        here.radio.joining.begin(Wish.ADD)
        here.press()
        talk = await here.answered()
        assert talk.address is not None
        here.press(talk.address)
        talk = await here.turn(lambda talk: talk.ended)
        assert talk.ended is Ended.FAILED
        assert "taken out of the network again" in talk.sentence
        assert not here.radio.locks
        await asyncio.sleep(1)
    alarms = [fact for fact in here.facts if isinstance(fact, RadioAlarm) and fact.alarm is Alarm.THROWN_OUT]
    assert len(alarms) == 1


@virtual
async def test_a_wrong_pin_gives_no_key(tmp_path: Path) -> None:
    async with house(tmp_path, YALE) as here:
        here.radio.joining.begin(Wish.ADD)
        here.press()
        talk = await here.answered(pin="00001")
        assert talk.address is not None
        here.press(talk.address)
        talk = await here.turn(lambda talk: talk.ended)
        assert "The PIN does not belong to this lock" in talk.sentence


class Overheard(Desk):
    """Notes the numbers of what the host says under S2."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.numbers: list[int] = []

    def hear(self, line: Any, data: bytes) -> None:
        command = data[{0x13: 6, 0xA9: 7}[data[3]] :] if len(data) > 4 and data[3] in {0x13, 0xA9} else b""
        if command[:2] in {b"\x9f\x01", b"\x9f\x02", b"\x9f\x03"}:
            self.numbers.append(command[2])
        super().hear(line, data)


@virtual
async def test_no_session_with_a_lock_begins_with_a_number_that_it_may_take_for_an_echo(tmp_path: Path) -> None:
    async with house(tmp_path, YALE, desk_of=Overheard) as here:
        assert isinstance(here.desk, Overheard)
        here.radio.joining.begin(Wish.ADD)
        here.press()
        assert (await here.answered()).ended is Ended.DONE
        await here.use("2")
        for _ in range(3):
            before = len(here.desk.numbers)
            here.desk.pull()
            await asyncio.sleep(1)
            here.desk.plug()
            await asyncio.sleep(30)
            await here.use("2")
            assert len(here.desk.numbers) > before
        numbers = here.desk.numbers
        assert numbers == [(numbers[0] + nth) % 256 for nth in range(len(numbers))]
