"""Everything the store has of one guest: found for an answer to them, and taken out.

A guest is the guest of one stay. What is sealed is emptied by the caller, who has the keys.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, or_, select, text, update

from hub.model.chain import HOUSE, Link
from hub.model.groups import MOST_TOGETHER
from hub.model.price_lines import nameless, packed
from hub.model.values import ChannelId, PropertyId, StayId, StayKind, StayStatus
from hub.model.workflow import CAME_IN, CAME_IN_THAT_DAY, Stage
from hub.store import chain, log
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.questions import OF_STAYS
from hub.store.stays import StayRow
from hub.store.tables import (
    access_log,
    alerts,
    complaints,
    grants,
    guest_links,
    guest_messages,
    guest_notes,
    inbox,
    outbox,
    questions,
    replies,
    slots,
    stay_sources,
    stay_steps,
    stays,
    units,
)

GONE: Final = "a guest who was erased"
SHORTEST_NAME: Final = 4
"""Shorter names are not looked for in other people's sentences: too much else would be found."""


@dataclass(frozen=True, slots=True)
class Sealed:
    about: str
    box: bytes


def reports(tx: Tx, stay: StayId) -> list[tuple[ChannelId, str, Sealed]]:
    """(channel, its word for the stay, what it reported)."""
    query = select(stay_sources.c.channel_id, stay_sources.c.uid, stay_sources.c.reported)
    rows = tx.sql.execute(query.where(stay_sources.c.stay_id == stay))
    return [(channel, uid, Sealed(f"report:{channel}:{uid}", box)) for channel, uid, box in rows]


def deliveries(tx: Tx, channels: Iterable[ChannelId]) -> list[tuple[int, Sealed]]:
    """Of these channels, whatever was dealt with: the guest may be in any of it."""
    query = select(inbox.c.id, inbox.c.channel_id, inbox.c.key, inbox.c.body)
    rows = tx.sql.execute(query.where(inbox.c.channel_id.in_(list(channels)), inbox.c.state == "done"))
    return [(id_, Sealed(f"inbox:{channel}:{key}", box)) for id_, channel, key, box in rows]


def still_coded(tx: Tx, stay: StayId) -> bool:
    """Some lock may still hold a code of the stay."""
    query = select(grants.c.id).where(grants.c.stay_id == stay, exists().where(slots.c.holder == grants.c.id))
    return tx.sql.execute(query.limit(1)).first() is not None


def codes_of(tx: Tx, stay: StayId) -> list[Mapping[str, Any]]:
    columns = (grants.c.lock_id, grants.c.purpose, grants.c.digits, grants.c.start, grants.c.end, grants.c.revoked_at)
    return [dict(row) for row in tx.sql.execute(select(*columns).where(grants.c.stay_id == stay)).mappings()]


def alerts_about(tx: Tx, stay: StayId) -> list[tuple[datetime, str]]:
    query = select(alerts.c.found_at, alerts.c.sentence).where(alerts.c.about == f"stay:{stay}")
    return [(at, sentence) for at, sentence in tx.sql.execute(query.order_by(alerts.c.found_at))]


def questions_about(tx: Tx, stay: StayId) -> list[tuple[datetime, str, str | None]]:
    """(asked at, sentence, answer)."""
    query = select(questions.c.asked_at, questions.c.sentence, questions.c.answer).where(questions.c.subject == stay)
    return [(at, sentence, answer) for at, sentence, answer in tx.sql.execute(query.order_by(questions.c.asked_at))]


def links_of(tx: Tx, stay: StayId) -> list[Link]:
    alias = chain.known_alias(tx, f"stay:{stay}")
    return [] if alias is None else chain.about(tx, alias)


def others_named(tx: Tx, name: str, but: StayId) -> list[StayId]:
    """Stays that may be the same person's."""
    if len(name) < SHORTEST_NAME:
        return []
    return list(tx.sql.scalars(select(stays.c.id).where(stays.c.guest == name, stays.c.id != but).limit(50)))


def others_referred(tx: Tx, reference: str, but: StayId) -> list[StayId]:
    """Stays with the same reference: several units of one booking, or one that was told twice; the latest, where it is no
    reference at all but a word that many have."""
    if not reference:
        return []
    alike = select(stays.c.id).where(stays.c.reference == reference, stays.c.id != but)
    return list(tx.sql.scalars(alike.order_by(stays.c.check_in.desc()).limit(MOST_TOGETHER)))


