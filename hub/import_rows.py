"""One row of a list of past stays: what it would change here, changing it, and taking that back.

A past stay is history and nothing else: it never gets a code, tells nobody, and is never told to platforms. So a row counts
only once the stay is over and its buffer too, and a stay that is not over here is left alone whatever the row says.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from hub import changes, contacts, forgetting, guests
from hub.calendars import timed
from hub.io.vault import NOT_OPENED
from hub.issuing import Desk
from hub.model.past_stays import Fault, PastStay, Units, What
from hub.model.price_lines import packed
from hub.model.spelled import Came, folded
from hub.model.stays import HouseRules, local_instant, stay_window
from hub.model.values import BESIDES, PropertyId, StayId, StayKind, StayStatus, UnitId, Window
from hub.model.workflow import Stage
from hub.store import bookings, house, imports, listings, log, steps
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import Property
from hub.store.imports import Near, Row, Verdict
from hub.store.stays import StayRow

"""The deed of hub/guests.py."""
IMPORTED: Final = "imported"
FROM_A_LIST: Final = "by a list of past stays"
BY_HAND: Final = "add it by hand, so that it gets a code and other platforms are told of it"


# ---- the house as a file sees it -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ground:
    """What all rows of one part have in common."""

    now: datetime
    units: Units
    places: Mapping[UnitId, Property]
    buffers: Mapping[UnitId, timedelta]
    key: bytes = field(repr=False)

    @classmethod
    def read(cls, tx: Tx, desk: Desk) -> Ground:
        known: dict[PropertyId, Property] = {place.id: place for place in house.properties(tx)}
        places = {unit.id: known[unit.property] for unit in house.units(tx)}
        zones = {unit: place.zone for unit, place in places.items()}
        return cls(
            desk.now(),
            Units(_names(tx, known), zones),
            places,
            {unit: bookings.rules_at(tx, unit).buffer for unit in places},
            desk.vault.derive("imports"),
        )

    def mark(self, *told: object) -> str:
        return hmac.digest(self.key, json.dumps([str(each) for each in told]).encode(), "sha256").hex()


def _names(tx: Tx, places: Mapping[PropertyId, Property]) -> dict[str, frozenset[UnitId]]:
    """By id, by name, and by what accounts call them."""
    found: dict[str, set[UnitId]] = {}
    for unit in house.units(tx):
        place = places[unit.property]
        for name in (unit.id, unit.name, f"{unit.name}, {place.name}", f"{place.name} {unit.name}"):
            found.setdefault(folded(name), set()).add(unit.id)
    for channel in listings.joined(tx):
        for row in listings.listings_of(tx, channel):
            for name in (row.listing, row.name):
                if row.unit_id is not None and name:
                    found.setdefault(folded(name), set()).add(row.unit_id)
    return {name: frozenset(units) for name, units in found.items()}


# ---- what a row would do -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    row: Row
    """With the verdict, but nothing sealed yet."""
    faults: tuple[Fault, ...] = ()
    changes: tuple[str, ...] = ()
    """Which fields of a stay it fills or changes."""
    left: tuple[str, ...] = ()
    """Where the row differs, and what is known here stays."""
    note: str = ""
    before: StayRow | None = None
    after: StayRow | None = None
    stage: Stage | None = None

    @property
    def told(self) -> dict[str, Any]:
        return {
            "faults": [[None if f.what is None else f.what.value, f.why, f.cure] for f in self.faults],
            "changes": list(self.changes),
            "left": list(self.left),
            "note": self.note,
        }


def judge(tx: Tx, desk: Desk, ground: Ground, row: Row, read: PastStay | list[Fault]) -> Judged:
    """Nothing is written. Raises as `Vault.open`."""
    blank = Row(row.import_id, row.number, row.line, row.cells)
    if isinstance(read, list):
        return _refused(blank, *read)
    place = ground.places[read.unit]
    hours = _hours(read, place, ground.now)
    if hours is None:
        return _refused(blank, Fault(What.DEPARTURE, "its hours make no sense here", "put the days right"))
    if (early := _not_over(read, hours, ground)) is not None:
        return _refused(blank, early)
    row = replace(blank, same=_same(ground, read), says=_says(ground, read))
    if (before := imports.told_before(tx, row)) is not None:
        line, says = before
        if says == row.says:
            return Judged(replace(row, verdict=Verdict.KNOWN), note=f"it stands in line {line} already")
        why = f"line {line} says otherwise of the same booking"
        return _refused(blank, Fault(What.REFERENCE, why, "leave the one that is right"))
    if read.came is not Came.CANCELLED:
        row = replace(row, unit_id=read.unit, arrival=read.arrival, departure=read.departure)
        if (line_ := imports.in_the_way(tx, row)) is not None:
            return _refused(blank, Fault(What.ARRIVAL, f"line {line_} has some of these nights", "put the days right"))
    known = _known(tx, read, hours)
    if known is None:
        return _as_new(tx, desk, row, read, place, hours)
    return _compared(tx, desk, ground, row, read, known)


def not_opened(row: Row) -> Judged:
    """What is kept of the stay that the row is about does not open."""
    why = "the stay is known here, but what is kept of its guest was damaged, or its key is lost"
    cure = "restore a backup, or its key file, and bring the file again"
    return _refused(Row(row.import_id, row.number, row.line, row.cells), Fault(None, why, cure))


def _refused(row: Row, *faults: Fault) -> Judged:
    return Judged(replace(row, verdict=Verdict.REFUSED), faults)


def _hours(read: PastStay, place: Property, now: datetime) -> Window | None:
    rules = HouseRules(place.zone, place.check_in, place.check_out)
    return stay_window(_bare(read, StayId(""), now), rules)


def _not_over(read: PastStay, hours: Window, ground: Ground) -> Fault | None:
    place, end = ground.places[read.unit], hours.end
    assert end is not None  # a stay has one
    today = ground.now.astimezone(place.zone).date()
    if end > ground.now or read.departure > today:
        return Fault(What.DEPARTURE, f"it is not over: it ends on {read.departure}", BY_HAND)
    free_from = end + ground.buffers[read.unit]
    if free_from > local_instant(today, time(), place.zone, latest=False):
        later = free_from.astimezone(place.zone).date() + timedelta(days=1)
        why = f"it ended on {read.departure}, and its unit is kept free until {free_from.astimezone(place.zone):%H:%M}"
        return Fault(What.DEPARTURE, why, f"bring the file again on {later} or later")
    return None


def _same(ground: Ground, read: PastStay) -> str:
    if read.reference:
        return ground.mark("reference", read.unit, read.reference.casefold())
    return ground.mark(
        "days", read.unit, read.arrival, read.departure, read.guest.casefold(), read.came is Came.CANCELLED
    )


def _says(ground: Ground, read: PastStay) -> str:
    return ground.mark(*(getattr(read, each.name) for each in fields(PastStay)))


def _known(tx: Tx, read: PastStay, hours: Window) -> StayRow | None:
    """The stay that the row is about."""
    if read.reference:
        named = [
            each
            for each in imports.referred(tx, read.unit, read.reference)
            if each.reference.casefold() == read.reference.casefold()
        ]
        if named:
            # A source may use a reference again: the stay of these days is meant before another one.
            found = min(named, key=lambda each: (_days(each) != (read.arrival, read.departure), each.check_in))
            return ledger.stay(tx, found.id)
    assert hours.end is not None  # a stay has one
    for each in imports.near(tx, read.unit, hours.start, hours.end):
        if _days(each) == (read.arrival, read.departure) and _may_be(read, each):
            return ledger.stay(tx, each.id)
    return None


def _days(stay: Near) -> tuple[date | None, date | None]:
    return stay.arrival, stay.departure


def _may_be(read: PastStay, stay: Near) -> bool:
    said = ((read.reference, stay.reference), (read.guest, stay.guest))
    if any(one and other and one.casefold() != other.casefold() for one, other in said):
        return False
    if read.came is Came.CANCELLED:
        return stay.status == StayStatus.CANCELLED.value
    return imports.takes_nights(stay) and stay.kind != StayKind.BLOCK.value


# ---- a stay that is not known yet ----------------------------------------------------------------------------------

_STATUS: Final = {
    Came.STAYED: (StayStatus.CONFIRMED, Stage.COMPLETED),
    Came.NO_SHOW: (StayStatus.CONFIRMED, Stage.NO_SHOW),
    Came.CANCELLED: (StayStatus.CANCELLED, Stage.CANCELLED),
}


def _bare(read: PastStay, id_: StayId, now: datetime) -> StayRow:
    """Without what is sealed."""
    digits = "".join(ch for ch in read.phone if ch.isdigit())
    return StayRow(
        id=id_,
        unit_id=read.unit,
        channel_id=None,
        kind=StayKind.RESERVATION,
        status=_STATUS[read.came][0],
        arrival=read.arrival,
        departure=read.departure,
        own_check_in=None,
        own_check_out=None,
        check_in=None,
        check_out=None,
        guest=read.guest,
        reference=read.reference,
        phone_last4=digits[-4:] if len(digits) >= 4 else "",
        contact=None,
        guests=read.guests,
        note=read.note,
        made_at=now,
        changed_at=now,
        cancelled_why=f"{IMPORTED} as cancelled" if read.came is Came.CANCELLED else None,
        platform=read.platform,
        total_minor=None if read.total is None else read.total.minor,
        currency=None if read.total is None else read.total.currency,
        price_lines=packed(read.lines),
        adults=read.adults,
        children=read.children,
        infants=read.infants,
        pets=read.pets,
        **{name: getattr(read, name) for name in BESIDES},
    )


def _as_new(tx: Tx, desk: Desk, row: Row, read: PastStay, place: Property, hours: Window) -> Judged:
    if read.came is not Came.CANCELLED and (other := _in_the_way(tx, read.unit, hours, None)) is not None:
        return _refused(replace(row, same=None, says=None, unit_id=None, arrival=None, departure=None), _taken(other))
    now = desk.now()
    stay = timed(_bare(read, StayId(tx.new_id(now)), now), place)
    stay = contacts.kept(desk.vault, stay, {"phone": read.phone, "email": read.email})
    note = ""
    if forgetting.is_nobodys(place, stay.check_out, now):
        note = f"it was over {place.guest_days} days ago: who the guest was is kept until tonight only"
    new = replace(row, verdict=Verdict.NEW, stay_id=stay.id)
    return Judged(new, note=note, after=stay, stage=_STATUS[read.came][1])


def _in_the_way(tx: Tx, unit: UnitId, hours: Window, besides: StayId | None) -> Near | None:
    assert hours.end is not None  # a stay has one
    others = imports.near(tx, unit, hours.start, hours.end)
    return next((each for each in others if each.id != besides and imports.takes_nights(each)), None)


def _taken(other: Near) -> Fault:
    days = f"{other.arrival} to {other.departure}"
    if not imports.is_guests(other):
        return Fault(
            What.ARRIVAL, f"the unit was closed then, {days}", "put the days right, or say what that closure was"
        )
    who = other.guest or other.reference or "somebody else"
    return Fault(What.ARRIVAL, f"{who} stayed there then, {days}", "put the days or the unit right")


# ---- a stay that is known ------------------------------------------------------------------------------------------

_FILLED: Final = (
    "guest",
    "reference",
    "phone_last4",
    "guests",
    "note",
    "platform",
    "adults",
    "children",
    "infants",
    "pets",
    *BESIDES,
)


def _compared(tx: Tx, desk: Desk, ground: Ground, row: Row, read: PastStay, known: StayRow) -> Judged:
    same = replace(row, verdict=Verdict.KNOWN, stay_id=known.id)
    if known.check_out is None or known.check_out > ground.now:
        return Judged(same, note="it is not over here, and stays as it is")
    if log.was_done(tx, f"stay:{known.id}", guests.ERASED):
        return Judged(same, note="its guest was erased here: nothing of them is taken in again")
    place = ground.places[read.unit]
    if forgetting.is_nobodys(place, known.check_out, ground.now):
        return Judged(same, note=f"it was over {place.guest_days} days ago: nothing of its guest is taken in again")
    ours = _is_as_imported(tx, desk, known)
    after, changes, left = _merged(desk, read, known, ours=ours)
    stage = _STATUS[read.came][1] if ours else None
    if stage is steps.stage(tx, known.id):
        stage = None
    if stage is not None:
        changes = [*changes, "status"] if "status" not in changes else changes
    if not changes:
        return Judged(same, left=tuple(left))
    after = timed(replace(after, changed_at=ground.now), ground.places[known.unit_id])
    if "days" in changes or after.status is not known.status:
        assert after.check_in is not None  # as the row's own hours make sense
        hours = Window(after.check_in, after.check_out)
        takes = after.status is StayStatus.CONFIRMED
        if takes and (other := _in_the_way(tx, known.unit_id, hours, known.id)) is not None:
            return _refused(
                replace(row, same=None, says=None, unit_id=None, arrival=None, departure=None), _taken(other)
            )
    changed = replace(row, verdict=Verdict.CHANGED, stay_id=known.id)
    return Judged(changed, changes=tuple(changes), left=tuple(left), before=known, after=after, stage=stage)


def _is_as_imported(tx: Tx, desk: Desk, stay: StayRow) -> bool:
    """An import made it, or changed it last, and nobody has touched it since: then a file may say it anew."""
    last = imports.last_made(tx, stay.id)
    if last is None or last.made is None or imports.is_told_by_a_channel(tx, stay.id):
        return False
    try:
        made = json.loads(desk.vault.open(last.made, about=last.about))
    except NOT_OPENED:
        return False  # nobody can say so
    return bool(made["after"] == snapshot(tx, desk, stay))


def _merged(desk: Desk, read: PastStay, known: StayRow, *, ours: bool) -> tuple[StayRow, list[str], list[str]]:
    """The stay with what the row adds, which fields that are, and where it differs in vain."""
    told, after, changes, left = _bare(read, known.id, known.changed_at), known, list[str](), list[str]()

    def settle(name: str, old: object, new: object, **values: Any) -> None:
        nonlocal after
        if new in (None, "") or old == new:
            return
        if old in (None, "") or ours:
            after = replace(after, **values)
            changes.append(name)
        else:
            left.append(name)

    for name in _FILLED:
        new = getattr(told, name)
        settle(name, getattr(known, name), new, **{name: new})
    if told.total != known.total:
        # Another price is made of other things.
        priced = {"total_minor": told.total_minor, "currency": told.currency, "price_lines": told.price_lines}
        settle("total", known.total, told.total, **priced)
    else:
        settle("price_lines", known.price_lines, told.price_lines, price_lines=told.price_lines)
    contact = contacts.opened(desk.vault, known)
    wanted = contact | {
        name: value
        for name, value in (("phone", read.phone), ("email", read.email))
        if value and (ours or not contact.get(name))
    }
    if wanted != contact:
        after = contacts.kept(desk.vault, after, wanted)
        changes.append("contact")
    days = (told.arrival, told.departure)
    if ours:
        settle("days", (known.arrival, known.departure), days, arrival=told.arrival, departure=told.departure)
        settle("status", known.status, told.status, status=told.status, cancelled_why=told.cancelled_why)
    else:
        left += [name for name, differs in (
            ("days", (known.arrival, known.departure) != days),
            ("status", (known.status is StayStatus.CANCELLED) != (told.status is StayStatus.CANCELLED)),
        ) if differs]  # fmt: skip
    if known.kind is StayKind.UNKNOWN and told.status is StayStatus.CONFIRMED:
        after = replace(after, kind=StayKind.RESERVATION)
        changes.append("kind")
    return after, changes, left


# ---- doing it, and taking it back ----------------------------------------------------------------------------------


def carry_out(tx: Tx, desk: Desk, judged: Judged, actor: str) -> Judged:
    """Write what the row adds or changes. Where the database itself says no, the row is refused.

    Raises as `Vault.open`; then nothing is written.
    """
    if judged.after is None:
        return judged
    before = None if judged.before is None else snapshot(tx, desk, judged.before)
    try:
        with tx.attempt():
            ledger.keep(tx, judged.after, by=actor, why=IMPORTED, stage=judged.stage)
    except IntegrityError as error:
        if "overlap" not in str(error.orig):
            raise
        fault = Fault(What.ARRIVAL, "somebody else stayed there then", "put the days or the unit right")
        return _refused(Row(judged.row.import_id, judged.row.number, judged.row.line, judged.row.cells), fault)
    kept = ledger.stay(tx, judged.after.id)
    assert kept is not None  # it was written this moment
    action = changes.IMPORTED if judged.before is None else changes.CHANGED
    changes.say(tx, desk, judged.before, kept, changes.Word(actor, action, FROM_A_LIST if judged.before else ""))
    made = json.dumps({"before": before, "after": snapshot(tx, desk, kept)}).encode()
    return replace(judged, row=replace(judged.row, made=desk.vault.seal(made, about=judged.row.about)))


_UNSURE: Final = json.dumps({
    "note": "what was kept to take it back was damaged, or its key is lost: change the stay by hand"
}).encode()  # fmt: skip


def take_back(tx: Tx, desk: Desk, row: Row, actor: str) -> Row:
    """What the row made or changed, unless somebody changed it since."""
    stay = None if row.stay_id is None else ledger.stay(tx, row.stay_id)
    if stay is None:
        return replace(row, undone="undone", made=None)
    try:
        made = None if row.made is None else json.loads(desk.vault.open(row.made, about=row.about))
        untouched = made is not None and made["after"] == snapshot(tx, desk, stay)
    except NOT_OPENED:
        return replace(row, undone="kept", told=desk.vault.seal(_UNSURE, about=row.about))
    if made is None or not untouched:
        return replace(row, undone="kept")
    if made["before"] is None:
        if imports.is_told_by_a_channel(tx, stay.id):
            return replace(row, undone="kept")
        imports.remove_stay(tx, stay.id)
        return replace(row, undone="undone", made=None, stay_id=None)
    old, stage = _restored(desk, made["before"])
    try:
        with tx.attempt():
            ledger.keep(tx, old, by=actor, why="import undone", stage=stage)
    except IntegrityError as error:
        if "overlap" not in str(error.orig):
            raise
        return replace(row, undone="kept")
    changes.say(tx, desk, stay, old, changes.Word(actor, changes.TAKEN_BACK))
    return replace(row, undone="undone", made=None)


_DAYS: Final = frozenset({"arrival", "departure"})
_MARKS: Final = frozenset({"email_mark", "phone_mark"})
"""Made of the contact, under a key that may be another by then."""
_INSTANTS: Final = frozenset({
    "own_check_in", "own_check_out", "check_in", "check_out", "made_at", "changed_at", "arrived_at", "left_at", "cancelled_at",
})  # fmt: skip


def snapshot(tx: Tx, desk: Desk, stay: StayRow) -> dict[str, Any]:
    """A stay as JSON knows it, with what is sealed opened, as another key may seal it by then."""
    told = {each.name: getattr(stay, each.name) for each in fields(StayRow) if each.name not in _MARKS}
    stage = steps.stage(tx, stay.id)
    return dict(_plain(told)) | {
        "kind": stay.kind.value,
        "status": stay.status.value,
        "contact": contacts.opened(desk.vault, stay) or None,
        "stage": None if stage is None else stage.value,
    }


def _plain(told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in told.items():
        yield name, value.isoformat() if isinstance(value, date | datetime) else value


def _restored(desk: Desk, told: dict[str, Any]) -> tuple[StayRow, Stage]:
    values: dict[str, Any] = {name: value for name, value in told.items() if name != "stage"}
    for name, value in values.items():
        if value is not None and name in _DAYS:
            values[name] = date.fromisoformat(value)
        elif value is not None and name in _INSTANTS:
            values[name] = datetime.fromisoformat(value)
    values |= {"kind": StayKind(told["kind"]), "status": StayStatus(told["status"]), "contact": None}
    return contacts.kept(desk.vault, StayRow(**values), told["contact"] or {}), Stage(told["stage"])
