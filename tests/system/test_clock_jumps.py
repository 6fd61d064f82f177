"""A clock that jumps while a house is lived in, judged at the locks by the true time (issue 4; design.md §4).

Three doors that keep codes in three ways, two guests after each other, a cleaner by the week, backup codes and somebody
else's code: whatever the clock says, nobody gets in early, and once it is right everything is as if it had never been wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import backup_codes, people
from hub.emergency_wishes import Act, Wish
from hub.health import findings
from hub.model.alerts import Kind
from hub.model.passes import EveryWeek, read_hours
from hub.model.people import PersonKind
from hub.model.values import Address, LockId, Position, PropertyId, Purpose, Window
from hub.people import Who
from hub.store import code_list, emergencies, log
from hub.store.engine import Tx
from tests.simulators.box import BoxClock, box, until
from tests.simulators.building import Memory
from tests.simulators.home import Home, simulate

BEGIN = datetime(2027, 3, 2, 7, 0, tzinfo=UTC)
FAR = timedelta(days=400)
CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
CHECK_OUT = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)
LEAD = timedelta(hours=1)
ADA = Window(CHECK_IN - LEAD, CHECK_OUT)
GRACE = Window(datetime(2027, 3, 4, 13, 0, tzinfo=UTC), datetime(2027, 3, 6, 10, 0, tzinfo=UTC))
CLEANER = tuple(
    Window(datetime(2027, 3, day, 8, 55, tzinfo=UTC), datetime(2027, 3, day, 12, 0, tzinfo=UTC)) for day in range(1, 8)
)
FOREIGN = "314159"
STEP = timedelta(minutes=10)
SETTLED = timedelta(minutes=3)
"""The clock's being right again is noticed by then, and what was missed is done."""


def doors() -> list[Memory]:
    """One gets its codes when they work, one keeps their hours, one keeps them switched off."""
    return [
        Memory(Address("front"), codes={20: FOREIGN}),
        Memory(Address("hours"), codes={20: FOREIGN}, schedules=True, hours_first=True),
        Memory(Address("holds"), codes={20: FOREIGN}, schedules=True, holds_disabled=True),
    ]


@dataclass
class Life:
    """A house in which people live by the true time. `look` tells what opens although it should not, or the reverse."""

    house: Home
    clock: BoxClock
    memories: list[Memory]
    may: dict[tuple[LockId, str], tuple[Window, ...]] = field(default_factory=dict)
    """When each code may open, by door and digits; what is in neither this nor a pool opens to nobody."""
    right_since: datetime = BEGIN
    """Since when the clock is right, by the true time."""
    down: bool = False

    async def look(self) -> None:
        now, pooled = self.clock.true, await self._learn()
        for memory in self.memories:
            lock = LockId(memory.address)
            assert memory.codes[20] == FOREIGN
            for digits in set(memory.codes.values()) - pooled - {FOREIGN}:
                if memory.opens(digits, now) is not None:
                    self._may_open(lock, now, self.may.get((lock, digits), ()))
        if self.clock.trusted and now - self.right_since >= SETTLED and not self.down:
            self._everybody_gets_in(now)

    async def _learn(self) -> set[str]:
        """Whose code is whose, and those that nobody knows."""
        pooled, vault = set(), self.house.hub.vault
        names = {row.id: row.guest for row in await self.house.stays()}
        for code in await self.house.hub.store.read(code_list.listing):
            entry = code.issued
            if entry is None or entry.sealed_pin is None:
                continue
            digits = vault.open_pin(entry.sealed_pin, about=f"grant:{entry.grant.id}").reveal()
            if entry.purpose is Purpose.BACKUP and entry.told_at is None:
                pooled.add(digits)  # somebody's perhaps, but nobody knows it
            elif entry.stay is not None:
                self.may[entry.lock, digits] = (WINDOWS[names[entry.stay]],)
            elif entry.pass_ is not None:
                self.may[entry.lock, digits] = CLEANER
        return pooled

    def _may_open(self, lock: LockId, now: datetime, windows: tuple[Window, ...]) -> None:
        if any(now in window for window in windows):
            return
        ends = [window.end for window in windows if window.end is not None and window.end <= now]
        assert ends, f"{lock} opens early, or to nobody, at {now}"
        lately = now - max(self.right_since, *ends) < SETTLED
        assert lately or not self.clock.trusted, f"{lock} still opens at {now}"

    def _everybody_gets_in(self, now: datetime) -> None:
        locks = {LockId(memory.address): memory for memory in self.memories}
        for (lock, digits), windows in self.may.items():
            if any(now in window and now - window.start >= SETTLED for window in windows):
                assert locks[lock].opens(digits, now) is not None, f"somebody stands before {lock} at {now}"

    # ---- what happens ----

    async def live(self, to: datetime) -> None:
        while self.clock.true < to:
            await asyncio.sleep(min(STEP, to - self.clock.true).total_seconds())
            await self.look()

    async def wrong(self, by: timedelta, lasting: timedelta) -> None:
        """The clock jumps, and is right again after that."""
        self.clock.jump(by)
        await self.live(self.clock.true + lasting)
        self.right_again()

    def right_again(self) -> None:
        self.clock.synchronise()
        self.right_since = self.clock.true

    async def do(self, act: Act, lockdown: str = "") -> None:
        emergency = self.house.hub.emergencies
        wish = Wish(act, "A break-in next door", property=PropertyId("house"), lockdown=lockdown)
        await emergency.carry_out((await emergency.prepare(wish, "Rosa")).id, "Rosa")
        self.down = act is Act.LOCK_DOWN

    async def release(self) -> None:
        rows = await self.house.hub.store.read(lambda tx: emergencies.current(tx, self.clock.now()))
        await self.do(Act.RELEASE, rows[0].id)

    async def pull(self) -> None:
        hub, stay = self.house.hub, await self.house.stay()
        given = await hub.store.write(lambda tx: backup_codes.use(tx, hub.desk, stay, "Rosa"))
        assert len(given) == len(self.memories)
        await hub.store.write(lambda tx: backup_codes.for_guest(tx, hub.desk, stay, "Rosa"))


