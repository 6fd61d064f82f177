"""What people are asked about nights that channels close, and about stays that they list no more.

A channel that closes nights of another one's guest, and was not told of them by us, may have sold them a second time: that is
asked once for each closure, and is an alert until somebody answers or the two are apart. Whether it was told is looked at when
either of them becomes known; what is told afterwards explains nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hub.findings import Look
from hub.issuing import Desk
from hub.model.alerts import Finding, Kind
from hub.model.stays import shared_nights
from hub.model.values import CODED, ChannelId, StayId, StayKind, StayStatus, UnitId
from hub.store import guests, house, questions
from hub.store import publishing as outlets
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.publishing import DIARY
from hub.store.questions import Question
from hub.store.stays import StayRow

CLOSURE, SOLD, TWIN, GONE = "closure", "sold", "twin", "gone"
_CLOSED: Final = (StayKind.UNKNOWN, StayKind.BLOCK)
_COMES: Final = (
    ("reservation", "A guest comes: give a code"),
    ("owner", "The owner comes: give a code"),
    ("block", "Nobody comes"),
)


def of_nights(tx: Tx, desk: Desk, row: StayRow) -> None:
    """What is to be asked, or not any more, now that a channel told of this stay or closure."""
    if row.kind in _CLOSED:
        _of_closure(tx, desk, row)
        return
    questions.withdraw(tx, CLOSURE, row.id, desk.now())
    questions.withdraw(tx, SOLD, row.id, desk.now())
    if row.status is StayStatus.CANCELLED:
        questions.withdraw(tx, TWIN, row.id, desk.now())
    if row.takes is not None:
        for closure in ledger.closed_between(tx, row.unit_id, row.takes):
            _of_closure(tx, desk, closure)


def _of_closure(tx: Tx, desk: Desk, row: StayRow) -> None:
    over = row.check_out is None or row.check_out <= desk.now()
    guest = None if over or row.status is not StayStatus.CONFIRMED else next(_met(tx, row), None)
    if guest is None:
        questions.withdraw(tx, SOLD, row.id, desk.now())
    elif _is_new(tx, desk, row, guest):
        questions.withdraw(tx, CLOSURE, row.id, desk.now())
        _ask(tx, desk, SOLD, row, f"{_meeting(tx, row, guest)} Did {row.channel_id} sell them as well?", _COMES)
        tx.signal("health")
    if row.kind is not StayKind.UNKNOWN or row.status is not StayStatus.CONFIRMED or over:
        questions.withdraw(tx, CLOSURE, row.id, desk.now())
    elif not questions.is_open(tx, SOLD, row.id):
        sentence = f"{_unit_name(tx, row.unit_id)} is closed from {_days(row)}, and the channel does not say why."
        _ask(tx, desk, CLOSURE, row, f"{sentence} Does a guest come?", _COMES)


def _met(tx: Tx, closure: StayRow) -> Iterator[StayRow]:
    """Guests on nights that a channel has closed, of other channels or of none. Those that it tells of as well are no riddle."""
    if closure.channel_id is None or closure.takes is None:
        return
    for guest in ledger.guests_between(tx, closure.unit_id, closure.takes):
        confirmed = guest.status is StayStatus.CONFIRMED
        if confirmed and shared_nights(closure, guest) and closure.channel_id not in guests.told_by(tx, guest.id):
            yield guest


def _is_new(tx: Tx, desk: Desk, closure: StayRow, guest: StayRow) -> bool:
    """Whether it is a riddle that nobody answered: its channel sells, and had not heard of those nights."""
    assert closure.channel_id is not None  # it met somebody
    outlet = outlets.outlet(tx, closure.channel_id, closure.unit_id)
    if (outlet is not None and outlet.way == DIARY) or questions.answered(tx, SOLD, closure.id) == "block":
        return False
    told = outlets.echoing(tx, closure.channel_id, closure.unit_id, desk.now())
    return not shared_nights(closure, guest) <= told


def of_the_very_nights(tx: Tx, desk: Desk, closing: ChannelId, row: StayRow) -> None:
    """A closure was taken for a stay because it has its dates: as often as not it is, where channels read each other."""
    sentence = (
        f"{closing} has closed {_unit_name(tx, row.unit_id)} on exactly the nights of {_whose(row)}, {_days(row)}. Is that the "
        f"same booking, or did {closing} sell them to somebody else?"
    )
    other = (f"other:{closing}", f"{closing} sold them to somebody else")
    _ask(tx, desk, TWIN, row, sentence, (("same", "The same booking"), other))


def found(look: Look) -> Iterator[Finding]:
    """Nights that may have been sold twice, as long as nobody has said."""
    for question in questions.open_questions(look.tx):
        closure = ledger.stay(look.tx, StayId(question.subject)) if question.kind == SOLD else None
        guest = (
            None
            if closure is None or closure.status is not StayStatus.CONFIRMED
            else next(_met(look.tx, closure), None)
        )
        if closure is None or guest is None or closure.check_out is None or look.reached(closure.check_out):
            continue
        cure = (
            f"Look in {closure.channel_id} whose nights they are, then say on page Today or on the page of the closure whether a "
            "guest comes. If one does, both bookings stand under Stays, Sold twice."
        )
        yield Finding(
            Kind.CLOSED_OVER, f"stay:{closure.id}", _meeting(look.tx, closure, guest), cure, question.asked_at
        )


def _meeting(tx: Tx, closure: StayRow, guest: StayRow) -> str:
    """Without a name: should a guest be behind the closure, they may ask what was said of them."""
    whose = "A guest who was added here" if guest.channel_id is None else f"A guest of {guest.channel_id}"
    return (
        f"{closure.channel_id} has closed {_unit_name(tx, closure.unit_id)} from {_days(closure)}, and had not been told by us "
        f"that somebody comes. {whose} stays there from {_days(guest)}."
    )


def ask_gone(tx: Tx, desk: Desk, stay: StayRow) -> None:
    what, over = f"the stay of {_whose(stay)}", "cancelled"
    if stay.kind not in CODED:
        what, over = "that it is closed", "open again"
    sentence = (
        f"The calendar of {_unit_name(tx, stay.unit_id)} no longer lists {what} ({_days(stay)}). "
        f"Is it {over}? Until you say so it stands."
    )
    yes = "Yes, cancel it" if stay.kind in CODED else "Yes, it is open"
    _ask(tx, desk, GONE, stay, sentence, (("keep", "No, keep it"), ("cancel", yes)))


def _ask(tx: Tx, desk: Desk, kind: str, stay: StayRow, sentence: str, options: tuple[tuple[str, str], ...]) -> None:
    """Nearer arrivals stand higher on the day's list: the list is sorted by `urgent_at`."""
    question = Question(tx.new_id(desk.now()), kind, stay.id, sentence, options, desk.now(), stay.check_in)
    questions.ask(tx, question)


def _whose(stay: StayRow) -> str:
    return stay.guest or stay.reference or "a guest without a name"


def _days(stay: StayRow) -> str:
    """As people say it: `5 January to 8 January 2027`."""
    if stay.arrival is None or stay.departure is None:
        return "an unknown day"
    year = "" if stay.arrival.year == stay.departure.year else f" {stay.arrival.year}"
    return f"{stay.arrival.day} {stay.arrival:%B}{year} to {stay.departure.day} {stay.departure:%B %Y}"


def _unit_name(tx: Tx, unit: UnitId) -> str:
    row = house.unit_with(tx, unit)
    return unit if row is None else row.name
