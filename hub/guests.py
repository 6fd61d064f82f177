"""What is kept of one guest, told on request and erased on request (GDPR, articles 15, 17 and 20).

A guest is the guest of one stay. Erasing takes out who it was, not that somebody was there: the dates of the stay, which
door opened when, and the audit chain remain, and name nobody.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub import contacts
from hub.errors import Disappointment, Rejected
from hub.io.vault import NOT_OPENED, Unreadable
from hub.issuing import Desk
from hub.model.chain import told, written
from hub.model.keeping import REGISTER
from hub.model.money import Money
from hub.model.price_lines import in_words
from hub.model.values import BESIDES, StayId, StayStatus
from hub.store import door_codes, guest_messages, guest_page, guests, imports, log, pushes, steps
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.guests import SHORTEST_NAME, Sealed
from hub.store.imports import Row
from hub.store.log import Filter
from hub.store.stays import StayRow

ERASED: Final = "guest erased"
"""Of the audit trail."""
WHAT_REMAINS: Final = (
    "The dates of the stay and its unit: of nobody, so that the calendar of the house stays true.",
    "What happened at the doors, without the name, for as long as the property keeps its access log.",
    "The audit chain, for ever, for the defence of legal claims (article 17(3)(e)): aliases of nobody knows whom.",
    "Deliveries that nobody could read yet, until somebody decides about them on the Health page.",
    "Backups made before, encrypted: they are overwritten within 30 days.",
)
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an erasure would do. Nothing is done yet."""

    stay: StayRow
    log_lines: int
    reports: int
    deliveries: int
    others: tuple[StayId, ...]
    """Stays under the same name: each is erased for itself."""
    remains: tuple[str, ...] = WHAT_REMAINS


@dataclass(frozen=True, slots=True)
class Erased:
    log_lines: int
    sentences: int
    remains: tuple[str, ...] = WHAT_REMAINS


def _stay(tx: Tx, id_: StayId) -> StayRow:
    row = ledger.stay(tx, id_)
    if row is None:
        raise Rejected(f"there is no stay “{id_}”")
    return row


# ---- telling ----------------------------------------------------------------------------------------------------------


def export(tx: Tx, desk: Desk, id_: StayId, actor: str) -> dict[str, Any]:
    """Everything that is kept of the guest of a stay, in words and values that any program reads. Written down.

    Raises Rejected when there is no such stay.
    """
    row = _stay(tx, id_)
    log.record(tx, desk.now(), actor, "guest data exported", f"stay:{id_}")
    entries = log.entries(tx, Filter(stay=id_), limit=_MOST)
    deeds = log.deeds(tx, f"stay:{id_}", limit=_MOST)
    return {
        "made_at": written(desk.now()),
        "stay": {
            "id": row.id,
            "unit": row.unit_id,
            "channel": row.channel_id,
            "status": row.status.value,
            "guest": row.guest,
            "reference": row.reference,
            "phone_last4": row.phone_last4,
            "contact": _contact(desk, row),
            "guests": row.guests,
            "party": {name: getattr(row, name) for name in ("adults", "children", "infants", "pets")},
            "note": row.note,
            **{name: getattr(row, name) for name in BESIDES},
            "price": None if row.total is None else str(row.total),
            "price_lines": [f"{words}: {Money(minor, row.currency or '')}" for words, minor in in_words(row.price)],
            **{name: _when(getattr(row, name)) for name in _TIMES},
        },
        "reports": [
            {"channel": channel, "uid": uid, "as_received": _opened(desk, box)}
            for channel, uid, box in guests.reports(tx, id_)
        ],
        "imported": [
            {"file": of.name, "at": written(of.made_at), "line": row.line, "as_received": _received(desk, row)}
            for row, of in imports.rows_of(tx, id_)
        ],
        "codes": [
            {name: _when(value) if isinstance(value, datetime) else value for name, value in code.items()}
            for code in guests.codes_of(tx, id_)
        ],
        "guest_page": _page(tx, id_),
        "stages": [
            {"at": written(each.at), "stage": each.after.value, "by": each.by, "why": each.why}
            for each in steps.history(tx, id_)
        ],
        "questions": [
            {"at": written(at), "sentence": sentence, "answer": answer}
            for at, sentence, answer in guests.questions_about(tx, id_)
        ],
        "alerts": [{"at": written(at), "sentence": sentence} for at, sentence in guests.alerts_about(tx, id_)],
        "accounts": [
            *({"account": each.channel_id, "knows": "the booking"} for each in pushes.of_stay(tx, id_)),
            *(
                {"account": each.channel_id, "knows": "the code"}
                for each in door_codes.of_stay(tx, id_)
                if each.standing
            ),
        ],
        "messages": [
            {
                "at": written(each.written_at),
                "by": each.by,
                "channel": each.channel_id,
                "text": _opened(desk, Sealed(each.about, each.text)),
                "state": each.state.value,
                "state_at": written(each.at),
            }
            for each in guest_messages.of_stay(tx, id_)
        ],
        "notes": [{"at": written(each.at), "by": each.by, "text": each.text} for each in guests.notes(tx, [id_])],
        "access_log": [
            {"at": written(each.at), "door": each.lock, "what": each.what, "how": each.how, "who": each.who}
            for each in entries
        ],
        "audit_trail": [
            {"at": written(each.at), "action": each.action, "outcome": each.outcome, "detail": each.detail}
            for each in deeds
        ],
        "audit_chain": [told(link) | {"seal": link.seal} for link in guests.links_of(tx, id_)],
        "why": [
            {"data": kept.data, "purpose": kept.purpose, "ground": kept.ground, "how_long": kept.how_long}
            for kept in REGISTER
        ],
    }


