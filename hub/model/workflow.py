"""Where a stay stands between booking and farewell: ten stages, and which follows on which (ruling C17).

What decides about codes and nights is a stay's status alone. A stage says more, and never less: each has one status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from hub.model.values import StayStatus


class Stage(Enum):
    PENDING = "pending"
    PAYMENT_PENDING = "payment_pending"
    CONFIRMED = "confirmed"
    PRE_ARRIVAL = "pre_arrival"
    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    """Nobody came. The nights stay theirs, and so does the code: they may come late."""
    REFUNDED = "refunded"


_S = Stage
FOLLOWS: Final[Mapping[Stage, frozenset[Stage]]] = {
    _S.PENDING: frozenset({_S.PAYMENT_PENDING, _S.CONFIRMED, _S.CANCELLED}),
    _S.PAYMENT_PENDING: frozenset({_S.PENDING, _S.CONFIRMED, _S.CANCELLED}),
    _S.CONFIRMED: frozenset({_S.PENDING, _S.PRE_ARRIVAL, _S.CHECKED_IN, _S.CANCELLED}),
    _S.PRE_ARRIVAL: frozenset({_S.PENDING, _S.CONFIRMED, _S.CHECKED_IN, _S.CHECKED_OUT, _S.NO_SHOW, _S.CANCELLED}),
    _S.CHECKED_IN: frozenset({_S.CHECKED_OUT, _S.CANCELLED, _S.PENDING}),
    _S.CHECKED_OUT: frozenset({_S.CHECKED_IN, _S.COMPLETED, _S.CANCELLED, _S.PENDING}),
    _S.COMPLETED: frozenset({_S.CHECKED_OUT, _S.CANCELLED}),
    _S.NO_SHOW: frozenset({_S.PRE_ARRIVAL, _S.CHECKED_IN, _S.CANCELLED, _S.PENDING}),
    _S.CANCELLED: frozenset({_S.PENDING, _S.CONFIRMED, _S.REFUNDED}),
    _S.REFUNDED: frozenset(),
}

STATUS: Final[Mapping[Stage, StayStatus]] = {
    _S.PENDING: StayStatus.TENTATIVE,
    _S.PAYMENT_PENDING: StayStatus.TENTATIVE,
    _S.CANCELLED: StayStatus.CANCELLED,
    _S.REFUNDED: StayStatus.CANCELLED,
    **dict.fromkeys(
        (_S.CONFIRMED, _S.PRE_ARRIVAL, _S.CHECKED_IN, _S.CHECKED_OUT, _S.COMPLETED, _S.NO_SHOW), StayStatus.CONFIRMED
    ),
}
_ENTRY: Final = {
    StayStatus.TENTATIVE: Stage.PENDING,
    StayStatus.CONFIRMED: Stage.CONFIRMED,
    StayStatus.CANCELLED: Stage.CANCELLED,
    StayStatus.UNUSABLE: Stage.CANCELLED,
}


def stage_for(status: StayStatus, before: Stage | None) -> Stage:
    """The stage of a stay whose status was told: it stays where it is if that agrees, else it begins anew there."""
    if before is not None and STATUS[before] is status:
        return before
    return _ENTRY[status]


# ---- a channel's word ------------------------------------------------------------------------------------------------


def told(stage: Stage, course: Course, now: datetime, *, inside: bool) -> tuple[Stage, ...]:
    """The steps that a stay takes as its channel says that the guest has checked in, or out.

    Only the stage follows it. When anybody came or left is not known by it, and so no code hangs on it.
    """
    if not inside:
        return {
            Stage.CONFIRMED: (Stage.CHECKED_IN, Stage.CHECKED_OUT),
            Stage.NO_SHOW: (Stage.CHECKED_IN, Stage.CHECKED_OUT),
            Stage.PRE_ARRIVAL: (Stage.CHECKED_OUT,),
            Stage.CHECKED_IN: (Stage.CHECKED_OUT,),
        }.get(stage, ())
    back = stage is Stage.CHECKED_OUT and course.left_at is None and now < course.check_out
    if back or stage in (Stage.CONFIRMED, Stage.PRE_ARRIVAL, Stage.NO_SHOW):
        return (Stage.CHECKED_IN,)
    return ()


def made_longer(stage: Stage) -> tuple[Stage, ...]:
    """The steps of a stay whose guest was said to be gone, as its channel sells that guest more nights."""
    return {
        Stage.CHECKED_OUT: (Stage.CHECKED_IN,),
        Stage.COMPLETED: (Stage.CHECKED_OUT, Stage.CHECKED_IN),
    }.get(stage, ())


# ---- the clock -----------------------------------------------------------------------------------------------------

PRE_ARRIVAL: Final = timedelta(hours=48)
"""Ruling C4: the time of the words before arrival."""
PAYS_WITHIN: Final = timedelta(hours=24)
"""Ruling C15: so long its nights are kept for a stay that waits for payment, and not beyond check-in."""
NO_SHOW: Final = timedelta(hours=24)
"""After check-in, or at check-out if that is sooner; unless the house says otherwise."""
SOONEST_NO_SHOW: Final = timedelta(hours=1)


class NoShow(Enum):
    """What becomes of a guest who does not come."""

    OFF = "off"
    """Nobody says so but a person."""
    NOTE = "note"
    """It is said. Nights and code stay theirs."""
    FREE = "free"
    """It is said, the code ends, and the nights that begin after it are free."""


FAREWELL: Final = timedelta(hours=24)
NOT_PAID: Final = "it was not paid in time"
CAME_IN: Final = "the guest came in"
CAME_IN_THAT_DAY: Final = "the guest came in that day; the hour is not kept any more"


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of a stay's course."""

    check_in: datetime
    check_out: datetime
    arrived_at: datetime | None
    left_at: datetime | None
    seen: bool
    """Its doors tell whose code was typed: a guest who came was seen."""
    by_channel: bool = False
    """Its latest step was its channel's word."""
    missed_after: timedelta | None = NO_SHOW
    """So long after check-in nobody comes any more, as the house has it; None: it says so of nobody."""
    asked_to_pay_at: datetime | None = None
    """Since when it waits for payment."""

    @property
    def pays_until(self) -> datetime | None:
        return None if self.asked_to_pay_at is None else min(self.asked_to_pay_at + PAYS_WITHIN, self.check_in)

    @property
    def missed_at(self) -> datetime:
        after = self.check_out if self.missed_after is None else self.check_in + self.missed_after
        return min(after, self.check_out)

    def goes_on(self, now: datetime) -> bool:
        """Nobody says that it is over, nor does the clock."""
        return self.left_at is None and now < self.check_out and not self.by_channel


