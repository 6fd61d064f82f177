"""What came in and was not understood yet (inbox), and what we promised and have not done yet (outbox)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Integer, Table, bindparam, delete, func, or_, select, text, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.effects import (
    GiveDoorCode,
    Notify,
    Promised,
    PublishNights,
    PushStay,
    TellBookings,
    TellChannel,
    TellPass,
    WriteToGuest,
)
from hub.model.values import ChannelId
from hub.store.engine import Tx
from hub.store.prepared import Bare, Prepared, upsert
from hub.store.tables import Instant, channel_state, inbox, outbox

WAITING, LEASED, DONE, DEAD = "waiting", "leased", "done", "dead"


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery as it lies in the inbox; `body` is sealed."""

    id: int
    channel: ChannelId
    key: str
    topic: str
    body: bytes
    received_at: datetime
    attempts: int
    due: datetime
    why: str | None
    so_far: str | None = None
    """How far it was taken in, in the words of hub/inbox.py; None: not at all yet."""


_NEW_LETTER: Final = Prepared(
    insert(inbox)
    .values(
        {
            name: bindparam(name, type_=inbox.c[name].type)
            for name in ("channel_id", "key", "topic", "body", "received_at", "state", "due")
        }
    )
    .on_conflict_do_nothing(),
    lambda _: None,
)


def accept(tx: Tx, letter: Letter) -> bool:
    """Keep a delivery; False when the same one lies here already."""
    kept = _NEW_LETTER.run(
        tx,
        channel_id=letter.channel,
        key=letter.key,
        topic=letter.topic,
        body=letter.body,
        received_at=letter.received_at,
        state=WAITING,
        due=letter.due,
    )
    return kept == 1


def move_cursor(tx: Tx, channel: ChannelId, cursor: str | None) -> None:
    """None: the channel is read from its beginning."""
    _MOVE.run(tx, channel_id=channel, cursor=cursor)


_MOVE: Final = upsert(channel_state, ("cursor",))
_CURSOR: Final[Prepared[str | None]] = Prepared(
    select(channel_state.c.cursor).where(channel_state.c.channel_id == bindparam("channel")), lambda row: row["cursor"]
)


def cursor_of(tx: Tx, channel: ChannelId) -> str | None:
    return _CURSOR.first(tx, channel=channel)


_LETTER = (
    inbox.c.id,
    inbox.c.channel_id,
    inbox.c.key,
    inbox.c.topic,
    inbox.c.body,
    inbox.c.received_at,
    inbox.c.attempts,
    inbox.c.due,
    inbox.c.why,
    inbox.c.so_far,
)


_IS_WAITING = text("inbox.state = 'waiting'")
"""In so many words: SQLite takes the index of what waits only where the statement itself says so."""
_BY_ID = Bare(inbox.c.id)
"""Bare keeps SQLite from walking all ids to spare itself the sorting."""


_DUE: Final = Prepared(
    select(*_LETTER)
    .where(_IS_WAITING, inbox.c.due <= bindparam("now", type_=Instant))
    .order_by(_BY_ID)
    .limit(bindparam("most", type_=Integer)),
    lambda row: Letter(*row.values()),
)
_NEXT_DUE: Final[Prepared[datetime | None]] = Prepared(
    select(func.min(inbox.c.due).label("due")).where(_IS_WAITING), lambda row: row["due"]
)


def letters(tx: Tx, now: datetime, *, limit: int = 50) -> list[Letter]:
    """What is due, oldest first."""
    return _DUE.all(tx, now=now, most=limit)


def next_letter_due(tx: Tx) -> datetime | None:
    return _NEXT_DUE.first(tx)


_LAST: Final = Prepared(
    select(inbox.c.state)
    .where(inbox.c.channel_id == bindparam("channel"))
    .order_by(inbox.c.id.desc())
    .limit(bindparam("one", 1, type_=Integer)),
    lambda row: str(row["state"]),
)


def unread(tx: Tx, channel: ChannelId) -> bool:
    """Whether the last delivery of a channel has not been taken in: it waits, or a person has to look."""
    return _LAST.first(tx, channel=channel) in (WAITING, DEAD)


_TRIED_AGAIN: Final = Prepared(
    select(inbox.c.id)
    .where(_IS_WAITING, inbox.c.channel_id == bindparam("channel"), inbox.c.attempts > 0)
    .limit(bindparam("one", 1, type_=Integer)),
    lambda row: int(row["id"]),
)


def tried_again(tx: Tx, channel: ChannelId) -> bool:
    """Whether a delivery of a channel could not be taken in and waits for the next try."""
    return _TRIED_AGAIN.first(tx, channel=channel) is not None


