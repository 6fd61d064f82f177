"""Functions of the Serial API that change who is in the network: calls, and what the stick says meanwhile.

Numbers: ZW_SerialAPI.h. Layouts, statuses and times: INS13954-13, 4.4. Several of these functions go on calling back with
the id of the call that began them; those callbacks are `Notice`s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from drivers.zwave import functions
from drivers.zwave.cc.codec import Reader
from drivers.zwave.frame import Frame
from drivers.zwave.functions import Call, NodeInfo
from hub.errors import Garbled

ADD_NODE = 0x4A
REMOVE_NODE = 0x4B
ASSIGN_SUC_RETURN_ROUTE = 0x51
SET_SUC = 0x54
DELETE_SUC_RETURN_ROUTE = 0x55
GET_SUC = 0x56
REMOVE_FAILED_NODE = 0x61
IS_FAILED_NODE = 0x62
REPLACE_FAILED_NODE = 0x63

NOTICING = frozenset({ADD_NODE, REMOVE_NODE, REPLACE_FAILED_NODE})
"""What goes on calling back after its first callback."""

READY_WITHIN_S = 10.0
"""INS13954 4.4.1.3.1; for removing 200 ms are promised (4.4.22.3.1)."""
FOUND_WITHIN_S = 60.0
"""For somebody to press the button: INS13954 4.4.1.3.2 and 4.4.22.3.2."""
ADDING_WITHIN_S = 60.0
"""INS13954 4.4.1.2.3."""
REMOVED_WITHIN_S = 14.0
"""INS13954 4.4.22.3.3."""
STOPPED_WITHIN_S = 10.0
"""No time is given for it; as long as for beginning."""
ROUTES_WITHIN_S = 5.0
"""Seen: sticks that answer an assignment with the callback of a deletion (zwave-js, Controller.ts, assignSUCReturnRoutes).
Routes are a help and no condition: a device that waits for its keys is not kept waiting for long."""


def add_node_timeout(listening: int, beamed: int, *, nodes: int | None = None) -> float:
    """Seconds from finding a device to the end of adding it: INS13954 4.4.1.3.3. `nodes`: all of them, if it is a controller."""
    return 76.0 + listening * 0.217 + beamed * 3.517 + (nodes or 0) * 0.732


# ---- calls -----------------------------------------------------------------------------------------------------------

_ANY = 0x01
_STOP = 0x05
_HOME_ID = 0x08
_SMART_START = 0x09
_NETWORK_WIDE = 0x40
_NORMAL_POWER = 0x80
"""ZW_controller_api.h, ADD_NODE_* and REMOVE_NODE_*."""
_FULL = _NORMAL_POWER | _NETWORK_WIDE


def _mode(function: int, mode: int, rest: bytes = b"", *, within: float = READY_WITHIN_S) -> Call:
    parameters = bytes((mode | _FULL,)) + rest
    return Call(function, parameters, responds=False, callback_at=1, callback_within_s=within)


def _silent(function: int, mode: int) -> Call:
    """Callback id 0: INS13954 demands it of the last call, and listening has no callback (zwave-js, EnableSmartStartListen)."""
    return Call(function, bytes((mode, 0)), responds=False)


def add_node() -> Call:
    return _mode(ADD_NODE, _ANY)


def add_prepared_node(joining_home: bytes, authentic_home: bytes) -> Call:
    """INS13954 4.4.2: only the device with this label, and only after it asked."""
    return _mode(ADD_NODE, _HOME_ID, joining_home + authentic_home)


def stop_adding() -> Call:
    """Ends with DONE and the new node, or with FAILED."""
    return _mode(ADD_NODE, _STOP, within=STOPPED_WITHIN_S)


def leave_adding() -> Call:
    """The last word after DONE; also gives up listening for prepared devices."""
    return _silent(ADD_NODE, _STOP | _FULL)


def await_prepared() -> Call:
    return _silent(ADD_NODE, _SMART_START | _NETWORK_WIDE)


def remove_node() -> Call:
    return _mode(REMOVE_NODE, _ANY)


def stop_removing() -> Call:
    return _mode(REMOVE_NODE, _STOP, within=STOPPED_WITHIN_S)


def leave_removing() -> Call:
    return _silent(REMOVE_NODE, _STOP | _FULL)


def replace_failed_node(node: int) -> Call:
    """INS13954 4.4.21. The first callback says that it is ready."""
    return Call(REPLACE_FAILED_NODE, bytes((node,)), callback_at=1, zero_begins=True)


def remove_failed_node(node: int) -> Call:
    """INS13954 4.4.20. The stick itself asks the node once more, and keeps it if it answers."""
    return Call(REMOVE_FAILED_NODE, bytes((node,)), callback_at=1, zero_begins=True)


def is_failed_node(node: int) -> Call:
    return Call(IS_FAILED_NODE, bytes((node,)))


def get_suc() -> Call:
    return Call(GET_SUC)


def become_suc(own: int) -> Call:
    """INS13954 4.4.33: the first host of a network takes the role that new devices ask for. Of itself only the response comes."""
    return Call(SET_SUC, bytes((own, 1, 0, 1, 0)))


def assign_suc_return_route(node: int) -> Call:
    return Call(ASSIGN_SUC_RETURN_ROUTE, bytes((node,)), callback_at=1, callback_within_s=ROUTES_WITHIN_S)


def delete_suc_return_route(node: int) -> Call:
    return Call(DELETE_SUC_RETURN_ROUTE, bytes((node,)), callback_at=1, callback_within_s=ROUTES_WITHIN_S)


def send_unacknowledged(own: int, node: int, command: bytes, *, bridge: bool) -> Call:
    """One attempt, and no acknowledgement is waited for."""
    call = functions.send_data_bridge(own, node, command) if bridge else functions.send_data(node, command)
    head = (
        3 + len(command) if bridge else 2 + len(command)
    )  # transmit options follow the command: INS13954 4.3.3.1 and 4.3.3.3
    return replace(call, parameters=call.parameters[:head] + b"\x00" + call.parameters[head + 1 :])


# ---- what the stick says ---------------------------------------------------------------------------------------------


class Status(Enum):
    """ZW_controller_api.h, ADD_NODE_STATUS_* and REMOVE_NODE_STATUS_*, which share their numbers."""

    READY = 1
    FOUND = 2
    DEVICE = 3
    """Being added or removed; which node it is."""
    CONTROLLER = 4
    """The same, and it is a controller."""
    PROTOCOL_DONE = 5
    """Seen: some sticks end a removal that failed with it (zwave-js, RemoveNodeFromNetworkRequest.ts)."""
    DONE = 6
    FAILED = 7
    NOT_PRIMARY = 0x23


class Replaced(Enum):
    """ZW_controller_api.h, ZW_NODE_OK and ZW_FAILED_NODE_*."""

    ANSWERS = 0
    """The node works after all."""
    REMOVED = 1
    NOT_REMOVED = 2
    READY = 3
    DONE = 4
    FAILED = 5


@dataclass(frozen=True, slots=True)
class Notice:
    """How far adding or removing is."""

    status: Status
    node: int = 0
    info: NodeInfo | None = None

    @classmethod
    def decode(cls, payload: bytes) -> Notice:
        """Of a callback without its id. Raises Garbled."""
        reader = Reader(payload, "news of a device that joins or leaves")
        try:
            status = Status(reader.u8())
        except ValueError as error:
            raise Garbled("the Z-Wave stick reported a state of joining that does not exist") from error
        node = reader.u8() if reader.left else 0
        described = reader.take(reader.u8()) if reader.left else b""
        return cls(status, node, NodeInfo.decode(described) if described else None)


def replaced(payload: bytes) -> Replaced:
    """Of a callback without its id. Raises Garbled."""
    try:
        return Replaced(Reader(payload, "news of a device that is replaced").u8())
    except ValueError as error:
        raise Garbled("the Z-Wave stick reported a state of replacing that does not exist") from error


WHY_NOT: Final = {
    0x02: "the stick is not the first controller of its network",
    0x04: "the stick was not told whom to answer",
    0x08: "the stick does not count the device as failed yet; it takes a command that the device did not answer",
    0x10: "the stick is already doing something like it",
    0x20: "the device answers after all, or the stick is busy",
}
"""ZW_controller_api.h: bits in the response to removing or replacing a failed node."""


def why_not(response: bytes) -> str:
    """The reasons in the response to a call about a failed node, as a clause."""
    flags = response[0] if response else 0
    return "; ".join(words for bit, words in WHY_NOT.items() if flags & bit) or "the stick does not say why"


def called_back(frame: Frame, function: int, callback_id: int) -> bytes | None:
    """What a further callback of a call says; None if the frame is none."""
    ours = frame.function == function and frame.payload[:1] == bytes((callback_id,))
    return frame.payload[1:] if ours else None
