"""A hub that does not know the time begins nothing and ends nothing, says so, and forgets nothing (design.md §4)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer

from hub.commands import answer
from hub.contracts import Delivery, Integration
from hub.errors import Rejected
from hub.health import findings
from hub.issuing import code_now
from hub.model.alerts import Kind
from hub.model.facts import Fact, StayReport, StayReported
from hub.model.values import Address, LockId, StayKind, StayStatus
from hub.store import alerts
from tests.simulators.box import box, until
from tests.simulators.building import Memory
from tests.simulators.home import FEED, Home, simulate
from web.app import build
from web.site import SITE

ARRIVAL, DEPARTURE = date(2027, 3, 2), date(2027, 3, 4)
CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
CHECK_OUT = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)
FAR = timedelta(days=400)
NOTICED = timedelta(minutes=2)
"""Nobody tells the hub that the system was synchronised."""


async def sentences(house: Home) -> list[str]:
    hub = house.hub
    return [each.sentence for each in await hub.store.read(lambda tx: findings(tx, hub))]


async def found_now(house: Home, kind: Kind) -> bool | None:
    """Of an alert that is raised, whether the last look found what is wrong; None: there is none."""
    known = {row.kind: row.course for row in await house.hub.store.read(alerts.live)}
    return None if kind not in known else known[kind].missing_since is None


@pytest.mark.parametrize("off", [FAR, -FAR])
def test_a_box_that_boots_without_a_clock_leaves_every_code_as_it_is(tmp_path: Path, off: timedelta) -> None:
    memory = Memory(Address("front"), codes={20: "314159"})

    async def before() -> str:
        async with box(tmp_path, memory) as (house, clock):
            house.book("a", ARRIVAL, DEPARTURE)
            house.book("b", DEPARTURE, date(2027, 3, 6), "Grace Hopper")
            await asyncio.sleep(until(CHECK_IN, clock))
            return await house.digits()

    async def after(digits: str) -> None:
        async with box(tmp_path, memory, start=CHECK_OUT - timedelta(minutes=5), off=off) as (house, clock):
            house.book("a", ARRIVAL, DEPARTURE)
            house.book("b", DEPARTURE, date(2027, 3, 6), "Grace Hopper")
            await asyncio.sleep(until(CHECK_OUT + timedelta(hours=5), clock))
            assert set(memory.codes.values()) == {"314159", digits}, "nothing cleared, nothing written"
            assert any("does not know the time" in sentence for sentence in await sentences(house))
            told: Any = await answer(house.hub, "test", "status", {})
            assert (told["clock_trusted"], told["level"]) == (False, "urgent")
            assert await found_now(house, Kind.CLOCK) is True
            clock.synchronise()
            await asyncio.sleep(NOTICED.total_seconds())
            assert set(memory.codes.values()) == {"314159", await house.digits("Grace Hopper")}
            assert await found_now(house, Kind.CLOCK) is False, "the last look of the alerts did not find it"

    simulate(after(simulate(before())))


@pytest.mark.parametrize("by", [FAR, -FAR])
def test_a_jump_lets_nobody_in_early_and_puts_nobody_out(tmp_path: Path, by: timedelta) -> None:
    memory = Memory(Address("front"))

    async def main() -> None:
        async with box(tmp_path, memory) as (house, clock):
            house.book("a", ARRIVAL, DEPARTURE)
            house.book("late", date(2028, 4, 4), date(2028, 4, 7), "Grace Hopper")
            await asyncio.sleep(until(CHECK_IN - timedelta(hours=3), clock))
            clock.jump(by)
            await asyncio.sleep(3600)
            assert memory.codes == {}
            clock.synchronise()
            await asyncio.sleep(until(CHECK_IN, clock))
            digits = await house.digits()
            clock.jump(by)
            await asyncio.sleep(12 * 3600)
            assert list(memory.codes.values()) == [digits]
            clock.synchronise()
            await asyncio.sleep(until(CHECK_OUT + timedelta(seconds=10), clock))
            assert memory.codes == {}
            assert [what for what, _, _ in memory.journal] == ["write", "clear"]

    simulate(main())


@pytest.mark.parametrize("by", [FAR, -FAR])
@pytest.mark.parametrize("how", ["check-out", "cancelled", "calendar"])
def test_no_end_of_a_stay_is_lost_in_a_jump(tmp_path: Path, by: timedelta, how: str) -> None:
    memory = Memory(Address("front"))

    async def main() -> None:
        async with box(tmp_path, memory) as (house, clock):
            house.book("a", ARRIVAL, DEPARTURE)
            await asyncio.sleep(until(CHECK_IN, clock))
            assert len(memory.codes) == 1
            clock.jump(by)
            await asyncio.sleep(60)
            if how == "cancelled":
                stay, write = await house.stay(), house.hub.store.write
                await write(lambda tx: house.hub.intake.cancel_stay(tx, stay.id, "manager"))
            elif how == "calendar":
                house.rebook("a", departure=date(2027, 3, 3))
            true_end = {"check-out": CHECK_OUT, "cancelled": CHECK_IN, "calendar": CHECK_OUT - timedelta(days=1)}[how]
            await asyncio.sleep(until(true_end + timedelta(hours=1), clock))
            assert len(memory.codes) == 1, "codes stay as they are"
            clock.synchronise()
            await asyncio.sleep(NOTICED.total_seconds())
            assert memory.codes == {}

    simulate(main())


class Partner(Integration):
    """A channel that only pushes; the message is the booking's name."""

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        name = delivery.body.decode()
        stay = StayReport(name, StayKind.RESERVATION, StayStatus.CONFIRMED, ARRIVAL, DEPARTURE, guest=name)
        return [StayReported(delivery.channel, delivery.received_at, stay)]


