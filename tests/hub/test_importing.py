"""Past stays from files: what becomes of each row, and that an import is taken back as if it had never been."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, Text, func, select

from hub import bookings, guests, importing, running
from hub.config import Config
from hub.contracts import Host
from hub.errors import Rejected, Unavailable
from hub.importing import Open, Seen
from hub.io.sandbox import InlineSandbox
from hub.model.availability import OwnRules
from hub.model.facts import CalendarRead, Fact, StayReport
from hub.model.past_stays import Came, DateOrder, What
from hub.model.values import Address, PropertyId, StayKind, StayStatus, UnitId
from hub.model.workflow import Stage
from hub.running import World
from hub.store import house, imports, log, publishing, steps, tables
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.imports import Import, State, Verdict
from hub.store.stay_search import Wanted
from hub.store.stays import StayRow
from tests.simulators.building import Memory, MemoryDriver
from tests.simulators.home import DATABASE, FEED, FLAT, START, Calendar, Home, home, new_house, put_in, simulate

HEAD = "Reference,Unit,Arrival,Departure,Guest,Phone,Email,Total,Currency,Status"
ADA = "R1,Flat,2026-05-01,2026-05-04,Ada Lovelace,+49 170 1234567,ada@example.com,300.00,EUR,"
BOB = "R2,Flat,2026-06-01,2026-06-04,Bob Dylan,,,,,no show"
CY = "R3,Flat,2026-07-01,2026-07-04,Cy Twombly,,,,,Canceled by guest"
ROBIN = "account:Robin"


class Still:
    """A clock that stands until a test turns it."""

    def __init__(self) -> None:
        self.at = START
        self.trusted = True

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


@dataclass
class Quiet(Home):
    """A house in which nothing runs."""

    still: Still = field(default_factory=Still)

    async def sold(self, arrival: date, departure: date, **more: Any) -> None:
        """A channel tells of a booking while it is yet to come; five days go by."""
        kind = more.pop("kind", StayKind.RESERVATION)
        told = StayReport("one", kind, StayStatus.CONFIRMED, arrival, departure, **more)
        fact = CalendarRead(FEED, START, (told,))
        await self.hub.store.write(lambda tx: self.hub.intake.absorb(tx, fact, FEED))
        self.still.at = START + timedelta(days=5)


@asynccontextmanager
async def quiet(folder: Path) -> AsyncIterator[Quiet]:
    config = Config.model_validate({
        "database": DATABASE.get() or str(folder / "gatehouse.db"), "state_dir": folder / "state", "key_file": folder / "key",
    })  # fmt: skip
    new_house(config)
    still = Still()
    world = World(clock=still, sandbox=InlineSandbox(), inline=True)
    async with running.made(config, world, running=False) as hub:
        host = Host("memory", no_telling, still, folder, lambda data: data, lambda data: data, InlineSandbox())
        memories = [Memory(Address("front"))]
        await hub.store.write(lambda tx: put_in(tx, hub, memories, {}))
        yield Quiet(hub, MemoryDriver(memories, host), Calendar(host), still=still)


async def no_telling(fact: Fact) -> None:
    raise AssertionError("nobody tells anything here")


async def _bring(house: Home, *rows: str, head: str = HEAD) -> Import:
    data = "\n".join((head, *rows)).encode()
    desk, store = house.hub.desk, house.hub.store
    made = await store.write(lambda tx: importing.receive(tx, desk, "stays.csv", data, ROBIN))
    return await importing.drive(store, desk, made.id)


async def _import(house: Home, *rows: str, head: str = HEAD) -> Import:
    made = await _bring(house, *rows, head=head)
    with suppress(Rejected):  # nothing to do
        await house.hub.store.write(lambda tx: importing.begin(tx, house.hub.desk, made.id, ROBIN))
    return await importing.drive(house.hub.store, house.hub.desk, made.id)


async def _undo(house: Home, made: Import) -> Import:
    await house.hub.store.write(lambda tx: importing.undo(tx, house.hub.desk, made.id, ROBIN))
    return await importing.drive(house.hub.store, house.hub.desk, made.id)


async def _seen(house: Home, made: Import) -> list[Seen]:
    return await house.hub.store.read(lambda tx: importing.seen(tx, house.hub.desk, made, 0, 1000))


async def _verdicts(house: Home, made: Import) -> list[str]:
    found = [each.row.verdict for each in await _seen(house, made)]
    return ["" if verdict is None else verdict.value for verdict in found]


async def _why(house: Home, made: Import) -> str:
    (fault,) = (await _seen(house, made))[-1].faults
    return f"{fault.why}: {fault.cure}"


async def _open(house: Home, made: Import) -> Open:
    return await house.hub.store.read(lambda tx: importing.left_open(tx, house.hub.desk, made))


# ---- what becomes of a row -----------------------------------------------------------------------------------------


def test_past_stays_become_history_and_nothing_else(tmp_path: Path, either_database: str) -> None:
    async def scene() -> None:
        async with home(tmp_path) as house:
            await house.later(minutes=1)
            before = await house.hub.store.read(_promises)
            done = await _import(house, ADA, BOB, CY)
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
            await _import(house, ADA, BOB, CY, ADA)
            before = await house.stays()
            again = await _bring(house, ADA, BOB, CY, ADA)
            assert await _verdicts(house, again) == ["known"] * 4
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
            made = await _bring(house, ADA, row)
            if why:
                assert why in await _why(house, made)
            else:
                assert await _verdicts(house, made) == ["new", "new"]
            assert await house.stays() == [], "nothing is written yet"

    asyncio.run(scene())


def test_a_stay_is_not_past_while_its_buffer_would_close_tonight(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            rules = OwnRules(buffer=timedelta(hours=24))
            desk, place = house.hub.desk, PropertyId("house")
            await house.hub.store.write(lambda tx: bookings.set_rules(tx, desk, place, None, rules, ROBIN))
            made = await _bring(house, "R9,Flat,2027-02-26,2027-02-28,Di,,,,,")
            assert "kept free until 11:00: bring the file again on 2027-03-02 or later" in await _why(house, made)

    asyncio.run(scene())


def test_what_somebody_else_has_here_is_not_taken_from_them(tmp_path: Path, either_database: str) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await house.sold(date(2027, 3, 1), date(2027, 3, 3), guest="Grace Hopper")
            before = await house.stays()
            made = await _import(house, "R9,Flat,2027-03-02,2027-03-04,Di,,,,,", ADA)
            refused, fresh = await _seen(house, made)
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
            made = await _import(house, "hm1,Flat,2027-03-01,2027-03-03,Grace B. Hopper,+1 202 5550199,,480,USD,")
            (row,) = await _seen(house, made)
            assert (row.row.verdict, set(row.changes), row.left) == (
                Verdict.CHANGED, {"phone_last4", "total", "contact"}, ("guest", "reference"),
            )  # fmt: skip
            after = await house.stay("Grace Hopper")
            assert (str(after.total), after.channel_id, after.reference) == ("480.00 USD", before.channel_id, "HM1")
            assert (await _undo(house, made)).state is State.UNDONE
            assert await house.stay("Grace Hopper") == before

    asyncio.run(scene())


def test_a_closure_becomes_the_stay_that_it_was(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await house.sold(date(2027, 3, 1), date(2027, 3, 3), guest="", kind=StayKind.UNKNOWN)
            await _import(house, "HM1,Flat,2027-03-01,2027-03-03,Grace Hopper,,,,,")
            stay = await house.stay("Grace Hopper")
            assert (stay.kind, stay.reference) == (StayKind.RESERVATION, "HM1")

    asyncio.run(scene())


def test_a_stay_that_is_not_over_here_is_left_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await house.sold(date(2027, 3, 1), date(2027, 3, 8), guest="Grace Hopper", reference="HM1")
            before = await house.stays()
            made = await _bring(house, "HM1,Flat,2027-02-01,2027-02-03,Grace Hopper,+1 202 5550199,,480,USD,")
            (row,) = await _seen(house, made)
            assert (row.row.verdict, row.note) == (Verdict.KNOWN, "it is not over here, and stays as it is")
            assert await house.stays() == before

    asyncio.run(scene())


def test_a_file_may_say_anew_what_an_import_made_and_nobody_touched(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await _import(house, ADA, BOB)
            first = [replace(row, contact=None) for row in await house.stays()]
            anew = ADA.replace("2026-05-04", "2026-05-05").replace("300.00", "350.00")
            second = await _import(house, anew, BOB.replace("no show", "cancelled"))
            assert (await _seen(house, second))[0].changes == ("total", "days")
            rows = {row.guest: row for row in await house.stays()}
            assert (rows["Ada Lovelace"].departure, str(rows["Ada Lovelace"].total)) == (date(2026, 5, 5), "350.00 EUR")
            assert rows["Bob Dylan"].status is StayStatus.CANCELLED
            await _undo(house, second)
            assert [replace(row, contact=None) for row in await house.stays()] == first

    asyncio.run(scene())


def test_a_group_has_one_reference_and_a_stay_in_each_unit(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await house.hub.store.write(_loft)
            await _import(house, ADA, ADA.replace("Flat", "LOFT"))
            assert {(row.unit_id, row.reference) for row in await house.stays()} == {("flat", "R1"), ("loft", "R1")}

    asyncio.run(scene())


def _loft(tx: Tx) -> None:
    house.keep_unit(tx, replace(house.units(tx)[0], id=UnitId("loft"), name="Loft", locks=()))


# ---- what somebody says of a file ----------------------------------------------------------------------------------


def test_what_a_file_leaves_open_is_asked_once_for_all_rows(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            row = "R{},Villa Rosa,0{}/04/2026,0{}/04/2026,Di,,,$300,,Ancien voyageur"
            made = await _bring(house, row.format(1, 3, 5), row.format(2, 6, 8))
            asked = await _open(house, made)
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
            assert await _verdicts(house, checked) == ["new", "new"]
            assert not await _open(house, checked)
            (first, _) = await _seen(house, checked)
            assert first.read is not None
            assert (first.read.arrival, str(first.read.total)) == (date(2026, 4, 3), "300.00 USD")

    asyncio.run(scene())


def test_the_only_unit_of_a_house_is_meant_where_no_column_says_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            made = await _bring(house, "2026-05-01,2026-05-04", head="Check-in,Check-out")
            assert await _verdicts(house, made) == ["new"]
            none = await _bring(house, "x,y", head="Colour,Size")
            assert (await _open(house, none)).columns == (What.ARRIVAL, What.DEPARTURE)

    asyncio.run(scene())


def test_what_makes_no_sense_is_not_chosen(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            store, desk = house.hub.store, house.hub.desk
            made = await _import(house, ADA)
            reading = importing.reading_of(made)
            with pytest.raises(Rejected, match="imported already"):
                await store.write(lambda tx: importing.choose(tx, desk, made.id, reading))
            other = await _bring(house, BOB)
            for wrong in (replace(reading, columns={What.UNIT: 99}), replace(reading, unit=UnitId("nowhere"))):
                with pytest.raises(Rejected, match="there is no such"):
                    await store.write(partial(importing.choose, desk=desk, id_=other.id, chosen=wrong))
            with pytest.raises(Rejected, match="nothing to undo"):
                await store.write(lambda tx: importing.undo(tx, desk, other.id, ROBIN))
            await store.write(lambda tx: importing.discard(tx, desk, other.id, ROBIN))
            with pytest.raises(Rejected, match="no such import"):
                await store.write(lambda tx: importing.begin(tx, desk, other.id, ROBIN))

    asyncio.run(scene())


# ---- undoing -------------------------------------------------------------------------------------------------------


def test_undoing_takes_back_what_it_made_and_nothing_that_changed_since(tmp_path: Path, either_database: str) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            made = await _import(house, ADA, BOB, CY)
            bob, cy = await house.stay("Bob Dylan"), await house.stay("Cy Twombly")

            def touch(tx: Tx) -> None:
                ledger.keep(tx, replace(bob, note="left an umbrella"))
                steps.take(tx, cy.id, Stage.CANCELLED, Stage.REFUNDED, by=ROBIN, why="", at=house.hub.clock.now())

            await house.hub.store.write(touch)
            done = await _undo(house, made)
            assert done.state is State.UNDONE
            assert await house.hub.store.read(lambda tx: imports.undone(tx, made.id)) == {"undone": 1, "kept": 2}
            assert [row.guest for row in await house.stays()] == ["Bob Dylan", "Cy Twombly"]
            deeds = await house.hub.store.read(lambda tx: log.deeds(tx, f"import:{made.id}"))
            assert deeds[0].detail == "1 taken back, 2 changed since and kept"

    asyncio.run(scene())


@pytest.mark.usefixtures("either_database")
def test_an_import_and_its_undoing_go_on_after_a_restart(tmp_path: Path) -> None:
    rows = [f"N{day},Flat,2026-01-{day:02},2026-01-{day + 1:02},Guest {day},,,,," for day in range(1, 31)]
    rows += [f"M{day},Flat,2025-01-{day:02},2025-01-{day + 1:02},Guest {day},,,,," for day in range(1, 31)]

    async def half(act: str) -> str:
        """One part of it, and then the hub is gone."""
        async with home(tmp_path, furnish=act == "begin") as house:
            store, desk = house.hub.store, house.hub.desk
            if act == "begin":
                made = await _bring(house, *rows)
                # No task of the hub gets a turn between the two.
                await store.write(
                    lambda tx: (importing.begin(tx, desk, made.id, ROBIN), importing.advance(tx, desk, made.id))
                )
                assert len(await _all(house)) == importing.PART
                return made.id
            (made,) = await store.read(imports.all_of_them)
            await house.later(seconds=30)
            assert len(await _all(house)) == len(rows)
            await store.write(
                lambda tx: (importing.undo(tx, desk, made.id, ROBIN), importing.advance(tx, desk, made.id))
            )
            assert len(await _all(house)) == len(rows) - importing.PART
            return made.id

    async def rest() -> None:
        async with home(tmp_path, furnish=False) as house:
            await house.later(seconds=30)
            assert await _all(house) == []

    simulate(half("begin"))
    simulate(half("go on"))
    simulate(rest())


async def _all(house: Home) -> list[StayRow]:
    return await house.hub.store.read(lambda tx: ledger.search(tx, Wanted(limit=1000)))


def test_whoever_waits_for_an_import_is_told_that_the_hub_has_stopped(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            made = await _bring(house, ADA)
            store = house.hub.store
        with pytest.raises(Unavailable, match="goes on with the list"):
            await importing.drive(store, house.hub.desk, made.id)

    asyncio.run(scene())


async def _tidy(house: Quiet, *, days: int) -> None:
    now = START + timedelta(days=days)
    await house.hub.store.write(lambda tx: imports.tidy(tx, now - importing.KEPT, now - importing.UNTOUCHED))


@pytest.mark.usefixtures("either_database")
def test_lists_that_nobody_needs_any_more_are_forgotten_and_the_stays_remain(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            await _import(house, ADA)
            await _bring(house, BOB)
            await _tidy(house, days=3)
            assert [each.state for each in await house.hub.store.read(imports.all_of_them)] == [State.DONE]
            await _tidy(house, days=31)
            assert await house.hub.store.read(imports.all_of_them) == []
            assert [row.guest for row in await house.stays()] == ["Ada Lovelace"]

    asyncio.run(scene())


# ---- people --------------------------------------------------------------------------------------------------------


def _everything(tx: Tx, house: Home) -> Iterator[str]:
    """All that anybody could find of lists with the house's own keys."""
    for row in tx.sql.execute(select(tables.stay_import_rows)).mappings():
        for name in ("cells", "told", "made"):
            if row[name] is not None:
                yield house.hub.vault.open(row[name], about=f"import:{row['import_id']}:{row['number']}").decode()
    for table in (tables.stay_imports, tables.stay_import_rows, tables.stays, tables.stay_steps, tables.audit):
        for column in table.columns:
            if isinstance(column.type, Text | LargeBinary):
                yield from (f"{column}: {value!r}" for value in tx.sql.scalars(select(column)))