_DEALT_WITH: Final = Prepared(
    update(inbox).where(inbox.c.id == bindparam("letter")).values(state=DONE, why=None, so_far=None), lambda _: None
)
_PARTLY: Final = Prepared(
    update(inbox).where(inbox.c.id == bindparam("letter")).values(so_far=bindparam("far")), lambda _: None
)


def letter_done(tx: Tx, id_: int) -> None:
    _DEALT_WITH.run(tx, letter=id_)


def letter_partly_done(tx: Tx, id_: int, so_far: str) -> None:
    _PARTLY.run(tx, letter=id_, far=so_far)


def letter_failed(tx: Tx, id_: int, why: str, again: datetime | None) -> None:
    """Try once more at `again`; None: a person has to look."""
    state = {"state": DEAD} if again is None else {"due": again}
    tx.sql.execute(update(inbox).where(inbox.c.id == id_).values(attempts=inbox.c.attempts + 1, why=why, **state))
    tx.signal("health")


def revive(tx: Tx, table: Table, id_: int, now: datetime) -> bool:
    """A person says: try again. False when it is not waiting for one."""
    again = update(table).where(table.c.id == id_, table.c.state == DEAD).values(state=WAITING, attempts=0, due=now)
    tx.signal(table.name)
    return tx.sql.execute(again).rowcount == 1


def set_aside(tx: Tx, table: Table, id_: int, now: datetime) -> None:
    """A person says: let it go. It is kept as long as what was dealt with."""
    done = {} if table is inbox else {"done_at": now}
    tx.sql.execute(update(table).where(table.c.id == id_, table.c.state == DEAD).values(state=DONE, **done))
    tx.signal("health")


@dataclass(frozen=True, slots=True)
class Dead:
    """Something that will not happen unless a person acts."""

    box: str
    """`inbox` | `outbox`"""
    id: int
    about: str
    since: datetime
    why: str


_DEAD_LETTERS: Final = Prepared(
    select(inbox.c.id, inbox.c.channel_id, inbox.c.received_at, inbox.c.why).where(inbox.c.state == DEAD),
    lambda row: Dead("inbox", row["id"], row["channel_id"], row["received_at"], row["why"] or ""),
)
_DEAD_PROMISES: Final = Prepared(
    select(outbox.c.id, outbox.c.kind, outbox.c.made_at, outbox.c.why).where(outbox.c.state == DEAD),
    lambda row: Dead("outbox", row["id"], row["kind"], row["made_at"], row["why"] or ""),
)


def dead(tx: Tx) -> list[Dead]:
    return [*_DEAD_LETTERS.all(tx), *_DEAD_PROMISES.all(tx)]


# ---- promises -------------------------------------------------------------------------------------------------------

