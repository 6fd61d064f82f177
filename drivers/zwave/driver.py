"""The Z-Wave driver: opens the stick, meets its locks, tells what they say, and comes back after an unplug."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import structlog

from drivers.zwave import aside, keyring, known
from drivers.zwave.air import Air
from drivers.zwave.clockwork import Evenness
from drivers.zwave.diary import Diary
from drivers.zwave.frame import Frame
from drivers.zwave.joining.desk import Desk
from drivers.zwave.keeping import Keeping
from drivers.zwave.known import Network
from drivers.zwave.member import Member
from drivers.zwave.radio import NOT_CONNECTED
from drivers.zwave.secured import Keyring
from drivers.zwave.security.keys import export_keys
from drivers.zwave.security.s2 import Numbering
from drivers.zwave.session import Session
from drivers.zwave.stick import Stick
from drivers.zwave.surroundings import Surroundings
from hub.contracts import Host, Lock
from hub.contracts.radio import Joining, Prepared
from hub.errors import Garbled, Misconfigured, Rejected, Unavailable
from hub.io.serial import Line
from hub.model.facts import Alarm, Fact, LockFound, LogRead, RadioAlarm
from hub.model.values import Address, Secret

REOPEN_AFTER_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses before a lost port is opened again; the last one goes on."""
_TOLD_AFTER = 1
"""Failures to open before the house is told: a stick that restarts itself is back by then."""

Connect = Callable[[str], Awaitable[Line]]
log = structlog.get_logger("zwave")


