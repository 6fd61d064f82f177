"""What a unit may be booked for: the rules of properties and units, closures, holds, and what is taken."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Integer, bindparam, delete, func, or_, select, type_coerce
from sqlalchemy.dialects.sqlite import insert

from hub.model.availability import (
    LONGEST_BUFFER,
    BookingRules,
    Closed,
    ClosureKind,
    Ground,
    Hours,
    OwnRules,
    Reason,
    Resource,
    Taken,
    rules_of,
)
from hub.model.publishing import seldom
from hub.model.values import CODED, PropertyId, StayId, StayStatus, UnitId
from hub.model.workflow import NoShow
from hub.store import house, pushes
from hub.store.claims import free_at
from hub.store.engine import Tx
from hub.store.house import Origin, Property, Unit
from hub.store.prepared import Prepared
from hub.store.stay_search import HERE, Wanted
from hub.store.tables import Instant, booking_rules, channel_state, channels, closures, holds, listings, outlets, stays

# ---- rules ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RulesRow:
    """What a property or a unit says of its bookings."""

    of: PropertyId | None
    unit: UnitId | None
    """One of the two."""
    own: OwnRules
    origin: Origin

    @property
    def id(self) -> str:
        return f"unit:{self.unit}" if self.unit is not None else f"property:{self.of}"


_DAYS: Final = ("no_arrival", "no_departure", "turnover")
_SPANS: Final = ("buffer", "notice", "stale_after", "no_show_after")


def _written(own: OwnRules) -> str:
    def plain(value: object) -> object:
        match value:
            case Resource() | NoShow():
                return value.value
            case timedelta():
                return round(value.total_seconds())
            case frozenset():
                return sorted(value)
            case tuple():
                return [list(each) for each in value]
        return value

    return json.dumps({name: plain(value) for name, value in own.said().items()}, sort_keys=True)


def _read(text: str) -> OwnRules:
    told: dict[str, Any] = json.loads(text)
    for name in told.keys() & set(_SPANS):
        told[name] = timedelta(seconds=told[name])
    for name in told.keys() & set(_DAYS):
        told[name] = frozenset(told[name])
    if "refunds" in told:
        told["refunds"] = tuple((days, share) for days, share in told["refunds"])
    if "resource" in told:
        told["resource"] = Resource(told["resource"])
    if "no_show" in told:
        told["no_show"] = NoShow(told["no_show"])
    return OwnRules(**told)


_RULES: Final = Prepared(
    select(booking_rules),
    lambda row: RulesRow(row["property_id"], row["unit_id"], _read(row["rules"]), Origin(row["origin"])),
    remember=["about"],
)


def all_rules(tx: Tx) -> dict[str, RulesRow]:
    """By what they are about: `property:house`, `unit:flat`."""
    return {row.id: row for row in _RULES.all(tx)}


def own_rules(tx: Tx, about: str) -> OwnRules:
    row = all_rules(tx).get(about)
    return OwnRules() if row is None else row.own


def rules_in(tx: Tx, place: PropertyId) -> BookingRules:
    """What counts for units of a property that say nothing."""
    return rules_of(own_rules(tx, f"property:{place}"))


def rules_at(tx: Tx, unit: UnitId) -> BookingRules:
    """What counts for a unit; the usual where there is no such unit."""
    place, said = house.property_of(tx, unit), all_rules(tx)
    return _layered(said, None if place is None else place.id, unit)


def _layered(said: Mapping[str, RulesRow], place: PropertyId | None, unit: UnitId) -> BookingRules:
    rows = (said.get(f"property:{place}"), said.get(f"unit:{unit}"))
    return rules_of(*(row.own for row in rows if row is not None))


def keep_rules(tx: Tx, row: RulesRow) -> None:
    values = {
        "about": row.id,
        "property_id": row.of,
        "unit_id": row.unit,
        "rules": _written(row.own),
        "origin": row.origin.value,
    }
    tx.sql.execute(insert(booking_rules).values(**values).on_conflict_do_update(index_elements=["about"], set_=values))
    tx.signal("house")


def forget_rules(tx: Tx, about: str) -> None:
    tx.sql.execute(delete(booking_rules).where(booking_rules.c.about == about))
    tx.signal("house")


# ---- closures ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClosureRow:
    id: str
    unit: UnitId
    kind: ClosureKind
    first: date
    until: date
    note: str
    made_at: datetime
    made_by: str


_CLOSURES: Final = Prepared(
    select(closures).where(closures.c.until > bindparam("since")).order_by(closures.c.first, closures.c.id),
    lambda row: ClosureRow(
        row["id"],
        row["unit_id"],
        ClosureKind(row["kind"]),
        row["first"],
        row["until"],
        row["note"],
        row["made_at"],
        row["made_by"],
    ),
    remember=["id"],
)


def closures_after(tx: Tx, since: date, units: Collection[UnitId] | None = None) -> list[ClosureRow]:
    """Those that last beyond that day, by their first. None: of every unit."""
    return [row for row in _CLOSURES.all(tx, since=since) if units is None or row.unit in units]


def closure(tx: Tx, id_: str) -> ClosureRow | None:
    return next((row for row in _CLOSURES.all(tx, since=date.min) if row.id == id_), None)


def keep_closure(tx: Tx, row: ClosureRow) -> None:
    values = {
        "id": row.id,
        "unit_id": row.unit,
        "kind": row.kind.value,
        "first": row.first,
        "until": row.until,
        "note": row.note,
        "made_at": row.made_at,
        "made_by": row.made_by,
    }
    tx.sql.execute(insert(closures).values(**values))
    tx.signal("stays")


def remove_closure(tx: Tx, id_: str) -> None:
    tx.sql.execute(delete(closures).where(closures.c.id == id_))
    tx.signal("stays")


# ---- holds ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hold:
    id: str
    unit: UnitId
    arrival: date
    departure: date
    check_in: datetime
    check_out: datetime
    label: str
    made_at: datetime
    made_by: str
    expires_at: datetime


_HOLDS: Final = Prepared(
    select(holds).where(holds.c.expires_at > bindparam("now", type_=Instant)).order_by(holds.c.expires_at, holds.c.id),
    lambda row: Hold(
        row["id"],
        row["unit_id"],
        row["arrival"],
        row["departure"],
        row["check_in"],
        row["check_out"],
        row["label"],
        row["made_at"],
        row["made_by"],
        row["expires_at"],
    ),
    remember=["id"],
)


def live_holds(tx: Tx, now: datetime) -> list[Hold]:
    """The one that ends first comes first."""
    return _HOLDS.all(tx, now=now)


def held(tx: Tx, wanted: Wanted, now: datetime) -> list[Hold]:
    """Holds that a list of stays should show besides; the one that begins first comes first.

    None where stays are asked for that a hold is not: with a status, a stage or a kind, of a channel, over, or by id.
    """
    of_stays = (wanted.status, wanted.stage, wanted.kind, wanted.over_by, wanted.id, wanted.after)
    if any(each is not None for each in of_stays) or wanted.source not in ("", HERE):
        return []
    known = {unit.id: unit for unit in house.units(tx)}
    found = [each for each in live_holds(tx, now) if each.unit in known and _wanted(wanted, each, known[each.unit])]
    return sorted(found, key=lambda each: (each.check_in, each.id))


def _wanted(wanted: Wanted, row: Hold, unit: Unit) -> bool:
    text = wanted.text.casefold()
    return (
        wanted.unit in (None, unit.id)
        and wanted.property in (None, unit.property)
        and (text in row.label.casefold() or text in unit.name.casefold())
        and (wanted.since is None or row.check_out > wanted.since)
        and (wanted.until is None or row.check_in < wanted.until)
        and (wanted.first is None or row.departure > wanted.first)
        and (wanted.last is None or row.arrival <= wanted.last)
    )


def keep_hold(tx: Tx, row: Hold) -> None:
    """Raises sqlalchemy.exc.IntegrityError: `overlap`, where the nights are taken."""
    values = {
        "id": row.id,
        "unit_id": row.unit,
        "arrival": row.arrival,
        "departure": row.departure,
        "check_in": row.check_in,
        "check_out": row.check_out,
        "label": row.label,
        "made_at": row.made_at,
        "made_by": row.made_by,
        "expires_at": row.expires_at,
    }
    tx.sql.execute(insert(holds).values(**values))
    tx.signal("stays")


def remove_hold(tx: Tx, id_: str) -> bool:
    """False where there was none."""
    tx.signal("stays")
    return tx.sql.execute(delete(holds).where(holds.c.id == id_)).rowcount == 1


_NEXT_END: Final[Prepared[datetime]] = Prepared(
    select(holds.c.expires_at).order_by(holds.c.expires_at).limit(1), lambda row: row["expires_at"]
)


def next_hold_end(tx: Tx) -> datetime | None:
    """Of all that were not swept away: it may be over."""
    return _NEXT_END.first(tx)


def sweep_holds(tx: Tx, now: datetime) -> int:
    """Take away those that are over: they count for nothing already."""
    swept = tx.sql.execute(delete(holds).where(holds.c.expires_at <= now)).rowcount
    if swept:
        tx.signal("stays")
    return swept


# ---- what is taken -------------------------------------------------------------------------------------------------

_BOOKED: Final = frozenset(kind.value for kind in CODED)
_FREE_AT: Final = free_at(stays)
_TAKEN: Final = (
    select(
        stays.c.unit_id,
        type_coerce(stays.c.check_in, Integer).label("start"),
        type_coerce(_FREE_AT, Integer).label("end"),
        stays.c.kind,
    )
    .where(or_(stays.c.status == StayStatus.CONFIRMED.value, stays.c.status == StayStatus.TENTATIVE.value))
    .where(stays.c.check_out > bindparam("since", type_=Instant), stays.c.check_in < bindparam("until", type_=Instant))
    .where(stays.c.id != bindparam("besides"), stays.c.check_in < _FREE_AT)
)


@lru_cache(maxsize=4096)
def _hours_taken(start: int, end: int, kind: str) -> Taken:
    """Stays begin and end at the same hours day by day, and a year of a whole house is read at once: most are alike.

    Args:
        start, end: in milliseconds, as they are kept.
    """
    why = Reason.BOOKED if kind in _BOOKED else Reason.BLOCKED
    return Taken(datetime.fromtimestamp(start / 1000, UTC), datetime.fromtimestamp(end / 1000, UTC), why)


_TAKEN_ANYWHERE: Final = Prepared(_TAKEN, lambda row: None)
_TAKEN_IN: Final = Prepared(_TAKEN.where(stays.c.unit_id == bindparam("unit")), lambda row: None)
_READ_AT: Final = Prepared(
    select(func.coalesce(channels.c.unit_id, listings.c.unit_id).label("unit_id"), channel_state.c.good_at)
    .select_from(channels)
    .join(channel_state, channel_state.c.channel_id == channels.c.id)
    .outerjoin(listings, listings.c.channel_id == channels.c.id)  # an account tells of several units
    .where(func.coalesce(channels.c.unit_id, listings.c.unit_id).is_not(None))
    .where(or_(channel_state.c.good_at.is_not(None), channel_state.c.failing_since.is_not(None))),
    lambda row: (row["unit_id"], row["good_at"]),
)
_FETCHED_BY: Final = Prepared(
    select(outlets.c.unit_id, outlets.c.platform).distinct().where(outlets.c.way == "feed"),
    lambda row: (row["unit_id"], row["platform"]),
)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MARGIN: Final = LONGEST_BUFFER + timedelta(days=1)
"""As much as any buffer and any difference of zones."""


def hours_of(place: Property) -> Hours:
    return Hours(place.zone, place.check_in, place.check_out)


def grounds(
    tx: Tx,
    units: Collection[UnitId],
    first: date,
    until: date,
    now: datetime,
    *,
    besides: StayId | None = None,
    hold: str | None = None,
) -> dict[UnitId, Ground]:
    """What is known of these units for the nights between two days.

    Args:
        besides: a stay that does not count, as it is the one that asks.
        hold: a hold that does not count, likewise.
    """
    wanted = {unit.id: unit for unit in house.units(tx) if unit.id in units}
    places, said = {place.id: place for place in house.properties(tx)}, all_rules(tx)
    taken: dict[UnitId, list[Taken]] = {id_: [] for id_ in wanted}
    for unit, start, end, kind in _taken(tx, list(wanted), first, until, besides):
        if unit in taken:
            taken[unit].append(_hours_taken(start, end, kind))
    for held in live_holds(tx, now):
        if held.unit in taken and held.id != hold:
            taken[held.unit].append(Taken(held.check_in, held.check_out, Reason.HELD))
    for other in pushes.elsewhen(tx, now):
        if other.their_unit in taken and other.stay != besides:
            hours = hours_of(places[wanted[other.their_unit].property])
            taken[other.their_unit].append(
                Taken(hours.start(other.theirs[0]), hours.end(other.theirs[1]), Reason.BLOCKED)
            )
    shut: dict[UnitId, list[Closed]] = {id_: [] for id_ in wanted}
    for row in closures_after(tx, first, wanted):
        shut[row.unit].append(Closed(row.kind, row.first, row.until))
    lag: dict[UnitId, timedelta] = {}
    for unit, platform in _FETCHED_BY.all(tx):
        lag[unit] = max(lag.get(unit, timedelta(0)), seldom(platform))
    read_at: dict[UnitId, datetime] = {}
    for unit, at in _READ_AT.all(tx):
        read_at[unit] = min(read_at.get(unit, at or _NEVER), at or _NEVER)
    return {
        id_: Ground(
            hours_of(places[unit.property]),
            _layered(said, unit.property, id_),
            tuple(taken[id_]),
            tuple(shut[id_]),
            read_at.get(id_),
            lag.get(id_, timedelta(0)),
        )
        for id_, unit in wanted.items()
    }


def _taken(
    tx: Tx, units: list[UnitId], first: date, until: date, besides: StayId | None
) -> list[tuple[UnitId, int, int, str]]:
    since = datetime.combine(first, datetime.min.time(), tzinfo=UTC) - _MARGIN
    ends = datetime.combine(until, datetime.min.time(), tzinfo=UTC) + _MARGIN
    told = {"since": since, "until": ends, "besides": besides or ""}
    return _TAKEN_IN.bare(tx, unit=units[0], **told) if len(units) == 1 else _TAKEN_ANYWHERE.bare(tx, **told)
