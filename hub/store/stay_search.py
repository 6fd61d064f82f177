"""What a list of stays may be asked for, in the words of the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select

from hub.model.values import ChannelId, PropertyId, StayId, StayKind, StayStatus, UnitId
from hub.model.workflow import Stage
from hub.store.engine import Tx
from hub.store.tables import stay_sources, stays, units

HERE: Final = "here"
HOLD: Final = "hold"
"""What people ask for beside the kinds of stays: nights that are held for somebody who has not decided yet."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of stays should show; None means whatever."""

    unit: UnitId | None = None
    property: PropertyId | None = None
    status: StayStatus | None = None
    stage: Stage | None = None
    kind: StayKind | None = None
    source: str = ""
    """Where it came from: a channel, or a platform by the word of a manager of channels; `here`: a person added it."""
    text: str = ""
    """Found in guest, reference, note, the unit's name, or the end of a telephone number."""
    since: datetime | None = None
    """Only stays that end later."""
    until: datetime | None = None
    """Only stays that begin earlier."""
    over_by: datetime | None = None
    """Only stays that have ended by then."""
    live: bool = False
    """Only confirmed and tentative ones."""
    after: tuple[datetime, StayId] | None = None
    """(check_in, id) of the last stay of the page before."""
    latest_first: bool = False
    limit: int = 50
    id: StayId | None = None
    first: date | None = None
    """Only stays that have this night or a later one."""
    last: date | None = None
    """Only stays that have this night or an earlier one."""


def conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield from _named(wanted)
    yield from _timed(wanted)


def _named(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    said = ((stays.c.status, wanted.status), (stays.c.stage, wanted.stage), (stays.c.kind, wanted.kind))
    for column, value in said:
        if value is not None:
            yield column == value.value
    if wanted.id is not None:
        yield stays.c.id == wanted.id
    if wanted.unit is not None:
        yield stays.c.unit_id == wanted.unit
    if wanted.property is not None:
        yield stays.c.unit_id.in_(select(units.c.id).where(units.c.property_id == wanted.property))
    if wanted.source == HERE:
        yield stays.c.channel_id.is_(None)
    elif wanted.source:
        yield or_(stays.c.channel_id == wanted.source, stays.c.platform == wanted.source)
    if wanted.text:
        there = stays.c.unit_id.in_(select(units.c.id).where(units.c.name.icontains(wanted.text, autoescape=True)))
        written = (
            each.icontains(wanted.text, autoescape=True) for each in (stays.c.guest, stays.c.reference, stays.c.note)
        )
        yield or_(there, *written, *_telephone(wanted.text))


def _telephone(text: str) -> Iterator[ColumnElement[bool]]:
    """All that lies open of a number are its last four digits; who types the whole number means those."""
    digits = "".join(each for each in text if each.isdigit())
    if len(digits) >= 4 and not any(each.isalpha() for each in text):
        yield stays.c.phone_last4 == digits[-4:]


def _timed(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield stays.c.check_out > wanted.since
    if wanted.until is not None:
        yield stays.c.check_in < wanted.until
    if wanted.first is not None:
        yield stays.c.departure > wanted.first
    if wanted.last is not None:
        yield stays.c.arrival <= wanted.last
    if wanted.over_by is not None:
        yield stays.c.check_out <= wanted.over_by
    if wanted.live:
        yield stays.c.status.in_((StayStatus.CONFIRMED.value, StayStatus.TENTATIVE.value))
    if wanted.after is not None:
        at, id_ = wanted.after
        further = (stays.c.check_in < at) if wanted.latest_first else (stays.c.check_in > at)
        beside = (stays.c.id < id_) if wanted.latest_first else (stays.c.id > id_)
        yield or_(further, and_(stays.c.check_in == at, beside))


def units_of(tx: Tx, wanted: Wanted) -> dict[StayId, UnitId]:
    """All stays that are wanted, whatever the limit."""
    return {
        StayId(id_): UnitId(unit)
        for id_, unit in tx.sql.execute(select(stays.c.id, stays.c.unit_id).where(*conditions(wanted)))
    }


def told_by(tx: Tx, wanted: Wanted) -> set[ChannelId]:
    """The channels that list any of them now."""
    listed = stay_sources.c.stay_id.in_(select(stays.c.id).where(*conditions(wanted)))
    query = select(stay_sources.c.channel_id).where(listed, stay_sources.c.missing_since.is_(None)).distinct()
    return set(tx.sql.scalars(query))


def usual_currency(tx: Tx) -> str:
    """Of the price that was said last; empty: there was none yet."""
    query = select(stays.c.currency).where(stays.c.currency.is_not(None)).order_by(stays.c.changed_at.desc())
    return str(tx.sql.execute(query.limit(1)).scalar() or "")
