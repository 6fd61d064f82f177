from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from hub.model.effects import Notify
from hub.model.values import ChannelId, PersonId
from hub.store import mail
from hub.store.engine import Store, Tx
from hub.store.mail import Letter
from hub.store.migrate import migrate
from tests.hub.store.conftest import Kept

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


def _asked(file: Path) -> list[str]:
    """The statements of one look into the inbox."""
    asked: list[str] = []
    with Store.open(str(file), inline=True, prepare=lambda new: migrate(new, back_up=lambda _: None)) as store:
        reading = store._reading
        assert isinstance(reading, sqlite3.Connection)
        reading.execute("BEGIN")
        reading.set_trace_callback(asked.append)
        mail.letters(store._tx, NOW)
        mail.next_letter_due(store._tx)
        reading.set_trace_callback(None)
    return asked


def test_looking_for_letters_reads_those_that_wait_and_not_a_week_of_others(tmp_path: Path) -> None:
    file = tmp_path / "gatehouse.db"
    asked = _asked(file)
    assert len(asked) == 2
    raw = sqlite3.connect(file)
    for statement in asked:
        plan = raw.execute(f"EXPLAIN QUERY PLAN {statement}")
        (way, *_) = [row[3] for row in plan]
        assert way.startswith(("SEARCH inbox USING INDEX inbox_due", "SEARCH inbox USING COVERING INDEX inbox_due")), (
            way
        )
    raw.close()


def test_what_a_clock_that_was_ahead_put_off_is_due_now_and_kept_no_longer_than_the_rest(kept: Kept) -> None:
    far = NOW + timedelta(days=400)

    def work(tx: Tx) -> None:
        mail.promise(tx, Notify(PersonId("anna"), "email", "", "test"), key="a", lane="notify:email", due=far)
        mail.promise(tx, Notify(PersonId("anna"), "email", "", "test"), key="b", lane="notify:email", due=NOW)
        mail.not_kept(tx, _id(tx), "no answer", far + timedelta(minutes=1))
        mail.accept(tx, Letter(0, ChannelId("feed"), "x", "", b"sealed", far, 0, NOW, None))
        mail.letter_done(tx, 1)
        mail.come_to_now(tx, NOW)
        assert mail.next_promise_due(tx, "notify:email") == NOW
        assert tx.sql.execute(text("SELECT count(*) FROM outbox WHERE due > :now"), {"now": _ms(NOW)}).scalar() == 0
        assert mail.tidy(tx, NOW) == 0
        assert mail.tidy(tx, NOW + timedelta(seconds=1)) == 1

    with Store.open(kept.url, inline=True, prepare=lambda new: migrate(new, back_up=lambda _: None)) as store:
        asyncio.run(store.write(work))


def _id(tx: Tx) -> int:
    return int(tx.sql.execute(text("SELECT id FROM outbox WHERE key = 'b'")).scalar_one())


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
