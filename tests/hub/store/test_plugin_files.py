from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.errors import Garbled
from hub.io.recovery import RecoveryKey
from hub.io.vault import Vault
from hub.store import plugin_files
from hub.store.backup import Made, Restored, back_up, restore
from hub.store.plugin_files import LARGEST
from tests.hub.store.test_backup import put

NOW = datetime(2026, 11, 21, 3, 45, tzinfo=UTC)
PAPER = RecoveryKey(bytes(20))
VAULT = Vault([bytes(32)])


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Where a house with a few files of plugins lives."""
    folder = tmp_path / "house"
    folder.mkdir()
    put(folder / "hub.db", "one")
    write(folder, {"drivers/zwave/keys.sealed": "keys", "integrations/feed/deep/seen.json": "seen"})
    return folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def files(folder: Path) -> dict[str, str]:
    there = [each for kind in ("drivers", "integrations") for each in (folder / kind).rglob("*") if each.is_file()]
    return {str(each.relative_to(folder)): each.read_text() for each in there}


def saved(house: Path) -> Made:
    return back_up(house / "hub.db", house, house / "backups", VAULT, recovery=PAPER.public, now=NOW)


def restored(made: Made, to: Path, key: Vault | RecoveryKey = PAPER) -> Restored:
    return restore(made.file, key, to / "hub.db", to)


def test_what_plugins_keep_comes_back_for_nobody_else_to_read(house: Path, tmp_path: Path) -> None:
    made, there = saved(house), tmp_path / "new machine"
    there.mkdir()
    assert made.left_out == ()
    told = restored(made, there)
    assert files(there) == files(house)
    assert set(told.files.back) == set(files(house))
    assert [each.stat().st_mode & 0o777 for each in there.rglob("*.sealed")] == [0o600]
    assert sorted(each.name for each in there.iterdir()) == ["drivers", "hub.db", "hub.db.lock", "integrations"]


def test_a_restored_database_is_as_it_was_before_files_came_into_its_copy(house: Path, tmp_path: Path) -> None:
    restored(saved(house), tmp_path)
    raw = sqlite3.connect(tmp_path / "hub.db")
    tables = raw.execute("SELECT name FROM sqlite_schema ORDER BY name").fetchall()
    raw.close()
    raw = sqlite3.connect(house / "hub.db")
    assert tables == raw.execute("SELECT name FROM sqlite_schema ORDER BY name").fetchall()
    raw.close()


def test_at_its_own_machine_what_is_there_is_newer_and_stays(house: Path) -> None:
    made = saved(house)
    write(house, {"drivers/zwave/keys.sealed": "newer keys"})
    (house / "integrations/feed/deep/seen.json").unlink()
    told = restored(made, house, VAULT)
    assert files(house) == {"drivers/zwave/keys.sealed": "newer keys", "integrations/feed/deep/seen.json": "seen"}
    assert told.files.back == ("integrations/feed/deep/seen.json",)
    assert told.files.kept == ("drivers/zwave/keys.sealed",)


def test_another_houses_files_are_set_aside_each_time(house: Path, tmp_path: Path) -> None:
    made, there = saved(house), tmp_path / "used machine"
    write(there, {"drivers/zwave/keys.sealed": "of another network", "drivers/zwave/prepared.sealed": "of another"})
    first, second = restored(made, there), restored(made, there)
    assert files(there) == files(house)
    assert (there / "drivers.before-restore-1/zwave/keys.sealed").read_text() == "of another network"
    assert (there / "drivers.before-restore-1/zwave/prepared.sealed").exists()
    assert first.files.set_aside == (there / "drivers.before-restore-1",)
    assert len(second.files.set_aside) == 2


def test_links_and_large_files_are_left_out_and_named(house: Path, tmp_path: Path) -> None:
    write(tmp_path, {"secret": "of somebody else", "folder/secret": "too"})
    zwave = house / "drivers/zwave"
    (zwave / "link").symlink_to(tmp_path / "secret")
    (zwave / "linked").symlink_to(tmp_path / "folder")
    (house / "integrations/other").symlink_to(tmp_path / "folder")
    os.mkfifo(zwave / "pipe")
    with (zwave / "large").open("wb") as large:
        large.truncate(LARGEST + 1)
    write(house, {"drivers/zwave/keys.new": "half"})
    made, there = saved(house), tmp_path / "new"
    there.mkdir()
    assert sorted(made.left_out) == [
        "drivers/zwave/large",
        "drivers/zwave/link",
        "drivers/zwave/linked",
        "drivers/zwave/pipe",
        "integrations/other",
    ]
    restored(made, there)
    assert sorted(files(there)) == ["drivers/zwave/keys.sealed", "integrations/feed/deep/seen.json"]


def test_a_folder_that_is_a_link_is_neither_read_nor_written_through(house: Path, tmp_path: Path) -> None:
    made, elsewhere = saved(house), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (house / "drivers").rename(tmp_path / "moved")
    (house / "drivers").symlink_to(elsewhere)
    assert back_up(house / "hub.db", house, tmp_path, VAULT, recovery=None, now=NOW).left_out == ("drivers",)
    told = restored(made, house, VAULT)
    assert told.files.kept[0] == "drivers/zwave/keys.sealed"
    assert not list(elsewhere.iterdir())
    restored(made, house)
    assert files(house)["drivers/zwave/keys.sealed"] == "keys"
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize(
    "name",
    [
        "../key",
        "drivers/zwave/../../../key",
        "/etc/gatehouse/key",
        "drivers/key",
        "backups/a/b",
        "drivers//zwave/key",
        "drivers/zwave/k\0ey",
        7,
    ],
)
def test_a_forged_backup_writes_nowhere_else(house: Path, tmp_path: Path, name: object) -> None:
    copy = tmp_path / "copy.db"
    raw = sqlite3.connect(copy)
    raw.execute("CREATE TABLE plugin_files (name, content)")
    raw.execute("INSERT INTO plugin_files VALUES (?, 'x')", (name,))
    raw.commit()
    raw.close()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Garbled):
        plugin_files.unpack(copy, tmp_path / "unpacked")
    assert [each for each in sorted(tmp_path.rglob("*")) if each.is_file()] == [
        each for each in before if each.is_file()
    ]


def test_a_backup_that_is_older_than_this_leaves_the_files_alone(
    house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(plugin_files, "pack", lambda copy, state_dir: ())
        made = saved(house)
    told = restored(made, house)
    assert files(house)["drivers/zwave/keys.sealed"] == "keys"
    assert told.files == plugin_files.Put()