@pytest.mark.usefixtures("either_database")
def test_a_guest_is_told_and_taken_out_with_the_lists_and_does_not_come_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            store, desk = house.hub.store, house.hub.desk
            refused = ADA.replace("R1", "R7").replace("2026-05-01", "2026-05-02")
            made = await _import(house, ADA, refused)
            stay = await house.stay()
            for box in await store.read(lambda tx: [each for each in _sealed(tx) if b"Ada" in each]):
                raise AssertionError(box)
            told = await store.write(lambda tx: guests.export(tx, desk, stay.id, ROBIN))
            assert told["imported"][0]["file"] == "stays.csv"
            assert "Ada" in "\n".join(await store.read(lambda tx: list(_everything(tx, house))))
            await store.write(lambda tx: guests.erase(tx, desk, stay.id, stay.id, ROBIN))
            after = "\n".join(await store.read(lambda tx: list(_everything(tx, house))))
            for word in ("Ada", "1234567", "ada@example.com", "R1", "R7"):
                assert word not in after, word
            again = await _bring(house, ADA.replace("R1", ""))
            assert (await _seen(house, again))[0].note == "its guest was erased here: nothing of them is taken in again"
            await _undo(house, made)
            assert await store.read(lambda tx: imports.undone(tx, made.id)) == {"kept": 1}
            assert [row.guest for row in await house.stays()] == [""], "the dates remain, of nobody"

    asyncio.run(scene())


