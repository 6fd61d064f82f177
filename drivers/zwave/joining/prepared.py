"""Devices that may join by themselves when they are switched on (SmartStart), and those that are half joined.

The labels are sealed: each holds a PIN.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from drivers.zwave import aside, sealed
from drivers.zwave.known import ENTRY_CONTROL
from drivers.zwave.security import qr
from drivers.zwave.security.dsk import Dsk
from drivers.zwave.security.keys import SecurityClass
from hub.contracts import Host
from hub.contracts.radio import Prepared
from hub.errors import Garbled, Rejected
from hub.model.values import Address, Secret

ATTEMPTS = 5
"""After so many failures a label is no longer tried (zwave-js 15, `attempts.smartStartInclusion`): who forges its number could
keep the radio busy for ever."""
_FILE = "prepared.sealed"


@dataclass(frozen=True, slots=True)
class Sticker:
    """What is known from a device's label."""

    dsk: Dsk
    classes: frozenset[SecurityClass] | None = None
    """None: only the number is known, not what the device wants."""
    opens_doors: bool = False
    smart_start: bool = True


def read_label(label: Secret) -> Sticker:
    """Understand a QR code, or the number printed below it.

    Raises:
        Rejected: it is neither; the sentence does not repeat it.
    """
    text = label.reveal().strip()
    try:
        if text.startswith("90") and len(text) > 2 * 40:
            code = qr.parse(text)
            return Sticker(code.dsk, code.requested, code.generic_class == ENTRY_CONTROL, code.smart_start)
        return Sticker(Dsk.parse(text))
    except Garbled as error:
        raise Rejected(str(error)) from error


@dataclass(frozen=True, slots=True)
class Entry:
    dsk: str = field(repr=False)
    since: datetime
    classes: tuple[str, ...] | None = None
    opens_doors: bool = False
    attempts: int = 0
    joined: int | None = None
    trouble: str = ""

    @property
    def sticker(self) -> Sticker:
        classes = None if self.classes is None else frozenset(SecurityClass[name] for name in self.classes)
        return Sticker(Dsk.parse(self.dsk), classes, self.opens_doors)

    @property
    def awaited(self) -> bool:
        return self.joined is None and self.attempts < ATTEMPTS

    def shown(self) -> Prepared:
        joined = None if self.joined is None else Address(str(self.joined))
        return Prepared(self.sticker.dsk.tail, self.since, joined, self.trouble)


@dataclass(frozen=True, slots=True)
class _Book:
    home: str = ""
    """Whose network `half_joined` and `Entry.joined` speak of."""
    entries: tuple[Entry, ...] = ()
    half_joined: tuple[int, ...] = ()
    before: tuple[int, ...] | None = None
    """Who was in the network when a device was let in, as long as it is not known what came of it; None: nobody is."""


_BOOK = TypeAdapter(_Book)


