"""Who works in the house or owns a part of it: people, as hub/store/people.py is about their accounts."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.io.vault import NOT_OPENED, Vault
from hub.model.people import PersonKind, ToldBy
from hub.model.values import GrantId, PersonId, PropertyId
from hub.store import log
from hub.store.engine import Tx
from hub.store.house import Origin
from hub.store.prepared import Prepared
from hub.store.tables import access_log, grants, passes, people, slots, tellings


@dataclass(frozen=True, slots=True)
class Person:
    id: PersonId
    name: str
    kind: PersonKind
    property: PropertyId | None
    """None: of every property."""
    contact: bytes | None = field(repr=False)
    """Sealed JSON {phone, email}."""
    origin: Origin
    made_at: datetime
    ended_at: datetime | None = None
    account: str | None = None
    told_by: ToldBy = ToldBy.EMAIL


def sealed_contact(person: PersonId, contact: Mapping[str, str], vault: Vault) -> bytes | None:
    """None where there is nothing to keep."""
    kept = {name: value for name, value in sorted(contact.items()) if value}
    return vault.seal(json.dumps(kept).encode(), about=f"person:{person}") if kept else None


def opened_contact(person: Person, vault: Vault) -> dict[str, str]:
    """Empty, too, where it does not open: one that is damaged keeps nobody else from being told of alerts."""
    if person.contact is None:
        return {}
    try:
        opened: dict[str, str] = json.loads(vault.open(person.contact, about=f"person:{person.id}"))
    except NOT_OPENED:
        return {}
    return opened


def _person(row: Mapping[Any, Any]) -> Person:
    return Person(
        id=row["id"],
        name=row["name"],
        kind=PersonKind(row["kind"]),
        property=row["property_id"],
        contact=row["contact"],
        origin=Origin(row["origin"]),
        made_at=row["made_at"],
        ended_at=row["ended_at"],
        account=row["account_id"],
        told_by=ToldBy(row["told_by"]),
    )


_ALL: Final = Prepared(select(people).order_by(people.c.name, people.c.id), _person, remember=["id"])


def persons(tx: Tx) -> list[Person]:
    """By name; those who have left too."""
    return _ALL.all(tx)


def person(tx: Tx, id_: PersonId) -> Person | None:
    row = tx.sql.execute(select(people).where(people.c.id == id_)).mappings().first()
    return None if row is None else _person(row)


def keep(tx: Tx, row: Person) -> None:
    values = {
        "name": row.name,
        "kind": row.kind.value,
        "property_id": row.property,
        "account_id": row.account,
        "contact": row.contact,
        "origin": row.origin.value,
        "made_at": row.made_at,
        "ended_at": row.ended_at,
        "told_by": row.told_by.value,
    }
    made = insert(people).values(id=row.id, **values)
    tx.sql.execute(made.on_conflict_do_update(index_elements=["id"], set_=values))
    tx.ends[f"person:{row.id}"] = row.ended_at
    tx.signal("people")


def remove(tx: Tx, id_: PersonId) -> None:
    """With their passes; what those granted has to be revoked before."""
    tx.sql.execute(delete(people).where(people.c.id == id_))
    tx.signal("people")


# ---- taking out ------------------------------------------------------------------------------------------------------

GONE: Final = "somebody who was removed"


def _theirs(id_: PersonId) -> Select[tuple[str]]:
    return select(grants.c.id).join(passes, passes.c.id == grants.c.pass_id).where(passes.c.person_id == id_)


def still_coded(tx: Tx, id_: PersonId) -> bool:
    """Some lock may still hold a code of theirs."""
    return tx.sql.execute(select(slots.c.lock_id).where(slots.c.holder.in_(_theirs(id_))).limit(1)).first() is not None


def unname(tx: Tx, row: Person, codes: Collection[GrantId]) -> int:
    """Lines of the access log, the codes they had, and what they were told: all of it remains, and names nobody.

    Args:
        codes: those of their passes. Of passes that were forgotten before, codes are known by the name alone, and may be a
            namesake's.
    """
    old = and_(
        grants.c.pass_id.is_(None), grants.c.stay_id.is_(None), grants.c.label == row.name, grants.c.pin.is_(None)
    )
    codes = [*codes, *tx.sql.scalars(select(grants.c.id).where(old))]
    nobody = update(access_log).where(access_log.c.grant_id.in_(codes)).values(who=GONE, grant_id=None)
    lines = tx.sql.execute(nobody).rowcount
    called = tx.sql.scalars(select(grants.c.label).where(grants.c.id.in_(codes)).distinct()).all()
    lines += log.unname_doubts(tx, codes, {row.name, *called}, GONE)
    tx.sql.execute(update(grants).where(grants.c.id.in_(codes)).values(label="", pin=None))
    tx.sql.execute(update(tellings).where(tellings.c.person_id == row.id).values(name=GONE))
    tx.signal("log")
    return lines
