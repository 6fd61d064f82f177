"""The calendar of a unit that the people of the house keep with us: we write what goes on there, they write what they plan.

Two ways, and no echo: what we wrote is known by its name, and by the tag that it has since we wrote it. If it was changed or
deleted there it is put right again and said; what people write there is told as it stands. Each reads and writes alone, so
that nothing is taken for news while it is being written.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from hub.contracts import Delivery, Host, Integration, Performer
from hub.errors import Disappointment, Rejected, Unavailable
from hub.io.files import sync_file, sync_folder
from hub.model.diary import Entry, Line, Moment, Naming, line
from hub.model.effects import Effect, SetNights
from hub.model.facts import CalendarRead, EntryTouched, EventRead, Fact, StayReport
from hub.model.values import ChannelId, StayKind, StayStatus

PREFIX: Final = "gatehouse-"
"""Of the name of whatever any hub writes. It is never read as news, whichever hub wrote it."""
ANY: Final = "any"
"""In place of a calendar's name while none is made yet."""
WHOLE, CHANGED, UNCHANGED = "whole", "changed", "unchanged"
WHOLE_EVERY: Final = timedelta(days=1)
"""In case a server forgets to tell something."""
_TRIES: Final = 3
"""To write over what somebody else is writing over at the same time."""


@dataclass(frozen=True, slots=True)
class Found:
    """One event as it stands in the calendar."""

    name: str
    """By which it is written and deleted: a path, or an id."""
    tag: str
    """Changes whenever the event does."""
    uid: str
    text: str = field(repr=False)
    look: str = ""
    """Of one of ours: a digest of all that people see of it."""
    end: float = 0.0
    """Of one of ours; 0: it does not say."""


