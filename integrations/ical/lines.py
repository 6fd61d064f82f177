"""From bytes to events: unfolding, content lines and components (RFC 5545, 3.1 and 3.4), as feeds really write them.

The structure is read here and not by a library, so that one broken event never costs the others and each event's own text is
kept as it came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final

from hub.errors import Garbled

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_EVENTS: Final = 10_000
_DEEPEST: Final = 20
_RAW_KEPT: Final = 4_000
_ALIKE: Final = 0.8
"""Of `VTOOD` and `VTODO`."""

_FOLD: Final = re.compile(rb"(?:\r\n|\n|\r)[ \t]")
_BREAK: Final = re.compile(rb"\r\n|\n|\r")
_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Property:
    name: str
    """In upper case."""
    params: dict[str, str]
    """Names in upper case, values without their quotes."""
    value: str

    @property
    def text(self) -> str:
        """The value with its escapes undone (RFC 5545, 3.3.11)."""
        return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)


@dataclass(frozen=True, slots=True)
class Component:
    """A VEVENT or a VTIMEZONE. What is nested in it, such as an alarm, is in `raw` only."""

    name: str
    properties: list[Property] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[Property]:
        return [each for each in self.properties if each.name == name]

    def first(self, name: str) -> Property | None:
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        found = self.first(name)
        return "" if found is None else found.text.strip()

    @property
    def raw(self) -> str:
        return "\n".join(self.lines)[:_RAW_KEPT]


@dataclass(frozen=True, slots=True)
class Document:
    product: str
    """PRODID: which program wrote the feed."""
    events: list[Component]
    zones: list[Component]


def read(body: bytes) -> Document:
    """What a feed is made of.

    Raises:
        Garbled: it is no calendar, or not a whole one.
    """
    if len(body) > MOST_BYTES:
        raise Garbled(f"it is larger than {MOST_BYTES // 1024**2} MB")
    content = body.removeprefix(_BOM).strip()
    if not content:
        raise Garbled("the answer is empty; a calendar says at least that it is one")
    lines = [_decoded(line).rstrip(" \t") for line in _BREAK.split(_FOLD.sub(b"", content))]
    if lines[0].upper() != "BEGIN:VCALENDAR":
        raise Garbled(_no_calendar(lines[0]))
    reader = _Reader()
    for number, line in enumerate(lines, 1):
        reader.take(line, number)
    return reader.finish()


def _decoded(line: bytes) -> str:
    """Each line for itself, after unfolding: feeds fold in the middle of a character, and join texts of two encodings."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _no_calendar(first: str) -> str:
    if first[:1] == "<":
        return "this is a web page and no calendar; the address may have expired, copy it again from the channel"
    if first[:1] in {"{", "["}:
        return "this is no calendar but JSON; copy the calendar's own address from the channel"
    return "this is no calendar: it does not begin with BEGIN:VCALENDAR"


class _Reader:
    """Follows BEGIN and END. Zones count directly inside a calendar; events wherever a calendar's maker put them."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._kept: Component | None = None
        self._depth = 0
        """Of what is kept."""
        self._product = ""
        self._events: list[Component] = []
        self._zones: list[Component] = []

    def take(self, line: str, number: int) -> None:
        if not line.strip() or (not self._open and not line.upper().startswith("BEGIN:VCALENDAR")):
            return  # what stands between or after calendars is none of them
        found = parse_line(line)
        if found is None:
            self._keep_line(line)
        elif found.name == "BEGIN":
            self._begin(found.value.strip().upper(), line, number)
        elif found.name == "END":
            self._end(found.value.strip().upper(), line, number)
        else:
            self._property(found, line)

    def finish(self) -> Document:
        if self._open:
            raise Garbled(f"the calendar is cut off: its {self._open[-1]} has no end")
        return Document(self._product, self._events, self._zones)

    def _begin(self, name: str, line: str, number: int) -> None:
        if name in {"VEVENT", "VCALENDAR"} and name in self._open:
            raise Garbled(f"line {number}: a {name} begins inside another; something is missing before it")
        self._open.append(name)
        if len(self._open) > _DEEPEST:
            raise Garbled(f"line {number}: its parts are nested deeper than {_DEEPEST} levels")
        if self._kept is None and (name == "VEVENT" or (name == "VTIMEZONE" and len(self._open) == 2)):
            self._kept, self._depth = Component(name), len(self._open)
            (self._events if name == "VEVENT" else self._zones).append(self._kept)
            if len(self._events) > MOST_EVENTS:
                raise Garbled(f"it has more than {MOST_EVENTS} events")
        self._keep_line(line)

    def _end(self, name: str, line: str, number: int) -> None:
        name = self._meant(name)
        if name not in self._open or (name == "VCALENDAR" and "VEVENT" in self._open):
            raise Garbled(f"line {number}: a {name} ends that did not begin, or something in it did not end")
        self._keep_line(line)
        while self._open.pop() != name:
            pass
        if len(self._open) < self._depth:
            self._kept = None

    def _meant(self, name: str) -> str:
        """What is open last, where its own end is misspelt. Shorter it may be the place where the calendar is cut off."""
        if name in self._open or not self._open or len(name) < len(self._open[-1]):
            return name
        return self._open[-1] if SequenceMatcher(None, name, self._open[-1]).ratio() >= _ALIKE else name

    def _property(self, found: Property, line: str) -> None:
        if self._kept is not None and len(self._open) == self._depth:
            self._kept.properties.append(found)
        elif len(self._open) == 1 and found.name == "PRODID" and not self._product:
            self._product = found.value
        self._keep_line(line)

    def _keep_line(self, line: str) -> None:
        if self._kept is not None:
            self._kept.lines.append(line)


def parse_line(line: str) -> Property | None:
    """One unfolded content line, or None if it is none."""
    name = _NAME.match(line)
    if name is None or line[name.end() : name.end() + 1] not in {":", ";"}:
        return None
    colon = _unquoted(line, ":", name.end())
    if colon < 0:
        colon = line.find(":", name.end())  # a quotation mark that is never closed
    if colon < 0:
        return None
    return Property(name[0].upper(), _params(line[name.end() : colon]), line[colon + 1 :].strip(" \t"))


def _unquoted(line: str, wanted: str, start: int) -> int:
    if '"' not in line:
        return line.find(wanted, start)
    quoted = False
    for position in range(start, len(line)):
        if line[position] == '"':
            quoted = not quoted
        elif line[position] == wanted and not quoted:
            return position
    return -1


def _params(text: str) -> dict[str, str]:
    """Of `;NAME=value;NAME="value"`. The first of a name counts."""
    found: dict[str, str] = {}
    position = 0
    while 0 <= position < len(text):
        end = _unquoted(text, ";", position + 1)
        name, equals, value = text[position + 1 : end if end > 0 else None].partition("=")
        if equals:
            found.setdefault(name.strip().upper(), value.strip().strip('"'))
        position = end
    return found
