"""A unit's calendar that people keep: shown what goes on, obeyed where they plan, and put right where they touch what is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from hub import bookings
from hub.bookings import NewHold
from hub.contracts import Host
from hub.io.sandbox import InlineSandbox
from hub.model.availability import Closed, ClosureKind
from hub.model.values import ChannelId, StayKind, StayStatus
from hub.store import house as house_rows
from hub.store import publishing as rows
from hub.store import questions
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from tests.simulators.diary import MemoryDiary
from tests.simulators.home import FLAT, Home, home, simulate

STAFF = ChannelId("staff")
ARRIVAL, DEPARTURE = date(2027, 3, 10), date(2027, 3, 13)


async def _diary(house: Home, folder: Path) -> MemoryDiary:
    """As a channel of the flat that is plugged in by the time this returns."""
    sealed = house_rows.sealed_settings(STAFF, {}, house.hub.vault)
    row = ChannelRow(STAFF, FLAT, "memory", sealed, Origin.SITE)
    await house.hub.store.write(lambda tx: house_rows.keep_channel(tx, row))
    await house.later(seconds=2)

    async def tell(fact: object) -> None:
        await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, STAFF))  # type: ignore[arg-type]

    (folder / "diary").mkdir(exist_ok=True)
    made = MemoryDiary(
        Host(STAFF, tell, house.hub.clock, folder / "diary", lambda data: data, lambda data: data, InlineSandbox())
    )
    house.hub.plugins.add_channel(STAFF, made)
    house.hub.bus.signal("pollers")
    await house.later(seconds=30)
    return made


async def _log(house: Home) -> list[str]:
    entries = await house.hub.store.read(lambda tx: rows.entries(tx, STAFF))
    return [each.what for each in entries if each.what.startswith("somebody")]


def test_a_booking_stands_in_the_calendar_within_seconds_of_being_read(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            diary = await _diary(house, tmp_path)
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=4)
            assert diary.shown == ["Guest: Ada Lovelace"]
            house.rebook("a", guest="Ada King")
            await house.later(minutes=4)
            assert diary.shown == ["Guest: Ada King"], "another name is told though the nights are the same"

    simulate(main())


def test_holds_and_closures_stand_there_and_go_when_they_end_early(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            diary, desk = await _diary(house, tmp_path), house.hub.desk
            new = NewHold(FLAT, ARRIVAL, DEPARTURE, "Miller", timedelta(hours=2))
            shut = Closed(ClosureKind.MAINTENANCE, date(2027, 4, 1), date(2027, 4, 3))
            await house.hub.store.write(lambda tx: bookings.hold(tx, desk, new, "account:Robin", anyway=True))
            row = await house.hub.store.write(
                lambda tx: bookings.close(tx, desk, FLAT, shut, "boiler", "account:Robin")
            )
            await house.later(minutes=1)
            assert sorted(diary.shown) == ["Closed: maintenance: boiler", "Held: Miller"]
            await house.hub.store.write(lambda tx: bookings.reopen(tx, desk, row.id, "account:Robin"))
            await house.later(hours=3)
            assert diary.shown == []

    simulate(main())


def test_a_stay_that_is_over_stays_in_the_calendar(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            diary = await _diary(house, tmp_path)
            house.book("a", date(2027, 3, 2), date(2027, 3, 3))
            await house.later(days=6)
            assert diary.shown == ["Guest: Ada Lovelace"]
            assert diary.writes == 1

    simulate(main())


def test_what_we_wrote_makes_no_news_and_no_further_writing(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            diary = await _diary(house, tmp_path)
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(hours=20)
            assert diary.writes == 1
            assert len(await house.stays()) == 1
            assert await _log(house) == []

    simulate(main())


def test_a_block_that_a_person_writes_closes_the_nights_until_it_is_deleted(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            diary = await _diary(house, tmp_path)
            diary.type("mine", ARRIVAL, DEPARTURE)
            await house.later(minutes=5)
            (row,) = await house.stays()
            assert (row.kind, row.status, row.arrival) == (StayKind.BLOCK, StayStatus.CONFIRMED, ARRIVAL)
            assert diary.shown == [], "it is not written back into the calendar that it came from"
            diary.type("mine", ARRIVAL, date(2027, 3, 15))
            await house.later(minutes=5)
            (row,) = await house.stays()
            assert row.departure == date(2027, 3, 15)
            diary.erase("mine")
            await house.later(minutes=5)
            (row,) = await house.stays()
            assert row.status is StayStatus.CANCELLED
            diary.type("mine", ARRIVAL, date(2027, 3, 15))
            await house.later(minutes=5)
            (row,) = await house.stays()
            assert row.status is StayStatus.CONFIRMED, "whoever undoes it is obeyed again"

    simulate(main())


def test_an_owner_who_may_be_inside_is_not_put_out_by_a_slip_of_a_finger(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            diary = await _diary(house, tmp_path)
            diary.type("mine", date(2027, 3, 1), date(2027, 3, 5), StayKind.OWNER)
            await house.later(hours=20)
            diary.erase("mine")
            await house.later(minutes=5)
            (row,) = await house.stays()
            assert row.status is StayStatus.CONFIRMED
            (question,) = await house.hub.store.read(questions.open_questions)
            assert question.kind == "gone"

    simulate(main())


def test_what_nobody_understands_closes_the_nights_and_a_person_is_asked(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            diary = await _diary(house, tmp_path)
            diary.type("birthday", ARRIVAL, DEPARTURE, StayKind.UNKNOWN)
            await house.later(minutes=5)
            (row,) = await house.stays()
            assert row.kind is StayKind.UNKNOWN
            (question,) = await house.hub.store.read(questions.open_questions)
            assert question.kind == "closure"

    simulate(main())


def test_whoever_changes_or_deletes_what_is_ours_finds_it_put_right_and_it_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            diary = await _diary(house, tmp_path)
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=4)
            diary.rename("Cancelled!")
            await house.later(minutes=4)
            assert diary.shown == ["Guest: Ada Lovelace"]
            diary.erase()
            await house.later(minutes=4)
            assert diary.shown == ["Guest: Ada Lovelace"]
            (row,) = await house.stays()
            assert row.status is StayStatus.CONFIRMED
            assert await _log(house) == [
                "somebody deleted there what is of the stay from 10 March 2027 on; it is put right again",
                "somebody changed there what is of the stay from 10 March 2027 on; it is put right again",
            ]
            writes = diary.writes
            await house.later(hours=5)
            assert diary.writes == writes == 3

    simulate(main())


def test_a_guest_who_leaves_early_makes_room_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            diary = await _diary(house, tmp_path)
            house.book("a", date(2027, 3, 1), date(2027, 3, 5))
            await house.later(days=1)
            row = await house.stay()
            now = house.hub.clock.now()

            def leave(tx: Tx) -> None:
                ledger.keep(tx, replace(row, left_at=now))

            await house.hub.store.write(leave)
            await house.later(minutes=4)
            (found,) = diary.events.values()
            assert found.end == now.timestamp()

    simulate(main())
