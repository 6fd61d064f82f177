"""The guests' page: what it shows of a stay, who may see it, and what happens when a guest says that the code does not work.

A link is a number of 160 bits by chance, of which the store keeps a digest to find it by, and a sealed copy for the manager.
It leads nowhere once its stay is over or cancelled, was given other codes by a person, or has another link.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final

from hub import backup_codes, ladder
from hub.errors import Rejected
from hub.issuing import Desk
from hub.ladder import OnLadder
from hub.late_codes import BY_GUEST
from hub.model.codes import Slot
from hub.model.guest_page import ASK_AGAIN, ASKING, notice, notice_mark
from hub.model.keypads import steps
from hub.model.ladder import DoorNow, Own, Tell, Withhold, may_tell, takes_backup
from hub.model.values import CODED, GrantId, LockId, Pin, Secret, StayId, StayStatus
from hub.opened_doors import on_page
from hub.store import codes, doors, emergencies, house, log, settings, staying
from hub.store import guest_page as links
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.guest_page import Complaint, Link
from hub.store.house import Property, Unit
from hub.store.stays import StayRow

PATH: Final = "/g/"
_BITS: Final = 160
"""ASVS 5.0, 7.2.3 and 11.5.1 ask for 128 at least. All small letters and digits, so that no program cuts a link short."""
NOTICE_SHOWN: Final = "privacy notice shown"
_TOKEN: Final = re.compile(r"[a-z2-7]{32}")


# ---- links ----------------------------------------------------------------------------------------------------------


def address(public_url: str, token: Secret) -> Secret:
    return Secret(f"{public_url}{PATH}{token.reveal()}")


def token_of(tx: Tx, desk: Desk, id_: StayId, actor: str, *, anew: bool = False) -> Secret:
    """The link of a stay, made if it has none; `anew`: the one it had leads nowhere from here on. Audited: it shows the code.

    Raises:
        Rejected: no guest comes, or not any more.
    """
    row, now = ledger.stay(tx, id_), desk.now()
    why = _no_page(tx, row, desk)
    if row is None or why is not None:
        raise Rejected(why or "there is no such stay")
    had = None if anew else known(tx, desk, id_)
    if had is not None:
        log.record(tx, now, actor, "guest link shown", f"stay:{id_}")
        return had
    token = _drawn(desk)
    sealed = desk.vault.seal(token.encode(), about=f"link:{id_}")
    links.keep(tx, id_, _digest(token), sealed, now)
    log.record(tx, now, actor, "guest link made", f"stay:{id_}")
    return Secret(token)


def known(tx: Tx, desk: Desk, id_: StayId) -> Secret | None:
    """The link that a stay has. Whoever shows it has it written down."""
    link = links.link_of(tx, id_)
    return None if link is None else Secret(desk.vault.open(link.sealed, about=f"link:{id_}").decode())


def has_page(tx: Tx, row: StayRow, desk: Desk) -> bool:
    return _no_page(tx, row, desk) is None


def revoke(tx: Tx, desk: Desk, id_: StayId, actor: str) -> bool:
    """False when it has none."""
    had = links.end(tx, id_)
    if had:
        log.record(tx, desk.now(), actor, "guest link revoked", f"stay:{id_}")
    return had


def reissued(tx: Tx, desk: Desk, id_: StayId, actor: str) -> None:
    """A person gave the stay other codes: whoever may have learnt the old ones has its link, too."""
    revoke(tx, desk, id_, actor)
    links.withdraw(tx, id_)


def _no_page(tx: Tx, row: StayRow | None, desk: Desk) -> str | None:
    """Why a stay has no page; None: it has one. An hour that nobody is sure of ends nothing."""
    if row is None:
        return "there is no such stay"
    if row.status is StayStatus.CANCELLED:
        return "the stay is cancelled"
    if row.status is not StayStatus.CONFIRMED or row.kind not in CODED or row.check_in is None or row.check_out is None:
        return "no guest is sure to come, so there is no page for one"
    over = desk.trusted() and staying.is_over(tx, row, desk.now())
    return "the stay is over" if over or row.left_at is not None else None


def _drawn(desk: Desk) -> str:
    return base64.b32encode(desk.below(1 << _BITS).to_bytes(_BITS // 8, "big")).decode().lower()


def _digest(token: str) -> str:
    """Of 160 random bits: there is nothing to guess, so nothing to slow down."""
    return hashlib.sha256(token.encode()).hexdigest()


# ---- looking --------------------------------------------------------------------------------------------------------


class Check(Enum):
    """What a lock says of the code since the guest said that it does not work."""

    ASKING = "asking"
    CONFIRMED = "confirmed"
    SILENT = "silent"
    MISSING = "missing"
    """It answers, and does not hold the code; the hub puts it back."""


@dataclass(frozen=True, slots=True)
class PageDoor:
    lock: LockId
    name: str
    told: bool
    """The guest may see the digits for it."""
    backup: bool
    """They are those of a backup code."""
    seen: bool
    """Somebody was shown that backup code."""
    complaint: Complaint | None
    check: Check | None
    """None: nobody said that it does not open."""
    begun: bool
    """The code is to work there by now."""
    down: bool = False
    """It is locked down: no guest's code opens it."""
    steps: tuple[str, ...] = ()
    """What to try at its keypad."""


