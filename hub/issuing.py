"""From a stay to grants: which doors, which hours, which digits. One PIN opens all of a stay's doors.

A grant whose window moves keeps its PIN; digits are drawn anew only when a lock refuses them or a person asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ulid import ULID

from hub.errors import Rejected
from hub.io.vault import Vault
from hub.model.codes import Grant, Limits
from hub.model.pins import common_length, draw
from hub.model.stays import HouseRules, code_window, wants_code
from hub.model.values import GrantId, LockId, PassId, Pin, Purpose, StayId, UnitId, Window
from hub.store import codes, doors, house, log
from hub.store import ladder as pulled
from hub.store import stays as ledger
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.stays import Question, StayRow

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


def replan(tx: Tx, desk: Desk, stay: StayRow) -> None:
    """Make a stay's grants what they should be. Doing it twice changes nothing."""
    window = _window(tx, stay)
    held = {entry.lock: entry for entry in codes.issued_for(tx, stay.id)}
    wanted = [] if window is None else [row.id for row in house.doors_of(tx, stay.unit_id) if has_keypad(tx, row.id)]
    codes.revoke(tx, [entry.grant.id for lock, entry in held.items() if lock not in wanted], desk.now())
    pulled.follow(tx, stay.id, window, wanted, desk.now())
    if window is None:
        return
    for lock in wanted:
        if lock in held:
            codes.move(tx, held[lock], window)
    if not window.over(desk.now()):
        _issue_missing(tx, desk, stay, window, [lock for lock in wanted if lock not in held])
    tx.signal(f"stay:{stay.id}")


def _window(tx: Tx, stay: StayRow) -> Window | None:
    """The hours in which the stay's code may open, lead included; None for what gets no code."""
    place = house.property_of(tx, stay.unit_id)
    if place is None or not wants_code(stay):
        return None
    hours = code_window(stay, HouseRules(place.zone, place.check_in, place.check_out, place.code_lead))
    if hours is None or hours.end is None or stay.left_at is None or stay.left_at >= hours.end:
        return hours
    return Window(hours.start, stay.left_at) if hours.start < stay.left_at else None


def _issue_missing(tx: Tx, desk: Desk, stay: StayRow, window: Window, missing: Sequence[LockId]) -> None:
    place = house.property_of(tx, stay.unit_id)
    if not missing or place is None:
        return
    known = [(entry, opened(desk, entry)) for entry in codes.issued_for(tx, stay.id)]
    for digits, group in _groups(tx, missing, place.digits):
        pin = _fitting(tx, desk, stay, group, [pin for _, pin in known]) or _drawn(tx, desk, stay, group, digits)
        for lock in group:
            if not codes.give_back(tx, lock, stay.id, desk.vault.tags(pin), window):
                put_down(tx, desk, lock, pin, window, Whose(Purpose.GUEST, stay.id))


def has_keypad(tx: Tx, lock: LockId) -> bool:
    """Whether it can hold codes; a lock that nobody has met yet is hoped to."""
    door = doors.door(tx, lock)
    return door is None or door.abilities is None or door.abilities.slots > 0


def _groups(tx: Tx, locks: Iterable[LockId], digits: int) -> list[tuple[int, list[LockId]]]:
    """Ruling C28: one PIN for all doors whose limits allow it, else one for each group of doors."""
    limits = {lock: _limits(doors.door(tx, lock)) for lock in locks}
    return [(length, list(group)) for length, group in common_length(limits, wanted=digits)]


def _limits(door: Door | None) -> Limits:
    """A lock that nobody has met yet is taken to be like most."""
    met = door is not None and door.abilities is not None and door.abilities.slots > 0
    return Limits.of(door.abilities) if met and door is not None and door.abilities is not None else Limits(30, 4, 8)


def _fitting(tx: Tx, desk: Desk, stay: StayRow, group: Sequence[LockId], pins: Iterable[Pin]) -> Pin | None:
    """A PIN that the guest has already, if these doors can take it too and it is nobody else's there."""

    def fits(pin: Pin, lock: LockId) -> bool:
        taken = codes.granted_to_others(tx, lock, stay.id, desk.vault.tags(pin))
        return not taken and _limits(doors.door(tx, lock)).take(len(pin))

    return next((pin for pin in pins if all(fits(pin, lock) for lock in group)), None)