WINDOWS = {"Ada Lovelace": ADA, "Grace Hopper": GRACE}


@asynccontextmanager
async def life(
    folder: Path, memories: list[Memory] | None = None, *, anew: bool = True, start: datetime = BEGIN, **clocked: Any
) -> AsyncIterator[Life]:
    memories = memories or doors()
    async with box(folder, *memories, start=start, furnish=anew, backups=2, **clocked) as (house, clock):
        lived = Life(house, clock, memories, right_since=start)
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        house.book("b", date(2027, 3, 4), date(2027, 3, 6), "Grace Hopper")
        if anew:
            await house.hub.store.write(lambda tx: _clean(tx, house))
        yield lived


def _clean(tx: Tx, house: Home) -> None:
    desk = house.hub.desk
    id_ = people.add(tx, desk, Who("Maria", PersonKind.CLEANER), "Rosa")
    wish = people.Wish((LockId("front"),), EveryWeek(read_hours("Mon-Sun 10:00-13:00")))
    people.give(tx, desk, id_, wish, "Rosa")


@pytest.mark.parametrize("by", [FAR, -FAR])
@pytest.mark.parametrize(
    ("at", "lasting"),
    [
        ("02 10:00", "5h"),  # codes wait; the cleaner is in and should be out; the first guest comes
        ("02 12:59", "2m"),  # a minute before the first code works
        ("03 08:00", "90m"),  # a guest is in, and the cleaner comes
        ("04 09:59", "4h"),  # a code is to be removed, and the next one comes
    ],
)
def test_whenever_the_clock_jumps_nobody_gets_in_early_and_nobody_stays_in(
    tmp_path: Path, by: timedelta, at: str, lasting: str
) -> None:
    async def main() -> None:
        async with life(tmp_path) as house:
            await house.live(on(at))
            await house.wrong(by, span(lasting))
            await house.live(on("04 14:30"))
            digits = await house.house.digits("Grace Hopper")
            for memory in house.memories:
                assert memory.holds(digits)
                assert len(memory.codes) == 4, "hers, the pool, and somebody else's"

    simulate(main())


@pytest.mark.parametrize("by", [FAR, -FAR])
def test_a_backup_code_ends_with_its_stay_though_the_clock_jumped_meanwhile(tmp_path: Path, by: timedelta) -> None:
    async def main() -> None:
        async with life(tmp_path) as house:
            await house.live(on("03 08:00"))
            await house.pull()
            await house.live(on("03 08:10"))
            assert all(len(memory.codes) > 4 for memory in house.memories), "the pool is full again"
            await house.wrong(by, span("2h"))
            await house.live(on("04 09:30"))
            await house.wrong(by, span("2h"))
            await house.live(on("04 12:10"))
            assert [len(memory.codes) for memory in house.memories] == [3, 4, 4], (
                "two of the pool, who comes next, a stranger"
            )

    simulate(main())


