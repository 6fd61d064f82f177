"""What people decide about people: who they are, and which doors they may open when. One transaction each, audited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub import issuing
from hub.errors import Rejected
from hub.issuing import Desk
from hub.model.passes import ALWAYS, EveryWeek, Turnover, When
from hub.model.people import PersonKind, ToldBy
from hub.model.slots import Limits
from hub.model.values import LockId, PassId, PersonId, Pin, PropertyId, Window, clean
from hub.passes import USED_UP, opened, sealed, settle
from hub.store import codes, doors, house, log, passes, persons
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.house import Origin
from hub.store.passes import Pass
from hub.store.persons import Person

MOST_USES: Final = 1000
LONGEST_NOTE: Final = 200
LONGEST_TURNOVER: Final = timedelta(days=7)


# ---- persons --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Who:
    """A person as somebody describes them."""

    name: str
    kind: PersonKind
    property: PropertyId | None = None
    """None: of every property."""
    phone: str = ""
    email: str = ""
    told_by: ToldBy | None = None
    """None: as it is; of somebody new, by e-mail."""

    def cleaned(self) -> Who:
        """Raises Rejected when there is no name."""
        name = clean(self.name, limit=60)
        if not name:
            raise Rejected("a person needs a name")
        return replace(self, name=name, phone=clean(self.phone, limit=40), email=clean(self.email, limit=200))


def add(tx: Tx, desk: Desk, who: Who, actor: str, *, id_: PersonId | None = None) -> PersonId:
    """Raises Rejected."""
    who, new = who.cleaned(), id_ or PersonId(tx.new_id(desk.now()))
    _keep(tx, desk, Person(new, who.name, who.kind, None, None, Origin.PAGES, desk.now()), who)
    _note(tx, desk, actor, "person added", new, who.name)
    return new


def change(tx: Tx, desk: Desk, id_: PersonId, who: Who, actor: str) -> None:
    """Raises Rejected. Their codes stay what they are; the access log names them anew from here on."""
    who, row = who.cleaned(), there(tx, id_)
    _keep(tx, desk, replace(row, origin=Origin.PAGES), who)
    settle(tx, desk)
    _note(tx, desk, actor, "person changed", id_, who.name)


def _keep(tx: Tx, desk: Desk, row: Person, who: Who) -> None:
    if who.property is not None and house.property_with(tx, who.property) is None:
        raise Rejected(f"there is no property called “{who.property}”")
    told_by = who.told_by or row.told_by
    if told_by is ToldBy.SMS and not who.phone:
        raise Rejected("to be told codes by SMS, a person needs a telephone number")
    contact = persons.sealed_contact(row.id, {"phone": who.phone, "email": who.email}, desk.vault)
    new = replace(row, name=who.name, kind=who.kind, property=who.property, contact=contact, told_by=told_by)
    persons.keep(tx, new)


def there(tx: Tx, id_: PersonId) -> Person:
    """Raises Rejected."""
    row = persons.person(tx, id_)
    if row is None:
        raise Rejected("there is no such person")
    return row


def tell_by(tx: Tx, desk: Desk, id_: PersonId, told_by: ToldBy, actor: str) -> None:
    """How they are told the codes of their passes from here on. Raises Rejected."""
    row = there(tx, id_)
    contact = persons.opened_contact(row, desk.vault)
    who = Who(row.name, row.kind, row.property, contact.get("phone", ""), contact.get("email", ""), told_by)
    change(tx, desk, id_, who, actor)


def leave(tx: Tx, desk: Desk, id_: PersonId, actor: str) -> None:
    """None of their passes opens anything any more. Raises Rejected."""
    row = there(tx, id_)
    if row.ended_at is not None:
        raise Rejected(f"{row.name} has left already")
    persons.keep(tx, replace(row, ended_at=desk.now()))
    settle(tx, desk)
    _note(tx, desk, actor, "person left", id_, row.name)


def come_back(tx: Tx, desk: Desk, id_: PersonId, actor: str) -> None:
    """Undo that they left: passes that were good go on, with the same digits. Raises Rejected."""
    row = there(tx, id_)
    if row.ended_at is None:
        raise Rejected(f"{row.name} has not left")
    persons.keep(tx, replace(row, ended_at=None))
    settle(tx, desk)
    _note(tx, desk, actor, "person came back", id_, row.name)


def _note(tx: Tx, desk: Desk, actor: str, action: str, id_: PersonId, detail: str) -> None:
    log.record(tx, desk.now(), actor, action, f"person:{id_}", detail=detail)


# ---- passes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """A pass as somebody wants it."""

    locks: tuple[LockId, ...]
    when: When = ALWAYS
    start: datetime | None = None
    """None: from now on."""
    until: datetime | None = None
    """None: until somebody ends it."""
    uses: int | None = None
    name: str = ""
    """What it is for."""
    note: str = ""
    """For its holder, e.g. where to park: it stands in what they are told."""


def give(
    tx: Tx,
    desk: Desk,
    person: PersonId,
    wish: Wish,
    actor: str,
    *,
    id_: PassId | None = None,
    origin: Origin = Origin.PAGES,
) -> PassId:
    """Draw digits, the same for as many of the doors as can take the same, and let them be known at the doors.

    Raises:
        Rejected: it cannot work as it is wanted, and why.
    """
    row, new = _present(tx, person), id_ or PassId(tx.new_id(desk.now()))
    wish = _checked(tx, desk, row, wish)
    pins = issuing.drawn_for(tx, desk, wish.locks)
    good = Window(wish.start or desk.now(), wish.until)
    made = Pass(new, person, wish.name, wish.when, good, wish.uses, origin, desk.now(), note=wish.note)
    passes.keep(tx, replace(made, doors=sealed(desk, new, pins)))
    settle(tx, desk)
    _note(tx, desk, actor, "pass given", person, in_short(tx, wish))
    return new


def alter(tx: Tx, desk: Desk, id_: PassId, wish: Wish, actor: str, *, origin: Origin = Origin.PAGES) -> None:
    """Other doors, hours, end or uses; the digits stay, where the doors take them. Raises Rejected."""
    row = pass_there(tx, id_)
    wish = _checked(tx, desk, _present(tx, row.person), wish)
    kept = {door.lock: door for door in row.doors if door.lock in wish.locks}
    added = [lock for lock in wish.locks if lock not in kept]
    pins = _also(tx, desk, row, added)
    all_doors = (*kept.values(), *sealed(desk, id_, pins))
    good = Window(wish.start or row.good.start, wish.until)
    changed = replace(row, name=wish.name, when=wish.when, good=good, uses=wish.uses, origin=origin, note=wish.note)
    passes.keep(tx, replace(changed, doors=tuple(sorted(all_doors, key=lambda door: door.lock))))
    settle(tx, desk)
    _note(tx, desk, actor, "pass changed", row.person, in_short(tx, wish))


def _also(tx: Tx, desk: Desk, row: Pass, added: Sequence[LockId]) -> dict[LockId, Pin]:
    """At more doors the digits that the person knows already, where they are free and the lock takes them."""
    known = [opened(desk, row.id, door) for door in row.doors]
    pins = {lock: pin for lock in added for pin in known if issuing.free_on(tx, desk, lock, pin)}
    missing = [lock for lock in added if lock not in pins]
    return pins | (issuing.drawn_for(tx, desk, missing) if missing else {})


def pass_there(tx: Tx, id_: PassId) -> Pass:
    """Raises Rejected."""
    row = passes.pass_with(tx, id_)
    if row is None:
        raise Rejected("there is no such pass")
    return row


def _present(tx: Tx, id_: PersonId) -> Person:
    person = there(tx, id_)
    if person.ended_at is not None:
        raise Rejected(f"{person.name} has left; take them back first")
    return person


def pause(tx: Tx, desk: Desk, id_: PassId, actor: str) -> None:
    """Its codes leave the locks until it is resumed; the digits stay the person's. Raises Rejected."""
    row = pass_there(tx, id_)
    if row.stopped:
        raise Rejected("it is paused or over already")
    _again(tx, desk, replace(row, paused_at=desk.now()), actor, "pass paused")


