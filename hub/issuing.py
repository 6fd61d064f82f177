"""From a stay to grants: which doors, which hours, which digits. One PIN opens all of a stay's doors.

A grant whose window moves keeps its PIN; digits are drawn anew only when a lock refuses them or a person asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub.allocating import RECENT, Crowd, Crowds, crowd
from hub.errors import Rejected
from hub.io.vault import Vault
from hub.model.codes import Grant, Limits
from hub.model.pins import common_length
from hub.model.policy import CodeKind, CodePolicy
from hub.model.stays import HouseRules, code_window, no_more_than, wants_code
from hub.model.values import CodeTag, GrantId, LockId, PassId, Pin, Purpose, StayId, StayStatus, UnitId, Window
from hub.store import codes, conflicts, digits, doors, guest_page, house, log, passes, questions, staying
from hub.store import ladder as pulled
from hub.store import stays as ledger
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.house import Unit
from hub.store.questions import Question
from hub.store.stays import StayRow

REDRAWS: Final = 3
"""How often digits that a lock calls taken are drawn anew without asking anybody."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What issuing needs beside the ledgers: the keys, chance, and the time."""

    vault: Vault
    below: Callable[[int], int]
    """A random number below the argument, from a CSPRNG."""
    now: Callable[[], datetime]
    trusted: Callable[[], bool] = lambda: True
    """Whether `now` is believed."""
    crowds: Crowds | None = None
    """For one transaction that issues many codes."""

    def crowd(self, tx: Tx, locks: Collection[LockId]) -> Crowd:
        if self.crowds is None:
            return crowd(tx, self.vault, locks, self.now())
        return self.crowds.at(tx, self.vault, locks, self.now())


def replan(
    tx: Tx, desk: Desk, stay: StayRow, *, avoid: frozenset[CodeTag] = frozenset(), had: Held | None = None
) -> None:
    """Make a stay's grants what they should be. Doing it twice changes nothing.

    Args:
        avoid: codes that it had, and must not get.
        had: the hours of codes of it that were taken away just now, to be replaced.
    """
    _replan(tx, desk, stay, avoid, had or {})
    for other in conflicts.held_back(tx, desk.now()):
        if other.id != stay.id:
            _replan(tx, desk, other, frozenset(), {})


def is_released(tx: Tx, desk: Desk) -> bool:
    """Whether somebody who was held back need not be any more, because the other guest has gone."""
    now = desk.now()
    return desk.trusted() and any(not conflicts.stands_back(tx, row, now) for row in conflicts.held_back(tx, now))


def release(tx: Tx, desk: Desk) -> None:
    """Give codes to whoever is held back by nobody any more. Doing it twice changes nothing."""
    for row in conflicts.held_back(tx, desk.now()):
        _replan(tx, desk, row, frozenset(), {})


Held = Mapping[LockId, Window]


