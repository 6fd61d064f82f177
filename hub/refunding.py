"""What the house owes a guest whose stay is cancelled, by its own rules: said, asked for, and done by a person.

Money does not go through the hub: it reckons, reminds, and writes down who said that it was given back.
"""

from __future__ import annotations

from typing import Final

from hub.issuing import Desk
from hub.model.refunds import Refund, refund_of
from hub.model.values import StayId, StayKind, StayStatus
from hub.model.workflow import Stage
from hub.store import house, questions, steps
from hub.store.bookings import rules_at
from hub.store.engine import Tx
from hub.store.questions import Question
from hub.store.stays import StayRow

REFUND: Final = "refund"
_OPTIONS: Final = (("done", "It is given back"), ("none", "Nothing is given back"))


def owed(tx: Tx, desk: Desk, stay: StayRow, *, in_full: bool = False) -> Refund | None:
    """If it were cancelled now. None: its channel sees to that, it was not paid, or neither rules nor anybody speak of it."""
    rules = rules_at(tx, stay.unit_id)
    ours = stay.channel_id is None and stay.kind is StayKind.RESERVATION and stay.status is StayStatus.CONFIRMED
    if not ours or stay.total is None or not stay.total.minor or stay.check_in is None:
        return None
    if not rules.refunds and not in_full:
        return None
    return refund_of(stay.total, rules.refunds, rules.refund_fee, stay.check_in, desk.now(), in_full=in_full)


def remind(tx: Tx, desk: Desk, stay: StayRow, refund: Refund) -> None:
    """Somebody has to give it back; until they say so it stands on page Today."""
    if not refund.amount.minor:
        return
    unit = house.unit_with(tx, stay.unit_id)
    where = stay.unit_id if unit is None else unit.name
    sentence = (
        f"The stay in {where} from {stay.arrival} to {stay.departure} was cancelled: {refund.sentence}, "
        "as far as it was paid."
    )
    questions.ask(tx, Question(tx.new_id(desk.now()), REFUND, stay.id, sentence, _OPTIONS, desk.now()))


def given_back(tx: Tx, desk: Desk, id_: StayId, actor: str) -> None:
    """Somebody says so."""
    if steps.stage(tx, id_) is Stage.CANCELLED:
        steps.take(tx, id_, Stage.CANCELLED, Stage.REFUNDED, by=actor, why="it was given back", at=desk.now())
