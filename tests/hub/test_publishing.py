"""What platforms are told of taken nights: never their own, always the others', and what they are known to have heard."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

import pytest

from hub import bookings, feeds, publishing, workflow
from hub.bookings import NewHold
from hub.contracts import Integration, Performer
from hub.errors import Rejected, Unavailable
from hub.intake import NewStay
from hub.io.clock import LoopClock
from hub.known_where import How, Known, Where, known_where
from hub.model.availability import Closed, ClosureKind, OwnRules
from hub.model.effects import Effect, SetNights
from hub.model.publishing import Block
from hub.model.values import ChannelId, StayKind, StayStatus
from hub.model.workflow import Stage
from hub.publishing import Handout
from hub.store import house as house_rows
from hub.store import publishing as rows
from hub.store import stays
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.publishing import Outlet
from tests.simulators.home import FEED, FLAT, Home, home, simulate

OTHER = ChannelId("other")
ARRIVAL, DEPARTURE = date(2027, 3, 10), date(2027, 3, 13)


class Taker(Integration):
    """A platform that is brought our nights, or is not in the mood."""

    def __init__(self, *moods: Exception | float | None) -> None:
        self.moods = list(moods)
        self.taken: list[SetNights] = []
        self.tried: list[float] = []

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {SetNights: self._take}

    async def _take(self, effect: Effect, _key: str) -> None:
        assert isinstance(effect, SetNights)
        self.tried.append(asyncio.get_running_loop().time())
        mood = self.moods.pop(0) if self.moods else None
        if isinstance(mood, Exception):
            raise mood
        if mood is not None:
            await asyncio.sleep(mood)
        self.taken.append(effect)


async def _channel(house: Home, id_: ChannelId = OTHER) -> None:
    sealed = house_rows.sealed_settings(id_, {}, house.hub.vault)
    row = ChannelRow(id_, FLAT, "memory", sealed, Origin.SITE)
    await house.hub.store.write(lambda tx: house_rows.keep_channel(tx, row))


async def _taker(house: Home, taker: Taker) -> None:
    await _channel(house)
    await house.later(seconds=2)  # the hub has looked for the integration of that name by then
    house.hub.plugins.add_channel(OTHER, taker)
    house.hub.bus.signal("pollers")


async def _no_buffer(house: Home) -> None:
    own = OwnRules(buffer=timedelta(0))
    await house.hub.store.write(lambda tx: bookings.set_rules(tx, house.hub.desk, None, FLAT, own, "account:Robin"))


async def _link(house: Home, channel: ChannelId, *, anew: bool = False) -> str:
    def work(tx: Tx) -> str:
        return feeds.make_link(tx, house.hub.desk, channel, FLAT, "account:Robin", anew=anew)

    return await house.hub.store.write(work)


async def _sold(house: Home, *, buffer: bool = False) -> None:
    """FEED has sold nights, of which OTHER is told by its link."""
    if not buffer:
        await _no_buffer(house)
    await _channel(house)
    await _link(house, OTHER)
    house.book("a", ARRIVAL, DEPARTURE)
    await house.later(minutes=4)


async def _outlet(house: Home, channel: ChannelId = OTHER) -> Outlet:
    found = await house.hub.store.read(lambda tx: rows.outlet(tx, channel, FLAT))
    assert found is not None
    return found


async def _fetch(house: Home, channel: ChannelId, *, told: bool = True) -> Handout:
    """The platform fetches, and hears what it is told."""
    hub, outlet = house.hub, await _outlet(house, channel)
    handout = await hub.store.write(lambda tx: publishing.hand_out(tx, outlet, hub.clock, hub.wall.now()))
    if told:
        await hub.store.write(lambda tx: publishing.fetched(tx, handout, "Platform/1.0", hub.clock.now()))
    return handout


def _nights(handout: Handout) -> set[tuple[date, date, bool]]:
    return {(each.block.first, each.block.until, each.block.reserved) for each in handout.said}


@pytest.mark.usefixtures("either_database")
def test_a_booking_is_told_to_every_other_channel_and_never_to_its_own(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _no_buffer(house)
            await _channel(house)
            for channel in (FEED, OTHER):
                await _link(house, channel)
            house.book("a", ARRIVAL, DEPARTURE, phone="+49 170 1234567", reference="HMADA12345")
            await house.later(minutes=4)
            other = await _fetch(house, OTHER)
            assert _nights(other) == {(ARRIVAL, DEPARTURE, True)}
            for secret in (b"Ada", b"1234567", b"HMADA"):
                assert secret not in other.body
            assert _nights(await _fetch(house, FEED)) == set()
            house.rebook("a", status=StayStatus.CANCELLED)
            await house.later(minutes=4)
            assert _nights(await _fetch(house, OTHER)) == set()

    simulate(main())


@pytest.mark.parametrize(("hour", "free"), [(9, 11), (21, 12)])
def test_platforms_hear_of_the_nights_that_a_guest_gives_up_and_of_none_that_was_had(
    tmp_path: Path, hour: int, free: int
) -> None:
    async def main() -> None:
        async with home(tmp_path, start=datetime(2027, 3, 10, 9, tzinfo=UTC)) as house:
            await _sold(house)
            await house.until(datetime(2027, 3, 11, hour, tzinfo=UTC))
            say = partial(workflow.say, intake=house.hub.intake, id_=(await house.stay()).id, why="", actor="ada")
            for stage in (Stage.CHECKED_IN, Stage.CHECKED_OUT):
                await house.hub.store.write(partial(say, wanted=stage))
            told = {(ARRIVAL, date(2027, 3, 12), True)} if free == 12 else set()
            assert _nights(await _fetch(house, OTHER)) == told, "what is over is not told any more"

    simulate(main())


def test_nights_by_which_a_person_made_a_booking_longer_are_told_to_its_own_channel(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _channel(house)
            for channel in (FEED, OTHER):
                await _link(house, channel)
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=4)
            await _no_buffer(house)
            id_, longer = (await house.stay()).id, DEPARTURE + timedelta(days=2)
            await house.hub.store.write(
                lambda tx: house.hub.intake.extend_stay(tx, id_, "account:Robin", departure=longer)
            )
            assert _nights(await _fetch(house, FEED)) == {(DEPARTURE, longer, True)}
            assert _nights(await _fetch(house, OTHER)) == {(ARRIVAL, longer, True)}
            house.rebook("a", departure=longer)
            await house.later(minutes=4)
            assert _nights(await _fetch(house, FEED)) == set(), "it says so itself by now"

    simulate(main())


def test_stays_made_here_holds_and_closures_are_told_and_end(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            hub = house.hub
            await _no_buffer(house)
            await _link(house, FEED)
            owner = NewStay(FLAT, date(2027, 4, 1), date(2027, 4, 3), "Grace Hopper", kind=StayKind.OWNER)
            shut = Closed(ClosureKind.MAINTENANCE, date(2027, 4, 10), date(2027, 4, 12))
            no_arrivals = Closed(ClosureKind.NO_ARRIVAL, date(2027, 4, 14), date(2027, 4, 16))
            held = NewHold(FLAT, date(2027, 4, 20), date(2027, 4, 22), "Edsger", timedelta(hours=1))

            def work(tx: Tx) -> None:
                bookings.book(tx, hub.intake, owner, "account:Robin")
                bookings.close(tx, hub.desk, FLAT, shut, "the boiler", "account:Robin")
                bookings.close(tx, hub.desk, FLAT, no_arrivals, "", "account:Robin")
                bookings.hold(tx, hub.desk, held, "account:Robin")

            await hub.store.write(work)
            told = await _fetch(house, FEED)
            assert _nights(told) == {
                (date(2027, 4, 1), date(2027, 4, 3), True),
                (date(2027, 4, 10), date(2027, 4, 12), False),
                (date(2027, 4, 20), date(2027, 4, 22), False),
            }
            assert b"boiler" not in told.body
            assert b"Edsger" not in told.body
            await house.later(hours=1, minutes=1)
            assert len(_nights(await _fetch(house, FEED))) == 2, "the hold is over"

    simulate(main())


def test_a_buffer_closes_the_nights_on_which_nobody_may_leave_or_come(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _sold(house, buffer=True)
            day = timedelta(days=1)
            assert _nights(await _fetch(house, OTHER)) == {
                (ARRIVAL - day, ARRIVAL, False), (ARRIVAL, DEPARTURE, True), (DEPARTURE, DEPARTURE + day, False),
            }  # fmt: skip

    simulate(main())


def test_the_same_nights_are_the_same_bytes_and_a_change_has_a_higher_sequence(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _sold(house)
            first = await _fetch(house, OTHER)
            await house.later(hours=5)
            assert (await _fetch(house, OTHER)).body == first.body
            house.rebook("a", departure=date(2027, 3, 14))
            await house.later(minutes=4)
            then = await _fetch(house, OTHER)
            (before,), (after,) = first.said, then.said
            assert after.block.about == before.block.about, "the same booking keeps its UID"
            assert after.version > before.version
            assert f"SEQUENCE:{after.version}\r\n".encode() in then.body

    simulate(main())


def test_what_is_published_is_confirmed_by_a_fetch_that_contains_it_and_by_no_earlier_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _channel(house)
            await _link(house, OTHER)
            early = await _fetch(house, OTHER, told=False)
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=4)
            published = await _outlet(house)
            assert published.version == 1
            assert published.changed_at <= house.hub.clock.now() - timedelta(seconds=1)
            now = house.hub.clock.now()
            await house.hub.store.write(lambda tx: publishing.fetched(tx, early, "Platform", now))
            assert not (await _outlet(house)).confirmed
            await _fetch(house, OTHER)
            outlet = await _outlet(house)
            assert outlet.confirmed
            assert outlet.asked_by == "Platform/1.0"
            said = await house.hub.store.read(lambda tx: rows.said(tx, outlet))
            assert all(each.told_at == outlet.told_at for each in said)

    simulate(main())


def test_of_each_stay_it_is_told_which_channels_know_of_it_and_since_when(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=datetime(2027, 3, 9, 9, tzinfo=UTC)) as house:
            await _no_buffer(house)
            for channel in (OTHER, ChannelId("third")):
                await _channel(house, channel)
            await _link(house, OTHER)
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=4)
            id_ = (await house.stay()).id

            async def known() -> list[Where]:
                def look(tx: Tx) -> list[Where]:
                    row = stays.stay(tx, id_)
                    assert row is not None
                    return known_where(tx, row, house.hub.clock.now())

                return await house.hub.store.read(look)

            feed, other, third = await known()
            assert (feed.channel, feed.known, third.known) == (FEED, Known.SOURCE, Known.UNTOLD)
            assert (other.known, other.how, other.confirmed_at) == (Known.WAITS, How.FEED, None)
            assert other.published_at is not None
            await house.later(minutes=4)
            async with house.hub.bus.listen(f"stay:{id_}") as nudges:
                await _fetch(house, OTHER)
                async with asyncio.timeout(1):
                    await anext(nudges)  # the page of the stay looks again
            other = (await known())[1]
            assert (other.known, other.confirmed_at) == (Known.KNOWS, house.hub.clock.now())
            house.rebook("a", departure=DEPARTURE + timedelta(days=1))
            await house.later(minutes=4)
            assert (await known())[1].known is Known.WAITS, "it knows of fewer nights"
            await _fetch(house, OTHER)
            house.rebook("a", status=StayStatus.CANCELLED)
            await house.later(minutes=4)
            assert [each.known for each in await known()] == [Known.SOURCE, Known.TAKEN_BACK]
            await _fetch(house, OTHER)
            assert [each.known for each in await known()] == [Known.SOURCE]
            await house.until(datetime.combine(DEPARTURE + timedelta(days=2), time(), UTC))
            assert await known() == []

    simulate(main())


def test_what_a_platform_refuses_stands_beside_the_stay_with_its_words(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _no_buffer(house)
            await _taker(house, Taker(Rejected("this listing is not yours")))
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=5)
            row = await house.stay()
            found = await house.hub.store.read(lambda tx: known_where(tx, row, house.hub.clock.now()))
            assert [(each.channel, each.known, each.how, each.why) for each in found] == [
                (FEED, Known.SOURCE, None, ""),
                (OTHER, Known.FAILS, How.PUSH, "this listing is not yours"),
            ]

    simulate(main())


def test_a_link_that_is_made_anew_leaves_the_old_one_dead(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            old = await _link(house, FEED)
            assert await _link(house, FEED) == old
            new = await _link(house, FEED, anew=True)

            def at(tx: Tx, path: str) -> Outlet | None:
                *_, unit, channel, file = path.split("/")
                return feeds.find(tx, channel, unit, file.removesuffix(".ics"))

            assert await house.hub.store.read(lambda tx: at(tx, old)) is None
            assert await house.hub.store.read(lambda tx: at(tx, new)) is not None
            assert await house.hub.store.read(lambda tx: at(tx, new.replace(f"/{FEED}/", "/other/"))) is None

    simulate(main())


def test_a_closure_that_was_ours_is_no_booking_even_after_we_took_it_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            hub = house.hub
            await _no_buffer(house)
            await _link(house, FEED)
            shut = Closed(ClosureKind.BLACKOUT, ARRIVAL, DEPARTURE)
            row = await hub.store.write(lambda tx: bookings.close(tx, hub.desk, FLAT, shut, "", "account:Robin"))
            await _fetch(house, FEED)
            house.book("echo", ARRIVAL, DEPARTURE, "", kind=StayKind.UNKNOWN)
            await house.later(minutes=4)
            assert await house.stays() == []
            await hub.store.write(lambda tx: bookings.reopen(tx, hub.desk, row.id, "account:Robin"))
            await house.later(hours=5)
            assert await house.stays() == [], "the platform has not fetched since"
            await _fetch(house, FEED)
            await house.later(minutes=30)
            assert await house.stays() == [], "it may need a while"
            await house.later(hours=1)
            assert len(await house.stays()) == 1, "by now it is the platform's own"

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_nights_are_brought_within_seconds_and_what_is_free_again_is_named(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _no_buffer(house)
            taker = Taker()
            await _taker(house, taker)
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=4)
            told = taker.taken[-1]
            assert told.taken == (Block(f"stay:{(await house.stay()).id}", ARRIVAL, DEPARTURE, True),)
            assert told.listing == FLAT
            outlet = await _outlet(house)
            assert outlet.confirmed
            assert outlet.told_at is not None
            assert outlet.told_at - outlet.changed_at < timedelta(seconds=10)
            house.rebook("a", arrival=date(2027, 3, 11))
            await house.later(minutes=4)
            assert taker.taken[-1].freed == ((ARRIVAL, date(2027, 3, 11)),)
            assert len(taker.taken) == 2, "what is unchanged is not brought again"

    simulate(main())


def test_what_cannot_be_brought_is_tried_three_times_quickly_and_then_slowly(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            taker = Taker(*[Unavailable("no answer")] * 6)
            await _taker(house, taker)
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(hours=3)
            waits = [round(b - a) for a, b in zip(taker.tried, taker.tried[1:], strict=False)]
            assert waits == [30, 120, 300, 1800, 1800, 1800]
            assert (await _outlet(house)).confirmed
            log = await house.hub.store.read(lambda tx: rows.entries(tx, OTHER))
            assert [each.outcome for each in log].count("failed") == 6
            assert log[1].words == "no answer"

    simulate(main())


def test_a_refusal_is_not_repeated_until_something_changes_or_a_person_asks(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            taker = Taker(Rejected("the password is wrong"))
            await _taker(house, taker)
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(hours=3)
            assert len(taker.tried) == 1
            outlet = await _outlet(house)
            assert outlet.failing_why == "the password is wrong"
            await house.hub.store.write(lambda tx: house.hub.publisher.push_now(tx, outlet, "account:Robin"))
            await house.later(seconds=5)
            assert (await _outlet(house)).confirmed
            assert (await _outlet(house)).failing_since is None

    simulate(main())


def test_news_while_one_try_is_under_way_is_brought_by_the_next(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _no_buffer(house)
            taker = Taker(20.0)
            await _taker(house, taker)
            hub, later = house.hub, Closed(ClosureKind.BLACKOUT, date(2027, 5, 1), date(2027, 5, 2))
            first = Closed(ClosureKind.BLACKOUT, ARRIVAL, DEPARTURE)
            for shut in (first, later):
                await hub.store.write(lambda tx, shut=shut: bookings.close(tx, hub.desk, FLAT, shut, "", "x"))  # type: ignore[misc]
                await house.later(seconds=5)
            await house.later(minutes=1)
            assert [len(each.taken) for each in taker.taken] == [1, 2]
            assert (await _outlet(house)).confirmed

    simulate(main())


def test_a_file_on_another_server_leaves_out_what_its_reader_told_and_may_come_back_from_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            hub = house.hub
            await _no_buffer(house)
            sealed = house_rows.sealed_settings(OTHER, {"readers": [FEED]}, hub.vault)
            row = ChannelRow(OTHER, FLAT, "memory", sealed, Origin.SITE)
            await hub.store.write(lambda tx: house_rows.keep_channel(tx, row))
            await house.later(seconds=2)
            taker = Taker()
            hub.plugins.add_channel(OTHER, taker)
            hub.bus.signal("pollers")
            house.book("a", ARRIVAL, DEPARTURE)
            shut = Closed(ClosureKind.BLACKOUT, date(2027, 5, 1), date(2027, 5, 3))
            await hub.store.write(lambda tx: bookings.close(tx, hub.desk, FLAT, shut, "", "account:Robin"))
            await house.later(minutes=4)
            assert [each.first for each in taker.taken[-1].taken] == [date(2027, 5, 1)]
            house.book("echo", date(2027, 5, 1), date(2027, 5, 3), "", kind=StayKind.UNKNOWN)
            await house.later(minutes=4)
            assert len(await house.stays()) == 1

    simulate(main())


class Doubted(LoopClock):
    trusted = False


def test_a_clock_that_nobody_believes_frees_no_nights_anywhere(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _sold(house)
            before = await _fetch(house, OTHER)
            ahead = Doubted(asyncio.get_running_loop(), house.hub.clock.now() + timedelta(days=365))
            outlet = await _outlet(house)
            then = await house.hub.store.write(lambda tx: publishing.hand_out(tx, outlet, ahead, ahead.now()))
            assert then.body == before.body

    simulate(main())
