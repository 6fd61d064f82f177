"""Guests who come again: the other stays of whoever booked this one, what they came to, and what people wrote down.

Stays with the same e-mail address or telephone number are one guest's. The same name alone makes it a maybe. Whoever was
erased has neither any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hub import contacts
from hub.errors import Rejected
from hub.issuing import Desk
from hub.model.money import Money
from hub.model.values import StayId, StayStatus, clean_lines
from hub.model.workflow import Stage
from hub.store import guests, log, steps
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.guests import Note
from hub.store.stays import StayRow

LONGEST_NOTE: Final = 1000


@dataclass(frozen=True, slots=True)
class Came:
    """What a guest's stays came to, this one among them."""

    stays: int
    """That are over or under way."""
    nights: int
    paid: tuple[Money, ...]
    """What those cost, by currency; where nobody said it, nothing is added."""
    to_come: int
    cancelled: int
    no_show: int


@dataclass(frozen=True, slots=True)
class Guest:
    others: tuple[StayRow, ...]
    """Reached by the same, the latest first."""
    maybe: tuple[StayRow, ...]
    """Of the same name and nothing else in common."""
    came: Came
    notes: tuple[Note, ...]
    """At any of the guest's stays, the latest first."""


def guest_of(tx: Tx, desk: Desk, row: StayRow) -> Guest:
    email, phone = contacts.marks(desk.vault, contacts.opened(desk.vault, row))
    same = {
        *guests.others_marked(tx, "email_mark", email, row.id),
        *guests.others_marked(tx, "phone_mark", phone, row.id),
    }
    others = _latest(tx, same)
    named = (id_ for id_ in guests.others_named(tx, row.guest, row.id) if id_ not in same)
    return Guest(
        others,
        _latest(tx, named),
        _came(tx, desk, [row, *others]),
        tuple(guests.notes(tx, [row.id, *same])),
    )


def _latest(tx: Tx, ids: Iterable[StayId]) -> tuple[StayRow, ...]:
    found = (ledger.stay(tx, id_) for id_ in ids)
    dated = [each for each in found if each is not None and each.arrival is not None]
    return tuple(sorted(dated, key=lambda each: (str(each.arrival), each.id), reverse=True))


def _came(tx: Tx, desk: Desk, rows: Sequence[StayRow]) -> Came:
    now, came = desk.now(), list[StayRow]()
    to_come = cancelled = no_show = 0
    for row in rows:
        if row.status is StayStatus.CANCELLED:
            cancelled += 1
        elif steps.stage(tx, row.id) is Stage.NO_SHOW:
            no_show += 1
        elif row.check_in is not None and row.check_in <= now:
            came.append(row)
        else:
            to_come += 1
    paid: dict[str, int] = {}
    for total in (row.total for row in came if row.total is not None):
        paid[total.currency] = paid.get(total.currency, 0) + total.minor
    nights = sum((row.departure - row.arrival).days for row in came if row.arrival and row.departure)
    money = tuple(Money(minor, currency) for currency, minor in sorted(paid.items()))
    return Came(len(came), nights, money, to_come, cancelled, no_show)


def note(tx: Tx, desk: Desk, id_: StayId, text: str, actor: str) -> None:
    """What to mind with this guest; empty: nothing any more. Raises Rejected when there is no such stay."""
    if ledger.stay(tx, id_) is None:
        raise Rejected(f"there is no stay “{id_}”")
    now, said = desk.now(), text.strip()
    if len(said) > LONGEST_NOTE:
        raise Rejected(f"a note on a guest has at most {LONGEST_NOTE} characters")
    guests.keep_note(tx, Note(id_, clean_lines(said, limit=LONGEST_NOTE), now, actor))
    # The words are not written down a second time: they are about a person, and the trail is kept for ever.
    log.record(tx, now, actor, "note on the guest" if said else "note on the guest taken away", f"stay:{id_}")
