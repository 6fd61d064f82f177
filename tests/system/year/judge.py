"""Whoever stands outside and sees everything: what is in the locks, what the guests booked, and whether the two agree.

The judge knows the hub only by what it does to locks. Whose a code is, it looks up in the ledger as it is written; when
that code may open, it knows from the bookings alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.model.values import Address
from tests.simulators.street import PATIENCE_S, Code, Door
from tests.system.year.journals import Journals
from tests.system.year.town import Flat, Hours

PROMPT: Final = timedelta(seconds=10)
"""Within which a code is gone once its time is over, or two commands to a lock that takes longer for them."""
LONGEST_SILENCE: Final = timedelta(minutes=5, seconds=40)
"""How long a lock that can be reached may be left alone after it did not answer: hub/reconcile.py, and a command's patience."""
SETTLED: Final = timedelta(minutes=3)
"""After so long nobody waits for a code any more at a lock that answers."""
TRACE: Final = 60
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Stay:
    """What a guest was told, or would have been had they asked, and since when the hub may know it."""

    uid: str
    flat: Flat
    hours: Hours | None = None
    told_at: datetime | None = None
    before: Hours | None = None
    """What it said until `told_at`."""
    staff: bool = False
    """It is no stay, but somebody who works in the house."""
    coming: Hours | None = None
    """What is on its way to the hub, and may have arrived or not."""


@dataclass(slots=True)
class Contact:
    """How the hub and one lock have got on."""

    since: datetime | None
    """Since when every command was answered; None: the last one was not."""
    tried_at: datetime
    reachable_since: datetime
    heard_at: datetime | None = None


