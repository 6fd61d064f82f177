"""What a channel says of its guest at the desk: checked in, checked out (R410). A stay's stage follows, and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hub.model.facts import StayReport
from hub.model.values import ChannelId, StayStatus
from hub.model.workflow import Course, told
from hub.store import steps
from hub.store.engine import Tx
from hub.store.stays import StayRow

_SAYS: Final = "it says “"


def heard(tx: Tx, channel: ChannelId, report: StayReport, row: StayRow, now: datetime) -> None:
    """With each word that is new. Whoever came or left by the doors or by a person's word stays so."""
    if report.inside is None or row.status is not StayStatus.CONFIRMED or row.check_in is None or row.check_out is None:
        return
    by, why = f"channel:{channel}", f"{_SAYS}{report.source_status}”"
    said = [step.why for step in steps.history(tx, row.id) if step.by == by and step.why.startswith(_SAYS)]
    stage = steps.stage(tx, row.id)
    if stage is None or said[-1:] == [why]:
        return
    course = Course(row.check_in, row.check_out, row.arrived_at, row.left_at, seen=False)
    for after in told(stage, course, now, inside=report.inside):
        steps.take(tx, row.id, stage, after, by=by, why=why, at=now)
        stage = after
