"""Bookings of ours that somebody cancels in Guesty: never brought back unasked, shown, and settled by a word."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub import pushing, resync
from hub.contracts.fields import Fields
from hub.model.facts import StayReported
from hub.model.values import StayId, StayStatus
from hub.stay_changes import StayChange
from hub.store.pushes import PushState
from hub.syncing import Doubt
from tests.hub.pushing_house import ARRIVAL, DEPARTURE, DESK, FOR_REAL, add, made_there, plugged, pushed, writes
from tests.hub.test_other_days import LONGER, differences, settle
from tests.simulators.home import Home, simulate
from tests.simulators.managers.guesty import GuestyDesk

OURS = {ARRIVAL + timedelta(days=number) for number in range(3)}
NOTE = StayChange(note="Brings a cat")


async def _cancelled_there(house: Home, desk: GuestyDesk) -> StayId:
    id_ = await add(house)
    await house.later(minutes=3)
    desk.change(made_there(desk).id, state="over")
    return id_


async def _doubts(house: Home) -> list[Doubt]:
    return [each.doubt for each in await differences(house)]


@pytest.mark.parametrize("read_first", [True, False])
def test_no_push_brings_back_what_was_cancelled_there(tmp_path: Path, read_first: bool) -> None:
    """Neither one that waits when it is cancelled, nor a later one, nor a sync of everything."""

    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            hub, id_ = house.hub, await _cancelled_there(house, desk)
            if read_first:
                await house.later(minutes=2)
            await hub.store.write(lambda tx: hub.intake.change_stay(tx, id_, NOTE, "manager"))
            await house.later(seconds=20)
            await hub.store.write(lambda tx: resync.several(tx, hub, resync.EVERYTHING, "manager"))
            await hub.store.write(lambda tx: resync.stay(tx, hub, id_, "manager"))
            await house.later(minutes=3)
            row = await pushed(house)
            assert (made_there(desk).state, made_there(desk).note) == ("over", "Brings a dog")
            assert (row.state, row.keeps_nights, await _doubts(house)) == (
                PushState.FAILED,
                False,
                [Doubt.CANCELLED_THERE],
            )
            assert (await house.stay()).status is StayStatus.CONFIRMED
            now, wall = hub.clock.now(), hub.wall.now()
            await hub.store.write(lambda tx: pushing.retry(tx, DESK, id_, "manager", now, wall))
            await house.later(seconds=20)
            assert (made_there(desk).state, made_there(desk).note) == ("taken", "Brings a cat"), "a person said so"
            assert ((await pushed(house)).state, await _doubts(house)) == (PushState.SYNCED, [])

    simulate(main())


@pytest.mark.parametrize("accept", [True, False])
def test_its_nights_are_closed_there_until_a_person_says_who_is_right(tmp_path: Path, accept: bool) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, block_nights=True) as (house, desk):
            id_ = await _cancelled_there(house, desk)
            await house.later(minutes=5)
            assert {day for _, day in desk.closed} >= OURS
            assert await _doubts(house) == [Doubt.CANCELLED_THERE]
            before = len(writes(desk))
            await settle(house, id_, accept=accept)
            await house.later(minutes=5)
            sent = ["101"] if accept else ["101", "status"]
            assert [each.rpartition("/")[2] for each in writes(desk)[before:]] == sent, "what is closed is opened first"
            assert (desk.closed, await differences(house)) == (set(), [])
            assert made_there(desk).state == ("over" if accept else "taken")
            status = (await house.stay()).status
            assert status is (StayStatus.CANCELLED if accept else StayStatus.CONFIRMED)

    simulate(main())


def test_what_was_moved_there_and_then_cancelled_comes_back_in_our_unit(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, block_nights=True) as (house, desk):
            hub, id_ = house.hub, await add(house)
            await house.later(minutes=3)
            desk.change(made_there(desk).id, unit="102")
            await house.later(minutes=3)
            desk.change(made_there(desk).id, state="over")
            await house.later(minutes=5)
            desk.refuses_part = "relocate"
            await settle(house, id_, accept=False)
            await house.later(minutes=1)
            assert ((await pushed(house)).state, {unit for unit, _ in desk.closed}) == (PushState.FAILED, {"101"})
            desk.refuses_part = ""
            now, wall = hub.clock.now(), hub.wall.now()
            await hub.store.write(lambda tx: pushing.retry(tx, DESK, id_, "manager", now, wall))
            await house.later(minutes=1)
            assert (made_there(desk).unit, made_there(desk).state, desk.closed) == ("101", "taken", set())
            assert await _doubts(house) == []

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_booking_that_somebody_brings_back_there_is_no_difference_any_more(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            await _cancelled_there(house, desk)
            await house.later(minutes=3)
            desk.change(made_there(desk).id, state="taken")
            await house.later(minutes=3)
            row = await pushed(house)
            assert (row.state, row.error, row.missing, await _doubts(house)) == (PushState.SYNCED, "", {}, [])

    simulate(main())


def test_what_was_changed_while_it_was_cancelled_is_sent_when_it_is_restored(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            hub, id_ = house.hub, await add(house)
            await house.later(minutes=3)
            longer = StayChange(departure=LONGER, note="Brings a cat")
            await hub.store.write(lambda tx: hub.intake.change_stay(tx, id_, longer, "manager"))
            await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, id_, "manager"))
            await house.later(minutes=3)
            row = await pushed(house)
            assert (made_there(desk).state, row.state, row.missing) == ("over", PushState.SYNCED, {})
            assert await differences(house) == []
            await hub.store.write(lambda tx: hub.intake.restore_stay(tx, id_, "manager"))
            await house.later(minutes=3)
            made = made_there(desk)
            assert (made.state, made.departure, made.note) == ("taken", LONGER, "Brings a cat")
            assert ((await pushed(house)).missing, await differences(house)) == ({}, [])

    simulate(main())


def test_an_old_word_that_comes_late_changes_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, reservations="v1") as (house, desk):  # v3 has no times of change
            hub = house.hub
            await add(house)
            await house.later(minutes=10)
            account, made = hub.plugins.integration(DESK), made_there(desk)
            assert account is not None
            old = account.report(Fields(desk.item(made)))  # type: ignore[attr-defined]  # every account has it
            desk.change(made.id, departure=LONGER)
            await house.later(minutes=5)
            assert await _doubts(house) == [Doubt.OTHER_DAYS]
            late = StayReported(DESK, hub.clock.now(), old)
            await hub.store.write(lambda tx: hub.intake.absorb(tx, late, DESK))
            assert await _doubts(house) == [Doubt.OTHER_DAYS]
            desk.change(made.id, departure=DEPARTURE)
            await house.later(minutes=5)
            assert await _doubts(house) == []

    simulate(main())