def due(stage: Stage, course: Course, now: datetime) -> tuple[Stage, str] | None:
    """What the clock makes of it, and why; None: it stays."""
    match stage:
        case Stage.CONFIRMED | Stage.PRE_ARRIVAL | Stage.NO_SHOW if course.arrived_at is not None:
            return Stage.CHECKED_IN, CAME_IN
        case Stage.PAYMENT_PENDING if course.pays_until is not None and now >= course.pays_until:
            return Stage.CANCELLED, NOT_PAID
        case Stage.CONFIRMED if course.check_in - now <= PRE_ARRIVAL:
            return Stage.PRE_ARRIVAL, "check-in is near"
        case Stage.PRE_ARRIVAL | Stage.NO_SHOW if course.check_in > now:
            far = stage is Stage.NO_SHOW or course.check_in - now > PRE_ARRIVAL
            back = Stage.PRE_ARRIVAL if stage is Stage.NO_SHOW else Stage.CONFIRMED
            return (back, "the stay begins later now") if far else None
        case Stage.PRE_ARRIVAL if now >= course.missed_at:
            return _missed(course, now)
        case Stage.CHECKED_IN if course.left_at is not None or now >= course.check_out:
            return Stage.CHECKED_OUT, "the guest left" if course.left_at is not None else "the stay is over"
        case Stage.CHECKED_OUT if now >= course.check_out + FAREWELL:
            return Stage.COMPLETED, "a day after check-out"
        case Stage.CHECKED_OUT | Stage.COMPLETED if course.goes_on(now):
            back = Stage.CHECKED_OUT if stage is Stage.COMPLETED else Stage.CHECKED_IN
            return (back, "the stay goes on") if course.arrived_at is not None or stage is Stage.COMPLETED else None
        case _:
            return None


def _missed(course: Course, now: datetime) -> tuple[Stage, str] | None:
    if course.seen and course.missed_after is not None:
        return Stage.NO_SHOW, "nobody came in"
    if now < course.check_out:
        return None
    why = "no door says whether anybody came" if not course.seen else "the house says of nobody that they did not come"
    return Stage.CHECKED_OUT, f"the stay is over, and {why}"
