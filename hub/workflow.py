"""Stays go from stage to stage: by the clock, by what happens at the doors, and by a person's word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from hub import bookings, issuing, refunding
from hub.calendars import cancel
from hub.errors import Rejected
from hub.intake import Intake
from hub.issuing import Desk
from hub.model.values import StayId, clean
from hub.model.workflow import FOLLOWS, Course, NoShow, Stage, due
from hub.store import codes, doors, house, log, passes, questions, steps
from hub.store import stays as ledger
from hub.store.bookings import rules_at
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.stays import StayRow

_MOST: Final = 6
"""Stages that one look may go through: a hub that was off for a week catches up."""


def tick(tx: Tx, desk: Desk) -> int:
    """Move on what is due; how many stays. Nothing while nobody knows the time."""
    if not desk.trusted():
        return 0
    return sum(_go_on(tx, desk, row) for row in _perhaps_due(tx, desk.now()))


def is_due(tx: Tx, desk: Desk) -> bool:
    """Whether `tick` would move anything."""
    now = desk.now()
    return desk.trusted() and any(_following(tx, row, steps.stage(tx, row.id), now) for row in _perhaps_due(tx, now))


def _perhaps_due(tx: Tx, now: datetime) -> Iterator[StayRow]:
    rows = (ledger.stay(tx, id_) for id_ in steps.perhaps_due(tx, now))
    return (row for row in rows if row is not None)


def _go_on(tx: Tx, desk: Desk, row: StayRow) -> bool:
    now, moved = desk.now(), False
    for _ in range(_MOST):
        stage = steps.stage(tx, row.id)
        following = _following(tx, row, stage, now)
        if following is None:
            break
        after, why = following
        if after is Stage.CANCELLED:
            cancel(tx, desk, row, steps.BY_ITSELF, why, because=why)
            return True
        steps.take(tx, row.id, stage, after, by=steps.BY_ITSELF, why=why, at=now)
        moved = True
        if after is Stage.NO_SHOW:
            gone = _give_up(tx, desk, row)
            log.record(tx, now, steps.BY_ITSELF, "no-show", f"stay:{row.id}", detail=f"{why}{gone}")
    return moved


def _following(tx: Tx, row: StayRow, stage: Stage | None, now: datetime) -> tuple[Stage, str] | None:
    if stage is None or row.check_in is None or row.check_out is None:
        return None
    by_channel = stage is Stage.CHECKED_OUT and row.check_out > now and _by_channel(tx, row)
    course = Course(row.check_in, row.check_out, row.arrived_at, row.left_at, seen=False, by_channel=by_channel)
    if stage is Stage.PAYMENT_PENDING:
        course = replace(course, asked_to_pay_at=_asked_to_pay_at(tx, row))
    if stage is Stage.PRE_ARRIVAL and row.check_in <= now:  # on nothing else hangs what the house says of who is missed
        rules = rules_at(tx, row.unit_id)
        course = replace(course, missed_after=None if rules.no_show is NoShow.OFF else rules.no_show_after)
        course = replace(course, seen=course.missed_at <= now and _seen(tx, row))
    return due(stage, course, now)


def _asked_to_pay_at(tx: Tx, row: StayRow) -> datetime | None:
    return next((each.at for each in reversed(steps.history(tx, row.id)) if each.after is Stage.PAYMENT_PENDING), None)


def pays_until(tx: Tx, row: StayRow) -> datetime | None:
    """Of a stay that waits for payment: then it is cancelled; None: it waits for none."""
    if steps.stage(tx, row.id) is not Stage.PAYMENT_PENDING or row.check_in is None or row.check_out is None:
        return None
    return Course(
        row.check_in, row.check_out, None, None, seen=False, asked_to_pay_at=_asked_to_pay_at(tx, row)
    ).pays_until


def _by_channel(tx: Tx, row: StayRow) -> bool:
    history = steps.history(tx, row.id)
    return bool(history) and history[-1].by.startswith("channel:")


def _give_up(tx: Tx, desk: Desk, row: StayRow) -> str:
    """Nobody comes: where the house has it so, its nights are free as if the guest had left. What that means, in words."""
    now, rules = desk.now(), rules_at(tx, row.unit_id)
    begun = row.check_in is not None and row.check_out is not None and row.check_in <= now < row.check_out
    if rules.no_show is not NoShow.FREE or not begun or row.left_at is not None:
        return ""
    ledger.left(tx, row.id, now)
    issuing.replan(tx, desk, replace(row, left_at=now))
    return "; the code ended, and the nights are free"


def _seen(tx: Tx, row: StayRow) -> bool:
    """Whether a guest who came was seen: known before check-in, with a code, and every door says whose code was typed.

    From a lock that is silent, or was since check-in and has not told its log since, nobody knows: whoever came in meanwhile
    must not lose the code, nor the nights.
    """
    known = row.check_in is not None and row.made_at <= row.check_in and bool(codes.issued_for(tx, row.id))
    locks = house.doors_of(tx, row.unit_id) if known else []
    heard = all(_was_heard(each, row) for each in doors.some(tx, [lock.id for lock in locks]))
    return bool(locks) and heard and all(passes.tells_slots(tx, lock.id) for lock in locks)


def _was_heard(door: Door, row: StayRow) -> bool:
    deaf = door.deaf_until is not None and row.check_in is not None and row.check_in < door.deaf_until
    return door.silent_since is None and not deaf


# ---- a person's word -----------------------------------------------------------------------------------------------

OFFERED: Final = frozenset(
    {Stage.CONFIRMED, Stage.CHECKED_IN, Stage.CHECKED_OUT, Stage.NO_SHOW, Stage.CANCELLED, Stage.REFUNDED}
)
"""What a person may say; the others come by themselves."""


def choices(tx: Tx, row: StayRow) -> list[Stage]:
    stage = steps.stage(tx, row.id)
    return (
        [] if stage is None else [each for each in Stage if each in FOLLOWS[stage] & OFFERED and _may(row, stage, each)]
    )


def _may(row: StayRow, before: Stage, after: Stage) -> bool:
    """Undoing a cancellation minds others, and so it has a way of its own (Intake.restore_stay)."""
    return not (before is Stage.CANCELLED and after is Stage.CONFIRMED) and row.check_in is not None


def say(tx: Tx, intake: Intake, id_: StayId, wanted: Stage, why: str, actor: str, *, anyway: bool = False) -> None:
    """A person's word.

    Args:
        anyway: a stay is confirmed in spite of the house's own rules; never of somebody who has these nights.

    Raises:
        NotFree: it would be confirmed, and its unit is not free for it any more.
        Rejected: this stage does not follow; with those that do.
    """
    row = ledger.stay(tx, id_)
    stage = None if row is None else steps.stage(tx, id_)
    if row is None or stage is None:
        raise Rejected("there is no such stay")
    offered = choices(tx, row)
    if wanted not in offered:
        could = " or ".join(each.value for each in offered) or "nothing that a person says"
        raise Rejected(f"a stay that is {stage.value} becomes {could}")
    desk, reason = intake.desk, clean(why, limit=200)
    now = desk.now()
    match wanted:
        case Stage.CANCELLED:
            refund = refunding.owed(tx, desk, row)
            cancel(tx, desk, row, actor, f"cancelled by {actor}", because="" if refund is None else refund.sentence)
            if refund is not None:
                refunding.remind(tx, desk, row, refund)
            return
        case Stage.REFUNDED:
            questions.withdraw(tx, refunding.REFUND, id_, now)
        case Stage.CONFIRMED:
            bookings.confirm(tx, intake, id_, actor, anyway=anyway)
            return
        case Stage.CHECKED_IN:
            if row.left_at is not None and row.check_out is not None and now < row.check_out:
                intake.undo_departure(tx, id_, actor)
            ledger.arrived(tx, id_, now)
        case Stage.CHECKED_OUT:
            ledger.left(tx, id_, now)
            issuing.replan(tx, desk, replace(row, left_at=row.left_at or now))
        case Stage.NO_SHOW:
            _give_up(tx, desk, row)
        case _:
            pass
    steps.take(tx, id_, stage, wanted, by=actor, why=reason, at=now)
    log.record(tx, now, actor, f"stage: {wanted.value}", f"stay:{id_}", detail=f"was {stage.value}")