KINDS: Final[dict[str, type[Promised]]] = {
    "tell_channel": TellChannel,
    "notify": Notify,
    "tell_bookings": TellBookings,
    "tell_pass": TellPass,
    "publish_nights": PublishNights,
    "give_door_code": GiveDoorCode,
    "push_stay": PushStay,
    "write_to_guest": WriteToGuest,
}
_WORDS: Final = {kind: word for word, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Promise:
    id: int
    key: str
    lane: str
    effect: Promised
    due: datetime
    attempts: int


def promise(tx: Tx, effect: Promised, *, key: str, lane: str, due: datetime) -> None:
    """Recorded in this transaction, performed after its commit, at least once. The same key is the same promise."""
    tx.sql.execute(
        insert(outbox)
        .values(
            key=key,
            lane=lane,
            kind=_WORDS[type(effect)],
            payload=json.dumps(asdict(effect)),
            made_at=due,
            due=due,
            state=WAITING,
        )
        .on_conflict_do_nothing()
    )
    tx.signal("outbox")


def waiting(tx: Tx, kept_as: str) -> bool:
    """Whether a promise whose key begins like this has yet to be performed from its beginning."""
    query = select(outbox.c.id).where(outbox.c.key.startswith(kept_as, autoescape=True), outbox.c.state == WAITING)
    return tx.sql.execute(query.limit(1)).first() is not None


def hasten(tx: Tx, kept_as: str, now: datetime) -> None:
    """A person says: now. Those that wait or were given up begin anew."""
    theirs = outbox.c.key.startswith(kept_as, autoescape=True) & outbox.c.state.in_((WAITING, DEAD))
    tx.signal("outbox")
    tx.sql.execute(update(outbox).where(theirs).values(state=WAITING, attempts=0, due=now))


def overtake(tx: Tx, kept_as: str, now: datetime, *, waiting: bool = False) -> None:
    """Another promise takes the place of those that were given up: nobody has to look at them any more.

    Args:
        waiting: and of those that wait for their turn.
    """
    over = outbox.c.state.in_((WAITING, DEAD)) if waiting else outbox.c.state == DEAD
    theirs = outbox.c.key.startswith(kept_as, autoescape=True) & over
    if tx.sql.execute(update(outbox).where(theirs).values(state=DONE, done_at=now)).rowcount:
        tx.signal("health")


def given_up(tx: Tx, key: str) -> str | None:
    """Why that promise waits for a person; None: it does not."""
    row = tx.sql.execute(select(outbox.c.why).where(outbox.c.key == key, outbox.c.state == DEAD)).first()
    return None if row is None else str(row[0] or "")


def waits(tx: Tx, key: str) -> bool:
    """Whether that promise is still tried by itself."""
    open_ = select(outbox.c.id).where(outbox.c.key == key, outbox.c.state.in_((WAITING, LEASED)))
    return tx.sql.execute(open_.limit(1)).first() is not None


def claim(tx: Tx, lane: str, now: datetime, until: datetime) -> Promise | None:
    """Take the next due promise of a lane until `until`; a lease that ran out is taken again."""
    free = or_(outbox.c.state == WAITING, (outbox.c.state == LEASED) & (outbox.c.leased_until <= now))
    query = select(outbox).where(outbox.c.lane == lane, outbox.c.due <= now, free).order_by(outbox.c.due).limit(1)
    row = tx.sql.execute(query).mappings().first()
    if row is None:
        return None
    tx.sql.execute(update(outbox).where(outbox.c.id == row["id"]).values(state=LEASED, leased_until=until))
    return Promise(row["id"], row["key"], lane, _effect(row["kind"], row["payload"]), row["due"], row["attempts"])


def _effect(kind: str, payload: str) -> Promised:
    return KINDS[kind](**json.loads(payload))


def lanes(tx: Tx) -> set[str]:
    live = select(outbox.c.lane).where(outbox.c.state.in_((WAITING, LEASED))).distinct()
    return set(tx.sql.execute(live).scalars())


def next_promise_due(tx: Tx, lane: str) -> datetime | None:
    waiting = select(func.min(outbox.c.due)).where(outbox.c.lane == lane, outbox.c.state == WAITING)
    leased = select(func.min(outbox.c.leased_until)).where(outbox.c.lane == lane, outbox.c.state == LEASED)
    due = [at for query in (waiting, leased) if (at := tx.sql.execute(query).scalar()) is not None]
    return min(due, default=None)


def kept(tx: Tx, id_: int, now: datetime) -> None:
    tx.sql.execute(
        update(outbox).where(outbox.c.id == id_).values(state=DONE, done_at=now, leased_until=None, why=None)
    )


def not_kept(tx: Tx, id_: int, why: str, again: datetime | None) -> None:
    """Try once more at `again`; None: a person has to look."""
    then = {"state": DEAD} if again is None else {"state": WAITING, "due": again}
    tx.sql.execute(
        update(outbox)
        .where(outbox.c.id == id_)
        .values(attempts=outbox.c.attempts + 1, why=why, leased_until=None, **then)
    )
    tx.signal("health")


_FARTHEST: Final = timedelta(days=1)
"""Nothing is tried again later than that."""


def come_to_now(tx: Tx, now: datetime) -> None:
    """What a clock that was ahead put into the future is of now: it is sent, and it is not kept for longer."""
    far = now + _FARTHEST
    late = (outbox.c.due > far) & ((outbox.c.attempts > 0) | (outbox.c.made_at > far))
    tx.sql.execute(update(outbox).where(outbox.c.state == WAITING, late).values(due=now))
    tx.sql.execute(update(outbox).where(outbox.c.state == LEASED, outbox.c.leased_until > far).values(leased_until=now))
    tx.sql.execute(update(outbox).where(outbox.c.state == DONE, outbox.c.done_at > now).values(done_at=now))
    tx.sql.execute(update(inbox).where(inbox.c.state == WAITING, inbox.c.due > far).values(due=now))
    tx.sql.execute(update(inbox).where(inbox.c.state == DONE, inbox.c.received_at > now).values(received_at=now))
    tx.signal("outbox")
    tx.signal("inbox")


def tidy(tx: Tx, before: datetime) -> int:
    """Drop deliveries and promises that were dealt with before that."""
    received = delete(inbox).where(inbox.c.state == DONE, inbox.c.received_at < before)
    promised = delete(outbox).where(outbox.c.state == DONE, outbox.c.done_at < before)
    return tx.sql.execute(received).rowcount + tx.sql.execute(promised).rowcount
