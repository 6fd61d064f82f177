import shutil
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from hub.errors import Misconfigured, Unavailable
from hub.model.codes import Reading
from hub.model.hours import UNTOLD
from hub.store import codes, doors
from hub.store.engine import Store
from hub.store.migrate import MIGRATIONS, migrate, newest
from hub.store.sqlite import APPLICATION_ID, Damaged, core
from hub.store.tables import metadata
from tests.hub.store.schema import schema
from tests.simulators.vloop import run

SAVED = sorted(Path(__file__).with_name("saved").glob("*.sql"))


def no_backup(file: Path) -> None:
    raise AssertionError("nothing was there to back up")


def look(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)


def as_the_code_has_it() -> dict[str, object]:
    raw = sqlite3.connect(":memory:", isolation_level=None)
    with core(raw) as sql:
        metadata.create_all(sql)
        return schema(raw)


# ---- the real migrations --------------------------------------------------------------------------------------------


def test_migrating_from_nothing_gives_what_the_code_expects(file: Path) -> None:
    assert migrate(file, back_up=no_backup)
    raw = look(file)
    assert schema(raw) == as_the_code_has_it()
    raw.close()


@pytest.mark.parametrize("saved", SAVED, ids=lambda path: path.stem)
def test_a_saved_old_database_becomes_what_the_code_expects(file: Path, saved: Path) -> None:
    raw = sqlite3.connect(file, isolation_level=None)
    raw.executescript(saved.read_text())
    raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
    before = {name: count(raw, name) for name in tables(raw)}
    raw.close()
    Store.open(str(file), inline=True, prepare=partial(migrate, back_up=lambda path: None)).close()
    raw = look(file)
    assert schema(raw) == as_the_code_has_it()
    assert {name: count(raw, name) for name in before} == before
    assert set(before.values()) == {1}
    raw.close()


def test_an_old_house_goes_on_with_its_locks_and_codes(file: Path) -> None:
    """0002: no lock was told hours yet, nobody has chosen anything about encryption, and the code is where it was."""
    raw = sqlite3.connect(file, isolation_level=None)
    raw.executescript(Path(__file__).with_name("saved").joinpath("0001.sql").read_text())
    raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
    raw.execute("UPDATE slots SET reading = 'occupied', proof = 'read_back', claim = NULL")
    raw.execute("UPDATE lock_state SET secure = '', position = 'locked', position_how = 'keypad'")
    raw.close()
    with Store.open(str(file), inline=True, prepare=partial(migrate, back_up=lambda path: None)) as store:
        (door,) = run(store.read(doors.doors))
        (slot,) = run(store.read(lambda tx: codes.slots_of(tx, door.id)))
    assert (slot.reading, slot.holder, slot.hours) == (Reading.OCCUPIED, "x", UNTOLD)
    assert door.abilities is not None
    assert (door.abilities.secure, door.abilities.schedules) == ("", False)


def tables(raw: sqlite3.Connection) -> list[str]:
    return [name for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]


def count(raw: sqlite3.Connection, table: str) -> int:
    return int(raw.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608


def test_every_release_of_the_tables_is_saved() -> None:
    assert [path.stem for path in SAVED] == [file.name[:4] for file in sorted(MIGRATIONS.glob("versions/0*.py"))]


def test_every_table_is_strict(file: Path) -> None:
    migrate(file, back_up=no_backup)
    raw = look(file)
    lax = raw.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict").fetchall()
    raw.close()
    assert [name for (name,) in lax if not name.startswith("sqlite_")] == []


def test_the_newest_file_is_the_head_of_one_chain() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [newest()]


def test_a_store_opens_on_a_migrated_database(file: Path) -> None:
    with Store.open(str(file), inline=True, prepare=partial(migrate, back_up=no_backup)) as store:
        assert run(store.read(lambda tx: tx.sql.exec_driver_sql("SELECT count(*) FROM stays").scalar())) == 0


# ---- the mechanism, on small migrations -----------------------------------------------------------------------------

FIRST = ["CREATE TABLE locks (id TEXT PRIMARY KEY) STRICT", "INSERT INTO locks VALUES ('front')"]
SECOND = ["CREATE TABLE slots (lock TEXT REFERENCES locks (id)) STRICT", "INSERT INTO slots VALUES ('front')"]


@pytest.fixture
def chain(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder of migrations, one of each list of statements."""

    def make(*migrations: list[str]) -> Path:
        folder = tmp_path / f"100% migrations {len(migrations)}"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "versions").mkdir(parents=True)
        shutil.copy(MIGRATIONS / "env.py", folder)
        for number, statements in enumerate(migrations, start=1):
            before = f"{number - 1:04}" if number > 1 else None
            text = f"from alembic import op\nrevision = '{number:04}'\ndown_revision = {before!r}\n"
            text += f"def upgrade():\n    for statement in {statements!r}:\n        op.execute(statement)\n"
            (folder / "versions" / f"{number:04}_step.py").write_text(text)
        return folder

    return make


def contents(file: Path) -> list[str]:
    raw = look(file)
    lines = list(raw.iterdump())
    raw.close()
    return lines


def test_the_database_is_backed_up_as_it_was_before(file: Path, chain: Callable[..., Path]) -> None:
    migrate(file, back_up=no_backup, migrations=chain(FIRST))
    before = contents(file)
    backups: list[list[str]] = []
    assert migrate(file, back_up=lambda path: backups.append(contents(path)), migrations=chain(FIRST, SECOND))
    assert backups == [before]
    assert "INSERT INTO \"slots\" VALUES('front');" in contents(file)


def test_an_up_to_date_database_is_left_alone(file: Path, chain: Callable[..., Path]) -> None:
    migrate(file, back_up=no_backup, migrations=chain(FIRST))
    assert not migrate(file, back_up=no_backup, migrations=chain(FIRST))


def test_without_a_backup_nothing_is_migrated(file: Path, chain: Callable[..., Path]) -> None:
    migrate(file, back_up=no_backup, migrations=chain(FIRST))
    before = contents(file)

    def fail(path: Path) -> None:
        raise Unavailable("the stick is full")

    with pytest.raises(Unavailable):
        migrate(file, back_up=fail, migrations=chain(FIRST, SECOND))
    assert contents(file) == before


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (["CREATE TABLE half (id TEXT) STRICT", "INSERT INTO nowhere VALUES (1)"], Exception),
        (["DELETE FROM locks"], Damaged),
    ],
)
def test_a_migration_that_fails_changes_nothing_at_all(
    file: Path, chain: Callable[..., Path], broken: list[str], error: type[Exception]
) -> None:
    migrate(file, back_up=no_backup, migrations=chain(FIRST, SECOND))
    before = contents(file)
    third = ["CREATE TABLE third (id TEXT) STRICT"]
    with pytest.raises(error):
        migrate(file, back_up=lambda path: None, migrations=chain(FIRST, SECOND, third, broken))
    assert contents(file) == before


def test_a_database_of_a_newer_version_is_refused(file: Path, chain: Callable[..., Path]) -> None:
    migrate(file, back_up=no_backup, migrations=chain(FIRST, SECOND))
    with pytest.raises(Misconfigured, match="newer Gatehouse"):
        migrate(file, back_up=no_backup, migrations=chain(FIRST))


def test_tables_of_no_known_version_are_refused(file: Path, chain: Callable[..., Path]) -> None:
    raw = sqlite3.connect(file)
    raw.execute("CREATE TABLE locks (id TEXT)")
    raw.close()
    with pytest.raises(Damaged, match="does not say which version"):
        migrate(file, back_up=no_backup, migrations=chain(FIRST))