@dataclass(frozen=True, slots=True)
class GuestPage:
    stay: StayRow
    place: Property
    unit: Unit
    check_in: datetime
    check_out: datetime
    comes_at: datetime
    """The code opens every door that is not over from here on, as the guest is told; the lead is not promised."""
    until: datetime
    """And until here."""
    gate: Tell | Withhold
    doors: tuple[PageDoor, ...]
    begun: bool
    """The code is to work by now at one door at least."""
    opened: tuple[str, ...] = ()
    """Their door was opened in an emergency: in sentences."""

    @property
    def notice(self) -> str:
        """What the guest is told of what is kept of them."""
        place = self.place
        return notice(place.privacy, place.log_days, place.guest_days, place.guest_phone)

    @property
    def told(self) -> frozenset[LockId]:
        return frozenset(door.lock for door in self.doors if door.told)


def find(tx: Tx, desk: Desk, text: str) -> GuestPage | None:
    """What a link leads to; None: nowhere, or not any more."""
    link = links.link_with(tx, _digest(text)) if _TOKEN.fullmatch(text) else None
    row = None if link is None else ledger.stay(tx, link.stay)
    if link is None or row is None or _no_page(tx, row, desk) is not None:
        return None
    return look(tx, desk, row, link)


def look(tx: Tx, desk: Desk, row: StayRow, link: Link | None) -> GuestPage:
    unit, place = house.unit_with(tx, row.unit_id), house.property_of(tx, row.unit_id)
    assert unit is not None  # a stay belongs to a unit, a unit to a property (foreign keys)
    assert place is not None
    assert row.check_in is not None  # _no_page
    assert row.check_out is not None
    now = desk.now()
    where = ladder.standing(tx, [row], now).get(row.id)
    gate = Withhold("the stay has no code") if where is None else where.gate
    if settings.safe_mode(tx):
        gate = Withhold("the hub was restored from a backup, and a person has to look at its locks first")
    elif not desk.trusted() and (link is None or link.shown_at is None):
        gate = Withhold("the hub does not know the time for certain")
    sure = desk.trusted() and not settings.safe_mode(tx)
    seen = () if where is None else _doors(tx, where, now, gate, sure=sure)
    begun = any(door.begun for door in seen) if seen else now >= row.check_in
    opened = tuple(on_page(tx, row, place, now))
    hours = [at.hours for at in (() if where is None else where.stairs.doors) if now < at.hours.until]
    comes_at = max((each.comes_at for each in hours), default=row.check_in)
    until = min((each.until for each in hours), default=row.check_out)
    return GuestPage(row, place, unit, row.check_in, row.check_out, comes_at, until, gate, seen, begun, opened)


