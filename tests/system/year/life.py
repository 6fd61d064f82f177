"""A year of the town: the hub, its locks and its channels, and all that happens to them, on a turned clock."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from hub import audit, running
from hub.config import Config
from hub.contracts import Delivery, Host
from hub.health import findings
from hub.hub import Hub
from hub.io.clock import LoopClock
from hub.io.sandbox import InlineSandbox
from hub.model.facts import Fact, StayReport
from hub.model.policy import Override
from hub.model.values import Address, How, LockId, PropertyId, StayId, StayStatus, UnitId
from hub.running import Chance, World
from hub.store import house, questions
from hub.store import stays as bookings
from hub.store.engine import Tx
from hub.store.house import ClosedMeans, LockRow, Origin, Property, Unit
from tests.simulators.home import new_house
from tests.simulators.street import FLAT, Door, Street
from tests.system.year.channels import Source
from tests.system.year.judge import Judge
from tests.system.year.ledger import Ledger
from tests.system.year.rungs import Ladder
from tests.system.year.town import Booking, Flat, Hours, Town, Word

Work = Callable[[], Awaitable[None] | None]

FAILING_FOR: Final = timedelta(minutes=40)
"""hub/health.py: a calendar that cannot be read for half an hour is told of; alerts are looked after every five minutes."""
ROBIN: Final = "account:Robin"
"""Who runs the house."""
FIRST, SOME = 3, 10
"""After the first few of the hub's lives, and every so many, the hub itself looks at the whole audit chain."""
LUCKY: Final = 0.1
"""How often chance gives digits that somebody has or had already."""