def _sealed(tx: Tx) -> list[bytes]:
    rows = tx.sql.execute(
        select(tables.stay_import_rows.c.cells, tables.stay_import_rows.c.told, tables.stay_import_rows.c.made)
    )
    return [box for row in rows for box in row if box is not None]


# ---- any file ------------------------------------------------------------------------------------------------------

_DAY = st.sampled_from(["2026-05-01", "2026-05-02", "2026-05-03", "2026-05-05", "2027-03-01", "03/04/2026", ""])
_ROW = st.tuples(
    st.sampled_from(["", "R1", "r1", "R2"]), st.sampled_from(["Flat", "Villa", ""]), _DAY, _DAY,
    st.sampled_from(["", "Ada", "Bo"]),
    st.sampled_from(["", "+49 170 1234567"]), st.sampled_from(["", "a@example.com"]), st.sampled_from(["", "5", "x"]),
    st.sampled_from(["", "EUR"]), st.sampled_from(["", "cancelled", "no show", "inquiry"]),
).map(",".join)  # fmt: skip
_FILES = st.lists(st.lists(_ROW, min_size=1, max_size=5), min_size=1, max_size=3)


async def _all_as_they_are(house: Quiet) -> list[StayRow]:
    """What is sealed looks another way each time."""
    return [replace(row, contact=None) for row in await _all(house)]


