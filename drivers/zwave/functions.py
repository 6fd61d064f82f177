"""Functions of the Serial API: what a call looks like and what its answer says.

Numbers: ZW_SerialAPI.h ("Function IDs"). Layouts: INS13954-13 "Z-Wave 500 Series Appl. Programmers Guide" for the
functions named there, INS12350-21 section 7 for the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from drivers.zwave.cc.codec import Reader, numbered
from drivers.zwave.frame import Frame
from hub.errors import Garbled

GET_INIT_DATA = 0x02
APPLICATION_COMMAND = 0x04
GET_CAPABILITIES = 0x07
SOFT_RESET = 0x08
STARTED = 0x0A
SEND_DATA = 0x13
GET_VERSION = 0x15
SEND_DATA_ABORT = 0x16
MEMORY_GET_ID = 0x20
GET_NODE_PROTOCOL_INFO = 0x41
APPLICATION_UPDATE = 0x49
REQUEST_NODE_INFO = 0x60
APPLICATION_COMMAND_BRIDGE = 0xA8
SEND_DATA_BRIDGE = 0xA9

TRANSMIT_OPTIONS = 0x25
"""ZW_transport_api.h: ACK 0x01, AUTO_ROUTE 0x04, EXPLORE 0x20."""
NONCE_OPTIONS = 0x05
"""The same without EXPLORE: who waits for a nonce asks again long before a route was searched for, as
zwave-js 15 has it."""
_NONCES = frozenset({b"\x98\x80", b"\x9f\x02"})
"""SECURITY_NONCE_REPORT and SECURITY_2_NONCE_REPORT, ZW_classcmd.h."""
RESPONSE_WITHIN_S = 10.0
"""zwave-js 15 `timeouts.response`; INS12350 6.5.2 says "within a few seconds"."""
CALLBACK_WITHIN_S = 20.0
"""zwave-js 15 `timeouts.sendDataAbort`. INS13954 4.3.3.1 names 65 s as the worst case "that happens very seldom"."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the stick. `parameters` may hold a PIN and stay out of the repr."""

    function: int
    parameters: bytes = field(default=b"", repr=False)
    responds: bool = True
    callback_at: int | None = None
    """Where among the parameters the callback id goes; None: the function takes none."""
    ended_by: Callable[[Frame], bool] | None = None
    """For a function that ends with another one's frame instead of a callback. That frame is heard as well."""
    response_within_s: float = RESPONSE_WITHIN_S
    callback_within_s: float = CALLBACK_WITHIN_S
    abortable: bool = False
    zero_begins: bool = False
    """Its response is 0 when it begins, and says otherwise why not. With most functions 0 is a refusal."""

    @property
    def has_callback(self) -> bool:
        return self.callback_at is not None or self.ended_by is not None

    def payload(self, callback_id: int) -> bytes:
        if self.callback_at is None:
            return self.parameters
        return self.parameters[: self.callback_at] + bytes((callback_id,)) + self.parameters[self.callback_at :]


# ---- the stick itself ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Capabilities:
    functions: frozenset[int]

    @classmethod
    def decode(cls, payload: bytes) -> Capabilities:
        reader = Reader(payload, "the capabilities of the Z-Wave stick")
        reader.take(8)  # its version, maker, product type and product
        return cls(numbered(reader.take(32), first=1))


@dataclass(frozen=True, slots=True)
class InitData:
    """INS12350 7.4.1."""

    nodes: frozenset[int]

    @classmethod
    def decode(cls, payload: bytes) -> InitData:
        reader = Reader(payload, "the list of Z-Wave nodes")
        reader.take(2)  # version and flags
        return cls(numbered(reader.take(reader.u8()), first=1))


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
    text: str
    """As the stick writes it, e.g. `Z-Wave 7.17`."""

    @classmethod
    def decode(cls, payload: bytes) -> ProtocolVersion:
        text = Reader(payload, "the version of the Z-Wave stick").take(12)
        return cls(text.split(b"\x00")[0].decode("ascii", errors="replace"))


