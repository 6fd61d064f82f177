"""A device of a radio becomes a lock of the house, takes the place of another device, or leaves its lock without one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from hub.errors import Rejected
from hub.intake import Intake
from hub.model.facts import LockFound
from hub.model.values import Address, LockId, PropertyId, UnitId, clean
from hub.plugins import Plugins
from hub.sightings import forget_slots
from hub.store import doors, house, log
from hub.store.engine import Tx
from hub.store.house import LockRow, Origin

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class NewLock:
    name: str
    property: PropertyId
    id: str = ""
    """Empty: made from the name."""
    units: tuple[UnitId, ...] = ()
    """Whose guests pass it."""
    unencrypted: bool = False
    """Somebody chose that it may go without encryption."""


def settle_in(
    tx: Tx, plugins: Plugins, intake: Intake, driver: str, address: Address, new: NewLock, now: datetime
) -> LockId:
    """Make a device a lock of the house.

    Raises:
        Rejected: the name, the property or a unit cannot be, or the device is a lock of the house already.
    """
    name = clean(new.name, limit=100)
    if not name:
        raise Rejected("the lock needs a name")
    taken = {row.id for row in house.locks(tx)}
    id_ = LockId(new.id or suggest_id(name, taken))
    if not _ID.fullmatch(id_):
        raise Rejected("an id begins with a letter or digit and holds only letters, digits and . _ - (64 at most)")
    if id_ in taken:
        raise Rejected(f"there is a lock called “{id_}” already; choose another id")
    if house.property_with(tx, new.property) is None:
        raise Rejected(f"there is no property called “{new.property}”")
    _mind_others(tx, driver, address)
    row = LockRow(
        id_, new.property, name, driver, address, len(new.units) > 1, Origin.PAGES, unencrypted=new.unencrypted
    )
    house.keep_lock(tx, row)
    for unit_id in new.units:
        unit = house.unit_with(tx, unit_id)
        if unit is None or unit.property != new.property:
            raise Rejected(f"there is no unit called “{unit_id}” in that property")
        house.keep_unit(tx, replace(unit, locks=tuple(sorted({*unit.locks, id_})), origin=Origin.PAGES))
    introduce(tx, plugins, intake, id_, now)
    for unit_id in new.units:
        intake.replan_unit(tx, unit_id)
    return id_


def take_place(
    tx: Tx, plugins: Plugins, intake: Intake, driver: str, address: Address, lock: LockId, now: datetime
) -> None:
    """The device stands behind that name from here on; what the old one told and held counts no longer.

    Raises:
        Rejected: there is no such lock, or the device is a lock of the house already.
    """
    row = house.lock_with(tx, lock)
    if row is None:
        raise Rejected(f"there is no lock called “{lock}”")
    _mind_others(tx, driver, address)
    house.keep_lock(tx, replace(row, driver=driver, address=address, origin=Origin.PAGES))
    _forget(tx, lock, now)
    introduce(tx, plugins, intake, lock, now)
    for unit in house.units_of(tx, lock):
        intake.replan_unit(tx, unit.id)


def detach(tx: Tx, driver: str, address: Address, now: datetime) -> LockId | None:
    """A device left the network. Its lock stays in the house without one, so that whatever gets the address next is no heir."""
    door = doors.door_at(tx, driver, address)
    row = None if door is None else house.lock_with(tx, door.id)
    if row is None:
        return None
    house.keep_lock(tx, replace(row, address=doors.nowhere(row.id), origin=Origin.PAGES))
    _forget(tx, row.id, now)
    tx.signal("health")
    return row.id


CONSENT: Final = "unlock over S0"
"""Typed by whoever accepts what the old encryption does not protect from; anything else is a no."""


def allow_unlock_over_s0(tx: Tx, lock: LockId, words: str, actor: str, now: datetime) -> None:
    """Raises Rejected: those are not the words, or there is no such lock."""
    if " ".join(words.split()).casefold() != CONSENT.casefold():
        raise Rejected(f"type “{CONSENT}” if you accept that")
    _choose_s0(tx, lock, True, "remote unlock over S0 allowed", actor, now)


def forbid_unlock_over_s0(tx: Tx, lock: LockId, actor: str, now: datetime) -> None:
    """Raises Rejected: there is no such lock."""
    _choose_s0(tx, lock, False, "remote unlock over S0 forbidden", actor, now)


def _choose_s0(tx: Tx, lock: LockId, allowed: bool, action: str, actor: str, now: datetime) -> None:
    row = house.lock_with(tx, lock)
    if row is None:
        raise Rejected(f"there is no lock called “{lock}”")
    if row.remote_unlock_over_s0 is not allowed:
        house.keep_lock(tx, replace(row, remote_unlock_over_s0=allowed, origin=Origin.PAGES))
        log.record(tx, now, actor, action, f"lock:{lock}")


def may_go_unencrypted(tx: Tx, driver: str, address: Address) -> bool:
    """Whether somebody has chosen that already for the lock there: what takes its place may, too."""
    door = doors.door_at(tx, driver, address)
    return door is not None and door.unencrypted


def vacant(tx: Tx, driver: str, there: Collection[Address]) -> frozenset[Address]:
    """Where the house has a lock, and the network has nothing."""
    return frozenset(row.address for row in house.locks(tx) if row.driver == driver) - frozenset(there)


def introduce(tx: Tx, plugins: Plugins, intake: Intake, lock: LockId, now: datetime) -> None:
    """A lock that its driver met before it had a name here: what the driver told then was not written down."""
    row = house.lock_with(tx, lock)
    met = None if row is None else plugins.lock(row.driver, row.address)
    if row is not None and met is not None:
        intake.absorb(tx, LockFound(row.address, now, met.abilities), row.driver)


def suggest_id(name: str, taken: Collection[str]) -> str:
    """`Front door` becomes `front-door`, or `front-door-2` where that is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:56] or "lock"
    if stem not in taken:
        return stem
    return next(found for number in range(2, 1000) if (found := f"{stem}-{number}") not in taken)


def _mind_others(tx: Tx, driver: str, address: Address) -> None:
    other = doors.door_at(tx, driver, address)
    if other is not None:
        raise Rejected(f"the device at {driver} {address} is {other.name} already")


def _forget(tx: Tx, lock: LockId, now: datetime) -> None:
    house.forget_hardware(tx, lock)
    house.withdraw_consent(tx, lock)
    forget_slots(tx, lock, now)