def resume(tx: Tx, desk: Desk, id_: PassId, actor: str) -> None:
    """Raises Rejected."""
    row = pass_there(tx, id_)
    if row.paused_at is None or row.ended_at is not None:
        raise Rejected("it is not paused")
    _again(tx, desk, replace(row, paused_at=None), actor, "pass resumed")


def end(tx: Tx, desk: Desk, id_: PassId, actor: str) -> None:
    """Raises Rejected."""
    row = pass_there(tx, id_)
    if row.ended_at is not None:
        raise Rejected("it is over already")
    _again(tx, desk, replace(row, ended_at=desk.now(), ended_why=f"ended by {actor}"), actor, "pass ended")


def reopen(tx: Tx, desk: Desk, id_: PassId, actor: str) -> None:
    """Undo that it was ended. Raises Rejected."""
    row = pass_there(tx, id_)
    if row.ended_at is None:
        raise Rejected("it is not over")
    if row.ended_why == USED_UP:
        raise Rejected("it was used up; give a new one")
    _present(tx, row.person)
    _again(tx, desk, replace(row, ended_at=None, ended_why=""), actor, "pass given back")


def _again(tx: Tx, desk: Desk, row: Pass, actor: str, action: str) -> None:
    passes.keep(tx, row)
    settle(tx, desk)
    _note(tx, desk, actor, action, row.person, row.name)


