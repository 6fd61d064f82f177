from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from hub.errors import Rejected
from hub.health import findings, summary
from hub.hub import Hub
from hub.issuing import reveal
from hub.model.alerts import Finding, Kind, Level
from hub.model.facts import (
    Alarm,
    BatteryRead,
    BoltMoved,
    Fact,
    LockSilent,
    Mode,
    ModeTold,
    RadioAlarm,
    Trouble,
    TroubleSeen,
)
from hub.model.values import Address, How, Position
from hub.store import alarms, log
from hub.store.engine import Tx
from tests.simulators.building import Memory
from tests.simulators.home import Home, home, simulate

FRONT = Address("front")
CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)


async def _found(house: Home) -> list[Finding]:
    return await house.hub.store.read(lambda tx: findings(tx, house.hub))


def test_a_house_that_is_well_has_nothing_to_say(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await house.later(minutes=5)
            found = await _found(house)
            assert (found, summary(found)) == ([], "well")

    simulate(main())


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (lambda at: BatteryRead(FRONT, at, 12), "The battery of Front is low (12 %)."),
        (lambda at: BatteryRead(FRONT, at, 60, low=True), "The battery of Front is low (60 %)."),
        (lambda at: LockSilent(FRONT, at, "no acknowledgement"), "Front does not answer: no acknowledgement."),
        (lambda at: TroubleSeen(FRONT, at, Trouble.JAMMED), "Front: the bolt is jammed."),
        (lambda at: TroubleSeen(FRONT, at, Trouble.WRONG_CODES), "Front: wrong codes were tried several times."),
    ],
)
def test_trouble_at_a_lock_is_a_sentence_with_a_cure(
    tmp_path: Path, told: Callable[[datetime], BatteryRead | LockSilent | TroubleSeen], sentence: str
) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            fact = told(house.hub.clock.now())
            await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, "memory"))
            (finding,) = await _found(house)
            level = Level.URGENT if finding.kind is Kind.JAMMED else Level.PROBLEM
            assert (finding.sentence, finding.level, bool(finding.cure)) == (sentence, level, True)

    simulate(main())


def test_a_guest_without_a_proven_code_is_a_problem_once_it_should_work_and_urgent_before_they_come(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(FRONT, silent=True)]) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await house.until(CHECK_IN - timedelta(minutes=61))
            assert not [finding for finding in await _found(house) if finding.level is Level.URGENT]
            await house.until(CHECK_IN - timedelta(minutes=57))
            (late,) = await _found(house)
            assert (late.level, late.sentence) == (Level.PROBLEM, "The code of Ada Lovelace is not proven in Front.")
            await house.until(CHECK_IN - timedelta(minutes=15))
            (urgent,) = [finding for finding in await _found(house) if finding.level is Level.URGENT]
            assert urgent.sentence == "The code of Ada Lovelace is not proven in Front."
            assert summary(await _found(house)) == "urgent"

    simulate(main())


def test_a_code_that_a_lock_refuses_for_good_is_not_said_to_be_tried_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await house.later(minutes=10)
            stay, digits = await house.stay(), await house.digits()
            await house.hub.store.write(lambda tx: reveal(tx, house.hub.desk, stay, "account:ada"))
            house.lock("front").codes[20] = digits
            await house.until(CHECK_IN)
            (urgent,) = [finding for finding in await _found(house) if finding.level is Level.URGENT]
            assert "the lock refuses it" in urgent.sentence
            assert urgent.cure == "It is not tried again. Draw another code, or open the door yourself."

    simulate(main())


def test_a_calendar_is_a_problem_after_half_an_hour_of_failing(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", date(2027, 4, 2), date(2027, 4, 4))
            house.calendar.broken = "it sent a web page"
            await house.later(minutes=25)
            assert await _found(house) == []
            await house.later(minutes=15)
            assert [each.sentence for each in await _found(house)] == [
                "The calendar “feed” cannot be read: it sent a web page."
            ]

    simulate(main())


def test_a_door_on_a_guests_way_that_takes_no_codes_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(FRONT), Memory(Address("gate"), slots=0)]) as house:
            assert [each.sentence for each in await _found(house)] == [
                "Gate takes no codes, and it is on the way to Flat."
            ]

    simulate(main())


