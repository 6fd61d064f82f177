"""The links under which people subscribe to their calendar."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.diary import Naming
from hub.model.values import PersonId
from hub.store.engine import Tx
from hub.store.tables import person_feeds


@dataclass(frozen=True, slots=True)
class Subscription:
    person: PersonId
    token: bytes = field(repr=False)
    """Sealed, for `calendar:PERSON`."""
    names: Naming
    made_at: datetime
    asked_at: datetime | None


_ROW: Final = select(
    person_feeds.c.person_id,
    person_feeds.c.token,
    person_feeds.c.names,
    person_feeds.c.made_at,
    person_feeds.c.asked_at,
)


def of_person(tx: Tx, person: PersonId) -> Subscription | None:
    row = tx.sql.execute(_ROW.where(person_feeds.c.person_id == person)).first()
    return None if row is None else Subscription(row[0], row[1], Naming(row[2]), *row[3:])


def with_digest(tx: Tx, digest: str) -> Subscription | None:
    row = tx.sql.execute(_ROW.where(person_feeds.c.digest == digest)).first()
    return None if row is None else Subscription(row[0], row[1], Naming(row[2]), *row[3:])


def keep(tx: Tx, row: Subscription, digest: str) -> None:
    """The link that the person had before leads nowhere from here on."""
    values = {
        "person_id": row.person,
        "digest": digest,
        "token": row.token,
        "names": row.names.value,
        "made_at": row.made_at,
        "asked_at": row.asked_at,
    }
    tx.sql.execute(
        insert(person_feeds).values(**values).on_conflict_do_update(index_elements=["person_id"], set_=values)
    )
    tx.signal("people")


def end(tx: Tx, person: PersonId) -> bool:
    """False where there is none."""
    tx.signal("people")
    return tx.sql.execute(delete(person_feeds).where(person_feeds.c.person_id == person)).rowcount == 1


def asked(tx: Tx, person: PersonId, at: datetime) -> None:
    tx.sql.execute(update(person_feeds).where(person_feeds.c.person_id == person).values(asked_at=at))
    tx.signal("people")
