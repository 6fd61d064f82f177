from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.contracts import Delivery, Integration
from hub.errors import Garbled, Unavailable
from hub.model.effects import TellChannel
from hub.model.facts import CalendarRead, Fact
from hub.model.values import ChannelId, StayId
from hub.store import mail, removing, stays
from hub.store.tables import inbox
from tests.simulators.home import FEED, Calendar, Home, home, nothing_can_be_written, simulate

POST = ChannelId("feed")
AT = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


class Moody(Integration):
    """Pushed deliveries that fail as often as a test says."""

    def __init__(self, *moods: Exception | None) -> None:
        self.moods = list(moods)
        self.tried: list[str] = []

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        self.tried.append(delivery.body.decode())
        mood = self.moods.pop(0) if self.moods else None
        if mood is not None:
            raise mood
        return []


def _delivery(key: str, body: bytes = b"hello") -> Delivery:
    return Delivery(POST, key, body, AT, "booking-created")


async def _dead(house: Home) -> list[mail.Dead]:
    return await house.hub.store.read(mail.dead)


def test_the_same_delivery_is_kept_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            moody = Moody()
            house.hub.plugins.add_channel(POST, moody)
            assert [await house.hub.inbox.accept(_delivery("1")) for _ in range(3)] == [True, False, False]
            await house.later(seconds=1)
            assert moody.tried == ["hello"]

    simulate(main())