def redraw(tx: Tx, desk: Desk, id_: PassId, actor: str) -> None:
    """Other digits at every door; the old ones leave the locks at once. Raises Rejected."""
    row = pass_there(tx, id_)
    if row.ended_at is not None:
        raise Rejected("it is over")
    if not row.doors:
        raise Rejected("it has no door any more")
    fresh = sealed(desk, id_, issuing.drawn_for(tx, desk, row.locks))
    codes.revoke(tx, [entry.grant.id for entry in passes.granted(tx).get(id_, ())], desk.now())
    tx.ends.update({f"pass:{id_}:{door.tag}": desk.now() for door in row.doors})
    _again(tx, desk, replace(row, doors=fresh), actor, "code redrawn")


def reveal(tx: Tx, desk: Desk, id_: PassId, actor: str) -> list[tuple[LockId, Pin]]:
    """The digits, door by door, for somebody entitled to them. Audited. Raises Rejected."""
    row = pass_there(tx, id_)
    passes.told(tx, id_, desk.now())
    _note(tx, desk, actor, "code shown", row.person, row.name)
    return [(door.lock, opened(desk, id_, door)) for door in row.doors]


def refused(tx: Tx, desk: Desk, entry: Issued, *, other_digits: bool) -> None:
    """A lock refused a pass's code: others are drawn where that may help and nobody knows the first. Else it stands
    among the findings until a person decides."""
    row = None if entry.pass_ is None else passes.pass_with(tx, entry.pass_)
    unknown_to_people = row is not None and all(door.told_at is None for door in row.doors)
    if row is not None and other_digits and unknown_to_people and passes.refusals(tx, row.id) <= issuing.REDRAWS:
        _redraw_if_any(tx, desk, row.id)


