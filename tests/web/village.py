"""A lived-in house for the pages: five units behind six doors on a Friday, with everything that can be the case today."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.config import AvailabilityCheck, Config, Tls, Web
from hub.contracts import Delivery, Integration, Lock, Newcomer
from hub.hub import Hub
from hub.intake import NewStay
from hub.model.codes import Reading, Slot
from hub.model.facts import Abilities, BoltMoved, CalendarFailed, CalendarRead, Fact, StayReport, Trouble, TroubleSeen
from hub.model.values import (
    Address,
    ChannelId,
    How,
    LockId,
    Position,
    Proof,
    PropertyId,
    StayId,
    StayKind,
    StayStatus,
    UnitId,
)
from hub.running import World, made
from hub.store import codes, doors, house, log
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import ChannelRow, ClosedMeans, LockRow, Origin, Property, Unit
from hub.store.stay_search import Wanted
from tests.simulators.home import DATABASE, new_house

NOW = datetime(2026, 11, 20, 13, 2, tzinfo=UTC)
"""A Friday, 14:02 in Berlin."""
TODAY = date(2026, 11, 20)
ZONE = ZoneInfo("Europe/Berlin")
HOUSE = PropertyId("lindenhof")
AIRBNB, BOOKING, DIRECT = ChannelId("airbnb-flat-1"), ChannelId("booking-flat-2"), ChannelId("airbnb-loft")


DSK = "12345-11111-22222-33333-44444-55555-06666-07777"
QR = f"900112345003{DSK.replace('-', '')}0000"


class Still:
    """A clock that stands until a test turns it."""

    def __init__(self) -> None:
        self.at = NOW
        self.trusted = True

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


class Doubted(Still):
    """One that a person has to vouch for."""

    def __init__(self) -> None:
        super().__init__()
        self.trusted = False

    def confirm(self) -> None:
        self.trusted = True


@dataclass(slots=True)
class Bolt:
    """Does as it is told, unless it has something to raise."""

    address: Address
    hub: Hub
    raises: Exception | None = None

    async def move(self, to: Position) -> Position:
        if self.raises is not None:
            raise self.raises
        await tell(self.hub, BoltMoved(self.address, self.hub.clock.now(), to, How.REMOTE))
        return to


@dataclass(slots=True)
class Radio:
    """A driver that also rehearses."""

    hub: Hub
    locks: dict[Address, Lock] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    done: list[tuple[str, Address, object]] = field(default_factory=list)

    async def run(self) -> None:
        raise AssertionError("nothing runs here")

    @property
    def doors(self) -> Mapping[Address, str]:
        return {address: lock.abilities.model for address, lock in self.locks.items()}

    def press(self, lock: Address, digits: str) -> bool:
        self.done.append(("press", lock, digits))
        return digits in self.codes

    def turn(self, lock: Address, to: Position) -> None:
        self.done.append(("turn", lock, to))

    def drain(self, lock: Address, percent: int) -> None:
        self.done.append(("drain", lock, percent))

    def jam(self, lock: Address, *, jammed: bool) -> None:
        self.done.append(("jam", lock, jammed))

    def silence(self, lock: Address, *, silent: bool) -> None:
        self.done.append(("silence", lock, silent))

    @property
    def newcomers(self) -> tuple[Newcomer, ...]:
        return (Newcomer("new-1", "Yale YRD256", QR, DSK, awake=False),)

    def pair(self, which: str) -> None:
        self.done.append(("pair", Address(which), True))


class Driver:
    """The same radio without hands: a house with real locks."""

    def __init__(self, radio: Radio) -> None:
        self._radio = radio

    @property
    def locks(self) -> Mapping[Address, Lock]:
        return self._radio.locks

    async def run(self) -> None:
        await self._radio.run()


class Calendar(Integration):
    poll_every = timedelta(minutes=15)

    async def parse(self, delivery: Delivery) -> list[Fact]:
        return []


@dataclass(slots=True)
class Village:
    hub: Hub
    clock: Still
    radio: Radio
    stays: dict[str, StayId]

    def bolt(self, address: str) -> Bolt:
        bolt = self.radio.locks[Address(address)].bolt
        assert isinstance(bolt, Bolt)
        return bolt


async def tell(hub: Hub, *facts: Fact, by: str = "radio") -> None:
    for fact in facts:
        await hub.store.write(lambda tx, fact=fact: hub.intake.absorb(tx, fact, by))  # type: ignore[misc]


@asynccontextmanager
async def village(
    folder: Path,
    *,
    furnished: bool = True,
    rehearsal: bool = True,
    clock: Still | None = None,
    tls: bool = False,
    public_url: str | None = None,
    check: AvailabilityCheck | None = None,
) -> AsyncIterator[Village]:
    secured = Tls(cert=folder / "cert", key=folder / "key.pem") if tls else None
    config = Config(
        database=DATABASE.get() or str(folder / "house.db"),
        state_dir=folder,
        key_file=folder / "key",
        public_url=public_url,
        web=Web(tls=secured, availability=check),
    )
    new_house(config)
    clock = clock or Still()
    async with made(config, World(clock=clock, inline=True)) as hub:
        radio = Radio(hub)
        hub.plugins.add_driver("radio", radio if rehearsal else Driver(radio))
        found = Village(hub, clock, radio, {})
        if furnished:
            await _furnish(found)
        yield found


# ---- building -------------------------------------------------------------------------------------------------------

_DOORS = {
    "front": "Front door",
    "flat-1": "Flat 1",
    "flat-2": "Flat 2",
    "garden": "Garden room",
    "loft": "The loft",
    "studio": "Studio",
}


async def _furnish(here: Village) -> None:
    hub = here.hub
    await hub.store.write(lambda tx: _build(tx, hub))
    for number, id_ in enumerate(_DOORS, start=1):
        able = Abilities("BE469ZP" if id_ == "front" else "YRD256", "1.4", 30, 4, 8, id_ != "loft", _secure(id_))
        address = Address(str(number))
        here.radio.locks[address] = Lock(address, able, bolt=Bolt(address, hub))
        await hub.store.write(partial(_met, lock=LockId(id_), able=able, number=number))
    for channel in (AIRBNB, BOOKING, DIRECT):
        hub.plugins.add_channel(channel, Calendar())
    await _live(here)


def _secure(id_: str) -> str:
    return "" if id_ == "garden" else "S2 Access Control"


def _build(tx: Tx, hub: Hub) -> None:
    place = Property(HOUSE, "Lindenhof", ZONE, time(15), time(11), timedelta(hours=1), 6, Origin.SITE, backups=0)
    house.keep_property(tx, place)
    for number, (id_, name) in enumerate(_DOORS.items(), start=1):
        house.keep_lock(
            tx, LockRow(LockId(id_), HOUSE, name, "radio", Address(str(number)), id_ == "front", Origin.SITE)
        )
    for id_, name in _DOORS.items():
        if id_ != "front":
            locks = (LockId("front"), LockId(id_))
            house.keep_unit(tx, Unit(UnitId(id_), HOUSE, name, locks, ClosedMeans.ASK, Origin.SITE))
    for channel, unit in ((AIRBNB, "flat-1"), (BOOKING, "flat-2"), (DIRECT, "loft")):
        sealed = house.sealed_settings(channel, {"url": "http://127.0.0.1/feed.ics"}, hub.vault)
        house.keep_channel(tx, ChannelRow(channel, UnitId(unit), "ical", sealed, Origin.SITE))


def _met(tx: Tx, *, lock: LockId, able: Abilities, number: int) -> None:
    doors.learn_abilities(tx, lock, able)
    low = lock == "garden"
    doors.learn(
        tx,
        lock,
        battery=12 if low else 98 - 9 * number,
        battery_low=int(low),
        battery_at=NOW - timedelta(hours=5),
        heard_at=NOW - timedelta(minutes=number * 7),
        position=(Position.UNLOCKED if lock == "studio" else Position.LOCKED).value,
        position_how=How.KEYPAD.value,
        position_at=NOW - timedelta(minutes=40 + number),
    )
    if lock == "loft":
        doors.learn(tx, lock, silent_since=NOW - timedelta(hours=2), silent_why="three tries, no answer")


# ---- living in it ---------------------------------------------------------------------------------------------------


async def _live(here: Village) -> None:
    hub = here.hub
    await tell(hub, CalendarRead(AIRBNB, NOW - timedelta(minutes=9), _airbnb()))
    await tell(hub, CalendarRead(BOOKING, NOW - timedelta(minutes=4), _booking()))
    await tell(hub, CalendarFailed(DIRECT, NOW - timedelta(hours=3), "the server answered 503"))
    await hub.store.write(lambda tx: _telephone(tx, here))
    await hub.store.write(lambda tx: here.stays.update(_named(tx)))
    await hub.store.write(lambda tx: _prove(tx, here.stays["Anna Berg"], Proof.READ_BACK))
    await hub.store.write(lambda tx: _prove(tx, here.stays["Priya Natarajan"], Proof.CONFIRMED))
    await hub.store.write(lambda tx: _prove(tx, here.stays["Tom Okafor"], Proof.READ_BACK))
    await hub.store.write(_strangers)
    await _come_and_go(here)


def _report(uid: str, guest: str, arrival: int, nights: int, **more: object) -> StayReport:
    first = TODAY + timedelta(days=arrival)
    kind, status = more.pop("kind", StayKind.RESERVATION), more.pop("status", StayStatus.CONFIRMED)
    assert isinstance(kind, StayKind)
    assert isinstance(status, StayStatus)
    last = first + timedelta(days=nights)
    return StayReport(uid, kind, status, first, last, guest=guest, **more)  # type: ignore[arg-type]


def _airbnb() -> tuple[StayReport, ...]:
    return (
        _report("a1", "Anna Berg", 0, 3, reference="HMABCD1234", phone_last4="4711", guests=2),
        _report("a2", "", 5, 2, reference="HMZZTOP987"),
        _report("a3", "Blocked", 9, 4, kind=StayKind.BLOCK),
        _report("a4", "Ilse Cornelissen", 14, 7, status=StayStatus.TENTATIVE, reference="HMQQ12AB34"),
    )


def _booking() -> tuple[StayReport, ...]:
    return (
        _report("b1", "José Ñandú-Müller", 0, 2, check_in=datetime(2026, 11, 20, 16, 30, tzinfo=UTC)),
        _report("b2", "", 2, 4, kind=StayKind.UNKNOWN, note="CLOSED - Not available"),
        _report("b3", "The very long name of a travelling theatre company with many members", 12, 1),
    )


def _telephone(tx: Tx, here: Village) -> None:
    by = "account:Robin"

    def add(unit: str, guest: str, arrival: int, nights: int, **more: object) -> StayId:
        first = TODAY + timedelta(days=arrival)
        new = NewStay(UnitId(unit), first, first + timedelta(days=nights), guest, **more)  # type: ignore[arg-type]
        return here.hub.intake.add_stay(tx, new, by)

    late = time(18)
    add("garden", "Priya Natarajan", -2, 2, check_out=late, phone="+49 170 1234567", note="Comes with a dog.")
    add("studio", "Tom Okafor", -3, 7)
    add("loft", "Familie van der Meer", 0, 4, check_in=time(12), phone="+31 6 12345678")
    add("studio", "Grace Hopper", 5, 3)
    add("garden", "Mary Jackson", 1, 2)
    here.hub.intake.cancel_stay(tx, add("garden", "Edsger Dijkstra", 6, 2), by)


def _named(tx: Tx) -> Iterable[tuple[str, StayId]]:
    return [(row.guest or row.reference or row.kind.value, row.id) for row in ledger.search(tx, Wanted())]


def _prove(tx: Tx, stay: StayId, proof: Proof) -> None:
    row = ledger.stay(tx, stay)
    whose = "" if row is None else row.guest
    for entry in codes.issued_for(tx, stay):
        number = 1 + sum(slot.holder is not None for slot in codes.slots_of(tx, entry.lock))
        at = NOW - timedelta(hours=1, minutes=number)
        grant = entry.grant
        slot = Slot(number, grant.id, Reading.OCCUPIED, grant.tag, proof=proof, proven_at=at)
        codes.keep_slot(
            tx, entry.lock, slot, min(at, grant.window.start)
        )  # it is there since then, and looked at lately
        log.note(tx, log.Entry(at, entry.lock, HOUSE, log.CODE_SET, "remote", whose, number, grant.id, stay))


def _strangers(tx: Tx) -> None:
    codes.keep_slot(tx, LockId("front"), Slot(30, reading=Reading.OCCUPIED, proven_at=NOW - timedelta(hours=9)), NOW)


async def _come_and_go(here: Village) -> None:
    hub = here.hub
    front, garden, studio = Address("1"), Address("4"), Address("6")
    for days, hour, address, slot in (
        (2, 16, front, 2),
        (2, 16, garden, 1),
        (1, 9, front, 2),
        (0, 9, studio, 1),
        (0, 12, front, 3),
    ):
        at = NOW.replace(hour=hour) - timedelta(days=days)
        await tell(hub, BoltMoved(address, at, Position.UNLOCKED, How.KEYPAD, slot))
        await tell(hub, BoltMoved(address, at + timedelta(minutes=2), Position.LOCKED, How.MANUAL))
    await tell(hub, TroubleSeen(garden, NOW - timedelta(minutes=50), Trouble.WRONG_CODES, "5 wrong codes"))
    await tell(hub, BoltMoved(studio, NOW - timedelta(minutes=31), Position.UNLOCKED, How.KEYPAD, 1))