def told_by(tx: Tx, id_: StayId) -> list[ChannelId]:
    """The channels that list a stay now."""
    listed = (stay_sources.c.stay_id == id_) & stay_sources.c.missing_since.is_(None)
    query = select(stay_sources.c.channel_id).where(listed).distinct().order_by(stay_sources.c.channel_id)
    return list(tx.sql.scalars(query))


MOST: Final = 60
"""An address that more stays than this have is nobody's own: an agency's, or one that a channel gives to all."""


def others_marked(tx: Tx, column: str, marks: Collection[str], but: StayId) -> list[StayId]:
    """Stays whose guest is reached by the same. `column`: `email_mark` | `phone_mark`."""
    if not marks:
        return []
    same = select(stays.c.id).where(stays.c[column].in_(marks), stays.c.id != but).limit(MOST + 1)
    found = list(tx.sql.scalars(same))
    return found if len(found) <= MOST else []


def unmarked(tx: Tx, limit: int) -> list[StayRow]:
    waiting = (
        select(stays.c.id).where(text("contact IS NOT NULL AND email_mark IS NULL")).order_by(stays.c.id).limit(limit)
    )
    return [row for id_ in tx.sql.scalars(waiting).all() if (row := ledger.stay(tx, id_)) is not None]


def keep_marks(tx: Tx, stay: StayId, email: str, phone: str) -> None:
    tx.sql.execute(update(stays).where(stays.c.id == stay).values(email_mark=email, phone_mark=phone))


@dataclass(frozen=True, slots=True)
class Note:
    """What a person wrote down of a guest, at one of their stays."""

    stay: StayId
    text: str
    at: datetime
    by: str


def notes(tx: Tx, ids: Collection[StayId]) -> list[Note]:
    """The latest first."""
    rows = tx.sql.execute(select(guest_notes).where(guest_notes.c.stay_id.in_(ids)).order_by(guest_notes.c.at.desc()))
    return [Note(*row) for row in rows]


def keep_note(tx: Tx, note: Note) -> None:
    """In place of the stay's older one; none, if it is empty."""
    tx.sql.execute(delete(guest_notes).where(guest_notes.c.stay_id == note.stay))
    if note.text:
        values = {"stay_id": note.stay, "text": note.text, "at": note.at, "by": note.by}
        tx.sql.execute(insert(guest_notes).values(**values))
    tx.signal(f"stay:{note.stay}")


# ---- taking out ------------------------------------------------------------------------------------------------------

_WORDS: Final = ("guest", "reference", "phone_last4", "note", "special_requests", "company", "purpose", "country")
"""Of a stay, in which its guest may be told of."""


def empty_stay(tx: Tx, stay: StayId) -> None:
    gone = update(stays).where(stays.c.id == stay)
    words = dict.fromkeys(_WORDS, "")
    row = ledger.stay(tx, stay)
    if row is not None:
        words["price_lines"] = packed(nameless(row.price.lines))
    tx.sql.execute(gone.values(**words, contact=None, guests=None, fixed_pin=None, email_mark=None, phone_mark=None))
    tx.sql.execute(update(grants).where(grants.c.stay_id == stay).values(label="", pin=None))
    tx.sql.execute(update(stay_steps).where(stay_steps.c.stay_id == stay).values(why=""))
    for table in (guest_links, guest_messages, guest_notes, complaints):
        tx.sql.execute(delete(table).where(table.c.stay_id == stay))
    tx.signal(f"stay:{stay}")
    tx.signal("stays")


def keep_report(tx: Tx, channel: ChannelId, uid: str, box: bytes) -> None:
    here = (stay_sources.c.channel_id == channel, stay_sources.c.uid == uid)
    tx.sql.execute(update(stay_sources).where(*here).values(reported=box))


def keep_delivery(tx: Tx, id_: int, box: bytes) -> None:
    tx.sql.execute(update(inbox).where(inbox.c.id == id_).values(body=box))


def unname_log(tx: Tx, stay: StayId, names: Collection[str]) -> int:
    """Lines of the access log: what happened remains, and who it was does not."""
    own = access_log.c.stay_id == stay
    lines = tx.sql.execute(update(access_log).where(own).values(who=GONE, stay_id=None, grant_id=None)).rowcount
    held = tx.sql.scalars(select(grants.c.id).where(grants.c.stay_id == stay)).all()
    lines += log.unname_doubts(tx, held, names, GONE)
    tx.signal("log")
    return lines