def _replan(tx: Tx, desk: Desk, stay: StayRow, avoid: frozenset[CodeTag], had: Held) -> None:
    wanted = _windows(tx, stay)
    held = {entry.lock: entry for entry in codes.issued_for(tx, stay.id)}
    contested = conflicts.stands_back(tx, stay, desk.now())
    conflicts.note(tx, stay.id, contested=contested)
    if contested or questions.is_open(tx, "restored", stay.id):
        wanted = no_more_than(wanted, {**had, **{lock: entry.grant.window for lock, entry in held.items()}})
    lost = [lock for lock, entry in held.items() if lock not in wanted or _is_in_the_way(tx, entry, stay, wanted[lock])]
    known = [opened(desk, entry) for entry in held.values()]
    clash = _clash(tx, desk, stay, known, [lock for lock in wanted if lock not in held])
    redrawn = clash is not None and _unknown_to_people(tx, desk, stay, held.values())
    if redrawn:
        lost, avoid = list(held), avoid | frozenset(entry.grant.tag for entry in held.values())
        log.record(tx, desk.now(), "gatehouse", "code redrawn", f"stay:{stay.id}")
    codes.revoke(tx, [held[lock].grant.id for lock in lost], desk.now())
    pulled.follow(tx, stay.id, wanted, desk.now())
    if stay.status is StayStatus.CANCELLED:
        guest_page.end(tx, stay.id)
    for lock in [each for each in held if each not in lost]:
        codes.move(tx, held[lock], wanted[lock])
    missing = {lock: window for lock, window in wanted.items() if lock in lost or lock not in held}
    missing = {lock: each for lock, each in missing.items() if not each.over(desk.now())}
    _issue_missing(tx, desk, stay, missing, known, avoid)
    if clash is not None and clash in missing and not redrawn:
        cut = any(desk.crowd(tx, [clash]).cuts_short(pin) for pin in known)
        same = "that begins as that of" if cut else "with the digits of"
        _ask(tx, desk, stay, f"{_name(tx, clash)} has a code {same} {_guest(stay)}, so there it is another one")
    tx.signal(f"stay:{stay.id}")


def _clash(tx: Tx, desk: Desk, stay: StayRow, known: Sequence[Pin], added: Sequence[LockId]) -> LockId | None:
    """A door that comes to a stay's path and at which the guest's digits are somebody else's already, or were lately; or are
    too much like somebody's, as long as nobody has been told them: a slip of the finger is no reason to take a code from a guest.
    """
    told = not _unknown_to_people(tx, desk, stay, codes.issued_for(tx, stay.id))
    for lock in added:
        takes = [pin for pin in known if _limits(doors.door(tx, lock)).take(len(pin))]
        if takes and not any(_is_free(tx, desk, pin, stay, lock, as_it_is=told) for pin in takes):
            return lock
    return None


def _is_free(tx: Tx, desk: Desk, pin: Pin, stay: StayRow, lock: LockId, *, as_it_is: bool = True) -> bool:
    """What a person chose for the stay or its unit may have been another guest's lately. A pass's are not free at any hour.

    Args:
        as_it_is: it may be like another's, though none may be the beginning of the other: one of them would not open.
    """
    tags = desk.vault.tags(pin)
    if digits.is_strangers(tx, lock, stay.id, tags) or not passes.tags_on(tx, lock).isdisjoint(tags):
        return False
    chosen = (ledger.typed_pin(tx, stay.id, desk.vault), house.unit_pin(tx, stay.unit_id, desk.vault))
    if pin in chosen:
        return True
    if digits.anothers(tx, lock, stay.id, tags, desk.now() - RECENT):
        return False
    others = desk.crowd(tx, [lock])
    return not others.cuts_short(pin) and (as_it_is or others.apart(pin, house.codes_at(tx, lock).distance))


def _unknown_to_people(tx: Tx, desk: Desk, stay: StayRow, held: Iterable[Issued]) -> bool:
    return ledger.typed_pin(tx, stay.id, desk.vault) is None and all(entry.told_at is None for entry in held)


def _is_in_the_way(tx: Tx, entry: Issued, stay: StayRow, window: Window) -> bool:
    """Guests of a unit whose code is always the same follow each other; where their hours meet, one needs another code."""
    moved = entry.grant.window != window
    return moved and digits.rivals(tx, entry.lock, stay.id, {entry.grant.tag}, window)


def _windows(tx: Tx, stay: StayRow) -> dict[LockId, Window]:
    """The hours in which the stay's code may open each of its doors, lead and buffers included."""
    place = house.property_of(tx, stay.unit_id)
    if place is None or not wants_code(stay):
        return {}
    found: dict[LockId, Window] = {}
    for lock in house.doors_of(tx, stay.unit_id):
        usual = lock.codes.over(place.codes)
        rules = HouseRules(place.zone, place.check_in, place.check_out, usual.lead, usual.early, usual.late)
        window = _until_left(code_window(stay, rules), stay)
        if window is not None and has_keypad(tx, lock.id):
            found[lock.id] = window
    return found


