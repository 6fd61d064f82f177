"""Bookings made here that an account is to know, and how far it does (R546 to R593)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any, Final

from sqlalchemy import bindparam, case, func, or_, select, text
from sqlalchemy.dialects.sqlite import insert

from hub.model.stays import nights
from hub.model.values import NIGHTLY, ChannelId, Part, StayId, StayStatus, UnitId
from hub.store import listings
from hub.store.engine import Tx
from hub.store.prepared import Prepared, among, listed
from hub.store.tables import pushes, stays


class PushState(Enum):
    PENDING = "pending"
    SYNCED = "synced"
    FAILED = "failed"
    """A person should look at it. It is tried again all the same, unless the account refused it."""


NOWHERE: Final = "nowhere"
"""In place of a status: the booking is of a unit that is not let there."""
ANEW: Final = "anew"
"""In place of what the account took of a part: a person wants it told once more."""
_ENDED: Final = (StayStatus.CANCELLED.value, NOWHERE)


@dataclass(frozen=True, slots=True)
class Push:
    channel_id: ChannelId
    stay_id: StayId
    booking: str | None
    """The account's own id of it."""
    state: PushState
    wanted: Mapping[Part, str]
    """A digest of each part that the account is to know."""
    revision: int
    attempts: int = 0
    error: str = ""
    tried_at: datetime | None = None
    synced_at: datetime | None = None
    dry: int = 0
    """What the account is said to know was never sent."""
    real: int = 0
    """A person had this one sent in spite of the rehearsal."""
    told: Mapping[Part, str] = field(default_factory=dict)
    """The digests of those that it took, as they were then."""
    lacks: Mapping[Part, str] = field(default_factory=dict)
    """Why it would or could not take one."""
    there_from: date | None = None
    there_until: date | None = None
    """The days that the account says, where they are neither ours nor those that it took."""
    there_listing: str | None = None
    """The listing of these days, where it is neither ours nor the one that it took."""
    nights_at: datetime | None = None
    """When it took the unit, the days or the status that it was told."""
    heard_at: datetime | None = None
    """By the account's own clock: its newest word on the booking."""
    gone_at: datetime | None = None
    """Since when it is cancelled there, and not by us."""

    @property
    def there(self) -> tuple[date, date] | None:
        """The days that somebody gave it at the account."""
        return None if self.there_from is None or self.there_until is None else (self.there_from, self.there_until)

    @property
    def has(self) -> frozenset[Part]:
        """The parts that the account knows as they are here."""
        same = frozenset(part for part, digest in self.wanted.items() if self.told.get(part) == digest)
        return same if self.gone_at is None else same - {Part.STATUS}

    @property
    def ends(self) -> bool:
        """It is to be cancelled there."""
        return self.wanted.get(Part.STATUS) in _ENDED

    @property
    def ended_by_us(self) -> bool:
        """We had it cancelled there, or a person wants it back: that it is cancelled there is no news."""
        return self.gone_at is None and self.told.get(Part.STATUS) in (*_ENDED, ANEW)

    @property
    def keeps_nights(self) -> bool:
        """The booking stands there with its nights, whatever else it lacks."""
        return self.booking is not None and not self.dry and self.has >= set(NIGHTLY)

    @property
    def took(self) -> tuple[str, frozenset[date]] | None:
        """The listing and the nights that it has there by what was told last; None: it is the account's word that says."""
        if self.there is not None or not self.told:
            return None
        unit, days, status = (self.told.get(part, ANEW) for part in (Part.UNIT, Part.DAYS, Part.STATUS))
        if ANEW in (unit, days) or status in (*_ENDED, ANEW):
            return "", frozenset()  # at least it is not known
        first, _, until = days.partition("/")
        return unit, nights(date.fromisoformat(first), date.fromisoformat(until))

    @property
    def missing(self) -> dict[Part, str]:
        """What a booking that stands there lacks, with the reason where there is one. Nothing of what never was told in parts."""
        if self.booking is None or self.dry or not self.told or self.ends:
            return {}
        return {part: self.lacks.get(part, "") for part in Part if part in self.wanted and part not in self.has}


