from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from hub.health import findings
from hub.model.alerts import Kind
from hub.model.facts import BatteryRead, Trouble, TroubleSeen
from hub.model.values import Address, LockId
from hub.store import batteries, doors, log
from hub.store.doors import Door
from tests.simulators.building import Memory
from tests.simulators.home import START, Home, home, simulate

FRONT, LOCK = Address("front"), LockId("front")
DAY = timedelta(days=1)


async def _tell(house: Home, percent: int | None, *, low: bool = False, ago: timedelta = timedelta()) -> None:
    fact = BatteryRead(FRONT, house.hub.clock.now() - ago, percent, low)
    await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, "memory"))


async def _door(house: Home) -> Door:
    door = await house.hub.store.read(lambda tx: doors.door(tx, LOCK))
    assert door is not None
    return door


async def _kinds(house: Home) -> set[Kind]:
    hub = house.hub
    return {each.kind for each in await hub.store.read(lambda tx: findings(tx, hub))}


async def _fall(house: Home, *, days: int, per_day: float, top: int = 90) -> None:
    """What the lock told in the days until now."""
    for day in range(days):
        await _tell(house, round(top - day * per_day), ago=(days - 1 - day) * DAY)


def test_0_between_two_of_90_alarms_nobody_and_is_kept(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            for ago, percent in ((26, 90), (13, 0), (0, 90)):
                await _tell(house, percent, ago=timedelta(hours=ago))
            door = await _door(house)
            assert (door.battery, door.battery_low) == (90, False)
            told = await house.hub.store.read(lambda tx: batteries.readings(tx, LOCK, START - 2 * DAY))
            assert [(each.reading.percent, each.weight.value) for each in told] == [
                (90, "good"),
                (0, "doubted"),
                (90, "good"),
            ]
            assert not await _kinds(house)

    simulate(main())


def test_what_will_not_last_the_next_stay_is_said_before_it_begins(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _fall(house, days=20, per_day=2)
            assert Kind.BATTERY_BEFORE_STAY not in await _kinds(house)
            house.book("one", (START + 11 * DAY).date(), (START + 26 * DAY).date())
            await house.later(minutes=5)
            assert await _kinds(house) == {Kind.BATTERY_BEFORE_STAY}
            door = await _door(house)
            assert door.battery_empty_at is not None
            assert abs(door.battery_empty_at - (START + 23.5 * DAY)) < 2 * DAY
            await _tell(house, 100)
            assert not await _kinds(house)
            entries = await house.hub.store.read(lambda tx: log.entries(tx, log.Filter(what=log.BATTERY_REPLACED)))
            assert [entry.lock for entry in entries] == [LOCK]

    simulate(main())


def test_a_stay_that_is_over_before_they_are_empty_is_no_news(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _fall(house, days=20, per_day=2)
            house.book("one", (START + 3 * DAY).date(), (START + 6 * DAY).date())
            await house.later(minutes=5)
            assert not await _kinds(house)

    simulate(main())


def test_the_locks_own_warning_is_believed_and_teaches_its_model(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(FRONT), Memory(Address("back"))]) as house:
            await _tell(house, 38)
            warning = TroubleSeen(FRONT, house.hub.clock.now(), Trouble.BATTERY_LOW)
            await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, warning, "memory"))
            assert await _kinds(house) == {Kind.BATTERY_LOW}
            back = BatteryRead(Address("back"), house.hub.clock.now(), 36)
            await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, back, "memory"))
            door = await house.hub.store.read(lambda tx: doors.door(tx, LockId("back")))
            assert door is not None
            assert door.battery_low

    simulate(main())


def test_a_sudden_fall_is_believed_once_the_lock_warns(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _tell(house, 90)
            await house.later(hours=1)
            await _tell(house, 12)
            assert (await _door(house)).battery == 90
            warning = TroubleSeen(FRONT, house.hub.clock.now(), Trouble.BATTERY_LOW)
            await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, warning, "memory"))
            door = await _door(house)
            assert (door.battery, door.battery_low) == (12, True)

    simulate(main())


def test_a_warning_without_a_figure_is_urgent_only_when_it_is_the_last_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _tell(house, 30)
            await _tell(house, None, low=True)
            assert (await _door(house)).battery == 30
            assert await _kinds(house) == {Kind.BATTERY_LOW}
            warning = TroubleSeen(FRONT, house.hub.clock.now(), Trouble.BATTERY_CRITICAL)
            await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, warning, "memory"))
            assert await _kinds(house) == {Kind.BATTERY_EMPTY}

    simulate(main())


def test_a_lock_that_says_nothing_of_its_battery_is_asked_once_a_day(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.lock("front").battery = 71
            await house.later(days=1)
            assert (await _door(house)).battery == 71
            house.book("one", date(2027, 3, 1), date(2027, 3, 4))
            asked = await house.hub.store.read(lambda tx: batteries.readings(tx, LOCK, START))
            await house.later(days=2)
            assert await house.hub.store.read(lambda tx: batteries.readings(tx, LOCK, START)) == asked

    simulate(main())
