import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Disappointment, Misconfigured, Rejected, Unavailable
from hub.io.recovery import RecoveryKey
from hub.io.vault import Vault
from hub.store.backup import BadBackup, _encrypt, back_up, backups, restore, rotate, worth_keeping
from hub.store.engine import Store, Tx
from hub.store.sqlite import Damaged, InUse
from hub.store.tables import meta
from tests.hub.store.tiny import add, make_tables, words
from tests.simulators.vloop import run

NOW = datetime(2026, 11, 21, 3, 45, tzinfo=UTC)
PAPER = RecoveryKey(bytes(20))
VAULT = Vault([bytes(32)])


def put(file: Path, *new: str) -> None:
    def work(tx: Tx) -> None:
        meta.create(tx.sql, checkfirst=True)
        make_tables(tx)
        for word in new:
            add(word)(tx)

    with Store.open(str(file), inline=True) as store:
        run(store.write(work))


def contents(file: Path) -> list[str]:
    with Store.open(str(file), inline=True) as store:
        return run(store.read(words))


def back_up_house(file: Path, *, recovery: bytes | None = PAPER.public) -> Path:
    return back_up(file, file.parent, file.parent / "backups", VAULT, recovery=recovery, now=NOW).file


def everything_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def kept(file: Path) -> Path:
    """A backup of a house that then moved on."""
    put(file, "one", "two")
    saved = back_up_house(file)
    put(file, "three")
    return saved


def test_what_was_backed_up_is_what_is_restored(file: Path, kept: Path) -> None:
    restored = restore(kept, VAULT, file, file.parent)
    assert contents(file) == ["one", "two"]
    assert restored.made_at == NOW


def test_a_dead_machines_house_comes_back_with_the_paper_alone(tmp_path: Path, kept: Path) -> None:
    elsewhere = tmp_path / "new machine" / "hub.db"
    restored = restore(kept, RecoveryKey.parse(PAPER.reveal()), elsewhere, elsewhere.parent)
    assert contents(elsewhere) == ["one", "two"]
    assert restored.keys == VAULT.export()
    assert restored.set_aside is None


def test_a_restored_house_is_in_safe_mode(file: Path, kept: Path) -> None:
    restore(kept, VAULT, file, file.parent)
    raw = sqlite3.connect(file)
    assert raw.execute("SELECT value FROM meta WHERE key = 'safe_mode'").fetchall() == [(NOW.isoformat(),)]
    raw.close()


def test_what_was_there_is_set_aside_whole_each_time(file: Path, kept: Path) -> None:
    first, second = restore(kept, VAULT, file, file.parent), restore(kept, VAULT, file, file.parent)
    assert first.set_aside is not None
    assert second.set_aside is not None
    assert contents(Path(first.set_aside)) == ["one", "two", "three"]
    assert contents(Path(second.set_aside)) == ["one", "two"]


def test_the_journal_of_a_killed_hub_goes_with_its_database(file: Path, kept: Path) -> None:
    raw = sqlite3.connect(file, isolation_level=None)
    raw.execute("INSERT INTO rows (word) VALUES ('in the journal only')")
    journal, old = file.with_name("hub.db-wal").read_bytes(), file.read_bytes()
    raw.close()
    file.write_bytes(old)
    file.with_name("hub.db-wal").write_bytes(journal)
    restored = restore(kept, VAULT, file, file.parent)
    assert contents(file) == ["one", "two"]
    assert restored.set_aside is not None
    assert contents(Path(restored.set_aside))[-1] == "in the journal only"


async def test_a_house_in_use_is_backed_up_as_last_committed(file: Path, tmp_path: Path) -> None:
    with Store.open(str(file)) as store:
        await store.write(make_tables)
        await store.write(lambda tx: meta.create(tx.sql))
        await store.write(add("one"))
        saved = back_up_house(file)
        await store.write(add("two"))
        with pytest.raises(InUse):
            restore(saved, VAULT, file, file.parent)
    restore(saved, VAULT, tmp_path / "other.db", tmp_path)
    with Store.open(str(tmp_path / "other.db"), inline=True) as other:
        assert await other.read(words) == ["one"]


def test_nothing_of_the_house_can_be_read_in_a_backup(file: Path) -> None:
    put(file, "Ada Lovelace")
    for recovery in (None, PAPER.public):
        content = back_up_house(file, recovery=recovery).read_bytes()
        assert b"Lovelace" not in content
        assert b"SQLite" not in content
        assert bytes(32) not in content


def test_a_backup_leaves_nothing_else_behind(file: Path, kept: Path) -> None:
    names = sorted(str(path.relative_to(file.parent)) for path in everything_in(file.parent))
    assert names == ["backups/gatehouse-20261121T034500Z.backup", "hub.db", "hub.db.lock"]
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_house_larger_than_one_chunk_comes_back(file: Path) -> None:
    many = [f"{n}:{'x' * 200}" for n in range(1_000)]
    put(file, *many)
    saved = back_up_house(file)
    assert saved.stat().st_size > 3 * 64 * 1024
    restore(saved, VAULT, file, file.parent)
    assert contents(file) == many


# ---- what must not be restored --------------------------------------------------------------------------------------


