"""The calendar of a unit as the people of the house see it: what is going on there from when to when, in few words.

Pure. No codes and no ways to reach anybody; who a guest is only as far as the house says.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from typing import Final

from hub.model.values import clean

Moment = date | datetime
"""A whole day, or an aware instant."""


class Naming(Enum):
    """How the guest of a stay is called where not everybody needs to know."""

    NOBODY = "guest"
    INITIALS = "initials"
    FULL = "name"


class Doing(Enum):
    STAY = "stay"
    OWNER = "owner"
    HELD = "held"
    BLOCKED = "blocked"
    """By a channel or a person, who did not say more."""
    CLOSED = "closed"
    MAINTENANCE = "maintenance"
    UNSURE = "unsure"
    """Taken, and nobody has said for what."""
    TURNOVER = "turnover"


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    """`stay:ID`, `hold:ID`, `closure:ID`; the same for as long as it is the same thing."""
    doing: Doing
    start: Moment
    end: Moment
    """Days: the first that is free again."""
    guest: str = field(default="", repr=False)
    """Of a stay; of a hold, whom it is for."""
    note: str = field(default="", repr=False)
    """Of a closure, in the words of whoever closed."""
    sure: bool = True

    @property
    def digest(self) -> str:
        told = (self.doing.value, self.start.isoformat(), self.end.isoformat(), self.guest, self.note, self.sure)
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


_WORDS: Final = {
    Doing.STAY: "Guest",
    Doing.OWNER: "Owner stay",
    Doing.HELD: "Held",
    Doing.BLOCKED: "Blocked",
    Doing.CLOSED: "Closed",
    Doing.MAINTENANCE: "Closed: maintenance",
    Doing.UNSURE: "Not available",
    Doing.TURNOVER: "Turnover",
}


def summary(entry: Entry, naming: Naming) -> str:
    """What stands in the calendar, e.g. `Guest: A. B.`"""
    words = _WORDS[entry.doing] if entry.sure else f"{_WORDS[entry.doing]}, not confirmed"
    who = called(entry.guest, naming) if entry.doing in (Doing.STAY, Doing.OWNER, Doing.HELD) else entry.note
    return f"{words}: {who}" if who else words


def called(guest: str, naming: Naming) -> str:
    match naming:
        case Naming.FULL:
            return guest
        case Naming.INITIALS:
            return " ".join(f"{part[0].upper()}." for part in guest.split()[:3] if part[0].isalpha())
        case Naming.NOBODY:
            return ""


# ---- as RFC 5545 writes it ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in words, ready to be written into a calendar."""

    uid: str
    summary: str
    start: Moment
    end: Moment
    sure: bool = True

    @property
    def digest(self) -> str:
        """Of everything that people see."""
        told = [self.uid, self.summary, self.start.isoformat(), self.end.isoformat(), self.sure]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def line(entry: Entry, naming: Naming, uid: str) -> Line:
    return Line(uid, clean(summary(entry, naming), limit=200), entry.start, entry.end, entry.sure)


def event(line: Line, *, sequence: int, stamp: datetime) -> list[str]:
    """Without folding. DTSTAMP is when it last changed (RFC 5545, 3.8.7.2), SEQUENCE grows with each change (3.8.7.4)."""
    return [
        "BEGIN:VEVENT",
        f"UID:{line.uid}",
        f"DTSTAMP:{_instant(stamp)}",
        f"SEQUENCE:{sequence}",
        _when("DTSTART", line.start),
        _when("DTEND", line.end),
        f"SUMMARY:{_escaped(line.summary)}",
        f"STATUS:{'CONFIRMED' if line.sure else 'TENTATIVE'}",
        "TRANSP:OPAQUE",
        "END:VEVENT",
    ]


def calendar(events: list[str], *, name: str = "", refresh: str = "") -> str:
    """
    Args:
        refresh: how often whoever subscribes should ask again, e.g. `PT30M` (RFC 7986, 5.7).
    """
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Gatehouse//Calendar of a unit//EN", "CALSCALE:GREGORIAN"]
    if name:
        head += [f"NAME:{_escaped(name)}", f"X-WR-CALNAME:{_escaped(name)}"]
    if refresh:
        head += [f"REFRESH-INTERVAL;VALUE=DURATION:{refresh}", f"X-PUBLISHED-TTL:{refresh}"]
    return "\r\n".join(_folded(each) for each in [*head, *events, "END:VCALENDAR"]) + "\r\n"


def _when(name: str, at: Moment) -> str:
    if isinstance(at, datetime):
        return f"{name}:{_instant(at)}"
    return f"{name};VALUE=DATE:{at:%Y%m%d}"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    """RFC 5545, 3.3.11."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(text: str) -> str:
    """At 75 octets, and never in the middle of a character (RFC 5545, 3.1)."""
    lines, room = [""], 75
    for character in text:
        size = len(character.encode())
        if size > room:
            lines.append(" ")
            room = 74
        lines[-1] += character
        room -= size
    return "\r\n".join(lines)