def _drawn(tx: Tx, desk: Desk, stay: StayRow, group: Sequence[LockId], digits: int) -> Pin:
    taken = set().union(*(codes.tags_on(tx, lock) for lock in group))
    return draw(desk.below, digits=digits, taken=lambda text: not desk.vault.tags(Pin(text)).isdisjoint(taken))


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
    id_ = GrantId(str(ULID()))
    grant = Grant(id_, desk.vault.tag(pin), len(pin), window, purpose=whose.purpose)
    sealed = desk.vault.seal_pin(pin, about=f"grant:{id_}")
    entry = Issued(grant, lock, whose.stay, whose.label, sealed, None, None, whose.purpose, whose.pass_)
    codes.issue(tx, entry, desk.now())
    return id_


def replan_unit(tx: Tx, desk: Desk, unit: UnitId) -> None:
    """House rules or doors of the unit changed: every stay that still matters is worked out again."""
    for stay in ledger.live_in(tx, unit, desk.now()):
        replan(tx, desk, stay)


# ---- other digits ---------------------------------------------------------------------------------------------------


def redraw(tx: Tx, desk: Desk, stay: StayRow, actor: str) -> None:
    """Give a stay another PIN on every door; the old one, and what backup codes it had, leave the locks at once."""
    known = (*codes.issued_for(tx, stay.id), *pulled.pulled(tx, stay.id))
    codes.revoke(tx, [entry.grant.id for entry in known], desk.now())
    log.record(tx, desk.now(), actor, "code redrawn", f"stay:{stay.id}")
    replan(tx, desk, stay)


def refused(tx: Tx, desk: Desk, grant: Grant, lock: LockId, *, words: str, other_digits: bool) -> None:
    """A lock refused a code: draw another where that may help and nobody knows the first; else ask a person."""
    entry = codes.issued(tx, grant.id)
    stay = None if entry is None or entry.stay is None else ledger.stay(tx, entry.stay)
    if entry is None or stay is None or entry.purpose is Purpose.BACKUP:
        return
    unknown_to_people = all(each.told_at is None for each in codes.issued_for(tx, stay.id))
    if other_digits and unknown_to_people and codes.redrawn(tx, stay.id) <= REDRAWS:
        redraw(tx, desk, stay, "gatehouse")
        return
    door = doors.door(tx, lock)
    name = lock if door is None else door.name
    ledger.ask(
        tx,
        Question(
            id=str(ULID()),
            kind="refused",
            subject=stay.id,
            sentence=f"{name} refuses the code of {stay.guest or stay.reference or 'this stay'}: {words}.",
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
    groups = _groups(tx, locks, min(_usual_digits(tx, lock) for lock in locks))
    if len(groups) > 1:
        raise Rejected("these locks take no common code length; ask for one lock at a time")
    digits, group = groups[0]
    taken = set().union(*(codes.tags_on(tx, lock) for lock in group))
    pin = draw(desk.below, digits=digits, taken=lambda text: not desk.vault.tags(Pin(text)).isdisjoint(taken))
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
    for digits, group in _groups(tx, locks, min(_usual_digits(tx, lock) for lock in locks)):
        found |= dict.fromkeys(group, _unique(tx, desk, group, digits))
    return found


def _unique(tx: Tx, desk: Desk, group: Sequence[LockId], digits: int) -> Pin:
    taken = set().union(*(codes.tags_on(tx, lock) for lock in group))
    return draw(desk.below, digits=digits, taken=lambda text: not desk.vault.tags(Pin(text)).isdisjoint(taken))


def free_on(tx: Tx, desk: Desk, lock: LockId, pin: Pin) -> bool:
    """Whether a door takes these digits, and they are nobody else's there."""
    return _limits(doors.door(tx, lock)).take(len(pin)) and desk.vault.tags(pin).isdisjoint(codes.tags_on(tx, lock))


def _usual_digits(tx: Tx, lock: LockId) -> int:
    """How many its house draws. Raises Rejected when there is no such lock, or no keypad at it."""
    door = doors.door(tx, lock)
    place = None if door is None else house.property_with(tx, door.property)
    if door is None or place is None:
        raise Rejected(f"there is no lock called “{lock}”")
    if not has_keypad(tx, lock):
        raise Rejected(f"{door.name} has no keypad to type a code at")
    return place.digits


def reveal(tx: Tx, desk: Desk, stay: StayRow, actor: str) -> list[tuple[LockId, Pin]]:
    """The digits of a stay, door by door, for somebody entitled to them. Audited; from here on they count as known."""
    entries = codes.issued_for(tx, stay.id)
    codes.told(tx, [entry.grant.id for entry in entries], desk.now())
    log.record(tx, desk.now(), actor, "code shown", f"stay:{stay.id}")
    return [(entry.lock, opened(desk, entry)) for entry in entries]