def unname_sentences(tx: Tx, stay: StayId, name: str) -> int:
    """Questions, alerts and promises about the stay, and others in which the name stands."""
    count = 0
    for table, about in ((questions, questions.c.subject == stay), (alerts, alerts.c.about == f"stay:{stay}")):
        named = table.c.sentence.contains(name, autoescape=True) if len(name) >= SHORTEST_NAME else about
        gone = update(table).where(or_(about, named)).values(sentence=f"This was about {GONE}.")
        count += tx.sql.execute(gone).rowcount
    words = [stay, name] if len(name) >= SHORTEST_NAME else [stay]
    spelled = {*words, *(json.dumps(word)[1:-1] for word in words)}
    promised = or_(*(outbox.c.payload.contains(word, autoescape=True) for word in spelled))
    answered = or_(*(replies.c.body.contains(word, autoescape=True) for word in spelled))
    count += tx.sql.execute(delete(outbox).where(promised, outbox.c.state.in_(("done", "dead")))).rowcount
    return count + tx.sql.execute(delete(replies).where(answered)).rowcount


def unname_deeds(tx: Tx, stay: StayId, name: str, at: datetime, *, named_before: datetime | None = None) -> int:
    """Lines of the audit trail lose their words, and get a link for what they say now."""
    subjects = [f"stay:{stay}", *(f"{kind}:{stay}" for kind in OF_STAYS)]
    return log.empty_lines(tx, subjects, name, at, named_before=named_before)


def forget(tx: Tx, stay: StayId, at: datetime) -> None:
    """The alias is named in the chain for the last time; from here on nobody can tell whose it was."""
    alias = chain.known_alias(tx, f"stay:{stay}")
    if alias is not None:
        chain.append(tx, at, HOUSE, "erased", "done", subject=alias, actor=chain.GATEHOUSE)
        chain.forget_aliases(tx, [f"stay:{stay}"])


# ---- what is old ------------------------------------------------------------------------------------------------------


def _of(place: PropertyId) -> ColumnElement[bool]:
    return stays.c.unit_id.in_(select(units.c.id).where(units.c.property_id == place))


_CODED: Final = exists().where(grants.c.stay_id == stays.c.id, slots.c.holder == grants.c.id)
_SOMEBODY: Final = or_(
    *(stays.c[name] != "" for name in _WORDS),
    *(stays.c[name].is_not(None) for name in ("contact", "guests", "fixed_pin")),
    *(exists().where(table.c.stay_id == stays.c.id) for table in (guest_messages, guest_notes)),
)


def known_since(tx: Tx, place: PropertyId, before: datetime, limit: int) -> list[StayId]:
    """Stays that were over by then and still name somebody, the oldest first; none of which a lock may hold a code.

    One that was cancelled is over from then on, however long before its days that was.
    """
    cancelled = and_(stays.c.status == StayStatus.CANCELLED.value, stays.c.cancelled_at < before)
    over = or_(func.coalesce(stays.c.check_out, stays.c.changed_at) < before, cancelled)
    query = select(stays.c.id).where(_of(place), over, _SOMEBODY, ~_CODED, stays.c.kind != StayKind.BLOCK.value)
    return list(tx.sql.scalars(query.order_by(stays.c.check_out, stays.c.id).limit(limit)))


def forget_hours(tx: Tx, place: PropertyId, before: datetime, zone: ZoneInfo) -> int:
    """Of stays that are over: when the guest first came in, if that was before then. The day remains in its story."""
    over = stays.c.stage.in_([stage.value for stage in (Stage.COMPLETED, Stage.CANCELLED, Stage.REFUNDED)])
    gone = update(stays).where(_of(place), stays.c.arrived_at < before, over).values(arrived_at=None)
    forgotten = list(tx.sql.scalars(gone.returning(stays.c.id)))
    for id_ in forgotten:
        told = (stay_steps.c.stay_id == id_, stay_steps.c.why == CAME_IN)
        for number, at in tx.sql.execute(select(stay_steps.c.id, stay_steps.c.at).where(*told)).all():
            day = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
            step = update(stay_steps).where(stay_steps.c.id == number)
            tx.sql.execute(step.values(at=day.astimezone(UTC), why=CAME_IN_THAT_DAY))
        tx.signal(f"stay:{id_}")
    return len(forgotten)