async def _push(house: Home, name: str) -> None:
    """A delivery by webhook; the calendar is read no more."""
    house.hub.plugins.add_channel(FEED, Partner())
    house.hub.bus.signal("pollers")
    await house.hub.inbox.accept(Delivery(FEED, name, name.encode(), house.hub.clock.now()))


@pytest.mark.parametrize("by", [FAR, -FAR])
@pytest.mark.parametrize("pushed", [True, False])
def test_a_booking_that_comes_while_the_clock_is_wrong_gets_its_code(
    tmp_path: Path, by: timedelta, pushed: bool
) -> None:
    memory = Memory(Address("front"))

    async def main() -> None:
        async with box(tmp_path, memory) as (house, clock):
            await asyncio.sleep(3600)
            clock.jump(by)
            await asyncio.sleep(60)
            if pushed:
                await _push(house, "Ada Lovelace")
            else:
                house.book("a", ARRIVAL, DEPARTURE)
            await asyncio.sleep(3600)
            assert memory.codes == {}
            clock.synchronise()
            await asyncio.sleep(until(CHECK_IN, clock))
            assert memory.holds(await house.digits())

    simulate(main())


def test_nobody_gets_a_code_for_now_while_nobody_knows_when_that_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with box(tmp_path, Memory(Address("front")), off=FAR) as (house, clock):
            hub, later = house.hub, clock.now() + timedelta(hours=2)
            with pytest.raises(Rejected, match="does not know the time"):
                await hub.store.write(lambda tx: code_now(tx, hub.desk, [LockId("front")], "Plumber", later))

    simulate(main())


def test_a_manager_who_confirms_the_time_sets_everything_going_at_once(tmp_path: Path) -> None:
    memory = Memory(Address("front"))

    async def main() -> None:
        async with box(tmp_path, memory, start=CHECK_IN, off=timedelta(seconds=1)) as (house, clock):
            house.book("a", ARRIVAL, DEPARTURE)
            await asyncio.sleep(600)
            assert memory.codes == {}
            clock.confirm()
            house.hub.bus.signal("clock")
            await asyncio.sleep(5)
            assert memory.holds(await house.digits())
            assert not any("time" in sentence for sentence in await sentences(house))

    simulate(main())


# ---- the page -------------------------------------------------------------------------------------------------------

PASSWORD = "a lamp over the door"


@dataclass(frozen=True, slots=True)
class Browser:
    session: ClientSession
    url: str

    async def get(self, path: str) -> str:
        async with self.session.get(self.url + path) as answer:
            return unescape(await answer.text())

    async def send(self, path: str, **fields: str) -> str:
        async with self.session.post(self.url + path, data=fields, headers={"Origin": self.url}) as answer:
            assert answer.status == 200, await answer.text()
            return unescape(await answer.text())


@asynccontextmanager
async def browser(house: Home) -> AsyncIterator[Browser]:
    app = build(house.hub)
    async with TestServer(app) as server, ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield Browser(session, str(server.make_url("")).rstrip("/"))
        app[SITE].live.close()


async def test_the_page_says_that_the_time_is_not_known_and_a_manager_can_confirm_it(tmp_path: Path) -> None:
    memory = Memory(Address("front"), slots=2)
    async with box(tmp_path, memory, start=CHECK_IN, off=timedelta(seconds=1)) as (house, _), browser(house) as manager:
        house.book("a", ARRIVAL, DEPARTURE)
        code = await house.hub.signin.new_setup_code()
        await manager.send("/setup", code=code, name="Robin", password=PASSWORD, again=PASSWORD)
        page = await manager.get("/health")
        assert "The hub does not know what time it is." in page
        assert memory.codes == {}
        csrf = re.findall(r'name="csrf" value="([0-9a-f]{64})"', page)[0]
        assert "does not know" not in await manager.send("/health/time", csrf=csrf)
        async with asyncio.timeout(10), house.hub.bus.listen("lock:front") as nudges:
            while not memory.codes:
                await anext(nudges)
        assert memory.holds(await house.digits())