def _until_left(hours: Window | None, stay: StayRow) -> Window | None:
    if hours is None or hours.end is None or stay.left_at is None or stay.left_at >= hours.end:
        return hours
    return Window(hours.start, stay.left_at) if hours.start < stay.left_at else None


def _issue_missing(
    tx: Tx,
    desk: Desk,
    stay: StayRow,
    missing: Mapping[LockId, Window],
    known: Sequence[Pin],
    avoid: frozenset[CodeTag],
) -> None:
    """`known`: what the guest was told to type, also where those doors are not the guest's any more."""
    for length, group in _groups(tx, missing):
        wished = [pin for pin in _wished(tx, desk, stay, known, group) if desk.vault.tags(pin).isdisjoint(avoid)]
        pin = _chosen(tx, desk, stay, wished, {lock: missing[lock] for lock in group}, length)
        for lock in group:
            if not codes.give_back(tx, lock, stay.id, desk.vault.tags(pin), missing[lock]):
                put_down(tx, desk, lock, pin, missing[lock], Whose(Purpose.GUEST, stay.id))


def _wished(tx: Tx, desk: Desk, stay: StayRow, known: Sequence[Pin], group: Sequence[LockId]) -> Iterator[Pin]:
    """What was typed for the stay, what its guest has already, what was typed for the unit."""
    typed = ledger.typed_pin(tx, stay.id, desk.vault)
    if typed is not None:
        yield typed
    yield from known
    fixed = house.unit_pin(tx, stay.unit_id, desk.vault) if _strictest(tx, group).kind is CodeKind.FIXED else None
    if fixed is not None:
        yield fixed


def _chosen(
    tx: Tx, desk: Desk, stay: StayRow, wished: Iterable[Pin], ways: Mapping[LockId, Window], length: int
) -> Pin:
    """The first wish that all these doors can fulfil, else what the house prefers, else digits drawn."""
    pin = next((pin for pin in wished if all(_fits(tx, desk, pin, stay, *way) for way in ways.items())), None)
    if pin is not None:
        return pin
    policy, others = _strictest(tx, ways), desk.crowd(tx, ways)
    last = _last_of_phone(stay) if policy.kind is CodeKind.PHONE else None
    takes = last is not None and all(_limits(doors.door(tx, lock)).take(len(last)) for lock in ways)
    if last is not None and takes and others.objection(last, policy.distance) is None:
        return last
    return others.draw(desk.below, length, policy.distance)


def _last_of_phone(stay: StayRow) -> Pin | None:
    last = stay.phone_last4
    return Pin(last) if len(last) == 4 and last.isascii() and last.isdigit() else None


def _fits(tx: Tx, desk: Desk, pin: Pin, stay: StayRow, lock: LockId, window: Window) -> bool:
    """Whether the door takes it, and it is nobody else's there at that time."""
    taken = digits.rivals(tx, lock, stay.id, desk.vault.tags(pin), window)
    return not taken and _is_free(tx, desk, pin, stay, lock) and _limits(doors.door(tx, lock)).take(len(pin))


def _strictest(tx: Tx, locks: Iterable[LockId]) -> CodePolicy:
    """Of doors that share a PIN: they have their kind in common."""
    policies = [house.codes_at(tx, lock) for lock in locks]
    return replace(policies[0], distance=max(policy.distance for policy in policies))


def has_keypad(tx: Tx, lock: LockId) -> bool:
    """Whether it can hold codes; a lock that nobody has met yet is hoped to."""
    door = doors.door(tx, lock)
    return door is None or door.abilities is None or door.abilities.slots > 0