def _doors(tx: Tx, where: OnLadder, now: datetime, gate: Tell | Withhold, *, sure: bool) -> tuple[PageDoor, ...]:
    """Once the stay has begun, a door that has no code yet keeps nobody from the others."""
    said = links.complaints_of(tx, where.stairs.stay.id)
    on = {at.lock for at, _ in where.doors if now >= at.hours.works_from}
    found = []
    for at, _ in where.doors:
        told = isinstance(gate, Tell) or (bool(on) and sure and isinstance(may_tell([at], now), Tell))
        door, complaint = doors.door(tx, at.lock), said.get(at.lock)
        check = None if complaint is None else _check(tx, where, at, complaint, now)
        name = at.lock if door is None else door.name
        model = "" if door is None or door.abilities is None else door.abilities.model
        backup = takes_backup(at)
        begun, try_ = at.lock in on, steps(model)
        found.append(PageDoor(at.lock, name, told, backup, at.shown, complaint, check, begun, at.down, try_))
    return tuple(sorted(found, key=lambda each: each.name))


def _check(tx: Tx, where: OnLadder, door: DoorNow, said: Complaint, now: datetime) -> Check:
    entry = where.stairs.own.get(door.lock)
    slot = None if entry is None else _holding(tx, door.lock, entry.grant.id)
    proven_at = None if slot is None else slot.proven_at
    if door.own is Own.PROVEN and proven_at is not None and proven_at >= said.asked_at:
        return Check.CONFIRMED
    if door.silent:
        return Check.SILENT
    return Check.ASKING if now - said.asked_at < ASKING or door.own is Own.DOUBTED else Check.MISSING


def _holding(tx: Tx, lock: LockId, grant: GrantId) -> Slot | None:
    return next((slot for slot in codes.slots_of(tx, lock) if slot.holder == grant), None)


# ---- what guests do -------------------------------------------------------------------------------------------------


def show(tx: Tx, desk: Desk, page: GuestPage) -> dict[LockId, Pin]:
    """The digits, as far as they may be told. Audited; from here on they are not changed without telling the guest."""
    links.shown(tx, page.stay.id, desk.now())
    _note_notice(tx, desk, page)
    return dict(backup_codes.for_guest(tx, desk, page.stay, BY_GUEST, page.told)) if page.told else {}


def _note_notice(tx: Tx, desk: Desk, page: GuestPage) -> None:
    """Once for each stay and notice: that it stood on the page from which the guest asked for the code."""
    subject, mark = f"stay:{page.stay.id}", f"notice {notice_mark(page.notice)}"
    if not any(deed.action == NOTICE_SHOWN and deed.detail == mark for deed in log.deeds(tx, subject)):
        log.record(tx, desk.now(), BY_GUEST, NOTICE_SHOWN, subject, detail=mark)


def complain(tx: Tx, desk: Desk, page: GuestPage, lock: LockId, *, backup_too: bool) -> GuestPage:
    """A door does not open: its lock is asked for the code, a backup code becomes the guest's, and the manager is told.

    Said twice, it changes nothing. `backup_too`: it is the backup code that does not open; so it is, too, where the guest was
    shown one before they said anything.

    Raises:
        Rejected: there is no such door, or it is not to open yet.
    """
    at = next((door for door in page.doors if door.lock == lock), None)
    if at is None:
        raise Rejected("there is no such door in this stay")
    if not at.begun:
        raise Rejected("the code does not work yet: it is too early")
    now, before = desk.now(), at.complaint
    said = before or Complaint(page.stay.id, lock, now, now, None)
    if before is None or not before.asked_at <= now < before.asked_at + ASK_AGAIN:
        backup_codes.doubt(tx, desk, page.stay, BY_GUEST, lock)
        said = replace(said, asked_at=now)
    if desk.trusted() and lock not in emergencies.down(tx):
        backup_codes.pull(tx, desk, page.stay, lock, BY_GUEST)
    if at.backup and said.again_at is None and (backup_too or (before is None and at.seen)):
        said = replace(said, again_at=now)
        log.record(tx, now, BY_GUEST, "backup code does not work", f"stay:{page.stay.id}", detail=at.name)
    links.complain(tx, said)
    return look(tx, desk, page.stay, links.link_of(tx, page.stay.id))