_COLUMNS: Final = tuple(pushes.c[each.name] for each in fields(Push))
_PARTS: Final = ("wanted", "told", "lacks")


def _push(values: Mapping[Any, Any]) -> Push:
    parts = {name: {Part(part): said for part, said in json.loads(values[name]).items()} for name in _PARTS}
    return Push(**{**values, **parts, "state": PushState(values["state"])})


def _values(row: Push) -> dict[str, object]:
    parts = {name: json.dumps({part.value: said for part, said in getattr(row, name).items()}) for name in _PARTS}
    return {each.name: getattr(row, each.name) for each in fields(Push)} | parts | {"state": row.state.value}


def of_account(tx: Tx, channel: ChannelId) -> list[Push]:
    """Those that failed first, then the newest wish first."""
    failed = case((pushes.c.state == PushState.FAILED.value, 0), else_=1)
    query = select(*_COLUMNS).where(pushes.c.channel_id == channel).order_by(failed, pushes.c.stay_id.desc())
    return [_push(row) for row in tx.sql.execute(query).mappings()]


def of_stay(tx: Tx, id_: StayId) -> list[Push]:
    query = select(*_COLUMNS).where(pushes.c.stay_id == id_).order_by(pushes.c.channel_id)
    return [_push(row) for row in tx.sql.execute(query).mappings()]


def one(tx: Tx, channel: ChannelId, id_: StayId) -> Push | None:
    return next((row for row in of_stay(tx, id_) if row.channel_id == channel), None)


def keep(tx: Tx, row: Push) -> None:
    values = _values(row)
    same = ["channel_id", "stay_id"]
    tx.sql.execute(insert(pushes).values(**values).on_conflict_do_update(index_elements=same, set_=values))
    tx.signal("channels")
    tx.signal("health")
    tx.signal(f"stay:{row.stay_id}")


_GOING_ON: Final = Prepared(
    select(*_COLUMNS)
    .join(stays, stays.c.id == pushes.c.stay_id)
    .where(pushes.c.channel_id == bindparam("channel"))
    .where(or_(stays.c.check_out > bindparam("now"), stays.c.check_out.is_(None)))
    .order_by(pushes.c.stay_id),
    _push,
    remember=("channel_id", "stay_id"),
)


def known(tx: Tx, channel: ChannelId, now: datetime) -> dict[StayId, Push]:
    """Of stays that are not over."""
    return {row.stay_id: row for row in _GOING_ON.all(tx, channel=channel, now=now)}


def failed(tx: Tx, channel: ChannelId, now: datetime) -> list[Push]:
    """Of stays that are not over."""
    return [row for row in _GOING_ON.all(tx, channel=channel, now=now) if row.state is PushState.FAILED]


_MADE_HERE: Final = Prepared(
    select(stays.c.id)
    .where(among(stays.c.unit_id, "units"), stays.c.channel_id.is_(None), stays.c.kind == "reservation")
    .where(or_(stays.c.status == "confirmed", stays.c.status == "tentative"), stays.c.check_out > bindparam("now"))
    .order_by(stays.c.check_in, stays.c.id),
    lambda row: StayId(row["id"]),
)


def made_here(tx: Tx, units: Collection[UnitId], now: datetime) -> list[StayId]:
    """Bookings of guests that were made here for these units and are not over."""
    return _MADE_HERE.all(tx, units=listed(units), now=now)


def refused(tx: Tx, channel: ChannelId, now: datetime) -> dict[StayId, Push]:
    """Those that failed and keep no nights there, or others than they should."""
    return {row.stay_id: row for row in failed(tx, channel, now) if not row.keeps_nights}


@dataclass(frozen=True, slots=True)
class Elsewhen:
    """A live booking of ours to which its account gives other days, or another listing."""

    channel: ChannelId
    stay: StayId
    unit: UnitId
    ours: tuple[date, date]
    theirs: tuple[date, date]
    check_out: datetime
    listing: str | None
    """Of theirs; None: of the same unit."""
    their_unit: UnitId | None
    """None: their listing is no unit here."""

    def nights_in(self, unit: UnitId) -> tuple[frozenset[date], frozenset[date]]:
        """Ours and theirs."""
        ours, theirs = (nights(*days) for days in (self.ours, self.theirs))
        nowhere = frozenset[date]()
        return ours if unit == self.unit else nowhere, theirs if unit == self.their_unit else nowhere

    @property
    def over_at(self) -> datetime:
        """When the nights of both are over, in whatever zone."""
        return max(self.check_out, datetime.combine(self.theirs[1] + timedelta(days=1), time(), UTC))


