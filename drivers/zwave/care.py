"""The network in its keeper's hands: what can be seen of it, and what can be done for it (contracts.Radio)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from drivers.zwave.driver import ZWave
from drivers.zwave.functions import ProtocolInfo
from drivers.zwave.known import Known
from drivers.zwave.member import NEEDS_KEY, Member
from drivers.zwave.radio import NOT_CONNECTED
from drivers.zwave.session import Session
from hub.contracts import Echo, NodeState, RadioNode, Reach, Survey
from hub.errors import Rejected, Unavailable
from hub.model.values import Address

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
            codes_set=diary.codes_set,
            code_frames=diary.code_frames,
            idle_frames=diary.idle_frames,
            since=diary.since,
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
            _reach(member.protocol),
            state,
            security=known.granted if known else "",
            is_lock=known is not None and known.is_lock,
            firmware=known.firmware if known else "",
            heard_at=contact.heard_at,
            rssi_dbm=contact.rssi_dbm,
            route=tuple(_address(node) for node in contact.route),
            rate_kbit=contact.rate_kbit,
            sent=contact.sent,
            lost=contact.lost,
            heard=contact.heard,
            remarks=tuple(_remarks(known)),
        )

    # ---- what can be done ------------------------------------------------------------------------------------------

    async def ping(self, address: Address) -> Echo:
        member = self._named(address)
        seconds = await member.ping(self._connected())
        return Echo(round(seconds * 1000, 1), self._diary.contact(member.number).rssi_dbm)

    async def interview(self, address: Address) -> None:
        await self._named(address).learn_again(self._connected())

    def _named(self, address: Address) -> Member:
        member = next((each for each in self._members.values() if each.address == address), None)
        if member is None:
            raise Rejected(f"there is no device {address} in the Z-Wave network")
        return member

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


def _reach(protocol: ProtocolInfo | None) -> Reach:
    if protocol is None or protocol.listening:
        return Reach.LISTENS
    return Reach.BEAMED if protocol.beamed else Reach.SLEEPS


def _remarks(known: Known | None) -> Iterator[str]:
    if known is None or not known.is_lock:
        return
    if known.closed:
        yield f"It {NEEDS_KEY}."
    elif not known.secure:
        yield "It is not encrypted: whoever is near can open it."
    elif known.spoken == "S0":
        yield "Its encryption (S0) is old and weak."