def test_what_fails_is_tried_after_30_then_120_then_300_seconds_and_then_shown_to_a_person(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            moody = Moody(*[Unavailable("busy")] * 4)
            house.hub.plugins.add_channel(POST, moody)
            await house.hub.inbox.accept(_delivery("1"))
            tries = []
            for seconds in (1, 30, 120, 299, 2):
                await house.later(seconds=seconds)
                tries.append(len(moody.tried))
            assert tries == [1, 2, 3, 3, 4]
            assert [(each.box, each.why) for each in await _dead(house)] == [("inbox", "busy")]

    simulate(main())


def test_an_unexpected_failure_is_one_too_and_stops_nobody_else(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            moody = Moody(ZeroDivisionError("secret 123456"))
            house.hub.plugins.add_channel(POST, moody)
            await house.hub.inbox.accept(_delivery("1", b"first"))
            await house.hub.inbox.accept(_delivery("2", b"second"))
            await house.later(seconds=40)
            assert moody.tried == ["first", "second", "first"]

    simulate(main())


def test_what_nobody_can_understand_goes_to_a_person_at_once_and_can_be_tried_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            moody = Moody(Garbled("field “arrival”: give a date"))
            house.hub.plugins.add_channel(POST, moody)
            await house.hub.inbox.accept(_delivery("1"))
            await house.later(seconds=1)
            (dead,) = await _dead(house)
            assert dead.why == "field “arrival”: give a date"
            assert await house.hub.store.write(lambda tx: mail.revive(tx, inbox, dead.id, house.hub.wall.now()))
            await house.later(seconds=1)
            assert await _dead(house) == []
            assert moody.tried == ["hello", "hello"]

    simulate(main())


def test_what_was_accepted_survives_a_hub_that_stops_before_reading_it(tmp_path: Path) -> None:
    async def accept() -> None:
        async with home(tmp_path) as house:
            house.hub.plugins.unplug_channel(POST)
            await house.hub.inbox.accept(_delivery("1"))

    async def read() -> list[str]:
        async with home(tmp_path, start=AT + timedelta(minutes=10)) as house:
            await house.later(minutes=10)
            return list(await house.hub.store.read(lambda tx: tx.sql.execute(state_of_1).scalars()))

    state_of_1 = select(inbox.c.state).where(inbox.c.key == "1")
    simulate(accept())
    assert simulate(read()) == ["done"]


def test_bodies_lie_sealed(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.hub.plugins.add_channel(POST, Moody())
            await house.hub.inbox.accept(_delivery("1", b"the code is 314159"))
            await house.later(seconds=1)

    simulate(main())
    assert b"314159" not in b"".join(file.read_bytes() for file in tmp_path.glob("gatehouse.db*"))


class Source(Integration):
    """A polled source that counts how often it is asked."""

    poll_every = timedelta(minutes=3)

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.failure: Exception | None = None
        self.cursors: list[str | None] = []

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        return []

    async def fetch(self, cursor: str | None) -> AsyncIterator[Delivery]:
        self.asked.append(asyncio.get_running_loop().time())
        self.cursors.append(cursor)
        if self.failure is not None:
            raise self.failure
        number = len(self.asked)
        yield Delivery(FEED, str(number), b"page", AT, cursor=f"page {number}")


def test_a_source_is_polled_in_its_rhythm_and_goes_on_from_the_committed_cursor(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            source = Source()
            house.hub.plugins.add_channel(FEED, source)
            house.hub.bus.signal("pollers")
            await house.later(minutes=10)
            gaps = [after - before for before, after in zip(source.asked, source.asked[1:], strict=False)]
            assert len(gaps) == 3
            assert all(162 <= gap <= 198 for gap in gaps)
            assert source.cursors[1:] == ["page 1", "page 2", "page 3"]

    simulate(main())


def test_a_source_that_fails_is_asked_less_and_less_and_at_once_when_a_person_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            source = Source()
            source.failure = Unavailable("it answers 503", wait=timedelta(minutes=5))
            house.hub.plugins.add_channel(FEED, source)
            house.hub.bus.signal("pollers")
            await house.later(minutes=60)
            assert len(source.asked) <= 8
            state = (await house.hub.store.read(stays.channel_states))[FEED]
            assert state.failing_why == "it answers 503"
            before = len(source.asked)
            house.hub.bus.signal(f"poll:{FEED}")
            await house.later(seconds=1)
            assert len(source.asked) == before + 1

    simulate(main())


@pytest.mark.usefixtures("in_a_file")
def test_the_hub_lives_through_hours_in_whichnothing_can_be_written(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=AT) as house:
            moody = Moody(Unavailable("busy"))
            house.hub.plugins.add_channel(ChannelId("other"), moody)
            effect = TellChannel(ChannelId("gone"), StayId("s"), "HM1", "code_ready")
            due = AT + timedelta(minutes=2)
            await house.hub.store.write(lambda tx: mail.promise(tx, effect, key="k", lane="l", due=due))
            await house.hub.inbox.accept(Delivery(ChannelId("other"), "1", b"hello", AT))
            await house.later(seconds=1)
            house.book("a", date(2027, 3, 1), date(2027, 3, 3))
            with nothing_can_be_written(house):
                await house.later(hours=2)
            house.rebook("a", note="this calendar does not know that it was not heard")
            await house.later(hours=4)
            assert house.lock("front").holds(await house.digits())
            assert moody.tried[-1] == "hello"

    simulate(main())


def test_a_fault_in_one_integration_stops_neither_the_hub_nor_its_later_polls(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=AT) as house:
            sane, broken = house.calendar.fetch, True

            async def fetch(cursor: str | None) -> AsyncIterator[Delivery]:
                if broken:
                    raise ZeroDivisionError
                async for delivery in sane(cursor):
                    yield delivery

            house.calendar.fetch = fetch  # type: ignore[method-assign]  # this channel's part has a fault
            house.book("a", date(2027, 3, 1), date(2027, 3, 3))
            await house.later(minutes=10)
            state = await house.hub.store.read(stays.channel_states)
            assert state[FEED].failing_why == "unexpected: ZeroDivisionError"
            broken = False
            await house.later(hours=4)
            assert house.lock("front").holds(await house.digits())

    simulate(main())


def test_a_channel_may_be_removed_while_it_is_being_read(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=AT) as house:

            async def fetch(cursor: str | None) -> AsyncIterator[Delivery]:
                await house.hub.store.write(lambda tx: removing.remove_channel(tx, FEED))
                yield Delivery(FEED, "1", b"hello", AT, cursor="1")
                raise Unavailable("it hung up")

            house.calendar.fetch = fetch  # type: ignore[method-assign]  # slow
            await house.later(minutes=10)
            assert FEED not in await house.hub.store.read(stays.channel_states)

    simulate(main())


class Slow(Calendar):
    """A calendar whose news cannot be taken in at first, while later readings find nothing new."""

    failures = 4

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        if delivery.body and self.failures:
            self.failures -= 1
            raise Unavailable("the sandbox is busy")
        return await super().parse(delivery)


def test_nothing_new_does_not_overtake_the_news_that_nobody_has_read_yet(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await house.later(minutes=4)
            slow = Slow(house.calendar.host)
            house.hub.plugins.add_channel(FEED, slow)
            house.calendar = slow
            house.hub.bus.signal("pollers")
            house.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await house.later(minutes=40)
            (dead,) = await _dead(house)
            await house.hub.store.write(lambda tx: mail.revive(tx, inbox, dead.id, house.hub.wall.now()))
            await house.later(seconds=1)
            assert [row.guest for row in await house.stays()] == ["Ada Lovelace"]

    simulate(main())


class ByChange(Calendar):
    """It is read as a whole once, and asked for what changed from then on; `failures` tries to understand the whole fail."""

    failures = 1

    async def fetch(self, cursor: str | None) -> AsyncIterator[Delivery]:
        now = self.host.clock.now()
        yield Delivery(FEED, now.isoformat(), b"whole" if cursor is None else b"changed", now, cursor=now.isoformat())

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        if delivery.body == b"changed":
            return [CalendarRead(FEED, delivery.received_at, self.stays[-1:], complete=False)]
        if self.failures:
            self.failures -= 1
            raise Unavailable("the sandbox is busy")
        return [CalendarRead(FEED, delivery.received_at, self.stays)]


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize("failures", [3, 4])
def test_what_changed_does_not_overtake_the_list_of_everything_that_nobody_has_read_yet(
    tmp_path: Path, failures: int
) -> None:
    """Be it read in the end, or left to a person, as it is after four tries: then everything is asked for anew."""

    async def main() -> None:
        async with home(tmp_path) as house:
            await house.later(minutes=4)
            feed = ByChange(house.calendar.host)
            feed.failures = failures
            house.calendar = feed
            house.book("a", date(2027, 3, 2), date(2027, 3, 4))
            house.book("b", date(2027, 3, 6), date(2027, 3, 8), "Grace Hopper")
            await house.hub.store.write(lambda tx: mail.move_cursor(tx, FEED, None))
            house.hub.plugins.add_channel(FEED, feed)
            house.hub.bus.signal("pollers")
            await house.later(minutes=25)
            assert sorted(row.guest for row in await house.stays()) == ["Ada Lovelace", "Grace Hopper"]

    simulate(main())
