"""Which code stands at each booking of an account, as far as we told it. Ids of grants, never digits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.dialects.sqlite import insert

from hub.model.values import ChannelId, GrantId, StayId
from hub.store.engine import Tx
from hub.store.source_names import is_given
from hub.store.tables import door_codes, stay_sources, stays


@dataclass(frozen=True, slots=True)
class CodeThere:
    channel_id: ChannelId
    stay_id: StayId
    wanted: str
    """Ids of grants with spaces between; empty: no code is to stand there."""
    revision: int
    standing: str = ""
    """Of the grants whose digits may stand there."""
    sure: int = 0
    """The account took what is wanted."""
    at: datetime | None = None
    why: str = ""


_COLUMNS: Final = tuple(door_codes.c[field.name] for field in fields(CodeThere))


def told(tx: Tx, channel: ChannelId) -> dict[StayId, CodeThere]:
    rows = (CodeThere(*row) for row in tx.sql.execute(select(*_COLUMNS).where(door_codes.c.channel_id == channel)))
    return {row.stay_id: row for row in rows}


def of_stay(tx: Tx, id_: StayId) -> list[CodeThere]:
    query = select(*_COLUMNS).where(door_codes.c.stay_id == id_).order_by(door_codes.c.channel_id)
    return [CodeThere(*row) for row in tx.sql.execute(query)]


def one(tx: Tx, channel: ChannelId, id_: StayId) -> CodeThere | None:
    return next((row for row in of_stay(tx, id_) if row.channel_id == channel), None)


def keep(tx: Tx, row: CodeThere) -> None:
    values = {field.name: getattr(row, field.name) for field in fields(CodeThere)}
    same = ["channel_id", "stay_id"]
    tx.sql.execute(insert(door_codes).values(**values).on_conflict_do_update(index_elements=same, set_=values))
    tx.signal(f"stay:{row.stay_id}")


def candidates(tx: Tx, channel: ChannelId, over: datetime) -> list[StayId]:
    """The account's bookings that check out later, and cancelled ones where a code may stand."""
    code = (door_codes.c.channel_id == channel) & (door_codes.c.stay_id == stays.c.id)
    query = (
        select(stays.c.id)
        .distinct()
        .join(stay_sources, stay_sources.c.stay_id == stays.c.id)
        .outerjoin(door_codes, code)
        .where(stay_sources.c.channel_id == channel, is_given(stay_sources.c.uid), stays.c.check_out > over)
        .where(or_(stays.c.status == "confirmed", door_codes.c.standing != ""))
        .order_by(stays.c.id)
    )
    return [StayId(id_) for id_ in tx.sql.execute(query).scalars()]


def booking_of(tx: Tx, channel: ChannelId, id_: StayId) -> str | None:
    """The account's own id of a stay, the one it told of last."""
    query = (
        select(stay_sources.c.uid)
        .where(stay_sources.c.channel_id == channel, stay_sources.c.stay_id == id_, is_given(stay_sources.c.uid))
        .order_by(stay_sources.c.missing_since.is_not(None), stay_sources.c.seen_at.desc())
    )
    return tx.sql.execute(query.limit(1)).scalar()


def platforms_of(tx: Tx, id_: StayId) -> list[ChannelId]:
    """Those that tell of the stay as of a booking, or told of it."""
    here = (stay_sources.c.stay_id == id_, is_given(stay_sources.c.uid))
    query = select(stay_sources.c.channel_id).where(*here).distinct()
    return [ChannelId(name) for name in tx.sql.execute(query.order_by(stay_sources.c.channel_id)).scalars()]


def written(ids: Collection[GrantId]) -> str:
    return " ".join(sorted(ids))
