"""Imports that are taken back, interrupted, forgotten, and whose guests are erased: as if they had never been."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, Text, select, update
from structlog.testing import capture_logs

from hub import forgetting, guests, importing
from hub.errors import Unavailable
from hub.io.vault import Vault
from hub.model.workflow import Stage
from hub.store import imports, log, steps, tables
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.imports import State, Verdict
from hub.store.stays import StayRow
from tests.hub.past_lists import (
    ADA,
    BOB,
    CY,
    ROBIN,
    Quiet,
    all_stays,
    bring,
    bring_in,
    quiet,
    seen,
    undo,
    verdicts,
)
from tests.simulators.home import START, Home, home, simulate

# ---- undoing -------------------------------------------------------------------------------------------------------


def test_undoing_takes_back_what_it_made_and_nothing_that_changed_since(tmp_path: Path, either_database: str) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            made = await bring_in(house, ADA, BOB, CY)
            bob, cy = await house.stay("Bob Dylan"), await house.stay("Cy Twombly")

            def touch(tx: Tx) -> None:
                ledger.keep(tx, replace(bob, note="left an umbrella"))
                steps.take(tx, cy.id, Stage.CANCELLED, Stage.REFUNDED, by=ROBIN, why="", at=house.hub.clock.now())

            await house.hub.store.write(touch)
            done = await undo(house, made)
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
                made = await bring(house, *rows)
                # No task of the hub gets a turn between the two.
                await store.write(
                    lambda tx: (importing.begin(tx, desk, made.id, ROBIN), importing.advance(tx, desk, made.id))
                )
                assert len(await all_stays(house)) == importing.PART
                return made.id
            (made,) = await store.read(imports.all_of_them)
            await house.later(seconds=30)
            assert len(await all_stays(house)) == len(rows)
            await store.write(
                lambda tx: (importing.undo(tx, desk, made.id, ROBIN), importing.advance(tx, desk, made.id))
            )
            assert len(await all_stays(house)) == len(rows) - importing.PART
            return made.id

    async def rest() -> None:
        async with home(tmp_path, furnish=False) as house:
            await house.later(seconds=30)
            assert await all_stays(house) == []

    simulate(half("begin"))
    simulate(half("go on"))
    simulate(rest())


def _with_a_lost_key(row: imports.Row) -> bytes:
    return Vault([bytes(32)]).seal(b"[]", about=row.about)


@pytest.mark.usefixtures("either_database")
def test_rows_that_cannot_be_opened_are_told_and_hold_up_nobody(tmp_path: Path) -> None:
    """Damaged, or sealed with a key that is lost: the other rows are imported, and so are the lists behind."""

    async def scene() -> None:
        async with home(tmp_path) as house:
            store, desk = house.hub.store, house.hub.desk
            first, second = await bring(house, ADA, BOB, CY), await bring(house, ADA.replace("2026-05", "2026-09"))

            def damage(tx: Tx) -> None:
                ada, bob, _ = imports.rows_after(tx, first.id, 0, 3)
                imports.keep_row(tx, replace(ada, cells=b"damaged"))
                imports.keep_row(tx, replace(bob, cells=_with_a_lost_key(bob)))

            await store.write(damage)
            for brought in (first, second):
                await store.write(lambda tx, id_=brought.id: importing.begin(tx, desk, id_, ROBIN))  # type: ignore[misc]
            await house.later(seconds=5)
            assert {each.state for each in await store.read(imports.all_of_them)} == {State.DONE}
            assert [row.guest for row in await house.stays()] == ["Cy Twombly", "Ada Lovelace"]
            ada, bob, cy = await seen(house, first)
            assert (cy.row.verdict, cy.faults) == (Verdict.NEW, ())
            for each in (ada, bob):
                assert each.row.verdict is Verdict.REFUSED
                assert each.row.cells is not None, "kept, in case the key is found"
                assert [(fault.why, fault.cure) for fault in each.faults] == [
                    ("what was kept of the row was damaged, or its key is lost", "bring the file again")
                ]

    with capture_logs() as said:
        simulate(scene())
    assert [each for each in said if "import" in each["event"]] == []


@pytest.mark.usefixtures("either_database")
def test_a_list_of_which_nothing_opens_any_more_is_still_looked_at_and_read_anew(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            store, desk = house.hub.store, house.hub.desk
            made = await bring(house, ADA)

            def damage(tx: Tx) -> None:
                (ada,) = imports.rows_after(tx, made.id, 0, 1)
                imports.keep_row(tx, replace(ada, cells=b"damaged", told=_with_a_lost_key(ada)))

            await store.write(damage)
            (ada,) = await seen(house, made)
            assert (ada.cells, ada.read, ada.note) == ([], None, "what became of it cannot be read any more")
            anew = replace(importing.reading_of(made), dates=None)
            await store.write(lambda tx: importing.choose(tx, desk, made.id, anew))
            again = await importing.drive(store, desk, made.id)
            assert (again.state, await verdicts(house, again)) == (State.CHECKED, ["refused"])

    asyncio.run(scene())


@pytest.mark.usefixtures("either_database")
def test_what_cannot_be_compared_any_more_is_kept_as_it_is(tmp_path: Path) -> None:
    """What an import made of one stay, and how the guest of another one is reached, are lost."""
    at_home = BOB.replace("Dylan,,", "Dylan,,bob@example.com")

    async def scene() -> None:
        async with quiet(tmp_path) as house:
            store = house.hub.store
            made = await bring_in(house, ADA, at_home, CY)
            bob = await house.stay("Bob Dylan")

            def damage(tx: Tx) -> None:
                ada = imports.rows_after(tx, made.id, 0, 1)[0]
                imports.keep_row(tx, replace(ada, made=b"damaged"))
                tx.sql.execute(update(tables.stays).where(tables.stays.c.id == bob.id).values(contact=b"damaged"))

            await store.write(damage)
            again = await bring(house, ADA.replace("300.00", "350.00"), at_home.replace("bob@", "robert@"))
            one, other = await seen(house, again)
            assert (one.row.verdict, one.left) == (Verdict.KNOWN, ("total",)), "as of a stay that somebody changed"
            assert other.row.verdict is Verdict.REFUSED
            assert other.faults[0].cure == "restore a backup, or its key file, and bring the file again"
            done = await undo(house, made)
            assert done.state is State.UNDONE
            assert await store.read(lambda tx: imports.undone(tx, made.id)) == {"undone": 1, "kept": 2}
            assert (await seen(house, made))[0].note.endswith("change the stay by hand")
            assert {row.guest for row in await house.stays()} == {"Ada Lovelace", "Bob Dylan"}

    asyncio.run(scene())


def test_an_import_that_meets_a_full_disk_goes_on_by_itself_once_there_is_room(tmp_path: Path) -> None:
    rows = [f"N{day},Flat,2026-01-{day:02},2026-01-{day + 1:02},Guest {day},,,,," for day in range(1, 31)]
    rows += [f"M{day},Flat,2025-01-{day:02},2025-01-{day + 1:02},Guest {day},,,,," for day in range(1, 31)]

    def allow(tx: Tx, pages: int) -> None:
        tx.sql.exec_driver_sql(f"PRAGMA max_page_count={pages}").close()

    async def scene() -> None:
        async with home(tmp_path) as house:
            store = house.hub.store
            made = await bring(house, *rows)
            await store.write(lambda tx: importing.begin(tx, house.hub.desk, made.id, ROBIN))
            await store.write(lambda tx: allow(tx, 1))  # as many as there are
            await house.later(minutes=2)
            assert len(await all_stays(house)) < len(rows), "there is no room"
            await store.write(lambda tx: allow(tx, 1_000_000))
            await house.later(seconds=importing.STORE_WAIT_S + 1)
            assert len(await all_stays(house)) == len(rows), "nobody had to nudge it"

    with capture_logs() as said:
        simulate(scene())
    told = [(each["log_level"], each["event"]) for each in said if each["event"].startswith("an import")]
    assert told[0] == ("warning", "an import could not go on, it is tried again"), "once"
    assert [level for level, _ in told].count("warning") == 1
    assert told[-1] == ("info", "an import goes on")


def test_whoever_waits_for_an_import_is_told_that_the_hub_has_stopped(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            made = await bring(house, ADA)
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
            await bring_in(house, ADA)
            await bring(house, BOB)
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


def test_of_stays_older_than_names_are_kept_the_preview_says_so_and_a_guest_who_was_forgotten_does_not_come_back(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            store, desk = house.hub.store, house.hub.desk
            old = ADA.replace("2026-05", "2024-05").replace("R1", "R0")
            made = await bring(house, ADA, old)
            until = "it was over 730 days ago: who the guest was is kept until tonight only"
            assert [each.note for each in await seen(house, made)] == ["", until]
            await bring_in(house, old)
            assert not await store.write(lambda tx: forgetting.forget_guests(tx, desk))
            again = await bring(house, old.replace(",300.00", ",310.00"))
            (row,) = await seen(house, again)
            assert (row.row.verdict, row.note) == (
                Verdict.KNOWN,
                "it was over 730 days ago: nothing of its guest is taken in again",
            )

    asyncio.run(scene())


@pytest.mark.usefixtures("either_database")
def test_a_guest_is_told_and_taken_out_with_the_lists_and_does_not_come_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            store, desk = house.hub.store, house.hub.desk
            booked, refused = (
                ADA.replace("R1", "ref-one"),
                ADA.replace("R1", "ref-two").replace("2026-05-01", "2026-05-02"),
            )
            made = await bring_in(house, booked, refused)
            stay = await house.stay()
            for box in await store.read(lambda tx: [each for each in _sealed(tx) if b"Ada" in each]):
                raise AssertionError(box)
            told = await store.write(lambda tx: guests.export(tx, desk, stay.id, ROBIN))
            assert told["imported"][0]["file"] == "stays.csv"
            assert "Ada" in "\n".join(await store.read(lambda tx: list(_everything(tx, house))))
            await store.write(lambda tx: guests.erase(tx, desk, stay.id, stay.id, ROBIN))
            after = "\n".join(await store.read(lambda tx: list(_everything(tx, house))))
            for word in ("Ada", "1234567", "ada@example.com", "ref-one", "ref-two"):
                assert word not in after, word
            again = await bring(house, ADA.replace("R1", ""))
            assert (await seen(house, again))[0].note == "its guest was erased here: nothing of them is taken in again"
            await undo(house, made)
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
    return [replace(row, contact=None) for row in await all_stays(house)]


@settings(max_examples=25)
@given(_FILES)
def test_any_file_twice_is_as_once_and_undone_is_as_never(files: list[list[str]]) -> None:
    async def scene(folder: Path) -> None:
        async with quiet(folder) as house:
            states = [await _all_as_they_are(house)]
            done = []
            for rows in files:
                done.append(await bring_in(house, *rows))
                states.append(await _all_as_they_are(house))
                again = await bring_in(house, *rows)
                assert again.state is not State.DONE, "there is nothing to import"
                assert await _all_as_they_are(house) == states[-1]
            for made in reversed(done):
                states.pop()
                if made.state is State.DONE:
                    await undo(house, made)
                assert await _all_as_they_are(house) == states[-1]

    with TemporaryDirectory() as folder:
        asyncio.run(scene(Path(folder)))


@pytest.mark.usefixtures("either_database")
def test_a_guest_of_a_refused_row_is_found_by_letters_that_json_would_spell(tmp_path: Path) -> None:
    async def scene() -> None:
        async with quiet(tmp_path) as house:
            name = 'José "Pepe" Müller'
            spelled = name.replace('"', '""')
            await bring_in(
                house,
                f'R1,Flat,2026-05-01,2026-05-04,"{spelled}",,,,,',
                f'R2,Flat,2026-05-02,2026-05-04,"{spelled}",,,,,',
            )
            stay = await house.stay(name)
            await house.hub.store.write(lambda tx: guests.erase(tx, house.hub.desk, stay.id, stay.id, ROBIN))
            after = await house.hub.store.read(lambda tx: list(_everything(tx, house)))
            assert not [each for each in after if json.dumps(name)[1:5] in each or "Müller" in each]

    asyncio.run(scene())