class ZWave:
    """One stick and every lock in its network."""

    def __init__(self, port: str, host: Host, connect: Connect, keys: Keyring) -> None:
        self._port = port
        self._host = host
        self._connect = connect
        self._facts: asyncio.Queue[Fact] = asyncio.Queue()
        self._air = Air(self._jam)
        self._diary = Diary(host.clock.now)
        self._keeping = Keeping(host.changed)
        self._keys = dict(keys)
        """Grows with the first joining, or an import."""
        numbering = Numbering(secrets.token_bytes)
        self._around = Surroundings(
            self._facts.put_nowait,
            host.clock.now,
            self._save,
            self._keys,
            self._diary,
            trusted=lambda: host.clock.trusted,
            shown=host.changed,
            numbering=numbering,
        )
        self.desk = Desk(host, self._keys, self, numbering)
        self._members: dict[int, Member] = {}
        self._home_id = ""
        self._session: Session | None = None
        """While the stick is there and was greeted."""
        self._reset_due = True
        """The first stick is restarted. Not again: some leave the bus each time."""
        self._evenness = Evenness(host.clock.now)
        self._clock_set_at: datetime | None = None
        """By the hub's clock, when that was set last."""
        self._greeted = False
        """Whether the stick was met since the port was opened last."""

    @property
    def locks(self) -> Mapping[Address, Lock]:
        return {member.address: member.lock for member in self._members.values() if member.lock is not None}

    async def run(self) -> None:
        self._recall()
        self.desk.recall()
        self._tell_of_unread()
        self._diary.begin()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._tell_facts())
                tasks.create_task(self._stay_connected())
        except BaseExceptionGroup as group:
            wrong = group.subgroup(Misconfigured)
            if wrong is None:
                raise
            raise wrong.exceptions[0] from None
        finally:
            self._note_hour()

    def _note_hour(self) -> None:
        """Until when everything was heard; else more of the locks' own logs must be read after the next outage."""
        if any(member.logbook.mark is not None for member in self._members.values()):
            self._save()

    async def _tell_facts(self) -> None:
        while True:
            fact = await self._facts.get()
            await self._host.tell(fact)
            if isinstance(fact, LockFound) and fact.replaced:
                self._welcomed(fact.lock)
            elif isinstance(fact, LogRead):
                for member in self._members.values():
                    member.logbook.absorbed(fact)

    def _welcomed(self, address: Address) -> None:
        """The house has written down that another device stands there."""
        for member in self._members.values():
            if member.address == address:
                member.replaced = False
        self._save()

    # ---- what is remembered ----------------------------------------------------------------------------------------

    def _recall(self) -> None:
        network = known.load(self._host.state_dir)
        if network is not None and not self._members:
            self._home_id = network.home_id
            for number in network.nodes.keys() | network.notes.keys():
                self._member(number).recall(network.nodes.get(number), network.notes.get(number))
                self._member(number).replaced = number in network.replaced
                self._member(number).logbook.mark = network.logs.get(number)

    def _tell_of_unread(self) -> None:
        unread = aside.lying(self._host.state_dir)
        self._alarm(Alarm.UNREADABLE, note=", ".join(unread), over=not unread)

    def _save(self) -> None:
        learnt = {number: member.known for number, member in self._members.items() if member.known is not None}
        notes = {number: member.notes for number, member in self._members.items() if member.notes is not None}
        replaced = frozenset(number for number, member in self._members.items() if member.replaced)
        logs = {
            number: member.logbook.mark for number, member in self._members.items() if member.logbook.mark is not None
        }
        known.save(self._host.state_dir, Network(self._home_id, learnt, notes, replaced, logs))
        self._host.changed()

    def _member(self, number: int) -> Member:
        if number not in self._members:
            self._members[number] = Member(number, self._around)
        return self._members[number]

    # ---- the port --------------------------------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            self._greeted = False
            why = await self._use_port()
            if self._greeted:
                failures = 0
            if failures == _TOLD_AFTER:
                log.warning("no Z-Wave stick", port=self._port, why=why)
                self._alarm(Alarm.STICK_GONE, note=why)
                for member in self._members.values():
                    if member.lock is not None:
                        member.silent(NOT_CONNECTED)
            await asyncio.sleep(REOPEN_AFTER_S[min(failures, len(REOPEN_AFTER_S) - 1)])
            failures += 1

    async def _use_port(self) -> str:
        """Returns why it is over."""
        try:
            line = await self._connect(self._port)
        except PermissionError as error:
            cure = "may not be opened by this user; add the user to the group that owns it, often dialout"
            raise Misconfigured("drivers.zwave.port", f"{self._port} {cure}") from error
        except Unavailable as error:
            return str(error)
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._attend(Session(line, self, tasks, self._air, self._diary))
        except* Unavailable as lost:
            why = str(lost.exceptions[0])
        finally:
            self._session = None
            self.desk.disconnect()
            for member in self._members.values():
                member.disconnect()
            self._host.changed()
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # A TaskGroup that fails while it is cancelled reports the failure only (Python 3.11 and 3.12).
            raise asyncio.CancelledError
        self._diary.note(f"the stick is gone: {why}")
        log.info("Z-Wave stick lost", port=self._port, why=why)
        return why

    async def _attend(self, session: Session) -> None:
        """Meet everybody, then everybody who joins."""
        reset, self._reset_due = self._reset_due, False
        stick = await session.greet(reset=reset)
        if self._differs(stick) and stick != await session.greet(reset=False):
            raise Unavailable("the Z-Wave stick contradicts itself")
        self._greeted = True
        self._diary.note(f"the stick is there: {stick.version}, network {stick.home_id}, {len(stick.nodes)} devices")
        log.info("Z-Wave stick found", version=stick.version, home=stick.home_id, nodes=len(stick.nodes))
        self._compare(stick)
        self._session = session
        for alarm in (Alarm.STICK_GONE, Alarm.JAMMED):
            self._alarm(alarm, over=True)  # an earlier process may have told it
        self._air.forget()
        self._host.changed()
        session.spawn(self._keep_watch(session))
        await self.desk.attend(session, stick.home_id, stick.nodes)
        for number in sorted(stick.nodes):
            session.arrivals.put_nowait(number)
        while True:
            number = await session.arrivals.get()
            if number not in self._members and number not in stick.nodes and self.desk.adding:
                continue  # sticks also announce whom we are adding ourselves: met when it has its keys
            member = self._member(number)
            if not self.desk.holds(number):
                session.spawn(member.meet(session))

    async def _keep_watch(self, session: Session) -> None:
        """What is done beside meeting and hearing while the stick is there."""

    def _alarm(self, alarm: Alarm, *, note: str = "", over: bool = False) -> None:
        self._facts.put_nowait(RadioAlarm(self._host.clock.now(), alarm, note=note, over=over))

    def _jam(self, why: str) -> None:
        if why:
            log.warning("the air is jammed", why=why)
        else:
            log.info("the air is free again")
        self._alarm(Alarm.JAMMED, note=why, over=not why)
        self._host.changed()

    def _differs(self, stick: Stick) -> bool:
        """Whether what it says would make us forget something: one bent frame must not."""
        return self._home_id not in {"", stick.home_id} or bool(self._members.keys() - stick.nodes)

    def _compare(self, stick: Stick) -> None:
        """Forget what was learnt of other networks, and of nodes that left this one."""
        if self._home_id not in {"", stick.home_id}:
            for member in self._members.values():
                member.forget()
        self._home_id = stick.home_id
        for number in self._members.keys() - stick.nodes:
            self.removed(number)

    # ---- what the session hears ------------------------------------------------------------------------------------

    def hear(self, session: Session, node: int, command: bytes, *, everybody: bool) -> None:
        if self.desk.hear(node, command, everybody=everybody):
            return
        member = self._members.get(node)
        if member is not None:
            member.hear(session, command, everybody=everybody)

    def stir(self, node: int) -> None:
        member = self._members.get(node)
        if member is not None:
            member.stir()

    def managed(self, frame: Frame) -> None:
        self.desk.managed(frame)

    def updated(self, frame: Frame) -> None:
        self._keeping.updated(frame)

    def announced(self, joining_home: bytes) -> None:
        self.desk.announced(joining_home)

    def removed(self, node: int) -> None:
        self.desk.left(node)
        member = self._members.pop(node, None)
        if member is None:
            return
        member.retire()
        self._diary.forget(node)
        if member.lock is not None:
            member.silent("was removed from the Z-Wave network")
        self._save()

    # ---- joining, and the keys (contracts.radio) -------------------------------------------------------------------

    @property
    def joining(self) -> Joining:
        return self.desk

    async def prepare(self, label: Secret) -> Prepared:
        return await self.desk.prepare(label)

    async def unprepare(self, tail: str) -> None:
        await self.desk.unprepare(tail)

    def export_keys(self) -> Secret:
        if not self._keys:
            raise Rejected("there are no network keys yet: they are made when the first device joins")
        return Secret(export_keys(self._keys))

    async def import_keys(self, keys: Secret) -> None:
        try:
            merged = keyring.merge(self._keys, keys.reveal(), keyring.in_use(self._host))
        except Garbled as error:
            raise Rejected(str(error)) from error
        keyring.save(merged, self._host)
        given_up = {each.name for each, key in self._keys.items() if merged[each] != key}
        self._keys.update(merged)
        for member in self._members.values():
            seen = member.known or member.notes
            if seen is not None and seen.granted in given_up:
                member.give_up_key()
        if self._session is not None:
            for number, member in self._members.items():
                if member.known is None or member.known.closed:
                    self._session.arrivals.put_nowait(number)
        self._host.changed()

    # ---- what the desk says of joining -----------------------------------------------------------------------------

    def members(self) -> set[int]:
        return set(self._members)

    def joined(self, node: int, security: str) -> None:
        """A device is in the network with what it must have; whatever stood at its number before is another one."""
        before = self._members.pop(node, None)
        if before is not None:
            before.retire()
        self._member(node).begin(security)
        self._save()
        if self._session is not None:
            self._session.arrivals.put_nowait(node)

    def stayed(self, node: int) -> None:
        """A device could not be taken out again; it is listed, so that somebody can do something about it, and not met."""
        self._member(node)

    def strangers(self) -> set[int]:
        return {number for number, member in self._members.items() if member.known is not None and member.known.closed}

    def thrown_out(self, device: str, why: str) -> None:
        self._facts.put_nowait(RadioAlarm(self._host.clock.now(), Alarm.THROWN_OUT, device, why))