class Waiting:
    """The list, as kept on disk. One that cannot be read is put aside, and a new one begun."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._book = _Book()
        try:
            kept = sealed.read(host, _FILE)
            if kept is not None:
                self._book = _BOOK.validate_json(kept)
        except (OSError, Garbled, ValidationError) as error:
            aside.put(host.state_dir / _FILE, error)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._book.entries

    @property
    def awaited(self) -> bool:
        return any(entry.awaited for entry in self.entries)

    @property
    def half_joined(self) -> frozenset[int]:
        """Nodes that are in the network without having got what they must have: they are not used."""
        return frozenset(self._book.half_joined)

    def add(self, sticker: Sticker, since: datetime) -> Entry:
        """Raises Rejected: it has joined already."""
        old = self._by_tail(sticker.dsk.tail)
        if old is not None and old.joined is not None:
            raise Rejected(f"the device with this label has joined already, as {old.joined}")
        classes = None if sticker.classes is None else tuple(each.name for each in sticker.classes)
        entry = Entry(sticker.dsk.text, since, classes, sticker.opens_doors)
        self._keep(entries=(*(each for each in self.entries if each is not old), entry))
        return entry

    def drop(self, tail: str) -> None:
        """Raises Rejected: there is none."""
        old = self._by_tail(tail)
        if old is None:
            raise Rejected("no device with this label is prepared")
        self._keep(entries=tuple(each for each in self.entries if each is not old))

    def asking(self, joining_home: bytes) -> Entry | None:
        """Who asks to be joined under that home id, if it may."""
        return next(
            (each for each in self.entries if each.awaited and each.sticker.dsk.joining_home == joining_home), None
        )

    def succeeded(self, entry: Entry, node: int) -> None:
        self._change(entry, replace(entry, attempts=0, joined=node, trouble=""))

    def failed(self, entry: Entry, why: str) -> None:
        attempts = entry.attempts + 1
        end = f"; it is no longer tried after {ATTEMPTS} failures: prepare it anew" if attempts >= ATTEMPTS else ""
        self._change(entry, replace(entry, attempts=attempts, trouble=why + end))

    def note(self, entry: Entry, why: str) -> None:
        """Something went wrong that does not count as a failure."""
        self._change(entry, replace(entry, trouble=why))

    def left(self, node: int) -> None:
        """Nor does a device that was taken out come back by itself."""
        entries = tuple(each for each in self.entries if each.joined != node)
        half = tuple(each for each in self._book.half_joined if each != node)
        if (entries, half) != (self.entries, self._book.half_joined):
            self._keep(entries=entries, half_joined=half)

    def opened(self, before: Iterable[int]) -> None:
        """A device is about to be let in. Until `closed`, whoever is new in the network when the stick is met is half joined."""
        there = set(before)
        came = there - set(self._book.before) if self._book.before is not None else set[int]()
        self._book = replace(self._book, before=tuple(sorted(there)))
        self._keep(half_joined=tuple(sorted(came | self.half_joined)))

    def closed(self) -> None:
        if self._book.before is not None:
            self._book = replace(self._book, before=None)
            self._keep()

    def entered(self, node: int) -> None:
        self._book = replace(self._book, before=None)
        self._keep(half_joined=tuple({*self._book.half_joined, node}))

    def completed(self, node: int) -> None:
        self._keep(half_joined=tuple(each for each in self._book.half_joined if each != node))

    def compare(self, home: str, nodes: Iterable[int]) -> None:
        """Forget what is no longer so; in another network nothing of it is."""
        there = set(nodes) if home == self._book.home else set[int]()
        came = there - set(self._book.before) if self._book.before is not None else set[int]()
        half = tuple(sorted(came | {each for each in self._book.half_joined if each in there}))
        entries = tuple(
            each
            if each.joined is None or each.joined in there
            else replace(each, joined=None, attempts=ATTEMPTS, trouble=GONE)
            for each in self.entries
        )
        if (home, entries, half, None) != (self._book.home, self.entries, self._book.half_joined, self._book.before):
            self._book = replace(self._book, before=None)
            self._keep(home=home, entries=entries, half_joined=half)

    def _by_tail(self, tail: str) -> Entry | None:
        return next((each for each in self.entries if each.sticker.dsk.tail == tail), None)

    def _change(self, entry: Entry, to: Entry) -> None:
        tail = entry.sticker.dsk.tail
        self._keep(entries=tuple(to if each.sticker.dsk.tail == tail else each for each in self.entries))

    def _keep(
        self,
        *,
        home: str | None = None,
        entries: tuple[Entry, ...] | None = None,
        half_joined: tuple[int, ...] | None = None,
    ) -> None:
        book = self._book
        self._book = replace(
            book,
            home=book.home if home is None else home,
            entries=book.entries if entries is None else entries,
            half_joined=book.half_joined if half_joined is None else half_joined,
        )
        sealed.write(self._host, _FILE, _BOOK.dump_json(self._book))


GONE = "it was joined and has left the network; prepare it anew"
