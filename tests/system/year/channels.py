"""The channels of the flats: what each tells, when it tells it, and what becomes of a stay that it tells of no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Protocol

from hub.contracts import Delivery, Integration
from hub.errors import Garbled, Rejected, Unavailable
from hub.model.facts import CalendarFailed, CalendarRead, Fact, StayReport, StayReported
from hub.model.values import StayStatus
from tests.system.year.town import Flat, Hours

READINGS: Final = 3
MISSING_FOR: Final = timedelta(minutes=30)
MOST: Final = 4
"""hub/model/stays.py: what a calendar lists no more is cancelled by then, unless the stay has begun or the calendar lost all
that it listed, or more than half of so many: then a person is asked."""
LISTED_FOR: Final = timedelta(days=7)
"""How long a calendar shows a stay that is over."""


class Fault(Enum):
    """What may be wrong with a calendar for a while."""

    GONE = "it is not reached"
    REFUSED = "it wants another password"
    GARBLED = "it says nonsense"
    HALF = "it breaks off in the middle"
    EMPTY = "it lists nothing"


class World(Protocol):
    """What a channel needs to know of the year (life.py)."""

    offline: bool
    said: dict[str, tuple[StayReport, ...]]

    def now(self) -> datetime: ...

    def telling(self, report: StayReport) -> None: ...

    def told(self, report: StayReport) -> None: ...

    def failed(self, source: Source) -> None:
        """A calendar was asked and could not be read."""

    def asks(self, report: StayReport) -> None:
        """A person is asked by now whether that stay is over."""

    def hours_known(self, flat: Flat) -> dict[str, Hours]:
        """What the hub knows of stays in that flat, by uid."""


class Source(Integration):
    """The channel of one flat. What it tells lies in memory; the body of a delivery is its name."""

    def __init__(self, life: World, flat: Flat) -> None:
        self._life = life
        self.flat = flat
        self.poll_every = timedelta(hours=1) if flat.polled else None  # type: ignore[misc]  # one flat's own
        self.listed: dict[str, StayReport] = {}
        """What its calendar shows now, or is told of by itself."""
        self.fault: Fault | None = None
        self.failing_since: datetime | None = None
        """When it could not be read for the first time, since it last could."""
        self._told: tuple[StayReport, ...] = ()
        self._missing: dict[str, tuple[int, datetime]] = {}
        self.asked: set[str] = set()
        """Stays of which a person is asked, or has said that they stand."""

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        at, said = delivery.received_at, self._life.said.get(delivery.key, ())
        if delivery.body == b"half":
            return [CalendarFailed(delivery.channel, at, "the calendar breaks off in the middle")]
        if self.flat.polled:
            return [CalendarRead(delivery.channel, at, tuple(said), unchanged=not delivery.body)]
        return [StayReported(delivery.channel, at, report) for report in said]

    async def fetch(self, cursor: str | None) -> AsyncIterator[Delivery]:
        life, now = self._life, self._life.now()
        self._break_off()
        if self.fault is Fault.HALF:
            self._fails()
            yield Delivery(self.flat.channel, self._key(now), b"half", now, cursor="-")
            return
        self._drop_old()
        shown = tuple(each for each in self.listed.values() if each.status is StayStatus.CONFIRMED)
        if self.fault is Fault.EMPTY:
            shown = ()
        self.failing_since = None
        news = [each for each in shown if each not in self._told]
        if shown != self._told:
            life.said[self._key(now)] = shown
        for report in news:
            life.telling(report)
        yield Delivery(self.flat.channel, self._key(now), b"" if shown == self._told else b"new", now, cursor="-")
        for report in news:
            life.told(report)
        gone = {each.uid: None for each in self._told if each.uid not in {other.uid for other in shown}}
        self._told = shown
        self._count_missing(gone | dict.fromkeys(self._missing), {each.uid for each in shown})

    def _key(self, now: datetime) -> str:
        """Several calendars may be read at the same instant."""
        return f"{self.flat.name} {now.isoformat()}"

    def _drop_old(self) -> None:
        """As calendars do."""
        first = self._life.now().date() - LISTED_FOR
        old = [uid for uid, each in self.listed.items() if each.departure is not None and each.departure < first]
        for uid in old:
            del self.listed[uid]

    def _break_off(self) -> None:
        kinds: dict[Fault, Callable[[], Exception]] = {
            Fault.GONE: lambda: Unavailable("the calendar did not answer"),
            Fault.REFUSED: lambda: Rejected("the calendar wants another password"),
            Fault.GARBLED: lambda: Garbled("the calendar says nonsense"),
        }
        if self._life.offline:
            self._fails()
            raise Unavailable("the internet is gone")
        if self.fault in kinds:
            self._fails()
            raise kinds[self.fault]()

    def _fails(self) -> None:
        if self.failing_since is None:
            self.failing_since = self._life.now()
            self._life.failed(self)

    def _count_missing(self, gone: Iterable[str], shown: set[str]) -> None:
        """Leave is taken from a stay that a calendar lists no more, as the house rules say when."""
        life, now = self._life, self._life.now()
        known = {uid: hours for uid, hours in life.hours_known(self.flat).items() if now < hours.check_out}
        lost = known.keys() - shown
        suspicious = (bool(lost) and len(lost) == len(known)) or (len(known) >= MOST and 2 * len(lost) > len(known))
        for uid in gone:
            readings, since = self._missing.get(uid, (0, now))
            self._missing[uid] = readings + 1, since
            if uid in shown:
                del self._missing[uid]
                self.asked.discard(uid)
            elif uid not in known:
                del self._missing[uid]
            elif readings + 1 >= READINGS and now - since >= MISSING_FOR and uid not in self.asked:
                if suspicious or known[uid].check_in <= now:
                    self.asked.add(uid)
                    life.asks(self.listed[uid])
                else:
                    del self._missing[uid]
                    life.told(self.listed[uid])