@dataclass
class Judge:
    """Satisfies `street.Witness`."""

    clock: Callable[[], datetime]
    at: Callable[[datetime, Callable[[], None]], None]
    """To have a second look then."""
    owner: Callable[[Door, str], str | None]
    """Whose code it is, by the uid of the stay: from the ledger."""
    found: Callable[[], None]
    """Called at a violation."""
    sent: Callable[[], None]
    """Called whenever the hub sends a command."""
    given: Callable[[Door, str], list[str] | None]
    """The digits that a stay has at a door, backup codes among them; None: there is no hub that could be looked into."""
    issued: Callable[[str], bool]
    """Whether the hub has given those digits to anybody, at whatever door."""
    journals: Journals = field(init=False)
    up_since: datetime | None = None
    """None: the hub is stopped."""
    stays: dict[str, Stay] = field(default_factory=dict)
    contacts: dict[Door, Contact] = field(default_factory=dict)
    written: dict[tuple[Door, str], str] = field(default_factory=dict)
    """Whose code the hub put into which lock."""
    lent: set[tuple[Door, str]] = field(default_factory=set)
    """Backup codes that were given to a stay. They work from before, and nobody has seen them."""
    down: set[Door] = field(default_factory=set)
    """Locked down: no guest's code may open them."""
    _free_since: dict[Door, datetime] = field(default_factory=dict)
    """When they were released last."""
    _unlooked: list[Stay] = field(default_factory=list)
    """Whose time was over while there was no hub: nobody knows yet what backup codes they had."""
    _doors: dict[Address, Door] = field(default_factory=dict)
    due: dict[Door, set[str]] = field(default_factory=dict)
    """Stays whose codes must go from a lock."""
    _queue: dict[Door, int] = field(default_factory=dict)
    """How many codes were to go from a lock at once: a guest may have a backup code as well."""
    blank: set[Door] = field(default_factory=set)
    """Reset by somebody at the door, and not added again: the hub cannot hear of it."""
    violations: list[str] = field(default_factory=list)
    trace: deque[str] = field(default_factory=lambda: deque(maxlen=TRACE))
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.journals = Journals(self.clock, self.blame)

    def now(self) -> datetime:
        return self.clock()

    # ---- saying ----

    def note(self, what: str) -> None:
        self.trace.append(f"{self.now():%Y-%m-%d %H:%M:%S.%f}"[:-3] + f" {what}")

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def blame(self, law: str, what: str) -> None:
        self.note(f"!! {law}: {what}")
        self.violations.append(f"{law}: {what}")
        self.found()

    # ---- bookings ----

    def telling(self, uid: str, flat: Flat, hours: Hours | None) -> None:
        """The hub may know it from now on, or not yet."""
        self.stays.setdefault(uid, Stay(uid, flat)).coming = hours

    def told(self, uid: str, flat: Flat, hours: Hours | None) -> None:
        """From this instant on the hub knows."""
        now, stay = self.now(), self.stays.setdefault(uid, Stay(uid, flat))
        stay.before, stay.hours, stay.coming, stay.told_at = stay.hours, hours, None, now
        self.note(
            f"{uid} is told: " + ("no stay" if hours is None else f"{hours.start:%m-%d %H:%M}–{hours.end:%m-%d %H:%M}")
        )
        if hours is None or now not in hours:
            self.must_go(stay)
        if hours is not None and now < hours.end:
            self.at(hours.end, lambda: self._ended(stay, hours))

    def _ended(self, stay: Stay, hours: Hours) -> None:
        if stay.hours == hours:
            self.must_go(stay)

    def allowed(self, uid: str, door: Door) -> bool:
        """Whether a code of that stay may open at this instant; one that was put off just now may still."""
        stay, now = self.stays.get(uid), self.now()
        if stay is None or (door in self.down and not stay.staff):
            return False
        fresh = stay.told_at is not None and now - stay.told_at < PROMPT
        hours = (stay.hours, stay.coming, stay.before if fresh else None)
        return any(each is not None and each.open_at(door.address, now) for each in hours)

    # ---- leave that is over ----

    def must_go(self, stay: Stay, only: Door | None = None) -> None:
        """Its codes must leave the locks now, the backup codes that it was given as well. `only`: that one lock."""
        for lock in stay.flat.doors:
            door = self._doors.get(lock)
            if door is None or (only is not None and door is not only):
                continue
            digits = self.given(door, stay.uid)
            if digits is None:
                self._unlooked.append(stay)
            for each in digits or ():
                if self.written.get((door, each)) != stay.uid:
                    self.written[door, each] = stay.uid
                    if not stay.staff:
                        self.lent.add((door, each))
            if self._usable(door, stay.uid):
                self._watch(door, stay.uid, self.now())

    def woke(self) -> None:
        """The hub runs again."""
        self.up_since = self.now()
        late, self._unlooked = self._unlooked, []
        for stay in late:
            if stay.hours is None or self.now() not in stay.hours:
                self.must_go(stay)

    def _usable(self, door: Door, uid: str) -> bool:
        return any(
            code.ours and self.written.get((door, code.digits)) == uid and self._opens(door, slot, self.stays.get(uid))
            for slot, code in door.codes.items()
        )

    def _opens(self, door: Door, slot: int, stay: Stay | None) -> bool:
        """Whether that place opens the door, for anybody who may know it."""
        hours, lent = None if stay is None else stay.hours, (door, door.codes[slot].digits) in self.lent
        if lent and hours is not None and self.now() < hours.begins(door.address) and door not in self.down:
            return False
        return door.opens(slot, self.now())

    def _watch(self, door: Door, uid: str, since: datetime) -> None:
        due = self.due.setdefault(door, set())
        if not due:
            self._queue[door] = 0
        due.add(uid)
        codes = (code for code in door.codes.values() if self.written.get((door, code.digits)) in due)
        self._queue[door] = max(self._queue[door], sum(1 for _ in codes))
        self.at(self.now() + self._allowance(door), lambda: self._gone(door, uid, since))

    def _gone(self, door: Door, uid: str, since: datetime, *, last: bool = False) -> None:
        """Whether a code is gone that should be, or may still be there. `last`: what was under way has been waited for."""
        if not self._usable(door, uid) or self.allowed(uid, door):
            self.due.get(door, set()).discard(uid)
            return
        now, until = self.now(), self._deadline(door, since)
        if until is None or now < until:
            self.at(now + timedelta(minutes=1) if until is None else until, lambda: self._gone(door, uid, since))
            return
        if door.busy and not last:  # perhaps it does not answer: that is known only then
            self.at(now + timedelta(seconds=PATIENCE_S + 1), lambda: self._gone(door, uid, since, last=True))
        elif uid in self.due.get(door, ()):
            self.due[door].discard(uid)
            self.blame(
                "late", f"a code of {uid} still opens {door.address} ({door.brand.name}) since {since:%m-%d %H:%M:%S}"
            )

    def _deadline(self, door: Door, since: datetime) -> datetime | None:
        """None: as long as the lock cannot be reached, or there is no hub."""
        contact = self.contacts[door]
        if self.up_since is None or not door.reachable:
            return None
        since = max(since, self.up_since, contact.reachable_since)
        if contact.since is not None:
            return max(since, contact.since) + self._allowance(door)
        return max(since, contact.tried_at) + LONGEST_SILENCE

    def _allowance(self, door: Door) -> timedelta:
        """Two commands for each code that is due, after one that may be under way."""
        return max(PROMPT, timedelta(seconds=door.brand.air) * (2 * self._queue.get(door, 1) + 2))

    # ---- lock-downs ----

    def locked_down(self, doors: Iterable[Door]) -> None:
        """From this instant on no guest's code may open them."""
        for door in doors:
            self.note(f"{door.address} is locked down")
            self.down.add(door)
            for stay in self.stays.values():
                if door.address in stay.flat.doors and not stay.staff:
                    self.must_go(stay, door)
            self._queue[door] = self._queue.get(door, 0) + 1  # the bolt is thrown as well

    def released(self, doors: Iterable[Door]) -> None:
        for door in doors:
            self.note(f"{door.address} is released")
            self.down.discard(door)
            self._free_since[door] = self.now()

    def disturbed(self, door: Door) -> None:
        """Somebody took the place of a code: as if the door were released now."""
        self._free_since[door] = self.now()

    def free_since(self, door: Door) -> datetime:
        """When it was released or disturbed last; long ago, if never."""
        return self._free_since.get(door, LONG_AGO)

    # ---- what locks see ----

    def stored(self, door: Door, slot: int, before: Code | None) -> None:
        digits = door.codes[slot].digits
        owner = self.owner(door, digits)
        self.count("writes")
        self.journals.did(door, slot, "write")
        self.note(f"{door.address}[{slot}] holds a code of {owner}")
        if before is not None and not before.ours:
            self.blame("foreign", f"a code that somebody made at the keypad of {door.address}[{slot}] was overwritten")
        if door.elsewhere(digits, slot):
            self.blame("collision", f"{door.address} holds the code of {owner} in two places")
        if owner is None:
            self.blame("owner", f"a code in {door.address}[{slot}] that nobody was given")
            return
        self.written[door, digits] = owner
        if self.due.get(door):
            self._queue[door] += 2  # a guest who is there comes first: asked, written, read back
        self._exposed(door, slot)

    def dropped(self, door: Door, slot: int, before: Code) -> None:
        self.count("clears")
        self.journals.did(door, slot, "clear")
        self.note(f"{door.address}[{slot}] was emptied")
        if self.due.get(door):
            self._queue[door] += 1  # somebody else's was first: a backup code, or one that made room
        taken = door.brand.tells or not before.taken
        # Whoever was given those digits could come in here.
        if not before.ours and taken and not self.issued(before.digits):
            self.blame("foreign", f"a code that somebody made at the keypad of {door.address}[{slot}] was cleared")

    def moved(self, door: Door) -> None:
        self.count("bolts moved")
        self.journals.moved(door)
        self.note(f"{door.address} is {door.position.value}")

    def confined(self, door: Door, slot: int) -> None:
        hours = door.hours.get(slot)
        self.note(f"{door.address}[{slot}] keeps " + ("no hours" if hours is None else f"{hours.start} to {hours.end}"))
        if slot in door.codes and door.codes[slot].ours:
            self._exposed(door, slot)

    def _exposed(self, door: Door, slot: int) -> None:
        """Whether the code in a slot opens before it may, now or when the hours that the lock keeps begin."""
        now, code, hours = self.now(), door.codes.get(slot), door.hours.get(slot)
        if code is None or not code.ours:
            return
        if hours is not None and hours.start > now:
            self.at(hours.start, lambda: self._exposed(door, slot))
            return
        uid = self.written.get((door, code.digits))
        stay = None if uid is None else self.stays.get(uid)
        if stay is None or uid is None or self.allowed(uid, door) or not self._opens(door, slot, stay):
            return
        begins = None if stay.hours is None else stay.hours.begins(door.address)
        if begins is not None and now < begins:
            self.blame("early", f"a code of {uid} opens {door.address} before {begins:%m-%d %H:%M}")
        else:
            self._watch(door, uid, now)

    def asked(self, door: Door) -> None:
        self.count("commands")
        self.contacts[door].tried_at = self.now()
        self.sent()

    def heard(self, door: Door) -> None:
        contact = self.contacts[door]
        contact.heard_at = self.now()
        if contact.since is None:
            contact.since = self.now()
            for uid in sorted(self.due.get(door, ())):
                self._watch(door, uid, self.now())

    def missed(self, door: Door) -> None:
        contact = self.contacts[door]
        contact.since, contact.tried_at = None, self.now()
        self.note(f"{door.address} did not answer")

    # ---- what happens to locks ----

    def met(self, door: Door) -> None:
        self.contacts[door] = Contact(self.now(), self.now(), self.now())
        self._doors[door.address] = door

    def within_reach(self, door: Door) -> None:
        self.contacts[door].reachable_since = self.now()

    def was_reset(self, door: Door) -> None:
        """From here on the hub begins anew with this lock."""
        self.blank.discard(door)
        self.contacts[door].since = self.now()

    # ---- guests ----

    def steady(self, door: Door, since: datetime) -> bool:
        """Whether the lock has answered for so long that a guest's code must be in it."""
        contact = self.contacts[door]
        if self.up_since is None or contact.since is None or not door.reachable:
            return False
        return self.now() - max(since, contact.since, contact.reachable_since, self.up_since) > SETTLED

    def waited(self, since: datetime) -> bool:
        """Whether somebody must know by now that a code is not where it should be."""
        return self.up_since is not None and self.now() - max(since, self.up_since) > SETTLED
