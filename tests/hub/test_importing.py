"""Past stays from files: how they are read, and what becomes of each row."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub import bookings, importing
from hub.errors import Rejected
from hub.importing import Open
from hub.model.availability import OwnRules
from hub.model.past_stays import What
from hub.model.spelled import Came, DateOrder
from hub.model.values import PropertyId, StayKind, StayStatus, UnitId
from hub.model.workflow import Stage
from hub.store import house, publishing, steps, tables
from hub.store.engine import Tx
from hub.store.imports import State, Verdict
from tests.hub.past_lists import (
    ADA,
    BOB,
    CY,
    HEAD,
    ROBIN,
    bring,
    bring_in,
    left_open,
    quiet,
    seen,
    undo,
    verdicts,
    why_not,
)
from tests.simulators.home import FLAT, home, simulate

# ---- what becomes of a row -----------------------------------------------------------------------------------------


def test_past_stays_become_history_and_nothing_else(tmp_path: Path, either_database: str) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            await house.later(minutes=1)
            before = await house.hub.store.read(_promises)
            done = await bring_in(house, ADA, BOB, CY)
            assert done.state is State.DONE
            await house.later(hours=8)
            rows = {row.guest: row for row in await house.stays()}
            ada = rows["Ada Lovelace"]
            assert (ada.channel_id, ada.kind, ada.status) == (None, StayKind.RESERVATION, StayStatus.CONFIRMED)
            assert (str(ada.total), ada.phone_last4, ada.reference) == ("300.00 EUR", "4567", "R1")
            assert ada.contact is not None
            assert b"ada@example.com" not in ada.contact, "sealed"
            assert rows["Cy Twombly"].status is StayStatus.CANCELLED
            stages = await house.hub.store.read(
                lambda tx: {row.guest: steps.stage(tx, row.id) for row in rows.values()}
            )
            assert stages == {
                "Ada Lovelace": Stage.COMPLETED,
                "Bob Dylan": Stage.NO_SHOW,
                "Cy Twombly": Stage.CANCELLED,
            }
            (step,) = await house.hub.store.read(lambda tx: steps.history(tx, ada.id))
            assert (step.by, step.why) == (ROBIN, "imported"), "no stage that the clock makes up"
            assert await house.digits_by_door(ada.id) == {}
            assert await house.hub.store.read(_promises) == before, "nobody is told of anything"
            about = select(tables.alerts.c.about).where(tables.alerts.c.about.startswith("stay:"))
            assert await house.hub.store.read(lambda tx: tx.sql.execute(about).all()) == []
            taken = await house.hub.store.read(lambda tx: publishing.taken(tx, {FLAT}, house.hub.clock.now()))
            assert list(taken) == []

    simulate(scene())


def _promises(tx: Tx) -> tuple[int, ...]:
    counted = (tables.outbox, tables.grants, tables.questions, tables.pushes, tables.said_blocks)
    return tuple(tx.sql.execute(select(func.count()).select_from(table)).scalar_one() for table in counted)


def test_a_file_brought_again_changes_nothing(tmp_path: Path, either_database: str) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await bring_in(house, ADA, BOB, CY, ADA)
            before = await house.stays()
            again = await bring(house, ADA, BOB, CY, ADA)
            assert await verdicts(house, again) == ["known"] * 4
            with pytest.raises(Rejected, match="nothing to import"):
                await house.hub.store.write(lambda tx: importing.begin(tx, house.hub.desk, again.id, ROBIN))
            assert await house.stays() == before

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("R9,Flat,2027-03-04,2027-03-06,Di,,,,,", "not over: it ends on 2027-03-06: add it by hand"),
        ("R9,Flat,2027-02-27,2027-03-01,Di,,,,,", "not over: it ends on 2027-03-01: add it by hand"),
        ("R9,Flat,2027-02-26,2027-02-28,Di,,,,,", ""),
        ("R9,Villa,2026-05-01,2026-05-04,Di,,,,,", "no unit called “Villa”: say which unit that is"),
        ("R9,Flat,2026-05-03,2026-05-06,Di,,,,,", "line 2 has some of these nights"),
        ("R1,Flat,2026-05-01,2026-05-05,Di,,,,,", "line 2 says otherwise of the same booking"),
        ("R9,Flat,03/04/2026,05/04/2026,Di,,,,,", "“03/04/2026” could be two days"),
    ],
)
def test_a_row_that_cannot_be_taken_in_says_why_and_what_to_do(tmp_path: Path, row: str, why: str) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            made = await bring(house, ADA, row)
            if why:
                assert why in await why_not(house, made)
            else:
                assert await verdicts(house, made) == ["new", "new"]
            assert await house.stays() == [], "nothing is written yet"

    asyncio.run(scene())


def test_a_stay_is_not_past_while_its_buffer_would_close_tonight(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            rules = OwnRules(buffer=timedelta(hours=24))
            desk, place = house.hub.desk, PropertyId("house")
            await house.hub.store.write(lambda tx: bookings.set_rules(tx, desk, place, None, rules, ROBIN))
            made = await bring(house, "R9,Flat,2027-02-26,2027-02-28,Di,,,,,")
            assert "kept free until 11:00: bring the file again on 2027-03-02 or later" in await why_not(house, made)

    asyncio.run(scene())


def test_what_somebody_else_has_here_is_not_taken_from_them(tmp_path: Path, either_database: str) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await house.sold(date(2027, 3, 1), date(2027, 3, 3), guest="Grace Hopper")
            before = await house.stays()
            made = await bring_in(house, "R9,Flat,2027-03-02,2027-03-04,Di,,,,,", ADA)
            refused, fresh = await seen(house, made)
            assert refused.faults[0].why == "Grace Hopper stayed there then, 2027-03-01 to 2027-03-03"
            assert refused.cells[4] == "Di", "nothing of a refused row is lost"
            assert fresh.cells == [], "what has become a stay is kept there, and only there"
            assert [row for row in await house.stays() if row.guest != "Ada Lovelace"] == before

    asyncio.run(scene())


def test_gaps_of_a_stay_that_a_channel_told_are_filled_and_its_word_stays(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await house.sold(date(2027, 3, 1), date(2027, 3, 3), guest="Grace Hopper", reference="HM1")
            before = await house.stay("Grace Hopper")
            made = await bring_in(house, "hm1,Flat,2027-03-01,2027-03-03,Grace B. Hopper,+1 202 5550199,,480,USD,")
            (row,) = await seen(house, made)
            assert (row.row.verdict, set(row.changes), row.left) == (
                Verdict.CHANGED, {"phone_last4", "total", "contact"}, ("guest", "reference"),
            )  # fmt: skip
            after = await house.stay("Grace Hopper")
            assert (str(after.total), after.channel_id, after.reference) == ("480.00 USD", before.channel_id, "HM1")
            assert (await undo(house, made)).state is State.UNDONE
            assert await house.stay("Grace Hopper") == before

    asyncio.run(scene())


def test_a_closure_becomes_the_stay_that_it_was(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await house.sold(date(2027, 3, 1), date(2027, 3, 3), guest="", kind=StayKind.UNKNOWN)
            await bring_in(house, "HM1,Flat,2027-03-01,2027-03-03,Grace Hopper,,,,,")
            stay = await house.stay("Grace Hopper")
            assert (stay.kind, stay.reference) == (StayKind.RESERVATION, "HM1")

    asyncio.run(scene())


def test_a_stay_that_is_not_over_here_is_left_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await house.sold(date(2027, 3, 1), date(2027, 3, 8), guest="Grace Hopper", reference="HM1")
            before = await house.stays()
            made = await bring(house, "HM1,Flat,2027-02-01,2027-02-03,Grace Hopper,+1 202 5550199,,480,USD,")
            (row,) = await seen(house, made)
            assert (row.row.verdict, row.note) == (Verdict.KNOWN, "it is not over here, and stays as it is")
            assert await house.stays() == before

    asyncio.run(scene())


def test_a_file_may_say_anew_what_an_import_made_and_nobody_touched(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await bring_in(house, ADA, BOB)
            first = [replace(row, contact=None) for row in await house.stays()]
            anew = ADA.replace("2026-05-04", "2026-05-05").replace("300.00", "350.00")
            second = await bring_in(house, anew, BOB.replace("no show", "cancelled"))
            assert (await seen(house, second))[0].changes == ("total", "days")
            rows = {row.guest: row for row in await house.stays()}
            assert (rows["Ada Lovelace"].departure, str(rows["Ada Lovelace"].total)) == (date(2026, 5, 5), "350.00 EUR")
            assert rows["Bob Dylan"].status is StayStatus.CANCELLED
            await undo(house, second)
            assert [replace(row, contact=None) for row in await house.stays()] == first

    asyncio.run(scene())


def test_what_a_price_is_made_of_comes_along_and_is_filled_in_where_the_price_is_the_same(tmp_path: Path) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            await bring_in(house, ADA)
            itemised = f"{ADA},250,50"
            head = f"{HEAD},Rent,Cleaning fee"
            again = await bring_in(house, itemised, head=head)
            [ada] = await house.stays()
            assert [(line.kind.value, line.minor) for line in ada.price.lines] == [
                ("accommodation", 25_000),
                ("cleaning", 5_000),
            ]
            assert (await seen(house, again))[0].changes == ("price_lines",)
            await bring_in(house, ADA)
            [kept] = await house.stays()
            assert kept.price == ada.price, "a list that says nothing of it takes nothing away"

    simulate(scene())


def test_a_group_has_one_reference_and_a_stay_in_each_unit(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await house.hub.store.write(_loft)
            await bring_in(house, ADA, ADA.replace("Flat", "LOFT"))
            assert {(row.unit_id, row.reference) for row in await house.stays()} == {("flat", "R1"), ("loft", "R1")}

    asyncio.run(scene())


def _loft(tx: Tx) -> None:
    house.keep_unit(tx, replace(house.units(tx)[0], id=UnitId("loft"), name="Loft", locks=()))


# ---- what somebody says of a file ----------------------------------------------------------------------------------


def test_what_a_file_leaves_open_is_asked_once_for_all_rows(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            row = "R{},Villa Rosa,0{}/04/2026,0{}/04/2026,Di,,,$300,,Ancien voyageur"
            made = await bring(house, row.format(1, 3, 5), row.format(2, 6, 8))
            asked = await left_open(house, made)
            assert asked == Open((), dates=True, units=("Villa Rosa",), statuses=("Ancien voyageur",), currency=True)
            reading = importing.reading_of(made)

            def say(tx: Tx) -> None:
                importing.choose(
                    tx, house.hub.desk, made.id,
                    replace(
                        reading, dates=DateOrder.DAY_FIRST, units={"VILLA rosa": FLAT}, currency="usd",
                        statuses={"ancien voyageur": Came.STAYED},
                    ),
                )  # fmt: skip

            await house.hub.store.write(say)
            checked = await importing.drive(house.hub.store, house.hub.desk, made.id)
            assert await verdicts(house, checked) == ["new", "new"]
            assert not await left_open(house, checked)
            (first, _) = await seen(house, checked)
            assert first.read is not None
            assert (first.read.arrival, str(first.read.total)) == (date(2026, 4, 3), "300.00 USD")

    asyncio.run(scene())


def test_the_only_unit_of_a_house_is_meant_where_no_column_says_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            made = await bring(house, "2026-05-01,2026-05-04", head="Check-in,Check-out")
            assert await verdicts(house, made) == ["new"]
            none = await bring(house, "x,y", head="Colour,Size")
            assert (await left_open(house, none)).columns == (What.ARRIVAL, What.DEPARTURE)

    asyncio.run(scene())


def test_what_makes_no_sense_is_not_chosen(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            store, desk = house.hub.store, house.hub.desk
            made = await bring_in(house, ADA)
            reading = importing.reading_of(made)
            with pytest.raises(Rejected, match="imported already"):
                await store.write(lambda tx: importing.choose(tx, desk, made.id, reading))
            other = await bring(house, BOB)
            for wrong in (replace(reading, columns={What.UNIT: 99}), replace(reading, unit=UnitId("nowhere"))):
                with pytest.raises(Rejected, match="there is no such"):
                    await store.write(partial(importing.choose, desk=desk, id_=other.id, chosen=wrong))
            with pytest.raises(Rejected, match="nothing to undo"):
                await store.write(lambda tx: importing.undo(tx, desk, other.id, ROBIN))
            await store.write(lambda tx: importing.discard(tx, desk, other.id, ROBIN))
            with pytest.raises(Rejected, match="no such import"):
                await store.write(lambda tx: importing.begin(tx, desk, other.id, ROBIN))

    asyncio.run(scene())
