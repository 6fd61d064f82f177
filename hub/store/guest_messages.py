"""What people wrote to guests through the channels that these booked by, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from typing import Final

from sqlalchemy import select, text, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.values import ChannelId, StayId
from hub.store.engine import Tx
from hub.store.tables import guest_messages


class MessageState(Enum):
    WAITING = "waiting"
    """It was certainly not sent yet, and is, by itself."""
    SENDING = "sending"
    """It leaves just now; or the hub fell while it did, and nobody has looked yet."""
    HANDED_OVER = "handed_over"
    """The channel took it. Whether the guest read it, no channel says."""
    REFUSED = "refused"
    """It was certainly not sent, and waits for a person."""
    UNKNOWN = "unknown"
    """It may have been sent. Only a person has it sent again."""
    LET_GO = "let_go"
    """It was certainly not sent, and is not to be."""


@dataclass(frozen=True, slots=True)
class MessageRow:
    id: str
    stay_id: StayId
    channel_id: ChannelId
    text: bytes
    """Sealed."""
    by: str
    written_at: datetime
    state: MessageState
    at: datetime
    why: str = ""
    asked: int = 1
    once: str = ""
    tells: str = ""
    """`code` or `link`: the hub tells the guest their code with it; `hand`: a person did. Empty: a person's words."""
    grants: str = ""
    """Whose digits are told, with spaces between; empty: this counts for nothing any more."""

    @property
    def about(self) -> str:
        """What its words are sealed for."""
        return f"message:{self.id}"

    @property
    def promises(self) -> str:
        """How the keys of its promises begin: one for each time that a person had it sent."""
        return f"message:{self.id}:"

    @property
    def promise(self) -> str:
        return f"{self.promises}{self.asked}"


_COLUMNS: Final = tuple(guest_messages.c[field.name] for field in fields(MessageRow))
_STATE: Final = [field.name for field in fields(MessageRow)].index("state")


def _row(values: tuple[object, ...]) -> MessageRow:
    # The columns above are the fields, in order.
    return MessageRow(*values[:_STATE], MessageState(values[_STATE]), *values[_STATE + 1 :])  # type: ignore[arg-type, call-arg]


def of_stay(tx: Tx, id_: StayId) -> list[MessageRow]:
    """The latest first."""
    query = select(*_COLUMNS).where(guest_messages.c.stay_id == id_).order_by(guest_messages.c.id.desc())
    return [_row(tuple(row)) for row in tx.sql.execute(query)]


def tellings(tx: Tx, id_: StayId) -> list[MessageRow]:
    """By which the guest was told their code, or is about to be; the latest first."""
    return [row for row in of_stay(tx, id_) if row.tells and row.grants]


_UNTOLD: Final = text("tells != '' AND grants != '' AND state NOT IN ('handed_over', 'let_go')")
"""In so many words: SQLite takes the index of these only where the statement itself says so."""


def untold(tx: Tx) -> list[MessageRow]:
    """Those that have not left, or perhaps not."""
    return [_row(tuple(row)) for row in tx.sql.execute(select(*_COLUMNS).where(_UNTOLD).order_by(guest_messages.c.id))]


def links_ended(tx: Tx) -> None:
    """No link leads anywhere any more: whoever was told one was told nothing."""
    tx.sql.execute(update(guest_messages).where(guest_messages.c.tells == "link").values(grants=""))
    tx.signal("stays")


def one(tx: Tx, id_: StayId, message: str) -> MessageRow | None:
    return next((row for row in of_stay(tx, id_) if row.id == message), None)


def keep(tx: Tx, row: MessageRow) -> None:
    values = {field.name: getattr(row, field.name) for field in fields(MessageRow)} | {"state": row.state.value}
    tx.sql.execute(insert(guest_messages).values(**values).on_conflict_do_update(index_elements=["id"], set_=values))
    tx.signal(f"stay:{row.stay_id}")