def test_a_lock_that_has_no_name_here_is_shown_as_met(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await house.driver.meet(Memory(Address("7")))
            (finding,) = await _found(house)
            assert (finding.level, "address 7" in finding.sentence) == (Level.NOTICE, True)

    simulate(main())


def test_a_battery_that_was_read_is_a_sign_of_life(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            at = house.hub.clock.now()
            for fact in (LockSilent(FRONT, at, "no acknowledgement"), BatteryRead(FRONT, at, 80)):
                await house.hub.store.write(lambda tx, fact=fact: house.hub.intake.absorb(tx, fact, "memory"))  # type: ignore[misc]
            assert await _found(house) == []

    simulate(main())


def test_a_full_lock_is_said_to_be_full(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(FRONT, slots=2, codes={1: "314159", 2: "271828"})
        async with home(tmp_path, [memory], start=CHECK_IN - timedelta(hours=2)) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await house.until(CHECK_IN)
            assert [each.sentence for each in await _found(house)] == [
                "The code of Ada Lovelace is not proven in Front: all 2 places of the lock are taken."
            ]

    simulate(main())


class _Sieve(dict[int, str]):
    def __setitem__(self, slot: int, digits: str) -> None:
        pass


def test_a_lock_that_takes_a_code_and_does_not_keep_it_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(FRONT, codes=_Sieve())], start=CHECK_IN - timedelta(hours=2)) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await house.until(CHECK_IN)
            (urgent,) = await _found(house)
            assert urgent.sentence.startswith("The code of Ada Lovelace is not proven in Front: the lock was told it ")
            assert urgent.level is Level.URGENT

    simulate(main())


# ---- the radio -----------------------------------------------------------------------------------------------------


async def _tell(house: Home, *facts: Fact) -> None:
    for fact in facts:
        await house.hub.store.write(lambda tx, fact=fact: house.hub.intake.absorb(tx, fact, "memory"))  # type: ignore[misc]


async def _dismiss(house: Home) -> None:
    (row,) = await house.hub.store.read(alarms.current)
    await house.hub.store.write(lambda tx: house.hub.intake.dismiss(tx, row.id, "account:ada"))


@pytest.mark.parametrize(
    ("alarm", "device", "note", "level", "sentence"),
    [
        (Alarm.JAMMED, "", "noise of -58 dBm", Level.PROBLEM,
         "The radio of memory is disturbed so much that locks cannot be heard: noise of -58 dBm."),
        (Alarm.STICK_GONE, "", "", Level.URGENT, "The stick of memory is gone."),
        (Alarm.UNREADABLE, "", "nodes.json.unreadable-1", Level.PROBLEM,
         "What memory had kept of its network cannot be read and was kept aside: nodes.json.unreadable-1."),
        (Alarm.DEAD, "7", "", Level.PROBLEM, "Device 7 of memory does not answer any more."),
        (Alarm.DEAD, "front", "", Level.PROBLEM, "Device Front does not answer any more."),
        (Alarm.THROWN_OUT, "9", "wrong key", Level.PROBLEM,
         "Device 9 of memory was taken out of the network again, as it did not get the encryption it is capable of: wrong key."),
    ],
)  # fmt: skip
def test_an_alarm_of_the_radio_is_a_sentence_with_a_cure_until_it_is_over(
    tmp_path: Path, alarm: Alarm, device: str, note: str, level: Level, sentence: str
) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            at = house.hub.clock.now()
            await _tell(house, RadioAlarm(at, alarm, device, note), RadioAlarm(at, alarm, device, note))
            (finding,) = await _found(house)
            assert (finding.sentence, finding.level, finding.since, bool(finding.cure)) == (sentence, level, at, True)
            await _tell(house, RadioAlarm(at, alarm, device, over=True), RadioAlarm(at, alarm, device, over=True))
            assert await _found(house) == []
            told = await house.hub.store.read(lambda tx: log.deeds(tx, "radio:memory"))
            assert sorted(deed.action for deed in told) == ["alarm", "alarm over"]

    simulate(main())


def test_what_merely_goes_on_stays_dismissed_and_what_happens_again_does_not(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            now = house.hub.clock.now
            for alarm, again in ((Alarm.JAMMED, False), (Alarm.THROWN_OUT, True)):
                await _tell(house, RadioAlarm(now(), alarm, "9"))
                await _dismiss(house)
                assert await _found(house) == []
                await house.later(minutes=1)
                await _tell(house, RadioAlarm(now(), alarm, "9"))
                assert bool(await _found(house)) is again
            await _tell(house, RadioAlarm(now(), Alarm.THROWN_OUT, "9", over=True))
            await _tell(house, RadioAlarm(now(), Alarm.JAMMED, "9", over=True), RadioAlarm(now(), Alarm.JAMMED, "9"))
            (finding,) = await _found(house)
            assert "is disturbed" in finding.sentence

    simulate(main())


def test_an_alarm_is_dismissed_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _tell(house, RadioAlarm(house.hub.clock.now(), Alarm.STICK_GONE))
            await _dismiss(house)
            with pytest.raises(Rejected, match="no such alarm"):
                await house.hub.store.write(lambda tx: house.hub.intake.dismiss(tx, 1, "account:ada"))
            trail = await house.hub.store.read(lambda tx: log.deeds(tx, "radio:memory"))
            assert ("account:ada", "alarm dismissed", "stick gone") in [
                (deed.actor, deed.action, deed.detail) for deed in trail
            ]

    simulate(main())


def test_a_dead_device_that_is_a_silent_lock_is_said_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            at = house.hub.clock.now()
            await _tell(house, LockSilent(FRONT, at, "no acknowledgement"), RadioAlarm(at, Alarm.DEAD, "front"))
            assert [each.sentence for each in await _found(house)] == ["Front does not answer: no acknowledgement."]

    simulate(main())


@pytest.mark.parametrize(
    ("fact", "sentence", "over"),
    [
        (lambda at: ModeTold(FRONT, at, Mode.VACATION),
         "Front is in vacation mode: no code opens it, though codes in it are proven.",
         lambda at: ModeTold(FRONT, at, Mode.NORMAL)),
        (lambda at: ModeTold(FRONT, at, Mode.PRIVACY),
         "Front is in privacy mode: no code opens it from outside.",
         lambda at: BoltMoved(FRONT, at, Position.UNLOCKED, How.KEYPAD, 3)),
        (lambda at: TroubleSeen(FRONT, at, Trouble.KEYPAD_OFF),
         "Front: the keypad switched itself off for a while, or somebody switched it off.",
         lambda at: BoltMoved(FRONT, at, Position.UNLOCKED, How.KEYPAD, 3)),
        (lambda at: TroubleSeen(FRONT, at, Trouble.JAMMED),
         "Front: the bolt is jammed.",
         lambda at: BoltMoved(FRONT, at, Position.LOCKED, How.MANUAL)),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_keypad_or_bolt_is_said_until_it_is_no_longer_so(
    tmp_path: Path, fact: Callable[[datetime], Fact], sentence: str, over: Callable[[datetime], Fact]
) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await house.later(minutes=1)
            for told, expected in ((fact, [sentence]), (over, [])):
                await house.hub.store.write(partial(_absorb, hub=house.hub, fact=told(house.hub.clock.now())))
                found = await _found(house)
                assert [finding.sentence for finding in found] == expected
                assert all(finding.cure for finding in found)
                await house.later(minutes=5)

    simulate(main())


def test_a_bolt_is_jammed_until_it_moves_though_the_lock_cannot_say_where_it_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await house.later(minutes=1)
            for position, how in ((Position.JAMMED, How.REMOTE), (Position.UNKNOWN, How.UNKNOWN)):
                fact = BoltMoved(FRONT, house.hub.clock.now(), position, how)
                await house.hub.store.write(partial(_absorb, hub=house.hub, fact=fact))
                assert [each.kind for each in await _found(house)] == [Kind.JAMMED]
            await house.driver.turn("front", Position.LOCKED)
            assert await _found(house) == []

    simulate(main())


def _absorb(tx: Tx, *, hub: Hub, fact: Fact) -> None:
    hub.intake.absorb(tx, fact, "memory")