@settings(max_examples=25)
@given(_FILES)
def test_any_file_twice_is_as_once_and_undone_is_as_never(files: list[list[str]]) -> None:
    async def scene(folder: Path) -> None:
        async with quiet(folder) as house:
            states = [await _all_as_they_are(house)]
            done = []
            for rows in files:
                done.append(await _import(house, *rows))
                states.append(await _all_as_they_are(house))
                again = await _import(house, *rows)
                assert again.state is not State.DONE, "there is nothing to import"
                assert await _all_as_they_are(house) == states[-1]
            for made in reversed(done):
                states.pop()
                if made.state is State.DONE:
                    await _undo(house, made)
                assert await _all_as_they_are(house) == states[-1]

    with TemporaryDirectory() as folder:
        asyncio.run(scene(Path(folder)))


@pytest.mark.usefixtures("either_database")
def test_a_guest_of_a_refused_row_is_found_by_letters_that_json_would_spell(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            name = 'José "Pepe" Müller'
            spelled = name.replace('"', '""')
            await _import(
                house,
                f'R1,Flat,2026-05-01,2026-05-04,"{spelled}",,,,,',
                f'R2,Flat,2026-05-02,2026-05-04,"{spelled}",,,,,',
            )
            stay = await house.stay(name)
            await house.hub.store.write(lambda tx: guests.erase(tx, house.hub.desk, stay.id, stay.id, ROBIN))
            after = await house.hub.store.read(lambda tx: list(_everything(tx, house)))
            assert not [each for each in after if json.dumps(name)[1:5] in each or "Müller" in each]

    asyncio.run(scene())
