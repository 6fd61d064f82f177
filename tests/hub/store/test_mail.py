from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from hub.store import mail
from hub.store.engine import Store
from hub.store.migrate import migrate

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


def _asked(file: Path) -> list[str]:
    """The statements of one look into the inbox."""
    asked: list[str] = []
    with Store.open(str(file), inline=True, prepare=lambda new: migrate(new, back_up=lambda _: None)) as store:
        store._reading.execute("BEGIN")
        store._reading.set_trace_callback(asked.append)
        mail.letters(store._tx, NOW)
        mail.next_letter_due(store._tx)
        store._reading.set_trace_callback(None)
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
