"""What lies sealed in the database, sealed anew under the newest key."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Table, Text, cast, literal, select, update

from hub.io.vault import NOT_OPENED, Vault
from hub.store.engine import Tx
from hub.store.tables import (
    channels,
    grants,
    guest_links,
    guest_messages,
    inbox,
    outlets,
    pass_doors,
    people,
    person_feeds,
    stay_import_rows,
    stay_sources,
    stays,
    units,
    unplaced,
)


class _Sealed(NamedTuple):
    table: Table
    column: str
    about: ColumnElement[str]
    """What the seal is bound to, as its maker says it."""


_OF_A_ROW: Final = literal("import:") + stay_import_rows.c.import_id + ":" + cast(stay_import_rows.c.number, Text)
SEALED: Final = (
    _Sealed(grants, "pin", literal("grant:") + grants.c.id),
    _Sealed(pass_doors, "pin", literal("pass:") + pass_doors.c.pass_id + ":" + pass_doors.c.lock_id),
    _Sealed(people, "contact", literal("person:") + people.c.id),
    _Sealed(stays, "contact", literal("stay:") + stays.c.id),
    _Sealed(stays, "fixed_pin", literal("code of stay:") + stays.c.id),
    _Sealed(guest_links, "token", literal("link:") + guest_links.c.stay_id),
    _Sealed(guest_messages, "text", literal("message:") + guest_messages.c.id),
    _Sealed(outlets, "token", literal("outlet:") + outlets.c.channel_id + ":" + outlets.c.unit_id),
    _Sealed(person_feeds, "token", literal("calendar:") + person_feeds.c.person_id),
    _Sealed(units, "fixed_pin", literal("code of unit:") + units.c.id),
    _Sealed(channels, "settings", literal("channel:") + channels.c.id),
    _Sealed(stay_sources, "reported", literal("report:") + stay_sources.c.channel_id + ":" + stay_sources.c.uid),
    _Sealed(unplaced, "reported", literal("unplaced:") + unplaced.c.channel_id + ":" + unplaced.c.uid),
    *(_Sealed(stay_import_rows, column, _OF_A_ROW) for column in ("cells", "told", "made")),
    _Sealed(inbox, "body", literal("inbox:") + inbox.c.channel_id + ":" + inbox.c.key),
)


class Resealed(NamedTuple):
    done: int
    left: tuple[str, ...]
    """What does not open under any key of the house, as its seal is bound, e.g. `stay:01J…`; it stays as it is."""


def reseal(tx: Tx, vault: Vault) -> Resealed:
    """Whatever an older key sealed. Doing it again after a crash finishes it."""
    each = [_reseal(tx, vault, sealed) for sealed in SEALED]
    return Resealed(sum(part.done for part in each), tuple(about for part in each for about in part.left))


def _reseal(tx: Tx, vault: Vault, sealed: _Sealed) -> Resealed:
    table, column = sealed.table, sealed.table.c[sealed.column]
    keys = list(table.primary_key.columns)
    old = [
        row
        for row in tx.sql.execute(select(column, sealed.about, *keys).where(column.is_not(None)))
        if not vault.is_current(row[0])
    ]
    left: list[str] = []
    for box, about, *values in old:
        try:
            fresh = vault.seal(vault.open(box, about=about), about=about)
        except NOT_OPENED:
            left.append(about)
            continue
        same = [key == value for key, value in zip(keys, values, strict=True)]
        tx.sql.execute(update(table).where(*same).values({sealed.column: fresh}))
    return Resealed(len(old) - len(left), tuple(left))
