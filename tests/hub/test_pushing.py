"""Bookings made here that an account is to know (R546 to R593), in a running hub against Guesty's double."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from hub import pushing, resync
from hub.errors import Rejected
from hub.known_where import How, Known, known_where
from hub.model.values import StayStatus
from hub.stay_changes import StayChange
from hub.store import publishing as sync_log
from hub.store import pushes
from hub.store.engine import Tx
from hub.store.pushes import PushState
from hub.store.tables import stays
from tests.hub.pushing_house import (
    ADA,
    ARRIVAL,
    DEPARTURE,
    DESK,
    FOR_REAL,
    add,
    made_there,
    plugged,
    pushed,
    writes,
    wrong,
)
from tests.simulators.home import simulate
from tests.simulators.managers.all import MANAGERS, reader
from tests.simulators.managers.desk import reply


def test_a_booking_made_here_is_made_there_with_its_guest(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            id_ = await add(house)
            await house.later(seconds=10)
            made, row = made_there(desk), await pushed(house)
            assert (made.guest, made.email, made.phone) == ("Ada Lovelace", "ada@example.com", "+44 20 7946 0018")
            assert (made.unit, made.arrival, made.departure, made.state) == ("101", ARRIVAL, DEPARTURE, "taken")
            assert (made.note, made.key) == ("Brings a dog", pushing.key_of(id_))
            assert (row.state, row.booking, row.attempts, row.error) == (PushState.SYNCED, str(made.id), 1, "")
            assert len(pushing.key_of(id_)) <= 30

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_what_comes_back_is_known_as_ours(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            await add(house)
            await house.later(hours=2, minutes=5)  # it was read several times meanwhile, twice as a whole
            (stay,) = await house.stays()
            assert (stay.channel_id, stay.status, stay.guest) == (None, StayStatus.CONFIRMED, "Ada Lovelace")
            assert len(desk.booked) == 1
            assert len(writes(desk)) == 2, "it was made, and its notes were; nothing is sent back and forth"

    simulate(main())


@pytest.mark.parametrize("seconds", [0, 90])
def test_an_answer_that_gets_lost_makes_no_second_booking(tmp_path: Path, seconds: int) -> None:
    """`seconds`: how long Guesty answers nothing, so that it may be read before it is tried again."""

    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            desk.lost = 1
            await add(house)
            if seconds:
                await house.later(seconds=2)
                desk.faults = [reply({}, 503)] * 6
            await house.later(minutes=10)
            assert len(desk.booked) == 1
            assert (await pushed(house)).state is PushState.SYNCED
            assert len(await house.stays()) == 1

    simulate(main())


def test_a_search_that_lags_behind_a_lost_answer_makes_no_second_booking(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            desk.lags, desk.lost = timedelta(seconds=100), 1
            await add(house)
            await house.later(minutes=15)
            assert len(desk.booked) == 1
            assert (await pushed(house)).state is PushState.SYNCED

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_other_days_and_a_cancellation_follow(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            hub, id_ = house.hub, await add(house)
            await house.later(seconds=10)
            until = DEPARTURE + timedelta(days=2)
            await hub.store.write(lambda tx: hub.intake.extend_stay(tx, id_, "manager", departure=until))
            await house.later(seconds=10)
            assert made_there(desk).departure == until
            await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, id_, "manager"))
            await house.later(seconds=10)
            assert made_there(desk).state == "over"
            assert (await pushed(house)).state is PushState.SYNCED

    simulate(main())


def test_every_try_stands_in_the_sync_log_with_the_booking_s_reference_and_without_a_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            desk.faults = [reply({}, 500)] * 2
            named = pushing.key_of(await add(house))
            await house.later(minutes=2)

            def look(tx: Tx) -> list[tuple[str, str, bool]]:
                found = sync_log.entries(tx, DESK)
                return [
                    (each.outcome, each.what, each.words != "") for each in found if each.what.startswith("booking")
                ]

            assert await house.hub.store.read(look) == [
                ("ok", f"booking {named} sent", False),
                ("failed", f"booking {named} not sent, try 2", True),
                ("failed", f"booking {named} not sent, try 1", True),
            ]
            [took] = await house.hub.store.read(
                lambda tx: sync_log.delays(tx, DESK, house.hub.clock.now() - timedelta(days=1))
            )
            assert timedelta(seconds=1) < took < timedelta(minutes=1), "from the booking to the account"
            assert "Lovelace" not in str(await house.hub.store.read(lambda tx: sync_log.entries(tx, DESK)))
            assert f"booking={named}" in capsys.readouterr().out

    simulate(main())


def test_in_rehearsal_everything_happens_but_the_sending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        async with plugged(tmp_path, push_bookings=True) as (house, desk):
            id_ = await add(house)
            await house.later(seconds=10)
            row = await pushed(house)
            assert (row.state, row.booking, row.dry) == (PushState.SYNCED, "test-reservation-id", 1)
            assert desk.booked == {}
            hub = house.hub
            now, wall = hub.clock.now(), hub.wall.now()
            await hub.store.write(lambda tx: pushing.send_for_real(tx, DESK, id_, "manager", now, wall))
            await house.later(seconds=10)
            row = await pushed(house)
            assert (row.state, row.booking, row.dry) == (PushState.SYNCED, str(made_there(desk).id), 0)

    simulate(main())
    said = capsys.readouterr().out
    assert "a booking was rehearsed" in said
    assert not any(secret in said for secret in ("Lovelace", "ada@example.com", "7946", "Brings a dog"))


def test_what_was_rehearsed_is_sent_once_it_is_for_real(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, push_bookings=True) as (house, desk):
            await add(house)
            await house.later(seconds=10)
            account = house.hub.plugins.integration(DESK)
            assert account is not None
            host = account.host  # type: ignore[attr-defined]  # every account has one
            made = reader(MANAGERS["guesty"], host, through=desk.send, more=FOR_REAL)
            house.hub.plugins.add_channel(DESK, made)
            house.hub.bus.signal("channels")
            await house.later(seconds=10)
            assert made_there(desk).guest == "Ada Lovelace"

    simulate(main())


def test_nothing_is_sent_unless_somebody_wants_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path) as (house, desk):
            await add(house)
            await house.later(minutes=5)
            assert writes(desk) == []
            assert await house.hub.store.read(lambda tx: pushes.of_account(tx, DESK)) == []

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_three_tries_then_people_are_told_and_it_goes_on_slowly(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            hub = house.hub
            desk.faults = [reply({}, 500)] * 5
            begun = hub.clock.now()
            await add(house)
            await house.later(seconds=2)
            assert (await pushed(house)).state is PushState.PENDING
            await house.later(seconds=4)
            row = await pushed(house)
            assert row.state is PushState.FAILED
            assert row.attempts >= 3
            assert row.error
            tries = [at - begun.timestamp() for at in desk.times if at >= begun.timestamp()][:3]
            assert [round(after - before) for before, after in itertools.pairwise(tries)] == [1, 2]
            await house.later(minutes=2)
            row = await pushed(house)
            assert (row.state, row.error) == (PushState.SYNCED, "")
            assert len(await house.stays()) == 1

    simulate(main())


def test_nights_that_are_sold_there_are_a_person_s_business_and_can_be_sent_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            hub = house.hub
            desk.book(7, day=31, nights=2, state="taken")
            taken = desk.booked.pop(7)
            id_ = await add(house)
            desk.booked[7] = taken
            await house.later(seconds=20)
            row = await pushed(house)
            assert row.state is PushState.FAILED
            assert "not free there" in row.error
            assert len(desk.tokens) == 1, "no access token was spent on it"
            found = await hub.store.read(lambda tx: pushes.statistics(tx, DESK, hub.clock.now() - pushing.LATELY))
            assert (found.pending, found.synced, found.failed, found.success_rate) == (0, 0, 1, 0.0)
            del desk.booked[7]
            now, wall = hub.clock.now(), hub.wall.now()
            assert await hub.store.write(lambda tx: pushing.retry(tx, DESK, None, "manager", now, wall)) == 1
            await house.later(seconds=20)
            assert (await pushed(house)).state is PushState.SYNCED
            with pytest.raises(Rejected):
                await hub.store.write(lambda tx: pushing.retry(tx, DESK, id_, "manager", now, wall))

    simulate(main())


def test_a_contact_that_does_not_open_holds_up_no_booking(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path) as (house, desk):
            damaged = await add(house)
            spoil = update(stays).where(stays.c.id == damaged).values(contact=b"damaged")
            await house.hub.store.write(lambda tx: tx.sql.execute(spoil))
            account = house.hub.plugins.integration(DESK)
            assert account is not None
            host = account.host  # type: ignore[attr-defined]  # every account has one
            made = reader(MANAGERS["guesty"], host, through=desk.send, more=FOR_REAL)
            house.hub.plugins.add_channel(DESK, made)
            later = replace(ADA, arrival=date(2027, 6, 1), departure=date(2027, 6, 3))
            await add(house, later)
            await house.later(minutes=3)
            told = {row.arrival: (row.guest, row.email) for row in desk.booked.values()}
            assert told == {ARRIVAL: ("Ada Lovelace", ""), later.arrival: ("Ada Lovelace", "ada@example.com")}

    simulate(main())


def test_what_failed_of_a_stay_that_is_over_is_not_sent_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, start=datetime(2027, 3, 3, 8, tzinfo=UTC), **FOR_REAL) as (house, desk):
            hub, soon = house.hub, replace(ADA, arrival=date(2027, 3, 2), departure=date(2027, 3, 3))
            desk.book(7, day=1, nights=2, state="taken")
            taken = desk.booked.pop(7)
            id_ = await add(house, soon)
            desk.booked[7] = taken
            await house.until(datetime(2027, 3, 3, 15, tzinfo=UTC))
            before = len(writes(desk))
            assert (await pushed(house)).state is PushState.FAILED
            asked = await hub.store.write(lambda tx: resync.several(tx, hub, resync.EVERYTHING, "manager"))
            assert [each.pushed for each in asked if each.channel == DESK] == [0]
            now, wall = hub.clock.now(), hub.wall.now()
            assert await hub.store.write(lambda tx: pushing.retry(tx, DESK, None, "manager", now, wall)) == 0
            with pytest.raises(Rejected, match="over"):
                await hub.store.write(lambda tx: pushing.retry(tx, DESK, id_, "manager", now, wall))
            await house.later(minutes=5)
            assert writes(desk)[before:] == []

    simulate(main())


def test_a_booking_of_ours_that_was_cancelled_there_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            await add(house)
            await house.later(seconds=10)
            desk.change(made_there(desk).id, state="over")
            await house.later(minutes=3)
            row = await pushed(house)
            assert row.state is PushState.FAILED
            assert "cancelled there" in row.error
            (stay,) = await house.stays()
            assert stay.status is StayStatus.CONFIRMED

    simulate(main())


def test_a_booking_that_lacks_its_notes_and_is_cancelled_there_is_told_too(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            desk.refuses_part = "notes"
            await add(house)
            await house.later(minutes=2)
            assert (await pushed(house)).keeps_nights
            desk.change(made_there(desk).id, state="over")
            await house.later(minutes=3)
            assert not (await pushed(house)).keeps_nights
            (said,) = await wrong(house)
            assert "cancelled there" in said

    simulate(main())


def test_who_knows_of_a_booking_of_ours_says_that_it_was_sent_and_not_that_it_came_from_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):

            async def known() -> list[tuple[Known, How | None]]:
                row, now = await house.stay(), house.hub.clock.now()
                found = await house.hub.store.read(lambda tx: known_where(tx, row, now))
                return [(each.known, each.how) for each in found if each.channel == DESK]

            await add(house)
            await house.later(minutes=3)
            assert await known() == [(Known.KNOWS, How.BOOKING)]
            desk.change(made_there(desk).id, state="over")
            await house.later(minutes=3)
            assert await known() == [(Known.FAILS, How.BOOKING)]

    simulate(main())


def test_a_booking_that_vanishes_there_is_still_a_booking_here(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            desk.book(900, day=60)
            await add(house)
            await house.later(seconds=10)
            desk.delete(next(id_ for id_ in desk.booked if id_ != 900))
            await house.later(hours=6)
            stay = await house.stay()
            assert stay.status is StayStatus.CONFIRMED

    simulate(main())


def test_what_is_sent_as_a_booking_is_not_closed_as_well_but_what_was_refused_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, block_nights=True) as (house, desk):
            await add(house)
            await house.later(seconds=30)
            assert (await pushed(house)).state is PushState.SYNCED
            assert desk.closed == set()
            grace = replace(ADA, arrival=date(2027, 5, 1), departure=date(2027, 5, 3), guest="Grace Hopper")
            desk.book(7, day=61, nights=2)
            taken = desk.booked.pop(7)
            await house.later(minutes=2)
            desk.booked[7] = taken
            await add(house, grace)
            await house.later(minutes=1)
            states = {row.state for row in await house.hub.store.read(lambda tx: pushes.of_account(tx, DESK))}
            assert states == {PushState.SYNCED, PushState.FAILED}
            days = {day for _, day in desk.closed}
            assert {date(2027, 5, 1), date(2027, 5, 2)} <= days
            assert all(day >= date(2027, 4, 30) for day in days), "and the hours before and after"

    simulate(main())


def test_nights_that_an_inquiry_does_not_keep_there_are_closed_until_it_is_confirmed(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, block_nights=True, push_pending_as="inquiry") as (house, desk):
            hub, id_ = house.hub, await add(house, replace(ADA, awaits_payment=True))
            await house.later(minutes=1)
            ours = {("101", ARRIVAL + timedelta(days=number)) for number in range(3)}
            assert (made_there(desk).state, desk.closed >= ours) == ("inquiry", True)
            note = StayChange(note="Brings a cat")
            await hub.store.write(lambda tx: hub.intake.change_stay(tx, id_, note, "manager"))
            await house.later(minutes=1)
            assert (made_there(desk).note, desk.closed >= ours) == ("Brings a cat", True)
            await hub.store.write(lambda tx: hub.intake.confirm_stay(tx, id_, "manager"))
            await house.later(minutes=1)
            assert (made_there(desk).state, desk.closed) == ("taken", set())

    simulate(main())


def test_nights_taken_elsewhere_are_closed_there_and_opened_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, block_nights=True) as (house, desk):
            house.book("a", ARRIVAL, DEPARTURE)
            desk.book(9, day=50)
            await house.later(minutes=5)
            days = {day for _, day in desk.closed}
            assert {ARRIVAL + timedelta(days=number) for number in range(3)} <= days
            assert all(day <= DEPARTURE for day in days), "its own bookings are left to it"
            hub, stay = house.hub, await house.stay()
            ids = [row.id for row in await house.stays() if row.arrival == ARRIVAL]
            assert stay.guest == "Ada Lovelace"
            await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, ids[0], "manager"))
            await house.later(minutes=5)
            assert desk.closed == set()

    simulate(main())