@dataclass(frozen=True, slots=True)
class News:
    events: Sequence[Found]
    gone: Sequence[str]
    """Names."""
    mark: str
    """From which to go on."""
    whole: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a test of the connection found, in words for a person."""

    words: str
    good: bool
    at: datetime | None = None


# ---- what we wrote --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    name: str
    tag: str
    """Empty: it was touched, or nobody knows what became of it; it is written again."""
    digest: str
    """Of the line that was written."""
    look: str
    """As the calendar shows it, which may be in other words than ours."""
    wanted: str = ""
    """As it will show what is just being written."""
    sequence: int = 0
    end: float = 0.0
    leaving: bool = False
    """It is just being deleted by us."""


class Book:
    """What of ours stands in one calendar. Written down before and after each change, so that a crash makes nothing strange."""

    def __init__(self, file: Path, whose: str) -> None:
        """`whose`: the calendar; what is known of another one does not count."""
        self._file = file
        self._whose = hashlib.sha256(whose.encode()).hexdigest()
        told = self._read()
        self.house: str = told.get("house") or secrets.token_hex(4)
        """Tells this hub's events from another's."""
        lines = told.get("lines", {}) if told.get("whose") == self._whose else {}
        self.lines: dict[str, Written] = {uid: Written(**each) for uid, each in lines.items()}
        if told.get("house") != self.house:
            self._save()

    def uid(self, entry: str) -> str:
        return f"{PREFIX}{self.house}-{entry.replace(':', '-').lower()}"

    def entry(self, uid: str) -> str | None:
        """What it shows, by our own word; None: it is not ours."""
        kind, _, id_ = uid.removeprefix(f"{PREFIX}{self.house}-").partition("-")
        return f"{kind}:{id_.upper()}" if uid.startswith(f"{PREFIX}{self.house}-") else None

    def named(self, name: str) -> str | None:
        return next((uid for uid, each in self.lines.items() if each.name == name), None)

    def keep(self, uid: str, each: Written) -> None:
        self.lines[uid] = each
        self._save()

    def drop(self, uid: str) -> None:
        if self.lines.pop(uid, None) is not None:
            self._save()

    def _read(self) -> dict[str, Any]:
        try:
            told = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}

    def _save(self) -> None:
        new = self._file.with_suffix(".new")
        told = {"whose": self._whose, "house": self.house, "lines": {k: asdict(v) for k, v in self.lines.items()}}
        new.write_text(json.dumps(told))
        sync_file(new)
        new.replace(self._file)
        sync_folder(self._file.parent)


@dataclass(frozen=True, slots=True)
class _Cursor:
    reader: str
    """Of what it was read with: another setting asks for everything again."""
    mark: str
    whole: float
    """When everything was last read."""
    known: dict[str, tuple[str, str]]
    """What others wrote, by name: its tag and its UID."""

    @classmethod
    def of(cls, text: str | None, reader: str, now: float) -> Self | None:
        try:
            told = cls(**json.loads(text or "null"))
            known = {name: (str(each[0]), str(each[1])) for name, each in told.known.items()}
            fresh = told.whole <= now < told.whole + WHOLE_EVERY.total_seconds()
        except (ValueError, TypeError, LookupError, AttributeError):
            return None
        return replace(told, known=known) if told.reader == reader and fresh else None

    def __str__(self) -> str:
        return json.dumps(asdict(self))


# ---- both ways ------------------------------------------------------------------------------------------------------


class Diary(Integration):
    """What the calendars of all services have in common. A service says how it is asked."""

    poll_every: ClassVar[timedelta | None] = timedelta(minutes=2)
    keeps_diary: ClassVar[bool] = True

    def __init__(self, host: Host, *, whose: str, reader: str, naming: Naming) -> None:
        """
        Args:
            whose: which calendar it is, by whatever else there would be another one.
            reader: the settings that decide what an event means.
        """
        self.host = host
        self.naming = naming
        self.book = Book(host.state_dir / "written.json", whose)
        self._reader = hashlib.sha256(f"{whose}\n{reader}".encode()).hexdigest()[:16]
        self.tested: Report | None = None
        """What the last test since the start found."""
        self._alone = asyncio.Lock()  # what is read while it is being written would be taken for somebody else's

    # ---- what a service does ----

    @abstractmethod
    async def news(self, mark: str, known: Mapping[str, str]) -> News | None:
        """What changed since `mark`, everything if it is empty; None: nothing did.

        Args:
            known: the names and tags of all that was read and written before.

        Raises:
            As `Integration.fetch`.
        """

    @abstractmethod
    def shows(self, line: Line) -> str:
        """The digest of all that people see of a line (`Found.look`), where the service keeps it as it was written."""

    @abstractmethod
    async def put(self, line: Line, before: Written | None, sequence: int) -> Found | None:
        """Write one line; returns how it stands there now, None where something else stands there than we knew.

        Raises:
            Unavailable: it may be written all the same.
            Rejected: it is refused.
        """

    @abstractmethod
    async def remove(self, before: Written) -> bool:
        """False: something else stands there than we knew. Gone already is gone. Raises as `put`."""

    @abstractmethod
    async def now(self, uid: str, name: str) -> Found | None:
        """How a line of ours stands there; None: it does not. Raises as `put`."""

    @abstractmethod
    async def understood(self, events: Sequence[tuple[str, str]], at: datetime) -> Sequence[StayReport]:
        """What events of other people say, each by its UID and its text. Raises Garbled."""

    async def make(self, name: str, word: str) -> str:
        """Make a calendar that people see under that name, or find the one that was made; what the hub is told to reach it.

        Args:
            word: the same for the same calendar; letters, digits, `.`, `_` and `-`.

        Raises as `fetch`; Unavailable where it may have been made. Default: none can be made there.
        """
        raise Rejected("no calendar can be made there by a program")

    @abstractmethod
    async def test(self) -> Report:
        """Try the connection. Raises as `fetch`."""

    # ---- reading ----

    async def fetch(self, cursor: str | None) -> AsyncIterator[Delivery]:
        async with self._alone:
            now = self.host.clock.now()
            before = _Cursor.of(cursor, self._reader, now.timestamp())
            known = {} if before is None else before.known
            ours = {each.name: each.tag for each in self.book.lines.values()}
            tags = {name: tag for name, (tag, _uid) in known.items()} | ours
            news = await self.news("" if before is None else before.mark, tags)
            if news is None:
                yield self._delivery(now, UNCHANGED)
                return
            told, theirs = self._sorted(news, {} if news.whole else known)
            after = _Cursor(
                self._reader, news.mark, now.timestamp() if news.whole or before is None else before.whole, theirs
            )
            if not told["events"] and not told["gone"] and not told["touched"] and not news.whole:
                yield self._delivery(now, UNCHANGED, after=after)
                return
            yield self._delivery(now, WHOLE if news.whole else CHANGED, told, after)

    def _sorted(
        self, news: News, known: dict[str, tuple[str, str]]
    ) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
        """What to tell of it, and what others wrote from here on."""
        theirs, events, gone = dict(known), [], list[str]()
        touched: list[tuple[str, bool]] = []
        seen = set[str]()
        for found in news.events:
            if found.uid.startswith(PREFIX):
                seen.add(found.uid)
                touched += self._ours(found)
                continue
            if theirs.get(found.name) == (found.tag, found.uid):
                continue
            if found.name in theirs and theirs[found.name][1] != found.uid:
                gone.append(theirs[found.name][1])
            theirs[found.name] = (found.tag, found.uid)
            events.append({"uid": found.uid, "text": found.text})
        names = [each.name for uid, each in self.book.lines.items() if uid not in seen] if news.whole else news.gone
        for name in names:
            touched += self._lost(name)
        for name in news.gone:
            if name in theirs:
                gone.append(theirs.pop(name)[1])
        there = {uid for _tag, uid in theirs.values()}
        return {"events": events, "gone": [uid for uid in gone if uid not in there], "touched": touched}, theirs

    def _ours(self, found: Found) -> list[tuple[str, bool]]:
        """What we wrote comes back: nothing, unless somebody changed it."""
        entry, known = self.book.entry(found.uid), self.book.lines.get(found.uid)
        if entry is None:
            return []  # another hub's
        if known is None:  # over, or of before this hub was restored: then to be taken away, unless it is wanted
            if not found.end or found.end > self.host.clock.now().timestamp():
                self.book.keep(found.uid, Written(found.name, found.tag, "", found.look, end=found.end))
            return []
        if known.tag and known.tag == found.tag:
            return []
        if found.look in (known.look, known.wanted) and known.look:
            self.book.keep(found.uid, replace(known, name=found.name, tag=found.tag))
            return []
        again = known.digest == ""  # told before, and not put right yet
        self.book.keep(found.uid, replace(known, name=found.name, tag=found.tag, digest="", look=found.look))
        return [] if again else [(entry, False)]

    def _lost(self, name: str) -> list[tuple[str, bool]]:
        uid = self.book.named(name)
        if uid is None:
            return []
        known, entry = self.book.lines[uid], self.book.entry(uid)
        self.book.drop(uid)
        over = known.end and known.end < self.host.clock.now().timestamp()
        return [] if known.leaving or over or entry is None else [(entry, True)]

    def _delivery(self, now: datetime, topic: str, told: object = None, after: _Cursor | None = None) -> Delivery:
        body = b"" if told is None else json.dumps(told).encode()
        key = f"{now:%Y%m%dT%H%M%S.%fZ}-{topic}-{hashlib.sha256(body).hexdigest()[:16]}"
        return Delivery(ChannelId(self.host.name), key, body, now, topic, cursor=None if after is None else str(after))

    # ---- understanding ----

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        channel, at = delivery.channel, delivery.received_at
        if delivery.topic == UNCHANGED:
            return [CalendarRead(channel, at, (), unchanged=True)]
        told = json.loads(delivery.body)  # our own words around theirs
        stays = [
            _usable(each)
            for each in await self.understood([(each["uid"], each["text"]) for each in told["events"]], at)
        ]
        facts: list[Fact] = [EntryTouched(channel, at, entry, deleted) for entry, deleted in told["touched"]]
        if delivery.topic == WHOLE:
            return [CalendarRead(channel, at, tuple(stays)), *facts]
        read = [CalendarRead(channel, at, (), complete=False)]
        events = [EventRead(channel, at, uid, of_event(stays, uid)) for uid in dict.fromkeys(_uids(told))]
        return [*read, *events, *facts]

    # ---- writing ----

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {SetNights: self._show}

    async def _show(self, effect: Effect, _key: str) -> None:
        assert isinstance(effect, SetNights)  # the outbox asks by kind
        async with self._alone:
            await self.show(effect.entries)

    async def show(self, entries: Sequence[Entry]) -> None:
        """Let the calendar show these and nothing else of ours. What is over stays where it is, for whoever looks back.

        Raises:
            Unavailable: some of it may be done; it goes on where it stopped.
            Rejected: the calendar cannot be written.
        """
        wanted = {uid: line(each, self.naming, uid) for each in entries for uid in (self.book.uid(each.id),)}
        for uid, each in list(self.book.lines.items()):
            if uid in wanted:
                continue
            if each.end and each.end < self.host.clock.now().timestamp():
                self.book.drop(uid)
            else:
                await self._take_away(uid)
        for uid, told in wanted.items():
            known = self.book.lines.get(uid)
            if known is None or not known.tag or known.digest != told.digest or known.leaving:
                await self._write(uid, told)

    async def _write(self, uid: str, wanted: Line) -> None:
        for _try in range(_TRIES):
            before = self.book.lines.get(uid)
            sequence = 0 if before is None else before.sequence + 1
            if before is not None:
                self.book.keep(uid, replace(before, wanted=self.shows(wanted), leaving=False))
            if before is None or before.tag:
                found = await self.put(wanted, before, sequence)
                if found is not None:
                    end = stamp(wanted.end)
                    self.book.keep(uid, Written(found.name, found.tag, wanted.digest, found.look, "", sequence, end))
                    return
            await self._look_again(uid, wanted)
        raise Unavailable("somebody else is writing into the calendar at the same time")

    async def _take_away(self, uid: str) -> None:
        for _try in range(_TRIES):
            before = self.book.lines.get(uid)
            if before is None:
                return
            self.book.keep(uid, replace(before, leaving=True))
            if await self.remove(before):
                self.book.drop(uid)
                return
            found = await self.now(uid, before.name)
            if found is None:
                self.book.drop(uid)
                return
            self.book.keep(uid, replace(before, tag=found.tag, leaving=True))
        raise Unavailable("somebody else is writing into the calendar at the same time")

    async def _look_again(self, uid: str, wanted: Line) -> None:
        """It is not there as we knew it: somebody was quicker, or we do not know any more what we wrote."""
        before = self.book.lines.get(uid)
        found = await self.now(uid, "" if before is None else before.name)
        if found is None:
            if before is not None:
                await self._say(uid, deleted=True, known=before)
                self.book.drop(uid)
            return
        if before is None:  # we were cut off before this was written down
            before = Written(found.name, "", "", found.look)
        elif before.look and found.look != before.look and before.tag:
            await self._say(uid, deleted=False, known=before)
        self.book.keep(uid, replace(before, name=found.name, tag=found.tag, look=found.look, wanted=self.shows(wanted)))

    async def _say(self, uid: str, *, deleted: bool, known: Written) -> None:
        entry = self.book.entry(uid)
        if entry is not None and known.digest:
            await self.host.tell(EntryTouched(ChannelId(self.host.name), self.host.clock.now(), entry, deleted))


def of_event(stays: Iterable[StayReport], uid: str) -> tuple[StayReport, ...]:
    """What one event stands for: itself, or each time that it repeats."""
    return tuple(each for each in stays if each.uid == uid or each.uid.startswith(f"{uid}/"))


def _uids(told: Mapping[str, Any]) -> list[str]:
    return [*told["gone"], *(each["uid"] for each in told["events"])]


def _usable(report: StayReport) -> StayReport:
    """What takes no night, or says itself that it is in nobody's way, is kept and shown, and nothing hangs on it."""
    if report.status is StayStatus.UNUSABLE or report.arrival is None:
        return report
    raw = report.raw.upper()  # as iCalendar writes it, or as Google does
    free = "TRANSP:TRANSPARENT" in raw or '"TRANSPARENCY": "TRANSPARENT"' in raw
    if free or report.arrival == report.departure:
        why = "it says that the time is free" if free else "it takes no night"
        said = f"“{report.note}”: {why}" if report.note and report.kind is not StayKind.UNKNOWN else why
        note = f"{report.note}; {why}" if report.kind is StayKind.UNKNOWN and report.note else said
        return replace(report, status=StayStatus.UNUSABLE, note=f"this event closes nothing: {note}")
    return report


def stamp(at: Moment) -> float:
    """Days end when they are over everywhere."""
    if isinstance(at, datetime):
        return at.timestamp()
    return datetime(at.year, at.month, at.day, tzinfo=UTC).timestamp() + 12 * 3600


async def in_words(diary: Diary) -> Report:
    """The outcome of a test, whatever it is."""
    try:
        found = await diary.test()
    except Disappointment as error:
        found = Report(f"{error}.", good=False)
    diary.tested = replace(found, at=diary.host.clock.now())
    diary.host.changed()
    return diary.tested
