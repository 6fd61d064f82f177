"""A channel that makes a stay longer after its guest left: nobody sells nights to a guest who is gone.

The early departure is taken back, so that the added nights are the guest's and a code opens in them. Where somebody else has
some of the nights by now, both stand as sold twice (hub/conflicts.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hub.model.workflow import made_longer
from hub.store import steps
from hub.store.engine import Tx
from hub.store.stays import StayRow

LONGER: Final = "its channel made the stay longer"
BACK: Final = f"{LONGER}, so the guest is not gone"


def is_back(before: StayRow | None, row: StayRow, now: datetime) -> bool:
    """Whether the nights that were added to `before` speak against the departure that is kept of its guest."""
    if before is None or before.departure is None or row.departure is None or row.check_out is None:
        return False
    return row.left_at is not None and before.departure < row.departure and now < row.check_out


def note(tx: Tx, row: StayRow, by: str, now: datetime) -> None:
    """Its stage follows. Of somebody who never came it stays: they may come late."""
    stage = steps.stage(tx, row.id)
    for after in () if stage is None else made_longer(stage):
        steps.take(tx, row.id, stage, after, by=by, why=LONGER, at=now)
        stage = after
