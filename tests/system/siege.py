"""A house whose hub is killed again and again, and what must be true of it: at every death, and whenever it comes to rest."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import aiohttp

from hub.commandline.asks import Apply
from hub.config import load
from hub.wire import ask
from tests.system import books
from tests.system.books import Books
from tests.system.guests import Agency, Booking, Calendar, Source, served
from tests.system.stick import CodeChanged, Contents, Locks, locks
from tests.system.victim import Failed, Victim, victim

START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
SPEED = 600.0
"""Ten minutes of the house in a second: stays of half an hour to two hours come and go within a few rounds."""
REST_WITHIN_S = 60.0
"""For a hub that nobody kills to bring every lock where it should be, back-off included, and that starts in a second."""
SOON = timedelta(seconds=20) * SPEED
"""A guest who has this long to wait in vain was not let in because of a delay."""
REACTION = timedelta(seconds=1) * SPEED
"""What lies nearer than this to the beginning or end of a code is not judged."""

NODES = {"front": "2", "flat": "3"}
NAMES = {node: lock for lock, node in NODES.items()}
FOREIGN: Contents = {"2": {1: "314159", 7: "271828", 12: "1618"}, "3": {2: "141421", 3: "57721"}}
"""What people keyed in before the hub came."""
BACKUPS = 2
"""Of each lock that has the room, unless the property says otherwise; one that a guest was given is replaced at once."""
SLOTS, LEFT_FREE = 30, 2
"""Places of a lock, and how many of them backup codes leave free (hub/model/ladder.py)."""

_CONFIG = """
database = "gatehouse.db"
state_dir = "state"
key_file = "key"
[web]
listen = "127.0.0.1:{web}"
[log]
level = "warning"
[drivers.zwave]
port = "socket://127.0.0.1:{stick}"
"""
_HOUSE = """
[[property]]
id = "house"
name = "House"
timezone = "Europe/Berlin"
code_lead = "10m"
code_ahead = "0m"
"""
_LOCK = """
[[lock]]
id = "{name}"
property = "house"
name = "{name}"
driver = "zwave"
address = "{node}"
"""
_UNIT = """
[[unit]]
id = "{name}"
property = "house"
name = "{name}"
locks = ["front", "flat"]
[[channel]]
id = "{name}"
unit = "{name}"
integration = "{integration}"
{setting}
"""
ROOMS = range(1, 6)
AGENCIES = tuple(f"{side}-{room}" for side in ("north", "south", "west") for room in ROOMS)
CALENDARS = tuple(f"village-{room}" for room in ROOMS)


@dataclass
class Siege:
    victim: Victim
    locks: Locks
    agencies: list[Agency]
    calendars: list[Calendar]
    http: aiohttp.ClientSession
    random: Random
    latest: datetime = START
    """What the dead hub's books spoke of last."""
    start_s: float = 1.0
    """What the last start took."""
    acknowledged: int = 0
    written: int = 0
    claims_left: int = 0
    """What the hub had set out to do at its death and had not seen done."""
    owed: set[tuple[str, str]] = field(default_factory=set)
    """Guest and lock: had no code when it was looked for, and has not been seen with one since."""
    served: set[str] = field(default_factory=set)

    # ---- attack ----

    async def live_a_while(self) -> None:
        """Start, and be killed at a random moment: while starting, within a second, or when there is most to lose."""
        began = asyncio.get_running_loop().time()
        if self.random.random() < 0.25 and self.victim.lives:
            await self.victim.start()
            await asyncio.sleep(self.random.uniform(0, self.start_s))
            return
        await self.victim.start(cold=self.random.random() < 0.1)
        await self.be_there()
        self.start_s = asyncio.get_running_loop().time() - began
        await asyncio.sleep(self.random.uniform(0, 1))
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self.random.choice((self._nothing, self._a_word, self._a_code))()
                await asyncio.sleep(self.random.uniform(0, 0.02))

    async def _nothing(self) -> None:
        pass

    async def _a_word(self) -> None:
        """Somebody is told that a delivery is safe; it is hardly understood yet."""
        agency = self.random.choice(self.agencies)
        agency.word.clear()
        await agency.word.wait()

    async def _a_code(self) -> None:
        """A lock obeyed; its answer is on the way."""
        size = self.locks.journal.stat().st_size
        while self.locks.journal.stat().st_size == size:  # noqa: ASYNC110  # written by another process
            await asyncio.sleep(0.001)

    async def be_there(self) -> None:
        house = await self.victim.ready()
        if house < self.latest - timedelta(seconds=1):
            raise Failed(f"the turned clock went back: it says {house}, and the books know of {self.latest}")

    async def fall(self, *, softly: bool = False) -> None:
        await (self.victim.stop() if softly else self.victim.kill())
        self._post_mortem(books.read(self.victim.folder))

    # ---- what must be true of the dead ----

    def _post_mortem(self, kept: Books) -> None:
        self.latest = max(self.latest, kept.latest)
        self.claims_left += sum(row.claim is not None for row in kept.slots.values())
        for agency in self.agencies:
            if lost := agency.acknowledged - kept.deliveries:
                raise Failed(f"acknowledged and lost: {sorted(lost)}")
            self.acknowledged += len(agency.acknowledged)
            agency.acknowledged.clear()
        news = [change for change in self.locks.news() if change.by == "radio"]
        if touched := [change for change in news if change.slot in FOREIGN[change.lock]]:
            ledger = {place: row for place, row in kept.slots.items() if place[1] <= max(each.slot for each in touched)}
            raise Failed(f"somebody else's code was touched: {touched}\nsince: {news}\n{ledger}\n{self.victim.said()}")
        for change in news:
            if change.digits:
                self.written += 1
                self._judge_moment(change, kept)
        for lock, slot, digits in _ours(self.locks.held):
            self._judge_code(lock, slot, digits, kept)

    def _judge_moment(self, change: CodeChanged, kept: Books) -> None:
        at, place = self.victim.house_at(change.at), (NAMES[change.lock], kept.tag(change.digits))
        if place in kept.backups:
            return  # it lies in the lock from before anybody is given it
        guest = kept.guests.get(place)
        booking = self._bookings().get(guest or "")
        if guest is None:
            raise Failed(f"a code of nobody was written into {NAMES[change.lock]} slot {change.slot}")
        if at is not None and booking is not None and not booking.ever_open(at, REACTION):
            raise Failed(f"the code of {guest} was written at {at}, outside of {booking.hours}")

    def _judge_code(self, lock: str, slot: int, digits: str, kept: Books) -> None:
        """A code that is in a lock is written down: where, whose, and in the book that outlives backups."""
        tag, row = kept.tag(digits), kept.slots.get((NAMES[lock], slot))
        where = f"{NAMES[lock]} slot {slot}"
        if tag not in kept.issued:
            raise Failed(f"the code in {where} is not in the book of tags")
        if row is None or row.tag != tag:
            raise Failed(f"the code in {where} is not in the ledger, which says {row}")

    # ---- what must be true at rest ----

    async def rest(self) -> None:
        """Nothing new comes in and nobody kills: soon every lock is as it should be."""
        async with AsyncExitStack() as stack:
            for source in self._sources:
                await stack.enter_async_context(source.quiet)
            await self._settled()

    async def end_all(self) -> None:
        """Every booking is cancelled: what is left in the locks is what people keyed in."""
        async with AsyncExitStack() as stack:
            for source in self._sources:
                await stack.enter_async_context(source.quiet)
            for calendar in self.calendars:
                calendar.cancel_all()
            for agency in self.agencies:
                await agency.cancel_all(self.http)
            await self._settled()
            contents, kept = await self.locks.contents(), books.read(self.victim.folder)
            left = {node: _without_backups(node, codes, kept) for node, codes in contents.items()}
            if left != FOREIGN:
                raise Failed(f"left in the locks: {left}")

    async def _settled(self) -> None:
        wrong = ["it was never looked at"]
        try:
            async with asyncio.timeout(REST_WITHIN_S * self.slow):
                while wrong:
                    wrong = await self._look()
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise Failed("no rest: " + "; ".join(wrong) + "\n" + self.victim.said()) from None
        if self.owed:
            raise Failed(f"never let in: {sorted(self.owed)}\n{self.victim.said()}")

    async def _look(self) -> list[str]:
        """What is not as it should be; what is about to change is not judged."""
        since = self.victim.house_now() - REACTION
        contents = await self.locks.contents()
        until = self.victim.house_now() + timedelta(seconds=0.1) * SPEED
        kept = books.read(self.victim.folder)
        wrong = [
            f"the stay of {booking.guest} is {kept.stays.get((source.name, booking.id + source.after_id))}, "
            f"not {'cancelled' if booking.cancelled else booking.hours[-1]}"
            for source in self._sources
            for booking in source.bookings
            if not booking.is_told(kept.stays.get((source.name, booking.id + source.after_id)))
        ]
        return wrong + [
            sentence for node in NAMES for sentence in self._judge_lock(node, contents[node], kept, since, until)
        ]

    def _judge_lock(
        self, node: str, codes: Mapping[int, str], kept: Books, since: datetime, until: datetime
    ) -> Iterator[str]:
        foreign = {slot: codes.get(slot) for slot in FOREIGN[node]}
        if foreign != FOREIGN[node]:
            raise Failed(f"somebody else's codes changed in {NAMES[node]}: {foreign}")
        ours = [(NAMES[node], kept.tag(digits)) for slot, digits in codes.items() if slot not in FOREIGN[node]]
        spare = [place for place in ours if place in kept.backups and place not in kept.guests]
        own = Counter(kept.guests.get(place, "nobody") for place in ours if place not in kept.backups)
        lent = Counter(kept.guests[place] for place in ours if place in kept.backups and place in kept.guests)
        held, known = own.keys() | lent.keys(), self._bookings()
        coming = sum(booking.guest not in own and not booking.over(since) for booking in known.values())
        if len(spare) < min(BACKUPS, SLOTS - len(codes) - coming - LEFT_FREE):
            yield f"{NAMES[node]} holds {len(spare)} backup codes that are nobody's"
        for guest in sorted(held):
            if own[guest] > 1 or lent[guest] > 1 or guest not in known:
                yield f"{NAMES[node]} holds {own[guest]} codes of {guest}, and {lent[guest]} backup codes"
            self.owed.discard((guest, node))
            self.served.add(guest)
        for booking in known.values():
            if booking.wanted_throughout(since, until) and booking.guest not in held:
                if booking.wanted_throughout(since, until + SOON * self.slow):
                    self.owed.add((booking.guest, node))
                yield f"{booking.guest} has no code in {NAMES[node]} ({booking.opens})"
            still = booking.guest in (held if booking.over(since) else own)
            if booking.unwanted_throughout(since, until) and still:
                yield f"{booking.guest} still has a code in {NAMES[node]} ({booking.opens})"

    def _bookings(self) -> dict[str, Booking]:
        return {each.guest: each for source in self._sources for each in source.bookings}

    @property
    def slow(self) -> float:
        """How much time has to be given to a hub on this machine, as busy as it is."""
        return max(1.0, self.start_s)

    @property
    def _sources(self) -> tuple[Source, ...]:
        return (*self.agencies, *self.calendars)


