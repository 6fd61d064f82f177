"""What platforms have heard and what they say: alerts when they do not hear, a log of all that passed, a person's last word."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hub import health, syncing
from hub.errors import Rejected, Unavailable
from hub.model.alerts import Kind
from hub.model.sync_course import Cause
from hub.model.values import StayStatus
from hub.store import publishing as rows
from hub.store.engine import Tx
from hub.syncing import Difference, Doubt, Heard, Standing
from tests.hub.test_publishing import ARRIVAL, DEPARTURE, OTHER, Taker, _channel, _fetch, _link, _taker
from tests.simulators.home import FEED, FLAT, Home, home, simulate


async def _standing(house: Home) -> Standing:
    (found,) = await house.hub.store.read(lambda tx: syncing.standings(tx, house.hub.clock.now()))
    return found


async def _wrong(house: Home) -> list[str]:
    def look(tx: Tx) -> list[str]:
        return [
            each.sentence for each in health.found(health.look_around(tx, house.hub)) if each.kind is Kind.NIGHTS_UNTOLD
        ]

    return await house.hub.store.read(look)


async def _differences(house: Home) -> list[Difference]:
    return await house.hub.store.read(lambda tx: syncing.differences(tx, FEED, house.hub.clock.now()))


async def _settle(house: Home, *, accept: bool) -> None:
    (one,) = await _differences(house)
    intake = house.hub.intake
    await house.hub.store.write(
        lambda tx: syncing.settle(tx, intake, FEED, one.stay.id, "account:Robin", accept=accept)
    )


def test_a_platform_that_does_not_fetch_in_its_time_becomes_an_alert_until_it_does(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _channel(house)
            await _link(house, OTHER)
            await _fetch(house, OTHER)
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=5)
            found = await _standing(house)
            assert found.heard is Heard.WAITING
            assert found.since is not None
            assert await _wrong(house) == []
            await house.later(hours=24)
            assert (await _standing(house)).heard is Heard.LATE
            (said,) = await _wrong(house)
            assert (
                said
                == "“other” no longer fetches the calendar of Flat, and does not know of all nights that are taken."
            )
            now = house.hub.clock.now()
            assert (await house.hub.store.read(lambda tx: syncing.course_of(tx, OTHER, now))).took.of == 0
            await _fetch(house, OTHER)
            assert (await _standing(house)).heard is Heard.CONFIRMED
            assert await _wrong(house) == []
            await _fetch(house, OTHER)
            took = (await house.hub.store.read(lambda tx: syncing.course_of(tx, OTHER, now))).took
            assert took.of == 1, "neither the first of all nor one that brought nothing new"
            assert took.half_s == took.most_s == pytest.approx(24 * 3600 + 300, abs=120)

    simulate(main())


def test_what_cannot_be_brought_becomes_an_alert_in_ten_minutes_with_their_words(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _taker(house, Taker(*[Unavailable("files.example has trouble of its own (503)")] * 30))
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=5)
            assert await _wrong(house) == []
            assert (await _standing(house)).heard is Heard.FAILING
            await house.later(minutes=10)
            (said,) = await _wrong(house)
            assert "files.example has trouble of its own (503)" in said
            course = await house.hub.store.read(lambda tx: syncing.course_of(tx, OTHER, house.hub.clock.now()))
            [error] = course.errors
            assert (error.cause, error.words) == (Cause.TROUBLE, "files.example has trouble of its own (503)")
            assert (course.days[-1].told, error.count > 1) == ((0, error.count), True)

    simulate(main())


def test_a_person_who_looked_at_the_platform_confirms_what_stands_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _taker(house, Taker(Rejected("the key was revoked")))
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=20)
            assert len(await _wrong(house)) == 1
            now = house.hub.clock.now()
            await house.hub.store.write(lambda tx: syncing.confirm(tx, OTHER, FLAT, "account:Robin", now))
            found = await _standing(house)
            assert (found.heard, found.outlet.told_how, found.unheard) == (Heard.CONFIRMED, "said", 0)
            assert await _wrong(house) == []

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_the_log_says_what_came_when_and_how_often_it_failed(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(hours=1)
            house.rebook("a", departure=date(2027, 3, 14))
            house.book("b", date(2027, 5, 1), date(2027, 5, 3), "Grace Hopper")
            await house.later(hours=1)
            house.calendar.broken = "it is no calendar"
            await house.later(hours=3)
            house.calendar.broken = None
            await house.later(hours=1)
            log = await house.hub.store.read(lambda tx: rows.entries(tx, FEED))
            assert [(each.outcome, each.what, each.words) for each in reversed(log)] == [
                ("ok", "1 new", ""),
                ("ok", "1 new, 1 changed", ""),
                ("failed", "could not be read", "it is no calendar"),
                ("ok", "read again", ""),
            ]
            rates = await house.hub.store.read(lambda tx: syncing.rates(tx, FEED, house.hub.clock.now()))
            assert rates.read == pytest.approx(3 / 6, abs=0.02), "of the hours since its first word"
            await house.later(hours=54)
            rates = await house.hub.store.read(lambda tx: syncing.rates(tx, FEED, house.hub.clock.now()))
            assert rates.read == pytest.approx(57 / 60, abs=0.01)


def test_a_channel_that_was_never_read_was_read_at_no_time(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.calendar.broken = "it is no calendar"
            await house.later(hours=1)
            rates = await house.hub.store.read(lambda tx: syncing.rates(tx, FEED, house.hub.clock.now()))
            assert rates.read == pytest.approx(0.05, abs=0.05), "it was read once, at the start"

    simulate(main())


def test_a_booking_that_is_listed_no_more_is_cancelled_at_once_or_kept_for_good_by_a_word(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            for accept in (True, False):
                house.book("a", ARRIVAL, DEPARTURE)
                house.book("b", date(2027, 5, 1), date(2027, 5, 3), "Grace Hopper")
                house.book("c", date(2027, 6, 1), date(2027, 6, 3), "Edsger Dijkstra")
                await house.later(minutes=10)
                house.unbook("a")
                await house.later(minutes=4)
                (one,) = await _differences(house)
                assert (one.doubt, one.stay.guest) == (Doubt.NOT_LISTED, "Ada Lovelace")
                await _settle(house, accept=accept)
                await house.later(hours=6)
                status = StayStatus.CANCELLED if accept else StayStatus.CONFIRMED
                assert (await house.stay()).status is status
                assert await _differences(house) == []

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_booking_that_was_cancelled_here_and_is_listed_still_comes_back_only_by_a_word(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=10)
            id_, intake = (await house.stay()).id, house.hub.intake
            for accept in (False, True):
                await house.hub.store.write(lambda tx: intake.cancel_stay(tx, id_, "account:Robin"))
                await house.later(hours=1)
                (one,) = await _differences(house)
                assert one.doubt is Doubt.CANCELLED_HERE
                await _settle(house, accept=accept)
                assert await _differences(house) == []
                status = StayStatus.CONFIRMED if accept else StayStatus.CANCELLED
                assert (await house.stay()).status is status
                if not accept:
                    await house.hub.store.write(lambda tx: intake.restore_stay(tx, id_, "account:Robin"))
                    await house.later(minutes=1)

    simulate(main())
