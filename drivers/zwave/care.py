"""The network in its keeper's hands: what can be seen of it, and what can be done for it (contracts.radio)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from types import MappingProxyType

import structlog

from drivers.zwave import aside, keeping
from drivers.zwave.diary import Contact
from drivers.zwave.driver import ZWave
from drivers.zwave.interview import reach
from drivers.zwave.known import Known
from drivers.zwave.member import NEEDS_KEY, Member
from drivers.zwave.radio import NOT_CONNECTED
from drivers.zwave.security.keys import SecurityClass
from drivers.zwave.session import Session
from drivers.zwave.upkeep_functions import (
    GET_NEIGHBOURS,
    GET_NOISE,
    SET_UP,
    get_neighbours,
    get_noise,
    have_transmit_reports,
    neighbours,
    noise,
)
from hub.contracts.radio import Echo, NodeState, RadioNode, Reach, Survey
from hub.errors import Rejected, Unavailable
from hub.model.values import Address

_WEAK_DBM = -88
"""The 500 series hears down to -94 dBm at best (INS13954 4.3.2.3); a person in the doorway costs the rest."""
_ENOUGH_FRAMES, _LOST_SHARE = 50, 10
"""One command lost in ten is worth a word, once there were enough of them."""
_FIRST_LOOK_S = 15.0
"""By then the locks have been met."""
_LOOK_EVERY_S = 60.0
_NEIGHBOURS_EVERY = 60
_CLOCKS_EVERY = 24 * 60
"""A cheap quartz strays by seconds a day."""

log = structlog.get_logger("zwave")

_KINDS: Mapping[int, str] = MappingProxyType(
    {
        0x01: "Remote control",
        0x02: "Controller",
        0x07: "Notification sensor",
        0x08: "Thermostat",
        0x0F: "Repeater",
        0x10: "Switch",
        0x11: "Dimmer",
        0x12: "Remote switch",
        0x20: "Sensor",
        0x21: "Sensor",
        0x40: "Entry control",
        0xA1: "Alarm sensor",
    }
)
"""GENERIC_TYPE_*, ZW_classcmd.h."""
HALF_JOINED = "it is half joined and not used: remove it, and add it again"


class ZWaveRadio(ZWave):
    """The driver, and its network to be looked after."""

    # ---- what can be seen ------------------------------------------------------------------------------------------

    def survey(self) -> Survey:
        session, diary = self._session, self._diary
        return Survey(
            connected=session is not None,
            stick=session.stick.version if session else "",
            network=self._home_id,
            own=_address(session.own_node) if session else None,
            nodes=tuple(self._seen(member) for _, member in sorted(self._members.items())),
            noise_dbm=self._air.noise_dbm,
            jammed=self._air.jammed,
            busy=self._keeping.busy,
            prepared=self.desk.prepared,
            codes_set=diary.codes_set,
            code_frames=diary.code_frames,
            idle_frames=diary.idle_frames,
            since=diary.since,
            remarks=tuple(aside.sentences(self._host.state_dir)),
        )

    def trace(self) -> tuple[str, ...]:
        return self._diary.lines

    def _seen(self, member: Member) -> RadioNode:
        known, contact = member.known, self._diary.contact(member.number)
        state = member.state
        if state is NodeState.NOT_MET and contact.heard and not _may_be_lock(member):
            state = NodeState.ALIVE  # never asked anything; that it speaks is all that is known
        return RadioNode(
            member.address,
            _model(member),
            _reach(member),
            state,
            security=known.granted if known else "",
            is_lock=known is not None and known.is_lock,
            firmware=known.firmware if known else "",
            heard_at=contact.heard_at,
            rssi_dbm=contact.rssi_dbm,
            route=tuple(_address(node) for node in contact.route),
            rate_kbit=contact.rate_kbit,
            neighbours=frozenset(_address(node) for node in contact.neighbours),
            sent=contact.sent,
            lost=contact.lost,
            heard=contact.heard,
            remarks=(HALF_JOINED,) if self.desk.holds(member.number) else (*_remarks(known), *_of_signal(contact)),
        )

    # ---- what can be done ------------------------------------------------------------------------------------------

    async def ping(self, address: Address) -> Echo:
        member = self._named(address)
        seconds = await member.ping(self._connected())
        return Echo(round(seconds * 1000, 1), self._diary.contact(member.number).rssi_dbm)

    async def interview(self, address: Address) -> None:
        member = self._named(address)
        if self.desk.holds(member.number):
            raise Rejected(HALF_JOINED)
        await member.learn_again(self._connected())

    async def heal(self, address: Address | None = None) -> None:
        session = self._free()
        members = [self._named(address)] if address is not None else self._listeners()
        listening = sum(1 for each in self._members.values() if _reach(each) is Reach.LISTENS)
        beamed = sum(1 for each in self._members.values() if _reach(each) is Reach.BEAMED)
        failed: list[Address] = []
        with self._keeping.work(session, "Looking for routes"):
            for done, member in enumerate(members):
                self._keeping.say(f"Looking for routes: device {member.address}, {done} of {len(members)} done")
                try:
                    await self._keeping.find_routes(session, member.number, (listening, beamed))
                except Unavailable as error:
                    failed.append(member.address)
                    log.info("no routes found", node=member.number, why=str(error))
                await self._read_neighbours(session, member.number)
        if failed:
            raise Unavailable(f"no routes were found for {', '.join(failed)}")

    async def forget(self, address: Address) -> None:
        member = self._named(address)
        session = self._free()
        with self._keeping.work(session, f"Striking out device {address}"):
            await keeping.forget(session, member.number)
        self.removed(member.number)

    async def back_up(self) -> bytes:
        return await self._keeping.back_up(self._free())

    async def restore(self, memory: bytes) -> None:
        await self._keeping.restore(self._free(), memory)

    # ---- what goes on beside it ------------------------------------------------------------------------------------

    async def _keep_watch(self, session: Session) -> None:
        """The noise every minute, the neighbours every hour, which cost no radio; the locks' clocks every day."""
        await self._have_reports(session)
        for minute in count():
            await asyncio.sleep(_FIRST_LOOK_S if minute == 0 else _LOOK_EVERY_S)
            try:
                self._look_at_clocks(session)
                if minute and minute % _CLOCKS_EVERY == 0:
                    for member in self._members.values():
                        session.spawn(member.keep_time())
                        session.spawn(member.modes.look())
                if session.knows(GET_NOISE):
                    self._air.measured(noise((await session.manage(get_noise())).response))
                if minute % _NEIGHBOURS_EVERY == 0:
                    self._note_hour()
                    for number in sorted(self._members):
                        await self._read_neighbours(session, number)
            except Unavailable as error:
                log.debug("the stick was not looked after", why=str(error))

    @staticmethod
    async def _have_reports(session: Session) -> None:
        """Older sticks tell how a transmission went only when they are asked to (INS13954 4.3.3.1.7)."""
        if session.knows(SET_UP):
            with suppress(Unavailable):
                await session.manage(have_transmit_reports())

    def _look_at_clocks(self, session: Session) -> None:
        """Where the hub's own clock was set, the locks have the wrong time, and nobody knows how long ago one was heard."""
        now = self._host.clock.now()
        if self._evenness.broken():
            self._clock_set_at = now
            for member in self._members.values():
                member.clockwork.doubt()
                session.spawn(member.keep_time())
        for member in self._members.values():
            heard_at = self._diary.contact(member.number).heard_at or self._diary.since
            if heard_at is not None and self._host.clock.trusted:
                since = self._clock_set_at or heard_at
                member.look_at_clock(max(heard_at, since) if heard_at <= now else since)

    async def _read_neighbours(self, session: Session, node: int) -> None:
        if session.knows(GET_NEIGHBOURS):
            answered = await session.manage(get_neighbours(node))
            self._diary.contact(node).neighbours = neighbours(answered.response)

    def _listeners(self) -> list[Member]:
        """Who can be spoken to at any time; what sleeps for hours finds its routes when it is asked alone, and awake."""
        ordered = sorted(self._members.values(), key=lambda each: (_reach(each).value, each.number))
        return [each for each in ordered if _reach(each) is not Reach.SLEEPS and each.state is not NodeState.DEAD]

    def _named(self, address: Address) -> Member:
        member = next((each for each in self._members.values() if each.address == address), None)
        if member is None:
            raise Rejected(f"there is no device {address} in the Z-Wave network")
        return member

    def _free(self) -> Session:
        """The stick, for work of some length. Raises Rejected: a device is being added or removed meanwhile."""
        talk = self.joining.talk
        if talk is not None and talk.ended is None:
            raise Rejected("a device is being added or removed; wait until that is over")
        return self._connected()

    def _connected(self) -> Session:
        if self._session is None:
            raise Unavailable(NOT_CONNECTED)
        return self._session