def _without_backups(node: str, codes: Mapping[int, str], kept: Books) -> dict[int, str]:
    return {slot: digits for slot, digits in codes.items() if (NAMES[node], kept.tag(digits)) not in kept.backups}


def _ours(held: Contents) -> Iterator[tuple[str, int, str]]:
    for lock, codes in held.items():
        yield from ((lock, slot, digits) for slot, digits in codes.items() if slot not in FOREIGN[lock])


# ---- setting it up -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def siege(folder: Path, seed: int) -> AsyncIterator[Siege]:
    random, port = Random(seed), _free_port()
    async with AsyncExitStack() as stack:
        simulated = await stack.enter_async_context(
            locks(
                folder,
                "--locks",
                "2=yale-zw3,3=kwikset",
                "--slots",
                str(SLOTS),
                "--delay",
                "0.004",
                "--seed",
                str(seed),
            )
        )
        await _furnish(simulated)
        (folder / "gatehouse.toml").write_text(_CONFIG.format(web=port, stick=simulated.port))
        hub = await stack.enter_async_context(victim(folder, START, SPEED))
        timeout = aiohttp.ClientTimeout(total=10)
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))

        def now() -> datetime:
            return hub.house_now() if hub.life_known else START

        calendars = [Calendar(name, Random(random.random()), now, after_id=f"@{name}.example") for name in CALENDARS]
        for calendar in calendars:
            await stack.enter_async_context(served(calendar))
        agencies = [
            Agency(
                *(name, Random(random.random()), now),
                url=f"http://127.0.0.1:{port}/api/webhooks/{name}",
                secret=f"the secret of agency {name}",
            )
            for name in AGENCIES
        ]
        await _apply(folder, agencies, calendars)
        attack = Siege(hub, simulated, agencies, calendars, http, random)
        async with asyncio.TaskGroup() as group:
            works = [group.create_task(agency.work(http)) for agency in agencies]
            works += [group.create_task(calendar.work()) for calendar in calendars]
            yield attack
            for work in works:
                work.cancel()


async def _furnish(simulated: Locks) -> None:
    """People key their codes in; one of the locks tells nobody digits."""
    for node, codes in FOREIGN.items():
        for slot, digits in codes.items():
            await simulated.at_the_door(node, "program", slot=slot, digits=digits)
    await simulated.at_the_door(NODES["flat"], "quirks", masked=True)


async def _apply(folder: Path, agencies: list[Agency], calendars: list[Calendar]) -> None:
    parts = [_HOUSE, *(_LOCK.format(name=name, node=node) for name, node in NODES.items())]
    parts += [
        _UNIT.format(name=agency.name, integration="partner", setting=f'secret = "{agency.secret}"')
        for agency in agencies
    ]
    for calendar in calendars:
        url = f'url = "http://127.0.0.1:{calendar.port}/calendar.ics"'
        parts.append(_UNIT.format(name=calendar.name, integration="ical", setting=url))
    await ask(load(folder / "gatehouse.toml"), Apply(text="".join(parts), name="site.toml"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