def _groups(tx: Tx, locks: Iterable[LockId]) -> list[tuple[int, list[LockId]]]:
    """Ruling C28: one PIN for all doors whose limits allow it and that want the same, else one for each group of doors."""
    alike: dict[tuple[int, CodeKind], dict[LockId, Limits]] = {}
    for lock in locks:
        policy = house.codes_at(tx, lock)
        alike.setdefault((policy.digits, policy.kind), {})[lock] = _limits(doors.door(tx, lock))
    return [
        (length, list(group))
        for (digits, _), limits in alike.items()
        for length, group in common_length(limits, wanted=digits)
    ]


def _limits(door: Door | None) -> Limits:
    """A lock that nobody has met yet is taken to be like most."""
    met = door is not None and door.abilities is not None and door.abilities.slots > 0
    return Limits.of(door.abilities) if met and door is not None and door.abilities is not None else Limits(30, 4, 8)


def opened(desk: Desk, entry: Issued) -> Pin:
    assert entry.sealed_pin is not None  # an open grant has its digits (store.codes)
    return desk.vault.open_pin(entry.sealed_pin, about=f"grant:{entry.grant.id}")


@dataclass(frozen=True, slots=True)
class Whose:
    """Whom a code is issued to, and why."""

    purpose: Purpose
    stay: StayId | None = None
    label: str = ""
    """Where no stay says who it is."""
    pass_: PassId | None = None


def put_down(tx: Tx, desk: Desk, lock: LockId, pin: Pin, window: Window, whose: Whose) -> GrantId:
    """Write a grant of that PIN on that lock."""
    id_ = GrantId(tx.new_id(desk.now()))
    grant = Grant(id_, desk.vault.tag(pin), len(pin), window, purpose=whose.purpose)
    sealed = desk.vault.seal_pin(pin, about=f"grant:{id_}")
    entry = Issued(grant, lock, whose.stay, whose.label, sealed, None, None, whose.purpose, whose.pass_)
    codes.issue(tx, entry, desk.now())
    if desk.crowds is not None:
        desk.crowds.issued(lock, pin)
    return id_


def replan_unit(tx: Tx, desk: Desk, unit: UnitId) -> None:
    """House rules or doors of the unit changed: every stay that still matters is worked out again."""
    for stay in staying.live_in(tx, unit, desk.now()):
        replan(tx, desk, stay)


# ---- other digits ---------------------------------------------------------------------------------------------------


def redraw(tx: Tx, desk: Desk, stay: StayRow, actor: str) -> None:
    """Give a stay another PIN on every door; the old one, and what backup codes it had, leave the locks at once.

    Whoever knew it must be told anew.
    """
    held = (*codes.issued_for(tx, stay.id), *pulled.pulled(tx, stay.id))
    codes.revoke(tx, [entry.grant.id for entry in held], desk.now())
    ledger.keep_typed_pin(tx, stay.id, None, desk.vault)
    questions.withdraw(tx, "restored", stay.id, desk.now())
    log.record(tx, desk.now(), actor, "code redrawn", f"stay:{stay.id}")
    had = {entry.lock: entry.grant.window for entry in reversed(held)}  # its own before its backup code's
    replan(tx, desk, stay, avoid=digits.had(tx, stay.id), had=had)


def type_code(tx: Tx, desk: Desk, stay: StayRow, pin: Pin, actor: str) -> None:
    """Give a stay the PIN that somebody chose, on every door.

    Raises:
        Rejected: a door does not take it, or it is somebody else's there, or too near to that.
    """
    _object(tx, desk, _windows(tx, stay), pin, [stay.id])
    held = codes.issued_for(tx, stay.id)
    codes.revoke(tx, [entry.grant.id for entry in held if entry.grant.tag not in desk.vault.tags(pin)], desk.now())
    ledger.keep_typed_pin(tx, stay.id, pin, desk.vault)
    questions.withdraw(tx, "restored", stay.id, desk.now())
    log.record(tx, desk.now(), actor, "code typed", f"stay:{stay.id}")
    replan(tx, desk, stay, had={entry.lock: entry.grant.window for entry in held})


