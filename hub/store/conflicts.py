"""Nights that were sold twice: who else has them, whose code is held back, and where a person said that both may come."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Integer, bindparam, or_, select, text, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.stays import share_a_night, wants_code
from hub.model.values import StayId, Window
from hub.store import codes
from hub.store import ladder as pulled
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.prepared import Bare, Prepared
from hub.store.stays import StayRow
from hub.store.tables import Instant, shared_nights, stays

_CLAIM: Final = Prepared(select(stays.c.claim).where(stays.c.id == bindparam("stay")), lambda row: int(row["claim"]))


def claim(tx: Tx, id_: StayId) -> int:
    return _CLAIM.first(tx, stay=id_) or 0


def rivals(tx: Tx, stay: StayRow, now: datetime) -> list[StayRow]:
    """Who else is confirmed on some of its nights, at some of its hours, by when they asked for them; neither those who are
    gone by `now`, nor those whom a person lets share them."""
    if not _stays_on(stay) or stay.check_in is None or stay.check_out is None or stay.check_out <= now:
        return []
    found = ledger.guests_between(tx, stay.unit_id, Window(max(stay.check_in, now), stay.check_out))
    others = [each for each in found if each.id != stay.id and _stays_on(each) and share_a_night(stay, each)]
    if not others:
        return []
    excused = _sharing(tx, stay.id)
    return sorted((each for each in others if each.id not in excused), key=lambda each: claim(tx, each.id))


def _stays_on(stay: StayRow) -> bool:
    return wants_code(stay) and stay.left_at is None


def _sharing(tx: Tx, id_: StayId) -> set[StayId]:
    """Who may share its nights, as long as neither asks for more."""
    rows = tx.sql.execute(select(shared_nights).where(or_(shared_nights.c.one == id_, shared_nights.c.other == id_)))
    return {
        row["other"] if row["one"] == id_ else row["one"]
        for row in rows.mappings().all()
        if claim(tx, row["one"]) == row["one_claim"] and claim(tx, row["other"]) == row["other_claim"]
    }


def has_code(tx: Tx, id_: StayId) -> bool:
    return bool(codes.issued_for(tx, id_)) or bool(pulled.pulled(tx, id_))


def stands_back(tx: Tx, stay: StayRow, now: datetime) -> bool:
    """Whether somebody asked for these nights first, or has a code already: no second guest gets one while they stay."""
    mine = claim(tx, stay.id)
    return any(claim(tx, each.id) < mine or has_code(tx, each.id) for each in rivals(tx, stay, now))


# ---- who is held back ----------------------------------------------------------------------------------------------


_NOTE: Final = Prepared(
    update(stays)
    .where(stays.c.id == bindparam("stay"), stays.c.contested != bindparam("to", type_=Integer))
    .values(contested=bindparam("to", type_=Integer)),
    lambda _: None,
)


def note(tx: Tx, id_: StayId, *, contested: bool) -> None:
    if _NOTE.run(tx, stay=id_, to=int(contested)):
        tx.signal(f"stay:{id_}")
        tx.signal("health")


_HELD_BACK: Final = Prepared(
    select(stays.c.id)
    .where(text("stays.contested = 1"), stays.c.check_out > bindparam("now", type_=Instant))
    .order_by(Bare(stays.c.claim)),
    lambda row: StayId(row["id"]),
)


def held_back(tx: Tx, now: datetime) -> list[StayRow]:
    """Stays that are not over and stand back behind another, by when they asked."""
    rows = (ledger.stay(tx, id_) for id_ in _HELD_BACK.all(tx, now=now))
    return [row for row in rows if row is not None]


def contested(tx: Tx, ids: Collection[StayId]) -> set[StayId]:
    if not ids:
        return set()
    return set(tx.sql.execute(select(stays.c.id).where(stays.c.id.in_(ids), stays.c.contested == 1)).scalars())


def pairs(tx: Tx, now: datetime) -> Iterator[tuple[StayRow, StayRow]]:
    """Each two that have nights in common, the one who keeps them first."""
    seen = set[frozenset[StayId]]()
    for second in held_back(tx, now):
        for first in rivals(tx, second, now):
            both = frozenset((first.id, second.id))
            if both not in seen:
                seen.add(both)
                yield _in_order(tx, first, second)


def _in_order(tx: Tx, one: StayRow, other: StayRow) -> tuple[StayRow, StayRow]:
    ranks = [(not has_code(tx, each.id), claim(tx, each.id)) for each in (one, other)]
    return (one, other) if ranks[0] <= ranks[1] else (other, one)


def let_share(tx: Tx, one: StayId, other: StayId, by: str, at: datetime) -> None:
    first, second = sorted((one, other))
    claims = {"one_claim": claim(tx, first), "other_claim": claim(tx, second), "at": at, "by": by}
    row = insert(shared_nights).values(one=first, other=second, **claims)
    tx.sql.execute(row.on_conflict_do_update(index_elements=["one", "other"], set_=claims))
