"""What people were told of the codes of their passes. Neither digits nor words: those are made when a message leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from hub.model.pass_news import Known
from hub.model.values import LockId, PassId, Window
from hub.store.alerts import Telling, telling_of
from hub.store.engine import Tx
from hub.store.prepared import Prepared
from hub.store.tables import pass_news, tellings


@dataclass(frozen=True, slots=True)
class PassNews:
    """Of one pass, the last thing that its holder was told or is about to be."""

    pass_: PassId
    key: str
    """Of the promise, and of the telling that says what became of it."""
    known: Known
    lacking: tuple[LockId, ...] = ()
    """The doors that were not ready."""


def _row(row: Mapping[str, Any]) -> PassNews:
    window = None if row["start"] is None else Window(row["start"], row["end"])
    lacking = tuple(LockId(lock) for lock in row["lacking"].split())
    return PassNews(
        row["pass_id"], row["key"], Known(row["version"], window, bool(lacking), row["handed"] == 1), lacking
    )


_ALL: Final = Prepared(select(pass_news), _row)
_ONE: Final = Prepared(select(pass_news).where(pass_news.c.pass_id == bindparam("this")), _row)


def all_news(tx: Tx) -> dict[PassId, PassNews]:
    return {row.pass_: row for row in _ALL.all(tx)}


def of_pass(tx: Tx, id_: PassId) -> PassNews | None:
    return _ONE.first(tx, this=id_)


def keep(tx: Tx, row: PassNews) -> None:
    window = row.known.window
    values: dict[str, Any] = {
        "key": row.key,
        "version": row.known.version,
        "lacking": " ".join(row.lacking),
        "start": None if window is None else window.start,
        "end": None if window is None else window.end,
        "handed": int(row.known.handed),
    }
    made = insert(pass_news).values(pass_id=row.pass_, **values)
    tx.sql.execute(made.on_conflict_do_update(index_elements=["pass_id"], set_=values))
    tx.signal("people")


def forgotten(tx: Tx, row: PassNews) -> None:
    """They do not know what they were to be told: it never left, or does not count any more."""
    keep(tx, replace(row, known=replace(row.known, version="")))


def handed(tx: Tx, row: PassNews) -> None:
    """The digits leave."""
    keep(tx, replace(row, known=replace(row.known, handed=True)))


_TOLD: Final = Prepared(
    select(pass_news.c.pass_id.label("about_pass"), tellings)
    .join(tellings, tellings.c.key == pass_news.c.key)
    .order_by(pass_news.c.pass_id),
    lambda row: (PassId(row["about_pass"]), telling_of(row)),
)


def last_told(tx: Tx) -> dict[PassId, Telling]:
    """What became of the last message about each pass."""
    return dict(_TOLD.all(tx))