_ELSEWHEN: Final = Prepared(
    select(
        pushes.c.channel_id,
        pushes.c.stay_id,
        stays.c.unit_id,
        stays.c.arrival,
        stays.c.departure,
        pushes.c.there_from,
        pushes.c.there_until,
        stays.c.check_out,
        pushes.c.there_listing,
    )
    .join(stays, stays.c.id == pushes.c.stay_id)
    .where(text("pushes.there_from IS NOT NULL"), stays.c.check_out.is_not(None))
    .where(or_(stays.c.status == "confirmed", stays.c.status == "tentative"))
    .order_by(pushes.c.channel_id, pushes.c.stay_id),
    lambda row: Elsewhen(
        row["channel_id"],
        row["stay_id"],
        row["unit_id"],
        (row["arrival"], row["departure"]),
        (row["there_from"], row["there_until"]),
        row["check_out"],
        row["there_listing"],
        row["unit_id"],
    ),
)


def elsewhen(tx: Tx, now: datetime) -> list[Elsewhen]:
    """Those that are not over, here or there."""
    found = [each for each in _ELSEWHEN.all(tx) if each.over_at > now]
    if any(each.listing is not None for each in found):
        units = listings.joined(tx)
        found = [
            each if each.listing is None else replace(each, their_unit=units.get(each.channel, {}).get(each.listing))
            for each in found
        ]
    return [each for each in found if each.ours != each.theirs or each.unit != each.their_unit]


_CANCELLED_THERE: Final = Prepared(
    select(pushes.c.channel_id, pushes.c.stay_id, pushes.c.gone_at, stays.c.check_out)
    .join(stays, stays.c.id == pushes.c.stay_id)
    .where(text("pushes.gone_at IS NOT NULL"), stays.c.check_out.is_not(None))
    .where(or_(stays.c.status == "confirmed", stays.c.status == "tentative"))
    .order_by(pushes.c.channel_id, pushes.c.stay_id),
    lambda row: (row["channel_id"], row["stay_id"], row["gone_at"], row["check_out"]),
)


def cancelled_there(tx: Tx, now: datetime) -> dict[tuple[ChannelId, StayId], datetime]:
    """Bookings of ours that live here, are not over, and were cancelled at an account; since when."""
    return {(channel, stay): at for channel, stay, at, until in _CANCELLED_THERE.all(tx) if until > now}


def is_pushed(tx: Tx, id_: StayId) -> bool:
    """Whether some account lists it only because we told it to."""
    there = select(pushes.c.stay_id).where(pushes.c.stay_id == id_, pushes.c.booking.is_not(None), pushes.c.dry == 0)
    return tx.sql.execute(there.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Statistics:
    pending: int
    synced: int
    failed: int
    lately_synced: int
    lately_tried: int
    """Since the day that was asked for; what waits for its first try is not among them."""
    average_attempts: float | None
    """Of those that were synced lately."""

    @property
    def success_rate(self) -> float | None:
        return self.lately_synced / self.lately_tried if self.lately_tried else None


def statistics(tx: Tx, channel: ChannelId, since: datetime) -> Statistics:
    ours = pushes.c.channel_id == channel
    counted = select(pushes.c.state, func.count()).where(ours).group_by(pushes.c.state)
    count: dict[str, int] = dict(iter(tx.sql.execute(counted)))
    lately = (ours, pushes.c.tried_at >= since)
    synced = (*lately, pushes.c.state == PushState.SYNCED.value)
    tried = tx.sql.execute(select(func.count()).where(*lately)).scalar_one()
    done = tx.sql.execute(select(func.count(), func.avg(pushes.c.attempts)).where(*synced)).one()
    return Statistics(count.get("pending", 0), count.get("synced", 0), count.get("failed", 0), done[0], tried, done[1])
