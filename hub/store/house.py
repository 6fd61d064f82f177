"""The house as the operator described it: properties, units, locks and channels, by site file or by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from enum import Enum
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Table, Text, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.io.vault import Vault
from hub.model.keeping import GUEST_DAYS, LOG_DAYS
from hub.model.policy import NO_OVERRIDE, CodeKind, CodePolicy, Override
from hub.model.values import Address, ChannelId, LockId, Pin, PropertyId, UnitId
from hub.store import tables
from hub.store.engine import Tx
from hub.store.listings import join_all, joined
from hub.store.prepared import Prepared

T = TypeVar("T")


class Origin(Enum):
    """Who wrote a row last. The site file never touches what is not its own."""

    SITE = "site"
    PAGES = "pages"


class ClosedMeans(Enum):
    """What a channel's closure without a name stands for, in one unit."""

    ASK = "ask"
    RESERVATION = "reservation"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Property:
    id: PropertyId
    name: str
    zone: ZoneInfo
    check_in: time
    check_out: time
    """Local, to the minute."""
    code_lead: timedelta
    """How long before check-in a code begins to work."""
    digits: int
    """Of a new PIN, where the lock's own limits allow it."""
    origin: Origin
    code_kind: CodeKind = CodeKind.RANDOM
    code_distance: int = 2
    """The fields of hub.model.policy.CodePolicy, for every lock that says nothing else."""
    early_in: timedelta = timedelta(0)
    late_out: timedelta = timedelta(0)
    code_ahead: timedelta = timedelta(hours=72)
    backups: int = 2
    """How many backup codes each lock on the way to a unit keeps (hub/backup_codes.py)."""
    log_days: int = LOG_DAYS
    """For how long the access log is kept."""
    guest_days: int = GUEST_DAYS
    """After departure, for how long it is kept who the guest was; 0: until somebody erases it."""
    tell_hours: int = 0
    """So long before check-in guests are told their codes by themselves; 0: by hand."""
    guest_phone: str = ""
    """Whom guests call."""
    instructions: str = ""
    """For guests of every unit."""
    privacy: str = ""
    """What guests read of what is kept; empty: the usual (hub/model/guest_page.py)."""

    @property
    def house_rules(self) -> tuple[object, ...]:
        """What the hours of stays and codes depend on."""
        return self.zone, self.check_in, self.check_out, self.code_lead, self.early_in, self.late_out

    @property
    def codes(self) -> CodePolicy:
        return CodePolicy(
            self.code_kind,
            self.digits,
            self.code_distance,
            self.code_lead,
            self.early_in,
            self.late_out,
            self.code_ahead,
        )


@dataclass(frozen=True, slots=True)
class Unit:
    id: UnitId
    property: PropertyId
    name: str
    locks: tuple[LockId, ...]
    """The doors its guests pass, by id."""
    closed_means: ClosedMeans
    origin: Origin
    instructions: str = ""
    """For its guests, besides the property's."""


@dataclass(frozen=True, slots=True)
class LockRow:
    id: LockId
    property: PropertyId
    name: str
    driver: str
    address: Address
    shared: bool
    origin: Origin
    remote_unlock_over_s0: bool = False
    """Somebody accepts what the old encryption does not protect from."""
    unencrypted: bool = False
    """Somebody chose that it may go without encryption."""
    codes: Override = NO_OVERRIDE
    """What is different from the property's other locks."""
    backups: int | None = None
    """How many backup codes it keeps; None: as many as the property's other locks."""


@dataclass(frozen=True, slots=True)
class ChannelRow:
    id: ChannelId
    unit: UnitId | None
    """None: an account, which tells of several."""
    integration: str
    settings: bytes = field(repr=False)
    """Sealed JSON of the integration's own keys: a feed's address is itself a key."""
    origin: Origin
    units: Mapping[str, UnitId] = field(default_factory=dict)
    """Of an account, by its own word for each: its listings that are units here."""

    def unit_for(self, listing: str) -> UnitId | None:
        return self.units.get(listing) if self.unit is None else self.unit

    @property
    def serves(self) -> frozenset[UnitId]:
        return frozenset(self.units.values()) if self.unit is None else frozenset((self.unit,))


def sealed_settings(channel: ChannelId, settings: Mapping[str, Any], vault: Vault) -> bytes:
    return vault.seal(json.dumps(settings, sort_keys=True).encode(), about=f"channel:{channel}")