def type_unit_code(tx: Tx, desk: Desk, unit: Unit, pin: Pin | None, actor: str) -> None:
    """From now on every new guest of a unit gets this PIN, where its property's codes are fixed. None: no such PIN.

    Raises:
        Rejected: as for `type_code`.
    """
    if pin is not None:
        _object(tx, desk, unit.locks, pin, [stay.id for stay in staying.live_in(tx, unit.id, desk.now())])
    house.keep_unit_pin(tx, unit.id, pin, desk.vault)
    log.record(
        tx, desk.now(), actor, "code of unit typed" if pin is not None else "code of unit taken away", f"unit:{unit.id}"
    )


def _object(tx: Tx, desk: Desk, locks: Iterable[LockId], pin: Pin, besides: Iterable[StayId]) -> None:
    ours = list(besides)
    for lock in locks:
        door, limits = doors.door(tx, lock), _limits(doors.door(tx, lock))
        name = lock if door is None else door.name
        if has_keypad(tx, lock) and not limits.take(len(pin)):
            raise Rejected(f"{name} takes codes of {_span(limits)} digits")
        others = crowd(tx, desk.vault, [lock], desk.now(), besides=ours)
        why = others.objection(pin, house.codes_at(tx, lock).distance)
        if why is not None:
            raise Rejected(f"at {name} this code {why}; choose another")


def refused(tx: Tx, desk: Desk, grant: Grant, lock: LockId, *, words: str, other_digits: bool) -> None:
    """A lock refused a code: draw another where that may help and nobody knows the first; else ask a person."""
    entry = codes.issued(tx, grant.id)
    stay = None if entry is None or entry.stay is None else ledger.stay(tx, entry.stay)
    if entry is None or stay is None or entry.purpose is Purpose.BACKUP:
        return
    unknown_to_people = all(each.told_at is None for each in codes.issued_for(tx, stay.id))
    again = other_digits and unknown_to_people and codes.redrawn(tx, stay.id) <= REDRAWS
    if again and _any_left(tx, desk, _windows(tx, stay)):
        redraw(tx, desk, stay, "gatehouse")
        return
    _ask(tx, desk, stay, f"{_name(tx, lock)} refuses the code of {_guest(stay)}: {words}")


def _any_left(tx: Tx, desk: Desk, locks: Iterable[LockId]) -> bool:
    """Whether these doors have room for one more code: where short ones are all taken, the old is not given up for none."""
    try:
        for length, group in _groups(tx, locks):
            desk.crowd(tx, group).draw(lambda _: 0, length, 1)
    except Rejected:
        return False
    return True


def _name(tx: Tx, lock: LockId) -> str:
    door = doors.door(tx, lock)
    return lock if door is None else door.name


def _guest(stay: StayRow) -> str:
    return stay.guest or stay.reference or "this stay"


def _ask(tx: Tx, desk: Desk, stay: StayRow, sentence: str) -> None:
    """Whether the guest is to have another code at all doors."""
    questions.ask(
        tx,
        Question(
            id=tx.new_id(desk.now()),
            kind="refused",
            subject=stay.id,
            sentence=f"{sentence}.",
            options=(("redraw", "Draw another code"), ("leave", "Leave it")),
            asked_at=desk.now(),
            urgent_at=stay.check_in,
        ),
    )


def fit(tx: Tx, desk: Desk, lock: LockId) -> None:
    """A lock was met: codes that were drawn before anybody knew what it takes are drawn anew where they do not fit."""
    limits = _limits(doors.door(tx, lock))
    for grant in codes.open_grants(tx, lock):
        entry = codes.issued(tx, grant.id)
        stay = None if entry is None or entry.stay is None else ledger.stay(tx, entry.stay)
        if stay is None or grant.revoked or grant.refused:
            continue
        if not has_keypad(tx, lock):
            replan(tx, desk, stay)
        elif not limits.take(grant.digits):
            words = f"it takes codes of {_span(limits)} digits"
            codes.refuse(tx, grant.id, words)
            refused(tx, desk, grant, lock, words=words, other_digits=True)


