import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.errors import Misconfigured
from hub.store.engine import Store, Tx
from hub.store.sqlite import Damaged, InUse, database_file
from tests.hub.store.tiny import add, make_tables, words
from tests.simulators.vloop import run


def filled(file: Path, rows: int = 500) -> None:
    def fill(tx: Tx) -> None:
        make_tables(tx)
        for n in range(rows):
            add(f"{n}:{'x' * 100}")(tx)

    with opened(file) as store:
        run(store.write(fill))


def opened(file: Path) -> Store:
    return Store.open(str(file), inline=True)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/var/lib/gatehouse/hub.db", "/var/lib/gatehouse/hub.db"),
        ("hub.db", "hub.db"),
        ("sqlite:////var/lib/hub.db", "/var/lib/hub.db"),
        ("sqlite:///hub.db", "hub.db"),
        ("sqlite+pysqlite:////var/lib/hub.db", "/var/lib/hub.db"),
    ],
)
def test_the_database_setting_names_a_file(url: str, path: str) -> None:
    assert database_file(url) == Path(path)


@pytest.mark.parametrize("url", ["mysql://hub@localhost/hub", "sqlite://", "sqlite:///:memory:", "nonsense://"])
def test_any_other_database_is_refused_with_the_settings_name(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"^database: "):
        Store.open(url)


def settings(*names: str) -> Callable[[Tx], dict[str, object]]:
    return lambda tx: {name: tx.sql.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}


async def test_a_new_database_has_the_settings_that_keep_it_safe(file: Path) -> None:
    with Store.open(str(file)) as store:
        writing = await store.write(
            settings("journal_mode", "synchronous", "foreign_keys", "secure_delete", "mmap_size", "auto_vacuum")
        )
        reading = await store.read(settings("query_only", "foreign_keys", "application_id"))
    assert writing == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "mmap_size": 0,
        "auto_vacuum": 2,
    }
    assert reading == {"query_only": 1, "foreign_keys": 1, "application_id": 0x47415445}


def test_nobody_else_may_read_a_new_database(file: Path) -> None:
    filled(file, 3)
    assert file.stat().st_mode & 0o077 == 0


def test_what_was_written_is_there_after_closing_and_opening(file: Path) -> None:
    filled(file, 3)
    with opened(file) as store:
        assert len(run(store.read(words))) == 3


# ---- never an empty database in the place of a damaged one ----------------------------------------------------------


def with_zeros(content: bytes) -> bytes:
    return content[:8192] + bytes(8192) + content[16384:]


def with_a_flipped_header(content: bytes) -> bytes:
    return b"\x00" + content[1:]


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


def emptied(content: bytes) -> bytes:
    return b""


def replaced(content: bytes) -> bytes:
    return b"this is a letter, not a database\n" * 300


@pytest.mark.parametrize("damage", [with_zeros, with_a_flipped_header, cut_short, emptied, replaced])
def test_a_damaged_file_is_named_with_its_cure_and_left_alone(file: Path, damage: Callable[[bytes], bytes]) -> None:
    filled(file)
    file.write_bytes(damage(file.read_bytes()))
    before = file.read_bytes()
    for _ in range(2):
        with pytest.raises(Damaged) as refused:
            opened(file)
        assert str(file) in str(refused.value)
        assert "gatehouse restore" in str(refused.value)
    assert file.read_bytes() == before


def test_the_journal_of_a_damaged_file_is_left_alone_too(file: Path) -> None:
    filled(file)
    raw = sqlite3.connect(file, isolation_level=None)
    raw.execute("INSERT INTO rows (word) VALUES ('in the journal only')")
    journal = file.with_name("hub.db-wal")
    left = {file: with_zeros(file.read_bytes()), journal: journal.read_bytes()}
    raw.close()
    for path, content in left.items():
        path.write_bytes(content)
    with pytest.raises(Damaged):
        opened(file)
    assert {path: path.read_bytes() for path in left} == left


def test_rows_that_refer_to_nothing_are_damage(file: Path) -> None:
    filled(file)
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE child (parent INTEGER REFERENCES rows (id)) STRICT")
        other.execute("INSERT INTO child VALUES (10000)")
    other.close()
    with pytest.raises(Damaged, match="rows of child refer to nothing"):
        opened(file)


def test_another_programs_database_is_not_ours(file: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE music (title TEXT)")
    other.close()
    with pytest.raises(Damaged, match="is not a Gatehouse database"):
        opened(file)


def test_a_journal_without_its_database_is_not_a_new_house(file: Path) -> None:
    file.with_name("hub.db-wal").write_bytes(b"last night's commits")
    with pytest.raises(Damaged, match="its journal is still there"):
        opened(file)
    assert not file.exists()


def test_a_creation_that_was_cut_off_is_begun_again(file: Path) -> None:
    file.with_name("hub.db.new").write_bytes(b"half")
    opened(file).close()
    assert sorted(path.name for path in file.parent.iterdir()) == ["hub.db", "hub.db.lock"]


def test_a_large_database_is_checked_only_after_an_unclean_stop(file: Path) -> None:
    filled(file)
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE ballast (x BLOB) STRICT")
        other.execute("INSERT INTO ballast VALUES (zeroblob(60000000))")
    other.close()
    with file.open("r+b") as content:
        content.seek(8192)
        content.write(bytes(8192))
    opened(file).close()
    file.with_name("hub.db.lock").write_text("running as process 1\n")
    with pytest.raises(Damaged):
        opened(file)


# ---- one owner ------------------------------------------------------------------------------------------------------


def test_a_second_owner_is_refused_with_a_sentence(file: Path) -> None:
    with opened(file), pytest.raises(InUse, match=r"is in use by another Gatehouse process \(running as process \d+\)"):
        opened(file)
    opened(file).close()


def test_another_process_is_refused_too(file: Path) -> None:
    script = "import sys; from hub.store.engine import Store; Store.open(sys.argv[1], inline=True)"
    with opened(file):
        other = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=False)
    assert "InUse" in other.stderr


def test_an_owner_that_could_not_open_lets_go(file: Path) -> None:
    file.write_bytes(b"")
    with pytest.raises(Damaged):
        opened(file)
    file.unlink()
    opened(file).close()


def test_what_prepares_the_database_has_it_to_itself(file: Path) -> None:
    seen: list[object] = []

    def prepare(path: object) -> None:
        seen.append(path)
        with pytest.raises(InUse):
            opened(file)

    Store.open(str(file), inline=True, prepare=prepare).close()
    assert seen == [file]