def _contact(desk: Desk, row: StayRow) -> dict[str, str] | str | None:
    try:
        return contacts.opened(desk.vault, row) or None
    except NOT_OPENED as error:
        return _why(error)


def _received(desk: Desk, row: Row) -> str | None:
    """None: it has become the stay, and is kept there."""
    return None if row.cells is None else _opened(desk, Sealed(row.about, row.cells))


def _page(tx: Tx, id_: StayId) -> dict[str, Any]:
    link, said = guest_page.link_of(tx, id_), guest_page.complaints_of(tx, id_).values()
    return {
        "opened_at": None if link is None else _when(link.opened_at),
        "code_seen_at": None if link is None else _when(link.shown_at),
        "did_not_open": [{"door": each.lock, "at": written(each.said_at)} for each in said],
    }


_TIMES: Final = ("check_in", "check_out", "made_at", "changed_at", "arrived_at", "left_at", "cancelled_at")


def _when(at: datetime | None) -> str | None:
    return None if at is None else written(at)


def _opened(desk: Desk, box: Sealed) -> str:
    try:
        return desk.vault.open(box.box, about=box.about).decode(errors="replace")
    except NOT_OPENED as error:
        return _why(error)


def _why(error: Disappointment) -> str:
    return "(damaged)" if isinstance(error, Unreadable) else "(sealed with a key that this hub does not have)"


# ---- erasing ----------------------------------------------------------------------------------------------------------


def foresee(tx: Tx, desk: Desk, id_: StayId) -> Foreseen:
    """The first of two steps. Raises Rejected, with the cure, while the guest may still come in."""
    row = _erasable(tx, desk, id_)
    reports = guests.reports(tx, id_)
    channels = {channel for channel, _, _ in reports}
    return Foreseen(
        row,
        len(log.entries(tx, Filter(stay=id_), limit=_MOST)),
        len(reports),
        len(guests.deliveries(tx, channels)),
        tuple(guests.others_named(tx, row.guest, id_)),
    )


def erase(tx: Tx, desk: Desk, id_: StayId, confirmed: str, actor: str) -> Erased:
    """The second step: `confirmed` is the stay's id, said once more. Raises Rejected."""
    row = _erasable(tx, desk, id_)
    if confirmed.strip() != id_:
        raise Rejected("say the id of the stay once more to confirm that its guest is to be erased")
    log.record(tx, desk.now(), actor, ERASED, f"stay:{id_}")
    channels = {channel for channel, _, _ in guests.reports(tx, id_)}
    for number, box in guests.deliveries(tx, channels):
        guests.keep_delivery(tx, number, desk.vault.seal(b"", about=box.about))
    return take_out(tx, desk, row)


def take_out(tx: Tx, desk: Desk, row: StayRow, *, named_before: datetime | None = None) -> Erased:
    """Who the guest of a stay was, wherever it is kept but in deliveries.

    Args:
        named_before: the name may be that of a guest who came again: where it stands in what is not of this stay, only
            audit lines older than that lose their words. None: everywhere.
    """
    now, name = desk.now(), row.guest if len(row.guest) >= SHORTEST_NAME else ""
    elsewhere = name if named_before is None else ""
    lines = guests.unname_log(tx, row.id, {row.guest, row.reference})
    guests.unname_deeds(tx, row.id, name, now, named_before=named_before)
    sentences = guests.unname_sentences(tx, row.id, elsewhere)
    for channel, uid, box in guests.reports(tx, row.id):
        guests.keep_report(tx, channel, uid, desk.vault.seal(b"", about=box.about))
    _empty_imports(tx, desk, row.id, elsewhere)
    guests.empty_stay(tx, row.id)
    guests.forget(tx, row.id, now)
    return Erased(lines, sentences)


def _empty_imports(tx: Tx, desk: Desk, id_: StayId, name: str) -> None:
    """Rows of lists that became the stay or changed it, and refused ones in which the name stands."""
    imports.empty(tx, [row for row, _ in imports.rows_of(tx, id_)])
    if name:
        spelled = json.dumps(name, ensure_ascii=False)[1:-1].casefold()
        refused = (row for row in imports.refused(tx) if spelled in (_received(desk, row) or "").casefold())
        imports.empty(tx, list(refused))


def _erasable(tx: Tx, desk: Desk, id_: StayId) -> StayRow:
    row = _stay(tx, id_)
    over = row.check_out is not None and row.check_out <= desk.now()
    if row.status in (StayStatus.CONFIRMED, StayStatus.TENTATIVE) and not over:
        raise Rejected("the stay is not over: cancel it first, or wait until the guest has left")
    if guests.still_coded(tx, id_):
        raise Rejected("a lock may still hold a code of this guest: wait until it is proven gone, then try again")
    return row