def _address(node: int) -> Address:
    return Address(str(node))


def _may_be_lock(member: Member) -> bool:
    return member.protocol is not None and _KINDS.get(member.protocol.generic) == "Entry control"


def _model(member: Member) -> str:
    if member.known is not None and member.known.is_lock:
        return member.known.device.model
    generic = member.protocol.generic if member.protocol else member.known.generic if member.known else 0
    return _KINDS.get(generic, "Other device")


def _reach(member: Member) -> Reach:
    """As the stick says, or said when the device was met."""
    if member.protocol is not None:
        return reach(member.protocol)
    return member.known.reach if member.known is not None else Reach.LISTENS


def _of_signal(contact: Contact) -> Iterator[str]:
    if contact.rssi_dbm is not None and contact.rssi_dbm <= _WEAK_DBM and not contact.route:
        yield f"Its signal is weak ({contact.rssi_dbm} dBm); a repeater between it and the stick would help."
    if contact.sent >= _ENOUGH_FRAMES and contact.lost * _LOST_SHARE > contact.sent:
        yield f"{contact.lost} of {contact.sent} commands to it were not acknowledged."


def _remarks(known: Known | None) -> Iterator[str]:
    if known is None or not known.is_lock:
        return
    if known.closed:
        yield f"It {NEEDS_KEY}."
    elif not known.secure:
        yield "It is not encrypted: whoever is near can open it."
    elif known.spoken == "S0":
        yield "Its encryption (S0) is old and weak."
    elif known.granted != SecurityClass.S2_ACCESS_CONTROL.name:
        yield f"It joined with a weaker key than a lock must have ({known.spoken}): remove it, and add it again."
    yield from known.remarks
