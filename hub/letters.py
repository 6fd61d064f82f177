"""What was given up on and waits for a person: deliveries that nobody understood, promises that could not be kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Table

from hub.errors import Rejected
from hub.model.values import ChannelId
from hub.store import listings, log, mail, tables
from hub.store.engine import Tx
from hub.store.mail import Dead

_BOXES: Final[Mapping[str, Table]] = {"inbox": tables.inbox, "outbox": tables.outbox}


def name_of(letter: Dead) -> str:
    return f"{letter.box}-{letter.id}"


def find(tx: Tx, name: str) -> Dead:
    """Raises Rejected where it does not wait, or not any more."""
    found = next((letter for letter in mail.dead(tx) if name_of(letter) == name), None)
    if found is None:
        raise Rejected("it is no longer waiting for anybody")
    return found


def retry(tx: Tx, letter: Dead, actor: str, now: datetime, wall: datetime) -> None:
    mail.revive(tx, _BOXES[letter.box], letter.id, wall)
    log.record(tx, now, actor, "try again", f"{letter.box}:{letter.id}")


def dismiss(tx: Tx, letter: Dead, actor: str, now: datetime) -> None:
    """Nobody waits for it any more. A channel whose delivery it was is read anew: what it said may be said again."""
    mail.set_aside(tx, _BOXES[letter.box], letter.id, now)
    if letter.box == "inbox":
        listings.read_anew(tx, ChannelId(letter.about))
    log.record(tx, now, actor, "let go", f"{letter.box}:{letter.id}", detail=letter.why)