@pytest.mark.parametrize("by", [FAR, -FAR])
def test_a_lock_down_holds_and_can_begin_and_end_while_the_clock_is_wrong(tmp_path: Path, by: timedelta) -> None:
    async def main() -> None:
        async with life(tmp_path) as house:
            await house.live(on("03 06:00"))
            digits = await house.house.digits()
            house.clock.jump(by)
            await house.do(Act.LOCK_DOWN)
            await house.live(on("03 06:05"))
            assert not any(memory.holds(digits) for memory in house.memories), "it hangs on no time of day"
            house.right_again()
            await house.live(on("03 07:00"))
            await house.wrong(by, span("1h"))
            assert not any(memory.holds(digits) for memory in house.memories)
            house.clock.jump(by)
            await house.release()
            await house.live(on("03 14:00"))
            house.right_again()
            await house.live(on("04 11:00"))

    simulate(main())


@pytest.mark.parametrize("off", [-timedelta(days=20880), FAR])
def test_a_box_that_boots_without_a_clock_begins_once_it_is_told_the_time(tmp_path: Path, off: timedelta) -> None:
    async def main() -> None:
        async with life(tmp_path, off=off) as house:
            await house.live(on("02 18:00"))
            assert not any(set(memory.codes.values()) - {FOREIGN} for memory in house.memories)
            house.right_again()
            await house.live(on("04 12:00"))

    simulate(main())


@pytest.mark.parametrize("off", [timedelta(days=3), -timedelta(days=3), timedelta(hours=14)])
def test_a_clock_that_was_believed_and_wrong_is_made_up_for_once_it_is_corrected(
    tmp_path: Path, off: timedelta
) -> None:
    memories = doors()

    async def before() -> dict[tuple[LockId, str], tuple[Window, ...]]:
        async with life(tmp_path, memories) as house:
            await house.live(on("03 08:00"))
            hub, stay = house.house.hub, await house.house.stay()
            await hub.store.write(lambda tx: backup_codes.for_guest(tx, hub.desk, stay, "Rosa"))
            return house.may

    async def after(may: dict[tuple[LockId, str], tuple[Window, ...]]) -> None:
        async with life(tmp_path, memories, start=on("03 08:10"), off=off, believed=True, anew=False) as house:
            house.may = may
            await asyncio.sleep(300)  # whatever it believes meanwhile
            house.right_again()
            house.may.clear()  # whom it put out has other digits now
            await asyncio.sleep(180)
            said = [each.kind for each in await house.house.hub.store.read(lambda tx: findings(tx, house.house.hub))]
            assert (Kind.CODE_REPLACED in said) is (off > timedelta(days=1)), "Ada stands outside"
            await house.live(on("04 14:30"))
            said = [each.kind for each in await house.house.hub.store.read(lambda tx: findings(tx, house.house.hub))]
            assert Kind.CODE_REPLACED not in said

    simulate(after(simulate(before())))


@pytest.mark.parametrize("by", [FAR, -FAR])
def test_what_was_written_down_under_a_wrong_clock_is_kept_as_long_as_everything_else(
    tmp_path: Path, by: timedelta
) -> None:
    async def main() -> None:
        async with life(tmp_path) as house:
            hub, driver = house.house.hub, house.house.driver

            async def lines() -> int:
                return len(await hub.store.read(lambda tx: log.entries(tx, log.Filter(what=log.UNLOCKED))))

            await house.live(on("03 08:00"))
            assert await driver.press("front", await house.house.digits())
            house.clock.jump(by)
            await driver.turn("front", Position.LOCKED)
            await driver.turn("front", Position.UNLOCKED)
            await asyncio.sleep(60)
            house.right_again()
            await asyncio.sleep(60)
            assert await lines() == 2
            await asyncio.sleep(until(on("04 04:00"), house.clock))
            assert await lines() == 2, "nothing of it is old"
            house.clock.leap(timedelta(days=30))
            await asyncio.sleep(until(on("04 04:00") + timedelta(days=31), house.clock))
            assert await lines() == 0, "and nothing is kept for longer"

    simulate(main())


def on(day: str) -> datetime:
    """`02 10:00`, in March."""
    return datetime.strptime(f"2027-03-{day}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def span(words: str) -> timedelta:
    return timedelta(**{{"h": "hours", "m": "minutes"}[words[-1]]: int(words[:-1])})
