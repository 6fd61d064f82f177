"""Nights that channels sold twice: both are kept, nobody loses a code, and no second guest gets one to an occupied unit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from hub import backup_codes, conflicts, connecting, health, issuing
from hub.bookings import NotFree
from hub.connecting import Stays
from hub.errors import Rejected
from hub.intake import NewStay
from hub.model.alerts import Kind
from hub.model.values import Address, LockId, Pin, StayId, StayStatus, UnitId, Window
from hub.store import alerts, codes, house, stays
from hub.store import conflicts as ledger
from hub.store.engine import Tx
from hub.store.house import ClosedMeans, Origin, Unit
from tests.simulators.building import Memory
from tests.simulators.home import FEED, FLAT, Home, home, simulate

FIRST = date(2027, 3, 3)
LOFT = UnitId("loft")
FRONT = LockId("front")


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _living(work: Callable[[Home], Awaitable[None]], tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front")), Memory(Address("loft"))]) as made:
            await made.hub.store.write(_a_second_unit)
            await work(made)

    simulate(main())


def _a_second_unit(tx: Tx) -> None:
    [flat] = house.units(tx)
    house.keep_unit(tx, Unit(LOFT, flat.property, "Loft", (LockId("loft"),), ClosedMeans.ASK, Origin.SITE))
    house.keep_unit(tx, Unit(FLAT, flat.property, "Flat", (FRONT,), ClosedMeans.ASK, Origin.SITE))


async def _booked(made: Home, uid: str, first: int, last: int, guest: str) -> StayId:
    made.book(uid, _day(first), _day(last), guest)
    await made.later(minutes=4)
    return (await made.stay(guest)).id


async def _hours(made: Home, id_: StayId) -> dict[str, Window]:
    entries = await made.hub.store.read(lambda tx: codes.issued_for(tx, id_))
    return {entry.lock: entry.grant.window for entry in entries}


async def _said(made: Home) -> set[tuple[Kind, str]]:
    found = await made.hub.store.read(lambda tx: health.findings(tx, made.hub))
    return {(each.kind, each.about) for each in found if each.kind in (Kind.SOLD_TWICE, Kind.SOLD_TWICE_SOON)}


def test_the_second_guest_of_a_night_gets_no_code_and_a_person_is_told(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        ada = await _booked(made, "a", 0, 3, "Ada Lovelace")
        had = await made.digits_by_door(ada)
        bob = await _booked(made, "b", 2, 5, "Bob")
        assert (await made.stay("Bob")).status is StayStatus.CONFIRMED
        assert await made.digits_by_door(bob) == {}
        assert await made.digits_by_door(ada) == had
        assert await _said(made) == {(Kind.SOLD_TWICE, f"stay:{bob}")}
        begins = (await made.stay()).check_in
        assert begins is not None
        await made.until(begins - conflicts.SOON + timedelta(minutes=1))
        raised = await made.hub.store.read(alerts.live)
        assert Kind.SOLD_TWICE_SOON in {each.kind for each in raised}, "in the minute in which it is soon"
        await made.until((await _hours(made, ada))["front"].start)
        assert await _said(made) == {(Kind.SOLD_TWICE_SOON, f"stay:{bob}")}
        await made.later(minutes=1)
        assert made.lock("front").holds(had[FRONT])

    _living(work, tmp_path)


def test_whoever_leaves_on_the_day_on_which_another_comes_is_no_conflict_even_hours_late(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        ada = await _booked(made, "a", 0, 3, "Ada Lovelace")
        await made.hub.store.write(lambda tx: made.hub.intake.extend_stay(tx, ada, "ada", check_out=time(18)))
        bob = await _booked(made, "b", 3, 5, "Bob")
        assert await made.digits_by_door(bob)
        assert await _said(made) == set()

    _living(work, tmp_path)


def test_whoever_comes_hours_after_another_has_gone_is_no_conflict_whatever_nights_were_booked(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        ada = await _booked(made, "a", 0, 3, "Ada Lovelace")
        gone = (await made.stay()).check_in
        assert gone is not None
        made.rebook("a", check_out=gone + timedelta(hours=44))
        await made.later(minutes=4)
        bob = await _booked(made, "b", 2, 5, "Bob")
        assert await made.digits_by_door(ada)
        assert await made.digits_by_door(bob)
        assert await _said(made) == set()

    _living(work, tmp_path)


def test_once_the_first_guest_has_gone_the_second_gets_a_code_if_nobody_has_decided(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        ada, bob = await _booked(made, "a", 0, 3, "Ada Lovelace"), await _booked(made, "b", 2, 5, "Bob")
        over = (await made.stay()).check_out
        assert over is not None
        await made.until(over - timedelta(minutes=1))
        assert await made.digits_by_door(bob) == {}
        had = await made.digits_by_door(ada)
        await made.until(over + timedelta(minutes=7))
        assert made.lock("front").holds((await made.digits_by_door(bob))[FRONT])
        assert not made.lock("front").holds(had[FRONT])
        assert await _said(made) == set()
        made.rebook("a", guest="Ada King")  # of whom one hears when they are gone
        await made.later(minutes=4)
        assert (await made.stay("Ada King")).check_out == over

    _living(work, tmp_path)


@pytest.mark.parametrize("how", ["cancel", "move", "share", "shrink", "move the first"])
def test_a_conflict_ends_and_the_second_gets_its_code(tmp_path: Path, how: str) -> None:
    async def work(made: Home) -> None:
        hub = made.hub
        ada, bob = await _booked(made, "a", 0, 3, "Ada Lovelace"), await _booked(made, "b", 2, 5, "Bob")
        had = await made.digits_by_door(ada)
        match how:
            case "cancel":
                await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, ada, "ada"))
            case "move":
                await hub.store.write(lambda tx: conflicts.move(tx, hub.intake, bob, LOFT, "ada"))
            case "move the first":
                await hub.store.write(lambda tx: conflicts.move(tx, hub.intake, ada, LOFT, "ada"))
            case "share":
                await hub.store.write(lambda tx: conflicts.let_share(tx, hub.desk, ada, bob, "ada"))
            case "shrink":
                made.rebook("a", departure=_day(2))
                await made.later(minutes=4)
        assert set(await made.digits_by_door(bob)) == {LockId("loft") if how == "move" else FRONT}
        assert await _said(made) == set()
        if how in ("share", "shrink"):
            assert await made.digits_by_door(ada) == had
        if how == "move the first":
            assert await made.digits_by_door(ada) == {LockId("loft"): had[FRONT]}, (
                "with the digits that the guest knows"
            )

    _living(work, tmp_path)


def test_a_stay_that_grows_into_anothers_nights_keeps_its_hours_and_gets_no_more(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        hub = made.hub
        ada, bob = await _booked(made, "a", 0, 3, "Ada Lovelace"), await _booked(made, "b", 3, 5, "Bob")
        before = await _hours(made, ada), await _hours(made, bob)
        made.rebook("a", departure=_day(4))
        await made.later(minutes=4)
        assert (await made.stay()).departure == _day(4)
        assert (await _hours(made, ada), await _hours(made, bob)) == before
        assert await _said(made) != set()
        await hub.store.write(lambda tx: hub.intake.redraw(tx, ada, "ada"))
        await hub.store.write(lambda tx: hub.intake.type_code(tx, bob, Pin("482913"), "ada"))
        assert (await _hours(made, ada), await _hours(made, bob)) == before, "other digits, the same hours"
        await hub.store.write(lambda tx: hub.intake.replan_unit(tx, FLAT))
        assert (await _hours(made, ada), await _hours(made, bob)) == before
        await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, bob, "ada"))
        assert (await _hours(made, ada))["front"].end == (await made.stay()).check_out

    _living(work, tmp_path)


def test_two_who_both_had_codes_from_before_keep_them(tmp_path: Path) -> None:
    """A house of an older version: both got a code when the night was sold twice."""

    async def work(made: Home) -> None:
        hub = made.hub
        ada, bob = await _booked(made, "a", 0, 3, "Ada Lovelace"), await _booked(made, "b", 2, 5, "Bob")
        await hub.store.write(lambda tx: conflicts.let_share(tx, hub.desk, ada, bob, "ada"))
        had = await made.digits_by_door(ada), await made.digits_by_door(bob)

        def forget(tx: Tx) -> None:
            tx.sql.exec_driver_sql("DELETE FROM shared_nights")
            for id_ in (ada, bob):
                row = stays.stay(tx, id_)
                assert row is not None
                issuing.replan(tx, hub.desk, row)

        await hub.store.write(forget)
        assert (await made.digits_by_door(ada), await made.digits_by_door(bob)) == had
        assert len(await _said(made)) == 1

    _living(work, tmp_path)


def test_what_a_person_moved_stays_there_however_often_its_calendar_tells_of_it(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        hub = made.hub
        await _booked(made, "a", 0, 3, "Ada Lovelace")
        bob = await _booked(made, "b", 2, 5, "Bob")
        await hub.store.write(lambda tx: conflicts.move(tx, hub.intake, bob, LOFT, "ada"))
        digits = await made.digits_by_door(bob)
        made.rebook("b", guests=3)
        await made.later(minutes=10)
        assert [(row.guest, row.unit_id, row.guests) for row in await made.stays()] == [
            ("Ada Lovelace", FLAT, None), ("Bob", LOFT, 3),
        ]  # fmt: skip
        assert await made.digits_by_door(bob) == digits
        made.unbook("b")
        await made.later(minutes=60)
        assert (await made.stay("Bob")).status is StayStatus.CANCELLED

    _living(work, tmp_path)


@pytest.mark.usefixtures("either_database")
def test_nobody_is_moved_onto_anothers_nights_not_even_by_the_database(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        hub = made.hub
        await _booked(made, "a", 0, 3, "Ada Lovelace")
        bob = await _booked(made, "b", 2, 5, "Bob")
        new = NewStay(LOFT, _day(3), _day(4), "Cyd")
        await hub.store.write(lambda tx: hub.intake.add_stay(tx, new, "ada"))
        with pytest.raises(NotFree):
            await hub.store.write(lambda tx: conflicts.move(tx, hub.intake, bob, LOFT, "ada", anyway=True))
        with pytest.raises(Rejected, match="no unit"):
            await hub.store.write(lambda tx: conflicts.move(tx, hub.intake, bob, UnitId("attic"), "ada"))

        def by_force(tx: Tx) -> None:
            told = text("UPDATE stays SET unit_id = 'loft', moved_from = 'flat' WHERE id = :bob")
            tx.sql.execute(told, {"bob": bob})

        with pytest.raises(IntegrityError, match="overlap"):
            await hub.store.write(by_force)

    _living(work, tmp_path)


@pytest.mark.usefixtures("either_database")
def test_a_channel_goes_and_nights_that_it_sold_twice_are_still_asked_about(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        hub = made.hub
        ada, bob = await _booked(made, "a", 0, 3, "Ada Lovelace"), await _booked(made, "b", 2, 5, "Bob")
        had, asked = await made.digits_by_door(ada), await _said(made)
        await hub.store.write(lambda tx: connecting.remove(tx, hub, FEED, "ada", Stays.KEEP))
        assert [(row.guest, row.channel_id) for row in await made.stays()] == [("Ada Lovelace", None), ("Bob", None)]
        assert await made.digits_by_door(ada) == had
        assert asked == await _said(made) == {(Kind.SOLD_TWICE, f"stay:{bob}")}
        with pytest.raises(Rejected, match="somebody else stays there"):
            await hub.store.write(lambda tx: hub.intake.add_stay(tx, NewStay(FLAT, _day(4), _day(6), "Cyd"), "ada"))
        await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, ada, "ada"))
        await made.later(minutes=4)
        assert await made.digits_by_door(bob)

    _living(work, tmp_path)


def test_no_backup_code_lets_the_second_guest_in(tmp_path: Path) -> None:
    """The deadline ladder gives one to a guest without a code; not where the unit is somebody else's."""

    async def work(made: Home) -> None:
        hub = made.hub
        ada, bob = await _booked(made, "a", 0, 3, "Ada Lovelace"), await _booked(made, "b", 0, 3, "Bob")
        await made.until((await _hours(made, ada))["front"].start + timedelta(hours=1))

        def theirs(tx: Tx) -> bool:
            return ledger.has_code(tx, bob)

        assert await hub.store.read(theirs) is False
        row = await made.stay("Bob")
        with pytest.raises(Rejected):
            await hub.store.write(lambda tx: backup_codes.use(tx, hub.desk, row, "ada"))

    _living(work, tmp_path)


def test_both_may_come_until_one_of_them_asks_for_more(tmp_path: Path) -> None:
    async def work(made: Home) -> None:
        hub = made.hub
        ada, bob = await _booked(made, "a", 0, 3, "Ada Lovelace"), await _booked(made, "b", 2, 5, "Bob")
        await hub.store.write(lambda tx: conflicts.let_share(tx, hub.desk, bob, ada, "ada"))
        hours = await _hours(made, bob)
        made.rebook("b", departure=_day(6))
        await made.later(minutes=4)
        assert await _hours(made, bob) == hours, "what it had it keeps, and it gets no more"
        assert await _said(made) != set()
        with pytest.raises(Rejected):
            await hub.store.write(lambda tx: conflicts.let_share(tx, hub.desk, bob, StayId("nobody"), "ada"))

    _living(work, tmp_path)