def opened_settings(channel: ChannelRow, vault: Vault) -> dict[str, Any]:
    opened: dict[str, Any] = json.loads(vault.open(channel.settings, about=f"channel:{channel.id}"))
    return opened


# ---- reading -------------------------------------------------------------------------------------------------------


def _of(
    columns: Select[Any], table: Table, make: Callable[[Mapping[str, Any]], T], *where: ColumnElement[bool]
) -> Prepared[T]:
    return Prepared(columns.where(*where).order_by(table.c.id), make, remember=["id"])


_THIS: Final = bindparam("this", type_=Text)


def _property(row: Mapping[str, Any]) -> Property:
    return Property(
        id=row["id"],
        name=row["name"],
        zone=ZoneInfo(row["timezone"]),
        check_in=time.fromisoformat(row["check_in"]),
        check_out=time.fromisoformat(row["check_out"]),
        code_lead=timedelta(seconds=row["code_lead_s"]),
        digits=row["digits"],
        origin=Origin(row["origin"]),
        code_kind=CodeKind(row["code_kind"]),
        code_distance=row["code_distance"],
        early_in=timedelta(seconds=row["early_in_s"]),
        late_out=timedelta(seconds=row["late_out_s"]),
        code_ahead=timedelta(seconds=row["code_ahead_s"]),
        backups=row["backups"],
        log_days=row["log_days"],
        guest_days=row["guest_days"],
        tell_hours=row["tell_hours"],
        guest_phone=row["guest_phone"],
        instructions=row["instructions"],
        privacy=row["privacy"],
    )


def codes_at(tx: Tx, lock: LockId) -> CodePolicy:
    """What codes of that lock are like; the usual where there is no such lock."""
    row = lock_with(tx, lock)
    place = None if row is None else property_with(tx, row.property)
    return CodePolicy() if row is None or place is None else row.codes.over(place.codes)


_BUFFERS: Final = Prepared(
    select(
        func.max(func.coalesce(tables.locks.c.early_in_s, tables.properties.c.early_in_s)).label("early_s"),
        func.max(func.coalesce(tables.locks.c.late_out_s, tables.properties.c.late_out_s)).label("late_s"),
    ).join(tables.properties, tables.properties.c.id == tables.locks.c.property_id),
    lambda row: (timedelta(seconds=row["early_s"] or 0), timedelta(seconds=row["late_s"] or 0)),
)


def longest_buffers(tx: Tx) -> tuple[timedelta, timedelta]:
    """How long before check-in, and after check-out, a guest may come in at the doors where that is longest."""
    return _BUFFERS.first(tx) or (timedelta(0), timedelta(0))


def backups_at(tx: Tx, lock: LockId) -> int:
    """How many backup codes that lock is to keep; none where there is no such lock."""
    row = lock_with(tx, lock)
    place = None if row is None else property_with(tx, row.property)
    return 0 if row is None or place is None else place.backups if row.backups is None else row.backups


def unit_pin(tx: Tx, unit: UnitId, vault: Vault) -> Pin | None:
    """The code that a person typed for every guest of it."""
    sealed = tx.sql.execute(select(tables.units.c.fixed_pin).where(tables.units.c.id == unit)).scalar()
    return None if sealed is None else vault.open_pin(sealed, about=f"code of unit:{unit}")


def keep_unit_pin(tx: Tx, unit: UnitId, pin: Pin | None, vault: Vault) -> None:
    sealed = None if pin is None else vault.seal_pin(pin, about=f"code of unit:{unit}")
    tx.sql.execute(update(tables.units).where(tables.units.c.id == unit).values(fixed_pin=sealed))
    tx.signal("house")


_PLACES: Final = select(tables.properties)
_ALL_PLACES: Final = _of(_PLACES, tables.properties, _property)
_PLACE: Final = _of(_PLACES, tables.properties, _property, tables.properties.c.id == _THIS)
_PLACE_OF: Final = _of(
    _PLACES,
    tables.properties,
    _property,
    tables.properties.c.id == select(tables.units.c.property_id).where(tables.units.c.id == _THIS).scalar_subquery(),
)


def properties(tx: Tx) -> list[Property]:
    return _ALL_PLACES.all(tx)


def property_with(tx: Tx, id_: PropertyId) -> Property | None:
    return _PLACE.first(tx, this=id_)


