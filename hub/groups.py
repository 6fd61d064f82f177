"""One party takes several units: booked, moved and cancelled together, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, TypeVar

from hub import bookings
from hub.bookings import NotFree
from hub.errors import Rejected
from hub.intake import Intake, NewStay
from hub.model.availability import Objection
from hub.model.groups import Shift, in_order, together
from hub.model.values import StayId, StayStatus, UnitId
from hub.stay_changes import StayChange
from hub.store import guests, house
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.stays import StayRow

_Each = TypeVar("_Each")
_LIVE: Final = (StayStatus.CONFIRMED, StayStatus.TENTATIVE)
_FARTHEST: Final = timedelta(days=3653)


# ---- asking --------------------------------------------------------------------------------------------------------


def members(tx: Tx, row: StayRow) -> list[StayRow]:
    """All stays of a booking, by arrival and unit; the one alone, where it is the only one."""
    known = (ledger.stay(tx, id_) for id_ in guests.others_referred(tx, row.reference, row.id))
    found = [row, *(each for each in known if each is not None and together(row, each))]
    return sorted(found, key=lambda each: (each.arrival or date.max, each.unit_id, each.id))


def to_change(stays: Iterable[StayRow], now: datetime) -> list[StayRow]:
    """Those that a change or a cancellation of the whole touches."""
    return [each for each in stays if each.status in _LIVE and each.arrival is not None and not _over(each, now)]


def to_restore(stays: Iterable[StayRow], now: datetime) -> list[StayRow]:
    """Those whose cancellation can be taken back together."""
    return [each for each in stays if each.status is StayStatus.CANCELLED and each.check_out and not _over(each, now)]


def _over(row: StayRow, now: datetime) -> bool:
    return row.check_out is not None and row.check_out <= now


# ---- deciding ------------------------------------------------------------------------------------------------------


def book(
    tx: Tx, intake: Intake, party: Sequence[NewStay], actor: str, *, anyway: bool = False, hold: str | None = None
) -> list[StayId]:
    """Add a stay for each unit that a party takes, with one reference: the one that was said, else a new one.

    Args:
        anyway: as for bookings.book.
        hold: the hold that becomes the first of them.

    Raises:
        NotFree: with every reason of every unit, by the name of the unit; then none is booked.
        Rejected: what was told makes no sense.
    """
    taken = [each.unit for each in party]
    if len(set(taken)) < len(taken):
        raise Rejected("a unit is named twice")
    reference = party[0].reference or (f"G-{tx.new_id(intake.desk.now())[-8:]}" if len(party) > 1 else "")
    made: list[StayId] = []

    def add(new: NewStay) -> None:
        known = replace(new, reference=reference)
        of_hold = hold if new is party[0] else None
        made.append(bookings.book(tx, intake, known, actor, anyway=anyway, hold=of_hold))

    _each(tx, party, lambda new: new.unit, add)
    return made


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What is None stays as it is. Days are those of the stay that is asked about; the others move as far."""

    arrival: date | None = None
    departure: date | None = None
    check_in: time | None = None
    check_out: time | None = None

    @property
    def nothing(self) -> bool:
        return self == GroupChange()


def change(
    tx: Tx,
    intake: Intake,
    id_: StayId,
    said: GroupChange,
    actor: str,
    *,
    anyway: bool = False,
    meant: Collection[StayId] | None = None,
) -> list[StayId]:
    """Other days or hours for all stays of a booking; which they were.

    Args:
        meant: the stays that whoever asked has seen; None: they have not looked.

    Raises:
        NotFree: as `book` does; then none is changed.
        Rejected: what was told makes no sense, or one of them is its channel's to say.
    """
    row = _found(tx, id_)
    stays = _meant(to_change(members(tx, row), intake.desk.now()), meant)
    if row.arrival is None or row.departure is None:
        raise Rejected("the stay has no days")
    shift = Shift.of(row, said.arrival, said.departure)
    if max(abs(shift.arrival), abs(shift.departure)) > _FARTHEST:
        raise Rejected("that is years away, and most likely a typing error")

    def move(stay: StayRow) -> None:
        arrival, departure = shift.days(stay)
        anew = StayChange(arrival=arrival, departure=departure, check_in=said.check_in, check_out=said.check_out)
        if not anew.nothing:
            bookings.change(tx, intake, stay.id, anew, actor, anyway=anyway)

    _each(tx, in_order(stays, shift), lambda stay: stay.unit_id, move)
    return [each.id for each in stays]


def cancel(
    tx: Tx,
    intake: Intake,
    id_: StayId,
    actor: str,
    *,
    in_full: bool = False,
    meant: Collection[StayId] | None = None,
) -> list[StayId]:
    """Cancel what is left of a booking; which stays those were. Raises Rejected.

    Args:
        in_full: as for Intake.cancel_stay.
    """
    stays = _meant(to_change(members(tx, _found(tx, id_)), intake.desk.now()), meant)
    _each(
        tx,
        stays,
        lambda stay: stay.unit_id,
        lambda stay: intake.cancel_stay(tx, stay.id, actor, in_full=in_full),
    )
    return [each.id for each in stays]


def restore(
    tx: Tx,
    intake: Intake,
    id_: StayId,
    actor: str,
    *,
    anyway: bool = False,
    meant: Collection[StayId] | None = None,
) -> list[StayId]:
    """Take the cancellations of a booking back, where all units are still free. Raises as `change`."""
    stays = _meant(to_restore(members(tx, _found(tx, id_)), intake.desk.now()), meant)
    _each(
        tx,
        stays,
        lambda stay: stay.unit_id,
        lambda stay: bookings.restore(tx, intake, stay.id, actor, anyway=anyway),
    )
    return [each.id for each in stays]


def _found(tx: Tx, id_: StayId) -> StayRow:
    row = ledger.stay(tx, id_)
    if row is None:
        raise Rejected("there is no such stay")
    return row


def _meant(stays: list[StayRow], meant: Collection[StayId] | None) -> list[StayRow]:
    if meant is not None and set(meant) != {each.id for each in stays}:
        raise Rejected("the booking is not what it was when you looked: look again at what would be touched")
    if not stays:
        raise Rejected("no stay of this booking is left for that")
    return stays


def _each(tx: Tx, stays: Iterable[_Each], unit_of: Callable[[_Each], UnitId], do: Callable[[_Each], object]) -> None:
    """Do it for each. All that speaks against it is found before it is refused, so that nobody has to try again and again."""
    against: list[Objection] = []
    stays = list(stays)
    for each in stays:
        try:
            do(each)
        except NotFree as error:
            name = _name(tx, unit_of(each), alone=len(stays) == 1)
            against += [replace(found, sentence=f"{name}{found.sentence}") for found in error.found]
        except Rejected as error:
            raise Rejected(f"{_name(tx, unit_of(each), alone=len(stays) == 1)}{error}") from error
    if against:
        raise NotFree(against)


def _name(tx: Tx, id_: UnitId, *, alone: bool) -> str:
    """With its property, where another one has a unit of that name; nothing, where only one is spoken of."""
    unit, place = house.unit_with(tx, id_), house.property_of(tx, id_)
    if alone:
        return ""
    if unit is None or place is None:
        return f"{id_}: "
    alike = any(each.name == unit.name and each.id != id_ for each in house.units(tx))
    return f"{unit.name}, {place.name}: " if alike else f"{unit.name}: "