def fit(tx: Tx, desk: Desk, lock: LockId) -> None:
    """A lock was met: digits that it does not take, and that nobody was told yet, are drawn anew. Others stand among the
    findings."""
    door = doors.door(tx, lock)
    if door is None or door.abilities is None:
        return
    limits = Limits.of(door.abilities)
    for id_ in passes.misfits(tx, lock, limits.min_digits, limits.max_digits):
        row = pass_there(tx, id_)
        over = row.ended_at is not None or row.good.over(desk.now())
        if not over and all(each.told_at is None and issuing.has_keypad(tx, each.lock) for each in row.doors):
            _redraw_if_any(tx, desk, id_)


def _redraw_if_any(tx: Tx, desk: Desk, id_: PassId) -> None:
    """Unless no digits are left on its doors: nothing is changed then, and it stands among the findings."""
    with suppress(Rejected):
        redraw(tx, desk, id_, "gatehouse")


def adopted(tx: Tx, desk: Desk, person: PersonId, lock: LockId, pin: Pin, until: datetime | None) -> Pass:
    """The pass of a code that was in a keypad before; what is granted for it is the adopter's to write down.

    Raises Rejected.
    """
    _present(tx, person)
    now = desk.now()
    new = PassId(tx.new_id(now))
    door = replace(sealed(desk, new, {lock: pin})[0], told_at=now)
    made = Pass(new, person, "", ALWAYS, Window(now, until), None, Origin.PAGES, now, doors=(door,))
    passes.keep(tx, made)
    return made


# ---- what can work --------------------------------------------------------------------------------------------------


def _checked(tx: Tx, desk: Desk, person: Person, wish: Wish) -> Wish:
    """Raises Rejected."""
    wish = replace(wish, locks=tuple(sorted(set(wish.locks))), name=clean(wish.name, limit=60))
    wish = replace(wish, note=clean(wish.note, limit=LONGEST_NOTE))
    met = _doors(tx, wish.locks)
    places = {door.property for door in met}
    if len(places) > 1:
        raise Rejected("these doors are of different properties; give a pass for each property")
    if person.property is not None and person.property not in places:
        raise Rejected(f"{person.name} is only of {person.property}, and these doors are not")
    if wish.uses is not None and not 1 <= wish.uses <= MOST_USES:
        raise Rejected(f"a pass opens each door at least once, and at most {MOST_USES} times")
    if wish.until is not None and wish.until <= max(desk.now(), wish.start or desk.now()):
        raise Rejected("a pass must end in the future, and after it begins")
    _check_when(tx, wish.when, places)
    if wish.uses is not None and (dumb := [door.name for door in met if passes.tells_slots(tx, door.id) is False]):
        raise Rejected(f"{' and '.join(dumb)} does not say whose code was typed, so uses cannot be counted there")
    return wish


def _doors(tx: Tx, locks: Iterable[LockId]) -> list[Door]:
    met = []
    for lock in locks:
        door = doors.door(tx, lock)
        if door is None:
            raise Rejected(f"there is no lock called “{lock}”")
        if not issuing.has_keypad(tx, lock):
            raise Rejected(f"{door.name} has no keypad to type a code at")
        met.append(door)
    if not met:
        raise Rejected("name at least one door")
    return met


def _check_when(tx: Tx, when: When, places: Iterable[PropertyId]) -> None:
    match when:
        case EveryWeek(spans=()):
            raise Rejected("hours of the week are needed")
        case Turnover(unit=unit, longest=longest):
            row = None if unit is None else house.unit_with(tx, unit)
            if row is None:
                raise Rejected(f"there is no unit called “{unit}”")
            if row.property not in places:
                raise Rejected(f"{row.name} is not in the property of these doors")
            if not timedelta(minutes=15) <= longest <= LONGEST_TURNOVER:
                raise Rejected("to make a unit ready takes 15 minutes at least, and a week at most")


def in_short(tx: Tx, wish: Wish) -> str:
    """For the audit trail."""
    names = [lock if (door := doors.door(tx, lock)) is None else door.name for lock in wish.locks]
    told = [" and ".join(names), "" if wish.uses is None else f"{wish.uses} times each", wish.name]
    return ", ".join(each for each in told if each)
