"""Nights that channels sold twice: both stays are kept, one code is held back, and a person decides.

Whoever asked first keeps the code; the other gets none, or keeps the hours that it had, until one of the two is moved to a
free unit, cancelled, or let share the nights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from hub import bookings, issuing
from hub.bookings import NotFree
from hub.errors import Rejected
from hub.findings import Look
from hub.intake import Intake
from hub.issuing import Desk
from hub.model.alerts import Finding, Kind
from hub.model.values import StayId, UnitId
from hub.stay_changes import wish_of
from hub.store import conflicts, house, log
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.stays import StayRow

SOON: Final = timedelta(hours=24)
"""So long before a check-in somebody is woken: a guest will stand before a door without a code."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Two stays with nights in common."""

    first: StayRow
    """It keeps its code."""
    second: StayRow
    """It gets none, or no more hours than it had."""
    second_has_code: bool
    free_units: tuple[UnitId, ...]
    """Where the second could go, in the same property, as the house's own rules have it."""
    units_anyway: tuple[tuple[UnitId, str], ...]
    """Where only those rules are against it, with what they say."""


def clashes(tx: Tx, desk: Desk) -> list[Clash]:
    """The one that begins first stands first."""
    now, found = desk.now(), []
    for first, second in conflicts.pairs(tx, now):
        has_code = conflicts.has_code(tx, second.id)
        found.append(Clash(first, second, has_code, *places(tx, desk, second)))
    return sorted(found, key=lambda each: (each.second.check_in or now, each.second.id))


def places(tx: Tx, desk: Desk, stay: StayRow) -> tuple[tuple[UnitId, ...], tuple[tuple[UnitId, str], ...]]:
    """Units of the same property that are free for it, and those where a person has to say *anyway*, with the reasons."""
    place = house.property_of(tx, stay.unit_id)
    if place is None or stay.arrival is None or stay.departure is None:
        return (), ()
    free, anyway = [], []
    others = [unit.id for unit in house.units_in(tx, place.id) if unit.id != stay.unit_id]
    wish = replace(wish_of(stay), start=None, end=None)
    for unit, against in bookings.look(tx, others, wish, desk.now(), besides=stay.id).items():
        left = [each for each in against if each.reason not in bookings.OF_TIME]
        if not left:
            free.append(unit)
        elif not any(each.reason.hard for each in left):
            anyway.append((unit, str(NotFree(left))))
    return tuple(free), tuple(anyway)


# ---- what a person decides -----------------------------------------------------------------------------------------


def move(tx: Tx, intake: Intake, id_: StayId, unit: UnitId, actor: str, *, anyway: bool = False) -> None:
    """Another unit for a stay; it keeps its digits. Its source goes on telling of it, and it stays where it was put.

    Raises:
        NotFree: the unit is taken then, or the house's own rules speak against it.
        Rejected: there is no such live stay or unit.
    """
    stay = ledger.stay(tx, id_)
    if stay is not None and stay.arrival is not None and stay.departure is not None:
        wish = wish_of(stay)
        against = bookings.look(tx, [unit], wish, intake.desk.now(), besides=id_).get(unit, ())
        against = tuple(each for each in against if each.reason not in bookings.OF_TIME)
        if any(each.reason.hard for each in against) or (against and not anyway):
            raise NotFree(against)
    intake.move_stay(tx, id_, unit, actor)


def let_share(tx: Tx, desk: Desk, one: StayId, other: StayId, actor: str) -> None:
    """Both may come: each gets a code. It holds until one of them asks for more nights. Raises Rejected."""
    pair = ledger.stay(tx, one), ledger.stay(tx, other)
    if (
        pair[0] is None
        or pair[1] is None
        or pair[1].id not in {each.id for each in conflicts.rivals(tx, pair[0], desk.now())}
    ):
        raise Rejected("these two have no nights in common")
    now = desk.now()
    conflicts.let_share(tx, one, other, actor, now)
    log.record(tx, now, actor, "nights shared", f"stay:{one}", detail=f"with stay {other}")
    log.record(tx, now, actor, "nights shared", f"stay:{other}", detail=f"with stay {one}")
    for stay in pair:
        assert stay is not None  # seen above
        issuing.replan(tx, desk, stay)


# ---- what is wrong --------------------------------------------------------------------------------------------------


def found(look: Look) -> Iterator[Finding]:
    units = {unit.id: unit.name for unit in house.units(look.tx)}
    for first, second in conflicts.pairs(look.tx, look.now):
        begins = [each.check_in for each in (first, second) if each.check_in is not None]
        soon = look.clock.trusted and look.reached(min(begins, default=look.now) - SOON)
        without = not conflicts.has_code(look.tx, second.id)
        sentence = (
            f"{units[second.unit_id]} was sold twice: {_whose(first)} and {_whose(second)} both have the nights "
            f"{_nights(first, second)}. "
            + (f"{_whose(second)} gets no code." if without else "Neither gets more hours than they have.")
        )
        kind = Kind.SOLD_TWICE_SOON if soon and without else Kind.SOLD_TWICE
        cure = "Move one of them to a free unit, cancel one, or let both come: page Stays, Sold twice."
        yield Finding(kind, f"stay:{second.id}", sentence, cure, second.changed_at)


def _whose(stay: StayRow) -> str:
    return stay.guest or stay.reference or "a guest without a name"


def _nights(one: StayRow, other: StayRow) -> str:
    arrivals = [each.arrival for each in (one, other) if each.arrival is not None]
    departures = [each.departure for each in (one, other) if each.departure is not None]
    return f"from {max(arrivals).isoformat()} to {min(departures).isoformat()}"