@dataclass(frozen=True, slots=True)
class Identity:
    home_id: str
    """Eight hexadecimal digits."""
    node: int

    @classmethod
    def decode(cls, payload: bytes) -> Identity:
        reader = Reader(payload, "the identity of the Z-Wave stick")
        return cls(reader.take(4).hex(), reader.u8())


@dataclass(frozen=True, slots=True)
class ProtocolInfo:
    """INS13954 4.4.15, figure 41."""

    listening: bool
    beamed: bool
    """Sleeps, but wakes on a beam within a second (FLiRS)."""
    generic: int
    """0: there is no such node."""
    specific: int

    @classmethod
    def decode(cls, payload: bytes) -> ProtocolInfo:
        reader = Reader(payload, "what the Z-Wave stick knows of a node")
        capability, security = reader.u8(), reader.u8()
        reader.take(2)
        return cls(bool(capability & 0x80), bool(security & 0x60), reader.u8(), reader.u8())


def get_capabilities() -> Call:
    return Call(GET_CAPABILITIES)


def get_init_data() -> Call:
    return Call(GET_INIT_DATA)


def get_version() -> Call:
    return Call(GET_VERSION)


def soft_reset() -> Call:
    """Answered by an unsolicited STARTED."""
    return Call(SOFT_RESET, responds=False)


def get_identity() -> Call:
    return Call(MEMORY_GET_ID)


def get_node_protocol_info(node: int) -> Call:
    return Call(GET_NODE_PROTOCOL_INFO, bytes((node,)))


# ---- nodes -----------------------------------------------------------------------------------------------------------


class Transmitted(Enum):
    """ZW_transport_api.h, TRANSMIT_COMPLETE_*; 3 is ROUTING_NOT_IDLE in INS13954."""

    OK = 0x00
    NO_ACK = 0x01
    FAIL = 0x02
    NOT_IDLE = 0x03
    NO_ROUTE = 0x04
    VERIFIED = 0x05

    @classmethod
    def decode(cls, callback: bytes) -> Transmitted:
        status = Reader(callback, "the outcome of a transmission").u8()
        try:
            return cls(status)
        except ValueError as error:
            raise Garbled("the Z-Wave stick reported an outcome that does not exist") from error


def _options(command: bytes) -> int:
    return NONCE_OPTIONS if command[:2] in _NONCES else TRANSMIT_OPTIONS


def send_data(node: int, command: bytes) -> Call:
    """INS13954 4.3.3.1."""
    parameters = bytes((node, len(command))) + command + bytes((_options(command),))
    return Call(SEND_DATA, parameters, callback_at=len(parameters), abortable=True)


def send_data_bridge(own: int, node: int, command: bytes) -> Call:
    """INS13954 4.3.3.3; no priority route. Sticks with the bridge library want this one."""
    parameters = bytes((own, node, len(command))) + command + bytes((_options(command), 0, 0, 0, 0))
    return Call(SEND_DATA_BRIDGE, parameters, callback_at=len(parameters), abortable=True)


NODE_INFO_WITHIN_S = 10.0
"""A beam, a routed request and its answer take three seconds at most; the stick itself says when it gave up."""


def request_node_info(node: int) -> Call:
    """Ends with an `Update` (INS13954 4.4.26). Until then the stick may refuse to send anything else."""

    def described(frame: Frame) -> bool:
        # A failure names no node: it is of the only one that was asked.
        received = frame.payload[:2] == bytes((UpdateStatus.NODE_INFO.value, node))
        failed = frame.payload[:1] == bytes((UpdateStatus.NODE_INFO_FAILED.value,))
        return frame.function == APPLICATION_UPDATE and (received or failed)

    parameters = bytes((node,))
    return Call(REQUEST_NODE_INFO, parameters, ended_by=described, callback_within_s=NODE_INFO_WITHIN_S)


# ---- unsolicited -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ApplicationCommand:
    """A node says something."""

    node: int
    command: bytes = field(repr=False)
    everybody: bool = False
    """It said so to several at once, or to all: nobody answers that."""


