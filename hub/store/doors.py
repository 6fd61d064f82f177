"""What is known of each lock: from what its driver told, not from what the operator described."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from hub.model.facts import Abilities, Mode
from hub.model.tours import NO_TOUR, Tour
from hub.model.values import Address, How, LockId, Position, PropertyId
from hub.store.engine import Tx
from hub.store.prepared import Prepared, among, listed, upsert
from hub.store.tables import lock_state, locks, properties


@dataclass(frozen=True, slots=True)
class Door:
    """A lock of the house with what is believed of it. A None was never told."""

    id: LockId
    property: PropertyId
    name: str
    driver: str
    address: Address
    shared: bool
    remote_unlock_over_s0: bool = False
    """Somebody accepts what the old encryption does not protect from."""
    unencrypted: bool = False
    """Somebody chose that it may go without encryption."""
    early: timedelta = timedelta(0)
    """How long before check-in a guest may come in."""
    ahead: timedelta = timedelta(hours=72)
    """How long before it begins to work a code is put into it, where it can wait."""
    abilities: Abilities | None = None
    """None: no driver has met it yet."""
    position: Position = Position.UNKNOWN
    position_how: How = How.UNKNOWN
    position_at: datetime | None = None
    battery: int | None = None
    battery_low: bool = False
    battery_at: datetime | None = None
    battery_empty_at: datetime | None = None
    """By its own curve (hub/model/battery.py); None: it does not show yet."""
    heard_at: datetime | None = None
    silent_since: datetime | None = None
    silent_why: str = ""
    trouble: str = ""
    trouble_at: datetime | None = None
    mode: Mode = Mode.NORMAL
    mode_at: datetime | None = None
    """Since when it is in that mode."""
    emptied_at: datetime | None = None
    """When it lost all that was in its keypad: replaced, reset, or everything deleted."""
    met_at: datetime | None = None
    """When it was first heard, or, before that was kept, first heard after."""
    unanswered_at: datetime | None = None
    """When it left a command unanswered, and nothing was heard of it since."""
    doubted_at: datetime | None = None
    """When somebody was left to find out whether it was told of a change at its keypad (hub/takeovers.py)."""
    deaf_from: datetime | None = None
    deaf_until: datetime | None = None
    """It was silent in between, and has not told since what it wrote down itself: nobody knows who came in."""
    tour: Tour = NO_TOUR
    """How far the places that are not managed were read."""
    quarantined: str = ""
    """Why its worker gave up on it; empty when all is well."""


def places(door: Door) -> int:
    return 0 if door.abilities is None else door.abilities.slots


def hides_digits(door: Door) -> bool:
    return door.abilities is not None and not door.abilities.reads_codes


def nowhere(lock: LockId) -> Address:
    """Where no driver has anything: what a lock has for an address while no device stands behind its name."""
    return Address(f"none:{lock}")


def has_no_device(door: Door) -> bool:
    """Its device was taken out of the radio network, and no other has taken its place."""
    return door.address == nowhere(door.id)


def unlockable(door: Door) -> bool:
    """Whether it may be unlocked from afar."""
    return door.abilities is None or not door.abilities.over_s0 or door.remote_unlock_over_s0


_QUERY = (
    select(
        locks,
        lock_state,
        func.coalesce(locks.c.early_in_s, properties.c.early_in_s).label("early_s"),
        func.coalesce(locks.c.code_ahead_s, properties.c.code_ahead_s).label("ahead_s"),
    )
    .join(properties, properties.c.id == locks.c.property_id)
    .outerjoin(lock_state, lock_state.c.lock_id == locks.c.id)
    .order_by(locks.c.name, locks.c.id)
)


def _door(row: Mapping[str, Any]) -> Door:
    model = row["model"]
    abilities = None
    if model is not None:
        abilities = Abilities(
            model=model,
            firmware=row["firmware"],
            slots=row["slots"],
            min_digits=row["min_digits"],
            max_digits=row["max_digits"],
            reads_codes=bool(row["reads_codes"]),
            secure=row["secure"],
            schedules=bool(row["schedules"]),
            holds_disabled=bool(row["holds_disabled"]),
            hours_first=bool(row["hours_first"]),
        )
    return Door(
        id=row["id"],
        property=row["property_id"],
        name=row["name"],
        driver=row["driver"],
        address=row["address"],
        shared=bool(row["shared"]),
        remote_unlock_over_s0=bool(row["remote_unlock_over_s0"]),
        unencrypted=bool(row["unencrypted"]),
        early=timedelta(seconds=row["early_s"]),
        ahead=timedelta(seconds=row["ahead_s"]),
        abilities=abilities,
        position=Position(row["position"] or "unknown"),
        position_how=How(row["position_how"] or "unknown"),
        position_at=row["position_at"],
        battery=row["battery"],
        battery_low=bool(row["battery_low"]),
        battery_at=row["battery_at"],
        battery_empty_at=row["battery_empty_at"],
        heard_at=row["heard_at"],
        silent_since=row["silent_since"],
        silent_why=row["silent_why"] or "",
        trouble=row["trouble"] or "",
        trouble_at=row["trouble_at"],
        mode=Mode(row["mode"] or Mode.NORMAL.value),
        mode_at=row["mode_at"],
        emptied_at=row["emptied_at"],
        met_at=row["met_at"],
        unanswered_at=row["unanswered_at"],
        doubted_at=row["doubted_at"],
        deaf_from=row["deaf_from"],
        deaf_until=row["deaf_until"],
        tour=Tour(row["toured_to"] or 0, row["toured_at"], row["tour_failed"] or 0, _numbers(row["tour_unread"])),
        quarantined=row["quarantined"] or "",
    )


_ALL: Final = Prepared(_QUERY, _door, remember=["id"])
_ONE: Final = Prepared(_QUERY.where(locks.c.id == bindparam("lock")), _door, remember=["id"])
_AT: Final = Prepared(
    _QUERY.where(locks.c.driver == bindparam("driver"), locks.c.address == bindparam("address")), _door, remember=["id"]
)


_SOME: Final = Prepared(_QUERY.where(among(locks.c.id, "locks")), _door, remember=["id"])


def doors(tx: Tx) -> list[Door]:
    return _ALL.all(tx)


def some(tx: Tx, ids: Collection[LockId]) -> list[Door]:
    return _SOME.all(tx, locks=listed(ids))


def door(tx: Tx, lock: LockId) -> Door | None:
    return _ONE.first(tx, lock=lock)


def door_at(tx: Tx, driver: str, address: Address) -> Door | None:
    """The house's lock at a driver's address; None when the site names no such lock."""
    return _AT.first(tx, driver=driver, address=address)


@cache
def _learning(names: frozenset[str]) -> Prepared[None]:
    return upsert(lock_state, names)


def learn(tx: Tx, lock: LockId, **told: object) -> None:
    """Write down what was told; the names are the columns of `lock_state`."""
    _learning(frozenset(told)).run(tx, lock_id=lock, **told)
    tx.signal(f"lock:{lock}")


def keep_tour(tx: Tx, lock: LockId, tour: Tour) -> None:
    unread = ",".join(str(number) for number in sorted(tour.unread)) or None
    learn(tx, lock, toured_to=tour.to, toured_at=tour.at, tour_failed=tour.failed, tour_unread=unread)


def tour_anew(tx: Tx, lock: LockId) -> None:
    """Nothing that was read in it holds any more."""
    learn(tx, lock, toured_to=None, tour_failed=None, tour_unread=None)


def _numbers(kept: str | None) -> frozenset[int]:
    return frozenset(int(number) for number in kept.split(",")) if kept else frozenset()


def learn_abilities(tx: Tx, lock: LockId, able: Abilities) -> None:
    learn(
        tx,
        lock,
        model=able.model,
        firmware=able.firmware,
        slots=able.slots,
        min_digits=able.min_digits,
        max_digits=able.max_digits,
        reads_codes=int(able.reads_codes),
        secure=able.secure,
        schedules=int(able.schedules),
        holds_disabled=int(able.holds_disabled),
        hours_first=int(able.hours_first),
    )