def _span(limits: Limits) -> str:
    low, high = limits.min_digits, limits.max_digits
    return f"{low}" if low == high else f"{low} to {high}"


# ---- codes without a stay -------------------------------------------------------------------------------------------


def code_now(
    tx: Tx, desk: Desk, locks: Sequence[LockId], label: str, until: datetime, *, purpose: Purpose = Purpose.HAND
) -> Pin:
    """A code that works from now on, for somebody at the door: drawn, unique on those doors, ended at `until`.

    Raises:
        Rejected: no such lock, none that could hold a code, or `until` is not ahead, or nobody knows the time: a code
            that is given by a wrong clock begins to work months later.
    """
    if not desk.trusted():
        raise Rejected("the hub does not know the time for certain; look at the Health page first")
    now = desk.now()
    if until <= now + timedelta(minutes=1):
        raise Rejected("a code must end in the future")
    if not locks:
        raise Rejected("name at least one lock")
    groups = common_length(
        {lock: _limits(doors.door(tx, lock)) for lock in locks}, wanted=min(_usual_digits(tx, lock) for lock in locks)
    )
    if len(groups) > 1:
        raise Rejected("these locks take no common code length; ask for one lock at a time")
    length, group = groups[0]
    pin = _unique(tx, desk, group, length)
    whose = Whose(purpose, label=label)
    ids = [put_down(tx, desk, lock, pin, Window(now, until), whose) for lock in group]
    codes.told(tx, ids, now)
    return pin


def drawn_for(tx: Tx, desk: Desk, locks: Sequence[LockId]) -> dict[LockId, Pin]:
    """New digits for these doors: the same for as many of them as can take the same.

    Raises:
        Rejected: no such lock, or none that could hold a code.
    """
    found: dict[LockId, Pin] = {}
    limits = {lock: _limits(doors.door(tx, lock)) for lock in locks}
    for length, group in common_length(limits, wanted=min(_usual_digits(tx, lock) for lock in locks)):
        found |= dict.fromkeys(group, _unique(tx, desk, group, length))
    return found


def _unique(tx: Tx, desk: Desk, group: Sequence[LockId], length: int) -> Pin:
    others = crowd(tx, desk.vault, group, desk.now())
    return others.draw(desk.below, length, _strictest(tx, group).distance)


def free_on(tx: Tx, desk: Desk, lock: LockId, pin: Pin) -> bool:
    """Whether a door takes these digits, and they are nobody else's there, nor the beginning of such."""
    free = desk.vault.tags(pin).isdisjoint(codes.tags_on(tx, lock)) and not desk.crowd(tx, [lock]).cuts_short(pin)
    return free and _limits(doors.door(tx, lock)).take(len(pin))


def _usual_digits(tx: Tx, lock: LockId) -> int:
    """How many its house draws. Raises Rejected when there is no such lock, or no keypad at it."""
    door = doors.door(tx, lock)
    place = None if door is None else house.property_with(tx, door.property)
    if door is None or place is None:
        raise Rejected(f"there is no lock called “{lock}”")
    if not has_keypad(tx, lock):
        raise Rejected(f"{door.name} has no keypad to type a code at")
    return house.codes_at(tx, lock).digits


def reveal(tx: Tx, desk: Desk, stay: StayRow, actor: str) -> list[tuple[LockId, Pin]]:
    """The digits of a stay, door by door, for somebody entitled to them. Audited; from here on they count as known."""
    entries = codes.issued_for(tx, stay.id)
    codes.told(tx, [entry.grant.id for entry in entries], desk.now())
    log.record(tx, desk.now(), actor, "code shown", f"stay:{stay.id}")
    return [(entry.lock, opened(desk, entry)) for entry in entries]