class UpdateStatus(Enum):
    """ZW_controller_api.h, UPDATE_STATE_*."""

    SUC_ID = 0x10
    REMOVED = 0x20
    ADDED = 0x40
    ROUTING_PENDING = 0x80
    NODE_INFO_FAILED = 0x81
    NODE_INFO_DONE = 0x82
    NOP_POWER = 0x83
    NODE_INFO = 0x84
    SMART_START = 0x85
    INCLUDED_NODE_INFO = 0x86


_MARK = 0xEF
"""COMMAND_CLASS_MARK, ZW_classcmd.h: what follows is controlled, not supported."""
_FIRST_EXTENDED = 0xF1
"""From here on a class takes two bytes: INS13954 4.3.1.8."""


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """The Node Information Frame."""

    generic: int
    specific: int
    classes: frozenset[int]
    """Supported without encryption."""

    @classmethod
    def decode(cls, payload: bytes) -> NodeInfo:
        reader = Reader(payload, "a node's description of itself")
        reader.u8()
        generic, specific = reader.u8(), reader.u8()
        supported = reader.rest().split(bytes((_MARK,)), 1)[0]
        return cls(generic, specific, frozenset(_classes(supported)))


def _classes(listed: bytes) -> list[int]:
    reader, found = Reader(listed, "a list of command classes"), []
    while reader.left:
        first = reader.u8()
        found.append(first if first < _FIRST_EXTENDED else first << 8 | reader.u8())
    return found


@dataclass(frozen=True, slots=True)
class Update:
    """The network changed, or a node described itself: INS13954 4.3.1.8."""

    status: UpdateStatus
    node: int
    info: NodeInfo | None = None
    joining_home: bytes = b""
    """SMART_START: the home id under which the device asks to be joined."""

    @classmethod
    def decode(cls, payload: bytes) -> Update:
        reader = Reader(payload, "news of the Z-Wave network")
        try:
            status = UpdateStatus(reader.u8())
        except ValueError as error:
            raise Garbled("the Z-Wave stick reported a change of the network that does not exist") from error
        if status is UpdateStatus.SMART_START:
            return cls._smart_start(reader)
        node, described = reader.u8(), reader.take(reader.u8() if reader.left else 0)
        informative = status in {UpdateStatus.NODE_INFO, UpdateStatus.ADDED}
        return cls(status, node, NodeInfo.decode(described) if informative and described else None)

    @classmethod
    def _smart_start(cls, reader: Reader) -> Update:
        node = reader.u8()
        reader.u8()  # a length in INS13954 4.3.1.8, the receive status in zwave-js 15 (ApplicationUpdateRequest.ts)
        return cls(UpdateStatus.SMART_START, node, joining_home=reader.take(4))


@dataclass(frozen=True, slots=True)
class Started:
    """The stick has just started, asked or not."""


Unsolicited = ApplicationCommand | Update | Started


def decode_unsolicited(frame: Frame) -> Unsolicited | None:
    """What the stick says on its own account; None for functions that are nobody's business here.

    Raises:
        Garbled: it breaks the layout of its own function.
    """
    if frame.function in {APPLICATION_COMMAND, APPLICATION_COMMAND_BRIDGE}:
        return _application_command(frame)
    if frame.function == APPLICATION_UPDATE:
        return Update.decode(frame.payload)
    return Started() if frame.function == STARTED else None


_TO_SEVERAL = 0x0C
"""ZW_transport_api.h, RECEIVE_STATUS_TYPE_BROAD 0x04 and _MULTI 0x08."""
_FOREIGN = 0xC0
"""Of another network: ZW_transport_api.h, RECEIVE_STATUS_FOREIGN_FRAME 0x40; ForeignHomeId 0x80 in zwave-js 15
(ApplicationCommandRequest.ts)."""


def _application_command(frame: Frame) -> ApplicationCommand | None:
    reader = Reader(frame.payload, "a node's command")
    status = reader.u8()
    if frame.function == APPLICATION_COMMAND_BRIDGE:
        reader.u8()  # to whom
    said = ApplicationCommand(reader.u8(), reader.take(reader.u8()), bool(status & _TO_SEVERAL))
    return None if status & _FOREIGN else said
