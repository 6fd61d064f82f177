"""Looking after a radio network: the same for the page, the API and the command line.

Whoever calls has made sure that it is the owner who asks, or a program that may do everything. What was asked is written
into the audit trail before it is done, and what became of it afterwards. What takes minutes is an errand: it is done in the
background, and `Survey.busy` says how far it is.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from itertools import count
from typing import Final, TypeVar

from hub import housing
from hub.bus import Bus
from hub.contracts import Clock
from hub.contracts.radio import CONSENT, Asked, Echo, Ended, Prepared, Radio, Survey, Talk, Wish
from hub.errors import Disappointment, Rejected, Unavailable
from hub.housing import NewLock
from hub.intake import Intake
from hub.model.values import Address, LockId, Secret
from hub.plugins import Plugins
from hub.store import log
from hub.store.engine import Store, Tx

T = TypeVar("T")

REMEMBERED: Final = 12
"""Errands that are still shown after they ended."""
PATIENCE: Final = timedelta(seconds=8)
"""How long a person looks at a pressed button; real time. What takes longer goes on by itself."""
SHOW_KEYS: Final = "show the keys"
"""Typed by whoever has no password to give again."""


class Work(Enum):
    """What can be asked of a device or of the stick and takes its time."""

    PING = "ping"
    INTERVIEW = "interview"
    HEAL = "heal"
    FORGET = "forget"
    RESTORE = "restore"


class Outcome(Enum):
    UNDER_WAY = "under_way"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """No answer: it may have been done."""


@dataclass(slots=True, eq=False)
class Errand:
    """One piece of work, from its order to its end."""

    id: int
    radio: str
    work: Work
    address: Address | None
    begun_at: datetime
    """Real time."""
    asked: int
    """Its line in the audit trail."""
    memory: bytes = field(default=b"", repr=False)
    """RESTORE: what is to be written."""
    outcome: Outcome = Outcome.UNDER_WAY
    sentence: str = ""
    echo: Echo | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    async def settle(self, within: timedelta = PATIENCE) -> None:
        """Wait for its end, but no longer than that."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self.ended.wait()
        except TimeoutError:
            return

    def insist(self) -> None:
        """Raises a Disappointment where it ended otherwise than done."""
        match self.outcome:
            case Outcome.REFUSED:
                raise Rejected(self.sentence)
            case Outcome.UNKNOWN:
                raise Unavailable(self.sentence)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A conversation that was begun here."""

    talk: str
    asked: int
    """Its line in the audit trail."""
    vacant: frozenset[Address]
    """Where the house has a lock and the network had no device: one that joins there is not its heir."""


class Radios:
    """Every network that the house's drivers keep, by the driver's name."""

    def __init__(self, store: Store, plugins: Plugins, bus: Bus, clock: Clock, wall: Clock, intake: Intake) -> None:
        self._store = store
        self._plugins = plugins
        self._bus = bus
        self._clock = clock
        self._wall = wall
        self._intake = intake
        self._orders: asyncio.Queue[Errand] = asyncio.Queue()
        self._errands: deque[Errand] = deque(maxlen=REMEMBERED)
        self._numbers = count(1)
        self._talks: dict[str, _Begun] = {}
        self._expected: dict[str, frozenset[str]] = {}
        """By radio: the tails of the prepared devices that were seen waiting."""

    # ---- looking: asks nobody ----

    @property
    def names(self) -> list[str]:
        return sorted(self._plugins.radios)

    def named(self, name: str) -> Radio:
        """Raises Rejected: no driver keeps a network of that name."""
        found = self._plugins.radios.get(name)
        if found is None:
            raise Rejected(f"there is no radio called “{name}”")
        return found

    def survey(self, name: str) -> Survey:
        return self.named(name).survey()

    def talk(self, name: str) -> Talk | None:
        """The conversation under way, else the last one."""
        return self.named(name).joining.talk

    def trace(self, name: str) -> tuple[str, ...]:
        return self.named(name).trace()

    def errands(self, name: str) -> list[Errand]:
        """The last ones, newest first."""
        return [errand for errand in reversed(self._errands) if errand.radio == name]

    # ---- adding, removing, replacing ----

    async def begin(
        self,
        name: str,
        wish: Wish,
        actor: str,
        *,
        label: Secret | None = None,
        address: Address | None = None,
        unencrypted: bool = False,
    ) -> Talk:
        """Raises as `Joining.begin`."""
        joining = self.named(name).joining
        where = "" if address is None else f"node {address}"
        if address is not None and not unencrypted:
            unencrypted = await self._store.read(lambda tx: housing.may_go_unencrypted(tx, name, address))
        detail = f"{where}, without encryption".lstrip(", ") if unencrypted else where
        asked = await self._record(name, actor, f"{wish.value} device", detail, outcome="asked")
        there = {node.address for node in self.survey(name).nodes}
        vacant = await self._store.read(lambda tx: housing.vacant(tx, name, there))
        try:
            talk = joining.begin(wish, label=label, address=address, unencrypted=unencrypted)
        except Disappointment as error:
            await self._conclude(asked, Outcome.REFUSED, str(error))
            raise
        self._talks[name] = _Begun(talk.id, asked, vacant)
        await self._write_down()
        return talk

    async def answer(self, name: str, talk: str, words: str, actor: str) -> None:
        """Raises as `Joining.answer`. A PIN is never written down."""
        joining = self.named(name).joining
        question = None if joining.talk is None else joining.talk.question
        joining.answer(talk, words)
        if question is not None and question.asked is not Asked.PIN:
            wanted = CONSENT.get(question.asked)
            # Whoever says no may type anything in its place, a PIN too.
            said = words if wanted is None else wanted if words.strip().casefold() == wanted else "no"
            await self._record(name, actor, f"answer {question.asked.value}", said[:200])

    async def cancel(self, name: str, talk: str, actor: str) -> None:
        """Raises as `Joining.cancel`."""
        self.named(name).joining.cancel(talk)
        await self._record(name, actor, "cancel conversation")
        await self._write_down()

    async def _write_down(self) -> None:
        """What became of the conversations that were begun here; a device that left leaves its lock without one."""
        for name, begun in list(self._talks.items()):
            radio = self._plugins.radios.get(name)
            talk = None if radio is None else radio.joining.talk
            if talk is None or talk.id != begun.talk or talk.ended is None:
                continue
            del self._talks[name]
            await self._store.write(lambda tx, name=name, talk=talk, begun=begun: self._end(tx, name, talk, begun))  # type: ignore[misc]

    def _end(self, tx: Tx, name: str, talk: Talk, begun: _Begun) -> None:
        outcome = {Ended.DONE: "done", Ended.CANCELLED: "refused", Ended.FAILED: "refused"}[talk.ended or Ended.FAILED]
        where = "" if talk.address is None else f"node {talk.address}: "
        log.conclude(tx, begun.asked, self._clock.now(), outcome, f"{where}{talk.sentence}")
        if talk.ended is not Ended.DONE or talk.address is None:
            return
        if talk.wish is Wish.REMOVE or (talk.wish is Wish.ADD and talk.address in begun.vacant):
            housing.detach(tx, name, talk.address, self._clock.now())

    async def _welcome(self) -> None:
        """A prepared device that joined by itself is a new one, whatever lock of the house had its address before."""
        for name, radio in self._plugins.radios.items():
            prepared = radio.survey().prepared
            expected = self._expected.get(name, frozenset())
            joined = [each.joined for each in prepared if each.joined is not None and each.tail in expected]
            self._expected[name] = frozenset(each.tail for each in prepared if each.joined is None)
            for address in joined:
                await self._store.write(partial(housing.detach, driver=name, address=address, now=self._clock.now()))

    # ---- a device becomes a lock of the house ----

    async def name_lock(self, name: str, address: Address, new: NewLock, actor: str) -> LockId:
        """Raises Rejected: nothing has that address, or the house does not allow it."""
        self._mind(name, address)

        def work(tx: Tx) -> LockId:
            lock = housing.settle_in(tx, self._plugins, self._intake, name, address, new, self._clock.now())
            log.record(tx, self._clock.now(), actor, "name lock", f"lock:{lock}", detail=f"{name} {address}")
            return lock

        return await self._store.write(work)

    async def take_place(self, name: str, address: Address, lock: LockId, actor: str) -> None:
        """The device becomes an existing lock of the house, whose own was replaced. Raises as `name_lock`."""
        self._mind(name, address)

        def work(tx: Tx) -> None:
            housing.take_place(tx, self._plugins, self._intake, name, address, lock, self._clock.now())
            log.record(
                tx, self._clock.now(), actor, "give lock another device", f"lock:{lock}", detail=f"{name} {address}"
            )

        await self._store.write(work)

    def _mind(self, name: str, address: Address) -> None:
        if all(node.address != address for node in self.survey(name).nodes):
            raise Rejected(f"nothing in the network has the address {address}")

    # ---- SmartStart ----

    async def prepare(self, name: str, label: Secret, actor: str) -> Prepared:
        radio = self.named(name)
        return await self._recorded(
            name, actor, "prepare device", lambda: radio.prepare(label), lambda made: f"label ending {made.tail}"
        )

    async def unprepare(self, name: str, tail: str, actor: str) -> None:
        radio = self.named(name)
        await self._recorded(
            name, actor, "unprepare device", lambda: radio.unprepare(tail), lambda _: f"label ending {tail}"
        )

    # ---- the stick's memory and the keys ----

    async def back_up(self, name: str, actor: str) -> bytes:
        radio = self.named(name)
        return await self._recorded(name, actor, "back up radio", radio.back_up, lambda memory: f"{len(memory)} bytes")

    async def export_keys(self, name: str, actor: str) -> Secret:
        """The keys open every lock of the network: whoever calls has asked the person once more."""
        keys = self.named(name).export_keys()
        await self._record(name, actor, "show network keys")
        return keys

    async def import_keys(self, name: str, keys: Secret, actor: str) -> None:
        radio = self.named(name)
        await self._recorded(name, actor, "import network keys", lambda: radio.import_keys(keys), lambda _: "")

    # ---- errands ----

    async def send(
        self, name: str, work: Work, actor: str, address: Address | None = None, *, memory: bytes = b""
    ) -> Errand:
        """Have something done in the background. Raises Rejected: nothing has that address."""
        self.named(name)
        if address is not None:
            self._mind(name, address)
        where = "" if address is None else f"node {address}"
        asked = await self._record(name, actor, _ACTIONS[work], where, outcome="asked")
        errand = Errand(next(self._numbers), name, work, address, self._wall.now(), asked, memory)
        self._errands.append(errand)
        self._orders.put_nowait(errand)
        return errand

    async def run(self) -> None:
        """Do the errands and write down how conversations end, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(), name="radio talks")
            while True:
                errand = await self._orders.get()
                group.create_task(self._do(errand), name=f"radio errand {errand.id}")

    async def _watch(self) -> None:
        async with self._bus.listen("plugin:") as ear:
            await self._write_down()
            await self._welcome()
            async for _ in ear:
                await self._write_down()
                await self._welcome()

    async def _do(self, errand: Errand) -> None:
        outcome, sentence = Outcome.UNKNOWN, "the hub stopped meanwhile"
        try:
            sentence = await self._plugins.asked(errand.radio, self._work(errand))
            outcome = Outcome.DONE
        except Rejected as error:
            outcome, sentence = Outcome.REFUSED, str(error)
        except Disappointment as error:
            sentence = str(error)
        finally:
            await self._store.write(lambda tx: self._settle(tx, errand, outcome, sentence))
            errand.outcome, errand.sentence, errand.memory = outcome, sentence, b""
            errand.ended.set()
            self._bus.signal(f"plugin:{errand.radio}")

    async def _work(self, errand: Errand) -> str:
        radio = self.named(errand.radio)
        match errand.work, errand.address:
            case Work.PING, str() as address:
                errand.echo = await radio.ping(address)
                return _echo_words(errand.echo)
            case Work.INTERVIEW, str() as address:
                await radio.interview(address)
                return "everything it told is learnt anew"
            case Work.FORGET, str() as address:
                await radio.forget(address)
                return "it is taken out of the network"
            case Work.HEAL, address:
                await radio.heal(address)
                return "neighbours and routes are looked for anew"
            case Work.RESTORE, _:
                await radio.restore(errand.memory)
                return "the stick has its memory back and started anew"
            case work, _:
                raise Rejected(f"{work.value} needs the address of a device")

    def _settle(self, tx: Tx, errand: Errand, outcome: Outcome, sentence: str) -> None:
        where = "" if errand.address is None else f"node {errand.address}: "
        log.conclude(tx, errand.asked, self._clock.now(), outcome.value, f"{where}{sentence}")
        if errand.work is Work.FORGET and outcome is Outcome.DONE and errand.address is not None:
            housing.detach(tx, errand.radio, errand.address, self._clock.now())

    # ---- the audit trail ----

    async def _recorded(
        self, name: str, actor: str, action: str, work: Callable[[], Awaitable[T]], tell: Callable[[T], str]
    ) -> T:
        asked = await self._record(name, actor, action, outcome="asked")
        outcome, why = Outcome.UNKNOWN, "the hub stopped meanwhile"
        try:
            done = await self._plugins.asked(name, work())
            outcome, why = Outcome.DONE, tell(done)
            return done
        except Rejected as error:
            outcome, why = Outcome.REFUSED, str(error)
            raise
        except Disappointment as error:
            why = str(error)
            raise
        finally:
            await self._conclude(asked, outcome, why)

    async def _record(self, name: str, actor: str, action: str, detail: str = "", *, outcome: str = "done") -> int:
        def note(tx: Tx) -> int:
            return log.record(tx, self._clock.now(), actor, action, f"radio:{name}", outcome=outcome, detail=detail)

        return await self._store.write(note)

    async def _conclude(self, asked: int, outcome: Outcome, sentence: str) -> None:
        await self._store.write(lambda tx: log.conclude(tx, asked, self._clock.now(), outcome.value, sentence))


def stamp(talk: Talk) -> str:
    """Differs whenever a conversation is not as it was: whoever shows it knows whether to show it anew."""
    return hashlib.sha256(repr(talk).encode()).hexdigest()[:16]


_ACTIONS: Final = {
    Work.PING: "ping device",
    Work.INTERVIEW: "interview device",
    Work.HEAL: "heal routes",
    Work.FORGET: "remove failed device",
    Work.RESTORE: "restore radio",
}


def _echo_words(echo: Echo) -> str:
    signal = "" if echo.rssi_dbm is None else f", {echo.rssi_dbm} dBm".replace("-", "−")
    return f"it answered within {echo.milliseconds:.0f} ms{signal}"
