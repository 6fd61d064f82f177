"""What people decide about the codes of a property or of one lock. Codes that guests have stay as they are."""

from __future__ import annotations

from dataclasses import replace

from hub.errors import Rejected
from hub.intake import Intake
from hub.model.policy import CodePolicy, Override
from hub.model.values import LockId, PropertyId
from hub.site import LONGEST_AHEAD, LONGEST_LEAD, MOST_BACKUPS
from hub.store import house, log
from hub.store.engine import Tx
from hub.store.house import LockRow, Origin, Property


def of_property(
    tx: Tx, intake: Intake, id_: PropertyId, wanted: CodePolicy, actor: str, *, backups: int | None = None
) -> Property:
    """`backups`: how many backup codes each lock keeps; None: as before.

    Raises Rejected: there is no such property, or no such policy.
    """
    was = house.property_with(tx, id_)
    if was is None:
        raise Rejected(f"there is no property called “{id_}”")
    _mind_bounds(wanted)
    _mind_backups(backups)
    row = replace(
        was,
        code_kind=wanted.kind,
        digits=wanted.digits,
        code_distance=wanted.distance,
        code_lead=wanted.lead,
        early_in=wanted.early,
        late_out=wanted.late,
        code_ahead=wanted.ahead,
        backups=was.backups if backups is None else backups,
        origin=Origin.PAGES,
    )
    if (row.codes, row.backups) != (was.codes, was.backups):
        house.keep_property(tx, row)
        told = f"{_told(wanted)}, {row.backups} backup codes"
        log.record(tx, intake.desk.now(), actor, "code policy changed", f"property:{id_}", detail=told)
        for unit in house.units_in(tx, id_):
            intake.replan_unit(tx, unit.id)
        for lock in house.locks(tx):
            if lock.property == id_:
                tx.signal(f"lock:{lock.id}")
    return row


def of_lock(
    tx: Tx, intake: Intake, id_: LockId, wanted: Override, actor: str, *, backups: int | None = None
) -> LockRow:
    """`backups`: how many backup codes it keeps; None: as the property says.

    Raises Rejected: there is no such lock, or no such policy.
    """
    was = house.lock_with(tx, id_)
    place = None if was is None else house.property_with(tx, was.property)
    if was is None or place is None:
        raise Rejected(f"there is no lock called “{id_}”")
    _mind_bounds(wanted.over(place.codes))
    _mind_backups(backups)
    row = replace(was, codes=wanted, backups=backups, origin=Origin.PAGES)
    if (row.codes, row.backups) != (was.codes, was.backups):
        house.keep_lock(tx, row)
        kept = place.backups if backups is None else backups
        told = f"{_told(wanted.over(place.codes))}, {kept} backup codes"
        log.record(tx, intake.desk.now(), actor, "code policy changed", f"lock:{id_}", detail=told)
        for unit in house.units_of(tx, id_):
            intake.replan_unit(tx, unit.id)
    return row


def _mind_bounds(wanted: CodePolicy) -> None:
    if not 4 <= wanted.digits <= 8:
        raise Rejected("a code has 4 to 8 digits")
    if not 1 <= wanted.distance <= 3:
        raise Rejected("codes differ in 1 to 3 digits at least")
    if not all(
        0 <= span.total_seconds() <= LONGEST_LEAD.total_seconds() for span in (wanted.lead, wanted.early, wanted.late)
    ):
        raise Rejected("a code works a day before or after its stay at most")
    if not 0 <= wanted.ahead.total_seconds() <= LONGEST_AHEAD.total_seconds():
        raise Rejected("a code waits in a lock for two weeks at most")


def _mind_backups(wanted: int | None) -> None:
    if wanted is not None and not 0 <= wanted <= MOST_BACKUPS:
        raise Rejected(f"a lock keeps {MOST_BACKUPS} backup codes at most")


def _told(policy: CodePolicy) -> str:
    minutes = ", ".join(
        f"{word} {span.total_seconds() // 60:.0f} min"
        for word, span in (
            ("lead", policy.lead),
            ("early", policy.early),
            ("late", policy.late),
            ("ahead", policy.ahead),
        )
    )
    return f"{policy.kind.value}, {policy.digits} digits, {policy.distance} apart, {minutes}"
