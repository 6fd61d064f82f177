"""What was answered to requests that carried an idempotency key, so that a repeated one is answered and not done again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from hub.store.engine import Tx
from hub.store.tables import replies

UNDER_WAY = 0
"""In place of a status: begun, and nobody has written down how it ended."""


@dataclass(frozen=True, slots=True)
class Reply:
    request: str
    """A digest of what was asked."""
    status: int
    body: str
    """Sealed, as text; empty while under way."""


def reply_to(tx: Tx, key: str) -> Reply | None:
    row = tx.sql.execute(
        select(replies.c.request, replies.c.status, replies.c.body).where(replies.c.key == key)
    ).first()
    return None if row is None else Reply(*row)


def begin(tx: Tx, key: str, request: str, at: datetime) -> None:
    tx.sql.execute(insert(replies).values(key=key, request=request, status=UNDER_WAY, body="", made_at=at))


def conclude(tx: Tx, key: str, status: int, body: str) -> None:
    tx.sql.execute(update(replies).where(replies.c.key == key).values(status=status, body=body))


def drop(tx: Tx, key: str) -> None:
    """Nothing was done: the key is free again."""
    tx.sql.execute(delete(replies).where(replies.c.key == key))


def forget_old(tx: Tx, before: datetime) -> int:
    return tx.sql.execute(delete(replies).where(replies.c.made_at < before)).rowcount
