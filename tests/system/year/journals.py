"""The audit chain against the locks' own journals, both ways.

What a lock did on the hub's word, its bolt included, or at its keypad, stands in the chain; what the chain says was done or
found at a lock was so. Left out is what no hub can see: who opened a door while it was down or the lock was out of reach, at a
lock that tells nothing; what a lock did on a word whose answer went lost is in the chain as asked, and what became of it as
unknown.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from hub.model.values import Position
from tests.simulators.street import Door
from tests.system.year.ledger import Ledger

_COLUMNS: Final = (
    "number",
    "previous",
    "at",
    "kind",
    "what",
    "outcome",
    "lock",
    "slot",
    "subject",
    "actor",
    "evidence",
)
MS: Final = timedelta(milliseconds=1)
UNDER_WAY: Final = timedelta(seconds=25)
"""From when a lock says something until it is written down: hub/reconcile.py waits twenty for a command."""
ECHO: Final = timedelta(seconds=15)
"""hub/sightings.py: so soon after another, an opening by the same code is the same one told twice."""


@dataclass(frozen=True, slots=True)
class Link:
    at: datetime
    kind: str
    what: str
    outcome: str
    lock: str | None
    slot: int | None
    number: int


@dataclass(slots=True)
class Claim:
    """What was asked of a place of a lock. It is tried until its end is known, or something else is asked."""

    at: datetime
    what: str
    until: datetime | None = None

    def covers(self, at: datetime, verb: str) -> bool:
        return _VERBS[self.what] == verb and self.at - MS <= at and (self.until is None or at <= self.until + MS)


@dataclass(slots=True)
class Press:
    """That a bolt was to be moved, until it is known what became of it."""

    at: datetime
    verb: str
    until: datetime | None = None

    def covers(self, at: datetime, verb: str) -> bool:
        return self.verb == verb and self.at - MS <= at and (self.until is None or at <= self.until + MS)


@dataclass(slots=True)
class Page:
    """What happened in one place of a lock: since when it was how."""

    at: list[datetime] = field(default_factory=list)
    state: list[str] = field(default_factory=list)
    """`ours`, `foreign` or `empty`."""

    def turned(self, at: datetime, state: str) -> None:
        self.at.append(at)
        self.state.append(state)

    def between(self, first: datetime, last: datetime) -> set[str]:
        """How it was at any time from `first` to `last`."""
        begin, end = bisect_right(self.at, first), bisect_right(self.at, last)
        return {self.state[begin - 1] if begin else "empty", *self.state[begin:end]}


@dataclass
class Journals:
    """What all locks did, and how far it was compared with the chain."""

    clock: Callable[[], datetime]
    blame: Callable[[str, str], None]
    pages: dict[tuple[str, int], Page] = field(default_factory=lambda: defaultdict(Page))
    deeds: list[tuple[datetime, str, int, str]] = field(default_factory=list)
    """What the hub's word did, since the chain was looked at: `write` or `clear`."""
    openings: dict[tuple[str, int, str], int] = field(default_factory=lambda: defaultdict(int))
    """By lock, place and instant: by the keypad, and told to a hub that runs."""
    last_opening: dict[tuple[str, int], datetime] = field(default_factory=dict)
    bolts: dict[str, list[tuple[datetime, str]]] = field(default_factory=lambda: defaultdict(list))
    """How a lock's bolt was moved on the hub's word, since the chain was looked at: `lock` or `unlock`."""
    pressed: dict[str, list[Press]] = field(default_factory=lambda: defaultdict(list))
    number: int = 0
    seal: str = "0" * 64
    asked: dict[tuple[str, int], list[Claim]] = field(default_factory=lambda: defaultdict(list))

    # ---- what locks do ----

    def did(self, door: Door, slot: int, verb: str) -> None:
        """On the hub's word."""
        self.turned(door, slot, "ours" if verb == "write" else "empty")
        self.deeds.append((self.clock(), door.address, slot, verb))

    def turned(self, door: Door, slot: int, state: str) -> None:
        self.pages[door.address, slot].turned(self.clock(), state)

    def opened(self, door: Door, slot: int) -> None:
        """By the keypad, and the hub was told."""
        last = self.last_opening.get((door.address, slot))
        if last is None or self.clock() - last >= ECHO:
            self.openings[door.address, slot, written(self.clock())] += 1
        self.last_opening[door.address, slot] = self.clock()

    def moved(self, door: Door) -> None:
        """On the hub's word: at once for a person, or for a lock-down, late."""
        verb = "lock" if door.position is Position.LOCKED else "unlock"
        self.bolts[door.address].append((self.clock(), verb))

    # ---- the chain ----

    def compare(self, ledger: Ledger) -> None:
        """Go on from where it was looked at last; the hub is still."""
        for link in self._links(ledger):
            if link.kind == "code" and link.lock is not None and link.slot is not None:
                self._code(link, (link.lock, link.slot))
            elif link.kind == "bolt" and link.what == "unlocked" and link.outcome == "keypad":
                self._opening(link)
            elif link.kind == "deed" and link.lock is not None and link.what in ("lock", "unlock"):
                self._bolt(link, link.lock)
        self._look_at_bolts()
        for at, lock, slot, verb in self.deeds:
            if not any(each.covers(at, verb) for each in self.asked[lock, slot]):
                self.blame(
                    "audit", f"{lock}[{slot}] had a “{verb}” at {at:%m-%d %H:%M:%S}, which the chain does not know"
                )
        for (lock, slot, told), left in self.openings.items():
            if left > 0:
                self.blame("audit", f"{lock}[{slot}] opened the door at {told}, which the chain does not know")
        self.deeds.clear()
        self.openings.clear()
        for key, listed in self.asked.items():
            self.asked[key] = listed[-1:]

    def _links(self, ledger: Ledger) -> list[Link]:
        found = []
        for *told, seal in ledger.links(self.number):
            row = dict(zip(_COLUMNS, told, strict=True))
            at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=row["at"])
            if row["number"] != self.number + 1 or row["previous"] != self.seal or sealed(row, at) != seal:
                self.blame("audit", f"link {row['number']} is not what follows on link {self.number}")
            self.number, self.seal = row["number"], seal
            found.append(Link(at, row["kind"], row["what"], row["outcome"], row["lock"], row["slot"], row["number"]))
        return found

    def _code(self, link: Link, where: tuple[str, int]) -> None:
        asked = self.asked[where]
        if asked and link.outcome in _ENDS:
            asked[-1].until = asked[-1].until or link.at
        if link.outcome == "asked":
            asked.append(Claim(link.at, link.what))
            return
        since = asked[-1].at if asked and link.what in _VERBS else link.at - UNDER_WAY
        states = self.pages[where].between(min(since, link.at) - MS, link.at + MS)
        wanted = _SAID.get((link.what, link.outcome))
        if wanted is not None and not wanted & states:
            self.blame(
                "audit",
                f"link {link.number} says “{link.what}: {link.outcome}” of {link.lock}[{link.slot}] at "
                f"{link.at:%m-%d %H:%M:%S}, and it was {' and '.join(sorted(states))}",
            )

    def _bolt(self, link: Link, lock: str) -> None:
        if link.outcome == "asked":
            self.pressed[lock].append(Press(link.at, link.what))
            return
        press = next((each for each in self.pressed[lock] if each.verb == link.what and each.until is None), None)
        if press is None:  # that it was asked could not be written down, and it was done all the same
            press = Press(link.at - UNDER_WAY, link.what)
            self.pressed[lock].append(press)
        press.until = link.at
        if link.outcome == "done" and not any(press.covers(at, verb) for at, verb in self.bolts[lock]):
            self.blame(
                "audit",
                f"link {link.number} says that the bolt of {lock} moved by {link.at:%m-%d %H:%M:%S}; it did not",
            )

    def _look_at_bolts(self) -> None:
        for lock, moves in self.bolts.items():
            for at, verb in moves:
                if not any(each.covers(at, verb) for each in self.pressed[lock]):
                    self.blame("audit", f"{lock} did “{verb}” at {at:%m-%d %H:%M:%S}, which the chain does not know")
        self.bolts.clear()
        for lock, pressed in self.pressed.items():
            self.pressed[lock] = [each for each in pressed if each.until is None]

    def _opening(self, link: Link) -> None:
        key = (str(link.lock), link.slot or 0, written(link.at))
        if not self.openings.get(key):
            self.blame(
                "audit", f"link {link.number} says that {link.lock}[{link.slot}] opened at {link.at}; it did not"
            )
            return
        self.openings[key] -= 1


_VERBS: Final = {"write": "write", "enable": "write", "clear": "clear"}
_ENDS: Final = frozenset({"asked", "done", "refused", "lost"})
_SAID: Final = {
    ("write", "done"): {"ours"},
    ("enable", "done"): {"ours"},
    ("clear", "done"): {"empty", "foreign"},
    ("adopt", "done"): {"foreign", "ours"},
    ("found", "ours"): {"ours"},
    ("found", "empty"): {"empty"},
    ("found", "foreign"): {"foreign"},
}


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sealed(row: dict[str, Any], at: datetime) -> str:
    """As hub/model/chain.py says that a link is sealed."""
    told = json.dumps(row | {"at": written(at)}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(told.encode()).hexdigest()
