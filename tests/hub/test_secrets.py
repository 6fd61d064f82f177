"""What must not be read on the disk of the box, nor in its journal: the digits of codes, and what opens a feed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import structlog

from hub import issuing
from hub.commandline import journal
from hub.contracts import CodeTaken
from hub.errors import Unavailable
from hub.model.values import Address, ChannelId, LockId, Pin, Proof
from hub.store import backup
from hub.store import house as rooms
from hub.store.house import ChannelRow, Origin
from tests.simulators.building import Memory, MemoryLock
from tests.simulators.home import FLAT, Home, home, simulate

CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
START = CHECK_IN - timedelta(hours=2)
TOKEN = "f3edf3ed0dd5ecre7"
PHONE = "+4917655501234"


@contextmanager
def _journal(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Everything down to debug, as journald would get it."""
    written, before = StringIO(), structlog.get_config()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        journal.set_up("debug")
        structlog.configure(cache_logger_on_first_use=False)
        try:
            yield written
        finally:
            structlog.configure(**before)


@dataclass
class Troubles:
    """A keypad that fails in every way it can, once each, and remembers every PIN it was handed."""

    lock: MemoryLock
    seen: set[str] = field(default_factory=set)
    left: list[Exception] = field(
        default_factory=lambda: [Unavailable("no answer"), CodeTaken("in another slot"), ZeroDivisionError("fault")]
    )

    async def write(self, slot: int, pin: Pin, *, enabled: bool = True) -> Proof:
        self.seen.add(pin.reveal())
        if self.left:
            raise self.left.pop(0)
        return await MemoryLock.write(self.lock, slot, pin, enabled=enabled)


async def _stay(house: Home) -> set[str]:
    """A whole stay with trouble on the way; returns every PIN there was."""
    keypad = house.driver.locks[Address("front")].keypad
    assert isinstance(keypad, MemoryLock)
    troubles = Troubles(keypad)
    keypad.write = troubles.write  # type: ignore[method-assign]
    settings = {"url": f"http://127.0.0.1:9/{TOKEN}/calendar.ics?s={TOKEN}"}
    row = ChannelRow(
        ChannelId("ical"),
        FLAT,
        "ical",
        rooms.sealed_settings(ChannelId("ical"), settings, house.hub.vault),
        Origin.PAGES,
    )
    await house.hub.store.write(lambda tx: rooms.keep_channel(tx, row))
    house.book("a", date(2027, 3, 2), date(2027, 3, 4), phone=PHONE)
    await house.until(CHECK_IN + timedelta(hours=1))
    assert house.lock("front").holds(await house.digits())
    assert troubles.left == []

    stay = await house.stay()
    shown = await house.hub.store.write(lambda tx: issuing.reveal(tx, house.hub.desk, stay, "account:kim"))
    pins = {pin.reveal() for _, pin in shown}
    by_hand = await house.hub.store.write(
        lambda tx: issuing.code_now(tx, house.hub.desk, [LockId("front")], "Plumber", CHECK_IN + timedelta(days=1))
    )
    await house.until(CHECK_IN + timedelta(days=2))
    assert house.lock("front").codes == {}
    return troubles.seen | pins | {by_hand.reveal()}


def _read(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield file.name, file.read_bytes()


def test_neither_disk_nor_journal_ever_shows_a_code_a_telephone_or_a_feeds_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> set[str]:
        async with home(tmp_path, [Memory(Address("front"))], start=START) as house:
            pins = await _stay(house)
            hub = house.hub
            folder, now = hub.state_dir / "backups", hub.wall.now()
            backup.back_up(hub.store.file, hub.state_dir, folder, hub.vault, recovery=None, now=now)
            for name, content in _read(tmp_path):  # with the journal of the database still beside it
                _clean(name, content, pins)
            return pins

    def _clean(name: str, content: bytes, pins: set[str]) -> None:
        for secret in (*pins, TOKEN, PHONE, PHONE[3:]):
            assert secret.encode() not in content, f"{name} shows a secret"

    with _journal(monkeypatch) as written:
        pins = simulate(main())
    assert len(pins) >= 3, "a code that was refused, the one after it, and one by hand"
    assert "fault" in written.getvalue(), "the journal was listened to"
    assert "ical" in written.getvalue()
    assert any(b"Ada Lovelace" in content for _, content in _read(tmp_path)), "the disk was looked at"
    for name, content in [*_read(tmp_path), ("the journal", written.getvalue().encode())]:
        _clean(name, content, pins)