class Luck:
    """A source of chance that likes to draw what it drew before: what should be rare comes often."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._seen: list[int] = [31_415, 27_182]

    def below(self, limit: int) -> int:
        if limit >= 10_000 and limit < 1_000_000_000 and self._random.random() < LUCKY:
            return self._random.choice(self._seen) % limit
        drawn = self._random.randrange(limit)
        if limit >= 10_000:
            self._seen.append(drawn)
            del self._seen[:-200]
        return drawn

    def like(self, digits: str) -> None:
        self._seen.append(int(digits))


class Life:
    def __init__(self, folder: Path, plan: Town, random: Random, days: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.clock = LoopClock(self.loop, plan.begin - timedelta(seconds=self.loop.time()))
        self.plan, self.random, self.days = plan, random, days
        self.luck = Luck(Random(random.random()))
        self.draw = Random(random.random()).randbytes
        self.config = Config.model_validate(
            {"database": str(folder / "gatehouse.db"), "state_dir": folder / "state", "key_file": folder / "key"}
        )
        self.stop = asyncio.Event()
        """The hub is to be stopped, for good or not."""
        self.judge = Judge(self.now, self.at, self._owner, self.stop.set, self._sent, self._given, self._issued)
        self.doors = {
            lock: Door(lock, brand, self.judge, Random(random.random())) for lock, brand in plan.brands.items()
        }
        for door in self.doors.values():
            self.judge.met(door)
        self.ladder = Ladder(self.judge, lambda: self.ledger, lambda lock: self.doors[Address(lock)])
        self.sources = {flat.name: Source(self, flat) for flat in plan.flats}
        self.flats = {flat.name: flat for flat in plan.flats}
        self.said: dict[str, tuple[StayReport, ...]] = {}
        """What each delivery tells, by its key."""
        self.offline = False
        self.hub: Hub | None = None
        """None while it is stopped."""
        self.street: Street | None = None
        self.ledger: Ledger | None = None
        self.over = False
        self._lives = 0
        self.stop_at_next_command = False
        self.added: list[Door] = []
        """Reset, and not met again by the driver yet."""
        self._errands: asyncio.Queue[Work] = asyncio.Queue()
        self._unsent: list[StayReport] = []
        self.at_the_door = asyncio.Lock()
        """Nobody speaks to a hub that is being stopped."""

    # ---- time ----

    def now(self) -> datetime:
        return self.clock.now()

    def at(self, when: datetime, work: Callable[[], None]) -> None:
        self.loop.call_at(self.loop.time() + max((when - self.now()).total_seconds(), 0.0), work)

    def errand(self, when: datetime, work: Work) -> None:
        """Something that happens in the world then."""
        self.at(when, lambda: self._errands.put_nowait(work))

    async def _run_errands(self) -> None:
        while True:
            done = (await self._errands.get())()
            if inspect.isawaitable(done):
                await done

    def _sent(self) -> None:
        if self.stop_at_next_command:
            self.stop_at_next_command = False
            self.loop.call_later(self.random.choice([0.0, 0.1, 0.25, 3.0, 6.0]), self.stop.set)

    def _owner(self, door: Door, digits: str) -> str | None:
        return None if self.ledger is None else self.ledger.owner(door.address, digits)

    def _given(self, door: Door, uid: str) -> list[str] | None:
        return (
            None if self.ledger is None else [each.digits for each in self.ledger.held(door.address) if each.uid == uid]
        )

    def _issued(self, digits: str) -> bool:
        return self.ledger is not None and self.ledger.issued(digits)

    # ---- the hub, again and again ----

    async def run(self) -> None:
        for booking in self.plan.bookings:
            for word in booking.words:
                self.errand(word.at, self._word(word, booking))
        self.errand(self.plan.begin + timedelta(days=self.days), self._finish)
        async with asyncio.TaskGroup() as group:
            errands = group.create_task(self._run_errands())
            while not self.over and not self.judge.violations:
                await self._one_life()
            errands.cancel()

    def _finish(self) -> None:
        self.over = True
        self.stop.set()

    async def _one_life(self) -> None:
        new = not self.config.database_file.exists()
        new_house(self.config, self.draw)
        self.stop.clear()
        world = World(clock=self.clock, chance=Chance(self.luck.below, self.draw), sandbox=InlineSandbox(), inline=True)
        async with running.made(self.config, world) as hub:
            self._furnished(hub)
            if new:
                await hub.store.write(lambda tx: _furnish(tx, hub, self.plan))
            self.ledger = Ledger.of(self.config.database_file, hub.vault)
            async with asyncio.TaskGroup() as group:
                task = group.create_task(running.run(hub, upkeep=False))
                await asyncio.sleep(1)
                self.hub = hub
                self.judge.woke()
                self.judge.note("the hub is up")
                self._errands.put_nowait(self.send_all)
                self._errands.put_nowait(self.meet_added)
                await self.stop.wait()
                for _ in range(self.random.randrange(60)):
                    await asyncio.sleep(0)
                self.hub, self.judge.up_since = None, None
                async with self.at_the_door:
                    task.cancel()
            self.judge.note("the hub is down")
            await self._look_at_books(hub, self.ledger)
            self.ledger.close()
            self.ledger = None
            self.street = None
        if not self.over and not self.judge.violations:
            await self.clock.sleep(self.random.choice([0.5, 5.0, 60.0, 900.0]))

    async def _look_at_books(self, hub: Hub, ledger: Ledger) -> None:
        """The audit chain is what the locks recorded, and whole."""
        self.judge.journals.compare(ledger)
        self._lives += 1
        if self.over or self._lives <= FIRST or self._lives % SOME == 0:
            seen = await audit.verify(hub.store, hub.state_dir, self.now())
            if seen.wrong or seen.links != self.judge.journals.number:
                self.judge.blame("audit", f"the chain of {seen.links} links is not whole: {seen.wrong}")

    def _furnished(self, hub: Hub) -> None:
        host = Host("street", _teller(hub), self.clock, self.config.state_dir, bytes, bytes, InlineSandbox())
        self.street = Street(self.doors.values(), host)
        hub.plugins.add_driver("street", self.street)
        for flat in self.plan.flats:
            hub.plugins.add_channel(flat.channel, self.sources[flat.name])

    async def speak(self, work: Callable[[Street], Awaitable[None]]) -> None:
        """Something a lock tells by itself; lost while there is no hub."""
        async with self.at_the_door:
            if self.hub is not None and self.street is not None:
                await work(self.street)

    async def meet_added(self) -> None:
        """The driver finds out that locks were reset, and are back."""
        while self.added and self.hub is not None:
            async with self.at_the_door:
                if self.hub is not None and self.street is not None:
                    await self.street.meet(self.added[0], replaced=True)
                    self.added.pop(0)

    # ---- bookings ----

    def _word(self, word: Word, booking: Booking) -> Work:
        async def spoken() -> None:
            source = self.sources[booking.flat.name]
            if source.listed.get(booking.uid) == word.report:
                return
            source.listed[booking.uid] = word.report
            if not booking.flat.polled:
                self._unsent.append(word.report)
                await self.send_all()

        return spoken

    async def send_all(self) -> None:
        """Tell the hub what its channels have to tell, in the order in which it came up."""
        while self._unsent and self.hub is not None and not self.offline:
            async with self.at_the_door:
                if self.hub is not None:
                    report = self._unsent[0]
                    key = f"{report.uid} {len(self.said)}"
                    self.said[key] = (report,)
                    self.telling(report)
                    await self.hub.inbox.accept(Delivery(self._flat(report).channel, key, b"new", self.now()))
                    self.told(report)
                    self._unsent.pop(0)

    def _flat(self, report: StayReport) -> Flat:
        return self.flats[report.uid.partition("/")[0]]

    def telling(self, report: StayReport) -> None:
        flat = self._flat(report)
        self.judge.telling(report.uid, flat, flat.hours(report))

    def told(self, report: StayReport) -> None:
        flat = self._flat(report)
        hours = flat.hours(report)
        self.judge.told(report.uid, flat, hours)
        if hours is not None:
            self._expect(report.uid, flat, hours)
            self.ladder.expect(report.uid, flat, hours)

    # ---- what people are asked ----

    def hours_known(self, flat: Flat) -> dict[str, Hours]:
        stays = (self.judge.stays.get(uid) for uid in self.sources[flat.name].listed)
        return {each.uid: each.hours for each in stays if each is not None and each.hours is not None}

    def asks(self, report: StayReport) -> None:
        self.judge.note(f"{report.uid} is listed no more: a person is asked")
        self.errand(self.now() + timedelta(minutes=self.random.randrange(5, 90)), lambda: self._decide(report))

    async def _decide(self, report: StayReport) -> None:
        """Whoever runs the house answers what the hub asks: they know what the guest wants."""
        source, hub, uid = self.sources[self._flat(report).name], self.hub, report.uid
        hours = self.judge.stays[uid].hours
        if uid not in source.asked or hours is None or hours.end <= self.now():
            return
        if hub is None or not self.judge.waited(self.now() - timedelta(hours=1)):
            self.errand(self.now() + timedelta(minutes=10), lambda: self._decide(report))
            return
        over = source.listed[uid].status is StayStatus.CANCELLED
        async with self.at_the_door:
            said = await hub.store.write(lambda tx: self._answer(tx, hub, uid, "cancel" if over else "keep"))
        self.judge.note(f"somebody looks after {uid}: {said}")
        if said == "nobody is asked" and not self._slept(source.listed[uid]):
            self.judge.blame("untold", f"{uid} is listed no more, and nobody is asked whether it is over")
        if said == "cancel":
            self.told(report if over else source.listed[uid])

    def _slept(self, report: StayReport) -> bool:
        """Of a stay whose nights are over nobody is asked: many calendars drop them on the day of departure."""
        today = max(self.now().date(), self.now().astimezone(self._flat(report).place.zone).date())
        return report.departure is not None and report.departure <= today

    def _answer(self, tx: Tx, hub: Hub, uid: str, answer: str) -> str:
        id_ = None if self.ledger is None else self.ledger.stay(uid)
        row = None if id_ is None else bookings.stay(tx, StayId(id_))
        if row is None or row.status is StayStatus.CANCELLED:
            return "it is cancelled" if row is not None else "it is not known"
        if row.arrived_at is not None:
            return "the guest is inside"
        asked = next(
            (each for each in questions.open_questions(tx) if each.subject == id_ and each.kind == "gone"), None
        )
        if asked is None:
            return "nobody is asked"
        hub.intake.answer(tx, asked.id, answer, ROBIN)
        return answer

    def failed(self, source: Source) -> None:
        """By then somebody has been told that a calendar cannot be read, if that goes on."""
        self.judge.note(
            f"the calendar of {source.flat.name} fails: {source.fault.value if source.fault else 'no internet'}"
        )
        since = source.failing_since

        def look() -> None:
            if source.failing_since != since or since is None:
                return
            if self.ledger is None or not self.judge.waited(since):
                self.errand(self.now() + timedelta(minutes=10), look)
            elif not self.ledger.alerted([f"channel:{source.flat.channel}"]):
                self.judge.blame(
                    "untold", f"the calendar of {source.flat.name} fails since {since:%m-%d %H:%M}, and nobody knows"
                )

        self.errand(self.now() + FAILING_FOR, look)

    # ---- guests ----

    def _expect(self, uid: str, flat: Flat, hours: Hours) -> None:
        now = self.now()
        arrival = max(hours.comes, now) + timedelta(seconds=self.random.randrange(1, 7200))
        for number, when in enumerate((arrival, hours.comes, hours.end - timedelta(seconds=20))):
            if now < when < hours.end:
                self.errand(when, self.visit(uid, flat, hours, enters=number == 0))

    def visit(self, uid: str, flat: Flat, hours: Hours, *, enters: bool) -> Callable[[], Awaitable[None]]:
        async def visit() -> None:
            stay = self.judge.stays[uid]
            if stay.hours != hours or stay.coming is not None or stay.told_at is None or self.ledger is None:
                return
            booked = self.sources[flat.name].listed.get(uid)
            if booked is None or flat.hours(booked) != hours:
                return  # the hub will hear that the guest has other plans
            if self.now() >= hours.end:
                return
            for door in (self.doors[lock] for lock in flat.doors):
                if door in self.judge.down:
                    continue
                tried = (door.slot_of(each, self.now()) for each in self.ledger.digits(door.address, uid))
                slot = next((each for each in tried if each is not None), None)
                if slot is None or door.battery <= FLAT:
                    await self.outside(
                        uid, door, max(hours.begins(door.address), stay.told_at, self.judge.free_since(door))
                    )
                elif enters:
                    await self.opened(door, slot)

        return visit

    async def try_doors(self, doors: Collection[Door]) -> None:
        """Whoever may come in by these doors now is let in."""
        for flat in self.flats.values():
            if not any(self.doors[lock] in doors for lock in flat.doors):
                continue
            for uid, hours in self.hours_known(flat).items():
                if self.now() in hours:
                    await self.visit(uid, flat, hours, enters=False)()

    async def opened(self, door: Door, slot: int) -> None:
        async def tell(street: Street) -> None:
            if door.brand.events and door.reachable:
                self.judge.journals.opened(door, slot)
            await street.opened(door, How.KEYPAD, slot)

        await self.speak(tell)

    async def outside(self, uid: str, door: Door, since: datetime) -> None:
        """A guest stands outside: a door that answers should have let them in; of any other somebody has been told."""
        self.judge.count("outside")
        if self.judge.steady(door, since):
            self.judge.blame("outside", f"{door.address} ({door.brand.name}) answers and does not let {uid} in")
        elif door in self.judge.blank and not door.called_silent:
            self.judge.count("outside a blank lock")  # nobody can know: it says nothing, and nobody has asked it since
        elif self.judge.waited(since) and self.hub is not None and not await self._known(uid, door):
            self.judge.blame("untold", f"{uid} stands outside {door.address} ({door.brand.name}), and nobody was told")

    async def _known(self, uid: str, door: Door) -> bool:
        hub, stay = self.hub, None if self.ledger is None else self.ledger.stay(uid)
        assert hub is not None
        wrong = await hub.store.read(lambda tx: findings(tx, hub))
        asked = await hub.store.read(questions.open_questions)
        about = {each.about for each in wrong} | {f"stay:{each.subject}" for each in asked}
        return f"lock:{door.address}" in about or f"stay:{stay}" in about


def _teller(hub: Hub) -> Any:
    async def tell(fact: Fact) -> None:
        await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, "street"))

    return tell


def _furnish(tx: Tx, hub: Hub, plan: Town) -> None:
    for place in {id(each): each for each in plan.houses.values()}.values():
        row = Property(
            PropertyId(place.name),
            place.name.title(),
            place.zone,
            place.check_in,
            place.check_out,
            place.lead,
            6,
            Origin.SITE,
            early_in=place.early,
            late_out=place.late,
        )
        house.keep_property(tx, row)
    shared = [lock for flat in plan.flats for lock in flat.doors[1:]]
    for lock, place in plan.houses.items():
        row_ = LockRow(LockId(lock), PropertyId(place.name), lock.title(), "street", lock, lock in shared, Origin.SITE)
        if lock in plan.own_leads:
            row_ = replace(row_, codes=Override(lead=place.own_lead))
        house.keep_lock(tx, row_)
    for flat in plan.flats:
        doors = tuple(sorted(LockId(lock) for lock in flat.doors))
        unit = Unit(
            UnitId(flat.name), PropertyId(flat.place.name), flat.name.title(), doors, ClosedMeans.ASK, Origin.SITE
        )
        house.keep_unit(tx, unit)
        sealed = house.sealed_settings(flat.channel, {}, hub.vault)
        house.keep_channel(tx, house.ChannelRow(flat.channel, unit.id, "street", sealed, Origin.SITE))