def property_of(tx: Tx, unit: UnitId) -> Property | None:
    """The property whose house rules a unit follows; None when there is no such unit."""
    return _PLACE_OF.first(tx, this=unit)


def _unit(row: Mapping[str, Any]) -> Unit:
    return Unit(
        id=row["id"],
        property=row["property_id"],
        name=row["name"],
        locks=tuple(sorted(json.loads(row["doors"]))),
        closed_means=ClosedMeans(row["closed_means"]),
        origin=Origin(row["origin"]),
        instructions=row["instructions"],
    )


_DOORS: Final = (
    select(func.json_group_array(tables.unit_locks.c.lock_id))
    .where(tables.unit_locks.c.unit_id == tables.units.c.id)
    .scalar_subquery()
    .label("doors")
)
_UNITS: Final = select(tables.units, _DOORS)
_PASSING: Final = select(tables.unit_locks.c.unit_id).where(tables.unit_locks.c.lock_id == _THIS)
_ALL_UNITS: Final = _of(_UNITS, tables.units, _unit)
_UNIT: Final = _of(_UNITS, tables.units, _unit, tables.units.c.id == _THIS)
_UNITS_IN: Final = _of(_UNITS, tables.units, _unit, tables.units.c.property_id == _THIS)
_UNITS_OF: Final = _of(_UNITS, tables.units, _unit, tables.units.c.id.in_(_PASSING))


def units(tx: Tx) -> list[Unit]:
    return _ALL_UNITS.all(tx)


def unit_with(tx: Tx, id_: UnitId) -> Unit | None:
    return _UNIT.first(tx, this=id_)


def units_in(tx: Tx, property_: PropertyId) -> list[Unit]:
    return _UNITS_IN.all(tx, this=property_)


def units_of(tx: Tx, lock: LockId) -> list[Unit]:
    """The units whose guests pass a door."""
    return _UNITS_OF.all(tx, this=lock)


def _lock(row: Mapping[str, Any]) -> LockRow:
    return LockRow(
        id=row["id"],
        property=row["property_id"],
        name=row["name"],
        driver=row["driver"],
        address=row["address"],
        shared=bool(row["shared"]),
        origin=Origin(row["origin"]),
        remote_unlock_over_s0=bool(row["remote_unlock_over_s0"]),
        unencrypted=bool(row["unencrypted"]),
        codes=_override(row),
        backups=row["backups"],
    )


def _override(row: Mapping[str, Any]) -> Override:
    return Override(
        kind=None if row["code_kind"] is None else CodeKind(row["code_kind"]),
        digits=row["digits"],
        distance=row["code_distance"],
        lead=_span(row["code_lead_s"]),
        early=_span(row["early_in_s"]),
        late=_span(row["late_out_s"]),
        ahead=_span(row["code_ahead_s"]),
    )


def _span(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds())


_LOCKS: Final = select(tables.locks)
_PASSED: Final = select(tables.unit_locks.c.lock_id).where(tables.unit_locks.c.unit_id == _THIS)
_ALL_LOCKS: Final = _of(_LOCKS, tables.locks, _lock)
_LOCK: Final = _of(_LOCKS, tables.locks, _lock, tables.locks.c.id == _THIS)
_LOCKS_OF: Final = _of(_LOCKS, tables.locks, _lock, tables.locks.c.id.in_(_PASSED))


def locks(tx: Tx) -> list[LockRow]:
    return _ALL_LOCKS.all(tx)


def lock_with(tx: Tx, id_: LockId) -> LockRow | None:
    return _LOCK.first(tx, this=id_)


def doors_of(tx: Tx, unit: UnitId) -> list[LockRow]:
    """Every lock that a unit's guests must be able to open."""
    return _LOCKS_OF.all(tx, this=unit)


def _channel(row: Mapping[str, Any]) -> ChannelRow:
    return ChannelRow(
        id=row["id"],
        unit=row["unit_id"],
        integration=row["integration"],
        settings=row["settings"],
        origin=Origin(row["origin"]),
    )


_CHANNELS: Final = select(tables.channels)
_ALL_CHANNELS: Final = _of(_CHANNELS, tables.channels, _channel)
_CHANNEL: Final = _of(_CHANNELS, tables.channels, _channel, tables.channels.c.id == _THIS)


def channels(tx: Tx) -> list[ChannelRow]:
    return _with_units(tx, _ALL_CHANNELS.all(tx))


