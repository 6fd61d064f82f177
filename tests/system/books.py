"""What a hub has on disk, read while it is dead: without its code, but for the vault that knows a PIN's tag."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hub.io.vault import Vault
from hub.model.values import Pin


@dataclass(frozen=True, slots=True)
class SlotRow:
    tag: str | None
    claim: str | None
    reading: str


@dataclass(frozen=True, slots=True)
class StayRow:
    status: str
    check_in: int
    """Seconds since 1970, as `check_out`."""
    check_out: int


@dataclass(frozen=True, slots=True)
class Books:
    deliveries: frozenset[tuple[str, str]]
    """Channel and key."""
    slots: dict[tuple[str, int], SlotRow]
    """By lock and number."""
    guests: dict[tuple[str, str], str]
    """By lock and tag, whose code it is or was last."""
    backups: frozenset[tuple[str, str]]
    """Lock and tag of each backup code, a guest's by now or not."""
    stays: dict[tuple[str, str], StayRow]
    """By channel and the channel's own name of the booking."""
    issued: frozenset[str]
    """The tags of the book that outlives backups."""
    vault: Vault
    latest: datetime
    """The latest moment of the house that anything here speaks of as past."""

    def tag(self, digits: str) -> str:
        return self.vault.tag(Pin(digits))


_GUESTS = "SELECT g.lock_id, g.tag, s.guest FROM grants g JOIN stays s ON s.id = g.stay_id ORDER BY g.made_at"
_BACKUPS = "SELECT lock_id, tag FROM grants WHERE purpose = 'backup'"
_STAYS = """
SELECT o.channel_id, o.uid, s.status, s.check_in / 1000, s.check_out / 1000
FROM stay_sources o JOIN stays s ON s.id = o.stay_id
"""
_LATEST = """
SELECT max(at) FROM (
  SELECT max(received_at) AS at FROM inbox UNION ALL SELECT max(made_at) FROM stays UNION ALL
  SELECT max(changed_at) FROM stays UNION ALL SELECT max(proven_at) FROM slots UNION ALL
  SELECT max(revoked_at) FROM grants UNION ALL SELECT max(at) FROM access_log UNION ALL SELECT max(at) FROM audit
  UNION ALL SELECT max(heard_at) FROM lock_state UNION ALL SELECT max(good_at) FROM channel_state)
"""


def read(folder: Path) -> Books:
    vault = Vault.load(folder / "key", {})
    with closing(sqlite3.connect(f"{(folder / 'gatehouse.db').as_uri()}?mode=ro", uri=True)) as sql:
        (latest,) = sql.execute(_LATEST).fetchone()
        return Books(
            deliveries=frozenset(sql.execute("SELECT channel_id, key FROM inbox")),
            slots={
                (lock, number): SlotRow(*row)
                for lock, number, *row in sql.execute("SELECT lock_id, number, tag, claim, reading FROM slots")
            },
            guests={(lock, tag): guest for lock, tag, guest in sql.execute(_GUESTS)},
            backups=frozenset(sql.execute(_BACKUPS)),
            stays={(channel, uid): StayRow(*row) for channel, uid, *row in sql.execute(_STAYS)},
            issued=frozenset((folder / "state" / "issued-tags").read_text().split()),
            vault=vault,
            latest=datetime.fromtimestamp((latest or 0) / 1000, UTC),
        )
