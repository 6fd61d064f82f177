"""How a guest is reached: kept sealed with the stay, and beside it marks by which other stays of the guest are known.

A mark is a keyed hash: it tells that two stays have one address, and not which.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hub.errors import Misconfigured
from hub.io.vault import Unreadable, Vault
from hub.model.returning import email_form, phone_form
from hub.store import guests
from hub.store.engine import Tx
from hub.store.stays import StayRow

NO_MARK: Final = ""
"""Of what cannot be compared. None: there is no contact, or nobody has looked at it yet."""
AT_ONCE: Final = 500


def opened(vault: Vault, row: StayRow) -> dict[str, str]:
    """`phone` and `email`, as far as they are known. Raises as `Vault.open`."""
    if row.contact is None:
        return {}
    told: dict[str, str] = json.loads(vault.open(row.contact, about=f"stay:{row.id}"))
    return told


def kept(vault: Vault, row: StayRow, contact: Mapping[str, str]) -> StayRow:
    """The stay with this contact in place of what it had."""
    if not any(contact.values()):
        return replace(row, contact=None, email_mark=None, phone_mark=None)
    box = vault.seal(json.dumps(dict(contact)).encode(), about=f"stay:{row.id}")
    return _marked(vault, replace(row, contact=box), contact)


def _marked(vault: Vault, row: StayRow, contact: Mapping[str, str]) -> StayRow:
    email, phone = email_form(contact.get("email", "")), phone_form(contact.get("phone", ""))
    return replace(
        row,
        email_mark=vault.mark(f"email:{email}") if email else NO_MARK,
        phone_mark=vault.mark(f"phone:{phone}") if phone else NO_MARK,
    )


def marks(vault: Vault, contact: Mapping[str, str]) -> tuple[frozenset[str], frozenset[str]]:
    """Of e-mail and telephone, under every key of the house: older stays were marked under older keys."""
    email, phone = email_form(contact.get("email", "")), phone_form(contact.get("phone", ""))
    return (
        vault.marks(f"email:{email}") if email else frozenset(),
        vault.marks(f"phone:{phone}") if phone else frozenset(),
    )


def mark_old(tx: Tx, vault: Vault) -> None:
    """Stays of before there were marks; so many at once, the rest another time. One that does not open holds up no other."""
    for row in guests.unmarked(tx, AT_ONCE):
        try:
            contact = opened(vault, row)
        except Unreadable:
            contact = {}
        except Misconfigured:
            continue  # its key may come back
        after = _marked(vault, row, contact)
        guests.keep_marks(tx, row.id, after.email_mark or NO_MARK, after.phone_mark or NO_MARK)