def channel_with(tx: Tx, id_: ChannelId) -> ChannelRow | None:
    return next(iter(_with_units(tx, _CHANNEL.all(tx, this=id_))), None)


def _with_units(tx: Tx, rows: list[ChannelRow]) -> list[ChannelRow]:
    """What tells of several units names them apart."""
    if all(row.unit is not None for row in rows):
        return rows
    units = joined(tx)
    return [replace(row, units=units.get(row.id, {})) if row.unit is None else row for row in rows]


# ---- writing -------------------------------------------------------------------------------------------------------


def _keep(tx: Tx, table: Table, values: Mapping[str, object]) -> None:
    others = {name: value for name, value in values.items() if name != "id"}
    tx.sql.execute(insert(table).values(**values).on_conflict_do_update(index_elements=["id"], set_=others))
    tx.signal("house")


def keep_property(tx: Tx, row: Property) -> None:
    values = {
        "id": row.id,
        "name": row.name,
        "timezone": row.zone.key,
        "check_in": f"{row.check_in:%H:%M}",
        "check_out": f"{row.check_out:%H:%M}",
        "code_lead_s": round(row.code_lead.total_seconds()),
        "digits": row.digits,
        "origin": row.origin.value,
        "code_kind": row.code_kind.value,
        "code_distance": row.code_distance,
        "early_in_s": _seconds(row.early_in),
        "late_out_s": _seconds(row.late_out),
        "code_ahead_s": _seconds(row.code_ahead),
        "backups": row.backups,
        "log_days": row.log_days,
        "guest_days": row.guest_days,
        "tell_hours": row.tell_hours,
        "guest_phone": row.guest_phone,
        "instructions": row.instructions,
        "privacy": row.privacy,
    }
    _keep(tx, tables.properties, values)


def keep_unit(tx: Tx, row: Unit) -> None:
    values = {
        "id": row.id,
        "property_id": row.property,
        "name": row.name,
        "closed_means": row.closed_means.value,
        "origin": row.origin.value,
        "instructions": row.instructions,
    }
    _keep(tx, tables.units, values)
    tx.sql.execute(delete(tables.unit_locks).where(tables.unit_locks.c.unit_id == row.id))
    if row.locks:
        tx.sql.execute(insert(tables.unit_locks), [{"unit_id": row.id, "lock_id": lock} for lock in row.locks])


def keep_lock(tx: Tx, row: LockRow) -> None:
    """Raises sqlalchemy.exc.IntegrityError when another lock has that address."""
    values = {
        "id": row.id,
        "property_id": row.property,
        "name": row.name,
        "driver": row.driver,
        "address": row.address,
        "shared": int(row.shared),
        "origin": row.origin.value,
        "remote_unlock_over_s0": int(row.remote_unlock_over_s0),
        "unencrypted": int(row.unencrypted),
        "code_kind": None if row.codes.kind is None else row.codes.kind.value,
        "digits": row.codes.digits,
        "code_distance": row.codes.distance,
        "code_lead_s": _seconds(row.codes.lead),
        "early_in_s": _seconds(row.codes.early),
        "late_out_s": _seconds(row.codes.late),
        "code_ahead_s": _seconds(row.codes.ahead),
        "backups": row.backups,
    }
    _keep(tx, tables.locks, values)
    tx.signal(f"lock:{row.id}")


def forget_hardware(tx: Tx, lock: LockId) -> None:
    """Another device stands behind this name from here on: nothing that the old one told holds for it."""
    tx.sql.execute(delete(tables.lock_state).where(tables.lock_state.c.lock_id == lock))
    tx.signal(f"lock:{lock}")


def withdraw_consent(tx: Tx, lock: LockId) -> None:
    """What a person accepted of one device does not hold for the next; what the site file says of the door does."""
    row = lock_with(tx, lock)
    if row is not None and row.remote_unlock_over_s0 and row.origin is Origin.PAGES:
        keep_lock(tx, replace(row, remote_unlock_over_s0=False))


def keep_channel(tx: Tx, row: ChannelRow) -> None:
    values = {
        "id": row.id,
        "unit_id": row.unit,
        "integration": row.integration,
        "settings": row.settings,
        "origin": row.origin.value,
    }
    _keep(tx, tables.channels, values)
    if row.unit is None:
        join_all(tx, row.id, row.units, row.origin.value)
    tx.signal("channels")
