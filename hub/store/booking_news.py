"""What is to be told of bookings: it waits, is told as a batch, and is kept for a while. Whom: hub/store/alerts.py."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, text, update

from hub.model.booking_news import News, Shape
from hub.model.values import ChannelId, PropertyId
from hub.store.engine import Tx
from hub.store.prepared import Prepared
from hub.store.tables import Instant, booking_news, stay_sources, stays

_NOTE: Final = Prepared(
    insert(booking_news).values(
        {
            name: bindparam(name, type_=booking_news.c[name].type)
            for name in ("stay_id", "property_id", "at", "by", "was", "now", "begins")
        }
    ),
    lambda _: None,
)


def note(tx: Tx, place: PropertyId, row: News) -> None:
    """It waits to be told. `stays` is signalled by whoever keeps the stay."""
    shapes = {"was": _written(row.was), "now": _written(row.now)}
    _NOTE.run(tx, stay_id=row.stay, property_id=place, at=row.at, by=row.by, begins=row.begins, **shapes)


def _written(shape: Shape | None) -> str | None:
    return None if shape is None else json.dumps(shape.written())


_COLUMNS: Final = tuple(booking_news.c[name] for name in ("id", "property_id", "stay_id", "was", "now", "by", "at"))


def _row(row: Mapping[str, Any]) -> tuple[int, PropertyId, News]:
    was, now = (None if row[name] is None else Shape.read(json.loads(row[name])) for name in ("was", "now"))
    return row["id"], row["property_id"], News(row["stay_id"], was, now, row["by"], row["at"], row["at"])


_WAITING: Final = Prepared(select(*_COLUMNS).where(text("batch IS NULL")).order_by(booking_news.c.id), _row)
_BATCH: Final = Prepared(
    select(*_COLUMNS).where(booking_news.c.batch == bindparam("batch")).order_by(booking_news.c.id), _row
)


_IS_WAITING: Final = text("batch IS NULL")
_FAR: Final = datetime(9000, 1, 1, tzinfo=UTC)


def _span(*narrower: Any) -> Prepared[tuple[PropertyId, datetime, datetime]]:
    query = select(
        booking_news.c.property_id,
        func.min(booking_news.c.at).label("first"),
        func.max(booking_news.c.at).label("last"),
    ).where(_IS_WAITING, booking_news.c.begins < bindparam("before", type_=Instant), *narrower)
    return Prepared(
        query.group_by(booking_news.c.property_id), lambda row: (row["property_id"], row["first"], row["last"])
    )


_SPANS: Final = _span()
_SPAN_OF: Final = _span(booking_news.c.property_id == bindparam("place"))


def spans(tx: Tx) -> dict[PropertyId, tuple[datetime, datetime]]:
    """Of each property for which something waits, when the first and the last of it happened."""
    return {place: (first, last) for place, first, last in _SPANS.all(tx, before=_FAR)}


def span_before(tx: Tx, place: PropertyId, begins: datetime) -> tuple[datetime, datetime] | None:
    """Likewise of what is about a check-in before then."""
    found = _SPAN_OF.first(tx, place=place, before=begins)
    return None if found is None else found[1:]


def waiting(tx: Tx) -> dict[PropertyId, list[tuple[int, News]]]:
    """In the order in which it happened."""
    found: dict[PropertyId, list[tuple[int, News]]] = {}
    for id_, place, news in _WAITING.all(tx):
        found.setdefault(place, []).append((id_, news))
    return found


def told_together(tx: Tx, ids: Collection[int], batch: str) -> bool:
    """Take it off what waits; False: it was taken before."""
    return sum(_TOLD.run(tx, _id=id_, _batch=batch) for id_ in ids) > 0


_TOLD: Final = Prepared(
    update(booking_news)
    .where(booking_news.c.id == bindparam("_id"), booking_news.c.batch.is_(None))
    .values(batch=bindparam("_batch")),
    lambda _: None,
)


def batch(tx: Tx, id_: str) -> list[News]:
    return [news for _, _, news in _BATCH.all(tx, batch=id_)]


def drop(tx: Tx, ids: Collection[int]) -> None:
    """There is nobody to be told."""
    for id_ in ids:
        _DROP.run(tx, _id=id_)


_DROP: Final = Prepared(delete(booking_news).where(booking_news.c.id == bindparam("_id")), lambda _: None)


def known_before(tx: Tx, channel: ChannelId, at: datetime) -> bool:
    """Whether a channel had told of some stay before then."""
    # By what it told, which has an index: a house has stays of many years.
    told = select(stays.c.id).join(stay_sources, stay_sources.c.stay_id == stays.c.id)
    earlier = told.where(stay_sources.c.channel_id == channel, stays.c.made_at < at)
    return tx.sql.execute(earlier.limit(1)).first() is not None


def tidy(tx: Tx, before: datetime) -> None:
    """Drop what was told before that."""
    old = booking_news.c.at < before
    tx.sql.execute(delete(booking_news).where(booking_news.c.batch.is_not(None), old))
