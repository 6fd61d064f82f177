"""What sources say of stays, absorbed: more than one source, guests who come and go, closures that wander."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from hub.model.facts import CalendarRead, GuestMoved, StayReport, StayReported
from hub.model.values import ChannelId, StayKind, StayStatus
from hub.store import house as rows
from hub.store import questions, stays
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.tables import published
from tests.simulators.home import FEED, FLAT, Home, home, simulate

OTHER = ChannelId("other")
ARRIVAL, DEPARTURE = date(2027, 3, 2), date(2027, 3, 4)
CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)


def _report(uid: str, guest: str = "Ada Lovelace", **more: object) -> StayReport:
    told = {"kind": StayKind.RESERVATION, "status": StayStatus.CONFIRMED, "arrival": ARRIVAL, "departure": DEPARTURE}
    return StayReport(uid, guest=guest, **{**told, **more})  # type: ignore[arg-type]  # as the test names them


async def _other_channel(house: Home) -> None:
    sealed = rows.sealed_settings(OTHER, {}, house.hub.vault)
    row = ChannelRow(OTHER, FLAT, "memory", sealed, Origin.SITE)
    await house.hub.store.write(lambda tx: rows.keep_channel(tx, row))


async def _read(house: Home, *reports: StayReport, channel: ChannelId = OTHER) -> None:
    fact = CalendarRead(channel, house.hub.clock.now(), reports)
    await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, channel))


@pytest.mark.usefixtures("either_database")
def test_one_booking_told_by_two_sources_is_one_stay_with_one_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _other_channel(house)
            house.book("a", ARRIVAL, DEPARTURE, reference="HMABCD1234")
            await house.later(minutes=10)
            await _read(house, _report("x-1", guest="A. Lovelace", reference="HMABCD1234", phone="+44 20 7946 0018"))
            (row,) = await house.stays()
            assert (row.guest, row.channel_id) == ("Ada Lovelace", FEED), "the first source owns it"
            assert row.contact is not None, "the second adds what the first did not say"
            await house.until(CHECK_IN)
            assert len(house.lock("front").codes) == 1

    simulate(main())


def test_a_stay_that_another_source_still_lists_is_not_missing(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _other_channel(house)
            house.book("a", ARRIVAL, DEPARTURE, reference="HMABCD1234")
            house.book("b", date(2027, 4, 1), date(2027, 4, 3), "Grace Hopper")
            house.book("c", date(2027, 5, 1), date(2027, 5, 3), "Edsger Dijkstra")
            await house.later(minutes=10)
            await _read(house, _report("x-1", reference="HMABCD1234"))
            house.unbook("a")
            await house.later(hours=2)
            assert (await house.stay()).status is StayStatus.CONFIRMED

    simulate(main())


def test_a_stay_that_went_missing_is_counted_until_it_is_over(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _other_channel(house)
            await _read(house, _report("x-1"), _report("x-2", arrival=date(2027, 5, 1), departure=date(2027, 5, 3)))
            await house.until(CHECK_IN + timedelta(hours=1))
            await _read(house, _report("x-2", arrival=date(2027, 5, 1), departure=date(2027, 5, 3)))

            async def missing() -> bool:
                return await house.hub.store.read(lambda tx: stays.any_missing(tx, OTHER, house.hub.clock.now()))

            assert await missing()
            await house.until(CHECK_IN + timedelta(days=2))
            assert not await missing(), "what is over costs no reading a write any more"

    simulate(main())


def test_two_guests_who_were_sold_the_same_nights_are_two_stays(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _other_channel(house)
            house.book("a", ARRIVAL, DEPARTURE, "Ada Lovelace")
            await house.later(minutes=10)
            await _read(house, _report("x-1", guest="Grace Hopper"))
            assert {row.guest for row in await house.stays()} == {"Ada Lovelace", "Grace Hopper"}

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_guest_who_left_early_by_the_channels_word_has_no_code_any_more(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.until(CHECK_IN + timedelta(hours=1))
            for arrived in (True, False):
                moved = GuestMoved(FEED, house.hub.clock.now(), "a", arrived)
                await house.hub.store.write(lambda tx, moved=moved: house.hub.intake.absorb(tx, moved, FEED))  # type: ignore[misc]
                await house.later(minutes=1)
            assert house.lock("front").codes == {}
            row = await house.stay()
            assert row.arrived_at is not None
            assert row.left_at is not None

    simulate(main())


def test_an_explicit_cancellation_acts_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.until(CHECK_IN)
            assert house.lock("front").codes
            told = StayReported(FEED, house.hub.clock.now(), _report("a", status=StayStatus.CANCELLED))
            await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, told, FEED))
            await house.later(seconds=5)
            assert house.lock("front").codes == {}

    simulate(main())


def test_a_closure_that_wanders_from_day_to_day_stays_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            for day in range(5):
                house.unbook(f"edge-{day - 1}")
                first = date(2028, 3, 1) + timedelta(days=day)
                house.book(f"edge-{day}", first, first + timedelta(days=30), "", kind=StayKind.BLOCK)
                await house.later(hours=24)
            assert len(await house.stays()) == 1
            assert house.lock("front").codes == {}

    simulate(main())


def test_our_own_nights_coming_back_as_a_closure_are_no_stay(tmp_path: Path) -> None:
    def publish(tx: Tx) -> None:
        for day in (2, 3):
            night = {"channel_id": FEED, "unit_id": FLAT, "night": date(2027, 3, day), "told_at": CHECK_IN}
            tx.sql.execute(insert(published).values(**night))

    async def main() -> None:
        async with home(tmp_path) as house:
            await house.hub.store.write(publish)
            house.book("echo", ARRIVAL, DEPARTURE, "", kind=StayKind.UNKNOWN)
            house.book("more", ARRIVAL, date(2027, 3, 5), "", kind=StayKind.UNKNOWN)
            await house.later(minutes=10)
            assert [row.departure for row in await house.stays()] == [date(2027, 3, 5)]

    simulate(main())


def test_a_late_check_out_that_a_person_agreed_outlives_the_next_reading(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=10)
            id_ = (await house.stay()).id
            await house.hub.store.write(lambda tx: house.hub.intake.extend_stay(tx, id_, "manager", check_out=time(14)))
            house.rebook("a", guests=3)
            await house.later(minutes=10)
            assert (await house.stay()).check_out == datetime(2027, 3, 4, 13, 0, tzinfo=UTC)
            house.rebook("a", departure=date(2027, 3, 5))
            await house.later(minutes=10)
            assert (await house.stay()).check_out == datetime(2027, 3, 5, 10, 0, tzinfo=UTC), "it belonged to that day"

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_nights_that_a_person_added_outlive_other_news_until_the_source_says_other_days(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=10)
            id_, longer = (await house.stay()).id, DEPARTURE + timedelta(days=1)
            await house.hub.store.write(
                lambda tx: house.hub.intake.extend_stay(tx, id_, "manager", departure=longer, check_out=time(14))
            )
            house.rebook("a", guests=3)
            await house.later(minutes=10)
            row = await house.stay()
            assert (row.guests, row.departure, row.check_out) == (3, longer, datetime(2027, 3, 5, 13, 0, tzinfo=UTC))
            await house.hub.store.write(lambda tx: house.hub.intake.cancel_stay(tx, id_, "manager"))
            house.rebook("a", guests=2)
            await house.later(minutes=10)
            assert (await house.stay()).status is StayStatus.CANCELLED
            await house.hub.store.write(lambda tx: house.hub.intake.restore_stay(tx, id_, "manager"))
            house.rebook("a", departure=DEPARTURE - timedelta(days=1))
            await house.later(minutes=10)
            assert (await house.stay()).departure == DEPARTURE - timedelta(days=1)

    simulate(main())


def test_hours_that_a_person_agreed_outlive_news_of_a_source_that_always_names_its_own(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            ten = datetime(2027, 3, 4, 9, 0, tzinfo=UTC)
            house.book("a", ARRIVAL, DEPARTURE, hour_in=time(16), check_out=ten)
            await house.later(minutes=10)
            id_ = (await house.stay()).id
            extend = house.hub.intake.extend_stay
            await house.hub.store.write(lambda tx: extend(tx, id_, "manager", check_in=time(12), check_out=time(14)))
            house.rebook("a", guests=3)
            await house.later(minutes=10)
            row = await house.stay()
            assert (row.check_in, row.check_out) == (CHECK_IN - timedelta(hours=3), ten + timedelta(hours=4))
            house.rebook("a", check_out=ten + timedelta(hours=1))
            await house.later(minutes=10)
            assert (await house.stay()).check_out == ten + timedelta(hours=1), "it says another hour than before"

    simulate(main())


def test_a_guest_inside_keeps_the_code_while_their_calendar_forgets_the_nights_that_are_over(tmp_path: Path) -> None:
    """Airbnb's lists the future only: a running stay loses its past nights, and on its last day is not listed at all."""

    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", ARRIVAL, DEPARTURE, reference="HMABCD1234")
            await house.until(CHECK_IN + timedelta(hours=10))
            digits = await house.digits()
            house.rebook("a", arrival=ARRIVAL + timedelta(days=1))
            await house.later(minutes=10)
            row = await house.stay()
            assert (row.arrival, row.check_in) == (ARRIVAL, CHECK_IN)
            assert house.lock("front").holds(digits)
            house.rebook("a", departure=date(2027, 3, 5))
            await house.until(CHECK_IN + timedelta(days=2, hours=14))
            assert house.lock("front").holds(digits), "it ends later now, and still began when it did"
            house.unbook("a")
            await house.later(hours=4)
            assert house.lock("front").holds(digits)
            assert await house.hub.store.read(questions.open_questions) == [], (
                "there is nothing left to be listed of it"
            )

    simulate(main())