def refuse(saved: Path, file: Path, key: Vault | RecoveryKey = VAULT) -> Disappointment:
    before = everything_in(file.parent)
    with pytest.raises(Disappointment) as refused:
        restore(saved, key, file, file.parent)
    assert {**everything_in(file.parent), file.with_name("hub.db.lock"): b""} == {
        **before,
        file.with_name("hub.db.lock"): b"",
    }
    return refused.value


@pytest.mark.parametrize("key", [VAULT, PAPER], ids=["house", "paper"])
def test_any_changed_byte_is_refused_and_changes_nothing(file: Path, kept: Path, key: Vault | RecoveryKey) -> None:
    whole = kept.read_bytes()
    body = whole.index(b"}") + 1
    places = [*range(0, body, 5), body, body + 1, body + 4096, len(whole) - 17, len(whole) - 16, len(whole) - 1]
    for place in places:
        kept.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        assert refuse(kept, file, key), f"byte {place}"
    assert len(places) > 100


def test_what_was_cut_short_or_added_to_is_refused(file: Path) -> None:
    put(file, *(f"{n}:{'x' * 200}" for n in range(1_000)))
    saved = back_up_house(file)
    whole = saved.read_bytes()
    body = whole.index(b"}") + 1
    box = 64 * 1024 + 16
    chunks = [whole[start : start + box] for start in range(body, len(whole), box)]
    swapped = whole[:body] + chunks[1] + chunks[0] + b"".join(chunks[2:])
    dropped = whole[:body] + b"".join(chunks[1:])
    changed = [
        whole[:-1],
        whole[: body + box],
        whole[: body + 2 * box],
        whole[:body],
        whole[: body - 5],
        whole[:10],
        b"",
    ]
    for content in (*changed, whole + b"\0", whole + chunks[0], swapped, dropped):
        saved.write_bytes(content)
        assert isinstance(refuse(saved, file), BadBackup)


def test_a_key_that_does_not_fit_changes_nothing(file: Path, kept: Path) -> None:
    assert isinstance(refuse(kept, file, Vault([bytes([7]) * 32])), Misconfigured)
    assert isinstance(refuse(kept, file, RecoveryKey(bytes([7]) * 20)), Rejected)


def test_a_backup_from_before_the_recovery_key_says_so(file: Path) -> None:
    put(file, "one")
    saved = back_up_house(file, recovery=None)
    assert "before there was a recovery key" in str(refuse(saved, file, PAPER))
    restore(saved, VAULT, file, file.parent)


def test_damage_inside_a_whole_backup_is_not_restored(file: Path, tmp_path: Path) -> None:
    put(file, *(f"{n}:{'x' * 200}" for n in range(100)))
    damaged, saved = tmp_path / "damaged.db", tmp_path / "made.backup"
    content = file.read_bytes()
    damaged.write_bytes(content[:8192] + bytes(8192) + content[16384:])
    _encrypt(damaged, saved, VAULT, None, NOW)
    assert isinstance(refuse(saved, file), Damaged)


def test_a_damaged_database_is_not_backed_up(file: Path) -> None:
    put(file, *(f"{n}:{'x' * 200}" for n in range(100)))
    content = file.read_bytes()
    file.write_bytes(content[:8192] + bytes(8192) + content[16384:])
    with pytest.raises(Damaged):
        back_up_house(file)
    assert not backups(file.parent / "backups")


def test_a_folder_that_cannot_be_written_is_named(file: Path) -> None:
    put(file, "one")
    (file.parent / "backups").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match="backups"):
        back_up_house(file)


# ---- how many are kept ----------------------------------------------------------------------------------------------


def hourly(hours: int) -> list[datetime]:
    return [NOW - timedelta(hours=back) for back in range(hours)]


def test_a_day_of_hours_and_a_month_of_days_are_kept() -> None:
    kept = worth_keeping(hourly(24 * 60))
    assert set(hourly(24)) <= kept
    assert {moment.date() for moment in kept} == {NOW.date() - timedelta(days=back) for back in range(30)}
    assert len(kept) == 24 + 28


def test_the_newest_of_an_hour_is_kept() -> None:
    assert worth_keeping([NOW, NOW + timedelta(minutes=10), NOW + timedelta(minutes=5)]) == {
        NOW + timedelta(minutes=10)
    }


def test_after_a_long_sleep_the_old_ones_still_count() -> None:
    old = [moment - timedelta(days=400) for moment in hourly(10)]
    assert {NOW, *old} == worth_keeping([NOW, *old])


@given(st.sets(st.integers(0, 365 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)), max_size=80))
def test_keeping_is_bounded_keeps_the_newest_and_settles(made: set[datetime]) -> None:
    kept = worth_keeping(made)
    assert kept <= made
    assert len(kept) <= 24 + 30
    assert not made or max(made) in kept
    assert worth_keeping(kept) == kept


def test_rotation_deletes_only_backups_that_are_not_worth_keeping(tmp_path: Path) -> None:
    for name in ("gatehouse-20261121T034500Z.backup", "gatehouse-20261121T033000Z.backup", "my.backup", "notes.txt"):
        (tmp_path / name).touch()
    rotate(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "gatehouse-20261121T034500Z.backup",
        "my.backup",
        "notes.txt",
    ]
    assert list(backups(tmp_path)) == [NOW]
