"""Single values that belong to the whole house."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, select

from hub.store.engine import Tx
from hub.store.prepared import Prepared, upsert
from hub.store.tables import meta

_SAFE_MODE = "safe_mode"
_TIME = "time"
_DOUBTED = "doubted"


_VALUE: Final = Prepared(select(meta.c.value).where(meta.c.key == bindparam("of")), lambda row: str(row["value"]))
_KEEP: Final = upsert(meta)
_DROP: Final = Prepared(delete(meta).where(meta.c.key == bindparam("of")), lambda _: None)


def value(tx: Tx, key: str) -> str | None:
    return _VALUE.first(tx, of=key)


def keep(tx: Tx, key: str, text: str | None) -> None:
    if text is None:
        _DROP.run(tx, of=key)
        return
    _KEEP.run(tx, key=key, value=text)


def safe_mode(tx: Tx) -> bool:
    """After a restore: the locks are read, nothing new is given until a person has looked (design.md §4)."""
    return value(tx, _SAFE_MODE) is not None


def restored_just_now(tx: Tx) -> str | None:
    """Of when the backup is, once for each restore: from here on nothing that was believed of the locks counts."""
    if not restored_and_not_started(tx):
        return None
    restored = value(tx, _SAFE_MODE)
    keep(tx, _DOUBTED, restored)
    return restored


def restored_and_not_started(tx: Tx) -> bool:
    """A backup was put in the place of the database, and the hub has not run since."""
    restored = value(tx, _SAFE_MODE)
    return restored is not None and value(tx, _DOUBTED) != restored


def restored_from(tx: Tx) -> datetime | None:
    """Of when the backup is that was restored last; None: none ever was."""
    text = value(tx, _DOUBTED)
    return None if text is None else datetime.fromisoformat(text)


def leave_safe_mode(tx: Tx) -> None:
    keep(tx, _SAFE_MODE, None)
    for name in ("house", "clock", "health"):
        tx.signal(name)


def committed_time(tx: Tx) -> datetime | None:
    """The latest time that was written down: no true clock can be behind it."""
    text = value(tx, _TIME)
    return None if text is None else datetime.fromisoformat(text)


def commit_time(tx: Tx, now: datetime) -> None:
    keep(tx, _TIME, now.isoformat())


def audit(tx: Tx) -> str | None:
    """What was found when the audit chain was looked at last (hub/audit.py)."""
    return value(tx, "audit")


def keep_audit(tx: Tx, text: str) -> None:
    keep(tx, "audit", text)
    tx.signal("health")


def vouch(tx: Tx) -> str | None:
    """What the last process knew of the time of this boot (hub/io/clock.py)."""
    return value(tx, "vouch")


def keep_vouch(tx: Tx, text: str | None) -> None:
    keep(tx, "vouch", text)


def recovery(tx: Tx) -> bytes | None:
    """The public half of the recovery key, once one was given out (hub/io/recovery.py)."""
    text = value(tx, "recovery")
    return None if text is None else b64decode(text)


def keep_recovery(tx: Tx, public: bytes) -> None:
    keep(tx, "recovery", b64encode(public).decode())