def test_far_west_a_calendar_that_forgets_by_utc_takes_no_code_from_a_guest_on_the_way(tmp_path: Path) -> None:
    """There it is tomorrow for the calendar before the guest may come in today."""

    async def main() -> None:
        async with home(tmp_path, zone=ZoneInfo("Pacific/Honolulu")) as house:
            house.book("a", ARRIVAL, DEPARTURE, reference="HMABCD1234")
            await house.until(datetime(2027, 3, 3, 0, 10, tzinfo=UTC))
            house.rebook("a", arrival=ARRIVAL + timedelta(days=1))
            await house.later(minutes=10)
            row = await house.stay()
            assert (row.arrival, row.check_in) == (ARRIVAL, datetime(2027, 3, 3, 1, 0, tzinfo=UTC))
            assert house.lock("front").holds(await house.digits())

    simulate(main())


def test_a_stay_that_was_cancelled_while_it_ran_is_not_begun_anew_by_a_calendar_that_forgets(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", ARRIVAL, DEPARTURE, reference="HMABCD1234")
            await house.until(CHECK_IN + timedelta(hours=2))
            id_ = (await house.stay()).id
            await house.hub.store.write(lambda tx: house.hub.intake.cancel_stay(tx, id_, "manager"))
            await house.later(hours=10)
            house.rebook("a", arrival=ARRIVAL + timedelta(days=1))
            await house.later(minutes=10)
            assert (await house.stay()).status is StayStatus.CANCELLED
            assert house.lock("front").codes == {}

    simulate(main())


def test_a_guest_whose_booking_is_put_off_to_days_to_come_comes_then(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.until(CHECK_IN + timedelta(hours=2))
            house.rebook("a", arrival=date(2027, 3, 8), departure=date(2027, 3, 9))
            await house.later(minutes=10)
            assert (await house.stay()).arrival == date(2027, 3, 8)
            assert house.lock("front").codes == {}

    simulate(main())


def test_a_booking_is_put_off_by_a_day_on_the_day_of_arrival_unless_the_guest_is_inside(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.until(CHECK_IN - timedelta(hours=2))
            house.rebook("a", arrival=ARRIVAL + timedelta(days=1))
            await house.later(minutes=10)
            assert (await house.stay()).arrival == ARRIVAL + timedelta(days=1), "nobody came, and tomorrow is to come"
            house.rebook("a", arrival=ARRIVAL)
            await house.until(CHECK_IN + timedelta(minutes=10))
            digits = await house.digits()
            await house.driver.press("front", digits)
            await house.later(minutes=1)
            house.rebook("a", arrival=ARRIVAL + timedelta(days=1))
            await house.later(minutes=10)
            row = await house.stay()
            assert (row.arrival, row.check_in) == (ARRIVAL, CHECK_IN)
            assert house.lock("front").holds(digits), "the log says that the guest is inside"

    simulate(main())


def test_what_cannot_be_used_is_kept_and_shown_with_its_reason(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            bad = StayReport(
                "z", StayKind.RESERVATION, StayStatus.UNUSABLE, None, None, note="it ends before it begins"
            )
            house.calendar.stays = (bad,)
            await house.later(minutes=10)
            kept = await house.hub.store.read(stays.unusable)
            assert [row.note for row in kept] == ["it ends before it begins"]

    simulate(main())


def test_a_closure_that_has_begun_and_is_lifted_ends_without_a_question(tmp_path: Path) -> None:
    """Nobody can be inside a closure; a guest who has arrived is another matter."""

    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("block", ARRIVAL, DEPARTURE, guest="", kind=StayKind.BLOCK)
            house.book("later", date(2027, 4, 2), date(2027, 4, 4))
            await house.until(CHECK_IN + timedelta(hours=1))
            house.unbook("block")
            await house.later(hours=1)
            (block,) = [stay for stay in await house.stays() if stay.kind is StayKind.BLOCK]
            assert block.status is StayStatus.CANCELLED
            assert await house.hub.store.read(questions.open_questions) == []

    simulate(main())


def test_a_calendar_that_became_empty_asks_of_a_closure_whether_it_is_open_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("block", date(2027, 4, 2), date(2027, 4, 4), guest="", kind=StayKind.BLOCK)
            await house.later(minutes=10)
            house.unbook("block")
            await house.later(hours=1)
            (question,) = await house.hub.store.read(questions.open_questions)
            assert question.sentence == (
                "The calendar of Flat no longer lists that it is closed (2 April to 4 April 2027). "
                "Is it open again? Until you say so it stands."
            )
            assert dict(question.options)["cancel"] == "Yes, it is open"

    simulate(main())


def test_what_was_listed_again_and_is_gone_anew_is_asked_about_anew(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            store, listed = house.hub.store, house.book("only", date(2027, 4, 2), date(2027, 4, 4))
            await house.later(minutes=10)
            house.unbook("only")
            await house.later(hours=1)
            (first,) = await store.read(questions.open_questions)
            await store.write(lambda tx: questions.answer(tx, first.id, "keep", "Robin", house.hub.clock.now()))
            await house.later(hours=2)
            assert await store.read(questions.open_questions) == []
            house.calendar.stays = (listed,)
            await house.later(minutes=10)
            house.unbook("only")
            await house.later(hours=1)
            (second,) = await store.read(questions.open_questions)
            assert second.id != first.id

    simulate(main())
