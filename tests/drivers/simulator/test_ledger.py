from __future__ import annotations

from pathlib import Path

import pytest

from drivers.simulator.ledger import Ledger
from drivers.simulator.memory import By, CodeSet, Drained, Entry
from hub.errors import Misconfigured, Unavailable
from tests.drivers.simulator.world import START

CODE = CodeSet(slot=3, old="empty", new="occupied", status=1, digits="8642", by=By.RADIO)
ENTRIES = [Entry(at=START, lock="2", change=CODE), Entry(at=START, lock="3", change=Drained(percent=7))]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "building.jsonl"


def test_what_is_written_is_read_again_by_another_ledger(file: Path) -> None:
    ledger = Ledger(file)
    ledger.write(ENTRIES[:1])
    ledger.write(ENTRIES[1:])
    assert Ledger(file).read() == ENTRIES


def test_it_is_in_the_file_as_soon_as_it_is_written(file: Path) -> None:
    Ledger(file).write(ENTRIES)
    assert file.read_text().count("\n") == 2


def test_only_the_owner_may_read_the_digits(file: Path) -> None:
    Ledger(file).write(ENTRIES)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_line_cut_off_by_the_end_of_a_process_is_taken_away(file: Path) -> None:
    Ledger(file).write(ENTRIES)
    whole = file.read_bytes()
    for cut in range(1, len(whole.splitlines(keepends=True)[1])):
        file.write_bytes(whole[:-cut])
        assert Ledger(file).read() == ENTRIES[:1]
        Ledger(file).write(ENTRIES[1:])
        assert Ledger(file).read() == ENTRIES


def test_another_kind_of_file_is_refused_without_showing_its_contents(file: Path) -> None:
    file.write_text('{"at": "2026-11-21T12:00:00Z", "lock": "2", "change": {"what": "code", "digits": "8642"}}\n')
    with pytest.raises(Misconfigured, match="line 1 is not a journal entry") as refused:
        Ledger(file).read()
    assert "8642" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_path_that_cannot_be_read_is_the_operator_s_to_cure(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"state_file: cannot be read"):
        Ledger(tmp_path).read()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"the folder .*nowhere does not exist"):
        Ledger(tmp_path / "nowhere" / "building.jsonl").read()


def test_a_journal_that_cannot_be_written_is_said(file: Path) -> None:
    file.symlink_to("/dev/full")
    with pytest.raises(Unavailable, match="No space left"):
        Ledger(file).write(ENTRIES)


def test_without_a_file_nothing_is_kept(tmp_path: Path) -> None:
    ledger = Ledger(None)
    ledger.write(ENTRIES)
    assert ledger.read() == []
    assert list(tmp_path.iterdir()) == []
