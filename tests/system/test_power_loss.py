"""Power may fail at any moment: whatever the disk then holds, nothing that was promised is missing from it.

A hub at work is recorded (recorder.c, power_workload.py). At every sync the disk is rebuilt as a power loss could have
left it, with writes lost, out of order or torn, and looked at. `GATEHOUSE_SEED` chooses which losses.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from hub.io.tagbook import TagBook
from hub.io.vault import Vault
from hub.model.values import CodeTag
from hub.store.engine import Store
from hub.store.migrate import migrate
from tests.system.disk import Disk, Loss, Record, records

HERE = Path(__file__).parent
DELIVERIES = 120
LOSSES_AT_A_SYNC = 24
BOOT_EVERY = 40
"""So seldom is a disk also opened as the hub itself opens it, which takes longer than looking."""


@dataclass
class Promised:
    """What was said to somebody, or sent to a lock, before the power failed."""

    accepted: set[str] = field(default_factory=set)
    written: dict[tuple[str, int], CodeTag] = field(default_factory=dict)
    """By lock and slot: the tag of the code that was sent there, unless it was cleared again."""
    sent: set[CodeTag] = field(default_factory=set)

    def note(self, line: str) -> None:
        match line.split():
            case "accepted", key:
                self.accepted.add(key)
            case "write", lock, slot, tag:
                self.written[lock, int(slot)] = CodeTag(tag)
                self.sent.add(CodeTag(tag))
            case "clear", lock, slot:
                self.written.pop((lock, int(slot)), None)
            case _:
                raise AssertionError(line)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of a hub at work, and the log of what it did there."""
    built = tmp_path_factory.mktemp("built")
    recorder, log, folder = built / "recorder.so", built / "log", built / "hub"
    folder.mkdir()
    options = ("-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror")
    subprocess.run(["gcc", *options, "-o", recorder, HERE / "recorder.c", "-ldl"], check=True)
    subprocess.run(
        [sys.executable, "-m", "tests.system.power_workload", str(folder), str(DELIVERIES)],
        cwd=HERE.parents[1],
        env={**os.environ, "LD_PRELOAD": str(recorder), "POWER_WATCH": str(folder), "POWER_LOG": str(log)},
        check=True,
        timeout=120,
    )
    return folder, log


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Path]:
    """Where rebuilt disks are laid out: in memory where there is room, for thousands of them."""
    shared = Path("/dev/shm")
    with TemporaryDirectory(dir=shared if shared.is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest.mark.slow
async def test_no_power_loss_takes_back_a_promise(recording: tuple[Path, Path], bench: Path) -> None:
    folder, log = recording
    seed = int(os.environ.get("GATEHOUSE_SEED", "1"))
    judged: Counter[Loss] = Counter()
    try:
        for loss, contents, promised in _losses(folder, log, Random(seed)):
            _lay_out(contents, bench / "disk")
            _judge(bench / "disk", promised)
            if judged.total() % BOOT_EVERY == 0:
                _boot(bench / "disk")
            judged[loss] += 1
    except BaseException as error:
        error.add_note(f"GATEHOUSE_SEED={seed}, after {judged.total()} good disks")
        raise
    assert judged.total() > 8_000
    assert min(judged[loss] for loss in Loss) > 1_000


def _losses(folder: Path, log: Path, random: Random) -> Iterator[tuple[Loss, dict[str, bytes], Promised]]:
    """What the disk could hold just before each sync takes effect, and just after."""
    disk, promised, marks = Disk(str(folder)), Promised(), -1
    for record in records(log):
        if record.op == "C" and record.name == f"{folder}/marks":
            marks = record.inode
        elif record.inode == marks:
            _note_all(record, promised)
        else:
            if record.op == "S":
                for _ in range(LOSSES_AT_A_SYNC - 1):
                    loss = random.choice(list(Loss))
                    yield loss, disk.after_power_loss(loss, random), promised
            disk.record(record)
            if record.op == "S":
                yield Loss.ALL, disk.after_power_loss(Loss.ALL, random), promised


def _note_all(record: Record, promised: Promised) -> None:
    if record.op == "W":
        for line in record.data.decode().splitlines():
            promised.note(line)


def _lay_out(contents: dict[str, bytes], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for old in folder.rglob("*"):
        if old.is_file():
            old.unlink()
    for name, content in contents.items():
        if not name.endswith(("-shm", ".ballast")):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_bytes(content)


# ---- judging -------------------------------------------------------------------------------------------------------


def _judge(folder: Path, promised: Promised) -> None:
    database = folder / "gatehouse.db"
    if not database.exists():
        assert not promised.accepted, "the database is gone"
        return
    Vault.load(folder / "key", {})
    issued = set(_tags(folder))
    assert promised.sent <= issued, f"the book does not know {promised.sent - issued}"
    with closing(sqlite3.connect(database)) as sql:
        sql.execute("PRAGMA synchronous=OFF")  # of what is only looked at
        assert sql.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert sql.execute("PRAGMA foreign_key_check").fetchall() == []
        if sql.execute("SELECT 1 FROM sqlite_schema WHERE name = 'inbox'").fetchone() is None:
            assert not promised.accepted, "the tables are gone"
            return
        _judge_ledgers(sql, promised, issued)


def _tags(folder: Path) -> frozenset[CodeTag]:
    file = folder / "state" / "issued-tags"
    if not file.exists():
        return frozenset()
    book = TagBook(file)
    try:
        return book.tags
    finally:
        book.close()


def _judge_ledgers(sql: sqlite3.Connection, promised: Promised, issued: set[CodeTag]) -> None:
    letters = dict(sql.execute("SELECT key, state FROM inbox"))
    assert promised.accepted <= letters.keys(), f"lost: {promised.accepted - letters.keys()}"
    held = {(lock, slot): tag for lock, slot, tag in sql.execute("SELECT lock_id, number, tag FROM slots")}
    for place, tag in promised.written.items():
        assert held.get(place) == tag, f"a code was sent to {place} and no claim says so"
    claimed = {tag for (tag,) in sql.execute("SELECT tag FROM slots WHERE claim = 'writing' OR holder IS NOT NULL")}
    assert claimed <= issued, f"claimed before the book knew: {claimed - issued}"
    _judge_transactions(sql, letters)


def _judge_transactions(sql: sqlite3.Connection, letters: dict[str, str]) -> None:
    """A letter is done in the transaction that writes its stay and issues or revokes its codes, on both doors."""
    done = {key for key, state in letters.items() if state == "done"}
    query = """
      SELECT o.uid, s.status, (SELECT count(*) FROM grants g WHERE g.stay_id = s.id AND g.revoked_at IS NULL)
      FROM stay_sources o JOIN stays s ON s.id = o.stay_id
    """
    stays = {uid: (status, live) for uid, status, live in sql.execute(query)}
    assert stays.keys() == {key.partition(":")[2] for key in done}
    for uid, told in stays.items():
        cancelled = f"booking-cancelled:{uid}" in done
        assert told == (("cancelled", 0) if cancelled else ("confirmed", 2)), uid


def _boot(folder: Path) -> None:
    """As a start does it: the claim, the check, the migration."""
    with Store.open(str(folder / "gatehouse.db"), prepare=lambda file: migrate(file, back_up=lambda _: None)) as store:
        assert store.file.exists()
